//! What a tenant's own API says to a hop.

use std::collections::{BTreeMap, BTreeSet};

use planner::finding::{Finding, FindingKind, Severity, TenantFinding};
use planner::hop::{Acknowledgement, preflight};
use planner::releases::ReleaseTable;
use planner::tenant::Reading;
use planner::tenant_api::{
    AddOnPins, Answer, ApiUse, Backend, Backup, Checked, ExhaustedBudget, FailurePolicy, GroupVersion, Hook, HookKind,
    NotAsked, Part, Route, TenantApi, TenantFacts, UnavailableApi, Writer, check, removed_apis,
};
use planner::version::Minor;
use planner::workers::{Cordon, KubeletConfig, NodeFacts, Readiness, gated_fields, kubelet_patches};
use proptest::prelude::*;

use crate::builders::{NOW, current, declared, is_clear, tenant, today, version};
use crate::stage_stuck::never_ready;

const HOUR: i64 = 3_600_000;

fn v1(minor: u64) -> Minor {
    Minor { major: 1, minor }
}

fn node(name: &str, kubelet: &str) -> NodeFacts {
    NodeFacts {
        name: name.to_owned(),
        pool: None,
        kubelet: declared(kubelet),
        kube_proxy: Reading::Read(declared("v1.35.6")),
        os_image: "Ubuntu 24.04.3 LTS".to_owned(),
        runtime: "containerd://2.1.4".to_owned(),
        readiness: Readiness::Ready,
        cordon: Cordon::Schedulable,
    }
}

/// A tenant at v1.35.6 whose API has nothing to say against a hop.
pub(crate) fn facts() -> TenantFacts {
    TenantFacts {
        asked_at: NOW,
        route: Route::Service,
        server: Answer::Read(declared("v1.35.6")),
        nodes: Answer::Read(vec![node("a", "v1.35.6"), node("b", "v1.34.9")]),
        api_uses: Answer::Read(Vec::new()),
        served: Answer::Read(BTreeSet::new()),
        webhooks: Answer::Read(Vec::new()),
        conversions: Answer::Read(Vec::new()),
        aggregated: Answer::Read((1, Vec::new())),
        kubelet_config: Answer::Read(KubeletConfig::default()),
        kubeadm_config: Answer::Read(declared("v1.35.6")),
        budgets: Answer::Read((2, Vec::new())),
        add_ons: Answer::Read(Vec::new()),
        pins: AddOnPins::default(),
        backups: Answer::Read(vec![Backup { name: "velero/nightly".to_owned(), completed_at: NOW.plus_millis(-HOUR) }]),
    }
}

fn asked(change: impl FnOnce(&mut TenantFacts)) -> TenantApi {
    let mut facts = facts();
    change(&mut facts);
    TenantApi::Asked(Box::new(facts))
}

fn judged(to: &str, change: impl FnOnce(&mut TenantFacts)) -> Vec<Checked> {
    check(&asked(change), &tenant("v1.35.6"), &version(to), NOW)
}

fn findings(checks: &[Checked]) -> Vec<&Finding> {
    checks.iter().flat_map(|it| &it.findings).collect()
}

/// What does not pass, worst first in its part, with its severity.
fn remarks(checks: &[Checked]) -> Vec<String> {
    let told = findings(checks).into_iter().filter(|it| it.severity != Severity::Passes);
    told.map(|it| format!("{}: {it}", it.severity)).collect()
}

#[test]
fn a_healthy_tenant_passes_in_every_part() {
    let checks = judged("v1.36.4", |_| ());
    assert_eq!(checks.iter().map(|it| it.part).collect::<Vec<_>>(), Part::ALL);
    assert_eq!(remarks(&checks), [""; 0]);
    assert!(checks.iter().all(|it| !it.findings.is_empty() && it.at == Some(NOW)), "{checks:#?}");
}

