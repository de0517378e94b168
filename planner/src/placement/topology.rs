//! Topology values as small numbers, so that counting by them is an index away.

use std::collections::BTreeMap;

use super::room::NodeRoom;

/// Which value each node has for each topology key that a question needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Topology {
    keys: Vec<Key>,
}

#[derive(Debug, Clone)]
struct Key {
    name: String,
    /// Per node the number of its value; `None` without the label.
    of_node: Vec<Option<u32>>,
    values: usize,
}

impl Topology {
    /// The number of a key. Values are numbered when the key is first asked for.
    pub(super) fn key(&mut self, name: &str, nodes: &[NodeRoom]) -> usize {
        if let Some(index) = self.keys.iter().position(|key| key.name == name) {
            return index;
        }
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        let mut of_node = Vec::with_capacity(nodes.len());
        for room in nodes {
            of_node.push(room.node.labels.get(name).map(|value| {
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                *numbers.entry(value.as_str()).or_insert(next)
            }));
        }
        self.keys.push(Key { name: name.to_owned(), of_node, values: numbers.len() });
        self.keys.len() - 1
    }

    pub(super) fn name(&self, key: usize) -> &str {
        &self.keys[key].name
    }

    /// The number of a node's value for a key.
    pub(super) fn value(&self, key: usize, node: usize) -> Option<usize> {
        self.keys[key].of_node[node].map(|value| value as usize)
    }

    /// How many values a key has.
    pub(super) fn values(&self, key: usize) -> usize {
        self.keys[key].values
    }
}
