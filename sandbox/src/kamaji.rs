//! Kamaji's behaviour, as 26.8 was seen to behave: admission, one reconcile worker, the gate on the tenant's API, the
//! Deployment, the status.
//!
//! **Architecture invariant:** this is a second, independent reading of Kamaji. Nothing here asks `planner` what a version
//! or a strategy may do.

pub(crate) mod admission;
mod deployment;
mod status;
pub(crate) mod version;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use self::status::Word;
pub(crate) use self::status::checksum;
use self::version::KamajiVersion;
use crate::behaviour::TenantApi;
use crate::json;
use crate::kinds::Kind;
use crate::store::{Change, ChangeType, Key};
use crate::world::{Action, INTERNAL, Part, World};

/// From a change until Kamaji has taken it up (ms).
const NOTICE_MS: (i64, i64) = (110, 260);
/// From there to the gate, to the new kubeadm configuration, to the Deployment, to the status, to the end (ms).
const GATE_MS: (i64, i64) = (90, 150);
const PREPARE_MS: (i64, i64) = (90, 140);
const WRITE_MS: (i64, i64) = (140, 210);
const STATUS_MS: (i64, i64) = (50, 100);
const FINISH_MS: (i64, i64) = (80, 150);
/// From the first write of the Deployment to the one that changes the konnectivity server (ms).
const KONNECTIVITY_MS: (i64, i64) = (780, 900);
/// Until a tenant that is not settled is looked at again (ms).
const UNSETTLED_MS: (i64, i64) = (500, 1_100);
/// After so many looks at a tenant that does not settle, Kamaji looks less often.
const EAGER_LOOKS: u32 = 45;
const STUCK_MS: (i64, i64) = (15_000, 40_000);
/// How long Kamaji waits for a tenant API that does not answer (ms). Nothing else is reconciled meanwhile.
const TENANT_TIMEOUT_MS: i64 = 10_000;
/// Waits after failed reconciles (ms): doubling, up to the longest.
const FIRST_BACK_OFF_MS: i64 = 250;
const LONGEST_GATE_BACK_OFF_MS: i64 = 4_000;
const LONGEST_BACK_OFF_MS: i64 = 60_000;
/// A quiet tenant's status is refreshed now and then without any other change (ms).
const QUIET_REFRESH_MS: (i64, i64) = (30_000, 60_000);
/// From the request to delete a tenant to its end (ms).
const FINALIZE_MS: (i64, i64) = (900, 1_500);
const PAUSED: &str = "kamaji.clastix.io/paused";

/// The controller's memory.
#[derive(Debug)]
pub(crate) struct Kamaji {
    /// Highest minor of Kubernetes 1 that the installed operator accepts.
    pub(crate) ceiling_minor: u64,
    /// The webhook does not answer: every write of a TenantControlPlane fails.
    pub(crate) webhook_down: bool,
    /// Whether quiet tenants are refreshed.
    pub(crate) refreshes: bool,
    queue: VecDeque<Key>,
    queued: BTreeSet<Key>,
    running: Option<Run>,
    failures: BTreeMap<Key, u32>,
    /// How often a tenant was looked at since something about it changed.
    looks: BTreeMap<Key, u32>,
}

/// The reconcile that runs.
#[derive(Debug, Clone)]
struct Run {
    key: Key,
    /// The Deployment as the last write returned it: what the status will copy.
    seen: Option<Arc<Value>>,
}

/// The controller's next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KamajiStep {
    /// Put a tenant into the queue.
    Enqueue(Key),
    /// Read the tenant; ask its API server whether the wanted version can be reached.
    Gate,
    /// The tenant's API server has not answered in time.
    GateTimeout,
    /// Write the kubeadm configuration.
    Prepare,
    /// Write the Deployment.
    WriteDeployment,
    /// Copy the Deployment's status and say what it means.
    WriteStatus,
    /// Write the Deployment's konnectivity container.
    WriteKonnectivity,
    /// Copy the status again after that.
    WriteStatusAgain,
    /// Note the generation.
    Finish,
    /// Refresh a quiet tenant's status.
    Refresh(Key),
    /// Take a deleted tenant away.
    Finalize(Key),
}

impl Default for Kamaji {
    fn default() -> Self {
        Self {
            ceiling_minor: 36,
            webhook_down: false,
            refreshes: true,
            queue: VecDeque::new(),
            queued: BTreeSet::new(),
            running: None,
            failures: BTreeMap::new(),
            looks: BTreeMap::new(),
        }
    }
}

