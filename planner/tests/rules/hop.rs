use planner::finding::Overridable;
use planner::hop::{
    Binding, Despite, DespiteError, FORMER_STRATEGY_ANNOTATION, HopKind, HopRequest, LONGEST_REASON, merge_patch,
    restore_patch,
};
use planner::strategy::{DeclaredStrategy, IntOrString, Strategy};
use planner::tenant::{
    DataStoreUse, Konnectivity, ObservedHop, Owner, PodRequests, Reading, TenantSnapshot, WriteLimits,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::builders::{NOW, declared, hop, pods, starting, tenant, version, with_deployment};

fn changes(before: &TenantSnapshot, now: &TenantSnapshot) -> Vec<String> {
    Binding::of(before).changes(now).iter().map(ToString::to_string).collect()
}

#[test]
fn a_fact_that_changed_is_said_in_words() {
    type Change = fn(&mut TenantSnapshot);
    let cases: [(Change, &[&str]); 16] = [
        (|it| it.uid = "77aa".to_owned(), &["the object was deleted and made anew: 5d5a → 77aa"]),
        (|it| it.generation = 4, &["the last change is settled: yes → no", "the generation of the object: 3 → 4"]),
        (
            |it| {
                it.generation = 4;
                it.observed_generation = Some(4);
            },
            &["the generation of the object: 3 → 4"],
        ),
        (
            |it| it.installed_version = None,
            &["the installed version: v1.35.6 → none", "the last change is settled: yes → no"],
        ),
        (|it| it.paused = true, &["paused: no → yes"]),
        (
            |it| it.write_limits = WriteLimits { update: true, ..WriteLimits::default() },
            &["the write limits: none → update"],
        ),
        (|it| it.data_store.wanted = Some("fast".to_owned()), &["the wanted DataStore: default → fast"]),
        (
            |it| it.data_store = DataStoreUse { wanted: Some("default".to_owned()), ..DataStoreUse::default() },
            &["the DataStore in use: default → none", "the DataStore's driver: etcd → none"],
        ),
        (|it| it.owners = vec![Owner::Git { tool: "Flux".to_owned() }], &["who else writes the object: nobody → Flux"]),
        (|it| it.konnectivity = Konnectivity::FollowsMinor, &["konnectivity: off → on, follows the minor"]),
        (|it| it.deleting = true, &["being deleted: no → yes"]),
        (
            |it| it.deployment = Reading::Waiting,
            &["the last change is settled: yes → no", "what a pod requests: unknown, unknown → unknown"],
        ),
        (|it| it.replicas = 4, &["the number of replicas: 3 → 4", "the last change is settled: yes → no"]),
        (
            |it| it.strategy = Strategy::Recreate.declared(),
            &[concat!(
                r#"the strategy: {"rollingUpdate":{"maxSurge":"100%","maxUnavailable":0},"type":"RollingUpdate"} → "#,
                r#"{"rollingUpdate":null,"type":"Recreate"}"#
            )],
        ),
        (
            |it| it.status = "Upgrading".into(),
            &["Kamaji's status: Ready → Upgrading", "the last change is settled: yes → no"],
        ),
        (
            |it| it.desired_version = declared("v1.36.0"),
            &["the wanted version: v1.35.6 → v1.36.0", "the last change is settled: yes → no"],
        ),
    ];
    for (change, expected) in cases {
        let mut now = tenant("v1.35.6");
        change(&mut now);
        assert_eq!(changes(&tenant("v1.35.6"), &now), expected);
    }
}

#[test]
fn facts_that_read_alike_and_differ_are_a_change() {
    let with = |surge: IntOrString| {
        let mut snapshot = tenant("v1.35.6");
        if let Some(rolling) = &mut snapshot.strategy.rolling_update {
            rolling.max_surge = Some(surge);
        }
        snapshot
    };
    let changes = changes(&with(IntOrString::Int(1)), &with(IntOrString::Text("1".to_owned())));
    assert_eq!(changes.len(), 1, "{changes:?}");
}

#[test]
fn new_requests_are_a_change_since_the_cost_was_read_from_them() {
    let now = with_deployment(tenant("v1.35.6"), |it| {
        it.requests = PodRequests { cpu_millis: Some(250), memory_bytes: Some(512), ..PodRequests::default() };
    });
    let expected = ["what a pod requests: unknown, unknown → 250 mCPU, 512 bytes"];
    assert_eq!(changes(&tenant("v1.35.6"), &now), expected);
}

#[test]
fn a_binding_goes_through_a_form_and_back() {
    let mut snapshot = tenant("v1.35.6");
    snapshot.owners = vec![Owner::ClusterApi { control_plane: "a\"><script>".to_owned(), cluster: None }];
    let binding = Binding::of(&snapshot);
    let text = binding.to_string();
    assert!(!text.contains('\n') && text.len() < 1_000, "{text}");
    assert_eq!(text.parse::<Binding>(), Ok(binding));
}

#[test]
fn a_form_that_was_tampered_with_is_refused() {
    let good = Binding::of(&tenant("v1.35.6")).to_string();
    for text in [
        "",
        "{}",
        "null",
        &good[..good.len() - 1],
        &good.replace("\"uid\"", "\"id\""),
        &good.replacen('{', "{\"x\":1,", 1),
    ] {
        assert!(text.parse::<Binding>().is_err(), "{text}");
    }
}

#[test]
fn the_patch_names_only_what_it_changes_and_the_resource_version() {
    let patch = merge_patch(&tenant("v1.35.6"), &version("v1.36.1"), None);
    assert_eq!(
        patch,
        json!({ "metadata": { "resourceVersion": "1502" }, "spec": { "kubernetes": { "version": "v1.36.1" } } })
    );
    let same = merge_patch(&tenant("v1.35.6"), &version("v1.36.1"), Some(Strategy::BLUE_GREEN));
    assert_eq!(same, patch, "the strategy it has already is not written");
}

fn former(patch: &Value) -> Option<DeclaredStrategy> {
    let text = patch["metadata"]["annotations"][FORMER_STRATEGY_ANNOTATION].as_str()?;
    Some(serde_json::from_str(text).expect("the remembered strategy is JSON"))
}

#[test]
fn a_new_strategy_is_written_whole_and_the_former_is_remembered() {
    let snapshot = tenant("v1.35.6");
    let patch = merge_patch(&snapshot, &version("v1.36.1"), Some(Strategy::ROLLING_ONE));
    assert_eq!(
        patch["spec"]["controlPlane"]["deployment"]["strategy"],
        json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 1 } })
    );
    assert_eq!(former(&patch), Some(snapshot.strategy));

    let recreate = merge_patch(&tenant("v1.35.6"), &version("v1.36.1"), Some(Strategy::Recreate));
    let strategy = &recreate["spec"]["controlPlane"]["deployment"]["strategy"];
    assert_eq!(*strategy, json!({ "type": "Recreate", "rollingUpdate": null }));
}

