use planner::cluster_api::{Advice, ClusterApiFacts, Way, advise, proposed};
use planner::releases::ReleaseTable;
use planner::tenant::TenantSnapshot;
use planner::tenant_api::Answer;
use serde_json::json;

use super::builders::{
    bring, bring_control_plane, by_hand, cluster, condition, control_plane, counts, deployments, meta, topology,
    with_topology,
};
use crate::builders::{current, declared, tenant, today, version};

/// The advice on the way to v1.36.4 with a Kamaji that takes it.
fn advice(facts: &ClusterApiFacts, tenant: &TenantSnapshot) -> Advice {
    advise(facts, tenant, &version("v1.36.4"), &current(36))
}

/// Each step's object with its state.
fn told(advice: &Advice) -> Vec<String> {
    advice.steps.iter().map(|step| format!("{}: {}", step.kind.object(), step.state)).collect()
}

#[test]
fn without_a_topology_each_object_has_its_turn() {
    type Case<'a> = (&'a str, fn(&mut ClusterApiFacts), [&'a str; 5]);
    let after = |object: &str| format!("Waits. {object} has to reach v1.36.4 first.");
    let (cp, a, b) =
        (after("KamajiControlPlane tenant-00"), after("MachineDeployment md-a"), after("MachineDeployment md-b"));
    let cases: [Case<'_>; 9] = [
        ("at rest", |_| (), ["Next.", &cp, &cp, &cp, &cp]),
        (
            "the control plane is on its way, and calls itself ready",
            |it| bring_control_plane(it, "v1.36.4", "v1.35.6"),
            ["Done.", "Under way.", &cp, &cp, &cp],
        ),
        (
            "without the leading v, as the provider allows",
            |it| bring_control_plane(it, "1.36.4", "v1.36.4"),
            ["Done.", "Done.", "Next.", &a, &a],
        ),
        (
            "the first MachineDeployment rolls",
            |it| {
                bring_control_plane(it, "v1.36.4", "v1.36.4");
                bring(it, 0, "v1.36.4", 1);
            },
            ["Done.", "Done.", "Under way: 1 of 3 have the new template.", &a, &a],
        ),
        (
            "it is through but for the surplus Machine",
            |it| {
                bring_control_plane(it, "v1.36.4", "v1.36.4");
                bring(it, 0, "v1.36.4", 3);
                deployments(it)[0].counts = counts(4, 3);
            },
            ["Done.", "Done.", "Under way: 3 of 4 have the new template.", &a, &a],
        ),
        (
            "the second is next",
            |it| {
                bring_control_plane(it, "v1.36.4", "v1.36.4");
                bring(it, 0, "v1.36.4", 3);
            },
            ["Done.", "Done.", "Done.", "Next.", &b],
        ),
        (
            "the second is paused",
            |it| {
                bring_control_plane(it, "v1.36.4", "v1.36.4");
                bring(it, 0, "v1.36.4", 3);
                deployments(it)[1].meta.paused = true;
            },
            [
                "Done.",
                "Done.",
                "Done.",
                "Waits. MachineDeployment md-b is paused: Cluster API does nothing with it.",
                &b,
            ],
        ),
        (
            "a chart writes the second",
            |it| {
                bring_control_plane(it, "v1.36.4", "v1.36.4");
                bring(it, 0, "v1.36.4", 3);
                deployments(it)[1].meta.from_git = vec!["Helm release workers".to_owned()];
            },
            [
                "Done.",
                "Done.",
                "Done.",
                "Waits. MachineDeployment md-b comes from Helm release workers: make the change there, or it will be reverted.",
                &b,
            ],
        ),
        (
            "everything is there",
            |it| {
                bring_control_plane(it, "v1.36.4", "v1.36.4");
                bring(it, 0, "v1.36.4", 3);
                bring(it, 1, "v1.36.4", 3);
                let Answer::Read(pools) = &mut it.machine_pools else { panic!("read") };
                pools[0].version = Some(declared("v1.36.4"));
            },
            ["Done."; 5],
        ),
    ];
    for (name, change, states) in cases {
        let mut facts = by_hand("v1.35.6");
        change(&mut facts);
        let advice = advice(&facts, &tenant("v1.35.6"));
        assert!(matches!(advice.way, Way::ControlPlane(_)), "{name}");
        let objects = [
            "KamajiControlPlane tenant-00",
            "KamajiControlPlane tenant-00",
            "MachineDeployment md-a",
            "MachineDeployment md-b",
            "MachinePool pool",
        ];
        let expected: Vec<String> =
            objects.iter().zip(states).map(|(object, state)| format!("{object}: {state}")).collect();
        assert_eq!(told(&advice), expected, "{name}");
        assert_eq!(advice.is_done(), states == ["Done."; 5], "{name}");
    }
}

#[test]
fn with_a_topology_everything_follows_one_field_in_its_order() {
    type Case<'a> = (&'a str, fn(&mut ClusterApiFacts), [&'a str; 5]);
    fn begun(it: &mut ClusterApiFacts) {
        topology(it).version = declared("v1.36.4");
    }
    fn reached(it: &mut ClusterApiFacts) {
        begun(it);
        bring_control_plane(it, "v1.36.4", "v1.36.4");
    }
    let after = |object: &str| format!("Waits. {object} has to reach v1.36.4 first.");
    let (field, cp, b, a) = (
        after("Cluster prod"),
        after("KamajiControlPlane tenant-00"),
        after("MachineDeployment md-b"),
        after("MachineDeployment md-a"),
    );
    let deferred = "Waits. The topology defers the upgrade of b.";
    let held = "Waits. The topology holds the upgrade of b and of everything after it.";
    let cases: [Case<'_>; 9] = [
        ("at rest", |_| (), ["Next.", &field, &cp, &cp, &cp]),
        (
            "it is asked for, and a hook holds it",
            |it| {
                begun(it);
                let words = "Cluster is upgrading to v1.36.4\n  * BeforeClusterUpgrade hook is blocking";
                cluster(it).meta.conditions = vec![condition("TopologyReconciled", "False", "ClusterUpgrading", words)];
            },
            [
                "Done.",
                "Waits. Cluster prod reports: Cluster is upgrading to v1.36.4 * BeforeClusterUpgrade hook is blocking",
                &cp,
                &cp,
                &cp,
            ],
        ),
        (
            "the control plane is on its way",
            |it| {
                begun(it);
                bring_control_plane(it, "v1.36.4", "v1.35.6");
            },
            ["Done.", "Under way.", &cp, &cp, &cp],
        ),
        ("the workers' turn", reached, ["Done.", "Done.", "Under way.", &b, &b]),
        (
            "the first rolls",
            |it| {
                reached(it);
                bring(it, 1, "v1.36.4", 2);
            },
            ["Done.", "Done.", "Under way: 2 of 3 have the new template.", &b, &b],
        ),
        (
            "the first is deferred, the others go on",
            |it| {
                reached(it);
                topology(it).machine_deployments[0].deferred = true;
            },
            ["Done.", "Done.", deferred, "Under way.", &a],
        ),
        (
            "the first holds all of its kind",
            |it| {
                reached(it);
                topology(it).machine_deployments[0].holds = true;
            },
            ["Done.", "Done.", held, held, "Under way."],
        ),
        (
            "paused in the middle",
            |it| {
                begun(it);
                cluster(it).meta.paused = true;
            },
            ["Done.", "Waits. Cluster prod is paused: Cluster API does nothing with it.", &cp, &cp, &cp],
        ),
        (
            "a deferred one is left from the last upgrade",
            |it| bring(it, 1, "v1.34.9", 3),
            [
                "Waits. MachineDeployment md-b is not at v1.35.6 yet, and Cluster API takes no other version of the topology until \
                 then.",
                &field,
                &cp,
                &cp,
                &cp,
            ],
        ),
    ];
    for (name, change, states) in cases {
        let mut facts = with_topology("v1.35.6");
        change(&mut facts);
        let advice = advice(&facts, &tenant("v1.35.6"));
        let objects = [
            "Cluster prod",
            "KamajiControlPlane tenant-00",
            "MachineDeployment md-b",
            "MachineDeployment md-a",
            "MachinePool pool",
        ];
        let expected: Vec<String> =
            objects.iter().zip(states).map(|(object, state)| format!("{object}: {state}")).collect();
        assert_eq!(told(&advice), expected, "{name}");
        let written: Vec<bool> = advice.steps.iter().map(|step| step.change.is_some()).collect();
        assert_eq!(written, [states[0] != "Done.", false, false, false, false], "{name}: one field");
    }
}

#[test]
fn what_stands_against_the_first_change_is_said_with_it() {
    type Change = fn(&mut ClusterApiFacts, &mut TenantSnapshot);
    let cases: [(&str, Change, &str, &str); 9] = [
        (
            "too far for Kamaji",
            |_, _| (),
            "v1.37.0",
            "v1.37.0 is above v1.36, the highest version that this Kamaji accepts.",
        ),
        ("back", |_, _| (), "v1.34.9", "v1.34.9 is older than"),
        ("paused", |it, _| control_plane(it).meta.paused = true, "v1.36.4", "KamajiControlPlane tenant-00 is paused"),
        ("its Cluster is paused", |it, _| cluster(it).meta.paused = true, "v1.36.4", "Cluster prod is paused"),
        (
            "another hop is on its way",
            |it, _| bring_control_plane(it, "v1.35.9", "v1.35.6"),
            "v1.36.4",
            "KamajiControlPlane tenant-00 is still on its way to v1.35.9.",
        ),
        (
            "workers too old",
            |it, _| bring(it, 1, "v1.32.13", 3),
            "v1.36.4",
            "MachineDeployment md-b has v1.32.13, which is too old for a control plane of v1.36.4.",
        ),
        (
            "workers of which the version is none",
            |it, _| bring(it, 1, "latest", 3),
            "v1.36.4",
            "MachineDeployment md-b has latest, which is no version: whether a control plane of v1.36.4 leaves it behind",
        ),
        (
            "workers not read",
            |it, _| it.machine_deployments = Answer::TimedOut { seconds: 5 },
            "v1.36.4",
            "Not known: MachineDeployments could not be read (no answer within 5 s).",
        ),
        (
            "from Git",
            |it, _| control_plane(it).meta.from_git = vec!["Argo CD application clusters".to_owned()],
            "v1.36.4",
            "KamajiControlPlane tenant-00 comes from Argo CD application clusters",
        ),
    ];
    for (name, change, to, words) in cases {
        let (mut facts, mut snapshot) = (by_hand("v1.35.6"), tenant("v1.35.6"));
        change(&mut facts, &mut snapshot);
        let advice = advise(&facts, &snapshot, &version(to), &current(36));
        let state = advice.steps[0].state.to_string();
        assert!(state.starts_with("Waits. ") && state.contains(words), "{name}: {state}");
        assert_eq!(advice.next(), None, "{name}");
        assert!(advice.first_change().is_some(), "{name}: the change is shown all the same");
    }
}

#[test]
fn a_topology_is_never_lowered() {
    let advice = advise(&with_topology("v1.35.6"), &tenant("v1.35.6"), &version("v1.35.4"), &current(36));
    let state = advice.steps[0].state.to_string();
    assert_eq!(state, "Waits. Cluster API never lowers the version of a topology: v1.35.4 is older than v1.35.6.");
}

#[test]
fn the_changes_name_their_fields_and_nothing_else() {
    let topology = advice(&with_topology("v1.35.6"), &tenant("v1.35.6"));
    let change = topology.first_change().expect("a change");
    assert_eq!(change.merge_patch, json!({"spec": {"topology": {"version": "v1.36.4"}}}));
    assert_eq!(change.to_string(), "Set spec.topology.version of Cluster prod to v1.36.4.");

    let mut facts = by_hand("v1.35.6");
    let by_hand = advice(&facts, &tenant("v1.35.6"));
    let change = by_hand.first_change().expect("a change");
    assert_eq!(change.merge_patch, json!({"spec": {"version": "v1.36.4"}}));
    let lines: Vec<&str> = change.commands.iter().map(|command| command.line.as_str()).collect();
    let resource = "kamajicontrolplanes.v1alpha2.controlplane.cluster.x-k8s.io tenant-00";
    assert_eq!(
        lines,
        [
            format!(
                "kubectl -n team-a patch {resource} --type merge --dry-run=server -p '{{\"spec\":{{\"version\":\"v1.36.4\"}}}}'"
            ),
            format!("kubectl -n team-a patch {resource} --type merge -p '{{\"spec\":{{\"version\":\"v1.36.4\"}}}}'"),
            format!("kubectl -n team-a wait {resource} '--for=jsonpath={{.status.version}}=v1.36.4' --timeout=30m")
                .replace("'--for=jsonpath={.status.version}=v1.36.4'", "--for='jsonpath={.status.version}=v1.36.4'"),
        ]
    );

    bring_control_plane(&mut facts, "v1.36.4", "v1.36.4");
    let advice = advice(&facts, &tenant("v1.36.4"));
    let step = advice.next().expect("the first MachineDeployment");
    let change = step.change.as_ref().expect("a change");
    let whole = json!({"spec": {"template": {"spec": {
        "version": "v1.36.4", "infrastructureRef": {"name": "md-a-v1-36-4"},
    }}}});
    assert_eq!(change.merge_patch, whole);
    assert_eq!(
        change.commands[0].line,
        "kubectl -n team-a get dockermachinetemplate.infrastructure.cluster.x-k8s.io md-a-v1-35-6 -o yaml"
    );
    let alone = step.without_template.as_ref().expect("a change");
    assert_eq!(alone.merge_patch, json!({"spec": {"template": {"spec": {"version": "v1.36.4"}}}}));
    assert_eq!(
        step.kind.consequence(&advice.to),
        "Its 3 Machines are replaced by new ones, 1/0: never more than 4 at once, those being deleted included, and at least 3 \
         available. Each old one is drained first."
    );
}

#[test]
fn hostile_names_stay_one_word_of_a_command() {
    let mut facts = by_hand("v1.35.6");
    facts.namespace = "a;reboot".to_owned();
    control_plane(&mut facts).meta = meta("x' $(reboot)");
    let advice = advice(&facts, &tenant("v1.35.6"));
    let line = &advice.first_change().expect("a change").commands[1].line;
    let start =
        r"kubectl -n 'a;reboot' patch kamajicontrolplanes.v1alpha2.controlplane.cluster.x-k8s.io 'x'\'' $(reboot)' ";
    assert!(line.starts_with(start), "{line}");
}

#[test]
fn what_the_objects_ask_for_comes_before_what_may_come_next() {
    let all_at = |version: &str| by_hand(version);
    let begun = |mut facts: ClusterApiFacts| {
        bring_control_plane(&mut facts, "v1.35.9", "v1.35.6");
        facts
    };
    let by_topology = |mut facts: ClusterApiFacts| {
        topology(&mut facts).version = declared("1.35.9");
        facts
    };
    let cases = [
        ("at rest", all_at("v1.35.6"), current(36), Some("v1.36.4")),
        ("the topology decides", by_topology(with_topology("v1.35.6")), current(36), Some("v1.35.9")),
        ("a version is on its way", begun(all_at("v1.35.6")), current(36), Some("v1.35.9")),
        ("all are at the end", all_at("v1.35.9"), current(35), Some("v1.35.9")),
        ("no version can be read, but one may come next", all_at("latest"), current(36), Some("v1.36.4")),
    ];
    let releases = ReleaseTable::built_in();
    for (name, facts, operator, expected) in cases {
        let installed = if name == "all are at the end" { "v1.35.9" } else { "v1.35.6" };
        let advice = proposed(&facts, &tenant(installed), &operator, &releases, today());
        assert_eq!(advice.map(|advice| advice.to), expected.map(version), "{name}");
    }
}
