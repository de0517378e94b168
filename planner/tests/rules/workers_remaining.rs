//! What a list of tenants says of the workers.

use planner::tenant::{KamajiStatus, TenantSnapshot};
use planner::tenant_api::{Answer, NotAsked};
use planner::workers::{Progress, Remaining, workers_follow};

use crate::builders::{declared, hopping, tenant, version, with_deployment};

fn counted(done: usize, total: usize) -> Result<Answer<Progress>, NotAsked> {
    Ok(Answer::Read(Progress { target: version("v1.36.4"), total, done, oldest: None, unreadable: 0 }))
}

#[test]
fn a_list_says_what_is_left_and_is_silent_where_nothing_is_or_nothing_may_be_told() {
    let words = || "forbidden".to_owned();
    let secret = || "tenant-00-admin-kubeconfig".to_owned();
    let not_known = Some("workers not known");
    let cases = [
        (counted(3, 7), Some("control plane finished, workers 3 of 7")),
        (counted(0, 1), Some("control plane finished, workers 0 of 1")),
        (counted(7, 7), None),
        (counted(0, 0), None),
        (Ok(Answer::TimedOut { seconds: 4 }), not_known),
        (Ok(Answer::Failed("connection refused".to_owned())), not_known),
        (Ok(Answer::Forbidden(words())), not_known),
        (Ok(Answer::Missing), not_known),
        (Err(NotAsked::NoSecretNamed), not_known),
        (Err(NotAsked::SecretMissing { secret: secret() }), not_known),
        (Err(NotAsked::SecretNotRead { secret: secret(), why: "no answer within 3 s".to_owned() }), not_known),
        (Err(NotAsked::KubeconfigRefused { why: "it names a program to run".to_owned() }), not_known),
        (Err(NotAsked::SecretForbidden { secret: secret(), words: words() }), None),
        (Err(NotAsked::ControlPlaneForbidden { words: words() }), None),
        (Err(NotAsked::CredentialsRefused { words: words() }), None),
        (Err(NotAsked::ControlPlaneMissing), None),
        (Err(NotAsked::Sleeping), None),
        (Err(NotAsked::NoWay), None),
    ];
    for (told, says) in cases {
        let said = Remaining::of(&told).map(|remaining| remaining.to_string());
        assert_eq!(said.as_deref(), says, "{told:?}");
    }
}

#[test]
fn workers_follow_only_a_control_plane_that_is_finished_and_awake() {
    let sleeping = with_deployment(tenant("v1.36.4"), |it| {
        it.replicas = 0;
        it.counts = Default::default();
    });
    let sleeping = TenantSnapshot { replicas: 0, status: KamajiStatus::Sleeping, ..sleeping };
    assert!(planner::stage::is_settled(&sleeping), "only that it sleeps speaks against it");
    let cases = [
        ("at rest", tenant("v1.36.4"), Some("v1.36.4")),
        ("rolling out", hopping("v1.35.6", "v1.36.0", 9_000), None),
        ("sleeping", sleeping, None),
        ("recorded, and the Deployment not touched", with_deployment(tenant("v1.36.4"), |it| it.version = None), None),
        ("another version wanted", TenantSnapshot { desired_version: declared("v1.36.5"), ..tenant("v1.36.4") }, None),
    ];
    for (name, snapshot, to) in cases {
        assert_eq!(workers_follow(&snapshot), to.map(version), "{name}");
    }
}
