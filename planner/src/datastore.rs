//! What a hop puts on a DataStore: connections of all its tenants, now and while API servers are replaced.
//!
//! Nobody counts connections for us, so each number is a range with the reason for it ([`Connections`]): what drivers are known
//! to open for one API server, times the API servers that run. What has no upper end is said to have none.

mod connections;
mod driver;
mod kine;
mod load;

pub use self::connections::{AgainstLimit, Connections};
pub use self::driver::{Driver, ETCD_CLIENTS};
pub use self::kine::KinePool;
pub use self::load::DataStoreLoad;
