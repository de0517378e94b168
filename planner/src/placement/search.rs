//! How many of a number of equal pods find a place, over everything that the scheduler may choose.

use std::collections::BTreeSet;

use super::board::{Board, State};
use super::incoming::Incoming;
use super::room::Room;

/// How many states are looked at before the search gives up being exact.
pub const MAX_STATES: usize = 20_000;

/// How many pods find a place: least and most over all sequences of choices among fitting nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Never fewer.
    pub least: u32,
    /// Never more.
    pub most: u32,
    /// Whether both numbers really occur. If not, there were more than [`MAX_STATES`] states, and the true range lies within.
    pub exact: bool,
}

impl Room {
    /// How many of `count` pods find a place, one after another, with nothing else changing.
    ///
    /// The scheduler takes one pod at a time, never looks ahead and never moves a pod, so a choice can cost a later pod its
    /// place. Which of the fitting nodes it takes depends on scores and chance; both are left open here.
    pub fn place(&self, incoming: &Incoming, count: u32) -> Placed {
        let kinds = std::slice::from_ref(incoming);
        let (board, start) = Board::new(self, kinds, &[], count as usize);
        if board.has_plenty(count as usize) {
            return Placed { least: count, most: count, exact: true };
        }
        search(&board, start, count, MAX_STATES)
    }
}

/// Level by level: all states with so many pods placed. The first level with a dead end is the least, the last one the most.
fn search(board: &Board<'_>, start: State, count: u32, max_states: usize) -> Placed {
    let mut level = BTreeSet::from([start]);
    let mut least = None;
    let mut states = 1;
    for placed in 0..count {
        let mut next = BTreeSet::new();
        for state in &level {
            let more = board.placements(state, 0);
            if more.is_empty() {
                least.get_or_insert(placed);
            }
            next.extend(more);
            if states + next.len() > max_states {
                return Placed { least: least.unwrap_or(placed), most: count, exact: false };
            }
        }
        if next.is_empty() {
            return Placed { least: least.unwrap_or(placed), most: placed, exact: true };
        }
        states += next.len();
        level = next;
    }
    Placed { least: least.unwrap_or(count), most: count, exact: true }
}
