//! What stands in a plan where something could not be read.

use std::sync::Arc;

use cluster::{Changes, Scope, observe};
use planner::plan;
use planner::releases::ReleaseTable;
use tokio_util::sync::CancellationToken;

use crate::support::api::Api;
use crate::support::{HandClock, admin, tenant_id};

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_is_named_in_the_words_of_the_api_server() {
    let cases = [
        ("/nodes", "The room on the nodes was not checked: the nodes cannot be read: not for you."),
        ("/pods", "The room on the nodes was not checked: the pods of all namespaces cannot be read: not for you."),
        ("/deployments/t", "The room on the nodes was not checked: the Deployment cannot be read: not for you."),
        ("/namespaces?", "Not known: the labels of namespaces (not for you) could not be read."),
        ("/resourcequotas", "Not known: the quotas of the namespace (not for you) could not be read."),
        ("/limitranges", "Not known: the limit ranges of the namespace (not for you) could not be read."),
    ];
    for (refused, sentence) in cases {
        let api = Api::new();
        api.world().refused.push((refused, 403, "not for you"));
        let clock = HandClock::new().clock();
        let observer = observe(api.client(), Scope::WHOLE_CLUSTER, clock.clone(), CancellationToken::new());
        observer.health().wait_for(|health| health.live()).await.expect("it is observed");
        let changes = Changes::new(api.client(), observer, clock, Arc::new(ReleaseTable::built_in()));
        let version = "v1.35.7".parse().expect("a version");
        let made = changes.plan(&admin(), &tenant_id("t"), &version, None).await.expect("a plan");
        let text = plan::text(&made);
        assert!(text.contains(sentence), "{refused}: {text}");
    }
}
