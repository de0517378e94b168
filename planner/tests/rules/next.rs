use planner::finding::FindingKind;
use planner::hop::HopKind;
use planner::next::{Verdict, VersionChoice, VersionPicker, judge_version, next_versions};
use planner::operator::OperatorKnowledge;
use planner::releases::{ReleaseTable, Support};
use planner::tenant::{DeclaredVersion, Freshness, KamajiStatus, Owner, Reading, TenantSnapshot, WriteLimits};
use planner::version::{KubernetesVersion, Minor};
use proptest::prelude::*;

use crate::builders::{NOW, current, declared, hopping, kinds, tenant, today, v1_0_0, version, with_deployment};

fn picker(snapshot: &TenantSnapshot, operator: &OperatorKnowledge) -> VersionPicker {
    next_versions(snapshot, &ReleaseTable::built_in(), operator, today())
}

fn choice<'a>(picker: &'a VersionPicker, wanted: &str) -> &'a VersionChoice {
    let mut all = picker.minors.iter().flat_map(|line| &line.versions);
    all.find(|choice| choice.version == version(wanted)).unwrap_or_else(|| panic!("{wanted} is not listed"))
}

/// `patch`, `minor`, or the kinds of the reasons.
fn verdict(picker: &VersionPicker, wanted: &str) -> String {
    match &choice(picker, wanted).verdict {
        Verdict::Available { hop, .. } => hop.to_string(),
        Verdict::Unavailable(reasons) => kinds(reasons).join(" "),
    }
}

#[test]
fn each_known_version_has_a_verdict_and_every_reason() {
    let picker = picker(&tenant("v1.35.6"), &current(36));
    let cases = [
        ("v1.35.7", "patch"),
        ("v1.35.9", "patch"),
        ("v1.35.0", "patch"),
        ("v1.36.0", "minor"),
        ("v1.36.4", "minor"),
        ("v1.35.6", "alreadyWanted"),
        ("v1.34.9", "downgrade"),
        ("v1.37.0", "aboveCeiling skipsMinors"),
        ("v1.30.0", "downgrade"),
    ];
    for (wanted, expected) in cases {
        assert_eq!(verdict(&picker, wanted), expected, "{wanted}");
    }
}

#[test]
fn versions_are_grouped_by_minor_newest_first_with_their_support() {
    let picker = picker(&tenant("v1.35.6"), &current(36));
    let minors: Vec<String> = picker.minors.iter().map(|line| line.minor.to_string()).collect();
    let expected: Vec<String> = (26..=37).rev().map(|minor| format!("1.{minor}")).collect();
    assert_eq!(minors, expected);
    let patches: Vec<u64> = picker.minors[1].versions.iter().map(|choice| choice.version.patch()).collect();
    assert_eq!(patches, [4, 3, 2, 1, 0]);
    assert!(matches!(picker.minors[1].support, Support::Supported { .. }));
    assert!(matches!(picker.minors[3].support, Support::EndOfLife { .. }));
    let running = choice(&picker, "v1.35.6");
    assert!(running.installed && running.wanted);
}

#[test]
fn a_version_that_runs_is_listed_though_no_table_knows_it() {
    let picker = picker(&tenant("v1.25.3"), &current(36));
    assert_eq!(choice(&picker, "v1.25.3").verdict.clone(), {
        Verdict::Unavailable(vec![FindingKind::AlreadyWanted { version: version("v1.25.3") }.into()])
    });
    assert_eq!(picker.minors.last().map(|line| (line.minor.minor, line.support)), Some((25, Support::Unknown)));
    assert_eq!(picker.recommended, Some(version("v1.26.15")), "no line in reach gets fixes; the way out leads on");
}

#[test]
fn the_newest_supported_version_in_one_hop_is_recommended() {
    let cases = [
        ("v1.35.6", current(36), Some("v1.36.4")),
        ("v1.35.6", current(35), Some("v1.35.9")),
        ("v1.36.4", current(37), Some("v1.37.1")),
        ("v1.36.4", current(36), None),
        ("v1.34.2", current(36), Some("v1.35.9")),
        ("v1.32.1", current(36), Some("v1.33.13")),
        ("v1.29.6", v1_0_0(), Some("v1.30.2")),
        ("v1.36.0", OperatorKnowledge::unknown("not asked"), Some("v1.37.1")),
    ];
    for (running, operator, expected) in cases {
        let recommended = picker(&tenant(running), &operator).recommended;
        assert_eq!(recommended, expected.map(version), "{running} under {}", operator.ceiling);
    }
}

