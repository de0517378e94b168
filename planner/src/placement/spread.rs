//! Topology spread (scheduler plugin `PodTopologySpread`): constraints with `DoNotSchedule`.

use serde::Deserialize;

use super::affinity::NodeDemand;
use super::labels::LabelSelector;
use super::occupant::Occupant;
use super::room::Room;
use super::stop::Stop;
use super::taints::{Toleration, untolerated};
use super::topology::Topology;

/// A constraint (core/v1).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TopologySpreadConstraint {
    /// By how many pods a domain may be ahead of the emptiest one.
    #[serde(default = "one")]
    pub max_skew: i32,
    /// The label of nodes whose values are the domains.
    pub topology_key: String,
    /// Whether a pod waits or is placed all the same.
    pub when_unsatisfiable: WhenUnsatisfiable,
    /// Which pods are counted. Absent = none.
    #[serde(default)]
    pub label_selector: Option<LabelSelector>,
    /// Labels whose own value is merged into the selector.
    #[serde(default)]
    pub match_label_keys: Vec<String>,
    /// With fewer domains the emptiest one counts as empty; `None` = 1.
    #[serde(default)]
    pub min_domains: Option<i32>,
    /// Whether nodes that the pod's own node affinity excludes are domains; `None` = they are not.
    #[serde(default)]
    pub node_affinity_policy: Option<InclusionPolicy>,
    /// Whether nodes whose taints keep the pod away are domains; `None` = they are.
    #[serde(default)]
    pub node_taints_policy: Option<InclusionPolicy>,
}

/// What happens to a pod that cannot be spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum WhenUnsatisfiable {
    /// It waits.
    DoNotSchedule,
    /// It is placed; the constraint only orders nodes.
    ScheduleAnyway,
}

/// Whether a property of nodes decides which of them are domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum InclusionPolicy {
    /// It does.
    Honor,
    /// It does not.
    Ignore,
}

/// The hard constraints of one incoming pod.
#[derive(Debug, Clone)]
pub(super) struct SpreadRules {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    key: usize,
    max_skew: i64,
    selector: Option<LabelSelector>,
    /// 1 if the pod is one of those it counts.
    itself: i64,
    /// Per node: whether it belongs to a domain.
    included: Vec<bool>,
    /// Per value of the key: whether it is a domain.
    domains: Vec<bool>,
    /// Fewer domains than `minDomains`.
    few_domains: bool,
}

/// Pods per constraint and value of its key, on nodes that are included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SpreadCounts(Vec<Vec<i32>>);

/// The emptiest domain's pods, per constraint.
#[derive(Debug, Clone)]
pub(super) struct Minima(Vec<i64>);

/// The constraints that count a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SpreadWeight(Vec<usize>);

fn one() -> i32 {
    1
}

impl TopologySpreadConstraint {
    /// Whether it keeps a pod waiting.
    pub fn is_hard(&self) -> bool {
        self.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule
    }
}

impl SpreadRules {
    pub(super) fn new(
        constraints: &[TopologySpreadConstraint],
        occupant: &Occupant,
        demand: &NodeDemand,
        tolerations: &[Toleration],
        room: &Room,
        topology: &mut Topology,
    ) -> Self {
        let nodes = room.nodes();
        let hard: Vec<&TopologySpreadConstraint> =
            constraints.iter().filter(|constraint| constraint.is_hard()).collect();
        let keys: Vec<usize> = hard.iter().map(|constraint| topology.key(&constraint.topology_key, nodes)).collect();
        let rule = |(constraint, key): (&&TopologySpreadConstraint, &usize)| {
            let included: Vec<bool> = (nodes.iter().enumerate())
                .map(|(index, room)| {
                    let has_keys = keys.iter().all(|key| topology.value(*key, index).is_some());
                    let by_affinity = constraint.node_affinity_policy == Some(InclusionPolicy::Ignore)
                        || demand.accepts(&room.node.name, &room.node.labels);
                    let by_taints = constraint.node_taints_policy != Some(InclusionPolicy::Honor)
                        || untolerated(&room.node.taints, tolerations).is_none();
                    has_keys && by_affinity && by_taints
                })
                .collect();
            let mut domains = vec![false; topology.values(*key)];
            for node in (0..nodes.len()).filter(|node| included[*node]) {
                if let Some(value) = topology.value(*key, node) {
                    domains[value] = true;
                }
            }
            let count = i64::try_from(domains.iter().filter(|domain| **domain).count()).unwrap_or(i64::MAX);
            let selects_itself =
                constraint.label_selector.as_ref().is_some_and(|selector| selector.matches(&occupant.labels));
            Rule {
                key: *key,
                max_skew: i64::from(constraint.max_skew),
                selector: constraint.label_selector.clone(),
                itself: i64::from(selects_itself),
                included,
                domains,
                few_domains: count < i64::from(constraint.min_domains.unwrap_or(1)),
            }
        };
        Self { rules: hard.iter().zip(&keys).map(rule).collect() }
    }

