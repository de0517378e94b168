//! The plan as Markdown, for a ticket or a pull request.

use std::fmt::Write;

use super::costs::{CostRow, PlannedCosts, PlannedOverride};
use super::document::{Forecast, UpgradePlan};
use crate::cost::{Bytes, MilliCpu};
use crate::lab::seconds;

/// The plan as Markdown. What comes from the cluster is escaped, so that it stays text.
pub fn markdown(plan: &UpgradePlan) -> String {
    let mut out = String::new();
    let _ = write!(
        out,
        "# {}/{}: {} → {}\n\n**{}** {}.\n\n",
        escaped(&plan.namespace),
        escaped(&plan.tenant),
        escaped(plan.installed.as_deref().unwrap_or("nothing")),
        escaped(&plan.to),
        escaped(&plan.headline),
        plan.summary,
    );
    let _ = write!(out, "Made {}, generation {}, `{}`.\n\n", plan.made_at, plan.generation, plan.digest);
    strategy(&mut out, plan);
    if plan.forecast.is_some() || plan.costs.is_some() {
        out.push_str("## What it costs\n\n");
    }
    if let Some(forecast) = &plan.forecast {
        let _ = write!(out, "{}\n\n", escaped(&forecast.sentence));
    }
    if let Some(costs) = &plan.costs {
        costs_section(&mut out, costs);
    }
    if let Some(forecast) = &plan.forecast {
        forecast_section(&mut out, forecast);
    }
    findings(&mut out, plan);
    overrides(&mut out, &plan.overrides);
    list(&mut out, "What this tenant's users will notice", &plan.notices);
    list(&mut out, "What can be undone, and what cannot", &plan.irreversible);
    change(&mut out, plan);
    out.push_str("## For the reviewer\n\n");
    for item in &plan.checklist {
        let _ = writeln!(out, "- [ ] {}", escaped(item));
    }
    out
}

fn strategy(out: &mut String, plan: &UpgradePlan) {
    let strategy = &plan.strategy;
    let chosen = strategy.chosen.as_deref().unwrap_or("none that a Deployment takes");
    let name =
        strategy.name.as_deref().filter(|name| *name != "Custom").map(|name| format!("{name}, ")).unwrap_or_default();
    let _ = write!(out, "## Strategy: {name}{}\n\n{}\n\n", escaped(chosen), escaped(&strategy.why));
    for instead in &strategy.instead {
        let _ = writeln!(out, "- Gets through instead: {}", escaped(instead));
    }
    if !strategy.instead.is_empty() {
        out.push('\n');
    }
}

