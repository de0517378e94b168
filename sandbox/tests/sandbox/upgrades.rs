//! Hops in virtual time, against what was recorded of a real Kamaji: the order of things, not their milliseconds.

use sandbox::Sandbox;
use sandbox::kinds::Kind;
use serde_json::{Value, json};

use crate::support::{object, objects, patch, post, sandbox, tenant_path, want};

/// What stands in a tenant's status at one moment: word, installed version, whether the generation was observed.
type Seen = (String, String, bool);

/// Plays `seconds` in steps and notes each new state of the tenant's status.
fn watch_status(sandbox: &Sandbox, namespace: &str, name: &str, seconds: i64) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    for _ in 0..seconds * 50 {
        let tenant = object(sandbox, Kind::TenantControlPlane, namespace, name);
        let version = &tenant["status"]["kubernetesResources"]["version"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let observed = tenant["status"]["observedGeneration"] == tenant["metadata"]["generation"];
        let state = (text(&version["status"]), text(&version["version"]), observed);
        if seen.last() != Some(&state) {
            seen.push(state);
        }
        sandbox.advance(20);
    }
    seen
}

/// The most pods, terminating ones included, and the fewest serving ones of a tenant during `seconds`.
fn extremes(sandbox: &Sandbox, tenant: &str, seconds: i64) -> (usize, usize) {
    let (mut most, mut fewest) = (0, usize::MAX);
    for _ in 0..seconds * 10 {
        let pods = objects(sandbox, Kind::Pod, tenant);
        let serving = |pod: &&Value| {
            let conditions = pod["status"]["conditions"].as_array();
            pod["metadata"]["deletionTimestamp"].is_null()
                && conditions.into_iter().flatten().any(|one| one["type"] == "Ready" && one["status"] == "True")
        };
        most = most.max(pods.len());
        fewest = fewest.min(pods.iter().filter(serving).count());
        sandbox.advance(100);
    }
    (most, fewest)
}

fn states(expected: &[(&str, &str, bool)]) -> Vec<Seen> {
    expected.iter().map(|(word, version, observed)| ((*word).to_owned(), (*version).to_owned(), *observed)).collect()
}

/// Tags of the kube-apiserver images of a tenant's pods, each once.
fn versions(sandbox: &Sandbox, tenant: &str) -> Vec<String> {
    let image = |pod: &Value| pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default().to_owned();
    let mut tags: Vec<String> = objects(sandbox, Kind::Pod, tenant)
        .iter()
        .filter_map(|pod| image(pod).rsplit_once(':').map(|(_, tag)| tag.to_owned()))
        .collect();
    tags.sort();
    tags.dedup();
    tags
}

fn progressing(sandbox: &Sandbox, name: &str) -> Value {
    let deployment = object(sandbox, Kind::Deployment, "team-a", name);
    let conditions = deployment["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.into_iter().find(|condition| condition["type"] == "Progressing").unwrap_or_default()
}

#[tokio::test]
async fn blue_green_takes_the_recorded_order() {
    let sandbox = sandbox("single");
    want(&sandbox, "team-a", "tenant-00", "v1.36.4").await;
    let seen = watch_status(&sandbox, "team-a", "tenant-00", 70);
    let expected = [
        ("Ready", "v1.35.6", false),
        ("Upgrading", "v1.35.6", false),
        ("Upgrading", "v1.35.6", true),
        ("Ready", "v1.36.4", true),
    ];
    assert_eq!(seen, states(&expected));
    assert_eq!(versions(&sandbox, "tenant-00"), ["v1.36.4"]);
    let sizes: Vec<Value> =
        objects(&sandbox, Kind::ReplicaSet, "tenant-00").iter().map(|set| set["spec"]["replicas"].clone()).collect();
    assert_eq!(sizes.len(), 2);
    assert!(sizes.contains(&json!(0)) && sizes.contains(&json!(3)), "{sizes:?}");
}

#[tokio::test]
async fn ready_comes_before_the_old_pods_are_gone() {
    let sandbox = sandbox("single");
    want(&sandbox, "team-a", "tenant-00", "v1.36.4").await;
    for _ in 0..1000 {
        sandbox.advance(100);
        let tenant = object(&sandbox, Kind::TenantControlPlane, "team-a", "tenant-00");
        if tenant["status"]["kubernetesResources"]["version"] == json!({"status": "Ready", "version": "v1.36.4"}) {
            let terminating = objects(&sandbox, Kind::Pod, "tenant-00");
            let terminating = terminating.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_string());
            assert!(terminating.count() > 0, "the old pods still end");
            return;
        }
    }
    panic!("the hop was not recorded");
}

