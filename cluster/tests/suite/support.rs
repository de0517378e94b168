//! Builders of objects, and an API server in process that does what a script says.

pub(crate) mod api;
pub(crate) mod objects;
pub(crate) mod story;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cluster::resources::{Object, ObjectKind};
use cluster::{Clock, Credentials, Identity, Namespace, Scope, Visibility};
use planner::tenant::TenantId;
use planner::time::UnixMillis;
use serde_json::Value;

/// 2026-11-22 08:00:00 UTC, when the objects of [`objects`] are looked at.
pub(crate) const NOW: UnixMillis = UnixMillis(1_795_334_400_000);

/// A clock that stands still until it is set.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<AtomicI64>);

impl HandClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOW.0)))
    }

    pub(crate) fn forward(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> Clock {
        let at = self.0.clone();
        Arc::new(move || UnixMillis(at.load(Ordering::SeqCst)))
    }
}

/// Somebody who sees everything.
pub(crate) fn admin() -> Identity {
    Identity { user: "admin".into(), groups: Vec::new(), sees: Visibility::All, via: Credentials::Own }
}

/// Somebody who sees one namespace, and acts through the console.
pub(crate) fn owner_of(namespace: &str) -> Identity {
    Identity {
        user: "olivia".into(),
        groups: vec!["team-a".into(), "system:authenticated".into()],
        sees: Visibility::Namespaces(BTreeSet::from([namespace.to_owned()])),
        via: Credentials::Impersonate,
    }
}

/// `tenants/{name}`.
pub(crate) fn tenant_id(name: &str) -> TenantId {
    TenantId { namespace: "tenants".into(), name: name.into() }
}

/// Only these namespaces.
pub(crate) fn scope(namespaces: &[&str]) -> Scope {
    Scope::of(namespaces.iter().map(|name| name.parse::<Namespace>().expect("the name of a namespace")))
}

/// An object, read.
pub(crate) fn read(kind: ObjectKind, value: &Value) -> Object {
    Object::read(kind, value).expect("has a name").expect("is ours")
}
