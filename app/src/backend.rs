//! What the server half of the app stands on: the observed cluster, the changes, the release table.
//!
//! The server makes one [`Backend`] and provides it, as an `Arc`, together with the request's [`Identity`] in the context of
//! every page and every server function. Each answer is made for that identity: what it may not see does not exist for it.

mod plans;

use std::sync::Arc;
use std::time::Duration;

use cluster::change::{ChangeError, Changes};
use cluster::health::WatchHealth;
use cluster::resources::ObjectKind;
use cluster::{Identity, Observer, PlanOptions, Visibility, WatchState};
use leptos::prelude::use_context;
use planner::finding::Finding;
use planner::hop::{Acknowledgement, Binding, HopRequest};
use planner::next::next_versions;
use planner::operator::OperatorKnowledge;
use planner::plan::UpgradePlan;
use planner::releases::ReleaseTable;
use planner::runbook::{ElsewherePage, Os, Runbook};
use planner::stage;
use planner::tenant::{Freshness, TenantId, TenantSnapshot};
use planner::tenant_api::{Answer, NotAsked};
use planner::workers::{DrainReport, LiveWorkers, NodeName, workers_follow};
use tokio::sync::watch;

use crate::error::ConsoleError;
use crate::fleet::{Fleet, FleetQuery, FleetRow, NextStep};
use crate::links::RunbookFile;
use crate::session::{Place, Session};
use crate::tenant::rollout::is_under_way;
use crate::tenant::start::{Agreed, Checked, Choice, StartQuery, read_despite};
use crate::tenant::workers::cluster_api::OwnedByClusterApi;
use crate::tenant::{Knowledge, TenantData};
use crate::trouble::sentence;
use crate::words;

mod fleet_workers;

/// How long a page waits for the first list of a tenant's nodes.
const NODES_WITHIN: Duration = Duration::from_secs(4);

/// Everything the pages are made from.
pub struct Backend {
    /// What is observed, and what time it is there.
    pub observer: Observer,
    /// What writes; `None` where nothing can be written, as in a recording.
    pub changes: Option<Changes>,
    /// Support dates.
    pub releases: ReleaseTable,
    /// What the console is connected to.
    pub place: Place,
}

/// The backend and the identity of the request that is being answered.
pub(crate) struct Request {
    backend: Arc<Backend>,
    identity: Identity,
}

/// What the request that is being answered may use.
///
/// # Errors
/// [`ConsoleError::Internal`] if the server has not provided it.
pub(crate) fn request() -> Result<Request, ConsoleError> {
    let missing = |what: &str| ConsoleError::Internal(format!("{what} was not provided to this request"));
    let backend = use_context::<Arc<Backend>>().ok_or_else(|| missing("the backend"))?;
    let identity = use_context::<Identity>().ok_or_else(|| missing("the identity"))?;
    Ok(Request { backend, identity })
}

impl Backend {
    /// One page of the fleet, as this person sees it.
    ///
    /// # Errors
    /// [`ConsoleError::NotReadYet`] until the first list has come back, [`ConsoleError::ApiAway`] if it cannot, and
    /// [`ConsoleError::Unlisted`] if the management cluster refuses it.
    pub async fn fleet(&self, identity: &Identity, query: &FleetQuery) -> Result<Fleet, ConsoleError> {
        self.listed()?;
        let operator = self.operator().await;
        let visible = self.observer.fleet().borrow().visible(identity);
        // Each namespace may have watches of its own: the page is as old as what is oldest in it.
        let stale_since = |freshness: &Freshness| match freshness {
            Freshness::Live => None,
            Freshness::Stale { since, .. } => Some(*since),
        };
        let stale = visible.iter().filter(|snapshot| stale_since(&snapshot.freshness).is_some());
        let oldest = stale.min_by_key(|snapshot| stale_since(&snapshot.freshness));
        let freshness = oldest.map_or(Freshness::Live, |snapshot| snapshot.freshness.clone());
        // Whoever sees some namespaces is not told about others.
        let health = self.observer.health().borrow().clone();
        let theirs = |watch: &WatchHealth| {
            watch.watch.namespace.as_ref().is_none_or(|namespace| identity.sees.covers(namespace.as_str()))
        };
        let hidden = health.hidden().filter(|watch| theirs(watch)).filter_map(WatchHealth::sentence).collect();
        let rows = visible.iter().map(|snapshot| self.row(identity, snapshot, &operator)).collect();
        Ok(Fleet { hidden, ..query.apply(rows, self.observer.now(), freshness) })
    }

