//! The nodes of the management cluster with everything on them, read once for a plan.
//!
//! It is read page by page and only what decides about room is kept. What may not be read is said, and makes the verdict unknown
//! rather than wrong.

use std::time::Duration;

use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use planner::placement::{
    Autoscaler, Feature, Labels, LimitRange, Node, Pod, PodPhase, PodSpec, PodTemplate, QuotaScope, QuotaScopeOperator,
    QuotaUse, Replacement, ResourceList, ResourceQuota, Room, Taint,
};
use planner::plan::RoomFact;
use planner::rollout::Scenario;
use planner::strategy::Strategy;
use planner::tenant::TenantId;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use crate::errors::api_words;
use crate::resources::TENANT_LABEL;

/// Objects in one page of a list.
const PAGE: u32 = 500;
/// How long one page may take.
const PAGE_WITHIN: Duration = Duration::from_secs(15);
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
        let labels_of = |it: DynamicObject| {
            let labels = from::<Labels>(serde_json::json!(it.metadata.labels.unwrap_or_default()))?;
            Ok((it.metadata.name.unwrap_or_default(), labels))
        };
        let limit_range = |it: DynamicObject| part::<LimitRange>(&it.data, "/spec");
        let (nodes, namespaces, pods, deployment, quotas, limit_ranges) = tokio::join!(
            list(client, "Node", None, node),
            list(client, "Namespace", None, labels_of),
            list(client, "Pod", None, pod),
            one(client, tenant),
            list(client, "ResourceQuota", Some(namespace), quota),
            list(client, "LimitRange", Some(namespace), limit_range),
        );
        let mut not_simulated = Vec::new();
        // Without nodes, pods and template nothing can be said at all; without the rest the verdict is unknown.
        let nodes = complete(nodes.map_err(|why| without("nodes", &why))?, "nodes", &mut not_simulated);
        let pods = pods.map_err(|why| without("pods of all namespaces", &why));
        let mut pods = complete(pods?, "pods", &mut not_simulated);
        let namespaces = complete_if_read(namespaces, "the labels of namespaces", &mut not_simulated);
        let quotas = complete_if_read(quotas, "the quotas of the namespace", &mut not_simulated);
        let limit_ranges = complete_if_read(limit_ranges, "the limit ranges of the namespace", &mut not_simulated);
        let room = Room::new(nodes, namespaces, &pods);
        let own = |pod: &Pod| pod.namespace == *namespace && pod.labels.get(TENANT_LABEL) == Some(&tenant.name);
        pods.retain(|pod| own(pod) && pod.labels.contains_key(TEMPLATE_HASH.0));
        let template = template(&deployment?.data, tenant)?;
        Ok(Self { room, old: pods, template, quotas, limit_ranges, not_simulated })
    }

    /// Whether the rollout gets through, and what would if it does not.
    pub(crate) fn judge(&self, scenario: &Scenario, candidates: &[Strategy]) -> RoomFact {
        let new = self.new_pods(scenario);
        let replacement = self.replacement(&new);
        RoomFact::Simulated(replacement.judge(scenario), replacement.propose(scenario, candidates))
    }

    /// What each of the candidates would use of the quotas of the namespace.
    pub(crate) fn quota_uses(&self, scenario: &Scenario, candidates: &[Strategy]) -> Vec<(Strategy, Vec<QuotaUse>)> {
        if self.quotas.is_empty() {
            return Vec::new();
        }
        let new = self.new_pods(scenario);
        let replacement = self.replacement(&new);
        let uses = |strategy: &Strategy| {
            (*strategy, replacement.quota_uses(&Scenario { strategy: *strategy, ..scenario.clone() }))
        };
        candidates.iter().map(uses).collect()
    }

    fn new_pods(&self, scenario: &Scenario) -> Vec<PodTemplate> {
        vec![self.template.clone(); scenario.writes.len().max(1)]
    }

    fn replacement<'a>(&'a self, new: &'a [PodTemplate]) -> Replacement<'a> {
        Replacement {
            room: &self.room,
            old: &self.old,
            new,
            quotas: &self.quotas,
            limit_ranges: &self.limit_ranges,
            autoscaler: Autoscaler::NotKnown,
            not_simulated: &self.not_simulated,
        }
    }
}

/// Objects of a kind: those that could be decoded, and how many could not.
struct Listed<T> {
    read: Vec<T>,
    unreadable: usize,
}

fn complete<T>(listed: Listed<T>, what: &str, missing: &mut Vec<Feature>) -> Vec<T> {
    if listed.unreadable > 0 {
        missing.push(Feature::Unreadable(format!("{} of the {what}", listed.unreadable)));
    }
    listed.read
}

fn complete_if_read<T>(listed: Result<Listed<T>, String>, what: &str, missing: &mut Vec<Feature>) -> Vec<T> {
    match listed {
        Ok(listed) => complete(listed, what, missing),
        Err(why) => {
            missing.push(Feature::Unreadable(format!("{what} ({why})")));
            Vec::new()
        }
    }
}

/// Why nothing can be said without something.
fn without(what: &str, why: &str) -> String {
    format!("the {what} cannot be read: {why}")
}

/// How long was waited in vain.
fn no_answer() -> String {
    format!("no answer within {} s", PAGE_WITHIN.as_secs())
}

/// Reads all objects of a kind of the core group, page by page; of each page only what `decode` keeps stays. The error says why
/// they could not be read, not which.
async fn list<T>(
    client: &Client,
    kind: &str,
    namespace: Option<&str>,
    decode: impl Fn(DynamicObject) -> Result<T, String>,
) -> Result<Listed<T>, String> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", kind));
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let mut listed = Listed { read: Vec::new(), unreadable: 0 };
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let page = timeout(PAGE_WITHIN, api.list(&params)).await.map_err(|_| no_answer())?;
        let page = page.map_err(|error| api_words(&error))?;
        for object in page.items {
            match decode(object) {
                Ok(object) => listed.read.push(object),
                Err(_) => listed.unreadable += 1,
            }
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(listed),
        }
    }
}

async fn one(client: &Client, tenant: &TenantId) -> Result<DynamicObject, String> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("apps", "v1", "Deployment"));
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &tenant.namespace, &resource);
    let read = timeout(PAGE_WITHIN, api.get(&tenant.name)).await.map_err(|_| no_answer());
    let read = read.and_then(|read| read.map_err(|error| api_words(&error)));
    read.map_err(|why| without("Deployment", &why))
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
    Ok(Pod {
        namespace: object.metadata.namespace.unwrap_or_default(),
        labels: from(serde_json::json!(object.metadata.labels.unwrap_or_default()))?,
        node: part(&object.data, "/spec/nodeName")?,
        deleting: object.metadata.deletion_timestamp.is_some(),
        phase: part::<Option<PodPhase>>(&object.data, "/status/phase")?.unwrap_or_default(),
        spec: part::<PodSpec>(&object.data, "/spec")?,
        name: object.metadata.name.unwrap_or_default(),
    })
}

fn template(deployment: &Value, tenant: &TenantId) -> Result<PodTemplate, String> {
    let labels = deployment.pointer("/spec/template/metadata/labels").cloned().unwrap_or_default();
    let mut labels = if labels.is_object() { labels } else { serde_json::json!({}) };
    labels[TEMPLATE_HASH.0] = Value::from(TEMPLATE_HASH.1);
    Ok(PodTemplate {
        namespace: tenant.namespace.clone(),
        labels: from(labels)?,
        spec: part(deployment, "/spec/template/spec")?,
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
