//! The comparison: one row for each strategy, chosen by its radio button.

use leptos::prelude::*;

use super::fields::STRATEGY;
use super::shown::{Shown, ShownRow};

/// The table of figures. `choose` gets the key of another strategy when it is chosen.
pub(super) fn comparison_table(shown: Memo<Shown>, choose: Callback<String>) -> impl IntoView {
    let rows = move || {
        shown.with(|shown| {
            let chosen = shown.chosen.clone();
            shown.rows.iter().map(|row| row_view(row, row.key == chosen, choose)).collect_view()
        })
    };
    let cost_unit = move || shown.with(|shown| shown.cost_unit.clone());
    view! {
        <div class="table-region lab__table" role="region" tabindex="0" aria-label="Strategies compared">
            <table class="table table--stacked">
                <thead>
                    <tr>
                        <th scope="col">
                            "Strategy" <span class="table__unit">"maxSurge / maxUnavailable"</span>
                        </th>
                        <th scope="col">"Pods alive" <span class="table__unit">"at the peak"</span></th>
                        <th scope="col">"API servers" <span class="table__unit">"running at the peak"</span></th>
                        <th scope="col">"CPU" <span class="table__unit">{cost_unit}</span></th>
                        <th scope="col">"Memory" <span class="table__unit">{cost_unit}</span></th>
                        <th scope="col">"Lowest serving" <span class="table__unit">"API servers"</span></th>
                        <th scope="col">"Both versions" <span class="table__unit">"serve for"</span></th>
                        <th scope="col">"Finished" <span class="table__unit">"old pods gone"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn row_view(row: &ShownRow, chosen: bool, choose: Callback<String>) -> impl IntoView + use<> {
    let key = row.key.clone();
    let picked = row.key.clone();
    let lowest_class = if row.outage.is_some() { "alarm" } else { "" };
    view! {
        <tr>
            <th scope="row">
                <label class="lab__choice">
                    <input
                        type="radio"
                        name=STRATEGY
                        value=key
                        checked=chosen
                        prop:checked=chosen
                        on:change=move |_| choose.run(picked.clone())
                    />
                    <span>{row.name.clone()}</span>
                    <span class="lab__choice-numbers">{row.numbers.clone()}</span>
                </label>
            </th>
            <td data-label="Pods alive at the peak">
                <span>
                    {row.pods_alive}
                    {row.more_pods.clone().map(|more| view! { " " <span class="delta">{more}</span> })}
                </span>
            </td>
            <td data-label="API servers running at the peak">
                <span>{row.running}</span>
            </td>
            <td data-label="CPU more than today">
                <span>{row.cpu.clone()}</span>
            </td>
            <td data-label="Memory more than today">
                <span>{row.memory.clone()}</span>
            </td>
            <td data-label="Lowest serving API servers">
                <span class=lowest_class>
                    {row.lowest_serving} {row.outage.as_ref().map(|outage| format!(" for {outage}"))}
                </span>
            </td>
            <td data-label="Both versions serve for">
                <span>{row.mixed.clone()} {extent(row.mixed_range.as_ref())}</span>
            </td>
            <td data-label="Finished, old pods gone">
                <span>{row.finished.clone()} {extent(row.finished_range.as_ref())}</span>
            </td>
        </tr>
    }
}

/// The range of a figure, below it.
fn extent(range: Option<&String>) -> impl IntoView + use<> {
    range.cloned().map(|range| view! { " " <span class="lab__range">{range}</span> })
}
