//! The worlds a sandbox can start with. All but the hostile objects are made by the sandbox's own controllers playing the
//! past, so that pods, ReplicaSets and conditions have a history that fits together.

mod builder;
mod cluster_api;
mod hostile;
mod tenants;
mod workers;

use self::builder::Builder;
use crate::error::SandboxError;
use crate::shared::Setup;
use crate::world::World;

/// The world that shows every situation once.
pub const DEFAULT: &str = "default";

/// A world by name.
struct Scenario {
    name: &'static str,
    description: &'static str,
    build: fn(&mut Builder),
}

const SCENARIOS: [Scenario; 13] = [
    Scenario { name: DEFAULT, description: "every situation once", build: tenants::default },
    Scenario { name: "single", description: "only team-a/tenant-00, ready at v1.35.6", build: tenants::single },
    Scenario { name: "empty", description: "no tenant at all", build: tenants::empty },
    Scenario {
        name: "upgrading",
        description: "team-a/tenant-00 has been on its way to v1.36.4 for 12 seconds",
        build: tenants::upgrading,
    },
    Scenario {
        name: "tight",
        description: "nodes with room for one pod more than tenant-00 has",
        build: tenants::tight,
    },
    Scenario { name: "full", description: "nodes without room for any other pod", build: tenants::full },
    Scenario { name: "quota", description: "a quota of 4 pods in team-a", build: tenants::quota },
    Scenario {
        name: "unreachable",
        description: "the API server of team-a/tenant-00 does not answer Kamaji",
        build: tenants::unreachable,
    },
    Scenario {
        name: "far-registry",
        description: "images take 9 to 20 seconds to pull, and v1.36.4 is on no node",
        build: tenants::far_registry,
    },
    Scenario {
        name: "workers",
        description: "tenants whose own APIs tell what the management cluster does not know",
        build: workers::build,
    },
    Scenario {
        name: "shared-stores",
        description: "a DataStore of each driver with several tenants, one of them upgrading, and pods that are measured",
        build: tenants::shared_stores,
    },
    Scenario {
        name: "cluster-api",
        description: "tenants that Cluster API owns: with and without a topology, held, refused, in the middle",
        build: cluster_api::build,
    },
    Scenario { name: "many", description: "100 tenants in 10 namespaces", build: tenants::many },
];

/// Names and descriptions of all scenarios.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    SCENARIOS.iter().map(|scenario| (scenario.name, scenario.description))
}

/// Makes the world of a setup.
///
/// # Errors
/// If there is no scenario of this name.
pub(crate) fn build(setup: &Setup) -> Result<World, SandboxError> {
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == setup.scenario).ok_or_else(|| {
        let known: Vec<&str> = all().map(|(name, _)| name).collect();
        SandboxError::UnknownScenario { name: setup.scenario.clone(), known: known.join(", ") }
    })?;
    let mut builder = Builder::new(setup);
    (scenario.build)(&mut builder);
    Ok(builder.finish())
}
