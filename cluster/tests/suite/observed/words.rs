//! What Kamaji leaves unsaid or says in vain: events, annotations, status writes that change nothing; and spellings it takes.

use std::collections::{BTreeMap, BTreeSet};

use planner::next::Verdict;
use planner::stage::Stage;
use serde_json::Value;

use super::watched;
use crate::support::story::{Story, lines, names};

#[test]
pub(super) fn no_event_is_kamajis_so_its_troubles_are_told_from_what_it_leaves_undone() {
    let mut reporters = BTreeSet::new();
    for recording in watched() {
        for line in lines(&recording).filter(|line| line["kind"] == "Event") {
            let source = line["object"]["source"]["component"].as_str().unwrap_or_default();
            let reporter = line["object"]["reportingComponent"].as_str().filter(|it| !it.is_empty());
            reporters.insert(reporter.unwrap_or(source).to_owned());
        }
    }
    let expected = ["default-scheduler", "deployment-controller", "replicaset-controller"];
    assert_eq!(reporters.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
pub(super) fn a_soot_annotation_changes_nothing_that_is_said() {
    let story = Story::of("recreate-deadlock", "t3");
    let marked = lines("recreate-deadlock")
        .find(|line| !line["object"]["metadata"]["annotations"]["kamaji.clastix.io/soot"].is_null())
        .and_then(|line| line["t_ms"].as_i64())
        .expect("it was written once");
    let (before, after) = (story.report(marked - 1), story.report(marked));
    assert_eq!((before.stage, &before), (Stage::Finished, &after));
    let verdict = |at_ms| story.preflight(at_ms, "v1.36.1", None);
    assert_eq!(verdict(marked - 1), verdict(marked));
}

#[test]
pub(super) fn a_status_write_that_changes_only_its_own_time_draws_nothing_anew() {
    let mut silent = 0;
    for recording in watched() {
        let mut known: BTreeMap<String, Value> = BTreeMap::new();
        let mut events: BTreeMap<i64, Vec<Option<String>>> = BTreeMap::new();
        for line in lines(&recording) {
            let at_ms = line["t_ms"].as_i64().expect("a time");
            let mut only_time_of = None;
            if line["kind"] == "TenantControlPlane" {
                let name = line["object"]["metadata"]["name"].as_str().expect("a name").to_owned();
                let bare = without_times(line["object"].clone());
                only_time_of = (known.insert(name.clone(), bare.clone()).as_ref() == Some(&bare)).then_some(name);
            }
            events.entry(at_ms).or_default().push(only_time_of);
        }
        let stories: BTreeMap<_, _> = known.keys().map(|tenant| (tenant, Story::of(&recording, tenant))).collect();
        for (at_ms, events) in events {
            // Alone in its millisecond, so that what is drawn then is drawn because of it.
            if let [Some(tenant)] = &events[..] {
                assert_eq!(stories[tenant].states(at_ms, at_ms + 1).count(), 0, "{recording} at {at_ms} ms");
                silent += 1;
            }
        }
    }
    assert!(silent > 60, "{silent}");
}

fn without_times(mut object: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("lastUpdate");
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
    }
    strip(&mut object["status"]);
    object
}

#[test]
pub(super) fn another_spelling_of_the_same_version_is_a_whole_rollout_to_the_console_too() {
    let story = Story::of("no-v", "t13");
    let spelled = story.mark("other spelling");
    let rest = story.at(spelled);
    assert_eq!((rest.desired_version.0.as_str(), story.report(spelled).stage), ("1.36.1", Stage::Finished));
    let picker = story.next(spelled);
    let choice = picker.minors.iter().flat_map(|line| &line.versions).find(|it| it.version.to_string() == "v1.36.1");
    assert!(matches!(choice.expect("it is known").verdict, Verdict::Available { .. }), "{choice:?}");
    let hop = story.hop();
    assert_eq!((hop.from.expect("known").0.as_str(), hop.to.0.as_str()), ("1.36.1", "v1.36.1"));
    assert_eq!(hop.film.pods.len(), 6, "three that end, three that come");
    assert_eq!(names(&story.report(i64::MAX).stuck), [""; 0]);
}
