//! The rollout model: what the Deployment and ReplicaSet controllers do, sync by sync.

pub mod deployment;
pub mod replica_set;
