//! Tenants that Cluster API owns: which object to change, and in which order.

mod advice;
mod builders;
mod films;
mod refused;
mod served;
