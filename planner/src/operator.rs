//! What is known of the installed Kamaji: the highest version it accepts, and by which rules its admission webhook judges.
//!
//! The rules are those of `internal/webhook/handlers/tcp_version.go`, confirmed by the recorded refusals. Kamaji states its
//! highest version nowhere, so it is read from the refusal of a dry run with an impossible version.

use std::cmp::Ordering;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::tenant::{DeclaredVersion, TenantSnapshot};
use crate::time::UnixMillis;
use crate::version::{KubernetesVersion, Minor};

/// The version that the dry-run probe asks for: above every ceiling, so that the refusal names it.
pub const PROBE_VERSION: &str = "v1.999.0";

/// What is known of the installed Kamaji.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorKnowledge {
    /// The highest version it accepts.
    pub ceiling: Ceiling,
    /// By which rules it judges a version. [`OperatorRules::Current`] where nothing was learnt: an unknown operator is taken
    /// for the newest, and findings say so.
    pub rules: OperatorRules,
}

/// The highest Kubernetes version that the operator accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ceiling {
    /// Read from a refusal.
    Learned {
        /// The highest minor.
        minor: Minor,
        /// The highest patch of it, where the operator compares patches; `None` means every patch.
        patch: Option<u64>,
        /// When it was learnt.
        at: UnixMillis,
    },
    /// Not known; why, in words.
    Unknown {
        /// Why.
        why: String,
    },
}

/// The generations of Kamaji's admission rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperatorRules {
    /// Since edge-25.11.5: versions are compared with their patch set to 0, the ceiling is a minor.
    #[serde(rename = "current")]
    Current,
    /// v1.0.0 and every release before edge-25.11.5: the patch is compared too, and the ceiling has one.
    #[serde(rename = "v1.0.0")]
    V1_0_0,
}

/// Why Kamaji's webhook refuses a version, in its order of checking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// "greater than the supported one".
    AboveCeiling,
    /// "unable to downgrade".
    Downgrade,
    /// "in a non-sequential mode".
    NonSequential,
}

impl OperatorKnowledge {
    /// Nothing was learnt, and why. The newest rules are assumed.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self { ceiling: Ceiling::Unknown { why: why.into() }, rules: OperatorRules::Current }
    }

    /// Reads the refusal of the dry-run probe ([`PROBE_VERSION`]).
    ///
    /// The text alone tells the rules: every release that compares patches names one in it (`actually 1.30.2`), every newer one
    /// names a minor (`(v1.36)`, on creation `actually v1.36`).
    /// A text that names no ceiling gives [`OperatorKnowledge::unknown`] with the text as the reason.
    pub fn from_probe(refusal: &str, at: UnixMillis) -> Self {
        match ceiling_in(refusal) {
            Some((minor, patch)) => Self {
                ceiling: Ceiling::Learned { minor, patch, at },
                rules: if patch.is_some() { OperatorRules::V1_0_0 } else { OperatorRules::Current },
            },
            None => Self::unknown(format!("Kamaji's answer to the dry run names no version: {refusal}")),
        }
    }

    /// The rules to judge this tenant by. Where the probe taught nothing, an installed version without any
    /// `status.observedGeneration` gives v1.0.0 away (newer releases always write it).
    pub fn rules_for(&self, snapshot: &TenantSnapshot) -> OperatorRules {
        match self.ceiling {
            Ceiling::Learned { .. } => self.rules,
            Ceiling::Unknown { .. } => OperatorRules::seen_on(snapshot).max_strict(self.rules),
        }
    }

    /// Every reason for which Kamaji would refuse the step, in its order; the first is the one it answers with.
    pub fn refusals(&self, rules: OperatorRules, from: &Version, to: &KubernetesVersion) -> Vec<Refusal> {
        let from = rules.compared(from);
        let to = rules.compared(to.as_semver());
        let mut refusals = Vec::new();
        if self.ceiling.is_below(rules, &to) {
            refusals.push(Refusal::AboveCeiling);
        }
        if to.cmp_precedence(&from) == Ordering::Less {
            refusals.push(Refusal::Downgrade);
        } else if to.major != from.major || to.minor > from.minor + 1 {
            refusals.push(Refusal::NonSequential);
        }
        refusals
    }
}

impl Ceiling {
    fn is_below(&self, rules: OperatorRules, version: &Version) -> bool {
        match self {
            Self::Learned { minor, patch, .. } => {
                let ceiling = rules.compared(&Version::new(minor.major, minor.minor, patch.unwrap_or(0)));
                version.cmp_precedence(&ceiling) == Ordering::Greater
            }
            Self::Unknown { .. } => false,
        }
    }
}

impl std::fmt::Display for Ceiling {
    /// `v1.36`, `v1.30.2`, or "unknown".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Learned { minor, patch: None, .. } => write!(f, "v{minor}"),
            Self::Learned { minor, patch: Some(patch), .. } => write!(f, "v{minor}.{patch}"),
            Self::Unknown { .. } => f.write_str("unknown"),
        }
    }
}

impl OperatorRules {
    /// What one tenant's status gives away of the operator.
    pub fn seen_on(snapshot: &TenantSnapshot) -> Self {
        if snapshot.installed_version.is_some() && snapshot.observed_generation.is_none() {
            Self::V1_0_0
        } else {
            Self::Current
        }
    }

    /// Whether a patch of the same minor may be taken back.
    pub fn allows_patch_rollback(self) -> bool {
        self == Self::Current
    }

    /// Whether 0 replicas are a state of their own (Sleeping), in which a version is recorded at once.
    pub fn knows_sleeping(self) -> bool {
        self == Self::Current
    }

    fn max_strict(self, other: Self) -> Self {
        if self == Self::V1_0_0 { self } else { other }
    }

    fn compared(self, version: &Version) -> Version {
        match self {
            Self::Current => Version { patch: 0, ..version.clone() },
            Self::V1_0_0 => version.clone(),
        }
    }
}

impl DeclaredVersion {
    /// The text as Kamaji's webhook reads it: the leading `v` may be missing, build metadata is allowed.
    /// `None` where it would answer "unable to parse".
    pub fn as_kamaji_reads_it(&self) -> Option<Version> {
        Version::parse(self.0.strip_prefix('v').unwrap_or(&self.0)).ok()
    }

    /// Its release line, as Kamaji's webhook reads it.
    pub fn minor(&self) -> Option<Minor> {
        self.as_kamaji_reads_it().as_ref().map(Minor::from)
    }
}

/// Finds `supported one (v1.36)`, `supported one, actually v1.36` or `supported one, actually 1.30.2`.
fn ceiling_in(refusal: &str) -> Option<(Minor, Option<u64>)> {
    let (_, rest) = refusal.split_once("supported one")?;
    let rest = rest.strip_prefix(", actually").or_else(|| rest.strip_prefix(" (")).map(str::trim_start)?;
    let rest = rest.strip_prefix('v').unwrap_or(rest);
    let (major, rest) = leading_number(rest)?;
    let (minor, rest) = leading_number(rest.strip_prefix('.')?)?;
    let patch = rest.strip_prefix('.').and_then(leading_number).map(|(patch, _)| patch);
    Some((Minor { major, minor }, patch))
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}
