//! The running cluster as it is remembered between calls: its processes, ports and folders.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::{
    network::Network,
    process::Process,
    programs::{self, KAMAJI, KUBERNETES},
};

/// One run, from `up` to `down`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    /// What is run; each result names it.
    pub(crate) versions: String,
    /// Where its addresses are.
    pub(crate) network: Network,
    pub(crate) ports: Ports,
    /// What start-up and termination times are drawn from.
    pub(crate) seed: u64,
    /// How long it took from nothing until the first tenant served (ms).
    started_within_ms: Option<u64>,
    /// What was started, in this order. It is ended in the opposite one, so that nobody complains of those it needs.
    processes: Vec<Process>,
}

/// Ports on 127.0.0.1.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Ports {
    pub(crate) api_server: u16,
    pub(crate) etcd: u16,
    pub(crate) etcd_peer: u16,
    pub(crate) controller_manager: u16,
    pub(crate) scheduler: u16,
    pub(crate) kwok: u16,
    pub(crate) gateway: u16,
    pub(crate) kamaji_health: u16,
    pub(crate) kamaji_metrics: u16,
}

impl Run {
    pub(crate) fn new(network: Network, ports: Ports, seed: u64) -> Self {
        let versions = format!("Kubernetes {KUBERNETES}, Kamaji {KAMAJI}");
        Self { versions, network, ports, seed, started_within_ms: None, processes: Vec::new() }
    }

