//! Amounts over time, exact: whole pods, milliCPU and bytes times whole milliseconds.

use std::fmt;

use super::Bytes;

/// MilliCPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MilliCpu(pub u64);

/// Pods times milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodTime(u64);

/// MilliCPU times milliseconds: millionths of a core second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CpuTime(u128);

/// Bytes times milliseconds, of memory or storage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct StorageTime(u128);

impl PodTime {
    /// So many pods for so many milliseconds; a time that runs backwards is none.
    pub fn of(pods: u32, millis: i64) -> Self {
        Self(u64::from(pods).saturating_mul(u64::try_from(millis).unwrap_or(0)))
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Pod milliseconds.
    pub fn millis(self) -> u64 {
        self.0
    }

    /// What pods of so much CPU each come to.
    pub fn of_cpu(self, each: MilliCpu) -> CpuTime {
        CpuTime(u128::from(self.0).saturating_mul(u128::from(each.0)))
    }

    /// What pods of so many bytes each come to.
    pub fn of_bytes(self, each: Bytes) -> StorageTime {
        StorageTime(u128::from(self.0).saturating_mul(u128::from(each.0)))
    }
}

impl CpuTime {
    /// Millionths of a core second.
    pub fn micro_core_seconds(self) -> u128 {
        self.0
    }

    /// Core milliseconds, rounded up.
    pub fn core_millis(self) -> u64 {
        u64::try_from(self.0.div_ceil(1000)).unwrap_or(u64::MAX)
    }
}

impl StorageTime {
    /// Byte milliseconds.
    pub fn byte_millis(self) -> u128 {
        self.0
    }

    /// MiB seconds, rounded up.
    pub fn mib_seconds(self) -> u64 {
        u64::try_from(self.0.div_ceil(1000 << 20)).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for MilliCpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mCPU", self.0)
    }
}

impl fmt::Display for PodTime {
    /// `180 pod s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} pod s", Tenths::of(u128::from(self.0), 1000))
    }
}

impl fmt::Display for CpuTime {
    /// `22.5 core s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} core s", Tenths::of(self.0, 1_000_000))
    }
}

impl fmt::Display for StorageTime {
    /// `90 GiB s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} GiB s", Tenths::of(self.0, 1000 << 30))
    }
}

/// A number of units with one digit after the point, rounded up so that little never looks like nothing; without the digit where
/// it is 0.
struct Tenths(u128);

impl Tenths {
    fn of(amount: u128, unit: u128) -> Self {
        Self(amount.saturating_mul(10).div_ceil(unit))
    }
}

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{}", self.0 / 10),
            tenth => write!(f, "{}.{tenth}", self.0 / 10),
        }
    }
}
