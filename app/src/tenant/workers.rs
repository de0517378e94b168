//! The workers: every node with what it runs, what is due, and the way there; ticked off by what the nodes themselves report.
//!
//! Nodes are seen by the tenant's own API, as the person who looks, and only while somebody looks. Who may not read the tenant's
//! kubeconfig gets the guide without live nodes, and the reason.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use planner::next::standing_findings;
use planner::releases::ReleaseTable;
use planner::tenant::{TenantId, TenantSnapshot};
use planner::tenant_api::Answer;
use planner::version::{KubernetesVersion, Minor};
use planner::workers::{
    DrainReport, DueStep, Gate, GateState, JsonPatch, LiveWorkers, NodeFacts, Order, Pace, PathWorker, Progress,
    Serving, Workers, due, gates, is_draining, kubelet_patches, next_minor, order, passes, path, progress,
};

use self::node::Drain;
use self::query::WorkersQuery;
use self::table::{Listing, listing};
use super::{Knowledge, Tenant, tenant_page};
use crate::clipboard::copy_block;
use crate::error::ConsoleError;
use crate::format;
use crate::links::TenantTab;
use crate::prose::prose;
use crate::trouble::sentence;

pub mod cluster_api;
mod node;
mod query;
mod table;

/// How long the pods of a node that is being drained are left unread.
#[cfg(feature = "hydrate")]
const LOOK_AGAIN_EVERY: std::time::Duration = std::time::Duration::from_secs(5);

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
    let id = TenantId { namespace, name };
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
    let id = TenantId { namespace, name };
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

/// What the drain of the chosen node would meet, read again when it may have changed.
#[derive(Clone, Copy)]
struct Drains {
    /// The chosen node; empty for none.
    name: Memo<String>,
    answer: Resource<Drain>,
    looked: RwSignal<u32>,
}

impl Drains {
    fn new(id: impl Fn() -> TenantId + Copy + Send + Sync + 'static, name: Memo<String>) -> Self {
        let looked = RwSignal::new(0_u32);
        let answer = Resource::new_blocking(
            move || (name.get(), looked.get()),
            move |(name, _)| {
                let id = id();
                async move {
                    if name.is_empty() {
                        return None;
                    }
                    Some((name.clone(), read_drain(id.namespace, id.name, name).await))
                }
            },
        );
        Self { name, answer, looked }
    }

    /// The answer about the chosen node; one about another node is none.
    fn of_chosen(self) -> Drain {
        self.answer.get().flatten().filter(|(about, _)| self.name.with(|name| about == name))
    }

    /// Reads again when the node itself changes, and now and then while it is being drained: its pods go without a change of it.
    fn follow(self, node: Memo<Option<NodeFacts>>, draining: Memo<bool>) {
        Effect::new(move |before: Option<Option<NodeFacts>>| {
            let now = node.get();
            if before
                .flatten()
                .is_some_and(|before| now.as_ref().is_some_and(|now| *now != before && now.name == before.name))
            {
                self.looked.update(|times| *times += 1);
            }
            now
        });
        look_again_while(draining, self.looked);
    }
}

/// The chosen node, if one is.
fn chosen(
    tenant: Tenant,
    seen: Memo<LiveWorkers>,
    query: Memo<WorkersQuery>,
    due: Memo<Result<Due, String>>,
    drains: Drains,
) -> AnyView {
    let name = drains.name;
    let node = Memo::new(move |_| {
        let found = |workers: &Workers| workers.nodes.iter().find(|node| name.with(|name| node.name == *name)).cloned();
        seen.with(|seen| seen.workers().and_then(found))
    });
    let target = Memo::new(move |_| due.with(|due| due.as_ref().ok().map(|due| due.target.clone())));
    let draining = Memo::new(move |_| {
        let target = target.get();
        node.with(|node| node.as_ref().zip(target).is_some_and(|(node, target)| is_draining(node, &target)))
    });
    drains.follow(node, draining);
    bring_into_view(name);
    let one = move || {
        let name = name.get();
        let drain = drains.of_chosen();
        let target = target.get()?;
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
    view! { <Transition>{one}</Transition> }.into_any()
}

/// Puts a node's heading before the eyes, and under the keyboard, when it is chosen: its section comes after its link was followed.
fn bring_into_view(chosen: Memo<String>) {
    Effect::new(move |before: Option<String>| {
        let name = chosen.get();
        let anew = before.is_some_and(|before| before != name);
        #[cfg(feature = "hydrate")]
        if anew && !name.is_empty() {
            request_animation_frame(|| {
                use wasm_bindgen::JsCast;
                let heading = document().get_element_by_id(node::HEADING);
                if let Some(heading) = heading.and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
                    // Scrolls, too. Fails only for what takes no focus.
                    let _ = heading.focus();
                }
            });
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = anew;
        name
    });
}

/// Counts on every few seconds, as long as `wanted`; nothing on the server, where no page waits.
fn look_again_while(wanted: Memo<bool>, looked: RwSignal<u32>) {
    #[cfg(feature = "hydrate")]
    {
        let tick = move || {
            if wanted.try_get_untracked() == Some(true) {
                let _ = looked.try_update(|times| *times += 1);
            }
        };
        if let Ok(ticking) = set_interval_with_handle(tick, LOOK_AGAIN_EVERY) {
            on_cleanup(move || ticking.clear());
        }
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = (wanted, looked);
    }
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

/// What must hold before the first node.
fn gates_section(due: &Due) -> AnyView {
    let Due { gates: all, cure, .. } = due;
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
                    {why.map(|why| view! { <p class="finding__evidence">{prose(&why)}</p> })}
                </li>
            }
        })
        .collect_view();
    let list = view! { <ul class="findings">{items}</ul> };
    let cure = (!cure.is_empty()).then(|| {
        let patch =
            serde_json::json!({ "spec": { "kubernetes": { "kubelet": { "configurationJSONPatches": cure } } } });
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
            let minors = installed_on_the_way(workers, &installed, &knowledge.releases);
            let gates = gates(snapshot, &installed, &workers.kubeadm_config, &workers.kubelet_config, &minors);
            let items = due(steps, &standing, &gates).into_iter().map(|step| path_step(&step)).collect_view();
            view! { <ol class="feed">{items}</ol> }.into_any()
        }
        Err(error) => view! { <p>{prose(&sentence(&error.to_string()))}</p> }.into_any(),
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
    let reasons =
        step.not_yet.iter().map(|why| view! { <p class="small muted">{prose(&sentence(&why.to_string()))}</p> });
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
