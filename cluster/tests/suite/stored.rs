//! Stored plans against the sandbox's API in process, and where the kind is not there.

use std::sync::Arc;

use ::sandbox::{Sandbox, SandboxOptions};
use cluster::resources::{Object, ObjectKind};
use cluster::{
    ChangeError, Changes, Credentials, Identity, Index, Observer, Scope, Source, Visibility, WatchState, observe,
};
use http::Request;
use kube::Client;
use planner::hop::HopRequest;
use planner::plan::Verdict;
use planner::plan::stored::{Asked, ListedPlan, PlanName, PlanState, StoredPlan, Storing};
use planner::releases::ReleaseTable;
use planner::strategy::Strategy;
use planner::tenant::TenantId;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::api::{Api, PAGE_NOT_FOUND};
use crate::support::{HandClock, NOW, read, scope};

const PLANS: &str = "/apis/upgrade-console.kamaji.clastix.io/v1alpha1/namespaces/team-a/upgradeplans";

/// One tenant, and whoever asks.
struct World {
    sandbox: Sandbox,
    client: Client,
    observer: Observer,
    changes: Changes,
}

fn person(user: &str, group: &str, sees: Visibility) -> Identity {
    Identity { user: user.to_owned(), groups: vec![group.to_owned()], sees, via: Credentials::Impersonate }
}

fn owner() -> Identity {
    person("owner@team-a", "tenant-owners", Visibility::Namespaces(["team-a".to_owned()].into()))
}

fn platform() -> Identity {
    person("platform-admin", "platform-admins", Visibility::All)
}

fn stranger() -> Identity {
    person("owner@team-b", "tenant-owners", Visibility::Namespaces(["team-b".to_owned()].into()))
}

fn id() -> TenantId {
    TenantId { namespace: "team-a".to_owned(), name: "tenant-00".to_owned() }
}

fn asked(version: &str) -> Asked {
    Asked {
        version: version.parse().expect("a version"),
        strategy: Some(Strategy::IN_PLACE),
        overrides: Vec::new(),
        data_store_limit: None,
    }
}

impl World {
    async fn new() -> Self {
        let options = SandboxOptions { manual: true, scenario: "single".to_owned(), ..SandboxOptions::default() };
        let sandbox = Sandbox::new(&options).expect("a world");
        let client = Client::new(sandbox.router(), "default");
        let observer = observe(client.clone(), Scope::WHOLE_CLUSTER, sandbox.clock(), CancellationToken::new());
        observer.health().wait_for(|health| health.live()).await.expect("it is observed");
        let releases = Arc::new(ReleaseTable::built_in());
        let changes = Changes::new(client.clone(), observer.clone(), sandbox.clock(), releases);
        Self { sandbox, client, observer, changes }
    }

    async fn store(&self, who: &Identity) -> StoredPlan {
        self.changes.store(who, &id(), asked("v1.36.4"), None).await.expect("it is stored")
    }

    /// Changes the tenant as somebody else does, and waits until that is seen.
    async fn replicas(&self, replicas: u32) {
        let patch = json!({"spec": {"controlPlane": {"deployment": {"replicas": replicas}}}});
        let path = "/apis/kamaji.clastix.io/v1alpha1/namespaces/team-a/tenantcontrolplanes/tenant-00";
        self.send("PATCH", path, "application/merge-patch+json", &patch).await;
        self.sandbox.advance(240_000);
        let mut tenant = self.observer.tenant(&platform(), &id()).expect("it is there");
        let settled = tenant.wait_for(|now| now.replicas == replicas && planner::stage::is_finished(now)).await;
        settled.expect("it comes to rest");
    }

    async fn send(&self, method: &str, path: &str, content_type: &str, body: &Value) -> Value {
        let request = Request::builder().method(method).uri(path).header("content-type", content_type);
        let request = request.header("impersonate-user", "platform-admin");
        let request = request.header("impersonate-group", "platform-admins");
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.client.request::<Value>(request.body(body).expect("a request")).await.expect("it is taken")
    }

    async fn object(&self, name: &PlanName) -> Value {
        self.send("GET", &format!("{PLANS}/{name}"), "", &Value::Null).await
    }

    /// The listed plans once this holds of them.
    async fn listed(&self, holds: impl Fn(&[ListedPlan]) -> bool) -> Vec<ListedPlan> {
        let mut fleet = self.observer.fleet();
        loop {
            let plans = self.observer.plans(&platform(), &id());
            if holds(&plans) {
                return plans;
            }
            fleet.changed().await.expect("it is observed");
        }
    }

