use std::fmt;

use serde::{Deserialize, Serialize};

use super::change::ObjectRef;
use super::{Names, as_cluster_api_reads_it};
use crate::finding::Finding;
use crate::tenant::DeclaredVersion;
use crate::version::KubernetesVersion;

/// What a step waits for. Its `Display` is a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Wait {
    /// An object has to come to a version first.
    For {
        /// Which one.
        object: ObjectRef,
        /// To which version.
        version: KubernetesVersion,
    },
    /// Kamaji would refuse the version, or what it says cannot be compared.
    Kamaji(Finding),
    /// Nothing is done with a paused object.
    Paused(ObjectRef),
    /// The object comes from Git or a chart: the change belongs there.
    FromGit {
        /// Which one.
        object: ObjectRef,
        /// Tool and object.
        tool: String,
    },
    /// An upgrade that was begun is not over.
    Upgrading {
        /// What is upgraded.
        object: ObjectRef,
        /// Wanted.
        version: DeclaredVersion,
    },
    /// The admission of Clusters takes no new version while workers are not at the topology's.
    WorkersBehind {
        /// The objects.
        objects: Vec<ObjectRef>,
        /// The topology's version.
        version: DeclaredVersion,
    },
    /// Workers would be too old for the version, or have one that cannot be read.
    TooOld {
        /// Which ones.
        object: ObjectRef,
        /// What they have.
        version: DeclaredVersion,
        /// Wanted.
        wanted: KubernetesVersion,
    },
    /// A topology's version is never lowered.
    Lower {
        /// What it has.
        from: KubernetesVersion,
        /// Wanted.
        to: KubernetesVersion,
    },
    /// Kamaji refused the version.
    Refused(ObjectRef),
    /// The topology defers the upgrade of this one.
    Deferred {
        /// The topology's name for it.
        workers: String,
    },
    /// The topology holds the upgrade of this one and all after it.
    Held {
        /// The entry that holds.
        by: String,
    },
    /// Cluster API says why, in its own words.
    Reported {
        /// Whose condition.
        object: ObjectRef,
        /// Its words.
        words: String,
    },
    /// Something that decides was not read.
    Unread {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

/// The annotation that defers one entry of a topology's workers.
pub(super) const DEFER: &str = "topology.cluster.x-k8s.io/defer-upgrade";
/// The annotation that holds it and every later one.
pub(super) const HOLD: &str = "topology.cluster.x-k8s.io/hold-upgrade-sequence";

impl Wait {
    /// What to do about it; `None` where it passes by itself, or its sentence says it.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Kamaji(finding) => finding.remedy.clone(),
            Self::Paused(object) => {
                Some(format!("Resume {object}: spec.paused and the annotation cluster.x-k8s.io/paused pause it."))
            }
            Self::WorkersBehind { .. } => Some(format!(
                "Let the workers follow first. What is deferred follows when the annotation {DEFER} or {HOLD} is removed."
            )),
            Self::TooOld { object, .. } => Some(format!("Bring {object} closer first.")),
            Self::Deferred { workers } => {
                Some(format!("Remove the annotation {DEFER} of {workers} in spec.topology.workers of the Cluster."))
            }
            Self::Held { by } => {
                Some(format!("Remove the annotation {HOLD} of {by} in spec.topology.workers of the Cluster."))
            }
            Self::Refused(_) => Some("The page of the tenant's workers tells the way back.".to_owned()),
            Self::Unread { .. } => Some("Read it again, or ask for the right to read it.".to_owned()),
            Self::For { .. }
            | Self::FromGit { .. }
            | Self::Upgrading { .. }
            | Self::Lower { .. }
            | Self::Reported { .. } => None,
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For { object, version } => write!(f, "{object} has to reach {version} first."),
            Self::Kamaji(finding) => finding.fmt(f),
            Self::Paused(object) => write!(f, "{object} is paused: Cluster API does nothing with it."),
            Self::FromGit { object, tool } => {
                write!(f, "{object} comes from {tool}: make the change there, or it will be reverted.")
            }
            Self::Upgrading { object, version } => write!(f, "{object} is still on its way to {version}."),
            Self::WorkersBehind { objects, version } => {
                let verb = if objects.len() == 1 { "is" } else { "are" };
                write!(
                    f,
                    "{} {verb} not at {version} yet, and Cluster API takes no other version of the topology until then.",
                    Names(objects)
                )
            }
            Self::TooOld { object, version, wanted } if as_cluster_api_reads_it(version).is_none() => write!(
                f,
                "{object} has {version}, which is no version: whether a control plane of {wanted} leaves it behind is not known."
            ),
            Self::TooOld { object, version, wanted } => {
                write!(f, "{object} has {version}, which is too old for a control plane of {wanted}.")
            }
            Self::Lower { from, to } => {
                write!(f, "Cluster API never lowers the version of a topology: {to} is older than {from}.")
            }
            Self::Refused(object) => write!(f, "Kamaji refused the version that {object} asks for."),
            Self::Deferred { workers } => write!(f, "The topology defers the upgrade of {workers}."),
            Self::Held { by } => write!(f, "The topology holds the upgrade of {by} and of everything after it."),
            Self::Reported { object, words } => write!(f, "{object} reports: {words}"),
            Self::Unread { what, why } => write!(f, "Not known: {what} could not be read ({why})."),
        }
    }
}
