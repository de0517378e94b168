//! Reads the objects field by field. Where `v1beta1` and `v1beta2` keep the same thing in different places, both are looked at: an
//! object has only one of them.

use std::sync::{Mutex, PoisonError};

use planner::cluster_api::{
    Cluster, ControlPlane, Machine, MachineCounts, MachineDeployment, MachinePool, MachineSet, Meta, Template,
    Topology, TopologyWorkers,
};
use planner::tenant::{ConditionFacts, DeclaredVersion};
use serde_json::Value;

use crate::resources::fields::{Fields, text_in};
use crate::resources::{condition, declared_strategy, git_marks};
use crate::tenant_access::ask::shortened_to;

/// The label by which Cluster API marks everything of a Cluster.
pub(super) const CLUSTER_LABEL: &str = "cluster.x-k8s.io/cluster-name";
const PAUSED: &str = "cluster.x-k8s.io/paused";
const DEPLOYMENT_LABEL: &str = "cluster.x-k8s.io/deployment-name";
const TOPOLOGY_OWNED: &str = "topology.cluster.x-k8s.io/owned";
const TOPOLOGY_DEPLOYMENT: &str = "topology.cluster.x-k8s.io/deployment-name";
const TOPOLOGY_POOL: &str = "topology.cluster.x-k8s.io/pool-name";
const DEFER: &str = "topology.cluster.x-k8s.io/defer-upgrade";
const HOLD: &str = "topology.cluster.x-k8s.io/hold-upgrade-sequence";
const SKIP_CHECKS: &str = "machineset.cluster.x-k8s.io/skip-preflight-checks";

/// Conditions that are kept of one object; the API allows no more.
const MOST_CONDITIONS: usize = 32;
/// The longest message of a condition that is kept (characters): a refusal names webhook, field and reason.
const LONGEST_MESSAGE: usize = 1_000;
/// Entries of a topology, of an upgrade plan or of a list of checks that are kept.
const MOST_ENTRIES: usize = 500;
/// Sentences about what could not be read that are kept in all.
const MOST_PROBLEMS: usize = 40;

/// What could not be read, in words, of all objects.
#[derive(Default)]
pub(super) struct Problems(Mutex<Vec<String>>);

impl Problems {
    fn take(&self, fields: Fields<'_>) {
        let mut problems = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST_PROBLEMS.saturating_sub(problems.len());
        problems.extend(fields.into_problems().into_iter().take(room));
    }

