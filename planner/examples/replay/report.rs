//! What the model makes of each trace, to the last millisecond, for comparison with another build of the same code.

use std::fmt::Write;

use planner::rollout::predict;

use crate::trace::{Demand, Trace};

/// One line a trace: its name, whether the model equals it, and the whole prediction.
pub(crate) fn report(traces: &[Trace]) -> String {
    let mut report = String::new();
    for trace in traces {
        let verdict = match trace.first_difference(Demand::Everything) {
            None => "equal".to_owned(),
            Some(difference) => difference.to_string(),
        };
        let prediction = trace.input.scenario().map(|scenario| predict(&scenario));
        writeln!(report, "{} ({verdict}): {prediction:?}", trace.id).unwrap_or_default();
    }
    report
}
