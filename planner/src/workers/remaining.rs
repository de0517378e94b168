//! What is left of an upgrade once the control plane is finished, in the few words that a list of tenants has room for.
//!
//! A tenant is finished only when every worker is; a finished control plane alone is half of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::progress::Progress;
use crate::stage::is_finished;
use crate::tenant::TenantSnapshot;
use crate::tenant_api::{Answer, NotAsked};
use crate::version::KubernetesVersion;

/// What is left of an upgrade whose control plane is finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Remaining {
    /// Workers that are not done.
    Workers {
        /// How many are ([`is_done`](super::is_done)).
        done: usize,
        /// How many there are.
        total: usize,
    },
    /// The tenant's API should have told, and did not.
    NotKnown,
}

/// What the workers of a tenant are to run now; `None` while its control plane is not finished, and while it sleeps: then there is
/// no API server that could be asked.
pub fn workers_follow(snapshot: &TenantSnapshot) -> Option<KubernetesVersion> {
    if snapshot.replicas == 0 || !is_finished(snapshot) {
        return None;
    }
    snapshot.desired_version.parsed().ok()
}

impl Remaining {
    /// Of a tenant whose workers follow ([`workers_follow`]), by what its API told.
    ///
    /// `None` if nothing is left. Also where nothing was to be told: who may not ask learns that on the tenant's own page, and in
    /// a list it would be noise.
    pub fn of(told: &Result<Answer<Progress>, NotAsked>) -> Option<Self> {
        match told {
            Ok(Answer::Read(progress)) if progress.is_finished() => None,
            Ok(Answer::Read(Progress { done, total, .. })) => Some(Self::Workers { done: *done, total: *total }),
            Ok(Answer::Missing | Answer::Forbidden(_) | Answer::TimedOut { .. } | Answer::Failed(_)) => {
                Some(Self::NotKnown)
            }
            Err(
                NotAsked::Sleeping
                | NotAsked::CredentialsRefused { .. }
                | NotAsked::ControlPlaneForbidden { .. }
                | NotAsked::ControlPlaneMissing
                | NotAsked::SecretForbidden { .. }
                | NotAsked::NoWay,
            ) => None,
            Err(
                NotAsked::NoSecretNamed
                | NotAsked::SecretMissing { .. }
                | NotAsked::SecretNotRead { .. }
                | NotAsked::KubeconfigRefused { .. },
            ) => Some(Self::NotKnown),
        }
    }
}

impl fmt::Display for Remaining {
    /// A phrase, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workers { done, total } => write!(f, "control plane finished, workers {done} of {total}"),
            Self::NotKnown => f.write_str("workers not known"),
        }
    }
}
