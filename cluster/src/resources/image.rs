//! Names of container images, and what a kubelet's events tell about their pulls.

use planner::tenant::{EventFacts, ImageSource};
use planner::version::KubernetesVersion;

/// An image by repository and tag, in full: `registry.k8s.io/kube-apiserver`, `v1.36.4`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageName {
    /// Registry and path.
    pub repository: String,
    /// Tag.
    pub tag: String,
}

/// A pull of the API server's image, as an event tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// The pod it was for.
    pub pod: String,
    /// What was pulled.
    pub image: ImageName,
    /// How long the pod waited for it (ms), behind other pulls too.
    pub took_ms: i64,
}

impl ImageName {
    /// Takes a reference apart (`host:5000/path/name:tag@digest`); `None` without a tag.
    pub(crate) fn parse(reference: &str) -> Option<Self> {
        let (repository, tag) = tagged(reference)?;
        Some(Self { repository: full(repository), tag: tag.to_owned() })
    }
}

/// Where the images come from; Kamaji's defaults fill in what is not set.
pub(super) fn source(registry: Option<&str>, image: Option<&str>, tag_suffix: Option<String>) -> ImageSource {
    let (registry, image) = (registry.unwrap_or("registry.k8s.io"), image.unwrap_or("kube-apiserver"));
    ImageSource { repository: full(&format!("{registry}/{image}")), tag_suffix }
}

/// Whether images from there are among those that are [kept](is_api_server) of a node.
pub(crate) fn is_recognised(source: &ImageSource) -> bool {
    is_api_server(&source.repository)
}

/// The version of an image, if it is one from there.
pub(crate) fn version_of(image: &ImageName, source: &ImageSource) -> Option<KubernetesVersion> {
    let tag = match &source.tag_suffix {
        Some(suffix) => image.tag.strip_suffix(suffix.as_str())?,
        None => &image.tag,
    };
    tag.parse().ok().filter(|_| image.repository == source.repository)
}

/// Repository as it stands, and tag.
pub(super) fn tagged(reference: &str) -> Option<(&str, &str)> {
    let named = reference.split('@').next()?;
    let (repository, tag) = named.rsplit_once(':')?;
    // A colon before the last slash belongs to the registry's port.
    (!repository.is_empty() && !tag.is_empty() && !tag.contains('/')).then_some((repository, tag))
}

/// A repository with the registry that container runtimes fill in where none is named. Nodes list images in full.
pub(super) fn full(repository: &str) -> String {
    match repository.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => repository.to_owned(),
        Some(_) => format!("docker.io/{repository}"),
        None => format!("docker.io/library/{repository}"),
    }
}

/// Whether a repository is taken for one of an API server: nodes list dozens of images, and only these are kept.
pub(crate) fn is_api_server(repository: &str) -> bool {
    repository.rsplit('/').next().is_some_and(|name| name.contains("apiserver"))
}

/// The pull that an event on a pod tells of. `container` is the one it is about, where the event says so.
///
/// The kubelet's words (`pkg/kubelet/images`): `Successfully pulled image "…" in 1.2s (3.4s including waiting). Image size: …`,
/// of older ones without the part in parentheses. An image that `is already present on machine` was not pulled.
pub(super) fn pull(pod: &str, event: &EventFacts, container: Option<&str>) -> Option<Pull> {
    if event.reason != "Pulled" {
        return None;
    }
    let (reference, took) = event.message.strip_prefix("Successfully pulled image \"")?.split_once("\" in ")?;
    let image = ImageName::parse(reference)?;
    let ours = match container {
        Some(container) => container == "kube-apiserver",
        None => is_api_server(&image.repository),
    };
    let (pulling, rest) = took.split_once(' ').unwrap_or((took, ""));
    let waiting = rest.strip_prefix('(').and_then(|rest| rest.split_once(" including waiting)"));
    let took_ms = go_duration_ms(waiting.map_or(pulling, |(waiting, _)| waiting))?;
    ours.then(|| Pull { pod: pod.to_owned(), image, took_ms })
}

/// A duration as Go writes it (`1h2m3.5s`, `850ms`, `12.5µs`), in whole milliseconds.
fn go_duration_ms(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let number = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (amount, after) = rest.split_at(number);
        let unit = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let millis = match unit {
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1_000.0,
            "ms" => 1.0,
            "µs" | "μs" | "us" => 0.001,
            "ns" => 0.000_001,
            _ => return None,
        };
        sum += amount.parse::<f64>().ok()? * millis;
        rest = after;
    }
    // Go's own durations end after 292 years; a longer text is no duration.
    (!text.is_empty() && sum < 9.3e15).then_some(sum.round() as i64)
}
