//! The recorded requests to a real API server with a real Kamaji, asked again.

use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use http::Method;
use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{ADMIN, ask, patch, post, sandbox, tenant_path};

/// Tenants as they were when the requests were recorded, `t4` at v1.34.3 and `t6` at v1.36.0.
async fn recorded_world() -> Sandbox {
    let sandbox = sandbox("empty");
    let namespace = json!({"metadata": {"name": "tenants"}});
    assert_eq!(post(&sandbox, "/api/v1/namespaces", &namespace).await.0, 201);
    for (name, version) in [("t4", "v1.34.3"), ("t6", "v1.36.0")] {
        let tenant = json!({
            "metadata": {"name": name},
            "spec": {
                "controlPlane": {"deployment": {"replicas": 3}, "service": {"serviceType": "ClusterIP"}},
                "kubernetes": {"version": version, "kubelet": {}},
                "networkProfile": {"port": 6443},
            },
        });
        let (code, answer) = post(&sandbox, tenant_path("tenants", "").trim_end_matches('/'), &tenant).await;
        assert_eq!(code, 201, "{answer}");
    }
    sandbox.advance(120_000);
    sandbox
}

#[tokio::test]
async fn every_recorded_request_is_answered_as_recorded() {
    let sandbox = recorded_world().await;
    let file = GzDecoder::new(&include_bytes!("../../../planner/tests/data/recordings/refusals.jsonl.gz")[..]);
    let mut asked = 0;
    for line in BufReader::new(file).lines() {
        let recorded: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let label = recorded["label"].as_str().expect("a label");
        if label.starts_with("webhook down") {
            let faults = json!({"webhookDown": true});
            assert_eq!(post(&sandbox, "/sandbox/faults", &faults).await.0, 200);
        }
        let method = recorded["method"].as_str().unwrap_or("PATCH").parse::<Method>().expect("a method");
        let content_type = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let body = if recorded["body"].is_null() { json!({}) } else { recorded["body"].clone() };
        let path = recorded["path"].as_str().expect("a path");
        let (code, answer) = ask(&sandbox, ADMIN, method, path, content_type, &body).await;

        assert_eq!(json!(code), recorded["code"], "{label}: {answer}");
        for field in ["status", "message", "reason", "code"] {
            if code >= 400 {
                assert_eq!(answer[field], recorded["status"][field], "{label}");
            }
        }
        // Details of a 500 were not recorded.
        if !recorded["status"]["details"].is_null() {
            assert_eq!(answer["details"], recorded["status"]["details"], "{label}");
        }
        if code < 400 {
            let result = &recorded["result"];
            assert_eq!(answer["metadata"]["generation"], result["generation"], "{label}");
            assert_eq!(answer["spec"]["kubernetes"]["version"], result["version"], "{label}");
            assert_eq!(answer["spec"]["controlPlane"]["deployment"]["strategy"], result["strategy"], "{label}");
        }
        asked += 1;
    }
    assert!(asked > 35, "{asked} requests are not the whole recording");
}

#[tokio::test]
async fn a_dry_run_leaves_no_trace() {
    let sandbox = recorded_world().await;
    let before = sandbox.with_world(|world| world.store.version());
    let body = json!({"spec": {"kubernetes": {"version": "v1.35.9"}}});
    let (code, answer) = patch(&sandbox, &format!("{}?dryRun=All", tenant_path("tenants", "t4")), &body).await;
    assert_eq!((code, answer["metadata"]["generation"].clone()), (200, json!(3)));
    assert_eq!(sandbox.with_world(|world| world.store.version()), before);
}

#[tokio::test]
async fn a_new_tenant_above_the_ceiling_is_refused_in_the_older_words() {
    let sandbox = recorded_world().await;
    let tenant = json!({
        "metadata": {"name": "new"},
        "spec": {
            "controlPlane": {"deployment": {}, "service": {"serviceType": "ClusterIP"}},
            "kubernetes": {"version": "v1.37.0", "kubelet": {}},
            "networkProfile": {},
        },
    });
    let path = "/apis/kamaji.clastix.io/v1alpha1/namespaces/tenants/tenantcontrolplanes";
    let (code, answer) = post(&sandbox, path, &tenant).await;
    assert_eq!(code, 403);
    assert_eq!(
        answer["message"],
        "admission webhook \"vtenantcontrolplane.kb.io\" denied the request: unable to create a TenantControlPlane with a Kubernetes version greater than the supported one, actually v1.36"
    );
    sandbox.with_world(|world| world.set_ceiling(37));
    assert_eq!(post(&sandbox, path, &tenant).await.0, 201, "a newer operator accepts it");
}

#[tokio::test]
async fn a_version_that_is_no_text_is_an_internal_error_without_a_reason() {
    let sandbox = recorded_world().await;
    let body = json!({"spec": {"kubernetes": {"version": 1.35}}});
    let (code, answer) = patch(&sandbox, &tenant_path("tenants", "t4"), &body).await;
    assert_eq!((code, answer["reason"].clone()), (500, Value::Null), "{answer}");
}
