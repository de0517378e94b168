//! Kubernetes versions as Kamaji writes and compares them.

use std::fmt;
use std::str::FromStr;

use semver::{BuildMetadata, Version};
use serde::{Deserialize, Serialize};

/// A Kubernetes version that may stand in `TenantControlPlane.spec.kubernetes.version`: `vX.Y.Z`, with an optional pre-release.
///
/// Kamaji uses the text verbatim as the tag of the `kube-apiserver` image, so it is always written with the `v`
/// (the webhook was seen to accept `1.36.1` without it, and Kamaji then to roll pods onto an image that does not exist).
/// Build metadata (`+k0s`) is refused for the same reason: `+` cannot stand in an image tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KubernetesVersion(Version);

/// Why a text is no Kubernetes version. The message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Nothing was given.
    #[error("a version is missing; write it as `v1.36.2`")]
    Empty,
    /// The leading `v` is missing.
    #[error(
        "`{0}` lacks the leading `v`: Kamaji would use it verbatim as an image tag that does not exist; write `v{0}`"
    )]
    NoLeadingV(String),
    /// There is something after a `+`.
    #[error("`{0}` carries build metadata, which cannot stand in an image tag; leave out everything from the `+` on")]
    BuildMetadata(String),
    /// Not `vX.Y.Z`.
    #[error("`{0}` is not a Kubernetes version; write it as `v1.36.2`")]
    Malformed(String),
}

/// The part of a version that names the release line, `1.36`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Minor {
    /// Major version; 1 for every Kubernetes so far.
    pub major: u64,
    /// Minor version.
    pub minor: u64,
}

impl KubernetesVersion {
    /// `v{major}.{minor}.{patch}`.
    pub const fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self(Version::new(major, minor, patch))
    }

    /// The release line.
    pub fn minor(&self) -> Minor {
        Minor::from(&self.0)
    }

    /// The patch number.
    pub fn patch(&self) -> u64 {
        self.0.patch
    }

    /// Whether this is a pre-release (`-rc.1`).
    pub fn is_prerelease(&self) -> bool {
        !self.0.pre.is_empty()
    }

    /// The version as `semver` sees it, for comparisons with Kamaji's own rules.
    pub fn as_semver(&self) -> &Version {
        &self.0
    }

    /// The version with its patch number set to 0 and its pre-release kept, as Kamaji's webhook compares versions
    /// (`tcp_version.go`: "no need to check the patch").
    pub fn with_patch_zero(&self) -> Self {
        Self(Version { patch: 0, ..self.0.clone() })
    }
}

impl From<&Version> for Minor {
    fn from(version: &Version) -> Self {
        Self { major: version.major, minor: version.minor }
    }
}

impl FromStr for KubernetesVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        if text.is_empty() {
            return Err(VersionError::Empty);
        }
        let malformed = || VersionError::Malformed(text.to_owned());
        let Some(number) = text.strip_prefix('v') else {
            return Err(match Version::parse(text) {
                Ok(version) if version.build.is_empty() => VersionError::NoLeadingV(text.to_owned()),
                _ => malformed(),
            });
        };
        let version = Version::parse(number).map_err(|_| malformed())?;
        if version.build != BuildMetadata::EMPTY {
            return Err(VersionError::BuildMetadata(text.to_owned()));
        }
        Ok(Self(version))
    }
}

impl TryFrom<String> for KubernetesVersion {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<KubernetesVersion> for String {
    fn from(version: KubernetesVersion) -> Self {
        version.to_string()
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
