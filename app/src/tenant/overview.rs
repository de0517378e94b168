//! The overview of a tenant: where it stands, the one next action, the versions it may go to and why not to the others.

use leptos::prelude::*;
use planner::finding::{Finding, Severity};
use planner::hop::preflight;
use planner::next::{MinorChoice, Verdict, VersionChoice, VersionPicker, next_versions};
use planner::stage::{self, StageReport};
use planner::strategy::DeclaredStrategy;
use planner::tenant::{Konnectivity, Owner, TenantId, TenantSnapshot};
use planner::time::UnixMillis;
use planner::version::{KubernetesVersion, Minor};

use super::rollout::is_under_way;
use super::{Knowledge, Tenant, tenant_page};
use crate::findings;
use crate::format;
use crate::links::{self, TenantTab};
use crate::prose::prose;
use crate::table::stacked_table;
use crate::trouble::sentence;
use crate::words;

/// The page.
#[component]
pub fn OverviewPage() -> impl IntoView {
    tenant_page(TenantTab::Overview, overview)
}

fn overview(tenant: Tenant) -> AnyView {
    // Beside what is drawn again with each snapshot, so that nothing typed is lost.
    let another = tenant.first.with_value(|snapshot| another_version(&snapshot.id));
    view! {
        {move || {
            tenant.snapshot.with(|snapshot| tenant.knowledge.with_value(|knowledge| overview_view(snapshot, knowledge)))
        }}
        {another}
    }
    .into_any()
}

/// The page's own part.
pub(crate) fn overview_view(snapshot: &TenantSnapshot, knowledge: &Knowledge) -> AnyView {
    let today = words::day(snapshot.observed_at);
    let picker = next_versions(snapshot, &knowledge.releases, &knowledge.operator, today);
    let report = stage::read(snapshot);
    view! {
        {standing(snapshot, &report, &picker)}
        {problems(snapshot)}
        {versions(snapshot, &picker, knowledge)}
        {against(snapshot, knowledge, picker.recommended.as_ref())}
        {facts(snapshot)}
    }
    .into_any()
}

/// Where it stands and the one next action.
fn standing(snapshot: &TenantSnapshot, report: &StageReport, picker: &VersionPicker) -> AnyView {
    let id = &snapshot.id;
    let rollout = links::tenant(id, TenantTab::Rollout);
    let moving = is_under_way(report.stage);
    let (verdict, why, action) = match (&picker.recommended, moving) {
        (_, true) => (
            sentence(&report.sentence),
            "The next upgrade can be started when this one has settled.".to_owned(),
            view! {
                <a class="button button--primary" href=rollout>
                    {"Watch the rollout"}
                </a>
            }
            .into_any(),
        ),
        (Some(next), false) => (
            match &snapshot.installed_version {
                Some(installed) => format!("{} runs {installed} and may go to {next}.", id.name),
                None => format!("{} may go to {next}.", id.name),
            },
            sentence(&report.sentence),
            view! {
                <a class="button button--primary" href=links::start(id, Some(next), None)>
                    {format!("Upgrade to {next}")}
                </a>
            }
            .into_any(),
        ),
        (None, false) => (
            nothing_next(snapshot, picker).to_owned(),
            sentence(&report.sentence),
            view! {
                <a class="button" href="#versions">
                    {"See why"}
                </a>
            }
            .into_any(),
        ),
    };
    let stuck = (!report.stuck.is_empty()).then(|| {
        view! {
            <div class="callout callout--blocks">
                <p class="callout__title">{"The rollout is stuck"}</p>
                {report.stuck.iter().map(|finding| view! { <p>{sentence(&finding.to_string())}</p> }).collect_view()}
            </div>
        }
    });
    view! {
        <section class="cluster cluster--spread" aria-label="Where it stands">
            <div>
                <p class="verdict">{verdict}</p>
                <p class="verdict__why">{why}</p>
            </div>
            {action}
        </section>
        {stuck}
    }
    .into_any()
}

/// Objects of this tenant that cannot be read.
fn problems(snapshot: &TenantSnapshot) -> Option<AnyView> {
    (!snapshot.problems.is_empty()).then(|| {
        let items =
            snapshot.problems.iter().map(|problem| view! { <li>{prose(&sentence(problem))}</li> }).collect_view();
        view! {
            <section class="callout callout--warns" aria-labelledby="problems">
                <h2 id="problems" class="callout__title">
                    {"Some objects of this tenant cannot be read"}
                </h2>
                <ul>{items}</ul>
                <p>{"Everything else on this page is read from the objects that can."}</p>
            </section>
        }
        .into_any()
    })
}

