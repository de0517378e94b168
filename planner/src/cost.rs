//! What a rollout costs on top of today: pods, CPU, memory, storage, DataStore connections, money. What is not known stays
//! unknown.
//!
//! [`Cost`] is what the strategy lab shows of each row: the peaks. [`Bill`] is the whole of one strategy: each amount by each
//! basis that is known, its sum over the film, and what that comes to in money.

mod amount;
mod bill;
mod price;
mod size;
mod surge;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::film::Peaks;
use crate::tenant::PodRequests;

pub use self::amount::{CpuTime, MilliCpu, PodTime, StorageTime};
pub use self::bill::{Bill, BillLine, Charge, ChargeUnknown};
pub use self::price::{Currency, Money, Price, PriceError, Prices};
pub use self::size::{Basis, PodSizes, Resource, Size, UsageUnknown};
pub use self::surge::{Surge, SurgeStep};

/// A number with where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figure<T> {
    /// The number; `None` if it is not known.
    pub value: Option<T>,
    /// Where it comes from.
    pub source: FigureSource,
}

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FigureSource {
    /// The pods' own resource requests.
    Requests,
    /// Taken as an assumption, and labelled so.
    Assumed,
    /// Seen on this tenant.
    Observed,
    /// Nowhere: it is not known.
    Unknown,
}

/// What one pod costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PodCost {
    /// What the pods request; `None` inside where a container sets nothing.
    pub requests: PodRequests,
    /// What to assume beside it; never takes the place of requests that are set.
    pub assumed: PodRequests,
    /// TCP connections that one API server holds to the DataStore, as assumed.
    pub connections: Option<u32>,
}

/// What a rollout costs at its peaks, on top of the pods of today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// More pods than replicas, at each of the four peaks.
    pub extra: Peaks,
    /// More CPU requested (milliCPU), at the peak of bound pods.
    pub cpu_millis: Figure<u64>,
    /// More memory requested (bytes), at the peak of bound pods.
    pub memory_bytes: Figure<u64>,
    /// The same by assumption, where requests are unknown.
    pub assumed_cpu_millis: Figure<u64>,
    /// The same by assumption, where requests are unknown.
    pub assumed_memory_bytes: Figure<u64>,
    /// More DataStore connections, at the peak of running pods.
    pub connections: Figure<u64>,
}

impl Cost {
    /// The cost of a rollout with these peaks, for a control plane of `replicas` pods.
    pub fn of(peaks: Peaks, replicas: u32, pod: &PodCost) -> Self {
        let extra = peaks.beyond(replicas);
        let bound = u64::from(extra.bound);
        let requested =
            |each: Option<u64>| Figure::new(each.map(|each| each.saturating_mul(bound)), FigureSource::Requests);
        let assumed = |requested: Option<u64>, each: Option<u64>| {
            let each = each.filter(|_| requested.is_none());
            Figure::new(each.map(|each| each.saturating_mul(bound)), FigureSource::Assumed)
        };
        Self {
            extra,
            cpu_millis: requested(pod.requests.cpu_millis),
            memory_bytes: requested(pod.requests.memory_bytes),
            assumed_cpu_millis: assumed(pod.requests.cpu_millis, pod.assumed.cpu_millis),
            assumed_memory_bytes: assumed(pod.requests.memory_bytes, pod.assumed.memory_bytes),
            connections: Figure::new(
                pod.connections.map(|each| u64::from(each) * u64::from(extra.running)),
                FigureSource::Assumed,
            ),
        }
    }
}

impl<T> Figure<T> {
    /// A number from `source`, or, without a number, an unknown one.
    pub fn new(value: Option<T>, source: FigureSource) -> Self {
        let source = if value.is_some() { source } else { FigureSource::Unknown };
        Self { value, source }
    }
}

impl fmt::Display for FigureSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requests => "from the pods' requests",
            Self::Assumed => "assumed",
            Self::Observed => "observed on this tenant",
            Self::Unknown => "not known",
        })
    }
}

/// Bytes as people read them: whole MiB, from 10 GiB on GiB with one digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MIB: u64 = 1024 * 1024;
        const GIB: u64 = 1024 * MIB;
        if self.0 >= 10 * GIB {
            let tenths = (self.0 / (GIB / 10)).min(u64::MAX / 10);
            write!(f, "{}.{} GiB", tenths / 10, tenths % 10)
        } else {
            write!(f, "{} MiB", self.0.div_ceil(MIB))
        }
    }
}
