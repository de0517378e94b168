//! The controller manager: the Deployment and ReplicaSet controllers.
//!
//! What a sync decides is `planner`'s model of the real controllers; here objects become its plain data and its writes
//! become objects and events.

mod deployment;
mod replica_set;
