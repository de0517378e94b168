//! The plan for a terminal.

use std::fmt::Write;

use super::costs::{CostRow, PlannedCosts, PlannedOverride};
use super::document::UpgradePlan;
use crate::finding::Severity;

/// The plan for a terminal: the verdict first, no markup, nothing that a terminal would take for a command.
pub fn text(plan: &UpgradePlan) -> String {
    let mut out = String::new();
    let _ = write!(out, "{}/{}: {}\n{}.\n\n", plan.namespace, plan.tenant, plan.headline, plan.summary);
    let chosen = plan.strategy.chosen.as_deref().unwrap_or("none that a Deployment takes");
    let _ = writeln!(out, "Strategy {chosen}. {}", plan.strategy.why);
    for instead in &plan.strategy.instead {
        let _ = writeln!(out, "  gets through instead: {instead}");
    }
    if let Some(forecast) = &plan.forecast {
        let _ = writeln!(out, "{}", forecast.sentence);
        for remark in &forecast.remarks {
            let _ = writeln!(out, "  {remark}");
        }
    }
    if let Some(costs) = &plan.costs {
        costs_block(&mut out, costs);
    }
    out.push('\n');
    for finding in &plan.findings {
        let _ = writeln!(out, "{:<8} {}", finding.severity, finding.sentence);
        if !finding.evidence.is_empty() {
            let _ = writeln!(out, "         {}", finding.evidence);
        }
        if let Some(remedy) = finding.remedy.as_ref().filter(|_| finding.severity != Severity::Passes) {
            let _ = writeln!(out, "         {remedy}");
        }
    }
    for PlannedOverride { finding, person, reason, until, state } in &plan.overrides {
        let _ = writeln!(out, "override of {finding} by {person} up to {until} ({reason}): {state}");
    }
    out.push_str("\nThe change:\n");
    for field in &plan.change.fields {
        let _ = writeln!(out, "  {}", field.field);
        for (mark, value) in [("-", &field.before), ("+", &field.after)] {
            if let Some(value) = value {
                let _ = writeln!(out, "    {mark} {value}");
            }
        }
    }
    out.push('\n');
    for command in &plan.change.commands {
        let _ = write!(out, "  # {}\n  {}\n", command.purpose, command.line);
    }
    let _ = write!(out, "\nMade {}, {}\n", plan.made_at, plan.digest);
    out.chars().filter(|character| !character.is_control() || *character == '\n').collect()
}

fn costs_block(out: &mut String, costs: &PlannedCosts) {
    if let Some(chosen) = costs.chosen() {
        out.push('\n');
        for row in &chosen.rows {
            let CostRow { what, basis, today, peak, change, over_time } = row;
            if !row.is_known() {
                let _ = writeln!(out, "  {what}: {basis}");
                continue;
            }
            let over_time = if over_time.is_empty() { String::new() } else { format!(", {over_time} in all") };
            let _ = writeln!(out, "  {what} ({basis}): {today} -> {peak} ({change}{over_time})");
        }
        for sentence in chosen.sentences() {
            let _ = writeln!(out, "  {sentence}");
        }
    }
    let data_store = costs.data_store.iter().map(|data_store| &data_store.sentence);
    for sentence in data_store.chain(&costs.notes) {
        let _ = writeln!(out, "  {sentence}");
    }
}
