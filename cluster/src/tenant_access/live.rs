//! The nodes of a tenant while somebody looks: one task a tenant and person, which ends with its last reader.

mod seen;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures::{Stream, StreamExt, pin_mut};
use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use planner::tenant::TenantId;
use planner::tenant_api::NotAsked;
use planner::workers::LiveWorkers;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until};

use self::seen::{LIST_WITHIN, Seen};
use super::ask::{Asker, failed, shortened};
use super::secret::Opened;
use super::{Looker, TenantAccess};
use crate::identity::Identity;

/// Pause before a lost connection, and before a refused or missing Secret, is tried again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(20);
/// How often the Secret is read again, as the person: whoever lost the right stops seeing, and a new kubeconfig is taken up.
const REOPEN_EVERY: Duration = Duration::from_secs(60);
/// How often in a row the management cluster may give no answer to that. Then the right is not known any more, which ends the watch.
const MOST_SILENCES: u32 = 3;
/// How often the two ConfigMaps that kubeadm reads are read again: Kamaji writes them after the control plane, and the first node
/// waits for them.
const CONFIGS_EVERY: Duration = Duration::from_secs(10);
/// How long the API server keeps one watch open (s).
const WATCH_SECONDS: u32 = 60;
/// Objects in one page of a list.
const PAGE: u32 = 50;

/// The tasks that run.
#[derive(Default)]
pub(super) struct Watching(Mutex<HashMap<Looker, Weak<Feed>>>);

/// What one task tells its readers.
struct Feed {
    sender: watch::Sender<Arc<LiveWorkers>>,
    /// Whether the last look at the person's right gave no answer. Who reads already reads on for a while, and nobody else begins.
    in_doubt: AtomicBool,
}

impl Watching {
    fn lock(&self) -> MutexGuard<'_, HashMap<Looker, Weak<Feed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a task off the list if nobody looks any more. Whoever comes later starts a new one.
    fn end(&self, looker: &Looker, feed: &Arc<Feed>) -> bool {
        let mut watching = self.lock();
        if feed.sender.receiver_count() > 0 {
            return false;
        }
        // Another may have taken its place meanwhile.
        if watching.get(looker).is_some_and(|listed| Weak::ptr_eq(listed, &Arc::downgrade(feed))) {
            watching.remove(looker);
        }
        true
    }
}

impl Feed {
    fn set_in_doubt(&self, in_doubt: bool) {
        self.in_doubt.store(in_doubt, Ordering::Relaxed);
    }

    /// Hands out what is seen, if it is news. Nodes that are as they were are none, whenever they were looked at.
    fn publish(&self, seen: LiveWorkers) {
        self.sender.send_if_modified(|known| {
            let news = match (&**known, &seen) {
                (LiveWorkers::Live(known), LiveWorkers::Live(seen)) => !known.is_like(seen),
                (known, seen) => known != seen,
            };
            if news {
                *known = Arc::new(seen);
            }
            news
        });
    }
}

impl TenantAccess {
    /// A receiver of how the tenant's nodes are, latest wins. `None` if the tenant does not exist for this person.
    ///
    /// The tenant's API is watched as long as any receiver of this person is there. Must be called within a tokio runtime.
    pub fn subscribe_workers(
        &self,
        identity: &Identity,
        tenant: &TenantId,
    ) -> Option<watch::Receiver<Arc<LiveWorkers>>> {
        if !identity.may_see(tenant) {
            return None;
        }
        let looker = Looker::new(identity, tenant);
        let mut watching = self.watching.lock();
        let running = watching.get(&looker).and_then(Weak::upgrade);
        // In doubt whoever comes is given no nodes by others' leave, but a task that reads the Secret first.
        if let Some(feed) = running.filter(|feed| !feed.in_doubt.load(Ordering::Relaxed)) {
            return Some(feed.sender.subscribe());
        }
        let (sender, receiver) = watch::channel(Arc::new(LiveWorkers::Waiting));
        let feed = Arc::new(Feed { sender, in_doubt: AtomicBool::new(false) });
        watching.insert(looker.clone(), Arc::downgrade(&feed));
        drop(watching);
        tokio::spawn(self.clone().keep_watching(identity.clone(), looker, feed));
        Some(receiver)
    }

    /// How many tenants' nodes are watched, counted by person.
    pub fn watched_workers(&self) -> usize {
        self.watching.lock().values().filter(|feed| feed.strong_count() > 0).count()
    }

