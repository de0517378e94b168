//! The films of all candidates on shared axes: the chosen one stays in view, the others pass beside it.

use leptos::prelude::*;
use planner::finding::Severity;

use super::shown::{Shown, ShownRow, ShownStep};
use crate::chart::{Axes, ChartLegend, FilmChart};
use crate::format::duration;

/// The films, their common cursor and their legend.
pub(super) fn films(shown: Memo<Shown>) -> impl IntoView {
    let cursor = RwSignal::new(None::<i64>);
    let chosen = Memo::new(move |_| shown.with(|shown| shown.chosen.clone()));
    let others = move || {
        shown.with(|shown| shown.rows.iter().filter(|row| row.key != shown.chosen).cloned().collect::<Vec<_>>())
    };
    let axes = Memo::new(move |_| shown.with(|shown| shown.axes));
    let kinds = Memo::new(move |_| shown.with(Shown::kinds));
    let replicas = Memo::new(move |_| shown.with(|shown| shown.replicas));
    let steps =
        Memo::new(move |_| shown.with(|shown| shown.chosen_row().map_or_else(Vec::new, |row| row.steps.clone())));
    let first_chosen = shown.with_untracked(|shown| shown.chosen_row().cloned());
    let other_chart = move |row: ShownRow| {
        // Keys have characters that ids should not have.
        let id = format!("film-{}", row.key.replace('/', "-").replace('%', "p"));
        let key = Signal::stored(row.key.clone());
        view! { <CandidateChart id=id first=row shown=shown key=key cursor=cursor /> }
    };
    view! {
        <ChartLegend id="film-legend".to_owned() kinds=kinds replicas=replicas />
        <div class="lab__films">
            <div class="lab__chosen">
                {first_chosen
                    .map(|first| {
                        view! {
                            <CandidateChart
                                id="film-chosen".to_owned()
                                first=first
                                shown=shown
                                key=chosen.into()
                                cursor=cursor
                            />
                        }
                    })}
                <MomentSlider axes=axes steps=steps cursor=cursor />
                <Steps steps=steps />
            </div>
            <div class="lab__others">
                <For each=others key=|row| row.key.clone() children=other_chart />
            </div>
        </div>
    }
}

/// A film, and below it what people do not expect of the strategy.
#[component]
fn CandidateChart(
    /// Unique on the page.
    id: String,
    /// What it shows at first.
    first: ShownRow,
    /// What is compared.
    shown: Memo<Shown>,
    /// Which strategy.
    key: Signal<String>,
    /// The common cursor.
    cursor: RwSignal<Option<i64>>,
) -> impl IntoView {
    // Between the moment a candidate goes and the moment its chart does, it shows what it showed.
    let row = Memo::new(move |before: Option<&ShownRow>| {
        let found = shown.with(|shown| key.with(|key| shown.row(key).cloned()));
        found.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
    });
    view! {
        <div class="lab__candidate">
            <FilmChart
                id=id
                title=Signal::derive(move || row.with(|row| row.title.clone()))
                note=Signal::derive(move || row.with(|row| row.note.clone()))
                layout=Signal::derive(move || row.with(|row| row.layout.clone()))
                cursor=cursor
            />
            <ul class="lab__remarks">{move || row.with(|row| remarks(&row.remarks))}</ul>
        </div>
    }
}

/// Remarks, the severity as a word and a shape.
fn remarks(remarks: &[(Severity, String)]) -> impl IntoView + use<> {
    remarks
        .iter()
        .map(|(severity, text)| {
            let (class, word) = match severity {
                Severity::Blocks => ("severity severity--blocks", "Blocks"),
                Severity::Warns => ("severity severity--warns", "Mind"),
                Severity::Unknown => ("severity severity--unknown", "Unknown"),
                Severity::Passes => ("severity severity--passes", "Note"),
            };
            view! {
                <li class="lab__remark">
                    <span class=class>{word}</span>
                    " "
                    <span>{text.clone()}</span>
                </li>
            }
        })
        .collect_view()
}

/// The cursor for those who do not point: a slider over the time axis, and a way from step to step. Says what the controller does.
#[component]
fn MomentSlider(axes: Memo<Axes>, steps: Memo<Vec<ShownStep>>, cursor: RwSignal<Option<i64>>) -> impl IntoView {
    let at = move || cursor.get().unwrap_or(0);
    let before = move || {
        let at = cursor.get()?;
        steps.with(|steps| steps.iter().rev().map(|step| step.at_ms).find(|step| *step < at))
    };
    let after = move || {
        let at = cursor.get();
        steps.with(|steps| steps.iter().map(|step| step.at_ms).find(|step| at.is_none_or(|at| *step > at)))
    };
    // A button that goes nowhere stays where the keyboard is: `aria-disabled`, and nothing happens.
    let go = move |to: Option<i64>| {
        if to.is_some() {
            cursor.set(to);
        }
    };
    let said = move || {
        let at = cursor.get()?;
        steps.with(|steps| {
            let now = ShownStep::at(steps, at);
            let first = now.first()?;
            let reasons: Vec<&str> = now.iter().map(|step| step.reason.as_str()).collect();
            Some(format!("{}: {}.", duration(first.at_ms), reasons.join("; ")))
        })
    };
    view! {
        <div class="lab__moment needs-script">
            <label for="film-moment">"Moment"</label>
            <input
                id="film-moment"
                type="range"
                class="slider"
                min="0"
                max=move || (axes.get().until_ms / 1000).to_string()
                aria-valuetext=move || duration(at())
                value="0"
                prop:value=move || (at() / 1000).to_string()
                on:input=move |event| {
                    cursor.set(event_target_value(&event).parse::<i64>().ok().map(|seconds| seconds * 1000));
                }
            />
            <output for="film-moment">{move || cursor.get().map(duration)}</output>
        </div>
        <div class="lab__stepping needs-script">
            <button
                type="button"
                class="button"
                aria-disabled=move || before().is_none().to_string()
                on:click=move |_| go(before())
            >
                "Step back"
            </button>
            <button
                type="button"
                class="button"
                aria-disabled=move || after().is_none().to_string()
                on:click=move |_| go(after())
            >
                "Next step"
            </button>
            <p class="lab__reason" aria-live="polite">
                {move || said().unwrap_or_else(|| "Step by step, with the controller’s reason for each.".to_owned())}
            </p>
        </div>
    }
}

/// All steps of the chosen strategy, each with its reason.
#[component]
fn Steps(steps: Memo<Vec<ShownStep>>) -> impl IntoView {
    let rows = move || {
        steps.with(|steps| {
            let row = |step: &ShownStep| {
                view! {
                    <li class="lab__step">
                        <span class="lab__step-time">{duration(step.at_ms)}</span>
                        <span class="lab__step-change">{step.change.clone()}</span>
                        <span>{step.reason.clone()}</span>
                    </li>
                }
            };
            steps.iter().map(row).collect_view()
        })
    };
    view! {
        <details class="lab__steps">
            <summary>"Each step and its reason"</summary>
            <ol class="lab__step-list">{rows}</ol>
        </details>
    }
}
