//! Whether each new pod of a film finds room at the moment at which the film creates it.

use std::collections::BTreeSet;

use super::board::{Board, State};
use super::quota::QuotaRoom;
use super::search::MAX_STATES;
use crate::film::Film;

/// Whether the pods of a film find room when they are created, whatever the scheduler chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtOnce {
    /// All do.
    All,
    /// There is a moment at which some choice leaves a pod without room, or a quota refuses it.
    Short,
    /// More than [`MAX_STATES`] states.
    NotKnown,
}

/// What happens at one moment, in the order in which it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Gone(Which),
    Terminating(Which),
    Created(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    /// One of those that are there from the start.
    Old,
    /// One of a kind of new ones.
    New(usize),
}

/// Follows the film from `start` through every choice of the scheduler, and of the ReplicaSet controller between equal pods.
/// The film's revisions after the first one are the `new_kinds` first kinds of the board, the last one standing for all further.
pub(super) fn follow(board: &Board<'_>, start: &State, film: &Film, new_kinds: usize, quota: &QuotaRoom) -> AtOnce {
    let mut states = BTreeSet::from([start.clone()]);
    let (mut new_pods, mut old_gone) = (0, 0);
    for (_, event) in events(film, new_kinds) {
        let step = |state: &State| match event {
            Event::Created(kind) => board.placements(state, kind),
            Event::Terminating(Which::New(kind)) => board.terminations(state, kind),
            Event::Gone(Which::New(kind)) => board.removals(state, kind),
            Event::Terminating(Which::Old) => {
                of_any(state, new_kinds..board.kinds(), |kind| board.terminations(state, kind))
            }
            Event::Gone(Which::Old) => of_any(state, new_kinds..board.kinds(), |kind| board.removals(state, kind)),
        };
        match event {
            Event::Created(_) => {
                new_pods += 1;
                if quota.refusal(new_pods, old_gone).is_some() {
                    return AtOnce::Short;
                }
            }
            Event::Gone(Which::Old) => old_gone += 1,
            Event::Gone(Which::New(_)) => new_pods -= 1,
            Event::Terminating(_) => {}
        }
        let mut next = BTreeSet::new();
        for state in &states {
            let more = step(state);
            if more.is_empty() {
                return AtOnce::Short;
            }
            next.extend(more);
            if next.len() > MAX_STATES {
                return AtOnce::NotKnown;
            }
        }
        states = next;
    }
    AtOnce::All
}

/// One pod of any of these kinds. A film can have more old pods than there are: then there is none to take.
fn of_any(state: &State, kinds: std::ops::Range<usize>, step: impl Fn(usize) -> Vec<State>) -> Vec<State> {
    let next: Vec<State> = kinds.flat_map(step).collect();
    if next.is_empty() { vec![state.clone()] } else { next }
}

fn events(film: &Film, new_kinds: usize) -> Vec<(i64, Event)> {
    let mut events = Vec::with_capacity(3 * film.pods.len());
    for pod in &film.pods {
        let which = match pod.revision {
            0 => Which::Old,
            revision => Which::New(revision.min(new_kinds) - 1),
        };
        if let Which::New(kind) = which {
            events.push((pod.created_ms, Event::Created(kind)));
        }
        events.extend(pod.terminating_ms.map(|at_ms| (at_ms, Event::Terminating(which))));
        events.extend(pod.gone_ms.map(|at_ms| (at_ms, Event::Gone(which))));
    }
    events.sort_unstable();
    events
}
