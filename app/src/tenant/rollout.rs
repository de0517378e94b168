//! The rollout page: where the hop is, in words and as a picture, what was expected, what keeps it, and the ways out.

use leptos::prelude::*;
use planner::finding::Finding;
use planner::hop::Binding;
use planner::stage::{self, Exit, Stage, StageReport};
use planner::tenant::{ConditionFacts, EventFacts, Reading, TenantId, TenantSnapshot};

use super::overview::declared_in_words;
use super::rollout_films::films;
use super::{Tenant, tenant_page};
use crate::chart::{PodMarks, pod_rows};
use crate::error::ConsoleError;
use crate::findings;
use crate::format;
use crate::links::{self, TenantTab};
use crate::table::stacked_table;
use crate::trouble::{error_notice, sentence};
use crate::words;

/// The stages of a hop, in order. [`Stage::Gate`] is part of being accepted: it has a name only once it takes long.
const STEPS: [(Stage, &str, &str); 5] = [
    (Stage::Accepted, "Accepted", "The new version stands in the object; no pod is touched yet."),
    (Stage::RollingOut, "Rolling out", "Pods are replaced."),
    (Stage::Settling, "Settling", "All new pods serve; Kamaji has not recorded the version yet."),
    (Stage::Settled, "Settled", "The version is recorded; older pods still terminate."),
    (Stage::Finished, "Finished", "No pod of an older version is left. Workers may follow now."),
];

/// So many events are shown at once; a hop makes about forty.
const EVENTS_SHOWN: usize = 12;

/// Puts back the strategy that stood there before the console changed it.
///
/// # Errors
/// As starting a hop: changed meanwhile, refused, or the cluster cannot be reached.
#[server(endpoint = "restore_strategy", output = crate::codec::JsonText)]
pub async fn restore_strategy(
    /// Namespace of the tenant.
    namespace: String,
    /// Name of the tenant.
    name: String,
    /// What the person saw.
    binding: String,
) -> Result<(), ConsoleError> {
    let id = TenantId { namespace, name };
    let answer = async { crate::backend::request()?.restore_strategy(&id, &binding).await }.await;
    // A plain form comes back to the page, which shows the strategy as it is now and offers the same again if it failed.
    if answer.is_ok() || crate::backend::is_plain_form() {
        let failed = answer.err().map(|error| ("restore", error.status().to_string()));
        let query = links::query(&failed.into_iter().collect::<Vec<_>>());
        leptos_axum::redirect(&format!("{}{query}", links::tenant(&id, TenantTab::Rollout)));
        return Ok(());
    }
    crate::error::with_status(answer)
}

/// The page.
#[component]
pub fn RolloutPage() -> impl IntoView {
    tenant_page(TenantTab::Rollout, rollout)
}

fn rollout(tenant: Tenant) -> AnyView {
    let report = Memo::new(move |_| tenant.snapshot.with(|snapshot| stage::read(snapshot)));
    let said = Memo::new(move |_| report.with(|report| sentence(&report.sentence)));
    let rows = Signal::derive(move || tenant.snapshot.with(|snapshot| pod_rows(snapshot)));
    let restore = ServerAction::<RestoreStrategy>::new();
    view! {
        <section aria-label="Where it stands">
            // The one live region of the page: a sentence, said again only when it changes.
            <p class="verdict" role="status">
                {said}
            </p>
            {move || tenant.snapshot.with(|snapshot| report.with(|report| times(snapshot, report, &tenant)))}
        </section>
        {move || tenant.snapshot.with(|snapshot| report.with(|report| stuck(snapshot, report)))}
        {move || tenant.snapshot.with(|snapshot| report.with(|report| stages(snapshot, report)))}
        {films(tenant)}
        <section class="section" aria-labelledby="pods">
            <div class="section__head">
                <h2 id="pods">{"Pods"}</h2>
                <p class="muted">{move || report.with(counts)}</p>
            </div>
            {move || tenant.snapshot.with(|snapshot| unread(&snapshot.pods, "pods"))}
            {move || tenant.snapshot.with(|snapshot| hidden(&snapshot.replica_sets, "ReplicaSets"))}
            <PodMarks id="pods-now".to_owned() rows=rows />
        </section>
        {move || restore_failure(restore)}
        {move || tenant.snapshot.with(|snapshot| former_strategy(snapshot, restore))}
        {move || tenant.snapshot.with(|snapshot| conditions(snapshot))}
        {move || tenant.snapshot.with(|snapshot| events(snapshot))}
        {explained()}
    }
    .into_any()
}

