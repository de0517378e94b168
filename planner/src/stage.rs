//! Where a tenant stands, derived from what is observed of it: never from intent, and never from Kamaji's status alone.
//!
//! Kamaji's status, installed version and observed generation together have been seen to say "done" five seconds before the
//! Deployment was touched, so every answer here also reads the Deployment.

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::operator::OperatorRules;
use crate::strategy::Strategy;
use crate::tenant::{KamajiStatus, PodFacts, TenantSnapshot};
use crate::time::UnixMillis;
use crate::version::KubernetesVersion;

pub use self::exits::Exit;
pub use self::settled::{is_finished, is_settled, unsettled};

mod exits;
mod sentence;
mod settled;
mod stuck;

/// Kamaji asks the tenant's API server before it begins. Usually it begins 0.2 to 2.4 s after the change; only after this time
/// (ms) the wait has a name of its own.
pub const ACCEPTED_MS: i64 = 3_000;

/// After this time (ms) at the gate a hop counts as stuck.
pub const GATE_MS: i64 = 60_000;

/// How far the tenant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// The Deployment cannot be read, so nothing is claimed.
    Unknown,
    /// Never came up yet.
    Creating,
    /// Nothing is in flight.
    Idle,
    /// 0 replicas.
    Sleeping,
    /// A change was taken; no pod is touched yet.
    Accepted,
    /// Kamaji waits for the tenant's API server before it begins.
    Gate,
    /// Pods are being replaced.
    RollingOut,
    /// The new pods all serve; older ones are left, or Kamaji has not recorded the version yet.
    Settling,
    /// Settled, and pods of an older version still terminate.
    Settled,
    /// Settled, and no pod of an older version exists.
    Finished,
}

/// The stage in words, what it is stuck on and which ways out exist now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageReport {
    /// How far.
    pub stage: Stage,
    /// The same in one sentence.
    pub sentence: String,
    /// What keeps it from going on; empty while nothing does.
    pub stuck: Vec<Finding>,
    /// The ways out that exist at this stage; empty unless something is stuck.
    pub exits: Vec<Exit>,
    /// Pods by version and state.
    pub counts: StageCounts,
}

/// Pods of the tenant, by the version of their kube-apiserver. Zero where pods cannot be read ([`StageCounts::known`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageCounts {
    /// Whether the pods were read.
    pub known: bool,
    /// `spec.replicas`.
    pub replicas: u32,
    /// Of the wanted version: ready and not terminating.
    pub new_serving: u32,
    /// Of the wanted version: not ready yet.
    pub new_starting: u32,
    /// Of another version: ready and not terminating.
    pub old_serving: u32,
    /// Of another version: not ready, not terminating.
    pub old_not_ready: u32,
    /// Of another version: terminating.
    pub old_terminating: u32,
    /// Of the wanted version: terminating.
    pub new_terminating: u32,
}

/// Reads where the tenant stands, at the moment of the snapshot.
pub fn read(snapshot: &TenantSnapshot) -> StageReport {
    read_at(snapshot, snapshot.observed_at)
}

/// Reads where the tenant stands `now`. While Kamaji waits at its gate nothing changes in the cluster, so no new snapshot
/// comes: whoever has a clock asks again with it.
pub fn read_at(snapshot: &TenantSnapshot, now: UnixMillis) -> StageReport {
    let waited_ms = waiting_ms(snapshot, now);
    let stage = stage_of(snapshot, waited_ms);
    let counts = StageCounts::of(snapshot);
    let stuck = stuck::findings(snapshot, stage, waited_ms);
    let exits = exits::open_now(snapshot, stage, &stuck);
    let sentence = sentence::of(snapshot, stage, &counts);
    StageReport { stage, sentence, stuck, exits, counts }
}

/// The way out of a stuck hop that this change takes, if it is one that exists now. Every other change waits until the hop has
/// settled.
pub fn way_out(snapshot: &TenantSnapshot, version: &KubernetesVersion, strategy: Option<Strategy>) -> Option<Exit> {
    read(snapshot).exits.into_iter().find(|exit| exit.is_taken_by(snapshot, version, strategy))
}

