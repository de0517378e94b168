//! Cases of Kubernetes' own unit tests, as data.

use planner::strategy::{
    DeclaredRollingUpdate, DeclaredStrategy, IntOrPercent, IntOrString, Rounding, Strategy, StrategyError,
    StrategyField, check_progress_deadline, resolve_fenceposts,
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Cases {
    case_count: usize,
    cases: Vec<Value>,
}

fn cases(text: &str) -> Vec<Value> {
    let file: Cases = serde_json::from_str(text).expect("a file of cases");
    assert_eq!(file.cases.len(), file.case_count);
    file.cases
}

fn value(case: &Value, key: &str) -> Option<IntOrString> {
    serde_json::from_value(case[key].clone()).expect("int, string or null")
}

fn parsed(value: Option<IntOrString>) -> Option<Result<IntOrPercent, StrategyError>> {
    value.map(|value| value.parsed(StrategyField::MaxSurge))
}

fn number(case: &Value, key: &str) -> u32 {
    u32::try_from(case[key].as_u64().expect("a number")).expect("fits")
}

fn fails(case: &Value) -> bool {
    case["expect_error"].as_bool().expect("expect_error")
}

macro_rules! upstream {
    ($name:literal) => {
        cases(include_str!(concat!("../data/deployment-controller/", $name, ".json")))
    };
}

#[test]
fn int_or_percent_is_read_as_upstream() {
    for case in upstream!("intstr_parse_percent") {
        let parsed = parsed(value(&case, "value")).expect("no null here");
        assert_eq!(parsed.is_err(), fails(&case), "{case}");
        if let Ok(parsed) = parsed {
            assert_eq!(parsed.number(), number(&case, "expected_value"), "{case}");
            let percent = matches!(parsed, IntOrPercent::Percent(_));
            assert_eq!(Some(percent), case["expected_is_percent"].as_bool(), "{case}");
        }
    }
}

#[test]
fn a_form_value_is_a_number_only_where_upstream_reads_an_int_from_0() {
    for case in upstream!("intstr_parse_string") {
        let text = case["text"].as_str().expect("text");
        let expected = case["expected"].as_i64().filter(|number| *number >= 0);
        let read = text.parse::<IntOrPercent>().ok().map(|it| i64::from(it.number()));
        assert_eq!(read, expected, "{case}");
    }
}

#[test]
fn a_value_is_scaled_as_upstream() {
    for case in upstream!("intstr_scaled_value") {
        let rounding = if case["round_up"] == true { Rounding::Up } else { Rounding::Down };
        match parsed(value(&case, "value")) {
            Some(Ok(parsed)) => {
                assert!(!fails(&case), "{case}");
                assert_eq!(parsed.scaled(number(&case, "total"), rounding), number(&case, "expected"), "{case}");
            }
            None | Some(Err(_)) => assert!(fails(&case), "{case}"),
        }
    }
}

#[test]
fn fenceposts_are_resolved_as_upstream() {
    for case in upstream!("resolve_fenceposts") {
        let half = |key| parsed(value(&case, key)).unwrap_or(Ok(IntOrPercent::Int(0)));
        match (half("max_surge"), half("max_unavailable")) {
            (Ok(surge), Ok(unavailable)) => {
                let expected = (number(&case, "expected_surge"), number(&case, "expected_unavailable"));
                assert_eq!(resolve_fenceposts(surge, unavailable, number(&case, "desired")), expected, "{case}");
                assert!(!fails(&case), "{case}");
            }
            _ => assert!(fails(&case), "{case}"),
        }
    }
}

fn strategy_of(case: &Value) -> Strategy {
    if case["strategy"] == "Recreate" {
        return Strategy::Recreate;
    }
    let half = |key| parsed(value(case, key)).expect("given").expect("valid");
    // Not `rolling`: upstream's cases go past its own validation.
    Strategy::RollingUpdate { max_surge: half("max_surge"), max_unavailable: half("max_unavailable") }
}

#[test]
fn max_unavailable_and_min_available_are_as_upstream() {
    for case in upstream!("max_unavailable") {
        let replicas = case["replicas"].as_u64().map_or(0, |it| u32::try_from(it).expect("fits"));
        assert_eq!(strategy_of(&case).limits(replicas).max_unavailable, number(&case, "expected"), "{case}");
    }
    for case in upstream!("min_available") {
        let limits = strategy_of(&case).limits(number(&case, "replicas"));
        assert_eq!(limits.min_available, number(&case, "expected"), "{case}");
    }
}

#[test]
fn strategies_are_validated_as_upstream() {
    let zero = Some(IntOrString::Int(0));
    for case in upstream!("validate_deployment_strategy") {
        let given = case["strategy"] != "Recreate" || case["rolling_update_present"] == true;
        let declared = DeclaredStrategy {
            kind: case["strategy"].as_str().map(str::to_owned),
            // Upstream's case comes after defaulting: what is null there is the integer 0.
            rolling_update: given.then(|| DeclaredRollingUpdate {
                max_surge: value(&case, "max_surge").or(zero.clone()),
                max_unavailable: value(&case, "max_unavailable").or(zero.clone()),
            }),
        };
        let deadline = case["progress_deadline_seconds"].as_u64().map(|it| u32::try_from(it).expect("fits"));
        let verdict = declared
            .as_deployment()
            .and_then(|_| check_progress_deadline(number(&case, "min_ready_seconds"), deadline));
        let expected = match case["error_contains"].as_str().expect("error_contains") {
            "" => "",
            text if text.starts_with("supported values") => "supported are",
            text if text.starts_with("may not be specified") => "may not be given",
            text if text.starts_with("a valid percent") => "write a whole number",
            text if text.starts_with("may not be 0") => "both 0",
            text if text.starts_with("must not be greater") => "must not be greater than 100%",
            text if text.starts_with("must be greater than minReady") => "must be greater than",
            other => panic!("a new case: {other}"),
        };
        match verdict {
            Ok(()) => assert_eq!(expected, "", "{case}"),
            Err(error) => {
                assert!(!expected.is_empty() && error.to_string().contains(expected), "{case}: {error}");
            }
        }
    }
}
