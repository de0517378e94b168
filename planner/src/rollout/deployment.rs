//! The Deployment controller's sync as a pure function: what it sees in, what it writes out.
//!
//! Follows `pkg/controller/deployment` of Kubernetes v1.36: the same order of decisions, the same arithmetic, the same
//! omissions (a failed write while old ReplicaSets shrink is swallowed there, so the status write still follows).
//! Nothing here knows who executes the writes: the rollout model does it in virtual time, a controller manager on objects.
//!
//! **Architecture invariant:** no closed formula. What a strategy does is only ever the sum of such syncs.

mod revision;
mod rolling;
mod scale;
mod status;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use crate::rollout::replica_set::ReplicaSetStatus;
use crate::strategy::{RolloutLimits, Strategy};

pub use self::status::{DeadlineCheck, complete, progress_deadline_check, progressing, timed_out};

/// `progressDeadlineSeconds` and `revisionHistoryLimit` with this value mean "none" (`math.MaxInt32`).
pub const NO_LIMIT: u32 = i32::MAX as u32;

/// What the controller reads of a Deployment, API defaults already filled in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeploymentState {
    /// `metadata.generation`.
    pub generation: i64,
    /// `metadata.deletionTimestamp` is set: only the status is written.
    pub deleting: bool,
    /// Annotation `deployment.kubernetes.io/revision`.
    pub revision: Option<u64>,
    /// `spec.replicas` (pods; default 1).
    pub replicas: u32,
    /// `spec.paused`.
    pub paused: bool,
    /// `spec.strategy`.
    pub strategy: Strategy,
    /// `spec.minReadySeconds` (s; default 0).
    pub min_ready_seconds: u32,
    /// `spec.progressDeadlineSeconds` (s; default 600); `None` or [`NO_LIMIT`] = no deadline.
    pub progress_deadline_seconds: Option<u32>,
    /// `spec.revisionHistoryLimit` (ReplicaSets; default 10); `None` or [`NO_LIMIT`] = keep all.
    pub revision_history_limit: Option<u32>,
    /// `status`.
    pub status: DeploymentStatus,
}

/// `status` of a Deployment (pods). Equal statuses are not written again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeploymentStatus {
    /// `observedGeneration`.
    pub observed_generation: i64,
    /// `replicas`: non-terminating pods.
    pub replicas: u32,
    /// `updatedReplicas`.
    pub updated: u32,
    /// `readyReplicas`.
    pub ready: u32,
    /// `availableReplicas`.
    pub available: u32,
    /// `unavailableReplicas`.
    pub unavailable: u32,
    /// `terminatingReplicas`; `None` while any observed ReplicaSet does not report it.
    pub terminating: Option<u32>,
    /// Condition `Progressing`.
    pub progressing: Option<Condition>,
    /// Condition `Available`.
    pub minimum_available: Option<Condition>,
    /// Condition `ReplicaFailure`, copied from a ReplicaSet.
    pub replica_failure: Option<Condition>,
}

/// A Deployment's condition. Times are milliseconds, cut to whole seconds as the API keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// `status`.
    pub status: ConditionStatus,
    /// `reason`.
    pub reason: ConditionReason,
    /// `lastUpdateTime`.
    pub last_update_ms: i64,
    /// `lastTransitionTime`.
    pub last_transition_ms: i64,
}

/// `status` of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionStatus {
    /// `True`.
    True,
    /// `False`.
    False,
    /// `Unknown`.
    Unknown,
}

/// `reason` of a Deployment's condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionReason {
    /// Progressing: a ReplicaSet was just created.
    NewReplicaSetCreated,
    /// Progressing: a ReplicaSet with this template exists and no condition was recorded yet.
    FoundNewReplicaSet,
    /// Progressing: some count moved in the right direction.
    ReplicaSetUpdated,
    /// Progressing: complete.
    NewReplicaSetAvailable,
    /// Progressing: no progress for longer than the deadline. Changes nothing else.
    ProgressDeadlineExceeded,
    /// Progressing: `spec.paused`.
    DeploymentPaused,
    /// Progressing: no longer paused.
    DeploymentResumed,
    /// Progressing: the ReplicaSet could not be created.
    ReplicaSetCreateError,
    /// Available: at least `replicas - maxUnavailable` pods are available.
    MinimumReplicasAvailable,
    /// Available: fewer than that.
    MinimumReplicasUnavailable,
    /// ReplicaFailure: a pod could not be created.
    FailedCreate,
    /// ReplicaFailure: a pod could not be deleted.
    FailedDelete,
    /// A reason these controllers do not write.
    Other,
}

