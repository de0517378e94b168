//! The API server's own check of a Deployment's strategy, in its words.

use planner::strategy::{IntOrPercent, Strategy};
use serde_json::Value;

use crate::error::Cause;

const ROLLING: &str = "spec.strategy.rollingUpdate";

/// Reads `spec.strategy` of a Deployment; what is missing has the API's default (25% each).
///
/// # Errors
/// The first thing that the API server would refuse.
pub(crate) fn parse(strategy: &Value) -> Result<Strategy, Cause> {
    match strategy["type"].as_str() {
        Some("Recreate") if strategy["rollingUpdate"].is_null() => return Ok(Strategy::Recreate),
        Some("Recreate") => {
            return Err(Cause {
                reason: "FieldValueForbidden",
                message: "Forbidden: may not be specified when strategy `type` is 'Recreate'".to_owned(),
                field: ROLLING.to_owned(),
            });
        }
        Some("RollingUpdate") | None => {}
        Some(other) => {
            return Err(Cause {
                reason: "FieldValueNotSupported",
                message: format!("Unsupported value: {other:?}: supported values: \"Recreate\", \"RollingUpdate\""),
                field: "spec.strategy.type".to_owned(),
            });
        }
    }
    let max_unavailable = number(&strategy["rollingUpdate"], "maxUnavailable")?;
    let max_surge = number(&strategy["rollingUpdate"], "maxSurge")?;
    if is_zero(max_unavailable) && is_zero(max_surge) {
        let given = &strategy["rollingUpdate"]["maxUnavailable"];
        let message = format!("Invalid value: {given}: may not be 0 when `maxSurge` is 0");
        return Err(Cause::invalid(&format!("{ROLLING}.maxUnavailable"), message));
    }
    if matches!(max_unavailable, IntOrPercent::Percent(percent) if percent > 100) {
        let given = &strategy["rollingUpdate"]["maxUnavailable"];
        let message = format!("Invalid value: {given}: must not be greater than 100%");
        return Err(Cause::invalid(&format!("{ROLLING}.maxUnavailable"), message));
    }
    Ok(Strategy::RollingUpdate { max_surge, max_unavailable })
}

fn is_zero(number: IntOrPercent) -> bool {
    matches!(number, IntOrPercent::Int(0) | IntOrPercent::Percent(0))
}

fn number(rolling_update: &Value, half: &str) -> Result<IntOrPercent, Cause> {
    let field = format!("{ROLLING}.{half}");
    let invalid = |message: &str| Cause::invalid(&field, format!("Invalid value: {}: {message}", rolling_update[half]));
    match &rolling_update[half] {
        Value::Null => Ok(IntOrPercent::Percent(25)),
        Value::Number(number) => {
            let pods = number.as_u64().and_then(|pods| u32::try_from(pods).ok());
            pods.map(IntOrPercent::Int).ok_or_else(|| invalid("must be greater than or equal to 0"))
        }
        Value::String(text) => {
            let digits = text.strip_suffix('%').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            digits.and_then(|digits| digits.parse().ok()).map(IntOrPercent::Percent).ok_or_else(|| {
                invalid(
                    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
                )
            })
        }
        _ => Err(invalid("must be an integer or percentage (e.g '5%%')")),
    }
}
