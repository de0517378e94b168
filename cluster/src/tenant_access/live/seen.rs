//! What has been seen of a tenant's nodes, and when it is worth showing. Whoever sends it decides neither how much is kept nor how
//! often it is shown.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::api::DynamicObject;
use kube::runtime::watcher::Event;
use planner::tenant::{DeclaredVersion, Reading};
use planner::time::UnixMillis;
use planner::workers::{KubeletConfig, NodeFacts, Workers};
use tokio::time::Instant;

use crate::tenant_access::PART_WITHIN;
use crate::tenant_access::ask::{Asker, within};
use crate::tenant_access::read::nodes::node;
use crate::tenant_access::read::{MOST_OBJECTS, kubeadm_config, kubelet_config};

/// How long a whole list may take. Each page has its limit, but whoever answers could send its bytes one by one.
pub(super) const LIST_WITHIN: Duration = Duration::from_secs(20);
/// What comes within this time after a change is shown with it: to show it costs as much as there are nodes.
const SHOWN_TOGETHER: Duration = Duration::from_millis(100);

/// The nodes that are there, and those of a list that is under way.
pub(super) struct Seen {
    listed: Option<BTreeMap<String, NodeFacts>>,
    coming: BTreeMap<String, NodeFacts>,
    list_due: Option<Instant>,
    news_due: Option<Instant>,
    kubeadm_config: Reading<DeclaredVersion>,
    kubelet_config: Reading<KubeletConfig>,
}

/// There are more nodes than are kept, so none is shown: a part of them would look like all.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are more than {MOST_OBJECTS} of them")]
pub(super) struct TooMany;

impl Seen {
    /// Nothing yet; the list is awaited from now on.
    pub(super) fn new() -> Self {
        Self {
            listed: None,
            coming: BTreeMap::new(),
            list_due: Some(Instant::now() + LIST_WITHIN),
            news_due: None,
            kubeadm_config: Reading::Waiting,
            kubelet_config: Reading::Waiting,
        }
    }

    /// Reads what kubeadm on the nodes reads.
    pub(super) async fn read_configs(&mut self, ask: &Asker) {
        let (kubeadm, kubelet) =
            tokio::join!(within(PART_WITHIN, kubeadm_config(ask)), within(PART_WITHIN, kubelet_config(ask)));
        self.kubeadm_config = kubeadm.reading();
        self.kubelet_config = kubelet.reading();
        self.changed();
    }

    /// Notes an event.
    ///
    /// # Errors
    /// If there are too many nodes.
    pub(super) fn note(&mut self, event: Event<DynamicObject>) -> Result<(), TooMany> {
        match event {
            Event::Init => {
                self.coming.clear();
                self.list_due = Some(Instant::now() + LIST_WITHIN);
            }
            Event::InitApply(object) => self.coming.extend(named(&object)),
            Event::InitDone => {
                self.listed = Some(std::mem::take(&mut self.coming));
                self.list_due = None;
                self.news_due = Some(Instant::now());
            }
            Event::Apply(object) => {
                if let Some(listed) = &mut self.listed {
                    listed.extend(named(&object));
                }
                self.changed();
            }
            Event::Delete(object) => {
                if let (Some(listed), Some((name, _))) = (&mut self.listed, named(&object)) {
                    listed.remove(&name);
                }
                self.changed();
            }
        }
        let most = self.coming.len().max(self.listed.as_ref().map_or(0, BTreeMap::len));
        if most > MOST_OBJECTS { Err(TooMany) } else { Ok(()) }
    }

    /// When the list that is under way must have come, if one is.
    pub(super) fn list_due(&self) -> Option<Instant> {
        self.list_due
    }

    /// When what was not shown yet is to be shown, if there is anything.
    pub(super) fn news_due(&self) -> Option<Instant> {
        self.news_due
    }

    /// The nodes as they are, to be shown now. `None` before the first list.
    pub(super) fn workers(&mut self, now: UnixMillis) -> Option<Workers> {
        self.news_due = None;
        Some(Workers {
            nodes: self.listed.as_ref()?.values().cloned().collect(),
            kubeadm_config: self.kubeadm_config.clone(),
            kubelet_config: self.kubelet_config.clone(),
            seen_at: now,
        })
    }

    /// Before the first list there is nothing to show.
    fn changed(&mut self) {
        if self.listed.is_some() {
            self.news_due.get_or_insert_with(|| Instant::now() + SHOWN_TOGETHER);
        }
    }
}

fn named(object: &DynamicObject) -> Option<(String, NodeFacts)> {
    let node = node(&serde_json::to_value(object).ok()?)?;
    Some((node.name.clone(), node))
}

#[cfg(test)]
mod tests {
    use kube::api::ApiResource;
    use kube::core::GroupVersionKind;

    use super::*;

    fn object(name: &str) -> DynamicObject {
        DynamicObject::new(name, &ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Node")))
    }

    fn many(count: usize) -> impl Iterator<Item = DynamicObject> {
        (0..count).map(|number| object(&format!("n{number}")))
    }

    fn names(seen: &mut Seen) -> Option<Vec<String>> {
        Some(seen.workers(UnixMillis(0))?.nodes.into_iter().map(|node| node.name).collect())
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_is_shown_once_and_changes_that_come_together_are_shown_together() {
        let mut seen = Seen::new();
        let start = Instant::now();
        assert_eq!(names(&mut seen), None);
        for event in [Event::Init, Event::InitApply(object("b")), Event::InitApply(object("a"))] {
            assert_eq!(seen.note(event), Ok(()));
            assert_eq!((seen.news_due(), seen.list_due()), (None, Some(start + LIST_WITHIN)));
        }
        assert_eq!(seen.note(Event::InitDone), Ok(()));
        assert_eq!((seen.news_due(), seen.list_due()), (Some(start), None));
        assert_eq!(names(&mut seen).expect("listed"), ["a", "b"]);
        assert_eq!(seen.news_due(), None, "it was shown");

        for event in [Event::Apply(object("c")), Event::Delete(object("a")), Event::Apply(object("d"))] {
            assert_eq!(seen.note(event), Ok(()));
            assert_eq!(seen.news_due(), Some(start + SHOWN_TOGETHER));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(names(&mut seen).expect("listed"), ["b", "c", "d"]);

        for event in [Event::Init, Event::InitApply(object("z"))] {
            assert_eq!(seen.note(event), Ok(()));
            assert_eq!(seen.news_due(), None, "what is there stays until the new list is whole");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn more_nodes_than_are_kept_end_it_whichever_way_they_come() {
        let mut listing = Seen::new();
        let noted: Vec<_> = many(MOST_OBJECTS + 1).map(|object| listing.note(Event::InitApply(object))).collect();
        assert_eq!(noted.iter().position(Result::is_err), Some(MOST_OBJECTS));

        let mut watching = Seen::new();
        assert_eq!(watching.note(Event::InitDone), Ok(()));
        let noted: Vec<_> = many(MOST_OBJECTS + 1).map(|object| watching.note(Event::Apply(object))).collect();
        assert_eq!(noted.iter().position(Result::is_err), Some(MOST_OBJECTS));
    }
}
