//! What the cluster costs: how long it takes to build and to start, and how much memory its processes hold.

use std::time::Duration;

use super::{
    process::{Memory, Process},
    programs::{self, Built},
    run::Run,
};

/// Print all of it. What this system does not tell is said to be unknown.
pub(crate) fn print(run: &Run) {
    println!("\nThe cluster:");
    match programs::built() {
        Built::Within(duration) => println!("    built in {} (once)", seconds(duration)),
        Built::NotMeasured => println!("    built by an earlier version of this program, which did not measure it"),
    }
    match run.started_within() {
        Some(duration) => println!("    started in {}, with its first tenant", seconds(duration)),
        None => println!("    it has not started whole"),
    }
    println!("\n    {:<28}{:>10}{:>10}", "memory (MB)", "now", "most");
    let mut sum = Memory::default();
    for process in run.processes() {
        let memory = process.memory();
        println!(
            "    {:<28}{:>10}{:>10}",
            process.name,
            megabytes(memory, |it| it.now),
            megabytes(memory, |it| it.most)
        );
        if let Some(memory) = memory {
            sum = sum + memory;
        }
    }
    println!("    {:<28}{:>10}", "together", megabytes(Some(sum), |it| it.now));
}

/// One line of `status`.
pub(crate) fn line(process: &Process) -> String {
    let state = if process.runs() { "runs" } else { "has ended" };
    let memory = process.memory().map(|memory| format!(" with {} MB", memory.now / 1_000_000)).unwrap_or_default();
    format!("  {:<26} {:>8} {state}{memory}", process.name, process.pid)
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn megabytes(memory: Option<Memory>, part: fn(Memory) -> u64) -> String {
    memory.map_or_else(|| "unknown".to_owned(), |memory| (part(memory) / 1_000_000).to_string())
}
