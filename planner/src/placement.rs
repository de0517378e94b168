//! Where new pods find room: kube-scheduler's filters as pure functions over the nodes and pods of the management cluster.
//!
//! [`Room`] is what there is, [`Incoming`] one more pod as the API server will make it, and [`Room::ask`] puts the one before
//! the other: which nodes pass all filters, and which filter stops the pod on each other node. [`Replacement`] does so for all
//! pods of a rollout, at each moment of its film, and says whether it gets through. The rules are those of
//! Kubernetes 1.36 with its default profile, and are judged by recordings of the real scheduler
//! (`tests/data/placement`, replayed in full by the tests and by the example `placement`).

mod admission;
mod affinity;
mod at_once;
mod autoscaler;
mod blocked;
mod board;
mod feature;
mod incoming;
mod interpod;
mod labels;
mod limit_range;
mod occupant;
mod pace;
mod pod;
mod ports;
mod quantity;
mod question;
mod quota;
mod replacement;
mod resources;
mod room;
mod search;
mod spread;
mod stop;
mod taints;
mod topology;
mod turns;
mod verdict;

pub use self::affinity::{
    Affinity, NodeAffinity, NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm, PodTerms,
};
pub use self::autoscaler::{Autoscaler, NodesWanted};
pub use self::blocked::{Blocked, Blocker, StoppedNodes};
pub use self::feature::Feature;
pub use self::incoming::Incoming;
pub use self::interpod::PodAffinityTerm;
pub use self::labels::{LabelExpression, LabelOperator, LabelSelector, Labels};
pub use self::limit_range::{LimitRange, LimitRangeItem, LimitRangeRefusal, LimitRangeRefusalKind};
pub use self::occupant::Occupant;
pub use self::pod::{Container, Named, Pod, PodPhase, PodSpec, PodTemplate, ResourceRequirements, Volume};
pub use self::ports::{ContainerPort, HostPort};
pub use self::quantity::{Quantity, QuantityError};
pub use self::question::{Answer, Question};
pub use self::quota::{QuotaRefusal, QuotaScope, QuotaScopeOperator, QuotaUse, ResourceQuota};
pub use self::replacement::Replacement;
pub use self::resources::{Allocatable, Amounts, ResourceList};
pub use self::room::{Free, Node, NodeRoom, Room};
pub use self::search::{MAX_STATES, Placed};
pub use self::spread::{InclusionPolicy, TopologySpreadConstraint, WhenUnsatisfiable};
pub use self::stop::{Shortage, Stop, scheduler_message};
pub use self::taints::{Taint, Toleration};
pub use self::verdict::{Proposal, Refusal, Unknown, Verdict};
