//! What am I, and what may I.

use axum::response::Response;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Asked, reply};
use crate::access::{Access, Identity};
use crate::error::ApiError;
use crate::json;

/// SelfSubjectReview.
pub(super) fn who_am_i(asked: &Asked) -> Result<Response, ApiError> {
    if asked.method != Method::POST {
        return Err(ApiError::method_not_allowed());
    }
    let review = json!({
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {},
        "status": {"userInfo": {"username": asked.identity.user, "groups": asked.identity.groups}},
    });
    Ok(reply(StatusCode::CREATED, &review))
}

/// SelfSubjectAccessReview and SubjectAccessReview.
pub(super) fn access(asked: &Asked, review: &str) -> Result<Response, ApiError> {
    let kind = match review {
        "selfsubjectaccessreviews" => "SelfSubjectAccessReview",
        "subjectaccessreviews" => "SubjectAccessReview",
        _ => return Err(ApiError::no_such_path()),
    };
    if asked.method != Method::POST {
        return Err(ApiError::method_not_allowed());
    }
    let body = asked.json()?;
    let identity = if kind == "SubjectAccessReview" { subject(&body["spec"]) } else { asked.identity.clone() };
    let attributes = &body["spec"]["resourceAttributes"];
    let text = |name: &str| attributes[name].as_str().unwrap_or_default();
    let allowed = attributes.is_object()
        && identity.may(&Access {
            verb: text("verb"),
            group: text("group"),
            resource: text("resource"),
            subresource: text("subresource"),
            namespace: text("namespace"),
            name: text("name"),
        });
    let review = json!({
        "kind": kind,
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": body["spec"],
        "status": {"allowed": allowed},
    });
    Ok(reply(StatusCode::CREATED, &review))
}

fn subject(spec: &Value) -> Identity {
    let groups = spec["groups"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    Identity::impersonated(json::text(spec, "/user").unwrap_or_default(), groups.collect())
}
