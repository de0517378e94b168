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
    /// At this moment of the film (ms) some choice leaves a pod without room, or a quota refuses it; never before.
    Short { at_ms: i64 },
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
    let events = events(film, new_kinds);
    let refused_ms = match most_new_pods(&events, quota) {
        Ok(new_at_once) if board.has_plenty(new_at_once) => return AtOnce::All,
        Ok(_) => None,
        Err(at_ms) => Some(at_ms),
    };
    let until_refused = events.into_iter().take_while(|(at_ms, _)| refused_ms.is_none_or(|refused| *at_ms < refused));
    match (search(board, start, until_refused, new_kinds), refused_ms) {
        (AtOnce::All, Some(at_ms)) => AtOnce::Short { at_ms },
        (searched, _) => searched,
    }
}

/// Every state after each event.
fn search(board: &Board<'_>, start: &State, events: impl Iterator<Item = (i64, Event)>, new_kinds: usize) -> AtOnce {
    let mut states = BTreeSet::from([start.clone()]);
    for (at_ms, event) in events {
        let step = |state: &State| match event {
            Event::Created(kind) => board.placements(state, kind),
            Event::Terminating(Which::New(kind)) => board.terminations(state, kind),
            Event::Gone(Which::New(kind)) => board.removals(state, kind),
            Event::Terminating(Which::Old) => {
                of_any(state, new_kinds..board.kinds(), |kind| board.terminations(state, kind))
            }
            Event::Gone(Which::Old) => of_any(state, new_kinds..board.kinds(), |kind| board.removals(state, kind)),
        };
        let mut next = BTreeSet::new();
        for state in &states {
            let more = step(state);
            if more.is_empty() {
                return AtOnce::Short { at_ms };
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

/// The most new pods that exist at the same time.
///
/// # Errors
/// The moment (ms) at which a quota refuses one of them.
fn most_new_pods(events: &[(i64, Event)], quota: &QuotaRoom) -> Result<usize, i64> {
    let (mut new, mut old_gone, mut most) = (0, 0, 0);
    for (at_ms, event) in events {
        match event {
            Event::Created(_) => {
                new += 1;
                most = most.max(new);
                if quota.refusal(new, old_gone).is_some() {
                    return Err(*at_ms);
                }
            }
            Event::Gone(Which::Old) => old_gone += 1,
            Event::Gone(Which::New(_)) => new -= 1,
            Event::Terminating(_) => {}
        }
    }
    Ok(most as usize)
}

/// How many new pods exist and how many old ones are gone, at each moment of the film that changes one of the two.
pub(super) fn exchanged(film: &Film) -> Vec<(u32, u32)> {
    let (mut new, mut old_gone) = (0_u32, 0_u32);
    let mut moments = Vec::new();
    for (_, event) in events(film, 1) {
        match event {
            Event::Created(_) => new += 1,
            Event::Gone(Which::Old) => old_gone += 1,
            Event::Gone(Which::New(_)) => new = new.saturating_sub(1),
            Event::Terminating(_) => continue,
        }
        moments.push((new, old_gone));
    }
    moments
}

/// One pod of any of these kinds. A film can have more old pods than there are: then there is none to take.
fn of_any(state: &State, kinds: std::ops::Range<usize>, step: impl Fn(usize) -> Vec<State>) -> Vec<State> {
    let next: Vec<State> = kinds.flat_map(step).collect();
    if next.is_empty() { vec![state.clone()] } else { next }
}

/// In order of time.
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

#[cfg(test)]
mod tests;