fn costs_section(out: &mut String, costs: &PlannedCosts) {
    if let Some(chosen) = costs.chosen() {
        out.push_str("| | known by | today | at the peak | change | beyond today, over the rollout |\n|---|---|---|---|---|---|\n");
        for CostRow { what, basis, today, peak, change, over_time } in &chosen.rows {
            let cells = [what, basis, today, peak, change, over_time].map(|cell| escaped(cell));
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
        out.push('\n');
        for sentence in chosen.sentences() {
            let _ = writeln!(out, "- {}", escaped(&sentence));
        }
    }
    let data_store = costs.data_store.iter().map(|data_store| &data_store.sentence);
    for sentence in data_store.chain(&costs.notes) {
        let _ = writeln!(out, "- {}", escaped(sentence));
    }
    out.push_str("\nMore than today at the peak, under each strategy:\n\n");
    out.push_str("| | pods on nodes | CPU | memory | over time | money | DataStore connections in all |\n|---|---|---|---|---|---|---|\n");
    for strategy in &costs.strategies {
        let not_known = || "not known".to_owned();
        let here = if strategy.chosen { "**" } else { "" };
        let _ = writeln!(
            out,
            "| {here}{}{here} | +{} | {} | {} | {} | {} | {} |",
            escaped(&strategy.title()),
            strategy.extra_pods.bound,
            strategy.extra_cpu_millis.map_or_else(not_known, |millis| format!("+{}", MilliCpu(millis))),
            strategy.extra_memory_bytes.map_or_else(not_known, |bytes| format!("+{}", Bytes(bytes))),
            strategy.rows.iter().map(|row| row.over_time.as_str()).find(|text| !text.is_empty()).unwrap_or_default(),
            escaped(strategy.surge_words.as_deref().unwrap_or("no price")),
            strategy.connections.map_or_else(not_known, |connections| connections.to_string()),
        );
    }
    out.push('\n');
}

fn overrides(out: &mut String, overrides: &[PlannedOverride]) {
    if overrides.is_empty() {
        return;
    }
    out.push_str(
        "## What somebody takes upon themselves\n\n| finding | who | why | up to | |\n|---|---|---|---|---|\n",
    );
    for PlannedOverride { finding, person, reason, until, state } in overrides {
        let [finding, person, reason] = [finding, person, reason].map(|cell| escaped(cell));
        let _ = writeln!(out, "| {finding} | {person} | {reason} | {until} | {state} |");
    }
    out.push('\n');
}

fn forecast_section(out: &mut String, forecast: &Forecast) {
    let Forecast { replicas, lowest_serving, .. } = forecast;
    let lasts = |ms: Option<i64>| ms.map_or("not in sight".to_owned(), |ms| format!("{} s", seconds(ms)));
    let range = forecast.finished_range_ms.filter(|(low, high)| seconds(*low) != seconds(*high));
    let range = range.map(|(low, high)| format!(" ({} to {} s)", seconds(low), seconds(high))).unwrap_or_default();
    out.push_str("How it goes:\n\n");
    let _ = write!(
        out,
        "- Fewest API servers that serve: {lowest_serving} of {replicas}\n- No API server serves for: {} s\n- Both versions serve \
         for: {}\n- Settled after: {}\n- Finished after: {}{range}\n\n",
        seconds(forecast.outage_ms),
        lasts(forecast.mixed_ms),
        lasts(forecast.settled_ms),
        lasts(forecast.finished_ms),
    );
    for remark in &forecast.remarks {
        let _ = writeln!(out, "- {}", escaped(remark));
    }
    out.push_str("\n| at | change | why |\n|---|---|---|\n");
    for step in &forecast.steps {
        let _ = writeln!(
            out,
            "| {} s | {} {} → {} | {} |",
            seconds(step.at_ms),
            step.side,
            step.from,
            step.to,
            escaped(&step.reason)
        );
    }
    out.push('\n');
}

fn findings(out: &mut String, plan: &UpgradePlan) {
    out.push_str("## What speaks for and against it\n\n| | finding | what to do | source |\n|---|---|---|---|\n");
    for finding in &plan.findings {
        let evidence = if finding.evidence.is_empty() { String::new() } else { format!(" ({})", finding.evidence) };
        let source = match &finding.url {
            Some(url) => format!("[{}]({url})", escaped(&finding.source)),
            None => escaped(&finding.source),
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {source} |",
            finding.severity,
            escaped(&format!("{}{evidence}", finding.sentence)),
            escaped(finding.remedy.as_deref().unwrap_or("")),
        );
    }
    out.push('\n');
}

fn change(out: &mut String, plan: &UpgradePlan) {
    out.push_str("## The exact change\n\n");
    let mut diff = String::new();
    for field in &plan.change.fields {
        let _ = writeln!(diff, "  {}", field.field);
        for (mark, value) in [("-", &field.before), ("+", &field.after)] {
            if let Some(value) = value {
                let _ = writeln!(diff, "{mark} {}", value.replace('\n', " "));
            }
        }
    }
    fenced(out, "diff", &diff);
    out.push_str("Nothing else of the object is written. As a merge patch:\n\n");
    fenced(out, "json", &plan.change.merge_patch.to_string());
    out.push_str("In a kustomization:\n\n");
    fenced(out, "yaml", &plan.change.kustomize);
    out.push_str("As values for a chart that puts `spec` in whole (other charts name them differently):\n\n");
    fenced(out, "yaml", &plan.change.helm_values);
    out.push_str("With kubectl:\n\n");
    let lines: Vec<String> =
        plan.change.commands.iter().map(|command| format!("# {}\n{}", command.purpose, command.line)).collect();
    fenced(out, "sh", &lines.join("\n"));
}

fn list(out: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = write!(out, "## {title}\n\n");
    for item in items {
        let _ = writeln!(out, "- {}", escaped(item));
    }
    out.push('\n');
}

/// A fence longer than any inside.
fn fenced(out: &mut String, language: &str, text: &str) {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = write!(out, "{fence}{language}\n{}\n{fence}\n\n", text.trim_end());
}

/// Text that stays text in Markdown, also in a cell of a table: no markup, no link, and nobody is called.
///
/// GitHub links addresses (`://`, `www.`) as they are written, which an entity in their place prevents. It looks for `@name`, `@team`,
/// mail addresses and `#1` only after entities are read, so after these marks stands a space without width.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let (before, rest) = text.split_at(at);
        match character {
            '@' => out.push_str("@&#8203;"),
            '#' if rest[1..].starts_with(|next: char| next.is_ascii_digit()) => out.push_str("\\#&#8203;"),
            ':' if rest.starts_with("://") => out.push_str("&#58;"),
            '.' if before.ends_with("www") => out.push_str("&#46;"),
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}
