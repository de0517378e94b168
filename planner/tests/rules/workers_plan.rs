//! Gates, drains, order and path of the workers.

use std::num::NonZeroUsize;

use planner::finding::Severity;
use planner::releases::ReleaseTable;
use planner::tenant::{DeclaredVersion, Reading, TenantSnapshot};
use planner::version::Minor;
use planner::workers::{
    Budget, Controller, Cordon, DrainRemark, Gate, GateState, KubeletConfig, LocalStorage, NodeFacts, Pace, PathStep,
    PathWorker, PodOnNode, PodPhase, Readiness, Serving, drain_report, due, gates, order, path,
};

use crate::builders::{current, declared, hopping, pod, tenant, terminating, version};

fn v1(minor: u64) -> Minor {
    Minor { major: 1, minor }
}

fn opened(
    snapshot: &TenantSnapshot,
    kubeadm: &Reading<DeclaredVersion>,
    kubelet: &Reading<KubeletConfig>,
) -> Vec<Gate> {
    gates(snapshot, &version("v1.34.9"), kubeadm, kubelet, &[v1(33), v1(34)])
}

fn says(version: &str) -> Reading<DeclaredVersion> {
    Reading::Read(declared(version))
}

fn config(fields: &[&str], feature_gates: &[(&str, bool)]) -> Reading<KubeletConfig> {
    Reading::Read(KubeletConfig {
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        feature_gates: feature_gates.iter().map(|(gate, on)| ((*gate).to_owned(), *on)).collect(),
    })
}

fn pods(snapshot: &mut TenantSnapshot) -> &mut Vec<planner::tenant::PodFacts> {
    match &mut snapshot.pods {
        Reading::Read(pods) => pods,
        other => panic!("the built snapshot has no pods: {other:?}"),
    }
}

#[test]
fn every_gate_is_open_when_the_control_plane_is_finished_and_the_configurations_fit() {
    let gates = opened(&tenant("v1.34.9"), &says("v1.34.9"), &config(&["cgroupDriver"], &[]));
    assert_eq!(gates.len(), 3);
    assert!(gates.iter().all(Gate::is_open), "{gates:#?}");
}

#[test]
fn no_worker_moves_while_an_old_api_server_is_left() {
    let mut lingering = tenant("v1.34.9");
    pods(&mut lingering).push(terminating("v1.33.4", 9));
    let mut two = lingering.clone();
    pods(&mut two).push(pod("v1.33.4", 8));
    let mut unread = tenant("v1.34.9");
    unread.pods = Reading::Forbidden("pods is forbidden".to_owned());
    let cases = [
        (lingering, "closed: An API server pod of an older version is left."),
        (two, "closed: 2 API server pods of an older version are left."),
        (unread, "not known: The pods of the control plane cannot be read."),
        (hopping("v1.33.4", "v1.34.9", 1_000), "closed: A hop is under way: v1.33.4 → v1.34.9."),
        (tenant("v1.33.4"), "closed: The control plane runs v1.33.4, the kubelets are to get v1.34.9."),
    ];
    for (snapshot, text) in cases {
        let gate = &opened(&snapshot, &says("v1.34.9"), &config(&[], &[]))[0];
        assert_eq!(gate.state.to_string(), text);
        assert!(!gate.is_open());
    }
}

#[test]
fn kubeadm_config_must_say_the_new_version() {
    let cases = [
        (says("v1.34.9"), "open"),
        (says("v1.35.0"), "open"),
        (says("v1.33.4"), "closed: It still says v1.33.4."),
        (
            says("stable"),
            "closed: What it says is no version: `stable` is not a Kubernetes version; write it as `v1.36.2`.",
        ),
        (Reading::Missing, "closed: the ConfigMap kube-system/kubeadm-config does not exist."),
        (Reading::Waiting, "not known: the ConfigMap kube-system/kubeadm-config has not been read yet."),
        (
            Reading::Forbidden("no".to_owned()),
            "not known: the ConfigMap kube-system/kubeadm-config may not be read: no.",
        ),
    ];
    for (reading, text) in cases {
        let gate = &opened(&tenant("v1.34.9"), &reading, &config(&[], &[]))[1];
        assert_eq!(gate.state.to_string(), text);
    }
}

