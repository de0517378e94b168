//! The start page: what exactly would be written, what it costs, what speaks against it, what Kamaji says to a dry run; and
//! the one button.
//!
//! All choices stand in the address, so the page is whole without a script and its link can be shared. What a person agrees to
//! is bound to the facts the page was made from ([`Binding`]); if they change, nothing is written and the page shows what did.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use planner::finding::Finding;
use planner::hop::{Acknowledgement, Binding, HopKind};
use serde::{Deserialize, Serialize};

pub(crate) use self::choice::Choice;
use self::choice::choices;
pub use self::choice::{Agreed, StartQuery};
use self::judged::check;
pub(crate) use self::judged::{dry_run_section, judged};
use super::{Tenant, tenant_page};
use crate::error::ConsoleError;
use crate::findings;
use crate::links::{self, TenantTab};
use crate::trouble::{error_notice, sentence};

mod choice;
mod judged;

/// What the server says to a dry run of the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DryRunAnswer {
    /// It would be taken.
    Accepted,
    /// It would be refused; the words of Kamaji or of the API server.
    Refused(String),
    /// It could not judge; why, in words. Nothing may be started.
    NotJudged(String),
    /// It was not asked: there is nothing to ask, or nobody.
    NotAsked,
}

/// Asks the API server, without writing anything, whether it would take the change.
///
/// # Errors
/// The errors of reaching the cluster; a refusal is an answer, not an error.
#[server(endpoint = "check_start", output = crate::codec::JsonText)]
pub async fn check_start(
    /// Namespace of the tenant.
    namespace: String,
    /// Name of the tenant.
    name: String,
    /// The version wanted.
    version: String,
    /// The strategy wanted; empty keeps what is declared.
    strategy: String,
) -> Result<DryRunAnswer, ConsoleError> {
    let id = planner::tenant::TenantId { namespace, name };
    crate::error::with_status(async { crate::backend::request()?.dry_run(&id, &version, &strategy).await }.await)
}

/// Starts a hop, if everything the person has seen still holds.
///
/// # Errors
/// [`ConsoleError::Changed`], [`ConsoleError::Refused`], [`ConsoleError::BadInput`] and the errors of reaching the cluster.
/// Nothing was written then, except that after [`ConsoleError::ApiSlow`] this is not known.
#[server(endpoint = "start_hop", output = crate::codec::JsonText)]
pub async fn start_hop(
    /// Namespace of the tenant.
    namespace: String,
    /// Name of the tenant.
    name: String,
    /// The version wanted.
    version: String,
    /// The strategy wanted; empty keeps what is declared.
    #[server(default)]
    strategy: String,
    /// What the person saw.
    binding: String,
    /// Not empty if the person has checked the kubelets.
    #[server(default)]
    kubelets_checked: String,
    /// The tenant's name, typed for a minor.
    #[server(default)]
    typed_name: String,
) -> Result<(), ConsoleError> {
    let id = planner::tenant::TenantId { namespace, name };
    let agreed = Agreed { version, strategy, binding, kubelets_checked, typed_name };
    let answer = async { crate::backend::request()?.start(&id, &agreed).await }.await;
    match answer {
        Ok(()) => {
            leptos_axum::redirect(&links::tenant(&id, TenantTab::Rollout));
            Ok(())
        }
        // A plain form has no place for an error but the page it came from, with what was filled in.
        Err(error) if crate::backend::is_plain_form() => {
            leptos_axum::redirect(&agreed.back_to_start(&id, &error));
            Ok(())
        }
        Err(error) => crate::error::with_status(Err(error)),
    }
}

/// The page.
#[component]
pub fn StartPage() -> impl IntoView {
    tenant_page(TenantTab::Start, start)
}

