//! Webhooks, and whether anybody is there to answer them.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use kube::api::ListParams;
use planner::tenant_api::{Answer, Backend, FailurePolicy, Hook, HookKind};
use planner::workers::NodeName;
use serde_json::Value;

use super::super::ask::{Asker, shortened};
use super::{MOST_OBJECTS, full_name, page};
use crate::resources::fields::text_in;

/// Definitions of resources carry whole schemas, so a page holds few.
const DEFINITIONS_PAGE: u32 = 25;
/// Services whose endpoints are read, and how many at a time.
const MOST_SERVICES: usize = 100;
const AT_ONCE: usize = 8;

/// A webhook, and what its client configuration names.
struct Configured {
    hook: Hook,
    service: Option<Service>,
}

/// Namespace and name.
type Service = (String, String);

pub(super) async fn admission(ask: &Asker) -> Answer<Vec<Hook>> {
    const GROUP: &str = "/apis/admissionregistration.k8s.io/v1";
    let list = |plural: &str, kind| {
        let path = format!("{GROUP}/{plural}");
        async move { ask.list(&path, page(), MOST_OBJECTS, |object| Some(admission_hooks(object, kind))).await }
    };
    let (validating, mutating) = tokio::join!(
        list("validatingwebhookconfigurations", HookKind::Validating),
        list("mutatingwebhookconfigurations", HookKind::Mutating),
    );
    let (mut configured, mutating) = match (validating, mutating) {
        (Answer::Read(validating), Answer::Read(mutating)) => (validating, mutating),
        (Answer::Read(_), other) | (other, _) => return other.map(|_| Vec::new()),
    };
    configured.extend(mutating);
    Answer::Read(answered(ask, configured.into_iter().flatten().collect()).await)
}

pub(super) async fn conversions(ask: &Asker) -> Answer<Vec<Hook>> {
    const PATH: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let params = ListParams::default().limit(DEFINITIONS_PAGE);
    match ask.list(PATH, params, MOST_OBJECTS, conversion_hook).await {
        Answer::Read(configured) => Answer::Read(answered(ask, configured).await),
        other => other.map(|_| Vec::new()),
    }
}

fn admission_hooks(object: &Value, kind: HookKind) -> Vec<Configured> {
    let owner = full_name(object);
    let hooks = object.get("webhooks").and_then(Value::as_array);
    let hooks = hooks.into_iter().flatten().map(|hook| {
        let policy = match text_in(hook, "/failurePolicy") {
            Some("Ignore") => FailurePolicy::Ignore,
            // What the API server fills in where nothing is said.
            _ => FailurePolicy::Fail,
        };
        let name = text_in(hook, "/name").unwrap_or_default();
        configured(kind, &owner, name, policy, hook.get("clientConfig"))
    });
    hooks.collect()
}

fn conversion_hook(object: &Value) -> Option<Configured> {
    if text_in(object, "/spec/conversion/strategy") != Some("Webhook") {
        return None;
    }
    let name = full_name(object);
    let client = object.pointer("/spec/conversion/webhook/clientConfig");
    Some(configured(HookKind::Conversion, &name, &name, FailurePolicy::Fail, client))
}

fn configured(kind: HookKind, owner: &str, name: &str, policy: FailurePolicy, client: Option<&Value>) -> Configured {
    let text = |path: &str| client.and_then(|client| text_in(client, path));
    let service = text("/service/namespace").zip(text("/service/name"));
    let service = service.map(|(namespace, name)| (namespace.to_owned(), name.to_owned()));
    let host = text("/url").and_then(|url| url.parse::<http::Uri>().ok()).and_then(|url| url.host().map(str::to_owned));
    let backend = match &service {
        Some((namespace, name)) => {
            Backend::NotRead { service: format!("{namespace}/{name}"), why: "too many services".to_owned() }
        }
        None => Backend::Url { host: shortened(host.as_deref().unwrap_or("an unknown host")) },
    };
    let (owner, name) = (shortened(owner), shortened(name));
    Configured { hook: Hook { kind, owner, name, policy, backend }, service }
}

