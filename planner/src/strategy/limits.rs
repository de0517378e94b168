use serde::{Deserialize, Serialize};

use super::{IntOrPercent, Strategy, StrategyError};

/// What a strategy allows for a number of replicas (pods), as the Deployment controller computes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutLimits {
    /// Non-terminating pods beyond `replicas` (`MaxSurge`). An absolute surge is not capped at the replicas.
    pub max_surge: u32,
    /// Pods of `replicas` that may be missing (`MaxUnavailable`); 0 for Recreate, which the controller does not limit.
    pub max_unavailable: u32,
    /// Pods that the controller keeps available (`MinAvailable`); 0 for Recreate.
    pub min_available: u32,
}

/// Which way a percentage is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the next whole pod: surge.
    Up,
    /// To the last whole pod: unavailable.
    Down,
}

impl IntOrPercent {
    /// The number of pods out of `total` (`GetScaledValueFromIntOrPercent`). An absolute number is not capped at `total`.
    pub fn scaled(self, total: u32, rounding: Rounding) -> u32 {
        match self {
            Self::Int(pods) => pods,
            Self::Percent(percent) => {
                let product = u64::from(percent) * u64::from(total);
                let pods = match rounding {
                    Rounding::Up => product.div_ceil(100),
                    Rounding::Down => product / 100,
                };
                u32::try_from(pods).unwrap_or(u32::MAX)
            }
        }
    }
}

/// Surge and unavailable pods for `desired` replicas (`ResolveFenceposts`). If both come out as 0, one pod may be unavailable,
/// for else nothing would ever move.
pub fn resolve_fenceposts(max_surge: IntOrPercent, max_unavailable: IntOrPercent, desired: u32) -> (u32, u32) {
    let surge = max_surge.scaled(desired, Rounding::Up);
    let unavailable = max_unavailable.scaled(desired, Rounding::Down);
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

impl Strategy {
    /// What it allows for `replicas` pods (`MaxSurge`, `MaxUnavailable`, `MinAvailable`).
    pub fn limits(self, replicas: u32) -> RolloutLimits {
        let Self::RollingUpdate { max_surge, max_unavailable } = self else {
            return RolloutLimits { max_surge: 0, max_unavailable: 0, min_available: 0 };
        };
        let (max_surge, unavailable) = resolve_fenceposts(max_surge, max_unavailable, replicas);
        let max_unavailable = unavailable.min(replicas);
        RolloutLimits { max_surge, max_unavailable, min_available: replicas - max_unavailable }
    }
}

/// Checks the two times that the API server compares beside the strategy (`progressDeadlineSeconds` > `minReadySeconds`).
///
/// # Errors
/// If the deadline would pass before a pod can count as available.
pub fn check_progress_deadline(min_ready_seconds: u32, deadline_seconds: Option<u32>) -> Result<(), StrategyError> {
    match deadline_seconds {
        Some(deadline_seconds) if deadline_seconds <= min_ready_seconds => {
            Err(StrategyError::DeadlineTooShort { deadline_seconds, min_ready_seconds })
        }
        _ => Ok(()),
    }
}
