//! Status, conditions and the progress deadline.

use super::*;

#[test]
fn complete_means_all_updated_and_available() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        desired: u32,
        current: u32,
        updated: u32,
        available: u32,
        max_unavailable: u32,
        max_surge: u32,
        expected: bool,
    }
    for case in cases!("deployment_complete") {
        let Case { name, desired, current, updated, available, max_unavailable, max_surge, expected } = case;
        let status = DeploymentStatus { replicas: current, updated, available, ..DeploymentStatus::default() };
        assert_eq!(complete(&deployment(desired, max_surge, max_unavailable), &status), expected, "{name}");
    }
    let unobserved = DeploymentState { generation: 2, ..deployment(0, 1, 0) };
    assert!(!complete(&unobserved, &DeploymentStatus { observed_generation: 1, ..DeploymentStatus::default() }));
}

#[test]
fn progress_is_a_count_that_moves_the_right_way() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        old_status: (u32, u32, u32, u32),
        new_status: (u32, u32, u32, u32),
        expected: bool,
    }
    let status = |(replicas, updated, ready, available)| DeploymentStatus {
        replicas,
        updated,
        ready,
        available,
        ..DeploymentStatus::default()
    };
    for case in cases!("deployment_progressing") {
        let Case { name, old_status, new_status, expected } = case;
        assert_eq!(progressing(&status(old_status), &status(new_status)), expected, "{name}");
    }
}

#[test]
fn the_deadline_passes_strictly_after_its_last_second() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        condition_reason: String,
        progress_deadline_seconds: Option<u32>,
        last_update_s: Option<i64>,
        now_s: Option<i64>,
        expected: bool,
    }
    for case in cases!("deployment_timed_out") {
        let Case { name, condition_reason, progress_deadline_seconds, last_update_s, now_s, expected } = case;
        let deployment = DeploymentState { progress_deadline_seconds, ..deployment(1, 1, 0) };
        let condition = condition("True", &condition_reason, last_update_s.unwrap_or(0) * 1000);
        let status = DeploymentStatus { progressing: Some(condition), ..DeploymentStatus::default() };
        assert_eq!(timed_out(&deployment, &status, now_s.unwrap_or(0) * 1000), expected, "{name}");
    }
    let at_the_limit = DeploymentState { progress_deadline_seconds: Some(10), ..deployment(1, 1, 0) };
    let status = DeploymentStatus {
        progressing: Some(condition("True", "ReplicaSetUpdated", 0)),
        ..DeploymentStatus::default()
    };
    assert!(!timed_out(&at_the_limit, &status, 10_000));
    assert!(timed_out(&at_the_limit, &status, 10_001));
    // Once told it stays so, although the condition's time is that of the telling.
    let told = condition("False", "ProgressDeadlineExceeded", 11_000);
    assert!(timed_out(&at_the_limit, &DeploymentStatus { progressing: Some(told), ..status }, 11_000));
}

fn condition(status: &str, reason: &str, at_ms: i64) -> Condition {
    let status = match status.parse() {
        Ok(status) => status,
        Err(never) => match never {},
    };
    Condition { status, reason: reason.into(), last_update_ms: at_ms, last_transition_ms: at_ms }
}

#[test]
fn counts_are_sums_and_terminating_may_be_unknown() {
    #[derive(Deserialize, Clone)]
    struct Given {
        spec_replicas: u32,
        status_replicas: u32,
        terminating: Option<u32>,
        observed_generation: i64,
    }
    #[derive(Deserialize)]
    struct Case {
        name: String,
        sets: Vec<String>,
        expected_spec_count: u32,
        expected_actual: u32,
        expected_terminating: Option<u32>,
    }
    #[derive(Deserialize)]
    struct Whole {
        replica_sets: std::collections::BTreeMap<String, Given>,
        cases: Vec<Case>,
    }
    let text =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/deployment-controller/replica_counts.json"));
    let whole: Whole = serde_json::from_str(text).expect("the table of cases can be read");
    for case in whole.cases {
        let sets = case.sets.iter().map(|name| {
            let given = &whole.replica_sets[name];
            let mut set = replica_set(given.spec_replicas, given.status_replicas, 0);
            set.status.terminating = given.terminating;
            set.status.observed_generation = given.observed_generation;
            set
        });
        let sets: Vec<_> = sets.collect();
        let (counts, _) = step(&deployment(3, 1, 0), &sets, |sync| {
            let status = sync.calculate_status();
            (sync.total_spec_replicas(), status.replicas, status.terminating)
        });
        let expected = (case.expected_spec_count, case.expected_actual, case.expected_terminating);
        assert_eq!(counts, expected, "{}", case.name);
    }
}

