//! Which object to change, and in which order.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::as_cluster_api_reads_it;
use super::change::{Change, Field, ObjectRef};
use super::objects::{Cluster, ClusterApiFacts, ControlPlane, Meta, Topology};
use super::refused::{Refused, refused};
use super::remark::{Remark, one_line, remarks};
use super::served::Kind;
use super::step::{Step, StepKind, StepState};
use super::wait::Wait;
use crate::finding::FindingKind;
use crate::next::{kamaji_verdict, next_through_its_owner};
use crate::operator::OperatorKnowledge;
use crate::releases::ReleaseTable;
use crate::tenant::{DeclaredVersion, TenantSnapshot};
use crate::version::KubernetesVersion;
use crate::workers::{Serving, is_left_behind};

mod workers;

use self::workers::Workers;

/// How to bring a tenant to a version through Cluster API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Advice {
    /// To which version.
    pub to: KubernetesVersion,
    /// Through which object.
    pub way: Way,
    /// In order; empty where the object is not known.
    pub steps: Vec<Step>,
    /// The version that was refused, and the way back.
    pub refused: Option<Refused>,
    /// What else is to be known.
    pub remarks: Vec<Remark>,
}

/// Through which object a version is changed. Its `Display` is a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// The Cluster has a managed topology: one field there.
    Topology(ObjectRef),
    /// The KamajiControlPlane, then the workers one by one.
    ControlPlane(ObjectRef),
    /// Not known; why.
    Unknown(String),
}

/// The version that the objects ask for now: that of the topology, else of the KamajiControlPlane.
fn wanted(facts: &ClusterApiFacts) -> Option<KubernetesVersion> {
    let topology = facts.cluster.read().and_then(|cluster| cluster.topology.as_ref());
    let declared = match topology {
        Some(topology) => &topology.version,
        None => &facts.control_plane.read()?.version,
    };
    as_cluster_api_reads_it(declared)
}

/// How to bring the tenant to where it goes next: to what its objects ask for, and when all of them are there, to the version
/// that one hop reaches. `None` if nothing names a version.
pub fn proposed(
    facts: &ClusterApiFacts,
    tenant: &TenantSnapshot,
    operator: &OperatorKnowledge,
    releases: &ReleaseTable,
    today: Date,
) -> Option<Advice> {
    let asked_for = wanted(facts).map(|to| advise(facts, tenant, &to, operator));
    if asked_for.as_ref().is_some_and(|advice| !advice.is_done()) {
        return asked_for;
    }
    let next = next_through_its_owner(tenant, releases, operator, today);
    next.map(|to| advise(facts, tenant, &to, operator)).or(asked_for)
}

/// How to bring the tenant to `to`: every step with what it waits for, and its change ready.
pub fn advise(
    facts: &ClusterApiFacts,
    tenant: &TenantSnapshot,
    to: &KubernetesVersion,
    operator: &OperatorKnowledge,
) -> Advice {
    let mut advice = Advice {
        to: to.clone(),
        way: Way::Unknown(String::new()),
        steps: Vec::new(),
        refused: None,
        remarks: Vec::new(),
    };
    match facts.control_plane.or_why() {
        Err(why) => advice.way = Way::Unknown(format!("the KamajiControlPlane could not be read ({why})")),
        Ok(control_plane) => {
            advice.refused = refused(facts, control_plane, tenant);
            let asked = Asked { facts, tenant, to, operator, control_plane, refused: advice.refused.is_some() };
            (advice.way, advice.steps) = asked.steps();
        }
    }
    advice.remarks = remarks(facts, &advice.steps, to);
    advice
}

impl Advice {
    /// The one object to change first, whether or not it can be changed now; `None` if it has the version already, or is not known.
    pub fn first_change(&self) -> Option<&Change> {
        self.steps.first().and_then(|step| step.change.as_ref())
    }

    /// The step to take now, if there is one.
    pub fn next(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.state == StepState::Next)
    }

    /// Whether every step is done.
    pub fn is_done(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.state == StepState::Done)
    }
}

/// What an advice is made from.
struct Asked<'a> {
    facts: &'a ClusterApiFacts,
    tenant: &'a TenantSnapshot,
    to: &'a KubernetesVersion,
    operator: &'a OperatorKnowledge,
    control_plane: &'a ControlPlane,
    refused: bool,
}

