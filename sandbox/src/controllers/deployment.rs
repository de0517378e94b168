//! The Deployment controller.

use std::sync::Arc;

use planner::rollout::deployment::{
    self, Condition, ConditionReason, ConditionStatus, CountAnnotations, DeploymentState, DeploymentStatus,
    ReplicaSetState, Requeue, Write, count_annotation,
};
use serde_json::{Map, Value, json};

use super::replica_set::{read_status, unfinished_pods};
use crate::json;
use crate::kinds::Kind;
use crate::random::template_hash;
use crate::store::Key;
use crate::world::{Component, Happening, World};

const HASH_LABEL: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";
const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
/// The rate limiter's first steps (ms).
const RATE_LIMITED_MS: i64 = 100;
const CONFLICT_MS: i64 = 5;

impl World {
    /// One sync of a Deployment.
    pub(crate) fn sync_deployment(&mut self, key: &Key) {
        let Some(deployment) = self.get(Kind::Deployment, key) else { return };
        let Some(state) = read(&deployment) else { return };
        let owned = self.owned_replica_sets(&deployment);
        let template = template_text(&deployment["spec"]["template"]);
        let states: Vec<ReplicaSetState> = owned.iter().map(|owned| self.read_replica_set(owned, &template)).collect();
        let mut writes = Vec::new();
        let requeue = deployment::sync(&state, &states, self.now_ms(), &mut writes);
        let mut new = owned.iter().zip(&states).find(|(_, state)| state.matches_template).map(|(owned, _)| name(owned));
        for write in writes {
            self.carry_out(key, &deployment, &owned, &mut new, write);
        }
        match requeue {
            Requeue::Never => {}
            Requeue::After(millis) => self.resync_in(millis, Kind::Deployment, key.clone()),
            Requeue::RateLimited => self.wake_in(RATE_LIMITED_MS, Kind::Deployment, key.clone()),
            Requeue::Conflict => self.wake_in(CONFLICT_MS, Kind::Deployment, key.clone()),
        }
    }

    fn carry_out(
        &mut self,
        key: &Key,
        deployment: &Arc<Value>,
        owned: &[Arc<Value>],
        new: &mut Option<String>,
        write: Write,
    ) {
        match write {
            Write::CreateReplicaSet { replicas, revision, annotations } => {
                let created = new_replica_set(deployment, replicas, revision, annotations);
                let created_name = name(&created);
                if self.create(Kind::ReplicaSet, &key.namespace, created, crate::world::INTERNAL).is_ok() {
                    if replicas > 0 {
                        self.record_scaling(deployment, "up", &created_name, 0, replicas);
                    }
                    *new = Some(created_name);
                }
            }
            Write::UpdateReplicaSet { replica_set, revision, min_ready_seconds } => {
                self.change_replica_set(&owned[replica_set], |object| {
                    json::object_at(&mut object["metadata"], "annotations")
                        .insert(REVISION.to_owned(), json!(revision.to_string()));
                    if min_ready_seconds > 0 {
                        object["spec"]["minReadySeconds"] = json!(min_ready_seconds);
                    } else {
                        json::object_at(object, "spec").remove("minReadySeconds");
                    }
                });
            }
            Write::ScaleReplicaSet { replica_set, from, to, annotations, .. } => {
                self.change_replica_set(&owned[replica_set], |object| {
                    object["spec"]["replicas"] = json!(to);
                    annotate(json::object_at(&mut object["metadata"], "annotations"), annotations);
                });
                if from != to {
                    let direction = if to > from { "up" } else { "down" };
                    self.record_scaling(deployment, direction, &name(&owned[replica_set]), from, to);
                }
            }
            Write::DeleteReplicaSet { replica_set } => {
                self.store.remove(Kind::ReplicaSet, &Key::of(&owned[replica_set]));
            }
            Write::UpdateStatus { status, revision } => {
                let Some(mut written) = self.get(Kind::Deployment, key).map(|object| Value::clone(&object)) else {
                    return;
                };
                let failure = owned.iter().find_map(|owned| failure_message(owned));
                written["status"] =
                    status_json(&status, new.as_deref().unwrap_or_default(), &written["status"], failure);
                if let Some(revision) = revision {
                    json::object_at(&mut written["metadata"], "annotations")
                        .insert(REVISION.to_owned(), json!(revision.to_string()));
                }
                self.store.put(Kind::Deployment, written);
            }
        }
    }

    fn change_replica_set(&mut self, replica_set: &Value, change: impl FnOnce(&mut Value)) {
        let key = Key::of(replica_set);
        let options = crate::world::INTERNAL;
        // A ReplicaSet that is gone meanwhile needs no change.
        self.update(Kind::ReplicaSet, &key, crate::world::Part::Object, options, change).ok();
    }

