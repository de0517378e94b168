//! Live streams.

use axum::http::StatusCode;
use futures::StreamExt;

use crate::harness::{console, tenant};

#[tokio::test]
async fn a_tenants_stream_brings_the_newest_snapshot_and_ends_when_it_is_deleted() {
    let mut console = console();
    let answer = console.get("/live/tenants/team-a/tenant-00").await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert_eq!((answer.header("x-accel-buffering"), answer.header("cache-control")), ("no", "no-cache"));
    assert_eq!(answer.header("content-encoding"), "");
    let mut pieces = answer.pieces();
    let first = pieces.next().await.expect("a first event");
    assert!(first.starts_with("event: snapshot\n") && first.contains("v1.35.6"), "{first}");

    let mut changed = tenant("team-a", "tenant-00");
    changed["spec"]["kubernetes"]["version"] = "v1.36.1".into();
    console.put(changed.clone());
    let second = pieces.next().await.expect("a second event");
    assert!(second.contains("v1.36.1"), "{second}");

    console.delete(changed);
    let last = pieces.next().await.expect("a last event");
    assert!(last.starts_with("event: gone"), "{last}");
    assert_eq!(pieces.next().await, None);
}

#[tokio::test]
async fn the_fleets_stream_names_only_what_the_person_may_see() {
    let console = console();
    let first = console.get("/live/fleet").await.pieces().next().await.expect("a first event");
    assert!(first.contains("tenant-00") && !first.contains("secret-plans"), "{first}");
    let admin = console.get_as_admin("/live/fleet?q=secret").await.pieces().next().await.expect("a first event");
    assert!(admin.contains("secret-plans") && !admin.contains("tenant-00"), "{admin}");
}

#[tokio::test]
async fn another_owners_tenant_cannot_be_told_from_one_that_does_not_exist() {
    let console = console();
    let theirs = console.get("/live/tenants/team-b/secret-plans").await;
    let unknown = console.get("/live/tenants/team-b/does-not-exist").await;
    assert_eq!((theirs.status, unknown.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert_eq!(theirs.text().await, unknown.text().await);
}

#[tokio::test]
async fn streams_end_with_the_console() {
    let console = console();
    let mut fleet = console.get("/live/fleet").await.pieces();
    let mut tenant = console.get("/live/tenants/team-a/tenant-00").await.pieces();
    assert!(fleet.next().await.is_some() && tenant.next().await.is_some());
    console.shutdown.cancel();
    assert_eq!((fleet.next().await, tenant.next().await), (None, None));
}

#[tokio::test]
async fn the_number_of_streams_is_bounded_and_a_closed_one_makes_room() {
    let console = console();
    let mut open = Vec::new();
    let refused = loop {
        let answer = console.get("/live/fleet").await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        open.push(answer);
        assert!(open.len() <= 10_000, "there is no bound");
    };
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    open.pop();
    assert_eq!(console.get("/live/fleet").await.status, StatusCode::OK);
}