/// From where to where, since when, and how long it has taken.
fn times(snapshot: &TenantSnapshot, report: &StageReport, tenant: &Tenant) -> AnyView {
    let reload = links::tenant(&snapshot.id, TenantTab::Rollout);
    let Some(hop) = &snapshot.hop else {
        let text = match report.stage {
            Stage::Sleeping => {
                "With 0 replicas there is no rollout to watch: Kamaji records a new version at once, and pods of it start when it wakes."
            }
            _ => "No upgrade of this tenant has been observed since the console started.",
        };
        return view! { <p class="verdict__why">{text}</p> }.into_any();
    };
    let running = is_under_way(report.stage);
    let now = snapshot.observed_at.plus_millis(if running { tenant.live.silent_seconds.get() * 1000 } else { 0 });
    let from = hop.from.as_ref().map_or_else(|| "an unknown version".to_owned(), ToString::to_string);
    let began = if hop.start_seen {
        format!("began {}", format::moment(hop.started_at))
    } else {
        format!("began {} or before; its beginning was not observed", format::moment(hop.started_at))
    };
    // What happened unobserved is known to be over when it could be seen again.
    let after = |ms: i64| {
        let unobserved = hop.film.gaps.iter().any(|gap| gap.from_ms < ms && ms <= gap.to_ms);
        format!("{}{}", if unobserved { "at most " } else { "" }, format::duration(ms))
    };
    let took = match (hop.settled_ms, hop.finished_ms) {
        (Some(settled), Some(finished)) => {
            format!("settled after {}, finished after {}", after(settled), after(finished))
        }
        (Some(settled), None) => format!("settled after {}", after(settled)),
        (None, _) => format!("{} so far", format::duration(whole_seconds(now.since(hop.started_at)))),
    };
    let gaps = (!hop.film.gaps.is_empty()).then(|| {
        let missing: i64 = hop.film.gaps.iter().map(|gap| gap.to_ms - gap.from_ms).sum();
        view! {
            <p class="small muted">
                {format!("Nothing was observed for {} of it, because the console or its connection was away: the chart shows that time as a gap.", format::duration(missing))}
            </p>
        }
    });
    view! {
        <p class="verdict__why">{format!("{from} → {}: {began}; {took}.", hop.to)}</p>
        {gaps}
        <noscript>
            <p class="small">
                {"This page does not follow by itself without scripts. "} <a href=reload>{"Reload"}</a> {" to see the newest state."}
            </p>
        </noscript>
    }
    .into_any()
}

/// Whether a hop is under way.
pub(crate) fn is_under_way(stage: Stage) -> bool {
    matches!(stage, Stage::Accepted | Stage::Gate | Stage::RollingOut | Stage::Settling | Stage::Settled)
}

fn whole_seconds(millis: i64) -> i64 {
    millis / 1000 * 1000
}

/// What keeps it, and the ways out that exist at this stage.
pub(crate) fn stuck(snapshot: &TenantSnapshot, report: &StageReport) -> Option<AnyView> {
    if report.stuck.is_empty() {
        return None;
    }
    let reasons: &[Finding] = &report.stuck;
    let exits = report.exits.iter().map(|exit| way_out(snapshot, exit)).collect_view();
    Some(
        view! {
            <section class="section stack" aria-labelledby="stuck">
                <h2 id="stuck">{"What keeps it"}</h2>
                {findings::finding_list(reasons)}
                <h3>{"Ways out that exist now"}</h3>
                <ul class="exits">{exits}</ul>
            </section>
        }
        .into_any(),
    )
}

/// One way out: a link to the start page where this console can do it, else who can.
fn way_out(snapshot: &TenantSnapshot, exit: &Exit) -> AnyView {
    let id = &snapshot.id;
    let wanted = snapshot.desired_version.parsed().ok();
    let link = match exit {
        Exit::PatchRollback { to } => {
            to.parse().ok().map(|version| (links::start(id, Some(&version), None), format!("Prepare {version}")))
        }
        Exit::NewerPatch { minor } => Some((links::start(id, None, None), format!("Choose another patch of v{minor}"))),
        Exit::ValidStrategy { strategy } => Some((
            links::start(id, wanted.as_ref(), Some(&strategy.to_string())),
            format!("Prepare the strategy {strategy}"),
        )),
        Exit::InPlace => Some((
            links::start(id, wanted.as_ref(), Some(&planner::strategy::Strategy::IN_PLACE.to_string())),
            "Prepare the strategy in place".to_owned(),
        )),
        _ => None,
    };
    let link = link.map(|(href, label)| {
        view! {
            <p>
                <a class="button button--small" href=href>
                    {label}
                </a>
            </p>
        }
    });
    let who = exit
        .is_for_administrators()
        .then(|| view! { <p class="reason">{"Only an administrator of the management cluster can do this."}</p> });
    view! {
        <li>
            <p>{exit.to_string()}</p>
            {link}
            {who}
        </li>
    }
    .into_any()
}

