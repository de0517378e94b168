//! DataStore: its driver, how many endpoints it has, and whom Kamaji has put on it. Addresses and credentials are not kept.

use planner::tenant::{DataStoreFacts, TenantId};
use serde_json::Value;

use super::fields::Fields;

/// How many users of one DataStore are kept. More than this no management cluster has.
const MOST_USERS: usize = 100_000;

/// Reads a DataStore.
pub(crate) fn read(name: &str, value: &Value) -> DataStoreFacts {
    let fields = Fields::new(format!("DataStore {name}"), value);
    let driver = fields.filled("/spec/driver");
    let endpoints = u32::try_from(fields.list("/spec/endpoints").len()).unwrap_or(u32::MAX);
    let users = fields.list("/status/usedBy").iter().take(MOST_USERS);
    let named: Vec<Option<TenantId>> = users.map(|user| tenant(user.as_str()?)).collect();
    if named.iter().any(Option::is_none) {
        fields.complain("/status/usedBy", "names something that is no `namespace/name`");
    }
    let used_by = named.into_iter().flatten().collect();
    DataStoreFacts { driver, endpoints, used_by, problems: fields.into_problems() }
}

/// `namespace/name`.
fn tenant(text: &str) -> Option<TenantId> {
    let (namespace, name) = text.split_once('/')?;
    let good = !namespace.is_empty() && !name.is_empty() && !name.contains('/');
    good.then(|| TenantId { namespace: namespace.to_owned(), name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    #[test]
    fn a_data_store_is_read_whatever_stands_in_it() {
        // object, driver, endpoints, users, problems
        let table = [
            (
                json!({
                    "spec": {"driver": "PostgreSQL", "endpoints": ["db:5432"], "basicAuth": {"password": {"content": "c2VjcmV0"}}},
                    "status": {"usedBy": ["team-a/one", "team-b/two"]},
                }),
                Some("PostgreSQL"),
                1,
                2,
                0,
            ),
            (json!({}), None, 0, 0, 0),
            (json!({"spec": {"driver": 5, "endpoints": "db"}, "status": {"usedBy": {}}}), None, 0, 0, 3),
            (json!({"status": {"usedBy": ["one", 7, "/x", "y/", "a/b/c", "team-a/one"]}}), None, 0, 1, 1),
            (json!([]), None, 0, 0, 0),
        ];
        for (object, driver, endpoints, users, problems) in table {
            let facts = read("default", &object);
            assert_eq!((facts.driver.as_deref(), facts.endpoints), (driver, endpoints), "{object}");
            assert_eq!((facts.used_by.len(), facts.problems.len()), (users, problems), "{object}: {facts:?}");
            assert!(!format!("{facts:?}").contains("c2VjcmV0"));
        }
    }
}