fn stage_of(snapshot: &TenantSnapshot, waited_ms: Option<i64>) -> Stage {
    let Some(installed) = &snapshot.installed_version else {
        return Stage::Creating;
    };
    let Some(deployment) = snapshot.deployment.read() else {
        return Stage::Unknown;
    };
    let touched = deployment.version.as_ref() == Some(&snapshot.desired_version);
    let complete = settled::deployment_gaps(snapshot, deployment).is_empty();
    if !touched {
        return if *installed == snapshot.desired_version {
            Stage::Accepted
        } else {
            before_rollout(snapshot, waited_ms)
        };
    }
    if snapshot.replicas == 0 && complete && *installed == snapshot.desired_version {
        return Stage::Sleeping;
    }
    if !complete {
        return Stage::RollingOut;
    }
    let under_watch = snapshot.hop.as_ref().filter(|hop| hop.to == snapshot.desired_version);
    let seen_settled = under_watch.is_some_and(|hop| hop.settled_ms.is_some());
    if !is_settled(snapshot) && !seen_settled && (under_watch.is_some() || *installed != snapshot.desired_version) {
        return Stage::Settling;
    }
    match older_pods(snapshot) {
        // Without the pods nothing says that the older ones are gone.
        None if under_watch.is_some() => Stage::Settled,
        Some(0) if under_watch.is_some() => Stage::Finished,
        None | Some(0) => Stage::Idle,
        Some(_) => Stage::Settled,
    }
}

/// The version is wanted, the Deployment does not have it yet.
fn before_rollout(snapshot: &TenantSnapshot, waited_ms: Option<i64>) -> Stage {
    if snapshot.status == KamajiStatus::Upgrading {
        return Stage::RollingOut;
    }
    match waited_ms {
        // At 0 replicas Kamaji asks nobody.
        _ if snapshot.replicas == 0 && OperatorRules::seen_on(snapshot).knows_sleeping() => Stage::Accepted,
        Some(waited) if waited < ACCEPTED_MS => Stage::Accepted,
        _ => Stage::Gate,
    }
}

/// For how long (ms) the wanted version has been wanted, at least.
fn waiting_ms(snapshot: &TenantSnapshot, now: UnixMillis) -> Option<i64> {
    let hop = snapshot.hop.as_ref().filter(|hop| hop.to == snapshot.desired_version)?;
    Some(now.since(hop.started_at))
}

/// Pods of a version other than the wanted one, terminating ones included; `None` if the pods cannot be read. A pod whose
/// version cannot be read counts as older: it must not let anything look finished.
pub(crate) fn older_pods(snapshot: &TenantSnapshot) -> Option<usize> {
    Some(snapshot.pods.read()?.iter().filter(|pod| !is_new(snapshot, pod)).count())
}

fn is_new(snapshot: &TenantSnapshot, pod: &PodFacts) -> bool {
    pod.version.as_ref() == Some(&snapshot.desired_version)
}

impl StageCounts {
    fn of(snapshot: &TenantSnapshot) -> Self {
        let Some(pods) = snapshot.pods.read() else {
            return Self { replicas: snapshot.replicas, ..Self::default() };
        };
        let mut counts = Self { known: true, replicas: snapshot.replicas, ..Self::default() };
        for pod in pods {
            let state = (is_new(snapshot, pod), pod.terminating_at.is_some(), pod.ready_at.is_some());
            let count = match state {
                (true, true, _) => &mut counts.new_terminating,
                (true, false, true) => &mut counts.new_serving,
                (true, false, false) => &mut counts.new_starting,
                (false, true, _) => &mut counts.old_terminating,
                (false, false, true) => &mut counts.old_serving,
                (false, false, false) => &mut counts.old_not_ready,
            };
            *count += 1;
        }
        counts
    }

    /// Pods that serve, of whichever version.
    pub fn serving(self) -> u32 {
        self.new_serving + self.old_serving
    }

    /// Pods of another version than the wanted one, terminating ones included.
    pub fn older(self) -> u32 {
        self.old_serving + self.old_not_ready + self.old_terminating
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unknown => "Unknown",
            Self::Creating => "Creating",
            Self::Idle => "Idle",
            Self::Sleeping => "Sleeping",
            Self::Accepted => "Accepted",
            Self::Gate => "Waiting for the tenant's API server",
            Self::RollingOut => "Rolling out",
            Self::Settling => "Settling",
            Self::Settled => "Settled",
            Self::Finished => "Finished",
        })
    }
}
