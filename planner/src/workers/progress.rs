//! How far the workers are, and where one of them stands: both from what the nodes themselves report.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::drain::DrainReport;
use super::node::{Cordon, NodeFacts, Readiness};
use super::skew::{Serving, is_left_behind};
use crate::version::{KubernetesVersion, Minor};

/// How far the workers of a tenant are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// What they are to run.
    pub target: KubernetesVersion,
    /// How many there are.
    pub total: usize,
    /// How many of them run it, are ready and take pods.
    pub done: usize,
    /// The oldest kubelet that can be read.
    pub oldest: Option<KubernetesVersion>,
    /// Of how many the version cannot be read.
    pub unreadable: usize,
}

/// Whether the control plane may take the next minor as far as the kubelets go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NextMinor {
    /// That minor.
    pub minor: Minor,
    /// Names of the nodes that it would leave too far behind, or whose version cannot be read.
    pub waits_for: Vec<String>,
    /// Names of the nodes whose kubelets would still be newer than it.
    pub ahead: Vec<String>,
}

/// What is observed of one node's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Milestone {
    /// It takes no new pods.
    Cordoned,
    /// The pods that a drain evicts are gone.
    Drained,
    /// Its kubelet reports the version.
    Version,
    /// It is ready again.
    Ready,
    /// It takes pods again.
    Uncordoned,
}

/// Whether a milestone is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reached {
    /// Seen.
    Yes,
    /// It comes next.
    Next,
    /// Later.
    Later,
    /// Nobody saw it, and what the node reports now does not tell.
    NotKnown,
}

/// Counts the workers that are done.
pub fn progress(nodes: &[NodeFacts], target: &KubernetesVersion) -> Progress {
    let versions: Vec<KubernetesVersion> = nodes.iter().filter_map(|node| node.kubelet.parsed().ok()).collect();
    Progress {
        target: target.clone(),
        total: nodes.len(),
        done: nodes.iter().filter(|node| is_done(node, target)).count(),
        unreadable: nodes.len() - versions.len(),
        oldest: versions.into_iter().min(),
    }
}

/// Whether a node runs the version, is ready, and takes pods.
pub fn is_done(node: &NodeFacts, target: &KubernetesVersion) -> bool {
    runs(node, target) && node.readiness == Readiness::Ready && node.cordon == Cordon::Schedulable
}

/// Whether the pods of a node are on their way out, or about to be: it takes no new ones and has the version still before it. A node
/// whose version cannot be read is said nothing of.
pub fn is_draining(node: &NodeFacts, target: &KubernetesVersion) -> bool {
    node.cordon != Cordon::Schedulable && node.kubelet.parsed().is_ok_and(|version| version < *target)
}

fn runs(node: &NodeFacts, target: &KubernetesVersion) -> bool {
    node.kubelet.parsed().is_ok_and(|version| version >= *target)
}

/// What the next minor of the control plane waits for, by version skew alone.
///
/// While the API servers are replaced both minors serve, so no kubelet may be too old for the newer one. A kubelet that has the
/// newer minor already is put right by the hop.
pub fn next_minor(nodes: &[NodeFacts], serving: Minor) -> NextMinor {
    let minor = Minor { minor: serving.minor + 1, ..serving };
    let both = Serving::both(serving, minor).unwrap_or(Serving::only(minor));
    let line = |node: &NodeFacts| node.kubelet.parsed().ok().map(|version| version.minor());
    let named = |meant: &dyn Fn(Option<Minor>) -> bool| {
        nodes.iter().filter(|node| meant(line(node))).map(|node| node.name.clone()).collect()
    };
    NextMinor {
        minor,
        waits_for: named(&|line| is_left_behind(line, both)),
        ahead: named(&|line| line.is_some_and(|line| line > minor)),
    }
}

/// Where a node stands on its way, milestone by milestone. `drain`: what a drain would still meet, if that was read.
pub fn milestones(
    node: &NodeFacts,
    target: &KubernetesVersion,
    drain: Option<&DrainReport>,
) -> [(Milestone, Reached); 5] {
    let cordoned = node.cordon != Cordon::Schedulable;
    let ready = node.readiness == Readiness::Ready;
    let reached = if runs(node, target) {
        let ready_again = if ready { Reached::Yes } else { Reached::Next };
        let uncordoned = match (ready, cordoned) {
            (true, false) => Reached::Yes,
            (true, true) => Reached::Next,
            (false, _) => Reached::Later,
        };
        // The version says nothing of how it came there: a kubelet can be upgraded on a node that is full of pods.
        let was_cordoned = if cordoned { Reached::Yes } else { Reached::NotKnown };
        [was_cordoned, Reached::NotKnown, Reached::Yes, ready_again, uncordoned]
    } else if cordoned {
        let (drained, version) = match drain.map(|report| report.evicted) {
            Some(0) => (Reached::Yes, Reached::Next),
            Some(_) => (Reached::Next, Reached::Later),
            None => (Reached::NotKnown, Reached::Later),
        };
        [Reached::Yes, drained, version, Reached::Later, Reached::Later]
    } else {
        [Reached::Next, Reached::Later, Reached::Later, Reached::Later, Reached::Later]
    };
    let all = [Milestone::Cordoned, Milestone::Drained, Milestone::Version, Milestone::Ready, Milestone::Uncordoned];
    std::array::from_fn(|index| (all[index], reached[index]))
}

impl Progress {
    /// Whether every worker is done. A tenant without workers has nothing to wait for.
    pub fn is_finished(&self) -> bool {
        self.done == self.total
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, total, done, oldest, unreadable } = self;
        match (total, done) {
            (0, _) => return f.write_str("There is no worker."),
            (1, 1) => write!(f, "The one worker runs {target}."),
            (total, done) if total == done => write!(f, "All {total} workers run {target}."),
            (total, done) => write!(f, "{done} of {total} workers run {target}, are ready and take pods."),
        }?;
        if let Some(oldest) = oldest.as_ref().filter(|oldest| *oldest < target) {
            write!(f, " The oldest kubelet is {oldest}.")?;
        }
        match unreadable {
            0 => Ok(()),
            1 => f.write_str(" The version of one cannot be read."),
            many => write!(f, " The versions of {many} cannot be read."),
        }
    }
}

impl fmt::Display for NextMinor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { minor, waits_for, ahead } = self;
        match &waits_for[..] {
            [] if ahead.is_empty() => {
                return write!(f, "As far as the kubelets go, the control plane may take {minor} next.");
            }
            [] => {}
            [one] => write!(f, "Before the control plane takes {minor}, {one} must follow.")?,
            [first, rest @ ..] => {
                write!(f, "Before the control plane takes {minor}, {first} and {} more must follow.", rest.len())?;
            }
        }
        let (who, are) = match &ahead[..] {
            [] => return Ok(()),
            [one] => (one.clone(), "is"),
            [first, rest @ ..] => (format!("{first} and {} more", rest.len()), "are"),
        };
        let space = if waits_for.is_empty() { "" } else { " " };
        write!(f, "{space}{who} {are} newer than {minor}, and a kubelet must not be newer than the control plane.")
    }
}

impl fmt::Display for Milestone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cordoned => "Cordoned",
            Self::Drained => "Drained",
            Self::Version => "New kubelet",
            Self::Ready => "Ready",
            Self::Uncordoned => "Takes pods",
        })
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "done",
            Self::Next => "next",
            Self::Later => "later",
            Self::NotKnown => "not seen",
        })
    }
}