    /// What the pages of one tenant are made from.
    ///
    /// # Errors
    /// [`ConsoleError::UnknownTenant`] also where the person may not see it; else as [`Backend::fleet`].
    pub async fn tenant(&self, identity: &Identity, id: &TenantId) -> Result<TenantData, ConsoleError> {
        let snapshot = self.snapshot(identity, id)?;
        Ok(TenantData { snapshot, releases: self.releases.clone(), operator: self.operator().await })
    }

    fn snapshot(&self, identity: &Identity, id: &TenantId) -> Result<TenantSnapshot, ConsoleError> {
        self.listed()?;
        let snapshots =
            self.observer.tenant(identity, id).ok_or_else(|| ConsoleError::UnknownTenant(id.to_string()))?;
        let mut snapshot = TenantSnapshot::clone(&snapshots.borrow());
        // Made now: how long ago something was is counted from here.
        snapshot.observed_at = snapshot.observed_at.max(self.observer.now());
        Ok(snapshot)
    }

    /// The plan of a choice.
    ///
    /// # Errors
    /// [`ConsoleError::BadInput`] for a choice that cannot be read, and the errors of reaching the cluster.
    pub async fn plan(
        &self,
        identity: &Identity,
        id: &TenantId,
        query: &StartQuery,
    ) -> Result<UpgradePlan, ConsoleError> {
        let changes = self.changes.as_ref().ok_or_else(|| {
            ConsoleError::Refused(vec!["a recording is played: there is no API server to ask for a plan".to_owned()])
        })?;
        let snapshot = self.snapshot(identity, id)?;
        let knowledge = Knowledge { releases: self.releases.clone(), operator: self.operator().await };
        let Choice { version, strategy } = Choice::of(query, &snapshot, &knowledge)?;
        let given = query.costs.read()?;
        let options = PlanOptions {
            prices: given.prices().map_err(bad_input)?,
            assumed: given.assumed().map_err(bad_input)?,
            data_store_limit: given.data_store_limit,
            overrides: Vec::new(),
        };
        changes.plan_with(identity, id, &version, strategy, &options).await.map_err(|error| from_change(id, error))
    }

    /// How a tenant's nodes are now: what is seen, as soon as something is, or why nothing is.
    ///
    /// # Errors
    /// [`ConsoleError::UnknownTenant`] also where the person may not see it.
    pub async fn workers(&self, identity: &Identity, id: &TenantId) -> Result<LiveWorkers, ConsoleError> {
        let Some(mut seen) = self.watch_workers(identity, id)? else {
            return Ok(LiveWorkers::NotAsked(NotAsked::NoWay));
        };
        let something = seen.wait_for(|seen| !matches!(**seen, LiveWorkers::Waiting));
        let _ = tokio::time::timeout(NODES_WITHIN, something).await;
        let now = LiveWorkers::clone(&seen.borrow());
        Ok(now)
    }

    /// A receiver of how a tenant's nodes are; `None` where no tenant can be asked, as in a recording.
    ///
    /// # Errors
    /// [`ConsoleError::UnknownTenant`] also where the person may not see it.
    pub fn watch_workers(
        &self,
        identity: &Identity,
        id: &TenantId,
    ) -> Result<Option<watch::Receiver<Arc<LiveWorkers>>>, ConsoleError> {
        self.snapshot(identity, id)?;
        Ok(self.changes.as_ref().and_then(|changes| changes.tenants().subscribe_workers(identity, id)))
    }