/// What the Deployment controller reads of one of its ReplicaSets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicaSetState {
    /// `metadata.generation`.
    pub generation: i64,
    /// `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// Its pod template equals the Deployment's, label `pod-template-hash` left out.
    pub matches_template: bool,
    /// Annotation `deployment.kubernetes.io/revision`.
    pub revision: Option<u64>,
    /// Annotation `deployment.kubernetes.io/desired-replicas`, if it is a count ([`count_annotation`]).
    pub desired_replicas: Option<u32>,
    /// Annotation `deployment.kubernetes.io/max-replicas`, if it is a count.
    pub max_replicas: Option<u32>,
    /// An annotation that the Deployment hands down is missing or different here.
    pub inherited_annotations_differ: bool,
    /// `spec.replicas` (pods).
    pub spec_replicas: u32,
    /// `spec.minReadySeconds` (s).
    pub min_ready_seconds: u32,
    /// Its pods in any phase but Failed and Succeeded, terminating ones included. Only Recreate looks at them.
    pub unfinished_pods: u32,
    /// `status`.
    pub status: ReplicaSetStatus,
}

/// One write of a sync, in the order in which they must be made. `replica_set` is an index into the slice given to [`sync`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Write {
    /// Create the ReplicaSet of the Deployment's template.
    CreateReplicaSet {
        /// `spec.replicas`.
        replicas: u32,
        /// Annotation `revision`.
        revision: u64,
        /// The two counting annotations.
        annotations: CountAnnotations,
    },
    /// Bring revision, inherited annotations and `minReadySeconds` of the ReplicaSet with the Deployment's template up to date.
    UpdateReplicaSet {
        /// Which one.
        replica_set: usize,
        /// Annotation `revision`.
        revision: u64,
        /// `spec.minReadySeconds`.
        min_ready_seconds: u32,
    },
    /// Set `spec.replicas` and both counting annotations. `from == to` when only the annotations were out of date.
    ScaleReplicaSet {
        /// Which one.
        replica_set: usize,
        /// `spec.replicas` before.
        from: u32,
        /// `spec.replicas` after.
        to: u32,
        /// The two counting annotations.
        annotations: CountAnnotations,
        /// Why.
        reason: ScaleReason,
    },
    /// Delete a ReplicaSet that the history limit no longer covers.
    DeleteReplicaSet {
        /// Which one.
        replica_set: usize,
    },
    /// Write the Deployment's status, and the annotation `revision` with it.
    UpdateStatus {
        /// The whole status.
        status: DeploymentStatus,
        /// Annotation `revision`.
        revision: Option<u64>,
    },
}

/// The annotations from which the controller knows, at the next change of `spec.replicas`, what it had scaled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountAnnotations {
    /// `deployment.kubernetes.io/desired-replicas`.
    pub desired_replicas: u32,
    /// `deployment.kubernetes.io/max-replicas`: replicas + surge.
    pub max_replicas: u32,
}

/// Why a ReplicaSet was scaled, with the numbers that decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScaleReason {
    /// The new ReplicaSet may grow: fewer pods are asked for than replicas + surge.
    RoomToSurge {
        /// Sum of `spec.replicas` before.
        total: u32,
        /// replicas + surge.
        allowed: u32,
    },
    /// The new ReplicaSet is larger than `spec.replicas`.
    AboveReplicas,
    /// Old pods that are not available go first; removing them costs nothing.
    Unhealthy {
        /// Old pods of this ReplicaSet that are not available.
        unavailable: u32,
        /// How many may go at most.
        limit: u32,
    },
    /// More pods are available than needed, so old ones may go.
    AboveMinimum {
        /// Available pods of all ReplicaSets.
        available: u32,
        /// replicas - maxUnavailable.
        minimum: u32,
    },
    /// Recreate: old pods go all at once.
    RecreateDown,
    /// Recreate: no old pod is left, the new ones start.
    RecreateUp,
    /// The only active ReplicaSet follows `spec.replicas`.
    Resize,
    /// The new ReplicaSet has all its pods available: old ones are not needed.
    Saturated,
    /// `spec.replicas` changed, or the Deployment is paused, during a rollout: all are scaled in proportion.
    Proportional,
}