#[test]
fn kubelets_are_judged_for_this_hop_and_the_following_one() {
    let cases: [(&str, &[&str], &[&str]); 9] = [
        (
            "v1.36.4",
            &["v1.36.1", "v1.35.6"],
            &["warns: The kubelets of n0 are newer than 1.35, which serves now; this hop puts it right."],
        ),
        ("v1.36.4", &["v1.34.0"], &[]),
        (
            "v1.36.4",
            &["v1.33.0"],
            &["warns: After this hop n0 must be upgraded before the control plane can take 1.37."],
        ),
        (
            "v1.36.4",
            &["v1.32.13", "v1.32.1", "v1.31.0"],
            &["blocks: Kubernetes 1.36 leaves n0 and 2 others behind: their kubelets are too old for it."],
        ),
        (
            "v1.36.4",
            &["v1.37.0"],
            &["blocks: Kubernetes 1.36 is older than the kubelets of n0, and a kubelet must not be newer."],
        ),
        // A patch moves no minor: what fits now fits after it, and the next minor is the one to think of.
        (
            "v1.35.9",
            &["v1.32.13"],
            &["warns: After this hop n0 must be upgraded before the control plane can take 1.36."],
        ),
        ("v1.35.9", &["v1.33.0"], &[]),
        ("v1.36.4", &["latest", "v2.0.0"], &["unknown: What the kubelets of n0 and one other say is no version."]),
        ("v1.36.4", &[], &[]),
    ];
    for (to, kubelets, told) in cases {
        let nodes = kubelets
            .iter()
            .enumerate()
            .map(|(number, it)| NodeFacts { kube_proxy: Reading::Missing, ..node(&format!("n{number}"), it) });
        let checks = judged(to, |facts| facts.nodes = Answer::Read(nodes.collect()));
        assert_eq!(remarks(&checks), told, "{to} {kubelets:?}");
    }
}

#[test]
fn the_line_of_the_policy_stands_with_the_kubelets_it_is_about() {
    let old = judged("v1.36.4", |facts| facts.nodes = Answer::Read(vec![node("a", "v1.31.0")]));
    let of = |checks: &[Checked], severity| {
        let found = findings(checks).into_iter().find(|it| it.severity == severity).expect("there is one").clone();
        (found.evidence, found.source.url())
    };
    let (evidence, url) = of(&old, Severity::Blocks);
    assert!(evidence.starts_with("a v1.31.0. While API servers of two minors serve"), "{evidence}");
    assert_eq!(url, Some("https://kubernetes.io/releases/version-skew-policy/"));
    let many = (0..30).map(|number| node(&format!("node-{number:02}"), "v1.33.0")).collect();
    let (evidence, _) = of(&judged("v1.36.4", |facts| facts.nodes = Answer::Read(many)), Severity::Warns);
    assert!(evidence.contains("node-19 v1.33.0 and 10 more"), "{evidence}");
}

#[test]
fn kube_proxy_is_judged_as_it_will_be() {
    let cases: [(Option<&str>, &str, &[&str]); 5] = [
        (None, "v1.34.9", &[]),
        (
            Some("v1.36.4"),
            "v1.34.9",
            &["warns: The version of kube-proxy stays at v1.36.4, which the TenantControlPlane gives it."],
        ),
        (
            Some("v1.32.1"),
            "v1.35.6",
            &[
                "warns: After the hop, on a: kube-proxy is 4 minors behind the API servers; 3 are supported.",
                "warns: The version of kube-proxy stays at v1.32.1, which the TenantControlPlane gives it.",
            ],
        ),
        (
            Some("v1.37.0"),
            "v1.35.6",
            &[
                "warns: After the hop, on a: kube-proxy is newer than an API server that still serves 1.36.",
                "warns: The version of kube-proxy stays at v1.37.0, which the TenantControlPlane gives it.",
            ],
        ),
        // No tag of a release: it is only said.
        (
            Some("mine"),
            "v1.35.6",
            &["warns: The version of kube-proxy stays at mine, which the TenantControlPlane gives it."],
        ),
    ];
    for (pin, kubelet, told) in cases {
        let checks = judged("v1.36.4", |facts| {
            facts.nodes = Answer::Read(vec![node("a", kubelet)]);
            facts.pins.kube_proxy = pin.map(str::to_owned);
        });
        assert_eq!(remarks(&checks), told, "{pin:?} {kubelet}");
    }
}

fn used(group: &str, api: &str, resource: &str, removed_in: u64, writers: Answer<Vec<Writer>>) -> ApiUse {
    let api = GroupVersion { group: group.to_owned(), version: api.to_owned() };
    ApiUse { api, resource: resource.to_owned(), subresource: String::new(), removed_in: v1(removed_in), writers }
}

