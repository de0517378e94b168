//! Where everything of a chart of amounts over time stands: one staircase beside another, both against today. Pure.

pub mod draw;
#[cfg(all(test, feature = "ssr"))]
mod tests;

pub use draw::StairsChart;

use super::layout::{Line, Tick, rounded, second_ticks, time_axis_ms, x_of};
use crate::format::duration;

/// Height of the area (px).
const HEIGHT: f64 = 112.0;
/// Labels of levels stand at least so far apart (px).
const LABEL_HEIGHT: f64 = 14.0;

/// An amount over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stairs {
    /// Whose it is: `Blue/Green, 100%/0`.
    pub name: String,
    /// From the moment 0 on, without gaps. After the last one it stays as it is.
    pub steps: Vec<StairStep>,
}

/// A stretch of time with the same amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StairStep {
    /// Since when (ms).
    pub from_ms: i64,
    /// How much more than today; negative where there is less.
    pub value: i64,
}

/// Positions of a chart: `x` in percent of its width, `y` in pixels from its top, times in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct StairsLayout {
    /// Bottom of the area (px).
    pub floor_y: f64,
    /// Where today is (px).
    pub today_y: f64,
    /// The staircases, in the order in which they were given.
    pub stairs: Vec<Vec<Line>>,
    /// Labels of the time axis.
    pub seconds: Vec<Tick>,
    /// The amounts that can be read off: today, and the most and the least of each.
    pub levels: Vec<Tick>,
    /// Every change as texts: since when, and how much of each from then on.
    pub moments: Vec<(String, Vec<String>)>,
    /// The most of each, as texts.
    pub peaks: Vec<String>,
}

impl Stairs {
    fn at(&self, at_ms: i64) -> i64 {
        let later = self.steps.partition_point(|step| step.from_ms <= at_ms);
        later.checked_sub(1).and_then(|last| self.steps.get(last)).map_or(0, |step| step.value)
    }

    /// Nothing changes before the first step: as many as today.
    fn values(&self) -> impl Iterator<Item = i64> {
        self.steps.iter().map(|step| step.value).chain([0])
    }
}

impl StairsLayout {
    /// Lays them out on the same axes. `write` writes an amount.
    pub fn new(stairs: &[Stairs], write: fn(i64) -> String) -> Self {
        let mut changes: Vec<i64> =
            stairs.iter().flat_map(|stairs| &stairs.steps).map(|step| step.from_ms).chain([0]).collect();
        changes.sort_unstable();
        changes.dedup();
        let until_ms = time_axis_ms(changes.last().copied().unwrap_or(0));
        let values = || stairs.iter().flat_map(Stairs::values);
        let (least, most) = (values().min().unwrap_or(0), values().max().unwrap_or(0));
        // Where nothing changes there is still an area, with today at its floor.
        let range = most.saturating_sub(least).max(1);
        let y = |value: i64| rounded(HEIGHT - value.saturating_sub(least) as f64 * HEIGHT / range as f64);
        Self {
            floor_y: HEIGHT,
            today_y: y(0),
            stairs: stairs.iter().map(|stairs| lines(stairs, until_ms, y)).collect(),
            seconds: second_ticks(until_ms),
            levels: levels(stairs, y, write),
            moments: changes
                .iter()
                .map(|&at| (duration(at), stairs.iter().map(|stairs| write(stairs.at(at))).collect()))
                .collect(),
            peaks: stairs.iter().map(|stairs| write(stairs.values().max().unwrap_or(0))).collect(),
        }
    }
}

fn lines(stairs: &Stairs, until_ms: i64, y: impl Fn(i64) -> f64) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut x, mut height) = (0.0, y(0));
    for step in &stairs.steps {
        let (next_x, next) = (x_of(step.from_ms, until_ms), y(step.value));
        if next_x > x {
            lines.push(Line { x1: x, y1: height, x2: next_x, y2: height });
        }
        if next != height {
            lines.push(Line { x1: next_x, y1: height, x2: next_x, y2: next });
        }
        (x, height) = (next_x, next);
    }
    lines.push(Line { x1: x, y1: height, x2: 100.0, y2: height });
    lines
}

/// Today first, then the largest: of two that stand too close to each other only the first is labelled.
fn levels(stairs: &[Stairs], y: impl Fn(i64) -> f64, write: fn(i64) -> String) -> Vec<Tick> {
    let mut ends: Vec<i64> =
        stairs.iter().flat_map(|stairs| [stairs.values().max(), stairs.values().min()]).flatten().collect();
    ends.sort_unstable_by_key(|value| std::cmp::Reverse(value.unsigned_abs()));
    let mut levels: Vec<Tick> = Vec::new();
    for value in std::iter::once(0).chain(ends) {
        let at = y(value);
        if levels.iter().all(|level| (level.at - at).abs() >= LABEL_HEIGHT) {
            levels.push(Tick { at, label: write(value) });
        }
    }
    levels
}
