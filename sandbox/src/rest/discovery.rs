//! What is served, in the form that kubectl and `kube::Discovery` ask for.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::kinds::Kind;

/// Groups with kinds of their own, and those that only answer reviews.
pub(super) const GROUPS: [(&str, &str); 7] = [
    ("apps", "v1"),
    ("authentication.k8s.io", "v1"),
    ("authorization.k8s.io", "v1"),
    ("cluster.x-k8s.io", "v1beta2"),
    ("controlplane.cluster.x-k8s.io", "v1alpha2"),
    ("kamaji.clastix.io", "v1alpha1"),
    ("upgrade-console.kamaji.clastix.io", "v1alpha1"),
];

pub(super) fn version(version: &str) -> Value {
    let minor = version.split('.').nth(1).unwrap_or_default();
    json!({
        "major": "1", "minor": minor, "gitVersion": version, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "2026-07-14T00:00:00Z", "goVersion": "go1.26", "compiler": "gc", "platform": "linux/amd64",
    })
}

pub(super) fn api_versions() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
}

pub(super) fn groups(groups: &[(&str, &str)]) -> Value {
    let groups: Vec<Value> = groups.iter().map(|(name, version)| describe(name, version)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

pub(super) fn group(name: &str) -> Result<Value, ApiError> {
    let (name, version) = GROUPS.iter().find(|(known, _)| *known == name).ok_or_else(ApiError::no_such_path)?;
    Ok(described(name, version))
}

/// A group by itself.
pub(super) fn described(name: &str, version: &str) -> Value {
    let mut group = describe(name, version);
    group["kind"] = json!("APIGroup");
    group["apiVersion"] = json!("v1");
    group
}

pub(super) fn resources(kinds: &[Kind], group: &str, version: &str) -> Result<Value, ApiError> {
    let of_kind = kinds.iter().any(|kind| (kind.group(), kind.version()) == (group, version));
    if !of_kind && !GROUPS.contains(&(group, version)) {
        return Err(ApiError::no_such_path());
    }
    let mut resources = Vec::new();
    for kind in kinds.iter().copied().filter(|kind| kind.group() == group && kind.version() == version) {
        let mut resource = json!({
            "name": kind.plural(),
            "singularName": kind.singular(),
            "namespaced": kind.namespaced(),
            "kind": kind.name(),
            "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
        });
        if !kind.short_names().is_empty() {
            resource["shortNames"] = json!(kind.short_names());
        }
        if kind.is_cluster_api() {
            resource["categories"] = json!(["cluster-api"]);
        } else if kind.is_custom() {
            resource["categories"] = json!(["kamaji"]);
        }
        resources.push(resource);
        if kind.has_status() {
            resources.push(json!({
                "name": format!("{}/status", kind.plural()),
                "singularName": "",
                "namespaced": kind.namespaced(),
                "kind": kind.name(),
                "verbs": ["get", "patch", "update"],
            }));
        }
    }
    let reviews: &[(&str, &str)] = match group {
        "authentication.k8s.io" => &[("selfsubjectreviews", "SelfSubjectReview")],
        "authorization.k8s.io" => {
            &[("selfsubjectaccessreviews", "SelfSubjectAccessReview"), ("subjectaccessreviews", "SubjectAccessReview")]
        }
        _ => &[],
    };
    for (plural, kind) in reviews {
        let singular = plural.trim_end_matches('s');
        resources.push(json!({
            "name": plural, "singularName": singular, "namespaced": false, "kind": kind, "verbs": ["create"],
        }));
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Ok(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources,
    }))
}

fn describe(name: &str, version: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}
