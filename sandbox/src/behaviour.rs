//! How a tenant's pods and its API server behave: what a real cluster leaves to luck, this one leaves to settings.

use serde::{Deserialize, Serialize};

/// The behaviour of one tenant's control plane. Times are ranges in milliseconds, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TenantBehaviour {
    /// From being bound to a node until ready.
    pub startup_ms: (i64, i64),
    /// The part of it in which images are pulled, on a node that does not have them.
    pub pull_ms: (i64, i64),
    /// What such a pull takes longer than that; it comes on top of the start-up.
    pub first_pull_ms: (i64, i64),
    /// From the request to terminate until the object is gone; cut off by the pod's grace period.
    pub termination_ms: (i64, i64),
    /// How the tenant's API server answers Kamaji.
    pub tenant_api: TenantApi,
    /// Versions whose pods do not get ready.
    pub broken: Vec<BrokenVersion>,
}

/// How a tenant's API server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TenantApi {
    /// It answers if any of its pods is ready.
    Answers,
    /// Nothing can be reached.
    Refuses,
    /// It accepts connections and says nothing.
    Hangs,
}

/// A version whose pods do not get ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BrokenVersion {
    /// Image tags that start so (`v1.36.`).
    pub starts_with: String,
    /// But not these.
    #[serde(default)]
    pub except: Vec<String>,
    /// What is wrong.
    pub fault: PodFault,
}

/// Why a pod does not get ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PodFault {
    /// It runs, and its readiness probe fails for ever.
    NeverReady,
    /// kube-apiserver ends soon after each start.
    CrashLoop,
    /// The image is not in the registry.
    ImagePull,
}

impl Default for TenantBehaviour {
    fn default() -> Self {
        Self {
            startup_ms: (18_000, 27_000),
            pull_ms: (1_500, 4_000),
            first_pull_ms: (0, 0),
            termination_ms: (26_000, 30_000),
            tenant_api: TenantApi::Answers,
            broken: Vec::new(),
        }
    }
}

impl TenantBehaviour {
    /// What is wrong with pods whose kube-apiserver image has this tag.
    pub(crate) fn fault(&self, tag: &str) -> Option<PodFault> {
        if !in_registry(tag) {
            return Some(PodFault::ImagePull);
        }
        let broken = self
            .broken
            .iter()
            .find(|broken| tag.starts_with(&broken.starts_with) && !broken.except.iter().any(|except| except == tag));
        broken.map(|broken| broken.fault)
    }
}

/// The newest patch of each minor in the sandbox's registry.
const NEWEST_PATCHES: [(u64, u64); 8] = [(30, 14), (31, 14), (32, 13), (33, 13), (34, 9), (35, 9), (36, 4), (37, 1)];

/// The newest release of a minor of Kubernetes 1 in the sandbox's registry.
pub(crate) fn newest_patch(minor: u64) -> Option<String> {
    let (minor, patch) = NEWEST_PATCHES.iter().find(|(known, _)| *known == minor)?;
    Some(format!("v1.{minor}.{patch}"))
}

/// Whether the sandbox's registry has an image of this tag: released versions only, and always with the `v`.
pub(crate) fn in_registry(tag: &str) -> bool {
    let Some((major, rest)) = tag.strip_prefix('v').and_then(|version| version.split_once('.')) else { return false };
    let Some((minor, patch)) = rest.split_once('.') else { return false };
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (Some(minor), Some(patch)) = (number(minor), number(patch)) else { return false };
    major == "1" && NEWEST_PATCHES.iter().any(|(known, newest)| *known == minor && patch <= *newest)
}
