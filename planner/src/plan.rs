//! The plan: one hop as a document that a second person can judge.
//!
//! It says what changes, why in this way, what it costs, whether it fits, what speaks against it, what cannot be undone, and
//! gives the exact change and the commands for those who prefer them. [`make`] is pure: everything that was read comes in.

mod change;
mod checklist;
mod costs;
mod document;
mod evidence;
mod headline;
mod image;
mod markdown;
mod neighbours;
pub mod stored;
mod text;

pub use self::change::PlannedChange;
pub use self::costs::{
    Amount, COMPARED, CostFacts, CostRow, CostStep, DataStoreNow, GivenCosts, GivenCostsError, PlannedCosts,
    PlannedOverride, QuotaLine, StrategyCost,
};
pub use self::document::{Forecast, PlanStrategy, PlannedFinding, ProposedStrategy, SCHEMA, StepLine, UpgradePlan};
pub use self::evidence::{DryRunFact, Evidence, RoomFact};
pub use self::headline::{Headline, Verdict};
pub use self::image::{ImageFact, ImageKnown};
pub use self::markdown::markdown;
pub use self::neighbours::{Counted, Neighbours};
pub use self::text::text;
pub use crate::shell::Command;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::finding::{Finding, FindingKind, summary};
use crate::hop::{Binding, HopKind, notices, preflight};
use crate::lab::{LabInput, compare, recommend};
use crate::operator::OperatorKnowledge;
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
    /// What was read for this hop.
    pub evidence: &'a Evidence,
    /// What its costs are made from.
    pub costs: CostFacts,
    /// Today.
    pub today: Date,
    /// Now.
    pub made_at: UnixMillis,
}

/// Makes the plan.
pub fn make(facts: &PlanFacts<'_>) -> UpgradePlan {
    let snapshot = facts.snapshot;
    let declared = snapshot.strategy.under_kamaji().ok();
    let strategy = facts.strategy.or(declared);
    let check = preflight(snapshot, facts.version, facts.strategy, facts.operator, facts.releases, facts.today)
        .and(facts.evidence.findings(snapshot, strategy));
    let mut findings = check.findings;

    let input = LabInput::for_hop(snapshot, facts.version, check.hop.unwrap_or(HopKind::Patch));
    let input = input.map(|input| LabInput { custom: strategy.or(input.custom), ..input });
    let rows = input.as_ref().map(|input| compare(input).rows).unwrap_or_default();
    let row = rows.iter().find(|row| Some(row.strategy) == strategy);
    let counted = facts.evidence.neighbours.counted;
    findings.extend(row.and_then(|row| facts.costs.limit_finding(row, counted)));
    let overrides = facts.costs.apply_overrides(&mut findings, facts.made_at);
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
        binding: Binding::of(snapshot),
        installed: snapshot.installed_version.as_ref().map(ToString::to_string),
        from: snapshot.desired_version.to_string(),
        to: facts.version.to_string(),
        hop: check.hop,
        verdict: Verdict::of(&findings),
        headline: Headline::of(snapshot, facts.version, check.hop, &findings).to_string(),
        summary: summary(&findings),
        strategy: PlanStrategy {
            chosen: strategy.map(|strategy| strategy.to_string()),
            name: strategy.map(|strategy| strategy.name().to_string()),
            declared: snapshot.strategy.to_string(),
            why: why(input.as_ref(), strategy, facts),
            instead: facts.evidence.room.proposals().iter().map(ToString::to_string).collect(),
            proposals: facts.evidence.room.proposals().iter().map(ProposedStrategy::of).collect(),
        },
        forecast: row.map(|row| Forecast::of(row, snapshot.replicas)),
        costs: input.as_ref().map(|input| PlannedCosts::of(&facts.costs, counted, input, &rows, strategy)),
        overrides,
        digest: digest_of(&Binding::of(snapshot), facts.version, facts.strategy, &planned),
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
    let free = facts.evidence.room.fits() && facts.evidence.neighbours.surging == 0;
    let advice = recommend(input).filter(|_| free);
    let limits = |strategy: Strategy| strategy.limits(input.replicas);
    match advice {
        Some(advice) if strategy.map(limits) == Some(limits(advice.row.strategy)) => {
            format!("{whose} It is also the recommended one. {advice}")
        }
        Some(advice) => format!("{whose} Recommended would be {}. {advice}", advice.row.strategy),
        None => whose.to_owned(),
    }
}

/// SHA-256 over what the verdict was read from: the binding, the hop, and each finding with its evidence. It is the same for as
/// long as nothing of that changes, whenever the plan is made; what becomes another verdict by a date alone (a backup grows old, a
/// release loses its support, an override ends) changes it on that date.
fn digest_of(
    binding: &Binding,
    version: &KubernetesVersion,
    strategy: Option<Strategy>,
    findings: &[PlannedFinding],
) -> String {
    let strategy = strategy.map(|strategy| strategy.to_string());
    let read = (binding.to_string(), version.to_string(), strategy, findings);
    let text = serde_json::to_string(&read).unwrap_or_default();
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().fold(String::from("sha256:"), |mut text, byte| {
        use std::fmt::Write;
        let _ = write!(text, "{byte:02x}");
        text
    })
}
