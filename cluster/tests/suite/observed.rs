//! What was observed of Kamaji 26.8.2-edge on a real cluster, sentence by sentence, and what the console makes of the recordings
//! of it: stage, what it is stuck on, ways out, verdicts before the hop, films. Releases that can be built from public modules
//! end with v1.0.0, which knows no Sleeping, WriteLimited or Unknown, no pause, no `observedGeneration`, no way back to an
//! older patch and no second write; so these are proved here and nowhere else.

mod coming_up;
mod gate;
mod refused;
mod rollout;
mod room;
mod stuck;
mod words;

use std::collections::BTreeSet;

use crate::support::story::folder;

use Proof::{Here, InPlanner, Nowhere};

/// How a sentence is proved.
enum Proof {
    /// By playing these recordings, in these tests.
    Here(&'static [&'static str], &'static [fn()]),
    /// By recorded answers, in this test of `planner`'s `recorded_refusals`.
    InPlanner(&'static str),
    /// By no recording that is kept; why.
    Nowhere(&'static str),
}

const STATEMENTS: [(u8, &str, Proof); 40] = [
    (
        1,
        "A new tenant gets Ready with no tenant API.",
        Here(&["create-t1"], &[coming_up::a_new_tenant_comes_up_without_its_api_and_may_hop_at_once]),
    ),
    (
        2,
        "New: Provisioning, NotReady, Provisioning, Ready. Woken up: Sleeping, NotReady, Unknown, Ready.",
        Here(
            &["create-t1", "create-many", "sleeping"],
            &[
                coming_up::a_new_tenant_comes_up_without_its_api_and_may_hop_at_once,
                coming_up::kamaji_records_a_new_tenant_late_and_until_then_it_is_being_created,
                gate::going_to_sleep_and_waking_up_are_no_hops,
            ],
        ),
    ),
    (
        3,
        "Just after the patch: Ready and the old version.",
        Here(
            &["upgrade-default", "upgrade-1-1", "one-replica-1-1", "anti-affinity", "strategy-0-0", "stuck", "no-v"],
            &[gate::just_after_the_patch_the_old_version_is_ready_and_the_hop_accepted],
        ),
    ),
    (
        4,
        "Blocked without tenant API: Ready, spec is not installed, observedGeneration behind, no event.",
        Here(
            &["upgrade-t1-gate", "v100-upgrade-gate-default-then-1-1"],
            &[gate::a_closed_gate_shows_ready_and_nothing_else_so_the_console_names_it],
        ),
    ),
    (
        5,
        "While blocked nothing is applied, the minor cannot be reverted, it unblocks by itself.",
        Here(&["upgrade-t1-gate"], &[gate::behind_a_closed_gate_nothing_is_applied_until_the_tenants_api_answers]),
    ),
    (
        6,
        "Deadlock through NotReady; a patch hop is set back to the installed version.",
        Here(&["recreate-deadlock"], &[gate::with_no_pod_ready_only_the_installed_version_leads_out]),
    ),
    (
        7,
        "Upgrading skips the gate: a double hop rolls old pods straight to the second version.",
        Here(&["double-hop"], &[gate::a_second_hop_that_kamaji_takes_is_refused_by_the_console]),
    ),
    (
        8,
        "Two hops while paused are a dead end: refuse a second one unless the first is installed.",
        Here(&["paused"], &[gate::any_value_pauses_and_holds_back_hop_and_scaling]),
    ),
    (9, "The status patch to Upgrading works.", Nowhere("its recording was not kept, and the console never writes it")),
    (
        10,
        "WriteLimited never completes: pods roll, the version is not recorded, the status flips.",
        Here(&["write-limited"], &[stuck::write_limits_let_the_pods_roll_and_the_version_unrecorded]),
    ),
    (
        11,
        "Asleep a bump is recorded at once, even two minors one after the other.",
        Here(&["sleeping"], &[gate::asleep_a_hop_is_recorded_without_a_pod_and_one_follows_another]),
    ),
    (12, "The dry-run probe tells the highest version.", InPlanner("every_answer_of_the_newest_kamaji_is_reproduced")),
    (13, "The webhook compares with the patch zeroed.", InPlanner("every_answer_of_the_newest_kamaji_is_reproduced")),
    (14, "But it keeps the pre-release.", InPlanner("every_answer_of_the_newest_kamaji_is_reproduced")),
    (
        15,
        "A missing v is not checked; the other spelling is another full rollout.",
        Here(&["no-v"], &[words::another_spelling_of_the_same_version_is_a_whole_rollout_to_the_console_too]),
    ),
    (
        16,
        "Webhook down: 500, naming the mutating one.",
        Here(
            &["refusals", "v100-refusals-1.28.3"],
            &[refused::every_recorded_refusal_is_told_for_what_it_is_before_and_at_the_write],
        ),
    ),
    (
        17,
        "The API does not validate a strategy; 0/0 is Upgrading for ever; mending it works.",
        Here(&["strategy-0-0"], &[stuck::a_strategy_that_no_deployment_takes_stalls_kamaji_until_it_is_mended]),
    ),
    (
        18,
        "A missing half is 25%, a missing whole 100%/0.",
        InPlanner("a_strategy_that_the_api_takes_is_judged_by_what_kamaji_makes_of_it"),
    ),
    (
        19,
        "Strategy and version are one Deployment update.",
        Here(&["upgrade-1-1"], &[rollout::strategy_and_version_are_one_write_and_the_new_strategy_governs_it]),
    ),
    (
        20,
        "A strategy changed in the middle is applied: 1/1 takes a serving pod and frees nothing, 0/1 frees.",
        Here(
            &["stuck", "anti-affinity"],
            &[
                stuck::a_strategy_changed_in_the_middle_takes_a_serving_pod_and_frees_nothing,
                stuck::without_room_for_a_surge_in_place_frees_the_rollout_and_another_patch_does_not,
            ],
        ),
    ),
    (
        21,
        "A failed rollout stays Upgrading; the deadline shows it, and survives Kamaji if set by hand.",
        Here(&["stuck"], &[stuck::pods_that_never_get_ready_are_told_by_the_deadline_that_somebody_set_by_hand]),
    ),
    (
        22,
        "Forward to a newer patch, and the patch rollback, work.",
        Here(
            &["stuck"],
            &[stuck::another_patch_frees_pods_that_never_get_ready, stuck::a_patch_may_be_taken_back_within_its_minor],
        ),
    ),
    (
        23,
        "kube-proxy is bumped at once.",
        Nowhere("it happens in the tenant; only the management cluster was recorded"),
    ),
    (
        24,
        "Konnectivity: two writes on a minor hop, nine pods for three replicas.",
        Here(
            &["upgrade-konnectivity", "create-konnectivity"],
            &[
                rollout::konnectivity_writes_twice_and_brings_as_many_pods_as_the_console_foretells,
                coming_up::konnectivity_takes_three_replica_sets_to_come_up,
            ],
        ),
    ),
    (
        25,
        "The ceiling is replicas + maxSurge, terminating pods come on top.",
        Here(
            &["double-hop", "upgrade-konnectivity"],
            &[rollout::pods_that_do_not_terminate_keep_the_ceiling_and_terminating_ones_come_on_top],
        ),
    ),
    (
        26,
        "observedGeneration does not mean that the spec was processed.",
        Here(&["double-hop"], &[gate::an_observed_generation_does_not_say_that_the_change_was_processed]),
    ),
    (
        27,
        "All three signs of done can lie.",
        Nowhere("its recording was not kept; every recording that is shows that done is read from the Deployment"),
    ),
    (
        28,
        "Ready does not mean that the old pods are gone.",
        Here(&["upgrade-default"], &[rollout::ready_comes_before_the_old_pods_are_gone]),
    ),
    (
        29,
        "Rollouts without a version show Unknown.",
        Here(&["paused"], &[rollout::a_rollout_that_is_no_hop_is_said_to_be_none]),
    ),
    (30, "Any value pauses, even false.", Here(&["paused"], &[gate::any_value_pauses_and_holds_back_hop_and_scaling])),
    (
        31,
        "Kamaji emits no events.",
        Here(&["stuck"], &[words::no_event_is_kamajis_so_its_troubles_are_told_from_what_it_leaves_undone]),
    ),
    (
        32,
        "The soot annotation tells nothing.",
        Here(&["recreate-deadlock"], &[words::a_soot_annotation_changes_nothing_that_is_said]),
    ),
    (
        33,
        "One replica with 1/1 dips through NotReady.",
        Here(&["one-replica-1-1"], &[stuck::one_replica_that_may_be_unavailable_is_an_outage_and_no_deadlock]),
    ),
    (
        34,
        "Blue/Green with required anti-affinity on as many nodes hangs.",
        Here(
            &["anti-affinity"],
            &[stuck::without_room_for_a_surge_in_place_frees_the_rollout_and_another_patch_does_not],
        ),
    ),
    (
        35,
        "A quota lets the surge through as far as there is room; after it is lifted the next try comes late.",
        Here(
            &["goal1-deployment"],
            &[
                room::a_quota_is_named_while_the_surge_goes_on_as_far_as_it_lets_it,
                room::nodes_that_are_too_small_are_named_and_the_way_back_works_at_once,
                room::a_deployment_that_is_no_tenants_is_nothing_to_the_console,
            ],
        ),
    ),
    (36, "One tenant API that hangs slows all changes.", Nowhere("its recording was not kept")),
    (37, "Edits of the Deployment by hand are reverted.", Nowhere("its recording was not kept")),
    (
        38,
        "Kamaji raises the generation itself, and writes empty objects.",
        Here(&["create-t1"], &[coming_up::kamajis_own_writes_of_empty_objects_limit_nothing]),
    ),
    (39, "dataStoreSchema is accepted and ignored.", Nowhere("the console neither reads nor writes it")),
    (
        40,
        "The TenantControlPlane's numbers lag.",
        Here(&["upgrade-default"], &[rollout::the_numbers_are_the_deployments_and_the_pods_since_kamajis_lag]),
    ),
];

/// What was seen besides the numbered statements.
const BESIDES: [(&str, Proof); 3] = [
    (
        "A plain upgrade, in milliseconds after the patch.",
        Here(&["upgrade-default"], &[rollout::a_plain_upgrade_has_its_moments]),
    ),
    (
        "Most status writes change nothing but a time.",
        Here(&["stuck"], &[words::a_status_write_that_changes_only_its_own_time_draws_nothing_anew]),
    ),
    (
        "Kamaji v1.0.0 says Ready early and has no observedGeneration.",
        Here(
            &["v100-upgrade-default", "v100-upgrade-1-1"],
            &[rollout::kamaji_1_0_0_says_ready_too_early_and_the_console_does_not],
        ),
    ),
];

/// The names of all recordings that are kept.
fn recordings() -> Vec<String> {
    let files = std::fs::read_dir(folder()).expect("the folder is there");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"));
    let mut names: Vec<String> = names.filter_map(|it| Some(it.strip_suffix(".jsonl.gz")?.to_owned())).collect();
    names.sort_unstable();
    names
}

/// Those of watch events; the others are requests and their answers.
fn watched() -> Vec<String> {
    recordings().into_iter().filter(|name| !name.contains("refusals")).collect()
}

fn proofs() -> impl Iterator<Item = (&'static str, &'static Proof)> {
    let statements = STATEMENTS.iter().map(|(_, sentence, proof)| (*sentence, proof));
    statements.chain(BESIDES.iter().map(|(sentence, proof)| (*sentence, proof)))
}

#[test]
fn every_recording_proves_a_sentence() {
    let named =
        proofs().filter_map(|(_, proof)| if let Here(recordings, _) = proof { Some(*recordings) } else { None });
    let named: BTreeSet<String> = named.flatten().map(|name| (*name).to_owned()).collect();
    assert_eq!(named, recordings().into_iter().collect());
}

#[test]
fn every_sentence_has_its_proof_or_the_reason_why_there_is_none() {
    let numbers: Vec<u8> = STATEMENTS.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<u8>>());
    let refusals = folder().join("../../rules/recorded_refusals.rs");
    let refusals = std::fs::read_to_string(refusals).expect("the tests of `planner` stand beside its recordings");
    for (sentence, proof) in proofs() {
        match proof {
            Here(recordings, tests) => assert!(!recordings.is_empty() && !tests.is_empty(), "{sentence}"),
            InPlanner(test) => assert!(refusals.contains(&format!("fn {test}()")), "{sentence}: {test}"),
            Nowhere(why) => assert!(!why.is_empty(), "{sentence}"),
        }
    }
}
