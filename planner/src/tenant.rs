//! What is known of one TenantControlPlane at one moment, as plain data.
//!
//! `cluster` makes a [`TenantSnapshot`] from Kubernetes objects once, at the edge; everything after that (rules, pages,
//! the browser) reads only this. What could not be read is said to be unknown ([`Reading`]), never filled in.

mod images;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::datastore::KinePool;
use crate::film::Film;
use crate::strategy::DeclaredStrategy;
use crate::time::UnixMillis;
use crate::version::{KubernetesVersion, VersionError};

pub use self::images::{ImagePresence, ImageSource, LISTED_IMAGES, ListedVersion, NodeImages, SHORTEST_PULL_MS};

/// Namespace and name of a TenantControlPlane. Its Deployment has the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TenantId {
    /// Namespace in the management cluster.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// Everything the console knows about one TenantControlPlane at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantSnapshot {
    /// Which one.
    pub id: TenantId,
    /// `metadata.uid`: tells a recreated object from the one a person looked at.
    pub uid: String,
    /// `metadata.generation`. Kamaji itself raises it now and then.
    pub generation: i64,
    /// `status.observedGeneration`; `None` where the operator has no such field (v1.0.0): "not available", not "behind".
    pub observed_generation: Option<i64>,
    /// `metadata.resourceVersion`, for the precondition of a write. Says nothing about whether anything that matters changed.
    pub resource_version: String,
    /// `metadata.creationTimestamp`.
    pub created_at: Option<UnixMillis>,
    /// `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// `spec.kubernetes.version`: the wanted one.
    pub desired_version: DeclaredVersion,
    /// `status.kubernetesResources.version.version`: the last one that reached Ready or Sleeping.
    pub installed_version: Option<DeclaredVersion>,
    /// `status.kubernetesResources.version.status`.
    pub status: KamajiStatus,
    /// `spec.controlPlane.deployment.replicas` (pods). 0 means sleeping.
    pub replicas: u32,
    /// `spec.controlPlane.deployment.strategy` as given.
    pub strategy: DeclaredStrategy,
    /// The strategy that stood there before the console last changed it, if it is remembered and differs.
    pub former_strategy: Option<DeclaredStrategy>,
    /// Annotation `kamaji.clastix.io/paused` is present (any value counts, even `false`).
    pub paused: bool,
    /// `spec.writePermissions`.
    pub write_limits: WriteLimits,
    /// DataStore wanted and used.
    pub data_store: DataStoreUse,
    /// Who else writes this object.
    pub owners: Vec<Owner>,
    /// The konnectivity addon, which causes a second write on a minor hop.
    pub konnectivity: Konnectivity,
    /// The Deployment that runs the control plane.
    pub deployment: Reading<DeploymentFacts>,
    /// Its ReplicaSets, oldest first.
    pub replica_sets: Reading<Vec<ReplicaSetFacts>>,
    /// Its pods, in order of creation.
    pub pods: Reading<Vec<PodFacts>>,
    /// Recent events on any of these objects, newest first, at most 50.
    pub events: Reading<Vec<EventFacts>>,
    /// Where the image of its API server comes from.
    pub image: ImageSource,
    /// Which images of the API server the nodes have. [`Reading::Missing`] where no node is listed at all, or this tenant's image
    /// has a name of its own, by which it is not recognised.
    pub images: Reading<NodeImages>,
    /// The hop that runs, or the last one that was observed.
    pub hop: Option<ObservedHop>,
    /// How long pods of this tenant took to start and to terminate.
    pub timings: ObservedTimings,
    /// Objects of this tenant that could not be read, in words. They stop nothing.
    pub problems: Vec<String>,
    /// When this was put together.
    pub observed_at: UnixMillis,
    /// Whether the watches behind it are alive.
    pub freshness: Freshness,
}

