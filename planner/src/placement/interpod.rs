//! Required affinity and anti-affinity between pods (scheduler plugin `InterPodAffinity`).

use std::collections::BTreeSet;

use serde::Deserialize;

use super::labels::{LabelSelector, Labels};
use super::occupant::Occupant;
use super::room::Room;
use super::stop::Stop;
use super::topology::Topology;

/// A term of pod affinity or anti-affinity (core/v1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodAffinityTerm {
    /// Which pods are meant. Absent = none, empty = all.
    pub label_selector: Option<LabelSelector>,
    /// In which namespaces.
    pub namespaces: Vec<String>,
    /// In which further namespaces, by label. Empty = all. If neither is given, the pod's own namespace is meant.
    pub namespace_selector: Option<LabelSelector>,
    /// The label of nodes within whose value pods are together.
    pub topology_key: String,
    /// Labels whose own value is merged into the selector.
    pub match_label_keys: Vec<String>,
    /// Labels whose own value is excluded by the selector.
    pub mismatch_label_keys: Vec<String>,
}

/// A term of a certain pod: its namespaces are known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Term {
    selector: Option<LabelSelector>,
    namespaces: BTreeSet<String>,
    namespace_selector: Option<LabelSelector>,
    topology_key: String,
}

/// What decides for one incoming pod.
#[derive(Debug, Clone)]
pub(super) struct InterPodRules {
    affinity: Vec<(Term, usize)>,
    anti_affinity: Vec<(Term, usize)>,
    /// The pod matches all of its own affinity terms, so it may be the first of its group.
    attracts_itself: bool,
}

/// Pods that matter for the incoming one, by topology key and value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct InterPodCounts {
    /// Per affinity term: pods that match all terms.
    attracting: Vec<Vec<i32>>,
    /// Sum of all of `attracting`.
    attracting_sum: i64,
    /// Per anti-affinity term: pods that match it.
    repelled: Vec<Vec<i32>>,
    /// Per topology key: terms of other pods that match the incoming one.
    repelling: Vec<Vec<i32>>,
}

/// What one other pod means for the incoming one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct InterPodWeight {
    attracts: bool,
    /// Which of the incoming pod's anti-affinity terms it matches.
    repelled: Vec<usize>,
    /// Keys of its own anti-affinity terms that match the incoming pod.
    repelling: Vec<usize>,
}

impl Term {
    pub(super) fn of(term: &PodAffinityTerm, own_namespace: &str) -> Self {
        let own = term.namespaces.is_empty() && term.namespace_selector.is_none();
        let namespaces =
            if own { BTreeSet::from([own_namespace.to_owned()]) } else { term.namespaces.iter().cloned().collect() };
        Self {
            selector: term.label_selector.clone(),
            namespaces,
            namespace_selector: term.namespace_selector.clone(),
            topology_key: term.topology_key.clone(),
        }
    }

    /// Whether it means a pod with these labels in this namespace. `namespace_labels` is `None` for a namespace that does not
    /// exist, which only an empty selector matches.
    fn means(&self, namespace: &str, namespace_labels: Option<&Labels>, labels: &Labels) -> bool {
        let by_label = |selector: &LabelSelector| match namespace_labels {
            Some(labels) => selector.matches(labels),
            None => selector.is_empty(),
        };
        (self.namespaces.contains(namespace) || self.namespace_selector.as_ref().is_some_and(by_label))
            && self.selector.as_ref().is_some_and(|selector| selector.matches(labels))
    }
}

impl InterPodRules {
    pub(super) fn new(affinity: &[Term], occupant: &Occupant, room: &Room, topology: &mut Topology) -> Self {
        let mut with_key = |term: &Term| (term.clone(), topology.key(&term.topology_key, room.nodes()));
        let affinity: Vec<(Term, usize)> = affinity.iter().map(&mut with_key).collect();
        let anti_affinity = occupant.anti_affinity.iter().map(&mut with_key).collect();
        let labels = room.namespace_labels(&occupant.namespace);
        let attracts_itself =
            affinity.iter().all(|(term, _)| term.means(&occupant.namespace, labels, &occupant.labels));
        Self { affinity, anti_affinity, attracts_itself }
    }

    /// Empty counts. [`InterPodCounts::add`] makes room for further keys.
    pub(super) fn counts(&self, topology: &Topology) -> InterPodCounts {
        let zeros = |(_, key): &(Term, usize)| vec![0; topology.values(*key)];
        InterPodCounts {
            attracting: self.affinity.iter().map(zeros).collect(),
            attracting_sum: 0,
            repelled: self.anti_affinity.iter().map(zeros).collect(),
            repelling: Vec::new(),
        }
    }

    /// What `other` means for `incoming`.
    pub(super) fn weigh(
        &self,
        incoming: &Occupant,
        other: &Occupant,
        room: &Room,
        topology: &mut Topology,
    ) -> InterPodWeight {
        let mut weight = InterPodWeight::default();
        if !self.affinity.is_empty() || !self.anti_affinity.is_empty() {
            let labels = room.namespace_labels(&other.namespace);
            let means = |(term, _): &(Term, usize)| term.means(&other.namespace, labels, &other.labels);
            weight.attracts = !self.affinity.is_empty() && self.affinity.iter().all(means);
            weight.repelled = (0..self.anti_affinity.len()).filter(|term| means(&self.anti_affinity[*term])).collect();
        }
        if !other.anti_affinity.is_empty() {
            // The scheduler takes a namespace that it does not know as one without labels here.
            let no_labels = Labels::new();
            let labels = room.namespace_labels(&incoming.namespace).unwrap_or(&no_labels);
            let means = |term: &&Term| term.means(&incoming.namespace, Some(labels), &incoming.labels);
            let terms = other.anti_affinity.iter().filter(means);
            weight.repelling = terms.map(|term| topology.key(&term.topology_key, room.nodes())).collect();
        }
        weight
    }

