//! What a hop changes and what people notice of it, in words.

use super::HopKind;
use super::patch::{FORMER_STRATEGY_ANNOTATION, merge_patch};
use crate::strategy::Strategy;
use crate::tenant::TenantSnapshot;
use crate::version::KubernetesVersion;

/// One field that a hop writes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// Its path.
    pub field: String,
    /// What stands there; `None` if nothing does.
    pub before: Option<String>,
    /// What will; `None` if it is taken away.
    pub after: Option<String>,
}

/// Exactly the fields that are written, before and after: read from the patch itself.
pub fn field_changes(
    snapshot: &TenantSnapshot,
    version: &KubernetesVersion,
    strategy: Option<Strategy>,
) -> Vec<FieldChange> {
    let patch = merge_patch(snapshot, version, strategy);
    let mut changes = Vec::new();
    if patch.pointer("/spec/kubernetes/version").is_some() {
        changes.push(FieldChange {
            field: "spec.kubernetes.version".to_owned(),
            before: Some(snapshot.desired_version.to_string()),
            after: Some(version.to_string()),
        });
    }
    if let Some(strategy) = patch.pointer("/spec/controlPlane/deployment/strategy") {
        changes.push(FieldChange {
            field: "spec.controlPlane.deployment.strategy".to_owned(),
            before: Some(serde_json::to_string(&snapshot.strategy).unwrap_or_default()),
            after: Some(strategy.to_string()),
        });
    }
    if let Some(memory) = patch["metadata"]["annotations"].get(FORMER_STRATEGY_ANNOTATION) {
        let remembered = snapshot.former_strategy.as_ref().and_then(|former| serde_json::to_string(former).ok());
        changes.push(FieldChange {
            field: format!("metadata.annotations: {FORMER_STRATEGY_ANNOTATION}"),
            before: remembered,
            after: memory.as_str().map(str::to_owned),
        });
    }
    changes
}

/// What the people who use the tenant will notice, most general first. `strategy`: the one by which pods are replaced.
pub fn notices(hop: Option<HopKind>, strategy: Option<Strategy>, replicas: u32) -> Vec<&'static str> {
    let mut notices = Vec::new();
    match (replicas, strategy) {
        (0, _) => notices.push("Nothing now: the control plane sleeps, and wakes with the new version."),
        (_, Some(Strategy::Recreate)) => notices.push(
            "The API server is away from the moment the old pods stop until a new one is ready: nothing can be read or changed \
             meanwhile; what runs on the nodes goes on.",
        ),
        _ => notices.extend([
            "Each API server that stops drops its watches and connections: controllers and kubectl reconnect, long kubectl logs \
             and exec sessions end.",
            "For a while old and new API servers answer side by side; a client may meet either.",
        ]),
    }
    if hop == Some(HopKind::Minor) {
        notices.push(
            "A minor cannot be undone. Kamaji refuses the way back, and the data may already be stored in the new form: a backup of \
             the DataStore is the only way back. Make one now.",
        );
        notices.push(
            "kubectl works with API servers one minor older or newer than itself: people with an older kubectl should update it.",
        );
    }
    notices
}
