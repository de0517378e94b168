use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::patch::changes_strategy;
use super::{Acknowledgement, Agreement, HopKind};
use crate::finding::{Finding, FindingKind, Overridable, TenantFinding};
use crate::next::{kamaji_verdict, standing_with};
use crate::operator::{Ceiling, OperatorKnowledge, OperatorRules};
use crate::releases::{ReleaseTable, Support};
use crate::stage::{Exit, is_settled, way_out};
use crate::strategy::{Strategy, StrategyError};
use crate::tenant::{Freshness, Konnectivity, TenantSnapshot};
use crate::version::KubernetesVersion;

/// Everything that speaks for and against one hop, worst first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Preflight {
    /// What was found, worst first. What passed is named too: it is what was checked.
    pub findings: Vec<Finding>,
    /// What kind of step it is; `None` if Kamaji would refuse the version.
    pub hop: Option<HopKind>,
    /// What a person must acknowledge before the hop may start.
    pub needs: Vec<Acknowledgement>,
    /// The name to type for a minor; `None` for a patch.
    pub name_to_type: Option<String>,
}

/// Checks one hop against everything that is known. `strategy` is the one to write; `None` keeps the declared one.
///
/// While a hop runs no other may start, but for the ways out of a stuck one. Such a way may also leave the version as it is and
/// change the strategy alone, as anybody may at rest.
pub fn preflight(
    snapshot: &TenantSnapshot,
    version: &KubernetesVersion,
    strategy: Option<Strategy>,
    operator: &OperatorKnowledge,
    releases: &ReleaseTable,
    today: Date,
) -> Preflight {
    let verdict = kamaji_verdict(snapshot, version, operator);
    let hop = verdict.as_ref().ok().copied();
    let rules = operator.rules_for(snapshot);
    let exit = way_out(snapshot, version, strategy);
    let mut findings = verdict.err().unwrap_or_default();
    if exit.is_some() || strategy.is_some_and(|chosen| is_settled(snapshot) && changes_strategy(snapshot, chosen)) {
        // A way out may change the strategy alone. So may anybody at rest: it starts no rollout, and governs the next one.
        findings.retain(|finding| !matches!(finding.kind, FindingKind::AlreadyWanted { .. }));
    }
    if let Freshness::Stale { why, .. } = &snapshot.freshness {
        findings.push(FindingKind::ViewStale { why: why.clone() }.into());
    }
    standing(snapshot, operator, exit, &mut findings);
    if hop.is_some() {
        let from = snapshot.desired_version.to_string();
        findings.push(FindingKind::VersionAllowed { from, to: version.clone() }.into());
    }
    about_version(version, operator, releases, today, &mut findings);
    about_step(snapshot, version, hop, rules, &mut findings);
    about_strategy(snapshot, strategy, hop, rules, &mut findings);
    // Stable: within one severity the order of checking stays.
    findings.sort_by_key(|finding| finding.severity);
    let is_minor = hop == Some(HopKind::Minor);
    Preflight {
        findings,
        hop,
        needs: if is_minor { vec![Acknowledgement::KubeletsNotChecked] } else { Vec::new() },
        name_to_type: is_minor.then(|| snapshot.id.name.clone()),
    }
}

impl Preflight {
    /// Whether the hop may start, now that this was given.
    ///
    /// # Errors
    /// Everything that still stands against it.
    pub fn may_start(&self, given: Agreement<'_>) -> Result<(), Vec<Finding>> {
        let passed = |finding: &Finding| Overridable::of(&finding.kind).is_some_and(|it| given.despite.contains(&it));
        let stands = |finding: &&Finding| finding.blocks() && !passed(finding);
        let mut against: Vec<Finding> = self.findings.iter().filter(stands).cloned().collect();
        against.extend(
            self.needs
                .iter()
                .filter(|need| !given.acknowledged.contains(need))
                .map(|need| FindingKind::NotAcknowledged { what: *need }.into()),
        );
        if let Some(expected) = &self.name_to_type
            && given.typed_name.map(str::trim) != Some(expected)
        {
            against.push(FindingKind::NameNotTyped { expected: expected.clone() }.into());
        }
        if against.is_empty() { Ok(()) } else { Err(against) }
    }

