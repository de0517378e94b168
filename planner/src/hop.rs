//! One change of the version: what a person agrees to, what speaks against it, and the patch that makes it.

use serde::{Deserialize, Serialize};

use crate::finding::Overridable;
use crate::strategy::Strategy;
use crate::tenant::{DeclaredVersion, ObservedHop, TenantId};
use crate::version::{KubernetesVersion, Minor};

pub use self::binding::{Binding, BoundFacts, FactChange};
pub use self::patch::{FORMER_STRATEGY_ANNOTATION, merge_patch, restore_patch};
pub use self::preflight::{Preflight, preflight};
pub use self::words::{FieldChange, field_changes, notices};

mod binding;
mod patch;
mod preflight;
mod words;

/// A hop that a person has agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HopRequest {
    /// Of which tenant.
    pub tenant: TenantId,
    /// What the person saw. The hop is made only if it still holds.
    pub binding: Binding,
    /// The version wanted.
    pub version: KubernetesVersion,
    /// The strategy wanted; `None` keeps what is declared.
    pub strategy: Option<Strategy>,
    /// What the person acknowledged.
    pub acknowledged: Vec<Acknowledgement>,
    /// The tenant's name, typed for a minor hop.
    pub typed_name: Option<String>,
    /// What is to be overridden, and why.
    pub despite: Option<Despite>,
}

/// Findings that a person takes upon themselves for one start. It is for those that were seen: one that comes up meanwhile blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Despite {
    reason: String,
    findings: Vec<Overridable>,
}

/// Why something is no override of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DespiteError {
    /// No reason.
    #[error("an override needs a reason that others can judge")]
    NoReason,
    /// More than a log line should hold.
    #[error("the reason is too long; {LONGEST_REASON} characters are enough")]
    TooLong,
}

/// The longest reason of an override (characters).
pub const LONGEST_REASON: usize = 300;

/// What a person gave to start a hop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreement<'a> {
    /// What was acknowledged.
    pub acknowledged: &'a [Acknowledgement],
    /// The tenant's name, typed.
    pub typed_name: Option<&'a str>,
    /// The findings that are overridden; only of a person who may.
    pub despite: &'a [Overridable],
}

impl Despite {
    /// `findings`: those that were seen.
    ///
    /// # Errors
    /// Without a reason, or with one that is too long.
    pub fn new(reason: &str, findings: Vec<Overridable>) -> Result<Self, DespiteError> {
        let reason = reason.trim().to_owned();
        match reason.chars().count() {
            0 => Err(DespiteError::NoReason),
            length if length > LONGEST_REASON => Err(DespiteError::TooLong),
            _ => Ok(Self { reason, findings }),
        }
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Which findings.
    pub fn findings(&self) -> &[Overridable] {
        &self.findings
    }
}

impl HopRequest {
    /// What was given; `may_override`: whether this person's override counts.
    pub fn agreement(&self, may_override: bool) -> Agreement<'_> {
        let despite = self.despite.as_ref().filter(|_| may_override);
        Agreement {
            acknowledged: &self.acknowledged,
            typed_name: self.typed_name.as_deref(),
            despite: despite.map_or(&[], Despite::findings),
        }
    }
}

/// What kind of step a hop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HopKind {
    /// Within one minor, forward or (where the operator allows it) back.
    Patch,
    /// To the next minor. Cannot be undone.
    Minor,
}

/// Something a person must say they have seen before a hop may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Acknowledgement {
    /// The versions of the tenant's kubelets were not checked.
    KubeletsNotChecked,
}

impl HopKind {
    /// The kind of a step between two release lines.
    pub fn between(from: Minor, to: Minor) -> Self {
        if from == to { Self::Patch } else { Self::Minor }
    }
}

impl ObservedHop {
    /// What kind of step it was. One whose beginning is not known, or is no version, counts as a minor, which may cost more.
    /// `None` if the wanted version is none that Kamaji can read.
    pub fn kind(&self) -> Option<HopKind> {
        let to = self.to.minor()?;
        let from = self.from.as_ref().and_then(DeclaredVersion::minor);
        Some(from.map_or(HopKind::Minor, |from| HopKind::between(from, to)))
    }
}

impl std::fmt::Display for HopKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
        })
    }
}

impl std::fmt::Display for Acknowledgement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::KubeletsNotChecked => {
                "I have checked the kubelets of this tenant's nodes myself: none is newer than the wanted version, and none \
                 more than three minors older."
            }
        })
    }
}