/// What speaks for and against the recommended step.
fn against(snapshot: &TenantSnapshot, knowledge: &Knowledge, next: Option<&KubernetesVersion>) -> Option<AnyView> {
    let next = next?;
    let today = words::day(snapshot.observed_at);
    let check = preflight(snapshot, next, None, &knowledge.operator, &knowledge.releases, today);
    let summary = planner::finding::summary(&check.findings);
    Some(
        view! {
            <section class="section" aria-labelledby="findings">
                <div class="section__head">
                    <h2 id="findings">{format!("What speaks for and against {next}")}</h2>
                    <p class="muted">{summary}</p>
                </div>
                {findings::finding_list(&check.findings)}
            </section>
        }
        .into_any(),
    )
}

/// Every known version, grouped by minor: those that may come, as links; the others with the reason.
fn versions(snapshot: &TenantSnapshot, picker: &VersionPicker, knowledge: &Knowledge) -> AnyView {
    let now = snapshot.observed_at;
    // The lines that nobody can go to any more are folded away below.
    let open_from = snapshot.desired_version.parsed().ok().map(|wanted| wanted.minor());
    let (telling, older): (Vec<&MinorChoice>, Vec<&MinorChoice>) = picker.minors.iter().partition(|line| {
        open_from.is_none_or(|wanted| line.minor >= wanted) || line.versions.iter().any(is_available)
    });
    let rows = telling.into_iter().map(|line| minor_row(snapshot, line, picker, now)).collect_view();
    let older = (!older.is_empty()).then(|| {
        let rows = older.into_iter().map(|line| minor_row(snapshot, line, picker, now)).collect_view();
        view! {
            <details>
                <summary>{"Older minors"}</summary>
                {versions_table("Older minors, as a table", rows.into_any())}
            </details>
        }
    });
    let as_of = format!(
        "Release table as of {}: {}. The highest version that this Kamaji accepts: {}.",
        format::day(knowledge.releases.as_of),
        knowledge.releases.source,
        knowledge.operator.ceiling
    );
    view! {
        <section class="section" aria-labelledby="versions">
            <div class="section__head">
                <h2 id="versions">{"Versions"}</h2>
            </div>
            {versions_table("Versions, as a table", rows.into_any())}
            {older}
            <p class="small muted">{as_of}</p>
        </section>
    }
    .into_any()
}

/// Why no version is recommended. The release table has a first and a last line: where nothing stands in the way and the next
/// minor is not in it, that is all that can be said.
fn nothing_next(snapshot: &TenantSnapshot, picker: &VersionPicker) -> &'static str {
    let blocked = picker.standing.iter().any(|finding| finding.severity == Severity::Blocks);
    let next_is_judged = snapshot.desired_version.parsed().is_ok_and(|version| {
        let now = version.minor();
        picker.minors.iter().any(|line| line.minor == Minor { minor: now.minor + 1, ..now })
    });
    if blocked || next_is_judged {
        "No other version may come next."
    } else {
        "No version of the release table may come next."
    }
}

/// A version that the release table does not have, judged on the start page like any other.
fn another_version(id: &TenantId) -> AnyView {
    view! {
        <form class="section form__row" method="get" action=links::start(id, None, None)>
            <div class="field">
                <label class="field__label" for="another-version">
                    {"Another version"}
                </label>
                <input
                    id="another-version"
                    class="input input--code"
                    name="version"
                    placeholder="v1.36.2"
                    autocomplete="off"
                    required=true
                    aria-describedby="another-version-hint"
                />
                <p id="another-version-hint" class="field__hint">
                    {"one that the table does not have; it is checked before anything is written"}
                </p>
            </div>
            <button class="button" type="submit">
                {"Check it"}
            </button>
        </form>
    }
    .into_any()
}

fn versions_table(label: &'static str, rows: AnyView) -> AnyView {
    stacked_table(label, "versions-table", &["Minor", "Support", "Versions"], rows)
}

fn is_available(choice: &VersionChoice) -> bool {
    matches!(choice.verdict, Verdict::Available { .. })
}

