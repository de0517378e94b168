//! The pages of one tenant: its data, the frame that they share, and the overview.
//!
//! A page gets its data once from the server and then follows the tenant's stream. Everything that is shown is derived from
//! the newest snapshot by `planner`, on the server and in the browser alike; a snapshot carries its own time, so no page
//! needs a clock.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use planner::next::next_versions;
use planner::operator::OperatorKnowledge;
use planner::releases::ReleaseTable;
use planner::tenant::{Freshness, TenantId, TenantSnapshot};
use planner::time::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::error::ConsoleError;
use crate::format;
use crate::links::{self, TenantTab};
use crate::live::{self, Connection, Live, LiveLine};
use crate::trouble::error_page;
use crate::words;

mod forecast;
pub mod laboratory;
pub mod overview;
pub mod plan;
pub mod plans;
pub mod rollout;
mod rollout_films;
pub mod start;
pub mod workers;

/// What the pages of a tenant are made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantData {
    /// The tenant, as it was observed last.
    pub snapshot: TenantSnapshot,
    /// Support dates.
    pub releases: ReleaseTable,
    /// What is known of the installed Kamaji.
    pub operator: OperatorKnowledge,
}

/// What a tenant's page gets: what does not change while it is open, and the newest snapshot.
#[derive(Clone, Copy)]
pub struct Tenant {
    /// The newest snapshot.
    pub snapshot: Memo<Arc<TenantSnapshot>>,
    /// The snapshot that the page was loaded with.
    pub first: StoredValue<Arc<TenantSnapshot>>,
    /// Support dates, and what is known of the installed Kamaji.
    pub knowledge: StoredValue<Knowledge>,
    /// The stream.
    pub live: Live<TenantSnapshot>,
}

/// What every rule wants to know beside the snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct Knowledge {
    /// Support dates.
    pub releases: ReleaseTable,
    /// What is known of the installed Kamaji.
    pub operator: OperatorKnowledge,
}

/// One tenant.
///
/// # Errors
/// [`ConsoleError::UnknownTenant`] also where the person may not see it, and the errors of reaching the cluster.
#[server(endpoint = "tenant", output = crate::codec::JsonText)]
pub async fn read_tenant(
    /// Namespace.
    namespace: String,
    /// Name.
    name: String,
) -> Result<TenantData, ConsoleError> {
    crate::error::with_status(async { crate::backend::request()?.tenant(&TenantId { namespace, name }).await }.await)
}

/// The frame of a tenant's page: heading, tabs, how current it is; and the page's own part below.
pub(crate) fn tenant_page(tab: TenantTab, body: fn(Tenant) -> AnyView) -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params.with(|params| TenantId {
            namespace: params.get("namespace").unwrap_or_default(),
            name: params.get("name").unwrap_or_default(),
        })
    });
    let data = Resource::new_blocking(move || id.get(), |id| read_tenant(id.namespace, id.name));
    view! {
        <Suspense fallback=waiting>
            {move || {
                data.get()
                    .map(|answer| match answer {
                        Ok(data) => frame(data, tab, body),
                        Err(error) => error_page(&error).into_any(),
                    })
            }}
        </Suspense>
    }
}

fn waiting() -> impl IntoView {
    view! {
        <div class="stack" aria-busy="true">
            <p class="visually-hidden">{"Reading the tenant …"}</p>
            <div class="skeleton skeleton--title"></div>
            <div class="skeleton"></div>
            <div class="skeleton skeleton--block"></div>
        </div>
    }
}

fn frame(data: TenantData, tab: TenantTab, body: fn(Tenant) -> AnyView) -> AnyView {
    let TenantData { snapshot, releases, operator } = data;
    let id = snapshot.id.clone();
    let title = match tab {
        TenantTab::Overview => id.name.clone(),
        TenantTab::Lab => format!("Strategy lab of {}", id.name),
        TenantTab::Plan => format!("Plan for {}", id.name),
        TenantTab::Start => format!("Upgrade {}", id.name),
        TenantTab::Rollout => format!("Rollout of {}", id.name),
        TenantTab::Workers => format!("Workers of {}", id.name),
    };
    let first = Arc::new(snapshot);
    let stream = links::page_stream(&id, tab);
    let live = live::follow::<TenantSnapshot>(move || stream.clone());
    let fallback = Arc::clone(&first);
    let snapshot = Memo::new(move |_| live.latest.get().map_or_else(|| Arc::clone(&fallback), Arc::new));
    let tenant = Tenant {
        snapshot,
        first: StoredValue::new(first),
        knowledge: StoredValue::new(Knowledge { releases, operator }),
        live,
    };
    let observed_at = Signal::derive(move || snapshot.with(|snapshot| snapshot.observed_at));
    view! {
        <Title text=title />
        <div class="cluster cluster--spread">
            {crumbs(&id)} <LiveLine connection=live.connection observed_at=observed_at />
        </div>
        {move || snapshot.with(|snapshot| tenant.knowledge.with_value(|knowledge| head(snapshot, knowledge)))}
        {tabs(&id, tab)}
        {move || {
            (live.connection.get() == Connection::Gone)
                .then(|| {
                    view! {
                        <div class="callout callout--blocks" role="alert">
                            <p class="callout__title">{"This tenant is no longer there"}</p>
                            <p>
                                {"It was deleted, or you may not see it any more. What stands below is the last that was observed. "}
                                <a href="/">{"Back to the fleet"}</a>
                            </p>
                        </div>
                    }
                })
        }}
        {move || snapshot.with(|snapshot| stale(&snapshot.freshness))}
        <div class="stack">{body(tenant)}</div>
    }
    .into_any()
}

