//! Words of a command.

pub(super) use crate::shell::Quoted;

/// One word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// A value, the same typed and in a script.
    Text(String),
    /// The file of the package repository. A script lets the person name another one.
    RepositoryFile,
    /// The option by which DNF leaves out the excludes of the Kubernetes repository. A script finds out which DNF it has.
    DisableExcludes,
    /// Shell text that only a script has: options which the person gave to it.
    OnlyInScript(&'static str),
}

impl<T: Into<String>> From<T> for Word {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}
