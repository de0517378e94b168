//! Worker nodes, and what a person does at one of them.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::TenantCluster;
use crate::json;
use crate::kinds::Kind;
use crate::store::Key;

/// A worker node to begin with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Worker<'a> {
    pub(crate) name: &'a str,
    pub(crate) kubelet: &'a str,
    /// `status.nodeInfo.osImage`.
    pub(crate) os: &'a str,
    pub(crate) pool: &'a str,
    pub(crate) ready: bool,
}

impl Default for Worker<'_> {
    fn default() -> Self {
        Self { name: "worker-1", kubelet: "v1.35.6", os: "Ubuntu 24.04.3 LTS", pool: "general", ready: true }
    }
}

/// What was last done at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum NodeStep {
    /// No new pod comes.
    Cordoned,
    /// Its pods are elsewhere.
    Drained,
    /// The new kubelet starts; the node is not ready meanwhile.
    Upgraded,
    /// The kubelet reports.
    Ready,
    /// Pods may come again.
    Uncordoned,
}

impl NodeStep {
    fn after(last: Option<Self>) -> Self {
        match last {
            None | Some(Self::Uncordoned) => Self::Cordoned,
            Some(Self::Cordoned) => Self::Drained,
            Some(Self::Drained) => Self::Upgraded,
            Some(Self::Upgraded) => Self::Ready,
            Some(Self::Ready) => Self::Uncordoned,
        }
    }
}

impl TenantCluster {
    /// These nodes join, or three with kubelets of `version`.
    pub(crate) fn join_all(&mut self, workers: &[Worker<'_>], version: &str) {
        for worker in workers {
            self.join(worker, worker.kubelet);
        }
        if workers.is_empty() {
            for name in ["worker-1", "worker-2", "worker-3"] {
                self.join(&Worker { name, ..Worker::default() }, version);
            }
        }
    }

    fn join(&mut self, worker: &Worker<'_>, kubelet: &str) {
        let status = if worker.ready { "True" } else { "Unknown" };
        let reason = if worker.ready { "KubeletReady" } else { "NodeStatusUnknown" };
        self.put(
            Kind::Node,
            json!({
                "metadata": {
                    "name": worker.name,
                    "labels": {
                        "kubernetes.io/hostname": worker.name, "kubernetes.io/os": "linux",
                        "kubernetes.io/arch": "amd64", "pool": worker.pool,
                    },
                },
                "spec": {},
                "status": {
                    "allocatable": {"cpu": "8", "memory": "32Gi", "pods": "110"},
                    "capacity": {"cpu": "8", "memory": "32Gi", "pods": "110"},
                    "conditions": [{"type": "Ready", "status": status, "reason": reason}],
                    "nodeInfo": {
                        "kubeletVersion": kubelet, "osImage": worker.os, "operatingSystem": "linux",
                        "architecture": "amd64", "containerRuntimeVersion": "containerd://2.1.4", "kernelVersion": "6.8.0-84-generic",
                    },
                },
            }),
        );
    }

    pub(super) fn step_at_node(&mut self, name: &str) -> Option<(NodeStep, Arc<Value>)> {
        let key = Key::new("", name);
        let step = NodeStep::after(self.steps.get(name).copied());
        let written = self.written.as_ref().map(|(version, _)| version.clone());
        let node = self.change(Kind::Node, &key, |node| match step {
            NodeStep::Cordoned => node["spec"]["unschedulable"] = json!(true),
            NodeStep::Drained => {}
            NodeStep::Upgraded => {
                let from = json::text(node, "/status/nodeInfo/kubeletVersion").unwrap_or_default().to_owned();
                node["status"]["nodeInfo"]["kubeletVersion"] = json!(next_kubelet(&from, written.as_deref()));
                node["status"]["conditions"] =
                    json!([{"type": "Ready", "status": "False", "reason": "KubeletNotReady"}]);
            }
            NodeStep::Ready => {
                node["status"]["conditions"] = json!([{"type": "Ready", "status": "True", "reason": "KubeletReady"}]);
            }
            NodeStep::Uncordoned => {
                json::object_at(node, "spec").remove("unschedulable");
            }
        })?;
        if step == NodeStep::Drained {
            self.evict(name);
        }
        self.steps.insert(name.to_owned(), step);
        Some((step, node))
    }

    /// Pods of DaemonSets stay; the others go to the first node that takes any, or wait without one.
    fn evict(&mut self, node: &str) {
        let open = |it: &Value| it["spec"]["unschedulable"] != json!(true);
        let nodes = self.store.list(Kind::Node, None);
        let other = nodes.filter(|(_, it)| open(it)).map(|(key, _)| key.name.clone()).find(|name| name != node);
        let leaving: Vec<Key> = self
            .store
            .list(Kind::Pod, None)
            .filter(|(_, pod)| json::text(pod, "/spec/nodeName") == Some(node))
            .filter(|(_, pod)| json::controller(pod).is_none_or(|(kind, _)| kind != "DaemonSet"))
            .map(|(key, _)| key.clone())
            .collect();
        for key in leaving {
            self.change(Kind::Pod, &key, |pod| match &other {
                Some(other) => pod["spec"]["nodeName"] = json!(other),
                None => {
                    json::object_at(pod, "spec").remove("nodeName");
                }
            });
        }
    }
}

/// kubeadm goes one minor at a time on a node, to what its configuration says: the last patch of a minor in between.
fn next_kubelet(from: &str, written: Option<&str>) -> String {
    let minor = |version: &str| version.trim_start_matches('v').split('.').nth(1).and_then(|it| it.parse::<u64>().ok());
    let Some(to) = written else { return from.to_owned() };
    match (minor(from), minor(to)) {
        (Some(own), Some(wanted)) if wanted > own + 1 => {
            crate::behaviour::newest_patch(own + 1).unwrap_or_else(|| to.to_owned())
        }
        _ => to.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::next_kubelet;

    #[test]
    fn a_kubelet_goes_one_minor_at_a_time() {
        let cases = [
            ("v1.35.6", Some("v1.36.4"), "v1.36.4"),
            ("v1.35.6", Some("v1.35.9"), "v1.35.9"),
            ("v1.33.1", Some("v1.36.4"), "v1.34.9"),
            ("v1.35.6", None, "v1.35.6"),
        ];
        for (from, written, next) in cases {
            assert_eq!(next_kubelet(from, written), next, "{from} {written:?}");
        }
    }
}
