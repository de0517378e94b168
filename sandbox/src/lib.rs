//! An embedded management cluster: the Kubernetes API on a loopback port, Kamaji's behaviour, the controllers, scheduler and
//! kubelet behind it, all in memory and in virtual time. To try the console with, and to test it with.
//!
//! ```text
//!   rest, control      the two doors: Kubernetes REST, and /sandbox to move the clock and break things
//!   shared             the world behind a lock, its clock, the faults
//!   world              the engine: a store, a virtual time, an agenda
//!   kamaji, cluster_api, controllers, scheduler, kubelet      who acts in it
//!   tenant_api           the tenants' own clusters
//!   store, kinds, error, access                  what an API server is made of
//!   scenario           the worlds to start with
//! ```
//!
//! **Architecture invariant:** the sandbox reads Kamaji and Kubernetes by itself. From `planner` it uses the sync functions
//! of the Deployment and ReplicaSet controllers, which are proved against the real ones, and plain types; it asks `planner`
//! for no verdict and no prediction, and no test compares a prediction with it.

pub mod access;
pub mod behaviour;
pub mod clock;
mod cluster_api;
mod control;
mod controllers;
pub mod error;
mod json;
mod kamaji;
pub mod kinds;
mod kubelet;
mod random;
mod rest;
pub mod scenario;
mod scheduler;
mod serve;
mod shared;
pub mod store;
mod strategy;
mod tenant_api;
pub mod world;

pub use crate::error::SandboxError;
pub use crate::serve::{Sandbox, SandboxHandle, SandboxOptions};
