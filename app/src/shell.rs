//! The document, the routes, and what every page has: landmarks, the skip link, the place for a failure.

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{Lazy, LazyRoute, SsrMode, lazy_route, path};

use crate::fleet::FleetPage;
use crate::session::Masthead;
use crate::tenant::laboratory::{LabPage, TenantLabPage};
use crate::tenant::overview::OverviewPage;
use crate::tenant::rollout::RolloutPage;
use crate::tenant::start::StartPage;
use crate::trouble::NoSuchPage;

/// Routes whose pages the browser loads when they are visited: a visitor of one page does not pay for the others.
macro_rules! lazy_routes {
    ($($route:ident => $page:ident),* $(,)?) => {$(
        struct $route;

        #[lazy_route]
        impl LazyRoute for $route {
            // The pages make their own resources: these are waited for in the rendered page anyway.
            fn data() -> Self {
                Self
            }

            fn view(route: Self) -> AnyView {
                let $route = route;
                view! { <$page /> }.into_any()
            }
        }
    )*};
}

lazy_routes! {
    FleetRoute => FleetPage,
    OverviewRoute => OverviewPage,
    StartRoute => StartPage,
    RolloutRoute => RolloutPage,
    TenantLabRoute => TenantLabPage,
    LabRoute => LabPage,
}

/// The whole document. Runs on the server only, once for each page.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <HashedStylesheet options=options.clone() id="console-style" />
                <HydrationScripts options=options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The app: the same on the server and in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| {
            if title.is_empty() { "Tenant upgrades".to_owned() } else { format!("{title} · Tenant upgrades") }
        } />
        <Router>
            <a class="skip-link" href="#content">
                "Skip to the content"
            </a>
            <Masthead />
            <div id="stopped" class="banner banner--warns" role="alert" hidden></div>
            <MainRegion />
        </Router>
    }
}

/// The one `main` region. It takes the focus when a link has led to another page, so that a keyboard or a screen reader
/// starts there and not at the place of a link that is gone.
#[component]
fn MainRegion() -> impl IntoView {
    let main = NodeRef::<leptos::html::Main>::new();
    let path = leptos_router::hooks::use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now)
            && let Some(main) = main.get_untracked()
        {
            // Cannot matter: a region that cannot take the focus leaves it where it was.
            let _ = main.focus();
        }
        now
    });
    view! {
        <main id="content" class="page" tabindex="-1" node_ref=main>
            <FlatRoutes fallback=|| view! { <NoSuchPage /> }>
                <Route path=path!("/") view={Lazy::<FleetRoute>::new()} ssr=SsrMode::Async />
                <Route path=path!("/tenants/:namespace/:name") view={Lazy::<OverviewRoute>::new()} ssr=SsrMode::Async />
                <Route path=path!("/tenants/:namespace/:name/start") view={Lazy::<StartRoute>::new()} ssr=SsrMode::Async />
                <Route path=path!("/tenants/:namespace/:name/rollout") view={Lazy::<RolloutRoute>::new()} ssr=SsrMode::Async />
                <Route path=path!("/tenants/:namespace/:name/lab") view={Lazy::<TenantLabRoute>::new()} ssr=SsrMode::Async />
                <Route path=path!("/lab") view={Lazy::<LabRoute>::new()} ssr=SsrMode::Async />
            </FlatRoutes>
        </main>
    }
}
