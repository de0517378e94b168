//! `console plan`: the plan of one hop in a terminal or a pipeline, without a server.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use cluster::{Changes, Credentials, Identity, Observer, Scope, Visibility, WatchState, observe};
use planner::{plan, plan::UpgradePlan, strategy::Strategy, tenant::TenantId, version::KubernetesVersion};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::modes;

/// How long the management cluster may take to be listed.
const LISTED_WITHIN: Duration = Duration::from_secs(30);

/// Arguments of `console plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The kubeconfig of the management cluster.
    #[arg(long, env = "CONSOLE_KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: PathBuf,

    /// The context in the kubeconfig [default: its current one].
    #[arg(long, env = "CONSOLE_CONTEXT", value_name = "NAME")]
    pub context: Option<String>,

    /// Namespace of the TenantControlPlane.
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: String,

    /// Name of the TenantControlPlane.
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// The version it is to get, as vX.Y.Z.
    #[arg(long, value_name = "VERSION")]
    pub to: KubernetesVersion,

    /// The strategy to write, as maxSurge/maxUnavailable (`100%/0`, `1/1`) or `recreate` [default: what is declared].
    #[arg(long, value_name = "STRATEGY")]
    pub strategy: Option<Strategy>,

    /// How the plan is written.
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub output: PlanFormat,

    /// A newer table of Kubernetes releases and their support dates than the one built in (JSON).
    #[arg(long, env = "CONSOLE_RELEASES", value_name = "FILE")]
    pub releases: Option<PathBuf>,
}

/// How a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For a terminal.
    Text,
    /// For a ticket or a pull request.
    Markdown,
    /// For a program; the schema is docs/upgrade-plan.schema.json.
    Json,
}

/// What the exit codes mean. Ends the long help.
pub const EXIT_CODES: &str = "\
Exit code:
  0  nothing speaks against it
  1  warnings, or checks that could not be made
  2  something blocks it
  3  it could not be checked: wrong arguments, no such tenant, or the API server did not answer

Nothing is written; the change is tried as a server-side dry run.";

impl PlanArguments {
    /// Makes the plan.
    ///
    /// # Errors
    /// If the kubeconfig cannot be used, the management cluster cannot be read, or there is no such tenant.
    pub async fn make(&self) -> Result<UpgradePlan> {
        let releases = modes::releases(self.releases.as_deref())?;
        let (client, connected) = modes::client_of(&self.kubeconfig, self.context.as_deref()).await?;
        let tenants = connected.tenants(&client);
        let stop = CancellationToken::new();
        let _stop = stop.clone().drop_guard();
        let observer = observe(client.clone(), Scope::WHOLE_CLUSTER, modes::wall_clock(), stop);
        listed(&observer).await?;
        // What the API server lets this user see and do decides; the console adds nothing to it.
        let user = "the kubeconfig's user".to_owned();
        let own = Identity { user, groups: Vec::new(), sees: Visibility::All, via: Credentials::Own };
        let tenant = TenantId { namespace: self.namespace.clone(), name: self.tenant.clone() };
        let changes =
            Changes::new(client, observer, modes::wall_clock(), Arc::new(releases)).asking_tenants_by(tenants);
        changes
            .plan(&own, &tenant, &self.to, self.strategy)
            .await
            .with_context(|| format!("no plan for {tenant} could be made"))
    }

    /// The plan as it was asked for.
    ///
    /// # Errors
    /// Never in practice: a plan can always be written as JSON.
    pub fn written(&self, made: &UpgradePlan) -> Result<String> {
        Ok(match self.output {
            PlanFormat::Text => plan::text(made),
            PlanFormat::Markdown => plan::markdown(made),
            PlanFormat::Json => serde_json::to_string_pretty(made)? + "\n",
        })
    }
}

/// Waits until each kind has been listed or refused.
///
/// Nothing that was borrowed from the observer outlives this: the watches could say nothing more until it is given back.
async fn listed(observer: &Observer) -> Result<()> {
    let mut health = observer.health();
    let settled = |watches: &[cluster::health::WatchHealth]| {
        watches.iter().all(|watch| !matches!(watch.state, WatchState::Waiting { why: None, .. }))
    };
    let listed = timeout(LISTED_WITHIN, health.wait_for(|health| settled(&health.watches))).await.is_ok();
    if listed && observer.ready() {
        return Ok(());
    }
    let sentences = observer.health().borrow().sentences();
    let why = if sentences.is_empty() { "it did not answer in time".to_owned() } else { sentences.join("; ") };
    bail!("the management cluster cannot be read: {why}")
}
