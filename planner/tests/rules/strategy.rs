use planner::strategy::{
    DeclaredStrategy, IntOrPercent, RolloutLimits, Strategy, StrategyError, StrategyField, StrategyName,
    check_progress_deadline,
};
use proptest::prelude::*;
use proptest::strategy::Strategy as _;
use serde_json::{Value, json};

fn declared(value: Value) -> DeclaredStrategy {
    serde_json::from_value(value).expect("a declared strategy")
}

fn strategy(text: &str) -> Strategy {
    text.parse().expect("the test writes a strategy")
}

#[test]
fn a_deadline_must_be_longer_than_a_pod_has_to_stay_ready() {
    // minReadySeconds, progressDeadlineSeconds.
    for (min_ready, deadline, taken) in
        [(0, None, true), (0, Some(0), false), (600, Some(600), false), (599, Some(600), true)]
    {
        assert_eq!(check_progress_deadline(min_ready, deadline).is_ok(), taken, "{min_ready} s ready, {deadline:?} s");
    }
}

#[test]
fn an_absent_or_half_given_rolling_update_means_another_thing_under_kamaji_than_in_a_deployment() {
    let cases = [
        (json!({}), "100%/0", "25%/25%"),
        (json!({ "type": "RollingUpdate" }), "100%/0", "25%/25%"),
        (json!({ "type": "RollingUpdate", "rollingUpdate": null }), "100%/0", "25%/25%"),
        (json!({ "type": "RollingUpdate", "rollingUpdate": {} }), "25%/25%", "25%/25%"),
        (json!({ "rollingUpdate": { "maxSurge": 1 } }), "1/25%", "1/25%"),
        (json!({ "rollingUpdate": { "maxSurge": 1, "maxUnavailable": null } }), "1/25%", "1/25%"),
        (json!({ "rollingUpdate": { "maxUnavailable": 0 } }), "25%/0", "25%/0"),
        (json!({ "rollingUpdate": { "maxSurge": "100%", "maxUnavailable": 0 } }), "100%/0", "100%/0"),
        (json!({ "type": "Recreate" }), "recreate", "recreate"),
    ];
    for (object, kamaji, deployment) in cases {
        let declared = declared(object.clone());
        assert_eq!(declared.under_kamaji().expect("valid").to_string(), kamaji, "{object}");
        assert_eq!(declared.as_deployment().expect("valid").to_string(), deployment, "{object}");
    }
}

#[test]
fn kamaji_ignores_rolling_update_beside_recreate_and_a_deployment_refuses_it() {
    let both = declared(json!({ "type": "Recreate", "rollingUpdate": { "maxSurge": "abc" } }));
    assert_eq!(both.under_kamaji(), Ok(Strategy::Recreate));
    assert_eq!(both.as_deployment(), Err(StrategyError::RecreateWithRollingUpdate));
}

#[test]
fn what_kamajis_api_takes_and_its_deployment_refuses_is_refused() {
    let (surge, unavailable) = (StrategyField::MaxSurge, StrategyField::MaxUnavailable);
    let text = str::to_owned;
    let cases = [
        (json!({ "rollingUpdate": { "maxSurge": 0, "maxUnavailable": 0 } }), StrategyError::BothZero),
        (json!({ "rollingUpdate": { "maxSurge": "0%", "maxUnavailable": "000%" } }), StrategyError::BothZero),
        (
            json!({ "rollingUpdate": { "maxSurge": "abc", "maxUnavailable": 0 } }),
            StrategyError::NotANumber { field: surge, text: text("abc") },
        ),
        (
            json!({ "rollingUpdate": { "maxSurge": 1, "maxUnavailable": "5" } }),
            StrategyError::NotANumber { field: unavailable, text: text("5") },
        ),
        (
            json!({ "rollingUpdate": { "maxSurge": "+5%", "maxUnavailable": 0 } }),
            StrategyError::NotANumber { field: surge, text: text("+5%") },
        ),
        (
            json!({ "rollingUpdate": { "maxSurge": -1, "maxUnavailable": 0 } }),
            StrategyError::Negative { field: surge, value: text("-1") },
        ),
        (
            json!({ "rollingUpdate": { "maxSurge": 2_147_483_648_i64, "maxUnavailable": 0 } }),
            StrategyError::TooLarge { field: surge, value: text("2147483648") },
        ),
        (
            json!({ "rollingUpdate": { "maxSurge": "99999999999%", "maxUnavailable": 0 } }),
            StrategyError::TooLarge { field: surge, value: text("99999999999%") },
        ),
        (
            json!({ "rollingUpdate": { "maxSurge": 0, "maxUnavailable": "150%" } }),
            StrategyError::UnavailableAboveAll { percent: 150 },
        ),
        (json!({ "type": "Canary" }), StrategyError::UnknownType(text("Canary"))),
    ];
    for (object, error) in cases {
        assert_eq!(declared(object.clone()).under_kamaji(), Err(error), "{object}");
    }
}

