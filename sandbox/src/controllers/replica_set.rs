//! The ReplicaSet controller.

use std::sync::Arc;

use planner::rollout::deployment::ConditionReason;
use planner::rollout::replica_set::{
    self, Outcome, Plan, PodPhase, PodState, Readiness, ReplicaFailure, ReplicaSetSpec, ReplicaSetStatus,
};
use serde_json::{Map, Value, json};

use crate::json;
use crate::kinds::Kind;
use crate::kubelet::{condition_of, restarts};
use crate::scheduler::node_of;
use crate::store::Key;
use crate::world::{Component, Happening, INTERNAL, World};

/// First wait after a refused creation (ms); it doubles with each.
const FIRST_BACK_OFF_MS: i64 = 5;
/// Longest wait after refused creations (ms).
const LONGEST_BACK_OFF_MS: i64 = 1_000_000;

impl World {
    /// One sync of a ReplicaSet.
    pub(crate) fn sync_replica_set(&mut self, key: &Key) {
        let Some(replica_set) = self.get(Kind::ReplicaSet, key) else { return };
        let spec = ReplicaSetSpec {
            generation: json::int(&replica_set, "/metadata/generation").unwrap_or(1),
            deleting: replica_set["metadata"]["deletionTimestamp"].is_string(),
            replicas: json::count(&replica_set, "/spec/replicas"),
            min_ready_seconds: json::count(&replica_set, "/spec/minReadySeconds"),
        };
        let pods = owned_pods(self, &replica_set);
        let states: Vec<PodState> = pods.iter().map(|pod| read_pod(self, pod)).collect();
        let related = self.related_pods(&replica_set);
        let now_ms = self.now_ms();
        let refusal = match replica_set::plan(&spec, &states, &related, now_ms) {
            Plan::Nothing => None,
            Plan::Create(total) => self.create_pods(&replica_set, total).err(),
            Plan::Delete(chosen) => {
                for index in chosen {
                    self.delete_pod(&replica_set, &pods[index]);
                }
                None
            }
        };
        let outcome = if refusal.is_some() { Outcome::Failed } else { Outcome::Done };
        let before = read_status(&replica_set);
        let after = replica_set::status(&spec, &before, &states, outcome, now_ms);
        if replica_set::needs_write(&before, &after) {
            let mut written = Value::clone(&replica_set);
            written["status"] = status_json(&after, refusal.as_deref());
            self.store.put(Kind::ReplicaSet, written);
        }
        if outcome == Outcome::Failed {
            let refused = self.refused_creations.entry(key.clone()).or_default();
            let wait = FIRST_BACK_OFF_MS.saturating_mul(1 << (*refused).min(20)).min(LONGEST_BACK_OFF_MS);
            *refused += 1;
            self.resync_in(wait, Kind::ReplicaSet, key.clone());
        } else {
            self.refused_creations.remove(key);
            if let Some(millis) = replica_set::requeue_after(&spec, &after, &states, now_ms) {
                self.resync_in(millis, Kind::ReplicaSet, key.clone());
            }
        }
    }

    /// Creates pods in growing batches; the batch with a refusal is the last.
    fn create_pods(&mut self, replica_set: &Arc<Value>, total: u32) -> Result<(), String> {
        for batch in replica_set::creation_batches(total) {
            let refusals: Vec<String> = (0..batch).filter_map(|_| self.create_pod(replica_set).err()).collect();
            if let Some(refusal) = refusals.into_iter().next() {
                return Err(refusal);
            }
        }
        Ok(())
    }

