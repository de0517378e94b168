//! For whoever runs the console: is it alive, and has it read the cluster?

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use serde_json::json;

use crate::routes::AppState;

/// `GET /healthz`: for supervisors. The process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: for supervisors and tests. 200 once the tenants were listed; which part is missing is said in both cases.
///
/// Names kinds and reasons, never an object.
pub(crate) async fn ready(State(state): State<AppState>) -> impl IntoResponse {
    let observer = state.observer();
    let health = observer.health().borrow().clone();
    let status = if observer.ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": status == StatusCode::OK, "live": health.live(), "remarks": health.sentences() })))
}
