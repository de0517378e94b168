//! Sentences with code in them.

use leptos::prelude::*;

/// A sentence of the planner, which sets what is typed between backticks, as Markdown does. A last backtick without a fellow is one.
pub(crate) fn prose(text: &str) -> AnyView {
    parts(text)
        .into_iter()
        .map(|(is_code, part)| if is_code { view! { <code>{part}</code> }.into_any() } else { part.into_any() })
        .collect_view()
        .into_any()
}

fn parts(text: &str) -> Vec<(bool, String)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, code, after)) =
        rest.split_once('`').and_then(|(before, from)| from.split_once('`').map(|(code, after)| (before, code, after)))
    {
        parts.push((false, before.to_owned()));
        parts.push((true, code.to_owned()));
        rest = after;
    }
    parts.push((false, rest.to_owned()));
    parts.retain(|(_, part)| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn what_is_typed_stands_between_backticks() {
        let text = |part: &str| (false, part.to_owned());
        let code = |part: &str| (true, part.to_owned());
        for (sentence, expected) in [
            ("", vec![]),
            ("Nothing typed.", vec![text("Nothing typed.")]),
            ("Run `a b`, then `c`.", vec![text("Run "), code("a b"), text(", then "), code("c"), text(".")]),
            ("`a` alone", vec![code("a"), text(" alone")]),
            ("one ` is one", vec![text("one ` is one")]),
            ("`a` and ` one", vec![code("a"), text(" and ` one")]),
        ] {
            assert_eq!(parts(sentence), expected, "{sentence}");
        }
    }
}
