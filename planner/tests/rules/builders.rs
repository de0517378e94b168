use jiff::civil::{Date, date};
use planner::film::{Film, PodTrack};
use planner::finding::{Finding, FindingKind};
use planner::hop::Preflight;
use planner::operator::{Ceiling, OperatorKnowledge, OperatorRules};
use planner::strategy::Strategy;
use planner::tenant::{
    ConditionFacts, DataStoreUse, DeclaredVersion, DeploymentCounts, DeploymentFacts, Freshness, ImageSource,
    KamajiStatus, Konnectivity, ObservedHop, ObservedTimings, PodFacts, PodRequests, PodTrouble, Reading, TenantId,
    TenantSnapshot, WriteLimits,
};
use planner::time::UnixMillis;
use planner::version::{KubernetesVersion, Minor};

/// The moment at which every built snapshot is observed.
pub(crate) const NOW: UnixMillis = UnixMillis(1_763_800_000_000);

pub(crate) fn today() -> Date {
    date(2026, 11, 24)
}

pub(crate) fn version(text: &str) -> KubernetesVersion {
    text.parse().expect("the test writes a version")
}

pub(crate) fn declared(text: &str) -> DeclaredVersion {
    DeclaredVersion(text.to_owned())
}

/// `tenant-00` of Kamaji's guide: 3 replicas, Blue/Green, at rest on `version`, pods without requests.
pub(crate) fn tenant(version: &str) -> TenantSnapshot {
    TenantSnapshot {
        id: TenantId { namespace: "team-a".to_owned(), name: "tenant-00".to_owned() },
        uid: "5d5a".to_owned(),
        generation: 3,
        observed_generation: Some(3),
        resource_version: "1502".to_owned(),
        created_at: Some(UnixMillis(1_763_000_000_000)),
        deleting: false,
        desired_version: declared(version),
        installed_version: Some(declared(version)),
        status: KamajiStatus::Ready,
        replicas: 3,
        strategy: Strategy::BLUE_GREEN.declared(),
        former_strategy: None,
        paused: false,
        write_limits: WriteLimits::default(),
        data_store: DataStoreUse {
            wanted: Some("default".to_owned()),
            used: Some("default".to_owned()),
            driver: Some("etcd".to_owned()),
            ..DataStoreUse::default()
        },
        owners: Vec::new(),
        konnectivity: Konnectivity::Off,
        deployment: Reading::Read(deployment(version, 3)),
        replica_sets: Reading::Read(Vec::new()),
        pods: Reading::Read(pods(version, 3)),
        events: Reading::Read(Vec::new()),
        image: ImageSource { repository: "registry.k8s.io/kube-apiserver".to_owned(), tag_suffix: None },
        images: Reading::Waiting,
        hop: None,
        timings: ObservedTimings::default(),
        problems: Vec::new(),
        observed_at: NOW,
        freshness: Freshness::Live,
    }
}

/// A Deployment at rest.
pub(crate) fn deployment(version: &str, replicas: u32) -> DeploymentFacts {
    DeploymentFacts {
        generation: 2,
        observed_generation: Some(2),
        version: Some(declared(version)),
        replicas,
        strategy: Strategy::BLUE_GREEN.declared(),
        min_ready_seconds: 0,
        progress_deadline_seconds: Some(600),
        termination_grace_seconds: 30,
        requests: PodRequests::default(),
        counts: DeploymentCounts {
            replicas,
            updated: replicas,
            ready: replicas,
            available: replicas,
            unavailable: 0,
            terminating: Some(0),
        },
        conditions: Vec::new(),
    }
}

pub(crate) fn pods(version: &str, count: u32) -> Vec<PodFacts> {
    (0..count).map(|number| pod(version, number)).collect()
}