    /// With what was found beyond the snapshot. What the tenant's own API told takes the place of "not checked": a person need not
    /// answer for kubelets that were read. An owner of which more was read takes the place of the bare one.
    ///
    /// A way out of a stuck hop waits for no node and for no API server of the tenant: what would block another hop warns there.
    pub fn and(mut self, mut found: Vec<Finding>) -> Self {
        if self.findings.iter().any(|finding| matches!(finding.kind, FindingKind::WayOut { .. })) {
            found
                .iter_mut()
                .filter(|it| matches!(it.kind, FindingKind::Tenant(_)))
                .for_each(Finding::let_a_way_out_pass);
        }
        let told = || {
            found.iter().filter_map(|finding| match &finding.kind {
                FindingKind::Tenant(told) => Some(told),
                _ => None,
            })
        };
        let kubelets = told().any(|it| {
            matches!(
                it,
                TenantFinding::NoNodes
                    | TenantFinding::KubeletsFit { .. }
                    | TenantFinding::KubeletsTooOld { .. }
                    | TenantFinding::KubeletsTooNew { .. }
            )
        });
        let checked = kubelets && !told().any(|it| matches!(it, TenantFinding::KubeletsUnreadable { .. }));
        let silent = told().next().is_none();
        self.findings.retain(|finding| match finding.kind {
            FindingKind::KubeletsNotChecked { .. } => !checked,
            FindingKind::TenantApiNotChecked => silent,
            FindingKind::OwnedByClusterApi { .. } => !found.iter().any(|it| it.kind == finding.kind),
            _ => true,
        });
        if checked {
            self.needs.retain(|need| *need != Acknowledgement::KubeletsNotChecked);
        }
        self.findings.extend(found);
        self.findings.sort_by_key(|finding| finding.severity);
        self
    }
}

fn standing(snapshot: &TenantSnapshot, operator: &OperatorKnowledge, exit: Option<Exit>, findings: &mut Vec<Finding>) {
    let standing = standing_with(snapshot, operator, exit.as_ref());
    if snapshot.owners.is_empty() {
        findings.push(FindingKind::NobodyElseWrites.into());
    }
    if is_settled(snapshot) {
        findings.push(FindingKind::LastChangeSettled.into());
    }
    findings.extend(exit.map(|exit| FindingKind::WayOut { exit }.into()));
    findings.extend(standing);
}

fn about_version(
    version: &KubernetesVersion,
    operator: &OperatorKnowledge,
    releases: &ReleaseTable,
    today: Date,
    findings: &mut Vec<Finding>,
) {
    if let Ceiling::Unknown { why } = &operator.ceiling {
        findings.push(FindingKind::CeilingUnknown { why: why.clone() }.into());
    }
    if version.is_prerelease() {
        findings.push(FindingKind::PreRelease { version: version.clone() }.into());
    } else if !releases.knows(version) {
        findings.push(FindingKind::NotInReleaseTable { version: version.clone(), as_of: releases.as_of }.into());
    }
    let minor = version.minor();
    match releases.support(minor, today) {
        Support::EndOfLife { since } => findings.push(FindingKind::EndOfLife { minor, since }.into()),
        Support::Maintenance { until } => findings.push(FindingKind::MaintenanceOnly { minor, until }.into()),
        Support::Supported { .. } | Support::Unknown => {}
    }
}

fn about_step(
    snapshot: &TenantSnapshot,
    version: &KubernetesVersion,
    hop: Option<HopKind>,
    rules: OperatorRules,
    findings: &mut Vec<Finding>,
) {
    let Some(hop) = hop else { return };
    let sleeping = snapshot.replicas == 0;
    if sleeping && rules.knows_sleeping() {
        findings.push(FindingKind::SleepingHop.into());
    } else {
        findings.push(FindingKind::TenantApiNotChecked.into());
        findings.push(FindingKind::ConnectionsDrop.into());
    }
    if !sleeping && rules == OperatorRules::V1_0_0 {
        findings.push(FindingKind::ReadyComesEarly.into());
    }
    match hop {
        HopKind::Patch => about_patch(snapshot, version, rules, findings),
        HopKind::Minor => {
            let to = version.minor();
            findings.push(FindingKind::KubeletsNotChecked { target: to }.into());
            if let Some(from) = snapshot.desired_version.minor() {
                findings.push(FindingKind::MinorCannotBeUndone { from, to }.into());
            }
            findings.push(FindingKind::KubectlSkew { to }.into());
            if !sleeping {
                findings.push(FindingKind::KubeProxyAhead { version: version.clone() }.into());
            }
        }
    }
}