#[test]
fn an_api_that_goes_is_named_with_what_took_its_place_and_who_used_it() {
    let writer = Writer { manager: "operator".to_owned(), at: Some(NOW), object: "flows".to_owned() };
    let uses = vec![
        used("flowcontrol.apiserver.k8s.io", "v1beta3", "flowschemas", 32, Answer::Read(vec![writer])),
        used("example.k8s.io", "v1alpha1", "things", 36, Answer::Read(Vec::new())),
        used("example.k8s.io", "v1beta1", "things", 37, Answer::Forbidden("no".to_owned())),
        used("example.k8s.io", "v1beta2", "things", 39, Answer::Read(Vec::new())),
    ];
    let checks = judged("v1.36.4", |facts| facts.api_uses = Answer::Read(uses));
    assert_eq!(
        remarks(&checks),
        [
            "warns: Somebody uses flowcontrol.apiserver.k8s.io/v1beta3 flowschemas, which 1.32 no longer serves.",
            "warns: Somebody uses example.k8s.io/v1alpha1 things, which 1.36 no longer serves.",
            "warns: Somebody uses example.k8s.io/v1beta1 things; it goes with the following hop, to 1.37.",
        ]
    );
    let told: Vec<&Finding> = findings(&checks).into_iter().filter(|it| it.severity == Severity::Warns).collect();
    assert!(told[0].evidence.ends_with("operator wrote flows on 2025-11-22 08:26:40 UTC"), "{}", told[0].evidence);
    assert!(told[0].remedy.as_deref().is_some_and(|it| it.contains("flowcontrol.apiserver.k8s.io/v1,")), "{told:?}");
    assert!(told[1].evidence.contains("may only be read") && told[2].evidence.contains("may not be read: no"));
}

#[test]
fn without_the_metric_it_is_said_which_served_apis_go() {
    let served = |apis: &[(&str, &str)]| {
        let apis = apis
            .iter()
            .map(|(group, version)| GroupVersion { group: (*group).to_owned(), version: (*version).to_owned() });
        Answer::Read(apis.collect::<BTreeSet<_>>())
    };
    let cases = [
        (
            served(&[("policy", "v1beta1"), ("policy", "v1")]),
            "Whether anybody uses policy/v1beta1, which will no longer",
        ),
        (served(&[("policy", "v1")]), "Not checked, the use of removed APIs: may not be read: forbidden."),
        (Answer::Missing, "Not checked, the use of removed APIs: may not be read: forbidden."),
    ];
    for (served, told) in cases {
        let checks = judged("v1.36.4", |facts| {
            facts.api_uses = Answer::Forbidden("forbidden.".to_owned());
            facts.served = served;
        });
        let told_now = remarks(&checks);
        assert!(told_now.len() == 1 && told_now[0].starts_with(&format!("unknown: {told}")), "{told_now:?}");
    }
}

#[test]
fn the_table_of_removed_apis_goes_forward() {
    assert!(removed_apis().is_sorted_by_key(|it| it.removed_in));
    for removed in removed_apis() {
        let instead = removed.instead.expect("each had a successor");
        assert!(
            instead.starts_with(removed.group) && !instead.ends_with(&format!("/{}", removed.version)),
            "{removed:?}"
        );
    }
}

#[test]
fn only_a_webhook_that_must_answer_and_cannot_is_a_finding() {
    let service = || "ns/svc".to_owned();
    let hook = |kind, policy, backend| Hook { kind, owner: "o".to_owned(), name: "n".to_owned(), policy, backend };
    use FailurePolicy::{Fail, Ignore};
    let cases = [
        (Fail, Backend::Ready { service: service(), endpoints: 1 }, "passes"),
        (Fail, Backend::NoEndpoints { service: service() }, "warns"),
        (Fail, Backend::NoService { service: service() }, "warns"),
        (Fail, Backend::NotRead { service: service(), why: "forbidden".to_owned() }, "unknown"),
        (Fail, Backend::Url { host: "example.com".to_owned() }, "passes"),
        (Ignore, Backend::NoService { service: service() }, "passes"),
    ];
    for (policy, backend, severity) in cases {
        for kind in [HookKind::Validating, HookKind::Conversion] {
            let hooks = Answer::Read(vec![hook(kind, policy, backend.clone())]);
            let checks = judged("v1.36.4", |facts| match kind {
                HookKind::Conversion => facts.conversions = hooks,
                HookKind::Validating | HookKind::Mutating => facts.webhooks = hooks,
            });
            let part = if kind == HookKind::Conversion { Part::Conversions } else { Part::Webhooks };
            let found = checks.iter().find(|it| it.part == part).expect("it is checked");
            assert_eq!(found.findings.len(), 1, "{found:?}");
            assert_eq!(found.findings[0].severity.to_string(), severity, "{backend:?}");
        }
    }
}

