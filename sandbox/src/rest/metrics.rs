//! `metrics.k8s.io/v1beta1`: what running pods use. Derived from the pods when asked, never stored. Many a management cluster does
//! not serve it, and most of the sandbox's worlds do not either.

use axum::response::Response;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::selector::Selector;
use super::{Asked, reply};
use crate::access::Access;
use crate::error::ApiError;
use crate::json;
use crate::kinds::Kind;
use crate::shared::Shared;

pub(super) const GROUP: &str = "metrics.k8s.io";
pub(super) const VERSION: &str = "v1beta1";
/// The window over which a measurement is averaged, and how often there is a new one.
const WINDOW_MS: i64 = 15_000;
/// What a container uses, around (nanocores, KiB), by name; others use as little as the scheduler.
const USES: [(&str, u64, u64); 4] = [
    ("kube-apiserver", 96_000_000, 412_000),
    ("kube-controller-manager", 21_000_000, 74_000),
    ("kine", 18_000_000, 46_000),
    ("konnectivity-server", 4_000_000, 21_000),
];
const LEAST: (u64, u64) = (5_000_000, 38_000);

/// The resources of the group.
pub(super) fn resources() -> Value {
    let verbs = json!(["get", "list"]);
    json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": format!("{GROUP}/{VERSION}"), "resources": [
            {"name": "pods", "singularName": "", "namespaced": true, "kind": "PodMetrics", "verbs": verbs},
        ],
    })
}

/// Answers a request below the group and version.
pub(super) fn serve(shared: &Shared, asked: &Asked, rest: &[&str]) -> Result<Response, ApiError> {
    let (namespace, name) = match rest {
        ["pods"] => (None, None),
        ["namespaces", namespace, "pods"] => (Some(*namespace), None),
        ["namespaces", namespace, "pods", name] => (Some(*namespace), Some(*name)),
        _ => return Err(ApiError::no_such_path()),
    };
    if asked.method != Method::GET || asked.flag("watch") {
        return Err(ApiError::method_not_allowed());
    }
    let access = Access {
        verb: if name.is_some() { "get" } else { "list" },
        group: GROUP,
        resource: "pods",
        subresource: "",
        namespace: namespace.unwrap_or_default(),
        name: name.unwrap_or_default(),
    };
    if shared.faults.borrow().deny.iter().any(|denied| denied == "pods.metrics.k8s.io") {
        return Err(asked.identity.refusal(&access));
    }
    asked.identity.check(&access)?;
    let selector = Selector::read(asked, Kind::Pod, namespace)?;
    let (version, pods) = shared.with_world(|world| {
        let wanted = |pod: &Value| name.is_none_or(|name| pod["metadata"]["name"] == name) && selector.matches(pod);
        let measured = world.store.list(Kind::Pod, None).map(|(_, pod)| pod).filter(|pod| wanted(pod));
        let measured: Vec<Value> = measured.filter_map(|pod| measure(pod, world.now_ms())).collect();
        (world.store.version(), measured)
    });
    match name {
        None => Ok(reply(
            StatusCode::OK,
            &json!({
                "kind": "PodMetricsList", "apiVersion": format!("{GROUP}/{VERSION}"),
                "metadata": {"resourceVersion": version.to_string()}, "items": pods,
            }),
        )),
        Some(name) => {
            let absent = || ApiError::new(404, "NotFound", format!("podmetrics.metrics.k8s.io {name:?} not found"));
            pods.first().map(|pod| reply(StatusCode::OK, pod)).ok_or_else(absent)
        }
    }
}

/// What a pod uses; `None` until it has run for a whole window.
fn measure(pod: &Value, now_ms: i64) -> Option<Value> {
    if json::text(pod, "/status/phase") != Some("Running") {
        return None;
    }
    let at_ms = now_ms - now_ms.rem_euclid(WINDOW_MS);
    let started = json::text(pod, "/status/startTime").and_then(planner::time::UnixMillis::parse)?;
    if started.0 > at_ms - WINDOW_MS {
        return None;
    }
    let containers = pod.pointer("/spec/containers")?.as_array()?;
    let uid = json::text(pod, "/metadata/uid").unwrap_or_default();
    let usage = |container: &Value| {
        let name = container["name"].as_str().unwrap_or_default();
        let known = USES.iter().find(|(known, ..)| *known == name);
        let (cpu, memory) = known.map_or(LEAST, |(_, cpu, memory)| (*cpu, *memory));
        // No two pods are quite alike, and one pod is the same whenever it is asked about.
        let percent = 90 + uid.bytes().map(u64::from).sum::<u64>() % 21;
        json!({
            "name": name,
            "usage": {"cpu": format!("{}n", cpu * percent / 100), "memory": format!("{}Ki", memory * percent / 100)},
        })
    };
    Some(json!({
        "kind": "PodMetrics",
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "metadata": {
            "name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"],
            "creationTimestamp": json::seconds(now_ms), "labels": pod["metadata"]["labels"],
        },
        "timestamp": json::seconds(at_ms),
        "window": "15s",
        "containers": containers.iter().map(usage).collect::<Vec<_>>(),
    }))
}
