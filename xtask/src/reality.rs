//! `cargo xtask reality`: a real management cluster on this machine's loopback, without kubelets.
//!
//! Kubernetes and Kamaji are the real programs, built from their Go modules; KWOK takes the place of the kubelets, and each
//! tenant has a real API server. `end2end/reality` holds the modules and the tests that need them.

mod api;
mod components;
mod figures;
mod network;
mod objects;
mod process;
mod programs;
mod run;
mod suite;
mod tenant;

use std::{
    ffi::OsString,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Subcommand;

pub(crate) use self::programs::go_is_there;
pub(crate) use self::suite::{SEED, test};
use self::{
    api::Api,
    components::Component,
    network::{Choice, Network},
    process::Process,
    run::{Ports, Run},
    tenant::Wanted,
};
use crate::{command, stages};

/// How long a part of the cluster may take to start on a busy machine.
const STARTED_WITHIN: Duration = Duration::from_secs(90);

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Start the cluster with one tenant, tenant-00. Prints how to look at it with the console.
    Up {
        /// Whose loopback it listens on.
        #[arg(long, value_enum, default_value = "auto")]
        network: Choice,
        /// How the tenants' pods behave is drawn from this.
        #[arg(long, default_value_t = SEED)]
        seed: u64,
    },
    /// Say what runs.
    Status,
    /// End everything that was started, and delete what it stored. Logs stay until the next start.
    Down,
    /// Make another tenant with an API server of its own.
    Tenant(Wanted),
    /// End a tenant's API server, so that Kamaji cannot reach it.
    Silence {
        /// Its name.
        name: String,
    },
    /// Start a tenant's API server again.
    Answer {
        /// Its name.
        name: String,
    },
    /// End a part of the cluster and start it again; comes back when the API server and Kamaji answer.
    Restart {
        /// Which.
        #[arg(value_enum)]
        component: Component,
    },
    /// Stop a process where it stands, as if its machine hung. It is there and answers nothing.
    Pause {
        /// Its name, as `status` says it.
        process: String,
    },
    /// Let a paused process go on.
    Resume {
        /// Its name, as `status` says it.
        process: String,
    },
    /// Run the tests of `end2end/reality` on a cluster of their own.
    Test {
        /// How the tenants' pods behave is drawn from this.
        #[arg(long, default_value_t = SEED)]
        seed: u64,
        /// Passed to Playwright.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Run a command in the cluster's network, with KUBECONFIG set.
    Run {
        /// The command.
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

pub(crate) fn run(task: &Task) -> Result<()> {
    match task {
        Task::Up { network, seed } => up(*network, *seed),
        Task::Status => status(),
        Task::Down => down(),
        Task::Tenant(wanted) => with_cluster(|run, api| tenant::make(run, api, &programs::build()?, wanted)),
        Task::Answer { name } => with_cluster(|run, api| tenant::answer(run, api, &programs::build()?, name)),
        Task::Silence { name } => with_cluster(|run, _| tenant::silence(run, name)),
        Task::Restart { component } => with_cluster(|run, api| {
            let (programs, ports) = (programs::build()?, run.ports);
            run.restart(component.name(), || component.command(&programs, &ports))?;
            answers(run, api)
        }),
        Task::Pause { process } => signalled(process, Process::pause),
        Task::Resume { process } => signalled(process, Process::resume),
        Task::Test { seed, arguments } => stages::reality_alone(*seed, arguments),
        Task::Run { command } => {
            let run = running()?;
            let (program, arguments) = command.split_first().context("no command")?;
            command::run(run.network.command(program).args(arguments).env("KUBECONFIG", run::kubeconfig()))
        }
    }
}

/// Something that asks the cluster's API: done where its network is.
fn with_cluster(task: impl FnOnce(&mut Run, &Api) -> Result<()>) -> Result<()> {
    if elsewhere(&running()?, std::env::args_os().skip(1))? {
        return Ok(());
    }
    let mut run = running()?;
    let api = Api::of(&run)?;
    task(&mut run, &api)
}

/// A signal to one process of the cluster.
fn signalled(name: &str, signal: impl FnOnce(&Process) -> Result<bool>) -> Result<()> {
    let run = running()?;
    if !signal(run.process(name)?)? {
        bail!("{name} has ended");
    }
    Ok(())
}

/// Wait until the API server and Kamaji serve.
fn answers(run: &Run, api: &Api) -> Result<()> {
    api::wait("the API server", STARTED_WITHIN, || Ok(api.is_ready().then_some(())))?;
    let health = format!("http://127.0.0.1:{}/readyz", run.ports.kamaji_health);
    api::wait("Kamaji", STARTED_WITHIN, || Ok(api::answers(&health).then_some(())))
}

/// The cluster, or that there is none.
fn running() -> Result<Run> {
    let run = Run::load()?.context("no reality cluster runs; start one with `cargo xtask reality up`")?;
    run.all_run()?;
    Ok(run)
}

/// Do a task, given as it would be typed, inside the cluster's network, if this program stands outside of it; whether it was.
fn elsewhere(run: &Run, task: impl IntoIterator<Item = OsString>) -> Result<bool> {
    if run.network.is_here() {
        return Ok(false);
    }
    let program = std::env::current_exe()?;
    let mut again = run.network.command(&program.display().to_string());
    let status = again.args(task).status().context("could not enter the cluster's network")?;
    if !status.success() {
        bail!("what was started in the cluster's network failed ({status})");
    }
    Ok(true)
}

fn up(network: Choice, seed: u64) -> Result<()> {
    let run = match Run::load()? {
        // Entered again in the network that was just made: nothing else has been started.
        Some(run) if run.is_new() => run,
        Some(run) if run.all_run().is_ok() => {
            println!("It runs already.\n");
            return describe(&run);
        }
        rest => {
            if let Some(rest) = rest {
                println!("Taking down what is left of an earlier run.");
                rest.stop()?;
            }
            programs::build()?;
            run::prepare()?;
            let (network, holder) = network.make()?;
            let mut run = Run::new(network, Ports::choose()?, seed);
            run.save()?;
            if let Some(holder) = holder {
                run.remember(holder)?;
            }
            run
        }
    };
    // The task typed here may be another one that needs a cluster; what is left of it is told by the run.
    let rest = ["reality", "up"].map(OsString::from);
    let started = (|| if elsewhere(&run, rest)? { Ok(()) } else { start(run.clone()) })();
    if started.is_err()
        && let Some(left) = Run::load()?
    {
        left.stop()?;
    }
    started
}

/// Everything, in the order in which it needs each other.
fn start(mut run: Run) -> Result<()> {
    let begun = Instant::now();
    let said = |what: &str| println!("{:>6.1} s  {what}", begun.elapsed().as_secs_f64());
    let programs = programs::build()?;
    let ports = run.ports;
    let begin = |run: &mut Run, components: &[Component]| {
        components.iter().try_for_each(|part| run.start(part.name(), &mut part.command(&programs, &ports)?))
    };
    command::run(Command::new(&programs.certificates).arg(run::folder().join("pki")))?;
    run::write_kubeconfig("admin", ports.api_server)?;
    begin(&mut run, &[Component::Etcd, Component::KubeApiserver, Component::Gateway])?;
    let api = Api::of(&run)?;
    api::wait("the API server", STARTED_WITHIN, || Ok(api.is_ready().then_some(())))?;
    said("etcd and the API server");

    begin(&mut run, &[Component::KubeControllerManager, Component::KubeScheduler, Component::Kwok])?;
    objects::before_kamaji(&api, &programs)?;
    api::wait("Kamaji's resources to be served", STARTED_WITHIN, || {
        Ok(objects::definitions_are_served(&api)?.then_some(()))
    })?;
    // The definitions are established a moment before the first request for them succeeds.
    api::wait("the DataStore to be taken", STARTED_WITHIN, || objects::data_store(&api, &ports).map(Some))?;
    said("controllers, scheduler, KWOK, nodes and Kamaji's resources");

    begin(&mut run, &[Component::Kamaji])?;
    answers(&run, &api)?;
    objects::webhooks(&api)?;
    said("Kamaji and its webhooks");

    let first = Wanted {
        name: "tenant-00".to_owned(),
        version: "v1.28.3".to_owned(),
        replicas: 3,
        seed: None,
        patch: None,
        reachable: false,
        without_api: false,
    };
    tenant::make(&mut run, &api, &programs, &first)?;
    said("tenant-00 and its API server");
    run.has_started(begun.elapsed())?;
    println!();
    describe(&run)
}

fn status() -> Result<()> {
    match Run::load()? {
        None => {
            println!("No reality cluster runs.");
            Ok(())
        }
        Some(run) => {
            describe(&run)?;
            run.all_run()
        }
    }
}

fn describe(run: &Run) -> Result<()> {
    println!("{}, seed {}", run.versions, run.seed);
    for process in run.processes() {
        println!("{}", figures::line(process));
    }
    println!("Logs: {}", run::folder().join("logs").display());
    println!("Console: {}console serve --kubeconfig {}", run.network.typed(), run::kubeconfig().display());
    if let Network::Own(_) = run.network {
        println!(
            "It has a network of its own; with `up --network host` a browser of this machine reaches the console."
        );
    }
    Ok(())
}

fn down() -> Result<()> {
    let Some(run) = Run::load()? else {
        println!("No reality cluster runs.");
        return Ok(());
    };
    let count = run.processes().iter().filter(|process| process.runs()).count();
    run.stop()?;
    println!("Ended {count} processes.");
    Ok(())
}
