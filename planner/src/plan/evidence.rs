//! What speaks for and against a hop beyond the tenant's own snapshot: the neighbours, the room, the API server's own word, and
//! what the tenant's own API tells.

use super::Neighbours;
use crate::cluster_api::{Advice, Step, StepState, Wait};
use crate::finding::{Finding, FindingKind, RoomOutcome};
use crate::placement;
use crate::strategy::Strategy;
use crate::tenant::{Owner, TenantSnapshot};
use crate::tenant_api::Checked;

/// What was read for one hop at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The other tenants of the same DataStore.
    pub neighbours: Neighbours,
    /// Whether its pods find room.
    pub room: RoomFact,
    /// What the API server said to the change as a dry run.
    pub dry_run: DryRunFact,
    /// What the tenant's own API told, part by part.
    pub tenant: Vec<Checked>,
    /// Where to make the change, if Cluster API owns the tenant and its objects were read.
    pub cluster_api: Option<Advice>,
}

/// What is known of the room on the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomFact {
    /// Simulated; the strategies that get through instead, if this one does not.
    Simulated(placement::Verdict, Vec<placement::Proposal>),
    /// Not checked; why.
    NotChecked(String),
    /// There is nothing to ask: no pod is made.
    NotAsked,
}

/// What the API server said to the change as a dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DryRunFact {
    /// It would be taken.
    Accepted,
    /// It would be refused, in these words.
    Refused(String),
    /// It could not be judged.
    NotJudged(String),
    /// There is nothing to ask: no patch would be sent.
    NotAsked,
}

impl Evidence {
    /// What it comes to. `strategy`: the one by which pods are replaced; `None` if what is declared is none.
    pub fn findings(&self, snapshot: &TenantSnapshot, strategy: Option<Strategy>) -> Vec<Finding> {
        let mut findings = self.neighbours.findings(snapshot, strategy);
        findings.extend(self.room.finding());
        findings.extend(self.dry_run.finding());
        findings.extend(self.tenant.iter().flat_map(|checked| checked.findings.iter().cloned()));
        findings.extend(self.cluster_api.as_ref().and_then(|advice| owned(snapshot, advice)));
        findings
    }
}

/// That Cluster API owns the tenant, with the object to change named and what that change waits for. Where there is no such change,
/// because it is made already or its object is not known, the finding keeps the remedy of its kind.
fn owned(snapshot: &TenantSnapshot, advice: &Advice) -> Option<Finding> {
    let kind = snapshot.owners.iter().find_map(|owner| match owner {
        Owner::ClusterApi { control_plane, cluster } => {
            let (control_plane, cluster) = (control_plane.clone(), cluster.clone());
            Some(FindingKind::OwnedByClusterApi { control_plane, cluster })
        }
        Owner::Git { .. } => None,
    })?;
    let mut finding = Finding::new(kind, advice.way.to_string());
    if let Some(change) = advice.first_change() {
        let not_yet = not_yet(advice.steps.first());
        finding.remedy = Some(format!("{change}{not_yet} A change made here would be reverted."));
    }
    Some(finding)
}

/// What a step waits for, and what to do about it. What Kamaji refuses is a finding of its own.
fn not_yet(step: Option<&Step>) -> String {
    let Some(StepState::Waits(waits)) = step.map(|step| &step.state) else { return String::new() };
    let sentences: Vec<String> = waits
        .iter()
        .filter(|wait| !matches!(wait, Wait::Kamaji(_)))
        .flat_map(|wait| [Some(wait.to_string()), wait.remedy()])
        .flatten()
        .collect();
    if sentences.is_empty() { String::new() } else { format!(" Not yet: {}", sentences.join(" ")) }
}

impl RoomFact {
    /// Why the room is not judged now: the model begins with a control plane at rest.
    pub fn while_replaced() -> Self {
        Self::NotChecked(
            "pods are being replaced already, and the room is judged for a rollout that begins at rest".to_owned(),
        )
    }

    /// The strategies that get through where the chosen one does not.
    pub(super) fn proposals(&self) -> &[placement::Proposal] {
        match self {
            Self::Simulated(_, proposals) => proposals,
            Self::NotChecked(_) | Self::NotAsked => &[],
        }
    }

    /// Whether every new pod finds room at once.
    pub(super) fn fits(&self) -> bool {
        matches!(self, Self::Simulated(placement::Verdict::Fits { .. }, _))
    }

    fn finding(&self) -> Option<Finding> {
        let (verdict, proposals) = match self {
            Self::NotAsked => return None,
            Self::NotChecked(why) => return Some(FindingKind::RoomNotChecked { why: why.clone() }.into()),
            Self::Simulated(verdict, proposals) => (verdict, proposals),
        };
        let outcome = match verdict {
            placement::Verdict::Fits { .. } => RoomOutcome::Fits,
            placement::Verdict::FitsInTurn { .. } => RoomOutcome::InTurn,
            placement::Verdict::Depends { .. } => RoomOutcome::Depends,
            placement::Verdict::DoesNotFit { .. } | placement::Verdict::Refused(_) => RoomOutcome::DoesNotFit,
            placement::Verdict::Unknown(_) => RoomOutcome::Unknown,
        };
        let evidence = proposals.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        Some(Finding::new(FindingKind::Room { outcome, verdict: verdict.to_string() }, evidence))
    }
}

impl DryRunFact {
    fn finding(&self) -> Option<Finding> {
        let ended = |words: &String| words.trim_end_matches('.').to_owned();
        match self {
            Self::Accepted => Some(FindingKind::DryRunAccepted.into()),
            Self::Refused(words) => Some(FindingKind::DryRunRefused { words: ended(words) }.into()),
            Self::NotJudged(why) => Some(FindingKind::DryRunNotJudged { why: ended(why) }.into()),
            Self::NotAsked => None,
        }
    }
}