    pub(super) fn into_sentences(self) -> Vec<String> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an object is of this Cluster; the label alone is the choice of whoever wrote it.
pub(super) fn belongs_to(object: &Value, cluster: &str) -> bool {
    text_in(object, "/spec/clusterName").is_none_or(|name| name == cluster)
}

pub(super) fn control_plane(object: &Value, problems: &Problems) -> ControlPlane {
    let fields = about("KamajiControlPlane", object);
    let read = ControlPlane {
        meta: meta(&fields, None),
        cluster: owner_cluster(&fields).or_else(|| fields.label(CLUSTER_LABEL).map(str::to_owned)),
        topology_owned: fields.label(TOPOLOGY_OWNED).is_some(),
        version: needed_version(&fields, "/spec/version"),
        installed: fields.filled("/status/version").map(DeclaredVersion),
        ready: fields.flag("/status/ready"),
        replicas: fields.count("/spec/replicas"),
        strategy: declared_strategy(&fields, "/spec/deployment/strategy"),
    };
    problems.take(fields);
    read
}

pub(super) fn cluster(object: &Value, problems: &Problems) -> Cluster {
    let fields = about("Cluster", object);
    let plan = ["/status/controlPlane/upgradePlan", "/status/v1beta2/controlPlane/upgradePlan"];
    let plan = plan.into_iter().flat_map(|path| fields.list(path)).filter_map(|step| text_in(step, "/version"));
    let read = Cluster {
        meta: meta(&fields, Some("/spec/paused")),
        phase: fields.filled("/status/phase"),
        upgrade_plan: plan.take(MOST_ENTRIES).map(|version| DeclaredVersion(version.to_owned())).collect(),
        topology: topology(&fields),
    };
    problems.take(fields);
    read
}

fn topology(fields: &Fields<'_>) -> Option<Topology> {
    let topology = fields.at("/spec/topology")?;
    if !topology.is_object() {
        fields.complain("/spec/topology", "is no topology");
        return None;
    }
    // `classRef` in v1beta2, `class` and `classNamespace` in v1beta1.
    let either = |paths: [&str; 2]| paths.into_iter().find_map(|path| fields.filled(path));
    let class = either(["/spec/topology/classRef/name", "/spec/topology/class"]).unwrap_or_default();
    let namespace = either(["/spec/topology/classRef/namespace", "/spec/topology/classNamespace"]);
    let workers = |list: &str| {
        let entries = fields.list(&format!("/spec/topology/workers/{list}")).iter().take(MOST_ENTRIES);
        entries.filter_map(topology_workers).collect()
    };
    Some(Topology {
        class: namespace.map_or_else(|| class.clone(), |namespace| format!("{namespace}/{class}")),
        version: needed_version(fields, "/spec/topology/version"),
        machine_deployments: workers("machineDeployments"),
        machine_pools: workers("machinePools"),
    })
}

fn topology_workers(entry: &Value) -> Option<TopologyWorkers> {
    // Any value counts, even `false`.
    let annotated = |name: &str| entry.pointer("/metadata/annotations").is_some_and(|it| it.get(name).is_some());
    Some(TopologyWorkers {
        name: text_in(entry, "/name")?.to_owned(),
        deferred: annotated(DEFER),
        holds: annotated(HOLD),
    })
}

pub(super) fn machine_deployment(object: &Value, problems: &Problems) -> MachineDeployment {
    let fields = about("MachineDeployment", object);
    let places = ["/spec/rollout/strategy", "/spec/strategy"];
    let strategy = places.into_iter().find(|path| fields.at(path).is_some()).unwrap_or(places[0]);
    let skipped = fields.annotation(SKIP_CHECKS).unwrap_or_default().split(',').map(str::trim);
    let read = MachineDeployment {
        meta: meta(&fields, Some("/spec/paused")),
        topology_name: fields.label(TOPOLOGY_DEPLOYMENT).map(str::to_owned),
        version: template_version(&fields),
        replicas: replicas(&fields),
        strategy: declared_strategy(&fields, strategy),
        infrastructure: template(&fields, "/spec/template/spec/infrastructureRef"),
        bootstrap: template(&fields, "/spec/template/spec/bootstrap/configRef"),
        skipped_checks: skipped.filter(|check| !check.is_empty()).take(MOST_ENTRIES).map(str::to_owned).collect(),
        counts: counts(&fields),
    };
    problems.take(fields);
    read
}

pub(super) fn machine_set(object: &Value, problems: &Problems) -> MachineSet {
    let fields = about("MachineSet", object);
    let read = MachineSet {
        meta: meta(&fields, None),
        deployment: fields.label(DEPLOYMENT_LABEL).map(str::to_owned),
        version: template_version(&fields),
        replicas: replicas(&fields),
        counts: counts(&fields),
    };
    problems.take(fields);
    read
}

pub(super) fn machine_pool(object: &Value, problems: &Problems) -> MachinePool {
    let fields = about("MachinePool", object);
    let read = MachinePool {
        meta: meta(&fields, None),
        topology_name: fields.label(TOPOLOGY_POOL).map(str::to_owned),
        version: template_version(&fields),
        replicas: replicas(&fields),
        infrastructure: template(&fields, "/spec/template/spec/infrastructureRef"),
        phase: fields.filled("/status/phase"),
        counts: counts(&fields),
    };
    problems.take(fields);
    read
}

pub(super) fn machine(object: &Value, problems: &Problems) -> Machine {
    let fields = about("Machine", object);
    let meta = meta(&fields, None);
    let ready = meta.condition("Ready").filter(|condition| condition.status == "True");
    let read = Machine {
        deployment: fields.label(DEPLOYMENT_LABEL).map(str::to_owned),
        version: fields.filled("/spec/version").map(DeclaredVersion),
        phase: fields.filled("/status/phase"),
        node: fields.filled("/status/nodeRef/name"),
        created_at: fields.time("/metadata/creationTimestamp"),
        ready_at: ready.and_then(|condition| condition.updated_at),
        meta,
    };
    problems.take(fields);
    read
}

fn about<'a>(kind: &str, object: &'a Value) -> Fields<'a> {
    Fields::new(format!("{kind} {}", text_in(object, "/metadata/name").unwrap_or("without a name")), object)
}

