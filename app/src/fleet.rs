//! The fleet: every tenant control plane that the person may see. Filter, sort and search stand in the address; the server
//! does them, so a page stays small however large the fleet is.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use planner::plan::stored::PlanName;
use planner::releases::Support;
use planner::tenant::{DeclaredVersion, Freshness, KamajiStatus, TenantId};
use planner::time::UnixMillis;
use planner::version::KubernetesVersion;
use serde::{Deserialize, Serialize};

pub use self::query::{FleetQuery, Show, Sort};
use self::workers::{SaidOfWorkers, WorkersLook};
use crate::error::ConsoleError;
use crate::format::count as count_of;
use crate::links::{self, TenantTab};
use crate::live::{self, Live, LiveLine};
use crate::prose::prose;
use crate::table::{pager, stacked_table_headed};
use crate::trouble::{error_page, sentence};
use crate::words;

mod query;
pub mod workers;

/// One page of the fleet, as one person sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    /// The rows of this page, in order.
    pub rows: Vec<FleetRow>,
    /// How many there are of each kind, before the filter.
    pub counts: FleetCounts,
    /// How many match filter and search.
    pub matching: u32,
    /// This page, from 1.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
    /// When this was put together.
    pub observed_at: UnixMillis,
    /// Whether the watches behind it are alive.
    pub freshness: Freshness,
    /// What is not shown because it may not be listed, in words.
    pub hidden: Vec<String>,
}

/// How many tenants there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetCounts {
    /// All that the person may see.
    pub all: u32,
    /// A rollout runs.
    pub moving: u32,
    /// Stuck, or an object of it cannot be read.
    pub trouble: u32,
    /// The installed version is out of support.
    pub unsupported: u32,
}

/// One tenant in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FleetRow {
    /// Which one.
    pub id: TenantId,
    /// Pods asked for.
    pub replicas: u32,
    /// The version that runs.
    pub installed: Option<DeclaredVersion>,
    /// The version wanted.
    pub wanted: DeclaredVersion,
    /// Kamaji's own word.
    pub status: KamajiStatus,
    /// Support of the installed version.
    pub support: Option<Support>,
    /// The sentence of a running rollout.
    pub rollout: Option<String>,
    /// Whether its workers may follow now ([`planner::workers::workers_follow`]): before, there is nothing to be said of them.
    pub workers_follow: bool,
    /// Why it is stuck, in words.
    pub stuck: Vec<String>,
    /// What comes next.
    pub next: NextStep,
    /// The newest stored plan that is still to be started.
    pub plan: Option<PlanLink>,
    /// Name of the DataStore in use.
    pub data_store: Option<String>,
    /// Objects of it that cannot be read, in words.
    pub problems: Vec<String>,
}

/// A stored plan, as the list names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanLink {
    /// Its name.
    pub name: PlanName,
    /// The version it plans.
    pub version: KubernetesVersion,
    /// Whether the tenant has changed since it was made.
    pub stale: bool,
}

/// What may be done next with a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NextStep {
    /// Go to this version.
    Upgrade(KubernetesVersion),
    /// Nothing newer may come, and nothing speaks against it either.
    UpToDate,
    /// Nothing now; why, in words.
    Not(String),
}

/// One page of the fleet.
///
/// # Errors
/// [`ConsoleError::NotReadYet`] until the first list of the management cluster is there, and the errors of reaching it.
#[server(endpoint = "fleet", output = crate::codec::JsonText)]
pub async fn read_fleet(
    /// What the address asks for.
    query: FleetQuery,
) -> Result<Fleet, ConsoleError> {
    crate::error::with_status(async { crate::backend::request()?.fleet(&query).await }.await)
}

/// The page.
#[component]
pub fn FleetPage() -> impl IntoView {
    let params = use_query_map();
    let query = Memo::new(move |_| params.with(FleetQuery::from_params));
    let page = Resource::new_blocking(move || query.get(), read_fleet);
    let live = live::follow::<Fleet>(move || format!("/live/fleet{}", query.get().as_url_query()));
    // A stream's snapshot belongs to the query it was opened with.
    let heard = Memo::new(move |before: Option<&(FleetQuery, Option<Fleet>)>| {
        let (query, latest) = (query.get(), live.latest.get());
        let latest = if before.is_some_and(|(former, _)| *former != query) { None } else { latest };
        (query, latest)
    });
    let workers = WorkersLook::new();
    let navigate = use_navigate();
    // Puts what is typed into the address, without a new entry in the history for each letter.
    let search = Callback::new(move |typed: String| {
        let href = query.with_untracked(|query| FleetQuery { q: typed, page: 0, ..query.clone() }.href());
        navigate(&href, NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() });
    });
    view! {
        <Transition fallback=|| {
            view! {
                <Title text="Fleet" />
                <p class="muted">{"Reading the fleet …"}</p>
            }
        }>
            {move || {
                page.get()
                    .map(|first| {
                        // What the stream says counts, also where the page could not be had at first. The page is made anew
                        // in place, so the search field keeps the focus.
                        let fleet = heard.with(|(_, latest)| latest.clone()).map_or(first, Ok);
                        query.with(|query| fleet_page(&fleet, query, live, workers, search))
                    })
            }}
        </Transition>
    }
}

