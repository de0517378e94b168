//! Whether a registry has an image: one question for its manifest, which downloads nothing.
//!
//! A tenant's owner names the registry in the tenant's object, and the console must not be sent to any place that somebody likes.
//! So only those registries are asked that whoever runs the console has named, and the one place that each of them sends on to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, Request, StatusCode, Uri};
use kube::client::Body;
use kube::{Client, Config};
use tokio::time::{Instant, timeout};

/// How long one registry may take in all. A hop is judged meanwhile, so it is as much as the tenant's own API has.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long an answer holds. A tag that is there stays; one that is missing may be pushed any moment.
const FOUND_HOLDS: Duration = Duration::from_secs(600);
const MISSING_HOLDS: Duration = Duration::from_secs(20);
/// Answers that are kept.
const MOST_ANSWERS: usize = 200;
/// Kinds of manifest that a registry may have for a tag.
const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];
/// By which a registry says which manifest it has, whatever its kind.
const DIGEST: &str = "docker-content-digest";

/// The registries that may be asked. Cheap to clone.
#[derive(Clone, Default)]
pub struct Registries {
    by_host: Arc<BTreeMap<String, Uri>>,
    answers: Arc<Mutex<BTreeMap<String, (Instant, bool)>>>,
}

/// Why it is not known whether an image exists. Its `Display` goes on after a colon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKnown {
    /// The registry is none of those that may be asked.
    #[error("{0} is no registry that this console asks")]
    NotAsked(String),
    /// The name is no image's name.
    #[error("{0:?} is no name of an image")]
    NoImage(String),
    /// It did not answer in time.
    #[error("{0} did not answer within {seconds} s", seconds = ANSWER_WITHIN.as_secs())]
    Silent(String),
    /// It could not be reached.
    #[error("{host} could not be reached ({why})")]
    Unreachable {
        /// Which one.
        host: String,
        /// In its words, or the network's.
        why: String,
    },
    /// It answered something else.
    #[error("{host} answered {status}")]
    Answered {
        /// Which one.
        host: String,
        /// With which HTTP status.
        status: StatusCode,
    },
}

impl Registries {
    /// Registries by the host that stands in an image's name, and where their API is.
    pub fn new(places: impl IntoIterator<Item = (String, Uri)>) -> Self {
        Self { by_host: Arc::new(places.into_iter().collect()), answers: Arc::default() }
    }

    /// Whether none may be asked.
    pub fn is_empty(&self) -> bool {
        self.by_host.is_empty()
    }

    /// Whether the registry has this image: `registry.k8s.io/kube-apiserver` and `v1.36.4`.
    ///
    /// # Errors
    /// If that is not known, why.
    pub async fn has(&self, repository: &str, tag: &str) -> Result<bool, NotKnown> {
        let image = format!("{repository}:{tag}");
        let (host, path) = repository.split_once('/').ok_or_else(|| NotKnown::NoImage(image.clone()))?;
        let place = self.by_host.get(host).ok_or_else(|| NotKnown::NotAsked(host.to_owned()))?;
        if !is_path(path) || !is_tag(tag) {
            return Err(NotKnown::NoImage(image));
        }
        if let Some(known) = self.known(&image) {
            return Ok(known);
        }
        let question = format!("/v2/{path}/manifests/{tag}");
        let asked = timeout(ANSWER_WITHIN, ask(host, place, &question));
        let found = asked.await.unwrap_or_else(|_| Err(NotKnown::Silent(host.to_owned())))?;
        self.remember(image, found);
        Ok(found)
    }

    fn known(&self, image: &str) -> Option<bool> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, found) = *answers.get(image)?;
        (at.elapsed() < holds(found)).then_some(found)
    }

    fn remember(&self, image: String, found: bool) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MOST_ANSWERS {
            answers.retain(|_, (at, found)| at.elapsed() < holds(*found));
        }
        if answers.len() < MOST_ANSWERS {
            answers.insert(image, (Instant::now(), found));
        }
    }
}

fn holds(found: bool) -> Duration {
    if found { FOUND_HOLDS } else { MISSING_HOLDS }
}

