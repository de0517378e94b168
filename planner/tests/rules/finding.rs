use planner::datastore::Connections;
use planner::finding::{Finding, FindingKind, Names, RoomOutcome, Severity, Source, TenantFinding};
use planner::hop::Acknowledgement;
use planner::stage::Exit;
use planner::strategy::{Strategy, StrategyError};
use planner::tenant::{KamajiStatus, WriteLimits};
use planner::tenant_api::{AddOn, HookKind, NotAsked, Part};
use planner::version::Minor;
use planner::workers::ProxyVerdict;

use crate::builders::{NOW, name, today, version};

/// One of each kind.
fn every_kind() -> Vec<FindingKind> {
    let mut kinds = every_kind_of_the_management_cluster();
    kinds.extend(every_kind_of_a_tenant().into_iter().map(FindingKind::Tenant));
    kinds
}

fn every_kind_of_a_tenant() -> Vec<TenantFinding> {
    let text = str::to_owned;
    let (target, next) = (Minor { major: 1, minor: 36 }, Minor { major: 1, minor: 37 });
    let names = |others: usize| Names { first: text("worker-1"), others };
    let secret = || text("tenant-00-admin-kubeconfig");
    let not_asked = [
        NotAsked::Sleeping,
        NotAsked::CredentialsRefused { words: text("Unauthorized") },
        NotAsked::ControlPlaneForbidden { words: text("tenantcontrolplanes is forbidden") },
        NotAsked::ControlPlaneMissing,
        NotAsked::NoSecretNamed,
        NotAsked::SecretMissing { secret: secret() },
        NotAsked::SecretForbidden { secret: secret(), words: text("secrets is forbidden") },
        NotAsked::SecretNotRead { secret: secret(), why: text("no answer within 3 s") },
        NotAsked::KubeconfigRefused { why: text("it names a program to run") },
        NotAsked::NoWay,
    ];
    let mut kinds: Vec<TenantFinding> = not_asked.map(|why| TenantFinding::NotAsked { why }).to_vec();
    kinds.extend(Part::ALL.map(|part| TenantFinding::PartNotChecked { part, why: text("not there") }));
    for hooks in 0..3 {
        kinds.push(TenantFinding::HooksAnswered { part: Part::Webhooks, hooks });
        kinds.push(TenantFinding::HooksAnswered { part: Part::Conversions, hooks });
    }
    for kind in [HookKind::Validating, HookKind::Mutating, HookKind::Conversion] {
        kinds.push(TenantFinding::HookBroken {
            kind,
            name: text("a of b"),
            why: text("the Service x/y does not exist"),
        });
    }
    for add_on in [AddOn::CoreDns, AddOn::KubeProxy, AddOn::KonnectivityAgent, AddOn::KonnectivityServer] {
        kinds.push(TenantFinding::AddOnPinned { add_on, version: text("v1.2.3") });
    }
    for others in 0..3 {
        let nodes = names(others);
        kinds.extend([
            TenantFinding::KubeletsTooOld { nodes: nodes.clone(), target },
            TenantFinding::KubeletsTooNew { nodes: nodes.clone(), target },
            TenantFinding::KubeletsAhead { nodes: nodes.clone(), serving: target },
            TenantFinding::KubeletsHoldNext { nodes: nodes.clone(), next },
            TenantFinding::KubeletsUnreadable { nodes: nodes.clone() },
            TenantFinding::NodesNotReady { nodes: nodes.clone() },
            TenantFinding::ProxiesUnsupported {
                nodes: nodes.clone(),
                verdict: ProxyVerdict::TooOld { minors: 4, limit: 3 },
            },
            TenantFinding::BudgetsExhausted { budgets: nodes },
        ]);
    }
    for count in 0..3 {
        kinds.push(TenantFinding::AggregatedApisAvailable { apis: count });
        kinds.push(TenantFinding::BudgetsAllow { budgets: count });
    }
    kinds.extend([
        TenantFinding::Answers { version: text("v1.35.6") },
        TenantFinding::Silent { why: text("no answer within 5 s") },
        TenantFinding::SilentFromHere { why: text("no answer within 5 s") },
        TenantFinding::NoNodes,
        TenantFinding::KubeletsFit { nodes: 1, target },
        TenantFinding::KubeletsFit { nodes: 3, target },
        TenantFinding::ProxiesFit { version: version("v1.36.4") },
        TenantFinding::NoRemovedApiUsed { target },
        TenantFinding::RemovedApiUsed { api: text("a/v1 b"), removed_in: target, instead: Some(text("a/v2")) },
        TenantFinding::RemovedApiUsed { api: text("a/v1 b"), removed_in: target, instead: None },
        TenantFinding::ApiGoesNext { api: text("a/v1 b"), removed_in: next },
        TenantFinding::RemovedApisServed { apis: vec![text("a/v1"), text("b/v1")], why: text("not there") },
        TenantFinding::AggregatedApiUnavailable { name: text("v1.a"), reason: text("MissingEndpoints") },
        TenantFinding::KubeletConfigSuits { kubelets: vec![target, next] },
        TenantFinding::KubeletConfigRefused {
            field: text("crashLoopBackOff"),
            gate: text("KubeletCrashLoopBackOffMax"),
            kubelet: target,
            patches: text(r#"[{"op":"remove","path":"/crashLoopBackOff"}]"#),
        },
        TenantFinding::KubeadmConfigAgrees { version: text("v1.35.6") },
        TenantFinding::KubeadmConfigDiffers { says: text("v1.36.4"), installed: text("v1.35.6") },
        TenantFinding::AddOnsFollow,
        TenantFinding::BackupSeen { name: text("velero/nightly"), completed_at: NOW },
        TenantFinding::BackupOld { name: text("velero/nightly"), completed_at: NOW },
        TenantFinding::NoBackupSeen,
    ]);
    kinds
}

fn every_kind_of_the_management_cluster() -> Vec<FindingKind> {
    let text = str::to_owned;
    let (old, new) = (Minor { major: 1, minor: 35 }, Minor { major: 1, minor: 36 });
    let strategy = Strategy::ROLLING_ONE;
    let limits = WriteLimits { creation: true, update: false, deletion: true };
    vec![
        FindingKind::Room { outcome: RoomOutcome::Fits, verdict: text("Fits: it does.") },
        FindingKind::Room { outcome: RoomOutcome::InTurn, verdict: text("Fits in turn: some wait.") },
        FindingKind::Room { outcome: RoomOutcome::Depends, verdict: text("Depends on the scheduler.") },
        FindingKind::Room { outcome: RoomOutcome::DoesNotFit, verdict: text("Does not fit.") },
        FindingKind::Room { outcome: RoomOutcome::Unknown, verdict: text("Not known: a volume.") },
        FindingKind::RoomNotChecked { why: text("nodes are forbidden") },
        FindingKind::DataStoreShared {
            data_store: text("default"),
            tenants: 2,
            api_servers: 6,
            surging: 1,
            unknown: 1,
        },
        FindingKind::DataStoreBusy { data_store: text("default"), surging: 1 },
        FindingKind::DataStoreNotAllCounted { data_store: text("default") },
        FindingKind::DataStoreLimit {
            data_store: text("default"),
            now: Connections { least: 150, most: Some(198) },
            peak: Connections { least: 300, most: Some(396) },
            limit: 600,
            all_counted: false,
        },
        FindingKind::DryRunAccepted,
        FindingKind::DryRunRefused { words: text("no such version") },
        FindingKind::DryRunNotJudged { why: text("no answer") },
        FindingKind::AboveCeiling { wanted: version("v1.37.0"), ceiling: text("v1.36") },
        FindingKind::Downgrade { from: text("v1.36.0"), to: version("v1.35.0") },
        FindingKind::SkipsMinors { from: old, to: new },
        FindingKind::AlreadyWanted { version: version("v1.36.0") },
        FindingKind::CurrentVersionUnreadable { text: text("latest") },
        FindingKind::CeilingUnknown { why: text("not asked") },
        FindingKind::PreRelease { version: version("v1.36.0-rc.1") },
        FindingKind::NotInReleaseTable { version: version("v1.36.99"), as_of: today() },
        FindingKind::EndOfLife { minor: old, since: today() },
        FindingKind::MaintenanceOnly { minor: old, until: today() },
        FindingKind::VersionAllowed { from: text("v1.35.0"), to: version("v1.36.0") },
        FindingKind::Deleting,
        FindingKind::OwnedByClusterApi { control_plane: text("cp"), cluster: Some(text("c")) },
        FindingKind::OwnedByClusterApi { control_plane: text("cp"), cluster: None },
        FindingKind::OwnedByGit { tool: text("Flux kustomization a") },
        FindingKind::Paused,
        FindingKind::WriteLimited { limits },
        FindingKind::Migrating { from: Some(text("a")), to: None },
        FindingKind::DataStoreMissing,
        FindingKind::HopInFlight { installed: text("v1.35.0"), wanted: text("v1.36.0") },
        FindingKind::NeverInstalled { wanted: text("v1.36.0") },
        FindingKind::ChangeNotObserved { generation: 4, observed: 3 },
        FindingKind::DeploymentNotSettled { what: text("2 of 3 pods are ready") },
        FindingKind::DeploymentUnreadable { why: text("forbidden") },
        FindingKind::StatusNotReady { status: KamajiStatus::Other(text("Odd")) },
        FindingKind::ViewStale { why: text("watch broken") },
        FindingKind::LastChangeSettled,
        FindingKind::WayOut { exit: Exit::NewerPatch { minor: new } },
        FindingKind::NobodyElseWrites,
        FindingKind::KubeletsNotChecked { target: new },
        FindingKind::TenantApiNotChecked,
        FindingKind::MinorCannotBeUndone { from: old, to: new },
        FindingKind::PatchCannotBeUndone,
        FindingKind::PatchCanBeUndone { to: text("v1.35.0") },
        FindingKind::KubeProxyAhead { version: version("v1.36.0") },
        FindingKind::ConnectionsDrop,
        FindingKind::KubectlSkew { to: new },
        FindingKind::SleepingHop,
        FindingKind::SleepingNotSupported,
        FindingKind::KonnectivitySecondWrite { replicas: 3, peak: Some(9) },
        FindingKind::KonnectivitySecondWrite { replicas: 3, peak: None },
        FindingKind::ReadyComesEarly,
        FindingKind::StrategyAllows { strategy, replicas: 3 },
        FindingKind::StrategyInvalid { error: StrategyError::BothZero },
        FindingKind::StrategyStays { former: text("100%/0"), strategy },
        FindingKind::OneReplicaOutage { strategy },
        FindingKind::RecreateOutage { replicas: 3 },
        FindingKind::NoServingFloor { strategy, replicas: 2 },
        FindingKind::SurgeAddsPods { replicas: 3, surge: 3 },
        FindingKind::SurgeAddsPods { replicas: 3, surge: 1 },
        FindingKind::DataStoreLoad { data_store: None, replicas: 3, surge: 3 },
        FindingKind::ResourcesUnknown,
        FindingKind::NotAcknowledged { what: Acknowledgement::KubeletsNotChecked },
        FindingKind::NameNotTyped { expected: text("tenant-00") },
        FindingKind::ProgressDeadlineExceeded,
        FindingKind::QuotaExceeded,
        FindingKind::ReplicaFailure,
        FindingKind::Unschedulable { pods: 1 },
        FindingKind::ImagePullFails { pods: 3, reason: text("ErrImagePull") },
        FindingKind::CrashLoops { pods: 2 },
        FindingKind::PodsTroubled { pods: 2, reason: text("CreateContainerError") },
        FindingKind::GateClosed { seconds: 61 },
        FindingKind::NotReadyDeadlock,
        FindingKind::DeadEnd { installed: text("v1.34.0"), wanted: text("v1.36.0") },
        FindingKind::StrategyStallsKamaji { error: StrategyError::UnknownType(text("Canary")) },
        FindingKind::WriteLimitedDuringHop,
        FindingKind::PausedDuringChange,
        FindingKind::StatusAheadOfDeployment { recorded: text("v1.36.0"), running: text("v1.35.0") },
    ]
}

#[test]
fn each_finding_is_a_sentence_and_survives_json_in_little_room() {
    for kind in every_kind() {
        let finding = Finding::new(kind, "read from status");
        let sentence = finding.to_string();
        let first = sentence.chars().next().expect("not empty");
        assert!(
            first.is_uppercase() || sentence.starts_with("kubectl") || first == 'v' || sentence.starts_with("Flux"),
            "{sentence}"
        );
        assert!(sentence.ends_with('.') && !sentence.ends_with(".."), "{sentence}");
        assert!(!sentence.contains("  "), "{sentence}");
        let json = serde_json::to_string(&finding).expect("json");
        assert!(json.len() < 700, "{} bytes: {json}", json.len());
        assert_eq!(serde_json::from_str::<Finding>(&json).expect("back"), finding);
    }
}

#[test]
fn what_blocks_or_is_unknown_says_what_to_do() {
    for kind in every_kind() {
        let finding = Finding::from(kind);
        let silent = ["alreadyWanted", "deleting"];
        if matches!(finding.severity, Severity::Blocks | Severity::Unknown)
            && !silent.contains(&name(&finding.kind).as_str())
        {
            let remedy = finding.remedy.as_deref().unwrap_or_else(|| panic!("{finding}: no remedy"));
            assert!(remedy.ends_with('.') && !remedy.ends_with(".."), "{remedy}");
        }
        if finding.severity == Severity::Passes {
            assert_eq!(finding.remedy, None, "{finding}");
        }
    }
}

#[test]
fn nothing_ever_promises_the_way_back_from_a_minor() {
    let minor =
        FindingKind::MinorCannotBeUndone { from: Minor { major: 1, minor: 35 }, to: Minor { major: 1, minor: 36 } };
    assert_eq!(minor.to_string(), "A minor cannot be undone: after 1.36 there is no way back to 1.35.");
    assert!(minor.remedy().is_some_and(|it| it.contains("backup")));
}

#[test]
fn sentences_say_numbers_in_words_people_use() {
    let cases = [
        (FindingKind::Unschedulable { pods: 1 }, "No node takes one pod."),
        (FindingKind::Unschedulable { pods: 3 }, "No node takes 3 pods."),
        (
            FindingKind::SurgeAddsPods { replicas: 3, surge: 3 },
            "For a while there are twice as many pods, 6 in place of 3.",
        ),
        (
            FindingKind::StrategyAllows { strategy: Strategy::BLUE_GREEN, replicas: 3 },
            "Blue/Green (100%/0) keeps at least 3 of 3 API servers serving and asks for at most 3 more.",
        ),
        (
            FindingKind::WriteLimited { limits: WriteLimits { creation: true, update: false, deletion: true } },
            "Its writes are limited (creation, deletion): an upgrade would never be recorded as done.",
        ),
        (
            FindingKind::KonnectivitySecondWrite { replicas: 3, peak: Some(9) },
            "With konnectivity a minor changes the Deployment twice within a second: three ReplicaSets, and 9 pods at once for 3 \
             replicas.",
        ),
    ];
    for (kind, sentence) in cases {
        assert_eq!(kind.to_string(), sentence);
    }
}

#[test]
fn a_rule_with_a_public_page_links_it() {
    assert!(Source::SkewPolicy.url().is_some_and(|url| url.starts_with("https://kubernetes.io/")));
    assert_eq!(FindingKind::Paused.source().url(), None);
    assert_eq!(FindingKind::SurgeAddsPods { replicas: 3, surge: 3 }.source(), Source::KamajiGuide);
}
