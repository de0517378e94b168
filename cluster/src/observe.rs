//! Watches the management cluster: one watch a kind for all tenants, or one a kind and namespace, into the index.

use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt, pin_mut};
use k8s_openapi::NamespaceResourceScope;
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
    TenantControlPlaneKind, Unreadable, UpgradePlanKind, Watched, WatchedKind,
};
use crate::scope::{Scope, Watch};

/// How long the API server may take to begin an answer, and to bring a whole first list.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
const LIST_WITHIN: Duration = Duration::from_secs(60);

/// How long the API server keeps one watch open (s). kube takes a watch for dead 5 s later, so this bounds how long a silently
/// lost connection goes unnoticed.
const WATCH_SECONDS: u32 = 60;

/// Objects in one page of a list.
const PAGE: u32 = 100;
/// The same of stored plans: one may have as many bytes as the API server takes.
const PLANS_PAGE: u32 = 20;

/// Pause before a broken watch is tried again: the first, and the longest. Each failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Pause before a kind is asked for again that is refused or not there: permissions and kinds are granted by hand.
const SELDOM_PAUSE: Duration = Duration::from_secs(30);

/// For how long a refusal is not believed where a watch had been granted: an API server that has just started refuses everybody
/// until it has read the rights, for seconds on a busy machine.
const DOUBTED_FOR: Duration = Duration::from_secs(10);

/// How often running hops are published although nothing changed, so that their time is seen to pass.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// What a watch reports to the task that owns the index.
enum Report {
    Apply(Object),
    Delete(Object),
    Unreadable(Watch, Unreadable),
    Listed(Watch, Vec<Object>, Vec<Unreadable>),
    Lost(Watch, String),
    Forbidden(Watch, String),
    NotServed(Watch),
}

