//! One change of the version: what a person agrees to, what speaks against it, and the patch that makes it.

use serde::{Deserialize, Serialize};

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
    /// Why it is to start although findings block it that may be overridden.
    pub despite: Option<String>,
}

/// What a person gave to start a hop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreement<'a> {
    /// What was acknowledged.
    pub acknowledged: &'a [Acknowledgement],
    /// The tenant's name, typed.
    pub typed_name: Option<&'a str>,
    /// The reason to start although findings block it that may be overridden; only of a person who may override.
    pub despite: Option<&'a str>,
}

impl HopRequest {
    /// What was given; `may_override`: whether this person's reason counts.
    pub fn agreement(&self, may_override: bool) -> Agreement<'_> {
        let reason = self.despite.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        Agreement {
            acknowledged: &self.acknowledged,
            typed_name: self.typed_name.as_deref(),
            despite: reason.filter(|_| may_override),
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
