//! Who may what, through the doors.

use http::Method;
use serde_json::{Value, json};

use crate::support::{ADMIN, OWNER, ask, sandbox, tenant_path};

const MERGE: &str = "application/merge-patch+json";
const CONSOLE: (&str, &str) = ("", "");

#[tokio::test]
async fn refusals_have_the_api_servers_words() {
    let sandbox = sandbox("default");
    let annotate = json!({"metadata": {"annotations": {"a": "b"}}});
    let everywhere = "/apis/kamaji.clastix.io/v1alpha1/tenantcontrolplanes".to_owned();
    let cases = [
        (OWNER, Method::PATCH, tenant_path("team-a", "tenant-00"), None),
        (OWNER, Method::GET, "/api/v1/namespaces/team-a-staging/pods".to_owned(), None),
        (ADMIN, Method::GET, everywhere.clone(), None),
        (CONSOLE, Method::GET, everywhere.clone(), None),
        (
            OWNER,
            Method::PATCH,
            tenant_path("team-b", "analytics"),
            Some(
                "tenantcontrolplanes.kamaji.clastix.io \"analytics\" is forbidden: User \"owner@team-a\" cannot patch resource \"tenantcontrolplanes\" in API group \"kamaji.clastix.io\" in the namespace \"team-b\"",
            ),
        ),
        (
            OWNER,
            Method::GET,
            everywhere,
            Some(
                "tenantcontrolplanes.kamaji.clastix.io is forbidden: User \"owner@team-a\" cannot list resource \"tenantcontrolplanes\" in API group \"kamaji.clastix.io\" at the cluster scope",
            ),
        ),
        (
            OWNER,
            Method::GET,
            "/api/v1/nodes?watch=true".to_owned(),
            Some(
                "nodes is forbidden: User \"owner@team-a\" cannot watch resource \"nodes\" in API group \"\" at the cluster scope",
            ),
        ),
        (
            CONSOLE,
            Method::PATCH,
            "/apis/apps/v1/namespaces/team-a/deployments/tenant-00".to_owned(),
            Some(
                "deployments.apps \"tenant-00\" is forbidden: User \"system:serviceaccount:upgrade-console:console\" cannot patch resource \"deployments\" in API group \"apps\" in the namespace \"team-a\"",
            ),
        ),
    ];
    for (who, method, path, refusal) in cases {
        let body = if method == Method::PATCH { annotate.clone() } else { Value::Null };
        let (code, answer) = ask(&sandbox, who, method, &path, MERGE, &body).await;
        match refusal {
            None => assert_eq!(code, 200, "{path}: {answer}"),
            Some(words) => assert_eq!((code, answer["message"].as_str()), (403, Some(words))),
        }
    }
}

#[tokio::test]
async fn reviews_say_what_the_requests_would() {
    let sandbox = sandbox("empty");
    let review = |namespace: &str, verb: &str| {
        json!({"spec": {"resourceAttributes": {
            "group": "kamaji.clastix.io", "resource": "tenantcontrolplanes", "namespace": namespace, "verb": verb,
        }}})
    };
    let cases = [
        (OWNER, review("team-a", "patch"), true),
        (OWNER, review("team-b", "get"), false),
        (OWNER, review("", "list"), false),
        (ADMIN, review("team-b", "patch"), true),
        (CONSOLE, review("", "watch"), true),
        (OWNER, json!({"spec": {"nonResourceAttributes": {"path": "/metrics", "verb": "get"}}}), false),
    ];
    for (who, body, allowed) in cases {
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let (code, answer) = ask(&sandbox, who, Method::POST, path, "application/json", &body).await;
        assert_eq!((code, &answer["status"]["allowed"]), (201, &json!(allowed)), "{} {body}", who.0);
    }
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let (code, answer) = ask(&sandbox, OWNER, Method::POST, path, "application/json", &json!({})).await;
    let user = json!({"username": "owner@team-a", "groups": ["tenant-owners", "system:authenticated"]});
    assert_eq!((code, &answer["status"]["userInfo"]), (201, &user));
}
