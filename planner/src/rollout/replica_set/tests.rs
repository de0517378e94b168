//! The upstream controller's own unit cases, as data, against the same steps here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::*;

#[derive(Deserialize)]
struct Table<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct TableOfPods<P, T> {
    pods: BTreeMap<String, P>,
    cases: Vec<T>,
}

macro_rules! cases {
    ($file:literal) => {
        read::<Table<_>>(include_str!(concat!("../../../tests/data/deployment-controller/", $file, ".json"))).cases
    };
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("the table of cases can be read")
}

/// Where the cases' "now" lies.
const NOW_MS: i64 = 10_000_000_000;

fn pod(node: Option<u32>, phase: &str, ready: Readiness) -> PodState {
    PodState {
        uid: 0,
        created_ms: None,
        terminating: false,
        node,
        phase: match phase {
            "Pending" => PodPhase::Pending,
            "Running" => PodPhase::Running,
            "Succeeded" => PodPhase::Succeeded,
            "Failed" => PodPhase::Failed,
            _ => PodPhase::Unknown,
        },
        ready,
        deletion_cost: 0,
        restarts: 0,
        fully_labeled: true,
    }
}

fn ready_for(ready: bool, seconds: Option<i64>) -> Readiness {
    if ready { Readiness::Ready(seconds.map(|seconds| NOW_MS - seconds * 1000)) } else { Readiness::NotReady }
}

fn spec(replicas: u32, min_ready_seconds: u32) -> ReplicaSetSpec {
    ReplicaSetSpec { generation: 1, deleting: false, replicas, min_ready_seconds }
}

#[test]
fn the_status_counts_active_pods() {
    #[derive(Deserialize)]
    struct Expected {
        replicas: u32,
        fully_labeled: u32,
        ready: u32,
        available: u32,
        terminating: Option<u32>,
    }
    #[derive(Deserialize)]
    struct Case {
        name: String,
        terminating_gate: bool,
        enable_status: bool,
        min_ready_seconds: u32,
        active_pods: Vec<(bool, String, bool, Option<i64>)>,
        terminating_pods: usize,
        expected: Expected,
    }
    for case in cases!("calculate_rs_status") {
        let case: Case = case;
        let active = case.active_pods.iter().map(|(fully_labeled, phase, ready, seconds)| PodState {
            fully_labeled: *fully_labeled,
            ..pod(Some(0), phase, ready_for(*ready, *seconds))
        });
        let mut pods: Vec<_> = active.collect();
        let ended = PodState { terminating: true, ..pod(Some(0), "Running", Readiness::NotReady) };
        pods.extend(std::iter::repeat_n(ended, case.terminating_pods));
        let replica_set = spec(1, case.min_ready_seconds);
        let status = status(&replica_set, &ReplicaSetStatus::default(), &pods, Outcome::Done, NOW_MS);
        let counts = (status.replicas, status.fully_labeled, status.ready, status.available);
        let Expected { replicas, fully_labeled, ready, available, terminating } = case.expected;
        assert_eq!(counts, (replicas, fully_labeled, ready, available), "{}", case.name);
        // The feature gate is on by default since 1.35, and ReplicationControllers are not part of this.
        if case.terminating_gate && case.enable_status {
            assert_eq!(status.terminating, terminating, "{}", case.name);
        }
    }
}

#[test]
fn a_refused_pod_shows_as_a_failure_until_it_succeeds() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        spec_replicas: u32,
        active_pods: usize,
        manage_error: bool,
        had_failure_condition: bool,
        expected_condition: bool,
        expected_reason: Option<String>,
    }
    for case in cases!("calculate_rs_status_conditions") {
        let case: Case = case;
        let pods = vec![pod(Some(0), "Running", Readiness::NotReady); case.active_pods];
        let existing = ReplicaFailure { reason: ConditionReason::Other, since_ms: 5000 };
        let before =
            ReplicaSetStatus { failure: case.had_failure_condition.then_some(existing), ..ReplicaSetStatus::default() };
        let outcome = if case.manage_error { Outcome::Failed } else { Outcome::Done };
        let failure = status(&spec(case.spec_replicas, 0), &before, &pods, outcome, NOW_MS + 700).failure;
        assert_eq!(failure.is_some(), case.expected_condition, "{}", case.name);
        match (failure, case.expected_reason) {
            (Some(failure), Some(reason)) => {
                assert_eq!((failure.reason.as_str(), failure.since_ms), (reason.as_str(), NOW_MS), "{}", case.name);
            }
            (failure, _) => assert_eq!(failure, before.failure.filter(|_| case.expected_condition), "{}", case.name),
        }
    }
}

