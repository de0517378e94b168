//! The state of the workers' page, as its address has it.

use leptos_router::params::ParamsMap;
use planner::tenant::TenantId;

use crate::links::{self, TenantTab};

/// Which nodes are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Show {
    /// All.
    #[default]
    All,
    /// Those that are not done.
    Due,
    /// Those that are.
    Done,
}

/// What the page shows. What cannot be read counts as not given: a list is never worth an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct WorkersQuery {
    /// Part of a name, a pool, a version or an operating system.
    pub(super) q: String,
    /// Which nodes.
    pub(super) show: Show,
    /// Page of the list, from 1; 0 for the first.
    pub(super) page: u32,
    /// The node whose runbook is shown; empty for none.
    pub(super) node: String,
    /// The version at the end of the path; empty for the wanted one.
    pub(super) to: String,
}

impl Show {
    const ALL: [(Self, &'static str); 3] = [(Self::All, ""), (Self::Due, "due"), (Self::Done, "done")];

    fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(show, _)| *show == self).map_or("", |(_, word)| word)
    }
}

impl WorkersQuery {
    pub(super) fn from_params(params: &ParamsMap) -> Self {
        let text = |key: &str| params.get(key).unwrap_or_default().trim().chars().take(260).collect::<String>();
        let show = text("show");
        Self {
            q: text("q"),
            show: Show::ALL.into_iter().find(|(_, word)| *word == show).map_or(Show::All, |(show, _)| show),
            page: text("page").parse().unwrap_or(0),
            node: text("node"),
            to: text("to"),
        }
    }

    /// The page's address with this.
    pub(super) fn href(&self, id: &TenantId) -> String {
        let page = if self.page > 1 { self.page.to_string() } else { String::new() };
        let pairs: Vec<(&str, String)> = [
            ("q", self.q.clone()),
            ("show", self.show.word().to_owned()),
            ("page", page),
            ("node", self.node.clone()),
            ("to", self.to.clone()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
        format!("{}{}", links::tenant(id, TenantTab::Workers), links::query(&pairs))
    }
}
