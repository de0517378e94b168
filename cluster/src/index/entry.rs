//! Everything known of one TenantControlPlane, and the snapshot made of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use planner::stage;
use planner::tenant::{
    DeclaredVersion, DeploymentFacts, EventFacts, Freshness, PodFacts, Reading, ReplicaSetFacts, TenantSnapshot,
};
use planner::time::UnixMillis;

use super::nodes::Nodes;
use super::recorder::{Recorder, Seen};
use crate::health::{Health, WatchState};
use crate::resources::{EventObject, ObjectKind, Part};
use crate::scope::Watch;

/// How many events of a tenant are kept, the newest.
const KEPT_EVENTS: usize = 50;

/// How many sentences about unreadable objects a tenant shows.
const MOST_PROBLEMS: usize = 20;

/// What the index holds of one tenant. Objects made of a TenantControlPlane may arrive before it.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) object: Option<Box<TenantSnapshot>>,
    pub(super) deployment: Option<Part<Box<DeploymentFacts>>>,
    pub(super) replica_sets: BTreeMap<String, Part<ReplicaSetFacts>>,
    pub(super) pods: BTreeMap<String, Part<Box<PodFacts>>>,
    pub(super) events: BTreeMap<String, Part<EventFacts>>,
    pub(super) recorder: Recorder,
    pub(super) published: Option<Arc<TenantSnapshot>>,
    /// The first complete look was taken: from now on a hop begins only with a change of the wanted version.
    looked: bool,
}

/// How the kinds stand, as far as a snapshot shows it. `None`: it was listed.
pub(super) struct Around<'a> {
    pub(super) deployment: Option<Unread>,
    pub(super) replica_sets: Option<Unread>,
    pub(super) pods: Option<Unread>,
    pub(super) events: Option<Unread>,
    pub(super) nodes: Result<&'a Nodes, Unread>,
    pub(super) freshness: Freshness,
    pub(super) pods_unobserved: Option<UnixMillis>,
}

/// Why a kind is not read.
#[derive(Clone)]
pub(super) enum Unread {
    Waiting,
    Forbidden(String),
}

impl<'a> Around<'a> {
    /// As the watches are that bring the objects of this namespace.
    pub(super) fn of(
        health: &Health,
        nodes: &'a Nodes,
        pods_unobserved: &BTreeMap<Watch, UnixMillis>,
        namespace: &str,
    ) -> Self {
        let unread = |kind| match health.covering(kind, namespace) {
            Some(WatchState::Waiting { .. } | WatchState::NotServed { .. }) | None => Some(Unread::Waiting),
            Some(WatchState::Forbidden { words, .. }) => Some(Unread::Forbidden(words.clone())),
            Some(WatchState::Live { .. } | WatchState::Broken { .. }) => None,
        };
        let counting = health.watches.iter().filter(|it| it.watch.kind.makes_stale() && it.watch.covers(namespace));
        let broken = counting.filter_map(|it| match &it.state {
            WatchState::Broken { since, why } | WatchState::Waiting { since, why: Some(why) } => {
                Some((*since, format!("{}: {why}", it.watch)))
            }
            WatchState::Live { .. }
            | WatchState::Waiting { why: None, .. }
            | WatchState::Forbidden { .. }
            | WatchState::NotServed { .. } => None,
        });
        Self {
            deployment: unread(ObjectKind::Deployment),
            replica_sets: unread(ObjectKind::ReplicaSet),
            pods: unread(ObjectKind::Pod),
            events: unread(ObjectKind::Event),
            nodes: unread(ObjectKind::Node).map_or(Ok(nodes), Err),
            freshness: broken.min().map_or(Freshness::Live, |(since, why)| Freshness::Stale { since, why }),
            pods_unobserved: pods_unobserved.iter().find(|(watch, _)| watch.covers(namespace)).map(|(_, since)| *since),
        }
    }
}

impl Entry {
    /// Whether nothing is known any more.
    pub(super) fn is_empty(&self) -> bool {
        self.object.is_none() && !self.has_parts() && self.events.is_empty()
    }

    /// Whether any object made of the TenantControlPlane is known.
    pub(super) fn has_parts(&self) -> bool {
        self.deployment.is_some() || !self.replica_sets.is_empty() || !self.pods.is_empty()
    }

    /// Nothing recorded belongs to the TenantControlPlane that is there, or will be.
    pub(super) fn forget_past(&mut self) {
        self.recorder = Recorder::default();
        self.looked = false;
    }

