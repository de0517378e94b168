//! A MachineDeployment's rollout as a [`Film`]: Machines in the place of pods.

use serde::{Deserialize, Serialize};

use super::objects::{Machine, MachineDeployment};
use super::rollout::{MachineStrategy, MachineStrategyError, SetSizes, plan_rollout};
use crate::film::{Film, FilmSummary, Milestones, OpenSpan, PodTrack, Revision, Side, Span};
use crate::strategy::Strategy;
use crate::tenant::DeclaredVersion;
use crate::time::UnixMillis;
use crate::version::KubernetesVersion;

/// More Machines than this are not drawn.
const MOST_MACHINES: u32 = 500;
/// A new Machine until its node is ready, where none was seen (ms).
const ASSUMED_STARTUP_MS: i64 = 240_000;
/// Drain and end of a Machine (ms). It is never seen: a Machine that is gone is not read.
const ASSUMED_END_MS: i64 = 120_000;

/// What the film of Machines does not show.
pub const WHAT_A_MACHINE_FILM_LEAVES_OUT: &str = "Drawn by the rules of Cluster API's MachineDeployment controller for Machines that come up. Not shown: Machines that never \
     get ready, checks that hold back new Machines, a drain that a PodDisruptionBudget holds up, and updates in place.";

/// How long a Machine takes (ms), and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineTimings {
    /// From its creation until it is ready.
    pub startup_ms: i64,
    /// Of how many Machines that is the median; 0: it is assumed.
    pub seen: usize,
    /// From the request to delete it until it is gone. Always assumed.
    pub end_ms: i64,
}

/// A predicted rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineFilm {
    /// Every Machine's life. A Machine counts as starting from the moment it is made.
    pub film: Film,
    /// The film's figures, in Machines.
    pub summary: FilmSummary,
    /// What it was played with.
    pub timings: MachineTimings,
}

/// Why there is no film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum NoFilm {
    /// The pace is a person's.
    #[error("with OnDelete a Machine is replaced when somebody deletes it, so nothing can be predicted")]
    OnDelete,
    /// Nothing to replace.
    #[error("it has no Machine")]
    Empty,
    /// Too large for a picture.
    #[error("it has more than {0} Machines; they are not drawn one by one")]
    TooMany(u32),
    /// Its strategy is none.
    #[error("{0}")]
    Strategy(MachineStrategyError),
}

impl MachineTimings {
    /// What the Machines that are there tell.
    pub fn seen_on<'a>(machines: impl IntoIterator<Item = &'a Machine>) -> Self {
        let took = |machine: &Machine| machine.created_at.zip(machine.ready_at).map(|(made, ready)| ready.since(made));
        let mut startups: Vec<i64> = machines.into_iter().filter_map(took).filter(|ms| *ms > 0).collect();
        startups.sort_unstable();
        Self {
            startup_ms: startups.get(startups.len() / 2).copied().unwrap_or(ASSUMED_STARTUP_MS),
            seen: startups.len(),
            end_ms: ASSUMED_END_MS,
        }
    }
}

impl std::fmt::Display for MachineTimings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (startup, end) = (self.startup_ms / 1000, self.end_ms / 1000);
        match self.seen {
            0 => write!(f, "Assumed: {startup} s until a new Machine is ready, {end} s until an old one is gone."),
            1 => write!(
                f,
                "{startup} s until a new Machine is ready, as one was seen to take; assumed {end} s until an old one is gone."
            ),
            seen => write!(
                f,
                "{startup} s until a new Machine is ready, the median of {seen}; assumed {end} s until an old one is gone."
            ),
        }
    }
}

impl MachineFilm {
    /// Plays the rollout of all of a MachineDeployment's Machines.
    ///
    /// # Errors
    /// If there is nothing to play, or nothing that could be.
    pub fn predict(deployment: &MachineDeployment, timings: MachineTimings) -> Result<Self, NoFilm> {
        let strategy = match deployment.strategy().map_err(NoFilm::Strategy)? {
            MachineStrategy::OnDelete => return Err(NoFilm::OnDelete),
            MachineStrategy::Rolling(strategy) => strategy,
        };
        let most = u64::from(deployment.replicas) + u64::from(strategy.limits(deployment.replicas).max_surge);
        match deployment.replicas {
            0 => Err(NoFilm::Empty),
            replicas if u64::from(replicas) > u64::from(MOST_MACHINES) || most > 2 * u64::from(MOST_MACHINES) => {
                Err(NoFilm::TooMany(MOST_MACHINES))
            }
            replicas => Ok(Self::play(replicas, strategy, timings)),
        }
    }

    fn play(replicas: u32, strategy: Strategy, timings: MachineTimings) -> Self {
        let mut world = World { now_ms: 0, machines: Vec::new(), wanted: [replicas, 0], timings };
        for number in 1..=replicas {
            world.machines.push(track(format!("old-{number}"), 0, -1, Some(-1)));
        }
        let limits = strategy.limits(replicas);
        loop {
            let sizes = [0, 1].map(|set| world.sizes(set));
            let (old, new) = plan_rollout(replicas, limits, sizes[0], sizes[1]);
            if world.scale([old, new]) {
                continue;
            }
            match world.next_change() {
                Some(at_ms) => world.now_ms = at_ms,
                None => break,
            }
        }
        let side = |key: &str, side| Revision { key: key.to_owned(), version: None, side };
        let done = [(replicas, 1), (0, 0)].iter().all(|(wanted, set)| {
            let sizes = world.sizes(*set);
            (sizes.machines, sizes.available) == (*wanted, *wanted)
        });
        let settled_ms = done.then_some(world.now_ms);
        let until_ms = world.now_ms;
        let film = Film {
            revisions: vec![side("1", Side::Old), side("2", Side::New)],
            pods: world.machines,
            gaps: Vec::new(),
            until_ms,
        };
        let summary = FilmSummary::of(&film, Milestones { settled_ms, ..Milestones::default() });
        Self { film, summary, timings }
    }
}

