//! Objects that no honest writer makes: text that is markup, names as long as they may be, fields of the wrong type. Kamaji
//! leaves them alone, since they are paused or cannot be read.

use serde_json::json;

use super::builder::{Builder, Tenant};
use crate::kinds::Kind;
use crate::store::Key;

/// 63 letters: the longest name that is also a label's value.
const LONG_NAME: &str = "x-a-tenant-whose-name-is-just-as-long-as-kubernetes-lets-it-be0";
const SCRIPT: &str = "<script>document.title='owned'</script>";
const IMAGE: &str = "\"><img src=x onerror=\"document.title='owned'\">";
/// A control sequence of terminals, a null-like escape, and letters that turn the direction of the text.
const CONTROL: &str = "\u{1b}[31mred\u{1b}[0m \u{202e}desrever\u{202c} \u{200b}\u{feff}";

pub(super) fn plant(world: &mut Builder, namespace: &str) {
    annotated(world, namespace);
    without_status(world, namespace);
    malformed(world, namespace);
}

/// A real tenant with markup in every text that its owner or a controller can write.
fn annotated(world: &mut Builder, namespace: &str) {
    world.create(Tenant {
        namespace,
        name: LONG_NAME,
        replicas: 1,
        metadata: json!({"annotations": {
            "kamaji.clastix.io/paused": SCRIPT,
            "upgrade-console.kamaji.clastix.io/former-strategy": IMAGE,
            "example.com/note": format!("{SCRIPT} {CONTROL} {}", "long ".repeat(400)),
            "kubectl.kubernetes.io/last-applied-configuration": "{\"spec\":{\"kubernetes\":{\"version\":\"</script>\"}}}",
        }}),
        ..Tenant::default()
    });
    let key = Key::new(namespace, LONG_NAME);
    world.world.tamper(Kind::TenantControlPlane, &key, |tenant| {
        tenant["status"] = json!({
            "observedGeneration": 1,
            "controlPlaneEndpoint": "javascript:alert(1)",
            "kubernetesResources": {
                "version": {"version": "v1.35.6", "status": SCRIPT},
                "deployment": {"replicas": 1, "readyReplicas": 1, "conditions": [{
                    "type": IMAGE, "status": "True", "reason": SCRIPT, "message": CONTROL,
                    "lastUpdateTime": "yesterday", "lastTransitionTime": "",
                }]},
            },
            "storage": {"dataStoreName": IMAGE, "driver": SCRIPT},
        });
    });
    let Some(tenant) = world.world.get(Kind::TenantControlPlane, &key) else { return };
    world.world.plant(
        Kind::Event,
        json!({
            "metadata": {"name": format!("{LONG_NAME}.18ea4e4e7dfdb38b"), "namespace": namespace},
            "involvedObject": {
                "kind": "TenantControlPlane", "namespace": namespace, "name": LONG_NAME,
                "uid": tenant["metadata"]["uid"], "apiVersion": "kamaji.clastix.io/v1alpha1",
            },
            "reason": IMAGE,
            "message": format!("{SCRIPT}{CONTROL}"),
            "type": "Warning",
            "count": 3,
            "source": {"component": IMAGE},
            "eventTime": null,
            "reportingComponent": "",
            "reportingInstance": "",
        }),
    );
}

/// What a crashed controller leaves: a specification and nothing else.
fn without_status(world: &mut Builder, namespace: &str) {
    world.world.plant(
        Kind::TenantControlPlane,
        json!({
            "metadata": {
                "name": "no-status", "namespace": namespace, "generation": 1,
                "annotations": {"kamaji.clastix.io/paused": "true"},
            },
            "spec": {
                "dataStore": "default",
                "kubernetes": {"version": "v1.35.6", "kubelet": {}},
                "controlPlane": {"deployment": {"replicas": 3}, "service": {"serviceType": "ClusterIP"}},
                "networkProfile": {"port": 6443},
            },
        }),
    );
}

/// Wrong types in every field that is read.
fn malformed(world: &mut Builder, namespace: &str) {
    world.world.plant(
        Kind::TenantControlPlane,
        json!({
            "metadata": {
                "name": "malformed", "namespace": namespace, "generation": "seven",
                "labels": ["not", "a", "map"], "ownerReferences": "nobody",
            },
            "spec": {
                "dataStore": {"name": "default"},
                "kubernetes": {"version": 1.35, "kubelet": []},
                "controlPlane": {"deployment": {"replicas": "three", "strategy": "Canary"}, "service": null},
                "addons": "konnectivity",
                "writePermissions": "blockCreation",
            },
            "status": [{"kubernetesResources": "none"}],
        }),
    );
}