/// Asks one place, and the one that it sends on to: Kubernetes' own registry sends each question to one near by.
async fn ask(host: &str, place: &Uri, path: &str) -> Result<bool, NotKnown> {
    let unreachable = |why: String| NotKnown::Unreachable { host: host.to_owned(), why };
    let (mut place, mut path) = (place.clone(), path.to_owned());
    let mut sent_on = false;
    loop {
        let mut config = Config::new(place.clone());
        config.connect_timeout = Some(ANSWER_WITHIN);
        config.read_timeout = Some(ANSWER_WITHIN);
        let client = Client::try_from(config).map_err(|error| unreachable(error.to_string()))?;
        let request = Request::head(&path).header(ACCEPT, MANIFESTS.join(", ")).body(Body::empty());
        let request = request.map_err(|error| unreachable(error.to_string()))?;
        let answer = client.send(request).await.map_err(|error| unreachable(crate::errors::api_words(&error)))?;
        let status = answer.status();
        let answered = || NotKnown::Answered { host: host.to_owned(), status };
        if status.is_redirection() && !sent_on {
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            (place, path) = to.and_then(|to| onwards(&place, to)).ok_or_else(answered)?;
            sent_on = true;
        } else if status.is_success() && names_a_manifest(answer.headers()) {
            return Ok(true);
        } else if status == StatusCode::NOT_FOUND {
            return Ok(false);
        } else {
            return Err(answered());
        }
    }
}

/// Where an answer from `asked` sends to: the host, and the path there. `None` if it is none, or leads from an encrypted connection
/// to one that is not, or the other way. A path that does not begin at the root is none that a registry sends.
fn onwards(asked: &Uri, to: &str) -> Option<(Uri, String)> {
    // What begins so names a host, which `Uri` would take for a path.
    let to: Uri = to.parse().ok().filter(|_| !to.starts_with("//"))?;
    let (scheme, authority) = match (to.scheme(), to.authority()) {
        (Some(scheme), Some(authority)) => (scheme, authority),
        (None, None) => (asked.scheme()?, asked.authority()?),
        _ => return None,
    };
    if Some(scheme) != asked.scheme() {
        return None;
    }
    // The client puts the path of its place before every question, and this path is whole already.
    let there = Uri::builder().scheme(scheme.clone()).authority(authority.clone()).path_and_query("/").build().ok()?;
    Some((there, to.path_and_query()?.to_string()))
}

/// Whether an answer is a registry's about a manifest. A page for people, or a gateway that says yes to everything, is none.
fn names_a_manifest(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    headers.contains_key(DIGEST) || MANIFESTS.iter().any(|manifest| manifest.eq_ignore_ascii_case(kind))
}

/// The path of a repository, as the OCI distribution specification has it (without its rules for separators).
fn is_path(path: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte))
    };
    path.len() <= 255 && path.split('/').all(part)
}

