//! Tests of the crate through its public door, one file per subject.

mod change;
mod cluster_api;
mod index;
mod malformed;
mod nodes;
mod observe;
mod observed;
mod operator;
mod plan;
mod plans;
mod recordings;
mod sandbox;
mod scope;
mod stored;
mod support;
mod tenants;
