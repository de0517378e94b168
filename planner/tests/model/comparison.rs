//! A predicted rollout beside the recorded one.
//!
//! The model has no latencies. A real cluster has: what the controllers do about a write, or about a pod that turned ready or
//! went, comes up to one reaction later ([`Rollout::reaction_ms`], measured in each recording by itself). So a moment of the
//! model is looked for in two ways, and both must hold. It was recorded not before, and at most one reaction after, that which
//! the model has as its cause. And it is late in all by no more reactions than the model has between it and a write.
//!
//! Pods that turn ready within one reaction may be answered by one change of size or by several. And while the controllers are
//! on their way from creating to taking away, for one reaction at most, there may be more pods than the model has at its peak.

use planner::film::{Counts, Film, FilmSummary, Milestones};
use planner::rollout::{Prediction, Scenario, predict};

use crate::recorded::{Resize, Rollout, up_to};

/// Everything in which the model, fed with `scenario`, differs from what was recorded.
pub(crate) fn differences(recorded: &Rollout, scenario: &Scenario) -> Vec<String> {
    let predicted = predict(scenario);
    let film = up_to(&predicted.film, recorded.film.until_ms);
    let comparison = Comparison { recorded, scenario, predicted: &predicted, film };
    [comparison.peaks(), comparison.steps(), comparison.windows(), comparison.milestones()].concat()
}

/// Whether a window is open.
type Holds = fn(&Counts) -> bool;

struct Comparison<'a> {
    recorded: &'a Rollout,
    scenario: &'a Scenario,
    predicted: &'a Prediction,
    /// The predicted film, as long as the recorded one.
    film: Film,
}

