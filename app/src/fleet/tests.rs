use leptos::prelude::*;
use planner::releases::Support;
use planner::tenant::{Freshness, KamajiStatus, TenantId};

use super::query::ROWS;
use super::{Fleet, FleetQuery, FleetRow, NextStep, Show, Sort, fleet_view};
use crate::test_support::{NOW, declared, html, text};

pub(super) fn row(name: &str, version: &str) -> FleetRow {
    FleetRow {
        id: TenantId { namespace: "team-a".to_owned(), name: name.to_owned() },
        replicas: 3,
        installed: Some(declared(version)),
        wanted: declared(version),
        status: KamajiStatus::Ready,
        support: Some(Support::Supported { until: "2027-02-28".parse().expect("a date") }),
        rollout: None,
        workers_follow: true,
        stuck: Vec::new(),
        next: NextStep::Upgrade("v1.36.4".parse().expect("a version")),
        plan: None,
        data_store: Some("default".to_owned()),
        problems: Vec::new(),
    }
}

pub(super) fn fleet(query: &FleetQuery, rows: Vec<FleetRow>) -> Fleet {
    query.apply(rows, NOW, Freshness::Live)
}

fn names(fleet: &Fleet) -> Vec<&str> {
    fleet.rows.iter().map(|row| row.id.name.as_str()).collect()
}

fn page(query: &FleetQuery, rows: Vec<FleetRow>) -> String {
    html(|| fleet_view(&fleet(query, rows), query, RwSignal::default(), Callback::new(|_| ())))
}

#[test]
fn an_address_says_what_is_listed_and_only_what_differs_from_the_default() {
    let searching = FleetQuery { q: "a b".to_owned(), show: Show::Trouble, sort: Sort::Support, page: 2 };
    for (query, expected) in [
        (FleetQuery::default(), ""),
        (FleetQuery { page: 1, ..FleetQuery::default() }, ""),
        (searching, "?q=a%20b&show=trouble&sort=support&page=2"),
    ] {
        assert_eq!(query.as_url_query(), expected);
    }
}

#[test]
fn what_an_address_asks_for_is_read_back_and_nonsense_counts_as_not_given() {
    let read = |pairs: &[(&str, &str)]| {
        let mut params = leptos_router::params::ParamsMap::new();
        for (key, value) in pairs {
            params.insert((*key).to_owned(), (*value).to_owned());
        }
        FleetQuery::from_params(&params)
    };
    let asked = FleetQuery { q: "x".to_owned(), show: Show::Moving, sort: Sort::Version, page: 3 };
    assert_eq!(read(&[("q", " x "), ("show", "moving"), ("sort", "version"), ("page", "3")]), asked);
    assert_eq!(read(&[("show", "everything"), ("sort", "-1"), ("page", "first")]), FleetQuery::default());
}

#[test]
fn search_finds_names_versions_stores_and_states() {
    let mut second = row("tenant-01", "v1.34.9");
    second.data_store = Some("postgres".to_owned());
    second.status = KamajiStatus::Sleeping;
    let rows = vec![row("tenant-00", "v1.35.6"), second];
    for (q, expected) in [
        ("", vec!["tenant-00", "tenant-01"]),
        ("-01", vec!["tenant-01"]),
        ("TEAM-A/tenant-00", vec!["tenant-00"]),
        ("1.34", vec!["tenant-01"]),
        ("postgres", vec!["tenant-01"]),
        ("sleeping", vec!["tenant-01"]),
        ("nothing like it", vec![]),
    ] {
        let query = FleetQuery { q: q.to_owned(), ..FleetQuery::default() };
        assert_eq!(names(&fleet(&query, rows.clone())), expected, "{q}");
    }
}

#[test]
fn filters_and_their_counts_agree() {
    let mut moving = row("moving", "v1.35.6");
    moving.rollout = Some("Rolling out.".to_owned());
    let mut troubled = row("troubled", "v1.35.6");
    troubled.problems = vec!["the Deployment cannot be read".to_owned()];
    let mut old = row("old", "v1.30.2");
    old.support = Some(Support::EndOfLife { since: "2025-06-28".parse().expect("a date") });
    let rows = vec![moving, troubled, old, row("quiet", "v1.36.4")];
    for (show, expected) in [
        (Show::All, vec!["moving", "old", "quiet", "troubled"]),
        (Show::Moving, vec!["moving"]),
        (Show::Trouble, vec!["troubled"]),
        (Show::Unsupported, vec!["old"]),
    ] {
        let listed = fleet(&FleetQuery { show, ..FleetQuery::default() }, rows.clone());
        assert_eq!(names(&listed), expected, "{show}");
        let counts = [listed.counts.all, listed.counts.moving, listed.counts.trouble, listed.counts.unsupported];
        assert_eq!(counts, [4, 1, 1, 1], "{show}");
    }
}

