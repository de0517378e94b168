//! The strategy lab: what each strategy would do to one control plane, side by side.
//!
//! Everything it shows follows from its address, so a link can be shared and the server can render it whole; without
//! scripts the controls are a form that asks for the same page. In the browser every move is played at once by the same
//! model, and the address follows when the person lets go.

mod advice;
mod controls;
#[cfg(feature = "ssr")]
pub mod export;
mod fields;
mod films;
mod player;
mod shown;
mod table;
mod values;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use planner::lab::{LabInput, LabSources};
use planner::strategy::Strategy;
use planner::tenant::TenantId;
use planner::version::KubernetesVersion;

use self::advice::advice;
use self::fields::{BESIDE, Field, LabFields, STRATEGY, hidden_pairs};
use self::films::films;
use self::shown::{Shown, sources};
use self::table::comparison_table;
use self::values::{Actions, Values, controls};
use crate::clipboard;
use crate::links;

/// What the lab begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct LabStart {
    /// The values of this tenant, or the lab's own.
    pub input: LabInput,
    /// Where they come from; `None` without a tenant.
    pub sources: Option<LabSources>,
    /// The strategy that is chosen at first: the tenant's own.
    pub preferred: Strategy,
    /// The tenant and the wanted version, for the link to the start page; `None` without a tenant.
    pub tenant: Option<(TenantId, Option<KubernetesVersion>)>,
}

impl Default for LabStart {
    /// The lab without a tenant.
    fn default() -> Self {
        Self { input: LabInput::default(), sources: None, preferred: Strategy::BLUE_GREEN, tenant: None }
    }
}

/// The strategy lab on the current address.
#[component]
pub fn StrategyLab(
    /// What it begins with.
    start: LabStart,
) -> impl IntoView {
    let location = use_location();
    let query = use_query_map();
    let navigate = use_navigate();
    let (path, search) = (location.pathname, location.search);
    let addressed = Memo::new(move |_| {
        query.with(|query| {
            LabFields::from_pairs(query.clone().into_iter().map(|(key, value)| (key.into_owned(), value)))
        })
    });
    let replace = Callback::new(move |query: String| {
        let address = format!("{}{query}", path.get_untracked());
        navigate(&address, NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() });
    });
    view! { <LabPanel start=start action=path search=search addressed=addressed replace=replace /> }
}

