//! Images on the nodes, and their pulls.

use cluster::resources::{Object, ObjectKind};
use planner::tenant::{Freshness, ImagePresence, NodeImages, Reading, TenantSnapshot};
use serde_json::{Value, json};

use crate::index::World;
use crate::support::objects::{control_plane, deployment, node, pod, pulled, with, without};
use crate::support::{admin, read, tenant_id};

const OLD: &str = "registry.k8s.io/kube-apiserver:v1.35.6";
const NEW: &str = "registry.k8s.io/kube-apiserver:v1.36.0";

/// At rest, on three nodes that have the old image.
fn on_three_nodes() -> World {
    let mut world = World::at_rest();
    world.list(ObjectKind::Node, &["node-1", "node-2", "node-3"].map(|name| node(name, &[OLD])));
    world
}

fn images(snapshot: &TenantSnapshot) -> &NodeImages {
    snapshot.images.read().expect("the nodes are read")
}

/// How many nodes list it, how many more may have it, of how many.
fn presence(world: &World, version: &str) -> (u32, u32, u32) {
    let version = version.parse().expect("a version");
    let ImagePresence { listed, perhaps, nodes } = images(&world.snapshot()).presence(&version);
    (listed, perhaps, nodes)
}

/// A message of the kubelet about the new image.
fn took(durations: &str) -> String {
    format!("Successfully pulled image \"{NEW}\" in {durations}")
}

#[test]
fn of_a_node_only_tagged_images_of_api_servers_are_kept_whatever_it_lists() {
    let names = |names: Value| with(node("n", &[OLD]), "/status/images/0/names", names);
    let table = [
        ("as containerd lists it", names(json!(["registry.k8s.io/kube-apiserver@sha256:0e1a", OLD])), vec![OLD]),
        ("a digest alone", names(json!(["registry.k8s.io/kube-apiserver@sha256:0e1a"])), vec![]),
        ("a tag with a digest", names(json!([format!("{OLD}@sha256:0e1a")])), vec![OLD]),
        ("no tag", names(json!(["registry.k8s.io/kube-apiserver"])), vec![]),
        ("an empty tag", names(json!(["registry.k8s.io/kube-apiserver:"])), vec![]),
        ("a port and no tag", names(json!(["host:5000/kube-apiserver"])), vec![]),
        (
            "a port and a tag",
            names(json!(["host:5000/kube-apiserver:v1.2.3"])),
            vec!["host:5000/kube-apiserver:v1.2.3"],
        ),
        ("a suffix", names(json!(["a.b/kube-apiserver:v1.2.3-fips"])), vec!["a.b/kube-apiserver:v1.2.3-fips"]),
        ("no registry", names(json!(["kube-apiserver:v1"])), vec!["docker.io/library/kube-apiserver:v1"]),
        ("a path without registry", names(json!(["me/kube-apiserver:v1"])), vec!["docker.io/me/kube-apiserver:v1"]),
        ("localhost", names(json!(["localhost/kube-apiserver:v1"])), vec!["localhost/kube-apiserver:v1"]),
        ("other images", names(json!(["registry.k8s.io/kube-proxy:v1.35.6", "<none>:<none>", ""])), vec![]),
        ("an image without names", names(json!(null)), vec![]),
        ("names that are none", names(json!([7, null, { "name": OLD }])), vec![]),
        ("an image that is none", with(node("n", &[OLD]), "/status/images/0", json!("image")), vec![]),
        ("images that are no list", with(node("n", &[]), "/status/images", json!({ "names": [OLD] })), vec![]),
        ("no status", without(node("n", &[OLD]), "/status"), vec![]),
    ];
    for (case, object, expected) in table {
        let Object::Node(facts) = read(ObjectKind::Node, &object) else { panic!("another kind") };
        let kept: Vec<String> = facts.images.iter().map(|it| format!("{}:{}", it.repository, it.tag)).collect();
        assert_eq!(kept, expected, "{case}");
    }
    let many: Vec<String> = (0..5_000).map(|number| format!("evil.example/kube-apiserver:v1.1.{number}")).collect();
    let Object::Node(hostile) = read(ObjectKind::Node, &names(json!(many))) else { panic!("another kind") };
    assert_eq!(hostile.images.len(), 200);
}

