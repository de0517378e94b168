//! Rollouts that hang, and the ways out that were seen to work.

use planner::film::{FilmSummary, Milestones};
use planner::hop::HopKind;
use planner::stage::{self, Exit, Stage, way_out};
use planner::strategy::{Strategy, StrategyError};
use planner::version::Minor;

use crate::support::story::{Story, blocking, names, version};

const FORWARD: Exit = Exit::NewerPatch { minor: Minor { major: 1, minor: 36 } };

#[test]
pub(super) fn pods_that_never_get_ready_are_told_by_the_deadline_that_somebody_set_by_hand() {
    let story = Story::of("stuck", "t7");
    let exceeded = story.first(0, |it| !stage::read(it).stuck.is_empty());
    let begun = story.first(0, |it| it.deployment.read().is_some_and(|it| it.generation == 3));
    assert!((20_000..22_000).contains(&(exceeded - begun)), "{begun}, {exceeded}");
    let snapshot = story.at(exceeded);
    assert_eq!(snapshot.status.to_string(), "Upgrading", "for ever");
    let report = story.report(exceeded);
    assert_eq!((report.stage, names(&report.stuck)), (Stage::RollingOut, vec!["progressDeadlineExceeded".to_owned()]));
    assert_eq!(report.exits, [FORWARD], "the minor cannot go back");
    assert_eq!(blocking(&story.preflight(exceeded, "v1.35.6", None))[0], "downgrade");
    let deadline = story.end().deployment.read().expect("read").progress_deadline_seconds;
    assert_eq!(deadline, Some(20), "Kamaji leaves it as it was set");
}

#[test]
pub(super) fn a_strategy_changed_in_the_middle_takes_a_serving_pod_and_frees_nothing() {
    let story = Story::of("stuck", "t7");
    let asked = story.mark("strategy 1/1");
    let wanted = version("v1.36.0");
    assert_eq!(way_out(&story.at(asked), &wanted, Some(Strategy::ROLLING_ONE)), None);
    assert!(blocking(&story.preflight(asked, "v1.36.0", Some("1/1"))).contains(&"hopInFlight".to_owned()));
    let (before, after) = (story.report(asked).counts, story.report(story.mark("way out")).counts);
    assert_eq!((before.old_serving, before.new_serving), (3, 0));
    assert_eq!((after.old_serving, after.new_serving), (2, 0));
}

#[test]
pub(super) fn another_patch_frees_pods_that_never_get_ready() {
    let story = Story::of("stuck", "t7");
    let exceeded = story.mark("strategy 1/1");
    assert_eq!(way_out(&story.at(exceeded), &version("v1.36.1"), None), Some(FORWARD));
    assert_eq!(blocking(&story.preflight(exceeded, "v1.36.1", None)), [""; 0]);
    let hop = story.at(story.mark("patch rollback")).hop.expect("seen");
    assert_eq!(hop.from.expect("known").0, "v1.35.6", "what was installed, not what hung");
    let settled = hop.settled_ms.expect("settled");
    assert!((7_500..8_500).contains(&settled), "{settled}");
    assert_eq!(FilmSummary::of(&hop.film, Milestones::default()).lowest_serving, 2);
}

#[test]
pub(super) fn a_patch_may_be_taken_back_within_its_minor() {
    let story = Story::of("stuck", "t7");
    let asked = story.mark("patch rollback");
    let verdict = story.preflight(asked, "v1.36.0", None);
    assert_eq!((blocking(&verdict), verdict.hop), (vec![], Some(HopKind::Patch)));
    assert!(names(&verdict.findings).contains(&"patchCanBeUndone".to_owned()));
    let hop = story.hop();
    assert_eq!((hop.from.expect("known").0.as_str(), hop.to.0.as_str()), ("v1.36.1", "v1.36.0"));
    assert!((7_500..8_500).contains(&hop.settled_ms.expect("settled")), "{:?}", hop.settled_ms);
}

