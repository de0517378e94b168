use planner::cluster_api::{
    MachineFilm, MachineStrategy, MachineStrategyError, MachineTimings, NoFilm, SetSizes, observed_film, plan_rollout,
};
use planner::film::{PodState, Side};
use planner::strategy::{DeclaredRollingUpdate, DeclaredStrategy, IntOrPercent, IntOrString, Strategy};
use serde::Deserialize;

use super::builders::{deployment, machine};
use crate::builders::{NOW, declared};

#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    replicas: u32,
    max_surge: u32,
    max_unavailable: u32,
    old: Vec<u32>,
    new: Vec<u32>,
}

#[test]
fn the_sizes_are_those_that_cluster_api_itself_writes() {
    let text = include_str!("../../data/machine-deployment/rolling.json");
    let recorded: Recorded = serde_json::from_str(text).expect("the cases");
    for case in recorded.cases {
        let numbers = (IntOrPercent::Int(case.max_surge), IntOrPercent::Int(case.max_unavailable));
        let limits = Strategy::rolling(numbers.0, numbers.1).expect("a strategy").limits(case.replicas);
        let all = |machines: u32| SetSizes { wanted: machines, machines, available: machines };
        let (mut old, mut new) = (case.replicas, 0);
        for (place, sizes) in case.old.iter().zip(&case.new).enumerate() {
            (old, new) = plan_rollout(case.replicas, limits, all(old), all(new));
            assert_eq!((old, new), (*sizes.0, *sizes.1), "{case:?}, iteration {}", place + 1);
        }
    }
}

#[test]
fn unavailable_machines_are_not_taken_for_spare_ones() {
    let limits = Strategy::SURGE_ONE.limits(3);
    let sizes = |wanted, machines, available| SetSizes { wanted, machines, available };
    let cases = [
        ("one old one is away: nothing more may go", sizes(3, 3, 2), sizes(1, 1, 1), (3, 1)),
        ("none of the old is available: all may go", sizes(3, 3, 0), sizes(1, 1, 1), (2, 1)),
        ("the new one does not come up", sizes(3, 3, 3), sizes(1, 1, 0), (3, 1)),
        ("one being deleted takes up surge", sizes(2, 3, 2), sizes(1, 1, 1), (2, 1)),
        ("it is gone", sizes(2, 2, 2), sizes(1, 1, 1), (2, 2)),
    ];
    for (name, old, new, expected) in cases {
        assert_eq!(plan_rollout(3, limits, old, new), expected, "{name}");
    }
}

#[test]
fn a_film_stays_within_its_strategy() {
    let timings = MachineTimings { startup_ms: 240_000, seen: 0, end_ms: 120_000 };
    // Strategy, Machines; most at once, fewest ready, how long (s).
    let cases = [
        ("1/0", 3, 4, 3, 3 * 360),
        ("0/1", 3, 3, 2, 3 * 360),
        ("1/1", 3, 4, 2, 600),
        ("100%/0", 3, 6, 3, 360),
        ("0/100%", 4, 4, 0, 360),
        ("1/0", 1, 2, 1, 360),
    ];
    for (strategy, replicas, most, fewest, seconds) in cases {
        let mut deployment = deployment("md-a", "v1.35.6");
        deployment.replicas = replicas;
        deployment.strategy = strategy.parse::<Strategy>().expect("a strategy").declared();
        let film = MachineFilm::predict(&deployment, timings).expect("a film");
        let summary = film.summary;
        let name = format!("{strategy} of {replicas}");
        assert_eq!((summary.peaks.objects, summary.lowest_serving), (most, fewest), "{name}");
        assert_eq!(summary.finished_ms, Some(seconds * 1000), "{name}");
        let made = film.film.pods.iter().filter(|pod| film.film.side(pod) == Side::New).count();
        assert_eq!(made, replicas as usize, "{name}");
    }
}

