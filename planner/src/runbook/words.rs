//! What the steps of a runbook say to people.

use super::os::PackageTool;
use super::source::StepSource;
use super::steps::{Action, Context, DRAIN_TIMEOUT, Rights, Step};
use crate::hop::HopKind;
use crate::version::KubernetesVersion;
use crate::workers::Pass;

impl Context<'_> {
    /// The step of one pass.
    pub(super) fn step_of(&self, number: usize, pass: &Pass, action: Action) -> Step {
        self.step(Some(number), action, &pass.to, pass.kind())
    }

    /// The step after the last pass.
    pub(super) fn step_after(&self, action: Action) -> Step {
        self.step(None, action, self.to, HopKind::Minor)
    }

    fn step(&self, pass: Option<usize>, action: Action, version: &KubernetesVersion, kind: HopKind) -> Step {
        Step {
            pass,
            action,
            title: self.title(action, version),
            rights: match action {
                Action::Drain | Action::Uncordon => Rights::Administrator,
                _ => Rights::Root,
            },
            commands: self.typed(action, version),
            does: self.does(action, version, kind),
            expect: self.expect(action, version),
            otherwise: self.otherwise(action, version),
            source: self.source(action),
        }
    }

    fn title(&self, action: Action, version: &KubernetesVersion) -> String {
        let node = self.node;
        match action {
            Action::SwitchRepository => format!("Point the package repository at v{}", version.minor()),
            Action::Kubeadm => format!("Upgrade kubeadm to {version}"),
            Action::Kubectl => format!("Upgrade kubectl to {version}"),
            Action::NodeConfig => "Upgrade the node's kubelet configuration".to_owned(),
            Action::Drain => format!("Drain {node}"),
            Action::Kubelet => format!("Upgrade the kubelet to {version}"),
            Action::Restart => "Restart the kubelet".to_owned(),
            Action::Hold => "Hold the packages".to_owned(),
            Action::Uncordon => format!("Uncordon {node}"),
        }
    }

    fn does(&self, action: Action, version: &KubernetesVersion, kind: HopKind) -> String {
        let tool = self.os.tool();
        match action {
            Action::SwitchRepository => {
                "Each minor has a repository of its own. Only the version in the address changes; repositories of addons \
                 such as CRI-O stay as they are."
                    .to_owned()
            }
            Action::Kubeadm => format!("Installs kubeadm {version}{}.", held(tool)),
            Action::Kubectl => format!(
                "Installs kubectl {version}{}, before the drain: kubectl is made for API servers within one minor. \
                 Left out where kubectl is no package.",
                held(tool)
            ),
            Action::NodeConfig => {
                "Fetches the kubelet's configuration from the cluster and writes it to /var/lib/kubelet/config.yaml. \
                 Nothing is restarted yet."
                    .to_owned()
            }
            Action::Drain => {
                let need = match kind {
                    HopKind::Minor => "A kubelet takes another minor only on a drained node",
                    HopKind::Patch => {
                        "The documentation's order drains for a patch too, though only another minor must"
                    }
                };
                format!(
                    "Marks the Node as cordoned by this runbook (leave that out if it is cordoned already, and leave it cordoned at the \
                     end), cordons it and evicts its pods, DaemonSets' excepted. {need}."
                )
            }
            Action::Kubelet => format!("Installs the kubelet {version}{}.", held(tool)),
            Action::Restart => format!("Starts kubelet {version} with the new configuration. Containers go on running."),
            Action::Hold => {
                "Keeps every other upgrade of the system from moving kubeadm, kubelet and kubectl. Leave out the ones that are \
                 no package."
                    .to_owned()
            }
            Action::Uncordon => {
                "Lets pods onto the node again and takes the mark away. A node that somebody else had cordoned before stays \
                 cordoned."
                    .to_owned()
            }
        }
    }

    fn expect(&self, action: Action, version: &KubernetesVersion) -> String {
        let (node, file) = (self.node, self.os.tool().repository_file());
        match action {
            Action::SwitchRepository => {
                format!("`grep /v1 {file}` shows v{} and, but for addons, no other minor.", version.minor())
            }
            Action::Kubeadm => format!("`kubeadm version -o short` answers {version}."),
            Action::Kubectl => format!("`kubectl version --client` answers {version}."),
            Action::NodeConfig => {
                "The last lines say that the configuration for this node was successfully updated.".to_owned()
            }
            Action::Drain => format!("The last line says `node/{node} drained`."),
            Action::Kubelet => format!("`kubelet --version` answers Kubernetes {version}."),
            Action::Restart => {
                format!("Within a minute or two `kubectl get node {node}` shows Ready and {version}.")
            }
            Action::Hold => match self.os.tool() {
                PackageTool::Zypper => "`zypper locks` lists the packages.".to_owned(),
                PackageTool::Apt | PackageTool::Dnf => "`apt-mark showhold` lists the packages.".to_owned(),
            },
            Action::Uncordon => format!("`kubectl get node {node}` shows Ready without SchedulingDisabled."),
        }
    }

    fn otherwise(&self, action: Action, version: &KubernetesVersion) -> String {
        let (node, tool) = (self.node, self.os.tool());
        match action {
            Action::SwitchRepository => {
                "If the file has another name, edit that one. A legacy repository (apt.kubernetes.io, yum.kubernetes.io) \
                 must first be replaced by pkgs.k8s.io. A mirror that keeps all minors in one repository needs no change."
                    .to_owned()
            }
            Action::Kubeadm | Action::Kubectl | Action::Kubelet => not_installed(tool, version),
            Action::NodeConfig => format!(
                "Compare `kubectl get configmap kubeadm-config --namespace kube-system --output yaml` with {}: it must not say an \
                 older minor than kubeadm has. If the API server did not answer, repeat the command; it may be repeated at any time.",
                self.to
            ),
            Action::Drain => format!(
                "After {DRAIN_TIMEOUT} it gives up and names the pods that are left; nothing is broken, and it may be repeated. A disruption \
                 budget that allows none needs more replicas first; `--delete-emptydir-data` deletes what pods keep in emptyDir \
                 volumes, `--force` deletes pods that no controller makes again. To stop here: `kubectl uncordon {node}`."
            ),
            Action::Restart => {
                "`journalctl --unit kubelet --since -10m` says why. `unknown` or `not enabled` beside a field of the \
                 configuration: the kubelet-config of the tenant is newer than this kubelet; take the field out by \
                 `configurationJSONPatches` of the TenantControlPlane, then repeat from `kubeadm upgrade node`."
                    .to_owned()
            }
            Action::Hold => "Repeat it; until then do not upgrade the system.".to_owned(),
            Action::Uncordon => format!(
                "NotReady: do not uncordon, read `kubectl describe node {node}` and the kubelet's journal first. \
                 SchedulingDisabled: repeat it."
            ),
        }
    }

    fn source(&self, action: Action) -> StepSource {
        let installs = match self.os.tool() {
            PackageTool::Apt | PackageTool::Dnf => StepSource::UpgradingLinuxNodes,
            PackageTool::Zypper => StepSource::Zypper,
        };
        match action {
            Action::SwitchRepository => StepSource::ChangingTheRepository,
            Action::Kubectl => match self.os.tool() {
                PackageTool::Zypper => StepSource::Zypper,
                PackageTool::Apt | PackageTool::Dnf => StepSource::KubectlFirst,
            },
            Action::Kubeadm | Action::Kubelet => installs,
            Action::Drain => StepSource::SafelyDrain,
            Action::NodeConfig | Action::Restart | Action::Uncordon => StepSource::UpgradingLinuxNodes,
            Action::Hold => StepSource::Console,
        }
    }
}

