//! APIs: those that somebody uses though they will go, those that are served, and those that other servers serve.

use std::collections::BTreeSet;

use planner::tenant_api::{Answer, ApiUse, GroupVersion, UnavailableApi, Writer};
use planner::version::Minor;
use planner::workers::NodeName;
use serde_json::Value;

use super::super::ask::{Asker, shortened};
use super::{MOST_OBJECTS, full_name, page};
use crate::resources::fields::{text_in, time_in};

/// Samples of the gauge that are read, resources whose objects are looked at, and objects of one of them.
const MOST_USES: usize = 200;
const MOST_RESOURCES: usize = 8;
const MOST_WRITTEN: u32 = 250;
/// Writers that are kept of one resource.
const MOST_WRITERS: usize = 5;

/// The gauge of the deprecation policy. It is 1 from the first request on, and says neither when nor by whom.
const GAUGE: &str = "apiserver_requested_deprecated_apis{";

/// Uses of deprecated APIs, with who wrote objects by those that go with this hop or the following one.
pub(super) async fn uses(ask: &Asker, target: Minor) -> Answer<Vec<ApiUse>> {
    let lines = match ask.metrics(GAUGE, MOST_USES).await {
        Answer::Read(lines) => lines,
        other => return other.map(|_| Vec::new()),
    };
    let mut uses: Vec<ApiUse> = lines.iter().filter_map(|line| sample(line)).collect();
    uses.sort_by_key(|used| (used.removed_in, used.to_string()));
    let next = Minor { minor: target.minor + 1, ..target };
    let going = uses.iter_mut().filter(|used| used.removed_in <= next).take(MOST_RESOURCES);
    futures::future::join_all(going.map(|used| async {
        used.writers = writers(ask, used).await;
    }))
    .await;
    Answer::Read(uses)
}

/// One sample of the gauge; `None` if it is none, is 0, or does not say when the API goes.
fn sample(line: &str) -> Option<ApiUse> {
    let (labels, value) = line.strip_prefix(GAUGE)?.rsplit_once('}')?;
    value.trim().parse::<f64>().ok().filter(|value| *value >= 1.0)?;
    let label = |name: &str| {
        labels.split("\",").find_map(|pair| {
            let (key, value) = pair.split_once("=\"")?;
            (key.trim() == name).then(|| value.trim_end_matches('"').to_owned())
        })
    };
    let (major, minor) = label("removed_release")?.split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned()))?;
    Some(ApiUse {
        api: GroupVersion { group: label("group").unwrap_or_default(), version: label("version")? },
        resource: label("resource")?,
        subresource: label("subresource").unwrap_or_default(),
        removed_in: Minor { major: major.parse().ok()?, minor: minor.parse().ok()? },
        writers: Answer::Failed("not looked at".to_owned()),
    })
}

/// Who wrote objects by this version, newest first. The request itself uses it too; the gauge is set already.
async fn writers(ask: &Asker, used: &ApiUse) -> Answer<Vec<Writer>> {
    let GroupVersion { group, version } = &used.api;
    // They become part of a path.
    if [version, &used.resource]
        .into_iter()
        .chain((!group.is_empty()).then_some(group))
        .any(|it| it.parse::<NodeName>().is_err())
    {
        return Answer::Failed("its name is none".to_owned());
    }
    let path = match group.as_str() {
        "" => format!("/api/{version}/{}", used.resource),
        group => format!("/apis/{group}/{version}/{}", used.resource),
    };
    let by = used.api.to_string();
    let written = ask.metadata(&path, MOST_WRITTEN, MOST_OBJECTS, |object| {
        let writers: Vec<Writer> = written_by(object, &by).collect();
        (!writers.is_empty()).then_some(writers)
    });
    written.await.map(|written| {
        let mut writers: Vec<Writer> = written.into_iter().flatten().collect();
        writers.sort_by_key(|writer| std::cmp::Reverse(writer.at));
        let mut seen = BTreeSet::new();
        writers.retain(|writer| seen.insert(writer.manager.clone()));
        writers.truncate(MOST_WRITERS);
        writers
    })
}

