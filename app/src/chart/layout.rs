//! Where everything of a chart stands. Pure: films in, positions out.

use planner::film::{Film, PodState, Side};

use super::stack::{Counts, Kind, Stretch, last_change_ms, stretches};
use crate::format::{count, duration};

/// Height of the area for pods (px) if there are enough of them to fill it.
const FULL_HEIGHT: f64 = 168.0;
/// Height of one pod (px) at most.
const TALLEST_POD: f64 = 28.0;
/// Most labels on an axis.
const MOST_TICKS: i64 = 6;
/// Rows of the table at most: a larger film is told in longer steps.
const MOST_ROWS: usize = 60;
/// A chart shows at least this much time (ms).
const SHORTEST_AXIS_MS: i64 = 10_000;
/// A time axis ends there, whatever the numbers say (ms; some millions of years), so that nothing reckoned from it overflows.
const LONGEST_AXIS_MS: i64 = i64::MAX / 64;

/// The axes of a chart. Charts that are compared have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axes {
    /// Right end of the time axis (ms since the films' zero).
    pub until_ms: i64,
    /// Top of the pod axis (pods).
    pub pods: u32,
}

/// Which films a chart draws.
#[derive(Debug, Clone, Copy)]
pub enum Drawing<'a> {
    /// What the model says, to the end of the axis.
    Predicted(&'a Film),
    /// What was observed until now, over what was predicted; after now the prediction alone, paler.
    Running {
        /// Observed so far.
        observed: &'a Film,
        /// Predicted for the whole, if it can be.
        predicted: Option<&'a Film>,
    },
    /// What was observed until the end, over what had been predicted.
    Ended {
        /// Observed.
        observed: &'a Film,
        /// Predicted, if it can be.
        predicted: Option<&'a Film>,
    },
}

/// Positions of a chart: `x` in percent of its width, `y` in pixels from its top, times in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct FilmLayout {
    /// The axes it was made for.
    pub axes: Axes,
    /// Bottom of the pod area (px).
    pub floor_y: f64,
    /// Pods, one cell for as long as one place of the stack holds the same kind.
    pub cells: Vec<Cell>,
    /// Pods that are only predicted, where the rest is observed.
    pub forecast: Vec<Cell>,
    /// The number of serving API servers.
    pub serving: Vec<Line>,
    /// The predicted number of serving API servers, where the rest is observed.
    pub forecast_serving: Vec<Line>,
    /// When both versions serve.
    pub mixed: Vec<Band>,
    /// When no API server serves.
    pub outages: Vec<Band>,
    /// When nothing was observed.
    pub gaps: Vec<Band>,
    /// Labels of the time axis.
    pub seconds: Vec<Tick>,
    /// Labels of the pod axis.
    pub pods: Vec<Tick>,
    /// The line of the wanted replicas.
    pub replicas: Tick,
    /// The line of the pods there is room for, if it lies inside the chart.
    pub room: Option<Tick>,
    /// Where the observed part ends, if the rollout is still running.
    pub now: Option<f64>,
    /// Every change: since when, and what there is from then on.
    pub changes: Vec<(i64, Counts)>,
    /// The film in steps that can be read, for the table.
    pub moments: Vec<Moment>,
    /// The film in a few numbers.
    pub figures: Figures,
}

/// Pods of one kind in one place of the stack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// What they are.
    pub kind: Kind,
    /// Left edge (%).
    pub x: f64,
    /// Top edge (px).
    pub y: f64,
    /// Width (%).
    pub width: f64,
    /// Height (px).
    pub height: f64,
}

/// A straight line, horizontal or vertical.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Start (%).
    pub x1: f64,
    /// Start (px).
    pub y1: f64,
    /// End (%).
    pub x2: f64,
    /// End (px).
    pub y2: f64,
}

/// A stretch of time over the whole height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Left edge (%).
    pub x: f64,
    /// Width (%).
    pub width: f64,
    /// First millisecond.
    pub from_ms: i64,
    /// First millisecond after it.
    pub to_ms: i64,
}

/// A labelled position on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// `x` (%) or `y` (px).
    pub at: f64,
    /// What stands there.
    pub label: String,
}

/// One step of the film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since when (ms).
    pub from_ms: i64,
    /// Pods at its end.
    pub counts: Counts,
    /// Fewest that served during it.
    pub lowest_serving: u32,
}

