//! Replays traces of real rollouts through the model.
//!
//! `cargo run --release -p planner --example replay -- FILE.json[.gz]…` prints, per class, how many traces the model equals,
//! and for each other one the first difference. The exit code is 1 if any differs, 2 if a file cannot be read.
//!
//! With `--report` before the files it prints the whole prediction for each trace instead, one line a trace.
#![expect(clippy::print_stdout, reason = "a command line tool talks on standard output")]

mod report;
mod trace;

use std::collections::BTreeMap;
use std::process::ExitCode;

use trace::{Demand, Trace};

/// Traces of one class: how many equal the model, of how many.
#[derive(Default)]
struct Tally {
    /// In everything that binds a real cluster.
    passed: usize,
    /// In everything, conditions included.
    exact: usize,
    total: usize,
}

fn main() -> ExitCode {
    let mut files: Vec<String> = std::env::args().skip(1).collect();
    let whole = files.first().is_some_and(|first| first == "--report");
    if whole {
        files.remove(0);
    }
    if files.is_empty() {
        println!("usage: replay [--report] FILE.json[.gz]…");
        return ExitCode::from(2);
    }
    let mut classes: BTreeMap<String, Tally> = BTreeMap::new();
    for file in &files {
        let read = || -> Result<Vec<Trace>, Box<dyn std::error::Error>> { trace::read(&std::fs::read(file)?) };
        match read() {
            Ok(traces) if whole => print!("{}", report::report(&traces)),
            Ok(traces) => traces.iter().for_each(|trace| judge(trace, &mut classes)),
            Err(error) => {
                println!("`{file}` cannot be read: {error}");
                return ExitCode::from(2);
            }
        }
    }
    if whole {
        return ExitCode::SUCCESS;
    }
    let mut sum = Tally::default();
    for (class, tally) in &classes {
        println!("{class:<12} {:>4} of {:>4} ({} to the last condition)", tally.passed, tally.total, tally.exact);
        sum.passed += tally.passed;
        sum.exact += tally.exact;
        sum.total += tally.total;
    }
    println!("{:<12} {:>4} of {:>4} ({} to the last condition)", "all", sum.passed, sum.total, sum.exact);
    if sum.passed == sum.total { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn judge(trace: &Trace, classes: &mut BTreeMap<String, Tally>) {
    let tally = classes.entry(trace.class.clone()).or_default();
    tally.total += 1;
    let exact = trace.first_difference(Demand::Everything);
    tally.exact += usize::from(exact.is_none());
    let difference = if trace.demand() == Demand::Everything { exact } else { trace.first_difference(trace.demand()) };
    match difference {
        None => tally.passed += 1,
        Some(difference) => println!("{} ({}): {difference}", trace.id, trace.flags.order_sensitive),
    }
}
