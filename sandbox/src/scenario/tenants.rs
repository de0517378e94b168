//! Who lives in each world.

use serde_json::{Value, json};

use super::builder::{Builder, Tenant};
use super::cluster_api::{self, Managed};
use super::hostile;
use crate::access::TEAM_A_NAMESPACES;
use crate::behaviour::{BrokenVersion, PodFault, TenantApi, TenantBehaviour};
use crate::kinds::Kind;

const STAGING: &str = "team-a-staging";
const TEAM_B: &str = "team-b";
const POOL_OF_TEN: &str = "--datastore-max-open-connections=10";
const ROOMY: (usize, usize) = (4, 110);

/// Every situation once. `team-a` and `team-a-staging` are the tenant owner's, `team-b` is another's.
pub(super) fn default(world: &mut Builder) {
    world.ground(&[TEAM_A_NAMESPACES[0], STAGING, TEAM_B], ROOMY.0, ROOMY.1);
    // Apart from the others: a tenant of it is stuck with twice its pods.
    world.data_store("team-b", "etcd", &["etcd-0.etcd.team-b-store.svc:2379".to_owned()]);
    world.days_ago(110);
    world.create(Tenant { version: "v1.34.9", ..Tenant::default() });
    world.create(Tenant { name: "payments", version: "v1.35.9", spec: requests(), ..Tenant::default() });
    world.create(Tenant {
        namespace: TEAM_B,
        name: "warehouse",
        version: "v1.35.6",
        spec: json!({"dataStore": "team-b"}),
        behaviour: broken(),
        ..Tenant::default()
    });
    world.days_ago(74);
    world.create(Tenant { name: "checkout", version: "v1.35.4", spec: rolling(), ..Tenant::default() });
    world.create(Tenant { name: "ledger", version: "v1.35.6", behaviour: broken(), ..Tenant::default() });
    world.create(Tenant { name: "edge-gateway", spec: konnectivity(), ..Tenant::default() });
    world.days_ago(52);
    world.create(Tenant { name: "night-batch", version: "v1.35.4", replicas: 2, ..Tenant::default() });
    world.create(Tenant { namespace: STAGING, name: "archive", ..Tenant::default() });
    world.create(Tenant { namespace: STAGING, name: "black-friday", ..Tenant::default() });
    cluster_api::create(world, STAGING, "capi-prod", ("v1.35.6", Managed::ByHand), &[]);
    world.create(Tenant { namespace: TEAM_B, name: "analytics", ..Tenant::default() });
    world.create(Tenant { namespace: TEAM_B, name: "reporting", metadata: argo_cd(), ..Tenant::default() });
    world.days_ago(21);
    world.upgrade("team-a", "tenant-00", "v1.35.6");
    world.upgrade("team-a", "checkout", "v1.35.9");
    world.upgrade("team-a", "payments", "v1.36.4");
    world.days_ago(3);
    world.change("team-a", "night-batch", &json!({"spec": {"controlPlane": {"deployment": {"replicas": 0}}}}));
    world.change(
        STAGING,
        "archive",
        &json!({"spec": {"writePermissions": {"blockCreation": true, "blockUpdate": true}}}),
    );
    world.change(
        STAGING,
        "black-friday",
        &json!({"metadata": {"annotations": {"kamaji.clastix.io/paused": "until 2026-12-01"}}}),
    );
    world.rest();
    hostile::plant(world, STAGING);
    world.minutes_ago(25);
    world.change(TEAM_B, "warehouse", &json!({"spec": {"kubernetes": {"version": "v1.36.2"}}}));
    world.minutes_ago(2);
    world.change(
        TEAM_B,
        "analytics",
        &json!({"spec": {"controlPlane": {"deployment": {"strategy": {
            "type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0},
        }}}}}),
    );
}

/// Only tenant-00.
pub(super) fn single(world: &mut Builder) {
    world.ground(&TEAM_A_NAMESPACES, ROOMY.0, ROOMY.1);
    alone(world, TenantBehaviour::default());
}

/// Nothing.
pub(super) fn empty(world: &mut Builder) {
    world.ground(&TEAM_A_NAMESPACES, ROOMY.0, ROOMY.1);
}

/// tenant-00 in the middle of Blue/Green.
pub(super) fn upgrading(world: &mut Builder) {
    single(world);
    world.millis_ago(12_000);
    world.change("team-a", "tenant-00", &json!({"spec": {"kubernetes": {"version": "v1.36.4"}}}));
}

/// Room for one pod more.
pub(super) fn tight(world: &mut Builder) {
    world.ground(&TEAM_A_NAMESPACES, 2, 2);
    alone(world, TenantBehaviour::default());
}

/// Room for no pod more.
pub(super) fn full(world: &mut Builder) {
    world.ground(&TEAM_A_NAMESPACES, 3, 1);
    alone(world, TenantBehaviour::default());
}

/// A quota that Blue/Green does not fit into.
pub(super) fn quota(world: &mut Builder) {
    single(world);
    world.world.plant(
        Kind::ResourceQuota,
        json!({
            "metadata": {"name": "pods", "namespace": "team-a"},
            "spec": {"hard": {"pods": "4"}},
            "status": {"hard": {"pods": "4"}, "used": {"pods": "3"}},
        }),
    );
}