#[tokio::test]
async fn strategies_have_the_peaks_and_floors_of_the_recordings() {
    // Three replicas. One by one, six pods are alive at the peak although only four are asked for: recorded so.
    let rolling = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}});
    let cases = [
        ("as it is", json!(null), 6, 3),
        ("1/1", rolling, 6, 2),
        ("Recreate", json!({"type": "Recreate", "rollingUpdate": null}), 3, 0),
    ];
    for (what, strategy, most, fewest) in cases {
        let sandbox = sandbox("single");
        let mut spec = json!({"kubernetes": {"version": "v1.36.4"}});
        if !strategy.is_null() {
            spec["controlPlane"] = json!({"deployment": {"strategy": strategy}});
        }
        let (code, _) = patch(&sandbox, &tenant_path("team-a", "tenant-00"), &json!({"spec": spec})).await;
        assert_eq!(code, 200, "{what}");
        assert_eq!(extremes(&sandbox, "tenant-00", 150), (most, fewest), "{what}");
        assert_eq!(versions(&sandbox, "tenant-00"), ["v1.36.4"], "{what}");
    }
}

#[tokio::test]
async fn konnectivity_makes_a_minor_hop_write_twice() {
    let sandbox = sandbox("default");
    let before = objects(&sandbox, Kind::ReplicaSet, "edge-gateway").len();
    want(&sandbox, "team-a", "edge-gateway", "v1.36.4").await;
    let (most, fewest) = extremes(&sandbox, "edge-gateway", 90);
    assert_eq!((most, fewest), (9, 3));
    assert_eq!(objects(&sandbox, Kind::ReplicaSet, "edge-gateway").len(), before + 2);
    let deployment = object(&sandbox, Kind::Deployment, "team-a", "edge-gateway");
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array().expect("containers");
    assert_eq!(containers[3]["image"], "registry.k8s.io/kas-network-proxy/proxy-server:v0.36.0");
}

#[tokio::test]
async fn a_sleeping_tenant_records_the_version_at_once() {
    let sandbox = sandbox("default");
    want(&sandbox, "team-a", "night-batch", "v1.36.4").await;
    let seen = watch_status(&sandbox, "team-a", "night-batch", 5);
    let expected = [("Sleeping", "v1.35.4", false), ("Sleeping", "v1.36.4", false), ("Sleeping", "v1.36.4", true)];
    assert_eq!(seen, states(&expected));
    assert_eq!(objects(&sandbox, Kind::Pod, "night-batch").len(), 0);

    let wake = json!({"spec": {"controlPlane": {"deployment": {"replicas": 2}}}});
    patch(&sandbox, &tenant_path("team-a", "night-batch"), &wake).await;
    let words: Vec<String> =
        watch_status(&sandbox, "team-a", "night-batch", 60).into_iter().map(|(word, ..)| word).collect();
    assert_eq!(words.first().map(String::as_str), Some("Sleeping"));
    assert!(words.windows(2).any(|pair| pair == ["NotReady", "Unknown"]), "{words:?}");
    assert_eq!(words.last().map(String::as_str), Some("Ready"));
}

#[tokio::test]
async fn a_paused_tenant_only_counts_generations() {
    let sandbox = sandbox("default");
    want(&sandbox, "team-a-staging", "black-friday", "v1.36.4").await;
    let seen = watch_status(&sandbox, "team-a-staging", "black-friday", 30);
    assert_eq!(seen, states(&[("Ready", "v1.35.6", false)]));
    assert_eq!(versions(&sandbox, "black-friday"), ["v1.35.6"]);

    let resume = json!({"metadata": {"annotations": {"kamaji.clastix.io/paused": null}}});
    patch(&sandbox, &tenant_path("team-a-staging", "black-friday"), &resume).await;
    sandbox.advance(70_000);
    assert_eq!(versions(&sandbox, "black-friday"), ["v1.36.4"]);
}

#[tokio::test]
async fn a_write_limited_hop_rolls_and_is_never_recorded() {
    let sandbox = sandbox("default");
    want(&sandbox, "team-a-staging", "archive", "v1.36.4").await;
    let seen = watch_status(&sandbox, "team-a-staging", "archive", 80);
    assert_eq!(versions(&sandbox, "archive"), ["v1.36.4"]);
    let flips = seen.windows(2).filter(|pair| pair[0].0 == "WriteLimited" && pair[1].0 == "Upgrading").count();
    assert!(flips > 20, "{flips} flips in 80 s");
    assert!(seen.iter().all(|(_, version, _)| version == "v1.35.6"), "never recorded");

    let lift = json!({"spec": {"writePermissions": {"blockCreation": null, "blockUpdate": false}}});
    patch(&sandbox, &tenant_path("team-a-staging", "archive"), &lift).await;
    sandbox.advance(3_000);
    let tenant = object(&sandbox, Kind::TenantControlPlane, "team-a-staging", "archive");
    assert_eq!(tenant["status"]["kubernetesResources"]["version"], json!({"status": "Ready", "version": "v1.36.4"}));
}