/// What a newer Kamaji writes into the kubelet-config of every tenant, against each kubelet (kamaji issue 1062).
#[test]
fn a_kubelet_refuses_a_field_whose_gate_is_off_and_a_gate_it_does_not_know() {
    const BACK_OFF: &str = "crashLoopBackOff";
    const GATE: &str = "KubeletCrashLoopBackOffMax";
    /// Fields and gates that are set, and the minors that take them.
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, bool)], &'a [u64]);
    let cases: &[Case<'_>] = &[
        (&[], &[], &[31, 32, 33, 34, 35, 36]),
        (&[BACK_OFF], &[], &[35, 36]),
        (&[BACK_OFF], &[(GATE, true)], &[32, 33, 34, 35, 36]),
        (&[BACK_OFF], &[(GATE, false)], &[]),
        (&[], &[(GATE, false)], &[32, 33, 34, 35, 36]),
        (&["imagePullCredentialsVerificationPolicy"], &[], &[35, 36]),
        (&["imagePullCredentialsVerificationPolicy"], &[("KubeletEnsureSecretPulledImages", true)], &[33, 34, 35, 36]),
    ];
    for (fields, gates_set, taken) in cases {
        for minor in 31..=36 {
            let config = config(fields, gates_set);
            let target = version(&format!("v1.{minor}.0"));
            let all = gates(&tenant("v1.36.0"), &target, &says("v1.36.0"), &config, &[v1(minor)]);
            assert_eq!(
                all[2].is_open(),
                taken.contains(&minor),
                "{fields:?} {gates_set:?} 1.{minor}: {}",
                all[2].state
            );
        }
    }
}

#[test]
fn the_lowest_kubelet_on_the_way_decides() {
    let config = config(&["crashLoopBackOff"], &[]);
    let on_the_way = gates(&tenant("v1.35.9"), &version("v1.35.9"), &says("v1.35.9"), &config, &[v1(34), v1(35)]);
    assert!(matches!(&on_the_way[2].state, GateState::Closed { why } if why.contains("A kubelet of 1.34 refuses")));
}

fn workload(name: &str, replicas: u32) -> PodOnNode {
    PodOnNode {
        namespace: "shop".to_owned(),
        name: format!("{name}-0"),
        controller: Controller::Workload {
            kind: "Deployment".to_owned(),
            name: name.to_owned(),
            replicas: Some(replicas),
        },
        local_storage: LocalStorage::Absent,
        phase: PodPhase::Running,
    }
}

fn budget(name: &str, allowed: u32, pods: &[&str]) -> Budget {
    Budget {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        owner: Some("Helm release shop".to_owned()),
        disruptions_allowed: allowed,
        pods: pods.iter().map(|pod| (*pod).to_owned()).collect(),
    }
}

