//! The workers: every node with what it runs, what is due, and the way there; ticked off by what the nodes themselves report.
//!
//! Nodes are seen by the tenant's own API, as the person who looks, and only while somebody looks. Who may not read the tenant's
//! kubeconfig gets the guide without live nodes, and the reason.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use planner::releases::ReleaseTable;
use planner::tenant::TenantSnapshot;
use planner::tenant_api::Answer;
use planner::version::{KubernetesVersion, Minor};
use planner::workers::{
    DrainReport, Gate, JsonPatch, LiveWorkers, Order, Pace, Progress, Serving, Workers, gates, kubelet_patches,
    next_minor, order, passes, progress,
};

use self::chosen::{Drains, chosen};
use self::gates::gates_section;
use self::path::path_section;
use self::query::WorkersQuery;
use self::table::{Listing, listing};
use super::{Knowledge, Tenant, tenant_page};
use crate::clipboard::copy_block;
use crate::error::ConsoleError;
use crate::format;
use crate::links::TenantTab;
use crate::trouble::sentence;

mod chosen;
pub mod cluster_api;
mod gates;
mod node;
mod path;
mod query;
mod table;

/// How the nodes of a tenant are now.
///
/// # Errors
/// [`ConsoleError::UnknownTenant`]; whatever keeps the nodes from being seen is an answer.
#[server(endpoint = "workers", output = crate::codec::JsonText)]
pub async fn read_workers(
    /// Namespace of the tenant.
    namespace: String,
    /// Name of the tenant.
    name: String,
) -> Result<LiveWorkers, ConsoleError> {
    let id = planner::tenant::TenantId { namespace, name };
    crate::error::with_status(async { crate::backend::request()?.workers(&id).await }.await)
}

/// What a drain of one node would meet now.
///
/// # Errors
/// [`ConsoleError::UnknownTenant`], and [`ConsoleError::BadInput`] for a name that no node has.
#[server(endpoint = "drain_report", output = crate::codec::JsonText)]
pub async fn read_drain(
    /// Namespace of the tenant.
    namespace: String,
    /// Name of the tenant.
    name: String,
    /// Name of the node.
    node: String,
) -> Result<Answer<DrainReport>, ConsoleError> {
    let id = planner::tenant::TenantId { namespace, name };
    crate::error::with_status(async { crate::backend::request()?.drain(&id, &node).await }.await)
}

/// The page.
#[component]
pub fn WorkersPage() -> impl IntoView {
    tenant_page(TenantTab::Workers, workers)
}

fn workers(tenant: Tenant) -> AnyView {
    let params = use_query_map();
    let query = Memo::new(move |_| params.with(WorkersQuery::from_params));
    let id = move || tenant.first.with_value(|first| first.id.clone());
    let first = Resource::new_blocking(
        || (),
        move |()| {
            let id = id();
            async move { read_workers(id.namespace, id.name).await }
        },
    );
    // Here and not where they are shown: what stands in the tree below is made anew each time the server looks through it, and the
    // browser would not find the answers of resources that came into being there.
    let owner = cluster_api::resource(tenant, Memo::new(move |_| query.with(|query| query.to.clone())));
    let drains = Drains::new(id, Memo::new(move |_| query.with(|query| query.node.clone())));
    view! {
        <Suspense fallback=|| {
            view! { <p class="muted" aria-busy="true">{"Asking the tenant’s own API …"}</p> }
        }>
            {move || {
                first
                    .get()
                    .map(|answer| match answer {
                        Ok(first) => {
                            let heard = move |json: &Option<String>| serde_json::from_str(json.as_deref()?).ok();
                            let seen = Memo::new(move |before: Option<&LiveWorkers>| {
                                let heard = tenant.live.workers.with(heard);
                                newest(heard, before.unwrap_or(&first))
                            });
                            body(tenant, seen, query, owner, drains)
                        }
                        Err(error) => crate::trouble::error_notice(&error).into_any(),
                    })
            }}
        </Suspense>
    }
    .into_any()
}

/// What is shown of the nodes: what was heard last. A watch that only begins tells nothing newer than what is there already.
fn newest(heard: Option<LiveWorkers>, before: &LiveWorkers) -> LiveWorkers {
    heard.filter(|heard| *heard != LiveWorkers::Waiting).unwrap_or_else(|| before.clone())
}

