//! Changes against an API server that follows a script.

use std::sync::Arc;

use cluster::change::RequestStep;
use cluster::resources::ObjectKind;
use cluster::{ChangeError, Changes, DryRunAnswer, Identity, Index, Source};
use planner::finding::{Finding, FindingKind};
use planner::hop::{Acknowledgement, Binding, HopRequest};
use planner::releases::ReleaseTable;
use planner::strategy::Strategy;
use planner::tenant::TenantSnapshot;
use serde_json::{Value, json};

use crate::support::api::{Api, Fault};
use crate::support::objects::{control_plane, deployment, with};
use crate::support::{HandClock, NOW, admin, owner_of, read, tenant_id};

const REFUSAL: &str = "admission webhook \"vtenantcontrolplane.kb.io\" denied the request: unable to upgrade to a version greater than the supported one (v1.36)";
const CONFLICT: &str = "the object has been modified";

/// What a person looks at: the tenant at rest.
fn seen() -> TenantSnapshot {
    let (mut index, observer) = Index::new(NOW, Source::Cluster, HandClock::new().clock());
    index.reset(ObjectKind::TenantControlPlane, vec![read(ObjectKind::TenantControlPlane, &control_plane("t"))], NOW);
    index.reset(ObjectKind::Deployment, vec![read(ObjectKind::Deployment, &deployment("t", "v1.35.6"))], NOW);
    index.flush(NOW);
    let receiver = observer.tenant(&admin(), &tenant_id("t")).expect("there");
    let snapshot = receiver.borrow();
    (**snapshot).clone()
}

/// An agreed minor hop by 1/1.
fn request() -> HopRequest {
    HopRequest {
        tenant: tenant_id("t"),
        binding: Binding::of(&seen()),
        version: "v1.36.0".parse().expect("a version"),
        strategy: Some("1/1".parse::<Strategy>().expect("a strategy")),
        acknowledged: vec![Acknowledgement::KubeletsNotChecked],
        typed_name: Some("t".into()),
        despite: None,
    }
}

/// What became of the agreed hop under this script.
pub(crate) async fn started_under(faults: impl IntoIterator<Item = Fault>) -> Result<cluster::Started, ChangeError> {
    let api = Api::new();
    api.world().faults.extend(faults);
    start(&api, &admin()).await
}

/// Nobody to probe, so the script sees only what a change asks.
fn changes(api: &Api) -> Changes {
    let clock = HandClock::new().clock();
    let (_, observer) = Index::new(NOW, Source::Cluster, clock.clone());
    Changes::new(api.client(), observer, clock, Arc::new(ReleaseTable::built_in()))
}

async fn start(api: &Api, who: &Identity) -> Result<cluster::Started, ChangeError> {
    changes(api).start(who, &request()).await
}

fn stored(api: &Api) -> Value {
    api.world().tenant.clone().expect("there")
}

#[tokio::test]
async fn a_hop_is_a_dry_run_and_then_a_patch_of_just_these_fields() {
    let api = Api::new();
    let started = start(&api, &admin()).await.expect("nothing speaks against it");
    assert_eq!((started.uid.as_str(), started.generation), ("uid-t", 3));
    assert_eq!(started.version.to_string(), "v1.36.0");
    let former = json!(control_plane("t").pointer("/spec/controlPlane/deployment/strategy")).to_string();
    assert_eq!(json!(started.former_strategy).to_string(), former);

    let patch = json!({
        "metadata": {
            "resourceVersion": "100",
            "annotations": { "upgrade-console.kamaji.clastix.io/former-strategy": json!(started.former_strategy).to_string() },
        },
        "spec": {
            "kubernetes": { "version": "v1.36.0" },
            "controlPlane": { "deployment": { "strategy": {
                "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 1 },
            } } },
        },
    });
    assert_eq!(api.patches(), [(true, patch.clone()), (false, patch)]);
    let asked = api.world().asked.clone();
    let write = asked.last().expect("the write");
    assert!(write.target.contains("fieldManager=tenant-upgrade-console"), "{}", write.target);
    assert_eq!(write.headers["content-type"], "application/merge-patch+json");
    assert_eq!(stored(&api).pointer("/spec/dataStore"), Some(&json!("default")), "other fields stay");
}

