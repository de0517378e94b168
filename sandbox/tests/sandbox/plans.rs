//! Plans that are kept beside their tenants.

use http::Method;
use sandbox::kinds::Kind;
use serde_json::{Value, json};

use crate::support::{ADMIN, OWNER, ask, get, object, sandbox, tenant_path};

const MERGE: &str = "application/merge-patch+json";
const JSON: &str = "application/json";

fn path(namespace: &str) -> String {
    format!("/apis/upgrade-console.kamaji.clastix.io/v1alpha1/namespaces/{namespace}/upgradeplans")
}

fn plan(owner: &str) -> Value {
    json!({
        "metadata": {"name": "one", "ownerReferences": [{"uid": owner}]},
        "spec": {"tenant": "tenant-00"},
        "status": {"conditions": []},
    })
}

#[tokio::test]
async fn spec_and_status_are_written_apart_and_only_the_spec_counts() {
    let sandbox = sandbox("single");
    let (code, answer) = ask(&sandbox, OWNER, Method::POST, &path("team-a"), JSON, &plan("x")).await;
    assert_eq!((code, answer.get("status")), (201, None), "{answer}");
    assert_eq!(answer["metadata"]["generation"], 1);
    let one = format!("{}/one", path("team-a"));
    let both = json!({"spec": {"tenant": "t"}, "status": {"checkedAt": "now"}});
    let (_, status) = ask(&sandbox, OWNER, Method::PATCH, &format!("{one}/status"), MERGE, &both).await;
    let read = |answer: &Value| {
        let text = |path: &str| answer.pointer(path).and_then(Value::as_str).unwrap_or("none").to_owned();
        (text("/spec/tenant"), text("/status/checkedAt"), answer["metadata"]["generation"].clone())
    };
    assert_eq!(read(&status), ("tenant-00".to_owned(), "now".to_owned(), json!(1)));
    let mut replaced = status.clone();
    replaced["spec"] = json!({"tenant": "other"});
    replaced["status"] = json!({});
    let (code, replaced) = ask(&sandbox, OWNER, Method::PUT, &one, JSON, &replaced).await;
    assert_eq!((code, read(&replaced)), (200, ("other".to_owned(), "now".to_owned(), json!(2))));
    let (code, _) = ask(&sandbox, OWNER, Method::PUT, &one, JSON, &status).await;
    assert_eq!(code, 409, "what was read before counts no more");
    let (code, _) = ask(&sandbox, OWNER, Method::POST, &path("team-b"), JSON, &plan("x")).await;
    assert_eq!(code, 403);
    let (code, _) = ask(&sandbox, OWNER, Method::DELETE, &one, "", &Value::Null).await;
    assert_eq!((code, object(&sandbox, Kind::UpgradePlan, "team-a", "one")), (200, Value::Null));
}

#[tokio::test]
async fn a_plan_goes_with_its_tenant() {
    let sandbox = sandbox("single");
    let (_, tenant) = get(&sandbox, &tenant_path("team-a", "tenant-00")).await;
    let uid = tenant["metadata"]["uid"].as_str().expect("a uid");
    for (name, owner) in [("mine", uid), ("other", "another")] {
        let mut plan = plan(owner);
        plan["metadata"]["name"] = json!(name);
        ask(&sandbox, ADMIN, Method::POST, &path("team-a"), JSON, &plan).await;
    }
    ask(&sandbox, ADMIN, Method::DELETE, &tenant_path("team-a", "tenant-00"), "", &Value::Null).await;
    sandbox.with_world(|world| world.advance(600_000));
    assert_eq!(object(&sandbox, Kind::UpgradePlan, "team-a", "mine"), Value::Null);
    assert_ne!(object(&sandbox, Kind::UpgradePlan, "team-a", "other"), Value::Null);
}
