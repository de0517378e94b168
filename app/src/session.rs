//! Who looks at what: the signed-in person, and what the console is connected to. Shown on every page.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};

use crate::error::ConsoleError;

/// Who is signed in and what the console is connected to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The user's name, as the management cluster knows it.
    pub user: String,
    /// What the person may see, in words (`all namespaces`, `team-a, team-b`).
    pub sees: String,
    /// What the console is connected to.
    pub place: Place,
}

/// What the console is connected to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// The sandbox: in memory, to try and test with.
    Sandbox {
        /// The people one can be there.
        identities: Vec<SandboxIdentity>,
    },
    /// A real management cluster, through a kubeconfig.
    Kubeconfig {
        /// Name of the context.
        context: String,
        /// The namespace that the context names, if it names one.
        namespace: Option<String>,
    },
    /// A recording that is played.
    Recording {
        /// What is played, in words.
        title: String,
    },
}

/// A person one can be in the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxIdentity {
    /// The value that `POST /session/identity` takes.
    pub key: String,
    /// Who that is, in words.
    pub label: String,
    /// The user's name, as the management cluster knows it.
    pub user: String,
}

/// Who is signed in and what the console is connected to.
///
/// # Errors
/// If the server was built without a backend.
#[server(endpoint = "session", output = crate::codec::JsonText)]
pub async fn read_session() -> Result<Session, ConsoleError> {
    crate::error::with_status(crate::backend::request().map(|request| request.session()))
}

/// The top of every page: what kind of data this is, the console's name, the main places, who is signed in.
#[component]
pub fn Masthead() -> impl IntoView {
    let session = Resource::new_blocking(|| (), |()| read_session());
    let path = use_location().pathname;
    let here = move |place: &'static str| move || path.with(|path| (path == place).then_some("page"));
    view! {
        <Suspense fallback=|| ()>
            {move || {
                session
                    .get()
                    .map(|answer| {
                        let banner = answer.as_ref().ok().and_then(|session| banner(&session.place));
                        let who = match answer {
                            Ok(session) => who(session).into_any(),
                            Err(error) => error.to_string().into_any(),
                        };
                        view! {
                            {banner}
                            <header class="masthead">
                                <a class="masthead__name" href="/">
                                    {"Tenant upgrades"}
                                </a>
                                <nav class="masthead__nav" aria-label="Main">
                                    <a href="/" aria-current=here("/")>
                                        {"Fleet"}
                                    </a>
                                    <a href="/lab" aria-current=here("/lab")>
                                        {"Lab"}
                                    </a>
                                </nav>
                                <div class="masthead__who">{who}</div>
                            </header>
                        }
                    })
            }}
        </Suspense>
    }
}

/// What kind of data this is, where it is not a real cluster's present.
fn banner(place: &Place) -> Option<AnyView> {
    let text = match place {
        Place::Sandbox { .. } => {
            "Sandbox data, in memory: no real cluster is touched, and all of it is gone when the console stops."
                .to_owned()
        }
        Place::Recording { title } => format!("A recording is played: {title}. Nothing can be changed."),
        Place::Kubeconfig { .. } => return None,
    };
    Some(
        view! {
            <aside class="banner" aria-label="About this data">
                <p>{text}</p>
            </aside>
        }
        .into_any(),
    )
}

/// The signed-in person; in the sandbox the switch to another, with a real cluster its context.
fn who(session: Session) -> impl IntoView {
    let Session { user, sees, place } = session;
    let place = match place {
        Place::Sandbox { identities } => identity_switch(&user, identities).into_any(),
        Place::Kubeconfig { context, .. } => view! { <span>{format!("context {context}")}</span> }.into_any(),
        Place::Recording { .. } => ().into_any(),
    };
    view! {
        <span>{format!("{user}, sees {sees}")}</span>
        {place}
    }
}

/// A form, so that it works before any script runs. The whole page is loaded again: nothing of the former person stays.
fn identity_switch(current: &str, identities: Vec<SandboxIdentity>) -> impl IntoView {
    let location = use_location();
    let return_to = move || {
        let query = location.search.get();
        let path = location.pathname.get();
        if query.is_empty() { path } else { format!("{path}?{query}") }
    };
    let options = identities
        .into_iter()
        .map(|SandboxIdentity { key, label, user }| {
            view! {
                <option value=key selected=user == current>
                    {label}
                </option>
            }
        })
        .collect_view();
    view! {
        <form class="cluster" method="post" action="/session/identity">
            <input type="hidden" name="return-to" value=return_to />
            <label for="identity">{"Look as"}</label>
            <select id="identity" class="input identity-choice" name="identity">
                {options}
            </select>
            <button class="button button--small" type="submit">
                {"Switch"}
            </button>
        </form>
    }
}
