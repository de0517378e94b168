use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a strategy cannot stand in a Deployment. The message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum StrategyError {
    /// Neither `RollingUpdate` nor `Recreate`.
    #[error("the strategy type `{0}` does not exist; supported are `RollingUpdate` and `Recreate`")]
    UnknownType(String),
    /// A text that is no percentage.
    #[error("{field} is `{text}`; write a whole number (`1`) or a percentage (`25%`)")]
    NotANumber {
        /// Which number.
        field: StrategyField,
        /// What stands there.
        text: String,
    },
    /// Below zero.
    #[error("{field} is `{value}`; it must be at least 0")]
    Negative {
        /// Which number.
        field: StrategyField,
        /// What stands there.
        value: String,
    },
    /// Does not fit the API's `int32`.
    #[error("{field} is `{value}`, which is more than Kubernetes can count")]
    TooLarge {
        /// Which number.
        field: StrategyField,
        /// What stands there.
        value: String,
    },
    /// More than all pods unavailable.
    #[error("maxUnavailable is `{percent}%`; it must not be greater than 100%")]
    UnavailableAboveAll {
        /// Percent.
        percent: u32,
    },
    /// Nothing could ever be replaced.
    #[error("maxSurge and maxUnavailable are both 0, so no pod could ever be replaced; raise one of them")]
    BothZero,
    /// `rollingUpdate` beside Recreate.
    #[error("rollingUpdate may not be given when the type is `Recreate`; remove it")]
    RecreateWithRollingUpdate,
    /// A form value or URL that is no strategy.
    #[error("`{0}` is no strategy; write surge/unavailable such as `100%/0` or `1/1`, or `recreate`")]
    Malformed(String),
    /// `progressDeadlineSeconds` not above `minReadySeconds`.
    #[error(
        "the progress deadline of {deadline_seconds} s must be greater than the {min_ready_seconds} s a pod has to stay ready"
    )]
    DeadlineTooShort {
        /// `progressDeadlineSeconds` (s).
        deadline_seconds: u32,
        /// `minReadySeconds` (s).
        min_ready_seconds: u32,
    },
}

/// One of the two numbers of a rolling update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StrategyField {
    /// `maxSurge`.
    MaxSurge,
    /// `maxUnavailable`.
    MaxUnavailable,
}

impl fmt::Display for StrategyField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaxSurge => "maxSurge",
            Self::MaxUnavailable => "maxUnavailable",
        })
    }
}
