//! Plans that are kept: the object, its definition, and what has changed since.

use planner::finding::{Overridable, Override, Severity};
use planner::hop::{Acknowledgement, Binding};
use planner::plan::stored::{
    API_VERSION, Asked, GROUP, KIND, LARGEST_DOCUMENT, LONGEST_TEXT, PLURAL, PlanName, PlanState, StoredPlan, VERSION,
    status, tenant_of,
};
use planner::plan::{DryRunFact, PlannedFinding, UpgradePlan};
use planner::strategy::Strategy;
use planner::tenant::{TenantId, TenantSnapshot};
use planner::time::UnixMillis;
use serde_json::{Value, json};

use super::{Wanted, costs, override_for};
use crate::builders::{NOW, declared, tenant, version};

fn stored(wanted: &Wanted) -> StoredPlan {
    let asked = Asked {
        version: version(wanted.to),
        strategy: wanted.strategy,
        overrides: wanted.costs.overrides.clone(),
        data_store_limit: wanted.costs.data_store.as_ref().and_then(|load| load.limit),
    };
    StoredPlan::new(wanted.plan(), asked, "ada", wanted.made_at)
}

fn minor() -> Wanted {
    Wanted::hop("v1.35.6", "v1.36.4")
}

/// One with everything that is told by hand.
fn told() -> Wanted {
    let mut wanted = minor();
    wanted.strategy = Some(Strategy::ROLLING_ONE);
    wanted.costs = costs(&wanted.snapshot);
    wanted.costs.overrides = vec![override_for(2)];
    wanted
}

fn definition() -> Value {
    serde_saphyr::from_str(include_str!("../../../../deploy/crds/upgradeplans.yaml")).expect("it is YAML")
}

fn schema() -> (boon::Schemas, boon::SchemaIndex) {
    let schema = definition().pointer("/spec/versions/0/schema/openAPIV3Schema").cloned().expect("a schema");
    let mut compiler = boon::Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource("object.json", schema).expect("a schema");
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("object.json", &mut schemas).expect("it compiles");
    (schemas, index)
}

/// The object as it stands in the management cluster.
fn object(plan: &StoredPlan) -> Value {
    let mut object = plan.object().expect("it is small enough");
    object["status"] = status(&PlanState::Current, 1, &Value::Null, NOW);
    object
}

#[test]
fn the_definition_is_of_the_kind_that_is_read_and_written() {
    let definition = definition();
    let spec = &definition["spec"];
    assert_eq!(definition["metadata"]["name"], format!("{PLURAL}.{GROUP}"));
    assert_eq!((spec["group"].as_str(), spec["names"]["kind"].as_str()), (Some(GROUP), Some(KIND)));
    assert_eq!((spec["names"]["plural"].as_str(), spec["scope"].as_str()), (Some(PLURAL), Some("Namespaced")));
    let versions = spec["versions"].as_array().expect("versions");
    assert_eq!(versions.len(), 1);
    assert_eq!((versions[0]["name"].as_str(), &versions[0]["subresources"]), (Some(VERSION), &json!({"status": {}})));
    assert_eq!(API_VERSION, format!("{GROUP}/{VERSION}"));
}

