//! LimitRanges: what a namespace gives to containers that say nothing, and what it refuses (admission plugin `LimitRanger`).

use std::fmt;

use serde::Deserialize;

use super::pod::{Container, PodSpec};
use super::quantity::Quantity;
use super::resources::{Half, ResourceList};

/// `spec` of a LimitRange, as it stands in the API server (its own defaults are filled in there).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LimitRange {
    /// Its items.
    pub limits: Vec<LimitRangeItem>,
}

/// What holds for one kind of thing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitRangeItem {
    /// `Container` or `Pod`; everything else has nothing to do with pods.
    #[serde(rename = "type")]
    pub kind: String,
    /// At least so much.
    pub min: ResourceList,
    /// At most so much.
    pub max: ResourceList,
    /// Limits of a container that sets none.
    pub default: ResourceList,
    /// Requests of a container that sets none.
    pub default_request: ResourceList,
    /// How many times its request a limit may be.
    pub max_limit_request_ratio: ResourceList,
}

/// What of a pod a LimitRange refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRangeRefusal {
    /// The container; `None` = the pod as a whole.
    pub container: Option<String>,
    /// The resource.
    pub resource: String,
    /// What is wrong with it.
    pub kind: LimitRangeRefusalKind,
}

/// What is wrong with a resource under a LimitRange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitRangeRefusalKind {
    /// Below the least, or not requested at all.
    BelowMin(Quantity),
    /// Above the most, or not limited at all.
    AboveMax(Quantity),
    /// The limit is too many times the request, or one of both is missing.
    RatioAbove(Quantity),
}

impl LimitRange {
    /// Fills in what the containers leave out.
    pub(super) fn fill_in(&self, spec: &mut PodSpec) {
        for item in self.limits.iter().filter(|item| item.kind == "Container") {
            for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
                add_missing(&mut container.resources.requests, &item.default_request);
                add_missing(&mut container.resources.limits, &item.default);
            }
        }
    }

    /// What it refuses.
    pub(super) fn refusals(&self, spec: &PodSpec) -> Vec<LimitRangeRefusal> {
        let mut refusals = Vec::new();
        for item in &self.limits {
            match item.kind.as_str() {
                "Container" => {
                    for Container { name, resources, .. } in spec.containers.iter().chain(&spec.init_containers) {
                        item.check(Some(name), &resources.requests, &resources.limits, &mut refusals);
                    }
                }
                "Pod" => {
                    let (requests, limits) =
                        (spec.containers_totals(Half::Requests), spec.containers_totals(Half::Limits));
                    item.check(None, &requests, &limits, &mut refusals);
                }
                _ => {}
            }
        }
        refusals
    }
}

impl LimitRangeItem {
    fn check(
        &self,
        container: Option<&String>,
        requests: &ResourceList,
        limits: &ResourceList,
        refusals: &mut Vec<LimitRangeRefusal>,
    ) {
        let mut refuse = |resource: &String, kind| {
            refusals.push(LimitRangeRefusal { container: container.cloned(), resource: resource.clone(), kind });
        };
        let find = |resource: &String| (requests.0.get(resource).copied(), limits.0.get(resource).copied());
        for (resource, least) in &self.min.0 {
            let (request, limit) = find(resource);
            if request.is_none_or(|request| request < *least) || limit.is_some_and(|limit| limit < *least) {
                refuse(resource, LimitRangeRefusalKind::BelowMin(*least));
            }
        }
        for (resource, most) in &self.max.0 {
            let (request, limit) = find(resource);
            if limit.is_none_or(|limit| limit > *most) || request.is_some_and(|request| request > *most) {
                refuse(resource, LimitRangeRefusalKind::AboveMax(*most));
            }
        }
        for (resource, ratio) in &self.max_limit_request_ratio.0 {
            let given = |amount: Option<Quantity>| amount.filter(|amount| !amount.is_zero());
            let (request, limit) = find(resource);
            let within =
                given(request).zip(given(limit)).is_some_and(|(request, limit)| limit.is_within(request, *ratio));
            if !within {
                refuse(resource, LimitRangeRefusalKind::RatioAbove(*ratio));
            }
        }
    }
}

fn add_missing(list: &mut ResourceList, defaults: &ResourceList) {
    for (resource, amount) in &defaults.0 {
        list.0.entry(resource.clone()).or_insert(*amount);
    }
}

impl fmt::Display for LimitRangeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.container {
            Some(container) => {
                write!(f, "the LimitRange of the namespace refuses {} of container {container}: ", self.resource)?
            }
            None => write!(f, "the LimitRange of the namespace refuses {} of the whole pod: ", self.resource)?,
        }
        match self.kind {
            LimitRangeRefusalKind::BelowMin(least) => write!(f, "at least {least} must be requested"),
            LimitRangeRefusalKind::AboveMax(most) => write!(f, "a limit of at most {most} must be set"),
            LimitRangeRefusalKind::RatioAbove(ratio) => write!(f, "its limit may be at most {ratio} times its request"),
        }
    }
}
