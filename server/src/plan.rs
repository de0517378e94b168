//! `console plan`: the plan of one hop in a terminal or a pipeline, without a server.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};
use cluster::health::WatchHealth;
use cluster::{Changes, Credentials, Identity, Namespace, Observer, PlanOptions, Scope, WatchState, observe, who_am_i};
use kube::Client;
use planner::{
    cost::{Currency, Price},
    finding::{Overridable, Override},
    placement::Quantity,
    plan,
    plan::{
        GivenCosts, UpgradePlan,
        stored::{Asked, PlanName, StoredPlan},
    },
    strategy::Strategy,
    tenant::TenantId,
    time::UnixMillis,
    version::KubernetesVersion,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::modes;
use crate::registries::RegistryArguments;

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
    #[arg(long, value_name = "VERSION", required_unless_present = "renew")]
    pub to: Option<KubernetesVersion>,

    /// The strategy to write, as maxSurge/maxUnavailable (`100%/0`, `1/1`) or `recreate` [default: what is declared].
    #[arg(long, value_name = "STRATEGY")]
    pub strategy: Option<Strategy>,

    /// Keep the plan in the management cluster, beside the tenant, for whoever starts it.
    #[command(flatten)]
    pub keeping: KeepArguments,

    /// How the plan is written.
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub output: PlanFormat,

    /// Which container registries are asked.
    #[command(flatten)]
    pub registries: RegistryArguments,

    /// A newer table of Kubernetes releases and their support dates than the one built in (JSON).
    #[arg(long, env = "CONSOLE_RELEASES", value_name = "FILE")]
    pub releases: Option<PathBuf>,

    /// What the costs are reckoned with.
    #[command(flatten)]
    pub costs: CostArguments,

    /// A finding that somebody takes upon themselves.
    #[command(flatten)]
    pub overriding: OverrideArguments,
}

/// Arguments about stored plans. Prices and assumptions are no part of one: whoever renews it need not know them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Stored plans")]
pub struct KeepArguments {
    /// Store the plan in the management cluster, beside the tenant; needs deploy/crds/upgradeplans.yaml there.
    #[arg(long, conflicts_with_all = ["price_cpu_hour", "assume_cpu", "assume_memory"])]
    pub store: bool,

    /// Make this stored plan anew, of what it was made of, and say what had changed.
    #[arg(
        long,
        value_name = "PLAN",
        conflicts_with_all = ["to", "strategy", "store", "override", "price_cpu_hour", "assume_cpu", "assume_memory", "data_store_limit"]
    )]
    pub renew: Option<PlanName>,
}

/// A plan that was made.
#[derive(Debug)]
pub struct Made {
    /// The plan.
    pub plan: UpgradePlan,
    /// What happened to it in the management cluster, for the person; nothing for a program.
    pub said: Vec<String>,
}

/// Arguments about what the hop costs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Costs")]
pub struct CostArguments {
    /// What one core costs in an hour, as `0.0316`.
    #[arg(long, value_name = "PRICE", requires_all = ["price_gib_hour", "currency"])]
    pub price_cpu_hour: Option<Price>,

    /// What one GiB of memory costs in an hour, as `0.0042`.
    #[arg(long, value_name = "PRICE", requires_all = ["price_cpu_hour", "currency"])]
    pub price_gib_hour: Option<Price>,

    /// The currency of the prices, as `EUR`.
    #[arg(long, value_name = "LETTERS", requires_all = ["price_cpu_hour", "price_gib_hour"])]
    pub currency: Option<Currency>,

    /// The CPU of one pod, as `500m`, where it is neither requested nor measured.
    #[arg(long, value_name = "QUANTITY")]
    pub assume_cpu: Option<Quantity>,

    /// The memory of one pod, as `512Mi`, where it is neither requested nor measured.
    #[arg(long, value_name = "QUANTITY")]
    pub assume_memory: Option<Quantity>,

    /// How many connections the DataStore takes; with etcd, each member of it.
    #[arg(long = "datastore-limit", value_name = "CONNECTIONS")]
    pub data_store_limit: Option<u32>,
}

/// Arguments by which somebody takes a finding upon themselves. The plan names the kubeconfig's user.
#[derive(Debug, Args)]
#[command(next_help_heading = "Overriding a finding")]
pub struct OverrideArguments {
    /// The finding that is to warn in place of blocking: `data-store-busy` or `room`. It counts only from who sees every tenant.
    #[arg(long = "override", id = "override", value_name = "FINDING", requires_all = ["reason", "until"])]
    pub finding: Option<Overridable>,

    /// Why, for whoever reviews the plan.
    #[arg(long, value_name = "TEXT", requires = "override")]
    pub reason: Option<String>,

