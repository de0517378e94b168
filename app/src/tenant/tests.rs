use leptos::prelude::Callback;
use planner::finding::{FindingKind, Severity};
use planner::hop::{FORMER_STRATEGY_ANNOTATION, merge_patch};
use planner::stage;
use planner::strategy::Strategy;
use planner::tenant::{Freshness, KamajiStatus, ListedVersion, NodeImages, Reading, TenantSnapshot};

use super::forecast::forecast_of;
use super::overview::overview_view;
use super::rollout::{conditions, events, hidden, stages, stuck as stuck_section};
use super::start::{Checked, Checks, Choice, StartQuery, checks_section, judged};
use super::{Knowledge, head};
use crate::error::ConsoleError;
use crate::test_support::{NOW, declared, hostile_event, html, knowledge, rolling, stuck, tenant, text};

fn overview(snapshot: &TenantSnapshot) -> String {
    html(|| overview_view(snapshot, &knowledge()))
}

fn asked(version: &str, strategy: &str) -> StartQuery {
    StartQuery { version: version.to_owned(), strategy: strategy.to_owned(), ..StartQuery::default() }
}

fn start(snapshot: &TenantSnapshot, query: &StartQuery) -> Result<String, ConsoleError> {
    let knowledge: Knowledge = knowledge();
    let choice = Choice::of(query, snapshot, &knowledge)?;
    let nothing_found = Checks::Done(Checked {
        version: choice.version.to_string(),
        strategy: choice.strategy_text(),
        findings: Vec::new(),
        at: NOW,
        may_override: false,
    });
    Ok(html(|| judged(snapshot, &knowledge, &choice, &nothing_found)))
}

