//! The world around the controllers, in virtual time: API server, scheduler, kubelet and user.
//!
//! One node, one Deployment, no latencies. Both controllers act in rounds: each sees what was written before the round, and
//! their writes are seen in the next one. That stands for "both react at the same time", and gives the same rollouts as the
//! real controllers running freely.

mod act;
mod queue;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::ControlFlow;

use self::queue::{Bucket, Entry};
use super::deployment::{
    self, Condition, ConditionReason, ConditionStatus, CountAnnotations, DeploymentState, DeploymentStatus,
    ReplicaSetState, ScaleReason,
};
use super::replica_set::{PodPhase, PodState, Readiness, ReplicaSetSpec, ReplicaSetStatus};
use super::scenario::{Health, Scenario};
use crate::film::{OpenSpan, PodTrack, Side};

/// When the Deployment was created, with all its pods of that time.
const CREATED_MS: i64 = -7_199_000;
/// When those pods were ready.
const READY_MS: i64 = CREATED_MS + 1000;
/// When the first of them turn unready, where a scenario wants that.
const UNREADY_MS: i64 = -60_000;
/// No rollout is followed for longer.
pub(super) const HORIZON_MS: i64 = 3_600_000;
/// The deadline that decides how long a rollout without one is watched before it counts as stuck.
const DEFAULT_DEADLINE_MS: i64 = 600_000;

/// Why a prediction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EndReason {
    /// The Deployment is complete, no pod of another template and none terminating is left.
    Complete,
    /// Nothing will happen any more, and the deadline has had its time to pass.
    Stuck,
    /// An hour has passed.
    Horizon,
}

/// The state at one settled instant, as an API client would read it.
pub struct Moment<'w> {
    /// Milliseconds since the start; -1 = just before it.
    pub at_ms: i64,
    world: &'w World<'w>,
}

/// A ReplicaSet at a settled instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicaSetAtMoment {
    /// Index into the scenario's templates.
    pub template: usize,
    /// Annotation `revision`.
    pub revision: u64,
    /// `spec.replicas`.
    pub spec_replicas: u32,
    /// `status`.
    pub status: ReplicaSetStatus,
}

/// Pods of one template at a settled instant, by what a client sees of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PodsAtMoment {
    /// Phase Pending.
    pub pending: u32,
    /// Running, not ready.
    pub not_ready: u32,
    /// Ready.
    pub ready: u32,
    /// With a deletionTimestamp, whatever else they are.
    pub terminating: u32,
}

/// Pods of all templates at a settled instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SumsAtMoment {
    /// Pod objects.
    pub objects: u32,
    /// Bound to a node, terminating ones included.
    pub bound: u32,
    /// Not terminating.
    pub non_terminating: u32,
    /// Ready and not terminating.
    pub serving: u32,
}

/// One change of a ReplicaSet's size, with the controller's reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When (ms).
    pub at_ms: i64,
    /// Index into the scenario's templates.
    pub template: usize,
    /// Whether that template runs the wanted version.
    pub side: Side,
    /// `spec.replicas` before.
    pub from: u32,
    /// `spec.replicas` after.
    pub to: u32,
    /// Why.
    pub reason: ScaleReason,
}

pub(super) struct World<'s> {
    scenario: &'s Scenario,
    now_ms: i64,
    deployment: DeploymentState,
    template: usize,
    /// What the Deployment controller knows of its Deployment.
    known_deployment: DeploymentState,
    known_template: usize,
    deployment_awake: bool,
    deployment_queue: Entry,
    deployment_bucket: Bucket,
    replica_set_bucket: Bucket,
    /// Every ReplicaSet that ever was; the number of one is its place here.
    replica_sets: Vec<ReplicaSet>,
    /// Those that exist, oldest first: by whole second of creation, then by name.
    existing: Vec<usize>,
    /// Those that were woken, in the order in which they were.
    awake: Vec<usize>,
    pods: Vec<Pod>,
    /// Pods without a node, in order of creation.
    waiting: VecDeque<usize>,
    pod_objects: u32,
    bound_pods: u32,
    /// Pods created since the start, per template.
    started: Vec<usize>,
    planned: BinaryHeap<Reverse<Planned>>,
    planned_ever: u32,
    steps: Vec<Step>,
    buffers: Buffers,
}

