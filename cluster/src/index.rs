//! The index: objects in, snapshots out. Pure: no I/O, no clock, no task of its own.
//!
//! One task owns it and feeds it ([`observe`](crate::observe::observe), or a [recording](crate::recording)); readers hold
//! `tokio::sync::watch` receivers. Every call takes the moment at which it happens. Calls only note what changed;
//! [`Index::flush`] makes and publishes snapshots, so that a burst of changes costs one.

mod entry;
mod nodes;
mod recorder;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use planner::tenant::{Freshness, TenantId, TenantSnapshot};
use planner::time::UnixMillis;

use self::entry::{Around, Entry, Unread};
use self::nodes::Nodes;
use self::recorder::Seen;
use crate::Clock;
use crate::health::{Health, Playback, Source, WatchHealth, WatchState};
use crate::observer::{Observer, Published};
use crate::resources::{EventObject, Object, ObjectKind, Part, TenantObject, Unreadable};

/// How many unreadable objects are remembered.
const MOST_UNREADABLE: usize = 20;

/// How many tenants may be known by events alone: their TenantControlPlane may be about to appear.
const MOST_ANNOUNCED: usize = 256;

/// Everything observed, by tenant.
pub struct Index {
    entries: BTreeMap<TenantId, Entry>,
    nodes: Nodes,
    health: Health,
    unreadable: Vec<Unreadable>,
    /// Known by events when they were last looked at.
    announced: BTreeSet<TenantId>,
    pods_unobserved: Option<UnixMillis>,
    dirty: BTreeSet<TenantId>,
    fleet_changed: bool,
    published: Arc<Published>,
}

impl Index {
    /// An empty index and its readers' side. Every kind waits for its first list since `now`.
    pub fn new(now: UnixMillis, source: Source, clock: Clock) -> (Self, Observer) {
        let watches = ObjectKind::ALL
            .map(|kind| WatchHealth { kind, state: WatchState::Waiting { since: now, why: None } })
            .to_vec();
        let health = Health { watches, problems: Vec::new(), source };
        let published = Arc::new(Published::new(health.clone()));
        let index = Self {
            entries: BTreeMap::new(),
            nodes: Nodes::default(),
            health,
            unreadable: Vec::new(),
            announced: BTreeSet::new(),
            pods_unobserved: Some(now),
            dirty: BTreeSet::new(),
            fleet_changed: false,
            published: published.clone(),
        };
        (index, Observer::new(published, clock))
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
            Object::Node(_) => {}
        }
        self.dirty.insert(id);
    }

    /// A kind was listed: what is not in the list is gone. The watch is connected again.
    pub fn reset(&mut self, kind: ObjectKind, objects: Vec<Object>, now: UnixMillis) {
        let mut listed: BTreeMap<TenantId, BTreeSet<String>> = BTreeMap::new();
        let mut nodes: BTreeSet<String> = BTreeSet::new();
        for object in &objects {
            let names = match object.tenant() {
                Some(id) => listed.entry(id.clone()).or_default(),
                None => &mut nodes,
            };
            names.insert(name_of(object).to_owned());
        }
        if kind == ObjectKind::Pod
            && let Some(since) = self.pods_unobserved.take()
        {
            for entry in self.entries.values_mut() {
                entry.recorder.gap(since, now);
            }
        }
        if kind == ObjectKind::Node {
            self.nodes.retain(|name| nodes.contains(name));
        }
        for (id, entry) in &mut self.entries {
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
                ObjectKind::Node => {}
            }
        }
        self.unreadable.retain(|unreadable| unreadable.kind != kind);
        for object in objects {
            self.put(object, now, Seen::Listed);
        }
        self.set_state(kind, WatchState::Live { since: now });
    }

    /// A watch is lost; a list will follow when it is back.
    pub fn lost(&mut self, kind: ObjectKind, why: &str, now: UnixMillis) {
        let why = why.to_owned();
        let state = match self.health.state(kind) {
            WatchState::Waiting { since, .. } => WatchState::Waiting { since: *since, why: Some(why) },
            WatchState::Live { .. } => WatchState::Broken { since: now, why },
            WatchState::Broken { since, .. } => WatchState::Broken { since: *since, why },
            // It was refused before, so nothing is known of it: it waits again.
            WatchState::Forbidden { since, .. } => WatchState::Waiting { since: *since, why: Some(why) },
        };
        if kind == ObjectKind::Pod {
            self.pods_unobserved.get_or_insert(now);
        }
        self.set_state(kind, state);
    }

    /// The API server refuses a kind. What was known of it is forgotten: it can no longer be vouched for.
    pub fn forbidden(&mut self, kind: ObjectKind, words: &str, now: UnixMillis) {
        if let WatchState::Forbidden { words: known, .. } = self.health.state(kind)
            && known == words
        {
            return;
        }
        if kind == ObjectKind::Pod {
            self.pods_unobserved.get_or_insert(now);
        }
        self.set_state(kind, WatchState::Forbidden { since: now, words: words.to_owned() });
    }

    /// An object belongs to nobody and cannot be read.
    pub fn unreadable(&mut self, unreadable: Unreadable) {
        if self.unreadable.contains(&unreadable) {
            return;
        }
        tracing::warn!(kind = %unreadable.kind, "object cannot be read: {unreadable}");
        if self.unreadable.len() == MOST_UNREADABLE {
            self.unreadable.remove(0);
        }
        self.unreadable.push(unreadable);
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
        let around = Around::of(&self.health, &self.nodes, self.pods_unobserved);
        let mut ids = std::mem::take(&mut self.dirty);
        ids.extend(self.entries.iter().filter(|(_, entry)| anyway(entry)).map(|(id, _)| id.clone()));
        for id in ids {
            let Some(entry) = self.entries.get_mut(&id) else { continue };
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
        self.health.problems = self.unreadable.iter().map(ToString::to_string).collect();
        self.published.put_health(&self.health);
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
            Object::Event(_) | Object::Node(_) => {}
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

    fn set_state(&mut self, kind: ObjectKind, state: WatchState) {
        if let Some(watch) = self.health.watches.iter_mut().find(|watch| watch.kind == kind) {
            watch.state = state;
        }
        if kind == ObjectKind::TenantControlPlane && self.health.ready() {
            // Events came for many things; now it is known which of them are tenants.
            self.entries.retain(|_, entry| entry.object.is_some() || entry.has_parts() || entry.published.is_some());
        }
        self.dirty.extend(self.entries.keys().cloned());
    }
}

/// The objects of one tenant, read one by one. A kind that the API server refuses is its words.
pub(crate) struct Fresh {
    pub(crate) control_plane: Box<TenantObject>,
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
                    Object::TenantControlPlane(_) | Object::Event(_) | Object::Node(_) => {}
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
        Object::TenantControlPlane(tenant) => &tenant.snapshot.id.name,
        Object::Deployment(part) => &part.name,
        Object::ReplicaSet(part) => &part.name,
        Object::Pod(part) => &part.name,
        Object::Event(part) => &part.name,
        Object::Node(node) => &node.name,
    }
}
