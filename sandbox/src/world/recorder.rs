//! Events, in the words of the components that record them. Kamaji records none.

use serde_json::{Value, json};

use crate::json;
use crate::kinds::Kind;
use crate::store::Key;
use crate::world::World;

/// Who records an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Component {
    /// kube-scheduler, which uses the newer form without counts.
    Scheduler,
    /// The Deployment controller.
    DeploymentController,
    /// The ReplicaSet controller.
    ReplicaSetController,
    /// The kubelet.
    Kubelet,
}

/// What an event says.
#[derive(Debug)]
pub(crate) struct Happening<'a> {
    pub(crate) component: Component,
    pub(crate) warning: bool,
    pub(crate) reason: &'a str,
    pub(crate) message: String,
    /// The container it is about, of a pod.
    pub(crate) container: Option<&'a str>,
}

impl World {
    /// Records an event about an object. One that repeats (same words about the same object) is counted up.
    pub(crate) fn record(&mut self, kind: Kind, about: &Value, happening: Happening<'_>) {
        let key = Key::of(about);
        let now_ms = self.now_ms();
        let repeated = self.store.list(Kind::Event, Some(&key.namespace)).find_map(|(event_key, event)| {
            let same = event["message"] == happening.message
                && event["reason"] == happening.reason
                && event["involvedObject"]["uid"] == about["metadata"]["uid"];
            same.then(|| (event_key.clone(), Value::clone(event)))
        });
        if let Some((_, mut event)) = repeated {
            let count = event["count"].as_u64().unwrap_or(1) + 1;
            if happening.component == Component::Scheduler {
                event["series"] = json!({"count": count, "lastObservedTime": json::micros(now_ms)});
            } else {
                event["count"] = json!(count);
                event["lastTimestamp"] = json!(json::seconds(now_ms));
            }
            self.store.put(Kind::Event, event);
            return;
        }
        // Upstream names events after the object and the time in nanoseconds, in hexadecimal.
        let nanos = i128::from(now_ms) * 1_000_000 + i128::from(self.random.between((0, 999_999)));
        let name = format!("{}.{nanos:x}", key.name);
        let event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": name,
                "namespace": key.namespace,
                "uid": self.random.uuid(),
                "creationTimestamp": json::seconds(now_ms),
            },
            "involvedObject": {
                "kind": kind.name(),
                "namespace": key.namespace,
                "name": key.name,
                "uid": about["metadata"]["uid"],
                "apiVersion": kind.api_version(),
                "resourceVersion": about["metadata"]["resourceVersion"],
            },
            "reason": happening.reason,
            "message": happening.message,
            "type": if happening.warning { "Warning" } else { "Normal" },
            "reportingComponent": happening.component.name(),
            "reportingInstance": "",
        });
        let mut event = event;
        if let Some(container) = happening.container {
            event["involvedObject"]["fieldPath"] = json!(format!("spec.containers{{{container}}}"));
        }
        let event = match happening.component {
            Component::Scheduler => with(
                event,
                json!({
                    "source": {}, "eventTime": json::micros(now_ms), "action": "Binding",
                    "firstTimestamp": null, "lastTimestamp": null,
                }),
            ),
            component => with(
                event,
                json!({
                    "source": {"component": component.name()}, "eventTime": null, "count": 1,
                    "firstTimestamp": json::seconds(now_ms), "lastTimestamp": json::seconds(now_ms),
                }),
            ),
        };
        self.store.put(Kind::Event, event);
    }
}

/// When an event was last seen.
pub(super) fn last_seen_ms(event: &Value) -> Option<i64> {
    ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"]
        .into_iter()
        .find_map(|pointer| json::moment(event, pointer))
}

fn with(mut event: Value, more: Value) -> Value {
    if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
        event.extend(more);
    }
    event
}

impl Component {
    fn name(self) -> &'static str {
        match self {
            Self::Scheduler => "default-scheduler",
            Self::DeploymentController => "deployment-controller",
            Self::ReplicaSetController => "replicaset-controller",
            Self::Kubelet => "kubelet",
        }
    }
}
