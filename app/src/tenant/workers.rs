//! The workers: every node with what it runs, what is due, and the way there; ticked off by what the nodes themselves report.
//!
//! Nodes are seen by the tenant's own API, as the person who looks, and only while somebody looks. Who may not read the tenant's
//! kubeconfig gets the guide without live nodes, and the reason.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use planner::next::standing_findings;
use planner::releases::ReleaseTable;
use planner::tenant::TenantSnapshot;
use planner::tenant_api::Answer;
use planner::version::{KubernetesVersion, Minor};
use planner::workers::{
    DrainReport, DueStep, Gate, GateState, LiveWorkers, Pace, PathWorker, Serving, Workers, due, gates,
    kubelet_patches, next_minor, order, passes, path, progress,
};

use self::node::Drain;
use self::query::WorkersQuery;
use self::table::{Listing, listing};
use super::{Knowledge, Tenant, tenant_page};
use crate::clipboard::copy_block;
use crate::error::ConsoleError;
use crate::format;
use crate::links::{self, TenantTab};
use crate::live;
use crate::trouble::sentence;

mod node;
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
    let id = tenant.first.with_value(|first| first.id.clone());
    let asked = id.clone();
    let first = Resource::new_blocking(
        || (),
        move |()| {
            let id = asked.clone();
            async move { read_workers(id.namespace, id.name).await }
        },
    );
    let stream = links::workers_stream(&id);
    let live = live::follow::<LiveWorkers>(move || stream.clone());
    view! {
        <Suspense fallback=|| {
            view! { <p class="muted" aria-busy="true">{"Asking the tenant’s own API …"}</p> }
        }>
            {move || {
                first
                    .get()
                    .map(|answer| match answer {
                        Ok(first) => {
                            let seen = Memo::new(move |_| live.latest.get().unwrap_or_else(|| first.clone()));
                            body(tenant, seen, query)
                        }
                        Err(error) => crate::trouble::error_notice(&error).into_any(),
                    })
            }}
        </Suspense>
    }
    .into_any()
}

fn body(tenant: Tenant, seen: Memo<LiveWorkers>, query: Memo<WorkersQuery>) -> AnyView {
    let name = Memo::new(move |_| query.with(|query| query.node.clone()));
    // Read again whenever the nodes change: a drain that goes on is seen going on.
    let drain = Resource::new_blocking(
        move || (name.get(), seen.with(|seen| seen.workers().map(|workers| workers.seen_at))),
        move |(node, _)| {
            let id = tenant.first.with_value(|first| first.id.clone());
            async move { if node.is_empty() { None } else { Some(read_drain(id.namespace, id.name, node).await) } }
        },
    );
    let target = Memo::new(move |_| tenant.snapshot.with(|snapshot| snapshot.desired_version.parsed().ok()));
    let node = Memo::new(move |_| {
        let found = |workers: &Workers| workers.nodes.iter().find(|node| name.with(|name| node.name == *name)).cloned();
        seen.with(|seen| seen.workers().and_then(found))
    });
    let one = move || {
        let drain: Drain = drain.get().flatten().map(|answer| answer.map_err(|error| error.to_string()));
        let (name, target) = (name.get(), target.get()?);
        if name.is_empty() || seen.with(|seen| seen.workers().is_none()) {
            return None;
        }
        let close = query.with(|query| WorkersQuery { node: String::new(), ..query.clone() });
        let id = tenant.first.with_value(|first| first.id.clone());
        Some(node.with(|node| match node {
            Some(node) => tenant.knowledge.with_value(|knowledge| {
                node::section(&id, node, &target, &knowledge.releases, close.href(&id), &drain)
            }),
            None => node::gone(&name, close.href(&id)),
        }))
    };
    let part = move |part: fn(&TenantSnapshot, &LiveWorkers, &Knowledge, &WorkersQuery) -> AnyView| {
        move || {
            tenant.snapshot.with(|snapshot| {
                seen.with(|seen| {
                    tenant.knowledge.with_value(|knowledge| query.with(|query| part(snapshot, seen, knowledge, query)))
                })
            })
        }
    };
    view! {
        {part(before_the_nodes)}
        <Transition>{one}</Transition>
        {part(nodes_and_path)}
    }
    .into_any()
}

/// What the workers are to run; `None` while that cannot be read.
fn target_of(snapshot: &TenantSnapshot) -> Result<KubernetesVersion, String> {
    let unreadable = |error| format!("what the workers are to run cannot be read: {error}");
    snapshot.desired_version.parsed().map_err(unreadable)
}

