//! The start page: what exactly would be written, what it costs, what speaks against it, what Kamaji says to a dry run; and
//! the one button.
//!
//! All choices stand in the address, so the page is whole without a script and its link can be shared. What a person agrees to
//! is bound to the facts the page was made from ([`Binding`]); if they change, nothing is written and the page shows what did.

#![expect(clippy::too_many_arguments, reason = "of the form that starts a hop each field is an argument, by its name")]

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use planner::hop::{Acknowledgement, Agreement, Binding, Despite};
use planner::plan::stored::PlanName;

use self::agree::agree;
pub use self::checked::Checked;
pub(crate) use self::checked::{Checks, checks_section};
pub(crate) use self::choice::Choice;
pub use self::choice::{Agreed, StartQuery};
pub(crate) use self::choice::{choices, read_despite};
use self::judged::check;
pub(crate) use self::judged::{diff, judged};
use super::{Tenant, tenant_page};
use crate::error::ConsoleError;
use crate::findings;
use crate::links::{self, TenantTab};
use crate::trouble::{error_notice, sentence};

mod agree;
mod checked;
mod choice;
mod judged;

/// Reads in the cluster what speaks for and against a choice, and asks the API server, without writing anything, whether it
/// would take the change.
///
/// # Errors
/// The errors of reaching the cluster; a refusal is a finding, not an error.
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
) -> Result<Checked, ConsoleError> {
    let id = planner::tenant::TenantId { namespace, name };
    crate::error::with_status(async { crate::backend::request()?.check(&id, version, strategy).await }.await)
}

