//! Rollouts of a real Kamaji, played by the model.
//!
//! Fed are the writes of the Deployment with their times, and how long its pods took from bound to ready and from marked to
//! gone. What the model makes of them must be what was recorded: the four peaks and the fewest that served, to the pod; every
//! change of a ReplicaSet's size, in order; when both versions served or none did, when it was settled and when finished.

use planner::rollout::{Scenario, Template};
use planner::strategy::Strategy;

use crate::comparison::differences;
use crate::recorded::{Rollout, rollouts};

/// A Deployment in a recording.
struct Case {
    recording: &'static str,
    bytes: &'static [u8],
    deployment: &'static str,
    /// Its rollouts, in order.
    rollouts: &'static [Expect],
}

/// What is expected of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// The model equals it.
    Equal,
    /// The model equals it, told that there is room for so many bound pods, which the watched objects do not say.
    EqualWithRoomFor(u32),
    /// It depends on what the model does not know, and differs.
    Outside(&'static str),
}

use Expect::{Equal, EqualWithRoomFor, Outside};

macro_rules! cases {
    ($($recording:literal $deployment:literal: $rollouts:expr;)*) => {
        [$(Case {
            recording: $recording,
            bytes: include_bytes!(concat!("../data/recordings/", $recording, ".jsonl.gz")),
            deployment: $deployment,
            rollouts: &$rollouts,
        }),*]
    };
}

const CASES: [Case; 19] = cases! {
    "upgrade-default" "t2": [Equal];
    "upgrade-1-1" "t3": [Equal];
    "upgrade-konnectivity" "t8": [Equal];
    "upgrade-t1-gate" "t1": [Equal];
    "write-limited" "t5": [Equal];
    "one-replica-1-1" "t11": [Equal];
    "double-hop" "t4": [Equal];
    "no-v" "t12": [Equal];
    "no-v" "t13": [Equal, Equal];
    "paused" "t5": [Equal, Equal, Equal];
    "sleeping" "t6": [Equal, Equal, Equal, Equal];
    "strategy-0-0" "t12": [Equal];
    // Anti-affinity on four nodes; the strategy is changed in the middle.
    "anti-affinity" "t14": [EqualWithRoomFor(4)];
    // Pods that never get ready, the strategy changed, a third version; then a way back.
    "stuck" "t7": [Equal, Equal];
    // Recreate, and a way back.
    "recreate-deadlock" "t3": [Equal];
    "v100-upgrade-default" "a2": [Equal];
    "v100-upgrade-1-1" "a2": [Equal];
    "v100-upgrade-gate-default-then-1-1" "tenant-01": [Equal, Equal];
    // No Kamaji, a plain Deployment. The last one asks for more CPU than a node has.
    "goal1-deployment" "web": [
        Equal,
        Equal,
        Outside("a quota that is lifted in the middle; the model's stands"),
        EqualWithRoomFor(3),
    ];
};

/// The rollouts of all recordings: where, what is expected, what was recorded, and what the model is fed.
fn all() -> Vec<(String, Expect, Rollout, Scenario)> {
    let mut all = Vec::new();
    for case in &CASES {
        let rollouts = rollouts(case.bytes, case.deployment);
        assert_eq!(rollouts.len(), case.rollouts.len(), "rollouts of {} in {}", case.deployment, case.recording);
        for (number, (rollout, expect)) in rollouts.into_iter().zip(case.rollouts).enumerate() {
            let mut scenario = rollout.scenario.clone();
            if let EqualWithRoomFor(pods) = *expect {
                scenario.node_capacity = Some(pods);
            }
            all.push((format!("{} {} {number}", case.recording, case.deployment), *expect, rollout, scenario));
        }
    }
    all
}

#[test]
fn the_model_equals_every_recorded_rollout() {
    for (name, expect, rollout, scenario) in all() {
        let differences = differences(&rollout, &scenario);
        match expect {
            Equal | EqualWithRoomFor(_) => assert!(differences.is_empty(), "{name}:\n{}", differences.join("\n")),
            Outside(why) => assert!(!differences.is_empty(), "{name} is equal all the same, in spite of {why}"),
        }
    }
}

#[test]
fn no_tolerance_hides_a_wave_of_pods() {
    for (name, _, rollout, _) in all().into_iter().filter(|(_, expect, ..)| !matches!(expect, Outside(_))) {
        let startups = rollout.film.pods.iter().filter_map(|pod| Some(pod.ready.first()?.from_ms - pod.bound_ms?));
        let shortest_ms = startups.filter(|startup| *startup > 0).min().unwrap_or(i64::MAX);
        assert!(rollout.reaction_ms < shortest_ms, "{name}: {} ms of {shortest_ms} ms", rollout.reaction_ms);
    }
}

#[test]
fn another_scenario_than_the_recorded_one_is_told_from_it() {
    let mut told = 0;
    for (name, _, rollout, scenario) in all().into_iter().filter(|(_, expect, ..)| *expect == Equal) {
        if rollout.summary.mixed.is_none() {
            continue; // Nothing to replace: size alone.
        }
        let strategy = |strategy: Strategy| {
            let mut other = scenario.clone();
            other.strategy = strategy;
            other.writes.iter_mut().for_each(|write| write.strategy = Some(strategy));
            other
        };
        let slower = |template: &Template| Template {
            startup_ms: template.startup_ms.iter().map(|startup_ms| 2 * startup_ms).collect(),
            ..template.clone()
        };
        let others = [
            ("0/1", strategy(Strategy::IN_PLACE)),
            ("Recreate", strategy(Strategy::Recreate)),
            ("slower", Scenario { templates: scenario.templates.iter().map(slower).collect(), ..scenario.clone() }),
            ("one write", Scenario { writes: scenario.writes[1..].to_vec(), ..scenario.clone() }),
        ];
        for (what, other) in others {
            assert!(!differences(&rollout, &other).is_empty(), "{name}: {what} makes no difference");
            told += 1;
        }
    }
    assert_eq!(told, 4 * 19);
}
