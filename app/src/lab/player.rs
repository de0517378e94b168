//! The moment that all films show: a slider, a walk from step to step, and a playback, each by pointer and by key.

use std::time::Duration;

use leptos::prelude::*;
use leptos::web_sys;

use super::shown::ShownStep;
use crate::chart::Axes;
use crate::format::duration;

/// How often the playback moves.
const TICK: Duration = Duration::from_millis(50);
/// How long it takes from end to end, in ticks.
const TICKS: i64 = 160;
/// How long a step stands where nothing may move.
const STILL_TICK: Duration = Duration::from_millis(1500);

/// What a candidate does, for those who walk through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Walk {
    /// Its title.
    pub(super) title: String,
    /// Its steps.
    pub(super) steps: Vec<ShownStep>,
}

/// The common moment, and who moves it.
#[derive(Clone, Copy)]
pub(super) struct Player {
    /// The moment (ms since the films' zero); `None` while nobody looks at one.
    pub(super) cursor: RwSignal<Option<i64>>,
    /// It moves by itself.
    pub(super) playing: RwSignal<bool>,
    axes: Memo<Axes>,
    /// What is walked through: the chosen strategy, and the one beside it.
    walks: Memo<Vec<Walk>>,
    /// Counts the playbacks: a tick of an earlier one does nothing.
    playback: StoredValue<u32>,
}

impl Player {
    /// At rest, pointing at nothing.
    pub(super) fn new(axes: Memo<Axes>, walks: Memo<Vec<Walk>>) -> Self {
        let playback = StoredValue::new(0);
        Self { cursor: RwSignal::new(None), playing: RwSignal::new(false), axes, walks, playback }
    }

    /// The last moment before the cursor at which any of them does something.
    fn before(self) -> Option<i64> {
        let at = self.cursor.get()?;
        self.walks.with(|walks| moments(walks).filter(|moment| *moment < at).max())
    }

    /// The first one after it.
    fn after(self) -> Option<i64> {
        let at = self.cursor.get();
        self.walks.with(|walks| moments(walks).filter(|moment| at.is_none_or(|at| *moment > at)).min())
    }

    /// Goes there, if there is a place to go.
    fn go(self, to: Option<i64>) {
        self.pause();
        if to.is_some() {
            self.cursor.set(to);
        }
    }

    fn toggle(self) {
        if self.playing.get_untracked() { self.pause() } else { self.play() }
    }

    fn pause(self) {
        self.playback.update_value(|playback| *playback += 1);
        self.playing.set(false);
    }

    /// Plays on from the cursor, or from the start if it is at the end.
    fn play(self) {
        self.pause();
        let end = self.axes.get_untracked().until_ms;
        let from = self.cursor.get_untracked().filter(|at| *at < end).unwrap_or(0);
        self.cursor.set(Some(from));
        self.playing.set(true);
        self.schedule(self.playback.get_value(), prefers_stillness());
    }

    fn schedule(self, playback: u32, still: bool) {
        set_timeout(move || self.tick(playback, still), if still { STILL_TICK } else { TICK });
    }

    /// Moves on, unless it was paused, played anew or left since.
    fn tick(self, playback: u32, still: bool) {
        if self.playback.try_get_value() != Some(playback) {
            return;
        }
        let end = self.axes.get_untracked().until_ms;
        let at = self.cursor.get_untracked().unwrap_or(0);
        let next = if still { untrack(|| self.after()).unwrap_or(end) } else { (at + (end / TICKS).max(1)).min(end) };
        self.cursor.set(Some(next));
        if next >= end {
            self.pause();
        } else {
            self.schedule(playback, still);
        }
    }

    /// Keys for whoever is inside the films: space plays and pauses, `,` and `.` go from step to step, Escape lets go.
    pub(super) fn key(self, event: &web_sys::KeyboardEvent) {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        match event.key().as_str() {
            // Elsewhere the space bar is its own: it presses, opens and scrolls.
            " " if on_a_slider(event) => self.toggle(),
            "," => self.go(untrack(|| self.before())),
            "." => self.go(untrack(|| self.after())),
            "Escape" => {
                self.pause();
                self.cursor.set(None);
            }
            _ => return,
        }
        event.prevent_default();
    }

