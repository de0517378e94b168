//! What the tenant's own API adds to the findings.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Severity, Source};
use crate::tenant_api::{AddOn, HookKind, NotAsked, Part, Route};
use crate::time::UnixMillis;
use crate::version::{KubernetesVersion, Minor};
use crate::workers::ProxyVerdict;

mod advice;
mod sentence;

/// What was found in the tenant's own API. Each kind carries the data it speaks of; its `Display` is the one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TenantFinding {
    // Whether it can be asked.
    /// It was not asked at all.
    NotAsked {
        /// Why.
        why: NotAsked,
    },
    /// It answers.
    Answers {
        /// What `/version` says.
        version: String,
    },
    /// It does not answer the way that Kamaji takes.
    Silent {
        /// What came instead.
        why: String,
    },
    /// It does not answer from here; Kamaji takes another way.
    SilentFromHere {
        /// What came instead.
        why: String,
    },
    /// One part could not be checked.
    PartNotChecked {
        /// Which.
        part: Part,
        /// Why.
        why: String,
    },

    // Nodes and version skew.
    /// There is no node.
    NoNodes,
    /// Every kubelet suits the hop.
    KubeletsFit {
        /// How many nodes.
        nodes: usize,
        /// The minor of the hop.
        target: Minor,
    },
    /// Kubelets too old for the API servers of the hop.
    KubeletsTooOld {
        /// Of which nodes.
        nodes: Names,
        /// The minor of the hop.
        target: Minor,
    },
    /// Kubelets newer than the API servers will be.
    KubeletsTooNew {
        /// Of which nodes.
        nodes: Names,
        /// The minor of the hop.
        target: Minor,
    },
    /// Kubelets newer than the API servers are now; the hop puts it right.
    KubeletsAhead {
        /// Of which nodes.
        nodes: Names,
        /// The minor that serves now.
        serving: Minor,
    },
    /// Kubelets that must be upgraded between this hop and the following one.
    KubeletsHoldNext {
        /// Of which nodes.
        nodes: Names,
        /// The minor of the following hop.
        next: Minor,
    },
    /// Kubelets whose version cannot be read.
    KubeletsUnreadable {
        /// Of which nodes.
        nodes: Names,
    },
    /// Nodes that are not ready.
    NodesNotReady {
        /// Which.
        nodes: Names,
    },
    /// Every kube-proxy suits the hop.
    ProxiesFit {
        /// The version that they will have.
        version: KubernetesVersion,
    },
    /// kube-proxies that do not suit the API servers, or the kubelets beside them, once the hop is made.
    ProxiesUnsupported {
        /// On which nodes.
        nodes: Names,
        /// What is wrong.
        verdict: ProxyVerdict,
    },

    // APIs that go.
    /// Nobody has asked for an API that the wanted version no longer serves.
    NoRemovedApiUsed {
        /// The minor of the hop.
        target: Minor,
    },
    /// Somebody has asked for an API that the wanted version no longer serves.
    RemovedApiUsed {
        /// Group, version and resource.
        api: String,
        /// The minor without it.
        removed_in: Minor,
        /// `apiVersion` of what took its place.
        instead: Option<String>,
    },
    /// Somebody has asked for an API that goes with the following hop.
    ApiGoesNext {
        /// Group, version and resource.
        api: String,
        /// The minor without it.
        removed_in: Minor,
    },
    /// APIs are served that the wanted version no longer has; whether anybody uses them is not known.
    RemovedApisServed {
        /// Group and version of each.
        apis: Vec<String>,
        /// Why the use is not known.
        why: String,
    },

    // What the API server calls.
    /// No webhook is seen to be without somebody who answers.
    HooksAnswered {
        /// What they are for.
        part: Part,
        /// How many.
        hooks: usize,
    },
    /// A webhook that nobody answers, and without which requests fail.
    HookBroken {
        /// What it is for.
        kind: HookKind,
        /// Configuration or resource, and name.
        name: String,
        /// What is wrong with who should answer.
        why: String,
    },
    /// Every aggregated API is available.
    AggregatedApisAvailable {
        /// How many.
        apis: usize,
    },
    /// An aggregated API is not available.
    AggregatedApiUnavailable {
        /// Its name.
        name: String,
        /// The reason.
        reason: String,
    },

    // What the nodes will meet.
    /// The kubelets take the configuration.
    KubeletConfigSuits {
        /// The minors that were asked for.
        kubelets: Vec<Minor>,
    },
    /// Kubelets refuse the configuration that kubeadm gives them.
    KubeletConfigRefused {
        /// The field.
        field: String,
        /// Its feature gate.
        gate: String,
        /// The oldest kubelet that refuses it.
        kubelet: Minor,
        /// The patches that cure it, as JSON.
        patches: String,
    },
    /// kubeadm's configuration says what is installed.
    KubeadmConfigAgrees {
        /// The version.
        version: String,
    },
    /// kubeadm's configuration says another version than the one installed.
    KubeadmConfigDiffers {
        /// What it says.
        says: String,
        /// What is installed.
        installed: String,
    },
    /// No budget stands in the way of a drain now.
    BudgetsAllow {
        /// How many there are.
        budgets: usize,
    },
    /// Budgets that allow no disruption now.
    BudgetsExhausted {
        /// Which.
        budgets: Names,
    },
    /// Every add-on follows Kamaji.
    AddOnsFollow,
    /// An add-on has a version of its own.
    AddOnPinned {
        /// Which.
        add_on: AddOn,
        /// The version.
        version: String,
    },

    // The way back.
    /// A fresh backup is there.
    BackupSeen {
        /// Which.
        name: String,
        /// When it was completed: its age would be another one with each look.
        completed_at: UnixMillis,
    },
    /// The newest backup is old.
    BackupOld {
        /// Which.
        name: String,
        /// When it was completed: its age would be another one with each look.
        completed_at: UnixMillis,
    },
    /// No backup was seen.
    NoBackupSeen,
}