#[test]
pub(super) fn without_room_for_a_surge_in_place_frees_the_rollout_and_another_patch_does_not() {
    let story = Story::of("anti-affinity", "t14");
    let asked = story.mark("strategy 0/1");
    let report = story.report(asked);
    assert_eq!(names(&report.stuck), ["unschedulable"]);
    let words = "0/4 nodes are available: 4 node(s) didn't match pod anti-affinity rules.";
    assert!(report.stuck[0].evidence.starts_with(words), "{}", report.stuck[0].evidence);
    assert_eq!(report.exits, [Exit::MakeRoom, Exit::InPlace]);
    assert_eq!(blocking(&story.preflight(asked, "v1.36.0", Some("0/1"))), [""; 0]);
    let changed = story.first(asked, |it| it.generation == 4);
    assert_eq!(story.report(changed).exits, [Exit::MakeRoom, Exit::Wait], "it passes by itself now");
    let hop = story.hop();
    let settled = hop.settled_ms.expect("settled") + story.first(0, |it| it.hop.is_some());
    assert!((21_000..23_000).contains(&(settled - changed)), "{changed}, {settled}");
    assert_eq!(FilmSummary::of(&hop.film, Milestones::default()).lowest_serving, 3);
}

#[test]
pub(super) fn a_strategy_that_no_deployment_takes_stalls_kamaji_until_it_is_mended() {
    let story = Story::of("strategy-0-0", "t12");
    assert_eq!("0/0".parse::<Strategy>(), Err(StrategyError::BothZero), "the API took it");
    let mended = story.mark("strategy 1/0");
    let stalled = story.at(mended);
    assert_eq!(stalled.status.to_string(), "Upgrading", "for ever");
    assert_eq!((stalled.generation, stalled.observed_generation), (3, Some(2)));
    assert_eq!(stalled.deployment.read().expect("read").generation, 1, "untouched");
    let report = story.report(mended);
    assert_eq!(names(&report.stuck), ["strategyStallsKamaji"]);
    assert_eq!(report.exits, [Exit::ValidStrategy { strategy: Strategy::BLUE_GREEN }]);
    assert_eq!(blocking(&story.preflight(mended, "v1.36.0", Some("1/0"))), [""; 0]);
    let written = story.first(mended, |it| it.deployment.read().is_some_and(|it| it.generation == 2));
    assert!(written - mended < 1_000, "the gate is skipped");
    assert_eq!(story.stages(written, i64::MAX), [Stage::RollingOut, Stage::Settling, Stage::Settled]);
}

#[test]
pub(super) fn write_limits_let_the_pods_roll_and_the_version_unrecorded() {
    let story = Story::of("write-limited", "t5");
    let limited = story.mark("patch v1.36.0");
    assert_eq!(blocking(&story.preflight(limited, "v1.36.0", None)), ["writeLimited"]);
    let hop = story.first(limited, |it| it.hop.is_some());
    let mut flips = story.statuses();
    flips.retain(|status| status == "WriteLimited");
    assert!(flips.len() > 24, "{} times", flips.len());
    let stages = [Stage::Accepted, Stage::RollingOut, Stage::Settling, Stage::Finished];
    assert_eq!(story.stages(hop, i64::MAX), stages, "however often Kamaji's status flips");
    let lifted = story.mark("removed");
    for (at_ms, snapshot) in story.states(hop, lifted) {
        let report = stage::read(snapshot);
        assert_eq!(names(&report.stuck), ["writeLimitedDuringHop"], "at {at_ms} ms");
        assert_eq!(report.exits, [Exit::LiftWriteLimits], "at {at_ms} ms");
    }
    let recorded = story.first(lifted, |it| !it.write_limits.any());
    let settled = story.hop().settled_ms.expect("settled") + hop;
    assert!(settled - recorded < 1_000, "{recorded}, {settled}");
}

#[test]
pub(super) fn one_replica_that_may_be_unavailable_is_an_outage_and_no_deadlock() {
    let story = Story::of("one-replica-1-1", "t11");
    let foretold = names(&story.preflight(0, "v1.36.0", Some("1/1")).findings);
    assert!(foretold.contains(&"oneReplicaOutage".to_owned()), "{foretold:?}");
    let flips = story.statuses();
    assert_eq!(flips, ["Ready", "Upgrading", "NotReady", "Upgrading", "NotReady", "Upgrading", "Ready"]);
    assert_eq!(story.ever_stuck_on(), [""; 0]);
    let summary = FilmSummary::of(&story.hop().film, Milestones::default());
    assert_eq!((summary.lowest_serving, summary.outage_open), (0, false));
    assert!((2_900..3_000).contains(&summary.outage_ms), "{}", summary.outage_ms);
}
