//! One Rust tool chain for both halves: the one in use if it can compile for the browser, else one that can.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{command, setup::Debian, workspace};

/// What the browser half is compiled for.
pub(crate) const BROWSER_TARGET: &str = "wasm32-unknown-unknown";

/// The name under which rustup knows the tool chain of Debian's packages.
const DEBIAN: &str = "debian";

/// Debian's own Rust, new enough and with a linker for wasm. The standard library for wasm32 is then built from its source.
const DEBIAN_PACKAGES: [&str; 7] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22", "rust-web-clippy", "rustfmt-web"];

/// Which `cargo` and `rustc` the commands of this program use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The one that started this program.
    Current,
    /// Another that rustup knows, by name.
    Rustup(String),
    /// Debian's, where there is no rustup.
    System,
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = command::answer(self.command("rustc").arg("--version")).unwrap_or_else(|| "rustc".to_owned());
        match self {
            Self::Current => write!(f, "{version}"),
            Self::Rustup(name) => write!(f, "{version} (tool chain {name})"),
            Self::System => write!(f, "{version} in /usr/bin"),
        }
    }
}

impl Toolchain {
    /// `cargo`, `rustc` or `rustdoc` of this tool chain, started in the workspace.
    ///
    /// What `cargo run` told this program about its own package is taken out: build scripts watch some of those variables
    /// and would run again each time.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = match self {
            Self::System => Command::new(Path::new("/usr/bin").join(program)),
            _ => Command::new(program),
        };
        command.current_dir(workspace::root());
        let own = ["CARGO", "CARGO_PRIMARY_PACKAGE", "CARGO_CRATE_NAME", "LD_LIBRARY_PATH", "OUT_DIR"];
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if own.contains(&text.as_ref())
                || ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|prefix| text.starts_with(prefix))
            {
                command.env_remove(&name);
            }
        }
        match self {
            Self::Current => {}
            Self::Rustup(name) => {
                command.env("RUSTUP_TOOLCHAIN", name);
            }
            Self::System => {
                command.env("RUSTC", "/usr/bin/rustc").env("RUSTDOC", "/usr/bin/rustdoc");
            }
        }
        command
    }

    /// Where its standard library for the browser is, or would be.
    fn browser_libraries(&self) -> Option<PathBuf> {
        let mut rustc = self.command("rustc");
        command::answer(rustc.args(["--print", "target-libdir", "--target", BROWSER_TARGET])).map(PathBuf::from)
    }

    /// Whether it compiles for the browser. Asked by compiling: a library left by another compiler version is there, but of no use.
    fn has_browser_target(&self) -> bool {
        if !self.browser_libraries().is_some_and(|folder| folder.is_dir())
            || fs::create_dir_all(workspace::scratch()).is_err()
        {
            return false;
        }
        let source = workspace::scratch().join("probe.rs");
        let probe = "pub fn probe() -> String { String::from(\"probe\") }\n";
        if fs::write(&source, probe).is_err() {
            return false;
        }
        self.command("rustc")
            .args([
                "--crate-type",
                "lib",
                "--edition",
                "2024",
                "--emit",
                "metadata",
                "--target",
                BROWSER_TARGET,
                "--out-dir",
            ])
            .arg(workspace::scratch())
            .arg(&source)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

/// Find a tool chain that compiles for the browser, or make one: what is there already, then rustup, then Debian's packages.
pub(crate) fn find_or_make() -> Result<Toolchain> {
    if let Some(found) = candidates().into_iter().find(Toolchain::has_browser_target) {
        return Ok(found);
    }
    if command::find("rustup").is_some() {
        println!("The Rust tool chain lacks {BROWSER_TARGET}. Installing it with rustup.");
        if command::run(Command::new("rustup").args(["target", "add", BROWSER_TARGET])).is_ok()
            && Toolchain::Current.has_browser_target()
        {
            return Ok(Toolchain::Current);
        }
    }
    from_debian()
}

/// The tool chains that may already do, best first.
fn candidates() -> Vec<Toolchain> {
    let mut candidates = vec![Toolchain::Current];
    if debian_is_linked() {
        candidates.push(Toolchain::Rustup(DEBIAN.to_owned()));
    } else if command::find("rustup").is_none() && Path::new("/usr/bin/cargo").is_file() {
        candidates.push(Toolchain::System);
    }
    candidates
}

fn debian_is_linked() -> bool {
    command::answer(Command::new("rustup").args(["toolchain", "list"]))
        .is_some_and(|list| list.lines().any(|line| line.split_whitespace().next() == Some(DEBIAN)))
}

/// Debian's compiler, with the standard library for the browser built from Debian's source package.
fn from_debian() -> Result<Toolchain> {
    Debian::require(
        &DEBIAN_PACKAGES,
        &format!("a Rust tool chain with {BROWSER_TARGET}"),
        &format!("with rustup: `rustup target add {BROWSER_TARGET}`"),
    )?;
    let toolchain = if command::find("rustup").is_some() {
        if !debian_is_linked() {
            command::run(Command::new("rustup").args(["toolchain", "link", DEBIAN, "/usr"]))?;
        }
        Toolchain::Rustup(DEBIAN.to_owned())
    } else {
        Toolchain::System
    };
    if !toolchain.has_browser_target() {
        build_standard_library(&toolchain)?;
    }
    if !toolchain.has_browser_target() {
        bail!("{toolchain} still cannot compile for {BROWSER_TARGET}; see the lines above");
    }
    Ok(toolchain)
}

/// Build `std` for the browser in an empty crate and put the libraries where `rustc` looks for them.
fn build_standard_library(toolchain: &Toolchain) -> Result<()> {
    println!("Building the Rust standard library for {BROWSER_TARGET} from source (about a minute).");
    let folder = workspace::scratch().join("standard-library");
    fs::create_dir_all(folder.join("src"))?;
    fs::write(
        folder.join("Cargo.toml"),
        "[package]\nname = \"standard-library\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n",
    )?;
    fs::write(folder.join("src/lib.rs"), "#![no_std]\n")?;
    let mut cargo = toolchain.command("cargo");
    cargo.current_dir(&folder).env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", folder.join("target")).args([
        "build",
        "--release",
        "--target",
        BROWSER_TARGET,
        "-Zbuild-std=std,panic_abort,panic_unwind,proc_macro,test",
    ]);
    command::run(&mut cargo)?;

    let installed = toolchain.browser_libraries().context("rustc does not say where its libraries are")?;
    fs::create_dir_all(&installed).with_context(|| format!("could not make {}", installed.display()))?;
    for old in libraries(&installed)? {
        fs::remove_file(old)?;
    }
    let built = folder.join("target").join(BROWSER_TARGET).join("release/deps");
    for library in libraries(&built)? {
        let Some(name) = library.file_name() else { continue };
        if !name.to_string_lossy().starts_with("libstandard_library") {
            fs::copy(&library, installed.join(name))
                .with_context(|| format!("could not write into {}", installed.display()))?;
        }
    }
    Ok(())
}

fn libraries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rlib") {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_a_named_tool_chain_ask_rustup_for_it() {
        let command = Toolchain::Rustup("debian".to_owned()).command("cargo");
        let chosen = command.get_envs().find(|(name, _)| *name == "RUSTUP_TOOLCHAIN").and_then(|(_, value)| value);
        assert_eq!(chosen, Some("debian".as_ref()));
    }

    #[test]
    fn this_program_hides_its_own_package_from_the_commands_it_starts() {
        let command = Toolchain::Current.command("cargo");
        assert!(command.get_envs().any(|(name, value)| name == "CARGO_MANIFEST_DIR" && value.is_none()));
    }
}
