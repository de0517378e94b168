//! Findings as a list, worst first: the word of the severity, the sentence, what was read, what to do, where the rule stands.

use leptos::prelude::*;
use planner::finding::{Finding, Severity};
use planner::plan::PlannedFinding;

use crate::prose::prose;
use crate::trouble::sentence;

/// The findings as a list, worst first. What passes is folded away: it matters to whoever wants to check the checks.
pub(crate) fn finding_list(findings: &[Finding]) -> AnyView {
    list(findings.iter().map(PlannedFinding::of).collect(), false)
}

/// The findings, all of them in sight.
pub(crate) fn unfolded_list(findings: &[Finding]) -> AnyView {
    list(findings.iter().map(PlannedFinding::of).collect(), true)
}

/// The findings of a plan, all of them in sight: a reviewer and paper unfold nothing.
pub(crate) fn planned_list(findings: &[PlannedFinding]) -> AnyView {
    list(findings.to_vec(), true)
}

fn list(mut findings: Vec<PlannedFinding>, unfolded: bool) -> AnyView {
    findings.sort_by_key(|finding| finding.severity);
    let (passing, telling): (Vec<PlannedFinding>, Vec<PlannedFinding>) =
        findings.into_iter().partition(|finding| finding.severity == Severity::Passes);
    let list = |findings: Vec<PlannedFinding>| {
        (!findings.is_empty())
            .then(|| view! { <ul class="findings">{findings.into_iter().map(finding_item).collect_view()}</ul> })
    };
    let passed = (!passing.is_empty()).then(|| {
        let title = match passing.len() {
            1 => "1 check passes".to_owned(),
            many => format!("{many} checks pass"),
        };
        view! {
            <details class="findings-passed" open=unfolded>
                <summary>{title}</summary>
                {list(passing)}
            </details>
        }
    });
    view! {
        {list(telling)}
        {passed}
    }
    .into_any()
}

fn finding_item(finding: PlannedFinding) -> AnyView {
    let (item, word, label) = match finding.severity {
        Severity::Blocks => ("finding finding--blocks", "severity severity--blocks", "Blocks"),
        Severity::Warns => ("finding finding--warns", "severity severity--warns", "Warns"),
        Severity::Unknown => ("finding finding--unknown", "severity severity--unknown", "Unknown"),
        Severity::Passes => ("finding finding--passes", "severity severity--passes", "Passes"),
    };
    let evidence = (!finding.evidence.is_empty()).then(|| {
        view! { <p class="finding__evidence">{prose(&finding.evidence)}</p> }
    });
    let remedy = finding.remedy.map(|remedy| {
        view! { <p class="finding__remedy">{prose(&sentence(&remedy))}</p> }
    });
    let source = finding.source;
    let source = match finding.url {
        Some(url) => view! {
            <a href=url rel="external noreferrer">
                {source}
            </a>
        }
        .into_any(),
        None => source.into_any(),
    };
    view! {
        <li class=item>
            <span class=word>{label}</span>
            <p class="finding__title">{prose(&sentence(&finding.sentence))}</p>
            {evidence}
            {remedy}
            <p class="finding__source">{"Source: "} {source}</p>
        </li>
    }
    .into_any()
}
