//! Recordings of a real Kamaji, played into the index. They stand in `planner`, whose model is judged by the same ones.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cluster::{Index, Observer, Recording};
use flate2::read::GzDecoder;
use jiff::civil::{Date, date};
use planner::finding::{Finding, FindingKind};
use planner::hop::{Preflight, preflight};
use planner::next::{VersionPicker, next_versions};
use planner::operator::OperatorKnowledge;
use planner::releases::ReleaseTable;
use planner::stage::{self, Stage, StageReport};
use planner::strategy::Strategy;
use planner::tenant::{ObservedHop, TenantSnapshot};
use planner::version::KubernetesVersion;
use serde_json::Value;

use super::{NOW, admin};

/// The day of the recordings.
pub(crate) const TODAY: Date = date(2026, 11, 22);

/// Where all recordings stand.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../planner/tests/data/recordings")
}

/// Every line of a recording, as it was written.
pub(crate) fn lines(name: &str) -> impl Iterator<Item = Value> {
    let file = File::open(folder().join(format!("{name}.jsonl.gz"))).expect("there is such a recording");
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines.map(|line| serde_json::from_str(&line.expect("text")).expect("JSON"))
}

pub(crate) fn open(name: &str) -> Recording {
    Recording::open(&folder().join(format!("{name}.jsonl.gz"))).expect("the recording is whole")
}

/// Plays a recording and shows each state of each tenant: time, tenant.
pub(crate) fn replay(recording: &Recording, mut see: impl FnMut(i64, &Arc<TenantSnapshot>)) -> (Index, Observer) {
    let start = recording.moment(0);
    let (mut index, observer) = recording.begin(Arc::new(move || start));
    let mut show = |at_ms| observer.fleet().borrow().visible(&admin()).iter().for_each(|it| see(at_ms, it));
    show(0);
    for step in recording.steps() {
        recording.play(step, &mut index);
        show(step.at_ms);
    }
    (index, observer)
}

/// What the console knew of one tenant at every moment of a recording.
pub(crate) struct Story {
    recording: Recording,
    kamaji: OperatorKnowledge,
    states: Vec<(i64, Arc<TenantSnapshot>)>,
}

impl Story {
    /// The tenant `name` in a recording of Kamaji 26.8.2-edge, or of v1.0.0 if its name says so.
    pub(crate) fn of(recording: &str, name: &str) -> Self {
        let answer = if recording.starts_with("v100") { ", actually 1.30.2" } else { " (v1.36)" };
        let refusal = format!("unable to upgrade to a version greater than the supported one{answer}");
        Self::played(open(recording), name, OperatorKnowledge::from_probe(&refusal, NOW))
    }

    pub(crate) fn played(recording: Recording, name: &str, kamaji: OperatorKnowledge) -> Self {
        let mut states: Vec<(i64, Arc<TenantSnapshot>)> = Vec::new();
        replay(&recording, |at_ms, snapshot| {
            let known = states.last().is_some_and(|(_, known)| Arc::ptr_eq(known, snapshot));
            if snapshot.id.name == name && !known {
                states.push((at_ms, snapshot.clone()));
            }
        });
        assert!(!states.is_empty(), "{} has no {name}", recording.name());
        Self { recording, kamaji, states }
    }

    /// Every state from one time (ms) up to another.
    pub(crate) fn states(&self, from_ms: i64, to_ms: i64) -> impl Iterator<Item = (i64, &TenantSnapshot)> {
        let states = self.states.iter().map(|(at_ms, snapshot)| (*at_ms, &**snapshot));
        states.filter(move |(at_ms, _)| (from_ms..to_ms).contains(at_ms))
    }

    /// Every state there was.
    pub(crate) fn all(&self) -> impl Iterator<Item = (i64, &TenantSnapshot)> {
        self.states(i64::MIN, i64::MAX)
    }

