//! Tenants that Cluster API owns: its objects, which one to change, in which order, and what happens then. Nothing is written here.

use leptos::prelude::*;
use planner::cluster_api::{
    Advice, Change, ClusterApiFacts, MachineFilm, Refused, Step, StepState, WHAT_A_MACHINE_FILM_LEAVES_OUT,
    observed_film,
};
use planner::tenant::Owner;
use planner::version::KubernetesVersion;
use serde::{Deserialize, Serialize};

use crate::chart::{Axes, ChartLegend, Drawing, FilmChart, FilmLayout};
use crate::clipboard::copy_block;
use crate::error::ConsoleError;
use crate::prose::prose;
use crate::tenant::Tenant;
use crate::tenant::start::diff;
use crate::trouble::{error_notice, sentence};

mod objects;

/// What Cluster API has of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnedByClusterApi {
    /// The objects.
    pub facts: ClusterApiFacts,
    /// How to bring the tenant to a version; `None` if none is named by anything.
    pub advice: Option<Advice>,
}

/// The objects of Cluster API around a tenant, and the way to `to`; `None` if it does not own the tenant.
///
/// # Errors
/// [`ConsoleError::UnknownTenant`]; whatever could not be read stands in the answer.
#[server(endpoint = "cluster_api", output = crate::codec::JsonText)]
pub async fn read_cluster_api(
    /// Namespace of the tenant.
    namespace: String,
    /// Name of the tenant.
    name: String,
    /// The version; whatever is none counts as not given, and then it is what comes next.
    #[server(default)]
    to: String,
) -> Result<Option<OwnedByClusterApi>, ConsoleError> {
    let id = planner::tenant::TenantId { namespace, name };
    crate::error::with_status(async { crate::backend::request()?.cluster_api(&id, &to).await }.await)
}

/// What there is to show of it.
pub(super) type Owned = Resource<Result<Option<OwnedByClusterApi>, ConsoleError>>;

/// Reads it; nothing is asked for a tenant that has no such owner. `to`: the version that was asked for; empty for what comes next.
pub(super) fn resource(tenant: Tenant, to: Memo<String>) -> Owned {
    let first = tenant.first.get_value();
    let owned = first.owners.iter().any(|owner| matches!(owner, Owner::ClusterApi { .. }));
    let id = first.id.clone();
    Resource::new_blocking(
        move || to.get(),
        move |to| {
            let id = id.clone();
            async move { if owned { read_cluster_api(id.namespace, id.name, to).await } else { Ok(None) } }
        },
    )
}

/// The section; nothing for a tenant that has no such owner.
pub(super) fn section(owned: Owned) -> AnyView {
    view! {
        <Transition fallback=|| {
            view! { <p class="muted" aria-busy="true">{"Reading the objects of Cluster API …"}</p> }
        }>
            {move || {
                owned
                    .get()
                    .map(|answer| match answer {
                        Ok(Some(view)) => owned_section(&view),
                        Ok(None) => ().into_any(),
                        Err(error) => error_notice(&error).into_any(),
                    })
            }}
        </Transition>
    }
    .into_any()
}

pub(crate) fn owned_section(view: &OwnedByClusterApi) -> AnyView {
    let OwnedByClusterApi { facts, advice } = view;
    let advised = advice.as_ref().map(|advice| {
        let steps = advice.steps.iter().map(|step| step_view(step, &advice.to)).collect_view();
        let remarks =
            advice.remarks.iter().map(|remark| view! { <li>{sentence(&remark.to_string())}</li> }).collect_view();
        view! {
            <p>{sentence(&advice.way.to_string())}</p>
            {advice.refused.as_ref().map(refused_view)}
            {(!advice.steps.is_empty()).then(|| view! { <ol class="feed">{steps}</ol> })}
            {(!advice.remarks.is_empty()).then(|| view! { <ul class="plain-list">{remarks}</ul> })}
        }
    });
    let title = match advice {
        Some(advice) => format!("To {} through Cluster API", advice.to),
        None => "Through Cluster API".to_owned(),
    };
    let problems = facts.problems.iter().map(|problem| view! { <li>{sentence(problem)}</li> }).collect_view();
    view! {
        <section class="section stack" aria-labelledby="cluster-api">
            <h2 id="cluster-api">{title}</h2>
            <p class="muted">
                {"Cluster API owns this tenant and replaces its Machines; a change made anywhere else would be reverted. Nothing is written from here."}
            </p>
            {advised}
            {(!facts.problems.is_empty()).then(|| view! { <ul class="plain-list">{problems}</ul> })}
            {objects::objects(facts)}
            {films(facts)}
        </section>
    }
    .into_any()
}

