//! Watches: what is told, in which order, and what happens to those who come too late.

use axum::body::Body;
use futures::StreamExt;
use http::Request;
use sandbox::Sandbox;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{get, patch, post, sandbox, tenant_path, want};

const TENANTS: &str = "/apis/kamaji.clastix.io/v1alpha1/namespaces/team-a/tenantcontrolplanes";

/// An open watch, read line by line.
struct Watch(std::pin::Pin<Box<dyn futures::Stream<Item = Value> + Send>>);

impl Watch {
    async fn open(sandbox: &Sandbox, path: &str) -> Self {
        let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
        let response = sandbox.router().oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), 200);
        // Each chunk is one line.
        let lines = response.into_body().into_data_stream();
        Self(Box::pin(lines.map(|chunk| serde_json::from_slice(&chunk.expect("a chunk")).expect("JSON"))))
    }

    async fn next(&mut self) -> Value {
        self.0.next().await.expect("the watch is open")
    }

    async fn is_over(&mut self) -> bool {
        self.0.next().await.is_none()
    }
}

async fn version_of(sandbox: &Sandbox, path: &str) -> String {
    let (_, list) = get(sandbox, path).await;
    list["metadata"]["resourceVersion"].as_str().expect("a resourceVersion").to_owned()
}

#[tokio::test]
async fn a_watch_tells_every_change_after_its_start_once() {
    let sandbox = sandbox("single");
    let version = version_of(&sandbox, TENANTS).await;
    let mut watch = Watch::open(&sandbox, &format!("{TENANTS}?watch=true&resourceVersion={version}")).await;
    for value in ["1", "2", "2", "3"] {
        let body = json!({"metadata": {"annotations": {"value": value}}});
        patch(&sandbox, &tenant_path("team-a", "tenant-00"), &body).await;
    }
    for value in ["1", "2", "3"] {
        let event = watch.next().await;
        let told = (&event["type"], &event["object"]["metadata"]["annotations"]["value"]);
        assert_eq!(told, (&json!("MODIFIED"), &json!(value)));
    }
}

#[tokio::test]
async fn a_watch_without_a_start_begins_with_what_there_is() {
    let sandbox = sandbox("single");
    let path =
        format!("{TENANTS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
    let mut watch = Watch::open(&sandbox, &path).await;
    assert_eq!(watch.next().await["type"], "ADDED");
    let bookmark = watch.next().await;
    assert_eq!(bookmark["type"], "BOOKMARK");
    assert_eq!(bookmark["object"]["metadata"]["annotations"], json!({"k8s.io/initial-events-end": "true"}));
}

#[tokio::test]
async fn a_selector_turns_changes_into_comings_and_goings() {
    let sandbox = sandbox("single");
    let version = version_of(&sandbox, TENANTS).await;
    let path = format!("{TENANTS}?watch=true&resourceVersion={version}&labelSelector=seen");
    let mut watch = Watch::open(&sandbox, &path).await;
    for label in [json!("yes"), json!("still"), json!(null)] {
        let body = json!({"metadata": {"labels": {"seen": label}}});
        patch(&sandbox, &tenant_path("team-a", "tenant-00"), &body).await;
    }
    for word in ["ADDED", "MODIFIED", "DELETED"] {
        assert_eq!(watch.next().await["type"], word);
    }
}

#[tokio::test(start_paused = true)]
async fn bookmarks_come_by_themselves_and_at_the_end() {
    let sandbox = sandbox("single");
    let version = version_of(&sandbox, TENANTS).await;
    let path = format!("{TENANTS}?watch=true&resourceVersion={version}&allowWatchBookmarks=true&timeoutSeconds=45");
    let mut watch = Watch::open(&sandbox, &path).await;
    for _ in 0..2 {
        let bookmark = watch.next().await;
        assert_eq!(bookmark["type"], "BOOKMARK");
        assert_eq!(bookmark["object"]["metadata"]["resourceVersion"], json!(version));
    }
    assert!(watch.is_over().await);
}

#[tokio::test]
async fn whoever_comes_too_late_must_list_again() {
    let sandbox = sandbox("single");
    let version = version_of(&sandbox, TENANTS).await;
    let path = format!("{TENANTS}?watch=true&resourceVersion={version}");
    let mut open = Watch::open(&sandbox, &path).await;
    assert_eq!(post(&sandbox, "/sandbox/faults", &json!({"expireWatches": true})).await.0, 200);
    for watch in [&mut open, &mut Watch::open(&sandbox, &path).await] {
        let event = watch.next().await;
        let told = (&event["type"], &event["object"]["code"], &event["object"]["reason"]);
        assert_eq!(told, (&json!("ERROR"), &json!(410), &json!("Expired")));
        assert!(watch.is_over().await);
    }
}

#[tokio::test]
async fn dropped_watches_end_without_a_word() {
    let sandbox = sandbox("single");
    let mut watch = Watch::open(&sandbox, &format!("{TENANTS}?watch=true")).await;
    assert_eq!(watch.next().await["type"], "ADDED");
    post(&sandbox, "/sandbox/faults", &json!({"dropWatches": true})).await;
    assert!(watch.is_over().await);
}

#[tokio::test]
async fn a_long_rollout_outlives_the_log() {
    let sandbox = sandbox("default");
    let version = version_of(&sandbox, "/api/v1/pods").await;
    want(&sandbox, "team-a-staging", "archive", "v1.36.4").await;
    let start: u64 = version.parse().expect("a number");
    let minutes = (0..60).take_while(|_| {
        sandbox.advance(60_000);
        sandbox.with_world(|world| world.store.oldest()) <= start
    });
    assert!(minutes.count() < 60, "an hour of a flipping status");
    let mut watch = Watch::open(&sandbox, &format!("/api/v1/pods?watch=true&resourceVersion={version}")).await;
    assert_eq!(watch.next().await["object"]["code"], json!(410), "the log does not grow for ever");
}
