//! What the API server does with a write before it is stored: metadata, generation, preconditions, admission.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::json;
use crate::kamaji::admission;
use crate::kinds::Kind;
use crate::store::Key;
use crate::world::World;

/// Which part of an object a write may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Everything but the status.
    Object,
    /// The status alone.
    Status,
}

/// How a write is to be made.
#[derive(Debug, Clone, Copy)]
pub struct WriteOptions<'a> {
    /// Field manager recorded in `metadata.managedFields`; `None` records nothing.
    pub manager: Option<&'a str>,
    /// Everything but the storing.
    pub dry_run: bool,
}

/// Writes of the controllers inside the sandbox.
pub(crate) const INTERNAL: WriteOptions<'static> = WriteOptions { manager: None, dry_run: false };

/// Metadata that a writer cannot change.
const SERVER_METADATA: [&str; 8] = [
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
];

impl World {
    /// Creates an object.
    ///
    /// # Errors
    /// As the API server: 409 if it exists, 404 if its namespace does not, 422, 403 from a webhook.
    pub fn create(
        &mut self,
        kind: Kind,
        namespace: &str,
        mut object: Value,
        options: WriteOptions<'_>,
    ) -> Result<Arc<Value>, ApiError> {
        if !object["metadata"].is_object() {
            return Err(ApiError::bad_request("the object has no metadata"));
        }
        let generated = json::text(&object, "/metadata/generateName").unwrap_or_default().to_owned();
        if json::text(&object, "/metadata/name").is_none_or(str::is_empty) && !generated.is_empty() {
            let suffix = self.random.name_suffix(5);
            object["metadata"]["name"] = json!(format!("{generated}{suffix}"));
        }
        let name = json::text(&object, "/metadata/name").unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(ApiError::bad_request("name or generateName is required"));
        }
        if kind.namespaced() {
            let given = json::text(&object, "/metadata/namespace").unwrap_or(namespace);
            if given != namespace {
                let message = "the namespace of the provided object does not match the namespace sent on the request";
                return Err(ApiError::bad_request(message));
            }
            object["metadata"]["namespace"] = json!(namespace);
            if self.store.get(Kind::Namespace, &Key::new("", namespace)).is_none() {
                return Err(ApiError::not_found(Kind::Namespace, namespace));
            }
        }
        object["apiVersion"] = json!(kind.api_version());
        object["kind"] = json!(kind.name());
        if kind == Kind::TenantControlPlane {
            admission::on_create(self, &name, &mut object)?;
        }
        let key = Key::of(&object);
        if self.store.get(kind, &key).is_some() {
            return Err(ApiError::already_exists(kind, &name));
        }
        object["metadata"]["uid"] = json!(self.random.uuid());
        object["metadata"]["creationTimestamp"] = json!(json::seconds(self.now_ms()));
        let metadata = json::object_at(&mut object, "metadata");
        metadata.remove("resourceVersion");
        metadata.remove("managedFields");
        if kind.has_generation() {
            metadata.insert("generation".to_owned(), json!(1));
        }
        if kind.has_status() && matches!(kind, Kind::TenantControlPlane | Kind::Deployment | Kind::ReplicaSet) {
            // A new ReplicaSet is stored with `status.replicas`, the others with nothing.
            object["status"] = if kind == Kind::ReplicaSet { json!({"replicas": 0}) } else { json!({}) };
        }
        if kind == Kind::UpgradePlan
            && let Some(fields) = object.as_object_mut()
        {
            // With the subresource, a status comes by it alone.
            fields.remove("status");
        }
        if let Some(manager) = options.manager {
            let written = object["spec"].clone();
            self.record_manager(kind, &mut object, manager, Part::Object, &json!({"spec": written}));
        }
        if options.dry_run {
            return Ok(Arc::new(object));
        }
        let stored = self.store.put(kind, object);
        self.react();
        Ok(stored)
    }

    /// Changes an object. `change` gets it as it is and makes it as it should be.
    ///
    /// # Errors
    /// As the API server: 404, 409 if a given resourceVersion or uid is not the object's, 422, 403 from a webhook.
    pub fn update(
        &mut self,
        kind: Kind,
        key: &Key,
        part: Part,
        options: WriteOptions<'_>,
        change: impl FnOnce(&mut Value),
    ) -> Result<Arc<Value>, ApiError> {
        let old = self.get(kind, key).ok_or_else(|| ApiError::not_found(kind, &key.name))?;
        let mut wanted = Value::clone(&old);
        change(&mut wanted);
        check_preconditions(kind, key, &old, &wanted)?;

        let mut new = Value::clone(&old);
        match part {
            Part::Status => new["status"] = wanted["status"].take(),
            Part::Object => {
                let status = new["status"].take();
                new = wanted;
                restore_metadata(&mut new, &old);
                if kind.has_status() {
                    restore(&mut new, "status", status);
                }
            }
        }
        if kind == Kind::TenantControlPlane && part == Part::Object {
            admission::on_update(self, &key.name, &old, &mut new)?;
        }
        if kind == Kind::Deployment && part == Part::Object && new["spec"] != old["spec"] {
            crate::strategy::parse(&new["spec"]["strategy"])
                .map_err(|cause| ApiError::invalid(kind, &key.name, &[cause]))?;
        }
        if new == *old {
            return Ok(old);
        }
        if kind.has_generation() && raises_generation(kind, &old, &new) {
            new["metadata"]["generation"] = json!(json::int(&old, "/metadata/generation").unwrap_or(0) + 1);
        }
        if let Some(manager) = options.manager {
            let difference = difference(&old, &new);
            self.record_manager(kind, &mut new, manager, part, &difference);
        }
        if options.dry_run {
            return Ok(Arc::new(new));
        }
        let stored = self.store.put(kind, new);
        self.react();
        Ok(stored)
    }

    /// Deletes an object. Pods and TenantControlPlanes end in their own time; they are returned as they are then.
    ///
    /// # Errors
    /// 404; 409 if the uid is not the object's.
    pub fn delete(&mut self, kind: Kind, key: &Key, uid: Option<&str>, dry_run: bool) -> Result<Arc<Value>, ApiError> {
        let object = self.get(kind, key).ok_or_else(|| ApiError::not_found(kind, &key.name))?;
        let actual = json::text(&object, "/metadata/uid").unwrap_or_default();
        if let Some(uid) = uid
            && uid != actual
        {
            return Err(ApiError::uid_conflict(kind, &key.name, uid, actual));
        }
        if dry_run {
            return Ok(object);
        }
        match kind {
            Kind::Pod => self.terminate_pod(key),
            Kind::TenantControlPlane => self.finalize_tenant(key),
            _ => {
                self.store.remove(kind, key);
            }
        }
        self.react();
        Ok(self.get(kind, key).unwrap_or(object))
    }

    fn record_manager(&self, kind: Kind, object: &mut Value, manager: &str, part: Part, written: &Value) {
        let mut entry = json!({
            "manager": manager,
            "operation": "Update",
            "apiVersion": kind.api_version(),
            "time": json::seconds(self.now_ms()),
            "fieldsType": "FieldsV1",
            "fieldsV1": fields(written),
        });
        if part == Part::Status {
            entry["subresource"] = json!("status");
        }
        let metadata = json::object_at(object, "metadata");
        let entries = metadata.entry("managedFields").or_insert_with(|| json!([]));
        if !entries.is_array() {
            *entries = json!([]);
        }
        if let Some(entries) = entries.as_array_mut() {
            entries
                .retain(|known| known["manager"] != entry["manager"] || known["subresource"] != entry["subresource"]);
            entries.push(entry);
        }
    }
}