fn is_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_named_registries_are_asked_and_only_for_images() {
        let registries = Registries::new([("registry.k8s.io".to_owned(), Uri::from_static("http://127.0.0.1:1"))]);
        for (repository, tag, expected) in [
            ("elsewhere.example/kube-apiserver", "v1.36.4", "elsewhere.example is no registry that this console asks"),
            ("kube-apiserver", "v1.36.4", "\"kube-apiserver:v1.36.4\" is no name of an image"),
            ("registry.k8s.io/../secrets", "v1.36.4", "\"registry.k8s.io/../secrets:v1.36.4\" is no name of an image"),
            ("registry.k8s.io/a//b", "v1", "\"registry.k8s.io/a//b:v1\" is no name of an image"),
            (
                "registry.k8s.io/kube-apiserver",
                "v1?x=/y",
                "\"registry.k8s.io/kube-apiserver:v1?x=/y\" is no name of an image",
            ),
        ] {
            let why = registries.has(repository, tag).await.expect_err("not known");
            assert_eq!(why.to_string(), expected);
        }
        let nobody = registries.has("registry.k8s.io/kube-apiserver", "v1.36.4").await.expect_err("nobody listens");
        assert!(matches!(nobody, NotKnown::Unreachable { .. }), "{nobody}");
    }

    /// A registry on this machine that answers so to every question.
    async fn served(answer: axum::Router) -> Uri {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let uri = format!("http://{}/base", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, answer).await });
        uri.parse().expect("an address")
    }

    async fn asked(api: Uri) -> Result<bool, NotKnown> {
        Registries::new([("r.example".to_owned(), api)]).has("r.example/k8s/kube-apiserver", "v1.36.4").await
    }

    #[tokio::test]
    async fn a_manifest_is_looked_up_where_the_registry_sends_to_and_an_answer_is_kept() {
        use axum::response::Redirect;
        use axum::routing::get;
        const MANIFEST: &str = "/base/v2/k8s/kube-apiserver/manifests/v1.36.4";
        const INDEX: (&str, &str) = ("content-type", MANIFESTS[0]);
        let answering_with = |status: u16, header: (&'static str, &'static str)| {
            let answer = move || async move { (StatusCode::from_u16(status).expect("a status"), [header]) };
            axum::Router::new().route(MANIFEST, get(answer))
        };
        let answering = |status: u16| answering_with(status, INDEX);
        assert_eq!(asked(served(answering(200)).await).await, Ok(true));
        assert_eq!(asked(served(answering(404)).await).await, Ok(false));
        let refused = asked(served(answering(401)).await).await.expect_err("not known");
        assert_eq!(refused.to_string(), "r.example answered 401 Unauthorized");

        for (header, expected) in [
            (("content-type", "application/vnd.docker.distribution.manifest.v2+json; charset=utf-8"), Ok(true)),
            (("docker-content-digest", "sha256:0e1a"), Ok(true)),
            (("content-type", "text/html"), Err("r.example answered 200 OK")),
            (("content-type", "application/json"), Err("r.example answered 200 OK")),
        ] {
            let answer = asked(served(answering_with(200, header)).await).await;
            assert_eq!(answer.map_err(|why| why.to_string()), expected.map_err(str::to_owned), "{header:?}");
        }

        let near_by = served(answering(200)).await;
        let there = format!("http://{}{MANIFEST}", near_by.authority().expect("an address"));
        let sends_on = |to: String| axum::Router::new().fallback(move || async move { Redirect::temporary(&to) });
        assert_eq!(asked(served(sends_on(there.clone())).await).await, Ok(true), "sent on once");
        const MOVED: &str = "/moved/v1.36.4";
        let here = axum::Router::new().route(MANIFEST, get(|| async { Redirect::temporary(MOVED) }));
        let here = here.route(MOVED, get(|| async { [INDEX] }));
        assert_eq!(asked(served(here).await).await, Ok(true), "sent on to another path of the same host");
        let twice = served(sends_on(format!("{}v2", served(sends_on(there)).await))).await;
        assert!(matches!(asked(twice).await, Err(NotKnown::Answered { .. })), "sent on twice");
        for to in ["https://127.0.0.1:1/", "//127.0.0.1:1/v2", "manifests/v1.36.4", "", "http://"] {
            let answer = asked(served(sends_on(to.to_owned())).await).await;
            assert!(matches!(answer, Err(NotKnown::Answered { .. })), "to {to:?}: {answer:?}");
        }

        let questions = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = Arc::clone(&questions);
        let counting = axum::Router::new().fallback(move || async move {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            [INDEX]
        });
        let registries = Registries::new([("r.example".to_owned(), served(counting).await)]);
        for _ in 0..2 {
            assert_eq!(registries.has("r.example/k8s/kube-apiserver", "v1.36.4").await, Ok(true));
        }
        assert_eq!(questions.load(std::sync::atomic::Ordering::Relaxed), 1, "the answer holds for a while");
    }

    #[tokio::test(start_paused = true)]
    async fn a_registry_that_is_silent_is_not_waited_for() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let api = format!("http://{}", listener.local_addr().expect("an address"));
        let silent = asked(api.parse().expect("an address")).await.expect_err("nobody answers");
        assert_eq!(silent.to_string(), "r.example did not answer within 5 s");
    }
}
