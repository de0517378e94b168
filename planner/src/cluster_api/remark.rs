use std::fmt;

use serde::{Deserialize, Serialize};

use super::Names;
use super::change::ObjectRef;
use super::objects::ClusterApiFacts;
use super::served::{Kind, Served};
use super::step::{Step, StepKind};
use crate::version::KubernetesVersion;

/// Something to know beside the steps. Its `Display` is a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Remark {
    /// Nothing was discovered.
    NotDiscovered(String),
    /// A newer version of the kind is served, or none that is known.
    Version {
        /// Which kind.
        kind: Kind,
        /// In which versions.
        served: Served,
    },
    /// Objects of the kind could not be read.
    NotRead {
        /// Which kind.
        kind: Kind,
        /// Why.
        why: String,
    },
    /// A check of Cluster API holds back new Machines.
    HeldBack {
        /// The MachineSet that would make them.
        machine_set: ObjectRef,
        /// Cluster API's words.
        words: String,
    },
    /// Checks are not made before a Machine is.
    SkipsChecks {
        /// The MachineDeployment.
        deployment: ObjectRef,
        /// Their names.
        checks: Vec<String>,
    },
    /// Between the control plane's hop and their own, kubeadm's skew lets no Machine join.
    NoNewMachines {
        /// The MachineDeployments.
        deployments: Vec<ObjectRef>,
    },
    /// The topology goes through more versions by itself.
    Plan {
        /// Next one first.
        versions: Vec<String>,
    },
}

/// What is to be known beside the steps towards a version.
pub(super) fn remarks(facts: &ClusterApiFacts, steps: &[Step], to: &KubernetesVersion) -> Vec<Remark> {
    let mut remarks = about_reading(facts);
    let sets = facts.machine_sets.read().map_or(&[][..], Vec::as_slice);
    for set in sets {
        // Since 1.9 in ScalingUp, before that in MachinesCreated; other conditions repeat it.
        let told = ["ScalingUp", "MachinesCreated"].into_iter().filter_map(|kind| set.meta.condition(kind));
        let held =
            told.into_iter().find(|it| it.message.contains("preflight check") || it.reason == "PreflightCheckFailed");
        if let Some(condition) = held {
            let machine_set = facts.object(Kind::MachineSet, &set.meta.name);
            remarks.push(Remark::HeldBack { machine_set, words: one_line(&condition.message) });
        }
    }
    let deployments = facts.machine_deployments.read().map_or(&[][..], Vec::as_slice);
    for deployment in deployments.iter().filter(|deployment| !deployment.skipped_checks.is_empty()) {
        let (object, checks) =
            (facts.object(Kind::MachineDeployment, &deployment.meta.name), &deployment.skipped_checks);
        remarks.push(Remark::SkipsChecks { deployment: object, checks: checks.clone() });
    }
    let minor_behind = |version: Option<&crate::tenant::DeclaredVersion>| {
        version.and_then(super::as_cluster_api_reads_it).is_some_and(|version| version.minor() < to.minor())
    };
    let shut_out: Vec<ObjectRef> = deployments
        .iter()
        .filter(|it| {
            it.bootstrap.as_ref().is_some_and(super::Template::is_kubeadm) && minor_behind(it.version.as_ref())
        })
        .map(|it| facts.object(Kind::MachineDeployment, &it.meta.name))
        .collect();
    let by_hand = |object: &ObjectRef| {
        steps.iter().any(|step| matches!(&step.kind, StepKind::SetWorkers { workers, .. } if workers == object))
    };
    let shut_out: Vec<ObjectRef> = shut_out.into_iter().filter(by_hand).collect();
    if !shut_out.is_empty() {
        remarks.push(Remark::NoNewMachines { deployments: shut_out });
    }
    let plan = facts.cluster.read().map_or(&[][..], |cluster| &cluster.upgrade_plan);
    if plan.len() > 1 {
        remarks.push(Remark::Plan { versions: plan.iter().map(ToString::to_string).collect() });
    }
    remarks
}

fn about_reading(facts: &ClusterApiFacts) -> Vec<Remark> {
    let served = match facts.served.or_why() {
        Ok(served) => served,
        Err(why) => return vec![Remark::NotDiscovered(why)],
    };
    let mut remarks = Vec::new();
    for kind in Kind::ALL {
        let served = served.get(&kind).unwrap_or(&Served::Nowhere);
        match served {
            Served::Known { newer, .. } if newer.is_empty() => {}
            // Machine pools can be left out of an installation.
            Served::Nowhere if kind == Kind::MachinePool => continue,
            _ => remarks.push(Remark::Version { kind, served: served.clone() }),
        }
        if !matches!(served, Served::Known { .. }) {
            continue;
        }
        let failed = match kind {
            Kind::Cluster => facts.cluster.or_why().err(),
            Kind::KamajiControlPlane => facts.control_plane.or_why().err(),
            Kind::MachineDeployment => facts.machine_deployments.or_why().err(),
            Kind::MachineSet => facts.machine_sets.or_why().err(),
            Kind::MachinePool => facts.machine_pools.or_why().err(),
            Kind::Machine => facts.machines.or_why().err(),
        };
        remarks.extend(failed.map(|why| Remark::NotRead { kind, why }));
    }
    remarks
}

/// Words of others on one line.
pub(super) fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDiscovered(why) => {
                write!(f, "It could not be found out which objects of Cluster API are served: {why}.")
            }
            Self::Version { kind, served } => write!(f, "{kind} is {served}."),
            Self::NotRead { kind, why } => write!(f, "{kind}: {why}."),
            Self::HeldBack { machine_set, words } => write!(f, "{machine_set} makes no new Machine: {words}"),
            Self::SkipsChecks { deployment, checks } => {
                write!(f, "{deployment} makes Machines without these checks of Cluster API: {}.", checks.join(", "))
            }
            Self::NoNewMachines { deployments } => write!(
                f,
                "From the moment the control plane takes the version until its own turn, no new Machine of {} can join: kubeadm \
                 joins only with the control plane's minor. Neither scale up nor replace Machines meanwhile.",
                Names(deployments)
            ),
            Self::Plan { versions } => {
                write!(f, "The control plane goes through {}, one after another, by itself.", Names(versions))
            }
        }
    }
}
