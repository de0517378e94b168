//! Several ReplicaSets scaled by one sync.

use super::*;

#[test]
fn an_old_replica_set_shrinks_although_the_same_sync_cleaned_up_another() {
    let sets = [replica_set(2, 2, 0), replica_set(3, 3, 3), new_replica_set(3, 3, 3)];
    let (scaled, scales) = step(&deployment(5, 3, 0), &sets, |sync| sync.reconcile_old());
    assert!(scaled);
    assert_eq!(scales, [(0, 0), (1, 2)], "both unavailable pods, and one of the six available where five are needed");
}

#[test]
fn no_replicas_leave_no_room_for_a_surge() {
    let sets = [replica_set(0, 0, 0), replica_set(3, 3, 3), new_replica_set(2, 2, 0)];
    let ((), scales) = step(&deployment(0, 1, 0), &sets, |sync| sync.scale());
    assert_eq!(scales, [(1, 0), (2, 0)], "the one that is empty is not written");
}