fn meta(fields: &Fields<'_>, paused: Option<&str>) -> Meta {
    Meta {
        name: fields.text("/metadata/name").unwrap_or_default(),
        paused: fields.has_annotation(PAUSED) || paused.is_some_and(|path| fields.flag(path)),
        from_git: git_marks(fields),
        deleting_at: fields.time("/metadata/deletionTimestamp"),
        conditions: conditions(fields),
    }
}

/// Those of `status.v1beta2` are the new kind that a `v1beta1` object carries beside the old.
fn conditions(fields: &Fields<'_>) -> Vec<ConditionFacts> {
    let new = fields.list("/status/v1beta2/conditions");
    let list = if new.is_empty() { fields.list("/status/conditions") } else { new };
    let bearable = |value: &Value| {
        let mut condition = condition(value);
        condition.message = shortened_to(LONGEST_MESSAGE, &condition.message);
        condition
    };
    list.iter().take(MOST_CONDITIONS).map(bearable).collect()
}

/// The first owner that is a Cluster.
fn owner_cluster(fields: &Fields<'_>) -> Option<String> {
    let mut clusters = fields.list("/metadata/ownerReferences").iter().filter(|owner| {
        let group = text_in(owner, "/apiVersion").and_then(|version| version.split_once('/')).map(|(group, _)| group);
        group == Some("cluster.x-k8s.io") && text_in(owner, "/kind") == Some("Cluster")
    });
    clusters.find_map(|owner| text_in(owner, "/name")).map(str::to_owned)
}

fn needed_version(fields: &Fields<'_>, path: &str) -> DeclaredVersion {
    if fields.at(path).is_none() {
        fields.complain(path, "is missing");
    }
    DeclaredVersion(fields.text(path).unwrap_or_default())
}

fn template_version(fields: &Fields<'_>) -> Option<DeclaredVersion> {
    fields.filled("/spec/template/spec/version").map(DeclaredVersion)
}

/// Absent means 1.
fn replicas(fields: &Fields<'_>) -> u32 {
    fields.count("/spec/replicas").unwrap_or(1)
}

/// `apiGroup` in v1beta2, `apiVersion` in v1beta1.
fn template(fields: &Fields<'_>, path: &str) -> Option<Template> {
    fields.at(path)?;
    let text = |name: &str| fields.filled(&format!("{path}/{name}"));
    let group = text("apiGroup").or_else(|| text("apiVersion").and_then(|it| Some(it.split_once('/')?.0.to_owned())));
    Some(Template { group: group.unwrap_or_default(), kind: text("kind")?, name: text("name")? })
}

/// Of `v1beta1` those of `status.v1beta2` first: the old ones count in another way what is ready.
fn counts(fields: &Fields<'_>) -> MachineCounts {
    let first = |paths: [&str; 2]| paths.into_iter().find_map(|path| fields.count(path));
    let up_to_date = first(["/status/upToDateReplicas", "/status/v1beta2/upToDateReplicas"]);
    MachineCounts {
        replicas: fields.count("/status/replicas"),
        ready: first(["/status/v1beta2/readyReplicas", "/status/readyReplicas"]),
        available: first(["/status/v1beta2/availableReplicas", "/status/availableReplicas"]),
        up_to_date: up_to_date.or_else(|| fields.count("/status/updatedReplicas")),
    }
}
