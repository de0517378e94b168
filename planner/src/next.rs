//! Which versions may come next, and for every other known version the reasons why it may not.
//!
//! First come Kamaji's own rules, in the order of its webhook; then what only the console knows, since Kamaji accepts a
//! version while paused, write-limited, migrating or in the middle of another hop, and is then stuck.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, FindingKind};
use crate::hop::HopKind;
use crate::operator::{Ceiling, OperatorKnowledge, OperatorRules, Refusal};
use crate::releases::{ReleaseTable, Support};
use crate::stage::{self, Exit, unsettled, way_out};
use crate::tenant::{DeclaredVersion, KamajiStatus, Owner, TenantSnapshot};
use crate::version::{KubernetesVersion, Minor};

/// Every known version with its verdict, grouped by minor, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionPicker {
    /// The release lines, newest first.
    pub minors: Vec<MinorChoice>,
    /// What stands against every version alike (also part of each verdict), to be shown once.
    pub standing: Vec<Finding>,
    /// What could not be checked of the versions. It hides none.
    pub notes: Vec<Finding>,
    /// The version to propose, if any may be chosen.
    ///
    /// The newest patch of the newest minor that one hop reaches, among versions that are newer than the wanted one and still
    /// get fixes; only where none gets any, the newest that one hop reaches (the way out of an old line leads through others).
    /// Never a pre-release.
    pub recommended: Option<KubernetesVersion>,
}

/// One release line of the picker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MinorChoice {
    /// The line.
    pub minor: Minor,
    /// How well it is supported today.
    pub support: Support,
    /// Its versions, newest first.
    pub versions: Vec<VersionChoice>,
}

/// One version of the picker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionChoice {
    /// The version.
    pub version: KubernetesVersion,
    /// Whether Kamaji has recorded it as installed.
    pub installed: bool,
    /// Whether `spec` wants it already.
    pub wanted: bool,
    /// Whether it may be chosen.
    pub verdict: Verdict,
}

/// Whether a version may come next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Verdict {
    /// It may.
    Available {
        /// What kind of step it is.
        hop: HopKind,
        /// How well its line is supported today.
        support: Support,
    },
    /// It may not: every reason, Kamaji's first.
    Unavailable(Vec<Finding>),
}

/// Judges every known version: those of the release table, and the installed and the wanted one.
pub fn next_versions(
    snapshot: &TenantSnapshot,
    releases: &ReleaseTable,
    operator: &OperatorKnowledge,
    today: Date,
) -> VersionPicker {
    let standing = standing_findings(snapshot, operator);
    let exits = stage::read(snapshot).exits;
    let installed = snapshot.installed_version.as_ref().and_then(|it| it.parsed().ok());
    let wanted = snapshot.desired_version.parsed().ok();
    let mut versions: BTreeSet<KubernetesVersion> = releases.known_versions().into_iter().collect();
    versions.extend(installed.clone());
    versions.extend(wanted.clone());

    let mut minors: Vec<MinorChoice> = Vec::new();
    for version in versions.into_iter().rev() {
        let support = releases.support(version.minor(), today);
        let freed = exits.iter().find(|exit| exit.is_taken_by(snapshot, &version, None));
        let judged = match freed {
            Some(exit) => judge_with(snapshot, &version, operator, &standing_with(snapshot, operator, Some(exit))),
            None => judge_with(snapshot, &version, operator, &standing),
        };
        let verdict = match judged {
            Ok(hop) => Verdict::Available { hop, support },
            Err(reasons) => Verdict::Unavailable(reasons),
        };
        let minor = version.minor();
        let choice = VersionChoice {
            installed: installed.as_ref() == Some(&version),
            wanted: wanted.as_ref() == Some(&version),
            verdict,
            version,
        };
        match minors.last_mut().filter(|line| line.minor == minor) {
            Some(line) => line.versions.push(choice),
            None => minors.push(MinorChoice { minor, support, versions: vec![choice] }),
        }
    }
    let recommended = recommend(snapshot, &minors);
    let notes = match &operator.ceiling {
        Ceiling::Unknown { why } => vec![FindingKind::CeilingUnknown { why: why.clone() }.into()],
        Ceiling::Learned { .. } => Vec::new(),
    };
    VersionPicker { minors, standing, notes, recommended }
}

