//! What people do not expect of a strategy, as typed data.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::verdict::{Called, Pods, seconds, stuck};
use super::{LabInput, LabRow};
use crate::finding::{FindingKind, Severity};
use crate::rollout::{Health, predict};
use crate::strategy::{Strategy, StrategyName};

/// A start-up longer than this (ms) is ended by Kamaji's startup probe: 3 failures, 10 s apart.
const STARTUP_PROBE_MS: i64 = 30_000;

/// One remark about a row of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What, with its numbers.
    pub kind: RemarkKind,
    /// How much it matters: [`Severity::Warns`], or [`Severity::Passes`] for what is only good to know.
    pub severity: Severity,
}

/// What there is to say. The sentence is its `Display`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RemarkKind {
    /// The new pods never become ready, and nothing moves any more.
    StuckForGood {
        /// API servers that go on serving (pods).
        serving: u32,
        /// `spec.replicas`.
        replicas: u32,
        /// Pods that stay on nodes (pods), and so cost what they request.
        bound: u32,
        /// When the Deployment is reported as failed (ms), if it has a deadline.
        reported_ms: Option<i64>,
    },
    /// What leads out of it.
    WaysOut {
        /// API servers that go on serving (pods).
        serving: u32,
    },
    /// A quota, or the room on the nodes, is smaller than what the strategy would make use of.
    HeldBack {
        /// What is short.
        by: Shortage,
        /// How much of it there is (pods).
        limit: u32,
        /// How much the strategy would use (pods).
        wanted: u32,
        /// Finished (ms); `None` if it never does.
        finished_ms: Option<i64>,
        /// Finished where nothing is short (ms).
        otherwise_ms: Option<i64>,
    },
    /// No API server serves for a while.
    Outage {
        /// The strategy.
        strategy: Strategy,
        /// How long (ms).
        outage_ms: i64,
        /// `spec.replicas`.
        replicas: u32,
    },
    /// Fewer API servers serve than replicas.
    FewerServing {
        /// The fewest.
        lowest: u32,
        /// `spec.replicas`.
        replicas: u32,
    },
    /// Old and new API servers answer side by side. Said of Blue/Green even if the window is 0, since people expect a switch.
    MixedWindow {
        /// It is Blue/Green.
        blue_green: bool,
        /// How long in all (ms).
        total_ms: i64,
    },
    /// Rolling in small steps has as many pods alive at its peak as Blue/Green.
    NoFewerPodsThanBlueGreen {
        /// Pods alive at the peak.
        pods: u32,
        /// How long a pod terminates (ms).
        termination_ms: i64,
    },
    /// The hop writes the Deployment twice.
    ThreeReplicaSets {
        /// Pods alive at the peak.
        pods: u32,
        /// Between the writes (ms).
        apart_ms: i64,
    },
    /// Both numbers round to zero, so Kubernetes lets one pod be unavailable.
    BothRoundToZero {
        /// `spec.replicas`.
        replicas: u32,
    },
    /// An absolute surge above the replicas. It is not capped, but only as many new pods as replicas are ever made.
    SurgeAboveReplicas {
        /// The surge.
        surge: u32,
        /// `spec.replicas`.
        replicas: u32,
    },
    /// The progress deadline passes before the end.
    DeadlinePasses {
        /// When (ms).
        at_ms: i64,
    },
    /// The nodes do not have the image yet.
    PullsImage {
        /// What it adds to each new pod's start-up (ms).
        pull_ms: i64,
    },
    /// A start-up is longer than Kamaji's startup probe allows. A rule; it is not simulated.
    StartupProbe {
        /// The longest start-up (ms).
        startup_ms: i64,
    },
}

/// What holds a rollout back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Shortage {
    /// The quota of pod objects: creations are refused.
    Quota,
    /// The room on the nodes: pods stay pending.
    Room,
}

