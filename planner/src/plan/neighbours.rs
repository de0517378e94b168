//! The other tenants of a DataStore, as sums: their names are nobody else's business.

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, FindingKind};
use crate::tenant::TenantSnapshot;

/// The other tenants of the DataStore that a tenant uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Neighbours {
    /// How many.
    pub tenants: u32,
    /// Their API servers (pods).
    pub api_servers: u32,
    /// How many of them are changing their version now.
    pub hops: u32,
}

impl Neighbours {
    /// Those of `snapshot` among all tenants.
    pub fn of<'a>(snapshot: &TenantSnapshot, all: impl IntoIterator<Item = &'a TenantSnapshot>) -> Self {
        let mut neighbours = Self::default();
        let Some(data_store) = &snapshot.data_store.used else { return neighbours };
        for other in all {
            if other.id == snapshot.id || other.data_store.used.as_ref() != Some(data_store) {
                continue;
            }
            neighbours.tenants += 1;
            neighbours.api_servers += other.replicas;
            let running = other.hop.as_ref().is_some_and(|hop| hop.finished_ms.is_none());
            neighbours.hops += u32::from(running && other.replicas > 0);
        }
        neighbours
    }

    pub(super) fn finding(self, snapshot: &TenantSnapshot) -> Option<Finding> {
        let data_store = snapshot.data_store.used.clone()?;
        let Self { tenants, api_servers, hops } = self;
        match (tenants, hops) {
            (0, _) => None,
            (_, 0) => Some(FindingKind::DataStoreShared { data_store, tenants, api_servers }.into()),
            _ => Some(FindingKind::DataStoreBusy { data_store, hops }.into()),
        }
    }
}