    /// The one that was started, if any.
    pub(crate) fn load() -> Result<Option<Self>> {
        let file = state_file();
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&file)?;
        let run = serde_json::from_str(&text)
            .with_context(|| format!("{} cannot be read; end what runs by hand, then delete it", file.display()))?;
        Ok(Some(run))
    }

    /// Written anew right after each start, so that a call that is interrupted leaves nothing unknown behind.
    pub(crate) fn save(&self) -> Result<()> {
        let unfinished = folder().join("state.unfinished");
        fs::write(&unfinished, serde_json::to_vec_pretty(self)?)?;
        Ok(fs::rename(unfinished, state_file())?)
    }

    /// Note that all of it serves, this long after its beginning.
    pub(crate) fn has_started(&mut self, within: Duration) -> Result<()> {
        let _lock = self.locked()?;
        self.started_within_ms = Some(u64::try_from(within.as_millis())?);
        self.save()
    }

    /// How long it took to start; `None` if it did not come so far.
    pub(crate) fn started_within(&self) -> Option<Duration> {
        self.started_within_ms.map(Duration::from_millis)
    }

    /// Start a process and remember it.
    pub(crate) fn start(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let _lock = self.locked()?;
        self.processes.push(Process::start(name, command, log(name))?);
        self.save()
    }

    /// End a process and start it again, in its old place: the order in which all are ended stays. The command is asked for
    /// when its ports are free.
    pub(crate) fn restart(&mut self, name: &str, command: impl FnOnce() -> Result<Command>) -> Result<()> {
        let _lock = self.locked()?;
        let place = self.place(name)?;
        self.processes[place].stop()?;
        self.processes[place] = Process::start(name, &mut command()?, log(name))?;
        self.save()
    }

    /// Remember a process that has been started.
    pub(crate) fn remember(&mut self, process: Process) -> Result<()> {
        let _lock = self.locked()?;
        self.processes.push(process);
        self.save()
    }

    /// Takes over what other calls have changed since, and keeps them from changing more for as long as the lock is held.
    fn locked(&mut self) -> Result<File> {
        let lock = lock()?;
        *self = Self::load()?.context("the cluster was taken down meanwhile")?;
        Ok(lock)
    }

    /// Whether nothing runs but what keeps its network.
    pub(crate) fn is_new(&self) -> bool {
        self.processes.iter().all(|process| process.name == "network" && process.runs())
    }

    pub(crate) fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// Whether all that is started by now runs, by this call or by another one meanwhile.
    ///
    /// # Errors
    /// Names the first process that has ended, and what it said last.
    pub(crate) fn all_run_by_now() -> Result<()> {
        Self::load()?.context("the cluster was taken down meanwhile")?.all_run()
    }

    /// # Errors
    /// Names the first process that has ended, and what it said last.
    pub(crate) fn all_run(&self) -> Result<()> {
        match self.processes.iter().find(|process| !process.runs()) {
            None => Ok(()),
            Some(gone) => bail!("{} has ended; the end of {}:\n{}", gone.name, gone.log.display(), gone.last_words()),
        }
    }

    /// Forget one process and end it at once: in this order, so that nobody misses it.
    pub(crate) fn end(&mut self, name: &str) -> Result<()> {
        let _lock = self.locked()?;
        let process = self.processes.remove(self.place(name)?);
        self.save()?;
        process.kill()
    }

    /// A process by its name.
    pub(crate) fn process(&self, name: &str) -> Result<&Process> {
        Ok(&self.processes[self.place(name)?])
    }

    fn place(&self, name: &str) -> Result<usize> {
        let place = self.processes.iter().position(|process| process.name == name);
        place.with_context(|| format!("no process is called {name}; `cargo xtask reality status` names all"))
    }

    /// End everything, the newest first, and delete what it stored: by force, since nothing is to be kept. Logs stay until the
    /// next start.
    pub(crate) fn stop(&self) -> Result<()> {
        for process in self.processes.iter().rev() {
            process.kill()?;
        }
        for stored in ["etcd", "pki", "tenants", "names", "kamaji"] {
            match fs::remove_dir_all(folder().join(stored)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(fs::remove_file(state_file())?)
    }
}

impl Ports {
    /// Ports that nobody listens on. All are held while they are chosen, so no two are the same.
    pub(crate) fn choose() -> Result<Self> {
        let held = (0..9).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<std::io::Result<Vec<_>>>()?;
        let mut ports = held.iter().map(|listener| Ok(listener.local_addr()?.port()));
        let mut next = || -> Result<u16> { ports.next().context("too few ports")? };
        Ok(Self {
            api_server: next()?,
            etcd: next()?,
            etcd_peer: next()?,
            controller_manager: next()?,
            scheduler: next()?,
            kwok: next()?,
            gateway: next()?,
            kamaji_health: next()?,
            kamaji_metrics: next()?,
        })
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Everything of the run.
pub(crate) fn folder() -> PathBuf {
    programs::folder().join("run")
}

/// Certificates and keys.
pub(crate) fn pki(file: &str) -> PathBuf {
    folder().join("pki").join(file)
}

/// The administrator's kubeconfig.
pub(crate) fn kubeconfig() -> PathBuf {
    folder().join("pki/admin.conf")
}

/// What one process wrote.
pub(crate) fn log(name: &str) -> PathBuf {
    folder().join("logs").join(format!("{name}.log"))
}

/// What the API server notes of the consoles' requests, one JSON object a line.
pub(crate) fn audit_log() -> PathBuf {
    log("audit")
}

/// The folder with one file for each tenant's host name, which the gateway reads.
pub(crate) fn names() -> PathBuf {
    folder().join("names")
}

fn state_file() -> PathBuf {
    folder().join("state.json")
}

/// Held while the run is changed: of two calls at once the second reads what the first has written.
fn lock() -> Result<File> {
    let file = File::create(folder().join("lock"))?;
    file.lock()?;
    Ok(file)
}

/// A kubeconfig for one of the client certificates in `pki`. JSON, which is YAML.
pub(crate) fn write_kubeconfig(user: &str, port: u16) -> Result<PathBuf> {
    let file = pki(&format!("{user}.conf"));
    let path = |name: &str| -> String { pki(name).display().to_string() };
    let config = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "reality", "cluster": {
            "server": format!("https://127.0.0.1:{port}"),
            "certificate-authority": path("ca.crt"),
        }}],
        "users": [{"name": user, "user": {
            "client-certificate": path(&format!("{user}.crt")),
            "client-key": path(&format!("{user}.key")),
        }}],
        "contexts": [{"name": "reality", "context": {"cluster": "reality", "user": user}}],
        "current-context": "reality",
    });
    fs::write(&file, serde_json::to_vec_pretty(&config)?)?;
    Ok(file)
}

/// Empty folders for a new run; the logs of the one before go.
pub(crate) fn prepare() -> Result<()> {
    let folder: &Path = &folder();
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    for part in ["logs", "names", "tenants", "kamaji"] {
        fs::create_dir_all(folder.join(part))?;
    }
    Ok(())
}