#[test]
fn what_would_block_a_drain_is_named_before_it_starts() {
    let cart = || workload("cart", 3);
    type Case<'a> = (&'a str, Vec<PodOnNode>, Vec<Budget>, Vec<(Severity, &'a str)>);
    let cases: Vec<Case<'_>> = vec![
        ("nothing", vec![cart()], vec![budget("cart", 1, &["cart-0"])], vec![]),
        (
            "a budget that allows none",
            vec![cart()],
            vec![budget("cart", 0, &["cart-0", "cart-1"])],
            vec![(
                Severity::Blocks,
                "The budget shop/cart of Helm release shop allows no disruption now; the drain would wait for 1 pod.",
            )],
        ),
        ("a budget for pods elsewhere", vec![cart()], vec![budget("cart", 0, &["cart-1"])], vec![]),
        (
            "a budget of another namespace",
            vec![cart()],
            vec![Budget { namespace: "other".to_owned(), ..budget("cart", 0, &["cart-0"]) }],
            vec![],
        ),
        (
            "a tight budget",
            vec![cart(), PodOnNode { name: "cart-1".to_owned(), ..cart() }],
            vec![budget("cart", 1, &["cart-0", "cart-1"])],
            vec![(
                Severity::Warns,
                "The budget shop/cart of Helm release shop allows 1 at a time, and 2 pods of it are here.",
            )],
        ),
        (
            "two budgets",
            vec![cart()],
            vec![budget("one", 1, &["cart-0"]), budget("two", 1, &["cart-0"])],
            vec![(Severity::Blocks, "Two budgets select shop/cart-0 (one, two); the API server refuses to evict it.")],
        ),
        (
            "one replica",
            vec![workload("cart", 1)],
            vec![],
            vec![(
                Severity::Warns,
                "Deployment shop/cart has one replica, which is here: it is away until it runs elsewhere.",
            )],
        ),
        (
            "worst first",
            vec![workload("cart", 1), PodOnNode { controller: Controller::Nobody, ..workload("shell", 1) }],
            vec![],
            vec![
                (Severity::Blocks, "No controller makes shop/shell-0 again; the drain stops at it."),
                (
                    Severity::Warns,
                    "Deployment shop/cart has one replica, which is here: it is away until it runs elsewhere.",
                ),
            ],
        ),
        (
            "local storage",
            vec![PodOnNode { local_storage: LocalStorage::EmptyDir, ..cart() }],
            vec![],
            vec![(Severity::Blocks, "shop/cart-0 keeps data in emptyDir volumes; the drain stops at it.")],
        ),
        (
            "finished pods are held by nothing",
            vec![PodOnNode {
                phase: PodPhase::Finished,
                controller: Controller::Nobody,
                local_storage: LocalStorage::EmptyDir,
                ..cart()
            }],
            vec![budget("cart", 0, &["cart-0"])],
            vec![],
        ),
        (
            "what a drain leaves alone",
            vec![
                PodOnNode { controller: Controller::DaemonSet, local_storage: LocalStorage::EmptyDir, ..cart() },
                PodOnNode { controller: Controller::Static, local_storage: LocalStorage::EmptyDir, ..cart() },
            ],
            vec![budget("cart", 0, &["cart-0"])],
            vec![],
        ),
    ];
    for (what, pods, budgets, expected) in cases {
        let report = drain_report(&pods, &budgets);
        let found: Vec<(Severity, String)> =
            report.remarks.iter().map(|remark| (remark.severity(), remark.to_string())).collect();
        let expected: Vec<(Severity, String)> = expected.into_iter().map(|(it, text)| (it, text.to_owned())).collect();
        assert_eq!(found, expected, "{what}");
        assert_eq!(report.is_blocked(), found.iter().any(|(severity, _)| *severity == Severity::Blocks), "{what}");
        assert!(report.remarks.iter().all(|remark| !remark.remedy().is_empty()));
    }
}

#[test]
fn a_drain_evicts_all_but_daemon_sets_and_static_pods() {
    let daemon = PodOnNode { controller: Controller::DaemonSet, ..workload("proxy", 1) };
    let finished = PodOnNode { phase: PodPhase::Finished, ..workload("job", 1) };
    let report = drain_report(&[workload("cart", 2), daemon, finished], &[]);
    assert_eq!(report.evicted, 2);
    assert_eq!(report.remarks, Vec::<DrainRemark>::new());
}

fn node(name: &str, pool: &str, kubelet: &str) -> NodeFacts {
    NodeFacts {
        name: name.to_owned(),
        pool: Some(pool.to_owned()),
        kubelet: declared(kubelet),
        kube_proxy: Reading::Read(declared("v1.34.9")),
        os_image: "Ubuntu 24.04.1 LTS".to_owned(),
        runtime: "containerd://2.0.1".to_owned(),
        readiness: Readiness::Ready,
        cordon: Cordon::Schedulable,
    }
}

