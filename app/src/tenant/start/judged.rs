//! What a choice means: exactly what would be written, what it costs, what speaks for and against it.

use leptos::prelude::*;
use planner::finding::{Finding, summary};
use planner::hop::{FieldChange, HopKind, Preflight, field_changes, notices, preflight};
use planner::plan::{Headline, Verdict};
use planner::strategy::Strategy;
use planner::tenant::TenantSnapshot;

use super::{Checks, Choice};
use crate::findings;
use crate::tenant::Knowledge;
use crate::tenant::forecast::{cost_section, forecast};
use crate::words;

/// The verdict, the diff, the cost and the findings of a choice.
pub(crate) fn judged(snapshot: &TenantSnapshot, knowledge: &Knowledge, choice: &Choice, checks: &Checks) -> AnyView {
    let check = check(snapshot, knowledge, choice);
    let found = checks.findings();
    let all = check.and(found.clone());
    let headline = Headline::of(snapshot, &choice.version, all.hop, &all.findings);
    // What was found stands in a section of its own, and what it takes the place of is gone.
    let rules: Vec<Finding> = all.findings.into_iter().filter(|finding| !found.contains(finding)).collect();
    let verdict = match checks {
        Checks::Waiting if headline.verdict() != Verdict::Blocked => {
            format!("{} The management cluster is being asked.", headline.step())
        }
        _ => headline.to_string(),
    };
    let summary = summary(&rules);
    let strategy = choice.strategy.or_else(|| snapshot.strategy.under_kamaji().ok());
    let cost = strategy
        .zip(all.hop)
        .and_then(|(strategy, hop)| forecast(snapshot, strategy, hop, &choice.version))
        .map(|row| cost_section(&row, snapshot.replicas));
    view! {
        <section class="section stack" aria-labelledby="verdict">
            <h2 id="verdict" class="verdict">
                {verdict}
            </h2>
            {diff(&field_changes(snapshot, &choice.version, choice.strategy))}
        </section>
        {cost}
        <section class="section stack" aria-labelledby="findings">
            <div class="section__head">
                <h2 id="findings">{"What speaks for and against it"}</h2>
                <p class="muted">{summary}</p>
            </div>
            {findings::finding_list(&rules)}
        </section>
        {noticed(all.hop, strategy, snapshot.replicas)}
    }
    .into_any()
}

/// The checks of a choice.
pub(super) fn check(snapshot: &TenantSnapshot, knowledge: &Knowledge, choice: &Choice) -> Preflight {
    let today = words::day(snapshot.observed_at);
    preflight(snapshot, &choice.version, choice.strategy, &knowledge.operator, &knowledge.releases, today)
}

/// Exactly the fields that are written, before and after.
pub(crate) fn diff(changes: &[FieldChange]) -> AnyView {
    let field = |change: &FieldChange| {
        view! {
            <p class="diff__field">{change.field.clone()}</p>
            {change.before.clone().map(|before| view! { <del>{before}</del> })}
            {change.after.clone().map(|after| view! { <ins>{after}</ins> })}
        }
    };
    view! {
        <div class="diff">{changes.iter().map(field).collect_view()}</div>
        <p class="small muted">{"Nothing else of the object is written."}</p>
    }
    .into_any()
}

/// What the people who use the tenant will notice.
fn noticed(hop: Option<HopKind>, strategy: Option<Strategy>, replicas: u32) -> AnyView {
    let notices = notices(hop, strategy, replicas).into_iter().map(|notice| view! { <li>{notice}</li> }).collect_view();
    view! {
        <section class="section stack" aria-labelledby="noticed">
            <h2 id="noticed">{"What this tenant’s users will notice"}</h2>
            <ul class="plain-list">{notices}</ul>
        </section>
    }
    .into_any()
}
