//! How fast the placement simulator is on a large cluster: `cargo run --release -p planner --example placement_speed`.
//!
//! 5,000 nodes of different sizes in three zones, six other pods with anti-affinity of their own on each. Each figure is the
//! best of several calls, because a busy machine only ever makes a call slower.
#![expect(clippy::print_stdout, reason = "a command line tool talks on standard output")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use planner::placement::{
    Autoscaler, Container, Incoming, Labels, Node, Pod, PodSpec, PodTemplate, Quantity, Replacement, ResourceList, Room,
};
use planner::rollout::Scenario;
use planner::strategy::Strategy;
use serde_json::json;

const NODES: i64 = 5000;
const PODS_PER_NODE: i64 = 6;
const CALLS: usize = 10;

fn main() -> Result<(), serde_json::Error> {
    let selector = json!({"matchLabels": {"app": "web"}});
    let term = json!([{"labelSelector": selector, "topologyKey": "kubernetes.io/hostname"}]);
    let apart = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}});
    let other = PodSpec { affinity: Some(serde_json::from_value(apart)?), ..spec(1000) };
    let others = (0..NODES * PODS_PER_NODE).map(|index| pod(&format!("other-{index}"), index % NODES, "web", &other));

    let by_zone = json!([{
        "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "blue"}},
    }]);
    let term = json!([{"labelSelector": {"matchLabels": {"app": "blue"}}, "topologyKey": "kubernetes.io/hostname"}]);
    let apart = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}});
    let free = spec(2000);
    let spread = PodSpec { topology_spread_constraints: serde_json::from_value(by_zone)?, ..spec(2000) };
    let both = PodSpec { affinity: Some(serde_json::from_value(apart)?), ..spread.clone() };

    println!("{NODES} nodes, {} pods", NODES * PODS_PER_NODE);
    for (name, spec) in [("no ties", free), ("spread by zone", spread), ("and apart by host", both)] {
        let old: Vec<Pod> = (0..5).map(|index| pod(&format!("blue-{index}"), index, "blue", &spec)).collect();
        let pods: Vec<Pod> = others.clone().chain(old.iter().cloned()).collect();
        let room = || Room::new((0..NODES).map(node), [("tenants".to_owned(), Labels::new())], &pods);
        let built = best_of(|| drop(black_box(room())));
        let room = room();
        let new = [PodTemplate { namespace: "tenants".to_owned(), labels: app("blue"), spec }];
        let incoming = Incoming::of(&new[0]);
        let asked = best_of(|| drop(black_box(room.ask(&incoming).answer())));
        let replacement = Replacement {
            room: &room,
            old: &old,
            new: &new,
            quotas: &[],
            limit_ranges: &[],
            autoscaler: Autoscaler::NotKnown,
            not_simulated: &[],
        };
        println!("{name}: build the room {}, ask for one more pod {}", millis(built), millis(asked));
        for strategy in [Strategy::BLUE_GREEN, Strategy::ROLLING_ONE] {
            let scenario = Scenario::hop(5, strategy, vec![20_000], 30_000);
            let judged = best_of(|| drop(black_box(replacement.judge(&scenario))));
            println!("  {strategy}, 5 replicas: {} ({})", millis(judged), replacement.judge(&scenario));
        }
    }
    Ok(())
}

fn app(name: &str) -> Labels {
    Labels::from([("app".to_owned(), name.to_owned())])
}

fn spec(milli_cpu: i64) -> PodSpec {
    let mut container = Container { name: "main".to_owned(), ..Container::default() };
    container.resources.requests.0.insert("cpu".to_owned(), Quantity::from_thousandths(milli_cpu));
    PodSpec { containers: vec![container], ..PodSpec::default() }
}

fn pod(name: &str, node: i64, label: &str, spec: &PodSpec) -> Pod {
    let (namespace, node) = ("tenants".to_owned(), Some(format!("n{node}")));
    Pod { namespace, name: name.to_owned(), labels: app(label), node, spec: spec.clone(), ..Pod::default() }
}

fn node(index: i64) -> Node {
    let amounts = [("cpu", 10_000 + 500 * (index % 37)), ("memory", 64_000_000_000_000), ("pods", 110_000)];
    let amounts = amounts.map(|(name, thousandths)| (name.to_owned(), Quantity::from_thousandths(thousandths)));
    let name = format!("n{index}");
    let labels = [("kubernetes.io/hostname", name.clone()), ("topology.kubernetes.io/zone", format!("z{}", index % 3))];
    Node {
        labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        name,
        allocatable: ResourceList(amounts.into_iter().collect()),
        ..Node::default()
    }
}

fn best_of(mut work: impl FnMut()) -> Duration {
    let call = || {
        let begin = Instant::now();
        work();
        begin.elapsed()
    };
    std::iter::repeat_with(call).take(CALLS).min().unwrap_or_default()
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
