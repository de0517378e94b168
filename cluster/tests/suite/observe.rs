//! The watches, against an API server in process. Time is tokio's, paused: nothing really waits.

use std::time::Duration;

use cluster::resources::ObjectKind;
use cluster::{Health, IdentityError, Observer, Scope, WatchState, observe, who_am_i};
use planner::tenant::{Freshness, Reading, TenantSnapshot};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::api::{Api, PAGE_NOT_FOUND};
use crate::support::objects::{control_plane, with};
use crate::support::{HandClock, admin, tenant_id};

fn start(api: &Api) -> Observer {
    observe(api.client(), Scope::WHOLE_CLUSTER, HandClock::new().clock(), CancellationToken::new())
}

async fn health(observer: &Observer, holds: impl FnMut(&std::sync::Arc<Health>) -> bool) -> Health {
    let mut health = observer.health();
    let health = health.wait_for(holds).await.expect("it is observed");
    (**health).clone()
}

async fn tenant(observer: &Observer, mut holds: impl FnMut(&TenantSnapshot) -> bool) -> TenantSnapshot {
    health(observer, |health| health.ready()).await;
    let mut receiver = observer.tenant(&admin(), &tenant_id("t")).expect("it was listed");
    let snapshot = receiver.wait_for(|snapshot| holds(snapshot)).await.expect("it is not deleted");
    (**snapshot).clone()
}

fn modified(object: &Value) -> String {
    json!({ "type": "MODIFIED", "object": object }).to_string()
}

fn expired(code: u16) -> String {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                         "code": code, "reason": "Expired", "message": "too old resource version" });
    json!({ "type": "ERROR", "object": status }).to_string()
}

fn lists(api: &Api, plural: &str) -> usize {
    let of = |target: &str| target.contains(&format!("/{plural}?")) && !target.contains("watch=true");
    api.world().asked.iter().filter(|asked| of(&asked.target)).count()
}

