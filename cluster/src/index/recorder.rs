//! Records what happens to a tenant's pods: the film of its hop, and how long pods take to pull, to start and to terminate.
//!
//! API times are whole seconds. What was seen as it happened is recorded with the time it was seen; only what happened before
//! (the console was started later, a watch was lost) with the API's times, and such a stretch is a gap of the film.

use std::collections::{BTreeMap, VecDeque};

use planner::film::{Film, OpenSpan, PodTrack, Revision, Side, Span};
use planner::tenant::{DeclaredVersion, NodeImages, ObservedHop, ObservedTimings, PodFacts, Reading, SHORTEST_PULL_MS};
use planner::time::UnixMillis;

use crate::resources::Pull;

/// How many timings of each sort are kept, the newest.
const KEPT_TIMINGS: usize = 20;

/// A Ready that came later than this after PodScheduled (ms) and was not seen happening is taken for a later flap: the
/// condition tells only its last change.
const LONGEST_BELIEVED_STARTUP_MS: i64 = 600_000;

/// How many pods one film holds at most; beyond, those gone longest are left out. A hop that replaces pods for days must not
/// fill the memory.
const MOST_TRACKS: usize = 300;

/// How something became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// By a watch event, as it happened.
    Live,
    /// In a list: it happened at some time before.
    Listed,
}

/// The recorder of one tenant.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pods: BTreeMap<String, PodRecord>,
    hop: Option<Hop>,
    startups: VecDeque<Startup>,
    termination_ms: VecDeque<i64>,
    pulls: VecDeque<PullRecord>,
}

/// How long a pod took to start. Its pull may be told of before or after.
#[derive(Debug)]
struct Startup {
    pod: String,
    took_ms: i64,
}

#[derive(Debug)]
struct PullRecord {
    /// Name of the event: one that is listed again tells nothing new.
    event: String,
    at: Option<UnixMillis>,
    pod: String,
    took_ms: i64,
}

#[derive(Debug)]
struct PodRecord {
    name: String,
    hash: String,
    version: Option<DeclaredVersion>,
    created: UnixMillis,
    bound: Option<(UnixMillis, Seen)>,
    ready: Vec<(UnixMillis, Option<UnixMillis>)>,
    terminating: Option<UnixMillis>,
    gone: Option<UnixMillis>,
    /// Its start-up was taken, or can no longer be known.
    startup_taken: bool,
}

#[derive(Debug)]
struct Hop {
    from: Option<DeclaredVersion>,
    to: DeclaredVersion,
    started_at: UnixMillis,
    start_seen: bool,
    settled_at: Option<UnixMillis>,
    /// What the nodes had when it began; `None` until they are first looked at.
    images: Option<Reading<NodeImages>>,
    gaps: Vec<(UnixMillis, UnixMillis)>,
    /// Set when it is finished; the film changes no more.
    ended: Option<(UnixMillis, Film)>,
}

impl Recorder {
    /// Begins the film of a hop. A hop that was running is over: its pods are the old ones of the new film.
    ///
    /// A hop that is found under way began with its first new pod at the latest: from then until now the film has a gap.
    pub(crate) fn start(&mut self, from: Option<DeclaredVersion>, to: DeclaredVersion, now: UnixMillis, seen: Seen) {
        let start_seen = seen == Seen::Live;
        let new_pods = self.pods.values().filter(|pod| pod.version.as_ref() == Some(&to));
        let first_pod = new_pods.map(|pod| pod.created).min().filter(|first| !start_seen && *first < now);
        let gaps = first_pod.map(|first| (first, now)).into_iter().collect();
        let started_at = first_pod.unwrap_or(now);
        self.hop = Some(Hop { from, to, started_at, start_seen, settled_at: None, images: None, gaps, ended: None });
        self.pods.retain(|_, pod| pod.gone.is_none());
    }

    /// Whether a hop is being recorded.
    pub(crate) fn running(&self) -> bool {
        self.hop.as_ref().is_some_and(|hop| hop.ended.is_none())
    }