#[test]
fn versions_sort_as_versions_and_the_unknown_comes_last() {
    let mut nothing_yet = row("creating", "v1.36.4");
    nothing_yet.installed = None;
    let rows = vec![nothing_yet, row("b", "v1.35.10"), row("a", "v1.35.9")];
    let listed = fleet(&FleetQuery { sort: Sort::Version, ..FleetQuery::default() }, rows);
    assert_eq!(names(&listed), ["a", "b", "creating"]);
}

#[test]
fn a_page_beyond_the_last_is_the_last() {
    let rows: Vec<FleetRow> = (0..=ROWS).map(|number| row(&format!("t{number:04}"), "v1.35.6")).collect();
    for (asked, page, count) in [(0, 1, ROWS), (1, 1, ROWS), (2, 2, 1), (99, 2, 1)] {
        let listed = fleet(&FleetQuery { page: asked, ..FleetQuery::default() }, rows.clone());
        assert_eq!((listed.page, listed.pages, listed.rows.len()), (page, 2, count), "page {asked}");
    }
}

#[test]
fn a_row_says_where_a_tenant_stands_and_leads_to_the_next_step() {
    let mut moving = row("tenant-00", "v1.35.6");
    moving.wanted = declared("v1.36.4");
    moving.rollout = Some("Rolling out: 1 of 3 new pods serve.".to_owned());
    let page = page(&FleetQuery::default(), vec![moving, row("tenant-01", "v1.35.6")]);
    for part in [
        "href=\"/tenants/team-a/tenant-00\"",
        "href=\"/tenants/team-a/tenant-00/rollout\"",
        "href=\"/tenants/team-a/tenant-01/start?version=v1.36.4\"",
        "version--old",
        "version--new",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let text = text(&page);
    assert!(text.contains("until 28 Feb 2027 in 98 days"), "{text}");
    assert!(text.contains("Rolling out: 1 of 3 new pods serve."), "{text}");
}

#[test]
fn an_empty_list_says_why() {
    let nobody = text(&page(&FleetQuery::default(), Vec::new()));
    assert!(nobody.contains("There is no tenant control plane that you may see."), "{nobody}");
    let query = FleetQuery { q: "<b>".to_owned(), ..FleetQuery::default() };
    let nothing_found = page(&query, vec![row("tenant-00", "v1.35.6")]);
    assert!(nothing_found.contains("No tenant matches “&lt;b&gt;”"), "{nothing_found}");
    assert!(!nothing_found.contains("“<b>”"), "a search must not become markup");
}

#[test]
fn a_broken_watch_is_said() {
    let stale = Freshness::Stale { since: NOW, why: "connection refused".to_owned() };
    let query = FleetQuery::default();
    let listed = query.apply(vec![row("tenant-00", "v1.35.6")], NOW, stale);
    let text = text(&html(|| fleet_view(&listed, &query, RwSignal::default(), Callback::new(|_| ()))));
    assert!(text.contains("may be out of date") && text.contains("connection refused"), "{text}");
}

#[test]
fn what_may_not_be_listed_is_said_beside_what_is() {
    let query = FleetQuery::default();
    let refused = "TenantControlPlanes of team-b may not be read: forbidden".to_owned();
    let partly = Fleet { hidden: vec![refused], ..fleet(&query, vec![row("tenant-00", "v1.35.6")]) };
    let text = text(&html(|| fleet_view(&partly, &query, RwSignal::default(), Callback::new(|_| ()))));
    assert!(text.contains("Not every tenant is shown: TenantControlPlanes of team-b may not be read"), "{text}");
    assert!(text.contains("tenant-00"), "{text}");
}

#[test]
fn a_stored_plan_is_named_with_whether_it_still_holds() {
    let plan = |stale| super::PlanLink {
        name: "one".parse().expect("a name"),
        version: "v1.36.4".parse().expect("a version"),
        stale,
    };
    for (stale, words) in [(false, "to v1.36.4 plan for v1.36.4 default"), (true, "plan for v1.36.4 , stale default")] {
        let mut planned = row("tenant-00", "v1.35.6");
        planned.plan = Some(plan(stale));
        let page = page(&FleetQuery::default(), vec![planned]);
        assert!(text(&page).contains(words), "{words}: {}", text(&page));
        assert!(page.contains("href=\"/tenants/team-a/tenant-00/plan?stored=one\""), "{page}");
    }
}
