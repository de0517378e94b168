//! A pod that is about to be created, as the scheduler will see it.

use super::admission;
use super::affinity::NodeDemand;
use super::interpod::Term;
use super::limit_range::LimitRange;
use super::occupant::Occupant;
use super::pod::PodTemplate;
use super::resources::Amounts;
use super::spread::TopologySpreadConstraint;
use super::taints::Toleration;

/// A new pod after defaulting and admission.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// What it is once it has a node.
    pub(super) occupant: Occupant,
    pub(super) demand: NodeDemand,
    pub(super) tolerations: Vec<Toleration>,
    pub(super) affinity: Vec<Term>,
    pub(super) spread: Vec<TopologySpreadConstraint>,
    /// It may evict pods of lower priority.
    pub(super) may_preempt: bool,
    /// The pod as it will stand in the API server.
    pub(super) admitted: PodTemplate,
}

impl Incoming {
    /// The pod that the API server makes of `template`: defaults, the tolerations that each pod gets, and merged label keys.
    pub fn of(template: &PodTemplate) -> Self {
        Self::under(template, &[])
    }

    /// The same in a namespace with LimitRanges, which fill in what the containers leave out. What they refuse is not looked at.
    pub fn under(template: &PodTemplate, limit_ranges: &[LimitRange]) -> Self {
        let admitted = admission::admit(template, limit_ranges);
        let PodTemplate { namespace, labels, spec } = &admitted;
        let pod_affinity = spec.affinity.as_ref().and_then(|affinity| affinity.pod_affinity.as_ref());
        Self {
            occupant: Occupant::new(namespace, labels, spec),
            demand: NodeDemand::of(spec),
            tolerations: spec.tolerations.clone(),
            affinity: pod_affinity
                .into_iter()
                .flat_map(|terms| &terms.required)
                .map(|term| Term::of(term, namespace))
                .collect(),
            spread: spec.topology_spread_constraints.clone(),
            may_preempt: spec.preemption_policy.as_deref() != Some("Never"),
            admitted,
        }
    }

    /// The pod as it will stand in the API server.
    pub fn into_admitted(self) -> PodTemplate {
        self.admitted
    }

    /// What it requests in all.
    pub fn requests(&self) -> Amounts {
        self.occupant.requests
    }

    /// What it is once it has a node.
    pub fn occupant(&self) -> &Occupant {
        &self.occupant
    }
}
