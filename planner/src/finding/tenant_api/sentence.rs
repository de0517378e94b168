use std::fmt;

use super::TenantFinding;
use crate::tenant_api::Part;

impl fmt::Display for TenantFinding {
    /// One sentence for people, with a capital and a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked { why } => write!(f, "The tenant's own API was not asked: {why}."),
            Self::Answers { version } => write!(f, "The tenant's API server answers, with {version}."),
            Self::Silent { why } => write!(f, "The tenant's API server does not answer: {why}."),
            Self::SilentFromHere { why } => {
                write!(f, "The tenant's API server does not answer from here: {why}; Kamaji takes another way to it.")
            }
            Self::PartNotChecked { part, why } => write!(f, "Not checked, {part}: {why}."),

            Self::NoNodes => f.write_str("The tenant has no node, so no kubelet stands against the hop."),
            Self::KubeletsFit { nodes: 1, target } => {
                write!(f, "The kubelet of the only node can work with {target}.")
            }
            Self::KubeletsFit { nodes, target } => {
                write!(f, "The kubelets of all {nodes} nodes can work with {target}.")
            }
            Self::KubeletsTooOld { nodes, target } => {
                write!(f, "Kubernetes {target} leaves {nodes} behind: {} too old for it.", kubelets_are(nodes.is_one()))
            }
            Self::KubeletsTooNew { nodes, target } => {
                write!(f, "Kubernetes {target} is older than the kubelets of {nodes}, and a kubelet must not be newer.")
            }
            Self::KubeletsAhead { nodes, serving } => {
                write!(f, "The kubelets of {nodes} are newer than {serving}, which serves now; this hop puts it right.")
            }
            Self::KubeletsHoldNext { nodes, next } => {
                write!(f, "After this hop {nodes} must be upgraded before the control plane can take {next}.")
            }
            Self::KubeletsUnreadable { nodes } => write!(f, "What the kubelets of {nodes} say is no version."),
            Self::NodesNotReady { nodes } if nodes.is_one() => write!(f, "Node {nodes} is not ready."),
            Self::NodesNotReady { nodes } => write!(f, "Nodes {nodes} are not ready."),
            Self::ProxiesFit { version } => {
                write!(f, "The tenant's kube-proxy, {version}, suits the API servers and the kubelets.")
            }
            Self::ProxiesUnsupported { nodes, verdict } => {
                write!(f, "After the hop, on {nodes}: {verdict}")
            }

            Self::NoRemovedApiUsed { target } => {
                write!(f, "Nobody has asked this API server for an API that {target} no longer serves.")
            }
            Self::RemovedApiUsed { api, removed_in, .. } => {
                write!(f, "Somebody uses {api}, which {removed_in} no longer serves.")
            }
            Self::ApiGoesNext { api, removed_in } => {
                write!(f, "Somebody uses {api}; it goes with the following hop, to {removed_in}.")
            }
            Self::RemovedApisServed { apis, why } => {
                write!(
                    f,
                    "Whether anybody uses {}, which will no longer be served, is not known: {why}.",
                    apis.join(", ")
                )
            }

            Self::HooksAnswered { part, hooks: 0 } => f.write_str(if *part == Part::Conversions {
                "No conversion webhook is set."
            } else {
                "No admission webhook is set."
            }),
            Self::HooksAnswered { part, hooks } => {
                let kind = if *part == Part::Conversions { "conversion" } else { "admission" };
                match hooks {
                    1 => write!(f, "The one {kind} webhook has somebody to answer it."),
                    hooks => write!(f, "None of the {hooks} {kind} webhooks is without somebody to answer it."),
                }
            }
            Self::HookBroken { kind, name, why } => write!(f, "The {kind} {name} fails: {why}."),
            Self::AggregatedApisAvailable { apis: 0 } => f.write_str("No API is served by another server."),
            Self::AggregatedApisAvailable { apis } => write!(f, "All aggregated APIs are available ({apis})."),
            Self::AggregatedApiUnavailable { name, reason } => {
                write!(f, "The aggregated API {name} is not available ({reason}).")
            }

            Self::KubeletConfigSuits { kubelets } => {
                let minors: Vec<String> = kubelets.iter().map(ToString::to_string).collect();
                write!(f, "Kubelets of {} take the configuration that kubeadm gives them.", minors.join(", "))
            }
            Self::KubeletConfigRefused { field, gate, kubelet, .. } => write!(
                f,
                "A kubelet of {kubelet} refuses the configuration that kubeadm gives it, for `{field}` and its feature gate {gate}."
            ),
            Self::KubeadmConfigAgrees { version } => {
                write!(f, "The tenant's kubeadm-config says {version}, which is installed.")
            }
            Self::KubeadmConfigDiffers { says, installed } => {
                write!(f, "The tenant's kubeadm-config says {says}, but {installed} is installed.")
            }
            Self::BudgetsAllow { budgets: 0 } => f.write_str("No PodDisruptionBudget is set."),
            Self::BudgetsAllow { budgets } => {
                write!(f, "Each PodDisruptionBudget that has pods allows a disruption now ({budgets} in all).")
            }
            Self::BudgetsExhausted { budgets } if budgets.is_one() => {
                write!(f, "The PodDisruptionBudget {budgets} allows no disruption now: a drain would wait for it.")
            }
            Self::BudgetsExhausted { budgets } => {
                write!(f, "The PodDisruptionBudgets {budgets} allow no disruption now: a drain would wait for them.")
            }
            Self::AddOnsFollow => f.write_str("Every add-on follows Kamaji; none has a version of its own."),
            Self::AddOnPinned { add_on, version } => {
                write!(f, "The version of {add_on} stays at {version}, which the TenantControlPlane gives it.")
            }

            Self::BackupSeen { name, completed_at } => {
                write!(f, "Velero's backup {name} was completed on {completed_at}.")
            }
            Self::BackupOld { name, completed_at } => {
                write!(f, "The newest of Velero's backups, {name}, was completed on {completed_at}.")
            }
            Self::NoBackupSeen => f.write_str("No backup was seen from here."),
        }
    }
}

fn kubelets_are(one: bool) -> &'static str {
    if one { "its kubelet is" } else { "their kubelets are" }
}
