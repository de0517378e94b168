//! The other tenants of a DataStore, as sums: their names are nobody else's business.

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, FindingKind};
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
    /// How many of them have more pods than replicas now: theirs are being replaced.
    pub surging: u32,
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
            let pods = other.pods.read().map_or(0, Vec::len);
            neighbours.surging += u32::from(pods > other.replicas as usize);
        }
        neighbours
    }

    /// A second surge while one runs blocks; a strategy without one adds no API server, and waits for nobody.
    pub(super) fn finding(self, snapshot: &TenantSnapshot, strategy: Option<Strategy>) -> Option<Finding> {
        let data_store = snapshot.data_store.used.clone()?;
        let Self { tenants, api_servers, surging } = self;
        let surges = strategy.is_none_or(|strategy| strategy.limits(snapshot.replicas).max_surge > 0);
        let surging = if surges && snapshot.replicas > 0 { surging } else { 0 };
        match (tenants, surging) {
            (0, _) => None,
            (_, 0) => Some(FindingKind::DataStoreShared { data_store, tenants, api_servers }.into()),
            _ => Some(FindingKind::DataStoreBusy { data_store, surging }.into()),
        }
    }
}
