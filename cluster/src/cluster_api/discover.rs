//! In which versions the kinds are served, by the API server's own lists.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use planner::cluster_api::{Kind, Served, ServedKinds, served};
use planner::tenant_api::Answer;
use planner::workers::NodeName;
use serde_json::Value;

use crate::resources::fields::text_in;
use crate::tenant_access::ask::Asker;

/// Versions of one group that are looked at.
const MOST_VERSIONS: usize = 12;

/// The resources of each version of a group, by their plurals.
type Lists = Vec<(String, Answer<BTreeSet<String>>)>;

/// Which kinds are served in which versions. A group that does not answer leaves only its own kinds undiscovered.
pub(super) async fn served_kinds(ask: &Asker) -> Answer<ServedKinds> {
    let groups = match ask.get("/apis").await {
        Answer::Read(groups) => groups,
        other => return other.map(|_| ServedKinds::new()),
    };
    let names: BTreeSet<&str> = Kind::ALL.into_iter().map(Kind::group).collect();
    let lists = join_all(names.into_iter().map(|group| {
        let versions = versions_of(&groups, group);
        async move { (group, join_all(versions.into_iter().map(|version| resources(ask, group, version))).await) }
    }));
    let lists: BTreeMap<&str, Lists> = lists.await.into_iter().collect();
    let of_group = |kind: Kind| lists.get(kind.group()).map_or(&[][..], Vec::as_slice);
    Answer::Read(Kind::ALL.into_iter().map(|kind| (kind, of_lists(kind, of_group(kind)))).collect())
}

async fn resources(ask: &Asker, group: &str, version: String) -> (String, Answer<BTreeSet<String>>) {
    let list = ask.get(&format!("/apis/{group}/{version}")).await;
    (version, list.map(|list| plurals(&list)))
}

/// A list that did not come may be that of the version to read, so without it nothing is taken.
fn of_lists(kind: Kind, lists: &[(String, Answer<BTreeSet<String>>)]) -> Served {
    let mut versions = Vec::new();
    for (version, list) in lists {
        match list {
            Answer::Read(plurals) if plurals.contains(kind.plural()) => versions.push(version.clone()),
            // Not in this one, or the version was taken away since the groups were listed.
            Answer::Read(_) | Answer::Missing => {}
            failed => return Served::Undiscovered { why: format!("{version}: {failed}") },
        }
    }
    served(kind, &versions)
}

/// The versions of a group. They become part of a path, so what is no name is left out.
fn versions_of(groups: &Value, name: &str) -> Vec<String> {
    let groups = groups.get("groups").and_then(Value::as_array).into_iter().flatten();
    let group = groups.filter(|group| text_in(group, "/name") == Some(name));
    let versions = group.filter_map(|group| group.get("versions").and_then(Value::as_array)).flatten();
    let named = versions.filter_map(|version| text_in(version, "/version"));
    let safe = named.filter(|version| version.parse::<NodeName>().is_ok());
    safe.take(MOST_VERSIONS).map(str::to_owned).collect()
}

fn plurals(list: &Value) -> BTreeSet<String> {
    let resources = list.get("resources").and_then(Value::as_array).into_iter().flatten();
    resources.filter_map(|resource| text_in(resource, "/name")).map(str::to_owned).collect()
}