    /// What the nodes have; of a running hop the first call counts. Whether this was it.
    pub(crate) fn begins_with(&mut self, images: &Reading<NodeImages>) -> bool {
        let Some(hop) = self.hop.as_mut().filter(|hop| hop.images.is_none()) else { return false };
        hop.images = Some(if hop.start_seen { images.clone() } else { Reading::Missing });
        true
    }

    /// The control plane is settled.
    pub(crate) fn settled(&mut self, now: UnixMillis) {
        if let Some(hop) = &mut self.hop {
            hop.settled_at.get_or_insert(now);
        }
    }

    /// The last old pod is gone: the film ends.
    pub(crate) fn finished(&mut self, now: UnixMillis) {
        let Some(film) = self.film(now, None) else { return };
        if let Some(hop) = &mut self.hop
            && hop.ended.is_none()
        {
            hop.ended = Some((now, film));
            self.pods.retain(|_, pod| pod.gone.is_none());
        }
    }

    /// The pods were not observed from `since` to `now`.
    pub(crate) fn gap(&mut self, since: UnixMillis, now: UnixMillis) {
        if let Some(hop) = self.hop.as_mut().filter(|hop| hop.ended.is_none()) {
            let from = since.max(hop.started_at);
            if from < now {
                hop.gaps.push((from, now));
            }
        }
    }

    /// A pod as it is now.
    pub(crate) fn pod(&mut self, facts: &PodFacts, now: UnixMillis, seen: Seen) {
        let at = |api: Option<UnixMillis>| match seen {
            Seen::Live => now,
            Seen::Listed => api.unwrap_or(now),
        };
        let record = self.pods.entry(facts.uid.clone()).or_insert_with(|| PodRecord {
            name: facts.name.clone(),
            hash: facts.pod_template_hash.clone(),
            version: None,
            created: at(facts.created_at),
            bound: None,
            ready: Vec::new(),
            terminating: None,
            gone: None,
            startup_taken: false,
        });
        record.version.clone_from(&facts.version);
        if facts.node.is_some() && record.bound.is_none() {
            record.bound = Some((at(facts.scheduled_at).max(record.created), seen));
        }
        let open = record.ready.last_mut().filter(|(_, to)| to.is_none());
        match (facts.ready_at, open) {
            (Some(api), None) => {
                let from = at(Some(api)).max(record.bound.map_or(record.created, |(bound, _)| bound));
                record.ready.push((from, None));
                let startup = match record.bound {
                    Some((bound, Seen::Live)) if seen == Seen::Live => Some(now.since(bound)),
                    _ => facts
                        .scheduled_at
                        .map(|scheduled| api.since(scheduled))
                        .filter(|startup| *startup <= LONGEST_BELIEVED_STARTUP_MS),
                };
                if !record.startup_taken && facts.restarts == 0 {
                    let startup = startup.filter(|took_ms| *took_ms >= 0);
                    keep(&mut self.startups, startup.map(|took_ms| Startup { pod: facts.name.clone(), took_ms }));
                }
                record.startup_taken = true;
            }
            (None, Some((_, to))) => *to = Some(now),
            _ => {}
        }
        if facts.terminating_at.is_some() && record.terminating.is_none() {
            record.terminating = Some(at(facts.terminating_at).max(record.created));
        }
    }

    /// A pod's object is gone.
    pub(crate) fn pod_gone(&mut self, uid: &str, now: UnixMillis, seen: Seen) {
        let Some(record) = self.pods.get_mut(uid) else { return };
        if let Some((_, to @ None)) = record.ready.last_mut() {
            *to = Some(now);
        }
        record.gone = Some(now);
        if seen == Seen::Live {
            let took_ms = record.terminating.map(|since| now.since(since));
            keep(&mut self.termination_ms, took_ms.filter(|took_ms| *took_ms >= 0));
        }
        if !self.running() {
            self.pods.remove(uid);
        } else if self.pods.len() > MOST_TRACKS {
            let first = self.pods.iter().filter_map(|(uid, pod)| Some((pod.gone?, uid.clone()))).min();
            if let Some((_, uid)) = first {
                self.pods.remove(&uid);
            }
        }
    }

