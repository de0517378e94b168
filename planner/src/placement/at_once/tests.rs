//! The short cut by counting against the search that it saves.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::incoming::Incoming;
use super::super::occupant::Occupant;
use super::super::pod::{PodSpec, PodTemplate};
use super::super::room::{Node, Room};
use super::*;
use crate::rollout::{Scenario, predict};
use crate::strategy::Strategy as RolloutStrategy;

const ZONE: &str = "zone";
const HOST: &str = "host";

/// A pod, tied to its like in one of several ways.
fn template(tie: usize, cpus: u32, hash: &str) -> PodTemplate {
    let like = json!({"matchLabels": {"app": "blue"}});
    let spread = |key: &str, skew: i32| json!({"topologyKey": key, "maxSkew": skew, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": like});
    let terms = |key: &str| json!({"requiredDuringSchedulingIgnoredDuringExecution": [{"labelSelector": like, "topologyKey": key}]});
    let (affinity, spread): (Value, Value) = match tie {
        0 => (json!({}), json!([])),
        1 => (json!({"podAntiAffinity": terms(HOST)}), json!([])),
        2 => (json!({"podAntiAffinity": terms(ZONE)}), json!([])),
        3 => (json!({}), json!([spread(HOST, 1)])),
        4 => (json!({}), json!([spread(ZONE, 2)])),
        5 => (json!({"podAntiAffinity": terms(HOST)}), json!([spread(ZONE, 1)])),
        6 => (json!({}), json!([spread(ZONE, 1), spread(HOST, 1)])),
        _ => (json!({"podAffinity": terms(ZONE)}), json!([])),
    };
    let container = json!({"name": "main", "resources": {"requests": {"cpu": cpus}}});
    let spec = json!({"containers": [container], "affinity": affinity, "topologySpreadConstraints": spread});
    let labels = [("app", "blue"), ("hash", hash)].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let spec: PodSpec = serde_json::from_value(spec).expect("it can be read");
    PodTemplate { namespace: "tenants".to_owned(), labels: labels.into_iter().collect(), spec }
}

/// Nodes with so many CPUs in so many zones.
fn room(shapes: &[(u32, u32)]) -> Room {
    let node = |(index, (cpus, zone)): (usize, &(u32, u32))| {
        let amounts = json!({"cpu": cpus, "pods": 110});
        let labels = [(HOST, format!("n{index}")), (ZONE, format!("z{zone}"))];
        Node {
            name: format!("n{index}"),
            labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            allocatable: serde_json::from_value(amounts).expect("it can be read"),
            ..Node::default()
        }
    };
    Room::new(shapes.iter().enumerate().map(node), [], [])
}

/// A rollout on some nodes.
#[derive(Debug, Clone)]
struct World {
    /// CPUs and zone of each node.
    shapes: Vec<(u32, u32)>,
    /// How new pods are tied, and how old ones are.
    ties: (usize, usize),
    /// CPUs of an old pod; new ones have one.
    old_cpus: u32,
    /// The nodes of the old pods.
    places: Vec<usize>,
    strategy: RolloutStrategy,
}

/// What the two ways to know say, and what trying everything says.
#[derive(Debug)]
struct Answers {
    plenty: bool,
    searched: AtOnce,
    tried: AtOnce,
}

impl World {
    fn answers(&self) -> Answers {
        let room = room(&self.shapes);
        let old = Incoming::of(&template(self.ties.1, self.old_cpus, "old")).occupant;
        let movers: Vec<(usize, Occupant)> =
            self.places.iter().map(|place| (place % self.shapes.len(), old.clone())).collect();
        let replicas = u32::try_from(self.places.len()).expect("a few");
        let film = predict(&Scenario::hop(replicas, self.strategy, vec![20_000], 30_000)).film;
        let new = [Incoming::of(&template(self.ties.0, 1, "new"))];
        let (board, start) = Board::new(&room, &new, &movers, film.pods.len());
        let events = events(&film, 1);
        let most = most_new_pods(&events, &QuotaRoom::default()).expect("there is no quota");
        let tried = by_trying_everything(&room, &new[0], &movers, &events);
        Answers { plenty: board.has_plenty(most), searched: search(&board, &start, events.into_iter(), 1), tried }
    }
}

/// The same without any of the board's short cuts: each node is itself, and each pod.
fn by_trying_everything(room: &Room, new: &Incoming, movers: &[(usize, Occupant)], events: &[(i64, Event)]) -> AtOnce {
    type Pods = Vec<(usize, bool, bool)>;
    let old = &movers[0].1;
    let start: Pods = movers.iter().map(|(node, _)| (*node, true, false)).collect();
    let mut states = BTreeSet::from([start]);
    for (at_ms, event) in events {
        let change = |state: &Pods, from: (bool, bool), to: Option<(bool, bool)>| -> Vec<Pods> {
            let with = (0..state.len()).filter(|at| (state[*at].1, state[*at].2) == from);
            let changed = with.map(|at| {
                let mut state = state.clone();
                let (node, _, _) = state.remove(at);
                state.extend(to.map(|(is_old, deleting)| (node, is_old, deleting)));
                state
            });
            changed.collect()
        };
        let step = |state: &Pods| match event {
            Event::Created(_) => {
                let mut question = room.ask(new);
                for (node, is_old, deleting) in state {
                    let pod = if *is_old { old } else { &new.occupant };
                    question.place(&Occupant { deleting: *deleting, ..pod.clone() }, *node);
                }
                let placed = |node| state.iter().copied().chain([(node, false, false)]).collect();
                question.answer().fits.into_iter().map(placed).collect()
            }
            Event::Terminating(Which::Old) => change(state, (true, false), Some((true, true))),
            Event::Terminating(Which::New(_)) => change(state, (false, false), Some((false, true))),
            Event::Gone(Which::Old) => change(state, (true, true), None),
            Event::Gone(Which::New(_)) => change(state, (false, true), None),
        };
        let mut next = BTreeSet::new();
        for state in &states {
            let more: Vec<Pods> = step(state);
            if more.is_empty() {
                return AtOnce::Short { at_ms: *at_ms };
            }
            next.extend(more.into_iter().map(|mut state| {
                state.sort_unstable();
                state
            }));
        }
        states = next;
    }
    AtOnce::All
}

#[test]
fn counting_sees_plenty_where_there_is() {
    // 30 nodes in three zones, and one node alone.
    let large: Vec<(u32, u32)> = (0..30).map(|index| (4, index % 3)).collect();
    for tie in [0, 1, 3, 4, 5, 6] {
        let strategy = RolloutStrategy::BLUE_GREEN;
        let world = World { shapes: large.clone(), ties: (tie, tie), old_cpus: 1, places: vec![0, 1], strategy };
        let answers = world.answers();
        assert_eq!((answers.plenty, answers.searched, answers.tried), (true, AtOnce::All, AtOnce::All), "tie {tie}");
        assert!(!World { shapes: vec![(2, 0)], ..world }.answers().plenty, "tie {tie}");
    }
}

prop_compose! {
    fn worlds()(
        shapes in proptest::collection::vec((1_u32..4, 0_u32..3), 1..16),
        ties in (0_usize..8, 0_usize..8),
        old_cpus in 1_u32..3,
        places in proptest::collection::vec(0_usize..16, 1..4),
        strategy in 0_usize..4,
    ) -> World {
        let strategies = [
            RolloutStrategy::BLUE_GREEN,
            RolloutStrategy::ROLLING_ONE,
            RolloutStrategy::SURGE_ONE,
            RolloutStrategy::IN_PLACE,
        ];
        World { shapes, ties, old_cpus, places, strategy: strategies[strategy] }
    }
}

proptest! {
    #[test]
    fn short_cuts_change_nothing(world in worlds()) {
        let Answers { plenty, searched, tried } = world.answers();
        prop_assert_eq!(searched, tried);
        prop_assert!(!plenty || tried == AtOnce::All, "counting saw plenty");
    }
}
