//! The rollout model: what the Deployment and ReplicaSet controllers do to the pods, sync by sync, in virtual time.
//!
//! [`predict`] plays a [`Scenario`] and gives a film and its figures. There is no formula in it: the controllers' own
//! decisions are functions ([`deployment::sync`], [`replica_set::plan`]), and a small world executes them.

pub mod deployment;
mod reason;
pub mod replica_set;
mod scenario;
mod world;

pub use self::scenario::{DeploymentWrite, Disturbance, Health, Scenario, Template};
pub use self::world::{EndReason, Moment, PodsAtMoment, ReplicaSetAtMoment, Step, SumsAtMoment};
pub use crate::film::{FilmSummary, Milestones, MixedWindow, Peaks};

use std::convert::Infallible;
use std::ops::ControlFlow;

use self::deployment::ConditionReason;
use crate::film::{Film, PodTrack, Revision, Side};

/// What the model says about a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Every pod's life.
    pub film: Film,
    /// The film's figures.
    pub summary: FilmSummary,
    /// Each change of a ReplicaSet's size, with the controller's reason, in order.
    pub steps: Vec<Step>,
    /// Why it ends.
    pub end: EndReason,
}

/// Plays the scenario to its end.
///
/// Start-ups and terminations are taken as given; API latencies, probes, restarts and eviction are not part of the model.
pub fn predict(scenario: &Scenario) -> Prediction {
    predict_watched(scenario, |_| {})
}

/// As [`predict`]; `watch` sees every settled instant, the first one just before the start.
pub fn predict_watched(scenario: &Scenario, mut watch: impl FnMut(&Moment<'_>)) -> Prediction {
    let mut milestones = Milestones::default();
    let ControlFlow::Continue((world, end, until_ms)) = world::play(scenario, |moment| {
        note(&mut milestones, scenario, moment);
        watch(moment);
        ControlFlow::<Infallible>::Continue(())
    });
    prediction(scenario, world, end, until_ms, milestones)
}

/// As [`predict_watched`]; `None` if `watch` breaks off.
pub fn predict_while(scenario: &Scenario, mut watch: impl FnMut(&Moment<'_>) -> ControlFlow<()>) -> Option<Prediction> {
    let mut milestones = Milestones::default();
    let played = world::play(scenario, |moment| {
        note(&mut milestones, scenario, moment);
        watch(moment)
    });
    let (world, end, until_ms) = played.continue_value()?;
    Some(prediction(scenario, world, end, until_ms, milestones))
}

/// Notes what no pod shows.
fn note(milestones: &mut Milestones, scenario: &Scenario, moment: &Moment<'_>) {
    let last_write_ms = scenario.writes.last().map_or(0, |write| write.at_ms);
    if moment.at_ms >= last_write_ms && moment.is_complete() {
        milestones.settled_ms.get_or_insert(moment.at_ms);
    }
    let progressing = moment.deployment().progressing.map(|condition| condition.reason);
    if moment.at_ms >= 0 && progressing == Some(ConditionReason::ProgressDeadlineExceeded) {
        milestones.deadline_exceeded_ms.get_or_insert(moment.at_ms);
    }
}

fn prediction(
    scenario: &Scenario,
    world: world::World<'_>,
    end: EndReason,
    until_ms: i64,
    milestones: Milestones,
) -> Prediction {
    let templates = world.templates_in_use();
    let (tracks, steps) = world.into_tracks();
    let film = film(scenario, &templates, tracks, until_ms);
    let summary = FilmSummary::of(&film, milestones);
    Prediction { film, summary, steps, end }
}

fn film(scenario: &Scenario, templates: &[usize], tracks: Vec<(PodTrack, usize)>, until_ms: i64) -> Film {
    let revision = |template: &usize| Revision {
        key: (template + 1).to_string(),
        version: None,
        side: scenario.templates[*template].side,
    };
    let revisions: Vec<Revision> = templates.iter().map(revision).collect();
    let (mut old, mut new) = (0, 0);
    let named = |(mut track, template): (PodTrack, usize)| {
        track.revision = templates.iter().position(|other| *other == template).unwrap_or(0);
        track.name = match scenario.templates[template].side {
            Side::Old => {
                old += 1;
                format!("old-{old}")
            }
            Side::New => {
                new += 1;
                format!("new-{new}")
            }
        };
        track
    };
    let pods = tracks.into_iter().map(named).collect();
    Film { revisions, pods, gaps: Vec::new(), until_ms }
}
