//! The browser half: WebAssembly and its JavaScript, the style sheet, and both compressed.
//!
//! No installed tool takes part: `wasm-bindgen` is used as a library of the version that the workspace pins. No `wasm-opt`
//! either: it does not shrink what is transferred, and old ones break the module.
//!
//! The app's lazy routes become modules of their own, which a browser loads when their page is visited. What several of them
//! need stands in modules that they share.

use std::{
    collections::BTreeMap,
    fmt, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    command,
    toolchain::{BROWSER_TARGET, Toolchain},
    workspace,
};

/// Raised when the same input gives other files than before.
const RECIPE: u32 = 3;

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
        let mut files = bind(&split(&module, &name)?, &name)?;
        files.push((format!("{name}.css"), style.into_bytes()));
        if package.exists() {
            fs::remove_file(&named).or_else(absent_is_fine)?;
            fs::remove_dir_all(&package)?;
        }
        fs::create_dir_all(&package)?;
        for (file, content) in &files {
            write_with_compressed(&package.join(file), content)?;
        }
        // Last: with this file the site is whole.
        fs::write(&named, &name)?;
    }

    let mut files = Vec::new();
    for entry in fs::read_dir(&package)? {
        let entry = entry?;
        if let Some(file) = entry.file_name().to_string_lossy().strip_suffix(".br") {
            files.push((file.to_owned(), entry.metadata()?.len()));
        }
    }
    files.sort();
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

/// A module in parts.
struct Split {
    /// What every page needs; not bound yet.
    main: PathBuf,
    /// Files beside it: the other modules, and the script that loads them.
    others: Vec<(String, Vec<u8>)>,
}

/// Take the module apart. All files are called after the site, because browsers keep them for ever.
fn split(module: &[u8], name: &str) -> Result<Split> {
    let folder = workspace::target().join("split");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let main = folder.join("main.wasm");
    let script = format!("{name}.split.js");
    let link = format!("./{script}");
    let from = format!("./{name}.js");
    let mut options = wasm_split_cli_support::Options::new(module);
    options.output_dir = &folder;
    options.main_out_path = &main;
    options.link_name = &link;
    options.main_module = &from;
    let parts = wasm_split_cli_support::transform(options)
        .map_err(|error| anyhow!("the module could not be split: {error:#}"))?;

    let mut loader = fs::read_to_string(folder.join(&script))?;
    let mut others = Vec::new();
    for part in &parts.split_modules {
        let called = part.file_stem().context("a module without a name")?.to_string_lossy();
        // In the loader as a whole string, so no name can be the beginning of another.
        loader = loader.replace(&format!("\"./{called}.wasm\""), &format!("\"./{name}.{called}.wasm\""));
        others.push((format!("{name}.{called}.wasm"), without_custom_sections(&fs::read(part)?)?));
    }
    others.push((script, loader.into_bytes()));
    // Which modules a page will ask for: the server lets the browser fetch them at once.
    let preloads: BTreeMap<&String, Vec<String>> = parts
        .prefetch_map
        .iter()
        .map(|(route, modules)| (route, modules.iter().map(|called| format!("{name}.{called}")).collect()))
        .collect();
    others.push((format!("{name}.json"), serde_json::to_vec(&preloads)?));
    Ok(Split { main, others })
}

/// The module without names and notes of its producers: the larger half of what is split off.
fn without_custom_sections(module: &[u8]) -> Result<Vec<u8>> {
    let broken = || anyhow!("a module that is cut short");
    let (head, mut rest) = module.split_at_checked(8).ok_or_else(broken)?;
    let mut kept = head.to_vec();
    while let Some((&id, after)) = rest.split_first() {
        // The length is a LEB128 number.
        let digits = after.iter().take_while(|byte| **byte >= 0x80).count() + 1;
        let number = after.get(..digits).ok_or_else(broken)?;
        let length = number.iter().rev().fold(0_usize, |sum, byte| sum << 7 | usize::from(byte & 0x7f));
        let (section, next) = rest.split_at_checked(1 + digits + length).ok_or_else(broken)?;
        if id != 0 {
            kept.extend_from_slice(section);
        }
        rest = next;
    }
    Ok(kept)
}

/// The JavaScript of the main module, that module, and the other parts.
fn bind(split: &Split, name: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut output = Bindgen::new()
        .input_path(&split.main)
        .web(true)?
        .out_name("console")
        .typescript(false)
        // The other modules find by name what they share with the main one.
        .keep_lld_exports(true)
        .demangle(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()?;
    let brings_scripts = output.snippets().values().any(|scripts| !scripts.is_empty());
    if brings_scripts || !output.local_modules().is_empty() {
        bail!("a crate of the browser half brings JavaScript files of its own; the site has no place for them");
    }
    let mut files = split.others.clone();
    files.push((format!("{name}.js"), output.js().as_bytes().to_vec()));
    files.push((format!("{name}.wasm"), output.wasm_mut().emit_wasm()));
    Ok(files)
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
    fn custom_sections_go_and_the_others_stay() {
        let head = b"\0asm\x01\0\0\0";
        let mut long = vec![0, 0x82, 0x01, 4];
        long.extend_from_slice(b"name");
        long.resize(3 + 130, 7);
        let module = [&head[..], &[1, 2, 8, 9], &long, &[10, 1, 0], &[0, 2, 1, b'x']].concat();
        assert_eq!(without_custom_sections(&module).expect("whole"), [&head[..], &[1, 2, 8, 9], &[10, 1, 0]].concat());
        assert!(without_custom_sections(&module[..module.len() - 1]).is_err());
        assert!(without_custom_sections(b"\0asm").is_err());
    }

    #[test]
    fn another_input_gives_another_name() {
        assert_eq!(digest(&(1, "a", "b")), digest(&(1, "a", "b")));
        assert_ne!(digest(&(1, "a", "b")), digest(&(1, "a", "c")));
    }
}