pub(super) fn remarks(input: &LabInput, row: &LabRow, blue_green_peak: u32) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if input.replicas == 0 {
        return remarks;
    }
    let mut add = |severity, kind| remarks.push(Remark { kind, severity });
    let (summary, replicas) = (&row.summary, input.replicas);
    let stuck = stuck(input, row);
    if stuck && input.new_pods != Health::Starts {
        let end = row.film.counts_at(row.film.until_ms);
        let (serving, bound) = (end.serving(), end.old.bound + end.new.bound);
        let reported_ms = summary.deadline_exceeded_ms;
        add(Severity::Warns, RemarkKind::StuckForGood { serving, replicas, bound, reported_ms });
        add(Severity::Warns, RemarkKind::WaysOut { serving });
    }
    for kind in held_back(input, row) {
        add(Severity::Warns, kind);
    }
    if summary.outage_ms > 0 && !stuck {
        let outage_ms = summary.outage_ms;
        add(Severity::Warns, RemarkKind::Outage { strategy: row.strategy, outage_ms, replicas });
    }
    if let Some(at_ms) = summary.deadline_exceeded_ms.filter(|_| !stuck) {
        add(Severity::Warns, RemarkKind::DeadlinePasses { at_ms });
    }
    let starts = input.new_pods == Health::Starts;
    if let Some(startup_ms) = input.startup_ms.iter().copied().max().filter(|ms| starts && *ms > STARTUP_PROBE_MS) {
        add(Severity::Warns, RemarkKind::StartupProbe { startup_ms });
    }
    if let (Strategy::RollingUpdate { max_surge, .. }, true) = (row.strategy, row.limits.max_surge > replicas) {
        add(
            Severity::Warns,
            RemarkKind::SurgeAboveReplicas { surge: row.limits.max_surge.max(max_surge.number()), replicas },
        );
    }
    if rounds_to_zero(row.strategy, replicas) {
        add(Severity::Warns, RemarkKind::BothRoundToZero { replicas });
    }
    if !stuck && summary.lowest_serving > 0 && summary.lowest_serving < replicas {
        add(Severity::Warns, RemarkKind::FewerServing { lowest: summary.lowest_serving, replicas });
    }
    if let Some(apart_ms) = input.second_write_ms.filter(|_| row.film.revisions.len() > 2) {
        add(Severity::Warns, RemarkKind::ThreeReplicaSets { pods: summary.peaks.objects, apart_ms });
    }
    if let Some(pull_ms) = input.pull_ms.filter(|ms| starts && *ms > 0) {
        add(Severity::Passes, RemarkKind::PullsImage { pull_ms });
    }
    let blue_green = row.strategy.name() == StrategyName::BlueGreen;
    let peak = summary.peaks.objects;
    let small_steps = row.strategy != Strategy::Recreate && row.limits.max_surge < replicas;
    if small_steps && peak > replicas && peak >= blue_green_peak {
        let termination_ms = input.termination_ms;
        add(Severity::Warns, RemarkKind::NoFewerPodsThanBlueGreen { pods: peak, termination_ms });
    }
    let mixed_ms = summary.mixed.map_or(Some(0), |mixed| mixed.total_ms);
    if let Some(total_ms) = mixed_ms.filter(|ms| !stuck && (blue_green || *ms > 0)) {
        add(Severity::Passes, RemarkKind::MixedWindow { blue_green, total_ms });
    }
    remarks
}

/// Quota and room that are smaller than what the same rollout uses where nothing is short.
fn held_back(input: &LabInput, row: &LabRow) -> Vec<RemarkKind> {
    if input.pod_quota.is_none() && input.room.is_none() {
        return Vec::new();
    }
    let free = predict(&LabInput { pod_quota: None, room: None, ..input.clone() }.scenario(row.strategy)).summary;
    let limits =
        [(Shortage::Quota, input.pod_quota, free.peaks.objects), (Shortage::Room, input.room, free.peaks.bound)];
    let short = limits.into_iter().filter_map(|(by, limit, wanted)| {
        let limit = limit.filter(|limit| *limit < wanted)?;
        let (finished_ms, otherwise_ms) = (row.summary.finished_ms, free.finished_ms);
        Some(RemarkKind::HeldBack { by, limit, wanted, finished_ms, otherwise_ms })
    });
    short.collect()
}

fn rounds_to_zero(strategy: Strategy, replicas: u32) -> bool {
    use crate::strategy::Rounding::{Down, Up};
    match strategy {
        Strategy::RollingUpdate { max_surge, max_unavailable } => {
            max_surge.scaled(replicas, Up) == 0 && max_unavailable.scaled(replicas, Down) == 0
        }
        Strategy::Recreate => false,
    }
}

