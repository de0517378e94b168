//! The plan as it is written for others: as Markdown and as JSON.

use planner::plan::{DryRunFact, UpgradePlan, markdown};
use planner::strategy::Strategy;

use super::{Wanted, costs, override_for};

#[test]
fn text_of_others_makes_no_link_and_calls_nobody() {
    let words = [
        ("fixed, see https://evil.example", "fixed, see https&#58;//evil.example"),
        ("www.evil.example: read it", "www&#46;evil.example: read it"),
        ("~~not~~ refused", "\\~\\~not\\~\\~ refused"),
        ("@acme/sre, a@evil.example", "@&#8203;acme/sre, a@&#8203;evil.example"),
        ("as in #12 and # 3", "as in \\#&#8203;12 and \\# 3"),
        ("a.b: c. 10:30", "a.b: c. 10:30"),
    ];
    for (said, written) in words {
        let mut wanted = Wanted::hop("v1.35.6", "v1.35.7");
        wanted.dry_run = DryRunFact::Refused(said.to_owned());
        let markdown = markdown(&wanted.plan());
        assert!(markdown.contains(written), "{said}: {markdown}");
    }
}

#[test]
fn the_json_is_as_it_was_published() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../../docs/upgrade-plan.schema.json")).expect("the schema is JSON");
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("plan.json", schema).expect("a schema");
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("plan.json", &mut schemas).expect("it compiles");

    let mut sleeping = Wanted::hop("v1.35.6", "v1.36.4");
    sleeping.snapshot.replicas = 0;
    let mut odd = Wanted::hop("v1.35.6", "v1.34.1");
    odd.snapshot.strategy.kind = Some("Canary".to_owned());
    odd.snapshot.installed_version = None;
    let mut whole = Wanted::hop("v1.35.6", "v1.36.4");
    whole.strategy = Some(Strategy::ROLLING_ONE);
    whole.costs = costs(&whole.snapshot);
    whole.costs.overrides = vec![override_for(2)];
    let mut not_theirs = Wanted::hop("v1.35.6", "v1.36.4");
    not_theirs.costs.overrides = vec![override_for(2)];
    for wanted in
        [Wanted::hop("v1.35.6", "v1.36.4"), Wanted::hop("v1.35.6", "v1.35.7"), sleeping, odd, whole, not_theirs]
    {
        let plan = wanted.plan();
        let json = serde_json::to_value(&plan).expect("it is data");
        if let Err(error) = schemas.validate(&json, index) {
            panic!("{error}\n{json:#}");
        }
        assert_eq!(serde_json::from_value::<UpgradePlan>(json).expect("it reads back"), plan);
    }
    let without = serde_json::json!({ "schema": "upgrade-plan/v1" });
    assert!(schemas.validate(&without, index).is_err(), "the schema asks for something");
}
