//! A whole hop against the sandbox's API in process: reading, checking, writing and watching it to its end.

use std::sync::Arc;
use std::time::Duration;

use ::sandbox::{Sandbox, SandboxOptions};
use axum::body::Body as AxumBody;
use cluster::{ChangeError, Changes, DryRunAnswer, Identity, Observer, Scope, Started, Visibility, observe};
use http::{Method, Request, Response};
use kube::api::{Patch, PatchParams};
use kube::client::Body;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Client};
use planner::finding::{Finding, FindingKind, Overridable, RoomOutcome};
use planner::hop::{Acknowledgement, Binding, Despite, HopRequest};
use planner::operator::Ceiling;
use planner::releases::ReleaseTable;
use planner::stage;
use planner::strategy::Strategy;
use planner::tenant::{TenantId, TenantSnapshot};
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::support::admin;

/// Waits for a snapshot; the sandbox's clock is moved on until it comes.
async fn until(
    sandbox: &Sandbox,
    receiver: &mut watch::Receiver<Arc<TenantSnapshot>>,
    mut holds: impl FnMut(&TenantSnapshot) -> bool,
) -> Arc<TenantSnapshot> {
    for _ in 0..2000 {
        if holds(&receiver.borrow_and_update()) {
            return receiver.borrow().clone();
        }
        sandbox.advance(100);
        // Tokio's time is paused, so this ends as soon as nothing in this process has anything left to do.
        let _ = tokio::time::timeout(Duration::from_millis(5), receiver.changed()).await;
    }
    panic!("it never came: {:?}", stage::read(&receiver.borrow()))
}

#[tokio::test(start_paused = true)]
async fn a_hop_goes_from_the_check_to_finished() {
    let sandbox = Sandbox::new(&SandboxOptions { manual: true, ..SandboxOptions::default() }).expect("a world");
    let client = Client::new(sandbox.router(), "default");
    let observer = observe(client.clone(), Scope::WHOLE_CLUSTER, sandbox.clock(), CancellationToken::new());
    let mut health = observer.health();
    health.wait_for(|health| health.live()).await.expect("it is observed");
    let fleet = observer.fleet().borrow().visible(&admin());
    let id: TenantId = fleet.iter().find(|tenant| tenant.id.name == "tenant-00").expect("it is there").id.clone();
    let mut receiver = observer.tenant(&admin(), &id).expect("it is there");
    let settled = until(&sandbox, &mut receiver, stage::is_settled).await;

    let changes = Changes::new(client, observer.clone(), sandbox.clock(), Arc::new(ReleaseTable::built_in()));
    assert!(matches!(changes.operator_knowledge().await.ceiling, Ceiling::Learned { .. }));
    let request = HopRequest {
        tenant: id.clone(),
        binding: Binding::of(&settled),
        version: "v1.36.1".parse().expect("a version"),
        strategy: Some("1/1".parse().expect("a strategy")),
        acknowledged: vec![Acknowledgement::KubeletsNotChecked],
        typed_name: Some("tenant-00".into()),
        despite: None,
    };
    let checked = changes.check(&admin(), &request).await.expect("an answer");
    assert!(matches!(checked.answer, DryRunAnswer::Accepted { .. }), "{:?}", checked.answer);
    let started = changes.start(&admin(), &request).await.expect("nothing speaks against it");
    assert!(started.generation > settled.generation);

    let finished =
        until(&sandbox, &mut receiver, |snapshot| snapshot.hop.as_ref().is_some_and(|hop| hop.finished_ms.is_some()))
            .await;
    let hop = finished.hop.as_ref().expect("it was filmed");
    assert!(hop.start_seen);
    assert!(hop.settled_ms <= hop.finished_ms);
    assert_eq!(hop.film.pods.len(), 6);
    assert_eq!(hop.film.gaps, []);
    assert!(finished.former_strategy.is_some());
    let restored = changes.restore_strategy(&admin(), &id, &Binding::of(&finished)).await.expect("it is remembered");
    assert_eq!(restored.strategy, settled.strategy);
}

