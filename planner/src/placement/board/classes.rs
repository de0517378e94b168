//! Which nodes are one spot, and which spots are exchangeable.

use std::collections::BTreeMap;

use super::{Board, Class, Spot};
use crate::placement::occupant::Occupant;
use crate::placement::ports::clash;
use crate::placement::question::Question;
use crate::placement::room::{Load, NodeRoom};

/// How much a spot takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slots {
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
    /// Different pods come to it, so that slots do not say how many fit.
    by_load: bool,
}

/// Nodes with equal answers.
#[derive(Default)]
struct Pool {
    /// How many pods they take, standing ones included.
    slots: i64,
    /// Pods that stand there and may leave.
    standing: i64,
    nodes: Vec<usize>,
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
    /// All classes, and for each node on the board its class and spot. `places` are the nodes on which pods stand that may leave,
    /// once for each pod; at most `most` placed pods exist at the same time.
    pub(super) fn classes(
        &self,
        places: &[(usize, usize)],
        most: usize,
    ) -> (Vec<Class>, BTreeMap<usize, (usize, usize)>) {
        let keys: Vec<Vec<usize>> = (0..self.questions.len()).map(|question| self.changing_keys(question)).collect();
        let pools = self.pools(places, &keys);
        let shared = self.shared_values(&keys, pools.values().map(|pool| pool.nodes[0]));
        let mut classes: BTreeMap<ClassKey, Vec<(Spot, Vec<usize>)>> = BTreeMap::new();
        for (pool_key, Pool { slots, standing, nodes }) in pools {
            let node = nodes[0];
            let useful = standing.saturating_add(count(self.most_new_on(node, most)));
            let slots = if pool_key.by_load {
                Slots::of_node(&self.room.nodes()[node])
            } else {
                Slots::Count(slots.min(useful))
            };
            let key = ClassKey {
                open: pool_key.open.clone(),
                included: pool_key.included,
                slots: slots.clone(),
                values: self.value_keys(&keys, &shared, node),
            };
            classes.entry(key).or_default().push((Spot { node, slots, open: pool_key.open }, nodes));
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

    /// Nodes with equal answers together. Their slots add up as long as all pods that come to them hold the same.
    fn pools(&self, places: &[(usize, usize)], keys: &[Vec<usize>]) -> BTreeMap<PoolKey, Pool> {
        let like_the_first =
            |kind: &Occupant| kind.requests == self.kinds[0].requests && kind.ports == self.kinds[0].ports;
        let all_equal = self.kinds.iter().all(like_the_first);
        let new_equal = self.kinds.iter().take(self.questions.len()).all(like_the_first);
        let mut standing_on: BTreeMap<usize, i64> = BTreeMap::new();
        for (node, _) in places {
            *standing_on.entry(*node).or_insert(0) += 1;
        }
        let mut pools: BTreeMap<PoolKey, Pool> = BTreeMap::new();
        for (index, node) in self.room.nodes().iter().enumerate() {
            let standing = standing_on.get(&index).copied().unwrap_or(0);
            let open: Vec<bool> = (0..self.questions.len()).map(|question| self.is_open(question, index)).collect();
            if standing == 0 && !open.contains(&true) {
                continue;
            }
            let by_load = if standing > 0 { !all_equal } else { !new_equal };
            let slots = if by_load { 0 } else { slots(node, &self.kinds[0], &Load::default()) };
            let key = PoolKey {
                open,
                included: self.questions.iter().flat_map(|question| question.spread.included(index)).collect(),
                values: self.values(keys, index).collect(),
                alone: (by_load || slots < standing).then_some(index),
                by_load,
            };
            let pool = pools.entry(key).or_default();
            pool.slots = pool.slots.saturating_add(slots);
            pool.standing += standing;
            pool.nodes.push(index);
        }
        pools
    }

    /// How many new pods can be on a spot at the same time as far as they allow each other, `most` at the most: one of each kind
    /// where a pod keeps further ones of its kind away. More slots than that would only make equal spots look different.
    fn most_new_on(&self, node: usize, most: usize) -> usize {
        let keeps_away = |kind: usize| {
            let question = &self.questions[kind];
            let weight = &self.weights[kind][2 * kind].interpod;
            weight.repelling_keys().any(|key| question.topology.value(key, node).is_some())
        };
        let kinds = self.questions.len();
        if (0..kinds).all(keeps_away) { most.min(kinds) } else { most }
    }

    /// Whether a node is open for a kind as far as the pods on the board do not matter.
    pub(super) fn is_open(&self, question: usize, node: usize) -> bool {
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

impl Slots {
    fn of_node(node: &NodeRoom) -> Self {
        let free = node.free();
        let [milli_cpu, memory, storage] = free.amounts.each();
        let taken = Load { ports: node.load.ports.clone(), ..Load::default() };
        Self::Load { free: [free.pods, milli_cpu, memory, storage], total: node.allocatable.amounts.each(), taken }
    }
}

/// How many pods like `pod` the node takes at most beside `added`: by resources, and one if they want the same host port.
pub(super) fn slots(node: &NodeRoom, pod: &Occupant, added: &Load) -> i64 {
    if !node.has_ports(&pod.ports, added) {
        return 0;
    }
    let free = node.free_beside(added);
    let by_amount = pod.requests.each().into_iter().zip(free.amounts.each());
    let slots = by_amount.filter(|(wanted, _)| *wanted > 0).map(|(wanted, free)| free.div_euclid(wanted));
    let slots = slots.min().unwrap_or(i64::MAX).min(free.pods).max(0);
    if clash(&pod.ports, &pod.ports) { slots.min(1) } else { slots }
}

fn count(pods: usize) -> i64 {
    i64::try_from(pods).unwrap_or(i64::MAX)
}