    /// Whether the node passes: first the incoming pod's affinity, then its anti-affinity, then that of others.
    pub(super) fn check(&self, counts: &InterPodCounts, topology: &Topology, node: usize) -> Result<(), Stop> {
        self.check_affinity(counts, topology, node)?;
        for ((_, key), counts) in self.anti_affinity.iter().zip(&counts.repelled) {
            if topology.value(*key, node).is_some_and(|value| counts[value] > 0) {
                return Err(Stop::AntiAffinity { key: topology.name(*key).to_owned() });
            }
        }
        for (key, counts) in counts.repelling.iter().enumerate() {
            let count = topology.value(key, node).and_then(|value| counts.get(value));
            if count.is_some_and(|count| *count > 0) {
                return Err(Stop::AntiAffinityOfOthers { key: topology.name(key).to_owned() });
            }
        }
        Ok(())
    }

    /// Whether the node passes everything that pods of `weights`, wherever they come and go, do not change.
    pub(super) fn check_fixed(
        &self,
        counts: &InterPodCounts,
        weights: &[&InterPodWeight],
        topology: &Topology,
        node: usize,
    ) -> bool {
        let is_zero = |key: usize, counts: &[i32]| {
            let count = topology.value(key, node).and_then(|value| counts.get(value));
            count.is_none_or(|count| *count <= 0)
        };
        let attracted = weights.iter().any(|weight| weight.attracts);
        let repelled = |term: &usize| weights.iter().any(|weight| weight.repelled.contains(term));
        let repelling = |key: &usize| weights.iter().any(|weight| weight.repelling.contains(key));
        let mut own = (0..self.anti_affinity.len()).filter(|term| !repelled(term));
        let mut others = (0..counts.repelling.len()).filter(|key| !repelling(key));
        (attracted || self.check_affinity(counts, topology, node).is_ok())
            && own.all(|term| is_zero(self.anti_affinity[term].1, &counts.repelled[term]))
            && others.all(|key| is_zero(key, &counts.repelling[key]))
    }

    fn check_affinity(&self, counts: &InterPodCounts, topology: &Topology, node: usize) -> Result<(), Stop> {
        let mut alone = false;
        for ((_, key), by_value) in self.affinity.iter().zip(&counts.attracting) {
            match topology.value(*key, node) {
                // Terms with the same key share their counts, and each matching pod counts for all of them.
                Some(value) => alone |= by_value[value] <= 0,
                None => return Err(Stop::Affinity { key: topology.name(*key).to_owned() }),
            }
        }
        // The first pod of a group that wants to be together may go anywhere.
        if alone && !(counts.attracting_sum == 0 && self.attracts_itself) {
            let key = self.affinity.first().map_or("", |(_, key)| topology.name(*key));
            return Err(Stop::Affinity { key: key.to_owned() });
        }
        Ok(())
    }
}

impl InterPodCounts {
    /// Counts a pod on `node`, `by` times (-1 takes it away).
    pub(super) fn add(
        &mut self,
        rules: &InterPodRules,
        weight: &InterPodWeight,
        topology: &Topology,
        node: usize,
        by: i32,
    ) {
        if weight.attracts {
            for ((_, key), counts) in rules.affinity.iter().zip(&mut self.attracting) {
                if let Some(value) = topology.value(*key, node) {
                    counts[value] += by;
                    self.attracting_sum += i64::from(by);
                }
            }
        }
        for term in &weight.repelled {
            if let Some(value) = topology.value(rules.anti_affinity[*term].1, node) {
                self.repelled[*term][value] += by;
            }
        }
        for key in &weight.repelling {
            if self.repelling.len() <= *key {
                self.repelling.resize(key + 1, Vec::new());
            }
            if let Some(value) = topology.value(*key, node) {
                let counts = &mut self.repelling[*key];
                if counts.is_empty() {
                    counts.resize(topology.values(*key), 0);
                }
                counts[value] += by;
            }
        }
    }

    /// All that counts for one value of a key, in a fixed order: equal lists mean equal answers.
    pub(super) fn profile(&self, rules: &InterPodRules, key: usize, value: usize, into: &mut Vec<i64>) {
        let own = rules.affinity.iter().zip(&self.attracting).chain(rules.anti_affinity.iter().zip(&self.repelled));
        into.extend(own.filter(|((_, other), _)| *other == key).map(|(_, counts)| i64::from(counts[value])));
        into.push(self.repelling.get(key).and_then(|counts| counts.get(value)).map_or(0, |count| i64::from(*count)));
    }
}

impl InterPodWeight {
    /// Whether the incoming pod wants to be with the pod.
    pub(super) fn attracts(&self) -> bool {
        self.attracts
    }

    /// The topology keys within whose values the pod keeps the incoming one away by its own terms.
    pub(super) fn repelling_keys(&self) -> impl Iterator<Item = usize> {
        self.repelling.iter().copied()
    }

    /// The topology keys through which the pod matters.
    pub(super) fn keys(&self, rules: &InterPodRules) -> impl Iterator<Item = usize> {
        let attracting = rules.affinity.iter().filter(|_| self.attracts).map(|(_, key)| *key);
        let repelled = self.repelled.iter().map(|term| rules.anti_affinity[*term].1);
        attracting.chain(repelled).chain(self.repelling.iter().copied())
    }
}
