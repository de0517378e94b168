//! What Kamaji's kubeadm wrote into the tenant: configuration of kubeadm and kubelets, and the add-ons.

use std::collections::BTreeMap;

use planner::tenant::DeclaredVersion;
use planner::tenant_api::{AddOn, AddOnVersion, Answer};
use planner::workers::KubeletConfig;
use serde_json::Value;

use super::super::ask::{Asker, shortened};
use super::tag_of;
use crate::resources::fields::text_in;

const CONFIG_MAPS: &str = "/api/v1/namespaces/kube-system/configmaps";

pub(in crate::tenant_access) async fn kubelet(ask: &Asker) -> Answer<KubeletConfig> {
    let config = config(ask, "kubelet-config", "kubelet").await;
    config.map(|config| {
        let fields = config.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        let gates = config.get("featureGates").and_then(Value::as_object).into_iter().flatten();
        let gates: BTreeMap<String, bool> =
            gates.filter_map(|(gate, on)| Some((gate.clone(), on.as_bool()?))).collect();
        KubeletConfig { fields: fields.map(|(field, _)| field.clone()).collect(), feature_gates: gates }
    })
}

pub(in crate::tenant_access) async fn kubeadm(ask: &Asker) -> Answer<DeclaredVersion> {
    match config(ask, "kubeadm-config", "ClusterConfiguration").await {
        Answer::Read(config) => match text_in(&config, "/kubernetesVersion") {
            Some(version) => Answer::Read(DeclaredVersion(shortened(version))),
            None => Answer::Failed("kube-system/kubeadm-config names no kubernetesVersion".to_owned()),
        },
        other => other.map(|_| DeclaredVersion(String::new())),
    }
}

/// A document in a ConfigMap of `kube-system`.
async fn config(ask: &Asker, name: &str, key: &str) -> Answer<Value> {
    let map = match ask.get(&format!("{CONFIG_MAPS}/{name}")).await {
        Answer::Read(map) => map,
        Answer::Missing => return Answer::Failed(format!("there is no kube-system/{name}")),
        other => return other,
    };
    let Some(text) = map.get("data").and_then(|data| data.get(key)).and_then(Value::as_str) else {
        return Answer::Failed(format!("kube-system/{name} has no {key}"));
    };
    match serde_saphyr::from_str::<Value>(text) {
        Ok(value) if value.is_object() => Answer::Read(value),
        _ => Answer::Failed(format!("{key} of kube-system/{name} is no YAML object")),
    }
}

/// The versions of the add-ons that run. One that is absent is left out: a tenant may do without.
pub(super) async fn add_ons(ask: &Asker) -> Answer<Vec<AddOnVersion>> {
    let apps = |plural: &str, name: &str| format!("/apis/apps/v1/namespaces/kube-system/{plural}/{name}");
    let paths = [
        (AddOn::CoreDns, apps("deployments", "coredns")),
        (AddOn::KubeProxy, apps("daemonsets", "kube-proxy")),
        (AddOn::KonnectivityAgent, apps("daemonsets", "konnectivity-agent")),
        (AddOn::KonnectivityAgent, apps("deployments", "konnectivity-agent")),
    ];
    let answers = futures::future::join_all(paths.iter().map(|(_, path)| ask.get(path))).await;
    let mut running = Vec::new();
    for ((add_on, _), answer) in paths.iter().zip(answers) {
        match answer {
            Answer::Read(object) => running.extend(version(*add_on, &object)),
            Answer::Missing => {}
            Answer::Forbidden(words) => return Answer::Forbidden(words),
            Answer::TimedOut { seconds } => return Answer::TimedOut { seconds },
            Answer::Failed(why) => return Answer::Failed(why),
        }
    }
    Answer::Read(running)
}

fn version(add_on: AddOn, object: &Value) -> Option<AddOnVersion> {
    let containers = object.pointer("/spec/template/spec/containers").and_then(Value::as_array)?;
    let version = tag_of(text_in(containers.first()?, "/image")?)?;
    Some(AddOnVersion { add_on, version: shortened(version) })
}
