//! The readers' side of the index: what was observed, for whoever may see it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use planner::plan::stored::{ListedPlan, Storing};
use planner::tenant::{TenantId, TenantSnapshot};
use planner::time::UnixMillis;
use tokio::sync::watch;

use crate::Clock;
use crate::health::{Health, WatchState};
use crate::identity::Identity;
use crate::index::PlansByTenant;
use crate::resources::ObjectKind;
use crate::scope::Scope;

/// Gives out snapshots. Cheap to clone.
#[derive(Clone)]
pub struct Observer {
    published: Arc<Published>,
    scope: Scope,
    clock: Clock,
}

/// Every tenant at one moment. It shows its content only to somebody.
#[derive(Debug, Default)]
pub struct Fleet(Vec<Arc<TenantSnapshot>>);

/// Where the index puts what it makes.
pub(crate) struct Published {
    tenants: RwLock<BTreeMap<TenantId, watch::Sender<Arc<TenantSnapshot>>>>,
    fleet: watch::Sender<Arc<Fleet>>,
    health: watch::Sender<Arc<Health>>,
    plans: RwLock<PlansByTenant>,
}

impl Observer {
    pub(crate) fn new(published: Arc<Published>, scope: Scope, clock: Clock) -> Self {
        Self { published, scope, clock }
    }

    /// Where the console looks: of tenants elsewhere nothing is known, not even that there are none.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// A receiver of one tenant's snapshots, latest wins. `None` if there is no such tenant or the person may not see it:
    /// the two cannot be told apart. When the tenant is deleted, the channel closes (`changed()` gives an error).
    pub fn tenant(&self, identity: &Identity, id: &TenantId) -> Option<watch::Receiver<Arc<TenantSnapshot>>> {
        if !identity.may_see(id) {
            return None;
        }
        let tenants = self.published.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(id).map(watch::Sender::subscribe)
    }

    /// The newest stored plans of one tenant, the newest first, at most 20; none if the person may not see it.
    pub fn plans(&self, identity: &Identity, id: &TenantId) -> Vec<ListedPlan> {
        if identity.may_see(id) { self.every_plan(id) } else { Vec::new() }
    }

    /// The same, for the console's own questions only.
    pub(crate) fn every_plan(&self, id: &TenantId) -> Vec<ListedPlan> {
        let plans = self.published.plans.read().unwrap_or_else(PoisonError::into_inner);
        plans.get(id).map(|plans| plans.plans.clone()).unwrap_or_default()
    }

    /// How many stored plans of a tenant there are beyond those that are listed; none if the person may not see it.
    pub fn more_plans(&self, identity: &Identity, id: &TenantId) -> usize {
        if !identity.may_see(id) {
            return 0;
        }
        let plans = self.published.plans.read().unwrap_or_else(PoisonError::into_inner);
        plans.get(id).map_or(0, |plans| plans.more)
    }

    /// Whether plans of a namespace can be stored and listed.
    pub fn storing(&self, namespace: &str) -> Storing {
        let not_yet = || Storing::Unlisted("they have not been listed yet".to_owned());
        match self.published.health.borrow().covering(ObjectKind::UpgradePlan, namespace) {
            Some(WatchState::Live { .. } | WatchState::Broken { .. }) => Storing::Here,
            Some(WatchState::NotServed { .. }) => Storing::NotServed,
            Some(WatchState::Forbidden { words, .. }) => Storing::Unlisted(words.clone()),
            Some(WatchState::Waiting { why, .. }) => why.clone().map_or_else(not_yet, Storing::Unlisted),
            None => not_yet(),
        }
    }

    /// A receiver of all tenants; [`Fleet::visible`] gives those that a person may see.
    pub fn fleet(&self) -> watch::Receiver<Arc<Fleet>> {
        self.published.fleet.subscribe()
    }

    /// Every tenant, for the console's own questions only.
    pub(crate) fn every_tenant(&self) -> Vec<Arc<TenantSnapshot>> {
        self.published.fleet.borrow().0.clone()
    }

    /// Whether the TenantControlPlanes were listed once.
    pub fn ready(&self) -> bool {
        self.published.health.borrow().ready()
    }

    /// A receiver of the state of the watches.
    pub fn health(&self) -> watch::Receiver<Arc<Health>> {
        self.published.health.subscribe()
    }

    /// The moment it is for what is observed: the wall clock for a cluster, the recording's own time for a recording.
    pub fn now(&self) -> UnixMillis {
        (self.clock)()
    }
}

impl Fleet {
    /// The tenants this person may see, by namespace and name.
    pub fn visible(&self, identity: &Identity) -> Vec<Arc<TenantSnapshot>> {
        self.0.iter().filter(|snapshot| identity.may_see(&snapshot.id)).cloned().collect()
    }

    /// How many tenants there are in all, which anybody may know.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl Published {
    pub(crate) fn new(health: Health) -> Self {
        Self {
            tenants: RwLock::default(),
            fleet: watch::Sender::new(Arc::default()),
            health: watch::Sender::new(Arc::new(health)),
            plans: RwLock::default(),
        }
    }

    /// Hands out a new snapshot.
    pub(crate) fn put(&self, snapshot: Arc<TenantSnapshot>) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = tenants.get(&snapshot.id) {
            sender.send_replace(snapshot);
        } else {
            tenants.insert(snapshot.id.clone(), watch::Sender::new(snapshot));
        }
    }

    /// Hands out the stored plans.
    pub(crate) fn put_plans(&self, plans: PlansByTenant) {
        *self.plans.write().unwrap_or_else(PoisonError::into_inner) = plans;
    }

    /// Closes a tenant's channel.
    pub(crate) fn remove(&self, id: &TenantId) {
        self.tenants.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Hands out the whole fleet.
    pub(crate) fn put_fleet(&self, fleet: Vec<Arc<TenantSnapshot>>) {
        self.fleet.send_replace(Arc::new(Fleet(fleet)));
    }

    /// Hands out the state of the watches, if it changed.
    pub(crate) fn put_health(&self, health: &Health) {
        self.health.send_if_modified(|current| {
            let changed = **current != *health;
            if changed {
                *current = Arc::new(health.clone());
            }
            changed
        });
    }
}