#[tokio::test(start_paused = true)]
async fn every_kind_is_listed_and_watched_once_for_the_whole_cluster() {
    let api = Api::new();
    let changed = with(control_plane("t"), "/metadata/resourceVersion", json!("1001"));
    let changed = with(changed, "/spec/kubernetes/version", json!("v1.36.0"));
    api.world().watched.push(("tenantcontrolplanes", modified(&changed)));
    let observer = start(&api);
    let snapshot = tenant(&observer, |snapshot| snapshot.desired_version.0 == "v1.36.0").await;
    assert!(snapshot.hop.is_some_and(|hop| hop.start_seen));
    health(&observer, |health| health.live()).await;
    let asked = api.world().asked.clone();
    for (plural, labelled) in [
        ("tenantcontrolplanes", false),
        ("deployments", true),
        ("replicasets", true),
        ("pods", true),
        ("events", false),
        ("nodes", false),
        ("upgradeplans", false),
    ] {
        let of_kind: Vec<&str> = asked
            .iter()
            .map(|asked| asked.target.as_str())
            .filter(|target| target.contains(&format!("/{plural}?")))
            .collect();
        assert_eq!(of_kind.len(), 2, "{of_kind:?}");
        for target in of_kind {
            assert_eq!(target.contains("labelSelector=kamaji.clastix.io%2Fname"), labelled, "{target}");
            assert!(!target.contains("namespaces"), "{target}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_or_broken_watch_lists_again() {
    for code in [410, 500] {
        let api = Api::new();
        api.world().watched.push(("tenantcontrolplanes", expired(code)));
        let observer = start(&api);
        let scaled = with(control_plane("t"), "/spec/controlPlane/deployment/replicas", json!(5));
        tenant(&observer, |_| true).await;
        api.world().tenant = Some(scaled);
        tenant(&observer, |snapshot| snapshot.replicas == 5).await;
        health(&observer, |health| health.live()).await;
        assert_eq!(lists(&api, "tenantcontrolplanes"), 2, "{code}");
        assert_eq!(lists(&api, "pods"), 1, "the others go on");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_refused_says_so_and_is_asked_again_later() {
    let api = Api::new();
    api.world().refused.push(("/pods", 403, "pods is forbidden: User \"console\" cannot list"));
    let observer = start(&api);
    let words = "pods is forbidden: User \"console\" cannot list".to_owned();
    let snapshot = tenant(&observer, |snapshot| matches!(snapshot.pods, Reading::Forbidden(_))).await;
    assert_eq!(snapshot.pods, Reading::Forbidden(words));
    let snapshot = tenant(&observer, |snapshot| snapshot.deployment.read().is_some()).await;
    assert_eq!(snapshot.freshness, Freshness::Live);

    api.world().refused.clear();
    tenant(&observer, |snapshot| snapshot.pods.read().is_some()).await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_watch_that_was_granted_is_believed_only_when_it_lasts() {
    let words = "pods is forbidden: User \"console\" cannot watch";
    for lasts in [false, true] {
        let api = Api::new();
        let observer = start(&api);
        health(&observer, |health| health.live()).await;
        // The watches end by themselves long after they were granted.
        api.world().refused.push(("/pods", 403, words));
        let refused = |health: &Health| match health.state(ObjectKind::Pod) {
            Some(WatchState::Broken { why, .. }) => why == words,
            state => matches!(state, Some(WatchState::Forbidden { .. })),
        };
        let first = health(&observer, |health| refused(health)).await;
        assert!(matches!(first.state(ObjectKind::Pod), Some(WatchState::Broken { .. })), "what was seen stays");
        if lasts {
            let snapshot = tenant(&observer, |snapshot| matches!(snapshot.pods, Reading::Forbidden(_))).await;
            assert_eq!(snapshot.pods, Reading::Forbidden(words.to_owned()));
        } else {
            api.world().refused.clear();
            let snapshot = tenant(&observer, |snapshot| snapshot.freshness == Freshness::Live).await;
            assert!(snapshot.pods.read().is_some());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_may_be_listed_but_not_watched_is_refused_and_asked_for_seldom() {
    let api = Api::new();
    api.world().refused.push(("/pods?&watch=true", 403, "pods is forbidden: User \"console\" cannot watch"));
    let observer = start(&api);
    tenant(&observer, |snapshot| matches!(snapshot.pods, Reading::Forbidden(_))).await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!((8..=11).contains(&lists(&api, "pods")), "every 30 s: {}", lists(&api, "pods"));
}

#[tokio::test(start_paused = true)]
async fn nodes_that_are_refused_or_away_make_nothing_unready_or_stale() {
    for (code, words) in [(403, "nodes is forbidden"), (503, "away")] {
        let api = Api::new();
        api.world().refused.push(("/nodes", code, words));
        let observer = start(&api);
        health(&observer, |health| health.sentences().len() == 1).await;
        let snapshot = tenant(&observer, |snapshot| snapshot.events.read().is_some()).await;
        assert_eq!(snapshot.freshness, Freshness::Live, "{code}");
        assert_eq!(matches!(snapshot.images, Reading::Forbidden(_)), code == 403);

        api.world().refused.clear();
        tenant(&observer, |snapshot| snapshot.images.read().is_some()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn with_the_api_server_away_at_the_start_the_console_says_so_and_comes_alive_with_it() {
    let api = Api::new();
    api.world().refused.push(("/", 503, "the server is currently unable to handle the request"));
    let observer = start(&api);
    let away = health(&observer, |health| health.sentences().len() == ObjectKind::ALL.len()).await;
    assert!(!away.ready());
    let expected = "TenantControlPlanes could not be listed yet, waiting since 2026-11-22 08:00:00 UTC: the server is currently unable to handle the request";
    assert_eq!(away.sentences()[0], expected);

    api.world().refused.clear();
    let back = health(&observer, |health| health.live()).await;
    assert_eq!(back.sentences(), Vec::<String>::new());
    tenant(&observer, |snapshot| snapshot.freshness == Freshness::Live).await;
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_hangs_is_noticed() {
    let api = Api::new();
    api.world().hanging.push("/replicasets");
    let observer = start(&api);
    let hanging = |health: &Health| matches!(health.state(ObjectKind::ReplicaSet), Some(WatchState::Waiting { why: Some(why), .. }) if why == "no answer within 15 s");
    health(&observer, |health| hanging(health)).await;
    let snapshot = tenant(&observer, |snapshot| matches!(snapshot.freshness, Freshness::Stale { .. })).await;
    assert_eq!(snapshot.replica_sets, Reading::Waiting);
    assert!(snapshot.deployment.read().is_some());

    api.world().hanging.clear();
    tenant(&observer, |snapshot| snapshot.freshness == Freshness::Live && snapshot.replica_sets.read().is_some()).await;
}

#[tokio::test(start_paused = true)]
async fn kamaji_that_is_not_installed_is_said() {
    for (answer, words) in [
        (PAGE_NOT_FOUND, "404 page not found"),
        ("the server could not find the requested resource", "the server could not find the requested resource"),
    ] {
        let api = Api::new();
        api.world().refused.push(("/tenantcontrolplanes", 404, answer));
        let observer = start(&api);
        let health = health(&observer, |health| {
            matches!(health.state(ObjectKind::TenantControlPlane), Some(WatchState::Waiting { why: Some(_), .. }))
        })
        .await;
        let end = format!(": the API server does not know this kind ({words}); is Kamaji installed?");
        assert!(health.sentences()[0].ends_with(&end), "{:?}", health.sentences());
    }
}

#[tokio::test(start_paused = true)]
async fn one_malformed_object_hides_no_other() {
    let api = Api::new();
    api.world().strangers = vec![
        json!({ "metadata": { "name": 7, "labels": "none" }, "spec": [] }),
        json!("not even an object"),
        with(control_plane("u"), "/spec", json!("gone wrong")),
    ];
    let observer = start(&api);
    tenant(&observer, |_| true).await;
    let receiver = observer.tenant(&admin(), &tenant_id("u")).expect("it is there too");
    assert_eq!(receiver.borrow().problems, ["TenantControlPlane: `spec.kubernetes.version` is missing"]);
    let health = health(&observer, |health| !health.problems.is_empty()).await;
    assert_eq!(health.problems, ["TenantControlPlane without a name: `metadata.name` is missing or no text"]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_the_watches() {
    let api = Api::new();
    api.world().refused.push(("/events", 503, "away"));
    let shutdown = CancellationToken::new();
    let observer = observe(api.client(), Scope::WHOLE_CLUSTER, HandClock::new().clock(), shutdown.clone());
    tenant(&observer, |_| true).await;
    shutdown.cancel();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let asked = api.world().asked.len();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(api.world().asked.len(), asked);
}

#[tokio::test(start_paused = true)]
async fn who_the_console_is_comes_from_the_api_server_else_from_the_kubeconfig() {
    let api = Api::new();
    let user = json!({ "username": "olivia", "groups": ["team-a"] });
    api.world().review = Some(json!({ "status": { "userInfo": user } }));
    let identity = who_am_i(&api.client(), &Scope::WHOLE_CLUSTER, "from-kubeconfig").await.expect("it answers");
    assert_eq!((identity.user.as_str(), identity.groups.as_slice()), ("olivia", &["team-a".to_owned()][..]));

    api.world().review = None;
    assert_eq!(
        who_am_i(&api.client(), &Scope::WHOLE_CLUSTER, "from-kubeconfig").await.expect("a name").user,
        "from-kubeconfig"
    );

    api.world().refused.push(("selfsubjectreviews", 401, "Unauthorized"));
    assert_eq!(
        who_am_i(&api.client(), &Scope::WHOLE_CLUSTER, "x").await,
        Err(IdentityError::Refused("Unauthorized".into()))
    );

    api.world().hanging.push("selfsubjectreviews");
    assert_eq!(who_am_i(&api.client(), &Scope::WHOLE_CLUSTER, "x").await, Err(IdentityError::NoAnswer { seconds: 5 }));
}
