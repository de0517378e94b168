//! Whole rollouts in a cluster: what fits at once, in turn, or not at all, and what is proposed instead.

use planner::film::Side;
use planner::placement::{
    Autoscaler, Blocker, Feature, Node, Pod, PodSpec, PodTemplate, Replacement, Room, Unknown, Verdict,
};
use planner::rollout::{DeploymentWrite, Health, Scenario, Template, predict};
use planner::strategy::Strategy;
use proptest::prelude::{prop_assert_eq, prop_assume, proptest};
use serde_json::json;

use crate::builders::{apart, from_json, labels, node, old_pods, room, spec, template};

const HOSTNAME: &str = "kubernetes.io/hostname";
const ALL: [Strategy; 5] =
    [Strategy::BLUE_GREEN, Strategy::ROLLING_ONE, Strategy::SURGE_ONE, Strategy::IN_PLACE, Strategy::Recreate];

struct World {
    room: Room,
    old: Vec<Pod>,
    new: Vec<PodTemplate>,
    autoscaler: Autoscaler,
}

impl World {
    /// One old pod on each of `on`.
    fn new(nodes: Vec<Node>, old: &PodSpec, on: &[&str], new: PodSpec) -> Self {
        let old = old_pods(old, on);
        Self { room: room(nodes, &old), old, new: vec![template(new)], autoscaler: Autoscaler::NotKnown }
    }

    fn replacement(&self) -> Replacement<'_> {
        Replacement {
            room: &self.room,
            old: &self.old,
            new: &self.new,
            quotas: &[],
            limit_ranges: &[],
            autoscaler: self.autoscaler,
            not_simulated: &[],
        }
    }

    fn judge(&self, strategy: Strategy) -> Verdict {
        self.replacement().judge(&self.scenario(strategy))
    }

    fn scenario(&self, strategy: Strategy) -> Scenario {
        let replicas = u32::try_from(self.old.len()).expect("a few");
        Scenario::hop(replicas, strategy, vec![20_000], 30_000)
    }
}

fn nodes(cpu: &[&str]) -> Vec<Node> {
    cpu.iter().enumerate().map(|(index, cpu)| node(&format!("n{}", index + 1), cpu)).collect()
}

#[test]
fn in_a_full_cluster_only_room_that_is_freed_helps() {
    // Three nodes, one pod of 2 CPU on each; so many CPU more on the first.
    let table = [
        ("2", [(false, false), (true, false), (false, false), (true, false), (true, true)]),
        // In place the second one has to wait too: a pod takes longer to terminate than to start.
        ("4", [(true, false), (true, false), (true, false), (true, false), (true, true)]),
        ("8", [(true, true), (true, true), (true, true), (true, true), (true, true)]),
    ];
    for (first, expected) in table {
        let world = World::new(nodes(&[first, "2", "2"]), &spec("2"), &["n1", "n2", "n3"], spec("2"));
        for (strategy, (gets_through, at_once)) in ALL.into_iter().zip(expected) {
            let verdict = world.judge(strategy);
            assert_eq!(verdict.gets_through(), gets_through, "{first} CPU, {strategy}: {verdict}");
            assert_eq!(matches!(verdict, Verdict::Fits { .. }), at_once, "{first} CPU, {strategy}: {verdict}");
        }
    }
}

#[test]
fn the_moment_from_which_a_film_does_not_hold_is_known() {
    // In place with room for one more pod: the second new pod comes after 20 s, when the first old one is not yet gone.
    let table = [("2", Strategy::IN_PLACE, 0), ("4", Strategy::IN_PLACE, 20_000), ("4", Strategy::SURGE_ONE, 20_000)];
    for (first, strategy, expected_ms) in table {
        let world = World::new(nodes(&[first, "2", "2"]), &spec("2"), &["n1", "n2", "n3"], spec("2"));
        let (Verdict::FitsInTurn { at_ms, .. } | Verdict::DoesNotFit { at_ms, .. }) = world.judge(strategy) else {
            panic!("{first} CPU, {strategy}: it cannot fit at once");
        };
        assert_eq!(at_ms, expected_ms, "{first} CPU, {strategy}");
    }
}

