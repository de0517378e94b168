//! Tests of the crate through its public door, one file per subject.

mod change;
mod index;
mod malformed;
mod nodes;
mod observe;
mod observed;
mod operator;
mod recordings;
mod sandbox;
mod scope;
mod support;
mod tenants;
