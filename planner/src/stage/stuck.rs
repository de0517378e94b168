use std::collections::BTreeMap;

use super::{GATE_MS, Stage};
use crate::finding::{Finding, FindingKind};
use crate::operator::OperatorRules;
use crate::tenant::{DeploymentFacts, KamajiStatus, TenantSnapshot};

/// What keeps the tenant from going on.
pub(super) fn findings(snapshot: &TenantSnapshot, stage: Stage, waited_ms: Option<i64>) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Also at rest: nothing that is changed from now on would be applied.
    if let Err(error) = snapshot.strategy.under_kamaji() {
        findings.push(Finding::new(
            FindingKind::StrategyStallsKamaji { error },
            format!("spec.controlPlane.deployment.strategy is {}", snapshot.strategy),
        ));
    }
    if matches!(stage, Stage::Idle | Stage::Sleeping | Stage::Settled | Stage::Finished) {
        return findings;
    }
    kamaji(snapshot, stage, waited_ms, &mut findings);
    if let Some(deployment) = snapshot.deployment.read() {
        conditions(deployment, &mut findings);
    }
    pods(snapshot, &mut findings);
    if is_not_ready_deadlock(snapshot, waited_ms, &findings) {
        findings.push(Finding::new(FindingKind::NotReadyDeadlock, "Kamaji reports NotReady, installed is not wanted"));
    }
    findings
}

/// What Kamaji itself waits for. It reports no errors in its API; these are read from what it leaves undone.
fn kamaji(snapshot: &TenantSnapshot, stage: Stage, waited_ms: Option<i64>, findings: &mut Vec<Finding>) {
    let hop_wanted = snapshot.installed_version.as_ref().is_some_and(|it| *it != snapshot.desired_version);
    let untouched = snapshot.deployment.read().is_some_and(|it| it.version.as_ref() != Some(&snapshot.desired_version));
    let other_size = snapshot.deployment.read().is_some_and(|it| it.replicas != snapshot.replicas);
    let heeds_a_pause = OperatorRules::seen_on(snapshot) == OperatorRules::Current;
    if (hop_wanted || other_size) && snapshot.paused && heeds_a_pause {
        findings.push(FindingKind::PausedDuringChange.into());
    }
    if hop_wanted && snapshot.write_limits.any() {
        findings.push(FindingKind::WriteLimitedDuringHop.into());
    }
    // At 0 replicas Kamaji asks nobody, and records two minors one after the other.
    if snapshot.status != KamajiStatus::Upgrading
        && snapshot.replicas > 0
        && untouched
        && let Some((installed, wanted)) = minors_apart(snapshot)
    {
        findings.push(FindingKind::DeadEnd { installed, wanted }.into());
    }
    if let (false, true, Some(recorded), Some(running)) = (
        hop_wanted,
        untouched,
        &snapshot.installed_version,
        snapshot.deployment.read().and_then(|deployment| deployment.version.as_ref()),
    ) {
        findings.push(
            FindingKind::StatusAheadOfDeployment { recorded: recorded.to_string(), running: running.to_string() }
                .into(),
        );
    }
    let explained = findings.iter().any(|finding| {
        matches!(
            finding.kind,
            FindingKind::PausedDuringChange | FindingKind::DeadEnd { .. } | FindingKind::StrategyStallsKamaji { .. }
        )
    });
    if stage == Stage::Gate
        && !explained
        && let Some(waited) = waited_ms
        && waited > GATE_MS
    {
        findings.push(Finding::new(
            FindingKind::GateClosed { seconds: waited / 1_000 },
            format!(
                "Kamaji reports {}, the Deployment is untouched. Kamaji reports no error in its API; see its log",
                snapshot.status
            ),
        ));
    }
}

/// Installed and wanted, if more than one minor lies between them.
fn minors_apart(snapshot: &TenantSnapshot) -> Option<(String, String)> {
    let installed = snapshot.installed_version.as_ref()?;
    let (from, to) = (installed.as_kamaji_reads_it()?, snapshot.desired_version.as_kamaji_reads_it()?);
    (from.major != to.major || to.minor > from.minor + 1)
        .then(|| (installed.to_string(), snapshot.desired_version.to_string()))
}

fn conditions(deployment: &DeploymentFacts, findings: &mut Vec<Finding>) {
    for condition in &deployment.conditions {
        match (condition.kind.as_str(), condition.status.as_str(), condition.reason.as_str()) {
            ("Progressing", "False", "ProgressDeadlineExceeded") => {
                findings.push(Finding::new(FindingKind::ProgressDeadlineExceeded, &condition.message));
            }
            ("ReplicaFailure", "True", _) => {
                let kind = if condition.message.contains("exceeded quota") {
                    FindingKind::QuotaExceeded
                } else {
                    FindingKind::ReplicaFailure
                };
                findings.push(Finding::new(kind, format!("{}: {}", condition.reason, condition.message)));
            }
            _ => {}
        }
    }
}

/// One finding for each reason that pods give, with the first message as evidence.
fn pods(snapshot: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let mut reasons: BTreeMap<&str, (u32, &str)> = BTreeMap::new();
    let troubled = snapshot.pods.read().into_iter().flatten().filter(|pod| pod.terminating_at.is_none());
    for trouble in troubled.filter_map(|pod| pod.trouble.as_ref()) {
        reasons.entry(&trouble.reason).or_insert((0, &trouble.message)).0 += 1;
    }
    for (reason, (pods, message)) in reasons {
        let kind = match reason {
            "Unschedulable" => FindingKind::Unschedulable { pods },
            "ImagePullBackOff" | "ErrImagePull" | "InvalidImageName" => {
                FindingKind::ImagePullFails { pods, reason: reason.to_owned() }
            }
            "CrashLoopBackOff" => FindingKind::CrashLoops { pods },
            _ => FindingKind::PodsTroubled { pods, reason: reason.to_owned() },
        };
        findings.push(Finding::new(kind, message));
    }
}

/// With no pod ready Kamaji's question to the tenant's API server fails, and nothing that comes after it is applied.
///
/// A dip passes by itself (one replica under 1/1: about a second; Recreate: the whole start-up), so something must also say that
/// the pods do not come. Only where the Deployment is still untouched is the mere time enough: nothing else will change it.
fn is_not_ready_deadlock(snapshot: &TenantSnapshot, waited_ms: Option<i64>, findings: &[Finding]) -> bool {
    let hop_wanted = snapshot.installed_version.as_ref().is_some_and(|it| *it != snapshot.desired_version);
    let untouched = snapshot.deployment.read().is_some_and(|it| it.version.as_ref() != Some(&snapshot.desired_version));
    let nothing_ready = snapshot.deployment.read().is_some_and(|deployment| deployment.counts.ready == 0);
    let pods_do_not_come = findings.iter().any(|finding| {
        matches!(
            finding.kind,
            FindingKind::ProgressDeadlineExceeded
                | FindingKind::QuotaExceeded
                | FindingKind::ReplicaFailure
                | FindingKind::Unschedulable { .. }
                | FindingKind::ImagePullFails { .. }
                | FindingKind::CrashLoops { .. }
                | FindingKind::PodsTroubled { .. }
        )
    }) || (untouched && waited_ms.is_some_and(|waited| waited > GATE_MS));
    snapshot.status == KamajiStatus::NotReady && hop_wanted && nothing_ready && pods_do_not_come
}
