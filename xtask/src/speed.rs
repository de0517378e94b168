//! How fast the rollout model is: natively, and as WebAssembly in Chromium.

use std::process::Command;

use anyhow::Result;

use crate::{command, example, setup, toolchain::Toolchain, workspace};

/// Measure both and print them.
pub(crate) fn report(toolchain: &Toolchain) -> Result<()> {
    println!("\nSpeed of the rollout model, natively:\n");
    let mut native = toolchain.command("cargo");
    command::run(native.args(["run", "--quiet", "--release", "--package", "planner", "--example", "speed"]))?;

    setup::for_browser_tests()?;
    let module = example::bind(toolchain, "speed_wasm", example::Loader::Page)?;
    println!("\nSpeed of the rollout model, in Chromium:\n");
    let mut browser = Command::new("node");
    command::run(browser.arg("bench/speed.mjs").arg(module).current_dir(workspace::root().join("end2end")))
}
