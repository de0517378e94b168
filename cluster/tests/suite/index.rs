//! The index by itself: synchronous calls, no cluster.

use cluster::resources::ObjectKind;
use cluster::{Index, Observer, Source};
use planner::film::{PodState, Side};
use planner::tenant::{Freshness, Owner, Reading, TenantSnapshot};
use serde_json::{Value, json};

use crate::support::objects::{control_plane, deployment, event, pod, replica_set, with, without};
use crate::support::{HandClock, NOW, admin, owner_of, read, tenant_id};

/// An index with one tenant at rest, everything listed.
pub(crate) struct World {
    pub(crate) index: Index,
    pub(crate) observer: Observer,
    pub(crate) now: planner::time::UnixMillis,
}

impl World {
    pub(crate) fn empty() -> Self {
        let (index, observer) = Index::new(NOW, Source::Cluster, HandClock::new().clock());
        Self { index, observer, now: NOW }
    }

    pub(crate) fn at_rest() -> Self {
        let mut world = Self::empty();
        world.list(ObjectKind::TenantControlPlane, &[control_plane("t")]);
        world.list(ObjectKind::Deployment, &[deployment("t", "v1.35.6")]);
        world.list(ObjectKind::ReplicaSet, &[replica_set("t", "aaa", "v1.35.6")]);
        world.list(ObjectKind::Pod, &old_pods());
        world.list(ObjectKind::Event, &[]);
        world.list(ObjectKind::Node, &[]);
        world.list(ObjectKind::UpgradePlan, &[]);
        world
    }

    pub(crate) fn list(&mut self, kind: ObjectKind, objects: &[Value]) {
        let objects = objects.iter().map(|object| read(kind, object)).collect();
        self.index.reset(kind, objects, self.now);
        self.index.flush(self.now);
    }

    pub(crate) fn apply(&mut self, kind: ObjectKind, object: &Value) {
        self.index.apply(read(kind, object), self.now);
        self.index.flush(self.now);
    }

    pub(crate) fn delete(&mut self, kind: ObjectKind, object: &Value) {
        self.index.delete(&read(kind, object), self.now);
        self.index.flush(self.now);
    }

    pub(crate) fn pass(&mut self, millis: i64) {
        self.now = self.now.plus_millis(millis);
    }

    pub(crate) fn snapshot(&self) -> TenantSnapshot {
        let receiver = self.observer.tenant(&admin(), &tenant_id("t")).expect("the tenant is there");
        let snapshot = receiver.borrow();
        (**snapshot).clone()
    }

    /// The hop to v1.36.0 begins.
    pub(crate) fn want_next(&mut self) {
        let wanted = with(control_plane("t"), "/spec/kubernetes/version", json!("v1.36.0"));
        self.apply(ObjectKind::TenantControlPlane, &with(wanted, "/metadata/generation", json!(3)));
    }
}

fn old_pods() -> [Value; 3] {
    ["x", "y", "z"].map(|suffix| pod("t", "aaa", suffix, "v1.35.6"))
}

fn new_pod(suffix: &str) -> Value {
    pod("t", "bbb", suffix, "v1.36.0")
}

/// A pod that is created and bound, not ready.
fn starting(pod: Value) -> Value {
    with(pod, "/status/conditions/1/status", json!("False"))
}

fn terminating(pod: Value) -> Value {
    let pod = with(pod, "/metadata/deletionTimestamp", json!("2026-11-22T08:00:40Z"));
    with(pod, "/metadata/deletionGracePeriodSeconds", json!(30))
}

#[test]
fn a_tenant_at_rest_is_read_whole() {
    let snapshot = World::at_rest().snapshot();
    assert_eq!(snapshot.desired_version.to_string(), "v1.35.6");
    let deployment = snapshot.deployment.read().expect("read");
    assert_eq!(deployment.version.as_ref().map(ToString::to_string).as_deref(), Some("v1.35.6"));
    assert_eq!(deployment.requests.cpu_millis, Some(350));
    assert_eq!(deployment.requests.memory_bytes, Some(640 << 20));
    assert_eq!(deployment.termination_grace_seconds, 30);
    assert_eq!(snapshot.pods.read().map(Vec::len), Some(3));
    assert_eq!(snapshot.timings.startup_ms, [20_000; 3]);
    assert_eq!(snapshot.hop, None);
    assert_eq!(snapshot.freshness, Freshness::Live);
    assert_eq!(snapshot.problems, Vec::<String>::new());
}

