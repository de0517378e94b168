//! What two real Kamajis answered to version patches, judged again by the console's rules.

use std::io::Read;

use flate2::read::GzDecoder;
use planner::finding::FindingKind;
use planner::next::judge_version;
use planner::operator::{OperatorKnowledge, OperatorRules};
use planner::strategy::{DeclaredStrategy, StrategyError};
use planner::tenant::TenantSnapshot;
use planner::version::KubernetesVersion;
use serde::Deserialize;
use serde_json::Value;

use crate::builders::{NOW, tenant, version};

#[derive(Deserialize)]
struct Answer {
    label: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    body: Value,
    #[serde(default)]
    code: u16,
    #[serde(default)]
    status: Value,
    #[serde(default)]
    result: Value,
}

/// What Kamaji said to a version.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Yes,
    Unparsable,
    AboveCeiling,
    Downgrade,
    NonSequential,
}

impl Answer {
    /// The version it asked for, if it is a patch of nothing but an existing tenant's version.
    fn asked(&self) -> Option<&str> {
        let only_version = self.method == "PATCH" && self.body["metadata"].is_null() && self.code != 404;
        self.body["spec"]["kubernetes"]["version"].as_str().filter(|_| only_version)
    }

    fn message(&self) -> &str {
        self.status["message"].as_str().unwrap_or_default()
    }

    fn said(&self) -> Said {
        if self.code == 200 {
            return Said::Yes;
        }
        let words = [
            ("unable to parse", Said::Unparsable),
            ("greater than the supported one", Said::AboveCeiling),
            ("unable to downgrade", Said::Downgrade),
            ("non-sequential", Said::NonSequential),
        ];
        let found = words.into_iter().find(|(words, _)| self.message().contains(words));
        found.unwrap_or_else(|| panic!("{}: {} {}", self.label, self.code, self.message())).1
    }
}

fn answers(gzipped: &[u8]) -> Vec<Answer> {
    let mut text = String::new();
    GzDecoder::new(gzipped).read_to_string(&mut text).expect("a gzipped recording");
    text.lines().map(|line| serde_json::from_str(line).expect("one answer a line")).collect()
}

fn ours(snapshot: &TenantSnapshot, asked: &str, operator: &OperatorKnowledge) -> Said {
    let Ok(wanted) = asked.parse::<KubernetesVersion>() else { return Said::Unparsable };
    match judge_version(snapshot, &wanted, operator) {
        Ok(_) => Said::Yes,
        Err(reasons) => match &reasons[0].kind {
            FindingKind::AboveCeiling { .. } => Said::AboveCeiling,
            FindingKind::Downgrade { .. } => Said::Downgrade,
            FindingKind::SkipsMinors { .. } => Said::NonSequential,
            FindingKind::AlreadyWanted { .. } => Said::Yes,
            other => panic!("{asked}: {other:?}"),
        },
    }
}

/// Judges every recorded version again. Gives the labels of those that Kamaji took and the console refuses on purpose.
fn judged_again(recording: &[u8], rules: OperatorRules, least: usize) -> Vec<String> {
    let answers = answers(recording);
    let running = answers
        .iter()
        .find(|it| it.label == "read")
        .and_then(|it| it.result["version"].as_str())
        .expect("the version that ran");
    let probe = answers.iter().find(|it| it.label.starts_with("probe")).expect("the probe");
    let operator = OperatorKnowledge::from_probe(probe.message(), NOW);
    assert_eq!(operator.rules, rules);
    let mut snapshot = tenant(running);
    if rules == OperatorRules::V1_0_0 {
        snapshot.observed_generation = None;
    }

    let mut on_purpose = Vec::new();
    let mut judged = 0;
    for answer in &answers {
        let Some(asked) = answer.asked() else { continue };
        judged += 1;
        match (answer.said(), ours(&snapshot, asked, &operator)) {
            (Said::Yes, Said::Unparsable) => on_purpose.push(answer.label.clone()),
            (theirs, ours) => assert_eq!(ours, theirs, "{}: {asked} from {running}", answer.label),
        }
    }
    assert!(judged >= least, "{judged} versions");
    on_purpose
}

#[test]
fn every_answer_of_the_newest_kamaji_is_reproduced() {
    let recording = include_bytes!("../data/recordings/refusals.jsonl.gz");
    let on_purpose = judged_again(recording, OperatorRules::Current, 18);
    // Both would become an image tag that does not exist.
    assert_eq!(on_purpose, ["no v (dry-run)", "build metadata (dry-run)"]);
}

#[test]
fn every_answer_of_kamaji_1_0_0_is_reproduced() {
    let recording = include_bytes!("../data/recordings/v100-refusals-1.28.3.jsonl.gz");
    let on_purpose = judged_again(recording, OperatorRules::V1_0_0, 22);
    assert_eq!(on_purpose, ["no v (dry-run)", "build metadata (dry-run)"]);
}

#[test]
fn a_strategy_that_the_api_takes_is_judged_by_what_kamaji_makes_of_it() {
    for recording in [
        &include_bytes!("../data/recordings/refusals.jsonl.gz")[..],
        include_bytes!("../data/recordings/v100-refusals-1.28.3.jsonl.gz"),
    ] {
        let strategies = answers(recording).into_iter().filter(|it| it.label.starts_with("strategy "));
        let judged: Vec<(String, String)> = strategies
            .map(|answer| {
                assert_eq!(answer.code, 200, "{}", answer.label);
                let stored: DeclaredStrategy = serde_json::from_value(answer.result["strategy"].clone()).expect("JSON");
                let verdict = stored.under_kamaji().map_or_else(|error| error.to_string(), |it| it.to_string());
                (answer.label, verdict)
            })
            .collect();
        let expected = [
            ("strategy 0/0 (dry-run)", StrategyError::BothZero.to_string()),
            (
                "strategy bad percent (dry-run)",
                "maxSurge is `abc`; write a whole number (`1`) or a percentage (`25%`)".to_owned(),
            ),
            ("strategy negative (dry-run)", "maxSurge is `-1`; it must be at least 0".to_owned()),
            (
                "strategy unknown type (dry-run)",
                "the strategy type `Canary` does not exist; supported are `RollingUpdate` and `Recreate`".to_owned(),
            ),
            ("strategy empty half (dry-run)", "1/25%".to_owned()),
            ("strategy rollingUpdate null (dry-run)", "100%/0".to_owned()),
            ("strategy null (dry-run)", "100%/0".to_owned()),
            (
                "strategy 150% unavailable (dry-run)",
                "maxUnavailable is `150%`; it must not be greater than 100%".to_owned(),
            ),
        ];
        assert_eq!(judged, expected.map(|(label, verdict)| (label.to_owned(), verdict)));
    }
}

#[test]
fn writing_the_same_version_again_is_refused_though_kamaji_takes_it() {
    let reasons = judge_version(&tenant("v1.28.3"), &version("v1.28.3"), &crate::builders::v1_0_0())
        .expect_err("nothing would change");
    assert_eq!(crate::builders::kinds(&reasons), ["alreadyWanted"]);
}
