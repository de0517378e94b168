//! TenantControlPlane: spec, status, and the marks of others who write it.

use planner::datastore::KinePool;
use planner::hop::FORMER_STRATEGY_ANNOTATION;
use planner::strategy::{DeclaredRollingUpdate, DeclaredStrategy, IntOrString};
use planner::tenant::{
    DataStoreUse, DeclaredVersion, Freshness, KamajiStatus, Konnectivity, ObservedTimings, Owner, Reading, TenantId,
    TenantSnapshot, WriteLimits,
};
use planner::time::UnixMillis;
use serde_json::Value;

use super::fields::{Fields, kind_of, text_in};
use super::image;

/// Kamaji's own default of `spec.controlPlane.deployment.replicas` (pods).
const DEFAULT_REPLICAS: u32 = 2;

/// How many of kine's arguments are looked at: it has a few dozen.
const MOST_ARGUMENTS: usize = 200;

/// Any value pauses, even `false`.
const PAUSED: &str = "kamaji.clastix.io/paused";

/// Reads a TenantControlPlane.
pub(super) fn read(namespace: &str, name: &str, value: &Value) -> TenantSnapshot {
    let fields = Fields::new("TenantControlPlane", value);
    let desired_version = fields.text("/spec/kubernetes/version").unwrap_or_else(|| {
        if fields.at("/spec/kubernetes/version").is_none() {
            fields.complain("/spec/kubernetes/version", "is missing");
        }
        String::new()
    });
    let replicas = fields.count("/spec/controlPlane/deployment/replicas").unwrap_or_else(|| {
        if fields.at("/spec/controlPlane/deployment/replicas").is_some() {
            fields.complain("/spec/controlPlane/deployment/replicas", "is taken as 2, Kamaji's default");
        }
        DEFAULT_REPLICAS
    });
    let strategy = declared_strategy(&fields, "/spec/controlPlane/deployment/strategy");
    let former_strategy = former_strategy(&fields, &strategy);
    let konnectivity = if fields.at("/spec/addons/konnectivity").is_none() {
        Konnectivity::Off
    } else if fields.filled("/spec/addons/konnectivity/server/version").is_some() {
        Konnectivity::Pinned
    } else {
        Konnectivity::FollowsMinor
    };
    let mut snapshot = TenantSnapshot {
        id: TenantId { namespace: namespace.to_owned(), name: name.to_owned() },
        uid: fields.text("/metadata/uid").unwrap_or_default(),
        generation: fields.integer("/metadata/generation").unwrap_or_default(),
        observed_generation: fields.integer("/status/observedGeneration"),
        resource_version: fields.text("/metadata/resourceVersion").unwrap_or_default(),
        created_at: fields.time("/metadata/creationTimestamp"),
        deleting: fields.at("/metadata/deletionTimestamp").is_some(),
        desired_version: DeclaredVersion(desired_version),
        installed_version: fields.filled("/status/kubernetesResources/version/version").map(DeclaredVersion),
        status: KamajiStatus::from(
            fields.text("/status/kubernetesResources/version/status").unwrap_or_default().as_str(),
        ),
        replicas,
        strategy,
        former_strategy,
        paused: fields.has_annotation(PAUSED),
        write_limits: WriteLimits {
            creation: fields.flag("/spec/writePermissions/blockCreation"),
            update: fields.flag("/spec/writePermissions/blockUpdate"),
            deletion: fields.flag("/spec/writePermissions/blockDeletion"),
        },
        data_store: DataStoreUse {
            wanted: fields.filled("/spec/dataStore"),
            used: fields.filled("/status/storage/dataStoreName"),
            driver: fields.filled("/status/storage/driver"),
            kine: kine_pool(&fields),
        },
        owners: owners(&fields),
        konnectivity,
        deployment: Reading::Waiting,
        replica_sets: Reading::Waiting,
        pods: Reading::Waiting,
        events: Reading::Waiting,
        image: image::source(None, None, None),
        images: Reading::Waiting,
        hop: None,
        timings: ObservedTimings::default(),
        problems: Vec::new(),
        observed_at: UnixMillis(0),
        freshness: Freshness::Live,
    };
    let setting = |name| fields.filled(&format!("/spec/controlPlane/deployment/registrySettings/{name}"));
    let (registry, name) = (setting("registry"), setting("apiServerImage"));
    snapshot.image = image::source(registry.as_deref(), name.as_deref(), setting("tagSuffix"));
    snapshot.problems = fields.into_problems();
    snapshot
}

