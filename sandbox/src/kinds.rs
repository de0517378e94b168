//! The kinds the sandbox serves, with the names that paths and error texts use.

/// A served kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `v1` Namespace.
    Namespace,
    /// `v1` Node.
    Node,
    /// `v1` Pod.
    Pod,
    /// `v1` Event.
    Event,
    /// `v1` Secret.
    Secret,
    /// `v1` ResourceQuota.
    ResourceQuota,
    /// `v1` LimitRange.
    LimitRange,
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` ReplicaSet.
    ReplicaSet,
    /// `kamaji.clastix.io/v1alpha1` TenantControlPlane.
    TenantControlPlane,
    /// `kamaji.clastix.io/v1alpha1` DataStore.
    DataStore,
}

/// What a kind is called where.
struct Names {
    kind: &'static str,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    singular: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
    status: bool,
}

impl Kind {
    /// Every served kind.
    pub const ALL: [Self; 11] = [
        Self::Namespace,
        Self::Node,
        Self::Pod,
        Self::Event,
        Self::Secret,
        Self::ResourceQuota,
        Self::LimitRange,
        Self::Deployment,
        Self::ReplicaSet,
        Self::TenantControlPlane,
        Self::DataStore,
    ];

    fn names(self) -> Names {
        let core = |kind, plural, singular, short, namespaced, status| Names {
            kind,
            group: "",
            version: "v1",
            plural,
            singular,
            short,
            namespaced,
            status,
        };
        match self {
            Self::Namespace => core("Namespace", "namespaces", "namespace", &["ns"], false, true),
            Self::Node => core("Node", "nodes", "node", &["no"], false, true),
            Self::Pod => core("Pod", "pods", "pod", &["po"], true, true),
            Self::Event => core("Event", "events", "event", &["ev"], true, false),
            Self::Secret => core("Secret", "secrets", "secret", &[], true, false),
            Self::ResourceQuota => core("ResourceQuota", "resourcequotas", "resourcequota", &["quota"], true, true),
            Self::LimitRange => core("LimitRange", "limitranges", "limitrange", &["limits"], true, false),
            Self::Deployment => {
                Names { group: "apps", ..core("Deployment", "deployments", "deployment", &["deploy"], true, true) }
            }
            Self::ReplicaSet => {
                Names { group: "apps", ..core("ReplicaSet", "replicasets", "replicaset", &["rs"], true, true) }
            }
            Self::TenantControlPlane => Names {
                kind: "TenantControlPlane",
                group: "kamaji.clastix.io",
                version: "v1alpha1",
                plural: "tenantcontrolplanes",
                singular: "tenantcontrolplane",
                short: &["tcp"],
                namespaced: true,
                status: true,
            },
            Self::DataStore => Names {
                kind: "DataStore",
                group: "kamaji.clastix.io",
                version: "v1alpha1",
                plural: "datastores",
                singular: "datastore",
                short: &[],
                namespaced: false,
                status: true,
            },
        }
    }

    /// The kind served at `group`/`version`/`plural`.
    pub fn find(group: &str, version: &str, plural: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.group() == group && kind.version() == version && kind.plural() == plural)
    }

    /// `kind` of an object.
    pub fn name(self) -> &'static str {
        self.names().kind
    }

    /// API group; empty for core.
    pub fn group(self) -> &'static str {
        self.names().group
    }

    /// API version without the group.
    pub fn version(self) -> &'static str {
        self.names().version
    }

    /// `apiVersion` of an object.
    pub fn api_version(self) -> String {
        match self.group() {
            "" => self.version().to_owned(),
            group => format!("{group}/{}", self.version()),
        }
    }

    /// The resource's name in paths.
    pub fn plural(self) -> &'static str {
        self.names().plural
    }

    /// The resource's singular name.
    pub fn singular(self) -> &'static str {
        self.names().singular
    }

    /// Short names for kubectl.
    pub fn short_names(self) -> &'static [&'static str] {
        self.names().short
    }

    /// Whether it is defined by a CustomResourceDefinition; the API server treats a few things of these in another way.
    pub fn is_custom(self) -> bool {
        self.group() == "kamaji.clastix.io"
    }

    /// Whether objects live in a namespace.
    pub fn namespaced(self) -> bool {
        self.names().namespaced
    }

    /// Whether the subresource `status` exists. Writes to the object itself then leave the status alone.
    pub fn has_status(self) -> bool {
        self.names().status
    }

    /// Whether `metadata.generation` counts the changes of the specification.
    pub fn has_generation(self) -> bool {
        matches!(self, Self::TenantControlPlane | Self::DataStore | Self::Deployment | Self::ReplicaSet | Self::Pod)
    }

    /// The resource as error texts name it: `pods`, `deployments.apps`, `tenantcontrolplanes.kamaji.clastix.io`.
    pub fn qualified(self) -> String {
        match self.group() {
            "" => self.plural().to_owned(),
            group => format!("{}.{group}", self.plural()),
        }
    }
}
