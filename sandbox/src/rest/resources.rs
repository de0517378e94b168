//! Objects: list, get, create, replace, patch, delete.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::Response;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::selector::Selector;
use super::{Asked, reply, watch};
use crate::access::Access;
use crate::error::ApiError;
use crate::json;
use crate::kinds::Kind;
use crate::shared::Shared;
use crate::store::Key;
use crate::world::{Part, WriteOptions};

/// What a path names.
struct Target {
    kind: Kind,
    namespace: Option<String>,
    name: Option<String>,
    part: Part,
}

/// Answers a request for objects of a group and version.
pub(super) async fn serve(
    shared: &Arc<Shared>,
    asked: &Asked,
    (group, version): (&str, &str),
    rest: &[&str],
) -> Result<Response, ApiError> {
    let target = target(&Kind::ALL, group, version, rest).ok_or_else(ApiError::no_such_path)?;
    let watches = asked.flag("watch");
    let verb = match (&asked.method, &target.name) {
        (&Method::GET, None) if watches => "watch",
        (&Method::GET, None) => "list",
        (&Method::GET, Some(_)) => "get",
        (&Method::POST, None) => "create",
        (&Method::PUT, Some(_)) => "update",
        (&Method::PATCH, Some(_)) => "patch",
        (&Method::DELETE, Some(_)) => "delete",
        _ => return Err(ApiError::method_not_allowed()),
    };
    let kind = target.kind;
    let namespace = target.namespace.as_deref().unwrap_or_default();
    let name = target.name.as_deref().unwrap_or_default();
    let subresource = if target.part == Part::Status { "status" } else { "" };
    let access = Access { subresource, ..Access::to(kind, verb, namespace, name) };
    if shared.faults.borrow().deny.iter().any(|denied| denied == kind.plural()) {
        return Err(asked.identity.refusal(&access));
    }
    asked.identity.check(&access)?;
    if kind.namespaced() && target.namespace.is_none() && !matches!(verb, "list" | "watch") {
        return Err(ApiError::no_such_path());
    }
    let key = Key::new(namespace, name);
    match verb {
        "watch" => watch::serve(shared, asked, None, kind, Selector::read(asked, target.namespace.as_deref(), None)?),
        "list" => list(shared, asked, None, kind, &Selector::read(asked, target.namespace.as_deref(), None)?),
        "get" => {
            let object = shared.with_world(|world| world.get(kind, &key));
            object.map(|object| reply(StatusCode::OK, &object)).ok_or_else(|| ApiError::not_found(kind, name))
        }
        "delete" => delete(shared, asked, kind, &key),
        _ => write(shared, asked, &target, verb, &key),
    }
}

/// Answers a request to a tenant's API, whose one person may do anything. Objects can be read, watched and patched there.
pub(super) fn serve_tenant(
    shared: &Arc<Shared>,
    asked: &Asked,
    tenant: &Key,
    kinds: &[Kind],
    (group, version): (&str, &str),
    rest: &[&str],
) -> Result<Response, ApiError> {
    let target = target(kinds, group, version, rest).ok_or_else(ApiError::no_such_path)?;
    let kind = target.kind;
    let selector = || Selector::read(asked, target.namespace.as_deref(), None);
    let Some(name) = &target.name else {
        return match asked.method {
            Method::GET if asked.flag("watch") => watch::serve(shared, asked, Some(tenant), kind, selector()?),
            Method::GET => list(shared, asked, Some(tenant), kind, &selector()?),
            _ => Err(ApiError::method_not_allowed()),
        };
    };
    let key = Key::new(target.namespace.as_deref().unwrap_or_default(), name.as_str());
    let found = match asked.method {
        Method::GET => shared.with_world(|world| world.store_at(Some(tenant))?.get(kind, &key).cloned()),
        Method::PATCH => {
            let body = asked.json()?;
            shared.with_world(|world| {
                world.clusters.get_mut(tenant)?.change(kind, &key, |object| json::merge(object, &body))
            })
        }
        _ => return Err(ApiError::method_not_allowed()),
    };
    found.map(|object| reply(StatusCode::OK, &object)).ok_or_else(|| ApiError::not_found(kind, name))
}

fn target(kinds: &[Kind], group: &str, version: &str, rest: &[&str]) -> Option<Target> {
    let found = |plural: &str| Kind::find(kinds, group, version, plural);
    let (kind, namespace, name, subresource) = match rest {
        ["namespaces", namespace, plural, more @ ..] if found(plural).is_some_and(Kind::namespaced) => {
            (found(plural)?, Some((*namespace).to_owned()), more.first(), more.get(1))
        }
        [plural, more @ ..] => (found(plural)?, None, more.first(), more.get(1)),
        [] => return None,
    };
    let part = match subresource {
        None => Part::Object,
        Some(&"status") if kind.has_status() => Part::Status,
        Some(_) => return None,
    };
    Some(Target { kind, namespace, name: name.map(|name| (*name).to_owned()), part })
}

