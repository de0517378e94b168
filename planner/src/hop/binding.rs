use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
        let now = Self::of(now);
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

    fn changes(&self, now: &Self) -> Vec<FactChange> {
        let mut changes = Vec::new();
        let mut compare = |what: &str, before: String, now: String| {
            if before != now {
                changes.push(FactChange { what: what.to_owned(), before, now });
            }
        };
        compare("the wanted version", self.wanted.to_string(), now.wanted.to_string());
        compare("the installed version", words(&self.installed), words(&now.installed));
        compare("Kamaji's status", self.status.to_string(), now.status.to_string());
        compare("the number of replicas", self.replicas.to_string(), now.replicas.to_string());
        compare("the strategy", self.strategy.to_string(), now.strategy.to_string());
        compare("paused", yes_no(self.paused), yes_no(now.paused));
        compare("the write limits", limits(self.write_limits), limits(now.write_limits));
        compare("the wanted DataStore", words(&self.data_store.wanted), words(&now.data_store.wanted));
        compare("the DataStore in use", words(&self.data_store.used), words(&now.data_store.used));
        compare("the DataStore's driver", words(&self.data_store.driver), words(&now.data_store.driver));
        compare("who else writes the object", owners(&self.owners), owners(&now.owners));
        compare("konnectivity", konnectivity(self.konnectivity), konnectivity(now.konnectivity));
        compare("being deleted", yes_no(self.deleting), yes_no(now.deleting));
        compare("the last change is settled", yes_no(self.settled), yes_no(now.settled));
        compare("what a pod requests", requests(self.requests), requests(now.requests));
        changes
    }
}

impl FactChange {
    fn new(what: &str, before: impl fmt::Display, now: impl fmt::Display) -> Self {
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

fn yes_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn limits(limits: WriteLimits) -> String {
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

fn konnectivity(konnectivity: Konnectivity) -> String {
    match konnectivity {
        Konnectivity::Off => "off",
        Konnectivity::FollowsMinor => "on, follows the minor",
        Konnectivity::Pinned => "on, at a version of its own",
    }
    .to_owned()
}

fn requests(requests: Option<PodRequests>) -> String {
    let part = |value: Option<u64>, unit| value.map_or_else(|| "unknown".to_owned(), |value| format!("{value} {unit}"));
    match requests {
        Some(requests) => format!("{}, {}", part(requests.cpu_millis, "mCPU"), part(requests.memory_bytes, "bytes")),
        None => "unknown".to_owned(),
    }
}