#[test]
fn nodes_come_pool_by_pool_the_oldest_kubelet_first() {
    let nodes = [
        node("b-2", "b", "v1.33.4"),
        node("a-2", "a", "v1.33.4"),
        node("a-1", "a", "v1.33.4"),
        node("a-3", "a", "v1.31.4"),
        node("b-1", "b", "v1.34.9"),
        node("b-3", "b", "v1.30.1"),
        node("b-4", "b", "v1.35.0"),
        NodeFacts { readiness: Readiness::Unknown, ..node("b-5", "b", "v1.33.4") },
        node("b-6", "b", "unknown"),
    ];
    let turns = |pace: usize| {
        let pace = Pace(NonZeroUsize::new(pace).expect("not none"));
        order(&nodes, &version("v1.34.9"), &ReleaseTable::built_in(), pace)
    };
    let one = order(&nodes, &version("v1.34.9"), &ReleaseTable::built_in(), Pace::default());
    assert_eq!(one, turns(1));
    let steps: Vec<(usize, &str, usize)> =
        one.steps.iter().map(|step| (step.turn, step.node.as_str(), step.passes)).collect();
    assert_eq!(steps, [(1, "a-3", 3), (2, "a-1", 1), (3, "a-2", 1), (4, "b-2", 1)]);
    assert_eq!(one.done, ["b-1"]);
    let left: Vec<&str> = one.left_out.iter().map(|(node, _)| node.as_str()).collect();
    assert_eq!(left, ["b-3", "b-4", "b-5", "b-6"]);
    let two: Vec<usize> = turns(2).steps.iter().map(|step| step.turn).collect();
    assert_eq!(two, [1, 1, 2, 3], "nodes of two pools never share a turn");
}

#[test]
fn a_node_is_judged_by_its_own_reading() {
    let serving = Serving::only(v1(34));
    let fresh = node("a", "a", "v1.33.4");
    assert!(fresh.kubelet_verdict(serving).expect("a version").is_supported());
    let vendor = node("a", "a", "v1.33.4+k3s1");
    assert_eq!(vendor.kubelet_verdict(serving), None, "what is no version is not guessed");
}

