//! Changes. The only place of the console that writes to a management cluster.
//!
//! A write of a tenant is always: fresh objects → `planner`'s verdict → server-side dry run → merge patch that names only the fields it
//! changes and carries `resourceVersion`. What a person agreed to is bound to the object's uid, its generation and the facts of
//! the verdict. On a conflict everything is read again, and it goes on only if the agreement still holds: Kamaji writes status
//! many times a second, so a conflict alone says nothing. The `resourceVersion` also makes it safe that kube's client repeats a
//! request whose answer was lost: what was written already cannot be written again.

mod answer;
mod cluster_api;
mod evidence;
mod fresh;
mod plan;
mod stored;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use planner::finding::Finding;
use planner::hop::{Binding, FactChange, HopRequest, Preflight, merge_patch, preflight, restore_patch};
use planner::next::standing_findings;
use planner::operator::OperatorKnowledge;
use planner::releases::ReleaseTable;
use planner::strategy::DeclaredStrategy;
use planner::tenant::{DeclaredVersion, TenantId, TenantSnapshot};
use planner::time::UnixMillis;
use serde_json::Value;

pub use self::answer::{ChangeError, DryRunAnswer, RequestStep};
pub use self::cluster_api::ClusterApiView;
use self::evidence::Beside;
pub use self::evidence::Judged;
pub use self::plan::PlanOptions;
use self::turns::{Turns, Written};
use crate::Clock;
use crate::identity::Identity;
use crate::observer::Observer;
use crate::operator::Probe;
use crate::registry::Registries;
use crate::resources::{Object, TenantControlPlaneKind, Watched};
use crate::room::RoomReading;
use crate::tenant_access::{TenantAccess, Transport};

/// The name under which the API server notes our writes.
pub const FIELD_MANAGER: &str = "tenant-upgrade-console";

/// How long one request may take. kube sets no limit, so a hanging API server would hang the page.
pub const REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// How often a conflict is answered by reading again. Kamaji writes a few times a second while it works; a change that finds
/// no gap between so many writes should be tried again by a person.
const MOST_TRIES: usize = 6;

/// Makes changes. Cheap to clone.
#[derive(Clone)]
pub struct Changes {
    client: Client,
    observer: Observer,
    clock: Clock,
    releases: Arc<ReleaseTable>,
    registries: Registries,
    probe: Arc<Probe>,
    tenants: TenantAccess,
    turns: Arc<Turns>,
    written: Arc<Written>,
}

/// What would happen, and what speaks for and against it.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct DryRun {
    /// The tenant, read for this.
    pub snapshot: Box<TenantSnapshot>,
    /// What a person who agrees now agrees to.
    pub binding: Binding,
    /// What changed since the request's own binding; empty if nothing did.
    pub changes: Vec<FactChange>,
    /// The console's own verdict.
    pub preflight: Preflight,
    /// The merge patch that would be sent.
    pub patch: Value,
    /// What the API server answered to it, with `dryRun=All`.
    pub answer: DryRunAnswer,
}

/// A change that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.generation` after the write.
    pub generation: i64,
    /// The version that now stands in the object.
    pub version: DeclaredVersion,
    /// The strategy that now stands in the object.
    pub strategy: DeclaredStrategy,
    /// The strategy that stood there before, if it was changed; it can be restored.
    pub former_strategy: Option<DeclaredStrategy>,
}

impl Changes {
    /// `client`: the console's own. What it observes stands behind `observer`.
    pub fn new(client: Client, observer: Observer, clock: Clock, releases: Arc<ReleaseTable>) -> Self {
        let tenants = TenantAccess::new(client.clone(), clock.clone(), Transport::Tls);
        Self {
            client,
            observer,
            clock,
            releases,
            probe: Arc::default(),
            tenants,
            registries: Registries::default(),
            turns: Arc::default(),
            written: Arc::default(),
        }
    }

    /// Asks the tenants' own APIs by this way.
    #[must_use]
    pub fn asking_tenants_by(self, tenants: TenantAccess) -> Self {
        Self { tenants, ..self }
    }

    /// Asks these registries whether the image of a version exists; without this none is asked.
    #[must_use]
    pub fn asking_registries(self, registries: Registries) -> Self {
        Self { registries, ..self }
    }

