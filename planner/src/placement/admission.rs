//! What the API server does to a new pod before the scheduler sees it. A pod that exists has it behind it; doing it twice
//! changes nothing.

use super::labels::LabelOperator;
use super::limit_range::LimitRange;
use super::pod::{Container, PodSpec, PodTemplate, ResourceRequirements};
use super::ports::default_host_network_ports;
use super::resources::{Half, is_pod_level};
use super::taints::add_default_tolerations;

/// Defaulting (`SetDefaults_Pod`), admission (`LimitRanger`, `DefaultTolerationSeconds`) and preparation (`applySchedulingKeys` of pod
/// affinity and topology spread) of a new pod.
pub(super) fn admit(template: &PodTemplate, limit_ranges: &[LimitRange]) -> PodTemplate {
    let mut pod = template.clone();
    default_resources(&mut pod.spec);
    if pod.spec.host_network {
        default_host_network_ports(&mut pod.spec.containers);
        default_host_network_ports(&mut pod.spec.init_containers);
    }
    limit_ranges.iter().for_each(|range| range.fill_in(&mut pod.spec));
    add_default_tolerations(&mut pod.spec.tolerations);
    merge_label_keys(&mut pod);
    pod
}

/// Limits stand in for requests that are missing, resource by resource; pod-level limits do so only for what no container
/// requests.
fn default_resources(spec: &mut PodSpec) {
    for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
        default_requests(container);
    }
    let sum = spec.containers_totals(Half::Requests);
    if let Some(ResourceRequirements { requests, limits }) = &mut spec.resources {
        for (resource, limit) in limits.0.iter().filter(|(resource, _)| is_pod_level(resource)) {
            let amount = sum.0.get(resource).unwrap_or(limit);
            requests.0.entry(resource.clone()).or_insert(*amount);
        }
    }
}

fn default_requests(container: &mut Container) {
    let ResourceRequirements { requests, limits } = &mut container.resources;
    for (resource, limit) in &limits.0 {
        requests.0.entry(resource.clone()).or_insert(*limit);
    }
}

/// An absent selector stays absent: it means no pod, whatever the keys say.
fn merge_label_keys(pod: &mut PodTemplate) {
    let PodTemplate { labels, spec, .. } = pod;
    let affinity = spec.affinity.as_mut();
    let (attracting, repelling) = affinity.map(|it| (it.pod_affinity.as_mut(), it.pod_anti_affinity.as_mut())).unzip();
    for term in [attracting, repelling].into_iter().flatten().flatten().flat_map(|terms| &mut terms.required) {
        if let Some(selector) = &mut term.label_selector {
            selector.merge_keys(&term.match_label_keys, LabelOperator::In, labels);
            selector.merge_keys(&term.mismatch_label_keys, LabelOperator::NotIn, labels);
        }
    }
    for constraint in &mut spec.topology_spread_constraints {
        if let Some(selector) = &mut constraint.label_selector {
            selector.merge_keys(&constraint.match_label_keys, LabelOperator::In, labels);
        }
    }
}
