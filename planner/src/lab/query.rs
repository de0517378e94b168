//! The lab's input as the query of a link, and back.

use std::fmt::Write;

use super::{LabInput, Wishes};
use crate::rollout::Health;
use crate::rollout::deployment::NO_LIMIT;
use crate::strategy::{Strategy, StrategyError};

/// Most replicas that the lab plays.
pub const MAX_REPLICAS: u32 = 50;
/// Longest duration that the lab plays (s).
pub const MAX_SECONDS: u32 = 3600;
/// Most start-up times in one list.
pub const MAX_SAMPLES: usize = 50;
/// Most CPU (milliCPU) and memory (MiB) of one pod.
const MAX_AMOUNT: u64 = 1_048_576;
/// Most DataStore connections of one pod.
const MAX_CONNECTIONS: u32 = 10_000;
/// Most pods that a limit may name: three ReplicaSets of the most replicas.
const MAX_PODS: u32 = 3 * MAX_REPLICAS;
/// The wishes that are whole numbers, in the order in which a link carries them.
const WISHES: [&str; 6] = ["objects", "bound", "running", "alive", "serving", "conns"];
/// How a link says whether the new pods become ready.
pub const NEW_PODS: [(Health, &str); 3] =
    [(Health::Starts, "start"), (Health::CrashLoop, "never-ready"), (Health::ImagePull, "no-image")];
const MIB: u64 = 1024 * 1024;

/// Why a query is no input of the lab.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabQueryError {
    /// Not a number at all.
    #[error("`{key}` is `{value}`, which is not a number; write it as `{example}`")]
    NotANumber {
        /// Name of the field.
        key: &'static str,
        /// What stands there.
        value: String,
        /// What could stand there.
        example: &'static str,
    },
    /// A number out of bounds.
    #[error("`{key}` is `{value}`; the lab takes {min} to {max}")]
    OutOfBounds {
        /// Name of the field.
        key: &'static str,
        /// What stands there.
        value: String,
        /// Least.
        min: u64,
        /// Most.
        max: u64,
    },
    /// Too many start-up times.
    #[error("`startup` lists {count} times; the lab takes 1 to {MAX_SAMPLES}")]
    TooManySamples {
        /// How many.
        count: usize,
    },
    /// The custom strategy cannot be used.
    #[error("`custom`: {0}")]
    Strategy(StrategyError),
    /// Not a word for what the new pods do.
    #[error("`new` is `{0}`; the new pods can `start`, be `never-ready` or have `no-image`")]
    NewPods(String),
    /// A `%` without two hexadecimal digits, or no UTF-8.
    #[error("the link is damaged near `{0}`")]
    Encoding(String),
}

