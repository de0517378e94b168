//! The stored plans, apart from the tenants' snapshots: those go to every open page, and few of them show plans.
//!
//! Whoever may write plans may write many. Of each tenant the newest are kept; of all others the name alone, so that they are counted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use planner::plan::stored::{ListedPlan, PlanName};
use planner::tenant::TenantId;
use planner::time::UnixMillis;

use crate::resources::{ObjectKind, ObservedPlan};
use crate::scope::Watch;

/// How many plans of one tenant are kept.
const MOST: usize = 20;

/// Plans by tenant.
pub(crate) type ByTenant = BTreeMap<TenantId, TenantPlans>;

/// The plans of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TenantPlans {
    /// At most [`MOST`], the newest first by when the API server created them.
    pub(crate) plans: Vec<ListedPlan>,
    /// How many more there are.
    pub(crate) more: usize,
}

/// Newest first.
type Place = (Reverse<UnixMillis>, PlanName);

/// What is known of the stored plans.
#[derive(Debug, Default)]
pub(super) struct Plans {
    /// All, by namespace and name: whose each is, and its place there.
    all: BTreeMap<(String, PlanName), (TenantId, Place)>,
    /// Those that are kept.
    kept: BTreeMap<TenantId, BTreeMap<Place, ListedPlan>>,
    changed: bool,
}

impl Plans {
    /// A plan was seen.
    pub(super) fn set(&mut self, observed: ObservedPlan) {
        let ObservedPlan { plan, created_at } = observed;
        self.remove(&plan);
        let tenant = plan.tenant().clone();
        let place = (Reverse(created_at), plan.name().clone());
        self.all.insert(key(&plan), (tenant.clone(), place.clone()));
        let kept = self.kept.entry(tenant).or_default();
        kept.insert(place, plan);
        if kept.len() > MOST {
            kept.pop_last();
        }
        self.changed = true;
    }

    /// A plan is gone. One that was only counted does not come up in its place until the plans are listed again.
    pub(super) fn remove(&mut self, plan: &ListedPlan) {
        let Some((tenant, place)) = self.all.remove(&key(plan)) else { return };
        if let Some(kept) = self.kept.get_mut(&tenant) {
            kept.remove(&place);
        }
        self.changed = true;
    }

    /// Nothing is known any more of what this watch brought, if it was one on plans.
    pub(super) fn forget(&mut self, watch: &Watch) {
        if watch.kind == ObjectKind::UpgradePlan {
            self.all.retain(|(namespace, _), _| !watch.covers(namespace));
            self.kept.retain(|tenant, _| !watch.covers(&tenant.namespace));
            self.changed = true;
        }
    }

    /// All of them by tenant, if they changed since this was asked last.
    pub(super) fn changed(&mut self) -> Option<ByTenant> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        self.kept.retain(|_, kept| !kept.is_empty());
        let mut plans = ByTenant::new();
        for (tenant, _) in self.all.values() {
            plans.entry(tenant.clone()).or_default().more += 1;
        }
        for (tenant, of_tenant) in &mut plans {
            of_tenant.plans = self.kept.get(tenant).map(|kept| kept.values().cloned().collect()).unwrap_or_default();
            of_tenant.more -= of_tenant.plans.len();
        }
        Some(plans)
    }
}

fn key(plan: &ListedPlan) -> (String, PlanName) {
    (plan.tenant().namespace.clone(), plan.name().clone())
}
