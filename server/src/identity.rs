//! Who asks: found once for each request and passed on with it.
//!
//! With a kubeconfig it is that user, for everybody who reaches this machine's loopback address. In the sandbox it is one of
//! two invented people, chosen by a cookie.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Form,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use cluster::identity::{Credentials, Identity, Visibility};
use sandbox::access;
use serde::Deserialize;
use tokio::sync::watch;

use crate::routes::AppState;

/// Holds the key of the chosen sandbox person.
const COOKIE: &str = "console-identity";

/// How the person behind a request is found.
#[derive(Debug, Clone)]
pub enum Identities {
    /// One for all requests; another one may be learnt while the console runs.
    One(watch::Receiver<Arc<Identity>>),
    /// The chosen one of these people, the first if none is chosen.
    Choice(Arc<[Person]>),
}

/// A person of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What the cookie and the form say.
    pub key: &'static str,
    /// Who that is, for people.
    pub label: &'static str,
    /// Who that is, for the cluster.
    pub identity: Identity,
}

impl Identities {
    /// A tenant owner with two namespaces, and a platform admin. Their writes go out in their name.
    pub fn of_the_sandbox() -> Self {
        let person = |key: &'static str, label, group: &str, sees| Person {
            key,
            label,
            identity: Identity {
                user: key.to_owned(),
                groups: vec![group.to_owned()],
                sees,
                via: Credentials::Impersonate,
            },
        };
        let namespaces = access::TEAM_A_NAMESPACES.map(str::to_owned);
        let owner = Visibility::Namespaces(BTreeSet::from(namespaces));
        Self::Choice(Arc::new([
            person(access::TEAM_A_OWNER, "owner@team-a, a tenant owner", access::TENANT_OWNERS, owner),
            person(
                access::PLATFORM_ADMIN,
                "platform-admin, the platform team",
                access::PLATFORM_ADMINS,
                Visibility::All,
            ),
        ]))
    }

    /// The people one can choose between; empty where there is no choice.
    pub fn people(&self) -> &[Person] {
        match self {
            Self::One(_) => &[],
            Self::Choice(people) => people,
        }
    }

    fn of(&self, headers: &HeaderMap) -> Identity {
        match self {
            Self::One(identity) => Identity::clone(&identity.borrow()),
            Self::Choice(people) => {
                let key = cookie(headers);
                people.iter().find(|person| Some(person.key) == key).unwrap_or(&people[0]).identity.clone()
            }
        }
    }
}

/// The value of our cookie.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// Puts the [`Identity`] into the request.
pub(crate) async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let identity = state.identities.of(request.headers());
    request.extensions_mut().insert(identity);
    next.run(request).await
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Chosen {
    identity: String,
    #[serde(default)]
    return_to: String,
}

/// `POST /session/identity`: a form on each page of the sandbox.
pub(crate) async fn choose(State(state): State<AppState>, Form(chosen): Form<Chosen>) -> Response {
    let Some(person) = state.identities.people().iter().find(|person| person.key == chosen.identity) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "there is no such person to choose here\n").into_response();
    };
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", person.key);
    let place = HeaderValue::from_str(local_path(&chosen.return_to)).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)], [(header::SET_COOKIE, cookie)]).into_response()
}

/// The path if it leads to a page of this console, else the first page.
fn local_path(path: &str) -> &str {
    let elsewhere = path.starts_with("//") || path.contains(['\\', '\r', '\n', '\t']);
    if path.starts_with('/') && !elsewhere && path.is_ascii() { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_with(cookies: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static(cookies));
        Identities::of_the_sandbox().of(&headers).user
    }

    #[test]
    fn the_cookie_chooses_among_the_people_of_the_sandbox_and_nobody_else() {
        let cases = [
            ("console-identity=platform-admin", "platform-admin"),
            ("a=b; console-identity=platform-admin; c=d", "platform-admin"),
            ("console-identity=owner@team-a", "owner@team-a"),
            ("console-identity=cluster-admin", "owner@team-a"),
            ("xconsole-identity=platform-admin", "owner@team-a"),
            ("console-identity", "owner@team-a"),
        ];
        for (cookies, user) in cases {
            assert_eq!(user_with(cookies), user, "{cookies}");
        }
    }

    #[test]
    fn without_a_choice_one_is_the_tenant_owner_who_sees_two_namespaces() {
        let identity = Identities::of_the_sandbox().of(&HeaderMap::new());
        let Visibility::Namespaces(namespaces) = identity.sees else { panic!("a tenant owner does not see all") };
        assert_eq!(namespaces.len(), 2);
    }

    #[test]
    fn a_form_leads_back_to_this_console_only() {
        let cases = [
            ("/tenants/a/b?x=y", "/tenants/a/b?x=y"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/a\r\nSet-Cookie: x=y", "/"),
            ("", "/"),
        ];
        for (given, leads_to) in cases {
            assert_eq!(local_path(given), leads_to, "{given}");
        }
    }
}
