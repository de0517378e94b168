//! Which APIs of Kubernetes itself went, and what took their place.

use crate::version::Minor;

use super::GroupVersion;

/// An API version that Kubernetes stopped serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedApi {
    /// The group; empty for core.
    pub group: &'static str,
    /// The version that went.
    pub version: &'static str,
    /// The resources, in the plural, that were in it.
    pub resources: &'static [&'static str],
    /// The first minor without it.
    pub removed_in: Minor,
    /// `apiVersion` of what took its place.
    pub instead: Option<&'static str>,
}

const fn removed(
    group: &'static str,
    version: &'static str,
    resources: &'static [&'static str],
    minor: u64,
    instead: Option<&'static str>,
) -> RemovedApi {
    RemovedApi { group, version, resources, removed_in: Minor { major: 1, minor }, instead }
}

/// From the deprecated API migration guide, for the minors that a Kamaji tenant may still come from. An API server says by itself
/// which of its APIs go when; this only adds what to use instead, and helps where it may not be asked.
const REMOVED: [RemovedApi; 11] = [
    removed("batch", "v1beta1", &["cronjobs"], 25, Some("batch/v1")),
    removed("discovery.k8s.io", "v1beta1", &["endpointslices"], 25, Some("discovery.k8s.io/v1")),
    removed("events.k8s.io", "v1beta1", &["events"], 25, Some("events.k8s.io/v1")),
    removed("autoscaling", "v2beta1", &["horizontalpodautoscalers"], 25, Some("autoscaling/v2")),
    removed("policy", "v1beta1", &["poddisruptionbudgets"], 25, Some("policy/v1")),
    removed("node.k8s.io", "v1beta1", &["runtimeclasses"], 25, Some("node.k8s.io/v1")),
    removed("autoscaling", "v2beta2", &["horizontalpodautoscalers"], 26, Some("autoscaling/v2")),
    removed(FLOW_CONTROL, "v1beta1", &FLOWS, 26, Some("flowcontrol.apiserver.k8s.io/v1beta3")),
    removed("storage.k8s.io", "v1beta1", &["csistoragecapacities"], 27, Some("storage.k8s.io/v1")),
    removed(FLOW_CONTROL, "v1beta2", &FLOWS, 29, Some("flowcontrol.apiserver.k8s.io/v1")),
    removed(FLOW_CONTROL, "v1beta3", &FLOWS, 32, Some("flowcontrol.apiserver.k8s.io/v1")),
];

const FLOW_CONTROL: &str = "flowcontrol.apiserver.k8s.io";
const FLOWS: [&str; 2] = ["flowschemas", "prioritylevelconfigurations"];

/// The APIs that are known to have been removed since 1.25, oldest first.
pub fn removed_apis() -> &'static [RemovedApi] {
    &REMOVED
}

/// What took the place of a resource in this version, if the guide says so.
pub(super) fn instead(api: &GroupVersion, resource: &str) -> Option<&'static str> {
    let of = |removed: &&RemovedApi| {
        removed.group == api.group && removed.version == api.version && removed.resources.contains(&resource)
    };
    REMOVED.iter().find(of)?.instead
}
