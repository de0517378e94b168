use planner::cost::Prices;
use planner::datastore::DataStoreLoad;
use planner::placement::{Quantity, QuotaUse};
use planner::plan::{CostFacts, PlannedCosts};
use planner::strategy::Strategy;
use planner::tenant::{DataStoreFacts, MeasuredUsage, PodRequests, Reading, TenantSnapshot};

use super::section;
use crate::links::{PlanFile, plan_file};
use crate::tenant::plan::document;
use crate::tenant::plan::given::{CostQuery, form};
use crate::tenant::start::{Choice, StartQuery};
use crate::test_support::{html, knowledge, planned, tenant, text};

fn costs_of(snapshot: &TenantSnapshot, strategy: &str, costs: CostFacts) -> PlannedCosts {
    planned(snapshot, strategy, costs).costs.expect("it does not sleep")
}

/// Everything that costs can be made from: memory is requested, CPU measured, ephemeral storage assumed.
fn everything(snapshot: &TenantSnapshot) -> CostFacts {
    let object = DataStoreFacts {
        driver: Some("etcd".to_owned()),
        endpoints: 3,
        used_by: vec![snapshot.id.clone()],
        problems: Vec::new(),
    };
    let quota = QuotaUse {
        quota: "team-a".to_owned(),
        resource: "pods".to_owned(),
        hard: Quantity::from_units(10),
        used: Quantity::from_units(5),
        peak: Quantity::from_units(8),
    };
    CostFacts {
        usage: Ok(MeasuredUsage { pods: 3, cpu_millis: 137, memory_bytes: 441 << 20, at: None }),
        assumed: PodRequests { ephemeral_storage_bytes: Some(64 << 20), ..PodRequests::default() },
        prices: Some(Prices {
            cpu_hour: "0.04".parse().expect("a price"),
            gib_hour: "0.005".parse().expect("a price"),
            currency: "EUR".parse().expect("a currency"),
        }),
        quotas: vec![(Strategy::BLUE_GREEN, vec![quota])],
        data_store: DataStoreLoad::of(snapshot, [snapshot], &Ok(object), Some(600)),
        ..CostFacts::default()
    }
}

/// The rows of the table that is called so, as texts.
fn rows(page: &str, table: &str) -> Vec<String> {
    let region = format!("aria-label=\"{table}\"");
    let of_table = page.split(&region).nth(1).and_then(|rest| rest.split("</table>").next());
    let body = of_table.and_then(|it| it.split("<tbody>").nth(1)).unwrap_or_else(|| panic!("no {table} in {page}"));
    body.split("</tr>").map(text).filter(|row| !row.is_empty()).collect()
}

#[test]
fn each_strategy_has_a_row_and_the_one_of_the_plan_is_marked() {
    let snapshot = tenant("v1.35.6");
    for (strategy, title) in [("100%/0", "Blue/Green, 100%/0"), ("1/1", "Rolling, 1/1"), ("recreate", "Recreate")] {
        let costs = costs_of(&snapshot, strategy, everything(&snapshot));
        let page = html(|| section(&costs));
        let rows = rows(&page, "Strategies against today");
        assert_eq!(rows.len(), costs.strategies.len());
        assert_eq!(page.matches("table__row--chosen").count(), 1);
        let marked: Vec<_> = rows.iter().filter(|row| row.contains("the one of this plan")).collect();
        assert!(matches!(&marked[..], [row] if row.starts_with(title)), "{strategy}: {marked:?}");
    }
}

