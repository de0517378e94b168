//! How far the workers are, and where one of them stands.

use planner::tenant::Reading;
use planner::version::Minor;
use planner::workers::{
    Cordon, DrainReport, NodeFacts, Reached, Readiness, is_draining, milestones, next_minor, progress,
};

use crate::builders::{declared, version};

fn node(name: &str, kubelet: &str, readiness: Readiness, cordon: Cordon) -> NodeFacts {
    NodeFacts {
        name: name.to_owned(),
        pool: None,
        kubelet: declared(kubelet),
        kube_proxy: Reading::Missing,
        os_image: "Debian GNU/Linux 12 (bookworm)".to_owned(),
        runtime: "containerd://2.0.1".to_owned(),
        readiness,
        cordon,
    }
}

fn well(name: &str, kubelet: &str) -> NodeFacts {
    node(name, kubelet, Readiness::Ready, Cordon::Schedulable)
}

#[test]
fn a_worker_is_done_when_it_runs_the_version_is_ready_and_takes_pods() {
    let others = [
        well("b", "v1.36.3"),
        node("c", "v1.36.4", Readiness::NotReady, Cordon::Schedulable),
        node("d", "v1.36.4", Readiness::Ready, Cordon::ByRunbook),
        node("e", "odd", Readiness::Ready, Cordon::Schedulable),
    ];
    let target = version("v1.36.4");
    for (nodes, says) in [
        (vec![], "There is no worker."),
        (vec![well("a", "v1.36.4")], "The one worker runs v1.36.4."),
        (vec![well("a", "v1.36.4"), well("b", "v1.36.5")], "All 2 workers run v1.36.4."),
        (
            [well("a", "v1.36.4")].into_iter().chain(others).collect(),
            "1 of 5 workers run v1.36.4, are ready and take pods. The oldest kubelet is v1.36.3. The version of one cannot be read.",
        ),
    ] {
        let progress = progress(&nodes, &target);
        assert_eq!(progress.to_string(), says);
        assert_eq!(
            progress.is_finished(),
            says.starts_with("There") || says.starts_with("The one") || says.starts_with("All")
        );
    }
}

#[test]
fn a_node_is_drained_while_it_takes_no_pods_and_has_the_version_before_it() {
    let target = version("v1.36.4");
    for (kubelet, cordon, draining) in [
        ("v1.36.3", Cordon::ByRunbook, true),
        ("v1.36.3", Cordon::BySomebody, true),
        ("v1.36.3", Cordon::Schedulable, false),
        ("v1.36.4", Cordon::ByRunbook, false),
        ("v1.36.5", Cordon::ByRunbook, false),
        ("odd", Cordon::ByRunbook, false),
    ] {
        let node = node("a", kubelet, Readiness::Ready, cordon);
        assert_eq!(is_draining(&node, &target), draining, "{kubelet} {cordon:?}");
    }
}

#[test]
fn the_next_minor_waits_for_those_that_it_would_leave_behind() {
    let serving = Minor { major: 1, minor: 35 };
    let of = |kubelets: &[&str]| {
        let nodes: Vec<NodeFacts> = kubelets.iter().map(|kubelet| well(kubelet, kubelet)).collect();
        next_minor(&nodes, serving).to_string()
    };
    let may = "As far as the kubelets go, the control plane may take 1.36 next.";
    let cases: [(&[&str], &str); 7] = [
        (&["v1.35.1", "v1.33.4"], may),
        // Newer than what serves now: the hop itself puts it right.
        (&["v1.36.1"], may),
        (&["v1.35.1", "v1.32.4"], "Before the control plane takes 1.36, v1.32.4 must follow."),
        (&["v1.32.1", "odd", "v1.32.4"], "Before the control plane takes 1.36, v1.32.1 and 2 more must follow."),
        (&["v1.37.0"], "v1.37.0 is newer than 1.36, and a kubelet must not be newer than the control plane."),
        (
            &["v1.37.0", "v2.0.0"],
            "v1.37.0 and 1 more are newer than 1.36, and a kubelet must not be newer than the control plane.",
        ),
        (
            &["v1.32.4", "v1.37.0"],
            "Before the control plane takes 1.36, v1.32.4 must follow. v1.37.0 is newer than 1.36, and a kubelet must not be newer \
             than the control plane.",
        ),
    ];
    for (kubelets, says) in cases {
        assert_eq!(of(kubelets), says, "{kubelets:?}");
    }
}

#[test]
fn milestones_are_what_the_node_reports() {
    use Cordon::{ByRunbook, Schedulable};
    use Reached::{Later, Next, NotKnown, Yes};
    use Readiness::{NotReady, Ready};
    let drain = |evicted| Some(DrainReport { evicted, remarks: Vec::new() });
    for (kubelet, readiness, cordon, drain, expected) in [
        ("v1.35.1", Ready, Schedulable, None, [Next, Later, Later, Later, Later]),
        ("v1.35.1", Ready, ByRunbook, None, [Yes, NotKnown, Later, Later, Later]),
        ("v1.35.1", Ready, ByRunbook, drain(2), [Yes, Next, Later, Later, Later]),
        ("v1.35.1", Ready, ByRunbook, drain(0), [Yes, Yes, Next, Later, Later]),
        ("v1.36.4", NotReady, ByRunbook, None, [Yes, NotKnown, Yes, Next, Later]),
        ("v1.36.4", Ready, ByRunbook, drain(0), [Yes, NotKnown, Yes, Yes, Next]),
        // Whoever upgraded it, nobody saw that it was drained for it.
        ("v1.36.4", Ready, Schedulable, None, [NotKnown, NotKnown, Yes, Yes, Yes]),
        ("v1.36.4", NotReady, Schedulable, None, [NotKnown, NotKnown, Yes, Next, Later]),
    ] {
        let node = node("a", kubelet, readiness, cordon);
        let reached = milestones(&node, &version("v1.36.4"), drain.as_ref()).map(|(_, reached)| reached);
        assert_eq!(reached, expected, "{kubelet} {readiness} {cordon} {drain:?}");
    }
    assert_eq!([Yes, Next, Later, NotKnown].map(|reached| reached.to_string()), ["done", "next", "later", "not seen"]);
}
