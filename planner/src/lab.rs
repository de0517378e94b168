//! The strategy lab: what each strategy would do to one control plane, side by side.

mod pull;
mod query;
mod range;
mod remark;
mod search;
mod source;
mod verdict;

use serde::{Deserialize, Serialize};

use self::range::Play;
use crate::cost::{Cost, PodCost};
use crate::film::{Film, FilmSummary, Side};
use crate::rollout::{DeploymentWrite, EndReason, Health, Scenario, Step, Template, predict};
use crate::strategy::{RolloutLimits, Strategy};
use crate::tenant::PodRequests;

pub use self::pull::{PullSource, PullUnknown};
pub use self::query::{LabQueryError, MAX_REPLICAS, MAX_SAMPLES, MAX_SECONDS, NEW_PODS};
pub use self::range::{Extent, Range};
pub use self::remark::{Remark, RemarkKind, Shortage};
pub use self::search::{Found, MAX_SEARCHED, Match, Recommendation, Wishes, recommend, search};
pub use self::source::{LabSources, Spread, TimingSource};
pub(crate) use self::verdict::seconds;

/// With konnectivity Kamaji writes the Deployment a second time this long after the first (ms; observed).
pub const SECOND_WRITE_MS: i64 = 900;
/// Start-up where nothing was observed (ms).
pub const ASSUMED_STARTUP_MS: i64 = 20_000;
/// `terminationGracePeriodSeconds` where no Deployment was read (ms): Kubernetes' default.
pub const DEFAULT_GRACE_MS: i64 = 30_000;
/// TCP connections of one API server to etcd. Measured elsewhere (50 to 66), not on this tenant.
pub const ASSUMED_CONNECTIONS: u32 = 60;

/// Everything the comparison depends on. Goes into a link and comes back ([`LabInput::to_query`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabInput {
    /// `spec.replicas` (pods).
    pub replicas: u32,
    /// From bound to ready (ms): the k-th new pod takes the k-th entry, round and round.
    pub startup_ms: Vec<i64>,
    /// From the request to terminate until the pod is gone, typically (ms).
    pub termination_ms: i64,
    /// The shortest and the longest of it (ms). Counts only while the typical one lies in between.
    pub termination_extent_ms: Option<(i64, i64)>,
    /// What pulling the image adds to the start-up of each new pod (ms), where the nodes do not have it yet.
    pub pull_ms: Option<i64>,
    /// The least and the most of it (ms). Counts only while the typical one lies in between.
    pub pull_extent_ms: Option<(i64, i64)>,
    /// Whether the new pods become ready.
    pub new_pods: Health,
    /// Most pod objects of this control plane, terminating ones included (pods); `None` = no quota.
    pub pod_quota: Option<u32>,
    /// Most pods of it that find a place on nodes at once, terminating ones included (pods); `None` = as many as it takes.
    pub room: Option<u32>,
    /// `minReadySeconds` (s).
    pub min_ready_seconds: u32,
    /// `progressDeadlineSeconds` (s); `None` = no deadline.
    pub progress_deadline_seconds: Option<u32>,
    /// What one pod requests.
    pub requests: PodRequests,
    /// What to assume for a pod that requests nothing.
    pub assumed: PodRequests,
    /// DataStore connections of one API server, as assumed; `None` = not known.
    pub connections_per_pod: Option<u32>,
    /// The second write of the hop (ms after the first), if there is one.
    pub second_write_ms: Option<i64>,
    /// A strategy of one's own, beside the five that have a name.
    pub custom: Option<Strategy>,
    /// What a strategy that is searched for must keep.
    pub wishes: Wishes,
}

/// All candidates, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// One row per candidate.
    pub rows: Vec<LabRow>,
}

/// What one strategy would do.
#[derive(Debug, Clone, PartialEq)]
pub struct LabRow {
    /// The strategy.
    pub strategy: Strategy,
    /// What it comes to for these replicas.
    pub limits: RolloutLimits,
    /// The predicted film.
    pub film: Film,
    /// Its figures.
    pub summary: FilmSummary,
    /// How far they may lie apart, where start-up or termination were seen to differ.
    pub range: Option<Range>,
    /// Each change of a ReplicaSet's size with the controller's reason.
    pub steps: Vec<Step>,
    /// Why the film ends.
    pub end: EndReason,
    /// What it costs on top of today.
    pub cost: Cost,
    /// What people do not expect, worst first.
    pub remarks: Vec<Remark>,
    /// The row in one sentence.
    pub verdict: String,
}

