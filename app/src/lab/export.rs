//! The comparison as files: the chosen film as SVG, all films as CSV, the whole comparison as Markdown.
//!
//! All are made from an address of the lab, like the page, and carry the link back to it.

use std::fmt::Write;

use planner::lab::{LabInput, compare};
use planner::strategy::Strategy;

use super::fields::{LabFields, seconds_text};
use super::shown::{Shown, ShownRow, sources};
use crate::chart::standalone_svg;
use crate::links::{self, LabExport};

/// A file to download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Name to save it under.
    pub file_name: &'static str,
    /// What stands in it.
    pub body: String,
}

/// The file for an address. `origin` (`http://127.0.0.1:3000`) stands before the link back.
///
/// # Errors
/// The sentences on what cannot be read of the address: a file must not show something else than was asked for.
pub fn export(file: LabExport, pairs: Vec<(String, String)>, origin: &str) -> Result<Document, String> {
    let fields = LabFields::from_pairs(pairs);
    let reading = fields.read(&LabInput::default(), Strategy::BLUE_GREEN);
    if !reading.errors.is_empty() {
        return Err(reading.errors.into_iter().map(|(_, sentence)| sentence).collect::<Vec<_>>().join("\n"));
    }
    let link = format!("{origin}{}{}", links::LAB, fields.whole_query(&reading));
    let input = &reading.input;
    Ok(match file {
        LabExport::Svg => {
            let shown = Shown::of(input, reading.chosen, None);
            let row = shown.chosen_row();
            let body = row.map(|row| standalone_svg(&row.layout, &row.title, &row.verdict, &link)).unwrap_or_default();
            Document { content_type: "image/svg+xml", file_name: "film.svg", body }
        }
        LabExport::Csv => {
            Document { content_type: "text/csv; charset=utf-8", file_name: "films.csv", body: csv(input, &link) }
        }
        LabExport::Markdown => Document {
            content_type: "text/markdown; charset=utf-8",
            file_name: "comparison.md",
            body: markdown(&Shown::of(input, reading.chosen, reading.beside), input, &link),
        },
    })
}

/// One row for each change of each film. Lines end as RFC 4180 wants.
fn csv(input: &LabInput, link: &str) -> String {
    let mut text = String::from(
        "strategy,from_ms,serving_old,serving_new,starting_old,starting_new,pending_old,pending_new,terminating_old,\
         terminating_new,alive,link\r\n",
    );
    for row in compare(input).rows {
        for step in row.film.steps_from(0) {
            let (old, new) = (step.counts.old, step.counts.new);
            let _ = write!(
                text,
                "{},{},{},{},{},{},{},{},{},{},{},\"{link}\"\r\n",
                row.strategy,
                step.from_ms,
                old.ready,
                new.ready,
                old.starting,
                new.starting,
                old.pending,
                new.pending,
                old.terminating,
                new.terminating,
                step.counts.objects(),
            );
        }
    }
    text
}

fn markdown(shown: &Shown, input: &LabInput, link: &str) -> String {
    let mut text = String::from("# Strategies compared\n\n");
    let chosen = shown.chosen_row();
    if let Some(row) = chosen {
        let _ = write!(text, "**{}**\n\n{}\n\n", row.verdict, shown.why());
    }
    if let Some(advice) = &shown.advice {
        let _ = write!(text, "Recommended: {}. {}\n\n", advice.title, advice.reason);
    }
    let _ = write!(
        text,
        "| Strategy | maxSurge / maxUnavailable | Pods alive at the peak | API servers running at the peak | CPU, {unit} | Memory, \
         {unit} | Lowest serving | Both versions serve for | Finished |\n|---|---|---|---|---|---|---|---|---|\n",
        unit = shown.cost_unit
    );
    for row in &shown.rows {
        let _ = writeln!(text, "{}", markdown_row(row, chosen.is_some_and(|chosen| chosen.key == row.key)));
    }
    text.push_str("\n## Input\n\n");
    for (name, value) in given(input) {
        let _ = writeln!(text, "- {name}: {value}");
    }
    if let Some(row) = chosen {
        let _ = write!(text, "\n## Steps of {}\n\n", row.title);
        for step in &row.steps {
            let _ = writeln!(text, "- {} s: {} ({})", seconds_text(step.at_ms), step.reason, step.change);
        }
    }
    let _ = write!(text, "\n{}\n\n[The same in the strategy lab]({link})\n", sources(input, None).join(" "));
    text
}

fn markdown_row(row: &ShownRow, chosen: bool) -> String {
    let mark = if chosen { "**" } else { "" };
    let range = |range: &Option<String>| range.as_ref().map(|range| format!(" ({range})")).unwrap_or_default();
    let outage = row.outage.as_ref().map(|outage| format!(" for {outage}")).unwrap_or_default();
    format!(
        "| {mark}{}{mark} | {} | {} | {} | {} | {} | {}{outage} | {}{} | {}{} |",
        row.name,
        row.numbers,
        row.pods_alive,
        row.running,
        row.cpu,
        row.memory,
        row.lowest_serving,
        row.mixed,
        range(&row.mixed_range),
        row.finished,
        range(&row.finished_range),
    )
}

/// What was put in, by name.
fn given(input: &LabInput) -> Vec<(&'static str, String)> {
    let list = |times: &[i64]| times.iter().map(|ms| seconds_text(*ms)).collect::<Vec<_>>().join(", ");
    let termination = input.termination_extent();
    let mut given = vec![
        ("Replicas", input.replicas.to_string()),
        ("Start-up (s)", list(&input.startup_ms)),
        (
            "Termination (s)",
            match termination.is_point() {
                true => seconds_text(input.termination_ms),
                false => format!(
                    "{} ({} to {})",
                    seconds_text(input.termination_ms),
                    seconds_text(termination.low),
                    seconds_text(termination.high)
                ),
            },
        ),
        ("minReadySeconds", input.min_ready_seconds.to_string()),
        ("progressDeadlineSeconds", input.progress_deadline_seconds.map_or("none".to_owned(), |s| s.to_string())),
    ];
    given.extend(input.pull_ms.map(|ms| ("Image pull (s)", seconds_text(ms))));
    given.extend(input.pod_quota.map(|pods| ("Pod quota", pods.to_string())));
    given.extend(input.room.map(|pods| ("Room on nodes (pods)", pods.to_string())));
    given.extend(input.second_write_ms.map(|ms| ("Second write after (s)", seconds_text(ms))));
    given
}

#[cfg(test)]
mod tests;
