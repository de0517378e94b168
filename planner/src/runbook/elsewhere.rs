//! What to do on an operating system without a runbook.

use serde::{Deserialize, Serialize};

use super::os::OtherOs;
use crate::releases::ReleaseTable;
use crate::version::KubernetesVersion;
use crate::workers::{NodeName, PassesError, passes};

/// A page for a node whose operating system kubeadm's packages do not reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct ElsewherePage {
    /// Of which node.
    pub node: NodeName,
    /// Its operating system.
    pub os: OtherOs,
    /// What its kubelet has.
    pub from: KubernetesVersion,
    /// What it is to have.
    pub to: KubernetesVersion,
    /// Why there is no runbook.
    pub why: String,
    /// What to do instead.
    pub instead: String,
    /// A page of those who make the system, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl ElsewherePage {
    /// The page for a node.
    ///
    /// # Errors
    /// If the step is none, or one that version skew does not allow.
    pub fn new(
        node: NodeName,
        os: OtherOs,
        from: KubernetesVersion,
        to: KubernetesVersion,
        releases: &ReleaseTable,
    ) -> Result<Self, PassesError> {
        match passes(&from, &to, releases) {
            // Nothing here goes through a version of the table.
            Ok(_) | Err(PassesError::UnknownBetween { .. }) => {}
            Err(error) => return Err(error),
        }
        let (why, instead, url) = words(os, &node, &to);
        Ok(Self { node, os, from, to, why, instead, url: url.map(str::to_owned) })
    }

    /// The page as Markdown.
    pub fn markdown(&self) -> String {
        let Self { node, os, from, to, why, instead, url } = self;
        let more = url.as_ref().map(|url| format!("\nMore: <{url}>\n")).unwrap_or_default();
        format!(
            "# Upgrade the node `{node}` from {from} to {to}\n\nOn {os} there is no runbook. {why}\n\n{instead}\n\n\
             Whatever the way: the control plane comes first and must be finished, one node at a time, and the kubelet must not be newer \
             than the oldest API server that serves.\n{more}"
        )
    }

    /// The page as JSON.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("names and texts are JSON");
        text.push('\n');
        text
    }
}

fn words(os: OtherOs, node: &NodeName, to: &KubernetesVersion) -> (String, String, Option<&'static str>) {
    match os {
        OtherOs::Talos => (
            "It has no shell and no packages: its kubelet is an image that the machine configuration names.".to_owned(),
            format!(
                "Set `machine.kubelet.image` to `ghcr.io/siderolabs/kubelet:{to}` by `talosctl patch machineconfig`, for this node alone. \
                 `talosctl upgrade-k8s` expects a control plane on Talos and does not fit a tenant of Kamaji. Check first that the Talos \
                 release on the node supports {to}."
            ),
            Some("https://www.talos.dev/latest/kubernetes-guides/upgrading-kubernetes/"),
        ),
        OtherOs::Flatcar => (
            "Its /usr is read-only and kubeadm and kubelet come as system extensions or binaries that the cluster's owner chose, so no \
             command is right everywhere."
                .to_owned(),
            format!(
                "If Kubernetes comes as a system extension: point its update at v{}, let systemd-sysupdate fetch it, run `kubeadm upgrade \
                 node`, drain `{node}`, restart, uncordon. If it was put in place by hand, replace the node: join a new one with {to}, then drain \
                 and remove this one.",
                to.minor()
            ),
            Some("https://www.flatcar.org/docs/latest/container-runtimes/getting-started-with-kubernetes/"),
        ),
        OtherOs::Bottlerocket => (
            "Its kubelet is part of the image, in a variant for each minor of Kubernetes.".to_owned(),
            format!(
                "A variant cannot be changed in place. Start a node with the variant of v{} and join it, then drain `{node}` and remove it.",
                to.minor()
            ),
            Some("https://bottlerocket.dev/"),
        ),
        OtherOs::ImageBased => (
            "It is exchanged as one image, and a package installed at run time is gone or needs a restart of the machine.".to_owned(),
            format!(
                "Build or layer an image with kubeadm and kubelet {to} (rpm-ostree, transactional-update), drain `{node}`, switch to it and \
                 restart the machine, run `kubeadm upgrade node`, restart the kubelet, uncordon. kubeadm goes one minor at a time here too. Where \
                 nodes can be replaced, that is simpler."
            ),
            None,
        ),
        OtherOs::Unknown => (
            "What installs kubeadm and kubelet there is not known here, and a guess could stop the node.".to_owned(),
            format!(
                "The order is the same everywhere: kubeadm {to} (one minor at a time), `kubeadm upgrade node`, drain `{node}`, kubelet {to}, \
                 restart it, uncordon. How a package or binary gets there is for those to say who built the node; or join a new node with {to}, \
                 then drain and remove this one."
            ),
            Some("https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/upgrading-linux-nodes/"),
        ),
    }
}
