//! The objects, as plain data. Where two API versions keep the same thing in different places, both are read into one field.

use serde::{Deserialize, Serialize};

use super::change::ObjectRef;
use super::rollout::{MachineStrategy, MachineStrategyError};
use super::served::{Kind, Served, ServedKinds};
use crate::strategy::DeclaredStrategy;
use crate::tenant::{ConditionFacts, DeclaredVersion};
use crate::tenant_api::Answer;
use crate::time::UnixMillis;

/// What was read of one tenant's Cluster API objects at one moment. Each kind is read by itself, so one that fails hides no other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterApiFacts {
    /// The namespace in which all of them live.
    pub namespace: String,
    /// When it was read.
    pub read_at: UnixMillis,
    /// In which version each kind is served.
    pub served: Answer<ServedKinds>,
    /// The KamajiControlPlane. It has the name of the TenantControlPlane.
    pub control_plane: Answer<ControlPlane>,
    /// The Cluster that owns it.
    pub cluster: Answer<Cluster>,
    /// By name.
    pub machine_deployments: Answer<Vec<MachineDeployment>>,
    /// By name.
    pub machine_sets: Answer<Vec<MachineSet>>,
    /// By name.
    pub machine_pools: Answer<Vec<MachinePool>>,
    /// By name.
    pub machines: Answer<Vec<Machine>>,
    /// What could not be read of objects that were, in words.
    pub problems: Vec<String>,
}

/// What every one of the objects has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// `metadata.name`.
    pub name: String,
    /// Annotation `cluster.x-k8s.io/paused`, or `spec.paused` where the kind has it: Cluster API leaves it alone.
    pub paused: bool,
    /// Argo CD, Flux or Helm marks, in words: the object comes from Git or a chart.
    pub from_git: Vec<String>,
    /// `metadata.deletionTimestamp`.
    pub deleting_at: Option<UnixMillis>,
    /// `status.conditions`; of `v1beta1` those of `status.v1beta2`, if there are any.
    pub conditions: Vec<ConditionFacts>,
}

/// A Cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// Name, marks and conditions.
    pub meta: Meta,
    /// `status.phase`.
    pub phase: Option<String>,
    /// `spec.topology`; `None` where control plane and workers are written by hand.
    pub topology: Option<Topology>,
    /// `status.controlPlane.upgradePlan`: the versions that the control plane will go through, next one first. Since Cluster API 1.14.
    pub upgrade_plan: Vec<DeclaredVersion>,
}

/// `spec.topology` of a Cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Topology {
    /// Name of the ClusterClass, with its namespace if it is another.
    pub class: String,
    /// `version`: the one field to change.
    pub version: DeclaredVersion,
    /// `workers.machineDeployments`, in the order in which they are upgraded.
    pub machine_deployments: Vec<TopologyWorkers>,
    /// `workers.machinePools`, in the order in which they are upgraded, after all MachineDeployments.
    pub machine_pools: Vec<TopologyWorkers>,
}

/// One entry of `spec.topology.workers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TopologyWorkers {
    /// `name`: the label `topology.cluster.x-k8s.io/deployment-name` or `pool-name` of the object made of it.
    pub name: String,
    /// Annotation `topology.cluster.x-k8s.io/defer-upgrade` (any value): this one is not upgraded.
    pub deferred: bool,
    /// Annotation `topology.cluster.x-k8s.io/hold-upgrade-sequence` (any value): neither this one nor any after it is.
    pub holds: bool,
}

/// A KamajiControlPlane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlPlane {
    /// Name, marks and conditions.
    pub meta: Meta,
    /// The Cluster that owns it.
    pub cluster: Option<String>,
    /// Label `topology.cluster.x-k8s.io/owned`: a managed topology writes it.
    pub topology_owned: bool,
    /// `spec.version`.
    pub version: DeclaredVersion,
    /// `status.version`: what Kamaji has recorded.
    pub installed: Option<DeclaredVersion>,
    /// `status.ready`. True while Kamaji upgrades, so it does not say that an upgrade is over.
    pub ready: bool,
    /// `spec.replicas` (pods).
    pub replicas: Option<u32>,
    /// `spec.deployment.strategy`; the provider hands it on as it stands.
    pub strategy: DeclaredStrategy,
}