fn check_preconditions(kind: Kind, key: &Key, old: &Value, wanted: &Value) -> Result<(), ApiError> {
    let version = json::text(wanted, "/metadata/resourceVersion").unwrap_or_default();
    if !version.is_empty() && version != json::text(old, "/metadata/resourceVersion").unwrap_or_default() {
        return Err(ApiError::conflict(kind, &key.name));
    }
    let uid = json::text(wanted, "/metadata/uid").unwrap_or_default();
    let actual = json::text(old, "/metadata/uid").unwrap_or_default();
    if !uid.is_empty() && uid != actual {
        return Err(ApiError::uid_conflict(kind, &key.name, uid, actual));
    }
    let name = json::text(wanted, "/metadata/name").unwrap_or(&key.name);
    if name != key.name {
        let message = format!("the name of the object ({name}) does not match the name on the URL ({})", key.name);
        return Err(ApiError::bad_request(message));
    }
    Ok(())
}

fn restore_metadata(new: &mut Value, old: &Value) {
    new["apiVersion"] = old["apiVersion"].clone();
    new["kind"] = old["kind"].clone();
    json::object_at(new, "metadata");
    for field in SERVER_METADATA {
        restore(&mut new["metadata"], field, old["metadata"][field].clone());
    }
    new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
}

fn restore(object: &mut Value, field: &str, value: Value) {
    let Some(object) = object.as_object_mut() else { return };
    if value.is_null() {
        object.remove(field);
    } else {
        object.insert(field.to_owned(), value);
    }
}

fn raises_generation(kind: Kind, old: &Value, new: &Value) -> bool {
    let body = |object: &Value| {
        let mut body = object.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("metadata");
            fields.remove("status");
        }
        body
    };
    // Deployments also count changes of annotations, but for the revision, which the controller writes with the status.
    let annotations = |object: &Value| {
        let mut annotations = object["metadata"]["annotations"].clone();
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.remove("deployment.kubernetes.io/revision");
        }
        annotations
    };
    match kind {
        Kind::Pod => false,
        Kind::Deployment => body(old) != body(new) || annotations(old) != annotations(new),
        _ => body(old) != body(new),
    }
}

/// The parts of `new` that differ from `old`.
fn difference(old: &Value, new: &Value) -> Value {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return new.clone() };
    let by_writer = |name: &str| !matches!(name, "managedFields" | "resourceVersion" | "generation");
    new.iter()
        .filter(|(name, value)| by_writer(name) && old.get(*name) != Some(value))
        .map(|(name, value)| (name.clone(), difference(old.get(name).unwrap_or(&Value::Null), value)))
        .filter(|(name, value)| name != "metadata" || *value != json!({}))
        .collect::<Map<_, _>>()
        .into()
}

/// The paths of `written` in the form of `fieldsV1`. Lists count as a whole.
fn fields(written: &Value) -> Value {
    match written.as_object() {
        None => json!({}),
        Some(written) => {
            written.iter().map(|(name, value)| (format!("f:{name}"), fields(value))).collect::<Map<_, _>>().into()
        }
    }
}
