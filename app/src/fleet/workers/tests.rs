use leptos::prelude::*;
use planner::tenant::TenantId;
use planner::workers::Remaining;

use super::{RowWorkers, SaidOfWorkers, note};
use crate::fleet::tests::{fleet, row};
use crate::fleet::{FleetQuery, FleetRow, fleet_view};
use crate::test_support::{declared, html, text};

fn id(name: &str) -> TenantId {
    TenantId { namespace: "team-a".to_owned(), name: name.to_owned() }
}

fn left(name: &str, wanted: &str, remaining: Remaining) -> RowWorkers {
    RowWorkers { id: id(name), wanted: declared(wanted), remaining }
}

fn said(rows: impl IntoIterator<Item = RowWorkers>) -> SaidOfWorkers {
    rows.into_iter().map(|row| (row.id.clone(), row)).collect()
}

fn page(rows: Vec<FleetRow>, said: SaidOfWorkers) -> String {
    let query = FleetQuery::default();
    html(|| fleet_view(&fleet(&query, rows), &query, RwSignal::new(said), Callback::new(|_| ())))
}

#[test]
fn a_row_says_what_is_left_after_its_control_plane_and_nothing_else_does() {
    let three = Remaining::Workers { done: 3, total: 7 };
    let at_rest = row("tenant-00", "v1.35.6");
    let not_yet = FleetRow { workers_follow: false, ..at_rest.clone() };
    let counted = "Ready control plane finished, workers 3 of 7";
    for (what, row, told, says) in [
        ("some are left", at_rest.clone(), Some(left("tenant-00", "v1.35.6", three)), Some(counted)),
        (
            "it did not answer",
            at_rest.clone(),
            Some(left("tenant-00", "v1.35.6", Remaining::NotKnown)),
            Some("workers not known"),
        ),
        ("not looked yet, or all done", at_rest.clone(), None, None),
        ("said of another version", at_rest.clone(), Some(left("tenant-00", "v1.34.9", three)), None),
        ("said of another tenant", at_rest, Some(left("tenant-01", "v1.35.6", three)), None),
        ("its control plane comes first", not_yet, Some(left("tenant-00", "v1.35.6", three)), None),
    ] {
        let page = page(vec![row], said(told));
        assert_eq!(page.matches("fleet-workers").count(), usize::from(says.is_some()), "{what}: {page}");
        assert!(says.is_none_or(|says| text(&page).contains(says)), "{what}: {}", text(&page));
    }
}

#[test]
fn of_a_tenant_that_an_answer_leaves_out_nothing_is_said_any_more() {
    let of = |done| Remaining::Workers { done, total: 4 };
    let mut now = said([left("a", "v1.35.6", of(1)), left("b", "v1.35.6", of(1)), left("c", "v1.35.6", of(1))]);
    note(&mut now, &[id("a"), id("b"), id("d")], vec![left("b", "v1.35.6", of(2)), left("d", "v1.35.6", of(3))]);
    assert_eq!(now, said([left("b", "v1.35.6", of(2)), left("c", "v1.35.6", of(1)), left("d", "v1.35.6", of(3))]));
}
