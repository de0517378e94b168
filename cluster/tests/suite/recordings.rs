//! Whole situations of a real Kamaji, replayed: what the index makes of them must be what happened.

use std::collections::BTreeMap;

use cluster::{Recording, RecordingError, Source};
use planner::film::{FilmSummary, Milestones, Side};
use planner::stage::{self, Stage};
use planner::tenant::{DeploymentFacts, ObservedHop};

use crate::support::story::{open, replay};
use crate::support::{admin, tenant_id};

/// The hops of one tenant as they stood when they ended or the recording did.
fn hops(name: &str, tenant: &str) -> Vec<ObservedHop> {
    let mut hops: BTreeMap<i64, ObservedHop> = BTreeMap::new();
    replay(&open(name), |_, snapshot| {
        if let Some(hop) = snapshot.hop.clone().filter(|_| snapshot.id == tenant_id(tenant)) {
            hops.insert(hop.started_at.0, hop);
        }
    });
    hops.into_values().collect()
}

/// The state that a person would call complete, told from the counts alone.
fn complete(deployment: &DeploymentFacts) -> bool {
    let counts = deployment.counts;
    deployment.observed_generation == Some(deployment.generation)
        && [counts.replicas, counts.updated, counts.ready].iter().all(|count| *count == deployment.replicas)
}

const ALL: [(&str, &[&str]); 20] = [
    ("anti-affinity", &["t14"]),
    ("create-konnectivity", &["t8"]),
    ("create-many", &["t2", "t3", "t4"]),
    ("create-t1", &["t1"]),
    ("double-hop", &["t4"]),
    ("no-v", &["t12", "t13"]),
    ("one-replica-1-1", &["t11"]),
    ("paused", &["t5"]),
    ("recreate-deadlock", &["t3"]),
    ("sleeping", &["t6"]),
    ("strategy-0-0", &["t12"]),
    ("stuck", &["t7"]),
    ("upgrade-1-1", &["t3"]),
    ("upgrade-default", &["t2"]),
    ("upgrade-konnectivity", &["t8"]),
    ("upgrade-t1-gate", &["t1"]),
    ("v100-upgrade-1-1", &["a2"]),
    ("v100-upgrade-default", &["a2"]),
    ("v100-upgrade-gate-default-then-1-1", &["tenant-00", "tenant-01"]),
    ("write-limited", &["t5"]),
];

#[test]
fn every_recording_is_read_without_a_problem() {
    for (name, tenants) in ALL {
        let (_, observer) = replay(&open(name), |_, _| {});
        let fleet = observer.fleet().borrow().visible(&admin());
        let names: Vec<&str> = fleet.iter().map(|snapshot| snapshot.id.name.as_str()).collect();
        assert_eq!(names, tenants, "{name}");
        for snapshot in fleet {
            assert_eq!(snapshot.problems, Vec::<String>::new(), "{name}");
            assert!(snapshot.deployment.read().is_some(), "{name}");
        }
    }
}

#[test]
fn nothing_is_settled_before_the_deployment_is_complete_on_the_wanted_version() {
    for (name, _) in ALL {
        let mut settled = BTreeMap::new();
        replay(&open(name), |at_ms, snapshot| {
            let Some(hop) = &snapshot.hop else { return };
            let before = settled.insert((snapshot.id.clone(), hop.started_at), hop.settled_ms).flatten();
            if hop.settled_ms.is_none() || before.is_some() {
                return;
            }
            let deployment = snapshot.deployment.read().expect("it was read");
            assert_eq!(deployment.version.as_ref(), Some(&hop.to), "{name} at {at_ms} ms");
            assert_eq!(snapshot.installed_version.as_ref(), Some(&hop.to), "{name} at {at_ms} ms");
            assert!(complete(deployment), "{name} at {at_ms} ms: {:?}", deployment.counts);
        });
    }
}

#[test]
fn nothing_is_finished_while_a_pod_of_an_older_version_exists() {
    let mut finished = 0;
    for (name, _) in ALL {
        let mut seen = BTreeMap::new();
        replay(&open(name), |at_ms, snapshot| {
            let Some(hop) = &snapshot.hop else { return };
            let before = seen.insert((snapshot.id.clone(), hop.started_at), hop.finished_ms).flatten();
            if hop.finished_ms.is_none() || before.is_some() {
                return;
            }
            finished += 1;
            let pods = snapshot.pods.read().expect("they were read");
            assert!(pods.iter().all(|pod| pod.version.as_ref() == Some(&hop.to)), "{name} at {at_ms} ms");
            assert!(hop.settled_ms <= hop.finished_ms, "{name}");
            let old_left = hop.film.pods.iter().any(|pod| {
                hop.film.revisions[pod.revision].side == Side::Old
                    && pod.gone_ms.is_none_or(|gone| Some(gone) > hop.finished_ms)
            });
            assert!(!old_left, "{name}: the film still shows an old pod");
        });
    }
    assert_eq!(finished, 20);
}

