//! The Deployment that Kamaji builds for a tenant's control plane.

use serde_json::{Map, Value, json};

use super::status::checksum;
use super::version::KamajiVersion;
use crate::json;
use crate::store::Key;

const KONNECTIVITY: &str = "konnectivity-server";

/// The Deployment of a tenant that has none.
pub(super) fn create(tenant: &Value) -> Value {
    let key = Key::of(tenant);
    let mut deployment = json!({
        "metadata": {
            "name": key.name,
            "namespace": key.namespace,
            "ownerReferences": json::owner_reference(tenant, "kamaji.clastix.io/v1alpha1", "TenantControlPlane"),
        },
        "spec": {"revisionHistoryLimit": 10, "progressDeadlineSeconds": 600},
    });
    apply(tenant, &mut deployment);
    deployment
}

/// Brings what Kamaji owns of a Deployment up to date. Fields that it does not set (a deadline set by hand) survive.
pub(super) fn apply(tenant: &Value, deployment: &mut Value) {
    let key = Key::of(tenant);
    let settings = &tenant["spec"]["controlPlane"]["deployment"];
    let labels = json!({
        "kamaji.clastix.io/component": "deployment",
        "kamaji.clastix.io/name": key.name,
        "kamaji.clastix.io/project": "kamaji",
    });
    json::merge(&mut deployment["metadata"]["labels"], &labels);
    for part in ["labels", "annotations"] {
        let additional = &settings["additionalMetadata"][part];
        if additional.is_object() {
            json::merge(&mut deployment["metadata"][part], additional);
        }
    }
    let konnectivity = container(deployment, KONNECTIVITY).cloned();
    deployment["spec"]["replicas"] = settings["replicas"].clone();
    deployment["spec"]["selector"] = json!({"matchLabels": {"kamaji.clastix.io/name": key.name}});
    deployment["spec"]["strategy"] = strategy(&settings["strategy"]);
    deployment["spec"]["template"] = template(tenant, &key, settings, konnectivity);
}

/// Brings the konnectivity server's container up to date: a write of its own, after the first one.
pub(super) fn apply_konnectivity(tenant: &Value, deployment: &mut Value) {
    let wanted = konnectivity_image(tenant).map(|image| {
        json!({
            "name": KONNECTIVITY,
            "image": image,
            "imagePullPolicy": "Always",
            "args": ["--mode=grpc", "--server-port=0", "--agent-port=8132", "--health-port=8134"],
            "resources": resources(&tenant["spec"]["addons"]["konnectivity"]["server"]["resources"]),
            "livenessProbe": probe("/healthz", 8134, "HTTP"),
        })
    });
    let containers = &mut deployment["spec"]["template"]["spec"]["containers"];
    if let Some(containers) = containers.as_array_mut() {
        containers.retain(|container| container["name"] != KONNECTIVITY);
        containers.extend(wanted);
    }
}

