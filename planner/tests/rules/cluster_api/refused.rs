use planner::cluster_api::{ClusterApiFacts, WayBack, advise};
use planner::tenant_api::Answer;
use serde_json::json;

use super::builders::{bring_control_plane, by_hand, condition, control_plane, topology, with_topology};
use crate::builders::{current, declared, tenant, version};

const CEILING: &str = "cannot create or update TenantControlPlane: admission webhook \"vtenantcontrolplane.kb.io\" denied the \
                       request: unable to upgrade to a version greater than the supported one (v1.36)";

fn refuse(mut facts: ClusterApiFacts, words: &str) -> ClusterApiFacts {
    bring_control_plane(&mut facts, "v1.37.0", "v1.36.4");
    control_plane(&mut facts).meta.conditions = vec![condition("TenantControlPlaneCreated", "False", "Pending", words)];
    facts
}

#[test]
fn a_refused_version_is_put_back_in_the_control_plane() {
    let facts = refuse(by_hand("v1.36.4"), CEILING);
    let advice = advise(&facts, &tenant("v1.36.4"), &version("v1.37.0"), &current(36));
    let refused = advice.refused.as_ref().expect("it was refused");
    assert_eq!(
        refused.to_string(),
        format!("KamajiControlPlane tenant-00 asks for v1.37.0, the TenantControlPlane stays at v1.36.4: {CEILING}")
    );
    assert_eq!(
        refused.way_on(),
        Some("Or upgrade Kamaji to a release that takes this version; the provider tries again by itself.")
    );
    let patches: Vec<_> = refused.back.changes().iter().map(|change| change.merge_patch.clone()).collect();
    assert_eq!(patches, [json!({"spec": {"version": "v1.36.4"}})]);
    assert_eq!(
        advice.steps[1].state.to_string(),
        "Waits. Kamaji refused the version that KamajiControlPlane tenant-00 asks for."
    );
}

#[test]
fn with_a_topology_the_way_back_begins_in_the_cluster_and_needs_its_annotation() {
    let mut facts = refuse(with_topology("v1.36.4"), CEILING);
    topology(&mut facts).version = declared("v1.37.0");
    let advice = advise(&facts, &tenant("v1.36.4"), &version("v1.37.0"), &current(36));
    let back = advice.refused.expect("it was refused").back;
    let allowed = "unsafe.topology.cluster.x-k8s.io/disable-update-version-check";
    let patches: Vec<_> =
        back.changes().iter().map(|change| (change.object.to_string(), change.merge_patch.clone())).collect();
    assert_eq!(
        patches,
        [
            (
                "Cluster prod".to_owned(),
                json!({"spec": {"topology": {"version": "v1.36.4"}}, "metadata": {"annotations": {allowed: "true"}}})
            ),
            ("KamajiControlPlane tenant-00".to_owned(), json!({"spec": {"version": "v1.36.4"}})),
            ("Cluster prod".to_owned(), json!({"metadata": {"annotations": {allowed: null}}})),
        ]
    );
    assert_eq!(back.changes()[2].to_string(), format!("Remove metadata.annotations: {allowed} of Cluster prod."));
}

#[test]
fn not_every_failure_to_write_is_a_refusal_and_not_every_refusal_is_the_ceilings() {
    type Case<'a> = (&'a str, &'a str, fn(&mut ClusterApiFacts), Option<&'a str>, Option<&'a str>);
    let skips = "admission webhook denied the request: unable to upgrade to a minor version in a non-sequential mode";
    let cases: [Case<'_>; 5] = [
        ("conflict", "the object has been modified", |_| (), Some("put right what these words name"), None),
        ("two minors", skips, |_| (), Some("Put the version back"), Some("one minor at a time")),
        (
            "its Cluster is not known",
            skips,
            |it| {
                control_plane(it).topology_owned = true;
                it.cluster = Answer::Missing;
            },
            Some("its Cluster could not be read (not there)"),
            Some("one minor at a time"),
        ),
        ("an old condition", skips, |it| bring_control_plane(it, "1.36.4", "v1.36.4"), None, None),
        ("written", "", |it| control_plane(it).meta.conditions[0].status = "True".to_owned(), None, None),
    ];
    for (name, words, change, back, on) in cases {
        let mut facts = refuse(by_hand("v1.36.4"), words);
        change(&mut facts);
        let refused = advise(&facts, &tenant("v1.36.4"), &version("v1.37.0"), &current(36)).refused;
        let told = refused.as_ref().map(|it| it.back.to_string());
        match back {
            Some(back) => assert!(told.as_ref().is_some_and(|it| it.contains(back)), "{name}: {told:?}"),
            None => assert_eq!(refused, None, "{name}"),
        }
        let way_on = refused.as_ref().and_then(|it| it.way_on());
        assert_eq!(way_on.is_some(), on.is_some(), "{name}");
        assert!(on.is_none_or(|on| way_on.is_some_and(|it| it.contains(on))), "{name}: {way_on:?}");
        let nothing = matches!(refused.map(|it| it.back), Some(WayBack::PutRight | WayBack::Unknown(_)) | None);
        assert_eq!(nothing, name != "two minors", "{name}");
    }
}
