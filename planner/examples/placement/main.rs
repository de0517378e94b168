//! Asks the placement simulator what the real kube-scheduler was asked.
//!
//! `cargo run --release -p planner --example placement -- FILE.json[.gz]…` prints, per class, in how many cases both say the
//! same, and for each other one the first difference. The exit code is 1 if any differs, 2 if a file cannot be read.
#![expect(clippy::print_stdout, reason = "a command line tool talks on standard output")]

mod case;

use std::collections::BTreeMap;
use std::process::ExitCode;

use case::Case;

/// Cases of one class: in how many the simulator agrees, of how many.
#[derive(Default)]
struct Tally {
    passed: usize,
    total: usize,
}

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        println!("usage: placement FILE.json[.gz]…");
        return ExitCode::from(2);
    }
    let mut classes: BTreeMap<String, Tally> = BTreeMap::new();
    for file in &files {
        let read = || -> Result<Vec<Case>, Box<dyn std::error::Error>> { case::read(&std::fs::read(file)?) };
        match read() {
            Ok(cases) => cases.iter().for_each(|case| judge(case, &mut classes)),
            Err(error) => {
                println!("`{file}` cannot be read: {error}");
                return ExitCode::from(2);
            }
        }
    }
    for (class, tally) in &classes {
        println!("{class:<14} {:>4} of {:>4}", tally.passed, tally.total);
    }
    let passed: usize = classes.values().map(|tally| tally.passed).sum();
    let total: usize = classes.values().map(|tally| tally.total).sum();
    println!("{:<14} {passed:>4} of {total:>4}", "all");
    if passed == total { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn judge(case: &Case, classes: &mut BTreeMap<String, Tally>) {
    let tally = classes.entry(case.class.clone()).or_default();
    tally.total += 1;
    match case.first_difference() {
        None => tally.passed += 1,
        Some(difference) => println!("{}: {difference}", case.id),
    }
}