/// Lists that are used again and again.
#[derive(Default)]
struct Buffers {
    replica_sets: Vec<ReplicaSetState>,
    writes: Vec<deployment::Write>,
    pods: Vec<PodState>,
    awake: Vec<usize>,
}

struct ReplicaSet {
    template: usize,
    created_ms: i64,
    exists: bool,
    revision: u64,
    annotations: CountAnnotations,
    spec: ReplicaSetSpec,
    status: ReplicaSetStatus,
    /// Goes up with every write.
    resource_version: u32,
    known: KnownReplicaSet,
    is_awake: bool,
    queue: Entry,
    /// Its pods, in order of creation.
    pods: Vec<usize>,
}

/// What both controllers know of a ReplicaSet.
#[derive(Clone, Copy)]
struct KnownReplicaSet {
    revision: u64,
    annotations: CountAnnotations,
    spec: ReplicaSetSpec,
    status: ReplicaSetStatus,
    resource_version: u32,
    pods: u32,
}

struct Pod {
    state: PodState,
    replica_set: usize,
    /// How long it takes from bound to ready.
    startup_ms: i64,
    exists: bool,
    track: PodTrack,
}

/// Something that will happen by itself: ordered by time, then by class, then as planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Planned {
    at_ms: i64,
    class: Class,
    number: u32,
    action: Action,
}

/// In which order the planned actions of one instant happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Removal,
    Readiness,
    Input,
}

/// What happens, and to which pod, or by which entry of the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    Remove(usize),
    Ready(usize),
    NotReady(usize),
    Write(usize),
    Disturb(usize),
}

/// Plays the scenario to its end; `watch` sees every settled instant from just before the start on, and may break off.
pub(super) fn play<'s, B>(
    scenario: &'s Scenario,
    mut watch: impl FnMut(&Moment<'_>) -> ControlFlow<B>,
) -> ControlFlow<B, (World<'s>, EndReason, i64)> {
    let mut world = World::new(scenario);
    let deadline_ms = world.deployment.progress_deadline_ms().unwrap_or(DEFAULT_DEADLINE_MS);
    let patience_ms = deadline_ms + i64::from(scenario.min_ready_seconds) * 1000 + 10_000;
    let last_event_ms = scenario.last_event_ms();
    let mut before_start = true;
    let mut idle_since = None;
    loop {
        let next = world.next_instant();
        if before_start && next.is_none_or(|at_ms| at_ms >= 0) {
            before_start = false;
            watch(&Moment { at_ms: -1, world: &world })?;
        }
        if let Some(since) = idle_since {
            let end_ms = since + patience_ms;
            if next.is_none_or(|at_ms| at_ms > end_ms) {
                return ControlFlow::Continue((world, EndReason::Stuck, end_ms));
            }
        }
        let Some(at_ms) = next.filter(|at_ms| *at_ms <= HORIZON_MS) else {
            return ControlFlow::Continue((world, EndReason::Horizon, HORIZON_MS));
        };
        world.settle(at_ms);
        if at_ms >= 0 {
            watch(&Moment { at_ms, world: &world })?;
        }
        let idle = at_ms >= last_event_ms && world.planned.is_empty();
        if idle && deployment::complete(&world.deployment, &world.deployment.status) {
            return ControlFlow::Continue((world, EndReason::Complete, at_ms));
        }
        let refused = world.existing.iter().any(|index| world.replica_sets[*index].queue.is_failing());
        idle_since = if idle && !refused { idle_since.or(Some(at_ms)) } else { None };
    }
}