impl World {
    pub(crate) fn kamaji_sees_tenant(&mut self, key: &Key, change: &Change) {
        let relevant = |object: &Value| {
            (
                object["spec"].clone(),
                object["metadata"]["annotations"].clone(),
                object["metadata"]["deletionTimestamp"].clone(),
            )
        };
        match (change.change, &change.previous) {
            (ChangeType::Deleted, _) => {
                self.kamaji.failures.remove(key);
                self.remove_owned_deployments(&change.object);
            }
            (_, Some(previous)) if relevant(previous) == relevant(&change.object) => {}
            (ChangeType::Added, _) => {
                self.enqueue_soon(key);
                self.plan_within(QUIET_REFRESH_MS, Action::Kamaji(KamajiStep::Refresh(key.clone())));
            }
            _ => self.enqueue_soon(key),
        }
    }

    pub(crate) fn kamaji_sees_deployment(&mut self, change: &Change) {
        let relevant = |object: &Value| (object["spec"].clone(), object["status"].clone());
        if change.previous.as_ref().is_some_and(|previous| relevant(previous) == relevant(&change.object)) {
            return;
        }
        if let Some(("TenantControlPlane", name)) = json::controller(&change.object) {
            let key = Key::new(Key::of(&change.object).namespace, name);
            self.enqueue_soon(&key);
        }
    }

    pub(crate) fn kamaji_step(&mut self, step: KamajiStep) {
        match step {
            KamajiStep::Enqueue(key) => self.enqueue(key),
            KamajiStep::Refresh(key) => self.refresh(&key),
            KamajiStep::Finalize(key) => {
                self.remove_cluster(&key);
                if let Some(tenant) = self.store.remove(Kind::TenantControlPlane, &key) {
                    self.collect_plans(&tenant);
                }
                self.note_users();
            }
            step => {
                let Some(run) = self.kamaji.running.clone() else { return };
                let Some(tenant) = self.get(Kind::TenantControlPlane, &run.key) else { return self.finish() };
                match step {
                    KamajiStep::Gate => self.gate(&run.key, &tenant),
                    KamajiStep::GateTimeout => self.fail_at_gate(
                        &run.key,
                        "cannot retrieve available Upgrades for Kubernetes upgrade plan: couldn't get server version: context deadline exceeded",
                    ),
                    KamajiStep::Prepare => self.prepare(&run.key, &tenant),
                    KamajiStep::WriteDeployment => self.write_deployment(&run.key, &tenant),
                    KamajiStep::WriteKonnectivity => self.write_konnectivity(&run.key, &tenant),
                    KamajiStep::WriteStatus => {
                        self.write_status(&run, &tenant);
                        let next = if self.konnectivity_differs(&run.key, &tenant) {
                            (KONNECTIVITY_MS, KamajiStep::WriteKonnectivity)
                        } else {
                            (FINISH_MS, KamajiStep::Finish)
                        };
                        self.plan_within(next.0, Action::Kamaji(next.1));
                    }
                    KamajiStep::WriteStatusAgain => {
                        self.write_status(&run, &tenant);
                        self.plan_within(FINISH_MS, Action::Kamaji(KamajiStep::Finish));
                    }
                    _ => self.note_generation(&run.key, &tenant),
                }
            }
        }
    }

    fn enqueue_soon(&mut self, key: &Key) {
        self.kamaji.looks.remove(key);
        self.plan_within(NOTICE_MS, Action::Kamaji(KamajiStep::Enqueue(key.clone())));
    }

    fn enqueue(&mut self, key: Key) {
        if self.kamaji.queued.insert(key.clone()) {
            self.kamaji.queue.push_back(key);
        }
        self.take_next();
    }

    fn take_next(&mut self) {
        if self.kamaji.running.is_some() {
            return;
        }
        let Some(key) = self.kamaji.queue.pop_front() else { return };
        self.kamaji.queued.remove(&key);
        self.kamaji.running = Some(Run { key, seen: None });
        self.plan_within(GATE_MS, Action::Kamaji(KamajiStep::Gate));
    }

    fn finish(&mut self) {
        self.kamaji.running = None;
        self.take_next();
    }

    /// The gate fails: the tenant's API is asked again before long.
    fn fail_at_gate(&mut self, key: &Key, message: &str) {
        self.back_off(key, message, LONGEST_GATE_BACK_OFF_MS);
    }

