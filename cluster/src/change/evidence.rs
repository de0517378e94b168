//! What is read of a hop beyond the tenant's own objects: the other tenants of its DataStore, and the room on the nodes.

use planner::finding::Finding;
use planner::hop::{HopKind, HopRequest};
use planner::lab::LabInput;
use planner::plan::{Counted, DryRunFact, Evidence, Neighbours, RoomFact};
use planner::stage::is_settled;
use planner::tenant::TenantSnapshot;

use super::{ChangeError, Changes, DryRun, DryRunAnswer};
use crate::identity::Identity;
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

impl Judged {
    /// What the evidence comes to.
    pub fn found(&self, request: &HopRequest) -> Vec<Finding> {
        let snapshot = &self.dry_run.snapshot;
        self.evidence.findings(snapshot, request.strategy.or_else(|| snapshot.strategy.under_kamaji().ok()))
    }
}

impl Changes {
    /// Judges a hop by everything that can be read, and lets the API server judge it too, without writing anything.
    ///
    /// The tenant is read and the change tried as the person; nodes and other pods are read with the console's own rights, and
    /// leave it as sums and verdicts only.
    ///
    /// # Errors
    /// If the tenant cannot be read. Whatever else cannot be read is a finding.
    #[tracing::instrument(skip_all, fields(user = identity.user, tenant = %request.tenant, version = %request.version))]
    pub async fn judge_all(&self, identity: &Identity, request: &HopRequest) -> Result<Judged, ChangeError> {
        if !identity.may_see(&request.tenant) {
            return Err(ChangeError::NotFound);
        }
        let (dry_run, room) =
            tokio::join!(self.check(identity, request), RoomReading::read(&self.client, &request.tenant));
        let dry_run = dry_run?;
        let answer = match &dry_run.answer {
            DryRunAnswer::Accepted { .. } => DryRunFact::Accepted,
            DryRunAnswer::Refused { words } => DryRunFact::Refused(words.clone()),
            DryRunAnswer::NotJudged { why } => DryRunFact::NotJudged(why.clone()),
        };
        let evidence =
            Evidence { dry_run: answer, ..self.evidence(&dry_run.snapshot, request, dry_run.preflight.hop, &room) };
        Ok(Judged { dry_run, evidence })
    }

    /// Where a namespace is not looked into, or may not be, tenants may be that nobody counts.
    fn counted(&self) -> Counted {
        // A scope of the whole cluster has one watch on tenants, without which there is nothing to count.
        if self.observer.scope().is_whole_cluster() { Counted::Everywhere } else { Counted::SomeNamespaces }
    }

    /// What the neighbours and the room say to a hop; the API server is not asked.
    pub(super) fn evidence(
        &self,
        snapshot: &TenantSnapshot,
        request: &HopRequest,
        hop: Option<HopKind>,
        room: &Result<RoomReading, String>,
    ) -> Evidence {
        let others = self.observer.every_tenant();
        Evidence {
            neighbours: Neighbours::of(snapshot, others.iter().map(AsRef::as_ref), self.counted()),
            room: room_fact(snapshot, request, hop, room),
            dry_run: DryRunFact::NotAsked,
        }
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
