//! Whether a rollout whose pods have to wait for room gets through, over everything that may happen.
//!
//! Once a pod waits, the film's times hold no longer. What is left is order: the controllers act at once, the scheduler places
//! a waiting pod as soon as a node takes it, and new pods becoming ready and old pods being gone may come in any order.

use std::collections::BTreeSet;

use super::board::{Board, State};
use super::pace::{Pace, Progress};
use super::quota::QuotaRoom;
use super::search::MAX_STATES;

/// How a rollout whose pods wait for room can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It gets through.
    Finishes,
    /// It gets stuck.
    Stuck,
    /// Either, by what the scheduler chooses: the fewest and most new pods that have a node at an end.
    Depends { least: u32, most: u32 },
    /// More than [`MAX_STATES`] states.
    NotKnown,
}

/// A rollout on a board.
pub(super) struct Turns<'b, 'r> {
    pub(super) board: &'b Board<'r>,
    /// The kind of the pods that are wanted in the end.
    pub(super) kind: usize,
    /// The first kind of old pods; the others follow.
    pub(super) first_old: usize,
    pub(super) pace: Pace,
    pub(super) quota: &'b QuotaRoom,
}

type Position = (State, Progress);

impl Turns<'_, '_> {
    /// Plays on from `start`, where the old pods are.
    pub(super) fn play(&self, start: State) -> Ending {
        let (old, leaving) = self.old_pods(&start);
        let progress = Progress { old, leaving, ..Progress::default() };
        let mut seen = BTreeSet::new();
        let mut open = vec![(start, progress)];
        let mut ends: Option<(u32, u32)> = None;
        let (mut finished, mut stuck) = (false, false);
        while let Some(position) = open.pop() {
            if !seen.insert(position.clone()) {
                continue;
            }
            if seen.len() > MAX_STATES {
                return Ending::NotKnown;
            }
            let next = self.next(&position);
            if next.is_empty() {
                let placed = position.1.placed;
                let (least, most) = ends.unwrap_or((placed, placed));
                ends = Some((least.min(placed), most.max(placed)));
                let done = self.pace.is_finished(&position.1);
                finished |= done;
                stuck |= !done;
            }
            open.extend(next);
        }
        match (finished, stuck) {
            (true, true) => {
                let (least, most) = ends.unwrap_or_default();
                Ending::Depends { least, most }
            }
            (true, false) => Ending::Finishes,
            (false, _) => Ending::Stuck,
        }
    }

    fn next(&self, (state, progress): &Position) -> Vec<Position> {
        let mut settled = *progress;
        let terminated = self.pace.settle(&mut settled, self.quota);
        if settled != *progress {
            return self.terminate(state, terminated).into_iter().map(|state| (state, settled)).collect();
        }
        if settled.waiting() > 0 {
            let placed = Progress { placed: settled.placed + 1, ..settled };
            let next: Vec<Position> =
                self.board.placements(state, self.kind).into_iter().map(|state| (state, placed)).collect();
            if !next.is_empty() {
                return next;
            }
        }
        let mut next = Vec::new();
        if settled.ready < settled.placed {
            next.push((state.clone(), Progress { ready: settled.ready + 1, ..settled }));
        }
        if settled.leaving > 0 {
            let gone = Progress { leaving: settled.leaving - 1, gone: settled.gone + 1, ..settled };
            let removed = self.old_kinds().flat_map(|kind| self.board.removals(state, kind));
            next.extend(removed.map(|state| (state, gone)));
        }
        next
    }

    /// Every state that follows from so many old pods being asked to terminate.
    fn terminate(&self, state: &State, pods: u32) -> BTreeSet<State> {
        let mut states = BTreeSet::from([state.clone()]);
        for _ in 0..pods {
            let of_kinds = |state: &State| -> Vec<State> {
                self.old_kinds().flat_map(|kind| self.board.terminations(state, kind)).collect()
            };
            states = states.iter().flat_map(of_kinds).collect();
        }
        states
    }

    fn old_kinds(&self) -> std::ops::Range<usize> {
        self.first_old..self.board.kinds()
    }

    fn old_pods(&self, state: &State) -> (u32, u32) {
        let sums = self.old_kinds().map(|kind| state.pods(kind));
        sums.fold((0, 0), |(alive, leaving), (more_alive, more_leaving)| (alive + more_alive, leaving + more_leaving))
    }
}
