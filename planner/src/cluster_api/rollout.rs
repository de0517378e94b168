//! How a MachineDeployment replaces its Machines.
//!
//! Its controller looks like that of a Deployment and decides otherwise in three ways: it scales both MachineSets in one go;
//! it counts a Machine until its object is gone, so that one being deleted takes up surge; and it takes each Machine that it
//! deletes for an available one. [`plan_rollout`] follows `planRollingUpdate` of Cluster API 1.14 for one old and one new set.
//! In-place updates and the breaking of deadlocks by Machines that never get ready are left out.

use serde::{Deserialize, Serialize};

use crate::strategy::{DeclaredRollingUpdate, DeclaredStrategy, IntOrString, RolloutLimits, Strategy, StrategyError};

/// A MachineDeployment's strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MachineStrategy {
    /// In steps, within these two numbers.
    Rolling(Strategy),
    /// A new Machine is made whenever somebody deletes an old one.
    OnDelete,
}

/// Why a declaration is no strategy of a MachineDeployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum MachineStrategyError {
    /// A type that does not exist.
    #[error("the strategy type `{0}` does not exist; supported are `RollingUpdate` and `OnDelete`")]
    UnknownType(String),
    /// A number that is none.
    #[error("{0}")]
    Number(String),
}

/// Two MachineSets at one moment (Machines).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SetSizes {
    /// `spec.replicas`.
    pub wanted: u32,
    /// Machine objects, those being deleted too.
    pub machines: u32,
    /// Machines that are available.
    pub available: u32,
}

impl MachineStrategy {
    /// What a declaration means. An absent `maxSurge` is 1 and an absent `maxUnavailable` 0, by the MachineDeployment webhook.
    ///
    /// # Errors
    /// If a MachineDeployment does not take it.
    pub fn of(declared: &DeclaredStrategy) -> Result<Self, MachineStrategyError> {
        match declared.kind.as_deref() {
            None | Some("" | "RollingUpdate") => {}
            Some("OnDelete") => return Ok(Self::OnDelete),
            Some(other) => return Err(MachineStrategyError::UnknownType(other.to_owned())),
        }
        let rolling = declared.rolling_update.clone().unwrap_or_default();
        let filled = DeclaredStrategy {
            kind: None,
            rolling_update: Some(DeclaredRollingUpdate {
                max_surge: rolling.max_surge.or(Some(IntOrString::Int(1))),
                max_unavailable: rolling.max_unavailable.or(Some(IntOrString::Int(0))),
            }),
        };
        let rolling = filled.as_deployment();
        rolling.map(Self::Rolling).map_err(|error: StrategyError| MachineStrategyError::Number(error.to_string()))
    }
}

impl std::fmt::Display for MachineStrategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rolling(strategy) => write!(f, "RollingUpdate {strategy}"),
            Self::OnDelete => f.write_str("OnDelete"),
        }
    }
}

/// What the controller writes into `spec.replicas` of the old and the new MachineSet, in this order, when it sees them so.
pub fn plan_rollout(replicas: u32, limits: RolloutLimits, old: SetSizes, new: SetSizes) -> (u32, u32) {
    (old_wanted(replicas, limits, old, new), new_wanted(replicas, limits, old, new))
}

/// `NewMSNewReplicas`.
fn new_wanted(replicas: u32, limits: RolloutLimits, old: SetSizes, new: SetSizes) -> u32 {
    if new.wanted >= replicas {
        return replicas;
    }
    let total = old.wanted.max(old.machines) + new.wanted.max(new.machines);
    let room = replicas.saturating_add(limits.max_surge).saturating_sub(total);
    new.wanted + room.min(replicas - new.wanted)
}

/// `reconcileOldMachineSetsRollingUpdate`, first for the Machines that are not available, then for all.
fn old_wanted(replicas: u32, limits: RolloutLimits, old: SetSizes, new: SetSizes) -> u32 {
    let floor = replicas.saturating_sub(limits.max_unavailable);
    let pending = old.machines.saturating_sub(old.wanted) + new.machines.saturating_sub(new.wanted);
    let missing = new.wanted.saturating_sub(new.available);
    let mut down = (old.wanted + new.wanted).saturating_sub(pending + floor + missing);
    let mut available = old.available + new.available;
    let mut wanted = old.wanted;
    for most in [old.wanted.saturating_sub(old.available), u32::MAX] {
        let mut step = most.min(wanted).min(down);
        if step == 0 {
            continue;
        }
        if old.available > 0 {
            let mut deleted = old.machines.saturating_sub(wanted - step);
            let spare = available.saturating_sub(floor);
            if deleted > spare {
                let kept = old.machines.saturating_sub(spare).min(wanted);
                step = wanted - kept;
                deleted = old.machines.saturating_sub(kept);
            }
            available -= old.available.min(deleted).min(available);
        }
        wanted -= step;
        down -= step;
    }
    wanted
}
