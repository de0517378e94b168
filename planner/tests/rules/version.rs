use planner::tenant::DeclaredVersion;
use planner::version::{KubernetesVersion, Minor, VersionError};
use proptest::prelude::*;

use crate::builders::version;

#[test]
fn a_version_is_written_with_its_v_and_three_numbers() {
    for text in ["v1.36.2", "v1.36.0-rc.1", "v1.0.0", "v1.36.99"] {
        assert_eq!(version(text).to_string(), text);
    }
    assert_eq!(version("v1.36.2").minor(), Minor { major: 1, minor: 36 });
    assert_eq!(version("v1.36.2").minor().to_string(), "1.36");
    assert!(version("v1.36.0-rc.1").is_prerelease() && !version("v1.36.0").is_prerelease());
}

#[test]
fn what_is_no_version_says_what_to_write() {
    let text = str::to_owned;
    let cases = [
        ("", VersionError::Empty),
        ("1.36.2", VersionError::NoLeadingV(text("1.36.2"))),
        ("v1.36.2+k0s", VersionError::BuildMetadata(text("v1.36.2+k0s"))),
        ("1.36.2+k0s", VersionError::Malformed(text("1.36.2+k0s"))),
        ("v1.36", VersionError::Malformed(text("v1.36"))),
        ("V1.36.2", VersionError::Malformed(text("V1.36.2"))),
        (" v1.36.2", VersionError::Malformed(text(" v1.36.2"))),
        ("v1.36.2\n", VersionError::Malformed(text("v1.36.2\n"))),
        ("v1.036.2", VersionError::Malformed(text("v1.036.2"))),
        ("vv1.36.2", VersionError::Malformed(text("vv1.36.2"))),
        ("v1.36.2/../x", VersionError::Malformed(text("v1.36.2/../x"))),
        ("banana", VersionError::Malformed(text("banana"))),
    ];
    for (given, error) in cases {
        assert_eq!(given.parse::<KubernetesVersion>(), Err(error.clone()));
        assert!(error.to_string().contains("`v"), "{error}");
    }
}

#[test]
fn kamaji_reads_more_than_the_console_writes() {
    for (text, read) in [
        ("v1.36.2", true),
        ("1.36.2", true),
        ("v1.35.1+k0s", true),
        ("V1.36.2", false),
        ("v1.36", false),
        (" v1.36.2", false),
        ("", false),
    ] {
        assert_eq!(DeclaredVersion(text.to_owned()).as_kamaji_reads_it().is_some(), read, "{text}");
    }
}

#[test]
fn a_patch_set_to_zero_keeps_the_pre_release() {
    assert_eq!(version("v1.34.4-rc.1").with_patch_zero(), version("v1.34.0-rc.1"));
    assert!(version("v1.34.0-rc.1") < version("v1.34.0"));
}

proptest! {
    #[test]
    fn printing_and_reading_a_version_give_it_back(
        major in 0_u64..3, minor in 0_u64..100, patch in 0_u64..100, pre in proptest::option::of(1_u64..9),
    ) {
        let text = match pre {
            Some(pre) => format!("v{major}.{minor}.{patch}-rc.{pre}"),
            None => format!("v{major}.{minor}.{patch}"),
        };
        let read: KubernetesVersion = text.parse().expect("a version");
        prop_assert_eq!(read.to_string(), text.clone());
        let json = serde_json::to_string(&read).expect("json");
        prop_assert_eq!(&json, &format!("\"{text}\""));
        prop_assert_eq!(serde_json::from_str::<KubernetesVersion>(&json).expect("back"), read);
    }

    #[test]
    fn whatever_is_read_can_stand_in_an_image_tag(text in "v?[0-9a-z.+ -]{0,12}") {
        if let Ok(read) = text.parse::<KubernetesVersion>() {
            prop_assert_eq!(read.to_string(), text.clone());
            prop_assert!(text.bytes().all(|it| it.is_ascii_alphanumeric() || b".-".contains(&it)));
        }
    }
}
