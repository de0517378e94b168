//! What the costs of a plan are reckoned with, as its address has it and as a form of the page asks for it. The names are those of
//! the options of `console plan`.

use leptos::prelude::*;
use planner::plan::GivenCosts;
use planner::tenant::TenantId;
use serde::{Deserialize, Serialize};

use crate::error::ConsoleError;
use crate::links::{self, TenantTab};
use crate::tenant::start::StartQuery;

/// What was given, in the order of [`GivenCosts::NAMES`]. Texts, because an address may hold anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CostQuery([String; 6]);

impl CostQuery {
    /// The text of this name; `None` if nothing of it can be given.
    pub(crate) fn text_mut(&mut self, name: &str) -> Option<&mut String> {
        let index = GivenCosts::NAMES.iter().position(|known| *known == name)?;
        self.0.get_mut(index)
    }

    /// What was given, by name.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'static str, &String)> {
        GivenCosts::NAMES.into_iter().zip(&self.0).filter(|(_, text)| !text.is_empty())
    }

    /// Whether nothing was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.pairs().next().is_none()
    }

    /// Reads the texts.
    ///
    /// # Errors
    /// [`ConsoleError::BadInput`] for the first that cannot be read.
    pub fn read(&self) -> Result<GivenCosts, ConsoleError> {
        GivenCosts::read(self.0.each_ref().map(String::as_str))
            .map_err(|error| ConsoleError::BadInput(error.to_string()))
    }

    /// The same in a form that is about something else.
    pub(crate) fn hidden(&self) -> impl IntoView + use<> {
        self.pairs().map(|(name, text)| view! { <input type="hidden" name=name value=text.clone() /> }).collect_view()
    }
}

/// A field of the form.
struct FieldOf {
    label: &'static str,
    hint: &'static str,
}

/// In the order of [`GivenCosts::NAMES`].
const FIELDS: [FieldOf; 6] = [
    FieldOf { label: "Price of a core hour", hint: "as 0.0316" },
    FieldOf { label: "Price of a GiB hour of memory", hint: "as 0.0042" },
    FieldOf { label: "Currency", hint: "its three letters, as EUR" },
    FieldOf { label: "CPU of one pod", hint: "as 500m; counts where it is neither requested nor measured" },
    FieldOf { label: "Memory of one pod", hint: "as 512Mi; counts where it is neither requested nor measured" },
    FieldOf { label: "Connections that the DataStore takes", hint: "with etcd, each member of it" },
];

/// The form that asks for the same plan, reckoned with something else. A plain one: the plan is made by the server anyway.
pub(super) fn form(id: &TenantId, query: &StartQuery) -> AnyView {
    let choice = [("version", &query.version), ("strategy", &query.strategy), ("custom", &query.custom)];
    let choice = choice.into_iter().filter(|(_, text)| !text.is_empty());
    let hidden = choice.map(|(name, text)| view! { <input type="hidden" name=name value=text.clone() /> });
    let fields = GivenCosts::NAMES.into_iter().zip(&query.costs.0).zip(FIELDS).map(|((name, text), field)| {
        let hint = format!("{name}-hint");
        view! {
            <div class="field">
                <label class="field__label" for=name>
                    {field.label}
                </label>
                <input
                    id=name
                    class="input input--short"
                    name=name
                    value=text.clone()
                    autocomplete="off"
                    aria-describedby=hint.clone()
                />
                <p id=hint class="field__hint">
                    {field.hint}
                </p>
            </div>
        }
    });
    // What was given must be seen, above all where it cannot be read.
    let open = !query.costs.is_empty();
    view! {
        <details class="section no-print" open=open>
            <summary>{"Prices, assumptions, and what the DataStore takes"}</summary>
            <form class="form" method="get" action=links::tenant(id, TenantTab::Plan)>
                {hidden.collect_view()}
                <div class="form__row">{fields.collect_view()}</div>
                <button class="button" type="submit">
                    {"Reckon with these"}
                </button>
            </form>
        </details>
    }
    .into_any()
}
