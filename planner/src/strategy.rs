//! The Deployment strategy of a control plane: as an object declares it, and as a validated value.
//!
//! The numbers follow the Deployment controller (`ResolveFenceposts`, `MaxSurge`, `MaxUnavailable`, `MinAvailable`) and the
//! validation follows the API server (`ValidateDeploymentStrategy`). What an absent `rollingUpdate` means is Kamaji's own
//! rule (`setStrategy`), and differs from that of a plain Deployment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::error::{StrategyError, StrategyField};
pub use self::limits::{RolloutLimits, Rounding, check_progress_deadline, resolve_fenceposts};

mod error;
mod limits;

/// `spec.controlPlane.deployment.strategy` as it stands in an object, which may be anything: Kamaji's API accepts `0/0`,
/// `"abc"` and the type `Canary`, and then hangs silently.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeclaredStrategy {
    /// `type`; `None` if absent.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `rollingUpdate`; `None` if absent or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling_update: Option<DeclaredRollingUpdate>,
}

/// `rollingUpdate` as it stands in an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeclaredRollingUpdate {
    /// `maxSurge`; `None` if absent or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_surge: Option<IntOrString>,
    /// `maxUnavailable`; `None` if absent or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
}

/// A Kubernetes int-or-string as it stands in an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IntOrString {
    /// A whole number.
    Int(i64),
    /// A text; only `N%` means anything.
    Text(String),
}

/// A validated number of pods: absolute, or a percentage of the replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IntOrPercent {
    /// Pods.
    Int(u32),
    /// Percent of `spec.replicas`.
    Percent(u32),
}

/// A validated strategy: what the Deployment controller would do with it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Strategy {
    /// Replace pods in steps.
    #[serde(rename_all = "camelCase")]
    RollingUpdate {
        /// How many pods more than `spec.replicas` may be asked for.
        max_surge: IntOrPercent,
        /// How many of `spec.replicas` may be unavailable.
        max_unavailable: IntOrPercent,
    },
    /// Delete all old pods, then create the new ones: an outage.
    Recreate,
}

/// The strategies that have a name of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StrategyName {
    /// `100%/0`, Kamaji's default: a rolling update with full surge, not an atomic switch.
    BlueGreen,
    /// `1/1`, the rolling example of Kamaji's guide.
    Rolling,
    /// `1/0`.
    SurgeOne,
    /// `0/1`.
    InPlace,
    /// `Recreate`.
    Recreate,
    /// Any other pair of numbers.
    Custom,
}

/// What half of `rollingUpdate` becomes when only the other half is given (apps/v1 defaulting).
const DEPLOYMENT_DEFAULT: IntOrPercent = IntOrPercent::Percent(25);

impl Strategy {
    /// Kamaji's default, `100%/0`.
    pub const BLUE_GREEN: Self = Self::new(IntOrPercent::Percent(100), IntOrPercent::Int(0));
    /// `1/1`.
    pub const ROLLING_ONE: Self = Self::new(IntOrPercent::Int(1), IntOrPercent::Int(1));
    /// `1/0`.
    pub const SURGE_ONE: Self = Self::new(IntOrPercent::Int(1), IntOrPercent::Int(0));
    /// `0/1`.
    pub const IN_PLACE: Self = Self::new(IntOrPercent::Int(0), IntOrPercent::Int(1));

    const fn new(max_surge: IntOrPercent, max_unavailable: IntOrPercent) -> Self {
        Self::RollingUpdate { max_surge, max_unavailable }
    }

    /// A rolling update with these two numbers.
    ///
    /// # Errors
    /// As [`Strategy::validated`].
    pub fn rolling(max_surge: IntOrPercent, max_unavailable: IntOrPercent) -> Result<Self, StrategyError> {
        Self::new(max_surge, max_unavailable).validated()
    }

    /// This strategy, if the API server would take it in a Deployment. A value that came over the wire must pass here first.
    ///
    /// # Errors
    /// If both numbers are literally zero, `maxUnavailable` is above 100%, or a number does not fit the API's `int32`.
    pub fn validated(self) -> Result<Self, StrategyError> {
        if let Self::RollingUpdate { max_surge, max_unavailable } = self {
            max_surge.check(StrategyField::MaxSurge)?;
            max_unavailable.check(StrategyField::MaxUnavailable)?;
            if let IntOrPercent::Percent(percent) = max_unavailable
                && percent > 100
            {
                return Err(StrategyError::UnavailableAboveAll { percent });
            }
            if max_surge.number() == 0 && max_unavailable.number() == 0 {
                return Err(StrategyError::BothZero);
            }
        }
        Ok(self)
    }

