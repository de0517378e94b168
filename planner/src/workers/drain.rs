//! What would block the drain of a node, before it starts.
//!
//! `kubectl drain` without a timeout waits for ever on a budget that allows nothing, and says only which pod it waits for.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::finding::Severity;

/// What is read of a pod on the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodOnNode {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Who makes it again.
    pub controller: Controller,
    /// Whether it keeps data on the node's disk.
    pub local_storage: LocalStorage,
    /// Whether it still runs.
    pub phase: PodPhase,
}

/// Who makes a pod again when it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Controller {
    /// Nobody.
    Nobody,
    /// A DaemonSet: a drain leaves it alone.
    DaemonSet,
    /// A manifest on the node itself: a drain leaves it alone.
    Static,
    /// A ReplicaSet, StatefulSet, Job or another controller.
    Workload {
        /// `Deployment`, `StatefulSet`, ….
        kind: String,
        /// Its name.
        name: String,
        /// `spec.replicas` (pods); `None` where it has none.
        replicas: Option<u32>,
    },
}

/// Whether a pod keeps data on its node's disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LocalStorage {
    /// No.
    Absent,
    /// In emptyDir volumes, which go with the pod.
    EmptyDir,
}

/// Whether a pod still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PodPhase {
    /// It runs or is about to.
    Running,
    /// Succeeded or Failed: nothing holds it.
    Finished,
}

/// What is read of a PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Whose it is: its owner reference, or the chart or tool that its labels name.
    pub owner: Option<String>,
    /// `status.disruptionsAllowed` (pods).
    pub disruptions_allowed: u32,
    /// Names of the pods that it selects.
    pub pods: BTreeSet<String>,
}

/// What a drain of the node meets, worst first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct DrainReport {
    /// How many pods it evicts.
    pub evicted: usize,
    /// What speaks against it, worst first.
    pub remarks: Vec<DrainRemark>,
}

/// One thing that a drain meets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DrainRemark {
    /// A budget allows no disruption now.
    BudgetExhausted {
        /// `namespace/name`.
        budget: String,
        /// Whose it is.
        owner: Option<String>,
        /// Pods of it on the node.
        pods: usize,
    },
    /// Two budgets select one pod: the API server refuses every eviction of it.
    TwoBudgets {
        /// `namespace/name`.
        pod: String,
        /// Their names.
        budgets: Vec<String>,
    },
    /// No controller makes the pod again.
    Uncontrolled {
        /// `namespace/name`.
        pod: String,
    },
    /// The pod's emptyDir volumes go with it.
    LosesData {
        /// `namespace/name`.
        pod: String,
    },
    /// A budget allows fewer disruptions than it has pods here: they go one after the other.
    BudgetTight {
        /// `namespace/name`.
        budget: String,
        /// Whose it is.
        owner: Option<String>,
        /// Disruptions it allows now (pods).
        allowed: u32,
        /// Pods of it on the node.
        pods: usize,
    },
    /// The only replica of a workload: it is gone until it runs elsewhere.
    SingleReplica {
        /// Kind, namespace and name: `Deployment shop/cart`.
        workload: String,
    },
}

