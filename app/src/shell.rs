//! The document, the routes, and what every page has: landmarks, the skip link, the place for a failure.

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{Lazy, LazyRoute, SsrMode, lazy_route, path};

use crate::fleet::FleetPage;
use crate::session::Masthead;
use crate::tenant::laboratory::{LabPage, TenantLabPage};
use crate::tenant::overview::OverviewPage;
use crate::tenant::plan::PlanPage;
use crate::tenant::rollout::RolloutPage;
use crate::tenant::start::StartPage;
use crate::tenant::workers::WorkersPage;
use crate::trouble::NoSuchPage;

#[cfg(feature = "ssr")]
pub use modules::Modules;

/// Routes whose pages the browser loads when they are visited: a visitor of one page does not pay for the others.
macro_rules! lazy_routes {
    ($($route:ident ($name:literal) => $page:ident),* $(,)?) => {$(
        struct $route;

        #[lazy_route]
        impl LazyRoute for $route {
            // The pages make their own resources: these are waited for in the rendered page anyway.
            fn data() -> Self {
                Self
            }

            fn view(route: Self) -> AnyView {
                let $route = route;
                #[cfg(feature = "ssr")]
                modules::announce($name);
                view! { <$page /> }.into_any()
            }
        }
    )*};
}

lazy_routes! {
    FleetRoute("fleet_route") => FleetPage,
    OverviewRoute("overview_route") => OverviewPage,
    PlanRoute("plan_route") => PlanPage,
    StartRoute("start_route") => StartPage,
    RolloutRoute("rollout_route") => RolloutPage,
    WorkersRoute("workers_route") => WorkersPage,
    TenantLabRoute("tenant_lab_route") => TenantLabPage,
    LabRoute("lab_route") => LabPage,
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
                <Route path=path!("/tenants/:namespace/:name/plan") view={Lazy::<PlanRoute>::new()} ssr=SsrMode::Async />
                <Route path=path!("/tenants/:namespace/:name/start") view={Lazy::<StartRoute>::new()} ssr=SsrMode::Async />
                <Route path=path!("/tenants/:namespace/:name/rollout") view={Lazy::<RolloutRoute>::new()} ssr=SsrMode::Async />
                <Route path=path!("/tenants/:namespace/:name/workers") view={Lazy::<WorkersRoute>::new()} ssr=SsrMode::Async />
                <Route path=path!("/tenants/:namespace/:name/lab") view={Lazy::<TenantLabRoute>::new()} ssr=SsrMode::Async />
                <Route path=path!("/lab") view={Lazy::<LabRoute>::new()} ssr=SsrMode::Async />
            </FlatRoutes>
        </main>
    }
}

/// The head of a page names the modules that it will load, so that the browser asks for all of them at once.
///
/// Leptos can do this too, but looks its list up after it may have changed threads, and then finds none.
#[cfg(feature = "ssr")]
mod modules {
    use std::collections::HashMap;
    use std::sync::Arc;

    use leptos::prelude::*;
    use leptos_meta::Link;

    /// The modules of the browser half, in the context of each page.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Modules {
        /// By route: `__fleet_route_view_` and a hash; the modules without their ending.
        pub by_route: Arc<HashMap<String, Vec<String>>>,
        /// The script that loads them.
        pub loader: Arc<str>,
    }

    /// Puts the modules of a route into the head. Of a route without modules nothing is said: it works all the same.
    pub(super) fn announce(route: &str) {
        let Some(modules) = use_context::<Modules>() else { return };
        let key = format!("__{route}_view_");
        let found = modules.by_route.iter().find(|(name, _)| name.starts_with(&key));
        for module in found.into_iter().flat_map(|(_, modules)| modules) {
            let file = format!("/pkg/{module}.wasm");
            // Rendered, such an element goes to the head by itself and leaves nothing here.
            view! { <Link rel="preload" href=file as_="fetch" type_="application/wasm" crossorigin="anonymous" /> }
                .to_html();
        }
        let loader = format!("/pkg/{}", modules.loader);
        view! { <Link rel="modulepreload" href=loader crossorigin="anonymous" /> }.to_html();
    }
}
