//! The recorded rollouts, played natively and as WebAssembly: what the browser predicts must be what the server predicts.
//!
//! The WebAssembly is built as the browser half is, and runs in Node.js. Both sides report every prediction whole, and the
//! reports are compared byte for byte; each line also says whether the prediction equals its trace.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{command, example, setup, toolchain::Toolchain, workspace};

/// The example of `planner` that becomes WebAssembly.
const EXAMPLE: &str = "replay_wasm";

/// Hands a file to the module and prints what it answers. Arguments: the bound module, the file.
const SCRIPT: &str =
    "process.stdout.write(require(process.argv[1]).report(require('fs').readFileSync(process.argv[2])))";

/// Build, bind and play both, and compare.
pub(crate) fn run(toolchain: &Toolchain) -> Result<()> {
    setup::node()?;
    let traces = workspace::root().join("planner/tests/data/traces/public.json.gz");
    let module = example::bind(toolchain, EXAMPLE, example::Loader::Node)?;

    let mut native = toolchain.command("cargo");
    native.args(["run", "--quiet", "--package", "planner", "--example", "replay", "--", "--report"]).arg(&traces);
    let mut browser = Command::new("node");
    browser.args(["--eval", SCRIPT]).arg(&module).arg(&traces);
    let rollouts = compare(&output(&mut native)?, &output(&mut browser)?)?;
    println!(
        "{rollouts} recorded rollouts: natively and as WebAssembly the same to the byte, and equal to the recordings."
    );
    Ok(())
}

/// Print the command, run it, and give its standard output.
fn output(command: &mut Command) -> Result<String> {
    println!("$ {}", command::shown(command));
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("could not start `{}`", command::shown(command)))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", command::shown(command), output.status);
    }
    String::from_utf8(output.stdout).context("a report is text")
}

/// How many predictions there are, if both sides have the same and all equal their traces.
fn compare(native: &str, browser: &str) -> Result<usize> {
    if let Some((native, browser)) = native.lines().zip(browser.lines()).find(|(native, browser)| native != browser) {
        let name = native.split(' ').next().unwrap_or_default();
        let same = native.chars().zip(browser.chars()).take_while(|(native, browser)| native == browser).count();
        let here = |line: &str| line.chars().skip(same.saturating_sub(60)).take(160).collect::<String>();
        bail!(
            "the two sides differ in `{name}`.\nnatively:       …{}…\nas WebAssembly: …{}…",
            here(native),
            here(browser)
        );
    }
    let rollouts = native.lines().count();
    if rollouts != browser.lines().count() || rollouts == 0 {
        bail!("natively {rollouts} rollouts were played, as WebAssembly {}", browser.lines().count());
    }
    if let Some(other) = native.lines().find(|line| !line.contains(" (equal): ")) {
        bail!("a prediction does not equal its recording: {other}");
    }
    Ok(rollouts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_good_only_if_they_are_the_same_and_equal_the_recordings() {
        let good = "a (equal): 1\nb (equal): 2\n";
        assert_eq!(compare(good, good).expect("the same"), 2);
        let cases = [
            (good, "a (equal): 1\nb (equal): 3\n", "the two sides differ in `b`"),
            (good, "a (equal): 1\n", "as WebAssembly 1"),
            ("", "", "natively 0"),
            ("a (at 3 ms more): 1\n", "a (at 3 ms more): 1\n", "does not equal its recording: a"),
        ];
        for (native, browser, words) in cases {
            let error = compare(native, browser).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
