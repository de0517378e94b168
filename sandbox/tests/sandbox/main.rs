//! The sandbox through its doors. What it must look like was recorded from a real Kamaji.

mod access;
mod api;
mod cluster_api;
mod doors;
mod images;
mod metrics;
mod plans;
mod refusals;
mod support;
mod tenants;
mod upgrades;
mod watches;
