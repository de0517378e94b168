//! Why a node does not take a pod: the first filter of the scheduler that refuses it.

use std::fmt;

use super::taints::Taint;

/// The first filter that refuses a node, in the scheduler's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// The pod's affinity names nodes, and this is none of them.
    NotNamed,
    /// The pod's affinity asks for a node with two names.
    TermsConflict,
    /// Cordoned.
    Unschedulable,
    /// A taint that the pod does not tolerate.
    Taint {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
        /// Its effect.
        effect: String,
    },
    /// Node selector or node affinity.
    NodeAffinity,
    /// A host port is taken.
    Ports,
    /// Too little is left of one or more resources.
    Resources(Shortage),
    /// Topology spread: the node lacks the label.
    SpreadWithoutLabel {
        /// The label.
        key: String,
    },
    /// Topology spread: its domain would be too far ahead.
    Spread {
        /// The label that makes the domains.
        key: String,
    },
    /// The pod wants to be with pods that are not there.
    Affinity {
        /// The label within whose value they would have to be.
        key: String,
    },
    /// The pod wants to be away from pods that are there.
    AntiAffinity {
        /// The label within whose value they are.
        key: String,
    },
    /// Pods that are there want to be away from the pod.
    AntiAffinityOfOthers {
        /// The label within whose value they are.
        key: String,
    },
}

/// What is short on a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shortage {
    /// No more pod is allowed.
    pub pods: bool,
    /// MilliCPU that are missing; 0 = enough.
    pub milli_cpu: i64,
    /// Bytes of memory that are missing; 0 = enough.
    pub memory: i64,
    /// Bytes of ephemeral storage that are missing; 0 = enough.
    pub ephemeral_storage: i64,
    /// The node would be too small even if it were empty.
    pub too_small: bool,
}

impl Stop {
    pub(super) fn by_taint(taint: &Taint) -> Self {
        Self::Taint { key: taint.key.clone(), value: taint.value.clone(), effect: taint.effect.clone() }
    }

    /// The plugin of the scheduler that refuses.
    pub fn plugin(&self) -> &'static str {
        match self {
            Self::Unschedulable => "NodeUnschedulable",
            Self::Taint { .. } => "TaintToleration",
            Self::NotNamed | Self::TermsConflict | Self::NodeAffinity => "NodeAffinity",
            Self::Ports => "NodePorts",
            Self::Resources(_) => "NodeResourcesFit",
            Self::SpreadWithoutLabel { .. } | Self::Spread { .. } => "PodTopologySpread",
            Self::Affinity { .. } | Self::AntiAffinity { .. } | Self::AntiAffinityOfOthers { .. } => "InterPodAffinity",
        }
    }

    /// The scheduler's own words, as they stand in events and conditions; sorted.
    pub fn reasons(&self) -> Vec<&'static str> {
        vec![match self {
            Self::NotNamed => "node(s) didn't satisfy plugin(s) [NodeAffinity]",
            Self::TermsConflict => "pod affinity terms conflict",
            Self::Unschedulable => "node(s) were unschedulable",
            Self::Taint { .. } => "node(s) had untolerated taint(s)",
            Self::NodeAffinity => "node(s) didn't match Pod's node affinity/selector",
            Self::Ports => "node(s) didn't have free ports for the requested pod ports",
            Self::Resources(shortage) => return shortage.reasons(),
            Self::SpreadWithoutLabel { .. } => {
                "node(s) didn't match pod topology spread constraints (missing required label)"
            }
            Self::Spread { .. } => "node(s) didn't match pod topology spread constraints",
            Self::Affinity { .. } => "node(s) didn't match pod affinity rules",
            Self::AntiAffinity { .. } => "node(s) didn't match pod anti-affinity rules",
            Self::AntiAffinityOfOthers { .. } => "node(s) didn't satisfy existing pods anti-affinity rules",
        }]
    }

    /// Whether evicting pods could not help (`UnschedulableAndUnresolvable`).
    pub fn is_unresolvable(&self) -> bool {
        match self {
            Self::Ports | Self::Spread { .. } | Self::AntiAffinity { .. } | Self::AntiAffinityOfOthers { .. } => false,
            Self::Resources(shortage) => shortage.too_small,
            Self::NotNamed
            | Self::TermsConflict
            | Self::Unschedulable
            | Self::Taint { .. }
            | Self::NodeAffinity
            | Self::SpreadWithoutLabel { .. }
            | Self::Affinity { .. } => true,
        }
    }
}

