//! What is read of a tenant's API, as plain data.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Answer, Route};
use crate::tenant::DeclaredVersion;
use crate::time::UnixMillis;
use crate::version::Minor;
use crate::workers::{KubeletConfig, NodeFacts};

/// Everything that was read of a tenant's API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantFacts {
    /// When the questions went out.
    pub asked_at: UnixMillis,
    /// By which way.
    pub route: Route,
    /// `/version`: `gitVersion`.
    pub server: Answer<DeclaredVersion>,
    /// Nodes, with the kube-proxy that runs on each.
    pub nodes: Answer<Vec<NodeFacts>>,
    /// Deprecated APIs that were asked for, by `apiserver_requested_deprecated_apis` of the one API server that answered.
    pub api_uses: Answer<Vec<ApiUse>>,
    /// Groups and versions that it serves now.
    pub served: Answer<BTreeSet<GroupVersion>>,
    /// Admission webhooks.
    pub webhooks: Answer<Vec<Hook>>,
    /// Conversion webhooks of custom resource definitions.
    pub conversions: Answer<Vec<Hook>>,
    /// How many APIs other servers serve, and those that are not available.
    pub aggregated: Answer<(usize, Vec<UnavailableApi>)>,
    /// `kube-system/kubelet-config`.
    pub kubelet_config: Answer<KubeletConfig>,
    /// `kubernetesVersion` of `kube-system/kubeadm-config`.
    pub kubeadm_config: Answer<DeclaredVersion>,
    /// How many PodDisruptionBudgets there are, and those that allow nothing now though they have pods.
    pub budgets: Answer<(usize, Vec<ExhaustedBudget>)>,
    /// The versions of the add-ons that run.
    pub add_ons: Answer<Vec<AddOnVersion>>,
    /// The versions that the TenantControlPlane gives its add-ons.
    pub pins: AddOnPins,
    /// Backups that Velero made in the tenant. [`Answer::Missing`] without Velero.
    pub backups: Answer<Vec<Backup>>,
}

/// A group and version of an API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupVersion {
    /// Empty for the core group.
    pub group: String,
    /// `v1beta1`.
    pub version: String,
}

/// A deprecated API that somebody has asked for since the API server started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiUse {
    /// Group and version.
    pub api: GroupVersion,
    /// The resource, in the plural.
    pub resource: String,
    /// `status`, `scale`, …; empty for the object itself.
    pub subresource: String,
    /// The minor that no longer serves it.
    pub removed_in: Minor,
    /// Who wrote objects of it in this version, by `metadata.managedFields`, newest first. Says nothing of those who only read.
    pub writers: Answer<Vec<Writer>>,
}

/// Somebody who wrote an object by a given version of its API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Writer {
    /// `managedFields[].manager`: the field manager, as a rule the program's name.
    pub manager: String,
    /// `managedFields[].time`.
    pub at: Option<UnixMillis>,
    /// The object: `namespace/name`, or `name`.
    pub object: String,
}

/// A webhook that the API server calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hook {
    /// What it is for.
    pub kind: HookKind,
    /// The configuration, or the definition of the resource.
    pub owner: String,
    /// The webhook's name in it; the same as the owner for a conversion.
    pub name: String,
    /// What happens when it does not answer. A conversion always fails then.
    pub policy: FailurePolicy,
    /// Who answers.
    pub backend: Backend,
}

/// What a webhook is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HookKind {
    /// ValidatingWebhookConfiguration.
    Validating,
    /// MutatingWebhookConfiguration.
    Mutating,
    /// A CustomResourceDefinition's conversion.
    Conversion,
}

/// What the API server does when a webhook does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FailurePolicy {
    /// The request is refused.
    Fail,
    /// It goes on without it.
    Ignore,
}

/// Who answers a webhook, as far as the objects tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Backend {
    /// A Service with ready endpoints.
    Ready {
        /// `namespace/name`.
        service: String,
        /// How many.
        endpoints: usize,
    },
    /// A Service without a ready endpoint.
    NoEndpoints {
        /// `namespace/name`.
        service: String,
    },
    /// A Service that does not exist.
    NoService {
        /// `namespace/name`.
        service: String,
    },
    /// A Service whose endpoints could not be read.
    NotRead {
        /// `namespace/name`.
        service: String,
        /// Why.
        why: String,
    },
    /// An address outside; it is not called from here.
    Url {
        /// Its host. The rest may hold a secret.
        host: String,
    },
}

