use planner::finding::{Finding, FindingKind, Overridable, RoomOutcome, Severity};
use planner::hop::{Acknowledgement, Agreement, HopKind, Preflight, preflight};
use planner::operator::OperatorKnowledge;
use planner::releases::ReleaseTable;
use planner::strategy::{DeclaredStrategy, IntOrPercent, Strategy};
use planner::tenant::{Freshness, KamajiStatus, Konnectivity, PodRequests, TenantSnapshot};

use crate::builders::{NOW, current, deployment, is_clear, kinds, tenant, today, v1_0_0, version, with_deployment};

fn check(snapshot: &TenantSnapshot, wanted: &str, strategy: Option<Strategy>) -> Preflight {
    check_with(snapshot, wanted, strategy, &current(36))
}

fn check_with(
    snapshot: &TenantSnapshot,
    wanted: &str,
    strategy: Option<Strategy>,
    operator: &OperatorKnowledge,
) -> Preflight {
    preflight(snapshot, &version(wanted), strategy, operator, &ReleaseTable::built_in(), today())
}

fn has(preflight: &Preflight, kind: &str) -> bool {
    kinds(&preflight.findings).iter().any(|it| it == kind)
}

#[test]
fn a_minor_hop_says_everything_once_worst_first() {
    let preflight = check(&tenant("v1.35.6"), "v1.36.1", None);
    let expected = [
        "minorCannotBeUndone",
        "kubectlSkew",
        "kubeProxyAhead",
        "surgeAddsPods",
        "dataStoreLoad",
        "connectionsDrop",
        "tenantApiNotChecked",
        "kubeletsNotChecked",
        "resourcesUnknown",
        "nobodyElseWrites",
        "lastChangeSettled",
        "versionAllowed",
        "strategyAllows",
    ];
    let mut found = kinds(&preflight.findings);
    assert!(preflight.findings.is_sorted_by_key(|finding| finding.severity));
    found.sort();
    let mut sorted = expected.map(str::to_owned);
    sorted.sort();
    assert_eq!(found, sorted);
    assert_eq!(preflight.hop, Some(HopKind::Minor));
    assert!(is_clear(&preflight));
}

#[test]
fn a_minor_starts_only_when_the_kubelets_are_acknowledged_and_the_name_is_typed() {
    let preflight = check(&tenant("v1.35.6"), "v1.36.1", None);
    assert_eq!(preflight.needs, [Acknowledgement::KubeletsNotChecked]);
    let yes = [Acknowledgement::KubeletsNotChecked];
    let cases: [(&[Acknowledgement], Option<&str>, &[&str]); 6] = [
        (&[], None, &["notAcknowledged", "nameNotTyped"]),
        (&yes, None, &["nameNotTyped"]),
        (&yes, Some(""), &["nameNotTyped"]),
        (&yes, Some("team-a/tenant-00"), &["nameNotTyped"]),
        (&yes, Some("Tenant-00"), &["nameNotTyped"]),
        (&[], Some("tenant-00"), &["notAcknowledged"]),
    ];
    for (acknowledged, typed, expected) in cases {
        let against = preflight
            .may_start(Agreement { acknowledged, typed_name: typed, despite: &[] })
            .expect_err("something is missing");
        assert_eq!(kinds(&against), expected, "{typed:?}");
    }
    assert_eq!(
        preflight.may_start(Agreement { acknowledged: &yes, typed_name: Some(" tenant-00 "), despite: &[] }),
        Ok(())
    );
}

#[test]
fn a_patch_needs_nothing_and_says_that_it_can_be_undone() {
    let preflight = check(&tenant("v1.35.6"), "v1.35.9", None);
    assert_eq!(preflight.hop, Some(HopKind::Patch));
    assert_eq!(preflight.may_start(Agreement::default()), Ok(()));
    assert!(has(&preflight, "patchCanBeUndone"));
    for absent in ["kubeletsNotChecked", "minorCannotBeUndone", "kubeProxyAhead", "kubectlSkew"] {
        assert!(!has(&preflight, absent), "{absent}");
    }
}

#[test]
fn a_patch_under_kamaji_1_0_0_cannot_be_undone_and_ready_comes_early() {
    let mut snapshot = tenant("v1.30.1");
    snapshot.observed_generation = None;
    let preflight = check_with(&snapshot, "v1.30.2", None, &v1_0_0());
    assert!(has(&preflight, "patchCannotBeUndone") && has(&preflight, "readyComesEarly"));
    assert_eq!(preflight.may_start(Agreement::default()), Ok(()));
}

