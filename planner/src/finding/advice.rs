use super::{FindingKind, RoomOutcome, Severity, Source};
use crate::datastore::AgainstLimit;
use crate::strategy::Strategy;

impl FindingKind {
    /// What it means for a step. The same kind always means the same.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Tenant(finding) => finding.severity(),
            // The numbers are ranges, so none of it blocks.
            Self::DataStoreLimit { peak, limit, all_counted, .. } => match (peak.against(*limit), all_counted) {
                (AgainstLimit::Within, true) => Severity::Passes,
                (AgainstLimit::MayExceed, _) => Severity::Warns,
                (AgainstLimit::Within, false) | (AgainstLimit::Unlimited, _) => Severity::Unknown,
            },
            Self::AboveCeiling { .. }
            | Self::Downgrade { .. }
            | Self::SkipsMinors { .. }
            | Self::AlreadyWanted { .. }
            | Self::CurrentVersionUnreadable { .. }
            | Self::Deleting
            | Self::OwnedByClusterApi { .. }
            | Self::OwnedByGit { .. }
            | Self::Paused
            | Self::WriteLimited { .. }
            | Self::Migrating { .. }
            | Self::DataStoreMissing
            | Self::HopInFlight { .. }
            | Self::NeverInstalled { .. }
            | Self::ChangeNotObserved { .. }
            | Self::DeploymentNotSettled { .. }
            | Self::DeploymentUnreadable { .. }
            | Self::StatusNotReady { .. }
            | Self::ViewStale { .. }
            | Self::SleepingNotSupported
            | Self::StrategyInvalid { .. }
            | Self::NotAcknowledged { .. }
            | Self::NameNotTyped { .. }
            | Self::ProgressDeadlineExceeded
            | Self::QuotaExceeded
            | Self::ReplicaFailure
            | Self::Unschedulable { .. }
            | Self::ImagePullFails { .. }
            | Self::CrashLoops { .. }
            | Self::PodsTroubled { .. }
            | Self::GateClosed { .. }
            | Self::NotReadyDeadlock
            | Self::DeadEnd { .. }
            | Self::StrategyStallsKamaji { .. }
            | Self::WriteLimitedDuringHop
            | Self::PausedDuringChange
            | Self::Room { outcome: RoomOutcome::DoesNotFit, .. }
            | Self::DataStoreBusy { .. }
            | Self::DryRunRefused { .. } => Severity::Blocks,
            Self::PreRelease { .. }
            | Self::EndOfLife { .. }
            | Self::MaintenanceOnly { .. }
            | Self::NotInReleaseTable { .. }
            | Self::MinorCannotBeUndone { .. }
            | Self::PatchCannotBeUndone
            | Self::KubeProxyAhead { .. }
            | Self::ConnectionsDrop
            | Self::KubectlSkew { .. }
            | Self::SleepingHop
            | Self::KonnectivitySecondWrite { .. }
            | Self::ReadyComesEarly
            | Self::StrategyStays { .. }
            | Self::OneReplicaOutage { .. }
            | Self::RecreateOutage { .. }
            | Self::NoServingFloor { .. }
            | Self::SurgeAddsPods { .. }
            | Self::DataStoreLoad { .. }
            | Self::StatusAheadOfDeployment { .. }
            | Self::ImageNotInRegistry { .. }
            | Self::Room { outcome: RoomOutcome::InTurn | RoomOutcome::Depends, .. } => Severity::Warns,
            Self::CeilingUnknown { .. }
            | Self::KubeletsNotChecked { .. }
            | Self::TenantApiNotChecked
            | Self::ResourcesUnknown
            | Self::Room { outcome: RoomOutcome::Unknown, .. }
            | Self::RoomNotChecked { .. }
            | Self::DataStoreNotAllCounted { .. }
            | Self::ImageNotChecked { known: None, .. }
            | Self::DryRunNotJudged { .. } => Severity::Unknown,
            Self::VersionAllowed { .. }
            | Self::LastChangeSettled
            | Self::WayOut { .. }
            | Self::NobodyElseWrites
            | Self::PatchCanBeUndone { .. }
            | Self::Room { outcome: RoomOutcome::Fits, .. }
            | Self::DataStoreShared { .. }
            | Self::ImageInRegistry { .. }
            | Self::ImageNotChecked { known: Some(_), .. }
            | Self::DryRunAccepted
            | Self::StrategyAllows { .. } => Severity::Passes,
        }
    }

    /// Where the rule comes from.
    pub fn source(&self) -> Source {
        match self {
            Self::Tenant(finding) => finding.source(),
            Self::AboveCeiling { .. }
            | Self::Downgrade { .. }
            | Self::SkipsMinors { .. }
            | Self::CeilingUnknown { .. }
            | Self::VersionAllowed { .. }
            | Self::MinorCannotBeUndone { .. }
            | Self::PatchCannotBeUndone
            | Self::PatchCanBeUndone { .. }
            | Self::CurrentVersionUnreadable { .. }
            | Self::DryRunAccepted
            | Self::DryRunRefused { .. }
            | Self::DryRunNotJudged { .. } => Source::KamajiAdmission,
            Self::Paused
            | Self::WriteLimited { .. }
            | Self::Migrating { .. }
            | Self::DataStoreMissing
            | Self::HopInFlight { .. }
            | Self::NeverInstalled { .. }
            | Self::ChangeNotObserved { .. }
            | Self::StatusNotReady { .. }
            | Self::TenantApiNotChecked
            | Self::KubeProxyAhead { .. }
            | Self::SleepingHop
            | Self::SleepingNotSupported
            | Self::KonnectivitySecondWrite { .. }
            | Self::ReadyComesEarly
            | Self::ResourcesUnknown
            | Self::GateClosed { .. }
            | Self::NotReadyDeadlock
            | Self::DeadEnd { .. }
            | Self::StrategyStallsKamaji { .. }
            | Self::StrategyStays { .. }
            | Self::WriteLimitedDuringHop
            | Self::PausedDuringChange
            | Self::WayOut { .. }
            | Self::StatusAheadOfDeployment { .. } => Source::KamajiController,
            Self::SurgeAddsPods { .. }
            | Self::DataStoreLoad { .. }
            | Self::DataStoreShared { .. }
            | Self::DataStoreBusy { .. }
            | Self::DataStoreNotAllCounted { .. }
            | Self::DataStoreLimit { .. } => Source::KamajiGuide,
            Self::Room { .. } | Self::RoomNotChecked { .. } => Source::Scheduler,
            Self::ImageInRegistry { .. } | Self::ImageNotInRegistry { .. } | Self::ImageNotChecked { .. } => {
                Source::Registry
            }
            Self::KubeletsNotChecked { .. } | Self::KubectlSkew { .. } => Source::SkewPolicy,
            Self::DeploymentNotSettled { .. }
            | Self::ConnectionsDrop
            | Self::StrategyAllows { .. }
            | Self::StrategyInvalid { .. }
            | Self::OneReplicaOutage { .. }
            | Self::RecreateOutage { .. }
            | Self::NoServingFloor { .. }
            | Self::ProgressDeadlineExceeded
            | Self::QuotaExceeded
            | Self::ReplicaFailure => Source::DeploymentController,
            Self::Unschedulable { .. }
            | Self::ImagePullFails { .. }
            | Self::CrashLoops { .. }
            | Self::PodsTroubled { .. } => Source::Pods,
            Self::PreRelease { .. }
            | Self::NotInReleaseTable { .. }
            | Self::EndOfLife { .. }
            | Self::MaintenanceOnly { .. } => Source::Releases,
            Self::OwnedByClusterApi { .. } => Source::ClusterApi,
            Self::AlreadyWanted { .. }
            | Self::Deleting
            | Self::OwnedByGit { .. }
            | Self::DeploymentUnreadable { .. }
            | Self::ViewStale { .. }
            | Self::LastChangeSettled
            | Self::NobodyElseWrites
            | Self::NotAcknowledged { .. }
            | Self::NameNotTyped { .. } => Source::Console,
        }
    }

    /// What to do about it, if there is anything to do.
    pub fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::Tenant(finding) => return finding.remedy(),
            Self::AboveCeiling { .. } => "Upgrade Kamaji first, or choose an older version.",
            Self::SkipsMinors { .. } => {
                "Go one minor at a time, and bring the workers along where the version skew asks for it."
            }
            Self::Downgrade { .. } => {
                "Restore a backup of the DataStore into a new tenant; no supported way leads back from a minor."
            }
            Self::CurrentVersionUnreadable { .. } => "Have an administrator correct the version in the object.",
            Self::CeilingUnknown { .. } => "The dry run will show whether Kamaji takes this version.",
            Self::PreRelease { .. } => "Choose a release.",
            Self::NotInReleaseTable { .. } => "Make sure that the image exists in the registry; Kamaji does not.",
            Self::EndOfLife { .. } | Self::MaintenanceOnly { .. } => "Plan the next minor.",
            Self::OwnedByClusterApi { cluster, control_plane } => {
                return Some(match cluster {
                    Some(cluster) => format!(
                        "Change the version in Cluster {cluster} (if it has a topology) or else in KamajiControlPlane {control_plane}; \
                         a change made here would be reverted."
                    ),
                    None => format!(
                        "Change the version in KamajiControlPlane {control_plane}; a change made here would be reverted."
                    ),
                });
            }
            Self::OwnedByGit { .. } => {
                "Make the change where the object comes from; a change made here would be reverted."
            }
            Self::Paused => "Remove the annotation kamaji.clastix.io/paused (any value pauses, even false).",
            Self::WriteLimited { .. } | Self::WriteLimitedDuringHop => {
                "Lift the limits in spec.writePermissions; the version is recorded within seconds after that."
            }
            Self::Migrating { .. } => "Wait until the migration has ended.",
            Self::DataStoreMissing => "Wait until Kamaji has set up the storage, or name an existing DataStore.",
            Self::HopInFlight { .. } => {
                "Wait until the running hop is settled. A second hop now can end where no version is accepted any more."
            }
            Self::NeverInstalled { .. } => "Wait until the control plane has come up for the first time.",
            Self::ChangeNotObserved { .. } | Self::DeploymentNotSettled { .. } => {
                "Wait until the last change is settled."
            }
            Self::DeploymentUnreadable { .. } => {
                "Give the console's account get, list and watch on Deployments; without them nothing shows whether the last change is settled."
            }
            Self::StatusNotReady { .. } => {
                "Wait until Kamaji reports Ready. From any other state an upgrade can block everything that comes after it."
            }
            Self::ViewStale { .. } => "Wait until the connection to the management cluster is back.",
            Self::KubeletsNotChecked { .. } => {
                "Compare each node's kubelet version yourself: none newer than the wanted minor, none more than three minors older."
            }
            Self::TenantApiNotChecked => {
                "Make sure that kubectl get nodes answers on the tenant; without an answer Kamaji does not start."
            }
            Self::MinorCannotBeUndone { .. } => {
                "Take a backup of the DataStore now; restoring it is the only way back."
            }
            Self::PatchCannotBeUndone => "Take a backup of the DataStore now.",
            Self::KubectlSkew { .. } => {
                "Tell the tenant's users to bring kubectl within one minor of the wanted version."
            }
            Self::ConnectionsDrop => "Tell the tenant's users; clients that reconnect by themselves need nothing.",
            Self::SleepingNotSupported => "Scale the control plane up, upgrade it, and scale it down again.",
            Self::ReadyComesEarly => "Watch the pods rather than Kamaji's status; this console does.",
            Self::StrategyInvalid { error } | Self::StrategyStallsKamaji { error } => {
                return Some(format!(
                    "Choose a strategy that a Deployment takes, such as {}: {error}.",
                    Strategy::BLUE_GREEN
                ));
            }
            Self::StrategyStays { .. } => {
                "Restore the former strategy when the hop is finished; the console offers it."
            }
            Self::OneReplicaOutage { .. } => "Use surge only (1/0) or Blue/Green, or run more than one replica.",
            Self::RecreateOutage { .. } => "Use a rolling strategy.",
            Self::NoServingFloor { .. } => "Lower maxUnavailable.",
            Self::SurgeAddsPods { .. } => "Compare it with a strategy of less surge in the strategy lab.",
            Self::DataStoreLoad { .. } => "Upgrade one tenant of a DataStore at a time.",
            Self::ResourcesUnknown => {
                "Set requests in spec.controlPlane.deployment.resources, or assume some in the strategy lab."
            }
            Self::NotAcknowledged { .. } => "Tick it on the start page.",
            Self::NameNotTyped { expected } => return Some(format!("Type {expected}.")),
            Self::ProgressDeadlineExceeded => "Look at the pods that are not ready; the Deployment goes on trying.",
            Self::QuotaExceeded => {
                "Raise the quota of the namespace, or switch to in place (0/1), which needs no extra pod."
            }
            Self::ReplicaFailure => "Read the message; the Deployment tries again with growing pauses.",
            Self::Unschedulable { .. } => {
                "Make room on the nodes, or switch to in place (0/1), which needs no extra pod."
            }
            Self::ImagePullFails { .. } => {
                "Check that the image exists and the registry answers; another patch of the same minor is another image."
            }
            Self::CrashLoops { .. } => {
                "Read the container's log: often a flag or feature gate that this version no longer knows."
            }
            Self::PodsTroubled { .. } => "Read the pod's own message.",
            Self::GateClosed { .. } => {
                "Bring the tenant's API server back. Kamaji tries again by itself, after pauses that grow up to 17 minutes; any change of the TenantControlPlane, such as an annotation, makes it try at once. Its log says what it waits for."
            }
            Self::NotReadyDeadlock => {
                "See the exits; changes to strategy, resources or replicas are not applied in this state."
            }
            Self::DeadEnd { .. } => "Only an administrator can free it, by setting the status to Upgrading.",
            Self::PausedDuringChange => "Remove the annotation kamaji.clastix.io/paused; Kamaji goes on after that.",
            Self::StatusAheadOfDeployment { .. } => "Wait; the real rollout follows within seconds.",
            Self::Room { outcome: RoomOutcome::DoesNotFit, .. } => {
                "Make room on the nodes or raise the quota, or take a strategy that needs less."
            }
            Self::Room { outcome: RoomOutcome::Unknown, .. } | Self::RoomNotChecked { .. } => {
                "Compare the room that is left on the nodes with what the pods request yourself."
            }
            Self::DataStoreNotAllCounted { .. } => {
                "Ask a platform administrator whether another tenant of this DataStore is being upgraded now."
            }
            Self::DataStoreBusy { .. } => "Wait until it is finished, or ask a platform administrator.",
            Self::DataStoreLimit { peak, .. } if peak.most.is_none() => {
                "Set `--datastore-max-open-connections` in `extraArgs.kine` of the tenants of this DataStore."
            }
            Self::DataStoreLimit { peak, limit, .. } if peak.against(*limit) != AgainstLimit::Within => {
                "Take a strategy of less surge, let the DataStore take more, or look at what it really holds."
            }
            Self::DataStoreLimit { all_counted: false, .. } => {
                "Ask a platform administrator how many connections the DataStore really holds."
            }
            Self::ImageNotInRegistry { .. } => {
                "Take a version that exists, or make sure that the nodes get the image from a mirror; else new pods never start."
            }
            Self::ImageNotChecked { known: None, .. } => "Look yourself whether the image exists; Kamaji does not.",
            Self::DryRunRefused { .. } => "Read the words of the refusal; nothing was written.",
            Self::DryRunNotJudged { .. } => "Look again when the API server and Kamaji answer.",
            Self::Room { .. }
            | Self::DataStoreShared { .. }
            | Self::DataStoreLimit { .. }
            | Self::ImageInRegistry { .. }
            | Self::ImageNotChecked { .. }
            | Self::DryRunAccepted
            | Self::AlreadyWanted { .. }
            | Self::VersionAllowed { .. }
            | Self::Deleting
            | Self::LastChangeSettled
            | Self::WayOut { .. }
            | Self::NobodyElseWrites
            | Self::PatchCanBeUndone { .. }
            | Self::KubeProxyAhead { .. }
            | Self::SleepingHop
            | Self::KonnectivitySecondWrite { .. }
            | Self::StrategyAllows { .. } => return None,
        };
        Some(text.to_owned())
    }
}