    /// The runbook of a node as a file, from what its kubelet has to what the tenant wants.
    ///
    /// # Errors
    /// [`ConsoleError::UnknownTenant`], and [`ConsoleError::Refused`] in words where there is no runbook.
    pub async fn runbook(
        &self,
        identity: &Identity,
        id: &TenantId,
        node: &str,
        file: RunbookFile,
    ) -> Result<String, ConsoleError> {
        let refused = |why: String| ConsoleError::Refused(vec![why]);
        let snapshot = self.snapshot(identity, id)?;
        let seen = self.workers(identity, id).await?;
        let workers = seen.workers().ok_or_else(|| refused(seen.to_string()))?;
        let found = workers.nodes.iter().find(|found| found.name == node);
        let found = found.ok_or_else(|| refused("there is no node of this name".to_owned()))?;
        let name: NodeName = found.name.parse().map_err(bad_input)?;
        let from = found.kubelet.parsed().map_err(bad_input)?;
        let to = snapshot.desired_version.parsed().map_err(bad_input)?;
        match found.os() {
            Os::Packaged(os) => {
                let runbook =
                    Runbook::new(name, os, from, to, &self.releases).map_err(|error| refused(error.to_string()))?;
                Ok(match file {
                    RunbookFile::Script => runbook.script(),
                    RunbookFile::Markdown => runbook.markdown(),
                    RunbookFile::Json => runbook.json(),
                })
            }
            Os::Elsewhere(os) => {
                let page = ElsewherePage::new(name, os, from, to, &self.releases)
                    .map_err(|error| refused(error.to_string()))?;
                match file {
                    RunbookFile::Script => Err(refused(format!("on {os} there is no script to run"))),
                    RunbookFile::Markdown => Ok(page.markdown()),
                    RunbookFile::Json => Ok(page.json()),
                }
            }
        }
    }

    /// Whether there is a list of tenants at all: without one, nothing says that a tenant does not exist.
    ///
    /// # Errors
    /// Why there is none.
    pub fn listed(&self) -> Result<(), ConsoleError> {
        if self.observer.ready() {
            return Ok(());
        }
        let health = self.observer.health();
        let health = health.borrow();
        let mut refused = None;
        for watch in health.on(ObjectKind::TenantControlPlane) {
            match &watch.state {
                WatchState::Waiting { why: Some(why), .. } => return Err(ConsoleError::ApiAway(why.clone())),
                WatchState::Forbidden { words, .. } => refused = refused.or(Some(words)),
                WatchState::Waiting { why: None, .. }
                | WatchState::Live { .. }
                | WatchState::Broken { .. }
                | WatchState::NotServed { .. } => {}
            }
        }
        let waits = |watch: &WatchHealth| matches!(watch.state, WatchState::Waiting { .. });
        match refused {
            Some(words) if !health.on(ObjectKind::TenantControlPlane).any(waits) => {
                Err(ConsoleError::Unlisted { words: words.clone(), proposed: self.proposed_namespace() })
            }
            _ => Err(ConsoleError::NotReadYet),
        }
    }

    /// The namespace that the kubeconfig's context names, unless the console looks there already.
    fn proposed_namespace(&self) -> Option<String> {
        match &self.place {
            Place::Kubeconfig { namespace, .. } if self.observer.scope().is_whole_cluster() => namespace.clone(),
            Place::Kubeconfig { .. } | Place::Sandbox { .. } | Place::Recording { .. } => None,
        }
    }

    async fn operator(&self) -> OperatorKnowledge {
        match &self.changes {
            Some(changes) => changes.operator_knowledge().await,
            None => OperatorKnowledge::unknown("a recording cannot be asked"),
        }
    }

    fn row(&self, identity: &Identity, snapshot: &TenantSnapshot, operator: &OperatorKnowledge) -> FleetRow {
        let now = snapshot.observed_at.max(self.observer.now());
        let today = words::day(now);
        let report = stage::read(snapshot);
        let support = snapshot
            .installed_version
            .as_ref()
            .and_then(|version| version.parsed().ok())
            .map(|version| self.releases.support(version.minor(), today));
        FleetRow {
            id: snapshot.id.clone(),
            replicas: snapshot.replicas,
            installed: snapshot.installed_version.clone(),
            wanted: snapshot.desired_version.clone(),
            status: snapshot.status.clone(),
            support,
            rollout: is_under_way(report.stage).then(|| sentence(&report.sentence)),
            workers_follow: workers_follow(snapshot).is_some(),
            stuck: report.stuck.iter().map(|finding| sentence(&finding.to_string())).collect(),
            next: self.next_step(snapshot, operator, today),
            plan: self.open_plan(identity, snapshot),
            data_store: snapshot.data_store.used.clone().or_else(|| snapshot.data_store.wanted.clone()),
            problems: snapshot.problems.iter().map(|problem| sentence(problem)).collect(),
        }
    }