#[tokio::test]
async fn pods_that_never_get_ready_exceed_the_deadline_and_a_newer_patch_is_a_way_out() {
    let sandbox = sandbox("default");
    want(&sandbox, "team-a", "ledger", "v1.36.0").await;
    assert_eq!(extremes(&sandbox, "ledger", 60), (6, 3), "the old ones go on serving");
    sandbox.advance(560_000);
    let condition = progressing(&sandbox, "ledger");
    assert_eq!((&condition["status"], &condition["reason"]), (&json!("False"), &json!("ProgressDeadlineExceeded")));
    let tenant = object(&sandbox, Kind::TenantControlPlane, "team-a", "ledger");
    assert_eq!(tenant["status"]["kubernetesResources"]["version"]["status"], "Upgrading", "Kamaji says so for ever");

    want(&sandbox, "team-a", "ledger", "v1.36.4").await;
    sandbox.advance(90_000);
    assert_eq!(versions(&sandbox, "ledger"), ["v1.36.4"]);
    assert_eq!(progressing(&sandbox, "ledger")["reason"], "NewReplicaSetAvailable");
}

#[tokio::test]
async fn a_strategy_of_nothing_hangs_silently() {
    let sandbox = sandbox("single");
    let body = json!({"spec": {
        "kubernetes": {"version": "v1.36.4"},
        "controlPlane": {"deployment": {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}}},
    }});
    patch(&sandbox, &tenant_path("team-a", "tenant-00"), &body).await;
    let seen = watch_status(&sandbox, "team-a", "tenant-00", 30);
    assert_eq!(seen, states(&[("Ready", "v1.35.6", false), ("Upgrading", "v1.35.6", false)]));
    assert_eq!(object(&sandbox, Kind::Deployment, "team-a", "tenant-00")["metadata"]["generation"], json!(1));
    let log: Vec<String> = sandbox.with_world(|world| world.kamaji_log().map(str::to_owned).collect());
    let words = "Deployment.apps \"tenant-00\" is invalid: spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0";
    assert!(log.iter().any(|line| line.ends_with(words)), "{log:?}");

    let mend = json!({"spec": {"controlPlane": {"deployment": {"strategy": {"rollingUpdate": {"maxSurge": 1}}}}}});
    patch(&sandbox, &tenant_path("team-a", "tenant-00"), &mend).await;
    sandbox.advance(180_000);
    assert_eq!(versions(&sandbox, "tenant-00"), ["v1.36.4"]);
}

#[tokio::test]
async fn a_half_given_strategy_gets_25_percent_and_an_absent_one_is_blue_green() {
    let cases = [
        (
            json!({"rollingUpdate": {"maxSurge": 1, "maxUnavailable": null}}),
            json!({"maxSurge": 1, "maxUnavailable": "25%"}),
        ),
        (json!({"rollingUpdate": null}), json!({"maxSurge": "100%", "maxUnavailable": 0})),
    ];
    for (strategy, applied) in cases {
        let sandbox = sandbox("single");
        let body = json!({"spec": {"controlPlane": {"deployment": {"strategy": strategy}}}});
        patch(&sandbox, &tenant_path("team-a", "tenant-00"), &body).await;
        sandbox.advance(5_000);
        let deployment = object(&sandbox, Kind::Deployment, "team-a", "tenant-00");
        assert_eq!(deployment["spec"]["strategy"]["rollingUpdate"], applied, "{strategy}");
    }
}

#[tokio::test]
async fn without_the_tenants_api_the_gate_holds_everything_back() {
    let sandbox = sandbox("unreachable");
    want(&sandbox, "team-a", "tenant-00", "v1.36.4").await;
    let scale = json!({"spec": {"controlPlane": {"deployment": {"replicas": 4}}}});
    patch(&sandbox, &tenant_path("team-a", "tenant-00"), &scale).await;
    let seen = watch_status(&sandbox, "team-a", "tenant-00", 60);
    assert_eq!(seen, states(&[("Ready", "v1.35.6", false)]));
    assert_eq!(object(&sandbox, Kind::Deployment, "team-a", "tenant-00")["spec"]["replicas"], json!(3));

    let answers = json!({"tenantApi": "answers"});
    assert_eq!(post(&sandbox, "/sandbox/tenants/team-a/tenant-00", &answers).await.0, 200);
    sandbox.advance(90_000);
    assert_eq!(versions(&sandbox, "tenant-00"), ["v1.36.4"]);
    assert_eq!(objects(&sandbox, Kind::Pod, "tenant-00").len(), 4);
}