#[test]
fn each_part_that_fails_says_so_and_hides_no_other() {
    type Break = fn(&mut TenantFacts, Answer<()>);
    fn as_answer<T>(answer: Answer<()>) -> Answer<T> {
        answer.map(|()| unreachable!("nothing is read here"))
    }
    let parts: [(Part, Break); 9] = [
        (Part::Nodes, |facts, it| facts.nodes = as_answer(it)),
        (Part::DeprecatedApis, |facts, it| facts.api_uses = as_answer(it)),
        (Part::Webhooks, |facts, it| facts.webhooks = as_answer(it)),
        (Part::Conversions, |facts, it| facts.conversions = as_answer(it)),
        (Part::AggregatedApis, |facts, it| facts.aggregated = as_answer(it)),
        (Part::KubeletConfig, |facts, it| facts.kubelet_config = as_answer(it)),
        (Part::KubeadmConfig, |facts, it| facts.kubeadm_config = as_answer(it)),
        (Part::Budgets, |facts, it| facts.budgets = as_answer(it)),
        (Part::Backups, |facts, it| facts.backups = as_answer(it)),
    ];
    let answers = [
        Answer::Missing,
        Answer::Forbidden("pods is forbidden.".to_owned()),
        Answer::TimedOut { seconds: 5 },
        Answer::Failed("connection reset".to_owned()),
    ];
    let well = judged("v1.36.4", |_| ());
    for (part, breaks) in parts {
        for answer in &answers {
            let checks = judged("v1.36.4", |facts| breaks(facts, answer.clone()));
            let told = remarks(&checks);
            assert!(told.len() == 1 && told[0].starts_with("unknown: "), "{part:?} {answer:?}: {told:?}");
            let others = |checks: &[Checked]| -> Vec<Checked> {
                // A kubelet that is not known cannot be asked for either.
                let hangs_on_nodes = part == Part::Nodes;
                let kept = checks.iter().filter(|it| it.part != part);
                kept.filter(|it| !(hangs_on_nodes && it.part == Part::KubeletConfig)).cloned().collect()
            };
            assert_eq!(others(&checks), others(&well), "{part:?} {answer:?}");
        }
    }
}

#[test]
fn an_api_that_does_not_answer_blocks_only_by_the_way_that_kamaji_takes() {
    let silent = |route| {
        judged("v1.36.4", |facts| {
            facts.route = route;
            facts.server = Answer::TimedOut { seconds: 5 };
            facts.nodes = Answer::TimedOut { seconds: 5 };
            facts.kubelet_config = Answer::Failed("refused".to_owned());
            facts.kubeadm_config = Answer::Failed("refused".to_owned());
        })
    };
    let told = |route| remarks(&silent(route));
    assert_eq!(told(Route::Service), ["blocks: The tenant's API server does not answer: no answer within 5 s."]);
    assert_eq!(
        told(Route::Endpoint),
        [
            "warns: The tenant's API server does not answer from here: no answer within 5 s; Kamaji takes another way to it."
        ]
    );
    // Whoever refuses has answered.
    let refused = judged("v1.36.4", |facts| facts.server = Answer::Forbidden("credentials are refused".to_owned()));
    assert_eq!(remarks(&refused), ["unknown: Not checked, the API server: credentials are refused."]);
}

