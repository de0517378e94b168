//! What the server half of the app stands on.
//!
//! The server makes one [`Backend`] and provides it, as an `Arc`, together with the request's identity in the context of
//! every page and every server function. Each answer is made for that identity.

use std::sync::Arc;

use leptos::prelude::use_context;

use crate::error::ConsoleError;
use crate::session::{Place, Session};

/// Everything the pages are made from.
#[derive(Debug)]
pub struct Backend {
    /// What the console is connected to.
    pub place: Place,
}

/// The backend and the identity of the request that is being answered.
pub(crate) struct Request {
    backend: Arc<Backend>,
}

/// What the request that is being answered may use.
///
/// # Errors
/// [`ConsoleError::Internal`] if the server has not provided it.
pub(crate) fn request() -> Result<Request, ConsoleError> {
    use_context::<Arc<Backend>>()
        .map(|backend| Request { backend })
        .ok_or_else(|| ConsoleError::Internal("no backend was provided to this request".to_owned()))
}

impl Request {
    pub(crate) fn session(&self) -> Session {
        Session { user: String::new(), sees: String::new(), place: self.backend.place.clone() }
    }
}