#[test]
fn storage_and_the_pool_of_kine_are_read_where_they_are_named() {
    // A limit counts as a request, as the API server fills it in; one container without either makes the sum unknown.
    let containers = "/spec/template/spec/containers";
    let first = |object| with(object, &format!("{containers}/0/resources/requests/ephemeral-storage"), json!("64Mi"));
    let second =
        |object| with(object, &format!("{containers}/1/resources/limits"), json!({"ephemeral-storage": "64Mi"}));
    for (object, expected) in [
        (deployment("t", "v1.35.6"), None),
        (first(deployment("t", "v1.35.6")), None),
        (second(first(deployment("t", "v1.35.6"))), Some(128 << 20)),
    ] {
        let mut world = World::at_rest();
        world.apply(ObjectKind::Deployment, &object);
        let snapshot = world.snapshot();
        assert_eq!(snapshot.deployment.read().expect("read").requests.ephemeral_storage_bytes, expected, "{object}");
    }
    let mut world = World::at_rest();
    assert_eq!(world.snapshot().data_store.kine.max_open, None);
    let arguments = json!({"kine": ["--datastore-max-open-connections=10"]});
    world.apply(
        ObjectKind::TenantControlPlane,
        &with(control_plane("t"), "/spec/controlPlane/deployment/extraArgs", arguments),
    );
    assert_eq!(world.snapshot().data_store.kine.max_open.map(u32::from), Some(10));
}

#[test]
fn status_noise_publishes_nothing() {
    let mut world = World::at_rest();
    let mut tenant = world.observer.tenant(&admin(), &tenant_id("t")).expect("there");
    let mut fleet = world.observer.fleet();
    tenant.mark_unchanged();
    fleet.mark_unchanged();
    let noisy = with(control_plane("t"), "/metadata/resourceVersion", json!("101"));
    let noisy = with(noisy, "/status/kubernetesResources/deployment/lastUpdate", json!("2026-11-22T08:00:00Z"));
    world.pass(1000);
    world.apply(ObjectKind::TenantControlPlane, &noisy);
    assert!(!tenant.has_changed().expect("open"));
    assert!(!fleet.has_changed().expect("open"));

    world.apply(ObjectKind::TenantControlPlane, &with(noisy, "/metadata/generation", json!(3)));
    assert!(tenant.has_changed().expect("open"));
}

#[test]
fn a_deleted_tenant_closes_its_channel_and_leaves_the_fleet() {
    let mut world = World::at_rest();
    let receiver = world.observer.tenant(&admin(), &tenant_id("t")).expect("there");
    world.delete(ObjectKind::TenantControlPlane, &control_plane("t"));
    assert!(receiver.has_changed().is_err());
    assert!(world.observer.tenant(&admin(), &tenant_id("t")).is_none());
    assert_eq!(world.observer.fleet().borrow().count(), 0);
}

#[test]
fn a_tenant_deleted_while_nobody_looked_is_gone_after_the_list() {
    let mut world = World::at_rest();
    world.list(ObjectKind::TenantControlPlane, &[]);
    assert!(world.observer.tenant(&admin(), &tenant_id("t")).is_none());
}

#[test]
fn a_tenant_of_somebody_else_and_one_that_is_not_there_look_alike() {
    let world = World::at_rest();
    let stranger = owner_of("elsewhere");
    assert!(world.observer.tenant(&stranger, &tenant_id("t")).is_none());
    assert!(world.observer.tenant(&stranger, &tenant_id("nobody")).is_none());
    assert!(world.observer.fleet().borrow().visible(&stranger).is_empty());
    assert!(world.observer.tenant(&owner_of("tenants"), &tenant_id("t")).is_some());
    assert_eq!(world.observer.fleet().borrow().visible(&owner_of("tenants")).len(), 1);
}

