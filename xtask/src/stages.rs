//! The stages of `cargo xtask test`, from the quickest to the slowest.

use std::{
    fmt, fs,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{
    browser, command, console, replay, setup,
    toolchain::{BROWSER_TARGET, Toolchain},
    workspace,
};

/// One check of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// Formatting.
    Format,
    /// Clippy with warnings denied: the server's half, the browser's half, this program.
    Clippy,
    /// Documentation with warnings denied.
    Doc,
    /// Unit, property and router tests.
    Unit,
    /// The browser half and the server are built.
    Build,
    /// The recorded rollouts, played natively and as WebAssembly.
    Replay,
    /// Types of the browser tests.
    Types,
    /// Journeys in a real browser.
    Journeys,
    /// Journeys on a real management cluster with a real Kamaji; where Go is missing, one line says so.
    Reality,
}

impl Stage {
    const ALL: [Self; 9] = [
        Self::Format,
        Self::Clippy,
        Self::Doc,
        Self::Unit,
        Self::Build,
        Self::Replay,
        Self::Types,
        Self::Journeys,
        Self::Reality,
    ];

    fn remedy(self) -> &'static str {
        match self {
            Self::Format => "run `cargo fmt --all` and look at what it changed",
            Self::Clippy => "mend what is named above; most of it `cargo clippy --fix` can do",
            Self::Doc => "mend the comments named above",
            Self::Unit => "the failing tests are named above; one alone runs with `cargo test -p CRATE NAME`",
            Self::Build => "mend what the compiler names above",
            Self::Replay => {
                "server and browser would predict different rollouts; look for what depends on the machine in `planner::rollout`"
            }
            Self::Types => "mend what the TypeScript compiler names above",
            Self::Reality => {
                "pictures and traces are in end2end/test-results, the cluster's logs in target/reality/run/logs; one journey alone runs with `cargo xtask reality test -- FILE`"
            }
            Self::Journeys => {
                "pictures and traces are in end2end/test-results; one journey alone runs with `npx playwright test FILE` in end2end"
            }
        }
    }

    fn run(self, toolchain: &Toolchain, whole: Whole, counts: &mut Counts) -> Result<()> {
        let cargo = |arguments: &str| {
            let mut cargo = toolchain.command("cargo");
            cargo.args(arguments.split(' '));
            cargo
        };
        let own = |arguments: &str| {
            let mut cargo = Toolchain::Current.command("cargo");
            cargo.args(arguments.split(' '));
            cargo
        };
        match self {
            Self::Format => command::run(&mut cargo("fmt --all --check")),
            Self::Clippy => {
                command::run(&mut cargo("clippy --quiet --workspace --exclude xtask --all-targets -- -D warnings"))?;
                let browser = format!(
                    "clippy --quiet --package app --lib --features hydrate --target {BROWSER_TARGET} -- -D warnings"
                );
                command::run(&mut cargo(&browser))?;
                command::run(&mut own("clippy --quiet --package xtask --all-targets -- -D warnings"))
            }
            Self::Doc => command::run(
                cargo("doc --quiet --no-deps --workspace --exclude xtask --document-private-items")
                    .env("RUSTDOCFLAGS", "-D warnings"),
            ),
            Self::Unit => {
                setup::for_runbook_tests()?;
                // This program is tested by the compiler that has already built it.
                command::run_reading(&mut cargo("test --workspace --exclude xtask --no-fail-fast"), |line| {
                    counts.read_cargo(line)
                })?;
                command::run_reading(&mut own("test --quiet --package xtask"), |line| counts.read_cargo(line))
            }
            Self::Build => {
                browser::build(toolchain)?;
                console::build(toolchain, console::Profile::Dev).map(|_| ())
            }
            Self::Replay => replay::run(toolchain),
            Self::Types => {
                setup::for_browser_tests()?;
                command::run(Command::new("npx").args(["tsc", "--noEmit"]).current_dir(workspace::end2end()))
            }
            Self::Journeys => journeys(toolchain, counts),
            Self::Reality => reality(toolchain, whole, counts),
        }
    }
}

/// Whether a stage may be left out where this machine lacks what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// It may, and says so.
    WherePossible,
    /// It may not: that is a failure.
    Always,
}

#[cfg(unix)]
fn reality(toolchain: &Toolchain, whole: Whole, counts: &mut Counts) -> Result<()> {
    if !crate::reality::go_is_there() && whole == Whole::WherePossible {
        println!("Left out: Go is not installed, and the reality cluster is built from Go modules.");
        return Ok(());
    }
    run_reality(toolchain, crate::reality::SEED, &[], counts)
}

