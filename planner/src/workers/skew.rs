//! The version skew policy for what runs on a node.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::version::Minor;

/// The release lines of the API servers that a kubelet can meet.
///
/// While old API servers still serve beside new ones a kubelet must suit both, so the range of kubelets is narrower than
/// against either alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Serving {
    oldest: Minor,
    newest: Minor,
}

/// Why API servers cannot serve together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServingError {
    /// More than one minor apart, or of different major versions.
    #[error("API servers of {oldest} and {newest} must not serve together: they may be one minor apart")]
    TooFarApart {
        /// The older line.
        oldest: Minor,
        /// The newer line.
        newest: Minor,
    },
}

/// What the policy says of a kubelet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum KubeletVerdict {
    /// The same minor as every API server.
    Same,
    /// Older, and allowed to be.
    Behind {
        /// Minors behind the newest API server.
        minors: u64,
        /// Minors that it may still fall behind.
        room: u64,
    },
    /// As old as it may be: it must be upgraded before the control plane takes another minor.
    AtLimit {
        /// Minors behind the newest API server.
        minors: u64,
    },
    /// Older than is supported.
    TooOld {
        /// Minors behind the newest API server.
        minors: u64,
        /// Minors that are allowed.
        limit: u64,
    },
    /// Newer than an API server that it can meet.
    TooNew {
        /// The oldest API server.
        oldest: Minor,
    },
    /// Another major version, of which the policy says nothing.
    OtherMajor,
}

/// What the policy says of a kube-proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ProxyVerdict {
    /// Allowed.
    Fits,
    /// Newer than an API server that it can meet.
    NewerThanApiServer {
        /// The oldest API server.
        oldest: Minor,
    },
    /// Older than is supported beside the API servers.
    TooOld {
        /// Minors behind the newest API server.
        minors: u64,
        /// Minors that are allowed.
        limit: u64,
    },
    /// Too far from the kubelet of its node, in either direction.
    FarFromKubelet {
        /// Minors between them.
        minors: u64,
        /// Minors that are allowed.
        limit: u64,
    },
    /// Another major version, of which the policy says nothing.
    OtherMajor,
}

/// A line of the version skew policy, in short, with the place where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicyLine {
    /// kubelet against the API servers.
    Kubelet,
    /// kubelet while API servers of two minors serve.
    KubeletMixed,
    /// Before the kubelets are upgraded.
    KubeletUpgrade,
    /// kube-proxy against API servers and kubelet.
    KubeProxy,
}

impl Serving {
    /// API servers of one line.
    pub fn only(minor: Minor) -> Self {
        Self { oldest: minor, newest: minor }
    }

    /// API servers of up to two lines, in any order.
    ///
    /// # Errors
    /// If the lines are more than one minor apart.
    pub fn both(one: Minor, other: Minor) -> Result<Self, ServingError> {
        let (oldest, newest) = (one.min(other), one.max(other));
        if oldest.major != newest.major || newest.minor - oldest.minor > 1 {
            return Err(ServingError::TooFarApart { oldest, newest });
        }
        Ok(Self { oldest, newest })
    }

    /// The oldest line that serves.
    pub fn oldest(self) -> Minor {
        self.oldest
    }

    /// The newest line that serves.
    pub fn newest(self) -> Minor {
        self.newest
    }

    /// Whether two lines serve at once.
    pub fn is_mixed(self) -> bool {
        self.oldest != self.newest
    }
}

/// How many minors a kubelet or a kube-proxy of this line may be behind an API server: 3, before 1.25 it was 2.
pub fn kubelet_reach(kubelet: Minor) -> u64 {
    if kubelet >= (Minor { major: 1, minor: 25 }) { 3 } else { 2 }
}

/// What the policy says of a kubelet of this line.
pub fn kubelet(kubelet: Minor, serving: Serving) -> KubeletVerdict {
    if kubelet.major != serving.newest.major {
        return KubeletVerdict::OtherMajor;
    }
    if kubelet > serving.oldest {
        return KubeletVerdict::TooNew { oldest: serving.oldest };
    }
    let minors = serving.newest.minor - kubelet.minor;
    let limit = kubelet_reach(kubelet);
    match limit.checked_sub(minors) {
        None => KubeletVerdict::TooOld { minors, limit },
        Some(_) if minors == 0 => KubeletVerdict::Same,
        Some(0) => KubeletVerdict::AtLimit { minors },
        Some(room) => KubeletVerdict::Behind { minors, room },
    }
}

/// Whether these API servers leave a kubelet of this line behind: it is older than they support. `None`: its version cannot be
/// read, so nobody can say that it is not. One that is ahead is not left behind.
pub fn is_left_behind(line: Option<Minor>, serving: Serving) -> bool {
    let Some(line) = line else { return true };
    match kubelet(line, serving) {
        KubeletVerdict::TooOld { .. } => true,
        KubeletVerdict::OtherMajor => line < serving.oldest,
        KubeletVerdict::Same
        | KubeletVerdict::Behind { .. }
        | KubeletVerdict::AtLimit { .. }
        | KubeletVerdict::TooNew { .. } => false,
    }
}