#[derive(Deserialize)]
struct Kind {
    node: String,
    phase: String,
    ready: bool,
    #[serde(default)]
    restarts: u32,
    #[serde(default)]
    ready_since: Option<String>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    deletion_cost: Option<String>,
}

impl Kind {
    fn pod(&self) -> PodState {
        let node = match self.node.as_str() {
            "" => None,
            "fake-node-1" => Some(1),
            "fake-node-2" => Some(2),
            _ => Some(0),
        };
        let ready = if self.ready { Readiness::Ready(at(self.ready_since.as_deref())) } else { Readiness::NotReady };
        PodState {
            created_ms: at(self.created.as_deref()),
            restarts: self.restarts,
            deletion_cost: self.deletion_cost.as_deref().map_or(0, |cost| cost.parse().expect("a number")),
            ..pod(node, &self.phase, ready)
        }
    }
}

fn at(word: Option<&str>) -> Option<i64> {
    let hour_ms = 3_600_000;
    Some(match word? {
        "now" => NOW_MS,
        "-2h" => NOW_MS - 2 * hour_ms,
        "-5h" => NOW_MS - 5 * hour_ms,
        "-8h" => NOW_MS - 8 * hour_ms,
        "-1month" => NOW_MS - 30 * 24 * hour_ms,
        other => panic!("`{other}` is no time of the table"),
    })
}

#[test]
fn pods_to_delete_are_chosen_by_rank() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        pods: Vec<String>,
        related: Option<Vec<String>>,
        diff: usize,
        expected: Vec<String>,
    }
    let table: TableOfPods<Kind, Case> =
        read(include_str!("../../../tests/data/deployment-controller/get_pods_to_delete.json"));
    for case in table.cases {
        let pods_of = |names: &[String]| names.iter().map(|name| table.pods[name].pod()).collect::<Vec<_>>();
        let pods = pods_of(&case.pods);
        let related = case.related.as_deref().map_or_else(|| pods.clone(), pods_of);
        let chosen = choose_deletions(&pods, &related, case.diff, NOW_MS);
        let names: Vec<_> = chosen.into_iter().map(|index| case.pods[index].clone()).collect();
        assert_eq!(names, case.expected, "{}", case.name);
    }
}

#[test]
fn the_rank_of_two_pods_decides_which_goes_first() {
    #[derive(Deserialize)]
    struct Case {
        first: String,
        first_rank: usize,
        second: String,
        second_rank: usize,
        deletion_cost_feature: bool,
    }
    let table: TableOfPods<Kind, Case> =
        read(include_str!("../../../tests/data/deployment-controller/pod_deletion_rank_order.json"));
    for case in table.cases {
        let pod = |name: &str| {
            let pod = table.pods[name].pod();
            // Without the feature the annotation says nothing.
            PodState { deletion_cost: if case.deletion_cost_feature { pod.deletion_cost } else { 0 }, ..pod }
        };
        let (first, second) = (pod(&case.first), pod(&case.second));
        let names = format!("{} before {}", case.first, case.second);
        assert!(deleted_before(&first, case.first_rank, &second, case.second_rank, NOW_MS), "{names}");
        assert!(!deleted_before(&second, case.second_rank, &first, case.first_rank, NOW_MS), "not {names}");
    }
}

#[test]
fn equal_pods_have_no_order() {
    #[derive(Deserialize)]
    struct Case {
        pod_a: String,
        pod_b: String,
    }
    let table: TableOfPods<Kind, Case> =
        read(include_str!("../../../tests/data/deployment-controller/pod_deletion_rank_equal.json"));
    for Case { pod_a, pod_b } in table.cases {
        let (a, b) = (table.pods[&pod_a].pod(), table.pods[&pod_b].pod());
        assert!(!deleted_before(&a, 1, &b, 1, NOW_MS), "{pod_a}, {pod_b}");
        assert!(!deleted_before(&b, 1, &a, 1, NOW_MS), "{pod_b}, {pod_a}");
    }
}

#[test]
fn within_one_step_of_the_logarithm_the_lower_uid_goes_first() {
    let since = |uid, seconds| PodState { uid, ..pod(Some(0), "Running", ready_for(true, Some(seconds))) };
    // 2^36 ns is 68.7 s: 70 and 130 s are in one step, 60 s is in the one before.
    assert!(deleted_before(&since(1, 130), 0, &since(2, 70), 0, NOW_MS));
    assert!(!deleted_before(&since(2, 70), 0, &since(1, 130), 0, NOW_MS));
    assert!(deleted_before(&since(9, 60), 0, &since(1, 70), 0, NOW_MS));
}