    /// A TenantControlPlane was seen. A new wanted version begins a hop.
    pub(super) fn set_object(&mut self, object: Box<TenantSnapshot>, now: UnixMillis, seen: Seen) {
        let before = self.object.as_deref();
        if let Some(before) = before
            && before.uid != object.uid
        {
            // Deleted and created again while nobody looked.
            self.forget_past();
        } else if let Some(before) = before
            && before.desired_version != object.desired_version
        {
            let wanted = object.desired_version.clone();
            let running = self.deployment.as_ref().and_then(|part| part.facts.version.clone());
            let running = running.map(|version| without_suffix(version, object.image.tag_suffix.as_deref()));
            // What reached Ready last is what serves; a version that is still being rolled out may never have been.
            let from = [before.installed_version.clone(), running, Some(before.desired_version.clone())]
                .into_iter()
                .flatten()
                .find(|version| *version != wanted);
            self.recorder.start(from, wanted, now, seen);
            self.looked = true;
        }
        self.object = Some(object);
    }

    /// Notes what changed, and gives the snapshot of this moment; `None` without a TenantControlPlane.
    pub(super) fn refresh(&mut self, around: &Around<'_>, now: UnixMillis) -> Option<TenantSnapshot> {
        let mut snapshot = self.snapshot_of(self.object.as_deref()?, around, now);
        if !self.looked && !waits(&snapshot.deployment) && !waits(&snapshot.pods) {
            self.looked = true;
            if let Some(from) = hop_in_flight(&snapshot) {
                self.recorder.start(Some(from), snapshot.desired_version.clone(), now, Seen::Listed);
                snapshot.hop = self.recorder.observed(now, around.pods_unobserved);
            }
        }
        if self.recorder.running() {
            if self.recorder.begins_with(&snapshot.images) {
                snapshot.hop = self.recorder.observed(now, around.pods_unobserved);
            }
            if stage::is_settled(&snapshot) {
                self.recorder.settled(now);
                snapshot.hop = self.recorder.observed(now, around.pods_unobserved);
            }
            if stage::is_finished(&snapshot) {
                self.recorder.finished(now);
                snapshot.hop = self.recorder.observed(now, around.pods_unobserved);
            }
        }
        Some(snapshot)
    }

    /// The snapshot of a TenantControlPlane and what is made of it.
    pub(super) fn snapshot_of(&self, object: &TenantSnapshot, around: &Around<'_>, now: UnixMillis) -> TenantSnapshot {
        let suffix = object.image.tag_suffix.as_deref();
        let strip = |version: &Option<DeclaredVersion>| version.clone().map(|version| without_suffix(version, suffix));
        let mut snapshot = object.clone();
        snapshot.deployment = reading(around.deployment.as_ref(), || {
            let facts = &self.deployment.as_ref()?.facts;
            Some(DeploymentFacts { version: strip(&facts.version), ..(**facts).clone() })
        });
        snapshot.replica_sets = reading(around.replica_sets.as_ref(), || {
            let sets = self.replica_sets.values().map(|part| &part.facts);
            let mut sets: Vec<_> =
                sets.map(|facts| ReplicaSetFacts { version: strip(&facts.version), ..facts.clone() }).collect();
            sets.sort_by(|a, b| (a.created_at, a.revision, &a.name).cmp(&(b.created_at, b.revision, &b.name)));
            Some(sets)
        });
        snapshot.pods = reading(around.pods.as_ref(), || {
            let pods = self.pods.values().map(|part| &part.facts);
            let mut pods: Vec<_> =
                pods.map(|facts| PodFacts { version: strip(&facts.version), ..(**facts).clone() }).collect();
            pods.sort_by(|a, b| (a.created_at, &a.name).cmp(&(b.created_at, &b.name)));
            Some(pods)
        });
        snapshot.events = reading(around.events.as_ref(), || {
            let mut events: Vec<_> = self.events.values().map(|part| part.facts.clone()).collect();
            events.sort_by_key(|event| Reverse(event.at));
            Some(events)
        });
        snapshot.images = match &around.nodes {
            Ok(nodes) => reading(None, || nodes.images(&object.image)),
            Err(unread) => reading(Some(unread), || None),
        };
        snapshot.problems.extend(self.deployment.iter().flat_map(|part| part.problems.clone()));
        snapshot.problems.extend(self.replica_sets.values().flat_map(|part| part.problems.clone()));
        snapshot.problems.extend(self.pods.values().flat_map(|part| part.problems.clone()));
        snapshot.problems.truncate(MOST_PROBLEMS);
        snapshot.hop = self.recorder.observed(now, around.pods_unobserved);
        snapshot.timings = self.recorder.timings();
        snapshot.observed_at = now;
        snapshot.freshness = around.freshness.clone();
        snapshot
    }

