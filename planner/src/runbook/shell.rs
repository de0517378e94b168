//! Words of a command, quoted.

use std::fmt;

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

/// A text as one word of a POSIX shell: bare if nothing in it means anything to a shell, else in single quotes.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl<T: Into<String>> From<T> for Word {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
        if !self.0.is_empty() && self.0.bytes().all(plain) {
            return f.write_str(self.0);
        }
        write!(f, "'{}'", self.0.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::Quoted;

    #[test]
    fn what_means_something_to_a_shell_is_quoted() {
        for (text, quoted) in [
            ("kubeadm", "kubeadm"),
            ("--timeout=15m", "--timeout=15m"),
            ("", "''"),
            ("kubeadm=1.34.9-*", "'kubeadm=1.34.9-*'"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("$(reboot)", "'$(reboot)'"),
            ("a;b", "'a;b'"),
            ("a\nb", "'a\nb'"),
        ] {
            assert_eq!(Quoted(text).to_string(), quoted);
        }
    }
}
