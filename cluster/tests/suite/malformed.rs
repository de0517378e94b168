//! Objects that are not what they should be: they are told of, and hide nothing else.

use cluster::resources::{Object, ObjectKind};
use cluster::{Index, Source};
use planner::strategy::IntOrString;
use serde_json::{Value, json};

use crate::support::objects::{control_plane, deployment, pod, replica_set, with, without};
use crate::support::{HandClock, NOW, admin, read, tenant_id};

fn problems(kind: ObjectKind, object: &Value) -> Vec<String> {
    let (mut index, observer) = Index::new(NOW, Source::Cluster, HandClock::new().clock());
    for (listed, value) in [
        (ObjectKind::TenantControlPlane, control_plane("t")),
        (ObjectKind::Deployment, deployment("t", "v1.35.6")),
        (ObjectKind::ReplicaSet, replica_set("t", "aaa", "v1.35.6")),
        (ObjectKind::Pod, pod("t", "aaa", "x", "v1.35.6")),
    ] {
        let value = if listed == kind { object } else { &value };
        index.reset(listed, vec![read(listed, value)], NOW);
    }
    index.reset(ObjectKind::Event, Vec::new(), NOW);
    index.flush(NOW);
    let receiver = observer.tenant(&admin(), &tenant_id("t")).expect("the tenant is there whatever is wrong");
    receiver.borrow().problems.clone()
}

#[test]
fn each_wrong_field_is_a_sentence_on_its_tenant() {
    use ObjectKind::{Deployment, Pod, ReplicaSet, TenantControlPlane};
    let tcp = || control_plane("t");
    let table = [
        (
            TenantControlPlane,
            without(tcp(), "/spec/kubernetes/version"),
            "TenantControlPlane: `spec.kubernetes.version` is missing",
        ),
        (
            TenantControlPlane,
            with(tcp(), "/spec/kubernetes/version", json!(1.36)),
            "TenantControlPlane: `spec.kubernetes.version` is a number, not a text",
        ),
        (
            TenantControlPlane,
            with(tcp(), "/spec/kubernetes", json!("v1.36.0")),
            "TenantControlPlane: `spec.kubernetes.version` is missing",
        ),
        (
            TenantControlPlane,
            with(tcp(), "/spec/controlPlane/deployment/replicas", json!("three")),
            "TenantControlPlane: `spec.controlPlane.deployment.replicas` is a text, not a whole number",
        ),
        (
            TenantControlPlane,
            with(tcp(), "/spec/controlPlane/deployment/extraArgs", json!({"kine": "--debug"})),
            "TenantControlPlane: `spec.controlPlane.deployment.extraArgs.kine` is a text, not a list",
        ),
        (
            TenantControlPlane,
            with(
                tcp(),
                "/spec/controlPlane/deployment/extraArgs",
                json!({"kine": [7, "--datastore-max-open-connections=many"]}),
            ),
            "TenantControlPlane: `spec.controlPlane.deployment.extraArgs.kine` cannot be read: \
             `datastore-max-open-connections` is `many`, which is no number of connections",
        ),
        (
            TenantControlPlane,
            with(tcp(), "/spec/controlPlane/deployment/replicas", json!(-1)),
            "TenantControlPlane: `spec.controlPlane.deployment.replicas` is -1, which is no number of things",
        ),
        (
            TenantControlPlane,
            with(tcp(), "/spec/controlPlane/deployment/strategy/rollingUpdate", json!("1/1")),
            "TenantControlPlane: `spec.controlPlane.deployment.strategy.rollingUpdate` is a text, not an object",
        ),
        (
            TenantControlPlane,
            with(tcp(), "/spec/controlPlane/deployment/strategy/rollingUpdate/maxSurge", json!(0.5)),
            "TenantControlPlane: `spec.controlPlane.deployment.strategy.rollingUpdate.maxSurge` is a number, neither a whole number nor a percentage",
        ),
        (
            TenantControlPlane,
            with(tcp(), "/spec/writePermissions/blockUpdate", json!("yes")),
            "TenantControlPlane: `spec.writePermissions.blockUpdate` is a text, not true or false",
        ),
        (
            TenantControlPlane,
            with(tcp(), "/metadata/creationTimestamp", json!("yesterday")),
            "TenantControlPlane: `metadata.creationTimestamp` is not a time",
        ),
        (
            TenantControlPlane,
            with(tcp(), "/metadata/annotations", json!({ "upgrade-console.kamaji.clastix.io/former-strategy": "1/1" })),
            "TenantControlPlane: `metadata.annotations` remembers a former strategy that cannot be read",
        ),
        (
            Deployment,
            with(deployment("t", "v1.35.6"), "/spec/replicas", json!([3])),
            "Deployment t: `spec.replicas` is a list, not a whole number",
        ),
        (
            Deployment,
            with(deployment("t", "v1.35.6"), "/status/conditions", json!("fine")),
            "Deployment t: `status.conditions` is a text, not a list",
        ),
        (ReplicaSet, with(replica_set("t", "aaa", "v1.35.6"), "/status/replicas", json!(null)), ""),
        (
            ReplicaSet,
            with(replica_set("t", "aaa", "v1.35.6"), "/status/replicas", json!({})),
            "ReplicaSet t-aaa: `status.replicas` is an object, not a whole number",
        ),
        (
            Pod,
            with(pod("t", "aaa", "x", "v1.35.6"), "/spec/containers", json!({})),
            "Pod t-aaa-x: `spec.containers` is an object, not a list",
        ),
        (Pod, with(pod("t", "aaa", "x", "v1.35.6"), "/status", json!("Running")), ""),
    ];
    for (kind, object, expected) in table {
        let problems = problems(kind, &object);
        match expected {
            "" => assert_eq!(problems, Vec::<String>::new(), "{object}"),
            expected => assert_eq!(problems.first().map(String::as_str), Some(expected)),
        }
    }
}

