//! Plans that are kept as objects beside their tenants. They are read, written and deleted as the person.

use std::time::Duration;

use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions};
use kube::core::GroupVersionKind;
use kube::{Api, Error};
use planner::hop::{FactChange, HopRequest};
use planner::plan::UpgradePlan;
use planner::plan::stored::{
    Asked, CurrentPlan, GROUP, KIND, ListedPlan, PLURAL, PlanName, PlanState, StoredPlan, Storing, VERSION, status,
};
use planner::tenant::TenantId;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::answer::within;
use super::{ChangeError, Changes, FIELD_MANAGER, MOST_TRIES, PlanOptions, RequestStep, Started};
use crate::identity::Identity;

/// How long a list may take to show what was written; whoever may write plans need not be able to list them.
const LISTED_WITHIN: Duration = Duration::from_secs(1);

/// A stored plan as it was just read: the plan, or why it is none, and the object around it.
struct Found {
    plan: Result<StoredPlan, ChangeError>,
    object: DynamicObject,
}

impl Changes {
    /// Makes the plan that was asked for, or that a stored one was made of. Of its overrides only those of the person count: an
    /// object says whose they are, but cannot prove it.
    ///
    /// # Errors
    /// As [`Changes::plan_with`].
    pub async fn plan_asked(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        asked: &Asked,
    ) -> Result<UpgradePlan, ChangeError> {
        let own = asked.overrides.iter().filter(|given| given.person() == identity.user);
        let options = PlanOptions {
            data_store_limit: asked.data_store_limit,
            overrides: own.cloned().collect(),
            ..PlanOptions::default()
        };
        self.plan_with(identity, tenant, &asked.version, asked.strategy, &options).await
    }

    /// Makes a plan and stores it, as the person. `seen`: the digest of the plan that the person looked at, where one was shown.
    /// The same plan is stored once: whoever stores it again gets the one that there is.
    ///
    /// # Errors
    /// [`ChangeError::Changed`] if it is no longer the plan that was seen; else as a write.
    #[tracing::instrument(skip_all, fields(user = identity.user, %tenant, version = %asked.version))]
    pub async fn store(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        asked: Asked,
        seen: Option<&str>,
    ) -> Result<StoredPlan, ChangeError> {
        self.served(tenant)?;
        let made = self.plan_asked(identity, tenant, &asked).await?;
        if seen.is_some_and(|seen| seen != made.digest) {
            return Err(changed("the plan", "as you looked at it", "made anew it is another"));
        }
        let plan = StoredPlan::new(made, asked, &identity.user, (self.clock)());
        let object: DynamicObject = serde_json::from_value(plan.object()?).map_err(|error| unexpected(&error))?;
        let api = self.plans(identity, tenant)?;
        for step in [RequestStep::DryRun, RequestStep::Write] {
            let params = post_params(step);
            let created = async {
                match api.create(&params, &object).await {
                    Err(Error::Api(status)) if status.reason == "AlreadyExists" => Ok(None),
                    answer => answer.map(Some),
                }
            };
            match self.about(tenant, within(step, created).await)? {
                None => return self.store_again(identity, plan).await,
                Some(created) if step == RequestStep::Write => {
                    self.note(&api, &plan, &created, &PlanState::Current).await;
                }
                Some(_) => {}
            }
        }
        tracing::info!(plan.name = %plan.name, "a plan was stored");
        self.until_listed(tenant, |plans| plans.iter().any(|known| *known.name() == plan.name)).await;
        Ok(plan)
    }

    /// A plan of this name is there: the same one, or one that was renewed since and is renewed to this.
    async fn store_again(&self, identity: &Identity, plan: StoredPlan) -> Result<StoredPlan, ChangeError> {
        let there = self.found(identity, &plan.tenant(), &plan.name).await?;
        match &there.plan {
            Ok(known) if known.document.digest == plan.document.digest => Ok(known.clone()),
            _ => self.replace(identity, there.object, plan).await,
        }
    }

    /// A stored plan.
    ///
    /// # Errors
    /// [`ChangeError::NoSuchPlan`] also where the person may not see it, [`ChangeError::PlanUnusable`], and as reading.
    pub async fn stored(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        name: &PlanName,
    ) -> Result<StoredPlan, ChangeError> {
        self.found(identity, tenant, name).await?.plan
    }

