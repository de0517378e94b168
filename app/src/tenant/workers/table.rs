//! The nodes as a table: what each runs, what skew says of it, and the way to its runbook.

use leptos::prelude::*;
use planner::tenant::TenantId;
use planner::version::KubernetesVersion;
use planner::workers::{Cordon, KubeletVerdict, NodeFacts, Order, Readiness, Serving, is_done};

use super::query::{Show, WorkersQuery};
use crate::format::count;
use crate::table::{pager, stacked_table};
use crate::trouble::sentence;

/// Nodes on one page of the list.
const ON_A_PAGE: usize = 50;

/// What the table is made from.
pub(super) struct Listing<'a> {
    pub(super) id: &'a TenantId,
    pub(super) nodes: &'a [NodeFacts],
    pub(super) target: &'a KubernetesVersion,
    pub(super) serving: Option<Serving>,
    pub(super) order: &'a Order,
    pub(super) query: &'a WorkersQuery,
}

/// Search, filter, table and pages.
pub(super) fn listing(listing: &Listing<'_>) -> AnyView {
    let Listing { id, nodes, target, query, .. } = *listing;
    if nodes.is_empty() {
        return view! {
            <div class="empty">
                <h3>{"No worker has joined"}</h3>
                <p>{"The tenant is finished as soon as its control plane is. Nodes that join later should get the version of the control plane."}</p>
            </div>
        }
        .into_any();
    }
    let matching = matching(nodes, target, query);
    let pages = u32::try_from(matching.chunks(ON_A_PAGE).len()).unwrap_or(u32::MAX).max(1);
    let page = query.page.clamp(1, pages);
    let on_page = matching.chunks(ON_A_PAGE).nth(usize::try_from(page - 1).unwrap_or(usize::MAX)).unwrap_or_default();
    let rows = on_page.iter().map(|node| row(listing, node)).collect_view();
    let table = if matching.is_empty() {
        view! {
            <div class="empty">
                <h3>{"No node matches"}</h3>
                <p>
                    <a href=WorkersQuery { q: String::new(), show: Show::All, page: 0, ..query.clone() }.href(id)>
                        {"Show all nodes"}
                    </a>
                </p>
            </div>
        }
        .into_any()
    } else {
        let columns = ["Node", "Kubelet", "State", "Operating system", "Turn", "Next step"];
        stacked_table("Table of nodes", "nodes-table", &columns, rows.into_any())
    };
    view! {
        {tools(listing)}
        {table}
        {pager(
            count(u64::try_from(matching.len()).unwrap_or(u64::MAX), "node", "nodes"),
            page,
            pages,
            |page| WorkersQuery { page, ..query.clone() }.href(id),
        )}
    }
    .into_any()
}

fn matching<'a>(nodes: &'a [NodeFacts], target: &KubernetesVersion, query: &WorkersQuery) -> Vec<&'a NodeFacts> {
    let wanted = query.q.to_lowercase();
    let has = |node: &NodeFacts| {
        let pool = node.pool.as_deref().unwrap_or_default();
        let texts = [node.name.as_str(), pool, &node.kubelet.0, &node.os_image];
        texts.iter().any(|text| text.to_lowercase().contains(&wanted))
    };
    let shown = |node: &NodeFacts| match query.show {
        Show::All => true,
        Show::Due => !is_done(node, target),
        Show::Done => is_done(node, target),
    };
    nodes.iter().filter(|node| shown(node) && has(node)).collect()
}

