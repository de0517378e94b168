//! From a TenantControlPlane to a client for its API: the Secret that Kamaji names, read as the person.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use http::Request;
use k8s_openapi::api::core::v1::Secret;
use kube::{Client, Error};
use planner::tenant::TenantId;
use planner::tenant_api::{AddOnPins, NotAsked, Route};
use planner::workers::NodeName;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::TenantAccess;
use super::ask::{bounded, shortened};
use super::kubeconfig::{Expected, accept};
use crate::errors::api_words;
use crate::identity::answering_within;
use crate::resources::fields::text_in;

/// How long a client is kept after it was last used; what is older goes when the next tenant is asked.
const KEPT_FOR: Duration = Duration::from_secs(600);

/// A client that was made from a kubeconfig.
pub(super) struct Kept {
    digest: Vec<u8>,
    client: Client,
    used_at: Instant,
}

/// An open way to a tenant's API.
pub(super) struct Opened {
    pub(super) client: Client,
    pub(super) route: Route,
    pub(super) pins: AddOnPins,
    /// Of the kubeconfig: another one means other credentials or another address.
    pub(super) digest: Vec<u8>,
}

/// What Kamaji says of the way in.
struct Named {
    uid: String,
    secret: String,
    expected: Expected,
    pins: AddOnPins,
}

impl TenantAccess {
    /// `person`: a client that acts as whoever asks.
    pub(super) async fn open_as(&self, person: &Client, tenant: &TenantId) -> Result<Opened, NotAsked> {
        let named = named(person, tenant).await?;
        let secret = read_secret(person, tenant, &named.secret).await?;
        let (text, route) = kubeconfig_in(&secret)
            .ok_or_else(|| NotAsked::KubeconfigRefused { why: format!("the Secret {} holds none", named.secret) })?;
        let digest = Sha256::digest(text.as_bytes()).to_vec();
        if let Some(client) = self.kept(&named.uid, &digest) {
            return Ok(Opened { client, route, pins: named.pins, digest });
        }
        let refused = |why: String| NotAsked::KubeconfigRefused { why };
        let config = accept(&text, &named.expected, self.transport).await.map_err(refused)?;
        // The error could repeat what stands in the kubeconfig.
        let client = (self.connect)(config).map_err(|_| refused("its certificate or key cannot be used".to_owned()))?;
        let client = bounded(&answering_within(&client, super::PART_WITHIN));
        self.keep(named.uid, Kept { digest: digest.clone(), client: client.clone(), used_at: Instant::now() });
        Ok(Opened { client, route, pins: named.pins, digest })
    }

    fn kept(&self, uid: &str, digest: &[u8]) -> Option<Client> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        kept.retain(|_, kept| now.duration_since(kept.used_at) < KEPT_FOR);
        let kept = kept.get_mut(uid).filter(|kept| kept.digest == digest)?;
        kept.used_at = now;
        Some(kept.client.clone())
    }

    fn keep(&self, uid: String, made: Kept) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(uid, made);
    }
}