#[test]
fn an_api_that_is_not_asked_gives_its_reason_once() {
    let words = || "secrets \"x\" is forbidden".to_owned();
    let reasons = [
        NotAsked::Sleeping,
        NotAsked::CredentialsRefused { words: words() },
        NotAsked::ControlPlaneForbidden { words: words() },
        NotAsked::ControlPlaneMissing,
        NotAsked::NoSecretNamed,
        NotAsked::SecretMissing { secret: "x".to_owned() },
        NotAsked::SecretForbidden { secret: "x".to_owned(), words: words() },
        NotAsked::SecretNotRead { secret: "x".to_owned(), why: words() },
        NotAsked::KubeconfigRefused { why: "it names a program to run".to_owned() },
        NotAsked::NoWay,
    ];
    for why in reasons {
        let checks = check(&TenantApi::NotAsked(why.clone()), &tenant("v1.35.6"), &version("v1.36.4"), NOW);
        let [Checked { findings, at: None, .. }] = &checks[..] else { panic!("{checks:?}") };
        assert_eq!(findings[0].severity, Severity::Unknown);
        assert!(findings[0].to_string().contains(&why.to_string()), "{}", findings[0]);
    }
}

#[test]
fn what_else_the_nodes_would_meet_is_said() {
    let unavailable =
        UnavailableApi { name: "v1.x".to_owned(), reason: "MissingEndpoints".to_owned(), message: "none".to_owned() };
    let budget = ExhaustedBudget { name: "shop/web".to_owned(), healthy: 1, wanted: 1, pods: 2 };
    let checks = judged("v1.36.4", |facts| {
        facts.nodes = Answer::Read(vec![NodeFacts { readiness: Readiness::Unknown, ..node("a", "v1.35.6") }]);
        facts.aggregated = Answer::Read((3, vec![unavailable]));
        facts.kubeadm_config = Answer::Read(declared("v1.34.9"));
        facts.budgets = Answer::Read((3, vec![budget]));
        facts.backups = Answer::Read(vec![Backup { name: "b".to_owned(), completed_at: NOW.plus_millis(-25 * HOUR) }]);
    });
    assert_eq!(
        remarks(&checks),
        [
            "warns: Node a is not ready.",
            "warns: The aggregated API v1.x is not available (MissingEndpoints).",
            "warns: The tenant's kubeadm-config says v1.34.9, but v1.35.6 is installed.",
            "warns: The PodDisruptionBudget shop/web allows no disruption now: a drain would wait for it.",
            "warns: The newest of Velero's backups, b, was completed on 2025-11-21 07:26:40 UTC.",
        ]
    );
    let none = judged("v1.36.4", |facts| facts.backups = Answer::Missing);
    assert_eq!(remarks(&none), ["unknown: No backup was seen from here."]);
}

#[test]
fn kubelets_that_were_read_need_nobody_to_answer_for_them() {
    let snapshot = tenant("v1.35.6");
    let to = version("v1.36.4");
    let needs = |api: &TenantApi| {
        let told = check(api, &snapshot, &to, NOW);
        let made = preflight(&snapshot, &to, None, &current(36), &ReleaseTable::built_in(), today());
        let made = made.and(told.iter().flat_map(|checked| checked.findings.iter().cloned()).collect());
        assert!(made.findings.is_sorted_by_key(|it| it.severity));
        let unchecked = made.findings.iter().any(|it| matches!(it.kind, FindingKind::KubeletsNotChecked { .. }));
        assert_eq!(unchecked, !made.needs.is_empty());
        (made.needs.clone(), is_clear(&made))
    };
    let itself = vec![Acknowledgement::KubeletsNotChecked];
    assert_eq!(needs(&asked(|_| ())), (Vec::new(), true));
    assert_eq!(needs(&asked(|facts| facts.nodes = Answer::Read(Vec::new()))), (Vec::new(), true));
    let old = asked(|facts| facts.nodes = Answer::Read(vec![node("a", "v1.30.0")]));
    assert_eq!(needs(&old), (Vec::new(), false));
    let partly = asked(|facts| facts.nodes = Answer::Read(vec![node("a", "v1.35.6"), node("b", "?")]));
    assert_eq!(needs(&partly), (itself.clone(), true));
    assert_eq!(needs(&asked(|facts| facts.nodes = Answer::Missing)), (itself.clone(), true));
    assert_eq!(needs(&TenantApi::NotAsked(NotAsked::NoSecretNamed)), (itself, true));
}

