//! The example `speed` as WebAssembly, for `cargo xtask bench` to measure in a browser.
#![cfg(target_family = "wasm")]

use planner::lab::{LabInput, Wishes, compare, recommend, search};
use planner::rollout::{Scenario, predict};
use wasm_bindgen::prelude::wasm_bindgen;

/// Plays one rollout so often; gives the instants of the last film.
///
/// # Errors
/// If `strategy` is none.
#[wasm_bindgen]
pub fn rollouts(strategy: &str, replicas: u32, times: u32) -> Result<u32, String> {
    let strategy = strategy.parse().map_err(|error: planner::strategy::StrategyError| error.to_string())?;
    let scenario = Scenario::hop(replicas, strategy, vec![20_000, 23_000, 27_000], 30_000);
    let mut pods = 0;
    for _ in 0..times {
        pods += predict(&scenario).film.pods.len();
    }
    Ok(u32::try_from(pods).unwrap_or(u32::MAX))
}

/// Compares the five strategies so often.
#[wasm_bindgen]
pub fn comparisons(replicas: u32, times: u32) -> u32 {
    let input = LabInput { replicas, ..LabInput::default() };
    (0..times).map(|_| u32::try_from(compare(&input).rows.len()).unwrap_or(0)).sum()
}

/// Searches all numbers of surge and unavailable so often.
#[wasm_bindgen]
pub fn searches(replicas: u32, times: u32) -> u32 {
    let input = LabInput { replicas, ..LabInput::default() };
    (0..times).map(|_| search(&input, &Wishes::default()).played).sum()
}

/// Recommends so often.
#[wasm_bindgen]
pub fn recommendations(replicas: u32, times: u32) -> u32 {
    let input = LabInput { replicas, ..LabInput::default() };
    (0..times).map(|_| u32::from(recommend(&input).is_some())).sum()
}
