//! `cargo xtask`: builds, runs, tests and measures the console, and installs what that needs.
#![expect(clippy::print_stdout, reason = "a command line tool speaks on standard output")]

mod browser;
mod command;
mod console;
mod example;
#[cfg(unix)]
mod reality;
mod replay;
mod setup;
mod size;
mod speed;
mod stages;
mod toolchain;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, runs, tests and measures the console.", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what building needs: the wasm32 target; with --tests also Node.js, Chromium and the test packages.
    Setup {
        /// Also what the browser tests need.
        #[arg(long)]
        tests: bool,
    },
    /// Build the browser half and the server.
    Build {
        /// Optimise the server and put the browser files into it: one file to carry elsewhere.
        #[arg(long)]
        release: bool,
        /// Build the browser half only.
        #[arg(long, conflicts_with = "release")]
        browser: bool,
    },
    /// Build, then start the console on the sandbox at http://127.0.0.1:3000.
    Run {
        /// Passed to `console serve`. A mode given here (such as --kubeconfig FILE) replaces the sandbox.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Run every check and test; stops at the first stage that fails.
    Test {
        /// Run this stage alone (may be given several times).
        #[arg(long, value_enum)]
        only: Vec<stages::Stage>,
        /// Fail where a stage needs what this machine lacks, in place of leaving it out.
        #[arg(long)]
        whole: bool,
    },
    /// A real management cluster with a real Kamaji on this machine, built from Go modules.
    #[cfg(unix)]
    #[command(subcommand)]
    Reality(reality::Task),
    /// Measure what a first visit transfers, and how fast the rollout model is, natively and in a browser.
    Bench {
        /// Measure this alone.
        #[arg(long, value_enum)]
        only: Option<Measure>,
    },
}

/// What `bench` measures.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Measure {
    /// The bytes of a first visit of each page.
    Transfer,
    /// The rollout model.
    Model,
    /// The console on a real cluster, and what that costs. Only when asked for: it takes minutes, and needs Go.
    #[cfg(unix)]
    Reality,
}

fn main() -> Result<()> {
    match Cli::parse().task {
        Task::Setup { tests } => {
            let toolchain = setup::for_building()?;
            if tests {
                setup::for_runbook_tests()?;
                setup::for_browser_tests()?;
            }
            println!("Ready: {toolchain}.");
            Ok(())
        }
        Task::Build { release, browser } => {
            let toolchain = setup::for_building()?;
            let site = browser::build(&toolchain)?;
            println!("Browser half: {site}");
            if !browser {
                let binary = console::build(&toolchain, console::Profile::of(release))?;
                println!("Server: {}", binary.display());
            }
            Ok(())
        }
        Task::Run { arguments } => {
            let toolchain = setup::for_building()?;
            browser::build(&toolchain)?;
            let binary = console::build(&toolchain, console::Profile::Dev)?;
            console::become_console(&binary, &arguments)
        }
        Task::Test { only, whole } => {
            stages::run(&only, if whole { stages::Whole::Always } else { stages::Whole::WherePossible })
        }
        #[cfg(unix)]
        Task::Reality(task) => reality::run(&task),
        Task::Bench { only } => {
            let toolchain = setup::for_building()?;
            let wanted = |measure| only.is_none_or(|only| only == measure);
            if wanted(Measure::Transfer) {
                browser::build(&toolchain)?;
                size::report(&console::build(&toolchain, console::Profile::Release)?)?;
            }
            if wanted(Measure::Model) {
                speed::report(&toolchain)?;
            }
            #[cfg(unix)]
            if only == Some(Measure::Reality) {
                stages::reality_alone(reality::SEED, &["upgrade".to_owned(), "figures".to_owned()])?;
            }
            Ok(())
        }
    }
}
