//! The placement simulator against the real kube-scheduler, and what is made of it for people.

#[path = "../examples/placement/case.rs"]
mod case;

#[path = "placement/builders.rs"]
mod builders;
#[path = "placement/cases.rs"]
mod cases;
#[path = "placement/filters.rs"]
mod filters;
#[path = "placement/namespace.rs"]
mod namespace;
#[path = "placement/quantities.rs"]
mod quantities;
#[path = "placement/rollouts.rs"]
mod rollouts;
#[path = "placement/search.rs"]
mod search;
#[path = "placement/size.rs"]
mod size;
