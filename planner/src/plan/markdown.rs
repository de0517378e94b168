//! The plan as Markdown, for a ticket or a pull request.

use std::fmt::Write;

use super::document::{Forecast, UpgradePlan};
use crate::cost::Bytes;
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
    if let Some(forecast) = &plan.forecast {
        forecast_section(&mut out, forecast);
    }
    findings(&mut out, plan);
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

fn forecast_section(out: &mut String, forecast: &Forecast) {
    let Forecast { replicas, peak_pods, peak_bound, peak_running, lowest_serving, .. } = forecast;
    let more = |pods: &u32| pods.saturating_sub(*replicas);
    let cost = |text: Option<String>| text.unwrap_or_else(|| "not known, the pods request none".to_owned());
    let lasts = |ms: Option<i64>| ms.map_or("not in sight".to_owned(), |ms| format!("{} s", seconds(ms)));
    let range = forecast.finished_range_ms.filter(|(low, high)| seconds(*low) != seconds(*high));
    let range = range.map(|(low, high)| format!(" ({} to {} s)", seconds(low), seconds(high))).unwrap_or_default();
    let _ = write!(
        out,
        "## What it costs\n\n{}\n\n| | at the peak | more than today |\n|---|---|---|\n| Pods alive | {peak_pods} | +{} |\n| Pods on \
         nodes | {peak_bound} | +{} |\n| API servers running | {peak_running} | +{} |\n| CPU requested | | {} |\n| Memory requested \
         | | {} |\n| DataStore connections, assumed | | {} |\n\n",
        escaped(&forecast.sentence),
        more(peak_pods),
        more(peak_bound),
        more(peak_running),
        cost(forecast.extra_cpu_millis.map(|millis| format!("+{millis} mCPU"))),
        cost(forecast.extra_memory_bytes.map(|bytes| format!("+{}", Bytes(bytes)))),
        forecast.extra_connections.map_or("not known".to_owned(), |count| format!("+{count}")),
    );
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

/// Text that stays text in Markdown, also in a cell of a table.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}
