//! What a real API server and Kamaji's webhook answered, given to a change again.

use cluster::ChangeError;

use super::recordings;
use crate::change::started_under;
use crate::support::api::Fault;
use crate::support::story::lines;

/// More than a change tries.
const AGAIN: usize = 20;

#[tokio::test]
pub(super) async fn every_recorded_refusal_is_told_for_what_it_is_before_and_at_the_write() {
    let mut told = 0;
    for recording in recordings().iter().filter(|name| name.contains("refusals")) {
        for answer in lines(recording).filter(|answer| answer["code"].as_u64() >= Some(400)) {
            let status = &answer["status"];
            let words = status["message"].as_str().expect("a message").to_owned();
            let expected = match (status["code"].as_u64(), words.contains("admission webhook")) {
                (Some(403), true) => ChangeError::RefusedByWebhook { words },
                (Some(404), _) => ChangeError::NotFound,
                (Some(409), _) => ChangeError::Conflict { tries: 6 },
                (Some(422), _) => ChangeError::Invalid { words },
                (Some(500), _) => {
                    assert!(
                        words.contains("\"mtenantcontrolplane.kb.io\""),
                        "the mutating one is asked first: {words}"
                    );
                    ChangeError::WebhookDown { words }
                }
                other => panic!("{}: {other:?}", answer["label"]),
            };
            for passes in [0, 1] {
                // A conflict is tried again, each time with a dry run first.
                let script =
                    (0..AGAIN).flat_map(|_| (0..passes).map(|_| Fault::Pass).chain([Fault::Recorded(status.clone())]));
                let error = started_under(script).await.expect_err("it is refused");
                assert_eq!(error, expected, "{}", answer["label"]);
                assert!(error.nothing_written());
            }
            told += 1;
        }
    }
    assert_eq!(told, 47);
}
