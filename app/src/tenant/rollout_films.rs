//! The observed film over the predicted one, on the same axes, and how the hop compares with what was expected.

use leptos::prelude::*;
use planner::lab::{Extent, LabRow};
use planner::tenant::TenantSnapshot;

use super::Tenant;
use super::forecast::forecast_of;
use crate::chart::{Axes, ChartLegend, Drawing, FilmChart, FilmLayout};
use crate::format;

/// The section; empty while no hop was observed.
pub(crate) fn films(tenant: Tenant) -> AnyView {
    // The model runs again only when what it depends on changes, not with each status.
    let forecast = Memo::new(move |_| tenant.snapshot.with(|snapshot| forecast_of(snapshot, snapshot.hop.as_ref()?)));
    let layout = Memo::new(move |_| {
        tenant.snapshot.with(|snapshot| forecast.with(|forecast| layout_of(snapshot, forecast.as_ref())))
    });
    let shown = Memo::new(move |_| layout.with(Option::is_some));
    let drawn = Signal::derive(move || {
        layout.get().unwrap_or_else(|| {
            tenant.snapshot.with(|snapshot| {
                let nothing =
                    planner::film::Film { revisions: Vec::new(), pods: Vec::new(), gaps: Vec::new(), until_ms: 0 };
                let axes = Axes::shared([&nothing], snapshot.replicas);
                FilmLayout::new(Drawing::Predicted(&nothing), axes, snapshot.replicas, None)
            })
        })
    });
    let title = Signal::derive(move || tenant.snapshot.with(hop_title));
    let note = Signal::derive(move || {
        forecast.with(|forecast| match forecast {
            Some(row) => format!("observed, over what was predicted for {}", row.strategy.name()),
            None => "observed".to_owned(),
        })
    });
    let kinds = Signal::derive(move || drawn.with(FilmLayout::occurring));
    let replicas = Signal::derive(move || tenant.snapshot.with(|snapshot| snapshot.replicas));
    let cursor = RwSignal::new(None);
    (move || {
        shown.get().then(|| {
            let chart = view! {
                <FilmChart id="rollout-film".to_owned() title=title note=note layout=drawn cursor=cursor />
                <ChartLegend id="rollout-legend".to_owned() kinds=kinds replicas=replicas />
            }
            .into_any();
            view! {
                <section class="section stack" aria-labelledby="film">
                    <h2 id="film">{"The rollout, and what was expected"}</h2>
                    {move || tenant.snapshot.with(|snapshot| forecast.with(|forecast| compared(snapshot, forecast.as_ref())))}
                    {chart}
                </section>
            }
        })
    })
    .into_any()
}

fn layout_of(snapshot: &TenantSnapshot, forecast: Option<&LabRow>) -> Option<FilmLayout> {
    let hop = snapshot.hop.as_ref()?;
    let predicted = forecast.map(|row| &row.film);
    let axes = Axes::shared(std::iter::once(&hop.film).chain(predicted), snapshot.replicas);
    let drawing = if hop.finished_ms.is_some() {
        Drawing::Ended { observed: &hop.film, predicted }
    } else {
        Drawing::Running { observed: &hop.film, predicted }
    };
    Some(FilmLayout::new(drawing, axes, snapshot.replicas, None))
}

fn hop_title(snapshot: &std::sync::Arc<TenantSnapshot>) -> String {
    match &snapshot.hop {
        Some(hop) => match &hop.from {
            Some(from) => format!("{from} → {}", hop.to),
            None => format!("→ {}", hop.to),
        },
        None => String::new(),
    }
}

/// Elapsed against expected, in figures.
fn compared(snapshot: &TenantSnapshot, forecast: Option<&LabRow>) -> Option<AnyView> {
    let hop = snapshot.hop.as_ref()?;
    let observed = |ms: Option<i64>| ms.map_or_else(|| "not yet".to_owned(), format::duration);
    let expected = |(ms, extent): (Option<i64>, Option<Extent<i64>>)| match ms {
        Some(ms) => {
            let range = extent.and_then(|extent| format::between(extent.low, extent.high));
            format!("expected {}", range.unwrap_or_else(|| format::duration(ms)))
        }
        None => "nothing expected".to_owned(),
    };
    let settled = forecast.map(|row| (row.summary.settled_ms, row.range.and_then(|range| range.settled_ms)));
    let finished = forecast.map(|row| (row.summary.finished_ms, row.range.and_then(|range| range.finished_ms)));
    let figures = [
        ("Settled after", hop.settled_ms, settled.unwrap_or_default()),
        ("Finished after", hop.finished_ms, finished.unwrap_or_default()),
    ]
    .map(|(name, seen, foreseen)| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>
                    {observed(seen)} <span class="delta">{expected(foreseen)}</span>
                </dd>
            </div>
        }
    });
    Some(view! { <dl class="figures">{figures.into_iter().collect_view()}</dl> }.into_any())
}
