//! The runbook as a script for a POSIX shell.
//!
//! It is written so that it can be killed after any line and run again: each step first asks whether it is done, and what must
//! outlive the script stands on the Node. No command goes over two lines, and nothing waits for a terminal.

use std::fmt::Write as _;

use super::Runbook;
use super::os::{PackageTool, PackagedOs};
use super::shell::{Quoted, Word};
use super::source::READ_ON;
use super::steps::{Action, CORDON_ANNOTATION, Command, Context, DNF4, DNF5, Rights, Step};
use crate::version::KubernetesVersion;
use crate::workers::{GatedField, Pass, gated_fields};

const COMMON: &str = include_str!("script/common.sh");

/// Writes the script.
pub(super) fn write(runbook: &Runbook) -> String {
    let mut script = String::new();
    head(&mut script, runbook);
    script.push_str(COMMON);
    script.push('\n');
    script.push_str(match runbook.os.tool() {
        PackageTool::Apt => include_str!("script/apt.sh"),
        PackageTool::Dnf => include_str!("script/dnf.sh"),
        PackageTool::Zypper => include_str!("script/zypper.sh"),
    });
    script.push('\n');
    script.push_str(include_str!("script/start.sh"));
    for (index, pass) in runbook.passes.iter().enumerate() {
        write_pass(&mut script, runbook, index + 1, pass);
    }
    let after: Vec<&Step> = runbook.steps.iter().filter(|step| step.pass.is_none()).collect();
    for step in after {
        script.push('\n');
        write_step(&mut script, "", runbook, step, &runbook.to);
    }
    script.push_str(include_str!("script/end.sh"));
    script
}

fn head(script: &mut String, runbook: &Runbook) {
    let Runbook { node, os, from, to, passes, .. } = runbook;
    let mut line = |text: String| {
        script.push_str(&text);
        script.push('\n');
    };
    line("#!/bin/sh".to_owned());
    line(format!("# Upgrades the node {node} from {from} to {to} on {os}, by {}.", os.tool()));
    line("#".to_owned());
    line(format!(
        "# Made by the Tenant Upgrade Console, in the order of the Kubernetes documentation as read on {READ_ON}:"
    ));
    for step in &runbook.steps {
        if let Some(url) = step.source.url()
            && runbook.steps.iter().find(|it| it.source == step.source) == Some(step)
        {
            line(format!("#   {url}"));
        }
    }
    line("#".to_owned());
    line(
        "# Run it as root on the node; try it with --dry-run first. The lines with kubectl need an administrator's"
            .to_owned(),
    );
    line("# kubeconfig of the tenant cluster, which a worker usually has not; the script uses the one that KUBECONFIG names".to_owned());
    line("# (or kubectl's own default), and stops at the start if that may not drain nodes:".to_owned());
    line("#   KUBECONFIG=/path/to/admin.conf sh THIS_FILE --dry-run".to_owned());
    line(
        "# It can be run again after a stop at any line. What it must not forget stands on the Node, in an annotation."
            .to_owned(),
    );
    for (index, pass) in passes.iter().enumerate() {
        line(format!("#   pass {} of {}: {pass}", index + 1, passes.len()));
    }
    line("set -eu".to_owned());
    line("LC_ALL=C".to_owned());
    line("export LC_ALL".to_owned());
    line(String::new());
    let path = CORDON_ANNOTATION.replace('.', r"\.");
    let gated: Vec<String> = refused(passes).map(|field| format!("{}={}", field.path, field.gate)).collect();
    for (name, value) in [
        ("node", node.as_str()),
        ("family", &os.tool().to_string()),
        ("from", &from.to_string()),
        ("to", &to.to_string()),
        ("annotation", CORDON_ANNOTATION),
        ("annotation_path", &format!("{{.metadata.annotations.{path}}}")),
        ("gated_fields", &gated.join(" ")),
    ] {
        line(format!("{name}={}", Quoted(value)));
    }
    line(format!("repository=${{REPOSITORY_FILE:-{}}}", os.tool().repository_file()));
    if os.tool() == PackageTool::Dnf {
        line(format!("disable_excludes={}", Quoted(usual_dnf(*os))));
    }
    line(String::new());
}

/// The fields of a kubelet-config that one of the kubelets on the way refuses.
fn refused(passes: &[Pass]) -> impl Iterator<Item = &'static GatedField> {
    gated_fields().iter().filter(|field| passes.iter().any(|pass| pass.to.minor() < field.on_since))
}

/// Which DNF is taken where it does not say so itself.
fn usual_dnf(os: PackagedOs) -> &'static str {
    if os == PackagedOs::Fedora { DNF5 } else { DNF4 }
}

fn write_pass(script: &mut String, runbook: &Runbook, number: usize, pass: &Pass) {
    let count = runbook.passes.len();
    let version = pass.to.as_semver();
    let mut line = |text: String| {
        script.push_str(&text);
        script.push('\n');
    };
    line(format!("\n# Pass {number} of {count}: {pass}."));
    line(format!("if pass_is_done {version}; then"));
    line(format!("  say 'Pass {number} of {count}: the node has {} already.'", pass.to));
    line("else".to_owned());
    line(format!("  say 'Pass {number} of {count}: {pass}.'"));
    line(format!("  kubeadm_may_become {version}"));
    for step in runbook.steps.iter().filter(|step| step.pass == Some(number)) {
        script.push('\n');
        write_step(script, "  ", runbook, step, &pass.to);
    }
    script.push_str("fi\n");
}