/// Something that may be unknown, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reading<T> {
    /// It was read.
    Read(T),
    /// It was looked for and is not there.
    Missing,
    /// The first list has not come back yet.
    Waiting,
    /// The API server refuses to show this kind; its words.
    Forbidden(String),
}

/// A version as an object declares it, which may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeclaredVersion(pub String);

/// `status.kubernetesResources.version.status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KamajiStatus {
    /// Not there yet.
    Absent,
    /// First creation.
    Provisioning,
    /// No pod is ready.
    NotReady,
    /// Nothing progresses.
    Ready,
    /// A version change is being rolled out.
    Upgrading,
    /// The DataStore is being changed.
    Migrating,
    /// `spec.writePermissions` limits writes; hides Ready and Upgrading.
    WriteLimited,
    /// 0 replicas.
    Sleeping,
    /// A rollout that is no version change.
    Unknown,
    /// The certificate authority is being rotated.
    CertificateAuthorityRotating,
    /// A word this console does not know.
    Other(String),
}

/// `spec.writePermissions`: only `true` counts, Kamaji writes an empty object by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteLimits {
    /// `blockCreation`.
    pub creation: bool,
    /// `blockUpdate`.
    pub update: bool,
    /// `blockDeletion`.
    pub deletion: bool,
}

/// Which DataStore is wanted and which is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataStoreUse {
    /// `spec.dataStore`.
    pub wanted: Option<String>,
    /// `status.storage.dataStoreName`.
    pub used: Option<String>,
    /// `status.storage.driver`.
    pub driver: Option<String>,
    /// What `extraArgs.kine` says of kine's connection pool. Counts only where the driver needs kine.
    #[serde(default)]
    pub kine: KinePool,
}

/// What is read of a DataStore object. Its addresses and credentials are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataStoreFacts {
    /// `spec.driver`.
    pub driver: Option<String>,
    /// How many `spec.endpoints` there are.
    pub endpoints: u32,
    /// `status.usedBy`: the tenants that Kamaji has put on it.
    pub used_by: Vec<TenantId>,
    /// What of it could not be read, in words.
    pub problems: Vec<String>,
}

/// What the API-server pods of a tenant use, as `metrics.k8s.io` measures it: averages over a short window, at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MeasuredUsage {
    /// How many pods were measured.
    pub pods: u32,
    /// CPU of one pod, the mean of them rounded up (milliCPU).
    pub cpu_millis: u64,
    /// Memory of one pod (working set), the mean of them rounded up (bytes).
    pub memory_bytes: u64,
    /// The newest measurement among them.
    pub at: Option<UnixMillis>,
}

/// Somebody else who writes this TenantControlPlane, so that the console must not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Owner {
    /// A KamajiControlPlane of Cluster API (owner reference), with the Cluster's name if it is labelled.
    ClusterApi {
        /// Name of the KamajiControlPlane.
        control_plane: String,
        /// `cluster.x-k8s.io/cluster-name`.
        cluster: Option<String>,
    },
    /// Argo CD, Flux or Helm marks: the object comes from Git or a chart.
    Git {
        /// Tool and object, in words (`Argo CD application team-a`).
        tool: String,
    },
}

/// The konnectivity addon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Konnectivity {
    /// Not enabled.
    Off,
    /// Enabled, its server's version follows the minor: a minor hop writes the Deployment twice.
    FollowsMinor,
    /// Enabled with a version of its own: one write.
    Pinned,
}

/// What is read of the Deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeploymentFacts {
    /// `metadata.generation`.
    pub generation: i64,
    /// `status.observedGeneration`.
    pub observed_generation: Option<i64>,
    /// Tag of the `kube-apiserver` container's image in the pod template.
    pub version: Option<DeclaredVersion>,
    /// `spec.replicas` (pods).
    pub replicas: u32,
    /// `spec.strategy` as the Deployment has it.
    pub strategy: DeclaredStrategy,
    /// `spec.minReadySeconds` (s).
    pub min_ready_seconds: u32,
    /// `spec.progressDeadlineSeconds` (s); `None` if not set.
    pub progress_deadline_seconds: Option<u32>,
    /// `terminationGracePeriodSeconds` of its pods (s).
    pub termination_grace_seconds: u32,
    /// What a pod of it requests.
    pub requests: PodRequests,
    /// `status` counts.
    pub counts: DeploymentCounts,
    /// `status.conditions`.
    pub conditions: Vec<ConditionFacts>,
}

