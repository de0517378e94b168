//! What a hop's findings come to, as a verdict and as a sentence: the same on every page, in every document.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, FindingKind, Severity};
use crate::hop::HopKind;
use crate::tenant::TenantSnapshot;
use crate::version::KubernetesVersion;

/// What the findings come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing speaks against it.
    Clean,
    /// It may be made; somebody should read the warnings.
    Warnings,
    /// It must not be made.
    Blocked,
    /// Whether the API server would take it is not known.
    NotChecked,
}

/// The verdict in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// What is installed.
    installed: String,
    /// What is wanted.
    to: String,
    hop: Option<HopKind>,
    verdict: Verdict,
    blocking: usize,
}

impl Verdict {
    /// What these findings come to. The API server's silence about the dry run counts more than a warning: nothing may be started
    /// then.
    pub fn of(findings: &[Finding]) -> Self {
        let is = |severity| findings.iter().any(|finding| finding.severity == severity);
        let silent = findings.iter().any(|finding| matches!(finding.kind, FindingKind::DryRunNotJudged { .. }));
        match () {
            () if is(Severity::Blocks) => Self::Blocked,
            () if silent => Self::NotChecked,
            () if is(Severity::Warns) || is(Severity::Unknown) => Self::Warnings,
            () => Self::Clean,
        }
    }

    /// The exit code of a command that made the plan: 0 clean, 1 warnings, 2 blocked, 3 could not be checked.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Warnings => 1,
            Self::Blocked => 2,
            Self::NotChecked => 3,
        }
    }

    /// Whether the hop may be started.
    pub fn may_start(self) -> bool {
        matches!(self, Self::Clean | Self::Warnings)
    }
}

impl Headline {
    /// Of a hop from what is installed; `hop` as in the [`Preflight`](crate::hop::Preflight).
    pub fn of(snapshot: &TenantSnapshot, to: &KubernetesVersion, hop: Option<HopKind>, findings: &[Finding]) -> Self {
        Self {
            installed: snapshot.installed_version.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string),
            to: to.to_string(),
            hop,
            verdict: Verdict::of(findings),
            blocking: findings.iter().filter(|finding| finding.blocks()).count(),
        }
    }

    /// What kind of step it is, without a verdict.
    pub fn step(&self) -> String {
        let Self { installed, to, hop, .. } = self;
        match hop {
            Some(HopKind::Minor) => format!("{installed} → {to} is the next minor."),
            Some(HopKind::Patch) => format!("{installed} → {to} is a patch."),
            None => format!("{to} stays the wanted version, only the strategy changes."),
        }
    }

    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }
}

impl fmt::Display for Headline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { installed, to, verdict, blocking, .. } = self;
        if *verdict == Verdict::Blocked {
            return match blocking {
                1 => write!(f, "{installed} → {to} cannot be started: one finding blocks it."),
                many => write!(f, "{installed} → {to} cannot be started: {many} findings block it."),
            };
        }
        let outcome = match verdict {
            Verdict::NotChecked => "Whether it could be started is not known: the API server did not judge the change.",
            _ => "Nothing blocks it.",
        };
        write!(f, "{} {outcome}", self.step())
    }
}
