//! The rules of the domain: versions, strategies, stages, hops.

mod builders;
mod cluster_api;
mod datastore;
mod finding;
mod hop;
mod next;
mod operator;
mod overrides;
mod plan;
mod preflight;
mod recorded_refusals;
mod releases;
mod stage;
mod stage_stuck;
mod strategy;
mod tenant_api;
mod upstream_strategy;
mod version;
mod way_out;
mod workers_names;
mod workers_passes;
mod workers_plan;
mod workers_progress;
mod workers_remaining;
mod workers_skew;
