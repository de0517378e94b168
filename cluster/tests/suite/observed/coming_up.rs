//! Creation, and what a new tenant shows.

use planner::stage::Stage;

use crate::support::story::{Story, blocking, names};

#[test]
pub(super) fn a_new_tenant_comes_up_without_its_api_and_may_hop_at_once() {
    let story = Story::of("create-t1", "t1");
    assert_eq!(story.statuses(), ["no status yet", "Provisioning", "NotReady", "Provisioning", "Ready"]);
    assert_eq!(story.stages(0, i64::MAX), [Stage::Creating, Stage::Idle]);
    assert_eq!(story.ever_stuck_on(), [""; 0], "NotReady is no deadlock while it comes up");
    let verdict = story.preflight(i64::MAX, "v1.36.0", None);
    assert_eq!(blocking(&verdict), [""; 0]);
    assert!(names(&verdict.findings).contains(&"tenantApiNotChecked".to_owned()), "nobody asked it");
}

#[test]
pub(super) fn kamajis_own_writes_of_empty_objects_limit_nothing() {
    for (recording, tenant) in [("create-t1", "t1"), ("create-many", "t3"), ("create-konnectivity", "t8")] {
        let story = Story::of(recording, tenant);
        let (first, end) = (story.all().next().expect("it appears").1.generation, story.end());
        assert_eq!((first, end.generation), (1, 2), "{recording}: Kamaji raised it");
        assert!(!end.write_limits.any() && end.hop.is_none(), "{recording}");
    }
}

#[test]
pub(super) fn kamaji_records_a_new_tenant_late_and_until_then_it_is_being_created() {
    for tenant in ["t2", "t3", "t4"] {
        let story = Story::of("create-many", tenant);
        let complete = story.first(0, |it| it.deployment.read().is_some_and(|it| it.counts.available == 3));
        let recorded = story.first(0, |it| it.installed_version.is_some());
        assert!(recorded > complete + 1_500, "{tenant}: {complete}, {recorded}");
        assert_eq!(story.stages(complete, recorded), [Stage::Creating], "{tenant}");
        assert_eq!(story.stages(recorded, i64::MAX), [Stage::Idle], "{tenant}");
        let blocked = blocking(&story.preflight(recorded - 1, "v1.36.0", None));
        assert!(blocked.contains(&"neverInstalled".to_owned()), "{tenant}: {blocked:?}");
    }
}

#[test]
pub(super) fn konnectivity_takes_three_replica_sets_to_come_up() {
    let end = Story::of("create-konnectivity", "t8").end();
    let sets = end.replica_sets.read().expect("they were read");
    // The recording ends while the second one still has two pods.
    assert_eq!(sets.iter().map(|set| set.spec_replicas).collect::<Vec<_>>(), [0, 2, 3]);
}
