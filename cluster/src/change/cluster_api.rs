//! Tenants that Cluster API owns: its objects, and the change to make there. Nothing is written.

use planner::cluster_api::{Advice, ClusterApiFacts, advise, proposed};
use planner::tenant::{Owner, TenantId, TenantSnapshot};
use planner::version::KubernetesVersion;

use super::{ChangeError, Changes, day};
use crate::cluster_api::{Named, read};
use crate::identity::Identity;

/// What Cluster API has of a tenant, and what to change there.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct ClusterApiView {
    /// The objects.
    pub facts: ClusterApiFacts,
    /// How to bring the tenant to the version that was asked for, else to the one that comes next; `None` if neither is one.
    pub advice: Option<Advice>,
}

impl Changes {
    /// Reads the objects of Cluster API around a tenant, as the person, and says which of them to change to bring it to `to`
    /// (without one: to where it goes next). `None` if Cluster API does not own the tenant.
    ///
    /// # Errors
    /// If there is no such tenant for this person. Whatever could not be read stands in the answer.
    #[tracing::instrument(skip_all, fields(user = identity.user, %tenant))]
    pub async fn cluster_api(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        to: Option<&KubernetesVersion>,
    ) -> Result<Option<ClusterApiView>, ChangeError> {
        let snapshot = self.observer.tenant(identity, tenant).ok_or(ChangeError::NotFound)?.borrow().clone();
        let Some(facts) = self.cluster_api_facts(identity, &snapshot).await? else { return Ok(None) };
        let operator = self.operator_knowledge().await;
        let advice = match to {
            Some(to) => Some(advise(&facts, &snapshot, to, &operator)),
            None => proposed(&facts, &snapshot, &operator, &self.releases, day((self.clock)())),
        };
        Ok(Some(ClusterApiView { facts, advice }))
    }

    /// The objects; `None` if Cluster API does not own the tenant.
    pub(super) async fn cluster_api_facts(
        &self,
        identity: &Identity,
        snapshot: &TenantSnapshot,
    ) -> Result<Option<ClusterApiFacts>, ChangeError> {
        let owner = snapshot.owners.iter().find_map(|owner| match owner {
            Owner::ClusterApi { control_plane, cluster } => Some(Named { control_plane, cluster: cluster.as_deref() }),
            Owner::Git { .. } => None,
        });
        let Some(named) = owner else { return Ok(None) };
        let person = self.client_of(identity)?;
        Ok(Some(Box::pin(read(&person, &snapshot.id, &named, (self.clock)())).await))
    }
}
