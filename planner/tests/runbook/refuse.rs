//! What a script refuses, before and after it has begun.

use planner::runbook::PackagedOs;

use crate::golden::{HOPS, runbook};
use crate::stage::{Packages, Stage, said};

/// What is wrong on the stage, and what the script says of it.
type Case = (&'static str, fn(&Stage), &'static str);

const BEFORE: &[Case] = &[
    ("not root", |stage| stage.tell("user", "1000"), "as root"),
    ("no kubeconfig", |stage| stage.tell("no-access", ""), "set KUBECONFIG to an administrator's kubeconfig"),
    ("may not drain", |stage| stage.tell("may-not-drain", ""), "may not cordon nodes"),
    ("no kubelet", |stage| stage.remove("kubelet"), "kubelet is not installed as a package"),
    ("no kubeadm", |stage| stage.remove("kubeadm"), "kubeadm is not installed"),
    ("older kubelet", |stage| stage.put("kubelet", "1.32.13"), "the kubelet is v1.32.13, older than v1.33.4"),
    ("newer kubelet", |stage| stage.put("kubelet", "1.34.10"), "the kubelet is v1.34.10, newer than v1.34.9"),
    (
        "newer kubelet reported",
        |stage| stage.tell("kubelet", "v1.35.0"),
        "the Node reports kubelet v1.35.0, newer than",
    ),
    ("newer kubeadm", |stage| stage.put("kubeadm", "1.35.9"), "kubeadm is v1.35.9, newer than v1.34.9"),
    ("older kubeadm", |stage| stage.put("kubeadm", "1.32.13"), "from there to v1.34.9 is more than one minor"),
    ("old control plane", |stage| stage.tell("server", "v1.33.13"), "the API server is v1.33.13"),
    (
        "old kubeadm-config",
        |stage| stage.tell("kubeadm-config", "kubernetesVersion: v1.33.13\n"),
        "kubeadm-config still says v1.33.13",
    ),
    (
        "kubelet-config of a newer Kamaji",
        |stage| {
            stage.tell(
                "kubelet-config",
                "crashLoopBackOff:\n  maxContainerRestartPeriod: 5m0s\nkind: KubeletConfiguration\n",
            )
        },
        "sets crashLoopBackOff, which a kubelet before 1.35 refuses",
    ),
    (
        "another machine",
        |stage| stage.tell("machine-id", "0123456789abcdef0123456789abcdef"),
        "this machine is not the Node worker-1",
    ),
    (
        "no repository",
        |stage| std::fs::remove_file(stage.repository_file()).expect("it is there"),
        "kubernetes.list does not exist",
    ),
    (
        "legacy repository",
        |stage| {
            let text = "deb https://apt.kubernetes.io/ kubernetes-xenial main\n";
            std::fs::write(stage.repository_file(), text).expect("it can be written");
        },
        "names the legacy repository",
    ),
];

#[test]
fn a_script_checks_before_it_changes_anything() {
    let (_, from, to) = HOPS[1];
    let script = runbook(PackagedOs::Debian, from, to).script();
    for (what, spoil, says) in BEFORE {
        let stage = Stage::set("refuse", PackagedOs::Debian, from, Packages::StandIns);
        spoil(&stage);
        let output = stage.run(&script, &[]);
        assert_eq!(output.status.code(), Some(1), "{what}: {}", said(&output));
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(words.contains(says), "{what}: {words}");
        assert_eq!(stage.requests(), Vec::<String>::new(), "{what}: nothing may be changed");
    }
}

