use planner::lab::LabInput;
use planner::strategy::{IntOrPercent, Strategy};

use super::{Field, LabFields, LabReading, hidden_pairs};

fn fields(pairs: &[(&str, &str)]) -> LabFields {
    LabFields::from_pairs(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())))
}

/// A tenant with five replicas and three observed start-ups.
fn tenant() -> LabInput {
    LabInput { replicas: 5, startup_ms: vec![27_000, 18_000, 20_000], min_ready_seconds: 4, ..LabInput::default() }
}

fn read(pairs: &[(&str, &str)]) -> LabReading {
    fields(pairs).read(&tenant(), Strategy::BLUE_GREEN)
}

fn strategy(text: &str) -> Strategy {
    text.parse().expect("a strategy")
}

#[test]
fn what_is_not_given_is_as_on_this_tenant() {
    for pairs in [&[][..], &[("replicas", "")], &[("replicas", " "), ("typical", "")]] {
        let reading = read(pairs);
        assert_eq!((reading.input, reading.errors), (tenant(), Vec::new()), "{pairs:?}");
    }
    assert_eq!(read(&[("replicas", "7")]).input, LabInput { replicas: 7, ..tenant() });
}

#[test]
fn a_whole_link_shows_the_same_on_every_tenant() {
    let original = fields(&[("replicas", "4"), ("surge", "2"), ("strategy", "2/0"), ("version", "v1.36.4")]);
    let reading = original.read(&tenant(), Strategy::BLUE_GREEN);
    let query = original.whole_query(&reading);
    assert!(query.starts_with("?version=v1.36.4&strategy=2%2F0&replicas=4&startup=27,18,20&grace=30"), "{query}");

    let pairs: Vec<(&str, &str)> = query[1..].split('&').filter_map(|pair| pair.split_once('=')).collect();
    let decoded: Vec<(&str, &str)> =
        pairs.into_iter().map(|(key, value)| (key, if key == "strategy" { "2/0" } else { value })).collect();
    let elsewhere = fields(&decoded).read(&LabInput::default(), Strategy::ROLLING_ONE);
    assert_eq!(elsewhere, reading);
}

#[test]
fn the_form_without_scripts_carries_the_whole_input() {
    let reading = read(&[("replicas", "4")]);
    let hidden = hidden_pairs(&reading.input);
    let visible = [("replicas", "4"), ("typical", "20"), ("grace", "30"), ("surge", ""), ("unavailable", "")];
    let sent: Vec<(&str, &str)> =
        hidden.iter().map(|(key, value)| (key.as_str(), value.as_str())).chain(visible).collect();
    assert_eq!(read(&sent).input, reading.input);
}

#[test]
fn another_typical_start_up_replaces_the_observed_ones() {
    assert_eq!(read(&[("typical", "20")]).input.startup_ms, [27_000, 18_000, 20_000], "the median is no change");
    assert_eq!(read(&[("typical", "25.5")]).input.startup_ms, [25_500]);
}

#[test]
fn two_numbers_make_a_strategy_of_ones_own() {
    let cases = [
        (&[("surge", "2"), ("unavailable", "1")][..], Some("2/1")),
        (&[("surge", "50%")], Some("50%/0")),
        (&[("unavailable", "2")], Some("0/2")),
        (&[("custom", "3/0"), ("unavailable", "1")], Some("3/1")),
        (&[("custom", "3/0"), ("surge", ""), ("unavailable", "")], None),
    ];
    for (pairs, expected) in cases {
        assert_eq!(read(pairs).input.custom, expected.map(strategy), "{pairs:?}");
    }
}

#[test]
fn a_chosen_strategy_that_is_not_compared_yet_is_compared() {
    let reading = read(&[("strategy", "2/1")]);
    assert_eq!((reading.chosen, reading.input.custom), (strategy("2/1"), Some(strategy("2/1"))));
    let reading = read(&[("strategy", "2/1"), ("surge", "3")]);
    let own = strategy("3/0");
    assert_eq!((reading.chosen, reading.input.custom), (own, Some(own)), "its number was changed");
    let reading = read(&[("take", "2/1"), ("strategy", "1/1"), ("surge", "3")]);
    let taken = strategy("2/1");
    assert_eq!((reading.chosen, reading.input.custom), (taken, Some(taken)));
    let reading = read(&[("take", "1/0"), ("strategy", "1/1"), ("surge", "3")]);
    assert_eq!((reading.chosen, reading.input.custom), (strategy("1/0"), Some(own)), "a named one leaves it");
}

