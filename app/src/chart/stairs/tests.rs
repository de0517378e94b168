use leptos::prelude::*;

use super::{StairStep, Stairs, StairsChart, StairsLayout};
use crate::format::change;
use crate::test_support::{html, text};

fn stairs(name: &str, steps: &[(i64, i64)]) -> Stairs {
    let steps = steps.iter().map(|&(from_ms, value)| StairStep { from_ms, value }).collect();
    Stairs { name: name.to_owned(), steps }
}

/// Three more for 40 s, and one less for 20 s, then one more for 30 s.
fn both() -> [Stairs; 2] {
    [stairs("Blue/Green", &[(0, 0), (1_000, 3), (41_000, 0)]), stairs("Rolling", &[(0, -1), (20_000, 1), (50_000, 0)])]
}

#[test]
fn stairs_share_their_axes_and_end_at_the_right_edge() {
    let layout = StairsLayout::new(&both(), change);
    for lines in &layout.stairs {
        let connected = lines.windows(2).all(|pair| (pair[0].x2, pair[0].y2) == (pair[1].x1, pair[1].y1));
        assert!(connected, "{lines:?}");
        assert!(lines.iter().all(|line| line.x1 == line.x2 || line.y1 == line.y2), "only steps: {lines:?}");
        assert_eq!((lines[0].x1, lines.last().map(|last| last.x2)), (0.0, Some(100.0)));
    }
    let highest = |index: usize| layout.stairs[index].iter().map(|line| line.y1.min(line.y2)).fold(f64::MAX, f64::min);
    assert_eq!(highest(0), 0.0, "the most of all is the top");
    assert_eq!(layout.floor_y - layout.today_y, layout.floor_y / 4.0, "today is one of four above the least");
    assert_eq!(layout.today_y - highest(1), layout.floor_y / 4.0);
    assert_eq!(layout.peaks, ["+3", "+1"]);
}

#[test]
fn levels_are_what_occurs_and_labels_do_not_lie_upon_each_other() {
    let labels = |stairs: &[Stairs]| -> Vec<String> {
        StairsLayout::new(stairs, change).levels.into_iter().map(|level| level.label).collect()
    };
    assert_eq!(labels(&both()), ["0", "+3", "+1", "−1"]);
    assert_eq!(labels(&[stairs("a", &[(0, 100)]), stairs("b", &[(0, 99)])]), ["0", "+100"]);
    assert_eq!(labels(&[stairs("a", &[(0, 0)])]), ["0"], "nothing changes");
    assert_eq!(labels(&[]), ["0"]);
}

#[test]
fn the_table_has_every_change_of_both() {
    let layout = StairsLayout::new(&both(), change);
    let moments: Vec<String> =
        layout.moments.iter().map(|(from, amounts)| format!("{from}: {}", amounts.join(", "))).collect();
    assert_eq!(moments, ["0 s: 0, −1", "1 s: +3, −1", "20 s: +3, +1", "41 s: 0, +1", "50 s: 0, 0"]);
}

#[test]
fn a_chart_says_in_words_what_it_shows() {
    let page = html(|| {
        view! { <StairsChart id="x".to_owned() title="<Pods>".to_owned() stairs=both().to_vec() write=change /> }
    });
    let said = text(&page);
    for part in ["&lt;Pods&gt;", "Blue/Green at the peak: +3. Rolling at the peak: +1.", "Show as table", "41 s 0 +1"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert!(page.contains("aria-labelledby=\"x-name\"") && page.contains("id=\"x-name\""), "{page}");
    assert!(!page.contains("<Pods>"), "a name is no markup");
    assert!(!page.contains("style="), "{page}");
}

#[test]
fn no_number_is_too_large_to_be_drawn() {
    let hostile = stairs("hostile", &[(i64::MIN, i64::MAX), (-1, i64::MIN), (0, 0), (i64::MAX, i64::MIN)]);
    let layout = StairsLayout::new(&[hostile], |value| value.to_string());
    for line in layout.stairs.iter().flatten() {
        assert!([line.x1, line.x2, line.y1, line.y2].into_iter().all(f64::is_finite), "{line:?}");
    }
}
