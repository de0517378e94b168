//! Live data: one event stream a page, the latest snapshot wins.
//!
//! The server sends `event: snapshot` with the page's type as JSON, on the page of the workers also `event: workers`, and
//! `event: gone` when the object no longer exists (or may no longer be seen). The browser reconnects by itself; a page keeps showing what it last heard and says so.
//! On the server nothing is followed: the page is rendered once, from data.

use leptos::prelude::*;
use planner::time::UnixMillis;
use serde::de::DeserializeOwned;

use crate::format;

/// How the stream of a page is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// Rendered by the server, or not connected yet.
    NotYet,
    /// Connected.
    Live,
    /// Lost; the browser keeps trying.
    Lost,
    /// What was followed is gone.
    Gone,
}

/// A followed stream.
#[derive(Debug)]
pub struct Live<T: Send + Sync + 'static> {
    /// What was heard last.
    pub latest: ReadSignal<Option<T>>,
    /// What was heard last of the workers, as JSON: only their page reads it.
    pub workers: ReadSignal<Option<String>>,
    /// How the stream is doing.
    pub connection: ReadSignal<Connection>,
    /// Whole seconds since something was last heard, counted by the browser; 0 on the server.
    pub silent_seconds: ReadSignal<i64>,
}

impl<T: Send + Sync + 'static> Clone for Live<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Live<T> {}

/// Follows the stream at `path` for as long as the calling component lives.
pub fn follow<T>(path: impl Fn() -> String + Send + Sync + 'static) -> Live<T>
where
    T: DeserializeOwned + Send + Sync + 'static,
{
    let (latest, set_latest) = signal(None);
    let (workers, set_workers) = signal(None);
    let (connection, set_connection) = signal(Connection::NotYet);
    let (silent_seconds, set_silent_seconds) = signal(0);
    #[cfg(feature = "hydrate")]
    browser::follow(path, set_latest, set_workers, set_connection, set_silent_seconds);
    #[cfg(not(feature = "hydrate"))]
    let _ = (path, set_latest, set_workers, set_connection, set_silent_seconds);
    Live { latest, workers, connection, silent_seconds }
}

/// One line that says how current the page is.
#[component]
pub fn LiveLine(
    /// How the stream is doing.
    connection: ReadSignal<Connection>,
    /// When what the page shows was observed.
    #[prop(into)]
    observed_at: Signal<UnixMillis>,
) -> impl IntoView {
    let class = move || match connection.get() {
        Connection::NotYet => "chip chip--idle",
        Connection::Live => "chip chip--ok",
        Connection::Lost => "chip chip--warns",
        Connection::Gone => "chip chip--blocks",
    };
    let text = move || {
        let at = format::moment(observed_at.get());
        match connection.get() {
            Connection::NotYet => format!("as of {at}"),
            Connection::Live => format!("live, as of {at}"),
            Connection::Lost => format!("connection lost, trying again; last update {at}"),
            Connection::Gone => format!("no longer there; last seen {at}"),
        }
    };
    view! { <p class="live-line"><span class=class>{text}</span></p> }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use leptos::prelude::*;
    use serde::de::DeserializeOwned;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::{EventSource, MessageEvent};

    use super::Connection;

    /// A browser gives up on its own when the answer is an error; then we try again after this long.
    const TRY_AGAIN_AFTER: Duration = Duration::from_secs(4);

    /// An open stream; closes when dropped.
    struct Stream {
        source: EventSource,
        _handlers: Vec<Closure<dyn FnMut(web_sys::Event)>>,
    }

    impl Drop for Stream {
        fn drop(&mut self) {
            self.source.close();
        }
    }

    pub(super) fn follow<T>(
        path: impl Fn() -> String + Send + Sync + 'static,
        latest: WriteSignal<Option<T>>,
        workers: WriteSignal<Option<String>>,
        connection: WriteSignal<Connection>,
        silent_seconds: WriteSignal<i64>,
    ) where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let slot = StoredValue::new_local(None::<Stream>);
        let (tries, set_tries) = signal(0_u32);
        Effect::new(move |_| {
            tries.track();
            let path = path();
            // The old stream must be closed before the next opens: browsers allow six connections to a host.
            slot.set_value(None);
            slot.set_value(open(&path, latest, workers, connection, silent_seconds, set_tries));
        });
        if let Ok(ticking) = set_interval_with_handle(
            move || {
                let _ = silent_seconds.try_update(|seconds| *seconds += 1);
            },
            Duration::from_secs(1),
        ) {
            on_cleanup(move || ticking.clear());
        }
    }

    fn open<T>(
        path: &str,
        latest: WriteSignal<Option<T>>,
        workers: WriteSignal<Option<String>>,
        connection: WriteSignal<Connection>,
        silent_seconds: WriteSignal<i64>,
        tries: WriteSignal<u32>,
    ) -> Option<Stream>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let source = EventSource::new(path).ok()?;
        let mut handlers = Vec::new();
        let mut on = |name: &str, handler: Box<dyn FnMut(web_sys::Event)>| {
            let handler = Closure::wrap(handler);
            // Cannot fail: the listener is a function.
            let _ = source.add_event_listener_with_callback(name, handler.as_ref().unchecked_ref());
            handlers.push(handler);
        };
        on(
            "snapshot",
            Box::new(move |event| {
                let data = event.dyn_ref::<MessageEvent>().and_then(|message| message.data().as_string());
                if let Some(value) = data.and_then(|json| serde_json::from_str(&json).ok()) {
                    // The page may have been left meanwhile: then there is nobody to tell.
                    let _ = latest.try_set(Some(value));
                    let _ = connection.try_set(Connection::Live);
                    let _ = silent_seconds.try_set(0);
                }
            }),
        );
        on(
            "workers",
            Box::new(move |event| {
                let data = event.dyn_ref::<MessageEvent>().and_then(|message| message.data().as_string());
                let _ = workers.try_set(data);
            }),
        );
        let closing = source.clone();
        on(
            "gone",
            Box::new(move |_| {
                closing.close();
                let _ = connection.try_set(Connection::Gone);
            }),
        );
        let failing = source.clone();
        on(
            "error",
            Box::new(move |_| {
                let _ = connection.try_set(Connection::Lost);
                if failing.ready_state() == EventSource::CLOSED {
                    set_timeout(
                        move || {
                            let _ = tries.try_update(|count| *count += 1);
                        },
                        TRY_AGAIN_AFTER,
                    );
                }
            }),
        );
        Some(Stream { source, _handlers: handlers })
    }
}
