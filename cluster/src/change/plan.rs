//! A plan: everything about one hop that can be read, put together as a document.

use planner::hop::{Binding, HopKind, HopRequest};
use planner::lab::LabInput;
use planner::plan::{DryRunFact, Neighbours, PlanFacts, RoomFact, UpgradePlan, make};
use planner::strategy::Strategy;
use planner::tenant::TenantId;
use planner::version::KubernetesVersion;

use super::{ChangeError, Changes, DryRunAnswer};
use crate::identity::Identity;
use crate::room::RoomReading;

impl Changes {
    /// Makes the plan of a hop, without writing anything. `strategy`: the one to write; `None` keeps what is declared.
    ///
    /// The tenant and its own API are read and the change tried as the person; nodes and other pods are read with the console's own
    /// rights, and leave it as sums and verdicts only.
    ///
    /// # Errors
    /// If the tenant cannot be read. Whatever else cannot be read stands in the plan.
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
        };
        // On the heap: together they are more than a thread's stack should hold.
        let (checked, room, tenant_api) = tokio::join!(
            Box::pin(self.check(identity, &request)),
            Box::pin(RoomReading::read(&self.client, tenant)),
            Box::pin(self.tenants.ask(identity, tenant, version)),
        );
        let checked = checked?;
        let snapshot = &*checked.snapshot;
        let input = LabInput::for_hop(snapshot, version, checked.preflight.hop.unwrap_or(HopKind::Patch));
        let wanted = strategy.or_else(|| snapshot.strategy.under_kamaji().ok());
        let room = match (room, input.zip(wanted)) {
            (Err(why), _) => RoomFact::NotChecked(why),
            (Ok(_), None) => RoomFact::NotChecked("nothing would roll out".to_owned()),
            (Ok(room), Some((input, strategy))) => room.judge(&input.scenario(strategy), &input.candidates()),
        };
        let others = self.observer.every_tenant();
        let operator = self.operator_knowledge().await;
        let made_at = (self.clock)();
        Ok(make(&PlanFacts {
            snapshot,
            version,
            strategy,
            operator: &operator,
            releases: &self.releases,
            neighbours: Neighbours::of(snapshot, others.iter().map(AsRef::as_ref)),
            room,
            dry_run: match checked.answer {
                DryRunAnswer::Accepted { .. } => DryRunFact::Accepted,
                DryRunAnswer::Refused { words } => DryRunFact::Refused(words),
                DryRunAnswer::NotJudged { why } => DryRunFact::NotJudged(why),
            },
            tenant_api: &tenant_api,
            today: super::day(made_at),
            made_at,
        }))
    }
}
