//! The workers' side of an upgrade: what is due on each node, in which order, and what stands against it.
//!
//! A tenant is finished only when its nodes run the wanted version too. Version skew says what a kubelet may be, kubeadm says
//! how it gets there; the two disagree, and the stricter one decides how often a node is drained.

pub use self::drain::{Budget, Controller, DrainRemark, DrainReport, LocalStorage, PodOnNode, PodPhase, drain_report};
pub use self::due::{DueStep, NotYet, due};
pub use self::gates::{
    Gate, GateState, GateSubject, GatedField, JsonPatch, KubeletConfig, gated_fields, gates, kubelet_patches,
};
pub use self::live::{LiveWorkers, Workers};
pub use self::node::{Cordon, NodeFacts, NodeName, NodeNameError, PoolName, Readiness};
pub use self::order::{NodeStep, Order, Pace, order};
pub use self::passes::{Pass, PassesError, WayUp, passes, ways_up};
pub use self::path::{PathError, PathStep, PathWorker, WorkerPasses, path};
pub use self::progress::{
    Milestone, NextMinor, Progress, Reached, is_done, is_draining, milestones, next_minor, progress,
};
pub use self::remaining::{Remaining, workers_follow};
pub use self::skew::{
    KubeletVerdict, PolicyLine, ProxyVerdict, Serving, ServingError, is_left_behind, kube_proxy, kubelet, kubelet_reach,
};

mod drain;
mod due;
mod gates;
mod live;
mod node;
mod order;
mod passes;
mod path;
mod progress;
mod remaining;
mod skew;
