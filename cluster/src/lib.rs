//! Everything that speaks Kubernetes: resource types, watches, the index, changes.
//!
//! Objects become plain `planner` facts once, at the edge ([`resources`]); one task owns the pure [`index`] and publishes
//! snapshots; readers hold an [`observer::Observer`]. Writes go through [`change::Changes`] only.
//!
//! **Architecture invariant:** no rule of upgrading stands here, all are asked of `planner`. No object is kept whole, no field
//! is written that a change does not name, and every call that answers or writes takes an [`identity::Identity`].

pub mod change;
mod cluster_api;
mod data_store;
pub mod errors;
pub mod health;
pub mod identity;
pub mod index;
pub mod observe;
pub mod observer;
mod operator;
pub mod recording;
pub mod registry;
pub mod resources;
mod room;
pub mod scope;
pub mod tenant_access;
mod usage;

use std::sync::Arc;

use planner::time::UnixMillis;

pub use crate::change::{ChangeError, Changes, DryRun, DryRunAnswer, PlanOptions, Started};
pub use crate::errors::{IdentityError, NamespaceError, RecordingError};
pub use crate::health::{Health, Playback, Source, WatchState};
pub use crate::identity::{Credentials, Identity, Visibility, who_am_i};
pub use crate::index::Index;
pub use crate::observe::observe;
pub use crate::observer::{Fleet, Observer};
pub use crate::recording::Recording;
pub use crate::registry::Registries;
pub use crate::scope::{Namespace, Scope, Watch};
pub use crate::tenant_access::{TenantAccess, Transport};

/// What time it is. The wall clock of a server, the hand-set clock of a test, the time of a recording.
pub type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;