#[test]
fn surge_may_exceed_all_and_both_may_round_to_nothing() {
    let limits = |text: &str, replicas| {
        let RolloutLimits { max_surge, max_unavailable, min_available } = strategy(text).limits(replicas);
        (max_surge, max_unavailable, min_available)
    };
    let cases = [
        ("100%/0", 3, (3, 0, 3)),
        ("1/1", 3, (1, 1, 2)),
        ("1/0", 3, (1, 0, 3)),
        ("0/1", 3, (0, 1, 2)),
        ("200%/0", 3, (6, 0, 3)),
        ("5/0", 3, (5, 0, 3)),
        ("25%/25%", 3, (1, 0, 3)),
        ("25%/25%", 5, (2, 1, 4)),
        ("0/10%", 3, (0, 1, 2)),
        ("0/100%", 3, (0, 3, 0)),
        ("1/1", 1, (1, 1, 0)),
        ("25%/25%", 1, (1, 0, 1)),
        ("1/5", 3, (1, 3, 0)),
        ("100%/0", 0, (0, 0, 0)),
        ("1/1", 0, (1, 0, 0)),
        ("recreate", 3, (0, 0, 0)),
    ];
    for (text, replicas, expected) in cases {
        assert_eq!(limits(text, replicas), expected, "{text} with {replicas}");
    }
}

#[test]
fn a_declared_strategy_is_said_in_one_line() {
    let cases = [
        (json!({}), "RollingUpdate"),
        (json!({ "type": "Canary" }), "Canary"),
        (json!({ "rollingUpdate": { "maxSurge": 1 } }), "RollingUpdate 1/not set"),
        (json!({ "rollingUpdate": { "maxSurge": "100%", "maxUnavailable": 0 } }), "RollingUpdate 100%/0"),
    ];
    for (object, words) in cases {
        assert_eq!(declared(object).to_string(), words);
    }
}

#[test]
fn a_refusal_names_the_number_it_is_about() {
    let cases = [
        (json!({ "rollingUpdate": { "maxSurge": -1 } }), "maxSurge is `-1`"),
        (json!({ "rollingUpdate": { "maxUnavailable": "abc" } }), "maxUnavailable is `abc`"),
    ];
    for (object, words) in cases {
        let error = declared(object).under_kamaji().expect_err("it is refused");
        assert!(error.to_string().starts_with(words), "{error}");
    }
}

