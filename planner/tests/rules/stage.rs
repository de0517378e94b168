use planner::stage::{Stage, is_finished, is_settled, read};
use planner::tenant::{KamajiStatus, Reading, TenantSnapshot, WriteLimits};

use crate::builders::{declared, deployment, hop, hopping, pod, pods, starting, tenant, terminating, with_deployment};

fn stage(snapshot: &TenantSnapshot) -> Stage {
    read(snapshot).stage
}

/// A plain upgrade of three pods, as it was recorded.
fn upgrade() -> Vec<(&'static str, TenantSnapshot, Stage)> {
    let at = |ms| hopping("v1.35.6", "v1.36.0", ms);
    let upgrading = |ms| TenantSnapshot { status: KamajiStatus::Upgrading, ..at(ms) };
    let rolling = |ms| {
        with_deployment(upgrading(ms), |it| {
            it.version = Some(declared("v1.36.0"));
            it.counts.updated = 0;
        })
    };
    let complete = |ms| with_deployment(upgrading(ms), |it| *it = deployment("v1.36.0", 3));
    let recorded = |ms| TenantSnapshot {
        status: KamajiStatus::Ready,
        installed_version: Some(declared("v1.36.0")),
        observed_generation: Some(4),
        ..complete(ms)
    };
    let old_and = |more: Vec<_>| Reading::Read(pods("v1.35.6", 3).into_iter().chain(more).collect());
    vec![
        ("just patched", at(100), Stage::Accepted),
        ("Kamaji has begun", upgrading(315), Stage::RollingOut),
        (
            "Deployment written, its controller is behind",
            { with_deployment(rolling(600), |it| it.generation = 3) },
            Stage::RollingOut,
        ),
        (
            "six pods",
            {
                let mut it = with_deployment(rolling(1_050), |it| {
                    it.counts.updated = 3;
                    it.counts.replicas = 6;
                    it.counts.unavailable = 3;
                });
                it.pods = old_and((0..3).map(|number| starting("v1.36.0", number)).collect());
                it
            },
            Stage::RollingOut,
        ),
        (
            "complete, old pods end, not recorded",
            {
                let mut it = complete(4_940);
                it.pods = Reading::Read(pods("v1.36.0", 3).into_iter().chain([terminating("v1.35.6", 0)]).collect());
                it
            },
            Stage::Settling,
        ),
        (
            "Ready and recorded, three old pods terminate",
            {
                let mut it = recorded(5_370);
                it.pods = Reading::Read(
                    pods("v1.36.0", 3).into_iter().chain((0..3).map(|number| terminating("v1.35.6", number))).collect(),
                );
                it
            },
            Stage::Settled,
        ),
        (
            "the last old pod is gone",
            {
                let mut it = recorded(6_840);
                it.pods = Reading::Read(pods("v1.36.0", 3));
                it
            },
            Stage::Finished,
        ),
    ]
}

#[test]
fn a_plain_upgrade_goes_through_its_stages_in_order() {
    let mut last = Stage::Idle;
    for (moment, snapshot, expected) in upgrade() {
        let report = read(&snapshot);
        assert_eq!(report.stage, expected, "{moment}: {}", report.sentence);
        assert!(report.stage >= last, "{moment}");
        assert!(report.stuck.is_empty() && report.exits.is_empty(), "{moment}: {:?}", report.stuck);
        assert_eq!(is_settled(&snapshot), expected >= Stage::Settled, "{moment}");
        assert_eq!(is_finished(&snapshot), expected == Stage::Finished, "{moment}");
        last = report.stage;
    }
}

#[test]
fn an_untouched_tenant_is_idle() {
    let report = read(&tenant("v1.35.6"));
    assert_eq!(report.stage, Stage::Idle);
    assert_eq!(report.sentence, "It runs v1.35.6, and nothing is in flight.");
    assert!(is_settled(&tenant("v1.35.6")) && is_finished(&tenant("v1.35.6")));
}

#[test]
fn each_thing_that_is_not_complete_keeps_it_from_being_settled() {
    type Change = fn(&mut TenantSnapshot);
    let cases: [(&str, Change); 5] = [
        ("not recorded", |it| it.installed_version = Some(declared("v1.35.6"))),
        ("never recorded", |it| it.installed_version = None),
        ("status", |it| it.status = KamajiStatus::Unknown),
        ("change not observed", |it| it.observed_generation = Some(2)),
        ("Deployment hidden", |it| it.deployment = Reading::Forbidden("no".to_owned())),
    ];
    for (name, change) in cases {
        let mut snapshot = tenant("v1.36.0");
        change(&mut snapshot);
        assert!(!is_settled(&snapshot), "{name}");
    }
    type DeploymentChange = fn(&mut planner::tenant::DeploymentFacts);
    let cases: [(&str, DeploymentChange); 9] = [
        ("older image", |it| it.version = Some(declared("v1.35.6"))),
        ("no image", |it| it.version = None),
        ("generation ahead", |it| it.generation = 3),
        ("never observed", |it| it.observed_generation = None),
        ("updated", |it| it.counts.updated = 2),
        ("ready", |it| it.counts.ready = 2),
        ("available", |it| it.counts.available = 2),
        ("too many", |it| it.counts.replicas = 4),
        ("unavailable", |it| it.counts.unavailable = 1),
    ];
    for (name, change) in cases {
        let snapshot = with_deployment(tenant("v1.36.0"), change);
        assert!(!is_settled(&snapshot) && !is_finished(&snapshot), "{name}");
    }
    let mut scaling = tenant("v1.36.0");
    scaling.replicas = 4;
    assert!(!is_settled(&scaling), "a scale that has not reached the Deployment");
}

