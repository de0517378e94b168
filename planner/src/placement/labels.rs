//! Labels and label selectors (`metav1.LabelSelector`).

use std::collections::BTreeMap;

use serde::Deserialize;

/// Labels of an object.
pub type Labels = BTreeMap<String, String>;

/// A label selector as it stands in an object. All of it must hold; an empty one matches everything.
///
/// What an *absent* selector means depends on where it is absent, so it stands as an `Option` there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Labels that must be equal.
    pub match_labels: Labels,
    /// Further conditions.
    pub match_expressions: Vec<LabelExpression>,
}

/// One condition on a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct LabelExpression {
    /// The label's key.
    pub key: String,
    /// The relation.
    pub operator: LabelOperator,
    /// What the value is compared with.
    #[serde(default)]
    pub values: Vec<String>,
}

/// The relation between a label and the values of a [`LabelExpression`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum LabelOperator {
    /// The label is there with one of the values.
    In,
    /// The label is missing, or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is missing.
    DoesNotExist,
}

impl LabelSelector {
    /// Whether it has no condition.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// Whether `labels` fulfil all conditions.
    pub fn matches(&self, labels: &Labels) -> bool {
        has_all(labels, &self.match_labels)
            && self.match_expressions.iter().all(|expression| expression.matches(labels))
    }

    /// Adds a condition for each of `keys` with the value that `labels` have for it; a key that they lack is skipped.
    /// (`matchLabelKeys` and `mismatchLabelKeys`, which the API server merges into the selector.)
    pub(super) fn merge_keys(&mut self, keys: &[String], operator: LabelOperator, labels: &Labels) {
        let with_value =
            |key: &String| Some(LabelExpression { key: key.clone(), operator, values: vec![labels.get(key)?.clone()] });
        self.match_expressions.extend(keys.iter().filter_map(with_value));
    }
}

impl LabelExpression {
    fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            LabelOperator::In => value.is_some_and(|value| self.values.contains(value)),
            LabelOperator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            LabelOperator::Exists => value.is_some(),
            LabelOperator::DoesNotExist => value.is_none(),
        }
    }
}

/// Whether `labels` have all of `wanted`, values included.
pub(super) fn has_all(labels: &Labels, wanted: &Labels) -> bool {
    wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
}
