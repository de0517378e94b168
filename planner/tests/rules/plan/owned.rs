//! A tenant that Cluster API owns, in a plan.

use planner::plan::Verdict;
use planner::tenant::Owner;
use planner::tenant_api::Answer;

use super::Wanted;
use crate::cluster_api::builders::{bring_control_plane, by_hand, control_plane, with_topology};

#[test]
fn a_plan_of_what_cluster_api_owns_names_the_object_to_change() {
    let owner = Owner::ClusterApi { control_plane: "tenant-00".to_owned(), cluster: Some("prod".to_owned()) };
    let not_known = "Change the version in Cluster prod (if it has a topology) or else in KamajiControlPlane tenant-00";
    let (mut paused, mut unread, mut behind) = (by_hand("v1.35.6"), with_topology("v1.35.6"), by_hand("v1.32.0"));
    control_plane(&mut paused).meta.paused = true;
    unread.cluster = Answer::Forbidden("no".to_owned());
    bring_control_plane(&mut behind, "v1.35.6", "v1.35.6");
    // What was read, remedy, evidence.
    let cases = [
        (None, vec![not_known], ""),
        (
            Some(by_hand("v1.35.6")),
            vec!["Set spec.version of KamajiControlPlane tenant-00 to v1.36.4. A change made here"],
            "The version is changed in KamajiControlPlane tenant-00",
        ),
        (
            Some(with_topology("v1.35.6")),
            vec!["Set spec.topology.version of Cluster prod to v1.36.4. A change made here"],
            "Cluster prod has a managed topology",
        ),
        (
            Some(paused),
            vec![
                "Set spec.version of KamajiControlPlane tenant-00 to v1.36.4. Not yet: KamajiControlPlane tenant-00 is paused",
                "Resume KamajiControlPlane tenant-00",
                "A change made here would be reverted.",
            ],
            "The version is changed in KamajiControlPlane tenant-00",
        ),
        (
            Some(behind),
            vec![
                "Not yet: MachineDeployment md-a has v1.32.0, which is too old",
                "Bring MachinePool pool closer first.",
            ],
            "The version is changed in KamajiControlPlane tenant-00",
        ),
        // It has the version already, so nothing there would help.
        (Some(with_topology("v1.36.4")), vec![not_known], "Cluster prod has a managed topology"),
        (
            Some(unread),
            vec![not_known],
            "Which object to change is not known: a topology writes KamajiControlPlane tenant-00",
        ),
    ];
    for (facts, remedies, evidence) in cases {
        let mut wanted = Wanted::hop("v1.35.6", "v1.36.4");
        wanted.snapshot.owners = vec![owner.clone()];
        wanted.cluster_api = facts;
        let plan = wanted.plan();
        let owned: Vec<_> = plan.findings.iter().filter(|finding| finding.sentence.contains("Cluster API")).collect();
        assert_eq!((plan.verdict, owned.len()), (Verdict::Blocked, 1), "{remedies:?}: {owned:?}");
        let remedy = owned[0].remedy.as_deref().expect("there is always one");
        assert!(remedies.iter().all(|part| remedy.contains(part)), "{remedies:?}: {owned:?}");
        assert!(owned[0].evidence.starts_with(evidence), "{evidence}: {owned:?}");
        assert_eq!(owned[0].evidence.is_empty(), evidence.is_empty(), "{owned:?}");
    }
}