/// `status` of a Deployment (pods).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentCounts {
    /// `replicas`: non-terminating pods.
    pub replicas: u32,
    /// `updatedReplicas`.
    pub updated: u32,
    /// `readyReplicas`.
    pub ready: u32,
    /// `availableReplicas`.
    pub available: u32,
    /// `unavailableReplicas`.
    pub unavailable: u32,
    /// `terminatingReplicas`; `None` before Kubernetes 1.35 or while unknown.
    pub terminating: Option<u32>,
}

/// A condition, in Kubernetes' own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionFacts {
    /// `type`.
    pub kind: String,
    /// `status`: True, False or Unknown.
    pub status: String,
    /// `reason`.
    pub reason: String,
    /// `message`.
    pub message: String,
    /// `lastUpdateTime`, else `lastTransitionTime`.
    pub updated_at: Option<UnixMillis>,
}

/// Requests of one pod: sums over its containers. `None` where any of them sets none, since then nothing is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodRequests {
    /// CPU in milliCPU.
    pub cpu_millis: Option<u64>,
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Ephemeral storage in bytes.
    #[serde(default)]
    pub ephemeral_storage_bytes: Option<u64>,
}

/// What is read of a ReplicaSet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaSetFacts {
    /// Name.
    pub name: String,
    /// Label `pod-template-hash`.
    pub pod_template_hash: String,
    /// Annotation `deployment.kubernetes.io/revision`.
    pub revision: Option<u64>,
    /// Tag of its `kube-apiserver` image.
    pub version: Option<DeclaredVersion>,
    /// `metadata.creationTimestamp`.
    pub created_at: Option<UnixMillis>,
    /// `spec.replicas` (pods).
    pub spec_replicas: u32,
    /// `status.replicas` (pods).
    pub replicas: u32,
    /// `status.readyReplicas` (pods).
    pub ready: u32,
    /// `status.availableReplicas` (pods).
    pub available: u32,
}

/// What is read of a pod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PodFacts {
    /// Name.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// Label `pod-template-hash`: which ReplicaSet it belongs to.
    pub pod_template_hash: String,
    /// Tag of its `kube-apiserver` image.
    pub version: Option<DeclaredVersion>,
    /// `metadata.creationTimestamp`.
    pub created_at: Option<UnixMillis>,
    /// When PodScheduled became True.
    pub scheduled_at: Option<UnixMillis>,
    /// When Ready last became True, if it is.
    pub ready_at: Option<UnixMillis>,
    /// When it was asked to terminate (`deletionTimestamp` less the grace period).
    pub terminating_at: Option<UnixMillis>,
    /// Sum of its containers' restarts.
    pub restarts: u32,
    /// Node it is bound to.
    pub node: Option<String>,
    /// Why it does not run, in Kubernetes' words: `Unschedulable: …`, `ImagePullBackOff: …`, `CrashLoopBackOff: …`.
    pub trouble: Option<PodTrouble>,
}

/// Why a pod does not get ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodTrouble {
    /// Kubernetes' reason: `Unschedulable`, `ImagePullBackOff`, `CrashLoopBackOff`, …
    pub reason: String,
    /// Its message, as it stands.
    pub message: String,
}

/// What is read of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFacts {
    /// When it was last seen.
    pub at: Option<UnixMillis>,
    /// Kind and name of the object it is about: `Pod/tenant-00-abc`.
    pub about: String,
    /// `Normal` or `Warning`.
    pub kind: String,
    /// `reason`.
    pub reason: String,
    /// `message`.
    pub message: String,
    /// How often.
    pub count: u32,
}