/// How far they are, and what holds the first one back.
fn before_the_nodes(snapshot: &TenantSnapshot, seen: &LiveWorkers, knowledge: &Knowledge, _: &WorkersQuery) -> AnyView {
    let target = match target_of(snapshot) {
        Ok(target) => target,
        Err(words) => return view! { <p class="lead">{sentence(&words)}</p> }.into_any(),
    };
    let Some(workers) = seen.workers() else { return unseen(snapshot, seen, &target, knowledge) };
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
        {verdict(snapshot, workers, &target, knowledge)}
        {gates_section(snapshot, workers, &target, knowledge)}
    }
    .into_any()
}

/// The list of nodes, and the way further on.
fn nodes_and_path(
    snapshot: &TenantSnapshot,
    seen: &LiveWorkers,
    knowledge: &Knowledge,
    query: &WorkersQuery,
) -> AnyView {
    let (Some(workers), Ok(target)) = (seen.workers(), target_of(snapshot)) else { return ().into_any() };
    view! {
        <section class="section stack" aria-labelledby="nodes">
            <h2 id="nodes">{"Nodes"}</h2>
            {listing(&Listing {
                id: &snapshot.id,
                nodes: &workers.nodes,
                target: &target,
                serving: serving(snapshot),
                order: &order(&workers.nodes, &target, &knowledge.releases, Pace::default()),
                query,
            })}
        </section>
        {path_section(snapshot, workers, knowledge, query)}
    }
    .into_any()
}

