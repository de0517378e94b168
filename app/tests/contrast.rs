//! The colours of the style sheet keep the contrast that people need, in both themes.

use std::collections::BTreeMap;

/// Relative luminance of light and dark, by token.
fn tokens() -> BTreeMap<String, [f64; 2]> {
    let css = include_str!("../../style/tokens.css");
    let mut tokens = BTreeMap::new();
    for line in css.lines() {
        if let Some((name, rest)) = line.trim().split_once(": light-dark(")
            && let Some((light, dark)) = rest.trim_end_matches(");").split_once(", ")
        {
            tokens.insert(name.to_owned(), [luminance(light), luminance(dark)]);
        }
    }
    tokens
}

/// WCAG 2.2, relative luminance of `#rrggbb`.
fn luminance(hex: &str) -> f64 {
    let channel = |from: usize| {
        let value = u8::from_str_radix(&hex[from..from + 2], 16).expect("a colour is written #rrggbb");
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn demand(pairs: &[(&str, &[&str])], least: f64) {
    let tokens = tokens();
    let token = |name: &str| *tokens.get(name).unwrap_or_else(|| panic!("{name} is a token with two colours"));
    for (ink, grounds) in pairs {
        for ground in *grounds {
            for (theme, (ink_value, ground_value)) in
                ["light", "dark"].into_iter().zip(token(ink).into_iter().zip(token(ground)))
            {
                let ratio = contrast(ink_value, ground_value);
                assert!(ratio >= least, "{ink} on {ground}, {theme}: {ratio:.2} is less than {least}");
            }
        }
    }
}

#[test]
fn text_can_be_read_on_every_ground_it_stands_on() {
    let grounds: &[&str] = &["--paper", "--surface"];
    demand(
        &[
            (
                "--ink",
                &["--paper", "--surface", "--surface-strong", "--blocks-quiet", "--warns-quiet", "--unknown-quiet"],
            ),
            ("--ink-soft", grounds),
            (
                "--ink-soft",
                &["--surface-strong", "--unknown-quiet", "--warns-quiet", "--blocks-quiet", "--passes-quiet"],
            ),
            ("--old-ink", grounds),
            ("--new-ink", grounds),
            ("--blocks", &["--paper", "--surface", "--blocks-quiet"]),
            ("--warns", &["--paper", "--surface", "--warns-quiet"]),
            ("--unknown", &["--paper", "--surface", "--unknown-quiet"]),
            ("--passes", &["--paper", "--surface", "--passes-quiet"]),
        ],
        4.5,
    );
}

#[test]
fn marks_and_borders_can_be_seen() {
    demand(
        &[
            ("--old", &["--paper", "--surface"]),
            ("--new", &["--paper", "--surface"]),
            ("--serving", &["--paper"]),
            ("--mixed", &["--paper"]),
            ("--outage", &["--paper"]),
            ("--line", &["--paper", "--surface"]),
        ],
        3.0,
    );
}
