//! The plan as a document.

mod given;
mod image;
mod owned;
mod stored;
mod written;

use planner::cluster_api::ClusterApiFacts;
use planner::cost::{Price, Prices};
use planner::datastore::DataStoreLoad;
use planner::finding::{Overridable, Override, OverrideState, Severity};
use planner::operator::OperatorKnowledge;
use planner::placement::{self, Quantity, QuotaUse};
use planner::plan::{
    CostFacts, Counted, DryRunFact, Evidence, ImageFact, Neighbours, PlanFacts, RoomFact, UpgradePlan, Verdict, make,
    markdown, text,
};
use planner::releases::ReleaseTable;
use planner::strategy::Strategy;
use planner::tenant::{DataStoreFacts, MeasuredUsage, PodRequests, Reading, TenantSnapshot};
use planner::tenant_api::{Answer, BACKUP_IS_FRESH_HOURS, Backup, NotAsked, TenantApi};
use planner::time::UnixMillis;

use crate::builders::{NOW, current, kinds, pods, tenant, today, version};
use crate::tenant_api::facts as healthy;

const HOUR_MS: i64 = 3_600_000;

/// A plan of which everything but the named things is good.
struct Wanted {
    snapshot: TenantSnapshot,
    to: &'static str,
    strategy: Option<Strategy>,
    neighbours: Neighbours,
    room: RoomFact,
    costs: CostFacts,
    dry_run: DryRunFact,
    tenant_api: TenantApi,
    cluster_api: Option<ClusterApiFacts>,
    made_at: UnixMillis,
}

impl Wanted {
    fn hop(from: &str, to: &'static str) -> Self {
        let mut snapshot = tenant(from);
        if let Reading::Read(deployment) = &mut snapshot.deployment {
            deployment.requests =
                PodRequests { cpu_millis: Some(250), memory_bytes: Some(512 << 20), ..PodRequests::default() };
        }
        Self {
            snapshot,
            to,
            strategy: None,
            neighbours: Neighbours::default(),
            room: RoomFact::Simulated(placement::Verdict::Fits { more: 3 }, Vec::new()),
            costs: CostFacts::default(),
            dry_run: DryRunFact::Accepted,
            tenant_api: TenantApi::NotAsked(NotAsked::NoSecretNamed),
            cluster_api: None,
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
            costs: self.costs.clone(),
            today: today(),
            made_at: self.made_at,
        })
    }

    fn evidence(&self) -> Evidence {
        Evidence {
            neighbours: self.neighbours,
            room: self.room.clone(),
            dry_run: self.dry_run.clone(),
            image: ImageFact::NotAsked,
            tenant: planner::tenant_api::check(&self.tenant_api, &self.snapshot, &version(self.to), self.made_at),
            cluster_api: self
                .cluster_api
                .as_ref()
                .map(|facts| planner::cluster_api::advise(facts, &self.snapshot, &version(self.to), &current(36))),
        }
    }
}

/// Everything that the costs of a plan can be made from.
fn costs(snapshot: &TenantSnapshot) -> CostFacts {
    let price = |text: &str| text.parse::<Price>().expect("a price");
    let quota = |resource: &str, hard: i64, used: i64, peak: i64| {
        let of = Quantity::from_units;
        let (quota, resource) = ("team-a".to_owned(), resource.to_owned());
        QuotaUse { quota, resource, hard: of(hard), used: of(used), peak: of(peak) }
    };
    let mut other = tenant("v1.35.6");
    "tenant-01".clone_into(&mut other.id.name);
    let object = DataStoreFacts {
        driver: Some("etcd".to_owned()),
        endpoints: 3,
        used_by: vec![snapshot.id.clone(), other.id.clone()],
        problems: Vec::new(),
    };
    CostFacts {
        usage: Ok(MeasuredUsage {
            pods: 3,
            cpu_millis: 137,
            memory_bytes: 441 << 20,
            at: Some(NOW.plus_millis(-9_000)),
        }),
        assumed: PodRequests { ephemeral_storage_bytes: Some(64 << 20), ..PodRequests::default() },
        prices: Some(Prices {
            cpu_hour: price("0.04"),
            gib_hour: price("0.005"),
            currency: "EUR".parse().expect("a currency"),
        }),
        quotas: vec![(
            Strategy::ROLLING_ONE,
            vec![quota("pods", 10, 5, 8), quota("requests.memory", 4 << 30, 3 << 30, 5 << 30)],
        )],
        data_store: DataStoreLoad::of(snapshot, [snapshot, &other], &Ok(object), Some(600)),
        overrides: Vec::new(),
        may_override: true,
    }
}

