use std::fmt;

use serde::{Deserialize, Serialize};

use super::Stage;
use crate::finding::{Finding, FindingKind};
use crate::operator::OperatorRules;
use crate::strategy::Strategy;
use crate::tenant::{KamajiStatus, TenantSnapshot};
use crate::version::{KubernetesVersion, Minor};

/// A way out of a stuck hop. Each is offered only at the stages at which it was seen to work on a running Kamaji; going back to
/// the former minor is never one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Exit {
    /// Bring the tenant's API server back; Kamaji goes on by itself.
    RestoreTenantApi,
    /// Set the version back to the installed one: possible inside one minor only.
    PatchRollback {
        /// The installed version, as it was written.
        to: String,
    },
    /// Go on to a newer patch of the wanted minor.
    NewerPatch {
        /// The wanted minor.
        minor: Minor,
    },
    /// Write a strategy that a Deployment takes.
    ValidStrategy {
        /// The one to write.
        strategy: Strategy,
    },
    /// Need no extra pod: 0/1.
    InPlace,
    /// Raise the quota of the namespace.
    RaiseQuota,
    /// Make room on the nodes.
    MakeRoom,
    /// Make the image available.
    ProvideImage,
    /// Mend what keeps the pods from getting ready.
    MendPods,
    /// Remove the pause.
    Unpause,
    /// Lift `spec.writePermissions`.
    LiftWriteLimits,
    /// An administrator sets the status to Upgrading, which lets Kamaji pass its gate.
    StatusPatch,
    /// It passes by itself.
    Wait,
}

/// The ways out that exist now, best first. None while nothing is stuck.
pub(super) fn open_now(snapshot: &TenantSnapshot, stage: Stage, stuck: &[Finding]) -> Vec<Exit> {
    let mut exits = Vec::new();
    let mut add = |exit: Exit| {
        if !exits.contains(&exit) {
            exits.push(exit);
        }
    };
    let has = |test: fn(&FindingKind) -> bool| stuck.iter().any(|finding| test(&finding.kind));
    let dead_end = has(|kind| matches!(kind, FindingKind::DeadEnd { .. }));
    let deadlock = has(|kind| matches!(kind, FindingKind::NotReadyDeadlock));
    let gate = has(|kind| matches!(kind, FindingKind::GateClosed { .. }));
    let pods = has(is_about_pods);
    // While the status is Upgrading Kamaji skips its gate, so a changed version or strategy reaches the Deployment.
    let applies = snapshot.status == KamajiStatus::Upgrading && stage == Stage::RollingOut;

    if has(|kind| matches!(kind, FindingKind::PausedDuringChange)) {
        add(Exit::Unpause);
    }
    if has(|kind| matches!(kind, FindingKind::WriteLimitedDuringHop)) {
        add(Exit::LiftWriteLimits);
    }
    if has(|kind| matches!(kind, FindingKind::StrategyStallsKamaji { .. })) {
        add(Exit::ValidStrategy { strategy: Strategy::BLUE_GREEN });
    }
    if gate {
        add(Exit::RestoreTenantApi);
    }
    if has(|kind| matches!(kind, FindingKind::QuotaExceeded)) {
        add(Exit::RaiseQuota);
    }
    if has(|kind| matches!(kind, FindingKind::Unschedulable { .. })) {
        add(Exit::MakeRoom);
    }
    let no_room = has(|kind| matches!(kind, FindingKind::QuotaExceeded | FindingKind::Unschedulable { .. }));
    if applies && no_room && snapshot.replicas > 1 {
        // In place already: each old pod that ends makes room for one new pod.
        let in_place = snapshot.strategy.under_kamaji() == Ok(Strategy::IN_PLACE);
        add(if in_place { Exit::Wait } else { Exit::InPlace });
    }
    if has(|kind| matches!(kind, FindingKind::ImagePullFails { .. })) {
        add(Exit::ProvideImage);
    }
    if let Some(back) = patch_rollback(snapshot)
        && !dead_end
        && (gate || deadlock || (applies && pods))
    {
        add(back);
    }
    // Pods that hang are replaced by those of another patch. One that finds no room, or is not created, hangs there as well.
    let not_even_there = no_room || has(|kind| matches!(kind, FindingKind::ReplicaFailure));
    let pods_hang = has(has_a_container_that_fails)
        || (has(|kind| matches!(kind, FindingKind::ProgressDeadlineExceeded)) && !not_even_there);
    if applies
        && pods_hang
        && !deadlock
        && let Some(minor) = snapshot.desired_version.minor()
    {
        add(Exit::NewerPatch { minor });
    }
    if (deadlock && patch_rollback(snapshot).is_none()) || dead_end {
        add(Exit::StatusPatch);
    }
    if pods && exits.is_empty() {
        exits.push(Exit::MendPods);
    }
    if exits.is_empty() && !stuck.is_empty() {
        exits.push(Exit::Wait);
    }
    exits
}

