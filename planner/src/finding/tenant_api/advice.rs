use super::TenantFinding;

impl TenantFinding {
    /// What to do about it, if there is anything to do.
    pub fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::NotAsked { why } => why.remedy(),
            Self::Silent { .. } => {
                "Bring the API server back first: Kamaji asks it before it starts, and until it answers nothing else is applied."
            }
            Self::SilentFromHere { .. } => {
                "Make sure that it answers where Kamaji runs: without an answer Kamaji does not start. Then check again."
            }
            Self::PartNotChecked { .. } => "Check again, or check it yourself.",
            Self::KubeletsTooOld { .. } => "Upgrade these nodes first, or replace them.",
            Self::KubeletsTooNew { .. } => "Choose a version that is not older than these kubelets.",
            Self::KubeletsAhead { .. } => "Nothing for this hop. Upgrade nodes only after their control plane.",
            Self::KubeletsHoldNext { .. } => "Plan their upgrade right after this hop.",
            Self::KubeletsUnreadable { .. } => "Look at the nodes yourself: `kubectl get nodes`.",
            Self::NodesNotReady { .. } => {
                "Look at their conditions: `kubectl describe node`. The hop does not need them, an upgrade of the nodes does."
            }
            Self::ProxiesUnsupported { .. } => {
                "Take the version out of spec.addons.kubeProxy, so that kube-proxy follows, or upgrade the nodes first."
            }
            Self::RemovedApiUsed { instead: Some(instead), .. } => {
                return Some(format!(
                    "Let whoever asks use {instead}, and change manifests and charts; after the hop such requests fail."
                ));
            }
            Self::RemovedApiUsed { .. } => {
                "Find who asks (the audit log has the annotation k8s.io/deprecated), and change it; after the hop such requests fail."
            }
            Self::ApiGoesNext { .. } => "Have it changed before the following hop.",
            Self::RemovedApisServed { .. } => {
                "Ask the tenant's users, or look for the annotation k8s.io/deprecated in the audit log."
            }
            Self::HookBroken { .. } => {
                "Bring its pods back, or take it away if what it belonged to is gone: until then the requests it is for fail."
            }
            Self::AggregatedApiUnavailable { .. } => {
                "Bring its server back, or delete the APIService if what it belonged to is gone: namespaces cannot be deleted meanwhile."
            }
            Self::KubeletConfigRefused { patches, .. } => {
                return Some(format!(
                    "Before such a node joins or is upgraded, set spec.kubernetes.kubelet.configurationJSONPatches to {patches}."
                ));
            }
            Self::KubeadmConfigDiffers { .. } => {
                "Wait until Kamaji has written it; kubeadm on the nodes reads its version there."
            }
            Self::BudgetsExhausted { .. } => {
                "Nothing for the control plane. Before nodes are drained: add a replica, or bring unready pods up."
            }
            Self::AddOnPinned { .. } => {
                "Check that this version suits the wanted one, or take it out of spec.addons, so that it follows."
            }
            Self::BackupOld { .. } => "Make a backup now; restoring one is the only way back from a minor.",
            Self::NoBackupSeen => {
                "When was the DataStore last backed up, and who has restored it once? Ask the platform team; without it there is no way \
                 back from a minor."
            }
            Self::Answers { .. }
            | Self::NoNodes
            | Self::KubeletsFit { .. }
            | Self::ProxiesFit { .. }
            | Self::NoRemovedApiUsed { .. }
            | Self::HooksAnswered { .. }
            | Self::AggregatedApisAvailable { .. }
            | Self::KubeletConfigSuits { .. }
            | Self::KubeadmConfigAgrees { .. }
            | Self::BudgetsAllow { .. }
            | Self::AddOnsFollow
            | Self::BackupSeen { .. } => return None,
        };
        Some(text.to_owned())
    }
}
