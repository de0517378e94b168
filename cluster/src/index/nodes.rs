//! The nodes, apart from the tenants: they belong to none.

use std::collections::BTreeMap;

use planner::tenant::{ImageSource, ListedVersion, NodeImages};
use planner::version::KubernetesVersion;

use crate::resources::{ImageName, NodeFacts, is_recognised, version_of};

/// What is known of the nodes, by name.
#[derive(Debug, Default)]
pub(super) struct Nodes(BTreeMap<String, NodeFacts>);

impl Nodes {
    /// A node was seen. Whether anything about it is new: most of what a kubelet writes is a heartbeat.
    pub(super) fn set(&mut self, node: NodeFacts) -> bool {
        if self.0.get(&node.name) == Some(&node) {
            return false;
        }
        self.0.insert(node.name.clone(), node);
        true
    }

    /// A node is gone. Whether it was known.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    /// Forgets nodes of other names.
    pub(super) fn retain(&mut self, keep: impl Fn(&String) -> bool) {
        self.0.retain(|name, _| keep(name));
    }

    /// Whether a node lists an image.
    pub(super) fn lists(&self, node: &str, image: &ImageName) -> bool {
        self.0.get(node).is_some_and(|node| node.images.contains(image))
    }

    /// Where a tenant's images are; `None` without a node, or where its images cannot be told from others.
    pub(super) fn images(&self, source: &ImageSource) -> Option<NodeImages> {
        if self.0.is_empty() || !is_recognised(source) {
            return None;
        }
        let mut images = NodeImages { nodes: 0, uncertain: 0, versions: Vec::new() };
        let mut versions: BTreeMap<KubernetesVersion, (u32, u32)> = BTreeMap::new();
        for node in self.0.values().filter(|node| !node.cordoned) {
            let uncertain = u32::from(node.uncertain);
            images.nodes += 1;
            images.uncertain += uncertain;
            for version in node.images.iter().filter_map(|image| version_of(image, source)) {
                let counts = versions.entry(version).or_default();
                *counts = (counts.0 + 1, counts.1 + uncertain);
            }
        }
        images.versions = versions
            .into_iter()
            .map(|(version, (nodes, uncertain))| ListedVersion { version, nodes, uncertain })
            .collect();
        Some(images)
    }
}
