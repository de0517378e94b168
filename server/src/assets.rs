//! What the browser loads besides pages: script, WebAssembly, style sheet, icon. Read once, served from memory.
//!
//! The files are called after a hash of their content, so a browser may keep them for ever.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path as FilePath, PathBuf},
};

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use thiserror::Error;

use crate::routes::AppState;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/site.rs"));
}

/// Why the browser files cannot be served.
#[derive(Debug, Error)]
pub enum SiteError {
    /// There are none.
    #[error("the browser files are not in `{}`: build them with `cargo xtask build`, or name their folder with `--site`", .0.display())]
    Missing(PathBuf),
    /// They cannot be read.
    #[error("the browser files in `{}` cannot be read: {source}", folder.display())]
    Unreadable {
        /// Where they are.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The browser files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    name: String,
    files: BTreeMap<String, Bytes>,
    modules: HashMap<String, Vec<String>>,
}

impl Site {
    /// The files in `folder` if one is named, else those in the binary, else those in `site` in the folder above it.
    ///
    /// # Errors
    /// When they are not there, or cannot be read.
    pub fn load(folder: Option<&FilePath>) -> Result<Self, SiteError> {
        match folder {
            Some(folder) => Self::read(folder),
            None => match Self::embedded() {
                Some(site) => Ok(site),
                None => Self::read(&beside_the_binary()),
            },
        }
    }

    fn embedded() -> Option<Self> {
        let mut files: BTreeMap<String, Bytes> =
            embedded::FILES.iter().map(|&(name, content)| (name.to_owned(), Bytes::from_static(content))).collect();
        let name = files.remove("name")?;
        Some(Self::with_modules(String::from_utf8_lossy(&name).into_owned(), files))
    }

    /// A list of modules that cannot be read costs a visitor one round trip, not the page.
    fn with_modules(name: String, files: BTreeMap<String, Bytes>) -> Self {
        let modules = files.get(&format!("{name}.json")).map(|list| {
            serde_json::from_slice(list).unwrap_or_else(|error| {
                tracing::warn!(%error, "the list of modules of the browser half cannot be read: nothing is preloaded");
                HashMap::new()
            })
        });
        Self { name, files, modules: modules.unwrap_or_default() }
    }

    fn read(folder: &FilePath) -> Result<Self, SiteError> {
        let unreadable = |source| SiteError::Unreadable { folder: folder.to_path_buf(), source };
        let name = fs::read_to_string(folder.join("name")).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SiteError::Missing(folder.to_path_buf()),
            _ => unreadable(error),
        })?;
        let files = || {
            let mut files = BTreeMap::new();
            for entry in fs::read_dir(folder.join("pkg"))? {
                let entry = entry?;
                files.insert(entry.file_name().to_string_lossy().into_owned(), Bytes::from(fs::read(entry.path())?));
            }
            Ok(files)
        };
        Ok(Self::with_modules(name, files().map_err(unreadable)?))
    }

    /// A site of these files, for tests of what stands round it.
    pub fn of(name: &str, files: &[(&str, &'static [u8])]) -> Self {
        let files = files.iter().map(|&(file, content)| (file.to_owned(), Bytes::from_static(content))).collect();
        Self::with_modules(name.to_owned(), files)
    }

    /// What the files are called without their ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which modules each page needs besides the main one: by the name that Leptos gives the page's route.
    pub(crate) fn modules(&self) -> &HashMap<String, Vec<String>> {
        &self.modules
    }

    /// The script that loads them.
    pub(crate) fn module_loader(&self) -> String {
        format!("{}.split.js", self.name)
    }
}

/// `target/site` for `target/debug/console`.
fn beside_the_binary() -> PathBuf {
    let binary = std::env::current_exe().unwrap_or_default();
    binary.parent().and_then(FilePath::parent).unwrap_or(FilePath::new("")).join("site")
}

/// `GET /pkg/{file}`: for browsers.
pub(crate) async fn package(State(state): State<AppState>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some((content_type, plain)) = content_type(&file).zip(state.site.files.get(&file)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{file}\"");
    let cache = [
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
        (header::VARY, "accept-encoding".to_owned()),
        (header::ETAG, tag.clone()),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    let content_type = [(header::CONTENT_TYPE, content_type)];
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    for (encoding, ending) in [("br", "br"), ("gzip", "gz")] {
        if accepts(accepted, encoding)
            && let Some(compressed) = state.site.files.get(&format!("{file}.{ending}"))
        {
            return (cache, content_type, [(header::CONTENT_ENCODING, encoding)], compressed.clone()).into_response();
        }
    }
    (cache, content_type, plain.clone()).into_response()
}

/// The compressed ones have none: they are not asked for by name.
fn content_type(file: &str) -> Option<&'static str> {
    match file.rsplit_once('.')?.1 {
        "js" => Some("text/javascript; charset=utf-8"),
        "wasm" => Some("application/wasm"),
        "css" => Some("text/css; charset=utf-8"),
        _ => None,
    }
}

/// Whether an `Accept-Encoding` allows an encoding.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        named && !parts.any(|weight| weight.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)))
    })
}

/// `GET /favicon.svg` and `/favicon.ico`: for browsers, which ask for the latter unasked.
pub(crate) async fn favicon() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, include_str!("../assets/favicon.svg"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_used_only_where_it_is_accepted() {
        let cases = [
            ("gzip, deflate, br", true),
            ("BR", true),
            ("br;q=0.5", true),
            ("br;q=0, gzip", false),
            ("br; q=0.0", false),
            ("gzip", false),
            ("", false),
        ];
        for (header, accepted) in cases {
            assert_eq!(accepts(header, "br"), accepted, "{header}");
        }
    }

    #[test]
    fn a_folder_without_a_site_says_how_to_build_one() {
        let error = Site::load(Some(FilePath::new("/nowhere/at/all"))).expect_err("there is nothing");
        assert!(error.to_string().contains("cargo xtask build"), "{error}");
    }
}