/// The stages as a list, the present one marked.
pub(crate) fn stages(snapshot: &TenantSnapshot, report: &StageReport) -> Option<AnyView> {
    let now = match report.stage {
        Stage::Gate => Stage::Accepted,
        Stage::Idle | Stage::Sleeping | Stage::Creating | Stage::Unknown => {
            // A hop that ended is shown as it ended.
            snapshot.hop.as_ref().filter(|hop| hop.finished_ms.is_some())?;
            Stage::Finished
        }
        stage => stage,
    };
    let waiting_at_gate = report.stage == Stage::Gate;
    let items = STEPS
        .into_iter()
        .map(|(stage, name, text)| {
            let text = if stage == Stage::Accepted && waiting_at_gate {
                "Kamaji waits for the tenant’s API server before it begins."
            } else {
                text
            };
            let done = stage < now || (stage == now && now == Stage::Finished);
            let (class, word) = match () {
                () if done => ("stage stage--done", "done"),
                () if stage == now && !report.stuck.is_empty() => ("stage stage--stuck", "stuck"),
                () if stage == now => ("stage stage--current", "now"),
                () => ("stage stage--pending", "to come"),
            };
            view! {
                <li class=class aria-current=(stage == now).then_some("step")>
                    <span class="stage__name">{name} <span class="visually-hidden">{format!(", {word}")}</span></span>
                    <span class="stage__text">{text}</span>
                </li>
            }
        })
        .collect_view();
    Some(
        view! {
            <section class="section section--plain" aria-label="Stages">
                <ol class="stages">{items}</ol>
            </section>
        }
        .into_any(),
    )
}

fn counts(report: &StageReport) -> String {
    let counts = &report.counts;
    if !counts.known {
        return "not known".to_owned();
    }
    format!(
        "{} of {} serve: {} old, {} new; {} starting, {} terminating",
        counts.serving(),
        counts.replicas,
        counts.old_serving,
        counts.new_serving,
        counts.new_starting + counts.old_not_ready,
        counts.old_terminating + counts.new_terminating
    )
}

/// Why a part of the page is empty, where it could not be read.
fn unread<T>(reading: &Reading<T>, what: &str) -> Option<AnyView> {
    let text = match reading {
        Reading::Read(_) => return None,
        Reading::Missing => format!("There are no {what} yet."),
        Reading::Waiting => format!("The {what} have not been read yet."),
        Reading::Forbidden(words) => format!("The management cluster does not show {what} to the console: {words}"),
    };
    Some(view! { <p class="callout callout--unknown">{text}</p> }.into_any())
}

/// That a part of the page lacks something which may not be read.
pub(crate) fn hidden<T>(reading: &Reading<T>, what: &str) -> Option<AnyView> {
    matches!(reading, Reading::Forbidden(_)).then(|| unread(reading, what)).flatten()
}

/// The offer to put back the strategy that the console had changed.
fn former_strategy(snapshot: &TenantSnapshot, restore: ServerAction<RestoreStrategy>) -> Option<AnyView> {
    let former = snapshot.former_strategy.as_ref()?;
    let text = format!(
        "This console changed the strategy from {} to {}.",
        declared_in_words(former),
        declared_in_words(&snapshot.strategy)
    );
    let settled = stage::is_settled(snapshot);
    let TenantId { namespace, name } = snapshot.id.clone();
    let binding = Binding::of(snapshot).to_string();
    let reason = (!settled).then(|| {
        view! {
            <p id="restore-reason" class="reason">
                {"Possible when the rollout has settled: it would govern the one that runs."}
            </p>
        }
    });
    Some(
        view! {
            <section class="section stack" aria-labelledby="former-strategy">
                <h2 id="former-strategy">{"The former strategy"}</h2>
                <p>{text}</p>
                <ActionForm action=restore>
                    <input type="hidden" name="namespace" value=namespace />
                    <input type="hidden" name="name" value=name />
                    <input type="hidden" name="binding" value=binding />
                    <button
                        class="button"
                        type="submit"
                        disabled=!settled
                        aria-describedby=(!settled).then_some("restore-reason")
                    >
                        {"Restore the former strategy"}
                    </button>
                    {reason}
                </ActionForm>
            </section>
        }
        .into_any(),
    )
}

