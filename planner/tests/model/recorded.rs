//! Rollouts of a real Kamaji, read from recorded watch events: what was written, how long the pods took, what followed.
//!
//! A recording is gzipped JSON lines: `t_ms` since the recorder started, `type` LIST (the state at the start), ADDED, MODIFIED
//! or DELETED, `kind`, `object`. Times are those at which an event was seen; what was listed is taken to be older than all.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use planner::film::{Film, FilmSummary, Milestones, OpenSpan, PodTrack, Revision, Side};
use planner::rollout::{DeploymentWrite, Health, Scenario, Template};
use planner::strategy::{DeclaredStrategy, Strategy};
use serde::Deserialize;
use serde_json::Value;

/// When something happened that was there already when the recorder started.
const BEFORE: i64 = i64::MIN / 4;

/// One rollout: from the first write of a complete Deployment to the next such write, or to the end of the recording. Times
/// are milliseconds since that write.
#[derive(Debug)]
pub(crate) struct Rollout {
    /// What the model is fed: the writes with their times, and what the pods took.
    pub(crate) scenario: Scenario,
    /// Each change of a ReplicaSet's size, in order.
    pub(crate) steps: Vec<Resize>,
    /// Every pod's life.
    pub(crate) film: Film,
    /// The film's figures, read by the code that reads a predicted one.
    pub(crate) summary: FilmSummary,
    /// The longest that anything took to answer: from a write, or a pod that turned ready or went, to the last that the
    /// controllers and the scheduler did about it.
    pub(crate) reaction_ms: i64,
    /// From the shortest to the longest termination, of which the model takes one (the longest) for all.
    pub(crate) termination_spread_ms: i64,
}

/// One change of a ReplicaSet's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resize {
    pub(crate) at_ms: i64,
    /// Index into the scenario's templates.
    pub(crate) template: usize,
    pub(crate) from: u32,
    pub(crate) to: u32,
}

#[derive(Deserialize)]
struct Line {
    t_ms: i64,
    r#type: String,
    kind: String,
    object: Value,
}

/// A whole recording, by the names of its objects.
#[derive(Default)]
struct Recording {
    deployments: BTreeMap<String, Vec<SeenDeployment>>,
    replica_sets: BTreeMap<String, SeenReplicaSet>,
    pods: BTreeMap<String, SeenPod>,
    end_ms: i64,
}

/// A Deployment as one event showed it.
struct SeenDeployment {
    at_ms: i64,
    template: Value,
    replicas: u32,
    strategy: Strategy,
    paused: bool,
    spec: Value,
    complete: bool,
    deadline_exceeded: bool,
}

struct SeenReplicaSet {
    deployment: String,
    template: Value,
    sizes: Vec<(i64, u32)>,
}

struct SeenPod {
    replica_set: String,
    track: PodTrack,
}

/// Every rollout of the Deployment `name` in a recording, in order.
pub(crate) fn rollouts(recording: &[u8], name: &str) -> Vec<Rollout> {
    let recording = Recording::read(recording);
    let seen = &recording.deployments[name];
    let starts: Vec<usize> =
        (1..seen.len()).filter(|place| seen[place - 1].complete && seen[*place].differs(&seen[place - 1])).collect();
    let ends = starts.iter().skip(1).copied().chain([seen.len()]);
    starts.iter().zip(ends).map(|(start, end)| recording.rollout(name, *start, end)).collect()
}

impl Recording {
    fn read(bytes: &[u8]) -> Self {
        let mut text = String::new();
        GzDecoder::new(bytes).read_to_string(&mut text).expect("the recording can be unpacked");
        let mut recording = Self::default();
        for line in text.lines() {
            recording.add(serde_json::from_str(line).expect("each line is an event"));
        }
        recording
    }