#[test]
fn going_back_to_the_remembered_strategy_forgets_it() {
    let mut snapshot = tenant("v1.35.6");
    snapshot.former_strategy = Some(Strategy::BLUE_GREEN.declared());
    snapshot.strategy = Strategy::ROLLING_ONE.declared();
    let patch = merge_patch(&snapshot, &version("v1.36.1"), Some(Strategy::BLUE_GREEN));
    let annotations = &patch["metadata"]["annotations"];
    assert_eq!(*annotations, json!({ FORMER_STRATEGY_ANNOTATION: null }));

    let expected = json!({
        "metadata": { "resourceVersion": "1502", "annotations": { FORMER_STRATEGY_ANNOTATION: null } },
        "spec": { "controlPlane": { "deployment": { "strategy": {
            "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "100%", "maxUnavailable": 0 },
        } } } },
    });
    assert_eq!(restore_patch(&snapshot), Some(expected));
}

#[test]
fn nothing_is_restored_where_nothing_good_is_remembered() {
    assert_eq!(restore_patch(&tenant("v1.35.6")), None);
    let mut broken = tenant("v1.35.6");
    broken.former_strategy = Some(DeclaredStrategy { kind: Some("Canary".to_owned()), rolling_update: None });
    assert_eq!(restore_patch(&broken), None);
}

