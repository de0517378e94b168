//! The doors from outside: real clients, the control door, starting and stopping.

use futures::TryStreamExt;
use http::Method;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Event, Node, Pod};
use kube::api::{ListParams, Patch, PatchParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, ResourceExt};
use planner::time::UnixMillis;
use sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};

use crate::support::{ADMIN, ask, get, post, sandbox};

fn tenants(client: Client) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("kamaji.clastix.io", "v1alpha1", "TenantControlPlane");
    Api::namespaced_with(client, "team-a", &ApiResource::from_gvk(&kind))
}

fn manual(scenario: &str) -> SandboxOptions {
    SandboxOptions { manual: true, scenario: scenario.to_owned(), ..SandboxOptions::default() }
}

#[tokio::test]
async fn kube_reads_and_writes_through_the_router() {
    let sandbox = sandbox("default");
    let client = Client::new(sandbox.router(), "team-a");
    let pods: Api<Pod> = Api::namespaced(client.clone(), "team-a");
    let found = pods.list(&ListParams::default().labels("kamaji.clastix.io/name=tenant-00")).await.expect("pods");
    assert_eq!(found.items.len(), 3);
    assert!(pods.get_opt("nope").await.expect("an answer").is_none());
    Api::<Node>::all(client.clone()).list(&ListParams::default()).await.expect("nodes");
    Api::<Event>::all(client.clone()).list(&ListParams::default()).await.expect("events, hostile ones too");
    Api::<Deployment>::all(client.clone()).list(&ListParams::default()).await.expect("deployments");

    let params = PatchParams::apply("tenant-upgrade-console");
    let patch = Patch::Merge(json!({"metadata": {"resourceVersion": "1"}}));
    let refused = tenants(client).patch("tenant-00", &params, &patch).await;
    let Err(kube::Error::Api(status)) = refused else { panic!("{refused:?}") };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
}

#[tokio::test]
async fn kube_watches_over_tcp_and_the_sandbox_stops_with_the_watch_open() {
    let handle = Sandbox::start(manual("single")).await.expect("a free port");
    let kubeconfig = kube::config::Kubeconfig::from_yaml(&handle.kubeconfig_yaml()).expect("a kubeconfig");
    let options = kube::config::KubeConfigOptions { context: Some("owner@team-a".to_owned()), ..Default::default() };
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("the owner's context");
    let client = Client::try_from(config).expect("a client");
    let mut changes = Box::pin(watcher(tenants(client), watcher::Config::default()).applied_objects());
    let first = changes.try_next().await.expect("no error").expect("an object");
    assert_eq!(first.name_any(), "tenant-00");
    let body = json!({"metadata": {"annotations": {"seen": "yes"}}});
    let path = crate::support::tenant_path("team-a", "tenant-00");
    crate::support::patch(handle.sandbox(), &path, &body).await;
    let second = changes.try_next().await.expect("no error").expect("an object");
    assert_eq!(second.annotations().get("seen").map(String::as_str), Some("yes"));
    handle.stop().await;
}

