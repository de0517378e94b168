//! Starts and ends pods: image pull, start-up, probes, crashes, grace.

mod images;

use std::sync::Arc;

use serde_json::{Value, json};

use self::images::{Pull, go_duration};
use crate::behaviour::PodFault;
use crate::json;
use crate::kinds::Kind;
use crate::scheduler::node_of;
use crate::store::{Change, ChangeType, Key};
use crate::world::{Action, Component, Happening, World};

/// From being bound until the kubelet has set up the pod's sandbox (ms).
const SETUP_MS: (i64, i64) = (150, 500);
/// Two failures of a pull, then the kubelet backs off (ms).
const PULL_FAILURE_MS: (i64, i64) = (900, 1_600);
/// How long a crashing container runs (ms).
const CRASH_MS: (i64, i64) = (1_200, 2_500);
/// Longest wait before a crashed container is started again (ms).
const LONGEST_CRASH_BACK_OFF_MS: i64 = 300_000;
/// Failed readiness probes make an event at this pace (ms).
const PROBE_MS: i64 = 10_000;
/// A failing probe is recorded this often; upstream the count grows for ever.
const RECORDED_PROBES: u32 = 30;

/// The next thing the kubelet does with a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PodStep {
    /// Accept it and start to pull.
    Accept,
    /// The containers run; for the first time after the pull.
    Run(Option<Pull>),
    /// All probes pass.
    BecomeReady,
    /// The image cannot be pulled; `true` once the kubelet backs off.
    FailPull {
        /// The kubelet has given up for now.
        backing_off: bool,
    },
    /// kube-apiserver has ended by itself.
    Crash,
    /// The readiness probe fails, for the n-th time.
    FailProbe(u32),
    /// Its grace is over or its containers have ended.
    Remove,
}

/// Looks at a change of a pod.
pub(crate) fn react(world: &mut World, key: &Key, change: &Change) {
    if change.change == ChangeType::Deleted {
        return;
    }
    let was_bound = change.previous.as_deref().is_some_and(|pod| node_of(pod).is_some());
    if node_of(&change.object).is_some() && !was_bound {
        let uid = uid_of(&change.object);
        world.plan_within(SETUP_MS, Action::Pod(key.clone(), uid, PodStep::Accept));
    }
}

impl World {
    /// Asks a pod to end: an unbound one is gone at once, a bound one after its containers have ended.
    pub(crate) fn terminate_pod(&mut self, key: &Key) {
        let Some(pod) = self.get(Kind::Pod, key) else { return };
        if pod["metadata"]["deletionTimestamp"].is_string() {
            return;
        }
        if node_of(&pod).is_none() {
            self.store.remove(Kind::Pod, key);
            return;
        }
        let grace_ms = json::int(&pod, "/spec/terminationGracePeriodSeconds").unwrap_or(30) * 1000;
        let behaviour = self.behaviour(&tenant_of(&pod));
        let ends_in = self.random.between(behaviour.termination_ms).min(grace_ms);
        let mut ending = Value::clone(&pod);
        ending["metadata"]["deletionTimestamp"] = json!(json::seconds(self.now_ms() + grace_ms));
        ending["metadata"]["deletionGracePeriodSeconds"] = json!(grace_ms / 1000);
        ending["metadata"]["generation"] = json!(json::int(&pod, "/metadata/generation").unwrap_or(1) + 1);
        let ending = self.store.put(Kind::Pod, ending);
        for container in container_names(&ending) {
            self.record_pod(&ending, false, "Killing", format!("Stopping container {container}"));
        }
        self.plan(ends_in, Action::Pod(key.clone(), uid_of(&pod), PodStep::Remove));
    }