    fn add(&mut self, line: Line) {
        let Line { t_ms, r#type, kind, object } = line;
        self.end_ms = self.end_ms.max(t_ms);
        let at_ms = if r#type == "LIST" { BEFORE } else { t_ms };
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        match kind.as_str() {
            "Deployment" => self.deployments.entry(name).or_default().push(SeenDeployment::of(at_ms, &object)),
            "ReplicaSet" => {
                let replica_set = self.replica_sets.entry(name).or_insert_with(|| SeenReplicaSet::of(&object));
                replica_set.sizes.push((at_ms, count(&object["spec"]["replicas"])));
            }
            "Pod" => {
                let pod = self.pods.entry(name).or_insert_with_key(|name| SeenPod::of(name, at_ms, &object));
                pod.see(at_ms, &object, r#type == "DELETED");
            }
            _ => {}
        }
    }

    /// The rollout that the event number `start` of a Deployment begins; `end` is the first event after it.
    fn rollout(&self, name: &str, start: usize, end: usize) -> Rollout {
        let seen = &self.deployments[name];
        let (before, seen) = (&seen[start - 1], &seen[start - 1..end]);
        let start_ms = seen[1].at_ms;
        let end_ms = self.deployments[name].get(end).map_or(self.end_ms + 1, |next| next.at_ms);
        let until_ms = end_ms - start_ms;

        let mut templates = vec![self.replica_set_of(name, &before.template)];
        let mut writes = Vec::new();
        for pair in seen.windows(2).filter(|pair| pair[1].differs(&pair[0])) {
            let replica_set = self.replica_set_of(name, &pair[1].template);
            let template = templates.iter().position(|known| *known == replica_set).unwrap_or_else(|| {
                templates.push(replica_set);
                templates.len() - 1
            });
            writes.push(DeploymentWrite {
                at_ms: pair[1].at_ms - start_ms,
                template: Some(template),
                replicas: Some(pair[1].replicas),
                strategy: Some(pair[1].strategy),
                paused: Some(pair[1].paused),
            });
        }
        let wanted = image(&seen[seen.len() - 1].template);
        let sides: Vec<Side> = (templates.iter())
            .map(|name| if image(&self.replica_sets[*name].template) == wanted { Side::New } else { Side::Old })
            .collect();

        let film = self.film(&templates, &sides, start_ms, until_ms);
        let (shortest_ms, termination_ms) = terminations(&film);
        let scenario = Scenario {
            replicas: before.replicas,
            strategy: before.strategy,
            min_ready_seconds: count(&before.spec["minReadySeconds"]),
            progress_deadline_seconds: Some(count(&seen[1].spec["progressDeadlineSeconds"])),
            revision_history_limit: Some(count(&before.spec["revisionHistoryLimit"])),
            termination_ms,
            node_capacity: None,
            pod_quota: None,
            initial_unready: 0,
            templates: (sides.iter().enumerate())
                .map(|(template, side)| Template {
                    startup_ms: startups(&film, template),
                    health: Health::Starts,
                    side: *side,
                })
                .collect(),
            writes,
            disturbances: Vec::new(),
        };

        let last_write_ms = scenario.last_event_ms();
        let first = |what: fn(&SeenDeployment) -> bool, from_ms: i64| {
            seen[1..]
                .iter()
                .find(|seen| seen.at_ms - start_ms >= from_ms && what(seen))
                .map(|seen| seen.at_ms - start_ms)
        };
        let milestones = Milestones {
            settled_ms: first(|seen| seen.complete, last_write_ms),
            deadline_exceeded_ms: first(|seen| seen.deadline_exceeded, 0),
        };
        let steps = self.steps(&templates, start_ms, end_ms);
        let summary = FilmSummary::of(&film, milestones);
        let reaction_ms = reaction_ms(&scenario, &film, &steps, milestones.settled_ms);
        Rollout { scenario, steps, summary, film, reaction_ms, termination_spread_ms: termination_ms - shortest_ms }
    }

    /// The name of the ReplicaSet that runs this pod template of a Deployment.
    fn replica_set_of(&self, deployment: &str, template: &Value) -> &str {
        let runs =
            |(_, other): &(&String, &SeenReplicaSet)| other.deployment == deployment && other.template == *template;
        self.replica_sets.iter().find(runs).expect("each template of a Deployment gets its ReplicaSet").0
    }

    fn film(&self, templates: &[&str], sides: &[Side], start_ms: i64, until_ms: i64) -> Film {
        let revisions = (templates.iter().zip(sides))
            .map(|(name, side)| Revision { key: (*name).to_owned(), version: None, side: *side })
            .collect();
        let mut pods: Vec<PodTrack> = (self.pods.values())
            .filter_map(|pod| {
                let revision = templates.iter().position(|name| *name == pod.replica_set)?;
                Some(since(&pod.track, start_ms, revision))
            })
            .filter(|pod| pod.gone_ms.is_none_or(|gone| gone >= 0))
            .collect();
        pods.sort_by(|a, b| (a.created_ms, &a.name).cmp(&(b.created_ms, &b.name)));
        up_to(&Film { revisions, pods, gaps: Vec::new(), until_ms }, until_ms)
    }

    fn steps(&self, templates: &[&str], start_ms: i64, end_ms: i64) -> Vec<Resize> {
        let mut steps = Vec::new();
        for (template, name) in templates.iter().enumerate() {
            let mut from = 0;
            for (at_ms, to) in &self.replica_sets[*name].sizes {
                if *to != from && (start_ms..end_ms).contains(at_ms) {
                    steps.push(Resize { at_ms: at_ms - start_ms, template, from, to: *to });
                }
                from = *to;
            }
        }
        steps.sort_by_key(|step| step.at_ms);
        steps
    }
}

impl SeenDeployment {
    fn of(at_ms: i64, object: &Value) -> Self {
        let (spec, status) = (&object["spec"], &object["status"]);
        let declared: DeclaredStrategy = serde_json::from_value(spec["strategy"].clone()).expect("a strategy");
        let replicas = count(&spec["replicas"]);
        let generation = object["metadata"]["generation"].as_i64();
        let counts = ["replicas", "updatedReplicas", "availableReplicas"].map(|field| count(&status[field]));
        let conditions = status["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            at_ms,
            template: without_hash(&spec["template"]),
            replicas,
            strategy: declared.as_deployment().expect("a Deployment has a valid strategy"),
            paused: spec["paused"] == true,
            spec: spec.clone(),
            complete: status["observedGeneration"].as_i64() >= generation && counts == [replicas; 3],
            deadline_exceeded: conditions.iter().any(|condition| condition["reason"] == "ProgressDeadlineExceeded"),
        }
    }

    /// Somebody wrote what decides a rollout.
    fn differs(&self, other: &Self) -> bool {
        let decides = |seen: &Self| (seen.replicas, seen.strategy, seen.paused);
        decides(self) != decides(other) || self.template != other.template
    }
}

impl SeenReplicaSet {
    fn of(object: &Value) -> Self {
        Self { deployment: owner(object), template: without_hash(&object["spec"]["template"]), sizes: Vec::new() }
    }
}

impl SeenPod {
    fn of(name: &str, created_ms: i64, object: &Value) -> Self {
        let track = PodTrack {
            name: name.to_owned(),
            revision: 0,
            created_ms,
            bound_ms: None,
            ready: Vec::new(),
            terminating_ms: None,
            gone_ms: None,
        };
        Self { replica_set: owner(object), track }
    }

    fn see(&mut self, at_ms: i64, object: &Value, deleted: bool) {
        let track = &mut self.track;
        if object["spec"]["nodeName"].is_string() {
            track.bound_ms.get_or_insert(at_ms);
        }
        let conditions = object["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ready = conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
        let marked = deleted || object["metadata"]["deletionTimestamp"].is_string();
        let open = track.ready.last().is_some_and(|span| span.to_ms.is_none());
        match (ready && track.terminating_ms.is_none() && !marked, open) {
            (true, false) => track.ready.push(OpenSpan { from_ms: at_ms, to_ms: None }),
            (false, true) => track.ready.iter_mut().for_each(|span| span.to_ms = span.to_ms.or(Some(at_ms))),
            _ => {}
        }
        if marked {
            track.terminating_ms.get_or_insert(at_ms);
        }
        if deleted {
            track.gone_ms = Some(at_ms);
        }
    }
}

/// The track in the time of a rollout.
fn since(track: &PodTrack, start_ms: i64, revision: usize) -> PodTrack {
    let at = |at_ms: Option<i64>| at_ms.map(|at_ms| at_ms - start_ms);
    let ready = track.ready.iter().map(|span| OpenSpan { from_ms: span.from_ms - start_ms, to_ms: at(span.to_ms) });
    PodTrack {
        name: track.name.clone(),
        revision,
        created_ms: track.created_ms - start_ms,
        bound_ms: at(track.bound_ms),
        ready: ready.collect(),
        terminating_ms: at(track.terminating_ms),
        gone_ms: at(track.gone_ms),
    }
}

/// The film as far as it was known at `until_ms`.
pub(crate) fn up_to(film: &Film, until_ms: i64) -> Film {
    let known = |at_ms: Option<i64>| at_ms.filter(|at_ms| *at_ms < until_ms);
    let mut film = Film { until_ms, ..film.clone() };
    film.pods.retain(|pod| pod.created_ms < until_ms);
    for pod in &mut film.pods {
        pod.bound_ms = known(pod.bound_ms);
        pod.terminating_ms = known(pod.terminating_ms);
        pod.gone_ms = known(pod.gone_ms);
        pod.ready.retain(|span| span.from_ms < until_ms);
        pod.ready.iter_mut().for_each(|span| span.to_ms = known(span.to_ms));
    }
    film
}

/// How long the pods of a template took from bound to ready, in the order in which they were bound, which is the order in which
/// the model creates them. One that was not seen to become ready takes longer than the recording.
fn startups(film: &Film, template: usize) -> Vec<i64> {
    let mut pods: Vec<&PodTrack> =
        film.pods.iter().filter(|pod| pod.revision == template && pod.created_ms >= 0).collect();
    pods.sort_by_key(|pod| (pod.bound_ms.unwrap_or(i64::MAX), pod.created_ms));
    let startup = |pod: &&PodTrack| Some(pod.ready.first()?.from_ms - pod.bound_ms?);
    pods.iter().map(|pod| startup(pod).unwrap_or(film.until_ms)).collect()
}

/// The shortest and the longest termination of a bound pod.
fn terminations(film: &Film) -> (i64, i64) {
    let took = |pod: &PodTrack| pod.bound_ms.and(Some(pod.gone_ms? - pod.terminating_ms?));
    let took: Vec<i64> = film.pods.iter().filter_map(took).collect();
    (took.iter().copied().min().unwrap_or(0), took.iter().copied().max().unwrap_or(0))
}

fn reaction_ms(scenario: &Scenario, film: &Film, steps: &[Resize], settled_ms: Option<i64>) -> i64 {
    let pods = &film.pods;
    let writes = scenario.writes.iter().map(|write| write.at_ms);
    let ready = pods.iter().flat_map(|pod| pod.ready.iter().map(|span| span.from_ms));
    let asked: Vec<i64> = writes.chain(ready).filter(|at_ms| *at_ms >= 0).collect();
    // Room that a pod leaves is for another one; nothing is taken away for it, and it settles nothing.
    let room: Vec<i64> = asked.iter().copied().chain(pods.iter().filter_map(|pod| pod.gone_ms)).collect();
    let grown = steps.iter().filter(|step| step.to > step.from).map(|step| step.at_ms);
    let shrunk = steps.iter().filter(|step| step.to < step.from).map(|step| step.at_ms);
    let made = pods.iter().flat_map(|pod| pod.bound_ms.into_iter().chain([pod.created_ms]));
    let taken = pods.iter().filter_map(|pod| pod.terminating_ms);
    longest(&room, grown.chain(made)).max(longest(&asked, shrunk.chain(taken).chain(settled_ms)))
}

/// The longest time from the last cause before an effect to that effect.
fn longest(causes: &[i64], effects: impl Iterator<Item = i64>) -> i64 {
    let took = |effect: i64| causes.iter().filter(|cause| **cause <= effect).max().map(|cause| effect - cause);
    effects.filter_map(took).max().unwrap_or(0)
}

fn count(value: &Value) -> u32 {
    value.as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
}

fn owner(object: &Value) -> String {
    object["metadata"]["ownerReferences"][0]["name"].as_str().unwrap_or_default().to_owned()
}

/// What decides the version: the image of the first container, the kube-apiserver's.
fn image(template: &Value) -> &Value {
    &template["spec"]["containers"][0]["image"]
}

/// The label that a Deployment adds to the template of its ReplicaSet.
fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove("pod-template-hash");
    }
    template
}
