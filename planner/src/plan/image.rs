//! Whether the image of the target version exists. Kamaji takes any version that its rules allow, and pods then wait for an image
//! that nobody has.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, FindingKind};
use crate::releases::ReleaseTable;
use crate::tenant::{Reading, TenantSnapshot};
use crate::version::KubernetesVersion;

/// The registry of Kubernetes' own images: what is released is there.
const KUBERNETES_REGISTRY: &str = "registry.k8s.io/";

/// What is known of the image of the API server of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageFact {
    /// The registry has its manifest.
    InRegistry(String),
    /// The registry says that it has none.
    NotInRegistry(String),
    /// The registry was not asked, or did not answer.
    NotChecked {
        /// The image, with its tag.
        image: String,
        /// Why.
        why: String,
        /// What speaks for it all the same.
        known: Option<ImageKnown>,
    },
    /// There is nothing to ask.
    NotAsked,
}

/// What speaks for an image that the registry was not asked for. Its `Display` is a sentence without its full stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ImageKnown {
    /// So many nodes have it already.
    OnNodes(u32),
    /// Kubernetes has released the version, and the tenant takes Kubernetes' own images.
    Released,
}

impl ImageFact {
    /// What is known without the registry. `why` it was not asked, or what it said that is no answer.
    pub fn not_checked(
        snapshot: &TenantSnapshot,
        version: &KubernetesVersion,
        releases: &ReleaseTable,
        why: String,
    ) -> Self {
        let listed = match &snapshot.images {
            Reading::Read(images) => images.presence(version).listed,
            Reading::Waiting | Reading::Missing | Reading::Forbidden(_) => 0,
        };
        let released = snapshot.image.repository.starts_with(KUBERNETES_REGISTRY)
            && snapshot.image.tag_suffix.is_none()
            && releases.knows(version);
        let known = match listed {
            0 => released.then_some(ImageKnown::Released),
            nodes => Some(ImageKnown::OnNodes(nodes)),
        };
        Self::NotChecked { image: snapshot.image.image(version), why, known }
    }

    pub(super) fn finding(&self) -> Option<Finding> {
        let kind = match self.clone() {
            Self::InRegistry(image) => FindingKind::ImageInRegistry { image },
            Self::NotInRegistry(image) => FindingKind::ImageNotInRegistry { image },
            Self::NotChecked { image, why, known } => FindingKind::ImageNotChecked { image, why, known },
            Self::NotAsked => return None,
        };
        Some(kind.into())
    }
}

impl fmt::Display for ImageKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnNodes(1) => f.write_str("One node has the image already"),
            Self::OnNodes(nodes) => write!(f, "{nodes} nodes have the image already"),
            Self::Released => f.write_str("Kubernetes has released this version"),
        }
    }
}
