use planner::film::{Film, OpenSpan, PodState, PodTrack, Revision, Side, Span};

use super::{Axes, Cell, Drawing, FilmLayout};

fn film(pods: Vec<PodTrack>) -> Film {
    let revision = |key: &str, side| Revision { key: key.to_owned(), version: None, side };
    Film {
        revisions: vec![revision("1", Side::Old), revision("2", Side::New)],
        pods,
        gaps: Vec::new(),
        until_ms: 40_000,
    }
}

/// A pod of the old version that has been ready for long.
fn old(terminating_s: i64, gone_s: i64) -> PodTrack {
    PodTrack {
        name: format!("old-{terminating_s}"),
        revision: 0,
        created_ms: -60_000,
        bound_ms: Some(-60_000),
        ready: vec![OpenSpan { from_ms: -40_000, to_ms: Some(gone_s * 1000) }],
        terminating_ms: Some(terminating_s * 1000),
        gone_ms: Some(gone_s * 1000),
    }
}

/// A pod of the new version that stays.
fn new(created_s: i64, ready_s: i64) -> PodTrack {
    PodTrack {
        name: format!("new-{created_s}"),
        revision: 1,
        created_ms: created_s * 1000,
        bound_ms: Some(created_s * 1000),
        ready: vec![OpenSpan { from_ms: ready_s * 1000, to_ms: None }],
        terminating_ms: None,
        gone_ms: None,
    }
}

/// Two replicas, full surge: both new pods ready after 10 and 12 s, an old one going at each.
fn full_surge() -> Film {
    film(vec![old(10, 20), old(12, 30), new(0, 10), new(0, 12)])
}

fn layout(film: &Film) -> FilmLayout {
    FilmLayout::new(Drawing::Predicted(film), Axes::shared([film], 2), 2, None)
}

#[test]
fn axes_hold_every_film_that_is_compared() {
    let (first, second) = (full_surge(), film(vec![old(0, 55), new(0, 10)]));
    assert_eq!(Axes::shared([&first], 2), Axes { until_ms: 32_500, pods: 4 });
    assert_eq!(Axes::shared([&first, &second], 2), Axes { until_ms: 60_000, pods: 4 });
    assert_eq!(Axes::shared([], 0), Axes { until_ms: 11_000, pods: 1 }, "without films there is still a chart");
    assert_eq!(Axes::shared([], 7).pods, 7, "the replicas always fit");
}

#[test]
fn serving_pods_lie_on_the_axis_and_terminating_ones_on_top() {
    let layout = layout(&full_surge());
    let state_at = |place: f64, x: f64| {
        layout
            .cells
            .iter()
            .find(|cell| cell.y == layout.floor_y - (place + 1.0) * 28.0 && cell.x <= x && x < cell.x + cell.width)
            .map(|cell| (cell.kind.side, cell.kind.state()))
    };
    let at_11_s = layout.axes.x(11_000);
    let stack: Vec<_> = (0..4).map(|place| state_at(f64::from(place), at_11_s)).collect();
    assert_eq!(
        stack,
        [
            Some((Side::Old, PodState::Ready)),
            Some((Side::New, PodState::Ready)),
            Some((Side::New, PodState::Starting)),
            Some((Side::Old, PodState::Terminating)),
        ]
    );
}

#[test]
fn one_place_of_the_stack_is_one_cell_as_long_as_its_kind_stays() {
    let layout = layout(&full_surge());
    let new_ready: Vec<Cell> = layout
        .cells
        .iter()
        .filter(|cell| cell.kind.state() == PodState::Ready && cell.kind.side == Side::New)
        .copied()
        .collect();
    assert_eq!(new_ready.len(), 2);
    for cell in new_ready {
        assert_eq!(cell.x + cell.width, 100.0, "it stays to the end of the axis");
    }
}

#[test]
fn figures_say_what_the_picture_shows() {
    let layout = layout(&full_surge());
    assert_eq!(layout.figures.peak_alive, 4);
    assert_eq!(layout.figures.lowest_serving, 2);
    assert_eq!(layout.figures.mixed_ms, 2_000);
    assert_eq!(layout.figures.outage_ms, 0);
    let [window] = layout.mixed[..] else { panic!("one window, not {:?}", layout.mixed) };
    assert_eq!((window.from_ms, window.to_ms), (10_000, 12_000));
    assert_eq!(
        layout.description(),
        "At the start 2 of 2 API servers serve. At most 4 pods are alive at once. Never fewer than 2 serving. \
         Both versions serve for 2 s. At the end of the chart 0 old and 2 new API servers serve, 0 pods terminate."
    );
}

