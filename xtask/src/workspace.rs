//! Where things are.

use std::path::{Path, PathBuf};

/// The folder with the root manifest.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => std::path::absolute(&folder).unwrap_or_else(|_| PathBuf::from(folder)),
        None => root().join("target"),
    }
}

/// What the browser loads: `pkg/` and the file `name`, which says how the files in it are called.
pub(crate) fn site() -> PathBuf {
    target().join("site")
}

/// Scratch files of this program.
pub(crate) fn scratch() -> PathBuf {
    target().join("xtask")
}

/// The browser tests.
pub(crate) fn end2end() -> PathBuf {
    root().join("end2end")
}
