//! ResourceQuotas: how many more pods a namespace may hold. A pod counts from its creation until it is gone or has ended,
//! whether it has a node or not.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::pod::{Container, PodSpec, PodTemplate};
use super::quantity::Quantity;
use super::resources::{CPU, EPHEMERAL_STORAGE, MEMORY, PODS, ResourceList};
use crate::cost::Bytes;

/// Compute resources that each container has to name where a quota counts them (`validationSet` of the pod evaluator).
const DEMANDED: [&str; 6] = [CPU, MEMORY, "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// A ResourceQuota.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResourceQuota {
    /// Its name.
    pub name: String,
    /// `status.hard`: what is allowed.
    pub hard: ResourceList,
    /// `status.used`: what is used, terminating pods included.
    pub used: ResourceList,
    /// Which pods it counts; all conditions must hold.
    pub scopes: Vec<QuotaScope>,
}

/// A condition on the pods that a quota counts: one of `spec.scopes`, or of `spec.scopeSelector.matchExpressions`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotaScope {
    /// `Terminating`, `NotTerminating`, `BestEffort`, `NotBestEffort`, `PriorityClass` …
    pub scope_name: String,
    /// The relation; an entry of `spec.scopes` means `Exists`.
    pub operator: QuotaScopeOperator,
    /// What is compared with.
    #[serde(default)]
    pub values: Vec<String>,
}

/// The relation of a [`QuotaScope`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum QuotaScopeOperator {
    /// One of the values.
    In,
    /// None of the values.
    NotIn,
    /// Given.
    Exists,
    /// Not given.
    DoesNotExist,
}

/// How a quota keeps a pod from being created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuotaRefusal {
    /// A container does not name a resource that the quota counts, so no such pod can ever be created.
    Unnamed {
        /// The quota.
        quota: String,
        /// What would have to be named.
        resource: String,
        /// The container.
        container: String,
    },
    /// There is too little left.
    Exceeded {
        /// The quota.
        quota: String,
        /// What is counted.
        resource: String,
        /// What is allowed.
        hard: Quantity,
    },
}

/// How much of one resource of a quota is used, now and while pods are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaUse {
    /// The quota.
    pub quota: String,
    /// What is counted.
    pub resource: String,
    /// What is allowed.
    pub hard: Quantity,
    /// What is used now, of everything in the namespace.
    pub used: Quantity,
    /// What would be used at the most, if the quota refused nothing.
    pub peak: Quantity,
}

/// What the quotas of a namespace leave for the pods of a rollout.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct QuotaRoom {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    quota: String,
    resource: String,
    hard: Quantity,
    used: Quantity,
    new_pod: Quantity,
    old_pod: Quantity,
}

impl QuotaUse {
    /// What is left at the peak; less than nothing where the quota would refuse pods.
    pub fn left(&self) -> Quantity {
        self.hard.plus(self.peak.times(-1))
    }

    /// An amount of what is counted as people read it.
    pub fn amount(&self, amount: Quantity) -> String {
        let (sign, size) = if amount < Quantity::ZERO { ("-", amount.times(-1)) } else { ("", amount) };
        let in_bytes = ["memory", "storage"].iter().any(|bytes| self.resource.ends_with(bytes));
        match u64::try_from(size.units()) {
            Ok(bytes) if in_bytes => format!("{sign}{}", Bytes(bytes)),
            _ => amount.to_string(),
        }
    }
}

impl Entry {
    /// What is used while so many new pods exist and so many old ones are gone.
    fn at(&self, created: u32, gone: u32) -> Quantity {
        self.used.plus(self.new_pod.times(i64::from(created))).plus(self.old_pod.times(-i64::from(gone)))
    }
}

impl ResourceQuota {
    /// Whether it counts the pod; `None` if that cannot be told from here.
    pub(super) fn counts(&self, pod: &PodTemplate) -> Option<bool> {
        let results: Option<Vec<bool>> = self.scopes.iter().map(|scope| scope.matches(&pod.spec)).collect();
        Some(results?.into_iter().all(|matches| matches))
    }

    fn unnamed(&self, spec: &PodSpec) -> Vec<QuotaRefusal> {
        let mut refusals = Vec::new();
        for resource in self.hard.0.keys().filter(|resource| DEMANDED.contains(&resource.as_str())) {
            let names = |container: &&Container| {
                let resources = &container.resources;
                let list = if resource.starts_with("limits.") { &resources.limits } else { &resources.requests };
                !list.0.contains_key(resource.rsplit('.').next().unwrap_or(resource))
            };
            let all = spec.containers.iter().chain(&spec.init_containers);
            refusals.extend(all.filter(names).map(|container| QuotaRefusal::Unnamed {
                quota: self.name.clone(),
                resource: resource.clone(),
                container: container.name.clone(),
            }));
        }
        // With resources of the whole pod the containers need not say anything.
        if spec.resources.is_some() { Vec::new() } else { refusals }
    }
}

