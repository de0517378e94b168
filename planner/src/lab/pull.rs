//! What the pull of the wanted version's image adds to the start-ups, as far as nodes and earlier pulls tell.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::source::{Spread, within_bounds};
use super::verdict::seconds;
use super::{Extent, LabInput};
use crate::tenant::{ImagePresence, NodeImages, Reading};
use crate::version::KubernetesVersion;

/// What is known of the image that the new pods need. Its `Display` is a phrase for beside the control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PullSource {
    /// The nodes were read.
    Nodes {
        /// The wanted version.
        version: KubernetesVersion,
        /// Where its image is.
        presence: ImagePresence,
        /// How long earlier pulls took.
        pulls: Option<Spread>,
    },
    /// They were not, or nothing is wanted.
    NotKnown(PullUnknown),
}

/// Why it is not known whether there is a pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PullUnknown {
    /// No version is wanted.
    NoVersion,
    /// The nodes have not been listed yet.
    Waiting,
    /// No node is listed, or the image has a name that is not among those kept of nodes.
    NotTold,
    /// The API server refuses to show nodes.
    Forbidden,
}

impl LabInput {
    /// The same with what the pull adds, where some node lacks the image of the wanted version and earlier pulls were told of:
    /// typically their median, from the shortest to the longest. A pod that comes to a node with the image pulls nothing, so
    /// where there is such a node the least is nothing.
    ///
    /// `pull_ms`: the earlier pulls (ms).
    #[must_use]
    pub fn with_images(
        mut self,
        images: &Reading<NodeImages>,
        wanted: Option<&KubernetesVersion>,
        pull_ms: &[i64],
    ) -> (Self, PullSource) {
        let source = PullSource::of(images, wanted, pull_ms);
        let pull = source.pull();
        self.pull_ms = pull.map(|(typical_ms, _)| typical_ms);
        self.pull_extent_ms = pull.map(|(_, extent)| (extent.low, extent.high));
        (self, source)
    }
}

impl PullSource {
    fn of(images: &Reading<NodeImages>, wanted: Option<&KubernetesVersion>, pull_ms: &[i64]) -> Self {
        let Some(version) = wanted.cloned() else { return Self::NotKnown(PullUnknown::NoVersion) };
        match images {
            Reading::Read(images) => {
                let presence = images.presence(&version);
                Self::Nodes { version, presence, pulls: Spread::of(pull_ms) }
            }
            Reading::Missing => Self::NotKnown(PullUnknown::NotTold),
            Reading::Waiting => Self::NotKnown(PullUnknown::Waiting),
            Reading::Forbidden(_) => Self::NotKnown(PullUnknown::Forbidden),
        }
    }

    /// What it typically adds, and from where to where that goes (ms); `None` where it adds nothing, or how much is not known.
    fn pull(&self) -> Option<(i64, Extent<i64>)> {
        let Self::Nodes { presence, pulls: Some(pulls), .. } = self else { return None };
        if presence.everywhere() {
            return None;
        }
        let low = if presence.may_be_somewhere() { 0 } else { within_bounds(pulls.low_ms) };
        Some((within_bounds(pulls.typical_ms), Extent { low, high: within_bounds(pulls.high_ms) }))
    }
}

impl fmt::Display for PullSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, presence, pulls) = match self {
            Self::Nodes { version, presence, pulls } => (version, presence, pulls),
            Self::NotKnown(why) => return write!(f, "not known: {why}"),
        };
        let ImagePresence { listed, perhaps, nodes } = *presence;
        match nodes {
            0 => write!(f, "no node takes new pods, so whether the image of {version} is there is not known")?,
            1 if listed == 1 => return write!(f, "the image of {version} is on the only node"),
            _ if presence.everywhere() => return write!(f, "the image of {version} is on all {nodes} nodes"),
            _ => write!(f, "the image of {version} is on {listed} of {nodes} nodes")?,
        }
        if perhaps > 0 {
            write!(f, ", perhaps on {perhaps} more whose lists are cut short or empty")?;
        }
        match pulls {
            None => f.write_str("; no pull was observed: add one to see its effect"),
            Some(Spread { samples: 1, typical_ms, .. }) => {
                write!(f, "; a pull took {} s on this tenant", seconds(*typical_ms))
            }
            Some(Spread { low_ms, typical_ms, high_ms, .. }) => write!(
                f,
                "; pulls took typically {} s ({} to {} s) on this tenant",
                seconds(*typical_ms),
                seconds(*low_ms),
                seconds(*high_ms)
            ),
        }
    }
}

impl fmt::Display for PullUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoVersion => "no version is chosen",
            Self::Waiting => "the nodes have not been listed yet",
            Self::NotTold => "the nodes tell nothing of this image",
            Self::Forbidden => "the nodes may not be read",
        })
    }
}
