//! The start page: what exactly would be written, what it costs, what speaks against it, what Kamaji says to a dry run; and
//! the one button.
//!
//! All choices stand in the address, so the page is whole without a script and its link can be shared. What a person agrees to
//! is bound to the facts the page was made from ([`Binding`]); if they change, nothing is written and the page shows what did.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use leptos_router::params::ParamsMap;
use planner::finding::Finding;
use planner::hop::{Acknowledgement, Binding, HopKind, Preflight, preflight};
use planner::next::{Verdict, next_versions};
use planner::strategy::Strategy;
use planner::tenant::{TenantId, TenantSnapshot};
use planner::version::KubernetesVersion;
use serde::{Deserialize, Serialize};

use super::forecast::{cost_section, forecast};
use super::overview::declared_in_words;
use super::{Knowledge, Tenant, tenant_page};
use crate::error::ConsoleError;
use crate::findings;
use crate::links::{self, TenantTab};
use crate::trouble::{error_notice, sentence};
use crate::words;

/// The strategies that are offered by name. Any other can be typed.
const CANDIDATES: [Strategy; 5] =
    [Strategy::BLUE_GREEN, Strategy::ROLLING_ONE, Strategy::SURGE_ONE, Strategy::IN_PLACE, Strategy::Recreate];

/// The choices as the address has them. Texts, because an address may hold anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StartQuery {
    /// The version wanted; empty for the recommended one.
    pub version: String,
    /// The strategy wanted (`100%/0`), `custom`, or empty to keep what is declared.
    pub strategy: String,
    /// The typed strategy, where `strategy` is `custom`.
    pub custom: String,
    /// What a person had agreed to when a start was refused.
    pub seen: String,
    /// The acknowledgement, as it was given before a refusal.
    pub kubelets_checked: String,
    /// The typed name, as it was given before a refusal.
    pub typed_name: String,
    /// Why the start was refused: an HTTP status.
    pub refused: String,
}

/// What a person sends to start a hop, as the form has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The version wanted.
    pub version: String,
    /// The strategy wanted; empty keeps what is declared.
    pub strategy: String,
    /// What the person saw ([`Binding`]).
    pub binding: String,
    /// Not empty if the person has checked the kubelets.
    pub kubelets_checked: String,
    /// The tenant's name, typed.
    pub typed_name: String,
}

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
#[server(endpoint = "check_start")]
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
    let id = TenantId { namespace, name };
    crate::error::with_status(async { crate::backend::request()?.dry_run(&id, &version, &strategy).await }.await)
}

/// Starts a hop, if everything the person has seen still holds.
///
/// # Errors
/// [`ConsoleError::Changed`], [`ConsoleError::Refused`], [`ConsoleError::BadInput`] and the errors of reaching the cluster.
/// Nothing was written then, except that after [`ConsoleError::ApiSlow`] this is not known.
#[server(endpoint = "start_hop")]
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
    let id = TenantId { namespace, name };
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

/// What was chosen, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice {
    /// The version wanted.
    pub version: KubernetesVersion,
    /// The strategy wanted; `None` keeps what is declared.
    pub strategy: Option<Strategy>,
}

impl Choice {
    /// Reads the address; an absent version is the recommended one.
    ///
    /// # Errors
    /// [`ConsoleError::BadInput`] for a version or strategy that cannot be read, or if there is nothing to recommend.
    pub(crate) fn of(
        query: &StartQuery,
        snapshot: &TenantSnapshot,
        knowledge: &Knowledge,
    ) -> Result<Self, ConsoleError> {
        let bad = |error: String| ConsoleError::BadInput(error);
        let version = if query.version.is_empty() {
            let today = words::day(snapshot.observed_at);
            next_versions(snapshot, &knowledge.releases, &knowledge.operator, today)
                .recommended
                .ok_or_else(|| bad("there is no version to recommend now; choose one of the list".to_owned()))?
        } else {
            query.version.parse().map_err(|error: planner::version::VersionError| bad(error.to_string()))?
        };
        Ok(Self { version, strategy: query.strategy()? })
    }