impl QuotaScope {
    /// Whether the pod is in the scope; `None` for a scope that is not known here.
    fn matches(&self, spec: &PodSpec) -> Option<bool> {
        match self.scope_name.as_str() {
            "Terminating" => Some(spec.active_deadline_seconds.is_some()),
            "NotTerminating" => Some(spec.active_deadline_seconds.is_none()),
            "BestEffort" => Some(spec.is_best_effort()),
            "NotBestEffort" => Some(!spec.is_best_effort()),
            "PriorityClass" => {
                let class = spec.priority_class_name.as_ref().filter(|class| !class.is_empty());
                Some(match self.operator {
                    QuotaScopeOperator::In => class.is_some_and(|class| self.values.contains(class)),
                    QuotaScopeOperator::NotIn => class.is_none_or(|class| !self.values.contains(class)),
                    QuotaScopeOperator::Exists => class.is_some(),
                    QuotaScopeOperator::DoesNotExist => class.is_none(),
                })
            }
            _ => None,
        }
    }
}

impl PodSpec {
    /// Whether no container names CPU or memory (`ComputePodQOS`).
    fn is_best_effort(&self) -> bool {
        let names = |list: &ResourceList| [CPU, MEMORY].iter().any(|resource| !list.amount(resource).is_zero());
        let pod_level = self.resources.iter().flat_map(|resources| [&resources.requests, &resources.limits]);
        let containers = self.containers.iter().chain(&self.init_containers);
        let of_containers =
            containers.flat_map(|container| [&container.resources.requests, &container.resources.limits]);
        !pod_level.chain(of_containers).any(names)
    }
}

/// What one pod uses, as quotas name it (`PodUsageFunc`).
fn usage(spec: &PodSpec) -> BTreeMap<String, Quantity> {
    let one = Quantity::from_units(1);
    let mut usage = BTreeMap::from([(PODS.to_owned(), one), ("count/pods".to_owned(), one)]);
    for (resource, amount) in spec.requests().0 {
        if [CPU, MEMORY, EPHEMERAL_STORAGE].contains(&resource.as_str()) || resource.starts_with("hugepages-") {
            usage.insert(resource.clone(), amount);
        }
        usage.insert(format!("requests.{resource}"), amount);
    }
    usage.extend(spec.limits().0.into_iter().map(|(resource, amount)| (format!("limits.{resource}"), amount)));
    usage
}

impl QuotaRoom {
    /// What the quotas leave for pods of the templates `new`, while pods like `old` leave. Among different pods the dearest new
    /// one and the cheapest old one are taken.
    ///
    /// # Errors
    /// If a quota refuses such pods whatever is left.
    pub(super) fn new(
        quotas: &[ResourceQuota],
        new: &[PodTemplate],
        old: &[PodSpec],
    ) -> Result<Self, Vec<QuotaRefusal>> {
        let mut entries = Vec::new();
        let mut refusals = Vec::new();
        for quota in quotas {
            let counted: Vec<&PodTemplate> = new.iter().filter(|pod| quota.counts(pod) == Some(true)).collect();
            for pod in &counted {
                refusals.extend(quota.unnamed(&pod.spec));
            }
            let new: Vec<_> = counted.iter().map(|pod| usage(&pod.spec)).collect();
            let old: Vec<_> = old.iter().map(usage).collect();
            for (resource, hard) in &quota.hard.0 {
                let of = |usage: &BTreeMap<String, Quantity>| usage.get(resource).copied().unwrap_or_default();
                let new_pod = new.iter().map(of).max().unwrap_or_default();
                if !new_pod.is_zero() {
                    entries.push(Entry {
                        quota: quota.name.clone(),
                        resource: resource.clone(),
                        hard: *hard,
                        used: quota.used.amount(resource),
                        new_pod,
                        old_pod: old.iter().map(of).min().unwrap_or_default(),
                    });
                }
            }
        }
        refusals.dedup();
        if refusals.is_empty() { Ok(Self { entries }) } else { Err(refusals) }
    }

    /// What is used at the most while these numbers of new pods exist and of old ones are gone, one pair for each moment.
    pub(super) fn uses(&self, moments: &[(u32, u32)]) -> Vec<QuotaUse> {
        let of = |entry: &Entry| QuotaUse {
            quota: entry.quota.clone(),
            resource: entry.resource.clone(),
            hard: entry.hard,
            used: entry.used,
            peak: moments.iter().map(|(created, gone)| entry.at(*created, *gone)).fold(entry.used, Quantity::max),
        };
        self.entries.iter().map(of).collect()
    }

    /// What stands against `created` new pods existing at once after `gone` old ones are gone.
    pub(super) fn refusal(&self, created: u32, gone: u32) -> Option<QuotaRefusal> {
        let exceeds = |entry: &&Entry| entry.at(created, gone) > entry.hard;
        self.entries.iter().find(exceeds).map(|entry| QuotaRefusal::Exceeded {
            quota: entry.quota.clone(),
            resource: entry.resource.clone(),
            hard: entry.hard,
        })
    }
}

impl fmt::Display for QuotaUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { quota, resource, hard, used, peak } = self;
        let [hard_words, used, peak_words, left] = [*hard, *used, *peak, self.left()].map(|it| self.amount(it));
        write!(f, "Quota {quota} counts {used} of {hard_words} of {resource} now and {peak_words} at the peak")?;
        if *peak > *hard { f.write_str(", which it refuses.") } else { write!(f, "; {left} are left.") }
    }
}

impl fmt::Display for QuotaRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed { quota, resource, container } => {
                write!(f, "quota {quota} counts {resource}, which container {container} does not name")
            }
            Self::Exceeded { quota, resource, hard } => {
                write!(f, "quota {quota} allows {hard} of {resource} in the namespace")
            }
        }
    }
}