#[test]
fn a_tenant_is_told_on_how_many_nodes_its_images_are() {
    let mut world = on_three_nodes();
    world.apply(ObjectKind::Node, &node("node-2", &[OLD, NEW, "mirror.example/kube-apiserver:v1.34.0"]));
    assert_eq!(presence(&world, "v1.35.6"), (3, 0, 3));
    assert_eq!(presence(&world, "v1.36.0"), (1, 0, 3));
    assert_eq!(presence(&world, "v1.34.0"), (0, 0, 3), "from another registry it is another image");

    let cordoned = with(node("node-2", &[OLD, NEW]), "/spec/unschedulable", json!(true));
    world.apply(ObjectKind::Node, &cordoned);
    assert_eq!(presence(&world, "v1.36.0"), (0, 0, 2), "it takes no new pods");
    world.delete(ObjectKind::Node, &node("node-3", &[]));
    assert_eq!(presence(&world, "v1.35.6"), (1, 0, 1));
    world.list(ObjectKind::Node, &[node("node-9", &[NEW])]);
    assert_eq!(presence(&world, "v1.36.0"), (1, 0, 1), "what is not in a list is gone");
}

#[test]
fn a_list_that_is_full_or_empty_is_no_proof_that_an_image_is_missing() {
    let others: Vec<String> = (0..50).map(|number| format!("example.com/app-{number}:v1")).collect();
    let full: Vec<&str> = others.iter().map(String::as_str).collect();
    let mut with_old = full.clone();
    with_old[7] = OLD;
    let mut world = World::at_rest();
    let nodes = [node("a", &with_old), node("b", &full[..48]), node("c", &[OLD]), without(node("d", &[]), "/status")];
    world.list(ObjectKind::Node, &nodes);
    assert_eq!(presence(&world, "v1.35.6"), (2, 1, 4), "a has it for certain");
    assert_eq!(presence(&world, "v1.36.0"), (0, 2, 4));
    assert_eq!(images(&world.snapshot()).uncertain, 2);
}

#[test]
fn the_registry_of_a_tenant_says_which_image_is_its() {
    let settings =
        |settings: Value| with(control_plane("t"), "/spec/controlPlane/deployment/registrySettings", settings);
    let listed = [
        OLD,
        "registry.k8s.io/kube-apiserver:v1.35.6-fips",
        "host:5000/kube-apiserver:v1.35.6",
        "docker.io/me/own-apiserver:v1.35.6",
    ];
    let table = [
        (json!({}), Some(vec!["v1.35.6-fips", "v1.35.6"])),
        (json!({ "registry": "registry.k8s.io", "tagSuffix": "-fips" }), Some(vec!["v1.35.6"])),
        (json!({ "registry": "host:5000" }), Some(vec!["v1.35.6"])),
        (json!({ "registry": "me", "apiServerImage": "own-apiserver" }), Some(vec!["v1.35.6"])),
        (json!({ "registry": "elsewhere.example" }), Some(vec![])),
        (json!({ "apiServerImage": "something-else" }), None),
    ];
    for (registry, expected) in table {
        let mut world = World::at_rest();
        world.list(ObjectKind::Node, &[node("node-1", &listed)]);
        world.apply(ObjectKind::TenantControlPlane, &settings(registry.clone()));
        let snapshot = world.snapshot();
        let versions = snapshot.images.read().map(|images| {
            images.versions.iter().map(|listed| (listed.version.to_string(), listed.nodes)).collect::<Vec<_>>()
        });
        let expected = expected.map(|names| names.into_iter().map(|name| (name.to_owned(), 1)).collect::<Vec<_>>());
        assert_eq!(versions, expected, "{registry}");
    }
}

#[test]
fn heartbeats_of_nodes_publish_nothing_and_new_images_do() {
    let mut world = on_three_nodes();
    let mut tenant = world.observer.tenant(&admin(), &tenant_id("t")).expect("there");
    tenant.mark_unchanged();
    let mut changed = |world: &mut World, node: &Value| {
        world.pass(10_000);
        world.apply(ObjectKind::Node, node);
        let changed = tenant.has_changed().expect("open");
        tenant.mark_unchanged();
        changed
    };
    let beat = with(node("node-1", &[OLD]), "/metadata/resourceVersion", json!("51"));
    let beat = with(beat, "/status/conditions/0/lastHeartbeatTime", json!("2026-11-22T08:00:05Z"));
    assert!(!changed(&mut world, &beat));
    assert!(!changed(&mut world, &node("node-1", &[OLD, "registry.k8s.io/kube-proxy:v1.36.0"])));
    assert!(changed(&mut world, &node("node-1", &[OLD, NEW])));
    assert!(changed(&mut world, &with(node("node-1", &[OLD, NEW]), "/spec/unschedulable", json!(true))));
}

