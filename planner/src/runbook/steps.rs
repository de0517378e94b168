//! The steps of a runbook: what is done, in the documentation's order.

use serde::{Deserialize, Serialize};

use super::os::{PackageTool, PackagedOs};
use super::shell::{Quoted, Word};
use super::source::StepSource;
use crate::hop::HopKind;
use crate::version::KubernetesVersion;
use crate::workers::{NodeName, Pass};

/// The annotation by which a Node remembers that its runbook cordoned it, and for which version. Only such a Node is uncordoned.
pub const CORDON_ANNOTATION: &str = "upgrade-console.kamaji.clastix.io/cordoned-for";

/// How long a drain waits for evictions before it gives up.
pub(super) const DRAIN_TIMEOUT: &str = "15m";

/// What a step does. Its guard in a script, its commands and its words all follow from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Point the package repository at the pass's minor.
    SwitchRepository,
    /// Install the pass's kubeadm.
    Kubeadm,
    /// Install the pass's kubectl.
    Kubectl,
    /// `kubeadm upgrade node`.
    NodeConfig,
    /// Cordon and drain.
    Drain,
    /// Install the pass's kubelet.
    Kubelet,
    /// Restart the kubelet and wait for it.
    Restart,
    /// Make sure that the packages are held.
    Hold,
    /// Uncordon.
    Uncordon,
}

/// One step, in words and commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The pass it belongs to, counted from 1; `None` for what comes after the last.
    pub pass: Option<usize>,
    /// What it does.
    pub action: Action,
    /// In a few words.
    pub title: String,
    /// With whose rights.
    pub rights: Rights,
    /// What is typed, in this order.
    pub commands: Vec<TypedCommand>,
    /// What it does.
    pub does: String,
    /// What one should see.
    pub expect: String,
    /// What to do if one does not.
    pub otherwise: String,
    /// Where it comes from.
    pub source: StepSource,
}

/// With whose rights a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rights {
    /// On the node, as root.
    Root,
    /// Anywhere, with an administrator's kubeconfig of the tenant cluster. A worker usually has none.
    Administrator,
}

/// A command as a person types it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypedCommand {
    /// The command, quoted for a POSIX shell.
    pub text: String,
    /// Where it applies, if not everywhere; then it stands for the one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

/// A command before it is written for a person or for a script.
pub(super) type Command = Vec<Word>;

/// What the steps of one runbook have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) node: &'a NodeName,
    pub(super) os: PackagedOs,
    pub(super) to: &'a KubernetesVersion,
}

/// What is done in one pass, in the documentation's order.
pub(super) fn actions_of(pass: &Pass) -> Vec<Action> {
    let switch = (pass.kind() == HopKind::Minor).then_some(Action::SwitchRepository);
    let rest = [Action::Kubeadm, Action::Kubectl, Action::NodeConfig, Action::Drain, Action::Kubelet, Action::Restart];
    switch.into_iter().chain(rest).collect()
}

/// What is done after the last pass.
pub(super) fn actions_after(tool: PackageTool) -> Vec<Action> {
    match tool {
        PackageTool::Apt | PackageTool::Zypper => vec![Action::Hold, Action::Uncordon],
        PackageTool::Dnf => vec![Action::Uncordon],
    }
}

