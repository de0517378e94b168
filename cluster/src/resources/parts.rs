//! Deployment, ReplicaSet, pod and event: what Kamaji and the controllers made of a TenantControlPlane.

use planner::tenant::{
    ConditionFacts, DeclaredVersion, DeploymentCounts, DeploymentFacts, EventFacts, PodFacts, PodRequests, PodTrouble,
    ReplicaSetFacts, TenantId,
};
use serde_json::Value;

use super::fields::{Fields, text_in, time_in};
use super::{EventObject, Part, TENANT_LABEL, image, quantity, tenant};

/// apps/v1's default `terminationGracePeriodSeconds` (s).
const DEFAULT_GRACE_SECONDS: u32 = 30;

/// Waiting reasons of a container that is simply on its way.
const ON_ITS_WAY: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// The TenantControlPlane an object belongs to by its label.
fn labelled_tenant(namespace: &str, fields: &Fields<'_>) -> Option<TenantId> {
    let name = fields.label(TENANT_LABEL).filter(|name| !name.is_empty())?;
    Some(TenantId { namespace: namespace.to_owned(), name: name.to_owned() })
}

/// Whether the controller reference, if there is one, is of this kind: somebody's own pod may carry Kamaji's label too.
fn controlled_by(fields: &Fields<'_>, kind: &str) -> bool {
    let controller = fields
        .list("/metadata/ownerReferences")
        .iter()
        .find(|reference| reference.get("controller").and_then(Value::as_bool) == Some(true));
    controller.is_none_or(|reference| text_in(reference, "/kind") == Some(kind))
}

/// A Deployment. Its name is its TenantControlPlane's; anything else that carries the label is not the control plane.
pub(super) fn deployment(namespace: &str, name: &str, value: &Value) -> Option<Part<Box<DeploymentFacts>>> {
    let fields = Fields::new(format!("Deployment {name}"), value);
    let tenant = labelled_tenant(namespace, &fields).filter(|tenant| tenant.name == name)?;
    let count = |path: &str| fields.count(path).unwrap_or_default();
    let facts = DeploymentFacts {
        generation: fields.integer("/metadata/generation").unwrap_or_default(),
        observed_generation: fields.integer("/status/observedGeneration"),
        version: api_server_version(fields.list("/spec/template/spec/containers")),
        replicas: fields.count("/spec/replicas").unwrap_or(1),
        strategy: tenant::declared_strategy(&fields, "/spec/strategy"),
        min_ready_seconds: count("/spec/minReadySeconds"),
        progress_deadline_seconds: fields.count("/spec/progressDeadlineSeconds"),
        termination_grace_seconds: fields
            .count("/spec/template/spec/terminationGracePeriodSeconds")
            .unwrap_or(DEFAULT_GRACE_SECONDS),
        requests: requests(fields.list("/spec/template/spec/containers")),
        counts: DeploymentCounts {
            replicas: count("/status/replicas"),
            updated: count("/status/updatedReplicas"),
            ready: count("/status/readyReplicas"),
            available: count("/status/availableReplicas"),
            unavailable: count("/status/unavailableReplicas"),
            terminating: fields.count("/status/terminatingReplicas"),
        },
        conditions: fields.list("/status/conditions").iter().map(condition).collect(),
    };
    Some(Part { tenant, name: name.to_owned(), facts: Box::new(facts), problems: fields.into_problems() })
}

/// A ReplicaSet.
pub(super) fn replica_set(namespace: &str, name: &str, value: &Value) -> Option<Part<ReplicaSetFacts>> {
    let fields = Fields::new(format!("ReplicaSet {name}"), value);
    let tenant = labelled_tenant(namespace, &fields).filter(|_| controlled_by(&fields, "Deployment"))?;
    let count = |path: &str| fields.count(path).unwrap_or_default();
    let facts = ReplicaSetFacts {
        name: name.to_owned(),
        pod_template_hash: fields.label("pod-template-hash").unwrap_or_default().to_owned(),
        revision: fields.annotation("deployment.kubernetes.io/revision").and_then(|text| text.parse().ok()),
        version: api_server_version(fields.list("/spec/template/spec/containers")),
        created_at: fields.time("/metadata/creationTimestamp"),
        spec_replicas: count("/spec/replicas"),
        replicas: count("/status/replicas"),
        ready: count("/status/readyReplicas"),
        available: count("/status/availableReplicas"),
    };
    Some(Part { tenant, name: name.to_owned(), facts, problems: fields.into_problems() })
}

/// A pod.
pub(super) fn pod(namespace: &str, name: &str, value: &Value) -> Option<Part<Box<PodFacts>>> {
    let fields = Fields::new(format!("Pod {name}"), value);
    let tenant = labelled_tenant(namespace, &fields).filter(|_| controlled_by(&fields, "ReplicaSet"))?;
    let conditions = fields.list("/status/conditions");
    let became_true = |kind: &str| {
        conditions
            .iter()
            .find(|condition| text_in(condition, "/type") == Some(kind))
            .filter(|condition| text_in(condition, "/status") == Some("True"))
            .and_then(|condition| time_in(condition, "/lastTransitionTime"))
    };
    let grace = fields.integer("/metadata/deletionGracePeriodSeconds").unwrap_or_default();
    let containers = fields.list("/status/containerStatuses");
    let facts = PodFacts {
        name: name.to_owned(),
        uid: fields.text("/metadata/uid").unwrap_or_default(),
        pod_template_hash: fields.label("pod-template-hash").unwrap_or_default().to_owned(),
        version: api_server_version(fields.list("/spec/containers")),
        created_at: fields.time("/metadata/creationTimestamp"),
        scheduled_at: became_true("PodScheduled"),
        ready_at: became_true("Ready"),
        terminating_at: fields
            .time("/metadata/deletionTimestamp")
            .map(|deadline| deadline.plus_millis(-grace.clamp(0, 86_400).saturating_mul(1000))),
        restarts: containers
            .iter()
            .filter_map(|status| status.get("restartCount").and_then(Value::as_u64))
            .fold(0, |sum, restarts| sum.saturating_add(u32::try_from(restarts).unwrap_or(u32::MAX))),
        node: fields.filled("/spec/nodeName"),
        trouble: trouble(&fields),
    };
    Some(Part { tenant, name: name.to_owned(), facts: Box::new(facts), problems: fields.into_problems() })
}

