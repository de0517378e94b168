//! Names of stored plans.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::workers::NodeName;

/// The longest name that is made (characters): it can stand in a label too.
const LONGEST: usize = 63;

/// How much of the digest stands in a name (characters): two plans of one tenant and version that differ have different names.
const DIGEST_PART: usize = 10;

/// The name of a stored plan: a subdomain of RFC 1123, by the same rule as a [`NodeName`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlanName(String);

/// Why a text is no name of a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a stored plan; `kubectl get upgradeplans` lists those that there are")]
pub struct PlanNameError(String);

impl PlanName {
    /// The name of a plan: tenant, version and the beginning of the digest. The same plan has the same name whoever stores it, so
    /// that it is stored once.
    pub fn of(tenant: &str, to: &str, digest: &str) -> Self {
        let plain = |text: &str| -> String {
            let lower = text.chars().map(|letter| letter.to_ascii_lowercase());
            lower.map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
        };
        let digest = digest.strip_prefix("sha256:").unwrap_or(digest);
        let tail = format!("{}-{}", plain(to), plain(digest).chars().take(DIGEST_PART).collect::<String>());
        let room = LONGEST.saturating_sub(tail.len() + 1);
        let tenant: String = plain(tenant).chars().take(room).collect();
        let name = format!("{tenant}-{tail}").chars().take(LONGEST).collect::<String>();
        Self(name.trim_matches('-').to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PlanName {
    type Err = PlanNameError;

    fn from_str(text: &str) -> Result<Self, PlanNameError> {
        match text.parse::<NodeName>() {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(PlanNameError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for PlanName {
    type Error = PlanNameError;

    fn try_from(text: String) -> Result<Self, PlanNameError> {
        text.parse()
    }
}

impl From<PlanName> for String {
    fn from(name: PlanName) -> Self {
        name.0
    }
}

impl fmt::Display for PlanName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
