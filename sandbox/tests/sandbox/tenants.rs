//! The tenants' own API servers: who gets in, and how they follow their control planes.

use http::{Method, Request};
use sandbox::Sandbox;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{OWNER, ask, get, post, sandbox, tenant_path, want};

/// What the Secret of a tenant leads to: the path of its API, and the token.
async fn way_in(sandbox: &Sandbox, name: &str) -> (String, String) {
    let path = format!("/api/v1/namespaces/team-a/secrets/{name}-admin-kubeconfig");
    let (code, secret) = ask(sandbox, OWNER, Method::GET, &path, "", &Value::Null).await;
    assert_eq!(code, 200, "{secret}");
    let secret: k8s_openapi::api::core::v1::Secret = serde_json::from_value(secret).expect("a Secret");
    let text = String::from_utf8(secret.data.expect("data")["admin.conf"].0.clone()).expect("a text");
    let config: Value = serde_json::from_str(&text).expect("JSON is YAML");
    let server = config["clusters"][0]["cluster"]["server"].as_str().expect("a server");
    let path = server.strip_prefix("http://127.0.0.1").expect("the sandbox's own address");
    (path.to_owned(), config["users"][0]["user"]["token"].as_str().expect("a token").to_owned())
}

async fn inside(sandbox: &Sandbox, (server, token): &(String, String), path: &str) -> (u16, Value) {
    let request = Request::get(format!("{server}{path}")).header("authorization", format!("Bearer {token}"));
    let request = request.body(axum::body::Body::empty()).expect("a request");
    let response = sandbox.router().oneshot(request).await.expect("an answer");
    let code = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a whole answer");
    (code, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn kubeadm_version(sandbox: &Sandbox, way: &(String, String)) -> String {
    let (_, map) = inside(sandbox, way, "/api/v1/namespaces/kube-system/configmaps/kubeadm-config").await;
    let text = map["data"]["ClusterConfiguration"].as_str().expect("a document");
    let line = text.lines().find_map(|line| line.strip_prefix("kubernetesVersion: "));
    line.expect("a version").to_owned()
}

#[tokio::test]
async fn only_the_token_of_the_secret_opens_the_door() {
    let sandbox = sandbox("workers");
    let (server, token) = way_in(&sandbox, "tenant-00").await;
    let (_, other) = way_in(&sandbox, "stragglers").await;
    assert_ne!(token, other);
    let cases = [
        (server.clone(), token.clone(), 200),
        (server.clone(), other, 401),
        (server.clone(), String::new(), 401),
        (format!("{server}x"), token, 404),
    ];
    for (server, token, code) in cases {
        assert_eq!(inside(&sandbox, &(server, token), "/version").await.0, code);
    }
    assert_eq!(
        get(&sandbox, &format!("{server}/api/v1/nodes")).await.0,
        401,
        "the management cluster's admin is nobody there"
    );
}

#[tokio::test]
async fn the_api_follows_the_pods_while_kubeadms_configuration_is_ahead_of_them() {
    let sandbox = sandbox("single");
    let way = way_in(&sandbox, "tenant-00").await;
    let version = async || {
        let (code, answer) = inside(&sandbox, &way, "/version").await;
        (code, answer["gitVersion"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(version().await, (200, "v1.35.6".to_owned()));
    assert_eq!(kubeadm_version(&sandbox, &way).await, "v1.35.6");
    want(&sandbox, "team-a", "tenant-00", "v1.36.4").await;
    sandbox.advance(2_000);
    assert_eq!((version().await.1.as_str(), kubeadm_version(&sandbox, &way).await.as_str()), ("v1.35.6", "v1.36.4"));
    sandbox.advance(120_000);
    assert_eq!(version().await, (200, "v1.36.4".to_owned()));

    let asleep = json!({"spec": {"controlPlane": {"deployment": {"replicas": 0}}}});
    crate::support::patch(&sandbox, &tenant_path("team-a", "tenant-00"), &asleep).await;
    sandbox.advance(60_000);
    assert_eq!(version().await.0, 503, "nobody is there to answer");
    let (code, _) =
        ask(&sandbox, crate::support::ADMIN, Method::DELETE, &tenant_path("team-a", "tenant-00"), "", &Value::Null)
            .await;
    assert_eq!(code, 200);
    sandbox.advance(10_000);
    assert_eq!(version().await.0, 404, "it is gone with its tenant");
    let secret = "/api/v1/namespaces/team-a/secrets/tenant-00-admin-kubeconfig";
    assert_eq!(get(&sandbox, secret).await.0, 404);
}

#[tokio::test]
async fn a_person_at_a_node_goes_step_by_step_and_a_kubelet_one_minor_at_a_time() {
    let sandbox = sandbox("workers");
    let way = way_in(&sandbox, "stragglers").await;
    let path = "/sandbox/tenants/team-a/stragglers/nodes/worker-4/step";
    let mut seen = Vec::new();
    for _ in 0..6 {
        let (code, answer) = post(&sandbox, path, &json!({})).await;
        assert_eq!(code, 200, "{answer}");
        let (_, node) = inside(&sandbox, &way, "/api/v1/nodes/worker-4").await;
        assert_eq!(answer["node"]["metadata"]["resourceVersion"], node["metadata"]["resourceVersion"]);
        let text = |pointer: &str| node.pointer(pointer).map(ToString::to_string).unwrap_or_default();
        seen.push([
            answer["step"].as_str().unwrap_or_default().to_owned(),
            text("/spec/unschedulable"),
            text("/status/nodeInfo/kubeletVersion"),
            text("/status/conditions/0/status"),
        ]);
    }
    let expected = [
        ["cordoned", "true", "\"v1.32.13\"", "\"True\""],
        ["drained", "true", "\"v1.32.13\"", "\"True\""],
        ["upgraded", "true", "\"v1.33.13\"", "\"False\""],
        ["ready", "true", "\"v1.33.13\"", "\"True\""],
        ["uncordoned", "", "\"v1.33.13\"", "\"True\""],
        ["cordoned", "true", "\"v1.33.13\"", "\"True\""],
    ];
    assert_eq!(seen, expected);
    assert_eq!(post(&sandbox, "/sandbox/tenants/team-a/stragglers/nodes/nobody/step", &json!({})).await.0, 404);
    assert_eq!(post(&sandbox, "/sandbox/tenants/team-a/nobody/nodes/worker-1/step", &json!({})).await.0, 404);
    assert_eq!(post(&sandbox, path, &json!({"step": "upgraded"})).await.0, 400, "the next step is not for the asking");
}

#[tokio::test]
async fn a_drain_moves_pods_and_leaves_those_of_daemon_sets() {
    let sandbox = sandbox("workers");
    let way = way_in(&sandbox, "tenant-00").await;
    let on = async |node: &str| {
        let (_, list) = inside(&sandbox, &way, &format!("/api/v1/pods?fieldSelector=spec.nodeName={node}")).await;
        let pods = list["items"].as_array().expect("pods").iter();
        pods.map(|pod| pod["metadata"]["namespace"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(on("worker-1").await, ["kube-system", "shop"]);
    for _ in 0..2 {
        post(&sandbox, "/sandbox/tenants/team-a/tenant-00/nodes/worker-1/step", &json!({})).await;
    }
    assert_eq!(on("worker-1").await, ["kube-system"]);
    assert_eq!(on("worker-2").await, ["kube-system", "shop", "shop"]);
}
