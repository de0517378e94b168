//! Films and their figures.

use planner::film::{Film, FilmSummary, Milestones, MixedWindow, OpenSpan, PodState, PodTrack, Revision, Side};
use planner::rollout::{
    DeploymentWrite, Disturbance, EndReason, Health, Scenario, SumsAtMoment, Template, predict, predict_watched,
};
use planner::strategy::{IntOrPercent, Strategy};

fn pod(revision: usize, created_ms: i64, ready: &[(i64, Option<i64>)], end: Option<(i64, i64)>) -> PodTrack {
    PodTrack {
        name: "pod".to_owned(),
        revision,
        created_ms,
        bound_ms: Some(created_ms),
        ready: ready.iter().map(|(from_ms, to_ms)| OpenSpan { from_ms: *from_ms, to_ms: *to_ms }).collect(),
        terminating_ms: end.map(|(terminating, _)| terminating),
        gone_ms: end.map(|(_, gone)| gone),
    }
}

fn film(pods: Vec<PodTrack>, until_ms: i64) -> Film {
    let revision = |key: &str, side| Revision { key: key.to_owned(), version: None, side };
    Film { revisions: vec![revision("1", Side::Old), revision("2", Side::New)], pods, gaps: Vec::new(), until_ms }
}

#[test]
fn the_figures_of_one_pod_replaced_by_another() {
    let film =
        film(vec![pod(0, -9000, &[(-8000, None)], Some((25_000, 55_000))), pod(1, 0, &[(20_000, None)], None)], 60_000);
    assert_eq!(film.moments(), [-9000, -8000, 0, 20_000, 25_000, 55_000]);
    let summary = FilmSummary::of(&film, Milestones { settled_ms: Some(20_000), deadline_exceeded_ms: None });
    assert_eq!(summary.peaks.objects, 2);
    assert_eq!(summary.lowest_serving, 1);
    let mixed = MixedWindow { first_ms: 20_000, last_ms: Some(25_000), total_ms: Some(5_000) };
    assert_eq!(summary.mixed, Some(mixed));
    assert_eq!((summary.outage_ms, summary.outage_open), (0, false));
    assert_eq!((summary.settled_ms, summary.finished_ms), (Some(20_000), Some(55_000)));
}

#[test]
fn an_outage_that_lasts_is_counted_to_the_end_of_the_film() {
    let film = film(vec![pod(0, -9000, &[(-8000, None)], Some((10_000, 40_000))), pod(1, 40_000, &[], None)], 100_000);
    let summary = FilmSummary::of(&film, Milestones::default());
    assert_eq!((summary.lowest_serving, summary.outage_ms, summary.outage_open), (0, 90_000, true));
    assert_eq!(summary.finished_ms, None);
}

#[test]
fn a_mixed_window_that_lasts_has_no_end() {
    let film = film(vec![pod(0, -9000, &[(-8000, None)], None), pod(1, 0, &[(5000, None)], None)], 9000);
    let summary = FilmSummary::of(&film, Milestones { settled_ms: Some(5000), deadline_exceeded_ms: None });
    assert_eq!(summary.mixed, Some(MixedWindow { first_ms: 5000, last_ms: None, total_ms: None }));
    assert_eq!(summary.finished_ms, None, "an old pod is left");
}

#[test]
fn the_staircase_says_what_the_moments_say() {
    for strategy in [Strategy::BLUE_GREEN, Strategy::ROLLING_ONE, Strategy::IN_PLACE, Strategy::Recreate] {
        let film = predict(&Scenario::hop(5, strategy, vec![20_000, 23_000, 27_500], 30_000)).film;
        let steps = film.steps_from(0);
        for (step, next) in steps.iter().zip(steps.iter().skip(1)) {
            assert_eq!(step.to_ms, Some(next.from_ms));
            assert_ne!(step.counts, next.counts);
        }
        for step in &steps {
            assert_eq!(film.counts_at(step.from_ms), step.counts, "{strategy} at {}", step.from_ms);
            if let Some(to_ms) = step.to_ms {
                assert_eq!(film.counts_at(to_ms - 1), step.counts, "{strategy} before {to_ms}");
            }
        }
    }
}

#[test]
fn two_pods_that_change_places_make_no_step() {
    let pods = vec![pod(1, 0, &[(0, Some(10_000))], None), pod(1, 0, &[(10_000, None)], None)];
    let steps = film(pods, 20_000).steps_from(0);
    assert_eq!(steps.iter().map(|step| (step.from_ms, step.to_ms)).collect::<Vec<_>>(), [(0, None)]);
}

