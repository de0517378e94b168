//! Nodes, and the kube-proxy on each.

use std::collections::BTreeMap;

use kube::api::ListParams;
use planner::runbook::CORDON_ANNOTATION;
use planner::tenant::{DeclaredVersion, Reading};
use planner::tenant_api::Answer;
use planner::workers::{Cordon, NodeFacts, Readiness};
use serde_json::Value;

use super::super::ask::{Asker, shortened};
use super::{MOST_OBJECTS, tag_of};
use crate::resources::fields::text_in;

/// Nodes carry lists of images, so a page holds few.
const NODES_PAGE: u32 = 50;

/// Labels that name the pool of a node: Kamaji prescribes none, and these are common.
const POOL_LABELS: [&str; 5] = ["karpenter.sh/nodepool", "node-pool", "nodepool", "pool", "agentpool"];
/// By which Cluster API notes on a Node the MachineSet that it belongs to.
const MACHINE_SET: &str = "cluster.x-k8s.io/owner-name";

/// Where the kube-proxies run.
const PROXIES: &str = "/api/v1/namespaces/kube-system/pods";
/// By which label they are known.
const PROXY_LABEL: &str = "k8s-app=kube-proxy";

pub(super) async fn read(ask: &Asker) -> Answer<Vec<NodeFacts>> {
    let proxies = ListParams::default().limit(super::PAGE).labels(PROXY_LABEL);
    let (nodes, proxies) = tokio::join!(listed(ask), ask.list(PROXIES, proxies, MOST_OBJECTS, proxy));
    nodes.map(|mut nodes| {
        let proxies = proxies.map(|proxies| proxies.into_iter().collect::<BTreeMap<_, _>>()).reading();
        with_proxies(&mut nodes, &proxies);
        nodes.sort_by(|one, other| one.name.cmp(&other.name));
        nodes
    })
}

/// The nodes alone.
pub(in crate::tenant_access) async fn listed(ask: &Asker) -> Answer<Vec<NodeFacts>> {
    ask.list("/api/v1/nodes", ListParams::default().limit(NODES_PAGE), MOST_OBJECTS, node).await
}

/// Notes on each node the kube-proxy that runs there.
fn with_proxies(nodes: &mut [NodeFacts], proxies: &Reading<BTreeMap<String, DeclaredVersion>>) {
    for node in nodes {
        node.kube_proxy = match proxies {
            Reading::Read(proxies) => proxies.get(&node.name).cloned().map_or(Reading::Missing, Reading::Read),
            Reading::Missing => Reading::Missing,
            Reading::Waiting => Reading::Waiting,
            Reading::Forbidden(words) => Reading::Forbidden(words.clone()),
        };
    }
}

/// Reads a Node. `None` if it has no name. Which kube-proxy runs on it stands elsewhere.
pub(in crate::tenant_access) fn node(object: &Value) -> Option<NodeFacts> {
    let name = text_in(object, "/metadata/name").map(shortened).filter(|name| !name.is_empty())?;
    let text = |path: &str| shortened(text_in(object, path).unwrap_or_default());
    let labels = object.pointer("/metadata/labels");
    let annotations = object.pointer("/metadata/annotations");
    let pool = POOL_LABELS.into_iter().find_map(|label| labels?.get(label)?.as_str());
    let pool = pool.or_else(|| annotations?.get(MACHINE_SET)?.as_str());
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let ready = conditions.into_iter().flatten().find(|it| text_in(it, "/type") == Some("Ready"));
    Some(NodeFacts {
        name,
        pool: pool.map(shortened),
        kubelet: DeclaredVersion(text("/status/nodeInfo/kubeletVersion")),
        kube_proxy: Reading::Waiting,
        os_image: text("/status/nodeInfo/osImage"),
        runtime: text("/status/nodeInfo/containerRuntimeVersion"),
        readiness: match ready.and_then(|it| text_in(it, "/status")) {
            Some("True") => Readiness::Ready,
            Some("False") => Readiness::NotReady,
            _ => Readiness::Unknown,
        },
        cordon: match object.pointer("/spec/unschedulable") {
            Some(Value::Bool(true)) => {
                let ours = annotations.is_some_and(|annotations| annotations.get(CORDON_ANNOTATION).is_some());
                if ours { Cordon::ByRunbook } else { Cordon::BySomebody }
            }
            _ => Cordon::Schedulable,
        },
    })
}