#[test]
fn a_way_out_of_a_stuck_hop_waits_for_no_node() {
    let snapshot = never_ready("v1.35.6", "v1.36.1");
    let to = version("v1.36.4");
    let old = asked(|facts| facts.nodes = Answer::Read(vec![node("a", "v1.30.0")]));
    let silent = asked(|facts| facts.server = Answer::TimedOut { seconds: 5 });
    type Is = fn(&TenantFinding) -> bool;
    let cases: [(&TenantApi, Is); 2] = [
        (&old, |it| matches!(it, TenantFinding::KubeletsTooOld { .. })),
        (&silent, |it| matches!(it, TenantFinding::Silent { .. })),
    ];
    for (api, is) in cases {
        let made = preflight(&snapshot, &to, None, &current(36), &ReleaseTable::built_in(), today());
        assert!(made.findings.iter().any(|it| matches!(it.kind, FindingKind::WayOut { .. })), "{:#?}", made.findings);
        let made = made.and(check(api, &snapshot, &to, NOW).into_iter().flat_map(|it| it.findings).collect());
        assert!(is_clear(&made), "{:#?}", made.findings);
        let told = made.findings.iter().find(|it| matches!(&it.kind, FindingKind::Tenant(told) if is(told)));
        let told = told.expect("what would block another hop is still said");
        assert_eq!(told.severity, Severity::Warns, "{told:?}");
        assert!(told.evidence.contains("way out"), "{told:?}");
        let unasked = made.findings.iter().any(|it| matches!(it.kind, FindingKind::TenantApiNotChecked));
        assert!(!unasked, "it was asked: {:#?}", made.findings);
    }
}

#[test]
fn a_refused_configuration_brings_the_patches_that_cure_it() {
    let config = KubeletConfig {
        fields: ["crashLoopBackOff".to_owned()].into(),
        feature_gates: [("KubeletEnsureSecretPulledImages".to_owned(), true)].into(),
    };
    let checks = judged("v1.36.4", |facts| {
        facts.nodes = Answer::Read(vec![node("a", "v1.34.9")]);
        facts.kubelet_config = Answer::Read(config);
    });
    let refused = findings(&checks).into_iter().find_map(|it| match &it.kind {
        FindingKind::Tenant(TenantFinding::KubeletConfigRefused { kubelet, patches, .. }) => Some((*kubelet, patches)),
        _ => None,
    });
    let (kubelet, patches) = refused.expect("a kubelet of 1.34 refuses it");
    assert_eq!((kubelet, patches.as_str()), (v1(34), r#"[{"op":"remove","path":"/crashLoopBackOff"}]"#));
}

proptest! {
    /// Whatever stands in a configuration, after the patches every kubelet takes it, and each patch finds what it names.
    #[test]
    fn patches_cure_any_configuration(
        fields in proptest::collection::btree_set(prop_oneof![Just("crashLoopBackOff"), Just("imagePullCredentialsVerificationPolicy"), Just("cgroupDriver")], 0..4),
        gates in proptest::collection::btree_map(prop_oneof![Just("KubeletCrashLoopBackOffMax"), Just("KubeletEnsureSecretPulledImages")], any::<bool>(), 0..3),
        kubelets in proptest::collection::vec(28_u64..38, 1..5),
    ) {
        let mut config = KubeletConfig {
            fields: fields.iter().map(|it| (*it).to_owned()).collect(),
            feature_gates: gates.iter().map(|(gate, on)| ((*gate).to_owned(), *on)).collect::<BTreeMap<_, _>>(),
        };
        let kubelets: Vec<Minor> = kubelets.into_iter().map(v1).collect();
        for patch in kubelet_patches(&config, &kubelets) {
            let gate = patch.path.strip_prefix("/featureGates/").map(str::to_owned);
            match (gate, patch.value) {
                (None, None) => prop_assert!(config.fields.remove(patch.path.trim_start_matches('/'))),
                (Some(gate), None) => prop_assert!(config.feature_gates.remove(&gate).is_some()),
                (Some(gate), Some(on)) => prop_assert!(config.feature_gates.insert(gate, on).is_some()),
                (None, Some(_)) => prop_assert!(false, "{patch:?}"),
            }
        }
        for field in gated_fields() {
            prop_assert!(kubelets.iter().all(|kubelet| field.is_taken(&config, *kubelet)), "{config:?} {field:?}");
        }
        prop_assert!(kubelet_patches(&config, &kubelets).is_empty());
    }
}
