//! What pods request and what nodes have (`resource.PodRequests`, `NodeInfo`).

use std::collections::{BTreeMap, BTreeSet};

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
    /// What the pod requests in all (`PodRequests`).
    pub fn requests(&self) -> ResourceList {
        self.totals(Half::Requests)
    }

    /// What the pod may use at most (`PodLimits`).
    pub fn limits(&self) -> ResourceList {
        self.totals(Half::Limits)
    }

    fn totals(&self, half: Half) -> ResourceList {
        let total = |resource: &&String| Some(((*resource).clone(), self.total(half, resource)?));
        ResourceList(self.named_resources(half).iter().filter_map(total).collect())
    }

    /// The containers alone (`AggregateContainerRequests`, `AggregateContainerLimits`).
    pub(super) fn containers_totals(&self, half: Half) -> ResourceList {
        let total = |resource: &&String| Some(((*resource).clone(), self.containers_total(half, resource)?));
        ResourceList(self.named_resources(half).iter().filter_map(total).collect())
    }

    /// Pod-level resources take the place of what the containers say; overhead comes on top, of limits only where there is one.
    fn total(&self, half: Half, resource: &str) -> Option<Quantity> {
        let pod_level = self.resources.as_ref().filter(|_| is_pod_level(resource));
        let pod_level = pod_level.and_then(|resources| resources.half(half).0.get(resource)).copied();
        let amount = pod_level.or_else(|| self.containers_total(half, resource));
        let overhead = self.overhead.0.get(resource).copied();
        match (half, amount, overhead) {
            (_, None, None) => None,
            (Half::Limits, amount, _) if amount.is_none_or(Quantity::is_zero) => amount,
            (_, amount, overhead) => Some(amount.unwrap_or_default().plus(overhead.unwrap_or_default())),
        }
    }

    /// The greater of all containers together and of each init container with the sidecars before it; `None` if no container
    /// names the resource. A running pod goes on holding what its init containers needed.
    fn containers_total(&self, half: Half, resource: &str) -> Option<Quantity> {
        let named = |container: &Container| container.resources.half(half).0.get(resource).copied();
        let mut all = self.containers.iter().chain(&self.init_containers);
        all.find_map(named)?;
        let of = |container: &Container| named(container).unwrap_or_default();
        let mut sum = self.containers.iter().map(of).fold(Quantity::ZERO, Quantity::plus);
        let (mut sidecars, mut starting) = (Quantity::ZERO, Quantity::ZERO);
        for container in &self.init_containers {
            let needs = of(container);
            if container.is_sidecar() {
                sum = sum.plus(needs);
                sidecars = sidecars.plus(needs);
                starting = starting.max(sidecars);
            } else {
                starting = starting.max(needs.plus(sidecars));
            }
        }
        Some(sum.max(starting))
    }

    fn named_resources(&self, half: Half) -> BTreeSet<&String> {
        let containers = self.containers.iter().chain(&self.init_containers).map(|container| &container.resources);
        let lists = containers.chain(&self.resources).map(|resources| resources.half(half));
        lists.chain([&self.overhead]).flat_map(|list| list.0.keys()).collect()
    }
}

/// Whether a resource may be given for a whole pod (`IsSupportedPodLevelResource`).
pub(super) fn is_pod_level(resource: &str) -> bool {
    resource == CPU || resource == MEMORY || resource.starts_with("hugepages-")
}

impl Amounts {
    /// What a pod requests in all, each amount rounded up once.
    pub fn requested_by(spec: &PodSpec) -> Self {
        let total = |resource: &str| spec.total(Half::Requests, resource).unwrap_or_default();
        Self {
            milli_cpu: total(CPU).thousandths(),
            memory: total(MEMORY).units(),
            ephemeral_storage: total(EPHEMERAL_STORAGE).units(),
        }
    }

    /// The amounts of a list, each rounded up.
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
