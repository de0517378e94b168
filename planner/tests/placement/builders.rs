//! Small clusters for tests.

use planner::placement::{
    Affinity, Container, Labels, Node, Pod, PodAffinityTerm, PodSpec, PodTemplate, PodTerms, ResourceList,
    ResourceRequirements, Room,
};
use serde::de::DeserializeOwned;

/// The namespace of everything here.
pub(crate) const NAMESPACE: &str = "tenants";

pub(crate) fn from_json<T: DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).expect("it can be read")
}

pub(crate) fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn resources(pairs: &[(&str, &str)]) -> ResourceList {
    let amount = |text: &str| text.parse().expect("a quantity");
    ResourceList(pairs.iter().map(|(resource, text)| ((*resource).to_owned(), amount(text))).collect())
}

/// A node with a hostname and this much CPU, 16 GiB and 110 pods.
pub(crate) fn node(name: &str, cpu: &str) -> Node {
    Node {
        name: name.to_owned(),
        labels: labels(&[("kubernetes.io/hostname", name)]),
        allocatable: resources(&[("cpu", cpu), ("memory", "16Gi"), ("pods", "110")]),
        ..Node::default()
    }
}

/// One container that requests so much CPU.
pub(crate) fn spec(cpu: &str) -> PodSpec {
    let requirements = ResourceRequirements { requests: resources(&[("cpu", cpu)]), limits: ResourceList::default() };
    let container = Container { name: "main".to_owned(), resources: requirements, ..Container::default() };
    PodSpec { containers: vec![container], ..PodSpec::default() }
}

/// A new pod of the tenant.
pub(crate) fn template(spec: PodSpec) -> PodTemplate {
    let labels = labels(&[("kamaji.clastix.io/name", "blue"), ("pod-template-hash", "new")]);
    PodTemplate { namespace: NAMESPACE.to_owned(), labels, spec }
}

/// Pods of the tenant that exist, one on each of these nodes.
pub(crate) fn old_pods(spec: &PodSpec, nodes: &[&str]) -> Vec<Pod> {
    let pod = |(number, node): (usize, &&str)| Pod {
        namespace: NAMESPACE.to_owned(),
        name: format!("blue-old-{number}"),
        labels: labels(&[("kamaji.clastix.io/name", "blue"), ("pod-template-hash", "old")]),
        node: Some((*node).to_owned()),
        spec: spec.clone(),
        ..Pod::default()
    };
    nodes.iter().enumerate().map(pod).collect()
}

pub(crate) fn room(nodes: Vec<Node>, pods: &[Pod]) -> Room {
    Room::new(nodes, [(NAMESPACE.to_owned(), Labels::new())], pods)
}

/// The spec with required anti-affinity to the tenant's pods within a label's values.
pub(crate) fn apart(spec: PodSpec, topology_key: &str) -> PodSpec {
    let term = PodAffinityTerm {
        label_selector: Some(from_json(serde_json::json!({"matchLabels": {"kamaji.clastix.io/name": "blue"}}))),
        topology_key: topology_key.to_owned(),
        ..PodAffinityTerm::default()
    };
    let affinity = Affinity { pod_anti_affinity: Some(PodTerms { required: vec![term] }), ..Affinity::default() };
    PodSpec { affinity: Some(affinity), ..spec }
}
