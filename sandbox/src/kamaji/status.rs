//! What Kamaji writes into a TenantControlPlane's status.

use serde_json::{Map, Value, json};

use crate::json;

/// `status.kubernetesResources.version.status`, as far as the sandbox goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Provisioning,
    NotReady,
    Ready,
    Upgrading,
    WriteLimited,
    Sleeping,
    Unknown,
}

impl Word {
    const ALL: [Self; 7] = [
        Self::Provisioning,
        Self::NotReady,
        Self::Ready,
        Self::Upgrading,
        Self::WriteLimited,
        Self::Sleeping,
        Self::Unknown,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "Provisioning",
            Self::NotReady => "NotReady",
            Self::Ready => "Ready",
            Self::Upgrading => "Upgrading",
            Self::WriteLimited => "WriteLimited",
            Self::Sleeping => "Sleeping",
            Self::Unknown => "Unknown",
        }
    }

    /// The word that stands in a tenant's status.
    pub(super) fn of(tenant: &Value) -> Option<Self> {
        let word = json::text(tenant, "/status/kubernetesResources/version/status")?;
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// Whether nothing is expected to happen any more.
pub(super) fn is_settled(word: Word) -> bool {
    matches!(word, Word::Ready | Word::Sleeping | Word::WriteLimited)
}

/// What the Deployment's state means, asked in Kamaji's order.
pub(super) fn compute(tenant: &Value, deployment: &Value) -> Word {
    let desired = json::count(tenant, "/spec/controlPlane/deployment/replicas");
    if desired == 0 {
        return Word::Sleeping;
    }
    if json::count(deployment, "/status/readyReplicas") == 0 {
        return Word::NotReady;
    }
    let limits = ["blockCreation", "blockUpdate", "blockDeletion"];
    if limits.iter().any(|limit| tenant["spec"]["writePermissions"][limit] == json!(true)) {
        return Word::WriteLimited;
    }
    let count = |name: &str| json::count(deployment, &format!("/status/{name}"));
    let progressing = json::int(deployment, "/metadata/generation")
        != json::int(deployment, "/status/observedGeneration")
        || count("unavailableReplicas") > 0
        || count("updatedReplicas") != desired
        || count("readyReplicas") != desired
        || count("replicas") != desired;
    let installed = json::text(tenant, "/status/kubernetesResources/version/version").unwrap_or_default();
    let wanted = json::text(tenant, "/spec/kubernetes/version").unwrap_or_default();
    if !progressing {
        Word::Ready
    } else if installed.is_empty() {
        Word::Provisioning
    } else if installed != wanted {
        Word::Upgrading
    } else {
        Word::Unknown
    }
}

/// `status.kubernetesResources.deployment`: the Deployment's status as Kamaji last saw it.
pub(super) fn copy(deployment: &Value, now_ms: i64) -> Value {
    let mut fields: Map<String, Value> = deployment["status"].as_object().cloned().unwrap_or_default();
    let name = &deployment["metadata"]["name"];
    fields.insert("name".to_owned(), name.clone());
    fields.insert("namespace".to_owned(), deployment["metadata"]["namespace"].clone());
    let selector = format!("kamaji.clastix.io/name={}", name.as_str().unwrap_or_default());
    fields.insert("selector".to_owned(), json!(selector));
    fields.insert("lastUpdate".to_owned(), json!(json::seconds(now_ms)));
    Value::Object(fields)
}

/// Whether two copies differ in nothing but their time.
pub(super) fn equal_but_time(left: &Value, right: &Value) -> bool {
    let without_time = |copy: &Value| {
        let mut copy = copy.clone();
        if let Some(copy) = copy.as_object_mut() {
            copy.remove("lastUpdate");
        }
        copy
    };
    without_time(left) == without_time(right)
}

/// The status of a tenant that Kamaji sees for the first time.
pub(super) fn first(name: &str, uid: &str, data_store: &str, driver: &str, endpoint: &str, now_ms: i64) -> Value {
    let now = json::seconds(now_ms);
    let secret = |suffix: &str| {
        json!({
            "secretName": format!("{name}-{suffix}"),
            "checksum": checksum(&format!("{uid} {suffix}")),
            "lastUpdate": now,
        })
    };
    json!({
        "addons": {
            "coreDNS": {"enabled": true, "lastUpdate": now},
            "kubeProxy": {"enabled": true, "lastUpdate": now},
        },
        "certificates": {
            "ca": secret("ca"),
            "apiServer": secret("api-server-certificate"),
            "apiServerKubeletClient": secret("api-server-kubelet-client-certificate"),
            "frontProxyCA": secret("front-proxy-ca-certificate"),
            "frontProxyClient": secret("front-proxy-client-certificate"),
            "sa": secret("sa-certificate"),
        },
        "controlPlaneEndpoint": endpoint,
        "kubeconfig": {
            "admin": secret("admin-kubeconfig"),
            "controllerManager": secret("controller-manager-kubeconfig"),
            "scheduler": secret("scheduler-kubeconfig"),
        },
        "kubernetesResources": {
            "service": {"loadBalancer": {}, "name": name, "port": 6443},
            "version": {"status": Word::Provisioning.as_str()},
        },
        "storage": {
            "dataStoreName": data_store,
            "driver": driver,
            "config": {"checksum": checksum(&format!("{uid} config")), "secretName": format!("{name}-datastore-config")},
            "certificate": secret("datastore-certificate"),
            "setup": {"schema": uid, "user": uid, "checksum": checksum(uid), "lastUpdate": now},
        },
    })
}

/// 32 hexadecimal digits that are the same for the same text, as Kamaji's checksums look.
pub(crate) fn checksum(text: &str) -> String {
    let half =
        |seed: u64| text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{:016x}{:016x}", half(0xcbf2_9ce4_8422_2325), half(0x9e37_79b9_7f4a_7c15))
}
