//! The nodes with what is on them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

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
    /// What pods are, each once: a large cluster has far fewer kinds of pods than pods.
    kinds: Vec<Arc<Occupant>>,
}

/// One node with the pods that hold room on it.
#[derive(Debug, Clone)]
pub struct NodeRoom {
    /// The node.
    pub node: Node,
    pub(super) allocatable: Allocatable,
    pub(super) load: Load,
    /// The pods that stand there.
    pub(super) standing: Vec<Standing>,
}

/// A pod on a node.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    name: Box<str>,
    /// A place in [`Room::kinds`].
    pub(super) kind: usize,
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
        let namespaces = namespaces.into_iter().collect();
        let mut room = Self { namespaces, ..Self::default() };
        for node in nodes {
            room.add_node(node);
        }
        let mut numbers: HashMap<Arc<Occupant>, usize, BuildHasherDefault<DefaultHasher>> = HashMap::default();
        for pod in pods {
            let node = pod.node.as_ref().and_then(|name| room.by_name.get(name)).copied();
            let Some((node, occupant)) = node.zip(Occupant::of(pod)) else { continue };
            let occupant = Arc::new(occupant);
            let kind = *numbers.entry(occupant.clone()).or_insert(room.kinds.len());
            if kind == room.kinds.len() {
                room.kinds.push(occupant);
            }
            room.nodes[node].put(Standing { name: pod.name.as_str().into(), kind }, &room.kinds);
        }
        room
    }

    /// Adds an empty node.
    pub(super) fn add_node(&mut self, node: Node) {
        self.by_name.insert(node.name.clone(), self.nodes.len());
        let allocatable = Allocatable::of(&node.allocatable);
        self.nodes.push(NodeRoom { node, allocatable, load: Load::default(), standing: Vec::new() });
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
                let lower = |pod: &Standing| self.kinds[pod.kind].priority < priority.unwrap_or(0);
                self.nodes.iter().flat_map(|node| &node.standing).any(lower).then_some(Feature::Preemption)
            }
        }
    }

    /// What the pods in the room are, each once.
    pub(super) fn kinds(&self) -> &[Arc<Occupant>] {
        &self.kinds
    }

    /// The room without the pods of these namespaces and names, and those pods with their nodes.
    pub(super) fn without(&self, names: &BTreeSet<(&str, &str)>) -> (Self, Vec<(usize, Occupant)>) {
        let mut room = self.clone();
        let mut taken = Vec::new();
        let chosen = |pod: &Standing| names.contains(&(self.kinds[pod.kind].namespace.as_str(), &*pod.name));
        for (index, node) in room.nodes.iter_mut().enumerate() {
            if !names.is_empty() && node.standing.iter().any(chosen) {
                let (out, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut node.standing).into_iter().partition(chosen);
                node.load = Load::default();
                kept.into_iter().for_each(|pod| node.put(pod, &self.kinds));
                taken.extend(out.into_iter().map(|pod| (index, Occupant::clone(&self.kinds[pod.kind]))));
            }
        }
        (room, taken)
    }
}

impl NodeRoom {
    fn put(&mut self, pod: Standing, kinds: &[Arc<Occupant>]) {
        self.load.add(&kinds[pod.kind]);
        self.standing.push(pod);
    }

    /// What is left.
    pub fn free(&self) -> Free {
        self.free_beside(&Load::default())
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