#[test]
fn before_its_first_list_a_kind_is_awaited() {
    let mut world = World::empty();
    assert!(!world.observer.ready());
    world.list(ObjectKind::TenantControlPlane, &[control_plane("t")]);
    assert!(world.observer.ready());
    let snapshot = world.snapshot();
    assert_eq!(snapshot.deployment, Reading::Waiting);
    assert_eq!(snapshot.pods, Reading::Waiting);
    world.list(ObjectKind::Deployment, &[]);
    assert_eq!(world.snapshot().deployment, Reading::Missing);
}

#[test]
fn a_refused_kind_says_so_and_the_rest_works() {
    let mut world = World::at_rest();
    world.index.forbidden(ObjectKind::Pod, "pods is forbidden", world.now);
    world.index.flush(world.now);
    let snapshot = world.snapshot();
    assert_eq!(snapshot.pods, Reading::Forbidden("pods is forbidden".into()));
    assert!(snapshot.deployment.read().is_some());
    assert_eq!(snapshot.freshness, Freshness::Live);
    assert_eq!(world.observer.health().borrow().sentences(), ["Pods may not be read: pods is forbidden"]);
}

#[test]
fn a_lost_watch_makes_what_is_shown_stale_until_it_is_back() {
    let mut world = World::at_rest();
    world.pass(500);
    world.index.lost(ObjectKind::Deployment, "connection refused", world.now);
    let since = world.now;
    world.pass(2000);
    world.index.lost(ObjectKind::Deployment, "no answer within 15 s", world.now);
    world.index.flush(world.now);
    let why = "Deployments: no answer within 15 s".to_owned();
    assert_eq!(world.snapshot().freshness, Freshness::Stale { since, why });
    assert!(!world.observer.health().borrow().live());
    world.list(ObjectKind::Deployment, &[deployment("t", "v1.35.6")]);
    assert_eq!(world.snapshot().freshness, Freshness::Live);
    assert!(world.observer.health().borrow().live());
}

#[test]
fn a_hop_is_filmed_with_the_times_at_which_things_were_seen() {
    let mut world = World::at_rest();
    world.pass(250);
    world.want_next();
    world.pass(600);
    let unbound = without(starting(new_pod("n")), "/spec/nodeName");
    world.apply(ObjectKind::Pod, &unbound);
    world.pass(100);
    world.apply(ObjectKind::Pod, &starting(new_pod("n")));
    world.pass(3000);
    world.apply(ObjectKind::Pod, &new_pod("n"));
    world.pass(50);
    world.apply(ObjectKind::Pod, &terminating(old_pods()[0].clone()));
    world.pass(2000);
    world.delete(ObjectKind::Pod, &old_pods()[0]);

    let snapshot = world.snapshot();
    let hop = snapshot.hop.expect("it runs");
    assert!(hop.start_seen);
    assert_eq!(hop.started_at, NOW.plus_millis(250));
    assert_eq!(hop.film.until_ms, 5750);
    let new = hop.film.pods.iter().find(|track| track.name == "t-bbb-n").expect("filmed");
    assert_eq!((new.created_ms, new.bound_ms, new.ready[0].from_ms), (600, Some(700), 3700));
    assert_eq!(hop.film.revisions[new.revision].side, Side::New);
    let old = hop.film.pods.iter().find(|track| track.name == "t-aaa-x").expect("filmed");
    assert_eq!((old.terminating_ms, old.gone_ms), (Some(3750), Some(5750)));
    assert_eq!(old.state_at(0), Some(PodState::Ready));
    assert_eq!(hop.film.revisions[old.revision].side, Side::Old);
    assert_eq!(snapshot.timings.startup_ms.last(), Some(&3000));
    assert_eq!(snapshot.timings.termination_ms, [2000]);
}

#[test]
fn time_is_seen_to_pass_only_while_a_hop_runs() {
    let mut world = World::at_rest();
    assert!(!world.index.hop_running());
    world.want_next();
    assert!(world.index.hop_running());
    let mut receiver = world.observer.tenant(&admin(), &tenant_id("t")).expect("there");
    receiver.mark_unchanged();
    world.pass(1000);
    world.index.flush(world.now);
    assert!(!receiver.has_changed().expect("open"));
    world.index.tick(world.now);
    assert!(receiver.has_changed().expect("open"));
    assert_eq!(receiver.borrow().hop.as_ref().map(|hop| hop.film.until_ms), Some(1000));
}