impl<'s> World<'s> {
    fn new(scenario: &'s Scenario) -> Self {
        let start_ms = if scenario.initial_unready > 0 { UNREADY_MS } else { 0 };
        let deployment = complete_deployment(scenario);
        let mut world = Self {
            scenario,
            now_ms: start_ms,
            deployment,
            template: 0,
            known_deployment: deployment,
            known_template: 0,
            deployment_awake: false,
            deployment_queue: Entry::default(),
            deployment_bucket: Bucket::full(start_ms),
            replica_set_bucket: Bucket::full(start_ms),
            replica_sets: Vec::with_capacity(4),
            existing: Vec::with_capacity(4),
            awake: Vec::with_capacity(4),
            pods: Vec::with_capacity(4 * scenario.replicas as usize),
            waiting: VecDeque::new(),
            pod_objects: 0,
            bound_pods: 0,
            started: vec![0; scenario.templates.len()],
            planned: BinaryHeap::with_capacity(4 * scenario.replicas as usize + scenario.writes.len()),
            planned_ever: 0,
            steps: Vec::new(),
            buffers: Buffers::default(),
        };
        world.add_first_replica_set();
        for (index, write) in scenario.writes.iter().enumerate() {
            world.plan(write.at_ms.max(0), Action::Write(index));
        }
        for (index, disturbance) in scenario.disturbances.iter().enumerate() {
            world.plan(disturbance.at_ms.max(0), Action::Disturb(index));
        }
        world
    }

    fn add_first_replica_set(&mut self) {
        let replicas = self.scenario.replicas;
        let spec = ReplicaSetSpec {
            generation: 1,
            deleting: false,
            replicas,
            min_ready_seconds: self.scenario.min_ready_seconds,
        };
        let annotations = CountAnnotations {
            desired_replicas: replicas,
            max_replicas: replicas.saturating_add(self.scenario.strategy.limits(replicas).max_surge),
        };
        let status = ReplicaSetStatus {
            observed_generation: 1,
            replicas,
            fully_labeled: replicas,
            ready: replicas,
            available: replicas,
            terminating: Some(0),
            failure: None,
        };
        let index = self.add_replica_set(0, CREATED_MS, spec, 1, annotations);
        self.replica_sets[index].status = status;
        for number in 0..replicas {
            let pod = self.add_pod(index, CREATED_MS, 0);
            self.bound_pods += 1;
            let pod = &mut self.pods[pod];
            pod.state.node = Some(0);
            pod.state.phase = PodPhase::Running;
            pod.state.ready = Readiness::Ready(Some(READY_MS));
            pod.track.bound_ms = Some(CREATED_MS);
            pod.track.ready.push(OpenSpan { from_ms: READY_MS, to_ms: None });
            if number < self.scenario.initial_unready {
                self.plan(UNREADY_MS, Action::NotReady(number as usize));
            }
        }
        self.learn();
        self.awake.clear();
        self.replica_sets[index].is_awake = false;
        self.deployment_awake = false;
    }

    fn next_instant(&self) -> Option<i64> {
        let planned = self.planned.peek().map(|Reverse(planned)| planned.at_ms);
        let timers = self.existing.iter().filter_map(|index| self.replica_sets[*index].queue.due_ms());
        timers.chain(planned).chain(self.deployment_queue.due_ms()).min()
    }

    fn plan(&mut self, at_ms: i64, action: Action) {
        let class = match action {
            Action::Remove(_) => Class::Removal,
            Action::Ready(_) | Action::NotReady(_) => Class::Readiness,
            Action::Write(_) | Action::Disturb(_) => Class::Input,
        };
        self.planned_ever += 1;
        self.planned.push(Reverse(Planned { at_ms, class, number: self.planned_ever, action }));
    }

    /// Whether the Deployment is complete, as stands in its own status.
    pub(super) fn is_complete(&self) -> bool {
        deployment::complete(&self.deployment, &self.deployment.status)
    }

    /// The ReplicaSets that ever were, by template, oldest first.
    pub(super) fn templates_in_use(&self) -> Vec<usize> {
        let mut templates = Vec::with_capacity(self.replica_sets.len());
        for replica_set in &self.replica_sets {
            if !templates.contains(&replica_set.template) {
                templates.push(replica_set.template);
            }
        }
        templates
    }

    /// The tracks of all pods with their templates, in order of creation, and the steps.
    pub(super) fn into_tracks(self) -> (Vec<(PodTrack, usize)>, Vec<Step>) {
        let Self { pods, replica_sets, steps, .. } = self;
        let with_template = |pod: Pod| (pod.track, replica_sets[pod.replica_set].template);
        (pods.into_iter().map(with_template).collect(), steps)
    }
}