    fn next_step(&self, snapshot: &TenantSnapshot, operator: &OperatorKnowledge, today: jiff::civil::Date) -> NextStep {
        let picker = next_versions(snapshot, &self.releases, operator, today);
        match (picker.recommended, picker.standing.iter().find(|finding| finding.blocks())) {
            (_, Some(standing)) => NextStep::Not(sentence(&standing.to_string())),
            (Some(version), None) => NextStep::Upgrade(version),
            (None, None) => NextStep::UpToDate,
        }
    }
}

/// Whether the request is a plain form post, from a page without a running script.
pub(crate) fn is_plain_form() -> bool {
    use_context::<http::request::Parts>().is_some_and(|parts| {
        let accepts = parts.headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok());
        accepts.is_some_and(|accepts| accepts.contains("text/html"))
    })
}

impl Request {
    /// Who is signed in and what the console is connected to.
    pub(crate) fn session(&self) -> Session {
        let sees = match &self.identity.sees {
            Visibility::All => "all namespaces".to_owned(),
            Visibility::Namespaces(namespaces) if namespaces.is_empty() => "no namespace".to_owned(),
            Visibility::Namespaces(namespaces) => namespaces.iter().cloned().collect::<Vec<_>>().join(", "),
        };
        Session { user: self.identity.user.clone(), sees, place: self.backend.place.clone() }
    }

    /// As [`Backend::fleet`].
    pub(crate) async fn fleet(&self, query: &FleetQuery) -> Result<Fleet, ConsoleError> {
        self.backend.fleet(&self.identity, query).await
    }

    /// As [`Backend::tenant`].
    pub(crate) async fn tenant(&self, id: &TenantId) -> Result<TenantData, ConsoleError> {
        self.backend.tenant(&self.identity, id).await
    }

    /// What the cluster says to a choice, without writing anything.
    pub(crate) async fn check(
        &self,
        id: &TenantId,
        version: String,
        strategy: String,
    ) -> Result<Checked, ConsoleError> {
        let Some(changes) = &self.backend.changes else {
            let at = self.backend.observer.now();
            return Ok(Checked { version, strategy, findings: Vec::new(), at, may_override: false });
        };
        let snapshot = self.backend.snapshot(&self.identity, id)?;
        let request = HopRequest {
            tenant: id.clone(),
            binding: Binding::of(&snapshot),
            version: version.parse().map_err(bad_input)?,
            strategy: read_strategy(&strategy)?,
            acknowledged: Vec::new(),
            typed_name: None,
            despite: None,
        };
        let judged = changes.judge_all(&self.identity, &request).await.map_err(|error| from_change(id, error))?;
        let findings = judged.found(&request);
        let may_override = changes.may_override(&self.identity);
        Ok(Checked { version, strategy, findings, at: self.backend.observer.now(), may_override })
    }

    /// The plan of a choice.
    pub(crate) async fn plan(&self, id: &TenantId, query: &StartQuery) -> Result<UpgradePlan, ConsoleError> {
        self.backend.plan(&self.identity, id, query).await
    }

    /// As [`Backend::workers`].
    pub(crate) async fn workers(&self, id: &TenantId) -> Result<LiveWorkers, ConsoleError> {
        self.backend.workers(&self.identity, id).await
    }

    /// What Cluster API has of a tenant, and the way to `to`, else to where it goes next.
    pub(crate) async fn cluster_api(&self, id: &TenantId, to: &str) -> Result<Option<OwnedByClusterApi>, ConsoleError> {
        self.backend.snapshot(&self.identity, id)?;
        let Some(changes) = &self.backend.changes else { return Ok(None) };
        let to = to.parse().ok();
        let view =
            changes.cluster_api(&self.identity, id, to.as_ref()).await.map_err(|error| from_change(id, error))?;
        Ok(view.map(|view| OwnedByClusterApi { facts: view.facts, advice: view.advice }))
    }

    /// What a drain of one node would meet.
    pub(crate) async fn drain(&self, id: &TenantId, node: &str) -> Result<Answer<DrainReport>, ConsoleError> {
        self.backend.snapshot(&self.identity, id)?;
        let node: NodeName = node.parse().map_err(bad_input)?;
        let Some(changes) = &self.backend.changes else { return Ok(Answer::Failed(NotAsked::NoWay.to_string())) };
        let answer = changes.tenants().drain(&self.identity, id, &node).await;
        Ok(answer.unwrap_or_else(|why| Answer::Failed(why.to_string())))
    }

