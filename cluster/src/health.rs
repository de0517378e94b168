//! Whether what the console shows is current, per kind.

use planner::time::UnixMillis;

use crate::resources::ObjectKind;

/// The state of everything the console observes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// One entry per kind, in the order of [`ObjectKind::ALL`].
    pub watches: Vec<WatchHealth>,
    /// Objects that belong to no tenant and could not be read, in words; the newest 20.
    pub problems: Vec<String>,
    /// Where it comes from.
    pub source: Source,
}

/// The state of one watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchHealth {
    /// What is watched.
    pub kind: ObjectKind,
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
    /// Whether the TenantControlPlanes were listed once, so that an empty fleet means that there are none.
    pub fn ready(&self) -> bool {
        !matches!(self.state(ObjectKind::TenantControlPlane), WatchState::Waiting { .. } | WatchState::Forbidden { .. })
    }

    /// Whether every watch that is allowed is connected.
    pub fn live(&self) -> bool {
        self.watches.iter().all(|watch| matches!(watch.state, WatchState::Live { .. } | WatchState::Forbidden { .. }))
    }

    /// The state of one watch.
    pub fn state(&self, kind: ObjectKind) -> &WatchState {
        &self.watches[kind as usize].state
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
    fn sentence(&self) -> Option<String> {
        let kind = self.kind;
        match &self.state {
            WatchState::Live { .. } | WatchState::Waiting { why: None, .. } => None,
            WatchState::Waiting { since, why: Some(why) } => {
                Some(format!("{kind}s could not be listed yet, waiting since {since}: {why}"))
            }
            WatchState::Broken { since, why } => {
                Some(format!("The watch on {kind}s is lost since {since}, what is shown is older: {why}"))
            }
            WatchState::Forbidden { words, .. } => Some(format!("{kind}s may not be read: {words}")),
        }
    }
}

impl Playback {
    /// Whether it was played to its end.
    pub fn ended(&self) -> bool {
        self.at_ms >= self.length_ms
    }
}
