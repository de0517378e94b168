//! Tenants whose own APIs have something to tell before a hop: one for each thing.

use serde_json::{Value, json};

use super::builder::{Builder, Tenant};
use crate::access::TEAM_A_NAMESPACES;
use crate::behaviour::{TenantApi, TenantBehaviour};
use crate::kinds::Kind;
use crate::store::Key;
use crate::tenant_api::{TenantCluster, Worker, deployment, endpoint_slice, hook, metadata, pod, service};

const NODES: usize = 6;
const PODS_PER_NODE: usize = 110;

/// One kubelet of each age that 1.35 supports.
const OF_EACH_AGE: [Worker<'_>; 4] = [
    Worker { name: "worker-1", kubelet: "v1.35.9", os: "Ubuntu 24.04.3 LTS", pool: "general", ready: true },
    Worker { name: "worker-2", kubelet: "v1.34.9", os: "Debian GNU/Linux 12 (bookworm)", pool: "general", ready: true },
    Worker { name: "worker-3", kubelet: "v1.33.13", os: "Rocky Linux 9.4 (Blue Onyx)", pool: "batch", ready: true },
    Worker { name: "worker-4", kubelet: "v1.32.13", os: "openSUSE Leap 15.6", pool: "batch", ready: true },
];

/// More than anybody looks through one by one.
const HERD: usize = 500;

/// Some that are not as they should be.
const ONE_AWAY: [Worker<'_>; 3] = [
    Worker { name: "worker-1", kubelet: "v1.35.9", os: "Ubuntu 24.04.3 LTS", pool: "general", ready: true },
    Worker {
        name: "worker-2",
        kubelet: "v1.35.9",
        os: "Flatcar Container Linux by Kinvolk 4230.2.1",
        pool: "edge",
        ready: true,
    },
    Worker { name: "worker-3", kubelet: "v1.35.9", os: "Talos (v1.11.0)", pool: "edge", ready: false },
];

pub(super) fn build(world: &mut Builder) {
    world.ground(&TEAM_A_NAMESPACES, NODES, PODS_PER_NODE);
    world.days_ago(30);
    let create = |world: &mut Builder, name: &str, tenant: Tenant<'_>, furnish: fn(&mut TenantCluster)| {
        let namespace = tenant.namespace.to_owned();
        world.create(tenant);
        if let Some(cluster) = world.world.cluster(&Key::new(namespace, name)) {
            furnish(cluster);
        }
    };
    let team_a = |name| Tenant { name, version: "v1.35.9", replicas: 2, ..Tenant::default() };
    create(world, "tenant-00", team_a("tenant-00"), healthy);
    create(world, "stragglers", Tenant { workers: &OF_EACH_AGE, ..team_a("stragglers") }, healthy);
    let names: Vec<String> = (1..=HERD).map(|number| format!("worker-{number:03}")).collect();
    let herd: Vec<Worker<'_>> =
        names.iter().map(|name| Worker { name, kubelet: "v1.34.9", ..Worker::default() }).collect();
    create(world, "herd", Tenant { workers: &herd, ..team_a("herd") }, |_| ());
    create(world, "troubled", Tenant { workers: &ONE_AWAY, ..team_a("troubled") }, troubled);
    create(world, "legacy", Tenant { version: "v1.31.14", ..team_a("legacy") }, legacy);
    create(world, "pinned", Tenant { spec: pins(), ..team_a("pinned") }, |_| ());
    create(world, "refusing", team_a("refusing"), |_| ());
    create(world, "hanging", team_a("hanging"), |_| ());
    create(world, "hostile", team_a("hostile"), |_| ());
    let elsewhere = Tenant { namespace: TEAM_A_NAMESPACES[1], ..team_a("secretive") };
    create(world, "secretive", elsewhere, healthy);
    world.rest();
    behave(world, "refusing", TenantApi::Refuses);
    behave(world, "hanging", TenantApi::Hangs);
    exchange_kubeconfig(world, "hostile");
}

fn behave(world: &mut Builder, name: &str, tenant_api: TenantApi) {
    let behaviour = TenantBehaviour { tenant_api, ..TenantBehaviour::default() };
    world.world.tenants.insert(Key::new(TEAM_A_NAMESPACES[0], name), behaviour);
}

/// Nothing speaks against a hop, and last night's backup is there.
fn healthy(cluster: &mut TenantCluster) {
    applications(cluster);
    cluster.put(Kind::Service, service("policies", "policies"));
    cluster.put(Kind::EndpointSlice, endpoint_slice("policies", "policies", &[true, true]));
    cluster.put(Kind::ValidatingWebhookConfiguration, hook("policies", "Fail", ("policies", "policies")));
    cluster.put(Kind::PodDisruptionBudget, budget("web", "shop", 2, 2, 1));
    cluster.put(Kind::ApiService, api_service("v1", "apps", None));
    cluster.put(Kind::Backup, backup("nightly-20261124", "Completed", "2026-11-24T02:10:00Z"));
}

