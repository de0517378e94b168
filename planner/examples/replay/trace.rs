//! Traces of real rollouts: reading them, playing their input through the model, and the first difference in words.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use planner::film::Side;
use planner::rollout::deployment::ConditionReason;
use planner::rollout::{DeploymentWrite, Disturbance, EndReason, Health, Moment, Scenario, Template, predict_watched};
use planner::strategy::{IntOrPercent, IntOrString, RolloutLimits, Strategy, StrategyField};
use serde::Deserialize;

/// One whole rollout, played by the real controllers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trace {
    pub(crate) id: String,
    pub(crate) class: String,
    pub(crate) flags: Flags,
    pub(crate) input: Input,
    pub(crate) derived: Derived,
    pub(crate) timeline: Vec<Entry>,
    pub(crate) summary: Summary,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Flags {
    pub(crate) order_sensitive: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    replicas: u32,
    strategy: String,
    max_surge: Option<IntOrString>,
    max_unavailable: Option<IntOrString>,
    min_ready_seconds: u32,
    progress_deadline_seconds: Option<u32>,
    revision_history_limit: Option<u32>,
    termination_grace_period_seconds: u32,
    node_capacity: Option<u32>,
    pod_quota: Option<u32>,
    initial_unready: u32,
    templates: Vec<InputTemplate>,
    events: Vec<InputEvent>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputTemplate {
    id: usize,
    startup_seconds: Vec<i64>,
    broken: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputEvent {
    at_ms: i64,
    template: Option<usize>,
    replicas: Option<u32>,
    paused: Option<bool>,
    pod_unready: Option<PodUnready>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodUnready {
    template: usize,
    recover_after_seconds: Option<i64>,
}

/// What the strategy comes to.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Derived {
    max_surge: u32,
    max_unavailable: u32,
    min_available: u32,
}

/// One settled instant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) t: i64,
    pub(crate) replica_sets: Vec<EntryReplicaSet>,
    pub(crate) deployment: EntryDeployment,
    pub(crate) pods: BTreeMap<String, EntryPods>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryReplicaSet {
    template: usize,
    revision: u64,
    spec_replicas: u32,
    replicas: u32,
    ready: u32,
    available: u32,
    terminating: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryDeployment {
    replicas: u32,
    updated: u32,
    ready: u32,
    available: u32,
    unavailable: u32,
    terminating: Option<u32>,
    pub(crate) conditions: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryPods {
    pending: u32,
    not_ready: u32,
    ready: u32,
    terminating: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    peak_pods_non_terminating: u32,
    peak_pods_alive: u32,
    min_available: u32,
    min_ready: u32,
    first_mixed_ms: Option<i64>,
    last_mixed_ms: Option<i64>,
    mixed_total_ms: Option<i64>,
    completed_at_ms: Option<i64>,
    old_gone_at_ms: Option<i64>,
    deadline_exceeded_at_ms: Option<i64>,
    last_change_ms: i64,
    end_reason: String,
}

/// Where the model and a trace part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Difference {
    /// The input cannot be played.
    Input(String),
    /// The strategy comes to something else.
    Derived { want: String, have: String },
    /// At this instant something differs.
    At { t: i64, what: String, want: String, have: String },
    /// The model has no entry here.
    Missing { t: i64 },
    /// The model has an entry that the trace has not.
    Extra { t: i64 },
    /// A figure of the summary differs.
    Summary { what: &'static str, want: String, have: String },
}

/// What must be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    Everything,
    EverythingButConditions,
}

/// Reads a file of traces, gzipped or plain.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Trace>, Box<dyn std::error::Error>> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut text)?;
        return Ok(serde_json::from_slice(&text)?);
    }
    Ok(serde_json::from_slice(bytes)?)
}

impl Trace {
    /// What a real cluster is bound to: a trace whose conditions depend on the order within one instant binds to the rest.
    pub(crate) fn demand(&self) -> Demand {
        match self.flags.order_sensitive.as_str() {
            "conditions" => Demand::EverythingButConditions,
            _ => Demand::Everything,
        }
    }

    /// Plays the input and gives the first difference, if there is one.
    pub(crate) fn first_difference(&self, demand: Demand) -> Option<Difference> {
        let scenario = match self.input.scenario() {
            Ok(scenario) => scenario,
            Err(why) => return Some(Difference::Input(why)),
        };
        let RolloutLimits { max_surge, max_unavailable, min_available } = scenario.strategy.limits(scenario.replicas);
        let derived = Derived { max_surge, max_unavailable, min_available };
        if derived != self.derived {
            return Some(Difference::Derived { want: format!("{:?}", self.derived), have: format!("{derived:?}") });
        }
        let mut timeline: Vec<Entry> = Vec::new();
        let mut completed_at_ms = None;
        let last_event_ms = scenario.last_event_ms();
        let mut last_replicas = 0;
        let prediction = predict_watched(&scenario, |moment| {
            let entry = Entry::of(moment);
            last_replicas = moment.replicas();
            if moment.at_ms >= last_event_ms && moment.is_complete() {
                completed_at_ms.get_or_insert(moment.at_ms);
            }
            if timeline.last().is_none_or(|last| !last.same_state(&entry, Demand::Everything)) {
                timeline.push(entry);
            }
        });
        let last_template = scenario.last_template() + 1;
        let summary = Summary::of(&timeline, last_template, completed_at_ms, prediction.end);
        first_difference_of_timelines(&self.timeline, &timeline, demand).or_else(|| self.summary.difference(&summary))
    }
}

fn first_difference_of_timelines(want: &[Entry], have: &[Entry], demand: Demand) -> Option<Difference> {
    let (want, have) = (reduced(want, demand), reduced(have, demand));
    let mut have = have.iter().peekable();
    for want in &want {
        match have.peek() {
            None => return Some(Difference::Missing { t: want.t }),
            Some(other) if other.t < want.t => return Some(Difference::Extra { t: other.t }),
            Some(other) if other.t > want.t => return Some(Difference::Missing { t: want.t }),
            Some(other) => {
                if let Some((what, want_text, have_text)) = want.difference(other, demand) {
                    return Some(Difference::At { t: want.t, what, want: want_text, have: have_text });
                }
                have.next();
            }
        }
    }
    have.next().map(|extra| Difference::Extra { t: extra.t })
}

/// Without conditions an entry may say the same as the one before it.
fn reduced(timeline: &[Entry], demand: Demand) -> Vec<&Entry> {
    let mut reduced: Vec<&Entry> = Vec::with_capacity(timeline.len());
    for entry in timeline {
        if reduced.last().is_none_or(|last| !last.same_state(entry, demand)) {
            reduced.push(entry);
        }
    }
    reduced
}

impl Input {
    pub(crate) fn scenario(&self) -> Result<Scenario, String> {
        let last = self.events.iter().rev().find_map(|event| event.template).unwrap_or(1);
        let templates = self.templates.iter().map(|template| template.template(last)).collect::<Result<_, _>>()?;
        let mut writes = Vec::new();
        let mut disturbances = Vec::new();
        for event in &self.events {
            if event.template.or(event.replicas.map(|_| 0)).is_some() || event.paused.is_some() {
                writes.push(DeploymentWrite {
                    at_ms: event.at_ms,
                    template: event.template.map(|id| id - 1),
                    replicas: event.replicas,
                    paused: event.paused,
                    ..DeploymentWrite::default()
                });
            }
            if let Some(unready) = &event.pod_unready {
                disturbances.push(Disturbance {
                    at_ms: event.at_ms,
                    template: unready.template - 1,
                    recover_after_ms: unready.recover_after_seconds.map(|seconds| seconds * 1000),
                });
            }
        }
        Ok(Scenario {
            replicas: self.replicas,
            strategy: self.strategy()?,
            min_ready_seconds: self.min_ready_seconds,
            progress_deadline_seconds: Some(self.progress_deadline_seconds.unwrap_or(600)),
            revision_history_limit: Some(self.revision_history_limit.unwrap_or(10)),
            termination_ms: i64::from(self.termination_grace_period_seconds) * 1000,
            node_capacity: self.node_capacity,
            pod_quota: self.pod_quota,
            initial_unready: self.initial_unready,
            templates,
            writes,
            disturbances,
        })
    }

    fn strategy(&self) -> Result<Strategy, String> {
        if self.strategy == "Recreate" {
            return Ok(Strategy::Recreate);
        }
        let given = |value: &Option<IntOrString>, field| match value {
            None => Ok(IntOrPercent::Percent(25)),
            Some(value) => value.parsed(field).map_err(|error| error.to_string()),
        };
        Ok(Strategy::RollingUpdate {
            max_surge: given(&self.max_surge, StrategyField::MaxSurge)?,
            max_unavailable: given(&self.max_unavailable, StrategyField::MaxUnavailable)?,
        })
    }
}

impl InputTemplate {
    fn template(&self, last: usize) -> Result<Template, String> {
        let health = match self.broken.as_str() {
            "" => Health::Starts,
            "crashLoop" => Health::CrashLoop,
            "imagePull" => Health::ImagePull,
            other => return Err(format!("template {} is broken in an unknown way: {other}", self.id)),
        };
        let side = if self.id == last { Side::New } else { Side::Old };
        Ok(Template { startup_ms: self.startup_seconds.iter().map(|seconds| seconds * 1000).collect(), health, side })
    }
}

impl Entry {
    fn of(moment: &Moment<'_>) -> Self {
        let replica_sets = moment.replica_sets().map(|replica_set| EntryReplicaSet {
            template: replica_set.template + 1,
            revision: replica_set.revision,
            spec_replicas: replica_set.spec_replicas,
            replicas: replica_set.status.replicas,
            ready: replica_set.status.ready,
            available: replica_set.status.available,
            terminating: replica_set.status.terminating,
        });
        let status = moment.deployment();
        let mut conditions = BTreeMap::new();
        for (name, condition) in [("Progressing", status.progressing), ("ReplicaFailure", status.replica_failure)] {
            if let Some(condition) = condition {
                conditions.insert(name.to_owned(), format!("{}/{}", condition.reason, condition.status));
            }
        }
        if let Some(condition) = status.minimum_available {
            conditions.insert("Available".to_owned(), condition.status.to_string());
        }
        let pods = moment.pods().into_iter().enumerate().filter_map(|(template, pods)| {
            let pods = EntryPods {
                pending: pods.pending,
                not_ready: pods.not_ready,
                ready: pods.ready,
                terminating: pods.terminating,
            };
            (pods != EntryPods::default()).then(|| ((template + 1).to_string(), pods))
        });
        Self {
            t: moment.at_ms,
            replica_sets: replica_sets.collect(),
            deployment: EntryDeployment {
                replicas: status.replicas,
                updated: status.updated,
                ready: status.ready,
                available: status.available,
                unavailable: status.unavailable,
                terminating: status.terminating,
                conditions,
            },
            pods: pods.collect(),
        }
    }

    fn same_state(&self, other: &Self, demand: Demand) -> bool {
        self.difference(other, demand).is_none()
    }

    /// The first thing that differs: its name, here, there.
    fn difference(&self, other: &Self, demand: Demand) -> Option<(String, String, String)> {
        let texts = |what: String, here: &dyn fmt::Debug, there: &dyn fmt::Debug| {
            Some((what, format!("{here:?}"), format!("{there:?}")))
        };
        if self.replica_sets.len() != other.replica_sets.len() {
            return texts("the ReplicaSets".to_owned(), &self.replica_sets, &other.replica_sets);
        }
        for (here, there) in self.replica_sets.iter().zip(&other.replica_sets) {
            if here != there {
                return texts(format!("the ReplicaSet of template {}", here.template), here, there);
            }
        }
        for template in self.pods.keys().chain(other.pods.keys()) {
            let (here, there) = (self.pods.get(template), other.pods.get(template));
            if here != there {
                return texts(format!("the pods of template {template}"), &here, &there);
            }
        }
        let counts = |entry: &Self| {
            let status = entry.deployment.clone();
            EntryDeployment { conditions: BTreeMap::new(), ..status }
        };
        if counts(self) != counts(other) {
            return texts("the Deployment's counts".to_owned(), &counts(self), &counts(other));
        }
        if demand == Demand::Everything && self.deployment.conditions != other.deployment.conditions {
            return texts("the conditions".to_owned(), &self.deployment.conditions, &other.deployment.conditions);
        }
        None
    }

    fn sum(&self, count: impl Fn(&EntryPods) -> u32) -> u32 {
        self.pods.values().map(count).sum()
    }

    fn is_mixed(&self) -> bool {
        self.pods.values().filter(|pods| pods.ready > 0).count() > 1
    }
}

impl Summary {
    fn of(timeline: &[Entry], last_template: usize, completed_at_ms: Option<i64>, end: EndReason) -> Self {
        let begin = timeline.iter().position(|entry| entry.t >= 0);
        // Nothing happened at 0: the state before counts from 0 on.
        let from_start = begin.is_some_and(|begin| timeline[begin].t == 0);
        let first = begin.unwrap_or(timeline.len()).saturating_sub(usize::from(!from_start));
        let entries: Vec<(i64, &Entry)> = timeline[first..].iter().map(|entry| (entry.t.max(0), entry)).collect();
        let greatest = |count: &dyn Fn(&Entry) -> u32| entries.iter().map(|(_, entry)| count(entry)).max().unwrap_or(0);
        let least = |count: &dyn Fn(&Entry) -> u32| entries.iter().map(|(_, entry)| count(entry)).min().unwrap_or(0);

        let mut first_mixed_ms = None;
        let mut last_mixed_ms = None;
        let mut mixed_total_ms = 0;
        let mut mixed_since = None;
        for (t, entry) in &entries {
            if let (Some(since), false) = (mixed_since, entry.is_mixed()) {
                mixed_total_ms += t - since;
                last_mixed_ms = Some(*t);
                mixed_since = None;
            } else if entry.is_mixed() {
                first_mixed_ms.get_or_insert(*t);
                mixed_since.get_or_insert(*t);
            }
        }
        let mut old_gone_at_ms = None;
        for (t, entry) in &entries {
            let old = entry.pods.keys().any(|template| *template != last_template.to_string());
            old_gone_at_ms = if old { None } else { old_gone_at_ms.or(Some(*t)) };
        }
        let exceeded = |entry: &Entry| {
            let reason = ConditionReason::ProgressDeadlineExceeded.as_str();
            entry.deployment.conditions.get("Progressing").is_some_and(|text| text.starts_with(reason))
        };
        Self {
            peak_pods_non_terminating: greatest(&|entry| entry.sum(|pods| pods.pending + pods.not_ready + pods.ready)),
            peak_pods_alive: greatest(&|entry| {
                entry.sum(|pods| pods.pending + pods.not_ready + pods.ready + pods.terminating)
            }),
            min_available: least(&|entry| entry.deployment.available),
            min_ready: least(&|entry| entry.sum(|pods| pods.ready)),
            first_mixed_ms,
            last_mixed_ms: last_mixed_ms.filter(|_| mixed_since.is_none()),
            mixed_total_ms: mixed_since.is_none().then_some(mixed_total_ms),
            completed_at_ms,
            old_gone_at_ms,
            deadline_exceeded_at_ms: entries.iter().find(|(_, entry)| exceeded(entry)).map(|(t, _)| *t),
            last_change_ms: timeline.last().map_or(0, |entry| entry.t.max(0)),
            end_reason: match end {
                EndReason::Complete => "complete",
                EndReason::Stuck => "stuck",
                EndReason::Horizon => "horizon",
            }
            .to_owned(),
        }
    }

    fn difference(&self, other: &Self) -> Option<Difference> {
        macro_rules! compare {
            ($($field:ident),*) => {
                $(if self.$field != other.$field {
                    return Some(Difference::Summary {
                        what: stringify!($field),
                        want: format!("{:?}", self.$field),
                        have: format!("{:?}", other.$field),
                    });
                })*
            };
        }
        compare!(
            peak_pods_non_terminating,
            peak_pods_alive,
            min_available,
            min_ready,
            first_mixed_ms,
            last_mixed_ms,
            mixed_total_ms,
            completed_at_ms,
            old_gone_at_ms,
            deadline_exceeded_at_ms,
            last_change_ms,
            end_reason
        );
        None
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(why) => write!(f, "the input cannot be played: {why}"),
            Self::Derived { want, have } => write!(f, "the strategy comes to {have}, the trace has {want}"),
            Self::At { t, what, want, have } => {
                write!(f, "at {t} ms {what} differ: the trace has {want}, the model {have}")
            }
            Self::Missing { t } => write!(f, "at {t} ms the trace has a change, the model none"),
            Self::Extra { t } => write!(f, "at {t} ms the model has a change, the trace none"),
            Self::Summary { what, want, have } => {
                write!(f, "the summary's {what} differs: the trace has {want}, the model {have}")
            }
        }
    }
}
