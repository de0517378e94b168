//! The nodes of a tenant while somebody looks: one task a tenant and person, which ends with its last reader.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures::{Stream, StreamExt, pin_mut};
use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use planner::tenant::{DeclaredVersion, Reading, TenantId};
use planner::tenant_api::NotAsked;
use planner::time::UnixMillis;
use planner::workers::{KubeletConfig, LiveWorkers, NodeFacts, Workers};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until};

use super::ask::{Asker, failed, shortened, within};
use super::read::nodes::{PROXY_LABEL, node, proxy, with_proxies};
use super::read::{kubeadm_config, kubelet_config};
use super::secret::Opened;
use super::{PART_WITHIN, TenantAccess};
use crate::identity::Identity;

/// Pause before a lost connection, and before a refused or missing Secret, is tried again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(20);
/// How often the Secret is read again, as the person: whoever lost the right stops seeing, and a new kubeconfig is taken up.
const REOPEN_EVERY: Duration = Duration::from_secs(60);
/// How long the API server keeps one watch open (s).
const WATCH_SECONDS: u32 = 60;
/// How long a whole list may take. Each page has its limit, but whoever answers could send its bytes one by one.
const LIST_WITHIN: Duration = Duration::from_secs(20);
/// Objects in one page of a list.
const PAGE: u32 = 50;

/// Who looks at whose nodes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Looker {
    tenant: TenantId,
    user: String,
    groups: Vec<String>,
}

/// The tasks that run.
#[derive(Default)]
pub(super) struct Watching(Mutex<HashMap<Looker, Weak<watch::Sender<Arc<LiveWorkers>>>>>);

impl Watching {
    fn lock(&self) -> MutexGuard<'_, HashMap<Looker, Weak<watch::Sender<Arc<LiveWorkers>>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a task off the list if nobody looks any more. Whoever comes later starts a new one.
    fn end(&self, looker: &Looker, sender: &watch::Sender<Arc<LiveWorkers>>) -> bool {
        let mut watching = self.lock();
        if sender.receiver_count() > 0 {
            return false;
        }
        watching.remove(looker);
        true
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
        let (user, groups) = (identity.user.clone(), identity.groups.clone());
        let looker = Looker { tenant: tenant.clone(), user, groups };
        let mut watching = self.watching.lock();
        if let Some(sender) = watching.get(&looker).and_then(Weak::upgrade) {
            return Some(sender.subscribe());
        }
        let (sender, receiver) = watch::channel(Arc::new(LiveWorkers::Waiting));
        let sender = Arc::new(sender);
        watching.insert(looker.clone(), Arc::downgrade(&sender));
        drop(watching);
        tokio::spawn(self.clone().keep_watching(identity.clone(), looker, sender));
        Some(receiver)
    }

    /// How many tenants' nodes are watched, counted by person.
    pub fn watched_workers(&self) -> usize {
        self.watching.lock().values().filter(|sender| sender.strong_count() > 0).count()
    }

    async fn keep_watching(self, identity: Identity, looker: Looker, sender: Arc<watch::Sender<Arc<LiveWorkers>>>) {
        tracing::debug!(tenant = %looker.tenant, user = looker.user, "somebody looks at the nodes");
        loop {
            tokio::select! {
                () = sender.closed() => if self.watching.end(&looker, &sender) {
                    break;
                },
                () = self.watch_on(&identity, &looker.tenant, &sender) => {}
            }
        }
        tracing::debug!(tenant = %looker.tenant, user = looker.user, "nobody looks at the nodes any more");
    }

