//! What was read in the cluster for a choice: the room on the nodes, the neighbours on the DataStore, a dry run of the change.

use leptos::prelude::*;
use planner::finding::{Finding, FindingKind};
use planner::time::UnixMillis;
use serde::{Deserialize, Serialize};

use super::Choice;
use crate::error::ConsoleError;
use crate::findings;
use crate::format;
use crate::trouble::error_notice;

/// What the server found out about one choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// The version it was asked for.
    pub version: String,
    /// The strategy it was asked for; empty for the declared one.
    pub strategy: String,
    /// What was found; nothing where nothing can be written, as in a recording.
    pub findings: Vec<Finding>,
    /// When it was read.
    pub at: UnixMillis,
    /// Whether this person may override what may be overridden.
    pub may_override: bool,
}

/// How far the checks of a choice have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Checks {
    /// The cluster is still being asked.
    Waiting,
    /// It could not be asked.
    Failed(ConsoleError),
    /// It was asked.
    Done(Checked),
}

impl Checks {
    /// The answer for this choice; one for an earlier choice is none.
    pub(crate) fn of(choice: &Choice, answer: Option<Result<Checked, ConsoleError>>) -> Self {
        match answer {
            None => Self::Waiting,
            Some(Err(error)) => Self::Failed(error),
            Some(Ok(checked))
                if checked.version == choice.version.to_string() && checked.strategy == choice.strategy_text() =>
            {
                Self::Done(checked)
            }
            Some(Ok(_)) => Self::Waiting,
        }
    }

    /// What was found. If the cluster could not be asked, that is a finding too.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        match self {
            Self::Done(checked) => checked.findings.clone(),
            Self::Failed(error) => vec![FindingKind::DryRunNotJudged { why: error.to_string() }.into()],
            Self::Waiting => Vec::new(),
        }
    }
}

/// The section: what was found, when, and the way to ask again.
pub(crate) fn checks_section(checks: &Checks, address: String, again: Callback<()>) -> AnyView {
    let body = match checks {
        Checks::Waiting => {
            view! { <p class="muted" aria-busy="true">{"Asking the management cluster, without writing anything …"}</p> }
                .into_any()
        }
        Checks::Failed(error) => error_notice(error).into_any(),
        Checks::Done(checked) if checked.findings.is_empty() => view! { <p class="muted">{"Not asked."}</p> }.into_any(),
        Checks::Done(checked) => findings::unfolded_list(&checked.findings),
    };
    let read = match checks {
        Checks::Done(checked) => Some(format!("read {}", format::moment(checked.at))),
        Checks::Waiting | Checks::Failed(_) => None,
    };
    view! {
        <section class="section stack" aria-labelledby="checks">
            <div class="section__head">
                <h2 id="checks">{"What the management cluster says to it"}</h2>
                <p class="muted">
                    {read} " "
                    <a
                        href=address
                        rel="external"
                        on:click=move |event| {
                            event.prevent_default();
                            again.run(());
                        }
                    >
                        {"Check again"}
                    </a>
                </p>
            </div>
            {body}
        </section>
    }
    .into_any()
}
