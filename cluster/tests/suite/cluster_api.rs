//! The objects of Cluster API around a tenant: which versions are read, what fails by itself, and what comes of it.

mod objects;

use std::sync::Arc;

use ::sandbox::access::{TEAM_A_OWNER, TENANT_OWNERS};
use ::sandbox::{Sandbox, SandboxOptions};
use cluster::change::ClusterApiView;
use cluster::resources::ObjectKind;
use cluster::{ChangeError, Changes, Credentials, Identity, Index, Scope, Source, Visibility, observe};
use kube::Client;
use planner::cluster_api::{ClusterApiFacts, Kind, StepState, Way};
use planner::plan::Verdict;
use planner::releases::ReleaseTable;
use planner::tenant::TenantId;
use planner::tenant_api::Answer;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use self::objects::{NEW, OLD, serve};
use crate::support::api::Api;
use crate::support::objects::control_plane;
use crate::support::{HandClock, NOW, admin, owner_of, read, tenant_id};

/// A console that sees one tenant, which Cluster API owns.
fn changes(api: &Api) -> Changes {
    let clock = HandClock::new().clock();
    let (mut index, observer) = Index::new(NOW, Source::Cluster, clock.clone());
    let mut tenant = control_plane("t");
    tenant["metadata"]["labels"] = json!({"cluster.x-k8s.io/cluster-name": "prod"});
    tenant["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "controlplane.cluster.x-k8s.io/v1alpha2", "kind": "KamajiControlPlane", "name": "t", "controller": true,
    }]);
    index.reset(ObjectKind::TenantControlPlane, vec![read(ObjectKind::TenantControlPlane, &tenant)], NOW);
    index.flush(NOW);
    Changes::new(api.client(), observer, clock, Arc::new(ReleaseTable::built_in()))
}

async fn view(api: &Api, who: &Identity) -> ClusterApiView {
    let view = changes(api).cluster_api(who, &tenant_id("t"), None).await.expect("there is such a tenant");
    view.expect("it is owned")
}

async fn facts(api: &Api) -> ClusterApiFacts {
    view(api, &admin()).await.facts
}

/// What each kind came to.
fn told(facts: &ClusterApiFacts) -> [String; 6] {
    let words = |answer: &dyn std::fmt::Display| answer.to_string();
    [
        words(&facts.control_plane),
        words(&facts.cluster),
        words(&facts.machine_deployments),
        words(&facts.machine_sets),
        words(&facts.machine_pools),
        words(&facts.machines),
    ]
}

#[tokio::test]
async fn both_layouts_of_the_objects_read_alike() {
    let mut read = Vec::new();
    for layout in [&OLD, &NEW] {
        let api = Api::new();
        serve(&api, layout);
        let facts = facts(&api).await;
        assert_eq!(told(&facts), ["read"; 6], "{}", layout.core);
        assert_eq!(facts.version_of(Kind::Machine), Some(layout.core));
        assert_eq!(facts.version_of(Kind::KamajiControlPlane), Some(layout.provider));
        assert_eq!(facts.problems, Vec::<String>::new());
        read.push(ClusterApiFacts { served: Answer::Missing, ..facts });
    }
    assert_eq!(read[0], read[1]);

    let facts = &read[1];
    let control_plane = facts.control_plane.read().expect("read");
    assert_eq!((control_plane.version.0.as_str(), control_plane.cluster.as_deref()), ("v1.36.4", Some("prod")));
    assert_eq!(control_plane.installed.as_ref().map(|it| it.0.as_str()), Some("v1.35.6"));
    let topology = facts.cluster.read().and_then(|it| it.topology.clone()).expect("it has one");
    assert_eq!(topology.class, "classes/kamaji");
    let holds: Vec<_> =
        topology.machine_deployments.iter().map(|it| (it.name.as_str(), it.deferred, it.holds)).collect();
    assert_eq!(holds, [("a", false, false), ("b", true, false), ("c", false, true)]);
    let deployments = facts.machine_deployments.read().expect("read");
    assert_eq!(deployments.len(), 1, "another Cluster's is left out, whatever its label says");
    let deployment = &deployments[0];
    assert_eq!(deployment.strategy().map(|it| it.to_string()), Ok("RollingUpdate 2/1".to_owned()));
    assert_eq!(deployment.skipped_checks, ["ControlPlaneIsStable", "KubeadmVersionSkew"]);
    assert_eq!((deployment.counts.up_to_date, deployment.counts.replicas), (Some(1), Some(4)));
    assert!(deployment.bootstrap.as_ref().is_some_and(planner::cluster_api::Template::is_kubeadm));
    let machine = &facts.machines.read().expect("read")[0];
    assert_eq!((machine.phase.as_deref(), machine.node.as_deref()), (Some("Running"), Some("node-1")));
    assert_eq!(machine.ready_at.map(|at| at.since(machine.created_at.expect("a time"))), Some(200_000));
}

