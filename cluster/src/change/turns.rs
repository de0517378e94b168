//! Who writes when, and what was written that the watches have not brought yet.
//!
//! A verdict asks whether another tenant of the DataStore surges, and learns that from the watches. So writes on one DataStore go one
//! after another, and each tells the next what it wrote, or may have written. This holds for one console; another one is seen through
//! the watches only.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use planner::strategy::DeclaredStrategy;
use planner::tenant::{DeclaredVersion, TenantId, TenantSnapshot};
use tokio::time::Instant;

/// How long a write counts whose answer did not come. An API server gives up a request after a minute, and the watches bring soon
/// what was stored; without them it would count for ever though nothing was.
const UNANSWERED_COUNTS: Duration = Duration::from_secs(120);

/// What two writes may not be judged for at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Shared {
    /// The DataStore of this name.
    DataStore(String),
    /// The tenant alone: it uses no DataStore yet, or was not observed.
    Tenant(TenantId),
}

/// The turns that somebody has or waits for.
#[derive(Default)]
pub(super) struct Turns(Mutex<BTreeMap<Shared, Weak<tokio::sync::Mutex<()>>>>);

/// The last write of each tenant for which the watches have not brought the generation yet.
#[derive(Default)]
pub(super) struct Written(Mutex<BTreeMap<TenantId, Stored>>);

/// What of an object was stored by a write.
pub(super) struct Stored {
    uid: String,
    generation: i64,
    version: DeclaredVersion,
    strategy: DeclaredStrategy,
    /// Until when it counts, while it is not known whether it was stored at all.
    unanswered_until: Option<Instant>,
}

impl Turns {
    /// The turn for a write on this tenant; `observed` is what the watches have brought of it.
    pub(super) fn of(&self, tenant: &TenantId, observed: Option<&TenantSnapshot>) -> Arc<tokio::sync::Mutex<()>> {
        // One that is moved to another DataStore is at no rest, and is refused whoever has the turn.
        let shared = match observed.and_then(|snapshot| snapshot.data_store.used.clone()) {
            Some(data_store) => Shared::DataStore(data_store),
            None => Shared::Tenant(tenant.clone()),
        };
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(&shared).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::default();
        turns.insert(shared, Arc::downgrade(&turn));
        turn
    }
}

impl Written {
    /// Remembers a write that is about to be sent, by the object that a dry run of it gave: should nobody wait for the answer any more,
    /// or none come, it may have been stored. Returns what was remembered before.
    pub(super) fn note_sent(&self, rehearsed: &TenantSnapshot) -> Option<Stored> {
        self.put(&rehearsed.id, Stored::of(rehearsed, Some(Instant::now() + UNANSWERED_COUNTS)))
    }

    /// Remembers a write by the object that the API server stored.
    pub(super) fn note(&self, stored: &TenantSnapshot) {
        self.put(&stored.id, Stored::of(stored, None));
    }

    /// Forgets a write of which the answer proves that nothing was stored; what was remembered `before` counts again.
    pub(super) fn take_back(&self, tenant: &TenantId, before: Option<Stored>) {
        match before {
            Some(before) => drop(self.put(tenant, before)),
            None => drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(tenant)),
        }
    }

    fn put(&self, tenant: &TenantId, written: Stored) -> Option<Stored> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant.clone(), written)
    }

    /// All tenants as they were observed, but with what was written since. What the watches have brought, or what belongs to a tenant
    /// that is gone, is forgotten.
    pub(super) fn over(&self, mut observed: Vec<Arc<TenantSnapshot>>) -> Vec<Arc<TenantSnapshot>> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.retain(|tenant, stored| {
            let known = observed.iter_mut().find(|snapshot| snapshot.id == *tenant);
            let Some(known) = known.filter(|snapshot| stored.is_news_to(snapshot)) else { return false };
            let snapshot = Arc::make_mut(known);
            snapshot.generation = stored.generation;
            snapshot.desired_version.clone_from(&stored.version);
            snapshot.strategy.clone_from(&stored.strategy);
            true
        });
        observed
    }
}

