//! What the model plays: a Deployment, the world around it, and the writes of a hop.

use serde::{Deserialize, Serialize};

use crate::film::Side;
use crate::strategy::Strategy;

/// Everything a rollout depends on. Times are milliseconds since the rollout's start, which is a whole second.
///
/// Before the start the Deployment has been complete with template 0 for two hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// `spec.replicas` before the start (pods).
    pub replicas: u32,
    /// `spec.strategy`.
    pub strategy: Strategy,
    /// `spec.minReadySeconds` (s).
    pub min_ready_seconds: u32,
    /// `spec.progressDeadlineSeconds` (s); `None` = no deadline. Kubernetes' default is 600.
    pub progress_deadline_seconds: Option<u32>,
    /// `spec.revisionHistoryLimit` (ReplicaSets); `None` = all are kept. Kubernetes' default is 10.
    pub revision_history_limit: Option<u32>,
    /// From the request to terminate a bound pod until its object is gone (ms).
    pub termination_ms: i64,
    /// Most pods that can be bound at once, terminating ones included; `None` = no limit.
    pub node_capacity: Option<u32>,
    /// Most pod objects, terminating ones included; `None` = no limit.
    pub pod_quota: Option<u32>,
    /// So many of the first pods turned unready a minute before the start, for good.
    pub initial_unready: u32,
    /// The pod templates; number 0 runs before the start.
    pub templates: Vec<Template>,
    /// Changes of the Deployment, in order of time.
    pub writes: Vec<DeploymentWrite>,
    /// Pods that turn unready, in order of time. A write of the same moment comes first.
    pub disturbances: Vec<Disturbance>,
}

/// One pod template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// From bound to ready (ms): the k-th pod of it takes the k-th entry, round and round. Empty = 0.
    pub startup_ms: Vec<i64>,
    /// Whether its pods can start.
    pub health: Health,
    /// Whether it carries the wanted version.
    pub side: Side,
}

/// Whether the pods of a template ever become ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    /// They do.
    Starts,
    /// They run, and never become ready.
    CrashLoop,
    /// Their image cannot be pulled: bound, pending for ever.
    ImagePull,
}

/// One write of the Deployment: every `Some` replaces that field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeploymentWrite {
    /// When (ms, not before 0).
    pub at_ms: i64,
    /// The pod template becomes this one (index into [`Scenario::templates`]); an earlier one is a rollback.
    pub template: Option<usize>,
    /// `spec.replicas`.
    pub replicas: Option<u32>,
    /// `spec.strategy`: a running rollout goes on by the new one.
    pub strategy: Option<Strategy>,
    /// `spec.paused`.
    pub paused: Option<bool>,
}

/// The oldest serving pod of a template turns unready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disturbance {
    /// When (ms, not before 0).
    pub at_ms: i64,
    /// Which template (index).
    pub template: usize,
    /// Ready again after so long (ms); `None` = never.
    pub recover_after_ms: Option<i64>,
}

impl Scenario {
    /// A hop of a healthy control plane: one write at 0, Kubernetes' defaults, no limits of room.
    pub fn hop(replicas: u32, strategy: Strategy, startup_ms: Vec<i64>, termination_ms: i64) -> Self {
        let old = Template { startup_ms: startup_ms.clone(), health: Health::Starts, side: Side::Old };
        let new = Template { startup_ms, health: Health::Starts, side: Side::New };
        Self {
            replicas,
            strategy,
            min_ready_seconds: 0,
            progress_deadline_seconds: Some(600),
            revision_history_limit: Some(10),
            termination_ms,
            node_capacity: None,
            pod_quota: None,
            initial_unready: 0,
            templates: vec![old, new],
            writes: vec![DeploymentWrite { template: Some(1), ..DeploymentWrite::default() }],
            disturbances: Vec::new(),
        }
    }

    /// The template after the last write.
    pub fn last_template(&self) -> usize {
        self.writes.iter().rev().find_map(|write| write.template).unwrap_or(0)
    }

    /// When the last write or disturbance happens (ms); 0 if there is none.
    pub fn last_event_ms(&self) -> i64 {
        let writes = self.writes.iter().map(|write| write.at_ms);
        writes.chain(self.disturbances.iter().map(|disturbance| disturbance.at_ms)).max().unwrap_or(0)
    }
}
