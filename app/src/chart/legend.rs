//! What the colours, shapes and lines of the charts mean.

use leptos::prelude::*;
use planner::film::{PodState, Side};

use super::draw::{Patterns, pod_class};

/// The legend of one or more film charts.
#[component]
pub fn ChartLegend(
    /// Unique on the page; the ids inside begin with it.
    id: String,
    /// The kinds of pods that occur.
    #[prop(into)]
    kinds: Signal<Vec<(Side, PodState)>>,
    /// Replicas that are wanted.
    #[prop(into)]
    replicas: Signal<u32>,
) -> impl IntoView {
    let patterns = Patterns::new(&id);
    let definitions = patterns.definitions();
    let pods = move || {
        kinds
            .get()
            .into_iter()
            .map(|(side, state)| {
                let fill = patterns.fill(side, state);
                view! {
                    <li class="legend__item">
                        <svg class="legend__swatch" width="18" height="14" aria-hidden="true">
                            <rect class=pod_class(side, state) fill=fill x="1" y="1" width="16" height="12" />
                        </svg>
                        {kind_name(side, state)}
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <ul class="legend" aria-label="Legend">
            {pods}
            <li class="legend__item">
                <svg class="legend__swatch" width="18" height="14" aria-hidden="true">
                    {definitions}
                    <line class="chart__serving" x1="0" x2="18" y1="7" y2="7" />
                </svg>
                "serving API servers"
            </li>
            <li class="legend__item">
                <svg class="legend__swatch" width="18" height="14" aria-hidden="true">
                    <line class="chart__replicas" x1="0" x2="18" y1="7" y2="7" />
                </svg>
                {move || format!("replicas ({})", replicas.get())}
            </li>
            <li class="legend__item">
                <svg class="legend__swatch" width="18" height="14" aria-hidden="true">
                    <rect class="chart__mixed" width="18" height="14" />
                    <rect class="chart__strip chart__strip--mixed" y="8" width="18" height="6" />
                </svg>
                "both versions serve"
            </li>
            <li class="legend__item">
                <svg class="legend__swatch" width="18" height="14" aria-hidden="true">
                    <rect class="chart__outage" width="18" height="14" />
                    <rect class="chart__strip chart__strip--outage" y="8" width="18" height="6" />
                </svg>
                "nothing serves"
            </li>
        </ul>
    }
}

/// A kind of pod in words.
pub(super) fn kind_name(side: Side, state: PodState) -> &'static str {
    match (side, state) {
        (Side::Old, PodState::Pending) => "old, pending",
        (Side::Old, PodState::Starting) => "old, not ready",
        (Side::Old, PodState::Ready) => "old, serving",
        (Side::Old, PodState::Terminating) => "old, terminating",
        (Side::New, PodState::Pending) => "new, pending",
        (Side::New, PodState::Starting) => "new, starting",
        (Side::New, PodState::Ready) => "new, serving",
        (Side::New, PodState::Terminating) => "new, terminating",
    }
}