    /// Takes the planned step, if the pod is still the same one and still alive.
    pub(crate) fn pod_step(&mut self, key: &Key, uid: &str, step: PodStep) {
        let Some(pod) = self.get(Kind::Pod, key).filter(|pod| uid_of(pod) == uid) else { return };
        if step == PodStep::Remove {
            let mut ended = Value::clone(&pod);
            ended["metadata"]["deletionGracePeriodSeconds"] = json!(0);
            ended["metadata"]["deletionTimestamp"] = json!(json::seconds(self.now_ms()));
            self.store.put(Kind::Pod, ended);
            self.store.remove(Kind::Pod, key);
            return;
        }
        if pod["metadata"]["deletionTimestamp"].is_string() {
            return;
        }
        let next = |step| Action::Pod(key.clone(), uid.to_owned(), step);
        let behaviour = self.behaviour(&tenant_of(&pod));
        let fault = behaviour.fault(&image_tag(&pod));
        match step {
            PodStep::Accept => {
                self.show(&pod, &|name, image| waiting(name, image, 0, "ContainerCreating", None), "Pending", false);
                let pull = self.begin_pull(&pod);
                if fault == Some(PodFault::ImagePull) {
                    self.plan_within(PULL_FAILURE_MS, next(PodStep::FailPull { backing_off: false }));
                } else {
                    self.plan(pull.took_ms, next(PodStep::Run(Some(pull))));
                }
            }
            PodStep::Run(pull) => self.run(&pod, fault, pull.as_ref(), next),
            PodStep::BecomeReady => {
                let started = json::text(&pod, "/status/containerStatuses/0/state/running/startedAt")
                    .map_or_else(|| json::seconds(self.now_ms()), str::to_owned);
                let restarts = restarts(&pod);
                self.show(&pod, &|name, image| running(name, image, &started, true, restarts), "Running", true);
            }
            PodStep::FailPull { backing_off } => {
                self.fail_pull(&pod, backing_off);
                if !backing_off {
                    self.plan_within((12_000, 16_000), next(PodStep::FailPull { backing_off: true }));
                }
            }
            PodStep::Crash => {
                let restarts = restarts(&pod) + 1;
                let back_off = (10_000_i64 << (restarts - 1).min(5)).min(LONGEST_CRASH_BACK_OFF_MS);
                self.crash(&pod, restarts, back_off);
                self.plan(back_off, next(PodStep::Run(None)));
            }
            PodStep::FailProbe(number) => {
                let message = "Readiness probe failed: HTTP probe failed with statuscode: 500".to_owned();
                self.record_pod(&pod, true, "Unhealthy", message);
                if number < RECORDED_PROBES {
                    self.plan(PROBE_MS, next(PodStep::FailProbe(number + 1)));
                }
            }
            PodStep::Remove => {}
        }
    }

    fn run(
        &mut self,
        pod: &Arc<Value>,
        fault: Option<PodFault>,
        pull: Option<&Pull>,
        next: impl Fn(PodStep) -> Action,
    ) {
        let now = json::seconds(self.now_ms());
        let restarts = restarts(pod);
        self.show(pod, &|name, image| running(name, image, &now, false, restarts), "Running", false);
        if let Some(pull) = pull {
            self.end_pull(pod, pull);
            for name in container_names(pod) {
                self.record_container(pod, &name, "Started", format!("Started container {name}"));
            }
        }
        match fault {
            None => {
                let startup_ms = self.behaviour(&tenant_of(pod)).startup_ms;
                let startup = self.random.between(startup_ms) + pull.map_or(0, |pull| pull.added_ms);
                // Start-up counts from being bound; what is not added of the pull is a part of it.
                let bound = json::moment(pod, "/status/conditions/0/lastTransitionTime");
                let scheduled = scheduled_ms(pod).or(bound).unwrap_or(self.now_ms());
                let left = (scheduled + startup - self.now_ms()).max(200);
                self.plan(left, next(PodStep::BecomeReady));
            }
            Some(PodFault::CrashLoop) => self.plan_within(CRASH_MS, next(PodStep::Crash)),
            Some(PodFault::NeverReady) => self.plan(PROBE_MS, next(PodStep::FailProbe(1))),
            Some(PodFault::ImagePull) => {}
        }
    }

    fn fail_pull(&mut self, pod: &Arc<Value>, backing_off: bool) {
        let image = containers(pod).first().map(|(_, image)| image.clone()).unwrap_or_default();
        let not_found = format!(
            "failed to pull and unpack image {image:?}: failed to resolve reference {image:?}: {image}: not found"
        );
        let (reason, message) = if backing_off {
            ("ImagePullBackOff", format!("Back-off pulling image {image:?}: ErrImagePull: {not_found}"))
        } else {
            ("ErrImagePull", not_found.clone())
        };
        self.show(pod, &|name, image| waiting(name, image, 0, reason, Some(&message)), "Pending", false);
        if backing_off {
            self.record_pod(pod, false, "BackOff", format!("Back-off pulling image {image:?}"));
        } else {
            self.record_pod(pod, true, "Failed", format!("Failed to pull image {image:?}: {not_found}"));
        }
    }

    fn crash(&mut self, pod: &Arc<Value>, restarts: u32, back_off_ms: i64) {
        let key = Key::of(pod);
        let (pod_name, namespace) = (&key.name, &key.namespace);
        let uid = uid_of(pod);
        let now = json::seconds(self.now_ms());
        let message = format!(
            "back-off {} restarting failed container=kube-apiserver pod={pod_name}_{namespace}({uid})",
            go_duration(back_off_ms)
        );
        let status = |name: &str, image: &str| {
            if name != "kube-apiserver" {
                return running(name, image, &now, false, 0);
            }
            let mut status = waiting(name, image, restarts, "CrashLoopBackOff", Some(&message));
            status["lastState"] = json!({"terminated": {
                "exitCode": 1, "reason": "Error", "startedAt": now, "finishedAt": now,
            }});
            status
        };
        self.show(pod, &status, "Running", false);
        let event = format!("Back-off restarting failed container kube-apiserver in pod {pod_name}_{namespace}({uid})");
        self.record_pod(pod, true, "BackOff", event);
    }

