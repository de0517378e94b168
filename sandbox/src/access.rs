//! Who is asking, and what they may: a small fixed model of RBAC.

use crate::error::ApiError;
use crate::kinds::Kind;
use serde_json::json;

/// The console's own account, which every request without impersonation comes from.
pub const CONSOLE: &str = "system:serviceaccount:upgrade-console:console";
/// A user who may do everything.
pub const PLATFORM_ADMIN: &str = "platform-admin";
/// The group of that user.
pub const PLATFORM_ADMINS: &str = "platform-admins";
/// A user who may see and upgrade the tenants of [`TEAM_A_NAMESPACES`].
pub const TEAM_A_OWNER: &str = "owner@team-a";
/// The group of that user.
pub const TENANT_OWNERS: &str = "tenant-owners";
/// Where [`TEAM_A_OWNER`] may do anything.
pub const TEAM_A_NAMESPACES: [&str; 2] = ["team-a", "team-a-staging"];

/// Somebody who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// User name.
    pub user: String,
    /// Groups.
    pub groups: Vec<String>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, …
    pub verb: &'a str,
    /// API group; empty for core.
    pub group: &'a str,
    /// Resource in the plural.
    pub resource: &'a str,
    /// `status`, …; empty for the object itself.
    pub subresource: &'a str,
    /// Namespace; empty for all, and for cluster-scoped resources.
    pub namespace: &'a str,
    /// Name; empty for all.
    pub name: &'a str,
}

impl Identity {
    /// The console's own account.
    pub fn console() -> Self {
        let groups = ["system:serviceaccounts", "system:serviceaccounts:upgrade-console", "system:authenticated"];
        Self { user: CONSOLE.to_owned(), groups: groups.map(str::to_owned).to_vec() }
    }

    /// A user with these groups, as impersonation makes one.
    pub fn impersonated(user: &str, mut groups: Vec<String>) -> Self {
        groups.push("system:authenticated".to_owned());
        Self { user: user.to_owned(), groups }
    }

    /// Whether the access is granted.
    pub fn may(&self, access: &Access<'_>) -> bool {
        let member = |group: &str| self.groups.iter().any(|own| own == group);
        if member(PLATFORM_ADMINS) || member("system:masters") {
            return true;
        }
        let reads = matches!(access.verb, "get" | "list" | "watch");
        if self.user == CONSOLE {
            // Patching is for the dry-run probe of the operator's highest version; people's writes are impersonated.
            let probes =
                access.verb == "patch" && access.resource == "tenantcontrolplanes" && access.subresource.is_empty();
            return reads || probes || access.verb == "impersonate";
        }
        let known = [
            ("kamaji.clastix.io", "tenantcontrolplanes"),
            ("apps", "deployments"),
            ("apps", "replicasets"),
            ("", "pods"),
            ("", "events"),
        ];
        // What Cluster API has of a tenant is its owner's to see, and the platform's to change.
        let cluster_api = reads && matches!(access.group, "cluster.x-k8s.io" | "controlplane.cluster.x-k8s.io");
        // The one Secret of a tenant that its owner needs; in the second namespace not even that.
        let kubeconfig = access.verb == "get"
            && (access.group, access.resource) == ("", "secrets")
            && access.namespace == TEAM_A_NAMESPACES[0]
            && access.name.ends_with("-admin-kubeconfig");
        if self.user == TEAM_A_OWNER && member(TENANT_OWNERS) && kubeconfig {
            return true;
        }
        // Plans are their tenants' owners' to keep, with their status.
        let plans = (access.group, access.resource) == ("upgrade-console.kamaji.clastix.io", "upgradeplans")
            && matches!(access.subresource, "" | "status")
            && TEAM_A_NAMESPACES.contains(&access.namespace);
        if self.user == TEAM_A_OWNER && member(TENANT_OWNERS) && plans {
            return true;
        }
        self.user == TEAM_A_OWNER
            && member(TENANT_OWNERS)
            && TEAM_A_NAMESPACES.contains(&access.namespace)
            && access.subresource.is_empty()
            && (cluster_api || (known.contains(&(access.group, access.resource)) && (reads || access.verb == "patch")))
    }

    /// The access, or the API server's refusal.
    ///
    /// # Errors
    /// 403 in the API server's words.
    pub fn check(&self, access: &Access<'_>) -> Result<(), ApiError> {
        if self.may(access) { Ok(()) } else { Err(self.refusal(access)) }
    }

