//! Answers that are not objects: `Status` errors of the API server, word for word, and the errors of the sandbox itself.

use serde_json::{Value, json};

use crate::kinds::Kind;

/// What may go wrong when a sandbox is started.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The port is taken, or binding to loopback is not allowed.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Bind {
        /// The wanted port.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// No scenario has this name.
    #[error("there is no scenario {name:?}; there are {known}")]
    UnknownScenario {
        /// The name asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// The kubeconfig could not be written.
    #[error("cannot write the sandbox's kubeconfig to {path}: {source}")]
    Kubeconfig {
        /// Where it should have gone.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What Go's HTTP server says, with its line break.
const PAGE_NOT_FOUND: &str = "404 page not found\n";

/// A `Status` of the Kubernetes API with an HTTP code.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// HTTP code.
    pub code: u16,
    /// `reason`; empty if the server gives none.
    pub reason: &'static str,
    /// `message`.
    pub message: String,
    /// `details`, if there are any.
    pub details: Option<Value>,
}

impl ApiError {
    /// An error without details.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
    }

    fn about(mut self, kind: Kind, name: &str) -> Self {
        let mut details = json!({"name": name, "kind": kind.plural()});
        if !kind.group().is_empty() {
            details["group"] = json!(kind.group());
        }
        self.details = Some(details);
        self
    }

    /// 404 for an object.
    pub fn not_found(kind: Kind, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} {name:?} not found", kind.qualified())).about(kind, name)
    }

    /// 404 for a resource that a served group and version of Kubernetes itself does not have.
    pub fn no_such_resource() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource")
    }

    /// 404 for a path that serves nothing. The only refusal that is no `Status` but plain text.
    pub fn no_such_path() -> Self {
        Self::new(404, "", PAGE_NOT_FOUND)
    }

    /// Whether it is told in plain text.
    pub fn is_plain(&self) -> bool {
        self.message == PAGE_NOT_FOUND
    }

    /// 422 for a query of a request, as `PatchOptions`.
    pub fn invalid_options(options: &str, cause: &Cause) -> Self {
        let message = format!("{options}.meta.k8s.io \"\" is invalid: {}: {}", cause.field, cause.message);
        let mut error = Self::new(422, "Invalid", message);
        error.details = Some(json!({
            "group": "meta.k8s.io",
            "kind": options,
            "causes": [{"reason": cause.reason, "message": cause.message, "field": cause.field}],
        }));
        error
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        Self::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    }

    /// 409 because the object has moved on.
    pub fn conflict(kind: Kind, name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: the object has been modified; please apply your changes to the latest version and try again",
            kind.qualified()
        );
        Self::new(409, "Conflict", message).about(kind, name)
    }

    /// 409 because the precondition on the uid does not hold.
    pub fn uid_conflict(kind: Kind, name: &str, wanted: &str, actual: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: Precondition failed: UID in precondition: {wanted}, UID in object meta: {actual}",
            kind.qualified()
        );
        Self::new(409, "Conflict", message).about(kind, name)
    }

    /// 409 because the name is taken.
    pub fn already_exists(kind: Kind, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{} {name:?} already exists", kind.qualified())).about(kind, name)
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 415 for a patch in a form that is not served.
    pub fn unsupported_media_type(given: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format ({given:?}) - accepted media types include: application/merge-patch+json, application/strategic-merge-patch+json"
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// 403 from a validating webhook.
    pub fn denied_by_webhook(message: impl std::fmt::Display) -> Self {
        Self::new(
            403,
            "Forbidden",
            format!("admission webhook \"vtenantcontrolplane.kb.io\" denied the request: {message}"),
        )
    }

    /// 422 with its causes, as the API server words one or several.
    pub fn invalid(kind: Kind, name: &str, causes: &[Cause]) -> Self {
        let texts: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let list = match texts.as_slice() {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let qualified = match kind.group() {
            "" => kind.name().to_owned(),
            group => format!("{}.{group}", kind.name()),
        };
        let causes: Vec<Value> = causes
            .iter()
            .map(|cause| json!({"reason": cause.reason, "message": cause.message, "field": cause.field}))
            .collect();
        let mut error = Self::new(422, "Invalid", format!("{qualified} {name:?} is invalid: {list}"));
        let mut details = json!({"name": name, "kind": kind.name(), "causes": causes});
        if !kind.group().is_empty() {
            details["group"] = json!(kind.group());
        }
        error.details = Some(details);
        error
    }

    /// 410 for a watch that starts too early.
    pub fn too_old(wanted: u64, oldest: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {wanted} ({oldest})"))
    }

    /// 410 for a list that is continued too late.
    pub fn continue_expired() -> Self {
        Self::new(
            410,
            "Expired",
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
        )
    }

    /// The `Status` object.
    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = json!(self.reason);
        }
        if let Some(details) = &self.details {
            status["details"] = details.clone();
        }
        status
    }
}

/// One cause of a 422.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueRequired`, `FieldValueInvalid`, …
    pub reason: &'static str,
    /// What is wrong, in the API server's words.
    pub message: String,
    /// Path of the field.
    pub field: String,
}

impl Cause {
    /// A value that is not allowed.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self { reason: "FieldValueInvalid", message: message.into(), field: field.to_owned() }
    }

    /// A value that is missing.
    pub fn required(field: &str) -> Self {
        Self { reason: "FieldValueRequired", message: "Required value".to_owned(), field: field.to_owned() }
    }
}
