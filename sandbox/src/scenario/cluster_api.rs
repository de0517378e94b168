//! Tenants that Cluster API owns. Their control planes are the provider's work; workers stand as they are put.

use serde_json::{Value, json};

use super::builder::{Builder, Tenant};
use crate::access::TEAM_A_NAMESPACES;
use crate::json;
use crate::kinds::Kind;
use crate::store::Key;
use crate::tenant_api::Worker;
use crate::world::{INTERNAL, Part};

const NODES: usize = 6;
const PODS_PER_NODE: usize = 110;
const CLASS: &str = "kamaji-vms";

/// The nodes of a tenant whose second MachineDeployment waits for its turn.
const HALF_WAY: [Worker<'_>; 6] = {
    const fn node(name: &'static str, kubelet: &'static str, pool: &'static str) -> Worker<'static> {
        Worker { name, kubelet, os: "Ubuntu 24.04.3 LTS", pool, ready: true }
    }
    [
        node("held-general-v1-36-4-0", "v1.36.4", "general"),
        node("held-general-v1-36-4-1", "v1.36.4", "general"),
        node("held-general-v1-36-4-2", "v1.36.4", "general"),
        node("held-batch-v1-35-9-0", "v1.35.9", "batch"),
        node("held-batch-v1-35-9-1", "v1.35.9", "batch"),
        node("held-batch-v1-35-9-2", "v1.35.9", "batch"),
    ]
};

/// Who writes a tenant's KamajiControlPlane and MachineDeployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Managed {
    /// A person.
    ByHand,
    /// A topology, from the Cluster.
    ByTopology,
}

/// A MachineDeployment with its Machines.
struct Workers<'a> {
    tenant: &'a str,
    name: &'a str,
    version: &'a str,
    machines: &'a [MachineSpec<'a>],
}

/// A Machine: its version, how long ago it was made (minutes), and what it does.
struct MachineSpec<'a> {
    version: &'a str,
    minutes: i64,
    phase: &'a str,
}