/// Some of many things, by name: how many, and the first. All names stand in the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Names {
    /// The first, by name.
    pub first: String,
    /// How many others.
    pub others: usize,
}

impl Names {
    /// `None` if there is none.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_unstable();
        let (first, others) = names.split_first()?;
        Some(Self { first: (*first).to_owned(), others: others.len() })
    }

    /// Whether it is one.
    pub fn is_one(&self) -> bool {
        self.others == 0
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.others {
            0 => f.write_str(&self.first),
            1 => write!(f, "{} and one other", self.first),
            others => write!(f, "{} and {others} others", self.first),
        }
    }
}

impl TenantFinding {
    /// That the API does not answer, by a given way.
    pub fn silent(route: Route, why: String) -> Self {
        match route {
            Route::Service => Self::Silent { why },
            Route::Endpoint => Self::SilentFromHere { why },
        }
    }

    /// What it means for a hop. Few things block, and each can be proved: the rest a person should know.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Silent { .. } | Self::KubeletsTooOld { .. } | Self::KubeletsTooNew { .. } => Severity::Blocks,
            Self::SilentFromHere { .. }
            | Self::KubeletsAhead { .. }
            | Self::KubeletsHoldNext { .. }
            | Self::NodesNotReady { .. }
            | Self::ProxiesUnsupported { .. }
            | Self::RemovedApiUsed { .. }
            | Self::ApiGoesNext { .. }
            | Self::HookBroken { .. }
            | Self::AggregatedApiUnavailable { .. }
            | Self::KubeletConfigRefused { .. }
            | Self::KubeadmConfigDiffers { .. }
            | Self::BudgetsExhausted { .. }
            | Self::AddOnPinned { .. }
            | Self::BackupOld { .. } => Severity::Warns,
            Self::NotAsked { .. }
            | Self::PartNotChecked { .. }
            | Self::KubeletsUnreadable { .. }
            | Self::RemovedApisServed { .. }
            | Self::NoBackupSeen => Severity::Unknown,
            Self::Answers { .. }
            | Self::NoNodes
            | Self::KubeletsFit { .. }
            | Self::ProxiesFit { .. }
            | Self::NoRemovedApiUsed { .. }
            | Self::HooksAnswered { .. }
            | Self::AggregatedApisAvailable { .. }
            | Self::KubeletConfigSuits { .. }
            | Self::KubeadmConfigAgrees { .. }
            | Self::BudgetsAllow { .. }
            | Self::AddOnsFollow
            | Self::BackupSeen { .. } => Severity::Passes,
        }
    }

    /// Where the rule comes from.
    pub fn source(&self) -> Source {
        match self {
            Self::NoNodes
            | Self::KubeletsFit { .. }
            | Self::KubeletsTooOld { .. }
            | Self::KubeletsTooNew { .. }
            | Self::KubeletsAhead { .. }
            | Self::KubeletsHoldNext { .. }
            | Self::KubeletsUnreadable { .. }
            | Self::ProxiesFit { .. }
            | Self::ProxiesUnsupported { .. } => Source::SkewPolicy,
            Self::NoRemovedApiUsed { .. }
            | Self::RemovedApiUsed { .. }
            | Self::ApiGoesNext { .. }
            | Self::RemovedApisServed { .. } => Source::DeprecationGuide,
            Self::Silent { .. }
            | Self::SilentFromHere { .. }
            | Self::KubeletConfigSuits { .. }
            | Self::KubeletConfigRefused { .. }
            | Self::KubeadmConfigAgrees { .. }
            | Self::KubeadmConfigDiffers { .. }
            | Self::AddOnsFollow
            | Self::AddOnPinned { .. } => Source::KamajiController,
            Self::NotAsked { .. } | Self::BackupSeen { .. } | Self::BackupOld { .. } | Self::NoBackupSeen => {
                Source::Console
            }
            Self::Answers { .. }
            | Self::PartNotChecked { .. }
            | Self::NodesNotReady { .. }
            | Self::HooksAnswered { .. }
            | Self::HookBroken { .. }
            | Self::AggregatedApisAvailable { .. }
            | Self::AggregatedApiUnavailable { .. }
            | Self::BudgetsAllow { .. }
            | Self::BudgetsExhausted { .. } => Source::TenantApi,
        }
    }
}