/// When to sync again without being woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requeue {
    /// Not at all.
    Never,
    /// After this many milliseconds.
    After(i64),
    /// As soon as the rate limiter allows; the sync itself succeeded.
    RateLimited,
    /// The sync writes an object a second time with the resourceVersion it had read, which the API refuses (409). That
    /// write is left out of the list; the sync counts as failed and is repeated after back-off.
    Conflict,
}

/// Why an annotation is not a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CountAnnotationError {
    /// Not a non-negative whole number.
    #[error("invalid syntax")]
    Syntax,
    /// Above 2147483647.
    #[error("value out of range")]
    Range,
}

/// One sync (`syncDeployment`).
///
/// `replica_sets` are those the Deployment owns, oldest first: by creation time in whole seconds, then by name. Writes are
/// appended to `writes`, which the caller gives so that it can be used again.
pub fn sync(
    deployment: &DeploymentState,
    replica_sets: &[ReplicaSetState],
    now_ms: i64,
    writes: &mut Vec<Write>,
) -> Requeue {
    let mut sync = Sync::new(deployment, replica_sets, now_ms, writes);
    match sync.run() {
        Ok(requeue) => requeue,
        Err(Conflict) => Requeue::Conflict,
    }
}

/// One running sync: what was read, and what it has already written.
struct Sync<'a> {
    replica_sets: &'a [ReplicaSetState],
    now_ms: i64,
    writes: &'a mut Vec<Write>,
    /// First entry of this sync in `writes`.
    first_write: usize,
    /// The Deployment as this sync has changed it in memory.
    deployment: DeploymentState,
    limits: RolloutLimits,
    /// The status was written: its resourceVersion is used up.
    status_written: bool,
    /// Index of the ReplicaSet with the Deployment's template.
    new: Option<usize>,
    /// That ReplicaSet, if this very sync has created it.
    created: Option<u32>,
}

/// The API refuses a second write with the same resourceVersion.
#[derive(Debug)]
struct Conflict;

impl<'a> Sync<'a> {
    fn new(
        deployment: &DeploymentState,
        replica_sets: &'a [ReplicaSetState],
        now_ms: i64,
        writes: &'a mut Vec<Write>,
    ) -> Self {
        let first_write = writes.len();
        Self {
            replica_sets,
            now_ms,
            writes,
            first_write,
            deployment: *deployment,
            limits: deployment.strategy.limits(deployment.replicas),
            status_written: false,
            new: replica_sets.iter().position(|replica_set| replica_set.matches_template),
            created: None,
        }
    }

    fn run(&mut self) -> Result<Requeue, Conflict> {
        if self.deployment.deleting {
            self.sync_revision(Create::No)?;
            return self.sync_status();
        }
        self.check_paused_conditions()?;
        if self.deployment.paused {
            return self.sync_size();
        }
        // The controller asks for the ReplicaSets once to see whether it must scale, and again to act.
        self.sync_revision(Create::No)?;
        if self.is_scaling_event() {
            return self.sync_size();
        }
        match self.deployment.strategy {
            Strategy::Recreate => self.rollout_recreate(),
            Strategy::RollingUpdate { .. } => self.rollout_rolling(),
        }
    }

    /// Scaling and status only: on a change of size, or while paused.
    fn sync_size(&mut self) -> Result<Requeue, Conflict> {
        self.sync_revision(Create::No)?;
        self.scale();
        if self.deployment.paused {
            self.clean_up_history();
        }
        self.sync_status()
    }

    fn rollout_recreate(&mut self) -> Result<Requeue, Conflict> {
        self.sync_revision(Create::No)?;
        let mut scaled = false;
        for old in 0..self.replica_sets.len() {
            if self.is_old(old) && self.replica_sets[old].spec_replicas > 0 {
                self.scale_to(old, 0, ScaleReason::RecreateDown);
                scaled = true;
            }
        }
        if scaled || self.old_pods_exist() {
            return self.sync_rollout_status();
        }
        if self.new.is_none() {
            self.sync_revision(Create::Yes)?;
        }
        if let (Some(new), None) = (self.new, self.created) {
            self.scale_lazily(new, self.deployment.replicas, ScaleReason::RecreateUp);
        }
        if complete(&self.deployment, &self.deployment.status) {
            self.clean_up_history();
        }
        self.sync_rollout_status()
    }

    fn old_pods_exist(&self) -> bool {
        let old = |(index, _): &(usize, &ReplicaSetState)| self.is_old(*index);
        self.replica_sets
            .iter()
            .enumerate()
            .filter(old)
            .any(|(_, replica_set)| replica_set.status.replicas > 0 || replica_set.unfinished_pods > 0)
    }

