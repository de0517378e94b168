//! Which pods go first when a ReplicaSet shrinks (`ActivePodsWithRanks`).

use std::cmp::Ordering;

use super::PodState;

/// Chooses `count` active pods to delete: indices into `pods`, in the order of deletion.
///
/// If all have to go they are not sorted. Equal pods keep the order in which they stand: upstream's sort is not stable above
/// twelve pods, and its cache hands them out in random order anyway.
pub fn choose_deletions(pods: &[PodState], related: &[PodState], count: usize, now_ms: i64) -> Vec<usize> {
    let mut active: Vec<usize> = (0..pods.len()).filter(|index| pods[*index].is_active()).collect();
    if count < active.len() {
        let rank = ranks(pods, &active, related);
        let first = |a: usize, b: usize| deleted_before(&pods[a], rank(a), &pods[b], rank(b), now_ms);
        // The relation is not transitive where logarithmic steps and UIDs mix, so a sort that relies on a total order could
        // refuse it. This is the insertion sort that upstream uses for up to twelve.
        for end in 1..active.len() {
            let mut at = end;
            while at > 0 && first(active[at], active[at - 1]) {
                active.swap(at, at - 1);
                at -= 1;
            }
        }
        active.truncate(count);
    }
    active
}

/// Active pods of the same Deployment on the pod's node. Not counted where it cannot tell pods apart.
fn ranks(pods: &[PodState], active: &[usize], related: &[PodState]) -> impl Fn(usize) -> usize + use<> {
    let node = |index: &usize| pods[*index].node;
    let one_node = active.iter().map(node).all(|other| other == active.first().and_then(node));
    let neighbours =
        |pod: &PodState| related.iter().filter(|other| other.is_active() && other.node == pod.node).count();
    let counts: Vec<usize> = if one_node { Vec::new() } else { pods.iter().map(neighbours).collect() };
    move |index| counts.get(index).copied().unwrap_or(0)
}

/// Whether `a` is deleted before `b`. A rank is the number of active pods of the same Deployment on the pod's node.
pub fn deleted_before(a: &PodState, a_rank: usize, b: &PodState, b_rank: usize, now_ms: i64) -> bool {
    if a.node.is_none() != b.node.is_none() {
        return a.node.is_none();
    }
    let by_state = (a.phase.cmp(&b.phase))
        .then(a.is_ready().cmp(&b.is_ready()))
        .then(a.deletion_cost.cmp(&b.deletion_cost))
        .then(b_rank.cmp(&a_rank));
    if by_state != Ordering::Equal {
        return by_state == Ordering::Less;
    }
    if a.is_ready() && a.ready_since() != b.ready_since() {
        return shorter(a, a.ready_since(), b, b.ready_since(), now_ms);
    }
    if a.restarts != b.restarts {
        return a.restarts > b.restarts;
    }
    a.created_ms != b.created_ms && shorter(a, a.created_ms, b, b.created_ms, now_ms)
}

/// No time at all counts as shortest; then shorter in steps of the logarithm; within one step the lower UID.
fn shorter(a: &PodState, a_since: Option<i64>, b: &PodState, b_since: Option<i64>, now_ms: i64) -> bool {
    let (Some(a_since), Some(b_since)) = (a_since, b_since) else {
        return a_since.is_none();
    };
    match logarithmic_step(now_ms - a_since).cmp(&logarithmic_step(now_ms - b_since)) {
        Ordering::Less => true,
        Ordering::Equal => a.uid < b.uid,
        Ordering::Greater => false,
    }
}

/// `int(log2(nanoseconds))`, or -1 for none. In whole numbers, so that every machine agrees.
fn logarithmic_step(elapsed_ms: i64) -> i64 {
    match u128::try_from(elapsed_ms) {
        Ok(ms) if ms > 0 => i64::from((ms * 1_000_000).ilog2()),
        _ => -1,
    }
}

impl PodState {
    fn ready_since(&self) -> Option<i64> {
        match self.ready {
            super::Readiness::Ready(since) => since,
            super::Readiness::NotReady => None,
        }
    }
}
