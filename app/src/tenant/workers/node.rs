//! One node: where it stands, what a drain would meet, and its runbook.

use leptos::prelude::*;
use planner::finding::Severity;
use planner::releases::ReleaseTable;
use planner::runbook::{ElsewherePage, Os, Rights, Runbook, Step, TypedCommand};
use planner::tenant::TenantId;
use planner::tenant_api::Answer;
use planner::version::KubernetesVersion;
use planner::workers::{DrainReport, NodeFacts, NodeName, PassesError, Reached, is_done, milestones};

use super::table::state;
use crate::clipboard::copy_block;
use crate::error::ConsoleError;
use crate::links::{self, RunbookFile};
use crate::prose::prose;
use crate::trouble::sentence;

/// What is known of a drain, and of which node; `None` until it is read.
pub(super) type Drain = Option<(String, Result<Answer<DrainReport>, ConsoleError>)>;

/// The heading of the section; the keyboard goes there when a node is chosen.
pub(super) const HEADING: &str = "node-title";

/// What the runbook of a node is written from.
enum Guide {
    Runbook(Box<Runbook>),
    Elsewhere(Box<ElsewherePage>),
    None(String),
}

/// The section of a node that is not there.
pub(super) fn gone(name: &str, close: String) -> AnyView {
    view! {
        <section class="section stack" id="node" aria-labelledby=HEADING>
            <h2 id=HEADING tabindex="-1">{name.to_owned()}</h2>
            <p>
                {"There is no node of this name now: it may have been replaced. "}
                <a href=close>{"Back to the list"}</a>
            </p>
        </section>
    }
    .into_any()
}

/// The section of one node. `close`: the address without it.
pub(super) fn section(
    id: &TenantId,
    node: &NodeFacts,
    target: &KubernetesVersion,
    releases: &ReleaseTable,
    close: String,
    drain: &Drain,
) -> AnyView {
    let report = drain.as_ref().and_then(|(_, answer)| answer.as_ref().ok()).and_then(Answer::read);
    view! {
        <section class="section stack" id="node" aria-labelledby=HEADING>
            <div class="section__head">
                <h2 id=HEADING tabindex="-1">{format!("{}: {} → {target}", node.name, node.kubelet)}</h2>
                <p class="cluster">{state(node, is_done(node, target))} <a href=close>{"Close"}</a></p>
            </div>
            {milestone_list(node, target, report)}
            {drain_section(drain)}
            {guide_section(id, &guide(node, target, releases))}
        </section>
    }
    .into_any()
}

/// What the node itself reports of its way; nobody ticks anything off by hand.
fn milestone_list(node: &NodeFacts, target: &KubernetesVersion, drain: Option<&DrainReport>) -> AnyView {
    let items = milestones(node, target, drain)
        .map(|(milestone, reached)| {
            let (class, current) = match reached {
                Reached::Yes => ("stage stage--done", None),
                Reached::Next => ("stage stage--current", Some("step")),
                Reached::Later | Reached::NotKnown => ("stage stage--pending", None),
            };
            view! {
                <li class=class aria-current=current>
                    <span class="stage__name">{milestone.to_string()}</span>
                    <span class="stage__text">{reached.to_string()}</span>
                </li>
            }
        })
        .into_iter()
        .collect_view();
    view! { <ol class="stages" aria-label="As the node reports it">{items}</ol> }.into_any()
}

fn drain_section(drain: &Drain) -> AnyView {
    let body = match drain {
        None => {
            view! { <p class="muted" aria-busy="true">{"Reading the pods on it and their budgets …"}</p> }.into_any()
        }
        Some((_, Err(error))) => view! { <p class="muted">{sentence(&error.to_string())}</p> }.into_any(),
        Some((_, Ok(Answer::Read(report)))) => report_view(report),
        Some((_, Ok(other))) => {
            view! { <p class="muted">{sentence(&format!("it could not be read: {other}"))}</p> }.into_any()
        }
    };
    view! {
        <div class="stack">
            <h3>{"What its drain would meet now"}</h3>
            {body}
        </div>
    }
    .into_any()
}

