//! What can go wrong, one type per concern, in words for the person who must act.
//!
//! [`IdentityError`]: who the console is could not be found out. [`ChangeError`](crate::change::ChangeError): a change was not
//! made, or it is not known whether it was. [`RecordingError`]: a recording cannot be played. A broken watch is no error: it is
//! a state, see [`Health`](crate::health::Health). [`NamespaceError`]: a text is no name of a namespace. Objects that cannot be read are sentences on their tenant.

use std::path::PathBuf;

use kube::Error;

/// Why a text is no name of a namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no namespace: write up to 63 lower-case letters, digits and `-`, with a letter or digit at both ends"
)]
pub struct NamespaceError(pub String);

/// Why it could not be found out who the console acts as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Nothing answered in time.
    #[error("the API server did not answer within {seconds} s; check the server's address in the kubeconfig")]
    NoAnswer {
        /// How long was waited.
        seconds: u64,
    },
    /// The connection failed.
    #[error("the API server cannot be reached: {0}; check the server's address in the kubeconfig")]
    Unreachable(String),
    /// The credentials were refused; the API server's words.
    #[error("the API server refuses the credentials: {0}; sign in again or choose another context")]
    Refused(String),
    /// The name cannot be sent.
    #[error("`{0}` cannot stand in a request header, so nothing can be done in this name")]
    NoHeader(String),
}

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file could not be read.
    #[error("cannot read the recording `{path}`: {source}", path = path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is no recorded event.
    #[error(
        "line {line} of `{path}` is no recorded event: {why}; a recording has one JSON object a line with `t_ms`, `type`, `kind`, `object`",
        path = path.display()
    )]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Why.
        why: String,
    },
    /// Nothing in it.
    #[error("the recording `{path}` holds no event", path = path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
}

/// The innermost words of a client error: the API server's own message, or the cause of a broken connection.
pub(crate) fn api_words(error: &Error) -> String {
    if let Error::Api(status) = error {
        return if status.message.is_empty() { format!("code {}", status.code) } else { status.message.clone() };
    }
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    words
}