/// On which node a kube-proxy runs, and the tag of its image. The pod that was made last counts, so one that ends is left out.
fn proxy(object: &Value) -> Option<(String, DeclaredVersion)> {
    if object.pointer("/metadata/deletionTimestamp").is_some_and(|it| !it.is_null()) {
        return None;
    }
    let node = shortened(text_in(object, "/spec/nodeName")?);
    let containers = object.pointer("/spec/containers").and_then(Value::as_array)?;
    let image = containers.iter().find(|it| text_in(it, "/name") == Some("kube-proxy")).or(containers.first())?;
    Some((node, DeclaredVersion(shortened(tag_of(text_in(image, "/image")?)?))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_node_is_read_field_by_field_and_nothing_is_guessed() {
        let object = json!({
            "metadata": {"name": "worker-1", "labels": {"pool": "edge"}, "annotations": {CORDON_ANNOTATION: "v1.36.4"}},
            "spec": {"unschedulable": true},
            "status": {
                "nodeInfo": {"kubeletVersion": "v1.35.6", "osImage": "Ubuntu 24.04.1 LTS", "containerRuntimeVersion": 7},
                "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "False"}],
            },
        });
        let read = node(&object).expect("it has a name");
        assert_eq!((read.pool.as_deref(), read.kubelet.0.as_str()), (Some("edge"), "v1.35.6"));
        assert_eq!((read.readiness, read.cordon), (Readiness::NotReady, Cordon::ByRunbook));
        assert_eq!((read.os_image.as_str(), read.runtime.as_str()), ("Ubuntu 24.04.1 LTS", ""));
        assert_eq!(read.kube_proxy, Reading::Waiting);

        let bare = node(&json!({"metadata": {"name": "worker-2"}, "spec": {"unschedulable": "yes"}})).expect("a name");
        assert_eq!((bare.readiness, bare.cordon, bare.pool), (Readiness::Unknown, Cordon::Schedulable, None));
        assert_eq!(node(&json!({"status": {}})), None);
    }

    #[test]
    fn nothing_that_is_kept_of_a_hostile_node_is_long() {
        let long = "x".repeat(1 << 20);
        let object = json!({
            "metadata": {"name": long, "labels": {"pool": long}},
            "status": {"nodeInfo": {"kubeletVersion": long, "osImage": long, "containerRuntimeVersion": long}},
        });
        let read = serde_json::to_string(&node(&object).expect("it has a name")).expect("JSON");
        assert!(read.len() < 5 * 350 + 300, "{} bytes", read.len());
        let pod = json!({"spec": {"nodeName": long, "containers": [{"image": format!("kube-proxy:{long}")}]}});
        let (name, tag) = proxy(&pod).expect("it runs on a node");
        assert_eq!((name, tag.0.len()), (shortened(&long), shortened(&long).len()));
    }

    #[test]
    fn a_kube_proxy_that_ends_is_not_the_one_that_runs() {
        let pod = |more: Value| {
            let mut pod = json!({
                "metadata": {"name": "kube-proxy-x"},
                "spec": {"nodeName": "worker-1", "containers": [{"name": "kube-proxy", "image": "registry.k8s.io/kube-proxy:v1.35.6"}]},
            });
            pod["metadata"]["deletionTimestamp"] = more;
            proxy(&pod)
        };
        assert_eq!(pod(Value::Null), Some(("worker-1".to_owned(), DeclaredVersion("v1.35.6".to_owned()))));
        assert_eq!(pod(json!("2026-11-24T09:00:00Z")), None);
    }
}
