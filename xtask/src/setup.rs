//! Installing what is missing, after saying so.
//!
//! System packages are installed only by someone who is root already. Anyone else is told the command, and the task stops.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::{
    command,
    toolchain::{self, Toolchain},
    workspace,
};

/// The oldest Node.js that Playwright runs on.
const NODE_MAJOR: u32 = 20;

/// Names under which an installed browser of the Chromium family is found.
const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The tool chain for both halves.
pub(crate) fn for_building() -> Result<Toolchain> {
    toolchain::find_or_make()
}

/// Node.js, the test packages and a browser.
pub(crate) fn for_browser_tests() -> Result<()> {
    node()?;
    packages()?;
    chromium().map(|_| ())
}

/// What the scripts of the runbooks are checked and tried with: shellcheck, and the package managers of the other families in a
/// private root. Without them stand-ins play, so they are installed only where that is one command.
pub(crate) fn for_runbook_tests() -> Result<()> {
    const TOOLS: [&str; 5] = ["shellcheck", "dnf", "zypper", "rpm", "createrepo-c"];
    const WHAT: &str = "shellcheck, dnf and zypper, for the scripts of the runbooks";
    if command::find("apt-get").is_some() && is_root() {
        return Debian::require(&TOOLS, WHAT, "from your distribution");
    }
    if command::find("shellcheck").is_none() {
        println!("Not installed: {WHAT}. Their tests use stand-ins and the shell's own check instead.");
    }
    Ok(())
}

/// Debian's package manager.
pub(crate) struct Debian;

impl Debian {
    /// Install packages if some are missing. `what` says what they give, `otherwise` how to get it elsewhere.
    pub(crate) fn require(packages: &[&str], what: &str, otherwise: &str) -> Result<()> {
        if command::find("apt-get").is_none() {
            bail!("{what} is missing; install it ({otherwise}) and start again");
        }
        let missing: Vec<&str> = packages.iter().copied().filter(|package| !Self::installed(package)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let typed = format!("apt-get update && apt-get install -y --no-install-recommends {}", missing.join(" "));
        if !is_root() {
            bail!("{what} is missing. As root:\n\n    {typed}\n\nor {otherwise}; then start again");
        }
        println!("Missing: {what}. Installing it as root with:\n    {typed}");
        let mut apt = Command::new("apt-get");
        command::run(apt.arg("update").env("DEBIAN_FRONTEND", "noninteractive"))?;
        let mut apt = Command::new("apt-get");
        apt.args(["install", "-y", "--no-install-recommends"]).args(&missing).env("DEBIAN_FRONTEND", "noninteractive");
        command::run(&mut apt)
            .with_context(|| format!("{what} could not be installed; get it another way ({otherwise})"))
    }

    fn installed(package: &str) -> bool {
        command::answer(Command::new("dpkg-query").args(["-W", "-f", "${Status}", package]))
            .is_some_and(|status| status == "install ok installed")
    }
}

pub(crate) fn is_root() -> bool {
    command::answer(Command::new("id").arg("-u")).is_some_and(|id| id == "0")
}

/// Node.js with npm.
pub(crate) fn node() -> Result<()> {
    if !node_is_there() {
        let elsewhere = format!("from https://nodejs.org, version {NODE_MAJOR} or newer");
        Debian::require(&["nodejs", "npm"], "Node.js with npm", &elsewhere)?;
        if !node_is_there() {
            bail!("Node.js {NODE_MAJOR} or newer with npm is needed; install it {elsewhere}");
        }
    }
    Ok(())
}

fn node_is_there() -> bool {
    let version = command::answer(Command::new("node").arg("--version"));
    version.as_deref().and_then(node_major).is_some_and(|major| major >= NODE_MAJOR) && command::find("npm").is_some()
}

/// `20` of `v20.20.2`.
fn node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// The packages of the browser tests, exactly as locked; nothing is done while the lock is the one last installed.
fn packages() -> Result<()> {
    let folder = workspace::end2end();
    let lock = fs::read_to_string(folder.join("package-lock.json")).context("end2end/package-lock.json is missing")?;
    let stamp = folder.join("node_modules/.installed-lock");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("Installing the packages of the browser tests into end2end/node_modules.");
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    command::run(&mut npm)?;
    fs::write(&stamp, lock)?;
    Ok(())
}

/// The browser the tests start: an installed one by its path; `None` means Playwright's own.
pub(crate) fn chromium() -> Result<Option<PathBuf>> {
    if let Some(path) = installed_chromium() {
        return Ok(Some(path));
    }
    if command::find("apt-get").is_some() && is_root() {
        Debian::require(&["chromium"], "Chromium", "with Playwright: `npx playwright install chromium`")?;
        if let Some(path) = installed_chromium() {
            return Ok(Some(path));
        }
    }
    println!("No Chromium is installed. Playwright fetches its own (once).");
    let mut npx = Command::new("npx");
    command::run(npx.args(["playwright", "install", "chromium"]).current_dir(workspace::end2end()))
        .context("install Chromium and start again")?;
    Ok(None)
}

fn installed_chromium() -> Option<PathBuf> {
    let named = std::env::var_os("PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH").map(PathBuf::from);
    named.filter(|path| path.is_file()).or_else(|| CHROMIUM.iter().find_map(|name| command::find(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_of_node_is_read_from_its_version() {
        for (version, major) in [("v20.20.2", Some(20)), ("v9.1.0", Some(9)), ("20.1.0", None), ("", None)] {
            assert_eq!(node_major(version), major, "{version}");
        }
    }
}
