//! The server of the console: configuration, identity, live streams, security headers, health. It serves the app.
//!
//! [`routes::router`] is the whole console as one function, so tests ask it without a socket.

// The type of a page holds the types of all views in it.
#![recursion_limit = "512"]

use std::{
    io::{self, Write},
    sync::Arc,
};

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{assets::Site, config::Config, routes::AppState, security::AllowedHosts};

pub mod assets;
pub mod config;
mod health;
pub mod identity;
mod live;
pub mod logging;
pub mod modes;
pub mod plan;
pub mod registries;
pub mod routes;
pub mod runbook;
pub mod security;
pub mod shutdown;

/// Serves until a signal comes.
///
/// # Errors
/// When something that the configuration names is not there, or the address is taken.
pub async fn serve(config: Config) -> Result<()> {
    let stop = CancellationToken::new();
    shutdown::on_signal(stop.clone())?;
    let site = Site::load(config.site.as_deref())?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}; choose another address with --listen", config.listen))?;
    let address = listener.local_addr()?;

    let served = modes::start(&config, stop.clone()).await?;
    let state = AppState::new(
        Arc::new(served.backend),
        served.observer,
        served.identities,
        site,
        AllowedHosts::new(address),
        stop.clone(),
    );
    tracing::info!(server.address = %address, "listening on {address}");
    // The one line on standard output: people and programs that start the console wait for it.
    writeln!(io::stdout(), "Console ready: http://{address}")?;

    let serving = axum::serve(listener, routes::router(state)).with_graceful_shutdown(stop.clone().cancelled_owned());
    match shutdown::within_deadline(stop, serving.into_future()).await {
        Some(ended) => ended?,
        None => tracing::warn!("requests under way were cut short"),
    }
    tracing::info!("stopped");
    Ok(())
}
