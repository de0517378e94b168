//! What can go wrong between a page and the console, in words for the person who reads it.
//!
//! There is one error type at the HTTP edge. Lower errors are translated into it once, in [`crate::backend`]; each kind
//! has its HTTP status here, so that a page, a server function and a stream answer alike.

use std::borrow::Cow;

use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::codec::JsonTextEncoding;

/// Why a page or a change could not be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum ConsoleError {
    /// The browser got no usable answer from the console itself.
    #[error("the console did not answer: {0}")]
    Unreachable(String),
    /// No such tenant, or one this person may not see: the two are told apart by nobody.
    #[error("there is no tenant `{0}` that you may see")]
    UnknownTenant(String),
    /// No stored plan of this name, or not of this tenant.
    #[error("there is no stored plan `{0}` of this tenant")]
    UnknownPlan(String),
    /// The management cluster refuses this to this person; its words.
    #[error("the management cluster refuses this: {0}")]
    Forbidden(String),
    /// The management cluster refuses the console the list of tenants, so nothing can be shown; its words.
    #[error("the tenants may not be listed: {words}")]
    Unlisted {
        /// The API server's words.
        words: String,
        /// A namespace that may be worth trying: the one that the kubeconfig's context names.
        proposed: Option<String>,
    },
    /// The tenant changed after the page was made: what changed, in words.
    #[error("the tenant has changed since this page was made: {}", .0.join("; "))]
    Changed(Vec<String>),
    /// A stored plan, or the one to be stored, is no longer what was looked at: what changed, in words.
    #[error("the plan no longer holds: {}", .0.join("; "))]
    PlanChanged(Vec<String>),
    /// A stored plan that cannot be read, started or renewed; why.
    #[error("the stored plan cannot be used: {0}")]
    PlanUnusable(String),
    /// Something that was typed or stands in the URL cannot be read; says what to write instead.
    #[error("{0}")]
    BadInput(String),
    /// Our own rules or Kamaji refuse the change: each reason in words.
    #[error("the upgrade was refused: {}", .0.join("; "))]
    Refused(Vec<String>),
    /// The first list of the management cluster has not come back yet.
    #[error("the console has just started and has not read the management cluster yet")]
    NotReadYet,
    /// The Kubernetes API of the management cluster cannot be reached or answers nonsense.
    #[error("the Kubernetes API of the management cluster cannot be reached: {0}")]
    ApiAway(String),
    /// The Kubernetes API of the management cluster did not answer in time.
    #[error("the Kubernetes API of the management cluster did not answer in time: {0}")]
    ApiSlow(String),
    /// The connection broke, or no answer came, while a tenant was written; in words.
    #[error("it is not known whether the change arrived: {0}")]
    Uncertain(String),
    /// The same while a plan was written or deleted.
    #[error("it is not known whether this was done to the plan: {0}")]
    PlanUncertain(String),
    /// The server was built without something it needs.
    #[error("the console is not set up: {0}")]
    Internal(String),
}

impl ConsoleError {
    /// The HTTP status that goes with it.
    pub fn status(&self) -> u16 {
        match self {
            Self::UnknownTenant(_) | Self::UnknownPlan(_) => 404,
            Self::Forbidden(_) | Self::Unlisted { .. } => 403,
            Self::Changed(_) | Self::PlanChanged(_) => 409,
            Self::BadInput(_) | Self::Refused(_) | Self::PlanUnusable(_) => 422,
            Self::NotReadYet => 503,
            Self::Unreachable(_) | Self::ApiAway(_) => 502,
            Self::ApiSlow(_) | Self::Uncertain(_) | Self::PlanUncertain(_) => 504,
            Self::Internal(_) => 500,
        }
    }

