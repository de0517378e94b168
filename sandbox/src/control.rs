//! The control door, `/sandbox/…`: resets the world, moves its clock, breaks things. Only for people and tests on this
//! machine; the console never calls it.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
use planner::time::UnixMillis;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::behaviour::{TenantBehaviour, in_registry};
use crate::clock::Mode;
use crate::kinds::Kind;
use crate::scenario;
use crate::shared::{Faults, Shared};
use crate::store::Key;

/// Furthest step of the clock (s): a week.
const LONGEST_ADVANCE_SECONDS: f64 = 604_800.0;
/// Fastest clock (virtual seconds in a real one).
const HIGHEST_SPEED: f64 = 1_000.0;

/// Everything under `/sandbox`.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/sandbox/state", get(state))
        .route("/sandbox/reset", post(reset))
        .route("/sandbox/scenario/{name}", post(load))
        .route("/sandbox/clock", post(clock))
        .route("/sandbox/faults", post(faults))
        .route("/sandbox/tenants/{namespace}/{name}", get(tenant).post(set_tenant))
        .route("/sandbox/tenants/{namespace}/{name}/nodes/{node}/step", post(step_at_node))
        .route("/sandbox/registry/v2/kube-apiserver/manifests/{tag}", get(manifest))
        .with_state(shared)
}

