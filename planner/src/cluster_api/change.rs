//! A change of one object, ready to be made by whoever may.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::served::Kind;
use crate::hop::FieldChange;
use crate::shell::{Command, Quoted};

/// One object in the management cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// Its kind.
    pub kind: Kind,
    /// In which version it is read and written; `None` if that is not known, and the API server's choice is taken.
    pub version: Option<String>,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A change of one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Which object.
    pub object: ObjectRef,
    /// Field by field.
    pub fields: Vec<FieldChange>,
    /// As a JSON merge patch that names nothing else.
    pub merge_patch: Value,
    /// For kubectl, in order: the dry run, then the write.
    pub commands: Vec<Command>,
}

/// One field to write.
pub(super) struct Field<'a> {
    pub(super) path: &'a [&'a str],
    pub(super) before: Option<String>,
    /// `None` takes it away.
    pub(super) after: Option<String>,
}

impl Change {
    pub(super) fn new(object: ObjectRef, fields: &[Field<'_>]) -> Self {
        let mut merge_patch = Value::Object(Map::new());
        for field in fields {
            let mut place = &mut merge_patch;
            for name in field.path {
                if !place.is_object() {
                    *place = Value::Object(Map::new());
                }
                place = &mut place[*name];
            }
            *place = field.after.clone().map_or(Value::Null, Value::String);
        }
        let commands = [("Ask the API server, without writing anything.", " --dry-run=server"), ("Write it.", "")]
            .map(|(purpose, how)| Command { purpose: purpose.to_owned(), line: object.patch_line(&merge_patch, how) });
        Self { fields: fields.iter().map(Field::change).collect(), commands: commands.to_vec(), merge_patch, object }
    }

    pub(super) fn then(mut self, purpose: &str, line: String) -> Self {
        self.commands.push(Command { purpose: purpose.to_owned(), line });
        self
    }

    pub(super) fn first(mut self, purpose: &str, line: String) -> Self {
        self.commands.insert(0, Command { purpose: purpose.to_owned(), line });
        self
    }
}

impl Field<'_> {
    fn change(&self) -> FieldChange {
        // The name of an annotation has dots of its own.
        let field = match self.path {
            [parents @ .., "annotations", name] => {
                let parents = parents.iter().map(|parent| format!("{parent}.")).collect::<String>();
                format!("{parents}annotations: {name}")
            }
            path => path.join("."),
        };
        FieldChange { field, before: self.before.clone(), after: self.after.clone() }
    }
}

impl ObjectRef {
    /// As kubectl takes a kind of which several groups may have one: `clusters.v1beta2.cluster.x-k8s.io`.
    pub(super) fn resource(&self) -> String {
        let (plural, group) = (self.kind.plural(), self.kind.group());
        match &self.version {
            Some(version) => format!("{plural}.{version}.{group}"),
            None => format!("{plural}.{group}"),
        }
    }

    /// A line that waits until a field has a value.
    pub(super) fn wait_line(&self, field: &str, value: &str) -> String {
        let until = format!("jsonpath={{{field}}}={value}");
        let (namespace, resource) = (Quoted(&self.namespace), self.resource());
        format!(
            "kubectl -n {namespace} wait {} {} --for={} --timeout=30m",
            Quoted(&resource),
            Quoted(&self.name),
            Quoted(&until)
        )
    }

    fn patch_line(&self, patch: &Value, how: &str) -> String {
        let (namespace, resource, patch) = (Quoted(&self.namespace), self.resource(), patch.to_string());
        format!(
            "kubectl -n {namespace} patch {} {} --type merge{how} -p {}",
            Quoted(&resource),
            Quoted(&self.name),
            Quoted(&patch)
        )
    }
}

impl fmt::Display for ObjectRef {
    /// `KamajiControlPlane prod`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

impl fmt::Display for Change {
    /// `Set spec.version of KamajiControlPlane prod to v1.36.4.`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, FieldChange { field, after, .. }) in self.fields.iter().enumerate() {
            let (set, lead) = if place == 0 { ("Set", "") } else { ("set", " and ") };
            match after {
                Some(after) if place == 0 => write!(f, "{set} {field} of {} to {after}", self.object)?,
                Some(after) => write!(f, "{lead}{set} {field} to {after}")?,
                None if place == 0 => write!(f, "Remove {field} of {}", self.object)?,
                None => write!(f, "{lead}remove {field}")?,
            }
        }
        f.write_str(".")
    }
}
