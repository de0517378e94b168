//! Pods as marks under their ReplicaSet: the picture of a rollout as it is now.

use leptos::prelude::*;
use planner::film::{PodState, Side};
use planner::tenant::{DeclaredVersion, PodFacts, TenantSnapshot};

use super::draw::{Patterns, pod_class};
use crate::format::count;

/// One ReplicaSet and its pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodRow {
    /// Name of the ReplicaSet; its `pod-template-hash` where the ReplicaSet could not be read.
    pub name: String,
    /// Deployment revision, if known.
    pub revision: Option<u64>,
    /// Version of its kube-apiserver as the image says it, if it could be read.
    pub version: Option<String>,
    /// Old or new, by version.
    pub side: Side,
    /// Pods it is asked to have, if it could be read.
    pub wanted: Option<u32>,
    /// Its pods, in order of creation.
    pub pods: Vec<PodMark>,
}

/// One pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodMark {
    /// Its name.
    pub name: String,
    /// What it does.
    pub state: PodState,
    /// The node it is bound to.
    pub node: Option<String>,
    /// Why it does not run, and how often its containers were restarted, in words.
    pub trouble: Option<String>,
}

/// The rows of a tenant, oldest ReplicaSet first. ReplicaSets that have no pods and want none are left out.
pub fn pod_rows(snapshot: &TenantSnapshot) -> Vec<PodRow> {
    let side = |version: Option<&DeclaredVersion>| {
        if version == Some(&snapshot.desired_version) { Side::New } else { Side::Old }
    };
    let mut rows: Vec<(String, PodRow)> = Vec::new();
    for replica_set in snapshot.replica_sets.read().into_iter().flatten() {
        rows.push((
            replica_set.pod_template_hash.clone(),
            PodRow {
                name: replica_set.name.clone(),
                revision: replica_set.revision,
                version: replica_set.version.as_ref().map(|version| version.0.clone()),
                side: side(replica_set.version.as_ref()),
                wanted: Some(replica_set.spec_replicas),
                pods: Vec::new(),
            },
        ));
    }
    for pod in snapshot.pods.read().into_iter().flatten() {
        let place = rows.iter().position(|(hash, _)| *hash == pod.pod_template_hash).unwrap_or_else(|| {
            let row = PodRow {
                name: pod.pod_template_hash.clone(),
                revision: None,
                version: pod.version.as_ref().map(|version| version.0.clone()),
                side: side(pod.version.as_ref()),
                wanted: None,
                pods: Vec::new(),
            };
            rows.push((pod.pod_template_hash.clone(), row));
            rows.len() - 1
        });
        rows[place].1.pods.push(mark(pod));
    }
    rows.into_iter()
        .map(|(_, row)| row)
        .filter(|row| !row.pods.is_empty() || row.wanted.is_some_and(|pods| pods > 0))
        .collect()
}

fn mark(pod: &PodFacts) -> PodMark {
    let state = if pod.terminating_at.is_some() {
        PodState::Terminating
    } else if pod.node.is_none() {
        PodState::Pending
    } else if pod.ready_at.is_some() {
        PodState::Ready
    } else {
        PodState::Starting
    };
    let restarts = (pod.restarts > 0).then(|| count(pod.restarts, "restart", "restarts"));
    let reason = pod.trouble.as_ref().map(|trouble| trouble.reason.clone());
    let trouble: Vec<String> = reason.into_iter().chain(restarts).collect();
    PodMark {
        name: pod.name.clone(),
        state,
        node: pod.node.clone(),
        trouble: (!trouble.is_empty()).then(|| trouble.join(", ")),
    }
}

/// Pods as marks under their ReplicaSet.
#[component]
pub fn PodMarks(
    /// Unique on the page; the ids inside begin with it.
    id: String,
    /// What to draw.
    #[prop(into)]
    rows: Signal<Vec<PodRow>>,
) -> impl IntoView {
    let patterns = Patterns::new(&id);
    let definitions = patterns.definitions();
    let row_views = move || rows.get().into_iter().map(|row| row_view(row, &patterns)).collect_view();
    view! {
        <svg class="hatch-definitions" width="0" height="0" aria-hidden="true">
            {definitions}
        </svg>
        <ul class="pod-rows">{row_views}</ul>
    }
}

fn row_view(row: PodRow, patterns: &Patterns) -> impl IntoView + use<> {
    let PodRow { name, revision, version, side, wanted, pods } = row;
    let version_class = match side {
        Side::Old => "version version--old",
        Side::New => "version version--new",
    };
    let known_version = version.unwrap_or_else(|| "unknown version".to_owned());
    let summary = summary(&pods, wanted);
    let marks = pods
        .into_iter()
        .map(|pod| {
            let fill = patterns.fill(side, pod.state);
            let PodMark { name, state, node, trouble } = pod;
            view! {
                <li class="pod">
                    <svg class="pod__mark" width="24" height="24" aria-hidden="true">
                        {mark_shape(side, state, fill)}
                    </svg>
                    <span class="pod__text">
                        <span class="pod__name">{name}</span>
                        " "
                        <span class="pod__state">
                            {state_name(state)}
                            {node.map(|node| format!(" on {node}"))}
                            {trouble.map(|trouble| view! { ", " <span class="pod__trouble">{trouble}</span> })}
                        </span>
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <li class="pod-row">
            <div class="pod-row__head">
                <span class=version_class>{known_version}</span>
                " "
                <span class="pod-row__name">
                    {name} {revision.map(|revision| format!(", revision {revision}"))}
                </span>
                " "
                <span class="pod-row__summary">{summary}</span>
            </div>
            <ul class="pods">{marks}</ul>
        </li>
    }
}

/// Pending: a dotted outline; starting: a ring; ready: a disc; terminating: a hatched disc.
fn mark_shape(side: Side, state: PodState, fill: Option<String>) -> impl IntoView {
    let class = pod_class(side, state);
    let radius = if state == PodState::Starting { "7.5" } else { "9" };
    view! { <circle class=format!("mark {class}") fill=fill cx="12" cy="12" r=radius /> }
}

fn summary(pods: &[PodMark], wanted: Option<u32>) -> String {
    let number = |state: PodState| pods.iter().filter(|pod| pod.state == state).count() as u64;
    let mut parts = Vec::new();
    if let Some(wanted) = wanted {
        parts.push(format!("{} wanted", wanted));
    }
    for state in [PodState::Ready, PodState::Starting, PodState::Pending, PodState::Terminating] {
        let pods = number(state);
        if pods > 0 {
            parts.push(format!("{pods} {}", state_name(state)));
        }
    }
    parts.join(", ")
}

/// A pod's state in words.
fn state_name(state: PodState) -> &'static str {
    match state {
        PodState::Pending => "pending",
        PodState::Starting => "starting",
        PodState::Ready => "ready",
        PodState::Terminating => "terminating",
    }
}
