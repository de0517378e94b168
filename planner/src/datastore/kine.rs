use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

const MAX_OPEN: &str = "datastore-max-open-connections";
const MAX_IDLE: &str = "datastore-max-idle-connections";

/// kine's connection pool, as a tenant's `extraArgs.kine` sets it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KinePool {
    /// `--datastore-max-open-connections`; `None` = no limit, which is kine's default, and what 0 and less mean.
    pub max_open: Option<NonZeroU32>,
    /// `--datastore-max-idle-connections`; `None` = kine's default, 2 or 20 by its version. Less than 0 means that none is kept.
    pub max_idle: Option<u32>,
}

impl KinePool {
    /// Reads kine's arguments (`--flag=value`, as Kamaji takes them apart; the last one wins), and what of them is no number, in
    /// words. Everything that is not about the pool is passed over.
    pub fn of_arguments<'a>(arguments: impl IntoIterator<Item = &'a str>) -> (Self, Vec<String>) {
        let mut pool = Self::default();
        let mut problems = Vec::new();
        for argument in arguments {
            let Some((flag, value)) = argument.split_once('=') else { continue };
            let flag = flag.strip_prefix("--").or_else(|| flag.strip_prefix('-')).unwrap_or_default();
            if flag != MAX_OPEN && flag != MAX_IDLE {
                continue;
            }
            let Ok(number) = value.trim().parse::<i64>() else {
                problems.push(format!("`{flag}` is `{value}`, which is no number of connections"));
                continue;
            };
            let count = u32::try_from(number.max(0)).unwrap_or(u32::MAX);
            if flag == MAX_OPEN {
                pool.max_open = NonZeroU32::new(count);
            } else {
                pool.max_idle = (number != 0).then_some(count);
            }
        }
        (pool, problems)
    }
}

impl fmt::Display for KinePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max_open {
            Some(most) => write!(f, "at most {most} open")?,
            None => f.write_str("no limit of open ones")?,
        }
        match self.max_idle {
            Some(idle) => write!(f, ", {idle} kept idle"),
            None => f.write_str(", kine's default of idle ones"),
        }
    }
}
