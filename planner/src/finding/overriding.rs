use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Finding, FindingKind, RoomOutcome, Severity};
use crate::time::UnixMillis;

/// A finding that a platform administrator may override. It must be one of judgement: what the API server or Kamaji would refuse
/// anyway cannot be argued with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overridable {
    /// [`FindingKind::DataStoreBusy`]: a second surge on a DataStore while one runs.
    DataStoreBusy,
    /// [`FindingKind::Room`]: the new pods find no room, as things are now.
    Room,
}

/// Somebody takes a finding upon themselves, for a reason and up to a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    finding: Overridable,
    person: String,
    reason: String,
    until: UnixMillis,
}

/// What an override comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OverrideState {
    /// It keeps the finding from blocking.
    Applied,
    /// Its time is over, so the finding blocks.
    Expired,
    /// Nothing was found that it would be for.
    NotNeeded,
    /// Whoever gave it may not override, so it changes nothing.
    NotAllowed,
}

/// Why something is no override.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// It is nobody's.
    #[error("an override needs the name of who answers for it")]
    NoPerson,
    /// It has no reason.
    #[error("an override needs a reason that a reviewer can judge")]
    NoReason,
    /// Its end is already over.
    #[error("the override ends {until}, which is over; give a moment that is still to come")]
    Over {
        /// The end.
        until: UnixMillis,
    },
    /// Not a finding that may be overridden.
    #[error("`{0}` is no finding that may be overridden; `data-store-busy` and `room` are")]
    NotOverridable(String),
}

impl Overridable {
    /// Which one a finding is, if it may be overridden.
    pub fn of(kind: &FindingKind) -> Option<Self> {
        match kind {
            FindingKind::DataStoreBusy { .. } => Some(Self::DataStoreBusy),
            FindingKind::Room { outcome: RoomOutcome::DoesNotFit, .. } => Some(Self::Room),
            _ => None,
        }
    }
}

impl Override {
    /// Made `now`, up to `until`.
    ///
    /// # Errors
    /// Without a person, without a reason, or if it would be over already.
    pub fn new(
        finding: Overridable,
        person: &str,
        reason: &str,
        until: UnixMillis,
        now: UnixMillis,
    ) -> Result<Self, OverrideError> {
        let (person, reason) = (person.trim().to_owned(), reason.trim().to_owned());
        match () {
            () if person.is_empty() => Err(OverrideError::NoPerson),
            () if reason.is_empty() => Err(OverrideError::NoReason),
            () if until <= now => Err(OverrideError::Over { until }),
            () => Ok(Self { finding, person, reason, until }),
        }
    }

    /// Which finding.
    pub fn finding(&self) -> Overridable {
        self.finding
    }

    /// Who answers for it.
    pub fn person(&self) -> &str {
        &self.person
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Up to when it counts.
    pub fn until(&self) -> UnixMillis {
        self.until
    }

    /// Lets the finding warn in place of blocking, with the override as part of its evidence. After its end it only says that it
    /// is over.
    pub fn apply(&self, findings: &mut [Finding], now: UnixMillis) -> OverrideState {
        let Some(finding) = findings.iter_mut().find(|finding| Overridable::of(&finding.kind) == Some(self.finding))
        else {
            return OverrideState::NotNeeded;
        };
        let (state, words) = if now < self.until {
            finding.severity = Severity::Warns;
            (OverrideState::Applied, self.to_string())
        } else {
            (OverrideState::Expired, format!("{} let it pass up to {}, which is over.", self.person, self.until))
        };
        finding.evidence = if finding.evidence.is_empty() { words } else { format!("{} {words}", finding.evidence) };
        state
    }
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { person, reason, until, .. } = self;
        write!(f, "{person} lets it pass up to {until}: {reason}")
    }
}

impl fmt::Display for Overridable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DataStoreBusy => "data-store-busy",
            Self::Room => "room",
        })
    }
}

impl FromStr for Overridable {
    type Err = OverrideError;

    fn from_str(text: &str) -> Result<Self, OverrideError> {
        match text {
            "data-store-busy" => Ok(Self::DataStoreBusy),
            "room" => Ok(Self::Room),
            other => Err(OverrideError::NotOverridable(other.to_owned())),
        }
    }
}

impl fmt::Display for OverrideState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Applied => "in force",
            Self::Expired => "over",
            Self::NotNeeded => "not needed",
            Self::NotAllowed => "does not count: only who sees every tenant may override",
        })
    }
}
