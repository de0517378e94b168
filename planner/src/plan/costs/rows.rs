//! The table of one strategy.

use serde::{Deserialize, Serialize};

use crate::cost::{Bill, BillLine};
use crate::datastore::{Connections, DataStoreLoad, Driver};
use crate::lab::LabRow;

/// What a row says of what is not known.
pub(super) const NOT_KNOWN: &str = "not known";

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CostRow {
    /// Of what.
    pub what: String,
    /// How it is known.
    pub basis: String,
    /// Today.
    pub today: String,
    /// At the peak.
    pub peak: String,
    /// The change against today.
    pub change: String,
    /// Beyond today's, over the film; empty where that says nothing.
    pub over_time: String,
}

impl CostRow {
    /// Whether it says any amount.
    pub fn is_known(&self) -> bool {
        self.today != NOT_KNOWN
    }
}

/// The table of one strategy.
pub(super) fn rows(row: &LabRow, bill: &Bill, load: Option<&DataStoreLoad>) -> Vec<CostRow> {
    let peaks = row.summary.peaks;
    let surge = &bill.surge;
    let pods = [
        ("Pods that a quota counts", peaks.objects, surge.extra.objects, String::new()),
        ("Pods on nodes", peaks.bound, surge.extra.bound, surge.above.to_string()),
        ("API servers running", peaks.running, surge.extra.running, String::new()),
        ("Pods that do not terminate", peaks.non_terminating, surge.extra.non_terminating, String::new()),
    ];
    let pods = pods.into_iter().map(|(what, peak, extra, over_time)| CostRow {
        what: what.to_owned(),
        basis: "predicted".to_owned(),
        today: bill.today.to_string(),
        peak: peak.to_string(),
        change: format!("+{extra}"),
        over_time,
    });
    let sizes = bill.lines.iter().map(|line| size_row(line, bill));
    let connections = load.map(|load| connections_row(load, peaks.running));
    pods.chain(sizes).chain(connections).collect()
}

fn size_row(line: &BillLine, bill: &Bill) -> CostRow {
    let unknown = || NOT_KNOWN.to_owned();
    let surge = &bill.surge;
    let amount = |pods: u32| line.of_pods(pods).map(|amount| line.resource.amount(amount));
    CostRow {
        what: line.resource.to_string(),
        basis: line.size.map_or_else(unknown, |size| size.basis.to_string()),
        today: amount(bill.today).unwrap_or_else(unknown),
        peak: amount(bill.today.saturating_add(surge.extra.bound)).unwrap_or_else(unknown),
        change: amount(surge.extra.bound).map_or_else(unknown, |amount| format!("+{amount}")),
        over_time: line.over_time(surge.above).unwrap_or_default(),
    }
}

fn connections_row(load: &DataStoreLoad, running: u32) -> CostRow {
    let words = |connections: Option<Connections>| connections.map_or(NOT_KNOWN.to_owned(), |it| it.to_string());
    let driver = load.driver.as_deref().map(Driver::from);
    let counted = driver.as_ref().map_or("connections", Driver::counted);
    let extra = load.each.map(|each| each.times(running.saturating_sub(load.own)));
    CostRow {
        what: format!("DataStore {}: {counted}, all tenants", load.name),
        basis: match driver {
            Some(Driver::Etcd) => "assumed",
            Some(Driver::Other(_)) | None => NOT_KNOWN,
            Some(Driver::MySql | Driver::PostgreSql | Driver::Nats) => "kine's settings",
        }
        .to_owned(),
        today: words(load.now()),
        peak: words(load.with(running)),
        change: match extra {
            Some(extra) => format!("+{extra}"),
            None => NOT_KNOWN.to_owned(),
        },
        over_time: String::new(),
    }
}
