//! The tenants' own clusters: what stands behind the API server that a TenantControlPlane is.
//!
//! Kamaji writes configuration and add-ons into it whenever it has got through its gate; everything else is there from the start
//! or done by the control door, which plays a person at a node. Nothing here draws from the world's random numbers, so that a world
//! is the same with and without it.

mod nodes;
mod objects;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::behaviour::TenantApi;
use crate::error::ApiError;
use crate::json;
use crate::kamaji::version::KamajiVersion;
use crate::kinds::Kind;
use crate::store::{Key, Store};
use crate::world::World;

pub(crate) use self::nodes::{NodeStep, Worker};
pub(crate) use self::objects::{deployment, endpoint_slice, hook, metadata, pod, service};

/// How many changes a watch of a tenant may lag behind.
const LOG_LIMIT: usize = 1_000;

/// The path below which each tenant's API stands at the sandbox's own address.
pub(crate) const PATH: &str = "tenants";

/// One tenant's cluster.
#[derive(Debug)]
pub(crate) struct TenantCluster {
    /// The objects.
    pub(crate) store: Store,
    /// What a client must bring.
    token: String,
    /// Lines of `/metrics` beside those that every API server has.
    pub(crate) metrics: Vec<String>,
    /// What a person has done at each node last.
    steps: BTreeMap<String, NodeStep>,
    /// The version that Kamaji wrote last into kubeadm's configuration, and for which generation of the TenantControlPlane.
    written: Option<(String, Option<i64>)>,
}

/// What a request to a tenant's API meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Door {
    /// There is no such tenant.
    Absent,
    /// Nobody is there to answer.
    Closed,
    /// The connection stands, and nothing comes.
    Hanging,
    /// It answers.
    Open {
        /// What it takes for its administrator.
        token: String,
        /// What `/version` says.
        version: String,
    },
}

impl TenantCluster {
    fn new(uid: &str) -> Self {
        let mut cluster = Self {
            store: Store::new(LOG_LIMIT),
            token: digest(&format!("{uid} token")),
            metrics: Vec::new(),
            steps: BTreeMap::new(),
            written: None,
        };
        for namespace in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            cluster.put(Kind::Namespace, json!({"metadata": {"name": namespace}, "status": {"phase": "Active"}}));
        }
        cluster
    }

    /// Puts an object in, with what every object has.
    pub(crate) fn put(&mut self, kind: Kind, mut object: Value) {
        let key = Key::of(&object);
        let known = self.store.get(kind, &key).map(|known| known["metadata"]["creationTimestamp"].clone());
        object["apiVersion"] = json!(kind.api_version());
        object["kind"] = json!(kind.name());
        object["metadata"]["uid"] = json!(digest(&format!("{} {}/{}", kind.plural(), key.namespace, key.name)));
        object["metadata"]["creationTimestamp"] = known.unwrap_or_else(|| json!("2026-08-01T09:00:00Z"));
        self.store.put(kind, object);
    }

    /// Changes an object, if it is there.
    pub(crate) fn change(&mut self, kind: Kind, key: &Key, change: impl FnOnce(&mut Value)) -> Option<Arc<Value>> {
        let mut object = Value::clone(self.store.get(kind, key)?);
        change(&mut object);
        Some(self.store.put(kind, object))
    }

    /// What Kamaji writes once its gate is open: configuration, add-ons, and the kube-proxy on each node.
    fn write_add_ons(&mut self, tenant: &Value, version: &str) {
        let writing = Some((version.to_owned(), json::int(tenant, "/metadata/generation")));
        if self.written == writing {
            return;
        }
        self.written = writing;
        let patches = &tenant["spec"]["kubernetes"]["kubelet"]["configurationJSONPatches"];
        self.put(Kind::ConfigMap, objects::kubeadm_config(tenant, version));
        self.put(Kind::ConfigMap, objects::kubelet_config(version, patches));
        let add_ons = &tenant["spec"]["addons"];
        if add_ons["coreDNS"].is_object() {
            let tag = json::text(add_ons, "/coreDNS/imageTag").unwrap_or("v1.13.1");
            self.put(
                Kind::Deployment,
                deployment("kube-system", "coredns", 2, &format!("registry.k8s.io/coredns/coredns:{tag}")),
            );
        }
        if add_ons["kubeProxy"].is_object() {
            let tag = json::text(add_ons, "/kubeProxy/imageTag").unwrap_or(version).to_owned();
            let image = format!("registry.k8s.io/kube-proxy:{tag}");
            self.put(Kind::DaemonSet, objects::daemon_set("kube-proxy", &image));
            let nodes: Vec<String> = self.store.list(Kind::Node, None).map(|(key, _)| key.name.clone()).collect();
            for node in nodes {
                self.put(Kind::Pod, objects::kube_proxy(&node, &image));
            }
        }
        if add_ons["konnectivity"].is_object() {
            let minor = version.trim_start_matches('v').split('.').nth(1).unwrap_or_default();
            let tag = json::text(add_ons, "/konnectivity/agent/version")
                .map_or_else(|| format!("v0.{minor}.0"), str::to_owned);
            let image = format!("registry.k8s.io/kas-network-proxy/proxy-agent:{tag}");
            self.put(Kind::DaemonSet, objects::daemon_set("konnectivity-agent", &image));
        }
    }
}

