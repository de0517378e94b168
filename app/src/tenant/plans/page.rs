//! The page of a stored plan: what it says it is, what has changed since, the plan made anew, and what may be done with it.
//!
//! No command, link, film or chart of the stored document is drawn: whoever may write the object may write any.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use planner::hop::FactChange;
use planner::plan::stored::{PlanLine, PlanState};
use planner::plan::{UpgradePlan, Verdict};
use planner::tenant::TenantSnapshot;

use super::list::title;
use super::{Compared, DeletePlan, RenewPlan, StoredHere, delete_form, hidden, read_stored, refused};
use crate::error::ConsoleError;
use crate::links::{self, TenantTab};
use crate::tenant::Tenant;
use crate::tenant::plan::document_body;
use crate::tenant::start::StartQuery;
use crate::trouble::{error_notice, sentence};
use crate::words;

/// How a stored plan stands, by everything that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    Current,
    Stale(Vec<FactChange>),
    Started(PlanState),
    Over(PlanState),
    NotCompared(String),
}

/// The page.
pub(crate) fn stored_page(tenant: Tenant, name: String) -> AnyView {
    let renew = ServerAction::<RenewPlan>::new();
    let delete = ServerAction::<DeletePlan>::new();
    let id = tenant.first.with_value(|first| first.id.clone());
    let all = links::tenant(&id, TenantTab::Plan);
    let stored = Resource::new_blocking(
        move || renew.version().get(),
        move |_| {
            let (id, name) = (id.clone(), name.clone());
            async move { read_stored(id.namespace, id.name, name).await }
        },
    );
    let params = use_query_map();
    let was_refused = move || params.with(|params| refused(&params.get("refused").unwrap_or_default()));
    let failed = move || {
        let of_renewal = renew.value().with(|value| failure(value.as_ref()));
        of_renewal.or_else(|| delete.value().with(|value| failure(value.as_ref())))
    };
    view! {
        <p class="no-print">
            <a href=all>{"All plans of this tenant"}</a>
        </p>
        {was_refused}
        {failed}
        <Transition fallback=|| {
            view! { <p class="muted" aria-busy="true">{"Comparing the plan with what is now …"}</p> }
        }>
            {move || {
                stored
                    .get()
                    .map(|stored| match stored {
                        Ok(here) => page(tenant, here, renew, delete),
                        Err(error) => error_notice(&error).into_any(),
                    })
            }}
        </Transition>
    }
    .into_any()
}

fn failure(value: Option<&Result<(), ConsoleError>>) -> Option<AnyView> {
    value.and_then(|value| value.as_ref().err()).map(|error| error_notice(error).into_any())
}

/// Everything below the way back.
fn page(tenant: Tenant, here: StoredHere, renew: ServerAction<RenewPlan>, delete: ServerAction<DeletePlan>) -> AnyView {
    let StoredHere { line, digest, compared } = here;
    let made_at = tenant.first.with_value(|first| words::time(line.made_at, first.observed_at).into_any());
    let deleting = delete_form(&line.tenant, &line.name, digest.clone(), delete);
    let heading = format!("Stored plan: {}", title(&line));
    let about = format!("{}, says made by {}, ", line.name, line.made_by);
    let document = tenant.first.with_value(|first| match line.state(first) {
        PlanState::Current | PlanState::Stale(_) => made_anew(&compared, first),
        // Made anew it would lead nowhere, or back.
        PlanState::Started { .. } | PlanState::Over { .. } => None,
    });
    let verdict = compared.anew().map(|anew| anew.verdict);
    let standing = {
        let line = line.clone();
        Memo::new(move |_| tenant.snapshot.with(|now| Standing::of(line.state(now), &compared)))
    };
    view! {
        <section class="section stack" aria-labelledby="stored">
            <h2 id="stored" class="verdict">
                {heading}
            </h2>
            <p class="muted">{about} {made_at}</p>
            {move || standing.with(|standing| standing_section(&line, &digest, verdict, standing, renew))}
        </section>
        {document}
        {deleting}
    }
    .into_any()
}

/// The plan made anew: open where it is what was stored, else folded. Nothing where it could not be made.
pub(super) fn made_anew(compared: &Compared, snapshot: &TenantSnapshot) -> Option<AnyView> {
    let Compared::With { changes, anew } = compared else { return None };
    let document = view! {
        <section class="section stack" aria-labelledby="verdict">
            <h2 id="verdict">{anew.headline.clone()}</h2>
            <p class="muted">{sentence(&anew.summary)}</p>
        </section>
        {document_body(anew, snapshot, None)}
    };
    if changes.is_empty() {
        return Some(document.into_any());
    }
    Some(
        view! {
            <details class="section print-open">
                <summary>{"As it would be made now"}</summary>
                {document}
            </details>
        }
        .into_any(),
    )
}

