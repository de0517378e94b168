//! How far the workers of a list of tenants are.

use std::collections::BTreeSet;

use cluster::Identity;
use planner::tenant::{DeclaredVersion, TenantId};
use planner::version::KubernetesVersion;
use planner::workers::{Remaining, workers_follow};

use super::{Backend, Request};
use crate::error::ConsoleError;
use crate::fleet::workers::{ASKED_TOGETHER, RowWorkers};

impl Backend {
    /// What is to be said of the workers of these tenants; one of which nothing is to be said is left out, and so is one that the
    /// person may not see. Of more than [`ASKED_TOGETHER`] the first are looked at.
    ///
    /// # Errors
    /// As [`Backend::fleet`]; whatever keeps a tenant's nodes from being seen is an answer.
    pub async fn fleet_workers(
        &self,
        identity: &Identity,
        tenants: &[TenantId],
    ) -> Result<Vec<RowWorkers>, ConsoleError> {
        self.listed()?;
        // A recording has no tenants that could be asked.
        let Some(changes) = &self.changes else { return Ok(Vec::new()) };
        let asked: BTreeSet<&TenantId> = tenants.iter().take(ASKED_TOGETHER).collect();
        let following = |id: &TenantId| -> Option<(DeclaredVersion, (TenantId, KubernetesVersion))> {
            let snapshot = self.observer.tenant(identity, id)?.borrow().clone();
            Some((snapshot.desired_version.clone(), (id.clone(), workers_follow(&snapshot)?)))
        };
        let (declared, wanted): (Vec<_>, Vec<_>) = asked.into_iter().filter_map(following).unzip();
        let told = changes.tenants().count_workers(identity, &wanted).await;
        let said = declared.into_iter().zip(wanted).zip(told).filter_map(|((wanted, (id, _)), told)| {
            Remaining::of(&told).map(|remaining| RowWorkers { id, wanted, remaining })
        });
        Ok(said.collect())
    }
}

impl Request {
    /// As [`Backend::fleet_workers`].
    pub(crate) async fn fleet_workers(&self, tenants: &[TenantId]) -> Result<Vec<RowWorkers>, ConsoleError> {
        self.backend.fleet_workers(&self.identity, tenants).await
    }
}