    /// The way to the tenants' own APIs.
    pub fn tenants(&self) -> &TenantAccess {
        &self.tenants
    }

    /// Judges a hop and lets the API server judge it too, without writing anything.
    ///
    /// A refusal, by us or by Kamaji, is an answer and stands in the [`DryRun`].
    ///
    /// # Errors
    /// If the tenant cannot be read.
    #[tracing::instrument(skip_all, fields(user = identity.user, tenant = %request.tenant, version = %request.version))]
    pub async fn check(&self, identity: &Identity, request: &HopRequest) -> Result<DryRun, ChangeError> {
        let client = self.client_of(identity)?;
        let operator = self.operator_knowledge().await;
        let mut tries = 1;
        loop {
            let snapshot = self.fresh(identity, &client, &request.tenant).await?;
            let preflight = self.judge(&snapshot, request, &operator);
            let patch = merge_patch(&snapshot, &request.version, request.strategy);
            let answer = match self.patch(&client, &request.tenant, &patch, RequestStep::DryRun).await {
                Ok(stored) => DryRunAnswer::Accepted { version: stored.desired_version, strategy: stored.strategy },
                Err(ChangeError::Conflict { .. }) if tries < MOST_TRIES => {
                    tries += 1;
                    continue;
                }
                Err(error) => DryRunAnswer::from_error(error)?,
            };
            return Ok(DryRun {
                binding: Binding::of(&snapshot),
                changes: request.binding.changes(&snapshot),
                snapshot: Box::new(snapshot),
                preflight,
                patch,
                answer,
            });
        }
    }

    /// Starts a hop. The tenant's own API is asked too: what it proves against the hop stops it, whatever a person acknowledged.
    ///
    /// # Errors
    /// If anything speaks against it, or what the person agreed to is no longer so, or the API server refuses, or it cannot be
    /// known whether it was written. [`ChangeError::nothing_written`] tells the last case from the others.
    #[tracing::instrument(skip_all, fields(user = identity.user, tenant = %request.tenant, version = %request.version))]
    pub async fn start(&self, identity: &Identity, request: &HopRequest) -> Result<Started, ChangeError> {
        if !identity.may_see(&request.tenant) {
            return Err(ChangeError::NotFound);
        }
        let client = self.client_of(identity)?;
        let agreed = request.agreement(self.may_override(identity));
        // The tenant is read beside the rest, so that an API server that hangs is given up as soon as ever.
        let beside = async {
            let (operator, room, tenant) = tokio::join!(
                self.operator_knowledge(),
                Box::pin(RoomReading::read(&self.client, &request.tenant)),
                Box::pin(self.tenants.ask(identity, &request.tenant, &request.version)),
            );
            Ok((operator, Beside { room, tenant }))
        };
        let (_, (operator, beside)) = tokio::try_join!(self.fresh(identity, &client, &request.tenant), beside)?;
        if let Some(despite) = request.despite.as_ref().filter(|_| !agreed.despite.is_empty()) {
            tracing::warn!(reason = despite.reason(), findings = ?despite.findings(), "a start with an override is tried");
        }
        self.write(identity, &client, &request.tenant, &request.binding, |snapshot| {
            let preflight = self.judge(snapshot, request, &operator);
            let strategy = request.strategy.or_else(|| snapshot.strategy.under_kamaji().ok());
            let evidence = self.evidence(snapshot, request, preflight.hop, &beside);
            preflight.and(evidence.findings(snapshot, strategy)).may_start(agreed).map_err(ChangeError::Refused)?;
            Ok(merge_patch(snapshot, &request.version, request.strategy))
        })
        .await
    }

    /// Puts back the strategy that stood there before the console changed it. It starts no rollout by itself, but would govern
    /// one that runs, so it is refused while anything is under way.
    ///
    /// # Errors
    /// As [`Changes::start`], and if no strategy is remembered.
    #[tracing::instrument(skip_all, fields(user = identity.user, %tenant))]
    pub async fn restore_strategy(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        binding: &Binding,
    ) -> Result<Started, ChangeError> {
        let client = self.client_of(identity)?;
        let operator = self.operator_knowledge().await;
        self.write(identity, &client, tenant, binding, |snapshot| {
            let against: Vec<Finding> =
                standing_findings(snapshot, &operator).into_iter().filter(Finding::blocks).collect();
            if !against.is_empty() {
                return Err(ChangeError::Refused(against));
            }
            restore_patch(snapshot).ok_or(ChangeError::NothingToRestore)
        })
        .await
    }

