use planner::stage::{Exit, Stage, StageReport, read, read_at, way_out};
use planner::strategy::{DeclaredStrategy, Strategy};
use planner::tenant::{KamajiStatus, PodFacts, Reading, TenantSnapshot, WriteLimits};
use planner::version::Minor;

use crate::builders::{
    NOW, condition, declared, hopping, kinds, pods, starting, tenant, troubled, version, with_deployment,
};

pub(crate) fn rolling(from: &str, to: &str, new_pods: Vec<PodFacts>) -> TenantSnapshot {
    let mut snapshot = with_deployment(hopping(from, to, 30_000), |it| {
        it.version = Some(declared(to));
        it.counts.updated = 3;
        it.counts.replicas = 6;
        it.counts.unavailable = 3;
    });
    snapshot.status = KamajiStatus::Upgrading;
    snapshot.pods = Reading::Read(pods(from, 3).into_iter().chain(new_pods).collect());
    snapshot
}

pub(crate) fn never_ready(from: &str, to: &str) -> TenantSnapshot {
    let message = "ReplicaSet \"tenant-00-6d5\" has timed out progressing.";
    with_deployment(rolling(from, to, (0..3).map(|number| starting(to, number)).collect()), |it| {
        it.conditions = vec![condition("Progressing", "False", "ProgressDeadlineExceeded", message)];
    })
}

fn minor(minor: u64) -> Minor {
    Minor { major: 1, minor }
}

#[track_caller]
fn is_stuck(report: &StageReport, on: &[&str], exits: &[Exit]) {
    assert_eq!(kinds(&report.stuck), on);
    assert_eq!(report.exits, exits);
}

#[test]
fn pods_that_never_get_ready_leave_another_patch_as_the_way_out() {
    let report = read(&never_ready("v1.35.6", "v1.36.0"));
    is_stuck(&report, &["progressDeadlineExceeded"], &[Exit::NewerPatch { minor: minor(36) }]);
    assert!(report.stuck[0].evidence.contains("has timed out"), "{}", report.stuck[0].evidence);
}

#[test]
fn inside_a_minor_the_installed_patch_is_a_way_out_too() {
    let report = read(&never_ready("v1.36.0", "v1.36.1"));
    let exits = [Exit::PatchRollback { to: "v1.36.0".to_owned() }, Exit::NewerPatch { minor: minor(36) }];
    is_stuck(&report, &["progressDeadlineExceeded"], &exits);

    let mut old_operator = never_ready("v1.30.1", "v1.30.2");
    old_operator.observed_generation = None;
    is_stuck(&read(&old_operator), &["progressDeadlineExceeded"], &[Exit::NewerPatch { minor: minor(30) }]);
}

#[test]
fn each_trouble_of_the_pods_is_said_with_their_own_words() {
    let forward = Exit::NewerPatch { minor: minor(36) };
    let cases = [
        (
            "Unschedulable",
            "0/4 nodes are available: 4 node(s) didn't match pod anti-affinity rules.",
            "unschedulable",
            vec![Exit::MakeRoom, Exit::InPlace],
        ),
        ("ImagePullBackOff", "Back-off pulling image", "imagePullFails", vec![Exit::ProvideImage, forward.clone()]),
        ("ErrImagePull", "manifest unknown", "imagePullFails", vec![Exit::ProvideImage, forward.clone()]),
        ("CrashLoopBackOff", "back-off 5m0s", "crashLoops", vec![forward.clone()]),
        ("CreateContainerError", "no space", "podsTroubled", vec![forward]),
    ];
    for (reason, message, kind, exits) in cases {
        let new = (0..2).map(|number| troubled("v1.36.0", number, reason, message)).collect();
        let report = read(&rolling("v1.35.6", "v1.36.0", new));
        is_stuck(&report, &[kind], &exits);
        assert_eq!(report.stuck[0].evidence, message);
    }
}

/// A patch whose image cannot be pulled, written without its `v`: Kamaji takes the same version again, with the `v`.
#[test]
fn a_version_written_without_its_v_leaves_the_right_spelling_as_a_way_out() {
    let hangs = troubled("1.36.1", 0, "ImagePullBackOff", "Back-off pulling image");
    let snapshot = rolling("v1.35.6", "1.36.1", vec![hangs]);
    is_stuck(&read(&snapshot), &["imagePullFails"], &[Exit::ProvideImage, Exit::NewerPatch { minor: minor(36) }]);
    let way = way_out(&snapshot, &version("v1.36.1"), None);
    assert_eq!(way, Some(Exit::NewerPatch { minor: minor(36) }));
}

