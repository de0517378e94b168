//! The engine: a store, a virtual time and an agenda. Everything that happens later is a planned action; playing the
//! agenda is synchronous and, with the same seed and the same requests at the same times, always gives the same world.

mod api;
mod recorder;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;

use planner::time::UnixMillis;
use serde_json::Value;

use crate::behaviour::TenantBehaviour;
use crate::kamaji::{Kamaji, KamajiStep};
use crate::kinds::Kind;
use crate::kubelet::PodStep;
use crate::random::Random;
use crate::store::{Change, ChangeType, Key, Store};
use crate::tenant_api::TenantCluster;
use crate::{json, kubelet, scheduler};

pub(crate) use self::api::INTERNAL;
pub use self::api::{Part, WriteOptions};

pub(crate) use self::recorder::{Component, Happening};

/// How many changes a watch may lag behind before it must list again.
const LOG_LIMIT: usize = 4000;
/// Events live this long (ms), as with the API server's default.
const EVENT_LIFETIME_MS: i64 = 3_600_000;
/// Lines kept of Kamaji's own log.
const KAMAJI_LOG_LIMIT: usize = 200;
/// Time between two looks for outlived events (ms).
const EVENT_PRUNING_MS: i64 = 300_000;

/// The embedded management cluster without its doors.
#[derive(Debug)]
pub struct World {
    /// The objects.
    pub store: Store,
    /// Kamaji's controller.
    pub(crate) kamaji: Kamaji,
    /// How each tenant's pods and API server behave.
    pub(crate) tenants: BTreeMap<Key, TenantBehaviour>,
    /// The tenants' own clusters.
    pub(crate) clusters: BTreeMap<Key, TenantCluster>,
    /// Where the doors stand, for the kubeconfigs that lead to tenants.
    pub(crate) url: String,
    pub(crate) random: Random,
    /// ReplicaSets whose creations were refused, and how often in a row.
    pub(crate) refused_creations: BTreeMap<Key, u32>,
    /// What each node's container runtime has, by node.
    pub(crate) images: BTreeMap<String, BTreeSet<String>>,
    /// Whether `metrics.k8s.io` is served.
    pub(crate) serves_metrics: bool,
    /// Pods that fit on no node.
    pub(crate) unschedulable: BTreeSet<Key>,
    /// What Kamaji wrote into its log, newest last: many a reason stands nowhere else.
    kamaji_log: VecDeque<String>,
    now_ms: i64,
    agenda: BinaryHeap<Planned>,
    planned: u64,
    /// Controllers' syncs that are on the agenda already, to be woken only once.
    woken: BTreeSet<(Kind, Key)>,
    /// The controllers' own timers: one an object, of several the earliest stands.
    timers: BTreeMap<(Kind, Key), i64>,
    /// The last change to which the controllers have reacted.
    reacted: u64,
}

/// Something that happens later.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// Sync a Deployment, a ReplicaSet or a KamajiControlPlane.
    Sync(Kind, Key),
    /// Sync it because its timer, set for this moment, has run out.
    Timer(Kind, Key, i64),
    /// Kamaji's controller goes on.
    Kamaji(KamajiStep),
    /// The scheduler looks at a pod.
    Schedule(Key),
    /// The kubelet takes the next step with a pod of this uid.
    Pod(Key, String, PodStep),
    /// A kubelet reports the images of its node.
    ListImages(String),
    /// Outlived events go.
    PruneEvents,
}

#[derive(Debug)]
struct Planned {
    at_ms: i64,
    number: u64,
    action: Action,
}

impl World {
    /// An empty world at `now`.
    pub fn new(seed: u64, now: UnixMillis) -> Self {
        let mut world = Self {
            store: Store::new(LOG_LIMIT),
            kamaji: Kamaji::default(),
            tenants: BTreeMap::new(),
            clusters: BTreeMap::new(),
            url: String::from("http://127.0.0.1"),
            random: Random::new(seed),
            refused_creations: BTreeMap::new(),
            images: BTreeMap::new(),
            serves_metrics: false,
            unschedulable: BTreeSet::new(),
            kamaji_log: VecDeque::new(),
            now_ms: now.0,
            agenda: BinaryHeap::new(),
            planned: 0,
            woken: BTreeSet::new(),
            timers: BTreeMap::new(),
            reacted: 0,
        };
        world.plan(EVENT_PRUNING_MS, Action::PruneEvents);
        world
    }

