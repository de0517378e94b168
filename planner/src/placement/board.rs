//! A board on which pods come and go, so that sequences of the scheduler's choices can be searched.
//!
//! Nodes that cannot be told apart are one. First, nodes with equal answers to every filter are pooled into a *spot* whose
//! slots add up: which of them takes a pod changes nothing for the next one. Then spots that differ only in topology values
//! of their own (hostnames) form a *class*: exchanging two of them exchanges nothing that a filter sees. A state is therefore
//! what lies on the spots of each class, in no order.

use std::collections::BTreeMap;

use super::incoming::Incoming;
use super::occupant::Occupant;
use super::question::{Counts, Question, Weight};
use super::room::{Load, NodeRoom, Room};

/// Pods per kind, those that are being deleted apart: `[2 · kind]` and `[2 · kind + 1]`.
pub(super) type Content = Vec<u16>;

/// What lies on the spots: class and content of each spot that is not empty, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State(Vec<(usize, Content)>);

/// Nodes, and kinds of pods that come and go on them.
pub(super) struct Board<'r> {
    room: &'r Room,
    kinds: Vec<Occupant>,
    /// One per kind that can be placed; the other kinds only leave.
    questions: Vec<Question<'r>>,
    /// Per question and entry of a content: what one such pod means.
    weights: Vec<Vec<Weight>>,
    classes: Vec<Class>,
}

/// Spots that can be exchanged.
struct Class {
    spots: Vec<Spot>,
}

struct Spot {
    /// Stands for all its nodes.
    node: usize,
    slots: Slots,
    /// Per question: whether it is open as far as the pods on the board do not matter.
    open: Vec<bool>,
}

/// How much a spot takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Slots {
    /// So many pods, of any kind: all kinds hold the same.
    Count(i64),
    /// What one node has left.
    Load { free: [i64; 4], total: [i64; 3], taken: Load },
}

/// What decides whether nodes can be pooled: equal keys, equal answers.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct PoolKey {
    open: Vec<bool>,
    included: Vec<bool>,
    values: Vec<Option<usize>>,
    /// A node that is not pooled.
    alone: Option<usize>,
}

/// What decides whether spots can be exchanged.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ClassKey {
    open: Vec<bool>,
    included: Vec<bool>,
    slots: Slots,
    values: Vec<ValueKey>,
}

/// A topology value of a spot.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum ValueKey {
    Missing,
    /// Other spots have it too.
    Shared(usize),
    /// No other spot has it: only what is counted for it matters.
    Own(Vec<i64>),
}