#[test]
fn a_stuck_deployment_is_looked_at_again() {
    #[derive(Deserialize)]
    struct Given {
        status: String,
        reason: String,
        last_update_s: Option<i64>,
    }
    #[derive(Deserialize)]
    struct Case {
        name: String,
        progress_deadline_seconds: Option<u32>,
        spec_replicas: u32,
        new_status: (u32, u32, u32),
        condition: Option<Given>,
        now_s: Option<f64>,
        expected_s: i64,
    }
    for case in cases!("requeue_stuck_deployment") {
        let case: Case = case;
        let given = case
            .condition
            .map(|given| condition(&given.status, &given.reason, given.last_update_s.unwrap_or(0) * 1000));
        let deployment = DeploymentState {
            progress_deadline_seconds: case.progress_deadline_seconds,
            status: DeploymentStatus { progressing: given, ..DeploymentStatus::default() },
            ..deployment(case.spec_replicas, 1, 0)
        };
        let (replicas, updated, available) = case.new_status;
        let status = DeploymentStatus { replicas, updated, available, ..DeploymentStatus::default() };
        // One case is a nanosecond past 59 s: the next millisecond is as good.
        #[expect(clippy::cast_possible_truncation, reason = "a few seconds")]
        let now_ms = (case.now_s.unwrap_or(0.0) * 1000.0).ceil() as i64;
        let expected = match case.expected_s {
            -1 => DeadlineCheck::No,
            0 => DeadlineCheck::Now,
            seconds => DeadlineCheck::After(seconds * 1000),
        };
        assert_eq!(progress_deadline_check(&deployment, &status, now_ms), expected, "{}", case.name);
    }
}

#[test]
fn the_status_follows_although_scaling_fails() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        old_available: u32,
        new_replicas: u32,
        progress_expired: bool,
        expected_scaled_rs: String,
        expected_scaled_to: u32,
        expected_progressing_status: String,
        expected_progressing_reason: String,
        expected_observed_generation: i64,
    }
    for case in cases!("rollout_rolling_errors") {
        let case: Case = case;
        let now_ms = 7_200_000;
        let updated_ms = if case.progress_expired { now_ms - 3_600_000 } else { now_ms };
        let new = case.new_replicas;
        let mut deployment = DeploymentState { generation: 2, revision: Some(2), ..deployment(4, 1, 1) };
        deployment.status = DeploymentStatus {
            observed_generation: 1,
            replicas: new + 1,
            updated: new,
            ready: new + case.old_available,
            available: new + case.old_available,
            progressing: Some(condition("True", "ReplicaSetUpdated", updated_ms)),
            ..DeploymentStatus::default()
        };
        let mut sets = [replica_set(1, 1, case.old_available), new_replica_set(new, new, new)];
        for set in &mut sets {
            set.desired_replicas = Some(4);
        }
        let mut writes = Vec::new();
        let _ = sync(&deployment, &sets, now_ms, &mut writes);
        let index = usize::from(case.expected_scaled_rs == "new");
        let scaled = matches!(writes[0], Write::ScaleReplicaSet { replica_set, to, .. }
            if replica_set == index && to == case.expected_scaled_to);
        assert!(scaled, "{}: {:?}", case.name, writes[0]);
        let Some(Write::UpdateStatus { status, .. }) = writes.last() else {
            panic!("{}: no status is written: {writes:?}", case.name);
        };
        let progressing = status.progressing.expect("it has a deadline");
        assert_eq!(progressing.status.to_string(), case.expected_progressing_status, "{}", case.name);
        assert_eq!(progressing.reason.to_string(), case.expected_progressing_reason, "{}", case.name);
        assert_eq!(status.observed_generation, case.expected_observed_generation);
    }
}

