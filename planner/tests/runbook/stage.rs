//! A machine on a stage: a private root with the packages of one node, and a Node that `kubectl` shows.
//!
//! `tests/data/stage` holds the players. kubeadm, kubelet, kubectl and systemctl change the state that the others see, and
//! complain about what the real ones would: kubeadm over two minors, a kubelet that changes its minor on a node that takes pods,
//! a drain that nobody has announced. Packages come by stand-ins, or by the real tools in the private root.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use planner::runbook::{PackageTool, PackagedOs};

use crate::real;

/// Who installs packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packages {
    /// Stand-ins that hold state.
    StandIns,
    /// The real tools, in the private root.
    Real,
}

pub(crate) struct Stage {
    folder: PathBuf,
    os: PackagedOs,
    packages: Packages,
}

impl Stage {
    /// A node of this operating system on this version, in the middle of a tenant whose control plane has `v1.34.9`.
    pub(crate) fn set(name: &str, os: PackagedOs, from: &str, packages: Packages) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runbook").join(name);
        let _ = fs::remove_dir_all(&folder);
        let stage = Self { folder, os, packages };
        for folder in ["root/usr/bin", "root/etc", "installed", "held", "node"] {
            fs::create_dir_all(stage.now().join(folder)).expect("the stage can be set");
        }
        fs::create_dir_all(stage.folder.join("bin")).expect("the stage can be set");
        symlink(tools(), stage.now().join("tools")).expect("the stage can be set");
        let mut players = vec!["systemctl", "id", "sed"];
        if packages == Packages::StandIns {
            players.extend(match os.tool() {
                PackageTool::Apt => vec!["apt-get", "apt-mark", "dpkg-query"],
                PackageTool::Dnf => vec!["dnf", "rpm"],
                PackageTool::Zypper => vec!["zypper", "rpm"],
            });
        }
        for player in players {
            symlink(tools().join(player), stage.folder.join("bin").join(player)).expect("the stage can be set");
        }
        let minor = from.split('.').nth(1).expect("a version has a minor");
        for (fact, value) in [
            ("kubelet", from),
            ("machine-id", "fedcba9876543210fedcba9876543210"),
            ("ready", "True"),
            ("server", "v1.34.9"),
            ("kubeadm-config", "apiServer: {}\nkubernetesVersion: v1.34.9\nnetworking: {}\n"),
            ("kubelet-config", "cgroupDriver: systemd\nkind: KubeletConfiguration\n"),
            ("kubeadm-minor", minor),
            ("kubelet-configuration", &format!("by kubeadm {from}\n")),
            ("dnf", if os == PackagedOs::Fedora { "5" } else { "4" }),
        ] {
            stage.tell(fact, value);
        }
        fs::write(stage.folder.join("machine-id"), "fedcba9876543210fedcba9876543210\n").expect("the stage can be set");
        stage.write_repository(minor);
        match packages {
            Packages::StandIns => stage.install_stand_ins(from.trim_start_matches('v')),
            Packages::Real => real::install(&stage, os.tool(), from.trim_start_matches('v')),
        }
        stage
    }

    /// The state that the script changes.
    pub(crate) fn now(&self) -> PathBuf {
        self.folder.join("now")
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.now().join("root")
    }

    pub(crate) fn bin(&self) -> PathBuf {
        self.folder.join("bin")
    }

    pub(crate) fn repository_file(&self) -> PathBuf {
        self.root().join(self.os.tool().repository_file().trim_start_matches('/'))
    }

    /// Changes a fact of the Node.
    pub(crate) fn tell(&self, fact: &str, value: &str) {
        fs::write(self.now().join("node").join(fact), value).expect("the stage can be changed");
    }

    pub(crate) fn forget(&self, fact: &str) {
        fs::remove_file(self.now().join("node").join(fact)).expect("the stage knows it");
    }

    pub(crate) fn fact(&self, fact: &str) -> Option<String> {
        fs::read_to_string(self.now().join("node").join(fact)).ok()
    }

    /// Changes a package, as somebody would beside the runbook.
    pub(crate) fn put(&self, package: &str, version: &str) {
        assert_eq!(self.packages, Packages::StandIns);
        let put = format!(". \"$STAGE/tools/package.sh\"; put_in_place {package} {version}");
        let output = self.command("sh").arg("-c").arg(put).output().expect("a shell starts");
        assert!(output.status.success(), "{output:?}");
    }

    pub(crate) fn remove(&self, package: &str) {
        for place in [self.now().join("installed"), self.root().join("usr/bin")] {
            fs::remove_file(place.join(package)).expect("the package is there");
        }
    }

    /// A command on the stage.
    pub(crate) fn command(&self, program: &str) -> Command {
        let path = [self.bin(), self.root().join("usr/bin"), "/usr/sbin".into(), "/usr/bin".into(), "/bin".into()];
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::join_paths(path).expect("no colon in these paths"))
            .env("STAGE", self.now())
            .env("REPOSITORY_FILE", self.repository_file())
            .env("MACHINE_ID_FILE", self.folder.join("machine-id"))
            .env("WAIT_SECONDS", "0")
            .current_dir(&self.folder);
        if self.packages == Packages::Real {
            real::direct(self, self.os.tool(), &mut command);
        }
        command
    }

    /// Runs a script to its end, by `sh`.
    pub(crate) fn run(&self, script: &str, arguments: &[&str]) -> Output {
        self.run_by("sh", script, arguments)
    }

    pub(crate) fn run_by(&self, shell: &str, script: &str, arguments: &[&str]) -> Output {
        let file = self.folder.join("script.sh");
        fs::write(&file, script).expect("the stage can be written to");
        self.command(shell).arg(file).args(arguments).output().expect("a shell starts")
    }

    /// What the tools were asked to do, one request a line; `kubectl get` and `auth`, which change nothing, are left out.
    pub(crate) fn requests(&self) -> Vec<String> {
        let log = fs::read_to_string(self.now().join("log")).unwrap_or_default();
        let reads = |line: &&str| !line.starts_with("kubectl get ") && !line.starts_with("kubectl auth ");
        log.lines().filter(reads).map(str::to_owned).collect()
    }

    /// Everything that a runbook is to change or to keep: packages, holds, the repository, the Node.
    pub(crate) fn state(&self) -> BTreeMap<String, String> {
        let mut state = BTreeMap::new();
        for fact in fs::read_dir(self.now().join("node")).expect("the stage is set") {
            let name = fact.expect("a fact").file_name().into_string().expect("a plain name");
            let value = self.fact(&name).expect("it was just seen");
            state.insert(format!("node {name}"), value);
        }
        let repository = fs::read_to_string(self.repository_file()).expect("the repository's file stays");
        state.insert("repository".to_owned(), repository);
        match self.packages {
            Packages::Real => state.extend(real::state(self, self.os.tool())),
            Packages::StandIns => {
                for (folder, word) in [("installed", "package"), ("held", "hold")] {
                    for file in fs::read_dir(self.now().join(folder)).expect("the stage is set") {
                        let file = file.expect("a file");
                        let name = file.file_name().into_string().expect("a plain name");
                        let value = fs::read_to_string(file.path()).expect("a readable file");
                        state.insert(format!("{word} {name}"), value.trim().to_owned());
                    }
                }
            }
        }
        state
    }

    /// Puts the state under `name` in the place of the present one.
    pub(crate) fn restore(&self, name: &str) {
        fs::remove_dir_all(self.now()).expect("the stage can be cleared");
        copy(&self.folder.join(name), &self.now());
    }

    /// The folder in which states can be kept beside the present one.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn install_stand_ins(&self, version: &str) {
        for package in ["kubeadm", "kubelet", "kubectl"] {
            self.put(package, version);
            if self.os.tool() != PackageTool::Dnf {
                fs::write(self.now().join("held").join(package), "").expect("the stage can be set");
            }
        }
    }

    fn write_repository(&self, minor: &str) {
        let (core, addon) = match self.packages {
            Packages::StandIns => ("https://pkgs.k8s.io".to_owned(), "https://pkgs.k8s.io".to_owned()),
            Packages::Real => {
                let url = format!("file://{}", real::repository(self.os.tool()).display());
                (url.clone(), url)
            }
        };
        let text = match self.os.tool() {
            PackageTool::Apt => format!(
                "deb [trusted=yes] {core}/core:/stable:/v1.{minor}/deb/ /\ndeb [trusted=yes] {addon}/addons:/cri-o:/stable:/v1.31/deb/ /\n"
            ),
            PackageTool::Dnf | PackageTool::Zypper => format!(
                "[kubernetes]\nname=Kubernetes\nbaseurl={core}/core:/stable:/v1.{minor}/rpm/\nenabled=1\ngpgcheck=0\n\
                 gpgkey={core}/core:/stable:/v1.{minor}/rpm/repodata/repomd.xml.key\nexclude=kubelet kubeadm kubectl\n"
            ),
        };
        let file = self.repository_file();
        fs::create_dir_all(file.parent().expect("a folder")).expect("the stage can be set");
        fs::write(file, text).expect("the stage can be set");
    }
}

/// The players.
pub(crate) fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stage")
}

pub(crate) fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp starts");
    assert!(copied.success());
}

/// What a failed run said.
pub(crate) fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    format!("{}\n{out}\n{err}", output.status)
}