fn write(shared: &Shared, asked: &Asked, target: &Target, verb: &str, key: &Key) -> Result<Response, ApiError> {
    let kind = target.kind;
    let dry_run = match asked.query("dryRun") {
        None | Some("") => false,
        Some("All") => true,
        Some(other) => {
            return Err(ApiError::bad_request(format!("Invalid value: [{other:?}]: dryRun: Unsupported value")));
        }
    };
    let agent = asked.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let agent = agent.and_then(|agent| agent.split('/').next()).filter(|agent| !agent.is_empty());
    let manager = asked.query("fieldManager").filter(|manager| !manager.is_empty()).or(agent).unwrap_or("unknown");
    let options = WriteOptions { manager: Some(manager), dry_run };
    let content_type =
        asked.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim();
    let merges = matches!(content_type, "application/merge-patch+json" | "application/strategic-merge-patch+json");
    if verb == "patch" && !merges {
        return Err(ApiError::unsupported_media_type(content_type));
    }
    let body = asked.json()?;
    if !body.is_object() {
        return Err(ApiError::bad_request("the body of the request is no object"));
    }
    if verb != "create" && shared.take_conflict() {
        return Err(ApiError::conflict(kind, &key.name));
    }
    match verb {
        "create" => {
            let created = shared.with_world(|world| world.create(kind, &key.namespace, body, options))?;
            Ok(reply(StatusCode::CREATED, &created))
        }
        "update" => {
            let updated =
                shared.with_world(|world| world.update(kind, key, target.part, options, |object| *object = body))?;
            Ok(reply(StatusCode::OK, &updated))
        }
        _ => {
            let patched = shared.with_world(|world| {
                world.update(kind, key, target.part, options, |object| json::merge(object, &body))
            })?;
            Ok(reply(StatusCode::OK, &patched))
        }
    }
}

fn delete(shared: &Shared, asked: &Asked, kind: Kind, key: &Key) -> Result<Response, ApiError> {
    let options = if asked.body.is_empty() { json!({}) } else { asked.json()? };
    let dry_run = asked.query("dryRun").is_some() || options["dryRun"].as_array().is_some_and(|all| !all.is_empty());
    let uid = json::text(&options, "/preconditions/uid");
    let deleted = shared.with_world(|world| world.delete(kind, key, uid, dry_run))?;
    if matches!(kind, Kind::Pod | Kind::TenantControlPlane) {
        return Ok(reply(StatusCode::OK, &deleted));
    }
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": key.name, "group": kind.group(), "kind": kind.plural(), "uid": deleted["metadata"]["uid"]},
    });
    Ok(reply(StatusCode::OK, &status))
}

fn list(
    shared: &Shared,
    asked: &Asked,
    tenant: Option<&Key>,
    kind: Kind,
    selector: &Selector,
) -> Result<Response, ApiError> {
    let limit = asked.query("limit").and_then(|limit| limit.parse::<usize>().ok()).filter(|limit| *limit > 0);
    let from = asked.query("continue").filter(|token| !token.is_empty()).map(read_token).transpose()?;
    let (version, objects) = shared.with_world(|world| {
        let store = world.store_at(tenant).ok_or_else(ApiError::no_such_path)?;
        match &from {
            Some((version, _)) => {
                let objects = store.list_at(kind, *version).map_err(|_| ApiError::continue_expired())?;
                Ok((*version, objects))
            }
            None => {
                let objects: BTreeMap<Key, Arc<Value>> =
                    store.list(kind, None).map(|(key, object)| (key.clone(), Arc::clone(object))).collect();
                Ok((store.version(), objects))
            }
        }
    })?;
    let after = from.map(|(_, key)| key);
    let mut matching = objects
        .iter()
        .filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after))
        .filter(|(_, object)| selector.matches(object));
    let page: Vec<(&Key, &Arc<Value>)> = matching.by_ref().take(limit.unwrap_or(usize::MAX)).collect();
    let remaining = matching.count();
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if remaining > 0
        && let Some((last, _)) = page.last()
    {
        metadata["continue"] = json!(format!("{version}/{}/{}", last.namespace, last.name));
        metadata["remainingItemCount"] = json!(remaining);
    }
    let items: Vec<Value> = page.into_iter().map(|(_, object)| as_item(kind, object)).collect();
    let list = json!({
        "kind": format!("{}List", kind.name()), "apiVersion": kind.api_version(), "metadata": metadata, "items": items,
    });
    Ok(reply(StatusCode::OK, &list))
}

/// Items of a built-in kind carry neither kind nor apiVersion, those of a custom one do.
fn as_item(kind: Kind, object: &Value) -> Value {
    let mut item = object.clone();
    if kind.group() != "kamaji.clastix.io"
        && let Some(fields) = item.as_object_mut()
    {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    item
}

fn read_token(token: &str) -> Result<(u64, Key), ApiError> {
    let mut parts = token.splitn(3, '/');
    let version = parts.next().and_then(|version| version.parse().ok());
    match (version, parts.next(), parts.next()) {
        (Some(version), Some(namespace), Some(name)) => Ok((version, Key::new(namespace, name))),
        _ => Err(ApiError::bad_request(format!("continue key is not valid: {token:?}"))),
    }
}
