//! Stored plans: the list of a tenant's, the page of one, and what a person does with them.
//!
//! A plan is stored as it was seen: the form carries its digest, and if it would be another by now nothing is written. Each form
//! works without a script; then what went wrong is told by a status in the address.

use leptos::prelude::*;
use planner::hop::FactChange;
use planner::plan::UpgradePlan;
use planner::plan::stored::{ListedPlan, PlanLine, PlanName, Storing};
use planner::tenant::TenantId;
use serde::{Deserialize, Serialize};

use crate::error::ConsoleError;
#[cfg(feature = "ssr")]
use crate::links::{self, TenantTab};

mod list;
mod page;

pub(crate) use self::list::{plans_section, store_section};
pub(crate) use self::page::stored_page;

/// The stored plans of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlansHere {
    /// Whether plans can be stored.
    pub storing: Storing,
    /// The newest of those that there are, the newest first.
    pub plans: Vec<ListedPlan>,
    /// How many more there are.
    pub more: usize,
}

/// A stored plan without its document, and how that compares. Whoever may write the object may write any document, so the stored
/// one does not come here: what is drawn is made anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredHere {
    /// What it says it is.
    pub line: PlanLine,
    /// The digest of its document, by which a form names what was seen.
    pub digest: String,
    /// What has changed since it was made.
    pub compared: Compared,
}

/// What has changed since a plan was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Compared {
    /// It could be made anew.
    With {
        /// What is otherwise; empty if it still holds.
        changes: Vec<FactChange>,
        /// The plan as it would be made now.
        anew: Box<UpgradePlan>,
    },
    /// It could not be made anew, so this is not known; why.
    Failed(String),
}

/// The stored plans of a tenant.
///
/// # Errors
/// [`ConsoleError::UnknownTenant`] also where the person may not see it.
#[server(endpoint = "plans", output = crate::codec::JsonText)]
pub async fn read_plans(
    /// Namespace of the tenant.
    namespace: String,
    /// Name of the tenant.
    name: String,
) -> Result<PlansHere, ConsoleError> {
    let id = TenantId { namespace, name };
    crate::error::with_status(crate::backend::request().and_then(|request| request.plans(&id)))
}

/// A stored plan with what has changed since.
///
/// # Errors
/// [`ConsoleError::UnknownPlan`], and the errors of reaching the cluster.
#[server(endpoint = "stored_plan", output = crate::codec::JsonText)]
pub async fn read_stored(
    /// Namespace of the tenant.
    namespace: String,
    /// Name of the tenant.
    name: String,
    /// Name of the plan.
    plan: String,
) -> Result<StoredHere, ConsoleError> {
    let id = TenantId { namespace, name };
    crate::error::with_status(async { crate::backend::request()?.stored_plan(&id, &plan).await }.await)
}

/// Stores a plan.
///
/// # Errors
/// [`ConsoleError::PlanChanged`] if it is no longer the one that was seen, [`ConsoleError::PlanUncertain`] if it is not known
/// whether it was written, and the errors of a change.
#[server(endpoint = "store_plan", output = crate::codec::JsonText)]
pub async fn store_plan(
    /// Namespace of the tenant.
    namespace: String,
    /// Name of the tenant.
    name: String,
    /// The version wanted.
    version: String,
    /// The strategy wanted; empty keeps what is declared.
    #[server(default)]
    strategy: String,
    /// The digest of the plan that was seen.
    seen: String,
) -> Result<(), ConsoleError> {
    let id = TenantId { namespace, name };
    let answer = async { crate::backend::request()?.store_plan(&id, &version, &strategy, &seen).await }.await;
    let pairs = [("version", version), ("strategy", strategy)];
    let page = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    done(&id, answer.map(|plan| links::stored_plan(&id, &plan.name)), page)
}

/// Makes a stored plan anew.
///
/// # Errors
/// [`ConsoleError::PlanChanged`] if it is no longer the one that was seen, [`ConsoleError::PlanUncertain`] if it is not known
/// whether it was written, and the errors of a change.
#[server(endpoint = "renew_plan", output = crate::codec::JsonText)]
pub async fn renew_plan(
    /// Namespace of the tenant.
    namespace: String,
    /// Name of the tenant.
    name: String,
    /// Name of the plan.
    plan: String,
    /// The digest of the plan that was seen.
    seen: String,
) -> Result<(), ConsoleError> {
    let id = TenantId { namespace, name };
    let answer = async { crate::backend::request()?.renew_plan(&id, &plan, &seen).await }.await;
    let page = vec![(links::STORED, plan)];
    let there = format!("{}{}", links::tenant(&id, TenantTab::Plan), links::query(&page));
    done(&id, answer.map(|()| there), page)
}

