//! Watches the management cluster: one watch per kind for all tenants, into the index.

use std::time::Duration;

use futures::{StreamExt, pin_mut};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, Error};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::Clock;
use crate::errors::api_words;
use crate::health::Source;
use crate::identity::answering_within;
use crate::index::Index;
use crate::observer::Observer;
use crate::resources::{
    DeploymentKind, EventKind, NodeKind, Object, ObjectKind, PodKind, ReplicaSetKind, TENANT_LABEL,
    TenantControlPlaneKind, Unreadable, Watched, WatchedKind,
};

/// How long the API server may take to begin an answer, and to bring a whole first list.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
const LIST_WITHIN: Duration = Duration::from_secs(60);

/// How long the API server keeps one watch open (s). kube takes a watch for dead 5 s later, so this bounds how long a silently
/// lost connection goes unnoticed.
const WATCH_SECONDS: u32 = 60;

/// Objects in one page of a list.
const PAGE: u32 = 100;

/// Pause before a broken watch is tried again: the first, and the longest. Each failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Pause before a refused kind is asked for again: permissions change by hand.
const FORBIDDEN_PAUSE: Duration = Duration::from_secs(30);

/// For how long a refusal is not believed where a watch had been granted: an API server that has just started refuses everybody
/// until it has read the rights, for seconds on a busy machine.
const DOUBTED_FOR: Duration = Duration::from_secs(10);

/// How often running hops are published although nothing changed, so that their time is seen to pass.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// What a watch reports to the task that owns the index.
enum Report {
    Apply(Object),
    Delete(Object),
    Unreadable(Unreadable),
    Listed(ObjectKind, Vec<Object>, Vec<Unreadable>),
    Lost(ObjectKind, String),
    Forbidden(ObjectKind, String),
}

/// Watches the cluster behind `client` until `shutdown`. It never gives up: a watch that is lost, expired, refused or never
/// answered is tried again, and until then [`Health`](crate::health::Health) and each snapshot say so.
///
/// Must be called within a tokio runtime.
pub fn observe(client: Client, clock: Clock, shutdown: CancellationToken) -> Observer {
    let (index, observer) = Index::new(clock(), Source::Cluster, clock.clone());
    let (sender, reports) = mpsc::channel(1024);
    let client = answering_within(&client, ANSWER_WITHIN);
    let watches = async move {
        let all = watcher::Config::default().timeout(WATCH_SECONDS).page_size(PAGE);
        // Kamaji labels everything it makes; the ReplicaSets and pods inherit it from the Deployment's template.
        let labelled = all.clone().labels(TENANT_LABEL);
        tokio::join!(
            keep_watching::<TenantControlPlaneKind>(&client, &all, &sender),
            keep_watching::<DeploymentKind>(&client, &labelled, &sender),
            keep_watching::<ReplicaSetKind>(&client, &labelled, &sender),
            keep_watching::<PodKind>(&client, &labelled, &sender),
            keep_watching::<EventKind>(&client, &all, &sender),
            keep_watching::<NodeKind>(&client, &all, &sender),
        );
    };
    let ended = shutdown.clone();
    tokio::spawn(async move { ended.run_until_cancelled(watches).await });
    tokio::spawn(async move { shutdown.run_until_cancelled(own(index, reports, clock)).await });
    observer
}

/// Owns the index: everything that happens is noted in order of arrival; what arrived together is published together.
async fn own(mut index: Index, mut reports: mpsc::Receiver<Report>, clock: Clock) {
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut batch = Vec::with_capacity(256);
    loop {
        tokio::select! {
            received = reports.recv_many(&mut batch, 256) => {
                if received == 0 {
                    return;
                }
                for report in batch.drain(..) {
                    note(&mut index, report, &clock);
                }
                index.flush(clock());
            }
            _ = heartbeat.tick(), if index.hop_running() => index.tick(clock()),
        }
    }
}

fn note(index: &mut Index, report: Report, clock: &Clock) {
    let now = clock();
    match report {
        Report::Apply(object) => index.apply(object, now),
        Report::Delete(object) => index.delete(&object, now),
        Report::Unreadable(unreadable) => index.unreadable(unreadable),
        Report::Listed(kind, objects, unreadable) => {
            tracing::info!(watch.kind = %kind, watch.objects = objects.len(), "listed");
            index.reset(kind, objects, now);
            unreadable.into_iter().for_each(|unreadable| index.unreadable(unreadable));
        }
        Report::Lost(kind, why) => {
            tracing::warn!(watch.kind = %kind, "watch lost: {why}");
            index.lost(kind, &why, now);
        }
        Report::Forbidden(kind, words) => {
            tracing::warn!(watch.kind = %kind, "watch refused: {words}");
            index.forbidden(kind, &words, now);
        }
    }
}

