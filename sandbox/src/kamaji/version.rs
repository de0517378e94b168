//! Versions as Kamaji's webhook reads them: semantic versions, an optional `v` in front, and Go's words for what is wrong.

use std::cmp::Ordering;
use std::fmt;

/// A version as the webhook sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KamajiVersion {
    pub(crate) major: u64,
    pub(crate) minor: u64,
    pub(crate) patch: u64,
    pre_release: Vec<String>,
    build: Vec<String>,
}

impl KamajiVersion {
    /// Reads `1.36.0`, `v1.36.0`, `v1.36.0-rc.1+build`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('v').unwrap_or(text);
        if text.is_empty() {
            return Err("Version string empty".to_owned());
        }
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("No Major.Minor.Patch elements found".to_owned());
        };
        let major = number("major", "Major", major)?;
        let minor = number("minor", "Minor", minor)?;
        let (rest, build) = rest.split_once('+').map_or((rest, None), |(rest, build)| (rest, Some(build)));
        let (patch, pre_release) = rest.split_once('-').map_or((rest, None), |(patch, pre)| (patch, Some(pre)));
        let patch = number("patch", "Patch", patch)?;
        Ok(Self {
            major,
            minor,
            patch,
            pre_release: identifiers(pre_release, pre_release_identifier)?,
            build: identifiers(build, build_identifier)?,
        })
    }

    /// The version with patch 0, which is all that the webhook compares. Pre-release and build stay.
    pub(crate) fn without_patch(&self) -> Self {
        Self { patch: 0, ..self.clone() }
    }

    /// The order of semantic versions; builds do not count.
    pub(crate) fn precedence(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.pre_release.is_empty(), other.pre_release.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_pre_releases(&self.pre_release, &other.pre_release),
            }
        })
    }
}

fn compare_pre_releases(left: &[String], right: &[String]) -> Ordering {
    let pairs = left.iter().zip(right).map(|(left, right)| match (left.parse::<u64>(), right.parse::<u64>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    });
    pairs.fold(Ordering::Equal, Ordering::then).then(left.len().cmp(&right.len()))
}

fn number(name: &str, title: &str, text: &str) -> Result<u64, String> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("Invalid character(s) found in {name} number {text:?}"));
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(format!("{title} number must not contain leading zeroes {text:?}"));
    }
    text.parse().map_err(|_| {
        let reason = if text.is_empty() { "invalid syntax" } else { "value out of range" };
        format!("strconv.ParseUint: parsing {text:?}: {reason}")
    })
}

fn identifiers(text: Option<&str>, check: fn(&str) -> Result<(), String>) -> Result<Vec<String>, String> {
    let Some(text) = text else { return Ok(Vec::new()) };
    text.split('.').map(|identifier| check(identifier).map(|()| identifier.to_owned())).collect()
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn pre_release_identifier(text: &str) -> Result<(), String> {
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit());
    if text.is_empty() {
        Err("Prerelease is empty".to_owned())
    } else if numeric && text.len() > 1 && text.starts_with('0') {
        Err(format!("Numeric PreRelease version must not contain leading zeroes {text:?}"))
    } else if is_plain(text) {
        Ok(())
    } else {
        Err(format!("Invalid character(s) found in prerelease {text:?}"))
    }
}

fn build_identifier(text: &str) -> Result<(), String> {
    if text.is_empty() {
        Err("Build meta data is empty".to_owned())
    } else if is_plain(text) {
        Ok(())
    } else {
        Err(format!("Invalid character(s) found in build meta data {text:?}"))
    }
}

impl fmt::Display for KamajiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre_release.is_empty() {
            write!(f, "-{}", self.pre_release.join("."))?;
        }
        if !self.build.is_empty() {
            write!(f, "+{}", self.build.join("."))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::KamajiVersion;

    #[test]
    fn what_is_no_version_is_refused_in_gos_words() {
        let cases = [
            ("", "Version string empty"),
            ("v", "Version string empty"),
            ("banana", "No Major.Minor.Patch elements found"),
            ("v1.35", "No Major.Minor.Patch elements found"),
            ("v1.035.1", "Minor number must not contain leading zeroes \"035\""),
            ("v1.35.01", "Patch number must not contain leading zeroes \"01\""),
            (" v1.35.1", "Invalid character(s) found in major number \" v1\""),
            ("v1.35.", "strconv.ParseUint: parsing \"\": invalid syntax"),
            ("v1.35.1.2", "Invalid character(s) found in patch number \"1.2\""),
            ("v1.35.1-", "Prerelease is empty"),
            ("v1.35.1+", "Build meta data is empty"),
        ];
        for (text, words) in cases {
            assert_eq!(KamajiVersion::parse(text), Err(words.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn a_pre_release_comes_before_its_release_and_builds_do_not_count() {
        let order = |left: &str, right: &str| {
            let parse = |text| KamajiVersion::parse(text).expect("a version");
            parse(left).precedence(&parse(right))
        };
        let cases = [
            ("v1.36.0-rc.1", "v1.36.0", Ordering::Less),
            ("v1.36.0-rc.2", "v1.36.0-rc.10", Ordering::Less),
            ("v1.36.0-alpha", "v1.36.0-1", Ordering::Greater),
            ("1.36.0+k0s", "v1.36.0", Ordering::Equal),
            ("v2.0.0", "v1.99.0", Ordering::Greater),
        ];
        for (left, right, expected) in cases {
            assert_eq!(order(left, right), expected, "{left} and {right}");
        }
    }
}
