//! A pod that holds room, reduced to what the scheduler reads of it.

use super::interpod::Term;
use super::labels::Labels;
use super::pod::{Pod, PodSpec};
use super::ports::{HostPort, host_ports};
use super::resources::Amounts;

/// A pod on a node, as other pods feel it. Pods of one ReplicaSet are equal in this.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Occupant {
    pub(super) namespace: String,
    pub(super) labels: Labels,
    pub(super) requests: Amounts,
    pub(super) ports: Vec<HostPort>,
    pub(super) anti_affinity: Vec<Term>,
    /// Being deleted: it holds everything until it is gone, and only topology spread does not count it any more.
    pub(super) deleting: bool,
    pub(super) priority: i32,
}

impl Occupant {
    /// What a pod that exists holds; nothing if it has ended.
    pub fn of(pod: &Pod) -> Option<Self> {
        let holds = !pod.has_ended();
        holds.then(|| Self { deleting: pod.deleting, ..Self::new(&pod.namespace, &pod.labels, &pod.spec) })
    }

    pub(super) fn new(namespace: &str, labels: &Labels, spec: &PodSpec) -> Self {
        let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.pod_anti_affinity.as_ref());
        Self {
            namespace: namespace.to_owned(),
            labels: labels.clone(),
            requests: Amounts::requested_by(spec),
            ports: host_ports(spec),
            anti_affinity: affinity
                .into_iter()
                .flat_map(|terms| &terms.required)
                .map(|term| Term::of(term, namespace))
                .collect(),
            deleting: false,
            priority: spec.priority.unwrap_or(0),
        }
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// What it requests in all.
    pub fn requests(&self) -> Amounts {
        self.requests
    }
}
