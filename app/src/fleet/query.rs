//! What the fleet's address asks for, and how the rows are picked, sorted and cut by it.

use std::fmt;
use std::str::FromStr;

use leptos_router::params::ParamsMap;
use planner::releases::Support;
use planner::tenant::Freshness;
use planner::time::UnixMillis;
use serde::{Deserialize, Serialize};

use super::{Fleet, FleetCounts, FleetRow};
use crate::links;
use crate::words;

/// Rows on one page.
pub(super) const ROWS: usize = 100;

/// What the address asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetQuery {
    /// Part of a namespace, a name, a version or a DataStore.
    pub q: String,
    /// Which tenants.
    pub show: Show,
    /// In which order.
    pub sort: Sort,
    /// Page, from 1; 0 means 1.
    pub page: u32,
}

/// Which tenants are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Show {
    /// All.
    #[default]
    All,
    /// A rollout runs.
    Moving,
    /// Stuck, or an object of it cannot be read.
    Trouble,
    /// The installed version is out of support.
    Unsupported,
}

/// The order of the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// By namespace, then name.
    #[default]
    Name,
    /// The oldest installed version first.
    Version,
    /// The earliest end of life first.
    Support,
    /// By Kamaji's status word.
    Status,
}

impl FleetQuery {
    /// What an address asks for. What cannot be read counts as not given: a list is never worth an error.
    pub fn from_params(params: &ParamsMap) -> Self {
        let text = |key: &str| params.get(key).unwrap_or_default();
        Self {
            q: text("q").trim().chars().take(100).collect(),
            show: text("show").parse().unwrap_or_default(),
            sort: text("sort").parse().unwrap_or_default(),
            page: text("page").parse().unwrap_or_default(),
        }
    }

    /// The query part of the address, empty or from the `?` on; only what differs from the default.
    pub fn as_url_query(&self) -> String {
        let pairs: Vec<(&str, String)> = [
            (!self.q.is_empty()).then(|| ("q", self.q.clone())),
            (self.show != Show::default()).then(|| ("show", self.show.to_string())),
            (self.sort != Sort::default()).then(|| ("sort", self.sort.to_string())),
            (self.page > 1).then(|| ("page", self.page.to_string())),
        ]
        .into_iter()
        .flatten()
        .collect();
        links::query(&pairs)
    }

    /// The address of the page with it.
    pub(super) fn href(&self) -> String {
        format!("/{}", self.as_url_query())
    }

    /// Picks, sorts and cuts the rows, of which none is hidden.
    pub fn apply(&self, mut rows: Vec<FleetRow>, observed_at: UnixMillis, freshness: Freshness) -> Fleet {
        let counts = FleetCounts {
            all: count(&rows, |_| true),
            moving: count(&rows, |row| Show::Moving.takes(row)),
            trouble: count(&rows, |row| Show::Trouble.takes(row)),
            unsupported: count(&rows, |row| Show::Unsupported.takes(row)),
        };
        let needle = self.q.to_lowercase();
        rows.retain(|row| self.show.takes(row) && row.contains(&needle));
        rows.sort_by(|a, b| self.sort.compare(a, b).then_with(|| a.id.cmp(&b.id)));
        let pages = rows.len().div_ceil(ROWS).max(1);
        let page = (self.page.max(1) as usize).min(pages);
        let matching = saturating(rows.len());
        let rows = rows.into_iter().skip((page - 1) * ROWS).take(ROWS).collect();
        let (page, pages) = (saturating(page), saturating(pages));
        Fleet { rows, counts, matching, page, pages, observed_at, freshness, hidden: Vec::new() }
    }
}

fn count(rows: &[FleetRow], takes: impl Fn(&FleetRow) -> bool) -> u32 {
    saturating(rows.iter().filter(|row| takes(row)).count())
}

fn saturating(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl FleetRow {
    /// Whether a search for `needle` (lower case) finds it.
    fn contains(&self, needle: &str) -> bool {
        let found = |text: &str| text.to_lowercase().contains(needle);
        found(&self.id.to_string())
            || found(&self.wanted.0)
            || self.installed.as_ref().is_some_and(|version| found(&version.0))
            || self.data_store.as_ref().is_some_and(|name| found(name))
            || found(&self.status.to_string())
    }
}

impl Show {
    fn takes(self, row: &FleetRow) -> bool {
        match self {
            Self::All => true,
            Self::Moving => row.rollout.is_some(),
            Self::Trouble => !row.stuck.is_empty() || !row.problems.is_empty(),
            Self::Unsupported => matches!(row.support, Some(Support::EndOfLife { .. })),
        }
    }
}

impl Sort {
    fn compare(self, a: &FleetRow, b: &FleetRow) -> std::cmp::Ordering {
        // What is not known comes last: `None` sorts first in Rust.
        fn known_first<T: Ord>(a: Option<T>, b: Option<T>) -> std::cmp::Ordering {
            a.is_none().cmp(&b.is_none()).then_with(|| a.cmp(&b))
        }
        let version = |row: &FleetRow| row.installed.as_ref().and_then(|version| version.parsed().ok());
        match self {
            Self::Name => std::cmp::Ordering::Equal,
            Self::Version => known_first(version(a), version(b)),
            Self::Support => {
                known_first(words::support_end(a.support.as_ref()), words::support_end(b.support.as_ref()))
            }
            Self::Status => a.status.to_string().cmp(&b.status.to_string()),
        }
    }
}

impl fmt::Display for Show {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "all",
            Self::Moving => "moving",
            Self::Trouble => "trouble",
            Self::Unsupported => "unsupported",
        })
    }
}

impl FromStr for Show {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::All, Self::Moving, Self::Trouble, Self::Unsupported]
            .into_iter()
            .find(|show| show.to_string() == text)
            .ok_or(())
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::Version => "version",
            Self::Support => "support",
            Self::Status => "status",
        })
    }
}

impl FromStr for Sort {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Name, Self::Version, Self::Support, Self::Status]
            .into_iter()
            .find(|sort| sort.to_string() == text)
            .ok_or(())
    }
}
