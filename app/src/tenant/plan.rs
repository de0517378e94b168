//! The plan page: one hop as a document that a second person can judge, print and take away.
//!
//! The choice stands in the address, as on the start page. The plan is made when the page is opened; if the tenant changes
//! afterwards the page says what did, and offers to make it again.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use planner::plan::{UpgradePlan, Verdict};
use planner::tenant::{TenantId, TenantSnapshot};

use self::given::CostQuery;
use super::plans::{DeletePlan, StorePlan, plans_section, read_plans, refused, store_section, stored_page};
use super::start::{Choice, StartQuery, choices, diff};
use super::{Tenant, tenant_page};
use crate::clipboard::copy_block;
use crate::error::ConsoleError;
use crate::findings::planned_list;
use crate::links::{self, PlanFile, TenantTab};
use crate::tenant::forecast::{cost_section, forecast};
use crate::trouble::{error_notice, sentence};

mod costs;
pub mod given;

/// Makes the plan of a hop, without writing anything.
///
/// # Errors
/// [`ConsoleError::BadInput`] for a choice or a price that cannot be read, and the errors of reaching the cluster.
#[server(endpoint = "make_plan", input = crate::codec::JsonText, output = crate::codec::JsonText)]
pub async fn make_plan(
    /// Namespace of the tenant.
    namespace: String,
    /// Name of the tenant.
    name: String,
    /// The version wanted.
    version: String,
    /// The strategy wanted; empty keeps what is declared.
    strategy: String,
    /// What its costs are reckoned with.
    costs: CostQuery,
) -> Result<UpgradePlan, ConsoleError> {
    let id = TenantId { namespace, name };
    let query = StartQuery { version, strategy, costs, ..StartQuery::default() };
    crate::error::with_status(async { crate::backend::request()?.plan(&id, &query).await }.await)
}

/// The page.
#[component]
pub fn PlanPage() -> impl IntoView {
    tenant_page(TenantTab::Plan, plan)
}

/// A stored plan, where the address names one; else the plan of the choice.
fn plan(tenant: Tenant) -> AnyView {
    let params = use_query_map();
    let stored = Memo::new(move |_| params.with(|params| params.get(links::STORED)).filter(|name| !name.is_empty()));
    (move || match stored.get() {
        Some(name) => stored_page(tenant, name),
        None => chosen(tenant),
    })
    .into_any()
}

fn chosen(tenant: Tenant) -> AnyView {
    let params = use_query_map();
    let store = ServerAction::<StorePlan>::new();
    let delete = ServerAction::<DeletePlan>::new();
    let id = tenant.first.with_value(|first| first.id.clone());
    let plans = Resource::new_blocking(
        move || delete.version().get(),
        move |_| {
            let id = id.clone();
            async move { read_plans(id.namespace, id.name).await }
        },
    );
    let was_refused = move || params.with(|params| refused(&params.get("refused").unwrap_or_default()));
    let query = Memo::new(move |_| params.with(StartQuery::from_params).choices_only());
    let choice = Memo::new(move |_| {
        let first = tenant.first.get_value();
        query.with(|query| tenant.knowledge.with_value(|knowledge| Choice::of(query, &first, knowledge)))
    });
    let given = Memo::new(move |_| query.with(|query| query.costs.clone()));
    let made = Resource::new_blocking(
        move || (choice.get(), given.get()),
        move |(choice, given)| {
            let id = tenant.first.with_value(|first| first.id.clone());
            async move {
                let choice = choice?;
                make_plan(id.namespace, id.name, choice.version.to_string(), choice.strategy_text(), given).await
            }
        },
    );
    let navigate = use_navigate();
    let id = tenant.first.with_value(|first| first.id.clone());
    let choose = Callback::new(move |query: StartQuery| {
        let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        navigate(&format!("{}{}", links::tenant(&id, TenantTab::Plan), query.as_url_query()), options);
    });
    let again = Callback::new(move |()| made.refetch());
    view! {
        {was_refused}
        <Transition>
            {move || {
                let failed = delete.value().with(|value| value.as_ref().and_then(|value| value.clone().err()));
                plans
                    .get()
                    .map(|plans| match plans {
                        Ok(here) => {
                            let list = move || tenant.snapshot.with(|now| plans_section(&here, now, delete));
                            view! {
                                {failed.as_ref().map(|error| error_notice(error).into_any())}
                                {list}
                            }
                                .into_any()
                        }
                        Err(error) => error_notice(&error).into_any(),
                    })
            }}
        </Transition>
        <Transition fallback=|| {
            view! { <p class="muted" aria-busy="true">{"Making the plan, without writing anything …"}</p> }
        }>
            {move || {
                made.get()
                    .map(|made| match made {
                        Ok(plan) => {
                            let now = tenant.snapshot.get_untracked();
                            let choice = choice.get_untracked().ok();
                            let given = given.get_untracked();
                            let document = document(&plan, &now, choice.as_ref(), &given);
                            let storing = plans.get().and_then(Result::ok).map(|here| here.storing);
                            let storing = storing
                                .zip(choice)
                                .map(|(storing, choice)| store_section(&plan, &now.id, &choice, &given, &storing, store));
                            view! {
                                {changed_since(tenant, plan, query, again)}
                                {document}
                                {storing}
                            }
                                .into_any()
                        }
                        Err(error) => error_notice(&error).into_any(),
                    })
            }}
        </Transition>
        {move || tenant.first.with_value(|first| query.with(|query| given::form(&first.id, query)))}
        <details class="section no-print">
            <summary>{"Another version or strategy"}</summary>
            {move || {
                query
                    .with(|query| {
                        tenant
                            .knowledge
                            .with_value(|knowledge| {
                                choices(TenantTab::Plan, &tenant.first.get_value(), knowledge, query, choose)
                            })
                    })
            }}
        </details>
    }
    .into_any()
}

