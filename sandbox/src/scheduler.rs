//! Binds pods to nodes with room. Terminating pods keep their room until their object is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::json;
use crate::kinds::Kind;
use crate::store::{Change, ChangeType, Key};
use crate::world::{Action, World};

/// From a pod's creation to the scheduler's decision (ms).
const DECISION_MS: (i64, i64) = (15, 110);
/// From the end of a bound pod to the next try with those that found no room (ms).
const RETRY_MS: (i64, i64) = (150, 1_000);

/// What a pod asks for, or a node has.
#[derive(Debug, Clone, Copy, Default)]
struct Room {
    pods: i64,
    cpu_millis: i64,
    memory_bytes: i64,
}

/// Looks at a change of a pod.
pub(crate) fn react(world: &mut World, key: &Key, change: &Change) {
    match change.change {
        ChangeType::Added if node_of(&change.object).is_none() => {
            world.plan_within(DECISION_MS, Action::Schedule(key.clone()));
        }
        ChangeType::Deleted => {
            world.unschedulable.remove(key);
            if node_of(&change.object).is_some() {
                for waiting in world.unschedulable.clone() {
                    world.plan_within(RETRY_MS, Action::Schedule(waiting));
                }
            }
        }
        _ => {}
    }
}

impl World {
    /// Binds a pod, or says why it cannot be bound.
    pub(crate) fn schedule(&mut self, key: &Key) {
        let Some(pod) = self.get(Kind::Pod, key) else { return };
        if node_of(&pod).is_some() || pod["metadata"]["deletionTimestamp"].is_string() {
            return;
        }
        match self.place(&pod) {
            Ok(node) => self.bind(key, &pod, &node),
            Err(message) => self.refuse_to_bind(key, &pod, message),
        }
    }

    fn place(&mut self, pod: &Value) -> Result<String, String> {
        let wanted = requests(pod);
        let mut used: BTreeMap<&str, Room> = BTreeMap::new();
        let mut neighbours: BTreeMap<&str, bool> = BTreeMap::new();
        for (_, other) in self.store.list(Kind::Pod, None) {
            let Some(node) = node_of(other) else { continue };
            used.entry(node).or_default().add(requests(other));
            *neighbours.entry(node).or_default() |= same_tenant(pod, other);
        }
        let spread = keeps_apart(pod);
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        let mut fitting: Vec<(i64, String)> = Vec::new();
        let mut nodes = 0;
        for (key, node) in self.store.list(Kind::Node, None) {
            nodes += 1;
            let name = key.name.as_str();
            let taken = used.get(name).copied().unwrap_or_default();
            let reason = if node["spec"]["unschedulable"] == json!(true) {
                Some("node(s) were unschedulable")
            } else if spread && neighbours.get(name) == Some(&true) {
                Some("node(s) didn't match pod anti-affinity rules")
            } else {
                taken.shortage(wanted, allocatable(node))
            };
            match reason {
                Some(reason) => *reasons.entry(reason).or_default() += 1,
                None => fitting.push((taken.pods, name.to_owned())),
            }
        }
        fitting.sort();
        let emptiest: Vec<&String> =
            fitting.iter().filter(|(pods, _)| *pods == fitting[0].0).map(|(_, name)| name).collect();
        if let Some(last) = emptiest.len().checked_sub(1) {
            let choice = self.random.between((0, i64::try_from(last).unwrap_or(0)));
            return Ok(emptiest[usize::try_from(choice).unwrap_or(0)].clone());
        }
        let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        Err(format!(
            "0/{nodes} nodes are available: {}. no new claims to deallocate, preemption: 0/{nodes} nodes are available: {nodes} No preemption victims found for incoming pod.",
            reasons.join(", ")
        ))
    }

