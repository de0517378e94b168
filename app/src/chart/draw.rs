//! A layout drawn as SVG, with the same numbers as a table.

use leptos::prelude::*;
use leptos::web_sys;
use planner::film::{PodState, Side};

use super::layout::{Band, Cell, FilmLayout, Line};
use crate::format::duration;

/// Height of the strip under the pods that marks mixed-version windows and outages (px), and its distance from them.
const STRIP: f64 = 6.0;
const STRIP_GAP: f64 = 4.0;
/// Distance from the strip to the base line of the labels of the time axis (px).
const LABEL_DROP: f64 = 18.0;

/// What nobody may overlook in a film, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flag {
    /// No API server serves.
    Outage(String),
    /// Both versions serve.
    Mixed(String),
}

/// One film chart: caption, picture, cursor and table.
#[component]
pub fn FilmChart(
    /// Unique on the page; the ids inside begin with it.
    id: String,
    /// What is drawn: `Blue/Green`.
    #[prop(into)]
    title: Signal<String>,
    /// A few words beside the title: `finished after 57 s`.
    #[prop(into)]
    note: Signal<String>,
    /// What to draw.
    #[prop(into)]
    layout: Signal<FilmLayout>,
    /// The moment pointed at (ms since the films' zero), shared by all charts that are compared.
    #[prop(optional)]
    cursor: Option<RwSignal<Option<i64>>>,
    /// While true, the pointer does not move the moment: it moves by itself.
    #[prop(optional, into)]
    held: Signal<bool>,
    /// Beside the title.
    #[prop(optional, into)]
    flags: Signal<Vec<Flag>>,
) -> impl IntoView {
    let name_id = format!("{id}-name");
    let description_id = format!("{id}-description");
    let patterns = Patterns::new(&id);
    let cursor_at = move || cursor.and_then(|cursor| cursor.get());
    let point = move |event: web_sys::PointerEvent| {
        if held.get_untracked() {
            return;
        }
        if let (Some(cursor), Some(surface)) = (cursor, event.current_target()) {
            let width = f64::from(event_target_width(surface));
            if width > 0.0 {
                let fraction = f64::from(event.offset_x()) / width;
                cursor.set(Some(layout.with(|layout| layout.axes.second_at(fraction))));
            }
        }
    };
    // Pointing is over when the pointer leaves; who has put the keyboard there, or plays, keeps the moment.
    let leave = move |event: web_sys::PointerEvent| {
        if let Some(cursor) = cursor
            && !held.get_untracked()
            && !has_focus(event.current_target())
        {
            cursor.set(None);
        }
    };
    let surface = cursor.map(|cursor| {
        let at = move || cursor.get().unwrap_or(0);
        let key = move |event: web_sys::KeyboardEvent| {
            let moment =
                moment_by_key(&event.key(), cursor.get_untracked(), layout.with_untracked(|it| it.axes.until_ms));
            if let Some(moment) = moment {
                event.prevent_default();
                cursor.set(Some(moment));
            }
        };
        view! {
            <div
                class="chart__surface needs-script"
                role="slider"
                tabindex="0"
                aria-label=move || format!("Moment, {}", title.get())
                aria-valuemin="0"
                aria-valuemax=move || (layout.with(|layout| layout.axes.until_ms) / 1000).to_string()
                aria-valuenow=move || (at() / 1000).to_string()
                aria-valuetext=move || reading(layout, Some(at()))
                on:pointermove=point
                on:pointerdown=point
                on:pointerleave=leave
                on:focus=move |_| cursor.update(|cursor| *cursor = cursor.or(Some(0)))
                on:keydown=key
            ></div>
        }
    });

    view! {
        <figure class="chart">
            <figcaption class="chart__caption">
                <span class="chart__name" id=name_id.clone()>
                    {title}
                </span>
                " "
                <span class="chart__note">{note}</span>
                {move || flags.get().into_iter().map(flag_view).collect_view()}
            </figcaption>
            <div class="chart__frame">
                <svg
                    class="chart__plot"
                    role="img"
                    aria-labelledby=name_id
                    aria-describedby=description_id.clone()
                    width="100%"
                    height=move || pixels(layout.with(chart_height))
                >
                    {patterns.definitions()}
                    {move || layout.with(|layout| picture(layout, &patterns))}
                    {move || {
                        let at = cursor_at()?;
                        let (x, floor) = layout.with(|layout| (percent(layout.axes.x(at)), pixels(layout.floor_y)));
                        Some(view! { <line class="chart__cursor" x1=x.clone() x2=x y1="-4" y2=floor /> })
                    }}
                </svg>
                {surface}
            </div>
            <p class="visually-hidden" id=description_id>
                {move || layout.with(FilmLayout::description)}
            </p>
            {cursor.map(|_| view! { <p class="chart__reading">{move || reading(layout, cursor_at())}</p> })}
            <details class="chart__data">
                <summary>"Show as table"</summary>
                <FilmTable title=title layout=layout />
            </details>
        </figure>
    }
}

