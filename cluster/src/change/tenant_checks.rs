//! What a tenant's own API says to a hop, for a page that shows it part by part.

use planner::tenant::TenantId;
use planner::tenant_api::{Checked, Part, check};
use planner::version::KubernetesVersion;

use super::{ChangeError, Changes};
use crate::identity::Identity;

impl Changes {
    /// Checks a hop to `version` by the tenant's own API, all parts at once. Nothing is written.
    ///
    /// # Errors
    /// If there is no such tenant for this person. Whatever could not be asked stands in the answer.
    pub async fn tenant_checks(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        version: &KubernetesVersion,
    ) -> Result<Vec<Checked>, ChangeError> {
        let snapshot = self.observer.tenant(identity, tenant).ok_or(ChangeError::NotFound)?.borrow().clone();
        let api = self.tenants.ask(identity, tenant, version).await;
        Ok(check(&api, &snapshot, version, (self.clock)()))
    }

    /// Checks one part again.
    ///
    /// # Errors
    /// If there is no such tenant for this person.
    pub async fn tenant_check(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        version: &KubernetesVersion,
        part: Part,
    ) -> Result<Checked, ChangeError> {
        let snapshot = self.observer.tenant(identity, tenant).ok_or(ChangeError::NotFound)?.borrow().clone();
        Ok(self.tenants.check_again(identity, &snapshot, version, part).await)
    }
}
