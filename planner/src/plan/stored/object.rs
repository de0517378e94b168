//! A stored plan as an object of the management cluster, in both directions.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Asked, StoredPlan};
use crate::finding::{Override, OverrideError};
use crate::hop::Binding;
use crate::plan::{UpgradePlan, Verdict};
use crate::tenant::TenantId;
use crate::time::{MachineMoment, UnixMillis};

/// API group of the kind.
pub const GROUP: &str = "upgrade-console.kamaji.clastix.io";
/// Its version.
pub const VERSION: &str = "v1alpha1";
/// `apiVersion` of an object.
pub const API_VERSION: &str = "upgrade-console.kamaji.clastix.io/v1alpha1";
/// `kind` of an object.
pub const KIND: &str = "UpgradePlan";
/// The resource's name in paths.
pub const PLURAL: &str = "upgradeplans";
/// Where the definition of the kind stands, for whoever must install it.
pub const DEFINITION: &str = "deploy/crds/upgradeplans.yaml";

/// The largest document that is stored or read (bytes of JSON). What the API server takes of one object is a few times more.
pub const LARGEST_DOCUMENT: usize = 256 * 1024;

/// The longest text in the binding and in what a list shows of a plan (bytes). What Kubernetes allows in these places is shorter.
pub const LONGEST_TEXT: usize = 4 * 1024;

/// Why an object is no stored plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoredPlanError {
    /// Its name is none.
    #[error("its name is none of a plan")]
    Name,
    /// Something is missing or of another type.
    #[error("`spec` cannot be read: {0}")]
    Spec(String),
    /// The document is larger than any that the console makes.
    #[error("its document has {bytes} bytes; at most {LARGEST_DOCUMENT} are stored and read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A text that is longer than any that the console writes there.
    #[error("`{field}` has a text of {bytes} bytes; at most {LONGEST_TEXT} are stored and read")]
    TooLong {
        /// In which field of `spec`.
        field: String,
        /// Its length.
        bytes: usize,
    },
    /// An override that nobody could have given.
    #[error("`spec.overrides` cannot be read: {0}")]
    Override(#[from] OverrideError),
    /// A plain field and the document disagree.
    #[error("`{field}` is not what its document says; it was changed by hand")]
    Disagrees {
        /// Which field.
        field: &'static str,
    },
}

/// `spec` of the object.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    tenant: String,
    uid: String,
    from: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<String>,
    verdict: Verdict,
    binding: Binding,
    digest: String,
    made_by: String,
    made_at: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    overrides: Vec<GivenOverride>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_store_limit: Option<u32>,
    document: UpgradePlan,
}

/// An override, as people read it.
#[derive(Debug, Serialize, Deserialize)]
struct GivenOverride {
    finding: String,
    person: String,
    reason: String,
    until: String,
}

impl StoredPlan {
    /// The object to create. It belongs to its TenantControlPlane, so that it goes with it.
    ///
    /// # Errors
    /// [`StoredPlanError::TooLarge`] and [`StoredPlanError::TooLong`].
    pub fn object(&self) -> Result<Value, StoredPlanError> {
        let document = &self.document;
        Ok(json!({
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {
                "name": self.name,
                "namespace": document.namespace,
                "ownerReferences": [{
                    "apiVersion": "kamaji.clastix.io/v1alpha1",
                    "kind": "TenantControlPlane",
                    "name": document.tenant,
                    "uid": document.uid,
                }],
            },
            "spec": self.spec()?,
        }))
    }

    /// `spec` of the object.
    ///
    /// # Errors
    /// [`StoredPlanError::TooLarge`] and [`StoredPlanError::TooLong`].
    pub fn spec(&self) -> Result<Value, StoredPlanError> {
        let Self { asked, made_by, made_at, document, .. } = self;
        let overrides = asked.overrides.iter().map(|given| GivenOverride {
            finding: given.finding().to_string(),
            person: given.person().to_owned(),
            reason: given.reason().to_owned(),
            until: MachineMoment(given.until()).to_string(),
        });
        let spec = Spec {
            tenant: document.tenant.clone(),
            uid: document.uid.clone(),
            from: document.from.clone(),
            to: document.to.clone(),
            strategy: asked.strategy.map(|strategy| strategy.to_string()),
            verdict: document.verdict,
            binding: document.binding.clone(),
            digest: document.digest.clone(),
            made_by: made_by.clone(),
            made_at: MachineMoment(*made_at).to_string(),
            overrides: overrides.collect(),
            data_store_limit: asked.data_store_limit,
            document: document.clone(),
        };
        let spec = serde_json::to_value(&spec).map_err(|error| StoredPlanError::Spec(error.to_string()))?;
        within_bounds(&spec)?;
        Ok(spec)
    }

