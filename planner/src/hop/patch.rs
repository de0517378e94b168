use serde_json::{Value, json};

use crate::strategy::Strategy;
use crate::tenant::TenantSnapshot;
use crate::version::KubernetesVersion;

/// The annotation that remembers the strategy which stood there before the console changed it: the declaration as JSON.
pub const FORMER_STRATEGY_ANNOTATION: &str = "upgrade-console.kamaji.clastix.io/former-strategy";

/// The JSON merge patch of a hop: the version if it changes, the strategy if it changes (both halves written out), and the `resourceVersion`
/// as the precondition. Nothing else.
///
/// A strategy that replaces another one also remembers that one in [`FORMER_STRATEGY_ANNOTATION`]. A strategy that means the
/// same as the remembered one is a return to it, so the memory is removed.
pub fn merge_patch(snapshot: &TenantSnapshot, version: &KubernetesVersion, strategy: Option<Strategy>) -> Value {
    let mut patch = json!({
        "metadata": { "resourceVersion": snapshot.resource_version },
    });
    if snapshot.desired_version.0 != version.to_string() {
        patch["spec"]["kubernetes"] = json!({ "version": version.to_string() });
    }
    if let Some(strategy) = strategy.filter(|strategy| changes_strategy(snapshot, *strategy)) {
        let returns = snapshot.former_strategy.as_ref().is_some_and(|former| former.under_kamaji() == Ok(strategy));
        patch["spec"]["controlPlane"] = json!({ "deployment": { "strategy": strategy.patch() } });
        patch["metadata"]["annotations"] = json!({
            FORMER_STRATEGY_ANNOTATION: if returns { Value::Null } else { json!(json!(snapshot.strategy).to_string()) },
        });
    }
    patch
}

/// The JSON merge patch that puts the remembered strategy back exactly as it was declared, and forgets it. `None` if none is
/// remembered, or if the remembered one is itself no strategy that a Deployment takes.
pub fn restore_patch(snapshot: &TenantSnapshot) -> Option<Value> {
    let former = snapshot.former_strategy.as_ref().filter(|former| former.under_kamaji().is_ok())?;
    Some(json!({
        "metadata": {
            "resourceVersion": snapshot.resource_version,
            "annotations": { FORMER_STRATEGY_ANNOTATION: null },
        },
        "spec": { "controlPlane": { "deployment": { "strategy": former.patch() } } },
    }))
}

/// Whether the wanted strategy means something else than the declared one.
pub(super) fn changes_strategy(snapshot: &TenantSnapshot, strategy: Strategy) -> bool {
    snapshot.strategy.under_kamaji() != Ok(strategy)
}