#[test]
fn nodes_that_may_not_be_read_or_are_lost_hide_nothing_else() {
    let mut world = World::empty();
    world.list(ObjectKind::TenantControlPlane, &[control_plane("t")]);
    world.list(ObjectKind::Deployment, &[deployment("t", "v1.35.6")]);
    assert_eq!(world.snapshot().images, Reading::Waiting);
    world.index.lost(ObjectKind::Node, "connection refused", world.now);
    world.index.flush(world.now);
    assert_eq!((world.snapshot().images, world.snapshot().freshness), (Reading::Waiting, Freshness::Live));

    world.index.forbidden(ObjectKind::Node, "nodes is forbidden", world.now);
    world.index.flush(world.now);
    let snapshot = world.snapshot();
    assert_eq!(snapshot.images, Reading::Forbidden("nodes is forbidden".into()));
    assert_eq!(snapshot.freshness, Freshness::Live);
    assert!(snapshot.deployment.read().is_some() && world.observer.ready());

    world.list(ObjectKind::Node, &[]);
    assert_eq!(world.snapshot().images, Reading::Missing, "without any node nothing is known of images");
    world.list(ObjectKind::Node, &[node("node-1", &[OLD])]);
    world.index.lost(ObjectKind::Node, "connection reset", world.now);
    world.index.flush(world.now);
    assert_eq!(presence(&world, "v1.35.6"), (1, 0, 1), "what was last seen still serves");
    assert_eq!(world.snapshot().freshness, Freshness::Live);
    let sentences = world.observer.health().borrow().sentences();
    assert!(sentences.iter().any(|sentence| sentence.starts_with("The watch on Nodes is lost")), "{sentences:?}");
}

#[test]
fn pulls_are_told_by_events_in_the_words_of_every_kubelet() {
    let table = [
        (took("12.345s (12.345s including waiting). Image size: 30111492 bytes."), Some(12_345)),
        (took("4.2s (15.25s including waiting)"), Some(15_250)),
        (took("1m44.643s (1m44.643s including waiting). Image size: 1 bytes."), Some(104_643)),
        (took("46.9444707s"), Some(46_944)),
        (took("1h0m2.5s"), Some(3_602_500)),
        (took("999ms (999ms including waiting). Image size: 30111492 bytes."), None),
        (took("412.5µs"), None),
        (took("0s"), None),
        (took("soon"), None),
        (took("-12s"), None),
        (took("12"), None),
        (took(""), None),
        (took("999999999999999999999999h"), None),
        (format!("Container image \"{NEW}\" already present on machine"), None),
        (format!("Container image \"{NEW}\" already present on machine and can be accessed by the pod"), None),
        ("Successfully pulled image \"registry.k8s.io/kube-apiserver\" in 12s".to_owned(), None),
        (String::new(), None),
    ];
    for (message, expected) in table {
        let mut world = World::at_rest();
        world.apply(ObjectKind::Event, &pulled("e", "t-aaa-x", &message));
        assert_eq!(world.snapshot().timings.pull_ms, Vec::from_iter(expected), "{message}");
    }
}

#[test]
fn only_pulls_of_the_api_servers_image_count() {
    let message = took("12s");
    let scheduler = took("12s").replace("kube-apiserver", "kube-scheduler");
    let of = |container: &str| json!(format!("spec.containers{{{container}}}"));
    let told = |path: Value, message: &str| with(pulled("e", "t-aaa-x", message), "/involvedObject/fieldPath", path);
    let table = [
        ("its container", told(of("kube-apiserver"), &message), 1),
        ("its container with an image of another name", told(of("kube-apiserver"), &scheduler), 1),
        ("another container", told(of("kube-scheduler"), &scheduler), 0),
        ("another container with the same image", told(of("sidecar"), &message), 0),
        ("no container is named", told(json!(null), &message), 1),
        ("no container is named, another image", told(json!(null), &scheduler), 0),
        ("another reason", with(told(of("kube-apiserver"), &message), "/reason", json!("Pulling")), 0),
        ("not on a pod", with(pulled("e", "t-aaa", &message), "/involvedObject/kind", json!("ReplicaSet")), 0),
    ];
    for (case, event, count) in table {
        let mut world = World::at_rest();
        world.apply(ObjectKind::Event, &event);
        assert_eq!(world.snapshot().timings.pull_ms.len(), count, "{case}");
    }
}