#[test]
fn each_pod_is_counted_once_on_its_side_and_in_its_state() {
    let film = predict(&Scenario::hop(3, Strategy::ROLLING_ONE, vec![20_000, 23_000], 30_000)).film;
    for step in film.steps_from(0) {
        for side in [Side::Old, Side::New] {
            for state in [PodState::Pending, PodState::Starting, PodState::Ready, PodState::Terminating] {
                let pods = film.pods.iter().filter(|pod| film.side(pod) == side);
                let have = pods.filter(|pod| pod.state_at(step.from_ms) == Some(state)).count();
                assert_eq!(step.counts.side(side).in_state(state) as usize, have, "{side:?} {state:?}");
            }
        }
    }
}

#[test]
fn the_sums_of_a_moment_are_those_of_the_film() {
    for strategy in [Strategy::ROLLING_ONE, Strategy::BLUE_GREEN, Strategy::Recreate] {
        let mut scenario = Scenario::hop(3, strategy, vec![20_000, 23_000], 30_000);
        scenario.node_capacity = Some(5);
        let mut seen = Vec::new();
        let film = predict_watched(&scenario, |moment| seen.push((moment.at_ms, moment.sums()))).film;
        for (at_ms, sums) in seen {
            let counts = film.counts_at(at_ms);
            let expected = SumsAtMoment {
                objects: counts.objects(),
                bound: counts.old.bound + counts.new.bound,
                non_terminating: counts.objects() - counts.terminating(),
                serving: counts.serving(),
            };
            assert_eq!(sums, expected, "{strategy} at {at_ms}");
        }
    }
}

#[test]
fn predicted_pods_are_numbered_on_each_side() {
    let film = predict(&Scenario::hop(2, Strategy::BLUE_GREEN, vec![20_000], 30_000)).film;
    let names: Vec<&str> = film.pods.iter().map(|pod| pod.name.as_str()).collect();
    assert_eq!(names, ["old-1", "old-2", "new-1", "new-2"]);
}

#[test]
fn one_to_one_with_three_replicas_has_as_many_pods_as_blue_green() {
    // The closed forms of the field: with a grace longer than the start-up the waves overlap.
    let peak = |strategy| predict(&Scenario::hop(3, strategy, vec![20_000], 30_000)).summary.peaks.objects;
    assert_eq!((peak(Strategy::BLUE_GREEN), peak(Strategy::ROLLING_ONE)), (6, 6));
}

#[test]
fn the_known_table_of_small_rollouts() {
    // replicas, strategy, finished (s), pods alive, asked for, available: start-up 10 s, grace 5 s.
    let table = [
        (1, Strategy::BLUE_GREEN, 15, 2, 1),
        (1, Strategy::ROLLING_ONE, 10, 2, 0),
        (2, Strategy::BLUE_GREEN, 15, 4, 2),
        (2, Strategy::ROLLING_ONE, 15, 4, 1),
        (3, Strategy::BLUE_GREEN, 15, 6, 3),
        (3, Strategy::ROLLING_ONE, 20, 5, 2),
        (3, Strategy::SURGE_ONE, 35, 5, 3),
        (3, Strategy::IN_PLACE, 30, 4, 2),
        (3, Strategy::Recreate, 15, 3, 0),
        (5, Strategy::ROLLING_ONE, 30, 8, 4),
    ];
    for (replicas, strategy, seconds, alive, serving) in table {
        let summary = predict(&Scenario::hop(replicas, strategy, vec![10_000], 5_000)).summary;
        let have = (summary.finished_ms, summary.peaks.objects, summary.lowest_serving);
        assert_eq!(have, (Some(seconds * 1000), alive, serving), "{strategy} with {replicas}");
    }
}

#[test]
fn two_writes_make_three_replica_sets_and_nine_pods() {
    let mut scenario = Scenario::hop(3, Strategy::BLUE_GREEN, vec![20_000], 30_000);
    scenario.templates.push(Template { startup_ms: vec![20_000], health: Health::Starts, side: Side::New });
    scenario.writes.push(DeploymentWrite { at_ms: 900, template: Some(2), ..DeploymentWrite::default() });
    let prediction = predict(&scenario);
    assert_eq!(prediction.film.revisions.len(), 3);
    assert_eq!(prediction.summary.peaks.objects, 9);
    assert_eq!(prediction.summary.lowest_serving, 3);
}

#[test]
fn pods_that_never_start_leave_the_old_ones_serving_and_pass_the_deadline() {
    let mut scenario = Scenario::hop(3, Strategy::BLUE_GREEN, vec![20_000], 30_000);
    scenario.templates[1].health = Health::CrashLoop;
    let prediction = predict(&scenario);
    let summary = prediction.summary;
    assert_eq!((summary.lowest_serving, summary.peaks.objects), (3, 6));
    assert_eq!((summary.settled_ms, summary.deadline_exceeded_ms), (None, Some(601_000)));
}

