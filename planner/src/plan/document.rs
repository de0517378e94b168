//! The document as data. Its JSON is published and versioned: fields are added, never changed or taken away, within one
//! version of [`SCHEMA`].

use serde::{Deserialize, Serialize};

use super::change::PlannedChange;
use super::costs::{PlannedCosts, PlannedOverride};
use super::headline::Verdict;
use crate::finding::{Finding, Severity};
use crate::hop::{Binding, HopKind};
use crate::lab::LabRow;
use crate::placement::Proposal;

/// Name and version of the document.
pub const SCHEMA: &str = "upgrade-plan/v1";

/// The plan of one hop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradePlan {
    /// [`SCHEMA`].
    pub schema: String,
    /// When it was made, UTC.
    pub made_at: String,
    /// Namespace of the tenant.
    pub namespace: String,
    /// Its name.
    pub tenant: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// The object, its generation and the facts that it was made from.
    pub binding: Binding,
    /// What is installed.
    pub installed: Option<String>,
    /// What is wanted now.
    pub from: String,
    /// What would be wanted.
    pub to: String,
    /// Absent if Kamaji would refuse it.
    pub hop: Option<HopKind>,
    /// What the findings come to.
    pub verdict: Verdict,
    /// The verdict in a sentence.
    pub headline: String,
    /// How many findings of each kind.
    pub summary: String,
    /// How the pods are replaced, and why so.
    pub strategy: PlanStrategy,
    /// What the model says; absent while the control plane sleeps.
    pub forecast: Option<Forecast>,
    /// What each strategy costs and puts on the DataStore; absent while the control plane sleeps.
    #[serde(default)]
    pub costs: Option<PlannedCosts>,
    /// Findings that somebody takes upon themselves.
    #[serde(default)]
    pub overrides: Vec<PlannedOverride>,
    /// What speaks for and against it, worst first.
    pub findings: Vec<PlannedFinding>,
    /// What the tenant's users will notice.
    pub notices: Vec<String>,
    /// What can be undone and what cannot.
    pub irreversible: Vec<String>,
    /// The exact change.
    pub change: PlannedChange,
    /// What a reviewer should look at.
    pub checklist: Vec<String>,
    /// Over the facts that it was made from.
    pub digest: String,
}

/// How the pods are replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanStrategy {
    /// `maxSurge/maxUnavailable`, or `recreate`; absent if what is declared is none.
    pub chosen: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What the object declares.
    pub declared: String,
    /// Why this one.
    pub why: String,
    /// Those that get through where this one does not, in words.
    pub instead: Vec<String>,
    /// The same, strategy by strategy.
    pub proposals: Vec<ProposedStrategy>,
}

/// A strategy that gets through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposedStrategy {
    /// `maxSurge/maxUnavailable`, or `recreate`.
    pub strategy: String,
    /// Whether its pods find room, in a sentence.
    pub verdict: String,
}

/// What the model says. Times in milliseconds after the write, pods in pods, CPU in milliCPU, memory in bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// The row in a sentence.
    pub sentence: String,
    /// `spec.replicas`.
    pub replicas: u32,
    /// Pod objects at the peak.
    pub peak_pods: u32,
    /// Pods on nodes at the peak.
    pub peak_bound: u32,
    /// API servers running at the peak.
    pub peak_running: u32,
    /// Fewest that serve.
    pub lowest_serving: u32,
    /// No API server serves.
    pub outage_ms: i64,
    /// Both versions serve; absent if it does not end.
    pub mixed_ms: Option<i64>,
    /// Settled.
    pub settled_ms: Option<i64>,
    /// Finished.
    pub finished_ms: Option<i64>,
    /// Least and greatest, where earlier pods differed.
    pub finished_range_ms: Option<(i64, i64)>,
    /// More than today, from the pods' requests; absent if they request none.
    pub extra_cpu_millis: Option<u64>,
    /// More than today, from the pods' requests; absent if they request none.
    pub extra_memory_bytes: Option<u64>,
    /// More DataStore connections than today, as assumed.
    pub extra_connections: Option<u64>,
    /// What people do not expect.
    pub remarks: Vec<String>,
    /// What the controller does, in order.
    pub steps: Vec<StepLine>,
}

/// One change of a ReplicaSet's size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepLine {
    /// When.
    pub at_ms: i64,
    /// `old` or `new`.
    pub side: String,
    /// Pods before.
    pub from: u32,
    /// Pods after.
    pub to: u32,
    /// As the controller would say it.
    pub reason: String,
}

/// A finding in words: a line of a document or of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedFinding {
    /// What it means for the step.
    pub severity: Severity,
    /// The sentence.
    pub sentence: String,
    /// What was read.
    pub evidence: String,
    /// What to do.
    pub remedy: Option<String>,
    /// Where the rule comes from.
    pub source: String,
    /// A public page that states it.
    pub url: Option<String>,
}

impl ProposedStrategy {
    pub(super) fn of(proposal: &Proposal) -> Self {
        Self { strategy: proposal.strategy.to_string(), verdict: proposal.verdict.to_string() }
    }
}

impl PlannedFinding {
    /// A finding in words, for a document or a page.
    pub fn of(finding: &Finding) -> Self {
        Self {
            severity: finding.severity,
            sentence: finding.to_string(),
            evidence: finding.evidence.clone(),
            remedy: finding.remedy.clone(),
            source: finding.source.to_string(),
            url: finding.source.url().map(str::to_owned),
        }
    }
}

impl Forecast {
    pub(super) fn of(row: &LabRow, replicas: u32) -> Self {
        let summary = &row.summary;
        let step = |step: &crate::rollout::Step| StepLine {
            at_ms: step.at_ms,
            side: match step.side {
                crate::film::Side::Old => "old".to_owned(),
                crate::film::Side::New => "new".to_owned(),
            },
            from: step.from,
            to: step.to,
            reason: step.to_string(),
        };
        Self {
            sentence: row.verdict.clone(),
            replicas,
            peak_pods: summary.peaks.objects,
            peak_bound: summary.peaks.bound,
            peak_running: summary.peaks.running,
            lowest_serving: summary.lowest_serving,
            outage_ms: summary.outage_ms,
            mixed_ms: summary.mixed.map_or(Some(0), |window| window.total_ms),
            settled_ms: summary.settled_ms,
            finished_ms: summary.finished_ms,
            finished_range_ms: row.range.and_then(|range| range.finished_ms).map(|extent| (extent.low, extent.high)),
            extra_cpu_millis: row.cost.cpu_millis.value,
            extra_memory_bytes: row.cost.memory_bytes.value,
            extra_connections: row.cost.connections.value,
            remarks: row.remarks.iter().map(|remark| remark.kind.to_string()).collect(),
            steps: row.steps.iter().map(step).collect(),
        }
    }
}
