//! Every route of the console, in groups, and the layers round them.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use app::{backend::Backend, shell::Modules};
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Extension, FromRef, Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use cluster::{identity::Identity, observer::Observer};
use leptos::{config::LeptosOptions, context::provide_context, nonce::use_nonce, prelude::use_context};
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list};
use planner::tenant::TenantId;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::{
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    limit::RequestBodyLimitLayer,
    timeout::TimeoutLayer,
};

use crate::{
    assets::{self, Site},
    health,
    identity::{self, Identities},
    live, logging,
    security::{self, AllowedHosts},
};

/// How long a page or a server function may take. The cluster's own limits are shorter, and their errors say more.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What the handlers share.
#[derive(Clone)]
pub struct AppState {
    pub(crate) backend: Arc<Backend>,
    pub(crate) observer: Observer,
    pub(crate) identities: Identities,
    pub(crate) site: Arc<Site>,
    pub(crate) hosts: AllowedHosts,
    pub(crate) shutdown: CancellationToken,
    pub(crate) streams: Arc<Semaphore>,
    pages: LeptosOptions,
    modules: Modules,
}

impl AppState {
    /// Streams end when `shutdown` is cancelled.
    pub fn new(
        backend: Arc<Backend>,
        observer: Observer,
        identities: Identities,
        site: Site,
        hosts: AllowedHosts,
        shutdown: CancellationToken,
    ) -> Self {
        // The name carries the hash, so Leptos has no file of hashes to read at each page.
        let pages = LeptosOptions::builder().output_name(site.name()).site_pkg_dir("pkg").build();
        let modules = Modules { by_route: Arc::new(site.modules().clone()), loader: site.module_loader().into() };
        let streams = Arc::new(Semaphore::new(live::MOST_STREAMS));
        Self { backend, observer, identities, site: Arc::new(site), hosts, shutdown, streams, pages, modules }
    }

    pub(crate) fn observer(&self) -> &Observer {
        &self.observer
    }

    /// What pages and server functions find in their context: the backend, who asks, and for pages which modules they will
    /// ask for, and the content policy that goes with the nonce of this answer.
    fn context(&self) -> impl Fn() + Clone + Send + Sync + 'static {
        let backend = self.backend.clone();
        let modules = self.modules.clone();
        move || {
            provide_context(backend.clone());
            provide_context(modules.clone());
            if let Some(identity) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Identity>().cloned())
            {
                provide_context(identity);
            }
            if let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce())
                && let Ok(policy) = HeaderValue::from_str(&security::page_policy(&nonce))
            {
                response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
        }
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.pages.clone()
    }
}

/// The whole console.
pub fn router(state: AppState) -> Router {
    let options = state.pages.clone();
    // For people and the pages they have open: rendered pages, and server functions under /api.
    let pages = Router::new()
        .leptos_routes_with_context(&state, page_routes(), state.context(), move || app::shell(options.clone()))
        .fallback(no_such_page)
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, ANSWER_WITHIN))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(NotForContentType::SSE)));

    // For people: the strategy lab to take away.
    let files = app::links::LabExport::ALL
        .into_iter()
        .fold(Router::new(), |files, file| files.route(file.path(), get(move |asked: Asked| exported(file, asked))));

    // For people: the plan of a hop, and the runbook of a node, to take away.
    let plans = app::links::PlanFile::ALL
        .into_iter()
        .fold(Router::new(), |plans, file| {
            plans
                .route(file.route(), get(move |state, identity, of, asked| plan_file(file, state, identity, of, asked)))
        })
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, ANSWER_WITHIN));
    let runbooks = app::links::RunbookFile::ALL.into_iter().fold(Router::new(), |runbooks, file| {
        runbooks.route(file.route(), get(move |state, identity, of| runbook_file(file, state, identity, of)))
    });
    let files = files.merge(plans).merge(runbooks).layer(CompressionLayer::new());

    // For pages: forms and files.
    let parts = Router::new()
        .route("/session/identity", post(identity::choose))
        .route("/pkg/{file}", get(assets::package))
        .route("/favicon.svg", get(assets::favicon))
        .route("/favicon.ico", get(assets::favicon));

    // For pages: live streams, which no time limit ends.
    let streams = Router::new()
        .route("/live/fleet", get(live::fleet))
        .route("/live/tenants/{namespace}/{name}", get(live::tenant));

    // For supervisors.
    let supervision = Router::new().route("/healthz", get(health::alive)).route("/readyz", get(health::ready));

    pages
        .merge(files)
        .merge(parts)
        .merge(streams)
        .merge(supervision)
        .layer(DefaultBodyLimit::max(security::BODY_LIMIT))
        .layer(RequestBodyLimitLayer::new(security::BODY_LIMIT))
        .layer(from_fn_with_state(state.clone(), identity::identify))
        .layer(from_fn(security::same_origin))
        .layer(from_fn_with_state(state.hosts.clone(), security::own_host))
        .layer(from_fn(security::response_headers))
        .layer(from_fn(logging::request_line))
        .with_state(state)
}