#[test]
fn a_verdict_names_each_node_with_its_filter() {
    let mut nodes = nodes(&["2", "2", "2", "8", "8"]);
    nodes[3].unschedulable = true;
    nodes[4].taints = from_json(json!([{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]));
    let world = World::new(nodes, &spec("2"), &["n1", "n2", "n3"], spec("2"));
    assert_eq!(
        world.judge(Strategy::BLUE_GREEN).to_string(),
        "Does not fit: none of 3 new pods finds room, and then it gets stuck (n1, n2, n3: 2000 m CPU short; \
         n4: cordoned; n5: taint dedicated=db:NoSchedule is not tolerated)."
    );
    assert_eq!(
        world.judge(Strategy::IN_PLACE).to_string(),
        "Fits in turn: the new pod finds no room at once, but what waits gets its place once old pods are gone \
         (n1, n2, n3: 2000 m CPU short; n4: cordoned; n5: taint dedicated=db:NoSchedule is not tolerated)."
    );
}

#[test]
fn many_nodes_are_counted_not_listed() {
    let names: Vec<String> = (1..=9).map(|number| format!("n{number}")).collect();
    let nodes = names.iter().map(|name| node(name, "1")).collect();
    let world = World::new(nodes, &spec("1"), &["n1"], spec("1"));
    let filled: Vec<&str> = names.iter().map(String::as_str).collect();
    let others = old_pods(&spec("1"), &filled);
    let world = World { room: room(names.iter().map(|name| node(name, "1")).collect(), &others), ..world };
    let Verdict::DoesNotFit { stuck, .. } = world.judge(Strategy::BLUE_GREEN) else { panic!("every node is full") };
    assert_eq!(stuck.by.to_string(), "n1, n2, n3, n4, n5: 1000 m CPU short; 4 more nodes likewise");
    let Blocker::Nodes(groups) = stuck.by else { panic!("nodes stop it") };
    assert_eq!((groups.len(), groups[0].nodes.len()), (1, 9), "all of them are in the data");
}

#[test]
fn as_many_nodes_as_replicas_and_anti_affinity() {
    let apart = apart(spec("1"), HOSTNAME);
    let world = World::new(nodes(&["8", "8", "8"]), &apart, &["n1", "n2", "n3"], apart.clone());
    let gets_through = ALL.map(|strategy| world.judge(strategy).gets_through());
    assert_eq!(gets_through, [false, true, false, true, true]);
    // The old pods' own terms stop the new ones, even if those have none.
    let world = World::new(nodes(&["8", "8", "8"]), &apart, &["n1", "n2", "n3"], spec("1"));
    let verdict = world.judge(Strategy::BLUE_GREEN).to_string();
    assert!(verdict.contains("pods that are in its kubernetes.io/hostname must be away from it"), "{verdict}");
}

#[test]
fn what_fits_is_proposed_when_the_chosen_strategy_does_not() {
    let world = World::new(nodes(&["2", "2", "2"]), &spec("2"), &["n1", "n2", "n3"], spec("2"));
    let propose = |world: &World| -> Vec<Strategy> {
        let proposals = world.replacement().propose(&world.scenario(Strategy::BLUE_GREEN), &ALL);
        proposals.into_iter().map(|proposal| proposal.strategy).collect()
    };
    assert_eq!(propose(&world), [Strategy::Recreate, Strategy::ROLLING_ONE, Strategy::IN_PLACE]);
    let roomy = World::new(nodes(&["8", "8", "8"]), &spec("2"), &["n1", "n2", "n3"], spec("2"));
    assert_eq!(propose(&roomy), [], "nothing to propose");
}

#[test]
fn it_can_depend_on_the_scheduler() {
    // Together in one zone: the larger one takes all, the smaller one only one.
    let zone = "topology.kubernetes.io/zone";
    let mut nodes = nodes(&["2", "4", "9"]);
    for (node, value) in nodes.iter_mut().zip(["za", "zb", "zc"]) {
        node.labels.extend(labels(&[(zone, value)]));
    }
    nodes[2].unschedulable = true;
    let required = json!([{"labelSelector": {"matchLabels": {"pod-template-hash": "new"}}, "topologyKey": zone}]);
    let together = json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}});
    let new = PodSpec { affinity: Some(from_json(together)), ..spec("2") };
    let world = World::new(nodes, &spec("2"), &["n3", "n3"], new);
    assert_eq!(
        world.judge(Strategy::BLUE_GREEN).to_string(),
        "Depends on which nodes the scheduler takes: in the end 1 to 2 of 2 new pods have a node."
    );
}