impl Stored {
    fn of(object: &TenantSnapshot, unanswered_until: Option<Instant>) -> Self {
        let TenantSnapshot { uid, generation, desired_version, strategy, .. } = object;
        Self {
            uid: uid.clone(),
            generation: *generation,
            version: desired_version.clone(),
            strategy: strategy.clone(),
            unanswered_until,
        }
    }

    fn is_news_to(&self, observed: &TenantSnapshot) -> bool {
        let counts = self.unanswered_until.is_none_or(|until| Instant::now() < until);
        counts && observed.uid == self.uid && observed.generation < self.generation
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use planner::tenant::TenantSnapshot;
    use serde_json::json;

    use super::{Turns, UNANSWERED_COUNTS, Written};
    use crate::resources::{Object, ObjectKind};

    fn tenant(uid: &str, generation: i64, version: &str) -> TenantSnapshot {
        let object = json!({
            "metadata": { "namespace": "tenants", "name": "t", "uid": uid, "generation": generation },
            "spec": { "kubernetes": { "version": version }, "dataStore": "default" },
            "status": { "storage": { "dataStoreName": "default" } },
        });
        match Object::read(ObjectKind::TenantControlPlane, &object) {
            Ok(Some(Object::TenantControlPlane(object))) => *object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_written_counts_until_the_watches_bring_it() {
        // uid and generation as observed, what the tenant then wants, whether the write is remembered.
        let cases = [
            (Some(("a", 2)), "written", true),
            (Some(("a", 3)), "observed", false),
            (Some(("a", 4)), "observed", false),
            (Some(("made anew", 1)), "observed", false),
            (None, "", false),
        ];
        for (observed, expected, remembered) in cases {
            let written = Written::default();
            written.note(&tenant("a", 3, "written"));
            let fleet = observed.map(|(uid, generation)| Arc::new(tenant(uid, generation, "observed")));
            let seen = written.over(fleet.iter().cloned().collect());
            let wanted: Vec<String> = seen.iter().map(|snapshot| snapshot.desired_version.to_string()).collect();
            assert_eq!(wanted.concat(), expected, "{observed:?}");
            assert_eq!(!written.0.lock().expect("no panic").is_empty(), remembered, "{observed:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_without_an_answer_counts_for_a_while_and_one_that_was_refused_does_not() {
        let written = Written::default();
        let wanted = || written.over(vec![Arc::new(tenant("a", 2, "observed"))])[0].desired_version.to_string();
        assert!(written.note_sent(&tenant("a", 3, "sent")).is_none());
        assert_eq!(wanted(), "sent");
        tokio::time::advance(UNANSWERED_COUNTS).await;
        assert_eq!(wanted(), "observed");

        written.note(&tenant("a", 3, "written"));
        let before = written.note_sent(&tenant("a", 4, "sent"));
        assert_eq!(wanted(), "sent");
        let id = tenant("a", 4, "sent").id;
        written.take_back(&id, before);
        tokio::time::advance(UNANSWERED_COUNTS).await;
        assert_eq!(wanted(), "written", "what was stored counts until the watches bring it");
        written.take_back(&id, None);
        assert_eq!(wanted(), "observed");
    }

    #[test]
    fn a_turn_is_forgotten_with_its_last_holder() {
        let turns = Turns::default();
        let mut other = tenant("b", 1, "v1.35.6");
        "other".clone_into(&mut other.id.name);
        let one = tenant("a", 1, "v1.35.6");
        let turn = turns.of(&one.id, Some(&one));
        assert!(Arc::ptr_eq(&turn, &turns.of(&other.id, Some(&other))), "one DataStore, one turn");
        assert!(!Arc::ptr_eq(&turn, &turns.of(&other.id, None)), "not observed: a turn of its own");
        drop(turn);
        let _last = turns.of(&one.id, None);
        assert_eq!(turns.0.lock().expect("no panic").len(), 1);
    }
}
