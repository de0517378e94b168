//! What a write of a TenantControlPlane has to pass: the mutating webhook, the schema with its defaults, the validating
//! webhook. In this order, and in their words.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::version::KamajiVersion;
use crate::error::{ApiError, Cause};
use crate::json;
use crate::kinds::Kind;
use crate::store::Key;
use crate::world::World;

const REPLICAS: &str = "/spec/controlPlane/deployment/replicas";
const VERSION: &str = "/spec/kubernetes/version";

/// Passes a new TenantControlPlane, with its defaults filled in.
pub(crate) fn on_create(world: &World, name: &str, tenant: &mut Value) -> Result<(), ApiError> {
    call_mutating_webhook(world, tenant)?;
    if tenant["spec"]["dataStore"].is_null() && tenant["spec"].is_object() {
        tenant["spec"]["dataStore"] = json!("default");
    }
    check_schema(name, tenant)?;
    fill_in_defaults(tenant);
    let version = KamajiVersion::parse(json::text(tenant, VERSION).unwrap_or_default()).map_err(|error| {
        ApiError::denied_by_webhook(format!("unable to parse the desired Kubernetes version: {error}"))
    })?;
    if above_ceiling(world, &version) {
        return Err(ApiError::denied_by_webhook(format!(
            "unable to create a TenantControlPlane with a Kubernetes version greater than the supported one, actually v1.{}",
            world.kamaji.ceiling_minor
        )));
    }
    check_data_store(world, tenant)
}

/// Passes a changed TenantControlPlane.
pub(crate) fn on_update(world: &World, name: &str, old: &Value, new: &mut Value) -> Result<(), ApiError> {
    call_mutating_webhook(world, new)?;
    check_schema(name, new)?;
    fill_in_defaults(new);
    check_version(world, old, new)?;
    check_data_store(world, new)
}

/// The webhook answers only if the operator runs, and must be able to read the object.
fn call_mutating_webhook(world: &World, tenant: &Value) -> Result<(), ApiError> {
    if world.kamaji.webhook_down {
        return Err(ApiError::new(
            500,
            "InternalError",
            "Internal error occurred: failed calling webhook \"mtenantcontrolplane.kb.io\": failed to call webhook: Post \"https://127.0.0.1:9443/mutate-kamaji-clastix-io-v1alpha1-tenantcontrolplane?timeout=10s\": dial tcp 127.0.0.1:9443: connect: connection refused",
        ));
    }
    let version = tenant.pointer(VERSION).filter(|it| !it.is_null() && !it.is_string());
    let replicas = tenant.pointer(REPLICAS).filter(|it| !it.is_null() && !it.is_number());
    let undecodable = |value: &Value, field: &str, wanted: &str| {
        let found = match value {
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
            Value::Null | Value::String(_) => "string",
        };
        let words = format!(
            "admission webhook \"mtenantcontrolplane.kb.io\" denied the request: json: cannot unmarshal {found} into Go struct field {field} of type {wanted}"
        );
        Err(ApiError::new(500, "", words))
    };
    match (version, replicas) {
        (Some(version), _) => undecodable(version, "KubernetesSpec.spec.kubernetes.version", "string"),
        (None, Some(replicas)) => {
            undecodable(replicas, "DeploymentSpec.spec.controlPlane.deployment.replicas", "int32")
        }
        (None, None) => Ok(()),
    }
}

/// The part of the schema that an upgrade can run into.
fn check_schema(name: &str, tenant: &Value) -> Result<(), ApiError> {
    let invalid = |causes: &[Cause]| Err(ApiError::invalid(Kind::TenantControlPlane, name, causes));
    if tenant.pointer(VERSION).is_none_or(Value::is_null) {
        return invalid(&[
            Cause::required("spec.kubernetes.version"),
            Cause::invalid(
                "<nil>",
                "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
            ),
        ]);
    }
    if tenant.pointer("/spec/networkProfile").is_none_or(Value::is_null) {
        let rule = |text: &str| {
            Cause::invalid(
                "spec",
                format!("Invalid value: \"object\": no such key: networkProfile evaluating rule: {text}"),
            )
        };
        return invalid(&[
            rule("LoadBalancer source ranges are supported only with LoadBalancer service type"),
            rule("LoadBalancerClass is supported only with LoadBalancer service type"),
        ]);
    }
    match tenant.pointer(REPLICAS) {
        // The one rule that is written in Go, with a field that begins with a dot. What is no number has not come this far.
        Some(Value::Number(replicas)) if replicas.as_i64().is_none_or(|replicas| replicas < 0) => {
            invalid(&[Cause::invalid(
                ".spec.controlPlane.deployment.replicas",
                format!("Invalid value: {replicas}: should be a non-negative integer"),
            )])
        }
        _ => Ok(()),
    }
}

