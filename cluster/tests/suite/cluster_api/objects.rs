//! One upgrade in the middle, as the older and as the newer versions of the API have it.

use serde_json::{Value, json};

use crate::support::api::Api;

/// Where the two generations of the API keep things.
pub(super) struct Layout {
    /// Version of `cluster.x-k8s.io`.
    pub(super) core: &'static str,
    /// Version of the Kamaji provider.
    pub(super) provider: &'static str,
    /// Whether it is the newer one.
    newer: bool,
}

pub(super) const OLD: Layout = Layout { core: "v1beta1", provider: "v1alpha1", newer: false };
pub(super) const NEW: Layout = Layout { core: "v1beta2", provider: "v1alpha2", newer: true };

const PROVIDER: &str = "controlplane.cluster.x-k8s.io";
const CORE: &str = "cluster.x-k8s.io";

impl Layout {
    /// Where the objects of Cluster API itself stand.
    pub(super) fn path(&self) -> String {
        format!("/apis/{CORE}/{}/namespaces/tenants", self.core)
    }

    fn reference(&self, group: &str, kind: &str, name: &str) -> Value {
        let mut reference = json!({"kind": kind, "name": name});
        match self.newer {
            true => reference["apiGroup"] = json!(group),
            false => reference["apiVersion"] = json!(format!("{group}/v1beta1")),
        }
        reference
    }

    /// A status with these conditions and counts.
    fn status(&self, conditions: Value, counts: &[(&str, u32)], more: Value) -> Value {
        let mut status = more;
        for (name, count) in counts {
            match (self.newer, *name) {
                (true, name) => status[name] = json!(count),
                // Before, it said how many had the template; the new counts stand beside the old.
                (false, "upToDateReplicas") => {
                    status["updatedReplicas"] = json!(count);
                    status["v1beta2"]["upToDateReplicas"] = json!(count);
                }
                (false, "replicas") => status["replicas"] = json!(count),
                (false, name) => {
                    status[name] = json!(99);
                    status["v1beta2"][name] = json!(count);
                }
            }
        }
        if self.newer {
            status["conditions"] = conditions;
        } else {
            status["conditions"] = json!([{"type": "Ready", "status": "False", "severity": "Info"}]);
            status["v1beta2"]["conditions"] = conditions;
        }
        status
    }
}

/// Serves everything of the layout, beside what is served already.
pub(super) fn serve(api: &Api, layout: &Layout) {
    let mut world = api.world();
    let mut groups = world.answers.remove("/apis").unwrap_or_else(|| {
        json!({"kind": "APIGroupList", "groups": [{"name": CORE, "versions": []}, {"name": PROVIDER, "versions": []}]})
    });
    for (place, version) in [layout.core, layout.provider].into_iter().enumerate() {
        let versions = groups["groups"][place]["versions"].as_array_mut().expect("a list");
        versions.push(json!({"version": version}));
    }
    let plurals = ["clusters", "machinedeployments", "machinesets", "machinepools", "machines", "machines/status"];
    let core = plurals.map(|name| json!({"name": name}));
    let path = layout.path();
    let list = |items: Value| json!({"kind": "List", "metadata": {"resourceVersion": "1"}, "items": items});
    let answers = [
        ("/apis".to_owned(), groups),
        (format!("/apis/{CORE}/{}", layout.core), json!({"resources": core})),
        (format!("/apis/{PROVIDER}/{}", layout.provider), json!({"resources": [{"name": "kamajicontrolplanes"}]})),
        (
            format!("/apis/{PROVIDER}/{}/namespaces/tenants/kamajicontrolplanes/t", layout.provider),
            control_plane(layout),
        ),
        (format!("{path}/clusters/prod"), cluster(layout)),
        (format!("{path}/machinedeployments"), list(json!([deployment(layout, "prod"), deployment(layout, "other")]))),
        (format!("{path}/machinesets"), list(json!([machine_set(layout)]))),
        (format!("{path}/machinepools"), list(json!([machine_pool(layout)]))),
        (format!("{path}/machines"), list(json!([machine(layout)]))),
    ];
    world.answers.extend(answers);
}

fn metadata(name: &str) -> Value {
    json!({"name": name, "namespace": "tenants", "labels": {"cluster.x-k8s.io/cluster-name": "prod"}})
}

fn control_plane(layout: &Layout) -> Value {
    let mut metadata = metadata("t");
    metadata["labels"]["topology.cluster.x-k8s.io/owned"] = json!("");
    metadata["ownerReferences"] = json!([{"apiVersion": format!("{CORE}/{}", layout.core), "kind": "Cluster", "name": "prod", "controller": true}]);
    json!({
        "metadata": metadata,
        "spec": {"version": "v1.36.4", "replicas": 3, "deployment": {"strategy": {}}},
        "status": {
            "version": "v1.35.6", "ready": true,
            "conditions": [{"type": "TenantControlPlaneCreated", "status": "True", "reason": "Succeeded", "message": "",
                            "lastTransitionTime": "2026-11-22T07:00:00Z"}],
        },
    })
}