/// Machines in virtual time. Set 0 is the old one.
struct World {
    now_ms: i64,
    machines: Vec<PodTrack>,
    wanted: [u32; 2],
    timings: MachineTimings,
}

impl World {
    fn sizes(&self, set: usize) -> SetSizes {
        let of_set = || self.machines.iter().filter(move |machine| machine.revision == set);
        let there = |machine: &&PodTrack| machine.gone_ms.is_none_or(|gone| gone > self.now_ms);
        let ready = |machine: &&PodTrack| {
            machine.terminating_ms.is_none() && machine.ready.iter().any(|span| span.from_ms <= self.now_ms)
        };
        let count = |machines: usize| u32::try_from(machines).unwrap_or(u32::MAX);
        SetSizes {
            wanted: self.wanted[set],
            machines: count(of_set().filter(there).count()),
            available: count(of_set().filter(ready).count()),
        }
    }

    /// Makes and deletes Machines until each set has as many as wanted; whether anything was to do.
    fn scale(&mut self, wanted: [u32; 2]) -> bool {
        let changed = self.wanted != wanted;
        self.wanted = wanted;
        let now_ms = self.now_ms;
        let living = self.machines.iter_mut().filter(|it| it.revision == 0 && it.terminating_ms.is_none());
        let mut living: Vec<&mut PodTrack> = living.collect();
        let surplus = living.len().saturating_sub(wanted[0] as usize);
        for machine in living.iter_mut().take(surplus) {
            machine.terminating_ms = Some(now_ms);
            machine.gone_ms = Some(now_ms + self.timings.end_ms);
            machine.ready.iter_mut().for_each(|span| span.to_ms = Some(now_ms));
        }
        let made = self.machines.iter().filter(|it| it.revision == 1).count();
        for number in made + 1..=wanted[1] as usize {
            let ready_ms = now_ms + self.timings.startup_ms;
            self.machines.push(track(format!("new-{number}"), 1, now_ms, Some(ready_ms)));
        }
        changed
    }

    fn next_change(&self) -> Option<i64> {
        let moments = self.machines.iter().flat_map(|machine| {
            machine.ready.iter().map(|span| span.from_ms).chain(machine.gone_ms).collect::<Vec<_>>()
        });
        moments.filter(|at_ms| *at_ms > self.now_ms).min()
    }
}

fn track(name: String, revision: usize, created_ms: i64, ready_ms: Option<i64>) -> PodTrack {
    PodTrack {
        name,
        revision,
        created_ms,
        // A Machine is made for its own node: nothing waits for room.
        bound_ms: Some(created_ms),
        ready: ready_ms.map(|from_ms| OpenSpan { from_ms, to_ms: None }).into_iter().collect(),
        terminating_ms: None,
        gone_ms: None,
    }
}

/// The Machines of a MachineDeployment that are there now, as a film. Those that are gone are not in it, so it begins with a gap:
/// nobody watched. Zero is the creation of the first Machine of the wanted version, or now if there is none.
pub fn observed_film(deployment: &MachineDeployment, machines: &[Machine], now: UnixMillis) -> Film {
    let own: Vec<&Machine> =
        machines.iter().filter(|machine| machine.deployment.as_deref() == Some(&deployment.meta.name)).collect();
    let is_new = |machine: &Machine| machine.version.is_some() && machine.version == deployment.version;
    let zero = own.iter().filter(|it| is_new(it)).filter_map(|it| it.created_at).min().unwrap_or(now);
    let version = |declared: Option<&DeclaredVersion>| -> Option<KubernetesVersion> {
        declared.and_then(super::as_cluster_api_reads_it)
    };
    let mut versions: Vec<Option<&DeclaredVersion>> = own.iter().map(|machine| machine.version.as_ref()).collect();
    versions.sort_by_key(|declared| {
        (*declared == deployment.version.as_ref(), version(*declared), declared.map(|it| &it.0))
    });
    versions.dedup();
    let revisions: Vec<Revision> = versions
        .iter()
        .map(|declared| Revision {
            key: declared.map_or_else(|| "without a version".to_owned(), ToString::to_string),
            version: version(*declared),
            side: if declared.is_some() && *declared == deployment.version.as_ref() { Side::New } else { Side::Old },
        })
        .collect();
    let mut pods: Vec<PodTrack> = own
        .iter()
        .map(|machine| {
            let at = |moment: Option<UnixMillis>| moment.map(|moment| moment.since(zero));
            let revision = versions.iter().position(|it| *it == machine.version.as_ref()).unwrap_or(0);
            let created_ms = at(machine.created_at).unwrap_or(0);
            let mut track = track(machine.meta.name.clone(), revision, created_ms, at(machine.ready_at));
            track.terminating_ms = at(machine.meta.deleting_at);
            track
        })
        .collect();
    pods.sort_by(|one, other| (one.created_ms, &one.name).cmp(&(other.created_ms, &other.name)));
    let until_ms = now.since(zero);
    let gaps = if until_ms > 0 { vec![Span { from_ms: 0, to_ms: until_ms }] } else { Vec::new() };
    Film { revisions, pods, gaps, until_ms }
}