fn report_view(report: &DrainReport) -> AnyView {
    let evicted = match report.evicted {
        0 => "It evicts no pod.".to_owned(),
        1 => "It evicts one pod.".to_owned(),
        pods => format!("It evicts {pods} pods."),
    };
    if report.remarks.is_empty() {
        return view! { <p>{format!("{evicted} Nothing stands against it.")}</p> }.into_any();
    }
    let items = report
        .remarks
        .iter()
        .map(|remark| {
            let (class, word, label) = match remark.severity() {
                Severity::Blocks => ("finding finding--blocks", "severity severity--blocks", "Blocks"),
                _ => ("finding finding--warns", "severity severity--warns", "Warns"),
            };
            view! {
                <li class=class>
                    <span class=word>{label}</span>
                    <p class="finding__title">{prose(&remark.to_string())}</p>
                    <p class="finding__remedy">{prose(remark.remedy())}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        <p>{evicted}</p>
        <ul class="findings">{items}</ul>
    }
    .into_any()
}

fn guide(node: &NodeFacts, target: &KubernetesVersion, releases: &ReleaseTable) -> Guide {
    let name: NodeName = match node.name.parse() {
        Ok(name) => name,
        // A name that is none enters no script.
        Err(error) => return Guide::None(format!("there is no runbook for it: {error}")),
    };
    let from: KubernetesVersion = match node.kubelet.parsed() {
        Ok(from) => from,
        Err(error) => return Guide::None(format!("its version cannot be read: {error}")),
    };
    let made = match node.os() {
        Os::Packaged(os) => {
            Runbook::new(name, os, from, target.clone(), releases).map(|runbook| Guide::Runbook(Box::new(runbook)))
        }
        Os::Elsewhere(os) => {
            ElsewherePage::new(name, os, from, target.clone(), releases).map(|page| Guide::Elsewhere(Box::new(page)))
        }
    };
    made.unwrap_or_else(|error| match error {
        PassesError::SameVersion(version) => {
            Guide::None(format!("it runs {version} already: there is nothing to install"))
        }
        error => Guide::None(format!("there is no way for it with kubeadm: {error}")),
    })
}

fn guide_section(id: &TenantId, guide: &Guide) -> AnyView {
    match guide {
        Guide::None(why) => view! { <p>{prose(&sentence(why))}</p> }.into_any(),
        Guide::Elsewhere(page) => view! {
            <h3>{"What to do"}</h3>
            <p>{prose(&page.why)}</p>
            <p>{prose(&page.instead)}</p>
            {page
                .url
                .clone()
                .map(|url| {
                    let text = url.clone();
                    view! {
                        <p>
                            <a href=url rel="external noreferrer">
                                {text}
                            </a>
                        </p>
                    }
                })}
        }
        .into_any(),
        Guide::Runbook(runbook) => runbook_view(id, runbook),
    }
}

fn runbook_view(id: &TenantId, runbook: &Runbook) -> AnyView {
    let file = |file: RunbookFile, label: &'static str| {
        let href = links::runbook_file(id, runbook.node.as_str(), file);
        view! {
            <a href=href rel="external" download>
                {label}
            </a>
        }
    };
    let ways = (runbook.passes.len() > 1).then(|| {
        let ways = runbook.ways.iter().map(|way| view! { <li>{prose(&way.text)}</li> }).collect_view();
        view! {
            <h3>{format!("It is {} minors behind: the ways there are", runbook.passes.len())}</h3>
            <ul class="plain-list">{ways}</ul>
        }
    });
    let before = runbook.before.iter().map(|it| view! { <li>{prose(it)}</li> }).collect_view();
    let remarks = runbook.remarks.iter().map(|it| view! { <li>{prose(it)}</li> }).collect_view();
    let steps = runbook.steps.iter().enumerate().map(|(index, step)| step_view(index, step, runbook)).collect_view();
    view! {
        {ways}
        <div class="section__head">
            <h3>{format!("Runbook for {}", runbook.os)}</h3>
            <p class="cluster">
                <span class="muted">{"Take it away: "}</span>
                {file(RunbookFile::Script, "Shell script")}
                {file(RunbookFile::Markdown, "Markdown")}
                {file(RunbookFile::Json, "JSON")}
            </p>
        </div>
        <details>
            <summary>{"What must hold before the first step"}</summary>
            <ul>{before}</ul>
        </details>
        <ol class="runbook">{steps}</ol>
        {(!runbook.remarks.is_empty()).then(|| view! { <ul class="plain-list small">{remarks}</ul> })}
        <p class="small muted">
            {format!("In the order of the Kubernetes documentation as of {}. The script checks before it acts and can be run again after a stop at any line.", runbook.documentation_of)}
        </p>
    }
    .into_any()
}

fn step_view(index: usize, step: &Step, runbook: &Runbook) -> AnyView {
    let pass = step.pass.filter(|_| runbook.passes.len() > 1).and_then(|pass| {
        let first = runbook.steps.iter().position(|other| other.pass == Some(pass)) == Some(index);
        first.then(|| format!("Pass {pass} of {}: {}", runbook.passes.len(), runbook.passes[pass - 1]))
    });
    let rights = match step.rights {
        Rights::Root => "on the node, as root",
        Rights::Administrator => "anywhere, with an administrator’s kubeconfig of the tenant",
    };
    // Commands for everybody are copied together; where one stands for another, each by itself.
    let blocks: Vec<(String, String)> = if step.commands.iter().all(|command| command.only.is_none()) {
        let lines: Vec<&str> = step.commands.iter().map(|command| command.text.as_str()).collect();
        vec![(rights.to_owned(), lines.join("\n"))]
    } else {
        let block = |command: &TypedCommand| {
            let only = command.only.as_ref().map(|only| format!("; only {only}")).unwrap_or_default();
            (format!("{rights}{only}"), command.text.clone())
        };
        step.commands.iter().map(block).collect()
    };
    let commands = blocks.into_iter().map(|(purpose, text)| copy_block(purpose, text)).collect_view();
    view! {
        <li class="runbook__step">
            {pass.map(|pass| view! { <p class="runbook__pass">{pass}</p> })}
            <h4>{format!("{}. {}", index + 1, step.title)}</h4>
            <p class="muted">{prose(&step.does)}</p>
            {commands}
            <p class="small">
                <strong>{"You should see: "}</strong>
                {prose(&step.expect)}
                " "
                <strong>{"If not: "}</strong>
                {prose(&step.otherwise)}
            </p>
        </li>
    }
    .into_any()
}
