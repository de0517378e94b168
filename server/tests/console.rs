//! The whole console: as a router that is asked without a socket, and as the process that people start.

#[path = "console/harness.rs"]
mod harness;
#[path = "console/live.rs"]
mod live;
#[path = "console/pages.rs"]
mod pages;
#[path = "console/plan.rs"]
mod plan;
#[path = "console/process.rs"]
mod process;
#[path = "console/security.rs"]
mod security;
#[path = "console/stored.rs"]
mod stored;
