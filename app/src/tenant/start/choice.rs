//! The choices of the start page: how they stand in its address, and the form that makes them.

use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use planner::finding::{Overridable, OverrideError};
use planner::hop::Despite;
use planner::next::{Verdict, next_versions};
use planner::strategy::Strategy;
use planner::tenant::{TenantId, TenantSnapshot};
use planner::version::KubernetesVersion;

use crate::error::ConsoleError;
use crate::links::{self, TenantTab};
use crate::tenant::Knowledge;
use crate::tenant::overview::declared_in_words;
use crate::tenant::plan::given::CostQuery;
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
    /// The stored plan that is to be started; empty for none. Whoever chooses something else leaves it.
    pub plan: String,
    /// What a person had agreed to when a start was refused.
    pub seen: String,
    /// The acknowledgement, as it was given before a refusal.
    pub kubelets_checked: String,
    /// The typed name, as it was given before a refusal.
    pub typed_name: String,
    /// The reason of an override, as it was given before a refusal.
    pub despite: String,
    /// What was to be overridden.
    pub overridden: String,
    /// Why the start was refused: an HTTP status.
    pub refused: String,
    /// What the costs of a plan are reckoned with.
    pub costs: CostQuery,
}

/// What a person sends to start a hop, as the form has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The version wanted.
    pub version: String,
    /// The strategy wanted; empty keeps what is declared.
    pub strategy: String,
    /// The stored plan that this starts; empty for none.
    pub plan: String,
    /// What the person saw ([`Binding`](planner::hop::Binding)).
    pub binding: String,
    /// Not empty if the person has checked the kubelets.
    pub kubelets_checked: String,
    /// The tenant's name, typed.
    pub typed_name: String,
    /// Why it is to start although something blocks it; empty if nothing is overridden.
    pub despite: String,
    /// What is overridden: the findings that were shown, with commas.
    pub overridden: String,
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

    /// The address that asks for exactly this.
    pub(crate) fn query(&self) -> StartQuery {
        StartQuery { version: self.version.to_string(), strategy: self.strategy_text(), ..StartQuery::default() }
    }

    pub(crate) fn strategy_text(&self) -> String {
        self.strategy.map(|strategy| strategy.to_string()).unwrap_or_default()
    }
}

/// The choices, as a form that asks for the same page again.
pub(crate) fn choices(
    tab: TenantTab,
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
    // At rest the strategy may change alone.
    open.push(snapshot.desired_version.to_string());
    if !wanted.is_empty() && !open.contains(&wanted) {
        // What the address asks for stays chosen, and the page says why not.
        open.push(wanted.clone());
    }
    let declared = snapshot.desired_version.to_string();
    let options = open
        .into_iter()
        .map(|version| {
            let chosen = version == wanted;
            let label = if version == declared {
                format!("{version}, as it is: change the strategy alone")
            } else {
                version.clone()
            };
            view! {
                <option value=version selected=chosen>
                    {label}
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
        <form class="form start-choices" method="get" action=links::tenant(&snapshot.id, tab)>
            {query.costs.hidden()}
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

impl Agreed {
    /// The start page with everything that was filled in, after a plain form was refused.
    pub fn back_to_start(&self, id: &TenantId, error: &ConsoleError) -> String {
        let query = StartQuery {
            version: self.version.clone(),
            strategy: self.strategy.clone(),
            custom: String::new(),
            plan: self.plan.clone(),
            seen: self.binding.clone(),
            kubelets_checked: self.kubelets_checked.clone(),
            typed_name: self.typed_name.clone(),
            despite: self.despite.clone(),
            overridden: self.overridden.clone(),
            refused: error.status().to_string(),
            costs: CostQuery::default(),
        };
        format!("{}{}", links::tenant(id, TenantTab::Start), query.as_url_query())
    }
}

impl StartQuery {
    /// Reads an address.
    pub fn from_params(params: &ParamsMap) -> Self {
        Self::from_pairs(params.clone().into_iter().map(|(key, value)| (key.into_owned(), value)))
    }

    /// Reads the pairs of an address; what stands there twice counts the first time.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut query = Self::default();
        for (key, value) in pairs {
            let field = match key.as_str() {
                "version" => &mut query.version,
                "strategy" => &mut query.strategy,
                "custom" => &mut query.custom,
                "plan" => &mut query.plan,
                "seen" => &mut query.seen,
                "kubelets_checked" => &mut query.kubelets_checked,
                "typed_name" => &mut query.typed_name,
                "despite" => &mut query.despite,
                "overridden" => &mut query.overridden,
                "refused" => &mut query.refused,
                other => match query.costs.text_mut(other) {
                    Some(text) => text,
                    None => continue,
                },
            };
            if field.is_empty() {
                value.trim().clone_into(field);
            }
        }
        query
    }

    /// The query part of the address, empty or from the `?` on.
    pub fn as_url_query(&self) -> String {
        let pairs: Vec<(&str, String)> = [
            ("version", &self.version),
            ("strategy", &self.strategy),
            ("custom", &self.custom),
            ("plan", &self.plan),
            ("seen", &self.seen),
            ("kubelets_checked", &self.kubelets_checked),
            ("typed_name", &self.typed_name),
            ("despite", &self.despite),
            ("overridden", &self.overridden),
            ("refused", &self.refused),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .chain(self.costs.pairs())
        .map(|(key, value)| (key, value.clone()))
        .collect();
        links::query(&pairs)
    }

    /// The choices without what belongs to a refused start or to a stored plan.
    pub(crate) fn choices_only(&self) -> Self {
        Self {
            version: self.version.clone(),
            strategy: self.strategy.clone(),
            custom: self.custom.clone(),
            costs: self.costs.clone(),
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

/// The override that a form or an address holds; none without a reason.
///
/// # Errors
/// [`ConsoleError::BadInput`] for a reason or findings that cannot be taken.
pub(crate) fn read_despite(reason: &str, findings: &str) -> Result<Option<Despite>, ConsoleError> {
    if reason.trim().is_empty() {
        return Ok(None);
    }
    let bad = |error: &dyn std::fmt::Display| ConsoleError::BadInput(error.to_string());
    let named = findings.split(',').filter(|name| !name.is_empty());
    let findings = named.map(|name| name.parse().map_err(|error: OverrideError| bad(&error)));
    let findings = findings.collect::<Result<Vec<Overridable>, _>>()?;
    Despite::new(reason, findings).map(Some).map_err(|error| bad(&error))
}
