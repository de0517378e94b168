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
    /// `upgrade-console.kamaji.clastix.io/v1alpha1` UpgradePlan.
    UpgradePlan,
    /// `cluster.x-k8s.io/v1beta2` Cluster.
    Cluster,
    /// `controlplane.cluster.x-k8s.io/v1alpha2` KamajiControlPlane.
    KamajiControlPlane,
    /// `cluster.x-k8s.io/v1beta2` MachineDeployment.
    MachineDeployment,
    /// `cluster.x-k8s.io/v1beta2` MachineSet.
    MachineSet,
    /// `cluster.x-k8s.io/v1beta2` MachinePool.
    MachinePool,
    /// `cluster.x-k8s.io/v1beta2` Machine.
    Machine,
    /// `v1` ConfigMap.
    ConfigMap,
    /// `v1` Service.
    Service,
    /// `apps/v1` DaemonSet.
    DaemonSet,
    /// `discovery.k8s.io/v1` EndpointSlice.
    EndpointSlice,
    /// `policy/v1` PodDisruptionBudget.
    PodDisruptionBudget,
    /// `admissionregistration.k8s.io/v1` ValidatingWebhookConfiguration.
    ValidatingWebhookConfiguration,
    /// `admissionregistration.k8s.io/v1` MutatingWebhookConfiguration.
    MutatingWebhookConfiguration,
    /// `apiextensions.k8s.io/v1` CustomResourceDefinition.
    CustomResourceDefinition,
    /// `apiregistration.k8s.io/v1` APIService.
    ApiService,
    /// `flowcontrol.apiserver.k8s.io/v1beta3` FlowSchema: gone with 1.32.
    FlowSchema,
    /// `velero.io/v1` Backup.
    Backup,
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
    /// The kinds that the management cluster serves.
    pub const ALL: [Self; 18] = [
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
        Self::UpgradePlan,
        Self::Cluster,
        Self::KamajiControlPlane,
        Self::MachineDeployment,
        Self::MachineSet,
        Self::MachinePool,
        Self::Machine,
    ];

    /// The kinds that a tenant's API server serves.
    pub const OF_TENANTS: [Self; 16] = [
        Self::Namespace,
        Self::Node,
        Self::Pod,
        Self::ConfigMap,
        Self::Service,
        Self::Deployment,
        Self::ReplicaSet,
        Self::DaemonSet,
        Self::EndpointSlice,
        Self::PodDisruptionBudget,
        Self::ValidatingWebhookConfiguration,
        Self::MutatingWebhookConfiguration,
        Self::CustomResourceDefinition,
        Self::ApiService,
        Self::FlowSchema,
        Self::Backup,
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
        let cluster_api = |kind, plural, singular, short| Names {
            group: "cluster.x-k8s.io",
            version: "v1beta2",
            ..core(kind, plural, singular, short, true, true)
        };
        let hooks = Names { group: "admissionregistration.k8s.io", ..core("", "", "", &[], false, false) };
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
            Self::UpgradePlan => Names {
                kind: "UpgradePlan",
                group: "upgrade-console.kamaji.clastix.io",
                version: "v1alpha1",
                plural: "upgradeplans",
                singular: "upgradeplan",
                short: &["uplan"],
                namespaced: true,
                status: true,
            },
            Self::Cluster => cluster_api("Cluster", "clusters", "cluster", &["cl"]),
            Self::KamajiControlPlane => Names {
                group: "controlplane.cluster.x-k8s.io",
                version: "v1alpha2",
                ..cluster_api("KamajiControlPlane", "kamajicontrolplanes", "kamajicontrolplane", &["ktcp"])
            },
            Self::MachineDeployment => {
                cluster_api("MachineDeployment", "machinedeployments", "machinedeployment", &["md"])
            }
            Self::MachineSet => cluster_api("MachineSet", "machinesets", "machineset", &["ms"]),
            Self::MachinePool => cluster_api("MachinePool", "machinepools", "machinepool", &["mp"]),
            Self::Machine => cluster_api("Machine", "machines", "machine", &["ma"]),
            Self::ConfigMap => core("ConfigMap", "configmaps", "configmap", &["cm"], true, false),
            Self::Service => core("Service", "services", "service", &["svc"], true, true),
            Self::DaemonSet => {
                Names { group: "apps", ..core("DaemonSet", "daemonsets", "daemonset", &["ds"], true, true) }
            }
            Self::EndpointSlice => Names {
                group: "discovery.k8s.io",
                ..core("EndpointSlice", "endpointslices", "endpointslice", &[], true, false)
            },
            Self::PodDisruptionBudget => Names {
                group: "policy",
                ..core("PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget", &["pdb"], true, true)
            },
            Self::ValidatingWebhookConfiguration => Names {
                kind: "ValidatingWebhookConfiguration",
                plural: "validatingwebhookconfigurations",
                singular: "validatingwebhookconfiguration",
                ..hooks
            },
            Self::MutatingWebhookConfiguration => Names {
                kind: "MutatingWebhookConfiguration",
                plural: "mutatingwebhookconfigurations",
                singular: "mutatingwebhookconfiguration",
                ..hooks
            },
            Self::CustomResourceDefinition => Names {
                kind: "CustomResourceDefinition",
                group: "apiextensions.k8s.io",
                plural: "customresourcedefinitions",
                singular: "customresourcedefinition",
                short: &["crd"],
                ..hooks
            },
            Self::ApiService => Names {
                kind: "APIService",
                group: "apiregistration.k8s.io",
                plural: "apiservices",
                singular: "apiservice",
                ..hooks
            },
            Self::FlowSchema => Names {
                kind: "FlowSchema",
                group: "flowcontrol.apiserver.k8s.io",
                version: "v1beta3",
                plural: "flowschemas",
                singular: "flowschema",
                ..hooks
            },
            Self::Backup => Names { group: "velero.io", ..core("Backup", "backups", "backup", &[], true, false) },
        }
    }

    /// The kind that one of these has at `group`/`version`/`plural`.
    pub fn find(served: &[Self], group: &str, version: &str, plural: &str) -> Option<Self> {
        served
            .iter()
            .copied()
            .find(|kind| kind.group() == group && kind.version() == version && kind.plural() == plural)
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
        matches!(self, Self::TenantControlPlane | Self::DataStore | Self::UpgradePlan) || self.is_cluster_api()
    }

    /// Whether it is a kind of Cluster API or of its Kamaji provider.
    pub fn is_cluster_api(self) -> bool {
        matches!(self.group(), "cluster.x-k8s.io" | "controlplane.cluster.x-k8s.io")
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
        matches!(self, Self::Deployment | Self::ReplicaSet | Self::Pod) || self.is_custom()
    }

    /// The resource as error texts name it: `pods`, `deployments.apps`, `tenantcontrolplanes.kamaji.clastix.io`.
    pub fn qualified(self) -> String {
        match self.group() {
            "" => self.plural().to_owned(),
            group => format!("{}.{group}", self.plural()),
        }
    }
}
