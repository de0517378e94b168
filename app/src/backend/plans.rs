//! Stored plans, for whoever may see their tenant.

use cluster::Identity;
use cluster::change::ChangeError;
use planner::plan::stored::{Asked, ListedPlan, PlanName, PlanState, StoredPlan, Storing};
use planner::tenant::{TenantId, TenantSnapshot};

use super::{Backend, Request, bad_input, from_change, read_strategy};
use crate::error::ConsoleError;
use crate::fleet::PlanLink;
use crate::tenant::plans::{Compared, PlansHere, StoredHere};

impl Backend {
    /// The newest stored plan of a tenant that is still to be started.
    pub(super) fn open_plan(&self, identity: &Identity, snapshot: &TenantSnapshot) -> Option<PlanLink> {
        self.observer.plans(identity, &snapshot.id).into_iter().find_map(|plan| match plan {
            ListedPlan::Broken { .. } => None,
            ListedPlan::Readable(line) => {
                let stale = match line.state(snapshot) {
                    PlanState::Current => false,
                    PlanState::Stale(_) => true,
                    PlanState::Started { .. } | PlanState::Over { .. } => return None,
                };
                Some(PlanLink { name: line.name, version: line.version, stale })
            }
        })
    }
}

impl Request {
    /// The stored plans of a tenant, the newest first.
    pub(crate) fn plans(&self, id: &TenantId) -> Result<PlansHere, ConsoleError> {
        self.backend.snapshot(&self.identity, id)?;
        let storing = match &self.backend.changes {
            Some(_) => self.backend.observer.storing(&id.namespace),
            None => Storing::Unlisted("a recording is played".to_owned()),
        };
        let observer = &self.backend.observer;
        Ok(PlansHere {
            storing,
            plans: observer.plans(&self.identity, id),
            more: observer.more_plans(&self.identity, id),
        })
    }

    /// A stored plan with what has changed since it was made, told by making it anew.
    pub(crate) async fn stored_plan(&self, id: &TenantId, name: &str) -> Result<StoredHere, ConsoleError> {
        let name: PlanName = name.parse().map_err(bad_input)?;
        self.backend.snapshot(&self.identity, id)?;
        let changes = self.changes(id)?;
        let failed = |error| from_plan_change(id, &name, error);
        let plan = changes.stored(&self.identity, id, &name).await.map_err(failed)?;
        let compared = match changes.plan_asked(&self.identity, id, &plan.asked).await {
            Ok(anew) => Compared::With { changes: plan.changes(&anew), anew: Box::new(anew) },
            Err(error) => Compared::Failed(error.to_string()),
        };
        Ok(StoredHere { line: plan.line(), digest: plan.document.digest, compared })
    }

    /// Stores the plan of a choice, if it is still the one that was seen.
    pub(crate) async fn store_plan(
        &self,
        id: &TenantId,
        version: &str,
        strategy: &str,
        seen: &str,
    ) -> Result<StoredPlan, ConsoleError> {
        let asked = Asked {
            version: version.parse().map_err(bad_input)?,
            strategy: read_strategy(strategy)?,
            overrides: Vec::new(),
            data_store_limit: None,
        };
        let stored = self.changes(id)?.store(&self.identity, id, asked, Some(seen)).await;
        stored.map_err(|error| from_store(id, error))
    }

    /// Makes a stored plan anew.
    pub(crate) async fn renew_plan(&self, id: &TenantId, name: &str, seen: &str) -> Result<(), ConsoleError> {
        let name: PlanName = name.parse().map_err(bad_input)?;
        let renewed = self.changes(id)?.renew(&self.identity, id, &name, seen).await;
        renewed.map(|_| ()).map_err(|error| from_plan_change(id, &name, error))
    }

    /// Deletes a stored plan; `seen` is empty for one that cannot be read.
    pub(crate) async fn delete_plan(&self, id: &TenantId, name: &str, seen: &str) -> Result<(), ConsoleError> {
        let name: PlanName = name.parse().map_err(bad_input)?;
        let seen = (!seen.is_empty()).then_some(seen);
        let deleted = self.changes(id)?.delete_plan(&self.identity, id, &name, seen).await;
        deleted.map_err(|error| from_plan_change(id, &name, error))
    }
}