/// A Deployment strategy as it stands.
pub(crate) fn declared_strategy(fields: &Fields<'_>, path: &str) -> DeclaredStrategy {
    let rolling_path = format!("{path}/rollingUpdate");
    let rolling_update = fields.at(&rolling_path).and_then(|value| {
        if !value.is_object() {
            fields.complain(&rolling_path, &format!("is {}, not an object", kind_of(value)));
            return None;
        }
        Some(DeclaredRollingUpdate {
            max_surge: int_or_string(fields, &format!("{rolling_path}/maxSurge")),
            max_unavailable: int_or_string(fields, &format!("{rolling_path}/maxUnavailable")),
        })
    });
    DeclaredStrategy { kind: fields.filled(&format!("{path}/type")), rolling_update }
}

fn int_or_string(fields: &Fields<'_>, path: &str) -> Option<IntOrString> {
    let value = fields.at(path)?;
    if let Some(number) = value.as_i64() {
        return Some(IntOrString::Int(number));
    }
    if let Some(text) = value.as_str() {
        return Some(IntOrString::Text(text.to_owned()));
    }
    fields.complain(path, &format!("is {}, neither a whole number nor a percentage", kind_of(value)));
    // Kept as a text that no validation accepts: dropping it would make it look like a default.
    Some(IntOrString::Text(value.to_string()))
}

fn former_strategy(fields: &Fields<'_>, current: &DeclaredStrategy) -> Option<DeclaredStrategy> {
    let text = fields.annotation(FORMER_STRATEGY_ANNOTATION)?;
    match serde_json::from_str::<DeclaredStrategy>(text) {
        Ok(former) => Some(former).filter(|former| former != current),
        Err(_) => {
            fields.complain("/metadata/annotations", "remembers a former strategy that cannot be read");
            None
        }
    }
}

/// kine's connection pool by `extraArgs.kine`.
fn kine_pool(fields: &Fields<'_>) -> KinePool {
    const PATH: &str = "/spec/controlPlane/deployment/extraArgs/kine";
    let arguments = fields.list(PATH).iter().take(MOST_ARGUMENTS).filter_map(Value::as_str);
    let (pool, problems) = KinePool::of_arguments(arguments);
    for problem in problems {
        fields.complain(PATH, &format!("cannot be read: {problem}"));
    }
    pool
}

/// Who else writes this object.
fn owners(fields: &Fields<'_>) -> Vec<Owner> {
    let mut owners = Vec::new();
    for reference in fields.list("/metadata/ownerReferences") {
        let group =
            text_in(reference, "/apiVersion").and_then(|version| version.split_once('/')).map(|(group, _)| group);
        if group == Some("controlplane.cluster.x-k8s.io") && text_in(reference, "/kind") == Some("KamajiControlPlane") {
            owners.push(Owner::ClusterApi {
                control_plane: text_in(reference, "/name").unwrap_or_default().to_owned(),
                cluster: fields.label("cluster.x-k8s.io/cluster-name").map(str::to_owned),
            });
        }
    }
    owners.extend(git_marks(fields).into_iter().map(|tool| Owner::Git { tool }));
    owners
}

/// From which Git or chart an object comes, by the marks of Argo CD, Flux and Helm: tool and object, in words.
pub(crate) fn git_marks(fields: &Fields<'_>) -> Vec<String> {
    let mut marks = Vec::new();
    let mut git = |tool: String| marks.push(tool);
    // Argo CD marks what it tracks by annotation or by label, depending on its tracking method; the id begins with the application.
    if let Some(id) = fields.annotation("argocd.argoproj.io/tracking-id") {
        git(format!("Argo CD application {}", id.split(':').next().unwrap_or(id)));
    } else if let Some(instance) =
        fields.label("argocd.argoproj.io/instance").or_else(|| fields.annotation("argocd.argoproj.io/instance"))
    {
        git(format!("Argo CD application {instance}"));
    }
    if let Some(name) = fields.label("kustomize.toolkit.fluxcd.io/name") {
        git(format!("Flux Kustomization {name}"));
    }
    if let Some(name) = fields.label("helm.toolkit.fluxcd.io/name") {
        git(format!("Flux HelmRelease {name}"));
    } else if let Some(release) = fields.annotation("meta.helm.sh/release-name") {
        git(format!("Helm release {release}"));
    } else if fields.label("app.kubernetes.io/managed-by") == Some("Helm") {
        git("Helm".to_owned());
    }
    marks
}
