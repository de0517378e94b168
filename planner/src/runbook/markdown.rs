//! The runbook as Markdown, for a ticket.

use std::fmt::Write as _;

use super::{Rights, Runbook, Step};

/// Writes the document.
pub(super) fn write(runbook: &Runbook) -> String {
    let mut text = String::new();
    let Runbook { node, os, from, to, .. } = runbook;
    let _ = writeln!(text, "# Upgrade the node `{node}` from {from} to {to}\n");
    let _ = writeln!(
        text,
        "{os}, by {}. In the order of the Kubernetes documentation as read on {}.\n",
        os.tool(),
        runbook.documentation_of
    );
    text.push_str("## What it takes\n\n");
    let mut ways = runbook.ways.iter();
    for way in ways.by_ref().take(1) {
        let _ = writeln!(text, "{}\n", way.text);
    }
    for (index, pass) in runbook.passes.iter().enumerate() {
        let _ = writeln!(text, "{}. {pass}", index + 1);
    }
    text.push_str("\nOther ways:\n\n");
    for way in ways {
        let _ = writeln!(text, "* {}", way.text);
    }
    if !runbook.remarks.is_empty() {
        text.push_str("\nTo know:\n\n");
        for remark in &runbook.remarks {
            let _ = writeln!(text, "* {remark}");
        }
    }
    text.push_str("\n## Before you begin\n\n");
    for condition in &runbook.before {
        let _ = writeln!(text, "- [ ] {condition}");
    }
    let mut pass = Some(0);
    for (index, step) in runbook.steps.iter().enumerate() {
        if step.pass != pass {
            pass = step.pass;
            write_heading(&mut text, runbook, pass);
        }
        write_step(&mut text, index + 1, step);
    }
    text
}

fn write_heading(text: &mut String, runbook: &Runbook, pass: Option<usize>) {
    let _ = match pass.and_then(|number| Some((number, runbook.passes.get(number - 1)?))) {
        Some((number, pass)) => writeln!(text, "\n## Pass {number} of {}: {pass}", runbook.passes.len()),
        None => writeln!(text, "\n## At the end"),
    };
}

fn write_step(text: &mut String, number: usize, step: &Step) {
    let _ = writeln!(text, "\n### {number}. {}\n", step.title);
    let rights = match step.rights {
        Rights::Root => "On the node, as root.",
        Rights::Administrator => "With an administrator's kubeconfig of the tenant cluster.",
    };
    let _ = writeln!(text, "{rights} {}\n", step.does);
    let mut only = None;
    let mut open = false;
    for command in &step.commands {
        if open && command.only != only {
            text.push_str("```\n\n");
            open = false;
        }
        if !open {
            if let Some(only) = &command.only {
                let _ = writeln!(text, "{}{}:\n", only[..1].to_uppercase(), &only[1..]);
            }
            text.push_str("```sh\n");
            open = true;
        }
        only = command.only.clone();
        let _ = writeln!(text, "{}", command.text);
    }
    if open {
        text.push_str("```\n\n");
    }
    let _ = writeln!(text, "You should see: {}\n", step.expect);
    let _ = writeln!(text, "If not: {}\n", step.otherwise);
    let _ = match step.source.url() {
        Some(url) => writeln!(text, "Source: [{}]({url})", step.source),
        None => writeln!(text, "Source: {}", step.source),
    };
}
