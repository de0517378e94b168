//! `console plan --store` and `--renew` on a sandbox: stored, gone stale, renewed.

use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use sandbox::{Sandbox, SandboxOptions};
use tower::ServiceExt;

use crate::plan::plan;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_stored_goes_stale_and_is_renewed_in_a_terminal() {
    let options = SandboxOptions { manual: true, scenario: "single".to_owned(), ..SandboxOptions::default() };
    let sandbox = Sandbox::start(options).await.expect("it starts");
    let kubeconfig = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stored.kubeconfig");
    sandbox.write_kubeconfig(&kubeconfig).expect("a file");
    let with = |more: &[&'static str]| {
        [&["-n", "team-a", "tenant-00", "--context", "owner@team-a", "-o", "json"][..], more].concat()
    };

    let (exit, out, err) = plan(&kubeconfig, &with(&["--to", "v1.36.4", "--store"])).await;
    assert_eq!(exit, Some(1), "the exit code is the plan's: {out}{err}");
    let made: serde_json::Value = serde_json::from_str(&out).expect("nothing but the plan is written there");
    let name = err.trim().strip_prefix("stored as ").and_then(|rest| rest.strip_suffix(" in team-a")).expect("a name");
    let (_, _, again) = plan(&kubeconfig, &with(&["--to", "v1.36.4", "--store"])).await;
    assert_eq!(again, err, "the same plan is stored once");

    let renew = [&with(&["--renew"])[..], &[name]].concat();
    let (_, _, said) = plan(&kubeconfig, &renew).await;
    assert!(said.contains("nothing had changed that it was made from"), "{said}");
    let patch = Request::patch("/apis/kamaji.clastix.io/v1alpha1/namespaces/team-a/tenantcontrolplanes/tenant-00")
        .header("content-type", "application/merge-patch+json")
        .header("impersonate-user", "platform-admin")
        .header("impersonate-group", "platform-admins")
        .body(Body::from(r#"{"spec":{"controlPlane":{"deployment":{"replicas":2}}}}"#))
        .expect("a request");
    assert!(sandbox.sandbox().router().oneshot(patch).await.expect("an answer").status().is_success());
    sandbox.sandbox().advance(240_000);
    let (exit, out, said) = plan(&kubeconfig, &renew).await;
    assert_eq!(exit, Some(1), "{out}{said}");
    assert!(said.contains("the number of replicas: 3 → 2"), "{said}");
    assert!(said.ends_with(&format!("renewed: {name} in team-a\n")), "{said}");
    let renewed: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    assert_ne!(renewed["digest"], made["digest"]);

    for (arguments, words) in [
        (with(&["--renew", "nothing"]), "there is no stored plan of this name"),
        (with(&["--renew", "x", "--to", "v1.36.4"]), "cannot be used with"),
        (with(&["--to", "v1.36.4", "--store", "--assume-cpu", "1"]), "cannot be used with"),
        (with(&[]), "--to"),
        (vec!["-n", "team-a", "tenant-00", "--to", "v1.36.4", "--store"], "a permission is missing"),
    ] {
        let (exit, _, err) = plan(&kubeconfig, &arguments).await;
        assert_eq!(exit, Some(3), "{arguments:?}: {err}");
        assert!(err.contains(words), "{arguments:?}: {err}");
    }
    sandbox.stop().await;
}
