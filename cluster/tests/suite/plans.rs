//! Plans against the sandbox's API in process: what a hop costs there, and what cannot be read.

use std::sync::Arc;

use ::sandbox::{Sandbox, SandboxOptions};
use cluster::{Changes, Identity, PlanOptions, Scope, Visibility, observe};
use http::Request;
use kube::Client;
use planner::finding::{Overridable, Override, OverrideState};
use planner::plan::{CostRow, UpgradePlan, Verdict};
use planner::releases::ReleaseTable;
use planner::strategy::Strategy;
use planner::tenant::TenantId;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::admin;

/// A world, and a client of it.
struct World {
    sandbox: Sandbox,
    client: Client,
    changes: Changes,
}

impl World {
    async fn new(scenario: &str) -> Self {
        let options = SandboxOptions { manual: true, scenario: scenario.to_owned(), ..SandboxOptions::default() };
        let sandbox = Sandbox::new(&options).expect("a world");
        let client = Client::new(sandbox.router(), "default");
        let observer = observe(client.clone(), Scope::WHOLE_CLUSTER, sandbox.clock(), CancellationToken::new());
        observer.health().wait_for(|health| health.live()).await.expect("it is observed");
        let releases = Arc::new(ReleaseTable::built_in());
        let changes = Changes::new(client.clone(), observer, sandbox.clock(), releases);
        Self { sandbox, client, changes }
    }

    /// Refuses resources, by plural.
    async fn deny(&self, resources: &[&str]) {
        let request = Request::post("/sandbox/faults").header("content-type", "application/json");
        let request = request.body(json!({"deny": resources}).to_string().into_bytes()).expect("a request");
        self.client.request::<Value>(request).await.expect("the control door takes it");
    }

    async fn plan(&self, name: &str, strategy: Option<Strategy>, options: &PlanOptions) -> UpgradePlan {
        self.plan_for(&admin(), name, strategy, options).await
    }

    async fn plan_for(
        &self,
        who: &Identity,
        name: &str,
        strategy: Option<Strategy>,
        options: &PlanOptions,
    ) -> UpgradePlan {
        let tenant = TenantId { namespace: "team-a".to_owned(), name: name.to_owned() };
        let version = "v1.36.4".parse().expect("a version");
        self.changes.plan_with(who, &tenant, &version, strategy, options).await.expect("a plan")
    }
}

fn rows<'a>(plan: &'a UpgradePlan, what: &str) -> Vec<&'a CostRow> {
    let costs = plan.costs.as_ref().expect("pods roll out");
    costs.chosen().expect("a strategy").rows.iter().filter(|row| row.what.starts_with(what)).collect()
}

