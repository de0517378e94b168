//! Tenants' own APIs, as the sandbox serves them: what is read, what is refused, and what it leads to in a plan.

use std::sync::Arc;
use std::time::Duration;

use ::sandbox::access::{TEAM_A_OWNER, TENANT_OWNERS};
use ::sandbox::{Sandbox, SandboxOptions};
use cluster::tenant_access::Connect;
use cluster::{Changes, Credentials, Identity, Scope, TenantAccess, Transport, Visibility, observe};
use http::Request;
use kube::client::Body;
use kube::{Client, Config};
use planner::finding::{FindingKind, Severity, TenantFinding};
use planner::releases::ReleaseTable;
use planner::tenant::TenantId;
use planner::tenant_api::{Checked, Part};
use planner::version::KubernetesVersion;
use planner::workers::{Cordon, DrainRemark, LiveWorkers, Readiness};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::support::admin;

/// A console in front of the sandbox's world of tenants with something to tell.
struct Console {
    sandbox: Sandbox,
    changes: Changes,
}

impl Console {
    async fn new() -> Self {
        let options = SandboxOptions { manual: true, scenario: "workers".to_owned(), ..SandboxOptions::default() };
        let sandbox = Sandbox::new(&options).expect("a world");
        let client = Client::new(sandbox.router(), "default");
        let observer = observe(client.clone(), Scope::WHOLE_CLUSTER, sandbox.clock(), CancellationToken::new());
        observer.health().wait_for(|health| health.live()).await.expect("it is observed");
        let access = TenantAccess::new(client.clone(), sandbox.clock(), Transport::TlsOrPlainLoopback)
            .connecting_by(in_process(&sandbox));
        let releases = Arc::new(ReleaseTable::built_in());
        let changes = Changes::new(client, observer, sandbox.clock(), releases).asking_tenants_by(access);
        Self { sandbox, changes }
    }

    async fn checks(&self, who: &Identity, name: &str, to: &str) -> Vec<Checked> {
        self.changes.tenant_checks(who, &id("team-a", name), &version(to)).await.expect("there is such a tenant")
    }

    /// What the parts of one tenant come to, those that pass left out.
    async fn remarks(&self, name: &str, to: &str) -> Vec<String> {
        let checks = self.checks(&owner(), name, to).await;
        let findings = checks.iter().flat_map(|it| &it.findings);
        findings.filter(|it| it.severity != Severity::Passes).map(|it| format!("{}: {it}", it.severity)).collect()
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let request = axum::http::Request::post(path).header("content-type", "application/json");
        let request = request.body(axum::body::Body::from(body.to_string())).expect("a request");
        let answer = self.sandbox.router().oneshot(request).await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a whole answer");
        serde_json::from_slice(&bytes).expect("JSON")
    }
}

/// What a client over a connection would do: the address's path goes first, the token goes with it.
fn in_process(sandbox: &Sandbox) -> Connect {
    let router = sandbox.router();
    Arc::new(move |config: Config| {
        use secrecy::ExposeSecret;
        let path = config.cluster_url.path().trim_end_matches('/').to_owned();
        let token = config.auth_info.token.as_ref().map(|token| token.expose_secret().to_owned()).unwrap_or_default();
        let router = router.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (mut parts, body) = request.into_parts();
            let rest = parts.uri.path_and_query().map_or("/", |it| it.as_str());
            parts.uri = format!("{path}{rest}").parse().expect("a path");
            parts.headers.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
            router.clone().oneshot(Request::from_parts(parts, axum::body::Body::new(body)))
        });
        Ok(Client::new(service, "default"))
    })
}

fn owner() -> Identity {
    Identity {
        user: TEAM_A_OWNER.to_owned(),
        groups: vec![TENANT_OWNERS.to_owned()],
        sees: Visibility::Namespaces(["team-a".to_owned(), "team-a-staging".to_owned()].into()),
        via: Credentials::Impersonate,
    }
}

fn id(namespace: &str, name: &str) -> TenantId {
    TenantId { namespace: namespace.to_owned(), name: name.to_owned() }
}

fn version(text: &str) -> KubernetesVersion {
    text.parse().expect("a version")
}

/// Waits for what is seen of the nodes. Tokio's time is paused, so it ends when nothing has anything left to do.
async fn until(
    receiver: &mut watch::Receiver<Arc<LiveWorkers>>,
    holds: impl FnMut(&Arc<LiveWorkers>) -> bool,
) -> Arc<LiveWorkers> {
    let seen = tokio::time::timeout(Duration::from_secs(600), receiver.wait_for(holds)).await;
    seen.expect("it comes").expect("the channel stays open").clone()
}