fn start(tenant: Tenant) -> AnyView {
    let params = use_query_map();
    let query = Memo::new(move |_| params.with(StartQuery::from_params));
    let action = ServerAction::<StartHop>::new();
    let choice = Memo::new(move |_| {
        query.with(|query| {
            tenant
                .snapshot
                .with(|snapshot| tenant.knowledge.with_value(|knowledge| Choice::of(query, snapshot, knowledge)))
        })
    });
    let dry_run = Resource::new_blocking(
        move || {
            choice
                .with(|choice| choice.as_ref().ok().map(|choice| (choice.version.to_string(), choice.strategy_text())))
        },
        move |asked| {
            let id = tenant.first.with_value(|first| first.id.clone());
            async move {
                match asked {
                    Some((version, strategy)) => check_start(id.namespace, id.name, version, strategy).await,
                    None => Ok(DryRunAnswer::NotAsked),
                }
            }
        },
    );
    let navigate = use_navigate();
    let id = tenant.first.with_value(|first| first.id.clone());
    let choose = Callback::new(move |query: StartQuery| {
        let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        navigate(&format!("{}{}", links::tenant(&id, TenantTab::Start), query.as_url_query()), options);
    });
    let snapshot = tenant.snapshot;
    view! {
        {move || query.with(|query| refused_before(query, tenant))}
        {move || {
            action
                .value()
                .with(|value| {
                    value.as_ref().and_then(|value| value.as_ref().err()).map(|error| error_notice(error).into_any())
                })
        }}
        {move || changed_meanwhile(tenant)}
        {move || {
            snapshot
                .with(|snapshot| {
                    query
                        .with(|query| {
                            tenant.knowledge.with_value(|knowledge| choices(snapshot, knowledge, query, choose))
                        })
                })
        }}
        {move || {
            snapshot
                .with(|snapshot| {
                    tenant
                        .knowledge
                        .with_value(|knowledge| {
                            choice
                                .with(|choice| match choice {
                                    Ok(choice) => judged(snapshot, knowledge, choice),
                                    Err(error) => error_notice(error).into_any(),
                                })
                        })
                })
        }}
        <Transition fallback=|| {
            view! { <p class="muted">{"Asking the API server, without writing anything …"}</p> }
        }>{move || dry_run.get().map(|answer| dry_run_section(&answer))}</Transition>
        {move || choice.with(|choice| choice.as_ref().ok().map(|choice| agree(tenant, choice, query, action)))}
    }
    .into_any()
}

