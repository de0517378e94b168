//! What a namespace allows: quotas and limit ranges.

use planner::placement::{
    Autoscaler, Container, LimitRange, Node, Pod, PodSpec, QuotaScope, QuotaScopeOperator, Replacement, ResourceQuota,
    Verdict,
};
use planner::rollout::Scenario;
use planner::strategy::Strategy;
use serde_json::json;

use crate::builders::{from_json, node, old_pods, resources, room, spec, template};

fn quota(hard: &[(&str, &str)], used: &[(&str, &str)]) -> ResourceQuota {
    ResourceQuota { name: "tenants".to_owned(), hard: resources(hard), used: resources(used), scopes: Vec::new() }
}

/// Three replicas on three large nodes, in a namespace with these rules.
fn judge(spec: &PodSpec, quotas: &[ResourceQuota], limit_ranges: &[LimitRange], strategy: Strategy) -> Verdict {
    let names = ["n1", "n2", "n3"];
    let old: Vec<Pod> = old_pods(spec, &names);
    let nodes: Vec<Node> = names.iter().map(|name| node(name, "32")).collect();
    let replacement = Replacement {
        room: &room(nodes, &old),
        old: &old,
        new: &[template(spec.clone())],
        quotas,
        limit_ranges,
        autoscaler: Autoscaler::NotKnown,
        not_simulated: &[],
    };
    replacement.judge(&Scenario::hop(3, strategy, vec![20_000], 30_000))
}

#[test]
fn a_quota_counts_pods_from_their_creation_until_they_are_gone() {
    // hard, strategy, verdict: three pods of 1 CPU are used.
    let fits = "Fits: all 3 additional pods find room at once.";
    let stuck = "Does not fit: none of 3 new pods finds room, and then it gets stuck \
        (quota tenants allows 3 of pods in the namespace).";
    let in_turn = "Fits in turn: 1 of 3 new pods finds room at once, but what waits gets its place once old pods are gone \
        (quota tenants allows 4 of pods in the namespace).";
    let by_cpu = "Fits in turn: 1 of 3 new pods finds room at once, but what waits gets its place once old pods are gone \
        (quota tenants allows 4500m of requests.cpu in the namespace).";
    let table = [
        ("pods", "6", Strategy::BLUE_GREEN, fits),
        ("pods", "3", Strategy::BLUE_GREEN, stuck),
        ("pods", "4", Strategy::BLUE_GREEN, in_turn),
        ("count/pods", "6", Strategy::BLUE_GREEN, fits),
        ("cpu", "6", Strategy::BLUE_GREEN, fits),
        ("requests.cpu", "4500m", Strategy::BLUE_GREEN, by_cpu),
        (
            "memory",
            "1",
            Strategy::Recreate,
            "The new pods would be refused: \
            quota tenants counts memory, which container main does not name.",
        ),
        ("pods", "3", Strategy::Recreate, "Fits: at no moment are more pods needed than today."),
    ];
    for (resource, hard, strategy, verdict) in table {
        let used = [("pods", "3"), ("count/pods", "3"), ("cpu", "3"), ("requests.cpu", "3")];
        let quotas = [quota(&[(resource, hard)], &used)];
        assert_eq!(judge(&spec("1"), &quotas, &[], strategy).to_string(), verdict, "{resource}: {hard}, {strategy}");
    }
}

#[test]
fn a_full_quota_lets_pods_in_once_old_ones_are_gone() {
    let quotas = [quota(&[("pods", "3")], &[("pods", "3")])];
    for (strategy, gets_through) in [
        (Strategy::BLUE_GREEN, false),
        (Strategy::SURGE_ONE, false),
        (Strategy::IN_PLACE, true),
        (Strategy::ROLLING_ONE, true),
    ] {
        let verdict = judge(&spec("1"), &quotas, &[], strategy);
        assert_eq!(verdict.gets_through(), gets_through, "{strategy}: {verdict}");
    }
}

#[test]
fn a_quota_counts_only_the_pods_of_its_scopes() {
    let scope = |name: &str, operator, values: &[&str]| QuotaScope {
        scope_name: name.to_owned(),
        operator,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let exists = QuotaScopeOperator::Exists;
    let table = [
        (scope("NotTerminating", exists, &[]), false),
        (scope("Terminating", exists, &[]), true),
        (scope("BestEffort", exists, &[]), true),
        (scope("NotBestEffort", exists, &[]), false),
        (scope("PriorityClass", QuotaScopeOperator::In, &["gold"]), true),
        (scope("PriorityClass", QuotaScopeOperator::NotIn, &["gold"]), false),
    ];
    for (scope, gets_through) in table {
        let quotas = [ResourceQuota { scopes: vec![scope.clone()], ..quota(&[("pods", "3")], &[("pods", "3")]) }];
        assert_eq!(judge(&spec("1"), &quotas, &[], Strategy::BLUE_GREEN).gets_through(), gets_through, "{scope:?}");
    }
    let unknown = scope("CrossNamespacePodAffinity", exists, &[]);
    let quotas = [ResourceQuota { scopes: vec![unknown], ..quota(&[("pods", "3")], &[("pods", "3")]) }];
    assert_eq!(
        judge(&spec("1"), &quotas, &[], Strategy::BLUE_GREEN).to_string(),
        "Not known: the scope of quota “tenants” is not simulated."
    );
}

#[test]
fn a_limit_range_fills_in_and_refuses() {
    let range = |item: serde_json::Value| -> LimitRange { from_json(json!({"limits": [item]})) };
    let silent = Container { name: "main".to_owned(), ..Container::default() };
    let silent = PodSpec { containers: vec![silent], ..PodSpec::default() };
    let fits = "Fits: all 3 additional pods find room at once.";
    let stuck = "Does not fit: none of 3 new pods finds room, and then it gets stuck \
        (n1, n2, n3: 8000 m CPU short; too small even if empty).";
    let refused = "The new pods would be refused: the LimitRange of the namespace refuses cpu of";
    let table = [
        (&silent, json!({"type": "Container", "defaultRequest": {"cpu": "40"}}), stuck.to_owned()),
        (&spec("1"), json!({"type": "Container", "defaultRequest": {"cpu": "40"}}), fits.to_owned()),
        (
            &spec("1"),
            json!({"type": "Container", "min": {"cpu": "2"}}),
            format!("{refused} container main: at least 2 must be requested."),
        ),
        (
            &spec("1"),
            json!({"type": "Pod", "max": {"cpu": "500m"}}),
            format!("{refused} the whole pod: a limit of at most 500m must be set."),
        ),
        (
            &spec("1"),
            json!({"type": "Container", "default": {"cpu": "4"}, "maxLimitRequestRatio": {"cpu": "2"}}),
            format!("{refused} container main: its limit may be at most 2 times its request."),
        ),
        (&spec("1"), json!({"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}), fits.to_owned()),
    ];
    for (spec, item, expected) in table {
        assert_eq!(judge(spec, &[], &[range(item.clone())], Strategy::BLUE_GREEN).to_string(), expected, "{item}");
    }
}