    /// An event told of a pull; `event` is its name.
    pub(crate) fn pulled(&mut self, event: &str, at: Option<UnixMillis>, pull: &Pull) {
        if pull.took_ms < SHORTEST_PULL_MS || self.pulls.iter().any(|known| known.event == event) {
            return;
        }
        // A list comes in the order of names.
        let after = self.pulls.iter().rposition(|known| known.at <= at).map_or(0, |index| index + 1);
        let record = PullRecord { event: event.to_owned(), at, pod: pull.pod.clone(), took_ms: pull.took_ms };
        self.pulls.insert(after, record);
        if self.pulls.len() > KEPT_TIMINGS {
            self.pulls.pop_front();
        }
    }

    /// The timings so far.
    pub(crate) fn timings(&self) -> ObservedTimings {
        let pull_of = |pod: &str| self.pulls.iter().filter(|pull| pull.pod == pod).map(|pull| pull.took_ms).max();
        let without_pull = |startup: &Startup| (startup.took_ms - pull_of(&startup.pod).unwrap_or(0)).max(0);
        ObservedTimings {
            startup_ms: self.startups.iter().map(without_pull).collect(),
            termination_ms: self.termination_ms.iter().copied().collect(),
            pull_ms: self.pulls.iter().map(|pull| pull.took_ms).collect(),
        }
    }

    /// The hop that runs or was last seen. `unobserved`: since when the pods are not observed.
    pub(crate) fn observed(&self, now: UnixMillis, unobserved: Option<UnixMillis>) -> Option<ObservedHop> {
        let hop = self.hop.as_ref()?;
        let film = match &hop.ended {
            Some((_, film)) => film.clone(),
            None => self.film(now, unobserved)?,
        };
        let since_start = |moment: UnixMillis| moment.since(hop.started_at);
        Some(ObservedHop {
            from: hop.from.clone(),
            to: hop.to.clone(),
            started_at: hop.started_at,
            start_seen: hop.start_seen,
            settled_ms: hop.settled_at.map(since_start),
            finished_ms: hop.ended.as_ref().map(|(at, _)| since_start(*at)),
            images: hop.images.clone().unwrap_or(Reading::Missing),
            film,
        })
    }

    fn film(&self, now: UnixMillis, unobserved: Option<UnixMillis>) -> Option<Film> {
        let hop = self.hop.as_ref()?;
        let ms = |moment: UnixMillis| moment.since(hop.started_at);
        let mut records: Vec<&PodRecord> = self.pods.values().collect();
        records.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
        let mut revisions: Vec<Revision> = Vec::new();
        let mut pods = Vec::with_capacity(records.len());
        for record in records {
            let revision = revisions.iter().position(|revision| revision.key == record.hash).unwrap_or_else(|| {
                revisions.push(Revision {
                    key: record.hash.clone(),
                    version: record.version.as_ref().and_then(|version| version.parsed().ok()),
                    side: if record.version.as_ref() == Some(&hop.to) { Side::New } else { Side::Old },
                });
                revisions.len() - 1
            });
            pods.push(PodTrack {
                name: record.name.clone(),
                revision,
                created_ms: ms(record.created),
                bound_ms: record.bound.map(|(bound, _)| ms(bound)),
                ready: record
                    .ready
                    .iter()
                    .map(|(from, to)| OpenSpan { from_ms: ms(*from), to_ms: to.map(ms) })
                    .collect(),
                terminating_ms: record.terminating.map(ms),
                gone_ms: record.gone.map(ms),
            });
        }
        let open_gap = unobserved.map(|since| (since.max(hop.started_at), now)).filter(|(from, to)| from < to);
        let gaps = hop.gaps.iter().copied().chain(open_gap);
        let gaps = gaps.map(|(from, to)| Span { from_ms: ms(from), to_ms: ms(to) }).collect();
        Some(Film { revisions, pods, gaps, until_ms: ms(now) })
    }
}

fn keep<T>(timings: &mut VecDeque<T>, timing: Option<T>) {
    let Some(timing) = timing else { return };
    if timings.len() == KEPT_TIMINGS {
        timings.pop_front();
    }
    timings.push_back(timing);
}