/// A film in a few numbers, of what is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Most pods alive at once.
    pub peak_alive: u32,
    /// Fewest that served.
    pub lowest_serving: u32,
    /// How long both versions served, all stretches together (ms).
    pub mixed_ms: i64,
    /// How long none served (ms).
    pub outage_ms: i64,
}

impl Axes {
    /// Axes on which all these films can be drawn, and compared.
    pub fn shared<'a>(films: impl IntoIterator<Item = &'a Film>, replicas: u32) -> Self {
        let mut last = 0;
        let mut pods = replicas.max(1);
        for film in films {
            let end = last_change_ms(film);
            last = last.max(end);
            let peak = stretches(film, end.max(film.until_ms) + 1).iter().map(|stretch| stretch.counts().alive()).max();
            pods = pods.max(peak.unwrap_or(0));
        }
        Self { until_ms: time_axis_ms(last), pods }
    }

    /// The position of a moment (%), inside the chart.
    pub fn x(self, at_ms: i64) -> f64 {
        x_of(at_ms, self.until_ms)
    }

    /// The whole second nearest to a position given as a fraction of the width, inside the chart.
    pub fn second_at(self, fraction: f64) -> i64 {
        (fraction.clamp(0.0, 1.0) * self.until_ms as f64 / 1000.0).round() as i64 * 1000
    }

    fn pod_height(self) -> f64 {
        (FULL_HEIGHT / f64::from(self.pods)).min(TALLEST_POD)
    }

    fn height(self) -> f64 {
        rounded(self.pod_height() * f64::from(self.pods))
    }

    /// The position of a number of pods (px).
    fn y(self, pods: u32) -> f64 {
        rounded(self.height() - self.pod_height() * f64::from(pods))
    }
}

impl FilmLayout {
    /// Lays the films out on the axes. `replicas` and `room` are pods; no room means that it is not known.
    pub fn new(drawing: Drawing<'_>, axes: Axes, replicas: u32, room: Option<u32>) -> Self {
        let until = axes.until_ms;
        let (shown, predicted, now_ms) = match drawing {
            Drawing::Predicted(film) => (stretches(film, until), None, None),
            Drawing::Running { observed, predicted } => {
                (stretches(observed, observed.until_ms.min(until)), predicted, Some(observed.until_ms.min(until)))
            }
            Drawing::Ended { observed, predicted } => (stretches(observed, until), predicted, None),
        };
        let predicted = predicted.map(|film| stretches(film, until)).unwrap_or_default();
        let ahead: Vec<Stretch> = now_ms.map(|now| after(&predicted, now)).unwrap_or_default();
        let gaps = match drawing {
            Drawing::Predicted(_) => &[][..],
            Drawing::Running { observed, .. } | Drawing::Ended { observed, .. } => &observed.gaps,
        };
        let drawn = || shown.iter().chain(&ahead);

        Self {
            axes,
            floor_y: axes.height(),
            cells: cells(&shown, axes),
            forecast: cells(&ahead, axes),
            serving: steps(&shown, axes, |counts| counts.serving()),
            forecast_serving: steps(&predicted, axes, |counts| counts.serving()),
            mixed: bands(drawn(), axes, |counts| counts.old_serving > 0 && counts.new_serving > 0),
            outages: bands(drawn(), axes, |counts| counts.serving() == 0 && replicas > 0),
            gaps: gaps.iter().filter(|gap| gap.from_ms < until).map(|gap| band(gap.from_ms, gap.to_ms, axes)).collect(),
            seconds: second_ticks(until),
            pods: pod_ticks(axes),
            replicas: Tick { at: axes.y(replicas.min(axes.pods)), label: replicas.to_string() },
            room: room.filter(|&room| room <= axes.pods).map(|room| Tick { at: axes.y(room), label: room.to_string() }),
            now: now_ms.map(|now| axes.x(now)),
            changes: drawn().map(|stretch| (stretch.from_ms, stretch.counts())).collect(),
            moments: moments(drawn()),
            figures: figures(drawn(), replicas),
        }
    }

    /// The pods at a moment; `None` outside what is drawn.
    pub fn at(&self, at_ms: i64) -> Option<Counts> {
        if at_ms < 0 || at_ms > self.axes.until_ms {
            return None;
        }
        let later = self.changes.partition_point(|&(from_ms, _)| from_ms <= at_ms);
        self.changes.get(later.checked_sub(1)?).map(|&(_, counts)| counts)
    }

