//! A chart as a picture of its own: with its words, its legend and the colours of the console, in both themes.

use leptos::prelude::*;

use super::draw::{Patterns, chart_height, picture, pod_class};
use super::layout::FilmLayout;
use super::legend::kind_name;

const WIDTH: u32 = 960;
/// Room for the pod labels on the left (px).
const LEFT: u32 = 40;
const RIGHT: u32 = 24;
/// Room for title and sentence above the plot (px).
const TOP: u32 = 84;
/// Distance from line to line of the legend (px), and from item to item.
const LEGEND_LINE: u32 = 22;
const LEGEND_STEP: u32 = 152;
const LEGEND_ACROSS: usize = 6;

/// The picture as an SVG document. It needs nothing from outside; viewers must know CSS custom properties, as browsers do.
pub fn standalone_svg(layout: &FilmLayout, title: &str, sentence: &str, link: &str) -> String {
    let patterns = Patterns::new("film");
    let plot = chart_height(layout) as u32;
    let legend = legend(layout, &patterns, TOP + plot + 24);
    let lines = legend.1;
    let height = TOP + plot + 24 + LEGEND_LINE * lines + 12;
    // The picture is styled by the very style sheets of the console.
    let style = concat!(include_str!("../../../style/tokens.css"), include_str!("../../../style/chart.css"));
    let (title, sentence, link) = (title.to_owned(), sentence.to_owned(), link.to_owned());
    let body = view! {
        <title>{title.clone()}</title>
        <desc>{format!("{sentence} {} {link}", layout.description())}</desc>
        <style>{style_text(style)}</style>
        <rect class="picture__ground" width="100%" height="100%" />
        {patterns.definitions()}
        <text class="picture__title" x="24" y="32">
            {title}
        </text>
        <text class="picture__text" x="24" y="54">
            {sentence}
        </text>
        <svg x=LEFT y=TOP width=WIDTH - LEFT - RIGHT height=plot overflow="visible">
            {picture(layout, &patterns)}
        </svg>
        {legend.0}
    };
    let body = Owner::new().with(|| body.to_html());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">{}</svg>\n",
        without_markers(&body)
    )
}

/// Comments would be the only thing in it that could end the element early; none is needed.
fn style_text(css: &str) -> String {
    let mut text = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        text.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let own = ".picture__ground{fill:var(--paper)}.picture__title{fill:var(--ink);font:600 20px var(--font)}\
               .picture__text,.picture__label{fill:var(--ink-soft);font:14px var(--font)}.picture__label{font-size:12px}";
    lines.collect::<Vec<_>>().join("\n") + own
}

/// What Leptos leaves for the browser to hold on to: nobody does here.
fn without_markers(html: &str) -> String {
    html.replace("<!>", "").replace("<!---->", "")
}

/// The kinds of pods and the lines; with how many lines it takes.
fn legend(layout: &FilmLayout, patterns: &Patterns, top: u32) -> (AnyView, u32) {
    enum Item {
        Pod(String, Option<String>, &'static str),
        Line(&'static str, String),
        Band(&'static str, &'static str),
    }
    let mut items: Vec<Item> = layout
        .occurring()
        .into_iter()
        .map(|(side, state)| {
            Item::Pod(pod_class(side, state).to_owned(), patterns.fill(side, state), kind_name(side, state))
        })
        .collect();
    items.push(Item::Line("chart__serving", "serving".to_owned()));
    items.push(Item::Line("chart__replicas", format!("replicas ({})", layout.replicas.label)));
    if !layout.mixed.is_empty() {
        items.push(Item::Band("chart__strip--mixed", "both versions serve"));
    }
    if !layout.outages.is_empty() {
        items.push(Item::Band("chart__strip--outage", "nothing serves"));
    }
    let lines = items.len().div_ceil(LEGEND_ACROSS) as u32;
    let place = |index: usize| {
        let (column, line) = ((index % LEGEND_ACROSS) as u32, (index / LEGEND_ACROSS) as u32);
        (24 + column * LEGEND_STEP, top + line * LEGEND_LINE)
    };
    let drawn = items.into_iter().enumerate().map(|(index, item)| {
        let (x, y) = place(index);
        let (mark, text) = match item {
            Item::Pod(class, fill, text) => {
                (view! { <rect class=class fill=fill x=x y=y width="16" height="12" /> }.into_any(), text.to_owned())
            }
            Item::Line(class, text) => {
                (view! { <line class=class x1=x x2=x + 18 y1=y + 6 y2=y + 6 /> }.into_any(), text)
            }
            Item::Band(class, text) => {
                (view! { <rect class=class x=x y=y + 4 width="18" height="6" /> }.into_any(), text.to_owned())
            }
        };
        view! {
            {mark}
            <text class="picture__label" x=x + 24 y=y + 10>
                {text}
            </text>
        }
    });
    (drawn.collect_view().into_any(), lines)
}
