//! "Which nodes would take one more of these pods?", answered as kube-scheduler's filters answer it.

use std::collections::BTreeMap;

use super::affinity::Shortlist;
use super::incoming::Incoming;
use super::interpod::{InterPodCounts, InterPodRules, InterPodWeight};
use super::occupant::Occupant;
use super::room::{Load, Node, NodeRoom, Room};
use super::spread::{SpreadCounts, SpreadRules, SpreadWeight};
use super::stop::{Stop, scheduler_message};
use super::taints::{tolerates_cordon, untolerated};
use super::topology::Topology;

/// A pod before the nodes. Everything that does not depend on further pods is worked out once; a pod that is placed changes a
/// few counts.
#[derive(Debug, Clone)]
pub struct Question<'r> {
    room: &'r Room,
    incoming: &'r Incoming,
    pub(super) topology: Topology,
    pub(super) spread: SpreadRules,
    pub(super) interpod: InterPodRules,
    /// Per node what stops the pod whatever else is placed.
    fixed: Vec<Option<Stop>>,
    pub(super) counts: Counts,
    /// What was placed, by node.
    added: BTreeMap<usize, Load>,
}

/// Pods that matter, by topology value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) spread: SpreadCounts,
    pub(super) interpod: InterPodCounts,
}

/// What one other pod means for the incoming one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) spread: SpreadWeight,
    pub(super) interpod: InterPodWeight,
}

/// Which nodes take the next pod, and what stops it on the others. Nodes are places in [`Room::nodes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Nodes that pass all filters.
    pub fits: Vec<usize>,
    /// All others, with the first filter that refuses.
    pub stopped: Vec<(usize, Stop)>,
}

impl Room {
    /// Puts a pod before the nodes.
    pub fn ask<'r>(&'r self, incoming: &'r Incoming) -> Question<'r> {
        let mut topology = Topology::default();
        let occupant = &incoming.occupant;
        let spread =
            SpreadRules::new(&incoming.spread, occupant, &incoming.demand, &incoming.tolerations, self, &mut topology);
        let interpod = InterPodRules::new(&incoming.affinity, occupant, self, &mut topology);
        let counts = Counts { spread: spread.counts(&topology), interpod: interpod.counts(&topology) };
        let fixed = fixed_stops(self, incoming);
        let mut question =
            Question { room: self, incoming, topology, spread, interpod, fixed, counts, added: BTreeMap::new() };
        let weights: Vec<Weight> = self.kinds().iter().map(|kind| question.weigh(kind)).collect();
        let nothing = Weight::default();
        for (index, node) in self.nodes().iter().enumerate() {
            for weight in node.standing.iter().map(|pod| &weights[pod.kind]).filter(|weight| **weight != nothing) {
                question.count(index, weight);
            }
        }
        question
    }
}

impl<'r> Question<'r> {
    /// Places a pod on a node (a place in [`Room::nodes`]), whether it fits there or not.
    pub fn place(&mut self, occupant: &Occupant, node: usize) {
        let weight = self.weigh(occupant);
        self.count(node, &weight);
        self.added.entry(node).or_default().add(occupant);
    }

    /// Which nodes would take the next pod.
    pub fn answer(&self) -> Answer {
        let minima = self.spread.minima(&self.counts.spread);
        let nothing = Load::default();
        let mut answer = Answer { fits: Vec::new(), stopped: Vec::new() };
        for (index, node) in self.room.nodes().iter().enumerate() {
            let added = self.added.get(&index).unwrap_or(&nothing);
            let passed = (self.fixed(index))
                .and_then(|()| self.has_room(node, added))
                .and_then(|()| self.spread.check(&self.counts.spread, &minima, &self.topology, index))
                .and_then(|()| self.interpod.check(&self.counts.interpod, &self.topology, index));
            match passed {
                Ok(()) => answer.fits.push(index),
                Err(stop) => answer.stopped.push((index, stop)),
            }
        }
        answer
    }

    /// Cordon, taints, node selector and node affinity.
    pub(super) fn fixed(&self, node: usize) -> Result<(), Stop> {
        self.fixed[node].clone().map_or(Ok(()), Err)
    }

    pub(super) fn is_fixed(&self, node: usize) -> bool {
        self.fixed[node].is_some()
    }

    pub(super) fn has_room(&self, node: &NodeRoom, added: &Load) -> Result<(), Stop> {
        if !node.has_ports(&self.incoming.occupant.ports, added) {
            return Err(Stop::Ports);
        }
        let shortage = node.shortage(self.incoming.occupant.requests, added);
        if shortage.is_any() { Err(Stop::Resources(shortage)) } else { Ok(()) }
    }

    /// What another pod means for this one.
    pub(super) fn weigh(&mut self, other: &Occupant) -> Weight {
        Weight {
            spread: self.spread.weigh(&self.incoming.occupant, other),
            interpod: self.interpod.weigh(&self.incoming.occupant, other, self.room, &mut self.topology),
        }
    }

    fn count(&mut self, node: usize, weight: &Weight) {
        self.counts.add(&self.spread, &self.interpod, weight, &self.topology, node, 1);
    }

    /// The pod that is asked for.
    pub fn incoming(&self) -> &'r Incoming {
        self.incoming
    }
}

impl Counts {
    pub(super) fn add(
        &mut self,
        spread: &SpreadRules,
        interpod: &InterPodRules,
        weight: &Weight,
        topology: &Topology,
        node: usize,
        by: i32,
    ) {
        self.spread.add(spread, &weight.spread, topology, node, by);
        self.interpod.add(interpod, &weight.interpod, topology, node, by);
    }
}

impl Answer {
    /// What the scheduler writes into the pod's condition if no node takes it.
    pub fn message(&self) -> Option<String> {
        let stops: Vec<Stop> = self.stopped.iter().map(|(_, stop)| stop.clone()).collect();
        self.fits.is_empty().then(|| scheduler_message(&stops))
    }
}

fn fixed_stops(room: &Room, incoming: &Incoming) -> Vec<Option<Stop>> {
    let shortlist = incoming.demand.shortlist();
    let opens_cordon = tolerates_cordon(&incoming.tolerations);
    let stop = |node: &Node| {
        match &shortlist {
            Shortlist::All => {}
            Shortlist::Conflict => return Some(Stop::TermsConflict),
            Shortlist::Named(names) if names.contains(&node.name) => {}
            Shortlist::Named(_) => return Some(Stop::NotNamed),
        }
        if node.unschedulable && !opens_cordon {
            return Some(Stop::Unschedulable);
        }
        if let Some(taint) = untolerated(&node.taints, &incoming.tolerations) {
            return Some(Stop::by_taint(taint));
        }
        (!incoming.demand.accepts(&node.name, &node.labels)).then_some(Stop::NodeAffinity)
    };
    room.nodes().iter().map(|room| stop(&room.node)).collect()
}
