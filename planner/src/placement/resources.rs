//! What pods request and what nodes have (`resource.PodRequests`, `NodeInfo`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::pod::{Container, PodSpec, ResourceRequirements};
use super::quantity::Quantity;

pub(super) const CPU: &str = "cpu";
pub(super) const MEMORY: &str = "memory";
pub(super) const EPHEMERAL_STORAGE: &str = "ephemeral-storage";
pub(super) const PODS: &str = "pods";

/// Amounts by resource name (`v1.ResourceList`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ResourceList(pub BTreeMap<String, Quantity>);

/// Amounts that are compared with a node's, in the units in which the scheduler compares them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amounts {
    /// MilliCPU.
    pub milli_cpu: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub ephemeral_storage: i64,
}

/// What a node can give to pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Allocatable {
    /// CPU, memory and storage.
    pub amounts: Amounts,
    /// Pods. Without an entry none.
    pub pods: i64,
}

/// Which half of a container's resources is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Requests,
    Limits,
}

impl ResourceList {
    /// The amount of `resource`; nothing if it is not listed.
    pub fn amount(&self, resource: &str) -> Quantity {
        self.0.get(resource).copied().unwrap_or_default()
    }

    fn add(&mut self, other: &Self) {
        for (resource, amount) in &other.0 {
            let sum = self.amount(resource).plus(*amount);
            self.0.insert(resource.clone(), sum);
        }
    }

    fn raise_to(&mut self, other: &Self) {
        for (resource, amount) in &other.0 {
            let most = self.amount(resource).max(*amount);
            self.0.insert(resource.clone(), most);
        }
    }
}

impl ResourceRequirements {
    fn half(&self, half: Half) -> &ResourceList {
        match half {
            Half::Requests => &self.requests,
            Half::Limits => &self.limits,
        }
    }
}

impl PodSpec {
    /// What the pod requests in all (`PodRequests`): the greater of all containers together and of each init container with
    /// the sidecars before it; pod-level requests in place of the sum; overhead on top. A running pod goes on holding what its
    /// init containers needed.
    pub fn requests(&self) -> ResourceList {
        let mut sum = self.containers_sum(Half::Requests);
        if let Some(resources) = &self.resources {
            let pod_level = resources.requests.0.iter().filter(|(resource, _)| is_pod_level(resource));
            sum.0.extend(pod_level.map(|(resource, amount)| (resource.clone(), *amount)));
        }
        sum.add(&self.overhead);
        sum
    }

    /// What the pod may use at most (`PodLimits`). Overhead counts only where there is a limit.
    pub fn limits(&self) -> ResourceList {
        let mut sum = self.containers_sum(Half::Limits);
        if let Some(resources) = &self.resources {
            let pod_level = resources.limits.0.iter().filter(|(resource, _)| is_pod_level(resource));
            sum.0.extend(pod_level.map(|(resource, amount)| (resource.clone(), *amount)));
        }
        for (resource, amount) in &self.overhead.0 {
            if let Some(limit) = sum.0.get_mut(resource).filter(|limit| !limit.is_zero()) {
                *limit = limit.plus(*amount);
            }
        }
        sum
    }

    /// The containers alone (`AggregateContainerRequests`, `AggregateContainerLimits`).
    pub(super) fn containers_sum(&self, half: Half) -> ResourceList {
        let of = |container: &Container| container.resources.half(half).clone();
        let mut sum = ResourceList::default();
        for container in &self.containers {
            sum.add(&of(container));
        }
        let mut sidecars = ResourceList::default();
        let mut starting = ResourceList::default();
        for container in &self.init_containers {
            let mut needs = of(container);
            if container.is_sidecar() {
                sum.add(&needs);
                sidecars.add(&needs);
                needs = sidecars.clone();
            } else {
                needs.add(&sidecars);
            }
            starting.raise_to(&needs);
        }
        sum.raise_to(&starting);
        sum
    }
}

/// Whether a resource may be given for a whole pod (`IsSupportedPodLevelResource`).
pub(super) fn is_pod_level(resource: &str) -> bool {
    resource == CPU || resource == MEMORY || resource.starts_with("hugepages-")
}

impl Amounts {
    /// The amounts of a list, each rounded up once.
    pub fn of(list: &ResourceList) -> Self {
        Self {
            milli_cpu: list.amount(CPU).thousandths(),
            memory: list.amount(MEMORY).units(),
            ephemeral_storage: list.amount(EPHEMERAL_STORAGE).units(),
        }
    }

    /// Added up.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.zip(other, i64::saturating_add)
    }

    /// What is left; negative where more is taken than there is.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.zip(other, i64::saturating_sub)
    }

    fn zip(self, other: Self, with: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            milli_cpu: with(self.milli_cpu, other.milli_cpu),
            memory: with(self.memory, other.memory),
            ephemeral_storage: with(self.ephemeral_storage, other.ephemeral_storage),
        }
    }

    pub(super) fn each(self) -> [i64; 3] {
        [self.milli_cpu, self.memory, self.ephemeral_storage]
    }
}

impl Allocatable {
    /// What stands in a node's `status.allocatable`.
    pub fn of(list: &ResourceList) -> Self {
        Self { amounts: Amounts::of(list), pods: list.amount(PODS).units() }
    }
}
