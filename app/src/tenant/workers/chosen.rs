//! The chosen node: followed while somebody looks, and put before their eyes.

use leptos::prelude::*;
use planner::tenant::TenantId;
use planner::workers::{LiveWorkers, NodeFacts, Workers, is_draining};

use super::node::{self, Drain};
use super::query::WorkersQuery;
use super::{Due, Tenant, read_drain};

/// How long the pods of a node that is being drained are left unread.
#[cfg(feature = "hydrate")]
const LOOK_AGAIN_EVERY: std::time::Duration = std::time::Duration::from_secs(5);

/// What the drain of the chosen node would meet, read again when it may have changed.
#[derive(Clone, Copy)]
pub(super) struct Drains {
    /// The chosen node; empty for none.
    name: Memo<String>,
    answer: Resource<Drain>,
    looked: RwSignal<u32>,
}

impl Drains {
    pub(super) fn new(id: impl Fn() -> TenantId + Copy + Send + Sync + 'static, name: Memo<String>) -> Self {
        let looked = RwSignal::new(0_u32);
        let answer = Resource::new_blocking(
            move || (name.get(), looked.get()),
            move |(name, _)| {
                let id = id();
                async move {
                    if name.is_empty() {
                        return None;
                    }
                    Some((name.clone(), read_drain(id.namespace, id.name, name).await))
                }
            },
        );
        Self { name, answer, looked }
    }

    /// The answer about the chosen node; one about another node is none.
    fn of_chosen(self) -> Drain {
        self.answer.get().flatten().filter(|(about, _)| self.name.with(|name| about == name))
    }

    /// Reads again when the node itself changes, and now and then while it is being drained: its pods go without a change of it.
    fn follow(self, node: Memo<Option<NodeFacts>>, draining: Memo<bool>) {
        Effect::new(move |before: Option<Option<NodeFacts>>| {
            let now = node.get();
            if before
                .flatten()
                .is_some_and(|before| now.as_ref().is_some_and(|now| *now != before && now.name == before.name))
            {
                self.looked.update(|times| *times += 1);
            }
            now
        });
        look_again_while(draining, self.looked);
    }
}

/// The chosen node, if one is.
pub(super) fn chosen(
    tenant: Tenant,
    seen: Memo<LiveWorkers>,
    query: Memo<WorkersQuery>,
    due: Memo<Result<Due, String>>,
    drains: Drains,
) -> AnyView {
    let name = drains.name;
    let node = Memo::new(move |_| {
        let found = |workers: &Workers| workers.nodes.iter().find(|node| name.with(|name| node.name == *name)).cloned();
        seen.with(|seen| seen.workers().and_then(found))
    });
    let target = Memo::new(move |_| due.with(|due| due.as_ref().ok().map(|due| due.target.clone())));
    let draining = Memo::new(move |_| {
        let target = target.get();
        node.with(|node| node.as_ref().zip(target).is_some_and(|(node, target)| is_draining(node, &target)))
    });
    drains.follow(node, draining);
    bring_into_view(name);
    let one = move || {
        let name = name.get();
        let drain = drains.of_chosen();
        let target = target.get()?;
        if name.is_empty() || seen.with(|seen| seen.workers().is_none()) {
            return None;
        }
        let close = query.with(|query| WorkersQuery { node: String::new(), ..query.clone() });
        let id = tenant.first.with_value(|first| first.id.clone());
        Some(node.with(|node| match node {
            Some(node) => tenant.knowledge.with_value(|knowledge| {
                node::section(&id, node, &target, &knowledge.releases, close.href(&id), &drain)
            }),
            None => node::gone(&name, close.href(&id)),
        }))
    };
    view! { <Transition>{one}</Transition> }.into_any()
}

/// Puts a node's heading before the eyes, and under the keyboard, when it is chosen: its section comes after its link was followed.
fn bring_into_view(chosen: Memo<String>) {
    Effect::new(move |before: Option<String>| {
        let name = chosen.get();
        let anew = before.is_some_and(|before| before != name);
        #[cfg(feature = "hydrate")]
        if anew && !name.is_empty() {
            request_animation_frame(|| {
                use wasm_bindgen::JsCast;
                let heading = document().get_element_by_id(node::HEADING);
                if let Some(heading) = heading.and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
                    // Scrolls, too. Fails only for what takes no focus.
                    let _ = heading.focus();
                }
            });
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = anew;
        name
    });
}

/// Counts on every few seconds, as long as `wanted`; nothing on the server, where no page waits.
fn look_again_while(wanted: Memo<bool>, looked: RwSignal<u32>) {
    #[cfg(feature = "hydrate")]
    {
        let tick = move || {
            if wanted.try_get_untracked() == Some(true) {
                let _ = looked.try_update(|times| *times += 1);
            }
        };
        if let Ok(ticking) = set_interval_with_handle(tick, LOOK_AGAIN_EVERY) {
            on_cleanup(move || ticking.clear());
        }
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = (wanted, looked);
    }
}