impl Shortage {
    /// Whether anything is short.
    pub fn is_any(&self) -> bool {
        self.pods || self.milli_cpu > 0 || self.memory > 0 || self.ephemeral_storage > 0
    }

    fn reasons(&self) -> Vec<&'static str> {
        let all = [
            (self.milli_cpu > 0, "Insufficient cpu"),
            (self.ephemeral_storage > 0, "Insufficient ephemeral-storage"),
            (self.memory > 0, "Insufficient memory"),
            (self.pods, "Too many pods"),
        ];
        all.into_iter().filter(|(short, _)| *short).map(|(_, reason)| reason).collect()
    }
}

impl fmt::Display for Stop {
    /// What is wrong with the node, to go after its name and a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNamed => f.write_str("the pod asks for other nodes by name"),
            Self::TermsConflict => f.write_str("the pod asks for a node with two names"),
            Self::Unschedulable => f.write_str("cordoned"),
            Self::Taint { key, value, effect } if value.is_empty() => {
                write!(f, "taint {key}:{effect} is not tolerated")
            }
            Self::Taint { key, value, effect } => write!(f, "taint {key}={value}:{effect} is not tolerated"),
            Self::NodeAffinity => f.write_str("the pod's node selector or node affinity excludes it"),
            Self::Ports => f.write_str("a host port that the pod needs is taken"),
            Self::Resources(shortage) => write!(f, "{shortage}"),
            Self::SpreadWithoutLabel { key } => write!(f, "lacks the label {key} by which pods are spread"),
            Self::Spread { key } => write!(f, "one more pod would be spread too unevenly over {key}"),
            Self::Affinity { key } => write!(f, "the pods that it must be with are not in its {key}"),
            Self::AntiAffinity { key } => write!(f, "pods that it must be away from are in its {key}"),
            Self::AntiAffinityOfOthers { key } => write!(f, "pods that are in its {key} must be away from it"),
        }
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.pods {
            parts.push("holds as many pods as it may".to_owned());
        }
        if self.milli_cpu > 0 {
            parts.push(format!("{} m CPU short", self.milli_cpu));
        }
        for (bytes, what) in [(self.memory, "memory"), (self.ephemeral_storage, "ephemeral storage")] {
            if bytes > 0 {
                parts.push(format!("{} of {what} short", Amount(bytes)));
            }
        }
        f.write_str(&parts.join(", "))?;
        if self.too_small { f.write_str("; too small even if empty") } else { Ok(()) }
    }
}

/// Bytes that are missing: never rounded to nothing.
struct Amount(i64);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MIB: u64 = 1024 * 1024;
        let bytes = self.0.unsigned_abs();
        if bytes < MIB { write!(f, "{bytes} bytes") } else { write!(f, "{}", crate::cost::Bytes(bytes)) }
    }
}

/// What the scheduler writes into the condition `PodScheduled` of a pod that no node takes, with the reason `Unschedulable`
/// (Kubernetes 1.36, where nothing can be evicted). Takes one stop per node of the cluster.
pub fn scheduler_message(stops: &[Stop]) -> String {
    if stops.is_empty() {
        return "no nodes available to schedule pods".to_owned();
    }
    let head = format!("0/{} nodes are available: ", stops.len());
    if stops.contains(&Stop::TermsConflict) {
        // Refused before any node was looked at.
        return format!("{head}{}. not found", Stop::TermsConflict.reasons().join(", "));
    }
    let preemption = stops.iter().map(|stop| match stop.is_unresolvable() {
        true => "Preemption is not helpful for scheduling",
        false => "No preemption victims found for incoming pod",
    });
    let reasons = histogram(stops.iter().flat_map(Stop::reasons));
    format!("{head}{reasons}. no new claims to deallocate, preemption: {head}{}.", histogram(preemption))
}

/// `count reason`, sorted as text.
fn histogram<'r>(reasons: impl Iterator<Item = &'r str>) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_insert(0) += 1;
    }
    let mut lines: Vec<String> = counts.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    lines.sort_unstable();
    lines.join(", ")
}