#[test]
fn an_operator_without_an_observed_generation_settles_too() {
    let mut snapshot = tenant("v1.30.1");
    snapshot.observed_generation = None;
    assert!(is_settled(&snapshot));
}

#[test]
fn finished_waits_for_every_pod_that_is_not_of_the_wanted_version() {
    let unknown_version = {
        let mut pod = terminating("v1.36.0", 9);
        pod.version = None;
        pod
    };
    for (pod, finished) in [
        (terminating("v1.35.6", 9), false),
        (starting("v1.35.6", 9), false),
        (unknown_version, false),
        (terminating("v1.36.0", 9), true),
    ] {
        let mut snapshot = tenant("v1.36.0");
        snapshot.pods = Reading::Read(pods("v1.36.0", 3).into_iter().chain([pod.clone()]).collect());
        assert_eq!(is_finished(&snapshot), finished, "{}", pod.name);
    }
    let mut hidden = tenant("v1.36.0");
    hidden.pods = Reading::Forbidden("pods is forbidden".to_owned());
    assert!(is_settled(&hidden) && !is_finished(&hidden));
    hidden.hop = Some(hop("v1.35.6", "v1.36.0", 9_000));
    let report = read(&hidden);
    assert_eq!(report.stage, Stage::Settled);
    assert!(report.sentence.contains("cannot be read"), "{}", report.sentence);
}

#[test]
fn done_by_status_alone_is_no_more_than_accepted() {
    let mut lie = with_deployment(tenant("v1.36.0"), |it| it.version = Some(declared("v1.35.6")));
    lie.hop = Some(hop("v1.35.6", "v1.36.0", 2_000));
    let report = read(&lie);
    assert_eq!(report.stage, Stage::Accepted);
    assert_eq!(crate::builders::kinds(&report.stuck), ["statusAheadOfDeployment"]);
    // The rollout that follows shows Unknown, never Upgrading.
    let follows = with_deployment(TenantSnapshot { status: KamajiStatus::Unknown, ..lie }, |it| {
        it.version = Some(declared("v1.36.0"));
        it.counts.updated = 1;
    });
    assert_eq!(stage(&follows), Stage::RollingOut);
}

#[test]
fn the_wait_for_the_tenants_api_server_gets_a_name_after_a_few_seconds() {
    assert_eq!(stage(&hopping("v1.35.6", "v1.36.0", 2_400)), Stage::Accepted);
    assert_eq!(stage(&hopping("v1.35.6", "v1.36.0", 3_000)), Stage::Gate);
    let mut unseen = hopping("v1.35.6", "v1.36.0", 0);
    unseen.hop = None;
    assert_eq!(stage(&unseen), Stage::Gate, "when it began is not known");
}

#[test]
fn sleeping_creating_and_unreadable_tenants_have_stages_of_their_own() {
    let mut sleeping = with_deployment(tenant("v1.35.6"), |it| *it = deployment("v1.35.6", 0));
    sleeping.replicas = 0;
    sleeping.status = KamajiStatus::Sleeping;
    sleeping.pods = Reading::Read(Vec::new());
    assert_eq!(stage(&sleeping), Stage::Sleeping);
    assert!(is_settled(&sleeping) && is_finished(&sleeping));

    let mut creating = tenant("v1.35.6");
    creating.installed_version = None;
    creating.status = KamajiStatus::Provisioning;
    assert_eq!(stage(&creating), Stage::Creating);

    for reading in [Reading::Missing, Reading::Waiting, Reading::Forbidden("deployments is forbidden".to_owned())] {
        let mut hidden = tenant("v1.35.6");
        hidden.deployment = reading;
        assert_eq!(stage(&hidden), Stage::Unknown);
    }
}

#[test]
fn a_sleeping_tenant_never_waits_at_the_gate() {
    let mut hop = with_deployment(hopping("v1.35.6", "v1.36.0", 90_000), |it| *it = deployment("v1.35.6", 0));
    hop.replicas = 0;
    hop.status = KamajiStatus::Sleeping;
    hop.pods = Reading::Read(Vec::new());
    let report = read(&hop);
    assert_eq!(report.stage, Stage::Accepted);
    assert!(report.stuck.is_empty() && report.sentence.contains("it sleeps"), "{report:?}");
}