#[tokio::test]
async fn a_running_clock_plays_the_world_by_itself() {
    let options = SandboxOptions { speed: 1_000.0, scenario: "single".to_owned(), ..SandboxOptions::default() };
    let handle = Sandbox::start(options).await.expect("a free port");
    let clock = handle.clock();
    let before = clock();
    crate::support::want(handle.sandbox(), "team-a", "tenant-00", "v1.36.4").await;
    let client = Client::new(handle.sandbox().router(), "team-a");
    let mut changes = Box::pin(watcher(tenants(client), watcher::Config::default()).applied_objects());
    loop {
        let tenant = changes.try_next().await.expect("no error").expect("an object");
        if tenant.data["status"]["kubernetesResources"]["version"]["version"] == "v1.36.4" {
            break;
        }
    }
    assert!(clock().since(before) > 10_000, "virtual time has passed");
    handle.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_said_so() {
    let first = Sandbox::start(manual("empty")).await.expect("a free port");
    let port = first.url().rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    let second = Sandbox::start(SandboxOptions { port, ..manual("empty") }).await;
    let error = second.map(|handle| handle.url()).expect_err("the port is taken");
    assert!(error.to_string().starts_with(&format!("cannot listen on 127.0.0.1:{port}: ")), "{error}");
    first.stop().await;
}

#[tokio::test]
async fn discovery_names_what_kubectl_asks_for() {
    let sandbox = sandbox("empty");
    let (_, groups) = get(&sandbox, "/apis").await;
    let names: Vec<&str> =
        groups["groups"].as_array().expect("groups").iter().filter_map(|group| group["name"].as_str()).collect();
    assert!(names.contains(&"kamaji.clastix.io") && names.contains(&"apps"), "{names:?}");
    let (_, resources) = get(&sandbox, "/apis/kamaji.clastix.io/v1alpha1").await;
    assert_eq!(resources["resources"][0]["shortNames"], json!(["tcp"]));
    assert_eq!(get(&sandbox, "/version").await.1["gitVersion"], "v1.36.3");
    let client = Client::new(sandbox.router(), "default");
    let found = kube::Discovery::new(client).run().await.expect("discovery");
    assert!(found.groups().count() >= 3);
}

#[tokio::test]
async fn the_clock_moves_only_when_told_and_tells_the_watches() {
    let sandbox = sandbox("single");
    let now = sandbox.clock();
    let before = now();
    let (code, state) = post(&sandbox, "/sandbox/clock", &json!({"advanceSeconds": 2.5})).await;
    assert_eq!((code, &state["now"]), (200, &json!(before.0 + 2_500)));
    assert_eq!(now(), UnixMillis(before.0 + 2_500));
    let refused = [
        json!({"advanceSeconds": -1}),
        json!({"speed": 0}),
        json!({"speed": 1e9}),
        json!({"manual": true, "speed": 2}),
        json!({"fast": true}),
    ];
    for body in refused {
        let (code, answer) = post(&sandbox, "/sandbox/clock", &body).await;
        assert_eq!(code, 400, "{body}: {answer}");
        assert!(answer["error"].is_string(), "{body}");
    }
}

#[tokio::test]
async fn every_scenario_can_be_loaded_and_reset() {
    let sandbox = sandbox("empty");
    for (name, _) in sandbox::scenario::all() {
        let (code, state) = post(&sandbox, &format!("/sandbox/scenario/{name}"), &Value::Null).await;
        assert_eq!((code, state["scenario"].as_str()), (200, Some(name)), "{state}");
    }
    let (_, state) = post(&sandbox, "/sandbox/scenario/single", &json!({"startAt": "2026-12-01T00:00:00Z"})).await;
    assert_eq!((&state["objects"]["tenantcontrolplanes"], &state["objects"]["pods"]), (&json!(1), &json!(3)));
    assert_eq!(state["now"], json!(1_796_083_200_000_i64));
    let older = state["resourceVersion"].as_u64().expect("a number");
    let (_, state) = post(&sandbox, "/sandbox/reset", &Value::Null).await;
    assert!(state["resourceVersion"].as_u64().expect("a number") > older, "time does not run backwards for clients");
    let (code, answer) = post(&sandbox, "/sandbox/scenario/nowhere", &Value::Null).await;
    assert_eq!(code, 404);
    assert!(answer["error"].as_str().expect("an error").contains("default"), "{answer}");
}

#[tokio::test]
async fn faults_hit_the_kubernetes_door_until_they_are_lifted() {
    let sandbox = sandbox("single");
    let pods = "/api/v1/namespaces/team-a/pods";
    let cases = [
        (json!({"status": 500}), 500),
        (json!({"deny": ["pods"]}), 403),
        (json!({"delayMs": 1}), 200),
        (json!({}), 200),
    ];
    for (faults, code) in cases {
        assert_eq!(post(&sandbox, "/sandbox/faults", &faults).await.0, 200, "{faults}");
        assert_eq!(get(&sandbox, pods).await.0, code, "{faults}");
    }
    post(&sandbox, "/sandbox/faults", &json!({"conflictOnce": true})).await;
    let path = crate::support::tenant_path("team-a", "tenant-00");
    for code in [409, 200] {
        assert_eq!(crate::support::patch(&sandbox, &path, &json!({})).await.0, code);
    }
    for wrong in [json!({"status": 200}), json!({"explode": true})] {
        assert_eq!(post(&sandbox, "/sandbox/faults", &wrong).await.0, 400, "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_server_answers_when_it_is_let_go() {
    let sandbox = sandbox("single");
    post(&sandbox, "/sandbox/faults", &json!({"hang": true})).await;
    let waiting = get(&sandbox, "/version");
    let waited = tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await;
    assert!(waited.is_err(), "it hangs");
    let none = json!({});
    let (answer, _) = tokio::join!(get(&sandbox, "/version"), post(&sandbox, "/sandbox/faults", &none));
    assert_eq!(answer.0, 200);
}

#[tokio::test]
async fn writes_are_noted_with_who_made_them() {
    let sandbox = sandbox("single");
    let path = format!(
        "{}?fieldManager=tenant-upgrade-console&dryRun=All",
        crate::support::tenant_path("team-a", "tenant-00")
    );
    crate::support::patch(&sandbox, &path, &json!({})).await;
    let (_, state) = ask(&sandbox, ADMIN, Method::GET, "/sandbox/state", "", &Value::Null).await;
    assert_eq!(
        state["requests"][0],
        json!({
            "user": "platform-admin", "method": "PATCH", "dryRun": true, "code": 200,
            "path": "/apis/kamaji.clastix.io/v1alpha1/namespaces/team-a/tenantcontrolplanes/tenant-00",
            "fieldManager": "tenant-upgrade-console",
        })
    );
}

#[tokio::test]
async fn a_web_page_cannot_use_the_control_door() {
    use tower::ServiceExt;
    let sandbox = sandbox("empty");
    for (header, value, code) in [("origin", "http://evil.example", 403), ("content-type", "text/plain", 415)] {
        let request = http::Request::builder().method(Method::POST).uri("/sandbox/reset").header(header, value);
        let request = request.body(axum::body::Body::from("{}")).expect("a request");
        let response = sandbox.router().oneshot(request).await.expect("an answer");
        assert_eq!(response.status().as_u16(), code, "{header}: {value}");
    }
}
