//! What the doors of a sandbox share: the world behind a lock, its clock, the faults, and who must hear of a change.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use planner::time::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Mode};
use crate::error::SandboxError;
use crate::scenario;
use crate::world::World;

/// Requests kept for `GET /sandbox/state`.
const AUDIT_LIMIT: usize = 100;
/// Longest sleep of the driver between two looks at the agenda.
const LONGEST_SLEEP: Duration = Duration::from_millis(500);

/// Everything the doors share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) shutdown: CancellationToken,
    /// The newest resourceVersion: watches wait for it to move.
    pub(crate) version: watch::Sender<u64>,
    pub(crate) faults: watch::Sender<Faults>,
    /// Counts up to end all watches at once.
    pub(crate) dropped_watches: watch::Sender<u64>,
    world: Mutex<World>,
    watchers: Mutex<Vec<Weak<AtomicU64>>>,
    audit: Mutex<VecDeque<Value>>,
    setup: Mutex<Setup>,
}

/// How the world was made.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) start_at: UnixMillis,
    pub(crate) scenario: String,
    /// Where the doors stand: `http://127.0.0.1:…`.
    pub(crate) url: String,
}

/// What goes wrong on purpose at the Kubernetes door.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Faults {
    /// No request is answered and no watch says anything.
    pub(crate) hang: bool,
    /// Every request waits this long first (real ms).
    pub(crate) delay_ms: u64,
    /// Every request is answered with this code.
    pub(crate) status: Option<u16>,
    /// These resources (plural) are forbidden to everybody.
    pub(crate) deny: Vec<String>,
    /// The next write is answered with 409.
    pub(crate) conflict_once: bool,
    /// Kamaji's webhook does not answer.
    pub(crate) webhook_down: bool,
}

impl Shared {
    pub(crate) fn new(setup: Setup, mode: Mode) -> Result<Self, SandboxError> {
        let world = scenario::build(&setup)?;
        let clock = Clock::new(setup.start_at, mode);
        let version = world.version();
        Ok(Self {
            clock,
            shutdown: CancellationToken::new(),
            version: watch::Sender::new(version),
            faults: watch::Sender::new(Faults::default()),
            dropped_watches: watch::Sender::new(0),
            world: Mutex::new(world),
            watchers: Mutex::new(Vec::new()),
            audit: Mutex::new(VecDeque::new()),
            setup: Mutex::new(setup),
        })
    }

    /// Lets `action` use the world, played up to the clock's time, and tells the watches what has changed.
    pub(crate) fn with_world<R>(&self, action: impl FnOnce(&mut World) -> R) -> R {
        let mut world = lock(&self.world);
        world.advance_to(self.clock.now());
        let result = action(&mut world);
        world.react();
        let version = world.version();
        drop(world);
        self.version.send_if_modified(|known| std::mem::replace(known, version) != version);
        result
    }

    pub(crate) fn setup(&self) -> Setup {
        lock(&self.setup).clone()
    }

    /// Replaces the world by a new one. Watches must list again.
    pub(crate) fn rebuild(&self, setup: Setup) -> Result<(), SandboxError> {
        let mut fresh = scenario::build(&setup)?;
        let mut world = lock(&self.world);
        // A new world's versions must lie behind those of the old one, or clients would take it for the past.
        fresh.start_after(world.version());
        *world = fresh;
        self.clock.set(setup.start_at);
        let version = world.version();
        drop(world);
        *lock(&self.setup) = setup;
        lock(&self.audit).clear();
        self.faults.send_replace(Faults::default());
        self.version.send_replace(version);
        Ok(())
    }

    /// Sets the faults.
    pub(crate) fn set_faults(&self, faults: Faults) {
        let webhook_down = faults.webhook_down;
        self.faults.send_replace(faults);
        self.with_world(|world| world.set_webhook_down(webhook_down));
    }

    /// Takes the single conflict, if one is wanted.
    pub(crate) fn take_conflict(&self) -> bool {
        self.faults.send_if_modified(|faults| std::mem::take(&mut faults.conflict_once))
    }

    /// Notes a request.
    pub(crate) fn note(&self, entry: Value) {
        let mut audit = lock(&self.audit);
        if audit.len() == AUDIT_LIMIT {
            audit.pop_front();
        }
        audit.push_back(entry);
    }

    pub(crate) fn audit(&self) -> Vec<Value> {
        lock(&self.audit).iter().cloned().collect()
    }

    /// A counter in which a watch notes how far it has sent.
    pub(crate) fn register_watcher(&self, position: u64) -> Arc<AtomicU64> {
        let sent = Arc::new(AtomicU64::new(position));
        let mut watchers = lock(&self.watchers);
        watchers.retain(|watcher| watcher.strong_count() > 0);
        watchers.push(Arc::downgrade(&sent));
        sent
    }

    /// How many watches are open.
    pub(crate) fn open_watches(&self) -> usize {
        lock(&self.watchers).iter().filter(|watcher| watcher.strong_count() > 0).count()
    }

    /// Waits until every open watch has sent what has happened, or cannot (its client does not read).
    pub(crate) async fn watches_caught_up(&self) {
        let version = *self.version.borrow();
        let behind =
            || lock(&self.watchers).iter().filter_map(Weak::upgrade).any(|sent| sent.load(Ordering::Acquire) < version);
        if self.faults.borrow().hang {
            return;
        }
        for _ in 0..200 {
            if !behind() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Plays the agenda while the clock runs by itself, until shutdown.
    pub(crate) async fn drive(self: Arc<Self>) {
        let mut version = self.version.subscribe();
        loop {
            let next = self.with_world(|world| world.next_action());
            let wait = match (self.clock.mode(), next) {
                (Mode::Running { speed }, Some(next)) if speed > 0.0 => {
                    let virtual_ms = next.since(self.clock.now()).max(0) as f64;
                    Duration::from_secs_f64(virtual_ms / 1000.0 / speed).clamp(Duration::from_millis(1), LONGEST_SLEEP)
                }
                _ => LONGEST_SLEEP,
            };
            version.borrow_and_update();
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
                changed = version.changed() => if changed.is_err() { return },
            }
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