    /// Makes a stored plan anew and puts it in the place of the former one. `seen`: the digest of the one that the person looked at.
    ///
    /// # Errors
    /// [`ChangeError::Changed`] if somebody else renewed it meanwhile, [`ChangeError::PlanOver`]; else as a write.
    #[tracing::instrument(skip_all, fields(user = identity.user, %tenant, plan.name = %name))]
    pub async fn renew(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        name: &PlanName,
        seen: &str,
    ) -> Result<StoredPlan, ChangeError> {
        for _ in 0..MOST_TRIES {
            let found = self.found(identity, tenant, name).await?;
            let before = found.plan?;
            unchanged(&before, seen)?;
            let made = self.plan_asked(identity, tenant, &before.asked).await?;
            if before.is_over(&made.binding) {
                return Err(ChangeError::PlanOver);
            }
            let renewed = StoredPlan::new(made, before.asked, &identity.user, (self.clock)());
            let renewed = StoredPlan { name: name.clone(), ..renewed };
            match self.replace(identity, found.object, renewed).await {
                Err(ChangeError::Conflict { .. }) => {}
                answer => return answer,
            }
        }
        Err(ChangeError::Conflict { tries: MOST_TRIES })
    }

    /// Deletes a stored plan. `seen`: the digest of the one that the person looked at; `None` for one that cannot be read.
    ///
    /// # Errors
    /// [`ChangeError::Changed`] if it is another one by now; else as a write.
    #[tracing::instrument(skip_all, fields(user = identity.user, %tenant, plan.name = %name))]
    pub async fn delete_plan(
        &self,
        identity: &Identity,
        tenant: &TenantId,
        name: &PlanName,
        seen: Option<&str>,
    ) -> Result<(), ChangeError> {
        let found = self.found(identity, tenant, name).await?;
        match (&found.plan, seen) {
            (Ok(plan), seen) => unchanged(plan, seen.unwrap_or_default())?,
            (Err(_), None) => {}
            (Err(error), Some(_)) => return Err(error.clone()),
        }
        let metadata = found.object.metadata;
        let preconditions = Preconditions { uid: metadata.uid, resource_version: metadata.resource_version };
        let api = self.plans(identity, tenant)?;
        for step in [RequestStep::DryRun, RequestStep::Write] {
            let params = DeleteParams {
                dry_run: step == RequestStep::DryRun,
                preconditions: Some(preconditions.clone()),
                ..DeleteParams::default()
            };
            self.about(tenant, within(step, api.delete(name.as_str(), &params)).await)?;
        }
        tracing::info!("a plan was deleted");
        self.until_listed(tenant, |plans| plans.iter().all(|known| known.name() != name)).await;
        Ok(())
    }

