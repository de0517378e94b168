//! Questions to a tenant's API, and to the management cluster's about objects that tenants write. Whoever answers, or wrote the
//! answer, is not trusted: it has a limit in time and in size.

mod decode;

use std::future::Future;
use std::time::Duration;

use futures::{AsyncBufRead, AsyncBufReadExt, StreamExt};
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, BodyStream, LengthLimitError, Limited, StreamBody};
use kube::api::ListParams;
use kube::client::Body;
use kube::{Client, Error};
use planner::tenant_api::Answer;
use serde_json::Value;
use tokio::time::timeout;
use tokio_util::bytes::Bytes;
use tower::BoxError;

use self::decode::{Page, Unusable};
use super::CONNECT_WITHIN;
use crate::errors::api_words;

/// Longest answer to one question (bytes): a page of the largest objects that an API server stores.
const LONGEST_ANSWER: usize = 16 << 20;
/// Longest answer of `/metrics` (bytes). It is never kept.
const LONGEST_METRICS: usize = 128 << 20;
/// Longest line of it that is looked at (bytes).
const LONGEST_LINE: usize = 16 << 10;
/// Longest words of others that are passed on (characters).
const LONGEST_WORDS: usize = 300;

/// Asks an API.
#[derive(Clone)]
pub(crate) struct Asker {
    client: Client,
}

impl Asker {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// One object.
    pub(crate) async fn get(&self, path: &str) -> Answer<Value> {
        match Request::get(path).body(Vec::new()) {
            Ok(request) => match self.client.request_text(request).await {
                Ok(text) => match decode::object(&text) {
                    Ok(object) => Answer::Read(object),
                    Err(why) => Answer::Failed(why.to_string()),
                },
                Err(error) => failed(&error),
            },
            Err(_) => Answer::Failed(format!("{path} is no path")),
        }
    }

    /// All objects of a kind, page by page; of each object only what `keep` makes of it stays. More than `most` objects are not read,
    /// and then nothing is said of them: half a list would look like a whole one.
    pub(crate) async fn list<T>(
        &self,
        path: &str,
        params: ListParams,
        most: usize,
        mut keep: impl FnMut(&Value) -> Option<T>,
    ) -> Answer<Vec<T>> {
        let (mut kept, mut left, mut params) = (Vec::new(), most, params);
        loop {
            let Ok(request) = kube::core::Request::new(path).list(&params) else {
                return Answer::Failed(format!("{path} is no path"));
            };
            let page = match self.page(request, left, &mut keep).await {
                Answer::Read(Ok(page)) => page,
                Answer::Read(Err(Unusable::TooMany)) => {
                    return Answer::Failed(format!("there are more than {most} of them"));
                }
                Answer::Read(Err(why)) => return Answer::Failed(why.to_string()),
                other => return other.map(|_| Vec::new()),
            };
            left -= page.seen;
            kept.extend(page.kept);
            match page.token {
                Some(token) if page.seen > 0 => params = params.continue_token(&token),
                _ => return Answer::Read(kept),
            }
        }
    }

    /// One page of the metadata of a kind's objects, of about `limit` of them; what `keep` makes of each. An API server need not
    /// keep to the limit, so no more than `most` are read, and of more nothing is said.
    pub(super) async fn metadata<T>(
        &self,
        path: &str,
        limit: u32,
        most: usize,
        mut keep: impl FnMut(&Value) -> Option<T>,
    ) -> Answer<Vec<T>> {
        let Ok(request) = kube::core::Request::new(path).list_metadata(&ListParams::default().limit(limit)) else {
            return Answer::Failed(format!("{path} is no path"));
        };
        match self.page(request, most, &mut keep).await {
            Answer::Read(Ok(page)) => Answer::Read(page.kept),
            Answer::Read(Err(why)) => Answer::Failed(why.to_string()),
            other => other.map(|_| Vec::new()),
        }
    }

