//! What always holds.

use planner::film::{FilmSummary, Milestones};
use planner::rollout::deployment::DeploymentStatus;
use planner::rollout::{DeploymentWrite, EndReason, Scenario, predict, predict_watched};
use planner::strategy::{IntOrPercent, Strategy};
use proptest::prelude::*;
use proptest::strategy::Strategy as _;

fn strategies() -> impl proptest::strategy::Strategy<Value = Strategy> {
    let value = prop_oneof![(0_u32..=13).prop_map(IntOrPercent::Int), (0_u32..=100).prop_map(IntOrPercent::Percent)];
    let rolling = (value.clone(), value)
        .prop_filter_map("not both zero", |(surge, unavailable)| Strategy::rolling(surge, unavailable).ok());
    prop_oneof![9 => rolling, 1 => Just(Strategy::Recreate)]
}

prop_compose! {
    fn scenarios()(
        replicas in 0_u32..=12,
        strategy in strategies(),
        startup_ms in proptest::collection::vec(0_i64..=60_000, 1..8),
        termination_ms in 0_i64..=60_000,
        min_ready_seconds in 0_u32..=20,
    ) -> Scenario {
        Scenario { min_ready_seconds, ..Scenario::hop(replicas, strategy, startup_ms, termination_ms) }
    }
}

/// What the API server demands of a Deployment's status.
fn is_valid(status: &DeploymentStatus) -> bool {
    status.updated <= status.replicas
        && status.ready <= status.replicas
        && status.available <= status.replicas
        && status.available <= status.ready
}

proptest! {
    #[test]
    fn a_rollout_of_healthy_pods_ends_within_its_limits(scenario in scenarios()) {
        let limits = scenario.strategy.limits(scenario.replicas);
        let mut broken = Vec::new();
        let prediction = predict_watched(&scenario, |moment| {
            let asked: u32 = moment.replica_sets().map(|replica_set| replica_set.spec_replicas).sum();
            if asked > scenario.replicas + limits.max_surge {
                broken.push(format!("{asked} pods asked for at {}", moment.at_ms));
            }
            if moment.deployment().available < limits.min_available {
                broken.push(format!("{} available at {}", moment.deployment().available, moment.at_ms));
            }
            if !is_valid(moment.deployment()) {
                broken.push(format!("{:?} at {}", moment.deployment(), moment.at_ms));
            }
        });
        prop_assert!(broken.is_empty(), "{:?}", broken);
        prop_assert_eq!(prediction.end, EndReason::Complete);
        prop_assert!(prediction.summary.finished_ms.is_some());
        prop_assert!(prediction.summary.lowest_serving >= limits.min_available);
    }

    #[test]
    fn a_summary_is_what_its_film_shows(scenario in scenarios()) {
        let prediction = predict(&scenario);
        let (film, summary) = (&prediction.film, prediction.summary);
        let mut objects = 0;
        let mut lowest = u32::MAX;
        for t in film.moments().into_iter().filter(|t| *t >= 0).chain([0]) {
            let counts = film.counts_at(t);
            objects = objects.max(counts.objects());
            lowest = lowest.min(counts.serving());
        }
        prop_assert_eq!((summary.peaks.objects, summary.lowest_serving), (objects, lowest));
        let milestones = Milestones {
            settled_ms: summary.settled_ms,
            deadline_exceeded_ms: summary.deadline_exceeded_ms,
        };
        prop_assert_eq!(FilmSummary::of(film, milestones), summary);
        prop_assert!(summary.finished_ms >= summary.settled_ms);
    }

    #[test]
    fn the_same_scenario_gives_the_same_film(scenario in scenarios(), at_ms in 0_i64..=90_000, to in 0_u32..=12) {
        let mut scenario = scenario;
        scenario.writes.push(DeploymentWrite { at_ms, replicas: Some(to), ..DeploymentWrite::default() });
        let prediction = predict(&scenario);
        prop_assert_eq!(&prediction, &predict(&scenario));
        prop_assert_eq!(prediction.end, EndReason::Complete, "scaled in the middle, it ends all the same");
    }
}

#[test]
fn a_status_is_judged_as_the_api_server_does() {
    let text = include_str!("../data/deployment-controller/validate_deployment_status.json");
    let table: serde_json::Value = serde_json::from_str(text).expect("the table of cases can be read");
    let mut judged = 0;
    for case in table["cases"].as_array().expect("a list of cases") {
        let count = |key: &str| case[key].as_u64().and_then(|count| u32::try_from(count).ok());
        let (Some(replicas), Some(updated), Some(ready), Some(available)) =
            (count("replicas"), count("updated"), count("ready"), count("available"))
        else {
            continue; // A negative count cannot be said here.
        };
        if case["observed_generation"].as_i64() < Some(0) || case["collision_count"].is_number() {
            continue; // Neither can a negative generation, and collisions are not modelled.
        }
        let status = DeploymentStatus { replicas, updated, ready, available, ..DeploymentStatus::default() };
        assert_eq!(!is_valid(&status), case["expect_error"].as_bool().expect("true or false"), "{}", case["name"]);
        judged += 1;
    }
    assert_eq!(judged, 5);
}
