//! The search: of all numbers of surge and unavailable, the strategies that keep what is wished, the fastest first.
//!
//! Every candidate is played by the step-by-step model; a play is left as soon as it breaks a limit.

use std::cmp::Reverse;
use std::fmt;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::verdict::{Called, Pods, seconds};
use super::{LabInput, LabRow, row};
use crate::film::FilmSummary;
use crate::rollout::{Moment, Scenario, predict_while};
use crate::strategy::{IntOrPercent, Strategy};

/// What a strategy must keep. `None` = it does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wishes {
    /// Most pod objects at once, terminating ones included (pods).
    pub objects: Option<u32>,
    /// Most pods on nodes at once, terminating ones included (pods).
    pub bound: Option<u32>,
    /// Most API servers running at once, terminating ones included (pods).
    pub running: Option<u32>,
    /// Most pods that are not terminating at once (pods).
    pub non_terminating: Option<u32>,
    /// Fewest API servers that serve at any time (pods).
    pub serving: Option<u32>,
    /// Most DataStore connections of this control plane at once.
    pub connections: Option<u32>,
    /// Finished after so long at the latest (ms).
    pub within_ms: Option<i64>,
}

/// A strategy that keeps the wishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// The strategy; by its name where one has these numbers.
    pub strategy: Strategy,
    /// Its figures.
    pub summary: FilmSummary,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Found {
    /// Those that keep all of it, the fastest first; of equally fast ones that with fewer pods at the peak.
    pub matches: Vec<Match>,
    /// How many strategies were played.
    pub played: u32,
}

/// The strategy that the lab would take, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    /// All figures of it.
    pub row: LabRow,
    /// How many strategies were compared.
    pub compared: u32,
    /// How many of them keep as much.
    pub as_good: u32,
    /// Fewest API servers that serve with it (pods): `spec.replicas`, or less where no strategy keeps all of them.
    pub floor: u32,
    /// `spec.replicas`.
    pub replicas: u32,
    /// The quota and the room that it keeps (pods).
    pub limits: (Option<u32>, Option<u32>),
    /// It runs into one of them: pods wait until others are gone. Nothing that does not keeps as many serving.
    pub waits: bool,
}

impl Wishes {
    /// Nothing is wished.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a whole rollout keeps them. `connections_per_pod` is that of [`LabInput`]; where it is not known, a wish about
    /// connections is kept by nothing.
    fn kept_by(&self, summary: &FilmSummary, connections_per_pod: Option<u32>) -> bool {
        let peaks = summary.peaks;
        let at_most = |peak: u32, most: Option<u32>| most.is_none_or(|most| peak <= most);
        let connections = self.connections.is_none_or(|most| {
            connections_per_pod.is_some_and(|each| u64::from(each) * u64::from(peaks.running) <= u64::from(most))
        });
        at_most(peaks.objects, self.objects)
            && at_most(peaks.bound, self.bound)
            && at_most(peaks.running, self.running)
            && at_most(peaks.non_terminating, self.non_terminating)
            && self.serving.is_none_or(|least| summary.lowest_serving >= least)
            && connections
            && summary.finished_ms.is_some_and(|ms| self.within_ms.is_none_or(|within| ms <= within))
    }

    /// Whether what is seen at one moment breaks one of them already. Not [`Self::within_ms`]: what comes after the last old pod
    /// is gone does not count.
    fn broken_at(&self, moment: &Moment<'_>) -> bool {
        let sums = moment.sums();
        let above = |pods: u32, most: Option<u32>| most.is_some_and(|most| pods > most);
        above(sums.objects, self.objects)
            || above(sums.bound, self.bound)
            || above(sums.bound, self.running)
            || above(sums.non_terminating, self.non_terminating)
            || self.serving.is_some_and(|least| sums.serving < least)
    }
}

/// Most replicas for which every pair of numbers is played.
pub const MAX_SEARCHED: u32 = 20;

/// All numbers of surge and unavailable from 0 to the replicas that keep `wishes`, played with the quota and room of `input`;
/// every pod starts, whatever the lab shows. Those that come first are also played with the shortest and longest times: one
/// that then breaks a wish is left out until five are sure; the rest is as typical.
///
/// Nothing is played for more than [`MAX_SEARCHED`] replicas.
pub fn search(input: &LabInput, wishes: &Wishes) -> Found {
    let input = input.starting();
    let mut found = Found { matches: Vec::new(), played: 0 };
    for strategy in candidates(input.replicas) {
        found.played += 1;
        let kept = play(&input.scenario(strategy), wishes, &input);
        found.matches.extend(kept.map(|summary| Match { strategy, summary }));
    }
    found.matches.sort_by_key(|found| order(found, input.replicas));
    confirm(&input, wishes, &mut found.matches);
    found
}

/// The figures of a rollout that keeps the wishes. One that does not is left as soon as that shows.
fn play(scenario: &Scenario, wishes: &Wishes, input: &LabInput) -> Option<FilmSummary> {
    let prediction = predict_while(scenario, |moment| match moment.at_ms >= 0 && wishes.broken_at(moment) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    })?;
    wishes.kept_by(&prediction.summary, input.connections_per_pod).then_some(prediction.summary)
}

/// How many of the matches are sure to keep the wishes at any observed start-up, pull and termination.
const CONFIRMED: usize = 5;

/// Leaves out those of the first matches that break a wish when pods are quicker or slower than typical.
fn confirm(input: &LabInput, wishes: &Wishes, matches: &mut Vec<Match>) {
    let plays = input.other_plays();
    if plays.is_empty() || wishes.is_empty() {
        return;
    }
    let mut sure = 0;
    matches.retain(|found| {
        let keeps = sure >= CONFIRMED
            || plays.iter().all(|other| play(&input.timed_scenario(found.strategy, other), wishes, input).is_some());
        sure += usize::from(keeps);
        keeps
    });
}

