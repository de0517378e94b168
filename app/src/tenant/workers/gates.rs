//! What must hold before the first node.

use leptos::prelude::*;
use planner::workers::{Gate, GateState};

use super::Due;
use crate::clipboard::copy_block;
use crate::prose::prose;
use crate::trouble::sentence;

/// The section; folded while all of them are open.
pub(super) fn gates_section(due: &Due) -> AnyView {
    let Due { gates: all, cure, .. } = due;
    let open = all.iter().all(Gate::is_open);
    let items = all
        .iter()
        .map(|gate| {
            let (class, word, label) = match gate.state {
                GateState::Open => ("finding finding--passes", "severity severity--passes", "Open"),
                GateState::Closed { .. } => ("finding finding--blocks", "severity severity--blocks", "Closed"),
                GateState::Unknown { .. } => ("finding finding--unknown", "severity severity--unknown", "Unknown"),
            };
            let why = match &gate.state {
                GateState::Open => None,
                GateState::Closed { why } | GateState::Unknown { why } => Some(sentence(why)),
            };
            view! {
                <li class=class>
                    <span class=word>{label}</span>
                    <p class="finding__title">{gate.subject.to_string()}</p>
                    {why.map(|why| view! { <p class="finding__evidence">{prose(&why)}</p> })}
                </li>
            }
        })
        .collect_view();
    let list = view! { <ul class="findings">{items}</ul> };
    let cure = (!cure.is_empty()).then(|| {
        let patch =
            serde_json::json!({ "spec": { "kubernetes": { "kubelet": { "configurationJSONPatches": cure } } } });
        let text = serde_json::to_string_pretty(&patch).unwrap_or_default();
        copy_block("What makes the kubelet-config fit: a merge patch for the TenantControlPlane".to_owned(), text)
    });
    if open {
        return view! {
            <details class="section">
                <summary>{"Nothing holds the workers back: all gates are open"}</summary>
                {list}
            </details>
        }
        .into_any();
    }
    view! {
        <section class="section stack" aria-labelledby="gates">
            <h2 id="gates">{"Before the first node"}</h2>
            {list}
            {cure}
        </section>
    }
    .into_any()
}