impl fmt::Display for RemarkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::StuckForGood { serving, replicas, bound, reported_ms } => {
                match serving {
                    0 => f.write_str("If the new pods never become ready, no API server is left")?,
                    _ => write!(f, "If the new pods never become ready, {serving} of {replicas} API servers go on serving")?,
                }
                write!(f, " and {} stay on the nodes until somebody acts.", Pods(bound))?;
                match reported_ms {
                    Some(ms) => write!(f, " After {} s the Deployment is reported as failed; nothing else happens.", seconds(ms)),
                    None => f.write_str(" Without a progress deadline nothing reports it."),
                }
            }
            Self::WaysOut { serving: 0 } => write!(
                f,
                "The way out needs an administrator. {} A patch hop can be set back, a minor hop never.",
                FindingKind::NotReadyDeadlock
            ),
            Self::WaysOut { .. } => f.write_str(
                "Ways out: mend what keeps the pods from getting ready, or go on to another patch of the same minor. A patch hop can \
                 be set back where the operator takes it, a minor hop never.",
            ),
            Self::HeldBack { by, limit, wanted, finished_ms, otherwise_ms } => {
                match by {
                    Shortage::Quota => write!(f, "A quota of {} lets it make fewer than the {wanted} it uses", Pods(limit))?,
                    Shortage::Room => write!(f, "There is room for {}, and it uses {wanted}", Pods(limit))?,
                }
                match (finished_ms, otherwise_ms, by) {
                    (Some(ms), Some(otherwise), _) if seconds(ms) == seconds(otherwise) => {
                        f.write_str(": some pods wait, but it takes no longer.")
                    }
                    (Some(ms), Some(otherwise), Shortage::Quota) => write!(
                        f,
                        ": creations are refused and tried again after pauses that grow. Finished after {} s instead of {} s.",
                        seconds(ms),
                        seconds(otherwise)
                    ),
                    (Some(ms), Some(otherwise), Shortage::Room) => write!(
                        f,
                        ": pods wait until others are gone. Finished after {} s instead of {} s.",
                        seconds(ms),
                        seconds(otherwise)
                    ),
                    (None, Some(_), Shortage::Quota) => f.write_str(": it does not finish within an hour."),
                    (None, Some(_), Shortage::Room) => f.write_str(": it never finishes."),
                    (_, None, _) => f.write_str("."),
                }
            }
            Self::Outage { strategy, outage_ms, replicas } => {
                let time = seconds(outage_ms);
                match strategy {
                    Strategy::Recreate => write!(
                        f,
                        "Recreate is an outage of {time} s: every old pod must be gone before the first new one is made."
                    ),
                    Strategy::RollingUpdate { .. } if replicas == 1 => write!(
                        f,
                        "With one replica {} is an outage of {time} s: the only pod goes before the new one is ready.",
                        Called(strategy)
                    ),
                    Strategy::RollingUpdate { .. } => {
                        write!(
                            f,
                            "{} is an outage of {time} s: it lets every pod be unavailable at once.",
                            Called(strategy)
                        )
                    }
                }
            }
            Self::FewerServing { lowest, replicas } => {
                let verb = if lowest == 1 { "serves" } else { "serve" };
                write!(f, "Only {lowest} of {replicas} API servers {verb} at the lowest point.")
            }
            Self::MixedWindow { blue_green: true, total_ms: 0 } => f.write_str(
                "Blue/Green is not a switch, but a rolling update with full surge. Here no window shows in which both versions \
                 answer, because all new pods are taken to be ready in the same moment; real ones are not.",
            ),
            Self::MixedWindow { blue_green: true, total_ms } => write!(
                f,
                "Blue/Green is not a switch: old and new API servers answer side by side for {} s.",
                seconds(total_ms)
            ),
            Self::MixedWindow { blue_green: false, total_ms } => {
                write!(f, "Old and new API servers answer side by side for {} s.", seconds(total_ms))
            }
            Self::NoFewerPodsThanBlueGreen { pods, termination_ms } => write!(
                f,
                "It saves no pods: old ones take {} s to go, so {} are alive at the peak, no fewer than with Blue/Green.",
                seconds(termination_ms),
                Pods(pods)
            ),
            Self::ThreeReplicaSets { pods, apart_ms } => write!(
                f,
                "With konnectivity a minor hop changes the Deployment twice, {}.{} s apart: three ReplicaSets, and {} at the peak.",
                apart_ms / 1000,
                apart_ms % 1000 / 100,
                Pods(pods)
            ),
            Self::BothRoundToZero { replicas } => write!(
                f,
                "Both numbers round to 0 with {replicas} replicas; Kubernetes then lets one pod be unavailable."
            ),
            Self::SurgeAboveReplicas { surge, replicas } => {
                write!(
                    f,
                    "A surge of {surge} is more than the {replicas} replicas; the rest of it has no use, except while scaling."
                )
            }
            Self::DeadlinePasses { at_ms } => write!(
                f,
                "The progress deadline passes after {} s: the Deployment is then reported as failed, and goes on all the same.",
                seconds(at_ms)
            ),
            Self::PullsImage { pull_ms } => write!(
                f,
                "{} s of each new pod's start-up are the pull of its image; pods that come later to a node that has it are quicker.",
                seconds(pull_ms)
            ),
            Self::StartupProbe { startup_ms } => write!(
                f,
                "A start-up of {} s is longer than Kamaji's startup probe allows (about 30 s): the container would be restarted. A rule, not simulated.",
                seconds(startup_ms)
            ),
        }
    }
}