    /// The refusal of an access.
    pub fn refusal(&self, access: &Access<'_>) -> ApiError {
        let qualified = match access.group {
            "" => access.resource.to_owned(),
            group => format!("{}.{group}", access.resource),
        };
        let about = if access.name.is_empty() { qualified } else { format!("{qualified} {:?}", access.name) };
        let resource = match access.subresource {
            "" => access.resource.to_owned(),
            subresource => format!("{}/{subresource}", access.resource),
        };
        let scope = match access.namespace {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace {namespace:?}"),
        };
        let message = format!(
            "{about} is forbidden: User {:?} cannot {} resource {resource:?} in API group {:?} {scope}",
            self.user, access.verb, access.group
        );
        let mut error = ApiError::new(403, "Forbidden", message);
        let mut details = json!({"kind": access.resource});
        if !access.name.is_empty() {
            details["name"] = json!(access.name);
        }
        if !access.group.is_empty() {
            details["group"] = json!(access.group);
        }
        error.details = Some(details);
        error
    }
}

impl<'a> Access<'a> {
    /// Access to objects of a kind.
    pub fn to(kind: Kind, verb: &'a str, namespace: &'a str, name: &'a str) -> Self {
        Self { verb, group: kind.group(), resource: kind.plural(), subresource: "", namespace, name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_may_what_its_role_says() {
        let owner = Identity::impersonated(TEAM_A_OWNER, vec![TENANT_OWNERS.to_owned()]);
        let impostor = Identity::impersonated(TEAM_A_OWNER, Vec::new());
        let admin = Identity::impersonated(PLATFORM_ADMIN, vec![PLATFORM_ADMINS.to_owned()]);
        let console = Identity::console();
        let tenant = |verb, namespace| Access::to(Kind::TenantControlPlane, verb, namespace, "x");
        let cases = [
            (&owner, tenant("patch", "team-a"), true),
            (&owner, tenant("get", "team-a-staging"), true),
            (&owner, tenant("patch", "team-b"), false),
            (&owner, tenant("list", ""), false),
            (&owner, tenant("delete", "team-a"), false),
            (&owner, Access::to(Kind::Secret, "get", "team-a", "x"), false),
            (&owner, Access::to(Kind::Machine, "list", "team-a", ""), true),
            (&owner, Access::to(Kind::Machine, "list", "team-b", ""), false),
            (&owner, Access::to(Kind::KamajiControlPlane, "patch", "team-a", "x"), false),
            (&impostor, Access::to(Kind::Cluster, "get", "team-a", "x"), false),
            (&owner, Access::to(Kind::Secret, "get", "team-a", "x-admin-kubeconfig"), true),
            (&owner, Access::to(Kind::Secret, "list", "team-a", ""), false),
            (&owner, Access::to(Kind::Secret, "get", "team-a-staging", "x-admin-kubeconfig"), false),
            (&owner, Access::to(Kind::Secret, "get", "team-b", "x-admin-kubeconfig"), false),
            (&impostor, Access::to(Kind::Secret, "get", "team-a", "x-admin-kubeconfig"), false),
            (&owner, Access { subresource: "status", ..tenant("patch", "team-a") }, false),
            (&owner, Access::to(Kind::UpgradePlan, "create", "team-a", ""), true),
            (&owner, Access::to(Kind::UpgradePlan, "delete", "team-b", "x"), false),
            (&owner, Access { subresource: "status", ..Access::to(Kind::UpgradePlan, "patch", "team-a", "x") }, true),
            (&impostor, Access::to(Kind::UpgradePlan, "get", "team-a", "x"), false),
            (&console, Access::to(Kind::UpgradePlan, "watch", "", ""), true),
            (&console, Access::to(Kind::UpgradePlan, "create", "team-a", ""), false),
            (&impostor, tenant("get", "team-a"), false),
            (&admin, tenant("delete", "team-b"), true),
            (&console, tenant("watch", ""), true),
            (&console, tenant("delete", "team-a"), false),
            (&console, Access::to(Kind::Deployment, "patch", "team-a", "x"), false),
        ];
        for (identity, access, granted) in cases {
            assert_eq!(identity.may(&access), granted, "{} {access:?}", identity.user);
        }
    }
}
