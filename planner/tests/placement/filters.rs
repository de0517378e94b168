//! The filters, one rule a row, where the recorded cases say nothing or say it only between other things.

use planner::placement::{
    Container, Incoming, Node, Pod, PodPhase, PodSpec, ResourceList, ResourceRequirements, Shortage, Stop, Taint,
};
use serde_json::json;

use crate::builders::{from_json, labels, node, old_pods, resources, room, spec, template};

/// What stops a pod on a single node; `None` if it takes it.
fn stop(node: Node, pods: &[Pod], spec: PodSpec) -> Option<Stop> {
    let incoming = Incoming::of(&template(spec));
    let room = room(vec![node], pods);
    room.ask(&incoming).answer().stopped.pop().map(|(_, stop)| stop)
}

fn requirements(requests: &[(&str, &str)], limits: &[(&str, &str)]) -> ResourceRequirements {
    ResourceRequirements { requests: resources(requests), limits: resources(limits) }
}

#[test]
fn a_pod_requests_what_its_containers_need_together_or_one_after_another() {
    let plain = |cpu: &str| Container { resources: requirements(&[("cpu", cpu)], &[]), ..Container::default() };
    let sidecar = |cpu: &str| Container { restart_policy: Some("Always".to_owned()), ..plain(cpu) };
    let table = [
        (vec![plain("100m"), plain("200m")], vec![], 300),
        (vec![plain("100m")], vec![plain("800m"), plain("300m")], 800),
        (vec![plain("100m")], vec![sidecar("300m"), plain("800m")], 1100),
        (vec![plain("100m")], vec![plain("800m"), sidecar("300m")], 800),
        (vec![plain("1u"), plain("1u"), plain("1u")], vec![], 3),
    ];
    for (containers, init_containers, milli_cpu) in table {
        let spec = PodSpec { containers, init_containers, ..PodSpec::default() };
        assert_eq!(Incoming::of(&template(spec.clone())).requests().milli_cpu, milli_cpu, "{spec:?}");
    }
}

#[test]
fn limits_and_pod_level_resources_stand_in_for_requests() {
    let limited = Container {
        resources: requirements(&[("cpu", "1")], &[("cpu", "2"), ("memory", "1Gi")]),
        ..Container::default()
    };
    let pod = |resources| PodSpec { containers: vec![limited.clone()], resources, ..PodSpec::default() };
    let table = [
        (None, (1000, 1 << 30)),
        (Some(requirements(&[("cpu", "3")], &[])), (3000, 1 << 30)),
        (Some(requirements(&[], &[("cpu", "5"), ("memory", "2Gi")])), (1000, 1 << 30)),
        (Some(requirements(&[("ephemeral-storage", "1Gi")], &[])), (1000, 1 << 30)),
    ];
    for (resources, expected) in table {
        let requests = Incoming::of(&template(pod(resources.clone()))).requests();
        assert_eq!((requests.milli_cpu, requests.memory), expected, "{resources:?}");
        assert_eq!(requests.ephemeral_storage, 0, "storage is only ever a sum");
    }
}

#[test]
fn what_is_short_is_said_in_amounts() {
    let table = [
        ("3", None),
        ("5", Some(Shortage { milli_cpu: 2000, ..Shortage::default() })),
        ("9", Some(Shortage { milli_cpu: 6000, too_small: true, ..Shortage::default() })),
    ];
    let old = old_pods(&spec("5"), &["n1"]);
    for (cpu, shortage) in table {
        assert_eq!(stop(node("n1", "8"), &old, spec(cpu)), shortage.map(Stop::Resources), "{cpu}");
    }
    let crowded = Node { allocatable: ResourceList::default(), ..node("n1", "8") };
    let stop = stop(crowded, &old, spec("1")).expect("it has nothing to give").to_string();
    assert_eq!(stop, "holds as many pods as it may, 6000 m CPU short; too small even if empty");
}

#[test]
fn who_still_holds_room() {
    let phases = [
        (PodPhase::Pending, false, true),
        (PodPhase::Running, false, true),
        (PodPhase::Running, true, true),
        (PodPhase::Unknown, false, true),
        (PodPhase::Succeeded, false, false),
        (PodPhase::Failed, true, false),
    ];
    for (phase, deleting, holds) in phases {
        let mut old = old_pods(&spec("8"), &["n1"]);
        (old[0].phase, old[0].deleting) = (phase, deleting);
        assert_eq!(stop(node("n1", "8"), &old, spec("1")).is_some(), holds, "{phase:?}, deleting: {deleting}");
    }
    assert_eq!(stop(node("n1", "8"), &old_pods(&spec("8"), &["gone"]), spec("1")), None, "its node is gone");
}