#[tokio::test(start_paused = true)]
async fn images_on_nodes_and_their_pulls_reach_the_snapshot() {
    let options = SandboxOptions { manual: true, scenario: "far-registry".to_owned(), ..SandboxOptions::default() };
    let sandbox = Sandbox::new(&options).expect("a world");
    let client = Client::new(sandbox.router(), "default");
    let observer = observe(client.clone(), Scope::WHOLE_CLUSTER, sandbox.clock(), CancellationToken::new());
    observer.health().wait_for(|health| health.live()).await.expect("it is observed");
    let id = TenantId { namespace: "team-a".to_owned(), name: "tenant-00".to_owned() };
    let mut receiver = observer.tenant(&admin(), &id).expect("it is there");

    let before = until(&sandbox, &mut receiver, |snapshot| snapshot.images.read().is_some()).await;
    let presence = |snapshot: &TenantSnapshot, version: &str| {
        let presence = snapshot.images.read().expect("read").presence(&version.parse().expect("a version"));
        (presence.listed, presence.perhaps, presence.nodes)
    };
    assert_eq!(presence(&before, "v1.36.4"), (0, 0, 3));
    assert_eq!(presence(&before, "v1.35.9"), (3, 0, 3));
    let in_range = |pulls: &[i64]| pulls.iter().all(|ms| (9_000..=20_000).contains(ms));
    assert!(before.timings.pull_ms.len() == 3 && in_range(&before.timings.pull_ms), "{:?}", before.timings);
    assert!(before.timings.startup_ms.iter().all(|ms| (17_000..=28_000).contains(ms)), "{:?}", before.timings);

    let next = Patch::Merge(json!({"spec": {"kubernetes": {"version": "v1.36.4"}}}));
    let kind = GroupVersionKind::gvk("kamaji.clastix.io", "v1alpha1", "TenantControlPlane");
    let tenants: Api<DynamicObject> = Api::namespaced_with(client, "team-a", &ApiResource::from_gvk(&kind));
    tenants.patch("tenant-00", &PatchParams::default(), &next).await.expect("it is accepted");
    let pulled = until(&sandbox, &mut receiver, |snapshot| presence(snapshot, "v1.36.4") == (3, 0, 3)).await;
    assert!(pulled.timings.pull_ms.len() == 6 && in_range(&pulled.timings.pull_ms), "{:?}", pulled.timings);
    let began = &pulled.hop.as_ref().expect("it was filmed").images;
    assert_eq!(*began, before.images);
}

/// The request for a patch of a tenant of `team-a`, once it is at rest; and how it stands then.
async fn asked(sandbox: &Sandbox, observer: &Observer, name: &str) -> (HopRequest, Arc<TenantSnapshot>) {
    let tenant = TenantId { namespace: "team-a".to_owned(), name: name.to_owned() };
    let mut receiver = observer.tenant(&admin(), &tenant).expect("it is there");
    let settled = until(sandbox, &mut receiver, stage::is_settled).await;
    let request = HopRequest {
        tenant,
        binding: Binding::of(&settled),
        version: "v1.35.9".parse().expect("a version"),
        strategy: None,
        acknowledged: Vec::new(),
        typed_name: None,
        despite: None,
    };
    (request, settled)
}

/// A sandbox at rest with everything that a person looks at before a patch of tenant-00.
async fn before_a_patch(scenario: &str) -> (Sandbox, Changes, HopRequest) {
    let options = SandboxOptions { manual: true, scenario: scenario.to_owned(), ..SandboxOptions::default() };
    let sandbox = Sandbox::new(&options).expect("a world");
    let client = Client::new(sandbox.router(), "default");
    let observer = observe(client.clone(), Scope::WHOLE_CLUSTER, sandbox.clock(), CancellationToken::new());
    observer.health().wait_for(|health| health.live()).await.expect("it is observed");
    let (request, _) = asked(&sandbox, &observer, "tenant-00").await;
    let changes = Changes::new(client, observer, sandbox.clock(), Arc::new(ReleaseTable::built_in()));
    (sandbox, changes, request)
}

#[tokio::test(start_paused = true)]
async fn pods_without_room_are_not_started_but_for_a_reason_of_whoever_may_override() {
    let (_sandbox, changes, request) = before_a_patch("full").await;
    let kinds = |refused: ChangeError| match refused {
        ChangeError::Refused(findings) => findings.into_iter().map(|finding| finding.kind).collect(),
        other => panic!("{other}"),
    };
    let room = |kinds: Vec<FindingKind>| {
        assert!(
            matches!(&kinds[..], [FindingKind::Room { outcome: RoomOutcome::DoesNotFit, .. }]),
            "only the room: {kinds:?}"
        );
    };
    let with_reason = HopRequest {
        despite: Despite::new("a node comes in a minute", vec![Overridable::Room]).ok(),
        ..request.clone()
    };
    room(kinds(changes.start(&admin(), &request).await.expect_err("no room")));
    let owner = Identity { sees: Visibility::Namespaces(["team-a".to_owned()].into()), ..admin() };
    room(kinds(changes.start(&owner, &with_reason).await.expect_err("not theirs to override")));
    let _ = changes.start(&admin(), &with_reason).await.expect("overridden");
}

#[tokio::test(start_paused = true)]
async fn a_strategy_that_fits_is_proposed_and_taken() {
    let (_sandbox, changes, request) = before_a_patch("full").await;
    let judged = changes.judge_all(&admin(), &request).await.expect("read");
    let found = judged.found(&request);
    let room = found.iter().find(|finding| matches!(finding.kind, FindingKind::Room { .. })).expect("about the room");
    assert!(room.evidence.contains("0/1"), "in place is proposed: {}", room.evidence);
    let in_place = HopRequest { strategy: Some(Strategy::IN_PLACE), ..request };
    let _ = changes.start(&admin(), &in_place).await.expect("it fits");
}

