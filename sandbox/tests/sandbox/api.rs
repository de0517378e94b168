//! What the API server does with an object.

use http::Method;
use sandbox::kinds::Kind;
use serde_json::{Value, json};

use crate::support::{ADMIN, ask, get, object, patch, post, sandbox, tenant_path};

const MERGE: &str = "application/merge-patch+json";

#[tokio::test]
async fn only_a_changed_specification_raises_the_generation() {
    let sandbox = sandbox("single");
    let path = tenant_path("team-a", "tenant-00");
    let cases = [
        ("annotation", json!({"metadata": {"annotations": {"a": "b"}}}), 0, true),
        ("the same annotation again", json!({"metadata": {"annotations": {"a": "b"}}}), 0, false),
        ("replicas", json!({"spec": {"controlPlane": {"deployment": {"replicas": 4}}}}), 1, true),
        ("the same replicas", json!({"spec": {"controlPlane": {"deployment": {"replicas": 4}}}}), 0, false),
        ("status at the object", json!({"status": {"observedGeneration": 99}}), 0, false),
        ("an unknown field", json!({"spec": {"somethingNew": {"deep": [1, 2]}}}), 1, true),
        ("generation itself", json!({"metadata": {"generation": 77}}), 0, false),
    ];
    for (what, body, raised, changed) in cases {
        let before = object(&sandbox, Kind::TenantControlPlane, "team-a", "tenant-00");
        let (code, after) = patch(&sandbox, &path, &body).await;
        assert_eq!(code, 200, "{what}: {after}");
        let generation = |object: &Value| object["metadata"]["generation"].as_i64().expect("a generation");
        assert_eq!(generation(&after) - generation(&before), raised, "{what}");
        let versions = [&before, &after].map(|object| object["metadata"]["resourceVersion"].clone());
        assert_eq!(versions[0] != versions[1], changed, "{what}");
    }
    let kept = object(&sandbox, Kind::TenantControlPlane, "team-a", "tenant-00");
    assert_eq!(kept["spec"]["somethingNew"], json!({"deep": [1, 2]}));
}

#[tokio::test]
async fn the_status_is_written_by_its_own_path_only() {
    let sandbox = sandbox("single");
    let path = format!("{}/status", tenant_path("team-a", "tenant-00"));
    let body = json!({"spec": {"dataStore": "other"}, "status": {"kubernetesResources": {"version": {"status": "Upgrading"}}}});
    let (code, after) = patch(&sandbox, &path, &body).await;
    assert_eq!(code, 200, "{after}");
    assert_eq!(after["spec"]["dataStore"], "default");
    assert_eq!(after["status"]["kubernetesResources"]["version"]["status"], "Upgrading");
    assert_eq!(after["metadata"]["generation"], json!(2));
}

#[tokio::test]
async fn preconditions_are_checked_before_anything_is_written() {
    let sandbox = sandbox("single");
    let path = tenant_path("team-a", "tenant-00");
    let whole = object(&sandbox, Kind::TenantControlPlane, "team-a", "tenant-00");
    let mut stale = whole.clone();
    stale["metadata"]["resourceVersion"] = json!("1");
    let cases = [
        (Method::PATCH, MERGE, json!({"metadata": {"resourceVersion": "1"}}), 409, "Conflict"),
        (Method::PATCH, MERGE, json!({"metadata": {"uid": "another"}}), 422, "Invalid"),
        (Method::PATCH, MERGE, json!({"metadata": {"name": "another"}}), 400, "BadRequest"),
        (Method::PATCH, MERGE, json!([]), 400, "BadRequest"),
        (Method::PATCH, "application/json-patch+json", json!([]), 415, "UnsupportedMediaType"),
        (Method::PATCH, "application/apply-patch+yaml", json!({}), 415, "UnsupportedMediaType"),
        (Method::PUT, "application/json", stale, 409, "Conflict"),
    ];
    for (method, content_type, body, code, reason) in cases {
        let (answered, status) = ask(&sandbox, ADMIN, method, &path, content_type, &body).await;
        assert_eq!((answered, status["reason"].as_str()), (code, Some(reason)), "{body}: {status}");
    }
    assert_eq!(object(&sandbox, Kind::TenantControlPlane, "team-a", "tenant-00"), whole);
    let (code, answer) = ask(&sandbox, ADMIN, Method::PUT, &path, "application/json", &whole).await;
    assert_eq!((code, &answer), (200, &whole), "replacing an object by itself changes nothing");
}

#[tokio::test]
async fn what_is_missing_or_there_already_is_said_so() {
    let sandbox = sandbox("single");
    let (code, status) = get(&sandbox, "/api/v1/namespaces/team-a/pods/nope").await;
    assert_eq!((code, status["message"].as_str()), (404, Some("pods \"nope\" not found")));
    let cases = ["/apis/apps/v2/deployments", "/api/v1/widgets", "/apis/nobody", "/openapi/v2", "/nowhere"];
    for path in cases {
        let (code, answer) = get(&sandbox, path).await;
        assert_eq!(code, 404, "{path}");
        // Only for what is missing in its own groups does the real API server find an object to say so.
        assert_eq!(answer["reason"] == "NotFound", path == "/api/v1/widgets", "{path}: {answer}");
    }
    let namespace = json!({"metadata": {"name": "team-a"}});
    let (code, status) = post(&sandbox, "/api/v1/namespaces", &namespace).await;
    assert_eq!((code, status["message"].as_str()), (409, Some("namespaces \"team-a\" already exists")));
    let quota = json!({"metadata": {"name": "q"}, "spec": {}});
    let (code, status) = post(&sandbox, "/api/v1/namespaces/nowhere/resourcequotas", &quota).await;
    assert_eq!((code, status["message"].as_str()), (404, Some("namespaces \"nowhere\" not found")));
}

