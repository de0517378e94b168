//! The rollout model against rollouts of the real controllers, and what follows from it: films, figures, the lab.

#[path = "../examples/replay/trace.rs"]
#[expect(dead_code, reason = "shared with the replay example, which prints what differs")]
mod trace;

#[path = "model/comparison.rs"]
mod comparison;
#[path = "model/costs.rs"]
mod costs;
#[path = "model/films.rs"]
mod films;
#[path = "model/hops.rs"]
mod hops;
#[path = "model/lab_search.rs"]
mod lab_search;
#[path = "model/labs.rs"]
mod labs;
#[path = "model/properties.rs"]
mod properties;
#[path = "model/pulls.rs"]
mod pulls;
#[path = "model/recorded.rs"]
mod recorded;
#[path = "model/traces.rs"]
mod traces;