    /// Up to when it counts, as `2026-11-22T18:00:00Z`.
    #[arg(long, value_name = "TIME", requires = "override", value_parser = moment)]
    pub until: Option<UnixMillis>,
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

The tenant is not changed; the change is tried as a server-side dry run. Only the plan itself is written, with --store or --renew.";

/// What a scope shows, once every watch has answered. Nothing that was borrowed from the observer outlives this: the watches could
/// say nothing more until it is given back.
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
    pub async fn make(&self) -> Result<Made> {
        let releases = modes::releases(self.releases.as_deref())?;
        let (client, connected) = modes::client_of(&self.kubeconfig, self.context.as_deref()).await?;
        let tenants = connected.tenants(&client);
        let options = self.options(&client, connected.user()).await?;
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
        let user = match self.keeping.store || self.keeping.renew.is_some() {
            true => {
                let asked = who_am_i(&client, &Scope::WHOLE_CLUSTER, connected.user()).await;
                asked.context("it is not known who stores the plan")?.user
            }
            false => "the kubeconfig's user".to_owned(),
        };
        let sees = observer.scope().visibility();
        let own = Identity { user, groups: Vec::new(), sees, via: Credentials::Own };
        let tenant = TenantId { namespace: self.namespace.to_string(), name: self.tenant.clone() };
        let changes =
            Changes::new(client, observer, modes::wall_clock(), Arc::new(releases)).asking_tenants_by(tenants);
        let changes = changes.asking_registries(self.registries.registries());
        if let Some(name) = &self.keeping.renew {
            let renewed = renewed(&changes, &own, &tenant, name).await;
            return renewed.with_context(|| format!("the stored plan {name} was not renewed"));
        }
        let to = self.to.as_ref().context("a version is needed: `--to`")?;
        if self.keeping.store {
            let PlanOptions { data_store_limit, overrides, .. } = options;
            let asked = Asked { version: to.clone(), strategy: self.strategy, overrides, data_store_limit };
            let stored = changes.store(&own, &tenant, asked, None).await;
            let StoredPlan { name, document, .. } =
                stored.with_context(|| format!("no plan for {tenant} was stored"))?;
            return Ok(Made { plan: document, said: vec![format!("stored as {name} in {}", tenant.namespace)] });
        }
        let plan = changes.plan_with(&own, &tenant, to, self.strategy, &options).await;
        let plan = plan.with_context(|| format!("no plan for {tenant} could be made"))?;
        Ok(Made { plan, said: Vec::new() })
    }

    /// What the plan is told beside the hop. `user`: the name in the kubeconfig.
    async fn options(&self, client: &Client, user: &str) -> Result<PlanOptions> {
        let given = self.costs.given();
        Ok(PlanOptions {
            prices: given.prices()?,
            assumed: given.assumed()?,
            data_store_limit: given.data_store_limit,
            overrides: self.overriding.overrides(client, user).await?,
        })
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

impl CostArguments {
    fn given(&self) -> GivenCosts {
        let Self { price_cpu_hour, price_gib_hour, currency, assume_cpu, assume_memory, data_store_limit } =
            self.clone();
        GivenCosts { price_cpu_hour, price_gib_hour, currency, assume_cpu, assume_memory, data_store_limit }
    }
}

/// Makes a stored plan anew, and says what had changed.
async fn renewed(changes: &Changes, own: &Identity, tenant: &TenantId, name: &PlanName) -> Result<Made> {
    let before = changes.stored(own, tenant, name).await?;
    let after = changes.renew(own, tenant, name, &before.document.digest).await?;
    let mut said: Vec<String> = before.changes(&after.document).iter().map(ToString::to_string).collect();
    match said.is_empty() {
        true => said.push("nothing had changed that it was made from".to_owned()),
        false => said.insert(0, "changed since it was made:".to_owned()),
    }
    said.push(format!("renewed: {name} in {}", tenant.namespace));
    Ok(Made { plan: after.document, said })
}

impl OverrideArguments {
    /// The override, in the name under which the API server knows the user.
    async fn overrides(&self, client: &Client, user: &str) -> Result<Vec<Override>> {
        let Some(((finding, reason), until)) = self.finding.zip(self.reason.as_deref()).zip(self.until) else {
            return Ok(Vec::new());
        };
        let person = who_am_i(client, &Scope::WHOLE_CLUSTER, user).await.context("it is not known who overrides")?.user;
        Ok(vec![Override::new(finding, &person, reason, until, modes::wall_clock()())?])
    }
}

fn moment(text: &str) -> Result<UnixMillis, String> {
    UnixMillis::parse(text).ok_or_else(|| format!("`{text}` is no moment; write it as `2026-11-22T18:00:00Z`"))
}