    fn fail(&mut self, key: &Key, message: &str) {
        self.back_off(key, message, LONGEST_BACK_OFF_MS);
    }

    fn back_off(&mut self, key: &Key, message: &str, longest: i64) {
        self.log_of_kamaji(key, message);
        let failures = self.kamaji.failures.entry(key.clone()).or_default();
        let wait = (FIRST_BACK_OFF_MS << (*failures).min(10)).min(longest);
        *failures += 1;
        self.plan(wait, Action::Kamaji(KamajiStep::Enqueue(key.clone())));
        self.finish();
    }

    fn gate(&mut self, key: &Key, tenant: &Arc<Value>) {
        let readable = json::text(tenant, "/spec/kubernetes/version").is_some()
            && tenant.pointer("/spec/controlPlane/deployment").is_some_and(Value::is_object);
        let annotations = &tenant["metadata"]["annotations"];
        let paused = annotations.as_object().is_some_and(|annotations| annotations.contains_key(PAUSED));
        if !readable || paused || tenant["metadata"]["deletionTimestamp"].is_string() {
            return self.finish();
        }
        let wanted = json::text(tenant, "/spec/kubernetes/version").unwrap_or_default();
        let installed = json::text(tenant, "/status/kubernetesResources/version/version").unwrap_or_default();
        let word = Word::of(tenant);
        if installed.is_empty() || installed == wanted || matches!(word, Some(Word::Upgrading | Word::Sleeping)) {
            let next =
                if installed.is_empty() && word.is_none() { KamajiStep::Prepare } else { KamajiStep::WriteDeployment };
            self.plan_within(WRITE_MS, Action::Kamaji(next));
            return;
        }
        match self.behaviour(key).tenant_api {
            TenantApi::Hangs => {
                self.plan(TENANT_TIMEOUT_MS, Action::Kamaji(KamajiStep::GateTimeout));
                return;
            }
            TenantApi::Answers if self.serves(key) => {}
            _ => {
                let message = "cannot retrieve available Upgrades for Kubernetes upgrade plan: couldn't list all nodes in cluster";
                return self.fail_at_gate(key, message);
            }
        }
        let too_far = match (KamajiVersion::parse(installed), KamajiVersion::parse(wanted)) {
            (Ok(from), Ok(to)) => to.minor > from.minor + 1 || to.minor < from.minor,
            _ => true,
        };
        if too_far {
            return self.fail_at_gate(key, "the required upgrade plan is not available");
        }
        self.set_word(key, Word::Upgrading);
        self.plan_within(PREPARE_MS, Action::Kamaji(KamajiStep::Prepare));
    }

    /// Whether any of the tenant's API servers is ready.
    fn serves(&self, key: &Key) -> bool {
        self.get(Kind::Deployment, key).is_some_and(|deployment| json::count(&deployment, "/status/readyReplicas") > 0)
    }

    /// The kubeadm configuration; on a new tenant also the fields that Kamaji fills in, which raises the generation.
    fn prepare(&mut self, key: &Key, tenant: &Arc<Value>) {
        let filled = tenant.pointer("/spec/writePermissions").is_some()
            && tenant.pointer("/spec/controlPlane/deployment/additionalMetadata").is_some();
        if !filled {
            self.update(Kind::TenantControlPlane, key, Part::Object, INTERNAL, |tenant| {
                json::object_at(tenant, "spec").entry("writePermissions").or_insert_with(|| json!({}));
                json::object_at(&mut tenant["spec"]["controlPlane"], "deployment")
                    .entry("additionalMetadata")
                    .or_insert_with(|| json!({}));
            })
            .ok();
        }
        let now_ms = self.now_ms();
        let name = key.name.clone();
        let uid = json::text(tenant, "/metadata/uid").unwrap_or_default().to_owned();
        let store = json::text(tenant, "/spec/dataStore").unwrap_or("default").to_owned();
        let driver = self.get(Kind::DataStore, &Key::new("", store.as_str()));
        let driver = driver.as_deref().and_then(|store| json::text(store, "/spec/driver")).unwrap_or("etcd").to_owned();
        let version = json::text(tenant, "/spec/kubernetes/version").unwrap_or_default().to_owned();
        let endpoint = self.url.trim_start_matches("http://").to_owned();
        self.update(Kind::TenantControlPlane, key, Part::Status, INTERNAL, |tenant| {
            if Word::of(tenant).is_none() {
                tenant["status"] = status::first(&name, &uid, &store, &driver, &endpoint, now_ms);
            }
            tenant["status"]["kubeadmconfig"] = json!({
                "checksum": status::checksum(&format!("{name} kubeadm {version}")),
                "configmapName": format!("{name}-kubeadmconfig"),
                "lastUpdate": json::seconds(now_ms),
            });
        })
        .ok();
        self.write_into_tenant(key, tenant);
        self.note_users();
        self.plan_within(WRITE_MS, Action::Kamaji(KamajiStep::WriteDeployment));
    }