impl World {
    /// The objects at one of the API servers.
    pub(crate) fn store_at(&self, tenant: Option<&Key>) -> Option<&Store> {
        match tenant {
            None => Some(&self.store),
            Some(key) => self.clusters.get(key).map(|cluster| &cluster.store),
        }
    }

    /// Counts every change at any API server.
    pub(crate) fn version(&self) -> u64 {
        self.store.version() + self.clusters.values().map(|cluster| cluster.store.version()).sum::<u64>()
    }

    /// Moves every counter past `version`, for a world that takes another's place.
    pub(crate) fn start_after(&mut self, version: u64) {
        self.store.start_after(version);
        for cluster in self.clusters.values_mut() {
            cluster.store.start_after(version);
        }
    }

    /// What a request to a tenant's API meets now.
    pub(crate) fn door(&self, key: &Key) -> Door {
        let Some(cluster) = self.clusters.get(key) else { return Door::Absent };
        match (self.behaviour(key).tenant_api, self.serving_version(key)) {
            (TenantApi::Hangs, _) => Door::Hanging,
            (TenantApi::Refuses, _) | (TenantApi::Answers, None) => Door::Closed,
            (TenantApi::Answers, Some(version)) => Door::Open { token: cluster.token.clone(), version },
        }
    }

    /// The version of a pod that serves: of two versions the older, as long as one of its pods is ready.
    fn serving_version(&self, key: &Key) -> Option<String> {
        let own = |pod: &Value| pod["metadata"]["labels"]["kamaji.clastix.io/name"] == json!(key.name);
        let pods = self.store.list(Kind::Pod, Some(&key.namespace)).map(|(_, pod)| pod);
        let serving = pods.filter(|pod| own(pod) && is_ready(pod) && pod["metadata"]["deletionTimestamp"].is_null());
        oldest(serving.filter_map(|pod| api_server_tag(pod)))
    }

    /// A tenant's cluster, made if there is none yet, with the Secret that leads to it.
    pub(crate) fn cluster(&mut self, key: &Key) -> Option<&mut TenantCluster> {
        if !self.clusters.contains_key(key) {
            let tenant = self.get(Kind::TenantControlPlane, key)?;
            let cluster = TenantCluster::new(json::text(&tenant, "/metadata/uid").unwrap_or_default());
            let secret = objects::admin_kubeconfig(&tenant, &self.url, &cluster.token, &json::seconds(self.now_ms()));
            self.clusters.insert(key.clone(), cluster);
            self.store.put(Kind::Secret, secret);
        }
        self.clusters.get_mut(key)
    }

    /// Kamaji writes what follows from the version it has been let through with. Without an API server there is nothing to write to.
    pub(crate) fn write_into_tenant(&mut self, key: &Key, tenant: &Value) {
        let Some(version) = json::text(tenant, "/spec/kubernetes/version").map(str::to_owned) else { return };
        let serves = matches!(self.door(key), Door::Open { .. });
        if let Some(cluster) = self.cluster(key)
            && serves
        {
            cluster.write_add_ons(tenant, &version);
        }
    }

    /// A tenant's cluster goes with it.
    pub(crate) fn remove_cluster(&mut self, key: &Key) {
        self.clusters.remove(key);
        self.store.remove(Kind::Secret, &Key::new(key.namespace.as_str(), format!("{}-admin-kubeconfig", key.name)));
    }

    /// A person takes the next step at a node: cordon, drain, upgrade, wait until it is ready, uncordon.
    ///
    /// # Errors
    /// 404 if there is no such tenant or node.
    pub(crate) fn step_at_node(&mut self, key: &Key, node: &str) -> Result<(NodeStep, Arc<Value>), ApiError> {
        let missing = || ApiError::not_found(Kind::Node, node);
        let cluster = self.clusters.get_mut(key).ok_or_else(missing)?;
        cluster.step_at_node(node).ok_or_else(missing)
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|it| it["type"] == json!("Ready") && it["status"] == json!("True"))
}

fn api_server_tag(pod: &Value) -> Option<String> {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array)?;
    let image = containers.iter().find(|it| it["name"] == json!("kube-apiserver"))?["image"].as_str()?;
    image.rsplit_once(':').map(|(_, tag)| tag.to_owned())
}

/// The oldest of these tags. One that is no version is in no registry, so nothing that serves has it.
fn oldest(tags: impl Iterator<Item = String>) -> Option<String> {
    let versions = tags.filter_map(|tag| Some((KamajiVersion::parse(&tag).ok()?, tag)));
    versions.min_by(|(left, _), (right, _)| left.precedence(right)).map(|(_, tag)| tag)
}

/// A text in the form of a uid that is the same for the same text.
fn digest(text: &str) -> String {
    let hex = crate::kamaji::checksum(text);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::oldest;

    #[test]
    fn of_two_versions_the_lower_number_is_the_older() {
        let cases: [(&[&str], Option<&str>); 5] = [
            (&["v1.33.10", "v1.33.9", "v1.33.10"], Some("v1.33.9")),
            (&["v1.9.0", "v1.10.0"], Some("v1.9.0")),
            (&["v1.36.0", "v1.36.0-rc.1"], Some("v1.36.0-rc.1")),
            (&["latest", "v1.36.4"], Some("v1.36.4")),
            (&[], None),
        ];
        for (tags, expected) in cases {
            assert_eq!(oldest(tags.iter().map(ToString::to_string)).as_deref(), expected, "{tags:?}");
        }
    }
}