impl<'r> Board<'r> {
    /// A board on `room`. The first kinds are `incoming`; `movers` are pods that stand on nodes now and may leave, they must not
    /// be part of `room`. At most `limit` pods will ever be placed. Gives the state with the movers where they are.
    pub(super) fn new(
        room: &'r Room,
        incoming: &'r [Incoming],
        movers: &[(usize, Occupant)],
        limit: usize,
    ) -> (Self, State) {
        let mut kinds: Vec<Occupant> = incoming.iter().map(|incoming| incoming.occupant.clone()).collect();
        let mut places: Vec<(usize, usize)> = Vec::with_capacity(movers.len());
        for (node, mover) in movers {
            let kind = Occupant { name: String::new(), deleting: false, ..mover.clone() };
            let known = kinds.iter().skip(incoming.len()).position(|other| *other == kind);
            let number = known.map_or(kinds.len(), |at| at + incoming.len());
            if known.is_none() {
                kinds.push(kind);
            }
            places.push((*node, 2 * number + usize::from(mover.deleting)));
        }
        let mut questions: Vec<Question<'r>> = incoming.iter().map(|incoming| room.ask(incoming)).collect();
        let weigh = |question: &mut Question<'r>| {
            let alive_and_deleting =
                |kind: &Occupant| [false, true].map(|deleting| Occupant { deleting, ..kind.clone() });
            kinds.iter().flat_map(alive_and_deleting).map(|occupant| question.weigh(&occupant)).collect()
        };
        let weights = questions.iter_mut().map(weigh).collect();
        let mut board = Self { room, kinds, questions, weights, classes: Vec::new() };
        let (classes, class_of_node) = board.classes(&places, limit + movers.len());
        board.classes = classes;
        let mut on_spots: BTreeMap<(usize, usize), Content> = BTreeMap::new();
        for (node, entry) in places {
            let spot = class_of_node[&node];
            on_spots.entry(spot).or_insert_with(|| vec![0; 2 * board.kinds.len()])[entry] += 1;
        }
        let state = State(on_spots.into_iter().map(|((class, _), content)| (class, content)).collect());
        (board, state.sorted())
    }

    /// How many kinds there are; the movers' come last.
    pub(super) fn kinds(&self) -> usize {
        self.kinds.len()
    }

    /// Every state that follows from placing one pod of a kind; none if it fits nowhere.
    pub(super) fn placements(&self, state: &State, kind: usize) -> Vec<State> {
        let counts = self.counts(state, kind);
        let minima = self.questions[kind].spread.minima(&counts.spread);
        let fits = |spot: &Spot, content: &[u16]| {
            let question = &self.questions[kind];
            spot.open[kind]
                && self.has_slot(spot, content, kind)
                && question.spread.check(&counts.spread, &minima, &question.topology, spot.node).is_ok()
                && question.interpod.check(&counts.interpod, &question.topology, spot.node).is_ok()
        };
        let mut next = Vec::new();
        for (at, spot) in self.occupied(state) {
            if state.is_first_of_equals(at) && fits(spot, &state.0[at].1) {
                next.push(state.with(at, |content| content[2 * kind] += 1));
            }
        }
        let nothing = vec![0; 2 * self.kinds.len()];
        for (number, class) in self.classes.iter().enumerate() {
            let taken = state.0.iter().filter(|(other, _)| *other == number).count();
            if class.spots.get(taken).is_some_and(|spot| fits(spot, &nothing)) {
                let mut more = state.clone();
                let mut content = nothing.clone();
                content[2 * kind] = 1;
                more.0.push((number, content));
                next.push(more.sorted());
            }
        }
        next
    }

    /// Every state that follows from one pod of a kind being asked to terminate.
    pub(super) fn terminations(&self, state: &State, kind: usize) -> Vec<State> {
        self.changes(state, 2 * kind, |content| {
            content[2 * kind] -= 1;
            content[2 * kind + 1] += 1;
        })
    }

    /// Every state that follows from one terminating pod of a kind being gone.
    pub(super) fn removals(&self, state: &State, kind: usize) -> Vec<State> {
        self.changes(state, 2 * kind + 1, |content| content[2 * kind + 1] -= 1)
    }

    fn changes(&self, state: &State, entry: usize, change: impl Fn(&mut Content)) -> Vec<State> {
        let with_pod = (0..state.0.len()).filter(|at| state.0[*at].1[entry] > 0 && state.is_first_of_equals(*at));
        with_pod.map(|at| state.with(at, &change)).collect()
    }

    /// The pods that matter for a kind in this state.
    fn counts(&self, state: &State, kind: usize) -> Counts {
        let question = &self.questions[kind];
        let mut counts = question.counts.clone();
        for (at, spot) in self.occupied(state) {
            for (entry, pods) in state.0[at].1.iter().enumerate().filter(|(_, pods)| **pods > 0) {
                let weight = &self.weights[kind][entry];
                let by = i32::from(*pods);
                counts.add(&question.spread, &question.interpod, weight, &question.topology, spot.node, by);
            }
        }
        counts
    }

    /// The entries of a state with their spot. Which spot of its class an entry is on does not matter, but it must be
    /// one each.
    fn occupied<'s>(&'s self, state: &'s State) -> impl Iterator<Item = (usize, &'s Spot)> {
        let mut before = (usize::MAX, 0);
        state.0.iter().enumerate().map(move |(at, (class, _))| {
            before = if before.0 == *class { (*class, before.1 + 1) } else { (*class, 0) };
            (at, &self.classes[*class].spots[before.1])
        })
    }

    fn has_slot(&self, spot: &Spot, content: &[u16], kind: usize) -> bool {
        match &spot.slots {
            Slots::Count(slots) => content.iter().map(|pods| i64::from(*pods)).sum::<i64>() < *slots,
            Slots::Load { .. } => {
                let mut load = Load::default();
                for (entry, pods) in content.iter().enumerate() {
                    (0..*pods).for_each(|_| load.add(&self.kinds[entry / 2]));
                }
                self.questions[kind].has_room(&self.room.nodes()[spot.node], &load).is_ok()
            }
        }
    }

    /// All classes, and for each node on the board its class and spot.
    fn classes(&self, places: &[(usize, usize)], most: usize) -> (Vec<Class>, BTreeMap<usize, (usize, usize)>) {
        let same = |kind: &Occupant| kind.requests == self.kinds[0].requests && kind.ports == self.kinds[0].ports;
        let uniform = self.kinds.iter().all(same);
        let keys: Vec<Vec<usize>> = (0..self.questions.len()).map(|question| self.changing_keys(question)).collect();
        let mut pools: BTreeMap<PoolKey, (i64, Vec<usize>)> = BTreeMap::new();
        for (index, node) in self.room.nodes().iter().enumerate() {
            let standing = places.iter().filter(|(place, _)| *place == index).count();
            let open: Vec<bool> = (0..self.questions.len()).map(|question| self.is_open(question, index)).collect();
            if standing == 0 && !open.contains(&true) {
                continue;
            }
            let slots = if uniform { slots(node, &self.kinds[0]) } else { 0 };
            let overfull = slots < i64::try_from(standing).unwrap_or(i64::MAX);
            let key = PoolKey {
                open,
                included: self.questions.iter().flat_map(|question| question.spread.included(index)).collect(),
                values: self.values(&keys, index).collect(),
                alone: (!uniform || overfull).then_some(index),
            };
            let pool = pools.entry(key).or_default();
            pool.0 = pool.0.saturating_add(slots);
            pool.1.push(index);
        }
        let shared = self.shared_values(&keys, pools.values().map(|(_, nodes)| nodes[0]));
        let mut classes: BTreeMap<ClassKey, Vec<(Spot, Vec<usize>)>> = BTreeMap::new();
        for (pool, (count, nodes)) in pools {
            let node = nodes[0];
            let slots = match pool.alone.filter(|_| !uniform) {
                None => Slots::Count(count.min(i64::try_from(most).unwrap_or(i64::MAX))),
                Some(_) => Slots::of_node(&self.room.nodes()[node]),
            };
            let key = ClassKey {
                open: pool.open.clone(),
                included: pool.included,
                slots: slots.clone(),
                values: self.value_keys(&keys, &shared, node),
            };
            classes.entry(key).or_default().push((Spot { node, slots, open: pool.open }, nodes));
        }
        let mut class_of_node = BTreeMap::new();
        let mut numbered = Vec::with_capacity(classes.len());
        for (class, spots) in classes.into_values().enumerate() {
            for (spot, (_, nodes)) in spots.iter().enumerate() {
                class_of_node.extend(nodes.iter().map(|node| (*node, (class, spot))));
            }
            numbered.push(Class { spots: spots.into_iter().map(|(spot, _)| spot).collect() });
        }
        (numbered, class_of_node)
    }

    /// Whether a node is open for a kind as far as the pods on the board do not matter.
    fn is_open(&self, question: usize, node: usize) -> bool {
        let weights: Vec<_> = self.weights[question].iter().map(|weight| &weight.interpod).collect();
        let question = &self.questions[question];
        !question.is_fixed(node)
            && question.interpod.check_fixed(&question.counts.interpod, &weights, &question.topology, node)
    }

    /// The topology keys through which pods on the board change answers.
    fn changing_keys(&self, question: usize) -> Vec<usize> {
        let weights = &self.weights[question];
        let question = &self.questions[question];
        let interpod = weights.iter().flat_map(|weight| weight.interpod.keys(&question.interpod));
        let mut keys: Vec<usize> = question.spread.keys().chain(interpod).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn values(&self, keys: &[Vec<usize>], node: usize) -> impl Iterator<Item = Option<usize>> {
        let of = move |(question, keys): (&Question<'r>, &Vec<usize>)| {
            keys.iter().map(|key| question.topology.value(*key, node)).collect::<Vec<_>>()
        };
        self.questions.iter().zip(keys).flat_map(of)
    }

    /// Per key and value how many spots have it.
    fn shared_values(
        &self,
        keys: &[Vec<usize>],
        spots: impl Iterator<Item = usize>,
    ) -> BTreeMap<(usize, usize), usize> {
        let mut shared = BTreeMap::new();
        for node in spots {
            for (place, value) in self.values(keys, node).enumerate() {
                *shared.entry((place, value.unwrap_or(usize::MAX))).or_insert(0) += 1;
            }
        }
        shared
    }

    fn value_keys(&self, keys: &[Vec<usize>], shared: &BTreeMap<(usize, usize), usize>, node: usize) -> Vec<ValueKey> {
        let places =
            self.questions.iter().zip(keys).flat_map(|(question, keys)| keys.iter().map(move |key| (question, *key)));
        (places.enumerate())
            .map(|(place, (question, key))| match question.topology.value(key, node) {
                None => ValueKey::Missing,
                Some(value) if shared.get(&(place, value)).is_some_and(|spots| *spots > 1) => ValueKey::Shared(value),
                Some(value) => {
                    let mut profile = Vec::new();
                    question.counts.spread.profile(&question.spread, key, value, &mut profile);
                    question.counts.interpod.profile(&question.interpod, key, value, &mut profile);
                    ValueKey::Own(profile)
                }
            })
            .collect()
    }
}

