//! Tenants whose TenantControlPlane Cluster API writes: what its objects are like, and which of them to change.
//!
//! The Kamaji provider rewrites a TenantControlPlane from its KamajiControlPlane at every event, and with a managed topology
//! Cluster API rewrites that one from the Cluster. So a version is changed in exactly one object, and the others follow or wait
//! their turn: [`advise`] says which, in which order, with the patch ready. Nothing here writes.
//!
//! The rules are those of Cluster API 1.14 (topology controller, admission of Clusters, MachineDeployment and MachineSet
//! controllers) and of its Kamaji provider 0.20, read in their sources. Advice goes one minor at a time: whether a ClusterClass
//! lets a topology go further at once is not read, and Kamaji goes no further at once.

mod advice;
mod change;
mod machine_film;
mod objects;
mod refused;
mod remark;
mod rollout;
mod served;
mod step;
mod wait;

use std::fmt;

pub use self::advice::{Advice, Way, advise, proposed};
pub use self::change::{Change, ObjectRef};
pub use self::machine_film::{MachineFilm, MachineTimings, NoFilm, WHAT_A_MACHINE_FILM_LEAVES_OUT, observed_film};
pub use self::objects::{
    Cluster, ClusterApiFacts, ControlPlane, Machine, MachineCounts, MachineDeployment, MachinePool, MachineSet, Meta,
    Template, Topology, TopologyWorkers,
};
pub use self::refused::{Refused, WayBack};
pub use self::remark::Remark;
pub use self::rollout::{MachineStrategy, MachineStrategyError, SetSizes, plan_rollout};
pub use self::served::{Kind, Served, ServedKinds, served};
pub use self::step::{Step, StepKind, StepState};
pub use self::wait::Wait;
pub use crate::shell::Command;

use crate::tenant::DeclaredVersion;
use crate::version::KubernetesVersion;

/// A declared version as Cluster API and the provider read it: the leading `v` may be missing.
pub(crate) fn as_cluster_api_reads_it(declared: &DeclaredVersion) -> Option<KubernetesVersion> {
    let text = declared.0.trim();
    text.parse().or_else(|_| format!("v{text}").parse()).ok()
}

/// Names, one after another: `a`, `a and b`, `a, b and c`.
pub(crate) struct Names<'a, T>(pub(crate) &'a [T]);

impl<T: fmt::Display> fmt::Display for Names<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, name) in self.0.iter().enumerate() {
            match place {
                0 => write!(f, "{name}")?,
                _ if place + 1 == self.0.len() => write!(f, " and {name}")?,
                _ => write!(f, ", {name}")?,
            }
        }
        Ok(())
    }
}
