use std::fmt;

use serde::{Deserialize, Serialize};

use super::change::{Change, ObjectRef};
use super::objects::MachineCounts;
use super::rollout::{MachineStrategy, MachineStrategyError};
use super::wait::Wait;
use crate::version::KubernetesVersion;

/// One step of an upgrade, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// Where it stands.
    pub state: StepState,
    /// The change that a person makes; `None` where Cluster API makes it, or it is made already.
    pub change: Option<Change>,
    /// The same without a new infrastructure template: for templates whose image serves any version.
    pub without_template: Option<Change>,
}

/// What a step is. Its `Display` is a sentence; [`StepKind::consequence`] is another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StepKind {
    /// A person changes the version of the topology: the one field.
    SetTopology {
        /// The Cluster.
        cluster: ObjectRef,
    },
    /// A person changes the version of the KamajiControlPlane.
    SetControlPlane {
        /// The KamajiControlPlane.
        control_plane: ObjectRef,
    },
    /// The control plane gets there.
    ControlPlaneFollows {
        /// The KamajiControlPlane.
        control_plane: ObjectRef,
    },
    /// A person changes the version and the infrastructure template of workers.
    SetWorkers {
        /// The MachineDeployment or MachinePool.
        workers: ObjectRef,
        /// How its Machines are replaced.
        pace: Pace,
    },
    /// Cluster API changes workers of a topology.
    WorkersFollow {
        /// The MachineDeployment or MachinePool.
        workers: ObjectRef,
        /// How its Machines are replaced.
        pace: Pace,
    },
}

/// How workers are replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Pace {
    /// By a MachineDeployment.
    Machines {
        /// How many there are.
        replicas: u32,
        /// By which strategy.
        strategy: Result<MachineStrategy, MachineStrategyError>,
    },
    /// By the infrastructure, as it sees fit.
    Infrastructure,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StepState {
    /// It is done.
    Done,
    /// It can be done now.
    Next,
    /// It is being done.
    Underway(MachineCounts),
    /// It waits: everything that it waits for, the nearest first.
    Waits(Vec<Wait>),
}

impl Step {
    pub(super) fn new(kind: StepKind, state: StepState, change: Option<Change>) -> Self {
        let change = change.filter(|_| matches!(state, StepState::Next | StepState::Waits(_)));
        Self { kind, state, change, without_template: None }
    }
}

impl StepKind {
    /// The object that gets the version.
    pub fn object(&self) -> &ObjectRef {
        match self {
            Self::SetTopology { cluster } => cluster,
            Self::SetControlPlane { control_plane } | Self::ControlPlaneFollows { control_plane } => control_plane,
            Self::SetWorkers { workers, .. } | Self::WorkersFollow { workers, .. } => workers,
        }
    }

    /// Whether a person makes it.
    pub fn is_a_persons(&self) -> bool {
        matches!(self, Self::SetTopology { .. } | Self::SetControlPlane { .. } | Self::SetWorkers { .. })
    }

    /// What happens then.
    pub fn consequence(&self, to: &KubernetesVersion) -> String {
        match self {
            Self::SetTopology { .. } => format!(
                "Cluster API gives {to} to the KamajiControlPlane, and when that has it, to the workers: MachineDeployments one \
                 after another in the order of the topology, then MachinePools. Nothing else is to be changed."
            ),
            Self::SetControlPlane { .. } => format!(
                "The provider writes {to} into the TenantControlPlane, and Kamaji replaces the pods. The Machines keep their \
                 version until their own turn."
            ),
            Self::ControlPlaneFollows { control_plane } => format!(
                "{control_plane} reports {to} in status.version when Kamaji has recorded it. Until then it may call itself ready."
            ),
            Self::SetWorkers { pace, .. } | Self::WorkersFollow { pace, .. } => pace.to_string(),
        }
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetTopology { cluster } => write!(f, "Change the version of the topology in {cluster}."),
            Self::SetControlPlane { control_plane } => write!(f, "Change the version in {control_plane}."),
            Self::ControlPlaneFollows { control_plane } => write!(f, "{control_plane} reaches the version."),
            Self::SetWorkers { workers, .. } => {
                write!(f, "Change the version in {workers}, with an infrastructure template whose image suits it.")
            }
            Self::WorkersFollow { workers, .. } => write!(f, "Cluster API changes {workers}."),
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machines { replicas: 0, .. } => f.write_str("It has no Machine: nothing is replaced."),
            Self::Machines { replicas, strategy: Ok(MachineStrategy::Rolling(strategy)) } => {
                let limits = strategy.limits(*replicas);
                write!(
                    f,
                    "Its {} replaced by new ones, {strategy}: never more than {} at once, those being deleted included, and at \
                     least {} available. Each old one is drained first.",
                    if *replicas == 1 { "Machine is".to_owned() } else { format!("{replicas} Machines are") },
                    u64::from(*replicas) + u64::from(limits.max_surge),
                    limits.min_available
                )
            }
            Self::Machines { strategy: Ok(MachineStrategy::OnDelete), .. } => {
                f.write_str("Nothing by itself: with OnDelete a Machine is replaced when somebody deletes it.")
            }
            Self::Machines { strategy: Err(error), .. } => write!(f, "Nothing: its strategy cannot be used ({error})."),
            Self::Infrastructure => f.write_str("The infrastructure replaces its machines in its own way."),
        }
    }
}

impl fmt::Display for StepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("Done."),
            Self::Next => f.write_str("Next."),
            Self::Underway(MachineCounts { up_to_date: Some(new), replicas: Some(all), .. }) => {
                write!(f, "Under way: {new} of {all} have the new template.")
            }
            Self::Underway(_) => f.write_str("Under way."),
            Self::Waits(waits) => {
                for (place, wait) in waits.iter().enumerate() {
                    write!(f, "{}{wait}", if place == 0 { "Waits. " } else { " " })?;
                }
                Ok(())
            }
        }
    }
}
