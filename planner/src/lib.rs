//! The upgrade domain of the Tenant Upgrade Console.
//!
//! Every rule stands here once: which version may come next, what a strategy does to the pods, what blocks an upgrade,
//! when a hop is settled. The picker, the preflight, the executor, the review page and the command line all ask this crate.
//!
//! **Architecture invariant:** no I/O, no clock, no randomness, no async, and nothing of leptos, axum or kube. Times and
//! observations come in as arguments. The same code runs on the server and, as WebAssembly, in the browser, and gives the
//! same answer in both.

pub mod cluster_api;
pub mod cost;
pub mod datastore;
pub mod film;
pub mod finding;
pub mod hop;
pub mod lab;
pub mod next;
pub mod operator;
pub mod placement;
pub mod plan;
pub mod releases;
pub mod rollout;
pub mod runbook;
mod shell;
pub mod stage;
pub mod strategy;
pub mod tenant;
pub mod tenant_api;
pub mod time;
pub mod version;
pub mod workers;
