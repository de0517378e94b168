//! A console that looks into some namespaces only, because its rights end there.

use cluster::health::WatchHealth;
use cluster::resources::ObjectKind;
use cluster::{Health, Index, Observer, Scope, Source, Watch, WatchState, observe};
use planner::tenant::{Freshness, Reading, TenantId, TenantSnapshot};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::api::Api;
use crate::support::objects::{control_plane, deployment, pod, with};
use crate::support::{HandClock, NOW, admin, read, scope, tenant_id};

const REFUSED: &str = "tenantcontrolplanes is forbidden: User \"olivia\" cannot list resource \"tenantcontrolplanes\"";

fn start(api: &Api, scope: Scope) -> Observer {
    observe(api.client(), scope, HandClock::new().clock(), CancellationToken::new())
}

async fn health(observer: &Observer, holds: impl FnMut(&std::sync::Arc<Health>) -> bool) -> Health {
    let mut health = observer.health();
    let health = health.wait_for(holds).await.expect("it is observed");
    (**health).clone()
}

fn answered(health: &Health) -> bool {
    health.watches.iter().all(|watch| !matches!(watch.state, WatchState::Waiting { .. }))
}

fn hidden(health: &Health) -> Vec<String> {
    health.hidden().filter_map(WatchHealth::sentence).collect()
}