    /// Its name. Depends on what is written, not on the replicas: `3/0` is [`StrategyName::Custom`] with 3 replicas too.
    pub fn name(self) -> StrategyName {
        let Self::RollingUpdate { max_surge, max_unavailable } = self else {
            return StrategyName::Recreate;
        };
        match (max_surge, max_unavailable) {
            (IntOrPercent::Percent(100), unavailable) if unavailable.number() == 0 => StrategyName::BlueGreen,
            (IntOrPercent::Int(1), IntOrPercent::Int(1)) => StrategyName::Rolling,
            (IntOrPercent::Int(1), unavailable) if unavailable.number() == 0 => StrategyName::SurgeOne,
            (surge, IntOrPercent::Int(1)) if surge.number() == 0 => StrategyName::InPlace,
            _ => StrategyName::Custom,
        }
    }

    /// The value for `spec.controlPlane.deployment.strategy` in a merge patch. Both halves are always written out, since a
    /// half that is left out becomes 25%; Recreate removes `rollingUpdate`.
    pub fn patch(self) -> Value {
        match self {
            Self::RollingUpdate { max_surge, max_unavailable } => json!({
                "type": "RollingUpdate",
                "rollingUpdate": { "maxSurge": max_surge.to_json(), "maxUnavailable": max_unavailable.to_json() },
            }),
            Self::Recreate => json!({ "type": "Recreate", "rollingUpdate": null }),
        }
    }

    /// The same strategy as an object would declare it.
    pub fn declared(self) -> DeclaredStrategy {
        match self {
            Self::RollingUpdate { max_surge, max_unavailable } => DeclaredStrategy {
                kind: Some("RollingUpdate".to_owned()),
                rolling_update: Some(DeclaredRollingUpdate {
                    max_surge: Some(max_surge.into()),
                    max_unavailable: Some(max_unavailable.into()),
                }),
            },
            Self::Recreate => DeclaredStrategy { kind: Some("Recreate".to_owned()), rolling_update: None },
        }
    }
}

impl DeclaredStrategy {
    /// What Kamaji makes of it (`setStrategy`): an absent `rollingUpdate` means `100%/0`, a missing half of a given one means
    /// 25%, and Recreate ignores `rollingUpdate`.
    ///
    /// # Errors
    /// If the Deployment that Kamaji would write is refused. Kamaji's API takes such a strategy, then applies nothing at all.
    pub fn under_kamaji(&self) -> Result<Strategy, StrategyError> {
        match (self.is_recreate()?, &self.rolling_update) {
            (true, _) => Ok(Strategy::Recreate),
            (false, None) => Ok(Strategy::BLUE_GREEN),
            (false, Some(rolling)) => rolling.defaulted(),
        }
    }

    /// What a plain Deployment makes of it (apps/v1): each absent half means 25%.
    ///
    /// # Errors
    /// If the API server would refuse it in a Deployment.
    pub fn as_deployment(&self) -> Result<Strategy, StrategyError> {
        match (self.is_recreate()?, &self.rolling_update) {
            (true, Some(_)) => Err(StrategyError::RecreateWithRollingUpdate),
            (true, None) => Ok(Strategy::Recreate),
            (false, None) => DeclaredRollingUpdate::default().defaulted(),
            (false, Some(rolling)) => rolling.defaulted(),
        }
    }

    /// The value for a merge patch that puts exactly this declaration back: what is absent is removed.
    pub fn patch(&self) -> Value {
        let half = |value: &Option<IntOrString>| value.as_ref().map_or(Value::Null, |value| json!(value));
        json!({
            "type": self.kind,
            "rollingUpdate": self.rolling_update.as_ref().map(|rolling| json!({
                "maxSurge": half(&rolling.max_surge),
                "maxUnavailable": half(&rolling.max_unavailable),
            })),
        })
    }

    fn is_recreate(&self) -> Result<bool, StrategyError> {
        match self.kind.as_deref() {
            None | Some("" | "RollingUpdate") => Ok(false),
            Some("Recreate") => Ok(true),
            Some(other) => Err(StrategyError::UnknownType(other.to_owned())),
        }
    }
}

impl DeclaredRollingUpdate {
    fn defaulted(&self) -> Result<Strategy, StrategyError> {
        let half = |value: &Option<IntOrString>, field| match value {
            Some(value) => value.parsed(field),
            None => Ok(DEPLOYMENT_DEFAULT),
        };
        Strategy::rolling(
            half(&self.max_surge, StrategyField::MaxSurge)?,
            half(&self.max_unavailable, StrategyField::MaxUnavailable)?,
        )
    }
}

