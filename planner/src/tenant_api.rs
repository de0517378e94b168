//! What a tenant's own API tells before a hop, and what follows from it.
//!
//! The management cluster knows nothing of a tenant's nodes, webhooks and clients; its own API does. Each part is read by itself,
//! so one that fails, hangs or may not be read says so and hides no other. [`check`] turns what was read into findings.

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::answer::Answer;
pub use self::checks::{BACKUP_IS_FRESH_HOURS, Checked, check};
pub use self::facts::{
    AddOn, AddOnPins, AddOnVersion, ApiUse, Backend, Backup, ExhaustedBudget, FailurePolicy, GroupVersion, Hook,
    HookKind, TenantFacts, UnavailableApi, Writer,
};
pub use self::part::Part;
pub use self::removals::{RemovedApi, removed_apis};

mod answer;
mod checks;
mod facts;
mod part;
mod removals;

/// What is known of a tenant's API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TenantApi {
    /// It was not asked; why.
    NotAsked(NotAsked),
    /// It was asked, part by part.
    Asked(Box<TenantFacts>),
}

/// By which way a tenant's API is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Route {
    /// By the Service in the management cluster, as Kamaji itself does (`admin.svc`).
    Service,
    /// By the public endpoint (`admin.conf`). What is in between (load balancer, firewall) is not what Kamaji meets.
    Endpoint,
}

/// Why a tenant's API was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum NotAsked {
    /// There is no API server: the control plane has 0 replicas.
    Sleeping,
    /// The management cluster does not know who asks: the person's credentials have ended, or were taken back.
    CredentialsRefused {
        /// The API server's words.
        words: String,
    },
    /// The person may not read the TenantControlPlane, which names the Secret.
    ControlPlaneForbidden {
        /// The API server's words.
        words: String,
    },
    /// There is no such TenantControlPlane any more.
    ControlPlaneMissing,
    /// Kamaji has not named a kubeconfig yet.
    NoSecretNamed,
    /// The Secret that Kamaji names is not there.
    SecretMissing {
        /// Its name.
        secret: String,
    },
    /// The person may not read the Secret.
    SecretForbidden {
        /// Its name.
        secret: String,
        /// The API server's words.
        words: String,
    },
    /// Whether the Secret may be read is not known: the management cluster did not answer, or said that it cannot now. Whoever
    /// could read it a moment ago has lost nothing by that; every other reason is an answer.
    SecretNotRead {
        /// Its name.
        secret: String,
        /// Why.
        why: String,
    },
    /// What stands in the Secret is not used: it asks for more than an address and credentials, or leads elsewhere.
    KubeconfigRefused {
        /// Why. Says nothing of what stands there.
        why: String,
    },
    /// The console has no way to ask, as when it plays a recording.
    NoWay,
}

impl NotAsked {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Sleeping => {
                "Wake it and check again, or compare the kubelets yourself: they meet the new version when it wakes."
            }
            Self::CredentialsRefused { .. } => "Sign in to the management cluster again, then check again.",
            Self::ControlPlaneForbidden { .. } => {
                "Ask for get on this TenantControlPlane, or have somebody check who may read it. Otherwise check nodes and webhooks yourself."
            }
            Self::ControlPlaneMissing => "Look for it in the fleet: it was deleted, or has another name.",
            Self::NoSecretNamed => "Wait until Kamaji has written the kubeconfig, then check again.",
            Self::SecretMissing { .. } => {
                "Kamaji makes it anew by itself; if it does not come back, read Kamaji's log. Then check again."
            }
            Self::SecretForbidden { .. } => {
                "Ask for get on this one Secret, or have somebody check who may read it. Otherwise check nodes and webhooks yourself."
            }
            Self::SecretNotRead { .. } => "Check again.",
            Self::KubeconfigRefused { .. } => {
                "Let Kamaji write the Secret anew: annotate it with certs.kamaji.clastix.io/rotate. Then check again."
            }
            Self::NoWay => "Connect the console to the management cluster.",
        }
    }
}

impl fmt::Display for NotAsked {
    /// Part of a sentence, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sleeping => f.write_str("it sleeps, so there is none"),
            Self::CredentialsRefused { words } => {
                write!(f, "the management cluster refuses your credentials ({words})")
            }
            Self::ControlPlaneForbidden { words } => write!(f, "you may not read the TenantControlPlane ({words})"),
            Self::ControlPlaneMissing => f.write_str("there is no such TenantControlPlane"),
            Self::NoSecretNamed => f.write_str("Kamaji has not named its kubeconfig yet"),
            Self::SecretMissing { secret } => write!(f, "the Secret {secret} that Kamaji names is not there"),
            Self::SecretForbidden { secret, words } => write!(f, "you may not read the Secret {secret} ({words})"),
            Self::SecretNotRead { secret, why } => write!(f, "the Secret {secret} could not be read ({why})"),
            Self::KubeconfigRefused { why } => write!(f, "its kubeconfig is not used, because {why}"),
            Self::NoWay => f.write_str("nothing leads to it from here"),
        }
    }
}
