//! Cluster API's kinds, and its Kamaji provider.

use http::Method;
use sandbox::kinds::Kind;
use serde_json::{Value, json};

use crate::support::{ADMIN, OWNER, ask, get, object, patch, sandbox, tenant_path};

const CONTROL_PLANES: &str = "/apis/controlplane.cluster.x-k8s.io/v1alpha2/namespaces/team-a/kamajicontrolplanes";

fn written(control_plane: &Value) -> (&str, &str) {
    let conditions = control_plane["status"]["conditions"].as_array().expect("conditions");
    let condition = conditions.iter().find(|it| it["type"] == "TenantControlPlaneCreated").expect("it is there");
    (condition["status"].as_str().expect("a status"), condition["message"].as_str().expect("a message"))
}

#[tokio::test]
async fn its_kinds_are_discovered_in_two_groups() {
    let sandbox = sandbox("cluster-api");
    let (_, groups) = get(&sandbox, "/apis").await;
    for (group, version, plurals) in [
        (
            "cluster.x-k8s.io",
            "v1beta2",
            &["clusters", "machinedeployments", "machinesets", "machinepools", "machines"][..],
        ),
        ("controlplane.cluster.x-k8s.io", "v1alpha2", &["kamajicontrolplanes"]),
    ] {
        let names = groups["groups"].as_array().expect("a list").iter().map(|group| &group["name"]);
        assert!(names.into_iter().any(|name| name == group));
        let (code, list) = get(&sandbox, &format!("/apis/{group}/{version}")).await;
        let named: Vec<&str> =
            list["resources"].as_array().expect("a list").iter().filter_map(|it| it["name"].as_str()).collect();
        assert_eq!(code, 200);
        for plural in plurals {
            assert!(named.contains(plural), "{plural}: {named:?}");
        }
    }
    let (_, machines) = get(&sandbox, "/apis/cluster.x-k8s.io/v1beta2/namespaces/team-a/machines?labelSelector=cluster.x-k8s.io/cluster-name%3Drolling").await;
    assert_eq!(machines["items"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn a_version_goes_from_the_control_plane_to_the_tenant_and_back_into_its_status() {
    let sandbox = sandbox("cluster-api");
    let path = format!("{CONTROL_PLANES}/by-hand");
    let (code, _) = patch(&sandbox, &path, &json!({"spec": {"version": "1.36.4"}})).await;
    assert_eq!(code, 200);
    sandbox.advance(2_000);
    let tenant = object(&sandbox, Kind::TenantControlPlane, "team-a", "by-hand");
    assert_eq!(tenant["spec"]["kubernetes"]["version"], "v1.36.4", "with the leading v");
    let (_, between) = get(&sandbox, &path).await;
    assert_eq!((&between["status"]["version"], &between["status"]["ready"]), (&json!("v1.35.9"), &json!(true)));
    sandbox.advance(240_000);
    let (_, after) = get(&sandbox, &path).await;
    assert_eq!((written(&after), &after["status"]["version"]), (("True", ""), &json!("v1.36.4")));
}

#[tokio::test]
async fn what_kamaji_refuses_stands_in_the_condition_until_it_is_put_back() {
    let sandbox = sandbox("cluster-api");
    let path = format!("{CONTROL_PLANES}/refused");
    let (_, refused) = get(&sandbox, &path).await;
    let words = "cannot create or update TenantControlPlane: admission webhook \"vtenantcontrolplane.kb.io\" denied the request: \
                 unable to upgrade to a version greater than the supported one (v1.36)";
    assert_eq!((written(&refused), &refused["spec"]["version"]), (("False", words), &json!("v1.37.0")));
    let (code, _) = patch(&sandbox, &path, &json!({"spec": {"version": "v1.36.4"}})).await;
    assert_eq!(code, 200);
    sandbox.advance(2_000);
    let (_, back) = get(&sandbox, &path).await;
    assert_eq!((written(&back), &back["status"]["version"]), (("True", ""), &json!("v1.36.4")));
}

#[tokio::test]
async fn a_newer_kamaji_takes_what_was_refused() {
    let sandbox = sandbox("cluster-api");
    sandbox.with_world(|world| world.set_ceiling(37));
    sandbox.advance(300_000);
    let (_, taken) = get(&sandbox, &format!("{CONTROL_PLANES}/refused")).await;
    assert_eq!((written(&taken), &taken["status"]["version"]), (("True", ""), &json!("v1.37.0")));
}

#[tokio::test]
async fn a_tenant_that_was_changed_by_hand_is_written_anew_unless_it_is_paused() {
    let cases = [("left alone", json!(null), "v1.36.4"), ("paused", json!({"cluster.x-k8s.io/paused": ""}), "v1.36.5")];
    for (name, annotations, version) in cases {
        let sandbox = sandbox("cluster-api");
        let (code, _) =
            patch(&sandbox, &format!("{CONTROL_PLANES}/rolling"), &json!({"metadata": {"annotations": annotations}}))
                .await;
        assert_eq!(code, 200, "{name}");
        let changed = json!({"spec": {"kubernetes": {"version": "v1.36.5"}}});
        assert_eq!(patch(&sandbox, &tenant_path("team-a", "rolling"), &changed).await.0, 200, "{name}");
        sandbox.advance(5_000);
        let tenant = object(&sandbox, Kind::TenantControlPlane, "team-a", "rolling");
        assert_eq!(tenant["spec"]["kubernetes"]["version"], version, "{name}");
    }
}

#[tokio::test]
async fn a_tenants_owner_may_look_and_not_change() {
    let sandbox = sandbox("cluster-api");
    let path = format!("{CONTROL_PLANES}/by-hand");
    let body = json!({"spec": {"version": "v1.36.4"}});
    let cases = [(OWNER, Method::GET, 200), (OWNER, Method::PATCH, 403), (ADMIN, Method::PATCH, 200)];
    for (who, method, expected) in cases {
        let body = if method == Method::GET { &Value::Null } else { &body };
        let (code, answer) = ask(&sandbox, who, method.clone(), &path, "application/merge-patch+json", body).await;
        assert_eq!(code, expected, "{} {method}: {answer}", who.0);
    }
}

#[tokio::test]
async fn the_world_of_every_situation_has_the_objects_of_its_owned_tenant() {
    let sandbox = sandbox("default");
    for kind in [Kind::Cluster, Kind::KamajiControlPlane, Kind::TenantControlPlane] {
        let found = object(&sandbox, kind, "team-a-staging", "capi-prod");
        assert_eq!(found["metadata"]["name"], "capi-prod", "{kind:?}");
    }
    let control_plane = object(&sandbox, Kind::KamajiControlPlane, "team-a-staging", "capi-prod");
    assert_eq!(control_plane["status"]["version"], "v1.35.6");
}