#[test]
fn what_is_not_simulated_makes_a_verdict_unknown() {
    let with = |change: fn(&mut PodSpec)| {
        let mut spec = spec("1");
        change(&mut spec);
        spec
    };
    let table: [(PodSpec, &[&str]); 9] = [
        (
            with(|spec| spec.volumes = from_json(json!([{"name": "a", "secret": {}}, {"name": "b", "emptyDir": {}}]))),
            &[],
        ),
        (
            with(|spec| spec.volumes = from_json(json!([{"name": "a", "persistentVolumeClaim": {"claimName": "x"}}]))),
            &["a volume of the kind “persistentVolumeClaim”"],
        ),
        (with(|spec| spec.scheduler_name = Some("default-scheduler".to_owned())), &[]),
        (with(|spec| spec.scheduler_name = Some("volcano".to_owned())), &["the scheduler “volcano”"]),
        (
            with(|spec| {
                let requests = &mut spec.containers[0].resources.requests.0;
                requests.insert("nvidia.com/gpu".to_owned(), "1".parse().expect("a quantity"));
            }),
            &["the resource “nvidia.com/gpu”"],
        ),
        (with(|spec| spec.node_name = Some("n1".to_owned())), &["the node name “n1” in the template"]),
        (
            with(|spec| spec.tolerations = from_json(json!([{"key": "a", "operator": "Lt", "value": "5"}]))),
            &["a toleration with the operator “Lt”"],
        ),
        (with(|spec| spec.runtime_class_name = Some("kata".to_owned())), &["the overhead of the runtime class “kata”"]),
        (
            with(|spec| {
                spec.scheduling_gates = from_json(json!([{"name": "wait"}]));
                spec.resource_claims = from_json(json!([{"name": "device"}]));
            }),
            &["resource claims", "the scheduling gate “wait”"],
        ),
    ];
    for (new, features) in table {
        let world = World::new(nodes(&["8"]), &spec("1"), &["n1"], new);
        let expected = match features {
            [] => "Fits: the 1 additional pod finds room at once.".to_owned(),
            features => {
                let parts: Vec<String> = features.iter().map(|feature| format!("{feature} is not simulated")).collect();
                format!("Not known: {}.", parts.join("; "))
            }
        };
        assert_eq!(world.judge(Strategy::BLUE_GREEN).to_string(), expected);
    }
}

#[test]
fn what_could_not_be_read_makes_a_verdict_unknown() {
    let world = World::new(nodes(&["8"]), &spec("1"), &["n1"], spec("1"));
    let unread = [Feature::Unreadable("node n7".to_owned())];
    let verdict = |replacement: Replacement<'_>| replacement.judge(&world.scenario(Strategy::BLUE_GREEN)).to_string();
    assert_eq!(
        verdict(Replacement { not_simulated: &unread, ..world.replacement() }),
        "Not known: node n7 could not be read."
    );
    assert_eq!(
        verdict(Replacement { new: &[], ..world.replacement() }),
        "Not known: the template of the new pods could not be read."
    );
}

