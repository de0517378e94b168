//! The plan: one hop as a document that a second person can judge.
//!
//! It says what changes, why in this way, what it costs, whether it fits, what speaks against it, what cannot be undone, and
//! gives the exact change and the commands for those who prefer them. [`make`] is pure: everything that was read comes in.

mod change;
mod checklist;
mod costs;
mod document;
mod markdown;
mod neighbours;
mod text;

pub use self::change::PlannedChange;
pub use self::costs::{
    Amount, CostFacts, CostRow, CostStep, DataStoreNow, PlannedCosts, PlannedOverride, QuotaLine, StrategyCost,
};
pub use self::document::{Forecast, PlanStrategy, PlannedFinding, SCHEMA, StepLine, UpgradePlan, Verdict};
pub use self::markdown::markdown;
pub use self::neighbours::Neighbours;
pub use self::text::text;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::finding::{Finding, FindingKind, RoomOutcome};
use crate::hop::{Binding, HopKind, notices, preflight};
use crate::lab::{LabInput, compare, recommend};
use crate::operator::OperatorKnowledge;
use crate::placement;
use crate::releases::ReleaseTable;
use crate::strategy::Strategy;
use crate::tenant::TenantSnapshot;
use crate::time::UnixMillis;
use crate::version::KubernetesVersion;

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct PlanFacts<'a> {
    /// The tenant, freshly read.
    pub snapshot: &'a TenantSnapshot,
    /// The version wanted.
    pub version: &'a KubernetesVersion,
    /// The strategy to write; `None` keeps what is declared.
    pub strategy: Option<Strategy>,
    /// The installed Kamaji.
    pub operator: &'a OperatorKnowledge,
    /// Kubernetes' releases.
    pub releases: &'a ReleaseTable,
    /// The other tenants of the same DataStore.
    pub neighbours: Neighbours,
    /// Whether its pods find room.
    pub room: RoomFact,
    /// What its costs are made from.
    pub costs: CostFacts,
    /// What the API server said to the change as a dry run.
    pub dry_run: DryRunFact,
    /// Today.
    pub today: Date,
    /// Now.
    pub made_at: UnixMillis,
}

/// What is known of the room on the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomFact {
    /// Simulated; the strategies that get through instead, if this one does not.
    Simulated(placement::Verdict, Vec<placement::Proposal>),
    /// Not checked; why.
    NotChecked(String),
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

/// Makes the plan.
pub fn make(facts: &PlanFacts<'_>) -> UpgradePlan {
    let snapshot = facts.snapshot;
    let check = preflight(snapshot, facts.version, facts.strategy, facts.operator, facts.releases, facts.today);
    let mut findings = check.findings;
    let declared = snapshot.strategy.under_kamaji().ok();
    let strategy = facts.strategy.or(declared);
    findings.extend(facts.neighbours.finding(snapshot, strategy));
    findings.extend(room_finding(&facts.room));
    findings.extend(dry_run_finding(&facts.dry_run));

    let input = LabInput::for_hop(snapshot, facts.version, check.hop.unwrap_or(HopKind::Patch));
    let input = input.map(|input| LabInput { custom: strategy.or(input.custom), ..input });
    let rows = input.as_ref().map(|input| compare(input).rows).unwrap_or_default();
    let row = rows.iter().find(|row| Some(row.strategy) == strategy);
    findings.extend(row.and_then(|row| facts.costs.limit_finding(row)));
    let overrides = facts.costs.overrides.iter();
    let overrides =
        overrides.map(|given| PlannedOverride::of(given, given.apply(&mut findings, facts.made_at))).collect();
    findings.sort_by_key(|finding| finding.severity);
    let planned: Vec<PlannedFinding> = findings.iter().map(PlannedFinding::of).collect();
    let irreversible =
        findings.iter().filter(|finding| is_about_the_way_back(finding)).map(ToString::to_string).collect();
    UpgradePlan {
        schema: SCHEMA.to_owned(),
        made_at: facts.made_at.to_string(),
        namespace: snapshot.id.namespace.clone(),
        tenant: snapshot.id.name.clone(),
        uid: snapshot.uid.clone(),
        generation: snapshot.generation,
        installed: snapshot.installed_version.as_ref().map(ToString::to_string),
        from: snapshot.desired_version.to_string(),
        to: facts.version.to_string(),
        hop: check.hop.map(|hop| hop.to_string()),
        verdict: Verdict::of(&findings),
        strategy: PlanStrategy {
            chosen: strategy.map(|strategy| strategy.to_string()),
            name: strategy.map(|strategy| strategy.name().to_string()),
            declared: snapshot.strategy.to_string(),
            why: why(input.as_ref(), strategy, facts),
            instead: instead(&facts.room),
        },
        forecast: row.map(|row| Forecast::of(row, snapshot.replicas)),
        costs: input.as_ref().map(|input| PlannedCosts::of(&facts.costs, input, &rows, strategy)),
        overrides,
        digest: digest(facts, &planned),
        findings: planned,
        notices: notices(check.hop, strategy, snapshot.replicas).into_iter().map(str::to_owned).collect(),
        irreversible,
        change: PlannedChange::of(snapshot, facts.version, facts.strategy),
        checklist: checklist::checklist(&findings, &check.needs, check.name_to_type.as_deref()),
    }
}

