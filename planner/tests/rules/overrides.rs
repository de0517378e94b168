//! Findings that somebody takes upon themselves.

use planner::finding::{Finding, FindingKind, Overridable, Override, OverrideError, OverrideState, Severity};

use crate::builders::NOW;

const HOUR_MS: i64 = 3_600_000;

fn busy() -> Finding {
    FindingKind::DataStoreBusy { data_store: "default".to_owned(), surging: 1 }.into()
}

fn given(person: &str, reason: &str, hours: i64) -> Result<Override, OverrideError> {
    Override::new(Overridable::DataStoreBusy, person, reason, NOW.plus_millis(hours * HOUR_MS), NOW)
}

#[test]
fn an_override_needs_a_person_a_reason_and_an_end_that_is_to_come() {
    assert!(given("ada", "the DataStore was sized for it", 2).is_ok());
    assert_eq!(given(" ", "reason", 2), Err(OverrideError::NoPerson));
    assert_eq!(given("ada", "\t", 2), Err(OverrideError::NoReason));
    for hours in [0, -1] {
        assert!(matches!(given("ada", "reason", hours), Err(OverrideError::Over { .. })), "{hours}");
    }
    assert_eq!("data-store-busy".parse(), Ok(Overridable::DataStoreBusy));
    let error = "dry-run-refused".parse::<Overridable>().expect_err("no judgement");
    assert_eq!(
        error.to_string(),
        "`dry-run-refused` is no finding that may be overridden; `data-store-busy` and `room` are"
    );
}

#[test]
fn an_override_lets_its_finding_warn_until_its_end_and_nothing_else() {
    let given = given("ada", "sized for it", 2).expect("good");
    let refused: Finding = FindingKind::DryRunRefused { words: "no".to_owned() }.into();
    let table = [
        (0, OverrideState::Applied, Severity::Warns, "ada lets it pass up to"),
        (2 * HOUR_MS - 1, OverrideState::Applied, Severity::Warns, "sized for it"),
        (2 * HOUR_MS, OverrideState::Expired, Severity::Blocks, "which is over"),
    ];
    for (after_ms, state, severity, words) in table {
        let mut findings = [refused.clone(), busy()];
        assert_eq!(given.apply(&mut findings, NOW.plus_millis(after_ms)), state);
        assert_eq!(findings[1].severity, severity, "{after_ms}");
        assert!(findings[1].evidence.contains(words), "{}", findings[1].evidence);
        assert_eq!(findings[0], refused);
    }
    assert_eq!(given.apply(&mut [refused], NOW), OverrideState::NotNeeded);
}
