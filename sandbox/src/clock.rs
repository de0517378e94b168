//! Virtual time: real time × speed, or moved by hand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use planner::time::UnixMillis;

/// The sandbox's clock. Copies show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<State>>);

#[derive(Debug, Clone, Copy)]
struct State {
    /// Virtual time at `since`.
    base_ms: i64,
    since: Instant,
    mode: Mode,
}

/// How the clock moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mode {
    /// By itself, this many virtual seconds in a real one.
    Running {
        /// Virtual seconds in a real second.
        speed: f64,
    },
    /// Only by [`Clock::advance`].
    Manual,
}

impl Clock {
    /// A clock that shows `start`.
    pub fn new(start: UnixMillis, mode: Mode) -> Self {
        Self(Arc::new(Mutex::new(State { base_ms: start.0, since: Instant::now(), mode })))
    }

    /// The virtual time.
    pub fn now(&self) -> UnixMillis {
        UnixMillis(self.lock().now())
    }

    /// How the clock moves.
    pub fn mode(&self) -> Mode {
        self.lock().mode
    }

    /// Changes how the clock moves, without a jump.
    pub fn set_mode(&self, mode: Mode) {
        let mut state = self.lock();
        *state = State { base_ms: state.now(), since: Instant::now(), mode };
    }

    /// Moves the clock forward; returns the new time.
    pub fn advance(&self, millis: i64) -> UnixMillis {
        let mut state = self.lock();
        state.base_ms = state.base_ms.saturating_add(millis.max(0));
        UnixMillis(state.now())
    }

    /// Sets the clock, for a new world.
    pub fn set(&self, now: UnixMillis) {
        let mut state = self.lock();
        state.base_ms = now.0;
        state.since = Instant::now();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn now(&self) -> i64 {
        match self.mode {
            Mode::Manual => self.base_ms,
            Mode::Running { speed } => {
                // Sandboxes live for hours: far inside the exact range of f64.
                let elapsed = self.since.elapsed().as_secs_f64() * 1000.0 * speed;
                self.base_ms.saturating_add(elapsed as i64)
            }
        }
    }
}