/// The app's own routes, found once by running it without loading anything. Leptos holds back the data of all pages of the
/// process meanwhile, so this must never happen while one is rendered.
fn page_routes() -> Vec<AxumRouteListing> {
    static ROUTES: OnceLock<Vec<AxumRouteListing>> = OnceLock::new();
    ROUTES.get_or_init(|| generate_route_list(app::App)).clone()
}

/// What is read of a request for a file of the lab.
type Asked = (TypedQuery, HeaderMap);
type TypedQuery = Query<Vec<(String, String)>>;

/// A file of the strategy lab; text that cannot be read is answered with the reason.
async fn exported(file: app::links::LabExport, (Query(pairs), headers): Asked) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match app::lab::export::export(file, pairs, &format!("http://{host}")) {
        Ok(document) => {
            let disposition = format!("attachment; filename=\"{}\"", document.file_name);
            let headers =
                [(header::CONTENT_TYPE, document.content_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
            (headers, document.body).into_response()
        }
        Err(reasons) => (StatusCode::BAD_REQUEST, reasons).into_response(),
    }
}

/// The plan of a hop as a file; an error is answered with its sentence.
async fn plan_file(
    file: app::links::PlanFile,
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    Path((namespace, name)): Path<(String, String)>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let id = TenantId { namespace, name };
    let asked = app::tenant::start::StartQuery::from_pairs(asked);
    let plan = match state.backend.plan(&identity, &id, &asked).await {
        Ok(plan) => plan,
        Err(error) => return in_words(&error),
    };
    let (content_type, name, body) = match file {
        app::links::PlanFile::Markdown => {
            ("text/markdown; charset=utf-8", "upgrade-plan.md", planner::plan::markdown(&plan))
        }
        app::links::PlanFile::Json => match serde_json::to_string_pretty(&plan) {
            Ok(json) => ("application/json", "upgrade-plan.json", json + "\n"),
            Err(error) => return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        },
    };
    download(content_type, &id.name, name, body)
}

/// The runbook of a node as a file; an error is answered with its sentence.
async fn runbook_file(
    file: app::links::RunbookFile,
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    Path((namespace, name, node)): Path<(String, String, String)>,
) -> Response {
    let body = match state.backend.runbook(&identity, &TenantId { namespace, name }, &node, file).await {
        Ok(body) => body,
        Err(error) => return in_words(&error),
    };
    let (content_type, name) = match file {
        app::links::RunbookFile::Script => ("text/x-shellscript; charset=utf-8", "runbook.sh"),
        app::links::RunbookFile::Markdown => ("text/markdown; charset=utf-8", "runbook.md"),
        app::links::RunbookFile::Json => ("application/json", "runbook.json"),
    };
    download(content_type, &node, name, body)
}

/// A file to save, named after what it is about.
fn download(content_type: &'static str, about: &str, name: &str, body: String) -> Response {
    // Names of Kubernetes are plain; whatever else stands there does not get into a header.
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '.');
    let about: String = about.chars().filter(|character| plain(*character)).collect();
    let disposition = format!("attachment; filename=\"{about}-{name}\"");
    ([(header::CONTENT_TYPE, content_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], body)
        .into_response()
}

/// An error where no page is asked for.
fn in_words(error: &app::error::ConsoleError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, format!("{error}\n{}\n", error.advice())).into_response()
}

/// A page that says so, with its status.
async fn no_such_page(State(state): State<AppState>, request: Request<Body>) -> Response {
    let options = state.pages.clone();
    let render = leptos_axum::render_app_async_with_context(state.context(), move || app::shell(options.clone()));
    let mut response = render(request).await.into_response();
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}