#[test]
fn tolerations_open_taints() {
    let tolerations = [
        (json!([]), false),
        (json!([{"key": "team", "operator": "Equal", "value": "blue"}]), true),
        (json!([{"key": "team", "value": "blue", "effect": "NoSchedule"}]), true),
        (json!([{"key": "team", "value": "blue", "effect": "NoExecute"}]), false),
        (json!([{"key": "team"}]), false),
        (json!([{"key": "team", "operator": "Exists"}]), true),
        (json!([{"operator": "Exists"}]), true),
        (json!([{"key": "team", "operator": "Gt", "value": "blue"}]), false),
    ];
    let taint = Taint { key: "team".to_owned(), value: "blue".to_owned(), effect: "NoSchedule".to_owned() };
    for (tolerations, opens) in tolerations {
        let tainted = Node { taints: vec![taint.clone()], ..node("n1", "8") };
        let spec = PodSpec { tolerations: from_json(tolerations.clone()), ..spec("1") };
        let stop = stop(tainted, &[], spec);
        assert_eq!(stop.is_none(), opens, "{tolerations}");
        if let Some(stop) = stop {
            assert_eq!(stop.to_string(), "taint team=blue:NoSchedule is not tolerated");
        }
    }
}

#[test]
fn node_affinity_terms() {
    let table = [
        (json!([]), false),
        (json!([{}]), false),
        (json!([{"matchExpressions": [{"key": "rank", "operator": "Gt", "values": ["6"]}]}]), true),
        (json!([{"matchExpressions": [{"key": "rank", "operator": "Lt", "values": ["7"]}]}]), false),
        (json!([{"matchExpressions": [{"key": "rank", "operator": "Gt", "values": ["six"]}]}]), false),
        (
            json!([{"matchExpressions": [{"key": "rank", "operator": "Gt", "values": ["six"]}]},
                {"matchExpressions": [{"key": "rank", "operator": "Exists"}]}]),
            true,
        ),
        (json!([{"matchExpressions": [{"key": "none", "operator": "NotIn", "values": ["x"]}]}]), true),
        (json!([{"matchExpressions": [{"key": "none", "operator": "NotIn", "values": ["no label!"]}]}]), false),
        (json!([{"matchExpressions": [{"key": "none", "operator": "DoesNotExist"}]}]), true),
        (json!([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}]), true),
        (json!([{"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n1"]}]}]), false),
    ];
    for (terms, accepts) in table {
        let mut labelled = node("n1", "8");
        labelled.labels.extend(labels(&[("rank", "007")]));
        let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}});
        let spec = PodSpec { affinity: Some(from_json(json!({"nodeAffinity": required}))), ..spec("1") };
        assert_eq!(stop(labelled, &[], spec).is_none(), accepts, "{terms}");
    }
}

#[test]
fn the_hosts_network_makes_every_port_one_of_the_node() {
    let with_port = |host_network: bool| {
        let mut spec = PodSpec { host_network, ..spec("1") };
        spec.containers[0].ports = vec![from_json(json!({"containerPort": 6443}))];
        spec
    };
    let mut old = old_pods(&with_port(true), &["n1"]);
    old[0].spec.containers[0].ports[0].host_port = 6443;
    assert_eq!(stop(node("n1", "8"), &old, with_port(false)), None);
    assert_eq!(stop(node("n1", "8"), &old, with_port(true)), Some(Stop::Ports));
}

#[test]
fn admission_a_second_time_changes_nothing() {
    let spread = json!([{
        "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {}, "matchLabelKeys": ["pod-template-hash", "no-such-label"],
    }]);
    let spec = PodSpec { topology_spread_constraints: from_json(spread), ..spec("1") };
    let once = Incoming::of(&template(spec)).into_admitted();
    let selector = once.spec.topology_spread_constraints[0].label_selector.as_ref().expect("it was given");
    assert_eq!(selector.match_expressions.len(), 1, "a key that the pod lacks is skipped");
    assert_eq!(once.spec.tolerations.len(), 2);
    let twice = Incoming::of(&once).into_admitted();
    assert_eq!(twice.spec.tolerations, once.spec.tolerations);
    let room = room(vec![node("n1", "8"), node("n2", "8")], &[]);
    let placed = |template| room.place(&Incoming::of(template), 4);
    assert_eq!(placed(&twice), placed(&once));
}

#[test]
fn a_pod_spec_is_read_as_the_api_server_writes_it() {
    let spec: PodSpec = from_json(json!({
        "containers": [{
            "name": "kube-apiserver",
            "image": "registry.k8s.io/kube-apiserver:v1.36.1",
            "args": ["--advertise-address=172.18.0.3"],
            "ports": [{"containerPort": 6443, "name": "apiserver", "protocol": "TCP"}],
            "livenessProbe": {"httpGet": {"path": "/livez", "port": 6443, "scheme": "HTTPS"}},
            "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
            "volumeMounts": [{"mountPath": "/etc/kubernetes/pki", "name": "etc-kubernetes-pki", "readOnly": true}],
        }],
        "initContainers": [{"name": "kine", "restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}}}],
        "affinity": {
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {"weight": 1, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname"}},
                ],
            },
        },
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"},
        ],
        "volumes": [{"name": "etc-kubernetes-pki", "projected": {"defaultMode": 420, "sources": []}}],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "terminationGracePeriodSeconds": 30,
    }));
    assert_eq!(spec.volumes[0].kind, "projected");
    let requests = Incoming::of(&template(spec.clone())).requests();
    assert_eq!((requests.milli_cpu, requests.memory), (300, 1 << 30));
    assert_eq!(stop(node("n1", "300m"), &[], spec.clone()), None, "what is only preferred stops nothing");
    assert!(stop(node("n1", "299m"), &[], spec).is_some());
}
