use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One question to a tenant's API, which can be asked again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Whether it answers, and with which version.
    Server,
    /// The nodes with their kubelets and kube-proxies.
    Nodes,
    /// Clients of APIs that the wanted version no longer serves.
    DeprecatedApis,
    /// Admission webhooks.
    Webhooks,
    /// Conversion webhooks of custom resources.
    Conversions,
    /// APIs that other servers serve.
    AggregatedApis,
    /// `kube-system/kubelet-config`.
    KubeletConfig,
    /// `kube-system/kubeadm-config`.
    KubeadmConfig,
    /// PodDisruptionBudgets.
    Budgets,
    /// CoreDNS, kube-proxy and konnectivity.
    AddOns,
    /// Evidence of backups.
    Backups,
}

/// Why a text names no part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no check `{0}` of a tenant's API")]
pub struct PartError(String);

impl Part {
    /// All of them, most telling first.
    pub const ALL: [Self; 11] = [
        Self::Server,
        Self::Nodes,
        Self::DeprecatedApis,
        Self::Webhooks,
        Self::Conversions,
        Self::AggregatedApis,
        Self::KubeletConfig,
        Self::KubeadmConfig,
        Self::Budgets,
        Self::AddOns,
        Self::Backups,
    ];

    /// Its name in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Nodes => "nodes",
            Self::DeprecatedApis => "deprecated-apis",
            Self::Webhooks => "webhooks",
            Self::Conversions => "conversions",
            Self::AggregatedApis => "aggregated-apis",
            Self::KubeletConfig => "kubelet-config",
            Self::KubeadmConfig => "kubeadm-config",
            Self::Budgets => "budgets",
            Self::AddOns => "add-ons",
            Self::Backups => "backups",
        }
    }
}

impl FromStr for Part {
    type Err = PartError;

    fn from_str(text: &str) -> Result<Self, PartError> {
        Self::ALL.into_iter().find(|part| part.as_str() == text).ok_or_else(|| PartError(text.to_owned()))
    }
}

impl fmt::Display for Part {
    /// What is checked, as the subject of a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "the API server",
            Self::Nodes => "the nodes",
            Self::DeprecatedApis => "the use of removed APIs",
            Self::Webhooks => "the admission webhooks",
            Self::Conversions => "the conversion webhooks",
            Self::AggregatedApis => "the aggregated APIs",
            Self::KubeletConfig => "the kubelets' configuration",
            Self::KubeadmConfig => "kubeadm's configuration",
            Self::Budgets => "the PodDisruptionBudgets",
            Self::AddOns => "the add-ons",
            Self::Backups => "backups",
        })
    }
}
