//! What one pod of the control plane takes, and how that is known.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Bytes, MilliCpu};
use crate::tenant::{MeasuredUsage, PodRequests};

/// Something that a pod takes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// CPU.
    Cpu,
    /// Memory.
    Memory,
    /// The node's own disk.
    EphemeralStorage,
}

/// How an amount is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Basis {
    /// The pods request it: so much is set aside for each, used or not.
    Requested,
    /// The pods of today use it, as `metrics.k8s.io` says.
    Measured {
        /// How many pods it is the mean of.
        pods: u32,
    },
    /// Somebody assumed it.
    Assumed,
}

/// How much one pod takes, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// MilliCPU or bytes.
    pub each: u64,
    /// How it is known.
    pub basis: Basis,
}

/// Everything that is known of the size of one pod. All pods of the control plane are alike: a hop changes their image, not
/// their resources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PodSizes {
    /// What it requests.
    pub requested: PodRequests,
    /// What the pods of today use.
    pub measured: Option<MeasuredUsage>,
    /// What to assume of a resource of which nothing else is known.
    pub assumed: PodRequests,
}

/// Why no usage was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageUnknown {
    /// Nobody asked.
    NotAsked,
    /// The management cluster serves no `metrics.k8s.io`.
    NotServed,
    /// The API server does not show it; its words.
    Refused(String),
    /// There was no answer that can be used; why.
    NoAnswer(String),
    /// None of this tenant's pods has been measured.
    NoPods,
}

impl Resource {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Cpu, Self::Memory, Self::EphemeralStorage];

    /// An amount of it as people read it.
    pub fn amount(self, amount: u64) -> String {
        match self {
            Self::Cpu => MilliCpu(amount).to_string(),
            Self::Memory | Self::EphemeralStorage => Bytes(amount).to_string(),
        }
    }

    fn of(self, sizes: &PodRequests) -> Option<u64> {
        match self {
            Self::Cpu => sizes.cpu_millis,
            Self::Memory => sizes.memory_bytes,
            Self::EphemeralStorage => sizes.ephemeral_storage_bytes,
        }
    }
}

impl PodSizes {
    /// How much of a resource one pod takes, by each basis that is known, the one that counts first. An assumption stands only
    /// where nothing else is known; empty means that nothing is known at all.
    pub fn of(&self, resource: Resource) -> Vec<Size> {
        let requested = resource.of(&self.requested).map(|each| Size { each, basis: Basis::Requested });
        let measured = self.measured.and_then(|usage| {
            let each = match resource {
                Resource::Cpu => usage.cpu_millis,
                Resource::Memory => usage.memory_bytes,
                Resource::EphemeralStorage => return None,
            };
            Some(Size { each, basis: Basis::Measured { pods: usage.pods } })
        });
        let assumed = resource.of(&self.assumed).map(|each| Size { each, basis: Basis::Assumed });
        let known: Vec<Size> = requested.into_iter().chain(measured).collect();
        if known.is_empty() { assumed.into_iter().collect() } else { known }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "CPU",
            Self::Memory => "Memory",
            Self::EphemeralStorage => "Ephemeral storage",
        })
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested => f.write_str("requested"),
            Self::Measured { pods: 1 } => f.write_str("measured on one pod"),
            Self::Measured { pods } => write!(f, "measured, mean of {pods} pods"),
            Self::Assumed => f.write_str("assumed"),
        }
    }
}

impl fmt::Display for UsageUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("What the pods use was not asked for."),
            Self::NotServed => {
                f.write_str("What the pods use is not known: the management cluster serves no `metrics.k8s.io`.")
            }
            Self::Refused(words) => write!(f, "What the pods use may not be read: {words}."),
            Self::NoAnswer(why) => write!(f, "What the pods use is not known: {why}."),
            Self::NoPods => f.write_str("What the pods use is not known: none of them has been measured yet."),
        }
    }
}
