//! What a tenant's API-server pods use, as `metrics.k8s.io` measures it. Many management clusters serve none, and nobody needs it:
//! each way in which it can be missing is said, and stops nothing.

use std::time::Duration;

use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::{Api, Client, Error};
use planner::cost::UsageUnknown;
use planner::tenant::{MeasuredUsage, TenantId, TenantSnapshot};
use planner::time::UnixMillis;
use serde_json::Value;
use tokio::time::timeout;

use crate::errors::api_words;
use crate::resources::{TENANT_LABEL, quantity};

/// How long it may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What one pod was measured to use.
struct PodUsage {
    cpu_millis: u64,
    memory_bytes: u64,
    at: Option<UnixMillis>,
}

/// Reads it. Pods that the snapshot does not know, that do not serve or that terminate do not count: they tell of another time.
///
/// # Errors
/// Why nothing is known.
pub(crate) async fn read(
    client: &Client,
    tenant: &TenantId,
    snapshot: &TenantSnapshot,
) -> Result<MeasuredUsage, UsageUnknown> {
    let resource = ApiResource {
        group: "metrics.k8s.io".to_owned(),
        version: "v1beta1".to_owned(),
        api_version: "metrics.k8s.io/v1beta1".to_owned(),
        kind: "PodMetrics".to_owned(),
        plural: "pods".to_owned(),
    };
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &tenant.namespace, &resource);
    let params = ListParams::default().labels(&format!("{TENANT_LABEL}={}", tenant.name));
    let no_answer = |why| UsageUnknown::NoAnswer(format!("`metrics.k8s.io` {why}"));
    let list = match timeout(ANSWER_WITHIN, api.list(&params)).await {
        Err(_) => return Err(no_answer(format!("did not answer within {} s", ANSWER_WITHIN.as_secs()))),
        Ok(Err(Error::Api(status))) if status.code == 404 => return Err(UsageUnknown::NotServed),
        Ok(Err(Error::Api(status))) if status.code == 403 => return Err(UsageUnknown::Refused(status.message.clone())),
        Ok(Err(error)) => return Err(no_answer(format!("cannot be read: {}", api_words(&error)))),
        Ok(Ok(list)) => list,
    };
    let serving = snapshot.pods.read().into_iter().flatten();
    let serving = serving.filter(|pod| pod.ready_at.is_some() && pod.terminating_at.is_none());
    let serving: Vec<&str> = serving.map(|pod| pod.name.as_str()).collect();
    let named =
        list.items.iter().filter(|pod| pod.metadata.name.as_deref().is_some_and(|name| serving.contains(&name)));
    mean(&named.filter_map(|pod| usage(&pod.data)).collect::<Vec<_>>()).ok_or(UsageUnknown::NoPods)
}

/// Sums of the containers; `None` if one of them says nothing that can be read, since then nothing is known of the pod.
fn usage(pod: &Value) -> Option<PodUsage> {
    let containers = pod.get("containers")?.as_array().filter(|containers| !containers.is_empty())?;
    let sum = |resource: &str| {
        let of = |container: &Value| quantity::thousandths(container.get("usage")?.get(resource)?.as_str()?);
        containers.iter().try_fold(0_u128, |sum, container| sum.checked_add(of(container)?))
    };
    Some(PodUsage {
        cpu_millis: u64::try_from(sum("cpu")?).ok()?,
        memory_bytes: u64::try_from(sum("memory")?.div_ceil(1000)).ok()?,
        at: pod.get("timestamp").and_then(Value::as_str).and_then(UnixMillis::parse),
    })
}

/// The mean of all pods; `None` without any.
fn mean(pods: &[PodUsage]) -> Option<MeasuredUsage> {
    let count = u32::try_from(pods.len()).ok().filter(|count| *count > 0)?;
    let mean = |of: fn(&PodUsage) -> u64| {
        let sum: u128 = pods.iter().map(|pod| u128::from(of(pod))).sum();
        u64::try_from(sum.div_ceil(u128::from(count))).unwrap_or(u64::MAX)
    };
    Some(MeasuredUsage {
        pods: count,
        cpu_millis: mean(|pod| pod.cpu_millis),
        memory_bytes: mean(|pod| pod.memory_bytes),
        at: pods.iter().filter_map(|pod| pod.at).max(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{mean, usage};

    fn pod(containers: &Value) -> Value {
        json!({"timestamp": "2026-11-22T07:44:58Z", "window": "15s", "containers": containers})
    }

    #[test]
    fn a_pod_uses_what_its_containers_use() {
        let container = |cpu: &str, memory: &str| json!({"name": "c", "usage": {"cpu": cpu, "memory": memory}});
        let table = [
            (pod(&json!([container("112m", "300Mi")])), Some((112, 300 << 20))),
            // metrics-server writes nanocores and KiB.
            (
                pod(&json!([container("112345678n", "307200Ki"), container("1u", "1Ki")])),
                Some((114, (300 << 20) + 1024)),
            ),
            (pod(&json!([container("0", "0")])), Some((0, 0))),
            (pod(&json!([])), None),
            (pod(&json!([container("112m", "300Mi"), {"name": "kine", "usage": {"cpu": "1m"}}])), None),
            (pod(&json!([container("many", "300Mi")])), None),
            (pod(&json!("containers")), None),
            (json!(null), None),
        ];
        for (pod, expected) in table {
            let read = usage(&pod).map(|usage| (usage.cpu_millis, usage.memory_bytes));
            assert_eq!(read, expected, "{pod}");
        }
    }

    #[test]
    fn the_mean_is_rounded_up_and_of_nothing_there_is_none() {
        let of = |cpu: &str| usage(&pod(&json!([{"usage": {"cpu": cpu, "memory": "1Mi"}}]))).expect("good");
        let measured = mean(&[of("100m"), of("101m"), of("101m")]).expect("three pods");
        assert_eq!((measured.pods, measured.cpu_millis, measured.memory_bytes), (3, 101, 1 << 20));
        assert_eq!(measured.at.map(|at| at.to_string()).as_deref(), Some("2026-11-22 07:44:58 UTC"));
        assert_eq!(mean(&[]), None);
    }
}
