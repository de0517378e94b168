//! All that one strategy costs.

use std::fmt;

use super::Bytes;
use super::amount::{MilliCpu, PodTime};
use super::price::{Money, Prices};
use super::size::{Basis, PodSizes, Resource, Size};
use super::surge::Surge;
use crate::film::Film;

/// What one strategy costs, against today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// Pods of today.
    pub today: u32,
    /// Its pods over time.
    pub surge: Surge,
    /// Each resource by each basis that is known; one line without a size where nothing is known of a resource.
    pub lines: Vec<BillLine>,
    /// What CPU and memory come to in money; `None` without prices.
    pub charge: Option<Result<Charge, ChargeUnknown>>,
}

/// What one strategy takes of a resource. Amounts are milliCPU or bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillLine {
    /// Of what.
    pub resource: Resource,
    /// How much one pod takes; `None` if nothing is known.
    pub size: Option<Size>,
}

/// What CPU and memory come to in money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// What the pods beyond today's cost, over the whole film.
    pub surge: Money,
    /// What the pods of today cost in an hour.
    pub today_hourly: Money,
    /// What the pods at the peak cost in an hour.
    pub peak_hourly: Money,
    /// How the CPU of a pod is known.
    pub cpu: Basis,
    /// How the memory of a pod is known.
    pub memory: Basis,
}

/// Why there is a price and no amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChargeUnknown {
    /// Of this the size of a pod is not known.
    pub resource: Resource,
}

impl Bill {
    /// Of a film of a control plane that has so many pods of these sizes today.
    pub fn of(film: &Film, today: u32, sizes: &PodSizes, prices: Option<&Prices>) -> Self {
        let surge = Surge::of(film, today);
        let lines = Resource::ALL.into_iter().flat_map(|resource| {
            let known = sizes.of(resource);
            let unknown = known.is_empty().then_some(BillLine { resource, size: None });
            known.into_iter().map(move |size| BillLine { resource, size: Some(size) }).chain(unknown)
        });
        Self {
            today,
            lines: lines.collect(),
            charge: prices.map(|prices| Charge::of(&surge, today, sizes, prices)),
            surge,
        }
    }

    /// What one pod takes of a resource by the basis that counts: requested before measured before assumed.
    pub fn size(&self, resource: Resource) -> Option<Size> {
        self.lines.iter().find(|line| line.resource == resource)?.size
    }
}

impl BillLine {
    /// What so many pods take; `None` if the size of one is not known.
    pub fn of_pods(&self, pods: u32) -> Option<u64> {
        Some(self.size?.each.saturating_mul(u64::from(pods)))
    }

    /// What pods over time come to, in words; `None` if the size of one is not known.
    pub fn over_time(&self, pods: PodTime) -> Option<String> {
        let each = self.size?.each;
        Some(match self.resource {
            Resource::Cpu => pods.of_cpu(MilliCpu(each)).to_string(),
            Resource::Memory | Resource::EphemeralStorage => pods.of_bytes(Bytes(each)).to_string(),
        })
    }
}

impl Charge {
    fn of(surge: &Surge, today: u32, sizes: &PodSizes, prices: &Prices) -> Result<Self, ChargeUnknown> {
        let size = |resource| sizes.of(resource).first().copied().ok_or(ChargeUnknown { resource });
        let (cpu, memory) = (size(Resource::Cpu)?, size(Resource::Memory)?);
        let (each_cpu, each_memory) = (MilliCpu(cpu.each), Bytes(memory.each));
        Ok(Self {
            surge: prices.charge(surge.above.of_cpu(each_cpu), surge.above.of_bytes(each_memory)),
            today_hourly: prices.hour(today, each_cpu, each_memory),
            peak_hourly: prices.hour(today.saturating_add(surge.extra.bound), each_cpu, each_memory),
            cpu: cpu.basis,
            memory: memory.basis,
        })
    }
}

impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { surge, today_hourly, peak_hourly, cpu, memory } = self;
        write!(f, "{surge} for the pods beyond today's; {peak_hourly} an hour at the peak, {today_hourly} today ")?;
        write!(f, "(CPU {cpu}; memory {memory})")
    }
}

impl fmt::Display for ChargeUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.resource {
            Resource::Cpu => "CPU",
            Resource::Memory => "memory",
            Resource::EphemeralStorage => "ephemeral storage",
        };
        write!(f, "not known, since the {what} of a pod is not")
    }
}
