//! Tenants that Cluster API owns: which object to change, and in which order.

mod advice;
pub(crate) mod builders;
mod films;
mod refused;
mod remarks;
mod served;