impl State {
    /// The total of one entry of all contents: pods of `kind` that are alive, or that are terminating.
    pub(super) fn pods(&self, kind: usize) -> (u32, u32) {
        let sum = |entry: usize| self.0.iter().map(|(_, content)| u32::from(content[entry])).sum();
        (sum(2 * kind), sum(2 * kind + 1))
    }

    /// Whether no equal entry stands before this one.
    fn is_first_of_equals(&self, at: usize) -> bool {
        at == 0 || self.0[at - 1] != self.0[at]
    }

    fn with(&self, at: usize, change: impl Fn(&mut Content)) -> Self {
        let mut state = self.clone();
        change(&mut state.0[at].1);
        if state.0[at].1.iter().all(|pods| *pods == 0) {
            state.0.remove(at);
        }
        state.sorted()
    }

    fn sorted(mut self) -> Self {
        self.0.sort_unstable();
        self
    }
}

impl Slots {
    fn of_node(node: &NodeRoom) -> Self {
        let free = node.free();
        let [milli_cpu, memory, storage] = free.amounts.each();
        let taken = Load { ports: node.load.ports.clone(), ..Load::default() };
        Self::Load { free: [free.pods, milli_cpu, memory, storage], total: node.allocatable.amounts.each(), taken }
    }
}

/// How many pods like `pod` the node takes at most: by resources, and one if they want the same host port.
fn slots(node: &NodeRoom, pod: &Occupant) -> i64 {
    let nothing = Load::default();
    if !node.has_ports(&pod.ports, &nothing) {
        return 0;
    }
    let free = node.free();
    let by_amount = pod.requests.each().into_iter().zip(free.amounts.each());
    let slots = by_amount.filter(|(wanted, _)| *wanted > 0).map(|(wanted, free)| free.div_euclid(wanted));
    let slots = slots.min().unwrap_or(i64::MAX).min(free.pods).max(0);
    if super::ports::clash(&pod.ports, &pod.ports) { slots.min(1) } else { slots }
}