    /// Those lines of `/metrics` that begin so.
    pub(super) async fn metrics(&self, prefix: &str, most: usize) -> Answer<Vec<String>> {
        let Ok(request) = Request::get("/metrics").body(Vec::new()) else { return Answer::Missing };
        match self.client.request_stream(request).await {
            Ok(lines) => lines_of(lines, prefix, most).await,
            Err(error) => failed(&error),
        }
    }

    async fn page<T>(
        &self,
        request: Request<Vec<u8>>,
        most: usize,
        keep: &mut impl FnMut(&Value) -> Option<T>,
    ) -> Answer<Result<Page<T>, Unusable>> {
        match self.client.request_text(request).await {
            Ok(text) => Answer::Read(decode::page(&text, most, keep)),
            Err(error) => failed(&error),
        }
    }
}

async fn lines_of(lines: impl AsyncBufRead, prefix: &str, most: usize) -> Answer<Vec<String>> {
    futures::pin_mut!(lines);
    let (mut kept, mut line) = (Vec::new(), Vec::new());
    loop {
        let (used, ended, last) = match lines.fill_buf().await {
            Err(error) => return Answer::Failed(shortened(&error.to_string())),
            Ok([]) => (0, true, true),
            Ok(buffer) => {
                let end = buffer.iter().position(|byte| *byte == b'\n');
                let part = end.unwrap_or(buffer.len());
                let room = LONGEST_LINE.saturating_sub(line.len());
                line.extend_from_slice(&buffer[..part.min(room)]);
                (end.map_or(part, |end| end + 1), end.is_some(), false)
            }
        };
        lines.consume_unpin(used);
        if ended {
            if line.starts_with(prefix.as_bytes()) && kept.len() < most {
                kept.push(String::from_utf8_lossy(&line).into_owned());
            }
            line.clear();
        }
        if last {
            return Answer::Read(kept);
        }
    }
}

/// What an error comes to. Refused credentials are an answer too: somebody is there.
pub(super) fn failed<T>(error: &Error) -> Answer<T> {
    match error {
        Error::Api(status) => match status.code {
            401 => Answer::Forbidden(shortened(&format!("the credentials are refused ({})", status.message))),
            403 => Answer::Forbidden(shortened(&status.message)),
            404 => Answer::Missing,
            _ => Answer::Failed(shortened(&api_words(error))),
        },
        error if causes(error).any(|it| it.is::<LengthLimitError>()) => {
            Answer::Failed("the answer is too long".to_owned())
        }
        error if timed_out(error) => Answer::Failed(format!("no connection within {} s", CONNECT_WITHIN.as_secs())),
        error => Answer::Failed(shortened(&api_words(error))),
    }
}

/// An error and what caused it, outermost first.
fn causes(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source())
}

/// Whether a connection did not come about in time, which the error itself says in no words for people.
fn timed_out(error: &Error) -> bool {
    causes(error).any(|error| {
        error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut)
            || error.is::<tokio::time::error::Elapsed>()
    })
}

/// The words of others, of a bearable length and without line breaks.
pub(crate) fn shortened(words: &str) -> String {
    shortened_to(LONGEST_WORDS, words)
}

/// The same with a length of its own (characters).
pub(crate) fn shortened_to(longest: usize, words: &str) -> String {
    let mut words: String = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = words.char_indices().nth(longest) {
        words.truncate(end);
        words.push('…');
    }
    words
}

/// One part within its time.
pub(crate) async fn within<T>(limit: Duration, part: impl Future<Output = Answer<T>>) -> Answer<T> {
    timeout(limit, part).await.unwrap_or(Answer::TimedOut { seconds: limit.as_secs() })
}

/// A client whose answers have a limit in size. A watch never ends, so each of its lines has it: a line is one object.
pub(crate) fn bounded(client: &Client) -> Client {
    bounded_to(LONGEST_ANSWER, client)
}

