use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::TenantFinding;
use crate::datastore::Connections;
use crate::hop::Acknowledgement;
use crate::plan::ImageKnown;
use crate::stage::Exit;
use crate::strategy::{Strategy, StrategyError};
use crate::tenant::{KamajiStatus, WriteLimits};
use crate::version::{KubernetesVersion, Minor};

/// What was found. Each kind carries the data it speaks of; its `Display` is the one sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum FindingKind {
    // The version itself, in Kamaji's order of checking.
    /// Above the highest version that the operator accepts.
    AboveCeiling {
        /// Wanted.
        wanted: KubernetesVersion,
        /// The highest accepted, as written (`v1.36`, `v1.30.2`).
        ceiling: String,
    },
    /// Older than what runs.
    Downgrade {
        /// What runs.
        from: String,
        /// Wanted.
        to: KubernetesVersion,
    },
    /// More than one minor at once.
    SkipsMinors {
        /// What runs.
        from: Minor,
        /// Wanted.
        to: Minor,
    },
    /// Nothing would change.
    AlreadyWanted {
        /// The version.
        version: KubernetesVersion,
    },
    /// What stands in the object now cannot be compared with anything.
    CurrentVersionUnreadable {
        /// What stands there.
        text: String,
    },
    /// The ceiling is not known.
    CeilingUnknown {
        /// Why.
        why: String,
    },
    /// An alpha, beta or release candidate.
    PreRelease {
        /// Wanted.
        version: KubernetesVersion,
    },
    /// The release table has not seen this patch.
    NotInReleaseTable {
        /// Wanted.
        version: KubernetesVersion,
        /// Age of the table.
        #[serde(with = "crate::time::day")]
        as_of: Date,
    },
    /// No support any more.
    EndOfLife {
        /// The line.
        minor: Minor,
        /// The last day of support.
        #[serde(with = "crate::time::day")]
        since: Date,
    },
    /// Critical fixes only.
    MaintenanceOnly {
        /// The line.
        minor: Minor,
        /// The last day of support.
        #[serde(with = "crate::time::day")]
        until: Date,
    },
    /// Passes: Kamaji takes this step.
    VersionAllowed {
        /// What runs.
        from: String,
        /// Wanted.
        to: KubernetesVersion,
    },

    // The state of the tenant.
    /// Being deleted.
    Deleting,
    /// Cluster API writes this object.
    OwnedByClusterApi {
        /// Name of the KamajiControlPlane.
        control_plane: String,
        /// Name of the Cluster.
        cluster: Option<String>,
    },
    /// The object comes from Git or a chart.
    OwnedByGit {
        /// Tool and object.
        tool: String,
    },
    /// Kamaji leaves it alone.
    Paused,
    /// `spec.writePermissions` limits writes.
    WriteLimited {
        /// Which.
        limits: WriteLimits,
    },
    /// Its DataStore is being changed.
    Migrating {
        /// In use.
        from: Option<String>,
        /// Wanted.
        to: Option<String>,
    },
    /// It has no DataStore yet.
    DataStoreMissing,
    /// A hop runs.
    HopInFlight {
        /// What is installed.
        installed: String,
        /// What is wanted.
        wanted: String,
    },
    /// Never came up.
    NeverInstalled {
        /// What is wanted.
        wanted: String,
    },
    /// Kamaji has not yet seen the last change.
    ChangeNotObserved {
        /// `metadata.generation`.
        generation: i64,
        /// `status.observedGeneration`.
        observed: i64,
    },
    /// The Deployment is not at rest, or not on the version that Kamaji has recorded.
    DeploymentNotSettled {
        /// What is not at rest, in words.
        what: String,
    },
    /// The Deployment cannot be read.
    DeploymentUnreadable {
        /// Why, in words.
        why: String,
    },
    /// Kamaji's status is not one to start from.
    StatusNotReady {
        /// The status.
        status: KamajiStatus,
    },
    /// What is shown may be old.
    ViewStale {
        /// Why, in words.
        why: String,
    },
    /// Passes: the last change is settled.
    LastChangeSettled,
    /// Passes: the last change is stuck, and this one frees it.
    WayOut {
        /// Which way.
        exit: Exit,
    },
    /// Passes: nobody else writes the object.
    NobodyElseWrites,

    // What the step means.
    /// The nodes' kubelets were not read.
    KubeletsNotChecked {
        /// The line that is wanted.
        target: Minor,
    },
    /// The tenant's own API server was not asked.
    TenantApiNotChecked,
    /// No way back.
    MinorCannotBeUndone {
        /// What runs.
        from: Minor,
        /// Wanted.
        to: Minor,
    },
    /// This operator refuses an older patch.
    PatchCannotBeUndone,
    /// Passes: the way back.
    PatchCanBeUndone {
        /// What runs.
        to: String,
    },
    /// kube-proxy goes first.
    KubeProxyAhead {
        /// Wanted.
        version: KubernetesVersion,
    },
    /// Clients of the tenant notice.
    ConnectionsDrop,
    /// `kubectl` supports one minor of difference.
    KubectlSkew {
        /// Wanted.
        to: Minor,
    },
    /// 0 replicas: nothing to watch.
    SleepingHop,
    /// 0 replicas under an operator without Sleeping.
    SleepingNotSupported,
    /// The addon makes a second write.
    KonnectivitySecondWrite {
        /// `spec.replicas` (pods).
        replicas: u32,
        /// Pod objects at the peak; known for full surge only.
        peak: Option<u32>,
    },
    /// This operator says Ready too early.
    ReadyComesEarly,

    // The strategy.
    /// Passes: what it allows.
    StrategyAllows {
        /// The strategy.
        strategy: Strategy,
        /// `spec.replicas` (pods).
        replicas: u32,
    },
    /// It would never be applied.
    StrategyInvalid {
        /// What is wrong.
        error: StrategyError,
    },
    /// It stays after the hop.
    StrategyStays {
        /// Before.
        former: String,
        /// Wanted.
        strategy: Strategy,
    },
    /// One replica that may be unavailable.
    OneReplicaOutage {
        /// The strategy.
        strategy: Strategy,
    },
    /// Recreate, with any number of replicas.
    RecreateOutage {
        /// `spec.replicas` (pods).
        replicas: u32,
    },
    /// All replicas may be unavailable at once.
    NoServingFloor {
        /// The strategy.
        strategy: Strategy,
        /// `spec.replicas` (pods).
        replicas: u32,
    },
    /// More pods at once.
    SurgeAddsPods {
        /// `spec.replicas` (pods).
        replicas: u32,
        /// Non-terminating pods beyond them.
        surge: u32,
    },
    /// More connections at once.
    DataStoreLoad {
        /// Name of the DataStore.
        data_store: Option<String>,
        /// `spec.replicas` (pods).
        replicas: u32,
        /// Non-terminating pods beyond them.
        surge: u32,
    },
    /// No requests are set.
    ResourcesUnknown,

    // Agreeing.
    /// Something must be acknowledged first.
    NotAcknowledged {
        /// What.
        what: Acknowledgement,
    },
    /// The tenant's name was not typed.
    NameNotTyped {
        /// What must be typed.
        expected: String,
    },

    // What a running hop is stuck on.
    /// The Deployment gave up waiting. It still tries.
    ProgressDeadlineExceeded,
    /// A quota refuses pods.
    QuotaExceeded,
    /// Pods cannot be created.
    ReplicaFailure,
    /// No node takes the pods.
    Unschedulable {
        /// How many.
        pods: u32,
    },
    /// The image cannot be pulled.
    ImagePullFails {
        /// How many pods.
        pods: u32,
        /// Kubernetes' reason.
        reason: String,
    },
    /// Containers die again and again.
    CrashLoops {
        /// How many pods.
        pods: u32,
    },
    /// Another reason why pods do not get ready.
    PodsTroubled {
        /// How many.
        pods: u32,
        /// Kubernetes' reason.
        reason: String,
    },
    /// Kamaji waits for the tenant's API server.
    GateClosed {
        /// Since then, at least (s).
        seconds: i64,
    },
    /// No pod is ready, and Kamaji applies nothing until one is.
    NotReadyDeadlock,
    /// More than one minor between installed and wanted.
    DeadEnd {
        /// What is installed.
        installed: String,
        /// What is wanted.
        wanted: String,
    },
    /// Kamaji took the strategy, the Deployment does not.
    StrategyStallsKamaji {
        /// What is wrong.
        error: StrategyError,
    },
    /// Write limits keep the version from being recorded.
    WriteLimitedDuringHop,
    /// Paused while a change waits.
    PausedDuringChange,
    /// Kamaji's status says done, the Deployment does not.
    StatusAheadOfDeployment {
        /// What Kamaji recorded.
        recorded: String,
        /// What the Deployment runs.
        running: String,
    },

    /// What the tenant's own API tells.
    Tenant(TenantFinding),

    // What a plan adds: the room on the nodes, the neighbours on the DataStore, the API server's own word.
    /// Whether the new pods find room on the nodes.
    Room {
        /// What it comes to.
        outcome: RoomOutcome,
        /// The verdict of the placement simulator, in words.
        verdict: String,
    },
    /// The room on the nodes was not checked.
    RoomNotChecked {
        /// Why.
        why: String,
    },
    /// Other tenants use the same DataStore.
    DataStoreShared {
        /// Its name.
        data_store: String,
        /// How many others.
        tenants: u32,
        /// Their API servers (pods).
        api_servers: u32,
        /// How many of them have more pods than usual now.
        surging: u32,
        /// Of how many that is not known.
        unknown: u32,
    },
    /// Pods of other tenants of the same DataStore are being replaced, with more of them than usual.
    DataStoreBusy {
        /// Its name.
        data_store: String,
        /// How many tenants.
        surging: u32,
    },
    /// Tenants of other namespaces may use the DataStore too.
    DataStoreNotAllCounted {
        /// Its name.
        data_store: String,
    },
    /// How the connections of the DataStore at the peak compare with how many it takes.
    DataStoreLimit {
        /// Its name.
        data_store: String,
        /// Connections now, of all tenants.
        now: Connections,
        /// Connections at the peak, of all tenants.
        peak: Connections,
        /// How many it takes.
        limit: u32,
        /// Whether the API servers of all its tenants are in these sums. If not, there may be more connections than they say.
        all_counted: bool,
    },
    /// The registry has the image of the API server.
    ImageInRegistry {
        /// Which one, with its tag.
        image: String,
    },
    /// The registry says that there is no such image. Nodes may use a mirror that has it.
    ImageNotInRegistry {
        /// Which one, with its tag.
        image: String,
    },
    /// The registry was not asked for the image, or did not answer.
    ImageNotChecked {
        /// Which one, with its tag.
        image: String,
        /// Why.
        why: String,
        /// What speaks for the image all the same.
        known: Option<ImageKnown>,
    },
    /// The API server and Kamaji would take the change.
    DryRunAccepted,
    /// An admission webhook refuses the change.
    DryRunRefused {
        /// Its own words.
        words: String,
    },
    /// Whether the change would be taken is not known.
    DryRunNotJudged {
        /// Why.
        why: String,
    },
}

/// What the placement of a rollout's pods comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RoomOutcome {
    /// Each finds room at once.
    Fits,
    /// Some wait until an old pod is gone.
    InTurn,
    /// It depends on the scheduler's choice.
    Depends,
    /// The rollout gets stuck, or its pods would be refused.
    DoesNotFit,
    /// It cannot be told.
    Unknown,
}
