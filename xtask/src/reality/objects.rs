//! The objects that the management cluster begins with, each with the path it is applied to.

use std::fs;

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    api::Api,
    components::webhook_address,
    programs::Programs,
    run::{Ports, pki},
};

/// Where tenants are.
pub(crate) const NAMESPACE: &str = "team-a";

/// Nodes for the tenants' pods, each with room for 20 and 4 CPU.
const NODES: usize = 8;

/// Apply what Kamaji needs before it starts.
pub(crate) fn before_kamaji(api: &Api, programs: &Programs) -> Result<()> {
    for name in ["kamaji-system", NAMESPACE] {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        api.apply(&format!("/api/v1/namespaces/{name}"), &namespace.to_string())?;
    }
    for (name, file) in [("datastores", "datastore.yaml"), ("tenantcontrolplanes", "tenantcontrolplane.yaml")] {
        let text = fs::read_to_string(programs.definitions.join(file))
            .with_context(|| format!("this Kamaji has no definition {file}"))?;
        api.apply(&definition(name), &text)?;
    }
    for node in 1..=NODES {
        let name = format!("node-{node}");
        let path = format!("/api/v1/nodes/{name}");
        let room = json!({"cpu": "4", "memory": "8Gi", "pods": "20"});
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}},
            "status": {"allocatable": room, "capacity": room},
        });
        api.apply(&path, &node.to_string())?;
        // The API server taints each new node as not ready, and the controller that takes this away is not run.
        api.merge(&path, &json!({"spec": {"taints": null}}))?;
    }
    Ok(())
}

/// Whether the API serves Kamaji's resources.
pub(crate) fn definitions_are_served(api: &Api) -> Result<bool> {
    for name in ["datastores", "tenantcontrolplanes"] {
        let definition = api.get(&definition(name))?.unwrap_or_default();
        let mut conditions = definition["status"]["conditions"].as_array().into_iter().flatten();
        if !conditions.any(|condition| condition["type"] == "Established" && condition["status"] == "True") {
            return Ok(false);
        }
    }
    Ok(true)
}

fn definition(name: &str) -> String {
    format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}.kamaji.clastix.io")
}

/// The etcd of the management cluster as the DataStore `default`.
pub(crate) fn data_store(api: &Api, ports: &Ports) -> Result<()> {
    let secrets = [
        ("etcd-certs", [("ca.crt", "etcd-ca.crt"), ("ca.key", "etcd-ca.key")]),
        ("root-client-certs", [("tls.crt", "etcd-client.crt"), ("tls.key", "etcd-client.key")]),
    ];
    for (name, files) in secrets {
        let mut data = serde_json::Map::new();
        for (key, file) in files {
            data.insert(key.to_owned(), Value::String(STANDARD.encode(fs::read(pki(file))?)));
        }
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "kamaji-system"}, "data": data,
        });
        api.apply(&format!("/api/v1/namespaces/kamaji-system/secrets/{name}"), &secret.to_string())?;
    }
    let part = |secret: &str, key: &str| json!({"secretReference": {"name": secret, "namespace": "kamaji-system", "keyPath": key}});
    let store = json!({
        "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "DataStore", "metadata": {"name": "default"},
        "spec": {
            "driver": "etcd",
            "endpoints": [format!("127.0.0.1:{}", ports.etcd)],
            "tlsConfig": {
                "certificateAuthority": {
                    "certificate": part("etcd-certs", "ca.crt"),
                    "privateKey": part("etcd-certs", "ca.key"),
                },
                "clientCertificate": {
                    "certificate": part("root-client-certs", "tls.crt"),
                    "privateKey": part("root-client-certs", "tls.key"),
                },
            },
        },
    });
    api.apply("/apis/kamaji.clastix.io/v1alpha1/datastores/default", &store.to_string())
}

/// Kamaji's webhooks, named and judged as in its chart, by address. Only once it listens: those that fail closed would
/// refuse the objects above.
pub(crate) fn webhooks(api: &Api) -> Result<()> {
    let authority = STANDARD.encode(fs::read(pki("webhook-ca.crt"))?);
    let hook =
        |name: &str, path: &str, policy: &str, operations: &[&str], group: &str, version: &str, resource: &str| {
            json!({
                "name": name,
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": policy,
                "clientConfig": {"url": webhook_address(path), "caBundle": authority},
                "rules": [{
                    "apiGroups": [group], "apiVersions": [version], "operations": operations, "resources": [resource],
                }],
            })
        };
    let (group, version) = ("kamaji.clastix.io", "v1alpha1");
    let tenants = "tenantcontrolplanes";
    let (written, touched) = (["CREATE", "UPDATE"], ["CREATE", "UPDATE", "DELETE"]);
    let judged = "/validate-kamaji-clastix-io-v1alpha1";
    let mutating = [hook(
        "mtenantcontrolplane.kb.io",
        "/mutate-kamaji-clastix-io-v1alpha1-tenantcontrolplane",
        "Fail",
        &written,
        group,
        version,
        tenants,
    )];
    let validating = [
        hook("telemetry.kamaji.clastix.io", "/telemetry", "Ignore", &touched, group, version, tenants),
        hook("vdatastoresecrets.kb.io", "/validate--v1-secret", "Ignore", &["DELETE"], "", "v1", "secrets"),
        hook("vdatastore.kb.io", &format!("{judged}-datastore"), "Fail", &touched, group, version, "datastores"),
        hook(
            "vtenantcontrolplane.kb.io",
            &format!("{judged}-tenantcontrolplane"),
            "Fail",
            &written,
            group,
            version,
            tenants,
        ),
    ];
    for (kind, name, path, webhooks) in [
        ("MutatingWebhookConfiguration", "kamaji-mutating", "mutatingwebhookconfigurations", &mutating[..]),
        ("ValidatingWebhookConfiguration", "kamaji-validating", "validatingwebhookconfigurations", &validating[..]),
    ] {
        let configuration = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "webhooks": webhooks,
        });
        api.apply(&format!("/apis/admissionregistration.k8s.io/v1/{path}/{name}"), &configuration.to_string())?;
    }
    Ok(())
}
