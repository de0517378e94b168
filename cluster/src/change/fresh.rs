//! The objects of one tenant, read for a verdict: what the watches show may be a moment old.

use k8s_openapi::NamespaceResourceScope;
use kube::api::ListParams;
use kube::{Api, Client};
use planner::tenant::{TenantId, TenantSnapshot};

use super::answer::within;
use super::{ChangeError, Changes, RequestStep};
use crate::identity::Identity;
use crate::index::{Fresh, assemble};
use crate::resources::{
    DeploymentKind, Object, PodKind, ReplicaSetKind, TENANT_LABEL, TenantControlPlaneKind, Watched, WatchedKind,
};

impl Changes {
    /// Reads one tenant. The TenantControlPlane is read with the person's own rights; what Kamaji made of it with the console's,
    /// since a tenant owner need not be allowed to read Deployments.
    pub(super) async fn fresh(
        &self,
        identity: &Identity,
        client: &Client,
        tenant: &TenantId,
    ) -> Result<TenantSnapshot, ChangeError> {
        if !identity.may_see(tenant) {
            return Err(ChangeError::NotFound);
        }
        let api: Api<Watched<TenantControlPlaneKind>> = Api::namespaced(client.clone(), &tenant.namespace);
        let (control_plane, deployments, replica_sets, pods) = tokio::join!(
            within(RequestStep::Read, api.get(&tenant.name)),
            self.made_of::<DeploymentKind>(tenant),
            self.made_of::<ReplicaSetKind>(tenant),
            self.made_of::<PodKind>(tenant),
        );
        let Ok(Some(Object::TenantControlPlane(control_plane))) = control_plane?.object else {
            let words = "the answer is no TenantControlPlane".to_owned();
            return Err(ChangeError::Unexpected { step: RequestStep::Read, words });
        };
        let fresh = Fresh { control_plane, deployments: deployments?, replica_sets: replica_sets?, pods: pods? };
        let mut snapshot = assemble(fresh, (self.clock)());
        // Film, timings, events and nodes are known only to the index. They decide nothing, but the stage reads them.
        if let Some(observed) = self.observer.tenant(identity, tenant) {
            let observed = observed.borrow();
            if observed.uid == snapshot.uid {
                snapshot.hop.clone_from(&observed.hop);
                snapshot.timings.clone_from(&observed.timings);
                snapshot.events.clone_from(&observed.events);
                snapshot.images.clone_from(&observed.images);
            }
        }
        Ok(snapshot)
    }

    /// The tenant's objects of one kind, or the API server's words if it refuses them.
    async fn made_of<K: WatchedKind<Scope = NamespaceResourceScope>>(
        &self,
        tenant: &TenantId,
    ) -> Result<Result<Vec<Object>, String>, ChangeError> {
        let api: Api<Watched<K>> = Api::namespaced(self.client.clone(), &tenant.namespace);
        let params = ListParams::default().labels(&format!("{TENANT_LABEL}={}", tenant.name));
        match within(RequestStep::Read, api.list(&params)).await {
            Ok(list) => {
                let objects = list.items.into_iter().filter_map(|watched| watched.object.ok().flatten());
                Ok(Ok(objects.filter(|object| object.tenant() == Some(tenant)).collect()))
            }
            Err(ChangeError::Forbidden { words }) => Ok(Err(words)),
            Err(error) => Err(error),
        }
    }
}
