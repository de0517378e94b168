//! A quota and nodes that are too small, in the words of the real controllers. Recorded of a plain Deployment, so its
//! TenantControlPlane is made up: it wants each version that the Deployment is given, as Kamaji would while Upgrading.

use std::io::Write;

use cluster::Recording;
use planner::operator::OperatorKnowledge;
use planner::stage::{self, Exit, Stage};
use serde_json::{Value, json};

use crate::support::objects::{control_plane, with};
use crate::support::story::{Story, lines, names, open, replay};

const NAME: &str = "web";

/// The recording, with its Deployment as the control plane of a tenant.
fn adopted(test: &str) -> Story {
    let file = std::env::temp_dir().join(format!("adopted-{}-{test}.jsonl", std::process::id()));
    let mut out = std::fs::File::create(&file).expect("a file");
    let mut running = String::new();
    for mut line in lines("goal1-deployment") {
        if line["type"] != "MARK" {
            adopt(&mut line["object"]);
        }
        let image = &line["object"]["spec"]["template"]["spec"]["containers"][0]["image"];
        let wanted = version_of(image.as_str().unwrap_or_default()).to_owned();
        if line["kind"] == "Deployment" && wanted != running {
            let tenant = tenant(&running, &wanted);
            let wants =
                json!({ "t_ms": line["t_ms"], "type": "MODIFIED", "kind": "TenantControlPlane", "object": tenant });
            writeln!(out, "{wants}").expect("written");
            running = wanted;
        }
        writeln!(out, "{line}").expect("written");
    }
    let recording = Recording::open(&file).expect("it is a recording");
    std::fs::remove_file(&file).expect("removed");
    Story::played(recording, NAME, OperatorKnowledge::unknown("nobody was asked"))
}

fn version_of(image: &str) -> &str {
    image.rsplit_once(':').map_or("", |(_, tag)| tag)
}

fn tenant(installed: &str, wanted: &str) -> Value {
    let object = with(control_plane(NAME), "/metadata/namespace", json!(NAME));
    let object = with(object, "/spec/kubernetes/version", json!(wanted));
    let object = with(object, "/status/kubernetesResources/version/status", json!("Upgrading"));
    with(object, "/status/kubernetesResources/version/version", json!(installed))
}

/// Labels and images as Kamaji would give them: `web:v4` runs v1.35.4.
fn adopt(object: &mut Value) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.entry("labels").or_insert_with(|| json!({}))["kamaji.clastix.io/name"] = json!(NAME);
    }
    for containers in ["/spec/containers", "/spec/template/spec/containers"] {
        for container in object.pointer_mut(containers).and_then(Value::as_array_mut).into_iter().flatten() {
            let patch = version_of(container["image"].as_str().expect("an image")).trim_start_matches('v').to_owned();
            container["name"] = json!("kube-apiserver");
            container["image"] = json!(format!("registry.k8s.io/kube-apiserver:v1.35.{patch}"));
        }
    }
}

#[test]
pub(super) fn a_deployment_that_is_no_tenants_is_nothing_to_the_console() {
    let recording = open("goal1-deployment");
    let (_, observer) = replay(&recording, |_, snapshot| panic!("{} is no tenant", snapshot.id));
    assert_eq!(observer.health().borrow().problems, [""; 0]);
}

#[test]
pub(super) fn a_quota_is_named_while_the_surge_goes_on_as_far_as_it_lets_it() {
    let story = adopted("quota");
    let (from, raised) = (story.mark("quota pods=4"), story.mark("quota raised"));
    let stuck = story.report(raised);
    assert_eq!((stuck.stage, names(&stuck.stuck)), (Stage::RollingOut, vec!["quotaExceeded".to_owned()]));
    let evidence = &stuck.stuck[0].evidence;
    assert!(evidence.contains("exceeded quota: q, requested: pods=1, used: pods=4, limited: pods=4"), "{evidence}");
    let back = Exit::PatchRollback { to: "v1.35.3".to_owned() };
    assert_eq!(stuck.exits, [Exit::RaiseQuota, Exit::InPlace, back]);
    let first = story.first(from, |it| !stage::read(it).stuck.is_empty());
    assert!(first - from < 2_500, "{first}: said at once");
    let serving: Vec<u32> = story.states(first, raised).map(|(_, it)| stage::read(it).counts.new_serving).collect();
    assert_eq!((serving.first(), serving.last()), (Some(&0), Some(&1)), "one at a time, as there is room for one");
    // The ReplicaSet controller had backed off, so the next try came late.
    let freed = story.first(raised, |it| stage::read(it).stuck.is_empty());
    assert!((6_000..7_000).contains(&(freed - raised)), "{freed}");
}

#[test]
pub(super) fn nodes_that_are_too_small_are_named_and_the_way_back_works_at_once() {
    let story = adopted("nodes");
    let (from, back) = (story.mark("unschedulable"), story.mark("rollback to v4"));
    let stuck = story.report(back);
    assert_eq!(names(&stuck.stuck), ["progressDeadlineExceeded", "unschedulable"]);
    assert!(stuck.stuck[1].evidence.starts_with("0/4 nodes are available: 4 Insufficient cpu."), "{stuck:?}");
    let exits = [Exit::MakeRoom, Exit::InPlace, Exit::PatchRollback { to: "v1.35.4".to_owned() }];
    assert_eq!(stuck.exits, exits, "another patch would find no room either");
    let first = story.first(from, |it| !stage::read(it).stuck.is_empty());
    assert!(first - from < 1_000, "{first}: the pods say so long before the deadline");
    let hop = story.hop();
    assert_eq!(hop.to.0, "v1.35.4");
    let complete = story.first(back + 1, |it| stage::read(it).counts.older() == 0);
    assert!(complete - back < 1_500, "{complete}");
}
