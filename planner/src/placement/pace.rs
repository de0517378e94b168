//! What the controllers do at each rest of a rollout, in numbers of pods: how many new ones are asked for and created, how many
//! old ones are asked to terminate.
//!
//! The film says when; this says what follows once a pod has had to wait, because then the film's times hold no longer. Old
//! pods are taken as ready, new ones become ready once they have a node.

use super::quota::{QuotaRefusal, QuotaRoom};
use crate::rollout::Scenario;
use crate::strategy::Strategy;

/// How a strategy paces a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    replicas: u32,
    max_surge: u32,
    min_available: u32,
    /// New pods are only created once no old one exists.
    after_all_old: bool,
}

/// How far a rollout is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Progress {
    /// Old pods that are not terminating.
    pub(super) old: u32,
    /// Old pods that are terminating.
    pub(super) leaving: u32,
    /// Old pods that are gone.
    pub(super) gone: u32,
    /// `spec.replicas` of the new ReplicaSet.
    pub(super) asked: u32,
    /// New pods that exist.
    pub(super) created: u32,
    /// New pods that have a node.
    pub(super) placed: u32,
    /// New pods that are ready.
    pub(super) ready: u32,
}

impl Pace {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let limits = scenario.strategy.limits(scenario.replicas);
        Self {
            replicas: scenario.replicas,
            max_surge: limits.max_surge,
            min_available: limits.min_available,
            after_all_old: scenario.strategy == Strategy::Recreate,
        }
    }

    /// Lets both controllers act until they rest (`NewRSNewReplicas`, `reconcileOldReplicaSets`, `manageReplicas`). Gives how
    /// many old pods are asked to terminate by it; they are taken off [`Progress::old`] already.
    pub(super) fn settle(&self, progress: &mut Progress, quota: &QuotaRoom) -> u32 {
        let before = progress.old;
        if self.after_all_old {
            progress.leaving += std::mem::take(&mut progress.old);
            if progress.leaving == 0 {
                progress.asked = self.replicas;
            }
        } else {
            let most = self.replicas.saturating_add(self.max_surge);
            let free = most.saturating_sub(progress.old + progress.asked);
            progress.asked += free.min(self.replicas.saturating_sub(progress.asked));
            let spare = (progress.old + progress.ready).saturating_sub(self.min_available).min(progress.old);
            progress.old -= spare;
            progress.leaving += spare;
        }
        while progress.created < progress.asked && quota.refusal(progress.created + 1, progress.gone).is_none() {
            progress.created += 1;
        }
        before - progress.old
    }

    /// Whether all is done.
    pub(super) fn is_finished(&self, progress: &Progress) -> bool {
        progress.old == 0 && progress.leaving == 0 && progress.ready >= self.replicas
    }
}

impl Progress {
    /// New pods that exist and wait for a node.
    pub(super) fn waiting(&self) -> u32 {
        self.created.saturating_sub(self.placed)
    }

    /// What keeps the next new pod from being created.
    pub(super) fn refusal(&self, quota: &QuotaRoom) -> Option<QuotaRefusal> {
        (self.created < self.asked).then(|| quota.refusal(self.created + 1, self.gone)).flatten()
    }
}
