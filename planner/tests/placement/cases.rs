//! Every case that the real kube-scheduler has judged. No exception: the same fitting nodes, the same filter and reasons on each
//! other one, the same message, requests and free room, and the same range of how many fit.

use std::sync::LazyLock;

use crate::case::{Case, read};

const FILE: &[u8] = include_bytes!("../data/placement/public.json.gz");

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| read(FILE).expect("the recorded cases can be read"));

fn all_equal(class: &str, expected: usize) {
    let cases: Vec<&Case> = CASES.iter().filter(|case| case.class == class).collect();
    assert_eq!(cases.len(), expected, "cases of class {class}");
    let differences: Vec<String> =
        (cases.iter()).filter_map(|case| Some(format!("{}: {}", case.id, case.first_difference()?))).collect();
    assert!(differences.is_empty(), "{} of {expected} differ:\n{}", differences.len(), differences.join("\n"));
}

macro_rules! classes {
    ($($name:ident: $class:literal, $count:literal;)*) => {
        $(#[test]
        fn $name() {
            all_equal($class, $count);
        })*

        #[test]
        fn every_case_belongs_to_a_class_that_is_tested() {
            assert_eq!(CASES.len(), 0 $(+ $count)*);
        }
    };
}

classes! {
    picked_by_hand: "hand", 76;
    corners: "corner", 39;
    room: "room", 32;
    pods_without_requests: "besteffort", 32;
    taints: "taints", 32;
    node_selectors: "selector", 32;
    node_affinity: "nodeAffinity", 32;
    anti_affinity: "antiAffinity", 32;
    affinity: "affinity", 32;
    topology_spread: "spread", 32;
    spread_policies: "spreadPolicies", 32;
    host_ports: "ports", 32;
    cordoned_nodes: "cordoned", 32;
    init_containers_and_sidecars: "sidecars", 32;
    pods_being_deleted: "deleting", 32;
    all_mixed: "mixed", 32;
}

#[test]
fn each_part_of_an_answer_is_compared() {
    type Change = fn(&mut Case);
    let table: [(&str, Change); 5] = [
        ("what the pod requests", |case| case.result.request.milli_cpu += 1),
        ("which nodes take the first pod", |case| case.result.states[0].fits.push("n9".to_owned())),
        ("the message about the first pod", |case| case.result.states[0].message = None),
        ("what stops the first pod", |case| case.result.states[0].stopped.clear()),
        ("how many fit (least, most, exact)", |case| {
            case.result.possible.as_mut().expect("it was counted").placed_min += 1;
        }),
    ];
    for (about, change) in table {
        let mut cases = read(FILE).expect("the recorded cases can be read");
        let case = cases.iter_mut().find(|case| case.id == "hand-deleting-holds-room").expect("it is recorded");
        change(case);
        let difference = case.first_difference().expect("it was changed").to_string();
        assert!(difference.starts_with(about), "{difference}");
    }
}
