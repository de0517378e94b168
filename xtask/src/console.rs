//! The server binary: building it and becoming it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{command, toolchain::Toolchain, workspace};

/// How the server is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build; reads the browser files from the target folder.
    Dev,
    /// Optimised; carries the browser files in itself.
    Release,
}

impl Profile {
    pub(crate) fn of(release: bool) -> Self {
        if release { Self::Release } else { Self::Dev }
    }
}

/// Build the server; the path of the binary.
pub(crate) fn build(toolchain: &Toolchain, profile: Profile) -> Result<PathBuf> {
    let mut cargo = toolchain.command("cargo");
    cargo.args(["build", "--quiet", "--package", "server", "--bin", "console"]);
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => {
            cargo.args(["--release", "--features", "embed-site"]).env("CONSOLE_SITE", workspace::site());
            "release"
        }
    };
    command::run(&mut cargo)?;
    Ok(binary(folder))
}

fn binary(folder: &str) -> PathBuf {
    workspace::target().join(folder).join(format!("console{}", std::env::consts::EXE_SUFFIX))
}

/// `console serve` with these arguments; on the sandbox unless they name another mode.
fn serve(binary: &Path, arguments: &[String]) -> Command {
    let modes = ["--sandbox", "--kubeconfig", "--recording", "--in-cluster"];
    let names_mode = arguments.iter().any(|argument| modes.contains(&argument.split('=').next().unwrap_or(argument)));
    let mut console = Command::new(binary);
    console.arg("serve");
    if !names_mode {
        console.arg("--sandbox");
    }
    console.args(arguments);
    console
}

/// Replace this process by the console, so that signals reach it. The console prints its address when it is ready.
#[cfg(unix)]
pub(crate) fn become_console(binary: &Path, arguments: &[String]) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let mut console = serve(binary, arguments);
    println!("$ {}", command::shown(&console));
    Err(console.exec()).with_context(|| format!("could not start {}", binary.display()))
}

/// Run the console until it ends.
#[cfg(not(unix))]
pub(crate) fn become_console(binary: &Path, arguments: &[String]) -> Result<()> {
    command::run(&mut serve(binary, arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_is_the_mode_unless_another_is_named() {
        let cases: [(&[&str], &str); 4] = [
            (&[], "console serve --sandbox"),
            (&["--speed", "10"], "console serve --sandbox --speed 10"),
            (&["--kubeconfig", "a"], "console serve --kubeconfig a"),
            (&["--kubeconfig=a"], "console serve --kubeconfig=a"),
        ];
        for (arguments, typed) in cases {
            let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
            assert_eq!(command::shown(&serve(Path::new("console"), &arguments)), typed);
        }
    }
}
