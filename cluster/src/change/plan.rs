//! A plan: everything about one hop that can be read, put together as a document.

use planner::hop::{Binding, HopRequest};
use planner::plan::{PlanFacts, UpgradePlan, make};
use planner::strategy::Strategy;
use planner::tenant::TenantId;
use planner::version::KubernetesVersion;

use super::{ChangeError, Changes};
use crate::identity::Identity;

impl Changes {
    /// Makes the plan of a hop, without writing anything. `strategy`: the one to write; `None` keeps what is declared.
    ///
    /// # Errors
    /// As [`Changes::judge_all`].
    #[tracing::instrument(skip_all, fields(user = identity.user, %tenant, %version))]
    pub async fn plan(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        version: &KubernetesVersion,
        strategy: Option<Strategy>,
    ) -> Result<UpgradePlan, ChangeError> {
        let seen = self.observer.tenant(identity, tenant).ok_or(ChangeError::NotFound)?.borrow().clone();
        let request = HopRequest {
            tenant: tenant.clone(),
            binding: Binding::of(&seen),
            version: version.clone(),
            strategy,
            acknowledged: Vec::new(),
            typed_name: None,
            despite: None,
        };
        let judged = self.judge_all(identity, &request).await?;
        let operator = self.operator_knowledge().await;
        let made_at = (self.clock)();
        Ok(make(&PlanFacts {
            snapshot: &judged.dry_run.snapshot,
            version,
            strategy,
            operator: &operator,
            releases: &self.releases,
            evidence: &judged.evidence,
            today: super::day(made_at),
            made_at,
        }))
    }
}
