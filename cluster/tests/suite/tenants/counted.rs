//! How far the workers of many tenants are, for a list that somebody has open.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use ::sandbox::access::{PLATFORM_ADMIN, PLATFORM_ADMINS};
use futures::future::join_all;
use kube::Api;
use kube::api::{Patch, PatchParams};
use planner::tenant_api::{Answer, NotAsked};
use planner::workers::Remaining;
use tokio::time::{Instant, advance};

use super::*;

/// Wanted of everybody in this world but `legacy`.
const WANTED: &str = "v1.35.9";
/// How long an answer serves again.
const KEPT_FOR: Duration = Duration::from_secs(30);

impl Console {
    /// What a list says of these tenants of `team-a`.
    async fn said(&self, who: &Identity, tenants: &[TenantId]) -> Vec<Option<String>> {
        let wanted: Vec<_> = tenants.iter().map(|tenant| (tenant.clone(), version(WANTED))).collect();
        let told = self.changes.tenants().count_workers(who, &wanted).await;
        told.iter().map(|told| Remaining::of(told).map(|remaining| remaining.to_string())).collect()
    }

    /// What it says of the one with workers of each age.
    async fn stragglers(&self) -> Option<String> {
        self.said(&owner(), &[id("team-a", "stragglers")]).await.remove(0)
    }

