//! How far the workers of the listed tenants are. Kamaji's objects say nothing of nodes, so each tenant's own API is asked, after
//! the page is shown: no tenant holds the fleet up. Without scripts a row says nothing of it; the tenant's own page does.

use std::collections::BTreeMap;

use leptos::prelude::*;
use planner::tenant::{DeclaredVersion, TenantId};
use planner::workers::Remaining;
use serde::{Deserialize, Serialize};

use super::FleetRow;
use crate::error::ConsoleError;

/// Tenants that one request asks about at most. For each person eight are looked at at once, each for at most 4 s, so even if all
/// of them hang each has its turn, unless the console is busy with other people's tenants that hang too. What is not reached within
/// 20 s is not known, so the answer comes within the time that a request may take.
pub const ASKED_TOGETHER: usize = 24;

/// Pause between two looks.
#[cfg(feature = "hydrate")]
const LOOK_AGAIN_AFTER: std::time::Duration = std::time::Duration::from_secs(30);

/// What is to be said of the workers of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowWorkers {
    /// Which tenant.
    pub id: TenantId,
    /// What they are to run: of a row that wants something else it says nothing.
    pub wanted: DeclaredVersion,
    /// What is left.
    pub remaining: Remaining,
}

/// What is said of the workers now, by tenant.
pub(crate) type SaidOfWorkers = BTreeMap<TenantId, RowWorkers>;

/// How far the workers of these tenants are, of those of which something is to be said.
///
/// # Errors
/// The errors of [`read_fleet`](super::read_fleet). One that the person may not see counts as not there.
#[server(endpoint = "fleet_workers", input = crate::codec::JsonText, output = crate::codec::JsonText)]
pub async fn read_fleet_workers(
    /// Which ones, [`ASKED_TOGETHER`] at most.
    tenants: Vec<TenantId>,
) -> Result<Vec<RowWorkers>, ConsoleError> {
    crate::error::with_status(async { crate::backend::request()?.fleet_workers(&tenants).await }.await)
}

/// Looks at the workers of the tenants that are listed, now and then, while the page is visible.
#[derive(Debug, Clone, Copy)]
pub(super) struct WorkersLook {
    /// What was said last.
    pub(super) said: RwSignal<SaidOfWorkers>,
    #[cfg(feature = "hydrate")]
    rounds: browser::Rounds,
}

impl WorkersLook {
    /// Nothing yet. It ends with the calling component.
    pub(super) fn new() -> Self {
        let said = RwSignal::new(SaidOfWorkers::new());
        Self {
            said,
            #[cfg(feature = "hydrate")]
            rounds: browser::Rounds::new(said),
        }
    }

    /// Looks at the tenants of these rows from now on: at once, if they are others than before.
    pub(super) fn at(self, rows: &[FleetRow]) {
        #[cfg(feature = "hydrate")]
        {
            let asked: Vec<_> = rows.iter().filter(|row| row.workers_follow).map(browser::Asked::of).collect();
            Effect::new(move |_| self.rounds.ask(asked.clone()));
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = rows;
    }
}

/// What is left to do in a row after its control plane, as one short line below its status.
pub(super) fn remark(row: &FleetRow, said: RwSignal<SaidOfWorkers>) -> impl IntoView + use<> {
    let (id, wanted) = (row.id.clone(), row.wanted.clone());
    let remark = move || {
        let remaining = said.with(|said| said.get(&id).filter(|it| it.wanted == wanted).map(|it| it.remaining))?;
        Some(view! { <p class="small muted fleet-workers">{remaining.to_string()}</p> })
    };
    row.workers_follow.then_some(remark)
}

/// Notes an answer about these tenants: of those that it leaves out nothing is to be said any more.
#[cfg(any(feature = "hydrate", test))]
fn note<'a>(said: &mut SaidOfWorkers, asked: impl IntoIterator<Item = &'a TenantId>, answer: Vec<RowWorkers>) {
    for id in asked {
        said.remove(id);
    }
    said.extend(answer.into_iter().map(|row| (row.id.clone(), row)));
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::*;
    use leptos::task::spawn_local;
    use planner::tenant::{DeclaredVersion, TenantId};

    use super::{ASKED_TOGETHER, LOOK_AGAIN_AFTER, SaidOfWorkers, note, read_fleet_workers};
    use crate::fleet::FleetRow;

    /// A tenant that is asked about. With another wanted version it is another question.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(super) struct Asked {
        id: TenantId,
        wanted: DeclaredVersion,
    }

    impl Asked {
        pub(super) fn of(row: &FleetRow) -> Self {
            Self { id: row.id.clone(), wanted: row.wanted.clone() }
        }
    }

    /// Rounds of questions, each some time after the last one was answered. A new one ends the one under way.
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Rounds {
        said: RwSignal<SaidOfWorkers>,
        state: StoredValue<State>,
    }

    #[derive(Debug, Default)]
    struct State {
        asked: Vec<Asked>,
        /// The round that is under way or was last.
        round: u64,
        /// Before the next one.
        pause: Option<TimeoutHandle>,
        /// Whether a round was due while nobody saw the page.
        missed: bool,
    }

    impl Rounds {
        pub(super) fn new(said: RwSignal<SaidOfWorkers>) -> Self {
            let rounds = Self { said, state: StoredValue::new(State::default()) };
            // It happens to the document, and reaches the window.
            let seen_again = window_event_listener_untyped("visibilitychange", move |_| {
                if is_visible() && rounds.state.try_with_value(|state| state.missed) == Some(true) {
                    rounds.begin();
                }
            });
            on_cleanup(move || {
                seen_again.remove();
                let pause = rounds.state.try_update_value(|state| state.pause.take()).flatten();
                if let Some(pause) = pause {
                    pause.clear();
                }
            });
            rounds
        }

        /// Asks about these from now on: at once, if they are others than before.
        pub(super) fn ask(self, asked: Vec<Asked>) {
            let others = self.state.try_update_value(|state| {
                let others = state.asked != asked;
                state.asked = asked;
                others
            });
            if others == Some(true) {
                self.begin();
            }
        }

        fn begin(self) {
            let begun = self.state.try_update_value(|state| {
                if let Some(pause) = state.pause.take() {
                    pause.clear();
                }
                state.round += 1;
                state.missed = !is_visible();
                (!state.missed && !state.asked.is_empty()).then(|| (state.round, state.asked.clone()))
            });
            if let Some((round, asked)) = begun.flatten() {
                spawn_local(self.play(round, asked));
            }
        }

        async fn play(self, round: u64, asked: Vec<Asked>) {
            for some in asked.chunks(ASKED_TOGETHER) {
                let answer = read_fleet_workers(some.iter().map(|asked| asked.id.clone()).collect()).await;
                // Another round has begun, or the page was left.
                if self.state.try_with_value(|state| state.round) != Some(round) {
                    return;
                }
                // Without an answer what was said stays: the page itself says that the console is not reached.
                if let Ok(answer) = answer {
                    let _ = self.said.try_update(|said| note(said, some.iter().map(|asked| &asked.id), answer));
                }
            }
            let pause = set_timeout_with_handle(move || self.begin(), LOOK_AGAIN_AFTER).ok();
            let _ = self.state.try_update_value(|state| state.pause = pause);
        }
    }

    fn is_visible() -> bool {
        !document().hidden()
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
