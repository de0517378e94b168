//! How a stored plan stands, and how its object says so.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::hop::{Binding, FactChange};
use crate::stage::is_finished;
use crate::strategy::Strategy;
use crate::tenant::{DeclaredVersion, TenantSnapshot};
use crate::time::{MachineMoment, UnixMillis};
use crate::version::KubernetesVersion;

/// The condition that says whether a plan still held when it was last looked at.
pub const CONDITION: &str = "Current";

/// The longest message of a condition that is written (characters); the API takes 32768.
const LONGEST_MESSAGE: usize = 1024;

/// How a stored plan stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PlanState {
    /// Nothing has changed that it was made from.
    Current,
    /// Something has; it cannot be started until it is renewed.
    Stale(Vec<FactChange>),
    /// What it plans has been written, by this console or by others.
    Started {
        /// The version that is wanted now.
        to: KubernetesVersion,
        /// Whether nothing of it is left to do.
        finished: bool,
    },
    /// The tenant is at what it plans, or beyond, so that there is nothing to start or to renew: made anew it would lead back.
    Over {
        /// The version it planned.
        to: KubernetesVersion,
    },
}

impl PlanState {
    pub(super) fn of(
        binding: &Binding,
        to: &KubernetesVersion,
        strategy: Option<Strategy>,
        now: &TenantSnapshot,
    ) -> Self {
        let changes = binding.changes(now);
        if changes.is_empty() {
            return Self::Current;
        }
        let planned = |facts: &Binding| {
            let facts = &facts.facts;
            let replaced_so = strategy.is_none_or(|wanted| facts.strategy.under_kamaji() == Ok(wanted));
            facts.wanted.0 == to.to_string() && replaced_so
        };
        let is = Binding::of(now);
        if is.uid == binding.uid && planned(&is) && !planned(binding) {
            return Self::Started { to: to.clone(), finished: is_finished(now) };
        }
        if is_over(binding, to, &is) { Self::Over { to: to.clone() } } else { Self::Stale(changes) }
    }

    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Stale(_) => "stale",
            Self::Started { finished: false, .. } => "started",
            Self::Started { finished: true, .. } => "done",
            Self::Over { .. } => "over",
        }
    }

    /// The reason of the condition, in the form that the API asks for.
    fn reason(&self) -> &'static str {
        match self {
            Self::Current => "NothingChanged",
            Self::Stale(_) => "FactsChanged",
            Self::Started { .. } => "Started",
            Self::Over { .. } => "Over",
        }
    }
}

/// Whether the version that is wanted or installed has come to what was planned, or beyond, by the way that the plan leads. A plan
/// that keeps the version is over only beyond it: a strategy can be written at any time.
pub(super) fn is_over(planned: &Binding, to: &KubernetesVersion, now: &Binding) -> bool {
    let Some(from) = planned.facts.wanted.as_kamaji_reads_it() else { return false };
    let Some(to) = DeclaredVersion(to.to_string()).as_kamaji_reads_it() else { return false };
    let reached = |version: &DeclaredVersion| {
        version.as_kamaji_reads_it().is_some_and(|is| match from.cmp(&to) {
            Ordering::Less => is >= to,
            Ordering::Equal => is > to,
            Ordering::Greater => is <= to,
        })
    };
    let facts = &now.facts;
    planned.uid == now.uid && (reached(&facts.wanted) || facts.installed.as_ref().is_some_and(reached))
}

impl fmt::Display for PlanState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current => f.write_str("nothing has changed that it was made from"),
            Self::Stale(changes) => {
                let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
                write!(f, "changed since it was made: {}", changes.join("; "))
            }
            Self::Started { to, finished: false } => write!(f, "what it plans was written: {to} is wanted now"),
            Self::Started { to, finished: true } => write!(f, "what it plans is done: {to} is installed and serves"),
            Self::Over { to } => write!(f, "it is over: the tenant has come to {to}, or beyond it"),
        }
    }
}

/// `status` of an object of this generation whose plan was looked at `now`. `before`: the status it has. The time of the condition
/// moves only with the condition, as the API's conventions ask; when it was looked at is `checkedAt`.
pub fn status(state: &PlanState, generation: i64, before: &Value, now: UnixMillis) -> Value {
    let holds = if *state == PlanState::Current { "True" } else { "False" };
    let now = MachineMoment(now).to_string();
    let conditions = before.get("conditions").and_then(Value::as_array).cloned().unwrap_or_default();
    let (mine, mut conditions): (Vec<Value>, Vec<Value>) =
        conditions.into_iter().partition(|condition| condition.get("type").and_then(Value::as_str) == Some(CONDITION));
    let since = mine.iter().find(|condition| condition.get("status").and_then(Value::as_str) == Some(holds));
    let since = since.and_then(|condition| condition.get("lastTransitionTime")).cloned();
    conditions.push(json!({
        "type": CONDITION,
        "status": holds,
        "reason": state.reason(),
        "message": state.to_string().chars().take(LONGEST_MESSAGE).collect::<String>(),
        "lastTransitionTime": since.unwrap_or_else(|| json!(now)),
        "observedGeneration": generation,
    }));
    json!({ "observedGeneration": generation, "checkedAt": now, "conditions": conditions })
}
