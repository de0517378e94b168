//! Learning what the installed Kamaji accepts.

use std::sync::Arc;

use cluster::resources::ObjectKind;
use cluster::{Changes, Index, Source};
use planner::operator::Ceiling;
use planner::releases::ReleaseTable;

use crate::support::api::{Api, Fault};
use crate::support::objects::control_plane;
use crate::support::{HandClock, NOW, read};

const REFUSAL: &str = "admission webhook \"vtenantcontrolplane.kb.io\" denied the request: unable to upgrade to a version greater than the supported one (v1.36)";

/// The index must live as long as its readers ask.
fn changes(api: &Api, clock: &HandClock, tenants: &[&str]) -> (Index, Changes) {
    let (mut index, observer) = Index::new(NOW, Source::Cluster, clock.clock());
    let listed = tenants.iter().map(|name| read(ObjectKind::TenantControlPlane, &control_plane(name))).collect();
    index.reset(ObjectKind::TenantControlPlane, listed, NOW);
    index.flush(NOW);
    let changes = Changes::new(api.client(), observer, clock.clock(), Arc::new(ReleaseTable::built_in()));
    (index, changes)
}

#[tokio::test]
async fn the_highest_version_is_read_from_the_refusal_and_remembered_for_a_while() {
    let (api, clock) = (Api::new(), HandClock::new());
    api.world().faults.extend([Fault::Answer(403, REFUSAL), Fault::Answer(403, REFUSAL)]);
    let (_index, changes) = changes(&api, &clock, &["t"]);
    for (later_ms, asked) in [(0, 1), (599_000, 1), (2_000, 2)] {
        clock.forward(later_ms);
        let knowledge = changes.operator_knowledge().await;
        assert_eq!(knowledge.ceiling.to_string(), "v1.36");
        assert_eq!(api.patches().len(), asked);
    }
    let (dry_run, patch) = api.patches()[0].clone();
    assert!(dry_run, "it is never written");
    assert_eq!(patch, serde_json::json!({ "spec": { "kubernetes": { "version": "v1.999.0" } } }));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_learnt_stays_unknown_with_its_reason() {
    let rbac = "tenantcontrolplanes.kamaji.clastix.io \"t\" is forbidden: User \"console\" cannot patch";
    for (fault, tenants, expected) in [
        (Fault::Pass, &["t"][..], "Kamaji's webhook is not in force"),
        (Fault::Answer(403, rbac), &["t"], rbac),
        (Fault::Hang, &["t"], "no answer to the dry run within 5 s"),
        (Fault::Pass, &[], "there is no TenantControlPlane"),
    ] {
        let (api, clock) = (Api::new(), HandClock::new());
        api.world().faults.push_back(fault);
        let (_index, changes) = changes(&api, &clock, tenants);
        let Ceiling::Unknown { why } = changes.operator_knowledge().await.ceiling else { panic!("it cannot be known") };
        assert!(why.contains(expected), "{why}");
        assert_eq!(api.world().tenant, Some(control_plane("t")), "nothing was written");
    }
}

#[tokio::test]
async fn a_tenant_refused_for_a_reason_of_its_own_is_not_the_last_word() {
    let (api, clock) = (Api::new(), HandClock::new());
    let other = "admission webhook \"vtenantcontrolplane.kb.io\" denied the request: nope DataStore does not exist";
    api.world().faults.extend([Fault::Answer(403, other), Fault::Answer(403, REFUSAL)]);
    let (_index, changes) = changes(&api, &clock, &["s", "t"]);
    assert_eq!(changes.operator_knowledge().await.ceiling.to_string(), "v1.36");
}