    fn record_scaling(&mut self, deployment: &Value, direction: &str, replica_set: &str, from: u32, to: u32) {
        let message = format!("Scaled {direction} replica set {replica_set} from {from} to {to}");
        self.record(
            Kind::Deployment,
            deployment,
            Happening {
                component: Component::DeploymentController,
                warning: false,
                reason: "ScalingReplicaSet",
                message,
                container: None,
            },
        );
    }

    /// The ReplicaSets of a Deployment, oldest first.
    pub(crate) fn owned_replica_sets(&self, deployment: &Value) -> Vec<Arc<Value>> {
        let namespace = Key::of(deployment).namespace;
        let uid = json::text(deployment, "/metadata/uid");
        let mut owned: Vec<Arc<Value>> = self
            .store
            .list(Kind::ReplicaSet, Some(&namespace))
            .filter(|(_, object)| json::controller_uid(object) == uid)
            .map(|(_, object)| Arc::clone(object))
            .collect();
        owned.sort_by_key(|object| (json::moment(object, "/metadata/creationTimestamp"), name(object)));
        owned
    }

    fn read_replica_set(&self, object: &Value, template: &str) -> ReplicaSetState {
        let annotation = |name: &str| object["metadata"]["annotations"][name].as_str();
        ReplicaSetState {
            generation: json::int(object, "/metadata/generation").unwrap_or(1),
            deleting: object["metadata"]["deletionTimestamp"].is_string(),
            matches_template: template_text(&object["spec"]["template"]) == template,
            revision: annotation(REVISION).and_then(|revision| revision.parse().ok()),
            desired_replicas: annotation(DESIRED_REPLICAS).and_then(|count| count_annotation(count).ok()),
            max_replicas: annotation(MAX_REPLICAS).and_then(|count| count_annotation(count).ok()),
            inherited_annotations_differ: false,
            spec_replicas: json::count(object, "/spec/replicas"),
            min_ready_seconds: json::count(object, "/spec/minReadySeconds"),
            unfinished_pods: unfinished_pods(self, object),
            status: read_status(object),
        }
    }
}

/// The Deployment as the model reads it; `None` if its strategy is none.
fn read(object: &Value) -> Option<DeploymentState> {
    let limit =
        |pointer: &str, default: u32| Some(object.pointer(pointer).map_or(default, |_| json::count(object, pointer)));
    Some(DeploymentState {
        generation: json::int(object, "/metadata/generation").unwrap_or(1),
        deleting: object["metadata"]["deletionTimestamp"].is_string(),
        revision: object["metadata"]["annotations"][REVISION].as_str().and_then(|revision| revision.parse().ok()),
        replicas: object.pointer("/spec/replicas").map_or(1, |_| json::count(object, "/spec/replicas")),
        paused: object["spec"]["paused"] == json!(true),
        strategy: crate::strategy::parse(&object["spec"]["strategy"]).ok()?,
        min_ready_seconds: json::count(object, "/spec/minReadySeconds"),
        progress_deadline_seconds: limit("/spec/progressDeadlineSeconds", 600),
        revision_history_limit: limit("/spec/revisionHistoryLimit", 10),
        status: DeploymentStatus {
            observed_generation: json::int(object, "/status/observedGeneration").unwrap_or(0),
            replicas: json::count(object, "/status/replicas"),
            updated: json::count(object, "/status/updatedReplicas"),
            ready: json::count(object, "/status/readyReplicas"),
            available: json::count(object, "/status/availableReplicas"),
            unavailable: json::count(object, "/status/unavailableReplicas"),
            terminating: object
                .pointer("/status/terminatingReplicas")
                .map(|_| json::count(object, "/status/terminatingReplicas")),
            progressing: condition(object, "Progressing"),
            minimum_available: condition(object, "Available"),
            replica_failure: condition(object, "ReplicaFailure"),
        },
    })
}