    /// Starts a hop that a person has agreed to.
    pub(crate) async fn start(&self, id: &TenantId, agreed: &Agreed) -> Result<(), ConsoleError> {
        let checked = (!agreed.kubelets_checked.is_empty()).then_some(Acknowledgement::KubeletsNotChecked);
        let request = HopRequest {
            tenant: id.clone(),
            binding: agreed.binding.parse().map_err(bad_input)?,
            version: agreed.version.parse().map_err(bad_input)?,
            strategy: read_strategy(&agreed.strategy)?,
            acknowledged: checked.into_iter().collect(),
            typed_name: Some(agreed.typed_name.clone()),
            despite: read_despite(&agreed.despite, &agreed.overridden)?,
        };
        let changes = self.changes(id)?;
        let started = match agreed.plan.as_str() {
            "" => changes.start(&self.identity, &request).await,
            plan => {
                let plan = plan.parse().map_err(bad_input)?;
                let started = changes.start_stored(&self.identity, &plan, &request).await;
                return started.map(|_| ()).map_err(|error| plans::from_start(id, &plan, error));
            }
        };
        started.map(|_| ()).map_err(|error| from_change(id, error))
    }

    /// Puts the remembered strategy back.
    pub(crate) async fn restore_strategy(&self, id: &TenantId, binding: &str) -> Result<(), ConsoleError> {
        let binding: Binding = binding.parse().map_err(bad_input)?;
        let restored = self.changes(id)?.restore_strategy(&self.identity, id, &binding).await;
        restored.map(|_| ()).map_err(|error| from_change(id, error))
    }

    /// What writes to a tenant that this person may see.
    fn changes(&self, id: &TenantId) -> Result<&Changes, ConsoleError> {
        if !self.identity.may_see(id) {
            return Err(ConsoleError::UnknownTenant(id.to_string()));
        }
        let refused = || ConsoleError::Refused(vec!["a recording is played, so nothing can be changed".to_owned()]);
        self.backend.changes.as_ref().ok_or_else(refused)
    }
}

fn bad_input(error: impl std::fmt::Display) -> ConsoleError {
    ConsoleError::BadInput(error.to_string())
}

/// The strategy of a form; empty keeps what is declared.
fn read_strategy(text: &str) -> Result<Option<planner::strategy::Strategy>, ConsoleError> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(bad_input) }
}

/// A failed change in the words of the HTTP edge.
fn from_change(id: &TenantId, error: ChangeError) -> ConsoleError {
    let all = |findings: Vec<Finding>| findings.iter().map(ToString::to_string).collect();
    if !error.nothing_written() {
        return ConsoleError::Uncertain(error.to_string());
    }
    match error {
        ChangeError::NotFound => ConsoleError::UnknownTenant(id.to_string()),
        ChangeError::Changed { changes } => ConsoleError::Changed(changes.iter().map(ToString::to_string).collect()),
        ChangeError::Conflict { .. } => ConsoleError::Changed(vec![
            "others wrote the object again and again at that moment, though nothing that matters changed".to_owned(),
        ]),
        ChangeError::Refused(findings) => ConsoleError::Refused(all(findings)),
        ChangeError::RefusedByWebhook { words } | ChangeError::Invalid { words } => ConsoleError::Refused(vec![words]),
        ChangeError::NothingToRestore
        | ChangeError::NoSuchPlan
        | ChangeError::PlansNotServed
        | ChangeError::PlanUnusable(_)
        | ChangeError::PlanOver => ConsoleError::Refused(vec![error.to_string()]),
        ChangeError::Forbidden { words } => ConsoleError::Forbidden(words),
        ChangeError::Identity(error) => ConsoleError::Forbidden(error.to_string()),
        ChangeError::WebhookDown { words } => {
            ConsoleError::ApiAway(format!("Kamaji's webhook did not answer: {words}"))
        }
        ChangeError::Unreachable { .. } | ChangeError::Unexpected { .. } => ConsoleError::ApiAway(error.to_string()),
        ChangeError::NoAnswer { .. } => ConsoleError::ApiSlow(error.to_string()),
    }
}