/// Starts a hop, if everything the person has seen still holds.
///
/// # Errors
/// [`ConsoleError::Changed`], [`ConsoleError::Refused`], [`ConsoleError::BadInput`], those of a stored plan, and the errors of
/// reaching the cluster.
/// Nothing was written then, except that after [`ConsoleError::Uncertain`] this is not known.
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
    /// The stored plan that this starts; empty for none.
    #[server(default)]
    plan: String,
    /// What the person saw.
    binding: String,
    /// Not empty if the person has checked the kubelets.
    #[server(default)]
    kubelets_checked: String,
    /// The tenant's name, typed for a minor.
    #[server(default)]
    typed_name: String,
    /// Why it is to start although something blocks it.
    #[server(default)]
    despite: String,
    /// What is overridden: the findings that were shown, with commas.
    #[server(default)]
    overridden: String,
) -> Result<(), ConsoleError> {
    let id = planner::tenant::TenantId { namespace, name };
    let agreed = Agreed { version, strategy, plan, binding, kubelets_checked, typed_name, despite, overridden };
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
    let checked = Resource::new_blocking(
        move || {
            choice
                .with(|choice| choice.as_ref().ok().map(|choice| (choice.version.to_string(), choice.strategy_text())))
        },
        move |asked| {
            let id = tenant.first.with_value(|first| first.id.clone());
            async move {
                match asked {
                    Some((version, strategy)) => Some(check_start(id.namespace, id.name, version, strategy).await),
                    None => None,
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
        {move || {
            action
                .value()
                .with(|value| {
                    value.as_ref().and_then(|value| value.as_ref().err()).map(|error| error_notice(error).into_any())
                })
        }}
        {move || changed_meanwhile(tenant)}
        {move || query.with(|query| from_stored(tenant, &query.plan))}
        {move || {
            snapshot
                .with(|snapshot| {
                    query
                        .with(|query| {
                            tenant.knowledge.with_value(|knowledge| choices(TenantTab::Start, snapshot, knowledge, query, choose))
                        })
                })
        }}
        <Transition fallback=|| {
            view! { <p class="muted">{"Asking the management cluster, without writing anything …"}</p> }
        }>{move || decision(tenant, choice, query, checked, action)}</Transition>
    }
    .into_any()
}

/// What the checks of a choice say.
type Answer = Option<Result<Checked, ConsoleError>>;

/// Everything that needs the answer of the cluster: verdict, findings, and the form.
fn decision(
    tenant: Tenant,
    choice: Memo<Result<Choice, ConsoleError>>,
    query: Memo<StartQuery>,
    checked: Resource<Answer>,
    action: ServerAction<StartHop>,
) -> AnyView {
    let checks = Memo::new(move |_| {
        let answer = checked.get().flatten();
        choice.with(|choice| match choice {
            Ok(choice) => Checks::of(choice, answer),
            Err(_) => Checks::Waiting,
        })
    });
    let again = Callback::new(move |()| checked.refetch());
    view! {
        {move || query.with(|query| checks.with(|checks| refused_before(query, tenant, checks)))}
        {move || {
            tenant
                .snapshot
                .with(|snapshot| {
                    tenant
                        .knowledge
                        .with_value(|knowledge| {
                            choice
                                .with(|choice| match choice {
                                    Ok(choice) => checks.with(|checks| judged(snapshot, knowledge, choice, checks)),
                                    Err(error) => error_notice(error).into_any(),
                                })
                        })
                })
        }}
        {move || {
            choice
                .with(Result::is_ok)
                .then(|| {
                    let id = tenant.first.with_value(|first| first.id.clone());
                    let address = query
                        .with(|query| {
                            let again = StartQuery { plan: query.plan.clone(), ..query.choices_only() };
                            format!("{}{}", links::tenant(&id, TenantTab::Start), again.as_url_query())
                        });
                    checks.with(|checks| checks_section(checks, address, again))
                })
        }}
        {move || choice.with(|choice| choice.as_ref().ok().map(|choice| agree(tenant, choice, checks, query, action)))}
    }
    .into_any()
}

/// Which stored plan is started here, and that it must still hold.
fn from_stored(tenant: Tenant, plan: &str) -> Option<AnyView> {
    let plan: PlanName = plan.parse().ok()?;
    let href = tenant.first.with_value(|first| links::stored_plan(&first.id, &plan));
    Some(
        view! {
            <p>
                {"This starts the stored plan "} <a href=href>{plan.to_string()}</a>
                {". If anything has changed that it was made from, nothing is written."}
            </p>
        }
        .into_any(),
    )
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
fn refused_before(query: &StartQuery, tenant: Tenant, checks: &Checks) -> Option<AnyView> {
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
        let may_override = matches!(checks, Checks::Done(checked) if checked.may_override);
        let despite = read_despite(&query.despite, &query.overridden).ok().flatten().filter(|_| may_override);
        let given = Agreement {
            acknowledged,
            typed_name: Some(&query.typed_name),
            despite: despite.as_ref().map_or(&[], Despite::findings),
        };
        check.and(checks.findings()).may_start(given).err()
    });
    let reasons = match why {
        Some(findings) => findings::finding_list(&findings),
        None => {
            let of_plan = Some(status).filter(|_| !query.plan.is_empty()).and_then(words_of_a_plan);
            view! { <p>{of_plan.unwrap_or_else(|| words_for_status(status))}</p> }.into_any()
        }
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

/// What a refusal meant where a stored plan was to be started, if it was about the plan.
fn words_of_a_plan(status: u16) -> Option<&'static str> {
    match status {
        404 => Some("There is no such stored plan any more. Nothing was written; plan the upgrade again."),
        409 => Some("The stored plan no longer holds. Nothing was written; open it to see what changed."),
        422 => Some(
            "The stored plan cannot be used, or the change was refused for a reason that is gone by now. Nothing was written; \
             open the plan to see whether it can be read.",
        ),
        _ => None,
    }
}

/// What a refusal meant whose reason is gone by now.
fn words_for_status(status: u16) -> &'static str {
    match status {
        403 => "The management cluster refuses this change to you. Nothing was written.",
        409 => "Somebody else changed the tenant at that moment. Nothing was written; look at the page again.",
        422 => "It was refused, for a reason that is gone by now. Nothing was written; look at the page again.",
        504 => "The API server did not answer, so it is not known whether the change arrived: look at the rollout.",
        _ => "The management cluster could not be reached. Nothing was written; try again.",
    }
}