    /// What the controllers do at the moment, one sentence for each candidate.
    fn said(self) -> Vec<String> {
        let Some(at) = self.cursor.get() else { return Vec::new() };
        self.walks.with(|walks| {
            let many = walks.len() > 1;
            let sentence = |walk: &Walk| {
                let now = ShownStep::at(&walk.steps, at);
                let first = now.first()?;
                let reasons: Vec<&str> = now.iter().map(|step| step.reason.as_str()).collect();
                let title = if many { format!("{}, ", walk.title) } else { String::new() };
                Some(format!("{title}{}: {}.", duration(first.at_ms), reasons.join("; ")))
            };
            walks.iter().filter_map(sentence).collect()
        })
    }
}

fn moments(walks: &[Walk]) -> impl Iterator<Item = i64> {
    walks.iter().flat_map(|walk| walk.steps.iter().map(|step| step.at_ms))
}

fn on_a_slider(event: &web_sys::KeyboardEvent) -> bool {
    use leptos::wasm_bindgen::JsCast as _;
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| {
        element.tag_name() == "INPUT" || element.get_attribute("role").as_deref() == Some("slider")
    })
}

/// Whether the person has asked for less motion.
fn prefers_stillness() -> bool {
    #[cfg(feature = "hydrate")]
    {
        let query = window().match_media("(prefers-reduced-motion: reduce)");
        query.ok().flatten().is_some_and(|query| query.matches())
    }
    #[cfg(not(feature = "hydrate"))]
    false
}

/// The controls of the moment. Says what the controllers do then.
pub(super) fn player_controls(player: Player) -> impl IntoView {
    let Player { cursor, playing, axes, .. } = player;
    let at = move || cursor.get().unwrap_or(0);
    // A button that goes nowhere stays where the keyboard is: `aria-disabled`, and nothing happens.
    let step = move |text: &'static str, to: fn(Player) -> Option<i64>| {
        view! {
            <button
                type="button"
                class="button"
                aria-disabled=move || to(player).is_none().to_string()
                on:click=move |_| player.go(untrack(|| to(player)))
            >
                {text}
            </button>
        }
    };
    let said = move || match player.said() {
        said if said.is_empty() => vec!["Step by step, with the controller’s reason for each.".to_owned()],
        said => said,
    };
    view! {
        <div class="lab__moment needs-script">
            <label for="film-moment">"Moment"</label>
            <input
                id="film-moment"
                type="range"
                class="slider"
                min="0"
                max=move || (axes.get().until_ms / 1000).to_string()
                aria-valuetext=move || duration(at())
                value="0"
                prop:value=move || (at() / 1000).to_string()
                on:input=move |event| {
                    player.go(event_target_value(&event).parse::<i64>().ok().map(|seconds| seconds * 1000));
                }
            />
            <output for="film-moment">{move || cursor.get().map(duration)}</output>
        </div>
        <div class="lab__stepping needs-script">
            <button type="button" class="button" on:click=move |_| player.toggle()>
                {move || if playing.get() { "Pause" } else { "Play" }}
            </button>
            {step("Step back", Player::before)}
            {step("Next step", Player::after)}
            <p class="lab__keys">
                <kbd>"Space"</kbd>
                " plays and pauses, "
                <kbd>","</kbd>
                " and "
                <kbd>"."</kbd>
                " step, "
                <kbd>"←"</kbd>
                " "
                <kbd>"→"</kbd>
                " go by seconds, in any film"
            </p>
            // While it plays, a sentence for each instant would only be noise to those who listen.
            <div class="lab__reason" aria-live=move || if playing.get() { "off" } else { "polite" }>
                {move || said().into_iter().map(|sentence| view! { <p>{sentence}</p> }).collect_view()}
            </div>
        </div>
    }
}
