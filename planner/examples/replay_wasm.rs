//! The example `replay` as WebAssembly: `cargo xtask test --only replay` plays the same traces on both sides and compares what
//! each of them reports.
#![cfg(target_family = "wasm")]

#[path = "replay/report.rs"]
mod report;
#[path = "replay/trace.rs"]
#[expect(dead_code, reason = "shared with the replay example, which counts by class and flag")]
mod trace;

use wasm_bindgen::prelude::wasm_bindgen;

/// The report on a file of traces, gzipped or plain.
///
/// # Errors
/// If it cannot be read.
#[wasm_bindgen]
pub fn report(file: &[u8]) -> Result<String, String> {
    let traces = trace::read(file).map_err(|error| error.to_string())?;
    Ok(report::report(&traces))
}
