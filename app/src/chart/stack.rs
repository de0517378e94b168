//! A film as a stack: how many pods of each kind there are between two changes.

use planner::film::{Film, PodState, PodTrack, Side};

/// One layer of the stack: pods of one revision in one state.
///
/// The order is the order of the stack, from the bottom. Serving pods lie on the axis, so that their number can be read
/// off it and compared with the replicas; what comes lies on top of that, and what goes, on top of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// Ready, starting, pending, terminating.
    state: Rank,
    /// Old below new.
    pub side: Side,
    /// Index into the film's revisions.
    pub revision: usize,
}

/// A pod's state, ordered as it is stacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Ready,
    Starting,
    Pending,
    Terminating,
}

impl Kind {
    /// What its pods do.
    pub fn state(self) -> PodState {
        match self.state {
            Rank::Ready => PodState::Ready,
            Rank::Starting => PodState::Starting,
            Rank::Pending => PodState::Pending,
            Rank::Terminating => PodState::Terminating,
        }
    }
}

/// A stretch of time during which nothing changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    /// Pods by kind, from the bottom of the stack; no kind twice, none with 0 pods.
    pub(super) layers: Vec<(Kind, u32)>,
}

/// Pods by state at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Old ones that serve.
    pub old_serving: u32,
    /// New ones that serve.
    pub new_serving: u32,
    /// Bound to a node, not ready yet; both sides.
    pub starting: u32,
    /// Not bound to a node; both sides.
    pub pending: u32,
    /// Asked to terminate; both sides.
    pub terminating: u32,
}

impl Counts {
    /// Serving API servers of both versions.
    pub fn serving(self) -> u32 {
        self.old_serving + self.new_serving
    }

    /// Pods alive: everything that has an object.
    pub fn alive(self) -> u32 {
        self.serving() + self.starting + self.pending + self.terminating
    }
}

impl Stretch {
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for &(kind, pods) in &self.layers {
            let slot = match (kind.state, kind.side) {
                (Rank::Ready, Side::Old) => &mut counts.old_serving,
                (Rank::Ready, Side::New) => &mut counts.new_serving,
                (Rank::Starting, _) => &mut counts.starting,
                (Rank::Pending, _) => &mut counts.pending,
                (Rank::Terminating, _) => &mut counts.terminating,
            };
            *slot += pods;
        }
        counts
    }
}

/// The stack of a film from its zero to `end_ms`, without empty stretches; neighbours differ.
pub(super) fn stretches(film: &Film, end_ms: i64) -> Vec<Stretch> {
    let mut changes: Vec<(i64, Option<Kind>, Option<Kind>)> = Vec::with_capacity(film.pods.len() * 5);
    for pod in &film.pods {
        let mut before = None;
        for at in boundaries(pod) {
            let after = kind_at(film, pod, at);
            if after != before {
                changes.push((at.max(0), before, after));
                before = after;
            }
        }
    }
    changes.sort_by_key(|&(at, ..)| at);

    let mut stretches: Vec<Stretch> = Vec::new();
    let mut layers: Vec<(Kind, u32)> = Vec::new();
    let mut from_ms = 0;
    for (at, before, after) in changes {
        if at >= end_ms {
            break;
        }
        if at > from_ms {
            close(&mut stretches, from_ms, at, &layers);
            from_ms = at;
        }
        if let Some(kind) = before
            && let Ok(place) = layers.binary_search_by_key(&kind, |layer| layer.0)
        {
            layers[place].1 -= 1;
            if layers[place].1 == 0 {
                layers.remove(place);
            }
        }
        if let Some(kind) = after {
            match layers.binary_search_by_key(&kind, |layer| layer.0) {
                Ok(place) => layers[place].1 += 1,
                Err(place) => layers.insert(place, (kind, 1)),
            }
        }
    }
    if end_ms > from_ms {
        close(&mut stretches, from_ms, end_ms, &layers);
    }
    stretches
}

fn close(stretches: &mut Vec<Stretch>, from_ms: i64, to_ms: i64, layers: &[(Kind, u32)]) {
    match stretches.last_mut() {
        Some(last) if last.layers == layers => last.to_ms = to_ms,
        _ => stretches.push(Stretch { from_ms, to_ms, layers: layers.to_vec() }),
    }
}

/// All moments at which the pod may change, in order.
fn boundaries(pod: &PodTrack) -> Vec<i64> {
    let mut moments = vec![pod.created_ms];
    moments.extend(pod.bound_ms);
    for span in &pod.ready {
        moments.push(span.from_ms);
        moments.extend(span.to_ms);
    }
    moments.extend(pod.terminating_ms);
    moments.extend(pod.gone_ms);
    moments.sort_unstable();
    moments.dedup();
    moments
}

fn kind_at(film: &Film, pod: &PodTrack, at: i64) -> Option<Kind> {
    let state = match pod.state_at(at)? {
        PodState::Ready => Rank::Ready,
        PodState::Starting => Rank::Starting,
        PodState::Pending => Rank::Pending,
        PodState::Terminating => Rank::Terminating,
    };
    let side = film.revisions.get(pod.revision).map_or(Side::Old, |revision| revision.side);
    Some(Kind { state, side, revision: pod.revision })
}

/// When a pod of the film last changed; 0 if none does.
pub(super) fn last_change_ms(film: &Film) -> i64 {
    film.pods.iter().flat_map(boundaries).max().unwrap_or(0).max(0)
}
