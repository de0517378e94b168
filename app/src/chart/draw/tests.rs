use leptos::prelude::*;
use planner::rollout::{Scenario, predict};
use planner::strategy::Strategy;

use super::FilmChart;
use crate::chart::{Axes, Drawing, FilmLayout};

#[test]
fn a_chart_is_a_picture_with_words_and_a_table() {
    let film = predict(&Scenario::hop(1, Strategy::SURGE_ONE, vec![20_000], 30_000)).film;
    let layout = FilmLayout::new(Drawing::Predicted(&film), Axes::shared([&film], 1), 1, None);
    let html = crate::test_support::html(|| {
        view! { <FilmChart id="one".to_owned() title="Surge only 1/0" note="finished after 50 s" layout=layout /> }
    });
    insta::assert_snapshot!(html.replace("><", ">\n<"));
}