    async fn keep_watching(self, identity: Identity, looker: Looker, feed: Arc<Feed>) {
        tracing::debug!(tenant = %looker.tenant, user = looker.user, "somebody looks at the nodes");
        loop {
            tokio::select! {
                () = feed.sender.closed() => if self.watching.end(&looker, &feed) {
                    break;
                },
                () = self.watch_on(&identity, &looker.tenant, &feed) => {}
            }
        }
        tracing::debug!(tenant = %looker.tenant, user = looker.user, "nobody looks at the nodes any more");
    }

    /// Watches until there is nothing to watch, says so, and waits a while.
    async fn watch_on(&self, identity: &Identity, tenant: &TenantId, feed: &Feed) {
        let opened = self.open(identity, tenant).await;
        feed.set_in_doubt(false);
        let pause = match opened {
            Err(why) => {
                let pause =
                    if matches!(why, NotAsked::SecretNotRead { .. }) { TRY_AGAIN_AFTER } else { ASK_AGAIN_AFTER };
                feed.publish(LiveWorkers::NotAsked(why));
                pause
            }
            Ok(opened) => match self.watch_opened(identity, tenant, opened, feed).await {
                Ended::Reopen => return,
                Ended::Lost(why) => {
                    let since = (self.clock)();
                    feed.sender.send_if_modified(|seen| {
                        if matches!(&**seen, LiveWorkers::Lost { why: known, .. } if *known == why) {
                            return false;
                        }
                        *seen = Arc::new(LiveWorkers::Lost { last: seen.workers().cloned(), since, why });
                        true
                    });
                    TRY_AGAIN_AFTER
                }
            },
        };
        sleep(pause).await;
    }

    async fn watch_opened(&self, identity: &Identity, tenant: &TenantId, opened: Opened, feed: &Feed) -> Ended {
        let ask = Asker::new(opened.client.clone());
        let mut seen = Seen::new();
        seen.read_configs(&ask).await;
        let nodes = watch_nodes(&opened.client);
        pin_mut!(nodes);
        let mut again = interval_at(Instant::now() + REOPEN_EVERY, REOPEN_EVERY);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut configs = interval_at(Instant::now() + CONFIGS_EVERY, CONFIGS_EVERY);
        configs.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silences = 0;
        loop {
            tokio::select! {
                event = nodes.next() => match event {
                    Some(Ok(event)) => if let Err(too_many) = seen.note(event) {
                        return Ended::Lost(too_many.to_string());
                    },
                    Some(Err(error)) => return Ended::Lost(words(&error)),
                    None => return Ended::Lost("the watch ended".to_owned()),
                },
                () = at(seen.list_due()) => {
                    return Ended::Lost(format!("the list of the nodes was not complete within {} s", LIST_WITHIN.as_secs()));
                }
                () = at(seen.news_due()) => if let Some(workers) = seen.workers((self.clock)()) {
                    feed.publish(LiveWorkers::Live(workers));
                },
                _ = again.tick() => {
                    match self.open(identity, tenant).await {
                        // A moment's silence of the management cluster ends nothing; any answer but the same kubeconfig does.
                        Err(NotAsked::SecretNotRead { .. }) if silences + 1 < MOST_SILENCES => {
                            silences += 1;
                            feed.set_in_doubt(true);
                        }
                        Ok(now) if now.digest == opened.digest => {
                            silences = 0;
                            feed.set_in_doubt(false);
                        }
                        Ok(_) => return Ended::Reopen,
                        Err(why) => {
                            feed.publish(LiveWorkers::NotAsked(why));
                            return Ended::Reopen;
                        }
                    }
                }
                _ = configs.tick() => seen.read_configs(&ask).await,
            }
        }
    }
}

/// Why watching ended.
enum Ended {
    /// The way in is another now.
    Reopen,
    /// The connection is lost, or nodes may not be read.
    Lost(String),
}

fn watch_nodes(client: &Client) -> impl Stream<Item = Result<Event<DynamicObject>, watcher::Error>> + use<> {
    let nodes = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Node"));
    let config = watcher::Config::default().timeout(WATCH_SECONDS).page_size(PAGE);
    watcher(Api::all_with(client.clone(), &nodes), config)
}

/// At this moment, or never.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn words(error: &watcher::Error) -> String {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => failed::<()>(error).to_string(),
        watcher::Error::WatchError(status) => shortened(&status.message),
        watcher::Error::NoResourceVersion => shortened(&error.to_string()),
    }
}
