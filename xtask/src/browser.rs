//! The browser half: WebAssembly and its JavaScript, the style sheet, and both compressed.
//!
//! No installed tool takes part: `wasm-bindgen` is used as a library of the version that the workspace pins. No `wasm-opt`
//! either: it does not shrink what is transferred, and old ones break the module.

use std::{
    fmt, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    command,
    toolchain::{BROWSER_TARGET, Toolchain},
    workspace,
};

/// Raised when the same input gives other files than before.
const RECIPE: u32 = 1;

/// What the browser loads, by size.
pub(crate) struct Site {
    files: Vec<(String, u64)>,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", workspace::site().join("pkg").display())?;
        for (file, bytes) in &self.files {
            write!(f, "\n  {file}: {:.1} kB with brotli", *bytes as f64 / 1000.0)?;
        }
        Ok(())
    }
}

/// Compile the app for the browser and lay out the site. What is unchanged is left as it is.
pub(crate) fn build(toolchain: &Toolchain) -> Result<Site> {
    let mut cargo = toolchain.command("cargo");
    cargo.args([
        "build",
        "--quiet",
        "--package",
        "app",
        "--lib",
        "--features",
        "hydrate",
        "--profile",
        "browser",
        "--target",
        BROWSER_TARGET,
    ]);
    command::run(&mut cargo)?;
    let wasm = workspace::target().join(BROWSER_TARGET).join("browser/app.wasm");
    let module = fs::read(&wasm).with_context(|| format!("could not read {}", wasm.display()))?;
    let style = style_sheet(&workspace::root().join("style"))?;

    // The files are called alike, after a hash of what they are made from: a browser may keep them for ever.
    let name = format!("console.{:016x}", digest(&(RECIPE, &module, &style)));
    let package = workspace::site().join("pkg");
    let named = workspace::site().join("name");
    if !fs::read_to_string(&named).is_ok_and(|built| built == name) {
        println!("Binding and compressing the browser half.");
        let (script, module) = bind(&wasm)?;
        if package.exists() {
            fs::remove_file(&named).or_else(absent_is_fine)?;
            fs::remove_dir_all(&package)?;
        }
        fs::create_dir_all(&package)?;
        write_with_compressed(&package.join(format!("{name}.js")), script.as_bytes())?;
        write_with_compressed(&package.join(format!("{name}.wasm")), &module)?;
        write_with_compressed(&package.join(format!("{name}.css")), style.as_bytes())?;
        // Last: with this file the site is whole.
        fs::write(&named, &name)?;
    }

    let mut files = Vec::new();
    for ending in ["js", "wasm", "css"] {
        files.push((format!("{name}.{ending}"), fs::metadata(package.join(format!("{name}.{ending}.br")))?.len()));
    }
    Ok(Site { files })
}

fn absent_is_fine(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The JavaScript and the module that belongs to it.
fn bind(wasm: &Path) -> Result<(String, Vec<u8>)> {
    let mut output = Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .out_name("console")
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()?;
    let brings_scripts = output.snippets().values().any(|scripts| !scripts.is_empty());
    if brings_scripts || !output.local_modules().is_empty() {
        bail!("a crate of the browser half brings JavaScript files of its own; the site has no place for them");
    }
    let script = output.js().to_owned();
    Ok((script, output.wasm_mut().emit_wasm()))
}

/// All of `style/*.css` in the order of their names, `layers.css` first.
fn style_sheet(folder: &Path) -> Result<String> {
    let mut files: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?,
        Err(error) => {
            absent_is_fine(error)?;
            Vec::new()
        }
    };
    files.retain(|file| file.extension().is_some_and(|extension| extension == "css"));
    files.sort_by_key(|file| (file.file_stem().is_none_or(|stem| stem != "layers"), file.clone()));
    let mut sheet = String::new();
    for file in files {
        sheet.push_str(&without_comments(
            &fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))?,
        ));
    }
    Ok(sheet)
}

/// Comments, indentation and empty lines out; strings are left alone.
fn without_comments(css: &str) -> String {
    let mut kept = String::with_capacity(css.len());
    let mut rest = css;
    let mut quote = None;
    while let Some(next) = rest.chars().next() {
        if quote.is_none() && rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, after)| after);
            continue;
        }
        let mut taken = next.len_utf8();
        match quote {
            Some(_) if next == '\\' => taken += rest[taken..].chars().next().map_or(0, char::len_utf8),
            Some(open) if next == open => quote = None,
            None if next == '"' || next == '\'' => quote = Some(next),
            _ => {}
        }
        kept.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    let mut lines = String::with_capacity(kept.len());
    for line in kept.lines().map(str::trim).filter(|line| !line.is_empty()) {
        lines.push_str(line);
        lines.push('\n');
    }
    lines
}

/// The file, and beside it `.br` and `.gz` for browsers that take them.
fn write_with_compressed(file: &Path, content: &[u8]) -> Result<()> {
    fs::write(file, content)?;
    let beside = |ending: &str| PathBuf::from(format!("{}.{ending}", file.display()));

    let mut brotli = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 11, 22);
    brotli.write_all(content)?;
    fs::write(beside("br"), brotli.into_inner())?;

    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(content)?;
    fs::write(beside("gz"), gzip.finish()?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_loses_comments_and_indentation_but_no_string() {
        let css = "/* head */\n.a {\n    content: \"/* kept */ \\\" \";\n\n    color: red; /* gone */\n}\n/* open";
        assert_eq!(without_comments(css), ".a {\ncontent: \"/* kept */ \\\" \";\ncolor: red;\n}\n");
    }

    #[test]
    fn another_input_gives_another_name() {
        assert_eq!(digest(&(1, "a", "b")), digest(&(1, "a", "b")));
        assert_ne!(digest(&(1, "a", "b")), digest(&(1, "a", "c")));
    }
}