/// Two tenants at rest on one DataStore, with a patch of each that surges. `stop` ends the watches; writes go by way of `writes`.
async fn two_on_one_data_store(stop: CancellationToken, writes: Writes) -> (Sandbox, Changes, [HopRequest; 2]) {
    let options = SandboxOptions { manual: true, scenario: "shared-stores".to_owned(), ..SandboxOptions::default() };
    let sandbox = Sandbox::new(&options).expect("a world");
    let client = Client::new(sandbox.router(), "default");
    let observer = observe(client.clone(), Scope::WHOLE_CLUSTER, sandbox.clock(), stop);
    observer.health().wait_for(|health| health.live()).await.expect("it is observed");
    let mut requests = Vec::new();
    for name in ["tenant-00", "payments"] {
        let (request, settled) = asked(&sandbox, &observer, name).await;
        assert_eq!(settled.data_store.used.as_deref(), Some("default"));
        requests.push(request);
    }
    let client = writes.client(sandbox.router());
    let changes = Changes::new(client, observer, sandbox.clock(), Arc::new(ReleaseTable::built_in()));
    (sandbox, changes, requests.try_into().expect("two"))
}

/// What becomes of writes on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writes {
    Answered,
    DoneWithoutAnswer,
    Refused,
}

impl Writes {
    fn client(self, router: axum::Router) -> Client {
        let service = tower::service_fn(move |request: Request<Body>| {
            let router = router.clone();
            let write =
                request.method() == Method::PATCH && !request.uri().query().unwrap_or_default().contains("dryRun");
            async move {
                if write && self == Self::Refused {
                    let status = json!({"kind": "Status", "code": 403, "message": "forbidden"}).to_string();
                    return Response::builder().status(403).body(AxumBody::from(status)).map_err(tower::BoxError::from);
                }
                let answer = router.oneshot(request.map(AxumBody::new)).await?;
                if write && self == Self::DoneWithoutAnswer { std::future::pending().await } else { Ok(answer) }
            }
        });
        Client::new(service, "default")
    }
}

fn busy(answer: Result<Started, ChangeError>) -> bool {
    match answer {
        Ok(_) => false,
        Err(ChangeError::Refused(findings)) => {
            assert!(matches!(&findings[..], [Finding { kind: FindingKind::DataStoreBusy { .. }, .. }]), "{findings:?}");
            true
        }
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_starts_at_once_on_one_data_store_one_is_refused() {
    let (_sandbox, changes, [one, other]) = two_on_one_data_store(CancellationToken::new(), Writes::Answered).await;
    let who = admin();
    let (one, other) = tokio::join!(changes.start(&who, &one), changes.start(&who, &other));
    assert!(busy(one) ^ busy(other), "exactly one is refused");
}

#[tokio::test(start_paused = true)]
async fn a_start_counts_for_its_neighbours_before_the_watches_bring_it() {
    let stop = CancellationToken::new();
    let (_sandbox, changes, [one, other]) = two_on_one_data_store(stop.clone(), Writes::Answered).await;
    stop.cancel();
    assert!(!busy(changes.start(&admin(), &one).await), "nothing surges yet");
    let judged = changes.judge_all(&admin(), &other).await.expect("read");
    assert_eq!(judged.evidence.neighbours.surging, 1, "the page that starts a hop tells it too");
    assert!(busy(changes.start(&admin(), &other).await));
    let in_place = HopRequest { strategy: Some(Strategy::IN_PLACE), ..other };
    assert!(!busy(changes.start(&admin(), &in_place).await), "without a surge it waits for nobody");
}

#[tokio::test(start_paused = true)]
async fn a_start_without_an_answer_counts_for_its_neighbours_and_a_refused_one_does_not() {
    // How the first start goes, how long is waited for it (s), and whether its neighbour then waits.
    for (writes, waited, counts) in
        [(Writes::DoneWithoutAnswer, 60, true), (Writes::DoneWithoutAnswer, 1, true), (Writes::Refused, 60, false)]
    {
        let stop = CancellationToken::new();
        let (_sandbox, changes, [one, other]) = two_on_one_data_store(stop.clone(), writes).await;
        stop.cancel();
        let who = admin();
        let started = tokio::time::timeout(Duration::from_secs(waited), changes.start(&who, &one)).await;
        assert!(!matches!(started, Ok(Ok(_))), "{writes:?}: {started:?}");
        let judged = changes.judge_all(&who, &other).await.expect("read");
        assert_eq!(judged.evidence.neighbours.surging, u32::from(counts), "{writes:?}, given up after {waited} s");
    }
}
