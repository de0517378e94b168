//! The objects of Cluster API around one tenant, read on demand as the person who asks.
//!
//! Nothing here is watched: few tenants have such objects, and whoever may see a tenant need not be allowed to see them. Each kind
//! is asked for by itself, in a version that is found out first, with a limit in time and in number; what fails says so and hides
//! no other.

mod discover;
mod objects;

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kube::Client;
use kube::api::ListParams;
use planner::cluster_api::{Cluster, ClusterApiFacts, ControlPlane, Kind, Meta, Served, ServedKinds};
use planner::tenant::TenantId;
use planner::tenant_api::Answer;
use planner::time::UnixMillis;
use planner::workers::NodeName;
use serde_json::Value;

use self::objects::Problems;
use crate::tenant_access::ask::{Asker, bounded, within};

/// How long one step may take: finding out versions, the control plane, all the others together.
const STEP_WITHIN: Duration = Duration::from_secs(5);
/// Objects in one page of a list.
const PAGE: u32 = 250;
/// More objects of one kind in one Cluster than this are not read.
const MOST_OBJECTS: usize = 5_000;

/// Who the tenant says its owner is.
pub(crate) struct Named<'a> {
    /// Name of the KamajiControlPlane.
    pub(crate) control_plane: &'a str,
    /// Name of the Cluster, where the tenant is labelled with it.
    pub(crate) cluster: Option<&'a str>,
}

/// Reads everything, as the person whose client it is. It takes no longer than three steps may.
pub(crate) async fn read(person: &Client, tenant: &TenantId, named: &Named<'_>, now: UnixMillis) -> ClusterApiFacts {
    let ask = Asker::new(bounded(person));
    let problems = Problems::default();
    let served = within(STEP_WITHIN, discover::served_kinds(&ask)).await;
    let reader = Reader { ask: &ask, namespace: &tenant.namespace, served: &served, problems: &problems };
    let control_plane = reader.control_plane(named.control_plane).await;
    let owner = control_plane.read().and_then(|it| it.cluster.as_deref()).or(named.cluster);
    let (cluster, machine_deployments, machine_sets, machine_pools, machines) = tokio::join!(
        reader.cluster(owner),
        reader.all_of(Kind::MachineDeployment, owner, objects::machine_deployment),
        reader.all_of(Kind::MachineSet, owner, objects::machine_set),
        reader.all_of(Kind::MachinePool, owner, objects::machine_pool),
        reader.all_of(Kind::Machine, owner, objects::machine),
    );
    ClusterApiFacts {
        namespace: tenant.namespace.clone(),
        read_at: now,
        control_plane,
        cluster,
        machine_deployments,
        machine_sets,
        machine_pools,
        machines,
        problems: problems.into_sentences(),
        served,
    }
}

struct Reader<'a> {
    ask: &'a Asker,
    namespace: &'a str,
    served: &'a Answer<ServedKinds>,
    problems: &'a Problems,
}

impl<'a> Reader<'a> {
    async fn control_plane(&self, name: &str) -> Answer<ControlPlane> {
        let read = self.one(Kind::KamajiControlPlane, name).await;
        read.map(|object| objects::control_plane(&object, self.problems))
    }

    async fn cluster(&self, name: Option<&str>) -> Answer<Cluster> {
        let Some(name) = name else { return not_named() };
        let read = self.one(Kind::Cluster, name).await;
        read.map(|object| objects::cluster(&object, self.problems))
    }

    async fn one(&self, kind: Kind, name: &str) -> Answer<Value> {
        // It becomes part of a path, and stands in an object that somebody wrote.
        if name.parse::<NodeName>().is_err() {
            return Answer::Failed("its name is none".to_owned());
        }
        match self.path(kind) {
            Ok(path) => within(STEP_WITHIN, self.ask.get(&format!("{path}/{name}"))).await,
            Err(answer) => answer,
        }
    }

    /// All objects of a kind that belong to the Cluster, by name. On the heap: together they are more than a thread's stack
    /// should hold.
    fn all_of<T: AsRef<Meta> + Send + 'a>(
        &'a self,
        kind: Kind,
        cluster: Option<&'a str>,
        read: fn(&Value, &Problems) -> T,
    ) -> BoxFuture<'a, Answer<Vec<T>>> {
        async move {
            let Some(cluster) = cluster else { return not_named() };
            if cluster.parse::<NodeName>().is_err() {
                return Answer::Failed("the name of its Cluster is none".to_owned());
            }
            let path = match self.path(kind) {
                Ok(path) => path,
                Err(answer) => return answer,
            };
            let params = ListParams::default().limit(PAGE).labels(&format!("{}={cluster}", objects::CLUSTER_LABEL));
            let list = self.ask.list(&path, params, MOST_OBJECTS, |object| {
                objects::belongs_to(object, cluster).then(|| read(object, self.problems))
            });
            within(STEP_WITHIN, list).await.map(|mut all| {
                all.sort_by(|one, other| one.as_ref().name.cmp(&other.as_ref().name));
                all
            })
        }
        .boxed()
    }

    /// Where objects of a kind stand, or why they are not read.
    fn path<T>(&self, kind: Kind) -> Result<String, Answer<T>> {
        let served = match self.served {
            Answer::Read(served) => served.get(&kind).unwrap_or(&Served::Nowhere),
            Answer::Missing => &Served::Nowhere,
            Answer::Forbidden(words) => return Err(Answer::Forbidden(words.clone())),
            Answer::TimedOut { seconds } => return Err(Answer::TimedOut { seconds: *seconds }),
            Answer::Failed(why) => return Err(Answer::Failed(why.clone())),
        };
        match served {
            Served::Known { version, .. } => {
                Ok(format!("/apis/{}/{version}/namespaces/{}/{}", kind.group(), self.namespace, kind.plural()))
            }
            Served::Nowhere => Err(Answer::Missing),
            Served::Unknown { .. } | Served::Undiscovered { .. } => Err(Answer::Failed(served.to_string())),
        }
    }
}

fn not_named<T>() -> Answer<T> {
    Answer::Failed("nothing names the Cluster it belongs to".to_owned())
}