fn restore_failure(restore: ServerAction<RestoreStrategy>) -> Option<AnyView> {
    let plain = leptos_router::hooks::use_query_map().with(|query| query.get("restore"));
    let answered = restore.value().with(|value| value.as_ref().and_then(|value| value.as_ref().err().cloned()));
    match (answered, plain) {
        (Some(error), _) => Some(error_notice(&error).into_any()),
        (None, Some(_)) => Some(
            view! {
                <p class="callout callout--blocks" role="alert">
                    {"The former strategy was not restored. Look at what follows, then try again."}
                </p>
            }
            .into_any(),
        ),
        (None, None) => None,
    }
}

/// The Deployment's conditions, in Kubernetes' own words.
pub(crate) fn conditions(snapshot: &TenantSnapshot) -> AnyView {
    let now = snapshot.observed_at;
    let body = match unread(&snapshot.deployment, "conditions of the Deployment") {
        Some(why) => why,
        None => {
            let conditions = snapshot.deployment.read().map(|facts| facts.conditions.as_slice()).unwrap_or_default();
            let rows = conditions.iter().map(|condition| condition_row(condition, now)).collect_view();
            let columns = ["Type", "Status", "Reason", "Message", "Last update"];
            stacked_table("Conditions, as a table", "", &columns, rows.into_any())
        }
    };
    view! {
        <section class="section" aria-labelledby="conditions">
            <div class="section__head">
                <h2 id="conditions">{"Conditions of the Deployment"}</h2>
            </div>
            {body}
        </section>
    }
    .into_any()
}

fn condition_row(condition: &ConditionFacts, now: planner::time::UnixMillis) -> AnyView {
    view! {
        <tr>
            <th scope="row">{condition.kind.clone()}</th>
            <td data-label="Status">{condition.status.clone()}</td>
            <td data-label="Reason">{condition.reason.clone()}</td>
            <td data-label="Message">{condition.message.clone()}</td>
            <td data-label="Last update">
                <div>{condition.updated_at.map(|at| words::time(at, now))}</div>
            </td>
        </tr>
    }
    .into_any()
}

/// The newest events.
pub(crate) fn events(snapshot: &TenantSnapshot) -> AnyView {
    let now = snapshot.observed_at;
    let body = match unread(&snapshot.events, "events") {
        Some(why) => why,
        None => match snapshot.events.read().filter(|events| !events.is_empty()) {
            None => view! {
                <p class="muted">{"Kubernetes keeps events for an hour; there are none now."}</p>
            }
            .into_any(),
            Some(events) => {
                let (newest, older) = events.split_at(events.len().min(EVENTS_SHOWN));
                let list = |events: &[EventFacts]| {
                    let items = events.iter().map(|event| event_item(event, now)).collect_view();
                    view! { <ol class="feed">{items}</ol> }
                };
                let older = (!older.is_empty()).then(|| {
                    view! {
                        <details>
                            <summary>{format!("{} older", older.len())}</summary>
                            {list(older)}
                        </details>
                    }
                });
                view! {
                    {list(newest)}
                    {older}
                }
                .into_any()
            }
        },
    };
    view! {
        <section class="section" aria-labelledby="events">
            <div class="section__head">
                <h2 id="events">{"Events"}</h2>
                <p class="muted">{"newest first"}</p>
            </div>
            {body}
        </section>
    }
    .into_any()
}

fn event_item(event: &EventFacts, now: planner::time::UnixMillis) -> AnyView {
    let warning =
        (event.kind == "Warning").then(|| view! { <span class="severity severity--warns">{"Warning"}</span> });
    let times = (event.count > 1).then(|| format!(" ({} times)", event.count));
    view! {
        <li>
            <span class="feed__time">{event.at.map(|at| words::time(at, now))}</span>
            <div class="feed__what">
                {warning} <strong>{format!(" {} ", event.reason)}</strong> <span class="muted">{event.about.clone()}</span>
                <p>{event.message.clone()} {times}</p>
            </div>
        </li>
    }
    .into_any()
}

fn explained() -> AnyView {
    view! {
        <details class="section rollout-words">
            <summary>{"What settled and finished mean"}</summary>
            <p>
                {"Settled: the Deployment is complete and Kamaji has recorded the version. Finished: settled, and no pod of an older version exists any more, terminating ones included; only then may a worker follow."}
            </p>
            <p>
                {"Kamaji’s own word Ready comes earlier: 1.5 to 2 s before the old pods are gone, and longer with a long grace period. So this page reads the pods and the Deployment themselves."}
            </p>
            <p>{"Nothing can hold an upgrade midway. The next one can be held by not starting it."}</p>
        </details>
    }
    .into_any()
}
