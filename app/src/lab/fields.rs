//! What the lab is asked: texts as they stand in the address and in the form, and what they mean.
//!
//! The texts are kept as they are typed. A text that cannot be read is shown with the reason, and the value before it is
//! used instead; the other fields are not touched.

use planner::lab::LabInput;
use planner::strategy::{IntOrPercent, Strategy, check_progress_deadline};

use crate::links;

/// Parameters that [`LabInput::set`] knows. An address with all of [`WHOLE`] carries a whole input.
const INPUT_KEYS: [&str; 27] = [
    "replicas",
    "startup",
    "grace",
    "gracelow",
    "gracehigh",
    "pull",
    "pulllow",
    "pullhigh",
    "new",
    "quota",
    "room",
    "minready",
    "deadline",
    "cpu",
    "mem",
    "acpu",
    "amem",
    "conn",
    "second",
    "custom",
    "objects",
    "bound",
    "running",
    "alive",
    "serving",
    "conns",
    "within",
];
const WHOLE: [&str; 3] = ["replicas", "startup", "grace"];
/// Name of the chosen strategy in address and form.
pub(super) const STRATEGY: &str = "strategy";
/// Name of a strategy that is proposed and taken: it is chosen, and is one's own if it has no name.
pub(super) const TAKE: &str = "take";
/// Name of the strategy that is drawn as large beside it.
pub(super) const BESIDE: &str = "beside";
/// Name of what the new pods do.
pub(super) const NEW_PODS: &str = "new";

/// One control of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Field {
    /// `spec.replicas` (pods).
    Replicas,
    /// Typical time from bound to ready (s). The form carries the whole list beside it, in `startup`.
    Startup,
    /// From the request to terminate until a pod is gone (s).
    Grace,
    /// `maxSurge` of the strategy of one's own.
    Surge,
    /// `maxUnavailable` of the strategy of one's own.
    Unavailable,
    /// Assumed CPU of one pod (milliCPU).
    Cpu,
    /// Assumed memory of one pod (MiB).
    Memory,
    /// Most pod objects (pods).
    Quota,
    /// Most pods on nodes (pods).
    Room,
    /// What pulling the image adds to a start-up (s).
    Pull,
    /// Wished: most pod objects at once (pods).
    MostObjects,
    /// Wished: most pods on nodes at once (pods).
    MostBound,
    /// Wished: most API servers running at once (pods).
    MostRunning,
    /// Wished: most pods not terminating at once (pods).
    MostAlive,
    /// Wished: fewest API servers that serve (pods).
    LeastServing,
    /// Wished: most DataStore connections at once.
    MostConnections,
    /// Wished: finished after so long (s).
    Within,
}

/// The parameters of the lab's address, as texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LabFields {
    own: Vec<(String, String)>,
    /// Parameters that the lab does not know; it carries them along.
    others: Vec<(String, String)>,
}

/// What the texts mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LabReading {
    /// What to compare.
    pub(super) input: LabInput,
    /// The chosen strategy; one of the input's candidates.
    pub(super) chosen: Strategy,
    /// Another candidate that is drawn as large beside it.
    pub(super) beside: Option<Strategy>,
    /// What could not be read, in words; without a field it is a part of the address that has no control.
    pub(super) errors: Vec<(Option<Field>, String)>,
}

impl Field {
    const ALL: [Self; 17] = [
        Self::Replicas,
        Self::Startup,
        Self::Grace,
        Self::Surge,
        Self::Unavailable,
        Self::Cpu,
        Self::Memory,
        Self::Quota,
        Self::Room,
        Self::Pull,
        Self::MostObjects,
        Self::MostBound,
        Self::MostRunning,
        Self::MostAlive,
        Self::LeastServing,
        Self::MostConnections,
        Self::Within,
    ];
    /// What the search asks.
    pub(super) const WISHES: [Self; 7] = [
        Self::LeastServing,
        Self::Within,
        Self::MostObjects,
        Self::MostBound,
        Self::MostRunning,
        Self::MostAlive,
        Self::MostConnections,
    ];