/// An event on a TenantControlPlane or something made of it, told by the name: ReplicaSets are named
/// `<tenant>-<hash>`, pods `<tenant>-<hash>-<suffix>`. Whether such a TenantControlPlane exists is for the index to say.
pub(super) fn event(namespace: &str, name: &str, value: &Value) -> Option<Part<EventObject>> {
    let fields = Fields::new(format!("Event {name}"), value);
    let kind = text_in(value, "/involvedObject/kind")?;
    let about = text_in(value, "/involvedObject/name")?;
    let tenant = match kind {
        "TenantControlPlane" | "Deployment" => about,
        "ReplicaSet" => about.rsplit_once('-')?.0,
        "Pod" => about.rsplit_once('-')?.0.rsplit_once('-')?.0,
        _ => return None,
    };
    let at = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"]
        .into_iter()
        .find_map(|path| time_in(value, path));
    let event = EventFacts {
        at,
        about: format!("{kind}/{about}"),
        kind: fields.text("/type").unwrap_or_default(),
        reason: fields.text("/reason").unwrap_or_default(),
        message: fields.text("/message").unwrap_or_default(),
        count: fields.count("/series/count").or_else(|| fields.count("/count")).unwrap_or(1).max(1),
    };
    // `spec.containers{kube-apiserver}`
    let container = text_in(value, "/involvedObject/fieldPath").and_then(|path| path.split(['{', '}']).nth(1));
    let pull = if kind == "Pod" { image::pull(about, &event, container) } else { None };
    let facts = EventObject { event, pull };
    let tenant = TenantId { namespace: namespace.to_owned(), name: tenant.to_owned() };
    Some(Part { tenant, name: name.to_owned(), facts, problems: fields.into_problems() })
}

/// Tag of the `kube-apiserver` container's image: Kamaji puts no version on a pod in any other way.
fn api_server_version(containers: &[Value]) -> Option<DeclaredVersion> {
    let container = containers.iter().find(|container| text_in(container, "/name") == Some("kube-apiserver"))?;
    let (_, tag) = image::tagged(text_in(container, "/image")?)?;
    Some(DeclaredVersion(tag.to_owned()))
}

/// Sums of what the containers request; a limit without a request counts as one, as the API server fills it in on the pod.
fn requests(containers: &[Value]) -> PodRequests {
    if containers.is_empty() {
        return PodRequests::default();
    }
    let sum = |resource: &str| {
        containers.iter().try_fold(0_u128, |sum, container| {
            let text = text_in(container, &format!("/resources/requests/{resource}"))
                .or_else(|| text_in(container, &format!("/resources/limits/{resource}")))?;
            sum.checked_add(quantity::thousandths(text)?)
        })
    };
    let bytes = |resource| sum(resource).and_then(|thousandths| u64::try_from(thousandths.div_ceil(1000)).ok());
    PodRequests {
        cpu_millis: sum("cpu").and_then(|millis| u64::try_from(millis).ok()),
        memory_bytes: bytes("memory"),
        ephemeral_storage_bytes: bytes("ephemeral-storage"),
    }
}

/// A condition as it stands.
pub(crate) fn condition(value: &Value) -> ConditionFacts {
    let text = |path| text_in(value, path).unwrap_or_default().to_owned();
    ConditionFacts {
        kind: text("/type"),
        status: text("/status"),
        reason: text("/reason"),
        message: text("/message"),
        updated_at: time_in(value, "/lastUpdateTime").or_else(|| time_in(value, "/lastTransitionTime")),
    }
}

/// Why a pod does not run, the most telling reason first.
fn trouble(fields: &Fields<'_>) -> Option<PodTrouble> {
    let found = |reason: &str, message: Option<&str>| {
        Some(PodTrouble { reason: reason.to_owned(), message: message.unwrap_or_default().to_owned() })
    };
    if fields.at("/status/phase").and_then(Value::as_str) == Some("Failed") {
        let reason = fields.at("/status/reason").and_then(Value::as_str).unwrap_or("Failed");
        return found(reason, fields.at("/status/message").and_then(Value::as_str));
    }
    for condition in fields.list("/status/conditions") {
        if text_in(condition, "/type") == Some("PodScheduled") && text_in(condition, "/status") == Some("False") {
            return found(text_in(condition, "/reason").unwrap_or("Unschedulable"), text_in(condition, "/message"));
        }
    }
    let containers =
        fields.list("/status/initContainerStatuses").iter().chain(fields.list("/status/containerStatuses"));
    for status in containers {
        let Some(reason) = text_in(status, "/state/waiting/reason") else { continue };
        if !ON_ITS_WAY.contains(&reason) {
            return found(reason, text_in(status, "/state/waiting/message"));
        }
    }
    None
}