fn write_step(script: &mut String, indent: &str, runbook: &Runbook, step: &Step, version: &KubernetesVersion) {
    if step.rights == Rights::Administrator {
        let _ = writeln!(script, "{indent}# Needs the administrator's kubeconfig.");
    }
    let place = runbook.steps.iter().position(|it| it == step).map_or(0, |index| index + 1);
    let title = format!("Step {place} of {}: {}", runbook.steps.len(), step.title);
    let _ = writeln!(script, "{indent}begin {}", Quoted(&title));
    // Backticks mean a command to a shell, though not in single quotes; those who check scripts stop at them all the same.
    let advice = step.otherwise.replace('`', "\"");
    let _ = writeln!(script, "{indent}advice={}", Quoted(&advice));
    for line in body(&runbook.context(), step.action, version) {
        let _ = writeln!(script, "{indent}{line}");
    }
}

/// The lines of a step: its commands behind the question whether they are needed.
fn body(context: &Context<'_>, action: Action, version: &KubernetesVersion) -> Vec<String> {
    let number = version.as_semver();
    let runs: Vec<String> = context.commands(action, version).iter().map(run).collect();
    match action {
        Action::SwitchRepository => {
            let minor = version.minor();
            let mut lines = vec![
                "minors=$(repository_minors)".to_owned(),
                r#"if [ -z "$minors" ]; then"#.to_owned(),
                r#"  warn "$repository names no minor in any address; it is left as it is""#.to_owned(),
                format!(r#"elif [ "$minors" = {minor} ]; then"#),
                "  say '    It is there already.'".to_owned(),
                "else".to_owned(),
            ];
            lines.extend(indented(runs));
            lines.push("fi".to_owned());
            lines
        }
        Action::Kubeadm => {
            let mut lines = install("kubeadm", number, runs);
            lines.push(format!("kubeadm_now={number}"));
            lines
        }
        Action::Kubectl => {
            let mut lines = vec![
                r#"if [ -z "$(installed_version kubectl)" ]; then"#.to_owned(),
                "  say '    It is no package here and stays as it is.'".to_owned(),
                format!("elif has kubectl {number}; then"),
            ];
            lines.extend(install("kubectl", number, runs).into_iter().skip(1));
            lines
        }
        Action::Kubelet => {
            let mut runs = runs;
            runs.push("kubelet_is_new=yes".to_owned());
            let mut lines = install("kubelet", number, runs);
            lines.push(format!("kubelet_now={number}"));
            lines
        }
        Action::NodeConfig => runs,
        Action::Drain => std::iter::once("remember_cordon".to_owned()).chain(runs).collect(),
        Action::Restart => {
            let mut lines = vec![format!("if restart_is_needed {number}; then")];
            lines.extend(indented(runs));
            lines.push("  kubelet_is_new=no".to_owned());
            lines.push("fi".to_owned());
            lines.push(format!("wait_for_kubelet {number}"));
            lines
        }
        Action::Hold => vec![
            "for package in kubeadm kubelet kubectl; do".to_owned(),
            r#"  if [ -n "$(installed_version "$package")" ]; then"#.to_owned(),
            r#"    hold_again "$package""#.to_owned(),
            "  fi".to_owned(),
            "done".to_owned(),
        ],
        Action::Uncordon => {
            let mut lines = vec![
                format!("wait_for_kubelet {number}"),
                "marked=$(node_field \"$annotation_path\")".to_owned(),
                r#"if [ -n "$marked" ] || [ "$cordon_is_ours" = yes ]; then"#.to_owned(),
            ];
            lines.extend(indented(runs));
            lines.push("else".to_owned());
            lines.push("  say '    This runbook did not cordon the node; it stays as it is.'".to_owned());
            lines.push("fi".to_owned());
            lines
        }
    }
}

/// Installs a package if it is not there yet. Between its release and its hold it is known as `unheld`, so that it is held
/// again whatever happens.
fn install(package: &str, number: &semver::Version, runs: Vec<String>) -> Vec<String> {
    let mut lines = vec![
        format!("if has {package} {number}; then"),
        format!("  say '    {package} {number} is installed already.'"),
        "else".to_owned(),
        format!("  unheld={package}"),
    ];
    lines.extend(indented(runs));
    lines.push("  unheld=".to_owned());
    lines.push(format!("  must_have {package} {number}"));
    lines.push("fi".to_owned());
    lines
}

fn indented(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| format!("  {line}"))
}

fn run(command: &Command) -> String {
    let words = command.iter().map(|word| match word {
        Word::Text(text) => Quoted(text).to_string(),
        Word::RepositoryFile => r#""$repository""#.to_owned(),
        Word::DisableExcludes => r#""$disable_excludes""#.to_owned(),
        Word::OnlyInScript(text) => (*text).to_owned(),
    });
    std::iter::once("run".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}