fn step_view(step: &Step, to: &KubernetesVersion) -> AnyView {
    let remedies = match &step.state {
        StepState::Waits(waits) => waits.iter().filter_map(planner::cluster_api::Wait::remedy).collect(),
        StepState::Done | StepState::Next | StepState::Underway(_) => Vec::new(),
    };
    let remedies =
        remedies.iter().map(|remedy| view! { <p class="small">{prose(&sentence(remedy))}</p> }).collect_view();
    let without = step.without_template.as_ref().map(|change| {
        view! {
            <details>
                <summary>{"The same without a new infrastructure template"}</summary>
                {change_view(change)}
            </details>
        }
    });
    view! {
        <li>
            <span class="feed__time">{step.state.to_string()}</span>
            <div class="feed__what stack">
                <p>{step.kind.to_string()}</p>
                <p class="small muted">{step.kind.consequence(to)}</p>
                {remedies}
                {step.change.as_ref().map(change_view)}
                {without}
            </div>
        </li>
    }
    .into_any()
}

fn change_view(change: &Change) -> AnyView {
    let patch = serde_json::to_string_pretty(&change.merge_patch).unwrap_or_default();
    let commands =
        change.commands.iter().map(|command| copy_block(command.purpose.clone(), command.line.clone())).collect_view();
    view! {
        {diff(&change.fields)}
        <details class="print-open">
            <summary>{"As a patch, and with kubectl"}</summary>
            <div class="stack">
                {copy_block(format!("As a merge patch of {}", change.object), patch)}
                {commands}
            </div>
        </details>
    }
    .into_any()
}

fn refused_view(refused: &Refused) -> AnyView {
    let changes = refused.back.changes().iter().map(change_view).collect_view();
    view! {
        <div class="callout callout--blocks">
            <p class="callout__title">{"The version was refused"}</p>
            <p>{sentence(&refused.to_string())}</p>
            <p>{sentence(&refused.back.to_string())}</p>
            {refused.way_on().map(|way| view! { <p>{way}</p> })}
        </div>
        {changes}
    }
    .into_any()
}

/// How the Machines of each MachineDeployment are replaced: what is seen over what is predicted.
fn films(facts: &ClusterApiFacts) -> AnyView {
    let machines = facts.machines.read().map(Vec::as_slice).unwrap_or_default();
    let deployments = facts.machine_deployments.read().map(Vec::as_slice).unwrap_or_default();
    let drawn = deployments
        .iter()
        .map(|deployment| {
            let name = &deployment.meta.name;
            let timings = planner::cluster_api::MachineTimings::seen_on(machines);
            match MachineFilm::predict(deployment, timings) {
                Err(why) => view! { <p class="muted">{format!("{name}: {why}.")}</p> }.into_any(),
                Ok(MachineFilm { film, timings, .. }) => {
                    let replicas = deployment.replicas;
                    let observed = observed_film(deployment, machines, facts.read_at);
                    let moving = !deployment.is_rolled_out();
                    let axes = Axes::shared(std::iter::once(&film).chain(moving.then_some(&observed)), replicas);
                    let drawing = match moving {
                        true => Drawing::Running { observed: &observed, predicted: Some(&film) },
                        false => Drawing::Predicted(&film),
                    };
                    let layout = FilmLayout::new(drawing, axes, replicas, None);
                    let kinds = layout.occurring();
                    view! {
                        <FilmChart
                            id=format!("machines-{name}")
                            title=format!("MachineDeployment {name}")
                            note=if moving { "observed, over what was predicted" } else { "predicted" }
                            layout=layout
                        />
                        <ChartLegend id=format!("machines-{name}-legend") kinds=kinds replicas=replicas />
                        <p class="small muted">{timings.to_string()}</p>
                    }
                    .into_any()
                }
            }
        })
        .collect_view();
    (!deployments.is_empty())
        .then(|| {
            view! {
                <h3>{"How Machines are replaced"}</h3>
                {drawn}
                <p class="small muted">{WHAT_A_MACHINE_FILM_LEAVES_OUT}</p>
            }
        })
        .into_any()
}