    /// Brings `status.usedBy` of each DataStore up to date: the tenants whose status names it.
    fn note_users(&mut self) {
        let tenants = self.store.list(Kind::TenantControlPlane, None);
        let users: Vec<(String, String)> = tenants
            .filter_map(|(key, tenant)| {
                let store = json::text(tenant, "/status/storage/dataStoreName")?;
                Some((store.to_owned(), format!("{}/{}", key.namespace, key.name)))
            })
            .collect();
        let stores: Vec<Key> = self.store.list(Kind::DataStore, None).map(|(key, _)| key.clone()).collect();
        for store in stores {
            let used_by: Vec<&str> =
                users.iter().filter(|(name, _)| *name == store.name).map(|(_, user)| user.as_str()).collect();
            self.update(Kind::DataStore, &store, Part::Status, INTERNAL, |store| {
                store["status"]["usedBy"] = json!(used_by);
            })
            .ok();
        }
    }

    fn write_deployment(&mut self, key: &Key, tenant: &Arc<Value>) {
        let before = self.get(Kind::Deployment, key);
        let written = match &before {
            None => self.create(Kind::Deployment, &key.namespace, deployment::create(tenant), INTERNAL),
            Some(_) => self.update(Kind::Deployment, key, Part::Object, INTERNAL, |deployment| {
                deployment::apply(tenant, deployment);
            }),
        };
        match written {
            Ok(written) => {
                if let Some(run) = &mut self.kamaji.running {
                    run.seen = Some(written);
                }
                self.plan_within(STATUS_MS, Action::Kamaji(KamajiStep::WriteStatus));
            }
            Err(error) => self.fail(key, &error.message),
        }
    }

    fn konnectivity_differs(&self, key: &Key, tenant: &Value) -> bool {
        self.get(Kind::Deployment, key).is_some_and(|before| {
            let mut after = Value::clone(&before);
            deployment::apply_konnectivity(tenant, &mut after);
            *before != after
        })
    }

    fn write_konnectivity(&mut self, key: &Key, tenant: &Arc<Value>) {
        let written = self.update(Kind::Deployment, key, Part::Object, INTERNAL, |deployment| {
            deployment::apply_konnectivity(tenant, deployment);
        });
        match written {
            Ok(written) => {
                if let Some(run) = &mut self.kamaji.running {
                    run.seen = Some(written);
                }
                self.plan_within(STATUS_MS, Action::Kamaji(KamajiStep::WriteStatusAgain));
            }
            Err(error) => self.fail(key, &error.message),
        }
    }

    fn write_status(&mut self, run: &Run, tenant: &Arc<Value>) {
        let Some(deployment) = &run.seen else { return };
        let word = status::compute(tenant, deployment);
        let wanted = tenant["spec"]["kubernetes"]["version"].clone();
        let mut copied = status::copy(deployment, self.now_ms());
        let known = &tenant["status"]["kubernetesResources"]["deployment"];
        if status::is_settled(word) && status::equal_but_time(known, &copied) {
            copied["lastUpdate"] = known["lastUpdate"].clone();
        }
        self.update(Kind::TenantControlPlane, &run.key, Part::Status, INTERNAL, |tenant| {
            let resources = json::object_at(&mut tenant["status"], "kubernetesResources");
            resources.insert("deployment".to_owned(), copied);
            let version = resources.entry("version").or_insert_with(|| json!({}));
            version["status"] = json!(word.as_str());
            if matches!(word, Word::Ready | Word::Sleeping) {
                version["version"] = wanted;
            }
        })
        .ok();
    }

