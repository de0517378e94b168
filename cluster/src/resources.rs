//! The objects the console reads, each turned into plain `planner` facts once, at the edge.
//!
//! Objects are taken as loose JSON and read field by field: an object that is not what its schema promises (Kamaji's API
//! accepts almost anything, and versions of the operator differ) must break no watch and hide no other tenant. What is wrong
//! with one is said in words on its tenant. Only the facts are kept, never the object.

mod data_store;
pub(crate) mod fields;
mod image;
mod node;
mod parts;
pub(crate) mod quantity;
mod tenant;
mod watched;

use planner::plan::stored::{ListedPlan, StoredPlan, tenant_of};
use planner::tenant::{DeploymentFacts, EventFacts, PodFacts, ReplicaSetFacts, TenantId, TenantSnapshot};
use planner::time::UnixMillis;
use serde_json::Value;

pub(crate) use self::data_store::read as read_data_store;
pub use self::image::{ImageName, Pull};
pub(crate) use self::image::{is_recognised, version_of};
pub use self::node::NodeFacts;
pub(crate) use self::parts::condition;
pub(crate) use self::tenant::{declared_strategy, git_marks};
pub(crate) use self::watched::{
    DeploymentKind, EventKind, NodeKind, PodKind, ReplicaSetKind, TenantControlPlaneKind, UpgradePlanKind, Watched,
    WatchedKind,
};

/// Label by which Kamaji marks everything that belongs to a TenantControlPlane, with its name.
pub const TENANT_LABEL: &str = "kamaji.clastix.io/name";

/// How much is kept of why a stored plan cannot be read (characters): the words may repeat what stands there.
const LONGEST_WHY: usize = 300;

/// The kinds the console watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// `kamaji.clastix.io/v1alpha1`.
    TenantControlPlane,
    /// `apps/v1`.
    Deployment,
    /// `apps/v1`.
    ReplicaSet,
    /// `v1`.
    Pod,
    /// `v1`.
    Event,
    /// `v1`. The only kind that belongs to no tenant, and that is not needed: without it, it is not known which images are there.
    Node,
    /// `upgrade-console.kamaji.clastix.io/v1alpha1`. Not every management cluster has the kind, and nothing else needs it.
    UpgradePlan,
}

/// One object, read.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// A TenantControlPlane.
    TenantControlPlane(Box<TenantSnapshot>),
    /// A Deployment that Kamaji made for a TenantControlPlane.
    Deployment(Part<Box<DeploymentFacts>>),
    /// A ReplicaSet of such a Deployment.
    ReplicaSet(Part<ReplicaSetFacts>),
    /// A pod of such a ReplicaSet.
    Pod(Part<Box<PodFacts>>),
    /// An event on one of these.
    Event(Part<EventObject>),
    /// A node.
    Node(NodeFacts),
    /// A stored plan, without its document.
    UpgradePlan(ObservedPlan),
}

/// What an event tells.
#[derive(Debug, Clone, PartialEq)]
pub struct EventObject {
    /// As it stands.
    pub event: EventFacts,
    /// The pull it tells of.
    pub pull: Option<Pull>,
}

/// An object that belongs to a TenantControlPlane.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<F> {
    /// The TenantControlPlane it belongs to.
    pub tenant: TenantId,
    /// Its own name.
    pub name: String,
    /// What was read.
    pub facts: F,
    /// What could not be read, in words.
    pub problems: Vec<String>,
}

/// An object that is so wrong that it belongs to nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {name}: {why}")]
pub struct Unreadable {
    /// What it should have been.
    pub kind: ObjectKind,
    /// Whatever can be said about which one, or `without a name`.
    pub name: String,
    /// Why it could not be read.
    pub why: &'static str,
}

impl ObjectKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::TenantControlPlane,
        Self::Deployment,
        Self::ReplicaSet,
        Self::Pod,
        Self::Event,
        Self::Node,
        Self::UpgradePlan,
    ];

    /// The kind by its Kubernetes name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Its Kubernetes name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TenantControlPlane => "TenantControlPlane",
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::Pod => "Pod",
            Self::Event => "Event",
            Self::Node => "Node",
            Self::UpgradePlan => "UpgradePlan",
        }
    }

    /// Whether its objects live in namespaces.
    pub fn is_namespaced(self) -> bool {
        self != Self::Node
    }

    /// Whether what is shown of a tenant is out of date while the watch is lost. Nodes take new images so seldom that what was
    /// last seen of them still serves; a stored plan says itself what it was made from.
    pub(crate) fn makes_stale(self) -> bool {
        !matches!(self, Self::Node | Self::UpgradePlan)
    }

    /// Whether a management cluster may be without the kind.
    pub(crate) fn may_be_missing(self) -> bool {
        self == Self::UpgradePlan
    }
}

