//! `console runbook`: the runbook of one worker node, without a cluster and without a server.

use std::{fs, io, path::PathBuf};

use clap::{Args, ValueEnum};
use planner::{
    releases::{ReleaseTable, ReleaseTableError},
    runbook::{ElsewherePage, Os, OtherOs, Runbook},
    version::KubernetesVersion,
    workers::{NodeName, PassesError},
};
use thiserror::Error;

/// Arguments of `console runbook`.
#[derive(Debug, Args)]
pub struct RunbookArguments {
    /// The node's operating system: debian, ubuntu, rhel (and kin), fedora, suse; talos, flatcar, bottlerocket, image-based and
    /// other have a page that says what to do instead.
    #[arg(long, value_name = "OS")]
    pub os: Os,

    /// The name of the Node.
    #[arg(long, value_name = "NAME")]
    pub node: NodeName,

    /// The version of its kubelet now, as vX.Y.Z.
    #[arg(long, value_name = "VERSION")]
    pub from: KubernetesVersion,

    /// The version it is to get, as vX.Y.Z.
    #[arg(long, value_name = "VERSION")]
    pub to: KubernetesVersion,

    /// How the runbook is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "sh")]
    pub format: RunbookFormat,

    /// A newer table of Kubernetes releases than the one built in (JSON).
    #[arg(long, env = "CONSOLE_RELEASES", value_name = "FILE")]
    pub releases: Option<PathBuf>,
}

/// How a runbook is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RunbookFormat {
    /// A script for a POSIX shell: checks before it acts, can be run again after a stop, knows --dry-run.
    Sh,
    /// Markdown, for a ticket.
    Md,
    /// JSON.
    Json,
}

/// Why there is no runbook. Each is the caller's to mend.
#[derive(Debug, Error)]
pub enum RunbookError {
    /// No way from one version to the other.
    #[error(transparent)]
    Passes(#[from] PassesError),
    /// An operating system on which no script would be right.
    #[error("on {0} there is no script to run; `--format md` writes what to do instead")]
    NoScript(OtherOs),
    /// The release table cannot be opened.
    #[error("the release table {} cannot be read: {why}", file.display())]
    ReleasesUnreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The release table is none.
    #[error(transparent)]
    Releases(#[from] ReleaseTableError),
}

impl RunbookArguments {
    /// The runbook, as text.
    ///
    /// # Errors
    /// If there is none for this step or this operating system, or if the release table cannot be read.
    pub fn write(self) -> Result<String, RunbookError> {
        let releases = match self.releases {
            None => ReleaseTable::built_in(),
            Some(file) => match fs::read_to_string(&file) {
                Ok(text) => ReleaseTable::from_json(&text)?,
                Err(why) => return Err(RunbookError::ReleasesUnreadable { file, why }),
            },
        };
        match self.os {
            Os::Packaged(os) => {
                let runbook = Runbook::new(self.node, os, self.from, self.to, &releases)?;
                Ok(match self.format {
                    RunbookFormat::Sh => runbook.script(),
                    RunbookFormat::Md => runbook.markdown(),
                    RunbookFormat::Json => runbook.json(),
                })
            }
            Os::Elsewhere(os) => {
                let page = ElsewherePage::new(self.node, os, self.from, self.to, &releases)?;
                match self.format {
                    RunbookFormat::Sh => Err(RunbookError::NoScript(os)),
                    RunbookFormat::Md => Ok(page.markdown()),
                    RunbookFormat::Json => Ok(page.json()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::config::{Cli, Command};

    const HOP: &str = "--node worker-1 --from v1.33.4 --to v1.34.9";

    fn written(arguments: &str) -> Result<String, String> {
        let words = ["console", "runbook"].into_iter().chain(arguments.split_whitespace());
        match Cli::try_parse_from(words).map_err(|error| error.to_string())?.command {
            Command::Runbook(runbook) => runbook.write().map_err(|error| error.to_string()),
            Command::Plan(_) | Command::Serve(_) => panic!("a runbook was asked for"),
        }
    }

    #[test]
    fn each_format_gives_the_same_runbook() {
        let script = written(&format!("--os debian {HOP}")).expect("there is a way");
        assert!(script.starts_with("#!/bin/sh\n"), "{script}");
        assert_eq!(written(&format!("--os debian {HOP} --format sh")), Ok(script));
        let page = written(&format!("--os debian {HOP} --format md")).expect("there is a way");
        assert!(page.starts_with("# Upgrade the node `worker-1` from v1.33.4 to v1.34.9\n"), "{page}");
        let json = written(&format!("--os debian {HOP} --format json")).expect("there is a way");
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(json["node"], "worker-1");
    }

    #[test]
    fn what_has_no_runbook_is_refused_with_its_reason() {
        let cases = [
            ("--os plan9 --node a --from v1.33.4 --to v1.34.9", "is no operating system known here"),
            ("--os debian --node Worker_1 --from v1.33.4 --to v1.34.9", "is no name of RFC 1123"),
            ("--os debian --node a;reboot --from v1.33.4 --to v1.34.9", "is no name of RFC 1123"),
            ("--os debian --node a --from 1.33.4 --to v1.34.9", "lacks the leading `v`"),
            ("--os debian --node a --from v1.33 --to v1.34.9", "is not a Kubernetes version"),
            ("--os debian --node a --from v1.34.9 --to v1.34.9", "that is no upgrade"),
            ("--os debian --node a --from v1.34.9 --to v1.33.4", "is older than v1.34.9"),
            ("--os debian --node a --from v1.30.4 --to v1.34.9", "is more than 3 minors"),
            ("--os debian --node a --from v1.33.4 --to v1.34.0-rc.1", "is a pre-release"),
            ("--os debian --node a --from v1.38.4 --to v1.40.1", "knows no version"),
            ("--os talos --node a --from v1.33.4 --to v1.34.9", "there is no script to run"),
            ("--os talos --node a --from v1.34.9 --to v1.33.4 --format md", "is older than v1.34.9"),
            ("--os debian --node a --from v1.33.4 --to v1.34.9 --releases /does/not/exist", "cannot be read"),
            ("--os debian --node a --from v1.33.4", "--to <VERSION>"),
        ];
        for (arguments, says) in cases {
            let refusal = written(arguments).expect_err(arguments);
            assert!(refusal.contains(says), "{arguments}: {refusal}");
        }
    }

    #[test]
    fn other_systems_get_a_page_of_their_own() {
        for os in ["talos", "flatcar", "bottlerocket", "image-based", "other"] {
            let page = written(&format!("--os {os} {HOP} --format md")).expect(os);
            assert!(page.contains("there is no runbook"), "{page}");
        }
    }
}