#[tokio::test(start_paused = true)]
async fn each_tenant_is_told_what_its_own_api_knows() {
    let console = Console::new().await;
    let cases: [(&str, &str, &[&str]); 5] = [
        ("tenant-00", "v1.36.4", &[]),
        (
            "stragglers",
            "v1.36.4",
            &[
                "blocks: Kubernetes 1.36 leaves worker-4 behind: its kubelet is too old for it.",
                "warns: After this hop worker-3 must be upgraded before the control plane can take 1.37.",
                "warns: After the hop, on worker-4: kube-proxy is 4 minors away from the kubelet; 3 are supported.",
                "warns: A kubelet of 1.32 refuses the configuration that kubeadm gives it, for `crashLoopBackOff` and its feature gate \
                 KubeletCrashLoopBackOffMax.",
                "warns: A kubelet of 1.32 refuses the configuration that kubeadm gives it, for `imagePullCredentialsVerificationPolicy` \
                 and its feature gate KubeletEnsureSecretPulledImages.",
            ],
        ),
        (
            "troubled",
            "v1.36.4",
            &[
                "warns: Node worker-3 is not ready.",
                "warns: The validating webhook policies.example.com of policies fails: the Service policies/policies has no ready \
                 endpoint.",
                "warns: The conversion webhook widgets.example.com fails: the Service widgets/converter does not exist.",
                "warns: The aggregated API v1beta1.metrics.k8s.io is not available (MissingEndpoints).",
                "warns: The PodDisruptionBudget shop/web allows no disruption now: a drain would wait for it.",
                "warns: The newest of Velero's backups, velero/nightly-20261119, was completed 5 days ago.",
            ],
        ),
        (
            "legacy",
            "v1.32.13",
            &[
                "warns: Somebody uses flowcontrol.apiserver.k8s.io/v1beta3 flowschemas, which 1.32 no longer serves.",
                "warns: A kubelet of 1.31 refuses the configuration that kubeadm gives it, for `crashLoopBackOff` and its feature gate \
                 KubeletCrashLoopBackOffMax.",
                "warns: A kubelet of 1.31 refuses the configuration that kubeadm gives it, for `imagePullCredentialsVerificationPolicy` \
                 and its feature gate KubeletEnsureSecretPulledImages.",
                "unknown: No backup was seen from here.",
            ],
        ),
        (
            "pinned",
            "v1.36.4",
            &[
                "warns: After the hop, on worker-1 and 2 others: kube-proxy is 4 minors behind the API servers; 3 are supported.",
                "warns: The version of CoreDNS stays at v1.11.3, which the TenantControlPlane gives it.",
                "warns: The version of kube-proxy stays at v1.32.13, which the TenantControlPlane gives it.",
                "unknown: No backup was seen from here.",
            ],
        ),
    ];
    for (name, to, told) in cases {
        assert_eq!(console.remarks(name, to).await, told, "{name}");
    }
    let checks = console.checks(&owner(), "legacy", "v1.32.13").await;
    let used = checks.iter().find(|it| it.part == Part::DeprecatedApis).expect("it is asked");
    assert!(used.findings[0].evidence.contains("old-operator wrote batch-jobs on 2026-11-20 06:30:00 UTC"), "{used:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_or_cannot_ask_is_told_why_and_nothing_else_is_hidden() {
    let console = Console::new().await;
    let cases = [
        ("refusing", "warns", "no endpoints available for the control plane"),
        ("hanging", "warns", "no answer within 5 s"),
        ("hostile", "unknown", "it names a program to run"),
    ];
    for (name, severity, why) in cases {
        let remarks = console.remarks(name, "v1.36.4").await;
        assert_eq!(remarks.len(), 1, "{name}: {remarks:?}");
        assert!(remarks[0].starts_with(severity) && remarks[0].contains(why), "{name}: {remarks:?}");
    }
    let (who, secretive, to) = (owner(), id("team-a-staging", "secretive"), version("v1.36.4"));
    let told = console.changes.tenant_checks(&who, &secretive, &to).await.expect("there is such a tenant");
    let [Checked { findings, at: None, .. }] = &told[..] else { panic!("{told:?}") };
    assert!(findings[0].to_string().contains("you may not read the Secret secretive-admin-kubeconfig"), "{findings:?}");
    let unseen = console.changes.tenant_checks(&owner(), &id("team-b", "x"), &version("v1.36.4")).await;
    assert!(unseen.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_part_that_is_checked_again_shows_what_changed() {
    let console = Console::new().await;
    let tenant = id("team-a", "troubled");
    let to = version("v1.36.4");
    let who = owner();
    let again = |part| console.changes.tenant_check(&who, &tenant, &to, part);
    let nodes = again(Part::Nodes).await.expect("there is such a tenant");
    assert!(
        nodes.findings.iter().any(|it| matches!(it.kind, FindingKind::Tenant(TenantFinding::NodesNotReady { .. })))
    );
    for step in ["cordoned", "drained", "upgraded", "ready"] {
        let done = console.control("/sandbox/tenants/team-a/troubled/nodes/worker-3/step", json!({})).await;
        assert_eq!(done["step"], step);
    }
    let nodes = again(Part::Nodes).await.expect("there is such a tenant");
    assert_eq!(nodes.part, Part::Nodes);
    assert!(nodes.findings.iter().all(|it| it.severity == Severity::Passes), "{nodes:?}");

    console.control("/sandbox/tenants/team-a/troubled", json!({"tenantApi": "refuses"})).await;
    let budgets = again(Part::Budgets).await.expect("there is such a tenant");
    assert_eq!(budgets.part, Part::Server, "nothing answers, so that is what is said");
}

#[tokio::test(start_paused = true)]
async fn a_plan_holds_what_the_tenants_api_tells_and_is_made_even_if_it_hangs() {
    let console = Console::new().await;
    let plan = async |name: &str| {
        let plan = console.changes.plan(&owner(), &id("team-a", name), &version("v1.36.4"), None).await;
        plan.expect("a plan")
    };
    let sentences = |plan: &planner::plan::UpgradePlan| -> Vec<String> {
        plan.findings.iter().map(|it| it.sentence.clone()).collect()
    };
    let healthy = sentences(&plan("tenant-00").await);
    assert!(healthy.iter().any(|it| it == "The kubelets of all 3 nodes can work with 1.36."), "{healthy:#?}");
    assert!(!healthy.iter().any(|it| it.contains("not checked")), "{healthy:#?}");

    let stragglers = plan("stragglers").await;
    assert_eq!(stragglers.verdict, planner::plan::Verdict::Blocked);

    let began = tokio::time::Instant::now();
    let hanging = sentences(&plan("hanging").await);
    assert!(began.elapsed() <= Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(hanging.iter().any(|it| it.contains("does not answer from here")), "{hanging:#?}");
    assert!(hanging.iter().any(|it| it.starts_with("Kubelets not checked")), "{hanging:#?}");
}

#[tokio::test(start_paused = true)]
async fn nodes_are_seen_live_while_somebody_looks() {
    let console = Console::new().await;
    let tenants = console.changes.tenants();
    let tenant = id("team-a", "troubled");
    let mut receiver = tenants.subscribe_workers(&owner(), &tenant).expect("there is such a tenant");
    let other = tenants.subscribe_workers(&owner(), &tenant).expect("there is such a tenant");
    assert_eq!(tenants.watched_workers(), 1, "one watch serves both");

    let seen = until(&mut receiver, |seen| seen.is_live()).await;
    let nodes = &seen.workers().expect("seen").nodes;
    assert_eq!(nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["worker-1", "worker-2", "worker-3"]);
    let worker = |seen: &LiveWorkers| seen.workers().expect("seen").nodes[0].clone();
    console.control("/sandbox/tenants/team-a/troubled/nodes/worker-1/step", json!({})).await;
    until(&mut receiver, |seen| worker(seen).cordon == Cordon::BySomebody).await;
    for _ in 0..2 {
        console.control("/sandbox/tenants/team-a/troubled/nodes/worker-1/step", json!({})).await;
    }
    until(&mut receiver, |seen| worker(seen).readiness == Readiness::NotReady).await;

    console.control("/sandbox/tenants/team-a/troubled", json!({"tenantApi": "refuses"})).await;
    let lost = until(&mut receiver, |seen| matches!(&**seen, LiveWorkers::Lost { .. })).await;
    assert_eq!(lost.workers().map(|it| it.nodes.len()), Some(3), "they are shown as they were");
    console.control("/sandbox/tenants/team-a/troubled", json!({"tenantApi": "answers"})).await;
    until(&mut receiver, |seen| seen.is_live()).await;

    drop((receiver, other));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(tenants.watched_workers(), 0, "nobody looks any more");
}

#[tokio::test(start_paused = true)]
async fn without_the_right_nodes_are_not_shown_live_and_it_says_why() {
    let console = Console::new().await;
    let tenants = console.changes.tenants();
    let tenant = id("team-a-staging", "secretive");
    let mut receiver = tenants.subscribe_workers(&owner(), &tenant).expect("there is such a tenant");
    let seen = until(&mut receiver, |seen| matches!(&**seen, LiveWorkers::NotAsked(_))).await;
    assert!(seen.to_string().contains("you may not read the Secret"), "{seen}");
    // Another person's right is their own.
    let mut receiver = tenants.subscribe_workers(&admin(), &tenant).expect("there is such a tenant");
    until(&mut receiver, |seen| seen.is_live()).await;
    assert!(tenants.subscribe_workers(&owner(), &id("team-b", "x")).is_none());
}

#[tokio::test(start_paused = true)]
async fn what_a_drain_would_meet_is_read_from_the_node_that_is_asked_for() {
    let console = Console::new().await;
    let drain = async |name: &str, node: &str| {
        let node = node.parse().expect("a name");
        let answer = console.changes.tenants().drain(&owner(), &id("team-a", name), &node).await;
        answer.expect("it may be asked").read().expect("it is read").clone()
    };
    let report = drain("troubled", "worker-1").await;
    assert_eq!(report.evicted, 1, "kube-proxy stays");
    assert!(
        matches!(&report.remarks[..], [DrainRemark::BudgetExhausted { budget, pods: 1, .. }] if budget == "shop/web"),
        "{report:?}"
    );
    assert!(!drain("tenant-00", "worker-1").await.is_blocked());
    assert_eq!(drain("troubled", "worker-3").await.evicted, 0);
}
