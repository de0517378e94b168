//! What holds a hop back before it begins: the gate, the pause, a second hop.

use planner::hop::HopKind;
use planner::next::Verdict;
use planner::stage::{self, Exit, Stage, unsettled};

use crate::support::story::{Story, blocking, names};

#[test]
pub(super) fn just_after_the_patch_the_old_version_is_ready_and_the_hop_accepted() {
    for (recording, tenant, wanted) in [
        ("upgrade-default", "t2", "v1.36.0"),
        ("upgrade-1-1", "t3", "v1.36.0"),
        ("one-replica-1-1", "t11", "v1.36.0"),
        ("anti-affinity", "t14", "v1.36.0"),
        ("strategy-0-0", "t12", "v1.36.0"),
        ("stuck", "t7", "v1.36.0"),
        ("upgrade-t1-gate", "t1", "v1.36.0"),
        ("double-hop", "t4", "v1.35.6"),
        ("no-v", "t13", "1.36.1"),
        ("paused", "t5", "v1.36.2"),
        ("v100-upgrade-default", "a2", "v1.30.1"),
        ("v100-upgrade-1-1", "a2", "v1.30.2"),
    ] {
        let story = Story::of(recording, tenant);
        let patched = story.first(0, |it| it.desired_version.0 == wanted);
        let snapshot = story.at(patched);
        assert_eq!(snapshot.status.to_string(), "Ready", "{recording}");
        assert_ne!(snapshot.installed_version.as_ref(), Some(&snapshot.desired_version), "{recording}");
        assert_eq!(story.report(patched).stage, Stage::Accepted, "{recording}");
        assert!(names(&unsettled(&snapshot)).contains(&"hopInFlight".to_owned()), "{recording}");
    }
}

#[test]
pub(super) fn a_closed_gate_shows_ready_and_nothing_else_so_the_console_names_it() {
    for (recording, tenant, patched, until) in
        [("upgrade-t1-gate", "t1", 1_558, 55_000), ("v100-upgrade-gate-default-then-1-1", "tenant-01", 18_054, 35_000)]
    {
        let story = Story::of(recording, tenant);
        let blocked = story.at(until);
        assert_eq!(blocked.status.to_string(), "Ready", "{recording}");
        assert_eq!(blocked.deployment.read().expect("read").version, blocked.installed_version, "{recording}");
        let told = story.at(until).events.read().expect("read").iter().filter_map(|event| event.at).max();
        assert!(told < blocked.hop.as_ref().map(|hop| hop.started_at), "{recording}: no event tells of it");
        assert_eq!(story.report(patched + stage::ACCEPTED_MS - 1).stage, Stage::Accepted, "{recording}");
        let waits = story.report(until);
        assert_eq!((waits.stage, names(&waits.stuck)), (Stage::Gate, vec![]), "{recording}");
        // As it would stand a minute after the patch, had nobody started the tenant's API server.
        let later = stage::read_at(&blocked, blocked.observed_at.plus_millis(stage::GATE_MS));
        assert_eq!((names(&later.stuck), later.exits), (vec!["gateClosed".to_owned()], vec![Exit::RestoreTenantApi]));
    }
}

#[test]
pub(super) fn behind_a_closed_gate_nothing_is_applied_until_the_tenants_api_answers() {
    let story = Story::of("upgrade-t1-gate", "t1");
    let scaled = story.at(story.mark("revert"));
    assert_eq!((scaled.replicas, scaled.deployment.read().expect("read").replicas), (4, 3));
    assert_eq!((scaled.generation, scaled.observed_generation), (4, Some(2)));
    let gaps: Vec<String> = unsettled(&scaled).iter().map(ToString::to_string).collect();
    assert!(gaps.iter().any(|gap| gap.contains("it has 3 replicas, wanted are 4")), "{gaps:?}");
    let back = blocking(&story.preflight(story.mark("revert"), "v1.35.6", None));
    assert_eq!(back[0], "downgrade", "the webhook refused it");
    let started = story.mark("start tenant kube-apiserver");
    let begun = story.first(started, |it| it.status.to_string() == "Upgrading");
    assert!(begun - started < 6_000, "{begun}");
    let stages = [Stage::RollingOut, Stage::Settling, Stage::Settled, Stage::Finished];
    assert_eq!(story.stages(begun, i64::MAX), stages);
}

#[test]
pub(super) fn a_second_hop_that_kamaji_takes_is_refused_by_the_console() {
    let story = Story::of("double-hop", "t4");
    let second = story.mark("patch v1.36.0 at once");
    assert_eq!(blocking(&story.preflight(second, "v1.36.0", None))[0], "hopInFlight");
    let offered = story.next(second).minors.into_iter().flat_map(|line| line.versions);
    let offered = offered.filter(|choice| matches!(choice.verdict, Verdict::Available { .. }));
    assert_eq!(offered.map(|choice| choice.version.to_string()).collect::<Vec<_>>(), [""; 0]);
    // What it came to: old pods straight to the second version, none of the first one ever served.
    let hop = story.hop();
    assert_eq!((hop.from.expect("known").0.as_str(), hop.to.0.as_str()), ("v1.34.3", "v1.36.0"));
    let between = hop.film.revisions.iter().position(|it| it.version.as_ref().is_some_and(|it| it.minor().minor == 35));
    let between: Vec<_> = hop.film.pods.iter().filter(|pod| Some(pod.revision) == between).collect();
    assert_eq!((between.len(), between.iter().filter(|pod| !pod.ready.is_empty()).count()), (3, 0));
}

