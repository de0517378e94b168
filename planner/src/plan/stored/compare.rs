//! What is no longer as a stored plan says, told by the same plan made anew.
//!
//! Another reader makes it with other rights, and a cluster may be silent for once. So only what both could establish is compared;
//! everything else of the document is compared field by field, since whoever may write the object may have written any of it.

use serde_json::Value;

use super::StoredPlan;
use crate::finding::{Override, Severity};
use crate::hop::FactChange;
use crate::plan::{PlannedFinding, UpgradePlan};

/// Parts that are measured anew each time, or depend on who asks: nothing follows from their being otherwise. Findings and binding
/// are compared by rules of their own.
const OF_THE_MOMENT: [&str; 7] = ["madeAt", "digest", "binding", "findings", "forecast", "costs", "overrides"];

/// The same, in `strategy`: they come from the forecast and from the room.
const OF_THE_MOMENT_IN_STRATEGY: [&str; 3] = ["why", "instead", "proposals"];

/// Parts that count or name findings, also those that are not compared.
const FROM_ALL_FINDINGS: [&str; 4] = ["verdict", "headline", "summary", "checklist"];

/// What is otherwise: facts of the tenant first, then findings, then the rest of the document.
pub(super) fn changes(plan: &StoredPlan, anew: &UpgradePlan) -> Vec<FactChange> {
    let before = &plan.document;
    let mut changes = before.binding.changes_to(&anew.binding);
    changes.extend(found(&before.findings, &anew.findings, &plan.asked.overrides));
    if changes.is_empty() {
        changes = rest(before, anew);
    }
    changes
}

/// Findings that came, went, or were read otherwise.
///
/// What blocks or warns counts. What passes or is unknown does not: whether something could be checked is the reader's right or the
/// cluster's silence. So what blocked or warned is not gone either while something of the same source is unknown.
fn found(before: &[PlannedFinding], now: &[PlannedFinding], overrides: &[Override]) -> Vec<FactChange> {
    let speaks = |finding: &PlannedFinding| matches!(finding.severity, Severity::Blocks | Severity::Warns);
    let same = |a: &PlannedFinding, b: &PlannedFinding| a.sentence == b.sentence;
    let established =
        |old: &PlannedFinding| !now.iter().any(|new| new.severity == Severity::Unknown && new.source == old.source);
    let gone = before.iter().filter(|old| speaks(old) && established(old));
    let gone = gone.filter(|old| !now.iter().any(|new| same(old, new)));
    let gone = gone.map(|old| FactChange::new("what is found", &old.sentence, "no longer"));
    let come = now.iter().filter(|new| speaks(new) && !before.iter().any(|old| same(old, new)));
    let come = come.map(|new| FactChange::new("what is found", "nothing of it", &new.sentence));
    let otherwise = now.iter().filter_map(|new| {
        let old = before.iter().find(|old| same(old, new))?;
        let told = speaks(new) || (speaks(old) && new.severity != Severity::Unknown);
        if !told {
            return None;
        }
        let (old, new) = (not_overridden(old, overrides), not_overridden(new, overrides));
        match () {
            () if old == new => None,
            () if old.severity != new.severity => Some(FactChange::new(&new.sentence, old.severity, new.severity)),
            () if old.evidence != new.evidence => Some(FactChange::new(&new.sentence, &old.evidence, &new.evidence)),
            () => Some(FactChange::new(&new.sentence, "its source or its remedy as stored", "otherwise")),
        }
    });
    gone.chain(come).chain(otherwise).collect()
}

/// The finding as it is where no override counts: that depends on who asks.
fn not_overridden(finding: &PlannedFinding, overrides: &[Override]) -> PlannedFinding {
    let without = overrides.iter().find_map(|given| finding.evidence.strip_suffix(&given.to_string()));
    match without {
        Some(evidence) => {
            PlannedFinding { severity: Severity::Blocks, evidence: evidence.trim_end().to_owned(), ..finding.clone() }
        }
        None => finding.clone(),
    }
}

/// Other fields that differ, by name. A document that differs in them alone was not made by this version of the console.
fn rest(before: &UpgradePlan, now: &UpgradePlan) -> Vec<FactChange> {
    let same_findings = before.findings == now.findings;
    let (Value::Object(before), Value::Object(now)) = (compared(before, same_findings), compared(now, same_findings))
    else {
        return vec![FactChange::new("the document", "as it is stored", "it cannot be compared")];
    };
    let names = before.keys().chain(now.keys().filter(|name| !before.contains_key(*name)));
    let differ = names.filter(|name| before.get(*name) != now.get(*name));
    differ.map(|name| FactChange::new(&format!("`{name}` of the document"), "as it is stored", "otherwise")).collect()
}

/// The document without what is not compared; `Null` if it is none.
fn compared(plan: &UpgradePlan, same_findings: bool) -> Value {
    let mut document = serde_json::to_value(plan).unwrap_or_default();
    if let Some(fields) = document.as_object_mut() {
        fields.retain(|name, _| {
            let left_out = OF_THE_MOMENT.contains(&name.as_str())
                || (!same_findings && FROM_ALL_FINDINGS.contains(&name.as_str()));
            !left_out
        });
    }
    if let Some(strategy) = document.get_mut("strategy").and_then(Value::as_object_mut) {
        strategy.retain(|name, _| !OF_THE_MOMENT_IN_STRATEGY.contains(&name.as_str()));
    }
    document
}