#[test]
fn a_rollout_without_room_is_watched_until_the_deadline_after_its_last_progress() {
    // Ready again after 30 s, available after 90 s: that is progress, and the deadline counts from there.
    let mut scenario = Scenario::hop(2, Strategy::SURGE_ONE, vec![20_000], 30_000);
    scenario.node_capacity = Some(2);
    scenario.min_ready_seconds = 60;
    scenario.disturbances.push(Disturbance { at_ms: 10_000, template: 0, recover_after_ms: Some(20_000) });
    let prediction = predict(&scenario);
    assert_eq!((prediction.end, prediction.summary.deadline_exceeded_ms), (EndReason::Stuck, Some(691_000)));
}

#[test]
fn of_the_pods_that_wait_for_room_only_those_taken_away_are_gone() {
    // Four new pods, one of which has room; with one replica less, one of the three that wait goes.
    let mut scenario = Scenario::hop(4, Strategy::BLUE_GREEN, vec![20_000], 30_000);
    scenario.node_capacity = Some(5);
    scenario.writes.push(DeploymentWrite { at_ms: 5_000, replicas: Some(3), ..DeploymentWrite::default() });
    let prediction = predict(&scenario);
    assert_eq!(prediction.end, EndReason::Complete);
    let never_bound = prediction.film.pods.iter().filter(|pod| pod.bound_ms.is_none()).count();
    assert_eq!(never_bound, 1);
}

#[test]
fn a_strategy_written_meanwhile_decides_how_the_rollout_goes_on() {
    let switched = |to, health| {
        let mut scenario = Scenario::hop(4, Strategy::BLUE_GREEN, vec![20_000], 30_000);
        scenario.node_capacity = Some(4);
        scenario.templates[1].health = health;
        scenario.writes.push(DeploymentWrite { at_ms: 60_000, strategy: to, ..DeploymentWrite::default() });
        predict(&scenario).summary
    };
    // No room for a surge: only pods that go first make room, one after the other.
    let in_place = switched(Some(Strategy::IN_PLACE), Health::Starts);
    assert_eq!((in_place.settled_ms, in_place.lowest_serving), (Some(260_000), 3));
    assert_eq!(switched(Some(Strategy::BLUE_GREEN), Health::Starts), switched(None, Health::Starts), "no change");
    // It is no way out where the new pods do not start, and costs a serving one.
    let broken = switched(Some(Strategy::ROLLING_ONE), Health::CrashLoop);
    assert_eq!((broken.settled_ms, broken.lowest_serving), (None, 3));
}

#[test]
fn turned_into_recreate_and_scaled_in_the_middle_a_rollout_hangs() {
    // As upstream: sizes in proportion are for rolling updates only, and while a ReplicaSet was sized for other replicas nothing
    // else is done.
    let mut scenario = Scenario::hop(3, Strategy::SURGE_ONE, vec![20_000], 0);
    let write = DeploymentWrite { at_ms: 10_000, strategy: Some(Strategy::Recreate), ..DeploymentWrite::default() };
    scenario.writes.push(write);
    assert_eq!(predict(&scenario).end, EndReason::Complete);
    scenario.writes[1].replicas = Some(4);
    let prediction = predict(&scenario);
    assert_eq!((prediction.end, prediction.summary.settled_ms), (EndReason::Stuck, None));
    assert_eq!(prediction.summary.lowest_serving, 3);
}

#[test]
fn with_min_ready_seconds_a_way_back_may_take_an_available_pod() {
    // As upstream: the unavailable pods of the abandoned ReplicaSet may go, but which of its pods go is told from how long they
    // have been ready, in powers of two, and of those alike the oldest. Ready for 18 and for 28 s is alike, 19 s is available.
    let mut scenario = Scenario::hop(10, Strategy::BLUE_GREEN, Vec::new(), 0);
    let (surge, unavailable) = (IntOrPercent::Percent(21), IntOrPercent::Int(3));
    scenario.strategy = Strategy::rolling(surge, unavailable).expect("not both zero");
    scenario.min_ready_seconds = 19;
    scenario.templates[1].startup_ms = vec![27_000, 9_000, 9_000, 0, 27_000, 42_000, 22_000];
    scenario.writes.push(DeploymentWrite { at_ms: 55_000, template: Some(0), ..DeploymentWrite::default() });
    let mut available = u32::MAX;
    let prediction = predict_watched(&scenario, |moment| available = available.min(moment.deployment().available));
    assert_eq!((available, scenario.strategy.limits(10).min_available), (6, 7));
    assert_eq!((prediction.summary.lowest_serving, prediction.end), (8, EndReason::Complete));
}
