//! A plan: everything about one hop that can be read, put together as a document.

use planner::cost::Prices;
use planner::datastore::DataStoreLoad;
use planner::finding::Override;
use planner::hop::{Binding, HopKind, HopRequest};
use planner::lab::LabInput;
use planner::plan::{CostFacts, DryRunFact, Neighbours, PlanFacts, RoomFact, UpgradePlan, make};
use planner::strategy::Strategy;
use planner::tenant::{DataStoreFacts, PodRequests, TenantId, TenantSnapshot};
use planner::version::KubernetesVersion;

use super::{ChangeError, Changes, DryRunAnswer};
use crate::identity::Identity;
use crate::room::RoomReading;
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
    /// Findings that somebody takes upon themselves.
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
        };
        let (checked, room, usage, data_store) = tokio::join!(
            self.check(identity, &request),
            RoomReading::read(&self.client, tenant),
            usage::read(&self.client, tenant, &seen),
            self.data_store(&seen),
        );
        let checked = checked?;
        let snapshot = &*checked.snapshot;
        let wanted = strategy.or_else(|| snapshot.strategy.under_kamaji().ok());
        let input = LabInput::for_hop(snapshot, version, checked.preflight.hop.unwrap_or(HopKind::Patch));
        let input = input.map(|input| LabInput { custom: wanted.or(input.custom), ..input });
        let quotas = match (&room, input.as_ref().zip(wanted)) {
            (Ok(room), Some((input, strategy))) => room.quota_uses(&input.scenario(strategy), &input.candidates()),
            (Ok(_) | Err(_), _) => Vec::new(),
        };
        let room = match (room, input.zip(wanted)) {
            (Err(why), _) => RoomFact::NotChecked(why),
            (Ok(_), None) => RoomFact::NotChecked("nothing would roll out".to_owned()),
            (Ok(room), Some((input, strategy))) => room.judge(&input.scenario(strategy), &input.candidates()),
        };
        let others = self.observer.every_tenant();
        let everyone = || others.iter().map(AsRef::as_ref);
        let costs = CostFacts {
            usage,
            assumed: options.assumed,
            prices: options.prices.clone(),
            quotas,
            data_store: DataStoreLoad::of(snapshot, everyone(), &data_store, options.data_store_limit),
            overrides: options.overrides.clone(),
        };
        let operator = self.operator_knowledge().await;
        let made_at = (self.clock)();
        Ok(make(&PlanFacts {
            snapshot,
            version,
            strategy,
            operator: &operator,
            releases: &self.releases,
            neighbours: Neighbours::of(snapshot, everyone()),
            room,
            costs,
            dry_run: match checked.answer {
                DryRunAnswer::Accepted { .. } => DryRunFact::Accepted,
                DryRunAnswer::Refused { words } => DryRunFact::Refused(words),
                DryRunAnswer::NotJudged { why } => DryRunFact::NotJudged(why),
            },
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