    /// Brings one of its workers to the version of the control plane.
    async fn follow(&self, node: &str) {
        loop {
            let done = self.control(&format!("/sandbox/tenants/team-a/stragglers/nodes/{node}/step"), json!({})).await;
            let kubelet = &done["node"]["status"]["nodeInfo"]["kubeletVersion"];
            if done["step"] == "uncordoned" && kubelet == WANTED {
                return;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_each_tenant_the_list_says_what_is_left_and_none_holds_it_up() {
    let console = Console::new().await;
    let cases = [
        (id("team-a", "tenant-00"), None),
        (id("team-a", "stragglers"), Some("control plane finished, workers 1 of 4")),
        (id("team-a", "troubled"), Some("control plane finished, workers 2 of 3")),
        (id("team-a", "hanging"), Some("workers not known")),
        (id("team-a", "refusing"), Some("workers not known")),
        (id("team-a", "hostile"), Some("workers not known")),
        (id("team-a-staging", "secretive"), None),
        (id("team-b", "x"), None),
    ];
    let began = Instant::now();
    let said = console.said(&owner(), &cases.clone().map(|(tenant, _)| tenant)).await;
    assert!(began.elapsed() <= Duration::from_secs(4), "{:?}", began.elapsed());
    for ((tenant, expected), said) in cases.into_iter().zip(said) {
        assert_eq!(said.as_deref(), expected, "{tenant}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_serves_again_for_a_while_and_only_for_the_same_version() {
    let console = Console::new().await;
    let one = Some("control plane finished, workers 1 of 4".to_owned());
    assert_eq!(console.stragglers().await, one);
    console.follow("worker-2").await;
    assert_eq!(console.stragglers().await, one, "it is not asked again");
    let another = [(id("team-a", "stragglers"), version("v1.34.9"))];
    let told = console.changes.tenants().count_workers(&owner(), &another).await;
    let Ok(Answer::Read(progress)) = &told[0] else { panic!("{told:?}") };
    assert_eq!(
        (progress.done, progress.total),
        (2, 4),
        "what was counted for another version says nothing of this one"
    );
    assert_eq!(console.stragglers().await, Some("control plane finished, workers 2 of 4".to_owned()));
    console.follow("worker-3").await;
    advance(KEPT_FOR - Duration::from_secs(1)).await;
    assert_eq!(console.stragglers().await, Some("control plane finished, workers 2 of 4".to_owned()));
    advance(Duration::from_secs(1)).await;
    assert_eq!(console.stragglers().await, Some("control plane finished, workers 3 of 4".to_owned()));
    console.follow("worker-4").await;
    advance(KEPT_FOR).await;
    assert_eq!(console.stragglers().await, None, "all are done");
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_hangs_is_not_asked_again_at_each_look() {
    let console = Console::new().await;
    let hanging = [id("team-a", "hanging")];
    let not_known = [Some("workers not known".to_owned())];
    assert_eq!(console.said(&owner(), &hanging).await, not_known);
    let began = Instant::now();
    assert_eq!(console.said(&owner(), &hanging).await, not_known);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn whoever_loses_the_right_is_told_nothing_and_a_silent_cluster_takes_it_from_nobody() {
    let console = Console::new().await;
    let of = |done: u32| Some(format!("control plane finished, workers {done} of 4"));
    for (path, how, says) in [
        ("/secrets/", How::Code(403), None),
        ("/tenantcontrolplanes/", How::Code(401), None),
        ("/secrets/", How::Code(503), of(1)),
        ("/tenantcontrolplanes/", How::Silence, of(1)),
    ] {
        assert_eq!(console.stragglers().await, of(1), "{path} {how:?}");
        console.way_in.set(Some((path, how)));
        assert_eq!(console.stragglers().await, says, "{path} {how:?}");
        assert_ne!(console.way_in.set(None), 0, "{path} {how:?}: it was asked");
    }
    // With the right goes what was known by it.
    console.way_in.set(Some(("/secrets/", How::Code(403))));
    assert_eq!(console.stragglers().await, None);
    console.way_in.set(None);
    console.follow("worker-2").await;
    assert_eq!(console.stragglers().await, of(2));
    // And silence that lasts longer than an answer serves leaves nothing to say.
    advance(KEPT_FOR).await;
    console.way_in.set(Some(("/secrets/", How::Code(503))));
    assert_eq!(console.stragglers().await, Some("workers not known".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn another_kubeconfig_is_asked_anew() {
    let console = Console::new().await;
    assert_eq!(console.stragglers().await, Some("control plane finished, workers 1 of 4".to_owned()));
    console.follow("worker-2").await;
    let platform = Identity {
        user: PLATFORM_ADMIN.to_owned(),
        groups: vec![PLATFORM_ADMINS.to_owned()],
        via: Credentials::Impersonate,
        ..admin()
    };
    let client = platform.client(&Client::new(console.sandbox.router(), "team-a")).expect("names fit into headers");
    let secrets: Api<k8s_openapi::api::core::v1::Secret> = Api::namespaced(client, "team-a");
    let name = "stragglers-admin-kubeconfig";
    let mut secret = secrets.get(name).await.expect("Kamaji has made it");
    let data = secret.data.as_mut().expect("it holds the kubeconfig");
    data.values_mut().for_each(|it| it.0.push(b'\n'));
    let data = json!({"data": data});
    secrets.patch(name, &PatchParams::default(), &Patch::Merge(data)).await.expect("it is changed");
    assert_eq!(console.stragglers().await, Some("control plane finished, workers 2 of 4".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn one_persons_answer_is_no_other_persons() {
    let console = Console::new().await;
    let secretive = [id("team-a-staging", "secretive")];
    let wanted = [(secretive[0].clone(), version("v1.36.4"))];
    let tenants = console.changes.tenants();
    let told = tenants.count_workers(&admin(), &wanted).await;
    assert!(matches!(&told[0], Ok(Answer::Read(progress)) if progress.total > 0), "{told:?}");
    let told = tenants.count_workers(&owner(), &wanted).await;
    assert!(matches!(&told[0], Err(NotAsked::SecretForbidden { .. })), "{told:?}");
}

/// All tenants of this world whose API can be asked.
fn everybody() -> Vec<(TenantId, KubernetesVersion)> {
    let in_team_a = ["tenant-00", "stragglers", "troubled", "legacy", "pinned", "refusing", "hanging", "herd"];
    let in_team_a = in_team_a.map(|name| id("team-a", name));
    in_team_a.into_iter().chain([id("team-a-staging", "secretive")]).map(|tenant| (tenant, version(WANTED))).collect()
}

/// So many people who may look at everything.
fn people(number: usize) -> Vec<Identity> {
    (0..number).map(|number| Identity { user: format!("admin-{number}"), ..admin() }).collect()
}

/// Tenants that have no nodes and take their time to say so.
#[derive(Default)]
struct Slow {
    /// How long an answer takes (s).
    seconds: AtomicU64,
    /// Tenants that are being asked, now and at the most.
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Slow {
    fn new(seconds: u64) -> Arc<Self> {
        Arc::new(Self { seconds: seconds.into(), ..Self::default() })
    }

    fn access(self: &Arc<Self>, console: &Console) -> TenantAccess {
        let slow = Arc::clone(self);
        let connect: Connect = Arc::new(move |_| {
            let slow = Arc::clone(&slow);
            let service = tower::service_fn(move |_: Request<Body>| {
                let slow = Arc::clone(&slow);
                async move {
                    let now = slow.now.fetch_add(1, Ordering::SeqCst) + 1;
                    slow.most.fetch_max(now, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_secs(slow.seconds.load(Ordering::SeqCst))).await;
                    slow.now.fetch_sub(1, Ordering::SeqCst);
                    let none = json!({"kind": "NodeList", "apiVersion": "v1", "metadata": {}, "items": []});
                    Ok::<_, tower::BoxError>(Response::new(AxumBody::from(none.to_string())))
                }
            });
            Ok(Client::new(service, "default"))
        });
        let client = Client::new(console.sandbox.router(), "default");
        let access = TenantAccess::new(client, console.sandbox.clock(), Transport::TlsOrPlainLoopback);
        access.connecting_by(connect)
    }
}

#[tokio::test(start_paused = true)]
async fn each_person_has_eight_tenants_asked_at_once_and_all_together_have_32() {
    // How many people look, at how many tenants at once they look, and how long it takes (s).
    for (number, most, seconds) in [(1, 8, 2), (2, 16, 2), (5, 32, 3)] {
        let console = Console::new().await;
        let slow = Slow::new(1);
        let access = slow.access(&console);
        let (people, wanted) = (people(number), everybody());
        let began = Instant::now();
        let told = join_all(people.iter().map(|who| access.count_workers(who, &wanted))).await;
        assert!(told.iter().flatten().all(|told| matches!(told, Ok(Answer::Read(_)))), "{told:?}");
        assert_eq!((slow.most.load(Ordering::SeqCst), began.elapsed().as_secs()), (most, seconds), "{number} people");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_serves_again_waits_for_nobodys_turn() {
    let console = Console::new().await;
    let slow = Slow::new(0);
    let access = slow.access(&console);
    let who = admin();
    let (kept, others): (Vec<_>, Vec<_>) = everybody().into_iter().partition(|(tenant, _)| tenant.name == "stragglers");
    let first = access.count_workers(&who, &kept).await;
    slow.seconds.store(60, Ordering::SeqCst);
    let began = Instant::now();
    let again = async {
        // Time goes on when nothing in this process has anything left to do: then all turns are taken.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(slow.now.load(Ordering::SeqCst), others.len());
        (access.count_workers(&who, &kept).await, began.elapsed().as_secs())
    };
    let (hanging, again) = tokio::join!(access.count_workers(&who, &others), again);
    assert!(hanging.iter().all(|told| matches!(told, Ok(Answer::TimedOut { .. }))), "{hanging:?}");
    assert_eq!(again, (first, 1));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_not_reached_in_time_is_not_known() {
    let console = Console::new().await;
    let slow = Slow::new(3600);
    let access = slow.access(&console);
    let (people, wanted) = (people(25), everybody());
    let began = Instant::now();
    let told = join_all(people.iter().map(|who| access.count_workers(who, &wanted))).await;
    assert_eq!(began.elapsed().as_secs(), 20);
    let told: Vec<_> = told.into_iter().flatten().collect();
    assert!(told.iter().any(|told| *told == Ok(Answer::TimedOut { seconds: 20 })), "some never had a turn");
    for told in told {
        assert_eq!(Remaining::of(&told).map(|it| it.to_string()).as_deref(), Some("workers not known"));
    }
}