    /// What is known of the installed Kamaji. Asked by a dry run with an impossible version, and remembered for a while.
    pub async fn operator_knowledge(&self) -> OperatorKnowledge {
        let tenants = self.observer.every_tenant();
        self.probe.ask(&self.client, &tenants, (self.clock)()).await
    }

    /// One write: read, judge, dry run, write; again on a conflict, as long as the agreement holds.
    async fn write(
        &self,
        identity: &Identity,
        client: &Client,
        tenant: &TenantId,
        binding: &Binding,
        decide: impl Fn(&TenantSnapshot) -> Result<Value, ChangeError>,
    ) -> Result<Started, ChangeError> {
        // Two people at once, here: the second reads after the first has written, and is shown what changed, or what now surges.
        let observed = self.observer.tenant(identity, tenant).map(|snapshot| snapshot.borrow().clone());
        let turn = self.turns.of(tenant, observed.as_deref());
        let _turn = turn.lock().await;
        for _ in 0..MOST_TRIES {
            let snapshot = self.fresh(identity, client, tenant).await?;
            let changes = binding.changes(&snapshot);
            if !changes.is_empty() {
                return Err(ChangeError::Changed { changes });
            }
            let patch = decide(&snapshot)?;
            let rehearsed = match self.patch(client, tenant, &patch, RequestStep::DryRun).await {
                Err(ChangeError::Conflict { .. }) => continue,
                answer => answer?,
            };
            // Noted first: this future may be dropped while the API server still works on the request.
            let before = self.written.note_sent(&rehearsed);
            let answer = self.patch(client, tenant, &patch, RequestStep::Write).await;
            if answer.as_ref().is_err_and(ChangeError::nothing_written) {
                self.written.take_back(tenant, before);
            }
            let stored = match answer {
                Err(ChangeError::Conflict { .. }) => continue,
                answer => answer?,
            };
            self.written.note(&stored);
            if rehearsed.desired_version != stored.desired_version {
                tracing::warn!("the API server stored another version than in the dry run");
            }
            tracing::info!(tenant.generation = stored.generation, "written");
            let former = (stored.strategy != snapshot.strategy).then_some(snapshot.strategy);
            return Ok(Started {
                uid: stored.uid,
                generation: stored.generation,
                version: stored.desired_version,
                strategy: stored.strategy,
                former_strategy: former,
            });
        }
        Err(ChangeError::Conflict { tries: MOST_TRIES })
    }

    fn judge(&self, snapshot: &TenantSnapshot, request: &HopRequest, operator: &OperatorKnowledge) -> Preflight {
        let today = day((self.clock)());
        preflight(snapshot, &request.version, request.strategy, operator, &self.releases, today)
    }

    /// Sends the patch and reads the stored object back.
    async fn patch(
        &self,
        client: &Client,
        tenant: &TenantId,
        patch: &Value,
        step: RequestStep,
    ) -> Result<TenantSnapshot, ChangeError> {
        let api: Api<Watched<TenantControlPlaneKind>> = Api::namespaced(client.clone(), &tenant.namespace);
        let params = PatchParams {
            dry_run: step == RequestStep::DryRun,
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let stored = answer::within(step, api.patch(&tenant.name, &params, &Patch::Merge(patch))).await?;
        match stored.object {
            Ok(Some(Object::TenantControlPlane(object))) => Ok(*object),
            _ => Err(ChangeError::Unexpected { step, words: "the answer is no TenantControlPlane".to_owned() }),
        }
    }

    fn client_of(&self, identity: &Identity) -> Result<Client, ChangeError> {
        Ok(identity.client(&self.client)?)
    }

    /// Every tenant as it is now: what was observed, with what was written since.
    fn every_tenant(&self) -> Vec<Arc<TenantSnapshot>> {
        self.written.over(self.observer.every_tenant())
    }
}

/// The day of a moment, in UTC.
fn day(now: UnixMillis) -> jiff::civil::Date {
    now.timestamp().unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(jiff::tz::TimeZone::UTC).date()
}
