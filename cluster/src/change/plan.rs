//! A plan: everything about one hop that can be read, put together as a document.

use planner::cost::Prices;
use planner::datastore::DataStoreLoad;
use planner::finding::Override;
use planner::hop::{Binding, HopRequest};
use planner::plan::{CostFacts, PlanFacts, UpgradePlan, make};
use planner::strategy::Strategy;
use planner::tenant::{DataStoreFacts, PodRequests, TenantId, TenantSnapshot};
use planner::version::KubernetesVersion;

use super::evidence::quota_uses;
use super::{ChangeError, Changes};
use crate::identity::Identity;
use crate::{data_store, usage};

/// What a plan may be told beside the hop.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// What CPU and memory cost.
    pub prices: Option<Prices>,
    /// What to assume of a pod where nothing else is known.
    pub assumed: PodRequests,
    /// How many connections the DataStore takes.
    pub data_store_limit: Option<u32>,
    /// Findings that somebody takes upon themselves; they count only if [`Changes::may_override`].
    pub overrides: Vec<Override>,
}

impl Changes {
    /// [`Changes::plan_with`] without being told anything.
    ///
    /// # Errors
    /// As there.
    pub async fn plan(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        version: &KubernetesVersion,
        strategy: Option<Strategy>,
    ) -> Result<UpgradePlan, ChangeError> {
        self.plan_with(identity, tenant, version, strategy, &PlanOptions::default()).await
    }

    /// Makes the plan of a hop, without writing anything. `strategy`: the one to write; `None` keeps what is declared.
    ///
    /// The tenant is read and the change tried as the person; nodes, other pods, usage and the DataStore are read with the
    /// console's own rights, and leave it as sums and verdicts only.
    ///
    /// # Errors
    /// If the tenant cannot be read. Whatever else cannot be read stands in the plan.
    #[tracing::instrument(skip_all, fields(user = identity.user, %tenant, %version))]
    pub async fn plan_with(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        version: &KubernetesVersion,
        strategy: Option<Strategy>,
        options: &PlanOptions,
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
        // On the heap: together they are more than a thread's stack should hold.
        let (judged, usage, data_store) = tokio::join!(
            Box::pin(self.judged_with_room(identity, &request)),
            usage::read(&self.client, tenant, &seen),
            self.data_store(&seen),
        );
        let (judged, room) = judged?;
        let snapshot = &*judged.dry_run.snapshot;
        let others = self.every_tenant();
        let everyone = others.iter().map(AsRef::as_ref);
        let costs = CostFacts {
            usage,
            assumed: options.assumed,
            prices: options.prices.clone(),
            quotas: quota_uses(snapshot, &request, judged.dry_run.preflight.hop, &room),
            data_store: DataStoreLoad::of(snapshot, everyone, &data_store, options.data_store_limit),
            overrides: options.overrides.clone(),
            may_override: self.may_override(identity),
        };
        let operator = self.operator_knowledge().await;
        let made_at = (self.clock)();
        Ok(make(&PlanFacts {
            snapshot,
            version,
            strategy,
            operator: &operator,
            releases: &self.releases,
            evidence: &judged.evidence,
            costs,
            today: super::day(made_at),
            made_at,
        }))
    }

    /// The DataStore that a tenant uses, or in words why it is not known.
    async fn data_store(&self, tenant: &TenantSnapshot) -> Result<DataStoreFacts, String> {
        match &tenant.data_store.used {
            Some(name) => data_store::read(&self.client, name).await,
            None => Err("the tenant uses none yet".to_owned()),
        }
    }
}
