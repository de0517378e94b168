//! Status, conditions and the progress deadline.

use super::revision::set_condition;
use super::{
    Condition, ConditionReason, ConditionStatus, Conflict, DeploymentState, DeploymentStatus, Requeue, Sync,
    whole_second,
};
use crate::strategy::Strategy;

impl Sync<'_> {
    /// `checkPausedConditions`: a paused Deployment must not be reported as stuck.
    pub(super) fn check_paused_conditions(&mut self) -> Result<(), Conflict> {
        if self.deployment.progress_deadline_ms().is_none() {
            return Ok(());
        }
        let reason = self.deployment.status.progressing.map(|condition| condition.reason);
        if reason == Some(ConditionReason::ProgressDeadlineExceeded) {
            return Ok(());
        }
        let is_marked = reason == Some(ConditionReason::DeploymentPaused);
        let reason = match (self.deployment.paused, is_marked) {
            (true, false) => ConditionReason::DeploymentPaused,
            (false, true) => ConditionReason::DeploymentResumed,
            _ => return Ok(()),
        };
        let mut status = self.deployment.status;
        self.set_progressing(&mut status, ConditionStatus::Unknown, reason);
        self.write_status(status)
    }

    /// `syncDeploymentStatus`: counts only, progress is not judged.
    pub(super) fn sync_status(&mut self) -> Result<Requeue, Conflict> {
        let status = self.calculate_status();
        if status != self.deployment.status {
            self.write_status(status)?;
        }
        Ok(Requeue::Never)
    }

    /// `syncRolloutStatus`.
    pub(super) fn sync_rollout_status(&mut self) -> Result<Requeue, Conflict> {
        let mut status = self.calculate_status();
        let current = self.deployment.status.progressing;
        if self.deployment.progress_deadline_ms().is_some() {
            let done = status.replicas == status.updated
                && current.is_some_and(|condition| condition.reason == ConditionReason::NewReplicaSetAvailable);
            if !done {
                self.judge_progress(&mut status, current);
            }
        } else {
            status.progressing = None;
        }
        match self.replica_failure() {
            Some(failure) => {
                let unchanged = status
                    .replica_failure
                    .is_some_and(|condition| (condition.status, condition.reason) == (failure.status, failure.reason));
                if !unchanged {
                    status.replica_failure = Some(failure);
                }
            }
            None => status.replica_failure = None,
        }
        if status != self.deployment.status {
            self.write_status(status)?;
            return Ok(Requeue::Never);
        }
        Ok(match progress_deadline_check(&self.deployment, &status, self.now_ms) {
            DeadlineCheck::No => Requeue::Never,
            DeadlineCheck::Now => Requeue::RateLimited,
            DeadlineCheck::After(ms) => Requeue::After(ms + 1000),
        })
    }

    fn judge_progress(&self, status: &mut DeploymentStatus, current: Option<Condition>) {
        if complete(&self.deployment, status) {
            self.set_progressing(status, ConditionStatus::True, ConditionReason::NewReplicaSetAvailable);
        } else if progressing(&self.deployment.status, status) {
            // Unlike every other condition, the time moves on although status and reason may stay.
            let now_ms = whole_second(self.now_ms);
            let last_transition_ms = match current {
                Some(condition) if condition.status == ConditionStatus::True => condition.last_transition_ms,
                _ => now_ms,
            };
            status.progressing = Some(Condition {
                status: ConditionStatus::True,
                reason: ConditionReason::ReplicaSetUpdated,
                last_update_ms: now_ms,
                last_transition_ms,
            });
        } else if timed_out(&self.deployment, status, self.now_ms) {
            self.set_progressing(status, ConditionStatus::False, ConditionReason::ProgressDeadlineExceeded);
        }
    }

    /// `calculateStatus`: sums over ReplicaSets as they were read, not as this sync has just scaled them.
    pub(super) fn calculate_status(&self) -> DeploymentStatus {
        let mut status = DeploymentStatus {
            observed_generation: self.deployment.generation,
            replicas: 0,
            updated: self.new.map_or(0, |new| self.replica_sets[new].status.replicas),
            ready: 0,
            available: 0,
            terminating: Some(0),
            ..self.deployment.status
        };
        for replica_set in self.replica_sets {
            let counts = &replica_set.status;
            status.replicas += counts.replicas;
            status.ready += counts.ready;
            status.available += counts.available;
            status.terminating = match (status.terminating, counts.terminating) {
                (Some(sum), Some(count)) => Some(sum + count),
                // Not yet looked at by the ReplicaSet controller: it cannot have terminating pods.
                (sum, None) if counts.observed_generation == 0 => sum,
                _ => None,
            };
        }
        status.unavailable = self.total_spec_replicas().saturating_sub(status.available);
        let (value, reason) = if status.available >= self.minimum_for_condition() {
            (ConditionStatus::True, ConditionReason::MinimumReplicasAvailable)
        } else {
            (ConditionStatus::False, ConditionReason::MinimumReplicasUnavailable)
        };
        set_condition(&mut status.minimum_available, value, reason, self.now_ms);
        status
    }

    /// `replicas - MaxUnavailable`. For Recreate, whose MaxUnavailable is 0, that is all of them, unlike its MinAvailable of 0.
    fn minimum_for_condition(&self) -> u32 {
        match self.deployment.strategy {
            Strategy::Recreate => self.deployment.replicas,
            Strategy::RollingUpdate { .. } => self.limits.min_available,
        }
    }

    /// The new ReplicaSet's failure, else the oldest other one's.
    fn replica_failure(&self) -> Option<Condition> {
        let new = self.new.and_then(|new| self.replica_sets[new].status.failure);
        let any = || self.replica_sets.iter().find_map(|replica_set| replica_set.status.failure);
        new.or_else(any).map(|failure| Condition {
            status: ConditionStatus::True,
            reason: failure.reason,
            last_update_ms: failure.since_ms,
            last_transition_ms: failure.since_ms,
        })
    }
}

