//! Tests of the crate through its public door, one file per subject.

mod change;
mod index;
mod malformed;
mod nodes;
mod observe;
mod operator;
mod plans;
mod recordings;
mod sandbox;
mod support;