    /// The chart in sentences, for those who do not see it.
    pub fn description(&self) -> String {
        let Figures { peak_alive, lowest_serving, mixed_ms, outage_ms } = self.figures;
        let mut text = String::new();
        if let Some((_, first)) = self.changes.first() {
            text.push_str(&format!("At the start {} of {} API servers serve. ", first.serving(), self.replicas.label));
        }
        text.push_str(&format!("At most {} alive at once. ", count(peak_alive, "pod is", "pods are")));
        if outage_ms > 0 {
            text.push_str(&format!("No API server serves for {}. ", duration(outage_ms)));
        } else {
            text.push_str(&format!("Never fewer than {lowest_serving} serving. "));
        }
        if mixed_ms > 0 {
            text.push_str(&format!("Both versions serve for {}. ", duration(mixed_ms)));
        }
        if let Some((_, last)) = self.changes.last() {
            text.push_str(&format!(
                "At the end of the chart {} old and {} new API servers serve, {} pods terminate.",
                last.old_serving, last.new_serving, last.terminating
            ));
        }
        text
    }

    /// The kinds that occur, without their revision: what the legend must explain.
    pub fn occurring(&self) -> Vec<(Side, PodState)> {
        let mut kinds: Vec<(Side, PodState)> = Vec::new();
        for cell in self.cells.iter().chain(&self.forecast) {
            let kind = (cell.kind.side, cell.kind.state());
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds.sort_by_key(|&(side, state)| (std::cmp::Reverse(state), side));
        kinds
    }
}

fn after(film: &[Stretch], now_ms: i64) -> Vec<Stretch> {
    film.iter()
        .filter(|stretch| stretch.to_ms > now_ms)
        .map(|stretch| Stretch { from_ms: stretch.from_ms.max(now_ms), ..stretch.clone() })
        .collect()
}

fn cells(film: &[Stretch], axes: Axes) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut places: Vec<Option<(Kind, i64)>> = vec![None; axes.pods as usize];
    let mut close = |place: usize, kind: Kind, from_ms: i64, to_ms: i64| {
        let x = axes.x(from_ms);
        let y = axes.y(place as u32 + 1);
        cells.push(Cell { kind, x, y, width: rounded(axes.x(to_ms) - x), height: rounded(axes.y(place as u32) - y) });
    };
    let mut end = 0;
    for stretch in film {
        let mut kinds = stretch.layers.iter().flat_map(|&(kind, pods)| std::iter::repeat_n(kind, pods as usize));
        for (place, held) in places.iter_mut().enumerate() {
            let kind = kinds.next();
            if held.map(|(kind, _)| kind) != kind {
                if let Some((kind, from_ms)) = held.take() {
                    close(place, kind, from_ms, stretch.from_ms);
                }
                *held = kind.map(|kind| (kind, stretch.from_ms));
            }
        }
        end = stretch.to_ms;
    }
    for (place, held) in places.into_iter().enumerate() {
        if let Some((kind, from_ms)) = held {
            close(place, kind, from_ms, end);
        }
    }
    // Outlines first, so that their strokes lie under the filled cells beside them.
    cells.sort_by_key(|cell| !matches!(cell.kind.state(), PodState::Pending | PodState::Starting));
    cells
}

fn steps(film: &[Stretch], axes: Axes, number: impl Fn(Counts) -> u32) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for stretch in film {
        let y = axes.y(number(stretch.counts()).min(axes.pods));
        let (x1, x2) = (axes.x(stretch.from_ms), axes.x(stretch.to_ms));
        match lines.last_mut() {
            Some(last) if last.y2 == y => last.x2 = x2,
            Some(&mut Line { y2: before, .. }) => {
                lines.push(Line { x1, y1: before, x2: x1, y2: y });
                lines.push(Line { x1, y1: y, x2, y2: y });
            }
            None => lines.push(Line { x1, y1: y, x2, y2: y }),
        }
    }
    lines
}

fn bands<'a>(film: impl Iterator<Item = &'a Stretch>, axes: Axes, holds: impl Fn(Counts) -> bool) -> Vec<Band> {
    spans(film, holds).into_iter().map(|(from_ms, to_ms)| band(from_ms, to_ms, axes)).collect()
}