/// What follows from how the nodes are, worked out once for the whole page.
#[derive(Debug, Clone, PartialEq)]
struct Due {
    target: KubernetesVersion,
    progress: Progress,
    gates: Vec<Gate>,
    /// What makes the kubelet-config suit the kubelets to install.
    cure: Vec<JsonPatch>,
    order: Order,
}

impl Due {
    /// # Errors
    /// In words, while what they are to run cannot be read.
    fn of(snapshot: &TenantSnapshot, workers: &Workers, releases: &ReleaseTable) -> Result<Self, String> {
        let unreadable = |error| format!("what the workers are to run cannot be read: {error}");
        let target = snapshot.desired_version.parsed().map_err(unreadable)?;
        let minors = installed_on_the_way(workers, &target, releases);
        let cure = workers.kubelet_config.read().map(|config| kubelet_patches(config, &minors)).unwrap_or_default();
        Ok(Self {
            progress: progress(&workers.nodes, &target),
            gates: gates(snapshot, &target, &workers.kubeadm_config, &workers.kubelet_config, &minors),
            cure,
            order: order(&workers.nodes, &target, releases, Pace::default()),
            target,
        })
    }
}

fn body(
    tenant: Tenant,
    seen: Memo<LiveWorkers>,
    query: Memo<WorkersQuery>,
    owner: cluster_api::Owned,
    drains: Drains,
) -> AnyView {
    let due = Memo::new(move |_| {
        let of = |seen: &LiveWorkers| {
            let nothing = nothing_read();
            let workers = seen.workers().unwrap_or(&nothing);
            tenant.snapshot.with(|snapshot| {
                tenant.knowledge.with_value(|knowledge| Due::of(snapshot, workers, &knowledge.releases))
            })
        };
        seen.with(of)
    });
    let part = move |part: fn(&Page<'_>) -> AnyView| {
        move || {
            tenant.snapshot.with(|snapshot| {
                seen.with(|seen| {
                    tenant.knowledge.with_value(|knowledge| {
                        query.with(|query| {
                            due.with(|due| match due {
                                Ok(due) => part(&Page { snapshot, seen, knowledge, query, due }),
                                Err(why) => view! { <p class="lead">{sentence(why)}</p> }.into_any(),
                            })
                        })
                    })
                })
            })
        }
    };
    view! {
        {part(before_the_nodes)}
        {cluster_api::section(owner)}
        {chosen(tenant, seen, query, due, drains)}
        {part(nodes_and_path)}
    }
    .into_any()
}

/// What the parts of the page are made from.
struct Page<'a> {
    snapshot: &'a TenantSnapshot,
    seen: &'a LiveWorkers,
    knowledge: &'a Knowledge,
    query: &'a WorkersQuery,
    due: &'a Due,
}

/// How far they are, and what holds the first one back.
fn before_the_nodes(page: &Page<'_>) -> AnyView {
    let Page { snapshot, seen, due, .. } = *page;
    let Some(workers) = seen.workers() else { return unseen(seen, due) };
    let lost = (!seen.is_live()).then(|| {
        view! {
            <div class="callout callout--warns" role="status">
                <p class="callout__title">{"These are not the newest facts"}</p>
                <p>{seen.to_string()}</p>
            </div>
        }
    });
    view! {
        {lost}
        {verdict(snapshot, workers, due)}
        {gates_section(due)}
    }
    .into_any()
}

/// The list of nodes, and the way further on.
fn nodes_and_path(page: &Page<'_>) -> AnyView {
    let Page { snapshot, seen, knowledge, query, due } = *page;
    let Some(workers) = seen.workers() else { return ().into_any() };
    view! {
        <section class="section stack" aria-labelledby="nodes">
            <h2 id="nodes">{"Nodes"}</h2>
            {listing(&Listing {
                id: &snapshot.id,
                nodes: &workers.nodes,
                target: &due.target,
                serving: serving(snapshot),
                order: &due.order,
                query,
            })}
        </section>
        {path_section(snapshot, workers, knowledge, query)}
    }
    .into_any()
}

