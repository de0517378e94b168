//! What is read of a hop beyond the tenant's own objects: the other tenants of its DataStore, the room on the nodes, and the
//! tenant's own API.

use planner::finding::Finding;
use planner::hop::{HopKind, HopRequest};
use planner::lab::LabInput;
use planner::placement::QuotaUse;
use planner::plan::{Counted, DryRunFact, Evidence, Neighbours, RoomFact};
use planner::stage::is_settled;
use planner::strategy::Strategy;
use planner::tenant::TenantSnapshot;
use planner::tenant_api::{self, TenantApi};

use super::{ChangeError, Changes, DryRun, DryRunAnswer};
use crate::identity::{Identity, Visibility};
use crate::room::RoomReading;

/// A hop with everything that speaks for and against it.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Judged {
    /// What would be written, and what the API server says to it.
    pub dry_run: DryRun,
    /// What was read beside it.
    pub evidence: Evidence,
}

/// What was read beside the tenant's own objects.
pub(super) struct Beside {
    /// The nodes and everything on them.
    pub(super) room: Result<RoomReading, String>,
    /// What the tenant's own API told.
    pub(super) tenant: TenantApi,
}

impl Judged {
    /// What the evidence adds to the preflight of the snapshot.
    pub fn found(&self, request: &HopRequest) -> Vec<Finding> {
        let DryRun { snapshot, preflight, .. } = &self.dry_run;
        let strategy = request.strategy.or_else(|| snapshot.strategy.under_kamaji().ok());
        let all = preflight.clone().and(self.evidence.findings(snapshot, strategy));
        all.findings.into_iter().filter(|finding| !preflight.findings.contains(finding)).collect()
    }
}

impl Changes {
    /// Judges a hop by everything that can be read, and lets the API server judge it too, without writing anything.
    ///
    /// The tenant and its own API are read and the change tried as the person; nodes and other pods are read with the console's
    /// own rights, and leave it as sums and verdicts only.
    ///
    /// # Errors
    /// If the tenant cannot be read. Whatever else cannot be read is a finding.
    #[tracing::instrument(skip_all, fields(user = identity.user, tenant = %request.tenant, version = %request.version))]
    pub async fn judge_all(&self, identity: &Identity, request: &HopRequest) -> Result<Judged, ChangeError> {
        Ok(self.judged_with_room(identity, request).await?.0)
    }

    /// The same with the room that was read for it.
    pub(super) async fn judged_with_room(
        &self,
        identity: &Identity,
        request: &HopRequest,
    ) -> Result<(Judged, Result<RoomReading, String>), ChangeError> {
        if !identity.may_see(&request.tenant) {
            return Err(ChangeError::NotFound);
        }
        // On the heap: together they are more than a thread's stack should hold.
        let (dry_run, room, tenant, owner) = tokio::join!(
            Box::pin(self.check(identity, request)),
            Box::pin(RoomReading::read(&self.client, &request.tenant)),
            Box::pin(self.tenants.ask(identity, &request.tenant, &request.version)),
            Box::pin(self.cluster_api(identity, &request.tenant, Some(&request.version))),
        );
        let dry_run = dry_run?;
        let answer = match &dry_run.answer {
            DryRunAnswer::Accepted { .. } => DryRunFact::Accepted,
            DryRunAnswer::Refused { words } => DryRunFact::Refused(words.clone()),
            DryRunAnswer::NotJudged { why } => DryRunFact::NotJudged(why.clone()),
        };
        let beside = Beside { room, tenant };
        let evidence = self.evidence(&dry_run.snapshot, request, dry_run.preflight.hop, &beside);
        // Without it the finding names the owner as the tenant does.
        let cluster_api = owner.ok().flatten().and_then(|view| view.advice);
        let evidence = Evidence { dry_run: answer, cluster_api, ..evidence };
        Ok((Judged { dry_run, evidence }, beside.room))
    }

    /// Whether this person may override what blocks a hop for others' sake: only who sees every tenant can weigh them.
    pub fn may_override(&self, identity: &Identity) -> bool {
        identity.sees == Visibility::All && self.counted() == Counted::Everywhere
    }

    /// Where a namespace is not looked into, or may not be, tenants may be that nobody counts.
    fn counted(&self) -> Counted {
        // A scope of the whole cluster has one watch on tenants, without which there is nothing to count.
        if self.observer.scope().is_whole_cluster() { Counted::Everywhere } else { Counted::SomeNamespaces }
    }

    /// What was read beside it says to a hop; the API server is not asked.
    pub(super) fn evidence(
        &self,
        snapshot: &TenantSnapshot,
        request: &HopRequest,
        hop: Option<HopKind>,
        beside: &Beside,
    ) -> Evidence {
        let others = self.every_tenant();
        Evidence {
            neighbours: Neighbours::of(snapshot, others.iter().map(AsRef::as_ref), self.counted()),
            room: room_fact(snapshot, request, hop, &beside.room),
            dry_run: DryRunFact::NotAsked,
            tenant: tenant_api::check(&beside.tenant, snapshot, &request.version, (self.clock)()),
            cluster_api: None,
        }
    }
}

/// What each strategy would use of the quotas of the namespace.
pub(super) fn quota_uses(
    snapshot: &TenantSnapshot,
    request: &HopRequest,
    hop: Option<HopKind>,
    room: &Result<RoomReading, String>,
) -> Vec<(Strategy, Vec<QuotaUse>)> {
    let strategy = request.strategy.or_else(|| snapshot.strategy.under_kamaji().ok());
    let input = LabInput::for_hop(snapshot, &request.version, hop.unwrap_or(HopKind::Patch));
    match (room, input.zip(strategy)) {
        (Ok(room), Some((input, strategy))) => {
            let input = LabInput { custom: Some(strategy), ..input };
            room.quota_uses(&input.scenario(strategy), &input.candidates())
        }
        (Ok(_) | Err(_), _) => Vec::new(),
    }
}

fn room_fact(
    snapshot: &TenantSnapshot,
    request: &HopRequest,
    hop: Option<HopKind>,
    room: &Result<RoomReading, String>,
) -> RoomFact {
    let Some(hop) = hop else { return RoomFact::NotAsked };
    let Some(input) = LabInput::for_hop(snapshot, &request.version, hop) else { return RoomFact::NotAsked };
    let Some(strategy) = request.strategy.or_else(|| snapshot.strategy.under_kamaji().ok()) else {
        return RoomFact::NotAsked;
    };
    match room {
        _ if !is_settled(snapshot) => RoomFact::while_replaced(),
        Ok(room) => room.judge(&input.scenario(strategy), &input.candidates()),
        Err(why) => RoomFact::NotChecked(why.clone()),
    }
}