    /// The virtual time.
    pub fn now(&self) -> UnixMillis {
        UnixMillis(self.now_ms)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// When the next planned action is due.
    pub fn next_action(&self) -> Option<UnixMillis> {
        self.agenda.peek().map(|planned| UnixMillis(planned.at_ms))
    }

    /// Plays everything that is due up to `moment`. A moment that has passed does nothing.
    pub fn advance_to(&mut self, moment: UnixMillis) {
        while self.agenda.peek().is_some_and(|planned| planned.at_ms <= moment.0) {
            let Some(planned) = self.agenda.pop() else { break };
            self.now_ms = self.now_ms.max(planned.at_ms);
            self.perform(planned.action);
            self.react();
        }
        self.now_ms = self.now_ms.max(moment.0);
    }

    /// Plays the next `millis` milliseconds.
    pub fn advance(&mut self, millis: i64) {
        self.advance_to(self.now().plus_millis(millis));
    }

    /// What Kamaji wrote into its log, oldest first.
    pub fn kamaji_log(&self) -> impl Iterator<Item = &str> {
        self.kamaji_log.iter().map(String::as_str)
    }

    pub(crate) fn log_of_kamaji(&mut self, key: &Key, line: &str) {
        let time = json::seconds(self.now_ms);
        let line = format!("{}/{}: {line}", key.namespace, key.name);
        // A failing reconcile says the same again and again: only the last time is kept.
        self.kamaji_log.retain(|known| !known.ends_with(&line));
        if self.kamaji_log.len() == KAMAJI_LOG_LIMIT {
            self.kamaji_log.pop_front();
        }
        self.kamaji_log.push_back(format!("{time} {line}"));
    }

    /// Plans an action in `millis` milliseconds.
    pub(crate) fn plan(&mut self, millis: i64, action: Action) {
        self.planned += 1;
        self.agenda.push(Planned { at_ms: self.now_ms + millis.max(0), number: self.planned, action });
    }

    /// Plans an action after a random time.
    pub(crate) fn plan_within(&mut self, range: (i64, i64), action: Action) {
        let millis = self.random.between(range);
        self.plan(millis, action);
    }

    /// The behaviour of the tenant a control-plane pod or Deployment belongs to.
    pub(crate) fn behaviour(&self, key: &Key) -> TenantBehaviour {
        self.tenants.get(key).cloned().unwrap_or_default()
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Sync(kind, key) => {
                self.woken.remove(&(kind, key.clone()));
                self.sync(kind, &key);
            }
            Action::Timer(kind, key, at_ms) => {
                let timer = (kind, key);
                if self.timers.get(&timer) == Some(&at_ms) {
                    self.timers.remove(&timer);
                    self.sync(kind, &timer.1);
                }
            }
            Action::Kamaji(step) => self.kamaji_step(step),
            Action::Schedule(key) => self.schedule(&key),
            Action::Pod(key, uid, step) => self.pod_step(&key, &uid, step),
            Action::ListImages(node) => self.list_images(&node),
            Action::PruneEvents => self.prune_events(),
        }
    }

    /// Lets everyone who watches react to what was written.
    pub(crate) fn react(&mut self) {
        while self.reacted < self.store.version() {
            let changes: Vec<Change> = match self.store.changes_after(self.reacted) {
                Ok(changes) => changes.cloned().collect(),
                // Compacted on purpose: everything before was reacted to when it was written.
                Err(_) => Vec::new(),
            };
            self.reacted = self.store.version();
            for change in changes {
                self.react_to(&change);
            }
        }
    }

    fn react_to(&mut self, change: &Change) {
        let key = Key::of(&change.object);
        match change.kind {
            Kind::TenantControlPlane => {
                self.kamaji_sees_tenant(&key, change);
                self.wake_controller(Kind::KamajiControlPlane, &change.object);
            }
            Kind::KamajiControlPlane if change.change != ChangeType::Deleted => {
                self.wake(Kind::KamajiControlPlane, key);
            }
            Kind::Deployment => {
                self.kamaji_sees_deployment(change);
                if change.change == ChangeType::Deleted {
                    self.remove_orphans(Kind::ReplicaSet, &change.object);
                } else {
                    self.wake(Kind::Deployment, key);
                }
            }
            Kind::ReplicaSet => {
                self.wake_controller(Kind::Deployment, &change.object);
                if change.change == ChangeType::Deleted {
                    self.remove_orphans(Kind::Pod, &change.object);
                } else {
                    self.wake(Kind::ReplicaSet, key);
                }
            }
            Kind::Pod => {
                self.wake_controller(Kind::ReplicaSet, &change.object);
                scheduler::react(self, &key, change);
                kubelet::react(self, &key, change);
                if change.change == ChangeType::Deleted {
                    self.wake_recreating_deployment(&change.object);
                }
            }
            _ => {}
        }
    }

    /// Has an object synced soon, once.
    pub(crate) fn wake(&mut self, kind: Kind, key: Key) {
        let millis = self.random.between((4, 30));
        self.wake_in(millis, kind, key);
    }