    fn is_old(&self, index: usize) -> bool {
        self.new != Some(index)
    }

    /// `spec.replicas` as it stands after this sync's own writes.
    fn spec_replicas(&self, index: usize) -> u32 {
        let own = self.writes[self.first_write..].iter().rev().find_map(|write| match write {
            Write::ScaleReplicaSet { replica_set, to, .. } if *replica_set == index => Some(*to),
            _ => None,
        });
        own.unwrap_or(self.replica_sets[index].spec_replicas)
    }

    /// Sum of `spec.replicas` as read, with the ReplicaSet this sync has created.
    fn total_spec_replicas(&self) -> u32 {
        self.replica_sets.iter().map(|replica_set| replica_set.spec_replicas).sum::<u32>() + self.created.unwrap_or(0)
    }

    fn count_annotations(&self) -> CountAnnotations {
        CountAnnotations {
            desired_replicas: self.deployment.replicas,
            max_replicas: self.deployment.replicas.saturating_add(self.limits.max_surge),
        }
    }

    fn scale_to(&mut self, index: usize, to: u32, reason: ScaleReason) {
        let from = self.spec_replicas(index);
        let annotations = self.count_annotations();
        self.writes.push(Write::ScaleReplicaSet { replica_set: index, from, to, annotations, reason });
    }

    /// Scales only if the size differs; stale annotations alone are left as they are.
    fn scale_lazily(&mut self, index: usize, to: u32, reason: ScaleReason) -> bool {
        let differs = self.spec_replicas(index) != to;
        if differs {
            self.scale_to(index, to, reason);
        }
        differs
    }

    fn write_status(&mut self, status: DeploymentStatus) -> Result<(), Conflict> {
        if self.status_written {
            return Err(Conflict);
        }
        self.status_written = true;
        self.deployment.status = status;
        self.writes.push(Write::UpdateStatus { status, revision: self.deployment.revision });
        Ok(())
    }
}

/// Whether the ReplicaSet with the Deployment's template is created if it is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Create {
    Yes,
    No,
}

/// Reads an annotation that counts pods (`desired-replicas`, `max-replicas`).
///
/// # Errors
/// If it is no whole number from 0 to 2147483647. The controllers then behave as if the annotation were absent.
pub fn count_annotation(text: &str) -> Result<u32, CountAnnotationError> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CountAnnotationError::Syntax);
    }
    digits.parse::<i32>().map(i32::unsigned_abs).map_err(|_| CountAnnotationError::Range)
}

/// Cuts a time to whole seconds, as the API does with every time it stores.
pub const fn whole_second(ms: i64) -> i64 {
    ms - ms.rem_euclid(1000)
}

impl DeploymentState {
    /// The deadline in milliseconds, if there is one.
    pub fn progress_deadline_ms(&self) -> Option<i64> {
        self.progress_deadline_seconds.filter(|seconds| *seconds != NO_LIMIT).map(|seconds| i64::from(seconds) * 1000)
    }
}

impl ConditionReason {
    const ALL: [(Self, &'static str); 12] = [
        (Self::NewReplicaSetCreated, "NewReplicaSetCreated"),
        (Self::FoundNewReplicaSet, "FoundNewReplicaSet"),
        (Self::ReplicaSetUpdated, "ReplicaSetUpdated"),
        (Self::NewReplicaSetAvailable, "NewReplicaSetAvailable"),
        (Self::ProgressDeadlineExceeded, "ProgressDeadlineExceeded"),
        (Self::DeploymentPaused, "DeploymentPaused"),
        (Self::DeploymentResumed, "DeploymentResumed"),
        (Self::ReplicaSetCreateError, "ReplicaSetCreateError"),
        (Self::MinimumReplicasAvailable, "MinimumReplicasAvailable"),
        (Self::MinimumReplicasUnavailable, "MinimumReplicasUnavailable"),
        (Self::FailedCreate, "FailedCreate"),
        (Self::FailedDelete, "FailedDelete"),
    ];

    /// The word Kubernetes writes.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(reason, _)| *reason == self).map_or("", |(_, word)| word)
    }
}

impl From<&str> for ConditionReason {
    fn from(word: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == word).map_or(Self::Other, |(reason, _)| *reason)
    }
}

impl fmt::Display for ConditionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for ConditionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        })
    }
}

impl FromStr for ConditionStatus {
    type Err = std::convert::Infallible;

    /// Anything but `True` and `False` is unknown.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "True" => Self::True,
            "False" => Self::False,
            _ => Self::Unknown,
        })
    }
}
