//! Objects of a tenant at rest: three pods on v1.35.6. Tests change what they are about.

use serde_json::{Value, json};

/// A settled TenantControlPlane.
pub(crate) fn control_plane(name: &str) -> Value {
    json!({
        "apiVersion": "kamaji.clastix.io/v1alpha1",
        "kind": "TenantControlPlane",
        "metadata": {
            "name": name, "namespace": "tenants", "uid": format!("uid-{name}"), "generation": 2,
            "resourceVersion": "100", "creationTimestamp": "2026-11-22T07:00:00Z",
        },
        "spec": {
            "dataStore": "default",
            "kubernetes": { "version": "v1.35.6", "kubelet": {} },
            "controlPlane": {
                "deployment": {
                    "replicas": 3,
                    "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "100%", "maxUnavailable": 0 } },
                },
                "service": { "serviceType": "ClusterIP" },
            },
            "writePermissions": {},
        },
        "status": {
            "observedGeneration": 2,
            "kubernetesResources": {
                "version": { "version": "v1.35.6", "status": "Ready" },
                "deployment": { "lastUpdate": "2026-11-22T07:59:00Z" },
            },
            "storage": { "dataStoreName": "default", "driver": "etcd" },
        },
    })
}

/// Its complete Deployment.
pub(crate) fn deployment(name: &str, version: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "tenants", "uid": "uid-deployment", "generation": 1, "resourceVersion": "90",
            "labels": { "kamaji.clastix.io/name": name, "kamaji.clastix.io/component": "deployment" },
        },
        "spec": {
            "replicas": 3,
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "100%", "maxUnavailable": 0 } },
            "progressDeadlineSeconds": 600,
            "template": { "spec": {
                "terminationGracePeriodSeconds": 30,
                "containers": [
                    { "name": "kube-apiserver", "image": format!("registry.k8s.io/kube-apiserver:{version}"),
                      "resources": { "requests": { "cpu": "250m", "memory": "512Mi" } } },
                    { "name": "kube-scheduler", "image": format!("registry.k8s.io/kube-scheduler:{version}"),
                      "resources": { "requests": { "cpu": "0.1", "memory": "128Mi" } } },
                ],
            } },
        },
        "status": {
            "observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3,
            "conditions": [{ "type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
                             "message": "", "lastUpdateTime": "2026-11-22T07:01:00Z" }],
        },
    })
}

/// A ReplicaSet of it.
pub(crate) fn replica_set(tenant: &str, hash: &str, version: &str) -> Value {
    json!({
        "metadata": {
            "name": format!("{tenant}-{hash}"), "namespace": "tenants", "uid": format!("uid-{hash}"), "resourceVersion": "80",
            "creationTimestamp": "2026-11-22T07:00:10Z",
            "labels": { "kamaji.clastix.io/name": tenant, "pod-template-hash": hash },
            "annotations": { "deployment.kubernetes.io/revision": "1" },
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": tenant, "controller": true }],
        },
        "spec": { "replicas": 3, "template": { "spec": { "containers": [
            { "name": "kube-apiserver", "image": format!("registry.k8s.io/kube-apiserver:{version}") },
        ] } } },
        "status": { "replicas": 3, "readyReplicas": 3, "availableReplicas": 3 },
    })
}

/// A pod of it that was created at `07:00:10`, bound at `07:00:11` and ready at `07:00:31`.
pub(crate) fn pod(tenant: &str, hash: &str, suffix: &str, version: &str) -> Value {
    json!({
        "metadata": {
            "name": format!("{tenant}-{hash}-{suffix}"), "namespace": "tenants", "uid": format!("uid-{hash}-{suffix}"),
            "resourceVersion": "70", "creationTimestamp": "2026-11-22T07:00:10Z",
            "labels": { "kamaji.clastix.io/name": tenant, "pod-template-hash": hash },
            "ownerReferences": [
                { "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{tenant}-{hash}"), "controller": true },
            ],
        },
        "spec": {
            "nodeName": "node-1",
            "containers": [{ "name": "kube-apiserver", "image": format!("registry.k8s.io/kube-apiserver:{version}") }],
        },
        "status": {
            "phase": "Running",
            "conditions": [
                { "type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-11-22T07:00:11Z" },
                { "type": "Ready", "status": "True", "lastTransitionTime": "2026-11-22T07:00:31Z" },
            ],
            "containerStatuses": [{ "name": "kube-apiserver", "restartCount": 0, "state": { "running": {} } }],
        },
    })
}

/// An event on a pod of it.
pub(crate) fn event(name: &str, kind: &str, about: &str) -> Value {
    json!({
        "metadata": { "name": name, "namespace": "tenants", "resourceVersion": "60",
                      "creationTimestamp": "2026-11-22T07:59:00Z" },
        "involvedObject": { "kind": kind, "namespace": "tenants", "name": about },
        "type": "Normal", "reason": "Scheduled", "message": "Successfully assigned", "count": 1,
        "lastTimestamp": "2026-11-22T07:59:30Z",
    })
}

/// A node that lists these images, each by its name alone.
pub(crate) fn node(name: &str, images: &[&str]) -> Value {
    let images: Vec<Value> = images.iter().map(|image| json!({ "names": [image], "sizeBytes": 1 })).collect();
    json!({
        "metadata": { "name": name, "uid": format!("uid-{name}"), "resourceVersion": "50" },
        "spec": {},
        "status": {
            "conditions": [{ "type": "Ready", "status": "True", "lastHeartbeatTime": "2026-11-22T07:59:55Z" }],
            "images": images,
        },
    })
}

/// The kubelet's word about an image of a pod's API server.
pub(crate) fn pulled(name: &str, pod: &str, message: &str) -> Value {
    let event = with(event(name, "Pod", pod), "/involvedObject/fieldPath", json!("spec.containers{kube-apiserver}"));
    with(with(event, "/reason", json!("Pulled")), "/message", json!(message))
}

/// Sets one field.
pub(crate) fn with(mut object: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
    let parent = object.pointer_mut(parent).expect("the parent is there");
    match parent {
        Value::Object(fields) => {
            fields.insert(key.replace("~1", "/"), value);
        }
        Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
        other => panic!("{other} has no fields"),
    }
    object
}

/// Removes one field.
pub(crate) fn without(mut object: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
    let parent = object.pointer_mut(parent).and_then(Value::as_object_mut).expect("the parent is there");
    parent.remove(key).expect("the field was there");
    object
}
