//! A row of the lab in one sentence.

use std::fmt;

use super::{LabInput, LabRow};
use crate::cost::Bytes;
use crate::rollout::{EndReason, Health};
use crate::strategy::{Strategy, StrategyName};

/// How a strategy is called in a sentence.
pub(super) struct Called(pub(super) Strategy);

impl fmt::Display for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.name() {
            StrategyName::Custom => write!(f, "{}", self.0),
            name => write!(f, "{name}"),
        }
    }
}

/// Whole seconds, rounded.
pub(crate) fn seconds(ms: i64) -> i64 {
    (ms + 500).div_euclid(1000)
}

/// Pods, with their word.
pub(super) struct Pods(pub(super) u32);

impl fmt::Display for Pods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 1 { f.write_str("1 pod") } else { write!(f, "{} pods", self.0) }
    }
}

pub(super) fn verdict(input: &LabInput, row: &LabRow) -> String {
    if input.replicas == 0 {
        return "With 0 replicas there is no pod to replace: the version is recorded, nothing rolls out.".to_owned();
    }
    if stuck(input, row) {
        return never_finishes(input, row);
    }
    let mut sentence = needs(input, row);
    if row.summary.outage_ms > 0 {
        sentence.push_str(&match row.summary.outage_open {
            true => format!(" No API server serves for {} s, and none is back.", seconds(row.summary.outage_ms)),
            false => format!(" No API server serves for {} s.", seconds(row.summary.outage_ms)),
        });
    }
    sentence
}

/// Nothing moves any more before it is finished.
pub(super) fn stuck(input: &LabInput, row: &LabRow) -> bool {
    row.summary.finished_ms.is_none() && (row.end == EndReason::Stuck || input.new_pods != Health::Starts)
}

/// What stays up and what it costs while nobody acts.
fn never_finishes(input: &LabInput, row: &LabRow) -> String {
    let name = Called(row.strategy);
    let end = row.film.counts_at(row.film.until_ms);
    let replicas = input.replicas;
    let serving = match end.serving() {
        0 => "no API server serves any more".to_owned(),
        serving => format!("{serving} of {replicas} API servers go on serving"),
    };
    let extra = (end.old.bound + end.new.bound).saturating_sub(replicas);
    if extra == 0 {
        return format!("{name} never finishes: {serving}, with no more pods than today.");
    }
    let each = input.requests.memory_bytes.or(input.assumed.memory_bytes);
    let memory = match each {
        Some(each) => format!("{}, until somebody acts", Bytes(each.saturating_mul(u64::from(extra)))),
        None => "their memory, which is not known, until somebody acts".to_owned(),
    };
    format!("{name} never finishes: {serving}, and {} more than today keep {memory}.", Pods(extra))
}

/// `57 s`, or `57 s (50 to 63 s)` where it may differ.
fn about(ms: i64, row: &LabRow) -> String {
    let extent = row.range.and_then(|range| range.finished_ms);
    let extent = extent.map(|extent| (seconds(extent.low), seconds(extent.high))).filter(|(low, high)| low < high);
    match extent {
        Some((low, high)) => format!("{} s ({low} to {high} s)", seconds(ms)),
        None => format!("{} s", seconds(ms)),
    }
}

fn needs(input: &LabInput, row: &LabRow) -> String {
    let name = Called(row.strategy);
    let extra = row.cost.extra.objects;
    let length = match row.summary.finished_ms {
        Some(ms) => format!("for about {}", about(ms, row)),
        None => "for longer than the model looks ahead".to_owned(),
    };
    if extra == 0 {
        return match row.summary.finished_ms {
            Some(ms) => format!("{name} needs no more pods and is finished after about {}.", about(ms, row)),
            None => format!("{name} needs no more pods, but is not finished as far as the model looks ahead."),
        };
    }
    let more = if extra == 1 { "1 more pod".to_owned() } else { format!("{extra} more pods") };
    let (its, it) = if extra == 1 { ("its", "it sets") } else { ("their", "they set") };
    match (row.cost.memory_bytes.value, row.cost.assumed_memory_bytes.value, input.assumed.memory_bytes) {
        (Some(bytes), _, _) => format!("{name} needs {more} and {} {length}.", Bytes(bytes)),
        (None, Some(bytes), Some(each)) => format!(
            "{name} needs {more} {length}; {its} memory is not known, {it} no requests (assuming {} each: {}).",
            Bytes(each),
            Bytes(bytes)
        ),
        _ => format!("{name} needs {more} {length}; {its} memory is not known, {it} no requests."),
    }
}
