//! Starting and stopping a sandbox.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use planner::time::UnixMillis;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::access::{PLATFORM_ADMIN, PLATFORM_ADMINS, TEAM_A_OWNER, TENANT_OWNERS};
use crate::clock::Mode;
use crate::error::SandboxError;
use crate::scenario;
use crate::shared::{Setup, Shared};
use crate::world::World;
use crate::{control, rest};

/// How a sandbox is to run.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxOptions {
    /// Virtual seconds in a real one.
    pub speed: f64,
    /// The same seed gives the same world.
    pub seed: u64,
    /// Loopback port; 0 takes a free one.
    pub port: u16,
    /// Virtual time at the start.
    pub start_at: UnixMillis,
    /// The clock moves only by the control door and [`Sandbox::advance`].
    pub manual: bool,
    /// Name of the world to start with.
    pub scenario: String,
}

impl Default for SandboxOptions {
    /// The default world on the day its version table was made, at normal speed, on a free port.
    fn default() -> Self {
        Self {
            speed: 1.0,
            seed: 1,
            port: 0,
            // 2026-11-24 09:00:00 UTC.
            start_at: UnixMillis(1_795_510_800_000),
            manual: false,
            scenario: scenario::DEFAULT.to_owned(),
        }
    }
}

/// A sandbox. Copies are the same sandbox.
#[derive(Debug, Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

/// A sandbox that listens on a loopback port. Dropping it stops it.
#[derive(Debug)]
pub struct SandboxHandle {
    sandbox: Sandbox,
    address: SocketAddr,
    server: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Makes the world. Nothing listens and, with a running clock, nothing moves between requests: for tests in process.
    ///
    /// # Errors
    /// If there is no such scenario.
    pub fn new(options: &SandboxOptions) -> Result<Self, SandboxError> {
        Self::at(options, "http://127.0.0.1".to_owned())
    }

    fn at(options: &SandboxOptions, url: String) -> Result<Self, SandboxError> {
        let scenario = options.scenario.clone();
        let setup = Setup { seed: options.seed, start_at: options.start_at, scenario, url };
        let mode = if options.manual { Mode::Manual } else { Mode::Running { speed: options.speed } };
        Ok(Self { shared: Arc::new(Shared::new(setup, mode)?) })
    }

    /// Makes the world and serves it on loopback, in tasks of the current tokio runtime.
    ///
    /// # Errors
    /// If there is no such scenario, or the port cannot be had.
    pub async fn start(options: SandboxOptions) -> Result<SandboxHandle, SandboxError> {
        let bind = |source| SandboxError::Bind { port: options.port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let sandbox = Self::at(&options, format!("http://{address}"))?;
        let shutdown = sandbox.shared.shutdown.clone();
        tokio::spawn(Arc::clone(&sandbox.shared).drive());
        let router = sandbox.router();
        let server = tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!(error = %error, "the sandbox has stopped serving");
            }
        });
        tracing::info!(sandbox.url = %format!("http://{address}"), sandbox.scenario = options.scenario, "sandbox is up");
        Ok(SandboxHandle { sandbox, address, server: Some(server) })
    }

    /// Both doors as one router, for `kube::Client::new(sandbox.router(), namespace)`.
    pub fn router(&self) -> Router {
        rest::router(Arc::clone(&self.shared)).merge(control::router(Arc::clone(&self.shared)))
    }

    /// The sandbox's clock, as the console takes one.
    pub fn clock(&self) -> Arc<dyn Fn() -> UnixMillis + Send + Sync> {
        let clock = self.shared.clock.clone();
        Arc::new(move || clock.now())
    }

    /// Moves the clock forward and plays everything up to then.
    pub fn advance(&self, millis: i64) {
        self.shared.clock.advance(millis);
        self.shared.with_world(|_| ());
    }

    /// Lets `action` see or change the world, played up to the clock's time.
    pub fn with_world<R>(&self, action: impl FnOnce(&mut World) -> R) -> R {
        self.shared.with_world(action)
    }
}

impl SandboxHandle {
    /// The sandbox itself.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Where it listens: `http://127.0.0.1:…`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The sandbox's clock, as the console takes one.
    pub fn clock(&self) -> Arc<dyn Fn() -> UnixMillis + Send + Sync> {
        self.sandbox.clock()
    }

    /// A kubeconfig with a context for the console's own account (the current one) and one for each person.
    pub fn kubeconfig_yaml(&self) -> String {
        let person = |user: &str, group: &str| json!({"as": user, "as-groups": [group]});
        let users = [
            ("console", json!({})),
            (PLATFORM_ADMIN, person(PLATFORM_ADMIN, PLATFORM_ADMINS)),
            (TEAM_A_OWNER, person(TEAM_A_OWNER, TENANT_OWNERS)),
        ];
        let contexts = users.iter().map(
            |(name, _)| json!({"name": name, "context": {"cluster": "sandbox", "user": name, "namespace": "team-a"}}),
        );
        let contexts: Vec<_> = contexts.collect();
        let users: Vec<_> = users.iter().map(|(name, user)| json!({"name": name, "user": user})).collect();
        // JSON is YAML.
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "sandbox", "cluster": {"server": self.url()}}],
            "users": users,
            "contexts": contexts,
            "current-context": "console",
        });
        format!("{config:#}\n")
    }

    /// Writes the kubeconfig.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_kubeconfig(&self, path: &Path) -> Result<(), SandboxError> {
        std::fs::write(path, self.kubeconfig_yaml())
            .map_err(|source| SandboxError::Kubeconfig { path: path.display().to_string(), source })
    }

    /// Ends all watches and stops serving; returns when it has.
    pub async fn stop(mut self) {
        self.sandbox.shared.shutdown.cancel();
        if let Some(server) = self.server.take()
            && let Err(error) = server.await
        {
            tracing::warn!(error = %error, "the sandbox did not stop cleanly");
        }
    }
}

impl Drop for SandboxHandle {
    fn drop(&mut self) {
        self.sandbox.shared.shutdown.cancel();
    }
}
