//! The real package tools in a private root, against a `file:` repository of packages made for the purpose.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use planner::runbook::PackageTool;

use crate::stage::{Packages, Stage, tools};

const PACKAGES: [&str; 3] = ["kubeadm", "kubelet", "kubectl"];

/// What the tool can be tried with on this machine; says in one line if it is not the real one.
pub(crate) fn packages(tool: PackageTool) -> Packages {
    let needed: &[&str] = match tool {
        PackageTool::Apt => &["apt-get", "apt-mark", "dpkg", "dpkg-deb", "dpkg-query", "sha256sum"],
        PackageTool::Dnf => &["dnf", "rpm", "rpmbuild", "createrepo_c"],
        PackageTool::Zypper => &["zypper", "rpm", "rpmbuild", "createrepo_c"],
    };
    // Only root may keep a database of rpm packages elsewhere.
    let allowed = tool == PackageTool::Apt || output(Command::new("id").arg("-u")).trim() == "0";
    let missing: Vec<&str> = needed.iter().copied().filter(|program| !is_there(program)).collect();
    if missing.is_empty() && allowed {
        return Packages::Real;
    }
    let why = if missing.is_empty() { "not root".to_owned() } else { format!("not installed: {}", missing.join(", ")) };
    eprintln!("stand-ins play for {tool}: {why}");
    Packages::StandIns
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn output(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The folder that stands for the host of the repositories. Made once.
pub(crate) fn repository(tool: PackageTool) -> &'static Path {
    static APT: OnceLock<PathBuf> = OnceLock::new();
    static RPM: OnceLock<PathBuf> = OnceLock::new();
    match tool {
        PackageTool::Apt => APT.get_or_init(|| make("deb", make_deb, index_debs)),
        PackageTool::Dnf | PackageTool::Zypper => RPM.get_or_init(|| make("rpm", make_rpm, index_rpms)),
    }
}

fn make(kind: &str, package: fn(&Path, &str, &str), index: fn(&Path)) -> PathBuf {
    let host = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("runbook-{kind}"));
    let _ = fs::remove_dir_all(&host);
    let versions = fs::read_to_string(tools().join("versions")).expect("the versions are listed");
    let of = |version: &str| {
        let minor = version.rsplit_once('.').expect("a version has a patch").0;
        host.join(format!("core:/stable:/v{minor}/{kind}"))
    };
    for version in versions.lines() {
        fs::create_dir_all(of(version)).expect("a folder can be made");
        for name in PACKAGES {
            package(&of(version), name, version);
        }
    }
    for version in versions.lines() {
        index(&of(version));
    }
    let addons = host.join(format!("addons:/cri-o:/stable:/v1.31/{kind}"));
    fs::create_dir_all(&addons).expect("a folder can be made");
    index(&addons);
    host
}

/// A package's only file: a player of the stage that knows its version.
fn player(folder: &Path, name: &str, version: &str) {
    fs::create_dir_all(folder).expect("a folder can be made");
    let file = folder.join(name);
    fs::write(&file, format!("#!/bin/sh\nVERSION={version}\n. \"$STAGE/tools/{name}.sh\"\n")).expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
}

fn make_deb(folder: &Path, name: &str, version: &str) {
    let tree = folder.join(format!("{name}-{version}"));
    player(&tree.join("usr/bin"), name, version);
    fs::create_dir_all(tree.join("DEBIAN")).expect("a folder can be made");
    let control = format!(
        "Package: {name}\nVersion: {version}-1.1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: {name} of the stage\n"
    );
    fs::write(tree.join("DEBIAN/control"), control).expect("a file");
    let file = folder.join(format!("{name}_{version}-1.1_all.deb"));
    output(Command::new("dpkg-deb").args(["--root-owner-group", "-Znone", "--build"]).arg(&tree).arg(file));
    fs::remove_dir_all(tree).expect("a folder can be removed");
}

/// Writes `Packages`, as the tools of an archive do.
fn index_debs(folder: &Path) {
    let mut index = String::new();
    for file in fs::read_dir(folder).expect("a folder") {
        let file = file.expect("a file");
        let name = file.file_name().into_string().expect("a plain name");
        if !name.ends_with(".deb") {
            continue;
        }
        let control = output(Command::new("dpkg-deb").arg("--field").arg(file.path()));
        let sum = output(Command::new("sha256sum").arg(file.path()));
        let sum = sum.split_whitespace().next().expect("a sum");
        let size = file.metadata().expect("a size").len();
        index.push_str(&format!("{control}Filename: ./{name}\nSize: {size}\nSHA256: {sum}\n\n"));
    }
    fs::write(folder.join("Packages"), index).expect("a file");
}

fn make_rpm(folder: &Path, name: &str, version: &str) {
    let build = folder.join(format!("{name}-{version}"));
    player(&build, name, version);
    let spec = build.join("package.spec");
    let text = format!(
        "Name: {name}\nVersion: {version}\nRelease: 150500.1.1\nSummary: {name} of the stage\nLicense: Apache-2.0\nBuildArch: noarch\nAutoReqProv: no\n\
         %description\n{name}\n%install\nmkdir -p %{{buildroot}}/usr/bin\ncp -p {} %{{buildroot}}/usr/bin/{name}\n%files\n/usr/bin/{name}\n",
        build.join(name).display()
    );
    fs::write(&spec, text).expect("a file");
    let define = |name: &str, folder: &Path| format!("{name} {}", folder.display());
    output(
        Command::new("rpmbuild")
            .args(["-bb", "--quiet", "--define", &define("_topdir", &build), "--define", &define("_rpmdir", folder)])
            .args(["--define", "_build_name_fmt %%{NAME}-%%{VERSION}.rpm", "--define", "_build_id_links none"])
            .arg(spec),
    );
    fs::remove_dir_all(build).expect("a folder can be removed");
}