impl IntOrString {
    /// The value as the API server validates it: a whole number from 0, or `[0-9]+%`.
    ///
    /// # Errors
    /// If it is anything else. A number in quotes (`"5"`) is no number to Kubernetes.
    pub fn parsed(&self, field: StrategyField) -> Result<IntOrPercent, StrategyError> {
        match self {
            Self::Int(number) if *number < 0 => Err(StrategyError::Negative { field, value: number.to_string() }),
            Self::Int(number) => match u32::try_from(*number) {
                Ok(pods) => IntOrPercent::Int(pods).check(field),
                Err(_) => Err(StrategyError::TooLarge { field, value: number.to_string() }),
            },
            Self::Text(text) => match text.strip_suffix('%').filter(|digits| is_digits(digits)) {
                Some(digits) => match digits.parse() {
                    Ok(percent) => IntOrPercent::Percent(percent).check(field),
                    Err(_) => Err(StrategyError::TooLarge { field, value: text.clone() }),
                },
                None => Err(StrategyError::NotANumber { field, text: text.clone() }),
            },
        }
    }
}

impl IntOrPercent {
    /// The number that is written, whatever its unit.
    pub const fn number(self) -> u32 {
        match self {
            Self::Int(number) | Self::Percent(number) => number,
        }
    }

    fn check(self, field: StrategyField) -> Result<Self, StrategyError> {
        if i32::try_from(self.number()).is_err() {
            return Err(StrategyError::TooLarge { field, value: self.to_string() });
        }
        Ok(self)
    }

    fn to_json(self) -> Value {
        match self {
            Self::Int(pods) => json!(pods),
            Self::Percent(_) => json!(self.to_string()),
        }
    }
}

impl From<IntOrPercent> for IntOrString {
    fn from(value: IntOrPercent) -> Self {
        match value {
            IntOrPercent::Int(pods) => Self::Int(i64::from(pods)),
            IntOrPercent::Percent(_) => Self::Text(value.to_string()),
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(pods) => write!(f, "{pods}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl FromStr for IntOrPercent {
    type Err = StrategyError;

    /// Reads `1` or `25%`, as a form or a URL gives it.
    fn from_str(text: &str) -> Result<Self, StrategyError> {
        let text = text.trim();
        let (digits, percent) = match text.strip_suffix('%') {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        if !is_digits(digits) {
            return Err(StrategyError::Malformed(text.to_owned()));
        }
        let number = digits.parse::<i32>().map_err(|_| StrategyError::Malformed(text.to_owned()))?.unsigned_abs();
        Ok(if percent { Self::Percent(number) } else { Self::Int(number) })
    }
}

impl fmt::Display for Strategy {
    /// As a URL or a form carries it: surge/unavailable (`100%/0`, `1/1`), or `recreate`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RollingUpdate { max_surge, max_unavailable } => write!(f, "{max_surge}/{max_unavailable}"),
            Self::Recreate => f.write_str("recreate"),
        }
    }
}

impl FromStr for Strategy {
    type Err = StrategyError;

    fn from_str(text: &str) -> Result<Self, StrategyError> {
        if text.trim().eq_ignore_ascii_case("recreate") {
            return Ok(Self::Recreate);
        }
        let (surge, unavailable) = text.split_once('/').ok_or_else(|| StrategyError::Malformed(text.to_owned()))?;
        let malformed = |_| StrategyError::Malformed(text.to_owned());
        Self::rolling(surge.parse().map_err(malformed)?, unavailable.parse().map_err(malformed)?)
    }
}

impl fmt::Display for StrategyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BlueGreen => "Blue/Green",
            Self::Rolling => "Rolling",
            Self::SurgeOne => "Surge only",
            Self::InPlace => "In place",
            Self::Recreate => "Recreate",
            Self::Custom => "Custom",
        })
    }
}

impl fmt::Display for DeclaredStrategy {
    /// As it stands in the object, in one line: `RollingUpdate 100%/0`, `Canary`, `RollingUpdate 1/not set`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = |value: &Option<IntOrString>| match value {
            Some(IntOrString::Int(number)) => number.to_string(),
            Some(IntOrString::Text(text)) => text.clone(),
            None => "not set".to_owned(),
        };
        f.write_str(self.kind.as_deref().unwrap_or("RollingUpdate"))?;
        match &self.rolling_update {
            Some(rolling) => write!(f, " {}/{}", half(&rolling.max_surge), half(&rolling.max_unavailable)),
            None => Ok(()),
        }
    }
}
