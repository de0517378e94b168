//! Every recorded rollout of the real Deployment and ReplicaSet controllers, replayed. No exception: all are equal in
//! everything, conditions and the figures included, also where the order within one instant decides.

use std::sync::LazyLock;

use crate::trace::{Demand, Trace, read};

static TRACES: LazyLock<Vec<Trace>> =
    LazyLock::new(|| read(include_bytes!("../data/traces/public.json.gz")).expect("the recorded traces can be read"));

fn all_equal(class: &str, expected: usize) {
    let traces: Vec<&Trace> = TRACES.iter().filter(|trace| trace.class == class).collect();
    assert_eq!(traces.len(), expected, "traces of class {class}");
    let differences: Vec<String> = (traces.iter())
        .filter_map(|trace| Some(format!("{}: {}", trace.id, trace.first_difference(Demand::Everything)?)))
        .collect();
    assert!(differences.is_empty(), "{} of {expected} differ:\n{}", differences.len(), differences.join("\n"));
}

macro_rules! classes {
    ($($name:ident: $class:literal, $count:literal;)*) => {
        $(#[test]
        fn $name() {
            all_equal($class, $count);
        })*

        #[test]
        fn every_trace_belongs_to_a_class_that_is_tested() {
            assert_eq!(TRACES.len(), 0 $(+ $count)*);
        }
    };
}

classes! {
    picked_by_hand: "hand", 85;
    fixed_start_up: "fixed", 25;
    staggered_start_up: "staggered", 25;
    recreate: "recreate", 25;
    min_ready_seconds: "minReady", 25;
    node_capacity: "capacity", 25;
    pod_quota: "quota", 25;
    broken_pods: "broken", 25;
    rollover: "rollover", 25;
    scaling: "scale", 25;
    pausing: "pause", 25;
    pods_turning_unready: "unready", 25;
    revision_history: "history", 25;
    all_mixed: "mixed", 24;
}

#[test]
fn a_difference_is_found_and_said_in_words() {
    let mut traces = read(include_bytes!("../data/traces/public.json.gz")).expect("the recorded traces can be read");
    let trace = &mut traces[0];
    trace.timeline[2].t += 1;
    let difference = trace.first_difference(Demand::Everything).expect("it was changed").to_string();
    assert_eq!(difference, "at 20000 ms the model has a change, the trace none");
}
