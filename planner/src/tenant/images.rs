//! Which images of the API server stand on the nodes already.

use serde::{Deserialize, Serialize};

use crate::version::KubernetesVersion;

/// How many images a kubelet lists in `Node.status.images` unless told otherwise (`nodeStatusMaxImages`), the largest first.
pub const LISTED_IMAGES: usize = 50;

/// The shortest pull (ms). Kamaji sets `imagePullPolicy: Always` on the API server, so a kubelet that has the image asks the
/// registry all the same whether the tag still stands for it, and reports that in the words of a pull. What is over sooner
/// than this is taken for such a question.
pub const SHORTEST_PULL_MS: i64 = 1_000;

/// Where Kamaji takes the image of one tenant's API server from: `spec.controlPlane.deployment.registrySettings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageSource {
    /// Registry and path, in full: `registry.k8s.io/kube-apiserver`.
    pub repository: String,
    /// What follows the version in each tag.
    pub tag_suffix: Option<String>,
}

impl ImageSource {
    /// The tag of a version.
    pub fn tag(&self, version: &KubernetesVersion) -> String {
        format!("{version}{}", self.tag_suffix.as_deref().unwrap_or_default())
    }

    /// The image of a version: `registry.k8s.io/kube-apiserver:v1.36.4`.
    pub fn image(&self, version: &KubernetesVersion) -> String {
        format!("{}:{}", self.repository, self.tag(version))
    }
}

/// On how many nodes the images of the API server are listed, of the repository that one tenant's pods take them from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeImages {
    /// Nodes that take new pods: those that are not cordoned (`spec.unschedulable`). Taints, selectors and affinity are not
    /// looked at, so a tenant's pods may find fewer.
    pub nodes: u32,
    /// Of them, nodes whose list may lack images they have: it is empty or has [`LISTED_IMAGES`] entries or more. Whether a
    /// longer list is whole cannot be told, since the limit is a setting of each kubelet.
    pub uncertain: u32,
    /// The versions that are listed anywhere, ascending, each once.
    pub versions: Vec<ListedVersion>,
}

/// On how many nodes one version is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedVersion {
    /// The version; the tag of the image without the registry's suffix.
    pub version: KubernetesVersion,
    /// Nodes that list it, of those that take new pods.
    pub nodes: u32,
    /// Of these, nodes whose list is [uncertain](NodeImages::uncertain) about other images.
    pub uncertain: u32,
}

/// Where the image of one version is, of the nodes that take new pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePresence {
    /// Nodes that list it.
    pub listed: u32,
    /// Nodes that do not list it, but whose list may not be whole.
    pub perhaps: u32,
    /// Nodes in all.
    pub nodes: u32,
}

impl NodeImages {
    /// Where the image of this version is.
    pub fn presence(&self, version: &KubernetesVersion) -> ImagePresence {
        let listed = self.versions.iter().find(|listed| listed.version == *version);
        let (on, uncertain) = listed.map_or((0, 0), |listed| (listed.nodes, listed.uncertain));
        ImagePresence { listed: on, perhaps: self.uncertain.saturating_sub(uncertain), nodes: self.nodes }
    }
}

impl ImagePresence {
    /// Every node has it for certain, so no new pod pulls it.
    pub fn everywhere(self) -> bool {
        self.nodes > 0 && self.listed >= self.nodes
    }

    /// Some node has it, or may have it, so a new pod may start without a pull.
    pub fn may_be_somewhere(self) -> bool {
        self.listed > 0 || self.perhaps > 0
    }
}
