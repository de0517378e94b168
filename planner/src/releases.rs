//! The Kubernetes release lines: when each is supported, and the newest patch that was seen.
//!
//! The table is data with an "as of" date. A newer one can be given in the same JSON shape.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::version::{KubernetesVersion, Minor};

/// The release lines, newest first, and how old this knowledge is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawTable", into = "RawTable")]
pub struct ReleaseTable {
    /// The day on which the table was true.
    pub as_of: Date,
    /// Where it was read, in words.
    pub source: String,
    /// The lines, newest first.
    pub minors: Vec<MinorRelease>,
}

/// One release line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinorRelease {
    /// `1.36`.
    pub minor: Minor,
    /// The day of its `.0`.
    pub released: Date,
    /// From this day on only critical fixes are made.
    pub maintenance_from: Date,
    /// The last day of support.
    pub end_of_life: Date,
    /// The newest patch number seen; a newer one may exist.
    pub newest_patch: u64,
}

/// How well a release line is supported on a given day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Support {
    /// Gets fixes.
    Supported {
        /// The last day of support, maintenance included.
        #[serde(with = "crate::time::day")]
        until: Date,
    },
    /// Gets critical fixes only.
    Maintenance {
        /// The last day of support.
        #[serde(with = "crate::time::day")]
        until: Date,
    },
    /// Gets nothing any more.
    EndOfLife {
        /// The last day of support.
        #[serde(with = "crate::time::day")]
        since: Date,
    },
    /// The table does not know it.
    Unknown,
}

/// Why a release table cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseTableError {
    /// Not the JSON it should be.
    #[error("the release table cannot be read: {0}")]
    Json(String),
    /// No release line in it.
    #[error("the release table names no minor")]
    Empty,
    /// Not `1.36`.
    #[error("`{0}` is no minor; write it as `1.36`")]
    Minor(String),
    /// Not a version `1.36.4` of its own minor.
    #[error("the newest patch of {minor} is given as `{text}`; write it as `{minor}.4`")]
    Patch {
        /// The line.
        minor: Minor,
        /// What stands there.
        text: String,
    },
    /// The same line twice.
    #[error("{0} stands twice in the release table")]
    Twice(Minor),
    /// Dates that cannot be.
    #[error("the dates of {0} are out of order; they must be: released, maintenance_from, end_of_life")]
    Dates(Minor),
}

impl ReleaseTable {
    /// The table that is built in.
    pub fn built_in() -> Self {
        Self::from_json(include_str!("../data/releases.json")).expect("a test reads the built-in table")
    }

    /// Reads a table.
    ///
    /// # Errors
    /// If the text is not the expected JSON, or says something that cannot be (a line twice, dates out of order).
    pub fn from_json(text: &str) -> Result<Self, ReleaseTableError> {
        let raw: RawTable = serde_json::from_str(text).map_err(|error| ReleaseTableError::Json(error.to_string()))?;
        raw.try_into()
    }

    /// The line of `minor`.
    pub fn line(&self, minor: Minor) -> Option<&MinorRelease> {
        self.minors.iter().find(|line| line.minor == minor)
    }

    /// How well `minor` is supported on `today`. The last day of support still counts as supported.
    pub fn support(&self, minor: Minor, today: Date) -> Support {
        match self.line(minor) {
            None => Support::Unknown,
            Some(line) if today > line.end_of_life => Support::EndOfLife { since: line.end_of_life },
            Some(line) if today >= line.maintenance_from => Support::Maintenance { until: line.end_of_life },
            Some(line) => Support::Supported { until: line.end_of_life },
        }
    }

    /// Every version that is known: each patch of each line from 0 to the newest seen, oldest first.
    pub fn known_versions(&self) -> Vec<KubernetesVersion> {
        self.minors
            .iter()
            .rev()
            .flat_map(|line| {
                (0..=line.newest_patch).map(|patch| KubernetesVersion::new(line.minor.major, line.minor.minor, patch))
            })
            .collect()
    }

    /// Whether this very version was seen. A newer patch may exist; an older one was never skipped.
    pub fn knows(&self, version: &KubernetesVersion) -> bool {
        !version.is_prerelease() && self.line(version.minor()).is_some_and(|line| version.patch() <= line.newest_patch)
    }
}

impl Support {
    /// Whether fixes are still made.
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Supported { .. } | Self::Maintenance { .. })
    }
}

impl std::fmt::Display for Support {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Supported { until } => write!(f, "supported until {until}"),
            Self::Maintenance { until } => write!(f, "critical fixes only, until {until}"),
            Self::EndOfLife { since } => write!(f, "no support since {since}"),
            Self::Unknown => f.write_str("support unknown"),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct RawTable {
    #[serde(with = "crate::time::day")]
    as_of: Date,
    source: String,
    minors: Vec<RawMinor>,
}

#[derive(Serialize, Deserialize)]
struct RawMinor {
    minor: String,
    #[serde(with = "crate::time::day")]
    released: Date,
    #[serde(with = "crate::time::day")]
    maintenance_from: Date,
    #[serde(with = "crate::time::day")]
    end_of_life: Date,
    newest_patch_seen: String,
}

impl TryFrom<RawTable> for ReleaseTable {
    type Error = ReleaseTableError;

    fn try_from(raw: RawTable) -> Result<Self, ReleaseTableError> {
        let mut minors = raw.minors.into_iter().map(MinorRelease::try_from).collect::<Result<Vec<_>, _>>()?;
        if minors.is_empty() {
            return Err(ReleaseTableError::Empty);
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = minors.iter().find(|line| !seen.insert(line.minor)) {
            return Err(ReleaseTableError::Twice(twice.minor));
        }
        minors.sort_by_key(|line| std::cmp::Reverse(line.minor));
        Ok(Self { as_of: raw.as_of, source: raw.source, minors })
    }
}

impl TryFrom<RawMinor> for MinorRelease {
    type Error = ReleaseTableError;

    fn try_from(raw: RawMinor) -> Result<Self, ReleaseTableError> {
        let minor = raw
            .minor
            .split_once('.')
            .and_then(|(major, minor)| Some(Minor { major: number(major)?, minor: number(minor)? }))
            .ok_or(ReleaseTableError::Minor(raw.minor))?;
        let newest = format!("v{}", raw.newest_patch_seen).parse::<KubernetesVersion>();
        let newest_patch = match newest {
            Ok(version) if version.minor() == minor && !version.is_prerelease() => version.patch(),
            _ => return Err(ReleaseTableError::Patch { minor, text: raw.newest_patch_seen }),
        };
        if raw.released > raw.maintenance_from || raw.maintenance_from > raw.end_of_life {
            return Err(ReleaseTableError::Dates(minor));
        }
        Ok(Self {
            minor,
            released: raw.released,
            maintenance_from: raw.maintenance_from,
            end_of_life: raw.end_of_life,
            newest_patch,
        })
    }
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl From<ReleaseTable> for RawTable {
    fn from(table: ReleaseTable) -> Self {
        let minors = table.minors.into_iter().map(|line| RawMinor {
            minor: line.minor.to_string(),
            released: line.released,
            maintenance_from: line.maintenance_from,
            end_of_life: line.end_of_life,
            newest_patch_seen: format!("{}.{}", line.minor, line.newest_patch),
        });
        Self { as_of: table.as_of, source: table.source, minors: minors.collect() }
    }
}
