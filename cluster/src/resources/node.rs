//! Node: which images of an API server it has, and whether it takes new pods. Nothing else of it is kept.

use std::collections::BTreeSet;

use planner::tenant::LISTED_IMAGES;
use serde_json::Value;

use super::image::{ImageName, is_api_server};

/// How many images of one node are kept. More than this no honest kubelet has.
const MOST_IMAGES: usize = 200;

/// What is read of a Node. It belongs to no tenant. Two heartbeats of the same node give equal facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFacts {
    /// Name.
    pub name: String,
    /// `spec.unschedulable`.
    pub cordoned: bool,
    /// Images of API servers in `status.images`.
    pub images: BTreeSet<ImageName>,
    /// The list may lack images that the node has, see [`planner::tenant::NodeImages::uncertain`].
    pub uncertain: bool,
}

/// Reads a Node. What is not as it should be counts as not told.
pub(super) fn read(name: &str, value: &Value) -> NodeFacts {
    let listed = value.pointer("/status/images").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let names = listed.iter().filter_map(|image| image.get("names")?.as_array()).flatten().filter_map(Value::as_str);
    let images: BTreeSet<ImageName> =
        names.filter_map(ImageName::parse).filter(|image| is_api_server(&image.repository)).take(MOST_IMAGES).collect();
    let uncertain = listed.is_empty() || listed.len() >= LISTED_IMAGES;
    NodeFacts {
        name: name.to_owned(),
        cordoned: value.pointer("/spec/unschedulable") == Some(&Value::Bool(true)),
        images,
        uncertain,
    }
}
