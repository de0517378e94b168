use std::fmt;

use serde::{Deserialize, Serialize};

use crate::tenant::Reading;

/// What one question to an API came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Answer<T> {
    /// It was read.
    Read(T),
    /// It was looked for and is not there.
    Missing,
    /// It may not be read; the API server's words.
    Forbidden(String),
    /// No answer came in time.
    TimedOut {
        /// How long was waited (s).
        seconds: u64,
    },
    /// It could not be read; why.
    Failed(String),
}

impl<T> Answer<T> {
    /// What was read, if it was.
    pub fn read(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Missing | Self::Forbidden(_) | Self::TimedOut { .. } | Self::Failed(_) => None,
        }
    }

    /// What was read, turned into something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Read(value) => Answer::Read(change(value)),
            Self::Missing => Answer::Missing,
            Self::Forbidden(words) => Answer::Forbidden(words),
            Self::TimedOut { seconds } => Answer::TimedOut { seconds },
            Self::Failed(why) => Answer::Failed(why),
        }
    }

    /// What was read, or why nothing was: part of a sentence, without a full stop.
    pub(crate) fn or_why(&self) -> Result<&T, String> {
        match self {
            Self::Read(value) => Ok(value),
            Self::Missing => Err("not there".to_owned()),
            Self::Forbidden(words) => Err(format!("may not be read: {}", ended(words))),
            Self::TimedOut { seconds } => Err(format!("no answer within {seconds} s")),
            Self::Failed(why) => Err(ended(why).to_owned()),
        }
    }
}

/// Words of others often end a sentence; here they stand inside one.
fn ended(words: &str) -> &str {
    words.trim_end_matches(['.', '\n', ' '])
}

impl<T: Clone> Answer<T> {
    /// As the rules for workers ask for it. A failure becomes "not read yet": it is asked for again.
    pub fn reading(&self) -> Reading<T> {
        match self {
            Self::Read(value) => Reading::Read(value.clone()),
            Self::Missing => Reading::Missing,
            Self::Forbidden(words) => Reading::Forbidden(words.clone()),
            Self::TimedOut { .. } | Self::Failed(_) => Reading::Waiting,
        }
    }
}

impl<T> fmt::Display for Answer<T> {
    /// Part of a sentence, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.or_why() {
            Ok(_) => f.write_str("read"),
            Err(why) => f.write_str(&why),
        }
    }
}