fn find_condition<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    status["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

fn condition(object: &Value, kind: &str) -> Option<Condition> {
    let condition = find_condition(&object["status"], kind)?;
    Some(Condition {
        status: condition["status"].as_str()?.parse().unwrap_or(ConditionStatus::Unknown),
        reason: ConditionReason::from(condition["reason"].as_str().unwrap_or_default()),
        last_update_ms: json::moment(condition, "/lastUpdateTime").unwrap_or(0),
        last_transition_ms: json::moment(condition, "/lastTransitionTime").unwrap_or(0),
    })
}

fn status_json(status: &DeploymentStatus, new: &str, before: &Value, failure: Option<String>) -> Value {
    let mut fields = Map::new();
    fields.insert("observedGeneration".to_owned(), json!(status.observed_generation));
    let counts = [
        ("replicas", status.replicas),
        ("updatedReplicas", status.updated),
        ("readyReplicas", status.ready),
        ("availableReplicas", status.available),
        ("unavailableReplicas", status.unavailable),
    ];
    for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        fields.insert(name.to_owned(), json!(count));
    }
    if let Some(terminating) = status.terminating {
        fields.insert("terminatingReplicas".to_owned(), json!(terminating));
    }
    let conditions = [
        ("Available", status.minimum_available),
        ("Progressing", status.progressing),
        ("ReplicaFailure", status.replica_failure),
    ];
    let conditions: Vec<Value> = conditions
        .into_iter()
        .filter_map(|(kind, condition)| Some((kind, condition?)))
        .map(|(kind, condition)| {
            let unchanged = find_condition(before, kind).filter(|before| {
                before["reason"] == condition.reason.as_str()
                    && before["lastUpdateTime"] == json::seconds(condition.last_update_ms)
            });
            let message = match unchanged {
                Some(before) => before["message"].clone(),
                None if kind == "ReplicaFailure" => json!(failure),
                None => json!(condition_message(condition.reason, new)),
            };
            json!({
                "type": kind,
                "status": condition.status.to_string(),
                "lastUpdateTime": json::seconds(condition.last_update_ms),
                "lastTransitionTime": json::seconds(condition.last_transition_ms),
                "reason": condition.reason.as_str(),
                "message": message,
            })
        })
        .collect();
    fields.insert("conditions".to_owned(), json!(conditions));
    Value::Object(fields)
}

fn condition_message(reason: ConditionReason, new: &str) -> String {
    match reason {
        ConditionReason::NewReplicaSetCreated => format!("Created new replica set {new:?}"),
        ConditionReason::FoundNewReplicaSet => format!("Found new replica set {new:?}"),
        ConditionReason::ReplicaSetUpdated => format!("ReplicaSet {new:?} is progressing."),
        ConditionReason::NewReplicaSetAvailable => format!("ReplicaSet {new:?} has successfully progressed."),
        ConditionReason::ProgressDeadlineExceeded => format!("ReplicaSet {new:?} has timed out progressing."),
        ConditionReason::DeploymentPaused => "Deployment is paused".to_owned(),
        ConditionReason::DeploymentResumed => "Deployment is resumed".to_owned(),
        ConditionReason::ReplicaSetCreateError => format!("Failed to create new replica set {new:?}"),
        ConditionReason::MinimumReplicasAvailable => "Deployment has minimum availability.".to_owned(),
        ConditionReason::MinimumReplicasUnavailable => "Deployment does not have minimum availability.".to_owned(),
        ConditionReason::FailedCreate | ConditionReason::FailedDelete | ConditionReason::Other => String::new(),
    }
}

fn failure_message(replica_set: &Value) -> Option<String> {
    let message = &find_condition(&replica_set["status"], "ReplicaFailure")?["message"];
    message.as_str().map(str::to_owned)
}

fn new_replica_set(deployment: &Value, replicas: u32, revision: u64, annotations: CountAnnotations) -> Value {
    let hash = template_hash(&template_text(&deployment["spec"]["template"]));
    let key = Key::of(deployment);
    let mut template = deployment["spec"]["template"].clone();
    json::object_at(&mut template["metadata"], "labels").insert(HASH_LABEL.to_owned(), json!(hash));
    let mut selector = deployment["spec"]["selector"].clone();
    json::object_at(&mut selector, "matchLabels").insert(HASH_LABEL.to_owned(), json!(hash));
    let mut replica_set = json!({
        "metadata": {
            "name": format!("{}-{hash}", key.name),
            "namespace": key.namespace,
            "labels": template["metadata"]["labels"],
            "annotations": {REVISION: revision.to_string()},
            "ownerReferences": json::owner_reference(deployment, "apps/v1", "Deployment"),
        },
        "spec": {"replicas": replicas, "selector": selector, "template": template},
    });
    if let Some(seconds) = deployment["spec"]["minReadySeconds"].as_u64() {
        replica_set["spec"]["minReadySeconds"] = json!(seconds);
    }
    annotate(json::object_at(&mut replica_set["metadata"], "annotations"), annotations);
    replica_set
}

fn annotate(annotations: &mut Map<String, Value>, counts: CountAnnotations) {
    annotations.insert(DESIRED_REPLICAS.to_owned(), json!(counts.desired_replicas.to_string()));
    annotations.insert(MAX_REPLICAS.to_owned(), json!(counts.max_replicas.to_string()));
}

/// A pod template as a text that is equal for equal templates, the hash label left out.
fn template_text(template: &Value) -> String {
    let mut template = template.clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(HASH_LABEL);
    }
    template.to_string()
}

fn name(object: &Value) -> String {
    Key::of(object).name
}
