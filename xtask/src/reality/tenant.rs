//! A tenant: its TenantControlPlane, and a real API server so that Kamaji's own upgrade gate passes.
//!
//! The pods of its control plane are KWOK's and run nothing. The API server is a process here with the very arguments and
//! certificates of the Deployment that Kamaji made.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    api::{self, Api},
    objects::NAMESPACE,
    programs::Programs,
    run::{self, Run},
};

/// How long its webhooks may take to see what was made before.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// How long Kamaji may take to make a tenant on a busy machine.
const MADE_WITHIN: Duration = Duration::from_secs(120);

/// Where everything listens.
const LOOPBACK: &str = "127.0.0.1";

/// Where Kamaji's containers find the certificates.
const CERTIFICATES: &str = "/etc/kubernetes/pki";

/// What tenant is wanted.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Wanted {
    /// Its name.
    pub(crate) name: String,
    /// Its Kubernetes version.
    #[arg(long, default_value = "v1.28.3")]
    pub(crate) version: String,
    /// How many API servers it has (pods).
    #[arg(long, default_value_t = 3)]
    pub(crate) replicas: u32,
    /// How its pods behave is drawn from this and its name [default: the cluster's seed].
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Fields of its TenantControlPlane that differ, as a JSON merge patch.
    #[arg(long, value_name = "JSON", value_parser = parse_json)]
    pub(crate) patch: Option<Value>,
    /// Its kubeconfig names a port of this machine, so that more than Kamaji reaches its API server.
    #[arg(long)]
    pub(crate) reachable: bool,
    /// Start no API server for it: its versions can be judged then, and Kamaji's gate stays closed.
    #[arg(long)]
    pub(crate) without_api: bool,
}

fn parse_json(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

/// How long its pods take: two spans in milliseconds, out of which KWOK draws for each pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    ready: (u64, u64),
    gone: (u64, u64),
}

/// Make it, start its API server, and wait until all its pods serve.
pub(crate) fn make(run: &mut Run, api: &Api, programs: &Programs, wanted: &Wanted) -> Result<()> {
    let name = &wanted.name;
    let path = format!("/apis/kamaji.clastix.io/v1alpha1/namespaces/{NAMESPACE}/tenantcontrolplanes/{name}");
    if api.get(&path)?.is_some() {
        bail!("there is a tenant {name} already");
    }
    let pace = Pace::drawn(wanted.seed.unwrap_or(run.seed), name);
    let mut object = object(name, wanted, pace);
    if let Some(patch) = &wanted.patch {
        merge(&mut object, patch);
    }
    if wanted.reachable {
        let at = json!({"address": LOOPBACK, "port": run::free_port()?});
        merge(&mut object, &json!({"spec": {"networkProfile": at}}));
    }
    // Its webhook goes by what its watches have brought: a DataStore that was made a moment ago does not exist for it yet.
    api::wait("Kamaji to take the tenant", TAKEN_WITHIN, || api.apply(&path, &object.to_string()).map(Some))?;
    let deployment = api::wait("Kamaji to make the Deployment", MADE_WITHIN, || {
        api.get(&format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}"))
    })?;
    if !wanted.without_api {
        start_server(run, api, programs, name, &deployment)?;
    }
    api::wait("the tenant to be ready", MADE_WITHIN, || {
        let tenant = api.get(&path)?.unwrap_or_default();
        let status = &tenant["status"]["kubernetesResources"];
        let ready = status["version"]["status"] == "Ready"
            && status["version"]["version"] == tenant["spec"]["kubernetes"]["version"]
            && status["deployment"]["readyReplicas"].as_u64()
                == tenant["spec"]["controlPlane"]["deployment"]["replicas"].as_u64();
        Ok(ready.then_some(()))
    })
}

