//! How fast the rollout model is: `cargo run --release -p planner --example speed`.
//!
//! Each figure is the best of several rounds, because a busy machine only ever makes a round slower. `cargo xtask bench` runs it.
#![expect(clippy::print_stdout, reason = "a command line tool talks on standard output")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use planner::lab::{LabInput, Wishes, compare, recommend, search};
use planner::rollout::{Scenario, predict, predict_watched};
use planner::strategy::Strategy;

/// Rounds of which the best counts.
const ROUNDS: usize = 20;
/// How long a round lasts at least.
const ROUND: Duration = Duration::from_millis(20);

fn main() {
    println!("{:<10}{:>9}{:>15}{:>15}{:>14}", "strategy", "replicas", "instants", "a rollout", "an instant");
    for strategy in [Strategy::BLUE_GREEN, Strategy::ROLLING_ONE, Strategy::Recreate] {
        for replicas in [3, 12, 100] {
            let scenario = Scenario::hop(replicas, strategy, vec![20_000, 23_000, 27_000], 30_000);
            let mut instants: u32 = 0;
            predict_watched(&scenario, |_| instants += 1);
            let best = best_of(|| drop(black_box(predict(black_box(&scenario)))));
            let (name, each) = (strategy.to_string(), best / instants.max(1));
            println!("{name:<10}{replicas:>9}{instants:>15}{:>15}{:>14}", micros(best), micros(each));
        }
    }
    for replicas in [3, 12, 100] {
        let input = LabInput { replicas, ..LabInput::default() };
        let best = best_of(|| drop(black_box(compare(black_box(&input)))));
        println!("one comparison of the five strategies, {replicas} replicas: {}", micros(best));
    }
    for replicas in [3, 12, 20] {
        let input = LabInput { replicas, ..LabInput::default() };
        let found = search(&input, &Wishes::default());
        let all = best_of(|| drop(black_box(search(black_box(&input), &Wishes::default()))));
        let best = best_of(|| drop(black_box(recommend(black_box(&input)))));
        println!(
            "search over {} strategies, {replicas} replicas: {}; recommendation: {}",
            found.played,
            micros(all),
            micros(best)
        );
    }
}

/// The mean time of one call, in the best round.
fn best_of(mut work: impl FnMut()) -> Duration {
    let round = || {
        let begin = Instant::now();
        let mut calls: u32 = 0;
        while begin.elapsed() < ROUND {
            work();
            calls += 1;
        }
        begin.elapsed() / calls
    };
    std::iter::repeat_with(round).take(ROUNDS).min().unwrap_or_default()
}

fn micros(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}