/// The schema's defaults. A strategy that is given, however partly, is left as it is.
fn fill_in_defaults(tenant: &mut Value) {
    let missing = |parent: &mut Value, name: &str, value: Value| {
        if let Some(parent) = parent.as_object_mut()
            && parent.get(name).is_none_or(Value::is_null)
        {
            parent.insert(name.to_owned(), value);
        }
    };
    if let Some(deployment) = tenant.pointer_mut("/spec/controlPlane/deployment") {
        missing(deployment, "replicas", json!(2));
        missing(deployment, "serviceAccountName", json!("default"));
        missing(
            deployment,
            "registrySettings",
            json!({
                "registry": "registry.k8s.io",
                "apiServerImage": "kube-apiserver",
                "controllerManagerImage": "kube-controller-manager",
                "schedulerImage": "kube-scheduler",
            }),
        );
        missing(
            deployment,
            "strategy",
            json!({
                "type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "100%"},
            }),
        );
    }
    if let Some(kubelet) = tenant.pointer_mut("/spec/kubernetes/kubelet") {
        missing(kubelet, "cgroupfs", json!("systemd"));
        missing(kubelet, "preferredAddressTypes", json!(["InternalIP", "ExternalIP", "Hostname"]));
    }
    if let Some(network) = tenant.pointer_mut("/spec/networkProfile") {
        missing(network, "port", json!(6443));
        missing(network, "clusterDomain", json!("cluster.local"));
        missing(network, "podCidr", json!("10.244.0.0/16"));
        missing(network, "serviceCidr", json!("10.96.0.0/16"));
    }
}

fn above_ceiling(world: &World, version: &KamajiVersion) -> bool {
    let ceiling = KamajiVersion::parse(&format!("1.{}.0", world.kamaji.ceiling_minor));
    ceiling.is_ok_and(|ceiling| version.without_patch().precedence(&ceiling) == Ordering::Greater)
}

/// Compares the wanted version with the one wanted before; the installed one is not looked at.
fn check_version(world: &World, old: &Value, new: &Value) -> Result<(), ApiError> {
    let read = |object: &Value, which: &str| {
        KamajiVersion::parse(json::text(object, VERSION).unwrap_or_default()).map_err(|error| {
            ApiError::denied_by_webhook(format!("unable to parse the {which} Kubernetes version: {error}"))
        })
    };
    let wanted = read(new, "desired")?.without_patch();
    let former = read(old, "previous")?.without_patch();
    if above_ceiling(world, &wanted) {
        return Err(ApiError::denied_by_webhook(format!(
            "unable to upgrade to a version greater than the supported one (v1.{})",
            world.kamaji.ceiling_minor
        )));
    }
    if wanted.precedence(&former) == Ordering::Less {
        let message = format!("unable to downgrade a TenantControlPlane from {former} to {wanted}");
        return Err(ApiError::denied_by_webhook(message));
    }
    if wanted.minor.saturating_sub(former.minor) > 1 {
        return Err(ApiError::denied_by_webhook("unable to upgrade to a minor version in a non-sequential mode"));
    }
    Ok(())
}

fn check_data_store(world: &World, tenant: &Value) -> Result<(), ApiError> {
    match json::text(tenant, "/spec/dataStore") {
        Some(name) if world.store.get(Kind::DataStore, &Key::new("", name)).is_none() => {
            Err(ApiError::denied_by_webhook(format!("{name} DataStore does not exist")))
        }
        _ => Ok(()),
    }
}