/// The API server takes only structural schemas: each part says its type, and unknown fields are dropped unless it says otherwise.
#[test]
fn the_schema_is_structural_and_bounded_and_drops_nothing_that_is_written() {
    fn walk(path: &str, schema: &Value) {
        assert!(schema["type"].is_string(), "{path} has no type");
        let bounded = ["maxLength", "enum", "pattern"].into_iter().any(|bound| !schema[bound].is_null());
        assert!(schema["type"] != "string" || bounded, "{path} may be of any length");
        for (name, part) in schema["properties"].as_object().into_iter().flatten() {
            walk(&format!("{path}.{name}"), part);
        }
        if schema["type"] == "array" {
            walk(&format!("{path}[]"), &schema["items"]);
        }
    }
    fn kept(path: &str, schema: &Value, value: &Value) {
        if schema["x-kubernetes-preserve-unknown-fields"] == true {
            return;
        }
        for (name, value) in value.as_object().into_iter().flatten() {
            let part = &schema["properties"][name];
            assert!(part.is_object(), "{path}.{name} would be dropped");
            kept(&format!("{path}.{name}"), part, value);
        }
        for value in value.as_array().into_iter().flatten() {
            kept(&format!("{path}[]"), &schema["items"], value);
        }
    }
    let definition = definition();
    let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    walk("", schema);
    for wanted in [minor(), told()] {
        let object = object(&stored(&wanted));
        kept(".spec", &schema["properties"]["spec"], &object["spec"]);
        kept(".status", &schema["properties"]["status"], &object["status"]);
    }
}

