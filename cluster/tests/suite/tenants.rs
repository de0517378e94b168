//! Tenants' own APIs, as the sandbox serves them: what is read, what is refused, and what it leads to in a plan.

mod counted;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::sandbox::access::{TEAM_A_OWNER, TENANT_OWNERS};
use ::sandbox::{Sandbox, SandboxOptions};
use axum::body::Body as AxumBody;
use cluster::tenant_access::Connect;
use cluster::{Changes, Credentials, Identity, Observer, Scope, TenantAccess, Transport, Visibility, observe};
use futures::{StreamExt, stream};
use http::{Request, Response};
use kube::client::Body;
use kube::{Client, Config};
use planner::finding::Severity;
use planner::hop::{Acknowledgement, Binding, HopRequest};
use planner::releases::ReleaseTable;
use planner::tenant::{Reading, TenantId, TenantSnapshot};
use planner::tenant_api::{Checked, NotAsked, Part, TenantApi, check};
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
    observer: Observer,
    changes: Changes,
    way_in: WayIn,
}

/// What the management cluster does to those who ask for the way to a tenant's API.
#[derive(Clone, Default)]
struct WayIn(Arc<Mutex<Option<Closed>>>);

/// Requests whose path contains this are not answered as they should be.
struct Closed {
    path: &'static str,
    how: How,
    met: usize,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Code(u16),
    Silence,
    Broken,
}

impl WayIn {
    /// How many requests met what was there before.
    fn set(&self, closed: Option<(&'static str, How)>) -> usize {
        let closed = closed.map(|(path, how)| Closed { path, how, met: 0 });
        std::mem::replace(&mut *self.0.lock().expect("no test panicked inside"), closed).map_or(0, |it| it.met)
    }

    fn meets(&self, path: &str) -> Option<How> {
        let mut closed = self.0.lock().expect("no test panicked inside");
        let closed = closed.as_mut().filter(|closed| path.contains(closed.path))?;
        closed.met += 1;
        Some(closed.how)
    }

    /// A client for the management cluster behind `router`.
    fn client(&self, router: axum::Router) -> Client {
        let way_in = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let met = way_in.meets(request.uri().path());
            let router = router.clone();
            async move {
                match met {
                    None => router.oneshot(request.map(AxumBody::new)).await.map_err(tower::BoxError::from),
                    Some(How::Code(code)) => {
                        let status = json!({"kind": "Status", "code": code, "message": format!("words of {code}")});
                        Ok(Response::builder().status(code).body(AxumBody::from(status.to_string()))?)
                    }
                    Some(How::Silence) => std::future::pending().await,
                    Some(How::Broken) => Err("connection reset".into()),
                }
            }
        });
        Client::new(service, "default")
    }
}

impl Console {
    async fn new() -> Self {
        Self::with(|_, answer| answer).await
    }

    /// With tenants' answers changed on the way: `change` gets the path that was asked for.
    async fn with(change: fn(&str, Response<AxumBody>) -> Response<AxumBody>) -> Self {
        let options = SandboxOptions { manual: true, scenario: "workers".to_owned(), ..SandboxOptions::default() };
        let sandbox = Sandbox::new(&options).expect("a world");
        let client = Client::new(sandbox.router(), "default");
        let observer = observe(client.clone(), Scope::WHOLE_CLUSTER, sandbox.clock(), CancellationToken::new());
        observer.health().wait_for(|health| health.live()).await.expect("it is observed");
        let way_in = WayIn::default();
        let asking = way_in.client(sandbox.router());
        let access = TenantAccess::new(asking, sandbox.clock(), Transport::TlsOrPlainLoopback)
            .connecting_by(in_process(&sandbox, change));
        let releases = Arc::new(ReleaseTable::built_in());
        let changes = Changes::new(client, observer.clone(), sandbox.clock(), releases).asking_tenants_by(access);
        Self { sandbox, observer, changes, way_in }
    }

    /// What the parts of one tenant's own API say to a hop.
    async fn checks(&self, name: &str, to: &str) -> Vec<Checked> {
        let api = self.changes.tenants().ask(&owner(), &id("team-a", name), &version(to)).await;
        check(&api, &self.seen(name), &version(to), (self.sandbox.clock())())
    }

    /// What the parts of one tenant come to, those that pass left out.
    async fn remarks(&self, name: &str, to: &str) -> Vec<String> {
        let checks = self.checks(name, to).await;
        let findings = checks.iter().flat_map(|it| &it.findings);
        findings.filter(|it| it.severity != Severity::Passes).map(|it| format!("{}: {it}", it.severity)).collect()
    }

