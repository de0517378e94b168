//! The exact change, in the forms in which people apply it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::hop::{FieldChange, field_changes, merge_patch};
use crate::shell::{Command, Quoted};
use crate::strategy::Strategy;
use crate::tenant::TenantSnapshot;
use crate::version::KubernetesVersion;

/// The change of the TenantControlPlane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedChange {
    /// Field by field.
    pub fields: Vec<FieldChange>,
    /// As a JSON merge patch. The console sends the `resourceVersion` with it; a patch made by hand should not.
    pub merge_patch: Value,
    /// As a patch in a kustomization (YAML).
    pub kustomize: String,
    /// As values for a chart that puts `spec` in whole (YAML).
    pub helm_values: String,
    /// For those who prefer kubectl, in order.
    pub commands: Vec<Command>,
}

impl PlannedChange {
    pub(super) fn of(snapshot: &TenantSnapshot, version: &KubernetesVersion, strategy: Option<Strategy>) -> Self {
        let mut patch = merge_patch(snapshot, version, strategy);
        if let Some(metadata) = patch["metadata"].as_object_mut() {
            metadata.remove("resourceVersion");
        }
        if patch["metadata"].as_object().is_some_and(serde_json::Map::is_empty)
            && let Some(patch) = patch.as_object_mut()
        {
            patch.remove("metadata");
        }
        let (namespace, name) = (&snapshot.id.namespace, &snapshot.id.name);
        let mut object = json!({
            "apiVersion": "kamaji.clastix.io/v1alpha1",
            "kind": "TenantControlPlane",
            "metadata": { "name": name, "namespace": namespace },
        });
        if let Some(annotations) = patch.pointer("/metadata/annotations") {
            object["metadata"]["annotations"] = annotations.clone();
        }
        if let Some(spec) = patch.get("spec") {
            object["spec"] = spec.clone();
        }
        let target =
            json!({ "group": "kamaji.clastix.io", "kind": "TenantControlPlane", "name": name, "namespace": namespace });
        let kustomize = format!(
            "patches:\n  - target:\n{}    patch: |-\n{}",
            indented(&yaml(&target), 6),
            indented(&yaml(&object), 6)
        );
        let helm_values = patch.get("spec").map(yaml).unwrap_or_default();
        Self {
            fields: field_changes(snapshot, version, strategy),
            commands: commands(namespace, name, &patch, version),
            merge_patch: patch,
            kustomize,
            helm_values,
        }
    }
}

fn commands(namespace: &str, name: &str, patch: &Value, version: &KubernetesVersion) -> Vec<Command> {
    let patch = patch.to_string();
    let wanted = format!("jsonpath={{.status.kubernetesResources.version.version}}={version}");
    let (namespace, name, patch, wanted) = (Quoted(namespace), Quoted(name), Quoted(&patch), Quoted(&wanted));
    let image = Quoted("jsonpath={.spec.template.spec.containers[*].image}{\"\\n\"}");
    let columns = Quoted(
        "custom-columns=NAME:.metadata.name,READY:.status.containerStatuses[*].ready,IMAGES:.spec.containers[*].image",
    );
    let command = |purpose: &str, line: String| Command { purpose: purpose.to_owned(), line };
    vec![
        command(
            "Ask the API server and Kamaji, without writing anything.",
            format!("kubectl -n {namespace} patch tenantcontrolplane {name} --type merge --dry-run=server -p {patch}"),
        ),
        command("Write it.", format!("kubectl -n {namespace} patch tenantcontrolplane {name} --type merge -p {patch}")),
        command(
            "Wait until Kamaji has recorded the version. It may say so before the Deployment is touched.",
            format!("kubectl -n {namespace} wait tenantcontrolplane {name} --for={wanted} --timeout=15m"),
        ),
        command(
            &format!("See that the Deployment asks for {version}; until it does, the next command says nothing."),
            format!("kubectl -n {namespace} get deployment {name} -o {image}"),
        ),
        command(
            "Wait until the Deployment is complete.",
            format!("kubectl -n {namespace} rollout status deployment {name} --timeout=15m"),
        ),
        command(
            "See that every pod runs the new images, before any worker is touched.",
            format!("kubectl -n {namespace} get pods -l kamaji.clastix.io/name={name} -o {columns}"),
        ),
    ]
}

fn indented(text: &str, spaces: usize) -> String {
    let margin = " ".repeat(spaces);
    text.lines().map(|line| format!("{margin}{line}\n")).collect()
}

/// Block YAML of maps and scalars; scalars are written as JSON, which YAML reads alike.
fn yaml(value: &Value) -> String {
    let mut text = String::new();
    write_yaml(value, 0, &mut text);
    text
}

fn write_yaml(value: &Value, depth: usize, text: &mut String) {
    let Some(map) = value.as_object() else {
        text.push_str(&format!("{value}\n"));
        return;
    };
    for (key, value) in map {
        let margin = "  ".repeat(depth);
        // Keys are field names and annotation names: nothing that YAML would read as something else.
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                text.push_str(&format!("{margin}{key}:\n"));
                write_yaml(value, depth + 1, text);
            }
            scalar => text.push_str(&format!("{margin}{key}: {scalar}\n")),
        }
    }
}
