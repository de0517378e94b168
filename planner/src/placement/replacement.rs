//! One control plane whose pods are replaced, in the cluster in which it stands.

use std::collections::BTreeSet;

use super::at_once::{AtOnce, exchanged, follow};
use super::autoscaler::{Autoscaler, NodesWanted, shape, with_nodes};
use super::blocked::run;
use super::board::Board;
use super::feature::Feature;
use super::incoming::Incoming;
use super::limit_range::LimitRange;
use super::occupant::Occupant;
use super::pace::Pace;
use super::pod::{Pod, PodSpec, PodTemplate};
use super::quota::{QuotaRoom, QuotaUse, ResourceQuota};
use super::room::Room;
use super::turns::{Ending, Turns};
use super::verdict::{Proposal, Refusal, Unknown, Verdict};
use crate::film::Film;
use crate::rollout::{Scenario, predict};
use crate::strategy::Strategy;

/// A control plane whose pods are to be replaced, and what its new pods meet.
#[derive(Debug, Clone, Copy)]
pub struct Replacement<'a> {
    /// All nodes with all pods, the control plane's own included.
    pub room: &'a Room,
    /// The control plane's pods of today.
    pub old: &'a [Pod],
    /// What new pods are made from, one template per write of the hop, in order. Further writes make pods like the last one.
    pub new: &'a [PodTemplate],
    /// ResourceQuotas of the namespace.
    pub quotas: &'a [ResourceQuota],
    /// LimitRanges of the namespace.
    pub limit_ranges: &'a [LimitRange],
    /// Whether something adds nodes.
    pub autoscaler: Autoscaler,
    /// What is known to decide and was found outside of all this (something that could not be read).
    pub not_simulated: &'a [Feature],
}

/// What all strategies of a replacement share.
struct Prepared {
    /// Without the control plane's pods.
    room: Room,
    old: Vec<(usize, Occupant)>,
    new: Vec<Incoming>,
    quota: QuotaRoom,
    may_preempt: Vec<Feature>,
}

impl Replacement<'_> {
    /// Whether the new pods find room at each moment of the scenario's film, and, if one would have to wait, whether the rollout
    /// gets through all the same. The scenario's own limits of room are not looked at; the nodes and quotas take their place.
    pub fn judge(&self, scenario: &Scenario) -> Verdict {
        match self.prepare() {
            Ok(prepared) => prepared.judge(scenario, self.autoscaler),
            Err(verdict) => *verdict,
        }
    }

    /// The candidates that get through where the scenario's own strategy does not: first those whose pods all find room at once.
    /// Empty if the scenario's own strategy gets through.
    pub fn propose(&self, scenario: &Scenario, candidates: &[Strategy]) -> Vec<Proposal> {
        let Ok(prepared) = self.prepare() else { return Vec::new() };
        if prepared.judge(scenario, Autoscaler::NotKnown).gets_through() {
            return Vec::new();
        }
        let others = candidates.iter().filter(|strategy| **strategy != scenario.strategy);
        let judged = others.map(|strategy| {
            let scenario = Scenario { strategy: *strategy, ..scenario.clone() };
            Proposal { strategy: *strategy, verdict: prepared.judge(&scenario, Autoscaler::NotKnown) }
        });
        let mut proposals: Vec<Proposal> = judged.filter(|proposal| proposal.verdict.gets_through()).collect();
        proposals.sort_by_key(|proposal| !matches!(proposal.verdict, Verdict::Fits { .. }));
        proposals
    }

    /// What is used of each quota now and at the most while the scenario's film is played, whatever room there is. Empty where
    /// no quota counts such pods, or none may ever be created ([`Replacement::judge`] says so).
    pub fn quota_uses(&self, scenario: &Scenario) -> Vec<QuotaUse> {
        let Ok(prepared) = self.prepare() else { return Vec::new() };
        let prediction = predict(&Scenario { node_capacity: None, pod_quota: None, ..scenario.clone() });
        prepared.quota.uses(&exchanged(&prediction.film))
    }

    fn prepare(&self) -> Result<Prepared, Box<Verdict>> {
        let mut features = self.not_simulated.to_vec();
        features.extend(self.new.iter().flat_map(Feature::of_template));
        let new: Vec<Incoming> = self.new.iter().map(|template| Incoming::under(template, self.limit_ranges)).collect();
        let admitted: Vec<PodTemplate> = new.iter().map(|incoming| incoming.admitted.clone()).collect();
        features.extend(admitted.iter().flat_map(|pod| Feature::of_quotas(self.quotas, pod)));
        if new.is_empty() {
            features.push(Feature::Unreadable("the template of the new pods".to_owned()));
        }
        if !features.is_empty() {
            let unknown: BTreeSet<Unknown> = features.into_iter().map(Unknown::NotSimulated).collect();
            return Err(Box::new(Verdict::Unknown(unknown.into_iter().collect())));
        }
        let of_pod = |pod: &PodTemplate| -> Vec<_> {
            self.limit_ranges.iter().flat_map(|range| range.refusals(&pod.spec)).map(Refusal::LimitRange).collect()
        };
        let mut refusals: Vec<Refusal> = admitted.iter().flat_map(of_pod).collect();
        let old_specs: Vec<PodSpec> =
            self.old.iter().filter(|pod| !pod.has_ended()).map(|pod| pod.spec.clone()).collect();
        let quota = QuotaRoom::new(self.quotas, &admitted, &old_specs);
        refusals.extend(quota.as_ref().err().into_iter().flatten().cloned().map(Refusal::Quota));
        refusals.dedup();
        let (Ok(quota), true) = (quota, refusals.is_empty()) else { return Err(Box::new(Verdict::Refused(refusals))) };
        let names: BTreeSet<(&str, &str)> =
            self.old.iter().map(|pod| (pod.namespace.as_str(), pod.name.as_str())).collect();
        let (room, old) = self.room.without(&names);
        let may_preempt = new.iter().filter_map(|incoming| room.preemption_by(incoming)).collect();
        Ok(Prepared { room, old, new, quota, may_preempt })
    }
}

