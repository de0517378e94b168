//! In which version of its group a kind is served.
//!
//! KamajiControlPlane shares its group with the control planes of other providers, so a version of the group says nothing about
//! the kind: each version's own list of resources does.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The kinds that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// The whole cluster, with or without a managed topology.
    Cluster,
    /// The control plane of the Kamaji provider.
    KamajiControlPlane,
    /// Machines with a template, replaced in steps.
    MachineDeployment,
    /// The Machines of one template.
    MachineSet,
    /// Machines that the infrastructure itself keeps.
    MachinePool,
    /// One node's machine.
    Machine,
}

/// In which version a kind is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Served {
    /// In one whose fields are known; the newest of those.
    Known {
        /// `v1beta2`.
        version: String,
        /// Newer ones that are served too, newest first. They are not read.
        newer: Vec<String>,
    },
    /// Only in versions whose fields are not known. It is not read.
    Unknown {
        /// Newest first.
        versions: Vec<String>,
    },
    /// Not at all.
    Nowhere,
    /// It could not be found out. It is not read.
    Undiscovered {
        /// Why.
        why: String,
    },
}

/// In which version each kind is served.
pub type ServedKinds = BTreeMap<Kind, Served>;

/// What to take of the versions in which a kind is served.
pub fn served(kind: Kind, versions: &[String]) -> Served {
    let mut versions = versions.to_vec();
    versions.sort_by_cached_key(|version| std::cmp::Reverse(Priority::of(version)));
    versions.dedup();
    if versions.is_empty() {
        return Served::Nowhere;
    }
    match versions.iter().position(|version| kind.known_versions().contains(&version.as_str())) {
        Some(place) => Served::Known { version: versions[place].clone(), newer: versions[..place].to_vec() },
        None => Served::Unknown { versions },
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Cluster,
        Self::KamajiControlPlane,
        Self::MachineDeployment,
        Self::MachineSet,
        Self::MachinePool,
        Self::Machine,
    ];

    /// Its API group.
    pub fn group(self) -> &'static str {
        match self {
            Self::KamajiControlPlane => "controlplane.cluster.x-k8s.io",
            _ => "cluster.x-k8s.io",
        }
    }

    /// Its name in paths.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Cluster => "clusters",
            Self::KamajiControlPlane => "kamajicontrolplanes",
            Self::MachineDeployment => "machinedeployments",
            Self::MachineSet => "machinesets",
            Self::MachinePool => "machinepools",
            Self::Machine => "machines",
        }
    }

    /// Its name in objects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "Cluster",
            Self::KamajiControlPlane => "KamajiControlPlane",
            Self::MachineDeployment => "MachineDeployment",
            Self::MachineSet => "MachineSet",
            Self::MachinePool => "MachinePool",
            Self::Machine => "Machine",
        }
    }

    /// The versions whose fields are known, newest first.
    pub fn known_versions(self) -> &'static [&'static str] {
        match self {
            Self::KamajiControlPlane => &["v1alpha2", "v1alpha1"],
            _ => &["v1beta2", "v1beta1"],
        }
    }
}

/// Which of two versions Kubernetes holds for the newer one: final before beta before alpha, then by number. What is named
/// otherwise comes last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Priority {
    stability: u8,
    major: u64,
    minor: u64,
}

impl Priority {
    fn of(version: &str) -> Self {
        Self::parsed(version).unwrap_or(Self { stability: 0, major: 0, minor: 0 })
    }

    fn parsed(version: &str) -> Option<Self> {
        let rest = version.strip_prefix('v')?;
        let (stability, major, minor) = match (rest.split_once("alpha"), rest.split_once("beta")) {
            (Some((major, minor)), _) => (1, major, minor),
            (None, Some((major, minor))) => (2, major, minor),
            (None, None) => (3, rest, "0"),
        };
        Some(Self { stability, major: major.parse().ok()?, minor: minor.parse().ok()? })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Served {
    /// Part of a sentence, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known { version, newer } if newer.is_empty() => write!(f, "read as {version}"),
            Self::Known { version, newer } => write!(
                f,
                "read as {version}; the API server serves {} too, which this console does not know",
                newer.join(", ")
            ),
            Self::Unknown { versions } => {
                write!(f, "not read: it is served only as {}, which this console does not know", versions.join(", "))
            }
            Self::Nowhere => f.write_str("not read: the API server does not serve it"),
            Self::Undiscovered { why } => {
                write!(f, "not read: the API server does not say in which version it serves it ({why})")
            }
        }
    }
}