/// Deletes a stored plan.
///
/// # Errors
/// [`ConsoleError::PlanChanged`] if it is no longer the one that was seen, [`ConsoleError::PlanUncertain`] if it is not known
/// whether it was written, and the errors of a change.
#[server(endpoint = "delete_plan", output = crate::codec::JsonText)]
pub async fn delete_plan(
    /// Namespace of the tenant.
    namespace: String,
    /// Name of the tenant.
    name: String,
    /// Name of the plan.
    plan: String,
    /// The digest of the plan that was seen; empty for one that cannot be read.
    #[server(default)]
    seen: String,
) -> Result<(), ConsoleError> {
    let id = TenantId { namespace, name };
    let answer = async { crate::backend::request()?.delete_plan(&id, &plan, &seen).await }.await;
    let page = if seen.is_empty() { Vec::new() } else { vec![(links::STORED, plan)] };
    done(&id, answer.map(|()| links::tenant(&id, TenantTab::Plan)), page)
}

/// Leads where an answer says; a plain form that was refused back to its page, with the status.
#[cfg(feature = "ssr")]
fn done(
    id: &TenantId,
    answer: Result<String, ConsoleError>,
    mut page: Vec<(&'static str, String)>,
) -> Result<(), ConsoleError> {
    match answer {
        Ok(there) => {
            leptos_axum::redirect(&there);
            Ok(())
        }
        Err(error) if crate::backend::is_plain_form() => {
            page.push(("refused", error.status().to_string()));
            leptos_axum::redirect(&format!("{}{}", links::tenant(id, TenantTab::Plan), links::query(&page)));
            Ok(())
        }
        Err(error) => crate::error::with_status(Err(error)),
    }
}

/// What a refusal meant, on the page to which a plain form led back.
fn words_for_status(status: u16) -> &'static str {
    match status {
        403 => "The management cluster refuses this to you. Nothing was written.",
        404 => "There is no such plan any more. Nothing was written.",
        409 => "It is no longer what you looked at. Nothing was written; read it as it is now, then decide again.",
        422 => "It was refused. Nothing was written.",
        504 => "The API server did not answer, so it is not known whether it was written: look at the list.",
        _ => "The management cluster could not be reached. Nothing was written; try again.",
    }
}

/// The notice of a plain form that was refused; the answer has the status of the refusal.
pub(crate) fn refused(status: &str) -> Option<AnyView> {
    let status: u16 = status.parse().ok()?;
    #[cfg(feature = "ssr")]
    if let (Some(response), Ok(code)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::StatusCode::from_u16(status))
        && code.is_client_error()
    {
        response.set_status(code);
    }
    Some(
        view! {
            <div class="callout callout--blocks" role="alert">
                <p class="callout__title">{"Not done"}</p>
                <p>{words_for_status(status)}</p>
            </div>
        }
        .into_any(),
    )
}

/// What a form sends without asking: the tenant, and these.
fn hidden(id: &TenantId, fields: &[(&'static str, String)]) -> AnyView {
    let tenant = [("namespace", id.namespace.clone()), ("name", id.name.clone())];
    let all = tenant.into_iter().chain(fields.iter().cloned());
    all.map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view().into_any()
}

/// The form that deletes a plan, behind a question. `seen`: its digest, empty for one that cannot be read.
fn delete_form(id: &TenantId, name: &PlanName, seen: String, action: ServerAction<DeletePlan>) -> AnyView {
    let pending = action.pending();
    let fields = hidden(id, &[("plan", name.to_string()), ("seen", seen)]);
    let label = format!("Delete {name}");
    view! {
        <details class="no-print">
            <summary>{"Delete this plan"}</summary>
            <ActionForm action=action attr:class="form">
                {fields}
                <p>{"It is gone then for everybody. The tenant stays as it is."}</p>
                <div>
                    <button class="button" type="submit" disabled=move || pending.get()>
                        {label}
                    </button>
                </div>
            </ActionForm>
        </details>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