    pub(super) fn counts(&self, topology: &Topology) -> SpreadCounts {
        SpreadCounts(self.rules.iter().map(|rule| vec![0; topology.values(rule.key)]).collect())
    }

    /// Which constraints count `other`: pods of the same namespace that are not being deleted. Here an empty selector means no
    /// pod, other than in affinity.
    pub(super) fn weigh(&self, incoming: &Occupant, other: &Occupant) -> SpreadWeight {
        if self.rules.is_empty() || other.deleting || other.namespace != incoming.namespace {
            return SpreadWeight::default();
        }
        let counts = |rule: &Rule| {
            rule.selector.as_ref().is_some_and(|selector| !selector.is_empty() && selector.matches(&other.labels))
        };
        SpreadWeight((0..self.rules.len()).filter(|index| counts(&self.rules[*index])).collect())
    }

    pub(super) fn minima(&self, counts: &SpreadCounts) -> Minima {
        let minimum = |(rule, counts): (&Rule, &Vec<i32>)| {
            let of_domains = counts.iter().zip(&rule.domains).filter(|(_, domain)| **domain).map(|(count, _)| *count);
            if rule.few_domains { 0 } else { of_domains.min().map_or(0, i64::from) }
        };
        Minima(self.rules.iter().zip(&counts.0).map(minimum).collect())
    }

    pub(super) fn check(
        &self,
        counts: &SpreadCounts,
        minima: &Minima,
        topology: &Topology,
        node: usize,
    ) -> Result<(), Stop> {
        for ((rule, counts), minimum) in self.rules.iter().zip(&counts.0).zip(&minima.0) {
            let key = || topology.name(rule.key).to_owned();
            let Some(value) = topology.value(rule.key, node) else {
                return Err(Stop::SpreadWithoutLabel { key: key() });
            };
            if i64::from(counts[value]) + rule.itself - minimum > rule.max_skew {
                return Err(Stop::Spread { key: key() });
            }
        }
        Ok(())
    }

    /// Per constraint whether `node` is included.
    pub(super) fn included(&self, node: usize) -> impl Iterator<Item = bool> {
        self.rules.iter().map(move |rule| rule.included[node])
    }

    /// How many hard constraints there are.
    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// The topology key of a constraint.
    pub(super) fn key(&self, constraint: usize) -> usize {
        self.rules[constraint].key
    }

    /// The values that are domains of a constraint.
    pub(super) fn domains(&self, constraint: usize) -> impl Iterator<Item = usize> {
        let domains = self.rules[constraint].domains.iter().enumerate();
        domains.filter(|(_, domain)| **domain).map(|(value, _)| value)
    }

    /// Whether a constraint has fewer domains than it asks for, so that its emptiest one counts as empty.
    pub(super) fn has_few_domains(&self, constraint: usize) -> bool {
        self.rules[constraint].few_domains
    }

    /// The topology keys of all constraints.
    pub(super) fn keys(&self) -> impl Iterator<Item = usize> {
        self.rules.iter().map(|rule| rule.key)
    }
}

impl SpreadCounts {
    /// Pods that a constraint counts for a value.
    pub(super) fn count(&self, constraint: usize, value: usize) -> i32 {
        self.0[constraint][value]
    }

    /// Counts a pod on `node`, `by` times (-1 takes it away).
    pub(super) fn add(
        &mut self,
        rules: &SpreadRules,
        weight: &SpreadWeight,
        topology: &Topology,
        node: usize,
        by: i32,
    ) {
        for index in &weight.0 {
            let rule = &rules.rules[*index];
            if let Some(value) = topology.value(rule.key, node).filter(|_| rule.included[node]) {
                self.0[*index][value] += by;
            }
        }
    }

    /// All that counts for one value of a key, in a fixed order: equal lists mean equal answers.
    pub(super) fn profile(&self, rules: &SpreadRules, key: usize, value: usize, into: &mut Vec<i64>) {
        for (rule, counts) in rules.rules.iter().zip(&self.0).filter(|(rule, _)| rule.key == key) {
            into.extend([i64::from(counts[value]), i64::from(rule.domains[value])]);
        }
    }
}