/// What the policy says of a kube-proxy of this line, on a node with this kubelet.
pub fn kube_proxy(proxy: Minor, kubelet: Minor, serving: Serving) -> ProxyVerdict {
    if proxy.major != serving.newest.major || proxy.major != kubelet.major {
        return ProxyVerdict::OtherMajor;
    }
    if proxy > serving.oldest {
        return ProxyVerdict::NewerThanApiServer { oldest: serving.oldest };
    }
    let limit = kubelet_reach(proxy);
    let behind = serving.newest.minor - proxy.minor;
    if behind > limit {
        return ProxyVerdict::TooOld { minors: behind, limit };
    }
    let minors = proxy.minor.abs_diff(kubelet.minor);
    if minors > limit {
        return ProxyVerdict::FarFromKubelet { minors, limit };
    }
    ProxyVerdict::Fits
}

impl KubeletVerdict {
    /// Whether the policy supports it.
    pub fn is_supported(self) -> bool {
        matches!(self, Self::Same | Self::Behind { .. } | Self::AtLimit { .. })
    }

    /// The line of the policy that decides.
    pub fn policy(self, serving: Serving) -> PolicyLine {
        match self {
            Self::AtLimit { .. } => PolicyLine::KubeletUpgrade,
            _ if serving.is_mixed() => PolicyLine::KubeletMixed,
            _ => PolicyLine::Kubelet,
        }
    }
}

impl ProxyVerdict {
    /// Whether the policy supports it.
    pub fn is_supported(self) -> bool {
        self == Self::Fits
    }
}

impl PolicyLine {
    /// Where it stands.
    pub fn url(self) -> &'static str {
        match self {
            Self::Kubelet | Self::KubeletMixed => "https://kubernetes.io/releases/version-skew-policy/#kubelet",
            Self::KubeletUpgrade => "https://kubernetes.io/releases/version-skew-policy/#kubelet-1",
            Self::KubeProxy => "https://kubernetes.io/releases/version-skew-policy/#kube-proxy",
        }
    }
}

impl fmt::Display for PolicyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kubelet => {
                "A kubelet is never newer than the API server, and at most three minors older (two before 1.25)."
            }
            Self::KubeletMixed => {
                "While API servers of two minors serve, a kubelet must suit both: not newer than the older, not too old for \
                 the newer."
            }
            Self::KubeletUpgrade => {
                "A node that is three minors behind must be upgraded before the control plane takes its next minor, and it \
                 is drained before its kubelet takes another minor."
            }
            Self::KubeProxy => {
                "A kube-proxy is never newer than the API server, at most three minors older (two before 1.25), and as \
                 close as that to the kubelet beside it."
            }
        })
    }
}

impl fmt::Display for KubeletVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("The kubelet has the minor of the API servers."),
            Self::Behind { minors, room } => {
                write!(f, "The kubelet is {} behind, and may fall behind by {}.", Minors(*minors), MoreMinors(*room))
            }
            Self::AtLimit { minors } => write!(
                f,
                "The kubelet is {} behind, as far as it may be: it must be upgraded before the control plane takes its next minor.",
                Minors(*minors)
            ),
            Self::TooOld { minors, limit } => {
                write!(f, "The kubelet is {} behind; {limit} are supported.", Minors(*minors))
            }
            Self::TooNew { oldest } => {
                write!(f, "The kubelet is newer than an API server that still serves {oldest}.")
            }
            Self::OtherMajor => f.write_str("The kubelet has another major version; the policy says nothing of it."),
        }
    }
}

impl fmt::Display for ProxyVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fits => f.write_str("kube-proxy suits the API servers and the kubelet."),
            Self::NewerThanApiServer { oldest } => {
                write!(f, "kube-proxy is newer than an API server that still serves {oldest}.")
            }
            Self::TooOld { minors, limit } => {
                write!(f, "kube-proxy is {} behind the API servers; {limit} are supported.", Minors(*minors))
            }
            Self::FarFromKubelet { minors, limit } => {
                write!(f, "kube-proxy is {} away from the kubelet; {limit} are supported.", Minors(*minors))
            }
            Self::OtherMajor => f.write_str("kube-proxy has another major version; the policy says nothing of it."),
        }
    }
}

/// `1 minor`, `3 minors`.
struct Minors(u64);

/// `1 minor more`, `2 minors more`.
struct MoreMinors(u64);

impl fmt::Display for Minors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "minor" } else { "minors" })
    }
}

impl fmt::Display for MoreMinors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} more", Minors(self.0))
    }
}