/// The form that starts it.
fn agree(tenant: Tenant, choice: &Choice, query: Memo<StartQuery>, action: ServerAction<StartHop>) -> AnyView {
    let first = tenant.first.get_value();
    let check = tenant.knowledge.with_value(|knowledge| check(&first, knowledge, choice));
    let binding = Binding::of(&first).to_string();
    let (kubelets_checked, typed_name) =
        query.with_untracked(|query| (!query.kubelets_checked.is_empty(), query.typed_name.clone()));
    let acknowledgement = check.needs.contains(&Acknowledgement::KubeletsNotChecked).then(|| {
        view! {
            <label class="choice">
                <input type="checkbox" name="kubelets_checked" value="yes" required checked=kubelets_checked />
                <span class="choice__name">{"The kubelets were not checked by this console"}</span>
                <span class="choice__text">{Acknowledgement::KubeletsNotChecked.to_string()}</span>
            </label>
        }
    });
    let name = first.id.name.clone();
    let typing = (check.hop == Some(HopKind::Minor)).then(|| {
        view! {
            <div class="field">
                <label class="field__label" for="typed-name">
                    {"Type the name of the tenant to confirm: "} <span class="code">{name}</span>
                </label>
                <input
                    id="typed-name"
                    class="input input--code"
                    name="typed_name"
                    value=typed_name
                    required
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                />
            </div>
        }
    });
    let blocking: Vec<Finding> = check.findings.into_iter().filter(Finding::blocks).collect();
    let pending = action.pending();
    let blocked = !blocking.is_empty();
    let reason = move || {
        if blocked {
            Some(view! { <p class="reason" id="start-reason">{"The findings above block it."}</p> }.into_any())
        } else if !changes_since_load(tenant).is_empty() {
            Some(
                view! {
                    <p class="reason" id="start-reason">
                        {"The tenant has changed since this page was made. "}
                        <a href="" rel="external">
                            {"Reload the page"}
                        </a> {" and decide again."}
                    </p>
                }
                .into_any(),
            )
        } else {
            None
        }
    };
    let disabled = move || blocked || pending.get() || !changes_since_load(tenant).is_empty();
    let label = if first.desired_version.0 == choice.version.to_string() {
        format!("Change the strategy of {}", first.id.name)
    } else {
        format!("Upgrade {} to {}", first.id.name, choice.version)
    };
    let (version, strategy) = (choice.version.to_string(), choice.strategy_text());
    view! {
        <section class="section stack" aria-labelledby="agree">
            <h2 id="agree">{"Start"}</h2>
            <ActionForm action=action attr:class="form">
                <input type="hidden" name="namespace" value=first.id.namespace.clone() />
                <input type="hidden" name="name" value=first.id.name.clone() />
                <input type="hidden" name="version" value=version />
                <input type="hidden" name="strategy" value=strategy />
                <input type="hidden" name="binding" value=binding />
                {acknowledgement}
                {typing}
                <div>
                    <button class="button button--primary" type="submit" disabled=disabled>
                        {move || if pending.get() { "Starting …".to_owned() } else { label.clone() }}
                    </button>
                    {reason}
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}

/// What changed between the snapshot the page was loaded with and the newest one.
fn changes_since_load(tenant: Tenant) -> Vec<String> {
    let binding = tenant.first.with_value(|first| Binding::of(first));
    tenant.snapshot.with(|now| binding.changes(now).iter().map(ToString::to_string).collect())
}

fn changed_meanwhile(tenant: Tenant) -> Option<AnyView> {
    let changes = changes_since_load(tenant);
    (!changes.is_empty()).then(|| changes_notice("The tenant changed while you were reading", &changes))
}

fn changes_notice(title: &'static str, changes: &[String]) -> AnyView {
    let items = changes.iter().map(|change| view! { <li>{sentence(change)}</li> }).collect_view();
    view! {
        <div class="callout callout--warns" role="alert">
            <p class="callout__title">{title}</p>
            <ul>{items}</ul>
            <p>{"Nothing was written. Read what changed, then decide again."}</p>
        </div>
    }
    .into_any()
}

/// After a plain form was refused: why, read afresh from what the person had agreed to.
fn refused_before(query: &StartQuery, tenant: Tenant) -> Option<AnyView> {
    let status: u16 = query.refused.parse().ok()?;
    #[cfg(feature = "ssr")]
    if let (Some(response), Ok(code)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::StatusCode::from_u16(status))
        && code.is_client_error()
    {
        response.set_status(code);
    }
    let seen: Option<Binding> = query.seen.parse().ok();
    let now = tenant.first.get_value();
    let changes: Vec<String> =
        seen.map(|seen| seen.changes(&now).iter().map(ToString::to_string).collect()).unwrap_or_default();
    if !changes.is_empty() {
        return Some(changes_notice("Not started: the tenant had changed", &changes));
    }
    let why = tenant.knowledge.with_value(|knowledge| {
        let choice = Choice::of(query, &now, knowledge).ok()?;
        let check = check(&now, knowledge, &choice);
        let acknowledged: &[Acknowledgement] =
            if query.kubelets_checked.is_empty() { &[] } else { &[Acknowledgement::KubeletsNotChecked] };
        check.may_start(acknowledged, Some(&query.typed_name)).err()
    });
    let reasons = match why {
        Some(findings) => findings::finding_list(&findings),
        None => view! { <p>{words_for_status(status)}</p> }.into_any(),
    };
    Some(
        view! {
            <div class="callout callout--blocks" role="alert">
                <p class="callout__title">{"Not started"}</p>
                {reasons}
            </div>
        }
        .into_any(),
    )
}

/// What a refusal meant whose reason is gone by now.
fn words_for_status(status: u16) -> &'static str {
    match status {
        403 => "The management cluster refuses this change to you. Nothing was written.",
        409 => "Somebody else changed the tenant at that moment. Nothing was written; look at the page again.",
        422 => "It was refused; the dry run below says in which words. Nothing was written.",
        504 => {
            "The API server did not answer in time, so it is not known whether the change arrived: look at the rollout."
        }
        _ => "The management cluster could not be reached. Nothing was written; try again.",
    }
}
