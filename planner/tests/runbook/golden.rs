//! Every kind of hop on every operating system, as it is handed out.
//!
//! `UPDATE_RUNBOOKS=1 cargo test -p planner --test runbook` writes the files again; the diff is then to be read.

use std::fs;
use std::path::Path;
use std::process::Command;

use planner::releases::ReleaseTable;
use planner::runbook::{PackagedOs, Runbook};

/// A patch, a minor, and all that skew allows.
pub(crate) const HOPS: [(&str, &str, &str); 3] =
    [("patch", "v1.34.2", "v1.34.9"), ("minor", "v1.33.4", "v1.34.9"), ("three-minors", "v1.31.4", "v1.34.9")];

pub(crate) fn runbook(os: PackagedOs, from: &str, to: &str) -> Runbook {
    let [from, to] = [from, to].map(|text| text.parse().expect("the test writes a version"));
    let node = "worker-1".parse().expect("the test writes a name");
    Runbook::new(node, os, from, to, &ReleaseTable::built_in()).expect("there is a way")
}

#[test]
fn runbooks_are_handed_out_as_they_were_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/runbook");
    let update = std::env::var_os("UPDATE_RUNBOOKS").is_some();
    let mut different = Vec::new();
    for os in PackagedOs::ALL {
        for (hop, from, to) in HOPS {
            let runbook = runbook(os, from, to);
            for (format, text) in [("sh", runbook.script()), ("md", runbook.markdown()), ("json", runbook.json())] {
                let file = folder.join(format!("{}-{hop}.{format}", os.word()));
                if update {
                    fs::write(&file, &text).expect("the folder can be written");
                } else if fs::read_to_string(&file).ok().as_deref() != Some(&text) {
                    different.push(file);
                }
            }
        }
    }
    assert!(different.is_empty(), "not as stored: {different:#?}");
}

/// By shellcheck where it is installed, by the shells themselves everywhere.
#[test]
fn every_script_is_one_that_shells_and_shellcheck_take() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/runbook");
    let mut checks = vec![vec!["sh", "-n"], vec!["bash", "-n"]];
    if Command::new("shellcheck").arg("--version").output().is_ok() {
        checks.push(vec!["shellcheck", "--shell=sh", "--enable=quote-safe-variables,deprecate-which"]);
    } else {
        eprintln!("shellcheck is not installed; sh and bash alone have read the scripts");
    }
    for os in PackagedOs::ALL {
        for (hop, ..) in HOPS {
            let file = folder.join(format!("{}-{hop}.sh", os.word()));
            for check in &checks {
                let output = Command::new(check[0]).args(&check[1..]).arg(&file).output().expect("it starts");
                let said = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(output.status.success(), "{check:?} {}: {said}", file.display());
            }
        }
    }
}

/// Whoever reads one format must find in it what the others say.
#[test]
fn every_format_has_every_command_and_every_word() {
    for os in PackagedOs::ALL {
        for (_, from, to) in HOPS {
            let runbook = runbook(os, from, to);
            let (script, page) = (runbook.script(), runbook.markdown());
            let read: Runbook = serde_json::from_str(&runbook.json()).expect("it reads what it wrote");
            assert_eq!(read, runbook);
            for step in &runbook.steps {
                assert!(script.contains(&step.title.replace('\'', r"'\''")), "{}", step.title);
                for text in [&step.title, &step.does, &step.expect, &step.otherwise] {
                    assert!(page.contains(text.as_str()), "{text}");
                }
                for command in &step.commands {
                    assert!(page.contains(&format!("\n{}\n", command.text)), "{}", command.text);
                }
            }
        }
    }
}