/// Everything that fails while the control plane itself is well.
fn troubled(cluster: &mut TenantCluster) {
    applications(cluster);
    cluster.put(Kind::Service, service("policies", "policies"));
    cluster.put(Kind::EndpointSlice, endpoint_slice("policies", "policies", &[false, false]));
    cluster.put(Kind::ValidatingWebhookConfiguration, hook("policies", "Fail", ("policies", "policies")));
    cluster.put(Kind::MutatingWebhookConfiguration, hook("injector", "Ignore", ("mesh", "injector")));
    cluster.put(
        Kind::CustomResourceDefinition,
        json!({
            "metadata": {"name": "widgets.example.com"},
            "spec": {
                "group": "example.com",
                "names": {"plural": "widgets", "kind": "Widget"},
                "conversion": {"strategy": "Webhook", "webhook": {
                    "clientConfig": {"service": {"namespace": "widgets", "name": "converter"}},
                    "conversionReviewVersions": ["v1"],
                }},
            },
        }),
    );
    cluster.put(Kind::ApiService, api_service("v1beta1", "metrics.k8s.io", Some("MissingEndpoints")));
    cluster.put(Kind::PodDisruptionBudget, budget("web", "shop", 2, 2, 0));
    cluster.put(Kind::PodDisruptionBudget, budget("nobody", "shop", 0, 0, 0));
    cluster.put(Kind::Backup, backup("nightly-20261119", "Completed", "2026-11-19T02:10:00Z"));
    cluster.put(Kind::Backup, backup("nightly-20261124", "PartiallyFailed", "2026-11-24T02:10:00Z"));
}

/// Clients that still use what 1.32 no longer serves.
fn legacy(cluster: &mut TenantCluster) {
    let line = |group: &str, version: &str, resource: &str, release: &str| {
        format!(
            "apiserver_requested_deprecated_apis{{group=\"{group}\",removed_release=\"{release}\",resource=\"{resource}\",\
             subresource=\"\",version=\"{version}\"}} 1"
        )
    };
    cluster.metrics = vec![
        line("flowcontrol.apiserver.k8s.io", "v1beta3", "flowschemas", "1.32"),
        line("", "v1", "componentstatuses", ""),
    ];
    cluster.put(
        Kind::FlowSchema,
        json!({
            "metadata": {"name": "batch-jobs", "managedFields": [{
                "manager": "old-operator", "operation": "Update", "apiVersion": "flowcontrol.apiserver.k8s.io/v1beta3",
                "time": "2026-11-20T06:30:00Z", "fieldsType": "FieldsV1",
            }]},
            "spec": {"matchingPrecedence": 1000},
        }),
    );
}

/// A web shop with two pods, one on each of the first nodes.
fn applications(cluster: &mut TenantCluster) {
    cluster.put(Kind::Namespace, json!({"metadata": {"name": "shop"}, "status": {"phase": "Active"}}));
    cluster.put(Kind::Deployment, deployment("shop", "web", 2, "registry.example/web:1.0.0"));
    let owner =
        json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "web", "controller": true}]);
    let mut replica_set = json!({"metadata": metadata("shop", "web-7d4b9c"), "spec": {"replicas": 2}});
    replica_set["metadata"]["ownerReferences"] = owner;
    cluster.put(Kind::ReplicaSet, replica_set);
    cluster.put(Kind::Pod, pod("shop", "web", 1, "worker-1"));
    cluster.put(Kind::Pod, pod("shop", "web", 2, "worker-2"));
}

fn budget(app: &str, namespace: &str, pods: u32, healthy: u32, allowed: u32) -> Value {
    json!({
        "metadata": metadata(namespace, app),
        "spec": {"minAvailable": healthy.saturating_sub(allowed), "selector": {"matchLabels": {"app": app}}},
        "status": {
            "expectedPods": pods, "currentHealthy": healthy, "desiredHealthy": healthy.saturating_sub(allowed),
            "disruptionsAllowed": allowed,
        },
    })
}

fn backup(name: &str, phase: &str, completed: &str) -> Value {
    json!({"metadata": metadata("velero", name), "spec": {}, "status": {"phase": phase, "completionTimestamp": completed}})
}

/// An APIService; one that fails, for this reason, belongs to another server.
fn api_service(version: &str, group: &str, fails: Option<&str>) -> Value {
    let status = if fails.is_some() { "False" } else { "True" };
    let service = fails.map(|_| json!({"namespace": "kube-system", "name": "metrics-server"}));
    json!({
        "metadata": metadata("", &format!("{version}.{group}")),
        "spec": {"group": group, "version": version, "service": service},
        "status": {"conditions": [{
            "type": "Available", "status": status, "reason": fails.unwrap_or("Local"),
            "message": "endpoints for service/metrics-server in \"kube-system\" have no addresses with port name \"https\"",
        }]},
    })
}

fn pins() -> Value {
    json!({"addons": {"coreDNS": {"imageTag": "v1.11.3"}, "kubeProxy": {"imageTag": "v1.32.13"}}})
}

/// A kubeconfig that would run a program on the machine of whoever uses it.
fn exchange_kubeconfig(world: &mut Builder, name: &str) {
    let key = Key::new(TEAM_A_NAMESPACES[0], format!("{name}-admin-kubeconfig"));
    world.world.tamper(Kind::Secret, &key, |secret| {
        let config = "YXBpVmVyc2lvbjogdjEKa2luZDogQ29uZmlnCmN1cnJlbnQtY29udGV4dDogYQpjb250ZXh0czoKLSBuYW1lOiBhCiAgY29udGV4dDoge2NsdXN0ZXI6IGEsIHVzZXI6IGF9CmNsdXN0ZXJzOgotIG5hbWU6IGEKICBjbHVzdGVyOiB7c2VydmVyOiAiaHR0cDovLzEyNy4wLjAuMSJ9CnVzZXJzOgotIG5hbWU6IGEKICB1c2VyOgogICAgZXhlYzoge2FwaVZlcnNpb246IGNsaWVudC5hdXRoZW50aWNhdGlvbi5rOHMuaW8vdjEsIGNvbW1hbmQ6IC9iaW4vc2gsIGFyZ3M6IFstYywgInRvdWNoIC90bXAvb3duZWQiXX0K";
        secret["data"] = json!({"admin.conf": config});
    });
}