/// The same film as a table: one row for each second in which something changes.
#[component]
fn FilmTable(title: Signal<String>, layout: Signal<FilmLayout>) -> impl IntoView {
    let rows = move || {
        layout.with(|layout| {
            layout
                .moments
                .iter()
                .map(|moment| {
                    let counts = moment.counts;
                    let serving = if moment.lowest_serving < counts.serving() {
                        format!("{} (lowest {})", counts.serving(), moment.lowest_serving)
                    } else {
                        counts.serving().to_string()
                    };
                    view! {
                        <tr>
                            <th scope="row" class="num">{duration(moment.from_ms)}</th>
                            <td class="num">{serving}</td>
                            <td class="num">{counts.old_serving}</td>
                            <td class="num">{counts.new_serving}</td>
                            <td class="num">{counts.starting}</td>
                            <td class="num">{counts.pending}</td>
                            <td class="num">{counts.terminating}</td>
                            <td class="num">{counts.alive()}</td>
                        </tr>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <div
            class="table-region"
            role="region"
            tabindex="0"
            aria-label=move || format!("Pods over time, {}", title.get())
        >
            <table class="table table--dense">
                <thead>
                    <tr>
                        <th scope="col" class="num">"From"</th>
                        <th scope="col" class="num">"Serving"</th>
                        <th scope="col" class="num">"Old"</th>
                        <th scope="col" class="num">"New"</th>
                        <th scope="col" class="num">"Starting"</th>
                        <th scope="col" class="num">"Pending"</th>
                        <th scope="col" class="num">"Terminating"</th>
                        <th scope="col" class="num">"Alive"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn flag_view(flag: Flag) -> impl IntoView {
    let (class, text) = match flag {
        Flag::Outage(text) => ("chart__flag chart__flag--outage", text),
        Flag::Mixed(text) => ("chart__flag chart__flag--mixed", text),
    };
    view! { <span class=class>{text}</span> }
}

/// Where a key leads from a moment (ms), on an axis of that length: as on any slider, by seconds.
fn moment_by_key(key: &str, at_ms: Option<i64>, until_ms: i64) -> Option<i64> {
    let at = at_ms.unwrap_or(0);
    let moment = match key {
        "ArrowRight" | "ArrowUp" => at + 1000,
        "ArrowLeft" | "ArrowDown" => at - 1000,
        "PageUp" => at + 10_000,
        "PageDown" => at - 10_000,
        "Home" => 0,
        "End" => until_ms,
        _ => return None,
    };
    Some(moment.clamp(0, until_ms))
}

fn has_focus(target: Option<web_sys::EventTarget>) -> bool {
    use leptos::wasm_bindgen::JsCast as _;
    let element = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some() && document().active_element() == element
}

fn event_target_width(target: web_sys::EventTarget) -> i32 {
    use leptos::wasm_bindgen::JsCast as _;
    target.dyn_into::<web_sys::Element>().map_or(0, |element| element.client_width())
}

fn reading(layout: Signal<FilmLayout>, at: Option<i64>) -> String {
    let Some(at) = at else {
        return String::new();
    };
    layout.with(|layout| match layout.at(at) {
        Some(counts) => {
            let mut parts = vec![format!("{} serving", counts.serving())];
            if counts.old_serving > 0 && counts.new_serving > 0 {
                parts[0] =
                    format!("{} serving ({} old, {} new)", counts.serving(), counts.old_serving, counts.new_serving);
            }
            for (pods, word) in
                [(counts.pending, "pending"), (counts.starting, "starting"), (counts.terminating, "terminating")]
            {
                if pods > 0 {
                    parts.push(format!("{pods} {word}"));
                }
            }
            format!("At {}: {}; {} alive", duration(at), parts.join(", "), counts.alive())
        }
        None => format!("At {}: not known", duration(at)),
    })
}

/// Height of the whole picture (px).
pub(super) fn chart_height(layout: &FilmLayout) -> f64 {
    layout.floor_y + STRIP_GAP + STRIP + LABEL_DROP + 6.0
}

pub(super) fn picture(layout: &FilmLayout, patterns: &Patterns) -> impl IntoView + use<> {
    let floor = pixels(layout.floor_y);
    let strip_y = pixels(layout.floor_y + STRIP_GAP);
    let label_y = pixels(layout.floor_y + STRIP_GAP + STRIP + LABEL_DROP);
    let background = |bands: &[Band], class: &'static str| {
        bands
            .iter()
            .map(|band| {
                view! { <rect class=class x=percent(band.x) y="0" width=percent(band.width) height=floor.clone() /> }
            })
            .collect_view()
    };
    let strip = |bands: &[Band], class: &'static str| {
        bands
            .iter()
            .map(|band| {
                view! {
                    <rect class=class x=percent(band.x) y=strip_y.clone() width=percent(band.width) height=pixels(STRIP) />
                }
            })
            .collect_view()
    };
    view! {
        <g aria-hidden="true">
            {background(&layout.mixed, "chart__mixed")}
            {background(&layout.outages, "chart__outage")}
            {background(&layout.gaps, "chart__gap")}
            {layout
                .pods
                .iter()
                .map(|tick| {
                    let y = pixels(tick.at);
                    view! {
                        <line class="chart__grid" x1="0" x2="100%" y1=y.clone() y2=y.clone() />
                        <text class="chart__label chart__label--pods" x="-8" y=y dy="4">
                            {tick.label.clone()}
                        </text>
                    }
                })
                .collect_view()}
            {layout.forecast.iter().map(|cell| cell_view(cell, "chart__cell chart__cell--forecast", patterns)).collect_view()}
            {layout.cells.iter().map(|cell| cell_view(cell, "chart__cell", patterns)).collect_view()}
            {level(layout.replicas.at, "chart__replicas")}
            {layout.room.as_ref().map(|room| level(room.at, "chart__room"))}
            {lines(&layout.forecast_serving, "chart__serving chart__serving--forecast")}
            {lines(&layout.serving, "chart__serving-halo")}
            {lines(&layout.serving, "chart__serving")}
            {strip(&layout.mixed, "chart__strip chart__strip--mixed")}
            {strip(&layout.outages, "chart__strip chart__strip--outage")}
            {layout
                .now
                .map(|now| {
                    let x = percent(now);
                    view! {
                        <line class="chart__now" x1=x.clone() x2=x.clone() y1="-8" y2=floor.clone() />
                        <text class="chart__label chart__label--now" x=x y="-11">
                            "now"
                        </text>
                    }
                })}
            {layout
                .seconds
                .iter()
                .map(|tick| {
                    view! {
                        <text class="chart__label chart__label--seconds" x=percent(tick.at) y=label_y.clone()>
                            {tick.label.clone()}
                        </text>
                    }
                })
                .collect_view()}
        </g>
    }
}

fn level(y: f64, class: &'static str) -> impl IntoView {
    let y = pixels(y);
    view! { <line class=class x1="0" x2="100%" y1=y.clone() y2=y /> }
}

fn lines(lines: &[Line], class: &'static str) -> impl IntoView + use<> {
    lines
        .iter()
        .map(|line| {
            view! { <line class=class x1=percent(line.x1) y1=pixels(line.y1) x2=percent(line.x2) y2=pixels(line.y2) /> }
        })
        .collect_view()
}

fn cell_view(cell: &Cell, class: &str, patterns: &Patterns) -> impl IntoView + use<> {
    let state = cell.kind.state();
    let class = format!("{class} {}", pod_class(cell.kind.side, state));
    let fill = patterns.fill(cell.kind.side, state);
    // A hair of space between pods, so that they can be counted.
    let gap = if cell.height > 6.0 { 1.0 } else { 0.0 };
    view! {
        <rect
            class=class
            fill=fill
            x=percent(cell.x)
            y=pixels(cell.y + gap)
            width=percent(cell.width)
            height=pixels((cell.height - 2.0 * gap).max(0.5))
        />
    }
}

/// The class that gives a pod of this side and state its colour and stroke, in charts, marks and legends.
pub(super) fn pod_class(side: Side, state: PodState) -> &'static str {
    match (side, state) {
        (Side::Old, PodState::Pending) => "pod--old pod--pending",
        (Side::Old, PodState::Starting) => "pod--old pod--starting",
        (Side::Old, PodState::Ready) => "pod--old pod--ready",
        (Side::Old, PodState::Terminating) => "pod--old pod--terminating",
        (Side::New, PodState::Pending) => "pod--new pod--pending",
        (Side::New, PodState::Starting) => "pod--new pod--starting",
        (Side::New, PodState::Ready) => "pod--new pod--ready",
        (Side::New, PodState::Terminating) => "pod--new pod--terminating",
    }
}

/// The hatches of terminating pods. Their ids must be unique on the page, so they begin with the chart's.
#[derive(Debug, Clone)]
pub(super) struct Patterns {
    old: String,
    new: String,
}

impl Patterns {
    pub(super) fn new(id: &str) -> Self {
        Self { old: format!("{id}-hatch-old"), new: format!("{id}-hatch-new") }
    }

    pub(super) fn definitions(&self) -> impl IntoView + use<> {
        let hatch = |id: &str, class: &'static str| {
            view! {
                <pattern
                    id=id.to_owned()
                    class=class
                    width="6"
                    height="6"
                    patternUnits="userSpaceOnUse"
                    patternTransform="rotate(45)"
                >
                    <rect class="hatch__ground" width="6" height="6" />
                    <rect class="hatch__line" width="2" height="6" />
                </pattern>
            }
        };
        view! { <defs>{hatch(&self.old, "hatch pod--old")} {hatch(&self.new, "hatch pod--new")}</defs> }
    }

    /// The `fill` of a pod; `None` where the style sheet decides.
    pub(super) fn fill(&self, side: Side, state: PodState) -> Option<String> {
        (state == PodState::Terminating).then(|| match side {
            Side::Old => format!("url(#{})", self.old),
            Side::New => format!("url(#{})", self.new),
        })
    }
}

pub(super) fn percent(value: f64) -> String {
    format!("{value:.2}%")
}

pub(super) fn pixels(value: f64) -> String {
    format!("{value:.2}")
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
