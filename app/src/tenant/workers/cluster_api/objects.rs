//! The objects of Cluster API as they stand: what each wants and has, how it rolls, and what it reports of itself.

use leptos::prelude::*;
use planner::cluster_api::{ClusterApiFacts, Kind, MachineCounts, Meta};
use planner::tenant::{ConditionFacts, DeclaredVersion};
use planner::tenant_api::Answer;

use crate::format;
use crate::table::stacked_table;
use crate::trouble::sentence;

/// Machines that are listed; a tenant may have hundreds, and its nodes are listed page by page below.
const MOST_MACHINES: usize = 50;

/// One object.
struct Row {
    kind: Kind,
    meta: Meta,
    version: String,
    count: String,
    rollout: String,
}

/// All of them, folded; and what of them could not be read.
pub(super) fn objects(facts: &ClusterApiFacts) -> AnyView {
    let (rows, more) = rows(facts);
    let unread = unread(facts).into_iter().map(|why| view! { <li>{sentence(&why)}</li> }).collect_view();
    let rows = rows.into_iter().map(|row| row_view(row, facts)).collect_view();
    let columns = ["Object", "Version", "Pods or Machines", "Rollout", "What it reports"];
    view! {
        <details class="print-open">
            <summary>{format!("The objects as they stood {}", format::moment(facts.read_at))}</summary>
            <div class="stack">
                {stacked_table("Objects of Cluster API", "", &columns, rows.into_any())}
                {(more > 0).then(|| view! { <p class="small muted">{format!("And {more} more Machines.")}</p> })}
                <ul class="plain-list">{unread}</ul>
            </div>
        </details>
    }
    .into_any()
}

fn rows(facts: &ClusterApiFacts) -> (Vec<Row>, usize) {
    let mut rows = Vec::new();
    if let Some(cluster) = facts.cluster.read() {
        let (version, rollout) = match &cluster.topology {
            Some(topology) => (topology.version.to_string(), format!("topology of ClusterClass {}", topology.class)),
            None => (String::new(), "by hand, no topology".to_owned()),
        };
        let planned = cluster.upgrade_plan.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let rollout = if planned.is_empty() { rollout } else { format!("{rollout}; it will go through {planned}") };
        let count = cluster.phase.clone().unwrap_or_default();
        rows.push(Row { kind: Kind::Cluster, meta: cluster.meta.clone(), version, count, rollout });
    }
    if let Some(plane) = facts.control_plane.read() {
        let installed = plane.installed.as_ref().filter(|installed| **installed != plane.version);
        let version = match installed {
            Some(installed) => format!("{}, has {installed}", plane.version),
            None => plane.version.to_string(),
        };
        rows.push(Row {
            kind: Kind::KamajiControlPlane,
            meta: plane.meta.clone(),
            version,
            count: plane.replicas.map(|pods| format!("{pods} pods")).unwrap_or_default(),
            rollout: plane.strategy.to_string(),
        });
    }
    for it in facts.machine_deployments.read().into_iter().flatten() {
        let skipped = match &it.skipped_checks[..] {
            [] => String::new(),
            checks => format!("; skips the checks {}", checks.join(", ")),
        };
        rows.push(Row {
            kind: Kind::MachineDeployment,
            meta: it.meta.clone(),
            version: wanted(it.version.as_ref()),
            count: counts(it.replicas, it.counts),
            rollout: format!("{}{skipped}", it.strategy),
        });
    }
    for it in facts.machine_sets.read().into_iter().flatten() {
        rows.push(Row {
            kind: Kind::MachineSet,
            meta: it.meta.clone(),
            version: wanted(it.version.as_ref()),
            count: counts(it.replicas, it.counts),
            rollout: it.deployment.as_ref().map(|of| format!("of {of}")).unwrap_or_default(),
        });
    }
    for it in facts.machine_pools.read().into_iter().flatten() {
        rows.push(Row {
            kind: Kind::MachinePool,
            meta: it.meta.clone(),
            version: wanted(it.version.as_ref()),
            count: counts(it.replicas, it.counts),
            rollout: it.phase.clone().unwrap_or_default(),
        });
    }
    let machines = facts.machines.read().map(Vec::as_slice).unwrap_or_default();
    rows.extend(machines.iter().take(MOST_MACHINES).map(|it| Row {
        kind: Kind::Machine,
        meta: it.meta.clone(),
        version: wanted(it.version.as_ref()),
        count: it.phase.clone().unwrap_or_default(),
        rollout: it.node.as_ref().map(|node| format!("node {node}")).unwrap_or_default(),
    }));
    (rows, machines.len().saturating_sub(MOST_MACHINES))
}

fn wanted(version: Option<&DeclaredVersion>) -> String {
    version.map_or_else(|| "none named".to_owned(), ToString::to_string)
}

/// What stands in `spec` and in `status`; what is not reported is left out.
fn counts(wanted: u32, counts: MachineCounts) -> String {
    let MachineCounts { replicas, ready, available, up_to_date } = counts;
    let told = [(replicas, "there"), (ready, "ready"), (available, "available"), (up_to_date, "up to date")];
    let told: Vec<String> = told.into_iter().filter_map(|(count, what)| Some(format!("{} {what}", count?))).collect();
    if told.is_empty() { format!("{wanted} wanted") } else { format!("{wanted} wanted: {}", told.join(", ")) }
}

fn row_view(row: Row, facts: &ClusterApiFacts) -> AnyView {
    let Row { kind, meta, version, count, rollout } = row;
    let served = facts.version_of(kind).unwrap_or_default().to_owned();
    let marks = meta.paused.then(|| "paused".to_owned()).into_iter();
    let marks = marks.chain(meta.deleting_at.map(|at| format!("being deleted since {}", format::moment(at))));
    let marks = marks.chain(meta.from_git.iter().map(|tool| format!("from {tool}")));
    let reports = marks.chain(meta.conditions.iter().map(condition)).map(|text| view! { <li>{text}</li> });
    let reports = reports.collect_view();
    view! {
        <tr>
            <th scope="row">
                {format!("{kind} {}", meta.name)} <span class="table__unit">{served}</span>
            </th>
            <td data-label="Version">{version}</td>
            <td data-label="Pods or Machines">{count}</td>
            <td data-label="Rollout">{rollout}</td>
            <td data-label="What it reports">
                <ul class="plain-list small">{reports}</ul>
            </td>
        </tr>
    }
    .into_any()
}

/// A condition in its own words: which status is good differs from one to the next, so none is coloured.
fn condition(condition: &ConditionFacts) -> String {
    let ConditionFacts { kind, status, reason, message, .. } = condition;
    let because = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    if message.is_empty() {
        format!("{kind} {status}{because}")
    } else {
        format!("{kind} {status}{because}: {message}")
    }
}

/// What could not be read, kind by kind. A kind that nothing has is not missed.
fn unread(facts: &ClusterApiFacts) -> Vec<String> {
    fn why<T>(what: &str, answer: &Answer<T>) -> Option<String> {
        let missed = !matches!(answer, Answer::Read(_) | Answer::Missing);
        missed.then(|| format!("the {what} could not be read: {answer}"))
    }
    [
        why("served versions", &facts.served),
        why("Cluster", &facts.cluster),
        why("KamajiControlPlane", &facts.control_plane),
        why("MachineDeployments", &facts.machine_deployments),
        why("MachineSets", &facts.machine_sets),
        why("MachinePools", &facts.machine_pools),
        why("Machines", &facts.machines),
    ]
    .into_iter()
    .flatten()
    .collect()
}
