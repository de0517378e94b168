//! What every request must satisfy and every response carries.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use crate::harness::{HOST, console, from_own_page};

#[tokio::test]
async fn each_page_has_a_policy_with_the_nonce_of_its_own_scripts() {
    let console = console();
    let mut nonces = Vec::new();
    for path in ["/", "/tenants/team-a/tenant-00", "/no/such/page"] {
        let answer = console.get(path).await;
        let policy = answer.header("content-security-policy").to_owned();
        let nonce =
            policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce").to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'nonce-"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        let html = answer.text().await;
        for script in html.split("<script").skip(1) {
            let tag = script.split('>').next().expect("the tag ends");
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: <script{tag}>");
        }
        assert!(!html.contains(" style=\""), "{path} has an inline style");
        nonces.push(nonce);
    }
    nonces.dedup();
    assert_eq!(nonces.len(), 3, "a nonce serves once");
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_close_the_rest() {
    let console = console();
    for path in ["/", "/healthz", "/pkg/console.0.js", "/live/tenants/team-b/secret-plans", "/no/such/page"] {
        let answer = console.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert_ne!(answer.header("cache-control"), "", "{path}");
    }
}

#[tokio::test]
async fn a_foreign_host_leads_nowhere() {
    let console = console();
    let asked =
        |host: &'static str| Request::get("/").header(header::HOST, host).body(Body::empty()).expect("a request");
    for host in ["evil.example", "127.0.0.1.evil.example:3000"] {
        assert_eq!(console.send(asked(host)).await.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
    assert_eq!(console.send(asked("localhost:8080")).await.status, StatusCode::OK);
    let nameless = Request::get("/").body(Body::empty()).expect("a request");
    assert_eq!(console.send(nameless).await.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn another_site_can_neither_change_nor_ask_anything() {
    let console = console();
    let form = |path: &str, name: &'static str, value: &'static str| {
        let request = Request::post(path).header(header::HOST, HOST).header(name, value);
        request.body(Body::from("identity=platform-admin&return-to=%2F")).expect("a request")
    };
    for path in ["/session/identity", "/api/session", "/api/no-such-function"] {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("x-nothing", "said"),
        ] {
            let answer = console.send(form(path, name, value)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} with {name}: {value}");
        }
    }
    // Some server functions can be called by GET: those are closed just the same.
    assert_eq!(console.get("/api/session").await.status, StatusCode::FORBIDDEN);
    let stream = Request::get("/live/fleet").header("sec-fetch-site", "cross-site").header("sec-fetch-mode", "cors");
    assert_eq!(console.ask(stream).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_server_function_answers_a_page_of_the_console() {
    let answer = console().post_form("/api/session", "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text().await.contains("owner@team-a"));
}

#[tokio::test]
async fn a_page_asks_about_a_list_of_tenants_in_json() {
    let request =
        Request::post("/api/fleet_workers").header(header::HOST, HOST).header("sec-fetch-site", "same-origin");
    let asked =
        r#"{"tenants":[{"namespace":"team-a","name":"tenant-00"},{"namespace":"team-b","name":"secret-plans"}]}"#;
    let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from(asked));
    let answer = console().send(request.expect("a request")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.text().await, "[]", "no management cluster is connected that could show the way to a tenant");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_not_read() {
    let console = console();
    let long = format!("identity=platform-admin&return-to=%2F{}", "a".repeat(server::security::BODY_LIMIT));
    for path in ["/session/identity", "/api/session"] {
        let request = from_own_page(path).header(header::CONTENT_LENGTH, long.len());
        let answer = console.send(request.body(Body::from(long.clone())).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
}

#[tokio::test]
async fn hostile_names_stay_text() {
    let mut console = console();
    let mut tenant = crate::harness::tenant("team-a", "hostile");
    tenant["spec"]["kubernetes"]["version"] = "</script><script>alert(1)</script><img src=x onerror=alert(2)>".into();
    console.put(tenant);
    for path in ["/", "/tenants/team-a/hostile"] {
        let html = console.get(path).await.text().await;
        assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{path}");
    }
}
