//! The lab's input from what is known of a tenant, with where each number comes from.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    ASSUMED_CONNECTIONS, ASSUMED_STARTUP_MS, DEFAULT_GRACE_MS, LabInput, MAX_REPLICAS, MAX_SAMPLES, MAX_SECONDS,
    PullSource, SECOND_WRITE_MS,
};
use crate::cost::FigureSource;
use crate::hop::HopKind;
use crate::tenant::{Konnectivity, TenantSnapshot};
use crate::version::KubernetesVersion;

/// Where the numbers of a [`LabInput`] come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabSources {
    /// Start-up.
    pub startup: TimingSource,
    /// Termination.
    pub termination: TimingSource,
    /// Pull of the image.
    pub pull: PullSource,
    /// CPU and memory of a pod.
    pub requests: FigureSource,
    /// Connections of a pod.
    pub connections: FigureSource,
}

/// Where a duration comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TimingSource {
    /// Earlier pods of this tenant.
    #[serde(rename_all = "camelCase")]
    Observed {
        /// How many.
        samples: usize,
        /// The shortest (ms).
        low_ms: i64,
        /// The median (ms).
        typical_ms: i64,
        /// The longest (ms).
        high_ms: i64,
    },
    /// `terminationGracePeriodSeconds` of its Deployment: the longest it may take.
    Grace,
    /// Nothing was observed.
    Assumed,
}

/// Durations that were observed, in four numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    /// How many.
    pub samples: usize,
    /// The shortest (ms).
    pub low_ms: i64,
    /// The median (ms).
    pub typical_ms: i64,
    /// The longest (ms).
    pub high_ms: i64,
}

impl LabInput {
    /// The median start-up (ms), without the pull of the image.
    pub fn typical_startup_ms(&self) -> i64 {
        Spread::of(&self.startup_ms).map_or(0, |spread| spread.typical_ms)
    }

    /// What the model plays for one hop of this tenant; `None` while it sleeps, since then nothing rolls out, and for more
    /// than [`MAX_REPLICAS`].
    pub fn for_hop(snapshot: &TenantSnapshot, wanted: &KubernetesVersion, hop: HopKind) -> Option<Self> {
        if snapshot.replicas > MAX_REPLICAS {
            return None;
        }
        Self::from_snapshot(snapshot, Some(wanted)).0.of_hop(hop)
    }

    /// The same for that kind of hop: konnectivity follows the minor only, so a patch is one write.
    pub fn of_hop(mut self, hop: HopKind) -> Option<Self> {
        if hop == HopKind::Patch {
            self.second_write_ms = None;
        }
        (self.replicas > 0).then_some(self)
    }

    /// What the lab begins with for this tenant.
    ///
    /// Start-ups are the newest observed ones in their order, so pods become ready one after the other as they did then.
    /// Termination is the observed median, else the grace period. Konnectivity that follows the minor gives a second write;
    /// for a patch hop there is none, so take it away there. `wanted` is the version whose image the new pods need, see
    /// [`LabInput::with_images`].
    pub fn from_snapshot(snapshot: &TenantSnapshot, wanted: Option<&KubernetesVersion>) -> (Self, LabSources) {
        let deployment = snapshot.deployment.read();
        let default = Self::default();

        let observed = &snapshot.timings.startup_ms;
        let newest = &observed[observed.len().saturating_sub(MAX_SAMPLES)..];
        let startup = TimingSource::of(newest, TimingSource::Assumed);
        let startup_ms = match newest {
            [] => vec![ASSUMED_STARTUP_MS],
            samples => samples.iter().copied().map(within_bounds).collect(),
        };

        let grace_ms = deployment.map(|deployment| i64::from(deployment.termination_grace_seconds) * 1000);
        let otherwise = if grace_ms.is_some() { TimingSource::Grace } else { TimingSource::Assumed };
        let termination = TimingSource::of(&snapshot.timings.termination_ms, otherwise);
        let termination_ms = match termination {
            TimingSource::Observed { typical_ms, .. } => typical_ms,
            TimingSource::Grace | TimingSource::Assumed => grace_ms.unwrap_or(DEFAULT_GRACE_MS),
        };

        let requests = deployment.map_or(default.requests, |deployment| deployment.requests);
        let known = requests.cpu_millis.is_some() || requests.memory_bytes.is_some();
        let etcd = snapshot.data_store.driver.as_deref().is_none_or(|driver| driver.eq_ignore_ascii_case("etcd"));
        let input = Self {
            replicas: snapshot.replicas.min(MAX_REPLICAS),
            startup_ms,
            termination_ms: within_bounds(termination_ms),
            termination_extent_ms: match termination {
                TimingSource::Observed { low_ms, high_ms, .. } => Some((within_bounds(low_ms), within_bounds(high_ms))),
                TimingSource::Grace | TimingSource::Assumed => None,
            },
            min_ready_seconds: deployment.map_or(0, |deployment| deployment.min_ready_seconds.min(MAX_SECONDS)),
            progress_deadline_seconds: match deployment {
                Some(deployment) => deployment.progress_deadline_seconds,
                None => default.progress_deadline_seconds,
            },
            requests,
            // A kine sidecar keeps a pool of its own: nothing is known of its size.
            connections_per_pod: etcd.then_some(ASSUMED_CONNECTIONS),
            second_write_ms: (snapshot.konnectivity == Konnectivity::FollowsMinor).then_some(SECOND_WRITE_MS),
            custom: snapshot.strategy.under_kamaji().ok(),
            ..default
        };
        let (input, pull) = input.with_images(&snapshot.images, wanted, &snapshot.timings.pull_ms);
        let sources = LabSources {
            startup,
            termination,
            pull,
            requests: if known { FigureSource::Requests } else { FigureSource::Unknown },
            connections: if etcd { FigureSource::Assumed } else { FigureSource::Unknown },
        };
        (input.without_named_custom(), sources)
    }

    fn without_named_custom(mut self) -> Self {
        let custom = self.custom.take();
        let named = self.candidates();
        self.custom = custom.filter(|custom| !named.contains(custom));
        self
    }
}

/// What the lab plays, and a link may carry (ms).
pub(super) fn within_bounds(ms: i64) -> i64 {
    ms.clamp(0, i64::from(MAX_SECONDS) * 1000)
}

impl Spread {
    /// `None` without a sample.
    pub(super) fn of(samples: &[i64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_unstable();
        let (low_ms, high_ms) = (*sorted.first()?, *sorted.last()?);
        Some(Self { samples: sorted.len(), low_ms, typical_ms: sorted[sorted.len() / 2], high_ms })
    }
}

impl TimingSource {
    fn of(samples: &[i64], otherwise: Self) -> Self {
        Spread::of(samples).map_or(otherwise, |Spread { samples, low_ms, typical_ms, high_ms }| Self::Observed {
            samples,
            low_ms,
            typical_ms,
            high_ms,
        })
    }
}

impl fmt::Display for TimingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Observed { samples: 1, typical_ms, .. } => {
                write!(f, "{} s, of one earlier pod of this tenant", typical_ms / 1000)
            }
            Self::Observed { samples, low_ms, typical_ms, high_ms } => write!(
                f,
                "typically {} s, of {samples} earlier pods of this tenant ({} to {} s)",
                typical_ms / 1000,
                low_ms / 1000,
                high_ms / 1000
            ),
            Self::Grace => f.write_str("its termination grace period, the longest it may take"),
            Self::Assumed => f.write_str("assumed, nothing was observed"),
        }
    }
}