fn spans<'a>(film: impl Iterator<Item = &'a Stretch>, holds: impl Fn(Counts) -> bool) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for stretch in film.filter(|stretch| holds(stretch.counts())) {
        match spans.last_mut() {
            Some(last) if last.1 == stretch.from_ms => last.1 = stretch.to_ms,
            _ => spans.push((stretch.from_ms, stretch.to_ms)),
        }
    }
    spans
}

fn band(from_ms: i64, to_ms: i64, axes: Axes) -> Band {
    let x = axes.x(from_ms);
    Band { x, width: rounded(axes.x(to_ms) - x), from_ms, to_ms }
}

fn figures<'a>(film: impl Iterator<Item = &'a Stretch> + Clone, replicas: u32) -> Figures {
    let counts = || film.clone().map(Stretch::counts);
    let total = |spans: Vec<(i64, i64)>| spans.iter().map(|(from, to)| to - from).sum();
    Figures {
        peak_alive: counts().map(Counts::alive).max().unwrap_or(0),
        lowest_serving: counts().map(Counts::serving).min().unwrap_or(0),
        mixed_ms: total(spans(film.clone(), |counts| counts.old_serving > 0 && counts.new_serving > 0)),
        outage_ms: total(spans(film, |counts| counts.serving() == 0 && replicas > 0)),
    }
}

/// The film in steps of a second, or of more if it would be too long to read.
fn moments<'a>(film: impl Iterator<Item = &'a Stretch> + Clone) -> Vec<Moment> {
    let mut step_ms = 1000;
    loop {
        let mut moments: Vec<Moment> = Vec::new();
        for stretch in film.clone() {
            let counts = stretch.counts();
            let lowest_serving = counts.serving();
            match moments.last_mut() {
                Some(last) if last.from_ms / step_ms == stretch.from_ms / step_ms => {
                    last.lowest_serving = last.lowest_serving.min(lowest_serving);
                    last.counts = counts;
                }
                _ => moments.push(Moment { from_ms: stretch.from_ms, counts, lowest_serving }),
            }
        }
        if moments.len() <= MOST_ROWS {
            return moments;
        }
        step_ms *= 2;
    }
}

/// The position of a moment (%), inside a time axis of this length.
pub(super) fn x_of(at_ms: i64, until_ms: i64) -> f64 {
    rounded(at_ms.clamp(0, until_ms) as f64 * 100.0 / until_ms as f64)
}

/// The length (ms) of a time axis that shows changes up to this moment, and that it stays as it ends: up to the next half step, so
/// that small changes do not move the axis.
pub(super) fn time_axis_ms(last_change_ms: i64) -> i64 {
    let last = last_change_ms.clamp(SHORTEST_AXIS_MS, LONGEST_AXIS_MS);
    let wanted = last + last / 20;
    let half = time_step_ms(wanted) / 2;
    (wanted + half - 1) / half * half
}

/// Labels of a time axis.
pub(super) fn second_ticks(until_ms: i64) -> Vec<Tick> {
    let step = time_step_ms(until_ms);
    (0..=until_ms / step)
        .map(|number| {
            let at_ms = number * step;
            let label = if step % 60_000 == 0 {
                format!("{} min", at_ms / 60_000)
            } else if step >= 1000 {
                format!("{} s", at_ms / 1000)
            } else {
                format!("{}.{} s", at_ms / 1000, at_ms % 1000 / 100)
            };
            Tick { at: x_of(at_ms, until_ms), label }
        })
        .collect()
}

fn time_step_ms(until_ms: i64) -> i64 {
    const SECONDS: [i64; 13] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600];
    let fits = |step: &i64| until_ms / (step * 1000) <= MOST_TICKS;
    let mut step = SECONDS.into_iter().find(fits).unwrap_or(3600);
    while !fits(&step) {
        step *= 2;
    }
    step * 1000
}

fn pod_ticks(axes: Axes) -> Vec<Tick> {
    let step = [1, 2, 5, 10, 20, 50, 100, 200, 500]
        .into_iter()
        .find(|step| i64::from(axes.pods / step) <= MOST_TICKS)
        .unwrap_or(1000);
    (0..=axes.pods / step)
        .map(|number| Tick { at: axes.y(number * step), label: (number * step).to_string() })
        .collect()
}

/// Hundredths are enough for any screen, and print alike everywhere.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;
