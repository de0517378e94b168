//! The type that kube's watches carry: an object that is read while it is decoded, so that a page of a list never stands in
//! memory as whole objects.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope};
use kube::Resource;
use kube::core::ObjectMeta;
use planner::plan::stored::{GROUP, PLURAL, VERSION};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Object, ObjectKind, Unreadable, fields};

/// Where a kind lives in the API.
pub(crate) trait WatchedKind: Clone + fmt::Debug + Send + Sync + 'static {
    /// Whether its objects live in namespaces.
    type Scope;
    const KIND: ObjectKind;
    const GROUP: &'static str;
    const VERSION: &'static str;
    const PLURAL: &'static str;
}

/// An object of a watch, already read. `metadata` holds only what kube's watcher itself needs.
#[derive(Debug, Clone)]
pub(crate) struct Watched<K> {
    metadata: ObjectMeta,
    pub(crate) object: Result<Option<Object>, Unreadable>,
    kind: PhantomData<K>,
}

impl<'de, K: WatchedKind> Deserialize<'de> for Watched<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let text = |path| fields::text_in(&value, path).map(str::to_owned);
        let metadata = ObjectMeta {
            name: text("/metadata/name"),
            namespace: text("/metadata/namespace"),
            resource_version: text("/metadata/resourceVersion"),
            ..ObjectMeta::default()
        };
        Ok(Self { metadata, object: Object::read(K::KIND, &value), kind: PhantomData })
    }
}

impl<K: WatchedKind> Resource for Watched<K> {
    type DynamicType = ();
    type Scope = K::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        K::KIND.as_str().into()
    }

    fn group((): &()) -> Cow<'_, str> {
        K::GROUP.into()
    }

    fn version((): &()) -> Cow<'_, str> {
        K::VERSION.into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        K::PLURAL.into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

macro_rules! watched_kinds {
    ($($name:ident = $kind:ident, $scope:ty, $group:expr, $version:expr, $plural:expr;)*) => {$(
        #[derive(Debug, Clone)]
        pub(crate) struct $name;

        impl WatchedKind for $name {
            type Scope = $scope;
            const KIND: ObjectKind = ObjectKind::$kind;
            const GROUP: &'static str = $group;
            const VERSION: &'static str = $version;
            const PLURAL: &'static str = $plural;
        }
    )*

    /// Group and plural of each watched kind.
    #[cfg(test)]
    const WATCHED: &[(&str, &str)] = &[$(($group, $plural)),*];
    };
}

watched_kinds! {
    TenantControlPlaneKind =
        TenantControlPlane, NamespaceResourceScope, "kamaji.clastix.io", "v1alpha1", "tenantcontrolplanes";
    DeploymentKind = Deployment, NamespaceResourceScope, "apps", "v1", "deployments";
    ReplicaSetKind = ReplicaSet, NamespaceResourceScope, "apps", "v1", "replicasets";
    PodKind = Pod, NamespaceResourceScope, "", "v1", "pods";
    EventKind = Event, NamespaceResourceScope, "", "v1", "events";
    NodeKind = Node, ClusterResourceScope, "", "v1", "nodes";
    UpgradePlanKind = UpgradePlan, NamespaceResourceScope, GROUP, VERSION, PLURAL;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use planner::cluster_api::Kind;

    use super::*;

    #[derive(Deserialize)]
    struct Role {
        metadata: Named,
        rules: Vec<Rule>,
    }

    #[derive(Deserialize)]
    struct Named {
        name: String,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Rule {
        api_groups: Vec<String>,
        resources: Vec<String>,
        verbs: Vec<String>,
    }

    /// A role of the deployment: its resources by verb, each as group and plural.
    fn role(name: &str) -> impl Fn(&str) -> BTreeSet<(String, String)> {
        let roles = include_str!("../../../deploy/rbac.yaml").split("\n---\n");
        let roles = roles.map(|text| serde_saphyr::from_str::<Role>(text).expect("a role"));
        let role = roles.into_iter().find(|role| role.metadata.name == name).expect("it is there");
        move |verb| {
            let rules = role.rules.iter().filter(|rule| rule.verbs.iter().any(|known| known == verb));
            let of = |rule: &Rule| {
                let groups = rule.api_groups.clone().into_iter();
                let resources = rule.resources.clone();
                groups.flat_map(move |group| resources.clone().into_iter().map(move |plural| (group.clone(), plural)))
            };
            rules.flat_map(of).collect()
        }
    }

    #[test]
    fn the_deployed_role_watches_what_is_watched_and_writes_nothing() {
        let console = role("tenant-upgrade-console");
        let watched = WATCHED.iter().map(|(group, plural)| ((*group).to_owned(), (*plural).to_owned())).collect();
        assert_eq!(console("watch"), watched);
        assert!(console("list").is_superset(&watched), "a watch begins with a list");
        for verb in ["create", "update", "patch", "delete", "deletecollection", "impersonate", "*"] {
            assert_eq!(console(verb), BTreeSet::new(), "{verb}");
        }
    }

    #[test]
    fn a_person_reads_what_is_theirs_patches_tenants_and_keeps_plans() {
        let person = role("tenant-upgrade-person");
        let named = |names: &[(&str, &str)]| -> BTreeSet<(String, String)> {
            names.iter().map(|(group, plural)| ((*group).to_owned(), (*plural).to_owned())).collect()
        };
        let tenants = named(&[("kamaji.clastix.io", "tenantcontrolplanes")]);
        // The owner of a tenant and its Cluster are read by name, the rest of the Cluster is listed.
        let (by_name, listed): (Vec<Kind>, Vec<Kind>) =
            Kind::ALL.into_iter().partition(|kind| matches!(kind, Kind::Cluster | Kind::KamajiControlPlane));
        let of =
            |kinds: &[Kind]| kinds.iter().map(|kind| (kind.group().to_owned(), kind.plural().to_owned())).collect();
        let by_name: BTreeSet<_> = of(&by_name);
        let plans = named(&[(GROUP, PLURAL)]);
        let read = tenants.union(&named(&[("", "secrets")])).chain(&plans).cloned().chain(by_name).collect();
        let patched = tenants.union(&named(&[(GROUP, "upgradeplans/status")])).cloned().collect();
        let kept = ["create", "update", "delete"].map(|verb| (verb, plans.clone()));
        let cases = [("get", read), ("list", of(&listed)), ("patch", patched)].into_iter().chain(kept);
        let others = ["watch", "deletecollection", "*"].map(|verb| (verb, BTreeSet::new()));
        for (verb, expected) in cases.chain(others) {
            assert_eq!(person(verb), expected, "{verb}");
        }
    }
}