#[test]
fn a_quota_is_told_from_other_failures_to_create_pods() {
    let exceeded =
        "pods \"tenant-00-6d5-x\" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=3, limited: pods=3";
    let cases = [
        (exceeded, "quotaExceeded", vec![Exit::RaiseQuota, Exit::InPlace]),
        ("serviceaccount \"x\" not found", "replicaFailure", vec![Exit::MendPods]),
    ];
    for (message, kind, exits) in cases {
        let snapshot = with_deployment(rolling("v1.35.6", "v1.36.0", Vec::new()), |it| {
            it.conditions = vec![condition("ReplicaFailure", "True", "FailedCreate", message)];
        });
        is_stuck(&read(&snapshot), &[kind], &exits);
    }
}

#[test]
fn in_place_makes_its_own_room_so_waiting_is_a_way_out() {
    let message = "0/4 nodes are available: 4 node(s) didn't match pod anti-affinity rules.";
    let mut snapshot = rolling("v1.35.6", "v1.36.0", vec![troubled("v1.36.0", 0, "Unschedulable", message)]);
    snapshot.strategy = Strategy::IN_PLACE.declared();
    is_stuck(&read(&snapshot), &["unschedulable"], &[Exit::MakeRoom, Exit::Wait]);
}

#[test]
fn a_condition_that_is_over_is_nothing() {
    let snapshot = with_deployment(rolling("v1.35.6", "v1.36.0", Vec::new()), |it| {
        it.conditions = vec![
            condition("Progressing", "True", "ReplicaSetUpdated", ""),
            condition("ReplicaFailure", "False", "", "exceeded quota"),
        ];
    });
    is_stuck(&read(&snapshot), &[], &[]);
}

#[test]
fn a_wait_at_the_gate_is_stuck_after_a_minute() {
    is_stuck(&read(&hopping("v1.35.6", "v1.36.0", 60_000)), &[], &[]);
    let report = read(&hopping("v1.35.6", "v1.36.0", 61_000));
    is_stuck(&report, &["gateClosed"], &[Exit::RestoreTenantApi]);
    assert!(report.stuck[0].evidence.contains("see its log"));
    let patch = read(&hopping("v1.36.0", "v1.36.1", 61_000));
    let exits = [Exit::RestoreTenantApi, Exit::PatchRollback { to: "v1.36.0".to_owned() }];
    is_stuck(&patch, &["gateClosed"], &exits);
}

#[test]
fn time_passes_at_the_gate_though_no_new_snapshot_comes() {
    let snapshot = hopping("v1.35.6", "v1.36.0", 1_000);
    let stage_after = |millis| read_at(&snapshot, NOW.plus_millis(millis)).stage;
    assert_eq!((stage_after(0), stage_after(2_000)), (Stage::Accepted, Stage::Gate));
    let later = read_at(&snapshot, NOW.plus_millis(60_000));
    is_stuck(&later, &["gateClosed"], &[Exit::RestoreTenantApi]);
    assert!(later.stuck[0].to_string().contains("61 s"), "{}", later.stuck[0]);
}

#[test]
fn a_paused_tenant_is_not_scaled_either() {
    let mut paused = tenant("v1.35.6");
    (paused.paused, paused.replicas) = (true, 4);
    is_stuck(&read(&paused), &["pausedDuringChange"], &[Exit::Unpause]);
    let expected = "3 → 4 replicas is accepted, but it is paused: nothing happens.";
    assert_eq!(read(&paused).sentence, expected);
    // A pod that is replaced is the Deployment controller's work, which no pause stops.
    paused.replicas = 3;
    let replaced = with_deployment(paused, |it| it.counts.ready = 2);
    is_stuck(&read(&replaced), &[], &[]);
    assert!(read(&replaced).sentence.starts_with("Pods are being replaced"), "{}", read(&replaced).sentence);
}

#[test]
fn a_pause_or_write_limit_in_the_middle_is_the_reason() {
    let mut paused = hopping("v1.35.6", "v1.36.0", 600_000);
    paused.paused = true;
    is_stuck(&read(&paused), &["pausedDuringChange"], &[Exit::Unpause]);
    assert!(read(&paused).sentence.contains("paused"));

    let mut limited = with_deployment(hopping("v1.35.6", "v1.36.0", 20_000), |it| {
        *it = crate::builders::deployment("v1.36.0", 3);
    });
    limited.write_limits = WriteLimits { update: true, ..WriteLimits::default() };
    limited.status = KamajiStatus::WriteLimited;
    is_stuck(&read(&limited), &["writeLimitedDuringHop"], &[Exit::LiftWriteLimits]);
}

