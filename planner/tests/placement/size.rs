//! Huge clusters and hostile ones. Nothing is timed; a search that grew with the number of nodes would not end.

use planner::film::Film;
use planner::placement::{Autoscaler, Incoming, Pod, Replacement, Verdict};
use planner::rollout::{Scenario, predict};
use planner::strategy::Strategy;
use serde_json::json;

use crate::builders::{apart, from_json, labels, node, old_pods, room, spec, template};

const NODES: usize = 5000;

fn name(index: usize) -> String {
    format!("n{index}")
}

/// Six pods on each node; two cores of each are left.
fn crowd() -> Vec<Pod> {
    let other = |index: usize| Pod {
        namespace: "shop".to_owned(),
        name: format!("other-{index}"),
        labels: labels(&[("app", "web")]),
        node: Some(name(index % NODES)),
        spec: apart(spec("1"), "kubernetes.io/hostname"),
        ..Pod::default()
    };
    (0..6 * NODES).map(other).collect()
}

#[test]
fn a_pod_is_asked_of_five_thousand_nodes() {
    let zones = ["za", "zb", "zc"];
    let nodes = (0..NODES).map(|index| {
        let mut node = node(&name(index), "8");
        node.labels.extend(labels(&[("topology.kubernetes.io/zone", zones[index % 3])]));
        node
    });
    let mut pods = crowd();
    let spread = json!([{
        "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"kamaji.clastix.io/name": "blue"}},
    }]);
    let mut spec = apart(spec("2"), "kubernetes.io/hostname");
    spec.topology_spread_constraints = from_json(spread);
    let old = old_pods(&spec, &["n0", "n1", "n2"]);
    pods.extend(old.iter().cloned());
    let room = room(nodes.collect(), &pods);

    let incoming = Incoming::of(&template(spec.clone()));
    let answer = room.ask(&incoming).answer();
    assert_eq!((answer.fits.len(), answer.stopped.len()), (NODES - 3, 3));
    let placed = room.place(&incoming, 12);
    assert_eq!((placed.least, placed.most, placed.exact), (12, 12, true));

    let replacement = Replacement {
        room: &room,
        old: &old,
        new: &[template(spec)],
        quotas: &[],
        limit_ranges: &[],
        autoscaler: Autoscaler::NotKnown,
        not_simulated: &[],
    };
    let scenario = Scenario::hop(3, Strategy::BLUE_GREEN, vec![20_000], 30_000);
    let film: Film = predict(&scenario).film;
    assert_eq!(film.pods.len(), 6);
    assert_eq!(replacement.judge(&scenario), Verdict::Fits { more: 3 });
}

#[test]
fn a_node_with_five_hundred_pods_is_one_node() {
    let mut crowded = node("n0", "64");
    crowded.allocatable.0.insert("pods".to_owned(), "501".parse().expect("a quantity"));
    let others = (0..500).map(|index| Pod {
        namespace: "shop".to_owned(),
        name: format!("other-{index}"),
        node: Some("n0".to_owned()),
        spec: spec("100m"),
        ..Pod::default()
    });
    let room = room(vec![crowded], &others.collect::<Vec<_>>());
    let free = room.nodes()[0].free();
    assert_eq!((free.amounts.milli_cpu, free.pods), (14_000, 1));
    let placed = room.place(&Incoming::of(&template(spec("100m"))), 3);
    assert_eq!((placed.least, placed.most), (1, 1));
}