    fn note_generation(&mut self, key: &Key, tenant: &Arc<Value>) {
        let generation = tenant["metadata"]["generation"].clone();
        self.update(Kind::TenantControlPlane, key, Part::Status, INTERNAL, |tenant| {
            tenant["status"]["observedGeneration"] = generation;
        })
        .ok();
        self.write_into_tenant(key, tenant);
        self.kamaji.failures.remove(key);
        let unfinished =
            tenant["status"]["kubernetesResources"]["version"]["version"] != tenant["spec"]["kubernetes"]["version"];
        if unfinished || !Word::of(tenant).is_some_and(status::is_settled) {
            let looks = self.kamaji.looks.entry(key.clone()).or_default();
            *looks += 1;
            // A status that flips by itself (WriteLimited with a wanted version) wakes the controller each time.
            let eager = *looks <= EAGER_LOOKS || Word::of(tenant) == Some(Word::WriteLimited);
            let wait = if eager { UNSETTLED_MS } else { STUCK_MS };
            self.plan_within(wait, Action::Kamaji(KamajiStep::Enqueue(key.clone())));
        }
        self.finish();
    }

    fn set_word(&mut self, key: &Key, word: Word) {
        self.update(Kind::TenantControlPlane, key, Part::Status, INTERNAL, |tenant| {
            tenant["status"]["kubernetesResources"]["version"]["status"] = json!(word.as_str());
        })
        .ok();
    }

    fn refresh(&mut self, key: &Key) {
        let Some(tenant) = self.get(Kind::TenantControlPlane, key) else { return };
        if self.kamaji.refreshes && Word::of(&tenant).is_some_and(status::is_settled) {
            let now = json::seconds(self.now_ms());
            self.update(Kind::TenantControlPlane, key, Part::Status, INTERNAL, |tenant| {
                if let Some(deployment) = tenant.pointer_mut("/status/kubernetesResources/deployment")
                    && deployment.is_object()
                {
                    deployment["lastUpdate"] = json!(now);
                }
            })
            .ok();
        }
        if self.kamaji.refreshes {
            self.plan_within(QUIET_REFRESH_MS, Action::Kamaji(KamajiStep::Refresh(key.clone())));
        }
    }

    /// Starts or stops the refreshing of quiet tenants. Worlds are built without it.
    pub(crate) fn set_refreshes(&mut self, refreshes: bool) {
        self.kamaji.refreshes = refreshes;
        if refreshes {
            let tenants: Vec<Key> =
                self.store.list(Kind::TenantControlPlane, None).map(|(key, _)| key.clone()).collect();
            for key in tenants {
                self.plan_within(QUIET_REFRESH_MS, Action::Kamaji(KamajiStep::Refresh(key)));
            }
        }
    }

    /// Marks a tenant as being deleted; Kamaji's finalizers hold it for a moment.
    pub(crate) fn finalize_tenant(&mut self, key: &Key) {
        let Some(tenant) = self.get(Kind::TenantControlPlane, key) else { return };
        if tenant["metadata"]["deletionTimestamp"].is_string() {
            return;
        }
        let mut ending = Value::clone(&tenant);
        ending["metadata"]["deletionTimestamp"] = json!(json::seconds(self.now_ms()));
        ending["metadata"]["deletionGracePeriodSeconds"] = json!(0);
        ending["metadata"]["generation"] = json!(json::int(&tenant, "/metadata/generation").unwrap_or(0) + 1);
        self.store.put(Kind::TenantControlPlane, ending);
        self.plan_within(FINALIZE_MS, Action::Kamaji(KamajiStep::Finalize(key.clone())));
    }

    /// What the garbage collector does with the plans of a tenant that is gone.
    fn collect_plans(&mut self, tenant: &Value) {
        let owned_by = |plan: &Value| {
            let owners = plan.pointer("/metadata/ownerReferences").and_then(Value::as_array);
            owners.into_iter().flatten().any(|owner| owner["uid"] == tenant["metadata"]["uid"])
        };
        let namespace = Key::of(tenant).namespace;
        let plans = self.store.list(Kind::UpgradePlan, Some(&namespace));
        let owned: Vec<Key> = plans.filter(|(_, plan)| owned_by(plan)).map(|(key, _)| key.clone()).collect();
        for key in owned {
            self.store.remove(Kind::UpgradePlan, &key);
        }
    }

    fn remove_owned_deployments(&mut self, tenant: &Value) {
        let uid = json::text(tenant, "/metadata/uid");
        let namespace = Key::of(tenant).namespace;
        let owned: Vec<Key> = self
            .store
            .list(Kind::Deployment, Some(&namespace))
            .filter(|(_, deployment)| json::controller_uid(deployment) == uid)
            .map(|(key, _)| key.clone())
            .collect();
        for key in owned {
            self.store.remove(Kind::Deployment, &key);
        }
    }
}
