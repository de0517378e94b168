//! Pages and boxes for what went wrong.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::error::ConsoleError;

/// The page for an address that leads nowhere.
#[component]
pub fn NoSuchPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="No such page" />
        <div class="stack">
            <h1>{"No such page"}</h1>
            <p class="lead">{"This address leads nowhere. "} <a href="/">{"Go to the fleet"}</a> {" and start from there."}</p>
        </div>
    }
}

/// A whole page that could not be had.
pub(crate) fn error_page(error: &ConsoleError) -> impl IntoView + use<> {
    view! {
        <Title text=error.heading() />
        <div class="stack">
            <h1>{error.heading()}</h1>
            <p class="lead">{sentence(&error.to_string())}</p>
            <p>{error.advice().into_owned()}</p>
            <p>
                <a href="/">{"Back to the fleet"}</a>
            </p>
        </div>
    }
}

/// A box inside a page for a change or a part that could not be had.
pub(crate) fn error_notice(error: &ConsoleError) -> impl IntoView + use<> {
    view! {
        <div class="callout callout--blocks" role="alert">
            <h2 class="callout__title">{error.heading()}</h2>
            <p>{sentence(&error.to_string())}</p>
            <p>{error.advice().into_owned()}</p>
        </div>
    }
}

/// A message with a capital letter and a full stop, as it stands in a page. Names that are written small stay small.
pub(crate) fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let mut text: String = if begins_with_a_name(message) {
        message.to_owned()
    } else {
        chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
    };
    if !text.ends_with(['.', '!', '?', '…']) {
        text.push('.');
    }
    text
}

/// Whether a message begins with a version or a command.
fn begins_with_a_name(message: &str) -> bool {
    let version = message.strip_prefix('v').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    version || message.starts_with("kubectl ")
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn a_message_becomes_a_sentence() {
        for (message, expected) in [
            ("refused: x", "Refused: x."),
            ("Done.", "Done."),
            ("`v1` is wrong", "`v1` is wrong."),
            ("éa", "Éa."),
            ("v1.36.4 is installed", "v1.36.4 is installed."),
            ("very good", "Very good."),
            ("kubectl works", "kubectl works."),
            ("", "."),
        ] {
            assert_eq!(sentence(message), expected);
        }
    }
}
