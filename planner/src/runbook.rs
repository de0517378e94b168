//! The runbook of one node: how its kubelet gets from one version to another, as steps that a person or a script does.
//!
//! The steps are one data structure, in the order of the Kubernetes documentation as read on [`READ_ON`]. The script, the
//! Markdown and the JSON are written from it, so they cannot say different things.

use serde::{Deserialize, Serialize};

pub use self::elsewhere::ElsewherePage;
pub use self::os::{Os, OsError, OtherOs, PackageTool, PackagedOs};
pub use self::source::{READ_ON, StepSource};
pub use self::steps::{Action, CORDON_ANNOTATION, Rights, Step, TypedCommand};

use self::steps::{Context, actions_after, actions_of};
use crate::releases::ReleaseTable;
use crate::version::KubernetesVersion;
use crate::workers::{NodeName, Pass, PassesError, WayUp, passes, ways_up};

mod elsewhere;
mod markdown;
mod os;
mod script;
mod shell;
mod source;
mod steps;
mod words;

/// The runbook of one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Runbook {
    /// Of which node.
    pub node: NodeName,
    /// Its operating system.
    pub os: PackagedOs,
    /// What its kubelet has.
    pub from: KubernetesVersion,
    /// What it is to have.
    pub to: KubernetesVersion,
    /// The uses of kubeadm that lead there, oldest first.
    pub passes: Vec<Pass>,
    /// The ways there are, with their costs; this runbook is the first.
    pub ways: Vec<Way>,
    /// What must hold before the first step.
    pub before: Vec<String>,
    /// What is done, in this order.
    pub steps: Vec<Step>,
    /// What a person should know of it besides.
    pub remarks: Vec<String>,
    /// The day on which the documentation was read that the steps follow.
    #[serde(with = "crate::time::day")]
    pub documentation_of: jiff::civil::Date,
}

/// A way to bring the node up, with its cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Way {
    /// Which.
    pub way: WayUp,
    /// How often the node is drained.
    pub drains: usize,
    /// In words.
    pub text: String,
}

impl Runbook {
    /// The runbook that brings `node` from one version to another.
    ///
    /// # Errors
    /// If kubeadm has no way from one to the other, see [`passes`].
    pub fn new(
        node: NodeName,
        os: PackagedOs,
        from: KubernetesVersion,
        to: KubernetesVersion,
        releases: &ReleaseTable,
    ) -> Result<Self, PassesError> {
        let passes = passes(&from, &to, releases)?;
        let context = Context { node: &node, os, to: &to };
        let in_passes = passes.iter().enumerate().flat_map(|(index, pass)| {
            actions_of(pass).into_iter().map(move |action| context.step_of(index + 1, pass, action))
        });
        let after = actions_after(os.tool()).into_iter().map(|action| context.step_after(action));
        let steps = in_passes.chain(after).collect();
        let ways = ways_up(passes.len())
            .into_iter()
            .map(|way| Way { way, drains: way.drains(), text: way.to_string() })
            .collect();
        let (before, remarks) = (before(&node, &to), remarks(os, &passes, releases));
        Ok(Self { node, os, from, to, passes, ways, before, steps, remarks, documentation_of: READ_ON })
    }

    /// The runbook as a POSIX shell script that checks before it acts and can be run again after a stop at any line.
    pub fn script(&self) -> String {
        script::write(self)
    }

    /// The runbook as Markdown, for a ticket.
    pub fn markdown(&self) -> String {
        markdown::write(self)
    }

    /// The runbook as JSON.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("names and texts are JSON");
        text.push('\n');
        text
    }

    fn context(&self) -> Context<'_> {
        Context { node: &self.node, os: self.os, to: &self.to }
    }
}

fn before(node: &NodeName, to: &KubernetesVersion) -> Vec<String> {
    vec![
        format!(
            "The control plane is finished on {to} or a newer version: no API server pod of an older version is left."
        ),
        format!(
            "`kubectl get configmap kubeadm-config --namespace kube-system --output yaml` says `kubernetesVersion: {to}` or newer."
        ),
        "The kubelet-config of the tenant has no field that the kubelet to install refuses.".to_owned(),
        format!(
            "You are root on {node}, and have an administrator's kubeconfig of the tenant cluster for the steps that say so; a worker's own \
             kubeconfig may neither drain nor uncordon."
        ),
        "One node at a time, and what runs on it finds room on the others.".to_owned(),
    ]
}

fn remarks(os: PackagedOs, passes: &[Pass], releases: &ReleaseTable) -> Vec<String> {
    let mut remarks = Vec::new();
    if passes.len() > 1 {
        remarks.push(
            "kubeadm upgrades a node one minor at a time, even where version skew lets a kubelet be three behind; hence the passes. \
             Until the last one its kubeadm is older than the control plane, which kubeadm's own table does not list and its code accepts; \
             bringing the workers along with each minor of the control plane avoids it."
                .to_owned(),
        );
    }
    for version in passes.iter().map(|pass| &pass.to) {
        if !releases.knows(version) {
            remarks.push(format!(
                "{version} is not in the release table of {}; it may be newer, or not exist.",
                releases.as_of
            ));
        }
    }
    match os.tool() {
        PackageTool::Zypper => remarks.push(
            "Kubernetes' documentation shows the repository's file for zypper but no commands. These were tried with zypper 1.14 against a \
             repository of packages made for the purpose. zypper does not heed `exclude=`, so the packages are locked."
                .to_owned(),
        ),
        PackageTool::Dnf => remarks.push(
            "The packages are held by `exclude=kubelet kubeadm kubectl` in the repository's file. If it is not there, any upgrade of the \
             system moves them; put it there."
                .to_owned(),
        ),
        PackageTool::Apt => {}
    }
    remarks
}
