//! Plays the past of a world.

use planner::time::UnixMillis;
use serde_json::{Value, json};

use crate::behaviour::TenantBehaviour;
use crate::kinds::Kind;
use crate::shared::Setup;
use crate::store::Key;
use crate::tenant_api::Worker;
use crate::world::{INTERNAL, Part, World};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// How long before the start a world begins (days).
const OLDEST_DAYS: i64 = 120;
/// Everything that a change sets off is over after this time (ms).
const REST_MS: i64 = 4 * MINUTE_MS;

/// A world being made: time runs from its oldest day to its start.
pub(super) struct Builder {
    pub(super) world: World,
    start_at: UnixMillis,
}

/// A tenant to create.
pub(super) struct Tenant<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) replicas: u32,
    /// Merged into `spec`.
    pub(super) spec: Value,
    /// Merged into `metadata`.
    pub(super) metadata: Value,
    pub(super) behaviour: TenantBehaviour,
    /// Its worker nodes. Without any named: three, with kubelets of the version it begins with.
    pub(super) workers: &'a [Worker<'a>],
}

impl Default for Tenant<'_> {
    fn default() -> Self {
        Self {
            namespace: "team-a",
            name: "tenant-00",
            version: "v1.35.6",
            replicas: 3,
            spec: json!({}),
            metadata: json!({}),
            behaviour: TenantBehaviour::default(),
            workers: &[],
        }
    }
}

impl Builder {
    pub(super) fn new(setup: &Setup) -> Self {
        let mut world = World::new(setup.seed, setup.start_at.plus_millis(-OLDEST_DAYS * DAY_MS));
        world.url.clone_from(&setup.url);
        world.set_refreshes(false);
        Self { world, start_at: setup.start_at }
    }

    /// Ends the past.
    pub(super) fn finish(mut self) -> World {
        self.world.advance_to(self.start_at);
        self.world.set_refreshes(true);
        self.world
    }

    /// Lets time pass until `days` days before the start, if that is still to come.
    pub(super) fn days_ago(&mut self, days: i64) {
        self.world.advance_to(self.start_at.plus_millis(-days * DAY_MS));
    }

    /// Lets time pass until `minutes` minutes before the start.
    pub(super) fn minutes_ago(&mut self, minutes: i64) {
        self.world.advance_to(self.start_at.plus_millis(-minutes * MINUTE_MS));
    }

    /// Lets time pass until `millis` before the start.
    pub(super) fn millis_ago(&mut self, millis: i64) {
        self.world.advance_to(self.start_at.plus_millis(-millis));
    }

    /// Nodes, namespaces and the shared DataStore.
    pub(super) fn ground(&mut self, namespaces: &[&str], nodes: usize, pods_per_node: usize) {
        for number in 1..=nodes {
            let name = format!("node-{number}");
            self.world.plant(Kind::Node, node(&name, pods_per_node));
            self.world.furnish_node(&name);
        }
        for namespace in ["default", "kube-system", "kamaji-system", "upgrade-console"].iter().chain(namespaces) {
            self.world.plant(
                Kind::Namespace,
                json!({
                    "metadata": {"name": namespace, "labels": {"kubernetes.io/metadata.name": namespace}},
                    "spec": {"finalizers": ["kubernetes"]},
                    "status": {"phase": "Active"},
                }),
            );
        }
        let member = |number| format!("etcd-{number}.etcd.kamaji-system.svc:2379");
        self.data_store("default", "etcd", &[member(0), member(1), member(2)]);
    }

    /// A DataStore that nobody uses yet.
    pub(super) fn data_store(&mut self, name: &str, driver: &str, endpoints: &[String]) {
        self.world.plant(
            Kind::DataStore,
            json!({
                "metadata": {"name": name, "generation": 1},
                "spec": {"driver": driver, "endpoints": endpoints},
                "status": {"ready": true, "observedGeneration": 1},
            }),
        );
    }

    /// Creates a tenant and waits until it rests.
    pub(super) fn create(&mut self, tenant: Tenant<'_>) {
        let key = Key::new(tenant.namespace, tenant.name);
        self.world.tenants.insert(key, tenant.behaviour);
        let mut object = json!({
            "metadata": {
                "name": tenant.name,
                "namespace": tenant.namespace,
                "finalizers": ["finalizer.kamaji.clastix.io", "finalizer.kamaji.clastix.io/soot"],
            },
            "spec": {
                "dataStore": "default",
                "kubernetes": {"version": tenant.version, "kubelet": {}},
                "controlPlane": {
                    "deployment": {"replicas": tenant.replicas, "podAdditionalMetadata": {}},
                    "service": {"serviceType": "LoadBalancer", "additionalMetadata": {}},
                },
                "networkProfile": {"port": 6443},
                "addons": {"coreDNS": {}, "kubeProxy": {}},
            },
        });
        crate::json::merge(&mut object["spec"], &tenant.spec);
        crate::json::merge(&mut object["metadata"], &tenant.metadata);
        let created = self.world.create(Kind::TenantControlPlane, tenant.namespace, object, INTERNAL);
        debug_assert!(created.is_ok(), "{}/{}: {created:?}", tenant.namespace, tenant.name);
        if let Some(cluster) = self.world.cluster(&Key::new(tenant.namespace, tenant.name)) {
            cluster.join_all(tenant.workers, tenant.version);
        }
        self.rest();
    }

    /// Changes a tenant as its owner would.
    pub(super) fn change(&mut self, namespace: &str, name: &str, patch: &Value) {
        let key = Key::new(namespace, name);
        let changed = self.world.update(Kind::TenantControlPlane, &key, Part::Object, INTERNAL, |object| {
            crate::json::merge(object, patch);
        });
        debug_assert!(changed.is_ok(), "{namespace}/{name}: {changed:?}");
    }

    /// Changes an object that nobody here acts on.
    pub(super) fn change_object(&mut self, kind: Kind, key: &Key, change: impl FnOnce(&mut Value)) {
        self.world.tamper(kind, key, change);
    }

    /// Upgrades a tenant and waits until it rests.
    pub(super) fn upgrade(&mut self, namespace: &str, name: &str, version: &str) {
        self.change(namespace, name, &json!({"spec": {"kubernetes": {"version": version}}}));
        self.rest();
    }

    pub(super) fn rest(&mut self) {
        self.world.advance(REST_MS);
    }
}

fn node(name: &str, pods: usize) -> Value {
    let room = json!({"cpu": "16", "memory": "64Gi", "pods": pods.to_string(), "ephemeral-storage": "200Gi"});
    json!({
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
        },
        "spec": {},
        "status": {
            "allocatable": room,
            "capacity": room,
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
            "nodeInfo": {"kubeletVersion": "v1.36.3", "operatingSystem": "linux", "architecture": "amd64"},
        },
    })
}
