//! Pages, files and the choice of a person.

use axum::http::{Request, StatusCode, header};

use cluster::resources::ObjectKind;

use crate::harness::{NOW, console, unread_console};

#[tokio::test]
async fn the_fleet_page_is_whole_without_javascript() {
    let answer = console().get("/").await;
    assert_eq!(answer.status, StatusCode::OK);
    let html = answer.text().await;
    let body = html.split_once("</html>").expect("the page is whole").0;
    assert!(body.contains("tenant-00") && body.contains("</main>"), "{html}");
    assert!(html.contains("/pkg/console.0.js"), "{html}");
}

#[tokio::test]
async fn a_page_names_in_its_head_the_modules_that_it_will_load() {
    let console = console();
    for (path, modules) in [("/", 2), ("/tenants/team-a/tenant-00/start", 1), ("/lab", 0)] {
        let html = console.get(path).await.text().await;
        let head = html.split_once("</head>").expect("a head").0;
        let named = ["console.0.a", "console.0.b"].map(|module| head.matches(&format!("/pkg/{module}.wasm")).count());
        assert_eq!(named, [usize::from(modules > 0), usize::from(modules > 1)], "{path}: {head}");
        assert!(head.contains("/pkg/console.0.split.js"), "{path}: {head}");
    }
}

#[tokio::test]
async fn an_unknown_address_is_a_page_that_says_so() {
    let answer = console().get("/no/such/page").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.header("content-security-policy").contains("'nonce-"));
    assert!(answer.text().await.contains("</html>"));
}

#[tokio::test]
async fn another_owners_tenant_is_named_in_no_page_and_no_server_function() {
    let console = console();
    let fleet = console.get("/").await.text().await;
    assert!(fleet.contains("tenant-00") && !fleet.contains("secret-plans"), "{fleet}");
    let theirs = console.get("/tenants/team-b/secret-plans").await;
    let unknown = console.get("/tenants/team-b/does-not-exist").await;
    assert_eq!((theirs.status, unknown.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));

    let admin = console.get_as_admin("/").await.text().await;
    assert!(admin.contains("secret-plans"), "{admin}");
    assert_eq!(console.get_as_admin("/tenants/team-b/secret-plans").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_person_of_the_sandbox_is_chosen_by_a_plain_form() {
    let console = console();
    let answer =
        console.post_form("/session/identity", "identity=platform-admin&return-to=%2Ftenants%2Fa%2Fb%3Fx%3Dy").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/tenants/a/b?x=y");
    assert_eq!(answer.header("set-cookie"), "console-identity=platform-admin; Path=/; HttpOnly; SameSite=Strict");

    let nobody = console.post_form("/session/identity", "identity=root&return-to=%2F").await;
    assert_eq!((nobody.status, nobody.header("set-cookie")), (StatusCode::UNPROCESSABLE_ENTITY, ""));
}

#[tokio::test]
async fn browser_files_are_kept_for_ever_and_sent_compressed() {
    let console = console();
    let plain = console.get("/pkg/console.0.js").await;
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(plain.header("content-type"), "text/javascript; charset=utf-8");
    let tag = plain.header("etag").to_owned();
    assert_eq!(plain.text().await, "plain");

    let small = console.ask(Request::get("/pkg/console.0.js").header(header::ACCEPT_ENCODING, "gzip, br")).await;
    assert_eq!(small.header("content-encoding"), "br");
    assert_eq!(small.text().await, "small");

    let known = console.ask(Request::get("/pkg/console.0.js").header(header::IF_NONE_MATCH, tag)).await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    for absent in ["/pkg/console.1.js", "/pkg/console.0.js.br", "/pkg/..%2Fname"] {
        assert_eq!(console.get(absent).await.status, StatusCode::NOT_FOUND, "{absent}");
    }
}

#[tokio::test]
async fn readiness_comes_with_the_first_list() {
    let unread = unread_console();
    assert_eq!(unread.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(unread.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    for path in ["/", "/tenants/team-a/tenant-00", "/live/tenants/team-a/tenant-00"] {
        assert_eq!(unread.get(path).await.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    assert_eq!(console().get("/readyz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_list_of_tenants_that_is_refused_is_no_empty_fleet() {
    let mut console = unread_console();
    for kind in ObjectKind::ALL {
        console.index.reset(kind, Vec::new(), NOW);
    }
    console.index.forbidden(ObjectKind::TenantControlPlane, "olivia cannot list tenantcontrolplanes", NOW);
    console.index.flush(NOW);
    let ready = console.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.text().await.contains("TenantControlPlanes may not be read: olivia cannot list"));
    assert_eq!(console.get("/healthz").await.status, StatusCode::OK);
    for path in ["/", "/tenants/team-a/tenant-00"] {
        let page = console.get(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        let html = page.text().await;
        assert!(html.contains("The tenants may not be listed: olivia cannot list tenantcontrolplanes."), "{html}");
        assert!(html.contains("--namespace NAMESPACE"), "{html}");
    }
    assert_eq!(console.get("/live/tenants/team-a/tenant-00").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_icon_is_there_under_the_name_that_browsers_guess() {
    let answer = console().get("/favicon.ico").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "image/svg+xml"));
}