#[tokio::test]
async fn a_write_goes_out_in_the_persons_name_and_reads_of_the_rest_do_not() {
    let api = Api::new();
    start(&api, &owner_of("tenants")).await.expect("nothing speaks against it");
    for asked in &api.world().asked {
        let user = asked.headers.get("impersonate-user").map(|value| value.to_str().expect("text"));
        let of_tenant = asked.target.contains("/tenantcontrolplanes/t");
        assert_eq!(user, of_tenant.then_some("olivia"), "{}", asked.target);
        let groups: Vec<_> = asked.headers.get_all("impersonate-group").iter().collect();
        assert_eq!(groups.len(), if of_tenant { 2 } else { 0 });
    }
}

#[tokio::test]
async fn a_conflict_by_status_noise_is_read_again_and_goes_on() {
    let noise: fn(Value) -> Value =
        |tenant| with(tenant, "/status/kubernetesResources/deployment/lastUpdate", json!("2026-11-22T08:00:00Z"));
    for faults in [
        vec![Fault::WrittenBefore(noise)],
        vec![Fault::Pass, Fault::WrittenBefore(noise)],
        vec![Fault::WrittenBefore(noise), Fault::WrittenBefore(noise), Fault::Pass, Fault::WrittenBefore(noise)],
    ] {
        let api = Api::new();
        api.world().faults.extend(faults);
        let started = start(&api, &admin()).await.expect("nothing that matters changed");
        assert_eq!(started.generation, 3);
        assert_eq!(stored(&api).pointer("/spec/kubernetes/version"), Some(&json!("v1.36.0")));
    }
}

#[tokio::test]
async fn a_conflict_that_changes_what_was_agreed_stops_and_says_what() {
    type Change = fn(Value) -> Value;
    let table: [(Change, &str); 4] = [
        (|tenant| with(tenant, "/spec/controlPlane/deployment/replicas", json!(5)), "the number of replicas"),
        (|tenant| with(tenant, "/metadata/generation", json!(7)), "the generation of the object"),
        (|tenant| with(tenant, "/metadata/uid", json!("another")), "the object was deleted and made anew"),
        (|tenant| with(tenant, "/spec/kubernetes/version", json!("v1.35.7")), "the wanted version"),
    ];
    for (change, what) in table {
        for faults in [vec![Fault::WrittenBefore(change)], vec![Fault::Pass, Fault::WrittenBefore(change)]] {
            let api = Api::new();
            api.world().faults.extend(faults);
            let error = start(&api, &admin()).await.expect_err("the agreement no longer holds");
            let ChangeError::Changed { changes } = &error else { panic!("{error}") };
            assert!(changes.iter().any(|change| change.what == what), "{error}");
            assert!(error.nothing_written());
            assert_ne!(stored(&api).pointer("/spec/kubernetes/version"), Some(&json!("v1.36.0")));
        }
    }
}

#[tokio::test]
async fn endless_conflicts_end() {
    let api = Api::new();
    api.world().faults.extend((0..100).map(|_| Fault::Answer(409, CONFLICT)));
    let error = start(&api, &admin()).await.expect_err("it never gets through");
    assert_eq!(error, ChangeError::Conflict { tries: 6 });
}

#[tokio::test]
async fn refusals_are_told_apart_and_shown_in_their_own_words() {
    let rbac = "tenantcontrolplanes.kamaji.clastix.io \"t\" is forbidden: User \"olivia\" cannot patch";
    let down = "Internal error occurred: failed calling webhook \"mtenantcontrolplane.kb.io\": connection refused";
    let table = [
        (403, REFUSAL, ChangeError::RefusedByWebhook { words: REFUSAL.into() }, 422),
        (403, rbac, ChangeError::Forbidden { words: rbac.into() }, 403),
        (404, "not found", ChangeError::NotFound, 404),
        (422, "spec.x: Required", ChangeError::Invalid { words: "spec.x: Required".into() }, 422),
        (500, down, ChangeError::WebhookDown { words: down.into() }, 502),
    ];
    for (code, words, expected, http) in table {
        for passes in [0, 1] {
            let api = Api::new();
            api.world().faults.extend((0..passes).map(|_| Fault::Pass));
            api.world().faults.push_back(Fault::Answer(code, words));
            let error = start(&api, &admin()).await.expect_err("it is refused");
            assert_eq!(error, expected);
            assert!(error.nothing_written());
            assert_eq!(error.http_status(), http);
            if code != 404 {
                assert!(error.to_string().contains(words), "{error}");
            }
            let writes = api.patches().iter().filter(|(dry_run, _)| !dry_run).count();
            assert_eq!(writes, passes, "what the dry run refuses is not written");
        }
    }
}

