//! The app: pages, components, charts and server functions of the console.
//!
//! It is compiled twice: with `ssr` into the server, where it renders whole pages, and with `hydrate` into the WebAssembly
//! that takes them over in the browser. It stands feature by feature: a page's data type, its server function and its
//! components are in one file. Rules come from `planner`, in both halves; only the `ssr` half knows `cluster`.

// The type of a view holds the types of all views in it, so a page's type is deep.
#![recursion_limit = "256"]

#[cfg(feature = "ssr")]
pub mod backend;
#[cfg(feature = "hydrate")]
pub mod browser;
pub mod chart;
mod clipboard;
pub mod codec;
pub mod error;
mod findings;
pub mod fleet;
pub mod format;
pub mod lab;
pub mod links;
pub mod live;
mod prose;
pub mod session;
pub mod shell;
mod table;
pub mod tenant;
pub mod trouble;
mod words;

pub use crate::shell::{App, shell};

#[cfg(all(test, feature = "ssr"))]
mod test_support;
