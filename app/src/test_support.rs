//! Tenants for the tests of pages, and a way to see a page's HTML.

use jiff::civil::date;
use leptos::prelude::*;
use planner::film::{Film, OpenSpan, PodTrack, Revision, Side};
use planner::operator::{Ceiling, OperatorKnowledge, OperatorRules};
use planner::placement;
use planner::plan::{CostFacts, DryRunFact, Evidence, ImageFact, Neighbours, PlanFacts, RoomFact, UpgradePlan, make};
use planner::releases::ReleaseTable;
use planner::strategy::Strategy;
use planner::tenant::{
    ConditionFacts, DataStoreUse, DeclaredVersion, DeploymentCounts, DeploymentFacts, EventFacts, Freshness,
    ImageSource, KamajiStatus, Konnectivity, ObservedHop, ObservedTimings, PodFacts, PodRequests, PodTrouble, Reading,
    TenantId, TenantSnapshot, WriteLimits,
};
use planner::time::UnixMillis;
use planner::version::Minor;

use crate::tenant::Knowledge;

/// When every built snapshot is observed: 22 Nov 2026, 07:44:58 UTC.
pub(crate) const NOW: UnixMillis = UnixMillis(1_795_333_498_000);

/// The HTML of a view, without the marks by which Leptos finds its places again when it hydrates.
pub(crate) fn html<V: IntoView>(make: impl FnOnce() -> V) -> String {
    let owner = Owner::new();
    owner.with(|| make().to_html()).replace("<!>", "")
}