/// A start of a stored plan that failed, in the words of the HTTP edge. What it writes is the tenant.
pub(super) fn from_start(id: &TenantId, name: &PlanName, error: ChangeError) -> ConsoleError {
    match error {
        ChangeError::NoSuchPlan => ConsoleError::UnknownPlan(name.to_string()),
        ChangeError::PlanUnusable(why) => ConsoleError::PlanUnusable(why.to_string()),
        other => match from_change(id, other) {
            ConsoleError::Changed(changes) => ConsoleError::PlanChanged(changes),
            other => other,
        },
    }
}

/// A failed request about one stored plan. What it writes is the plan.
fn from_plan_change(id: &TenantId, name: &PlanName, error: ChangeError) -> ConsoleError {
    match error {
        ChangeError::PlanOver => {
            ConsoleError::PlanUnusable("the tenant has come to what it plans, or beyond it".to_owned())
        }
        other => match from_start(id, name, other) {
            ConsoleError::Uncertain(words) => ConsoleError::PlanUncertain(words),
            other => other,
        },
    }
}

/// A plan that could not be stored. It has no name before it is.
fn from_store(id: &TenantId, error: ChangeError) -> ConsoleError {
    match error {
        ChangeError::PlanUnusable(why) => ConsoleError::PlanUnusable(why.to_string()),
        other => match from_change(id, other) {
            ConsoleError::Changed(changes) => ConsoleError::PlanChanged(changes),
            ConsoleError::Uncertain(words) => ConsoleError::PlanUncertain(words),
            other => other,
        },
    }
}

#[cfg(test)]
mod tests {
    use cluster::change::RequestStep;
    use planner::hop::FactChange;
    use planner::plan::stored::StoredPlanError;

    use super::*;

    #[test]
    fn errors_about_plans_speak_of_plans_and_never_say_that_nothing_was_written_where_that_is_not_known() {
        let changed = || ChangeError::Changed { changes: vec![FactChange::new("a", "b", "c")] };
        let unusable = || ChangeError::PlanUnusable(StoredPlanError::Name);
        let unreachable = |step| ChangeError::Unreachable { step, why: "reset".to_owned() };
        let silent = |step| ChangeError::NoAnswer { step, seconds: 5 };
        let odd = || ChangeError::Unexpected { step: RequestStep::Write, words: "odd".to_owned() };
        let cases = [
            (ChangeError::NoSuchPlan, "No such plan", "No such plan"),
            (changed(), "The plan no longer holds", "The plan no longer holds"),
            (ChangeError::Conflict { tries: 3 }, "The plan no longer holds", "The plan no longer holds"),
            (unusable(), "The plan cannot be used", "The plan cannot be used"),
            (unreachable(RequestStep::Write), "rollout page", "list of stored plans"),
            (silent(RequestStep::Write), "rollout page", "list of stored plans"),
            (odd(), "rollout page", "list of stored plans"),
            (unreachable(RequestStep::DryRun), "cannot be reached", "cannot be reached"),
            (silent(RequestStep::Read), "does not answer", "does not answer"),
        ];
        let id = TenantId { namespace: "team-a".to_owned(), name: "tenant-00".to_owned() };
        let name: PlanName = "one".parse().expect("a name");
        for (error, starting, keeping) in cases {
            let started = from_start(&id, &name, error.clone());
            let kept = from_plan_change(&id, &name, error.clone());
            for (said, words) in [(started, starting), (kept, keeping)] {
                let (heading, advice) = (said.heading(), said.advice());
                assert!(heading.contains(words) || advice.contains(words), "{error:?}: {heading}. {advice}");
                assert!(error.nothing_written() || !advice.contains("Nothing was written"), "{error:?}: {advice}");
                assert!(
                    error.nothing_written() || said.status() == 504,
                    "a plain form says by the status what is known"
                );
            }
        }
    }
}
