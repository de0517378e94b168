//! What a node autoscaler would be asked for.

use std::fmt;

use super::incoming::Incoming;
use super::room::{Load, Node, NodeRoom, Room};

const HOSTNAME: &str = "kubernetes.io/hostname";
/// Taints that say how a node is doing; a new node has none of them.
const CONDITION_TAINTS: &str = "node.kubernetes.io/";

/// Whether something adds nodes when pods wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Autoscaler {
    /// Nothing is known of one.
    #[default]
    NotKnown,
    /// There is one.
    Present,
}

/// Nodes that a node autoscaler would have to add for all pods to find room at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodesWanted {
    /// How many.
    pub nodes: u32,
    /// The existing node whose shape they would have.
    pub like: String,
}

/// The largest existing shape of which a new, empty node would be looked at for the pod: by CPU, then by memory.
pub(super) fn shape(room: &Room, incoming: &Incoming) -> Option<Node> {
    let as_if_empty = Room::new(room.nodes().iter().map(|room| as_new(&room.node)), room.namespaces(), []);
    let question = as_if_empty.ask(incoming);
    let takes = |(index, room): &(usize, &NodeRoom)| {
        question.fixed(*index).is_ok() && question.has_room(room, &Load::default()).is_ok()
    };
    let nodes = as_if_empty.nodes().iter().enumerate().filter(takes);
    nodes.max_by_key(|(_, room)| room.allocatable.amounts).map(|(_, room)| room.node.clone())
}

/// `room` with so many empty nodes of a shape.
pub(super) fn with_nodes(room: &Room, shape: &Node, nodes: u32) -> Room {
    let mut larger = room.clone();
    for number in 1..=nodes {
        let name = format!("{} (new {number})", shape.name);
        let mut node = Node { name: name.clone(), ..shape.clone() };
        if let Some(hostname) = node.labels.get_mut(HOSTNAME) {
            *hostname = name;
        }
        larger.add_node(node);
    }
    larger
}

fn as_new(node: &Node) -> Node {
    let taints = node.taints.iter().filter(|taint| !taint.key.starts_with(CONDITION_TAINTS)).cloned().collect();
    Node { taints, unschedulable: false, ..node.clone() }
}

impl fmt::Display for NodesWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nodes {
            1 => write!(f, "an autoscaler would ask for 1 node like {}", self.like),
            nodes => write!(f, "an autoscaler would ask for {nodes} nodes like {}", self.like),
        }
    }
}