impl Comparison<'_> {
    fn peaks(&self) -> Vec<String> {
        let have = FilmSummary::of(&self.film, Milestones::default());
        let want = self.recorded.summary;
        let pairs = [
            ("objects", want.peaks.objects, have.peaks.objects),
            ("bound", want.peaks.bound, have.peaks.bound),
            ("running", want.peaks.running, have.peaks.running),
            ("fewest serving", want.lowest_serving, have.lowest_serving),
        ];
        let different = pairs.into_iter().filter(|(_, want, have)| want != have);
        let mut differences: Vec<String> =
            different.map(|(what, want, have)| format!("{what}: recorded {want}, the model has {have}")).collect();

        let (want, have) = (want.peaks.non_terminating, have.peaks.non_terminating);
        let above = spans(&self.recorded.film, |counts| counts.objects() - counts.terminating() > have);
        let brief = |(from, to): &(i64, Option<i64>)| to.is_some_and(|to| to - from <= self.recorded.reaction_ms);
        if want < have || !above.iter().all(brief) {
            differences.push(format!("not terminating: recorded {want} ({above:?}), the model has {have}"));
        }
        differences
    }

    fn steps(&self) -> Vec<String> {
        let until_ms = self.recorded.film.until_ms;
        let mut model = self.predicted.steps.iter().filter(|step| step.at_ms < until_ms).peekable();
        let mut differences = Vec::new();
        for want in &self.recorded.steps {
            let Some(first) = model.next() else {
                return [differences, vec![format!("recorded {want:?}, the model has no more")]].concat();
            };
            let mut have = Resize { at_ms: first.at_ms, template: first.template, from: first.from, to: first.to };
            while have.to != want.to
                && let Some(next) = model.next_if(|next| {
                    next.template == have.template && next.at_ms - have.at_ms <= self.recorded.reaction_ms
                })
            {
                (have.at_ms, have.to) = (next.at_ms, next.to);
            }
            if (have.template, have.from, have.to) != (want.template, want.from, want.to) {
                return [differences, vec![format!("recorded {want:?}, the model has {have:?}")]].concat();
            }
            differences.extend(self.moment(&format!("{want:?}"), Some(have.at_ms), Some(want.at_ms)));
        }
        differences.extend(model.filter_map(|left| self.moment(&format!("{left:?}"), Some(left.at_ms), None)));
        differences
    }

    fn windows(&self) -> Vec<String> {
        let kinds: [(&str, Holds); 2] = [
            ("both versions serve", |counts| counts.old.ready > 0 && counts.new.ready > 0),
            ("no pod serves", |counts| counts.serving() == 0),
        ];
        let mut differences = Vec::new();
        for (what, holds) in kinds {
            let (have, want) = (spans(&self.film, holds), spans(&self.recorded.film, holds));
            if have.len() != want.len() {
                differences.push(format!("{what}: recorded {want:?}, the model has {have:?}"));
            }
            for (have, want) in have.iter().zip(&want) {
                differences.extend(self.moment(&format!("{what}, begin"), Some(have.0), Some(want.0)));
                differences.extend(self.moment(&format!("{what}, end"), have.1, want.1));
            }
        }
        differences
    }

    fn milestones(&self) -> Vec<String> {
        let (have, want) = (&self.predicted.summary, &self.recorded.summary);
        let settled = self.moment("settled", have.settled_ms, want.settled_ms);
        let finished = self.moment("finished", have.finished_ms, want.finished_ms);
        // The clock of the deadline is cut to whole seconds, the model's begins with one. It is set one reaction late, and read so.
        let exceeded = match (have.deadline_exceeded_ms, want.deadline_exceeded_ms) {
            (None, None) => true,
            (Some(have), Some(want)) => (have - 1000..=have + 2 * self.recorded.reaction_ms).contains(&want),
            (Some(have), None) => have >= self.recorded.film.until_ms,
            (None, Some(_)) => false,
        };
        let exceeded = (!exceeded).then(|| format!("deadline: recorded {want:?}, the model has {have:?}"));
        settled.into_iter().chain(finished).chain(exceeded).collect()
    }

    /// Whether what the model has at `predicted` was recorded at `recorded`. It may be missing if the recording may have ended
    /// before.
    fn moment(&self, what: &str, predicted: Option<i64>, recorded: Option<i64>) -> Option<String> {
        let reaction_ms = self.recorded.reaction_ms;
        let range = |at_ms: i64| {
            let earliest = at_ms - self.recorded.termination_spread_ms;
            let latest = at_ms + self.reactions(at_ms) * reaction_ms;
            match self.cause(at_ms) {
                Some((first, last)) => (first.max(earliest), latest.min(last + reaction_ms)),
                None => (earliest, latest),
            }
        };
        let range = predicted.map(range);
        let good = match (range, recorded) {
            (None, None) => true,
            (Some((from, to)), Some(at_ms)) => (from..=to).contains(&at_ms),
            (Some((_, to)), None) => to >= self.recorded.film.until_ms,
            (None, Some(_)) => false,
        };
        (!good).then(|| {
            format!("{what}: recorded at {recorded:?}, the model has {predicted:?}, so it must be in {range:?}")
        })
    }

    /// When that was recorded which happens in the model at `at_ms` and is not the controllers' doing: writes, and for each
    /// template the i-th pod that turns ready or goes. The first and the last of it.
    fn cause(&self, at_ms: i64) -> Option<(i64, i64)> {
        let writes = self.scenario.writes.iter().map(|write| write.at_ms).filter(|write_ms| *write_ms == at_ms);
        let (model, recorded) = (happened(&self.film), happened(&self.recorded.film));
        let pairs = model.iter().zip(&recorded).flat_map(|(model, recorded)| model.iter().zip(recorded));
        let same = pairs.filter(|(model_ms, _)| **model_ms == at_ms).map(|(_, recorded_ms)| *recorded_ms);
        let moments: Vec<i64> = same.chain(writes).collect();
        Some((*moments.iter().min()?, *moments.iter().max()?))
    }

    /// How many times the controllers had to react in the model, from a write up to what they do at `at_ms`.
    fn reactions(&self, at_ms: i64) -> i64 {
        if self.scenario.writes.iter().any(|write| write.at_ms == at_ms) {
            return 1;
        }
        let pods = self.predicted.film.pods.iter();
        let begun = pods.flat_map(|pod| {
            let ready = pod.ready.iter().any(|span| span.from_ms == at_ms).then_some(pod.bound_ms);
            let gone = (pod.gone_ms == Some(at_ms)).then_some(pod.terminating_ms);
            [ready, gone].into_iter().flatten().flatten()
        });
        1 + begun.filter(|begun_ms| *begun_ms < at_ms).map(|begun_ms| self.reactions(begun_ms)).max().unwrap_or(0)
    }
}

/// When the pods turned ready, and when they went: two lists for each template, in order.
fn happened(film: &Film) -> Vec<Vec<i64>> {
    let of = |template: usize| {
        let pods = || film.pods.iter().filter(move |pod| pod.revision == template);
        let mut ready: Vec<i64> = pods().flat_map(|pod| pod.ready.iter().map(|span| span.from_ms)).collect();
        let mut gone: Vec<i64> = pods().filter_map(|pod| pod.gone_ms).collect();
        ready.retain(|at_ms| *at_ms >= 0);
        ready.sort_unstable();
        gone.sort_unstable();
        [ready, gone]
    };
    (0..film.revisions.len()).flat_map(of).collect()
}

/// The stretches of time in which `holds`.
fn spans(film: &Film, holds: impl Fn(&Counts) -> bool) -> Vec<(i64, Option<i64>)> {
    let mut spans: Vec<(i64, Option<i64>)> = Vec::new();
    for step in film.steps_from(0).iter().filter(|step| holds(&step.counts)) {
        match spans.last_mut() {
            Some((_, to)) if *to == Some(step.from_ms) => *to = step.to_ms,
            _ => spans.push((step.from_ms, step.to_ms)),
        }
    }
    spans
}
