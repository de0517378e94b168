//! The other tenants of a DataStore, as sums: their names are nobody else's business.

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, FindingKind};
use crate::stage::is_settled;
use crate::strategy::Strategy;
use crate::tenant::TenantSnapshot;

/// The other tenants of the DataStore that a tenant uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Neighbours {
    /// How many.
    pub tenants: u32,
    /// Their API servers (pods).
    pub api_servers: u32,
    /// How many of them have more pods than replicas now because theirs are being replaced, or are about to: a hop with a
    /// strategy that surges is under way.
    pub surging: u32,
    /// Of how many the pods could not be read.
    pub unknown: u32,
    /// Among which tenants they were counted.
    pub counted: Counted,
}

/// Among which tenants the neighbours were counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Counted {
    /// Those of every namespace.
    #[default]
    Everywhere,
    /// Those of some namespaces, in which alone the console looks: there may be more.
    SomeNamespaces,
}

impl Neighbours {
    /// Those of `snapshot` among all tenants that the console sees; `counted` says which these are.
    pub fn of<'a>(
        snapshot: &TenantSnapshot,
        all: impl IntoIterator<Item = &'a TenantSnapshot>,
        counted: Counted,
    ) -> Self {
        let mut neighbours = Self { counted, ..Self::default() };
        let Some(data_store) = &snapshot.data_store.used else { return neighbours };
        for other in all {
            if other.id == snapshot.id || other.data_store.used.as_ref() != Some(data_store) {
                continue;
            }
            neighbours.tenants += 1;
            neighbours.api_servers += other.replicas;
            match surges(other) {
                Some(surges) => neighbours.surging += u32::from(surges),
                None => neighbours.unknown += 1,
            }
        }
        neighbours
    }

    /// A second surge while one runs blocks; a strategy without one adds no API server, and waits for nobody.
    pub(super) fn findings(self, snapshot: &TenantSnapshot, strategy: Option<Strategy>) -> Vec<Finding> {
        let Some(data_store) = snapshot.data_store.used.clone() else { return Vec::new() };
        let not_all = (self.counted == Counted::SomeNamespaces)
            .then(|| FindingKind::DataStoreNotAllCounted { data_store: data_store.clone() }.into());
        self.among_counted(snapshot, strategy, data_store).into_iter().chain(not_all).collect()
    }

    fn among_counted(
        self,
        snapshot: &TenantSnapshot,
        strategy: Option<Strategy>,
        data_store: String,
    ) -> Option<Finding> {
        let Self { tenants, api_servers, surging, unknown, counted: _ } = self;
        let surges = strategy.is_none_or(|strategy| strategy.limits(snapshot.replicas).max_surge > 0);
        match (tenants, surging) {
            (0, _) => None,
            (_, 1..) if surges && snapshot.replicas > 0 => {
                Some(FindingKind::DataStoreBusy { data_store, surging }.into())
            }
            _ => Some(FindingKind::DataStoreShared { data_store, tenants, api_servers, surging, unknown }.into()),
        }
    }
}

/// Whether a tenant doubles its API servers; `None` if its pods, which alone would tell, could not be read.
fn surges(tenant: &TenantSnapshot) -> Option<bool> {
    if is_settled(tenant) {
        return Some(false);
    }
    // Between the write and the first new pod, and between two pods of a surge by one, the pods say nothing yet.
    let strategy = tenant.strategy.under_kamaji().ok();
    let about_to = strategy.is_some_and(|strategy| strategy.limits(tenant.replicas).max_surge > 0);
    if tenant.replicas > 0 && about_to && tenant.hop_runs() {
        return Some(true);
    }
    tenant.pods.read().map(|pods| pods.len() > tenant.replicas as usize)
}
