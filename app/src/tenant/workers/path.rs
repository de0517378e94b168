//! The way to a version further on, with the stops of the workers.

use leptos::prelude::*;
use planner::next::standing_findings;
use planner::tenant::TenantSnapshot;
use planner::version::{KubernetesVersion, Minor};
use planner::workers::{DueStep, PathWorker, Workers, due, gates, path};

use super::query::WorkersQuery;
use super::{Knowledge, installed_on_the_way};
use crate::prose::prose;
use crate::trouble::sentence;

/// The way to a version further on, with the stops that skew demands.
pub(super) fn path_section(
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
