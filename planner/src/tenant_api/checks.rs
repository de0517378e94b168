//! What follows from what was read, as findings.

use super::{Answer, NotAsked, Part, TenantApi, TenantFacts};
use crate::finding::{Finding, TenantFinding};
use crate::tenant::{DeclaredVersion, TenantSnapshot};
use crate::time::UnixMillis;
use crate::version::{KubernetesVersion, Minor};

pub use self::nodes_and_data::BACKUP_IS_FRESH_HOURS;

mod apis;
mod nodes_and_data;
mod skew;

/// How many names an evidence lists before it only counts.
const NAMES_IN_EVIDENCE: usize = 20;

/// What one part came to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// Which part.
    pub part: Part,
    /// When it was asked; `None` if it was not.
    pub at: Option<UnixMillis>,
    /// What was found, in order of checking.
    pub findings: Vec<Finding>,
}

/// The hop that is judged.
struct Hop<'a> {
    facts: &'a TenantFacts,
    /// What serves now; `None` if what is installed is no version.
    from: Option<Minor>,
    installed: Option<&'a DeclaredVersion>,
    to: &'a KubernetesVersion,
}

/// Judges a hop to `to` by what the tenant's API told. `now`: for the age of backups.
///
/// An API that was not asked gives one finding, which says why; what hangs on it stays unknown.
pub fn check(api: &TenantApi, snapshot: &TenantSnapshot, to: &KubernetesVersion, now: UnixMillis) -> Vec<Checked> {
    let facts = match api {
        TenantApi::Asked(facts) => facts,
        TenantApi::NotAsked(why) => return vec![not_asked(why)],
    };
    let installed = snapshot.installed_version.as_ref();
    let from = installed.and_then(|version| version.parsed().ok()).map(|version| version.minor());
    let hop = Hop { facts, from, installed, to };
    Part::ALL
        .into_iter()
        .map(|part| Checked { part, at: Some(facts.asked_at), findings: hop.check(part, now) })
        .collect()
}

fn not_asked(why: &NotAsked) -> Checked {
    let finding = TenantFinding::NotAsked { why: why.clone() };
    Checked { part: Part::Server, at: None, findings: vec![finding.into()] }
}

impl Hop<'_> {
    fn check(&self, part: Part, now: UnixMillis) -> Vec<Finding> {
        // When nothing answers at all, one sentence about it is enough.
        if part != Part::Server && self.is_silent() {
            return Vec::new();
        }
        match part {
            Part::Server => vec![self.server()],
            Part::Nodes => self.nodes(),
            Part::DeprecatedApis => self.deprecated_apis(),
            Part::Webhooks => self.hooks(part, &self.facts.webhooks),
            Part::Conversions => self.hooks(part, &self.facts.conversions),
            Part::AggregatedApis => self.aggregated_apis(),
            Part::KubeletConfig => self.kubelet_config(),
            Part::KubeadmConfig => self.kubeadm_config(),
            Part::Budgets => self.budgets(),
            Part::AddOns => self.add_ons(),
            Part::Backups => self.backups(now),
        }
    }

    fn server(&self) -> Finding {
        match &self.facts.server {
            Answer::Read(version) => TenantFinding::Answers { version: version.to_string() }.into(),
            // Whoever refuses has answered.
            Answer::Forbidden(words) => not_checked(Part::Server, words.clone()),
            other => TenantFinding::silent(self.facts.route, other.to_string()).into(),
        }
    }

    /// Whether nothing came back from any question.
    fn is_silent(&self) -> bool {
        let TenantFacts { server, nodes, kubelet_config, kubeadm_config, .. } = self.facts;
        is_silent(server) && is_silent(nodes) && is_silent(kubelet_config) && is_silent(kubeadm_config)
    }
}

fn is_silent<T>(answer: &Answer<T>) -> bool {
    matches!(answer, Answer::TimedOut { .. } | Answer::Failed(_))
}

fn not_checked(part: Part, why: String) -> Finding {
    let why = why.trim_end_matches(['.', '\n', ' ']).to_owned();
    TenantFinding::PartNotChecked { part, why }.into()
}

/// Names for an evidence: all of them, or so many and the number of the rest.
fn listed(names: impl IntoIterator<Item = String>) -> String {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_unstable();
    let rest = names.len().saturating_sub(NAMES_IN_EVIDENCE);
    names.truncate(NAMES_IN_EVIDENCE);
    let listed = names.join(", ");
    if rest == 0 { listed } else { format!("{listed} and {rest} more") }
}

impl From<TenantFinding> for Finding {
    fn from(finding: TenantFinding) -> Self {
        crate::finding::FindingKind::Tenant(finding).into()
    }
}

fn with_evidence(finding: TenantFinding, evidence: impl Into<String>) -> Finding {
    Finding::new(crate::finding::FindingKind::Tenant(finding), evidence)
}