fn cluster(layout: &Layout) -> Value {
    let entry = |name: &str, annotations: Value| json!({"name": name, "metadata": {"annotations": annotations}});
    let mut topology = json!({
        "version": "v1.36.4",
        "workers": {"machineDeployments": [
            entry("a", json!({})),
            entry("b", json!({"topology.cluster.x-k8s.io/defer-upgrade": "false"})),
            entry("c", json!({"topology.cluster.x-k8s.io/hold-upgrade-sequence": ""})),
        ]},
    });
    match layout.newer {
        true => topology["classRef"] = json!({"name": "kamaji", "namespace": "classes"}),
        false => (topology["class"], topology["classNamespace"]) = (json!("kamaji"), json!("classes")),
    }
    let conditions = json!([{"type": "TopologyReconciled", "status": "False", "reason": "ClusterUpgrading",
                             "message": "Cluster is upgrading to v1.36.4", "lastTransitionTime": "2026-11-22T07:30:00Z"}]);
    let plan = json!({"controlPlane": {"upgradePlan": [{"version": "v1.36.4"}]}});
    let more = if layout.newer {
        json!({"phase": "Provisioned", "controlPlane": plan["controlPlane"]})
    } else {
        json!({"phase": "Provisioned", "v1beta2": plan})
    };
    json!({
        "metadata": metadata("prod"),
        "spec": {"topology": topology},
        "status": layout.status(conditions, &[], more),
    })
}

fn deployment(layout: &Layout, cluster: &str) -> Value {
    let mut metadata = metadata(&format!("{cluster}-a"));
    metadata["labels"]["topology.cluster.x-k8s.io/deployment-name"] = json!("a");
    metadata["annotations"] =
        json!({"machineset.cluster.x-k8s.io/skip-preflight-checks": "ControlPlaneIsStable, KubeadmVersionSkew,"});
    let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 1}});
    let mut spec = json!({
        "clusterName": cluster,
        "replicas": 3,
        "template": {"spec": {
            "version": "v1.35.6",
            "infrastructureRef": layout.reference("infrastructure.cluster.x-k8s.io", "DockerMachineTemplate", "vm"),
            "bootstrap": {"configRef": layout.reference("bootstrap.cluster.x-k8s.io", "KubeadmConfigTemplate", "join")},
        }},
    });
    match layout.newer {
        true => spec["rollout"] = json!({"strategy": strategy}),
        false => spec["strategy"] = strategy,
    }
    let counts = [("replicas", 4), ("readyReplicas", 3), ("availableReplicas", 3), ("upToDateReplicas", 1)];
    let conditions = json!([{"type": "Available", "status": "True", "lastTransitionTime": "2026-11-22T07:00:00Z"}]);
    json!({"metadata": metadata, "spec": spec, "status": layout.status(conditions, &counts, json!({}))})
}

fn machine_set(layout: &Layout) -> Value {
    let mut metadata = metadata("prod-a-x7");
    metadata["labels"]["cluster.x-k8s.io/deployment-name"] = json!("prod-a");
    let conditions = json!([{"type": "ScalingUp", "status": "True", "reason": "ScalingUp",
                             "message": "Scaling up from 1 to 2 replicas is blocked", "lastTransitionTime": "2026-11-22T07:31:00Z"}]);
    json!({
        "metadata": metadata,
        "spec": {"clusterName": "prod", "replicas": 2, "template": {"spec": {"version": "v1.35.6"}}},
        "status": layout.status(conditions, &[("replicas", 1)], json!({})),
    })
}

fn machine_pool(layout: &Layout) -> Value {
    let conditions = json!([{"type": "Available", "status": "True", "lastTransitionTime": "2026-11-22T07:00:00Z"}]);
    json!({
        "metadata": metadata("pool"),
        "spec": {"clusterName": "prod", "replicas": 2, "template": {"spec": {"version": "v1.35.6"}}},
        "status": layout.status(conditions, &[("replicas", 2), ("readyReplicas", 2)], json!({"phase": "Running"})),
    })
}

fn machine(layout: &Layout) -> Value {
    let mut metadata = metadata("prod-a-x7-1");
    metadata["creationTimestamp"] = json!("2026-11-22T07:00:00Z");
    metadata["labels"]["cluster.x-k8s.io/deployment-name"] = json!("prod-a");
    let conditions =
        json!([{"type": "Ready", "status": "True", "reason": "Ready", "lastTransitionTime": "2026-11-22T07:03:20Z"}]);
    json!({
        "metadata": metadata,
        "spec": {"clusterName": "prod", "version": "v1.35.6"},
        "status": layout.status(conditions, &[], json!({"phase": "Running", "nodeRef": {"name": "node-1"}})),
    })
}
