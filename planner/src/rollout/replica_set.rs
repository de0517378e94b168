//! The ReplicaSet controller's sync as pure functions: how many pods to create or which to delete, and the status.
//!
//! Follows `pkg/controller/replicaset` of Kubernetes v1.36. One sync is: [`plan`], carry it out, [`status`] with the outcome,
//! write it if [`needs_write`], and, if nothing failed, come back after [`requeue_after`]. All of them look at the pods as
//! they were before the plan was carried out; a scale-down shows in the status one sync later.

mod rank;
#[cfg(test)]
mod tests;

use super::deployment::ConditionReason;

pub use self::rank::{choose_deletions, deleted_before};

/// Most pods that one sync creates or deletes.
pub const BURST_REPLICAS: u32 = 500;

/// What the ReplicaSet controller reads of a ReplicaSet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicaSetSpec {
    /// `metadata.generation`.
    pub generation: i64,
    /// `metadata.deletionTimestamp` is set: no pod is created or deleted any more.
    pub deleting: bool,
    /// `spec.replicas` (pods).
    pub replicas: u32,
    /// `spec.minReadySeconds` (s).
    pub min_ready_seconds: u32,
}

/// `status` of a ReplicaSet (pods).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplicaSetStatus {
    /// `observedGeneration`; 0 until the ReplicaSet controller has looked at it.
    pub observed_generation: i64,
    /// `replicas`: pods that are neither terminating nor ended.
    pub replicas: u32,
    /// `fullyLabeledReplicas`.
    pub fully_labeled: u32,
    /// `readyReplicas`.
    pub ready: u32,
    /// `availableReplicas`.
    pub available: u32,
    /// `terminatingReplicas`; `None` before the first sync and before Kubernetes 1.35.
    pub terminating: Option<u32>,
    /// Condition `ReplicaFailure`, if it stands.
    pub failure: Option<ReplicaFailure>,
}

/// Condition `ReplicaFailure`, which is either True or absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicaFailure {
    /// `FailedCreate` or `FailedDelete`.
    pub reason: ConditionReason,
    /// Since when, in milliseconds cut to whole seconds.
    pub since_ms: i64,
}

/// What the ReplicaSet controller reads of one of its pods. Times are milliseconds, cut to whole seconds by the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodState {
    /// Decides between pods that have been ready, or exist, for about the same time. A UUID read as a number keeps its order.
    pub uid: u128,
    /// `metadata.creationTimestamp`; `None` if it has none.
    pub created_ms: Option<i64>,
    /// `metadata.deletionTimestamp` is set.
    pub terminating: bool,
    /// The node it is bound to, by any numbering; `None` while unbound.
    pub node: Option<u32>,
    /// `status.phase`.
    pub phase: PodPhase,
    /// Condition `Ready`.
    pub ready: Readiness,
    /// Annotation `controller.kubernetes.io/pod-deletion-cost`; 0 if absent.
    pub deletion_cost: i32,
    /// The restarts of the container that was restarted most.
    pub restarts: u32,
    /// Its labels are those of the template.
    pub fully_labeled: bool,
}

/// `status.phase` of a pod, in the order in which pods are given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodPhase {
    /// Accepted, its containers do not all exist.
    Pending,
    /// Not reported.
    Unknown,
    /// Bound and started.
    Running,
    /// All containers ended well.
    Succeeded,
    /// All containers ended, one of them badly.
    Failed,
}

/// Condition `Ready` of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// False, unknown or absent.
    NotReady,
    /// True since then (`lastTransitionTime`, milliseconds cut to whole seconds); `None` if it carries no time.
    Ready(Option<i64>),
}

/// What a sync does to the pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// As many as wanted.
    Nothing,
    /// Create this many, in batches ([`creation_batches`]); a batch with a failure is the last.
    Create(u32),
    /// Delete these, all at once: indices into the slice of pods.
    Delete(Vec<usize>),
}

/// How carrying out the plan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was accepted.
    Done,
    /// Some creation or deletion was refused.
    Failed,
}

/// What to do about the pods (`manageReplicas`).
///
/// `pods` are all pods that the ReplicaSet owns, `related` all pods of all ReplicaSets of the same Deployment.
pub fn plan(replica_set: &ReplicaSetSpec, pods: &[PodState], related: &[PodState], now_ms: i64) -> Plan {
    if replica_set.deleting {
        return Plan::Nothing;
    }
    let active = count(pods.iter().filter(|pod| pod.is_active()));
    if active < replica_set.replicas {
        Plan::Create((replica_set.replicas - active).min(BURST_REPLICAS))
    } else if active > replica_set.replicas {
        let excess = (active - replica_set.replicas).min(BURST_REPLICAS) as usize;
        Plan::Delete(choose_deletions(pods, related, excess, now_ms))
    } else {
        Plan::Nothing
    }
}

