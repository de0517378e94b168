//! A version that Kamaji refused to take from the KamajiControlPlane, and the way back.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::as_cluster_api_reads_it;
use super::change::{Change, Field, ObjectRef};
use super::objects::{ClusterApiFacts, ControlPlane};
use super::remark::one_line;
use super::served::Kind;
use crate::tenant::{DeclaredVersion, TenantSnapshot};

/// The provider's condition on writing the TenantControlPlane. Its message is that of whoever refused.
const WRITTEN: &str = "TenantControlPlaneCreated";
/// The annotation under which the admission of Clusters lets a topology's version be lowered.
const LOWER: &str = "unsafe.topology.cluster.x-k8s.io/disable-update-version-check";

/// The provider cannot write the version into the TenantControlPlane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// The KamajiControlPlane that asks for it.
    pub control_plane: ObjectRef,
    /// What it asks for.
    pub wanted: DeclaredVersion,
    /// What the TenantControlPlane has, and keeps.
    pub kept: DeclaredVersion,
    /// The condition's own words, on one line.
    pub words: String,
    /// How to get out.
    pub back: WayBack,
}

/// How to get out of a refused version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WayBack {
    /// Put the version back in the KamajiControlPlane: no admission stands in the way there.
    ControlPlane(Box<Change>),
    /// In this order: lower the topology's version under the annotation that allows it, put it back in the KamajiControlPlane,
    /// which the topology controller leaves alone while it is on its way, and take the annotation away again.
    Topology(Box<[Change; 3]>),
    /// Nobody refused the version itself; what the words name has to be put right.
    PutRight,
    /// What is to be changed was not read.
    Unknown(String),
}

/// Whether the last version was refused.
pub(super) fn refused(
    facts: &ClusterApiFacts,
    control_plane: &ControlPlane,
    tenant: &TenantSnapshot,
) -> Option<Refused> {
    let condition = control_plane.meta.condition(WRITTEN).filter(|it| it.status == "False")?;
    let kept = as_cluster_api_reads_it(&tenant.desired_version);
    if kept.is_some() && as_cluster_api_reads_it(&control_plane.version) == kept {
        return None;
    }
    let back = if condition.message.contains("denied the request") {
        way_back(facts, control_plane, &tenant.desired_version)
    } else {
        WayBack::PutRight
    };
    Some(Refused {
        control_plane: facts.object(Kind::KamajiControlPlane, &control_plane.meta.name),
        wanted: control_plane.version.clone(),
        kept: tenant.desired_version.clone(),
        words: one_line(&condition.message),
        back,
    })
}

fn way_back(facts: &ClusterApiFacts, control_plane: &ControlPlane, kept: &DeclaredVersion) -> WayBack {
    let version_back = Box::new(Change::new(
        facts.object(Kind::KamajiControlPlane, &control_plane.meta.name),
        &[Field {
            path: &["spec", "version"],
            before: Some(control_plane.version.to_string()),
            after: Some(kept.to_string()),
        }],
    ));
    let cluster = match facts.cluster.or_why() {
        Ok(cluster) => cluster,
        Err(why) if control_plane.topology_owned => return WayBack::Unknown(why),
        Err(_) => return WayBack::ControlPlane(version_back),
    };
    let Some(topology) = &cluster.topology else { return WayBack::ControlPlane(version_back) };
    let object = facts.object(Kind::Cluster, &cluster.meta.name);
    let annotation = |before: Option<&str>, after: Option<&str>| Field {
        path: &["metadata", "annotations", LOWER],
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    let lowered = [
        Field {
            path: &["spec", "topology", "version"],
            before: Some(topology.version.to_string()),
            after: Some(kept.to_string()),
        },
        annotation(None, Some("true")),
    ];
    let lowered = Change::new(object.clone(), &lowered);
    WayBack::Topology(Box::new([lowered, *version_back, Change::new(object, &[annotation(Some("true"), None)])]))
}

impl Refused {
    /// The way on, where Kamaji's words show one.
    pub fn way_on(&self) -> Option<&'static str> {
        if self.words.contains("greater than the supported one") {
            return Some("Or upgrade Kamaji to a release that takes this version; the provider tries again by itself.");
        }
        let skips = self.words.contains("in a non-sequential mode");
        skips.then_some("Kamaji goes one minor at a time: after the way back, ask for the next minor.")
    }
}

impl WayBack {
    /// The changes, in order.
    pub fn changes(&self) -> &[Change] {
        match self {
            Self::ControlPlane(change) => std::slice::from_ref(change),
            Self::Topology(changes) => &changes[..],
            Self::PutRight | Self::Unknown(_) => &[],
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { control_plane, wanted, kept, words, .. } = self;
        write!(f, "{control_plane} asks for {wanted}, the TenantControlPlane stays at {kept}: {words}")
    }
}

impl fmt::Display for WayBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlPlane(_) => f.write_str(
                "Put the version back in the KamajiControlPlane; nothing else was changed.",
            ),
            Self::Topology(_) => f.write_str(
                "Put the version back in the topology, then in the KamajiControlPlane, and then take the annotation away again. \
                 Cluster API lowers the version of a topology only under that annotation, and changes no control plane that is on \
                 its way.",
            ),
            Self::PutRight => f.write_str(
                "Nobody refused the version itself: put right what these words name, and the provider goes on by itself.",
            ),
            Self::Unknown(why) => {
                write!(f, "A topology writes this control plane, and its Cluster could not be read ({why}): the way back begins there.")
            }
        }
    }
}
