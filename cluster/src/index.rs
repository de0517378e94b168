//! The index: objects in, snapshots out. Pure: no I/O, no clock, no task of its own.
//!
//! One task owns it and feeds it ([`observe`](crate::observe::observe), or a [recording](crate::recording)); readers hold
//! `tokio::sync::watch` receivers. Every call takes the moment at which it happens. Calls only note what changed;
//! [`Index::flush`] makes and publishes snapshots, so that a burst of changes costs one.

mod entry;
mod nodes;
mod plans;
mod recorder;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use planner::tenant::{Freshness, TenantId, TenantSnapshot};
use planner::time::UnixMillis;

use self::entry::{Around, Entry, Unread};
use self::nodes::Nodes;
pub(crate) use self::plans::ByTenant as PlansByTenant;
use self::plans::Plans;
use self::recorder::Seen;
use crate::Clock;
use crate::health::{Health, Playback, Source, WatchState};
use crate::observer::{Observer, Published};
use crate::resources::{EventObject, Object, ObjectKind, ObservedPlan, Part, Unreadable};
use crate::scope::{Scope, Watch};

/// How many unreadable objects are remembered.
const MOST_UNREADABLE: usize = 20;

/// How many tenants may be known by events alone: their TenantControlPlane may be about to appear.
const MOST_ANNOUNCED: usize = 256;

/// Everything observed, by tenant.
pub struct Index {
    entries: BTreeMap<TenantId, Entry>,
    nodes: Nodes,
    plans: Plans,
    health: Health,
    unreadable: Vec<(Watch, Unreadable)>,
    /// Known by events when they were last looked at.
    announced: BTreeSet<TenantId>,
    /// The watches on pods that bring nothing, and since when.
    pods_unobserved: BTreeMap<Watch, UnixMillis>,
    dirty: BTreeSet<TenantId>,
    fleet_changed: bool,
    published: Arc<Published>,
}

impl Index {
    /// An empty index of a whole cluster and its readers' side. Every kind waits for its first list since `now`.
    pub fn new(now: UnixMillis, source: Source, clock: Clock) -> (Self, Observer) {
        Self::within(&Scope::WHOLE_CLUSTER, now, source, clock)
    }

    /// An empty index of what a scope shows, and its readers' side.
    pub fn within(scope: &Scope, now: UnixMillis, source: Source, clock: Clock) -> (Self, Observer) {
        let health = Health::waiting(scope, now, source);
        let published = Arc::new(Published::new(health.clone()));
        let index = Self {
            entries: BTreeMap::new(),
            nodes: Nodes::default(),
            plans: Plans::default(),
            health,
            unreadable: Vec::new(),
            announced: BTreeSet::new(),
            pods_unobserved: scope.watches_on(ObjectKind::Pod).into_iter().map(|watch| (watch, now)).collect(),
            dirty: BTreeSet::new(),
            fleet_changed: false,
            published: published.clone(),
        };
        (index, Observer::new(published, scope.clone(), clock))
    }

    /// An object was created or changed, just now.
    pub fn apply(&mut self, object: Object, now: UnixMillis) {
        self.put(object, now, Seen::Live);
    }

    /// An object was deleted, just now.
    pub fn delete(&mut self, object: &Object, now: UnixMillis) {
        if let Object::Node(node) = object {
            if self.nodes.remove(&node.name) {
                self.nodes_changed();
            }
            return;
        }
        if let Object::UpgradePlan(ObservedPlan { plan, .. }) = object {
            self.plans.remove(plan);
            return;
        }
        let Some(id) = object.tenant().cloned() else { return };
        let Some(entry) = self.entries.get_mut(&id) else { return };
        match object {
            Object::TenantControlPlane(_) => entry.object = None,
            Object::Deployment(_) => entry.deployment = None,
            Object::ReplicaSet(part) => {
                entry.replica_sets.remove(&part.name);
            }
            Object::Pod(part) => entry.remove_pod(&part.name, now, Seen::Live),
            Object::Event(part) => {
                entry.events.remove(&part.name);
            }
            Object::Node(_) | Object::UpgradePlan(_) => {}
        }
        self.dirty.insert(id);
    }