    fn strategy_text(&self) -> String {
        self.strategy.map(|strategy| strategy.to_string()).unwrap_or_default()
    }
}

/// The choices, as a form that asks for the same page again.
pub(crate) fn choices(
    snapshot: &TenantSnapshot,
    knowledge: &Knowledge,
    query: &StartQuery,
    choose: Callback<StartQuery>,
) -> AnyView {
    let today = words::day(snapshot.observed_at);
    let picker = next_versions(snapshot, &knowledge.releases, &knowledge.operator, today);
    let wanted = if query.version.is_empty() {
        picker.recommended.as_ref().map(ToString::to_string).unwrap_or_default()
    } else {
        query.version.clone()
    };
    let mut open: Vec<String> = picker
        .minors
        .iter()
        .flat_map(|minor| &minor.versions)
        .filter(|choice| matches!(choice.verdict, Verdict::Available { .. }))
        .map(|choice| choice.version.to_string())
        .collect();
    if !wanted.is_empty() && !open.contains(&wanted) {
        // What the address asks for stays chosen, and the page says why not.
        open.push(wanted.clone());
    }
    let options = open
        .into_iter()
        .map(|version| {
            let chosen = version == wanted;
            view! {
                <option value=version.clone() selected=chosen>
                    {version.clone()}
                </option>
            }
        })
        .collect_view();
    let base = query.clone();
    let on_version = move |event| {
        choose.run(StartQuery { version: event_target_value(&event), ..base.choices_only() });
    };
    let base = query.clone();
    let on_strategy = move |event| {
        choose.run(StartQuery { strategy: event_target_value(&event), ..base.choices_only() });
    };
    let base = query.clone();
    let on_custom = move |event| {
        choose.run(StartQuery {
            strategy: "custom".to_owned(),
            custom: event_target_value(&event),
            ..base.choices_only()
        });
    };
    let radios = strategy_choices(snapshot, query);
    view! {
        <form class="form start-choices" method="get" action=links::tenant(&snapshot.id, TenantTab::Start)>
            <div class="field">
                <label class="field__label" for="version">
                    {"Version"}
                </label>
                <select id="version" class="input" name="version" on:change=on_version>
                    {options}
                </select>
            </div>
            <fieldset class="field">
                <legend class="field__label">{"Strategy"}</legend>
                <div class="choices start-strategies" on:change=on_strategy>
                    {radios}
                </div>
            </fieldset>
            <div class="field">
                <label class="field__label" for="custom">
                    {"Strategy of your own"}
                </label>
                <input
                    id="custom"
                    class="input input--code"
                    name="custom"
                    value=query.typed_strategy()
                    placeholder="25%/1"
                    autocomplete="off"
                    aria-describedby="custom-hint"
                    on:change=on_custom
                />
                <p id="custom-hint" class="field__hint">
                    {"maxSurge/maxUnavailable, each a number of pods or a percentage of the replicas"}
                </p>
            </div>
            <button class="button needs-reload" type="submit">
                {"Show this choice"}
            </button>
        </form>
    }
    .into_any()
}

fn strategy_choices(snapshot: &TenantSnapshot, query: &StartQuery) -> impl IntoView + use<> {
    let named_one = CANDIDATES.iter().any(|strategy| strategy.to_string() == query.strategy);
    let chosen = if query.strategy.is_empty() || named_one { query.strategy.clone() } else { "custom".to_owned() };
    let named = CANDIDATES.map(|strategy| (strategy.to_string(), strategy.name().to_string(), strategy.to_string()));
    let keep = (String::new(), "As declared now".to_owned(), declared_in_words(&snapshot.strategy));
    let own = ("custom".to_owned(), "Your own".to_owned(), "the numbers in the next field".to_owned());
    std::iter::once(keep)
        .chain(named)
        .chain([own])
        .map(|(value, name, text)| {
            let checked = value == chosen;
            view! {
                <label class="choice">
                    <input type="radio" name="strategy" value=value checked=checked />
                    <span class="choice__name">{name}</span>
                    <span class="choice__text">{text}</span>
                </label>
            }
        })
        .collect_view()
}

