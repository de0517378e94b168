//! A console over an index that the test fills by hand, and requests as a browser sends them.

use std::sync::Arc;

use app::{backend::Backend, session::Place};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use cluster::{
    Index, Source,
    resources::{Object, ObjectKind},
};
use futures::StreamExt;
use planner::{releases::ReleaseTable, time::UnixMillis};
use serde_json::{Value, json};
use server::{
    assets::Site,
    identity::Identities,
    routes::{AppState, router},
    security::AllowedHosts,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub(crate) const HOST: &str = "127.0.0.1:3000";
pub(crate) const NOW: UnixMillis = UnixMillis(1_764_000_000_000);

pub(crate) struct Console {
    pub(crate) index: Index,
    pub(crate) shutdown: CancellationToken,
    router: Router,
}

/// A console of the sandbox whose cluster has not been listed.
pub(crate) fn unread_console() -> Console {
    let clock: cluster::Clock = Arc::new(|| NOW);
    let (index, observer) = Index::new(NOW, Source::Cluster, clock);
    let shutdown = CancellationToken::new();
    let backend = Backend {
        observer: observer.clone(),
        changes: None,
        releases: ReleaseTable::built_in(),
        place: Place::Sandbox { identities: Vec::new() },
    };
    let modules = br#"{"__fleet_route_view_1":["console.0.a","console.0.b"],"__start_route_view_1":["console.0.a"]}"#;
    let site = Site::of(
        "console.0",
        &[("console.0.js", b"plain"), ("console.0.js.br", b"small"), ("console.0.json", modules)],
    );
    let hosts = AllowedHosts::new(HOST.parse().expect("an address"));
    let state = AppState::new(Arc::new(backend), observer, Identities::of_the_sandbox(), site, hosts, shutdown.clone());
    Console { index, shutdown, router: router(state) }
}

/// A console of the sandbox with one tenant of `team-a` and one of `team-b`.
pub(crate) fn console() -> Console {
    let mut console = unread_console();
    for kind in ObjectKind::ALL {
        console.index.reset(kind, Vec::new(), NOW);
    }
    console.put(tenant("team-a", "tenant-00"));
    console.put(tenant("team-b", "secret-plans"));
    console
}

/// A TenantControlPlane at v1.35.6 that asks for 3 pods.
pub(crate) fn tenant(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "kamaji.clastix.io/v1alpha1",
        "kind": "TenantControlPlane",
        "metadata": {
            "namespace": namespace, "name": name, "uid": format!("{namespace}-{name}"), "generation": 1,
            "resourceVersion": "1", "creationTimestamp": "2026-11-22T07:44:58Z",
        },
        "spec": {
            "kubernetes": {"version": "v1.35.6"},
            "controlPlane": {"deployment": {"replicas": 3}},
        },
        "status": {"kubernetesResources": {"version": {"version": "v1.35.6", "status": "Ready"}}},
    })
}

impl Console {
    pub(crate) fn put(&mut self, tenant: Value) {
        let object = self.object(&tenant);
        self.index.apply(object, NOW);
        self.index.flush(NOW);
    }

    pub(crate) fn delete(&mut self, tenant: Value) {
        let object = self.object(&tenant);
        self.index.delete(&object, NOW);
        self.index.flush(NOW);
    }

    fn object(&self, tenant: &Value) -> Object {
        Object::read(ObjectKind::TenantControlPlane, tenant).expect("a readable object").expect("a tenant's object")
    }

    /// A GET as typed into the address bar.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path)).await
    }

    /// A GET as the sandbox's platform admin.
    pub(crate) async fn get_as_admin(&self, path: &str) -> Answer {
        self.ask(Request::get(path).header(header::COOKIE, "console-identity=platform-admin")).await
    }

    /// A form that is posted from a page of the console.
    pub(crate) async fn post_form(&self, path: &str, form: &str) -> Answer {
        self.send(from_own_page(path).body(Body::from(form.to_owned())).expect("a request")).await
    }

    pub(crate) async fn ask(&self, request: axum::http::request::Builder) -> Answer {
        self.send(request.header(header::HOST, HOST).body(Body::empty()).expect("a request")).await
    }

    /// Exactly this request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

pub(crate) fn from_own_page(path: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header(header::HOST, HOST)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Body,
}

impl Answer {
    pub(crate) fn header(&self, name: impl AsRef<str>) -> &str {
        self.headers.get(name.as_ref()).map(|value| value.to_str().expect("text")).unwrap_or_default()
    }

    /// The whole body.
    pub(crate) async fn text(self) -> String {
        let bytes = to_bytes(self.body, 4 << 20).await.expect("the body ends");
        String::from_utf8(bytes.to_vec()).expect("the body is text")
    }

    /// The body as it comes: what a stream sends, piece by piece; `None` at its end.
    pub(crate) fn pieces(self) -> impl futures::Stream<Item = String> + Unpin {
        self.body
            .into_data_stream()
            .map(|piece| String::from_utf8(piece.expect("the body goes on").to_vec()).expect("the body is text"))
    }
}