fn told(installed: &str, wanted: &str, workers: &[(&str, &str)]) -> Vec<String> {
    let workers: Vec<PathWorker> = workers
        .iter()
        .map(|(node, kubelet)| PathWorker { node: (*node).to_owned(), kubelet: version(kubelet) })
        .collect();
    match path(&version(installed), &version(wanted), &workers, &ReleaseTable::built_in()) {
        Ok(steps) => steps.iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn workers_stop_only_where_skew_demands_it() {
    /// What is installed and wanted, the workers' kubelets, and the steps.
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: &[Case<'_>] = &[
        ("v1.34.9", "v1.34.9", &[("a", "v1.34.9")], &[]),
        ("v1.34.2", "v1.34.9", &[], &["The control plane goes from v1.34.2 to v1.34.9."]),
        (
            "v1.31.4",
            "v1.34.9",
            &[("a", "v1.31.4")],
            &[
                "The control plane goes from v1.31.4 to v1.32.13.",
                "The control plane goes from v1.32.13 to v1.33.13.",
                "The control plane goes from v1.33.13 to v1.34.9.",
                "The node a goes in 3 passes to v1.34.9.",
            ],
        ),
        (
            "v1.33.4",
            "v1.34.9",
            &[("old", "v1.30.2"), ("new", "v1.33.4")],
            &[
                "The node old goes in 3 passes to v1.33.4: the control plane cannot take 1.34 before, because it would leave them too far \
                 behind.",
                "The control plane goes from v1.33.4 to v1.34.9.",
                "2 nodes go, in up to 1 pass each, to v1.34.9.",
            ],
        ),
        (
            "v1.32.1",
            "v1.36.4",
            &[("a", "v1.31.4")],
            &[
                "The control plane goes from v1.32.1 to v1.33.13.",
                "The control plane goes from v1.33.13 to v1.34.9.",
                "The node a goes in 3 passes to v1.34.9: the control plane cannot take 1.35 before, because it would leave them too far \
                 behind.",
                "The control plane goes from v1.34.9 to v1.35.9.",
                "The control plane goes from v1.35.9 to v1.36.4.",
                "The node a goes in 2 passes to v1.36.4.",
            ],
        ),
        // The control plane is there; the workers are not.
        ("v1.34.9", "v1.34.9", &[("a", "v1.33.4")], &["The node a goes in 1 pass to v1.34.9."]),
        (
            "v1.34.9",
            "v1.35.9",
            &[("a", "v1.30.4")],
            &[
                "the node a has kubelet v1.30.4, which a control plane of 1.34 does not support: replace it, or reset it and join it again",
            ],
        ),
        ("v1.34.9", "v1.33.13", &[], &["v1.33.13 is older than v1.34.9; a path leads upwards"]),
    ];
    for (installed, wanted, workers, expected) in cases {
        assert_eq!(told(installed, wanted, workers), *expected, "{installed} to {wanted} with {workers:?}");
    }
}

/// The steps from v1.33.4 to v1.34.9 with a worker on this kubelet, and what holds each back.
fn held_back(kubelet: &str, snapshot: &TenantSnapshot) -> Vec<Vec<String>> {
    let worker = PathWorker { node: "a".to_owned(), kubelet: version(kubelet) };
    let steps = path(&version("v1.33.4"), &version("v1.34.9"), &[worker], &ReleaseTable::built_in()).expect("a path");
    let standing = planner::next::standing_findings(snapshot, &current(36));
    let all = gates(snapshot, &version("v1.33.4"), &says("v1.33.4"), &Reading::Waiting, &[v1(33)]);
    let told = |step: planner::workers::DueStep| step.not_yet.iter().map(ToString::to_string).collect();
    due(steps, &standing, &all).into_iter().map(told).collect()
}

#[test]
fn each_step_says_why_it_cannot_begin_yet() {
    let hop = "This comes first: The control plane goes from v1.33.4 to v1.34.9.";
    assert_eq!(held_back("v1.33.4", &tenant("v1.33.4")), [vec![], vec![hop.to_owned()]]);

    let paused = TenantSnapshot { paused: true, ..tenant("v1.33.4") };
    let first = &held_back("v1.33.4", &paused)[0];
    assert_eq!(*first, ["It is paused: Kamaji would take the version and apply nothing."]);

    let stop_first = held_back("v1.30.14", &tenant("v1.33.4"));
    assert_eq!(
        stop_first[0],
        [
            "The tenant's kubelet-config suits the kubelets to install. It is not known: the ConfigMap kube-system/kubelet-config has not been read yet."
        ]
    );
    assert!(stop_first[1][0].starts_with("This comes first: The node a goes in 3 passes to v1.33.4"), "{stop_first:?}");
    assert_eq!(stop_first[2], [hop]);
}

/// Over all pairs: every step leaves all kubelets supported, and without its stops some step would not.
#[test]
fn over_all_pairs_no_step_of_a_path_breaks_the_skew() {
    let table = ReleaseTable::built_in();
    let newest: Vec<_> = table
        .known_versions()
        .into_iter()
        .filter(|it| table.line(it.minor()).map(|line| line.newest_patch) == Some(it.patch()))
        .collect();
    for installed in &newest {
        for wanted in newest.iter().filter(|wanted| *wanted >= installed) {
            for kubelet in newest.iter().filter(|kubelet| *kubelet <= installed) {
                let worker = PathWorker { node: "a".to_owned(), kubelet: kubelet.clone() };
                let Ok(steps) = path(installed, wanted, &[worker], &table) else {
                    assert!(installed.minor().minor - kubelet.minor().minor > 3, "{kubelet} under {installed}");
                    continue;
                };
                let (mut runs, mut at) = (kubelet.clone(), installed.clone());
                for step in &steps {
                    match step {
                        PathStep::ControlPlane { from, to, .. } => {
                            assert_eq!(*from, at);
                            let both = Serving::both(from.minor(), to.minor()).expect("one minor at a time");
                            assert!(planner::workers::kubelet(runs.minor(), both).is_supported(), "{runs} at {step}");
                            at = to.clone();
                        }
                        PathStep::WorkerStop { to, before, .. } => {
                            assert_eq!(*to, at);
                            assert!(before.minor - runs.minor().minor > 3, "a stop that skew does not demand: {step}");
                            runs = to.clone();
                        }
                        PathStep::WorkersLast { to, .. } => runs = to.clone(),
                    }
                }
                assert_eq!((&at, &runs), (wanted, wanted), "{kubelet} under {installed}");
            }
        }
    }
}