fn is_about_pods(kind: &FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::ProgressDeadlineExceeded
            | FindingKind::QuotaExceeded
            | FindingKind::ReplicaFailure
            | FindingKind::Unschedulable { .. }
            | FindingKind::ImagePullFails { .. }
            | FindingKind::CrashLoops { .. }
            | FindingKind::PodsTroubled { .. }
    )
}

fn has_a_container_that_fails(kind: &FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::ImagePullFails { .. } | FindingKind::CrashLoops { .. } | FindingKind::PodsTroubled { .. }
    )
}

/// The installed version, if Kamaji takes it back: in the same minor, and not where the operator compares patches.
fn patch_rollback(snapshot: &TenantSnapshot) -> Option<Exit> {
    let installed = snapshot.installed_version.as_ref().filter(|it| **it != snapshot.desired_version)?;
    let (from, to) = (installed.parsed().ok()?, snapshot.desired_version.as_kamaji_reads_it()?);
    let same_minor = from.as_semver().major == to.major && from.as_semver().minor == to.minor;
    let allowed = if OperatorRules::seen_on(snapshot).allows_patch_rollback() {
        // A pre-release counts as older than its own minor: Kamaji refuses to go back to one.
        from.is_prerelease() <= !to.pre.is_empty()
    } else {
        *from.as_semver() >= to
    };
    (same_minor && allowed).then(|| Exit::PatchRollback { to: installed.to_string() })
}

impl Exit {
    /// Whether a change of the version, or of the strategy alone, is this way out.
    pub fn is_taken_by(
        &self,
        snapshot: &TenantSnapshot,
        version: &KubernetesVersion,
        strategy: Option<Strategy>,
    ) -> bool {
        let stays = snapshot.desired_version.0 == version.to_string();
        match self {
            Self::PatchRollback { to } => *to == version.to_string(),
            Self::NewerPatch { minor } => !stays && version.minor() == *minor,
            Self::ValidStrategy { .. } => stays && strategy.is_some_and(|chosen| chosen.validated().is_ok()),
            Self::InPlace => stays && strategy == Some(Strategy::IN_PLACE),
            Self::RestoreTenantApi
            | Self::RaiseQuota
            | Self::MakeRoom
            | Self::ProvideImage
            | Self::MendPods
            | Self::Unpause
            | Self::LiftWriteLimits
            | Self::StatusPatch
            | Self::Wait => false,
        }
    }

    /// Whether only an administrator of the management cluster can take it.
    pub fn is_for_administrators(&self) -> bool {
        matches!(self, Self::StatusPatch | Self::RaiseQuota | Self::MakeRoom | Self::ProvideImage)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RestoreTenantApi => f.write_str(
                "Bring the tenant's API server back: Kamaji asks it before it begins, and goes on a few seconds after it answers.",
            ),
            Self::PatchRollback { to } => {
                write!(f, "Set the version back to {to}: inside one minor Kamaji takes it, and everything else is applied again.")
            }
            Self::NewerPatch { minor } => {
                write!(f, "Go on to another patch of {minor}: the pods that hang are replaced. There is no way back to the minor before.")
            }
            Self::ValidStrategy { strategy } => {
                write!(f, "Write a strategy that a Deployment takes, such as {} ({strategy}): the hop goes on.", strategy.name())
            }
            Self::InPlace => f.write_str(
                "Switch to in place (0/1): it needs no extra pod, and takes one serving API server away at a time.",
            ),
            Self::RaiseQuota => f.write_str(
                "Raise the quota of the namespace. The next try comes after a pause that has grown with the failures.",
            ),
            Self::MakeRoom => f.write_str("Make room on the nodes, or allow more of them to this tenant."),
            Self::ProvideImage => f.write_str("Make the image available in the registry; the pods try again by themselves."),
            Self::MendPods => f.write_str("Mend what keeps the pods from getting ready; their own messages say what it is."),
            Self::Unpause => f.write_str("Remove the annotation kamaji.clastix.io/paused: Kamaji goes on."),
            Self::LiftWriteLimits => {
                f.write_str("Lift the limits in spec.writePermissions: the version is recorded within seconds.")
            }
            Self::StatusPatch => f.write_str(
                "An administrator sets status.kubernetesResources.version.status to Upgrading (subresource status): Kamaji then \
                 passes its gate once and applies what is wanted.",
            ),
            Self::Wait => f.write_str("Wait: it passes by itself."),
        }
    }
}
