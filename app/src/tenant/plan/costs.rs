//! What the strategies cost beside each other, against today: the tables of the plan, and amounts over time.

use leptos::prelude::*;
use planner::cost::Resource;
use planner::plan::{COMPARED, CostRow, CostStep, PlannedCosts, StrategyCost};

use crate::chart::{StairStep, Stairs, StairsChart};
use crate::format;
use crate::prose::prose;
use crate::table::{stacked_table, stacked_table_headed};
use crate::trouble::sentence;

/// The columns of one strategy's table.
const FIGURES: [&str; 6] = ["Of what", "Known by", "Today", "At the peak", "Change", "Beyond today, over the rollout"];

/// What is drawn over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drawn {
    Memory,
    Pods,
}

/// The section.
pub(crate) fn section(costs: &PlannedCosts) -> AnyView {
    let sentences = costs.sentences().iter().map(|one| view! { <li>{prose(&sentence(one))}</li> }).collect_view();
    let chosen = costs.chosen().map(|chosen| {
        let other = costs.other();
        view! {
            {over_time(chosen, other)}
            <h3>{chosen.title()}</h3>
            {figures(chosen)}
        }
    });
    let others = costs.strategies.iter().filter(|strategy| !strategy.chosen).map(|strategy| {
        view! {
            <details class="print-open">
                <summary>{format!("Every figure of {}", strategy.title())}</summary>
                <div class="stack">{over_time(strategy, costs.chosen())} {figures(strategy)}</div>
            </details>
        }
    });
    view! {
        <section class="section stack" aria-labelledby="costs">
            <h2 id="costs">{"What it costs more than today"}</h2>
            <p class="muted">{"At the peak, under each strategy. The one of this plan is marked."}</p>
            {comparison(costs)}
            {chosen}
            <ul class="plain-list">{sentences}</ul>
            {others.collect_view()}
        </section>
    }
    .into_any()
}

/// One row for each strategy.
fn comparison(costs: &PlannedCosts) -> AnyView {
    let basis = |column: &str| {
        let of = Resource::ALL.into_iter().find(|resource| resource.to_string().eq_ignore_ascii_case(column))?;
        costs.strategies.first()?.basis(of).map(str::to_owned)
    };
    let headings = COMPARED.map(|column| {
        let basis = basis(column).map(|basis| view! { <span class="table__unit">{basis}</span> });
        view! { <th scope="col">{begun(column)} {basis}</th> }
    });
    let headings = view! {
        <th scope="col">{"Strategy"}</th>
        {headings.into_iter().collect_view()}
    };
    let rows = costs.strategies.iter().map(|strategy| {
        let cells = COMPARED.into_iter().zip(strategy.compared()).map(|(column, cell)| {
            view! {
                <td data-label=begun(column)>
                    <span>{cell}</span>
                </td>
            }
        });
        let class = if strategy.chosen { "table__row--chosen" } else { "" };
        let mark = strategy.chosen.then(|| view! { <span class="table__unit">{"the one of this plan"}</span> });
        view! {
            <tr class=class>
                <th scope="row">{strategy.title()} {mark}</th>
                {cells.collect_view()}
            </tr>
        }
    });
    stacked_table_headed("Strategies against today", "", headings.into_any(), rows.collect_view().into_any())
}

/// Every figure of one strategy.
fn figures(strategy: &StrategyCost) -> AnyView {
    let rows = strategy.rows.iter().map(|row| {
        let CostRow { what, basis, today, peak, change, over_time } = row;
        let cells = FIGURES.into_iter().skip(1).zip([basis, today, peak, change, over_time]);
        let cells = cells.map(|(column, cell)| {
            // What has nothing to say needs no line of its own on a narrow page.
            let label = (!cell.is_empty()).then_some(column);
            view! {
                <td data-label=label>
                    <span>{cell.clone()}</span>
                </td>
            }
        });
        view! {
            <tr>
                <th scope="row">{what.clone()}</th>
                {cells.collect_view()}
            </tr>
        }
    });
    let label = format!("Figures of {}", strategy.title());
    stacked_table(label, "", &FIGURES, rows.collect_view().into_any())
}

/// The staircase of one strategy, and of another where there is one: of memory, or of pods where the memory of a pod is not known.
fn over_time(strategy: &StrategyCost, other: Option<&StrategyCost>) -> AnyView {
    let both = || std::iter::once(strategy).chain(other);
    let known = both().flat_map(|it| &it.series).all(|step| step.extra_memory_bytes.is_some());
    let drawn = if known { Drawn::Memory } else { Drawn::Pods };
    let (title, write): (_, fn(i64) -> String) = match drawn {
        Drawn::Memory => ("Memory more than today", memory),
        Drawn::Pods => ("Pods on nodes more than today", pods),
    };
    let basis = strategy.basis(Resource::Memory).filter(|_| known).map(|basis| format!(", {basis}"));
    let title = format!("{title}{}", basis.unwrap_or_default());
    let stairs = both().map(|it| staircase(it, drawn)).collect();
    let id = format!("over-time-{}", strategy.strategy.replace(|it: char| !it.is_ascii_alphanumeric(), "-"));
    view! { <StairsChart id=id title=title stairs=stairs write=write /> }.into_any()
}

fn staircase(strategy: &StrategyCost, drawn: Drawn) -> Stairs {
    let value = |step: &CostStep| match drawn {
        Drawn::Memory => step.extra_memory_bytes.unwrap_or(0),
        Drawn::Pods => step.pods.extra_pods,
    };
    let steps = strategy.series.iter().map(|step| StairStep { from_ms: step.pods.from_ms, value: value(step) });
    Stairs { name: strategy.title(), steps: steps.collect() }
}

fn memory(bytes: i64) -> String {
    let sign = match bytes {
        0 => return "as today".to_owned(),
        1.. => "+",
        _ => "−",
    };
    format!("{sign}{}", format::bytes(bytes.unsigned_abs()))
}

fn pods(more: i64) -> String {
    match more {
        0 => "as today".to_owned(),
        more => format!("{} {}", format::change(more), if more.unsigned_abs() == 1 { "pod" } else { "pods" }),
    }
}

/// A column's name, as it begins a heading.
fn begun(column: &str) -> String {
    sentence(column).trim_end_matches('.').to_owned()
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