/// A MachineDeployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineDeployment {
    /// Name, marks and conditions.
    pub meta: Meta,
    /// Which entry of the topology it was made of; `None` if of none.
    pub topology_name: Option<String>,
    /// `spec.template.spec.version`.
    pub version: Option<DeclaredVersion>,
    /// `spec.replicas` (Machines).
    pub replicas: u32,
    /// `spec.rollout.strategy`, in `v1beta1` `spec.strategy`.
    pub strategy: DeclaredStrategy,
    /// `spec.template.spec.infrastructureRef`.
    pub infrastructure: Option<Template>,
    /// `spec.template.spec.bootstrap.configRef`.
    pub bootstrap: Option<Template>,
    /// Annotation `machineset.cluster.x-k8s.io/skip-preflight-checks`: the checks that are not made before a Machine is.
    pub skipped_checks: Vec<String>,
    /// `status`.
    pub counts: MachineCounts,
}

/// `status` of a MachineDeployment, MachineSet or MachinePool (Machines); `None` where it is not reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineCounts {
    /// `replicas`: those being deleted count too.
    pub replicas: Option<u32>,
    /// `readyReplicas`.
    pub ready: Option<u32>,
    /// `availableReplicas`.
    pub available: Option<u32>,
    /// `upToDateReplicas`, in `v1beta1` `updatedReplicas`.
    pub up_to_date: Option<u32>,
}

/// A MachineSet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineSet {
    /// Name, marks and conditions. Why no Machine is made stands here only.
    pub meta: Meta,
    /// The MachineDeployment it belongs to.
    pub deployment: Option<String>,
    /// `spec.template.spec.version`.
    pub version: Option<DeclaredVersion>,
    /// `spec.replicas` (Machines).
    pub replicas: u32,
    /// `status`.
    pub counts: MachineCounts,
}

/// A MachinePool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachinePool {
    /// Name, marks and conditions.
    pub meta: Meta,
    /// Which entry of the topology it was made of; `None` if of none.
    pub topology_name: Option<String>,
    /// `spec.template.spec.version`.
    pub version: Option<DeclaredVersion>,
    /// `spec.replicas` (Machines).
    pub replicas: u32,
    /// `spec.template.spec.infrastructureRef`.
    pub infrastructure: Option<Template>,
    /// `status.phase`.
    pub phase: Option<String>,
    /// `status`.
    pub counts: MachineCounts,
}

/// A Machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// Name, marks and conditions.
    pub meta: Meta,
    /// Label `cluster.x-k8s.io/deployment-name`.
    pub deployment: Option<String>,
    /// `spec.version`.
    pub version: Option<DeclaredVersion>,
    /// `status.phase`: Pending, Provisioning, Provisioned, Running, Deleting, …
    pub phase: Option<String>,
    /// `status.nodeRef.name`.
    pub node: Option<String>,
    /// `metadata.creationTimestamp`.
    pub created_at: Option<UnixMillis>,
    /// When its condition Ready became True, if it is.
    pub ready_at: Option<UnixMillis>,
}

/// A reference to a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// Its API group.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

impl ClusterApiFacts {
    /// In which version a kind was read.
    pub fn version_of(&self, kind: Kind) -> Option<&str> {
        match self.served.read()?.get(&kind)? {
            Served::Known { version, .. } => Some(version),
            Served::Unknown { .. } | Served::Nowhere | Served::Undiscovered { .. } => None,
        }
    }

    /// One of the objects, by name.
    pub(super) fn object(&self, kind: Kind, name: &str) -> ObjectRef {
        ObjectRef {
            kind,
            version: self.version_of(kind).map(str::to_owned),
            namespace: self.namespace.clone(),
            name: name.to_owned(),
        }
    }
}

impl Meta {
    /// One condition.
    pub fn condition(&self, kind: &str) -> Option<&ConditionFacts> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }
}

impl MachineDeployment {
    /// Its strategy, the gaps filled as the MachineDeployment webhook fills them.
    ///
    /// # Errors
    /// If it is none that a MachineDeployment takes.
    pub fn strategy(&self) -> Result<MachineStrategy, MachineStrategyError> {
        MachineStrategy::of(&self.strategy)
    }

    /// Whether every Machine of it has its template, and none other is left.
    pub fn is_rolled_out(&self) -> bool {
        self.counts.up_to_date == Some(self.replicas) && self.counts.replicas == Some(self.replicas)
    }
}

impl Template {
    /// Whether kubeadm joins the node, so that Cluster API asks for the control plane's minor.
    pub fn is_kubeadm(&self) -> bool {
        self.kind == "KubeadmConfigTemplate" && self.group == "bootstrap.cluster.x-k8s.io"
    }
}

macro_rules! with_meta {
    ($($object:ident)*) => {$(
        impl AsRef<Meta> for $object {
            fn as_ref(&self) -> &Meta {
                &self.meta
            }
        }
    )*};
}

with_meta! { Cluster ControlPlane MachineDeployment MachineSet MachinePool Machine }
