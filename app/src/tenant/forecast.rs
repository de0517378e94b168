//! What the model says about one hop of one tenant, for the pages outside the lab.

use leptos::prelude::*;
use planner::cost::{Figure, FigureSource};
use planner::hop::HopKind;
use planner::lab::{LabInput, LabRow, compare};
use planner::strategy::Strategy;
use planner::tenant::{ObservedHop, TenantSnapshot};
use planner::version::KubernetesVersion;

use crate::chart::{Axes, ChartLegend, Drawing, FilmChart, FilmLayout};
use crate::format;
use crate::trouble::sentence;

/// The row of the lab for this tenant on its way to a version with this strategy; `None` while it sleeps, since then nothing
/// rolls out.
pub(crate) fn forecast(
    snapshot: &TenantSnapshot,
    strategy: Strategy,
    hop: HopKind,
    to: &KubernetesVersion,
) -> Option<LabRow> {
    row(LabInput::for_hop(snapshot, to, hop)?, strategy)
}

fn row(mut input: LabInput, strategy: Strategy) -> Option<LabRow> {
    input.custom = Some(strategy);
    compare(&input).rows.into_iter().find(|row| row.strategy == strategy)
}

/// The forecast of a hop that was observed, if both its versions can be read. It counts on the images that the nodes had when
/// the hop began: by now its own pods have pulled what was missing.
pub(crate) fn forecast_of(snapshot: &TenantSnapshot, hop: &ObservedHop) -> Option<LabRow> {
    let to = hop.to.parsed().ok()?;
    let (input, _) = LabInput::from_snapshot(snapshot, None);
    let (input, _) = input.with_images(&hop.images, Some(&to), &snapshot.timings.pull_ms);
    row(input.of_hop(hop.kind()?)?, snapshot.strategy.under_kamaji().ok()?)
}

/// What a choice costs, with its film.
pub(crate) fn cost_section(row: &LabRow, replicas: u32) -> AnyView {
    let summary = &row.summary;
    let extra = |pods: u32| (pods > 0).then(|| view! { <span class="delta">{format!("+{pods}")}</span> });
    let lowest_class = if summary.lowest_serving == 0 { "alarm" } else { "" };
    let lasts = |ms: Option<i64>| ms.map_or_else(|| "not foreseeable".to_owned(), format::duration);
    let finished_range = row.range.and_then(|range| range.finished_ms);
    let finished_range = finished_range.and_then(|extent| format::between(extent.low, extent.high));
    let mixed = summary.mixed.map_or_else(|| "0 s".to_owned(), |mixed| lasts(mixed.total_ms));
    let remarks =
        row.remarks.iter().map(|remark| view! { <li>{sentence(&remark.kind.to_string())}</li> }).collect_view();
    let axes = Axes::shared([&row.film], replicas);
    let layout = FilmLayout::new(Drawing::Predicted(&row.film), axes, replicas, None);
    let kinds = layout.occurring();
    let note = match summary.finished_ms {
        Some(ms) => format!("predicted, finished after {}", format::duration(ms)),
        None => "predicted".to_owned(),
    };
    let chart = view! {
        <FilmChart id="forecast".to_owned() title=row.strategy.name().to_string() note=note layout=layout />
        <ChartLegend id="forecast-legend".to_owned() kinds=kinds replicas=replicas />
    }
    .into_any();
    let (memory, memory_source) = figure(&row.cost.memory_bytes, format::bytes);
    let (cpu, cpu_source) = figure(&row.cost.cpu_millis, format::cpu);
    view! {
        <section class="section stack" aria-labelledby="cost">
            <h2 id="cost">{"What it costs"}</h2>
            <p class="lead">{row.verdict.clone()}</p>
            <dl class="figures start-figures">
                <div>
                    <dt>{"Pods alive at the peak"}</dt>
                    <dd>{summary.peaks.objects} {extra(row.cost.extra.objects)}</dd>
                </div>
                <div>
                    <dt>{"Lowest serving"}</dt>
                    <dd>
                        <span class=lowest_class>{summary.lowest_serving}</span>
                    </dd>
                </div>
                <div>
                    <dt>{"Both versions serve for"}</dt>
                    <dd>{mixed}</dd>
                </div>
                <div>
                    <dt>{"Finished after"}</dt>
                    <dd>
                        {lasts(summary.finished_ms)}
                        {finished_range.map(|range| view! { " " <span class="unit">{range}</span> })}
                    </dd>
                </div>
                <div>
                    <dt>{"More memory, "} {memory_source}</dt>
                    <dd>{memory}</dd>
                </div>
                <div>
                    <dt>{"More CPU, "} {cpu_source}</dt>
                    <dd>{cpu}</dd>
                </div>
            </dl>
            <ul class="plain-list">{remarks}</ul>
            {chart}
        </section>
    }
    .into_any()
}

/// A figure and where it comes from.
fn figure(figure: &Figure<u64>, write: fn(u64) -> String) -> (String, String) {
    match figure.value {
        Some(value) => (format!("+{}", write(value)), figure.source.to_string()),
        None => (
            "unknown".to_owned(),
            match figure.source {
                FigureSource::Unknown => "the pods request none".to_owned(),
                source => source.to_string(),
            },
        ),
    }
}