impl LabInput {
    /// As the query of a link, without the `?`. Durations in seconds, memory in MiB; what equals the default is left out.
    pub fn to_query(&self) -> String {
        let default = Self::default();
        let mut query = format!("replicas={}&startup=", self.replicas);
        for (index, ms) in self.startup_ms.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(query, "{comma}{}", decimal(*ms));
        }
        let _ = write!(query, "&grace={}", decimal(self.termination_ms));
        if let Some((low, high)) = self.termination_extent_ms {
            let _ = write!(query, "&gracelow={}&gracehigh={}", decimal(low), decimal(high));
        }
        if let Some(ms) = self.pull_ms {
            let _ = write!(query, "&pull={}", decimal(ms));
        }
        if let Some((low, high)) = self.pull_extent_ms {
            let _ = write!(query, "&pulllow={}&pullhigh={}", decimal(low), decimal(high));
        }
        for (key, limit) in [("quota", self.pod_quota), ("room", self.room)] {
            if let Some(pods) = limit {
                let _ = write!(query, "&{key}={pods}");
            }
        }
        if let Some((_, word)) =
            NEW_PODS.into_iter().find(|(health, _)| *health == self.new_pods && *health != default.new_pods)
        {
            let _ = write!(query, "&new={word}");
        }
        if self.min_ready_seconds != default.min_ready_seconds {
            let _ = write!(query, "&minready={}", self.min_ready_seconds);
        }
        if self.progress_deadline_seconds != default.progress_deadline_seconds {
            match self.progress_deadline_seconds {
                Some(seconds) => {
                    let _ = write!(query, "&deadline={seconds}");
                }
                None => query.push_str("&deadline=none"),
            }
        }
        for (cpu, memory, each) in [("cpu", "mem", &self.requests), ("acpu", "amem", &self.assumed)] {
            if let Some(millis) = each.cpu_millis {
                let _ = write!(query, "&{cpu}={millis}");
            }
            if let Some(bytes) = each.memory_bytes {
                let _ = match bytes % MIB {
                    0 => write!(query, "&{memory}={}", bytes / MIB),
                    _ => write!(query, "&{memory}={bytes}b"),
                };
            }
        }
        if self.connections_per_pod != default.connections_per_pod {
            match self.connections_per_pod {
                Some(count) => {
                    let _ = write!(query, "&conn={count}");
                }
                None => query.push_str("&conn=none"),
            }
        }
        if let Some(ms) = self.second_write_ms {
            let _ = write!(query, "&second={}", decimal(ms));
        }
        let Wishes { objects, bound, running, non_terminating, serving, connections, within_ms } = self.wishes;
        for (key, wish) in WISHES.into_iter().zip([objects, bound, running, non_terminating, serving, connections]) {
            if let Some(number) = wish {
                let _ = write!(query, "&{key}={number}");
            }
        }
        if let Some(ms) = within_ms {
            let _ = write!(query, "&within={}", decimal(ms));
        }
        if let Some(custom) = self.custom {
            let _ = write!(query, "&custom={}", custom.to_string().replace('%', "%25"));
        }
        query
    }

    /// From the query of a link. What is not there is as in [`LabInput::default`]; keys of others are passed over; of two equal
    /// keys the last counts.
    ///
    /// # Errors
    /// If a value is no number, out of bounds, or no strategy.
    pub fn from_query(query: &str) -> Result<Self, LabQueryError> {
        let mut input = Self::default();
        for pair in query.trim_start_matches('?').split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value)?;
            input.set(key, value.trim())?;
        }
        Ok(input)
    }

    /// Sets one field from its query key; an empty value leaves it as it is.
    ///
    /// # Errors
    /// If the value is no number, out of bounds, or no strategy; nothing is changed then.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), LabQueryError> {
        if value.is_empty() {
            return Ok(());
        }
        let max_seconds = u64::from(MAX_SECONDS);
        match key {
            "replicas" => self.replicas = small("replicas", value, "3", 0, u64::from(MAX_REPLICAS))?,
            "startup" => {
                let count = value.split(',').count();
                if count > MAX_SAMPLES {
                    return Err(LabQueryError::TooManySamples { count });
                }
                self.startup_ms =
                    value.split(',').map(|text| millis("startup", text.trim())).collect::<Result<_, _>>()?;
            }
            "grace" => self.termination_ms = millis("grace", value)?,
            "gracelow" => set_low(&mut self.termination_extent_ms, millis("gracelow", value)?),
            "gracehigh" => set_high(&mut self.termination_extent_ms, millis("gracehigh", value)?),
            "pulllow" => set_low(&mut self.pull_extent_ms, millis("pulllow", value)?),
            "pullhigh" => set_high(&mut self.pull_extent_ms, millis("pullhigh", value)?),
            "pull" if value == "none" => self.pull_ms = None,
            "quota" if value == "none" => self.pod_quota = None,
            "room" if value == "none" => self.room = None,
            "pull" => self.pull_ms = Some(millis("pull", value)?),
            "quota" => self.pod_quota = Some(small("quota", value, "6", 0, u64::from(MAX_PODS))?),
            "room" => self.room = Some(small("room", value, "6", 0, u64::from(MAX_PODS))?),
            "new" => {
                let known = NEW_PODS.into_iter().find(|(_, word)| *word == value);
                self.new_pods =
                    known.map(|(health, _)| health).ok_or_else(|| LabQueryError::NewPods(value.to_owned()))?;
            }
            "within" => self.wishes.within_ms = Some(millis("within", value)?),
            "minready" => self.min_ready_seconds = small("minready", value, "0", 0, max_seconds)?,
            "deadline" if value == "none" => self.progress_deadline_seconds = None,
            "deadline" => {
                self.progress_deadline_seconds = Some(small("deadline", value, "600", 1, u64::from(NO_LIMIT))?)
            }
            "cpu" => self.requests.cpu_millis = Some(amount("cpu", value, "250")?),
            "mem" => self.requests.memory_bytes = Some(memory("mem", value)?),
            "acpu" => self.assumed.cpu_millis = Some(amount("acpu", value, "250")?),
            "amem" => self.assumed.memory_bytes = Some(memory("amem", value)?),
            "conn" if value == "none" => self.connections_per_pod = None,
            "conn" => self.connections_per_pod = Some(small("conn", value, "60", 0, u64::from(MAX_CONNECTIONS))?),
            "second" => self.second_write_ms = Some(millis("second", value)?),
            "custom" => self.custom = Some(value.parse::<Strategy>().map_err(LabQueryError::Strategy)?),
            _ => self.set_wish(key, value)?,
        }
        Ok(())
    }
}

