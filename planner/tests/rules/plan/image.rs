//! Whether the image of the target version exists.

use planner::finding::Source;
use planner::plan::{Evidence, ImageFact};
use planner::releases::ReleaseTable;
use planner::tenant::{ImageSource, ListedVersion, NodeImages, Reading, TenantSnapshot};

use super::Wanted;
use crate::builders::{tenant, version};

#[test]
fn an_image_is_told_by_the_registry_else_by_what_else_is_known() {
    let mut snapshot = tenant("v1.35.6");
    let image = || "registry.k8s.io/kube-apiserver:v1.36.4".to_owned();
    let releases = ReleaseTable::built_in();
    let unasked = |snapshot: &TenantSnapshot, to: &str| {
        ImageFact::not_checked(snapshot, &version(to), &releases, "nobody answers".to_owned())
    };
    let on = |nodes| {
        let versions = vec![ListedVersion { version: version("v1.36.4"), nodes, uncertain: 0 }];
        Reading::Read(NodeImages { nodes: 3, uncertain: 0, versions })
    };
    let mirrored = ImageSource { repository: "harbor.example/k8s/kube-apiserver".to_owned(), tag_suffix: None };
    let suffixed = ImageSource { tag_suffix: Some("-fips".to_owned()), ..snapshot.image.clone() };
    let with = |change: &dyn Fn(&mut TenantSnapshot)| {
        let mut changed = snapshot.clone();
        change(&mut changed);
        changed
    };
    let cases = [
        (ImageFact::InRegistry(image()), "passes: The registry has registry.k8s.io/kube-apiserver:v1.36.4."),
        (
            ImageFact::NotInRegistry(image()),
            "warns: The registry says that there is no registry.k8s.io/kube-apiserver:v1.36.4.",
        ),
        (
            unasked(&snapshot, "v1.36.4"),
            "passes: Kubernetes has released this version. Whether the registry has registry.k8s.io/kube-apiserver:v1.36.4 was not \
             checked: nobody answers.",
        ),
        (
            unasked(&with(&|it| it.images = on(2)), "v1.36.4"),
            "passes: 2 nodes have the image already. Whether the registry has registry.k8s.io/kube-apiserver:v1.36.4 was not \
             checked: nobody answers.",
        ),
        (
            unasked(&snapshot, "v1.36.99"),
            "unknown: Whether the image registry.k8s.io/kube-apiserver:v1.36.99 exists was not checked: nobody answers.",
        ),
        (
            unasked(&with(&|it| it.image = mirrored.clone()), "v1.36.4"),
            "unknown: Whether the image harbor.example/k8s/kube-apiserver:v1.36.4 exists was not checked: nobody answers.",
        ),
        (
            unasked(&with(&|it| it.image = suffixed.clone()), "v1.36.4"),
            "unknown: Whether the image registry.k8s.io/kube-apiserver:v1.36.4-fips exists was not checked: nobody answers.",
        ),
    ];
    for (fact, expected) in cases {
        let evidence = Evidence { image: fact, ..Wanted::hop("v1.35.6", "v1.36.4").evidence() };
        let found = evidence.findings(&snapshot, None);
        let found = found.iter().find(|finding| finding.kind.source() == Source::Registry).expect("told");
        assert_eq!(
            format!("{}: {found}", serde_json::to_value(found.severity).expect("a word").as_str().expect("a word")),
            expected
        );
    }
    snapshot.images = on(0);
    let nowhere = unasked(&snapshot, "v1.36.99");
    assert!(matches!(nowhere, ImageFact::NotChecked { known: None, .. }), "listed on no node");
}