#[test]
fn what_stands_against_it_cannot_be_acknowledged_away() {
    let mut paused = tenant("v1.35.6");
    paused.paused = true;
    let mut stale = tenant("v1.35.6");
    stale.freshness = Freshness::Stale { since: NOW, why: "the watch on Pods is broken".to_owned() };
    let mut invalid = tenant("v1.35.6");
    invalid.strategy = DeclaredStrategy { kind: Some("Canary".to_owned()), rolling_update: None };
    let everything = [Acknowledgement::KubeletsNotChecked];
    for (snapshot, wanted, expected) in [
        (&paused, "v1.36.1", vec!["paused"]),
        (&stale, "v1.36.1", vec!["viewStale"]),
        (&invalid, "v1.36.1", vec!["strategyInvalid"]),
        (&paused, "v1.37.0", vec!["aboveCeiling", "skipsMinors", "paused"]),
    ] {
        let preflight = check(snapshot, wanted, None);
        let against = preflight
            .may_start(Agreement {
                acknowledged: &everything,
                typed_name: Some("tenant-00"),
                despite: &[Overridable::Room, Overridable::DataStoreBusy],
            })
            .expect_err("blocked");
        assert_eq!(kinds(&against), expected);
        assert!(!is_clear(&preflight));
    }
}

#[test]
fn what_blocks_for_others_sake_gives_way_where_it_was_seen_and_nothing_else_does() {
    let room = || FindingKind::Room { outcome: RoomOutcome::DoesNotFit, verdict: "no".to_owned() };
    let busy = || FindingKind::DataStoreBusy { data_store: "default".to_owned(), surging: 1 };
    let refused = || FindingKind::DryRunRefused { words: "no".to_owned() };
    let both = [Overridable::Room, Overridable::DataStoreBusy];
    let despite = |findings| Agreement { despite: findings, ..Agreement::default() };
    for (found, given, left) in [
        (vec![room(), busy()], despite(&both), vec![]),
        (vec![room(), busy()], despite(&both[..1]), vec!["dataStoreBusy"]),
        (vec![room(), busy()], Agreement::default(), vec!["room", "dataStoreBusy"]),
        (vec![room(), refused()], despite(&both), vec!["dryRunRefused"]),
    ] {
        let found = found.into_iter().map(Finding::from).collect();
        let preflight = check(&tenant("v1.35.6"), "v1.35.7", None).and(found);
        assert_eq!(kinds(&preflight.may_start(given).err().unwrap_or_default()), left);
    }
}

#[test]
fn at_rest_the_strategy_may_change_alone() {
    let snapshot = tenant("v1.35.6");
    for (strategy, expected) in [
        (Some(Strategy::ROLLING_ONE), vec![]),
        (Some(Strategy::BLUE_GREEN), vec!["alreadyWanted"]),
        (None, vec!["alreadyWanted"]),
    ] {
        let against = check(&snapshot, "v1.35.6", strategy).may_start(Agreement::default());
        assert_eq!(kinds(&against.err().unwrap_or_default()), expected, "{strategy:?}");
    }
}

#[test]
fn a_valid_strategy_beside_the_version_mends_an_invalid_one() {
    let mut snapshot = tenant("v1.35.6");
    snapshot.strategy = DeclaredStrategy { kind: Some("Canary".to_owned()), rolling_update: None };
    let preflight = check(&snapshot, "v1.36.1", Some(Strategy::SURGE_ONE));
    assert!(is_clear(&preflight), "{:?}", kinds(&preflight.findings));
    let stays = preflight.findings.iter().find(|it| matches!(it.kind, FindingKind::StrategyStays { .. }));
    assert!(stays.is_some_and(|it| it.to_string().contains("Canary → 1/0")), "{stays:?}");
}

#[test]
fn a_strategy_that_came_over_the_wire_is_validated() {
    let zero = IntOrPercent::Int(0);
    let hang = Strategy::RollingUpdate { max_surge: zero, max_unavailable: zero };
    let preflight = check(&tenant("v1.35.6"), "v1.36.1", Some(hang));
    assert!(has(&preflight, "strategyInvalid") && !is_clear(&preflight));
}

