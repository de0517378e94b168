//! A rollout as a timeline of pods: predicted by the model or recorded from the cluster, the same type, so that both can be
//! drawn over each other.

mod counts;
mod summary;

use serde::{Deserialize, Serialize};

pub use self::counts::{CountStep, Counts, SideCounts};
pub use self::summary::{FilmSummary, Milestones, MixedWindow, Peaks};
use crate::version::KubernetesVersion;

/// A rollout as a timeline of pods. All times are milliseconds since the film's zero (the first write of the hop).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Film {
    /// The pod templates that take part, oldest first. A hop with konnectivity has three.
    pub revisions: Vec<Revision>,
    /// Every pod that existed at any time of the film, in order of creation.
    pub pods: Vec<PodTrack>,
    /// Times during which nothing was observed. Empty in a predicted film.
    pub gaps: Vec<Span>,
    /// Up to here the film is known: the end of a finished film, "now" of a running one.
    pub until_ms: i64,
}

/// One pod template (one ReplicaSet) of a film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Stable key: `pod-template-hash` when observed, the template's number when predicted.
    pub key: String,
    /// Version of its `kube-apiserver`, if it could be read.
    pub version: Option<KubernetesVersion>,
    /// Old or new, by version: what decides its colour.
    pub side: Side,
}

/// Which side of the hop a pod is on, by the version of its kube-apiserver (not by its ReplicaSet).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// Runs a version other than the wanted one.
    Old,
    /// Runs the wanted version.
    New,
}

/// The life of one pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodTrack {
    /// Its name; made up (`new-1`) in a predicted film.
    pub name: String,
    /// Index into [`Film::revisions`].
    pub revision: usize,
    /// Created; may lie before 0.
    pub created_ms: i64,
    /// Bound to a node; `None` while it waits for room.
    pub bound_ms: Option<i64>,
    /// When it was ready, in order. The last one is open while it is ready.
    pub ready: Vec<OpenSpan>,
    /// Asked to terminate.
    pub terminating_ms: Option<i64>,
    /// Its object is gone.
    pub gone_ms: Option<i64>,
}

/// A closed stretch of time, milliseconds since the film's zero; `to_ms` is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First millisecond.
    pub from_ms: i64,
    /// First millisecond after it.
    pub to_ms: i64,
}

/// A stretch of time that may not have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSpan {
    /// First millisecond.
    pub from_ms: i64,
    /// First millisecond after it; `None` if it goes on.
    pub to_ms: Option<i64>,
}

/// What a pod is doing at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PodState {
    /// Exists, not bound to a node.
    Pending,
    /// Bound, not ready.
    Starting,
    /// Ready and not terminating: it serves.
    Ready,
    /// Asked to terminate, object still there.
    Terminating,
}

impl PodTrack {
    /// The pod's state at `t_ms`; `None` before its creation and after its end.
    pub fn state_at(&self, t_ms: i64) -> Option<PodState> {
        if t_ms < self.created_ms || self.gone_ms.is_some_and(|gone| t_ms >= gone) {
            return None;
        }
        if self.terminating_ms.is_some_and(|at| t_ms >= at) {
            return Some(PodState::Terminating);
        }
        if self.bound_ms.is_none_or(|bound| t_ms < bound) {
            return Some(PodState::Pending);
        }
        let ready = self.ready.iter().any(|span| span.from_ms <= t_ms && span.to_ms.is_none_or(|to| t_ms < to));
        Some(if ready { PodState::Ready } else { PodState::Starting })
    }
}