/// What a drain meets, from the pods on one node and the budgets of the cluster.
///
/// The rules are those of `kubectl drain` (its pod filters) and of the eviction API.
pub fn drain_report(pods: &[PodOnNode], budgets: &[Budget]) -> DrainReport {
    let leaves = |pod: &&PodOnNode| !matches!(pod.controller, Controller::DaemonSet | Controller::Static);
    let leaving: Vec<&PodOnNode> = pods.iter().filter(leaves).collect();
    let running: Vec<&PodOnNode> = leaving.iter().copied().filter(|pod| pod.phase == PodPhase::Running).collect();
    let mut remarks = Vec::new();
    for budget in budgets {
        let here = running.iter().filter(|pod| budget.selects(pod)).count();
        let (name, owner, allowed) = (budget.to_string(), budget.owner.clone(), budget.disruptions_allowed);
        if here > 0 && allowed == 0 {
            remarks.push(DrainRemark::BudgetExhausted { budget: name, owner, pods: here });
        } else if u64::try_from(here).is_ok_and(|here| here > u64::from(allowed)) {
            remarks.push(DrainRemark::BudgetTight { budget: name, owner, allowed, pods: here });
        }
    }
    for pod in running {
        let over: Vec<String> =
            budgets.iter().filter(|budget| budget.selects(pod)).map(|budget| budget.name.clone()).collect();
        if over.len() > 1 {
            remarks.push(DrainRemark::TwoBudgets { pod: pod.to_string(), budgets: over });
        }
        if pod.controller == Controller::Nobody {
            remarks.push(DrainRemark::Uncontrolled { pod: pod.to_string() });
        }
        if pod.local_storage == LocalStorage::EmptyDir {
            remarks.push(DrainRemark::LosesData { pod: pod.to_string() });
        }
        if let Controller::Workload { kind, name, replicas: Some(1) } = &pod.controller {
            remarks.push(DrainRemark::SingleReplica { workload: format!("{kind} {}/{name}", pod.namespace) });
        }
    }
    // Stable: within one severity the order of checking stays.
    remarks.sort_by_key(DrainRemark::severity);
    DrainReport { evicted: leaving.len(), remarks }
}

impl DrainReport {
    /// Whether the drain would stop by itself or wait in vain.
    pub fn is_blocked(&self) -> bool {
        self.remarks.iter().any(|remark| remark.severity() == Severity::Blocks)
    }
}

impl DrainRemark {
    /// What it means for the drain.
    pub fn severity(&self) -> Severity {
        match self {
            Self::BudgetExhausted { .. }
            | Self::TwoBudgets { .. }
            | Self::Uncontrolled { .. }
            | Self::LosesData { .. } => Severity::Blocks,
            Self::BudgetTight { .. } | Self::SingleReplica { .. } => Severity::Warns,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::BudgetExhausted { .. } => {
                "Add a replica, or bring its unready pods up, until the budget allows a disruption."
            }
            Self::TwoBudgets { .. } => "Let one budget select the pod, not two.",
            Self::Uncontrolled { .. } => {
                "Move what it does elsewhere; the drain deletes it only with `--force`, and then it is gone."
            }
            Self::LosesData { .. } => {
                "If the data may go (a cache), drain with `--delete-emptydir-data`; else save it first."
            }
            Self::BudgetTight { .. } => "Nothing; the drain takes longer.",
            Self::SingleReplica { .. } => "Add a replica for the time, or tell its users.",
        }
    }
}

impl Budget {
    fn selects(&self, pod: &PodOnNode) -> bool {
        self.namespace == pod.namespace && self.pods.contains(&pod.name)
    }
}

impl fmt::Display for PodOnNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for DrainRemark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BudgetExhausted { budget, owner, pods } => write!(
                f,
                "The budget {budget}{} allows no disruption now; the drain would wait for {}.",
                Owned(owner.as_deref()),
                Pods(*pods)
            ),
            Self::TwoBudgets { pod, budgets } => {
                write!(f, "Two budgets select {pod} ({}); the API server refuses to evict it.", budgets.join(", "))
            }
            Self::Uncontrolled { pod } => write!(f, "No controller makes {pod} again; the drain stops at it."),
            Self::LosesData { pod } => write!(f, "{pod} keeps data in emptyDir volumes; the drain stops at it."),
            Self::BudgetTight { budget, owner, allowed, pods } => write!(
                f,
                "The budget {budget}{} allows {allowed} at a time, and {} of it are here.",
                Owned(owner.as_deref()),
                Pods(*pods)
            ),
            Self::SingleReplica { workload } => {
                write!(f, "{workload} has one replica, which is here: it is away until it runs elsewhere.")
            }
        }
    }
}

struct Owned<'a>(Option<&'a str>);

struct Pods(usize);

impl fmt::Display for Owned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |owner| write!(f, " of {owner}"))
    }
}

impl fmt::Display for Pods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "pod" } else { "pods" })
    }
}