#[test]
fn an_outage_is_said_before_it_happens() {
    let all = Strategy::rolling(IntOrPercent::Int(1), IntOrPercent::Percent(100)).expect("valid");
    let cases = [
        (1, Strategy::ROLLING_ONE, "oneReplicaOutage"),
        (1, Strategy::IN_PLACE, "oneReplicaOutage"),
        (1, Strategy::SURGE_ONE, "strategyAllows"),
        (1, Strategy::BLUE_GREEN, "strategyAllows"),
        (3, Strategy::ROLLING_ONE, "strategyAllows"),
        (3, Strategy::Recreate, "recreateOutage"),
        (1, Strategy::Recreate, "recreateOutage"),
        (2, all, "noServingFloor"),
    ];
    let words = ["oneReplicaOutage", "strategyAllows", "recreateOutage", "noServingFloor"];
    for (replicas, strategy, expected) in cases {
        let mut snapshot = with_deployment(tenant("v1.35.6"), |it| *it = deployment("v1.35.6", replicas));
        snapshot.replicas = replicas;
        let preflight = check(&snapshot, "v1.35.9", Some(strategy));
        let found: Vec<String> =
            kinds(&preflight.findings).into_iter().filter(|it| words.contains(&it.as_str())).collect();
        assert_eq!(found, [expected], "{replicas} replicas, {strategy}");
        assert!(is_clear(&preflight), "an outage warns, it does not block");
    }
}

#[test]
fn surge_is_said_with_the_pods_and_the_data_store_it_costs() {
    for (strategy, surges) in [
        (Strategy::BLUE_GREEN, true),
        (Strategy::ROLLING_ONE, true),
        (Strategy::IN_PLACE, false),
        (Strategy::Recreate, false),
    ] {
        let preflight = check(&tenant("v1.35.6"), "v1.35.9", Some(strategy));
        assert_eq!(has(&preflight, "surgeAddsPods"), surges, "{strategy}");
        assert_eq!(has(&preflight, "dataStoreLoad"), surges, "{strategy}");
    }
}

#[test]
fn konnectivity_is_said_for_a_minor_only_and_counted_where_it_was_recorded() {
    let mut snapshot = tenant("v1.35.6");
    snapshot.konnectivity = Konnectivity::FollowsMinor;
    let peak = |preflight: &Preflight| {
        preflight.findings.iter().find_map(|it| match it.kind {
            FindingKind::KonnectivitySecondWrite { peak, .. } => Some(peak),
            _ => None,
        })
    };
    assert_eq!(peak(&check(&snapshot, "v1.36.0", None)), Some(Some(9)));
    assert_eq!(peak(&check(&snapshot, "v1.36.0", Some(Strategy::ROLLING_ONE))), Some(None));
    assert_eq!(peak(&check(&snapshot, "v1.35.9", None)), None);
    snapshot.konnectivity = Konnectivity::Pinned;
    assert_eq!(peak(&check(&snapshot, "v1.36.0", None)), None);
}

#[test]
fn requests_that_are_set_are_known() {
    let whole = PodRequests { cpu_millis: Some(250), memory_bytes: Some(1 << 30), ..PodRequests::default() };
    let half = PodRequests { memory_bytes: None, ..whole };
    for (requests, unknown) in [(PodRequests::default(), true), (half, true), (whole, false)] {
        let snapshot = with_deployment(tenant("v1.35.6"), |it| it.requests = requests);
        assert_eq!(has(&check(&snapshot, "v1.35.9", None), "resourcesUnknown"), unknown, "{requests:?}");
    }
}

#[test]
fn a_sleeping_tenant_has_no_rollout_to_watch() {
    let mut snapshot = with_deployment(tenant("v1.35.6"), |it| *it = deployment("v1.35.6", 0));
    snapshot.replicas = 0;
    snapshot.status = KamajiStatus::Sleeping;
    let preflight = check(&snapshot, "v1.36.0", None);
    assert!(is_clear(&preflight) && has(&preflight, "sleepingHop"));
    for absent in ["tenantApiNotChecked", "connectionsDrop", "surgeAddsPods", "strategyAllows", "kubeProxyAhead"] {
        assert!(!has(&preflight, absent), "{absent}");
    }
    assert!(has(&preflight, "kubeletsNotChecked"), "the workers are still there");
}

#[test]
fn what_is_not_known_of_the_operator_and_the_version_is_said() {
    let unknown = OperatorKnowledge::unknown("the webhook is down");
    let preflight = check_with(&tenant("v1.37.1"), "v1.37.2", None, &unknown);
    assert!(has(&preflight, "ceilingUnknown") && has(&preflight, "notInReleaseTable"));
    assert!(is_clear(&preflight));
    let old = check(&tenant("v1.33.1"), "v1.34.9", None);
    assert!(has(&old, "endOfLife"));
    assert!(has(&check(&tenant("v1.35.6"), "v1.36.0-rc.1", None), "preRelease"));
}

#[test]
fn unknown_is_neither_good_nor_bad() {
    let preflight = check(&tenant("v1.35.6"), "v1.36.1", None);
    for finding in &preflight.findings {
        if finding.severity == Severity::Unknown {
            assert!(!finding.blocks(), "{finding}");
        }
    }
    assert_eq!(preflight.findings.iter().filter(|it| it.severity == Severity::Unknown).count(), 3);
}