/// Absent `rollingUpdate`: Blue/Green. A half that is given alone: 25% for the other, as apps/v1 has it.
fn strategy(declared: &Value) -> Value {
    if declared["type"] == "Recreate" {
        return json!({"type": "Recreate"});
    }
    let kind = declared["type"].as_str().unwrap_or("RollingUpdate");
    let given = &declared["rollingUpdate"];
    if !given.is_object() {
        return json!({"type": kind, "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "100%"}});
    }
    let half = |name: &str| if given[name].is_null() { json!("25%") } else { given[name].clone() };
    json!({"type": kind, "rollingUpdate": {"maxUnavailable": half("maxUnavailable"), "maxSurge": half("maxSurge")}})
}

fn konnectivity_image(tenant: &Value) -> Option<String> {
    let addon = &tenant["spec"]["addons"]["konnectivity"];
    if !addon.is_object() {
        return None;
    }
    let image = addon["server"]["image"].as_str().unwrap_or("registry.k8s.io/kas-network-proxy/proxy-server");
    let version = match addon["server"]["version"].as_str().filter(|version| !version.is_empty()) {
        Some(pinned) => pinned.to_owned(),
        None => {
            let version = KamajiVersion::parse(json::text(tenant, "/spec/kubernetes/version").unwrap_or_default());
            format!("v0.{}.0", version.map(|version| version.minor).unwrap_or_default())
        }
    };
    Some(format!("{image}:{version}"))
}

fn template(tenant: &Value, key: &Key, settings: &Value, konnectivity: Option<Value>) -> Value {
    let registry = &settings["registrySettings"];
    let version = json::text(tenant, "/spec/kubernetes/version").unwrap_or_default();
    let image = |setting: &str, default: &str| {
        let host = registry["registry"].as_str().unwrap_or("registry.k8s.io");
        let name = registry[setting].as_str().unwrap_or(default);
        let suffix = registry["tagSuffix"].as_str().unwrap_or_default();
        format!("{host}/{name}:{version}{suffix}")
    };
    let mut containers = vec![
        json!({
            "name": "kube-apiserver",
            "image": image("apiServerImage", "kube-apiserver"),
            "imagePullPolicy": "Always",
            "command": ["kube-apiserver"],
            "args": ["--allow-privileged=true", "--authorization-mode=Node,RBAC", "--secure-port=6443"],
            "resources": resources(&settings["resources"]["apiServer"]),
            "livenessProbe": probe("/livez", 6443, "HTTPS"),
            "readinessProbe": probe("/readyz", 6443, "HTTPS"),
            "startupProbe": probe("/livez", 6443, "HTTPS"),
        }),
        json!({
            "name": "kube-scheduler",
            "image": image("schedulerImage", "kube-scheduler"),
            "imagePullPolicy": "IfNotPresent",
            "command": ["kube-scheduler"],
            "args": ["--bind-address=0.0.0.0", "--leader-elect=true"],
            "resources": resources(&settings["resources"]["scheduler"]),
            "livenessProbe": probe("/healthz", 10259, "HTTPS"),
            "readinessProbe": probe("/healthz", 10259, "HTTPS"),
            "startupProbe": probe("/healthz", 10259, "HTTPS"),
        }),
        json!({
            "name": "kube-controller-manager",
            "image": image("controllerManagerImage", "kube-controller-manager"),
            "imagePullPolicy": "IfNotPresent",
            "command": ["kube-controller-manager"],
            "args": ["--bind-address=0.0.0.0", format!("--cluster-name={}", key.name), "--leader-elect=true"],
            "resources": resources(&settings["resources"]["controllerManager"]),
            "livenessProbe": probe("/healthz", 10257, "HTTPS"),
            "readinessProbe": probe("/healthz", 10257, "HTTPS"),
            "startupProbe": probe("/healthz", 10257, "HTTPS"),
        }),
    ];
    if json::text(tenant, "/status/storage/driver").is_some_and(|driver| driver != "etcd") {
        let extra = settings["extraArgs"]["kine"].as_array().cloned().unwrap_or_default();
        let own =
            ["--ca-file=/certs/ca.crt", "--endpoint=$(DB_CONNECTION_STRING)", "--listen-address=unix:///uds/kine.sock"];
        containers.push(json!({
            "name": "kine",
            "image": "rancher/kine:v0.11.10-amd64",
            "imagePullPolicy": "Always",
            "command": ["/bin/kine"],
            "args": own.into_iter().map(Value::from).chain(extra).collect::<Vec<_>>(),
            "resources": resources(&settings["resources"]["kine"]),
        }));
    }
    // The addon's container is kept as it stands; only its own write changes it.
    containers.extend(konnectivity);
    let mut spec = json!({
        "containers": containers,
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "serviceAccount": "default",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    });
    for passed_on in ["affinity", "nodeSelector", "topologySpreadConstraints", "runtimeClassName"] {
        if !settings[passed_on].is_null() {
            spec[passed_on] = settings[passed_on].clone();
        }
    }
    let mut metadata = json!({"labels": pod_labels(tenant, key), "annotations": {
        "storage.kamaji.clastix.io/certificate": checksum(&format!("{} storage certificate", key.name)),
        "storage.kamaji.clastix.io/config": checksum(&format!("{} storage config", key.name)),
    }});
    for part in ["labels", "annotations"] {
        let additional = &settings["podAdditionalMetadata"][part];
        if additional.is_object() {
            json::merge(&mut metadata[part], additional);
        }
    }
    json!({"metadata": metadata, "spec": spec})
}

fn pod_labels(tenant: &Value, key: &Key) -> Value {
    let uid = json::text(tenant, "/metadata/uid").unwrap_or_default();
    let hashed = [
        "api-server-certificate",
        "api-server-kubelet-client-certificate",
        "ca",
        "controller-manager-kubeconfig",
        "front-proxy-ca-certificate",
        "front-proxy-client-certificate",
        "scheduler-kubeconfig",
        "service-account",
    ];
    let mut labels: Map<String, Value> = hashed
        .into_iter()
        .map(|name| (format!("component.kamaji.clastix.io/{name}"), json!(checksum(&format!("{uid} {name}")))))
        .collect();
    let data_store = json::text(tenant, "/spec/dataStore").unwrap_or("default");
    labels.insert("component.kamaji.clastix.io/datastore".to_owned(), json!(data_store));
    labels.insert("kamaji.clastix.io/component".to_owned(), json!("deployment"));
    labels.insert("kamaji.clastix.io/name".to_owned(), json!(key.name));
    Value::Object(labels)
}

fn resources(declared: &Value) -> Value {
    if declared.is_object() { declared.clone() } else { json!({}) }
}

fn probe(path: &str, port: u16, scheme: &str) -> Value {
    json!({
        "httpGet": {"path": path, "port": port, "scheme": scheme},
        "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
    })
}

fn container<'a>(deployment: &'a Value, name: &str) -> Option<&'a Value> {
    deployment.pointer("/spec/template/spec/containers")?.as_array()?.iter().find(|container| container["name"] == name)
}