/// The lab itself, apart from where its address comes from.
#[component]
fn LabPanel(
    /// What it begins with.
    start: LabStart,
    /// Path of the page.
    #[prop(into)]
    action: Signal<String>,
    /// Query of the page, as it stands.
    #[prop(into)]
    search: Signal<String>,
    /// The same, taken apart.
    #[prop(into)]
    addressed: Signal<LabFields>,
    /// Replaces the query of the address.
    replace: Callback<String>,
) -> impl IntoView {
    // What is typed counts until the address says something else.
    let draft = RwSignal::new(None::<(String, LabFields)>);
    let fields = Memo::new(move |_| {
        let search = search.get();
        match draft.get() {
            Some((typed_at, fields)) if typed_at == search => fields,
            _ => addressed.get(),
        }
    });
    let LabStart { input: initial, sources: origin, preferred, tenant } = start;
    let reading = {
        let initial = initial.clone();
        Memo::new(move |_| fields.with(|fields| fields.read(&initial, preferred)))
    };
    let shown = Memo::new(move |_| reading.with(|reading| Shown::of(&reading.input, reading.chosen, reading.beside)));
    let whole_query =
        move || reading.with_untracked(|reading| fields.with_untracked(|fields| fields.whole_query(reading)));

    let edit = Callback::new(move |(field, text): (Field, String)| {
        let edited = fields.with_untracked(|fields| fields.with(field, text));
        draft.set(Some((search.get_untracked(), edited)));
    });
    let commit = Callback::new(move |()| {
        // A text that cannot be read stays where it is, with its reason.
        if reading.with_untracked(|reading| reading.errors.is_empty()) {
            replace.run(whole_query());
        }
    });
    let choose = Callback::new(move |(key, value): (&'static str, String)| {
        let edited = fields.with_untracked(|fields| fields.choosing(key, value));
        draft.set(Some((search.get_untracked(), edited)));
        commit.run(());
    });

    let actions = Actions { edit, commit, choose };
    let values = Values { reading, fields, origin: StoredValue::new(origin.clone()) };
    let choose_strategy = Callback::new(move |key: String| choose.run((STRATEGY, key)));
    let put_beside = Callback::new(move |key: String| choose.run((BESIDE, key)));

    let verdict = move || shown.with(|shown| shown.chosen_row().map(|row| row.verdict.clone()));
    let chosen_title = move || shown.with(|shown| shown.chosen_row().map(|row| row.title.clone()).unwrap_or_default());
    let start_link = tenant.map(|(id, version)| {
        let href = move || shown.with(|shown| links::start(&id, version.as_ref(), Some(&shown.chosen)));
        view! {
            <a class="button button--primary" href=href>
                {move || format!("Check and start with {}", chosen_title())}
            </a>
        }
    });
    let hidden = move || {
        let others = fields.with(|fields| fields.others().to_vec());
        let rest = reading.with(|reading| hidden_pairs(&reading.input));
        let pairs = others.into_iter().chain(rest);
        pairs.map(|(key, value)| view! { <input type="hidden" name=key value=value /> }).collect_view()
    };
    let page_errors = move || {
        let errors = reading.with(|reading| {
            let without_field = reading.errors.iter().filter(|(field, _)| field.is_none());
            without_field.map(|(_, error)| error.clone()).collect::<Vec<_>>()
        });
        (!errors.is_empty()).then(|| {
            let texts = errors.into_iter().map(|error| view! { <p>{error}</p> }).collect_view();
            view! {
                <div class="callout callout--warns" role="alert">
                    <p class="callout__title">
                        <span class="severity severity--warns">"Mind"</span>
                        "Part of the address could not be read"
                    </p>
                    {texts}
                </div>
            }
        })
    };
    let source_texts = move || {
        reading
            .with(|reading| sources(&reading.input, origin.as_ref()).into_iter().map(|text| text + " ").collect_view())
    };

    view! {
        <form
            class="lab"
            method="get"
            action=action
            on:submit=move |event| {
                event.prevent_default();
                commit.run(());
            }
        >
            {hidden}
            {page_errors}
            <div class="lab__answer">
                <div class="lab__words">
                    <div role="status">
                        <h2 class="verdict">{verdict}</h2>
                    </div>
                    <p class="verdict__why">{move || shown.with(Shown::why)}</p>
                </div>
                <div class="lab__action">{start_link}</div>
            </div>
            {controls(values, actions)}
            {advice(shown, values, actions)}
            <section>
                <div class="section__head">
                    <h3>"Compare"</h3>
                    <div class="cluster">
                    <Exports query=Signal::derive(move || {
                        reading.with(|reading| fields.with(|fields| fields.whole_query(reading)))
                    }) />
                    <CopyLink whole_query=Callback::new(move |()| whole_query()) replace=replace />
                    </div>
                </div>
                {comparison_table(shown, choose_strategy)}
                <p class="lab__sources">{source_texts}</p>
            </section>
            <section class="stack">
                <h3>"Second by second"</h3>
                {films(shown, put_beside)}
            </section>
            // Last, so that a button of the same name comes before it.
            {move || {
                let beside = shown.with(|shown| shown.beside.clone());
                beside.map(|beside| view! { <input type="hidden" name=BESIDE value=beside /> })
            }}
        </form>
    }
}

/// The comparison to take away. Each file carries the link that leads back here.
#[component]
fn Exports(
    /// Everything the page shows.
    query: Signal<String>,
) -> impl IntoView {
    let link = move |file: links::LabExport, text: &'static str| {
        view! {
            <a class="small" href=move || query.with(|query| links::lab_export(file, query)) rel="external" download>
                {text}
            </a>
        }
    };
    view! {
        <span class="cluster lab__exports">
            <span class="muted small">"Export"</span>
            {link(links::LabExport::Svg, "SVG")}
            {link(links::LabExport::Csv, "CSV")}
            {link(links::LabExport::Markdown, "Markdown")}
        </span>
    }
}

/// Copies the address with everything in it.
#[component]
fn CopyLink(whole_query: Callback<(), String>, replace: Callback<String>) -> impl IntoView {
    let said = RwSignal::new("");
    let copy = move |_| {
        let query = whole_query.run(());
        replace.run(query.clone());
        copy_address(&query, said);
    };
    view! {
        <span class="cluster needs-script">
            <span role="status" class="muted small">
                {said}
            </span>
            <button type="button" class="link-button small" on:click=copy>
                "Copy link"
            </button>
        </span>
    }
}

/// Puts the address of this page with that query on the clipboard, and says how it went.
fn copy_address(query: &str, said: RwSignal<&'static str>) {
    let location = window().location();
    let address =
        format!("{}{}{query}", location.origin().unwrap_or_default(), location.pathname().unwrap_or_default());
    clipboard::copy(&address, "It stands in the address bar", said);
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
