//! The nodes of the management cluster with everything on them, read once for a plan.
//!
//! It is read page by page and only what decides about room is kept. What may not be read is said, and makes the verdict unknown
//! rather than wrong.

use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use planner::placement::{
    Autoscaler, Feature, LimitRange, Node, Pod, PodPhase, PodSpec, PodTemplate, QuotaScope, QuotaScopeOperator,
    Replacement, ResourceList, ResourceQuota, Room, Taint,
};
use planner::plan::RoomFact;
use planner::rollout::Scenario;
use planner::strategy::Strategy;
use planner::tenant::TenantId;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::errors::api_words;
use crate::resources::TENANT_LABEL;

/// Objects in one page of a list.
const PAGE: u32 = 500;
/// The label by which a ReplicaSet's pods are told apart, and the value that stands for the one to come.
const TEMPLATE_HASH: (&str, &str) = ("pod-template-hash", "of-the-new-pods");

/// What one tenant's new pods meet.
#[derive(Debug)]
pub(crate) struct RoomReading {
    room: Room,
    old: Vec<Pod>,
    template: PodTemplate,
    quotas: Vec<ResourceQuota>,
    limit_ranges: Vec<LimitRange>,
    not_simulated: Vec<Feature>,
}

impl RoomReading {
    /// Reads it.
    ///
    /// # Errors
    /// In words, if nodes, pods or the Deployment cannot be read.
    pub(crate) async fn read(client: &Client, tenant: &TenantId) -> Result<Self, String> {
        let namespace = &tenant.namespace;
        let (nodes, namespaces, pods, deployment, quotas, limit_ranges) = tokio::join!(
            list(client, "", "Node", None, "nodes"),
            list(client, "", "Namespace", None, "namespaces"),
            list(client, "", "Pod", None, "pods of all namespaces"),
            one(client, tenant),
            list(client, "", "ResourceQuota", Some(namespace), "quotas"),
            list(client, "", "LimitRange", Some(namespace), "limit ranges"),
        );
        let mut not_simulated = Vec::new();
        let mut optional = |read: Result<Vec<DynamicObject>, String>, what: &str| {
            read.unwrap_or_else(|_| {
                not_simulated.push(Feature::Unreadable(what.to_owned()));
                Vec::new()
            })
        };
        let namespaces = optional(namespaces, "the labels of namespaces");
        let quotas = optional(quotas, "the quotas of the namespace");
        let limit_ranges = optional(limit_ranges, "the limit ranges of the namespace");
        let mut pods: Vec<Pod> = pods?.into_iter().map(pod).collect::<Result<_, _>>()?;
        let nodes: Vec<Node> = nodes?.into_iter().map(node).collect::<Result<_, _>>()?;
        let labels = namespaces.into_iter().map(|it| {
            let labels = it.metadata.labels.unwrap_or_default();
            (it.metadata.name.unwrap_or_default(), from(serde_json::json!(labels)).unwrap_or_default())
        });
        let room = Room::new(nodes, labels, &pods);
        let own = |pod: &Pod| pod.namespace == *namespace && pod.labels.get(TENANT_LABEL) == Some(&tenant.name);
        pods.retain(|pod| own(pod) && pod.labels.contains_key(TEMPLATE_HASH.0));
        Ok(Self {
            room,
            old: pods,
            template: template(deployment?, tenant)?,
            quotas: quotas.into_iter().map(quota).collect::<Result<_, _>>()?,
            limit_ranges: limit_ranges.into_iter().map(|it| part(&it.data, "/spec")).collect::<Result<_, _>>()?,
            not_simulated,
        })
    }

    /// Whether the rollout gets through, and what would if it does not.
    pub(crate) fn judge(&self, scenario: &Scenario, candidates: &[Strategy]) -> RoomFact {
        let new = vec![self.template.clone(); scenario.writes.len().max(1)];
        let replacement = Replacement {
            room: &self.room,
            old: &self.old,
            new: &new,
            quotas: &self.quotas,
            limit_ranges: &self.limit_ranges,
            autoscaler: Autoscaler::NotKnown,
            not_simulated: &self.not_simulated,
        };
        RoomFact::Simulated(replacement.judge(scenario), replacement.propose(scenario, candidates))
    }
}

