//! What must hold before the first node of a tenant is touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::stage::{older_pods, unsettled};
use crate::tenant::{DeclaredVersion, Reading, TenantSnapshot};
use crate::version::{KubernetesVersion, Minor};

/// One condition, and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gate {
    /// What is asked.
    pub subject: GateSubject,
    /// The answer.
    pub state: GateState,
}

/// What is asked before the first node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GateSubject {
    /// No API server of an older version is left. A new kubelet that meets an old API server behind the same address fails
    /// to start pods (kubernetes/kubernetes issue 127316).
    Finished,
    /// The tenant's `kubeadm-config` says the new version: `kubeadm upgrade node` and `kubeadm join` read it.
    KubeadmConfig,
    /// The tenant's `kubelet-config` has nothing that the kubelet to install refuses (kamaji issue 1062).
    KubeletConfig,
}

/// Whether a condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum GateState {
    /// It holds.
    Open,
    /// It does not; why, in words.
    Closed {
        /// Why.
        why: String,
    },
    /// It could not be read; why, in words. Not the same as open.
    Unknown {
        /// Why.
        why: String,
    },
}

/// What matters of the ConfigMap `kube-system/kubelet-config` of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KubeletConfig {
    /// The top-level fields that are set.
    pub fields: BTreeSet<String>,
    /// `featureGates`.
    pub feature_gates: BTreeMap<String, bool>,
}

/// A field of the kubelet's configuration that a kubelet refuses while its feature gate is off.
///
/// The minors are those of Kubernetes' table of feature gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatedField {
    /// The field.
    pub path: &'static str,
    /// Its feature gate.
    pub gate: &'static str,
    /// The first minor that knows the gate.
    pub known_since: Minor,
    /// The first minor in which the gate is on by itself.
    pub on_since: Minor,
}

const GATED_FIELDS: [GatedField; 2] = [
    GatedField {
        path: "crashLoopBackOff",
        gate: "KubeletCrashLoopBackOffMax",
        known_since: Minor { major: 1, minor: 32 },
        on_since: Minor { major: 1, minor: 35 },
    },
    GatedField {
        path: "imagePullCredentialsVerificationPolicy",
        gate: "KubeletEnsureSecretPulledImages",
        known_since: Minor { major: 1, minor: 33 },
        on_since: Minor { major: 1, minor: 35 },
    },
];

/// The gated fields that Kamaji is known to write for every tenant.
pub fn gated_fields() -> &'static [GatedField] {
    &GATED_FIELDS
}

impl GatedField {
    /// Whether a kubelet of this minor takes the configuration as far as this field goes.
    pub fn is_taken(&self, config: &KubeletConfig, kubelet: Minor) -> bool {
        let gate = config.feature_gates.get(self.gate);
        if gate.is_some() && kubelet < self.known_since {
            // A kubelet does not start with a gate that it does not know.
            return false;
        }
        let on = gate.copied().unwrap_or(kubelet >= self.on_since);
        on || !config.fields.contains(self.path)
    }
}

/// One operation of a JSON patch (RFC 6902), as `spec.kubernetes.kubelet.configurationJSONPatches` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonPatch {
    /// `remove` or `replace`.
    pub op: String,
    /// JSON pointer into the kubelet's configuration.
    pub path: String,
    /// The new value of a `replace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<bool>,
}

/// The patches after which all of these kubelets take the configuration, as far as the gated fields go; none if they do already.
///
/// Each names only what is there: an operation on an absent path would make Kamaji refuse the whole list.
pub fn kubelet_patches(config: &KubeletConfig, kubelets: &[Minor]) -> Vec<JsonPatch> {
    let mut patches = Vec::new();
    for field in &GATED_FIELDS {
        if kubelets.iter().all(|kubelet| field.is_taken(config, *kubelet)) {
            continue;
        }
        if config.fields.contains(field.path) {
            patches.push(JsonPatch { op: "remove".to_owned(), path: format!("/{}", field.path), value: None });
        }
        if let Some(on) = config.feature_gates.get(field.gate) {
            let path = format!("/featureGates/{}", field.gate);
            if kubelets.iter().any(|kubelet| *kubelet < field.known_since) {
                patches.push(JsonPatch { op: "remove".to_owned(), path, value: None });
            } else if *on {
                patches.push(JsonPatch { op: "replace".to_owned(), path, value: Some(false) });
            }
        }
    }
    patches
}

