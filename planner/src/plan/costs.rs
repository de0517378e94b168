//! What each strategy costs and puts on the DataStore, as a section of the document: rows and staircases that can be shown as they
//! are.

mod rows;

use serde::{Deserialize, Serialize};

use super::Counted;
use crate::cost::{Bill, Bytes, MilliCpu, PodSizes, Prices, Resource, StorageTime, SurgeStep, UsageUnknown};
use crate::datastore::{Connections, DataStoreLoad};
use crate::film::Peaks;
use crate::finding::{Finding, FindingKind, Override, OverrideState};
use crate::lab::{LabInput, LabRow};
use crate::placement::QuotaUse;
use crate::strategy::Strategy;
use crate::tenant::{MeasuredUsage, PodRequests};
use crate::time::UnixMillis;

pub use self::rows::CostRow;

/// What the costs of a plan are made from, beside the tenant itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostFacts {
    /// What the pods of today use.
    pub usage: Result<MeasuredUsage, UsageUnknown>,
    /// What to assume of a pod where nothing else is known.
    pub assumed: PodRequests,
    /// What CPU and memory cost.
    pub prices: Option<Prices>,
    /// What each strategy would use of the quotas; nothing for those that are not listed.
    pub quotas: Vec<(Strategy, Vec<QuotaUse>)>,
    /// What is on the DataStore; `None` if the tenant uses none yet.
    pub data_store: Option<DataStoreLoad>,
    /// Findings that somebody takes upon themselves.
    pub overrides: Vec<Override>,
    /// Whether whoever asks for the plan may override; if not, what they take upon themselves changes no finding.
    pub may_override: bool,
}

/// What each strategy costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedCosts {
    /// One entry per candidate, in the order of the lab; the chosen one is among them.
    pub strategies: Vec<StrategyCost>,
    /// What is on the DataStore now; absent if the tenant uses none yet.
    pub data_store: Option<DataStoreNow>,
    /// What a reader of the numbers must know: assumptions, and what is not known.
    pub notes: Vec<String>,
}

/// What one strategy costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StrategyCost {
    /// `maxSurge/maxUnavailable`, or `recreate`.
    pub strategy: String,
    /// Its name.
    pub name: String,
    /// Whether it is the one of this plan.
    pub chosen: bool,
    /// The table.
    pub rows: Vec<CostRow>,
    /// The pods, CPU and memory beyond today's over time, as a staircase.
    pub series: Vec<CostStep>,
    /// Pods beyond today's, at each of the four peaks.
    pub extra_pods: Peaks,
    /// MilliCPU beyond today's at the peak, by the basis that counts; absent if the CPU of a pod is not known.
    pub extra_cpu_millis: Option<u64>,
    /// Bytes of memory beyond today's at the peak, by the basis that counts; absent if the memory of a pod is not known.
    pub extra_memory_bytes: Option<u64>,
    /// Pod milliseconds beyond today's.
    pub extra_pod_ms: u64,
    /// Core milliseconds beyond today's, by the basis that counts; absent if the CPU of a pod is not known.
    pub extra_core_ms: Option<u64>,
    /// MiB seconds of memory beyond today's, by the basis that counts; absent if the memory of a pod is not known.
    pub extra_memory_mib_seconds: Option<u64>,
    /// Pods beyond today's that stay because the rollout gets stuck: the sums end with the film, the cost does not.
    pub remaining_pods: u32,
    /// What it comes to in money, in a sentence; absent without prices.
    pub money: Option<String>,
    /// The money of the pods beyond today's, in words; absent without prices.
    pub surge_words: Option<String>,
    /// The money of the pods beyond today's; absent if it is not known.
    pub surge_money: Option<Amount>,
    /// What the quotas of the namespace leave.
    pub quotas: Vec<QuotaLine>,
    /// Connections of all tenants to the DataStore at the peak; absent if the driver is not known.
    pub connections: Option<Connections>,
    /// New API servers that start at the same time.
    pub starting_at_once: u32,
}

/// A stretch of time during which nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CostStep {
    /// The pods.
    #[serde(flatten)]
    pub pods: SurgeStep,
    /// MilliCPU beyond today's; negative where there is less.
    pub extra_cpu_millis: Option<i64>,
    /// Bytes of memory beyond today's; negative where there are fewer.
    pub extra_memory_bytes: Option<i64>,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Amount {
    /// Billionths of the currency.
    pub billionths: u64,
    /// Its three letters.
    pub currency: String,
}

/// A quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotaLine {
    /// Its name.
    pub quota: String,
    /// What is counted.
    pub resource: String,
    /// What is allowed, as Kubernetes writes it.
    pub hard: String,
    /// What is used now.
    pub used: String,
    /// What would be used at the most.
    pub peak: String,
    /// What is left then; less than nothing where the quota refuses pods.
    pub left: String,
    /// All of it in a sentence.
    pub sentence: String,
}