    /// Writes the pod's status as the kubelet reports it.
    fn show(&mut self, pod: &Arc<Value>, container: &dyn Fn(&str, &str) -> Value, phase: &str, ready: bool) {
        let now = json::seconds(self.now_ms());
        let mut shown = Value::clone(pod);
        let statuses: Vec<Value> = containers(pod).iter().map(|(name, image)| container(name, image)).collect();
        let waiting: Vec<&str> = statuses
            .iter()
            .filter(|status| status["ready"] != json!(true))
            .filter_map(|status| status["name"].as_str())
            .collect();
        let unready = format!("containers with unready status: [{}]", waiting.join(" "));
        let condition = |kind: &str, value: bool| {
            let status = if value { "True" } else { "False" };
            let known = condition_of(pod, kind);
            let since = known
                .filter(|known| known["status"] == status)
                .map_or(json!(now), |known| known["lastTransitionTime"].clone());
            let mut condition = json!({
                "type": kind, "status": status, "observedGeneration": 1, "lastProbeTime": null, "lastTransitionTime": since,
            });
            if !value {
                condition["reason"] = json!("ContainersNotReady");
                condition["message"] = json!(unready);
            }
            condition
        };
        let started = json::text(pod, "/status/startTime").unwrap_or(&now).to_owned();
        let index = 10 + self.store.version() % 240;
        let address =
            json::text(pod, "/status/podIP").map_or_else(|| format!("10.99.{}.{index}", index % 7), str::to_owned);
        shown["status"] = json!({
            "phase": phase,
            "conditions": [
                condition("PodReadyToStartContainers", true),
                condition("Initialized", true),
                condition("Ready", ready),
                condition("ContainersReady", ready),
                condition("PodScheduled", true),
            ],
            "hostIP": "10.0.0.1",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": started,
            "containerStatuses": statuses,
            "qosClass": pod["status"]["qosClass"],
        });
        self.store.put(Kind::Pod, shown);
    }

    fn record_pod(&mut self, pod: &Value, warning: bool, reason: &str, message: String) {
        self.record(
            Kind::Pod,
            pod,
            Happening { component: Component::Kubelet, warning, reason, message, container: None },
        );
    }
}

/// The tenant a control-plane pod belongs to.
pub(crate) fn tenant_of(pod: &Value) -> Key {
    let name = pod["metadata"]["labels"]["kamaji.clastix.io/name"].as_str().unwrap_or_default();
    Key::new(Key::of(pod).namespace, name)
}

/// The condition of a kind, if the pod has it.
pub(crate) fn condition_of<'a>(pod: &'a Value, kind: &str) -> Option<&'a Value> {
    pod.pointer("/status/conditions")?.as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// Restarts of the container that was restarted most.
pub(crate) fn restarts(pod: &Value) -> u32 {
    let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
    statuses.into_iter().flatten().map(|status| json::count(status, "/restartCount")).max().unwrap_or(0)
}

fn scheduled_ms(pod: &Value) -> Option<i64> {
    json::moment(condition_of(pod, "PodScheduled")?, "/lastTransitionTime")
}

fn uid_of(pod: &Value) -> String {
    json::text(pod, "/metadata/uid").unwrap_or_default().to_owned()
}

fn containers(pod: &Value) -> Vec<(String, String)> {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    containers.into_iter().flatten().map(|container| (text(&container["name"]), text(&container["image"]))).collect()
}

fn container_names(pod: &Value) -> Vec<String> {
    containers(pod).into_iter().map(|(name, _)| name).collect()
}

fn image_tag(pod: &Value) -> String {
    let image = containers(pod).into_iter().find(|(name, _)| name == "kube-apiserver").map(|(_, image)| image);
    image.as_deref().and_then(|image| image.rsplit_once(':')).map(|(_, tag)| tag.to_owned()).unwrap_or_default()
}

fn running(name: &str, image: &str, started: &str, ready: bool, restarts: u32) -> Value {
    json!({
        "name": name,
        "state": {"running": {"startedAt": started}},
        "lastState": {},
        "ready": ready,
        "restartCount": if name == "kube-apiserver" { restarts } else { 0 },
        "image": image,
        "imageID": "",
        "started": ready,
    })
}

fn waiting(name: &str, image: &str, restarts: u32, reason: &str, message: Option<&str>) -> Value {
    let mut state = json!({"reason": reason});
    if let Some(message) = message {
        state["message"] = json!(message);
    }
    json!({
        "name": name,
        "state": {"waiting": state},
        "lastState": {},
        "ready": false,
        "restartCount": restarts,
        "image": image,
        "imageID": "",
        "started": false,
    })
}
