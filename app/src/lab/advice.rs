//! What the lab would take, and the search for what keeps one's own limits.

use leptos::prelude::*;
use planner::lab::MAX_SEARCHED;

use super::fields::{Field, TAKE};
use super::shown::{Shown, ShownAdvice, ShownMatch, ShownSearch};
use super::values::{Actions, Values};

/// The recommendation with its reason, and the search behind it.
pub(super) fn advice(shown: Memo<Shown>, values: Values, actions: Actions) -> impl IntoView {
    let advised = Memo::new(move |_| shown.with(|shown| shown.advice.clone()));
    let chosen = Memo::new(move |_| shown.with(|shown| shown.chosen.clone()));
    let search = Memo::new(move |_| shown.with(|shown| shown.search.clone()));
    // What is asked must be seen.
    let open = search.with_untracked(Option::is_some);
    let recommendation = move || match advised.get() {
        Some(advice) => chosen.with(|chosen| recommendation(advice, chosen, actions)).into_any(),
        None => view! { <p>{move || shown.with(no_advice)}</p> }.into_any(),
    };
    let wishes = Field::WISHES.map(|field| values.control(field, actions)).into_iter().collect_view();
    view! {
        <section class="lab__advice" aria-labelledby="lab-advice">
            <h3 id="lab-advice">"Recommended"</h3>
            {recommendation}
            <details class="lab__more" open=open>
                <summary>"Search with limits of your own"</summary>
                <fieldset class="lab__fieldset">
                    <legend class="visually-hidden">"What a strategy must keep"</legend>
                    <div class="lab__controls">
                        {wishes}
                        <button type="submit" class="button lab__apply needs-reload">
                            "Search"
                        </button>
                    </div>
                </fieldset>
                <div role="status">
                    {move || match search.get() {
                        Some(found) => chosen.with(|chosen| results(found, chosen, actions)).into_any(),
                        None => {
                            view! {
                                <p class="muted small">
                                    "Every pair of surge and unavailable is played. Give a limit to see which keep it."
                                </p>
                            }
                                .into_any()
                        }
                    }}
                </div>
            </details>
        </section>
    }
}

/// Why there is no recommendation.
fn no_advice(shown: &Shown) -> String {
    if shown.replicas > MAX_SEARCHED {
        format!("Every pair of surge and unavailable is played for up to {MAX_SEARCHED} replicas only.")
    } else {
        "No strategy finishes within this quota and room: make room first.".to_owned()
    }
}

fn recommendation(advice: ShownAdvice, chosen: &str, actions: Actions) -> impl IntoView + use<> {
    let ShownAdvice { key, title, reason } = advice;
    let take = (key != chosen).then(|| take_button(key, format!("Choose {title}"), actions));
    view! {
        <p>
            <strong>{title}</strong>
            ". "
            {reason}
        </p>
        {take}
    }
}

fn results(found: ShownSearch, chosen: &str, actions: Actions) -> impl IntoView + use<> {
    let row = |found: ShownMatch| {
        let ShownMatch { key, title, figures } = found;
        let take = match key == chosen {
            true => view! { <span class="muted small">"chosen"</span> }.into_any(),
            false => take_button(key, format!("Choose {title}"), actions).into_any(),
        };
        view! {
            <li class="lab__match">
                <span>
                    <strong>{title}</strong>
                    ": "
                    {figures}
                </span>
                {take}
            </li>
        }
    };
    view! {
        <p>{found.sentence}</p>
        <ol class="lab__matches">{found.matches.into_iter().map(row).collect_view()}</ol>
    }
}

/// Takes a strategy that is proposed; without scripts the form carries it.
fn take_button(key: String, text: String, actions: Actions) -> impl IntoView {
    let taken = key.clone();
    view! {
        <button
            type="submit"
            class="button"
            name=TAKE
            value=key
            on:click=move |event| {
                event.prevent_default();
                actions.choose.run((TAKE, taken.clone()));
            }
        >
            {text}
        </button>
    }
}
