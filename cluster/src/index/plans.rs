//! The stored plans, apart from the tenants' snapshots: those go to every open page, and few of them show plans.

use std::collections::BTreeMap;

use planner::plan::stored::{ListedPlan, PlanName};
use planner::tenant::TenantId;

use crate::resources::ObjectKind;
use crate::scope::Watch;

/// Plans by tenant.
pub(crate) type ByTenant = BTreeMap<TenantId, Vec<ListedPlan>>;

/// What is known of the stored plans, by namespace and name.
#[derive(Debug, Default)]
pub(super) struct Plans {
    all: BTreeMap<(String, PlanName), ListedPlan>,
    changed: bool,
}

impl Plans {
    /// A plan was seen.
    pub(super) fn set(&mut self, plan: ListedPlan) {
        self.all.insert(key(&plan), plan);
        self.changed = true;
    }

    /// A plan is gone.
    pub(super) fn remove(&mut self, plan: &ListedPlan) {
        self.changed |= self.all.remove(&key(plan)).is_some();
    }

    /// Nothing is known any more of what this watch brought, if it was one on plans.
    pub(super) fn forget(&mut self, watch: &Watch) {
        if watch.kind == ObjectKind::UpgradePlan {
            self.all.retain(|(namespace, _), _| !watch.covers(namespace));
            self.changed = true;
        }
    }

    /// All of them by tenant, the newest first, if they changed since this was asked last.
    pub(super) fn changed(&mut self) -> Option<ByTenant> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let mut plans = ByTenant::new();
        for plan in self.all.values() {
            plans.entry(plan.tenant().clone()).or_default().push(plan.clone());
        }
        for plans in plans.values_mut() {
            plans.sort_by_key(|plan| match plan {
                ListedPlan::Readable(line) => std::cmp::Reverse(Some(line.made_at)),
                ListedPlan::Broken { .. } => std::cmp::Reverse(None),
            });
        }
        Some(plans)
    }
}

fn key(plan: &ListedPlan) -> (String, PlanName) {
    (plan.tenant().namespace.clone(), plan.name().clone())
}
