//! The pull of the image: whether the nodes have it, what earlier pulls took, and what it does to a comparison.

use planner::lab::{Extent, LabInput, LabRow, compare};
use planner::strategy::Strategy;
use planner::tenant::{ImagePresence, ListedVersion, NodeImages, Reading};
use planner::version::KubernetesVersion;

const WANTED: KubernetesVersion = KubernetesVersion::new(1, 36, 4);
const OTHER: KubernetesVersion = KubernetesVersion::new(1, 35, 6);

fn listed(version: KubernetesVersion, nodes: u32, uncertain: u32) -> ListedVersion {
    ListedVersion { version, nodes, uncertain }
}

/// `wanted` on so many of so many nodes; every list is whole.
fn on(wanted: u32, nodes: u32) -> NodeImages {
    let versions = [listed(OTHER, nodes, 0), listed(WANTED, wanted, 0)];
    NodeImages { nodes, uncertain: 0, versions: versions.into_iter().filter(|listed| listed.nodes > 0).collect() }
}

fn blue_green(input: &LabInput) -> LabRow {
    compare(input).rows.into_iter().find(|row| row.strategy == Strategy::BLUE_GREEN).expect("it is a candidate")
}

#[test]
fn a_list_that_may_be_cut_short_is_no_proof() {
    let images = NodeImages { nodes: 5, uncertain: 3, versions: vec![listed(OTHER, 4, 2), listed(WANTED, 2, 1)] };
    let table = [
        (WANTED, ImagePresence { listed: 2, perhaps: 2, nodes: 5 }),
        (OTHER, ImagePresence { listed: 4, perhaps: 1, nodes: 5 }),
        (KubernetesVersion::new(1, 36, 5), ImagePresence { listed: 0, perhaps: 3, nodes: 5 }),
    ];
    for (version, presence) in table {
        assert_eq!(images.presence(&version), presence, "{version}");
        assert!(presence.may_be_somewhere() && !presence.everywhere(), "{version}");
    }
}

#[test]
fn the_source_says_where_the_image_is_and_what_pulls_took() {
    let cut_short = NodeImages { uncertain: 2, ..on(1, 3) };
    let forbidden = Reading::Forbidden("nodes is forbidden".to_owned());
    let pulls: &[i64] = &[9_000, 20_300, 12_345];
    let table = [
        (
            Reading::Read(on(0, 3)),
            Some(WANTED),
            pulls,
            "the image of v1.36.4 is on 0 of 3 nodes; pulls took typically 12 s (9 to 20 s) on this tenant",
        ),
        (
            Reading::Read(on(2, 3)),
            Some(WANTED),
            &pulls[..1],
            "the image of v1.36.4 is on 2 of 3 nodes; a pull took 9 s on this tenant",
        ),
        (
            Reading::Read(on(0, 3)),
            Some(WANTED),
            &[],
            "the image of v1.36.4 is on 0 of 3 nodes; no pull was observed: add one to see its effect",
        ),
        (
            Reading::Read(cut_short),
            Some(WANTED),
            &pulls[..1],
            "the image of v1.36.4 is on 1 of 3 nodes, perhaps on 2 more whose lists are cut short or empty; \
             a pull took 9 s on this tenant",
        ),
        (Reading::Read(on(3, 3)), Some(WANTED), pulls, "the image of v1.36.4 is on all 3 nodes"),
        (Reading::Read(on(1, 1)), Some(WANTED), &[], "the image of v1.36.4 is on the only node"),
        (
            Reading::Read(on(0, 0)),
            Some(WANTED),
            &pulls[..1],
            "no node takes new pods, so whether the image of v1.36.4 is there is not known; a pull took 9 s on this tenant",
        ),
        (Reading::Read(on(0, 3)), None, pulls, "not known: no version is chosen"),
        (Reading::Waiting, Some(WANTED), pulls, "not known: the nodes have not been listed yet"),
        (Reading::Missing, Some(WANTED), pulls, "not known: the nodes tell nothing of this image"),
        (forbidden, Some(WANTED), pulls, "not known: the nodes may not be read"),
    ];
    for (images, wanted, pull_ms, words) in table {
        let (_, source) = LabInput::default().with_images(&images, wanted.as_ref(), pull_ms);
        assert_eq!(source.to_string(), words);
    }
}

