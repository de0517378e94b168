//! Log lines: a sentence for people and dotted fields for machines. One line a request, without its query, body or cookies.

use std::{
    io::{self, IsTerminal},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use cluster::identity::Identity;
use tracing_subscriber::{EnvFilter, filter::ParseError};

use crate::config::LogFormat;

/// Sends log lines to standard error.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(filter: &str, format: LogFormat) -> Result<(), ParseError> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(filter)?)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}

/// One line a request. The route stands for the path: names of tenants are in no log.
pub(crate) async fn request_line(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "no route".to_owned(), |path| path.as_str().to_owned());
    let user = request.extensions().get::<Identity>().map(|identity| identity.user.clone());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let duration_ms = started.elapsed().as_millis();
    tracing::info!(
        http.method = %method,
        http.route = route,
        http.status = status,
        user.name = user,
        duration_ms,
        "{method} {route} answered with {status}"
    );
    response
}