/// The whole page, or why it cannot be had.
fn fleet_page(
    fleet: &Result<Fleet, ConsoleError>,
    query: &FleetQuery,
    live: Live<Fleet>,
    workers: WorkersLook,
    search: Callback<String>,
) -> AnyView {
    let fleet = match fleet {
        Ok(fleet) => fleet,
        Err(error) => return error_page(error).into_any(),
    };
    let observed_at = fleet.observed_at;
    workers.at(&fleet.rows);
    view! {
        <Title text="Fleet" />
        <div class="stack">
            <div class="cluster cluster--spread">
                <h1>{"Fleet"}</h1>
                <LiveLine connection=live.connection observed_at=observed_at />
            </div>
            {fleet_view(fleet, query, workers.said, search)}
        </div>
    }
    .into_any()
}

/// Everything below the heading. `said`: of the workers.
pub(crate) fn fleet_view(
    fleet: &Fleet,
    query: &FleetQuery,
    said: RwSignal<SaidOfWorkers>,
    search: Callback<String>,
) -> AnyView {
    let stale = match &fleet.freshness {
        Freshness::Live => None,
        Freshness::Stale { since, why } => Some(view! {
            <div class="callout callout--warns">
                <p>{format!("This may be out of date: the management cluster has not been heard since {since} ({why}).")}</p>
            </div>
        }),
    };
    let hidden = (!fleet.hidden.is_empty()).then(|| {
        let sentences = fleet.hidden.iter().map(|words| view! { <li>{sentence(words)}</li> }).collect_view();
        view! {
            <div class="callout callout--warns">
                <p>{"Not every tenant is shown:"}</p>
                <ul>{sentences}</ul>
            </div>
        }
    });
    view! {
        {stale}
        {hidden}
        {toolbar(fleet, query, search)}
        {table(fleet, query, said)}
        {pager(
            count_of(fleet.matching, "tenant", "tenants"),
            fleet.page,
            fleet.pages,
            |page| FleetQuery { page, ..query.clone() }.href(),
        )}
    }
    .into_any()
}

/// Search and filter: a form and links, so that both work before any script runs.
fn toolbar(fleet: &Fleet, query: &FleetQuery, search: Callback<String>) -> impl IntoView + use<> {
    let counts = fleet.counts;
    let filters = [
        (Show::All, "All", counts.all),
        (Show::Moving, "Rollout running", counts.moving),
        (Show::Trouble, "Needs attention", counts.trouble),
        (Show::Unsupported, "Out of support", counts.unsupported),
    ]
    .map(|(show, label, count)| {
        let current = query.show == show;
        let href = FleetQuery { show, page: 0, ..query.clone() }.href();
        view! {
            <li>
                <a href=href aria-current=current.then_some("true")>
                    {label}
                    " "
                    <span class="tabs__count">{count}</span>
                </a>
            </li>
        }
    });
    let show = query.show;
    let sort = query.sort;
    view! {
        <div class="cluster cluster--spread fleet-tools">
            <form class="cluster" role="search" method="get" action="/">
                <label class="visually-hidden" for="fleet-search">{"Search"}</label>
                <input
                    id="fleet-search"
                    class="input"
                    type="search"
                    name="q"
                    value=query.q.clone()
                    placeholder="name, namespace, version, DataStore"
                    autocomplete="off"
                    on:input=move |event| search.run(event_target_value(&event))
                />
                <input type="hidden" name="show" value=show.to_string() disabled=show == Show::default() />
                <input type="hidden" name="sort" value=sort.to_string() disabled=sort == Sort::default() />
                <button class="button needs-reload" type="submit">
                    {"Search"}
                </button>
            </form>
            <nav aria-label="Filter">
                <ul class="cluster filters">{filters.into_iter().collect_view()}</ul>
            </nav>
        </div>
    }
}

