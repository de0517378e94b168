//! Commands for people: words quoted for a POSIX shell, and what each command is for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A command with what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// What it does.
    pub purpose: String,
    /// The command, for a POSIX shell.
    pub line: String,
}

/// A text as one word of a POSIX shell: bare if nothing in it means anything to a shell, else in single quotes.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

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
