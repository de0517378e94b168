//! A plan that is kept beside its tenant: an object of the kind `UpgradePlan`, so that others find what was planned, with what has
//! changed since.
//!
//! The object repeats in plain fields what its document says, for whoever lists it; a [`StoredPlan`] is read only if both say the
//! same and the digest is that of the document. This finds a slip of an editor, not a forger, so nothing of a stored document is
//! shown or run: what is shown is made anew by whoever reads, and whatever is started is judged afresh.

mod compare;
mod name;
mod object;
mod state;

pub use self::name::{PlanName, PlanNameError};
pub use self::object::{
    API_VERSION, DEFINITION, GROUP, KIND, LARGEST_DOCUMENT, LONGEST_TEXT, PLURAL, StoredPlanError, VERSION, tenant_of,
};
pub use self::state::{CONDITION, PlanState, status};

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{UpgradePlan, Verdict, digest_of};
use crate::finding::Override;
use crate::hop::{Acknowledgement, Binding, Despite, FactChange, HopRequest};
use crate::strategy::Strategy;
use crate::tenant::{TenantId, TenantSnapshot};
use crate::time::UnixMillis;
use crate::version::KubernetesVersion;

/// A plan as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredPlan {
    /// Its name in the namespace of its tenant.
    pub name: PlanName,
    /// What was asked for.
    pub asked: Asked,
    /// The name of who stored or renewed it last, as the console was told it. Who wrote the object is in the API server's audit log.
    pub made_by: String,
    /// When the document was made, in whole seconds.
    pub made_at: UnixMillis,
    /// The plan.
    pub document: UpgradePlan,
}

/// What a plan was asked to be made of, so that it can be made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// The version wanted.
    pub version: KubernetesVersion,
    /// The strategy to write; `None` keeps what is declared.
    pub strategy: Option<Strategy>,
    /// Findings that somebody takes upon themselves.
    pub overrides: Vec<Override>,
    /// How many connections the DataStore takes, where that was told.
    pub data_store_limit: Option<u32>,
}

/// A stored plan without its document: a line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanLine {
    /// Whose upgrade it plans.
    pub tenant: TenantId,
    /// Its name.
    pub name: PlanName,
    /// The version that was wanted when it was made.
    pub from: String,
    /// The version it plans.
    pub version: KubernetesVersion,
    /// The strategy it plans to write; `None` keeps what is declared.
    pub strategy: Option<Strategy>,
    /// What its findings came to.
    pub verdict: Verdict,
    /// The facts it was made from.
    pub binding: Binding,
    /// Who made it.
    pub made_by: String,
    /// When it was made.
    pub made_at: UnixMillis,
}

/// One object of a list of stored plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ListedPlan {
    /// It can be read.
    Readable(Box<PlanLine>),
    /// It cannot, and is for nothing but to be deleted.
    Broken {
        /// Whose it says it is.
        tenant: TenantId,
        /// Its name.
        name: PlanName,
        /// Why not.
        why: String,
    },
}

/// Whether plans can be kept here, and those that are be listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Storing {
    /// They can.
    Here,
    /// The management cluster does not have the kind.
    NotServed,
    /// Those that there are cannot be listed; why.
    Unlisted(String),
}

/// A stored plan that still holds: everything that it was made from is as it was. It is the only way from a stored plan to a hop.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct CurrentPlan<'a>(&'a StoredPlan);

impl StoredPlan {
    /// A plan as it is to be stored. `made_by`: who stores it.
    pub fn new(document: UpgradePlan, asked: Asked, made_by: &str, made_at: UnixMillis) -> Self {
        Self {
            name: PlanName::of(&document.tenant, &document.to, &document.digest),
            asked,
            made_by: made_by.to_owned(),
            made_at: UnixMillis(made_at.0.div_euclid(1000) * 1000),
            document,
        }
    }

    /// Whose upgrade it plans.
    pub fn tenant(&self) -> TenantId {
        TenantId { namespace: self.document.namespace.clone(), name: self.document.tenant.clone() }
    }

    /// The plan without its document.
    pub fn line(&self) -> PlanLine {
        PlanLine {
            tenant: self.tenant(),
            name: self.name.clone(),
            from: self.document.from.clone(),
            version: self.asked.version.clone(),
            strategy: self.asked.strategy,
            verdict: self.document.verdict,
            binding: self.document.binding.clone(),
            made_by: self.made_by.clone(),
            made_at: self.made_at,
        }
    }

    /// What is no longer as it was, told by the same plan made anew: facts of the tenant first, then what is found, then any other
    /// field. What depends on who asks, or is measured anew each time, is left out, so the document that is shown is `anew`.
    pub fn changes(&self, anew: &UpgradePlan) -> Vec<FactChange> {
        compare::changes(self, anew)
    }

    /// The plan, if it still holds.
    ///
    /// # Errors
    /// What changed since it was made. It cannot be started until it is renewed.
    pub fn current(&self, anew: &UpgradePlan) -> Result<CurrentPlan<'_>, Vec<FactChange>> {
        let changes = self.changes(anew);
        if changes.is_empty() { Ok(CurrentPlan(self)) } else { Err(changes) }
    }

    /// Whether a tenant with this binding has come to what the plan plans, or beyond: then it is not to be renewed.
    pub fn is_over(&self, now: &Binding) -> bool {
        state::is_over(&self.document.binding, &self.asked.version, now)
    }

    /// The digest that a document with these parts has.
    fn digest(&self) -> String {
        let Self { asked, document, .. } = self;
        digest_of(&document.binding, &asked.version, asked.strategy, &document.findings)
    }
}

impl CurrentPlan<'_> {
    /// The hop as it was planned, bound to the facts that the plan was made from.
    pub fn request(
        self,
        acknowledged: Vec<Acknowledgement>,
        typed_name: Option<String>,
        despite: Option<Despite>,
    ) -> HopRequest {
        HopRequest {
            tenant: self.0.tenant(),
            binding: self.0.document.binding.clone(),
            version: self.0.asked.version.clone(),
            strategy: self.0.asked.strategy,
            acknowledged,
            typed_name,
            despite,
        }
    }
}

impl PlanLine {
    /// How the plan stands by the tenant's own objects. What else was found may have changed too: that is known only when the plan
    /// is made again.
    pub fn state(&self, now: &TenantSnapshot) -> PlanState {
        PlanState::of(&self.binding, &self.version, self.strategy, now)
    }
}

impl ListedPlan {
    /// Whose it is.
    pub fn tenant(&self) -> &TenantId {
        match self {
            Self::Readable(line) => &line.tenant,
            Self::Broken { tenant, .. } => tenant,
        }
    }

    /// Its name.
    pub fn name(&self) -> &PlanName {
        match self {
            Self::Readable(line) => &line.name,
            Self::Broken { name, .. } => name,
        }
    }
}

impl fmt::Display for Storing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => f.write_str("plans can be stored here"),
            Self::NotServed => write!(
                f,
                "plans cannot be stored here: the management cluster does not have their kind. Whoever runs it can install \
                 {DEFINITION}"
            ),
            Self::Unlisted(why) => write!(f, "whether plans are stored is not known: {why}"),
        }
    }
}