impl Moment<'_> {
    /// `status` of the Deployment.
    pub fn deployment(&self) -> &DeploymentStatus {
        &self.world.deployment.status
    }

    /// `spec.replicas` of the Deployment.
    pub fn replicas(&self) -> u32 {
        self.world.deployment.replicas
    }

    /// Whether the Deployment is complete and its status up to date.
    pub fn is_complete(&self) -> bool {
        self.world.is_complete()
    }

    /// The ReplicaSets that exist, oldest first.
    pub fn replica_sets(&self) -> impl Iterator<Item = ReplicaSetAtMoment> {
        self.world.existing.iter().map(|index| {
            let replica_set = &self.world.replica_sets[*index];
            ReplicaSetAtMoment {
                template: replica_set.template,
                revision: replica_set.revision,
                spec_replicas: replica_set.spec.replicas,
                status: replica_set.status,
            }
        })
    }

    /// Pods of all templates, those of a deleted ReplicaSet included.
    pub fn sums(&self) -> SumsAtMoment {
        let mut sums = SumsAtMoment::default();
        for pod in self.world.pods.iter().filter(|pod| pod.exists) {
            sums.objects += 1;
            sums.bound += u32::from(pod.state.node.is_some());
            sums.non_terminating += u32::from(!pod.state.terminating);
            sums.serving += u32::from(!pod.state.terminating && pod.state.is_ready());
        }
        sums
    }

    /// The pods of every template of the scenario, those of a deleted ReplicaSet included.
    pub fn pods(&self) -> Vec<PodsAtMoment> {
        let mut pods = vec![PodsAtMoment::default(); self.world.scenario.templates.len()];
        for pod in self.world.pods.iter().filter(|pod| pod.exists) {
            let counts = &mut pods[self.world.replica_sets[pod.replica_set].template];
            if pod.state.terminating {
                counts.terminating += 1;
            } else if pod.state.phase == PodPhase::Pending {
                counts.pending += 1;
            } else if pod.state.is_ready() {
                counts.ready += 1;
            } else {
                counts.not_ready += 1;
            }
        }
        pods
    }
}

/// The Deployment as it stands after two quiet hours.
fn complete_deployment(scenario: &Scenario) -> DeploymentState {
    let replicas = scenario.replicas;
    let available_ms = match replicas {
        0 => CREATED_MS,
        _ => READY_MS + i64::from(scenario.min_ready_seconds) * 1000,
    };
    let condition = |reason| Condition {
        status: ConditionStatus::True,
        reason,
        last_update_ms: available_ms,
        last_transition_ms: CREATED_MS,
    };
    let deadline = scenario.progress_deadline_seconds.filter(|seconds| *seconds != deployment::NO_LIMIT);
    DeploymentState {
        generation: 1,
        deleting: false,
        revision: Some(1),
        replicas,
        paused: false,
        strategy: scenario.strategy,
        min_ready_seconds: scenario.min_ready_seconds,
        progress_deadline_seconds: scenario.progress_deadline_seconds,
        revision_history_limit: scenario.revision_history_limit,
        status: DeploymentStatus {
            observed_generation: 1,
            replicas,
            updated: replicas,
            ready: replicas,
            available: replicas,
            unavailable: 0,
            terminating: Some(0),
            progressing: deadline.map(|_| condition(ConditionReason::NewReplicaSetAvailable)),
            minimum_available: Some(condition(ConditionReason::MinimumReplicasAvailable)),
            replica_failure: None,
        },
    }
}

impl Scenario {
    /// How long the `number`th pod of a template takes from bound to ready (ms); `None` = for ever.
    fn startup_ms(&self, template: usize, number: usize) -> Option<i64> {
        let template = &self.templates[template];
        match (template.health, template.startup_ms.as_slice()) {
            (Health::CrashLoop | Health::ImagePull, _) => None,
            (Health::Starts, []) => Some(0),
            (Health::Starts, list) => Some(list[number % list.len()]),
        }
    }
}