/// The text of some HTML, with single spaces, as a person reads it.
pub(crate) fn text(html: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for character in html.chars() {
        match character {
            '<' => {
                in_tag = true;
                text.push(' ');
            }
            '>' => in_tag = false,
            _ if !in_tag => text.push(character),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The built-in release table and a Kamaji that accepts up to v1.36.
pub(crate) fn knowledge() -> Knowledge {
    let minor = Minor { major: 1, minor: 36 };
    Knowledge {
        releases: ReleaseTable { as_of: date(2026, 11, 22), ..ReleaseTable::built_in() },
        operator: OperatorKnowledge {
            ceiling: Ceiling::Learned { minor, patch: None, at: NOW },
            rules: OperatorRules::Current,
        },
    }
}

pub(crate) fn declared(text: &str) -> DeclaredVersion {
    DeclaredVersion(text.to_owned())
}

/// `tenant-00` of Kamaji's guide: 3 replicas, Blue/Green, at rest on `version`.
pub(crate) fn tenant(version: &str) -> TenantSnapshot {
    TenantSnapshot {
        id: TenantId { namespace: "team-a".to_owned(), name: "tenant-00".to_owned() },
        uid: "5d5a".to_owned(),
        generation: 3,
        observed_generation: Some(3),
        resource_version: "1502".to_owned(),
        created_at: Some(NOW.plus_millis(-86_400_000)),
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
        deployment: Reading::Read(deployment(version)),
        replica_sets: Reading::Read(Vec::new()),
        pods: Reading::Read((0..3).map(|number| pod(version, number)).collect()),
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

fn deployment(version: &str) -> DeploymentFacts {
    DeploymentFacts {
        generation: 2,
        observed_generation: Some(2),
        version: Some(declared(version)),
        replicas: 3,
        strategy: Strategy::BLUE_GREEN.declared(),
        min_ready_seconds: 0,
        progress_deadline_seconds: Some(600),
        termination_grace_seconds: 30,
        requests: PodRequests { cpu_millis: None, memory_bytes: Some(320 << 20), ..PodRequests::default() },
        counts: DeploymentCounts {
            replicas: 3,
            updated: 3,
            ready: 3,
            available: 3,
            unavailable: 0,
            terminating: Some(0),
        },
        conditions: vec![ConditionFacts {
            kind: "Available".to_owned(),
            status: "True".to_owned(),
            reason: "MinimumReplicasAvailable".to_owned(),
            message: "Deployment has minimum availability.".to_owned(),
            updated_at: Some(NOW.plus_millis(-60_000)),
        }],
    }
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

/// `tenant-00` ten seconds after v1.35.6 → v1.36.3 was started: the Deployment has it, three new pods start.
pub(crate) fn rolling() -> TenantSnapshot {
    let mut snapshot = tenant("v1.35.6");
    snapshot.generation = 4;
    snapshot.desired_version = declared("v1.36.3");
    snapshot.status = KamajiStatus::Upgrading;
    snapshot.hop = Some(hop());
    if let Reading::Read(deployment) = &mut snapshot.deployment {
        deployment.version = Some(declared("v1.36.3"));
        deployment.generation = 3;
        deployment.observed_generation = Some(3);
        deployment.counts = DeploymentCounts { replicas: 6, ready: 3, available: 3, ..deployment.counts };
    }
    if let Reading::Read(pods) = &mut snapshot.pods {
        pods.extend((0..3).map(|number| PodFacts { ready_at: None, ..pod("v1.36.3", number) }));
    }
    snapshot
}

/// The same, with new pods whose image cannot be pulled, past the progress deadline.
pub(crate) fn stuck() -> TenantSnapshot {
    let mut snapshot = rolling();
    if let Reading::Read(pods) = &mut snapshot.pods {
        for pod in pods.iter_mut().filter(|pod| pod.ready_at.is_none()) {
            let message = "Back-off pulling image".to_owned();
            pod.trouble = Some(PodTrouble { reason: "ImagePullBackOff".to_owned(), message });
        }
    }
    if let Reading::Read(deployment) = &mut snapshot.deployment {
        deployment.conditions.push(ConditionFacts {
            kind: "Progressing".to_owned(),
            status: "False".to_owned(),
            reason: "ProgressDeadlineExceeded".to_owned(),
            message: "ReplicaSet has timed out progressing.".to_owned(),
            updated_at: Some(NOW),
        });
    }
    snapshot
}

fn hop() -> ObservedHop {
    let track = |name: &str, revision, created_ms, ready: Option<i64>| PodTrack {
        name: name.to_owned(),
        revision,
        created_ms,
        bound_ms: Some(created_ms),
        ready: ready.map(|from_ms| OpenSpan { from_ms, to_ms: None }).into_iter().collect(),
        terminating_ms: None,
        gone_ms: None,
    };
    let revision = |version: &str, side| Revision { key: version.to_owned(), version: version.parse().ok(), side };
    ObservedHop {
        from: Some(declared("v1.35.6")),
        to: declared("v1.36.3"),
        started_at: NOW.plus_millis(-10_000),
        start_seen: true,
        settled_ms: None,
        finished_ms: None,
        images: Reading::Missing,
        film: Film {
            revisions: vec![revision("v1.35.6", Side::Old), revision("v1.36.3", Side::New)],
            pods: vec![track("old-1", 0, -90_000, Some(-70_000)), track("new-1", 1, 600, None)],
            gaps: Vec::new(),
            until_ms: 10_000,
        },
    }
}

/// An event with markup in it, as a tenant may write one.
pub(crate) fn hostile_event() -> EventFacts {
    EventFacts {
        at: Some(NOW.plus_millis(-5_000)),
        about: "Pod/<img src=x>".to_owned(),
        kind: "Warning".to_owned(),
        reason: "<b>Failed</b>".to_owned(),
        message: "<script>alert(1)</script>".to_owned(),
        count: 3,
    }
}

/// The plan of the patch to v1.35.7 where everything else is well.
pub(crate) fn planned(snapshot: &TenantSnapshot, strategy: &str, costs: CostFacts) -> UpgradePlan {
    let knowledge = knowledge();
    make(&PlanFacts {
        snapshot,
        version: &"v1.35.7".parse().expect("a version"),
        strategy: Some(strategy.parse().expect("a strategy")),
        operator: &knowledge.operator,
        releases: &knowledge.releases,
        evidence: &Evidence {
            neighbours: Neighbours::default(),
            room: RoomFact::Simulated(placement::Verdict::Fits { more: 3 }, Vec::new()),
            dry_run: DryRunFact::Accepted,
            image: ImageFact::NotAsked,
            tenant: Vec::new(),
            cluster_api: None,
        },
        costs,
        today: date(2026, 11, 22),
        made_at: NOW,
    })
}