#[test]
fn a_pod_is_available_from_the_second_it_has_been_ready_long_enough() {
    #[derive(Deserialize)]
    struct Case {
        ready: bool,
        ready_for_seconds: i64,
        min_ready_seconds: u32,
        expected: bool,
    }
    for case in cases!("is_pod_available") {
        let case: Case = case;
        let pod = pod(Some(0), "Running", ready_for(case.ready, Some(case.ready_for_seconds)));
        assert_eq!(is_available(&pod, case.min_ready_seconds, NOW_MS), case.expected);
    }
    let ready = pod(Some(0), "Running", ready_for(true, Some(50)));
    assert!(is_available(&ready, 50, NOW_MS));
    assert!(!is_available(&ready, 50, NOW_MS - 1));
}

#[test]
fn the_next_check_of_one_pod_is_when_it_becomes_available() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        ready: bool,
        ready_for_seconds: Option<i64>,
        min_ready_seconds: u32,
        expected_wait_s: Option<i64>,
    }
    for case in cases!("next_pod_availability_check") {
        let case: Case = case;
        let pod = pod(Some(0), "Running", ready_for(case.ready, case.ready_for_seconds));
        let wait = availability_check(&pod, case.min_ready_seconds, NOW_MS);
        assert_eq!(wait, case.expected_wait_s.map(|seconds| seconds * 1000), "{}", case.name);
    }
}

#[test]
fn the_next_check_of_all_pods_is_the_earliest() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        pods: Vec<(bool, i64)>,
        min_ready_seconds: u32,
        evaluation_delay_s: i64,
        expected_wait_s: Option<i64>,
    }
    for case in cases!("min_next_pod_availability_check") {
        let case: Case = case;
        let ready = |(ready, seconds): &(bool, i64)| pod(Some(0), "Running", ready_for(*ready, Some(*seconds)));
        let pods: Vec<_> = case.pods.iter().map(ready).collect();
        let now_ms = NOW_MS + case.evaluation_delay_s * 1000;
        let wait = next_availability_check(&pods, case.min_ready_seconds, NOW_MS, now_ms);
        assert_eq!(wait, case.expected_wait_s.map(|seconds| seconds * 1000), "{}", case.name);
    }
}

#[test]
fn a_pod_ready_since_nobody_knows_when_is_looked_at_again() {
    // minReadySeconds, ready, available, wait (ms).
    let table = [(5, 1, 0, Some(5_000)), (5, 1, 1, None), (0, 1, 0, None)];
    let pods = [pod(Some(0), "Running", ready_for(true, None))];
    for (min_ready_seconds, ready, available, wait) in table {
        let status = ReplicaSetStatus { ready, available, ..ReplicaSetStatus::default() };
        assert_eq!(requeue_after(&spec(1, min_ready_seconds), &status, &pods, NOW_MS), wait);
    }
}

#[test]
fn creation_starts_slowly_and_a_failing_batch_is_the_last() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        count: u32,
        initial_batch_size: u32,
        call_limit: u32,
        expected_successes: u32,
        expected_error: bool,
        expected_calls: u32,
    }
    for case in cases!("slow_start_batch") {
        let case: Case = case;
        assert_eq!(creation_batches(case.count).next(), Some(case.initial_batch_size), "{}", case.name);
        let (mut calls, mut successes, mut error) = (0, 0, false);
        for batch in creation_batches(case.count) {
            for _ in 0..batch {
                calls += 1;
                if calls <= case.call_limit { successes += 1 } else { error = true }
            }
            if error {
                break;
            }
        }
        let expected = (case.expected_calls, case.expected_successes, case.expected_error);
        assert_eq!((calls, successes, error), expected, "{}", case.name);
    }
    assert_eq!(creation_batches(12).collect::<Vec<_>>(), [1, 2, 4, 5]);
    assert_eq!(creation_batches(0).next(), None);
}

#[test]
fn a_plan_counts_active_pods_only() {
    let running = pod(Some(0), "Running", Readiness::NotReady);
    let ended = pod(Some(0), "Failed", Readiness::NotReady);
    let leaving = PodState { terminating: true, ..running };
    let pods = [leaving, running, ended, running];
    assert_eq!(plan(&spec(2, 0), &pods, &pods, NOW_MS), Plan::Nothing);
    assert_eq!(plan(&spec(4, 0), &pods, &pods, NOW_MS), Plan::Create(2));
    assert_eq!(plan(&spec(0, 0), &pods, &pods, NOW_MS), Plan::Delete(vec![1, 3]));
    assert_eq!(plan(&spec(1000, 0), &pods, &pods, NOW_MS), Plan::Create(500));
    let going = ReplicaSetSpec { deleting: true, ..spec(4, 0) };
    assert_eq!(plan(&going, &pods, &pods, NOW_MS), Plan::Nothing);
}