/// A pod that serves.
pub(crate) fn pod(version: &str, number: u32) -> PodFacts {
    PodFacts {
        name: format!("tenant-00-{version}-{number}"),
        uid: format!("{version}-{number}"),
        pod_template_hash: version.to_owned(),
        version: Some(declared(version)),
        created_at: Some(NOW.plus_millis(-100_000)),
        scheduled_at: Some(NOW.plus_millis(-100_000)),
        ready_at: Some(NOW.plus_millis(-80_000)),
        terminating_at: None,
        restarts: 0,
        node: Some("node-1".to_owned()),
        trouble: None,
    }
}

pub(crate) fn starting(version: &str, number: u32) -> PodFacts {
    PodFacts { ready_at: None, ..pod(version, number) }
}

pub(crate) fn terminating(version: &str, number: u32) -> PodFacts {
    PodFacts { terminating_at: Some(NOW.plus_millis(-1_000)), ..pod(version, number) }
}

pub(crate) fn troubled(version: &str, number: u32, reason: &str, message: &str) -> PodFacts {
    let trouble = PodTrouble { reason: reason.to_owned(), message: message.to_owned() };
    PodFacts { trouble: Some(trouble), ..starting(version, number) }
}

pub(crate) fn condition(kind: &str, status: &str, reason: &str, message: &str) -> ConditionFacts {
    ConditionFacts {
        kind: kind.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        updated_at: None,
    }
}

/// `tenant` on the way from one version to another, `waited_ms` after the change; the Deployment is still untouched.
pub(crate) fn hopping(from: &str, to: &str, waited_ms: i64) -> TenantSnapshot {
    TenantSnapshot { generation: 4, desired_version: declared(to), hop: Some(hop(from, to, waited_ms)), ..tenant(from) }
}

pub(crate) fn hop(from: &str, to: &str, waited_ms: i64) -> ObservedHop {
    ObservedHop {
        from: Some(declared(from)),
        to: declared(to),
        started_at: NOW.plus_millis(-waited_ms),
        start_seen: true,
        settled_ms: None,
        finished_ms: None,
        images: Reading::Missing,
        film: Film { revisions: Vec::new(), pods: Vec::<PodTrack>::new(), gaps: Vec::new(), until_ms: 0 },
    }
}

/// Changes the Deployment that was read.
pub(crate) fn with_deployment(
    mut snapshot: TenantSnapshot,
    change: impl FnOnce(&mut DeploymentFacts),
) -> TenantSnapshot {
    match &mut snapshot.deployment {
        Reading::Read(deployment) => change(deployment),
        other => panic!("the built snapshot has no Deployment: {other:?}"),
    }
    snapshot
}

/// The newest Kamaji, which accepts up to `v1.{minor}`.
pub(crate) fn current(minor: u64) -> OperatorKnowledge {
    let minor = Minor { major: 1, minor };
    OperatorKnowledge { ceiling: Ceiling::Learned { minor, patch: None, at: NOW }, rules: OperatorRules::Current }
}

/// Kamaji v1.0.0, which accepts up to v1.30.2.
pub(crate) fn v1_0_0() -> OperatorKnowledge {
    let minor = Minor { major: 1, minor: 30 };
    OperatorKnowledge { ceiling: Ceiling::Learned { minor, patch: Some(2), at: NOW }, rules: OperatorRules::V1_0_0 }
}

/// The names of the kinds, in order: `paused`, `hopInFlight`, ….
pub(crate) fn kinds(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| name(&finding.kind)).collect()
}

pub(crate) fn name(kind: &FindingKind) -> String {
    match serde_json::to_value(kind).expect("a kind is JSON") {
        serde_json::Value::String(name) => name,
        serde_json::Value::Object(map) => map.into_iter().next().expect("one key").0,
        other => panic!("not a kind: {other}"),
    }
}

/// Whether nothing stands against a hop but what a person may still acknowledge.
pub(crate) fn is_clear(preflight: &Preflight) -> bool {
    !preflight.findings.iter().any(Finding::blocks)
}