/// One line: the versions that may come as links, the others with the reason.
fn minor_row(snapshot: &TenantSnapshot, line: &MinorChoice, picker: &VersionPicker, now: UnixMillis) -> AnyView {
    let open: Vec<_> = line
        .versions
        .iter()
        .filter(|choice| is_available(choice))
        .map(|choice| version_link(snapshot, &choice.version, picker.recommended.as_ref()))
        .collect();
    let closed: Vec<_> = closed_runs(line.versions.iter().filter_map(|choice| match &choice.verdict {
        Verdict::Unavailable(reasons) => Some((&choice.version, reasons.as_slice())),
        Verdict::Available { .. } => None,
    }))
    .into_iter()
    .map(|(versions, reason)| {
        view! {
            <p>
                <span class="version">{versions}</span>
                <span class="muted">{format!(" {reason}")}</span>
            </p>
        }
    })
    .collect();
    let open = (!open.is_empty()).then(|| view! { <ul class="cluster version-links">{open}</ul> });
    view! {
        <tr>
            <th scope="row">{format!("v{}", line.minor)}</th>
            <td data-label="Support">
                <div>{words::support_cell(&line.support, now)}</div>
            </td>
            <td data-label="Versions">
                <div>{open} {closed}</div>
            </td>
        </tr>
    }
    .into_any()
}

fn version_link(snapshot: &TenantSnapshot, version: &KubernetesVersion, next: Option<&KubernetesVersion>) -> AnyView {
    let href = links::start(&snapshot.id, Some(version), None);
    let recommended = (next == Some(version)).then(|| view! { <span class="muted">{" recommended"}</span> });
    view! {
        <li>
            <a class="version" href=href>
                {version.to_string()}
            </a>
            {recommended}
        </li>
    }
    .into_any()
}

/// Neighbouring versions with the same reason in one line: `v1.37.0 to v1.37.1`, `above v1.36, …`.
fn closed_runs<'a>(versions: impl Iterator<Item = (&'a KubernetesVersion, &'a [Finding])>) -> Vec<(String, String)> {
    let mut runs: Vec<(&KubernetesVersion, &KubernetesVersion, String)> = Vec::new();
    for (version, reasons) in versions {
        let first = reasons.iter().find(|finding| finding.blocks()).or_else(|| reasons.first());
        let reason = first.map_or_else(|| "not possible now.".to_owned(), ToString::to_string);
        let reason = reason.strip_prefix(&format!("{version} is ")).map_or_else(|| reason.clone(), str::to_owned);
        let same = |before: &String, last: &KubernetesVersion| {
            before.replace(&last.to_string(), "") == reason.replace(&version.to_string(), "")
        };
        match runs.last_mut() {
            Some((_, last, before)) if same(before, last) => {
                *last = version;
                *before = reason;
            }
            _ => runs.push((version, version, reason)),
        }
    }
    runs.into_iter()
        .map(|(first, last, reason)| {
            let name = if first == last { first.to_string() } else { format!("{last} to {first}") };
            (name, reason)
        })
        .collect()
}

fn facts(snapshot: &TenantSnapshot) -> AnyView {
    let konnectivity = match snapshot.konnectivity {
        Konnectivity::Off => "off",
        Konnectivity::FollowsMinor => "on; a minor upgrade changes the Deployment twice",
        Konnectivity::Pinned => "on, with a version of its own",
    };
    let owners: Vec<String> = snapshot.owners.iter().map(owner).collect();
    let rows = [
        ("Namespace", snapshot.id.namespace.clone()),
        ("Strategy", declared_in_words(&snapshot.strategy)),
        ("Konnectivity", konnectivity.to_owned()),
        ("Written by", if owners.is_empty() { "people and this console".to_owned() } else { owners.join(", ") }),
        (
            "Observed generation",
            match snapshot.observed_generation {
                Some(observed) => format!("{observed} of {}", snapshot.generation),
                None => "not available with this Kamaji".to_owned(),
            },
        ),
        (
            "Created",
            snapshot.created_at.map_or_else(
                || "not known".to_owned(),
                |at| format!("{} ({})", format::moment(at), format::relative(at, snapshot.observed_at)),
            ),
        ),
    ]
    .map(|(name, value)| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    });
    view! {
        <section class="section" aria-labelledby="facts">
            <div class="section__head">
                <h2 id="facts">{"Facts"}</h2>
            </div>
            <dl class="facts">{rows.into_iter().collect_view()}</dl>
        </section>
    }
    .into_any()
}

fn owner(owner: &Owner) -> String {
    match owner {
        Owner::ClusterApi { control_plane, cluster: Some(cluster) } => {
            format!("KamajiControlPlane {control_plane} of Cluster API cluster {cluster}")
        }
        Owner::ClusterApi { control_plane, cluster: None } => format!("KamajiControlPlane {control_plane}"),
        Owner::Git { tool } => tool.clone(),
    }
}

/// A declared strategy as Kamaji reads it, or why it cannot work.
pub(crate) fn declared_in_words(declared: &DeclaredStrategy) -> String {
    match declared.under_kamaji() {
        Ok(strategy) => format!("{} ({strategy})", strategy.name()),
        Err(error) => error.to_string(),
    }
}