#[test]
pub(super) fn an_observed_generation_does_not_say_that_the_change_was_processed() {
    let story = Story::of("double-hop", "t4");
    let (observed, applied) = (3_283, 5_056);
    for (at_ms, snapshot) in story.states(observed, applied) {
        assert_eq!((snapshot.generation, snapshot.observed_generation), (4, Some(4)), "at {at_ms}");
        let gaps: Vec<String> = unsettled(snapshot).iter().map(ToString::to_string).collect();
        assert!(gaps.iter().any(|gap| gap.contains("it runs v1.35.6, wanted is v1.36.0")), "at {at_ms}: {gaps:?}");
    }
    assert!(story.states(observed, applied).count() > 0);
}

#[test]
pub(super) fn any_value_pauses_and_holds_back_hop_and_scaling() {
    let story = Story::of("paused", "t5");
    let hop = story.mark("while paused");
    assert_eq!(blocking(&story.preflight(hop, "v1.36.2", None)), ["paused"], "before it was patched");
    let waits = story.report(hop + 8_000);
    assert_eq!((waits.stage, waits.exits), (Stage::Gate, vec![Exit::Unpause]));
    assert_eq!(waits.sentence, "v1.36.0 → v1.36.2 is accepted, but it is paused: nothing happens.");
    assert_eq!(blocking(&story.preflight(hop + 8_000, "v1.36.3", None))[..2], ["paused", "hopInFlight"]);
    let freed = story.first(story.mark("annotation removed"), |it| !it.paused);
    assert!(story.first(freed, |it| it.status.to_string() == "Upgrading") - freed < 500);

    let scaled = story.first(story.mark("paused=false"), |it| it.generation == 8);
    let held = story.at(scaled + 5_000);
    assert!(held.paused && held.generation == 8 && held.observed_generation == Some(7));
    let held = story.report(scaled + 5_000);
    assert_eq!(names(&held.stuck), ["pausedDuringChange"]);
    assert_eq!(held.sentence, "4 → 3 replicas is accepted, but it is paused: nothing happens.");
    assert_eq!(held.exits, [Exit::Unpause]);
    let end = story.report(i64::MAX);
    assert_eq!((end.stage, end.stuck), (Stage::Finished, vec![]));
}

#[test]
pub(super) fn with_no_pod_ready_only_the_installed_version_leads_out() {
    let story = Story::of("recreate-deadlock", "t3");
    let before = story.preflight(0, "v1.36.1", Some("recreate"));
    assert!(names(&before.findings).contains(&"recreateOutage".to_owned()));
    let repair = story.mark("try to repair");
    assert_eq!(story.at(repair).status.to_string(), "NotReady");
    assert_eq!(story.report(repair).sentence, "No API server serves now; 3 of 3 new ones start on v1.36.1.");
    assert_eq!(blocking(&story.preflight(repair, "v1.36.2", None))[0], "hopInFlight", "this repair repairs nothing");

    let stands = story.at(story.mark("escape 1"));
    assert_eq!(stands.deployment.read().expect("read").version.as_ref().expect("known").0, "v1.36.1");
    let later = stage::read_at(&stands, stands.observed_at.plus_millis(stage::GATE_MS));
    assert_eq!(names(&later.stuck), ["gateClosed", "notReadyDeadlock"]);
    assert_eq!(later.exits, [Exit::RestoreTenantApi, Exit::PatchRollback { to: "v1.36.0".to_owned() }]);

    let end = story.hop();
    let settled = end.settled_ms.expect("it came back");
    assert!((7_000..9_000).contains(&settled), "{settled}");
    assert_eq!((end.to.0.as_str(), end.finished_ms), ("v1.36.0", end.settled_ms));
}

#[test]
pub(super) fn asleep_a_hop_is_recorded_without_a_pod_and_one_follows_another() {
    let story = Story::of("sleeping", "t6");
    let asleep = story.mark("bump v1.35.0");
    let verdict = story.preflight(asleep, "v1.35.0", None);
    assert_eq!((blocking(&verdict), verdict.hop), (vec![], Some(HopKind::Minor)));
    let found = names(&verdict.findings);
    assert!(found.contains(&"sleepingHop".to_owned()) && !found.contains(&"tenantApiNotChecked".to_owned()));
    for (from, to) in [("bump v1.35.0", "second bump"), ("second bump", "wake")] {
        let (from, to) = (story.mark(from), story.mark(to));
        let stages = [Stage::Accepted, Stage::RollingOut, Stage::Sleeping];
        assert_eq!(story.stages(from, to), stages, "from {from} ms");
        let hop = story.at(to).hop.expect("seen");
        assert!(hop.finished_ms.expect("recorded") < 3_000 && hop.film.pods.is_empty());
    }
    assert_eq!(story.at(story.mark("wake")).replica_sets.read().expect("read").len(), 3);
    assert_eq!(story.ever_stuck_on(), [""; 0]);
}

#[test]
pub(super) fn going_to_sleep_and_waking_up_are_no_hops() {
    let story = Story::of("sleeping", "t6");
    assert_eq!(
        story.statuses(),
        ["Ready", "Sleeping", "NotReady", "Unknown", "Ready"],
        "a fresh look would take NotReady for a deadlock"
    );
    let (sleeps, woken) = (story.mark("replicas 0"), story.mark("wake"));
    assert_eq!(story.stages(sleeps, story.mark("bump v1.35.0")), [Stage::RollingOut, Stage::Sleeping]);
    assert!(story.at(1_622).hop.is_none());
    assert_eq!(story.report(1_622).sentence, "It goes to sleep; 0 API servers serve now.");
    assert_eq!(story.stages(woken, i64::MAX), [Stage::RollingOut, Stage::Finished]);
    assert_eq!(story.hop(), story.at(woken).hop.expect("the last bump"), "its film does not go on");
}
