//! Whose loopback the cluster listens on: this machine's, or one of its own.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::{process::Process, run};
use crate::{command, setup};

/// What the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    /// Its own where that can be had, else this machine's.
    Auto,
    /// A network namespace with nothing but a loopback: root on Linux. Nothing collides, and nothing gets out.
    Own,
    /// This machine's loopback, on free ports; a browser of this machine reaches the console there.
    Host,
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Network {
    /// The namespace of this process.
    Own(i32),
    Host,
}

impl Choice {
    /// The network, and the process that keeps it.
    pub(crate) fn make(self) -> Result<(Network, Option<Process>)> {
        let possible = cfg!(target_os = "linux")
            && setup::is_root()
            && ["unshare", "nsenter", "ip"].iter().all(|tool| command::find(tool).is_some());
        match self {
            Self::Host => Ok((Network::Host, None)),
            Self::Own if !possible => {
                bail!(
                    "a network of its own needs Linux, root, and `unshare`, `nsenter` (util-linux) and `ip` (iproute2)"
                )
            }
            Self::Auto if !possible => Ok((Network::Host, None)),
            // A container may forbid it to its root.
            Self::Auto => own().map_or_else(|_| Ok((Network::Host, None)), Ok),
            Self::Own => own(),
        }
    }
}

/// A namespace lives as long as a process in it.
fn own() -> Result<(Network, Option<Process>)> {
    let mut holder = Command::new("unshare");
    // The shell says when the loopback is there, and goes on as a process that only waits.
    holder.args(["--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity >/dev/null"]);
    let mut child = holder
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("could not start `{}`", command::shown(&holder)))?;
    let mut said = String::new();
    if let Some(output) = child.stdout.take() {
        BufReader::new(output).read_line(&mut said)?;
    }
    if said.trim() != "up" {
        child.wait()?;
        bail!("this machine gives no network namespace");
    }
    let process = Process::of("network", child.id(), run::log("network"))?;
    Ok((Network::Own(process.pid), Some(process)))
}

impl Network {
    /// Whether this program itself stands in it.
    pub(crate) fn is_here(self) -> bool {
        let namespace = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net")).ok();
        match self {
            Self::Host => true,
            Self::Own(holder) => namespace(&holder.to_string()).is_some_and(|own| Some(own) == namespace("self")),
        }
    }

    /// A command that runs in it.
    pub(crate) fn command(self, program: &str) -> Command {
        match self {
            Self::Own(holder) if !self.is_here() => {
                let mut nsenter = Command::new("nsenter");
                nsenter.arg("--target").arg(holder.to_string()).args(["--net", "--", program]);
                nsenter
            }
            _ => Command::new(program),
        }
    }

    /// What to type before a command so that it runs in it.
    pub(crate) fn typed(self) -> String {
        match self {
            Self::Own(holder) => format!("nsenter --target {holder} --net -- "),
            Self::Host => String::new(),
        }
    }
}
