//! What a request to the API server came to, in words for the person who asked for the change.

use std::fmt;
use std::future::Future;

use kube::Error;
use kube::core::Status;
use planner::finding::Finding;
use planner::hop::FactChange;
use planner::plan::stored::{StoredPlanError, Storing};
use planner::strategy::DeclaredStrategy;
use planner::tenant::DeclaredVersion;
use tokio::time::timeout;

use super::REQUEST_WITHIN;
use crate::errors::{IdentityError, api_words};

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestStep {
    /// Reading the objects.
    Read,
    /// The server-side dry run.
    DryRun,
    /// The real write.
    Write,
}

/// What the API server said to the dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DryRunAnswer {
    /// It would store this.
    Accepted {
        /// The version.
        version: DeclaredVersion,
        /// The strategy.
        strategy: DeclaredStrategy,
    },
    /// An admission webhook refuses, Kamaji's as a rule; its own words, whole.
    Refused {
        /// The words.
        words: String,
    },
    /// It could not judge; why, in words. Nothing may be started.
    NotJudged {
        /// Why.
        why: String,
    },
}

/// Why a change was not made, or why it is not known whether it was.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChangeError {
    /// No such tenant, or not for this person.
    #[error("there is no such TenantControlPlane; it may have been deleted")]
    NotFound,
    /// The agreement no longer holds.
    #[error("nothing was written, because something changed since you looked: {}", sentences(.changes))]
    Changed {
        /// What changed.
        changes: Vec<FactChange>,
    },
    /// Our own verdict.
    #[error("nothing was written: {}", sentences(.0))]
    Refused(Vec<Finding>),
    /// The verdict of an admission webhook, in its own words.
    #[error("nothing was written: {words}")]
    RefusedByWebhook {
        /// The API server's message, whole.
        words: String,
    },
    /// The API server finds the object invalid; its words.
    #[error("nothing was written, the API server finds the change invalid: {words}")]
    Invalid {
        /// The API server's message.
        words: String,
    },
    /// The person lacks a permission.
    #[error("nothing was written, a permission is missing: {words}")]
    Forbidden {
        /// The API server's message.
        words: String,
    },
    /// The person cannot act at all.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The API server could not ask a webhook.
    #[error(
        "nothing was written, the API server could not ask Kamaji's webhook: {words}; is Kamaji's manager running?"
    )]
    WebhookDown {
        /// The API server's message.
        words: String,
    },
    /// The object kept being written by others, without anything that matters changing.
    #[error("nothing was written: the object was written by others {tries} times in a row; try again in a moment")]
    Conflict {
        /// How often it was tried.
        tries: usize,
    },
    /// No answer in time.
    #[error("no answer within {seconds} s {step}; nothing is known to be written, look again")]
    NoAnswer {
        /// During what.
        step: RequestStep,
        /// How long was waited.
        seconds: u64,
    },
    /// The connection failed.
    #[error("the API server cannot be reached {step}: {why}; nothing is known to be written, look again")]
    Unreachable {
        /// During what.
        step: RequestStep,
        /// Why.
        why: String,
    },
    /// Any other answer.
    #[error("the API server answered {step}: {words}")]
    Unexpected {
        /// During what.
        step: RequestStep,
        /// Its words.
        words: String,
    },
    /// No stored plan of this name, or not for this person.
    #[error("there is no stored plan of this name; it may have been deleted")]
    NoSuchPlan,
    /// The management cluster does not have the kind.
    #[error("nothing was written: {}", Storing::NotServed)]
    PlansNotServed,
    /// A stored plan that cannot be read, or cannot be written.
    #[error("the stored plan cannot be used: {0}")]
    PlanUnusable(#[from] StoredPlanError),
    /// What a stored plan plans was made.
    #[error("nothing was written: the tenant has come to what this plan plans, or beyond it; make a new plan")]
    PlanOver,
    /// No former strategy is remembered, or it is none that a Deployment takes.
    #[error("no former strategy is remembered that could be restored")]
    NothingToRestore,
}

impl ChangeError {
    /// Whether it is certain that nothing was written.
    pub fn nothing_written(&self) -> bool {
        !matches!(
            self,
            Self::NoAnswer { step: RequestStep::Write, .. }
                | Self::Unreachable { step: RequestStep::Write, .. }
                | Self::Unexpected { step: RequestStep::Write, .. }
        )
    }

    /// The HTTP status that says the same.
    pub fn http_status(&self) -> u16 {
        match self {
            Self::NotFound | Self::NoSuchPlan => 404,
            Self::Changed { .. } | Self::Conflict { .. } => 409,
            Self::Refused(_)
            | Self::RefusedByWebhook { .. }
            | Self::Invalid { .. }
            | Self::PlansNotServed
            | Self::PlanUnusable(_)
            | Self::PlanOver
            | Self::NothingToRestore => 422,
            Self::Forbidden { .. } | Self::Identity(_) => 403,
            Self::WebhookDown { .. } | Self::Unreachable { .. } | Self::Unexpected { .. } => 502,
            Self::NoAnswer { .. } => 504,
        }
    }

    fn from_client(error: &Error, step: RequestStep) -> Self {
        match error {
            Error::Api(status) => Self::from_status(status, step),
            Error::SerdeError(error) => Self::Unexpected { step, words: error.to_string() },
            error => Self::Unreachable { step, why: api_words(error) },
        }
    }

    fn from_status(status: &Status, step: RequestStep) -> Self {
        let words = status.message.clone();
        match status.code {
            404 => Self::NotFound,
            409 => Self::Conflict { tries: 1 },
            // Webhooks answer with 403 as a rule, but may choose another code; the API server's own preamble tells them apart.
            400..=499 if words.starts_with("admission webhook ") => Self::RefusedByWebhook { words },
            401 | 403 => Self::Forbidden { words },
            422 => Self::Invalid { words },
            500 if words.contains("failed calling webhook") => Self::WebhookDown { words },
            _ => Self::Unexpected { step, words },
        }
    }
}

impl DryRunAnswer {
    /// A refusal of the dry run is an answer; only what leaves nothing to show stays an error.
    pub(super) fn from_error(error: ChangeError) -> Result<Self, ChangeError> {
        match error {
            ChangeError::NotFound => Err(error),
            ChangeError::RefusedByWebhook { words } => Ok(Self::Refused { words }),
            error => Ok(Self::NotJudged { why: error.to_string() }),
        }
    }
}

impl fmt::Display for RequestStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "while reading",
            Self::DryRun => "to the dry run",
            Self::Write => "to the write",
        })
    }
}

/// The answer to one request, within its time.
pub(super) async fn within<T>(
    step: RequestStep,
    request: impl Future<Output = Result<T, Error>>,
) -> Result<T, ChangeError> {
    match timeout(REQUEST_WITHIN, request).await {
        Err(_) => Err(ChangeError::NoAnswer { step, seconds: REQUEST_WITHIN.as_secs() }),
        Ok(answer) => answer.map_err(|error| ChangeError::from_client(&error, step)),
    }
}

fn sentences<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
