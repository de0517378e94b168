//! A tiny API server in process: one tenant's objects, merge patch with `resourceVersion`, and a script of faults.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use kube::Client;
use serde_json::{Value, json};

use super::objects::{control_plane, deployment};

/// What a PATCH meets instead of success.
pub(crate) enum Fault {
    /// Nothing: it succeeds.
    Pass,
    /// Somebody else writes first.
    WrittenBefore(fn(Value) -> Value),
    /// This answer.
    Answer(u16, &'static str),
    /// This answer, as it was recorded: a `Status` with its code.
    Recorded(Value),
    /// It is done, but the answer is lost on the way.
    DoneButNoAnswer,
    /// No answer ever.
    Hang,
}

/// One request, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) body: Value,
    pub(crate) headers: HeaderMap,
}

/// The objects and what is to happen.
pub(crate) struct World {
    pub(crate) tenant: Option<Value>,
    pub(crate) deployment: Value,
    /// The one node, with room for everything.
    pub(crate) node: Value,
    pub(crate) faults: VecDeque<Fault>,
    /// What a GET answers whose path and query contain this.
    pub(crate) refused: Vec<(&'static str, u16, &'static str)>,
    /// A GET on a path that contains one of these never answers.
    pub(crate) hanging: Vec<&'static str>,
    pub(crate) asked: Vec<Asked>,
    /// What the next watch brings, by plural; then it stays open.
    pub(crate) watched: Vec<(&'static str, String)>,
    /// What a SelfSubjectReview answers.
    pub(crate) review: Option<Value>,
    /// More items of the list of TenantControlPlanes.
    pub(crate) strangers: Vec<Value>,
    /// What a GET on exactly this path answers.
    pub(crate) answers: BTreeMap<String, Value>,
}

/// The server.
#[derive(Clone)]
pub(crate) struct Api(Arc<Mutex<World>>);

impl Api {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(World {
            tenant: Some(control_plane("t")),
            deployment: deployment("t", "v1.35.6"),
            node: roomy_node(),
            faults: VecDeque::new(),
            refused: Vec::new(),
            hanging: Vec::new(),
            asked: Vec::new(),
            watched: Vec::new(),
            review: None,
            strangers: Vec::new(),
            answers: BTreeMap::new(),
        })))
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().expect("no test panicked inside")
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(Router::new().fallback(answer).with_state(self.clone()), "default")
    }

    /// The PATCHes so far, dry runs marked.
    pub(crate) fn patches(&self) -> Vec<(bool, Value)> {
        let world = self.world();
        let patches = world.asked.iter().filter(|asked| asked.method == Method::PATCH);
        patches.map(|asked| (asked.target.contains("dryRun=All"), asked.body.clone())).collect()
    }
}

/// What an API server says where it serves nothing at all: no `Status`.
pub(crate) const PAGE_NOT_FOUND: &str = "404 page not found\n";

pub(crate) fn status(code: u16, message: &'static str) -> Response {
    if message == PAGE_NOT_FOUND {
        return (StatusCode::NOT_FOUND, message).into_response();
    }
    let reason = match code {
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        410 => "Expired",
        _ => "InternalError",
    };
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "code": code, "reason": reason, "message": message,
    });
    (StatusCode::from_u16(code).expect("a status code"), status.to_string()).into_response()
}