impl Context<'_> {
    /// The commands of an action that brings the node to `version`.
    pub(super) fn commands(&self, action: Action, version: &KubernetesVersion) -> Vec<Command> {
        let node = self.node.as_str();
        match action {
            Action::SwitchRepository => {
                let edit = format!(r"/addons:/!s#/v1\.[0-9][0-9]*#/v{}#g", version.minor());
                vec![vec!["sed".into(), "-i".into(), edit.into(), Word::RepositoryFile]]
            }
            Action::Kubeadm => self.install("kubeadm", version),
            Action::Kubectl => self.install("kubectl", version),
            Action::Kubelet => self.install("kubelet", version),
            Action::NodeConfig => vec![words("kubeadm upgrade node")],
            Action::Drain => {
                let mut drain = words("kubectl drain");
                drain.extend([node, "--ignore-daemonsets"].map(Word::from));
                drain.push(format!("--timeout={DRAIN_TIMEOUT}").into());
                drain.push(Word::OnlyInScript(r#"${delete_emptydir_data:+"$delete_emptydir_data"}"#));
                drain.push(Word::OnlyInScript(r#"${force:+"$force"}"#));
                vec![drain]
            }
            Action::Restart => vec![words("systemctl daemon-reload"), words("systemctl restart kubelet")],
            Action::Hold => ["kubeadm", "kubelet", "kubectl"].into_iter().filter_map(|name| self.hold(name)).collect(),
            Action::Uncordon => {
                let uncordon = ["kubectl", "uncordon", node].map(Word::from).to_vec();
                let mut forget = ["kubectl", "annotate", "node", node].map(Word::from).to_vec();
                forget.push(format!("{CORDON_ANNOTATION}-").into());
                vec![uncordon, forget]
            }
        }
    }

    /// Marks the Node before the drain cordons it.
    pub(super) fn mark(&self) -> Command {
        let mut mark = ["kubectl", "annotate", "node", self.node.as_str()].map(Word::from).to_vec();
        mark.push(format!("{CORDON_ANNOTATION}={}", self.to).into());
        mark.push("--overwrite".into());
        mark
    }

    fn install(&self, package: &str, version: &KubernetesVersion) -> Vec<Command> {
        let number = version.as_semver();
        let install: Vec<Command> = match self.os.tool() {
            PackageTool::Apt => {
                let mut install = words("apt-get install -y");
                install.push(format!("{package}={number}-*").into());
                vec![words("apt-get update"), install]
            }
            PackageTool::Dnf => {
                let mut install = words("dnf install -y");
                install.push(format!("{package}-{number}-*").into());
                install.push(Word::DisableExcludes);
                vec![install]
            }
            PackageTool::Zypper => {
                let mut install = words("zypper --non-interactive install");
                install.push(format!("{package}={number}").into());
                vec![words("zypper --non-interactive refresh kubernetes"), install]
            }
        };
        self.release(package).into_iter().chain(install).chain(self.hold(package)).collect()
    }

    fn release(&self, package: &str) -> Option<Command> {
        self.held_by(["unhold", "removelock"], package)
    }

    fn hold(&self, package: &str) -> Option<Command> {
        self.held_by(["hold", "addlock"], package)
    }

    fn held_by(&self, [apt, zypper]: [&str; 2], package: &str) -> Option<Command> {
        match self.os.tool() {
            PackageTool::Apt => Some(["apt-mark", apt, package].map(Word::from).to_vec()),
            PackageTool::Zypper => Some(["zypper", "--non-interactive", zypper, package].map(Word::from).to_vec()),
            PackageTool::Dnf => None,
        }
    }

    /// The commands as a person types them.
    pub(super) fn typed(&self, action: Action, version: &KubernetesVersion) -> Vec<TypedCommand> {
        let mark = (action == Action::Drain).then(|| self.mark());
        mark.into_iter().chain(self.commands(action, version)).flat_map(|command| self.type_out(&command)).collect()
    }

    fn type_out(&self, command: &Command) -> Vec<TypedCommand> {
        let with = |option: &str| {
            let words = command.iter().filter_map(|word| match word {
                Word::Text(text) => Some(Quoted(text).to_string()),
                Word::RepositoryFile => Some(self.os.tool().repository_file().to_owned()),
                Word::DisableExcludes => Some(option.to_owned()),
                Word::OnlyInScript(_) => None,
            });
            words.collect::<Vec<_>>().join(" ")
        };
        if !command.contains(&Word::DisableExcludes) {
            return vec![TypedCommand { text: with(""), only: None }];
        }
        [("with DNF 4", DNF4), ("with DNF 5 (Fedora 41 and newer)", DNF5)]
            .map(|(only, option)| TypedCommand { text: with(option), only: Some(only.to_owned()) })
            .to_vec()
    }
}

/// How DNF 4 leaves out the excludes of a repository.
pub(super) const DNF4: &str = "--disableexcludes=kubernetes";

/// How DNF 5 does.
pub(super) const DNF5: &str = "--setopt=disable_excludes=kubernetes";

/// A command without values.
fn words(text: &str) -> Command {
    text.split(' ').map(Word::from).collect()
}