impl LabInput {
    fn set_wish(&mut self, key: &str, value: &str) -> Result<(), LabQueryError> {
        let Some(key) = WISHES.into_iter().find(|wish| *wish == key) else { return Ok(()) };
        let max = if key == "conns" { MAX_CONNECTIONS * MAX_PODS } else { MAX_PODS };
        let number = Some(small(key, value, "6", 0, u64::from(max))?);
        let wishes = &mut self.wishes;
        match key {
            "objects" => wishes.objects = number,
            "bound" => wishes.bound = number,
            "running" => wishes.running = number,
            "alive" => wishes.non_terminating = number,
            "serving" => wishes.serving = number,
            _ => wishes.connections = number,
        }
        Ok(())
    }
}

/// Least and greatest come one after the other; until the other is there, they are the same.
fn set_low(extent: &mut Option<(i64, i64)>, low: i64) {
    *extent = Some((low, extent.map_or(low, |(_, high)| high)));
}

fn set_high(extent: &mut Option<(i64, i64)>, high: i64) {
    *extent = Some((extent.map_or(high, |(low, _)| low), high));
}

fn amount(key: &'static str, value: &str, example: &'static str) -> Result<u64, LabQueryError> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(LabQueryError::NotANumber { key, value: value.to_owned(), example });
    }
    bounded(key, value, value.parse().ok(), 0, MAX_AMOUNT)
}

/// MiB, or with a `b` behind it bytes.
fn memory(key: &'static str, value: &str) -> Result<u64, LabQueryError> {
    let Some(bytes) = value.strip_suffix('b') else {
        return Ok(amount(key, value, "320")? * MIB);
    };
    let not_a_number = || LabQueryError::NotANumber { key, value: value.to_owned(), example: "320" };
    let max = MAX_AMOUNT * MIB;
    bounded(key, value, Some(bytes.parse::<u64>().map_err(|_| not_a_number())?), 0, max)
}

fn small(key: &'static str, value: &str, example: &'static str, min: u64, max: u64) -> Result<u32, LabQueryError> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(LabQueryError::NotANumber { key, value: value.to_owned(), example });
    }
    let number = bounded(key, value, value.parse().ok(), min, max)?;
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Seconds with up to three decimals, as milliseconds.
fn millis(key: &'static str, value: &str) -> Result<i64, LabQueryError> {
    let not_a_number = || LabQueryError::NotANumber { key, value: value.to_owned(), example: "20" };
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let sign_free = whole.strip_prefix('-').unwrap_or(whole);
    if sign_free.is_empty() || !digits(sign_free) || !digits(fraction) || fraction.len() > 3 {
        return Err(not_a_number());
    }
    let fraction: u64 = format!("{fraction:0<3}").parse().map_err(|_| not_a_number())?;
    let max = u64::from(MAX_SECONDS);
    let whole = bounded(key, value, whole.parse().ok(), 0, max)?;
    let ms = whole * 1000 + fraction;
    bounded(key, value, Some(ms).filter(|ms| *ms <= max * 1000), 0, max * 1000)
        .map(|ms| i64::try_from(ms).unwrap_or(i64::MAX))
        .map_err(|_| LabQueryError::OutOfBounds { key, value: value.to_owned(), min: 0, max })
}

fn bounded(key: &'static str, value: &str, number: Option<u64>, min: u64, max: u64) -> Result<u64, LabQueryError> {
    let out_of_bounds = || LabQueryError::OutOfBounds { key, value: value.to_owned(), min, max };
    number.filter(|number| (min..=max).contains(number)).ok_or_else(out_of_bounds)
}

/// Milliseconds as seconds, with as many decimals as it takes.
fn decimal(ms: i64) -> String {
    let (whole, fraction) = (ms / 1000, ms % 1000);
    if fraction == 0 {
        return whole.to_string();
    }
    format!("{whole}.{fraction:03}").trim_end_matches('0').to_owned()
}

fn decoded(text: &str) -> Result<String, LabQueryError> {
    if !text.contains(['%', '+']) {
        return Ok(text.to_owned());
    }
    let damaged = || LabQueryError::Encoding(text.to_owned());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16)).ok_or_else(damaged);
                let code = digit()? * 16 + digit()?;
                u8::try_from(code).map_err(|_| damaged())?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| damaged())
}
