//! The upstream controller's own unit cases, as data, against the same steps here.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::scale::{annotations_need_update, proportion};
use super::*;
use crate::rollout::replica_set::ReplicaFailure;
use crate::strategy::IntOrPercent;

/// A table of upstream cases.
#[derive(Deserialize)]
struct Table<T> {
    cases: Vec<T>,
}

macro_rules! cases {
    ($file:literal) => {
        read(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/deployment-controller/", $file, ".json")))
    };
}

// After the macro, which is only known below its definition.
mod revision;
mod scaling;
mod status;

fn read<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let table: Table<T> = serde_json::from_str(text).expect("the table of cases can be read");
    assert!(!table.cases.is_empty());
    table.cases
}

fn deployment(replicas: u32, max_surge: u32, max_unavailable: u32) -> DeploymentState {
    DeploymentState {
        generation: 0,
        deleting: false,
        revision: Some(1),
        replicas,
        paused: false,
        strategy: Strategy::RollingUpdate {
            max_surge: IntOrPercent::Int(max_surge),
            max_unavailable: IntOrPercent::Int(max_unavailable),
        },
        min_ready_seconds: 0,
        progress_deadline_seconds: Some(600),
        revision_history_limit: Some(10),
        status: DeploymentStatus::default(),
    }
}

fn replica_set(spec_replicas: u32, replicas: u32, available: u32) -> ReplicaSetState {
    ReplicaSetState {
        generation: 0,
        deleting: false,
        matches_template: false,
        revision: Some(1),
        desired_replicas: None,
        max_replicas: None,
        inherited_annotations_differ: false,
        spec_replicas,
        min_ready_seconds: 0,
        unfinished_pods: 0,
        status: ReplicaSetStatus {
            observed_generation: 1,
            replicas,
            fully_labeled: replicas,
            ready: available,
            available,
            terminating: Some(0),
            failure: None,
        },
    }
}

fn new_replica_set(spec_replicas: u32, replicas: u32, available: u32) -> ReplicaSetState {
    ReplicaSetState { matches_template: true, revision: Some(2), ..replica_set(spec_replicas, replicas, available) }
}

