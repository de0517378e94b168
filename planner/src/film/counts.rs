//! How many pods do what, at a moment and over time.

use serde::{Deserialize, Serialize};

use super::{Film, PodState, PodTrack, Side};

/// How many pods do what, per side of the hop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Pods of older versions.
    pub old: SideCounts,
    /// Pods of the wanted version.
    pub new: SideCounts,
}

/// How many pods of one side do what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideCounts {
    /// Exist, not bound to a node.
    pub pending: u32,
    /// Bound, not ready.
    pub starting: u32,
    /// Ready and not terminating: they serve.
    pub ready: u32,
    /// Asked to terminate, object still there.
    pub terminating: u32,
    /// Bound to a node, whatever else they do.
    pub bound: u32,
}

/// A stretch of time during which no count changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CountStep {
    /// First millisecond.
    pub from_ms: i64,
    /// First millisecond after it; `None` for the last one, which goes on to the end of the film.
    pub to_ms: Option<i64>,
    /// The counts.
    pub counts: Counts,
}

/// One pod enters (+1) or leaves (-1) a count.
struct Change {
    at_ms: i64,
    side: Side,
    count: Count,
    by: i32,
}

#[derive(Clone, Copy)]
enum Count {
    State(PodState),
    Bound,
}

impl Film {
    /// The counts at `t_ms`, after everything that happens in that millisecond.
    pub fn counts_at(&self, t_ms: i64) -> Counts {
        let mut counts = Counts::default();
        for pod in &self.pods {
            let Some(state) = pod.state_at(t_ms) else { continue };
            let side = counts.side_mut(self.side(pod));
            *side.state_mut(state) += 1;
            side.bound += u32::from(pod.bound_ms.is_some_and(|bound| bound <= t_ms));
        }
        counts
    }

    /// Every moment at which a pod changes its state, in order, each once.
    pub fn moments(&self) -> Vec<i64> {
        let mut moments = Vec::with_capacity(5 * self.pods.len());
        for pod in &self.pods {
            moments.push(pod.created_ms);
            moments.extend(pod.bound_ms.into_iter().chain(pod.terminating_ms).chain(pod.gone_ms));
            moments.extend(pod.ready.iter().flat_map(|span| [Some(span.from_ms), span.to_ms]).flatten());
        }
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    /// The counts as a staircase from `from_ms` to the end of the film, without two equal steps in a row.
    pub fn steps_from(&self, from_ms: i64) -> Vec<CountStep> {
        let mut changes = Vec::with_capacity(6 * self.pods.len());
        for pod in &self.pods {
            changes_of(pod, self.side(pod), &mut changes);
        }
        changes.sort_unstable_by_key(|change| change.at_ms);

        let mut counts = Counts::default();
        let mut steps: Vec<CountStep> = Vec::with_capacity(changes.len() / 2 + 1);
        let mut changes = changes.into_iter().peekable();
        let mut at_ms = from_ms;
        loop {
            while let Some(change) = changes.next_if(|change| change.at_ms <= at_ms) {
                counts.apply(&change);
            }
            match steps.last_mut() {
                Some(last) if last.counts == counts => {}
                last => {
                    if let Some(last) = last {
                        last.to_ms = Some(at_ms);
                    }
                    steps.push(CountStep { from_ms: at_ms, to_ms: None, counts });
                }
            }
            match changes.peek() {
                Some(change) => at_ms = change.at_ms,
                None => return steps,
            }
        }
    }

    /// Which side of the hop a pod is on. A pod of a revision that the film does not list is on the old one.
    pub fn side(&self, pod: &PodTrack) -> Side {
        self.revisions.get(pod.revision).map_or(Side::Old, |revision| revision.side)
    }
}

/// Where a pod enters and leaves counts. Follows [`PodTrack::state_at`].
fn changes_of(pod: &PodTrack, side: Side, changes: &mut Vec<Change>) {
    let gone_ms = pod.gone_ms.unwrap_or(i64::MAX);
    let mut state = None;
    let mut enter = |at_ms: i64, next: PodState| {
        if at_ms >= gone_ms || state == Some(next) {
            return;
        }
        if let Some(before) = state {
            changes.push(Change { at_ms, side, count: Count::State(before), by: -1 });
        }
        changes.push(Change { at_ms, side, count: Count::State(next), by: 1 });
        state = Some(next);
    };
    let end_ms = pod.terminating_ms.unwrap_or(gone_ms);
    if pod.created_ms < end_ms {
        enter(pod.created_ms, PodState::Pending);
    }
    if let Some(bound_ms) = pod.bound_ms.map(|bound| bound.max(pod.created_ms)) {
        if bound_ms < end_ms {
            enter(bound_ms, PodState::Starting);
        }
        for span in &pod.ready {
            let from_ms = span.from_ms.max(bound_ms);
            let to_ms = span.to_ms.unwrap_or(end_ms).min(end_ms);
            if from_ms < to_ms {
                enter(from_ms, PodState::Ready);
                if to_ms < end_ms {
                    enter(to_ms, PodState::Starting);
                }
            }
        }
    }
    if let Some(terminating_ms) = pod.terminating_ms {
        enter(terminating_ms.max(pod.created_ms), PodState::Terminating);
    }
    if let (Some(before), Some(gone_ms)) = (state, pod.gone_ms) {
        changes.push(Change { at_ms: gone_ms, side, count: Count::State(before), by: -1 });
    }
    if let Some(bound_ms) = pod.bound_ms.map(|bound| bound.max(pod.created_ms)).filter(|bound| *bound < gone_ms) {
        changes.push(Change { at_ms: bound_ms, side, count: Count::Bound, by: 1 });
        if let Some(gone_ms) = pod.gone_ms {
            changes.push(Change { at_ms: gone_ms, side, count: Count::Bound, by: -1 });
        }
    }
}

impl Counts {
    /// Ready and not terminating, of both sides.
    pub fn serving(&self) -> u32 {
        self.old.ready + self.new.ready
    }

    /// Terminating, of both sides.
    pub fn terminating(&self) -> u32 {
        self.old.terminating + self.new.terminating
    }

    /// Every pod object.
    pub fn objects(&self) -> u32 {
        self.old.objects() + self.new.objects()
    }

    /// The counts of one side.
    pub fn side(&self, side: Side) -> &SideCounts {
        match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut SideCounts {
        match side {
            Side::Old => &mut self.old,
            Side::New => &mut self.new,
        }
    }

    fn apply(&mut self, change: &Change) {
        let side = self.side_mut(change.side);
        let count = match change.count {
            Count::State(state) => side.state_mut(state),
            Count::Bound => &mut side.bound,
        };
        *count = count.wrapping_add_signed(change.by);
    }
}

impl SideCounts {
    /// Every pod object of this side.
    pub fn objects(&self) -> u32 {
        self.pending + self.starting + self.ready + self.terminating
    }

    /// The pods in `state`.
    pub fn in_state(&self, state: PodState) -> u32 {
        match state {
            PodState::Pending => self.pending,
            PodState::Starting => self.starting,
            PodState::Ready => self.ready,
            PodState::Terminating => self.terminating,
        }
    }

    fn state_mut(&mut self, state: PodState) -> &mut u32 {
        match state {
            PodState::Pending => &mut self.pending,
            PodState::Starting => &mut self.starting,
            PodState::Ready => &mut self.ready,
            PodState::Terminating => &mut self.terminating,
        }
    }
}
