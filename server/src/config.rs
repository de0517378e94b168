//! What the console is told at its start: arguments, or the environment variables of the same meaning.
//!
//! A mode is always named: the console picks neither a real cluster nor the sandbox on its own.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::FalseyValueParser};
use cluster::{Namespace, Scope};
use thiserror::Error;

use crate::{
    plan::{EXIT_CODES, PlanArguments},
    registries::RegistryArguments,
    runbook::RunbookArguments,
};

/// The Tenant Upgrade Console for Kamaji.
#[derive(Debug, Parser)]
#[command(name = "console", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the console to browsers on this machine.
    #[command(after_long_help = MODES)]
    Serve(Box<ServeArguments>),
    /// Make the plan of a tenant's upgrade, for a person or a pipeline: what changes, what it costs, what speaks against it.
    #[command(after_long_help = EXIT_CODES)]
    Plan(Box<PlanArguments>),
    /// Write the runbook that upgrades one worker node: repository, kubeadm, drain, kubelet, uncordon.
    Runbook(Box<RunbookArguments>),
}

/// The modes, explained. Ends the long help and the refusal to start without one.
const MODES: &str = "\
Modes (exactly one):
  --sandbox           an embedded management cluster with Kamaji's behaviour, in memory: to try and to test.
                      Nothing real is read or changed, and all of it is gone when the console stops.
  --kubeconfig FILE   a real management cluster, as the user of this kubeconfig (its current context, or --context NAME).
                      Everything you start there is real. With --namespace only the tenants of these namespaces are read,
                      which needs no rights in others.
  --recording FILE    watch events recorded from a management cluster, played again. Nothing can be changed.
  --in-cluster        from inside a management cluster. Refused until sign-in exists: everybody who can reach the
                      console would act with its rights.";

/// Arguments of `console serve`.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// Serve the embedded management cluster.
    #[arg(long, env = "CONSOLE_SANDBOX", value_parser = FalseyValueParser::new(), help_heading = "Mode")]
    pub sandbox: bool,

    /// Serve the management cluster that this kubeconfig names.
    #[arg(long, env = "CONSOLE_KUBECONFIG", value_name = "FILE", help_heading = "Mode")]
    pub kubeconfig: Option<PathBuf>,

    /// The context in the kubeconfig [default: its current one].
    #[arg(long, env = "CONSOLE_CONTEXT", value_name = "NAME", help_heading = "Mode")]
    pub context: Option<String>,

    /// Look into this namespace only; repeat it or separate by commas [default: all namespaces].
    #[arg(long, env = "CONSOLE_NAMESPACE", value_name = "NAMESPACE", value_delimiter = ',', help_heading = "Mode")]
    pub namespace: Vec<Namespace>,

    /// Play a recording.
    #[arg(long, env = "CONSOLE_RECORDING", value_name = "FILE", help_heading = "Mode")]
    pub recording: Option<PathBuf>,

    /// Serve the cluster that the console runs in (refused until sign-in exists).
    #[arg(long, env = "CONSOLE_IN_CLUSTER", value_parser = FalseyValueParser::new(), help_heading = "Mode")]
    pub in_cluster: bool,

    /// How much faster than real time the sandbox or the recording runs [default: 1].
    #[arg(long, env = "CONSOLE_SPEED", value_name = "FACTOR", value_parser = clap::value_parser!(u32).range(1..=1000), help_heading = "Sandbox and recording")]
    pub speed: Option<u32>,

    /// Seed of the sandbox's jitter: the same seed gives the same start-up times [default: 1].
    #[arg(long, env = "CONSOLE_SEED", value_name = "NUMBER", help_heading = "Sandbox and recording")]
    pub seed: Option<u64>,

    /// Port of the sandbox's Kubernetes API on 127.0.0.1; 0 takes a free one [default: 0].
    #[arg(long, env = "CONSOLE_SANDBOX_PORT", value_name = "PORT", help_heading = "Sandbox and recording")]
    pub sandbox_port: Option<u16>,

    /// Whether the sandbox's time runs by itself, or stands still until its control endpoint moves it [default: running].
    #[arg(
        long,
        env = "CONSOLE_SANDBOX_CLOCK",
        value_name = "CLOCK",
        value_enum,
        help_heading = "Sandbox and recording"
    )]
    pub sandbox_clock: Option<SandboxClock>,

    /// The situation the sandbox starts with [default: its fleet of examples].
    #[arg(long, env = "CONSOLE_SCENARIO", value_name = "NAME", help_heading = "Sandbox and recording")]
    pub scenario: Option<String>,

    /// Where to write a kubeconfig for the sandbox, so that kubectl works on it.
    #[arg(long, env = "CONSOLE_SANDBOX_KUBECONFIG", value_name = "FILE", help_heading = "Sandbox and recording")]
    pub sandbox_kubeconfig: Option<PathBuf>,

    /// Address to listen on: of this machine only (loopback), port 0 takes a free one.
    #[arg(
        long,
        env = "CONSOLE_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:3000",
        help_heading = "Server"
    )]
    pub listen: SocketAddr,

    /// A newer table of Kubernetes releases and their support dates than the one built in (JSON).
    #[arg(long, env = "CONSOLE_RELEASES", value_name = "FILE", help_heading = "Server")]
    pub releases: Option<PathBuf>,

    /// Which container registries are asked.
    #[command(flatten)]
    pub registries: RegistryArguments,

    /// Folder of the browser files [default: those in the binary, else `site` in the folder above it].
    #[arg(long, env = "CONSOLE_SITE", value_name = "FOLDER", help_heading = "Server")]
    pub site: Option<PathBuf>,

    /// How log lines look.
    #[arg(
        long,
        env = "CONSOLE_LOG_FORMAT",
        value_name = "FORMAT",
        value_enum,
        default_value = "text",
        help_heading = "Server"
    )]
    pub log_format: LogFormat,

    /// What is logged: a level, or levels by module (`info,cluster=debug`).
    #[arg(long, env = "CONSOLE_LOG", value_name = "FILTER", default_value = "info", help_heading = "Server")]
    pub log: String,
}

