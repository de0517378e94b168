//! A script that is killed, and run again.
//!
//! What a kill leaves is what stands on the disk and on the Node. So the state is kept after each line, and the script is run
//! again from every state that differs; it must end where an undisturbed run ends.

use std::collections::HashSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use planner::runbook::{PackageTool, PackagedOs};

use crate::golden::{HOPS, runbook};
use crate::real;
use crate::stage::{Packages, Stage, said};

/// The script with `after_line` behind each of its lines: in its body all of them but those of a `case`, in its functions those
/// that make a change (another one there would be what the function answers).
fn with_stops(script: &str) -> String {
    let mut text = String::new();
    let (mut in_body, mut in_case) = (false, false);
    for line in script.lines() {
        let words = line.trim_start();
        in_body |= line == "dry_run=no";
        in_case = (in_case || words.starts_with("case ")) && words != "esac";
        text.push_str(line);
        text.push('\n');
        if (in_body && !in_case) || words.starts_with("run ") || words == "\"$@\"" {
            text.push_str("after_line\n");
        }
    }
    let hook = "lines=0\nafter_line() {\n  lines=$((lines + 1))\n  eval \"$AFTER_LINE\"\n}\n";
    text.replacen("set -eu\n", &format!("set -eu\n{hook}"), 1)
}

/// Keeps the present state, by the number of the line.
const KEEP: &str = r#"cp -a "$STAGE" "$STAGE/../kept/$((lines + 1000))""#;

/// Runs the script with shell text that is evaluated after each line, where `$lines` counts them.
fn run_with(stage: &Stage, script: &str, after_line: &str) -> Output {
    let file = stage.folder().join("stops.sh");
    fs::write(&file, script).expect("a file");
    stage.command("sh").arg(file).env("AFTER_LINE", after_line).output().expect("a shell starts")
}

/// From each state that a kill after any line leaves, a second run ends where one undisturbed run ends.
fn assert_resumes(name: &str, os: PackagedOs, (hop, from, to): (&str, &str, &str), packages: Packages) {
    let script = runbook(os, from, to).script();
    let stage = Stage::set(&format!("stop-{name}-{}-{hop}", os.word()), os, from, packages);
    let kept = stage.folder().join("kept");
    fs::create_dir(&kept).expect("a folder");
    let output = run_with(&stage, &with_stops(&script), KEEP);
    assert!(output.status.success(), "{}", said(&output));
    let end = stage.state();

    let mut seen = HashSet::new();
    let mut names: Vec<String> = fs::read_dir(&kept)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a number"))
        .collect();
    names.sort();
    let lines = names.len();
    assert!(lines > 50, "a runbook has more lines than {lines}");
    for name in names {
        if !seen.insert(content(&kept.join(&name))) {
            continue;
        }
        stage.restore(&format!("kept/{name}"));
        let output = stage.run(&script, &[]);
        assert!(output.status.success(), "killed in state {name}: {}", said(&output));
        assert_eq!(stage.state(), end, "killed in state {name}");
    }
    let states = seen.len();
    assert!(states > 6, "a runbook makes more changes than {states}");
    eprintln!("{hop} on {os}: killed after each of {lines} lines, run again from {states} states");
}

/// The files under a folder that a second run goes by: all but logs and caches.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_symlink() || path.ends_with("log") || path.ends_with("cache") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is below").to_owned();
                files.push((name, fs::read(path).expect("a readable file")));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_killed_script_is_finished_by_the_next_run_for_each_hop() {
    for hop in HOPS {
        assert_resumes("stand-ins", PackagedOs::Debian, hop, Packages::StandIns);
    }
}

#[test]
fn a_killed_script_is_finished_by_the_next_run_for_each_tool() {
    for os in [PackagedOs::Fedora, PackagedOs::Suse] {
        assert_resumes("stand-ins", os, HOPS[1], Packages::StandIns);
    }
}

#[test]
fn a_killed_script_is_finished_by_the_next_run_with_the_real_apt() {
    assert_resumes("real", PackagedOs::Debian, HOPS[1], real::packages(PackageTool::Apt));
}

#[test]
fn a_killed_script_is_finished_by_the_next_run_with_the_real_dnf() {
    assert_resumes("real", PackagedOs::Rhel, HOPS[1], real::packages(PackageTool::Dnf));
}

#[test]
fn a_killed_script_is_finished_by_the_next_run_with_the_real_zypper() {
    assert_resumes("real", PackagedOs::Suse, HOPS[1], real::packages(PackageTool::Zypper));
}

/// On one machine: killed after its first line, run again and killed after its second, and so on.
#[test]
fn a_script_that_is_killed_again_and_again_arrives() {
    let (os, (_, from, to)) = (PackagedOs::Debian, HOPS[1]);
    let script = with_stops(&runbook(os, from, to).script());
    let stage = Stage::set("stop-again", os, from, Packages::StandIns);
    let mut survived = 0;
    loop {
        let output = run_with(&stage, &script, &format!("[ $lines -le {survived} ] || kill -KILL $$"));
        if output.status.success() {
            break;
        }
        assert_eq!(output.status.signal(), Some(9), "{}", said(&output));
        survived += 1;
    }
    assert!(survived > 50, "a runbook has more lines than {survived}");
    let undisturbed = Stage::set("stop-never", os, from, Packages::StandIns);
    let output = undisturbed.run(&runbook(os, from, to).script(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(stage.state(), undisturbed.state());
}

/// A node that somebody cordoned before stays cordoned, wherever the script was killed.
#[test]
fn what_somebody_else_cordoned_stays_cordoned() {
    let (_, from, to) = HOPS[1];
    let script = runbook(PackagedOs::Debian, from, to).script();
    let stage = Stage::set("stop-cordoned", PackagedOs::Debian, from, Packages::StandIns);
    stage.tell("unschedulable", "true");
    let kept = stage.folder().join("kept");
    fs::create_dir(&kept).expect("a folder");
    assert!(run_with(&stage, &with_stops(&script), KEEP).status.success());
    assert_eq!(stage.fact("unschedulable").as_deref(), Some("true"));
    let mut seen = HashSet::new();
    for entry in fs::read_dir(&kept).expect("a folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("a number");
        if !seen.insert(content(&kept.join(&name))) {
            continue;
        }
        stage.restore(&format!("kept/{name}"));
        let output = stage.run(&script, &[]);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(stage.fact("unschedulable").as_deref(), Some("true"), "killed in state {name}");
        assert_eq!(stage.fact("kubelet").as_deref(), Some(to));
    }
}

/// A script that is asked to end, rather than killed, holds what it has released.
#[test]
fn a_script_that_is_asked_to_end_leaves_no_package_without_its_hold() {
    let (_, from, to) = HOPS[1];
    for (os, released) in
        [(PackagedOs::Debian, "apt-mark unhold"), (PackagedOs::Suse, "zypper --non-interactive removelock")]
    {
        let script = with_stops(&runbook(os, from, to).script());
        let stage = Stage::set(&format!("stop-asked-{}", os.word()), os, from, Packages::StandIns);
        let stop = format!("if tail -n 1 \"$STAGE/log\" | grep -q '^{released}'; then kill -TERM $$; fi");
        let output = run_with(&stage, &script, &stop);
        assert_eq!(output.status.code(), Some(143), "{}", said(&output));
        for package in ["kubeadm", "kubelet", "kubectl"] {
            assert!(stage.now().join("held").join(package).exists(), "{package}");
        }
    }
}