#[test]
fn a_strategy_that_no_deployment_takes_stalls_everything() {
    let mut snapshot = hopping("v1.35.6", "v1.36.0", 90_000);
    snapshot.status = KamajiStatus::Upgrading;
    snapshot.strategy = serde_json::from_str(r#"{"rollingUpdate":{"maxSurge":0,"maxUnavailable":0}}"#).expect("json");
    let mend = [Exit::ValidStrategy { strategy: Strategy::BLUE_GREEN }];
    is_stuck(&read(&snapshot), &["strategyStallsKamaji"], &mend);

    let mut at_rest = tenant("v1.35.6");
    at_rest.strategy = DeclaredStrategy { kind: Some("Canary".to_owned()), rolling_update: None };
    is_stuck(&read(&at_rest), &["strategyStallsKamaji"], &mend);
}

/// No pod is ready, so the tenant's API server cannot answer Kamaji.
fn nothing_ready(mut snapshot: TenantSnapshot) -> TenantSnapshot {
    snapshot.status = KamajiStatus::NotReady;
    with_deployment(snapshot, |it| {
        it.counts.ready = 0;
        it.counts.available = 0;
        it.counts.unavailable = 3;
    })
}

#[test]
fn the_not_ready_deadlock_has_only_one_way_out() {
    let patch = read(&nothing_ready(never_ready("v1.36.0", "v1.36.1")));
    let back = [Exit::PatchRollback { to: "v1.36.0".to_owned() }];
    is_stuck(&patch, &["progressDeadlineExceeded", "notReadyDeadlock"], &back);

    let minor_hop = read(&nothing_ready(never_ready("v1.35.6", "v1.36.0")));
    is_stuck(&minor_hop, &["progressDeadlineExceeded", "notReadyDeadlock"], &[Exit::StatusPatch]);
    assert!(Exit::StatusPatch.is_for_administrators());

    let patched_too_late = read(&nothing_ready(hopping("v1.35.6", "v1.36.0", 61_000)));
    let exits = [Exit::RestoreTenantApi, Exit::StatusPatch];
    is_stuck(&patched_too_late, &["gateClosed", "notReadyDeadlock"], &exits);
}

#[test]
fn a_dip_to_not_ready_is_no_deadlock() {
    let dip = nothing_ready(rolling("v1.35.6", "v1.36.0", vec![starting("v1.36.0", 0)]));
    is_stuck(&read(&dip), &[], &[]);
}

#[test]
fn two_minors_between_installed_and_wanted_are_a_dead_end() {
    let snapshot = hopping("v1.34.3", "v1.36.0", 90_000);
    is_stuck(&read(&snapshot), &["deadEnd"], &[Exit::StatusPatch]);
    // While Upgrading the gate is skipped, and old pods are rolled straight to the second version.
    let mut upgrading = snapshot;
    upgrading.status = KamajiStatus::Upgrading;
    is_stuck(&read(&upgrading), &[], &[]);
}

#[test]
fn no_exit_ever_leads_back_to_a_former_minor() {
    for (from, to) in [("v1.35.6", "v1.36.0"), ("v1.34.3", "v1.36.0"), ("v1.36.0-rc.1", "v1.36.0")] {
        for snapshot in [
            never_ready(from, to),
            nothing_ready(never_ready(from, to)),
            hopping(from, to, 90_000),
            nothing_ready(hopping(from, to, 90_000)),
        ] {
            let report = read(&snapshot);
            let back = report.exits.iter().any(|exit| matches!(exit, Exit::PatchRollback { .. }));
            assert!(!back, "{from} → {to}: {:?}", report.exits);
            assert!(!report.exits.is_empty());
        }
    }
}

#[test]
fn at_rest_nothing_is_stuck() {
    let mut snapshot = with_deployment(tenant("v1.36.0"), |it| {
        it.conditions = vec![condition("Progressing", "False", "ProgressDeadlineExceeded", "old news")];
    });
    snapshot.pods = Reading::Read(pods("v1.36.0", 3));
    is_stuck(&read(&snapshot), &[], &[]);
}

#[test]
fn a_report_survives_json() {
    let report = read(&never_ready("v1.36.0", "v1.36.1"));
    let text = serde_json::to_string(&report).expect("json");
    assert_eq!(serde_json::from_str::<StageReport>(&text).expect("back"), report);
}
