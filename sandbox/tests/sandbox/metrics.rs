//! DataStores of each driver, and `metrics.k8s.io`.

use http::Method;
use sandbox::kinds::Kind;
use serde_json::{Value, json};

use crate::support::{ADMIN, ask, get, object, objects, sandbox, tenant_path};

const PODS: &str = "/apis/metrics.k8s.io/v1beta1/namespaces/team-a/pods";

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|item| item["metadata"]["name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn metrics_are_served_only_where_the_world_has_them() {
    for (scenario, served) in [("single", false), ("shared-stores", true)] {
        let sandbox = sandbox(scenario);
        let (_, groups) = get(&sandbox, "/apis").await;
        let listed = groups["groups"].as_array().expect("groups").iter().any(|group| group["name"] == "metrics.k8s.io");
        assert_eq!(listed, served, "{scenario}");
        for path in ["/apis/metrics.k8s.io", "/apis/metrics.k8s.io/v1beta1", PODS] {
            let (code, answer) = get(&sandbox, path).await;
            assert_eq!(code, if served { 200 } else { 404 }, "{scenario} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn each_running_pod_of_a_tenant_is_measured_container_by_container() {
    let sandbox = sandbox("shared-stores");
    let (_, list) = get(&sandbox, &format!("{PODS}?labelSelector=kamaji.clastix.io/name%3Dorders")).await;
    let pods = objects(&sandbox, Kind::Pod, "orders");
    assert_eq!(names(&list).len(), pods.len());
    let first = &list["items"][0];
    let containers: Vec<&str> =
        first["containers"].as_array().expect("containers").iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(containers, ["kube-apiserver", "kube-scheduler", "kube-controller-manager", "kine"]);
    assert!(first["containers"][0]["usage"]["cpu"].as_str().is_some_and(|cpu| cpu.ends_with('n')), "{first}");
    let (code, one) = get(&sandbox, &format!("{PODS}/{}", names(&list)[0])).await;
    assert_eq!((code, &one["containers"]), (200, &first["containers"]), "the same whenever it is asked");
    assert_eq!(get(&sandbox, &format!("{PODS}/nobody")).await.0, 404);
    let (code, _) = ask(&sandbox, ADMIN, Method::DELETE, PODS, "", &Value::Null).await;
    assert_eq!(code, 405);
}

#[tokio::test]
async fn a_pod_that_has_just_started_is_not_measured_yet() {
    let sandbox = sandbox("shared-stores");
    let path = "/apis/metrics.k8s.io/v1beta1/namespaces/team-b/pods";
    let (_, before) = get(&sandbox, path).await;
    assert_eq!((names(&before).len(), objects(&sandbox, Kind::Pod, "search").len()), (3, 6));
    sandbox.advance(5 * 60_000);
    let (_, after) = get(&sandbox, path).await;
    assert_eq!(names(&after).len(), 3);
    assert!(names(&after).iter().all(|name| !names(&before).contains(name)), "others by now");
}

#[tokio::test]
async fn a_data_store_names_who_uses_it_and_kine_runs_where_it_is_needed() {
    let sandbox = sandbox("shared-stores");
    let users = |name: &str| object(&sandbox, Kind::DataStore, "", name)["status"]["usedBy"].clone();
    assert_eq!(users("default"), json!(["team-a/payments", "team-a/tenant-00"]));
    assert_eq!(users("postgres"), json!(["team-a/orders", "team-b/search"]));
    assert_eq!((users("mysql"), users("nats")), (json!(["team-a/ledger"]), json!(["team-a/edge"])));
    for (tenant, kine) in [("tenant-00", false), ("orders", true), ("ledger", true), ("edge", true)] {
        let deployment = object(&sandbox, Kind::Deployment, "team-a", tenant);
        let containers = deployment["spec"]["template"]["spec"]["containers"].as_array().expect("containers");
        let found = containers.iter().find(|container| container["name"] == "kine");
        assert_eq!(found.is_some(), kine, "{tenant}");
        let limited = found.is_some_and(|it| it["args"].to_string().contains("--datastore-max-open-connections=10"));
        assert_eq!(limited, tenant == "orders", "{tenant}");
    }
    let (code, _) = ask(&sandbox, ADMIN, Method::DELETE, &tenant_path("team-a", "ledger"), "", &Value::Null).await;
    assert_eq!(code, 200);
    sandbox.advance(60_000);
    assert_eq!(users("mysql"), json!([]), "it is forgotten with its tenant");
}
