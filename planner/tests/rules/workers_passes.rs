use planner::hop::HopKind;
use planner::releases::ReleaseTable;
use planner::workers::{PassesError, WayUp, kubelet_reach, passes, ways_up};

use crate::builders::version;

fn steps(from: &str, to: &str) -> Result<Vec<String>, PassesError> {
    let passes = passes(&version(from), &version(to), &ReleaseTable::built_in())?;
    Ok(passes.iter().map(ToString::to_string).collect())
}

#[test]
fn a_node_goes_one_minor_at_a_time() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("v1.34.2", "v1.34.9", &["v1.34.2 to v1.34.9"]),
        ("v1.33.4", "v1.34.9", &["v1.33.4 to v1.34.9"]),
        ("v1.32.4", "v1.34.9", &["v1.32.4 to v1.33.13", "v1.33.13 to v1.34.9"]),
        ("v1.31.4", "v1.34.0", &["v1.31.4 to v1.32.13", "v1.32.13 to v1.33.13", "v1.33.13 to v1.34.0"]),
        // Neither end must stand in the table.
        ("v1.37.1", "v1.38.0", &["v1.37.1 to v1.38.0"]),
        ("v1.29.3", "v1.31.99", &["v1.29.3 to v1.30.14", "v1.30.14 to v1.31.99"]),
        ("v1.40.1", "v1.40.2", &["v1.40.1 to v1.40.2"]),
    ];
    for (from, to, expected) in cases {
        assert_eq!(steps(from, to).expect(from), *expected);
    }
}

/// Over all pairs of minors: as many passes as minors, up to what a kubelet may be behind, and none further or back.
#[test]
fn over_all_pairs_there_are_as_many_passes_as_minors() {
    let table = ReleaseTable::built_in();
    for from in table.known_versions() {
        for to in table.known_versions() {
            let apart = i128::from(to.minor().minor) - i128::from(from.minor().minor);
            let reach = i128::from(kubelet_reach(from.minor()));
            match passes(&from, &to, &table) {
                Ok(passes) => {
                    assert!(from < to && apart <= reach, "{from} to {to}");
                    assert_eq!(passes.len() as i128, apart.max(1), "{from} to {to}");
                    assert_eq!((&passes[0].from, &passes[passes.len() - 1].to), (&from, &to));
                    for pass in &passes {
                        assert!(pass.to.minor().minor - pass.from.minor().minor <= 1, "{pass}");
                        assert_eq!(pass.kind() == HopKind::Patch, pass.from.minor() == pass.to.minor());
                    }
                    for pair in passes.windows(2) {
                        assert_eq!(pair[0].to, pair[1].from);
                    }
                }
                Err(PassesError::SameVersion(_)) => assert_eq!(from, to),
                Err(PassesError::Downgrade { .. }) => assert!(to < from),
                Err(PassesError::OutOfReach { .. }) => assert!(apart > reach, "{from} to {to}"),
                Err(other) => panic!("{from} to {to}: {other}"),
            }
        }
    }
}

#[test]
fn what_has_no_way_is_refused_with_its_reason() {
    let cases = [
        ("v1.34.9", "v1.34.9", "the node is to be upgraded from v1.34.9 to v1.34.9; that is no upgrade"),
        ("v1.34.9", "v1.34.8", "v1.34.8 is older than v1.34.9"),
        ("v1.34.9", "v1.33.13", "a kubelet is not brought back to an older version"),
        (
            "v1.30.1",
            "v1.34.9",
            "is more than 3 minors: while a kubelet runs v1.30.1 the control plane may be at most at 1.33",
        ),
        (
            "v1.24.1",
            "v1.27.9",
            "is more than 2 minors: while a kubelet runs v1.24.1 the control plane may be at most at 1.26",
        ),
        ("v1.34.0-rc.1", "v1.34.9", "v1.34.0-rc.1 is a pre-release"),
        ("v1.34.9", "v1.35.0-alpha.1", "v1.35.0-alpha.1 is a pre-release"),
        ("v1.34.9", "v2.0.0", "the major version changes"),
        ("v1.38.1", "v1.40.0", "passes through 1.39, of which the release table of 2026-11-22 knows no version"),
        ("v1.22.1", "v1.23.4", "v1.23.4 is older than 1.24"),
        ("v1.22.1", "v1.24.4", "v1.23.0 is older than 1.24"),
    ];
    for (from, to, says) in cases {
        let refusal = steps(from, to).expect_err(from).to_string();
        assert!(refusal.contains(says), "{from} to {to}: {refusal}");
    }
}

#[test]
fn each_way_up_has_its_cost_in_drains() {
    let drains = |passes| ways_up(passes).into_iter().map(WayUp::drains).collect::<Vec<_>>();
    assert_eq!(drains(1), [1, 1, 1]);
    assert_eq!(drains(3), [3, 1, 1]);
    assert!(ways_up(3)[0].to_string().contains("3 passes, 3 drains"));
    assert!(ways_up(1)[0].to_string().contains("one pass: one drain"));
}
