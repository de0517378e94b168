use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::datastore::KinePool;
use crate::stage::is_settled;
use crate::strategy::DeclaredStrategy;
use crate::tenant::{
    DataStoreUse, DeclaredVersion, KamajiStatus, Konnectivity, Owner, PodRequests, Reading, TenantSnapshot, WriteLimits,
};

/// What a person saw when they agreed: the object, its generation, and the facts that the verdict was read from.
///
/// Kamaji writes status many times a second during work, so `resourceVersion`, counts and times are left out: they say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Binding {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.generation`. Kamaji itself raises it now and then; then the person looks again.
    pub generation: i64,
    /// The facts.
    pub facts: BoundFacts,
}

/// The plain facts that the verdict of a hop is read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BoundFacts {
    /// `spec.kubernetes.version`.
    pub wanted: DeclaredVersion,
    /// The installed version.
    pub installed: Option<DeclaredVersion>,
    /// Kamaji's status.
    pub status: KamajiStatus,
    /// `spec.controlPlane.deployment.replicas`.
    pub replicas: u32,
    /// `spec.controlPlane.deployment.strategy`.
    pub strategy: DeclaredStrategy,
    /// Paused.
    pub paused: bool,
    /// Write limits.
    pub write_limits: WriteLimits,
    /// DataStore.
    pub data_store: DataStoreUse,
    /// Who else writes the object.
    pub owners: Vec<Owner>,
    /// The konnectivity addon.
    pub konnectivity: Konnectivity,
    /// Being deleted.
    pub deleting: bool,
    /// Whether the last change was settled.
    pub settled: bool,
    /// What one pod requests; `None` if the Deployment could not be read.
    pub requests: Option<PodRequests>,
}

/// One fact that is no longer as it was. Its `Display` is a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactChange {
    /// What changed, in words.
    pub what: String,
    /// As the person saw it.
    pub before: String,
    /// As it is.
    pub now: String,
}

/// Why a text is no binding: the form was changed on the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the form does not say what it was agreed on; open the page again")]
pub struct BindingError;

impl Binding {
    /// What a person who looks at this snapshot agrees to.
    pub fn of(snapshot: &TenantSnapshot) -> Self {
        Self { uid: snapshot.uid.clone(), generation: snapshot.generation, facts: BoundFacts::of(snapshot) }
    }

    /// What is no longer as it was. Empty means that the agreement still holds.
    pub fn changes(&self, now: &TenantSnapshot) -> Vec<FactChange> {
        self.changes_to(&Self::of(now))
    }

    /// What is otherwise in a later binding of the same tenant.
    pub fn changes_to(&self, now: &Self) -> Vec<FactChange> {
        if self.uid != now.uid {
            return vec![FactChange::new("the object was deleted and made anew", &self.uid, &now.uid)];
        }
        let mut changes = self.facts.changes(&now.facts);
        if self.generation != now.generation {
            changes.push(FactChange::new("the generation of the object", self.generation, now.generation));
        }
        changes
    }
}

impl BoundFacts {
    fn of(snapshot: &TenantSnapshot) -> Self {
        Self {
            wanted: snapshot.desired_version.clone(),
            installed: snapshot.installed_version.clone(),
            status: snapshot.status.clone(),
            replicas: snapshot.replicas,
            strategy: snapshot.strategy.clone(),
            paused: snapshot.paused,
            write_limits: snapshot.write_limits,
            data_store: snapshot.data_store.clone(),
            owners: snapshot.owners.clone(),
            konnectivity: snapshot.konnectivity,
            deleting: snapshot.deleting,
            settled: is_settled(snapshot),
            requests: match &snapshot.deployment {
                Reading::Read(deployment) => Some(deployment.requests),
                Reading::Missing | Reading::Waiting | Reading::Forbidden(_) => None,
            },
        }
    }