/// Who moves the sandbox's time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum SandboxClock {
    /// It runs by itself.
    #[default]
    Running,
    /// Its control endpoint.
    Manual,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A checked configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What is served.
    pub mode: Mode,
    /// Where it listens; a loopback address.
    pub listen: SocketAddr,
    /// A release table instead of the built-in one.
    pub releases: Option<PathBuf>,
    /// Registries that a real cluster's images are looked up in.
    pub registries: RegistryArguments,
    /// Folder of the browser files, if named.
    pub site: Option<PathBuf>,
}

/// What is served.
#[derive(Debug, Clone, PartialEq)]
pub enum Mode {
    /// The embedded management cluster.
    Sandbox(SandboxMode),
    /// A real management cluster.
    Kubeconfig {
        /// The kubeconfig.
        file: PathBuf,
        /// Its context; `None` for the current one.
        context: Option<String>,
        /// Where the console looks.
        scope: Scope,
    },
    /// A recording.
    Recording {
        /// The recording.
        file: PathBuf,
        /// How much faster than it was recorded.
        speed: u32,
    },
}

/// How the sandbox starts.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxMode {
    /// How much faster than real time.
    pub speed: u32,
    /// Seed of its jitter.
    pub seed: u64,
    /// Port of its Kubernetes API on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Who moves its time.
    pub clock: SandboxClock,
    /// What it starts with.
    pub scenario: Option<String>,
    /// Where its kubeconfig is written.
    pub kubeconfig: Option<PathBuf>,
}

/// Why the console does not start with these arguments. Each is the caller's to mend.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// No mode was named.
    #[error("name what to serve: neither a real cluster nor the sandbox is picked silently\n\n{MODES}")]
    NoMode,
    /// More than one mode was named.
    #[error("name one mode only, not {}\n\n{MODES}", .0.join(" and "))]
    TwoModes(Vec<&'static str>),
    /// `--in-cluster`.
    #[error(
        "`--in-cluster` is refused until sign-in exists: everybody who can reach the console would act with the rights of \
         its own account. Use `--kubeconfig FILE` on your own machine"
    )]
    InClusterRefused,
    /// An address that others could reach.
    #[error(
        "`--listen {0}` is refused: until sign-in exists the console listens on this machine only, \
         for instance on 127.0.0.1:3000. To reach it from elsewhere, use a tunnel such as `ssh -L 3000:127.0.0.1:3000`"
    )]
    NotLoopback(SocketAddr),
    /// An option of another mode.
    #[error("`{option}` says something about {mode}, which is not served")]
    OtherMode {
        /// The option.
        option: &'static str,
        /// What it is about.
        mode: &'static str,
    },
}

