//! The objects, and the log of their changes from which watches are fed. Pure: no clock, no I/O, no opinion on what the
//! objects mean.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::kinds::Kind;

/// Where an object lives. The namespace is empty for cluster-scoped kinds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl Key {
    /// The key of `namespace`/`name`.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// The key under which an object is stored.
    pub fn of(object: &Value) -> Self {
        let field = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
        Self { namespace: field("namespace"), name: field("name") }
    }
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeType {
    /// It was created.
    Added,
    /// It was changed.
    Modified,
    /// It is gone.
    Deleted,
}

/// One entry of the log.
#[derive(Debug, Clone)]
pub struct Change {
    /// The resourceVersion this change made.
    pub version: u64,
    /// Kind of the object.
    pub kind: Kind,
    /// What happened.
    pub change: ChangeType,
    /// The object after it (at its deletion: as it was, with the deletion's resourceVersion).
    pub object: Arc<Value>,
    /// The object before it.
    pub previous: Option<Arc<Value>>,
}

/// A resourceVersion from before the oldest entry of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// The oldest resourceVersion a watch may start from.
    pub oldest: u64,
}

/// All objects by kind, namespace and name, and the newest changes.
#[derive(Debug)]
pub struct Store {
    objects: BTreeMap<Kind, BTreeMap<Key, Arc<Value>>>,
    log: VecDeque<Change>,
    log_limit: usize,
    version: u64,
    /// Changes up to this resourceVersion are no longer in the log.
    compacted: u64,
}

impl Store {
    /// An empty store that keeps `log_limit` changes.
    pub fn new(log_limit: usize) -> Self {
        Self { objects: BTreeMap::new(), log: VecDeque::new(), log_limit, version: 1, compacted: 1 }
    }

    /// The newest resourceVersion.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The oldest resourceVersion a watch may start from.
    pub fn oldest(&self) -> u64 {
        self.compacted
    }

    /// One object.
    pub fn get(&self, kind: Kind, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(&kind)?.get(key)
    }

    /// The objects of a kind by namespace and name; of all namespaces if none is given.
    pub fn list<'a>(
        &'a self,
        kind: Kind,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Value>)> {
        let all = self.objects.get(&kind).into_iter().flatten();
        all.filter(move |(key, _)| namespace.is_none_or(|namespace| key.namespace == namespace))
    }

    /// The objects of a kind as they were at an earlier resourceVersion.
    ///
    /// # Errors
    /// [`Expired`] if the log does not reach back that far.
    pub fn list_at(&self, kind: Kind, version: u64) -> Result<BTreeMap<Key, Arc<Value>>, Expired> {
        if version < self.compacted {
            return Err(Expired { oldest: self.compacted });
        }
        let mut objects = self.objects.get(&kind).cloned().unwrap_or_default();
        for change in self.log.iter().rev().take_while(|change| change.version > version) {
            if change.kind != kind {
                continue;
            }
            let key = Key::of(&change.object);
            match &change.previous {
                Some(previous) => objects.insert(key, Arc::clone(previous)),
                None => objects.remove(&key),
            };
        }
        Ok(objects)
    }

    /// Every change after a resourceVersion, oldest first.
    ///
    /// # Errors
    /// [`Expired`] if the log does not reach back that far.
    pub fn changes_after(&self, version: u64) -> Result<impl Iterator<Item = &Change>, Expired> {
        if version < self.compacted {
            return Err(Expired { oldest: self.compacted });
        }
        let start = self.log.partition_point(|change| change.version <= version);
        Ok(self.log.range(start..))
    }

    /// Puts an object in its place and gives it the next resourceVersion. An object equal to the stored one (its
    /// resourceVersion aside) makes no change.
    pub fn put(&mut self, kind: Kind, mut object: Value) -> Arc<Value> {
        let key = Key::of(&object);
        let previous = self.get(kind, &key).cloned();
        if let Some(previous) = &previous {
            object["metadata"]["resourceVersion"] = previous["metadata"]["resourceVersion"].clone();
            if **previous == object {
                return Arc::clone(previous);
            }
        }
        let change = if previous.is_some() { ChangeType::Modified } else { ChangeType::Added };
        let object = self.stamp(object);
        self.objects.entry(kind).or_default().insert(key, Arc::clone(&object));
        self.record(kind, change, Arc::clone(&object), previous);
        object
    }

    /// Takes an object out.
    pub fn remove(&mut self, kind: Kind, key: &Key) -> Option<Arc<Value>> {
        let previous = self.objects.get_mut(&kind)?.remove(key)?;
        let object = self.stamp(Value::clone(&previous));
        self.record(kind, ChangeType::Deleted, Arc::clone(&object), Some(previous));
        Some(object)
    }

    /// Moves the counter past `version`, for a store that takes another's place. Every watch must list again.
    pub fn start_after(&mut self, version: u64) {
        self.version = self.version.max(version);
        self.compact();
    }

    /// Forgets all changes so far: every watch must list again.
    pub fn compact(&mut self) {
        // A change of the counter alone, so that a watch that is up to date has missed something too.
        self.version += 1;
        self.log.clear();
        self.compacted = self.version;
    }

    fn stamp(&mut self, mut object: Value) -> Arc<Value> {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        Arc::new(object)
    }

    fn record(&mut self, kind: Kind, change: ChangeType, object: Arc<Value>, previous: Option<Arc<Value>>) {
        self.log.push_back(Change { version: self.version, kind, change, object, previous });
        while self.log.len() > self.log_limit {
            if let Some(dropped) = self.log.pop_front() {
                self.compacted = dropped.version;
            }
        }
    }
}
