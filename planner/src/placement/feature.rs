//! What decides about a pod's place and is not simulated. Where one of these is there, the verdict is "unknown", not a guess.

use std::fmt;

use super::pod::{PodSpec, PodTemplate};
use super::quota::ResourceQuota;
use super::resources::{CPU, EPHEMERAL_STORAGE, MEMORY};

/// The scheduler whose filters stand here.
const DEFAULT_SCHEDULER: &str = "default-scheduler";
/// Volumes that no filter of the scheduler looks at.
const PLAIN_VOLUMES: [&str; 8] =
    ["configMap", "downwardAPI", "emptyDir", "hostPath", "nfs", "projected", "secret", "image"];

/// Something that is not simulated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// A volume that may bind the pod to certain nodes, by its kind.
    Volume(String),
    /// Another scheduler.
    Scheduler(String),
    /// A resource other than CPU, memory and ephemeral storage.
    ExtendedResource(String),
    /// Claims of devices.
    ResourceClaims,
    /// A gate keeps the scheduler away.
    SchedulingGate(String),
    /// The template itself names the node.
    NodeName(String),
    /// A toleration with an operator that is not known here.
    TolerationOperator(String),
    /// A runtime class whose overhead has not been filled in.
    RuntimeClass(String),
    /// A priority class whose number is not known, so that it is not known whether pods would be evicted.
    PriorityClass(String),
    /// The pod may evict pods of lower priority.
    Preemption,
    /// A scope of a quota that is not known here.
    QuotaScope {
        /// The quota.
        quota: String,
    },
    /// Something could not be read; names it.
    Unreadable(String),
}

impl Feature {
    /// What of a template is not simulated, whatever the cluster looks like.
    pub(super) fn of_template(template: &PodTemplate) -> Vec<Self> {
        let spec = &template.spec;
        let volumes = spec.volumes.iter().filter(|volume| !PLAIN_VOLUMES.contains(&volume.kind.as_str()));
        let mut features: Vec<Self> = volumes.map(|volume| Self::Volume(volume.kind.clone())).collect();
        let scheduler = spec.scheduler_name.iter().filter(|name| !["", DEFAULT_SCHEDULER].contains(&name.as_str()));
        features.extend(scheduler.cloned().map(Self::Scheduler));
        features.extend(extended_resources(spec).map(Self::ExtendedResource));
        features.extend((!spec.resource_claims.is_empty()).then_some(Self::ResourceClaims));
        features.extend(spec.scheduling_gates.iter().map(|gate| Self::SchedulingGate(gate.name.clone())));
        features.extend(spec.node_name.iter().filter(|name| !name.is_empty()).cloned().map(Self::NodeName));
        let operators = spec.tolerations.iter().map(|toleration| &toleration.operator);
        let unknown = operators.filter(|operator| !["", "Equal", "Exists"].contains(&operator.as_str()));
        features.extend(unknown.cloned().map(Self::TolerationOperator));
        let runtime_class = spec.runtime_class_name.iter().filter(|_| spec.overhead.0.is_empty());
        features.extend(runtime_class.cloned().map(Self::RuntimeClass));
        features.sort_unstable();
        features.dedup();
        features
    }

    pub(super) fn of_quotas(quotas: &[ResourceQuota], template: &PodTemplate) -> Vec<Self> {
        let unknown = quotas.iter().filter(|quota| quota.counts(template).is_none());
        unknown.map(|quota| Self::QuotaScope { quota: quota.name.clone() }).collect()
    }
}

fn extended_resources(spec: &PodSpec) -> impl Iterator<Item = String> {
    let known = |resource: &String| [CPU, MEMORY, EPHEMERAL_STORAGE].contains(&resource.as_str());
    let requested = spec.requests().0.into_iter();
    requested.filter(move |(resource, amount)| !known(resource) && !amount.is_zero()).map(|(resource, _)| resource)
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Volume(kind) if kind.is_empty() => f.write_str("a volume of an unknown kind"),
            Self::Volume(kind) => write!(f, "a volume of the kind “{kind}”"),
            Self::Scheduler(name) => write!(f, "the scheduler “{name}”"),
            Self::ExtendedResource(resource) => write!(f, "the resource “{resource}”"),
            Self::ResourceClaims => f.write_str("resource claims"),
            Self::SchedulingGate(name) => write!(f, "the scheduling gate “{name}”"),
            Self::NodeName(name) => write!(f, "the node name “{name}” in the template"),
            Self::TolerationOperator(operator) => write!(f, "a toleration with the operator “{operator}”"),
            Self::RuntimeClass(name) => write!(f, "the overhead of the runtime class “{name}”"),
            Self::PriorityClass(name) => write!(f, "the priority of the class “{name}”"),
            Self::Preemption => f.write_str("eviction of pods with a lower priority"),
            Self::QuotaScope { quota } => write!(f, "the scope of quota “{quota}”"),
            Self::Unreadable(what) => f.write_str(what),
        }
    }
}
