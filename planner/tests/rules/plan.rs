//! The plan as a document.

use planner::operator::OperatorKnowledge;
use planner::placement;
use planner::plan::{
    Counted, DryRunFact, Evidence, Neighbours, PlanFacts, RoomFact, UpgradePlan, Verdict, make, markdown, text,
};
use planner::releases::ReleaseTable;
use planner::strategy::Strategy;
use planner::tenant::{PodRequests, Reading, TenantSnapshot};
use planner::tenant_api::{NotAsked, TenantApi};
use planner::time::UnixMillis;

use crate::builders::{NOW, current, kinds, pods, tenant, today, version};

/// A plan of which everything but the named things is good.
struct Wanted {
    snapshot: TenantSnapshot,
    to: &'static str,
    strategy: Option<Strategy>,
    neighbours: Neighbours,
    room: RoomFact,
    dry_run: DryRunFact,
    tenant_api: TenantApi,
    made_at: UnixMillis,
}

impl Wanted {
    fn hop(from: &str, to: &'static str) -> Self {
        let mut snapshot = tenant(from);
        if let Reading::Read(deployment) = &mut snapshot.deployment {
            deployment.requests = PodRequests { cpu_millis: Some(250), memory_bytes: Some(512 << 20) };
        }
        Self {
            snapshot,
            to,
            strategy: None,
            neighbours: Neighbours::default(),
            room: RoomFact::Simulated(placement::Verdict::Fits { more: 3 }, Vec::new()),
            dry_run: DryRunFact::Accepted,
            tenant_api: TenantApi::NotAsked(NotAsked::NoSecretNamed),
            made_at: NOW,
        }
    }

    fn plan(&self) -> UpgradePlan {
        let operator: OperatorKnowledge = current(36);
        make(&PlanFacts {
            snapshot: &self.snapshot,
            version: &version(self.to),
            strategy: self.strategy,
            operator: &operator,
            releases: &ReleaseTable::built_in(),
            evidence: &self.evidence(),
            today: today(),
            made_at: self.made_at,
        })
    }

    fn evidence(&self) -> Evidence {
        Evidence {
            neighbours: self.neighbours,
            room: self.room.clone(),
            dry_run: self.dry_run.clone(),
            tenant: planner::tenant_api::check(&self.tenant_api, &self.snapshot, &version(self.to), self.made_at),
        }
    }
}

#[test]
fn a_minor_is_written_down_whole() {
    let mut wanted = Wanted::hop("v1.35.6", "v1.36.4");
    wanted.strategy = Some(Strategy::ROLLING_ONE);
    wanted.neighbours = Neighbours { tenants: 2, api_servers: 5, surging: 0, unknown: 1, counted: Counted::Everywhere };
    insta::assert_snapshot!("minor_markdown", markdown(&wanted.plan()));
    insta::assert_snapshot!("minor_text", text(&wanted.plan()));
}

#[test]
fn the_verdict_is_that_of_the_worst_finding() {
    type Change = fn(&mut Wanted);
    let cases: [(&str, Change, Verdict, u8); 6] = [
        ("a patch", |_| {}, Verdict::Warnings, 1),
        ("refused by Kamaji", |it| it.dry_run = DryRunFact::Refused("no".to_owned()), Verdict::Blocked, 2),
        ("not judged", |it| it.dry_run = DryRunFact::NotJudged("no answer".to_owned()), Verdict::NotChecked, 3),
        ("older", |it| it.to = "v1.34.0", Verdict::Blocked, 2),
        (
            "no room",
            |it| it.room = RoomFact::Simulated(placement::Verdict::Refused(Vec::new()), Vec::new()),
            Verdict::Blocked,
            2,
        ),
        ("room not read", |it| it.room = RoomFact::NotChecked("forbidden".to_owned()), Verdict::Warnings, 1),
    ];
    for (name, change, verdict, code) in cases {
        let mut wanted = Wanted::hop("v1.35.6", "v1.35.7");
        change(&mut wanted);
        let plan = wanted.plan();
        assert_eq!((plan.verdict, plan.verdict.exit_code()), (verdict, code), "{name}: {:?}", plan.findings);
    }
}

#[test]
fn a_second_surge_on_a_data_store_blocks_and_a_strategy_without_one_does_not() {
    let mut wanted = Wanted::hop("v1.35.6", "v1.35.7");
    wanted.neighbours =
        Neighbours { tenants: 4, api_servers: 12, surging: 1, unknown: 0, counted: Counted::Everywhere };
    assert_eq!(wanted.plan().verdict, Verdict::Blocked);
    wanted.strategy = Some(Strategy::IN_PLACE);
    assert_eq!(wanted.plan().verdict, Verdict::Warnings);

    let this = tenant("v1.35.6");
    let named = |name: &str, data_store: &str, alive: u32| {
        let mut other = tenant("v1.35.6");
        name.clone_into(&mut other.id.name);
        other.data_store.used = Some(data_store.to_owned());
        other.pods = Reading::Read(pods("v1.35.6", alive));
        other
    };
    let mut surging = named("b", "default", 6);
    surging.status = planner::tenant::KamajiStatus::Upgrading;
    let mut unreadable = named("e", "default", 3);
    unreadable.pods = Reading::Forbidden("no".to_owned());
    // Six pods of a tenant at rest: leftovers that somebody evicted, for instance.
    let at_rest = named("c", "default", 6);
    let elsewhere = named("d", "other", 6);
    let fleet = [this.clone(), surging, at_rest, elsewhere, unreadable];
    let all = Neighbours::of(&this, &fleet, Counted::Everywhere);
    assert_eq!(all, Neighbours { tenants: 3, api_servers: 9, surging: 1, unknown: 1, counted: Counted::Everywhere });
}