    /// Has an object synced in `millis`, unless a sync is planned already.
    pub(crate) fn wake_in(&mut self, millis: i64, kind: Kind, key: Key) {
        if self.woken.insert((kind, key.clone())) {
            self.plan(millis, Action::Sync(kind, key));
        }
    }

    /// Has an object synced in `millis` by its controller's timer, unless that runs out earlier.
    pub(crate) fn resync_in(&mut self, millis: i64, kind: Kind, key: Key) {
        let at_ms = self.now_ms + millis;
        let timer = (kind, key);
        if self.timers.get(&timer).is_none_or(|set| at_ms < *set) {
            self.timers.insert(timer.clone(), at_ms);
            self.plan(millis, Action::Timer(timer.0, timer.1, at_ms));
        }
    }

    fn sync(&mut self, kind: Kind, key: &Key) {
        match kind {
            Kind::Deployment => self.sync_deployment(key),
            Kind::KamajiControlPlane => self.sync_kamaji_control_plane(key),
            _ => self.sync_replica_set(key),
        }
    }

    fn wake_controller(&mut self, kind: Kind, object: &Value) {
        let Some((owner_kind, name)) = json::controller(object) else { return };
        if owner_kind == kind.name() {
            let key = Key::new(Key::of(object).namespace, name);
            self.wake(kind, key);
        }
    }

    /// A Recreate Deployment waits for the last old pod's end.
    fn wake_recreating_deployment(&mut self, pod: &Value) {
        let namespace = Key::of(pod).namespace;
        let Some(("ReplicaSet", name)) = json::controller(pod) else { return };
        let Some(replica_set) = self.store.get(Kind::ReplicaSet, &Key::new(namespace, name)).cloned() else { return };
        self.wake_controller(Kind::Deployment, &replica_set);
    }

    fn remove_orphans(&mut self, kind: Kind, owner: &Value) {
        let uid = json::text(owner, "/metadata/uid").unwrap_or_default();
        let namespace = Key::of(owner).namespace;
        let orphans: Vec<Key> = self
            .store
            .list(kind, Some(&namespace))
            .filter(|(_, object)| json::controller_uid(object) == Some(uid))
            .map(|(key, _)| key.clone())
            .collect();
        for key in orphans {
            match kind {
                Kind::Pod => self.terminate_pod(&key),
                _ => {
                    self.store.remove(kind, &key);
                }
            }
        }
    }

    fn prune_events(&mut self) {
        let oldest = self.now_ms - EVENT_LIFETIME_MS;
        let outlived: Vec<Key> = self
            .store
            .list(Kind::Event, None)
            .filter(|(_, event)| recorder::last_seen_ms(event).is_some_and(|seen| seen < oldest))
            .map(|(key, _)| key.clone())
            .collect();
        for key in outlived {
            self.store.remove(Kind::Event, &key);
        }
        self.plan(EVENT_PRUNING_MS, Action::PruneEvents);
    }

    /// One object, shared.
    pub fn get(&self, kind: Kind, key: &Key) -> Option<Arc<Value>> {
        self.store.get(kind, key).cloned()
    }

    /// Changes an object past every rule.
    pub(crate) fn tamper(&mut self, kind: Kind, key: &Key, change: impl FnOnce(&mut Value)) {
        let Some(object) = self.get(kind, key) else { return };
        let mut object = Value::clone(&object);
        change(&mut object);
        self.store.put(kind, object);
        self.react();
    }

    /// Whether Kamaji's webhook fails to answer.
    pub(crate) fn set_webhook_down(&mut self, down: bool) {
        self.kamaji.webhook_down = down;
    }

    /// Sets the highest minor of Kubernetes 1 that the installed operator accepts.
    pub fn set_ceiling(&mut self, minor: u64) {
        self.kamaji.ceiling_minor = minor;
    }

    /// Puts an object in as it is, without any rule: for worlds that hold what no API server would accept.
    pub(crate) fn plant(&mut self, kind: Kind, mut object: Value) {
        if !object["metadata"].is_object() {
            return;
        }
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = Value::String(self.random.uuid());
        }
        if object["metadata"]["creationTimestamp"].is_null() {
            object["metadata"]["creationTimestamp"] = Value::String(json::seconds(self.now_ms));
        }
        object["apiVersion"] = Value::String(kind.api_version());
        object["kind"] = Value::String(kind.name().to_owned());
        self.store.put(kind, object);
        self.react();
    }
}

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Planned {}

impl PartialOrd for Planned {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Planned {
    /// The earliest is the greatest, since a heap gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_ms, other.number).cmp(&(self.at_ms, self.number))
    }
}