/// tenant-00's API server does not answer Kamaji.
pub(super) fn unreachable(world: &mut Builder) {
    world.ground(&TEAM_A_NAMESPACES, ROOMY.0, ROOMY.1);
    alone(world, TenantBehaviour { tenant_api: TenantApi::Refuses, ..TenantBehaviour::default() });
}

/// tenant-00 on three nodes far from the registry. It came to its version lately, so that events tell of the pulls.
pub(super) fn far_registry(world: &mut Builder) {
    world.ground(&TEAM_A_NAMESPACES, 3, 110);
    alone(world, TenantBehaviour { pull_ms: (0, 0), first_pull_ms: (9_000, 20_000), ..TenantBehaviour::default() });
    world.minutes_ago(20);
    world.upgrade("team-a", "tenant-00", "v1.35.9");
}

/// A DataStore of each driver. team-a/orders and team-b/search share one on PostgreSQL, and the latter is on its way to v1.36.4;
/// team-a/ledger has one on MySQL and team-a/edge one on NATS for itself, as NATS demands.
pub(super) fn shared_stores(world: &mut Builder) {
    world.ground(&[TEAM_A_NAMESPACES[0], STAGING, TEAM_B], ROOMY.0, ROOMY.1);
    world.world.serves_metrics = true;
    for (name, driver, endpoint) in [
        ("postgres", "PostgreSQL", "postgres-rw.kamaji-system.svc:5432"),
        ("mysql", "MySQL", "mysql.kamaji-system.svc:3306"),
        ("nats", "NATS", "nats.kamaji-system.svc:4222"),
    ] {
        world.data_store(name, driver, &[endpoint.to_owned()]);
    }
    world.days_ago(30);
    world.create(Tenant::default());
    world.create(Tenant { name: "payments", spec: requests(), ..Tenant::default() });
    world.create(Tenant { name: "orders", spec: on_kine("postgres", &[POOL_OF_TEN]), ..Tenant::default() });
    world.create(Tenant {
        namespace: TEAM_B,
        name: "search",
        spec: on_kine("postgres", &[POOL_OF_TEN]),
        ..Tenant::default()
    });
    world.create(Tenant { name: "ledger", spec: on_kine("mysql", &[]), ..Tenant::default() });
    world.create(Tenant { name: "edge", spec: on_kine("nats", &[]), ..Tenant::default() });
    world.millis_ago(5_000);
    world.change(TEAM_B, "search", &json!({"spec": {"kubernetes": {"version": "v1.36.4"}}}));
}

/// A fleet.
pub(super) fn many(world: &mut Builder) {
    let namespaces: Vec<String> = (0..10).map(|number| format!("team-{number:02}")).collect();
    let names: Vec<&str> = namespaces.iter().map(String::as_str).chain(TEAM_A_NAMESPACES).collect();
    world.ground(&names, 12, 110);
    let versions = ["v1.34.9", "v1.35.6", "v1.35.9", "v1.36.2", "v1.36.4"];
    for number in 0..100_usize {
        let name = format!("tenant-{number:03}");
        let namespace = if number < 10 { "team-a" } else { namespaces[number % 10].as_str() };
        let version = versions[number % versions.len()];
        world.create(Tenant { namespace, name: &name, version, ..Tenant::default() });
    }
}

fn alone(world: &mut Builder, behaviour: TenantBehaviour) {
    world.days_ago(30);
    world.create(Tenant { behaviour, ..Tenant::default() });
}

/// On a DataStore that needs kine, with these arguments for it.
fn on_kine(data_store: &str, arguments: &[&str]) -> Value {
    json!({"dataStore": data_store, "controlPlane": {"deployment": {"extraArgs": {"kine": arguments}}}})
}

/// New pods run and never get ready, but for the newest patch.
fn broken() -> TenantBehaviour {
    let broken = BrokenVersion {
        starts_with: "v1.36.".to_owned(),
        except: vec!["v1.36.4".to_owned()],
        fault: PodFault::NeverReady,
    };
    TenantBehaviour { broken: vec![broken], ..TenantBehaviour::default() }
}

fn requests() -> Value {
    let resources = |cpu: &str, memory: &str| json!({"requests": {"cpu": cpu, "memory": memory}});
    json!({"controlPlane": {"deployment": {"resources": {
        "apiServer": resources("250m", "512Mi"),
        "controllerManager": resources("125m", "256Mi"),
        "scheduler": resources("125m", "256Mi"),
    }}}})
}

fn rolling() -> Value {
    let mut spec = requests();
    spec["controlPlane"]["deployment"]["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}});
    spec
}

fn konnectivity() -> Value {
    json!({"addons": {"konnectivity": {
        "server": {"port": 8132, "image": "registry.k8s.io/kas-network-proxy/proxy-server"},
        "agent": {"image": "registry.k8s.io/kas-network-proxy/proxy-agent", "mode": "DaemonSet"},
    }}})
}

fn argo_cd() -> Value {
    let tracking = "team-b-clusters:kamaji.clastix.io/TenantControlPlane:team-b/reporting";
    json!({
        "labels": {"app.kubernetes.io/instance": "team-b-clusters"},
        "annotations": {"argocd.argoproj.io/tracking-id": tracking},
    })
}
