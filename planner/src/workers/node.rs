//! A worker node as the tenant's own API shows it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::skew::{KubeletVerdict, Serving, kubelet};
use crate::runbook::Os;
use crate::tenant::{DeclaredVersion, Reading};

/// The longest name of a Node: a DNS subdomain of RFC 1123 (characters).
const LONGEST_SUBDOMAIN: usize = 253;

/// The longest part of a name between two dots (characters).
const LONGEST_LABEL: usize = 63;

/// The name of a Node that may stand in a script: a lower-case DNS subdomain of RFC 1123, as the API server asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeName(String);

/// The name of a pool of nodes that may stand in a document or a script, by the same rule as a [`NodeName`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PoolName(String);

/// Why a text is no name; no script is made for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeNameError {
    /// Nothing was given.
    #[error("a name is missing; `kubectl get nodes` lists those of the nodes")]
    Empty,
    /// More characters than a name may have.
    #[error(
        "{text:?} is too long for a name: it may have {LONGEST_SUBDOMAIN} characters, and {LONGEST_LABEL} between two dots"
    )]
    TooLong {
        /// The text.
        text: String,
    },
    /// Something that cannot stand in a name.
    #[error(
        "{text:?} is no name of RFC 1123: lower-case letters, digits, `-` and `.`, each part beginning and ending with a letter or digit"
    )]
    Malformed {
        /// The text.
        text: String,
    },
}

/// What is read of a Node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeFacts {
    /// `metadata.name`.
    pub name: String,
    /// The pool it belongs to, by the label that the cluster uses for it.
    pub pool: Option<String>,
    /// `status.nodeInfo.kubeletVersion`.
    pub kubelet: DeclaredVersion,
    /// The tag of the kube-proxy image that runs on it. The Node's own `kubeProxyVersion` was never true and is gone, so the pods
    /// are read for it: when a hop is checked. Nodes that are followed live leave it [`Reading::Waiting`].
    pub kube_proxy: Reading<DeclaredVersion>,
    /// `status.nodeInfo.osImage`: `Ubuntu 24.04.1 LTS`.
    pub os_image: String,
    /// `status.nodeInfo.containerRuntimeVersion`: `containerd://2.0.1`.
    pub runtime: String,
    /// Its condition Ready.
    pub readiness: Readiness,
    /// Whether pods may be scheduled on it.
    pub cordon: Cordon,
}

/// The condition Ready of a Node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Readiness {
    /// True.
    Ready,
    /// False.
    NotReady,
    /// The kubelet has not been heard of.
    Unknown,
}

/// Whether pods may be scheduled on a Node, and who said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cordon {
    /// Pods may come.
    Schedulable,
    /// A runbook cordoned it, and will uncordon it.
    ByRunbook,
    /// Somebody else cordoned it. It stays so.
    BySomebody,
}

impl NodeFacts {
    /// The operating system, by the text of its image.
    pub fn os(&self) -> Os {
        Os::of_image(&self.os_image)
    }

    /// What the skew policy says of its kubelet; `None` while its version cannot be read.
    pub fn kubelet_verdict(&self, serving: Serving) -> Option<KubeletVerdict> {
        let version = self.kubelet.parsed().ok()?;
        Some(kubelet(version.minor(), serving))
    }
}

impl NodeName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PoolName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn subdomain(text: &str) -> Result<String, NodeNameError> {
    let text = text.to_owned();
    if text.is_empty() {
        return Err(NodeNameError::Empty);
    }
    if text.len() > LONGEST_SUBDOMAIN || text.split('.').any(|label| label.len() > LONGEST_LABEL) {
        return Err(NodeNameError::TooLong { text });
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        ends.into_iter().all(|end| end.copied().is_some_and(plain)) && bytes.iter().all(|&it| plain(it) || it == b'-')
    };
    if text.split('.').all(is_label) { Ok(text) } else { Err(NodeNameError::Malformed { text }) }
}

impl FromStr for NodeName {
    type Err = NodeNameError;

    fn from_str(text: &str) -> Result<Self, NodeNameError> {
        subdomain(text).map(Self)
    }
}

impl FromStr for PoolName {
    type Err = NodeNameError;

    fn from_str(text: &str) -> Result<Self, NodeNameError> {
        subdomain(text).map(Self)
    }
}

impl TryFrom<String> for NodeName {
    type Error = NodeNameError;

    fn try_from(text: String) -> Result<Self, NodeNameError> {
        text.parse()
    }
}

impl TryFrom<String> for PoolName {
    type Error = NodeNameError;

    fn try_from(text: String) -> Result<Self, NodeNameError> {
        text.parse()
    }
}

impl From<NodeName> for String {
    fn from(name: NodeName) -> Self {
        name.0
    }
}

impl From<PoolName> for String {
    fn from(name: PoolName) -> Self {
        name.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PoolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "ready",
            Self::NotReady => "not ready",
            Self::Unknown => "not heard of",
        })
    }
}

impl fmt::Display for Cordon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Schedulable => "schedulable",
            Self::ByRunbook => "cordoned by its runbook",
            Self::BySomebody => "cordoned by somebody else; it stays so",
        })
    }
}
