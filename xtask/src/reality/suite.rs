//! The tests that need the reality cluster: it is started for them and always taken down after them.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{figures, network::Choice, run, run::Run};
use crate::{command, workspace};

/// What the tenants' pods behave by unless another is asked for. Fixed, so that what fails once can be looked at again.
pub(crate) const SEED: u64 = 1;

/// The journeys that need a cluster in which no tenant is silent yet, those that may run beside each other, and those that disturb
/// the cluster or measure: as the tests' configuration calls them.
const PROJECTS: [&str; 3] = ["fresh", "beside", "alone"];

/// Start a cluster, run the tests of `end2end/reality` against this console, end the cluster whatever happened. Each line of
/// the test runner is handed to `line`.
///
/// # Errors
/// If a cluster runs already (it may be in somebody's use), if it cannot be started, or if a test fails.
pub(crate) fn test(
    binary: &Path,
    chromium: Option<&Path>,
    seed: u64,
    arguments: &[String],
    line: impl FnMut(&str),
) -> Result<()> {
    if Run::load()?.is_some() {
        bail!(
            "a reality cluster runs already; end it with `cargo xtask reality down`, the tests start one of their own"
        );
    }
    // Whoever interrupts ends the test runner; this program goes on, to take the cluster down.
    ctrlc::set_handler(|| {}).context("could not see to it that an interrupted run is cleaned up")?;
    super::up(Choice::Auto, seed)?;
    let outcome = run_tests(binary, chromium, arguments, line);
    if let Some(run) = Run::load()? {
        figures::print(&run);
    }
    let ended = super::down();
    outcome.and(ended)
}

fn run_tests(binary: &Path, chromium: Option<&Path>, arguments: &[String], mut line: impl FnMut(&str)) -> Result<()> {
    let run = super::running()?;
    println!("\nAgainst {}, seed {}:", run.versions, run.seed);
    // One after the other whatever comes of the first: what fails there hides nothing of the second.
    let outcomes = PROJECTS.map(|project| run_project(&run, project, binary, chromium, arguments, &mut line));
    outcomes.into_iter().collect()
}

fn run_project(
    run: &Run,
    project: &str,
    binary: &Path,
    chromium: Option<&Path>,
    arguments: &[String],
    line: impl FnMut(&str),
) -> Result<()> {
    let mut playwright = run.network.command("npx");
    playwright
        .args(["playwright", "test", "--config", "reality/playwright.config.ts", "--pass-with-no-tests"])
        // As one word: separated, it would take the arguments behind it for projects too.
        .arg(format!("--project={project}"))
        .args(arguments)
        .current_dir(workspace::end2end())
        .env("CONSOLE_BINARY", binary)
        .env("KUBECONFIG", run::kubeconfig())
        .env("AUDIT_LOG", run::audit_log())
        // Makes further tenants, each with an API server of its own.
        .env("REALITY_COMMAND", std::env::current_exe()?)
        .env("FORCE_COLOR", "0");
    if let Some(chromium) = chromium {
        playwright.env("PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH", chromium);
    }
    command::run_reading(&mut playwright, line)
}