fn crumbs(id: &TenantId) -> impl IntoView + use<> {
    let namespace = format!("/{}", links::query(&[("q", id.namespace.clone())]));
    view! {
        <nav class="crumbs" aria-label="Where you are">
            <ol>
                <li>
                    <a href="/">{"Fleet"}</a>
                </li>
                <li>
                    <a href=namespace>{id.namespace.clone()}</a>
                </li>
            </ol>
        </nav>
    }
}

/// Name, `installed → wanted`, support, DataStore, replicas, Kamaji's word.
pub(crate) fn head(snapshot: &TenantSnapshot, knowledge: &Knowledge) -> AnyView {
    let now = snapshot.observed_at;
    let facts: Vec<String> = [
        support(snapshot, &knowledge.releases, now),
        Some(words::data_store(snapshot)),
        Some(format::count(snapshot.replicas, "replica", "replicas")),
    ]
    .into_iter()
    .flatten()
    .collect();
    view! {
        <header class="page-head">
            <div class="page-head__main">
                <h1>{snapshot.id.name.clone()}</h1>
                <p>{towards(snapshot, knowledge)}</p>
                <p class="page-head__facts">{facts.join(" · ")}</p>
            </div>
            <div class="page-head__side">{words::status_chip(&snapshot.status)}</div>
        </header>
    }
    .into_any()
}

/// The installed version and where it goes: the wanted one, else the recommended one.
fn towards(snapshot: &TenantSnapshot, knowledge: &Knowledge) -> AnyView {
    let installed = snapshot.installed_version.as_ref();
    if installed != Some(&snapshot.desired_version) {
        return words::versions(installed, &snapshot.desired_version);
    }
    let today = words::day(snapshot.observed_at);
    match next_versions(snapshot, &knowledge.releases, &knowledge.operator, today).recommended {
        Some(next) => view! {
            {words::versions(installed, &snapshot.desired_version)}
            <span class="muted">{format!(" may go to {next}")}</span>
        }
        .into_any(),
        None => words::versions(installed, &snapshot.desired_version),
    }
}

/// The support of the installed version, as a phrase.
fn support(snapshot: &TenantSnapshot, releases: &ReleaseTable, now: UnixMillis) -> Option<String> {
    let version = snapshot.installed_version.as_ref()?.parsed().ok()?;
    Some(words::support_phrase(&releases.support(version.minor(), words::day(now)), now))
}

fn tabs(id: &TenantId, open: TenantTab) -> impl IntoView + use<> {
    let tabs = [
        (TenantTab::Overview, "Overview and versions"),
        (TenantTab::Lab, "Strategy lab"),
        (TenantTab::Plan, "Plan"),
        (TenantTab::Start, "Start"),
        (TenantTab::Rollout, "Rollout"),
        (TenantTab::Workers, "Workers"),
    ]
    .map(|(tab, label)| {
        let href = links::tenant(id, tab);
        view! {
            <a href=href aria-current=(tab == open).then_some("page")>
                {label}
            </a>
        }
    });
    view! {
        <nav class="tabs" aria-label="Tenant">
            {tabs.into_iter().collect_view()}
        </nav>
    }
}

fn stale(freshness: &Freshness) -> Option<AnyView> {
    let Freshness::Stale { since, why } = freshness else { return None };
    Some(
        view! {
            <div class="callout callout--warns">
                <p class="callout__title">{"This may be out of date"}</p>
                <p>
                    {format!("The management cluster has not been heard since {}: {why}. The console keeps trying.", format::moment(*since))}
                </p>
            </div>
        }
        .into_any(),
    )
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
