//! Pods, as far as scheduling, quotas and limit ranges read them. The types mirror core/v1 and decode from it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::affinity::Affinity;
use super::labels::Labels;
use super::ports::ContainerPort;
use super::resources::ResourceList;
use super::spread::TopologySpreadConstraint;
use super::taints::Toleration;

/// A pod that exists, as the API server gives it: defaulting and admission have been at it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// The node it is bound to; `None` while it waits.
    pub node: Option<String>,
    /// Whether it has a deletionTimestamp. It still holds its room.
    pub deleting: bool,
    /// `status.phase`.
    pub phase: PodPhase,
    /// What it consists of.
    pub spec: PodSpec,
}

/// `status.phase` of a pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum PodPhase {
    /// Not started.
    Pending,
    /// Started.
    #[default]
    Running,
    /// Ended well. Holds nothing any more.
    Succeeded,
    /// Ended badly. Holds nothing any more.
    Failed,
    /// Not known.
    Unknown,
}

/// What a new pod is made from. Nothing has been defaulted yet: see [`Incoming::of`](super::Incoming::of).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PodTemplate {
    /// The namespace it will be in.
    pub namespace: String,
    /// Its labels, `pod-template-hash` included.
    pub labels: Labels,
    /// What it consists of.
    pub spec: PodSpec,
}

/// `spec` of a pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Containers.
    pub containers: Vec<Container>,
    /// Init containers, in the order in which they run.
    pub init_containers: Vec<Container>,
    /// What the runtime needs on top.
    pub overhead: ResourceList,
    /// Requests and limits of the whole pod.
    pub resources: Option<ResourceRequirements>,
    /// Labels that the node must have.
    pub node_selector: Labels,
    /// Affinity to nodes and pods.
    pub affinity: Option<Affinity>,
    /// Tolerations.
    pub tolerations: Vec<Toleration>,
    /// How pods are spread.
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
    /// Whether it uses the node's network.
    pub host_network: bool,
    /// Which scheduler places it; `None` = the default one.
    pub scheduler_name: Option<String>,
    /// The node, if it is named in the template itself.
    pub node_name: Option<String>,
    /// Its priority, as the API server resolved it; `None` = 0.
    pub priority: Option<i32>,
    /// Its priority class.
    pub priority_class_name: Option<String>,
    /// Its runtime class.
    pub runtime_class_name: Option<String>,
    /// `Never`, or `PreemptLowerPriority` when absent.
    pub preemption_policy: Option<String>,
    /// Seconds after which the pod is ended by the system; decides the scope of quotas.
    pub active_deadline_seconds: Option<i64>,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// Gates that keep the pod from being scheduled.
    pub scheduling_gates: Vec<Named>,
    /// Claims of devices.
    pub resource_claims: Vec<Named>,
}

/// A container.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Requests and limits.
    pub resources: ResourceRequirements,
    /// Ports.
    pub ports: Vec<ContainerPort>,
    /// `Always` on an init container makes it a sidecar.
    pub restart_policy: Option<String>,
}

/// Requests and limits.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ResourceRequirements {
    /// What is set aside.
    pub requests: ResourceList,
    /// What is allowed at most.
    pub limits: ResourceList,
}

/// A volume. Only its kind is read: `secret`, `persistentVolumeClaim` …
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, IgnoredAny>")]
pub struct Volume {
    /// Its kind, as core/v1 spells it; empty if it has none.
    pub kind: String,
}

/// Something of which only the name is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Named {
    /// Its name.
    pub name: String,
}

impl From<BTreeMap<String, IgnoredAny>> for Volume {
    fn from(fields: BTreeMap<String, IgnoredAny>) -> Self {
        Self { kind: fields.into_keys().find(|key| key != "name").unwrap_or_default() }
    }
}

impl Container {
    /// Whether it is an init container that goes on running.
    pub fn is_sidecar(&self) -> bool {
        self.restart_policy.as_deref() == Some("Always")
    }
}

impl Pod {
    /// Whether it has ended: then it holds nothing, and neither the scheduler nor a quota sees it.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, PodPhase::Succeeded | PodPhase::Failed)
    }
}
