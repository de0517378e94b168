//! The controls of the lab: a number field for each value, and a slider beside it where scripts run.

use leptos::prelude::*;

use super::fields::Field;

/// What a control shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Control {
    /// Which value.
    pub(super) field: Field,
    /// Its label.
    pub(super) label: &'static str,
    /// Behind the number: `s`, `pods`.
    pub(super) unit: &'static str,
    /// The text in the field.
    pub(super) text: String,
    /// Right end of the slider; `None` for a value that has none.
    pub(super) slider_to: Option<u64>,
    /// Where the slider stands.
    pub(super) slider_at: u64,
    /// Where the value comes from.
    pub(super) source: String,
    /// What is wrong with the text.
    pub(super) error: Option<String>,
}

/// One control. `edit` gets every keystroke and every move of the slider; `commit` comes when the person lets go.
pub(super) fn control_field(
    id: String,
    control: Memo<Control>,
    edit: Callback<(Field, String)>,
    commit: Callback<()>,
) -> impl IntoView {
    let Control { field, label, unit, slider_to, .. } = control.get_untracked();
    let hint_id = format!("{id}-hint");
    let whole_number = !matches!(field, Field::Surge | Field::Unavailable);
    let least = i32::from(field == Field::Replicas);
    let slider_id = id.clone();
    let slider = slider_to.map(|_| {
        view! {
            <input
                type="range"
                class="slider"
                aria-label=format!("{label}, slider")
                aria-controls=slider_id
                min=least
                max=move || control.with(|control| control.slider_to.unwrap_or_default().to_string())
                value=move || control.with(|control| control.slider_at.to_string())
                prop:value=move || control.with(|control| control.slider_at.to_string())
                on:input=move |event| edit.run((field, event_target_value(&event)))
                on:change=move |_| commit.run(())
            />
        }
    });
    view! {
        <div class="field lab-control">
            <label class="field__label" for=id.clone()>
                {label}
            </label>
            <div class="lab-control__row">
                {slider}
                <span class="lab-control__value">
                    <input
                        id=id
                        class="input input--short"
                        name=field.key()
                        // No number field: it would hide a text from the address that is none, and its reason with it.
                        type="text"
                        inputmode=whole_number.then_some("decimal")
                        autocomplete="off"
                        aria-describedby=hint_id.clone()
                        aria-invalid=move || control.with(|control| control.error.as_ref().map(|_| "true"))
                        value=move || control.with(|control| control.text.clone())
                        prop:value=move || control.with(|control| control.text.clone())
                        on:input=move |event| edit.run((field, event_target_value(&event)))
                        on:change=move |_| commit.run(())
                    />
                    " "
                    <span class="unit">{unit}</span>
                </span>
            </div>
            <div id=hint_id>
                {move || {
                    control
                        .with(|control| control.error.clone())
                        .map(|error| view! { <p class="field__error">{error}</p> })
                }}
                <p class="field__hint">{move || control.with(|control| control.source.clone())}</p>
            </div>
        </div>
    }
}