/// What changed since the plan was made, and the way to make it again.
fn changed_since(tenant: Tenant, plan: UpgradePlan, query: Memo<StartQuery>, again: Callback<()>) -> impl IntoView {
    move || {
        let changes: Vec<String> =
            tenant.snapshot.with(|now| plan.binding.changes(now).iter().map(ToString::to_string).collect());
        (!changes.is_empty()).then(|| {
            let items = changes.iter().map(|change| view! { <li>{sentence(change)}</li> }).collect_view();
            let id = tenant.first.with_value(|first| first.id.clone());
            let address = format!("{}{}", links::tenant(&id, TenantTab::Plan), query.get().as_url_query());
            view! {
                <div class="callout callout--warns" role="alert">
                    <p class="callout__title">{"The tenant changed after this plan was made"}</p>
                    <ul>{items}</ul>
                    <p>
                        {"What stands below may no longer hold. "}
                        <a
                            href=address
                            rel="external"
                            on:click=move |event| {
                                event.prevent_default();
                                again.run(());
                            }
                        >
                            {"Make the plan again"}
                        </a>
                    </p>
                </div>
            }
        })
    }
}

/// The document. `given`: what its costs were reckoned with.
pub(crate) fn document(
    plan: &UpgradePlan,
    snapshot: &TenantSnapshot,
    choice: Option<&Choice>,
    given: &CostQuery,
) -> AnyView {
    let id = &snapshot.id;
    // What the document was made for: the address may leave the version open, and another one may be recommended by then.
    let hop = choice.map(Choice::query).unwrap_or_default();
    // The start page asks for the hop alone.
    let start = format!("{}{}", links::tenant(id, TenantTab::Start), hop.as_url_query());
    let query = StartQuery { costs: given.clone(), ..hop };
    let whole = query.as_url_query();
    let file = |file: PlanFile, label: &'static str| {
        let href = links::plan_file(id, file, &whole);
        view! {
            <a href=href rel="external" download>
                {label}
            </a>
        }
    };
    let next = match plan.verdict {
        Verdict::Clean | Verdict::Warnings => view! {
            <a class="button button--primary" href=start>
                {"Go on to the start"}
            </a>
        }
        .into_any(),
        Verdict::Blocked | Verdict::NotChecked => view! {
            <a class="button" href=start>
                {"Look at the start page"}
            </a>
        }
        .into_any(),
    };
    view! {
        <section class="section section--plain stack" aria-labelledby="verdict">
            <h2 id="verdict" class="verdict">
                {plan.headline.clone()}
            </h2>
            <p class="muted">
                {format!("{}. Made {} for generation {}.", sentence_case(&plan.summary), plan.made_at, plan.generation)}
            </p>
            <div class="cluster cluster--spread no-print">
                {next} <p class="cluster">
                    <span class="muted">{"Take it away: "}</span>
                    {file(PlanFile::Markdown, "Markdown")}
                    {file(PlanFile::Json, "JSON")}
                    <button type="button" class="link-button needs-script" on:click=|_| print()>
                        {"Print"}
                    </button>
                </p>
            </div>
        </section>
        {document_body(plan, snapshot, choice)}
    }
    .into_any()
}

/// The document without its verdict. Without a choice no film is played: what was foretold is said as it stands there.
pub(crate) fn document_body(plan: &UpgradePlan, snapshot: &TenantSnapshot, choice: Option<&Choice>) -> AnyView {
    let planned = || StartQuery { version: plan.to.clone(), ..StartQuery::default() };
    let query = choice.map_or_else(planned, Choice::query);
    let foretold = plan.forecast.as_ref().filter(|_| choice.is_none()).map(|forecast| {
        let mut all = vec![forecast.sentence.clone()];
        all.extend(forecast.remarks.iter().cloned());
        sentences("foretold", "What was foretold", &all)
    });
    view! {
        {strategy(plan, &snapshot.id, &query)}
        {foretold}
        {choice.and_then(|choice| cost(plan, snapshot, choice))}
        {plan.costs.as_ref().map(costs::section)}
        <section class="section stack" aria-labelledby="findings">
            <h2 id="findings">{"What speaks for and against it"}</h2>
            {planned_list(&plan.findings)}
        </section>
        {sentences("noticed", "What this tenant’s users will notice", &plan.notices)}
        {sentences("undone", "What can be undone, and what cannot", &plan.irreversible)}
        {change(plan)}
        {review(plan)}
    }
    .into_any()
}

