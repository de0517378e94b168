//! What a choice means: exactly what would be written, what it costs, what speaks for and against it, what Kamaji says.

use leptos::prelude::*;
use planner::hop::{FORMER_STRATEGY_ANNOTATION, HopKind, Preflight, merge_patch, preflight};
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
        .and_then(|(strategy, hop)| forecast(snapshot, strategy, hop))
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
        {noticed(check.hop)}
    }
    .into_any()
}

/// The checks of a choice.
pub(super) fn check(snapshot: &TenantSnapshot, knowledge: &Knowledge, choice: &Choice) -> Preflight {
    let today = words::day(snapshot.observed_at);
    preflight(snapshot, &choice.version, choice.strategy, &knowledge.operator, &knowledge.releases, today)
}

/// Exactly the fields that are written, before and after: read from the patch itself.
fn diff(snapshot: &TenantSnapshot, choice: &Choice) -> AnyView {
    let patch = merge_patch(snapshot, &choice.version, choice.strategy);
    let version = patch.pointer("/spec/kubernetes/version").map(|_| {
        view! {
            <p class="diff__field">{"spec.kubernetes.version"}</p>
            <del>{snapshot.desired_version.to_string()}</del>
            <ins>{choice.version.to_string()}</ins>
        }
    });
    let strategy = patch.pointer("/spec/controlPlane/deployment/strategy").map(|strategy| {
        view! {
            <p class="diff__field">{"spec.controlPlane.deployment.strategy"}</p>
            <del>{serde_json::to_string(&snapshot.strategy).unwrap_or_default()}</del>
            <ins>{strategy.to_string()}</ins>
        }
    });
    let memory = patch["metadata"]["annotations"].get(FORMER_STRATEGY_ANNOTATION).map(|memory| {
        let text = match memory.as_str() {
            Some(former) => view! { <ins>{former.to_owned()}</ins> }.into_any(),
            None => view! { <del>{"the remembered strategy"}</del> }.into_any(),
        };
        view! {
            <p class="diff__field">{format!("metadata.annotations: {FORMER_STRATEGY_ANNOTATION}")}</p>
            {text}
        }
    });
    view! {
        <div class="diff">
            {version} {strategy} {memory}
        </div>
        <p class="small muted">{"Nothing else of the object is written."}</p>
    }
    .into_any()
}

/// What the people who use the tenant will notice.
fn noticed(hop: Option<HopKind>) -> AnyView {
    let minor = (hop == Some(HopKind::Minor)).then(|| {
        view! {
            <li>
                <strong>{"A minor cannot be undone. "}</strong>
                {"Kamaji refuses the way back, and the data may already be stored in the new form: a backup of the DataStore is the only way back. Make one now."}
            </li>
            <li>
                {"kubectl works with API servers one minor older or newer than itself: people with an older kubectl should update it."}
            </li>
        }
    });
    view! {
        <section class="section stack" aria-labelledby="noticed">
            <h2 id="noticed">{"What this tenant’s users will notice"}</h2>
            <ul class="plain-list">
                <li>
                    {"Each API server that stops drops its watches and connections: controllers and kubectl reconnect, long kubectl logs and exec sessions end."}
                </li>
                <li>
                    {"For a while old and new API servers answer side by side; a client may meet either."}
                </li>
                {minor}
            </ul>
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
