//! How each process of the cluster is started.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::{
    programs::Programs,
    run::{self, Ports, names, pki, write_kubeconfig},
};
use crate::workspace;

/// The port of Kamaji's webhooks: it cannot be told another.
const WEBHOOK_PORT: u16 = 9443;

/// The controllers that Deployments, quotas and ServiceAccounts need. Without the node controllers nobody takes pods away
/// from nodes whose leases are not renewed.
const CONTROLLERS: &str = "deployment-controller,replicaset-controller,garbage-collector-controller,namespace-controller,\
                           resourcequota-controller,serviceaccount-controller,serviceaccount-token-controller,\
                           root-ca-certificate-publisher-controller,job-controller,disruption-controller";

/// A process that every reality cluster has. Its name is also that of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Component {
    Etcd,
    KubeApiserver,
    Gateway,
    KubeControllerManager,
    KubeScheduler,
    Kwok,
    Kamaji,
}

impl Component {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::Gateway => "gateway",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::KubeScheduler => "kube-scheduler",
            Self::Kwok => "kwok",
            Self::Kamaji => "kamaji",
        }
    }

    /// How it is started, each time alike.
    pub(crate) fn command(self, programs: &Programs, ports: &Ports) -> Result<Command> {
        match self {
            Self::Etcd => Ok(etcd(programs, ports)),
            Self::KubeApiserver => Ok(api_server(programs, ports)),
            Self::Gateway => Ok(gateway(programs, ports)),
            Self::KubeControllerManager => controller_manager(programs, ports),
            Self::KubeScheduler => scheduler(programs, ports),
            Self::Kwok => kwok(programs, ports),
            Self::Kamaji => kamaji(programs, ports),
        }
    }
}

/// `--name=path`.
fn file(name: &str, path: impl AsRef<Path>) -> String {
    format!("--{name}={}", path.as_ref().display())
}

/// One member; it also serves as the tenants' DataStore.
fn etcd(programs: &Programs, ports: &Ports) -> Command {
    let mut etcd = Command::new(&programs.etcd);
    etcd.arg(file("data-dir", run::folder().join("etcd")))
        .arg(format!("--listen-client-url={}", etcd_address(ports)))
        .arg(format!("--listen-peer-url=http://127.0.0.1:{}", ports.etcd_peer))
        .arg(file("trusted-ca-file", pki("etcd-ca.crt")))
        .arg(file("cert-file", pki("etcd-server.crt")))
        .arg(file("key-file", pki("etcd-server.key")));
    etcd
}

fn etcd_address(ports: &Ports) -> String {
    format!("https://127.0.0.1:{}", ports.etcd)
}

/// The management cluster's API server.
fn api_server(programs: &Programs, ports: &Ports) -> Command {
    let mut server = Command::new(&programs.control_plane);
    server
        .arg("kube-apiserver")
        .arg(format!("--etcd-servers={}", etcd_address(ports)))
        // The tenants have their own prefixes in the same etcd.
        .arg("--etcd-prefix=/management")
        .arg(file("etcd-cafile", pki("etcd-ca.crt")))
        .arg(file("etcd-certfile", pki("etcd-client.crt")))
        .arg(file("etcd-keyfile", pki("etcd-client.key")))
        .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
        .arg(format!("--secure-port={}", ports.api_server))
        // It would refuse to publish a loopback address.
        .arg("--endpoint-reconciler-type=none")
        .arg("--service-cluster-ip-range=10.96.0.0/16")
        .arg(file("tls-cert-file", pki("apiserver.crt")))
        .arg(file("tls-private-key-file", pki("apiserver.key")))
        .arg(file("client-ca-file", pki("ca.crt")))
        .arg("--service-account-issuer=https://kubernetes.default.svc")
        .arg(file("service-account-key-file", pki("service-accounts.pub")))
        .arg(file("service-account-signing-key-file", pki("service-accounts.key")))
        .arg(file("audit-policy-file", workspace::end2end().join("reality/audit.yaml")))
        .arg(file("audit-log-path", run::audit_log()))
        .args(["--authorization-mode=Node,RBAC", "--profiling=false", "--v=1"]);
    server
}