fn override_for(hours: i64) -> Override {
    let made = NOW.plus_millis(-3_600_000);
    let until = NOW.plus_millis(hours * 3_600_000);
    Override::new(Overridable::DataStoreBusy, "ada", "etcd | was sized for it", until, made).expect("good")
}

#[test]
fn a_minor_is_written_down_whole() {
    let mut wanted = Wanted::hop("v1.35.6", "v1.36.4");
    wanted.costs = costs(&wanted.snapshot);
    wanted.costs.overrides = vec![override_for(2)];
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
    // Of a tenant whose Deployment is complete nothing else is needed; of another one without pods it cannot be told.
    let mut complete = named("f", "default", 3);
    complete.pods = Reading::Forbidden("no".to_owned());
    let mut unreadable = complete.clone();
    "e".clone_into(&mut unreadable.id.name);
    unreadable.status = planner::tenant::KamajiStatus::Unknown;
    // Six pods of a tenant at rest: leftovers that somebody evicted, for instance.
    let at_rest = named("c", "default", 6);
    let elsewhere = named("d", "other", 6);
    // Written, and no new pod there yet.
    let mut about_to = named("g", "default", 3);
    about_to.desired_version = planner::tenant::DeclaredVersion("v1.36.4".to_owned());
    let mut in_place = about_to.clone();
    "h".clone_into(&mut in_place.id.name);
    in_place.strategy = Strategy::IN_PLACE.declared();
    let fleet = [this.clone(), surging, at_rest, elsewhere, complete, unreadable, about_to, in_place];
    assert_eq!(
        Neighbours::of(&this, &fleet, Counted::Everywhere),
        Neighbours { tenants: 6, api_servers: 18, surging: 2, unknown: 1, counted: Counted::Everywhere }
    );
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
fn an_override_in_force_lets_a_busy_data_store_warn() {
    // hours that the override lasts from now on, whether whoever asks may override, verdict, state
    let table = [
        (2, true, Verdict::Warnings, OverrideState::Applied),
        (0, true, Verdict::Blocked, OverrideState::Expired),
        (2, false, Verdict::Blocked, OverrideState::NotAllowed),
    ];
    for (hours, may_override, verdict, state) in table {
        let mut wanted = Wanted::hop("v1.35.6", "v1.35.7");
        wanted.neighbours =
            Neighbours { tenants: 4, api_servers: 12, surging: 1, unknown: 0, counted: Counted::Everywhere };
        wanted.costs.overrides = vec![override_for(hours)];
        wanted.costs.may_override = may_override;
        let plan = wanted.plan();
        assert_eq!((plan.verdict, plan.overrides[0].state), (verdict, state), "{hours}");
        let finding = plan.findings.iter().find(|finding| finding.sentence.contains("surges")).expect("it stays");
        assert_eq!(finding.evidence.contains("ada"), may_override, "{finding:?}");
        assert!(text(&plan).contains(&format!("(etcd | was sized for it): {state}")), "{hours}: {}", text(&plan));
        wanted.dry_run = DryRunFact::Refused("no".to_owned());
        assert_eq!(wanted.plan().verdict, Verdict::Blocked, "it is for one finding only");
    }
}

#[test]
fn connections_beyond_what_the_data_store_takes_are_a_warning() {
    // Two tenants of three API servers, six of one at the peak: 450 to 594.
    let table = [(Some(594), Some(Severity::Passes)), (Some(593), Some(Severity::Warns)), (None, None)];
    for (limit, severity) in table {
        let mut wanted = Wanted::hop("v1.35.6", "v1.35.7");
        wanted.costs = costs(&wanted.snapshot);
        if let Some(load) = &mut wanted.costs.data_store {
            load.limit = limit;
        }
        let plan = wanted.plan();
        let finding = plan.findings.iter().find(|finding| finding.sentence.starts_with("DataStore default takes"));
        assert_eq!(finding.map(|finding| finding.severity), severity, "{limit:?}");
    }
}

#[test]
fn within_the_limit_is_a_verdict_only_where_every_tenant_is_counted() {
    type Change = fn(&mut Wanted);
    fn load(wanted: &mut Wanted, change: fn(&mut DataStoreLoad)) {
        change(wanted.costs.data_store.as_mut().expect("one"));
    }
    // What is missing, whether the hops of all others are seen, severity.
    let cases: [(&str, Change, bool, Severity); 6] = [
        ("nothing", |_| {}, true, Severity::Passes),
        ("a tenant", |it| load(it, |load| load.not_observed = 1), false, Severity::Unknown),
        ("the object", |it| load(it, |load| load.endpoints = None), false, Severity::Unknown),
        ("namespaces", |it| it.neighbours.counted = Counted::SomeNamespaces, false, Severity::Unknown),
        ("pods of one", |it| load(it, |load| load.unread = 1), true, Severity::Unknown),
        // More tenants only make it worse.
        (
            "a tenant beyond the limit",
            |it| load(it, |load| (load.not_observed, load.limit) = (1, Some(593))),
            false,
            Severity::Warns,
        ),
    ];
    for (missing, change, hops_seen, severity) in cases {
        let mut wanted = Wanted::hop("v1.35.6", "v1.35.7");
        wanted.costs = costs(&wanted.snapshot);
        change(&mut wanted);
        let plan = wanted.plan();
        let finding = plan.findings.iter().find(|finding| finding.sentence.starts_with("DataStore default takes"));
        let finding = finding.expect("a limit is given");
        assert_eq!(finding.severity, severity, "{missing}: {finding:?}");
        let said = finding.sentence.contains("Not all");
        assert_eq!(said, missing != "nothing", "{missing}: {finding:?}");
        assert_eq!(finding.remedy.is_some(), severity != Severity::Passes, "{missing}: {finding:?}");
        let now = plan.costs.and_then(|costs| costs.data_store).expect("it uses one").sentence;
        assert_eq!(now.contains("no hop of another tenant is under way"), hops_seen, "{missing}: {now}");
        assert_eq!(now.contains("at least 2 tenants"), !hops_seen, "{missing}: {now}");
    }
}

#[test]
fn each_candidate_has_its_costs_and_one_is_chosen() {
    let mut wanted = Wanted::hop("v1.35.6", "v1.36.4");
    wanted.costs = costs(&wanted.snapshot);
    let custom: Strategy = "2/0".parse().expect("a strategy");
    for strategy in [Strategy::IN_PLACE, custom] {
        wanted.strategy = Some(strategy);
        let costs = wanted.plan().costs.expect("pods roll out");
        assert_eq!(costs.chosen().map(|chosen| chosen.strategy.clone()), Some(strategy.to_string()));
        assert_eq!(costs.strategies.iter().filter(|cost| cost.chosen).count(), 1);
        assert_eq!(costs.strategies.len(), if strategy == custom { 6 } else { 5 });
    }
    wanted.snapshot.replicas = 0;
    assert_eq!(wanted.plan().costs, None, "nothing rolls out while it sleeps");
}

#[test]
fn the_digest_is_of_the_facts_and_not_of_the_moment() {
    let wanted = || Wanted::hop("v1.35.6", "v1.36.4");
    let digest = wanted().plan().digest;
    let later = Wanted { made_at: NOW.plus_millis(86_400_000), ..wanted() };
    assert_eq!(later.plan().digest, digest);
    // A backup grows older with each look, and is another fact only once it is too old.
    let with_backup = |made_at| {
        let completed_at = NOW.plus_millis(-HOUR_MS);
        let mut facts = healthy();
        facts.backups = Answer::Read(vec![Backup { name: "velero/nightly".to_owned(), completed_at }]);
        Wanted { tenant_api: TenantApi::Asked(Box::new(facts)), made_at, ..wanted() }.plan().digest
    };
    let fresh_for = BACKUP_IS_FRESH_HOURS * HOUR_MS - HOUR_MS;
    let at = |millis| with_backup(NOW.plus_millis(millis));
    assert_eq!([at(HOUR_MS), at(fresh_for)], [at(0), at(0)]);
    assert_ne!(at(fresh_for + 1), at(0));
    assert_eq!(at(fresh_for + 1), at(fresh_for + 72 * HOUR_MS));
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