/// The version to propose to whoever writes the tenant in our place: an owner's object, or a file in Git.
pub fn next_through_its_owner(
    snapshot: &TenantSnapshot,
    releases: &ReleaseTable,
    operator: &OperatorKnowledge,
    today: Date,
) -> Option<KubernetesVersion> {
    let unowned = TenantSnapshot { owners: Vec::new(), ..snapshot.clone() };
    next_versions(&unowned, releases, operator, today).recommended
}

/// Whether this version may come next, and what kind of step it is.
///
/// # Errors
/// Every reason why it may not: Kamaji's in its order (above the ceiling, downgrade, more than one minor), then what only the
/// console knows.
pub fn judge_version(
    snapshot: &TenantSnapshot,
    wanted: &KubernetesVersion,
    operator: &OperatorKnowledge,
) -> Result<HopKind, Vec<Finding>> {
    let exit = way_out(snapshot, wanted, None);
    judge_with(snapshot, wanted, operator, &standing_with(snapshot, operator, exit.as_ref()))
}

fn judge_with(
    snapshot: &TenantSnapshot,
    wanted: &KubernetesVersion,
    operator: &OperatorKnowledge,
    standing: &[Finding],
) -> Result<HopKind, Vec<Finding>> {
    let mut reasons = Vec::new();
    let hop = match kamaji_verdict(snapshot, wanted, operator) {
        Ok(hop) => Some(hop),
        Err(refusals) => {
            reasons = refusals;
            None
        }
    };
    reasons.extend_from_slice(standing);
    match hop {
        Some(hop) if reasons.is_empty() => Ok(hop),
        _ => Err(reasons),
    }
}

/// Kamaji's own answer to the step from what `spec` wants now (its webhook compares spec with spec, not with status).
///
/// # Errors
/// Every rule of its webhook that refuses the version, in its order; and that nothing would change.
pub fn kamaji_verdict(
    snapshot: &TenantSnapshot,
    wanted: &KubernetesVersion,
    operator: &OperatorKnowledge,
) -> Result<HopKind, Vec<Finding>> {
    let rules = operator.rules_for(snapshot);
    let Some(from) = snapshot.desired_version.as_kamaji_reads_it() else {
        let text = snapshot.desired_version.to_string();
        return Err(vec![FindingKind::CurrentVersionUnreadable { text }.into()]);
    };
    let mut reasons: Vec<Finding> = operator
        .refusals(rules, &from, wanted)
        .into_iter()
        .map(|refusal| match refusal {
            Refusal::AboveCeiling => {
                FindingKind::AboveCeiling { wanted: wanted.clone(), ceiling: operator.ceiling.to_string() }.into()
            }
            Refusal::Downgrade => downgrade(&snapshot.desired_version, wanted, rules),
            Refusal::NonSequential => FindingKind::SkipsMinors { from: Minor::from(&from), to: wanted.minor() }.into(),
        })
        .collect();
    if reasons.is_empty() && snapshot.desired_version.0 == wanted.to_string() {
        reasons.push(FindingKind::AlreadyWanted { version: wanted.clone() }.into());
    }
    if !reasons.is_empty() {
        return Err(reasons);
    }
    Ok(HopKind::between(Minor::from(&from), wanted.minor()))
}

fn downgrade(from: &DeclaredVersion, to: &KubernetesVersion, rules: OperatorRules) -> Finding {
    let evidence = match (rules, to.is_prerelease()) {
        (OperatorRules::Current, true) => {
            "Kamaji compares versions with the patch set to 0 but keeps the pre-release, which counts as older"
        }
        (OperatorRules::Current, false) => "",
        (OperatorRules::V1_0_0, _) => "this Kamaji compares the patch too",
    };
    Finding::new(FindingKind::Downgrade { from: from.to_string(), to: to.clone() }, evidence)
}

