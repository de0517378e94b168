//! Reading and patching JSON objects.

use planner::time::UnixMillis;
use serde_json::{Map, Value, json};

/// The text at a JSON pointer, if there is one.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> Option<&'a str> {
    object.pointer(pointer)?.as_str()
}

/// The whole number at a JSON pointer, if there is one.
pub(crate) fn int(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer)?.as_i64()
}

/// The number of pods at a JSON pointer; 0 if there is none.
pub(crate) fn count(object: &Value, pointer: &str) -> u32 {
    object.pointer(pointer).and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
}

/// The moment at a JSON pointer, if there is one.
pub(crate) fn moment(object: &Value, pointer: &str) -> Option<i64> {
    UnixMillis::parse(text(object, pointer)?).map(|moment| moment.0)
}

/// A moment as the API writes it: whole seconds, cut.
pub(crate) fn seconds(now_ms: i64) -> String {
    let whole = UnixMillis(now_ms.div_euclid(1000) * 1000);
    whole.timestamp().map(|timestamp| timestamp.to_string()).unwrap_or_default()
}

/// A moment with microseconds, as `eventTime` has them.
pub(crate) fn micros(now_ms: i64) -> String {
    let timestamp = UnixMillis(now_ms).timestamp();
    timestamp.map(|timestamp| timestamp.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()).unwrap_or_default()
}

/// The field `name` of an object, made an empty object first if it is none.
pub(crate) fn object_at<'a>(parent: &'a mut Value, name: &str) -> &'a mut Map<String, Value> {
    if !parent.is_object() {
        *parent = json!({});
    }
    let child = &mut parent[name];
    if !child.is_object() {
        *child = json!({});
    }
    match child {
        Value::Object(map) => map,
        _ => unreachable!("it was just made an object"),
    }
}

/// RFC 7386.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    if let Value::Object(target) = target {
        for (name, value) in patch {
            if value.is_null() {
                target.remove(name);
            } else {
                merge(target.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

/// The controller in an object's owner references: kind and name.
pub(crate) fn controller(object: &Value) -> Option<(&str, &str)> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == json!(true))?;
    Some((owner["kind"].as_str()?, owner["name"].as_str()?))
}

/// The uid of the controller in an object's owner references.
pub(crate) fn controller_uid(object: &Value) -> Option<&str> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    owners.iter().find(|owner| owner["controller"] == json!(true))?["uid"].as_str()
}

/// An owner reference to the controller `owner`.
pub(crate) fn owner_reference(owner: &Value, api_version: &str, kind: &str) -> Value {
    json!([{
        "apiVersion": api_version,
        "kind": kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    }])
}
