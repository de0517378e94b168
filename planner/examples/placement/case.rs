//! Cases that the real kube-scheduler has judged: reading them, asking the simulator the same, and the first difference in
//! words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;

use planner::placement::{
    Affinity, Container, ContainerPort, Incoming, Labels, Node, Pod, PodPhase, PodSpec, PodTemplate, Question,
    ResourceList, ResourceRequirements, Room, Taint, Toleration, TopologySpreadConstraint,
};
use serde::Deserialize;

/// A small cluster, equal new pods, and what the scheduler said.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) class: String,
    input: Input,
    pub(crate) result: Expected,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Input {
    namespaces: Vec<InputNamespace>,
    nodes: Vec<InputNode>,
    pods: Vec<InputPod>,
    incoming: InputIncoming,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputNamespace {
    name: String,
    labels: Labels,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputNode {
    name: String,
    labels: Labels,
    taints: Vec<Taint>,
    unschedulable: bool,
    allocatable: ResourceList,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputIncoming {
    count: u32,
    template: InputPod,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InputPod {
    name: String,
    namespace: String,
    node: String,
    labels: Labels,
    deleting: bool,
    phase: PodPhase,
    containers: Vec<InputContainer>,
    init_containers: Vec<InputContainer>,
    overhead: ResourceList,
    resources: Option<ResourceRequirements>,
    node_selector: Labels,
    affinity: Option<Affinity>,
    tolerations: Vec<Toleration>,
    topology_spread_constraints: Vec<TopologySpreadConstraint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InputContainer {
    name: String,
    requests: ResourceList,
    limits: ResourceList,
    restart_policy: Option<String>,
    host_ports: Vec<InputPort>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputPort {
    port: u16,
    protocol: String,
    #[serde(rename = "hostIP")]
    host_ip: String,
}

/// What the scheduler said.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Expected {
    pub(crate) request: ExpectedAmounts,
    free: Vec<ExpectedFree>,
    default: Tally,
    any_score: Tally,
    pub(crate) possible: Option<Range>,
    pub(crate) states: Vec<ExpectedState>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpectedAmounts {
    #[serde(rename = "milliCPU")]
    pub(crate) milli_cpu: i64,
    memory: i64,
    ephemeral_storage: i64,
}

#[derive(Debug, Deserialize)]
struct ExpectedFree {
    node: String,
    #[serde(flatten)]
    amounts: ExpectedAmounts,
    pods: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Range {
    pub(crate) placed_min: u32,
    placed_max: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tally {
    placed_min: u32,
    placed_max: u32,
    outcomes: Vec<Outcome>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    by_node: Left,
    unplaced: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExpectedState {
    placed: BTreeMap<String, u32>,
    pub(crate) fits: Vec<String>,
    #[serde(default)]
    pub(crate) stopped: Vec<StoppedGroup>,
    pub(crate) message: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct StoppedGroup {
    plugin: String,
    reasons: Vec<String>,
    unresolvable: bool,
    nodes: Vec<String>,
}

/// The first thing in which the simulator and the scheduler differ.
#[derive(Debug)]
pub(crate) struct Difference {
    about: String,
    ours: String,
    theirs: String,
}

/// Reads a file of cases, gzipped or not.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Case>, Box<dyn std::error::Error>> {
    let mut text = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut text)?;
    } else {
        text.extend_from_slice(bytes);
    }
    Ok(serde_json::from_slice(&text)?)
}

impl Case {
    /// Asks the simulator everything that the case answers.
    pub(crate) fn first_difference(&self) -> Option<Difference> {
        let room = self.room();
        let incoming = Incoming::of(&self.input.incoming.template.template());
        self.differs_in_amounts(&room, &incoming)
            .or_else(|| self.result.states.iter().find_map(|state| differs_in_state(&room, &incoming, state)))
            .or_else(|| self.differs_in_outcomes(&room, &incoming))
            .or_else(|| self.differs_in_count(&room, &incoming))
    }

    fn room(&self) -> Room {
        let nodes = self.input.nodes.iter().map(|node| Node {
            name: node.name.clone(),
            labels: node.labels.clone(),
            taints: node.taints.clone(),
            unschedulable: node.unschedulable,
            allocatable: node.allocatable.clone(),
        });
        let namespaces =
            self.input.namespaces.iter().map(|namespace| (namespace.name.clone(), namespace.labels.clone()));
        let pods: Vec<Pod> = self.input.pods.iter().map(InputPod::pod).collect();
        Room::new(nodes, namespaces, &pods)
    }

    fn differs_in_amounts(&self, room: &Room, incoming: &Incoming) -> Option<Difference> {
        let requests = incoming.requests();
        let ours = (requests.milli_cpu, requests.memory, requests.ephemeral_storage);
        let differs = Difference::of("what the pod requests", &ours, &self.result.request.tuple());
        differs.or_else(|| {
            self.result.free.iter().find_map(|expected| {
                let about = format!("what is free on {}", expected.node);
                let Some(node) = room.node_index(&expected.node) else {
                    return Difference::of(about, &"no such node", &"a node");
                };
                let free = room.nodes()[node].free();
                let amounts = (free.amounts.milli_cpu, free.amounts.memory, free.amounts.ephemeral_storage);
                Difference::of(about, &(amounts, free.pods), &(expected.amounts.tuple(), expected.pods))
            })
        })
    }

    /// Each outcome must be a possible one: its pods can be put on their nodes in some order, each where it fits, and if one was
    /// refused, the end state takes no more.
    fn differs_in_outcomes(&self, room: &Room, incoming: &Incoming) -> Option<Difference> {
        let outcomes = self.result.default.outcomes.iter().chain(&self.result.any_score.outcomes);
        outcomes.into_iter().find_map(|outcome| {
            let about = format!("whether the outcome {:?} is possible", outcome.by_node);
            let Some(end) = reaches(room, room.ask(incoming), &outcome.by_node, &mut BTreeSet::new()) else {
                return Difference::of(about, &"no order of placing leads there", &"seen");
            };
            let fits = end.answer().fits.len();
            (outcome.unplaced > 0 && fits > 0).then(|| Difference {
                about,
                ours: format!("{fits} nodes take one more"),
                theirs: "refused".to_owned(),
            })
        })
    }

    fn differs_in_count(&self, room: &Room, incoming: &Incoming) -> Option<Difference> {
        let placed = room.place(incoming, self.input.incoming.count);
        let (least, most) = (placed.least, placed.most);
        if let Some(possible) = &self.result.possible {
            let theirs = (possible.placed_min, possible.placed_max, true);
            return Difference::of("how many fit (least, most, exact)", &(least, most, placed.exact), &theirs);
        }
        // The recording gave up counting, but what was seen must be possible.
        [&self.result.default, &self.result.any_score].into_iter().find_map(|tally| {
            let within = least <= tally.placed_min && tally.placed_max <= most;
            let theirs = format!("{}..{} seen", tally.placed_min, tally.placed_max);
            (!within).then(|| Difference { about: "how many fit".to_owned(), ours: format!("{least}..{most}"), theirs })
        })
    }
}

fn differs_in_state(room: &Room, incoming: &Incoming, state: &ExpectedState) -> Option<Difference> {
    let about = |what: &str| match state.placed.is_empty() {
        true => format!("{what} the first pod"),
        false => format!("{what} the next pod after {:?}", state.placed),
    };
    let mut question = room.ask(incoming);
    for (node, pods) in &state.placed {
        let index = room.node_index(node)?;
        (0..*pods).for_each(|_| question.place(incoming.occupant(), index));
    }
    let answer = question.answer();
    let name = |index: usize| room.nodes()[index].node.name.clone();
    let fits: BTreeSet<String> = answer.fits.iter().map(|index| name(*index)).collect();
    let mut groups: BTreeMap<(String, Vec<String>, bool), BTreeSet<String>> = BTreeMap::new();
    for (index, stop) in &answer.stopped {
        let reasons = stop.reasons().into_iter().map(str::to_owned).collect();
        let key = (stop.plugin().to_owned(), reasons, stop.is_unresolvable());
        groups.entry(key).or_default().insert(name(*index));
    }
    let ours: BTreeSet<StoppedGroup> = groups
        .into_iter()
        .map(|((plugin, reasons, unresolvable), nodes)| StoppedGroup {
            plugin,
            reasons,
            unresolvable,
            nodes: nodes.into_iter().collect(),
        })
        .collect();
    let theirs = state.stopped.iter().cloned().map(|mut group| {
        group.nodes.sort_unstable();
        group
    });
    Difference::of(about("which nodes take"), &fits, &state.fits.iter().cloned().collect())
        .or_else(|| Difference::of(about("what stops"), &ours, &theirs.collect()))
        .or_else(|| Difference::of(about("the message about"), &answer.message(), &state.message))
}

/// Pods of an outcome that are still to be placed, by node.
type Left = BTreeMap<String, u32>;

/// Places the pods of an outcome, each where it fits, by trying the orders that there are. `dead_ends` are known not to lead on.
fn reaches<'r>(
    room: &Room,
    question: Question<'r>,
    left: &Left,
    dead_ends: &mut BTreeSet<Left>,
) -> Option<Question<'r>> {
    if left.is_empty() {
        return Some(question);
    }
    if dead_ends.contains(left) {
        return None;
    }
    for node in question.answer().fits {
        let name = &room.nodes()[node].node.name;
        let Some(pods) = left.get(name) else { continue };
        let mut rest = left.clone();
        match pods {
            0 | 1 => rest.remove(name),
            pods => rest.insert(name.clone(), pods - 1),
        };
        let mut placed = question.clone();
        placed.place(question.incoming().occupant(), node);
        if let Some(end) = reaches(room, placed, &rest, dead_ends) {
            return Some(end);
        }
    }
    dead_ends.insert(left.clone());
    None
}

impl InputPod {
    fn spec(&self) -> PodSpec {
        PodSpec {
            containers: self.containers.iter().map(InputContainer::container).collect(),
            init_containers: self.init_containers.iter().map(InputContainer::container).collect(),
            overhead: self.overhead.clone(),
            resources: self.resources.clone(),
            node_selector: self.node_selector.clone(),
            affinity: self.affinity.clone(),
            tolerations: self.tolerations.clone(),
            topology_spread_constraints: self.topology_spread_constraints.clone(),
            ..PodSpec::default()
        }
    }

    fn template(&self) -> PodTemplate {
        PodTemplate { namespace: self.namespace.clone(), labels: self.labels.clone(), spec: self.spec() }
    }

    /// The pod as it stands in the API server: old pods went through its creation too.
    fn pod(&self) -> Pod {
        let admitted = Incoming::of(&self.template()).into_admitted();
        Pod {
            namespace: admitted.namespace,
            name: self.name.clone(),
            labels: admitted.labels,
            node: Some(self.node.clone()),
            deleting: self.deleting,
            phase: self.phase,
            spec: admitted.spec,
        }
    }
}

impl InputContainer {
    fn container(&self) -> Container {
        let port = |port: &InputPort| ContainerPort {
            container_port: port.port,
            host_port: port.port,
            protocol: port.protocol.clone(),
            host_ip: port.host_ip.clone(),
        };
        Container {
            name: self.name.clone(),
            resources: ResourceRequirements { requests: self.requests.clone(), limits: self.limits.clone() },
            ports: self.host_ports.iter().map(port).collect(),
            restart_policy: self.restart_policy.clone(),
        }
    }
}

impl ExpectedAmounts {
    fn tuple(&self) -> (i64, i64, i64) {
        (self.milli_cpu, self.memory, self.ephemeral_storage)
    }
}

impl Difference {
    fn of<T: PartialEq + fmt::Debug>(about: impl Into<String>, ours: &T, theirs: &T) -> Option<Self> {
        let differs = ours != theirs;
        differs.then(|| Self { about: about.into(), ours: format!("{ours:?}"), theirs: format!("{theirs:?}") })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the simulator says {}, the scheduler said {}", self.about, self.ours, self.theirs)
    }
}
