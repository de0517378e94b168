//! The rollout itself: its moments, its pods, and when it is over.

use std::ops::Range;

use planner::film::{FilmSummary, Milestones};
use planner::finding::FindingKind;
use planner::stage::{Stage, StageCounts, is_finished, is_settled};
use planner::tenant::TenantSnapshot;

use crate::support::story::{Story, names};

/// Milliseconds after the patch, as they were written down of a plain upgrade, each as exact as it was.
#[test]
pub(super) fn a_plain_upgrade_has_its_moments() {
    type Moment = (&'static str, Range<i64>, fn(&TenantSnapshot) -> bool);
    let story = Story::of("upgrade-default", "t2");
    let patched = story.first(0, |it| it.desired_version.0 == "v1.36.0");
    let table: [Moment; 7] = [
        ("Kamaji says Upgrading", 310..320, |it| it.status.to_string() == "Upgrading"),
        ("the Deployment is written", 595..605, on_wanted),
        ("Kamaji has observed the change", 805..815, |it| it.observed_generation == Some(3)),
        ("there are 6 pods", 1_000..1_100, |it| it.deployment.read().is_some_and(|it| it.counts.replicas == 6)),
        ("the first new pod serves", 3_800..3_900, |it| counts(it).new_serving > 0),
        ("settled", 5_365..5_375, is_settled),
        ("the last old pod is gone", 6_700..6_850, is_finished),
    ];
    for (what, when, so) in table {
        let at_ms = story.first(patched, so) - patched;
        assert!(when.contains(&at_ms), "{what}: {at_ms} ms");
    }
}

#[test]
pub(super) fn strategy_and_version_are_one_write_and_the_new_strategy_governs_it() {
    let story = Story::of("upgrade-1-1", "t3");
    let mut generations: Vec<i64> = story.all().filter_map(|(_, it)| Some(it.deployment.read()?.generation)).collect();
    generations.dedup();
    assert_eq!(generations, [1, 2]);
    let sets = |it: &TenantSnapshot| it.replica_sets.read().expect("read").clone();
    let two = story.first(0, |it| sets(it).len() == 2);
    let new = sets(&story.at(two)).into_iter().find(|set| set.version.as_ref().is_some_and(|it| it.0 == "v1.36.0"));
    assert_eq!(new.expect("the new one").spec_replicas, 1, "a surge of one, not of all");
    let foretold = story.preflight(0, "v1.36.0", Some("1/1"));
    assert!(names(&foretold.findings).contains(&"strategyStays".to_owned()));
}

#[test]
pub(super) fn konnectivity_writes_twice_and_brings_as_many_pods_as_the_console_foretells() {
    let before = Story::of("create-konnectivity", "t8").preflight(i64::MAX, "v1.36.0", None);
    let foretold = before.findings.iter().find_map(|finding| match finding.kind {
        FindingKind::KonnectivitySecondWrite { peak, .. } => peak,
        _ => None,
    });
    let story = Story::of("upgrade-konnectivity", "t8");
    let film = story.hop().film;
    assert_eq!(foretold, Some(FilmSummary::of(&film, Milestones::default()).peaks.objects));
    assert_eq!((foretold, film.revisions.len()), (Some(9), 3));
    let writes = [4, 5]
        .map(|generation| story.first(0, |it| it.deployment.read().is_some_and(|it| it.generation == generation)));
    assert!((800..1_000).contains(&(writes[1] - writes[0])), "{writes:?}");
}

#[test]
pub(super) fn pods_that_do_not_terminate_keep_the_ceiling_and_terminating_ones_come_on_top() {
    // Non-terminating pods allowed by replicas and maxSurge; all pod objects that were seen.
    for (recording, tenant, ceiling, objects) in [
        ("upgrade-default", "t2", 6, 6),
        ("upgrade-1-1", "t3", 4, 5),
        ("upgrade-konnectivity", "t8", 6, 9),
        ("double-hop", "t4", 6, 9),
        ("anti-affinity", "t14", 8, 8),
        ("strategy-0-0", "t12", 4, 5),
        ("one-replica-1-1", "t11", 2, 2),
    ] {
        let peaks = FilmSummary::of(&Story::of(recording, tenant).hop().film, Milestones::default()).peaks;
        assert_eq!((peaks.non_terminating, peaks.objects), (ceiling, objects), "{recording}");
    }
}

#[test]
pub(super) fn ready_comes_before_the_old_pods_are_gone() {
    for (recording, tenant, early_ms) in [
        ("upgrade-default", "t2", 1_300..1_500),
        ("upgrade-t1-gate", "t1", 1_600..1_800),
        ("upgrade-konnectivity", "t8", 300..400),
    ] {
        let story = Story::of(recording, tenant);
        let hop = story.hop();
        let (ready, gone) = (hop.settled_ms.expect("settled"), hop.finished_ms.expect("finished"));
        assert!(early_ms.contains(&(gone - ready)), "{recording}: {ready}, {gone}");
        let settled = story.first(0, |it| it.hop.as_ref().is_some_and(|hop| hop.settled_ms.is_some()));
        let report = story.report(settled);
        assert_eq!(report.stage, Stage::Settled, "{recording}");
        assert!(report.counts.old_terminating > 0 && report.sentence.ends_with("still ending."), "{recording}");
    }
}

#[test]
pub(super) fn the_numbers_are_the_deployments_and_the_pods_since_kamajis_lag() {
    let story = Story::of("upgrade-default", "t2");
    // Kamaji's own status says "3 updated, 3 ready" now, which is the state before.
    let begun = story.report(1_823);
    assert_eq!((begun.stage, begun.counts.new_serving, begun.counts.old_serving), (Stage::RollingOut, 0, 3));
    let written = story.report(story.first(1_823, on_wanted));
    assert_eq!(written.sentence, "0 of 3 new API servers serve v1.36.0; of the older version 3 still serve.");
}

#[test]
pub(super) fn a_rollout_that_is_no_hop_is_said_to_be_none() {
    let story = Story::of("paused", "t5");
    let scaled = story.mark("scale 3 -> 4");
    let unknown = story.first(scaled, |it| it.status.to_string() == "Unknown");
    let report = story.report(unknown);
    assert_eq!((report.stage, names(&report.stuck)), (Stage::RollingOut, vec![]));
    assert!(report.sentence.starts_with("Pods are being replaced or scaled without a change of version"));
    assert_eq!(story.hop().to.0, "v1.36.2", "no hop but the one before");
    let blocked = story.preflight(unknown, "v1.36.3", None);
    let blocked: Vec<String> = blocked.findings.iter().filter(|it| it.blocks()).map(ToString::to_string).collect();
    assert!(blocked.iter().any(|sentence| sentence.contains("Unknown")), "{blocked:?}");
}

#[test]
pub(super) fn kamaji_1_0_0_says_ready_too_early_and_the_console_does_not() {
    for (recording, tenant) in [("v100-upgrade-default", "a2"), ("v100-upgrade-1-1", "a2")] {
        let story = Story::of(recording, tenant);
        let hop = story.first(0, |it| it.hop.is_some());
        let said = story.first(hop, |it| it.installed_version.as_ref() == Some(&it.desired_version));
        let snapshot = story.at(said);
        assert_eq!((snapshot.status.to_string().as_str(), snapshot.observed_generation), ("Ready", None));
        assert!(!is_settled(&snapshot), "{recording}");
        assert_eq!(story.report(said).stage, Stage::RollingOut, "{recording}");
        let foretold = story.preflight(0, if recording.ends_with("1-1") { "v1.30.2" } else { "v1.30.1" }, None);
        assert!(names(&foretold.findings).contains(&"readyComesEarly".to_owned()), "{recording}");
    }
    let before = Story::of("v100-upgrade-1-1", "a2");
    let said = before.first(858, |it| it.installed_version.as_ref() == Some(&it.desired_version));
    assert_eq!(before.report(said).counts.new_serving, 0, "no new pod serves yet");
}

fn on_wanted(snapshot: &TenantSnapshot) -> bool {
    snapshot.deployment.read().is_some_and(|it| it.version.as_ref() == Some(&snapshot.desired_version))
}

fn counts(snapshot: &TenantSnapshot) -> StageCounts {
    planner::stage::read(snapshot).counts
}