/// An APIService that is not available.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnavailableApi {
    /// `v1beta1.metrics.k8s.io`.
    pub name: String,
    /// `reason` of its condition Available.
    pub reason: String,
    /// `message` of it.
    pub message: String,
}

/// A PodDisruptionBudget that allows no disruption now, though it has pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExhaustedBudget {
    /// `namespace/name`.
    pub name: String,
    /// `status.currentHealthy` (pods).
    pub healthy: u32,
    /// `status.desiredHealthy` (pods).
    pub wanted: u32,
    /// `status.expectedPods` (pods).
    pub pods: u32,
}

/// An add-on that Kamaji writes into a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AddOn {
    /// CoreDNS.
    CoreDns,
    /// kube-proxy.
    KubeProxy,
    /// The konnectivity agent, in the tenant.
    KonnectivityAgent,
    /// The konnectivity server, beside the API server.
    KonnectivityServer,
}

/// An add-on as it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddOnVersion {
    /// Which.
    pub add_on: AddOn,
    /// The tag of its image.
    pub version: String,
}

/// The versions that a TenantControlPlane gives its add-ons (`spec.addons`); one that is given does not follow an upgrade.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddOnPins {
    /// `coreDNS.imageTag`.
    pub core_dns: Option<String>,
    /// `kubeProxy.imageTag`.
    pub kube_proxy: Option<String>,
    /// `konnectivity.server.version`.
    pub konnectivity_server: Option<String>,
    /// `konnectivity.agent.version`.
    pub konnectivity_agent: Option<String>,
}

/// A backup that has been completed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// `namespace/name`.
    pub name: String,
    /// When it was completed.
    pub completed_at: UnixMillis,
}

impl AddOnPins {
    /// Those that are given.
    pub fn given(&self) -> impl Iterator<Item = (AddOn, &str)> {
        [
            (AddOn::CoreDns, &self.core_dns),
            (AddOn::KubeProxy, &self.kube_proxy),
            (AddOn::KonnectivityServer, &self.konnectivity_server),
            (AddOn::KonnectivityAgent, &self.konnectivity_agent),
        ]
        .into_iter()
        .filter_map(|(add_on, version)| Some((add_on, version.as_deref()?)))
    }
}

impl Backend {
    /// Whether the objects show that nobody answers.
    pub fn is_broken(&self) -> bool {
        matches!(self, Self::NoEndpoints { .. } | Self::NoService { .. })
    }
}

impl fmt::Display for GroupVersion {
    /// As `apiVersion` has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() { f.write_str(&self.version) } else { write!(f, "{}/{}", self.group, self.version) }
    }
}

impl fmt::Display for ApiUse {
    /// `flowcontrol.apiserver.k8s.io/v1beta3 flowschemas/status`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.api, self.resource)?;
        if self.subresource.is_empty() { Ok(()) } else { write!(f, "/{}", self.subresource) }
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} wrote {}", self.manager, self.object)?;
        self.at.map_or(Ok(()), |at| write!(f, " on {at}"))
    }
}

impl fmt::Display for HookKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Validating => "validating webhook",
            Self::Mutating => "mutating webhook",
            Self::Conversion => "conversion webhook",
        })
    }
}

impl fmt::Display for Backend {
    /// The end of a sentence about a webhook, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready { service, endpoints: 1 } => write!(f, "the Service {service} has one ready endpoint"),
            Self::Ready { service, endpoints } => write!(f, "the Service {service} has {endpoints} ready endpoints"),
            Self::NoEndpoints { service } => write!(f, "the Service {service} has no ready endpoint"),
            Self::NoService { service } => write!(f, "the Service {service} does not exist"),
            Self::NotRead { service, why } => write!(f, "the endpoints of the Service {service} were not read: {why}"),
            Self::Url { host } => write!(f, "it is answered outside, at {host}, and not called from here"),
        }
    }
}

impl fmt::Display for AddOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CoreDns => "CoreDNS",
            Self::KubeProxy => "kube-proxy",
            Self::KonnectivityAgent => "the konnectivity agent",
            Self::KonnectivityServer => "the konnectivity server",
        })
    }
}
