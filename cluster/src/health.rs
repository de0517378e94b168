//! Whether what the console shows is current, per kind.

use planner::time::UnixMillis;

use crate::resources::ObjectKind;
use crate::scope::{Scope, Watch};

/// The state of everything the console observes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// One entry per watch, in the order of [`ObjectKind::ALL`].
    pub watches: Vec<WatchHealth>,
    /// Objects that belong to no tenant and could not be read, in words; the newest 20.
    pub problems: Vec<String>,
    /// Where it comes from.
    pub source: Source,
}

/// The state of one watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchHealth {
    /// What is watched, and where.
    pub watch: Watch,
    /// How it is.
    pub state: WatchState,
}

/// How a watch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchState {
    /// The first list has not come back yet.
    Waiting {
        /// Since when.
        since: UnixMillis,
        /// What went wrong so far, in the API server's or the network's words.
        why: Option<String>,
    },
    /// Connected.
    Live {
        /// Since when.
        since: UnixMillis,
    },
    /// It was connected once and is lost now; what is shown is from before.
    Broken {
        /// Since when.
        since: UnixMillis,
        /// Why.
        why: String,
    },
    /// The management cluster does not have this kind, and nobody needs it.
    NotServed {
        /// Since when.
        since: UnixMillis,
    },
    /// The API server refuses it; its words.
    Forbidden {
        /// Since when.
        since: UnixMillis,
        /// The API server's words.
        words: String,
    },
}

/// Where the observations come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A management cluster.
    Cluster,
    /// A recording that is being played.
    Recording(Playback),
}

/// How far a recording has been played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playback {
    /// Its name.
    pub name: String,
    /// How much faster than it was recorded.
    pub speed: u32,
    /// Up to here (ms of the recording).
    pub at_ms: i64,
    /// Its length (ms).
    pub length_ms: i64,
    /// What was last done by hand at that time, in the recorder's words.
    pub mark: Option<String>,
}

impl Health {
    /// Every watch of a scope, waiting for its first list since `now`.
    pub(crate) fn waiting(scope: &Scope, now: UnixMillis, source: Source) -> Self {
        let watches = ObjectKind::ALL.into_iter().flat_map(|kind| scope.watches_on(kind));
        let state = WatchState::Waiting { since: now, why: None };
        let watches = watches.map(|watch| WatchHealth { watch, state: state.clone() }).collect();
        Self { watches, problems: Vec::new(), source }
    }

    /// Whether the TenantControlPlanes were listed once wherever they may be listed, so that an empty fleet means that there
    /// are none there. If they may not be listed anywhere, there is no fleet at all.
    pub fn ready(&self) -> bool {
        let waits = |watch: &WatchHealth| matches!(watch.state, WatchState::Waiting { .. });
        self.on(ObjectKind::TenantControlPlane).all(|watch| !waits(watch))
            && self.on(ObjectKind::TenantControlPlane).any(|watch| !watch.is_forbidden())
    }

    /// The watches on TenantControlPlanes that are refused: what stands there is not shown.
    pub fn hidden(&self) -> impl Iterator<Item = &WatchHealth> {
        self.on(ObjectKind::TenantControlPlane).filter(|watch| watch.is_forbidden())
    }

    /// The watches on one kind.
    pub fn on(&self, kind: ObjectKind) -> impl Iterator<Item = &WatchHealth> {
        self.watches.iter().filter(move |watch| watch.watch.kind == kind)
    }

    /// Whether any watch on a kind has brought a list, however it is now.
    pub(crate) fn was_listed(&self, kind: ObjectKind) -> bool {
        self.on(kind).any(|watch| matches!(watch.state, WatchState::Live { .. } | WatchState::Broken { .. }))
    }

    /// The state of the watch that brings the objects of a kind in a namespace; `None` if nobody looks there.
    pub(crate) fn covering(&self, kind: ObjectKind, namespace: &str) -> Option<&WatchState> {
        self.on(kind).find(|watch| watch.watch.covers(namespace)).map(|watch| &watch.state)
    }

    /// Whether every watch that is served and allowed is connected.
    pub fn live(&self) -> bool {
        let rests = |state: &WatchState| matches!(state, WatchState::Forbidden { .. } | WatchState::NotServed { .. });
        self.watches.iter().all(|watch| rests(&watch.state) || matches!(watch.state, WatchState::Live { .. }))
    }

    /// The state of one watch; `None` if there is no such watch.
    pub fn state(&self, watch: impl Into<Watch>) -> Option<&WatchState> {
        let watch = watch.into();
        self.watches.iter().find(|known| known.watch == watch).map(|known| &known.state)
    }

    /// What is not as it should be, one sentence each; empty if everything is.
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences: Vec<String> = self.watches.iter().filter_map(WatchHealth::sentence).collect();
        if let Source::Recording(playback) = &self.source
            && playback.ended()
        {
            sentences.push(format!("The recording {} has ended; nothing will change any more.", playback.name));
        }
        sentences
    }
}

impl WatchHealth {
    fn is_forbidden(&self) -> bool {
        matches!(self.state, WatchState::Forbidden { .. })
    }

    /// What is not as it should be; `None` if everything is.
    pub fn sentence(&self) -> Option<String> {
        let watch = &self.watch;
        match &self.state {
            WatchState::Live { .. } | WatchState::NotServed { .. } | WatchState::Waiting { why: None, .. } => None,
            WatchState::Waiting { since, why: Some(why) } => {
                Some(format!("{watch} could not be listed yet, waiting since {since}: {why}"))
            }
            WatchState::Broken { since, why } => {
                Some(format!("The watch on {watch} is lost since {since}, what is shown is older: {why}"))
            }
            WatchState::Forbidden { words, .. } => Some(format!("{watch} may not be read: {words}")),
        }
    }
}

impl Playback {
    /// Whether it was played to its end.
    pub fn ended(&self) -> bool {
        self.at_ms >= self.length_ms
    }
}
