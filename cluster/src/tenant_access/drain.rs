//! What a drain of one node would meet, read when somebody asks.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use kube::api::ListParams;
use planner::placement::{LabelSelector, Labels};
use planner::tenant::TenantId;
use planner::tenant_api::{Answer, NotAsked};
use planner::workers::{Budget, Controller, DrainReport, LocalStorage, NodeName, PodOnNode, PodPhase, drain_report};
use serde_json::Value;

use super::ask::{Asker, shortened, within};
use super::{PART_WITHIN, TenantAccess};
use crate::identity::Identity;
use crate::resources::fields::text_in;

/// Pods on one node, and budgets, beyond which nothing is said.
const MOST_OBJECTS: usize = 5_000;
const PAGE: u32 = 250;
/// Controllers that are looked up.
const MOST_CONTROLLERS: usize = 200;
/// How many of them are looked up at once: a control plane that is about to be upgraded has other work.
const CONTROLLERS_AT_ONCE: usize = 8;

/// A pod as it was read: with the labels that budgets select by, and who controls it.
struct ReadPod {
    pod: PodOnNode,
    labels: Labels,
    owner: Option<Owner>,
}

/// Kind, namespace and name of a controller.
type Owner = (String, String, String);

impl TenantAccess {
    /// Reads the pods on one node and the budgets over them, and says what a drain would meet now.
    ///
    /// # Errors
    /// If the tenant's API is not asked; why.
    #[tracing::instrument(skip_all, fields(user = identity.user, %tenant, %node))]
    pub async fn drain(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        node: &NodeName,
    ) -> Result<Answer<DrainReport>, NotAsked> {
        let opened = self.open(identity, tenant).await?;
        let ask = Asker::new(opened.client);
        Ok(within(PART_WITHIN, report(&ask, node)).await)
    }
}

async fn report(ask: &Asker, node: &NodeName) -> Answer<DrainReport> {
    let on_node = ListParams::default().limit(PAGE).fields(&format!("spec.nodeName={node}"));
    let all = ListParams::default().limit(PAGE);
    let (pods, budgets) = tokio::join!(
        ask.list("/api/v1/pods", on_node, MOST_OBJECTS, pod),
        ask.list("/apis/policy/v1/poddisruptionbudgets", all, MOST_OBJECTS, budget),
    );
    let mut pods = match pods {
        Answer::Read(pods) => pods,
        other => return other.map(|_| drain_report(&[], &[])),
    };
    let budgets = match budgets {
        Answer::Read(budgets) => budgets,
        other => return other.map(|_| drain_report(&pods_of(&pods), &[])),
    };
    name_controllers(ask, &mut pods).await;
    let budgets: Vec<Budget> = budgets
        .into_iter()
        .map(|(mut budget, selector)| {
            let selects = |it: &&ReadPod| it.pod.namespace == budget.namespace && selector.matches(&it.labels);
            budget.pods = pods.iter().filter(selects).map(|it| it.pod.name.clone()).collect();
            budget
        })
        .collect();
    Answer::Read(drain_report(&pods_of(&pods), &budgets))
}

fn pods_of(pods: &[ReadPod]) -> Vec<PodOnNode> {
    pods.iter().map(|it| it.pod.clone()).collect()
}

fn pod(object: &Value) -> Option<ReadPod> {
    // One that is ending already needs no eviction.
    if object.pointer("/metadata/deletionTimestamp").is_some_and(|it| !it.is_null()) {
        return None;
    }
    let namespace = text_in(object, "/metadata/namespace")?.to_owned();
    let owner = controller(object).map(|(kind, name)| (kind.to_owned(), namespace.clone(), name.to_owned()));
    let is_static =
        object.pointer("/metadata/annotations").is_some_and(|it| it.get("kubernetes.io/config.mirror").is_some());
    let volumes = object.pointer("/spec/volumes").and_then(Value::as_array);
    let empties = volumes.into_iter().flatten().any(|volume| volume.get("emptyDir").is_some());
    let finished = matches!(text_in(object, "/status/phase"), Some("Succeeded" | "Failed"));
    Some(ReadPod {
        pod: PodOnNode {
            name: text_in(object, "/metadata/name")?.to_owned(),
            namespace,
            controller: match &owner {
                _ if is_static => Controller::Static,
                None => Controller::Nobody,
                Some((kind, ..)) if kind == "DaemonSet" => Controller::DaemonSet,
                Some((kind, ..)) if kind == "Node" => Controller::Static,
                Some((kind, _, name)) => {
                    Controller::Workload { kind: kind.clone(), name: name.clone(), replicas: None }
                }
            },
            local_storage: if empties { LocalStorage::EmptyDir } else { LocalStorage::Absent },
            phase: if finished { PodPhase::Finished } else { PodPhase::Running },
        },
        labels: labels(object),
        owner,
    })
}

fn labels(object: &Value) -> Labels {
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object).into_iter().flatten();
    labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// Kind and name of the owner that controls an object.
fn controller(object: &Value) -> Option<(&str, &str)> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|owner| owner.get("controller") == Some(&Value::Bool(true)))?;
    Some((text_in(owner, "/kind")?, text_in(owner, "/name")?))
}

