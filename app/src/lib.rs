//! app
#[cfg(feature = "hydrate")]
pub use leptos as _;