fn controller_manager(programs: &Programs, ports: &Ports) -> Result<Command> {
    let mut manager = Command::new(&programs.control_plane);
    manager
        .arg("kube-controller-manager")
        .arg(file("kubeconfig", write_kubeconfig("kube-controller-manager", ports.api_server)?))
        .arg(file("service-account-private-key-file", pki("service-accounts.key")))
        .arg(file("root-ca-file", pki("ca.crt")))
        .arg(format!("--controllers={CONTROLLERS}"))
        // Each controller acts by its own rights; those of the manager itself allow none of their writes.
        .arg("--use-service-account-credentials=true")
        .args(["--leader-elect=false", "--bind-address=127.0.0.1", "--v=1"])
        .arg(format!("--secure-port={}", ports.controller_manager));
    Ok(manager)
}

fn scheduler(programs: &Programs, ports: &Ports) -> Result<Command> {
    let mut scheduler = Command::new(&programs.control_plane);
    scheduler
        .arg("kube-scheduler")
        .arg(file("kubeconfig", write_kubeconfig("kube-scheduler", ports.api_server)?))
        .args(["--leader-elect=false", "--bind-address=127.0.0.1", "--v=1"])
        .arg(format!("--secure-port={}", ports.scheduler));
    Ok(scheduler)
}

/// In the place of the kubelets.
fn kwok(programs: &Programs, ports: &Ports) -> Result<Command> {
    let mut kwok = Command::new(&programs.kwok);
    kwok.arg(file("kubeconfig", write_kubeconfig("kwok", ports.api_server)?))
        .arg(file("config", workspace::end2end().join("reality/stages.yaml")))
        .args(["--manage-all-nodes=true", "--cidr=10.99.0.0/16", "--node-ip=127.0.0.1"])
        .arg(format!("--server-address=127.0.0.1:{}", ports.kwok));
    Ok(kwok)
}

/// The way from Kamaji to the tenants' API servers.
fn gateway(programs: &Programs, ports: &Ports) -> Command {
    let mut gateway = Command::new(&programs.gateway);
    gateway.arg(format!("--listen=127.0.0.1:{}", ports.gateway)).arg(file("names", names()));
    gateway
}

/// Kamaji, from outside of the cluster. It needs its DataStore to be there, and ends at once without.
fn kamaji(programs: &Programs, ports: &Ports) -> Result<Command> {
    if std::net::TcpListener::bind(("127.0.0.1", WEBHOOK_PORT)).is_err() {
        bail!(
            "port {WEBHOOK_PORT} is taken, and Kamaji listens on no other: end what listens there, or use `--network own`"
        );
    }
    let temporary = run::folder().join("kamaji");
    // Where its library looks for the webhooks' certificate.
    let serving = temporary.join("k8s-webhook-server/serving-certs");
    fs::create_dir_all(&serving)?;
    for (from, to) in [("webhook.crt", "tls.crt"), ("webhook.key", "tls.key"), ("webhook-ca.crt", "ca.crt")] {
        fs::copy(pki(from), serving.join(to)).with_context(|| format!("could not copy {from}"))?;
    }
    let mut kamaji = Command::new(&programs.kamaji);
    kamaji
        .env("TMPDIR", &temporary)
        .env("KUBECONFIG", write_kubeconfig("kamaji", ports.api_server)?)
        .env("HTTPS_PROXY", format!("http://127.0.0.1:{}", ports.gateway))
        .env("NO_PROXY", "127.0.0.1,localhost")
        .args(["manager", "--pod-namespace=kamaji-system", "--serviceaccount-name=kamaji", "--datastore=default"])
        .arg(file("webhook-ca-path", serving.join("ca.crt")))
        .arg(file("tmp-directory", temporary.join("work")))
        .args(["--leader-elect=false", "--disable-telemetry", "--zap-log-level=info"])
        .arg("--migrate-image=example.invalid/kamaji:none")
        .arg(format!("--metrics-bind-address=127.0.0.1:{}", ports.kamaji_metrics))
        .arg(format!("--health-probe-bind-address=127.0.0.1:{}", ports.kamaji_health));
    Ok(kamaji)
}

/// Where Kamaji's webhooks are.
pub(crate) fn webhook_address(path: &str) -> String {
    format!("https://127.0.0.1:{WEBHOOK_PORT}{path}")
}
