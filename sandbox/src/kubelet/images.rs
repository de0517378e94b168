//! Images on the nodes: what a pod has to pull, what the kubelet says about it, and what it lists in the node's status.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{containers, tenant_of};
use crate::json;
use crate::kinds::Kind;
use crate::random::Random;
use crate::scheduler::node_of;
use crate::store::Key;
use crate::world::{Action, Component, Happening, World};

/// Asking the registry whether a tag still stands for the image that is there (ms).
const QUESTION_MS: (i64, i64) = (220, 700);
/// From a pull to the image in the node's status (ms): the kubelet looks every 30 s and reports every 10 s.
const LISTED_AFTER_MS: (i64, i64) = (1_000, 40_000);
/// `nodeStatusMaxImages` as the kubelet has it by default.
const MOST_LISTED: usize = 50;
/// What every node has from the start.
const FROM_THE_START: [&str; 3] =
    ["registry.k8s.io/coredns/coredns:v1.14.1", "registry.k8s.io/kube-proxy:v1.36.3", "registry.k8s.io/pause:3.10.1"];

/// The pull of a pod's images. They are pulled side by side; the largest takes the whole time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pull {
    /// Images that the node did not have.
    missing: Vec<String>,
    /// How long it takes (ms).
    pub(super) took_ms: i64,
    /// The part of it that comes on top of the start-up (ms).
    pub(super) added_ms: i64,
}

impl World {
    /// A new node with the images of a management cluster.
    pub(crate) fn furnish_node(&mut self, name: &str) {
        self.images.entry(name.to_owned()).or_default().extend(FROM_THE_START.map(str::to_owned));
        self.list_images(name);
    }

    /// Writes what the node has into its status, the largest first.
    pub(crate) fn list_images(&mut self, name: &str) {
        let mut images: Vec<&String> = self.images.get(name).into_iter().flatten().collect();
        images.sort_by_key(|image| std::cmp::Reverse(bytes_of(image)));
        let listed: Vec<Value> = images
            .into_iter()
            .take(MOST_LISTED)
            .map(|image| {
                let repository = image.rsplit_once(':').map_or(image.as_str(), |(repository, _)| repository);
                let digest = format!("{repository}@sha256:{}", digest_of(image));
                json!({"names": [digest, image], "sizeBytes": bytes_of(image)})
            })
            .collect();
        self.tamper(Kind::Node, &Key::new("", name), |node| {
            json::object_at(node, "status").insert("images".to_owned(), Value::Array(listed));
        });
    }

    /// Begins to pull what the pod's node lacks, and to ask for what must be asked for.
    pub(super) fn begin_pull(&mut self, pod: &Arc<Value>) -> Pull {
        let there = node_of(pod).and_then(|node| self.images.get(node));
        let lacks = |image: &String| !there.is_some_and(|there| there.contains(image));
        let mut missing: Vec<String> = containers(pod).into_iter().map(|(_, image)| image).filter(lacks).collect();
        missing.dedup();
        let behaviour = self.behaviour(&tenant_of(pod));
        let pull = if missing.is_empty() {
            Pull { missing, took_ms: self.random.between(QUESTION_MS), added_ms: 0 }
        } else {
            let (within_ms, added_ms) =
                (self.random.between(behaviour.pull_ms), self.random.between(behaviour.first_pull_ms));
            Pull { missing, took_ms: within_ms + added_ms, added_ms }
        };
        for (name, image) in containers(pod) {
            if pull.missing.contains(&image) || always(pod, &name) {
                self.record_container(pod, &name, "Pulling", format!("Pulling image {image:?}"));
            }
        }
        pull
    }

    /// The images are there.
    pub(super) fn end_pull(&mut self, pod: &Arc<Value>, pull: &Pull) {
        let largest = pull.missing.iter().map(|image| bytes_of(image)).max().unwrap_or(1);
        for (name, image) in containers(pod) {
            let took_ms = if pull.missing.contains(&image) {
                pull.took_ms * bytes_of(&image) / largest
            } else if always(pod, &name) {
                pull.took_ms.min(QUESTION_MS.1)
            } else {
                let message = format!("Container image {image:?} already present on machine");
                self.record_container(pod, &name, "Pulled", message);
                continue;
            };
            let (took, bytes) = (go_duration(took_ms), bytes_of(&image));
            let message = format!(
                "Successfully pulled image {image:?} in {took} ({took} including waiting). Image size: {bytes} bytes."
            );
            self.record_container(pod, &name, "Pulled", message);
        }
        let Some(node) = node_of(pod).filter(|_| !pull.missing.is_empty()) else { return };
        self.images.entry(node.to_owned()).or_default().extend(pull.missing.iter().cloned());
        self.plan_within(LISTED_AFTER_MS, Action::ListImages(node.to_owned()));
    }

    /// An event on one container of a pod.
    pub(super) fn record_container(&mut self, pod: &Value, container: &str, reason: &str, message: String) {
        let component = Component::Kubelet;
        let happening = Happening { component, warning: false, reason, message, container: Some(container) };
        self.record(Kind::Pod, pod, happening);
    }
}

/// Whether the kubelet asks the registry for a container's image at each start.
fn always(pod: &Value, container: &str) -> bool {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let mut found = containers.into_iter().flatten().filter(|one| one["name"] == container);
    found.any(|one| one["imagePullPolicy"] == "Always")
}

/// Size of an image as a registry keeps it (bytes).
fn bytes_of(image: &str) -> i64 {
    let name = image.rsplit('/').next().and_then(|name| name.split(':').next()).unwrap_or_default();
    match name {
        "kube-apiserver" => 27_671_920,
        "kube-controller-manager" => 23_121_143,
        "kube-scheduler" => 17_382_979,
        "kube-proxy" => 25_963_718,
        "coredns" => 23_553_139,
        "proxy-server" => 14_206_000,
        "pause" => 320_448,
        _ => 20_000_000,
    }
}

fn digest_of(image: &str) -> String {
    let seed = image.bytes().fold(0_u64, |seed, byte| seed.rotate_left(9) ^ u64::from(byte));
    let mut random = Random::new(seed);
    (0..4).map(|_| format!("{:016x}", random.bits())).collect()
}

/// As Go prints durations of whole milliseconds: `412ms`, `10s`, `2.35s`, `1m20s`, `5m0s`.
pub(super) fn go_duration(millis: i64) -> String {
    if (1..1_000).contains(&millis) {
        return format!("{millis}ms");
    }
    let (minutes, millis) = (millis / 60_000, millis % 60_000);
    let fraction = format!(".{:03}", millis % 1_000);
    let seconds = format!("{}{}s", millis / 1_000, fraction.trim_end_matches('0').trim_end_matches('.'));
    if minutes == 0 { seconds } else { format!("{minutes}m{seconds}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        let table = [
            (0, "0s"),
            (7, "7ms"),
            (412, "412ms"),
            (1_000, "1s"),
            (2_350, "2.35s"),
            (10_000, "10s"),
            (60_000, "1m0s"),
            (80_005, "1m20.005s"),
            (300_000, "5m0s"),
        ];
        for (millis, text) in table {
            assert_eq!(go_duration(millis), text);
        }
    }
}