    /// Reads an object of a namespace.
    ///
    /// # Errors
    /// Why it is no stored plan: it was made by hand, by another version of the console, or changed afterwards.
    pub fn read(namespace: &str, object: &Value) -> Result<Self, StoredPlanError> {
        let name = object.pointer("/metadata/name").and_then(Value::as_str);
        let name = name.and_then(|name| name.parse().ok()).ok_or(StoredPlanError::Name)?;
        let spec = object.get("spec").ok_or_else(|| StoredPlanError::Spec("it is missing".to_owned()))?;
        within_bounds(spec)?;
        let unreadable = |error: &dyn std::fmt::Display| StoredPlanError::Spec(error.to_string());
        let spec = Spec::deserialize(spec).map_err(|error| unreadable(&error))?;
        let moment =
            |text: &str| UnixMillis::parse(text).ok_or_else(|| StoredPlanError::Spec(format!("{text:?} is no moment")));
        let overrides = spec.overrides.iter().map(|given| {
            let (finding, until) = (given.finding.parse()?, moment(&given.until)?);
            // Whether it is over by now is for whoever makes the plan.
            Ok(Override::new(finding, &given.person, &given.reason, until, UnixMillis(i64::MIN))?)
        });
        let asked = Asked {
            version: spec.to.parse().map_err(|error| unreadable(&error))?,
            strategy: spec.strategy.as_deref().map(str::parse).transpose().map_err(|error| unreadable(&error))?,
            overrides: overrides.collect::<Result<_, StoredPlanError>>()?,
            data_store_limit: spec.data_store_limit,
        };
        let (made_at, document) = (moment(&spec.made_at)?, spec.document);
        let agree = [
            ("spec.tenant", spec.tenant == document.tenant),
            ("metadata.namespace", namespace == document.namespace),
            ("spec.uid", spec.uid == document.uid && spec.uid == document.binding.uid),
            ("spec.from", spec.from == document.from),
            ("spec.to", spec.to == document.to),
            ("spec.verdict", spec.verdict == document.verdict),
            ("spec.binding", spec.binding == document.binding),
            ("spec.digest", spec.digest == document.digest),
        ];
        if let Some((field, _)) = agree.into_iter().find(|(_, agrees)| !agrees) {
            return Err(StoredPlanError::Disagrees { field });
        }
        let plan = Self { name, asked, made_by: spec.made_by, made_at, document };
        if plan.digest() != plan.document.digest {
            return Err(StoredPlanError::Disagrees { field: "spec.document.digest" });
        }
        Ok(plan)
    }
}

/// Whose plan an object of a namespace says it is, also where nothing else of it can be read.
pub fn tenant_of(namespace: &str, object: &Value) -> Option<TenantId> {
    let name = object.pointer("/spec/tenant").and_then(Value::as_str)?;
    Some(TenantId { namespace: namespace.to_owned(), name: name.to_owned() })
}

/// Nothing is written that would not be read. An override has bounds of its own in the definition of the kind.
fn within_bounds(spec: &Value) -> Result<(), StoredPlanError> {
    let bytes = spec.get("document").map_or(0, |document| document.to_string().len());
    if bytes > LARGEST_DOCUMENT {
        return Err(StoredPlanError::TooLarge { bytes });
    }
    for (field, value) in spec.as_object().into_iter().flatten() {
        let listed = field != "document" && field != "overrides";
        if let Some(bytes) = Some(longest_text(value)).filter(|bytes| listed && *bytes > LONGEST_TEXT) {
            return Err(StoredPlanError::TooLong { field: format!("spec.{field}"), bytes });
        }
    }
    Ok(())
}

/// How long the longest text is, names of fields included (bytes).
fn longest_text(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(longest_text).max().unwrap_or(0),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| name.len().max(longest_text(value))).max().unwrap_or(0)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}
