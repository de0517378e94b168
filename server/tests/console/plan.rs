//! `console plan` on a sandbox, as a pipeline runs it.

use std::{
    path::Path,
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use sandbox::{Sandbox, SandboxOptions};
use serde_json::json;
use tokio::{net::TcpListener, process::Command, sync::Semaphore, time::timeout};

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn plan(kubeconfig: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_console"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CONSOLE_")) {
        command.env_remove(name);
    }
    command.args(["plan", "--registry", "none"]).arg("--kubeconfig").arg(kubeconfig).args(arguments).kill_on_drop(true);
    let Output { status, stdout, stderr } =
        timeout(PATIENCE, command.output()).await.expect("it stops").expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_made_and_the_exit_code_says_what_it_comes_to() {
    let options = SandboxOptions { manual: true, ..SandboxOptions::default() };
    let sandbox = Sandbox::start(options).await.expect("it starts");
    let kubeconfig = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plan.kubeconfig");
    sandbox.write_kubeconfig(&kubeconfig).expect("a file");

    let tenant = ["-n", "team-a", "tenant-00"];
    let with = |more: &[&'static str]| [&tenant[..], more].concat();
    let cases: [(Vec<&str>, i32, &str); 7] = [
        (with(&["--to", "v1.35.7"]), 1, "DataStore default also serves 10 other tenants"),
        (with(&["--to", "v1.35.7", "--strategy", "0/1"]), 1, "Nothing blocks it."),
        (with(&["--to", "v1.36.4", "--strategy", "0/1", "-o", "markdown"]), 1, "# team-a/tenant-00: v1.35.6 → v1.36.4"),
        (with(&["--to", "v1.34.1"]), 2, "v1.34.1 is older than v1.35.6"),
        (with(&["--to", "v1.99.0", "-o", "json"]), 2, "\"verdict\": \"blocked\""),
        (vec!["-n", "team-a", "nobody", "--to", "v1.36.4"], 3, "there is no such TenantControlPlane"),
        (with(&["--to", "latest"]), 3, "`latest` is not a Kubernetes version"),
    ];
    for (arguments, code, words) in cases {
        let (exit, out, err) = plan(&kubeconfig, &arguments).await;
        assert!(out.contains(words) || err.contains(words), "{arguments:?}: {out}{err}");
        assert_eq!(exit, Some(code), "{arguments:?}: {out}{err}");
    }
    let theirs = with(&["--to", "v1.35.7", "--context", "owner@team-a"]);
    let (exit, out, err) = plan(&kubeconfig, &theirs).await;
    assert_eq!(exit, Some(1), "whoever may read one namespace gets a plan: {out}{err}");
    assert!(out.contains("Whether tenants of other namespaces use DataStore default too is not known"), "{out}");
    let (_, json, _) = plan(&kubeconfig, &with(&["--to", "v1.35.7", "--strategy", "0/1", "-o", "json"])).await;
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["schema"], "upgrade-plan/v1");
    let room = json["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .find(|it| it["sentence"].as_str().is_some_and(|it| it.starts_with("Fits")));
    assert!(room.is_some(), "the room on the nodes was looked at: {json:#}");

    // Somebody may take a busy DataStore upon themselves, with a reason and an end, and stands in the plan; wrong arguments are said.
    let far = "2999-01-01T00:00:00Z";
    let overriding = with(&[
        "--to",
        "v1.35.7",
        "--override",
        "data-store-busy",
        "--reason",
        "sized for it",
        "--until",
        far,
        "-o",
        "json",
    ]);
    // Who sees one namespace cannot weigh it for the tenants of others.
    let not_theirs = [&overriding[..], &["--context", "owner@team-a"]].concat();
    let costs = with(&[
        "--to",
        "v1.35.7",
        "--strategy",
        "0/1",
        "--price-cpu-hour",
        "0.04",
        "--price-gib-hour",
        "0.005",
        "--currency",
        "EUR",
        "--assume-cpu",
        "500m",
        "--assume-memory",
        "1Gi",
        "--datastore-limit",
        "5",
    ]);
    let cases: [(Vec<&str>, i32, &str); 7] = [
        (overriding, 1, "\"person\": \"system:serviceaccount:upgrade-console:console\""),
        (not_theirs, 1, "\"state\": \"notAllowed\""),
        (costs, 1, "DataStore default takes 5 connections"),
        (with(&["--to", "v1.35.7", "--override", "data-store-busy"]), 3, "--reason"),
        (
            with(&["--to", "v1.35.7", "--override", "dry-run-refused", "--reason", "x", "--until", far]),
            3,
            "may be overridden",
        ),
        (
            with(&[
                "--to",
                "v1.35.7",
                "--override",
                "data-store-busy",
                "--reason",
                "x",
                "--until",
                "2020-01-01T00:00:00Z",
            ]),
            3,
            "which is over",
        ),
        (with(&["--to", "v1.35.7", "--price-cpu-hour", "0.04"]), 3, "--price-gib-hour"),
    ];
    for (arguments, code, words) in cases {
        let (exit, out, err) = plan(&kubeconfig, &arguments).await;
        assert!(out.contains(words) || err.contains(words), "{arguments:?}: {out}{err}");
        assert_eq!(exit, Some(code), "{arguments:?}: {out}{err}");
    }

    sandbox.stop().await;
    let (exit, _, err) = plan(&kubeconfig, &with(&["--to", "v1.35.7"])).await;
    assert_eq!(exit, Some(3), "{err}");
    assert!(err.contains("the management cluster cannot be read"), "{err}");
}

/// An API server whose watch on events breaks while a plan is made, which goes on only when events are listed again.
struct Breaking {
    lists_of_events: AtomicU32,
    tenant_was_read: Semaphore,
    listed_again: Semaphore,
}

async fn breaking(State(breaking): State<Arc<Breaking>>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let watches = request.uri().query().is_some_and(|query| query.contains("watch=true"));
    let wait = |semaphore| async move { drop(Semaphore::acquire(semaphore).await) };
    match (method, path.rsplit('/').next()) {
        (Method::GET, Some("tenant-00")) => breaking.tenant_was_read.add_permits(1),
        (Method::GET, Some("events")) if watches && breaking.lists_of_events.load(Ordering::SeqCst) == 1 => {
            wait(&breaking.tenant_was_read).await;
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        (Method::GET, Some("events")) if !watches && breaking.lists_of_events.fetch_add(1, Ordering::SeqCst) == 1 => {
            breaking.listed_again.add_permits(1);
        }
        (Method::PATCH, _) => wait(&breaking.listed_again).await,
        _ => {}
    }
    next.run(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_breaks_meanwhile_holds_up_no_plan() {
    let options = SandboxOptions { manual: true, ..SandboxOptions::default() };
    let sandbox = Sandbox::new(&options).expect("a world");
    let state = Arc::new(Breaking {
        lists_of_events: AtomicU32::new(0),
        tenant_was_read: Semaphore::new(0),
        listed_again: Semaphore::new(0),
    });
    let router: Router = sandbox.router().layer(from_fn_with_state(state, breaking));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": format!("http://{}", listener.local_addr().expect("an address"))}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    });
    let kubeconfig = Path::new(env!("CARGO_TARGET_TMPDIR")).join("breaking.kubeconfig");
    std::fs::write(&kubeconfig, config.to_string()).expect("a file");
    let served = tokio::spawn(async move { axum::serve(listener, router).await });
    let (exit, out, err) = plan(&kubeconfig, &["-n", "team-a", "tenant-00", "--to", "v1.36.4"]).await;
    served.abort();
    assert!(out.contains("team-a/tenant-00: v1.35.6 → v1.36.4"), "{exit:?}: {out}{err}");
}
