//! Operating systems of nodes, and how packages get onto them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The operating system of a node, as far as it decides how Kubernetes is upgraded on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Os {
    /// One with packages of kubeadm and kubelet, for which there is a runbook.
    Packaged(PackagedOs),
    /// Another, for which there is a page that says what to do instead.
    Elsewhere(OtherOs),
}

/// An operating system on which kubeadm and kubelet are packages of pkgs.k8s.io.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PackagedOs {
    /// Debian.
    Debian,
    /// Ubuntu.
    Ubuntu,
    /// Red Hat Enterprise Linux and its kin: Rocky, AlmaLinux, CentOS Stream, Oracle Linux, Amazon Linux 2023.
    Rhel,
    /// Fedora.
    Fedora,
    /// SUSE Linux Enterprise Server and openSUSE Leap and Tumbleweed.
    Suse,
}

/// An operating system without a runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OtherOs {
    /// Talos Linux.
    Talos,
    /// Flatcar Container Linux.
    Flatcar,
    /// Bottlerocket.
    Bottlerocket,
    /// A system that is exchanged as one image: Fedora CoreOS, openSUSE MicroOS, SUSE Linux Micro.
    ImageBased,
    /// Any other.
    Unknown,
}

/// The tool that installs packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PackageTool {
    /// `apt-get`, with holds by `apt-mark`.
    Apt,
    /// `dnf` of either generation; packages are held by `exclude=` in the repository's file.
    Dnf,
    /// `zypper`, with locks; it does not heed `exclude=`.
    Zypper,
}

/// By which words an image is recognised.
const KNOWN: [(&[&str], Os); 8] = [
    (&["talos"], Os::Elsewhere(OtherOs::Talos)),
    (&["flatcar"], Os::Elsewhere(OtherOs::Flatcar)),
    (&["bottlerocket"], Os::Elsewhere(OtherOs::Bottlerocket)),
    (&["debian"], Os::Packaged(PackagedOs::Debian)),
    (&["ubuntu"], Os::Packaged(PackagedOs::Ubuntu)),
    (&["fedora"], Os::Packaged(PackagedOs::Fedora)),
    (
        &["red hat enterprise", "rocky", "almalinux", "centos", "oracle linux", "amazon linux"],
        Os::Packaged(PackagedOs::Rhel),
    ),
    (&["suse linux enterprise", "opensuse"], Os::Packaged(PackagedOs::Suse)),
];

/// A text that names no operating system.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no operating system known here; write debian, ubuntu, rhel, fedora or suse \
     (talos, flatcar, bottlerocket, image-based and other have a page that says what to do instead)"
)]
pub struct OsError(String);

impl Os {
    /// The operating system of `status.nodeInfo.osImage`. What is not recognised is [`OtherOs::Unknown`].
    pub fn of_image(image: &str) -> Self {
        let image = image.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| image.contains(word));
        // Image-based relatives carry the names of their packaged ones, so they come first.
        if has(&[
            "coreos",
            "microos",
            "sle micro",
            "enterprise micro",
            "sl-micro",
            "linux micro",
            "leap micro",
            "ubuntu core",
            "silverblue",
        ]) {
            return Self::Elsewhere(OtherOs::ImageBased);
        }
        // Amazon Linux 2 and CentOS 7 have yum 3, which this does not speak.
        if image.ends_with("amazon linux 2") || has(&["centos linux 7"]) {
            return Self::Elsewhere(OtherOs::Unknown);
        }
        let known = KNOWN.iter().find(|(words, _)| has(words));
        known.map_or(Self::Elsewhere(OtherOs::Unknown), |(_, os)| *os)
    }
}

impl FromStr for Os {
    type Err = OsError;

    /// The word that the command line takes.
    fn from_str(text: &str) -> Result<Self, OsError> {
        Ok(match text {
            "debian" => Self::Packaged(PackagedOs::Debian),
            "ubuntu" => Self::Packaged(PackagedOs::Ubuntu),
            "rhel" | "rocky" | "almalinux" | "centos" | "oracle" | "amazon" => Self::Packaged(PackagedOs::Rhel),
            "fedora" => Self::Packaged(PackagedOs::Fedora),
            "suse" | "sles" | "opensuse" => Self::Packaged(PackagedOs::Suse),
            "talos" => Self::Elsewhere(OtherOs::Talos),
            "flatcar" => Self::Elsewhere(OtherOs::Flatcar),
            "bottlerocket" => Self::Elsewhere(OtherOs::Bottlerocket),
            "image-based" => Self::Elsewhere(OtherOs::ImageBased),
            "other" => Self::Elsewhere(OtherOs::Unknown),
            _ => return Err(OsError(text.to_owned())),
        })
    }
}

impl PackagedOs {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Debian, Self::Ubuntu, Self::Rhel, Self::Fedora, Self::Suse];

    /// The tool that installs its packages.
    pub fn tool(self) -> PackageTool {
        match self {
            Self::Debian | Self::Ubuntu => PackageTool::Apt,
            Self::Rhel | Self::Fedora => PackageTool::Dnf,
            Self::Suse => PackageTool::Zypper,
        }
    }

    /// The word that the command line takes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Ubuntu => "ubuntu",
            Self::Rhel => "rhel",
            Self::Fedora => "fedora",
            Self::Suse => "suse",
        }
    }
}

impl PackageTool {
    /// The file that defines the Kubernetes repository, as the documentation names it.
    pub fn repository_file(self) -> &'static str {
        match self {
            Self::Apt => "/etc/apt/sources.list.d/kubernetes.list",
            Self::Dnf => "/etc/yum.repos.d/kubernetes.repo",
            Self::Zypper => "/etc/zypp/repos.d/kubernetes.repo",
        }
    }
}

impl fmt::Display for Os {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Packaged(os) => os.fmt(f),
            Self::Elsewhere(os) => os.fmt(f),
        }
    }
}

impl fmt::Display for PackagedOs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Debian => "Debian",
            Self::Ubuntu => "Ubuntu",
            Self::Rhel => "Red Hat Enterprise Linux and kin",
            Self::Fedora => "Fedora",
            Self::Suse => "SUSE Linux Enterprise and openSUSE",
        })
    }
}

impl fmt::Display for OtherOs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Talos => "Talos Linux",
            Self::Flatcar => "Flatcar Container Linux",
            Self::Bottlerocket => "Bottlerocket",
            Self::ImageBased => "an image-based system (Fedora CoreOS, openSUSE MicroOS, SUSE Linux Micro)",
            Self::Unknown => "an operating system without a runbook",
        })
    }
}

impl fmt::Display for PackageTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Apt => "apt",
            Self::Dnf => "dnf",
            Self::Zypper => "zypper",
        })
    }
}
