//! The strategies beside each other.

use super::rows::NOT_KNOWN;
use super::{PlannedCosts, StrategyCost};
use crate::cost::{Bytes, MilliCpu, Resource};
use crate::strategy::Strategy;

/// What a row of [`StrategyCost::compared`] says, column by column, after the name of the strategy.
pub const COMPARED: [&str; 6] =
    ["pods on nodes", "CPU", "memory", "over time", "money", "DataStore connections in all"];

impl StrategyCost {
    /// How much more than today it takes at the peak, as the columns of [`COMPARED`].
    pub fn compared(&self) -> [String; 6] {
        let not_known = || NOT_KNOWN.to_owned();
        [
            format!("+{}", self.extra_pods.bound),
            self.extra_cpu_millis.map_or_else(not_known, |millis| format!("+{}", MilliCpu(millis))),
            self.extra_memory_bytes.map_or_else(not_known, |bytes| format!("+{}", Bytes(bytes))),
            self.rows.iter().map(|row| row.over_time.clone()).find(|text| !text.is_empty()).unwrap_or_default(),
            self.surge_words.clone().unwrap_or_else(|| "no price".to_owned()),
            self.connections.map_or_else(not_known, |connections| connections.to_string()),
        ]
    }

    /// How a resource is known, by the basis that counts; `None` if it has no row.
    pub fn basis(&self, resource: Resource) -> Option<&str> {
        let what = resource.to_string();
        self.rows.iter().find(|row| row.what == what).map(|row| row.basis.as_str())
    }
}

impl PlannedCosts {
    /// What the strategy of this plan is drawn against: Blue/Green, which is Kamaji's default, or one pod after the other where that
    /// is the one of this plan. `None` without a strategy, or where the lab plays no other.
    pub fn other(&self) -> Option<&StrategyCost> {
        let chosen = self.chosen()?;
        let named = |strategy: Strategy| {
            let strategy = strategy.to_string();
            self.strategies.iter().find(|it| it.strategy == strategy && it.strategy != chosen.strategy)
        };
        named(Strategy::BLUE_GREEN).or_else(|| named(Strategy::ROLLING_ONE))
    }

    /// What is to be said beside the tables, in sentences: of the strategy of this plan, of the DataStore, and what a reader of the
    /// numbers must know.
    pub fn sentences(&self) -> Vec<String> {
        let chosen = self.chosen().map(StrategyCost::sentences).unwrap_or_default();
        let data_store = self.data_store.iter().map(|data_store| data_store.sentence.clone());
        chosen.into_iter().chain(data_store).chain(self.notes.iter().cloned()).collect()
    }
}
