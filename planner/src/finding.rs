//! Findings: what speaks for or against a step, as typed data with one text for people.

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::kind::{FindingKind, RoomOutcome};
pub use self::overriding::{Overridable, Override, OverrideError, OverrideState};
pub use self::tenant_api::{Names, TenantFinding};

mod advice;
mod kind;
mod overriding;
mod sentence;
mod tenant_api;

/// One result of a check. The sentence is the `Display` of [`Finding::kind`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was found, with its data.
    pub kind: FindingKind,
    /// What it means for the step.
    pub severity: Severity,
    /// What was read, where, in words; may be empty where the sentence says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Where the rule comes from.
    pub source: Source,
}

/// What a finding means for the step. Worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The step must not be made.
    Blocks,
    /// The step may be made; a person should know this.
    Warns,
    /// It could not be checked. Not the same as good.
    Unknown,
    /// Checked, and good.
    Passes,
}

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// Kamaji's validating webhook.
    KamajiAdmission,
    /// What Kamaji's controller was read and seen to do.
    KamajiController,
    /// Kamaji's guide to upgrading a tenant.
    KamajiGuide,
    /// Kubernetes' version skew policy.
    SkewPolicy,
    /// The Deployment controller and the API server's validation.
    DeploymentController,
    /// Scheduler and kubelet, as pods report them.
    Pods,
    /// kube-scheduler's filters and the API server's quotas, simulated on what was read.
    Scheduler,
    /// What a container registry answers.
    Registry,
    /// Kubernetes' release dates.
    Releases,
    /// Kubernetes' guide to APIs that are no longer served.
    DeprecationGuide,
    /// The tenant's own API.
    TenantApi,
    /// Cluster API's Kamaji provider.
    ClusterApi,
    /// A rule of this console.
    Console,
}

impl Finding {
    /// A finding with the severity, the remedy and the source that belong to its kind.
    pub fn new(kind: FindingKind, evidence: impl Into<String>) -> Self {
        Self {
            severity: kind.severity(),
            remedy: kind.remedy(),
            source: kind.source(),
            evidence: evidence.into(),
            kind,
        }
    }

    /// Whether the step must not be made.
    pub fn blocks(&self) -> bool {
        self.severity == Severity::Blocks
    }

    /// Warns in place of blocking, and says why.
    pub(crate) fn let_a_way_out_pass(&mut self) {
        if !self.blocks() {
            return;
        }
        self.severity = Severity::Warns;
        let why = "It would block another hop; a way out of a stuck one does not wait for it.";
        self.evidence = if self.evidence.is_empty() { why.to_owned() } else { format!("{}. {why}", self.evidence) };
    }

    /// Whether a person with the right to do so may start all the same, with a reason: what blocks is a judgement of this console
    /// about others' load or room, and neither Kamaji nor the API server would refuse the change.
    pub fn may_be_overridden(&self) -> bool {
        Overridable::of(&self.kind).is_some()
    }
}

/// `2 block, 1 warns, 3 pass`: the findings in a few words.
pub fn summary(findings: &[Finding]) -> String {
    let parts: Vec<String> = [
        (Severity::Blocks, "blocks", "block"),
        (Severity::Warns, "warns", "warn"),
        (Severity::Unknown, "unknown", "unknown"),
        (Severity::Passes, "passes", "pass"),
    ]
    .into_iter()
    .filter_map(|(severity, one, many)| {
        let count = findings.iter().filter(|finding| finding.severity == severity).count();
        (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
    })
    .collect();
    if parts.is_empty() { "nothing was found".to_owned() } else { parts.join(", ") }
}

impl From<FindingKind> for Finding {
    /// Without evidence beyond the sentence.
    fn from(kind: FindingKind) -> Self {
        Self::new(kind, "")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Blocks => "blocks",
            Self::Warns => "warns",
            Self::Unknown => "unknown",
            Self::Passes => "passes",
        })
    }
}

impl Source {
    /// A public page that states the rule, if there is one.
    pub fn url(self) -> Option<&'static str> {
        match self {
            Self::KamajiGuide => Some("https://kamaji.clastix.io/guides/upgrade/"),
            Self::SkewPolicy => Some("https://kubernetes.io/releases/version-skew-policy/"),
            Self::DeploymentController => {
                Some("https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy")
            }
            Self::Releases => Some("https://kubernetes.io/releases/patch-releases/"),
            Self::DeprecationGuide => Some("https://kubernetes.io/docs/reference/using-api/deprecation-guide/"),
            Self::KamajiAdmission
            | Self::KamajiController
            | Self::Pods
            | Self::TenantApi
            | Self::Scheduler
            | Self::Registry
            | Self::ClusterApi
            | Self::Console => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KamajiAdmission => "Kamaji's admission webhook",
            Self::KamajiController => "Kamaji's controller, as observed",
            Self::KamajiGuide => "Kamaji's upgrade guide",
            Self::SkewPolicy => "Kubernetes version skew policy",
            Self::DeploymentController => "Kubernetes Deployment",
            Self::Pods => "the pods' own status",
            Self::Scheduler => "kube-scheduler's filters, simulated",
            Self::Registry => "the container registry",
            Self::Releases => "Kubernetes release dates",
            Self::DeprecationGuide => "Kubernetes deprecated API migration guide",
            Self::TenantApi => "the tenant's own API",
            Self::ClusterApi => "Cluster API provider for Kamaji",
            Self::Console => "this console",
        })
    }
}