/// The sizes of the batches in which `total` pods are created: 1, 2, 4, … (`slowStartBatch`).
pub fn creation_batches(total: u32) -> impl Iterator<Item = u32> {
    let mut rest = total;
    let mut size = 1;
    std::iter::from_fn(move || {
        let batch = rest.min(size);
        rest -= batch;
        size = batch.saturating_mul(2);
        (batch > 0).then_some(batch)
    })
}

/// The status after a sync (`calculateStatus`), from the pods as they were before it.
pub fn status(
    replica_set: &ReplicaSetSpec,
    before: &ReplicaSetStatus,
    pods: &[PodState],
    outcome: Outcome,
    now_ms: i64,
) -> ReplicaSetStatus {
    let mut status = ReplicaSetStatus { observed_generation: replica_set.generation, ..ReplicaSetStatus::default() };
    let mut terminating = 0;
    for pod in pods {
        if pod.is_terminating() {
            terminating += 1;
        }
        if !pod.is_active() {
            continue;
        }
        status.replicas += 1;
        status.fully_labeled += u32::from(pod.fully_labeled);
        status.ready += u32::from(pod.is_ready());
        status.available += u32::from(is_available(pod, replica_set.min_ready_seconds, now_ms));
    }
    status.terminating = Some(terminating);
    status.failure = match (outcome, before.failure) {
        (Outcome::Done, _) => None,
        (Outcome::Failed, Some(failure)) => Some(failure),
        (Outcome::Failed, None) => {
            let reason = if status.replicas < replica_set.replicas {
                ConditionReason::FailedCreate
            } else {
                ConditionReason::FailedDelete
            };
            Some(ReplicaFailure { reason, since_ms: super::deployment::whole_second(now_ms) })
        }
    };
    status
}

/// Whether the status differs from what stands in the object.
pub fn needs_write(before: &ReplicaSetStatus, after: &ReplicaSetStatus) -> bool {
    before != after
}

/// When to sync again although nothing woke the ReplicaSet, in milliseconds: at the moment the next ready pod becomes
/// available. For a sync that did not fail.
pub fn requeue_after(
    replica_set: &ReplicaSetSpec,
    status: &ReplicaSetStatus,
    pods: &[PodState],
    now_ms: i64,
) -> Option<i64> {
    if replica_set.min_ready_seconds == 0 || status.ready == status.available {
        return None;
    }
    let fallback = i64::from(replica_set.min_ready_seconds) * 1000;
    Some(next_availability_check(pods, replica_set.min_ready_seconds, now_ms, now_ms).unwrap_or(fallback))
}

/// When to look again, in milliseconds, besides at once, after one of the pods was seen to become ready (`updatePod`). It is
/// what notices availability where the sync itself fails, say because a quota refuses another pod.
pub fn look_again_after_ready(replica_set: &ReplicaSetSpec) -> Option<i64> {
    (replica_set.min_ready_seconds > 0).then(|| i64::from(replica_set.min_ready_seconds) * 1000)
}

/// Whether the pod counts as available (`IsPodAvailable`).
pub fn is_available(pod: &PodState, min_ready_seconds: u32, now_ms: i64) -> bool {
    match pod.ready {
        Readiness::NotReady => false,
        Readiness::Ready(_) if min_ready_seconds == 0 => true,
        Readiness::Ready(since) => since.is_some_and(|since| since + i64::from(min_ready_seconds) * 1000 <= now_ms),
    }
}

/// Milliseconds until a ready pod becomes available; `None` if it is not ready, has no time or is available
/// (`nextPodAvailabilityCheck`).
pub fn availability_check(pod: &PodState, min_ready_seconds: u32, now_ms: i64) -> Option<i64> {
    let Readiness::Ready(Some(since)) = pod.ready else {
        return None;
    };
    let left = since + i64::from(min_ready_seconds) * 1000 - now_ms;
    (min_ready_seconds > 0 && left > 0).then_some(left)
}

/// Milliseconds until the next active pod becomes available, seen from `now_ms`, where `evaluated_ms` is when the status was
/// computed (`FindMinNextPodAvailabilityCheck`).
pub fn next_availability_check(
    pods: &[PodState],
    min_ready_seconds: u32,
    evaluated_ms: i64,
    now_ms: i64,
) -> Option<i64> {
    let active = pods.iter().filter(|pod| pod.is_active());
    let wait = active.filter_map(|pod| availability_check(pod, min_ready_seconds, evaluated_ms)).min()?;
    Some((wait - (now_ms - evaluated_ms)).max(0))
}

impl PodState {
    /// Counts as one of the ReplicaSet's pods: not ended, not terminating.
    pub fn is_active(&self) -> bool {
        !self.terminating && !self.phase.is_final()
    }

    /// Terminating, and its containers have not ended yet.
    pub fn is_terminating(&self) -> bool {
        self.terminating && !self.phase.is_final()
    }

    /// Condition Ready is True.
    pub fn is_ready(&self) -> bool {
        matches!(self.ready, Readiness::Ready(_))
    }
}

impl PodPhase {
    /// Succeeded or Failed.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

fn count(items: impl Iterator) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