/// Start a tenant's API server, again or for the first time.
pub(crate) fn answer(run: &mut Run, api: &Api, programs: &Programs, name: &str) -> Result<()> {
    let deployment = api.get(&format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}"))?;
    start_server(run, api, programs, name, &deployment.with_context(|| format!("no tenant is called {name}"))?)
}

/// The tenant's API server, by its Deployment.
fn start_server(run: &mut Run, api: &Api, programs: &Programs, name: &str, deployment: &Value) -> Result<()> {
    let folder = run::folder().join("tenants").join(name);
    let pod = &deployment["spec"]["template"]["spec"];
    write_certificates(api, pod, &folder)?;
    let containers = pod["containers"].as_array().into_iter().flatten();
    let container = containers.into_iter().find(|container| container["name"] == "kube-apiserver");
    let arguments =
        container.and_then(|container| container["args"].as_array()).context("no API server in the Deployment")?;
    let arguments: Vec<&str> = arguments.iter().filter_map(Value::as_str).collect();
    let value_of = |flag: &str| arguments.iter().find_map(|argument| argument.strip_prefix(flag)?.strip_prefix('='));
    // Elsewhere each tenant may have the same port: their pods have addresses of their own.
    let port = match (value_of("--advertise-address"), value_of("--secure-port")) {
        (Some(LOOPBACK), Some(port)) => port.parse().context("no port in the Deployment")?,
        _ => run::free_port()?,
    };
    let mut server = Command::new(&programs.control_plane);
    server.arg("kube-apiserver");
    for argument in &arguments {
        // That file exists in the pod alone.
        if !argument.starts_with("--egress-selector") {
            server.arg(argument.replace(CERTIFICATES, &folder.display().to_string()));
        }
    }
    server
        .args(["--bind-address=127.0.0.1", "--endpoint-reconciler-type=none", "--enable-priority-and-fairness=false"])
        .arg(format!("--secure-port={port}"));
    let process = server_name(name);
    run.start(&process, &mut server)?;
    for known_as in addresses(api, name)? {
        fs::write(run::names().join(known_as), format!("127.0.0.1:{port}\n"))?;
    }
    let url = format!("https://127.0.0.1:{port}/readyz");
    api::wait("the tenant's API server", MADE_WITHIN, || Ok(api::answers(&url).then_some(())))
}

/// The Secrets that the Deployment mounts, as files.
fn write_certificates(api: &Api, pod: &Value, folder: &Path) -> Result<()> {
    let volumes = pod["volumes"].as_array().into_iter().flatten();
    let volume = volumes.into_iter().find(|volume| volume["name"] == "etc-kubernetes-pki");
    let sources = volume.and_then(|volume| volume["projected"]["sources"].as_array());
    for source in sources.context("the Deployment mounts no certificates")? {
        let Some(secret) = source["secret"]["name"].as_str() else { continue };
        let path = format!("/api/v1/namespaces/{NAMESPACE}/secrets/{secret}");
        let secret = api::wait("the tenant's certificates", MADE_WITHIN, || api.get(&path))?;
        for item in source["secret"]["items"].as_array().into_iter().flatten() {
            let (Some(key), Some(file)) = (item["key"].as_str(), item["path"].as_str()) else { continue };
            let file: PathBuf = folder.join(file);
            let content = secret["data"][key].as_str().with_context(|| format!("{path} has no {key}"))?;
            fs::create_dir_all(file.parent().unwrap_or(folder))?;
            fs::write(file, STANDARD.decode(content)?)?;
        }
    }
    Ok(())
}

/// End the tenant's API server: from now on Kamaji's gate does not pass.
pub(crate) fn silence(run: &mut Run, name: &str) -> Result<()> {
    let there =
        fs::read(run::names().join(host(name))).with_context(|| format!("no tenant {name} has an API server"))?;
    for entry in fs::read_dir(run::names())? {
        let file = entry?.path();
        if fs::read(&file)? == there {
            fs::remove_file(file)?;
        }
    }
    run.end(&server_name(name))
}