fn written_by<'a>(object: &'a Value, api: &'a str) -> impl Iterator<Item = Writer> + 'a {
    let fields = object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
    fields.filter(move |it| text_in(it, "/apiVersion") == Some(api)).map(|it| Writer {
        manager: shortened(text_in(it, "/manager").unwrap_or("an unnamed program")),
        at: time_in(it, "/time"),
        object: shortened(&full_name(object)),
    })
}

pub(super) async fn served(ask: &Asker) -> Answer<BTreeSet<GroupVersion>> {
    ask.get("/apis").await.map(|groups| {
        let groups = groups.get("groups").and_then(Value::as_array).into_iter().flatten();
        let versions = groups.filter_map(|group| {
            let name = text_in(group, "/name")?.to_owned();
            let versions = group.get("versions").and_then(Value::as_array)?;
            let versions = versions.iter().filter_map(|it| text_in(it, "/version"));
            let versions = versions.map(move |it| GroupVersion { group: name.clone(), version: it.to_owned() });
            Some(versions.collect::<Vec<_>>())
        });
        versions.flatten().take(MOST_OBJECTS).collect()
    })
}

pub(super) async fn aggregated(ask: &Asker) -> Answer<(usize, Vec<UnavailableApi>)> {
    let mut all = 0;
    let unavailable = ask.list("/apis/apiregistration.k8s.io/v1/apiservices", page(), MOST_OBJECTS, |object| {
        // One without a Service is served by the API server itself.
        object.pointer("/spec/service").filter(|service| !service.is_null())?;
        all += 1;
        let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
        let available = conditions.into_iter().flatten().find(|it| text_in(it, "/type") == Some("Available"));
        if available.and_then(|it| text_in(it, "/status")) == Some("True") {
            return None;
        }
        let text = |path: &str| available.and_then(|it| text_in(it, path));
        Some(UnavailableApi {
            name: full_name(object),
            reason: shortened(text("/reason").unwrap_or("it does not say why")),
            message: shortened(text("/message").unwrap_or_default()),
        })
    });
    let unavailable = unavailable.await;
    unavailable.map(|unavailable| (all, unavailable))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sample_of_the_gauge_is_read_whole_or_not_at_all() {
        let line = |labels: &str, value: &str| format!("{GAUGE}{labels}}} {value}");
        let labels = r#"group="policy",removed_release="1.25",resource="poddisruptionbudgets",subresource="status",version="v1beta1""#;
        let used = sample(&line(labels, "1")).expect("a sample");
        assert_eq!(used.to_string(), "policy/v1beta1 poddisruptionbudgets/status");
        assert_eq!(used.removed_in, Minor { major: 1, minor: 25 });
        let none = [
            line(labels, "0"),
            line(labels, "NaN"),
            line(labels, ""),
            line(&labels.replace("1.25", ""), "1"),
            line(&labels.replace("1.25", "next"), "1"),
            line(r#"group="policy""#, "1"),
            "apiserver_request_total{} 1".to_owned(),
            GAUGE.to_owned(),
        ];
        for line in none {
            assert_eq!(sample(&line), None, "{line}");
        }
    }

    #[test]
    fn who_wrote_an_object_is_told_by_the_version_that_was_used() {
        let object = json!({"metadata": {"name": "flows", "managedFields": [
            {"manager": "old-operator", "apiVersion": "flowcontrol.apiserver.k8s.io/v1beta3", "time": "2026-11-20T08:00:00Z"},
            {"manager": "kubectl", "apiVersion": "flowcontrol.apiserver.k8s.io/v1", "time": "2026-11-21T08:00:00Z"},
        ]}});
        let writers: Vec<Writer> = written_by(&object, "flowcontrol.apiserver.k8s.io/v1beta3").collect();
        assert_eq!(writers.len(), 1);
        assert_eq!(writers[0].to_string(), "old-operator wrote flows on 2026-11-20 08:00:00 UTC");
    }
}
