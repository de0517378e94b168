//! What brings the new ReplicaSet, and the Deployment's revision, up to date.

use super::*;

#[test]
fn each_thing_that_is_out_of_date_updates_the_new_replica_set() {
    let current = new_replica_set(3, 3, 3);
    let table = [
        ("nothing", current, false),
        ("the revision", ReplicaSetState { revision: Some(1), ..current }, true),
        ("an annotation", ReplicaSetState { inherited_annotations_differ: true, ..current }, true),
        ("minReadySeconds", ReplicaSetState { min_ready_seconds: 5, ..current }, true),
    ];
    for (what, new, expected) in table {
        let sets = [replica_set(0, 0, 0), new];
        let mut writes = Vec::new();
        Sync::new(&deployment(3, 1, 1), &sets, 0, &mut writes)
            .sync_revision(Create::No)
            .expect("one write of each object");
        let update = Write::UpdateReplicaSet { replica_set: 1, revision: 2, min_ready_seconds: 0 };
        assert_eq!(writes.contains(&update), expected, "{what} is out of date");
    }
}

#[test]
fn without_a_deadline_a_new_revision_is_written_too() {
    let deployment = DeploymentState { progress_deadline_seconds: None, ..deployment(3, 1, 1) };
    let sets = [replica_set(3, 3, 3)];
    let mut writes = Vec::new();
    Sync::new(&deployment, &sets, 0, &mut writes).sync_revision(Create::Yes).expect("one write of each object");
    assert!(
        matches!(
            writes[..],
            [Write::CreateReplicaSet { revision: 2, .. }, Write::UpdateStatus { revision: Some(2), .. }]
        ),
        "{writes:?}"
    );
}
