//! Node selectors and node affinity (scheduler plugin `NodeAffinity`), and the shape of all affinity.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::interpod::PodAffinityTerm;
use super::labels::{Labels, has_all};
use super::pod::PodSpec;

/// `spec.affinity`. Preferred terms only order nodes, so they are not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Affinity {
    /// To nodes.
    pub node_affinity: Option<NodeAffinity>,
    /// To pods.
    pub pod_affinity: Option<PodTerms>,
    /// Away from pods.
    pub pod_anti_affinity: Option<PodTerms>,
}

/// `nodeAffinity`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NodeAffinity {
    /// What a node must fulfil; `None` = nothing.
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub required: Option<NodeSelector>,
}

/// `podAffinity` or `podAntiAffinity`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PodTerms {
    /// Terms that must hold.
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub required: Vec<PodAffinityTerm>,
}

/// Terms of which one must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelector {
    /// The terms.
    pub node_selector_terms: Vec<NodeSelectorTerm>,
}

/// Requirements that must all hold. Without any it matches no node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelectorTerm {
    /// On labels.
    pub match_expressions: Vec<NodeRequirement>,
    /// On fields; there is only `metadata.name`.
    pub match_fields: Vec<NodeRequirement>,
}

/// A requirement on a label or field of a node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NodeRequirement {
    /// Label or field.
    pub key: String,
    /// The relation.
    pub operator: NodeOperator,
    /// What the value is compared with.
    #[serde(default)]
    pub values: Vec<String>,
}

/// The relation of a [`NodeRequirement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum NodeOperator {
    /// There, with one of the values.
    In,
    /// Missing, or none of the values.
    NotIn,
    /// There.
    Exists,
    /// Missing.
    DoesNotExist,
    /// There, a whole number, and greater.
    Gt,
    /// There, a whole number, and less.
    Lt,
}

/// What a pod demands of its node: node selector and required affinity together (`RequiredNodeAffinity`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NodeDemand {
    selector: Labels,
    required: Option<NodeSelector>,
}

/// Which nodes are looked at at all, where affinity names them (`PreFilter`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shortlist {
    /// All.
    All,
    /// Only these.
    Named(BTreeSet<String>),
    /// Each term asks for a node with two names.
    Conflict,
}

impl NodeDemand {
    pub(super) fn of(spec: &PodSpec) -> Self {
        let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
        Self { selector: spec.node_selector.clone(), required: affinity.and_then(|affinity| affinity.required.clone()) }
    }

    pub(super) fn accepts(&self, name: &str, labels: &Labels) -> bool {
        let terms = self.required.as_ref().map(|required| &required.node_selector_terms);
        has_all(labels, &self.selector) && terms.is_none_or(|terms| terms.iter().any(|term| term.matches(name, labels)))
    }

    /// Only if each term names nodes are the others not looked at.
    pub(super) fn shortlist(&self) -> Shortlist {
        let terms = self.required.as_ref().map_or(&[][..], |required| &required.node_selector_terms);
        let Some(named) = terms.iter().map(NodeSelectorTerm::named_nodes).collect::<Option<Vec<_>>>() else {
            return Shortlist::All;
        };
        match (terms.is_empty(), named.into_iter().flatten().collect::<BTreeSet<_>>()) {
            (true, _) => Shortlist::All,
            (false, names) if names.is_empty() => Shortlist::Conflict,
            (false, names) => Shortlist::Named(names),
        }
    }
}

impl NodeSelectorTerm {
    /// A requirement that cannot be read makes the whole term void, and only that term.
    fn matches(&self, name: &str, labels: &Labels) -> bool {
        let is_empty = self.match_expressions.is_empty() && self.match_fields.is_empty();
        !is_empty
            && self.match_expressions.iter().all(NodeRequirement::is_sound)
            && self.match_expressions.iter().all(|requirement| requirement.matches(labels.get(&requirement.key)))
            && self.match_fields.iter().all(|requirement| requirement.matches_name(name))
    }

    /// The names that the term leaves; `None` if it names none.
    fn named_nodes(&self) -> Option<BTreeSet<String>> {
        let names = (self.match_fields.iter())
            .filter(|requirement| requirement.key == NodeRequirement::NAME && requirement.operator == NodeOperator::In)
            .map(|requirement| requirement.values.iter().cloned().collect::<BTreeSet<String>>());
        names.reduce(|all, next| all.intersection(&next).cloned().collect())
    }
}

impl NodeRequirement {
    const NAME: &'static str = "metadata.name";

    /// Whether the scheduler can make a selector of it (`labels.NewRequirement`).
    fn is_sound(&self) -> bool {
        match self.operator {
            NodeOperator::In | NodeOperator::NotIn => {
                !self.values.is_empty() && self.values.iter().all(|value| is_label_value(value))
            }
            NodeOperator::Exists | NodeOperator::DoesNotExist => self.values.is_empty(),
            NodeOperator::Gt | NodeOperator::Lt => self.bound().is_some(),
        }
    }

    fn bound(&self) -> Option<i64> {
        match self.values.as_slice() {
            [value] => value.parse().ok(),
            _ => None,
        }
    }

    fn matches(&self, value: Option<&String>) -> bool {
        let number = || value?.parse::<i64>().ok();
        match self.operator {
            NodeOperator::In => value.is_some_and(|value| self.values.contains(value)),
            NodeOperator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            NodeOperator::Exists => value.is_some(),
            NodeOperator::DoesNotExist => value.is_none(),
            NodeOperator::Gt => number().zip(self.bound()).is_some_and(|(number, bound)| number > bound),
            NodeOperator::Lt => number().zip(self.bound()).is_some_and(|(number, bound)| number < bound),
        }
    }

    fn matches_name(&self, name: &str) -> bool {
        match (self.operator, self.values.as_slice()) {
            (NodeOperator::In, [value]) => self.key == Self::NAME && value == name,
            (NodeOperator::NotIn, [value]) => self.key == Self::NAME && value != name,
            _ => false,
        }
    }
}

/// What can stand as the value of a label (`IsValidLabelValue`).
fn is_label_value(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let edge = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63 && bytes.iter().copied().all(inner) && edge(bytes.first()) && edge(bytes.last())
}