    fn seen(&self, name: &str) -> Arc<TenantSnapshot> {
        self.observer.tenant(&owner(), &id("team-a", name)).expect("there is such a tenant").borrow().clone()
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
fn in_process(sandbox: &Sandbox, change: fn(&str, Response<AxumBody>) -> Response<AxumBody>) -> Connect {
    let router = sandbox.router();
    Arc::new(move |config: Config| {
        use secrecy::ExposeSecret;
        let path = config.cluster_url.path().trim_end_matches('/').to_owned();
        let token = config.auth_info.token.as_ref().map(|token| token.expose_secret().to_owned()).unwrap_or_default();
        let router = router.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (mut parts, body) = request.into_parts();
            let rest = parts.uri.path_and_query().map_or("/", |it| it.as_str()).to_owned();
            parts.uri = format!("{path}{rest}").parse().expect("a path");
            parts.headers.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
            let asked = rest.to_owned();
            let answer = router.clone().oneshot(Request::from_parts(parts, AxumBody::new(body)));
            async move { answer.await.map(|answer| change(&asked, answer)) }
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
                "warns: The newest of Velero's backups, velero/nightly-20261119, was completed on 2026-11-19 02:10:00 UTC.",
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
    let checks = console.checks("legacy", "v1.32.13").await;
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
    let why_not =
        async |tenant: TenantId| match console.changes.tenants().ask(&owner(), &tenant, &version("v1.36.4")).await {
            TenantApi::NotAsked(why) => why,
            TenantApi::Asked(facts) => panic!("{facts:?}"),
        };
    let secretive = why_not(id("team-a-staging", "secretive")).await.to_string();
    assert!(secretive.contains("you may not read the Secret secretive-admin-kubeconfig"), "{secretive}");
    assert_eq!(why_not(id("team-b", "x")).await, NotAsked::ControlPlaneMissing, "what is not theirs is not there");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_ends_is_given_up_and_hides_no_other() {
    let endless = |path: &str, answer: Response<AxumBody>| {
        let chunk = || Ok::<_, std::io::Error>("x".repeat(1 << 20));
        match path.split(['?', '/']).rfind(|part| !part.is_empty() && !part.contains('=')) {
            // Bytes without end, and none at all.
            Some("nodes") => answer.map(|_| AxumBody::from_stream(stream::repeat_with(chunk))),
            Some("poddisruptionbudgets") => {
                answer.map(|_| AxumBody::from_stream(stream::pending::<Result<String, std::io::Error>>()))
            }
            _ => answer,
        }
    };
    let console = Console::with(endless).await;
    assert_eq!(
        console.remarks("tenant-00", "v1.36.4").await,
        [
            "unknown: Not checked, the nodes: the answer is too long.",
            "unknown: Not checked, the PodDisruptionBudgets: no answer within 5 s.",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn nodes_whose_list_never_ends_are_not_waited_for() {
    let stalling = |path: &str, answer: Response<AxumBody>| {
        let lists = path.starts_with("/api/v1/nodes") && !path.contains("watch=true");
        let none = stream::pending::<Result<String, std::io::Error>>;
        if lists { answer.map(|_| AxumBody::from_stream(none())) } else { answer }
    };
    let console = Console::with(stalling).await;
    let tenant = id("team-a", "tenant-00");
    let mut receiver = console.changes.tenants().subscribe_workers(&owner(), &tenant).expect("there is such a tenant");
    let seen = until(&mut receiver, |seen| matches!(&**seen, LiveWorkers::Lost { last: None, .. })).await;
    assert!(seen.to_string().ends_with("the list of the nodes was not complete within 20 s."), "{seen}");
}

#[tokio::test(start_paused = true)]
async fn a_hostile_list_or_watch_of_nodes_ends_before_it_fills_the_memory() {
    // Far more than is read, and then silence.
    fn endless_line(path: &str, answer: Response<AxumBody>) -> Response<AxumBody> {
        let lines = || stream::repeat_with(|| Ok::<_, std::io::Error>("x".repeat(1 << 20))).take(64);
        let watches = path.starts_with("/api/v1/nodes") && path.contains("watch=true");
        if watches { answer.map(|_| AxumBody::from_stream(lines().chain(stream::pending()))) } else { answer }
    }
    fn countless(path: &str, answer: Response<AxumBody>) -> Response<AxumBody> {
        let nodes: Vec<Value> =
            (0..=10_000).map(|number| json!({"metadata": {"name": format!("n{number}")}})).collect();
        let lists = path.starts_with("/api/v1/nodes") && !path.contains("watch=true");
        let list =
            || json!({"kind": "NodeList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": nodes});
        if lists { answer.map(|_| AxumBody::from(list().to_string())) } else { answer }
    }
    type Change = fn(&str, Response<AxumBody>) -> Response<AxumBody>;
    let cases: [(Change, &str); 2] =
        [(endless_line, "an event of the watch is too long."), (countless, "there are more than 10000 of them.")];
    for (change, why) in cases {
        let console = Console::with(change).await;
        let tenant = id("team-a", "tenant-00");
        let receiver = console.changes.tenants().subscribe_workers(&owner(), &tenant);
        let mut receiver = receiver.expect("there is such a tenant");
        let seen = until(&mut receiver, |seen| matches!(&**seen, LiveWorkers::Lost { .. })).await;
        assert!(seen.to_string().ends_with(why), "{seen}");
    }
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
async fn a_hop_that_would_leave_nodes_behind_is_not_started_whatever_was_acknowledged() {
    let console = Console::new().await;
    let request = async |name: &str| {
        let mut request = HopRequest {
            tenant: id("team-a", name),
            binding: Binding::of(&console.seen(name)),
            version: version("v1.36.4"),
            strategy: None,
            acknowledged: vec![Acknowledgement::KubeletsNotChecked],
            typed_name: Some(name.to_owned()),
            despite: None,
        };
        let checked = console.changes.check(&owner(), &request).await.expect("an answer");
        request.binding = checked.binding;
        request
    };
    let refused = console.changes.start(&owner(), &request("stragglers").await).await.expect_err("worker-4 is too old");
    assert!(refused.to_string().contains("leaves worker-4 behind"), "{refused}");
    let mut request = request("tenant-00").await;
    request.acknowledged.clear();
    console.changes.start(&owner(), &request).await.expect("its kubelets were read, so nobody need answer for them");
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
    assert!(
        nodes.iter().all(|node| node.kube_proxy == Reading::Waiting),
        "it is read when a hop is checked: {nodes:?}"
    );
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
async fn whoever_loses_the_right_stops_seeing_and_a_silent_cluster_takes_it_from_nobody() {
    // The rights are looked at again each minute, and an answer may take a few seconds.
    const LOOKED_AT_AGAIN: Duration = Duration::from_secs(61 + 3);
    let (tenant, secret) = ("/tenantcontrolplanes/", "/secrets/");
    let console = Console::new().await;
    let id = id("team-a", "troubled");
    let mut receiver = console.changes.tenants().subscribe_workers(&owner(), &id).expect("there is such a tenant");
    let refused = "the management cluster refuses your credentials (words of 401)";
    for (path, how, told) in [
        (tenant, How::Code(401), Some(refused)),
        (tenant, How::Code(403), Some("you may not read the TenantControlPlane (words of 403)")),
        (tenant, How::Code(404), Some("there is no such TenantControlPlane")),
        (tenant, How::Code(400), Some("you may not read the TenantControlPlane (words of 400)")),
        (secret, How::Code(401), Some(refused)),
        (secret, How::Code(403), Some("you may not read the Secret troubled-admin-kubeconfig (words of 403)")),
        (secret, How::Code(404), Some("the Secret troubled-admin-kubeconfig that Kamaji names is not there")),
        (
            secret,
            How::Code(200),
            Some("its kubeconfig is not used, because the answer for troubled-admin-kubeconfig is no Secret"),
        ),
        (tenant, How::Code(429), None),
        (tenant, How::Code(503), None),
        (tenant, How::Silence, None),
        (tenant, How::Broken, None),
        (secret, How::Code(429), None),
        (secret, How::Code(500), None),
        (secret, How::Silence, None),
        (secret, How::Broken, None),
    ] {
        until(&mut receiver, |seen| seen.is_live()).await;
        console.way_in.set(Some((path, how)));
        let ended = tokio::time::timeout(LOOKED_AT_AGAIN, receiver.wait_for(|seen| !seen.is_live())).await;
        let ended = ended.ok().map(|seen| seen.expect("the channel stays open").clone());
        let said = told.map(|why| format!("The nodes are not shown live: {why}."));
        assert_eq!(ended.as_ref().map(ToString::to_string), said, "{path} {how:?}");
        assert!(ended.is_none_or(|seen| seen.workers().is_none()), "{path} {how:?}");
        assert_ne!(console.way_in.set(None), 0, "{path} {how:?}: it was asked");
        // The next look finds all as it was: silences that follow one another are another thing.
        tokio::time::sleep(LOOKED_AT_AGAIN).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_silence_that_lasts_ends_what_is_shown_and_shows_newcomers_nothing() {
    let minute = Duration::from_secs(60);
    let console = Console::new().await;
    let tenants = console.changes.tenants();
    let id = id("team-a", "troubled");
    let subscribe = || tenants.subscribe_workers(&owner(), &id).expect("there is such a tenant");
    let mut first = subscribe();
    until(&mut first, |seen| seen.is_live()).await;
    for (path, how) in [("/secrets/", How::Code(429)), ("/tenantcontrolplanes/", How::Silence)] {
        let began = tokio::time::Instant::now();
        console.way_in.set(Some((path, how)));
        assert!(subscribe().borrow().is_live(), "{path} {how:?}: nothing is in doubt yet");
        tokio::time::sleep(minute + Duration::from_secs(5)).await;
        let mut newcomer = subscribe();
        let told = until(&mut newcomer, |seen| !matches!(&**seen, LiveWorkers::Waiting)).await;
        assert!(matches!(&*told, LiveWorkers::NotAsked(_)), "{path} {how:?}: {told}");
        let ended = until(&mut first, |seen| !seen.is_live()).await;
        assert!(ended.workers().is_none(), "{path} {how:?}: {ended}");
        assert!((2 * minute..4 * minute).contains(&began.elapsed()), "{path} {how:?}: {:?}", began.elapsed());
        console.way_in.set(None);
        until(&mut newcomer, |seen| seen.is_live()).await;
        until(&mut first, |seen| seen.is_live()).await;
    }
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