#[test]
fn what_cannot_be_read_is_said_and_stops_nothing() {
    let (_, from, to) = HOPS[1];
    let stage = Stage::set("refuse-unread", PackagedOs::Debian, from, Packages::StandIns);
    for fact in ["server", "kubeadm-config", "kubelet-config", "machine-id"] {
        stage.forget(fact);
    }
    let output = stage.run(&runbook(PackagedOs::Debian, from, to).script(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    for says in ["the version of the API server could not be read", "kubeadm-config could not be read", "machine ID"] {
        assert!(words.contains(says), "{words}");
    }
}

#[test]
fn a_kubelet_whose_gate_is_on_takes_the_field() {
    let stage = Stage::set("refuse-gate", PackagedOs::Debian, HOPS[0].1, Packages::StandIns);
    let config = "crashLoopBackOff: {}\nfeatureGates:\n  KubeletCrashLoopBackOffMax: true\n";
    stage.tell("kubelet-config", config);
    let output = stage.run(&runbook(PackagedOs::Debian, HOPS[0].1, HOPS[0].2).script(), &[]);
    assert!(output.status.success(), "{}", said(&output));
}

/// Stops in the middle, mended by a person, and gone on.
#[test]
fn a_script_that_stops_says_where_and_goes_on_when_it_is_run_again() {
    let (_, from, to) = HOPS[1];
    let cases: &[(&str, &str, &str)] = &[
        ("budget", "Drain worker-1", "A disruption budget that allows none"),
        ("kubelet-does-not-start", "Restart the kubelet", "journalctl --unit kubelet"),
    ];
    for os in [PackagedOs::Debian, PackagedOs::Rhel, PackagedOs::Suse] {
        for (fact, step, advice) in cases {
            let script = runbook(os, from, to).script();
            let stage = Stage::set(&format!("refuse-{fact}-{}", os.word()), os, from, Packages::StandIns);
            stage.tell(fact, "");
            let output = stage.run(&script, &[]);
            assert_eq!(output.status.code(), Some(1), "{}", said(&output));
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(words.contains(step) && words.contains(advice), "{words}");
            assert_eq!(stage.fact("unschedulable").as_deref(), Some("true"), "it is not brought back half done");

            stage.forget(fact);
            let output = stage.run(&script, &[]);
            assert!(output.status.success(), "{}", said(&output));
            assert_eq!(stage.fact("kubelet").as_deref(), Some(to));
            assert_eq!(stage.fact("unschedulable"), None);
        }
    }
}

#[test]
fn a_package_that_is_not_offered_leaves_every_hold_in_place() {
    let (from, to) = ("v1.33.4", "v1.34.99");
    for os in [PackagedOs::Debian, PackagedOs::Suse] {
        let stage = Stage::set(&format!("refuse-missing-{}", os.word()), os, from, Packages::StandIns);
        let output = stage.run(&runbook(os, from, to).script(), &[]);
        assert!(!output.status.success());
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(words.contains("Stopped in: Step 2 of 9: Upgrade kubeadm to v1.34.99"), "{words}");
        for package in ["kubeadm", "kubelet", "kubectl"] {
            assert!(stage.now().join("held").join(package).exists(), "{package}");
        }
        assert_eq!(stage.fact("unschedulable"), None, "the node was not touched");
    }
}

#[test]
fn a_repository_without_minors_is_left_as_it_is() {
    // A mirror that keeps all versions in one place.
    let (_, from, to) = HOPS[1];
    let stage = Stage::set("refuse-mirror", PackagedOs::Debian, from, Packages::StandIns);
    let text = "deb https://mirror.example.org/kubernetes/ /\n";
    std::fs::write(stage.repository_file(), text).expect("it can be written");
    let output = stage.run(&runbook(PackagedOs::Debian, from, to).script(), &["--dry-run"]);
    assert!(output.status.success(), "{}", said(&output));
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.contains("it is taken for a mirror of them"), "{words}");
    assert!(words.contains("names no minor in any address"), "{words}");
}

#[test]
fn a_dry_run_says_all_and_changes_nothing() {
    for os in PackagedOs::ALL {
        for (hop, from, to) in HOPS {
            let stage = Stage::set(&format!("dry-{}-{hop}", os.word()), os, from, Packages::StandIns);
            stage.tell("user", "1000");
            let before = stage.state();
            let output = stage.run(&runbook(os, from, to).script(), &["--dry-run"]);
            assert!(output.status.success(), "{}", said(&output));
            assert_eq!(stage.requests(), Vec::<String>::new());
            assert_eq!(stage.state(), before);
            let words = String::from_utf8_lossy(&output.stdout).into_owned();
            let passes = words.matches("would run: kubeadm upgrade node").count();
            assert_eq!(passes, runbook(os, from, to).passes.len(), "{words}");
            assert!(words.contains("would run: kubectl uncordon worker-1"), "{words}");
            assert!(words.ends_with("Nothing was changed.\n"), "{words}");
        }
    }
}

#[test]
fn an_argument_that_is_none_is_refused() {
    let script = runbook(PackagedOs::Debian, HOPS[0].1, HOPS[0].2).script();
    let stage = Stage::set("refuse-argument", PackagedOs::Debian, HOPS[0].1, Packages::StandIns);
    for (argument, code) in [("--dryrun", 2), ("now", 2), ("--help", 0)] {
        let output = stage.run(&script, &[argument]);
        assert_eq!(output.status.code(), Some(code), "{argument}");
        assert_eq!(stage.requests(), Vec::<String>::new());
    }
}