#[test]
fn a_hop_request_survives_json() {
    let snapshot = tenant("v1.35.6");
    let request = HopRequest {
        tenant: snapshot.id.clone(),
        binding: Binding::of(&snapshot),
        version: version("v1.36.1"),
        strategy: Some(Strategy::BLUE_GREEN),
        acknowledged: vec![planner::hop::Acknowledgement::KubeletsNotChecked],
        typed_name: Some("tenant-00".to_owned()),
        despite: Despite::new("the platform team knows", vec![Overridable::Room]).ok(),
    };
    let text = serde_json::to_string(&request).expect("json");
    assert_eq!(serde_json::from_str::<HopRequest>(&text).expect("back"), request);
}

proptest! {
    /// Kamaji writes its status again and again (158 times in ten quiet minutes), pods come and go, watches break.
    #[test]
    fn status_noise_does_not_touch_the_binding(
        resource_version in "[0-9]{1,9}",
        later_ms in 0_i64..10_000_000,
        pod_count in 0_u32..9,
        terminating in proptest::option::of(0_u32..9),
        deployment_generation in 1_i64..1_000,
        problem in ".{0,20}",
    ) {
        let before = tenant("v1.35.6");
        let mut now = with_deployment(tenant("v1.35.6"), |it| {
            it.counts.terminating = terminating;
            it.generation = deployment_generation;
            it.observed_generation = Some(deployment_generation);
            it.conditions = vec![crate::builders::condition("Progressing", "True", "NewReplicaSetAvailable", &problem)];
        });
        now.resource_version = resource_version;
        now.observed_at = NOW.plus_millis(later_ms);
        now.pods = Reading::Read(pods("v1.35.6", pod_count).into_iter().chain([starting("v1.35.6", 99)]).collect());
        now.events = Reading::Forbidden(problem.clone());
        now.timings.startup_ms = vec![later_ms];
        now.problems = vec![problem];
        prop_assert_eq!(Binding::of(&before).changes(&now), vec![]);
        prop_assert_eq!(Binding::of(&before), Binding::of(&now));
    }

    #[test]
    fn whatever_differs_in_the_facts_is_also_said(replicas in 0_u32..5, paused in any::<bool>(), installed in 0_u64..3) {
        let before = tenant("v1.35.0");
        let mut now = tenant("v1.35.0");
        now.replicas = replicas;
        now.paused = paused;
        now.installed_version = Some(declared(&format!("v1.35.{installed}")));
        let binding = Binding::of(&before);
        prop_assert_eq!(binding.changes(&now).is_empty(), binding == Binding::of(&now));
    }
}

#[test]
fn an_observed_hop_is_a_patch_only_if_its_beginning_says_so() {
    let cases = [
        (Some("v1.36.0"), "v1.36.1", Some(HopKind::Patch)),
        (Some("v1.36.1"), "v1.36.0", Some(HopKind::Patch)),
        (Some("1.36.1"), "v1.36.1", Some(HopKind::Patch)),
        (Some("v1.35.6"), "v1.36.0", Some(HopKind::Minor)),
        (Some("v1.34.3"), "v1.36.0", Some(HopKind::Minor)),
        (None, "v1.36.0", Some(HopKind::Minor)),
        (Some("latest"), "v1.36.0", Some(HopKind::Minor)),
        (Some("v1.36.0"), "latest", None),
    ];
    for (from, to, kind) in cases {
        let observed = ObservedHop { from: from.map(declared), ..hop("v1.36.0", to, 0) };
        assert_eq!(observed.kind(), kind, "{from:?} to {to}");
    }
}

#[test]
fn an_override_of_a_start_has_a_reason_of_a_bounded_length() {
    for (reason, error) in [
        ("  ", Some(DespiteError::NoReason)),
        (&"x".repeat(LONGEST_REASON + 1), Some(DespiteError::TooLong)),
        (&"x".repeat(LONGEST_REASON), None),
    ] {
        assert_eq!(Despite::new(reason, Vec::new()).err(), error);
    }
}
