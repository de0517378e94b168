//! A tenant's own API server, below a path of its own.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::{Asked, discovery, reply, resources};
use crate::error::ApiError;
use crate::kinds::Kind;
use crate::shared::Shared;
use crate::store::Key;
use crate::tenant_api::Door;

/// How often a hanging API server looks whether it still hangs (real time).
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What every API server tells of itself; `/metrics` is far longer than what anybody wants of it.
const METRICS: &str = "# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs that have been requested.\n\
                       # TYPE apiserver_requested_deprecated_apis gauge\n";

/// Answers a request to a tenant's API.
pub(super) async fn serve(
    shared: &Arc<Shared>,
    asked: &Asked,
    tenant: Key,
    path: &[&str],
) -> Result<Response, ApiError> {
    let version = enter(shared, asked, &tenant).await?;
    let kinds = kinds(&version);
    match path {
        ["healthz" | "livez" | "readyz"] => Ok("ok".into_response()),
        ["version"] => Ok(reply(StatusCode::OK, &discovery::version(&version))),
        ["metrics"] => Ok(metrics(shared, &tenant)),
        ["api"] => Ok(reply(StatusCode::OK, &discovery::api_versions())),
        ["apis"] => Ok(reply(StatusCode::OK, &discovery::groups(&groups(&kinds)))),
        ["api", "v1"] => discovery::resources(&kinds, "", "v1").map(|list| reply(StatusCode::OK, &list)),
        ["apis", group, version] => {
            discovery::resources(&kinds, group, version).map(|list| reply(StatusCode::OK, &list))
        }
        ["api", version, rest @ ..] => resources::serve_tenant(shared, asked, &tenant, &kinds, ("", version), rest),
        ["apis", group, version, rest @ ..] => {
            resources::serve_tenant(shared, asked, &tenant, &kinds, (group, version), rest)
        }
        _ => Err(ApiError::no_such_path()),
    }
}

/// Waits at the door: the version that serves, for whoever brings the token.
async fn enter(shared: &Shared, asked: &Asked, tenant: &Key) -> Result<String, ApiError> {
    let (token, version) = loop {
        match shared.with_world(|world| world.door(tenant)) {
            Door::Open { token, version } => break (token, version),
            Door::Absent => return Err(ApiError::no_such_path()),
            // Behind one address there is no way to refuse a connection: this is what a load balancer would say.
            Door::Closed => {
                return Err(ApiError::new(503, "ServiceUnavailable", "no endpoints available for the control plane"));
            }
            Door::Hanging => {
                tokio::select! {
                    () = shared.shutdown.cancelled() => {
                        return Err(ApiError::new(503, "ServiceUnavailable", "the sandbox is shutting down"));
                    }
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                }
            }
        }
    };
    let given = asked.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|value| value.strip_prefix("Bearer ")) == Some(token.as_str()) {
        Ok(version)
    } else {
        Err(ApiError::new(401, "Unauthorized", "Unauthorized"))
    }
}

fn metrics(shared: &Shared, tenant: &Key) -> Response {
    let lines = shared.with_world(|world| world.clusters.get(tenant).map(|cluster| cluster.metrics.join("\n")));
    let text = format!("{METRICS}{}\nprocess_start_time_seconds 1.0\n", lines.unwrap_or_default());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// What an API server of this version serves: the oldest flow control went with 1.32.
fn kinds(version: &str) -> Vec<Kind> {
    let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u64>().ok()).unwrap_or_default();
    Kind::OF_TENANTS.into_iter().filter(|kind| *kind != Kind::FlowSchema || minor < 32).collect()
}

fn groups(kinds: &[Kind]) -> Vec<(&'static str, &'static str)> {
    let mut groups: Vec<_> = kinds.iter().map(|kind| (kind.group(), kind.version())).collect();
    groups.retain(|(group, _)| !group.is_empty());
    groups.sort_unstable();
    groups.dedup();
    groups
}
