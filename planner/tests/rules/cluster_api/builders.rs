use std::collections::BTreeMap;

use planner::cluster_api::{
    Cluster, ClusterApiFacts, ControlPlane, Kind, Machine, MachineCounts, MachineDeployment, MachinePool, Meta, Served,
    Template, Topology, TopologyWorkers,
};
use planner::strategy::DeclaredStrategy;
use planner::tenant::ConditionFacts;
use planner::tenant_api::Answer;

use crate::builders::{NOW, declared};

/// A cluster at rest on `version`: a control plane, two MachineDeployments of three Machines, one MachinePool.
pub(crate) fn by_hand(version: &str) -> ClusterApiFacts {
    let served = |kind: Kind| (kind, Served::Known { version: kind.known_versions()[0].to_owned(), newer: Vec::new() });
    ClusterApiFacts {
        namespace: "team-a".to_owned(),
        read_at: NOW,
        served: Answer::Read(BTreeMap::from(Kind::ALL.map(served))),
        control_plane: Answer::Read(ControlPlane {
            meta: meta("tenant-00"),
            cluster: Some("prod".to_owned()),
            topology_owned: false,
            version: declared(version),
            installed: Some(declared(version)),
            ready: true,
            replicas: Some(3),
            strategy: DeclaredStrategy::default(),
        }),
        cluster: Answer::Read(Cluster {
            meta: meta("prod"),
            phase: Some("Provisioned".to_owned()),
            topology: None,
            upgrade_plan: Vec::new(),
        }),
        machine_deployments: Answer::Read(vec![deployment("md-a", version), deployment("md-b", version)]),
        machine_sets: Answer::Read(Vec::new()),
        machine_pools: Answer::Read(vec![MachinePool {
            meta: meta("pool"),
            topology_name: None,
            version: Some(declared(version)),
            replicas: 2,
            infrastructure: None,
            phase: Some("Running".to_owned()),
            counts: counts(2, 2),
        }]),
        machines: Answer::Read(Vec::new()),
        problems: Vec::new(),
    }
}

/// The same with a managed topology: `md-b` comes before `md-a` in it.
pub(crate) fn with_topology(version: &str) -> ClusterApiFacts {
    let mut facts = by_hand(version);
    let entry = |name: &str| TopologyWorkers { name: name.to_owned(), deferred: false, holds: false };
    cluster(&mut facts).topology = Some(Topology {
        class: "kamaji".to_owned(),
        version: declared(version),
        machine_deployments: vec![entry("b"), entry("a")],
        machine_pools: vec![entry("pool")],
    });
    control_plane(&mut facts).topology_owned = true;
    deployments(&mut facts)[0].topology_name = Some("a".to_owned());
    deployments(&mut facts)[1].topology_name = Some("b".to_owned());
    let Answer::Read(pools) = &mut facts.machine_pools else { panic!("read") };
    pools[0].topology_name = Some("pool".to_owned());
    facts
}

pub(crate) fn deployment(name: &str, version: &str) -> MachineDeployment {
    let template = |group: &str, kind: &str| {
        Some(Template { group: group.to_owned(), kind: kind.to_owned(), name: format!("{name}-v1-35-6") })
    };
    MachineDeployment {
        meta: meta(name),
        topology_name: None,
        version: Some(declared(version)),
        replicas: 3,
        strategy: DeclaredStrategy::default(),
        infrastructure: template("infrastructure.cluster.x-k8s.io", "DockerMachineTemplate"),
        bootstrap: template("bootstrap.cluster.x-k8s.io", "KubeadmConfigTemplate"),
        skipped_checks: Vec::new(),
        counts: counts(3, 3),
    }
}

pub(crate) fn machine(name: &str, version: &str, created_s: i64, ready_s: Option<i64>) -> Machine {
    Machine {
        meta: meta(name),
        deployment: Some("md-a".to_owned()),
        version: Some(declared(version)),
        phase: Some("Running".to_owned()),
        node: None,
        created_at: Some(NOW.plus_millis(created_s * 1000)),
        ready_at: ready_s.map(|seconds| NOW.plus_millis(seconds * 1000)),
    }
}

pub(crate) fn meta(name: &str) -> Meta {
    Meta { name: name.to_owned(), ..Meta::default() }
}

pub(crate) fn counts(replicas: u32, up_to_date: u32) -> MachineCounts {
    MachineCounts {
        replicas: Some(replicas),
        ready: Some(replicas),
        available: Some(replicas),
        up_to_date: Some(up_to_date),
    }
}

pub(crate) fn condition(kind: &str, status: &str, reason: &str, message: &str) -> ConditionFacts {
    ConditionFacts {
        kind: kind.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        updated_at: None,
    }
}

pub(crate) fn control_plane(facts: &mut ClusterApiFacts) -> &mut ControlPlane {
    let Answer::Read(control_plane) = &mut facts.control_plane else { panic!("read") };
    control_plane
}

pub(crate) fn cluster(facts: &mut ClusterApiFacts) -> &mut Cluster {
    let Answer::Read(cluster) = &mut facts.cluster else { panic!("read") };
    cluster
}

pub(crate) fn topology(facts: &mut ClusterApiFacts) -> &mut Topology {
    cluster(facts).topology.as_mut().expect("it has one")
}

pub(crate) fn deployments(facts: &mut ClusterApiFacts) -> &mut Vec<MachineDeployment> {
    let Answer::Read(deployments) = &mut facts.machine_deployments else { panic!("read") };
    deployments
}

/// Gives a MachineDeployment a version, with so many of its three Machines up to date.
pub(crate) fn bring(facts: &mut ClusterApiFacts, place: usize, version: &str, up_to_date: u32) {
    let deployment = &mut deployments(facts)[place];
    deployment.version = Some(declared(version));
    deployment.counts = counts(3, up_to_date);
}

/// Gives the control plane a version, wanted and installed.
pub(crate) fn bring_control_plane(facts: &mut ClusterApiFacts, wanted: &str, installed: &str) {
    let control_plane = control_plane(facts);
    (control_plane.version, control_plane.installed) = (declared(wanted), Some(declared(installed)));
}
