//! Which ReplicaSet is the new one, its revision, and the history.

use super::{Condition, ConditionReason, ConditionStatus, Conflict, Create, NO_LIMIT, Sync, Write};

impl Sync<'_> {
    /// `getAllReplicaSetsAndSyncRevision`: brings the new ReplicaSet's and the Deployment's revision up to date, and creates
    /// the ReplicaSet if asked to.
    pub(super) fn sync_revision(&mut self, create: Create) -> Result<(), Conflict> {
        let next_revision = self.max_old_revision() + 1;
        match self.new {
            Some(new) => self.sync_existing(new, next_revision),
            None if create == Create::Yes && self.created.is_none() => self.create_new(next_revision),
            None => Ok(()),
        }
    }

    fn sync_existing(&mut self, new: usize, next_revision: u64) -> Result<(), Conflict> {
        let replica_set = &self.replica_sets[new];
        let revision = replica_set.revision.unwrap_or(0).max(next_revision);
        let outdated = replica_set.revision != Some(revision)
            || replica_set.inherited_annotations_differ
            || replica_set.min_ready_seconds != self.deployment.min_ready_seconds;
        if outdated {
            // A sync that looks twice (scaling event, then rollout) reads the same stale copy twice.
            if self.writes[self.first_write..].iter().any(|write| matches!(write, Write::UpdateReplicaSet { .. })) {
                return Err(Conflict);
            }
            self.writes.push(Write::UpdateReplicaSet {
                replica_set: new,
                revision,
                min_ready_seconds: self.deployment.min_ready_seconds,
            });
            return Ok(());
        }
        let mut needs_update = self.deployment.revision != Some(revision);
        self.deployment.revision = Some(revision);
        let mut status = self.deployment.status;
        if self.deployment.progress_deadline_ms().is_some() && status.progressing.is_none() {
            self.set_progressing(&mut status, ConditionStatus::True, ConditionReason::FoundNewReplicaSet);
            needs_update = true;
        }
        if needs_update { self.write_status(status) } else { Ok(()) }
    }

    fn create_new(&mut self, revision: u64) -> Result<(), Conflict> {
        let replicas = self.new_replica_set_size(0);
        let annotations = self.count_annotations();
        self.writes.push(Write::CreateReplicaSet { replicas, revision, annotations });
        self.created = Some(replicas);
        let mut needs_update = self.deployment.revision != Some(revision);
        self.deployment.revision = Some(revision);
        let mut status = self.deployment.status;
        if self.deployment.progress_deadline_ms().is_some() {
            self.set_progressing(&mut status, ConditionStatus::True, ConditionReason::NewReplicaSetCreated);
            needs_update = true;
        }
        if needs_update { self.write_status(status) } else { Ok(()) }
    }

    fn max_old_revision(&self) -> u64 {
        let old = (0..self.replica_sets.len()).filter(|index| self.is_old(*index));
        old.filter_map(|index| self.replica_sets[index].revision).max().unwrap_or(0)
    }

    /// `cleanupDeployment`: deletes the oldest revisions beyond the history limit, if they have no pods.
    pub(super) fn clean_up_history(&mut self) {
        let Some(limit) = self.deployment.revision_history_limit.filter(|limit| *limit != NO_LIMIT) else {
            return;
        };
        let old = |index: &usize| self.is_old(*index) && !self.replica_sets[*index].deleting;
        let count = (0..self.replica_sets.len()).filter(old).count();
        let excess = count.saturating_sub(limit as usize);
        if excess == 0 {
            return;
        }
        let mut by_revision: Vec<usize> = (0..self.replica_sets.len()).filter(old).collect();
        // Equal revisions stay in order of creation: the sort is stable.
        by_revision.sort_by_key(|index| self.replica_sets[*index].revision.unwrap_or(0));
        for index in by_revision.into_iter().take(excess) {
            let replica_set = &self.replica_sets[index];
            let idle = replica_set.status.replicas == 0
                && replica_set.spec_replicas == 0
                && replica_set.generation <= replica_set.status.observed_generation;
            if idle {
                self.writes.push(Write::DeleteReplicaSet { replica_set: index });
            }
        }
    }

    /// `SetDeploymentCondition`: a condition of equal status and reason is left untouched, times included.
    pub(super) fn set_progressing(
        &self,
        status: &mut super::DeploymentStatus,
        value: ConditionStatus,
        reason: ConditionReason,
    ) {
        set_condition(&mut status.progressing, value, reason, self.now_ms);
    }
}

pub(super) fn set_condition(
    slot: &mut Option<Condition>,
    status: ConditionStatus,
    reason: ConditionReason,
    now_ms: i64,
) {
    let now_ms = super::whole_second(now_ms);
    let last_transition_ms = match slot {
        Some(current) if current.status == status && current.reason == reason => return,
        Some(current) if current.status == status => current.last_transition_ms,
        _ => now_ms,
    };
    *slot = Some(Condition { status, reason, last_update_ms: now_ms, last_transition_ms });
}
