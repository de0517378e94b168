//! Asking a sandbox in process.

use axum::body::Body;
use http::{Method, Request};
use sandbox::kinds::Kind;
use sandbox::store::Key;
use sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const ADMIN: (&str, &str) = ("platform-admin", "platform-admins");
pub(crate) const OWNER: (&str, &str) = ("owner@team-a", "tenant-owners");

/// A sandbox whose clock stands still.
pub(crate) fn sandbox(scenario: &str) -> Sandbox {
    let options = SandboxOptions { manual: true, scenario: scenario.to_owned(), ..SandboxOptions::default() };
    Sandbox::new(&options).expect("the scenario exists")
}

pub(crate) fn tenant_path(namespace: &str, name: &str) -> String {
    format!("/apis/kamaji.clastix.io/v1alpha1/namespaces/{namespace}/tenantcontrolplanes/{name}")
}

/// One request as `user`; code and answer.
pub(crate) async fn ask(
    sandbox: &Sandbox,
    (user, group): (&str, &str),
    method: Method,
    path: &str,
    content_type: &str,
    body: &Value,
) -> (u16, Value) {
    let mut request = Request::builder().method(method).uri(path).header("content-type", content_type);
    if !user.is_empty() {
        request = request.header("impersonate-user", user).header("impersonate-group", group);
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let response = sandbox.router().oneshot(request.body(body).expect("a request")).await.expect("an answer");
    let code = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a whole answer");
    (code, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

pub(crate) async fn get(sandbox: &Sandbox, path: &str) -> (u16, Value) {
    ask(sandbox, ADMIN, Method::GET, path, "", &Value::Null).await
}

pub(crate) async fn patch(sandbox: &Sandbox, path: &str, body: &Value) -> (u16, Value) {
    ask(sandbox, ADMIN, Method::PATCH, path, "application/merge-patch+json", body).await
}

pub(crate) async fn post(sandbox: &Sandbox, path: &str, body: &Value) -> (u16, Value) {
    ask(sandbox, ADMIN, Method::POST, path, "application/json", body).await
}

/// Asks for a version, which must be accepted.
pub(crate) async fn want(sandbox: &Sandbox, namespace: &str, name: &str, version: &str) {
    let body = json!({"spec": {"kubernetes": {"version": version}}});
    let (code, answer) = patch(sandbox, &tenant_path(namespace, name), &body).await;
    assert_eq!(code, 200, "{answer}");
}

pub(crate) fn object(sandbox: &Sandbox, kind: Kind, namespace: &str, name: &str) -> Value {
    let found = sandbox.with_world(|world| world.get(kind, &Key::new(namespace, name)));
    found.map(|object| Value::clone(&object)).unwrap_or(Value::Null)
}

pub(crate) fn objects(sandbox: &Sandbox, kind: Kind, tenant: &str) -> Vec<Value> {
    sandbox.with_world(|world| {
        let all = world.store.list(kind, None).map(|(_, object)| Value::clone(object));
        all.filter(|object| object["metadata"]["labels"]["kamaji.clastix.io/name"] == tenant).collect()
    })
}
