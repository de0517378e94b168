//! The strategy lab: what each strategy would do to one control plane, side by side.
//!
//! Everything it shows follows from its address, so a link can be shared and the server can render it whole; without
//! scripts the controls are a form that asks for the same page. In the browser every move is played at once by the same
//! model, and the address follows when the person lets go.

mod controls;
mod fields;
mod films;
mod shown;
mod table;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use planner::lab::{LabInput, LabSources, MAX_REPLICAS, MAX_SECONDS};
use planner::strategy::Strategy;
use planner::tenant::TenantId;
use planner::version::KubernetesVersion;

use self::controls::{Control, control_field};
use self::fields::{Field, LabFields, LabReading, halves, hidden_pairs, seconds_text, typical_ms};
use self::films::films;
use self::shown::{Shown, sources};
use self::table::comparison_table;
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
    let shown = Memo::new(move |_| reading.with(|reading| Shown::of(&reading.input, reading.chosen)));
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
    let choose = Callback::new(move |key: String| {
        let edited = fields.with_untracked(|fields| fields.choosing(key));
        draft.set(Some((search.get_untracked(), edited)));
        commit.run(());
    });

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
            <Controls reading=reading fields=fields origin=origin edit=edit commit=commit />
            <section>
                <div class="section__head">
                    <h3>"Compare"</h3>
                    <CopyLink whole_query=Callback::new(move |()| whole_query()) replace=replace />
                </div>
                {comparison_table(shown, choose)}
                <p class="lab__sources">{source_texts}</p>
            </section>
            <section class="stack">
                <h3>"Second by second"</h3>
                {films(shown)}
            </section>
        </form>
    }
}

#[component]
fn Controls(
    reading: Memo<LabReading>,
    fields: Memo<LabFields>,
    origin: Option<LabSources>,
    edit: Callback<(Field, String)>,
    commit: Callback<()>,
) -> impl IntoView {
    let control = move |field: Field| {
        let memo = Memo::new(move |_| {
            reading.with(|reading| fields.with(|fields| control(field, fields, reading, origin.as_ref())))
        });
        let id = format!("lab-{}", field.key());
        control_field(id, memo, edit, commit)
    };
    let requests_known = move || {
        reading.with(|reading| {
            let requests = reading.input.requests;
            requests.cpu_millis.is_some() && requests.memory_bytes.is_some()
        })
    };
    let assumptions = move || (!requests_known()).then(|| view! { {control(Field::Cpu)} {control(Field::Memory)} });
    view! {
        <fieldset class="lab__fieldset">
            <legend class="visually-hidden">"What the comparison depends on"</legend>
            <div class="lab__controls">
                {control(Field::Replicas)} {control(Field::Startup)} {control(Field::Grace)} {control(Field::Surge)}
                {control(Field::Unavailable)} {assumptions}
                <button type="submit" class="button lab__apply needs-reload">
                    "Compare"
                </button>
            </div>
        </fieldset>
    }
}

fn control(field: Field, fields: &LabFields, reading: &LabReading, origin: Option<&LabSources>) -> Control {
    let input = &reading.input;
    let error = reading.errors.iter().find(|(of, _)| *of == Some(field)).map(|(_, error)| error.clone());
    let (surge, unavailable) = halves(input.custom);
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let timing = |source: Option<String>, example: &str| source.unwrap_or_else(|| example.to_owned());
    let replicas = u64::from(input.replicas);
    let (label, unit, value, slider, source) = match field {
        Field::Replicas => {
            let to = u64::from(MAX_REPLICAS.min(input.replicas.max(12)));
            (
                "Replicas",
                "pods",
                replicas.to_string(),
                Some((to, replicas)),
                "API servers that run all the time".to_owned(),
            )
        }
        Field::Startup => {
            let typical = typical_ms(input);
            let source = timing(origin.map(|origin| origin.startup.to_string()), "from bound to ready");
            ("Start-up", "s", seconds_text(typical), Some(seconds_slider(typical)), source)
        }
        Field::Grace => {
            let millis = input.termination_ms;
            let source = timing(origin.map(|origin| origin.termination.to_string()), "until a stopped pod is gone");
            ("Termination", "s", seconds_text(millis), Some(seconds_slider(millis)), source)
        }
        Field::Surge => {
            let at = surge
                .map_or(0, |_| input.custom.map_or(0, |custom| u64::from(custom.limits(input.replicas).max_surge)));
            let text = surge.map(|half| half.to_string()).unwrap_or_default();
            (
                "Own surge",
                "",
                text,
                Some((replicas.max(at), at)),
                "maxSurge: pods or percent; empty for none".to_owned(),
            )
        }
        Field::Unavailable => {
            let at = unavailable.map_or(0, |_| {
                input.custom.map_or(0, |custom| u64::from(custom.limits(input.replicas).max_unavailable))
            });
            let text = unavailable.map(|half| half.to_string()).unwrap_or_default();
            ("Own unavailable", "", text, Some((replicas.max(at), at)), "maxUnavailable: pods or percent".to_owned())
        }
        Field::Cpu => {
            let text = number(input.assumed.cpu_millis);
            ("CPU of a pod", "mCPU", text, None, "assumed: the pods request none".to_owned())
        }
        Field::Memory => {
            let text = number(input.assumed.memory_bytes.map(|bytes| bytes >> 20));
            ("Memory of a pod", "MiB", text, None, "assumed: the pods request none".to_owned())
        }
    };
    // A text that means something else than what is used stays as it is typed.
    let text = match (&error, fields.text(field)) {
        (Some(_), Some(typed)) | (None, Some(typed @ "")) => typed.to_owned(),
        _ => value,
    };
    Control {
        field,
        label,
        unit,
        text,
        slider_to: slider.map(|(to, _)| to),
        slider_at: slider.map_or(0, |(_, at)| at),
        source,
        error,
    }
}

/// Right end and place of a slider for seconds: a minute or two are usual, more is possible.
fn seconds_slider(millis: i64) -> (u64, u64) {
    let at = u64::try_from(millis / 1000).unwrap_or(0);
    let to = [60, 120, 300, 600, 1200].into_iter().find(|to| at <= *to).unwrap_or(u64::from(MAX_SECONDS));
    (to, at)
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
    #[cfg(feature = "hydrate")]
    {
        let location = window().location();
        let address =
            format!("{}{}{query}", location.origin().unwrap_or_default(), location.pathname().unwrap_or_default());
        // Absent where the page is not served from a secure origin; then the call fails and says so.
        let written = web_sys::js_sys::futures::JsFuture::from(window().navigator().clipboard().write_text(&address));
        leptos::task::spawn_local(async move {
            let outcome = if written.await.is_ok() { "Copied" } else { "It stands in the address bar" };
            let _ = said.try_set(outcome);
        });
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = (query, said);
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