#[test]
fn what_is_written_is_what_the_definition_asks_for_and_reads_back() {
    let (schemas, index) = schema();
    let mut asleep = minor();
    asleep.snapshot.replicas = 0;
    for wanted in [minor(), Wanted::hop("v1.35.6", "v1.34.1"), asleep, told()] {
        let plan = stored(&wanted);
        let object = object(&plan);
        if let Err(error) = schemas.validate(&object, index) {
            panic!("{error}\n{object:#}");
        }
        assert_eq!(StoredPlan::read("team-a", &object), Ok(plan));
        assert_eq!(object["metadata"]["ownerReferences"][0]["uid"], wanted.snapshot.uid, "it goes with its tenant");
        let id = TenantId { namespace: "team-a".to_owned(), name: "tenant-00".to_owned() };
        assert_eq!(tenant_of("team-a", &object), Some(id));
    }
    let good = object(&stored(&told()));
    for (path, value) in [
        ("/spec/tenant", json!("")),
        ("/spec/verdict", json!("fine")),
        ("/spec/digest", json!("sha256:abc")),
        ("/spec/madeAt", json!("yesterday")),
        ("/spec/binding", json!({"uid": "x"})),
        ("/spec/overrides/0/until", json!("later")),
        ("/spec/dataStoreLimit", json!(-1)),
        ("/spec/document", json!("{}")),
        ("/status/conditions/0/status", json!(true)),
        ("/status/conditions/0/reason", json!("not one word")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(path).expect("it is there") = value;
        assert!(schemas.validate(&bad, index).is_err(), "{path}");
    }
}

#[test]
fn an_object_that_was_changed_by_hand_is_not_read() {
    let good = object(&stored(&told()));
    let cases = [
        ("/metadata/name", json!("Not A Name"), "its name is none of a plan"),
        ("/spec/tenant", json!("another"), "`spec.tenant` is not what its document says; it was changed by hand"),
        ("/spec/to", json!("v1.36.3"), "`spec.to` is not what its document says; it was changed by hand"),
        ("/spec/to", json!("latest"), "`spec` cannot be read: `latest` is not a Kubernetes version"),
        ("/spec/verdict", json!("clean"), "`spec.verdict` is not what its document says"),
        ("/spec/strategy", json!("0/1"), "`spec.document.digest` is not what its document says"),
        ("/spec/binding/facts/replicas", json!(9), "`spec.binding` is not what its document says"),
        (
            "/spec/document/findings/0/sentence",
            json!("All is well."),
            "`spec.document.digest` is not what its document",
        ),
        ("/spec/document/namespace", json!("team-b"), "`metadata.namespace` is not what its document says"),
        ("/spec/document", json!("{}"), "`spec` cannot be read: "),
        ("/spec/madeAt", json!("noon"), "`spec` cannot be read: \"noon\" is no moment"),
        ("/spec/overrides/0/finding", json!("paused"), "`spec.overrides` cannot be read: `paused` is no finding"),
        ("/spec/overrides/0/reason", json!(" "), "`spec.overrides` cannot be read: an override needs a reason"),
        ("/spec/document/summary", json!("x".repeat(LARGEST_DOCUMENT)), "its document has "),
        (
            "/spec/binding/facts/wanted",
            json!("x".repeat(LONGEST_TEXT + 1)),
            "`spec.binding` has a text of 4097 bytes; at most 4096 are stored and read",
        ),
        ("/spec/madeBy", json!("x".repeat(LONGEST_TEXT + 1)), "`spec.madeBy` has a text of 4097 bytes"),
        ("/spec", Value::Null, "`spec` cannot be read: "),
    ];
    for (path, value, words) in cases {
        let mut bad = good.clone();
        *bad.pointer_mut(path).expect("it is there") = value;
        let error = StoredPlan::read("team-a", &bad).expect_err(path).to_string();
        assert!(error.starts_with(words), "{path}: {error}");
    }
    assert!(StoredPlan::read("team-b", &good).is_err(), "it is of another namespace");
    let mut large = stored(&minor());
    large.document.summary = "x".repeat(LARGEST_DOCUMENT);
    let mut long = stored(&minor());
    long.made_by = "x".repeat(LONGEST_TEXT + 1);
    for plan in [large, long] {
        assert!(plan.object().is_err(), "nothing is written that would not be read");
    }
}

#[test]
fn a_name_is_made_of_tenant_version_and_digest() {
    let digest = "sha256:0123456789abcdef";
    let long = "a".repeat(80);
    for (tenant, to, name) in [
        ("tenant-00", "v1.36.4", "tenant-00-v1-36-4-0123456789".to_owned()),
        ("a.b", "v1.36.4-rc.1", "a-b-v1-36-4-rc-1-0123456789".to_owned()),
        ("Ä/..", "latest", "latest-0123456789".to_owned()),
        (&long, "v1.36.4", format!("{}-v1-36-4-0123456789", "a".repeat(44))),
    ] {
        let made = PlanName::of(tenant, to, digest);
        assert_eq!(made.as_str(), name);
        assert!(made.as_str().len() <= 63);
        assert_eq!(made.as_str().parse(), Ok(made.clone()), "what is made can be read");
    }
    for text in ["", "a/b", "-a", "A"] {
        assert!(text.parse::<PlanName>().is_err(), "{text:?}");
    }
    let plan = stored(&minor());
    assert_eq!(plan.name, stored(&minor()).name, "the same plan is stored once");
    let mut other = minor();
    other.snapshot.replicas = 2;
    assert_ne!(plan.name, stored(&other).name);
}

fn is_at(snapshot: &mut TenantSnapshot, wanted: &str) {
    snapshot.desired_version = declared(wanted);
    snapshot.generation += 1;
}

#[test]
fn a_plan_is_current_stale_started_or_done() {
    type Change = fn(&mut TenantSnapshot);
    let cases: [(Change, &str, &str); 6] = [
        (|_| {}, "current", "nothing has changed that it was made from"),
        (|now| now.resource_version = "9999".to_owned(), "current", "nothing has changed that it was made from"),
        (|now| now.replicas = 2, "stale", "changed since it was made: the number of replicas: 3 → 2"),
        (
            |now| now.uid = "other".to_owned(),
            "stale",
            "changed since it was made: the object was deleted and made anew",
        ),
        (|now| is_at(now, "v1.36.4"), "started", "what it plans was written: v1.36.4 is wanted now"),
        (|now| *now = tenant("v1.36.4"), "done", "what it plans is done: v1.36.4 is installed and serves"),
    ];
    let wanted = minor();
    let line = stored(&wanted).line();
    for (change, word, words) in cases {
        let mut now = wanted.snapshot.clone();
        change(&mut now);
        let state = line.state(&now);
        assert_eq!(state.word(), word, "{state}");
        assert!(state.to_string().starts_with(words), "{state}");
    }
}

#[test]
fn a_plan_is_over_for_good_once_the_tenant_has_come_to_it_or_beyond() {
    let strategy = Some(Strategy::ROLLING_ONE);
    let other = Some(Strategy::IN_PLACE);
    // From, to, strategy of the plan; installed, wanted and strategy of the tenant then.
    let cases = [
        ("v1.35.6", "v1.36.4", None, ("v1.36.4", "v1.37.0", None), "over"),
        ("v1.35.6", "v1.36.4", None, ("v1.36.5", "v1.36.5", None), "over"),
        ("v1.35.6", "v1.36.4", None, ("v1.36.4", "v1.35.6", None), "over"),
        ("v1.35.6", "v1.36.4", strategy, ("v1.36.4", "v1.36.4", other), "over"),
        ("v1.35.6", "v1.36.4", None, ("v1.35.6", "v1.36.3", None), "stale"),
        ("v1.35.6", "v1.36.4", None, ("v1.35.7", "v1.35.7", None), "stale"),
        ("v1.35.6", "v1.36.4", None, ("v1.35.6", "v1.36.4", None), "started"),
        ("v1.35.6", "v1.35.6", strategy, ("v1.36.4", "v1.36.4", other), "over"),
        ("v1.35.6", "v1.35.6", strategy, ("v1.35.6", "v1.35.6", other), "stale"),
        ("v1.35.6", "v1.35.5", strategy, ("v1.35.6", "v1.35.6", other), "stale"),
        ("v1.35.6", "v1.35.5", strategy, ("v1.35.5", "v1.35.5", other), "over"),
    ];
    for (from, to, planned, (installed, desired, is), word) in cases {
        let mut wanted = Wanted::hop(from, to);
        wanted.strategy = planned;
        let plan = stored(&wanted);
        let mut now = tenant(installed);
        is_at(&mut now, desired);
        if let Some(strategy) = is {
            now.strategy = strategy.declared();
        }
        let state = plan.line().state(&now);
        assert_eq!(state.word(), word, "{from} → {to}, then {installed} and {desired}: {state}");
        let is_over = plan.is_over(&Binding::of(&now));
        assert!(is_over == (word == "over") || word == "started", "{from} → {to}, then {installed} and {desired}");
        now.uid = "another".to_owned();
        assert_eq!(plan.line().state(&now).word(), "stale", "it was deleted and made anew");
    }
}

#[test]
fn a_plan_of_the_strategy_alone_is_started_when_that_is_declared() {
    let mut wanted = Wanted::hop("v1.35.6", "v1.35.6");
    wanted.strategy = Some(Strategy::ROLLING_ONE);
    let line = stored(&wanted).line();
    let mut now = wanted.snapshot.clone();
    now.replicas = 2;
    assert_eq!(line.state(&now).word(), "stale", "the version that stays says nothing");
    now.strategy = Strategy::ROLLING_ONE.declared();
    assert_ne!(line.state(&now).word(), "stale");
    // With the version a plan writes its strategy, so the version alone is not what it plans; but there is nothing to renew either.
    let mut with_strategy = minor();
    with_strategy.strategy = Some(Strategy::ROLLING_ONE);
    let mut now = with_strategy.snapshot.clone();
    is_at(&mut now, "v1.36.4");
    assert_eq!(stored(&with_strategy).line().state(&now).word(), "over");
}

#[test]
fn only_a_plan_that_holds_becomes_a_hop_and_it_is_the_planned_one() {
    let wanted = told();
    let plan = stored(&wanted);
    let later = UpgradePlan { made_at: "later".to_owned(), ..wanted.plan() };
    let request = plan.current(&later).expect("time alone changes nothing").request(
        vec![Acknowledgement::KubeletsNotChecked],
        Some("tenant-00".to_owned()),
        None,
    );
    assert_eq!((request.tenant, request.binding), (plan.tenant(), plan.document.binding.clone()));
    assert_eq!((request.version, request.strategy), (version("v1.36.4"), Some(Strategy::ROLLING_ONE)));
    assert_eq!(request.typed_name.as_deref(), Some("tenant-00"));

    type Change = fn(&mut Wanted);
    let cases: [(Change, &str); 3] = [
        (|now| now.snapshot.replicas = 2, "the number of replicas: 3 → 2"),
        (|now| now.dry_run = DryRunFact::Refused("no".to_owned()), "what is found: nothing of it → "),
        (|now| now.strategy = Some(Strategy::IN_PLACE), " → "),
    ];
    for (change, words) in cases {
        let mut now = told();
        change(&mut now);
        let changes = plan.current(&now.plan()).err().unwrap_or_default();
        assert!(changes.iter().any(|change| change.to_string().contains(words)), "{words}: {changes:?}");
    }
}

fn finding(severity: Severity, sentence: &str) -> PlannedFinding {
    PlannedFinding {
        severity,
        sentence: sentence.to_owned(),
        evidence: "read".to_owned(),
        remedy: None,
        source: "a registry".to_owned(),
        url: None,
    }
}

#[test]
fn only_what_both_could_establish_makes_a_plan_stale() {
    use Severity::{Blocks, Passes, Unknown, Warns};

    let one = |severity| vec![finding(severity, "One.")];
    let elsewhere = || PlannedFinding { source: "elsewhere".to_owned(), ..finding(Unknown, "Two.") };
    let otherwise = |change: fn(&mut PlannedFinding)| {
        let mut finding = finding(Warns, "One.");
        change(&mut finding);
        vec![finding]
    };
    let cases: [(Vec<PlannedFinding>, Vec<PlannedFinding>, Option<&str>); 14] = [
        (one(Passes), one(Unknown), None),
        (one(Passes), vec![finding(Unknown, "Not checked.")], None),
        (vec![finding(Unknown, "Not checked.")], one(Passes), None),
        (vec![finding(Unknown, "2 nodes have it.")], vec![finding(Unknown, "3 nodes have it.")], None),
        (one(Passes), Vec::new(), None),
        (one(Blocks), vec![finding(Unknown, "Not checked.")], None),
        (one(Warns), vec![elsewhere()], Some("what is found: One. → no longer")),
        (one(Warns), vec![finding(Passes, "It is there.")], Some("what is found: One. → no longer")),
        (vec![finding(Unknown, "Not checked.")], one(Blocks), Some("what is found: nothing of it → One.")),
        (Vec::new(), one(Warns), Some("what is found: nothing of it → One.")),
        (one(Warns), one(Blocks), Some("One.: warns → blocks")),
        (one(Warns), one(Passes), Some("One.: warns → passes")),
        (one(Warns), otherwise(|it| it.evidence = "read again".to_owned()), Some("One.: read → read again")),
        (
            otherwise(|it| it.url = Some("https://example.org".to_owned())),
            one(Warns),
            Some("One.: its source or its remedy as stored → otherwise"),
        ),
    ];
    let mut plan = stored(&minor());
    let mut anew = minor().plan();
    for (before, now, expected) in cases {
        plan.document.findings.clone_from(&before);
        anew.findings.clone_from(&now);
        let changes: Vec<String> = plan.changes(&anew).iter().map(ToString::to_string).collect();
        assert_eq!(changes.first().map(String::as_str), expected, "{before:?} {now:?}");
        assert!(changes.len() <= 1, "{changes:?}");
    }
}

#[test]
fn an_override_that_counts_for_one_reader_alone_makes_no_plan_stale() {
    let given = override_for(2);
    let mut plan = stored(&minor());
    plan.asked.overrides = vec![given.clone()];
    let blocks = finding(Severity::Blocks, "One.");
    let let_pass = PlannedFinding { evidence: format!("read {given}"), ..finding(Severity::Warns, "One.") };
    let forged = PlannedFinding { evidence: "read mallory lets it pass".to_owned(), ..let_pass.clone() };
    for (before, now, stale) in [
        (&blocks, &let_pass, false),
        (&let_pass, &blocks, false),
        (&let_pass, &let_pass, false),
        (&forged, &blocks, true),
    ] {
        let mut anew = minor().plan();
        plan.document.findings = vec![before.clone()];
        anew.findings = vec![now.clone()];
        assert_eq!(!plan.changes(&anew).is_empty(), stale, "{before:?} {now:?}");
    }
}

#[test]
fn a_document_that_differs_anywhere_is_not_what_the_console_makes() {
    let honest = stored(&minor());
    let anew = minor().plan();
    assert_eq!(honest.changes(&anew), []);
    type Forge = fn(&mut UpgradePlan);
    let forged: [(Forge, &str); 9] = [
        (|plan| plan.change.commands[1].line = "kubectl delete namespace team-a".to_owned(), "change"),
        (|plan| plan.headline = "All is well.".to_owned(), "headline"),
        (|plan| plan.checklist.clear(), "checklist"),
        (|plan| plan.summary = "1 pass".to_owned(), "summary"),
        (|plan| plan.notices.clear(), "notices"),
        (|plan| plan.irreversible.clear(), "irreversible"),
        (|plan| plan.installed = None, "installed"),
        (|plan| plan.generation += 1, "generation"),
        (|plan| plan.strategy.declared = "recreate".to_owned(), "strategy"),
    ];
    for (forge, field) in forged {
        let mut plan = honest.clone();
        forge(&mut plan.document);
        assert_eq!(StoredPlan::read("team-a", &object(&plan)).as_ref(), Ok(&plan), "the digest is of the findings");
        let words: Vec<String> = plan.changes(&anew).iter().map(ToString::to_string).collect();
        assert_eq!(words, [format!("`{field}` of the document: as it is stored → otherwise")]);
    }
}

#[test]
fn the_condition_moves_only_when_it_changes() {
    let first = status(&PlanState::Current, 1, &Value::Null, UnixMillis(0));
    let again = status(&PlanState::Current, 2, &first, UnixMillis(5_000));
    let stale = status(&PlanState::Stale(Vec::new()), 2, &again, UnixMillis(9_000));
    let started = PlanState::Started { to: version("v1.36.4"), finished: false };
    let started = status(&started, 2, &stale, UnixMillis(12_000));
    let of = |status: &Value| {
        let condition = &status["conditions"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        [&condition["status"], &condition["lastTransitionTime"], &status["checkedAt"]].map(text)
    };
    assert_eq!(of(&first), ["True", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]);
    assert_eq!(of(&again), ["True", "1970-01-01T00:00:00Z", "1970-01-01T00:00:05Z"]);
    assert_eq!(of(&stale), ["False", "1970-01-01T00:00:09Z", "1970-01-01T00:00:09Z"]);
    assert_eq!(of(&started), ["False", "1970-01-01T00:00:09Z", "1970-01-01T00:00:12Z"]);
    assert_eq!(started["conditions"][0]["reason"], "Started");
    assert_eq!(
        (again["observedGeneration"].as_i64(), stale["conditions"].as_array().map(Vec::len)),
        (Some(2), Some(1))
    );
    let theirs = json!({"conditions": [{"type": "Approved", "status": "True"}]});
    let both = status(&PlanState::Current, 1, &theirs, NOW);
    assert_eq!(both["conditions"][0]["type"], "Approved", "conditions of others stay");
}

#[test]
fn an_override_that_is_over_is_read_all_the_same() {
    let mut wanted = minor();
    let until = NOW.plus_millis(1_000);
    let given = Override::new(Overridable::Room, "ada", "a node comes", until, NOW).expect("good");
    wanted.costs.overrides = vec![given.clone()];
    let read = StoredPlan::read("team-a", &object(&stored(&wanted))).expect("it reads back");
    assert_eq!(read.asked.overrides, [given]);
}
