//! The programs of the reality cluster, each built from its Go module once for each version of what it is made from.

use std::{
    ffi::OsStr,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{command, workspace};

/// Kubernetes' version, as `control-plane/go.mod` requires it; the programs say it of themselves.
pub(crate) const KUBERNETES: &str = "v1.36.3";

/// Kamaji's version: the newest that the Go registry serves, since newer tags are no semantic versions.
pub(crate) const KAMAJI: &str = "v1.0.0";

/// Ending of the file beside a program that says how long it took to build (ms).
const MEASURED: &str = "built-ms";

/// Raised when the same sources give another program than before.
const RECIPE: u32 = 1;

/// Where the programs stand, and the definitions of Kamaji's resources.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    /// kube-apiserver, kube-controller-manager and kube-scheduler, by its first argument.
    pub(crate) control_plane: PathBuf,
    pub(crate) etcd: PathBuf,
    pub(crate) kwok: PathBuf,
    pub(crate) kamaji: PathBuf,
    pub(crate) certificates: PathBuf,
    pub(crate) gateway: PathBuf,
    /// Folder with the CustomResourceDefinitions of this Kamaji.
    pub(crate) definitions: PathBuf,
}

/// What is built from one folder of `end2end/reality`.
struct Module {
    folder: &'static str,
    /// The package to build.
    package: &'static str,
    /// Values linked in.
    linked: String,
}

/// How long it took to build what is used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Built {
    /// All programs, one after the other.
    Within(Duration),
    /// Of one at least it is not known.
    NotMeasured,
}

/// Whether Go is there.
pub(crate) fn go_is_there() -> bool {
    command::find("go").is_some()
}

/// Build what is not built yet.
pub(crate) fn build() -> Result<Programs> {
    if !go_is_there() {
        bail!(
            "Go is missing: the reality cluster is built from Go modules. Install it from https://go.dev/dl, 1.26 or newer"
        );
    }
    let go = go_version()?;
    let [certificates, gateway, etcd, kwok, control_plane, kamaji] = modules();
    let (kamaji, definitions) = (kamaji.build(&go)?, definitions(&kamaji, &go)?);
    Ok(Programs {
        certificates: certificates.build(&go)?,
        gateway: gateway.build(&go)?,
        etcd: etcd.build(&go)?,
        kwok: kwok.build(&go)?,
        control_plane: control_plane.build(&go)?,
        kamaji,
        definitions,
    })
}

/// How long that took when it was done.
pub(crate) fn built() -> Built {
    let of = |module: &Module, go: &str| {
        let text = fs::read_to_string(folder().join("programs").join(module.named(go).ok()?).with_extension(MEASURED));
        text.ok()?.trim().parse().ok().map(Duration::from_millis)
    };
    let all = go_version().ok().and_then(|go| modules().iter().map(|module| of(module, &go)).sum::<Option<_>>());
    all.map_or(Built::NotMeasured, Built::Within)
}

