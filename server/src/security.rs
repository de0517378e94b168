//! What every request must satisfy and every response carries, whatever page or stream it is about.
//!
//! Leptos' server functions check no origin themselves, so it is done here: for everything that is not a plain GET, and for
//! all of `/api`. The `Host` is checked so that a name that somebody else points at this machine (DNS rebinding) leads nowhere.

use std::net::SocketAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The largest body of a request, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The policy of everything that is no page.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Features of the browser that no page of the console uses.
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

/// The content security policy of a page whose inline scripts carry this nonce.
pub fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
}

/// Headers of every response. Those that a handler has set stay.
pub(crate) async fn response_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 7] = [
        (header::CONTENT_SECURITY_POLICY, NOTHING),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // A form that is posted without JavaScript is led back by its `Referer`.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The names under which the console may be asked.
#[derive(Debug, Clone)]
pub struct AllowedHosts {
    listen: SocketAddr,
}

impl AllowedHosts {
    /// The loopback names and the address listened on. Any port: a tunnel may end on another one.
    pub fn new(listen: SocketAddr) -> Self {
        Self { listen }
    }

    fn allow(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        ["localhost", "127.0.0.1", "::1"].contains(&name) || name == self.listen.ip().to_string()
    }
}

/// Refuses requests for another host.
pub(crate) async fn own_host(State(allowed): State<AllowedHosts>, request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if named.is_some_and(|host| allowed.allow(host)) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "this console answers for localhost and the address it listens on only\n")
            .into_response()
    }
}

/// Refuses requests that another site made a browser send.
pub(crate) async fn same_origin(request: Request, next: Next) -> Response {
    let checked = if changes_something(&request) { Origin::Required } else { Origin::IfTold };
    if comes_from_here(request.headers(), checked) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "this request did not come from a page of this console\n").into_response()
    }
}

/// Server functions are counted in whatever their method: some can be called by GET.
fn changes_something(request: &Request) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD) || request.uri().path().starts_with("/api/")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The request must tell where it comes from.
    Required,
    /// Only a stream or subresource that tells another origin is refused; links from elsewhere are welcome.
    IfTold,
}

/// Browsers tell by `Sec-Fetch-Site`, older ones by `Origin`; neither can be set by a script.
fn comes_from_here(headers: &HeaderMap, checked: Origin) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let site = text("sec-fetch-site");
    let origin = text("origin");
    if let Some(origin) = origin {
        let host = text("host").unwrap_or_default();
        let same = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) == Some(host);
        if !same || host.is_empty() {
            return false;
        }
    }
    match (site, checked) {
        (Some("same-origin"), _) => true,
        (Some(_), Origin::Required) => false,
        (Some("none"), Origin::IfTold) => true,
        (Some(_), Origin::IfTold) => text("sec-fetch-mode") == Some("navigate"),
        (None, Origin::Required) => origin.is_some(),
        (None, Origin::IfTold) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_and_the_own_address_are_hosts() {
        let allowed = AllowedHosts::new("127.0.0.2:3000".parse().expect("an address"));
        for host in ["localhost", "localhost:3000", "127.0.0.1:8080", "[::1]:3000", "[::1]", "127.0.0.2:3000"] {
            assert!(allowed.allow(host), "{host}");
        }
        for host in
            ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:3000", "127.0.0.3", "localhost:x"]
        {
            assert!(!allowed.allow(host), "{host}");
        }
    }

    #[test]
    fn what_may_change_something_must_come_from_a_page_of_the_console() {
        use Origin::{IfTold, Required};
        type Headers = &'static [(&'static str, &'static str)];
        let cases: [(Headers, Origin, bool); 14] = [
            (&[], Required, false),
            (&[], IfTold, true),
            (&[("sec-fetch-site", "same-origin")], Required, true),
            (&[("sec-fetch-site", "same-site")], Required, false),
            (&[("sec-fetch-site", "cross-site")], Required, false),
            (&[("sec-fetch-site", "none")], Required, false),
            (&[("sec-fetch-site", "none")], IfTold, true),
            (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], IfTold, true),
            (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")], IfTold, false),
            (&[("origin", "http://localhost:3000"), ("host", "localhost:3000")], Required, true),
            (&[("origin", "http://localhost:4000"), ("host", "localhost:3000")], Required, false),
            (&[("origin", "null"), ("host", "localhost:3000")], Required, false),
            (&[("origin", "http://"), ("host", "")], Required, false),
            (
                &[("sec-fetch-site", "same-origin"), ("origin", "http://evil.example"), ("host", "localhost")],
                Required,
                false,
            ),
        ];
        for (given, checked, allowed) in cases {
            let mut headers = HeaderMap::new();
            for &(name, value) in given {
                headers.insert(name, HeaderValue::from_static(value));
            }
            assert_eq!(comes_from_here(&headers, checked), allowed, "{given:?} {checked:?}");
        }
    }
}
