//! The films of all candidates on shared axes: the chosen one stays in view, one more can stand as large beside it, and the
//! others pass by.

use leptos::prelude::*;
use planner::finding::Severity;

use super::fields::BESIDE;
use super::player::{Player, Walk, player_controls};
use super::shown::{Shown, ShownRow, ShownStep};
use crate::chart::{ChartLegend, FilmChart};
use crate::format::duration;

/// The films, their common cursor and their legend. `put_beside` gets the key of the strategy to draw as large as the chosen
/// one, or nothing.
pub(super) fn films(shown: Memo<Shown>, put_beside: Callback<String>) -> impl IntoView {
    let chosen = Memo::new(move |_| shown.with(|shown| shown.chosen.clone()));
    let beside = Memo::new(move |_| shown.with(|shown| shown.beside.clone()));
    let others = move || {
        let is_small =
            |shown: &Shown, row: &ShownRow| row.key != shown.chosen && shown.beside.as_ref() != Some(&row.key);
        shown.with(|shown| shown.rows.iter().filter(|row| is_small(shown, row)).cloned().collect::<Vec<_>>())
    };
    let axes = Memo::new(move |_| shown.with(|shown| shown.axes));
    let kinds = Memo::new(move |_| shown.with(Shown::kinds));
    let replicas = Memo::new(move |_| shown.with(|shown| shown.replicas));
    let walks = Memo::new(move |_| {
        shown.with(|shown| {
            let keys = [Some(&shown.chosen), shown.beside.as_ref()];
            let rows = keys.into_iter().flatten().filter_map(|key| shown.row(key));
            rows.map(|row| Walk { title: row.title.clone(), steps: row.steps.clone() }).collect::<Vec<_>>()
        })
    });
    let player = Player::new(axes, walks);
    let first_chosen = shown.with_untracked(|shown| shown.chosen_row().cloned());
    let other_chart = move |row: ShownRow| {
        // Keys have characters that ids should not have.
        let id = format!("film-{}", row.key.replace('/', "-").replace('%', "p"));
        let (key, title) = (row.key.clone(), row.title.clone());
        let button = beside_button(key.clone(), format!("Put {title} beside"), put_beside);
        view! {
            <div>
                <CandidateChart id=id first=row shown=shown key=Signal::stored(key) player=player />
                {button}
            </div>
        }
    };
    let beside_chart = move || {
        let row = beside.with(|key| shown.with_untracked(|shown| shown.row(key.as_ref()?).cloned()))?;
        let key = row.key.clone();
        let button = beside_button(String::new(), "Make it small again".to_owned(), put_beside);
        Some(view! {
            <div class="lab__beside">
                <CandidateChart id="film-beside".to_owned() first=row shown=shown key=Signal::stored(key) player=player />
                {button}
            </div>
        })
    };
    view! {
        <ChartLegend id="film-legend".to_owned() kinds=kinds replicas=replicas />
        <div
            class=move || if beside.with(Option::is_some) { "lab__films lab__films--pair" } else { "lab__films" }
            on:keydown=move |event| player.key(&event)
        >
            <div class="lab__main">
                <div class="lab__chosen">
                    {first_chosen
                        .map(|first| {
                            view! {
                                <CandidateChart
                                    id="film-chosen".to_owned()
                                    first=first
                                    shown=shown
                                    key=chosen.into()
                                    player=player
                                />
                            }
                        })}
                </div>
                {beside_chart}
                <div class="lab__walk">
                    {player_controls(player)}
                    <Steps walks=walks />
                </div>
            </div>
            <div class="lab__others">
                <For each=others key=|row| row.key.clone() children=other_chart />
            </div>
        </div>
    }
}

/// Draws a strategy as large as the chosen one, or none; without scripts the form carries it.
fn beside_button(key: String, text: String, put_beside: Callback<String>) -> impl IntoView {
    let wanted = key.clone();
    view! {
        <button
            type="submit"
            class="link-button small lab__put-beside"
            name=BESIDE
            value=key
            on:click=move |event| {
                event.prevent_default();
                put_beside.run(wanted.clone());
            }
        >
            {text}
        </button>
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
    /// The common moment.
    player: Player,
) -> impl IntoView {
    // Between the moment a candidate goes and the moment its chart does, it shows what it showed.
    let row = Memo::new(move |before: Option<&ShownRow>| {
        let found = shown.with(|shown| key.with(|key| shown.row(key).cloned()));
        found.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
    });
    let flags = move || row.with(|row| row.flags.clone());
    view! {
        <div class="lab__candidate">
            <FilmChart
                id=id
                title=Signal::derive(move || row.with(|row| row.title.clone()))
                note=Signal::derive(move || row.with(|row| row.note.clone()))
                flags=Signal::derive(flags)
                layout=Signal::derive(move || row.with(|row| row.layout.clone()))
                cursor=player.cursor
                held=player.playing
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

/// All steps of what is walked through, each with its reason.
#[component]
fn Steps(walks: Memo<Vec<Walk>>) -> impl IntoView {
    let list = |walk: &Walk| {
        let row = |step: &ShownStep| {
            view! {
                <li class="lab__step">
                    <span class="lab__step-time">{duration(step.at_ms)}</span>
                    <span class="lab__step-change">{step.change.clone()}</span>
                    <span>{step.reason.clone()}</span>
                </li>
            }
        };
        let rows = walk.steps.iter().map(row).collect_view();
        view! { <ol class="lab__step-list">{rows}</ol> }
    };
    let lists = move || {
        walks.with(|walks| {
            let many = walks.len() > 1;
            let titled = |walk: &Walk| {
                let title = many.then(|| view! { <p class="lab__step-title">{walk.title.clone()}</p> });
                view! {
                    {title}
                    {list(walk)}
                }
            };
            walks.iter().map(titled).collect_view()
        })
    };
    view! {
        <details class="lab__steps">
            <summary>"Each step and its reason"</summary>
            {lists}
        </details>
    }
}
