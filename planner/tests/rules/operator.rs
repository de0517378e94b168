use planner::operator::{Ceiling, OperatorKnowledge, OperatorRules};
use planner::version::Minor;

use crate::builders::{NOW, tenant};

const DENIED: &str = r#"admission webhook "vtenantcontrolplane.kb.io" denied the request: "#;

#[test]
fn the_refusal_of_the_probe_names_the_ceiling_and_gives_the_rules_away() {
    let cases = [
        (
            "unable to upgrade to a version greater than the supported one (v1.36)",
            (36, None),
            OperatorRules::Current,
            "v1.36",
        ),
        (
            "unable to upgrade to a version greater than the supported one, actually 1.30.2",
            (30, Some(2)),
            OperatorRules::V1_0_0,
            "v1.30.2",
        ),
        (
            "unable to upgrade to a version greater than the supported one, actually 1.34.0",
            (34, Some(0)),
            OperatorRules::V1_0_0,
            "v1.34.0",
        ),
        (
            "unable to create a TenantControlPlane with a Kubernetes version greater than the supported one, actually v1.36",
            (36, None),
            OperatorRules::Current,
            "v1.36",
        ),
    ];
    for (text, (minor, patch), rules, words) in cases {
        for text in [text.to_owned(), format!("{DENIED}{text}")] {
            let learnt = OperatorKnowledge::from_probe(&text, NOW);
            let minor = Minor { major: 1, minor };
            assert_eq!(learnt.ceiling, Ceiling::Learned { minor, patch, at: NOW }, "{text}");
            assert_eq!(learnt.rules, rules, "{text}");
            assert_eq!(learnt.ceiling.to_string(), words);
        }
    }
}

#[test]
fn an_answer_that_names_no_version_teaches_nothing_and_is_kept_as_the_reason() {
    let texts = [
        "",
        "failed calling webhook \"mtenantcontrolplane.kb.io\": connection refused",
        "greater than the supported one",
        "greater than the supported one (latest)",
        "greater than the supported one (v1)",
        "greater than the supported one (v1.)",
        "greater than the supported one, actually 99999999999999999999999.1",
    ];
    for text in texts {
        let learnt = OperatorKnowledge::from_probe(text, NOW);
        assert_eq!(learnt.rules, OperatorRules::Current, "{text}");
        match learnt.ceiling {
            Ceiling::Unknown { why } => assert!(why.ends_with(text), "{why}"),
            Ceiling::Learned { .. } => panic!("learnt from {text}"),
        }
    }
}

#[test]
fn without_a_probe_a_tenant_that_lacks_the_observed_generation_is_judged_by_the_old_rules() {
    let unknown = OperatorKnowledge::unknown("not asked yet");
    let newest = tenant("v1.35.6");
    let mut old = tenant("v1.35.6");
    old.observed_generation = None;
    let mut fresh = old.clone();
    fresh.installed_version = None;
    assert_eq!(unknown.rules_for(&newest), OperatorRules::Current);
    assert_eq!(unknown.rules_for(&old), OperatorRules::V1_0_0);
    assert_eq!(unknown.rules_for(&fresh), OperatorRules::Current);

    let told = OperatorKnowledge::from_probe("greater than the supported one (v1.36)", NOW);
    assert_eq!(told.rules_for(&old), OperatorRules::Current, "what the operator says itself counts more");
}

#[test]
fn knowledge_survives_json() {
    for knowledge in [
        OperatorKnowledge::unknown("webhook down"),
        OperatorKnowledge::from_probe("supported one, actually 1.30.2", NOW),
    ] {
        let text = serde_json::to_string(&knowledge).expect("json");
        assert_eq!(serde_json::from_str::<OperatorKnowledge>(&text).expect("back"), knowledge);
    }
}