impl Asked<'_> {
    fn steps(&self) -> (Way, Vec<Step>) {
        let object = self.facts.object(Kind::KamajiControlPlane, &self.control_plane.meta.name);
        let managed = self.facts.cluster.read().and_then(|cluster| Some((cluster, cluster.topology.as_ref()?)));
        match managed {
            Some((cluster, topology)) => {
                let way = Way::Topology(self.facts.object(Kind::Cluster, &cluster.meta.name));
                (way, self.with_topology(cluster, topology))
            }
            None if self.control_plane.topology_owned => {
                let why = self.facts.cluster.or_why().err().unwrap_or_else(|| "it has no topology any more".to_owned());
                (
                    Way::Unknown(format!("a topology writes {object}, and its Cluster could not be read ({why})")),
                    Vec::new(),
                )
            }
            None => (Way::ControlPlane(object), self.by_hand()),
        }
    }

    fn with_topology(&self, cluster: &Cluster, topology: &Topology) -> Vec<Step> {
        let object = self.facts.object(Kind::Cluster, &cluster.meta.name);
        let now = as_cluster_api_reads_it(&topology.version);
        let set = now.as_ref() == Some(self.to);
        let workers = Workers::of(self.facts, Some(topology));
        let mut waits = self.before_anything(&[(&object, &cluster.meta)]);
        if let Some(now) = now.filter(|now| self.to < now) {
            waits.push(Wait::Lower { from: now, to: self.to.clone() });
        }
        let behind = workers.not_at(&topology.version);
        if !behind.is_empty() {
            waits.push(Wait::WorkersBehind { objects: behind, version: topology.version.clone() });
        }
        waits.extend(workers.unread());
        let field = Field {
            path: &["spec", "topology", "version"],
            before: Some(topology.version.to_string()),
            after: Some(self.to.to_string()),
        };
        let first = Step::new(
            StepKind::SetTopology { cluster: object.clone() },
            if set { StepState::Done } else { next_or(waits) },
            Some(self.waiting_for_control_plane(Change::new(object.clone(), &[field]))),
        );
        let mut stopped = paused(&object, &cluster.meta).into_iter().collect::<Vec<_>>();
        if !set {
            stopped.insert(0, Wait::For { object: object.clone(), version: self.to.clone() });
        }
        let reported = cluster.meta.condition("TopologyReconciled").filter(|it| it.status == "False");
        let reported = reported.map(|it| Wait::Reported { object, words: one_line(&it.message) });
        let control_plane = self.control_plane_follows(stopped, reported);
        let reached = control_plane.state == StepState::Done;
        let followers = workers.following(self.to, (!reached).then(|| self.control_plane_first()));
        [first, control_plane].into_iter().chain(followers).collect()
    }

    fn by_hand(&self) -> Vec<Step> {
        let meta = &self.control_plane.meta;
        let object = self.facts.object(Kind::KamajiControlPlane, &meta.name);
        let set = as_cluster_api_reads_it(&self.control_plane.version).as_ref() == Some(self.to);
        let workers = Workers::of(self.facts, None);
        let cluster = self.facts.cluster.read();
        let cluster = cluster.map(|it| (self.facts.object(Kind::Cluster, &it.meta.name), &it.meta));
        let mut around = vec![(&object, meta)];
        around.extend(cluster.as_ref().map(|(object, meta)| (object, *meta)));
        let mut waits = self.before_anything(&around);
        waits.extend(workers.unread());
        let field = Field {
            path: &["spec", "version"],
            before: Some(self.control_plane.version.to_string()),
            after: Some(self.to.to_string()),
        };
        let first = Step::new(
            StepKind::SetControlPlane { control_plane: object.clone() },
            if set { StepState::Done } else { next_or(waits) },
            Some(self.waiting_for_control_plane(Change::new(object.clone(), &[field]))),
        );
        let mut stopped: Vec<Wait> = around.iter().filter_map(|(object, meta)| paused(object, meta)).collect();
        if !set {
            stopped.insert(0, Wait::For { object: object.clone(), version: self.to.clone() });
        }
        let follows = self.control_plane_follows(stopped, None);
        let reached = follows.state == StepState::Done;
        let rest = workers.by_hand(self.to, (!reached).then(|| self.control_plane_first()));
        [first, follows].into_iter().chain(rest).collect()
    }

    /// What stands against any change of the first object.
    fn before_anything(&self, around: &[(&ObjectRef, &Meta)]) -> Vec<Wait> {
        let mut waits: Vec<Wait> = Vec::new();
        let control_plane = self.facts.object(Kind::KamajiControlPlane, &self.control_plane.meta.name);
        if self.refused {
            waits.push(Wait::Refused(control_plane.clone()));
        } else if !self.is_settled() {
            waits.push(Wait::Upgrading { object: control_plane, version: self.control_plane.version.clone() });
        }
        let verdict = kamaji_verdict(self.tenant, self.to, self.operator).err().unwrap_or_default();
        let against = verdict.into_iter().filter(|finding| !matches!(finding.kind, FindingKind::AlreadyWanted { .. }));
        waits.extend(against.map(Wait::Kamaji));
        waits.extend(self.too_old());
        for (object, meta) in around {
            waits.extend(paused(object, meta));
            let from_git = meta.from_git.iter();
            waits.extend(from_git.map(|tool| Wait::FromGit { object: (*object).clone(), tool: tool.clone() }));
        }
        waits
    }

    /// Whether the last change of the KamajiControlPlane has arrived. Cluster API asks the same: `spec.version` > `status.version`.
    fn is_settled(&self) -> bool {
        let installed = self.control_plane.installed.as_ref().and_then(as_cluster_api_reads_it);
        as_cluster_api_reads_it(&self.control_plane.version) == installed
    }

    /// Workers whose kubelets a control plane of the wanted version would leave behind, or may: the version is unreadable.
    fn too_old(&self) -> Vec<Wait> {
        let serving = Serving::only(self.to.minor());
        let left_behind = |version: &DeclaredVersion| {
            is_left_behind(as_cluster_api_reads_it(version).map(|version| version.minor()), serving)
        };
        let old = Workers::versions(self.facts).into_iter().filter(|(_, version)| left_behind(version));
        old.map(|(object, version)| Wait::TooOld { object, version, wanted: self.to.clone() }).collect()
    }

    fn control_plane_first(&self) -> Wait {
        let object = self.facts.object(Kind::KamajiControlPlane, &self.control_plane.meta.name);
        Wait::For { object, version: self.to.clone() }
    }

    /// `status.version`, not `ready`, says that the control plane is there.
    fn control_plane_follows(&self, stopped: Vec<Wait>, reported: Option<Wait>) -> Step {
        let control_plane = self.facts.object(Kind::KamajiControlPlane, &self.control_plane.meta.name);
        let asks = as_cluster_api_reads_it(&self.control_plane.version).as_ref() == Some(self.to);
        let state = if asks && self.is_settled() {
            StepState::Done
        } else if self.refused {
            StepState::Waits(vec![Wait::Refused(control_plane.clone())])
        } else if !stopped.is_empty() {
            StepState::Waits(stopped)
        } else if let Some(reported) = reported.filter(|_| !asks) {
            StepState::Waits(vec![reported])
        } else {
            StepState::Underway(super::MachineCounts::default())
        };
        Step::new(StepKind::ControlPlaneFollows { control_plane }, state, None)
    }

    fn waiting_for_control_plane(&self, change: Change) -> Change {
        let control_plane = self.facts.object(Kind::KamajiControlPlane, &self.control_plane.meta.name);
        let line = control_plane.wait_line(".status.version", &self.to.to_string());
        change.then("Wait until the control plane has the version.", line)
    }
}

fn paused(object: &ObjectRef, meta: &Meta) -> Option<Wait> {
    meta.paused.then(|| Wait::Paused(object.clone()))
}

fn next_or(waits: Vec<Wait>) -> StepState {
    if waits.is_empty() { StepState::Next } else { StepState::Waits(waits) }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topology(cluster) => {
                write!(
                    f,
                    "{cluster} has a managed topology: its version is changed there, in one field, and everything follows."
                )
            }
            Self::ControlPlane(control_plane) => write!(
                f,
                "The version is changed in {control_plane}; when it is there, in each MachineDeployment and MachinePool, one after \
                 another."
            ),
            Self::Unknown(why) => write!(f, "Which object to change is not known: {why}."),
        }
    }
}