fn index_rpms(folder: &Path) {
    output(Command::new("createrepo_c").arg("--quiet").arg(folder));
}

/// Sends a command's package tools into the private root.
pub(crate) fn direct(stage: &Stage, tool: PackageTool, command: &mut Command) {
    let root = stage.root();
    match tool {
        PackageTool::Apt => {
            command.env("APT_CONFIG", stage.folder().join("apt.conf"));
            command.env("DPKG_ADMINDIR", root.join("var/lib/dpkg"));
        }
        PackageTool::Dnf | PackageTool::Zypper => {}
    }
}

/// Installs the three packages, held, by the real tools.
pub(crate) fn install(stage: &Stage, tool: PackageTool, version: &str) {
    let root = stage.root();
    match tool {
        PackageTool::Apt => prepare_apt(stage),
        PackageTool::Dnf => {
            let dnf = format!(
                "dnf --installroot {root} --releasever=9 --setopt=reposdir={root}/etc/yum.repos.d --setopt=cachedir={root}/var/cache/dnf \
                 --setopt=module_platform_id=platform:el9 --setopt=install_weak_deps=False",
                root = root.display()
            );
            wrap(stage, "dnf", &dnf, true);
            wrap(stage, "rpm", &format!("rpm --root {}", root.display()), false);
        }
        PackageTool::Zypper => {
            wrap(stage, "zypper", &format!("zypper --root {}", root.display()), true);
            wrap(stage, "rpm", &format!("rpm --root {}", root.display()), false);
        }
    }
    let typed = match tool {
        PackageTool::Apt => format!(
            "apt-get update && apt-get install -y kubeadm={version}-1.1 kubelet={version}-1.1 kubectl={version}-1.1 && \
             apt-mark hold kubeadm kubelet kubectl"
        ),
        PackageTool::Dnf => {
            format!("dnf install -y kubeadm-{version} kubelet-{version} kubectl-{version} --disableexcludes=kubernetes")
        }
        PackageTool::Zypper => format!(
            "zypper --non-interactive refresh && zypper --non-interactive install kubeadm={version} kubelet={version} kubectl={version} \
             && zypper --non-interactive addlock kubeadm kubelet kubectl"
        ),
    };
    output(stage.command("sh").arg("-c").arg(typed));
    let _ = fs::remove_file(stage.now().join("log"));
}

fn prepare_apt(stage: &Stage) {
    let root = stage.root();
    for folder in [
        "var/lib/dpkg/updates",
        "var/lib/dpkg/info",
        "var/lib/apt/lists/partial",
        "var/cache/apt/archives/partial",
        "var/log/apt",
        "etc/apt/apt.conf.d",
        "etc/apt/preferences.d",
    ] {
        fs::create_dir_all(root.join(folder)).expect("a folder can be made");
    }
    for file in ["status", "available"] {
        fs::write(root.join("var/lib/dpkg").join(file), "").expect("a file");
    }
    let root = root.display();
    let config = format!(
        "Dir \"{root}\";\nDir::State::status \"{root}/var/lib/dpkg/status\";\nDir::Bin::dpkg \"/usr/bin/dpkg\";\n\
         APT::Sandbox::User \"root\";\nAPT::Get::AllowUnauthenticated \"true\";\nAcquire::Languages \"none\";\n\
         DPkg::Options {{ \"--root={root}\"; \"--force-not-root\"; \"--force-bad-path\"; \"--force-unsafe-io\"; \"--log=/dev/null\"; }};\n"
    );
    fs::write(stage.folder().join("apt.conf"), config).expect("a file");
    for tool in ["apt-get", "apt-mark"] {
        wrap(stage, tool, &format!("/usr/bin/{tool}"), true);
    }
}

/// A program on the stage that calls the real one, and writes down what it was asked if `logged`.
fn wrap(stage: &Stage, name: &str, real: &str, logged: bool) {
    let log = if logged { format!("echo \"{name} $*\" >>\"$STAGE/log\"\n") } else { String::new() };
    let file = stage.bin().join(name);
    let real = if real.starts_with('/') { real.to_owned() } else { format!("/usr/bin/{real}") };
    fs::write(&file, format!("#!/bin/sh\n{log}exec {real} \"$@\"\n")).expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// The packages and holds, by the real tools.
pub(crate) fn state(stage: &Stage, tool: PackageTool) -> BTreeMap<String, String> {
    let ask = |text: &str| output(stage.command("sh").arg("-c").arg(text));
    let packages = match tool {
        PackageTool::Apt => ask("dpkg-query -W -f='${Package} ${db:Status-Status} ${Version}\\n'"),
        PackageTool::Dnf | PackageTool::Zypper => ask("rpm -qa --qf '%{NAME} %{VERSION}\\n' | sort"),
    };
    let holds = match tool {
        PackageTool::Apt => ask("/usr/bin/apt-mark showhold"),
        PackageTool::Dnf => String::new(),
        PackageTool::Zypper => ask("cat \"$STAGE/root/etc/zypp/locks\" | grep solvable_name | sort"),
    };
    [("packages", packages), ("holds", holds)].map(|(what, text)| (what.to_owned(), text)).into()
}