#[test]
fn an_unknown_operator_is_taken_for_the_newest_and_the_picker_says_so() {
    let unknown = picker(&tenant("v1.36.4"), &OperatorKnowledge::unknown("the webhook is down"));
    assert_eq!(verdict(&unknown, "v1.37.0"), "minor");
    assert_eq!(verdict(&unknown, "v1.36.0"), "patch");
    assert_eq!(kinds(&unknown.notes), ["ceilingUnknown"]);
    assert!(unknown.notes[0].to_string().contains("the webhook is down"), "{}", unknown.notes[0]);
    assert!(picker(&tenant("v1.36.4"), &current(36)).notes.is_empty());
}

#[test]
fn kamaji_1_0_0_compares_patches() {
    let picker = picker(&tenant("v1.30.1"), &v1_0_0());
    assert_eq!(verdict(&picker, "v1.30.2"), "patch");
    assert_eq!(verdict(&picker, "v1.30.0"), "downgrade");
    assert_eq!(verdict(&picker, "v1.30.3"), "aboveCeiling");
    assert_eq!(verdict(&picker, "v1.31.0"), "aboveCeiling");
}

#[test]
fn a_pre_release_counts_as_older_than_its_minor_under_the_newest_kamaji_only() {
    let judge = |running: &str, wanted: &str, operator: OperatorKnowledge| match judge_version(
        &tenant(running),
        &version(wanted),
        &operator,
    ) {
        Ok(hop) => hop.to_string(),
        Err(reasons) => kinds(&reasons).join(" "),
    };
    assert_eq!(judge("v1.35.1", "v1.35.2-rc.1", current(36)), "downgrade");
    assert_eq!(judge("v1.35.1", "v1.36.0-rc.1", current(36)), "minor");
    assert_eq!(judge("v1.36.0-rc.1", "v1.36.0", current(36)), "patch");
    assert_eq!(judge("v1.36.0", "v1.37.0-rc.1", current(36)), "aboveCeiling");
    assert_eq!(judge("v1.29.1", "v1.29.2-rc.1", v1_0_0()), "patch");
}

#[test]
fn what_only_the_console_knows_stands_against_every_version() {
    type Change = fn(&mut TenantSnapshot);
    let cases: [(&str, Change, &str); 14] = [
        ("paused", |it| it.paused = true, "paused"),
        (
            "write-limited",
            |it| {
                it.write_limits = WriteLimits { update: true, ..WriteLimits::default() };
                it.status = KamajiStatus::WriteLimited;
            },
            "writeLimited",
        ),
        ("limits just lifted", |it| it.status = KamajiStatus::WriteLimited, "statusNotReady"),
        (
            "migrating",
            |it| {
                it.data_store.wanted = Some("fast".to_owned());
                it.status = KamajiStatus::Migrating;
            },
            "migrating",
        ),
        ("no DataStore", |it| it.data_store.used = None, "dataStoreMissing"),
        ("deleting", |it| it.deleting = true, "deleting"),
        (
            "owned by Cluster API",
            |it| {
                it.owners = vec![Owner::ClusterApi { control_plane: "cp".to_owned(), cluster: None }];
            },
            "ownedByClusterApi",
        ),
        ("owned by Git", |it| it.owners = vec![Owner::Git { tool: "Flux".to_owned() }], "ownedByGit"),
        ("not ready", |it| it.status = KamajiStatus::NotReady, "statusNotReady"),
        ("another rollout", |it| it.status = KamajiStatus::Unknown, "statusNotReady"),
        ("never installed", |it| it.installed_version = None, "neverInstalled"),
        ("change not observed", |it| it.generation = 4, "changeNotObserved"),
        ("Deployment hidden", |it| it.deployment = Reading::Forbidden("no".to_owned()), "deploymentUnreadable"),
        ("asleep under a running spec", |it| it.status = KamajiStatus::Sleeping, "statusNotReady"),
    ];
    for (name, change, expected) in cases {
        let mut snapshot = tenant("v1.35.6");
        change(&mut snapshot);
        let picker = picker(&snapshot, &current(36));
        assert_eq!(kinds(&picker.standing), [expected], "{name}");
        assert_eq!(verdict(&picker, "v1.36.0"), expected, "{name}");
        assert_eq!(verdict(&picker, "v1.34.0"), format!("downgrade {expected}"), "{name}: Kamaji's reason first");
        assert_eq!(picker.recommended, None, "{name}");
    }
}

#[test]
fn no_second_hop_before_the_first_is_settled() {
    // Two legal one-minor patches in a row can end where no version is accepted any more.
    let running = hopping("v1.35.6", "v1.36.0", 500);
    let reasons = judge_version(&running, &version("v1.36.1"), &current(37)).expect_err("a hop runs");
    let expected = ["hopInFlight", "changeNotObserved", "deploymentNotSettled"];
    assert_eq!(kinds(&reasons), expected);
}

