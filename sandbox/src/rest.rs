//! The Kubernetes door: REST over the store.

mod discovery;
mod resources;
mod reviews;
mod selector;
mod tenant;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::access::Identity;
use crate::error::ApiError;
use crate::kinds::Kind;
use crate::shared::Shared;
use crate::store::Key;

/// Longest body that is read (bytes).
const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// Everything that a Kubernetes client asks for.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

/// A request with its body read and its sender known.
#[derive(Debug)]
struct Asked {
    method: Method,
    path: Vec<String>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    identity: Identity,
    body: Bytes,
}

impl Asked {
    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn flag(&self, name: &str) -> bool {
        matches!(self.query(name), Some("true" | "1" | ""))
    }

    fn json(&self) -> Result<Value, ApiError> {
        let given = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if given.contains("protobuf") {
            return Err(ApiError::unsupported_media_type(given));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| ApiError::bad_request(format!("the object provided is not valid JSON: {error}")))
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path: Vec<String> =
        parts.uri.path().split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    if let Err(error) = suffer(&shared).await {
        return error.into_response();
    }
    let result = match read(parts, path, body).await {
        Ok(asked) => {
            let response = route(&shared, &asked).await;
            note(&shared, &asked, &response);
            response
        }
        Err(error) => Err(error),
    };
    result.unwrap_or_else(IntoResponse::into_response)
}

/// The faults that hit every request.
async fn suffer(shared: &Shared) -> Result<(), ApiError> {
    let mut faults = shared.faults.subscribe();
    let delay = faults.borrow().delay_ms;
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    tokio::select! {
        () = shared.shutdown.cancelled() => {
            return Err(ApiError::new(503, "ServiceUnavailable", "the sandbox is shutting down"));
        }
        waited = faults.wait_for(|faults| !faults.hang) => drop(waited),
    }
    let status = faults.borrow().status;
    match status {
        Some(code) => Err(ApiError::new(
            code,
            "InternalError",
            "an error on the server (\"a fault set in the sandbox\") has prevented the request from succeeding",
        )),
        None => Ok(()),
    }
}

async fn read(parts: Parts, path: Vec<String>, body: Body) -> Result<Asked, ApiError> {
    let identity = identity(&parts.headers)?;
    let query = parse_query(parts.uri.query().unwrap_or_default());
    let body = axum::body::to_bytes(body, BODY_LIMIT)
        .await
        .map_err(|_| ApiError::new(413, "RequestEntityTooLarge", format!("limit is {BODY_LIMIT}")))?;
    Ok(Asked { method: parts.method, path, query, headers: parts.headers, identity, body })
}

fn identity(headers: &HeaderMap) -> Result<Identity, ApiError> {
    let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let groups: Vec<String> = headers.get_all("impersonate-group").iter().map(text).collect();
    match headers.get("impersonate-user").map(text) {
        Some(user) if !user.is_empty() => Ok(Identity::impersonated(&user, groups)),
        _ if groups.is_empty() => Ok(Identity::console()),
        _ => Err(ApiError::new(
            500,
            "InternalError",
            format!(
                "Internal error occurred: requested [{{Group  {} }}] without impersonating a user name",
                groups.join(" ")
            ),
        )),
    }
}

fn parse_query(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            match byte {
                b'+' => bytes.push(b' '),
                b'%' => {
                    let digits: Vec<u8> = rest.by_ref().take(2).collect();
                    let code = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
                    bytes.push(code.unwrap_or(b'?'));
                }
                byte => bytes.push(byte),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

async fn route(shared: &Arc<Shared>, asked: &Asked) -> Result<Response, ApiError> {
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        [crate::tenant_api::PATH, namespace, name, rest @ ..] => {
            tenant::serve(shared, asked, Key::new(*namespace, *name), rest).await
        }
        ["healthz" | "livez" | "readyz"] => Ok("ok".into_response()),
        ["version"] => Ok(reply(StatusCode::OK, &discovery::version("v1.36.3"))),
        ["api"] => Ok(reply(StatusCode::OK, &discovery::api_versions())),
        ["apis"] => Ok(reply(StatusCode::OK, &discovery::groups(&discovery::GROUPS))),
        ["api", "v1"] => discovery::resources(&Kind::ALL, "", "v1").map(|list| reply(StatusCode::OK, &list)),
        ["apis", group] => discovery::group(group).map(|group| reply(StatusCode::OK, &group)),
        ["apis", group, version] => {
            discovery::resources(&Kind::ALL, group, version).map(|list| reply(StatusCode::OK, &list))
        }
        ["apis", "authorization.k8s.io", "v1", review] => reviews::access(asked, review),
        ["apis", "authentication.k8s.io", "v1", "selfsubjectreviews"] => reviews::who_am_i(asked),
        ["api", version, rest @ ..] => resources::serve(shared, asked, ("", version), rest).await,
        ["apis", group, version, rest @ ..] => resources::serve(shared, asked, (group, version), rest).await,
        _ => Err(ApiError::no_such_path()),
    }
}

fn note(shared: &Shared, asked: &Asked, result: &Result<Response, ApiError>) {
    if asked.method == Method::GET {
        return;
    }
    let code = match result {
        Ok(response) => response.status().as_u16(),
        Err(error) => error.code,
    };
    shared.note(json!({
        "user": asked.identity.user,
        "method": asked.method.as_str(),
        "path": format!("/{}", asked.path.join("/")),
        "dryRun": asked.query("dryRun").is_some(),
        "fieldManager": asked.query("fieldManager"),
        "code": code,
    }));
}

fn reply(code: StatusCode, body: &Value) -> Response {
    (code, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        reply(StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &self.status())
    }
}
