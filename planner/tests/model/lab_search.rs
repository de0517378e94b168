//! The search of the lab, and what it recommends.

use planner::lab::{LabInput, Wishes, recommend, search};
use planner::rollout::{Health, predict};
use planner::strategy::{IntOrPercent, Strategy};
use proptest::prelude::*;

fn strategies(input: &LabInput, wishes: &Wishes) -> Vec<String> {
    search(input, wishes).matches.iter().map(|found| found.strategy.to_string()).collect()
}

#[test]
fn the_fastest_that_keeps_the_wishes_comes_first() {
    let input = LabInput { termination_ms: 10_000, ..LabInput::default() };
    let table = [
        (Wishes { serving: Some(3), ..Wishes::default() }, vec!["100%/0", "2/0", "1/0"]),
        (Wishes { serving: Some(3), objects: Some(5), ..Wishes::default() }, vec!["1/0"]),
        (Wishes { objects: Some(4), ..Wishes::default() }, vec!["0/1"]),
        (Wishes { non_terminating: Some(3), serving: Some(1), ..Wishes::default() }, vec!["0/2", "0/1"]),
        (Wishes { connections: Some(240), ..Wishes::default() }, vec!["0/1"]),
        // A terminating pod still exists beside the new one: with three objects nothing but Recreate goes.
        (Wishes { objects: Some(3), ..Wishes::default() }, vec![]),
        (Wishes { within_ms: Some(19_000), ..Wishes::default() }, vec![]),
    ];
    for (wishes, expected) in table {
        assert_eq!(strategies(&input, &wishes), expected, "{wishes:?}");
    }
    assert_eq!(search(&input, &Wishes::default()).played, 15);
}

#[test]
fn connections_that_are_not_known_keep_no_limit() {
    let input = LabInput { connections_per_pod: None, ..LabInput::default() };
    assert!(strategies(&input, &Wishes { connections: Some(10_000), ..Wishes::default() }).is_empty());
}

#[test]
fn a_wish_is_kept_also_when_pods_are_slow() {
    let mut input = LabInput { startup_ms: vec![20_000; 3], termination_ms: 10_000, ..LabInput::default() };
    let wishes = Wishes { objects: Some(5), serving: Some(3), ..Wishes::default() };
    assert_eq!(strategies(&input, &wishes), ["1/0"]);
    // An old pod that takes longer to go than the next one to start is a sixth pod.
    input.termination_extent_ms = Some((5_000, 40_000));
    assert!(strategies(&input, &wishes).is_empty());
}

#[test]
fn a_wish_is_kept_also_when_new_pods_are_quick_and_old_ones_linger() {
    let input = LabInput {
        startup_ms: vec![60_000, 20_000, 5_000],
        termination_ms: 10_000,
        termination_extent_ms: Some((5_000, 40_000)),
        ..LabInput::default()
    };
    let wishes = Wishes { objects: Some(5), serving: Some(3), ..Wishes::default() };
    assert!(strategies(&input, &wishes).is_empty(), "1/0 has six pods then");
}

#[test]
fn what_comes_after_the_end_does_not_count_for_the_time() {
    // The pods of the first write of the hop go on terminating after the last old one is gone.
    let input = LabInput { startup_ms: vec![0], second_write_ms: Some(10_000), ..LabInput::default() };
    let found = search(&input, &Wishes { within_ms: Some(35_000), ..Wishes::default() });
    assert!(found.matches.iter().any(|found| found.strategy == Strategy::BLUE_GREEN), "{found:?}");
}

#[test]
fn many_replicas_are_not_searched() {
    let many = LabInput { replicas: 21, ..LabInput::default() };
    assert_eq!((search(&many, &Wishes::default()).played, recommend(&many)), (0, None));
}

#[test]
fn it_recommends_what_keeps_all_serving_and_fits() {
    let said = |input: &LabInput| recommend(input).expect("something can be done").to_string();
    let three = LabInput::default();
    assert_eq!(
        said(&three),
        "All 3 API servers keep serving. Of 15 strategies 3 do that; Blue/Green is the fastest: finished after about 50 s, with 6 \
         pods at the peak."
    );
    let quota = LabInput { pod_quota: Some(5), ..LabInput::default() };
    assert!(
        said(&quota).starts_with(
            "All 3 API servers keep serving within a quota of 5 pods; on the way pods wait until others are gone. Of 15 strategies 3 do that; Surge only is"
        ),
        "{}",
        said(&quota)
    );
    let full = LabInput { room: Some(3), ..LabInput::default() };
    let start =
        "Nothing keeps all 3 API servers serving with room for 3 pods; at least 2 serve here; on the way pods wait";
    assert!(said(&full).starts_with(start), "{}", said(&full));
    let single = LabInput { replicas: 1, room: Some(1), ..LabInput::default() };
    let start = "Nothing keeps the only API server serving with room for 1 pod: an outage cannot be avoided; on the way pods wait";
    assert!(said(&single).starts_with(start), "{}", said(&single));
    assert_eq!(recommend(&LabInput { replicas: 0, ..LabInput::default() }), None);
    assert_eq!(recommend(&LabInput { room: Some(2), ..LabInput::default() }), None, "not even today's pods have room");
}

#[test]
fn it_recommends_for_pods_that_start_whatever_the_page_shows() {
    let stuck = LabInput { new_pods: Health::CrashLoop, ..LabInput::default() };
    assert_eq!(recommend(&stuck), recommend(&LabInput::default()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// The search leaves plays early; a whole play of every pair says the same.
    #[test]
    fn the_search_finds_what_playing_everything_finds(
        replicas in 1_u32..=4,
        startup_ms in proptest::collection::vec(0_i64..=40, 1..3),
        termination in 0_i64..=40,
        objects in proptest::option::of(1_u32..=8),
        serving in proptest::option::of(0_u32..=4),
        running in proptest::option::of(1_u32..=8),
        within in proptest::option::of(0_i64..=120),
        second_write_ms in proptest::option::of(0_i64..=20_000),
    ) {
        // One number each, so that nothing is played twice.
        let startup_ms = vec![startup_ms[0] * 1000];
        let input = LabInput { replicas, startup_ms, termination_ms: termination * 1000, second_write_ms, ..LabInput::default() };
        let wishes = Wishes { objects, serving, running, within_ms: within.map(|s| s * 1000), ..Wishes::default() };
        let mut expected = 0;
        for surge in 0..=replicas {
            for unavailable in 0..=replicas {
                let numbers = Strategy::rolling(IntOrPercent::Int(surge), IntOrPercent::Int(unavailable));
                let Ok(strategy) = numbers else { continue };
                let summary = predict(&input.scenario(strategy)).summary;
                let keeps = objects.is_none_or(|most| summary.peaks.objects <= most)
                    && serving.is_none_or(|least| summary.lowest_serving >= least)
                    && running.is_none_or(|most| summary.peaks.running <= most)
                    && summary.finished_ms.is_some_and(|ms| wishes.within_ms.is_none_or(|within| ms <= within));
                expected += usize::from(keeps);
            }
        }
        let found = search(&input, &wishes).matches;
        prop_assert_eq!(found.len(), expected);
        prop_assert!(found.is_sorted_by_key(|found| found.summary.finished_ms));
    }
}
