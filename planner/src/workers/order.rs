//! Which node comes when.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::node::{NodeFacts, Readiness};
use super::passes::{PassesError, passes};
use crate::releases::ReleaseTable;
use crate::version::KubernetesVersion;

/// How many nodes of a pool are upgraded at once; one unless a person says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pace(pub NonZeroUsize);

/// The nodes that are due, in turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Order {
    /// What is due, first turn first.
    pub steps: Vec<NodeStep>,
    /// Names of the nodes that have the version already.
    pub done: Vec<String>,
    /// Nodes that cannot have a turn, with the reason in words.
    pub left_out: Vec<(String, String)>,
}

/// The turn of one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeStep {
    /// Its turn, counted from 1. Nodes of one turn are upgraded at once.
    pub turn: usize,
    /// Its pool.
    pub pool: Option<String>,
    /// Its name.
    pub node: String,
    /// How many uses of kubeadm it needs, and so how many drains.
    pub passes: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self(NonZeroUsize::MIN)
    }
}

/// Puts the nodes that are due for `target` in order: pool by pool, by name; within one the oldest kubelet first, so that what
/// skew presses most is done first. Nodes of two pools never share a turn. A node that is not ready has none: its drain would
/// leave pods behind that nobody ends.
pub fn order(nodes: &[NodeFacts], target: &KubernetesVersion, releases: &ReleaseTable, pace: Pace) -> Order {
    let mut due = Vec::new();
    let mut order = Order { steps: Vec::new(), done: Vec::new(), left_out: Vec::new() };
    for node in nodes {
        let leave_out = |why: String| (node.name.clone(), why);
        let kubelet = match node.kubelet.parsed() {
            Ok(kubelet) => kubelet,
            Err(error) => {
                order.left_out.push(leave_out(format!("Its kubelet's version cannot be read: {error}.")));
                continue;
            }
        };
        match passes(&kubelet, target, releases) {
            Err(PassesError::SameVersion(_)) => order.done.push(node.name.clone()),
            Err(error) => order.left_out.push(leave_out(format!("There is no way for it: {error}."))),
            Ok(_) if node.readiness != Readiness::Ready => {
                order.left_out.push(leave_out(format!("It is {}; repair or remove it first.", node.readiness)));
            }
            Ok(passes) => due.push((node, kubelet, passes.len())),
        }
    }
    due.sort_by(|(one, old, _), (other, older, _)| (&one.pool, old, &one.name).cmp(&(&other.pool, older, &other.name)));
    let mut turn = 0;
    let mut in_turn = 0;
    let mut pool = None;
    for (node, _, passes) in due {
        if turn == 0 || pool != Some(&node.pool) || in_turn == pace.0.get() {
            turn += 1;
            in_turn = 0;
        }
        in_turn += 1;
        pool = Some(&node.pool);
        order.steps.push(NodeStep { turn, pool: node.pool.clone(), node: node.name.clone(), passes });
    }
    order
}
