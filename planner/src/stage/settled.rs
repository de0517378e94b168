use super::older_pods;
use crate::finding::{Finding, FindingKind};
use crate::tenant::{DeploymentFacts, KamajiStatus, Reading, TenantSnapshot};

/// Whether the last change is settled: the Deployment is complete on the wanted version, and Kamaji has recorded it.
pub fn is_settled(snapshot: &TenantSnapshot) -> bool {
    unsettled(snapshot).is_empty()
}

/// Whether it is settled and no pod of an older version exists, terminating ones included. `false` while the pods cannot be read.
pub fn is_finished(snapshot: &TenantSnapshot) -> bool {
    is_settled(snapshot) && older_pods(snapshot) == Some(0)
}

/// Everything that speaks against "settled", in the order in which a change passes through it. Empty means settled.
pub fn unsettled(snapshot: &TenantSnapshot) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &snapshot.installed_version {
        None => findings.push(FindingKind::NeverInstalled { wanted: snapshot.desired_version.to_string() }.into()),
        Some(installed) if *installed != snapshot.desired_version => findings.push(
            FindingKind::HopInFlight { installed: installed.to_string(), wanted: snapshot.desired_version.to_string() }
                .into(),
        ),
        Some(_) => {}
    }
    if let Some(observed) = snapshot.observed_generation
        && observed != snapshot.generation
    {
        findings.push(FindingKind::ChangeNotObserved { generation: snapshot.generation, observed }.into());
    }
    match &snapshot.deployment {
        Reading::Read(deployment) => findings.extend(
            deployment_gaps(snapshot, deployment)
                .into_iter()
                .map(|what| FindingKind::DeploymentNotSettled { what }.into()),
        ),
        Reading::Missing => findings.push(unreadable("it does not exist")),
        Reading::Waiting => findings.push(unreadable("the first list has not come back yet")),
        Reading::Forbidden(words) => findings.push(unreadable(words)),
    }
    if !is_at_rest(snapshot) {
        findings.push(FindingKind::StatusNotReady { status: snapshot.status.clone() }.into());
    }
    findings
}

/// Ready, or Sleeping where nothing is meant to run.
fn is_at_rest(snapshot: &TenantSnapshot) -> bool {
    match snapshot.status {
        KamajiStatus::Ready => true,
        KamajiStatus::Sleeping => snapshot.replicas == 0,
        _ => false,
    }
}

/// What the Deployment lacks to be complete on the wanted version, in words.
pub(super) fn deployment_gaps(snapshot: &TenantSnapshot, deployment: &DeploymentFacts) -> Vec<String> {
    let mut gaps = Vec::new();
    let wanted = deployment.replicas;
    match &deployment.version {
        Some(version) if *version == snapshot.desired_version => {}
        Some(version) => gaps.push(format!("it runs {version}, wanted is {}", snapshot.desired_version)),
        None => gaps.push("the version of its kube-apiserver cannot be read".to_owned()),
    }
    if deployment.observed_generation != Some(deployment.generation) {
        gaps.push("the Deployment controller has not processed its last change".to_owned());
    }
    if wanted != snapshot.replicas {
        gaps.push(format!("it has {wanted} replicas, wanted are {}", snapshot.replicas));
    }
    let counts = deployment.counts;
    for (count, word) in [(counts.updated, "updated"), (counts.ready, "ready"), (counts.available, "available")] {
        if count != wanted {
            gaps.push(format!("{count} of {wanted} pods are {word}"));
        }
    }
    if counts.replicas != wanted {
        gaps.push(format!("it has {} pods in place of {wanted}", counts.replicas));
    }
    if counts.unavailable != 0 {
        gaps.push(format!("{} pods are unavailable", counts.unavailable));
    }
    gaps
}

fn unreadable(why: &str) -> Finding {
    FindingKind::DeploymentUnreadable { why: why.to_owned() }.into()
}
