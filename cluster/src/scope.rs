//! Where the console looks: in the whole management cluster, or only in the namespaces in which its rights allow it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::errors::NamespaceError;
use crate::identity::Visibility;
use crate::resources::ObjectKind;

/// The longest name of a namespace: a label of RFC 1123 (characters).
const LONGEST: usize = 63;

/// The name of a namespace: a label of RFC 1123, as the API server asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(String);

/// In which namespaces the console looks. Kinds without a namespace are watched in the whole cluster all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Empty: the whole cluster.
    namespaces: BTreeSet<Namespace>,
}

/// One watch: a kind, in the whole cluster or in one namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watch {
    /// What is watched.
    pub kind: ObjectKind,
    /// Where; `None`: everywhere.
    pub namespace: Option<Namespace>,
}

impl Scope {
    /// Every namespace there is.
    pub const WHOLE_CLUSTER: Self = Self { namespaces: BTreeSet::new() };

    /// These namespaces; none at all means [`Scope::WHOLE_CLUSTER`].
    pub fn of(namespaces: impl IntoIterator<Item = Namespace>) -> Self {
        Self { namespaces: namespaces.into_iter().collect() }
    }

    /// Whether every tenant of the cluster is looked at.
    pub fn is_whole_cluster(&self) -> bool {
        self.namespaces.is_empty()
    }

    /// What somebody sees who looks through a console of this scope with its own credentials.
    pub fn visibility(&self) -> Visibility {
        if self.is_whole_cluster() {
            return Visibility::All;
        }
        Visibility::Namespaces(self.namespaces.iter().map(Namespace::to_string).collect())
    }

    /// The watches on one kind.
    pub fn watches_on(&self, kind: ObjectKind) -> Vec<Watch> {
        if self.is_whole_cluster() || !kind.is_namespaced() {
            return vec![kind.into()];
        }
        let namespaces = self.namespaces.iter().cloned();
        namespaces.map(|namespace| Watch { kind, namespace: Some(namespace) }).collect()
    }
}

impl Watch {
    /// Whether objects of this namespace, or of none, come by this watch.
    pub fn covers(&self, namespace: &str) -> bool {
        self.namespace.as_ref().is_none_or(|own| own.as_str() == namespace)
    }
}

impl From<ObjectKind> for Watch {
    /// The kind in the whole cluster.
    fn from(kind: ObjectKind) -> Self {
        Self { kind, namespace: None }
    }
}

impl Namespace {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Namespace {
    type Err = NamespaceError;

    fn from_str(text: &str) -> Result<Self, NamespaceError> {
        let outer = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let ends = [text.as_bytes().first(), text.as_bytes().last()];
        let named = ends.into_iter().all(|end| end.is_some_and(outer))
            && text.len() <= LONGEST
            && text.bytes().all(|byte| outer(&byte) || byte == b'-');
        if named { Ok(Self(text.to_owned())) } else { Err(NamespaceError(text.to_owned())) }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Watch {
    /// `Pods`, `Pods of team-a`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            None => write!(f, "{}s", self.kind),
            Some(namespace) => write!(f, "{}s of {namespace}", self.kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_a_label_of_rfc_1123() {
        let longest = "a".repeat(LONGEST);
        for name in ["team-a", "7", "a", longest.as_str()] {
            assert_eq!(name.parse::<Namespace>().map(|it| it.to_string()), Ok(name.to_owned()));
        }
        for text in ["", "-a", "a-", "Team", "a.b", "a b", "a,b", "ä", &"a".repeat(LONGEST + 1)] {
            assert_eq!(text.parse::<Namespace>(), Err(NamespaceError(text.to_owned())));
        }
    }

    #[test]
    fn a_scope_has_one_watch_a_namespace_and_one_on_what_has_none() {
        let named = |names: &[&str]| Scope::of(names.iter().map(|name| name.parse::<Namespace>().expect("a name")));
        let words = |scope: &Scope, kind| scope.watches_on(kind).iter().map(Watch::to_string).collect::<Vec<_>>();
        let (all, some) = (Scope::WHOLE_CLUSTER, named(&["b", "a", "b"]));
        assert_eq!(named(&[]), all);
        let seen = Visibility::Namespaces(["a".to_owned(), "b".to_owned()].into());
        assert_eq!((all.visibility(), some.visibility()), (Visibility::All, seen));
        assert_eq!(words(&all, ObjectKind::Pod), ["Pods"]);
        assert_eq!(words(&some, ObjectKind::Pod), ["Pods of a", "Pods of b"]);
        assert_eq!(words(&some, ObjectKind::Node), ["Nodes"]);
        assert!(some.watches_on(ObjectKind::Pod)[0].covers("a") && !some.watches_on(ObjectKind::Pod)[0].covers("b"));
        assert!(all.watches_on(ObjectKind::Pod)[0].covers("anywhere"));
    }
}
