//! Who asks. Each call that answers or writes takes an [`Identity`]: what it may not see does not exist for it.

use std::collections::BTreeSet;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{Request, Response};
use kube::client::Body;
use kube::{Client, Error};
use planner::tenant::TenantId;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::BoxError;

use crate::errors::{IdentityError, api_words};
use crate::scope::Scope;

/// How long the API server may take to say who we are.
const REVIEW_WITHIN: Duration = Duration::from_secs(5);

/// A person, what they may see, and with which credentials a write of theirs goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user name as Kubernetes knows it.
    pub user: String,
    /// Groups.
    pub groups: Vec<String>,
    /// Which TenantControlPlanes exist for this person.
    pub sees: Visibility,
    /// How writes go out.
    pub via: Credentials,
}

/// Which TenantControlPlanes exist for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visibility {
    /// Every one.
    All,
    /// Those in these namespaces.
    Namespaces(BTreeSet<String>),
}

/// With which credentials a write goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// The client's own: the person runs the console with their own kubeconfig.
    Own,
    /// The console's, in the person's name (`Impersonate-User`, `Impersonate-Group`).
    Impersonate,
}

impl Visibility {
    /// Whether this namespace exists for the person.
    pub fn covers(&self, namespace: &str) -> bool {
        match self {
            Self::All => true,
            Self::Namespaces(namespaces) => namespaces.contains(namespace),
        }
    }
}

impl Identity {
    /// Whether this TenantControlPlane exists for the person.
    pub fn may_see(&self, tenant: &TenantId) -> bool {
        self.sees.covers(&tenant.namespace)
    }

    /// A client whose requests are this person's.
    ///
    /// # Errors
    /// If the name or a group cannot stand in a header.
    pub fn client(&self, client: &Client) -> Result<Client, IdentityError> {
        match self.via {
            Credentials::Own => Ok(client.clone()),
            Credentials::Impersonate => impersonating(client, &self.user, &self.groups),
        }
    }
}

/// Asks the API server who the client is (SelfSubjectReview). Where it does not answer that, the user is `fallback`, the name
/// the kubeconfig gives. Such a person sees what the client sees in this scope, since the console observes with the same
/// credentials.
///
/// # Errors
/// If the API server cannot be reached or refuses the credentials.
pub async fn who_am_i(client: &Client, scope: &Scope, fallback: &str) -> Result<Identity, IdentityError> {
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let request = Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews")
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(review.to_string().into_bytes())
        .map_err(|error| IdentityError::Unreachable(error.to_string()))?;
    let own = |user: String, groups| Identity { user, groups, sees: scope.visibility(), via: Credentials::Own };
    match timeout(REVIEW_WITHIN, client.request::<Value>(request)).await {
        Err(_) => Err(IdentityError::NoAnswer { seconds: REVIEW_WITHIN.as_secs() }),
        Ok(Ok(answer)) => {
            let user = answer.pointer("/status/userInfo/username").and_then(Value::as_str).unwrap_or(fallback);
            let groups = answer.pointer("/status/userInfo/groups").and_then(Value::as_array);
            let groups = groups.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
            Ok(own(user.to_owned(), groups))
        }
        Ok(Err(Error::Api(status))) if status.code == 401 => Err(IdentityError::Refused(status.message.clone())),
        // An API server that does not offer the review, or not to us: the name in the kubeconfig is the best there is.
        Ok(Err(Error::Api(_) | Error::SerdeError(_))) => Ok(own(fallback.to_owned(), Vec::new())),
        Ok(Err(error)) => Err(IdentityError::Unreachable(api_words(&error))),
    }
}

/// A client that acts as somebody else, on top of `client` and its credentials.
///
/// # Errors
/// If the name or a group cannot stand in a header.
fn impersonating(client: &Client, user: &str, groups: &[String]) -> Result<Client, IdentityError> {
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| IdentityError::NoHeader(text.to_owned()));
    let mut headers = vec![(HeaderName::from_static("impersonate-user"), value(user)?)];
    for group in groups {
        headers.push((HeaderName::from_static("impersonate-group"), value(group)?));
    }
    let inner = client.clone();
    let namespace = client.default_namespace().to_owned();
    let service = tower::service_fn(move |mut request: Request<Body>| {
        for (name, value) in &headers {
            request.headers_mut().append(name, value.clone());
        }
        let inner = inner.clone();
        async move { inner.send(request).await.map_err(BoxError::from) }
    });
    Ok(Client::new(service, namespace))
}

/// A client whose requests fail when no answer begins within `limit`. Without it a hanging API server would hang a list or
/// the start of a watch for ever, since kube sets no such limit. The body of an answer, so a running watch, is not limited.
pub(crate) fn answering_within(client: &Client, limit: Duration) -> Client {
    let inner = client.clone();
    let namespace = client.default_namespace().to_owned();
    let service = tower::service_fn(move |request: Request<Body>| {
        let inner = inner.clone();
        async move {
            let answer: Result<Response<Body>, BoxError> = match timeout(limit, inner.send(request)).await {
                Ok(answer) => answer.map_err(BoxError::from),
                Err(_) => Err(format!("no answer within {} s", limit.as_secs()).into()),
            };
            answer
        }
    });
    Client::new(service, namespace)
}
