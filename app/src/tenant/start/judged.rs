//! What a choice means: exactly what would be written, what it costs, what speaks for and against it, what Kamaji says.

use leptos::prelude::*;
use planner::hop::{FieldChange, HopKind, Preflight, field_changes, notices, preflight};
use planner::strategy::Strategy;
use planner::tenant::TenantSnapshot;

use super::{Choice, DryRunAnswer};
use crate::error::ConsoleError;
use crate::findings;
use crate::tenant::Knowledge;
use crate::tenant::forecast::{cost_section, forecast};
use crate::trouble::error_notice;
use crate::words;

/// The verdict, the diff, the cost and the findings of a choice.
pub(crate) fn judged(snapshot: &TenantSnapshot, knowledge: &Knowledge, choice: &Choice) -> AnyView {
    let check = check(snapshot, knowledge, choice);
    let blocking = check.findings.iter().filter(|finding| finding.blocks()).count();
    let installed = snapshot.installed_version.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
    let verdict = match (blocking, check.hop) {
        (0, Some(HopKind::Minor)) => format!("{installed} → {} is the next minor. Nothing blocks it.", choice.version),
        (0, Some(HopKind::Patch)) => format!("{installed} → {} is a patch. Nothing blocks it.", choice.version),
        (0, None) => {
            format!("{} stays the wanted version, only the strategy changes. Nothing blocks it.", choice.version)
        }
        (1, _) => format!("{installed} → {} cannot be started: one finding blocks it.", choice.version),
        (more, _) => format!("{installed} → {} cannot be started: {more} findings block it.", choice.version),
    };
    let summary = findings::summary(&check.findings);
    let strategy = choice.strategy.or_else(|| snapshot.strategy.under_kamaji().ok());
    let cost = strategy
        .zip(check.hop)
        .and_then(|(strategy, hop)| forecast(snapshot, strategy, hop, &choice.version))
        .map(|row| cost_section(&row, snapshot.replicas));
    view! {
        <section class="section stack" aria-labelledby="verdict">
            <h2 id="verdict" class="verdict">
                {verdict}
            </h2>
            {diff(snapshot, choice)}
        </section>
        {cost}
        <section class="section stack" aria-labelledby="findings">
            <div class="section__head">
                <h2 id="findings">{"What speaks for and against it"}</h2>
                <p class="muted">{summary}</p>
            </div>
            {findings::finding_list(&check.findings)}
        </section>
        {noticed(check.hop, strategy, snapshot.replicas)}
    }
    .into_any()
}

/// The checks of a choice.
pub(super) fn check(snapshot: &TenantSnapshot, knowledge: &Knowledge, choice: &Choice) -> Preflight {
    let today = words::day(snapshot.observed_at);
    preflight(snapshot, &choice.version, choice.strategy, &knowledge.operator, &knowledge.releases, today)
}

/// Exactly the fields that are written, before and after.
fn diff(snapshot: &TenantSnapshot, choice: &Choice) -> AnyView {
    let field = |change: FieldChange| {
        view! {
            <p class="diff__field">{change.field}</p>
            {change.before.map(|before| view! { <del>{before}</del> })}
            {change.after.map(|after| view! { <ins>{after}</ins> })}
        }
    };
    let changes = field_changes(snapshot, &choice.version, choice.strategy);
    view! {
        <div class="diff">{changes.into_iter().map(field).collect_view()}</div>
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

/// What the API server answered to the dry run.
pub(crate) fn dry_run_section(answer: &Result<DryRunAnswer, ConsoleError>) -> AnyView {
    let body = match answer {
        Ok(DryRunAnswer::Accepted) => view! {
            <p class="callout callout--passes">
                <span class="severity severity--passes">{"Passes"}</span>
                {" The API server and Kamaji would take this change. Nothing was written."}
            </p>
        }
        .into_any(),
        Ok(DryRunAnswer::Refused(words)) => view! {
            <div class="callout callout--blocks">
                <p class="callout__title">
                    <span class="severity severity--blocks">{"Blocks"}</span>
                    {"It would be refused, in these words:"}
                </p>
                <blockquote>{words.clone()}</blockquote>
            </div>
        }
        .into_any(),
        Ok(DryRunAnswer::NotJudged(why)) => view! {
            <div class="callout callout--unknown">
                <p class="callout__title">
                    <span class="severity severity--unknown">{"Unknown"}</span>
                    {"The API server could not judge it, so nothing can be started:"}
                </p>
                <blockquote>{why.clone()}</blockquote>
            </div>
        }
        .into_any(),
        Ok(DryRunAnswer::NotAsked) => view! { <p class="muted">{"Not asked."}</p> }.into_any(),
        Err(error) => error_notice(error).into_any(),
    };
    view! {
        <section class="section stack" aria-labelledby="dry-run">
            <h2 id="dry-run">{"What Kamaji says to a dry run"}</h2>
            {body}
        </section>
    }
    .into_any()
}
