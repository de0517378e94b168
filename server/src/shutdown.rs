//! Stopping: at the first signal the streams end and no new request is taken; what is under way gets a few seconds.

use std::{future::Future, io, time::Duration};

use tokio::signal;
use tokio_util::sync::CancellationToken;

/// How long requests under way may take after a signal.
const DRAIN: Duration = Duration::from_secs(5);

/// Cancels `token` at SIGTERM or SIGINT. Listens from the moment it returns.
///
/// # Errors
/// When the process cannot listen to signals.
pub fn on_signal(token: CancellationToken) -> io::Result<()> {
    let wait = first_signal()?;
    tokio::spawn(async move {
        let name = wait.await;
        tracing::info!(signal = name, "stopping at {name}");
        token.cancel();
    });
    Ok(())
}

#[cfg(unix)]
fn first_signal() -> io::Result<impl Future<Output = &'static str>> {
    use signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

#[cfg(not(unix))]
fn first_signal() -> io::Result<impl Future<Output = &'static str>> {
    Ok(async {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    })
}

/// Runs `work` to its end, but once `token` is cancelled for a few seconds at most. `None` if it was cut short.
pub async fn within_deadline<T>(token: CancellationToken, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = async {
            token.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_does_not_end_is_cut_short_after_the_deadline_only() {
        let token = CancellationToken::new();
        let before = tokio::time::Instant::now();
        token.cancel();
        assert_eq!(within_deadline(token, std::future::pending::<()>()).await, None);
        assert_eq!(before.elapsed(), DRAIN);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_is_not_held_up() {
        let token = CancellationToken::new();
        assert_eq!(within_deadline(token, async { 7 }).await, Some(7));
    }
}