/// What is on the DataStore now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataStoreNow {
    /// Its name.
    pub name: String,
    /// Its driver.
    pub driver: Option<String>,
    /// Its endpoints.
    pub endpoints: Option<u32>,
    /// Tenants that use it.
    pub tenants: u32,
    /// Their API servers that run now.
    pub api_servers: u32,
    /// Other tenants with a hop under way.
    pub hops: u32,
    /// Connections of all tenants now.
    pub connections: Option<Connections>,
    /// How many it takes, if that was given.
    pub limit: Option<u32>,
    /// All of it in a sentence.
    pub sentence: String,
}

/// A finding that somebody takes upon themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedOverride {
    /// Which finding.
    pub finding: String,
    /// Who.
    pub person: String,
    /// Why.
    pub reason: String,
    /// Up to when, UTC.
    pub until: String,
    /// What it comes to.
    pub state: OverrideState,
}

impl Default for CostFacts {
    fn default() -> Self {
        Self {
            usage: Err(UsageUnknown::NotAsked),
            assumed: PodRequests::default(),
            prices: None,
            quotas: Vec::new(),
            data_store: None,
            overrides: Vec::new(),
            may_override: false,
        }
    }
}

impl CostFacts {
    /// Lets the overrides that count change the findings, and says of each what it comes to.
    pub(super) fn apply_overrides(&self, findings: &mut [Finding], now: UnixMillis) -> Vec<PlannedOverride> {
        let state = |given: &Override, findings: &mut [Finding]| {
            if self.may_override { given.apply(findings, now) } else { OverrideState::NotAllowed }
        };
        self.overrides.iter().map(|given| PlannedOverride::of(given, state(given, findings))).collect()
    }

    /// How the connections at the peak compare with the limit that was given; `None` if none was, or the driver is not known.
    pub(super) fn limit_finding(&self, row: &LabRow, counted: Counted) -> Option<Finding> {
        let load = self.data_store.as_ref()?;
        let (now, peak) = load.now().zip(load.with(row.summary.peaks.running))?;
        let all_counted = sees_every_tenant(load, counted) && load.unread == 0;
        let (data_store, limit) = (load.name.clone(), load.limit?);
        Some(FindingKind::DataStoreLimit { data_store, now, peak, limit, all_counted }.into())
    }
}

impl PlannedCosts {
    /// Of every candidate of the lab.
    pub(super) fn of(
        costs: &CostFacts,
        counted: Counted,
        input: &LabInput,
        rows: &[LabRow],
        chosen: Option<Strategy>,
    ) -> Self {
        let requested = input.requests;
        let sizes = PodSizes { requested, measured: costs.usage.as_ref().ok().copied(), assumed: costs.assumed };
        let strategies = rows.iter().map(|row| {
            let bill = Bill::of(&row.film, input.replicas, &sizes, costs.prices.as_ref());
            let quotas = costs.quotas.iter().find(|(strategy, _)| *strategy == row.strategy);
            StrategyCost::of(row, &bill, costs, quotas.map_or(&[], |(_, uses)| uses), chosen == Some(row.strategy))
        });
        let strategies: Vec<StrategyCost> = strategies.collect();
        let mut notes = Vec::new();
        if let Some(usage) = &sizes.measured {
            let at = usage.at.map(|at| format!(", {at}")).unwrap_or_default();
            notes.push(format!(
                "Measured is what the pods of today used on average of a short time{at}; an API server that starts uses more CPU."
            ));
        }
        notes.extend(costs.usage.as_ref().err().map(ToString::to_string));
        let unknown = Resource::ALL.into_iter().filter(|resource| sizes.of(*resource).is_empty());
        let unknown: Vec<String> = unknown.map(|resource| resource.to_string()).collect();
        if !unknown.is_empty() {
            notes.push(format!(
                "Not known, because not every container requests it, it was not measured and nothing was assumed: {}.",
                unknown.join(", ")
            ));
        }
        notes.extend(costs.data_store.iter().flat_map(DataStoreLoad::notes));
        let data_store = costs.data_store.as_ref().map(|load| DataStoreNow::of(load, counted));
        Self { strategies, data_store, notes }
    }
}

impl PlannedCosts {
    /// What the strategy of this plan costs; `None` if it is none that a Deployment takes.
    pub fn chosen(&self) -> Option<&StrategyCost> {
        self.strategies.iter().find(|strategy| strategy.chosen)
    }
}

impl StrategyCost {
    /// Its name with what it stands for.
    pub fn title(&self) -> String {
        match self.name.as_str() {
            "Custom" => self.strategy.clone(),
            name if name.eq_ignore_ascii_case(&self.strategy) => name.to_owned(),
            name => format!("{name}, {}", self.strategy),
        }
    }