/// How the pods are replaced, why so, and what gets through where that does not.
fn strategy(plan: &UpgradePlan, id: &TenantId, query: &StartQuery) -> AnyView {
    let chosen = plan.strategy.chosen.clone().unwrap_or_else(|| "none that a Deployment takes".to_owned());
    let name = plan.strategy.name.clone().filter(|name| name != "Custom");
    let title = match name {
        Some(name) => format!("Strategy: {name}, {chosen}"),
        None => format!("Strategy: {chosen}"),
    };
    let instead = plan
        .strategy
        .proposals
        .iter()
        .map(|instead| {
            let with = StartQuery { strategy: instead.strategy.clone(), custom: String::new(), ..query.clone() };
            let href = format!("{}{}", links::tenant(id, TenantTab::Plan), with.as_url_query());
            view! {
                <li>
                    {sentence(&instead.verdict)} " "
                    <a href=href class="no-print">
                        {format!("Plan it with {}", instead.strategy)}
                    </a>
                </li>
            }
        })
        .collect_view();
    let instead = (!plan.strategy.proposals.is_empty()).then(|| {
        view! {
            <h3>{"What gets through instead"}</h3>
            <ul class="plain-list">{instead}</ul>
        }
    });
    view! {
        <section class="section stack" aria-labelledby="strategy">
            <h2 id="strategy">{title}</h2>
            <p>{plan.strategy.why.clone()}</p>
            {instead}
        </section>
    }
    .into_any()
}

/// What it costs, with its film; the model plays the same hop here as for the document.
fn cost(plan: &UpgradePlan, snapshot: &TenantSnapshot, choice: &Choice) -> Option<AnyView> {
    let strategy = choice.strategy.or_else(|| snapshot.strategy.under_kamaji().ok())?;
    let row = forecast(snapshot, strategy, plan.hop?, &choice.version)?;
    Some(cost_section(&row, snapshot.replicas))
}

fn sentences(id: &'static str, title: &'static str, all: &[String]) -> Option<AnyView> {
    let items = all.iter().map(|one| view! { <li>{sentence(one)}</li> }).collect_view();
    (!all.is_empty()).then(|| {
        view! {
            <section class="section stack" aria-labelledby=id>
                <h2 id=id>{title}</h2>
                <ul class="plain-list">{items}</ul>
            </section>
        }
        .into_any()
    })
}

/// The exact change, and the forms in which people apply it.
fn change(plan: &UpgradePlan) -> AnyView {
    let change = &plan.change;
    let patch = serde_json::to_string_pretty(&change.merge_patch).unwrap_or_default();
    let commands =
        change.commands.iter().map(|command| copy_block(command.purpose.clone(), command.line.clone())).collect_view();
    view! {
        <section class="section stack" aria-labelledby="change">
            <h2 id="change">{"The exact change"}</h2>
            {diff(&change.fields)}
            <details class="print-open">
                <summary>{"As a patch, for kustomize, as Helm values"}</summary>
                <div class="stack">
                    {copy_block("As a merge patch".to_owned(), patch)}
                    {copy_block("In a kustomization".to_owned(), change.kustomize.clone())}
                    {copy_block(
                        "As values for a chart that puts spec in whole (other charts name them differently)".to_owned(),
                        change.helm_values.clone(),
                    )}
                </div>
            </details>
            <details class="print-open">
                <summary>{"With kubectl, step by step"}</summary>
                <div class="stack">{commands}</div>
            </details>
        </section>
    }
    .into_any()
}

fn review(plan: &UpgradePlan) -> AnyView {
    let items = plan.checklist.iter().map(|item| view! { <li>{item.clone()}</li> }).collect_view();
    view! {
        <section class="section stack" aria-labelledby="review">
            <h2 id="review">{"For the reviewer"}</h2>
            <ul class="checklist">{items}</ul>
            <p class="small muted">
                {"The digest is the same for as long as nothing changes that the findings were read from: "}
                <span class="code">{plan.digest.clone()}</span>
            </p>
        </section>
    }
    .into_any()
}

fn sentence_case(text: &str) -> String {
    sentence(text).trim_end_matches('.').to_owned()
}

/// Opens the browser's dialogue for printing.
fn print() {
    #[cfg(feature = "hydrate")]
    {
        // Where it is not allowed, the browser's own menu prints the same.
        let _ = window().print();
    }
}