#[test]
fn after_a_restart_in_the_middle_the_film_begins_with_a_gap() {
    let mut world = World::empty();
    let wanted = with(control_plane("t"), "/spec/kubernetes/version", json!("v1.36.0"));
    let created = |pod, at: &str| with(pod, "/metadata/creationTimestamp", json!(at));
    world.list(ObjectKind::Pod, &[old_pods()[0].clone(), starting(created(new_pod("n"), "2026-11-22T07:59:50Z"))]);
    world.list(ObjectKind::TenantControlPlane, &[wanted]);
    assert_eq!(world.snapshot().hop, None, "the Deployment is not known yet");
    world.list(ObjectKind::Deployment, &[deployment("t", "v1.36.0")]);

    let hop = world.snapshot().hop.expect("it runs");
    assert!(!hop.start_seen);
    assert_eq!(hop.from.map(|version| version.to_string()).as_deref(), Some("v1.35.6"));
    assert_eq!(hop.started_at, NOW.plus_millis(-10_000), "its first pod is from then");
    assert_eq!(hop.film.gaps.iter().map(|gap| (gap.from_ms, gap.to_ms)).collect::<Vec<_>>(), [(0, 10_000)]);
    assert_eq!(hop.film.pods.len(), 2);
    assert_eq!(hop.film.pods.iter().map(|track| track.created_ms).max(), Some(0));
    assert_eq!(hop.film.until_ms, 10_000);
}

#[test]
fn after_a_restart_while_old_pods_terminate_the_hop_is_not_taken_for_finished() {
    let mut world = World::empty();
    let done = with(control_plane("t"), "/spec/kubernetes/version", json!("v1.36.0"));
    let done = with(done, "/status/kubernetesResources/version/version", json!("v1.36.0"));
    world.list(ObjectKind::TenantControlPlane, &[done]);
    world.list(ObjectKind::Deployment, &[deployment("t", "v1.36.0")]);
    let pods = [new_pod("1"), new_pod("2"), new_pod("3"), terminating(old_pods()[0].clone())];
    world.list(ObjectKind::Pod, &pods);
    let hop = world.snapshot().hop.expect("its last pod terminates");
    let looked = NOW.since(hop.started_at);
    assert_eq!((hop.settled_ms, hop.finished_ms), (Some(looked), None), "settled at the first look at the latest");
    assert_eq!(hop.film.gaps.last().map(|gap| gap.to_ms), Some(looked));
    world.pass(7000);
    world.delete(ObjectKind::Pod, &old_pods()[0]);
    assert_eq!(world.snapshot().hop.expect("seen").finished_ms, Some(looked + 7000));
}

#[test]
fn while_the_pods_are_not_watched_the_film_has_a_gap() {
    let mut world = World::at_rest();
    world.want_next();
    world.pass(1000);
    world.index.lost(ObjectKind::Pod, "connection reset", world.now);
    world.pass(2000);
    world.index.tick(world.now);
    let gaps = |world: &World| {
        let film = world.snapshot().hop.expect("it runs").film;
        film.gaps.iter().map(|gap| (gap.from_ms, gap.to_ms)).collect::<Vec<_>>()
    };
    assert_eq!(gaps(&world), [(1000, 3000)]);
    world.pass(2000);
    let [_, y, z] = old_pods();
    world.list(ObjectKind::Pod, &[y, z, new_pod("n")]);
    assert_eq!(gaps(&world), [(1000, 5000)]);
    world.pass(1000);
    world.index.tick(world.now);
    assert_eq!(gaps(&world), [(1000, 5000)]);
    let snapshot = world.snapshot();
    let film = snapshot.hop.expect("it runs").film;
    let gone = film.pods.iter().find(|track| track.name == "t-aaa-x").expect("still filmed");
    assert_eq!(gone.gone_ms, Some(5000));
    assert_eq!(snapshot.timings.termination_ms, Vec::<i64>::new(), "how long it took was not seen");
}