async fn list(
    client: &Client,
    group: &str,
    kind: &str,
    namespace: Option<&str>,
    what: &str,
) -> Result<Vec<DynamicObject>, String> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind));
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let mut objects = Vec::new();
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let page =
            api.list(&params).await.map_err(|error| format!("the {what} cannot be read: {}", api_words(&error)))?;
        objects.extend(page.items);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(objects),
        }
    }
}

async fn one(client: &Client, tenant: &TenantId) -> Result<DynamicObject, String> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("apps", "v1", "Deployment"));
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &tenant.namespace, &resource);
    api.get(&tenant.name).await.map_err(|error| format!("the Deployment cannot be read: {}", api_words(&error)))
}

fn node(object: DynamicObject) -> Result<Node, String> {
    Ok(Node {
        labels: from(serde_json::json!(object.metadata.labels.unwrap_or_default()))?,
        taints: part::<Option<Vec<Taint>>>(&object.data, "/spec/taints")?.unwrap_or_default(),
        unschedulable: part::<Option<bool>>(&object.data, "/spec/unschedulable")?.unwrap_or_default(),
        allocatable: part::<Option<ResourceList>>(&object.data, "/status/allocatable")?.unwrap_or_default(),
        name: object.metadata.name.unwrap_or_default(),
    })
}

fn pod(object: DynamicObject) -> Result<Pod, String> {
    let name = object.metadata.name.unwrap_or_default();
    let unreadable = |why: String| format!("pod {name} cannot be read: {why}");
    Ok(Pod {
        namespace: object.metadata.namespace.unwrap_or_default(),
        labels: from(serde_json::json!(object.metadata.labels.unwrap_or_default())).map_err(&unreadable)?,
        node: part(&object.data, "/spec/nodeName").map_err(&unreadable)?,
        deleting: object.metadata.deletion_timestamp.is_some(),
        phase: part::<Option<PodPhase>>(&object.data, "/status/phase").map_err(&unreadable)?.unwrap_or_default(),
        spec: part::<PodSpec>(&object.data, "/spec").map_err(&unreadable)?,
        name,
    })
}

fn template(deployment: DynamicObject, tenant: &TenantId) -> Result<PodTemplate, String> {
    let labels = deployment.data.pointer("/spec/template/metadata/labels").cloned().unwrap_or_default();
    let mut labels = if labels.is_object() { labels } else { serde_json::json!({}) };
    labels[TEMPLATE_HASH.0] = Value::from(TEMPLATE_HASH.1);
    Ok(PodTemplate {
        namespace: tenant.namespace.clone(),
        labels: from(labels)?,
        spec: part(&deployment.data, "/spec/template/spec")?,
    })
}

fn quota(object: DynamicObject) -> Result<ResourceQuota, String> {
    let named: Vec<String> = part::<Option<Vec<String>>>(&object.data, "/spec/scopes")?.unwrap_or_default();
    let selected: Option<Vec<QuotaScope>> = part(&object.data, "/spec/scopeSelector/matchExpressions")?;
    let named = named.into_iter().map(|scope_name| QuotaScope {
        scope_name,
        operator: QuotaScopeOperator::Exists,
        values: Vec::new(),
    });
    Ok(ResourceQuota {
        name: object.metadata.name.unwrap_or_default(),
        hard: part::<Option<ResourceList>>(&object.data, "/status/hard")?.unwrap_or_default(),
        used: part::<Option<ResourceList>>(&object.data, "/status/used")?.unwrap_or_default(),
        scopes: named.chain(selected.unwrap_or_default()).collect(),
    })
}

/// A part of an object; null where it is absent.
fn part<T: DeserializeOwned>(data: &Value, pointer: &str) -> Result<T, String> {
    from(data.pointer(pointer).cloned().unwrap_or_default())
}

fn from<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}