fn bases(plan: &UpgradePlan, what: &str) -> Vec<String> {
    rows(plan, what).into_iter().map(|row| row.basis.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_pods_request_and_what_they_use_stand_side_by_side() {
    let world = World::new("shared-stores").await;
    let measured = "measured, mean of 3 pods";
    // payments requests CPU and memory, tenant-00 nothing.
    for (name, expected) in [("payments", vec!["requested", measured]), ("tenant-00", vec![measured])] {
        let plan = world.plan(name, Some(Strategy::SURGE_ONE), &PlanOptions::default()).await;
        assert_eq!(bases(&plan, "CPU"), expected, "{name}");
        assert_eq!(bases(&plan, "Memory"), expected, "{name}");
        assert_eq!(bases(&plan, "Ephemeral storage"), ["not known"], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn usage_that_cannot_be_read_is_said_and_stops_nothing() {
    let world = World::new("shared-stores").await;
    world.deny(&["pods.metrics.k8s.io"]).await;
    let refused = world.plan("tenant-00", None, &PlanOptions::default()).await;
    let absent = World::new("single").await.plan("tenant-00", None, &PlanOptions::default()).await;
    for (plan, note) in [
        (refused, "What the pods use may not be read: "),
        (absent, "What the pods use is not known: the management cluster serves no `metrics.k8s.io`."),
    ] {
        let notes = &plan.costs.as_ref().expect("pods roll out").notes;
        assert!(notes.iter().any(|said| said.starts_with(note)), "{note}: {notes:?}");
        assert_eq!(bases(&plan, "CPU"), ["not known"], "no zero in its place");
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_surge_on_a_data_store_is_for_somebody_to_answer_for() {
    let world = World::new("shared-stores").await;
    let plan = world.plan("orders", None, &PlanOptions::default()).await;
    assert_eq!(plan.verdict, Verdict::Blocked, "team-b/search surges on it");
    let costs = plan.costs.as_ref().expect("pods roll out");
    let store = costs.data_store.as_ref().expect("it uses one");
    assert_eq!((store.name.as_str(), store.tenants, store.hops), ("postgres", 2, 1));
    // Three of this tenant, six of the other one, at most ten connections each.
    assert_eq!(store.api_servers, 9);
    let connections = rows(&plan, "DataStore postgres")[0];
    assert_eq!((connections.today.as_str(), connections.peak.as_str()), ("9 to 90", "12 to 120"));

    let now = (world.sandbox.clock())();
    let until = now.plus_millis(3_600_000);
    let given = Override::new(Overridable::DataStoreBusy, "ada", "sized for it", until, now).expect("good");
    let options = PlanOptions { data_store_limit: Some(100), overrides: vec![given], ..PlanOptions::default() };
    let plan = world.plan("orders", None, &options).await;
    assert_eq!(plan.verdict, Verdict::Warnings, "{:?}", plan.findings);
    // Who does not see team-b's tenants cannot weigh what it costs them.
    let owner = Identity { sees: Visibility::Namespaces(["team-a".to_owned()].into()), ..admin() };
    let not_theirs = world.plan_for(&owner, "orders", None, &options).await;
    assert_eq!((not_theirs.verdict, not_theirs.overrides[0].state), (Verdict::Blocked, OverrideState::NotAllowed));
    let limit = plan.findings.iter().find(|finding| finding.sentence.starts_with("DataStore postgres takes 100"));
    assert_eq!(limit.map(|finding| finding.severity), Some(planner::finding::Severity::Warns));
    // A DataStore of its own: nobody else is on it, and kine has no limit there.
    let alone = world.plan("ledger", None, &PlanOptions::default()).await;
    assert_eq!(rows(&alone, "DataStore mysql")[0].peak, "at least 6, without a limit");
}

#[tokio::test(start_paused = true)]
async fn a_data_store_that_may_not_be_read_is_told_by_its_tenants() {
    let world = World::new("shared-stores").await;
    world.deny(&["datastores"]).await;
    let plan = world.plan("orders", None, &PlanOptions::default()).await;
    let costs = plan.costs.expect("pods roll out");
    let store = costs.data_store.expect("it uses one");
    assert_eq!((store.driver.as_deref(), store.endpoints, store.tenants), (Some("PostgreSQL"), None, 2));
    assert!(costs.notes.iter().any(|note| note.starts_with("DataStore postgres was not read: ")), "{:?}", costs.notes);
}

#[tokio::test(start_paused = true)]
async fn what_a_quota_leaves_is_said_for_each_strategy() {
    let plan = World::new("quota").await.plan("tenant-00", None, &PlanOptions::default()).await;
    let costs = plan.costs.expect("pods roll out");
    let left: Vec<(&str, &str, &str)> = costs
        .strategies
        .iter()
        .map(|cost| (cost.strategy.as_str(), cost.quotas[0].peak.as_str(), cost.quotas[0].left.as_str()))
        .collect();
    let expected =
        [("100%/0", "6", "-2"), ("1/1", "6", "-2"), ("1/0", "6", "-2"), ("0/1", "5", "-1"), ("recreate", "3", "1")];
    assert_eq!(left, expected, "terminating pods count until they are gone");
}