/// The same with a length of its own (bytes) for all but `/metrics`.
pub(super) fn bounded_to(longest: usize, client: &Client) -> Client {
    let inner = client.clone();
    let namespace = client.default_namespace().to_owned();
    let service = tower::service_fn(move |request: Request<Body>| {
        let inner = inner.clone();
        let watches = request.uri().query().is_some_and(|query| query.contains("watch=true"));
        let limit = if request.uri().path() == "/metrics" { LONGEST_METRICS } else { longest };
        async move {
            let answer = inner.send(request).await.map_err(BoxError::from)?;
            let answer: Response<UnsyncBoxBody<Bytes, BoxError>> = answer
                .map(|body| if watches { lines_within(limit, body) } else { Limited::new(body, limit).boxed_unsync() });
            Ok::<_, BoxError>(answer)
        }
    });
    Client::new(service, namespace)
}

/// A body that fails when more than `longest` bytes come without an end of line. Whoever reads it keeps all bytes of a line until
/// its end comes, so this bounds what is kept.
fn lines_within(longest: usize, body: Body) -> UnsyncBoxBody<Bytes, BoxError> {
    let mut line = Line { longest, begun: 0 };
    let frames = BodyStream::new(body).map(move |frame| {
        let frame = frame.map_err(BoxError::from)?;
        line.goes_on(frame.data_ref().map_or(&[][..], |data| data))?;
        Ok(frame)
    });
    StreamBody::new(frames).boxed_unsync()
}

/// The line that is under way (bytes).
struct Line {
    longest: usize,
    begun: usize,
}

/// A line is longer than any object.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the watch is too long")]
struct LineTooLong;

impl Line {
    fn goes_on(&mut self, data: &[u8]) -> Result<(), LineTooLong> {
        self.begun = match data.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => data.len() - end - 1,
            None => self.begun + data.len(),
        };
        if self.begun > self.longest { Err(LineTooLong) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_watch_each_line_has_a_limit_and_their_number_has_none() {
        let too_long_at = |chunks: &[&str]| {
            let mut line = Line { longest: 4, begun: 0 };
            chunks.iter().position(|chunk| line.goes_on(chunk.as_bytes()).is_err())
        };
        for (chunks, expected) in [
            (&["1234", "\n"][..], None),
            (&["12", "34", "\n1234\n", "12\n", "34", "", "12"], None),
            (&["12", "345"], Some(1)),
            (&["12\n", "345", "67\n8", "9012"], Some(3)),
            (&["1\n23456"], Some(0)),
        ] {
            assert_eq!(too_long_at(chunks), expected, "{chunks:?}");
        }
    }

    #[tokio::test]
    async fn of_metrics_only_the_wanted_lines_stay_however_they_arrive() {
        let long = "x".repeat(3 * LONGEST_LINE);
        let text =
            format!("# HELP wanted\nwanted{{a=\"1\"}} 1\nother 2\n{long}\nwanted{{a=\"2\"}} 1\nwanted{{a=\"3\"}} 1");
        for size in [1, 7, 4096, text.len()] {
            let chunks = text.as_bytes().chunks(size).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()));
            let chunks: Vec<_> = chunks.collect();
            let lines = futures::TryStreamExt::into_async_read(futures::stream::iter(chunks));
            let kept = lines_of(lines, "wanted{", 2).await;
            assert_eq!(
                kept,
                Answer::Read(vec!["wanted{a=\"1\"} 1".to_owned(), "wanted{a=\"2\"} 1".to_owned()]),
                "{size}"
            );
        }
    }

    #[test]
    fn a_connection_that_does_not_come_about_in_time_is_said_in_words() {
        let slow = std::io::Error::new(std::io::ErrorKind::TimedOut, "deadline has elapsed");
        let refused = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "Connection refused");
        let cases = [(slow, "no connection within 3 s"), (refused, "Connection refused")];
        for (error, words) in cases {
            assert_eq!(failed::<()>(&Error::Service(error.into())), Answer::Failed(words.to_owned()));
        }
    }

    #[test]
    fn words_of_others_stay_short_and_on_one_line() {
        assert_eq!(shortened("a\n  b\tc"), "a b c");
        let long = shortened(&"ü".repeat(1000));
        assert_eq!(long.chars().count(), LONGEST_WORDS + 1);
    }
}
