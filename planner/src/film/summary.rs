//! The figures of a film. The same code reads a predicted and an observed one.

use serde::{Deserialize, Serialize};

use super::{Film, Side};

/// What a film comes to. Times are milliseconds since the film's zero; only what happens from then on counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilmSummary {
    /// The four greatest sums of pods.
    pub peaks: Peaks,
    /// Fewest pods that served at once.
    pub lowest_serving: u32,
    /// When pods of both versions served side by side; `None` if never.
    pub mixed: Option<MixedWindow>,
    /// How long no pod served, up to the end of the film.
    pub outage_ms: i64,
    /// No pod serves at the end of the film: the outage goes on.
    pub outage_open: bool,
    /// The Deployment was complete after the last write (and, observed, Kamaji had recorded the version).
    pub settled_ms: Option<i64>,
    /// Settled, and no pod of an older version existed any more, terminating ones included.
    pub finished_ms: Option<i64>,
    /// The progress deadline was reported as exceeded. Changes nothing but a condition.
    pub deadline_exceeded_ms: Option<i64>,
}

/// Four different sums of pods, each at its greatest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Peaks {
    /// Pod objects: what a quota counts.
    pub objects: u32,
    /// Pods bound to a node, terminating ones included: what needs room.
    pub bound: u32,
    /// Pods that run, terminating ones included: what holds DataStore connections. A bound pod counts as running; a film
    /// does not tell when its image was there.
    pub running: u32,
    /// Pods that are not terminating: what the Deployment counts.
    pub non_terminating: u32,
}

/// The time during which pods of both versions served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MixedWindow {
    /// First moment.
    pub first_ms: i64,
    /// When it ended for the last time; `None` if it lasts to the end of the film.
    pub last_ms: Option<i64>,
    /// How long it was in all; `None` if it lasts to the end of the film.
    pub total_ms: Option<i64>,
}

/// What a film's figures need that no pod shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Milestones {
    /// See [`FilmSummary::settled_ms`].
    pub settled_ms: Option<i64>,
    /// See [`FilmSummary::deadline_exceeded_ms`].
    pub deadline_exceeded_ms: Option<i64>,
}

impl Peaks {
    /// What of each peak is more than so many pods.
    #[must_use]
    pub fn beyond(self, pods: u32) -> Self {
        Self {
            objects: self.objects.saturating_sub(pods),
            bound: self.bound.saturating_sub(pods),
            running: self.running.saturating_sub(pods),
            non_terminating: self.non_terminating.saturating_sub(pods),
        }
    }
}

impl FilmSummary {
    /// The figures of `film`.
    ///
    /// Gaps are not filled in: a film with gaps gives what was seen.
    pub fn of(film: &Film, milestones: Milestones) -> Self {
        let mut peaks = Peaks::default();
        let mut lowest_serving = u32::MAX;
        let mut mixed: Option<MixedWindow> = None;
        let mut mixed_ms = 0;
        let mut outage_ms = 0;
        let mut outage_open = false;
        for step in film.steps_from(0) {
            let counts = &step.counts;
            let bound = counts.old.bound + counts.new.bound;
            peaks.objects = peaks.objects.max(counts.objects());
            peaks.bound = peaks.bound.max(bound);
            peaks.running = peaks.running.max(bound);
            peaks.non_terminating = peaks.non_terminating.max(counts.objects() - counts.terminating());
            lowest_serving = lowest_serving.min(counts.serving());
            let length_ms = step.to_ms.unwrap_or(film.until_ms.max(step.from_ms)) - step.from_ms;
            outage_open = counts.serving() == 0;
            if outage_open {
                outage_ms += length_ms;
            }
            if counts.old.ready > 0 && counts.new.ready > 0 {
                mixed_ms += length_ms;
                mixed.get_or_insert(MixedWindow { first_ms: step.from_ms, last_ms: None, total_ms: None });
                if let Some(window) = &mut mixed {
                    (window.last_ms, window.total_ms) = (step.to_ms, step.to_ms.map(|_| mixed_ms));
                }
            }
        }
        let old_gone_ms = film.old_gone_ms();
        Self {
            peaks,
            lowest_serving: if lowest_serving == u32::MAX { 0 } else { lowest_serving },
            mixed,
            outage_ms,
            outage_open,
            settled_ms: milestones.settled_ms,
            finished_ms: milestones.settled_ms.zip(old_gone_ms).map(|(settled, gone)| settled.max(gone)),
            deadline_exceeded_ms: milestones.deadline_exceeded_ms,
        }
    }
}

impl Film {
    /// From when on no pod of an older version exists, terminating ones included; `None` if one is left. Never before 0.
    pub fn old_gone_ms(&self) -> Option<i64> {
        let old = self.pods.iter().filter(|pod| self.side(pod) == Side::Old);
        old.map(|pod| pod.gone_ms).try_fold(0, |latest, gone| Some(latest.max(gone?)))
    }
}