impl Prepared {
    fn judge(&self, scenario: &Scenario, autoscaler: Autoscaler) -> Verdict {
        let prediction = predict(&Scenario { node_capacity: None, pod_quota: None, ..scenario.clone() });
        let film = &prediction.film;
        let pace = Pace::of(scenario);
        let (board, start) = Board::new(&self.room, &self.new, &self.old, new_pods(film, scenario));
        let at_ms = match follow(&board, &start, film, self.new.len(), &self.quota) {
            AtOnce::All => {
                let more = prediction.summary.peaks.bound.saturating_sub(scenario.replicas);
                return Verdict::Fits { more };
            }
            AtOnce::NotKnown => return Verdict::Unknown(vec![Unknown::TooManyStates]),
            AtOnce::Short { .. } if !self.may_preempt.is_empty() => {
                return Verdict::Unknown(self.may_preempt.iter().cloned().map(Unknown::NotSimulated).collect());
            }
            AtOnce::Short { at_ms } => at_ms,
        };
        let Some(last) = self.new.last() else { return Verdict::Unknown(Vec::new()) };
        let kind = self.new.len() - 1;
        let turns = Turns { board: &board, kind, first_old: self.new.len(), pace, quota: &self.quota };
        let ending = turns.play(start.clone());
        let run = run(&self.room, &self.old, last, pace, &self.quota);
        let asked_for = || match autoscaler {
            Autoscaler::Present => self.nodes_wanted(film, scenario),
            Autoscaler::NotKnown => None,
        };
        match (ending, run.end) {
            (Ending::Finishes, _) => Verdict::FitsInTurn { at_ms, waits: run.first_wait, autoscaler: asked_for() },
            (Ending::Stuck, Some(stuck)) => Verdict::DoesNotFit { at_ms, stuck, autoscaler: asked_for() },
            (Ending::Depends { least, most }, _) => Verdict::Depends { at_ms, least, most, wanted: scenario.replicas },
            // The run is one of the ways that were searched: without a search there is no answer.
            (Ending::Stuck | Ending::NotKnown, _) => Verdict::Unknown(vec![Unknown::TooManyStates]),
        }
    }

    /// The fewest new nodes with which the whole film finds room at once.
    fn nodes_wanted(&self, film: &Film, scenario: &Scenario) -> Option<NodesWanted> {
        let last = self.new.last()?;
        let shape = shape(&self.room, last)?;
        let most = u32::try_from(film.pods.len()).unwrap_or(u32::MAX);
        let suffices = |nodes: &u32| {
            let room = with_nodes(&self.room, &shape, *nodes);
            let (board, start) = Board::new(&room, &self.new, &self.old, new_pods(film, scenario));
            follow(&board, &start, film, self.new.len(), &self.quota) == AtOnce::All
        };
        (1..=most).find(suffices).map(|nodes| NodesWanted { nodes, like: shape.name.clone() })
    }
}

/// At most so many new pods exist at the same time: those that the film creates, or in the end all replicas.
fn new_pods(film: &Film, scenario: &Scenario) -> usize {
    film.pods.iter().filter(|pod| pod.revision > 0).count().max(scenario.replicas as usize)
}