#[test]
fn eviction_is_only_in_question_where_a_pod_does_not_fit() {
    let mut low = old_pods(&spec("7"), &["n1"]).remove(0);
    (low.name, low.spec.priority) = ("pause".to_owned(), Some(-10));
    let judge = |cpu: &str, policy: Option<&str>| {
        let new = PodSpec { preemption_policy: policy.map(str::to_owned), ..spec("1") };
        let mut world = World::new(nodes(&[cpu]), &spec("1"), &["n1"], new);
        let pods: Vec<Pod> = world.old.iter().cloned().chain([low.clone()]).collect();
        world.room = room(nodes(&[cpu]), &pods);
        world.judge(Strategy::BLUE_GREEN)
    };
    assert_eq!(judge("9", None), Verdict::Fits { more: 1 });
    assert_eq!(judge("8", None), Verdict::Unknown(vec![Unknown::NotSimulated(Feature::Preemption)]));
    assert!(matches!(judge("8", Some("Never")), Verdict::DoesNotFit { .. }));
}

#[test]
fn an_autoscaler_would_be_asked_for_nodes() {
    let apart = apart(spec("2"), HOSTNAME);
    // new spec, old spec, nodes, sentence
    let table = [
        (spec("2"), " An autoscaler would ask for 2 nodes like n2."),
        (apart, " An autoscaler would ask for 3 nodes like n2."),
        (spec("64"), ""),
    ];
    for (new, sentence) in table {
        let mut world = World::new(nodes(&["2", "4", "2"]), &spec("2"), &["n1", "n2", "n3"], new.clone());
        let filler = old_pods(&spec("2"), &["n2"]).into_iter().map(|pod| Pod { name: "filler".to_owned(), ..pod });
        let pods: Vec<Pod> = world.old.iter().cloned().chain(filler).collect();
        world.room = room(nodes(&["2", "4", "2"]), &pods);
        world.autoscaler = Autoscaler::Present;
        let verdict = world.judge(Strategy::BLUE_GREEN).to_string();
        assert!(verdict.ends_with(&format!(").{sentence}")), "{verdict}");
    }
}

#[test]
fn two_writes_need_room_for_three_generations() {
    // Recorded with konnectivity: the Deployment is written a second time 0.9 s after the first.
    let judge = |cpu: &str| {
        let world = World::new(nodes(&[cpu]), &spec("1"), &["n1", "n1", "n1"], spec("1"));
        let mut scenario = world.scenario(Strategy::BLUE_GREEN);
        scenario.templates.push(Template { startup_ms: vec![20_000], health: Health::Starts, side: Side::New });
        scenario.writes.push(DeploymentWrite { at_ms: 900, template: Some(2), ..DeploymentWrite::default() });
        world.replacement().judge(&scenario)
    };
    assert_eq!(judge("9"), Verdict::Fits { more: 6 });
    assert!(matches!(judge("8"), Verdict::FitsInTurn { .. }));
}

proptest! {
    #[test]
    fn equal_pods_without_ties_only_need_slots(
        slots in proptest::collection::vec(1_u32..4, 1..5),
        replicas in 1_u32..5,
        strategy in 0_usize..5,
    ) {
        let total: u32 = slots.iter().sum();
        prop_assume!(replicas <= total);
        let nodes: Vec<Node> = (slots.iter().enumerate())
            .map(|(index, slots)| node(&format!("n{index}"), &slots.to_string()))
            .collect();
        let mut on: Vec<String> = Vec::new();
        for (index, slots) in slots.iter().enumerate() {
            on.extend((0..*slots).map(|_| format!("n{index}")));
        }
        let on: Vec<&str> = on.iter().take(replicas as usize).map(String::as_str).collect();
        let world = World::new(nodes, &spec("1"), &on, spec("1"));
        let strategy = ALL[strategy];
        let film = predict(&world.scenario(strategy));
        let verdict = world.judge(strategy);
        let at_once = matches!(verdict, Verdict::Fits { .. });
        prop_assert_eq!(at_once, film.summary.peaks.bound <= total, "{}", verdict);
        let frees_room = strategy.limits(replicas).max_unavailable > 0 || strategy == Strategy::Recreate;
        prop_assert_eq!(verdict.gets_through(), at_once || frees_room || total > replicas, "{}", verdict);
    }
}