    /// A short heading.
    pub fn heading(&self) -> &'static str {
        match self {
            Self::UnknownTenant(_) => "No such tenant",
            Self::UnknownPlan(_) => "No such plan",
            Self::Forbidden(_) => "You may not do this",
            Self::Unlisted { .. } => "The tenants may not be listed",
            Self::Changed(_) => "The tenant has changed",
            Self::PlanChanged(_) => "The plan no longer holds",
            Self::PlanUnusable(_) => "The plan cannot be used",
            Self::BadInput(_) => "This cannot be read",
            Self::Refused(_) => "Refused",
            Self::NotReadYet => "The console is starting",
            Self::Unreachable(_) => "The console did not answer",
            Self::ApiAway(_) => "The management cluster cannot be reached",
            Self::ApiSlow(_) => "The management cluster does not answer",
            Self::Uncertain(_) | Self::PlanUncertain(_) => "It is not known whether it was written",
            Self::Internal(_) => "The console is not set up",
        }
    }

    /// What to do about it, as a sentence.
    pub fn advice(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Unlisted { proposed, .. } => {
                let namespace = proposed.as_deref().unwrap_or("NAMESPACE");
                let why = if proposed.is_some() { ", the one that the kubeconfig's context names" } else { "" };
                return Cow::Owned(format!(
                    "Ask the platform team for `get`, `list` and `watch` on tenantcontrolplanes.kamaji.clastix.io, deployments, \
                     replicasets, pods and events. Where that is granted in some namespaces only, start the console with \
                     `--namespace {namespace}`{why}; several are separated by commas. The console asks again every 30 seconds."
                ));
            }
            Self::UnknownTenant(_) => {
                "Check the name in the address, or ask the platform team whether you may see its namespace. \
                 A deleted tenant is not shown either."
            }
            Self::UnknownPlan(_) => "It may have been deleted. The plan page of the tenant lists those that there are.",
            Self::Forbidden(_) => "Ask the platform team for the permission that is named above. Nothing was written.",
            Self::Changed(_) | Self::PlanChanged(_) => {
                "Nothing was written. Read what changed, then decide again on a fresh page."
            }
            Self::PlanUnusable(_) => "Nothing was written. Delete it, or leave it and make a new one.",
            Self::BadInput(_) => "Nothing was written. Correct it and try again.",
            Self::Refused(_) => "Nothing was written.",
            Self::NotReadYet => "Reload this page in a few seconds.",
            Self::Unreachable(_) => "Check that the console is still running, then reload this page.",
            Self::ApiAway(_) => {
                "Check that the management cluster is up and that the console may reach it. \
                 The console keeps trying; reload this page to see the newest state."
            }
            Self::ApiSlow(_) => "The console keeps trying to reach the cluster; try again in a moment.",
            Self::Uncertain(_) => "Look at the rollout page before you try again.",
            Self::PlanUncertain(_) => "Look at the list of stored plans before you try again.",
            Self::Internal(_) => "This is a fault of the console: tell whoever runs it, with the words above.",
        })
    }

    /// Sets the HTTP status of the answer that is being made.
    #[cfg(feature = "ssr")]
    pub fn set_status(&self) {
        use leptos::prelude::use_context;

        if let (Some(response), Ok(status)) =
            (use_context::<leptos_axum::ResponseOptions>(), http::StatusCode::from_u16(self.status()))
        {
            response.set_status(status);
        }
    }
}

impl FromServerFnError for ConsoleError {
    type Encoder = JsonTextEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(what) | ServerFnErrorErr::MissingArg(what) => {
                Self::BadInput(format!("a field of the form is missing or malformed: {what}"))
            }
            other => Self::Unreachable(other.to_string()),
        }
    }
}

/// Sets the HTTP status of a failed answer; for the last line of a server function.
#[cfg(feature = "ssr")]
pub(crate) fn with_status<T>(answer: Result<T, ConsoleError>) -> Result<T, ConsoleError> {
    answer.inspect_err(ConsoleError::set_status)
}

#[cfg(test)]
mod tests {
    use super::ConsoleError;

    fn every_kind() -> Vec<ConsoleError> {
        let text = || "x".to_owned();
        vec![
            ConsoleError::Unreachable(text()),
            ConsoleError::UnknownTenant(text()),
            ConsoleError::UnknownPlan(text()),
            ConsoleError::Forbidden(text()),
            ConsoleError::Unlisted { words: text(), proposed: None },
            ConsoleError::Unlisted { words: text(), proposed: Some(text()) },
            ConsoleError::Changed(vec![text()]),
            ConsoleError::PlanChanged(vec![text()]),
            ConsoleError::PlanUnusable(text()),
            ConsoleError::BadInput(text()),
            ConsoleError::Refused(vec![text()]),
            ConsoleError::NotReadYet,
            ConsoleError::ApiAway(text()),
            ConsoleError::ApiSlow(text()),
            ConsoleError::Uncertain(text()),
            ConsoleError::PlanUncertain(text()),
            ConsoleError::Internal(text()),
        ]
    }

    #[test]
    fn each_error_has_its_status() {
        let statuses: Vec<u16> = every_kind().iter().map(ConsoleError::status).collect();
        assert_eq!(statuses, [502, 404, 404, 403, 403, 403, 409, 409, 422, 422, 422, 503, 502, 504, 504, 504, 500]);
    }

    #[test]
    fn each_error_says_what_to_do_in_a_whole_sentence() {
        for error in every_kind() {
            assert!(error.advice().ends_with('.'), "{error:?}");
            assert!(!error.heading().is_empty(), "{error:?}");
        }
    }

    #[test]
    fn a_list_that_is_refused_says_how_to_look_into_one_namespace() {
        let advice = |proposed: Option<&str>| {
            let proposed = proposed.map(str::to_owned);
            ConsoleError::Unlisted { words: "forbidden".to_owned(), proposed }.advice().into_owned()
        };
        assert!(advice(None).contains("`--namespace NAMESPACE`;"), "{}", advice(None));
        let proposing = advice(Some("team-a"));
        assert!(
            proposing.contains("`--namespace team-a`, the one that the kubeconfig's context names;"),
            "{proposing}"
        );
    }

    #[test]
    fn an_error_survives_the_way_to_the_browser() {
        for error in every_kind() {
            let json = serde_json::to_string(&error).expect("serialises");
            assert_eq!(serde_json::from_str::<ConsoleError>(&json).expect("reads back"), error);
        }
    }
}