#[tokio::test]
async fn two_hops_while_paused_are_a_dead_end() {
    let sandbox = sandbox("empty");
    let tenant = json!({
        "metadata": {"name": "old"},
        "spec": {
            "controlPlane": {"deployment": {"replicas": 1}, "service": {"serviceType": "ClusterIP"}},
            "kubernetes": {"version": "v1.34.3", "kubelet": {}},
            "networkProfile": {},
        },
    });
    post(&sandbox, "/apis/kamaji.clastix.io/v1alpha1/namespaces/team-a/tenantcontrolplanes", &tenant).await;
    sandbox.advance(60_000);
    let path = tenant_path("team-a", "old");
    patch(&sandbox, &path, &json!({"metadata": {"annotations": {"kamaji.clastix.io/paused": "false"}}})).await;
    want(&sandbox, "team-a", "old", "v1.35.6").await;
    want(&sandbox, "team-a", "old", "v1.36.4").await;
    patch(&sandbox, &path, &json!({"metadata": {"annotations": {"kamaji.clastix.io/paused": null}}})).await;
    let seen = watch_status(&sandbox, "team-a", "old", 60);
    assert_eq!(seen, states(&[("Ready", "v1.34.3", false)]));
    let log: Vec<String> = sandbox.with_world(|world| world.kamaji_log().map(str::to_owned).collect());
    assert!(log.iter().any(|line| line.ends_with("the required upgrade plan is not available")), "{log:?}");
}

#[tokio::test]
async fn the_surge_waits_for_room_and_for_quota() {
    for (scenario, reason, message) in [
        ("full", "FailedScheduling", "0/3 nodes are available: 3 Too many pods. no new claims"),
        ("quota", "FailedCreate", "exceeded quota: pods, requested: pods=1, used: pods=4, limited: pods=4"),
    ] {
        let sandbox = sandbox(scenario);
        want(&sandbox, "team-a", "tenant-00", "v1.36.4").await;
        sandbox.advance(30_000);
        let events = sandbox.with_world(|world| {
            world.store.list(Kind::Event, Some("team-a")).map(|(_, event)| Value::clone(event)).collect::<Vec<_>>()
        });
        let said = events.iter().any(|event| {
            event["reason"] == reason && event["message"].as_str().is_some_and(|text| text.contains(message))
        });
        assert!(said, "{scenario}: {events:?}");
    }
}

#[tokio::test]
async fn an_image_that_does_not_exist_is_said_so_on_the_pod() {
    let sandbox = sandbox("single");
    want(&sandbox, "team-a", "tenant-00", "v1.36.99").await;
    sandbox.advance(60_000);
    let pods = objects(&sandbox, Kind::Pod, "tenant-00");
    let reasons: Vec<&Value> =
        pods.iter().map(|pod| &pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"]).collect();
    assert_eq!(reasons.iter().filter(|reason| ***reason == json!("ImagePullBackOff")).count(), 3, "{reasons:?}");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_world() {
    let mut worlds = Vec::new();
    for _ in 0..2 {
        let sandbox = sandbox("single");
        want(&sandbox, "team-a", "tenant-00", "v1.36.4").await;
        sandbox.advance(60_000);
        worlds.push(sandbox.with_world(|world| {
            let all = Kind::ALL.into_iter().flat_map(|kind| world.store.list(kind, None));
            all.map(|(_, object)| object.to_string()).collect::<Vec<_>>()
        }));
    }
    assert_eq!(worlds[0], worlds[1]);
}

#[test]
fn past_start_ups_lie_in_the_tenants_range() {
    let sandbox = sandbox("default");
    for pod in objects(&sandbox, Kind::Pod, "tenant-00") {
        let since = |kind: &str| {
            let conditions = pod["status"]["conditions"].as_array().expect("conditions");
            let condition = conditions.iter().find(|condition| condition["type"] == kind).expect("the condition");
            let time = condition["lastTransitionTime"].as_str().expect("a time");
            planner::time::UnixMillis::parse(time).expect("RFC 3339")
        };
        let startup = since("Ready").since(since("PodScheduled"));
        assert!((17_000..=28_000).contains(&startup), "{startup} ms");
    }
}