/// How its API server's process is called.
fn server_name(tenant: &str) -> String {
    format!("tenant-api-{tenant}")
}

/// How Kamaji calls its API server: by the name of its Service for the gate, by the Service's address where kubeadm's own
/// phases run.
fn addresses(api: &Api, tenant: &str) -> Result<[String; 2]> {
    let service = api::wait("the tenant's Service", MADE_WITHIN, || {
        api.get(&format!("/api/v1/namespaces/{NAMESPACE}/services/{tenant}"))
    })?;
    let address = service["spec"]["clusterIP"].as_str().context("the tenant's Service has no address")?;
    Ok([host(tenant), address.to_owned()])
}

/// The name of its API server's Service.
fn host(tenant: &str) -> String {
    format!("{tenant}.{NAMESPACE}.svc")
}

fn object(name: &str, wanted: &Wanted, pace: Pace) -> Value {
    let annotations = json!({
        "reality/ready-after": format!("{}ms", pace.ready.0),
        "reality/ready-by": format!("{}ms", pace.ready.1),
        "reality/gone-after": format!("{}ms", pace.gone.0),
        "reality/gone-by": format!("{}ms", pace.gone.1),
    });
    json!({
        "apiVersion": "kamaji.clastix.io/v1alpha1",
        "kind": "TenantControlPlane",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "dataStore": "default",
            "controlPlane": {
                "deployment": {"replicas": wanted.replicas, "podAdditionalMetadata": {"annotations": annotations}},
                "service": {"serviceType": "ClusterIP"},
            },
            "kubernetes": {"version": wanted.version, "kubelet": {"cgroupfs": "systemd"}},
            "networkProfile": {"port": 6443},
            "addons": {"coreDNS": {}, "kubeProxy": {}},
        },
    })
}

/// RFC 7386.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        match (value, target.as_object_mut()) {
            (Value::Null, Some(fields)) => {
                fields.remove(key);
            }
            (_, Some(fields)) => merge(fields.entry(key).or_insert(Value::Null), value),
            _ => {}
        }
    }
}

impl Pace {
    /// Start-up begins between 2 and 5 s and is up to 2 s wide, the end between 1 and 4 s and up to 1 s wide: long enough to be
    /// told apart by an API whose times are whole seconds.
    fn drawn(seed: u64, name: &str) -> Self {
        let mut state = name.bytes().fold(seed, |state, byte| mixed(state ^ u64::from(byte)));
        let mut draw = |from: u64, below: u64| {
            state = mixed(state);
            from + state % (below - from)
        };
        let (ready, ready_wide) = (draw(2_000, 5_000), draw(200, 2_000));
        let (gone, gone_wide) = (draw(1_000, 4_000), draw(200, 1_000));
        Self { ready: (ready, ready + ready_wide), gone: (gone, gone + gone_wide) }
    }
}

/// SplitMix64.
fn mixed(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_told_by_seed_and_name() {
        let pace = Pace::drawn(1, "tenant-00");
        assert_eq!(pace, Pace::drawn(1, "tenant-00"));
        assert_ne!(pace, Pace::drawn(2, "tenant-00"));
        assert_ne!(pace, Pace::drawn(1, "tenant-01"));
        for seed in 0..200 {
            let Pace { ready, gone } = Pace::drawn(seed, "tenant-00");
            assert!((2_000..5_000).contains(&ready.0) && ready.0 < ready.1 && ready.1 < 7_000, "{ready:?}");
            assert!((1_000..4_000).contains(&gone.0) && gone.0 < gone.1 && gone.1 < 5_000, "{gone:?}");
        }
    }

    #[test]
    fn a_patch_adds_changes_and_takes_away() {
        let mut target = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        merge(&mut target, &json!({"a": {"b": null, "e": {"f": null, "g": 3}}, "d": [2], "h": 4}));
        assert_eq!(target, json!({"a": {"c": 2, "e": {"g": 3}}, "d": [2], "h": 4}));
    }
}
