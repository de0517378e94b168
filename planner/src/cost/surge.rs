//! A film against the pods of today.

use serde::{Deserialize, Serialize};

use super::amount::PodTime;
use crate::film::{CountStep, Film, FilmSummary, Milestones, Peaks};

/// The pods of a rollout over time, against those of today. Over time only pods on nodes count: nothing is set aside for one that
/// waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surge {
    /// More pods than today at each of the four peaks.
    pub extra: Peaks,
    /// More pods than today, summed over the film.
    pub above: PodTime,
    /// Fewer pods than today, summed over the film.
    pub below: PodTime,
    /// More pods than today when the film ends; 0 unless the rollout gets stuck.
    pub remaining: u32,
    /// Most new API servers that start at the same time: each reads all that the tenant has stored once, to fill its caches.
    pub starting_at_once: u32,
    /// The difference over time, as a staircase that begins at 0.
    pub series: Vec<SurgeStep>,
}

/// A stretch of time during which the difference to today stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SurgeStep {
    /// First millisecond of the film.
    pub from_ms: i64,
    /// First millisecond after it; the last step ends with the film.
    pub to_ms: i64,
    /// Pods on nodes more than today; negative where there are fewer.
    pub extra_pods: i64,
}

impl Surge {
    /// Of a film of a control plane that has so many pods today. Only what happens from the film's zero on counts.
    pub fn of(film: &Film, today: u32) -> Self {
        let steps = film.steps_from(0);
        let mut surge = Self {
            extra: FilmSummary::of(film, Milestones::default()).peaks.beyond(today),
            above: PodTime::default(),
            below: PodTime::default(),
            remaining: 0,
            starting_at_once: 0,
            series: Vec::with_capacity(steps.len()),
        };
        for CountStep { from_ms, to_ms, counts } in steps {
            let to_ms = to_ms.unwrap_or(film.until_ms.max(from_ms));
            let bound = counts.old.bound + counts.new.bound;
            surge.above = surge.above.plus(PodTime::of(bound.saturating_sub(today), to_ms - from_ms));
            surge.below = surge.below.plus(PodTime::of(today.saturating_sub(bound), to_ms - from_ms));
            surge.remaining = bound.saturating_sub(today);
            surge.starting_at_once = surge.starting_at_once.max(counts.new.starting);
            let extra_pods = i64::from(bound) - i64::from(today);
            match surge.series.last_mut() {
                Some(last) if last.extra_pods == extra_pods => last.to_ms = to_ms,
                _ => surge.series.push(SurgeStep { from_ms, to_ms, extra_pods }),
            }
        }
        surge
    }
}
