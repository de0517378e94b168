//! Live streams: one a page, each event the newest snapshot, so that a slow reader gets fewer events and no older ones.
//!
//! `event: snapshot` carries the page's data as JSON, `event: gone` says that it no longer exists for this person. A stream
//! ends with the console, so that no open page holds up its end.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response, Sse, sse::Event, sse::KeepAlive},
};
use cluster::identity::Identity;
use futures::{Stream, StreamExt, future, stream};
use planner::tenant::TenantId;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::routes::AppState;

/// How many streams may be open. A browser opens one a page.
pub(crate) const MOST_STREAMS: usize = 512;

/// How often a silent stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The shortest time between two events: Kamaji writes status many times a second during work.
const PACE: Duration = Duration::from_millis(50);

/// What else a tenant's page wants to hear.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AlsoWanted {
    /// Not absent on the page of the workers: how the tenant's nodes are, as events named `workers`.
    workers: Option<String>,
}

/// `GET /live/tenants/{namespace}/{name}`: for a tenant's pages. With `?workers` the tenant's own API is watched while it is open;
/// both come in one stream, since a browser opens few connections to a host.
pub(crate) async fn tenant(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    Path((namespace, name)): Path<(String, String)>,
    Query(also): Query<AlsoWanted>,
) -> Response {
    if let Err(error) = state.backend.listed() {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return (status, format!("{error}\n")).into_response();
    }
    let id = TenantId { namespace, name };
    let Some(snapshots) = state.observer().tenant(&identity, &id) else {
        return (StatusCode::NOT_FOUND, "there is no such tenant that you may see\n").into_response();
    };
    let snapshots = events(snapshots, |snapshot| async move { encode("snapshot", &*snapshot) });
    let seen = also.workers.and_then(|_| state.backend.watch_workers(&identity, &id).ok().flatten());
    let Some(seen) = seen else { return answer(&state, snapshots) };
    let workers = changes(seen, |seen| async move { encode("workers", &*seen) });
    // Without the tenant there are no nodes either, so the end of its snapshots is the end of both.
    let both = stream::select(snapshots.map(Some).chain(stream::iter([None])), workers.map(Some));
    answer(&state, both.scan((), |(), event| future::ready(event)))
}

/// `GET /live/fleet`: for the fleet page, with its query.
pub(crate) async fn fleet(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    Query(query): Query<app::fleet::FleetQuery>,
) -> Response {
    let backend = state.backend.clone();
    let changes = state.observer().fleet();
    let events = events(changes, move |_| {
        let (backend, identity, query) = (backend.clone(), identity.clone(), query.clone());
        async move {
            let fleet = backend.fleet(&identity, &query).await.ok()?;
            encode("snapshot", &fleet)
        }
    });
    answer(&state, events)
}

/// The event, or `None` for something that has no JSON form.
fn encode(name: &str, data: &impl Serialize) -> Option<Event> {
    let json =
        serde_json::to_string(data).inspect_err(|error| tracing::error!(%error, "a snapshot has no JSON form")).ok()?;
    Some(Event::default().event(name).data(json))
}

/// The newest value now and after each change, turned into an event; `gone` when there will be no more.
fn events<T, F>(
    receiver: watch::Receiver<Arc<T>>,
    event: impl Fn(Arc<T>) -> F + Send + 'static,
) -> impl Stream<Item = Event> + Send
where
    T: Send + Sync + 'static,
    F: Future<Output = Option<Event>> + Send,
{
    changes(receiver, event).chain(stream::iter([Event::default().event("gone").data("gone")]))
}

/// The newest value now and after each change, turned into an event; ends when there will be no more.
///
/// The stream owns its receiver, so nothing is left of it when its reader goes.
fn changes<T, F>(
    receiver: watch::Receiver<Arc<T>>,
    event: impl Fn(Arc<T>) -> F + Send + 'static,
) -> impl Stream<Item = Event> + Send
where
    T: Send + Sync + 'static,
    F: Future<Output = Option<Event>> + Send,
{
    enum Next<R> {
        Now(R),
        Later(R),
    }
    stream::unfold((Next::Now(receiver), event), |(mut next, event)| async move {
        loop {
            let mut receiver = match next {
                Next::Now(receiver) => receiver,
                Next::Later(mut receiver) => {
                    tokio::time::sleep(PACE).await;
                    receiver.changed().await.ok()?;
                    receiver
                }
            };
            let newest = receiver.borrow_and_update().clone();
            let made = event(newest).await;
            next = Next::Later(receiver);
            if let Some(made) = made {
                return Some((made, (next, event)));
            }
        }
    })
}

fn answer(state: &AppState, events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let Ok(permit) = state.streams.clone().try_acquire_owned() else {
        let words = "too many pages are open on this console; close some\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")], words).into_response();
    };
    let headers = [(header::CACHE_CONTROL.as_str(), "no-cache"), ("x-accel-buffering", "no")];
    let stopped = state.shutdown.clone().cancelled_owned();
    let stream = holding(permit, events).map(Ok::<_, Infallible>).take_until(stopped);
    (headers, Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))).into_response()
}

/// The stream, with its place among the open ones given back at its end.
fn holding<S: Stream>(permit: OwnedSemaphorePermit, stream: S) -> impl Stream<Item = S::Item> {
    stream.map(move |item| {
        let _held = &permit;
        item
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream of numbers as text, so that it can be compared.
    fn numbers(receiver: watch::Receiver<Arc<u32>>) -> impl Stream<Item = String> {
        let stream = events(receiver, |number| async move { encode("snapshot", &*number) });
        Box::pin(stream).map(|event| format!("{event:?}"))
    }

    fn shows(event: Option<String>, text: &str) {
        let event = event.expect("the stream goes on");
        assert!(event.contains(text), "{text} in {event}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_value_comes_at_once_then_after_each_change_and_what_lies_between_is_left_out() {
        let (sender, receiver) = watch::channel(Arc::new(1));
        let mut stream = numbers(receiver);
        shows(stream.next().await, "data: 1");
        sender.send_replace(Arc::new(2));
        sender.send_replace(Arc::new(3));
        shows(stream.next().await, "data: 3");
    }

    #[tokio::test(start_paused = true)]
    async fn a_deleted_object_is_told_once_and_ends_the_stream() {
        let (sender, receiver) = watch::channel(Arc::new(1));
        let mut stream = numbers(receiver);
        shows(stream.next().await, "data: 1");
        drop(sender);
        shows(stream.next().await, "event: gone");
        assert_eq!(stream.next().await, None);
    }
}