/// Fastest first; then fewer pods at the peaks, more serving, and the smaller numbers.
fn order(found: &Match, replicas: u32) -> impl Ord + use<> {
    let Match { strategy, summary } = found;
    let limits = strategy.limits(replicas);
    let peaks = summary.peaks;
    (
        summary.finished_ms,
        peaks.objects,
        peaks.running,
        Reverse(summary.lowest_serving),
        limits.max_surge,
        limits.max_unavailable,
    )
}

/// Every pair of numbers that a Deployment takes and that differ in what they do, those that keep most pods serving first.
fn candidates(replicas: u32) -> impl Iterator<Item = Strategy> {
    let named = [Strategy::BLUE_GREEN, Strategy::ROLLING_ONE, Strategy::SURGE_ONE, Strategy::IN_PLACE];
    let searched = 0..if replicas <= MAX_SEARCHED { replicas + 1 } else { 0 };
    let pairs = searched.clone().flat_map(move |unavailable| searched.clone().map(move |surge| (surge, unavailable)));
    pairs.filter_map(move |(surge, unavailable)| {
        let strategy = Strategy::rolling(IntOrPercent::Int(surge), IntOrPercent::Int(unavailable)).ok()?;
        let limits = strategy.limits(replicas);
        Some(named.into_iter().find(|named| named.limits(replicas) == limits).unwrap_or(strategy))
    })
}

/// What the lab would take: as many API servers serving as possible, then one that does not run into quota or room if there
/// is one, then the fastest.
///
/// `None` with 0 replicas or more than [`MAX_SEARCHED`], where quota or room are short of today's pods, and where nothing
/// finishes within them.
pub fn recommend(input: &LabInput) -> Option<Recommendation> {
    let replicas = input.replicas;
    let limits = (input.pod_quota, input.room);
    if replicas == 0 || [limits.0, limits.1].into_iter().flatten().any(|limit| limit < replicas) {
        return None;
    }
    let free = input.unlimited();
    let within = Wishes { objects: input.pod_quota, bound: input.room, ..Wishes::default() };
    let at_once = best(&free, within);
    let full = at_once.as_ref().is_some_and(|best| best.floor == replicas);
    let in_turn = if full || limits == (None, None) { None } else { best(&input.starting(), Wishes::default()) };
    let (waits, played, best) = match (at_once, in_turn) {
        (Some(at_once), Some(in_turn)) if in_turn.floor > at_once.floor => (true, input.starting(), in_turn),
        (Some(at_once), _) => (false, free, at_once),
        (None, in_turn) => (true, input.starting(), in_turn?),
    };
    Some(Recommendation {
        row: row(&played, best.strategy),
        compared: best.played,
        as_good: best.as_good,
        floor: best.floor,
        replicas,
        limits,
        waits,
    })
}

/// The best of all candidates, played once each.
struct Best {
    strategy: Strategy,
    floor: u32,
    as_good: u32,
    played: u32,
}

/// The fastest of those that keep most API servers serving, and `wishes`.
fn best(input: &LabInput, mut wishes: Wishes) -> Option<Best> {
    let mut played = 0;
    let mut best: Vec<Match> = Vec::new();
    for strategy in candidates(input.replicas) {
        played += 1;
        // What serves less than the best so far is left at once.
        wishes.serving = best.first().map(|best| best.summary.lowest_serving);
        let Some(summary) = play(&input.scenario(strategy), &wishes, input) else { continue };
        if best.first().is_some_and(|best| summary.lowest_serving > best.summary.lowest_serving) {
            best.clear();
        }
        best.push(Match { strategy, summary });
    }
    let first = best.iter().min_by_key(|found| order(found, input.replicas))?;
    let floor = first.summary.lowest_serving;
    Some(Best { strategy: first.strategy, floor, as_good: u32::try_from(best.len()).unwrap_or(u32::MAX), played })
}

impl fmt::Display for Recommendation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { floor, replicas, compared, as_good, .. } = *self;
        let within = match self.limits {
            (Some(quota), Some(room)) => format!(" within a quota of {} and room for {room}", Pods(quota)),
            (Some(quota), None) => format!(" within a quota of {}", Pods(quota)),
            (None, Some(room)) => format!(" with room for {}", Pods(room)),
            (None, None) => String::new(),
        };
        match (floor, replicas) {
            (1, 1) => write!(f, "The only API server keeps serving{within}")?,
            (0, 1) => write!(f, "Nothing keeps the only API server serving{within}: an outage cannot be avoided")?,
            (0, _) => write!(f, "Nothing keeps an API server serving{within}: an outage cannot be avoided")?,
            _ if floor == replicas => write!(f, "All {replicas} API servers keep serving{within}")?,
            _ => write!(f, "Nothing keeps all {replicas} API servers serving{within}; at least {floor} serve here")?,
        }
        let name = Called(self.row.strategy);
        let pods = Pods(self.row.summary.peaks.objects);
        let after = self.row.summary.finished_ms.map(seconds).unwrap_or_default();
        if self.waits {
            f.write_str("; on the way pods wait until others are gone")?;
        }
        match as_good {
            1 => write!(
                f,
                ". Of {compared} strategies only {name} does that: finished after about {after} s, with {pods} at the peak."
            ),
            _ => write!(
                f,
                ". Of {compared} strategies {as_good} do that; {name} is the fastest: finished after about {after} s, with {pods} at the peak."
            ),
        }
    }
}
