//! Objects of a tenant's cluster.

use serde_json::{Map, Value, json};

use super::PATH;
use crate::json;
use crate::store::Key;

pub(crate) fn metadata(namespace: &str, name: &str) -> Value {
    if namespace.is_empty() { json!({"name": name}) } else { json!({"name": name, "namespace": namespace}) }
}

/// The Secret with the administrator's kubeconfig, as Kamaji names it.
pub(super) fn admin_kubeconfig(tenant: &Value, url: &str, token: &str, now: &str) -> Value {
    let Key { namespace, name } = Key::of(tenant);
    let server = format!("{url}/{PATH}/{namespace}/{name}");
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": format!("kubernetes-admin@{name}"),
        "contexts": [{"name": format!("kubernetes-admin@{name}"), "context": {"cluster": name, "user": "kubernetes-admin"}}],
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": "kubernetes-admin", "user": {"token": token}}],
    });
    let content = base64(config.to_string().as_bytes());
    let secret = format!("{name}-admin-kubeconfig");
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": secret, "namespace": namespace, "uid": super::digest(&format!("{namespace}/{secret}")),
            "creationTimestamp": now, "labels": {"kamaji.clastix.io/name": name},
        },
        "type": "Opaque",
        "data": {"admin.conf": content, "super-admin.conf": content},
    })
}

pub(super) fn kubeadm_config(tenant: &Value, version: &str) -> Value {
    let endpoint = json::text(tenant, "/status/controlPlaneEndpoint").unwrap_or_default();
    let text = format!(
        "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nclusterName: {}\ncontrolPlaneEndpoint: {endpoint}\n\
         kubernetesVersion: {version}\nnetworking:\n  dnsDomain: cluster.local\n  podSubnet: 10.244.0.0/16\n  serviceSubnet: 10.96.0.0/16\n",
        Key::of(tenant).name
    );
    json!({"metadata": metadata("kube-system", "kubeadm-config"), "data": {"ClusterConfiguration": text}})
}

/// As Kamaji since edge-25.12.4 writes it, with the patches that the TenantControlPlane declares.
pub(super) fn kubelet_config(version: &str, patches: &Value) -> Value {
    let mut config = json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "systemd",
        "clusterDNS": ["10.96.0.10"],
        "clusterDomain": "cluster.local",
        "crashLoopBackOff": {},
        "imagePullCredentialsVerificationPolicy": "",
        "rotateCertificates": true,
        "staticPodPath": "/etc/kubernetes/manifests",
    });
    for patch in patches.as_array().into_iter().flatten() {
        apply(&mut config, patch);
    }
    json!({
        "metadata": {"name": "kubelet-config", "namespace": "kube-system", "annotations": {"kubeadm.kubernetes.io/version": version}},
        // JSON is YAML.
        "data": {"kubelet": format!("{config:#}\n")},
    })
}

/// One operation of RFC 6902, as far as members of objects go.
fn apply(config: &mut Value, patch: &Value) {
    let (Some(op), Some(path)) = (patch["op"].as_str(), patch["path"].as_str()) else { return };
    let Some((parent, name)) = path.rsplit_once('/') else { return };
    let Some(parent) = config.pointer_mut(parent).and_then(Value::as_object_mut) else { return };
    let parent: &mut Map<String, Value> = parent;
    match op {
        "remove" => drop(parent.remove(name)),
        "add" => drop(parent.insert(name.to_owned(), patch["value"].clone())),
        "replace" if parent.contains_key(name) => drop(parent.insert(name.to_owned(), patch["value"].clone())),
        _ => {}
    }
}

pub(super) fn daemon_set(name: &str, image: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "kube-system", "labels": {"k8s-app": name}},
        "spec": {
            "selector": {"matchLabels": {"k8s-app": name}},
            "template": {"metadata": {"labels": {"k8s-app": name}}, "spec": {"containers": [{"name": name, "image": image}]}},
        },
        "status": {},
    })
}

pub(super) fn kube_proxy(node: &str, image: &str) -> Value {
    let owner = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "kube-proxy", "uid": "kube-proxy", "controller": true}]);
    json!({
        "metadata": {
            "name": format!("kube-proxy-{}", &crate::kamaji::checksum(node)[..5]), "namespace": "kube-system",
            "labels": {"k8s-app": "kube-proxy"}, "ownerReferences": owner,
        },
        "spec": {"nodeName": node, "containers": [{"name": "kube-proxy", "image": image}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

pub(crate) fn deployment(namespace: &str, name: &str, replicas: u32, image: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": name, "image": image}]}},
        },
        "status": {"replicas": replicas, "readyReplicas": replicas},
    })
}

/// A pod of the ReplicaSet of a Deployment.
pub(crate) fn pod(namespace: &str, app: &str, number: u32, node: &str) -> Value {
    let set = format!("{app}-7d4b9c");
    json!({
        "metadata": {
            "name": format!("{set}-{number}"), "namespace": namespace, "labels": {"app": app},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "uid": set, "controller": true}],
        },
        "spec": {"nodeName": node, "containers": [{"name": app, "image": format!("registry.example/{app}:1.0.0")}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

pub(crate) fn service(namespace: &str, name: &str) -> Value {
    json!({"metadata": metadata(namespace, name), "spec": {"type": "ClusterIP", "ports": [{"port": 443}]}})
}

/// The endpoints of a Service, each ready or not.
pub(crate) fn endpoint_slice(namespace: &str, service: &str, ready: &[bool]) -> Value {
    let endpoints: Vec<Value> = ready
        .iter()
        .enumerate()
        .map(|(number, ready)| json!({"addresses": [format!("10.244.1.{}", number + 4)], "conditions": {"ready": ready}}))
        .collect();
    json!({
        "metadata": {
            "name": format!("{service}-x7k2p"), "namespace": namespace, "labels": {"kubernetes.io/service-name": service},
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": [{"port": 9443}],
    })
}

/// A configuration with one webhook that a Service answers.
pub(crate) fn hook(name: &str, policy: &str, (namespace, service): (&str, &str)) -> Value {
    json!({
        "metadata": {"name": name},
        "webhooks": [{
            "name": format!("{name}.example.com"),
            "failurePolicy": policy,
            "clientConfig": {"service": {"namespace": namespace, "name": service, "path": "/validate"}},
            "rules": [{"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["deployments"]}],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }],
    })
}

/// RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let part = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let whole = part(0) << 16 | part(1) << 8 | part(2);
        for index in 0..4 {
            if index <= chunk.len() {
                let letter = (whole >> (18 - 6 * index)) & 63;
                text.push(char::from(LETTERS[letter as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{base64, kubelet_config};

    #[test]
    fn base64_is_padded_as_the_standard_says() {
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (plain, encoded) in cases {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn the_kubelets_configuration_takes_the_patches_of_the_tenant() {
        let patches = json!([
            {"op": "remove", "path": "/crashLoopBackOff"},
            {"op": "add", "path": "/featureGates", "value": {"A": true}},
            {"op": "replace", "path": "/featureGates/A", "value": false},
            {"op": "replace", "path": "/featureGates/B", "value": false},
        ]);
        let map = kubelet_config("v1.35.6", &patches);
        let config: Value = serde_json::from_str(map["data"]["kubelet"].as_str().expect("a text")).expect("JSON");
        assert_eq!(config["featureGates"], json!({"A": false}));
        assert!(config.get("crashLoopBackOff").is_none());
    }
}
