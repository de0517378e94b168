//! `console plan`: the plan of one hop in a terminal or a pipeline, without a server.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};
use cluster::health::WatchHealth;
use cluster::{Changes, Credentials, Identity, Namespace, Observer, Scope, WatchState, observe};
use kube::Client;
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
    pub namespace: Namespace,

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

/// What a scope shows, once every watch has answered.
///
/// # Errors
/// If some did not answer in time; what else is known of them stands in the message.
async fn listed(client: Client, scope: Scope, stop: CancellationToken) -> Result<Observer> {
    let observer = observe(client, scope, modes::wall_clock(), stop);
    let mut health = observer.health();
    let answered = |watch: &WatchHealth| !matches!(watch.state, WatchState::Waiting { why: None, .. });
    let all = health.wait_for(|health| health.watches.iter().all(answered));
    let in_time = timeout(LISTED_WITHIN, all).await.is_ok();
    if in_time { Ok(observer) } else { Err(unreadable(&observer)) }
}

fn unreadable(observer: &Observer) -> anyhow::Error {
    let sentences = observer.health().borrow().sentences();
    let why = if sentences.is_empty() { "it did not answer in time".to_owned() } else { sentences.join("; ") };
    anyhow!("the management cluster cannot be read: {why}")
}

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
        // All tenants of the DataStore count. Whoever may not list them all gets the plan that can be made of one namespace.
        let everywhere = listed(client.clone(), Scope::WHOLE_CLUSTER, stop.clone()).await?;
        let refused = everywhere.health().borrow().hidden().count() > 0;
        let there = Scope::of([self.namespace.clone()]);
        let observer = if refused { listed(client.clone(), there, stop).await? } else { everywhere };
        if !observer.ready() {
            return Err(unreadable(&observer));
        }
        // What the API server lets this user see and do decides; the console adds nothing to it.
        let user = "the kubeconfig's user".to_owned();
        let sees = observer.scope().visibility();
        let own = Identity { user, groups: Vec::new(), sees, via: Credentials::Own };
        let tenant = TenantId { namespace: self.namespace.to_string(), name: self.tenant.clone() };
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