#[test]
fn without_a_pace_of_its_own_there_is_no_film() {
    let with = |kind: &str| DeclaredStrategy { kind: Some(kind.to_owned()), rolling_update: None };
    let unknown = MachineStrategyError::UnknownType("Recreate".to_owned());
    let cases = [
        (3, with("OnDelete"), NoFilm::OnDelete),
        (3, with("Recreate"), NoFilm::Strategy(unknown)),
        (0, with("RollingUpdate"), NoFilm::Empty),
        (501, with("RollingUpdate"), NoFilm::TooMany(500)),
        (u32::MAX, with("RollingUpdate"), NoFilm::TooMany(500)),
    ];
    for (replicas, strategy, expected) in cases {
        let mut deployment = deployment("md-a", "v1.35.6");
        (deployment.replicas, deployment.strategy) = (replicas, strategy);
        let timings = MachineTimings::seen_on([]);
        assert_eq!(MachineFilm::predict(&deployment, timings).map(|_| ()), Err(expected));
    }
}

#[test]
fn an_absent_half_of_a_strategy_is_the_webhooks() {
    let declared = |max_surge: Option<i64>, max_unavailable: Option<i64>| DeclaredStrategy {
        kind: None,
        rolling_update: Some(DeclaredRollingUpdate {
            max_surge: max_surge.map(IntOrString::Int),
            max_unavailable: max_unavailable.map(IntOrString::Int),
        }),
    };
    let cases = [
        (DeclaredStrategy::default(), Ok("RollingUpdate 1/0")),
        (declared(None, Some(2)), Ok("RollingUpdate 1/2")),
        (declared(Some(0), Some(1)), Ok("RollingUpdate 0/1")),
        (declared(Some(0), None), Err("both 0")),
        (declared(Some(-1), None), Err("at least 0")),
    ];
    for (declared, expected) in cases {
        match (MachineStrategy::of(&declared).map(|it| it.to_string()), expected) {
            (Ok(read), Ok(expected)) => assert_eq!(read, expected),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            other => panic!("{declared:?}: {other:?}"),
        }
    }
}

#[test]
fn the_machines_that_are_there_are_a_film_of_the_same_kind() {
    let deployment = deployment("md-a", "v1.36.4");
    let mut ending = machine("old-1", "v1.35.6", -90_000, None);
    ending.meta.deleting_at = Some(NOW.plus_millis(-20_000));
    let mut stranger = machine("other", "v1.35.6", -90_000, None);
    stranger.deployment = Some("md-b".to_owned());
    let mut bare = machine("bare", "v1.35.6", -90_000, Some(-80_000));
    bare.version = None;
    let machines =
        [machine("new-2", "v1.36.4", -100, None), machine("new-1", "v1.36.4", -300, Some(-60)), ending, stranger, bare];
    let film = observed_film(&deployment, &machines, NOW);
    assert_eq!(film.until_ms, 300_000);
    assert_eq!((film.gaps.len(), film.gaps[0].to_ms), (1, 300_000), "those that are gone were not seen");
    let states: Vec<(&str, Side, Option<PodState>)> =
        film.pods.iter().map(|pod| (pod.name.as_str(), film.side(pod), pod.state_at(film.until_ms))).collect();
    assert_eq!(
        states,
        [
            ("bare", Side::Old, Some(PodState::Ready)),
            ("old-1", Side::Old, Some(PodState::Terminating)),
            ("new-1", Side::New, Some(PodState::Ready)),
            ("new-2", Side::New, Some(PodState::Starting)),
        ]
    );
    let versions: Vec<&str> = film.revisions.iter().map(|revision| revision.key.as_str()).collect();
    assert_eq!(versions, ["without a version", "v1.35.6", "v1.36.4"]);
}

#[test]
fn how_long_a_machine_takes_is_seen_or_said_to_be_assumed() {
    let machines = [60, 200, 100].map(|took| machine("m", "v1.36.4", 0, Some(took)));
    let cases = [
        (&machines[..0], "Assumed: 240 s until a new Machine is ready, 120 s until an old one is gone."),
        (
            &machines[..1],
            "60 s until a new Machine is ready, as one was seen to take; assumed 120 s until an old one is gone.",
        ),
        (&machines[..], "100 s until a new Machine is ready, the median of 3; assumed 120 s until an old one is gone."),
    ];
    for (machines, expected) in cases {
        assert_eq!(MachineTimings::seen_on(machines).to_string(), expected);
    }
    assert_eq!(declared("v1.36.4"), machines[0].version.clone().expect("a version"));
}