/// The guide for whom no node is shown: why not, and what can be done all the same.
fn unseen(snapshot: &TenantSnapshot, seen: &LiveWorkers, target: &KubernetesVersion, knowledge: &Knowledge) -> AnyView {
    let remedy = match seen {
        LiveWorkers::NotAsked(why) => why.remedy(),
        LiveWorkers::Waiting | LiveWorkers::Live(_) | LiveWorkers::Lost { .. } => "It is tried again by itself.",
    };
    let command = |os: &str| format!("console runbook --os {os} --node NAME --from vX.Y.Z --to {target} --format sh");
    view! {
        <section class="section stack" aria-labelledby="verdict">
            <h2 id="verdict" class="verdict">
                {"The nodes cannot be shown"}
            </h2>
            <p class="lead">{seen.to_string()}</p>
            <p>{remedy}</p>
        </section>
        {gates_section(snapshot, &nothing_read(), target, knowledge)}
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

fn verdict(snapshot: &TenantSnapshot, workers: &Workers, target: &KubernetesVersion, knowledge: &Knowledge) -> AnyView {
    let progress = progress(&workers.nodes, target);
    let gates = all_gates(snapshot, workers, target, &knowledge.releases);
    let control_plane_done = gates.first().is_some_and(Gate::is_open);
    let headline = match (control_plane_done, progress.is_finished()) {
        (true, true) => "The tenant is finished.",
        (true, false) => "The control plane is finished, the workers are not.",
        (false, _) => "The control plane comes first.",
    };
    let next = order(&workers.nodes, target, &knowledge.releases, Pace::default()).steps.into_iter().next();
    let next = next.filter(|_| gates.iter().all(Gate::is_open)).map(|step| {
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
        <section class="section stack" aria-labelledby="verdict">
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

fn all_gates(
    snapshot: &TenantSnapshot,
    workers: &Workers,
    target: &KubernetesVersion,
    releases: &ReleaseTable,
) -> Vec<Gate> {
    gates(
        snapshot,
        target,
        &workers.kubeadm_config,
        &workers.kubelet_config,
        &installed_on_the_way(workers, target, releases),
    )
}

/// The minors of the kubelets that are installed on the way: each must take the configuration.
fn installed_on_the_way(workers: &Workers, target: &KubernetesVersion, releases: &ReleaseTable) -> Vec<Minor> {
    let on_the_way =
        workers.nodes.iter().filter_map(|node| passes(&node.kubelet.parsed().ok()?, target, releases).ok());
    let installed: BTreeSet<Minor> = on_the_way.flatten().map(|pass| pass.to.minor()).chain([target.minor()]).collect();
    installed.into_iter().collect()
}

/// What must hold before the first node.
fn gates_section(
    snapshot: &TenantSnapshot,
    workers: &Workers,
    target: &KubernetesVersion,
    knowledge: &Knowledge,
) -> AnyView {
    let all = all_gates(snapshot, workers, target, &knowledge.releases);
    let open = all.iter().all(Gate::is_open);
    let items = all
        .iter()
        .map(|gate| {
            let (class, word, label) = match gate.state {
                GateState::Open => ("finding finding--passes", "severity severity--passes", "Open"),
                GateState::Closed { .. } => ("finding finding--blocks", "severity severity--blocks", "Closed"),
                GateState::Unknown { .. } => ("finding finding--unknown", "severity severity--unknown", "Unknown"),
            };
            let why = match &gate.state {
                GateState::Open => None,
                GateState::Closed { why } | GateState::Unknown { why } => Some(sentence(why)),
            };
            view! {
                <li class=class>
                    <span class=word>{label}</span>
                    <p class="finding__title">{gate.subject.to_string()}</p>
                    {why.map(|why| view! { <p class="finding__evidence">{why}</p> })}
                </li>
            }
        })
        .collect_view();
    let list = view! { <ul class="findings">{items}</ul> };
    let minors = installed_on_the_way(workers, target, &knowledge.releases);
    let patches = workers.kubelet_config.read().map(|config| kubelet_patches(config, &minors)).unwrap_or_default();
    let cure = (!patches.is_empty()).then(|| {
        let patch =
            serde_json::json!({ "spec": { "kubernetes": { "kubelet": { "configurationJSONPatches": patches } } } });
        let text = serde_json::to_string_pretty(&patch).unwrap_or_default();
        copy_block("What makes the kubelet-config fit: a merge patch for the TenantControlPlane".to_owned(), text)
    });
    if open {
        return view! {
            <details class="section">
                <summary>{"Nothing holds the workers back: all gates are open"}</summary>
                {list}
            </details>
        }
        .into_any();
    }
    view! {
        <section class="section stack" aria-labelledby="gates">
            <h2 id="gates">{"Before the first node"}</h2>
            {list}
            {cure}
        </section>
    }
    .into_any()
}

/// The way to a version further on, with the stops that skew demands.
fn path_section(
    snapshot: &TenantSnapshot,
    workers: &Workers,
    knowledge: &Knowledge,
    query: &WorkersQuery,
) -> Option<AnyView> {
    let installed = snapshot.installed_version.as_ref()?.parsed().ok()?;
    let today = crate::words::day(snapshot.observed_at);
    let mut ends: Vec<KubernetesVersion> = (0..5)
        .filter_map(|ahead| {
            let minor = Minor { minor: installed.minor().minor + ahead, ..installed.minor() };
            let line = knowledge.releases.line(minor)?;
            Some(KubernetesVersion::new(minor.major, minor.minor, line.newest_patch))
        })
        .filter(|version| *version > installed)
        .collect();
    let asked: Option<KubernetesVersion> = query.to.parse().ok();
    let wanted = asked.or_else(|| ends.first().cloned())?;
    if !ends.contains(&wanted) {
        ends.push(wanted.clone());
    }
    let nodes: Vec<PathWorker> = workers
        .nodes
        .iter()
        .filter_map(|node| Some(PathWorker { node: node.name.clone(), kubelet: node.kubelet.parsed().ok()? }))
        .collect();
    let standing = standing_findings(snapshot, &knowledge.operator);
    let steps = match path(&installed, &wanted, &nodes, &knowledge.releases) {
        Ok(steps) => {
            let gates = all_gates(snapshot, workers, &installed, &knowledge.releases);
            let items = due(steps, &standing, &gates).into_iter().map(|step| path_step(&step)).collect_view();
            view! { <ol class="feed">{items}</ol> }.into_any()
        }
        Err(error) => view! { <p>{sentence(&error.to_string())}</p> }.into_any(),
    };
    let options = ends
        .into_iter()
        .map(|end| {
            let chosen = end == wanted;
            let support = knowledge.releases.support(end.minor(), today);
            let words = crate::words::support_phrase(&support, snapshot.observed_at);
            view! {
                <option value=end.to_string() selected=chosen>
                    {format!("{end}, {words}")}
                </option>
            }
        })
        .collect_view();
    Some(
        view! {
            <section class="section stack" aria-labelledby="path">
                <h2 id="path">{"The path further on"}</h2>
                <p class="muted">
                    {"The control plane goes minor by minor; workers stop only where version skew demands it."}
                </p>
                <form method="get" class="form__row">
                    <label class="field__label" for="path-to">
                        {"To"}
                    </label>
                    <select id="path-to" class="input" name="to">
                        {options}
                    </select>
                    <button class="button" type="submit">
                        {"Show the path"}
                    </button>
                </form>
                {steps}
            </section>
        }
        .into_any(),
    )
}

fn path_step(step: &DueStep) -> AnyView {
    let reasons = step.not_yet.iter().map(|why| view! { <p class="small muted">{sentence(&why.to_string())}</p> });
    let state = if step.not_yet.is_empty() { "may begin now" } else { "not yet" };
    view! {
        <li>
            <span class="feed__time">{state}</span>
            <div class="feed__what">
                <p>{step.step.to_string()}</p>
                {reasons.collect_view()}
            </div>
        </li>
    }
    .into_any()
}
