//! What is served, one function a mode: each connects to its cluster and says who asks there.

use std::{path::Path, sync::Arc, time::Duration};

use ::sandbox::{Sandbox, SandboxOptions};
use anyhow::{Context, Result};
use app::{
    backend::Backend,
    session::{Place, SandboxIdentity},
};
use cluster::{
    Changes, Clock, Credentials, Identity, Observer, Recording, Registries, Scope, TenantAccess, Transport, Visibility,
    observe, who_am_i,
};
use jiff::Timestamp;
use kube::{
    Client,
    config::{KubeConfigOptions, Kubeconfig},
};
use planner::{releases::ReleaseTable, time::UnixMillis};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, Mode, SandboxClock, SandboxMode},
    identity::Identities,
};

/// Pause before the API server is asked again who the console acts as.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// What the pages are made from, in any mode.
pub struct Served {
    /// For the app.
    pub backend: Backend,
    /// For the live streams.
    pub observer: Observer,
    /// For each request.
    pub identities: Identities,
}

/// Connects to what the configuration names. What is started ends when `stop` is cancelled.
///
/// A management cluster that cannot be reached is no error here: it is tried again for as long as the console runs.
///
/// # Errors
/// When a file that the configuration names cannot be read or used.
pub async fn start(config: &Config, stop: CancellationToken) -> Result<Served> {
    let releases = releases(config.releases.as_deref())?;
    match &config.mode {
        Mode::Kubeconfig { file, context, scope } => {
            let registries = config.registries.registries();
            kubeconfig(file, context.as_deref(), scope.clone(), releases, registries, stop).await
        }
        Mode::Recording { file, speed } => recording(file, *speed, releases, stop),
        Mode::Sandbox(options) => sandbox(options, releases, stop).await,
    }
}

/// The release table: the built-in one, or that of a file.
///
/// # Errors
/// If the file cannot be used.
pub(crate) fn releases(file: Option<&Path>) -> Result<ReleaseTable> {
    let Some(file) = file else { return Ok(ReleaseTable::built_in()) };
    let what = || format!("the release table `{}` cannot be used", file.display());
    let text = std::fs::read_to_string(file).with_context(what)?;
    ReleaseTable::from_json(&text).with_context(what)
}

/// The sandbox, through its port as any other cluster.
async fn sandbox(options: &SandboxMode, releases: ReleaseTable, stop: CancellationToken) -> Result<Served> {
    let defaults = SandboxOptions::default();
    let handle = Sandbox::start(SandboxOptions {
        speed: f64::from(options.speed),
        seed: options.seed,
        port: options.port,
        manual: options.clock == SandboxClock::Manual,
        scenario: options.scenario.clone().unwrap_or(defaults.scenario),
        start_at: defaults.start_at,
    })
    .await?;
    if let Some(file) = &options.kubeconfig {
        handle.write_kubeconfig(file)?;
    }
    let url = handle.url().to_owned();
    let settings = kube::Config::new(url.parse().context("the sandbox has no address")?);
    let transport = Transport::beside(&settings);
    let client = Client::try_from(settings).context("no client for the sandbox")?;
    let clock = handle.clock();
    let observer = observe(client.clone(), Scope::WHOLE_CLUSTER, clock.clone(), stop.clone());
    tokio::spawn(async move {
        stop.cancelled().await;
        handle.stop().await;
    });

    let identities = Identities::of_the_sandbox();
    let people = identities.people().iter();
    let place = Place::Sandbox {
        identities: people
            .map(|person| SandboxIdentity {
                key: person.key.to_owned(),
                label: person.label.to_owned(),
                user: person.identity.user.clone(),
            })
            .collect(),
    };
    let tenants = TenantAccess::new(client.clone(), clock.clone(), transport);
    let registry = format!("{url}/sandbox/registry").parse().context("the sandbox has no address")?;
    let changes = Changes::new(client, observer.clone(), clock, Arc::new(releases.clone()))
        .asking_tenants_by(tenants)
        .asking_registries(Registries::new([("registry.k8s.io".to_owned(), registry)]));
    let backend = Backend { observer: observer.clone(), changes: Some(changes), releases, place };
    Ok(Served { backend, observer, identities })
}

/// As whom and where a client connects.
pub(crate) struct Connected {
    /// The name of the user in the kubeconfig.
    user: String,
    /// The name of the context.
    context: String,
    /// The namespace that the context names, if it names one.
    namespace: Option<String>,
    /// How tenants' own APIs may be reached.
    transport: Transport,
}