impl Default for LabInput {
    /// The lab without a tenant: three replicas, assumed times, a hop with one write.
    fn default() -> Self {
        Self {
            replicas: 3,
            startup_ms: vec![ASSUMED_STARTUP_MS],
            termination_ms: DEFAULT_GRACE_MS,
            termination_extent_ms: None,
            pull_ms: None,
            pull_extent_ms: None,
            new_pods: Health::Starts,
            pod_quota: None,
            room: None,
            min_ready_seconds: 0,
            progress_deadline_seconds: Some(600),
            requests: PodRequests::default(),
            assumed: PodRequests::default(),
            connections_per_pod: Some(ASSUMED_CONNECTIONS),
            second_write_ms: None,
            custom: None,
            wishes: Wishes::default(),
        }
    }
}

impl LabInput {
    /// The five strategies with a name, then one's own if it is another one.
    pub fn candidates(&self) -> Vec<Strategy> {
        let mut candidates = vec![
            Strategy::BLUE_GREEN,
            Strategy::ROLLING_ONE,
            Strategy::SURGE_ONE,
            Strategy::IN_PLACE,
            Strategy::Recreate,
        ];
        if let Some(custom) = self.custom.filter(|custom| !candidates.contains(custom)) {
            candidates.push(custom);
        }
        candidates
    }

    /// What the model plays for one candidate.
    pub fn scenario(&self, strategy: Strategy) -> Scenario {
        self.timed_scenario(strategy, &self.typical_play())
    }

    /// The same with other times.
    fn timed_scenario(&self, strategy: Strategy, play: &Play) -> Scenario {
        let mut scenario = Scenario::hop(self.replicas, strategy, play.startup_ms.clone(), play.termination_ms);
        scenario.min_ready_seconds = self.min_ready_seconds;
        scenario.progress_deadline_seconds = self.progress_deadline_seconds;
        scenario.pod_quota = self.pod_quota;
        scenario.node_capacity = self.room;
        let new = Template { startup_ms: play.new_startup_ms.clone(), health: self.new_pods, side: Side::New };
        if let Some(at_ms) = self.second_write_ms {
            scenario.templates.push(new.clone());
            scenario.writes.push(DeploymentWrite { at_ms, template: Some(2), ..DeploymentWrite::default() });
        }
        scenario.templates[1] = new;
        scenario
    }

    /// The same where every pod starts.
    fn starting(&self) -> Self {
        Self { new_pods: Health::Starts, ..self.clone() }
    }

    /// The same control plane where nothing is short and every pod starts.
    fn unlimited(&self) -> Self {
        Self { pod_quota: None, room: None, ..self.starting() }
    }

    /// What one pod costs.
    pub fn pod_cost(&self) -> PodCost {
        PodCost { requests: self.requests, assumed: self.assumed, connections: self.connections_per_pod }
    }
}

/// Plays every candidate.
pub fn compare(input: &LabInput) -> Comparison {
    let mut rows: Vec<LabRow> = input.candidates().into_iter().map(|strategy| row(input, strategy)).collect();
    let blue_green_peak = rows.first().map_or(0, |row| row.summary.peaks.objects);
    for row in &mut rows {
        row.remarks = remark::remarks(input, row, blue_green_peak);
        row.verdict = verdict::verdict(input, row);
    }
    Comparison { rows }
}

fn row(input: &LabInput, strategy: Strategy) -> LabRow {
    let prediction = predict(&input.scenario(strategy));
    LabRow {
        strategy,
        range: Range::of(input, strategy, &prediction.summary),
        limits: strategy.limits(input.replicas),
        cost: Cost::of(prediction.summary.peaks, input.replicas, &input.pod_cost()),
        film: prediction.film,
        summary: prediction.summary,
        steps: prediction.steps,
        end: prediction.end,
        remarks: Vec::new(),
        verdict: String::new(),
    }
}