#[test]
fn the_stages_of_a_hop_come_in_order() {
    use Stage::{Accepted, Finished, Gate, RollingOut, Settled, Settling};
    for (name, tenant, expected) in [
        ("upgrade-default", "t2", &[Accepted, RollingOut, Settling, Settled, Finished][..]),
        ("upgrade-1-1", "t3", &[Accepted, RollingOut, Settling, Finished]),
        ("upgrade-konnectivity", "t8", &[Accepted, RollingOut, Settling, Settled, Finished]),
        ("upgrade-t1-gate", "t1", &[Accepted, Gate, RollingOut, Settling, Settled, Finished]),
        ("one-replica-1-1", "t11", &[Accepted, RollingOut, Settling, Finished]),
        ("v100-upgrade-default", "a2", &[Accepted, RollingOut, Settled, Finished]),
    ] {
        let mut stages = Vec::new();
        replay(&open(name), |_, snapshot| {
            if snapshot.hop.is_some() && snapshot.id == tenant_id(tenant) {
                stages.push(stage::read(snapshot).stage);
            }
        });
        stages.dedup();
        assert_eq!(stages, expected, "{name}");
    }
}

/// What a film must show: peak of pod objects, peak of pods that do not terminate, fewest that serve, ReplicaSets, pods.
type Shape = (u32, u32, u32, usize, usize);

#[test]
fn films_show_the_peaks_and_moments_that_were_recorded() {
    // from, to, settled and finished (ms), shape. The times are those of the recorded events.
    type Row = (&'static str, &'static str, Option<i64>, Option<i64>, Shape);
    let table: [(&str, &str, &[Row]); 9] = [
        ("upgrade-default", "t2", &[("v1.35.6", "v1.36.0", Some(5369), Some(6772), (6, 6, 3, 2, 6))]),
        ("upgrade-1-1", "t3", &[("v1.35.6", "v1.36.0", Some(7712), Some(7712), (5, 4, 2, 2, 6))]),
        ("upgrade-konnectivity", "t8", &[("v1.35.6", "v1.36.0", Some(16006), Some(16340), (9, 6, 3, 3, 9))]),
        (
            "double-hop",
            "t4",
            &[
                ("v1.34.3", "v1.35.6", None, None, (3, 3, 3, 1, 3)),
                ("v1.34.3", "v1.36.0", Some(8015), Some(8239), (9, 6, 3, 3, 9)),
            ],
        ),
        ("one-replica-1-1", "t11", &[("v1.35.6", "v1.36.0", Some(5087), Some(5087), (2, 2, 0, 2, 2))]),
        ("anti-affinity", "t14", &[("v1.35.6", "v1.36.0", Some(33179), Some(33179), (8, 8, 3, 2, 8))]),
        (
            "sleeping",
            "t6",
            &[
                ("v1.34.3", "v1.35.0", Some(2857), Some(2857), (0, 0, 0, 0, 0)),
                ("v1.35.0", "v1.36.0", Some(508), Some(508), (0, 0, 0, 0, 0)),
            ],
        ),
        ("v100-upgrade-default", "a2", &[("v1.29.6", "v1.30.1", Some(7586), Some(9132), (6, 6, 3, 2, 6))]),
        ("v100-upgrade-1-1", "a2", &[("v1.30.1", "v1.30.2", None, None, (5, 4, 2, 2, 6))]),
    ];
    for (name, tenant, rows) in table {
        let hops = hops(name, tenant);
        assert_eq!(hops.len(), rows.len(), "{name}");
        for (hop, (from, to, settled, finished, shape)) in hops.iter().zip(rows) {
            let summary = FilmSummary::of(&hop.film, Milestones::default());
            let seen: Shape = (
                summary.peaks.objects,
                summary.peaks.non_terminating,
                summary.lowest_serving,
                hop.film.revisions.len(),
                hop.film.pods.len(),
            );
            assert_eq!(hop.from.as_ref().map(ToString::to_string).as_deref(), Some(*from), "{name}");
            assert_eq!(hop.to.to_string(), *to, "{name}");
            assert_eq!((hop.settled_ms, hop.finished_ms), (*settled, *finished), "{name} to {to}");
            assert_eq!(seen, *shape, "{name} to {to}");
            assert_eq!(hop.film.gaps, [], "{name}");
        }
    }
}

#[test]
fn both_versions_serve_together_for_as_long_as_recorded() {
    for (name, tenant, first_ms, last_ms) in [
        ("upgrade-default", "t2", 3830, 4744),
        ("upgrade-1-1", "t3", 4249, 4686),
        ("upgrade-konnectivity", "t8", 13_117, 14_306),
    ] {
        let hop = hops(name, tenant).pop().expect("one hop");
        let mixed = FilmSummary::of(&hop.film, Milestones::default()).mixed.expect("they did");
        assert_eq!((mixed.first_ms, mixed.last_ms), (first_ms, Some(last_ms)), "{name}");
    }
}

