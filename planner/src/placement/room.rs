//! The nodes with what is on them.

use std::collections::BTreeMap;

use super::feature::Feature;
use super::incoming::Incoming;
use super::labels::Labels;
use super::occupant::Occupant;
use super::pod::Pod;
use super::ports::{HostPort, clash};
use super::resources::{Allocatable, Amounts, ResourceList};
use super::stop::Shortage;
use super::taints::Taint;

/// A node, as far as scheduling reads it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// Whether it is cordoned (`spec.unschedulable`).
    pub unschedulable: bool,
    /// `status.allocatable`.
    pub allocatable: ResourceList,
}

/// All nodes with the pods that hold room on them, and the namespaces' labels.
#[derive(Debug, Clone, Default)]
pub struct Room {
    nodes: Vec<NodeRoom>,
    by_name: BTreeMap<String, usize>,
    namespaces: BTreeMap<String, Labels>,
}

/// One node with the pods that hold room on it.
#[derive(Debug, Clone)]
pub struct NodeRoom {
    /// The node.
    pub node: Node,
    pub(super) allocatable: Allocatable,
    pub(super) load: Load,
    pub(super) occupants: Vec<Occupant>,
}

/// What pods on a node hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Load {
    pub(super) amounts: Amounts,
    pub(super) pods: i64,
    pub(super) ports: Vec<HostPort>,
}

/// What a node has left. Negative where more is requested than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Free {
    /// CPU, memory and storage.
    pub amounts: Amounts,
    /// Pods.
    pub pods: i64,
}

impl Room {
    /// The room as it stands. Pods that wait, that have ended or whose node does not exist hold none.
    pub fn new<'p>(
        nodes: impl IntoIterator<Item = Node>,
        namespaces: impl IntoIterator<Item = (String, Labels)>,
        pods: impl IntoIterator<Item = &'p Pod>,
    ) -> Self {
        let mut room =
            Self { nodes: Vec::new(), by_name: BTreeMap::new(), namespaces: namespaces.into_iter().collect() };
        for node in nodes {
            room.add_node(node);
        }
        for pod in pods {
            let node = pod.node.as_ref().and_then(|name| room.by_name.get(name)).copied();
            if let Some((node, occupant)) = node.zip(Occupant::of(pod)) {
                room.nodes[node].put(occupant);
            }
        }
        room
    }

    /// Adds an empty node.
    pub(super) fn add_node(&mut self, node: Node) {
        self.by_name.insert(node.name.clone(), self.nodes.len());
        let allocatable = Allocatable::of(&node.allocatable);
        self.nodes.push(NodeRoom { node, allocatable, load: Load::default(), occupants: Vec::new() });
    }

    /// The nodes, in the order in which they were given.
    pub fn nodes(&self) -> &[NodeRoom] {
        &self.nodes
    }

    /// The place of a node in [`Room::nodes`].
    pub fn node_index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// `None` if the namespace does not exist.
    pub(super) fn namespace_labels(&self, namespace: &str) -> Option<&Labels> {
        self.namespaces.get(namespace)
    }

    pub(super) fn namespaces(&self) -> impl Iterator<Item = (String, Labels)> {
        self.namespaces.iter().map(|(name, labels)| (name.clone(), labels.clone()))
    }

    /// What makes it possible that the scheduler evicts pods for this one.
    pub(super) fn preemption_by(&self, incoming: &Incoming) -> Option<Feature> {
        let spec = &incoming.admitted.spec;
        if !incoming.may_preempt {
            return None;
        }
        match (&spec.priority_class_name, spec.priority) {
            (Some(class), None) if !class.is_empty() => Some(Feature::PriorityClass(class.clone())),
            (_, priority) => {
                let mut pods = self.nodes.iter().flat_map(|node| &node.occupants);
                pods.any(|pod| pod.priority < priority.unwrap_or(0)).then_some(Feature::Preemption)
            }
        }
    }

    /// The room without the pods that `chosen` picks, and those pods with their nodes.
    pub(super) fn without(&self, chosen: impl Fn(&Occupant) -> bool) -> (Self, Vec<(usize, Occupant)>) {
        let mut room = self.clone();
        let mut taken = Vec::new();
        for (index, node) in room.nodes.iter_mut().enumerate() {
            if node.occupants.iter().any(&chosen) {
                let (out, kept) =
                    std::mem::take(&mut node.occupants).into_iter().partition(|occupant| chosen(occupant));
                node.load = Load::default();
                Vec::into_iter(kept).for_each(|occupant| node.put(occupant));
                taken.extend(Vec::into_iter(out).map(|occupant| (index, occupant)));
            }
        }
        (room, taken)
    }
}

impl NodeRoom {
    fn put(&mut self, occupant: Occupant) {
        self.load.add(&occupant);
        self.occupants.push(occupant);
    }

    /// What is left.
    pub fn free(&self) -> Free {
        self.free_beside(&Load::default())
    }

    /// The pods on it.
    pub fn occupants(&self) -> &[Occupant] {
        &self.occupants
    }

    pub(super) fn free_beside(&self, added: &Load) -> Free {
        Free {
            amounts: self.allocatable.amounts.minus(self.load.amounts).minus(added.amounts),
            pods: self.allocatable.pods.saturating_sub(self.load.pods).saturating_sub(added.pods),
        }
    }

    pub(super) fn has_ports(&self, wanted: &[HostPort], added: &Load) -> bool {
        wanted.is_empty() || !clash(wanted, &self.load.ports) && !clash(wanted, &added.ports)
    }

    /// What is short for one more pod (`fitsRequest`). A resource that the pod does not request is not looked at, however
    /// overcommitted it is.
    pub(super) fn shortage(&self, wanted: Amounts, added: &Load) -> Shortage {
        let free = self.free_beside(added);
        let missing = |wanted: i64, free: i64| if wanted > 0 { wanted.saturating_sub(free).max(0) } else { 0 };
        let shortage = Shortage {
            pods: free.pods < 1,
            milli_cpu: missing(wanted.milli_cpu, free.amounts.milli_cpu),
            memory: missing(wanted.memory, free.amounts.memory),
            ephemeral_storage: missing(wanted.ephemeral_storage, free.amounts.ephemeral_storage),
            too_small: false,
        };
        let all = self.allocatable.amounts.each();
        Shortage {
            too_small: wanted.each().iter().zip(all).any(|(wanted, all)| *wanted > 0 && *wanted > all),
            ..shortage
        }
    }
}

impl Load {
    pub(super) fn add(&mut self, occupant: &Occupant) {
        self.amounts = self.amounts.plus(occupant.requests);
        self.pods += 1;
        self.ports.extend(occupant.ports.iter().cloned());
    }
}
