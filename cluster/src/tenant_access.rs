//! A tenant's own API, as the person who asks may reach it.
//!
//! The way in is the Secret with the administrator's kubeconfig that Kamaji names in the TenantControlPlane. It is read as the
//! person, every time somebody asks: that read is the permission. What it holds stays in this process's memory, is written into no
//! log and given to no browser; only the client made from it is kept for a while, so that its connections serve again.
//!
//! **Architecture invariant:** nothing of a tenant's API is trusted. Each question has a limit in time and size, and fails by itself.

pub(crate) mod ask;
mod counted;
mod drain;
mod kubeconfig;
mod live;
mod read;
mod secret;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kube::{Client, Config, Error};
use planner::tenant::TenantId;
use planner::tenant_api::{NotAsked, TenantApi};
use planner::version::KubernetesVersion;
use tokio::time::timeout;

use self::counted::Looks;
use self::live::Watching;
use self::secret::Kept;
use crate::Clock;
use crate::errors::IdentityError;
use crate::identity::Identity;

/// How long the management cluster may take to give the TenantControlPlane and the Secret.
const OPEN_WITHIN: Duration = Duration::from_secs(3);
/// How long a connection to a tenant's API may take to come about.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// How long one part may take. All parts run at once, so this bounds the whole.
const PART_WITHIN: Duration = Duration::from_secs(5);

/// Whether a tenant's API may be reached without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Never.
    Tls,
    /// On this machine's loopback addresses: for a management cluster that is itself reached so, which is the sandbox.
    TlsOrPlainLoopback,
}

/// Makes a client from what a kubeconfig says.
pub type Connect = Arc<dyn Fn(Config) -> Result<Client, Error> + Send + Sync>;

/// The way to the tenants' own APIs. Cheap to clone.
#[derive(Clone)]
pub struct TenantAccess {
    client: Client,
    clock: Clock,
    transport: Transport,
    connect: Connect,
    kept: Arc<Mutex<BTreeMap<String, Kept>>>,
    watching: Arc<Watching>,
    looks: Arc<Looks>,
}

/// Who looks at which tenant. What one person may see is no other's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Looker {
    tenant: TenantId,
    user: String,
    groups: Vec<String>,
}

impl Transport {
    /// What suits a management cluster that is reached in this way.
    pub fn beside(management: &Config) -> Self {
        let host = management.cluster_url.host().unwrap_or_default().trim_matches(['[', ']']);
        let loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        let plain = management.cluster_url.scheme_str() == Some("http");
        if plain && loopback { Self::TlsOrPlainLoopback } else { Self::Tls }
    }
}

impl Looker {
    fn new(identity: &Identity, tenant: &TenantId) -> Self {
        Self { tenant: tenant.clone(), user: identity.user.clone(), groups: identity.groups.clone() }
    }
}

impl TenantAccess {
    /// `client`: the console's own, for the management cluster. Tenants are reached by their public endpoints; by their Services only
    /// where the Secret holds no other way.
    pub fn new(client: Client, clock: Clock, transport: Transport) -> Self {
        Self {
            client,
            clock,
            transport,
            connect: Arc::new(Client::try_from),
            kept: Arc::default(),
            watching: Arc::default(),
            looks: Arc::default(),
        }
    }

    /// Reaches tenants by other means than a connection: for a cluster in this process.
    #[must_use]
    pub fn connecting_by(self, connect: Connect) -> Self {
        Self { connect, ..self }
    }

    /// Asks everything that a hop to `to` hangs on, all parts at once.
    ///
    /// It never fails: what could not be asked says so, and the whole takes no longer than opening and one part may.
    #[tracing::instrument(skip_all, fields(user = identity.user, %tenant))]
    pub async fn ask(&self, identity: &Identity, tenant: &TenantId, to: &KubernetesVersion) -> TenantApi {
        match self.open(identity, tenant).await {
            Err(why) => TenantApi::NotAsked(why),
            Ok(opened) => {
                let now = (self.clock)();
                TenantApi::Asked(Box::new(read::facts(&opened, to.minor(), now).await))
            }
        }
    }

    /// Opens the way to one tenant's API as the person.
    async fn open(&self, identity: &Identity, tenant: &TenantId) -> Result<secret::Opened, NotAsked> {
        // What somebody may not see does not exist for them.
        if !identity.may_see(tenant) {
            return Err(NotAsked::ControlPlaneMissing);
        }
        let cannot_be_named = |error: IdentityError| NotAsked::CredentialsRefused { words: error.to_string() };
        let person = identity.client(&self.client).map_err(cannot_be_named)?;
        let opened = timeout(OPEN_WITHIN, self.open_as(&person, tenant)).await;
        opened.unwrap_or_else(|_| {
            let why = format!("no answer within {} s", OPEN_WITHIN.as_secs());
            Err(NotAsked::SecretNotRead { secret: "of its kubeconfig".to_owned(), why })
        })
    }
}
