use std::fmt;

use serde::{Deserialize, Serialize};

/// How many connections there are, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connections {
    /// The least.
    pub least: u64,
    /// The most; `None` if nothing limits them.
    pub most: Option<u64>,
}

/// How a range of connections compares with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgainstLimit {
    /// Even the most are within it.
    Within,
    /// The most, or even the least, are beyond it.
    MayExceed,
    /// The least are within it, and nothing limits the most.
    Unlimited,
}

impl Connections {
    /// None at all.
    pub const NONE: Self = Self { least: 0, most: Some(0) };

    /// Of so many API servers that hold as many each. None of them hold none, even where nothing limits one.
    #[must_use]
    pub fn times(self, api_servers: u32) -> Self {
        let times = |each: u64| each.saturating_mul(u64::from(api_servers));
        match api_servers {
            0 => Self::NONE,
            _ => Self { least: times(self.least), most: self.most.map(times) },
        }
    }

    /// How they compare with a limit.
    pub fn against(self, limit: u32) -> AgainstLimit {
        let limit = u64::from(limit);
        match self.most {
            Some(most) if most <= limit => AgainstLimit::Within,
            None if self.least <= limit => AgainstLimit::Unlimited,
            Some(_) | None => AgainstLimit::MayExceed,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_add(other.least),
            most: self.most.zip(other.most).map(|(one, two)| one.saturating_add(two)),
        }
    }
}

impl fmt::Display for Connections {
    /// `150 to 198`, `6`, or `at least 3, without a limit`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.most {
            Some(most) if most == self.least => write!(f, "{most}"),
            Some(most) => write!(f, "{} to {most}", self.least),
            None => write!(f, "at least {}, without a limit", self.least),
        }
    }
}