    fn bind(&mut self, key: &Key, pod: &Arc<Value>, node: &str) {
        self.unschedulable.remove(key);
        let mut bound = Value::clone(pod);
        bound["spec"]["nodeName"] = json!(node);
        bound["status"]["conditions"] = json!([{
            "type": "PodScheduled",
            "status": "True",
            "observedGeneration": 1,
            "lastProbeTime": null,
            "lastTransitionTime": json::seconds(self.now_ms()),
        }]);
        self.store.put(Kind::Pod, bound);
        let message = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name);
        self.record_scheduling(pod, false, "Scheduled", message);
    }

    fn refuse_to_bind(&mut self, key: &Key, pod: &Arc<Value>, message: String) {
        self.unschedulable.insert(key.clone());
        let mut waiting = Value::clone(pod);
        let since = json::text(pod, "/status/conditions/0/lastTransitionTime").map(str::to_owned);
        waiting["status"]["conditions"] = json!([{
            "type": "PodScheduled",
            "status": "False",
            "observedGeneration": 1,
            "lastProbeTime": null,
            "lastTransitionTime": since.unwrap_or_else(|| json::seconds(self.now_ms())),
            "reason": "Unschedulable",
            "message": message,
        }]);
        self.store.put(Kind::Pod, waiting);
        self.record_scheduling(pod, true, "FailedScheduling", message);
    }

    fn record_scheduling(&mut self, pod: &Value, warning: bool, reason: &str, message: String) {
        use crate::world::{Component, Happening};
        self.record(
            Kind::Pod,
            pod,
            Happening { component: Component::Scheduler, warning, reason, message, container: None },
        );
    }
}

/// The node a pod is bound to.
pub(crate) fn node_of(pod: &Value) -> Option<&str> {
    json::text(pod, "/spec/nodeName")
}

fn same_tenant(pod: &Value, other: &Value) -> bool {
    let label = |pod: &Value| pod["metadata"]["labels"]["kamaji.clastix.io/name"].clone();
    label(pod).is_string()
        && label(pod) == label(other)
        && pod["metadata"]["namespace"] == other["metadata"]["namespace"]
}

/// Whether the pod demands a node without others of its tenant. The only affinity the sandbox knows.
fn keeps_apart(pod: &Value) -> bool {
    let terms = pod.pointer("/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution");
    terms.and_then(Value::as_array).is_some_and(|terms| !terms.is_empty())
}

fn requests(pod: &Value) -> Room {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let mut room = Room { pods: 1, ..Room::default() };
    for container in containers.into_iter().flatten() {
        room.cpu_millis += milli_cpu(&container["resources"]["requests"]["cpu"]);
        room.memory_bytes += bytes(&container["resources"]["requests"]["memory"]);
    }
    room
}

fn allocatable(node: &Value) -> Room {
    let allocatable = &node["status"]["allocatable"];
    Room {
        pods: allocatable["pods"].as_str().and_then(|pods| pods.parse().ok()).unwrap_or(110),
        cpu_millis: milli_cpu(&allocatable["cpu"]),
        memory_bytes: bytes(&allocatable["memory"]),
    }
}

impl Room {
    fn add(&mut self, other: Self) {
        self.pods += other.pods;
        self.cpu_millis += other.cpu_millis;
        self.memory_bytes += other.memory_bytes;
    }

    /// What is missing for `wanted` on a node with `total`, of which this is taken.
    fn shortage(self, wanted: Self, total: Self) -> Option<&'static str> {
        if self.pods + wanted.pods > total.pods {
            Some("Too many pods")
        } else if wanted.cpu_millis > 0 && self.cpu_millis + wanted.cpu_millis > total.cpu_millis {
            Some("Insufficient cpu")
        } else if wanted.memory_bytes > 0 && self.memory_bytes + wanted.memory_bytes > total.memory_bytes {
            Some("Insufficient memory")
        } else {
            None
        }
    }
}

fn milli_cpu(quantity: &Value) -> i64 {
    let Some(text) = quantity.as_str() else { return quantity.as_i64().unwrap_or(0) * 1000 };
    match text.strip_suffix('m') {
        Some(millis) => millis.parse().unwrap_or(0),
        None => text.parse::<f64>().map_or(0, |cores| (cores * 1000.0) as i64),
    }
}

fn bytes(quantity: &Value) -> i64 {
    let Some(text) = quantity.as_str() else { return quantity.as_i64().unwrap_or(0) };
    let units =
        [("Ki", 1_i64 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)];
    for (suffix, unit) in units {
        if let Some(number) = text.strip_suffix(suffix) {
            return number.parse::<i64>().unwrap_or(0).saturating_mul(unit);
        }
    }
    text.parse().unwrap_or(0)
}
