use jiff::civil::date;
use planner::releases::{ReleaseTable, ReleaseTableError, Support};
use planner::version::Minor;
use serde_json::{Value, json};

use crate::builders::{today, version};

fn minor(minor: u64) -> Minor {
    Minor { major: 1, minor }
}

fn line(minor: &str, newest: &str) -> Value {
    json!({
        "minor": minor, "released": "2026-04-22", "maintenance_from": "2027-04-28", "end_of_life": "2027-06-28",
        "newest_patch_seen": newest,
    })
}

fn table(minors: Value) -> String {
    json!({ "as_of": "2026-11-22", "source": "a test", "minors": minors }).to_string()
}

#[test]
fn the_built_in_table_says_how_old_it_is_and_knows_the_lines() {
    let table = ReleaseTable::built_in();
    assert_eq!(table.as_of, date(2026, 11, 22));
    assert!(!table.source.is_empty());
    assert_eq!(table.minors.first().map(|it| it.minor), Some(minor(37)));
    assert_eq!(table.minors.last().map(|it| it.minor), Some(minor(26)));
    assert_eq!(table.minors.len(), 12, "none is left out");
}

#[test]
fn support_turns_to_maintenance_on_its_day_and_ends_after_its_last_day() {
    let table = ReleaseTable::built_in();
    let until = date(2027, 2, 28);
    let cases = [
        (date(2026, 12, 27), Support::Supported { until }),
        (date(2026, 12, 28), Support::Maintenance { until }),
        (date(2027, 2, 28), Support::Maintenance { until }),
        (date(2027, 3, 1), Support::EndOfLife { since: until }),
    ];
    for (day, support) in cases {
        assert_eq!(table.support(minor(35), day), support, "{day}");
    }
    assert_eq!(table.support(minor(34), today()), Support::EndOfLife { since: date(2026, 10, 27) });
    for (line, since) in
        [(29, date(2025, 2, 28)), (28, date(2024, 10, 28)), (27, date(2024, 6, 28)), (26, date(2024, 2, 28))]
    {
        assert_eq!(table.support(minor(line), today()), Support::EndOfLife { since }, "1.{line}");
    }
    assert_eq!(table.support(minor(25), today()), Support::Unknown);
    assert_eq!(table.support(minor(99), today()), Support::Unknown);
}

#[test]
fn every_patch_up_to_the_newest_seen_is_known_oldest_first() {
    let table =
        ReleaseTable::from_json(&table(json!([line("1.35", "1.35.2"), line("1.36", "1.36.1")]))).expect("a table");
    let known: Vec<String> = table.known_versions().iter().map(ToString::to_string).collect();
    assert_eq!(known, ["v1.35.0", "v1.35.1", "v1.35.2", "v1.36.0", "v1.36.1"]);
    assert!(table.knows(&version("v1.35.1")));
    for unknown in ["v1.35.3", "v1.37.0", "v1.36.1-rc.1"] {
        assert!(!table.knows(&version(unknown)), "{unknown}");
    }
}

#[test]
fn a_table_that_cannot_be_used_says_why() {
    let cases = [
        (table(json!([])), ReleaseTableError::Empty),
        (table(json!([line("v1.36", "1.36.1")])), ReleaseTableError::Minor("v1.36".to_owned())),
        (table(json!([line("1.+36", "1.36.1")])), ReleaseTableError::Minor("1.+36".to_owned())),
        (table(json!([line("1.", "1.36.1")])), ReleaseTableError::Minor("1.".to_owned())),
        (
            table(json!([line("1.36", "1.35.1")])),
            ReleaseTableError::Patch { minor: minor(36), text: "1.35.1".to_owned() },
        ),
        (
            table(json!([line("1.36", "v1.36.1")])),
            ReleaseTableError::Patch { minor: minor(36), text: "v1.36.1".to_owned() },
        ),
        (table(json!([line("1.36", "1.36.1"), line("1.36", "1.36.2")])), ReleaseTableError::Twice(minor(36))),
        (
            table(json!([line("1.36", "1.36.1")])).replace("2027-06-28", "2026-06-28"),
            ReleaseTableError::Dates(minor(36)),
        ),
    ];
    for (text, error) in cases {
        assert_eq!(ReleaseTable::from_json(&text), Err(error), "{text}");
    }
    for text in ["", "{}", "[]", r#"{"as_of":"someday","source":"","minors":[]}"#] {
        let error = ReleaseTable::from_json(text).expect_err(text);
        assert!(error.to_string().starts_with("the release table cannot be read: "), "{error}");
    }
}

#[test]
fn a_table_survives_json() {
    let table = ReleaseTable::built_in();
    let text = serde_json::to_string(&table).expect("json");
    assert_eq!(ReleaseTable::from_json(&text).expect("back"), table);
}