/// The verdict, the diff, the cost and the findings of a choice.
pub(crate) fn judged(snapshot: &TenantSnapshot, knowledge: &Knowledge, choice: &Choice) -> AnyView {
    let check = check(snapshot, knowledge, choice);
    let blocking = check.findings.iter().filter(|finding| finding.blocks()).count();
    let installed = snapshot.installed_version.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
    let verdict = match (blocking, check.hop) {
        (0, Some(HopKind::Minor)) => format!("{installed} → {} is the next minor. Nothing blocks it.", choice.version),
        (0, Some(HopKind::Patch)) => format!("{installed} → {} is a patch. Nothing blocks it.", choice.version),
        (0, None) => {
            format!("{} stays the wanted version, only the strategy changes. Nothing blocks it.", choice.version)
        }
        (1, _) => format!("{installed} → {} cannot be started: one finding blocks it.", choice.version),
        (more, _) => format!("{installed} → {} cannot be started: {more} findings block it.", choice.version),
    };
    let summary = findings::summary(&check.findings);
    let strategy = choice.strategy.or_else(|| snapshot.strategy.under_kamaji().ok());
    let cost = strategy
        .zip(check.hop)
        .and_then(|(strategy, hop)| forecast(snapshot, strategy, hop))
        .map(|row| cost_section(&row, snapshot.replicas));
    view! {
        <section class="section stack" aria-labelledby="verdict">
            <h2 id="verdict" class="verdict">
                {verdict}
            </h2>
            {diff(snapshot, choice)}
        </section>
        {cost}
        <section class="section stack" aria-labelledby="findings">
            <div class="section__head">
                <h2 id="findings">{"What speaks for and against it"}</h2>
                <p class="muted">{summary}</p>
            </div>
            {findings::finding_list(&check.findings)}
        </section>
        {noticed(check.hop)}
    }
    .into_any()
}

fn check(snapshot: &TenantSnapshot, knowledge: &Knowledge, choice: &Choice) -> Preflight {
    let today = words::day(snapshot.observed_at);
    preflight(snapshot, &choice.version, choice.strategy, &knowledge.operator, &knowledge.releases, today)
}

/// Exactly the fields that are written, before and after.
fn diff(snapshot: &TenantSnapshot, choice: &Choice) -> AnyView {
    let before = &snapshot.desired_version;
    let strategy = choice.strategy.filter(|strategy| strategy.declared() != snapshot.strategy).map(|strategy| {
        view! {
            <p class="diff__field">{"spec.controlPlane.deployment.strategy"}</p>
            <del>{serde_json::to_string(&snapshot.strategy).unwrap_or_default()}</del>
            <ins>{strategy.patch().to_string()}</ins>
        }
    });
    let version = (before.0 != choice.version.to_string()).then(|| {
        view! {
            <p class="diff__field">{"spec.kubernetes.version"}</p>
            <del>{before.to_string()}</del>
            <ins>{choice.version.to_string()}</ins>
        }
    });
    view! {
        <div class="diff">
            {version} {strategy}
        </div>
        <p class="small muted">{"Nothing else of the object is written."}</p>
    }
    .into_any()
}

/// What the people who use the tenant will notice.
fn noticed(hop: Option<HopKind>) -> AnyView {
    let minor = (hop == Some(HopKind::Minor)).then(|| {
        view! {
            <li>
                <strong>{"A minor cannot be undone. "}</strong>
                {"Kamaji refuses the way back, and the data may already be stored in the new form: a backup of the DataStore is the only way back. Make one now."}
            </li>
            <li>
                {"kubectl works with API servers one minor older or newer than itself: people with an older kubectl should update it."}
            </li>
        }
    });
    view! {
        <section class="section stack" aria-labelledby="noticed">
            <h2 id="noticed">{"What this tenant’s users will notice"}</h2>
            <ul class="plain-list">
                <li>
                    {"Each API server that stops drops its watches and connections: controllers and kubectl reconnect, long kubectl logs and exec sessions end."}
                </li>
                <li>
                    {"For a while old and new API servers answer side by side; a client may meet either."}
                </li>
                {minor}
            </ul>
        </section>
    }
    .into_any()
}