/// Whether the registry that the sandbox's nodes pull from has an image, as a registry's own API says it.
async fn manifest(Path(tag): Path<String>) -> Response {
    if in_registry(&tag) {
        [(header::CONTENT_TYPE, "application/vnd.oci.image.index.v1+json")].into_response()
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

/// A refusal of the control door.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        reply(self.0, &json!({"error": self.1}))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Reset {
    seed: Option<u64>,
    /// RFC 3339.
    start_at: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ClockOrder {
    advance_seconds: Option<f64>,
    speed: Option<f64>,
    manual: Option<bool>,
}

/// What is not of this order must be a lasting fault, which refuses fields that it does not know.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FaultOrder {
    drop_watches: bool,
    expire_watches: bool,
    #[serde(flatten)]
    lasting: serde_json::Map<String, Value>,
}

/// An order that says nothing but that it is one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoOrder {}

async fn state(State(shared): State<Arc<Shared>>) -> Response {
    reply(StatusCode::OK, &describe(&shared))
}

/// The same scenario again, with the same seed unless another is given.
async fn reset(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let scenario = shared.setup().scenario;
    rebuild(&shared, &headers, &body, scenario).await
}

/// Another scenario.
async fn load(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    rebuild(&shared, &headers, &body, name).await
}

async fn rebuild(
    shared: &Arc<Shared>,
    headers: &HeaderMap,
    body: &[u8],
    scenario: String,
) -> Result<Response, Refusal> {
    let order: Reset = read(headers, body)?;
    let mut setup = shared.setup();
    setup.scenario = scenario;
    setup.seed = order.seed.unwrap_or(setup.seed);
    if let Some(text) = order.start_at {
        setup.start_at = UnixMillis::parse(&text)
            .ok_or_else(|| Refusal(StatusCode::BAD_REQUEST, format!("startAt {text:?} is no RFC 3339 time")))?;
    }
    shared.rebuild(setup).map_err(|error| Refusal(StatusCode::NOT_FOUND, error.to_string()))?;
    Ok(reply(StatusCode::OK, &describe(shared)))
}

/// Moves the clock. Answers when everything up to then has been played and the open watches have sent it.
async fn clock(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let order: ClockOrder = read(&headers, &body)?;
    let bad = |text: String| Refusal(StatusCode::BAD_REQUEST, text);
    if let Some(speed) = order.speed
        && !(speed > 0.0 && speed <= HIGHEST_SPEED)
    {
        return Err(bad(format!("speed {speed} is not above 0 and at most {HIGHEST_SPEED}")));
    }
    if let Some(seconds) = order.advance_seconds
        && !(0.0..=LONGEST_ADVANCE_SECONDS).contains(&seconds)
    {
        return Err(bad(format!("advanceSeconds {seconds} is not between 0 and {LONGEST_ADVANCE_SECONDS}")));
    }
    match (order.manual, order.speed) {
        (Some(true), Some(_)) => return Err(bad("a manual clock has no speed".to_owned())),
        (Some(true), None) => shared.clock.set_mode(Mode::Manual),
        (_, Some(speed)) => shared.clock.set_mode(Mode::Running { speed }),
        (Some(false), None) => shared.clock.set_mode(Mode::Running { speed: 1.0 }),
        (None, None) => {}
    }
    if let Some(seconds) = order.advance_seconds {
        shared.clock.advance((seconds * 1000.0) as i64);
    }
    shared.with_world(|_| ());
    shared.watches_caught_up().await;
    Ok(reply(StatusCode::OK, &describe(&shared)))
}

/// Replaces the lasting faults by those given; `{}` ends them all. `dropWatches` and `expireWatches` happen once.
async fn faults(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let order: FaultOrder = read(&headers, &body)?;
    let lasting: Faults = serde_json::from_value(Value::Object(order.lasting))
        .map_err(|error| Refusal(StatusCode::BAD_REQUEST, error.to_string()))?;
    if let Some(code) = lasting.status
        && !(400..600).contains(&code)
    {
        return Err(Refusal(StatusCode::BAD_REQUEST, format!("status {code} is no error")));
    }
    shared.set_faults(lasting);
    if order.expire_watches {
        shared.with_world(|world| world.store.compact());
    }
    if order.drop_watches {
        shared.dropped_watches.send_modify(|dropped| *dropped += 1);
    }
    Ok(reply(StatusCode::OK, &describe(&shared)))
}

async fn tenant(
    State(shared): State<Arc<Shared>>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let key = existing(&shared, namespace, name)?;
    let behaviour = shared.with_world(|world| world.behaviour(&key));
    Ok(reply(StatusCode::OK, &json!(behaviour)))
}

/// Sets how a tenant's pods and API server behave from now on; what is not given has its default.
async fn set_tenant(
    State(shared): State<Arc<Shared>>,
    Path((namespace, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let behaviour: TenantBehaviour = read(&headers, &body)?;
    let key = existing(&shared, namespace, name)?;
    shared.with_world(|world| world.tenants.insert(key, behaviour.clone()));
    Ok(reply(StatusCode::OK, &json!(behaviour)))
}

/// Plays the next step of a person at a worker node: cordon, drain, upgrade the kubelet, ready, uncordon. Answers when the open
/// watches have sent it.
async fn step_at_node(
    State(shared): State<Arc<Shared>>,
    Path((namespace, name, node)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let _: NoOrder = read(&headers, &body)?;
    let key = existing(&shared, namespace, name)?;
    let done = shared.with_world(|world| world.step_at_node(&key, &node));
    let (step, node) = done.map_err(|error| Refusal(StatusCode::NOT_FOUND, error.message))?;
    shared.watches_caught_up().await;
    Ok(reply(StatusCode::OK, &json!({"step": step, "node": *node})))
}

fn existing(shared: &Shared, namespace: String, name: String) -> Result<Key, Refusal> {
    let key = Key::new(namespace, name);
    if shared.with_world(|world| world.get(Kind::TenantControlPlane, &key)).is_none() {
        let text = format!("there is no TenantControlPlane {}/{}", key.namespace, key.name);
        return Err(Refusal(StatusCode::NOT_FOUND, text));
    }
    Ok(key)
}

/// An order. A page in a browser can send none: it would need a content type that asks this server first, which it refuses.
fn read<T: DeserializeOwned + Default>(headers: &HeaderMap, body: &[u8]) -> Result<T, Refusal> {
    if headers.contains_key(header::ORIGIN) {
        return Err(Refusal(StatusCode::FORBIDDEN, "the control door is not for web pages".to_owned()));
    }
    if body.is_empty() {
        return Ok(T::default());
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.starts_with("application/json") {
        return Err(Refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must be application/json".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| Refusal(StatusCode::BAD_REQUEST, error.to_string()))
}

fn describe(shared: &Shared) -> Value {
    let setup = shared.setup();
    let (manual, speed) = match shared.clock.mode() {
        Mode::Manual => (true, None),
        Mode::Running { speed } => (false, Some(speed)),
    };
    let scenarios: Vec<Value> =
        scenario::all().map(|(name, text)| json!({"name": name, "description": text})).collect();
    let (now, version, counts, log) = shared.with_world(|world| {
        let counts: serde_json::Map<String, Value> = Kind::ALL
            .into_iter()
            .map(|kind| (kind.plural().to_owned(), json!(world.store.list(kind, None).count())))
            .collect();
        let log: Vec<String> = world.kamaji_log().map(str::to_owned).collect();
        (world.now(), world.store.version(), counts, log)
    });
    json!({
        "now": now.0,
        "manual": manual,
        "speed": speed,
        "seed": setup.seed,
        "scenario": setup.scenario,
        "scenarios": scenarios,
        "resourceVersion": version,
        "objects": counts,
        "openWatches": shared.open_watches(),
        "faults": *shared.faults.borrow(),
        "requests": shared.audit(),
        "kamajiLog": log,
    })
}

fn reply(code: StatusCode, body: &Value) -> Response {
    (code, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
