//! The nodes of a tenant as they are seen while somebody looks.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::gates::KubeletConfig;
use super::node::NodeFacts;
use crate::tenant::{DeclaredVersion, Reading};
use crate::tenant_api::NotAsked;
use crate::time::UnixMillis;

/// What is seen of a tenant's nodes, or why nothing is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LiveWorkers {
    /// The first list has not come yet.
    Waiting,
    /// The tenant's API is not asked; why. It is tried again.
    NotAsked(NotAsked),
    /// Connected: this is how they are.
    Live(Workers),
    /// The connection is lost, or nodes may not be read; it is tried again.
    Lost {
        /// How they were last seen, if they were.
        last: Option<Workers>,
        /// Since when.
        since: UnixMillis,
        /// Why.
        why: String,
    },
}

/// The nodes of a tenant, and what `kubeadm` on them reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workers {
    /// By name.
    pub nodes: Vec<NodeFacts>,
    /// `kubernetesVersion` of `kube-system/kubeadm-config`.
    pub kubeadm_config: Reading<DeclaredVersion>,
    /// `kube-system/kubelet-config`.
    pub kubelet_config: Reading<KubeletConfig>,
    /// When something last changed.
    pub seen_at: UnixMillis,
}

impl Workers {
    /// Whether all is as it is there, whenever either was seen.
    pub fn is_like(&self, other: &Self) -> bool {
        let Self { nodes, kubeadm_config, kubelet_config, seen_at: _ } = self;
        *nodes == other.nodes && *kubeadm_config == other.kubeadm_config && *kubelet_config == other.kubelet_config
    }
}

impl LiveWorkers {
    /// How the nodes are, or were when they were last seen.
    pub fn workers(&self) -> Option<&Workers> {
        match self {
            Self::Live(workers) => Some(workers),
            Self::Lost { last, .. } => last.as_ref(),
            Self::Waiting | Self::NotAsked(_) => None,
        }
    }

    /// Whether what is shown is how it is now.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }
}

impl fmt::Display for LiveWorkers {
    /// One sentence for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("The nodes have not been listed yet."),
            Self::NotAsked(why) => write!(f, "The nodes are not shown live: {why}."),
            Self::Live(workers) => match workers.nodes.len() {
                0 => f.write_str("There is no node."),
                1 => f.write_str("One node, shown as it is now."),
                nodes => write!(f, "{nodes} nodes, shown as they are now."),
            },
            Self::Lost { last: None, since, why } => write!(f, "The nodes cannot be seen since {since}: {why}."),
            Self::Lost { last: Some(_), since, why } => {
                write!(f, "The nodes are shown as they were on {since}: {why}.")
            }
        }
    }
}
