use planner::finding::FindingKind;
use planner::hop::{Agreement, HopKind, Preflight, merge_patch, preflight};
use planner::next::{Verdict, judge_version, next_versions};
use planner::releases::ReleaseTable;
use planner::strategy::Strategy;
use planner::tenant::TenantSnapshot;
use serde_json::json;

use crate::builders::{current, hopping, kinds, today, troubled, v1_0_0, version};
use crate::stage_stuck::{never_ready, rolling};

fn check(snapshot: &TenantSnapshot, wanted: &str, strategy: Option<Strategy>) -> Preflight {
    preflight(snapshot, &version(wanted), strategy, &current(36), &ReleaseTable::built_in(), today())
}

fn blocked_by(snapshot: &TenantSnapshot, wanted: &str, strategy: Option<Strategy>) -> Vec<String> {
    kinds(&check(snapshot, wanted, strategy).may_start(Agreement::default()).err().unwrap_or_default())
}

#[test]
fn a_stuck_hop_may_go_on_to_another_patch_of_its_minor_and_nowhere_else() {
    let stuck = never_ready("v1.35.6", "v1.36.2");
    for wanted in ["v1.36.4", "v1.36.0"] {
        let check = check(&stuck, wanted, None);
        assert_eq!(check.may_start(Agreement::default()), Ok(()), "{wanted}");
        assert_eq!(check.hop, Some(HopKind::Patch));
        assert!(kinds(&check.findings).contains(&"wayOut".to_owned()), "{wanted}");
    }
    assert!(blocked_by(&stuck, "v1.36.2", None).contains(&"alreadyWanted".to_owned()));
    assert!(blocked_by(&stuck, "v1.35.6", None).contains(&"downgrade".to_owned()));
    assert!(blocked_by(&stuck, "v1.35.9", None).contains(&"downgrade".to_owned()));
}

#[test]
fn while_a_hop_goes_on_by_itself_nothing_else_may_start() {
    let rolls = rolling("v1.35.6", "v1.36.2", Vec::new());
    assert!(blocked_by(&rolls, "v1.36.4", None).contains(&"hopInFlight".to_owned()));
    assert!(blocked_by(&rolls, "v1.36.2", Some(Strategy::IN_PLACE)).contains(&"alreadyWanted".to_owned()));
}

#[test]
fn inside_one_minor_the_way_back_may_be_taken() {
    let stuck = never_ready("v1.35.6", "v1.35.9");
    assert_eq!(blocked_by(&stuck, "v1.35.6", None), [""; 0]);
    assert_eq!(judge_version(&stuck, &version("v1.35.6"), &current(36)), Ok(HopKind::Patch));

    let mut old = never_ready("v1.30.1", "v1.30.2");
    old.observed_generation = None;
    let refused = judge_version(&old, &version("v1.30.1"), &v1_0_0()).expect_err("this Kamaji compares the patch");
    assert_eq!(kinds(&refused)[0], "downgrade");
}

#[test]
fn the_picker_offers_the_ways_out_and_proposes_the_newest() {
    let stuck = never_ready("v1.35.6", "v1.36.2");
    let picker = next_versions(&stuck, &ReleaseTable::built_in(), &current(36), today());
    let open: Vec<String> = picker
        .minors
        .iter()
        .flat_map(|line| &line.versions)
        .filter(|choice| matches!(choice.verdict, Verdict::Available { .. }))
        .map(|choice| choice.version.to_string())
        .collect();
    assert_eq!(open, ["v1.36.4", "v1.36.3", "v1.36.1", "v1.36.0"]);
    assert_eq!(picker.recommended, Some(version("v1.36.4")));
    assert!(picker.standing.iter().any(|finding| matches!(finding.kind, FindingKind::HopInFlight { .. })));
}

#[test]
fn a_way_out_may_change_the_strategy_alone() {
    let message = "0/4 nodes are available: 4 node(s) didn't match pod anti-affinity rules.";
    let no_room = rolling("v1.35.6", "v1.36.2", vec![troubled("v1.36.2", 0, "Unschedulable", message)]);
    assert_eq!(blocked_by(&no_room, "v1.36.2", Some(Strategy::IN_PLACE)), [""; 0]);
    assert!(!blocked_by(&no_room, "v1.36.2", Some(Strategy::ROLLING_ONE)).is_empty());
    let patch = merge_patch(&no_room, &version("v1.36.2"), Some(Strategy::IN_PLACE));
    assert_eq!(patch["spec"], json!({"controlPlane": {"deployment": {"strategy": Strategy::IN_PLACE.patch()}}}));

    let mut stalled = hopping("v1.35.6", "v1.36.2", 90_000);
    stalled.strategy =
        serde_json::from_value(json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}})).expect("json");
    assert_eq!(blocked_by(&stalled, "v1.36.2", Some(Strategy::BLUE_GREEN)), [""; 0]);
    assert!(blocked_by(&stalled, "v1.36.2", None).contains(&"strategyInvalid".to_owned()));
}

#[test]
fn what_speaks_against_any_change_speaks_against_a_way_out_too() {
    let mut paused = never_ready("v1.35.6", "v1.36.2");
    paused.paused = true;
    assert_eq!(blocked_by(&paused, "v1.36.4", None), ["paused"]);
}