async fn named(person: &Client, tenant: &TenantId) -> Result<Named, NotAsked> {
    // Both become part of a path.
    if [&tenant.namespace, &tenant.name].into_iter().any(|part| part.parse::<NodeName>().is_err()) {
        return Err(NotAsked::NoSecretNamed);
    }
    let path =
        format!("/apis/kamaji.clastix.io/v1alpha1/namespaces/{}/tenantcontrolplanes/{}", tenant.namespace, tenant.name);
    let text = text_of(person, &path).await.map_err(|error| match Said::by(&error) {
        Said::WhoAreYou(words) => NotAsked::CredentialsRefused { words },
        Said::No(words) => NotAsked::ControlPlaneForbidden { words },
        Said::NotThere => NotAsked::ControlPlaneMissing,
        Said::Nothing(why) => NotAsked::SecretNotRead {
            secret: "of its kubeconfig".to_owned(),
            why: format!("the TenantControlPlane cannot be read: {why}"),
        },
    })?;
    let object: Value = serde_json::from_str(&text).map_err(|_| NotAsked::NoSecretNamed)?;
    if object.pointer("/spec/controlPlane/deployment/replicas") == Some(&Value::from(0)) {
        return Err(NotAsked::Sleeping);
    }
    let secret = text_in(&object, "/status/kubeconfig/admin/secretName").filter(|name| !name.is_empty());
    let secret = secret.ok_or(NotAsked::NoSecretNamed)?;
    // The name becomes part of a path.
    if secret.parse::<NodeName>().is_err() {
        return Err(NotAsked::KubeconfigRefused { why: "the name of its Secret is none".to_owned() });
    }
    let given = |path: &str| text_in(&object, path).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(Named {
        uid: given("/metadata/uid").unwrap_or_default(),
        secret: secret.to_owned(),
        expected: Expected::of(text_in(&object, "/status/controlPlaneEndpoint"), &tenant.namespace, &tenant.name),
        pins: AddOnPins {
            core_dns: given("/spec/addons/coreDNS/imageTag"),
            kube_proxy: given("/spec/addons/kubeProxy/imageTag"),
            konnectivity_server: given("/spec/addons/konnectivity/server/version"),
            konnectivity_agent: given("/spec/addons/konnectivity/agent/version"),
        },
    })
}

async fn read_secret(person: &Client, tenant: &TenantId, name: &str) -> Result<Secret, NotAsked> {
    let path = format!("/api/v1/namespaces/{}/secrets/{name}", tenant.namespace);
    let secret = name.to_owned();
    match text_of(person, &path).await {
        // Not by the client's own decoding, which writes what it cannot decode into the log.
        Ok(text) => serde_json::from_str(&text)
            .map_err(|_| NotAsked::KubeconfigRefused { why: format!("the answer for {secret} is no Secret") }),
        Err(error) => Err(match Said::by(&error) {
            Said::WhoAreYou(words) => NotAsked::CredentialsRefused { words },
            Said::No(words) => NotAsked::SecretForbidden { secret, words },
            Said::NotThere => NotAsked::SecretMissing { secret },
            Said::Nothing(why) => NotAsked::SecretNotRead { secret, why },
        }),
    }
}

/// What a failed question to the management cluster says of the person's rights.
enum Said {
    /// Nothing: it was not answered, or cannot be now. Why.
    Nothing(String),
    /// The credentials are good for nobody; its words.
    WhoAreYou(String),
    /// No; its words.
    No(String),
    /// There is no such object.
    NotThere,
}

impl Said {
    fn by(error: &Error) -> Self {
        let words = shortened(&api_words(error));
        match error {
            Error::Api(status) => match status.code {
                401 => Self::WhoAreYou(words),
                404 => Self::NotThere,
                // Whoever is told to come back later (429) has been told so before anybody looked at their rights.
                429 | 500.. => Self::Nothing(words),
                _ => Self::No(words),
            },
            _ => Self::Nothing(words),
        }
    }
}

/// The kubeconfig for the public endpoint, or that for the Service where there is no other.
fn kubeconfig_in(secret: &Secret) -> Option<(String, Route)> {
    let data = secret.data.as_ref()?;
    [Route::Endpoint, Route::Service].into_iter().find_map(|route| Some((kept_text(data, key(route))?, route)))
}

fn kept_text(data: &BTreeMap<String, k8s_openapi::ByteString>, key: &str) -> Option<String> {
    String::from_utf8(data.get(key)?.0.clone()).ok().filter(|text| !text.is_empty())
}

/// Where Kamaji puts the administrator's kubeconfig.
fn key(route: Route) -> &'static str {
    match route {
        Route::Endpoint => "admin.conf",
        Route::Service => "admin.svc",
    }
}

async fn text_of(client: &Client, path: &str) -> Result<String, Error> {
    let request = Request::get(path).body(Vec::new()).map_err(Error::HttpError)?;
    client.request_text(request).await
}