#[tokio::test]
async fn our_own_verdict_is_asked_before_anything_is_sent() {
    let paused = with(control_plane("t"), "/metadata/annotations", json!({ "kamaji.clastix.io/paused": "false" }));
    let in_flight = with(control_plane("t"), "/status/kubernetesResources/version/version", json!("v1.35.5"));
    for (object, expected) in [(paused, "paused"), (in_flight, "v1.35.5")] {
        let api = Api::new();
        api.world().tenant = Some(object.clone());
        let mut request = request();
        request.binding = binding_of(&object);
        let error = changes(&api).start(&admin(), &request).await.expect_err("it must not start");
        assert!(matches!(error, ChangeError::Refused(_)), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(api.patches(), []);
    }
}

#[tokio::test]
async fn a_minor_needs_its_name_typed_and_its_acknowledgement() {
    let api = Api::new();
    let mut request = request();
    request.typed_name = None;
    request.acknowledged = Vec::new();
    let error = changes(&api).start(&admin(), &request).await.expect_err("it must not start");
    let ChangeError::Refused(findings) = error else { panic!("{error}") };
    assert!(findings.iter().any(|finding| matches!(finding.kind, FindingKind::NameNotTyped { .. })));
    assert!(findings.iter().any(|finding| matches!(finding.kind, FindingKind::NotAcknowledged { .. })));
}

#[tokio::test]
async fn done_is_read_from_the_deployment_and_not_from_the_status() {
    let api = Api::new();
    api.world().deployment = deployment("t", "v1.34.9");
    let error = start(&api, &admin()).await.expect_err("the Deployment is behind");
    let ChangeError::Changed { changes } = error else { panic!("{error}") };
    assert!(changes.iter().any(|change| change.what == "the last change is settled"), "{changes:?}");
    assert_eq!(api.patches(), []);
}

#[tokio::test]
async fn a_tenant_that_is_gone_or_somebody_elses_is_not_there() {
    let api = Api::new();
    let error = start(&api, &owner_of("elsewhere")).await.expect_err("not theirs");
    assert_eq!(error, ChangeError::NotFound);
    assert!(api.world().asked.is_empty(), "nothing was even asked");
    api.world().tenant = None;
    assert_eq!(start(&api, &admin()).await.expect_err("gone"), ChangeError::NotFound);
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_hangs_is_given_up_and_said_what_is_known() {
    for (faults, hanging, step, certain) in [
        (vec![], vec!["tenantcontrolplanes"], RequestStep::Read, true),
        (vec![], vec!["deployments"], RequestStep::Read, true),
        (vec![Fault::Hang], vec![], RequestStep::DryRun, true),
        (vec![Fault::Pass, Fault::Hang], vec![], RequestStep::Write, false),
    ] {
        let api = Api::new();
        api.world().faults.extend(faults);
        api.world().hanging = hanging;
        let error = start(&api, &admin()).await.expect_err("no answer");
        assert_eq!(error, ChangeError::NoAnswer { step, seconds: 10 });
        assert_eq!(error.nothing_written(), certain);
        assert!(error.to_string().contains("no answer within 10 s"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_not_written_twice() {
    let api = Api::new();
    api.world().faults.extend([Fault::Pass, Fault::DoneButNoAnswer]);
    start(&api, &admin()).await.expect_err("no answer");
    let error = start(&api, &admin()).await.expect_err("it stands there already");
    let ChangeError::Changed { changes } = &error else { panic!("{error}") };
    assert_eq!(changes[0].to_string(), "the wanted version: v1.35.6 → v1.36.0");
    assert_eq!(stored(&api).pointer("/metadata/generation"), Some(&json!(3)));
}

#[tokio::test]
async fn of_two_browsers_that_start_at_once_one_writes_and_the_other_sees_what_changed() {
    let api = Api::new();
    let changes = changes(&api);
    let (request, who) = (request(), admin());
    let (one, other) = tokio::join!(changes.start(&who, &request), changes.start(&who, &request));
    let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
    assert_eq!(won.expect("one of them").generation, 3);
    assert!(matches!(lost, Err(ChangeError::Changed { .. })), "{lost:?}");
    assert_eq!(api.patches().iter().filter(|(dry_run, _)| !dry_run).count(), 1);
}

#[tokio::test]
async fn a_check_shows_both_verdicts_and_writes_nothing() {
    let down = "Internal error occurred: failed calling webhook \"mtenantcontrolplane.kb.io\": connection refused";
    for (fault, refused) in
        [(Fault::Pass, None), (Fault::Answer(403, REFUSAL), Some(true)), (Fault::Answer(500, down), Some(false))]
    {
        let api = Api::new();
        api.world().faults.extend([Fault::Answer(409, CONFLICT), fault]);
        let checked = changes(&api).check(&admin(), &request()).await.expect("an answer");
        assert!(!checked.preflight.findings.iter().any(Finding::blocks));
        assert_eq!(checked.changes, []);
        assert_eq!(checked.binding, request().binding);
        match (checked.answer, refused) {
            (DryRunAnswer::Accepted { version, .. }, None) => assert_eq!(version.to_string(), "v1.36.0"),
            (DryRunAnswer::Refused { words }, Some(true)) => assert_eq!(words, REFUSAL),
            (DryRunAnswer::NotJudged { why }, Some(false)) => assert!(why.contains(down), "{why}"),
            (answer, _) => panic!("{answer:?}"),
        }
        assert!(api.patches().iter().all(|(dry_run, _)| *dry_run));
        assert_eq!(stored(&api), control_plane("t"));
    }
}

#[tokio::test]
async fn a_check_of_what_changed_meanwhile_says_what() {
    let api = Api::new();
    let scaled = with(control_plane("t"), "/spec/controlPlane/deployment/replicas", json!(5));
    api.world().tenant = Some(scaled);
    let checked = changes(&api).check(&admin(), &request()).await.expect("an answer");
    assert_eq!(checked.changes[0].to_string(), "the number of replicas: 3 → 5");
    assert_ne!(checked.binding, request().binding);
}

#[tokio::test]
async fn the_former_strategy_is_put_back_and_forgotten() {
    let former = json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 1 } });
    let annotation =
        json!({ "upgrade-console.kamaji.clastix.io/former-strategy": former.to_string(), "other": "stays" });
    let object = with(control_plane("t"), "/metadata/annotations", annotation);
    let api = Api::new();
    api.world().tenant = Some(object.clone());
    let restored =
        changes(&api).restore_strategy(&admin(), &tenant_id("t"), &binding_of(&object)).await.expect("remembered");
    assert_eq!(json!(restored.strategy), former);
    assert_eq!(stored(&api).pointer("/metadata/annotations"), Some(&json!({ "other": "stays" })));

    let error = changes(&Api::new()).restore_strategy(&admin(), &tenant_id("t"), &Binding::of(&seen())).await;
    assert_eq!(error.expect_err("nothing is remembered"), ChangeError::NothingToRestore);
}

/// What a person agrees to who looks at this object.
fn binding_of(object: &Value) -> Binding {
    let (mut index, observer) = Index::new(NOW, Source::Cluster, HandClock::new().clock());
    index.reset(ObjectKind::TenantControlPlane, vec![read(ObjectKind::TenantControlPlane, object)], NOW);
    index.reset(ObjectKind::Deployment, vec![read(ObjectKind::Deployment, &deployment("t", "v1.35.6"))], NOW);
    index.flush(NOW);
    let receiver = observer.tenant(&admin(), &tenant_id("t")).expect("there");
    let snapshot = receiver.borrow();
    Binding::of(&snapshot)
}