impl std::fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A stored plan with what the API server says of its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedPlan {
    /// The plan.
    pub plan: ListedPlan,
    /// When the object was created; the beginning of time if that is not said, so that it counts as the oldest.
    pub created_at: UnixMillis,
}

impl Object {
    /// Reads an object. `None` if it is none of ours (a Deployment that Kamaji did not make, an event on a node).
    ///
    /// # Errors
    /// If it has no name, or no namespace though its kind lives in one, so that it cannot be said whose it is.
    pub fn read(kind: ObjectKind, value: &Value) -> Result<Option<Self>, Unreadable> {
        let name = fields::text_in(value, "/metadata/name").filter(|name| !name.is_empty());
        let namespace = fields::text_in(value, "/metadata/namespace").filter(|namespace| !namespace.is_empty());
        let unreadable =
            |why| Unreadable { kind, name: name.map_or_else(|| "without a name".to_owned(), str::to_owned), why };
        let name = name.ok_or_else(|| unreadable("`metadata.name` is missing or no text"))?;
        if kind == ObjectKind::Node {
            return Ok(Some(Self::Node(node::read(name, value))));
        }
        let namespace = namespace.ok_or_else(|| unreadable("`metadata.namespace` is missing or no text"))?;
        Ok(match kind {
            ObjectKind::TenantControlPlane => {
                Some(Self::TenantControlPlane(Box::new(tenant::read(namespace, name, value))))
            }
            ObjectKind::Deployment => parts::deployment(namespace, name, value).map(Self::Deployment),
            ObjectKind::ReplicaSet => parts::replica_set(namespace, name, value).map(Self::ReplicaSet),
            ObjectKind::Pod => parts::pod(namespace, name, value).map(Self::Pod),
            ObjectKind::Event => parts::event(namespace, name, value).map(Self::Event),
            ObjectKind::Node => None,
            ObjectKind::UpgradePlan => {
                let plan = listed_plan(namespace, name, value);
                let plan = plan.ok_or_else(|| unreadable("`spec.tenant` is missing or no text"))?;
                Some(Self::UpgradePlan(ObservedPlan { plan, created_at: created_at(value) }))
            }
        })
    }

    /// What it is.
    pub fn kind(&self) -> ObjectKind {
        match self {
            Self::TenantControlPlane(_) => ObjectKind::TenantControlPlane,
            Self::Deployment(_) => ObjectKind::Deployment,
            Self::ReplicaSet(_) => ObjectKind::ReplicaSet,
            Self::Pod(_) => ObjectKind::Pod,
            Self::Event(_) => ObjectKind::Event,
            Self::Node(_) => ObjectKind::Node,
            Self::UpgradePlan(_) => ObjectKind::UpgradePlan,
        }
    }

    /// The TenantControlPlane it is or belongs to; `None` of a node.
    pub fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::TenantControlPlane(tenant) => Some(&tenant.id),
            Self::Deployment(part) => Some(&part.tenant),
            Self::ReplicaSet(part) => Some(&part.tenant),
            Self::Pod(part) => Some(&part.tenant),
            Self::Event(part) => Some(&part.tenant),
            Self::UpgradePlan(observed) => Some(observed.plan.tenant()),
            Self::Node(_) => None,
        }
    }
}

/// A stored plan for a list; `None` if it is not said whose it is.
fn listed_plan(namespace: &str, name: &str, value: &Value) -> Option<ListedPlan> {
    let tenant = tenant_of(namespace, value)?;
    let name = name.parse().ok()?;
    Some(match StoredPlan::read(namespace, value) {
        Ok(plan) => ListedPlan::Readable(Box::new(plan.line())),
        Err(error) => ListedPlan::Broken { tenant, name, why: error.to_string().chars().take(LONGEST_WHY).collect() },
    })
}

fn created_at(value: &Value) -> UnixMillis {
    let created = fields::text_in(value, "/metadata/creationTimestamp").and_then(UnixMillis::parse);
    created.unwrap_or(UnixMillis(i64::MIN))
}
