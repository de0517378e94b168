//! The strategy lab on one tenant's own numbers, and the lab without any cluster.

use leptos::prelude::*;
use leptos_meta::Title;
use planner::lab::LabInput;
use planner::next::next_versions;
use planner::strategy::Strategy;

use super::{Tenant, tenant_page};
use crate::lab::{LabStart, StrategyLab};
use crate::links::TenantTab;
use crate::words;

/// The lab of a tenant.
#[component]
pub fn TenantLabPage() -> impl IntoView {
    tenant_page(TenantTab::Lab, tenant_lab)
}

/// The lab begins with what was known when the page was opened: numbers must not move under a person who compares.
fn tenant_lab(tenant: Tenant) -> AnyView {
    let snapshot = tenant.first.get_value();
    let today = words::day(snapshot.observed_at);
    let version = tenant
        .knowledge
        .with_value(|knowledge| next_versions(&snapshot, &knowledge.releases, &knowledge.operator, today).recommended);
    let (input, sources) = LabInput::from_snapshot(&snapshot, version.as_ref());
    let start = LabStart {
        input,
        sources: Some(sources),
        preferred: snapshot.strategy.under_kamaji().unwrap_or(Strategy::BLUE_GREEN),
        tenant: Some((snapshot.id.clone(), version)),
    };
    view! { <StrategyLab start=start /> }.into_any()
}

/// The lab without a tenant.
#[component]
pub fn LabPage() -> impl IntoView {
    view! {
        <Title text="Strategy lab" />
        <div class="stack">
            <h1>{"Strategy lab"}</h1>
            <p class="lead">
                {"What each strategy would do to a control plane: any control plane, no cluster is asked. On a tenant’s own page the lab begins with that tenant’s numbers."}
            </p>
            <StrategyLab start=LabStart::default() />
        </div>
    }
}