async fn answer(State(api): State<Api>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let asked = Asked {
        method: method.clone(),
        target: uri.to_string(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        headers,
    };
    let outcome = {
        let mut world = api.world();
        world.asked.push(asked.clone());
        if method == Method::PATCH { world.patch(&asked) } else { world.get(&uri) }
    };
    match outcome {
        Some(response) => response,
        None => std::future::pending().await,
    }
}

impl World {
    fn get(&mut self, uri: &Uri) -> Option<Response> {
        let path = uri.path();
        if self.hanging.iter().any(|part| path.contains(part)) {
            return None;
        }
        let target = uri.to_string();
        if let Some((_, code, message)) = self.refused.iter().find(|(part, ..)| target.contains(part)) {
            return Some(status(*code, message));
        }
        if let Some(answer) = self.answers.get(path) {
            return Some(answer.to_string().into_response());
        }
        let plural = path.rsplit('/').find(|part| part.ends_with('s') && *part != "tenants").unwrap_or_default();
        if uri.query().unwrap_or_default().contains("watch=true") {
            use futures::StreamExt;
            let (now, later) = std::mem::take(&mut self.watched).into_iter().partition(|(of, _)| *of == plural);
            self.watched = later;
            let now: Vec<(&str, String)> = now;
            let lines = now.into_iter().map(|(_, line)| Ok::<_, std::io::Error>(format!("{line}\n")));
            let body =
                Body::from_stream(futures::stream::iter(lines.collect::<Vec<_>>()).chain(futures::stream::pending()));
            return Some(body.into_response());
        }
        if plural == "selfsubjectreviews" {
            let answer = self.review.as_ref().map(|review| review.to_string().into_response());
            return Some(answer.unwrap_or_else(|| status(404, "the server could not find the requested resource")));
        }
        if plural == "tenantcontrolplanes" && path.ends_with("/t") {
            return Some(self.tenant.as_ref().map_or_else(
                || status(404, "tenantcontrolplanes.kamaji.clastix.io \"t\" not found"),
                |tenant| tenant.to_string().into_response(),
            ));
        }
        if path.ends_with("/deployments/t") {
            return Some(self.deployment.to_string().into_response());
        }
        let items: Vec<&Value> = match plural {
            "tenantcontrolplanes" => self.tenant.iter().chain(&self.strangers).collect(),
            "deployments" => vec![&self.deployment],
            "nodes" => vec![&self.node],
            _ => Vec::new(),
        };
        let namespace = path.split_once("/namespaces/").and_then(|(_, rest)| rest.split('/').next());
        let stands_there = |item: &&Value| namespace.is_none_or(|namespace| item["metadata"]["namespace"] == namespace);
        let items: Vec<&Value> = items.into_iter().filter(stands_there).collect();
        let list =
            json!({ "kind": "List", "apiVersion": "v1", "metadata": { "resourceVersion": "1000" }, "items": items });
        Some(list.to_string().into_response())
    }

    fn patch(&mut self, asked: &Asked) -> Option<Response> {
        let dry_run = asked.target.contains("dryRun=All");
        let fault = self.faults.pop_front().unwrap_or(Fault::Pass);
        match fault {
            Fault::Hang => return None,
            Fault::Answer(code, message) => return Some(status(code, message)),
            Fault::Recorded(status) => {
                let code = status["code"].as_u64().and_then(|code| u16::try_from(code).ok()).expect("a code");
                let code = StatusCode::from_u16(code).expect("a status code");
                return Some((code, status.to_string()).into_response());
            }
            Fault::WrittenBefore(change) => {
                let tenant = self.tenant.take().expect("it is there");
                self.tenant = Some(raise(change(tenant), "/metadata/resourceVersion"));
            }
            Fault::Pass | Fault::DoneButNoAnswer => {}
        }
        let Some(tenant) = &self.tenant else { return Some(status(404, "not found")) };
        let expected = asked.body.pointer("/metadata/resourceVersion");
        if expected.is_some() && expected != tenant.pointer("/metadata/resourceVersion") {
            let message = "Operation cannot be fulfilled on tenantcontrolplanes.kamaji.clastix.io \"t\": the object has been modified";
            return Some(status(409, message));
        }
        let mut merged = tenant.clone();
        merge(&mut merged, &asked.body);
        merged = raise(raise(merged, "/metadata/resourceVersion"), "/metadata/generation");
        if !dry_run {
            self.tenant = Some(merged.clone());
        }
        if matches!(fault, Fault::DoneButNoAnswer) { None } else { Some(merged.to_string().into_response()) }
    }
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in fields {
        if value.is_null() {
            target.as_object_mut().expect("an object").remove(key);
        } else {
            merge(&mut target[key], value);
        }
    }
}

/// Raises a number, or a number in a text, by one.
fn raise(mut object: Value, pointer: &str) -> Value {
    let number = object.pointer_mut(pointer).expect("the field is there");
    *number = match &*number {
        Value::String(text) => json!((text.parse::<u64>().expect("a number") + 1).to_string()),
        other => json!(other.as_i64().expect("a number") + 1),
    };
    object
}

fn roomy_node() -> Value {
    json!({
        "metadata": { "name": "node-1", "uid": "uid-node-1", "resourceVersion": "50" },
        "spec": {},
        "status": { "allocatable": { "cpu": "16", "memory": "64Gi", "pods": "110" }, "images": [] },
    })
}
