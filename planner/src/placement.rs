//! Where new pods find room: kube-scheduler's filters as pure functions over the nodes and pods of the management cluster.
//!
//! [`Room`] is what there is, [`Incoming`] one more pod as the API server will make it, and [`Room::ask`] puts the one before
//! the other: which nodes pass all filters, and which filter stops the pod on each other node. The rules are those of
//! Kubernetes 1.36 with its default profile, and are judged by recordings of the real scheduler
//! (`tests/data/placement`, replayed in full by the tests and by the example `placement`).

mod admission;
mod affinity;
mod board;
mod incoming;
mod interpod;
mod labels;
mod occupant;
mod pod;
mod ports;
mod quantity;
mod question;
mod resources;
mod room;
mod search;
mod spread;
mod stop;
mod taints;
mod topology;

pub use self::affinity::{
    Affinity, NodeAffinity, NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm, PodTerms,
};
pub use self::incoming::Incoming;
pub use self::interpod::PodAffinityTerm;
pub use self::labels::{LabelExpression, LabelOperator, LabelSelector, Labels};
pub use self::occupant::Occupant;
pub use self::pod::{Container, Named, Pod, PodPhase, PodSpec, PodTemplate, ResourceRequirements, Volume};
pub use self::ports::{ContainerPort, HostPort};
pub use self::quantity::{Quantity, QuantityError};
pub use self::question::{Answer, Question};
pub use self::resources::{Allocatable, Amounts, ResourceList};
pub use self::room::{Free, Node, NodeRoom, Room};
pub use self::search::{MAX_STATES, Placed};
pub use self::spread::{InclusionPolicy, TopologySpreadConstraint, WhenUnsatisfiable};
pub use self::stop::{Shortage, Stop, scheduler_message};
pub use self::taints::{Taint, Toleration};