    /// Compares the facts themselves, not their words: `"1"` and `1` read alike and differ.
    fn changes(&self, now: &Self) -> Vec<FactChange> {
        let mut changes = Changes(Vec::new());
        changes.compare("the wanted version", &self.wanted, &now.wanted, DeclaredVersion::to_string);
        changes.compare("the installed version", &self.installed, &now.installed, words);
        changes.compare("Kamaji's status", &self.status, &now.status, KamajiStatus::to_string);
        changes.compare("the number of replicas", &self.replicas, &now.replicas, u32::to_string);
        changes.compare("the strategy", &self.strategy, &now.strategy, |it| it.patch().to_string());
        changes.compare("paused", &self.paused, &now.paused, yes_no);
        changes.compare("the write limits", &self.write_limits, &now.write_limits, limits);
        changes.compare("the wanted DataStore", &self.data_store.wanted, &now.data_store.wanted, words);
        changes.compare("the DataStore in use", &self.data_store.used, &now.data_store.used, words);
        changes.compare("the DataStore's driver", &self.data_store.driver, &now.data_store.driver, words);
        changes.compare("kine's connection pool", &self.data_store.kine, &now.data_store.kine, KinePool::to_string);
        changes.compare("who else writes the object", &self.owners, &now.owners, |it| owners(it));
        changes.compare("konnectivity", &self.konnectivity, &now.konnectivity, konnectivity);
        changes.compare("being deleted", &self.deleting, &now.deleting, yes_no);
        changes.compare("the last change is settled", &self.settled, &now.settled, yes_no);
        changes.compare("what a pod requests", &self.requests, &now.requests, requests);
        changes.0
    }
}

struct Changes(Vec<FactChange>);

impl Changes {
    fn compare<T: PartialEq>(&mut self, what: &str, before: &T, now: &T, words: impl Fn(&T) -> String) {
        if before != now {
            self.0.push(FactChange::new(what, words(before), words(now)));
        }
    }
}

impl FactChange {
    /// `what` changed, in words.
    pub fn new(what: &str, before: impl fmt::Display, now: impl fmt::Display) -> Self {
        Self { what: what.to_owned(), before: before.to_string(), now: now.to_string() }
    }
}

impl fmt::Display for FactChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} → {}", self.what, self.before, self.now)
    }
}

impl fmt::Display for Binding {
    /// Compact JSON, for a hidden field of a form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Binding {
    type Err = BindingError;

    fn from_str(text: &str) -> Result<Self, BindingError> {
        serde_json::from_str(text).map_err(|_| BindingError)
    }
}

fn words(value: &Option<impl fmt::Display>) -> String {
    value.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)
}

fn yes_no(value: &bool) -> String {
    if *value { "yes" } else { "no" }.to_owned()
}

fn limits(limits: &WriteLimits) -> String {
    let all = [(limits.creation, "creation"), (limits.update, "update"), (limits.deletion, "deletion")];
    let set: Vec<&str> = all.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
    if set.is_empty() { "none".to_owned() } else { set.join(", ") }
}

fn owners(owners: &[Owner]) -> String {
    let names: Vec<String> = owners
        .iter()
        .map(|owner| match owner {
            Owner::ClusterApi { control_plane, cluster } => match cluster {
                Some(cluster) => format!("KamajiControlPlane {control_plane} of Cluster {cluster}"),
                None => format!("KamajiControlPlane {control_plane}"),
            },
            Owner::Git { tool } => tool.clone(),
        })
        .collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

fn konnectivity(konnectivity: &Konnectivity) -> String {
    match konnectivity {
        Konnectivity::Off => "off",
        Konnectivity::FollowsMinor => "on, follows the minor",
        Konnectivity::Pinned => "on, at a version of its own",
    }
    .to_owned()
}

fn requests(requests: &Option<PodRequests>) -> String {
    let part = |value: Option<u64>, unit| value.map_or_else(|| "unknown".to_owned(), |value| format!("{value} {unit}"));
    match requests {
        Some(requests) => {
            let storage = requests.ephemeral_storage_bytes;
            let storage = storage.map(|bytes| format!(", {bytes} bytes of ephemeral storage")).unwrap_or_default();
            format!("{}, {}{storage}", part(requests.cpu_millis, "mCPU"), part(requests.memory_bytes, "bytes"))
        }
        None => "unknown".to_owned(),
    }
}