#[tokio::test]
async fn versions_are_found_out_by_what_serves_the_kind() {
    let both = |api: &Api| {
        serve(api, &OLD);
        serve(api, &NEW);
    };
    let core = |api: &Api, versions: &[&str]| {
        let mut world = api.world();
        let versions: Vec<Value> = versions.iter().map(|version| json!({"version": version})).collect();
        world.answers.get_mut("/apis").expect("there")["groups"][0]["versions"] = json!(versions);
    };
    type Case<'a> = (&'a str, Box<dyn Fn(&Api)>, Kind, &'a str);
    let cases: [Case<'_>; 6] = [
        ("both are served", Box::new(both), Kind::Machine, "read as v1beta2"),
        (
            "a newer one is served too",
            Box::new(move |api| {
                both(api);
                core(api, &["v1", "v1beta2", "v1beta1"]);
                let list = api.world().answers["/apis/cluster.x-k8s.io/v1beta2"].clone();
                api.world().answers.insert("/apis/cluster.x-k8s.io/v1".to_owned(), list);
            }),
            Kind::Cluster,
            "read as v1beta2; the API server serves v1 too, which this console does not know",
        ),
        (
            "only unknown ones",
            Box::new(move |api| {
                serve(api, &NEW);
                core(api, &["v3"]);
                let list = api.world().answers["/apis/cluster.x-k8s.io/v1beta2"].clone();
                api.world().answers.insert("/apis/cluster.x-k8s.io/v3".to_owned(), list);
            }),
            Kind::Cluster,
            "not read: it is served only as v3, which this console does not know",
        ),
        (
            "the group belongs to other providers only",
            Box::new(|api| {
                serve(api, &NEW);
                let list = json!({"resources": [{"name": "kubeadmcontrolplanes"}]});
                api.world().answers.insert("/apis/controlplane.cluster.x-k8s.io/v1alpha2".to_owned(), list);
            }),
            Kind::KamajiControlPlane,
            "not read: the API server does not serve it",
        ),
        (
            "a list that is refused",
            Box::new(|api| {
                serve(api, &NEW);
                api.world().refused.push(("controlplane.cluster.x-k8s.io/v1alpha2", 500, "broken"));
            }),
            Kind::KamajiControlPlane,
            "not read: the API server does not say in which version it serves it (v1alpha2: broken)",
        ),
        (
            "versions that are no names",
            Box::new(move |api| {
                serve(api, &NEW);
                core(api, &["../../../api/v1/secrets", "v1beta2?x=y", "v1beta2"]);
            }),
            Kind::Cluster,
            "read as v1beta2",
        ),
    ];
    for (name, prepare, kind, expected) in cases {
        let api = Api::new();
        prepare(&api);
        let facts = facts(&api).await;
        let served = facts.served.read().expect("discovered");
        assert_eq!(served[&kind].to_string(), expected, "{name}");
        let asked = api.world().asked.iter().any(|asked| asked.target.contains("secrets"));
        assert!(!asked, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_says_so_and_hides_no_other() {
    type Break = fn(&Api);
    let all = ["read"; 6];
    let with = |place: usize, words: &'static str| {
        let mut told = all;
        told[place] = words;
        told
    };
    let hangs = "(v1beta2: no answer within 3 s)";
    let cases: [(&str, Break, [&str; 6]); 7] = [
        (
            "machines may not be listed",
            |api| api.world().refused.push(("/machines?", 403, "machines is forbidden")),
            with(5, "may not be read: machines is forbidden"),
        ),
        ("MachineSets hang", |api| api.world().hanging.push("/machinesets"), with(3, "no answer within 5 s")),
        (
            "the Cluster is gone",
            |api| api.world().refused.push(("/clusters/prod", 404, "not found")),
            with(1, "not there"),
        ),
        (
            "the control plane hangs, and the label on the tenant serves",
            |api| api.world().hanging.push("/kamajicontrolplanes"),
            with(0, "no answer within 5 s"),
        ),
        (
            "a list that never ends",
            |api| {
                let path = format!("{}/machinepools", NEW.path());
                let many: Vec<Value> = (0..5_001).map(|number| json!({"metadata": {"name": number}})).collect();
                api.world().answers.insert(path, json!({"metadata": {}, "items": many}));
            },
            with(4, "there are more than 5000 of them"),
        ),
        (
            "a group hangs, and the other is read",
            |api| api.world().hanging.push("/apis/cluster.x-k8s.io"),
            ["read", hangs, hangs, hangs, hangs, hangs],
        ),
        (
            "the owner's name is no name",
            |api| {
                let path = "/apis/controlplane.cluster.x-k8s.io/v1alpha2/namespaces/tenants/kamajicontrolplanes/t";
                let mut world = api.world();
                world.answers.get_mut(path).expect("there")["metadata"]["ownerReferences"][0]["name"] =
                    json!("../secrets");
            },
            ["read", "its name is none", "name of its", "name of its", "name of its", "name of its"],
        ),
    ];
    for (name, breaks, expected) in cases {
        let api = Api::new();
        serve(&api, &NEW);
        breaks(&api);
        let facts = facts(&api).await;
        let told = told(&facts);
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(expected) && (expected == "read") == (told == "read"), "{name}: {told:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_hangs_is_waited_for_no_longer_than_three_steps() {
    let api = Api::new();
    serve(&api, &NEW);
    api.world().hanging.extend(["/kamajicontrolplanes", "/namespaces/tenants/m", "/clusters/"]);
    let before = tokio::time::Instant::now();
    let facts = facts(&api).await;
    assert!(before.elapsed().as_secs() <= 15, "{:?}", before.elapsed());
    assert!(told(&facts).iter().all(|told| told == "no answer within 5 s"), "{:?}", told(&facts));
}

#[tokio::test]
async fn malformed_objects_become_sentences() {
    let api = Api::new();
    serve(&api, &NEW);
    {
        let mut world = api.world();
        let path = "/apis/controlplane.cluster.x-k8s.io/v1alpha2/namespaces/tenants/kamajicontrolplanes/t";
        let control_plane = world.answers.get_mut(path).expect("there");
        control_plane["spec"] = json!({"version": 7, "replicas": -1, "deployment": {"strategy": "fast"}});
        control_plane["status"] = json!("<script>alert(1)</script>");
        let cluster = world.answers.get_mut(&format!("{}/clusters/prod", NEW.path())).expect("there");
        cluster["spec"]["topology"] = json!(["v1.36.4"]);
        let list = world.answers.get_mut(&format!("{}/machinedeployments", NEW.path())).expect("there");
        let long = "x ".repeat(5_000);
        list["items"] = json!([
            7,
            {"metadata": {"name": "odd", "labels": []}, "spec": {"replicas": "many", "template": 1},
             "status": {"conditions": [{"type": "Available", "message": long}, "no condition"]}},
        ]);
    }
    let view = view(&api, &admin()).await;
    let facts = &view.facts;
    for words in [
        "KamajiControlPlane t: `spec.version` is a number, not a text",
        "KamajiControlPlane t: `spec.replicas` is -1, which is no number of things",
        "Cluster prod: `spec.topology` is no topology",
        "MachineDeployment odd: `spec.replicas` is a text, not a whole number",
    ] {
        assert!(facts.problems.iter().any(|it| it == words), "{words}: {:#?}", facts.problems);
    }
    let deployments = facts.machine_deployments.read().expect("read");
    assert_eq!(deployments.len(), 2);
    assert_eq!(deployments[1].replicas, 1);
    assert!(deployments[1].meta.conditions[0].message.chars().count() <= 1_001);
    assert_eq!(view.advice, None, "nothing says which version is wanted");
}

#[tokio::test]
async fn it_is_read_as_the_person_and_only_for_those_who_may_see_the_tenant() {
    let api = Api::new();
    serve(&api, &NEW);
    let refused = changes(&api).cluster_api(&owner_of("elsewhere"), &tenant_id("t"), None).await;
    assert!(matches!(refused, Err(ChangeError::NotFound)), "{refused:?}");
    assert!(api.world().asked.is_empty());
    let _ = view(&api, &owner_of("tenants")).await;
    let world = api.world();
    let read: Vec<_> = world.asked.iter().filter(|asked| asked.target.starts_with("/apis")).collect();
    let of_the_console = |target: &str| target.contains("kamaji.clastix.io");
    assert!(read.len() > 8);
    for asked in read.iter().filter(|asked| !of_the_console(&asked.target)) {
        let who = asked.headers.get("impersonate-user").and_then(|it| it.to_str().ok());
        assert_eq!((who, asked.method.as_str()), (Some("olivia"), "GET"), "{}", asked.target);
    }
}

#[tokio::test]
async fn a_tenant_of_its_own_has_none() {
    let api = Api::new();
    let clock = HandClock::new().clock();
    let (mut index, observer) = Index::new(NOW, Source::Cluster, clock.clone());
    let own = read(ObjectKind::TenantControlPlane, &control_plane("t"));
    index.reset(ObjectKind::TenantControlPlane, vec![own], NOW);
    index.flush(NOW);
    let changes = Changes::new(api.client(), observer, clock, Arc::new(ReleaseTable::built_in()));
    let view = changes.cluster_api(&admin(), &tenant_id("t"), None).await.expect("there is such a tenant");
    assert_eq!(view, None);
    assert!(api.world().asked.is_empty(), "nobody is asked");
}

/// A console in front of the sandbox's world of tenants that Cluster API owns.
async fn sandboxed() -> (Sandbox, Changes) {
    let options = SandboxOptions { manual: true, scenario: "cluster-api".to_owned(), ..SandboxOptions::default() };
    let sandbox = Sandbox::new(&options).expect("a world");
    let client = Client::new(sandbox.router(), "default");
    let observer = observe(client.clone(), Scope::WHOLE_CLUSTER, sandbox.clock(), CancellationToken::new());
    observer.health().wait_for(|health| health.live()).await.expect("it is observed");
    let changes = Changes::new(client, observer, sandbox.clock(), Arc::new(ReleaseTable::built_in()));
    (sandbox, changes)
}

fn team_a(name: &str) -> TenantId {
    TenantId { namespace: "team-a".to_owned(), name: name.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn each_tenant_of_the_sandbox_is_told_where_it_stands() {
    let owner = Identity {
        user: TEAM_A_OWNER.to_owned(),
        groups: vec![TENANT_OWNERS.to_owned()],
        sees: Visibility::Namespaces(["team-a".to_owned()].into()),
        via: Credentials::Impersonate,
    };
    let (_sandbox, changes) = sandboxed().await;
    let cases: [(&str, Option<&str>, &[&str]); 6] = [
        (
            "by-hand",
            Some("v1.36.4"),
            &[
                "KamajiControlPlane by-hand: Next.",
                "KamajiControlPlane by-hand: Waits. KamajiControlPlane by-hand has to reach v1.36.4 first.",
                "MachineDeployment by-hand-general: Waits. KamajiControlPlane by-hand has to reach v1.36.4 first.",
            ],
        ),
        (
            "managed",
            Some("v1.36.4"),
            &[
                "Cluster managed: Next.",
                "KamajiControlPlane managed: Waits. Cluster managed has to reach v1.36.4 first.",
                "MachineDeployment managed-general: Waits. KamajiControlPlane managed has to reach v1.36.4 first.",
                "MachineDeployment managed-batch: Waits. KamajiControlPlane managed has to reach v1.36.4 first.",
            ],
        ),
        (
            "held",
            None,
            &[
                "Cluster held: Done.",
                "KamajiControlPlane held: Done.",
                "MachineDeployment held-general: Done.",
                "MachineDeployment held-batch: Waits. The topology holds the upgrade of batch and of everything after it.",
            ],
        ),
        (
            "held",
            Some("v1.36.6"),
            &[
                "Cluster held: Waits. MachineDeployment held-batch is not at v1.36.4 yet, and Cluster API takes no other version of \
                 the topology until then.",
                "KamajiControlPlane held: Waits. Cluster held has to reach v1.36.6 first.",
                "MachineDeployment held-general: Waits. KamajiControlPlane held has to reach v1.36.6 first.",
                "MachineDeployment held-batch: Waits. The topology holds the upgrade of batch and of everything after it. \
                 KamajiControlPlane held has to reach v1.36.6 first.",
            ],
        ),
        (
            "rolling",
            None,
            &[
                "KamajiControlPlane rolling: Done.",
                "KamajiControlPlane rolling: Done.",
                "MachineDeployment rolling-general: Under way: 2 of 4 have the new template.",
            ],
        ),
        (
            "refused",
            None,
            &[
                "KamajiControlPlane refused: Done.",
                "KamajiControlPlane refused: Waits. Kamaji refused the version that KamajiControlPlane refused asks for.",
                "MachineDeployment refused-general: Waits. KamajiControlPlane refused has to reach v1.37.0 first.",
            ],
        ),
    ];
    for (name, to, expected) in cases {
        let to = to.map(|to| to.parse().expect("a version"));
        let view = changes.cluster_api(&owner, &team_a(name), to.as_ref()).await.expect("seen").expect("owned");
        assert_eq!(told(&view.facts), ["read"; 6], "{name}");
        let advice = view.advice.expect("a version is wanted");
        let steps: Vec<String> =
            advice.steps.iter().map(|step| format!("{}: {}", step.kind.object(), step.state)).collect();
        assert_eq!(steps, expected, "{name}");
        let refused = advice.refused.map(|refused| refused.words);
        let kamaji = "cannot create or update TenantControlPlane: admission webhook \"vtenantcontrolplane.kb.io\" denied the \
                      request: unable to upgrade to a version greater than the supported one (v1.36)";
        assert_eq!(refused.as_deref(), (name == "refused").then_some(kamaji), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_change_that_is_handed_over_is_the_one_that_works() {
    let (sandbox, changes) = sandboxed().await;
    let (tenant, to) = (team_a("by-hand"), "v1.36.4".parse().expect("a version"));
    let look = async |changes: &Changes| {
        let view = changes.cluster_api(&admin(), &tenant, Some(&to)).await.expect("seen").expect("owned");
        view.advice.expect("a version was asked for")
    };
    let plan = changes.plan(&admin(), &tenant, &to, None).await.expect("a plan");
    assert_eq!(plan.verdict, Verdict::Blocked);
    let words = "Set spec.version of KamajiControlPlane by-hand to v1.36.4. A change made here would be reverted.";
    assert!(plan.findings.iter().any(|it| it.remedy.as_deref() == Some(words)), "{:#?}", plan.findings);

    let advice = look(&changes).await;
    assert!(matches!(advice.way, Way::ControlPlane(_)), "{:?}", advice.way);
    let change = advice.first_change().expect("a change");
    let path = "/apis/controlplane.cluster.x-k8s.io/v1alpha2/namespaces/team-a/kamajicontrolplanes/by-hand";
    let request = http::Request::patch(path).header("content-type", "application/merge-patch+json");
    let request = request.header("impersonate-user", "platform-admin").header("impersonate-group", "platform-admins");
    let request = request.body(axum::body::Body::from(change.merge_patch.to_string())).expect("a request");
    let answer = tower::ServiceExt::oneshot(sandbox.router(), request).await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    sandbox.advance(240_000);
    let advice = look(&changes).await;
    let states: Vec<&StepState> = advice.steps.iter().map(|step| &step.state).collect();
    assert_eq!(states, [&StepState::Done, &StepState::Done, &StepState::Next], "the workers' turn");
}