    /// Watches until there is nothing to watch, says so, and waits a while.
    async fn watch_on(&self, identity: &Identity, tenant: &TenantId, sender: &watch::Sender<Arc<LiveWorkers>>) {
        let pause = match self.open(identity, tenant).await {
            Err(why) => {
                let pause =
                    if matches!(why, NotAsked::SecretNotRead { .. }) { TRY_AGAIN_AFTER } else { ASK_AGAIN_AFTER };
                publish(sender, LiveWorkers::NotAsked(why));
                pause
            }
            Ok(opened) => match self.watch_opened(identity, tenant, opened, sender).await {
                Ended::Reopen => return,
                Ended::Lost(why) => {
                    let since = (self.clock)();
                    sender.send_if_modified(|seen| {
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

    async fn watch_opened(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        opened: Opened,
        sender: &watch::Sender<Arc<LiveWorkers>>,
    ) -> Ended {
        let ask = Asker::new(opened.client.clone());
        let mut seen = Seen::new();
        seen.read_configs(&ask).await;
        let all = watcher::Config::default().timeout(WATCH_SECONDS).page_size(PAGE);
        let nodes = watch_kind(&opened.client, "Node", None, all.clone());
        let proxies = watch_kind(&opened.client, "Pod", Some("kube-system"), all.labels(PROXY_LABEL));
        pin_mut!(nodes, proxies);
        let mut again = interval_at(Instant::now() + REOPEN_EVERY, REOPEN_EVERY);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut proxies_refused = false;
        loop {
            tokio::select! {
                event = nodes.next() => match event {
                    Some(Ok(event)) => seen.note_node(event),
                    Some(Err(error)) => return Ended::Lost(words(&error)),
                    None => return Ended::Lost("the watch ended".to_owned()),
                },
                event = proxies.next(), if !proxies_refused => match event {
                    Some(Ok(event)) => seen.note_proxy(event),
                    // Nodes are worth showing without them.
                    Some(Err(error)) => {
                        seen.proxies = Err(words(&error));
                        proxies_refused = true;
                    }
                    None => proxies_refused = true,
                },
                () = sleep_until(seen.nodes.due()), if seen.nodes.is_due() => {
                    return Ended::Lost(format!("the list of the nodes was not complete within {} s", LIST_WITHIN.as_secs()));
                }
                _ = again.tick() => {
                    match self.open(identity, tenant).await {
                        // A moment's silence of the management cluster ends nothing; any answer but the same kubeconfig does.
                        Err(NotAsked::SecretNotRead { .. }) => {}
                        Ok(now) if now.digest == opened.digest => {}
                        Ok(_) => return Ended::Reopen,
                        Err(why) => {
                            publish(sender, LiveWorkers::NotAsked(why));
                            return Ended::Reopen;
                        }
                    }
                    seen.read_configs(&ask).await;
                }
            }
            if let Some(workers) = seen.workers((self.clock)(), sender) {
                publish(sender, LiveWorkers::Live(workers));
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

/// What has been seen so far.
struct Seen {
    nodes: Kind<NodeFacts>,
    proxies: Result<Kind<DeclaredVersion>, String>,
    kubeadm_config: Reading<DeclaredVersion>,
    kubelet_config: Reading<KubeletConfig>,
}

/// The objects of one kind by node: those that are there, and those of a list that is under way.
struct Kind<T> {
    listed: Option<BTreeMap<String, T>>,
    coming: BTreeMap<String, T>,
    /// When the list that is under way began.
    since: Option<Instant>,
}

impl Seen {
    fn new() -> Self {
        Self {
            nodes: Kind::new(),
            proxies: Ok(Kind::new()),
            kubeadm_config: Reading::Waiting,
            kubelet_config: Reading::Waiting,
        }
    }

    async fn read_configs(&mut self, ask: &Asker) {
        let (kubeadm, kubelet) =
            tokio::join!(within(PART_WITHIN, kubeadm_config(ask)), within(PART_WITHIN, kubelet_config(ask)));
        self.kubeadm_config = kubeadm.reading();
        self.kubelet_config = kubelet.reading();
    }

    fn note_node(&mut self, event: Event<DynamicObject>) {
        self.nodes.note(event, |object| node(object).map(|node| (node.name.clone(), node)));
    }

    fn note_proxy(&mut self, event: Event<DynamicObject>) {
        if let Ok(proxies) = &mut self.proxies {
            proxies.note(event, proxy);
        }
    }

    /// The nodes as they are, if that is news to the readers.
    fn workers(&self, now: UnixMillis, readers: &watch::Sender<Arc<LiveWorkers>>) -> Option<Workers> {
        let mut nodes: Vec<NodeFacts> = self.nodes.listed.as_ref()?.values().cloned().collect();
        let proxies = match &self.proxies {
            Ok(proxies) => proxies.listed.clone().map_or(Reading::Waiting, Reading::Read),
            Err(words) => Reading::Forbidden(words.clone()),
        };
        with_proxies(&mut nodes, &proxies);
        let (kubeadm_config, kubelet_config) = (self.kubeadm_config.clone(), self.kubelet_config.clone());
        let workers = Workers { nodes, kubeadm_config, kubelet_config, seen_at: now };
        let known = matches!(
            &**readers.borrow(),
            LiveWorkers::Live(known) if Workers { seen_at: now, ..known.clone() } == workers
        );
        (!known).then_some(workers)
    }
}

impl<T> Kind<T> {
    fn new() -> Self {
        Self { listed: None, coming: BTreeMap::new(), since: Some(Instant::now()) }
    }

    /// Whether a list is under way, and when it must have come.
    fn is_due(&self) -> bool {
        self.since.is_some()
    }

    fn due(&self) -> Instant {
        self.since.unwrap_or_else(Instant::now) + LIST_WITHIN
    }

    /// Notes an event. `read` says what an object is and by which node it is known.
    fn note(&mut self, event: Event<DynamicObject>, read: impl Fn(&Value) -> Option<(String, T)>) {
        let read = |object: &DynamicObject| serde_json::to_value(object).ok().and_then(|value| read(&value));
        match event {
            Event::Init => {
                self.coming.clear();
                self.since = Some(Instant::now());
            }
            Event::InitApply(object) => self.coming.extend(read(&object)),
            Event::InitDone => {
                self.listed = Some(std::mem::take(&mut self.coming));
                self.since = None;
            }
            Event::Apply(object) => {
                if let Some(listed) = &mut self.listed {
                    listed.extend(read(&object));
                }
            }
            Event::Delete(object) => {
                if let (Some(listed), Some((node, _))) = (&mut self.listed, read(&object)) {
                    listed.remove(&node);
                }
            }
        }
    }
}

fn watch_kind(
    client: &Client,
    kind: &str,
    namespace: Option<&str>,
    config: watcher::Config,
) -> impl Stream<Item = Result<Event<DynamicObject>, watcher::Error>> + use<> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", kind));
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    watcher(api, config)
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

/// Hands out what is seen, if it is news.
fn publish(sender: &watch::Sender<Arc<LiveWorkers>>, seen: LiveWorkers) {
    sender.send_if_modified(|known| {
        let news = **known != seen;
        if news {
            *known = Arc::new(seen);
        }
        news
    });
}