/// The list itself.
fn table(fleet: &Fleet, query: &FleetQuery, said: RwSignal<SaidOfWorkers>) -> impl IntoView + use<> {
    if fleet.rows.is_empty() {
        return empty(fleet.counts.all, query).into_any();
    }
    let sorted = query.clone();
    let heading = move |sort: Sort, label: &'static str| {
        let current = sorted.sort == sort;
        let href = FleetQuery { sort, page: 0, ..sorted.clone() }.href();
        view! {
            <th scope="col" aria-sort=current.then_some("ascending")>
                <a href=href>{label}</a>
            </th>
        }
    };
    let rows = fleet.rows.iter().map(|row| fleet_row(row, fleet.observed_at, said)).collect_view();
    let headings = view! {
        {heading(Sort::Name, "Tenant")}
        {heading(Sort::Version, "Version")}
        {heading(Sort::Support, "Support")}
        {heading(Sort::Status, "Status")}
        <th scope="col">{"Next step"}</th>
        <th scope="col">{"DataStore"}</th>
    };
    stacked_table_headed("Tenant control planes", "fleet-table", headings.into_any(), rows.into_any())
}

fn empty(all: u32, query: &FleetQuery) -> impl IntoView + use<> {
    if all == 0 {
        return view! {
            <div class="empty">
                <p>{"There is no tenant control plane that you may see."}</p>
                <p>
                    {"If there should be one, ask the platform team whether you may list TenantControlPlanes in its namespace."}
                </p>
            </div>
        }
        .into_any();
    }
    let what = if query.q.is_empty() {
        "No tenant matches this filter.".to_owned()
    } else {
        format!("No tenant matches “{}” with this filter.", query.q)
    };
    view! {
        <div class="empty">
            <p>{what}</p>
            <p>
                <a href="/">{format!("Show all {all}")}</a>
            </p>
        </div>
    }
    .into_any()
}

/// One tenant.
fn fleet_row(row: &FleetRow, now: UnixMillis, said: RwSignal<SaidOfWorkers>) -> impl IntoView + use<> {
    let href = links::tenant(&row.id, TenantTab::Overview);
    let moving = row.rollout.clone().map(|sentence| {
        let href = links::tenant(&row.id, TenantTab::Rollout);
        view! {
            <p class="small">
                <a href=href>{sentence}</a>
            </p>
        }
    });
    let stuck = notes(&row.stuck, "small alarm");
    let problems = notes(&row.problems, "small muted");
    let replicas = count_of(row.replicas, "replica", "replicas");
    view! {
        <tr>
            <th scope="row">
                <a href=href>
                    {row.id.name.clone()}
                </a>
                <p class="small muted">{format!("{} · {replicas}", row.id.namespace)}</p>
            </th>
            <td data-label="Version">{words::versions(row.installed.as_ref(), &row.wanted)}</td>
            <td data-label="Support">
                <div>{row.support.as_ref().map(|support| words::support_cell(support, now))}</div>
            </td>
            <td data-label="Status">
                <div>{words::status_chip(&row.status)} {workers::remark(row, said)} {moving} {stuck} {problems}</div>
            </td>
            <td data-label="Next step">
                <div>{next_step(row)} {plan_link(row)}</div>
            </td>
            <td data-label="DataStore">{row.data_store.clone().unwrap_or_else(|| "unknown".to_owned())}</td>
        </tr>
    }
}

/// The first two, and how many more there are: the tenant's own page has them all.
fn notes(texts: &[String], class: &'static str) -> impl IntoView + use<> {
    let more = texts.len().saturating_sub(2);
    let more = (more > 0).then(|| format!("And {more} more."));
    texts.iter().take(2).cloned().chain(more).map(|text| view! { <p class=class>{prose(&text)}</p> }).collect_view()
}

fn plan_link(row: &FleetRow) -> Option<AnyView> {
    let PlanLink { name, version, stale } = row.plan.as_ref()?;
    let href = links::stored_plan(&row.id, name);
    let label = format!("plan for {version} of {}", row.id.name);
    let stale = stale.then_some(", stale");
    Some(
        view! {
            <p class="small">
                <a href=href aria-label=label>
                    {format!("plan for {version}")}
                </a>
                {stale}
            </p>
        }
        .into_any(),
    )
}

fn next_step(row: &FleetRow) -> AnyView {
    match &row.next {
        NextStep::Upgrade(version) => {
            let href = links::start(&row.id, Some(version), None);
            let label = format!("Upgrade {} to {version}", row.id.name);
            view! {
                <a href=href aria-label=label>
                    {format!("to {version}")}
                </a>
            }
            .into_any()
        }
        NextStep::UpToDate => "newest already".into_any(),
        NextStep::Not(why) => view! { <p class="small muted">{why.clone()}</p> }.into_any(),
    }
}

#[cfg(all(test, feature = "ssr"))]
pub(crate) mod tests;