    /// What is to be said beside the table, in sentences.
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.remaining_pods > 0 {
            sentences.push(format!(
                "It gets stuck with {} more pods than today, which stay until somebody acts: the sums end where the forecast does.",
                self.remaining_pods
            ));
        }
        match self.starting_at_once {
            0 => {}
            1 => sentences
                .push("One API server starts at a time; each reads all that the tenant has stored once.".to_owned()),
            count => sentences.push(format!(
                "Up to {count} API servers start at the same time; each reads all that the tenant has stored once."
            )),
        }
        sentences.extend(self.money.as_ref().map(|money| format!("In money: {money}.")));
        sentences.extend(self.quotas.iter().map(|quota| quota.sentence.clone()));
        sentences
    }

    fn of(row: &LabRow, bill: &Bill, costs: &CostFacts, quotas: &[QuotaUse], chosen: bool) -> Self {
        let surge = &bill.surge;
        let size = |resource| bill.size(resource).map(|size| size.each);
        let cpu = size(Resource::Cpu);
        let memory = size(Resource::Memory);
        let times = |pods: i64, each: u64| i64::try_from(each).unwrap_or(i64::MAX).saturating_mul(pods);
        let step = |pods: &SurgeStep| CostStep {
            pods: *pods,
            extra_cpu_millis: cpu.map(|each| times(pods.extra_pods, each)),
            extra_memory_bytes: memory.map(|each| times(pods.extra_pods, each)),
        };
        let charge = bill.charge.as_ref();
        let surge_money = charge.and_then(|charge| charge.as_ref().ok()).map(|charge| Amount {
            billionths: u64::try_from(charge.surge.billionths()).unwrap_or(u64::MAX),
            currency: charge.surge.currency().to_string(),
        });
        Self {
            strategy: row.strategy.to_string(),
            name: row.strategy.name().to_string(),
            chosen,
            rows: rows::rows(row, bill, costs.data_store.as_ref()),
            series: surge.series.iter().map(step).collect(),
            extra_pods: surge.extra,
            extra_cpu_millis: cpu.map(|each| each.saturating_mul(u64::from(surge.extra.bound))),
            extra_memory_bytes: memory.map(|each| each.saturating_mul(u64::from(surge.extra.bound))),
            extra_pod_ms: surge.above.millis(),
            extra_core_ms: cpu.map(|each| surge.above.of_cpu(MilliCpu(each)).core_millis()),
            extra_memory_mib_seconds: memory
                .map(|each| surge.above.of_bytes(Bytes(each)))
                .map(StorageTime::mib_seconds),
            remaining_pods: surge.remaining,
            money: charge.map(|charge| match charge {
                Ok(charge) => charge.to_string(),
                Err(unknown) => unknown.to_string(),
            }),
            surge_words: charge.map(|charge| match charge {
                Ok(charge) => charge.surge.to_string(),
                Err(_) => rows::NOT_KNOWN.to_owned(),
            }),
            surge_money,
            quotas: quotas.iter().map(QuotaLine::of).collect(),
            connections: costs.data_store.as_ref().and_then(|load| load.with(row.summary.peaks.running)),
            starting_at_once: surge.starting_at_once,
        }
    }
}

impl QuotaLine {
    fn of(quota: &QuotaUse) -> Self {
        Self {
            quota: quota.quota.clone(),
            resource: quota.resource.clone(),
            hard: quota.hard.to_string(),
            used: quota.used.to_string(),
            peak: quota.peak.to_string(),
            left: quota.left().to_string(),
            sentence: quota.to_string(),
        }
    }
}

impl DataStoreNow {
    fn of(load: &DataStoreLoad, counted: Counted) -> Self {
        let DataStoreLoad { name, driver, tenants, api_servers, hops, .. } = load;
        let driver_words = driver.as_deref().map(|driver| format!(" ({driver})")).unwrap_or_default();
        let all_seen = sees_every_tenant(load, counted);
        let users = match (*tenants, all_seen) {
            (1, true) => "this tenant alone".to_owned(),
            (1, false) => "this tenant and perhaps others".to_owned(),
            (many, true) => format!("{many} tenants"),
            (many, false) => format!("at least {many} tenants"),
        };
        let servers = if *api_servers == 1 { "1 API server".to_owned() } else { format!("{api_servers} API servers") };
        let hops_words = match hops {
            0 if all_seen => "no hop of another tenant is under way".to_owned(),
            0 => "no hop of another tenant is seen, and not every tenant is seen".to_owned(),
            1 => "a hop of one other tenant is under way".to_owned(),
            hops => format!("hops of {hops} other tenants are under way"),
        };
        let takes = load.limit.map(|limit| format!("; it takes {limit} connections")).unwrap_or_default();
        Self {
            name: name.clone(),
            driver: driver.clone(),
            endpoints: load.endpoints,
            tenants: *tenants,
            api_servers: *api_servers,
            hops: *hops,
            connections: load.now(),
            limit: load.limit,
            sentence: format!("DataStore {name}{driver_words} serves {users} with {servers} now; {hops_words}{takes}."),
        }
    }
}

/// Whether no tenant of the DataStore is missing. Its object names those that are not observed, so without it nobody knows.
fn sees_every_tenant(load: &DataStoreLoad, counted: Counted) -> bool {
    counted == Counted::Everywhere && load.endpoints.is_some() && load.not_observed == 0
}

impl PlannedOverride {
    fn of(given: &Override, state: OverrideState) -> Self {
        Self {
            finding: given.finding().to_string(),
            person: given.person().to_owned(),
            reason: given.reason().to_owned(),
            until: given.until().to_string(),
            state,
        }
    }
}