impl Compared {
    /// The plan as it would be made now, where it could be made.
    fn anew(&self) -> Option<&UpgradePlan> {
        match self {
            Self::With { anew, .. } => Some(anew),
            Self::Failed(_) => None,
        }
    }
}

impl Standing {
    /// The newest snapshot counts before what was compared when the page was made.
    pub(super) fn of(state: PlanState, compared: &Compared) -> Self {
        match (state, compared) {
            (PlanState::Stale(changes), _) => Self::Stale(changes),
            (started @ PlanState::Started { .. }, _) => Self::Started(started),
            (over @ PlanState::Over { .. }, _) => Self::Over(over),
            (PlanState::Current, Compared::With { changes, .. }) if changes.is_empty() => Self::Current,
            (PlanState::Current, Compared::With { changes, .. }) => Self::Stale(changes.clone()),
            (PlanState::Current, Compared::Failed(why)) => Self::NotCompared(why.clone()),
        }
    }
}

/// `verdict`: of the plan made anew, where it could be made.
fn standing_section(
    plan: &PlanLine,
    digest: &str,
    verdict: Option<Verdict>,
    standing: &Standing,
    renew: ServerAction<RenewPlan>,
) -> AnyView {
    let id = &plan.tenant;
    match standing {
        Standing::Current => view! {
            <p class="cluster">
                <span class="chip chip--ok">{PlanState::Current.word()}</span>
                {sentence(&PlanState::Current.to_string())}
            </p>
            {verdict.map(|verdict| start_link(plan, verdict))}
        }
        .into_any(),
        Standing::Stale(changes) => {
            let items = changes.iter().map(|change| view! { <li>{sentence(&change.to_string())}</li> }).collect_view();
            view! {
                <div class="callout callout--warns" role="alert">
                    <p class="callout__title">{"Something has changed since this plan was made"}</p>
                    <ul>{items}</ul>
                    <p>{"It cannot be started until it is renewed. Renewing makes it anew, in your name."}</p>
                    {renew_form(plan, digest, renew)}
                </div>
            }
            .into_any()
        }
        Standing::Started(state) => view! {
            <p class="cluster">
                <span class="chip chip--busy">{state.word()}</span>
                <span>{sentence(&state.to_string())}</span>
                <a href=links::tenant(id, TenantTab::Rollout)>{"Look at the rollout"}</a>
            </p>
        }
        .into_any(),
        Standing::Over(state) => view! {
            <p class="cluster">
                <span class="chip">{state.word()}</span>
                <span>{sentence(&state.to_string())}</span>
            </p>
        }
        .into_any(),
        Standing::NotCompared(why) => view! {
            <div class="callout callout--unknown" role="alert">
                <p class="callout__title">{"Whether it still holds is not known"}</p>
                <p>{sentence(why)}</p>
                <p>{"It cannot be started before it was compared. Reload the page to try again."}</p>
            </div>
        }
        .into_any(),
    }
}

fn start_link(plan: &PlanLine, verdict: Verdict) -> AnyView {
    let query = StartQuery {
        version: plan.version.to_string(),
        strategy: plan.strategy.map(|strategy| strategy.to_string()).unwrap_or_default(),
        plan: plan.name.to_string(),
        ..StartQuery::default()
    };
    let start = format!("{}{}", links::tenant(&plan.tenant, TenantTab::Start), query.as_url_query());
    let (class, words) = match verdict {
        Verdict::Clean | Verdict::Warnings => ("button button--primary", "Go on to the start"),
        Verdict::Blocked | Verdict::NotChecked => ("button", "Look at the start page"),
    };
    view! {
        <p class="no-print">
            <a class=class href=start>
                {words}
            </a>
        </p>
    }
    .into_any()
}

fn renew_form(plan: &PlanLine, digest: &str, action: ServerAction<RenewPlan>) -> AnyView {
    let pending = action.pending();
    let named = [("plan", plan.name.to_string()), ("seen", digest.to_owned())];
    let fields = hidden(&plan.tenant, &named);
    view! {
        <ActionForm action=action attr:class="no-print">
            {fields}
            <button class="button button--primary" type="submit" disabled=move || pending.get()>
                {move || if pending.get() { "Renewing …" } else { "Renew the plan" }}
            </button>
        </ActionForm>
    }
    .into_any()
}
