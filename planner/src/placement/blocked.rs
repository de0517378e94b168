//! Why new pods have no place, node by node: one run of the rollout on the real nodes, with the scheduler taking the first
//! node that fits.

use std::collections::BTreeMap;
use std::fmt;

use super::incoming::Incoming;
use super::occupant::Occupant;
use super::pace::{Pace, Progress};
use super::question::{Answer, Question};
use super::quota::{QuotaRefusal, QuotaRoom};
use super::room::Room;
use super::stop::Stop;

/// Nodes that are named one by one in a sentence; the others are counted.
const NAMED_NODES: usize = 5;

/// New pods that have no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// New pods that have a node.
    pub placed: u32,
    /// New pods that are asked for.
    pub wanted: u32,
    /// What stands in the way.
    pub by: Blocker,
}

/// What stands in the way of a new pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocker {
    /// No node takes it.
    Nodes(Vec<StoppedNodes>),
    /// It is not even created.
    Quota(QuotaRefusal),
}

/// Nodes that the same filter stops with the same reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedNodes {
    /// The plugin of the scheduler.
    pub plugin: &'static str,
    /// The scheduler's own words.
    pub reasons: Vec<&'static str>,
    /// Each node with what is wrong with it.
    pub nodes: Vec<(String, Stop)>,
}

/// Where a run waits for the first time, and where it ends.
pub(super) struct Run {
    pub(super) first_wait: Option<Blocked>,
    pub(super) end: Option<Blocked>,
}

/// Plays the rollout once. `room` is without the old pods, `old` are they.
pub(super) fn run(room: &Room, old: &[(usize, Occupant)], incoming: &Incoming, pace: Pace, quota: &QuotaRoom) -> Run {
    let empty = room.ask(incoming);
    let mut standing: Vec<(usize, Occupant)> = old.iter().filter(|(_, pod)| !pod.deleting).cloned().collect();
    let mut leaving: Vec<(usize, Occupant)> = old.iter().filter(|(_, pod)| pod.deleting).cloned().collect();
    let mut placed: Vec<usize> = Vec::new();
    let count = |pods: usize| u32::try_from(pods).unwrap_or(u32::MAX);
    let mut progress = Progress { old: count(standing.len()), leaving: count(leaving.len()), ..Progress::default() };
    let mut first_wait = None;
    loop {
        let before = progress;
        for _ in 0..pace.settle(&mut progress, quota) {
            leaving.extend(standing.pop().map(|(node, pod)| (node, Occupant { deleting: true, ..pod })));
        }
        let mut question = empty.clone();
        (standing.iter().chain(&leaving)).for_each(|(node, pod)| question.place(pod, *node));
        placed.iter().for_each(|node| question.place(&incoming.occupant, *node));
        let answer = place_waiting(&mut question, &mut progress, &mut placed);
        let blocked = Blocked::of(room, &progress, quota, answer.as_ref());
        if first_wait.is_none() {
            first_wait.clone_from(&blocked);
        }
        progress.ready = progress.placed;
        if progress == before {
            if leaving.pop().is_none() {
                return Run { end: blocked, first_wait };
            }
            progress.leaving = progress.leaving.saturating_sub(1);
            progress.gone += 1;
        }
    }
}

/// Places what waits, as long as a node takes it; the last answer if one was left.
fn place_waiting(question: &mut Question<'_>, progress: &mut Progress, placed: &mut Vec<usize>) -> Option<Answer> {
    while progress.waiting() > 0 {
        let answer = question.answer();
        let Some(node) = answer.fits.first().copied() else { return Some(answer) };
        question.place(&question.incoming().occupant.clone(), node);
        placed.push(node);
        progress.placed += 1;
    }
    None
}

impl Blocked {
    fn of(room: &Room, progress: &Progress, quota: &QuotaRoom, answer: Option<&Answer>) -> Option<Self> {
        let nodes = answer.map(|answer| Blocker::Nodes(StoppedNodes::groups(room, answer)));
        let by = nodes.or_else(|| progress.refusal(quota).map(Blocker::Quota))?;
        Some(Self { placed: progress.placed, wanted: progress.asked, by })
    }
}

impl StoppedNodes {
    /// The nodes of an answer that are stopped, by filter and reasons; most nodes first.
    pub fn groups(room: &Room, answer: &Answer) -> Vec<Self> {
        let mut groups: BTreeMap<_, Vec<(String, Stop)>> = BTreeMap::new();
        for (node, stop) in &answer.stopped {
            let name = room.nodes()[*node].node.name.clone();
            groups.entry((stop.plugin(), stop.reasons())).or_default().push((name, stop.clone()));
        }
        let group = |((plugin, reasons), nodes)| Self { plugin, reasons, nodes };
        let mut groups: Vec<Self> = groups.into_iter().map(group).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.nodes.len()));
        groups
    }
}

impl fmt::Display for StoppedNodes {
    /// `n1`, `n2`: cordoned; `n3`: 200 m CPU short; 4 more nodes likewise.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut by_words: Vec<(String, Vec<String>)> = Vec::new();
        for (node, stop) in self.nodes.iter().take(NAMED_NODES) {
            let words = stop.to_string();
            match by_words.iter_mut().find(|(other, _)| *other == words) {
                Some((_, nodes)) => nodes.push(node.to_string()),
                None => by_words.push((words, vec![node.to_string()])),
            }
        }
        let parts: Vec<String> =
            by_words.into_iter().map(|(words, nodes)| format!("{}: {words}", nodes.join(", "))).collect();
        f.write_str(&parts.join("; "))?;
        match self.nodes.len().saturating_sub(NAMED_NODES) {
            0 => Ok(()),
            1 => f.write_str("; 1 more node likewise"),
            more => write!(f, "; {more} more nodes likewise"),
        }
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes(groups) if groups.is_empty() => f.write_str("there is no node"),
            Self::Nodes(groups) => {
                let groups: Vec<String> = groups.iter().map(StoppedNodes::to_string).collect();
                f.write_str(&groups.join("; "))
            }
            Self::Quota(refusal) => write!(f, "{refusal}"),
        }
    }
}
