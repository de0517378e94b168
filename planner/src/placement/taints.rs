//! Taints, tolerations and cordoned nodes (scheduler plugins `TaintToleration` and `NodeUnschedulable`).

use serde::Deserialize;

/// The taint whose toleration opens a cordoned node.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
const NO_SCHEDULE: &str = "NoSchedule";
const NO_EXECUTE: &str = "NoExecute";
/// Taints that every pod tolerates once it runs, unless it says something about them itself.
const TOLERATED_BY_DEFAULT: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/// A taint of a node (core/v1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value; empty if there is none.
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

/// A toleration of a pod (core/v1). How long it lasts does not matter for scheduling.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Toleration {
    /// Key; empty = every key.
    pub key: String,
    /// `Equal` (also when empty) or `Exists`.
    pub operator: String,
    /// Value, for `Equal`.
    pub value: String,
    /// Effect; empty = every effect.
    pub effect: String,
}

impl Taint {
    /// Whether it keeps new pods away.
    pub fn stops_new_pods(&self) -> bool {
        self.effect == NO_SCHEDULE || self.effect == NO_EXECUTE
    }
}

impl Toleration {
    /// Whether it tolerates `taint` (`ToleratesTaint`). An operator that is not known tolerates nothing.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let applies =
            (self.effect.is_empty() || self.effect == taint.effect) && (self.key.is_empty() || self.key == taint.key);
        applies
            && match self.operator.as_str() {
                "" | "Equal" => self.value == taint.value,
                "Exists" => true,
                _ => false,
            }
    }
}

/// The first taint that keeps the pod away (`FindMatchingUntoleratedTaint`).
pub(super) fn untolerated<'t>(taints: &'t [Taint], tolerations: &[Toleration]) -> Option<&'t Taint> {
    let tolerated = |taint: &Taint| tolerations.iter().any(|toleration| toleration.tolerates(taint));
    taints.iter().find(|taint| taint.stops_new_pods() && !tolerated(taint))
}

/// Whether the pod may go to a cordoned node.
pub(super) fn tolerates_cordon(tolerations: &[Toleration]) -> bool {
    let taint = Taint { key: UNSCHEDULABLE.to_owned(), effect: NO_SCHEDULE.to_owned(), value: String::new() };
    tolerations.iter().any(|toleration| toleration.tolerates(&taint))
}

/// Adds what admission adds to each pod (`DefaultTolerationSeconds`).
pub(super) fn add_default_tolerations(tolerations: &mut Vec<Toleration>) {
    let missing: Vec<&str> = TOLERATED_BY_DEFAULT
        .into_iter()
        .filter(|key| {
            !tolerations.iter().any(|toleration| {
                (toleration.key == *key || toleration.key.is_empty())
                    && (toleration.effect == NO_EXECUTE || toleration.effect.is_empty())
            })
        })
        .collect();
    tolerations.extend(missing.into_iter().map(|key| Toleration {
        key: key.to_owned(),
        operator: "Exists".to_owned(),
        value: String::new(),
        effect: NO_EXECUTE.to_owned(),
    }));
}
