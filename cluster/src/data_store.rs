//! The DataStore of one tenant, read once for a plan, with the console's own rights: it is cluster-scoped, and tenants need not be
//! allowed to read it.

use std::time::Duration;

use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use planner::tenant::DataStoreFacts;
use tokio::time::timeout;

use crate::errors::api_words;
use crate::resources::read_data_store;

/// How long it may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Reads it.
///
/// # Errors
/// In words, if it cannot be read.
pub(crate) async fn read(client: &Client, name: &str) -> Result<DataStoreFacts, String> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("kamaji.clastix.io", "v1alpha1", "DataStore"));
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    let object = timeout(ANSWER_WITHIN, api.get(name)).await;
    let object = object.map_err(|_| format!("it did not come within {} s", ANSWER_WITHIN.as_secs()))?;
    let object = object.map_err(|error| api_words(&error))?;
    Ok(read_data_store(name, &object.data))
}
