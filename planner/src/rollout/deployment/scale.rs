//! Scaling in proportion: when `spec.replicas` changes in the middle of a rollout, or while the Deployment is paused.

use super::{CountAnnotations, ReplicaSetState, ScaleReason, Sync};
use crate::strategy::Strategy;

impl Sync<'_> {
    /// `isScalingEvent`: some active ReplicaSet was last scaled for another `spec.replicas`.
    pub(super) fn is_scaling_event(&self) -> bool {
        self.replica_sets.iter().any(|replica_set| {
            replica_set.spec_replicas > 0
                && replica_set.desired_replicas.is_some_and(|desired| desired != self.deployment.replicas)
        })
    }

    /// `scale`.
    pub(super) fn scale(&mut self) {
        if self.replica_sets.is_empty() {
            return;
        }
        let replicas = self.deployment.replicas;
        let mut active = (0..self.replica_sets.len()).filter(|index| self.replica_sets[*index].spec_replicas > 0);
        match (active.next(), active.next()) {
            (None, _) => {
                let newest_old = self.replica_sets.len() - 1;
                self.scale_lazily(self.new.unwrap_or(newest_old), replicas, ScaleReason::Resize);
            }
            (Some(only), None) => {
                self.scale_lazily(only, replicas, ScaleReason::Resize);
            }
            (Some(_), Some(_)) if self.new_is_saturated() => {
                for old in 0..self.replica_sets.len() {
                    if self.is_active_old(old) {
                        self.scale_lazily(old, 0, ScaleReason::Saturated);
                    }
                }
            }
            (Some(_), Some(_)) => {
                if matches!(self.deployment.strategy, Strategy::RollingUpdate { .. }) {
                    self.scale_proportionally();
                }
            }
        }
    }

    fn new_is_saturated(&self) -> bool {
        self.new.is_some_and(|new| {
            let new = &self.replica_sets[new];
            let replicas = self.deployment.replicas;
            new.spec_replicas == replicas && new.desired_replicas == Some(replicas) && new.status.available == replicas
        })
    }

    fn scale_proportionally(&mut self) {
        let replicas = i64::from(self.deployment.replicas);
        let allowed = if replicas > 0 { replicas + i64::from(self.limits.max_surge) } else { 0 };
        let to_add = allowed - i64::from(self.total_spec_replicas());

        // Positions in the slice are positions in time: ties go to the newer one when growing, to the older one when shrinking.
        let mut sizes: Vec<(usize, i64)> = Vec::with_capacity(self.replica_sets.len());
        sizes.extend(
            (self.replica_sets.iter().enumerate())
                .filter(|(_, replica_set)| replica_set.spec_replicas > 0)
                .map(|(index, replica_set)| (index, i64::from(replica_set.spec_replicas))),
        );
        if to_add > 0 {
            sizes.sort_unstable_by_key(|(index, size)| std::cmp::Reverse((*size, *index)));
        } else if to_add < 0 {
            sizes.sort_unstable_by_key(|(index, size)| (std::cmp::Reverse(*size), *index));
        } else {
            // Old ones newest first, then the new one.
            sizes.sort_unstable_by_key(|(index, _)| (!self.is_old(*index), std::cmp::Reverse(*index)));
        }

        let mut added = 0;
        for (index, size) in &mut sizes {
            let share = proportion(self.fraction(&self.replica_sets[*index]), to_add, added);
            *size += share;
            added += share;
        }
        if let Some((_, largest)) = sizes.first_mut() {
            *largest = (*largest + to_add - added).max(0);
        }
        let annotations = self.count_annotations();
        for (index, size) in sizes {
            let to = u32::try_from(size).unwrap_or(0);
            let replica_set = &self.replica_sets[index];
            if annotations_need_update(replica_set, annotations) || replica_set.spec_replicas != to {
                self.scale_to(index, to, ScaleReason::Proportional);
            }
        }
    }

    /// `getReplicaSetFraction`: how much this ReplicaSet would grow if all kept their share.
    pub(super) fn fraction(&self, replica_set: &ReplicaSetState) -> i64 {
        let spec = i64::from(replica_set.spec_replicas);
        if self.deployment.replicas == 0 {
            return -spec;
        }
        let max_now = i64::from(self.deployment.replicas) + i64::from(self.limits.max_surge);
        let annotated = replica_set.max_replicas.filter(|max| *max > 0);
        let max_before = i64::from(annotated.unwrap_or(self.deployment.status.replicas));
        if max_before == 0 {
            return 0;
        }
        // Rounded half up; both are positive. The same for every size a Deployment can have as the float64 of upstream.
        (2 * spec * max_now + max_before) / (2 * max_before) - spec
    }
}

/// `ReplicasAnnotationsNeedUpdate`.
pub(super) fn annotations_need_update(replica_set: &ReplicaSetState, annotations: CountAnnotations) -> bool {
    replica_set.desired_replicas != Some(annotations.desired_replicas)
        || replica_set.max_replicas != Some(annotations.max_replicas)
}

/// `GetReplicaSetProportion`: the share of one ReplicaSet, never beyond what is left to add or remove.
pub(super) fn proportion(fraction: i64, to_add: i64, added: i64) -> i64 {
    let left = to_add - added;
    if to_add == 0 || left == 0 {
        0
    } else if to_add > 0 {
        fraction.min(left)
    } else {
        fraction.max(left)
    }
}
