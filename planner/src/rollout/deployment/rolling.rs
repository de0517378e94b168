//! The rolling step: grow the new ReplicaSet, or shrink the old ones. One kind of write a sync.

use super::{Conflict, Create, Requeue, ScaleReason, Sync, complete};
use crate::strategy::Strategy;

impl Sync<'_> {
    pub(super) fn rollout_rolling(&mut self) -> Result<Requeue, Conflict> {
        self.sync_revision(Create::Yes)?;
        let scaled = self.reconcile_new() || self.reconcile_old();
        if !scaled && complete(&self.deployment, &self.deployment.status) {
            self.clean_up_history();
        }
        self.sync_rollout_status()
    }

    /// `NewRSNewReplicas` for a new ReplicaSet that has `current` now.
    pub(super) fn new_replica_set_size(&self, current: u32) -> u32 {
        let replicas = self.deployment.replicas;
        match self.deployment.strategy {
            Strategy::Recreate => replicas,
            Strategy::RollingUpdate { .. } => {
                let allowed = replicas.saturating_add(self.limits.max_surge);
                let total = self.total_spec_replicas();
                if total >= allowed {
                    return current;
                }
                current + (allowed - total).min(replicas.saturating_sub(current))
            }
        }
    }

    /// `reconcileNewReplicaSet`.
    pub(super) fn reconcile_new(&mut self) -> bool {
        // A ReplicaSet made by this sync has its size already.
        let (Some(new), None) = (self.new, self.created) else {
            return false;
        };
        let current = self.replica_sets[new].spec_replicas;
        let replicas = self.deployment.replicas;
        if current == replicas {
            return false;
        }
        if current > replicas {
            return self.scale_lazily(new, replicas, ScaleReason::AboveReplicas);
        }
        let reason = ScaleReason::RoomToSurge {
            total: self.total_spec_replicas(),
            allowed: replicas.saturating_add(self.limits.max_surge),
        };
        self.scale_lazily(new, self.new_replica_set_size(current), reason)
    }

    /// `reconcileOldReplicaSets`.
    pub(super) fn reconcile_old(&mut self) -> bool {
        if !(0..self.replica_sets.len()).any(|index| self.is_active_old(index)) {
            return false;
        }
        let (new_spec, new_available) = match (self.created, self.new) {
            (Some(replicas), _) => (replicas, 0),
            (None, Some(new)) => (self.replica_sets[new].spec_replicas, self.replica_sets[new].status.available),
            (None, None) => (0, 0),
        };
        let new_unavailable = i64::from(new_spec) - i64::from(new_available);
        let max_scaled_down =
            i64::from(self.total_spec_replicas()) - i64::from(self.limits.min_available) - new_unavailable;
        if max_scaled_down <= 0 {
            return false;
        }
        let Some(cleaned) = self.clean_up_unhealthy(max_scaled_down) else {
            return false;
        };
        let scaled = self.scale_down_old();
        cleaned + scaled > 0
    }

    /// `cleanupUnhealthyReplicas`, oldest first. `None` if a count is stale (more available than asked for): the controller
    /// then gives up this step without an error.
    pub(super) fn clean_up_unhealthy(&mut self, limit: i64) -> Option<i64> {
        let mut total = 0;
        for index in 0..self.replica_sets.len() {
            if total >= limit {
                break;
            }
            if !self.is_active_old(index) {
                continue;
            }
            let spec = self.replica_sets[index].spec_replicas;
            let available = self.replica_sets[index].status.available;
            if spec == available {
                continue;
            }
            let unavailable = spec.checked_sub(available)?;
            let count = (limit - total).min(i64::from(unavailable));
            let to = spec - u32::try_from(count).unwrap_or(spec);
            let limit = u32::try_from(limit).unwrap_or(u32::MAX);
            self.scale_lazily(index, to, ScaleReason::Unhealthy { unavailable, limit });
            total += count;
        }
        Some(total)
    }

    /// `scaleDownOldReplicaSetsForRollingUpdate`, oldest first. Counts what is available now, not what was cleaned just before.
    pub(super) fn scale_down_old(&mut self) -> i64 {
        let available: u32 = self.replica_sets.iter().map(|replica_set| replica_set.status.available).sum();
        let minimum = self.limits.min_available;
        let Some(mut budget) = available.checked_sub(minimum).filter(|budget| *budget > 0) else {
            return 0;
        };
        let mut total = 0;
        for index in 0..self.replica_sets.len() {
            if budget == 0 {
                break;
            }
            let spec = self.spec_replicas(index);
            if !self.is_active_old(index) || spec == 0 {
                continue;
            }
            let count = spec.min(budget);
            self.scale_lazily(index, spec - count, ScaleReason::AboveMinimum { available, minimum });
            budget -= count;
            total += i64::from(count);
        }
        total
    }

    pub(super) fn is_active_old(&self, index: usize) -> bool {
        self.is_old(index) && self.replica_sets[index].spec_replicas > 0
    }
}
