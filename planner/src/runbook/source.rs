//! Where the steps of a runbook come from.

use std::fmt;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

/// The day on which the documentation was read. What it says later is not in here.
pub const READ_ON: Date = date(2026, 11, 22);

/// Where a step comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StepSource {
    /// The order and the commands on a Linux worker.
    UpgradingLinuxNodes,
    /// kubectl beside kubeadm rather than after the drain.
    KubectlFirst,
    /// The repository of each minor.
    ChangingTheRepository,
    /// What a drain does.
    SafelyDrain,
    /// zypper's commands. Kubernetes' own pages show its repository's file only.
    Zypper,
    /// This console: what lets a script stop and go on.
    Console,
}

impl StepSource {
    /// The public page, if there is one.
    pub fn url(self) -> Option<&'static str> {
        match self {
            Self::UpgradingLinuxNodes => {
                Some("https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/upgrading-linux-nodes/")
            }
            Self::KubectlFirst => Some("https://github.com/kubernetes/website/pull/57275"),
            Self::ChangingTheRepository => {
                Some("https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/change-package-repository/")
            }
            Self::SafelyDrain => Some("https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"),
            Self::Zypper => Some("https://en.opensuse.org/SDB:Zypper_manual"),
            Self::Console => None,
        }
    }
}

impl fmt::Display for StepSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UpgradingLinuxNodes => "Kubernetes: Upgrading Linux nodes",
            Self::KubectlFirst => "Kubernetes: Upgrading Linux nodes, as changed by website pull request 57275",
            Self::ChangingTheRepository => "Kubernetes: Changing the package repository",
            Self::SafelyDrain => "Kubernetes: Safely drain a node",
            Self::Zypper => "zypper's manual; Kubernetes' pages give no commands for zypper",
            Self::Console => "this console",
        })
    }
}