    /// A pod was seen.
    pub(super) fn set_pod(&mut self, mut part: Part<Box<PodFacts>>, now: UnixMillis, seen: Seen) {
        if part.facts.uid.is_empty() {
            part.facts.uid.clone_from(&part.name);
        }
        if let Some(before) = self.pods.get(&part.name)
            && before.facts.uid != part.facts.uid
        {
            self.recorder.pod_gone(&before.facts.uid, now, Seen::Listed);
        }
        let suffix = self.object.as_ref().and_then(|object| object.image.tag_suffix.as_deref());
        let mut facts = (*part.facts).clone();
        facts.version = facts.version.map(|version| without_suffix(version, suffix));
        self.recorder.pod(&facts, now, seen);
        self.pods.insert(part.name.clone(), part);
    }

    /// A pod is gone.
    pub(super) fn remove_pod(&mut self, name: &str, now: UnixMillis, seen: Seen) {
        if let Some(part) = self.pods.remove(name) {
            self.recorder.pod_gone(&part.facts.uid, now, seen);
        }
    }

    /// An event was seen; the oldest beyond the limit is forgotten.
    ///
    /// A kubelet whose node lists the image when it reports the pull has only asked the registry for it: the list of images
    /// follows a pull by seconds. Of events that are listed it is not known what the node had.
    pub(super) fn set_event(&mut self, part: Part<EventObject>, seen: Seen, nodes: &Nodes) {
        let Part { tenant, name, facts: EventObject { event, pull }, problems } = part;
        if let Some(pull) = pull {
            let pod = self.pods.get(&pull.pod);
            let node = pod.and_then(|part| part.facts.node.as_deref());
            if seen == Seen::Listed || !node.is_some_and(|node| nodes.lists(node, &pull.image)) {
                self.recorder.pulled(&name, event.at, &pull);
            }
        }
        self.events.insert(name.clone(), Part { tenant, name, facts: event, problems });
        if self.events.len() > KEPT_EVENTS {
            let oldest = self.events.values().min_by_key(|part| part.facts.at).map(|part| part.name.clone());
            if let Some(oldest) = oldest {
                self.events.remove(&oldest);
            }
        }
    }
}

/// Whether two snapshots look the same to a person. `resourceVersion`, the moment and a running film's end do not count: Kamaji
/// writes status many times a second, and most of it changes nothing but times.
pub(super) fn looks_the_same(new: &TenantSnapshot, old: &TenantSnapshot) -> bool {
    let mut like_old = new.clone();
    like_old.resource_version.clone_from(&old.resource_version);
    like_old.observed_at = old.observed_at;
    if let (Some(hop), Some(old_hop)) = (&mut like_old.hop, &old.hop) {
        hop.film.until_ms = old_hop.film.until_ms;
        // A gap that is still open grows with the film's end.
        if let (Some(gap), Some(old_gap)) = (hop.film.gaps.last_mut(), old_hop.film.gaps.last())
            && gap.from_ms == old_gap.from_ms
        {
            gap.to_ms = old_gap.to_ms;
        }
    }
    like_old == *old
}

fn reading<T>(unread: Option<&Unread>, read: impl FnOnce() -> Option<T>) -> Reading<T> {
    match unread {
        Some(Unread::Waiting) => Reading::Waiting,
        Some(Unread::Forbidden(words)) => Reading::Forbidden(words.clone()),
        None => read().map_or(Reading::Missing, Reading::Read),
    }
}

fn waits<T>(reading: &Reading<T>) -> bool {
    matches!(reading, Reading::Waiting)
}

/// On the first complete look: whether a hop runs already, and if so from which version. A control plane that never reached a
/// version is being created, which is no hop.
fn hop_in_flight(snapshot: &TenantSnapshot) -> Option<DeclaredVersion> {
    let installed = snapshot.installed_version.as_ref()?;
    let wanted = &snapshot.desired_version;
    let running = snapshot.deployment.read().and_then(|deployment| deployment.version.as_ref());
    let pods = snapshot.pods.read().into_iter().flatten().filter_map(|pod| pod.version.as_ref());
    let other = pods.chain(running).chain([installed]).find(|version| *version != wanted)?;
    Some(other.clone())
}

/// Removes the registry's tag suffix, which follows the version in each tag.
fn without_suffix(version: DeclaredVersion, suffix: Option<&str>) -> DeclaredVersion {
    match suffix.and_then(|suffix| version.0.strip_suffix(suffix)) {
        Some(stripped) => DeclaredVersion(stripped.to_owned()),
        None => version,
    }
}
