//! Whether the pods of a rollout find room, in one word and in sentences.

use std::fmt;

use super::autoscaler::NodesWanted;
use super::blocked::Blocked;
use super::feature::Feature;
use super::limit_range::LimitRangeRefusal;
use super::quota::QuotaRefusal;
use super::search::MAX_STATES;
use crate::strategy::Strategy;

/// Whether the new pods of a rollout find room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Each finds room when it is created, whatever the scheduler chooses.
    Fits {
        /// Pods more than today that hold room at the same time.
        more: u32,
    },
    /// Some may have to wait until an old pod is gone, but the rollout gets through, whatever the scheduler chooses.
    FitsInTurn {
        /// The moment of the film (ms) from which on the film may not hold, because a pod may have to wait.
        at_ms: i64,
        /// Where one waits for the first time.
        waits: Option<Blocked>,
        /// What an autoscaler would be asked for, if there is one.
        autoscaler: Option<NodesWanted>,
    },
    /// The rollout gets stuck, whatever the scheduler chooses.
    DoesNotFit {
        /// The moment of the film (ms) from which on the film may not hold, because a pod may have to wait.
        at_ms: i64,
        /// Where it ends.
        stuck: Blocked,
        /// What an autoscaler would be asked for, if there is one.
        autoscaler: Option<NodesWanted>,
    },
    /// Whether it gets through depends on which of the fitting nodes the scheduler chooses.
    Depends {
        /// The moment of the film (ms) from which on the film may not hold, because a pod may have to wait.
        at_ms: i64,
        /// New pods that have a node in the end: fewest.
        least: u32,
        /// New pods that have a node in the end: most.
        most: u32,
        /// New pods that are wanted.
        wanted: u32,
    },
    /// The API server would not create such pods at all.
    Refused(Vec<Refusal>),
    /// It cannot be told.
    Unknown(Vec<Unknown>),
}

/// Why the API server would refuse to create a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A LimitRange.
    LimitRange(LimitRangeRefusal),
    /// A ResourceQuota, whatever is left of it.
    Quota(QuotaRefusal),
}

/// Why a verdict cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unknown {
    /// Something decides that is not simulated.
    NotSimulated(Feature),
    /// There are more than [`MAX_STATES`] ways.
    TooManyStates,
}

/// A strategy that fits where the chosen one does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The strategy.
    pub strategy: Strategy,
    /// [`Verdict::Fits`] or [`Verdict::FitsInTurn`].
    pub verdict: Verdict,
}

impl Verdict {
    /// Whether the rollout gets through, whatever the scheduler chooses.
    pub fn gets_through(&self) -> bool {
        matches!(self, Self::Fits { .. } | Self::FitsInTurn { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fits { more: 0 } => f.write_str("Fits: at no moment are more pods needed than today."),
            Self::Fits { more: 1 } => f.write_str("Fits: the 1 additional pod finds room at once."),
            Self::Fits { more } => write!(f, "Fits: all {more} additional pods find room at once."),
            Self::FitsInTurn { waits: Some(waits), autoscaler, .. } => {
                write!(f, "Fits in turn: {} ", Found(waits))?;
                write!(f, "at once, but what waits gets its place once old pods are gone ({}).", waits.by)?;
                asks(f, autoscaler.as_ref())
            }
            Self::FitsInTurn { waits: None, autoscaler, .. } => {
                f.write_str("Fits in turn: a new pod may have to wait until an old one is gone.")?;
                asks(f, autoscaler.as_ref())
            }
            Self::DoesNotFit { stuck, autoscaler, .. } => {
                write!(f, "Does not fit: {}, and then it gets stuck ({}).", Found(stuck), stuck.by)?;
                asks(f, autoscaler.as_ref())
            }
            Self::Depends { least, most, wanted, .. } => {
                write!(
                    f,
                    "Depends on which nodes the scheduler takes: in the end {least} to {most} of {wanted} new pods "
                )?;
                f.write_str("have a node.")
            }
            Self::Refused(refusals) => {
                let refusals: Vec<String> = refusals.iter().map(Refusal::to_string).collect();
                write!(f, "The new pods would be refused: {}.", refusals.join("; "))
            }
            Self::Unknown(unknown) => {
                let unknown: Vec<String> = unknown.iter().map(Unknown::to_string).collect();
                write!(f, "Not known: {}.", unknown.join("; "))
            }
        }
    }
}

fn asks(f: &mut fmt::Formatter<'_>, autoscaler: Option<&NodesWanted>) -> fmt::Result {
    autoscaler.map_or(Ok(()), |nodes| {
        let sentence = nodes.to_string();
        write!(f, " A{}.", &sentence[1..])
    })
}

/// How many found room.
struct Found<'b>(&'b Blocked);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Blocked { placed, wanted, .. } = self.0;
        match placed {
            0 if *wanted == 1 => f.write_str("the new pod finds no room"),
            0 => write!(f, "none of {wanted} new pods finds room"),
            1 => write!(f, "1 of {wanted} new pods finds room"),
            placed => write!(f, "{placed} of {wanted} new pods find room"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LimitRange(refusal) => write!(f, "{refusal}"),
            Self::Quota(refusal) => write!(f, "{refusal}"),
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSimulated(Feature::Unreadable(what)) => write!(f, "{what} could not be read"),
            Self::NotSimulated(feature) => write!(f, "{feature} is not simulated"),
            Self::TooManyStates => write!(f, "there are more than {MAX_STATES} ways in which pods could be placed"),
        }
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "With {}: {}", self.strategy, self.verdict)
    }
}
