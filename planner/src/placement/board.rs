//! A board on which pods come and go, so that sequences of the scheduler's choices can be searched.
//!
//! Nodes that cannot be told apart are one. First, nodes with equal answers to every filter are pooled into a *spot* whose
//! slots add up: which of them takes a pod changes nothing for the next one. Then spots that differ only in topology values
//! of their own (hostnames) form a *class*: exchanging two of them exchanges nothing that a filter sees. A state is therefore
//! what lies on the spots of each class, in no order.

mod classes;
mod plenty;

use std::collections::BTreeMap;

use self::classes::Slots;
use super::incoming::Incoming;
use super::occupant::Occupant;
use super::question::{Counts, Question, Weight};
use super::room::{Load, Room};

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
    /// What the pods that may leave hold in the beginning, by node.
    standing: BTreeMap<usize, Load>,
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

impl<'r> Board<'r> {
    /// A board on `room`. The first kinds are `incoming`; `movers` are pods that stand on nodes now and may leave, they must not
    /// be part of `room`. At most `most` placed pods will exist at the same time. Gives the state with the movers where they are.
    pub(super) fn new(
        room: &'r Room,
        incoming: &'r [Incoming],
        movers: &[(usize, Occupant)],
        most: usize,
    ) -> (Self, State) {
        let mut kinds: Vec<Occupant> = incoming.iter().map(|incoming| incoming.occupant.clone()).collect();
        let mut places: Vec<(usize, usize)> = Vec::with_capacity(movers.len());
        let mut standing: BTreeMap<usize, Load> = BTreeMap::new();
        for (node, mover) in movers {
            standing.entry(*node).or_default().add(mover);
            let kind = Occupant { deleting: false, ..mover.clone() };
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
        let mut board = Self { room, kinds, questions, weights, classes: Vec::new(), standing };
        let (classes, class_of_node) = board.classes(&places, most);
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
