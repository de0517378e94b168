use leptos::prelude::*;
use planner::lab::LabInput;
use planner::strategy::Strategy;
use planner::tenant::{NodeImages, PodRequests, Reading, TenantId, TenantSnapshot};
use planner::version::KubernetesVersion;

use super::fields::LabFields;
use super::shown::ShownStep;
use super::{LabPanel, LabStart};
use crate::test_support::tenant;

/// The lab's HTML on an address, as the server renders it.
fn rendered(start: LabStart, pairs: &[(&str, &str)]) -> String {
    let fields = LabFields::from_pairs(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    let replace = |_: String| {};
    Owner::new().with(|| {
        view! { <LabPanel start=start action="/lab" search="" addressed=fields replace=Callback::new(replace) /> }
            .to_html()
    })
}

fn with_requests() -> LabStart {
    let requests = PodRequests { cpu_millis: Some(250), memory_bytes: Some(320 << 20), ..PodRequests::default() };
    LabStart { input: LabInput { requests, ..LabInput::default() }, ..LabStart::default() }
}

#[test]
fn the_verdict_on_the_chosen_strategy_comes_first() {
    let cases = [
        (&[][..], "Blue/Green needs 3 more pods and 960 MiB for about 50 s."),
        (&[("strategy", "recreate")], "No API server serves for 50 s."),
        (&[("replicas", "1"), ("strategy", "1/1")], "With one replica Rolling is an outage of 20 s"),
    ];
    for (pairs, sentence) in cases {
        let html = rendered(with_requests(), pairs);
        assert!(html.contains(sentence), "{pairs:?} should say: {sentence}");
    }
}

#[test]
fn it_says_what_people_do_not_expect() {
    let start = LabStart {
        input: LabInput { startup_ms: vec![20_000, 23_000, 27_000], ..LabInput::default() },
        ..LabStart::default()
    };
    let html = rendered(start, &[]);
    for sentence in [
        "Blue/Green is not a switch: old and new API servers answer side by side for 7 s.",
        "Rolling 1/1: It saves no pods: old ones take 30 s to go, so 6 pods are alive at the peak",
    ] {
        assert!(html.contains(sentence), "{sentence}");
    }
}

#[test]
fn the_steps_of_the_chosen_strategy_are_there_without_scripts() {
    let html = crate::test_support::text(&rendered(LabStart::default(), &[("strategy", "1/1")]));
    assert!(html.contains("20 s old 2 → 0 4 available, at least 2 needed: 2 old pods may go"), "{html}");
}

#[test]
fn the_cursor_shows_all_steps_of_its_instant() {
    let step = |at_ms| ShownStep { at_ms, change: String::new(), reason: at_ms.to_string() };
    let steps = [step(0), step(0), step(20_000)];
    assert_eq!(ShownStep::at(&steps, -1), []);
    assert_eq!(ShownStep::at(&steps, 19_999), &steps[..2]);
    assert_eq!(ShownStep::at(&steps, 90_000), &steps[2..]);
}

#[test]
fn costs_that_are_not_known_are_not_made_up() {
    let html = rendered(LabStart::default(), &[]);
    assert!(html.contains("not known"));
    assert!(!html.contains("960 MiB"));
    let assumed = rendered(LabStart::default(), &[("amem", "320")]);
    assert!(assumed.contains("~ +960 MiB"), "an assumption is marked as one");
}

#[test]
fn the_pull_says_where_the_image_is() {
    let wanted = KubernetesVersion::new(1, 36, 3);
    let mut snapshot = tenant("v1.35.6");
    snapshot.images = Reading::Read(NodeImages { nodes: 3, uncertain: 0, versions: Vec::new() });
    let on_a_tenants_page = |snapshot: &TenantSnapshot| {
        let (input, sources) = LabInput::from_snapshot(snapshot, Some(&wanted));
        rendered(LabStart { input, sources: Some(sources), ..LabStart::default() }, &[])
    };
    let nothing = "the image of v1.36.3 is on 0 of 3 nodes; no pull was observed: add one to see its effect";
    let html = on_a_tenants_page(&snapshot);
    assert!(html.contains(nothing) && html.contains(&format!("Image pull: {nothing}.")), "{html}");
    snapshot.timings.pull_ms = vec![9_000, 12_000, 20_000];
    let html = on_a_tenants_page(&snapshot);
    let known = "the image of v1.36.3 is on 0 of 3 nodes; pulls took typically 12 s (9 to 20 s) on this tenant";
    assert!(html.contains(known), "{html}");
    assert!(html.contains("12 s of each new pod's start-up are the pull of its image"), "{html}");
    assert!(rendered(LabStart::default(), &[]).contains("added to each new pod’s start-up"));
}

#[test]
fn a_bad_value_stays_in_its_field_with_the_reason_and_the_rest_is_kept() {
    let html = rendered(with_requests(), &[("replicas", "1000"), ("grace", "45"), ("strategy", "Canary")]);
    assert!(html.contains("value=\"1000\"") && html.contains("aria-invalid=\"true\""));
    assert!(html.contains("`replicas` is `1000`; the lab takes 0 to 50. It is left as it was."));
    assert!(html.contains("`Canary` is no strategy"));
    assert!(html.contains("value=\"45\""));
}

#[test]
fn the_way_on_carries_the_chosen_strategy() {
    let id = TenantId { namespace: "team-a".to_owned(), name: "tenant-00".to_owned() };
    let start = LabStart {
        tenant: Some((id, Some(KubernetesVersion::new(1, 36, 3)))),
        preferred: Strategy::ROLLING_ONE,
        ..with_requests()
    };
    let html = rendered(start, &[]);
    let link = "href=\"/tenants/team-a/tenant-00/start?version=v1.36.3&amp;strategy=1%2F1\"";
    let plain = link.replace("&amp;", "&");
    assert!(html.contains(link) || html.contains(&plain), "{html}");
    assert!(html.contains("Check and start with Rolling 1/1"));
}

#[test]
fn a_form_without_scripts_asks_for_the_same_page() {
    let html = rendered(with_requests(), &[("version", "v1.36.3"), ("strategy", "1/0")]);
    assert!(html.contains("<form method=\"get\" action=\"/lab\" class=\"lab\">"));
    for (name, value) in [("version", "v1.36.3"), ("startup", "20"), ("cpu", "250"), ("mem", "320")] {
        assert!(html.contains(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")), "{name}");
    }
    assert_eq!(html.matches("type=\"radio\"").count(), 5);
    let checked = html
        .split("type=\"radio\"")
        .skip(1)
        .filter(|radio| radio.split('>').next().is_some_and(|tag| tag.contains("checked")));
    assert_eq!(checked.count(), 1, "one strategy is chosen");
}

#[test]
fn no_element_id_is_used_twice_and_no_style_is_inline() {
    let html = rendered(with_requests(), &[("surge", "50%")]);
    let mut ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    assert!(all > 20);
    assert!(!html.contains(" style=\""));
}
