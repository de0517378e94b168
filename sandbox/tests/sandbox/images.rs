//! Images on the nodes and their pulls.

use sandbox::Sandbox;
use sandbox::kinds::Kind;
use serde_json::{Value, json};

use crate::support::{objects, patch, sandbox, tenant_path, want};

/// The nodes that list an image, by name.
fn nodes_with(sandbox: &Sandbox, image: &str) -> Vec<String> {
    let lists = |node: &Value| {
        let images = node["status"]["images"].as_array().expect("a list of images");
        images.iter().any(|listed| listed["names"].as_array().is_some_and(|names| names.contains(&json!(image))))
    };
    sandbox.with_world(|world| {
        let nodes = world.store.list(Kind::Node, None).filter(|(_, node)| lists(node));
        nodes.map(|(key, _)| key.name.clone()).collect()
    })
}

/// Nodes of a tenant's pods of one version.
fn nodes_of(sandbox: &Sandbox, tenant: &str, image: &str) -> Vec<String> {
    let pods = objects(sandbox, Kind::Pod, tenant);
    let of_version = pods.iter().filter(|pod| pod["spec"]["containers"][0]["image"] == image);
    let mut nodes: Vec<String> =
        of_version.filter_map(|pod| pod["spec"]["nodeName"].as_str()).map(str::to_owned).collect();
    nodes.sort();
    nodes.dedup();
    nodes
}

/// Reason and message of the events on one container of a tenant's pods that begin so.
fn said(sandbox: &Sandbox, container: &str, words: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    sandbox.with_world(|world| {
        let events = world.store.list(Kind::Event, Some("team-a")).map(|(_, event)| event);
        let ours = events.filter(|event| {
            event["involvedObject"]["fieldPath"] == format!("spec.containers{{{container}}}")
                && text(&event["message"]).starts_with(words)
        });
        ours.map(|event| (text(&event["reason"]), text(&event["message"]))).collect()
    })
}

/// What a `Pulled` message says it took (ms).
fn took_ms(message: &str) -> f64 {
    let duration = message.split(" in ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a duration");
    let number = |text: &str| text.parse::<f64>().expect("a number");
    match duration.strip_suffix("ms") {
        Some(millis) => number(millis),
        None => number(duration.trim_end_matches('s')) * 1000.0,
    }
}

const NEW: &str = "registry.k8s.io/kube-apiserver:v1.36.4";

#[tokio::test]
async fn a_node_lists_an_image_some_time_after_its_first_pod_pulled_it() {
    let sandbox = sandbox("single");
    assert_eq!(nodes_with(&sandbox, NEW), Vec::<String>::new());
    assert_eq!(nodes_with(&sandbox, "registry.k8s.io/kube-apiserver:v1.35.6").len(), 3, "of four");

    want(&sandbox, "team-a", "tenant-00", "v1.36.4").await;
    sandbox.advance(15_000);
    let pulling = said(&sandbox, "kube-apiserver", &format!("Pulling image {NEW:?}"));
    assert_eq!(pulling, vec![("Pulling".to_owned(), format!("Pulling image {NEW:?}")); 3]);
    let pulled = said(&sandbox, "kube-apiserver", &format!("Successfully pulled image {NEW:?} in "));
    assert_eq!(pulled.len(), 3);
    for (reason, message) in &pulled {
        assert_eq!(reason, "Pulled");
        assert!(message.ends_with(" including waiting). Image size: 27671920 bytes."), "{message}");
        assert!((1_500.0..=4_000.0).contains(&took_ms(message)), "{message}");
    }
    sandbox.advance(40_000);
    assert_eq!(nodes_with(&sandbox, NEW), nodes_of(&sandbox, "tenant-00", NEW));
}

#[tokio::test]
async fn where_an_image_is_the_kubelet_only_asks_for_it() {
    let sandbox = sandbox("far-registry");
    let image = "registry.k8s.io/kube-apiserver:v1.35.9";
    assert_eq!(nodes_with(&sandbox, image).len(), 3);
    let pulled = format!("Successfully pulled image {image:?} in ");
    let before: Vec<f64> =
        said(&sandbox, "kube-apiserver", &pulled).iter().map(|(_, message)| took_ms(message)).collect();
    assert!(before.len() == 3 && before.iter().all(|took| (9_000.0..=20_000.0).contains(took)), "{before:?}");

    let scale = json!({"spec": {"controlPlane": {"deployment": {"replicas": 4}}}});
    patch(&sandbox, &tenant_path("team-a", "tenant-00"), &scale).await;
    sandbox.advance(60_000);
    let asked = said(&sandbox, "kube-apiserver", &pulled).into_iter().map(|(_, message)| took_ms(&message));
    let asked: Vec<f64> = asked.filter(|took| *took < 9_000.0).collect();
    assert!(asked.len() == 1 && asked[0] < 1_000.0, "it asks always: {asked:?}");
    let scheduler = "Container image \"registry.k8s.io/kube-scheduler:v1.35.9\" already present on machine";
    let present = said(&sandbox, "kube-scheduler", scheduler);
    assert_eq!(present, [("Pulled".to_owned(), scheduler.to_owned())]);
}

#[tokio::test]
async fn far_from_the_registry_the_first_start_up_on_a_node_takes_the_pull_longer() {
    let sandbox = sandbox("far-registry");
    assert_eq!(nodes_with(&sandbox, NEW), Vec::<String>::new());
    want(&sandbox, "team-a", "tenant-00", "v1.36.4").await;
    let ready = |sandbox: &Sandbox| {
        let pods = objects(sandbox, Kind::Pod, "tenant-00");
        let new = pods.iter().filter(|pod| pod["spec"]["containers"][0]["image"] == NEW);
        new.filter(|pod| pod["status"]["containerStatuses"][0]["ready"] == true).count()
    };
    // Without a pull every pod is ready 28 s after it was made, and the hop takes a second to begin.
    sandbox.advance(18_000 + 9_000);
    assert_eq!(ready(&sandbox), 0);
    sandbox.advance(1_500 + 27_000 + 20_000 - 18_000 - 9_000);
    assert_eq!(ready(&sandbox), 3);
}