fn about_patch(
    snapshot: &TenantSnapshot,
    version: &KubernetesVersion,
    rules: OperatorRules,
    findings: &mut Vec<Finding>,
) {
    match snapshot.desired_version.parsed() {
        Ok(back) if rules.allows_patch_rollback() && back.is_prerelease() <= version.is_prerelease() => {
            findings.push(FindingKind::PatchCanBeUndone { to: back.to_string() }.into());
        }
        _ => findings.push(FindingKind::PatchCannotBeUndone.into()),
    }
}

fn about_strategy(
    snapshot: &TenantSnapshot,
    chosen: Option<Strategy>,
    hop: Option<HopKind>,
    rules: OperatorRules,
    findings: &mut Vec<Finding>,
) {
    let strategy = match chosen.map_or_else(|| snapshot.strategy.under_kamaji(), Strategy::validated) {
        Ok(strategy) => strategy,
        Err(error) => {
            let evidence = match chosen {
                Some(chosen) => format!("chosen: {chosen}"),
                None => format!("spec.controlPlane.deployment.strategy is {}", snapshot.strategy),
            };
            findings.push(Finding::new(FindingKind::StrategyInvalid { error }, evidence));
            return;
        }
    };
    if chosen.is_some_and(|chosen| changes_strategy(snapshot, chosen)) {
        findings.push(FindingKind::StrategyStays { former: former(snapshot), strategy }.into());
    }
    if snapshot.replicas > 0 {
        about_pods(snapshot, strategy, hop, rules, findings);
    }
}

fn about_pods(
    snapshot: &TenantSnapshot,
    strategy: Strategy,
    hop: Option<HopKind>,
    rules: OperatorRules,
    findings: &mut Vec<Finding>,
) {
    let replicas = snapshot.replicas;
    let limits = strategy.limits(replicas);
    match strategy {
        Strategy::Recreate => findings.push(FindingKind::RecreateOutage { replicas }.into()),
        Strategy::RollingUpdate { .. } => findings.push(
            match (limits.min_available, replicas) {
                (0, 1) => FindingKind::OneReplicaOutage { strategy },
                (0, _) => FindingKind::NoServingFloor { strategy, replicas },
                _ => FindingKind::StrategyAllows { strategy, replicas },
            }
            .into(),
        ),
    }
    let surge = limits.max_surge.min(replicas);
    if surge > 0 {
        findings.push(FindingKind::SurgeAddsPods { replicas, surge }.into());
        let data_store = snapshot.data_store.used.clone();
        findings.push(FindingKind::DataStoreLoad { data_store, replicas, surge }.into());
    }
    if hop == Some(HopKind::Minor)
        && snapshot.konnectivity == Konnectivity::FollowsMinor
        && rules == OperatorRules::Current
    {
        // Recorded for full surge only: the old pods, those of the first write that end, and those of the second.
        let peak = (surge == replicas && limits.max_unavailable == 0).then_some(3 * replicas);
        findings.push(FindingKind::KonnectivitySecondWrite { replicas, peak }.into());
    }
    let requests = snapshot.deployment.read().map(|deployment| deployment.requests);
    if requests.is_none_or(|requests| requests.cpu_millis.is_none() || requests.memory_bytes.is_none()) {
        findings.push(FindingKind::ResourcesUnknown.into());
    }
}

fn former(snapshot: &TenantSnapshot) -> String {
    match snapshot.strategy.under_kamaji() {
        Ok(strategy) => strategy.to_string(),
        Err(StrategyError::UnknownType(kind)) => kind,
        Err(_) => snapshot.strategy.to_string(),
    }
}
