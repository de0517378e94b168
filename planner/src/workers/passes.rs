//! How a node gets from one version to another with kubeadm: one minor at a time.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::skew::kubelet_reach;
use crate::hop::HopKind;
use crate::releases::ReleaseTable;
use crate::version::{KubernetesVersion, Minor};

/// The first line whose packages stand in the community's repositories (pkgs.k8s.io); those before it are gone.
const FIRST_PACKAGED: Minor = Minor { major: 1, minor: 24 };

/// One use of kubeadm on a node, with the kubelet that follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pass {
    /// What the kubelet has before.
    pub from: KubernetesVersion,
    /// What it has after.
    pub to: KubernetesVersion,
}

/// A way to bring a node to a version, with what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum WayUp {
    /// kubeadm in place, pass by pass.
    Passes {
        /// How many, and so how often the node is drained.
        passes: usize,
    },
    /// Drained once, reset and joined again with the wanted version.
    ResetAndRejoin,
    /// A new machine joins with the wanted version; the old one is drained once and removed.
    Replace,
}

/// Why there are no passes from one version to another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PassesError {
    /// Nothing to do.
    #[error("the node is to be upgraded from {0} to {0}; that is no upgrade")]
    SameVersion(KubernetesVersion),
    /// Backwards.
    #[error(
        "{to} is older than {from}: a kubelet is not brought back to an older version; drain the node, reset it and join it again"
    )]
    Downgrade {
        /// What runs.
        from: KubernetesVersion,
        /// Wanted.
        to: KubernetesVersion,
    },
    /// An alpha, beta or release candidate.
    #[error("{0} is a pre-release; the stable package repositories do not hold it")]
    PreRelease(KubernetesVersion),
    /// Kubernetes 2.
    #[error("from {from} to {to} the major version changes; no rule of kubeadm speaks of that")]
    OtherMajor {
        /// What runs.
        from: KubernetesVersion,
        /// Wanted.
        to: KubernetesVersion,
    },
    /// No packages any more.
    #[error("{0} is older than 1.24, the first minor in the package repositories of pkgs.k8s.io")]
    NotPackaged(KubernetesVersion),
    /// The control plane cannot have the wanted version while the node has this one.
    #[error(
        "from {from} to {to} is more than {limit} minors: while a kubelet runs {from} the control plane may be at most at {furthest}, \
         so bring the node to {furthest} first, then the control plane on"
    )]
    OutOfReach {
        /// What runs.
        from: KubernetesVersion,
        /// Wanted.
        to: KubernetesVersion,
        /// Minors that a kubelet may be behind.
        limit: u64,
        /// The newest line that the control plane may have.
        furthest: Minor,
    },
    /// Between the two lies a line of which no patch is known.
    #[error(
        "from {from} to {to} a node passes through {minor}, of which the release table of {as_of} knows no version; \
         go to a version of {minor} first"
    )]
    UnknownBetween {
        /// What runs.
        from: KubernetesVersion,
        /// Wanted.
        to: KubernetesVersion,
        /// The line.
        minor: Minor,
        /// Age of the table.
        as_of: Date,
    },
}

impl Pass {
    /// Whether it changes the minor: only then the package repository changes, and the policy asks for a drain.
    pub fn kind(&self) -> HopKind {
        HopKind::between(self.from.minor(), self.to.minor())
    }
}

/// The passes from one version to another, oldest first. Lines between the two are passed through on their newest patch that
/// the table knows.
///
/// kubeadm may be used on a node if it has the minor of the kubeadm that was used before, or the next one
/// (kubeadm's version skew policy). A kubelet may be three minors behind, so a node can be legal and yet three passes away.
///
/// # Errors
/// If the step is none (same, back, a pre-release), or if the lines between cannot be passed through.
pub fn passes(
    from: &KubernetesVersion,
    to: &KubernetesVersion,
    releases: &ReleaseTable,
) -> Result<Vec<Pass>, PassesError> {
    if let Some(early) = [from, to].into_iter().find(|version| version.is_prerelease()) {
        return Err(PassesError::PreRelease(early.clone()));
    }
    if from == to {
        return Err(PassesError::SameVersion(to.clone()));
    }
    if to < from {
        return Err(PassesError::Downgrade { from: from.clone(), to: to.clone() });
    }
    let (first, last) = (from.minor(), to.minor());
    if first.major != last.major {
        return Err(PassesError::OtherMajor { from: from.clone(), to: to.clone() });
    }
    if last < FIRST_PACKAGED {
        return Err(PassesError::NotPackaged(to.clone()));
    }
    let limit = kubelet_reach(first);
    if last.minor - first.minor > limit {
        let furthest = Minor { minor: first.minor + limit, ..first };
        return Err(PassesError::OutOfReach { from: from.clone(), to: to.clone(), limit, furthest });
    }
    let mut stops = Vec::new();
    for minor in (first.minor + 1..last.minor).map(|minor| Minor { minor, ..first }) {
        if minor < FIRST_PACKAGED {
            return Err(PassesError::NotPackaged(KubernetesVersion::new(minor.major, minor.minor, 0)));
        }
        let Some(line) = releases.line(minor) else {
            let (from, to, as_of) = (from.clone(), to.clone(), releases.as_of);
            return Err(PassesError::UnknownBetween { from, to, minor, as_of });
        };
        stops.push(KubernetesVersion::new(minor.major, minor.minor, line.newest_patch));
    }
    stops.push(to.clone());
    let starts = std::iter::once(from.clone()).chain(stops.clone());
    Ok(starts.zip(stops).map(|(from, to)| Pass { from, to }).collect())
}

/// The ways to bring a node up by this many passes, the one in place first.
pub fn ways_up(passes: usize) -> Vec<WayUp> {
    vec![WayUp::Passes { passes }, WayUp::ResetAndRejoin, WayUp::Replace]
}

impl WayUp {
    /// How often the node is drained.
    pub fn drains(self) -> usize {
        match self {
            Self::Passes { passes } => passes,
            Self::ResetAndRejoin | Self::Replace => 1,
        }
    }
}

impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from, self.to)
    }
}

impl fmt::Display for WayUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passes { passes: 1 } => f.write_str("kubeadm in place, in one pass: one drain."),
            Self::Passes { passes } => write!(
                f,
                "kubeadm in place, one minor at a time: {passes} passes, {passes} drains. Done in one go the node stays cordoned between \
                 them, and its pods are evicted once; done on {passes} days they are evicted {passes} times."
            ),
            Self::ResetAndRejoin => f.write_str(
                "Drain, kubeadm reset, install the wanted version, kubeadm join: one drain. What stands on the node's disk for \
                 pods is lost, and a join token is needed.",
            ),
            Self::Replace => f.write_str(
                "A new machine joins with the wanted version, then the old one is drained and removed: one drain, and one \
                 machine more for that time.",
            ),
        }
    }
}