/// The guide for whom no node is shown: why not, and what can be done all the same.
fn unseen(seen: &LiveWorkers, due: &Due) -> AnyView {
    let target = &due.target;
    let (heading, remedy) = match seen {
        LiveWorkers::NotAsked(why) => ("The nodes cannot be shown", why.remedy()),
        LiveWorkers::Waiting => {
            ("The nodes are being read", "They appear here by themselves; a slow API has half a minute.")
        }
        LiveWorkers::Live(_) | LiveWorkers::Lost { .. } => {
            ("The nodes cannot be shown", "It is tried again by itself.")
        }
    };
    let command = |os: &str| format!("console runbook --os {os} --node NAME --from vX.Y.Z --to {target} --format sh");
    view! {
        <section class="section section--plain stack" aria-labelledby="verdict">
            <h2 id="verdict" class="verdict">
                {heading}
            </h2>
            <p class="lead">{seen.to_string()}</p>
            <p>{remedy}</p>
        </section>
        {gates_section(due)}
        <section class="section stack" aria-labelledby="by-hand">
            <h2 id="by-hand">{"The same by hand"}</h2>
            <p>
                {format!("Whoever has the tenant’s kubeconfig sees with kubectl get nodes what each node runs. All of them go to {target}, one at a time; a script for one node comes from:")}
            </p>
            {copy_block("Debian and Ubuntu".to_owned(), command("debian"))}
            {copy_block("RHEL and kin, Fedora".to_owned(), command("rhel"))}
            {copy_block("SUSE".to_owned(), command("suse"))}
        </section>
    }
    .into_any()
}

fn nothing_read() -> Workers {
    Workers {
        nodes: Vec::new(),
        kubeadm_config: planner::tenant::Reading::Waiting,
        kubelet_config: planner::tenant::Reading::Waiting,
        seen_at: planner::time::UnixMillis(0),
    }
}

/// The minors of the API servers that a kubelet can meet now.
fn serving(snapshot: &TenantSnapshot) -> Option<Serving> {
    let wanted = snapshot.desired_version.parsed().ok()?.minor();
    let installed = snapshot.installed_version.as_ref().and_then(|version| version.parsed().ok());
    let installed = installed.map_or(wanted, |version| version.minor());
    Some(Serving::both(installed, wanted).unwrap_or(Serving::only(wanted)))
}

fn verdict(snapshot: &TenantSnapshot, workers: &Workers, due: &Due) -> AnyView {
    let Due { target, progress, gates, order, .. } = due;
    let control_plane_done = gates.first().is_some_and(Gate::is_open);
    let headline = match (control_plane_done, progress.is_finished()) {
        (true, true) => "The tenant is finished.",
        (true, false) => "The control plane is finished, the workers are not.",
        (false, _) => "The control plane comes first.",
    };
    let next = order.steps.first().filter(|_| gates.iter().all(Gate::is_open)).map(|step| {
        let href =
            format!("{}#node", WorkersQuery { node: step.node.clone(), ..WorkersQuery::default() }.href(&snapshot.id));
        view! {
            <p>
                <a class="button button--primary" href=href>
                    {format!("Upgrade {} next", step.node)}
                </a>
            </p>
        }
    });
    let bar = (progress.total > 0).then(|| {
        view! {
            <progress class="progress" max=progress.total.to_string() value=progress.done.to_string()>
                {format!("{} of {}", progress.done, progress.total)}
            </progress>
        }
    });
    let beyond = (!workers.nodes.is_empty()).then(|| next_minor(&workers.nodes, target.minor()).to_string());
    view! {
        <section class="section section--plain stack" aria-labelledby="verdict">
            <h2 id="verdict" class="verdict">
                {headline}
            </h2>
            <p class="lead" role="status">
                {progress.to_string()}
            </p>
            {bar}
            <p class="muted">{beyond} " " {format!("Seen {}.", format::moment(workers.seen_at))}</p>
            {next}
        </section>
    }
    .into_any()
}

/// The minors of the kubelets that are installed on the way: each must take the configuration.
fn installed_on_the_way(workers: &Workers, target: &KubernetesVersion, releases: &ReleaseTable) -> Vec<Minor> {
    let on_the_way =
        workers.nodes.iter().filter_map(|node| passes(&node.kubelet.parsed().ok()?, target, releases).ok());
    let installed: BTreeSet<Minor> = on_the_way.flatten().map(|pass| pass.to.minor()).chain([target.minor()]).collect();
    installed.into_iter().collect()
}