fn held(tool: PackageTool) -> &'static str {
    match tool {
        PackageTool::Apt => " and holds it again",
        PackageTool::Dnf => ", past the exclude that holds it",
        PackageTool::Zypper => " and locks it again",
    }
}

fn not_installed(tool: PackageTool, version: &KubernetesVersion) -> String {
    let number = version.as_semver();
    match tool {
        PackageTool::Apt => format!(
            "Not found: `apt-cache madison kubeadm` lists what the repository has; it must be the one of v{}, and have {number}. \
             Interrupted: `dpkg --configure -a`, then again. In the end `apt-mark showhold` must list the package.",
            version.minor()
        ),
        PackageTool::Dnf => format!(
            "Not found: `dnf clean expire-cache`, then `dnf list --showduplicates kubeadm` with the same option lists what the repository \
             has; its id must be kubernetes, its minor v{}, and it must have {number}. Locked by the versionlock plugin: \
             `dnf versionlock delete` for it, and `add` again afterwards.",
            version.minor()
        ),
        PackageTool::Zypper => format!(
            "Not found: `zypper search --details kubeadm` lists what the repository has; its alias must be kubernetes, its minor v{}, and it \
             must have {number}. Conflict: a lock of another name (`zypper locks`) may stand against it.",
            version.minor()
        ),
    }
}
