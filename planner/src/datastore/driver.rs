use std::fmt;

use super::{Connections, KinePool};

/// Connections of one API server to each member of etcd, without any CustomResourceDefinition.
///
/// kube-apiserver makes one etcd client for each kind that it stores and a few for itself (`newETCD3Storage`), and an etcd client
/// since 3.4 connects to every endpoint that it is given. Counted: 65 by v1.36.3 (64 to each further member), 66
/// (etcd issue 10717), 59 (kubernetes issue 111476), about 50 (kubernetes pull request 105826). Each CustomResourceDefinition
/// of the tenant adds one (kubernetes issue 111622).
pub const ETCD_CLIENTS: Connections = Connections { least: 50, most: Some(66) };

/// `spec.driver` of a DataStore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Driver {
    /// etcd; the API server speaks to it itself.
    Etcd,
    /// MySQL, through a kine beside each API server.
    MySql,
    /// PostgreSQL, through a kine beside each API server.
    PostgreSql,
    /// NATS, through a kine beside each API server.
    Nats,
    /// A word that this console does not know.
    Other(String),
}

impl Driver {
    /// What one API server opens; `None` for a driver that is not known.
    ///
    /// A kine with an SQL database tries its connection before it does anything, so it holds at least one, and opens as many as
    /// queries run at the same time unless its pool is limited (`OpenDB`, `database/sql`). With NATS it connects once.
    pub fn per_api_server(&self, pool: &KinePool) -> Option<Connections> {
        match self {
            Self::Etcd => Some(ETCD_CLIENTS),
            Self::MySql | Self::PostgreSql => {
                Some(Connections { least: 1, most: pool.max_open.map(|most| u64::from(most.get())) })
            }
            Self::Nats => Some(Connections { least: 1, most: Some(1) }),
            Self::Other(_) => None,
        }
    }

    /// Why it is so many, in a sentence.
    pub fn reason(&self) -> String {
        match self {
            Self::Etcd => {
                let Connections { least, most } = ETCD_CLIENTS;
                format!(
                    "Assumed: one API server opens {least} to {} connections to each member of etcd (v1.36.3 was counted at 65), \
                     and one more for each CustomResourceDefinition of the tenant.",
                    most.unwrap_or(least)
                )
            }
            Self::MySql | Self::PostgreSql => {
                "From the settings: the kine beside each API server keeps a pool of its own, limited only by \
                 `--datastore-max-open-connections` in `extraArgs.kine`; what stays open at rest is \
                 `--datastore-max-idle-connections`, which is 2 or 20 by kine's version where it is not set."
                    .to_owned()
            }
            Self::Nats => {
                "From kine's source: the kine beside each API server opens one connection to NATS.".to_owned()
            }
            Self::Other(name) => format!("How many connections the driver `{name}` opens is not known."),
        }
    }

    /// What is counted, in words: an etcd client connects to each member, so each member sees all of them.
    pub fn counted(&self) -> &'static str {
        match self {
            Self::Etcd => "connections to each member of etcd",
            Self::MySql | Self::PostgreSql | Self::Nats | Self::Other(_) => "connections",
        }
    }

    /// How many connections the server itself takes where nobody changed that; `None` where it has no such setting.
    pub fn usual_limit(&self) -> Option<u32> {
        match self {
            Self::PostgreSql => Some(100),
            Self::MySql => Some(151),
            Self::Etcd | Self::Nats | Self::Other(_) => None,
        }
    }
}

impl From<&str> for Driver {
    fn from(word: &str) -> Self {
        match word {
            "etcd" => Self::Etcd,
            "MySQL" => Self::MySql,
            "PostgreSQL" => Self::PostgreSql,
            "NATS" => Self::Nats,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Etcd => "etcd",
            Self::MySql => "MySQL",
            Self::PostgreSql => "PostgreSQL",
            Self::Nats => "NATS",
            Self::Other(word) => word,
        })
    }
}
