//! Who writes when, and what was written that the watches have not brought yet.
//!
//! A verdict asks whether another tenant of the DataStore surges, and learns that from the watches. So writes on one DataStore go one
//! after another, and each tells the next what it wrote. This holds for one console; another one is seen through the watches only.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use planner::strategy::DeclaredStrategy;
use planner::tenant::{DeclaredVersion, TenantId, TenantSnapshot};

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
struct Stored {
    uid: String,
    generation: i64,
    version: DeclaredVersion,
    strategy: DeclaredStrategy,
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
    /// Remembers a write by the object that the API server stored.
    pub(super) fn note(&self, stored: &TenantSnapshot) {
        let TenantSnapshot { uid, generation, desired_version, strategy, .. } = stored;
        let written = Stored {
            uid: uid.clone(),
            generation: *generation,
            version: desired_version.clone(),
            strategy: strategy.clone(),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(stored.id.clone(), written);
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
    fn is_news_to(&self, observed: &TenantSnapshot) -> bool {
        observed.uid == self.uid && observed.generation < self.generation
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use planner::tenant::TenantSnapshot;
    use serde_json::json;

    use super::{Turns, Written};
    use crate::resources::{Object, ObjectKind};

    fn tenant(uid: &str, generation: i64, version: &str) -> TenantSnapshot {
        let object = json!({
            "metadata": { "namespace": "tenants", "name": "t", "uid": uid, "generation": generation },
            "spec": { "kubernetes": { "version": version }, "dataStore": "default" },
            "status": { "storage": { "dataStoreName": "default" } },
        });
        match Object::read(ObjectKind::TenantControlPlane, &object) {
            Ok(Some(Object::TenantControlPlane(object))) => object.snapshot,
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
