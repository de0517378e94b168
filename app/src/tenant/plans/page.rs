//! The page of a stored plan: the document as it was stored, what has changed since, and what may be done with it.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use planner::hop::FactChange;
use planner::plan::Verdict;
use planner::plan::stored::{PlanState, StoredPlan};

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
    let StoredHere { plan, compared } = here;
    let document = tenant.first.with_value(|first| document_body(&plan.document, first, None));
    let line = plan.line();
    let made_at = tenant.first.with_value(|first| words::time(plan.made_at, first.observed_at).into_any());
    let deleting = delete_form(&line.tenant, &plan.name, plan.document.digest.clone(), delete);
    let heading = format!("Stored plan: {}", title(&line));
    let headline = plan.document.headline.clone();
    let about = format!("{}, made by {}, ", plan.name, plan.made_by);
    let standing = Memo::new(move |_| tenant.snapshot.with(|now| Standing::of(line.state(now), &compared)));
    view! {
        <section class="section stack" aria-labelledby="stored">
            <h2 id="stored" class="verdict">
                {heading}
            </h2>
            <p class="muted">{about} {made_at}</p>
            {move || standing.with(|standing| standing_section(&plan, standing, renew))}
        </section>
        <section class="section stack" aria-labelledby="verdict">
            <h2 id="verdict">{"As it was stored"}</h2>
            <p>{headline}</p>
        </section>
        {document}
        {deleting}
    }
    .into_any()
}

impl Standing {
    /// The newest snapshot counts before what was compared when the page was made.
    pub(super) fn of(state: PlanState, compared: &Compared) -> Self {
        match (state, compared) {
            (PlanState::Stale(changes), _) => Self::Stale(changes),
            (started @ PlanState::Started { .. }, _) => Self::Started(started),
            (PlanState::Current, Compared::With(changes)) if changes.is_empty() => Self::Current,
            (PlanState::Current, Compared::With(changes)) => Self::Stale(changes.clone()),
            (PlanState::Current, Compared::Failed(why)) => Self::NotCompared(why.clone()),
        }
    }
}

fn standing_section(plan: &StoredPlan, standing: &Standing, renew: ServerAction<RenewPlan>) -> AnyView {
    let id = plan.tenant();
    match standing {
        Standing::Current => view! {
            <p class="cluster">
                <span class="chip chip--ok">{PlanState::Current.word()}</span>
                {sentence(&PlanState::Current.to_string())}
            </p>
            {start_link(plan)}
        }
        .into_any(),
        Standing::Stale(changes) => {
            let items = changes.iter().map(|change| view! { <li>{sentence(&change.to_string())}</li> }).collect_view();
            view! {
                <div class="callout callout--warns" role="alert">
                    <p class="callout__title">{"Something has changed since this plan was made"}</p>
                    <ul>{items}</ul>
                    <p>{"It cannot be started until it is renewed. Renewing makes it anew, in your name."}</p>
                    {renew_form(plan, renew)}
                </div>
            }
            .into_any()
        }
        Standing::Started(state) => view! {
            <p class="cluster">
                <span class="chip chip--busy">{state.word()}</span>
                <span>{sentence(&state.to_string())}</span>
                <a href=links::tenant(&id, TenantTab::Rollout)>{"Look at the rollout"}</a>
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

fn start_link(plan: &StoredPlan) -> AnyView {
    let query = StartQuery {
        version: plan.asked.version.to_string(),
        strategy: plan.asked.strategy.map(|strategy| strategy.to_string()).unwrap_or_default(),
        plan: plan.name.to_string(),
        ..StartQuery::default()
    };
    let start = format!("{}{}", links::tenant(&plan.tenant(), TenantTab::Start), query.as_url_query());
    let (class, words) = match plan.document.verdict {
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

fn renew_form(plan: &StoredPlan, action: ServerAction<RenewPlan>) -> AnyView {
    let pending = action.pending();
    let named = [("plan", plan.name.to_string()), ("seen", plan.document.digest.clone())];
    let fields = hidden(&plan.tenant(), &named);
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