#[test]
fn another_candidate_can_stand_beside_the_chosen_one() {
    let beside = |pairs: &[(&str, &str)]| read(pairs).beside;
    assert_eq!(beside(&[("beside", "1/1")]), Some(Strategy::ROLLING_ONE));
    assert_eq!(beside(&[("beside", "100%/0")]), None, "it is the chosen one");
    assert_eq!(beside(&[("beside", "4/1")]), None, "it is not compared");
    assert_eq!(beside(&[("beside", "")]), None);
}

#[test]
fn limits_and_wishes_are_read_and_carried() {
    let pairs = [("quota", "4"), ("pull", "7.5"), ("new", "never-ready"), ("serving", "2"), ("within", "90")];
    let reading = read(&pairs);
    assert_eq!((reading.input.pod_quota, reading.input.pull_ms), (Some(4), Some(7_500)));
    assert_eq!((reading.input.wishes.serving, reading.input.wishes.within_ms), (Some(2), Some(90_000)));
    let query = fields(&pairs).whole_query(&reading);
    for pair in ["pull=7.5", "quota=4", "new=never-ready", "serving=2", "within=90"] {
        assert!(query.contains(pair), "{query}");
    }
    assert!(!hidden_pairs(&reading.input).iter().any(|(key, _)| key == "quota" || key == "new"), "they have controls");
}

#[test]
fn a_pull_that_a_tenant_brings_can_be_taken_away() {
    let initial = LabInput { pull_ms: Some(12_000), pull_extent_ms: Some((9_000, 20_000)), ..tenant() };
    let read = |pairs: &[(&str, &str)]| fields(pairs).read(&initial, Strategy::BLUE_GREEN).input;
    assert_eq!(read(&[]), initial);
    assert_eq!(read(&[("pull", "")]).pull_ms, None);
    let query = fields(&[]).whole_query(&fields(&[]).read(&initial, Strategy::BLUE_GREEN));
    assert!(query.contains("&pull=12&pulllow=9&pullhigh=20"), "{query}");
}

#[test]
fn bad_values_are_named_and_the_rest_stays() {
    let cases = [
        ("replicas", "three", Some(Field::Replicas)),
        ("replicas", "51", Some(Field::Replicas)),
        ("replicas", "99999999999999999999", Some(Field::Replicas)),
        ("typical", "soon", Some(Field::Startup)),
        ("typical", "1,2", Some(Field::Startup)),
        ("grace", "-1", Some(Field::Grace)),
        ("surge", "a%", Some(Field::Surge)),
        ("unavailable", "101%", Some(Field::Surge)),
        ("surge", "0", Some(Field::Surge)),
        ("acpu", "<b>", Some(Field::Cpu)),
        ("deadline", "never", None),
        ("strategy", "Canary", None),
        ("strategy", "0/0", None),
    ];
    for (key, text, field) in cases {
        let reading = read(&[(key, text), ("conn", "50")]);
        assert_eq!(reading.errors.len(), 1, "{key}={text}: {:?}", reading.errors);
        assert_eq!(reading.errors[0].0, field, "{key}={text}");
        assert_eq!(reading.input, LabInput { connections_per_pod: Some(50), ..tenant() }, "{key}={text}");
        assert_eq!(reading.chosen, Strategy::BLUE_GREEN);
    }
}

#[test]
fn a_deadline_that_no_deployment_takes_is_named() {
    let reading = read(&[("minready", "600"), ("deadline", "600")]);
    assert_eq!(reading.errors.len(), 1, "{:?}", reading.errors);
    assert!(reading.errors[0].1.ends_with("No deadline is assumed."), "{:?}", reading.errors);
    assert_eq!(reading.input.progress_deadline_seconds, None);
}

#[test]
fn no_replicas_are_shown_as_one() {
    assert_eq!(read(&[("replicas", "0")]).input.replicas, 1);
    assert_eq!(read(&[("strategy", "recreate")]).chosen, Strategy::Recreate);
    assert_eq!(super::halves(Some(Strategy::ROLLING_ONE)).0, Some(IntOrPercent::Int(1)));
}