/// What the API server answered to the dry run.
pub(crate) fn dry_run_section(answer: &Result<DryRunAnswer, ConsoleError>) -> AnyView {
    let body = match answer {
        Ok(DryRunAnswer::Accepted) => view! {
            <p class="callout callout--passes">
                <span class="severity severity--passes">{"Passes"}</span>
                {" The API server and Kamaji would take this change. Nothing was written."}
            </p>
        }
        .into_any(),
        Ok(DryRunAnswer::Refused(words)) => view! {
            <div class="callout callout--blocks">
                <p class="callout__title">
                    <span class="severity severity--blocks">{"Blocks"}</span>
                    {"It would be refused, in these words:"}
                </p>
                <blockquote>{words.clone()}</blockquote>
            </div>
        }
        .into_any(),
        Ok(DryRunAnswer::NotJudged(why)) => view! {
            <div class="callout callout--unknown">
                <p class="callout__title">
                    <span class="severity severity--unknown">{"Unknown"}</span>
                    {"The API server could not judge it, so nothing can be started:"}
                </p>
                <blockquote>{why.clone()}</blockquote>
            </div>
        }
        .into_any(),
        Ok(DryRunAnswer::NotAsked) => view! { <p class="muted">{"Not asked."}</p> }.into_any(),
        Err(error) => error_notice(error).into_any(),
    };
    view! {
        <section class="section stack" aria-labelledby="dry-run">
            <h2 id="dry-run">{"What Kamaji says to a dry run"}</h2>
            {body}
        </section>
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

impl Agreed {
    /// The start page with everything that was filled in, after a plain form was refused.
    pub fn back_to_start(&self, id: &TenantId, error: &ConsoleError) -> String {
        let query = StartQuery {
            version: self.version.clone(),
            strategy: self.strategy.clone(),
            custom: String::new(),
            seen: self.binding.clone(),
            kubelets_checked: self.kubelets_checked.clone(),
            typed_name: self.typed_name.clone(),
            refused: error.status().to_string(),
        };
        format!("{}{}", links::tenant(id, TenantTab::Start), query.as_url_query())
    }
}

impl StartQuery {
    /// Reads an address.
    pub fn from_params(params: &ParamsMap) -> Self {
        let text = |key: &str| params.get(key).unwrap_or_default().trim().to_owned();
        Self {
            version: text("version"),
            strategy: text("strategy"),
            custom: text("custom"),
            seen: text("seen"),
            kubelets_checked: text("kubelets_checked"),
            typed_name: text("typed_name"),
            refused: text("refused"),
        }
    }

    /// The query part of the address, empty or from the `?` on.
    pub fn as_url_query(&self) -> String {
        let pairs: Vec<(&str, String)> = [
            ("version", &self.version),
            ("strategy", &self.strategy),
            ("custom", &self.custom),
            ("seen", &self.seen),
            ("kubelets_checked", &self.kubelets_checked),
            ("typed_name", &self.typed_name),
            ("refused", &self.refused),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key, value.clone()))
        .collect();
        links::query(&pairs)
    }

    /// The choices without what belongs to a refused start.
    fn choices_only(&self) -> Self {
        Self {
            version: self.version.clone(),
            strategy: self.strategy.clone(),
            custom: self.custom.clone(),
            ..Self::default()
        }
    }

    /// What stands in the field for a strategy that is not offered by name.
    fn typed_strategy(&self) -> String {
        let named = self.strategy.is_empty()
            || self.strategy == "custom"
            || CANDIDATES.iter().any(|strategy| strategy.to_string() == self.strategy);
        if named { self.custom.clone() } else { self.strategy.clone() }
    }

    /// The strategy that is asked for; `None` keeps what is declared.
    fn strategy(&self) -> Result<Option<Strategy>, ConsoleError> {
        let text = if self.strategy == "custom" { &self.custom } else { &self.strategy };
        if text.is_empty() {
            return Ok(None);
        }
        text.parse()
            .map(Some)
            .map_err(|error: planner::strategy::StrategyError| ConsoleError::BadInput(error.to_string()))
    }
}