    /// The state at a time (ms), published again at that time, as a running hop is every second.
    pub(crate) fn at(&self, at_ms: i64) -> TenantSnapshot {
        let known = self.states.iter().rev().find(|(since_ms, _)| *since_ms <= at_ms);
        let snapshot = known.expect("the tenant was there already").1.clone();
        TenantSnapshot { observed_at: self.recording.moment(at_ms), ..(*snapshot).clone() }
    }

    /// The last state.
    pub(crate) fn end(&self) -> TenantSnapshot {
        self.at(self.recording.length_ms())
    }

    /// The hop at the end.
    pub(crate) fn hop(&self) -> ObservedHop {
        self.end().hop.expect("one was seen")
    }

    /// Kamaji's own statuses, in order.
    pub(crate) fn statuses(&self) -> Vec<String> {
        let mut statuses: Vec<String> = self.all().map(|(_, snapshot)| snapshot.status.to_string()).collect();
        statuses.dedup();
        statuses
    }

    /// Everything it was ever stuck on.
    pub(crate) fn ever_stuck_on(&self) -> Vec<String> {
        let mut all: Vec<String> = self.all().flat_map(|(_, snapshot)| names(&stage::read(snapshot).stuck)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// When something was done by hand, by the first such words of the recorder.
    pub(crate) fn mark(&self, words: &str) -> i64 {
        let mark = self.recording.marks().find(|(_, text)| text.contains(words));
        mark.unwrap_or_else(|| panic!("no mark `{words}` in {}", self.recording.name())).0
    }

    /// When something was first so, from a time (ms) on.
    pub(crate) fn first(&self, from_ms: i64, so: impl Fn(&TenantSnapshot) -> bool) -> i64 {
        let found = self.states(from_ms, i64::MAX).find(|(_, snapshot)| so(snapshot));
        found.unwrap_or_else(|| panic!("never after {from_ms} ms in {}", self.recording.name())).0
    }

    /// The stage at a time (ms).
    pub(crate) fn report(&self, at_ms: i64) -> StageReport {
        stage::read(&self.at(at_ms))
    }

    /// The stages from one time (ms) up to another, each as often as it was entered.
    pub(crate) fn stages(&self, from_ms: i64, to_ms: i64) -> Vec<Stage> {
        let mut stages: Vec<Stage> =
            self.states(from_ms, to_ms).map(|(_, snapshot)| stage::read(snapshot).stage).collect();
        stages.dedup();
        stages
    }

    /// What the console would have said to a hop at a time (ms).
    pub(crate) fn preflight(&self, at_ms: i64, version: &str, strategy: Option<&str>) -> Preflight {
        let strategy = strategy.map(|text| text.parse::<Strategy>().expect("a strategy"));
        let releases = ReleaseTable::built_in();
        preflight(&self.at(at_ms), &self::version(version), strategy, &self.kamaji, &releases, TODAY)
    }

    /// Which versions the console would have offered at a time (ms).
    pub(crate) fn next(&self, at_ms: i64) -> VersionPicker {
        next_versions(&self.at(at_ms), &ReleaseTable::built_in(), &self.kamaji, TODAY)
    }
}

pub(crate) fn version(text: &str) -> KubernetesVersion {
    text.parse().expect("the test writes a version")
}

/// The names of the kinds of these findings, in order: `paused`, `hopInFlight`, ….
pub(crate) fn names<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<String> {
    findings.into_iter().map(|finding| name(&finding.kind)).collect()
}

/// The names of what blocks.
pub(crate) fn blocking(preflight: &Preflight) -> Vec<String> {
    names(preflight.findings.iter().filter(|finding| finding.blocks()))
}

fn name(kind: &FindingKind) -> String {
    match serde_json::to_value(kind).expect("a kind is JSON") {
        Value::String(name) => name,
        Value::Object(map) => map.into_iter().next().expect("one key").0,
        other => panic!("not a kind: {other}"),
    }
}