/// Watches one kind for ever. After any error it begins anew with a list: kube's watcher would resume by itself, but does not
/// say when it is connected again, and people must be told whether what they see is current.
async fn keep_watching<K: WatchedKind>(client: &Client, config: &watcher::Config, reports: &mpsc::Sender<Report>) {
    let mut pause = FIRST_PAUSE;
    let mut doubted_until = Instant::now();
    loop {
        let api: Api<Watched<K>> = Api::all(client.clone());
        let (listed_at, report) = watch_until_broken::<K>(api, config, reports).await;
        if let Some(listed_at) = listed_at {
            pause = FIRST_PAUSE;
            // A watch that is refused is refused in this time, so this one had been granted.
            if listed_at.elapsed() > ANSWER_WITHIN {
                doubted_until = Instant::now() + DOUBTED_FOR;
            }
        }
        let report = match report {
            Report::Forbidden(kind, words) if Instant::now() < doubted_until => Report::Lost(kind, words),
            report => report,
        };
        let forbidden = matches!(report, Report::Forbidden(..));
        if reports.send(report).await.is_err() {
            return;
        }
        sleep(if forbidden { FORBIDDEN_PAUSE } else { pause }).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Watches one kind until an error: when it was listed first, if it was, and what went wrong.
async fn watch_until_broken<K: WatchedKind>(
    api: Api<Watched<K>>,
    config: &watcher::Config,
    reports: &mpsc::Sender<Report>,
) -> (Option<Instant>, Report) {
    let events = watcher(api, config.clone());
    pin_mut!(events);
    let mut listed_at = None;
    let (mut list, mut unreadable) = (Vec::new(), Vec::new());
    let mut deadline = Some(Instant::now() + LIST_WITHIN);
    loop {
        let event = match deadline {
            Some(deadline) => match timeout_at(deadline, events.next()).await {
                Ok(event) => event,
                Err(_) => {
                    let why = format!("the list was not complete within {} s", LIST_WITHIN.as_secs());
                    return (listed_at, Report::Lost(K::KIND, why));
                }
            },
            None => events.next().await,
        };
        let report = match event {
            None => return (listed_at, Report::Lost(K::KIND, "the watch ended".to_owned())),
            Some(Err(error)) => return (listed_at, broken(K::KIND, &error)),
            Some(Ok(Event::Init)) => {
                list.clear();
                unreadable.clear();
                deadline = Some(Instant::now() + LIST_WITHIN);
                continue;
            }
            Some(Ok(Event::InitApply(watched))) => {
                match watched.object {
                    Ok(object) => list.extend(object),
                    Err(error) => unreadable.push(error),
                }
                continue;
            }
            Some(Ok(Event::InitDone)) => {
                listed_at.get_or_insert_with(Instant::now);
                deadline = None;
                Report::Listed(K::KIND, std::mem::take(&mut list), std::mem::take(&mut unreadable))
            }
            Some(Ok(Event::Apply(watched))) => match watched.object {
                Ok(Some(object)) => Report::Apply(object),
                Ok(None) => continue,
                Err(unreadable) => Report::Unreadable(unreadable),
            },
            Some(Ok(Event::Delete(watched))) => match watched.object {
                Ok(Some(object)) => Report::Delete(object),
                Ok(None) | Err(_) => continue,
            },
        };
        if reports.send(report).await.is_err() {
            return (listed_at, Report::Lost(K::KIND, "the console stops".to_owned()));
        }
    }
}

fn broken(kind: ObjectKind, error: &watcher::Error) -> Report {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => match error {
            Error::Api(status) if status.code == 403 => Report::Forbidden(kind, status.message.clone()),
            Error::Api(status) if status.code == 404 => Report::Lost(
                kind,
                format!("the API server does not know this kind ({}); is Kamaji installed?", status.message),
            ),
            error => Report::Lost(kind, api_words(error)),
        },
        watcher::Error::WatchError(status) if status.code == 403 => Report::Forbidden(kind, status.message.clone()),
        watcher::Error::WatchError(status) => Report::Lost(kind, status.message.clone()),
        watcher::Error::NoResourceVersion => Report::Lost(kind, error.to_string()),
    }
}