/// Watches what `scope` says of the cluster behind `client` until `shutdown`. It never gives up: a watch that is lost, expired, refused or never
/// answered is tried again, and until then [`Health`](crate::health::Health) and each snapshot say so.
///
/// Must be called within a tokio runtime.
pub fn observe(client: Client, scope: Scope, clock: Clock, shutdown: CancellationToken) -> Observer {
    let (index, observer) = Index::within(&scope, clock(), Source::Cluster, clock.clone());
    let (sender, reports) = mpsc::channel(1024);
    let client = answering_within(&client, ANSWER_WITHIN);
    let watches = async move {
        let all = watcher::Config::default().timeout(WATCH_SECONDS).page_size(PAGE);
        // Kamaji labels everything it makes; the ReplicaSets and pods inherit it from the Deployment's template.
        let labelled = all.clone().labels(TENANT_LABEL);
        let plans = all.clone().page_size(PLANS_PAGE);
        let nodes: Api<Watched<NodeKind>> = Api::all(client.clone());
        tokio::join!(
            keep_watching_in::<TenantControlPlaneKind>(&client, &scope, &all, &sender),
            keep_watching_in::<DeploymentKind>(&client, &scope, &labelled, &sender),
            keep_watching_in::<ReplicaSetKind>(&client, &scope, &labelled, &sender),
            keep_watching_in::<PodKind>(&client, &scope, &labelled, &sender),
            keep_watching_in::<EventKind>(&client, &scope, &all, &sender),
            keep_watching(nodes, ObjectKind::Node.into(), &all, &sender),
            keep_watching_in::<UpgradePlanKind>(&client, &scope, &plans, &sender),
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
        Report::Unreadable(watch, unreadable) => index.unreadable(watch, unreadable),
        Report::Listed(watch, objects, unreadable) => {
            tracing::info!(watch.on = %watch, watch.objects = objects.len(), "listed");
            index.reset(watch.clone(), objects, now);
            unreadable.into_iter().for_each(|unreadable| index.unreadable(watch.clone(), unreadable));
        }
        Report::Lost(watch, why) => {
            tracing::warn!(watch.on = %watch, "watch lost: {why}");
            index.lost(watch, &why, now);
        }
        Report::Forbidden(watch, words) => {
            tracing::warn!(watch.on = %watch, "watch refused: {words}");
            index.forbidden(watch, &words, now);
        }
        Report::NotServed(watch) => {
            tracing::debug!(watch.on = %watch, "the management cluster does not have this kind");
            index.not_served(watch, now);
        }
    }
}

/// Watches one kind for ever, wherever the scope says.
async fn keep_watching_in<K: WatchedKind<Scope = NamespaceResourceScope>>(
    client: &Client,
    scope: &Scope,
    config: &watcher::Config,
    reports: &mpsc::Sender<Report>,
) {
    let watches = scope.watches_on(K::KIND).into_iter().map(|watch| {
        let api: Api<Watched<K>> = match &watch.namespace {
            None => Api::all(client.clone()),
            Some(namespace) => Api::namespaced(client.clone(), namespace.as_str()),
        };
        keep_watching(api, watch, config, reports)
    });
    join_all(watches).await;
}

/// Keeps up one watch for ever. After any error it begins anew with a list: kube's watcher would resume by itself, but does not
/// say when it is connected again, and people must be told whether what they see is current.
async fn keep_watching<K: WatchedKind>(
    api: Api<Watched<K>>,
    watch: Watch,
    config: &watcher::Config,
    reports: &mpsc::Sender<Report>,
) {
    let mut pause = FIRST_PAUSE;
    let mut doubted_until = Instant::now();
    loop {
        let (listed_at, report) = watch_until_broken(api.clone(), &watch, config, reports).await;
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
        let seldom = matches!(report, Report::Forbidden(..) | Report::NotServed(..));
        if reports.send(report).await.is_err() {
            return;
        }
        sleep(if seldom { SELDOM_PAUSE } else { pause }).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Keeps up one watch until an error: when it was listed first, if it was, and what went wrong.
async fn watch_until_broken<K: WatchedKind>(
    api: Api<Watched<K>>,
    watch: &Watch,
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
                    return (listed_at, Report::Lost(watch.clone(), why));
                }
            },
            None => events.next().await,
        };
        let report = match event {
            None => return (listed_at, Report::Lost(watch.clone(), "the watch ended".to_owned())),
            Some(Err(error)) => return (listed_at, broken(watch, &error)),
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
                Report::Listed(watch.clone(), std::mem::take(&mut list), std::mem::take(&mut unreadable))
            }
            Some(Ok(Event::Apply(watched))) => match watched.object {
                Ok(Some(object)) => Report::Apply(object),
                Ok(None) => continue,
                Err(unreadable) => Report::Unreadable(watch.clone(), unreadable),
            },
            Some(Ok(Event::Delete(watched))) => match watched.object {
                Ok(Some(object)) => Report::Delete(object),
                Ok(None) | Err(_) => continue,
            },
        };
        if reports.send(report).await.is_err() {
            return (listed_at, Report::Lost(watch.clone(), "the console stops".to_owned()));
        }
    }
}

fn broken(watch: &Watch, error: &watcher::Error) -> Report {
    let watch = watch.clone();
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => match error {
            Error::Api(status) if status.code == 403 => Report::Forbidden(watch, status.message.clone()),
            Error::Api(status) if status.code == 404 && watch.kind.may_be_missing() => Report::NotServed(watch),
            Error::Api(status) if status.code == 404 => Report::Lost(
                watch,
                format!("the API server does not know this kind ({}); is Kamaji installed?", status.message),
            ),
            error => Report::Lost(watch, api_words(error)),
        },
        watcher::Error::WatchError(status) if status.code == 403 => Report::Forbidden(watch, status.message.clone()),
        watcher::Error::WatchError(status) => Report::Lost(watch, status.message.clone()),
        watcher::Error::NoResourceVersion => Report::Lost(watch, error.to_string()),
    }
}