    /// Starts the hop of a stored plan, if the plan still holds. `request`: what the person agreed to; it must be the planned hop.
    ///
    /// # Errors
    /// [`ChangeError::Changed`] with all that changed since the plan was made; else as [`Changes::start`].
    #[tracing::instrument(skip_all, fields(user = identity.user, tenant = %request.tenant, plan.name = %name))]
    pub async fn start_stored(
        &self,
        identity: &Identity,
        name: &PlanName,
        request: &HopRequest,
    ) -> Result<Started, ChangeError> {
        let tenant = &request.tenant;
        let Found { plan, object } = self.found(identity, tenant, name).await?;
        let plan = plan?;
        let anew = self.plan_asked(identity, tenant, &plan.asked).await?;
        let current: CurrentPlan<'_> = match plan.current(&anew) {
            Ok(current) => current,
            Err(changes) => {
                let api = self.plans(identity, tenant)?;
                self.note(&api, &plan, &object, &PlanState::Stale(changes.clone())).await;
                return Err(ChangeError::Changed { changes });
            }
        };
        let planned =
            current.request(request.acknowledged.clone(), request.typed_name.clone(), request.despite.clone());
        if planned != *request {
            let words = |request: &HopRequest| {
                let strategy = request.strategy.map_or_else(|| "as declared".to_owned(), |it| it.to_string());
                format!("{} with strategy {strategy}", request.version)
            };
            let mut changes = planned.binding.changes_to(&request.binding);
            if changes.is_empty() {
                changes.push(FactChange::new("what is planned", words(&planned), words(request)));
            }
            return Err(ChangeError::Changed { changes });
        }
        let started = self.start(identity, &planned).await?;
        let state = PlanState::Started { to: planned.version, finished: false };
        self.note(&self.plans(identity, tenant)?, &plan, &object, &state).await;
        Ok(started)
    }

    /// Reads a plan as the person.
    async fn found(&self, identity: &Identity, tenant: &TenantId, name: &PlanName) -> Result<Found, ChangeError> {
        let api = self.plans(identity, tenant)?;
        let object = self.about(tenant, within(RequestStep::Read, api.get(name.as_str())).await)?;
        let value = serde_json::to_value(&object).map_err(|error| unexpected(&error))?;
        let plan = StoredPlan::read(&tenant.namespace, &value).map_err(ChangeError::from);
        let other = |plan: &StoredPlan| plan.tenant() != *tenant;
        if plan.as_ref().is_ok_and(other) {
            return Err(ChangeError::NoSuchPlan);
        }
        Ok(Found { plan, object })
    }

    /// Puts a plan in the place of the one that was read. The object is sent whole: a merge patch would leave behind what the new
    /// document no longer has. Its `resourceVersion` keeps what others wrote meanwhile.
    async fn replace(
        &self,
        identity: &Identity,
        mut object: DynamicObject,
        plan: StoredPlan,
    ) -> Result<StoredPlan, ChangeError> {
        let tenant = plan.tenant();
        object.data["spec"] = plan.spec()?;
        let api = self.plans(identity, &tenant)?;
        for step in [RequestStep::DryRun, RequestStep::Write] {
            let replaced = within(step, api.replace(plan.name.as_str(), &post_params(step), &object)).await;
            let replaced = self.about(&tenant, replaced)?;
            if step == RequestStep::Write {
                self.note(&api, &plan, &replaced, &PlanState::Current).await;
            }
        }
        tracing::info!(plan.name = %plan.name, "a plan was renewed");
        Ok(plan)
    }

    /// Writes into the object's status how the plan stands. The pages do not need it, so that where the person may not write it
    /// nothing else fails.
    async fn note(&self, api: &Api<DynamicObject>, plan: &StoredPlan, object: &DynamicObject, state: &PlanState) {
        let before = object.data.get("status").unwrap_or(&Value::Null);
        let status = status(state, object.metadata.generation.unwrap_or_default(), before, (self.clock)());
        let patch = json!({
            "metadata": { "resourceVersion": object.metadata.resource_version },
            "status": status,
        });
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let patch = Patch::Merge(&patch);
        let noted = api.patch_status(plan.name.as_str(), &params, &patch);
        if let Err(error) = within(RequestStep::Write, noted).await {
            tracing::warn!(plan.name = %plan.name, "the plan's status was not written: {error}");
        }
    }

    /// Waits a moment until the list shows what was just written, so that whoever wrote it sees it.
    async fn until_listed(&self, tenant: &TenantId, holds: impl Fn(&[ListedPlan]) -> bool) {
        let mut changes = self.observer.fleet();
        let shown = async { while !holds(&self.observer.every_plan(tenant)) && changes.changed().await.is_ok() {} };
        let _ = timeout(LISTED_WITHIN, shown).await;
    }

    fn plans(&self, identity: &Identity, tenant: &TenantId) -> Result<Api<DynamicObject>, ChangeError> {
        if !identity.may_see(tenant) {
            return Err(ChangeError::NotFound);
        }
        let kind = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(GROUP, VERSION, KIND), PLURAL);
        Ok(Api::namespaced_with(self.client_of(identity)?, &tenant.namespace, &kind))
    }

    /// An answer about a stored plan: what is not found then is no tenant.
    fn about<T>(&self, tenant: &TenantId, answer: Result<T, ChangeError>) -> Result<T, ChangeError> {
        answer.map_err(|error| match error {
            ChangeError::NotFound => self.served(tenant).err().unwrap_or(ChangeError::NoSuchPlan),
            other => other,
        })
    }

    fn served(&self, tenant: &TenantId) -> Result<(), ChangeError> {
        match self.observer.storing(&tenant.namespace) {
            Storing::NotServed => Err(ChangeError::PlansNotServed),
            Storing::Here | Storing::Unlisted(_) => Ok(()),
        }
    }
}

fn post_params(step: RequestStep) -> PostParams {
    PostParams { dry_run: step == RequestStep::DryRun, field_manager: Some(FIELD_MANAGER.to_owned()) }
}

/// Whether a stored plan is still the one that somebody looked at.
fn unchanged(plan: &StoredPlan, seen: &str) -> Result<(), ChangeError> {
    if plan.document.digest == seen {
        return Ok(());
    }
    Err(changed("the stored plan", "as you looked at it", &format!("renewed by {} {}", plan.made_by, plan.made_at)))
}

fn changed(what: &str, before: &str, now: &str) -> ChangeError {
    ChangeError::Changed { changes: vec![FactChange::new(what, before, now)] }
}

fn unexpected(error: &serde_json::Error) -> ChangeError {
    ChangeError::Unexpected { step: RequestStep::Read, words: error.to_string() }
}
