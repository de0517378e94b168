//! The questions, all at once: each part is asked, limited and fails by itself.

mod apis;
mod configs;
mod hooks;
pub(super) mod nodes;

pub(super) use self::configs::{kubeadm as kubeadm_config, kubelet as kubelet_config};

use std::future::Future;

use futures::FutureExt;
use futures::future::BoxFuture;
use kube::api::ListParams;
use planner::tenant::DeclaredVersion;
use planner::tenant_api::{Answer, Backup, ExhaustedBudget, TenantFacts};
use planner::time::UnixMillis;
use planner::version::Minor;
use serde_json::Value;

use super::PART_WITHIN;
use super::ask::{Asker, within};
use super::secret::Opened;
use crate::resources::fields::{text_in, time_in};

/// Objects in one page of a list.
const PAGE: u32 = 250;
/// More objects of one kind than this are not read.
pub(super) const MOST_OBJECTS: usize = 10_000;

/// Asks all parts.
pub(super) async fn facts(opened: &Opened, target: Minor, now: UnixMillis) -> TenantFacts {
    let ask = Asker::new(opened.client.clone());
    let (server, nodes, (api_uses, served), webhooks, conversions, aggregated, configs, budgets, add_ons, backups) = tokio::join!(
        part(server(&ask)),
        part(nodes::read(&ask)),
        async { tokio::join!(part(apis::uses(&ask, target)), part(apis::served(&ask)),) },
        part(hooks::admission(&ask)),
        part(hooks::conversions(&ask)),
        part(apis::aggregated(&ask)),
        async { tokio::join!(part(configs::kubelet(&ask)), part(configs::kubeadm(&ask)),) },
        part(budgets(&ask)),
        part(configs::add_ons(&ask)),
        part(backups(&ask)),
    );
    let (kubelet_config, kubeadm_config) = configs;
    TenantFacts {
        asked_at: now,
        route: opened.route,
        server,
        nodes,
        api_uses,
        served,
        webhooks,
        conversions,
        aggregated,
        kubelet_config,
        kubeadm_config,
        budgets,
        add_ons,
        pins: opened.pins.clone(),
        backups,
    }
}

/// One part within its time. On the heap: all of them together are more than a thread's stack should hold.
fn part<'a, T: Send + 'a>(question: impl Future<Output = Answer<T>> + Send + 'a) -> BoxFuture<'a, Answer<T>> {
    within(PART_WITHIN, question).boxed()
}

async fn server(ask: &Asker) -> Answer<DeclaredVersion> {
    match ask.get("/version").await {
        Answer::Read(version) => match text_in(&version, "/gitVersion") {
            Some(version) => Answer::Read(DeclaredVersion(super::ask::shortened(version))),
            None => Answer::Failed("the answer to /version names no version".to_owned()),
        },
        Answer::Missing => Answer::Failed("it does not know /version".to_owned()),
        other => other.map(|_| DeclaredVersion(String::new())),
    }
}

async fn budgets(ask: &Asker) -> Answer<(usize, Vec<ExhaustedBudget>)> {
    let mut all = 0;
    let exhausted = ask.list("/apis/policy/v1/poddisruptionbudgets", page(), MOST_OBJECTS, |object| {
        all += 1;
        let count = |name: &str| {
            let number = object.pointer(&format!("/status/{name}")).and_then(Value::as_u64).unwrap_or(0);
            u32::try_from(number).unwrap_or(u32::MAX)
        };
        let pods = count("expectedPods");
        // A budget over no pods allows nothing and stops nothing.
        (pods > 0 && count("disruptionsAllowed") == 0).then(|| ExhaustedBudget {
            name: full_name(object),
            healthy: count("currentHealthy"),
            wanted: count("desiredHealthy"),
            pods,
        })
    });
    let exhausted = exhausted.await;
    exhausted.map(|exhausted| (all, exhausted))
}

async fn backups(ask: &Asker) -> Answer<Vec<Backup>> {
    ask.list("/apis/velero.io/v1/backups", page(), MOST_OBJECTS, |object| {
        let completed = text_in(object, "/status/phase") == Some("Completed");
        let completed_at = time_in(object, "/status/completionTimestamp").filter(|_| completed)?;
        Some(Backup { name: full_name(object), completed_at })
    })
    .await
}

fn page() -> ListParams {
    ListParams::default().limit(PAGE)
}

/// `namespace/name`, or the name alone.
fn full_name(object: &Value) -> String {
    let name = text_in(object, "/metadata/name").unwrap_or_default();
    match text_in(object, "/metadata/namespace") {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    }
}

/// The tag of an image: what follows the last colon of its last part, before a digest.
fn tag_of(image: &str) -> Option<&str> {
    let image = image.split('@').next()?;
    let (_, tag) = image.rsplit('/').next()?.rsplit_once(':')?;
    Some(tag)
}

#[cfg(test)]
mod tests {
    use super::tag_of;

    #[test]
    fn the_tag_of_an_image_is_told_from_ports_and_digests() {
        let cases = [
            ("registry.k8s.io/kube-proxy:v1.35.6", Some("v1.35.6")),
            ("localhost:5000/kube-proxy", None),
            ("localhost:5000/kube-proxy:v1", Some("v1")),
            ("registry.k8s.io/coredns/coredns:v1.12.1@sha256:0123", Some("v1.12.1")),
            ("kube-proxy@sha256:0123", None),
            ("", None),
        ];
        for (image, tag) in cases {
            assert_eq!(tag_of(image), tag, "{image}");
        }
    }
}