fn is_about_the_way_back(finding: &Finding) -> bool {
    matches!(
        finding.kind,
        FindingKind::MinorCannotBeUndone { .. }
            | FindingKind::PatchCannotBeUndone
            | FindingKind::PatchCanBeUndone { .. }
            | FindingKind::StrategyStays { .. }
    )
}

/// Why this strategy. A recommendation is given only where neither the room nor the neighbours speak against one: the lab knows
/// nothing of them.
fn why(input: Option<&LabInput>, strategy: Option<Strategy>, facts: &PlanFacts<'_>) -> String {
    let Some(input) = input else { return "Nothing rolls out while the control plane sleeps.".to_owned() };
    let whose =
        if facts.strategy.is_some() { "It was chosen for this hop." } else { "It is the one that is declared." };
    let fits =
        matches!(&facts.room, RoomFact::Simulated(verdict, _) if matches!(verdict, placement::Verdict::Fits { .. }));
    let advice = recommend(input).filter(|_| fits && facts.neighbours.surging == 0);
    let limits = |strategy: Strategy| strategy.limits(input.replicas);
    match advice {
        Some(advice) if strategy.map(limits) == Some(limits(advice.row.strategy)) => {
            format!("{whose} It is also the recommended one. {advice}")
        }
        Some(advice) => format!("{whose} Recommended would be {}. {advice}", advice.row.strategy),
        None => whose.to_owned(),
    }
}

/// The strategies that get through where the chosen one does not.
fn instead(room: &RoomFact) -> Vec<String> {
    match room {
        RoomFact::Simulated(_, proposals) => proposals.iter().map(ToString::to_string).collect(),
        RoomFact::NotChecked(_) => Vec::new(),
    }
}

fn room_finding(room: &RoomFact) -> Option<Finding> {
    let (verdict, proposals) = match room {
        RoomFact::NotChecked(why) => return Some(FindingKind::RoomNotChecked { why: why.clone() }.into()),
        RoomFact::Simulated(verdict, proposals) => (verdict, proposals),
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

fn dry_run_finding(answer: &DryRunFact) -> Option<Finding> {
    let ended = |words: &String| words.trim_end_matches('.').to_owned();
    match answer {
        DryRunFact::Accepted => Some(FindingKind::DryRunAccepted.into()),
        DryRunFact::Refused(words) => Some(FindingKind::DryRunRefused { words: ended(words) }.into()),
        DryRunFact::NotJudged(why) => Some(FindingKind::DryRunNotJudged { why: ended(why) }.into()),
        DryRunFact::NotAsked => None,
    }
}

/// SHA-256 over what the verdict was read from: the binding, the hop, and each finding with its evidence. It is the same for as
/// long as nothing of that changes, whenever the plan is made.
fn digest(facts: &PlanFacts<'_>, findings: &[PlannedFinding]) -> String {
    let strategy = facts.strategy.map(|strategy| strategy.to_string());
    let read = (Binding::of(facts.snapshot).to_string(), facts.version.to_string(), strategy, findings);
    let text = serde_json::to_string(&read).unwrap_or_default();
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().fold(String::from("sha256:"), |mut text, byte| {
        use std::fmt::Write;
        let _ = write!(text, "{byte:02x}");
        text
    })
}
