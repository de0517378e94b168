//! Examples of `planner` as WebAssembly, built as the browser half is.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    command,
    toolchain::{BROWSER_TARGET, Toolchain},
    workspace,
};

/// What loads the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loader {
    /// `require` in Node.js.
    Node,
    /// A script element in a browser, which then has `wasm_bindgen`.
    Page,
}

/// Compile the example and make a module of it. Gives the path of its JavaScript; the WebAssembly lies beside it.
pub(crate) fn bind(toolchain: &Toolchain, example: &str, loader: Loader) -> Result<PathBuf> {
    let mut cargo = toolchain.command("cargo");
    cargo.args(["build", "--quiet", "--package", "planner", "--example", example]);
    command::run(cargo.args(["--profile", "browser", "--target", BROWSER_TARGET]))?;
    let wasm = workspace::target().join(BROWSER_TARGET).join("browser/examples").join(example).with_extension("wasm");
    let folder = workspace::scratch().join(example);
    fs::create_dir_all(&folder)?;
    let mut bindgen = Bindgen::new();
    match loader {
        Loader::Node => bindgen.nodejs(true)?,
        Loader::Page => bindgen.no_modules(true)?,
    };
    bindgen
        .input_path(&wasm)
        .typescript(false)
        .generate(&folder)
        .with_context(|| format!("{} could not be bound", wasm.display()))?;
    Ok(folder.join(example).with_extension("js"))
}
