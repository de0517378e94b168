//! Findings as a list, worst first: the word of the severity, the sentence, what was read, what to do, where the rule stands.

use leptos::prelude::*;
use planner::finding::{Finding, Severity};

use crate::trouble::sentence;

/// The findings as a list, worst first. What passes is folded away: it matters to whoever wants to check the checks.
pub(crate) fn finding_list(findings: &[Finding]) -> AnyView {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| finding.severity);
    let (passing, telling): (Vec<&Finding>, Vec<&Finding>) =
        sorted.into_iter().partition(|finding| finding.severity == Severity::Passes);
    let list = |findings: Vec<&Finding>| {
        (!findings.is_empty())
            .then(|| view! { <ul class="findings">{findings.into_iter().map(finding_item).collect_view()}</ul> })
    };
    let passed = (!passing.is_empty()).then(|| {
        let title = match passing.len() {
            1 => "1 check passes".to_owned(),
            many => format!("{many} checks pass"),
        };
        view! {
            <details class="findings-passed">
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

fn finding_item(finding: &Finding) -> AnyView {
    let (item, word, label) = match finding.severity {
        Severity::Blocks => ("finding finding--blocks", "severity severity--blocks", "Blocks"),
        Severity::Warns => ("finding finding--warns", "severity severity--warns", "Warns"),
        Severity::Unknown => ("finding finding--unknown", "severity severity--unknown", "Unknown"),
        Severity::Passes => ("finding finding--passes", "severity severity--passes", "Passes"),
    };
    let evidence = (!finding.evidence.is_empty()).then(|| {
        view! { <p class="finding__evidence">{finding.evidence.clone()}</p> }
    });
    let remedy = finding.remedy.clone().map(|remedy| {
        view! { <p class="finding__remedy">{sentence(&remedy)}</p> }
    });
    let source = finding.source.to_string();
    let source = match finding.source.url() {
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
            <p class="finding__title">{sentence(&finding.to_string())}</p>
            {evidence}
            {remedy}
            <p class="finding__source">{"Source: "} {source}</p>
        </li>
    }
    .into_any()
}