/// Runs one step of a sync and gives what it returned with the scale writes it made: (replica set, to).
fn step<T>(
    deployment: &DeploymentState,
    replica_sets: &[ReplicaSetState],
    run: impl FnOnce(&mut Sync<'_>) -> T,
) -> (T, Vec<(usize, u32)>) {
    let mut writes = Vec::new();
    let result = run(&mut Sync::new(deployment, replica_sets, 0, &mut writes));
    let scales = writes.iter().filter_map(|write| match write {
        Write::ScaleReplicaSet { replica_set, to, .. } => Some((*replica_set, *to)),
        _ => None,
    });
    (result, scales.collect())
}

#[test]
fn a_replica_set_is_active_with_pods_asked_for() {
    #[derive(Deserialize)]
    struct Case {
        spec_replicas: Vec<Option<u32>>,
        expected: Vec<u32>,
    }
    for case in cases!("active_replica_sets") {
        let Case { spec_replicas, expected } = case;
        // A missing object cannot be passed in here.
        let sets: Vec<_> = spec_replicas.into_iter().flatten().map(|spec| replica_set(spec, 0, 0)).collect();
        let (active, _) = step(&deployment(1, 1, 0), &sets, |sync| {
            (0..sets.len()).filter(|index| sync.is_active_old(*index)).collect::<Vec<_>>()
        });
        assert_eq!(active.iter().map(|index| sets[*index].spec_replicas).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn annotations_count_pods_or_are_refused() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        annotation_value: Option<String>,
        expected_value: u32,
        expected_valid: bool,
        expected_error_contains: String,
    }
    for case in cases!("annotation_non_negative_int32") {
        let Case { name, annotation_value, expected_value, expected_valid, expected_error_contains } = case;
        let Some(text) = annotation_value else {
            // An absent annotation never reaches the function.
            assert!(!expected_valid, "{name}");
            continue;
        };
        match count_annotation(&text) {
            Ok(value) => assert!(expected_valid && value == expected_value, "{name}: {value}"),
            Err(error) => {
                assert!(!expected_valid, "{name}: {error}");
                assert!(error.to_string().contains(&expected_error_contains), "{name}: {error}");
            }
        }
    }
}

#[test]
fn history_beyond_the_limit_is_deleted_if_it_has_no_pods() {
    #[derive(Deserialize)]
    struct Case {
        old_rss: Vec<(u32, u32, bool)>,
        revision_history_limit: u32,
        expected_deletions: usize,
    }
    for case in cases!("cleanup_deployment") {
        let Case { old_rss, revision_history_limit, expected_deletions } = case;
        let old = old_rss
            .iter()
            .map(|(spec, status, deleting)| ReplicaSetState { deleting: *deleting, ..replica_set(*spec, *status, 0) });
        let sets: Vec<_> = old.collect();
        let deployment =
            DeploymentState { revision_history_limit: Some(revision_history_limit), ..deployment(1, 1, 0) };
        assert_eq!(deleted(&deployment, &sets).len(), expected_deletions, "{old_rss:?}");
    }
}

#[test]
fn the_oldest_revisions_are_deleted_first() {
    #[derive(Deserialize)]
    struct Old {
        name: String,
        replicas: u32,
        created_minutes: i64,
        revision: String,
    }
    #[derive(Deserialize)]
    struct Case {
        old_rss: Vec<Old>,
        revision_history_limit: u32,
        expected_deleted: Vec<String>,
    }
    for case in cases!("cleanup_deployment_order") {
        let Case { mut old_rss, revision_history_limit, expected_deleted } = case;
        old_rss.sort_by_key(|old| (old.created_minutes, old.name.clone()));
        let sets: Vec<_> = (old_rss.iter())
            .map(|old| ReplicaSetState {
                revision: old.revision.parse().ok(),
                ..replica_set(old.replicas, old.replicas, 0)
            })
            .collect();
        let deployment =
            DeploymentState { revision_history_limit: Some(revision_history_limit), ..deployment(1, 1, 0) };
        let mut names: Vec<_> =
            deleted(&deployment, &sets).into_iter().map(|index| old_rss[index].name.clone()).collect();
        names.sort();
        assert_eq!(names, expected_deleted);
    }
}

fn deleted(deployment: &DeploymentState, sets: &[ReplicaSetState]) -> Vec<usize> {
    let mut writes = Vec::new();
    Sync::new(deployment, sets, 0, &mut writes).clean_up_history();
    let deleted = writes.iter().map(|write| match write {
        Write::DeleteReplicaSet { replica_set } => *replica_set,
        other => panic!("{other:?}"),
    });
    deleted.collect()
}

#[test]
fn unhealthy_old_pods_are_cleaned_up_to_the_limit() {
    #[derive(Deserialize)]
    struct Case {
        old_replicas: u32,
        ready_pods: u32,
        max_cleanup_count: i64,
        expected_cleanup_count: i64,
    }
    for case in cases!("cleanup_unhealthy_replicas") {
        let Case { old_replicas, ready_pods, max_cleanup_count, expected_cleanup_count } = case;
        let sets = [replica_set(old_replicas, old_replicas, ready_pods)];
        let (cleaned, _) = step(&deployment(10, 2, 2), &sets, |sync| sync.clean_up_unhealthy(max_cleanup_count));
        assert_eq!(cleaned, Some(expected_cleanup_count));
    }
}

#[test]
fn a_stale_count_stops_the_clean_up() {
    let sets = [replica_set(2, 3, 3)];
    let (cleaned, scales) = step(&deployment(10, 2, 2), &sets, |sync| sync.clean_up_unhealthy(5));
    assert_eq!((cleaned, scales), (None, Vec::new()));
}

#[test]
fn the_new_replica_set_is_the_oldest_with_the_template() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        rs_list: Vec<String>,
        expected_new: Option<String>,
        expected_old: Vec<String>,
        expected_required_old: Vec<String>,
    }
    for case in cases!("find_new_and_old_replica_sets") {
        let Case { name, rs_list, expected_new, expected_old, expected_required_old } = case;
        let in_time = ["oldRS", "newRSDup", "newRS"].into_iter().filter(|known| rs_list.iter().any(|rs| rs == known));
        let names: Vec<&str> = in_time.collect();
        let sets = names.iter().map(|name| match *name {
            "oldRS" => replica_set(0, 0, 0),
            "newRSDup" => new_replica_set(0, 0, 0),
            _ => new_replica_set(1, 0, 0),
        });
        let sets: Vec<_> = sets.collect();
        let (found, _) = step(&deployment(1, 1, 0), &sets, |sync| {
            let all = |keep: &dyn Fn(usize) -> bool| {
                (0..sets.len()).filter(|index| keep(*index)).map(|index| names[index].to_owned()).collect::<Vec<_>>()
            };
            let new = sync.new.map(|index| names[index].to_owned());
            (new, all(&|index| sync.is_old(index)), all(&|index| sync.is_active_old(index)))
        });
        assert_eq!(found, (expected_new, expected_old, expected_required_old), "{name}");
    }
}