/// The gates before the first node, for a kubelet that goes to `target` by way of `kubelets` (the minors that will be installed).
pub fn gates(
    snapshot: &TenantSnapshot,
    target: &KubernetesVersion,
    kubeadm_config: &Reading<DeclaredVersion>,
    kubelet_config: &Reading<KubeletConfig>,
    kubelets: &[Minor],
) -> Vec<Gate> {
    [
        (GateSubject::Finished, finished(snapshot, target)),
        (GateSubject::KubeadmConfig, kubeadm_says(kubeadm_config, target)),
        (GateSubject::KubeletConfig, kubelet_takes(kubelet_config, kubelets)),
    ]
    .into_iter()
    .map(|(subject, state)| Gate { subject, state })
    .collect()
}

fn finished(snapshot: &TenantSnapshot, target: &KubernetesVersion) -> GateState {
    if let Some(finding) = unsettled(snapshot).first() {
        return GateState::Closed { why: finding.to_string() };
    }
    match snapshot.desired_version.parsed() {
        Ok(serving) if serving.minor() >= target.minor() => {}
        _ => {
            let serving = &snapshot.desired_version;
            return GateState::Closed {
                why: format!("The control plane runs {serving}, the kubelets are to get {target}."),
            };
        }
    }
    match older_pods(snapshot) {
        None => GateState::Unknown { why: "The pods of the control plane cannot be read.".to_owned() },
        Some(0) => GateState::Open,
        Some(1) => GateState::Closed { why: "An API server pod of an older version is left.".to_owned() },
        Some(pods) => GateState::Closed { why: format!("{pods} API server pods of an older version are left.") },
    }
}

fn kubeadm_says(config: &Reading<DeclaredVersion>, target: &KubernetesVersion) -> GateState {
    let said = match config {
        Reading::Read(said) => said,
        other => return unread("the ConfigMap kube-system/kubeadm-config", other),
    };
    match said.parsed() {
        Ok(version) if version >= *target => GateState::Open,
        Ok(version) => GateState::Closed { why: format!("It still says {version}.") },
        Err(error) => GateState::Closed { why: format!("What it says is no version: {error}.") },
    }
}

fn kubelet_takes(config: &Reading<KubeletConfig>, kubelets: &[Minor]) -> GateState {
    let config = match config {
        Reading::Read(config) => config,
        other => return unread("the ConfigMap kube-system/kubelet-config", other),
    };
    let refused = GATED_FIELDS
        .iter()
        .find_map(|field| kubelets.iter().find(|kubelet| !field.is_taken(config, **kubelet)).map(|it| (field, it)));
    match refused {
        None => GateState::Open,
        Some((field, kubelet)) => GateState::Closed {
            why: format!(
                "A kubelet of {kubelet} refuses the field `{}` without the feature gate {}, or does not know the gate; take both out by \
                 spec.kubernetes.kubelet.configurationJSONPatches.",
                field.path, field.gate
            ),
        },
    }
}

fn unread<T>(what: &str, reading: &Reading<T>) -> GateState {
    match reading {
        Reading::Read(_) | Reading::Waiting => GateState::Unknown { why: format!("{what} has not been read yet.") },
        Reading::Missing => GateState::Closed { why: format!("{what} does not exist.") },
        Reading::Forbidden(words) => GateState::Unknown { why: format!("{what} may not be read: {words}.") },
    }
}

impl Gate {
    /// Whether the first node may be touched as far as this gate goes.
    pub fn is_open(&self) -> bool {
        self.state == GateState::Open
    }
}

impl fmt::Display for GateSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Finished => "The control plane is finished: no API server of an older version is left.",
            Self::KubeadmConfig => "The tenant's kubeadm-config says the new version.",
            Self::KubeletConfig => "The tenant's kubelet-config suits the kubelets to install.",
        })
    }
}

impl fmt::Display for GateState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Closed { why } => write!(f, "closed: {why}"),
            Self::Unknown { why } => write!(f, "not known: {why}"),
        }
    }
}