impl Connected {
    /// The way to the tenants' own APIs, as the same person.
    pub(crate) fn tenants(&self, client: &Client) -> TenantAccess {
        TenantAccess::new(client.clone(), wall_clock(), self.transport)
    }
}

impl Connected {
    /// The name of the user in the kubeconfig.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }
}

/// A client for a context of a kubeconfig.
///
/// # Errors
/// If the file cannot be used.
pub(crate) async fn client_of(file: &Path, context: Option<&str>) -> Result<(Client, Connected)> {
    let what = || format!("the kubeconfig `{}` cannot be used", file.display());
    let kubeconfig = Kubeconfig::read_from(file).with_context(what)?;
    let context = context.or(kubeconfig.current_context.as_deref());
    let context =
        context.with_context(|| format!("{}: it has no current context; name one with --context", what()))?.to_owned();
    let user = user_of(&kubeconfig, &context);
    let namespace = context_of(&kubeconfig, &context).and_then(|named| named.namespace.clone());
    let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
    let settings = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.with_context(what)?;
    let transport = Transport::beside(&settings);
    let client = Client::try_from(settings).with_context(what)?;
    Ok((client, Connected { user, context, namespace, transport }))
}

/// A real management cluster, as the user of a kubeconfig.
async fn kubeconfig(
    file: &Path,
    context: Option<&str>,
    scope: Scope,
    releases: ReleaseTable,
    registries: Registries,
    stop: CancellationToken,
) -> Result<Served> {
    let (client, connected) = client_of(file, context).await?;
    let tenants = connected.tenants(&client);
    let Connected { user, context, namespace, .. } = connected;

    let observer = observe(client.clone(), scope.clone(), wall_clock(), stop.clone());
    let own = Identity { user: user.clone(), groups: Vec::new(), sees: scope.visibility(), via: Credentials::Own };
    let (identity, known) = watch::channel(Arc::new(own));
    let learning = learn_identity(client.clone(), scope, user, identity);
    tokio::spawn(async move { stop.run_until_cancelled(learning).await });
    let changes = Changes::new(client, observer.clone(), wall_clock(), Arc::new(releases.clone()));
    let changes = changes.asking_tenants_by(tenants).asking_registries(registries);
    let place = Place::Kubeconfig { context, namespace };
    let backend = Backend { observer: observer.clone(), changes: Some(changes), releases, place };
    Ok(Served { backend, observer, identities: Identities::One(known) })
}

/// A recording, which nobody can change.
fn recording(file: &Path, speed: u32, releases: ReleaseTable, stop: CancellationToken) -> Result<Served> {
    let recording = Recording::open(file)?;
    let place = Place::Recording { title: recording.name().to_owned() };
    let observer = recording.serve(speed, stop);
    let viewer =
        Identity { user: "viewer".to_owned(), groups: Vec::new(), sees: Visibility::All, via: Credentials::Own };
    let (_, known) = watch::channel(Arc::new(viewer));
    let backend = Backend { observer: observer.clone(), changes: None, releases, place };
    Ok(Served { backend, observer, identities: Identities::One(known) })
}

/// The name of a context's user in the kubeconfig, for as long as the API server has not said who that is.
fn user_of(kubeconfig: &Kubeconfig, context: &str) -> String {
    let user = context_of(kubeconfig, context).and_then(|named| named.user.clone());
    user.unwrap_or_else(|| "the kubeconfig's user".to_owned())
}

fn context_of<'a>(kubeconfig: &'a Kubeconfig, context: &str) -> Option<&'a kube::config::Context> {
    kubeconfig.contexts.iter().find(|named| named.name == context)?.context.as_ref()
}

/// Asks who the client's user is until there is an answer.
async fn learn_identity(client: Client, scope: Scope, fallback: String, identity: watch::Sender<Arc<Identity>>) {
    loop {
        match who_am_i(&client, &scope, &fallback).await {
            Ok(learnt) => {
                tracing::info!(user.name = learnt.user, "the cluster knows the console's user as {}", learnt.user);
                identity.send_replace(Arc::new(learnt));
                return;
            }
            Err(error) => {
                tracing::warn!(%error, "it is not known yet who the console acts as");
                tokio::time::sleep(ASK_AGAIN_AFTER).await;
            }
        }
    }
}

/// The clock of this machine.
pub(crate) fn wall_clock() -> Clock {
    Arc::new(|| UnixMillis(Timestamp::now().as_millisecond()))
}