    fn create_pod(&mut self, replica_set: &Arc<Value>) -> Result<(), String> {
        let key = Key::of(replica_set);
        let name = format!("{}-{}", key.name, self.random.name_suffix(5));
        if let Err(refusal) = self.within_quota(&key.namespace, &name) {
            let message = format!("Error creating: {refusal}");
            self.record_pods(replica_set, true, "FailedCreate", message);
            return Err(refusal);
        }
        let template = &replica_set["spec"]["template"];
        let mut metadata = template["metadata"].clone();
        metadata["name"] = json!(name);
        metadata["generateName"] = json!(format!("{}-", key.name));
        metadata["namespace"] = json!(key.namespace);
        metadata["ownerReferences"] = json::owner_reference(replica_set, "apps/v1", "ReplicaSet");
        let mut spec = template["spec"].clone();
        spec["tolerations"] = json!([
            {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
        ]);
        let qos = if has_requests(&spec) { "Burstable" } else { "BestEffort" };
        let pod = json!({
            "metadata": metadata, "spec": spec, "status": {"phase": "Pending", "qosClass": qos},
        });
        self.create(Kind::Pod, &key.namespace, pod, INTERNAL).map_err(|error| error.message)?;
        self.record_pods(replica_set, false, "SuccessfulCreate", format!("Created pod: {name}"));
        Ok(())
    }

    fn delete_pod(&mut self, replica_set: &Arc<Value>, pod: &Value) {
        let key = Key::of(pod);
        self.terminate_pod(&key);
        self.record_pods(replica_set, false, "SuccessfulDelete", format!("Deleted pod: {}", key.name));
    }

    /// Whether the namespace's quota has room for one more pod object, terminating ones included.
    fn within_quota(&self, namespace: &str, name: &str) -> Result<(), String> {
        let used = self.store.list(Kind::Pod, Some(namespace)).count();
        for (quota, object) in self.store.list(Kind::ResourceQuota, Some(namespace)) {
            for resource in ["pods", "count/pods"] {
                let hard = object["spec"]["hard"][resource].as_str().and_then(|hard| hard.parse::<usize>().ok());
                if hard.is_some_and(|hard| used >= hard) {
                    let limited = hard.unwrap_or_default();
                    return Err(format!(
                        "pods {name:?} is forbidden: exceeded quota: {}, requested: {resource}=1, used: {resource}={used}, limited: {resource}={limited}",
                        quota.name
                    ));
                }
            }
        }
        Ok(())
    }

    fn record_pods(&mut self, replica_set: &Value, warning: bool, reason: &str, message: String) {
        let component = Component::ReplicaSetController;
        self.record(Kind::ReplicaSet, replica_set, Happening { component, warning, reason, message, container: None });
    }

    /// All pods of all ReplicaSets of the same Deployment.
    fn related_pods(&self, replica_set: &Value) -> Vec<PodState> {
        let owner = json::controller_uid(replica_set);
        let namespace = Key::of(replica_set).namespace;
        let siblings = self.store.list(Kind::ReplicaSet, Some(&namespace));
        siblings
            .filter(|(_, sibling)| json::controller_uid(sibling) == owner)
            .flat_map(|(_, sibling)| owned_pods(self, sibling))
            .map(|pod| read_pod(self, &pod))
            .collect()
    }
}

/// The pods of a ReplicaSet in order of creation.
fn owned_pods(world: &World, replica_set: &Value) -> Vec<Arc<Value>> {
    let namespace = Key::of(replica_set).namespace;
    let uid = json::text(replica_set, "/metadata/uid");
    let mut pods: Vec<Arc<Value>> = world
        .store
        .list(Kind::Pod, Some(&namespace))
        .filter(|(_, pod)| json::controller_uid(pod) == uid)
        .map(|(_, pod)| Arc::clone(pod))
        .collect();
    pods.sort_by_key(|pod| (json::moment(pod, "/metadata/creationTimestamp"), Key::of(pod)));
    pods
}

/// How many pods of a ReplicaSet have not ended.
pub(super) fn unfinished_pods(world: &World, replica_set: &Value) -> u32 {
    let pods = owned_pods(world, replica_set);
    let unfinished = pods.iter().filter(|pod| !phase(pod).is_final()).count();
    u32::try_from(unfinished).unwrap_or(u32::MAX)
}

fn phase(pod: &Value) -> PodPhase {
    match json::text(pod, "/status/phase") {
        Some("Pending") => PodPhase::Pending,
        Some("Running") => PodPhase::Running,
        Some("Succeeded") => PodPhase::Succeeded,
        Some("Failed") => PodPhase::Failed,
        _ => PodPhase::Unknown,
    }
}

fn read_pod(world: &World, pod: &Value) -> PodState {
    let ready = condition_of(pod, "Ready").filter(|condition| condition["status"] == "True");
    let node = node_of(pod).and_then(|name| {
        let position = world.store.list(Kind::Node, None).position(|(key, _)| key.name == name)?;
        u32::try_from(position).ok()
    });
    let uid = json::text(pod, "/metadata/uid").unwrap_or_default().replace('-', "");
    let cost = pod["metadata"]["annotations"]["controller.kubernetes.io/pod-deletion-cost"].as_str();
    PodState {
        uid: u128::from_str_radix(&uid, 16).unwrap_or(0),
        created_ms: json::moment(pod, "/metadata/creationTimestamp"),
        terminating: pod["metadata"]["deletionTimestamp"].is_string(),
        node,
        phase: phase(pod),
        ready: match ready {
            Some(condition) => Readiness::Ready(json::moment(condition, "/lastTransitionTime")),
            None => Readiness::NotReady,
        },
        deletion_cost: cost.and_then(|cost| cost.parse().ok()).unwrap_or(0),
        restarts: restarts(pod),
        fully_labeled: true,
    }
}

/// `status` of a ReplicaSet as the model reads it.
pub(super) fn read_status(object: &Value) -> ReplicaSetStatus {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let failure = conditions
        .into_iter()
        .flatten()
        .find(|condition| condition["type"] == "ReplicaFailure" && condition["status"] == "True");
    ReplicaSetStatus {
        observed_generation: json::int(object, "/status/observedGeneration").unwrap_or(0),
        replicas: json::count(object, "/status/replicas"),
        fully_labeled: json::count(object, "/status/fullyLabeledReplicas"),
        ready: json::count(object, "/status/readyReplicas"),
        available: json::count(object, "/status/availableReplicas"),
        terminating: object
            .pointer("/status/terminatingReplicas")
            .map(|_| json::count(object, "/status/terminatingReplicas")),
        failure: failure.map(|condition| ReplicaFailure {
            reason: ConditionReason::from(condition["reason"].as_str().unwrap_or_default()),
            since_ms: json::moment(condition, "/lastTransitionTime").unwrap_or(0),
        }),
    }
}

fn status_json(status: &ReplicaSetStatus, refusal: Option<&str>) -> Value {
    let mut fields = Map::new();
    fields.insert("replicas".to_owned(), json!(status.replicas));
    let counts = [
        ("fullyLabeledReplicas", status.fully_labeled),
        ("readyReplicas", status.ready),
        ("availableReplicas", status.available),
    ];
    for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        fields.insert(name.to_owned(), json!(count));
    }
    if let Some(terminating) = status.terminating {
        fields.insert("terminatingReplicas".to_owned(), json!(terminating));
    }
    fields.insert("observedGeneration".to_owned(), json!(status.observed_generation));
    if let Some(failure) = status.failure {
        fields.insert(
            "conditions".to_owned(),
            json!([{
                "type": "ReplicaFailure",
                "status": "True",
                "lastTransitionTime": json::seconds(failure.since_ms),
                "reason": failure.reason.as_str(),
                "message": refusal.unwrap_or_default(),
            }]),
        );
    }
    Value::Object(fields)
}

fn has_requests(spec: &Value) -> bool {
    let containers = spec["containers"].as_array();
    containers.into_iter().flatten().any(|container| container["resources"]["requests"].is_object())
}
