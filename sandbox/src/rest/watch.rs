//! Watches: the log, one line of JSON a change.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::Asked;
use super::selector::Selector;
use crate::error::ApiError;
use crate::kinds::Kind;
use crate::shared::{Faults, Shared};
use crate::store::{ChangeType, Key};
use crate::tenant_api::Door;

/// Time between two bookmarks (real time).
const BOOKMARK: Duration = Duration::from_secs(30);
/// A watch without `timeoutSeconds` ends after this time.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1800);

/// One open watch.
struct Watch {
    shared: Arc<Shared>,
    /// Whose API server is watched; `None` for the management cluster's.
    tenant: Option<Key>,
    kind: Kind,
    selector: Selector,
    bookmarks: bool,
    /// Up to which resourceVersion of that API server everything is sent.
    position: u64,
    /// Up to which of the world's changes nothing is left to send.
    sent: Arc<AtomicU64>,
    version: watch::Receiver<u64>,
    faults: watch::Receiver<Faults>,
    dropped: watch::Receiver<u64>,
    next_bookmark: Instant,
    ends_at: Instant,
    lines: VecDeque<String>,
    ended: bool,
}

/// Answers a watch.
pub(super) fn serve(
    shared: &Arc<Shared>,
    asked: &Asked,
    tenant: Option<&Key>,
    kind: Kind,
    selector: Selector,
) -> Result<Response, ApiError> {
    let version = asked.query("resourceVersion").unwrap_or_default();
    let initial = version.is_empty() || version == "0" || asked.flag("sendInitialEvents");
    let bookmarks = asked.flag("allowWatchBookmarks");
    let mut lines = VecDeque::new();
    let (newest, all) = shared.with_world(|world| {
        let store = world.store_at(tenant).ok_or_else(ApiError::no_such_path)?;
        if initial {
            for (_, object) in store.list(kind, None).filter(|(_, object)| selector.matches(object)) {
                lines.push_back(line("ADDED", object));
            }
        }
        Ok::<_, ApiError>((store.version(), world.version()))
    })?;
    let position: u64 = if initial {
        newest
    } else {
        version.parse().map_err(|_| ApiError::bad_request(format!("invalid resource version {version:?}")))?
    };
    if asked.flag("sendInitialEvents") && bookmarks {
        lines.push_back(bookmark(kind, position, json!({"k8s.io/initial-events-end": "true"})));
    }
    let timeout = asked.query("timeoutSeconds").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let now = Instant::now();
    let watch = Watch {
        shared: Arc::clone(shared),
        tenant: tenant.cloned(),
        kind,
        selector,
        bookmarks,
        position,
        sent: shared.register_watcher(if position < newest { 0 } else { all }),
        version: shared.version.subscribe(),
        faults: shared.faults.subscribe(),
        dropped: shared.dropped_watches.subscribe(),
        next_bookmark: now + BOOKMARK,
        ends_at: now + timeout.unwrap_or(DEFAULT_TIMEOUT),
        lines,
        ended: false,
    };
    let body = futures::stream::unfold(watch, |mut watch| async move {
        let line = watch.next().await?;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(line)), watch))
    });
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::from_stream(body)).into_response())
}

impl Watch {
    async fn next(&mut self) -> Option<String> {
        loop {
            if self.faults.borrow().hang {
                let shutdown = self.shared.shutdown.clone();
                tokio::select! {
                    () = shutdown.cancelled() => return None,
                    waited = self.faults.wait_for(|faults| !faults.hang) => drop(waited),
                }
            }
            if let Some(line) = self.lines.pop_front() {
                return Some(line);
            }
            if self.ended {
                return None;
            }
            self.version.borrow_and_update();
            self.collect();
            if !self.lines.is_empty() || self.ended {
                continue;
            }
            let shutdown = self.shared.shutdown.clone();
            tokio::select! {
                () = shutdown.cancelled() => return None,
                _ = self.dropped.changed() => return None,
                _ = self.faults.changed() => {}
                changed = self.version.changed() => if changed.is_err() { return None },
                () = tokio::time::sleep_until(self.next_bookmark), if self.bookmarks => {
                    self.next_bookmark = Instant::now() + BOOKMARK;
                    return Some(bookmark(self.kind, self.position, json!({})));
                }
                () = tokio::time::sleep_until(self.ends_at) => {
                    self.ended = true;
                    if self.bookmarks {
                        return Some(bookmark(self.kind, self.position, json!({})));
                    }
                }
            }
        }
    }

    /// Takes what has happened since the last look.
    fn collect(&mut self) {
        let position = self.position;
        let (kind, tenant, selector, lines) = (self.kind, self.tenant.as_ref(), &self.selector, &mut self.lines);
        let reached = self.shared.with_world(|world| {
            let answers = tenant.is_none_or(|tenant| matches!(world.door(tenant), Door::Open { .. }));
            let Some(store) = world.store_at(tenant).filter(|_| answers) else { return Ok(None) };
            let changes = store.changes_after(position)?;
            for change in changes.filter(|change| change.kind == kind) {
                let before = change.previous.as_ref().is_some_and(|object| selector.matches(object));
                let after = change.change != ChangeType::Deleted && selector.matches(&change.object);
                let word = match (before, after) {
                    (false, true) => "ADDED",
                    (true, true) => "MODIFIED",
                    (true, false) => "DELETED",
                    (false, false) => continue,
                };
                lines.push_back(line(word, &change.object));
            }
            Ok::<_, crate::store::Expired>(Some((store.version(), world.version())))
        });
        match reached {
            Ok(Some((version, all))) => {
                self.position = version;
                self.sent.store(all, Ordering::Release);
            }
            // The API server is gone, and with it the connection.
            Ok(None) => {
                self.sent.store(u64::MAX, Ordering::Release);
                self.ended = true;
            }
            Err(expired) => {
                self.lines.push_back(line("ERROR", &ApiError::too_old(position, expired.oldest).status()));
                self.sent.store(u64::MAX, Ordering::Release);
                self.ended = true;
            }
        }
    }
}

fn line(word: &str, object: &Value) -> String {
    format!("{{\"type\":\"{word}\",\"object\":{object}}}\n")
}

fn bookmark(kind: Kind, version: u64, annotations: Value) -> String {
    let mut object = json!({
        "kind": kind.name(),
        "apiVersion": kind.api_version(),
        "metadata": {"resourceVersion": version.to_string(), "creationTimestamp": null},
    });
    if annotations.as_object().is_some_and(|annotations| !annotations.is_empty()) {
        object["metadata"]["annotations"] = annotations;
    }
    // What a typed client cannot do without.
    object["spec"] = match kind {
        Kind::Deployment | Kind::ReplicaSet => json!({"selector": {}, "template": {}}),
        Kind::Pod => json!({"containers": []}),
        _ => json!({}),
    };
    if kind == Kind::Event {
        object["involvedObject"] = json!({});
    }
    line("BOOKMARK", &object)
}
