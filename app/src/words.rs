//! Small pieces that many pages say in the same way: versions, dates, counts, a status.

use jiff::civil::Date;
use leptos::prelude::*;
use planner::releases::Support;
use planner::tenant::{DeclaredVersion, KamajiStatus, TenantSnapshot};
use planner::time::UnixMillis;

use crate::format;

/// The civil day (UTC) of a moment: support dates are days.
pub(crate) fn day(at: UnixMillis) -> Date {
    at.utc().map(|utc| utc.date()).unwrap_or_default()
}

/// `in 98 days`, `today`, `3 days ago`.
pub(crate) fn days_from(now: UnixMillis, to: Date) -> String {
    let today = day(now);
    let days = to.duration_since(today).as_hours() / 24;
    match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        ahead if ahead > 0 => format!("in {ahead} days"),
        behind => format!("{} days ago", -behind),
    }
}

/// The day that decides how urgent a version is.
pub(crate) fn support_end(support: Option<&Support>) -> Option<Date> {
    match support? {
        Support::Supported { until } | Support::Maintenance { until } => Some(*until),
        Support::EndOfLife { since } => Some(*since),
        Support::Unknown => None,
    }
}

/// The support of a version as a phrase: `supported until 28 Feb 2027 (in 98 days)`.
pub(crate) fn support_phrase(support: &Support, now: UnixMillis) -> String {
    match support {
        Support::Supported { until } => format!("supported until {} ({})", format::day(*until), days_from(now, *until)),
        Support::Maintenance { until } => {
            format!("in maintenance until {} ({})", format::day(*until), days_from(now, *until))
        }
        Support::EndOfLife { since } => {
            format!("out of support since {} ({})", format::day(*since), days_from(now, *since))
        }
        Support::Unknown => "support dates not known".to_owned(),
    }
}

/// The same in two short lines, for a table.
pub(crate) fn support_cell(support: &Support, now: UnixMillis) -> impl IntoView + use<> {
    let (class, word, day) = match support {
        Support::Supported { until } => ("support", "until", Some(*until)),
        Support::Maintenance { until } => ("support", "maintenance until", Some(*until)),
        Support::EndOfLife { since } => ("severity severity--warns", "ended", Some(*since)),
        Support::Unknown => ("muted", "not known", None),
    };
    let when = day.map(|day| {
        view! { <p class="small muted">{days_from(now, day)}</p> }
    });
    let text = day.map_or_else(|| word.to_owned(), |day| format!("{word} {}", format::day(day)));
    view! {
        <span class=format!("nowrap {class}")>{text}</span>
        {when}
    }
}

/// `installed → wanted`, the installed one blue and the wanted one green; one version alone where both are the same.
pub(crate) fn versions(installed: Option<&DeclaredVersion>, wanted: &DeclaredVersion) -> AnyView {
    let same = installed == Some(wanted);
    let installed = installed.map_or_else(|| "not installed yet".to_owned(), |version| version.0.clone());
    let wanted_text = if wanted.0.is_empty() { "no version".to_owned() } else { wanted.0.clone() };
    if same {
        return view! {
            <span class="hop">
                <span class="version">{installed}</span>
            </span>
        }
        .into_any();
    }
    view! {
        <span class="hop">
            <span class="version version--old">{installed}</span>
            <span class="hop__arrow" aria-hidden="true">
                "→"
            </span>
            <span class="visually-hidden">{" to "}</span>
            <span class="version version--new">{wanted_text}</span>
        </span>
    }
    .into_any()
}

/// Kamaji's word in a chip.
pub(crate) fn status_chip(status: &KamajiStatus) -> impl IntoView + use<> {
    let class = match status {
        KamajiStatus::Ready => "chip chip--ok",
        KamajiStatus::Upgrading
        | KamajiStatus::Provisioning
        | KamajiStatus::Migrating
        | KamajiStatus::CertificateAuthorityRotating => "chip chip--busy",
        KamajiStatus::NotReady => "chip chip--blocks",
        KamajiStatus::WriteLimited => "chip chip--warns",
        KamajiStatus::Sleeping => "chip chip--idle",
        KamajiStatus::Unknown | KamajiStatus::Absent | KamajiStatus::Other(_) => "chip chip--unknown",
    };
    view! { <span class=class>{status.to_string()}</span> }
}

/// A moment, absolute, with the relative in brackets.
pub(crate) fn time(at: UnixMillis, now: UnixMillis) -> impl IntoView + use<> {
    view! {
        <time class="time" datetime=format::machine_moment(at)>
            {format::moment(at)}
        </time>
        <span class="muted">{format!(" ({})", format::relative(at, now))}</span>
    }
}

/// `DataStore default (etcd)`.
pub(crate) fn data_store(snapshot: &TenantSnapshot) -> String {
    let store = &snapshot.data_store;
    let name = store.used.as_ref().or(store.wanted.as_ref());
    match (name, &store.driver) {
        (Some(name), Some(driver)) => format!("DataStore {name} ({driver})"),
        (Some(name), None) => format!("DataStore {name}"),
        (None, _) => "DataStore not known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use planner::time::UnixMillis;

    use super::{day, days_from};

    #[test]
    fn days_are_counted_between_civil_days_in_utc() {
        let late_in_the_day = UnixMillis::parse("2026-11-22T23:59:59Z").expect("a time");
        for (to, expected) in [
            ("2027-02-28", "in 98 days"),
            ("2026-11-23", "tomorrow"),
            ("2026-11-22", "today"),
            ("2026-11-21", "yesterday"),
            ("2025-11-22", "365 days ago"),
        ] {
            assert_eq!(days_from(late_in_the_day, to.parse().expect("a date")), expected, "{to}");
        }
        assert_eq!(day(late_in_the_day).to_string(), "2026-11-22");
    }
}