#[test]
fn a_pull_is_played_where_the_image_is_missing_and_a_pull_was_seen() {
    let pulls: &[i64] = &[9_000, 20_000, 12_000];
    let perhaps = NodeImages { uncertain: 3, ..on(0, 3) };
    let table = [
        ("on no node", Reading::Read(on(0, 3)), pulls, Some(12_000), Some((9_000, 20_000))),
        ("on some", Reading::Read(on(1, 3)), pulls, Some(12_000), Some((0, 20_000))),
        ("perhaps on some", Reading::Read(perhaps), pulls, Some(12_000), Some((0, 20_000))),
        ("on all", Reading::Read(on(3, 3)), pulls, None, None),
        ("no pull was seen", Reading::Read(on(0, 3)), &[], None, None),
        (
            "longer than the lab plays",
            Reading::Read(on(0, 3)),
            &[9_000_000],
            Some(3_600_000),
            Some((3_600_000, 3_600_000)),
        ),
        ("not known", Reading::Waiting, pulls, None, None),
    ];
    for (case, images, pull_ms, typical, extent) in table {
        let (input, _) = LabInput::default().with_images(&images, Some(&WANTED), pull_ms);
        assert_eq!((input.pull_ms, input.pull_extent_ms), (typical, extent), "{case}");
        assert_eq!(LabInput::from_query(&input.to_query()), Ok(input), "{case}");
    }
}

#[test]
fn pulls_that_differ_give_a_range_and_where_a_node_has_the_image_it_begins_without_one() {
    let finished = |images: NodeImages, pull_ms: &[i64]| {
        let (input, _) = LabInput::default().with_images(&Reading::Read(images), Some(&WANTED), pull_ms);
        let row = blue_green(&input);
        (row.summary.finished_ms, row.range.and_then(|range| range.finished_ms))
    };
    let extent = |low, high| Some(Extent { low, high });
    // 20 s of start-up and 30 s of termination in any case.
    assert_eq!(finished(on(0, 3), &[9_000, 12_000, 20_000]), (Some(62_000), extent(59_000, 70_000)));
    assert_eq!(finished(on(1, 3), &[9_000, 12_000, 20_000]), (Some(62_000), extent(50_000, 70_000)));
    assert_eq!(finished(on(1, 3), &[12_000]), (Some(62_000), extent(50_000, 62_000)));
    assert_eq!(finished(on(0, 3), &[12_000]), (Some(62_000), None), "one number each");
    assert_eq!(finished(on(3, 3), &[12_000]), (Some(50_000), None));
}

#[test]
fn a_pod_on_a_node_with_the_image_serves_beside_old_ones_while_the_others_pull() {
    let (input, _) = LabInput::default().with_images(&Reading::Read(on(1, 3)), Some(&WANTED), &[12_000]);
    let mixed = blue_green(&input).range.and_then(|range| range.mixed_ms);
    assert_eq!(mixed, Some(Extent { low: 0, high: 12_000 }));
}

#[test]
fn a_pull_put_in_by_hand_is_one_number() {
    let (mut input, _) =
        LabInput::default().with_images(&Reading::Read(on(0, 3)), Some(&WANTED), &[9_000, 12_000, 20_000]);
    input.pull_ms = Some(60_000);
    assert_eq!(blue_green(&input).range, None);
    input.pull_ms = None;
    let row = blue_green(&input);
    assert_eq!((row.summary.finished_ms, row.range), (Some(50_000), None), "and none at all is none");
}