/// A hop as the index has seen it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObservedHop {
    /// Version the pods ran when it began.
    pub from: Option<DeclaredVersion>,
    /// Version wanted.
    pub to: DeclaredVersion,
    /// The film's zero: when the wanted version was first seen, or when its first pod was made if that is earlier.
    pub started_at: UnixMillis,
    /// Whether the beginning was seen. If not, the film begins with a gap, up to when the console first looked.
    pub start_seen: bool,
    /// When the control plane was first seen settled (version recorded, Deployment complete); ms since the film's zero.
    pub settled_ms: Option<i64>,
    /// When the last pod of an older version was gone; ms since the film's zero.
    pub finished_ms: Option<i64>,
    /// What the nodes had when it began: its own pods change that. [`Reading::Missing`] where the beginning was not seen.
    pub images: Reading<NodeImages>,
    /// The recorded film.
    pub film: Film,
}

/// How long pods of this tenant took, in milliseconds, newest last. API times are whole seconds, so each is exact to one second.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedTimings {
    /// Ready minus PodScheduled, only of pods without restarts; without the pull of the API server's image, where it was told of.
    pub startup_ms: Vec<i64>,
    /// From the request to terminate until the object was gone.
    pub termination_ms: Vec<i64>,
    /// Pulls of the API server's image as the kubelet's events told them (exact to the millisecond), the wait behind other
    /// pulls included. Nothing shorter than [`SHORTEST_PULL_MS`].
    pub pull_ms: Vec<i64>,
}

/// Whether what is shown is current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Freshness {
    /// Every watch is connected.
    Live,
    /// Some watch is broken since then; why, in words.
    Stale {
        /// Since when.
        since: UnixMillis,
        /// Why.
        why: String,
    },
}

impl<T> Reading<T> {
    /// What was read, if it was.
    pub fn read(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Missing | Self::Waiting | Self::Forbidden(_) => None,
        }
    }
}

impl TenantSnapshot {
    /// Whether a hop is under way: the wanted version is not yet the recorded one, or pods that it replaces are still there. A
    /// control plane that is being created makes no hop.
    pub fn hop_runs(&self) -> bool {
        let wanted = self.installed_version.as_ref().is_some_and(|installed| *installed != self.desired_version);
        wanted || self.hop.as_ref().is_some_and(|hop| hop.finished_ms.is_none())
    }
}

impl DeclaredVersion {
    /// The declared text as a version.
    ///
    /// # Errors
    /// If the text is no `vX.Y.Z`.
    pub fn parsed(&self) -> Result<KubernetesVersion, VersionError> {
        self.0.parse()
    }
}

impl WriteLimits {
    /// Whether any write is limited.
    pub fn any(self) -> bool {
        self.creation || self.update || self.deletion
    }
}

impl From<&str> for KamajiStatus {
    fn from(word: &str) -> Self {
        match word {
            "" => Self::Absent,
            "Provisioning" => Self::Provisioning,
            "NotReady" => Self::NotReady,
            "Ready" => Self::Ready,
            "Upgrading" => Self::Upgrading,
            "Migrating" => Self::Migrating,
            "WriteLimited" => Self::WriteLimited,
            "Sleeping" => Self::Sleeping,
            "Unknown" => Self::Unknown,
            "CertificateAuthorityRotating" => Self::CertificateAuthorityRotating,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for KamajiStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "no status yet",
            Self::Provisioning => "Provisioning",
            Self::NotReady => "NotReady",
            Self::Ready => "Ready",
            Self::Upgrading => "Upgrading",
            Self::Migrating => "Migrating",
            Self::WriteLimited => "WriteLimited",
            Self::Sleeping => "Sleeping",
            Self::Unknown => "Unknown",
            Self::CertificateAuthorityRotating => "CertificateAuthorityRotating",
            Self::Other(word) => word,
        })
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for DeclaredVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