#[tokio::test]
async fn the_field_manager_of_a_patch_is_recorded_with_its_fields() {
    let sandbox = sandbox("single");
    let path = format!("{}?fieldManager=tenant-upgrade-console", tenant_path("team-a", "tenant-00"));
    let (_, after) = patch(&sandbox, &path, &json!({"spec": {"kubernetes": {"version": "v1.35.7"}}})).await;
    let entry = &after["metadata"]["managedFields"][0];
    assert_eq!(entry["manager"], "tenant-upgrade-console");
    assert_eq!(entry["fieldsV1"], json!({"f:spec": {"f:kubernetes": {"f:version": {}}}}));
}

#[tokio::test]
async fn a_list_is_filtered_by_labels_and_fields() {
    let sandbox = sandbox("default");
    let cases = [
        ("/api/v1/namespaces/team-a/pods?labelSelector=kamaji.clastix.io/name%3Dtenant-00", 3),
        ("/api/v1/pods?labelSelector=kamaji.clastix.io/name%20in%20(tenant-00,payments)", 6),
        ("/api/v1/namespaces/team-a/pods?labelSelector=kamaji.clastix.io/name!%3Dtenant-00,kamaji.clastix.io/name", 12),
        ("/api/v1/nodes?fieldSelector=metadata.name%3Dnode-2", 1),
        ("/apis/kamaji.clastix.io/v1alpha1/namespaces/team-b/tenantcontrolplanes", 3),
    ];
    for (path, count) in cases {
        let (code, list) = get(&sandbox, path).await;
        assert_eq!((code, list["items"].as_array().map(Vec::len)), (200, Some(count)), "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_in_the_words_of_the_api_server() {
    let sandbox = sandbox("single");
    let tenant = tenant_path("team-a", "tenant-00");
    let cases = [
        ("/api/v1/nodes?limit=some", 400, "strconv.ParseInt: parsing \"some\": invalid syntax"),
        ("/api/v1/nodes?fieldSelector=spec.none%3D1", 400, "field label not supported: spec.none"),
        (
            "/api/v1/nodes?watch=true&resourceVersion=x",
            500,
            "resourceVersion: Invalid value: \"x\": strconv.ParseUint: parsing \"x\": invalid syntax",
        ),
    ];
    for (path, code, message) in cases {
        let (answered, status) = get(&sandbox, path).await;
        assert_eq!((answered, status["message"].as_str()), (code, Some(message)), "{path}");
    }
    let cases = [
        (
            format!("{tenant}?dryRun=Some"),
            json!({}),
            422,
            "PatchOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Some\"]: supported values: \"All\"",
        ),
        (
            tenant,
            json!({"spec": {"controlPlane": {"deployment": {"replicas": "three"}}}}),
            500,
            "admission webhook \"mtenantcontrolplane.kb.io\" denied the request: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.controlPlane.deployment.replicas of type int32",
        ),
    ];
    for (path, body, code, message) in cases {
        let (answered, status) = patch(&sandbox, &path, &body).await;
        assert_eq!((answered, status["message"].as_str()), (code, Some(message)), "{path}");
    }
}

#[tokio::test]
async fn a_list_in_pages_shows_one_moment() {
    let sandbox = sandbox("single");
    let path = "/api/v1/nodes?limit=3";
    let (_, first) = get(&sandbox, path).await;
    let token = first["metadata"]["continue"].as_str().expect("more to come").to_owned();
    assert_eq!(first["metadata"]["remainingItemCount"], json!(1));
    let (code, _) = ask(&sandbox, ADMIN, Method::DELETE, "/api/v1/nodes/node-4", "", &Value::Null).await;
    assert_eq!(code, 200);
    let (_, tenants) = get(&sandbox, "/apis/kamaji.clastix.io/v1alpha1/tenantcontrolplanes?limit=9").await;
    assert_eq!(tenants["metadata"]["continue"], "", "of a custom resource the last page says so");
    let (_, second) = get(&sandbox, &format!("{path}&continue={token}")).await;
    assert_eq!(second["items"][0]["metadata"]["name"], "node-4", "as it was when the list began");
    sandbox.with_world(|world| world.store.compact());
    let (code, status) = get(&sandbox, &format!("{path}&continue={token}")).await;
    assert_eq!((code, status["reason"].as_str()), (410, Some("Expired")));
}

#[tokio::test]
async fn a_deleted_tenant_ends_with_everything_it_owns() {
    let sandbox = sandbox("single");
    let path = tenant_path("team-a", "tenant-00");
    let (code, answer) = ask(&sandbox, ADMIN, Method::DELETE, &path, "", &Value::Null).await;
    assert_eq!(code, 200);
    assert!(answer["metadata"]["deletionTimestamp"].is_string(), "Kamaji's finalizers hold it for a moment");
    sandbox.advance(40_000);
    for kind in [Kind::TenantControlPlane, Kind::Deployment, Kind::ReplicaSet, Kind::Pod] {
        assert_eq!(sandbox.with_world(|world| world.store.list(kind, Some("team-a")).count()), 0, "{kind:?}");
    }
}