/// In the order of [`Programs`], Kamaji last.
fn modules() -> [Module; 6] {
    let module = |folder, package| Module { folder, package, linked: String::new() };
    [
        module("certificates", "."),
        module("gateway", "."),
        module("etcd", "."),
        module("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
        Module { linked: kubernetes_version(), ..module("control-plane", ".") },
        module("kamaji", "github.com/clastix/kamaji"),
    ]
}

fn go_version() -> Result<String> {
    command::answer(Command::new("go").arg("version")).context("`go version` has no answer")
}

impl Module {
    fn source(&self) -> PathBuf {
        workspace::end2end().join("reality").join(self.folder)
    }

    /// `name-digest`, of all that the program is made from. The sums name every other module.
    fn named(&self, go: &str) -> Result<String> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.source())?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .filter(|file| ["go", "mod", "sum"].map(OsStr::new).contains(&file.extension().unwrap_or_default()))
            .collect();
        files.sort();
        let mut hasher = DefaultHasher::new();
        (RECIPE, go, self.package, &self.linked).hash(&mut hasher);
        for file in files {
            (file.file_name(), fs::read(&file)?).hash(&mut hasher);
        }
        Ok(format!("{}-{:016x}", self.folder, hasher.finish()))
    }

    fn build(&self, go: &str) -> Result<PathBuf> {
        let folder = folder().join("programs");
        let program = folder.join(self.named(go)?);
        if program.is_file() {
            return Ok(program);
        }
        fs::create_dir_all(&folder)?;
        println!("Building {} from its Go modules (the first time takes minutes).", self.folder);
        let begun = Instant::now();
        // Under another name until it is whole: an interrupted build leaves no program.
        let unfinished = program.with_extension("unfinished");
        let mut build = self.go();
        build
            .args(["build", "-trimpath", "-buildvcs=false", "-ldflags"])
            .arg(format!("-s -w {}", self.linked))
            .arg("-o")
            .arg(&unfinished)
            .arg(self.package);
        command::run(&mut build)?;
        fs::write(program.with_extension(MEASURED), begun.elapsed().as_millis().to_string())?;
        fs::rename(&unfinished, &program)?;
        Ok(program)
    }

    /// `go` in the module's folder, with caches of its own unless the caller's environment names some. It may not change
    /// `go.mod` and `go.sum`.
    fn go(&self) -> Command {
        let mut go = Command::new("go");
        go.current_dir(self.source()).env("GOFLAGS", "-mod=readonly -modcacherw").env("GOWORK", "off");
        for (name, default) in [("GOCACHE", "build"), ("GOMODCACHE", "mod")] {
            if std::env::var_os(name).is_none() {
                go.env(name, folder().join("go").join(default));
            }
        }
        go
    }
}

/// The definitions that Kamaji's module carries, copied beside its program.
fn definitions(kamaji: &Module, go: &str) -> Result<PathBuf> {
    let folder = folder().join("programs").join(format!("{}-definitions", kamaji.named(go)?));
    if folder.is_dir() {
        return Ok(folder);
    }
    let module = command::answer(kamaji.go().args(["list", "-m", "-f", "{{.Dir}}", "github.com/clastix/kamaji"]))
        .context("Go does not say where Kamaji's module is")?;
    let unfinished = folder.with_extension("unfinished");
    fs::create_dir_all(&unfinished)?;
    for entry in fs::read_dir(Path::new(&module).join("charts/kamaji/crds")).context("Kamaji's module has no CRDs")? {
        let entry = entry?;
        fs::write(unfinished.join(entry.file_name()), fs::read(entry.path())?)?;
    }
    fs::rename(&unfinished, &folder)?;
    Ok(folder)
}

/// What `component-base` answers when asked for the version; without it everything calls itself v0.0.0.
fn kubernetes_version() -> String {
    let mut parts = KUBERNETES.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    [("gitVersion", KUBERNETES), ("gitMajor", major), ("gitMinor", minor), ("gitTreeState", "clean")]
        .map(|(name, value)| format!("-X k8s.io/component-base/version.{name}={value}"))
        .join(" ")
}

/// Everything of the reality cluster that is no source.
pub(crate) fn folder() -> PathBuf {
    workspace::target().join("reality")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_named_are_the_ones_that_are_built() {
        for (folder, line) in [
            ("control-plane", format!("k8s.io/kubernetes {KUBERNETES}")),
            ("kamaji", format!("github.com/clastix/kamaji {KAMAJI}")),
        ] {
            let path = workspace::end2end().join("reality").join(folder).join("go.mod");
            let module = fs::read_to_string(&path).expect("the module is there");
            assert!(module.lines().any(|required| required.contains(&line)), "{folder} requires no {line}");
        }
    }

    #[test]
    fn the_version_is_linked_in_whole_and_in_parts() {
        let linked = kubernetes_version();
        assert!(linked.contains("version.gitMajor=1 ") && linked.contains("version.gitMinor=36 "), "{linked}");
    }

    #[test]
    fn a_program_is_named_after_its_sources() {
        let module = Module { folder: "gateway", package: ".", linked: String::new() };
        let named = module.named("go1").expect("the sources are there");
        assert!(named.starts_with("gateway-"));
        assert_eq!(named, module.named("go1").expect("the sources are there"));
        assert_ne!(named, module.named("go2").expect("the sources are there"));
    }
}
