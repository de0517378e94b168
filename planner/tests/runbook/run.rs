//! A script run to its end, on each operating system and for each kind of hop.

use planner::runbook::{PackageTool, PackagedOs};

use crate::golden::{HOPS, runbook};
use crate::real;
use crate::stage::{Packages, Stage, said};

/// Runs the runbook and gives the stage as it is then.
fn after(name: &str, os: PackagedOs, (hop, from, to): (&str, &str, &str), packages: Packages) -> Stage {
    let stage = Stage::set(&format!("run-{name}-{}-{hop}", os.word()), os, from, packages);
    let output = stage.run(&runbook(os, from, to).script(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    stage
}

/// What must hold at the end, whoever installs the packages.
fn assert_arrived(stage: &Stage, os: PackagedOs, to: &str) {
    assert_eq!(stage.fact("kubelet").as_deref(), Some(to));
    assert_eq!(stage.fact("unschedulable"), None, "pods may come again");
    assert_eq!(stage.fact("annotation"), None, "the mark is gone");
    let minor = to.rsplit_once('.').expect("a patch").0;
    let repository = &stage.state()["repository"];
    assert!(repository.contains(&format!("core:/stable:/{minor}/")), "{repository}");
    if os.tool() == PackageTool::Apt {
        assert!(repository.contains("cri-o:/stable:/v1.31/"), "addons stay: {repository}");
    } else {
        assert!(repository.contains("\nexclude=kubelet kubeadm kubectl\n"), "the hold stays: {repository}");
    }
}

#[test]
fn stand_ins_bring_each_system_over_each_hop() {
    for os in PackagedOs::ALL {
        for hop in HOPS {
            let stage = after("stand-ins", os, hop, Packages::StandIns);
            assert_arrived(&stage, os, hop.2);
            let state = stage.state();
            for package in ["kubeadm", "kubelet", "kubectl"] {
                assert_eq!(state[&format!("package {package}")], hop.2[1..]);
                assert_eq!(state.contains_key(&format!("hold {package}")), os.tool() != PackageTool::Dnf);
            }
        }
    }
}

#[test]
fn the_real_apt_brings_debian_over_each_hop() {
    for hop in HOPS {
        let packages = real::packages(PackageTool::Apt);
        let stage = after("real", PackagedOs::Debian, hop, packages);
        assert_arrived(&stage, PackagedOs::Debian, hop.2);
        if packages == Packages::Real {
            let to = &hop.2[1..];
            let state = stage.state();
            assert_eq!(state["holds"], "kubeadm\nkubectl\nkubelet\n");
            let all = ["kubeadm", "kubectl", "kubelet"].map(|name| format!("{name} installed {to}-1.1\n")).concat();
            assert_eq!(state["packages"], all);
        }
    }
}

#[test]
fn the_real_dnf_and_zypper_bring_their_systems_over_a_minor() {
    for os in [PackagedOs::Rhel, PackagedOs::Suse] {
        let packages = real::packages(os.tool());
        let stage = after("real", os, HOPS[1], packages);
        assert_arrived(&stage, os, HOPS[1].2);
        if packages == Packages::Real {
            let to = &HOPS[1].2[1..];
            let state = stage.state();
            assert_eq!(state["packages"], format!("kubeadm {to}\nkubectl {to}\nkubelet {to}\n"));
            assert_eq!(state["holds"].lines().count(), if os == PackagedOs::Suse { 3 } else { 0 });
        }
    }
}

#[test]
fn what_is_done_follows_the_documentation() {
    let stage = after("order", PackagedOs::Ubuntu, HOPS[1], Packages::StandIns);
    let expected = "\
        apt-mark unhold kubeadm\napt-get update\napt-get install -y kubeadm=1.34.9-*\napt-mark hold kubeadm\n\
        apt-mark unhold kubectl\napt-get update\napt-get install -y kubectl=1.34.9-*\napt-mark hold kubectl\n\
        kubeadm upgrade node (v1.34.9)\n\
        kubectl annotate node worker-1 upgrade-console.kamaji.clastix.io/cordoned-for=v1.34.9 --overwrite\n\
        kubectl drain worker-1 --ignore-daemonsets --timeout=15m\n\
        apt-mark unhold kubelet\napt-get update\napt-get install -y kubelet=1.34.9-*\napt-mark hold kubelet\n\
        systemctl daemon-reload\nsystemctl restart kubelet\n\
        apt-mark hold kubeadm\napt-mark hold kubelet\napt-mark hold kubectl\n\
        kubectl uncordon worker-1\n\
        kubectl annotate node worker-1 upgrade-console.kamaji.clastix.io/cordoned-for-";
    assert_eq!(stage.requests().join("\n"), expected);
}

#[test]
fn three_minors_are_three_uses_of_kubeadm_and_three_drains_of_a_node_that_stays_cordoned() {
    let stage = after("passes", PackagedOs::Debian, HOPS[2], Packages::StandIns);
    let told: Vec<String> = stage
        .requests()
        .into_iter()
        .filter(|line| {
            ["kubeadm ", "kubectl drain", "kubectl uncordon", "systemctl restart"].iter().any(|it| line.starts_with(it))
        })
        .collect();
    let pass = |version: &str| {
        let drain = "kubectl drain worker-1 --ignore-daemonsets --timeout=15m";
        [format!("kubeadm upgrade node (v{version})"), drain.to_owned(), "systemctl restart kubelet".to_owned()]
    };
    let mut expected = ["1.32.13", "1.33.13", "1.34.9"].map(pass).concat();
    expected.push("kubectl uncordon worker-1".to_owned());
    assert_eq!(told, expected);
}

#[test]
fn bash_and_sh_do_the_same() {
    let script = runbook(PackagedOs::Debian, HOPS[1].1, HOPS[1].2).script();
    let by = |shell: &str| {
        let stage = Stage::set(&format!("run-{shell}"), PackagedOs::Debian, HOPS[1].1, Packages::StandIns);
        let output = stage.run_by(shell, &script, &[]);
        assert!(output.status.success(), "{}", said(&output));
        (stage.requests(), stage.state())
    };
    assert_eq!(by("bash"), by("sh"));
}

#[test]
fn options_of_the_drain_reach_it_only_if_they_are_given() {
    let script = runbook(PackagedOs::Debian, HOPS[0].1, HOPS[0].2).script();
    let stage = Stage::set("run-options", PackagedOs::Debian, HOPS[0].1, Packages::StandIns);
    let output = stage.run(&script, &["--delete-emptydir-data", "--force"]);
    assert!(output.status.success(), "{}", said(&output));
    let drain = "kubectl drain worker-1 --ignore-daemonsets --timeout=15m --delete-emptydir-data --force";
    assert!(stage.requests().iter().any(|line| line == drain), "{:#?}", stage.requests());
}

#[test]
fn a_kubectl_that_is_no_package_stays_as_it_is() {
    let script = runbook(PackagedOs::Debian, HOPS[1].1, HOPS[1].2).script();
    let stage = Stage::set("run-kubectl", PackagedOs::Debian, HOPS[1].1, Packages::StandIns);
    std::fs::remove_file(stage.now().join("installed/kubectl")).expect("the package is there");
    let output = stage.run(&script, &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!stage.requests().iter().any(|line| line.contains("kubectl=")), "{:#?}", stage.requests());
}

#[test]
fn a_second_run_changes_nothing() {
    for os in [PackagedOs::Debian, PackagedOs::Rhel, PackagedOs::Suse] {
        let stage = after("twice", os, HOPS[2], Packages::StandIns);
        let (state, requests) = (stage.state(), stage.requests());
        let output = stage.run(&runbook(os, HOPS[2].1, HOPS[2].2).script(), &[]);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(stage.state(), state);
        let again = stage.requests().split_off(requests.len());
        assert!(again.iter().all(|line| line.contains("hold") || line.contains("addlock")), "{again:#?}");
    }
}