#[test]
fn the_head_names_the_versions_the_support_and_the_store() {
    let text = text(&html(|| head(&tenant("v1.35.6"), &knowledge())));
    for part in [
        "tenant-00",
        "v1.35.6 may go to v1.36.4",
        "supported until 28 Feb 2027 (in 98 days)",
        "DataStore default (etcd)",
        "3 replicas",
        "Ready",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn the_overview_has_one_primary_action_that_fits_the_state() {
    let newest = tenant("v1.36.4");
    for (snapshot, primary) in [
        (tenant("v1.35.6"), Some("/tenants/team-a/tenant-00/start?version=v1.36.4")),
        (rolling(), Some("/tenants/team-a/tenant-00/rollout")),
        (newest, None),
    ] {
        let page = overview(&snapshot);
        let links = page.split("<a ").filter_map(|rest| rest.split('>').next());
        let primary_links = links.filter(|link| link.contains("button--primary"));
        let hrefs: Vec<&str> =
            primary_links.filter_map(|link| link.split("href=\"").nth(1)?.split('"').next()).collect();
        assert_eq!(hrefs, Vec::from_iter(primary), "{}", snapshot.desired_version);
    }
}

#[test]
fn versions_that_may_not_come_are_listed_with_the_reason() {
    let page = text(&overview(&tenant("v1.35.6")));
    let one_minor_ahead = page.find("v1.36.4").expect("the available one is listed");
    let two_ahead = page.find("v1.37.0 to v1.37.1").expect("the unavailable ones are listed together");
    assert!(two_ahead > one_minor_ahead, "the verdict comes first: {page}");
}

#[test]
fn a_tenant_older_than_the_release_table_is_not_said_to_be_at_its_end() {
    let unknown_to_the_table = text(&overview(&tenant("v1.24.17")));
    assert!(unknown_to_the_table.contains("No version of the release table may come next."), "{unknown_to_the_table}");
    let mut paused = tenant("v1.35.6");
    paused.paused = true;
    let held = text(&overview(&paused));
    assert!(held.contains("No other version may come next."), "{held}");
    let at_the_ceiling = TenantSnapshot { installed_version: None, ..tenant("v1.36.4") };
    let ends = text(&overview(&at_the_ceiling));
    assert!(ends.contains("No other version may come next."), "v1.37 is in the table and was judged: {ends}");
}

#[test]
fn objects_that_cannot_be_read_are_named_and_the_rest_is_shown() {
    let mut snapshot = tenant("v1.35.6");
    snapshot.problems = vec!["the pod `x` has no labels".to_owned()];
    let page = overview(&snapshot);
    assert!(text(&page).contains("The pod x has no labels."), "{page}");
    assert!(page.contains("<code>x"), "{page}");
    assert!(text(&page).contains("Versions"), "{page}");
}

#[test]
fn a_start_shows_exactly_the_fields_that_are_written() {
    let only_version = start(&tenant("v1.35.6"), &asked("v1.36.4", "")).expect("a choice");
    assert!(only_version.contains("<del>v1.35.6</del><ins>v1.36.4</ins>"), "{only_version}");
    assert!(!only_version.contains("spec.controlPlane.deployment.strategy"), "an unchanged strategy is not written");
    let both = start(&tenant("v1.35.6"), &asked("v1.36.4", "1/1")).expect("a choice");
    assert!(both.contains("spec.controlPlane.deployment.strategy"), "{both}");
    assert!(text(&both).contains("maxSurge"), "both halves are written out: {both}");
}

#[test]
fn the_start_shows_every_leaf_of_the_patch() {
    for strategy in ["", "100%/0", "1/1", "1/0", "Recreate"] {
        let snapshot = tenant("v1.35.6");
        let chosen = (!strategy.is_empty()).then(|| strategy.parse::<Strategy>().expect("a strategy"));
        let version = "v1.36.4".parse().expect("a version");
        let patch = merge_patch(&snapshot, &version, chosen);
        let shown = start(&snapshot, &asked("v1.36.4", strategy)).expect("a choice");
        let written = ["/spec/kubernetes/version", "/spec/controlPlane/deployment/strategy", "/metadata/annotations"]
            .iter()
            .filter(|field| patch.pointer(field).is_some_and(|value| !value.is_null()))
            .count();
        assert_eq!(shown.matches("diff__field").count(), written, "`{strategy}`: {patch} is shown as {shown}");
        let remembers = patch["metadata"]["annotations"].get(FORMER_STRATEGY_ANNOTATION).is_some();
        assert_eq!(shown.contains(FORMER_STRATEGY_ANNOTATION), remembers, "`{strategy}`: {patch}");
    }
}

#[test]
fn a_minor_is_said_to_be_final_and_a_patch_is_not() {
    let final_words = "A minor cannot be undone.";
    for (version, is_final) in [("v1.36.4", true), ("v1.35.7", false)] {
        let page = text(&start(&tenant("v1.35.6"), &asked(version, "")).expect("a choice"));
        assert_eq!(page.contains(final_words), is_final, "{version}");
    }
}

#[test]
fn the_forecast_counts_the_pull_of_an_image_that_the_nodes_lacked() {
    let nodes = |listed: u32| {
        let version = "v1.36.3".parse().expect("a version");
        let versions = (listed > 0).then_some(ListedVersion { version, nodes: listed, uncertain: 0 });
        Reading::Read(NodeImages { nodes: 3, uncertain: 0, versions: Vec::from_iter(versions) })
    };
    let remark = "12 s of each new pod's start-up are the pull of its image";
    for (listed, said) in [(0, true), (2, true), (3, false)] {
        let mut snapshot = TenantSnapshot { images: nodes(listed), ..tenant("v1.35.6") };
        snapshot.timings.pull_ms = vec![12_000];
        let page = start(&snapshot, &asked("v1.36.3", "")).expect("it may be chosen");
        assert_eq!(page.contains(remark), said, "on {listed} nodes");
    }

    let mut snapshot = TenantSnapshot { images: nodes(3), ..rolling() };
    snapshot.timings.pull_ms = vec![12_000];
    let finished = |snapshot: &TenantSnapshot| {
        forecast_of(snapshot, snapshot.hop.as_ref().expect("it runs")).and_then(|row| row.summary.finished_ms)
    };
    let without = finished(&snapshot).expect("it finishes");
    snapshot.hop.as_mut().expect("it runs").images = nodes(0);
    assert_eq!(finished(&snapshot), Some(without + 12_000), "when it began they lacked it");
}

#[test]
fn what_cannot_be_read_in_an_address_is_said_and_nothing_is_chosen_for_it() {
    for (version, strategy, says) in [
        ("1.36.4", "", "lacks the leading `v`"),
        ("latest", "", "is not a Kubernetes version"),
        ("v1.36.4", "0/0", "both 0"),
        ("v1.36.4", "canary", "no strategy"),
    ] {
        let error = start(&tenant("v1.35.6"), &asked(version, strategy)).expect_err("it cannot be read");
        assert_eq!(error.status(), 422, "{version} {strategy}");
        assert!(error.to_string().contains(says), "{version} {strategy}: {error}");
    }
}

#[test]
fn a_refused_version_is_shown_as_blocked() {
    let page = text(&start(&tenant("v1.34.9"), &asked("v1.36.4", "")).expect("a choice"));
    assert!(page.contains("cannot be started"), "{page}");
}

#[test]
fn what_the_cluster_says_is_shown_in_the_words_of_whoever_refused() {
    let words = "admission webhook \"vtenantcontrolplane.kb.io\" denied the request: <nope>";
    let done = |kind: FindingKind| {
        Checks::Done(Checked {
            version: "v1.36.4".to_owned(),
            strategy: String::new(),
            findings: vec![kind.into()],
            at: NOW,
            may_override: false,
        })
    };
    for (checks, says) in [
        (done(FindingKind::DryRunAccepted), "would take this change"),
        (done(FindingKind::DryRunRefused { words: words.to_owned() }), "denied the request: &lt;nope&gt;"),
        (done(FindingKind::DryRunNotJudged { why: "no answer within 10 s".to_owned() }), "no answer within 10 s"),
        (Checks::Failed(ConsoleError::ApiAway("connection refused".to_owned())), "connection refused"),
        (Checks::Waiting, "Asking the management cluster"),
    ] {
        let page = html(|| checks_section(&checks, String::new(), Callback::new(|()| ())));
        assert!(page.contains(says), "{says} is not in {page}");
    }
}

#[test]
fn an_answer_to_an_earlier_choice_is_none() {
    let choice = |version: &str| Choice { version: version.parse().expect("a version"), strategy: None };
    let answer = Checked {
        version: "v1.36.4".to_owned(),
        strategy: String::new(),
        findings: Vec::new(),
        at: NOW,
        may_override: false,
    };
    let of = |version| Checks::of(&choice(version), Some(Ok(answer.clone())));
    assert_eq!(of("v1.36.4"), Checks::Done(answer.clone()));
    assert_eq!(of("v1.36.3"), Checks::Waiting);
}

#[test]
fn a_refused_plain_form_comes_back_with_what_was_filled_in() {
    let agreed = super::start::Agreed {
        version: "v1.36.4".to_owned(),
        plan: String::new(),
        strategy: "1/1".to_owned(),
        binding: "{\"uid\":\"x\"}".to_owned(),
        kubelets_checked: "yes".to_owned(),
        typed_name: "tenant-00".to_owned(),
        despite: "agreed".to_owned(),
        overridden: "room".to_owned(),
    };
    let back = agreed.back_to_start(&tenant("v1.35.6").id, &ConsoleError::Changed(Vec::new()));
    for part in [
        "/tenants/team-a/tenant-00/start?",
        "version=v1.36.4",
        "strategy=1%2F1",
        "seen=%7B%22uid",
        "kubelets_checked=yes",
        "typed_name=tenant-00",
        "despite=agreed",
        "overridden=room",
        "refused=409",
    ] {
        assert!(back.contains(part), "{part} is not in {back}");
    }
}

#[test]
fn the_present_stage_is_marked_once() {
    let settled = TenantSnapshot { status: KamajiStatus::Ready, ..rolling() };
    for snapshot in [rolling(), settled, stuck()] {
        let page = html(|| stages(&snapshot, &stage::read(&snapshot)));
        assert_eq!(page.matches("aria-current=\"step\"").count(), 1, "{page}");
    }
}

#[test]
fn a_tenant_at_rest_has_no_stages() {
    let snapshot = tenant("v1.35.6");
    assert!(stages(&snapshot, &stage::read(&snapshot)).is_none());
}

#[test]
fn a_stuck_rollout_gives_the_reason_and_only_ways_out_that_exist() {
    let snapshot = stuck();
    let report = stage::read(&snapshot);
    assert!(!report.stuck.is_empty(), "the built tenant is stuck");
    let page = text(&html(|| stuck_section(&snapshot, &report)));
    for exit in &report.exits {
        assert!(page.contains(&exit.to_string()), "{exit} is not in {page}");
    }
    assert!(!page.contains("Prepare v1.35.6"), "the way back over a minor must never be offered: {page}");
    assert!(stuck_section(&rolling(), &stage::read(&rolling())).is_none(), "nothing keeps a healthy rollout");
}

#[test]
fn what_may_not_be_read_says_so_and_the_rest_is_shown() {
    let mut snapshot = rolling();
    snapshot.events = Reading::Forbidden("events is forbidden".to_owned());
    snapshot.deployment = Reading::Waiting;
    let events = text(&html(|| events(&snapshot)));
    let conditions = text(&html(|| conditions(&snapshot)));
    assert!(events.contains("events is forbidden"), "{events}");
    assert!(conditions.contains("have not been read yet"), "{conditions}");
}

#[test]
fn a_part_that_only_lacks_something_says_so_where_it_may_not_be_read() {
    let words = |reading: Reading<()>| hidden(&reading, "ReplicaSets").map(|view| text(&html(|| view)));
    assert_eq!(words(Reading::Read(())), None);
    assert_eq!(words(Reading::Missing), None);
    assert_eq!(words(Reading::Waiting), None);
    let refused = words(Reading::Forbidden("replicasets is forbidden".to_owned()));
    assert_eq!(
        refused.as_deref(),
        Some("The management cluster does not show ReplicaSets to the console: replicasets is forbidden")
    );
}

#[test]
fn nothing_from_a_cluster_becomes_markup() {
    let mut snapshot = rolling();
    snapshot.id.name = "<script>x</script>".to_owned();
    snapshot.desired_version = declared("<i>v1</i>");
    snapshot.status = KamajiStatus::Other("<u>odd</u>".to_owned());
    snapshot.problems = vec!["<em>bad</em>".to_owned()];
    snapshot.events = Reading::Read(vec![hostile_event()]);
    snapshot.freshness = Freshness::Stale { since: NOW, why: "<hr>".to_owned() };
    let page =
        format!("{}{}{}", overview(&snapshot), html(|| head(&snapshot, &knowledge())), html(|| events(&snapshot)));
    for markup in ["<script", "<i>", "<u>", "<em>", "<img", "<b>"] {
        assert!(!page.contains(markup), "{markup} is in {page}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
}

#[test]
fn findings_stand_worst_first() {
    let mut snapshot = tenant("v1.35.6");
    snapshot.paused = true;
    let page = start(&snapshot, &asked("v1.36.4", "")).expect("a choice");
    let order: Vec<usize> = [Severity::Blocks, Severity::Warns, Severity::Passes]
        .iter()
        .filter_map(|severity| page.find(&format!("finding--{severity}")))
        .collect();
    assert!(order.len() >= 2 && order.is_sorted(), "{order:?}");
}
