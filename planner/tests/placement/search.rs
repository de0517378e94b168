//! The search over what the scheduler may choose.

use std::collections::{BTreeMap, BTreeSet};

use planner::placement::{Incoming, Node, Placed, PodSpec, Room};
use proptest::prelude::*;
use serde_json::json;

use crate::builders::{apart, from_json, labels, node, old_pods, resources, room, spec, template};

const ZONE: &str = "topology.kubernetes.io/zone";
const HOSTNAME: &str = "kubernetes.io/hostname";

/// The same number without any of the search's shortcuts: each node is itself, each state a list of nodes.
fn by_trying_everything(room: &Room, incoming: &Incoming, count: u32) -> (u32, u32) {
    let mut level: BTreeSet<BTreeMap<usize, u32>> = BTreeSet::from([BTreeMap::new()]);
    let mut least = None;
    for placed in 0..count {
        let mut next = BTreeSet::new();
        for state in &level {
            let mut question = room.ask(incoming);
            for (node, pods) in state {
                (0..*pods).for_each(|_| question.place(incoming.occupant(), *node));
            }
            let fits = question.answer().fits;
            if fits.is_empty() {
                least.get_or_insert(placed);
            }
            next.extend(fits.into_iter().map(|node| {
                let mut state = state.clone();
                *state.entry(node).or_insert(0) += 1;
                state
            }));
        }
        if next.is_empty() {
            return (least.unwrap_or(placed), placed);
        }
        level = next;
    }
    (least.unwrap_or(count), count)
}

/// What ties new pods to each other and to old ones.
#[derive(Debug, Clone, Copy)]
enum Tie {
    None,
    Apart(&'static str),
    Together(&'static str),
    Spread(&'static str, i32),
    SpreadAndApart,
    HostPort,
}

fn tied(spec: PodSpec, tie: Tie) -> PodSpec {
    let selector = json!({"matchLabels": {"kamaji.clastix.io/name": "blue"}});
    let spread = |key: &str, max_skew: i32| {
        vec![from_json(json!({
            "maxSkew": max_skew, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector,
        }))]
    };
    match tie {
        Tie::None => spec,
        Tie::Apart(key) => apart(spec, key),
        Tie::Together(key) => {
            let required = json!([{"labelSelector": selector, "topologyKey": key}]);
            let affinity = json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}});
            PodSpec { affinity: Some(from_json(affinity)), ..spec }
        }
        Tie::Spread(key, max_skew) => PodSpec { topology_spread_constraints: spread(key, max_skew), ..spec },
        Tie::SpreadAndApart => PodSpec { topology_spread_constraints: spread(ZONE, 1), ..apart(spec, HOSTNAME) },
        Tie::HostPort => {
            let mut spec = spec;
            spec.containers[0].ports = vec![from_json(json!({"containerPort": 6443, "hostPort": 6443}))];
            spec
        }
    }
}

fn ties() -> impl Strategy<Value = Tie> {
    prop_oneof![
        Just(Tie::None),
        Just(Tie::Apart(HOSTNAME)),
        Just(Tie::Apart(ZONE)),
        Just(Tie::Together(ZONE)),
        Just(Tie::Together(HOSTNAME)),
        (1..3).prop_map(|skew| Tie::Spread(ZONE, skew)),
        (1..3).prop_map(|skew| Tie::Spread(HOSTNAME, skew)),
        Just(Tie::SpreadAndApart),
        Just(Tie::HostPort),
    ]
}

prop_compose! {
    /// Up to five nodes of up to three zones (0 = without a zone), with room for 0 to 3 pods each.
    fn nodes()(
        shapes in proptest::collection::vec((0_u32..4, 0_usize..4, proptest::bool::weighted(0.15)), 1..6),
    ) -> Vec<Node> {
        let built = |(index, (cores, zone, unschedulable)): (usize, (u32, usize, bool))| {
            let name = format!("n{index}");
            let mut node = Node { unschedulable, ..node(&name, &cores.to_string()) };
            if zone > 0 {
                node.labels.extend(labels(&[(ZONE, ["", "za", "zb", "zc"][zone])]));
            }
            node
        };
        shapes.into_iter().enumerate().map(built).collect()
    }
}

proptest! {
    #[test]
    fn shortcuts_change_nothing(
        nodes in nodes(),
        tie in ties(),
        old_tie in ties(),
        old in proptest::collection::vec((0_usize..5, any::<bool>()), 0..3),
        count in 0_u32..6,
    ) {
        let names: Vec<String> = old.iter().map(|(index, _)| format!("n{index}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut pods = old_pods(&tied(spec("1"), old_tie), &names);
        pods.iter_mut().zip(&old).for_each(|(pod, (_, deleting))| pod.deleting = *deleting);
        let room = room(nodes, &pods);
        let incoming = Incoming::of(&template(tied(spec("1"), tie)));
        let (least, most) = by_trying_everything(&room, &incoming, count);
        prop_assert_eq!(room.place(&incoming, count), Placed { least, most, exact: true });
    }

    #[test]
    fn without_ties_more_room_never_lessens_what_fits(nodes in nodes(), which in 0_usize..5, count in 0_u32..12) {
        let incoming = Incoming::of(&template(spec("1")));
        let before = room(nodes.clone(), &[]).place(&incoming, count);
        let mut larger = nodes;
        let at = which % larger.len();
        larger[at].allocatable = resources(&[("cpu", "9"), ("memory", "64Gi"), ("pods", "110")]);
        let after = room(larger, &[]).place(&incoming, count);
        prop_assert_eq!(before.least, before.most, "nothing is left to choose");
        prop_assert!(after.least >= before.least, "{:?} became {:?}", before, after);
    }
}

#[test]
fn a_choice_can_cost_a_later_pod_its_place() {
    // Apart by zone and by rack: whoever takes the node of both shuts the others out.
    let rack = "example.com/rack";
    let with = |name: &str, zone: &str, in_rack: &str| {
        let mut node = node(name, "4");
        node.labels.extend(labels(&[(ZONE, zone), (rack, in_rack)]));
        node
    };
    let room = room(vec![with("n1", "za", "r1"), with("n2", "za", "r2"), with("n3", "zb", "r1")], &[]);
    let mut spec = apart(spec("1"), ZONE);
    let by_rack = apart(spec.clone(), rack).affinity.and_then(|affinity| affinity.pod_anti_affinity);
    let terms = spec.affinity.as_mut().and_then(|affinity| affinity.pod_anti_affinity.as_mut()).expect("it is apart");
    terms.required.extend(by_rack.expect("it is apart").required);
    let placed = room.place(&Incoming::of(&template(spec)), 3);
    assert_eq!(placed, Placed { least: 1, most: 2, exact: true });
}

#[test]
fn a_search_that_gives_up_still_says_nothing_wrong() {
    // Thirty zones that all differ in size: too many ways to count.
    let nodes = (0..30).map(|index| {
        let mut node = node(&format!("n{index}"), &(index + 1).to_string());
        node.labels.extend(labels(&[(ZONE, &format!("z{index}"))]));
        node
    });
    let room = room(nodes.collect(), &[]);
    let spec = tied(spec("1"), Tie::Spread(ZONE, 9));
    let placed = room.place(&Incoming::of(&template(spec)), 40);
    assert!(!placed.exact, "{placed:?}");
    assert_eq!(placed.most, 40, "the first forty fit in turn");
    assert!(placed.least > 0, "{placed:?}");
}