impl ServeArguments {
    /// Check what stands in single arguments against each other.
    ///
    /// # Errors
    /// When no mode, more than one or a refused one is named, when an option belongs to another mode, or when others could
    /// reach the address.
    pub fn check(self) -> Result<Config, ConfigError> {
        let named: Vec<&'static str> = [
            ("`--sandbox`", self.sandbox),
            ("`--kubeconfig`", self.kubeconfig.is_some()),
            ("`--recording`", self.recording.is_some()),
            ("`--in-cluster`", self.in_cluster),
        ]
        .into_iter()
        .filter_map(|(mode, named)| named.then_some(mode))
        .collect();
        if named.len() > 1 {
            return Err(ConfigError::TwoModes(named));
        }
        if !self.listen.ip().is_loopback() {
            return Err(ConfigError::NotLoopback(self.listen));
        }
        let mode = self.mode()?;
        Ok(Config { mode, listen: self.listen, releases: self.releases, registries: self.registries, site: self.site })
    }

    fn mode(&self) -> Result<Mode, ConfigError> {
        if self.in_cluster {
            return Err(ConfigError::InClusterRefused);
        }
        let of_sandbox = [
            ("--seed", self.seed.is_some()),
            ("--sandbox-port", self.sandbox_port.is_some()),
            ("--sandbox-clock", self.sandbox_clock.is_some()),
            ("--scenario", self.scenario.is_some()),
            ("--sandbox-kubeconfig", self.sandbox_kubeconfig.is_some()),
        ];
        let misplaced = |options: &[(&'static str, bool)], mode| {
            let found = options.iter().find(|(_, given)| *given);
            found.map_or(Ok(()), |&(option, _)| Err(ConfigError::OtherMode { option, mode }))
        };
        let of_kubeconfig = [("--context", self.context.is_some()), ("--namespace", !self.namespace.is_empty())];
        let of_time = [("--speed", self.speed.is_some())];
        if self.sandbox {
            misplaced(&of_kubeconfig, "a kubeconfig")?;
            return Ok(Mode::Sandbox(SandboxMode {
                speed: self.speed.unwrap_or(1),
                seed: self.seed.unwrap_or(1),
                port: self.sandbox_port.unwrap_or(0),
                clock: self.sandbox_clock.unwrap_or_default(),
                scenario: self.scenario.clone(),
                kubeconfig: self.sandbox_kubeconfig.clone(),
            }));
        }
        if let Some(file) = self.kubeconfig.clone() {
            misplaced(&of_sandbox, "the sandbox")?;
            misplaced(&of_time, "the sandbox or a recording")?;
            let scope = Scope::of(self.namespace.iter().cloned());
            return Ok(Mode::Kubeconfig { file, context: self.context.clone(), scope });
        }
        if let Some(file) = self.recording.clone() {
            misplaced(&of_sandbox, "the sandbox")?;
            misplaced(&of_kubeconfig, "a kubeconfig")?;
            return Ok(Mode::Recording { file, speed: self.speed.unwrap_or(1) });
        }
        Err(ConfigError::NoMode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(arguments: &str) -> Result<Config, ConfigError> {
        let words = ["console", "serve"].into_iter().chain(arguments.split_whitespace());
        match Cli::try_parse_from(words).expect("the arguments parse").command {
            Command::Serve(serve) => serve.check(),
            Command::Plan(_) | Command::Runbook(_) => panic!("serving was asked for"),
        }
    }

    fn kubeconfig(context: Option<&str>, namespaces: &[&str]) -> Mode {
        let namespaces = namespaces.iter().map(|name| name.parse::<Namespace>().expect("a namespace"));
        Mode::Kubeconfig { file: "a".into(), context: context.map(str::to_owned), scope: Scope::of(namespaces) }
    }

    #[test]
    fn a_mode_is_chosen_by_name_only() {
        let sandbox = SandboxMode {
            speed: 10,
            seed: 7,
            port: 6443,
            clock: SandboxClock::Manual,
            scenario: Some("stuck".to_owned()),
            kubeconfig: None,
        };
        let cases = [
            (
                "--sandbox --speed 10 --seed 7 --sandbox-port 6443 --sandbox-clock manual --scenario stuck",
                Mode::Sandbox(sandbox),
            ),
            ("--kubeconfig a", kubeconfig(None, &[])),
            ("--kubeconfig a --context b", kubeconfig(Some("b"), &[])),
            ("--kubeconfig a --namespace team-a", kubeconfig(None, &["team-a"])),
            ("--kubeconfig a --namespace b,a", kubeconfig(None, &["a", "b"])),
            ("--kubeconfig a --namespace a --namespace b,a", kubeconfig(None, &["a", "b"])),
            ("--recording a", Mode::Recording { file: "a".into(), speed: 1 }),
            ("--recording a --speed 25", Mode::Recording { file: "a".into(), speed: 25 }),
        ];
        for (arguments, mode) in cases {
            assert_eq!(config(arguments).expect(arguments).mode, mode, "{arguments}");
        }
    }

    #[test]
    fn what_cannot_be_served_is_refused_with_its_reason() {
        let cases = [
            ("", ConfigError::NoMode),
            ("--listen 127.0.0.1:3001", ConfigError::NoMode),
            ("--in-cluster", ConfigError::InClusterRefused),
            ("--sandbox --kubeconfig a", ConfigError::TwoModes(vec!["`--sandbox`", "`--kubeconfig`"])),
            ("--sandbox --in-cluster", ConfigError::TwoModes(vec!["`--sandbox`", "`--in-cluster`"])),
            ("--sandbox --context a", ConfigError::OtherMode { option: "--context", mode: "a kubeconfig" }),
            ("--sandbox --namespace a", ConfigError::OtherMode { option: "--namespace", mode: "a kubeconfig" }),
            ("--recording a --namespace a", ConfigError::OtherMode { option: "--namespace", mode: "a kubeconfig" }),
            ("--kubeconfig a --seed 1", ConfigError::OtherMode { option: "--seed", mode: "the sandbox" }),
            (
                "--kubeconfig a --speed 2",
                ConfigError::OtherMode { option: "--speed", mode: "the sandbox or a recording" },
            ),
            (
                "--recording a --sandbox-port 1",
                ConfigError::OtherMode { option: "--sandbox-port", mode: "the sandbox" },
            ),
            ("--sandbox --listen 0.0.0.0:3000", ConfigError::NotLoopback(([0, 0, 0, 0], 3000).into())),
            ("--sandbox --listen 192.168.1.2:80", ConfigError::NotLoopback(([192, 168, 1, 2], 80).into())),
        ];
        for (arguments, error) in cases {
            assert_eq!(config(arguments), Err(error), "{arguments}");
        }
    }

    #[test]
    fn loopback_has_two_families() {
        for address in ["127.0.0.1:0", "127.1.2.3:4", "[::1]:3000"] {
            let config = config(&format!("--sandbox --listen {address}")).expect(address);
            assert_eq!(config.listen, address.parse().expect(address));
        }
    }

    #[test]
    fn each_refusal_tells_what_to_do_instead() {
        assert!(ConfigError::NoMode.to_string().contains("--kubeconfig FILE"));
        assert!(ConfigError::InClusterRefused.to_string().contains("--kubeconfig FILE"));
        assert!(ConfigError::NotLoopback(([0, 0, 0, 0], 1).into()).to_string().contains("127.0.0.1:3000"));
    }

    #[test]
    fn a_speed_is_a_number_that_time_can_run_with() {
        for bad in ["0", "-1", "fast", "1.5", "1001"] {
            let words = ["console", "serve", "--sandbox", "--speed", bad];
            assert!(Cli::try_parse_from(words).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_namespace_is_refused_with_what_a_name_may_be() {
        for bad in ["Team", "a b", "a,,b", "", "-a"] {
            let words = ["console", "serve", "--kubeconfig", "a", &format!("--namespace={bad}")];
            let error = Cli::try_parse_from(words).expect_err(bad).to_string();
            assert!(error.contains("lower-case letters, digits and `-`"), "{bad}: {error}");
        }
    }

    #[test]
    fn every_option_can_also_come_from_the_environment() {
        let command = <Cli as clap::CommandFactory>::command();
        let serve = command.find_subcommand("serve").expect("serve exists");
        for option in serve.get_arguments().filter(|option| option.get_id() != "help") {
            let expected = format!("CONSOLE_{}", option.get_id().as_str().to_ascii_uppercase());
            assert_eq!(option.get_env().and_then(|name| name.to_str()), Some(expected.as_str()));
        }
    }
}
