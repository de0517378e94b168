//! How far the figures of a row may lie apart, where start-up, pull and termination were seen to differ.
//!
//! Nothing is interpolated: the same rollout is played again with the shortest, the longest and the most uneven times.

use serde::{Deserialize, Serialize};

use super::LabInput;
use crate::film::FilmSummary;
use crate::rollout::predict;
use crate::strategy::Strategy;

/// The least and the greatest of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent<T> {
    /// Least.
    pub low: T,
    /// Greatest.
    pub high: T,
}

/// The figures of one strategy over all plays: as observed, all quick, all slow, quick starts with slow ends and the
/// other way round, and one quick start while the others are slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Range {
    /// Settled (ms); `None` if a play does not settle.
    pub settled_ms: Option<Extent<i64>>,
    /// Finished (ms); `None` if a play does not finish.
    pub finished_ms: Option<Extent<i64>>,
    /// Both versions serve, in all (ms); `None` if it does not end in a play.
    pub mixed_ms: Option<Extent<i64>>,
    /// No API server serves (ms).
    pub outage_ms: Extent<i64>,
    /// Fewest API servers that serve (pods).
    pub lowest_serving: Extent<u32>,
    /// Pod objects at the peak (pods).
    pub peak_objects: Extent<u32>,
}

/// The times of one play.
pub(super) struct Play {
    /// Start-ups of the old template's pods (ms).
    pub(super) startup_ms: Vec<i64>,
    /// Start-ups of the new pods, the pull of their image included (ms).
    pub(super) new_startup_ms: Vec<i64>,
    /// Termination (ms).
    pub(super) termination_ms: i64,
}

impl Play {
    /// Each new pod pulls for as long as the last of `pull_ms`, but the first ones for as long as their own entry.
    fn new(startup_ms: Vec<i64>, pull_ms: &[i64], termination_ms: i64) -> Self {
        let pulls = pull_ms.iter().chain(std::iter::repeat(pull_ms.last().unwrap_or(&0)));
        let new_startup_ms = startup_ms.iter().zip(pulls).map(|(ms, pull)| ms.saturating_add(*pull)).collect();
        Self { startup_ms, new_startup_ms, termination_ms }
    }
}

impl<T: Ord + Copy> Extent<T> {
    fn at(value: T) -> Self {
        Self { low: value, high: value }
    }

    fn with(self, value: T) -> Self {
        Self { low: self.low.min(value), high: self.high.max(value) }
    }

    /// The value lies within.
    pub fn contains(&self, value: T) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Least and greatest are the same.
    pub fn is_point(&self) -> bool {
        self.low == self.high
    }
}

impl LabInput {
    /// The shortest and the longest termination (ms): the same one where no range is known, or the typical one lies outside
    /// of it, because then it was put in by hand.
    pub fn termination_extent(&self) -> Extent<i64> {
        let typical = self.termination_ms;
        let known = self.termination_extent_ms.map(|(low, high)| Extent { low, high });
        known.filter(|extent| extent.contains(typical)).unwrap_or(Extent::at(typical))
    }

    /// The shortest and the longest start-up (ms), without the pull of the image.
    pub fn startup_extent(&self) -> Extent<i64> {
        let low = self.startup_ms.iter().copied().min().unwrap_or(0);
        let high = self.startup_ms.iter().copied().max().unwrap_or(0);
        Extent { low, high }
    }

    /// The shortest and the longest pull of the image (ms), by the same rule as for the termination; 0 where nothing is pulled.
    pub fn pull_extent(&self) -> Extent<i64> {
        let typical = self.pull_ms.unwrap_or(0);
        let known = self.pull_extent_ms.filter(|_| self.pull_ms.is_some()).map(|(low, high)| Extent { low, high });
        known.filter(|extent| extent.contains(typical)).unwrap_or(Extent::at(typical))
    }

    /// What is played first, and drawn.
    pub(super) fn typical_play(&self) -> Play {
        Play::new(self.startup_ms.clone(), &[self.pull_ms.unwrap_or(0)], self.termination_ms)
    }

    /// The plays beside the typical one; none if nothing differs.
    pub(super) fn other_plays(&self) -> Vec<Play> {
        let (startup, pull, termination) = (self.startup_extent(), self.pull_extent(), self.termination_extent());
        if startup.is_point() && pull.is_point() && termination.is_point() {
            return Vec::new();
        }
        let mut uneven = vec![startup.high; self.replicas.max(1) as usize];
        uneven[0] = startup.low;
        vec![
            Play::new(vec![startup.low], &[pull.low], termination.low),
            Play::new(vec![startup.high], &[pull.high], termination.high),
            // Old pods that linger while new ones come quickly make the highest peak.
            Play::new(vec![startup.low], &[pull.low], termination.high),
            Play::new(vec![startup.high], &[pull.high], termination.low),
            Play::new(uneven, &[pull.low, pull.high], termination.high),
        ]
    }
}

impl Range {
    /// `None` if start-up, pull and termination are one number each.
    pub(super) fn of(input: &LabInput, strategy: Strategy, typical: &FilmSummary) -> Option<Self> {
        let plays = input.other_plays();
        if plays.is_empty() {
            return None;
        }
        let summaries = plays.iter().map(|play| predict(&input.timed_scenario(strategy, play)).summary);
        Some(summaries.fold(Self::at(typical), |range, summary| range.with(&summary)))
    }

    fn at(summary: &FilmSummary) -> Self {
        Self {
            settled_ms: summary.settled_ms.map(Extent::at),
            finished_ms: summary.finished_ms.map(Extent::at),
            mixed_ms: mixed_ms(summary).map(Extent::at),
            outage_ms: Extent::at(summary.outage_ms),
            lowest_serving: Extent::at(summary.lowest_serving),
            peak_objects: Extent::at(summary.peaks.objects),
        }
    }

    fn with(self, summary: &FilmSummary) -> Self {
        let both = |extent: Option<Extent<i64>>, ms: Option<i64>| Some(extent?.with(ms?));
        Self {
            settled_ms: both(self.settled_ms, summary.settled_ms),
            finished_ms: both(self.finished_ms, summary.finished_ms),
            mixed_ms: both(self.mixed_ms, mixed_ms(summary)),
            outage_ms: self.outage_ms.with(summary.outage_ms),
            lowest_serving: self.lowest_serving.with(summary.lowest_serving),
            peak_objects: self.peak_objects.with(summary.peaks.objects),
        }
    }
}

/// How long both versions serve (ms); `None` if it does not end.
fn mixed_ms(summary: &FilmSummary) -> Option<i64> {
    summary.mixed.map_or(Some(0), |window| window.total_ms)
}