/// A form and links, so that both work before any script runs.
fn tools(listing: &Listing<'_>) -> AnyView {
    let Listing { id, nodes, target, query, .. } = *listing;
    let done = nodes.iter().filter(|node| is_done(node, target)).count();
    let filters =
        [(Show::All, "All", nodes.len()), (Show::Due, "To do", nodes.len() - done), (Show::Done, "Done", done)].map(
            |(show, label, count)| {
                let href = WorkersQuery { show, page: 0, ..query.clone() }.href(id);
                view! {
                    <li>
                        <a href=href aria-current=(show == query.show).then_some("true")>
                            {label} " " <span class="tabs__count">{count}</span>
                        </a>
                    </li>
                }
            },
        );
    let kept = [("show", query.show != Show::All, if query.show == Show::Due { "due" } else { "done" })]
        .into_iter()
        .filter(|(_, set, _)| *set)
        .map(|(name, _, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    view! {
        <div class="cluster cluster--spread fleet-tools">
            <form method="get" role="search" class="form__row">
                {kept} <label class="visually-hidden" for="node-search">
                    {"Search nodes"}
                </label>
                <input
                    id="node-search"
                    class="input"
                    type="search"
                    name="q"
                    value=query.q.clone()
                    placeholder="name, pool, version, system"
                />
                <button class="button" type="submit">
                    {"Search"}
                </button>
            </form>
            <ul class="cluster filters">{filters.into_iter().collect_view()}</ul>
        </div>
    }
    .into_any()
}

fn row(listing: &Listing<'_>, node: &NodeFacts) -> AnyView {
    let Listing { id, target, order, query, serving, .. } = listing;
    let done = is_done(node, target);
    let turn = order.steps.iter().find(|step| step.node == node.name);
    let left_out = order.left_out.iter().find(|(name, _)| *name == node.name).map(|(_, why)| why.clone());
    let link = |label: &'static str| {
        let href = format!("{}#node", WorkersQuery { node: node.name.clone(), ..(*query).clone() }.href(id));
        view! { <a href=href>{label} <span class="visually-hidden">{format!(" of {}", node.name)}</span></a> }
    };
    let next = match (done, turn, left_out) {
        (true, _, _) => view! { <span class="muted">{"none, it is done"}</span> }.into_any(),
        (false, Some(_), _) => link("Runbook").into_any(),
        (false, None, Some(why)) => {
            view! { <span class="small">{sentence(&why)}</span> " " {link("Look at it")} }.into_any()
        }
        (false, None, None) => link("Look at it").into_any(),
    };
    let turn_text = turn.map_or_else(
        || if done { String::new() } else { "–".to_owned() },
        |step| match step.passes {
            1 => step.turn.to_string(),
            passes => format!("{}, {passes} passes", step.turn),
        },
    );
    let verdict = serving.and_then(|serving| node.kubelet_verdict(serving));
    view! {
        <tr aria-current=(query.node == node.name).then_some("true")>
            <th scope="row">
                {node.name.clone()}
                {node.pool.clone().map(|pool| view! { <span class="table__unit">{format!("pool {pool}")}</span> })}
            </th>
            <td data-label="Kubelet">
                <span class=version_class(node, target)>{node.kubelet.to_string()}</span>
                {verdict.filter(|verdict| *verdict != KubeletVerdict::Same).map(skew)}
            </td>
            <td data-label="State">{state(node, done)}</td>
            <td data-label="Operating system">{node.os_image.clone()}</td>
            <td data-label="Turn" class="num">
                {turn_text}
            </td>
            <td data-label="Next step">{next}</td>
        </tr>
    }
    .into_any()
}

fn version_class(node: &NodeFacts, target: &KubernetesVersion) -> &'static str {
    match node.kubelet.parsed() {
        Ok(version) if version >= *target => "version version--new",
        _ => "version version--old",
    }
}

/// The verdict of version skew, with the line of the policy that it comes from.
fn skew(verdict: KubeletVerdict) -> AnyView {
    let class = match verdict {
        KubeletVerdict::Same | KubeletVerdict::Behind { .. } => "node-skew",
        KubeletVerdict::AtLimit { .. } => "node-skew node-skew--warns",
        KubeletVerdict::TooOld { .. } | KubeletVerdict::TooNew { .. } | KubeletVerdict::OtherMajor => {
            "node-skew node-skew--blocks"
        }
    };
    view! { <p class=class>{verdict.to_string()}</p> }.into_any()
}

pub(super) fn state(node: &NodeFacts, done: bool) -> AnyView {
    let both = format!("{}, {}", node.readiness, node.cordon);
    let (class, text) = match (node.readiness, node.cordon) {
        (Readiness::NotReady | Readiness::Unknown, Cordon::ByRunbook) => ("chip chip--busy", both),
        (Readiness::NotReady | Readiness::Unknown, Cordon::BySomebody) => ("chip chip--blocks", both),
        (Readiness::NotReady | Readiness::Unknown, Cordon::Schedulable) => {
            ("chip chip--blocks", node.readiness.to_string())
        }
        (Readiness::Ready, Cordon::ByRunbook) => ("chip chip--busy", node.cordon.to_string()),
        (Readiness::Ready, Cordon::BySomebody) => ("chip chip--warns", node.cordon.to_string()),
        (Readiness::Ready, Cordon::Schedulable) if done => ("chip chip--ok", "done".to_owned()),
        (Readiness::Ready, Cordon::Schedulable) => ("chip chip--idle", "ready, takes pods".to_owned()),
    };
    view! { <span class=class>{text}</span> }.into_any()
}