#[cfg(not(unix))]
fn reality(_: &Toolchain, whole: Whole, _: &mut Counts) -> Result<()> {
    if whole == Whole::Always {
        bail!("the reality cluster runs on Unix only");
    }
    println!("Left out: the reality cluster runs on Unix only.");
    Ok(())
}

/// Build the console and test it on a reality cluster.
#[cfg(unix)]
fn run_reality(toolchain: &Toolchain, seed: u64, arguments: &[String], counts: &mut Counts) -> Result<()> {
    setup::for_browser_tests()?;
    browser::build(toolchain)?;
    let binary = console::build(toolchain, console::Profile::Dev)?;
    let chromium = setup::chromium()?;
    crate::reality::test(&binary, chromium.as_deref(), seed, arguments, |line| counts.read_playwright(line))
}

/// The stage [`Stage::Reality`] alone, with another seed or arguments for Playwright.
#[cfg(unix)]
pub(crate) fn reality_alone(seed: u64, arguments: &[String]) -> Result<()> {
    run_reality(&setup::for_building()?, seed, arguments, &mut Counts::default())
}

fn journeys(toolchain: &Toolchain, counts: &mut Counts) -> Result<()> {
    setup::for_browser_tests()?;
    let folder = workspace::end2end();
    if !fs::read_dir(folder.join("tests"))?
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().ends_with(".spec.ts"))
    {
        bail!("end2end/tests has no journey");
    }
    browser::build(toolchain)?;
    let binary = console::build(toolchain, console::Profile::Dev)?;
    let mut playwright = Command::new("npx");
    playwright
        .args(["playwright", "test", "--reporter=list"])
        .current_dir(folder)
        .env("CONSOLE_BINARY", binary)
        .env("FORCE_COLOR", "0");
    if let Some(chromium) = setup::chromium()? {
        playwright.env("PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH", chromium);
    }
    command::run_reading(&mut playwright, |line| counts.read_playwright(line))
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("stage", |value| value.get_name()))
    }
}

/// Run the stages (all, or those named), in order, up to the first that fails.
pub(crate) fn run(only: &[Stage], whole: Whole) -> Result<()> {
    let toolchain = setup::for_building()?;
    let begun = Instant::now();
    let mut counts = Counts::default();
    let mut durations = Vec::new();
    let mut outcome = Ok(());
    for stage in Stage::ALL.into_iter().filter(|stage| only.is_empty() || only.contains(stage)) {
        println!("\n== {stage}");
        let started = Instant::now();
        let result = stage.run(&toolchain, whole, &mut counts);
        let duration = started.elapsed();
        println!("== {stage}: {} after {}", if result.is_ok() { "good" } else { "FAILED" }, seconds(duration));
        durations.push((stage, duration));
        if let Err(error) = result {
            outcome = Err(error.context(format!("stage `{stage}` failed: {}", stage.remedy())));
            break;
        }
    }
    println!();
    for (stage, duration) in durations {
        println!("{:<10}{:>9}", stage.to_string(), seconds(duration));
    }
    println!("{:<10}{:>9}\n", "together", seconds(begun.elapsed()));
    if outcome.is_err() && counts.failed == 0 {
        // A stage that is no test runner failed: the closing line must not read as if all were well.
        counts.failed = 1;
    }
    println!("{counts}");
    outcome
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// Tests that ran, over all runners.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
}

impl Counts {
    /// `test result: ok. 12 passed; 0 failed; …`
    fn read_cargo(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            for part in result.split([';', '.']) {
                self.add(part);
            }
        }
    }

    /// `  12 passed (3.4s)`, `  1 failed`, `  1 flaky`. A flaky test is a failed one.
    fn read_playwright(&mut self, line: &str) {
        let line = line.strip_prefix("  ").unwrap_or_default();
        if line.starts_with(|first: char| first.is_ascii_digit()) {
            self.add(line);
        }
    }

    fn add(&mut self, part: &str) {
        let mut words = part.split_whitespace();
        let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<u64>), words.next()) else { return };
        match what {
            "passed" => self.passed += count,
            "failed" | "flaky" => self.failed += count,
            _ => {}
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_the_runners_are_added_up() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test five ... 5 passed",
        ] {
            counts.read_cargo(line);
        }
        assert_eq!(counts, Counts { passed: 4, failed: 2 });
        for line in ["  ✓  1 a.spec.ts:3:1 › 9 passed (2s)", "  7 passed (3.4s)", "  1 flaky", "  2 skipped"] {
            counts.read_playwright(line);
        }
        assert_eq!(counts.to_string(), "11 passed, 3 failed");
    }
}