pub(super) fn build(world: &mut Builder) {
    world.ground(&TEAM_A_NAMESPACES, NODES, PODS_PER_NODE);
    world.days_ago(30);
    let namespace = TEAM_A_NAMESPACES[0];
    let (old, new) = ("v1.35.9", "v1.36.4");
    for (name, version, managed) in [
        ("by-hand", old, Managed::ByHand),
        ("managed", old, Managed::ByTopology),
        ("held", new, Managed::ByTopology),
        ("refused", new, Managed::ByHand),
        ("rolling", new, Managed::ByHand),
    ] {
        let nodes: &[Worker<'_>] = if name == "held" { &HALF_WAY } else { &[] };
        create(world, namespace, name, (version, managed), nodes);
    }
    world.rest();
    // Workers of an upgrade that holds before its second MachineDeployment.
    settled(world, "managed", "batch", old);
    settled(world, "held", "general", new);
    settled(world, "held", "batch", old);
    world.change_object(Kind::Cluster, &Key::new(namespace, "held"), |cluster| {
        cluster["spec"]["topology"]["workers"]["machineDeployments"][1]["metadata"] =
            json!({"annotations": {"topology.cluster.x-k8s.io/hold-upgrade-sequence": ""}});
        cluster["status"]["conditions"] = json!([{
            "type": "TopologyReconciled", "status": "False", "reason": "MachineDeploymentsUpgradeDeferred",
            "message": "Cluster is upgrading to v1.36.4\n  * MachineDeployment held-batch upgrade to version v1.36.4 deferred",
            "lastTransitionTime": "2026-11-24T08:00:00Z",
        }]);
    });
    world.minutes_ago(20);
    rolling(world);
    world.minutes_ago(10);
    let asked = world.world.update(
        Kind::KamajiControlPlane,
        &Key::new(namespace, "refused"),
        Part::Object,
        INTERNAL,
        |control_plane| control_plane["spec"]["version"] = json!("v1.37.0"),
    );
    debug_assert!(asked.is_ok(), "{asked:?}");
}

/// A tenant with its Cluster, its KamajiControlPlane and one MachineDeployment of three Machines at rest.
///
/// `nodes`: those of the tenant; none for the usual three at its version.
pub(super) fn create(
    world: &mut Builder,
    namespace: &str,
    name: &str,
    (version, managed): (&str, Managed),
    nodes: &[Worker<'_>],
) {
    let mut cluster = json!({
        "metadata": {"name": name, "namespace": namespace, "generation": 1},
        "spec": {
            "controlPlaneRef": {"apiGroup": "controlplane.cluster.x-k8s.io", "kind": "KamajiControlPlane", "name": name},
        },
        "status": {"phase": "Provisioned", "observedGeneration": 1},
    });
    let mut labels = json!({"cluster.x-k8s.io/cluster-name": name});
    if managed == Managed::ByTopology {
        let entry = |name: &str| json!({"class": "worker", "name": name});
        cluster["spec"]["topology"] = json!({
            "classRef": {"name": CLASS},
            "version": version,
            "workers": {"machineDeployments": [entry("general"), entry("batch")]},
        });
        cluster["status"]["conditions"] = json!([{
            "type": "TopologyReconciled", "status": "True", "reason": "ReconcileSucceeded", "message": "",
            "lastTransitionTime": "2026-11-20T08:00:00Z",
        }]);
        labels["topology.cluster.x-k8s.io/owned"] = json!("");
    }
    world.world.plant(Kind::Cluster, cluster);
    let owner = owned_by(world, Kind::Cluster, namespace, name);
    world.world.plant(
        Kind::KamajiControlPlane,
        json!({
            "metadata": {
                "name": name, "namespace": namespace, "generation": 1, "labels": labels, "ownerReferences": owner,
            },
            "spec": {"version": version, "replicas": 3, "dataStoreName": "default"},
            "status": {},
        }),
    );
    let owner = owned_by(world, Kind::KamajiControlPlane, namespace, name);
    // The provider would make it; here the past is played by the same hand as every other tenant's.
    world.create(Tenant {
        namespace,
        name,
        version,
        metadata: json!({"labels": labels, "ownerReferences": owner}),
        workers: nodes,
        ..Tenant::default()
    });
    if namespace == TEAM_A_NAMESPACES[0] && name != "rolling" && name != "held" {
        settled(world, name, "general", version);
    } else if namespace != TEAM_A_NAMESPACES[0] {
        let machines = [0, 1, 2].map(|_| MachineSpec { version, minutes: 0, phase: "Running" });
        workers(world, namespace, &Workers { tenant: name, name: "general", version, machines: &machines });
    }
}

fn settled(world: &mut Builder, tenant: &str, name: &str, version: &str) {
    let machines = [0, 1, 2].map(|_| MachineSpec { version, minutes: 0, phase: "Running" });
    workers(world, TEAM_A_NAMESPACES[0], &Workers { tenant, name, version, machines: &machines });
}

/// A MachineDeployment in the middle: one new Machine is there, one comes, one old one goes, and a check holds the next.
fn rolling(world: &mut Builder) {
    let (old, new) = ("v1.35.9", "v1.36.4");
    let machine = |version, minutes, phase| MachineSpec { version, minutes, phase };
    let machines = [
        machine(old, 10_000, "Running"),
        machine(old, 10_000, "Deleting"),
        machine(new, 18, "Running"),
        machine(new, 12, "Provisioning"),
    ];
    workers(
        world,
        TEAM_A_NAMESPACES[0],
        &Workers { tenant: "rolling", name: "general", version: new, machines: &machines },
    );
    let held = "Scaling up from 2 to 3 replicas is blocked because:\n* KamajiControlPlane team-a/rolling is upgrading \
                (\"ControlPlaneIsStable\" preflight check failed)";
    world.change_object(Kind::MachineSet, &Key::new(TEAM_A_NAMESPACES[0], "rolling-general-v1-36-4"), |set| {
        set["status"]["conditions"] = json!([{
            "type": "ScalingUp", "status": "True", "reason": "ScalingUp", "message": held,
            "lastTransitionTime": "2026-11-24T08:40:00Z",
        }]);
    });
}

fn workers(world: &mut Builder, namespace: &str, workers: &Workers<'_>) {
    let Workers { tenant, name, version, machines } = workers;
    let (replicas, full) = (3, format!("{tenant}-{name}"));
    let count = |wanted: &dyn Fn(&MachineSpec<'_>) -> bool| machines.iter().filter(|machine| wanted(machine)).count();
    let running = count(&|machine| machine.phase == "Running");
    let topology = world.world.get(Kind::Cluster, &Key::new(namespace, *tenant));
    let managed = topology.is_some_and(|cluster| cluster["spec"]["topology"].is_object());
    let mut labels = json!({"cluster.x-k8s.io/cluster-name": tenant});
    if managed {
        labels["topology.cluster.x-k8s.io/owned"] = json!("");
        labels["topology.cluster.x-k8s.io/deployment-name"] = json!(name);
    }
    world.world.plant(
        Kind::MachineDeployment,
        json!({
            "metadata": {"name": full, "namespace": namespace, "generation": 1, "labels": labels},
            "spec": {
                "clusterName": tenant,
                "replicas": replicas,
                "rollout": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}},
                "template": {"spec": template(tenant, &full, version)},
            },
            "status": {
                "replicas": machines.len(), "readyReplicas": running, "availableReplicas": running,
                "upToDateReplicas": count(&|machine| machine.version == *version),
                "phase": if machines.len() == replicas { "Running" } else { "ScalingUp" },
            },
        }),
    );
    labels["cluster.x-k8s.io/deployment-name"] = json!(full);
    let mut versions: Vec<&str> = machines.iter().map(|machine| machine.version).collect();
    versions.dedup();
    for set_version in versions {
        let of_set = |machine: &MachineSpec<'_>| machine.version == set_version;
        let set = format!("{full}-{}", set_version.replace('.', "-"));
        let living = count(&|machine| of_set(machine) && machine.phase != "Deleting");
        world.world.plant(
            Kind::MachineSet,
            json!({
                "metadata": {"name": set, "namespace": namespace, "generation": 1, "labels": labels},
                "spec": {"clusterName": tenant, "replicas": living, "template": {"spec": template(tenant, &full, set_version)}},
                "status": {
                    "replicas": count(&of_set),
                    "readyReplicas": count(&|machine| of_set(machine) && machine.phase == "Running"),
                    "availableReplicas": count(&|machine| of_set(machine) && machine.phase == "Running"),
                },
            }),
        );
        for (number, machine) in machines.iter().enumerate().filter(|(_, machine)| of_set(machine)) {
            let object = machine_object(world, &format!("{set}-{number}"), namespace, tenant, &labels, machine);
            world.world.plant(Kind::Machine, object);
        }
    }
}

fn machine_object(
    world: &Builder,
    name: &str,
    namespace: &str,
    tenant: &str,
    labels: &Value,
    machine: &MachineSpec<'_>,
) -> Value {
    let now_ms = world.world.now_ms();
    let created_ms = now_ms - machine.minutes * 60_000;
    let ready = machine.phase == "Running";
    let mut object = json!({
        "metadata": {
            "name": name, "namespace": namespace, "generation": 1, "labels": labels,
            "creationTimestamp": json::seconds(created_ms),
        },
        "spec": {"clusterName": tenant, "version": machine.version},
        "status": {
            "phase": machine.phase,
            "conditions": [{
                "type": "Ready", "status": if ready { "True" } else { "False" },
                "reason": if ready { "Ready" } else { "NotReady" }, "message": "",
                "lastTransitionTime": json::seconds(created_ms + 190_000),
            }],
        },
    });
    if machine.phase == "Deleting" {
        object["metadata"]["deletionTimestamp"] = json!(json::seconds(now_ms));
    }
    if machine.phase != "Provisioning" {
        object["status"]["nodeRef"] = json!({"name": name});
    }
    object
}

fn template(tenant: &str, name: &str, version: &str) -> Value {
    let reference = |group: &str, kind: &str, name: String| json!({"apiGroup": format!("{group}.cluster.x-k8s.io"), "kind": kind, "name": name});
    json!({
        "clusterName": tenant,
        "version": version,
        "bootstrap": {"configRef": reference("bootstrap", "KubeadmConfigTemplate", name.to_owned())},
        "infrastructureRef":
            reference("infrastructure", "KubevirtMachineTemplate", format!("{name}-{}", version.replace('.', "-"))),
    })
}

fn owned_by(world: &Builder, kind: Kind, namespace: &str, name: &str) -> Value {
    let owner = world.world.get(kind, &Key::new(namespace, name));
    owner.map(|owner| json::owner_reference(&owner, &kind.api_version(), kind.name())).unwrap_or_default()
}
