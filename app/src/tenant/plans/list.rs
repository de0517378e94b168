//! What stands on the plan page: the form that stores the plan, and those that are stored.

use leptos::prelude::*;
use planner::plan::UpgradePlan;
use planner::plan::stored::{ListedPlan, PlanLine, PlanState, Storing};
use planner::tenant::{TenantId, TenantSnapshot};

use super::{DeletePlan, PlansHere, StorePlan, delete_form, hidden};
use crate::links::{self, TenantTab};
use crate::prose::prose;
use crate::tenant::plan::given::CostQuery;
use crate::tenant::start::Choice;
use crate::trouble::{error_notice, sentence};
use crate::words;

/// The form that stores the plan that is shown. `given`: what its costs were reckoned with; a stored plan has none of it, so that
/// with it another plan would be stored than is shown.
pub(crate) fn store_section(
    plan: &UpgradePlan,
    id: &TenantId,
    choice: &Choice,
    given: &CostQuery,
    storing: &Storing,
    action: ServerAction<StorePlan>,
) -> AnyView {
    if *storing == Storing::NotServed {
        return view! { <p class="muted no-print">{prose(&sentence(&storing.to_string()))}</p> }.into_any();
    }
    if !given.is_empty() {
        let without = format!("{}{}", links::tenant(id, TenantTab::Plan), choice.query().as_url_query());
        return view! {
            <p class="muted no-print">
                {"Prices, assumptions and what the DataStore takes are no part of a stored plan. "}
                <a href=without>{"Make the plan without them"}</a> {" to store it."}
            </p>
        }
        .into_any();
    }
    let unlisted = matches!(storing, Storing::Unlisted(_)).then(|| sentence(&storing.to_string()));
    let pending = action.pending();
    let fields = hidden(
        id,
        &[("version", choice.version.to_string()), ("strategy", choice.strategy_text()), ("seen", plan.digest.clone())],
    );
    let failed = move || {
        let error = action.value().with(|value| value.as_ref().and_then(|value| value.clone().err()));
        error.map(|error| error_notice(&error).into_any())
    };
    view! {
        {failed}
        <ActionForm action=action attr:class="form no-print">
            {fields}
            <div>
                <button class="button" type="submit" disabled=move || pending.get()>
                    {move || if pending.get() { "Storing …" } else { "Store this plan" }}
                </button>
                <p class="field__hint">
                    {"It is kept in the management cluster, beside the tenant, for everybody who may see the tenant."}
                </p>
                {unlisted.map(|why| view! { <p class="field__hint">{why}</p> })}
            </div>
        </ActionForm>
    }
    .into_any()
}

/// The stored plans of a tenant, with their states as the newest snapshot tells them; nothing where none is known.
pub(crate) fn plans_section(
    here: &PlansHere,
    now: &TenantSnapshot,
    delete: ServerAction<DeletePlan>,
) -> Option<AnyView> {
    if here.plans.is_empty() && here.more == 0 {
        return None;
    }
    let items = here.plans.iter().map(|plan| item(plan, now, delete)).collect_view();
    let more = here.more;
    let more = (more > 0).then(|| format!("And {more} more, older ones: `kubectl get upgradeplans` lists them."));
    Some(
        view! {
            <section class="section stack no-print" aria-labelledby="stored-plans">
                <h2 id="stored-plans">{"Stored plans"}</h2>
                <ul class="plain-list">{items}</ul>
                {more.map(|more| view! { <p class="muted">{prose(&more)}</p> })}
            </section>
        }
        .into_any(),
    )
}

fn item(plan: &ListedPlan, now: &TenantSnapshot, delete: ServerAction<DeletePlan>) -> AnyView {
    match plan {
        ListedPlan::Readable(line) => {
            let state = line.state(now);
            let href = links::stored_plan(&line.tenant, &line.name);
            let why = (state != PlanState::Current).then(|| sentence(&state.to_string()));
            view! {
                <li>
                    <p class="cluster">
                        <a href=href>{title(line)}</a>
                        {chip(&state)}
                    </p>
                    <p class="small muted">
                        {format!("{}, says made by {}, ", line.name, line.made_by)}
                        {words::time(line.made_at, now.observed_at)}
                    </p>
                    {why.map(|why| view! { <p class="small">{why}</p> })}
                </li>
            }
            .into_any()
        }
        ListedPlan::Broken { tenant, name, why } => view! {
            <li>
                <p class="cluster">
                    <span>{name.to_string()}</span>
                    <span class="chip chip--blocks">{"cannot be read"}</span>
                </p>
                <p class="small">{prose(&sentence(why))}</p>
                {delete_form(tenant, name, String::new(), delete)}
            </li>
        }
        .into_any(),
    }
}

/// `v1.35.6 → v1.36.4 with strategy 0/1`.
pub(super) fn title(line: &PlanLine) -> String {
    let strategy = line.strategy.map(|strategy| format!(" with strategy {strategy}")).unwrap_or_default();
    format!("{} → {}{strategy}", line.from, line.version)
}

/// The state in a word.
fn chip(state: &PlanState) -> AnyView {
    let class = match state {
        PlanState::Current | PlanState::Started { finished: true, .. } => "chip chip--ok",
        PlanState::Stale(_) => "chip chip--warns",
        PlanState::Started { finished: false, .. } => "chip chip--busy",
        PlanState::Over { .. } => "chip",
    };
    view! { <span class=class>{state.word()}</span> }.into_any()
}