#[test]
fn progress_is_judged_from_the_counts() {
    #[derive(Deserialize)]
    struct Given {
        status: String,
        reason: String,
    }
    #[derive(Deserialize)]
    struct Case {
        name: String,
        progress_deadline_seconds: Option<u32>,
        spec_replicas: u32,
        old_status: (u32, u32, u32),
        conditions: Vec<Given>,
        other_rss: Vec<(u32, u32, u32)>,
        new_rs: Option<(u32, u32, u32)>,
        expected_progressing_status: Option<String>,
        expected_progressing_reason: Option<String>,
        last_update_must_not_change: bool,
        last_transition_must_not_change: bool,
    }
    let (then_ms, now_ms) = (1_485_907_200_000, 1_785_000_000_000);
    for case in cases!("sync_rollout_status") {
        let case: Case = case;
        let (replicas, updated, available) = case.old_status;
        let mut deployment = DeploymentState {
            strategy: Strategy::Recreate,
            progress_deadline_seconds: case.progress_deadline_seconds,
            ..deployment(case.spec_replicas, 0, 0)
        };
        deployment.status = DeploymentStatus {
            replicas,
            updated,
            available,
            progressing: case.conditions.first().map(|given| condition(&given.status, &given.reason, then_ms)),
            ..DeploymentStatus::default()
        };
        let counts = |(spec, replicas, available)| {
            let mut set = replica_set(spec, replicas, available);
            set.status.ready = 0;
            set
        };
        let mut sets: Vec<_> = case.other_rss.iter().copied().map(counts).collect();
        sets.extend(case.new_rs.map(|new| ReplicaSetState { matches_template: true, ..counts(new) }));
        let mut writes = Vec::new();
        let mut sync = Sync::new(&deployment, &sets, now_ms, &mut writes);
        assert!(sync.sync_rollout_status().is_ok(), "{}", case.name);
        let progressing = sync.deployment.status.progressing;
        let words = progressing.map(|condition| (condition.status.to_string(), condition.reason.to_string()));
        let expected = case.expected_progressing_status.zip(case.expected_progressing_reason);
        assert_eq!(words, expected, "{}", case.name);
        if let Some(condition) = progressing {
            let kept = (condition.last_update_ms == then_ms, condition.last_transition_ms == then_ms);
            assert!(kept.0 || !case.last_update_must_not_change, "{}", case.name);
            assert!(kept.1 || !case.last_transition_must_not_change, "{}", case.name);
            if case.name.contains("update everything") {
                assert_eq!(kept, (false, false), "{}", case.name);
            }
        }
    }
}

#[test]
fn a_second_status_write_is_refused_and_repeated() {
    let mut deployment = deployment(3, 3, 0);
    deployment.status = DeploymentStatus { replicas: 3, updated: 3, ready: 3, available: 3, ..deployment.status };
    let old = ReplicaSetState { desired_replicas: Some(3), max_replicas: Some(6), ..replica_set(3, 3, 3) };
    let mut writes = Vec::new();
    assert_eq!(sync(&deployment, &[old], 1_500, &mut writes), Requeue::Conflict);
    assert!(matches!(writes[0], Write::CreateReplicaSet { replicas: 3, revision: 2, .. }), "{writes:?}");
    let Write::UpdateStatus { status, revision: Some(2) } = writes[1] else {
        panic!("{writes:?}");
    };
    let created = status.progressing.expect("it has a deadline");
    assert_eq!((created.reason, created.last_update_ms), (ConditionReason::NewReplicaSetCreated, 1_000));
    assert_eq!(writes.len(), 2);
}

#[test]
fn the_new_replica_sets_failure_comes_before_an_old_ones() {
    let failure = |reason, since_ms| Some(ReplicaFailure { reason, since_ms });
    let mut sets = [replica_set(3, 3, 3), new_replica_set(1, 0, 0)];
    sets[0].status.failure = failure(ConditionReason::FailedDelete, 1000);
    sets[1].status.failure = failure(ConditionReason::FailedCreate, 2000);
    let deployment = deployment(3, 1, 0);
    let reason = |sets: &[ReplicaSetState]| {
        let (status, _) = step(&deployment, sets, |sync| {
            assert!(sync.sync_rollout_status().is_ok());
            sync.deployment.status
        });
        status.replica_failure.map(|condition| (condition.reason, condition.last_update_ms))
    };
    assert_eq!(reason(&sets), Some((ConditionReason::FailedCreate, 2000)));
    sets[1].status.failure = None;
    assert_eq!(reason(&sets), Some((ConditionReason::FailedDelete, 1000)));
    sets[0].status.failure = None;
    assert_eq!(reason(&sets), None);
}

#[test]
fn a_failure_that_goes_on_keeps_its_time() {
    for (reason, since_ms) in [(ConditionReason::FailedCreate, 1000), (ConditionReason::FailedDelete, 2000)] {
        let mut failing = new_replica_set(1, 0, 0);
        failing.status.failure = Some(ReplicaFailure { reason, since_ms: 2000 });
        let mut deployment = deployment(3, 1, 0);
        deployment.status.replica_failure = Some(condition("True", "FailedCreate", 1000));
        let (status, _) = step(&deployment, &[failing], |sync| {
            assert!(sync.sync_rollout_status().is_ok());
            sync.deployment.status
        });
        let failure = status.replica_failure.map(|condition| (condition.reason, condition.last_update_ms));
        assert_eq!(failure, Some((reason, since_ms)));
    }
}
