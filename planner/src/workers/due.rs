//! What holds each step of a path back.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::gates::Gate;
use super::path::PathStep;
use crate::finding::Finding;

/// A step of a path, and why it cannot begin yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DueStep {
    /// The step.
    pub step: PathStep,
    /// Everything that holds it back; empty if it may begin now.
    pub not_yet: Vec<NotYet>,
}

/// Why a step cannot begin yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NotYet {
    /// The step before it comes first.
    After(Box<PathStep>),
    /// Something stands against any change of the control plane.
    Blocked(Finding),
    /// A gate before the workers is not open.
    Gate(Gate),
}

/// Says of each step what holds it back: of the first what stands against it now, of every other the step before it.
///
/// `standing` is what speaks against a change of the control plane ([`crate::next::standing_findings`]), `gates` are those of the
/// workers' next step ([`super::gates()`]).
pub fn due(steps: Vec<PathStep>, standing: &[Finding], gates: &[Gate]) -> Vec<DueStep> {
    let before = std::iter::once(None).chain(steps.clone().into_iter().map(Some));
    before
        .zip(steps)
        .map(|(before, step)| {
            let not_yet = match (before, &step) {
                (Some(before), _) => vec![NotYet::After(Box::new(before))],
                (None, PathStep::ControlPlane { .. }) => {
                    standing.iter().filter(|finding| finding.blocks()).cloned().map(NotYet::Blocked).collect()
                }
                (None, PathStep::WorkerStop { .. } | PathStep::WorkersLast { .. }) => {
                    gates.iter().filter(|gate| !gate.is_open()).cloned().map(NotYet::Gate).collect()
                }
            };
            DueStep { step, not_yet }
        })
        .collect()
}

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(step) => write!(f, "This comes first: {step}"),
            Self::Blocked(finding) => finding.fmt(f),
            Self::Gate(gate) => write!(f, "{} It is {}", gate.subject, gate.state),
        }
    }
}