    /// Its name in the form.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Replicas => "replicas",
            Self::Startup => "typical",
            Self::Grace => "grace",
            Self::Surge => "surge",
            Self::Unavailable => "unavailable",
            Self::Cpu => "acpu",
            Self::Memory => "amem",
            Self::Quota => "quota",
            Self::Room => "room",
            Self::Pull => "pull",
            Self::MostObjects => "objects",
            Self::MostBound => "bound",
            Self::MostRunning => "running",
            Self::MostAlive => "alive",
            Self::LeastServing => "serving",
            Self::MostConnections => "conns",
            Self::Within => "within",
        }
    }

    fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.key() == key)
    }
}

impl LabFields {
    /// Reads the parameters of an address. Of a parameter given twice the first counts.
    pub(super) fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut fields = Self::default();
        for (key, value) in pairs {
            let known = [STRATEGY, BESIDE, TAKE].contains(&key.as_str())
                || INPUT_KEYS.contains(&key.as_str())
                || Field::of(&key).is_some();
            if !known {
                fields.others.push((key, value));
            } else if fields.get(&key).is_none() {
                fields.own.push((key, value));
            }
        }
        fields
    }

    /// The text of a control, if it is given.
    pub(super) fn text(&self, field: Field) -> Option<&str> {
        self.get(field.key())
    }

    /// The same with another text in one control.
    pub(super) fn with(&self, field: Field, text: String) -> Self {
        self.with_key(field.key(), text)
    }

    /// The same with another value of a parameter that is no control: [`STRATEGY`], [`TAKE`], [`BESIDE`], [`NEW_PODS`].
    pub(super) fn choosing(&self, key: &'static str, value: String) -> Self {
        self.with_key(key, value)
    }

    /// Parameters of the address that are not the lab's.
    pub(super) fn others(&self) -> &[(String, String)] {
        &self.others
    }

    fn with_key(&self, key: &str, text: String) -> Self {
        let mut fields = self.clone();
        match fields.own.iter_mut().find(|(own, _)| own == key) {
            Some(pair) => pair.1 = text,
            None => fields.own.push((key.to_owned(), text)),
        }
        fields
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.own.iter().find(|(own, _)| own == key).map(|(_, value)| value.trim())
    }

    /// What the texts mean. What is not given is as in `initial`, or, where the address carries a whole input, as in the
    /// lab without a tenant: a shared link shows the same everywhere.
    pub(super) fn read(&self, initial: &LabInput, preferred: Strategy) -> LabReading {
        let whole = WHOLE.iter().all(|key| self.get(key).is_some_and(|text| !text.is_empty()));
        let mut input = if whole { LabInput::default() } else { initial.clone() };
        let mut errors = Vec::new();
        for key in INPUT_KEYS {
            if let Some(text) = self.get(key)
                && let Err(error) = input.set(key, text)
            {
                errors.push((Field::of(key), format!("{error}. It is left as it was.")));
            }
        }
        if self.text(Field::Pull) == Some("") {
            // A tenant may bring a pull with it; an empty field takes it away.
            input.pull_ms = None;
        }
        // The API server refuses such a Deployment.
        if let Err(error) = check_progress_deadline(input.min_ready_seconds, input.progress_deadline_seconds) {
            errors.push((None, format!("{error}. No deadline is assumed.")));
            input.progress_deadline_seconds = None;
        }
        // Nothing rolls out with 0 replicas; the tenant's page says so, and the lab begins at one.
        input.replicas = input.replicas.max(1);
        self.read_startup(&mut input, &mut errors);
        self.read_custom(&mut input, &mut errors);
        let chosen = self.read_chosen(&mut input, preferred, &mut errors);
        let beside = self.get(BESIDE).and_then(|text| text.parse().ok());
        let beside = beside.filter(|beside| *beside != chosen && input.candidates().contains(beside));
        LabReading { input, chosen, beside, errors }
    }

    /// The typical start-up replaces the list only where it is another one than the list's.
    fn read_startup(&self, input: &mut LabInput, errors: &mut Vec<(Option<Field>, String)>) {
        let Some(text) = self.text(Field::Startup).filter(|text| !text.is_empty()) else { return };
        if text == seconds_text(input.typical_startup_ms()) {
            return;
        }
        let mut read = input.clone();
        match read.set("startup", text) {
            Ok(()) if read.startup_ms.len() == 1 => *input = read,
            Ok(()) => errors.push((Some(Field::Startup), format!("`{text}` is not one number. It is left as it was."))),
            Err(error) => errors.push((Some(Field::Startup), format!("{error}. It is left as it was."))),
        }
    }

    /// Both numbers empty: no strategy of one's own. One of them empty: 0.
    fn read_custom(&self, input: &mut LabInput, errors: &mut Vec<(Option<Field>, String)>) {
        let (surge, unavailable) = (self.text(Field::Surge), self.text(Field::Unavailable));
        if surge.is_none() && unavailable.is_none() {
            return;
        }
        let (before_surge, before_unavailable) = halves(input.custom);
        let mut half = |field: Field, text: Option<&str>, before: Option<IntOrPercent>| match text {
            None => before,
            Some("") => None,
            Some(text) => match text.parse::<IntOrPercent>() {
                Ok(half) => Some(half),
                Err(_) => {
                    let error =
                        format!("`{text}` is neither pods (`1`) nor a percentage (`25%`). It is left as it was.");
                    errors.push((Some(field), error));
                    before
                }
            },
        };
        let surge = half(Field::Surge, surge, before_surge);
        let unavailable = half(Field::Unavailable, unavailable, before_unavailable);
        if surge.is_none() && unavailable.is_none() {
            input.custom = None;
            return;
        }
        let zero = IntOrPercent::Int(0);
        match Strategy::rolling(surge.unwrap_or(zero), unavailable.unwrap_or(zero)) {
            Ok(strategy) => input.custom = Some(strategy),
            Err(error) => errors.push((Some(Field::Surge), format!("{error}. It is not compared."))),
        }
    }

    /// A chosen strategy that is no candidate becomes the one of one's own; if there is one already, it took its place.
    fn read_chosen(
        &self,
        input: &mut LabInput,
        preferred: Strategy,
        errors: &mut Vec<(Option<Field>, String)>,
    ) -> Strategy {
        let mut chosen = preferred;
        if let Some(text) = self.get(STRATEGY).filter(|text| !text.is_empty()) {
            match text.parse() {
                Ok(strategy) => chosen = strategy,
                Err(error) => errors.push((None, format!("{error}. {} is chosen instead.", preferred.name()))),
            }
        }
        if let Some(taken) = self.get(TAKE).and_then(|text| text.parse().ok()) {
            chosen = taken;
            input.custom = Some(taken).filter(|_| !input.candidates().contains(&taken)).or(input.custom);
        }
        if !input.candidates().contains(&chosen) {
            chosen = *input.custom.get_or_insert(chosen);
        }
        chosen
    }

    /// The address that carries all of it, `?` included.
    pub(super) fn whole_query(&self, reading: &LabReading) -> String {
        let mut pairs: Vec<(&str, String)> =
            self.others.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        pairs.push((STRATEGY, reading.chosen.to_string()));
        pairs.extend(reading.beside.map(|beside| (BESIDE, beside.to_string())));
        format!("{}&{}", links::query(&pairs), reading.input.to_query())
    }
}

/// The parts of an input that have no control of their own, for hidden fields of the form.
pub(super) fn hidden_pairs(input: &LabInput) -> Vec<(String, String)> {
    let query = input.to_query();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| !["custom", NEW_PODS].contains(key) && Field::of(key).is_none())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// The two numbers of a rolling update.
pub(super) fn halves(strategy: Option<Strategy>) -> (Option<IntOrPercent>, Option<IntOrPercent>) {
    match strategy {
        Some(Strategy::RollingUpdate { max_surge, max_unavailable }) => (Some(max_surge), Some(max_unavailable)),
        Some(Strategy::Recreate) | None => (None, None),
    }
}

/// Milliseconds as seconds for a number field: `20`, `1.5`.
pub(super) fn seconds_text(millis: i64) -> String {
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