#[test]
fn each_strategy_has_its_name() {
    let cases = [
        ("100%/0", StrategyName::BlueGreen, "Blue/Green"),
        ("100%/0%", StrategyName::BlueGreen, "Blue/Green"),
        ("1/1", StrategyName::Rolling, "Rolling"),
        ("1/0", StrategyName::SurgeOne, "Surge only"),
        ("0/1", StrategyName::InPlace, "In place"),
        ("recreate", StrategyName::Recreate, "Recreate"),
        ("3/0", StrategyName::Custom, "Custom"),
        ("100%/1", StrategyName::Custom, "Custom"),
        ("1/2", StrategyName::Custom, "Custom"),
        ("1%/1", StrategyName::Custom, "Custom"),
    ];
    for (text, name, words) in cases {
        assert_eq!(strategy(text).name(), name, "{text}");
        assert_eq!(name.to_string(), words);
    }
    for (constant, text) in [
        (Strategy::BLUE_GREEN, "100%/0"),
        (Strategy::ROLLING_ONE, "1/1"),
        (Strategy::SURGE_ONE, "1/0"),
        (Strategy::IN_PLACE, "0/1"),
    ] {
        assert_eq!(constant.to_string(), text);
    }
}

#[test]
fn a_text_that_is_no_strategy_is_refused_with_what_to_write() {
    for text in ["", "1", "1/", "/1", "a/1", "1/1/1", "-1/1", "1%%/0", "canary", "1 / x"] {
        let error = text.parse::<Strategy>().expect_err(text);
        assert_eq!(error, StrategyError::Malformed(text.to_owned()));
        assert!(error.to_string().contains("`100%/0`"), "{error}");
    }
    assert_eq!("0/0".parse::<Strategy>(), Err(StrategyError::BothZero));
    assert_eq!("1/101%".parse::<Strategy>(), Err(StrategyError::UnavailableAboveAll { percent: 101 }));
    assert_eq!(" 1 / 25% ".parse::<Strategy>().map(|it| it.to_string()), Ok("1/25%".to_owned()));
    assert_eq!("Recreate".parse::<Strategy>(), Ok(Strategy::Recreate));
}

#[test]
fn a_patch_writes_both_halves_and_recreate_removes_them() {
    assert_eq!(
        Strategy::BLUE_GREEN.patch(),
        json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "100%", "maxUnavailable": 0 } })
    );
    assert_eq!(Strategy::Recreate.patch(), json!({ "type": "Recreate", "rollingUpdate": null }));
    assert_eq!(
        declared(json!({ "rollingUpdate": { "maxSurge": 1 } })).patch(),
        json!({ "type": null, "rollingUpdate": { "maxSurge": 1, "maxUnavailable": null } })
    );
}

fn int_or_percent(most_percent: u32) -> impl proptest::strategy::Strategy<Value = IntOrPercent> {
    prop_oneof![(0_u32..50).prop_map(IntOrPercent::Int), (0..=most_percent).prop_map(IntOrPercent::Percent)]
}

fn any_strategy() -> impl proptest::strategy::Strategy<Value = Strategy> {
    prop_oneof![
        1 => Just(Strategy::Recreate),
        9 => (int_or_percent(400), int_or_percent(100))
            .prop_filter_map("both zero", |(surge, unavailable)| Strategy::rolling(surge, unavailable).ok()),
    ]
}

proptest! {
    #[test]
    fn printing_and_reading_a_strategy_give_it_back(strategy in any_strategy()) {
        prop_assert_eq!(strategy.to_string().parse::<Strategy>(), Ok(strategy));
        prop_assert_eq!(declared(strategy.patch()).under_kamaji(), Ok(strategy));
        prop_assert_eq!(declared(strategy.patch()).as_deployment(), Ok(strategy));
        prop_assert_eq!(strategy.declared(), declared(strategy.patch()));
    }

    #[test]
    fn a_rolling_update_can_always_move_one_pod(strategy in any_strategy(), replicas in 1_u32..200) {
        let limits = strategy.limits(replicas);
        prop_assert!(limits.min_available <= replicas);
        if strategy != Strategy::Recreate {
            prop_assert!(limits.max_surge + limits.max_unavailable > 0);
            prop_assert_eq!(limits.min_available + limits.max_unavailable, replicas);
        }
    }

    #[test]
    fn reading_a_strategy_never_panics(text in ".{0,12}") {
        let _: Result<Strategy, _> = text.parse();
    }
}
