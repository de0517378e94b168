//! The Deployment strategy of a control plane: as an object declares it, and as a validated value.

use serde::{Deserialize, Serialize};

/// `spec.controlPlane.deployment.strategy` as it stands in an object, which may be anything: Kamaji's API accepts `0/0`,
/// `"abc"` and the type `Canary`, and then hangs silently.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeclaredStrategy {
    /// `type`; `None` if absent.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `rollingUpdate`; `None` if absent or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling_update: Option<DeclaredRollingUpdate>,
}

/// `rollingUpdate` as it stands in an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeclaredRollingUpdate {
    /// `maxSurge`; `None` if absent or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_surge: Option<IntOrString>,
    /// `maxUnavailable`; `None` if absent or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
}

/// A Kubernetes int-or-string as it stands in an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IntOrString {
    /// A whole number.
    Int(i64),
    /// A text; only `N%` means anything.
    Text(String),
}

/// A validated number of pods: absolute, or a percentage of the replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IntOrPercent {
    /// Pods.
    Int(u32),
    /// Percent of `spec.replicas`.
    Percent(u32),
}

/// A validated strategy: what the Deployment controller would do with it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Strategy {
    /// Replace pods in steps.
    #[serde(rename_all = "camelCase")]
    RollingUpdate {
        /// How many pods more than `spec.replicas` may be asked for.
        max_surge: IntOrPercent,
        /// How many of `spec.replicas` may be unavailable.
        max_unavailable: IntOrPercent,
    },
    /// Delete all old pods, then create the new ones: an outage.
    Recreate,
}