    /// A kind was listed: what is not in the list is gone. The watch is connected again.
    pub fn reset(&mut self, watch: impl Into<Watch>, objects: Vec<Object>, now: UnixMillis) {
        let watch = watch.into();
        let kind = watch.kind;
        if kind == ObjectKind::UpgradePlan {
            self.plans.forget(&watch);
        }
        let mut listed: BTreeMap<TenantId, BTreeSet<String>> = BTreeMap::new();
        let mut nodes: BTreeSet<String> = BTreeSet::new();
        for object in &objects {
            let names = match object.tenant() {
                Some(id) => listed.entry(id.clone()).or_default(),
                None => &mut nodes,
            };
            names.insert(name_of(object).to_owned());
        }
        if let Some(since) = self.pods_unobserved.remove(&watch) {
            for (_, entry) in self.entries.iter_mut().filter(|(id, _)| watch.covers(&id.namespace)) {
                entry.recorder.gap(since, now);
            }
        }
        if kind == ObjectKind::Node {
            self.nodes.retain(|name| nodes.contains(name));
        }
        for (id, entry) in self.entries.iter_mut().filter(|(id, _)| watch.covers(&id.namespace)) {
            let names = listed.get(id);
            let gone = |name: &String| names.is_none_or(|names| !names.contains(name));
            match kind {
                ObjectKind::TenantControlPlane if names.is_none() => entry.object = None,
                ObjectKind::TenantControlPlane => {}
                ObjectKind::Deployment if names.is_none() => entry.deployment = None,
                ObjectKind::Deployment => {}
                ObjectKind::ReplicaSet => entry.replica_sets.retain(|name, _| !gone(name)),
                ObjectKind::Pod => {
                    let names: Vec<String> = entry.pods.keys().filter(|name| gone(name)).cloned().collect();
                    for name in names {
                        entry.remove_pod(&name, now, Seen::Listed);
                    }
                }
                ObjectKind::Event => entry.events.retain(|name, _| !gone(name)),
                ObjectKind::Node | ObjectKind::UpgradePlan => {}
            }
        }
        self.unreadable.retain(|(from, _)| *from != watch);
        for object in objects {
            self.put(object, now, Seen::Listed);
        }
        self.set_state(&watch, WatchState::Live { since: now });
    }

    /// A watch is lost; a list will follow when it is back.
    pub fn lost(&mut self, watch: impl Into<Watch>, why: &str, now: UnixMillis) {
        let watch = watch.into();
        let why = why.to_owned();
        let state = match self.health.state(watch.clone()) {
            Some(WatchState::Waiting { since, .. }) => WatchState::Waiting { since: *since, why: Some(why) },
            Some(WatchState::Broken { since, .. }) => WatchState::Broken { since: *since, why },
            // What is refused beside others that were listed stays refused until somebody says otherwise: if it waited again, an
            // outage would take the whole fleet from the page.
            Some(refused @ WatchState::Forbidden { .. }) if self.health.was_listed(watch.kind) => refused.clone(),
            // Nothing is known of any, so it waits again.
            Some(WatchState::Forbidden { since, .. }) => WatchState::Waiting { since: *since, why: Some(why) },
            // Nothing was lost by it.
            Some(WatchState::NotServed { since }) => WatchState::Waiting { since: *since, why: Some(why) },
            Some(WatchState::Live { .. }) | None => WatchState::Broken { since: now, why },
        };
        self.brings_no_pods(&watch, now);
        self.set_state(&watch, state);
    }

    /// The API server refuses a kind. What was known of it is forgotten: it can no longer be vouched for.
    pub fn forbidden(&mut self, watch: impl Into<Watch>, words: &str, now: UnixMillis) {
        let watch = watch.into();
        if let Some(WatchState::Forbidden { words: known, .. }) = self.health.state(watch.clone())
            && known == words
        {
            return;
        }
        self.brings_no_pods(&watch, now);
        self.plans.forget(&watch);
        self.set_state(&watch, WatchState::Forbidden { since: now, words: words.to_owned() });
    }