/// When a Deployment that makes no progress must be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadlineCheck {
    /// Not needed.
    No,
    /// At once, rate limited.
    Now,
    /// This many milliseconds are left. The controller waits one second more.
    After(i64),
}

/// `DeploymentComplete`: every pod is updated and available, and nothing else is left but terminating pods.
pub fn complete(deployment: &DeploymentState, status: &DeploymentStatus) -> bool {
    status.updated == deployment.replicas
        && status.replicas == deployment.replicas
        && status.available == deployment.replicas
        && status.observed_generation >= deployment.generation
}

/// `DeploymentProgressing`: some count moved in the right direction.
pub fn progressing(before: &DeploymentStatus, after: &DeploymentStatus) -> bool {
    let outdated = |status: &DeploymentStatus| i64::from(status.replicas) - i64::from(status.updated);
    after.updated > before.updated
        || outdated(after) < outdated(before)
        || after.ready > before.ready
        || after.available > before.available
}

/// `DeploymentTimedOut`: the last progress is longer ago than the deadline allows.
pub fn timed_out(deployment: &DeploymentState, status: &DeploymentStatus, now_ms: i64) -> bool {
    let (Some(deadline_ms), Some(condition)) = (deployment.progress_deadline_ms(), status.progressing) else {
        return false;
    };
    match condition.reason {
        ConditionReason::NewReplicaSetAvailable => false,
        ConditionReason::ProgressDeadlineExceeded => true,
        _ => condition.last_update_ms + deadline_ms < now_ms,
    }
}

/// `requeueStuckDeployment`: when to look again whether the deadline has passed.
pub fn progress_deadline_check(deployment: &DeploymentState, status: &DeploymentStatus, now_ms: i64) -> DeadlineCheck {
    let (Some(deadline_ms), Some(condition)) = (deployment.progress_deadline_ms(), deployment.status.progressing)
    else {
        return DeadlineCheck::No;
    };
    if complete(deployment, status) || condition.reason == ConditionReason::ProgressDeadlineExceeded {
        return DeadlineCheck::No;
    }
    match condition.last_update_ms + deadline_ms - now_ms {
        left if left < 1000 => DeadlineCheck::Now,
        left => DeadlineCheck::After(left),
    }
}
