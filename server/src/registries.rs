//! Which container registries the console may ask whether an image exists.

use std::str::FromStr;

use axum::http::Uri;
use clap::Args;
use cluster::Registries;

/// A registry, and where its API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registry {
    /// Ask none.
    None,
    /// Ask this one.
    At {
        /// The host that stands in the images' names, with its port if there is one.
        host: String,
        /// Where its API is.
        api: Uri,
    },
}

/// Why a text names no registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write a host as it stands in the names of images, `HOST` or `HOST=URL`, or `none`")]
pub struct NoRegistry;

/// Which registries are asked.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct RegistryArguments {
    /// Container registries that are asked whether the image of a version exists; others never are, whatever a tenant names.
    /// `HOST=URL` for one whose API is elsewhere, `none` to ask none.
    #[arg(
        long = "registry",
        env = "CONSOLE_REGISTRIES",
        value_name = "HOST",
        value_delimiter = ',',
        default_value = "registry.k8s.io",
        help_heading = "Server"
    )]
    pub registries: Vec<Registry>,
}

impl RegistryArguments {
    /// The registries that may be asked.
    pub(crate) fn registries(&self) -> Registries {
        Registries::new(self.registries.iter().filter_map(|registry| match registry {
            Registry::None => None,
            Registry::At { host, api } => Some((host.clone(), api.clone())),
        }))
    }
}

impl FromStr for Registry {
    type Err = NoRegistry;

    fn from_str(text: &str) -> Result<Self, NoRegistry> {
        if text == "none" {
            return Ok(Self::None);
        }
        let (host, api) = text
            .split_once('=')
            .map_or_else(|| (text, format!("https://{text}")), |(host, url)| (host, url.to_owned()));
        let api: Uri = api.parse().map_err(|_| NoRegistry)?;
        let named = !host.is_empty() && !host.contains('/');
        let reached = matches!(api.scheme_str(), Some("http" | "https")) && api.authority().is_some();
        if named && reached { Ok(Self::At { host: host.to_owned(), api }) } else { Err(NoRegistry) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_a_host_and_where_its_api_is() {
        let at = |host: &str, api: &'static str| Ok(Registry::At { host: host.to_owned(), api: Uri::from_static(api) });
        for (text, expected) in [
            ("none", Ok(Registry::None)),
            ("registry.k8s.io", at("registry.k8s.io", "https://registry.k8s.io")),
            ("localhost:5000=http://127.0.0.1:5000", at("localhost:5000", "http://127.0.0.1:5000")),
            ("", Err(NoRegistry)),
            ("registry.k8s.io/kube-apiserver", Err(NoRegistry)),
            ("registry.k8s.io=ftp://mirror", Err(NoRegistry)),
            ("registry.k8s.io=mirror", Err(NoRegistry)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }
}