#[test]
fn the_new_replica_set_grows_as_far_as_the_surge_allows() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        strategy: String,
        deployment_replicas: u32,
        new_rs_replicas: u32,
        max_surge: u32,
        max_unavailable: u32,
        all_rs_spec_replicas: Vec<u32>,
        expected: u32,
    }
    for case in cases!("new_rs_new_replicas") {
        let case: Case = case;
        let mut deployment = deployment(case.deployment_replicas, case.max_surge, case.max_unavailable);
        if case.strategy == "Recreate" {
            deployment.strategy = Strategy::Recreate;
        }
        let sets: Vec<_> = case.all_rs_spec_replicas.iter().map(|spec| replica_set(*spec, *spec, 0)).collect();
        let (size, _) = step(&deployment, &sets, |sync| sync.new_replica_set_size(case.new_rs_replicas));
        assert_eq!(size, case.expected, "{}", case.name);
    }
}

#[test]
fn the_new_replica_set_is_reconciled() {
    #[derive(Deserialize)]
    struct Case {
        deployment_replicas: u32,
        max_surge: u32,
        max_unavailable: u32,
        old_replicas: u32,
        new_replicas: u32,
        scale_expected: bool,
        expected_new_replicas: Option<u32>,
    }
    for case in cases!("reconcile_new_replica_set") {
        let case: Case = case;
        let sets = [replica_set(case.old_replicas, 0, 0), new_replica_set(case.new_replicas, 0, 0)];
        let deployment = deployment(case.deployment_replicas, case.max_surge, case.max_unavailable);
        let (scaled, scales) = step(&deployment, &sets, |sync| sync.reconcile_new());
        assert_eq!(scaled, case.scale_expected);
        assert_eq!(scales, case.expected_new_replicas.map(|to| (1, to)).into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn old_replica_sets_are_reconciled() {
    #[derive(Deserialize)]
    struct Case {
        deployment_replicas: u32,
        max_surge: u32,
        max_unavailable: u32,
        old_replicas: u32,
        new_replicas: u32,
        old_available: u32,
        new_available: u32,
        scale_expected: bool,
        expected_old_replicas: Option<u32>,
        replica_set_update_fails: bool,
        comment: String,
    }
    for case in cases!("reconcile_old_replica_sets") {
        let case: Case = case;
        if case.replica_set_update_fails {
            // v1.36 swallows the failure; whoever executes the writes decides what becomes of it.
            continue;
        }
        let sets = [
            replica_set(case.old_replicas, case.old_replicas, case.old_available),
            new_replica_set(case.new_replicas, case.new_replicas, case.new_available),
        ];
        let deployment = deployment(case.deployment_replicas, case.max_surge, case.max_unavailable);
        let (scaled, scales) = step(&deployment, &sets, |sync| sync.reconcile_old());
        assert_eq!(scaled, case.scale_expected, "{}", case.comment);
        let last = scales.last().map(|(index, to)| (*index, *to));
        assert_eq!(last, case.expected_old_replicas.map(|to| (0, to)), "{}", case.comment);
    }
}

#[test]
fn old_replica_sets_shrink_by_what_is_available_above_the_minimum() {
    #[derive(Deserialize)]
    struct Case {
        deployment_replicas: u32,
        max_surge: u32,
        max_unavailable: u32,
        ready_pods: u32,
        old_replicas: u32,
        scale_expected: bool,
        expected_old_replicas: Option<u32>,
    }
    for case in cases!("scale_down_old_replica_sets_for_rolling_update") {
        let case: Case = case;
        let sets = [replica_set(case.old_replicas, case.old_replicas, case.ready_pods)];
        let deployment = deployment(case.deployment_replicas, case.max_surge, case.max_unavailable);
        let (count, scales) = step(&deployment, &sets, |sync| sync.scale_down_old());
        assert_eq!(count > 0, case.scale_expected);
        assert_eq!(scales, case.expected_old_replicas.map(|to| (0, to)).into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn recreate_waits_for_every_old_pod() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        old_status_replicas: Vec<u32>,
        pods_by_rs: std::collections::BTreeMap<String, Vec<String>>,
        expected: bool,
    }
    for case in cases!("recreate_old_pods_running") {
        let Case { name, old_status_replicas, pods_by_rs, expected } = case;
        let unfinished = |phases: &Vec<String>| {
            phases.iter().filter(|phase| !["Failed", "Succeeded"].contains(&phase.as_str())).count()
        };
        let mut sets: Vec<_> = old_status_replicas.iter().map(|replicas| replica_set(0, *replicas, 0)).collect();
        for phases in pods_by_rs.values() {
            let unfinished_pods = u32::try_from(unfinished(phases)).expect("a few");
            sets.push(ReplicaSetState { unfinished_pods, ..replica_set(0, 0, 0) });
        }
        let (exist, _) = step(&deployment(3, 0, 0), &sets, |sync| sync.old_pods_exist());
        assert_eq!(exist, expected, "{name}");
    }
}

#[test]
fn recreate_scales_all_old_replica_sets_to_zero() {
    #[derive(Deserialize)]
    struct Case {
        old_rs_sizes: Vec<u32>,
        deployment_replicas: u32,
        expected_sizes: Vec<u32>,
    }
    for case in cases!("recreate_scale_down_old") {
        let Case { old_rs_sizes, deployment_replicas, expected_sizes } = case;
        let sets: Vec<_> = old_rs_sizes.iter().map(|size| replica_set(*size, *size, *size)).collect();
        let deployment = DeploymentState { strategy: Strategy::Recreate, ..deployment(deployment_replicas, 0, 0) };
        let (result, scales) = step(&deployment, &sets, |sync| sync.rollout_recreate().is_ok());
        assert!(result);
        assert_eq!(scales.iter().map(|(_, to)| *to).collect::<Vec<_>>(), expected_sizes);
    }
}

#[test]
fn a_replica_set_keeps_its_share_when_the_size_changes() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        deployment_replicas: u32,
        deployment_status_replicas: u32,
        deployment_max_surge: u32,
        rs_replicas: u32,
        max_replicas_annotation: Option<String>,
        expected_fraction: i64,
    }
    for case in cases!("replica_set_fraction") {
        let case: Case = case;
        let mut deployment = deployment(case.deployment_replicas, case.deployment_max_surge, 1);
        deployment.status.replicas = case.deployment_status_replicas;
        let annotation = case.max_replicas_annotation.as_deref().and_then(|text| count_annotation(text).ok());
        let set = ReplicaSetState { max_replicas: annotation, ..replica_set(case.rs_replicas, 0, 0) };
        let (fraction, _) = step(&deployment, &[set], |sync| sync.fraction(&set));
        assert_eq!(fraction, case.expected_fraction, "{}", case.name);
    }
}

#[test]
fn no_share_goes_beyond_what_is_left() {
    // What a ReplicaSet would grow by, what is to add in all, what is added already; its share.
    let cases =
        [(2, 3, 0, 2), (5, 3, 0, 3), (5, 3, 1, 2), (-1, 3, 3, 0), (-2, -3, 0, -2), (-5, -3, -1, -2), (4, 0, 0, 0)];
    for (fraction, to_add, added, share) in cases {
        assert_eq!(proportion(fraction, to_add, added), share, "{fraction} of {to_add} after {added}");
    }
}

#[test]
fn stale_count_annotations_are_noticed() {
    #[derive(Deserialize)]
    struct Case {
        name: String,
        annotations: Option<std::collections::BTreeMap<String, String>>,
        desired: u32,
        max: u32,
        expected: bool,
    }
    for case in cases!("replicas_annotations_need_update") {
        let Case { name, annotations, desired, max, expected } = case;
        let value = |key: &str| annotations.as_ref()?.get(key).and_then(|text| count_annotation(text).ok());
        let set = ReplicaSetState {
            desired_replicas: value("desired-replicas"),
            max_replicas: value("max-replicas"),
            ..replica_set(1, 1, 1)
        };
        let wanted = CountAnnotations { desired_replicas: desired, max_replicas: max };
        assert_eq!(annotations_need_update(&set, wanted), expected, "{name}");
    }
}

#[test]
fn all_replica_sets_are_scaled_in_proportion() {
    #[derive(Deserialize)]
    struct Given {
        name: String,
        spec_replicas: u32,
        created: String,
    }
    #[derive(Deserialize)]
    struct Case {
        name: String,
        deployment_replicas: u32,
        deployment_max_surge: u32,
        deployment_max_unavailable: u32,
        before_replicas: u32,
        before_max_surge: u32,
        new_rs: Option<Given>,
        old_rss: Vec<Given>,
        expected_new_replicas: Option<u32>,
        expected_old_replicas: Vec<u32>,
        desired_replicas_annotation_override: std::collections::BTreeMap<String, u32>,
        not_updated: Vec<String>,
    }
    for case in cases!("scale_proportional") {
        let case: Case = case;
        let age = |given: &Given| ["oldest", "middle", "newest"].iter().position(|age| *age == given.created);
        let mut given: Vec<(&Given, bool, u32)> = Vec::new();
        if let (Some(new), Some(expected)) = (&case.new_rs, case.expected_new_replicas) {
            given.push((new, true, expected));
        }
        given.extend(case.old_rss.iter().zip(&case.expected_old_replicas).map(|(old, to)| (old, false, *to)));
        given.sort_by_key(|(given, _, _)| age(given));
        let sets: Vec<_> = (given.iter())
            .map(|(given, is_new, _)| {
                let desired = case.desired_replicas_annotation_override.get(&given.name);
                let desired = desired.copied().unwrap_or(case.before_replicas);
                ReplicaSetState {
                    matches_template: *is_new,
                    desired_replicas: Some(desired),
                    max_replicas: Some(desired + case.before_max_surge),
                    ..replica_set(given.spec_replicas, 0, 0)
                }
            })
            .collect();
        let deployment =
            deployment(case.deployment_replicas, case.deployment_max_surge, case.deployment_max_unavailable);
        let ((), scales) = step(&deployment, &sets, |sync| sync.scale());
        for (index, (given, _, expected)) in given.iter().enumerate() {
            if case.not_updated.contains(&given.name) {
                continue;
            }
            let to = scales.iter().rev().find(|(scaled, _)| *scaled == index).map(|(_, to)| *to);
            assert_eq!(to.unwrap_or(given.spec_replicas), *expected, "{}: {}", case.name, given.name);
        }
    }
}

#[test]
fn a_rollback_updates_the_revision_once_and_conflicts_on_the_second_look() {
    let deployment = DeploymentState { revision: Some(2), ..deployment(3, 1, 1) };
    let sets = [
        ReplicaSetState { matches_template: true, ..replica_set(0, 0, 0) },
        ReplicaSetState { revision: Some(2), desired_replicas: Some(3), max_replicas: Some(4), ..replica_set(3, 3, 3) },
    ];
    let mut writes = Vec::new();
    assert_eq!(sync(&deployment, &sets, 0, &mut writes), Requeue::Conflict);
    assert_eq!(writes, [Write::UpdateReplicaSet { replica_set: 0, revision: 3, min_ready_seconds: 0 }]);
}

#[test]
fn a_deployment_being_deleted_only_gets_its_status() {
    let deployment = DeploymentState { deleting: true, revision: Some(2), ..deployment(3, 1, 1) };
    let sets = [replica_set(3, 3, 3)];
    let mut writes = Vec::new();
    assert_eq!(sync(&deployment, &sets, 0, &mut writes), Requeue::Never);
    assert!(matches!(writes[..], [Write::UpdateStatus { .. }]), "{writes:?}");
}