#[test]
fn figures_say_how_they_are_known_and_money_quota_and_connections_are_there() {
    let snapshot = tenant("v1.35.6");
    let costs = costs_of(&snapshot, "100%/0", everything(&snapshot));
    let page = html(|| section(&costs));
    let figures = rows(&page, "Figures of Blue/Green, 100%/0");
    for part in [
        "Pods that a quota counts predicted 3 6 +3",
        "API servers running predicted 3 6 +3",
        "CPU measured, mean of 3 pods 411 mCPU 822 mCPU +411 mCPU",
        "Memory requested 960 MiB 1920 MiB +960 MiB",
        "Memory measured, mean of 3 pods 1323 MiB 2646 MiB +1323 MiB",
        "Ephemeral storage assumed 192 MiB 384 MiB +192 MiB",
        "DataStore default: ",
    ] {
        assert!(figures.iter().any(|row| row.starts_with(part)), "{part} is not in {figures:#?}");
    }
    let page = text(&page);
    for part in
        ["In money: ", "EUR", "team-a", "it takes 600 connections", "CPU measured, mean of 3 pods", "Memory requested"]
    {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn memory_is_drawn_over_time_where_it_is_known_and_else_pods() {
    let mut snapshot = tenant("v1.35.6");
    let drawn = |snapshot: &TenantSnapshot| {
        let costs = costs_of(snapshot, "1/1", CostFacts::default());
        let page = html(|| section(&costs));
        assert_eq!(page.matches("<figure").count(), costs.strategies.len(), "one for each strategy");
        text(&page)
    };
    let known = drawn(&snapshot);
    assert!(known.contains("Memory more than today, requested Rolling, 1/1 Blue/Green, 100%/0"), "{known}");
    assert!(known.contains("0 s +640 MiB +960 MiB"), "{known}");
    assert!(known.contains("Recreate at the peak: as today."), "{known}");
    assert!(known.contains("Rolling, 1/1 at the peak: +960 MiB. Blue/Green, 100%/0 at the peak: +960 MiB."), "{known}");
    if let Reading::Read(deployment) = &mut snapshot.deployment {
        deployment.requests = PodRequests::default();
    }
    let unknown = drawn(&snapshot);
    assert!(unknown.contains("Blue/Green, 100%/0 at the peak: +3 pods."), "{unknown}");
    assert!(!unknown.contains("Memory more than today"), "{unknown}");
    assert!(unknown.contains("not known") && unknown.contains("no price"), "{unknown}");
}

#[test]
fn ids_on_the_page_are_unique_and_no_name_becomes_markup() {
    let mut snapshot = tenant("v1.35.6");
    let mut facts = everything(&snapshot);
    if let Some(load) = &mut facts.data_store {
        load.name = "<script>x</script>".to_owned();
    }
    snapshot.id.name = "<i>x</i>".to_owned();
    let costs = costs_of(&snapshot, "25%/1", facts);
    let page = html(|| section(&costs));
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "{ids:?}");
    assert!(!page.contains("<script") && !page.contains("style="), "{page}");
}

#[test]
fn what_was_given_stays_in_the_address_the_forms_and_the_files() {
    let pairs = |pairs: &[(&str, &str)]| {
        StartQuery::from_pairs(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())))
    };
    let asked = [
        ("version", "v1.35.7"),
        ("strategy", "1/1"),
        ("price-cpu-hour", "0.04"),
        ("price-gib-hour", "0.005"),
        ("currency", "EUR"),
        ("assume-memory", "512Mi"),
        ("datastore-limit", "600"),
    ];
    let query = pairs(&asked);
    let address = "?version=v1.35.7&strategy=1%2F1&price-cpu-hour=0.04&price-gib-hour=0.005&currency=EUR\
                   &assume-memory=512Mi&datastore-limit=600";
    assert_eq!(query.as_url_query(), address);
    assert_eq!(query.choices_only(), query, "another choice keeps it");
    let given = query.costs.read().expect("it can be read");
    assert!(given.prices().is_ok_and(|prices| prices.is_some()) && given.data_store_limit == Some(600));

    let snapshot = tenant("v1.35.6");
    let plan = planned(&snapshot, "1/1", everything(&snapshot));
    let choice = Choice::of(&query, &snapshot, &knowledge()).expect("a choice");
    let page = html(|| document(&plan, &snapshot, Some(&choice), &query.costs));
    let escaped = address.replace('&', "&amp;");
    for file in PlanFile::ALL {
        let href = plan_file(&snapshot.id, file, &escaped);
        assert!(page.contains(&format!("href=\"{href}\"")), "{href} is not in {page}");
    }
    assert!(page.contains("/start?version=v1.35.7&amp;strategy=1%2F1\""), "the hop itself knows no prices: {page}");

    let open = html(|| form(&snapshot.id, &query));
    for part in [
        "name=\"version\" value=\"v1.35.7\"",
        "name=\"strategy\" value=\"1/1\"",
        "value=\"512Mi\"",
        "<details",
        " open",
    ] {
        assert!(open.contains(part), "{part} is not in {open}");
    }
    let closed = html(|| form(&snapshot.id, &StartQuery::default()));
    assert!(!closed.contains(" open"), "{closed}");
    let hidden = html(|| query.costs.hidden());
    assert_eq!(hidden.matches("type=\"hidden\"").count(), 5, "{hidden}");
}

#[test]
fn what_cannot_be_read_is_said() {
    for (name, value, why) in [
        ("price-cpu-hour", "cheap", "`cheap` is no price"),
        ("currency", "euro", "three letters"),
        ("assume-cpu", "half", "no unit"),
        ("datastore-limit", "many", "`many` is no number of connections"),
    ] {
        let mut given = CostQuery::default();
        value.clone_into(given.text_mut(name).expect("it can be given"));
        let error = given.read().expect_err(name);
        assert_eq!(error.status(), 422, "{name}");
        assert!(error.to_string().contains(why), "{name}: {error}");
    }
    assert_eq!(CostQuery::default().text_mut("override"), None);
}
