//! Label and field selectors.

use serde_json::Value;

use super::Asked;
use crate::error::ApiError;
use crate::kinds::Kind;
use crate::store::Key;

/// Which objects of a kind are meant.
#[derive(Debug, Clone, Default)]
pub(super) struct Selector {
    namespace: Option<String>,
    labels: Vec<Requirement>,
    /// Dotted paths and what must stand there.
    fields: Vec<(String, String, bool)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    label: String,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

impl Selector {
    pub(super) fn read(asked: &Asked, kind: Kind, namespace: Option<&str>) -> Result<Self, ApiError> {
        let labels = asked.query("labelSelector").unwrap_or_default();
        let fields = asked.query("fieldSelector").unwrap_or_default();
        Ok(Self {
            namespace: namespace.map(str::to_owned),
            labels: split(labels).into_iter().map(requirement).collect::<Result<_, _>>()?,
            fields: split(fields).into_iter().map(|text| field(text, kind)).collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        let key = Key::of(object);
        self.namespace.as_ref().is_none_or(|namespace| *namespace == key.namespace)
            && self.labels.iter().all(|requirement| requirement.holds(object))
            && self.fields.iter().all(|(path, wanted, equal)| {
                let found = object.pointer(path).and_then(Value::as_str).unwrap_or_default();
                (found == wanted) == *equal
            })
    }
}

impl Requirement {
    fn holds(&self, object: &Value) -> bool {
        let found = object["metadata"]["labels"][&self.label].as_str();
        let among = |values: &[String]| found.is_some_and(|found| values.iter().any(|value| value == found));
        match &self.rule {
            Rule::In(values) => among(values),
            Rule::NotIn(values) => !among(values),
            Rule::Exists => found.is_some(),
            Rule::Absent => found.is_none(),
        }
    }
}

/// Splits at commas outside parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (index, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..index].trim());
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn requirement(text: &str) -> Result<Requirement, ApiError> {
    let values = |list: &str| {
        let list = list.trim().strip_prefix('(').and_then(|list| list.strip_suffix(')'));
        list.map(|list| list.split(',').map(|value| value.trim().to_owned()).collect::<Vec<_>>())
            .ok_or_else(|| ApiError::bad_request(format!("unable to parse requirement: {text}")))
    };
    let made = |label: &str, rule| Ok(Requirement { label: label.trim().to_owned(), rule });
    if let Some((label, list)) = text.split_once(" notin ") {
        return made(label, Rule::NotIn(values(list)?));
    }
    if let Some((label, list)) = text.split_once(" in ") {
        return made(label, Rule::In(values(list)?));
    }
    if let Some((label, value)) = text.split_once("!=") {
        return made(label, Rule::NotIn(vec![value.trim().to_owned()]));
    }
    if let Some((label, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return made(label, Rule::In(vec![value.trim().to_owned()]));
    }
    match text.strip_prefix('!') {
        Some(label) => made(label, Rule::Absent),
        None => made(text, Rule::Exists),
    }
}

/// The fields by which objects of a kind can be selected, beside name and namespace.
fn selectable(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Pod => &["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "status.phase", "status.podIP"],
        Kind::Event => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.fieldPath",
            "reason",
            "type",
            "source",
        ],
        Kind::Node => &["spec.unschedulable"],
        Kind::Namespace => &["status.phase"],
        Kind::Secret => &["type"],
        Kind::ReplicaSet => &["status.replicas"],
        Kind::Service => &["spec.clusterIP", "spec.type"],
        _ => &[],
    }
}

fn field(text: &str, kind: Kind) -> Result<(String, String, bool), ApiError> {
    let (path, value, equal) = if let Some((path, value)) = text.split_once("!=") {
        (path, value, false)
    } else if let Some((path, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        (path, value, true)
    } else {
        let message = format!("invalid selector: '{text}'; can't understand '{text}'");
        return Err(ApiError::bad_request(message));
    };
    let path = path.trim();
    if !matches!(path, "metadata.name" | "metadata.namespace") && !selectable(kind).contains(&path) {
        return Err(ApiError::bad_request(format!("field label not supported: {path}")));
    }
    Ok((format!("/{}", path.replace('.', "/")), value.trim().to_owned(), equal))
}