#[test]
fn kamajis_word_alone_is_not_believed() {
    // Recorded: installed, Ready and the observed generation all said done while the Deployment was still on the old image.
    let lie = with_deployment(tenant("v1.36.0"), |it| it.version = Some(declared("v1.35.6")));
    let reasons = judge_version(&lie, &version("v1.36.1"), &current(36)).expect_err("not settled");
    assert_eq!(kinds(&reasons), ["deploymentNotSettled"]);
    assert!(reasons[0].to_string().contains("it runs v1.35.6, wanted is v1.36.0"), "{}", reasons[0]);
}

#[test]
fn an_operator_without_an_observed_generation_is_not_behind() {
    let mut snapshot = tenant("v1.29.6");
    snapshot.observed_generation = None;
    assert_eq!(judge_version(&snapshot, &version("v1.30.1"), &v1_0_0()), Ok(HopKind::Minor));
}

fn asleep(mut snapshot: TenantSnapshot) -> TenantSnapshot {
    snapshot.replicas = 0;
    snapshot.status = KamajiStatus::Sleeping;
    snapshot.pods = Reading::Read(Vec::new());
    with_deployment(snapshot, |it| *it = crate::builders::deployment("v1.35.6", 0))
}

#[test]
fn a_sleeping_tenant_may_hop_where_kamaji_knows_sleeping() {
    let sleeping = asleep(tenant("v1.35.6"));
    assert_eq!(judge_version(&sleeping, &version("v1.36.0"), &current(36)), Ok(HopKind::Minor));

    let mut old = asleep(tenant("v1.35.6"));
    old.status = KamajiStatus::Ready;
    let mut operator = v1_0_0();
    operator.ceiling = current(36).ceiling;
    let reasons = judge_version(&old, &version("v1.36.0"), &operator).expect_err("needs the tenant's API server");
    assert_eq!(kinds(&reasons), ["sleepingNotSupported"]);
}

#[test]
fn a_version_written_without_v_can_be_put_right() {
    // The webhook takes `1.36.1`; the pods then wait for an image that does not exist.
    let mut snapshot = tenant("1.36.1");
    snapshot.desired_version = DeclaredVersion("1.36.1".to_owned());
    assert_eq!(judge_version(&snapshot, &version("v1.36.1"), &current(36)), Ok(HopKind::Patch));
}

#[test]
fn a_version_in_the_object_that_is_none_is_said_not_guessed() {
    let snapshot = tenant("<b>latest</b>");
    let picker = picker(&snapshot, &current(36));
    assert_eq!(verdict(&picker, "v1.36.0"), "currentVersionUnreadable");
    assert_eq!(picker.recommended, None);
}

#[test]
fn a_stale_view_does_not_change_which_versions_may_come() {
    let mut snapshot = tenant("v1.35.6");
    snapshot.freshness = Freshness::Stale { since: NOW, why: "watch broken".to_owned() };
    assert_eq!(verdict(&picker(&snapshot, &current(36)), "v1.36.0"), "minor");
}

#[test]
fn a_picker_survives_json() {
    let picker = picker(&tenant("v1.35.6"), &current(36));
    let text = serde_json::to_string(&picker).expect("json");
    assert_eq!(serde_json::from_str::<VersionPicker>(&text).expect("back"), picker);
}

proptest! {
    #[test]
    fn no_available_version_is_two_minors_away_older_or_above_the_ceiling(
        running in (28_u64..40, 0_u64..15, any::<bool>()),
        ceiling in 28_u64..40,
        old_rules in any::<bool>(),
    ) {
        let (minor, patch, pre) = running;
        let running = if pre { format!("v1.{minor}.{patch}-rc.1") } else { format!("v1.{minor}.{patch}") };
        let operator = if old_rules { v1_0_0() } else { current(ceiling) };
        let ceiling = if old_rules { 30 } else { ceiling };
        let picker = picker(&tenant(&running), &operator);
        let available: Vec<(KubernetesVersion, HopKind)> = picker
            .minors
            .iter()
            .flat_map(|line| &line.versions)
            .filter_map(|choice| match choice.verdict {
                Verdict::Available { hop, .. } => Some((choice.version.clone(), hop)),
                Verdict::Unavailable(_) => None,
            })
            .collect();
        for (version, hop) in &available {
            let Minor { minor: next, .. } = version.minor();
            prop_assert_eq!(next - minor, u64::from(*hop == HopKind::Minor), "{}", version);
            prop_assert!(next <= ceiling, "{} is above {}", version, ceiling);
        }
        if let Some(recommended) = picker.recommended {
            prop_assert!(available.iter().any(|(version, _)| *version == recommended));
        }
    }
}