fn names(observer: &Observer) -> Vec<String> {
    observer.fleet().borrow().visible(&admin()).iter().map(|snapshot| snapshot.id.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_kind_is_watched_in_each_namespace_and_nodes_in_the_cluster() {
    let api = Api::new();
    let observer = start(&api, scope(&["tenants", "team-b"]));
    let live = health(&observer, |health| health.live()).await;
    assert_eq!(live.sentences(), [""; 0]);
    assert_eq!(names(&observer), ["tenants/t"]);
    let asked: Vec<String> = api.world().asked.iter().map(|asked| asked.target.clone()).collect();
    for (path, times) in [
        ("/apis/kamaji.clastix.io/v1alpha1/namespaces/tenants/tenantcontrolplanes?", 2),
        ("/apis/kamaji.clastix.io/v1alpha1/namespaces/team-b/tenantcontrolplanes?", 2),
        ("/apis/apps/v1/namespaces/team-b/deployments?", 2),
        ("/apis/apps/v1/namespaces/team-b/replicasets?", 2),
        ("/api/v1/namespaces/team-b/pods?", 2),
        ("/api/v1/namespaces/team-b/events?", 2),
        ("/apis/upgrade-console.kamaji.clastix.io/v1alpha1/namespaces/team-b/upgradeplans?", 2),
        ("/api/v1/nodes?", 2),
    ] {
        assert_eq!(asked.iter().filter(|target| target.starts_with(path)).count(), times, "{path}");
    }
    assert_eq!(asked.len(), 2 * (6 * 2 + 1));
}

#[tokio::test(start_paused = true)]
async fn rights_in_one_namespace_are_enough_for_it() {
    let api = Api::new();
    for cluster_wide in ["/v1alpha1/tenantcontrolplanes", "/apps/v1/deployments", "/v1/pods", "/v1/nodes"] {
        api.world().refused.push((cluster_wide, 403, REFUSED));
    }
    let everywhere = start(&api, Scope::WHOLE_CLUSTER);
    let refused = health(&everywhere, |health| answered(health)).await;
    assert!(!refused.ready(), "an empty fleet would say that there is no tenant");
    assert_eq!(hidden(&refused), [format!("TenantControlPlanes may not be read: {REFUSED}")]);

    let there = start(&api, scope(&["tenants"]));
    let health = health(&there, |health| answered(health)).await;
    assert!(health.ready() && health.live());
    assert_eq!(health.sentences(), [format!("Nodes may not be read: {REFUSED}")], "which it can do without");
    assert_eq!(names(&there), ["tenants/t"]);
    let snapshot = there.tenant(&admin(), &tenant_id("t")).expect("it is there").borrow().clone();
    assert!(snapshot.deployment.read().is_some() && snapshot.freshness == Freshness::Live);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_is_refused_hides_no_other_and_is_said() {
    let api = Api::new();
    api.world().refused.push(("/namespaces/team-b/", 403, REFUSED));
    let observer = start(&api, scope(&["tenants", "team-b"]));
    let partly = health(&observer, |health| answered(health)).await;
    assert!(partly.ready() && partly.live());
    assert_eq!(hidden(&partly), [format!("TenantControlPlanes of team-b may not be read: {REFUSED}")]);
    assert_eq!(names(&observer), ["tenants/t"]);

    api.world().refused.clear();
    health(&observer, |health| health.hidden().count() == 0).await;
}

/// A tenant `t` with its Deployment and a pod, in each of two namespaces, every watch of which was listed.
fn two_namespaces() -> (Index, Observer) {
    let (mut index, observer) = Index::within(&scope(&["a", "b"]), NOW, Source::Cluster, HandClock::new().clock());
    for namespace in ["a", "b"] {
        list(&mut index, ObjectKind::TenantControlPlane, namespace, &[control_plane("t")]);
        list(&mut index, ObjectKind::Deployment, namespace, &[deployment("t", "v1.35.6")]);
        list(&mut index, ObjectKind::Pod, namespace, &[pod("t", "h", "1", "v1.35.6")]);
        list(&mut index, ObjectKind::ReplicaSet, namespace, &[]);
        list(&mut index, ObjectKind::Event, namespace, &[]);
    }
    index.reset(ObjectKind::Node, Vec::new(), NOW);
    index.flush(NOW);
    (index, observer)
}

fn watch(kind: ObjectKind, namespace: &str) -> Watch {
    Watch { kind, namespace: Some(namespace.parse().expect("a name")) }
}

fn list(index: &mut Index, kind: ObjectKind, namespace: &str, objects: &[serde_json::Value]) {
    let objects = objects.iter().map(|object| in_namespace(kind, namespace, object));
    index.reset(watch(kind, namespace), objects.collect(), NOW);
}

fn in_namespace(kind: ObjectKind, namespace: &str, object: &serde_json::Value) -> cluster::resources::Object {
    read(kind, &with(object.clone(), "/metadata/namespace", json!(namespace)))
}

fn seen(observer: &Observer, namespace: &str) -> TenantSnapshot {
    let id = TenantId { namespace: namespace.to_owned(), name: "t".to_owned() };
    (**observer.tenant(&admin(), &id).expect("it is there").borrow()).clone()
}

#[test]
fn what_is_not_in_the_list_of_one_namespace_stays_in_the_others() {
    let (mut index, observer) = two_namespaces();
    list(&mut index, ObjectKind::Pod, "a", &[]);
    index.flush(NOW);
    let pods = |namespace| seen(&observer, namespace).pods.read().map(Vec::len);
    assert_eq!((pods("a"), pods("b")), (Some(0), Some(1)));
    list(&mut index, ObjectKind::Deployment, "b", &[]);
    list(&mut index, ObjectKind::TenantControlPlane, "a", &[]);
    index.flush(NOW);
    assert_eq!(names(&observer), ["b/t"]);
    assert_eq!(seen(&observer, "b").deployment, Reading::Missing);
}

#[test]
fn a_watch_that_is_lost_or_refused_is_so_for_its_own_namespace() {
    let (mut index, observer) = two_namespaces();
    index.lost(watch(ObjectKind::Event, "a"), "away", NOW);
    index.forbidden(watch(ObjectKind::Pod, "b"), REFUSED, NOW);
    index.flush(NOW);
    let (a, b) = (seen(&observer, "a"), seen(&observer, "b"));
    assert_eq!(a.freshness, Freshness::Stale { since: NOW, why: "Events of a: away".to_owned() });
    assert_eq!((a.pods.read().map(Vec::len), &b.pods), (Some(1), &Reading::Forbidden(REFUSED.to_owned())));
    assert_eq!(b.freshness, Freshness::Live);
    let sentences = observer.health().borrow().sentences();
    assert_eq!(sentences.len(), 2, "{sentences:?}");
    assert!(sentences[1].starts_with("The watch on Events of a is lost since"), "{sentences:?}");
}

#[test]
fn an_outage_hides_no_fleet_because_one_namespace_is_refused() {
    // Each namespace's watch before the API server goes away, and whether the fleet is still told while it is away.
    type Before = fn(&mut Index, &str);
    let listed: Before =
        |index, namespace| list(index, ObjectKind::TenantControlPlane, namespace, &[control_plane("t")]);
    let refused: Before =
        |index, namespace| index.forbidden(watch(ObjectKind::TenantControlPlane, namespace), REFUSED, NOW);
    let unanswered: Before = |_, _| {};
    for (case, before, told) in [
        ("one is refused", [listed, refused], true),
        ("the other is refused", [refused, listed], true),
        ("both are refused", [refused, refused], false),
        ("one never answered", [listed, unanswered], false),
    ] {
        let (mut index, observer) = Index::within(&scope(&["a", "b"]), NOW, Source::Cluster, HandClock::new().clock());
        for (before, namespace) in before.iter().zip(["a", "b"]) {
            before(&mut index, namespace);
        }
        for namespace in ["a", "b"] {
            index.lost(watch(ObjectKind::TenantControlPlane, namespace), "connection refused", NOW);
        }
        index.flush(NOW);
        assert_eq!(observer.ready(), told, "{case}");
        let health = observer.health().borrow().clone();
        let hidden = hidden(&health);
        assert_eq!(
            hidden.len(),
            usize::from(told),
            "{case}: what stands in the refused one is still not shown: {hidden:?}"
        );
    }
}

#[test]
fn a_film_has_a_gap_only_where_its_own_pods_were_not_seen() {
    let (mut index, observer) = two_namespaces();
    for namespace in ["a", "b"] {
        let wanted = with(control_plane("t"), "/spec/kubernetes/version", json!("v1.36.0"));
        index.apply(in_namespace(ObjectKind::TenantControlPlane, namespace, &wanted), NOW);
    }
    index.lost(watch(ObjectKind::Pod, "a"), "away", NOW);
    let later = NOW.plus_millis(5_000);
    index.tick(later);
    let gaps = |namespace| seen(&observer, namespace).hop.expect("it runs").film.gaps.len();
    assert_eq!((gaps("a"), gaps("b")), (1, 0));
    index.reset(watch(ObjectKind::Pod, "a"), Vec::new(), later);
    index.tick(later.plus_millis(5_000));
    assert_eq!((gaps("a"), gaps("b")), (1, 0), "over, and kept");
}