    fn agreed(&self, plan: &StoredPlan) -> HopRequest {
        let now = self.observer.tenant(&platform(), &id()).expect("it is there");
        let binding = planner::hop::Binding::of(&now.borrow());
        HopRequest {
            tenant: id(),
            binding,
            version: plan.asked.version.clone(),
            strategy: plan.asked.strategy,
            acknowledged: vec![planner::hop::Acknowledgement::KubeletsNotChecked],
            typed_name: Some("tenant-00".to_owned()),
            despite: None,
        }
    }
}

fn lines(plans: &[ListedPlan]) -> Vec<String> {
    let words = |plan: &ListedPlan| match plan {
        ListedPlan::Readable(line) => format!("{} by {}", line.version, line.made_by),
        ListedPlan::Broken { why, .. } => why.clone(),
    };
    plans.iter().map(words).collect()
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_stored_as_the_person_and_listed_for_whoever_sees_the_tenant() {
    let world = World::new().await;
    assert_eq!(world.observer.storing("team-a"), Storing::Here);
    let plan = world.store(&owner()).await;
    assert_eq!((plan.made_by.as_str(), plan.document.verdict), ("owner@team-a", Verdict::Warnings));
    let object = world.object(&plan.name).await;
    assert_eq!(object["metadata"]["managedFields"][0]["manager"], "tenant-upgrade-console");
    let condition = &object["status"]["conditions"][0];
    assert_eq!((condition["type"].as_str(), condition["status"].as_str()), (Some("Current"), Some("True")));
    assert_eq!(object["status"]["observedGeneration"], 1);

    let plans = world.listed(|plans| !plans.is_empty()).await;
    assert_eq!(lines(&plans), ["v1.36.4 by owner@team-a"]);
    let ListedPlan::Readable(line) = &plans[0] else { panic!("it can be read") };
    let now = world.observer.tenant(&owner(), &id()).expect("there").borrow().clone();
    assert_eq!(line.state(&now), PlanState::Current);
    assert_eq!(world.observer.plans(&owner(), &id()).len(), 1);
    assert_eq!(world.observer.plans(&stranger(), &id()), [], "what somebody may not see does not exist");
    assert_eq!(world.changes.stored(&platform(), &id(), &plan.name).await, Ok(plan.clone()));
    assert_eq!(world.changes.stored(&stranger(), &id(), &plan.name).await, Err(ChangeError::NotFound));

    // The same plan is stored once, whoever stores it.
    let again = world.store(&platform()).await;
    assert_eq!((again.name, again.made_by), (plan.name, "owner@team-a".to_owned()));
    assert_eq!(world.listed(|plans| !plans.is_empty()).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn time_alone_makes_no_plan_stale() {
    let world = World::new().await;
    let plan = world.store(&owner()).await;
    world.sandbox.advance(3 * 3_600_000);
    let anew = world.changes.plan_asked(&platform(), &id(), &plan.asked).await.expect("a plan");
    assert_ne!(anew.made_at, plan.document.made_at);
    assert_eq!(plan.changes(&anew), []);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_not_the_one_that_was_seen_is_not_stored() {
    let world = World::new().await;
    let seen = world.changes.plan_asked(&owner(), &id(), &asked("v1.36.4")).await.expect("a plan").digest;
    world.replicas(2).await;
    let refused = world.changes.store(&owner(), &id(), asked("v1.36.4"), Some(&seen)).await;
    assert!(matches!(refused, Err(ChangeError::Changed { .. })), "{refused:?}");
    assert_eq!(world.observer.plans(&owner(), &id()), []);
}

#[tokio::test(start_paused = true)]
async fn a_stale_plan_starts_nothing_until_it_is_renewed() {
    let world = World::new().await;
    let plan = world.store(&owner()).await;
    world.replicas(2).await;
    let agreed = world.agreed(&plan);
    let refused = world.changes.start_stored(&owner(), &plan.name, &agreed).await;
    let Err(ChangeError::Changed { changes }) = refused else { panic!("{refused:?}") };
    let words: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert!(words.contains(&"the number of replicas: 3 → 2".to_owned()), "{words:?}");
    let condition = world.object(&plan.name).await["status"]["conditions"][0].clone();
    assert_eq!((condition["status"].as_str(), condition["reason"].as_str()), (Some("False"), Some("FactsChanged")));

    let renewed = world.changes.renew(&platform(), &id(), &plan.name, &plan.document.digest).await.expect("renewed");
    assert_eq!((&renewed.name, renewed.made_by.as_str()), (&plan.name, "platform-admin"));
    assert_eq!(renewed.document.binding.facts.replicas, 2);
    assert_eq!(
        world.changes.stored(&owner(), &id(), &plan.name).await,
        Ok(renewed.clone()),
        "nothing of the old is left"
    );
    let object = world.object(&plan.name).await;
    assert_eq!(
        (&object["status"]["conditions"][0]["status"], &object["metadata"]["generation"]),
        (&json!("True"), &json!(2))
    );

    let late = world.changes.renew(&owner(), &id(), &plan.name, &plan.document.digest).await;
    assert!(matches!(late, Err(ChangeError::Changed { .. })), "somebody was quicker: {late:?}");
    let late = world.changes.delete_plan(&owner(), &id(), &plan.name, Some(&plan.document.digest)).await;
    assert!(matches!(late, Err(ChangeError::Changed { .. })), "nothing is deleted unseen: {late:?}");

    let another = HopRequest { strategy: Some(Strategy::BLUE_GREEN), ..agreed.clone() };
    let refused = world.changes.start_stored(&owner(), &plan.name, &another).await;
    assert!(matches!(refused, Err(ChangeError::Changed { .. })), "it is not what was planned: {refused:?}");
    let started = world.changes.start_stored(&owner(), &plan.name, &agreed).await.expect("it starts");
    assert_eq!(started.version.0, "v1.36.4");
    let mut tenant = world.observer.tenant(&owner(), &id()).expect("there");
    let now = tenant.wait_for(|now| now.desired_version.0 == "v1.36.4").await.expect("it is seen").clone();
    let state = renewed.line().state(&now);
    assert_eq!(state, PlanState::Started { to: renewed.asked.version, finished: false });
    let condition = world.object(&plan.name).await["status"]["conditions"][0].clone();
    assert_eq!((condition["status"].as_str(), condition["reason"].as_str()), (Some("False"), Some("Started")));
    let over = world.changes.renew(&owner(), &id(), &plan.name, &renewed.document.digest).await;
    assert_eq!(over, Err(ChangeError::PlanOver));
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_was_edited_is_listed_as_broken_and_can_only_be_deleted() {
    let world = World::new().await;
    let plan = world.store(&owner()).await;
    let edit = json!({"spec": {"verdict": "clean"}});
    world.send("PATCH", &format!("{PLANS}/{}", plan.name), "application/merge-patch+json", &edit).await;
    let plans = world.listed(|plans| matches!(plans, [ListedPlan::Broken { .. }])).await;
    assert_eq!(lines(&plans), ["`spec.verdict` is not what its document says; it was changed by hand"]);
    let refused = world.changes.start_stored(&owner(), &plan.name, &world.agreed(&plan)).await;
    assert!(matches!(refused, Err(ChangeError::PlanUnusable(_))), "{refused:?}");
    let refused = world.changes.delete_plan(&owner(), &id(), &plan.name, Some(&plan.document.digest)).await;
    assert!(matches!(refused, Err(ChangeError::PlanUnusable(_))), "it is not the one that was seen: {refused:?}");
    world.changes.delete_plan(&owner(), &id(), &plan.name, None).await.expect("it is deleted");
    assert_eq!(world.listed(<[_]>::is_empty).await, []);
    let gone = world.changes.stored(&owner(), &id(), &plan.name).await;
    assert_eq!(gone, Err(ChangeError::NoSuchPlan));
}

#[tokio::test(start_paused = true)]
async fn without_the_kind_nothing_is_amiss_and_storing_says_what_is_missing() {
    let api = Api::new();
    api.world().refused.push(("/upgradeplans", 404, PAGE_NOT_FOUND));
    let clock = HandClock::new().clock();
    let observer = observe(api.client(), Scope::WHOLE_CLUSTER, clock.clone(), CancellationToken::new());
    let health = observer.health().wait_for(|health| health.live()).await.expect("it is observed").clone();
    assert!(health.ready());
    assert_eq!(health.sentences(), [""; 0]);
    assert_eq!(observer.storing("tenants"), Storing::NotServed);
    let words = observer.storing("tenants").to_string();
    assert!(words.contains("deploy/crds/upgradeplans.yaml"), "{words}");
    let changes = Changes::new(api.client(), observer.clone(), clock, Arc::new(ReleaseTable::built_in()));
    let tenant = crate::support::tenant_id("t");
    let refused = changes.store(&crate::support::admin(), &tenant, asked("v1.35.7"), None).await;
    assert_eq!(refused.err(), Some(ChangeError::PlansNotServed));

    // It is installed: without a restart it is found.
    api.world().refused.clear();
    let live =
        |health: &Arc<cluster::Health>| matches!(health.state(ObjectKind::UpgradePlan), Some(WatchState::Live { .. }));
    observer.health().wait_for(live).await.expect("it is observed");
    assert_eq!(observer.storing("tenants"), Storing::Here);
}

/// A plan object of a namespace.
fn listed_in(namespace: &str, name: &str) -> Object {
    let object = json!({"metadata": {"name": name, "namespace": namespace}, "spec": {"tenant": "t"}});
    read(ObjectKind::UpgradePlan, &object)
}

#[test]
fn of_many_plans_the_newest_are_kept_and_the_others_counted() {
    let created = |number: i64| {
        let object = json!({
            "metadata": {
                "name": format!("plan-{number:02}"),
                "namespace": "a",
                "creationTimestamp": format!("2026-11-22T07:{number:02}:00Z"),
            },
            "spec": {"tenant": "t"},
        });
        read(ObjectKind::UpgradePlan, &object)
    };
    let id = TenantId { namespace: "a".to_owned(), name: "t".to_owned() };
    let (mut index, observer) = Index::within(&scope(&["a"]), NOW, Source::Cluster, HandClock::new().clock());
    let seen = |observer: &Observer| {
        let plans = observer.plans(&platform(), &id);
        let end = |plan: Option<&ListedPlan>| plan.map(|plan| plan.name().to_string()).unwrap_or_default();
        (plans.len(), end(plans.first()), end(plans.last()), observer.more_plans(&platform(), &id))
    };
    // The order in which they come is not that of their age.
    for number in (0..30).map(|number| number * 7 % 30) {
        index.apply(created(number), NOW);
    }
    index.flush(NOW);
    assert_eq!(seen(&observer), (20, "plan-29".to_owned(), "plan-10".to_owned(), 10));
    assert_eq!(observer.more_plans(&stranger(), &id), 0);
    index.delete(&created(29), NOW);
    index.delete(&created(4), NOW);
    index.apply(created(3), NOW);
    index.flush(NOW);
    assert_eq!(seen(&observer), (20, "plan-28".to_owned(), "plan-03".to_owned(), 8));
}

#[test]
fn plans_come_and_go_with_their_watch() {
    let (mut index, observer) = Index::within(&scope(&["a", "b"]), NOW, Source::Cluster, HandClock::new().clock());
    let watch = |namespace: &str| cluster::Watch {
        kind: ObjectKind::UpgradePlan,
        namespace: Some(namespace.parse().expect("a name")),
    };
    let names = |observer: &Observer, namespace: &str| -> Vec<String> {
        let id = TenantId { namespace: namespace.to_owned(), name: "t".to_owned() };
        let plans = observer.plans(&platform(), &id);
        plans.iter().map(|plan| plan.name().to_string()).collect()
    };
    for namespace in ["a", "b"] {
        index.reset(watch(namespace), vec![listed_in(namespace, "one"), listed_in(namespace, "two")], NOW);
    }
    index.apply(listed_in("a", "three"), NOW);
    index.delete(&listed_in("a", "one"), NOW);
    index.flush(NOW);
    assert_eq!(
        (names(&observer, "a"), names(&observer, "b")),
        (vec!["three".into(), "two".into()], vec!["one".into(), "two".into()])
    );
    index.lost(watch("a"), "connection reset", NOW);
    index.flush(NOW);
    assert_eq!(names(&observer, "a").len(), 2, "what was seen last stays");
    index.reset(watch("a"), vec![listed_in("a", "two")], NOW);
    index.forbidden(watch("b"), "no longer", NOW);
    index.flush(NOW);
    assert_eq!((names(&observer, "a"), names(&observer, "b")), (vec!["two".to_owned()], Vec::new()));
    assert_eq!(observer.storing("b"), Storing::Unlisted("no longer".to_owned()));
    index.not_served(watch("a"), NOW);
    index.flush(NOW);
    assert_eq!((names(&observer, "a"), observer.storing("a")), (Vec::new(), Storing::NotServed));
}
