//! What happens within one instant.

use std::cmp::Reverse;

use super::{Action, KnownReplicaSet, Pod, ReplicaSet, Step, World};
use crate::film::{OpenSpan, PodTrack};
use crate::rollout::deployment::{self, CountAnnotations, ReplicaSetState, Requeue, ScaleReason, Write, whole_second};
use crate::rollout::replica_set::{
    self, Outcome, Plan, PodPhase, PodState, Readiness, ReplicaSetSpec, ReplicaSetStatus,
};
use crate::rollout::scenario::Health;
use crate::strategy::Strategy;

/// A write with an old resourceVersion.
struct Refused;

impl World<'_> {
    /// Everything that happens at `now_ms`, until nothing is new to anybody.
    pub(super) fn settle(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
        self.run_timers();
        loop {
            let acted = self.run_planned();
            let bound = self.schedule();
            if !acted && !bound && !self.deployment_awake && self.awake.is_empty() {
                return;
            }
            self.run_round();
        }
    }

    /// Syncs that are due work on what the controllers knew at the end of the last instant.
    fn run_timers(&mut self) {
        let now_ms = self.now_ms;
        loop {
            let due = self.existing.iter().copied().filter_map(|index| {
                let due_ms = self.replica_sets[index].queue.due_ms().filter(|due_ms| *due_ms <= now_ms)?;
                Some((due_ms, index))
            });
            let Some((_, index)) = due.min() else { break };
            self.replica_sets[index].queue.take_due(now_ms);
            self.sync_replica_set(index);
        }
        if self.deployment_queue.take_due(now_ms) {
            self.sync_deployment();
        }
    }

    fn run_planned(&mut self) -> bool {
        let mut acted = false;
        while let Some(Reverse(planned)) = self.planned.peek().copied().filter(|next| next.0.at_ms <= self.now_ms) {
            self.planned.pop();
            acted = true;
            match planned.action {
                Action::Remove(pod) => self.remove_pod(pod),
                Action::Ready(pod) => self.set_ready(pod),
                Action::NotReady(pod) => self.set_not_ready(pod),
                Action::Write(index) => self.write_deployment(index),
                Action::Disturb(index) => self.disturb(index),
            }
        }
        acted
    }

    /// Both controllers learn everything, then each that was woken is synced once, the Deployment first.
    fn run_round(&mut self) {
        self.learn();
        let mut awake = std::mem::take(&mut self.buffers.awake);
        awake.clear();
        std::mem::swap(&mut awake, &mut self.awake);
        for index in &awake {
            self.replica_sets[*index].is_awake = false;
        }
        if std::mem::take(&mut self.deployment_awake) {
            self.sync_deployment();
        }
        for index in awake.iter().copied() {
            self.sync_replica_set(index);
        }
        self.buffers.awake = awake;
    }

    pub(super) fn learn(&mut self) {
        self.known_deployment = self.deployment;
        self.known_template = self.template;
        for index in &self.existing {
            let replica_set = &mut self.replica_sets[*index];
            replica_set.known = KnownReplicaSet {
                revision: replica_set.revision,
                annotations: replica_set.annotations,
                spec: replica_set.spec,
                status: replica_set.status,
                resource_version: replica_set.resource_version,
                pods: u32::try_from(replica_set.pods.len()).unwrap_or(u32::MAX),
            };
        }
    }

    fn wake_replica_set(&mut self, index: usize) {
        let replica_set = &mut self.replica_sets[index];
        if replica_set.exists && !replica_set.is_awake {
            replica_set.is_awake = true;
            self.awake.push(index);
        }
    }

    // The Deployment controller.

    fn sync_deployment(&mut self) {
        let mut states = std::mem::take(&mut self.buffers.replica_sets);
        let mut writes = std::mem::take(&mut self.buffers.writes);
        states.clear();
        writes.clear();
        states.extend(self.existing.iter().map(|index| self.known_state(&self.replica_sets[*index])));
        let mut requeue = deployment::sync(&self.known_deployment, &states, self.now_ms, &mut writes);
        if self.apply(&writes).is_err() {
            requeue = Requeue::Conflict;
        }
        self.buffers.replica_sets = states;
        self.buffers.writes = writes;

        let now_ms = self.now_ms;
        match requeue {
            Requeue::Never => self.deployment_queue.forget(),
            Requeue::After(delay_ms) => {
                self.deployment_queue.forget();
                self.deployment_queue.add_after(now_ms, delay_ms);
            }
            Requeue::RateLimited => {
                self.deployment_queue.add_rate_limited(&mut self.deployment_bucket, now_ms);
                self.deployment_queue.forget();
            }
            Requeue::Conflict => self.deployment_queue.add_rate_limited(&mut self.deployment_bucket, now_ms),
        }
    }

    fn known_state(&self, replica_set: &ReplicaSet) -> ReplicaSetState {
        let known = &replica_set.known;
        ReplicaSetState {
            generation: known.spec.generation,
            deleting: false,
            matches_template: replica_set.template == self.known_template,
            revision: Some(known.revision),
            desired_replicas: Some(known.annotations.desired_replicas),
            max_replicas: Some(known.annotations.max_replicas),
            inherited_annotations_differ: false,
            spec_replicas: known.spec.replicas,
            min_ready_seconds: known.spec.min_ready_seconds,
            unfinished_pods: known.pods,
            status: known.status,
        }
    }

    /// Makes the writes of one Deployment sync. Places in `existing` must not move before all of them are resolved.
    fn apply(&mut self, writes: &[Write]) -> Result<(), Refused> {
        let mut deleted = false;
        let mut created = None;
        let mut old_gave_up = false;
        for write in writes {
            match *write {
                Write::CreateReplicaSet { replicas, revision, annotations } => {
                    self.step_of_creation(replicas, annotations);
                    created = Some((replicas, revision, annotations));
                }
                Write::UpdateReplicaSet { replica_set, revision, min_ready_seconds } => {
                    let target = self.writable(replica_set)?;
                    target.revision = revision;
                    if target.spec.min_ready_seconds != min_ready_seconds {
                        target.spec.min_ready_seconds = min_ready_seconds;
                        target.spec.generation += 1;
                    }
                    self.replica_set_written(replica_set);
                }
                Write::ScaleReplicaSet { replica_set, from, to, annotations, reason } => {
                    // While old ReplicaSets shrink, a refused write ends that step and is forgotten.
                    let swallowed = matches!(reason, ScaleReason::Unhealthy { .. } | ScaleReason::AboveMinimum { .. });
                    if swallowed && old_gave_up {
                        continue;
                    }
                    let target = match self.writable(replica_set) {
                        Ok(target) => target,
                        Err(Refused) if swallowed => {
                            old_gave_up = true;
                            continue;
                        }
                        Err(refused) => return Err(refused),
                    };
                    target.annotations = annotations;
                    if target.spec.replicas != to {
                        target.spec.replicas = to;
                        target.spec.generation += 1;
                    }
                    let template = target.template;
                    self.replica_set_written(replica_set);
                    if from != to {
                        self.step(template, from, to, reason);
                    }
                }
                Write::DeleteReplicaSet { replica_set } => {
                    let index = self.existing[replica_set];
                    self.replica_sets[index].exists = false;
                    self.deployment_awake = true;
                    deleted = true;
                }
                Write::UpdateStatus { status, revision } => {
                    self.deployment.status = status;
                    self.deployment.revision = revision;
                    self.deployment_awake = true;
                }
            }
        }
        if deleted {
            let replica_sets = &self.replica_sets;
            self.existing.retain(|index| replica_sets[*index].exists);
        }
        if let Some((replicas, revision, annotations)) = created {
            self.create_replica_set(replicas, revision, annotations);
        }
        Ok(())
    }

    fn step(&mut self, template: usize, from: u32, to: u32, reason: ScaleReason) {
        let side = self.scenario.templates[template].side;
        self.steps.push(Step { at_ms: self.now_ms, template, side, from, to, reason });
    }

    /// The ReplicaSet at this place, if nobody has written it since the controller read it.
    fn writable(&mut self, place: usize) -> Result<&mut ReplicaSet, Refused> {
        let replica_set = &mut self.replica_sets[self.existing[place]];
        if replica_set.resource_version == replica_set.known.resource_version { Ok(replica_set) } else { Err(Refused) }
    }

    /// The controller goes on with the object that its write gave back.
    fn replica_set_written(&mut self, place: usize) {
        let index = self.existing[place];
        let replica_set = &mut self.replica_sets[index];
        replica_set.resource_version += 1;
        replica_set.known.resource_version = replica_set.resource_version;
        self.wake_replica_set(index);
        self.deployment_awake = true;
    }

    fn create_replica_set(&mut self, replicas: u32, revision: u64, annotations: CountAnnotations) {
        let spec = ReplicaSetSpec {
            generation: 1,
            deleting: false,
            replicas,
            min_ready_seconds: self.known_deployment.min_ready_seconds,
        };
        let index = self.add_replica_set(self.known_template, self.now_ms, spec, revision, annotations);
        self.wake_replica_set(index);
        self.deployment_awake = true;
    }

    /// A new ReplicaSet stands at its size at once, before the same sync scales others.
    fn step_of_creation(&mut self, replicas: u32, annotations: CountAnnotations) {
        if replicas == 0 {
            return;
        }
        let reason = match self.known_deployment.strategy {
            Strategy::Recreate => ScaleReason::RecreateUp,
            Strategy::RollingUpdate { .. } => {
                let others = self.existing.iter().map(|other| self.replica_sets[*other].known.spec.replicas);
                ScaleReason::RoomToSurge { total: others.sum(), allowed: annotations.max_replicas }
            }
        };
        self.step(self.known_template, 0, replicas, reason);
    }

    pub(super) fn add_replica_set(
        &mut self,
        template: usize,
        created_ms: i64,
        spec: ReplicaSetSpec,
        revision: u64,
        annotations: CountAnnotations,
    ) -> usize {
        let index = self.replica_sets.len();
        let status = ReplicaSetStatus::default();
        self.replica_sets.push(ReplicaSet {
            template,
            created_ms: whole_second(created_ms),
            exists: true,
            revision,
            annotations,
            spec,
            status,
            resource_version: 1,
            known: KnownReplicaSet { revision, annotations, spec, status, resource_version: 1, pods: 0 },
            is_awake: false,
            queue: super::Entry::default(),
            pods: Vec::with_capacity(spec.replicas as usize),
        });
        // Names end in a hash of the template; the model names them by its number.
        let order = |index: &usize| (self.replica_sets[*index].created_ms, self.replica_sets[*index].template);
        let place = self.existing.partition_point(|other| order(other) < order(&index));
        self.existing.insert(place, index);
        index
    }

    // The ReplicaSet controller.

    fn sync_replica_set(&mut self, index: usize) {
        if !self.replica_sets[index].exists {
            return;
        }
        let now_ms = self.now_ms;
        let known = self.replica_sets[index].known;
        let mut pods = std::mem::take(&mut self.buffers.pods);
        pods.clear();
        pods.extend(self.replica_sets[index].pods.iter().map(|pod| self.pods[*pod].state));
        // On one node the pods' neighbours tell nothing, so no related pods are given.
        let outcome = match replica_set::plan(&known.spec, &pods, &[], now_ms) {
            Plan::Nothing => Outcome::Done,
            Plan::Create(count) => self.create_pods(index, count),
            Plan::Delete(places) => {
                let doomed: Vec<usize> = places.iter().map(|place| self.replica_sets[index].pods[*place]).collect();
                for pod in doomed {
                    self.delete_pod(pod);
                }
                Outcome::Done
            }
        };
        let status = replica_set::status(&known.spec, &known.status, &pods, outcome, now_ms);
        if replica_set::needs_write(&known.status, &status) {
            self.replica_sets[index].status = status;
            self.replica_sets[index].resource_version += 1;
            self.wake_replica_set(index);
            self.deployment_awake = true;
        }
        let queue = &mut self.replica_sets[index].queue;
        match outcome {
            Outcome::Failed => queue.add_rate_limited(&mut self.replica_set_bucket, now_ms),
            Outcome::Done => {
                queue.forget();
                if let Some(delay_ms) = replica_set::requeue_after(&known.spec, &status, &pods, now_ms) {
                    queue.add_after(now_ms, delay_ms);
                }
            }
        }
        self.buffers.pods = pods;
    }

    fn create_pods(&mut self, replica_set: usize, count: u32) -> Outcome {
        for batch in replica_set::creation_batches(count) {
            let mut refused = false;
            for _ in 0..batch {
                if self.scenario.pod_quota.is_some_and(|quota| self.pod_objects >= quota) {
                    refused = true;
                    continue;
                }
                let template = self.replica_sets[replica_set].template;
                let number = self.started[template];
                self.started[template] += 1;
                let startup_ms = self.scenario.startup_ms(template, number).unwrap_or(i64::MAX);
                let pod = self.add_pod(replica_set, self.now_ms, startup_ms);
                self.waiting.push_back(pod);
                self.wake_replica_set(replica_set);
            }
            if refused {
                return Outcome::Failed;
            }
        }
        Outcome::Done
    }

    // Pods, scheduler and kubelet.

    pub(super) fn add_pod(&mut self, replica_set: usize, created_ms: i64, startup_ms: i64) -> usize {
        let index = self.pods.len();
        self.pods.push(Pod {
            state: PodState {
                uid: index as u128,
                created_ms: Some(whole_second(created_ms)),
                terminating: false,
                node: None,
                phase: PodPhase::Pending,
                ready: Readiness::NotReady,
                deletion_cost: 0,
                restarts: 0,
                fully_labeled: true,
            },
            replica_set,
            startup_ms,
            exists: true,
            track: PodTrack {
                name: String::new(),
                revision: 0,
                created_ms,
                bound_ms: None,
                ready: Vec::new(),
                terminating_ms: None,
                gone_ms: None,
            },
        });
        self.replica_sets[replica_set].pods.push(index);
        self.pod_objects += 1;
        index
    }

    fn schedule(&mut self) -> bool {
        let mut bound = false;
        while let Some(pod) = self.waiting.front().copied() {
            if self.scenario.node_capacity.is_some_and(|capacity| self.bound_pods >= capacity) {
                break;
            }
            self.waiting.pop_front();
            self.bound_pods += 1;
            bound = true;
            let now_ms = self.now_ms;
            let replica_set = self.pods[pod].replica_set;
            let health = self.scenario.templates[self.replica_sets[replica_set].template].health;
            let target = &mut self.pods[pod];
            target.track.bound_ms = Some(now_ms);
            target.state.node = Some(0);
            if health != Health::ImagePull {
                target.state.phase = PodPhase::Running;
            }
            if health == Health::Starts {
                let ready_ms = now_ms.saturating_add(target.startup_ms);
                self.plan(ready_ms, Action::Ready(pod));
            }
            self.wake_replica_set(replica_set);
        }
        bound
    }

    fn set_ready(&mut self, pod: usize) {
        let now_ms = self.now_ms;
        let target = &mut self.pods[pod];
        if !target.exists || target.state.terminating {
            return;
        }
        target.state.ready = Readiness::Ready(Some(whole_second(now_ms)));
        target.track.ready.push(OpenSpan { from_ms: now_ms, to_ms: None });
        let index = target.replica_set;
        let replica_set = &mut self.replica_sets[index];
        if let Some(delay_ms) = replica_set::look_again_after_ready(&replica_set.spec) {
            replica_set.queue.add_after(now_ms, delay_ms);
        }
        self.wake_replica_set(index);
    }

    fn set_not_ready(&mut self, pod: usize) {
        let target = &mut self.pods[pod];
        if !target.exists || target.state.terminating {
            return;
        }
        target.state.ready = Readiness::NotReady;
        target.track.close_ready(self.now_ms);
        let replica_set = target.replica_set;
        self.wake_replica_set(replica_set);
    }

    fn delete_pod(&mut self, pod: usize) {
        let now_ms = self.now_ms;
        let target = &mut self.pods[pod];
        target.track.close_ready(now_ms);
        target.track.terminating_ms = Some(now_ms);
        if target.state.node.is_none() || self.scenario.termination_ms <= 0 {
            self.remove_pod(pod);
            return;
        }
        target.state.terminating = true;
        let replica_set = target.replica_set;
        self.plan(now_ms + self.scenario.termination_ms, Action::Remove(pod));
        self.wake_replica_set(replica_set);
    }

    fn remove_pod(&mut self, pod: usize) {
        let target = &mut self.pods[pod];
        target.exists = false;
        target.track.gone_ms = Some(self.now_ms);
        self.pod_objects -= 1;
        if target.state.node.is_some() {
            self.bound_pods -= 1;
        } else {
            self.waiting.retain(|other| *other != pod);
        }
        let replica_set = target.replica_set;
        self.replica_sets[replica_set].pods.retain(|other| *other != pod);
        self.wake_replica_set(replica_set);
        let last = self.existing.iter().all(|index| self.replica_sets[*index].pods.is_empty());
        if last && self.replica_sets[replica_set].exists && self.deployment.strategy == Strategy::Recreate {
            self.deployment_awake = true;
        }
    }

    // The user, and fate.

    fn write_deployment(&mut self, index: usize) {
        let write = self.scenario.writes[index];
        let template = write.template.unwrap_or(self.template);
        let before = self.deployment;
        self.deployment.replicas = write.replicas.unwrap_or(before.replicas);
        self.deployment.strategy = write.strategy.unwrap_or(before.strategy);
        self.deployment.paused = write.paused.unwrap_or(before.paused);
        if template == self.template && self.deployment == before {
            return;
        }
        self.template = template;
        self.deployment.generation += 1;
        self.deployment_awake = true;
    }

    fn disturb(&mut self, index: usize) {
        let disturbance = self.scenario.disturbances[index];
        let serves = |pod: &Pod| {
            pod.exists
                && !pod.state.terminating
                && pod.state.is_ready()
                && self.replica_sets[pod.replica_set].template == disturbance.template
        };
        let Some(pod) = self.pods.iter().position(serves) else {
            return;
        };
        self.set_not_ready(pod);
        if let Some(after_ms) = disturbance.recover_after_ms {
            self.plan(self.now_ms + after_ms, Action::Ready(pod));
        }
    }
}

impl PodTrack {
    /// Ends the open stretch of readiness, if there is one.
    fn close_ready(&mut self, now_ms: i64) {
        if let Some(span) = self.ready.last_mut().filter(|span| span.to_ms.is_none()) {
            span.to_ms = Some(now_ms);
        }
    }
}