#[test]
fn a_tenant_made_anew_has_no_past() {
    let mut world = World::at_rest();
    world.want_next();
    let anew = with(control_plane("t"), "/metadata/uid", json!("another"));
    world.list(ObjectKind::TenantControlPlane, &[anew]);
    assert_eq!(world.snapshot().hop, None);
}

#[test]
fn pods_with_restarts_are_not_timed() {
    let mut world = World::empty();
    world.list(ObjectKind::TenantControlPlane, &[control_plane("t")]);
    let restarted = with(old_pods()[0].clone(), "/status/containerStatuses/0/restartCount", json!(2));
    let flapped = with(old_pods()[1].clone(), "/status/conditions/1/lastTransitionTime", json!("2026-11-22T07:40:00Z"));
    world.list(ObjectKind::Pod, &[restarted, flapped, old_pods()[2].clone()]);
    assert_eq!(world.snapshot().timings.startup_ms, [20_000]);
    assert_eq!(world.snapshot().pods.read().expect("read")[0].restarts, 2);
}

#[test]
fn only_the_newest_timings_are_kept() {
    let mut world = World::at_rest();
    for number in 0..30 {
        let name = format!("p{number}");
        world.apply(ObjectKind::Pod, &starting(new_pod(&name)));
        world.pass(number);
        world.apply(ObjectKind::Pod, &new_pod(&name));
    }
    assert_eq!(world.snapshot().timings.startup_ms, (10..30).collect::<Vec<i64>>());
}

#[test]
fn events_belong_to_the_tenant_whose_objects_they_are_about() {
    let mut world = World::empty();
    // Events may be listed before the tenant is known.
    world.list(
        ObjectKind::Event,
        &[
            event("1", "Pod", "t-aaa-x"),
            event("2", "ReplicaSet", "t-aaa"),
            event("3", "Pod", "coredns-7c65d6cfc9-abcde"),
        ],
    );
    world.list(ObjectKind::TenantControlPlane, &[control_plane("t")]);
    world.apply(ObjectKind::Event, &event("4", "Deployment", "t"));
    assert!(cluster::resources::Object::read(ObjectKind::Event, &event("5", "Node", "t")).expect("named").is_none());
    let about = |world: &World| -> Vec<String> {
        world.snapshot().events.read().expect("read").iter().map(|event| event.about.clone()).collect()
    };
    assert_eq!(about(&world), ["Pod/t-aaa-x", "ReplicaSet/t-aaa", "Deployment/t"]);
    for number in 10..80 {
        world.apply(ObjectKind::Event, &event(&number.to_string(), "Deployment", "t"));
    }
    assert_eq!(about(&world).len(), 50);
}

#[test]
fn events_about_other_things_push_no_tenant_out() {
    let mut world = World::at_rest();
    world.apply(ObjectKind::Event, &event("ours", "Deployment", "t"));
    for number in 0..1000 {
        world.apply(ObjectKind::Event, &event(&number.to_string(), "Pod", &format!("web{number}-7c65d6cfc9-abcde")));
    }
    assert_eq!(world.snapshot().events.read().map(Vec::len), Some(1));
    assert_eq!(world.observer.fleet().borrow().count(), 1);
}