/// Looks up how many replicas a controller has, and the Deployment above a ReplicaSet. What cannot be read keeps its name.
async fn name_controllers(ask: &Asker, pods: &mut [ReadPod]) {
    let plural = |kind: &str| match kind {
        "ReplicaSet" => Some("replicasets"),
        "StatefulSet" => Some("statefulsets"),
        _ => None,
    };
    let owners: BTreeSet<Owner> = pods.iter().filter_map(|it| it.owner.clone()).collect();
    let looked_up = owners.into_iter().filter_map(|owner| {
        let (kind, namespace, name) = &owner;
        let plain = [namespace, name].into_iter().all(|part| part.parse::<NodeName>().is_ok());
        let path = format!("/apis/apps/v1/namespaces/{namespace}/{}/{name}", plural(kind).filter(|_| plain)?);
        Some(async move {
            let object = ask.get(&path).await;
            (owner, object.read().map(workload))
        })
    });
    let answers = stream::iter(looked_up.take(MOST_CONTROLLERS)).buffer_unordered(CONTROLLERS_AT_ONCE);
    let found: BTreeMap<Owner, _> = answers.filter_map(async |(owner, found)| Some((owner, found?))).collect().await;
    for it in pods {
        if let (Controller::Workload { kind, name, replicas }, Some(owner)) = (&mut it.pod.controller, &it.owner)
            && let Some((above, count)) = found.get(owner)
        {
            *replicas = *count;
            if let Some((kind_above, name_above)) = above {
                kind.clone_from(kind_above);
                name.clone_from(name_above);
            }
        }
    }
}

/// What controls a controller, and its replicas.
fn workload(object: &Value) -> (Option<(String, String)>, Option<u32>) {
    let above = controller(object).map(|(kind, name)| (kind.to_owned(), name.to_owned()));
    let replicas = object.pointer("/spec/replicas").and_then(Value::as_u64);
    (above, replicas.and_then(|replicas| u32::try_from(replicas).ok()))
}

/// A budget without a selector selects nothing.
fn budget(object: &Value) -> Option<(Budget, LabelSelector)> {
    let selector = object.pointer("/spec/selector").filter(|selector| !selector.is_null())?;
    let selector: LabelSelector = serde_json::from_value(selector.clone()).ok()?;
    let label = |name: &str| object.pointer("/metadata/labels").and_then(|labels| labels.get(name)?.as_str());
    let owner = controller(object).map(|(kind, name)| format!("{kind} {name}")).or_else(|| {
        let tool = label("app.kubernetes.io/managed-by")?;
        Some(match label("app.kubernetes.io/instance") {
            Some(instance) => format!("{tool} {instance}"),
            None => tool.to_owned(),
        })
    });
    let allowed = object.pointer("/status/disruptionsAllowed").and_then(Value::as_u64).unwrap_or(0);
    let budget = Budget {
        namespace: text_in(object, "/metadata/namespace")?.to_owned(),
        name: text_in(object, "/metadata/name")?.to_owned(),
        owner: owner.map(|owner| shortened(&owner)),
        disruptions_allowed: u32::try_from(allowed).unwrap_or(u32::MAX),
        pods: BTreeSet::new(),
    };
    Some((budget, selector))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use http::{Request, Response};
    use kube::Client;
    use kube::client::Body;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn all_controllers_are_looked_up_and_never_many_at_once() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = (now.clone(), most.clone());
        let api = tower::service_fn(move |_: Request<Body>| {
            let (now, most) = counted.clone();
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // All others that may be on their way begin before this one is answered.
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, std::convert::Infallible>(Response::new(Body::from(
                    json!({"spec": {"replicas": 2}}).to_string().into_bytes(),
                )))
            }
        });
        let ask = Asker::new(Client::new(api, "default"));
        let mut pods: Vec<ReadPod> = (0..50)
            .filter_map(|number| {
                pod(&json!({"metadata": {
                    "namespace": "shop", "name": format!("p{number}"),
                    "ownerReferences": [{"kind": "StatefulSet", "name": format!("s{number}"), "controller": true}],
                }}))
            })
            .collect();
        name_controllers(&ask, &mut pods).await;
        let named = |it: &ReadPod| matches!(it.pod.controller, Controller::Workload { replicas: Some(2), .. });
        assert_eq!(pods.iter().filter(|it| named(it)).count(), 50);
        assert_eq!(most.load(Ordering::SeqCst), CONTROLLERS_AT_ONCE);
    }

    #[test]
    fn who_makes_a_pod_again_is_read_from_its_controller() {
        let cases = [
            (json!(null), json!(null), Controller::Nobody),
            (json!([{"kind": "DaemonSet", "name": "d", "controller": true}]), json!(null), Controller::DaemonSet),
            (json!([{"kind": "Node", "name": "n", "controller": true}]), json!(null), Controller::Static),
            (json!(null), json!({"kubernetes.io/config.mirror": "x"}), Controller::Static),
            (json!([{"kind": "Job", "name": "j"}]), json!(null), Controller::Nobody),
            (
                json!([{"kind": "Job", "name": "j", "controller": true}]),
                json!(null),
                Controller::Workload { kind: "Job".to_owned(), name: "j".to_owned(), replicas: None },
            ),
        ];
        for (owners, annotations, controller) in cases {
            let object = json!({"metadata": {
                "namespace": "shop", "name": "p", "ownerReferences": owners, "annotations": annotations,
            }});
            assert_eq!(pod(&object).expect("a pod").pod.controller, controller, "{object}");
        }
    }

    #[test]
    fn a_budget_without_a_selector_selects_nothing_and_an_empty_one_everything() {
        let of = |selector: Value| {
            budget(&json!({"metadata": {"namespace": "shop", "name": "b"}, "spec": {"selector": selector}}))
        };
        assert!(of(Value::Null).is_none());
        let (read, selector) = of(json!({})).expect("a budget");
        assert!(selector.matches(&Labels::new()) && read.disruptions_allowed == 0);
    }
}
