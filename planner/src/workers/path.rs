//! The path of a tenant over several minors: hops of the control plane, and the stops of the workers between them.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::passes::{PassesError, passes};
use super::skew::{Serving, is_left_behind, kubelet};
use crate::hop::HopKind;
use crate::releases::ReleaseTable;
use crate::version::{KubernetesVersion, Minor};

/// A worker on the path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathWorker {
    /// Name of the Node.
    pub node: String,
    /// Version of its kubelet.
    pub kubelet: KubernetesVersion,
}

/// What a worker needs at a stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerPasses {
    /// Name of the Node.
    pub node: String,
    /// How many uses of kubeadm, and so how many drains.
    pub passes: usize,
}

/// One step of the path. Each begins when the one before it is finished; what holds the first one back is said by its own
/// checks (the preflight of a hop, the gates of the workers).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PathStep {
    /// The control plane takes a version.
    ControlPlane {
        /// What it has.
        from: KubernetesVersion,
        /// What it gets.
        to: KubernetesVersion,
        /// Patch or minor.
        kind: HopKind,
    },
    /// Workers that the next minor of the control plane would leave behind.
    WorkerStop {
        /// Which.
        workers: Vec<WorkerPasses>,
        /// What they get: the version of the control plane.
        to: KubernetesVersion,
        /// The minor that cannot be taken before.
        before: Minor,
    },
    /// All workers get the wanted version; then the tenant is finished.
    WorkersLast {
        /// Which.
        workers: Vec<WorkerPasses>,
        /// What they get.
        to: KubernetesVersion,
    },
}

/// Why there is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Backwards.
    #[error("{wanted} is older than {installed}; a path leads upwards")]
    Backwards {
        /// What the control plane has.
        installed: KubernetesVersion,
        /// Wanted.
        wanted: KubernetesVersion,
    },
    /// Another major version.
    #[error("from {installed} to {wanted} the major version changes; no rule of version skew speaks of that")]
    OtherMajor {
        /// What the control plane has.
        installed: KubernetesVersion,
        /// Wanted.
        wanted: KubernetesVersion,
    },
    /// Between the two lies a line of which no patch is known.
    #[error(
        "on the way to {wanted} the control plane passes through {minor}, of which the release table of {as_of} knows no version"
    )]
    UnknownBetween {
        /// Wanted.
        wanted: KubernetesVersion,
        /// The line.
        minor: Minor,
        /// Age of the table.
        as_of: Date,
    },
    /// A worker that the control plane does not even support now.
    #[error(
        "the node {node} has kubelet {kubelet}, which a control plane of {serving} does not support: replace it, or reset it and join it again"
    )]
    Unsupported {
        /// Name of the Node.
        node: String,
        /// Version of its kubelet.
        kubelet: KubernetesVersion,
        /// What serves.
        serving: Minor,
    },
    /// A worker that cannot get where it must.
    #[error("the node {node} has no path: {why}")]
    Worker {
        /// Name of the Node.
        node: String,
        /// Why.
        why: Box<PassesError>,
    },
}

/// The path of a tenant from what its control plane has to what is wanted. Workers stop only where skew demands it, and only
/// those that the next hop would leave behind.
///
/// The control plane passes through the lines between on their newest patch that the table knows; Kamaji takes one minor at
/// a time.
///
/// # Errors
/// If the control plane or a worker cannot get there.
pub fn path(
    installed: &KubernetesVersion,
    wanted: &KubernetesVersion,
    workers: &[PathWorker],
    releases: &ReleaseTable,
) -> Result<Vec<PathStep>, PathError> {
    for worker in workers {
        let serving = installed.minor();
        if !kubelet(worker.kubelet.minor(), Serving::only(serving)).is_supported() {
            let (node, kubelet) = (worker.node.clone(), worker.kubelet.clone());
            return Err(PathError::Unsupported { node, kubelet, serving });
        }
    }
    let mut workers = workers.to_vec();
    let mut steps = Vec::new();
    let mut at = installed.clone();
    for to in stops(installed, wanted, releases)? {
        let next = Serving::both(at.minor(), to.minor()).unwrap_or(Serving::only(to.minor()));
        let left_behind = |worker: &PathWorker| is_left_behind(Some(worker.kubelet.minor()), next);
        if workers.iter().any(left_behind) {
            let moved = bring(&mut workers, left_behind, &at, releases)?;
            steps.push(PathStep::WorkerStop { workers: moved, to: at.clone(), before: to.minor() });
        }
        let kind = HopKind::between(at.minor(), to.minor());
        steps.push(PathStep::ControlPlane { from: at, to: to.clone(), kind });
        at = to;
    }
    let moved = bring(&mut workers, |worker| worker.kubelet < at, &at, releases)?;
    if !moved.is_empty() {
        steps.push(PathStep::WorkersLast { workers: moved, to: at });
    }
    Ok(steps)
}

/// The versions that the control plane takes one after the other; none if it has the wanted one.
fn stops(
    installed: &KubernetesVersion,
    wanted: &KubernetesVersion,
    releases: &ReleaseTable,
) -> Result<Vec<KubernetesVersion>, PathError> {
    let (first, last) = (installed.minor(), wanted.minor());
    let both = || (installed.clone(), wanted.clone());
    if first.major != last.major {
        let (installed, wanted) = both();
        return Err(PathError::OtherMajor { installed, wanted });
    }
    if wanted < installed {
        let (installed, wanted) = both();
        return Err(PathError::Backwards { installed, wanted });
    }
    let mut stops = Vec::new();
    for minor in (first.minor + 1..last.minor).map(|minor| Minor { minor, ..first }) {
        let Some(line) = releases.line(minor) else {
            return Err(PathError::UnknownBetween { wanted: wanted.clone(), minor, as_of: releases.as_of });
        };
        stops.push(KubernetesVersion::new(minor.major, minor.minor, line.newest_patch));
    }
    if installed != wanted {
        stops.push(wanted.clone());
    }
    Ok(stops)
}

/// Brings the workers that are `meant` to `to`, and says how many passes each needs.
fn bring(
    workers: &mut [PathWorker],
    meant: impl Fn(&PathWorker) -> bool,
    to: &KubernetesVersion,
    releases: &ReleaseTable,
) -> Result<Vec<WorkerPasses>, PathError> {
    let mut moved = Vec::new();
    for worker in workers.iter_mut().filter(|worker| meant(worker)) {
        let needed = passes(&worker.kubelet, to, releases)
            .map_err(|why| PathError::Worker { node: worker.node.clone(), why: Box::new(why) })?;
        moved.push(WorkerPasses { node: worker.node.clone(), passes: needed.len() });
        worker.kubelet = to.clone();
    }
    Ok(moved)
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlPlane { from, to, .. } => write!(f, "The control plane goes from {from} to {to}."),
            Self::WorkerStop { workers, to, before } => write!(
                f,
                "{} to {to}: the control plane cannot take {before} before, because it would leave them too far behind.",
                Workers(workers)
            ),
            Self::WorkersLast { workers, to } => write!(f, "{} to {to}.", Workers(workers)),
        }
    }
}

struct Workers<'a>(&'a [WorkerPasses]);

impl fmt::Display for Workers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [WorkerPasses { node, passes }] => {
                write!(f, "The node {node} goes in {passes} {}", if *passes == 1 { "pass" } else { "passes" })
            }
            nodes => {
                let most = nodes.iter().map(|worker| worker.passes).max().unwrap_or(0);
                write!(
                    f,
                    "{} nodes go, in up to {most} {} each,",
                    nodes.len(),
                    if most == 1 { "pass" } else { "passes" }
                )
            }
        }
    }
}