#[test]
fn where_not_every_namespace_is_seen_no_number_of_neighbours_is_the_whole_truth() {
    for (others, expected) in
        [(0, vec!["dataStoreNotAllCounted"]), (2, vec!["dataStoreShared", "dataStoreNotAllCounted"])]
    {
        let mut wanted = Wanted::hop("v1.35.6", "v1.35.7");
        wanted.neighbours = Neighbours { tenants: others, counted: Counted::SomeNamespaces, ..Neighbours::default() };
        let found = wanted.evidence().findings(&wanted.snapshot, None);
        let of_store = kinds(&found).into_iter().filter(|kind| kind.starts_with("dataStore")).collect::<Vec<_>>();
        assert_eq!(of_store, expected);
        assert_eq!(wanted.plan().verdict, Verdict::Warnings);
    }
}

#[test]
fn the_digest_is_of_the_facts_and_not_of_the_moment() {
    let wanted = || Wanted::hop("v1.35.6", "v1.36.4");
    let digest = wanted().plan().digest;
    let later = Wanted { made_at: NOW.plus_millis(86_400_000), ..wanted() };
    assert_eq!(later.plan().digest, digest);
    let mut busy = wanted();
    busy.snapshot.resource_version = "9999".to_owned();
    assert_eq!(busy.plan().digest, digest, "Kamaji writes status many times a second");
    let mut changed = [wanted(), wanted(), wanted(), wanted(), wanted()];
    changed[4].dry_run = DryRunFact::Refused("no".to_owned());
    changed[0].snapshot.generation += 1;
    changed[1].strategy = Some(Strategy::ROLLING_ONE);
    changed[2].to = "v1.36.3";
    changed[3].room = RoomFact::NotChecked("forbidden".to_owned());
    for other in changed {
        assert_ne!(other.plan().digest, digest);
    }
}

#[test]
fn nothing_is_recommended_that_the_plan_itself_blocks() {
    let why = |wanted: &Wanted| wanted.plan().strategy.why;
    let free = Wanted { strategy: Some(Strategy::IN_PLACE), ..Wanted::hop("v1.35.6", "v1.35.7") };
    assert!(why(&free).contains("Recommended would be 100%/0."), "{}", why(&free));
    let busy = Wanted {
        neighbours: Neighbours { tenants: 1, api_servers: 3, surging: 1, unknown: 0, counted: Counted::Everywhere },
        ..free
    };
    assert_eq!(why(&busy), "It was chosen for this hop.");
    let full = Wanted { room: RoomFact::NotChecked("forbidden".to_owned()), ..Wanted::hop("v1.35.6", "v1.35.7") };
    assert_eq!(why(&full), "It is the one that is declared.");
}

#[test]
fn notices_are_those_of_the_strategy() {
    let mut wanted = Wanted::hop("v1.35.6", "v1.35.7");
    wanted.strategy = Some(Strategy::Recreate);
    let notices = wanted.plan().notices;
    assert!(notices.iter().any(|notice| notice.starts_with("The API server is away")), "{notices:?}");
    assert!(!notices.iter().any(|notice| notice.contains("side by side")), "{notices:?}");
    wanted.snapshot.replicas = 0;
    assert!(wanted.plan().notices[0].starts_with("Nothing now"));
}

#[test]
fn hostile_names_stay_text() {
    let mut wanted = Wanted::hop("v1.35.6", "v1.36.4");
    wanted.snapshot.id.name = "a'; rm -rf / #|`<b>\u{1b}[2J\n".to_owned();
    let plan = wanted.plan();
    for command in &plan.change.commands {
        assert!(command.line.contains("'a'\\''; rm -rf / #|"), "{}", command.line);
    }
    let markdown = markdown(&plan);
    assert!(markdown.starts_with("# team-a/a'; rm -rf / \\#\\|\\`&lt;b>"), "{markdown}");
    assert!(!text(&plan).contains('\u{1b}'));
}

#[test]
fn the_json_is_as_it_was_published() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../docs/upgrade-plan.schema.json")).expect("the schema is JSON");
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("plan.json", schema).expect("a schema");
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("plan.json", &mut schemas).expect("it compiles");

    let mut sleeping = Wanted::hop("v1.35.6", "v1.36.4");
    sleeping.snapshot.replicas = 0;
    let mut odd = Wanted::hop("v1.35.6", "v1.34.1");
    odd.snapshot.strategy.kind = Some("Canary".to_owned());
    odd.snapshot.installed_version = None;
    for wanted in [Wanted::hop("v1.35.6", "v1.36.4"), Wanted::hop("v1.35.6", "v1.35.7"), sleeping, odd] {
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
