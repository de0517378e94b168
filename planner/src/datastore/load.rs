use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Connections, Driver, KinePool};
use crate::tenant::{DataStoreFacts, TenantId, TenantSnapshot};

/// What is on the DataStore of one tenant now. Of the other tenants only sums are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataStoreLoad {
    /// Its name.
    pub name: String,
    /// Its driver, as its object says, else as the tenant's status says.
    pub driver: Option<String>,
    /// Its endpoints, if the object could be read.
    pub endpoints: Option<u32>,
    /// Tenants that use it, this one included, and those that only the object names.
    pub tenants: u32,
    /// API servers that run now, of all tenants.
    pub api_servers: u32,
    /// Of so many tenants the pods could not be read; they count with their replicas.
    pub unread: u32,
    /// So many tenants are named by the object and not observed; nothing of them is in the sums.
    pub not_observed: u32,
    /// Other tenants with a hop under way.
    pub hops: u32,
    /// Connections of the other tenants now; `None` if the driver is not known.
    pub others: Option<Connections>,
    /// Connections of one API server of this tenant; `None` if the driver is not known.
    pub each: Option<Connections>,
    /// API servers of this tenant that run now.
    pub own: u32,
    /// How many connections it takes, as somebody gave it.
    pub limit: Option<u32>,
    /// What of it could not be read, in sentences.
    pub problems: Vec<String>,
}

impl DataStoreLoad {
    /// The DataStore of `snapshot` under `all` tenants (this one may be among them or not); `None` if it uses none yet.
    ///
    /// `object` is the DataStore itself, or in words why it could not be read. A tenant whose status names the DataStore counts whether the object names it or not:
    /// `status.usedBy` is written after the fact.
    pub fn of<'a>(
        snapshot: &TenantSnapshot,
        all: impl IntoIterator<Item = &'a TenantSnapshot>,
        object: &Result<DataStoreFacts, String>,
        limit: Option<u32>,
    ) -> Option<Self> {
        let name = snapshot.data_store.used.clone()?;
        let (object, mut problems) = match object {
            Ok(object) => (Some(object), object.problems.clone()),
            Err(why) => (None, vec![format!("DataStore {name} was not read: {why}")]),
        };
        problems.iter_mut().for_each(|problem| problem.push('.'));
        let driver = object.and_then(|object| object.driver.clone()).or_else(|| snapshot.data_store.driver.clone());
        let known = driver.as_deref().map(Driver::from);
        let each = |pool: &KinePool| known.as_ref()?.per_api_server(pool);
        let mut load = Self {
            others: known
                .as_ref()
                .and_then(|driver| driver.per_api_server(&KinePool::default()))
                .map(|_| Connections::NONE),
            each: each(&snapshot.data_store.kine),
            name,
            driver,
            endpoints: object.map(|object| object.endpoints),
            tenants: 0,
            api_servers: 0,
            unread: 0,
            not_observed: 0,
            hops: 0,
            own: 0,
            limit,
            problems,
        };
        let mut observed: BTreeSet<&TenantId> = BTreeSet::new();
        let uses = |other: &&TenantSnapshot| other.data_store.used.as_ref() == Some(&load.name);
        let others: Vec<&TenantSnapshot> =
            all.into_iter().filter(|other| other.id != snapshot.id).filter(uses).collect();
        for tenant in others.iter().copied().chain([snapshot]) {
            observed.insert(&tenant.id);
            let running = running(tenant);
            load.unread += u32::from(running.is_none());
            let api_servers = running.unwrap_or(tenant.replicas);
            load.api_servers = load.api_servers.saturating_add(api_servers);
            load.tenants += 1;
            if tenant.id == snapshot.id {
                load.own = api_servers;
                continue;
            }
            load.hops += u32::from(tenant.hop_runs());
            let theirs = each(&tenant.data_store.kine).map(|each| each.times(api_servers));
            load.others = load.others.zip(theirs).map(|(sum, theirs)| sum.plus(theirs));
        }
        let named = object.into_iter().flat_map(|object| &object.used_by).collect::<BTreeSet<_>>();
        load.not_observed = u32::try_from(named.difference(&observed).count()).unwrap_or(u32::MAX);
        load.tenants = load.tenants.saturating_add(load.not_observed);
        Some(load)
    }

    /// Connections of all tenants now; `None` if the driver is not known.
    pub fn now(&self) -> Option<Connections> {
        self.with(self.own)
    }

    /// Connections of all tenants while so many API servers of this one run and the others stay as they are now.
    pub fn with(&self, own_api_servers: u32) -> Option<Connections> {
        let (others, each) = self.others.zip(self.each)?;
        Some(others.plus(each.times(own_api_servers)))
    }

    /// The sentences that a reader of these numbers needs.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.problems.clone();
        match self.driver.as_deref().map(Driver::from) {
            Some(driver) => {
                notes.push(driver.reason());
                match (self.limit, driver.usual_limit()) {
                    (None, Some(usual)) => notes.push(format!(
                        "How many connections DataStore {} takes was not given; {driver} takes {usual} unless somebody changed that.",
                        self.name
                    )),
                    (None, None) => {
                        notes.push(format!("How many connections DataStore {} takes was not given.", self.name));
                    }
                    (Some(_), _) => {}
                }
            }
            None => notes.push(format!("The driver of DataStore {} is not known.", self.name)),
        }
        if self.unread > 0 {
            notes.push(format!(
                "The pods of {} could not be read; they count with their replicas.",
                tenants(self.unread)
            ));
        }
        if self.not_observed > 0 {
            notes.push(format!(
                "DataStore {} also names {} that are not observed; they are not in the sums.",
                self.name,
                tenants(self.not_observed)
            ));
        }
        notes
    }
}

/// API servers that hold connections: pods on a node, terminating ones too. `None` if the pods could not be read.
fn running(tenant: &TenantSnapshot) -> Option<u32> {
    let pods = tenant.pods.read()?;
    u32::try_from(pods.iter().filter(|pod| pod.node.is_some()).count()).ok()
}

fn tenants(count: u32) -> String {
    if count == 1 { "one tenant".to_owned() } else { format!("{count} tenants") }
}