#[test]
fn an_outage_is_a_band() {
    let layout = layout(&film(vec![old(0, 10), new(10, 25)]));
    let [outage] = layout.outages[..] else { panic!("one outage, not {:?}", layout.outages) };
    assert_eq!((outage.from_ms, outage.to_ms), (0, 25_000));
    assert_eq!(layout.figures.outage_ms, 25_000);
    assert!(layout.mixed.is_empty());
}

#[test]
fn the_serving_line_steps_up_and_down() {
    let layout = layout(&film(vec![old(0, 10), old(12, 30), new(0, 10), new(0, 12)]));
    let ys: Vec<(f64, f64)> = layout.serving.iter().map(|line| (line.y1, line.y2)).collect();
    let (one, two) = (layout.floor_y - 28.0, layout.floor_y - 56.0);
    assert_eq!(ys, [(one, one), (one, two), (two, two)]);
}

#[test]
fn the_cursor_reads_the_exact_moment() {
    let layout = layout(&full_surge());
    let cases = [(-1, None), (0, Some((2, 0))), (9_999, Some((2, 0))), (10_000, Some((1, 1))), (12_000, Some((0, 2)))];
    for (at, counts) in cases {
        assert_eq!(layout.at(at).map(|counts| (counts.old_serving, counts.new_serving)), counts, "at {at} ms");
    }
    assert_eq!(layout.axes.second_at(0.5), 16_000);
    assert_eq!(layout.axes.second_at(-3.0), 0);
}

#[test]
fn after_now_only_the_prediction_is_drawn() {
    let (observed, predicted) = (Film { until_ms: 11_000, ..full_surge() }, full_surge());
    let axes = Axes::shared([&predicted], 2);
    let drawing = Drawing::Running { observed: &observed, predicted: Some(&predicted) };
    let layout = FilmLayout::new(drawing, axes, 2, Some(3));
    let now = axes.x(11_000);
    assert_eq!(layout.now, Some(now));
    assert!(layout.cells.iter().all(|cell| cell.x + cell.width <= now + 0.01), "{:?}", layout.cells);
    assert!(layout.forecast.iter().all(|cell| cell.x >= now));
    assert!(!layout.forecast.is_empty());
    assert_eq!(layout.room.map(|room| room.label), Some("3".to_owned()));
}

#[test]
fn what_was_not_observed_is_a_gap() {
    let observed = Film { gaps: vec![Span { from_ms: 3_000, to_ms: 5_000 }], ..full_surge() };
    let drawing = Drawing::Ended { observed: &observed, predicted: None };
    let layout = FilmLayout::new(drawing, Axes::shared([&observed], 2), 2, None);
    assert_eq!(layout.gaps.len(), 1);
    assert_eq!(layout.now, None);
}

#[test]
fn time_is_labelled_in_round_steps() {
    let cases = [
        (11_000, vec!["0 s", "2 s", "4 s", "6 s", "8 s", "10 s"]),
        (100_000, vec!["0 s", "20 s", "40 s", "60 s", "80 s", "100 s"]),
        (200_000, vec!["0 s", "30 s", "60 s", "90 s", "120 s", "150 s", "180 s"]),
        (700_000, vec!["0 min", "2 min", "4 min", "6 min", "8 min", "10 min"]),
    ];
    for (until_ms, labels) in cases {
        let layout = FilmLayout::new(Drawing::Predicted(&full_surge()), Axes { until_ms, pods: 4 }, 2, None);
        let seconds: Vec<&str> = layout.seconds.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(seconds, labels);
    }
}

#[test]
fn many_pods_keep_the_chart_as_high_and_the_table_short() {
    let pods = (0..100).flat_map(|number| [old(number, number + 30), new(number, number + 10)]).collect();
    let layout = layout(&film(pods));
    assert_eq!(layout.floor_y, 168.0);
    assert!(layout.moments.len() <= 60, "{} rows", layout.moments.len());
    assert!(layout.pods.len() <= 8);
}

#[test]
fn a_time_axis_of_any_number_has_few_labels_inside_it() {
    for last in [i64::MIN, -1, 0, 1, 86_400_000, i64::MAX / 1000, i64::MAX - 1, i64::MAX] {
        let until_ms = super::time_axis_ms(last);
        assert!(until_ms >= super::SHORTEST_AXIS_MS, "{last}: {until_ms}");
        let ticks = super::second_ticks(until_ms);
        assert!((2..20).contains(&ticks.len()), "{last}: {} labels", ticks.len());
        assert!(ticks.iter().all(|tick| (0.0..=100.0).contains(&tick.at)), "{last}: {ticks:?}");
        assert!((0.0..=100.0).contains(&super::x_of(last, until_ms)), "{last}");
    }
}