    /// The management cluster does not have a kind, or no longer has it.
    pub fn not_served(&mut self, watch: impl Into<Watch>, now: UnixMillis) {
        let watch = watch.into();
        if matches!(self.health.state(watch.clone()), Some(WatchState::NotServed { .. })) {
            return;
        }
        self.plans.forget(&watch);
        self.set_state(&watch, WatchState::NotServed { since: now });
    }

    fn brings_no_pods(&mut self, watch: &Watch, now: UnixMillis) {
        if watch.kind == ObjectKind::Pod {
            self.pods_unobserved.entry(watch.clone()).or_insert(now);
        }
    }

    /// An object belongs to nobody and cannot be read.
    pub fn unreadable(&mut self, watch: impl Into<Watch>, unreadable: Unreadable) {
        if self.unreadable.iter().any(|(_, known)| *known == unreadable) {
            return;
        }
        tracing::warn!(kind = %unreadable.kind, "object cannot be read: {unreadable}");
        if self.unreadable.len() == MOST_UNREADABLE {
            self.unreadable.remove(0);
        }
        self.unreadable.push((watch.into(), unreadable));
    }

    /// How far a recording has been played.
    pub fn played(&mut self, playback: Playback) {
        self.health.source = Source::Recording(playback);
    }

    /// Whether any hop is being recorded, so that time must be seen to pass.
    pub fn hop_running(&self) -> bool {
        self.entries.values().any(|entry| entry.object.is_some() && entry.recorder.running())
    }

    /// Time passes: running hops are published with their films up to now.
    pub fn tick(&mut self, now: UnixMillis) {
        self.publish(now, |entry| entry.recorder.running());
    }

    /// Publishes what changed since the last flush.
    pub fn flush(&mut self, now: UnixMillis) {
        self.publish(now, |_| false);
    }

    /// `anyway`: tenants that are published although nothing about them looks different.
    fn publish(&mut self, now: UnixMillis, anyway: impl Fn(&Entry) -> bool) {
        let mut ids = std::mem::take(&mut self.dirty);
        ids.extend(self.entries.iter().filter(|(_, entry)| anyway(entry)).map(|(id, _)| id.clone()));
        for id in ids {
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            let around = Around::of(&self.health, &self.nodes, &self.pods_unobserved, &id.namespace);
            if let Some(snapshot) = entry.refresh(&around, now) {
                let same = entry.published.as_ref().is_some_and(|old| entry::looks_the_same(&snapshot, old));
                if same && !anyway(entry) {
                    continue;
                }
                let snapshot = Arc::new(snapshot);
                entry.published = Some(snapshot.clone());
                self.published.put(snapshot);
                self.fleet_changed = true;
            } else {
                if entry.published.take().is_some() {
                    // A TenantControlPlane of the same name created later is another one.
                    entry.forget_past();
                    self.published.remove(&id);
                    self.fleet_changed = true;
                }
                if entry.is_empty() {
                    self.entries.remove(&id);
                }
            }
        }
        self.health.problems = self.unreadable.iter().map(|(_, unreadable)| unreadable.to_string()).collect();
        self.published.put_health(&self.health);
        if let Some(plans) = self.plans.changed() {
            self.published.put_plans(plans);
            // The list of tenants names them.
            self.fleet_changed = true;
        }
        if std::mem::take(&mut self.fleet_changed) {
            let fleet: Vec<Arc<TenantSnapshot>> =
                self.entries.values().filter_map(|entry| entry.published.clone()).collect();
            self.published.put_fleet(fleet);
        }
    }

    fn put(&mut self, object: Object, now: UnixMillis, seen: Seen) {
        let (id, object) = match object {
            Object::Node(node) => {
                if self.nodes.set(node) {
                    self.nodes_changed();
                }
                return;
            }
            Object::UpgradePlan(plan) => return self.plans.set(plan),
            Object::Event(part) => return self.put_event(part, seen),
            object => match object.tenant().cloned() {
                Some(id) => (id, object),
                None => return,
            },
        };
        let entry = self.entries.entry(id.clone()).or_default();
        match object {
            Object::TenantControlPlane(object) => entry.set_object(object, now, seen),
            Object::Deployment(part) => entry.deployment = Some(part),
            Object::ReplicaSet(part) => {
                entry.replica_sets.insert(part.name.clone(), part);
            }
            Object::Pod(part) => entry.set_pod(part, now, seen),
            Object::Event(_) | Object::Node(_) | Object::UpgradePlan(_) => {}
        }
        self.dirty.insert(id);
    }