#[test]
fn a_strategy_that_is_nonsense_is_kept_as_it_stands() {
    let object =
        with(control_plane("t"), "/spec/controlPlane/deployment/strategy/rollingUpdate/maxSurge", json!("abc"));
    let Object::TenantControlPlane(tenant) = read(ObjectKind::TenantControlPlane, &object) else {
        panic!("another kind")
    };
    let rolling = tenant.strategy.rolling_update.expect("declared");
    assert_eq!(rolling.max_surge, Some(IntOrString::Text("abc".into())));
    assert_eq!(rolling.max_unavailable, Some(IntOrString::Int(0)));
}

#[test]
fn an_object_that_belongs_to_nobody_is_told_of_once_for_the_whole_fleet() {
    let (mut index, observer) = Index::new(NOW, Source::Cluster, HandClock::new().clock());
    for value in [json!(null), json!("a pod"), json!({}), json!({ "metadata": { "name": 7 } })] {
        for kind in ObjectKind::ALL {
            let unreadable = Object::read(kind, &value).expect_err("it has no name");
            index.unreadable(unreadable.kind, unreadable.clone());
            index.unreadable(unreadable.kind, unreadable);
        }
    }
    index.flush(NOW);
    let health = observer.health();
    let health = health.borrow();
    assert_eq!(health.problems.len(), 7);
    assert_eq!(health.problems[0], "TenantControlPlane without a name: `metadata.name` is missing or no text");
}

#[test]
fn a_hostile_object_cannot_fill_the_page() {
    let conditions: Vec<Value> =
        (0..1000).map(|_| json!({ "type": "PodScheduled", "lastTransitionTime": 7 })).collect();
    let object = with(pod("t", "aaa", "x", "v1.35.6"), "/status/conditions", json!(conditions));
    assert!(problems(ObjectKind::Pod, &object).len() <= 8);
    let mut wrong = control_plane("t");
    for field in ["uid", "generation", "resourceVersion", "creationTimestamp"] {
        wrong = with(wrong, &format!("/metadata/{field}"), json!([]));
    }
    for field in ["blockCreation", "blockUpdate", "blockDeletion"] {
        wrong = with(wrong, &format!("/spec/writePermissions/{field}"), json!([]));
    }
    for field in ["version", "status"] {
        wrong = with(wrong, &format!("/status/kubernetesResources/version/{field}"), json!([]));
    }
    assert_eq!(problems(ObjectKind::TenantControlPlane, &wrong).len(), 8);
}
