//! The values of the lab as controls: their labels, units, sliders and where each comes from.

use leptos::prelude::*;
use planner::lab::{LabInput, LabSources, MAX_REPLICAS, MAX_SECONDS};
use planner::rollout::Health;

use super::controls::{Control, control_field};
use super::fields::{Field, LabFields, LabReading, NEW_PODS, halves, seconds_text};

/// What a person does with the controls.
#[derive(Clone, Copy)]
pub(super) struct Actions {
    /// Every keystroke and every move of a slider.
    pub(super) edit: Callback<(Field, String)>,
    /// The person lets go: the address follows.
    pub(super) commit: Callback<()>,
    /// A parameter without a text field gets another value.
    pub(super) choose: Callback<(&'static str, String)>,
}

/// What a control needs to know.
#[derive(Clone, Copy)]
pub(super) struct Values {
    /// What the texts mean.
    pub(super) reading: Memo<LabReading>,
    /// The texts.
    pub(super) fields: Memo<LabFields>,
    /// Where the tenant's own values come from.
    pub(super) origin: StoredValue<Option<LabSources>>,
}

impl Values {
    /// The control of one value.
    pub(super) fn control(self, field: Field, actions: Actions) -> impl IntoView + use<> {
        let Self { reading, fields, origin } = self;
        let memo = Memo::new(move |_| {
            let described = |reading: &LabReading, fields: &LabFields| {
                origin.with_value(|origin| control(field, fields, reading, origin.as_ref()))
            };
            reading.with(|reading| fields.with(|fields| described(reading, fields)))
        });
        control_field(format!("lab-{}", field.key()), memo, actions.edit, actions.commit)
    }
}

/// What the comparison depends on.
pub(super) fn controls(values: Values, actions: Actions) -> impl IntoView {
    let control = move |field: Field| values.control(field, actions);
    let requests_known = move || {
        values.reading.with(|reading| {
            let requests = reading.input.requests;
            requests.cpu_millis.is_some() && requests.memory_bytes.is_some()
        })
    };
    let assumptions = move || (!requests_known()).then(|| view! { {control(Field::Cpu)} {control(Field::Memory)} });
    // What is set must be seen.
    let open = values.reading.with_untracked(|reading| has_limits(&reading.input));
    view! {
        <fieldset class="lab__fieldset">
            <legend class="visually-hidden">"What the comparison depends on"</legend>
            <div class="lab__controls">
                {control(Field::Replicas)} {control(Field::Startup)} {control(Field::Grace)} {control(Field::Surge)}
                {control(Field::Unavailable)} {assumptions}
                <button type="submit" class="button lab__apply needs-reload">
                    "Compare"
                </button>
            </div>
            <details class="lab__more" open=open>
                <summary>"What if: quota, room, image pull, pods that never become ready"</summary>
                <div class="lab__controls">
                    {control(Field::Quota)} {control(Field::Room)} {control(Field::Pull)}
                    <NewPods reading=values.reading choose=actions.choose />
                </div>
            </details>
        </fieldset>
    }
}

fn has_limits(input: &LabInput) -> bool {
    input.pod_quota.is_some() || input.room.is_some() || input.pull_ms.is_some() || input.new_pods != Health::Starts
}

/// What the new pods do.
#[component]
fn NewPods(reading: Memo<LabReading>, choose: Callback<(&'static str, String)>) -> impl IntoView {
    let chosen = Memo::new(move |_| reading.with(|reading| reading.input.new_pods));
    let options = planner::lab::NEW_PODS.map(|(health, word)| {
        let text = match health {
            Health::Starts => "become ready",
            Health::CrashLoop => "never become ready",
            Health::ImagePull => "find no image",
        };
        view! {
            <option value=word selected=move || chosen.get() == health>
                {text}
            </option>
        }
    });
    view! {
        <div class="field lab-control">
            <label class="field__label" for="lab-new">
                "The new pods"
            </label>
            <select
                id="lab-new"
                class="input"
                name=NEW_PODS
                aria-describedby="lab-new-hint"
                on:change=move |event| choose.run((NEW_PODS, event_target_value(&event)))
            >
                {options.into_iter().collect_view()}
            </select>
            <p class="field__hint" id="lab-new-hint">
                "what stays up, and which way out there is"
            </p>
        </div>
    }
}

fn connections_source(input: &LabInput) -> String {
    match input.connections_per_pod {
        Some(each) => format!("assumed: {each} for each running API server"),
        None => "not known for this DataStore: nothing would be found".to_owned(),
    }
}

fn control(field: Field, fields: &LabFields, reading: &LabReading, origin: Option<&LabSources>) -> Control {
    let input = &reading.input;
    let error = reading.errors.iter().find(|(of, _)| *of == Some(field)).map(|(_, error)| error.clone());
    let (surge, unavailable) = halves(input.custom);
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let timing = |source: Option<String>, example: &str| source.unwrap_or_else(|| example.to_owned());
    let replicas = u64::from(input.replicas);
    let pods = |value: Option<u32>| value.map(|pods| pods.to_string()).unwrap_or_default();
    let time = |millis: Option<i64>| millis.map(seconds_text).unwrap_or_default();
    let wishes = input.wishes;
    let plain = |label, unit, value, source: &str| (label, unit, value, None, source.to_owned());
    let (label, unit, value, slider, source) = match field {
        Field::Replicas => {
            let to = u64::from(MAX_REPLICAS.min(input.replicas.max(12)));
            (
                "Replicas",
                "pods",
                replicas.to_string(),
                Some((to, replicas)),
                "API servers that run all the time".to_owned(),
            )
        }
        Field::Startup => {
            let typical = input.typical_startup_ms();
            let source = timing(origin.map(|origin| origin.startup.to_string()), "from bound to ready");
            ("Start-up", "s", seconds_text(typical), Some(seconds_slider(typical)), source)
        }
        Field::Grace => {
            let millis = input.termination_ms;
            let source = timing(origin.map(|origin| origin.termination.to_string()), "until a stopped pod is gone");
            ("Termination", "s", seconds_text(millis), Some(seconds_slider(millis)), source)
        }
        Field::Surge => {
            let at = surge
                .map_or(0, |_| input.custom.map_or(0, |custom| u64::from(custom.limits(input.replicas).max_surge)));
            let text = surge.map(|half| half.to_string()).unwrap_or_default();
            (
                "Own surge",
                "",
                text,
                Some((replicas.max(at), at)),
                "maxSurge: pods or percent; empty for none".to_owned(),
            )
        }
        Field::Unavailable => {
            let at = unavailable.map_or(0, |_| {
                input.custom.map_or(0, |custom| u64::from(custom.limits(input.replicas).max_unavailable))
            });
            let text = unavailable.map(|half| half.to_string()).unwrap_or_default();
            ("Own unavailable", "", text, Some((replicas.max(at), at)), "maxUnavailable: pods or percent".to_owned())
        }
        Field::Cpu => {
            let text = number(input.assumed.cpu_millis);
            ("CPU of a pod", "mCPU", text, None, "assumed: the pods request none".to_owned())
        }
        Field::Memory => {
            let text = number(input.assumed.memory_bytes.map(|bytes| bytes >> 20));
            ("Memory of a pod", "MiB", text, None, "assumed: the pods request none".to_owned())
        }
        Field::Quota => plain("Pod quota", "pods", pods(input.pod_quota), "most pod objects; empty for no quota"),
        Field::Room => plain("Room on nodes", "pods", pods(input.room), "pods that find a place; empty for enough"),
        Field::Pull => {
            let source = timing(origin.map(|origin| origin.pull.to_string()), "added to each new pod’s start-up");
            plain("Image pull", "s", time(input.pull_ms), &source)
        }
        Field::LeastServing => plain("Serving at least", "pods", pods(wishes.serving), "at any time"),
        Field::Within => plain("Finished within", "s", time(wishes.within_ms), "old pods gone"),
        Field::MostObjects => plain("Pods alive at most", "pods", pods(wishes.objects), "what a quota counts"),
        Field::MostBound => plain("On nodes at most", "pods", pods(wishes.bound), "what needs room"),
        Field::MostRunning => {
            plain("Running at most", "pods", pods(wishes.running), "API servers, terminating ones too")
        }
        Field::MostAlive => plain("Counted at most", "pods", pods(wishes.non_terminating), "without terminating ones"),
        Field::MostConnections => {
            plain("Connections at most", "", pods(wishes.connections), &connections_source(input))
        }
    };
    // A text that means something else than what is used stays as it is typed.
    let text = match (&error, fields.text(field)) {
        (Some(_), Some(typed)) | (None, Some(typed @ "")) => typed.to_owned(),
        _ => value,
    };
    Control {
        field,
        label,
        unit,
        text,
        slider_to: slider.map(|(to, _)| to),
        slider_at: slider.map_or(0, |(_, at)| at),
        source,
        error,
    }
}

/// Right end and place of a slider for seconds: a minute or two are usual, more is possible.
fn seconds_slider(millis: i64) -> (u64, u64) {
    let at = u64::try_from(millis / 1000).unwrap_or(0);
    let to = [60, 120, 300, 600, 1200].into_iter().find(|to| at <= *to).unwrap_or(u64::from(MAX_SECONDS));
    (to, at)
}