#[test]
fn each_moment_of_a_rollout_has_its_sentence() {
    let sentences: Vec<String> = upgrade().iter().map(|(_, snapshot, _)| read(snapshot).sentence).collect();
    let expected = [
        "v1.35.6 → v1.36.0 is accepted; no pod is touched yet.",
        "Kamaji has begun v1.35.6 → v1.36.0; the Deployment is not changed yet.",
        "0 of 3 new API servers serve v1.36.0; of the older version 3 still serve.",
        "0 of 3 new API servers serve v1.36.0; of the older version 3 still serve.",
        "All 3 new API servers serve v1.36.0; one pod of an older version is left.",
        "v1.36.0 is installed and serves; 3 pods of an older version are still ending.",
        "v1.36.0 is installed and serves, and no older pod is left.",
    ];
    assert_eq!(sentences, expected);
}

#[test]
fn an_outage_and_a_scale_to_zero_are_said_plainly() {
    let mut outage = with_deployment(hopping("v1.35.6", "v1.36.0", 5_000), |it| {
        it.version = Some(declared("v1.36.0"));
        it.counts.ready = 0;
    });
    outage.pods = Reading::Read((0..3).map(|number| starting("v1.36.0", number)).collect());
    let expected = "No API server serves now; 3 of 3 new ones start on v1.36.0.";
    assert_eq!(read(&outage).sentence, expected);

    let mut to_sleep = tenant("v1.35.6");
    to_sleep.replicas = 0;
    assert_eq!(read(&to_sleep).sentence, "It goes to sleep; 3 API servers serve now.");
    to_sleep.pods = Reading::Read((0..3).map(|number| terminating("v1.35.6", number)).collect());
    assert_eq!(read(&to_sleep).sentence, "It goes to sleep; 0 API servers serve now.");
}

#[test]
fn a_write_limited_tenant_at_rest_is_idle_and_its_hop_never_settles() {
    let limits = WriteLimits { creation: true, ..WriteLimits::default() };
    let mut rest = tenant("v1.35.6");
    rest.write_limits = limits;
    rest.status = KamajiStatus::WriteLimited;
    assert_eq!(stage(&rest), Stage::Idle);

    let mut hopped = with_deployment(hopping("v1.35.6", "v1.36.0", 20_000), |it| *it = deployment("v1.36.0", 3));
    hopped.pods = Reading::Read(pods("v1.36.0", 3));
    hopped.write_limits = limits;
    hopped.status = KamajiStatus::WriteLimited;
    assert_eq!(stage(&hopped), Stage::Settling);
    assert!(!is_settled(&hopped));
}

#[test]
fn a_rollout_without_a_change_of_version_is_said_to_be_one() {
    let mut scaling = with_deployment(tenant("v1.35.6"), |it| {
        it.replicas = 5;
        it.counts.unavailable = 2;
    });
    scaling.replicas = 5;
    scaling.status = KamajiStatus::Unknown;
    let report = read(&scaling);
    assert_eq!(report.stage, Stage::RollingOut);
    assert!(report.sentence.contains("without a change of version"), "{}", report.sentence);
}

/// Seen on Kamaji v1.0.0 with 1/1: it records the new version while its last pods still start.
#[test]
fn a_hop_that_was_recorded_early_is_still_that_hop() {
    let mut recorded_early = with_deployment(tenant("v1.36.0"), |it| {
        it.counts.available = 2;
        it.counts.unavailable = 1;
    });
    recorded_early.hop = Some(hop("v1.35.6", "v1.36.0", 6_700));
    recorded_early.pods = Reading::Read(vec![pod("v1.36.0", 0), pod("v1.36.0", 1), starting("v1.36.0", 2)]);
    let report = read(&recorded_early);
    assert_eq!(report.stage, Stage::RollingOut);
    assert!(report.sentence.starts_with("2 of 3 new API servers serve v1.36.0"), "{}", report.sentence);
}

#[test]
fn a_finished_hop_stays_finished_when_the_status_flickers() {
    let mut finished = tenant("v1.36.0");
    let mut hop = hop("v1.35.6", "v1.36.0", 60_000);
    hop.settled_ms = Some(5_370);
    finished.hop = Some(hop);
    finished.generation = 5;
    assert_eq!(stage(&finished), Stage::Finished);
}

#[test]
fn pods_are_counted_by_version_and_state() {
    let mut snapshot = hopping("v1.35.6", "v1.36.0", 2_000);
    snapshot.pods = Reading::Read(
        pods("v1.35.6", 2)
            .into_iter()
            .chain([
                terminating("v1.35.6", 3),
                starting("v1.35.6", 4),
                starting("v1.36.0", 0),
                terminating("v1.36.0", 1),
            ])
            .chain(pods("v1.36.0", 3))
            .collect(),
    );
    let counts = read(&snapshot).counts;
    let found = (counts.new_serving, counts.new_starting, counts.new_terminating);
    assert_eq!(found, (3, 1, 1));
    assert_eq!((counts.old_serving, counts.old_not_ready, counts.old_terminating), (2, 1, 1));
    assert_eq!((counts.serving(), counts.older(), counts.replicas), (5, 4, 3));
    assert!(counts.known);
}
