//! A layout of staircases drawn as SVG, with the same numbers as a table.

use leptos::prelude::*;

use super::{Stairs, StairsLayout};
use crate::chart::draw::{percent, pixels};
use crate::chart::layout::Line;

/// Space above the area for the label of the highest level, and below it for the labels of the time axis (px).
const ABOVE: f64 = 18.0;
const BELOW: f64 = 24.0;

/// Amounts over time: caption, picture and table. The first is what the chart is about and is drawn over the others.
#[component]
pub fn StairsChart(
    /// Unique on the page; the ids inside begin with it.
    id: String,
    /// What is drawn: `Memory beyond today`.
    title: String,
    /// Whose amounts.
    stairs: Vec<Stairs>,
    /// How an amount is written.
    write: fn(i64) -> String,
) -> impl IntoView {
    let layout = StairsLayout::new(&stairs, write);
    let name_id = format!("{id}-name");
    let description_id = format!("{id}-description");
    let height = pixels(ABOVE + layout.floor_y + BELOW);
    let peaks = stairs.iter().zip(&layout.peaks).map(|(stairs, peak)| format!("{} at the peak: {peak}", stairs.name));
    let description = format!("{}.", peaks.collect::<Vec<_>>().join(". "));
    let legend = stairs
        .iter()
        .enumerate()
        .map(|(index, stairs)| {
            view! {
                <li class="legend__item">
                    <svg class="legend__swatch" width="18" height="14" aria-hidden="true">
                        <line class=class(index) x1="0" x2="18" y1="7" y2="7" />
                    </svg>
                    {stairs.name.clone()}
                </li>
            }
        })
        .collect_view();
    view! {
        <figure class="chart">
            <figcaption class="chart__caption">
                <span class="chart__name" id=name_id.clone()>
                    {title.clone()}
                </span>
                <ul class="legend" aria-label="Legend">
                    {legend}
                </ul>
            </figcaption>
            <div class="chart__frame">
                <svg
                    class="chart__plot"
                    role="img"
                    aria-labelledby=name_id
                    aria-describedby=description_id.clone()
                    width="100%"
                    height=height
                >
                    {picture(&layout)}
                </svg>
            </div>
            <p class="visually-hidden" id=description_id>
                {description}
            </p>
            <details class="chart__data">
                <summary>{"Show as table"}</summary>
                {table(&title, &stairs, &layout)}
            </details>
        </figure>
    }
}

fn picture(layout: &StairsLayout) -> impl IntoView + use<> {
    let at = |y: f64| pixels(ABOVE + y);
    let levels = layout
        .levels
        .iter()
        .map(|level| {
            let class = if level.at == layout.today_y { "chart__today" } else { "chart__grid" };
            view! {
                <line class=class x1="0" x2="100%" y1=at(level.at) y2=at(level.at) />
                <text class="chart__label chart__label--level" x="100%" y=at(level.at - 4.0)>
                    {level.label.clone()}
                </text>
            }
        })
        .collect_view();
    let line = |line: &Line, class: &'static str| {
        view! { <line class=class x1=percent(line.x1) y1=at(line.y1) x2=percent(line.x2) y2=at(line.y2) /> }
    };
    // The first comes last: what is drawn later lies above.
    let stairs = layout.stairs.iter().enumerate().rev();
    let stairs =
        stairs.map(|(index, lines)| lines.iter().map(|it| line(it, class(index))).collect_view()).collect_view();
    let seconds = layout
        .seconds
        .iter()
        .map(|tick| {
            view! {
                <text class="chart__label chart__label--seconds" x=percent(tick.at) y=at(layout.floor_y + 18.0)>
                    {tick.label.clone()}
                </text>
            }
        })
        .collect_view();
    view! { <g aria-hidden="true">{levels} {stairs} {seconds}</g> }
}

/// One row for each change.
fn table(title: &str, stairs: &[Stairs], layout: &StairsLayout) -> impl IntoView + use<> {
    let label = stairs.iter().map(|stairs| stairs.name.as_str()).collect::<Vec<_>>().join(" and ");
    let label = format!("{title}, over time: {label}");
    let names = stairs
        .iter()
        .map(|stairs| {
            view! {
                <th scope="col" class="num">
                    {stairs.name.clone()}
                </th>
            }
        })
        .collect_view();
    let rows = layout
        .moments
        .iter()
        .map(|(from, amounts)| {
            let amounts = amounts.iter().map(|amount| view! { <td class="num">{amount.clone()}</td> }).collect_view();
            view! {
                <tr>
                    <th scope="row" class="num">
                        {from.clone()}
                    </th>
                    {amounts}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-region" role="region" tabindex="0" aria-label=label>
            <table class="table table--dense">
                <thead>
                    <tr>
                        <th scope="col" class="num">
                            {"From"}
                        </th>
                        {names}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn class(index: usize) -> &'static str {
    if index == 0 { "chart__stairs" } else { "chart__stairs chart__stairs--other" }
}