#[test]
fn other_writers_are_told_from_their_marks() {
    let git = |tool: &str| Owner::Git { tool: tool.into() };
    let table = [
        (json!({}), vec![]),
        (
            json!({ "annotations": { "argocd.argoproj.io/tracking-id": "team-a:kamaji/TCP:tenants/t" } }),
            vec![git("Argo CD application team-a")],
        ),
        (json!({ "labels": { "argocd.argoproj.io/instance": "team-b" } }), vec![git("Argo CD application team-b")]),
        (
            json!({ "labels": { "kustomize.toolkit.fluxcd.io/name": "tenants" } }),
            vec![git("Flux Kustomization tenants")],
        ),
        (
            json!({ "labels": { "helm.toolkit.fluxcd.io/name": "t", "app.kubernetes.io/managed-by": "Helm" } }),
            vec![git("Flux HelmRelease t")],
        ),
        (json!({ "annotations": { "meta.helm.sh/release-name": "t" } }), vec![git("Helm release t")]),
        (json!({ "labels": { "app.kubernetes.io/managed-by": "Helm" } }), vec![git("Helm")]),
        (
            json!({
                "labels": { "cluster.x-k8s.io/cluster-name": "prod" },
                "ownerReferences": [
                    { "apiVersion": "controlplane.cluster.x-k8s.io/v1alpha2", "kind": "KamajiControlPlane", "name": "prod-cp" },
                ],
            }),
            vec![Owner::ClusterApi { control_plane: "prod-cp".into(), cluster: Some("prod".into()) }],
        ),
        (json!({ "ownerReferences": [{ "apiVersion": "v1", "kind": "ConfigMap", "name": "x" }] }), vec![]),
    ];
    for (metadata, expected) in table {
        let mut object = control_plane("t");
        for (key, value) in metadata.as_object().expect("an object") {
            object = with(object, &format!("/metadata/{key}"), value.clone());
        }
        let mut world = World::empty();
        world.list(ObjectKind::TenantControlPlane, &[object]);
        assert_eq!(world.snapshot().owners, expected, "{metadata}");
    }
}

#[test]
fn the_registrys_tag_suffix_is_no_part_of_the_version() {
    let mut world = World::at_rest();
    let suffixed =
        with(control_plane("t"), "/spec/controlPlane/deployment/registrySettings", json!({ "tagSuffix": "-custom" }));
    world.apply(ObjectKind::TenantControlPlane, &suffixed);
    world.apply(ObjectKind::Deployment, &deployment("t", "v1.35.6-custom"));
    world.list(ObjectKind::Pod, &[pod("t", "aaa", "x", "v1.35.6-custom")]);
    let snapshot = world.snapshot();
    assert_eq!(snapshot.deployment.read().and_then(|it| it.version.clone()), Some(snapshot.desired_version.clone()));
    assert_eq!(snapshot.pods.read().expect("read")[0].version, Some(snapshot.desired_version));
}

#[test]
fn somebody_elses_objects_with_the_label_are_not_taken_for_the_control_plane() {
    let mut world = World::at_rest();
    let own_pod = with(old_pods()[0].clone(), "/metadata/ownerReferences/0/kind", json!("DaemonSet"));
    let own_deployment = with(deployment("t", "v9.9.9"), "/metadata/name", json!("t-exporter"));
    for (kind, object) in [(ObjectKind::Pod, own_pod), (ObjectKind::Deployment, own_deployment)] {
        assert_eq!(cluster::resources::Object::read(kind, &object), Ok(None));
    }
    world.list(ObjectKind::Deployment, &[deployment("t", "v1.35.6")]);
    assert!(world.snapshot().deployment.read().is_some());
}

#[test]
fn trouble_is_told_in_kubernetes_words() {
    let waiting = |reason: &str| json!({ "name": "kube-apiserver", "restartCount": 0, "state": { "waiting": { "reason": reason, "message": "m" } } });
    let unschedulable =
        json!({ "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/4 nodes" });
    for (pointer, value, expected) in [
        ("/status/containerStatuses/0", waiting("ImagePullBackOff"), Some(("ImagePullBackOff", "m"))),
        ("/status/containerStatuses/0", waiting("ContainerCreating"), None),
        ("/status/initContainerStatuses", json!([waiting("CrashLoopBackOff")]), Some(("CrashLoopBackOff", "m"))),
        ("/status/conditions/0", unschedulable, Some(("Unschedulable", "0/4 nodes"))),
        ("/status/phase", json!("Failed"), Some(("Failed", ""))),
    ] {
        let mut world = World::at_rest();
        world.list(ObjectKind::Pod, &[with(old_pods()[0].clone(), pointer, value.clone())]);
        let snapshot = world.snapshot();
        let trouble = snapshot.pods.read().expect("read")[0].trouble.clone();
        let trouble = trouble.as_ref().map(|trouble| (trouble.reason.as_str(), trouble.message.as_str()));
        assert_eq!(trouble, expected, "{value}");
    }
}
