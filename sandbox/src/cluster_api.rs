//! Cluster API's Kamaji provider: a KamajiControlPlane becomes a TenantControlPlane, and shows what becomes of that.
//!
//! Like the real one it writes the TenantControlPlane anew at every event, so that what somebody else wrote there does not stay,
//! and it takes any version: what Kamaji's webhook says to it stands in a condition. Topologies and MachineDeployments do not
//! move here: their objects stand as a scenario put them.

use serde_json::{Value, json};

use crate::json;
use crate::kinds::Kind;
use crate::store::Key;
use crate::world::{INTERNAL, Part, World};

/// Until a refused write is tried again (ms).
const RETRY_MS: i64 = 30_000;
const PAUSED: &str = "cluster.x-k8s.io/paused";
/// The condition on writing the TenantControlPlane.
const WRITTEN: &str = "TenantControlPlaneCreated";

impl World {
    /// One reconcile of the provider.
    pub(crate) fn sync_kamaji_control_plane(&mut self, key: &Key) {
        let Some(control_plane) = self.get(Kind::KamajiControlPlane, key) else { return };
        if self.get(Kind::TenantControlPlane, key).is_none() || self.is_paused(&control_plane) {
            return;
        }
        let written = self.update(Kind::TenantControlPlane, key, Part::Object, INTERNAL, |tenant| {
            write(tenant, &control_plane["spec"]);
        });
        let refusal =
            written.err().map(|error| format!("cannot create or update TenantControlPlane: {}", error.message));
        if refusal.is_some() {
            self.resync_in(RETRY_MS, Kind::KamajiControlPlane, key.clone());
        }
        let Some(tenant) = self.get(Kind::TenantControlPlane, key) else { return };
        let now = json::seconds(self.now_ms());
        let stored = self.update(Kind::KamajiControlPlane, key, Part::Status, INTERNAL, |control_plane| {
            let generation = control_plane["metadata"]["generation"].clone();
            let status = &mut control_plane["status"];
            // A refusal ends the real reconcile before anything else of the status is written.
            if refusal.is_none() {
                copy_status(status, &tenant["status"]["kubernetesResources"]);
            }
            let condition = match &refusal {
                None => json!({"status": "True", "reason": "Succeeded", "message": ""}),
                // The provider's word for anything that is no wait of its own.
                Some(message) => json!({"status": "False", "reason": "Pending", "message": message}),
            };
            set_condition(status, WRITTEN, condition, &generation, &now);
        });
        debug_assert!(stored.is_ok(), "{}/{}: {stored:?}", key.namespace, key.name);
    }

    /// Whether it, or the Cluster that owns it, is paused.
    fn is_paused(&self, control_plane: &Value) -> bool {
        let annotated = |object: &Value| object["metadata"]["annotations"].get(PAUSED).is_some();
        let owner = control_plane.pointer("/metadata/ownerReferences/0/name").and_then(Value::as_str);
        let namespace = Key::of(control_plane).namespace;
        let cluster = owner.and_then(|name| self.get(Kind::Cluster, &Key::new(namespace, name)));
        let stopped = cluster.is_some_and(|it| annotated(&it) || it["spec"]["paused"] == json!(true));
        stopped || annotated(control_plane)
    }
}

fn write(tenant: &mut Value, spec: &Value) {
    if let Some(version) = spec["version"].as_str() {
        let prefix = if version.starts_with('v') { "" } else { "v" };
        tenant["spec"]["kubernetes"]["version"] = json!(format!("{prefix}{version}"));
    }
    let deployment = &mut tenant["spec"]["controlPlane"]["deployment"];
    if spec["replicas"].is_u64() {
        deployment["replicas"] = spec["replicas"].clone();
    }
    if spec["deployment"]["strategy"].is_object() {
        deployment["strategy"] = spec["deployment"]["strategy"].clone();
    }
}

fn copy_status(status: &mut Value, resources: &Value) {
    let word = &resources["version"]["status"];
    let deployment = &resources["deployment"];
    let counts = [
        ("replicas", "replicas"),
        ("readyReplicas", "readyReplicas"),
        ("availableReplicas", "availableReplicas"),
        ("upToDateReplicas", "updatedReplicas"),
    ];
    for (field, of_deployment) in counts {
        status[field] = json!(json::count(deployment, &format!("/{of_deployment}")));
    }
    status["version"] = json!(resources["version"]["version"].as_str().unwrap_or_default());
    status["ready"] = json!(matches!(word.as_str(), Some("Ready" | "Upgrading")));
    status["externalManagedControlPlane"] = json!(true);
    status["initialization"] = json!({"controlPlaneInitialized": true});
}

fn set_condition(status: &mut Value, kind: &str, mut condition: Value, generation: &Value, now: &str) {
    if !status["conditions"].is_array() {
        status["conditions"] = json!([]);
    }
    let Some(conditions) = status["conditions"].as_array_mut() else { return };
    let known = conditions.iter_mut().find(|condition| condition["type"] == kind);
    let since = known.as_ref().filter(|known| known["status"] == condition["status"]);
    condition["lastTransitionTime"] = since.map_or_else(|| json!(now), |known| known["lastTransitionTime"].clone());
    condition["type"] = json!(kind);
    condition["observedGeneration"] = generation.clone();
    match known {
        Some(known) => *known = condition,
        None => conditions.push(condition),
    }
}