/// Fills in who answers: each Service is looked at once.
async fn answered(ask: &Asker, configured: Vec<Configured>) -> Vec<Hook> {
    let services: BTreeSet<Service> = configured.iter().filter_map(|it| it.service.clone()).collect();
    let looks = services.into_iter().take(MOST_SERVICES).map(|service| async {
        let backend = backend(ask, &service).await;
        (service, backend)
    });
    let backends: BTreeMap<Service, Backend> = futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
    let filled = configured.into_iter().map(|Configured { mut hook, service }| {
        if let Some(backend) = service.and_then(|service| backends.get(&service)) {
            hook.backend = backend.clone();
        }
        hook
    });
    filled.collect()
}

async fn backend(ask: &Asker, (namespace, name): &Service) -> Backend {
    let service = format!("{namespace}/{name}");
    // Both become part of a path.
    if [namespace, name].into_iter().any(|part| part.parse::<NodeName>().is_err()) {
        return Backend::NoService { service: shortened(&service) };
    }
    let slices = format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices");
    let params = page().labels(&format!("kubernetes.io/service-name={name}"));
    let endpoints = match ask.list(&slices, params, MOST_OBJECTS, |slice| Some(ready_endpoints(slice))).await {
        Answer::Read(slices) => slices.iter().sum(),
        other => return Backend::NotRead { service, why: other.to_string() },
    };
    if endpoints > 0 {
        return Backend::Ready { service, endpoints };
    }
    match ask.get(&format!("/api/v1/namespaces/{namespace}/services/{name}")).await {
        Answer::Missing => Backend::NoService { service },
        // A name outside has no endpoints, and is none of ours to call.
        Answer::Read(object) if text_in(&object, "/spec/type") == Some("ExternalName") => {
            Backend::Url { host: shortened(text_in(&object, "/spec/externalName").unwrap_or_default()) }
        }
        Answer::Read(_) => Backend::NoEndpoints { service },
        other => Backend::NotRead { service, why: other.to_string() },
    }
}

/// An endpoint that says nothing of its readiness counts as ready, as the API asks of its readers.
fn ready_endpoints(slice: &Value) -> usize {
    let endpoints = slice.get("endpoints").and_then(Value::as_array).into_iter().flatten();
    endpoints.filter(|endpoint| endpoint.pointer("/conditions/ready") != Some(&Value::Bool(false))).count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_webhook_says_its_policy_and_who_is_to_answer() {
        let object = json!({
            "metadata": {"name": "policies"},
            "webhooks": [
                {"name": "a.x", "clientConfig": {"service": {"namespace": "ns", "name": "svc"}}},
                {"name": "b.x", "failurePolicy": "Ignore", "clientConfig": {"url": "https://hooks.example/secret?token=1"}},
                {"name": "c.x", "clientConfig": {}},
            ],
        });
        let hooks = admission_hooks(&object, HookKind::Validating);
        let policies: Vec<FailurePolicy> = hooks.iter().map(|it| it.hook.policy).collect();
        assert_eq!(policies, [FailurePolicy::Fail, FailurePolicy::Ignore, FailurePolicy::Fail]);
        assert_eq!(hooks[0].service, Some(("ns".to_owned(), "svc".to_owned())));
        assert_eq!(hooks[1].hook.backend, Backend::Url { host: "hooks.example".to_owned() });
        assert!(hooks[2].service.is_none());
    }

    #[test]
    fn only_endpoints_that_say_no_are_not_ready() {
        let slice = json!({"endpoints": [
            {"conditions": {"ready": true}}, {"conditions": {"ready": false}}, {"conditions": {}}, {},
        ]});
        assert_eq!(ready_endpoints(&slice), 3);
        assert_eq!(ready_endpoints(&json!({"endpoints": null})), 0);
    }
}