/// What stands against any change of the version now, whichever it is. The order is fixed: who may write, what holds Kamaji
/// back, what is still under way.
pub fn standing_findings(snapshot: &TenantSnapshot, operator: &OperatorKnowledge) -> Vec<Finding> {
    standing_with(snapshot, operator, None)
}

/// As [`standing_findings`]. Against a way out of a stuck hop it does not stand that the hop is under way.
pub(crate) fn standing_with(
    snapshot: &TenantSnapshot,
    operator: &OperatorKnowledge,
    exit: Option<&Exit>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rules = operator.rules_for(snapshot);
    if snapshot.deleting {
        findings.push(FindingKind::Deleting.into());
    }
    findings.extend(snapshot.owners.iter().map(|owner| match owner {
        Owner::ClusterApi { control_plane, cluster } => {
            let (control_plane, cluster) = (control_plane.clone(), cluster.clone());
            FindingKind::OwnedByClusterApi { control_plane, cluster }.into()
        }
        Owner::Git { tool } => FindingKind::OwnedByGit { tool: tool.clone() }.into(),
    }));
    if snapshot.paused {
        let evidence = match rules {
            OperatorRules::Current => "annotation kamaji.clastix.io/paused",
            OperatorRules::V1_0_0 => {
                "annotation kamaji.clastix.io/paused; this Kamaji is too old to heed it, the console does"
            }
        };
        findings.push(Finding::new(FindingKind::Paused, evidence));
    }
    if snapshot.write_limits.any() {
        findings.push(FindingKind::WriteLimited { limits: snapshot.write_limits }.into());
    }
    findings.extend(data_store(snapshot));
    let said = |findings: &[Finding], status: &KamajiStatus| match status {
        KamajiStatus::WriteLimited => snapshot.write_limits.any(),
        KamajiStatus::Migrating => findings.iter().any(|it| matches!(it.kind, FindingKind::Migrating { .. })),
        _ => false,
    };
    let open: Vec<Finding> = unsettled(snapshot)
        .into_iter()
        .filter(|finding| match &finding.kind {
            FindingKind::StatusNotReady { status } => !said(&findings, status),
            _ => true,
        })
        .collect();
    if exit.is_none() {
        findings.extend(open);
    }
    if snapshot.replicas == 0 && !rules.knows_sleeping() {
        findings.push(FindingKind::SleepingNotSupported.into());
    }
    findings
}

fn data_store(snapshot: &TenantSnapshot) -> Option<Finding> {
    let store = &snapshot.data_store;
    match (&store.wanted, &store.used) {
        (_, None) => Some(FindingKind::DataStoreMissing.into()),
        (Some(wanted), Some(used)) if wanted != used => {
            Some(FindingKind::Migrating { from: store.used.clone(), to: store.wanted.clone() }.into())
        }
        _ if snapshot.status == KamajiStatus::Migrating => {
            Some(FindingKind::Migrating { from: store.used.clone(), to: store.wanted.clone() }.into())
        }
        _ => None,
    }
}

fn recommend(snapshot: &TenantSnapshot, minors: &[MinorChoice]) -> Option<KubernetesVersion> {
    let now = snapshot.desired_version.as_kamaji_reads_it()?;
    let newer = || {
        minors.iter().flat_map(|line| &line.versions).filter_map(|choice| match choice.verdict {
            Verdict::Available { support, .. }
                if !choice.version.is_prerelease() && *choice.version.as_semver() > now =>
            {
                Some((&choice.version, support))
            }
            _ => None,
        })
    };
    newer().find(|(_, support)| support.is_alive()).or_else(|| newer().next()).map(|(version, _)| version.clone())
}
