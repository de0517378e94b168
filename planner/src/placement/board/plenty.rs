//! Whether there is so much room that nothing the scheduler chooses can make it short. Saves the search where clusters are
//! large and not full, which is where it would be longest.
//!
//! The argument is a count. A pod on the board takes room on one node, and keeps further pods out of one value of each topology
//! key at most. Under a spread constraint the emptiest domain is always allowed, so that each domain needs a node that is left;
//! where each node is a domain of its own, one without any counted pod is allowed.

use std::collections::BTreeMap;

use super::Board;
use super::classes::slots;
use crate::placement::room::Load;

impl Board<'_> {
    /// Whether each new pod finds a node at any time, if at most `new_at_once` of them exist together and the pods that stand on
    /// nodes now may leave in any order. `false` only means that it takes a search to know.
    pub(in crate::placement) fn has_plenty(&self, new_at_once: usize) -> bool {
        new_at_once == 0 || (0..self.questions.len()).all(|kind| self.has_plenty_for(kind, new_at_once - 1))
    }

    fn has_plenty_for(&self, kind: usize, others: usize) -> bool {
        let question = &self.questions[kind];
        let topology = &question.topology;
        let weights = &self.weights[kind];
        if weights.iter().any(|weight| weight.interpod.attracts()) {
            return false;
        }
        let mut sound: Vec<usize> = (0..self.room.nodes().len()).filter(|node| self.is_sound(kind, *node)).collect();

        let largest = |key: usize, nodes: &[usize]| {
            let mut sizes: BTreeMap<Option<usize>, usize> = BTreeMap::new();
            nodes.iter().for_each(|node| *sizes.entry(topology.value(key, *node)).or_insert(0) += 1);
            sizes.into_values().max().unwrap_or(0)
        };
        let mut blocking: Vec<usize> =
            weights.iter().flat_map(|weight| weight.interpod.keys(&question.interpod)).collect();
        let mut by_domain = None;
        for constraint in 0..question.spread.len() {
            let key = question.spread.key(constraint);
            if largest(key, &sound) <= 1 {
                let is_empty = |value: usize| question.counts.spread.count(constraint, value) == 0;
                sound.retain(|node| topology.value(key, *node).is_some_and(is_empty));
                blocking.push(key);
            } else if question.spread.has_few_domains(constraint) || by_domain.replace(constraint).is_some() {
                return false;
            }
        }
        blocking.sort_unstable();
        blocking.dedup();

        let blockers =
            others + self.standing.values().map(|load| usize::try_from(load.pods).unwrap_or(0)).sum::<usize>();
        let lost: usize = blocking.iter().map(|key| largest(*key, &sound)).sum();
        let needed = blockers.saturating_mul(lost).saturating_add(others);
        let is_enough = |nodes: &mut dyn Iterator<Item = &usize>| match blocking.is_empty() {
            true => nodes.map(|node| self.slots_left(kind, *node)).fold(0, usize::saturating_add) > needed,
            false => nodes.count() > needed,
        };
        match by_domain {
            None => is_enough(&mut sound.iter()),
            Some(constraint) => {
                let key = question.spread.key(constraint);
                let mut nodes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
                for node in &sound {
                    nodes.entry(topology.value(key, *node).unwrap_or(usize::MAX)).or_default().push(*node);
                }
                let of = |value: usize| nodes.get(&value).map_or(&[][..], Vec::as_slice);
                question.spread.domains(constraint).all(|value| is_enough(&mut of(value).iter()))
            }
        }
    }

    /// Whether a node takes a pod as long as no other one comes, with all pods that may leave still there.
    fn is_sound(&self, kind: usize, node: usize) -> bool {
        let question = &self.questions[kind];
        let nothing = Load::default();
        let standing = self.standing.get(&node).unwrap_or(&nothing);
        self.is_open(kind, node)
            && question.has_room(&self.room.nodes()[node], standing).is_ok()
            && question.spread.keys().all(|key| question.topology.value(key, node).is_some())
            && question.interpod.check(&question.counts.interpod, &question.topology, node).is_ok()
    }

    /// How many new pods a node takes beside those that stand there. With new pods of different sizes only one is counted.
    fn slots_left(&self, kind: usize, node: usize) -> usize {
        let nothing = Load::default();
        let standing = self.standing.get(&node).unwrap_or(&nothing);
        let left = slots(&self.room.nodes()[node], &self.kinds[kind], standing);
        let new = self.kinds.iter().take(self.questions.len());
        let equal = new
            .into_iter()
            .all(|other| other.requests == self.kinds[kind].requests && other.ports == self.kinds[kind].ports);
        usize::try_from(if equal { left } else { left.min(1) }).unwrap_or(usize::MAX)
    }
}