#[test]
fn a_kubelet_that_has_the_image_has_only_asked_for_it() {
    let mut world = on_three_nodes();
    let slow = took("3s");
    world.apply(ObjectKind::Pod, &with(pod("t", "bbb", "n", "v1.36.0"), "/spec/nodeName", json!("node-2")));
    world.apply(ObjectKind::Event, &pulled("first", "t-bbb-n", &slow));
    assert_eq!(world.snapshot().timings.pull_ms, [3_000]);
    world.apply(ObjectKind::Node, &node("node-2", &[OLD, NEW]));
    world.apply(ObjectKind::Event, &pulled("restarted", "t-bbb-n", &slow));
    assert_eq!(world.snapshot().timings.pull_ms, [3_000], "the node lists it by now");
    world.list(ObjectKind::Event, &["first", "restarted"].map(|name| pulled(name, "t-bbb-n", &slow)));
    assert_eq!(world.snapshot().timings.pull_ms, [3_000, 3_000], "of the past it is not known what the node had");
}

#[test]
fn an_event_that_comes_again_is_one_pull_and_the_newest_are_kept_in_their_order() {
    let mut world = World::at_rest();
    let at = |number: usize, minute: usize| {
        let event = pulled(&format!("e{number}"), "t-aaa-x", &took(&format!("{}s", number + 10)));
        with(event, "/lastTimestamp", json!(format!("2026-11-22T07:{minute:02}:00Z")))
    };
    // The list is in the order of names, the times run the other way.
    world.list(ObjectKind::Event, &[at(1, 30), at(2, 20), at(3, 10)]);
    world.list(ObjectKind::Event, &[at(1, 30), at(2, 20), at(3, 10)]);
    assert_eq!(world.snapshot().timings.pull_ms, [13_000, 12_000, 11_000]);
    world.list(ObjectKind::Event, &[]);
    assert_eq!(world.snapshot().timings.pull_ms.len(), 3, "events live an hour, what they told stays");
    for number in 4..24 {
        world.apply(ObjectKind::Event, &at(number, 31));
    }
    let expected: Vec<i64> = (14..34).map(|seconds| seconds * 1000).collect();
    assert_eq!(world.snapshot().timings.pull_ms, expected);
}

#[test]
fn a_start_up_is_counted_without_its_pull_whichever_is_seen_first() {
    let slow = took("12s (12.5s including waiting). Image size: 30111492 bytes.");
    let mut world = World::at_rest();
    assert_eq!(world.snapshot().timings.startup_ms, [20_000; 3]);
    world.apply(ObjectKind::Event, &pulled("e", "t-aaa-x", &slow));
    let mut startups = world.snapshot().timings.startup_ms;
    startups.sort_unstable();
    assert_eq!(startups, [7_500, 20_000, 20_000]);

    world.apply(ObjectKind::Event, &pulled("f", "t-bbb-n", &took("5s")));
    let starting = with(pod("t", "bbb", "n", "v1.36.0"), "/status/conditions/1/status", json!("False"));
    world.apply(ObjectKind::Pod, &starting);
    world.pass(30_000);
    world.apply(ObjectKind::Pod, &pod("t", "bbb", "n", "v1.36.0"));
    assert_eq!(world.snapshot().timings.startup_ms.last(), Some(&25_000));
}

#[test]
fn a_hop_remembers_what_the_nodes_had_when_it_began() {
    let mut world = on_three_nodes();
    world.want_next();
    let began = world.snapshot().hop.expect("it runs").images;
    assert_eq!(began, world.snapshot().images);
    world.apply(ObjectKind::Node, &node("node-1", &[OLD, NEW]));
    let snapshot = world.snapshot();
    assert_eq!(images(&snapshot).versions.len(), 2);
    assert_eq!(snapshot.hop.expect("it runs").images, began);
}

#[test]
fn a_hop_found_under_way_does_not_know_what_the_nodes_had() {
    let mut world = World::empty();
    world.list(ObjectKind::Node, &[node("node-1", &[NEW])]);
    let wanted = with(control_plane("t"), "/spec/kubernetes/version", json!("v1.36.0"));
    world.list(ObjectKind::TenantControlPlane, &[wanted]);
    world.list(ObjectKind::Pod, &[pod("t", "aaa", "x", "v1.35.6")]);
    world.list(ObjectKind::Deployment, &[deployment("t", "v1.36.0")]);
    let snapshot = world.snapshot();
    assert_eq!(snapshot.hop.map(|hop| hop.images), Some(Reading::Missing));
    assert!(snapshot.images.read().is_some());
}
