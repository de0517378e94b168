//! What is to be known beside the steps, and what makes them unknown.

use planner::cluster_api::{Advice, ClusterApiFacts, Kind, Served, advise};
use planner::tenant_api::Answer;

use super::builders::{by_hand, condition, control_plane, counts, deployments, meta};
use crate::builders::{current, declared, tenant, version};

/// The advice on the way from v1.35.6 to v1.36.4.
fn advice(facts: &ClusterApiFacts) -> Advice {
    advise(facts, &tenant("v1.35.6"), &version("v1.36.4"), &current(36))
}

#[test]
fn what_was_not_read_makes_the_way_unknown_or_is_remarked() {
    type Change = fn(&mut ClusterApiFacts);
    let cases: [(&str, Change, Option<&str>, &str); 6] = [
        (
            "no control plane",
            |it| it.control_plane = Answer::Forbidden("no".to_owned()),
            Some(
                "Which object to change is not known: the KamajiControlPlane could not be read (may not be read: no).",
            ),
            "KamajiControlPlane: may not be read: no.",
        ),
        (
            "a topology's Cluster",
            |it| {
                control_plane(it).topology_owned = true;
                it.cluster = Answer::TimedOut { seconds: 5 };
            },
            Some(
                "Which object to change is not known: a topology writes KamajiControlPlane tenant-00, and its Cluster could not be \
                 read (no answer within 5 s).",
            ),
            "Cluster: no answer within 5 s.",
        ),
        ("a Cluster of which nothing hangs", |it| it.cluster = Answer::Missing, None, "Cluster: not there."),
        (
            "nothing was discovered",
            |it| {
                it.served = Answer::Failed("the answer is no JSON".to_owned());
                it.machines = Answer::Failed("the answer is no JSON".to_owned());
            },
            None,
            "It could not be found out which objects of Cluster API are served: the answer is no JSON.",
        ),
        (
            "newer than known",
            |it| {
                let Answer::Read(served) = &mut it.served else { panic!("read") };
                let newer = Served::Known { version: "v1beta2".to_owned(), newer: vec!["v1".to_owned()] };
                served.insert(Kind::Machine, newer);
            },
            None,
            "Machine is read as v1beta2; the API server serves v1 too, which this console does not know.",
        ),
        (
            "not served",
            |it| {
                let Answer::Read(served) = &mut it.served else { panic!("read") };
                served.insert(Kind::MachineSet, Served::Nowhere);
            },
            None,
            "MachineSet is not read: the API server does not serve it.",
        ),
    ];
    for (name, change, way, remark) in cases {
        let mut facts = by_hand("v1.35.6");
        change(&mut facts);
        let advice = advice(&facts);
        let remarks: Vec<String> = advice.remarks.iter().map(ToString::to_string).collect();
        assert!(remarks.iter().any(|it| it == remark), "{name}: {remarks:?}");
        match way {
            Some(way) => assert_eq!((advice.way.to_string().as_str(), advice.steps.len()), (way, 0), "{name}"),
            None => assert_eq!(advice.steps.len(), 5, "{name}"),
        }
    }
}

#[test]
fn what_holds_back_machines_is_remarked() {
    let mut facts = by_hand("v1.35.6");
    deployments(&mut facts)[1].skipped_checks = vec!["All".to_owned()];
    let words = "Scaling up from 3 to 4 replicas is blocked because:\n* KamajiControlPlane team-a/tenant-00 is upgrading \
                 (\"ControlPlaneIsStable\" preflight check failed)";
    let mut meta = meta("md-a-x7");
    meta.conditions = vec![condition("ScalingUp", "True", "ScalingUp", words)];
    let set = planner::cluster_api::MachineSet {
        meta,
        deployment: Some("md-a".to_owned()),
        version: Some(declared("v1.35.6")),
        replicas: 4,
        counts: counts(3, 3),
    };
    facts.machine_sets = Answer::Read(vec![set]);
    let remarks: Vec<String> = advice(&facts).remarks.iter().map(ToString::to_string).collect();
    assert_eq!(
        remarks,
        [
            "MachineSet md-a-x7 makes no new Machine: Scaling up from 3 to 4 replicas is blocked because: * KamajiControlPlane \
             team-a/tenant-00 is upgrading (\"ControlPlaneIsStable\" preflight check failed)",
            "MachineDeployment md-b makes Machines without these checks of Cluster API: All.",
            "From the moment the control plane takes the version until its own turn, no new Machine of MachineDeployment md-a and \
             MachineDeployment md-b can join: kubeadm joins only with the control plane's minor. Neither scale up nor replace \
             Machines meanwhile.",
        ]
    );
}
