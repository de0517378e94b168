use planner::cluster_api::{Kind, Served, served};

#[test]
fn the_newest_known_version_is_read_and_what_is_newer_is_said() {
    let known = |version: &str, newer: &[&str]| Served::Known {
        version: version.to_owned(),
        newer: newer.iter().map(|it| (*it).to_owned()).collect(),
    };
    let unknown =
        |versions: &[&str]| Served::Unknown { versions: versions.iter().map(|it| (*it).to_owned()).collect() };
    let cases = [
        (Kind::Cluster, vec![], Served::Nowhere),
        (Kind::Cluster, vec!["v1beta1"], known("v1beta1", &[])),
        (Kind::Cluster, vec!["v1alpha4", "v1beta1", "v1beta2"], known("v1beta2", &[])),
        (Kind::Cluster, vec!["v1beta10", "v1beta2", "v1", "v1beta2"], known("v1beta2", &["v1", "v1beta10"])),
        (Kind::Cluster, vec!["v1alpha4", "v2"], unknown(&["v2", "v1alpha4"])),
        (Kind::KamajiControlPlane, vec!["v1alpha1", "v1alpha2"], known("v1alpha2", &[])),
        (Kind::KamajiControlPlane, vec!["v1alpha1"], known("v1alpha1", &[])),
        // Those of another provider's control plane in the same group.
        (Kind::KamajiControlPlane, vec!["v1beta2"], unknown(&["v1beta2"])),
        (Kind::KamajiControlPlane, vec!["v1alpha1", "<b>"], known("v1alpha1", &[])),
    ];
    for (kind, versions, expected) in cases {
        let versions: Vec<String> = versions.into_iter().map(str::to_owned).collect();
        assert_eq!(served(kind, &versions), expected, "{kind} {versions:?}");
    }
    assert_eq!(
        known("v1beta2", &["v1"]).to_string(),
        "read as v1beta2; the API server serves v1 too, which this console does not know"
    );
}