    /// Keeps an event. Most events of a cluster are about something else; those that could be about a TenantControlPlane that
    /// is not known yet are kept in small number, since the watches are not in step with each other.
    fn put_event(&mut self, part: Part<EventObject>, seen: Seen) {
        let id = part.tenant.clone();
        let known = |entry: &Entry| entry.object.is_some() || entry.has_parts() || entry.published.is_some();
        if !self.entries.get(&id).is_some_and(known) {
            if self.announced.len() >= MOST_ANNOUNCED {
                for id in std::mem::take(&mut self.announced) {
                    if !self.entries.get(&id).is_some_and(known) {
                        self.entries.remove(&id);
                    }
                }
            }
            self.announced.insert(id.clone());
        }
        let entry = self.entries.entry(id.clone()).or_default();
        entry.set_event(part, seen, &self.nodes);
        self.dirty.insert(id);
    }

    /// Images or room for pods changed on a node, which may be seen of any tenant.
    fn nodes_changed(&mut self) {
        self.dirty.extend(self.entries.keys().cloned());
    }

    fn set_state(&mut self, watch: &Watch, state: WatchState) {
        if let Some(known) = self.health.watches.iter_mut().find(|known| known.watch == *watch) {
            known.state = state;
        }
        if watch.kind == ObjectKind::TenantControlPlane && self.health.ready() {
            // Events came for many things; now it is known which of them are tenants.
            self.entries.retain(|_, entry| entry.object.is_some() || entry.has_parts() || entry.published.is_some());
        }
        self.dirty.extend(self.entries.keys().filter(|id| watch.covers(&id.namespace)).cloned());
    }
}

/// The objects of one tenant, read one by one. A kind that the API server refuses is its words.
pub(crate) struct Fresh {
    pub(crate) control_plane: Box<TenantSnapshot>,
    pub(crate) deployments: Result<Vec<Object>, String>,
    pub(crate) replica_sets: Result<Vec<Object>, String>,
    pub(crate) pods: Result<Vec<Object>, String>,
}

/// A snapshot of objects that were just read. It knows no events, no nodes and no film.
pub(crate) fn assemble(fresh: Fresh, now: UnixMillis) -> TenantSnapshot {
    let mut entry = Entry::default();
    let mut unread = |objects: Result<Vec<Object>, String>| match objects {
        Ok(objects) => {
            for object in objects {
                match object {
                    Object::Deployment(part) => entry.deployment = Some(part),
                    Object::ReplicaSet(part) => {
                        entry.replica_sets.insert(part.name.clone(), part);
                    }
                    Object::Pod(part) => entry.set_pod(part, now, Seen::Listed),
                    Object::TenantControlPlane(_) | Object::Event(_) | Object::Node(_) | Object::UpgradePlan(_) => {}
                }
            }
            None
        }
        Err(words) => Some(Unread::Forbidden(words)),
    };
    let around = Around {
        deployment: unread(fresh.deployments),
        replica_sets: unread(fresh.replica_sets),
        pods: unread(fresh.pods),
        events: Some(Unread::Waiting),
        nodes: Err(Unread::Waiting),
        freshness: Freshness::Live,
        pods_unobserved: None,
    };
    entry.snapshot_of(&fresh.control_plane, &around, now)
}

/// The name under which an object stands in the index.
fn name_of(object: &Object) -> &str {
    match object {
        Object::TenantControlPlane(tenant) => &tenant.id.name,
        Object::Deployment(part) => &part.name,
        Object::ReplicaSet(part) => &part.name,
        Object::Pod(part) => &part.name,
        Object::Event(part) => &part.name,
        Object::Node(node) => &node.name,
        Object::UpgradePlan(observed) => observed.plan.name().as_str(),
    }
}