#[test]
fn a_hop_that_was_under_way_at_the_first_look_says_so() {
    let hop = hops("upgrade-konnectivity", "t8").pop().expect("one hop");
    assert!(!hop.start_seen);
    let hop = hops("upgrade-default", "t2").pop().expect("one hop");
    assert!(hop.start_seen);
}

#[test]
fn creation_and_other_rollouts_are_no_hops() {
    for (name, tenant) in [("create-t1", "t1"), ("create-konnectivity", "t8"), ("create-many", "t3")] {
        assert_eq!(hops(name, tenant), [], "{name}");
    }
    // Two rollouts by scaling follow the hop.
    assert_eq!(hops("paused", "t5").len(), 1);
}

#[test]
fn an_operator_without_observed_generation_is_not_behind() {
    let (_, observer) = replay(&open("v100-upgrade-default"), |_, snapshot| {
        assert_eq!(snapshot.observed_generation, None);
    });
    let fleet = observer.fleet().borrow().visible(&admin());
    assert!(stage::is_finished(&fleet[0]));
}

#[test]
fn a_hop_under_write_limits_is_not_settled_until_they_are_lifted() {
    let lifted = open("write-limited").marks().last().expect("three marks").0;
    let mut last = None;
    replay(&open("write-limited"), |at_ms, snapshot| {
        let settled = snapshot.hop.as_ref().is_some_and(|hop| hop.settled_ms.is_some());
        assert!(!settled || at_ms >= lifted, "settled at {at_ms} ms");
        last = Some(settled);
    });
    assert_eq!(last, Some(true));
}

#[test]
fn start_up_and_termination_are_timed_from_the_pods() {
    // The lab's pods are ready 3 s after they are bound and gone 2 s after they are asked to.
    for (name, tenant, startups, terminations) in
        [("upgrade-default", "t2", 6, 3), ("upgrade-konnectivity", "t8", 9 - 3, 6)]
    {
        let (_, observer) = replay(&open(name), |_, _| {});
        let receiver = observer.tenant(&admin(), &tenant_id(tenant)).expect("it is there");
        let timings = receiver.borrow().timings.clone();
        assert_eq!((timings.startup_ms.len(), timings.termination_ms.len()), (startups, terminations), "{name}");
        assert!(timings.startup_ms.iter().all(|ms| (2900..4000).contains(ms)), "{name}: {timings:?}");
        assert!(timings.termination_ms.iter().all(|ms| (1900..2500).contains(ms)), "{name}: {timings:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_recording_is_served_at_the_chosen_speed_and_says_when_it_has_ended() {
    let recording = open("upgrade-default");
    let length = recording.length_ms();
    let observer = recording.serve(10, tokio_util::sync::CancellationToken::new());
    let mut health = observer.health();
    let begun = tokio::time::Instant::now();
    let ended = health
        .wait_for(|health| matches!(&health.source, Source::Recording(playback) if playback.ended()))
        .await
        .expect("the player lives");
    assert_eq!(ended.sentences(), ["The recording upgrade-default.jsonl.gz has ended; nothing will change any more."]);
    drop(ended);
    let took = i64::try_from(begun.elapsed().as_millis()).expect("short");
    assert!((took - length / 10).abs() < 50, "{took} ms for {length} ms");
    let receiver = observer.tenant(&admin(), &tenant_id("t2")).expect("it is there");
    assert_eq!(receiver.borrow().hop.as_ref().and_then(|hop| hop.finished_ms), Some(6772));
}

#[test]
fn what_is_no_recording_is_refused_with_its_line() {
    let folder = std::env::temp_dir().join(format!("no-recording-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("made-up.jsonl");
    for (text, expected) in [
        ("", "holds no event"),
        ("{\"t_ms\": 0}", "line 1"),
        (
            "\n{\"t_ms\": 0, \"type\": \"LIST\", \"kind\": \"Secret\", \"object\": {}}",
            "`Secret` is no kind the console watches",
        ),
        ("{\"t_ms\": 0, \"type\": \"BOOKMARK\", \"kind\": \"Pod\", \"object\": {}}", ""),
    ] {
        std::fs::write(&file, text).expect("written");
        let outcome = Recording::open(&file).map(|_| ()).map_err(|error| error.to_string());
        if expected.is_empty() {
            // An object nobody can be told from is a problem of the fleet, not of the file.
            assert_eq!(outcome, Ok(()), "{text}");
        } else {
            assert!(outcome.as_ref().is_err_and(|error| error.contains(expected)), "{outcome:?}");
        }
    }
    std::fs::remove_dir_all(&folder).expect("removed");
    assert!(matches!(Recording::open(&file), Err(RecordingError::Read { .. })));
}
