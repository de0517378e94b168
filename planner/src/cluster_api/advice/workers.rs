//! The steps of MachineDeployments and MachinePools.

use super::super::as_cluster_api_reads_it;
use super::super::change::{Change, Field, ObjectRef};
use super::super::objects::{
    ClusterApiFacts, MachineCounts, MachineDeployment, MachinePool, Meta, Template, Topology, TopologyWorkers,
};
use super::super::served::{Kind, Served};
use super::super::step::{Pace, Step, StepKind, StepState};
use super::super::wait::Wait;
use super::{next_or, paused};
use crate::shell::Quoted;
use crate::tenant::DeclaredVersion;
use crate::version::KubernetesVersion;

/// A MachineDeployment or a MachinePool.
#[derive(Clone, Copy)]
enum Worker<'a> {
    Deployment(&'a MachineDeployment),
    Pool(&'a MachinePool),
}

/// All workers of a tenant: those of the topology in its order, then the others by name.
pub(super) struct Workers<'a> {
    facts: &'a ClusterApiFacts,
    managed: Vec<(Worker<'a>, Option<Wait>)>,
    others: Vec<Worker<'a>>,
}

impl<'a> Workers<'a> {
    pub(super) fn of(facts: &'a ClusterApiFacts, topology: Option<&Topology>) -> Self {
        let mut others = Worker::all(facts);
        let mut managed = Vec::new();
        if let Some(topology) = topology {
            let lists = [
                (Kind::MachineDeployment, &topology.machine_deployments),
                (Kind::MachinePool, &topology.machine_pools),
            ];
            for (kind, entries) in lists {
                for (place, entry) in entries.iter().enumerate() {
                    let made_of = |it: &Worker<'_>| it.kind() == kind && it.topology_name() == Some(&entry.name);
                    let Some(found) = others.iter().position(made_of) else { continue };
                    managed.push((others.remove(found), held(&entries[..=place])));
                }
            }
        }
        Self { facts, managed, others }
    }

    /// Every worker that names a version.
    pub(super) fn versions(facts: &ClusterApiFacts) -> Vec<(ObjectRef, DeclaredVersion)> {
        let workers = Worker::all(facts).into_iter();
        workers.filter_map(|worker| Some((worker.object(facts), worker.version()?.clone()))).collect()
    }

    /// Workers of the topology that are not at its version, or not through.
    pub(super) fn not_at(&self, version: &DeclaredVersion) -> Vec<ObjectRef> {
        let wanted = as_cluster_api_reads_it(version);
        let there = |worker: &Worker<'_>| {
            worker.version().and_then(as_cluster_api_reads_it) == wanted && worker.is_rolled_out()
        };
        self.managed.iter().filter(|(it, _)| !there(it)).map(|(it, _)| it.object(self.facts)).collect()
    }

    /// Workers of which nothing is known stand against a hop: they could be too old for it.
    pub(super) fn unread(&self) -> Vec<Wait> {
        let known = |kind: Kind| {
            // A kind that is not served has no objects.
            let served = self.facts.served.read().map(|served| served.get(&kind));
            !matches!(served, Some(None | Some(Served::Nowhere)))
        };
        let answers = [
            (Kind::MachineDeployment, self.facts.machine_deployments.or_why().err()),
            (Kind::MachinePool, self.facts.machine_pools.or_why().err()),
        ];
        let unread = answers.into_iter().filter(|(kind, _)| known(*kind));
        unread.filter_map(|(kind, why)| Some(Wait::Unread { what: format!("{kind}s"), why: why? })).collect()
    }

    /// The steps of a topology: Cluster API makes those of its own workers, a person those of the others.
    pub(super) fn following(&self, to: &KubernetesVersion, first: Option<Wait>) -> Vec<Step> {
        let mut before = first;
        let mut steps = Vec::new();
        for (worker, held) in &self.managed {
            let object = worker.object(self.facts);
            let state = worker.state(to).unwrap_or_else(|| {
                let waits: Vec<Wait> = held.clone().into_iter().chain(before.clone()).collect();
                // It is this one's turn, and Cluster API takes it by itself.
                if waits.is_empty() { StepState::Underway(MachineCounts::default()) } else { StepState::Waits(waits) }
            });
            // What is held does not hold up those after it; what is on its way does.
            if state != StepState::Done && held.is_none() && before.is_none() {
                before = Some(Wait::For { object: object.clone(), version: to.clone() });
            }
            steps.push(Step::new(StepKind::WorkersFollow { workers: object, pace: worker.pace() }, state, None));
        }
        steps.extend(self.steps_by_hand(to, before));
        steps
    }

    /// The steps of workers that nothing but a person changes, one after another.
    pub(super) fn by_hand(&self, to: &KubernetesVersion, first: Option<Wait>) -> Vec<Step> {
        self.steps_by_hand(to, first)
    }

    fn steps_by_hand(&self, to: &KubernetesVersion, mut before: Option<Wait>) -> Vec<Step> {
        let mut steps = Vec::new();
        for worker in &self.others {
            let object = worker.object(self.facts);
            let state = worker.state(to).unwrap_or_else(|| {
                let mut waits: Vec<Wait> = before.clone().into_iter().chain(paused(&object, worker.meta())).collect();
                let tools = worker.meta().from_git.iter();
                waits.extend(tools.map(|tool| Wait::FromGit { object: object.clone(), tool: tool.clone() }));
                next_or(waits)
            });
            if state != StepState::Done && before.is_none() {
                before = Some(Wait::For { object: object.clone(), version: to.clone() });
            }
            let kind = StepKind::SetWorkers { workers: object, pace: worker.pace() };
            let mut step = Step::new(kind, state, Some(worker.change(self.facts, to)));
            if step.change.is_some() && worker.infrastructure().is_some() {
                step.without_template = Some(worker.change_of_version(self.facts, to));
            }
            steps.push(step);
        }
        steps
    }
}

/// Why the last of these entries is not upgraded: it is deferred, or it or one before it holds.
fn held(entries: &[TopologyWorkers]) -> Option<Wait> {
    let own = entries.last()?;
    if own.deferred {
        return Some(Wait::Deferred { workers: own.name.clone() });
    }
    entries.iter().find(|entry| entry.holds).map(|entry| Wait::Held { by: entry.name.clone() })
}

impl<'a> Worker<'a> {
    fn all(facts: &'a ClusterApiFacts) -> Vec<Self> {
        let deployments = facts.machine_deployments.read().into_iter().flatten().map(Self::Deployment);
        deployments.chain(facts.machine_pools.read().into_iter().flatten().map(Self::Pool)).collect()
    }

    fn kind(self) -> Kind {
        match self {
            Self::Deployment(_) => Kind::MachineDeployment,
            Self::Pool(_) => Kind::MachinePool,
        }
    }

    fn meta(self) -> &'a Meta {
        match self {
            Self::Deployment(it) => &it.meta,
            Self::Pool(it) => &it.meta,
        }
    }

    fn object(self, facts: &ClusterApiFacts) -> ObjectRef {
        facts.object(self.kind(), &self.meta().name)
    }

    fn topology_name(self) -> Option<&'a String> {
        match self {
            Self::Deployment(it) => it.topology_name.as_ref(),
            Self::Pool(it) => it.topology_name.as_ref(),
        }
    }

    fn version(self) -> Option<&'a DeclaredVersion> {
        match self {
            Self::Deployment(it) => it.version.as_ref(),
            Self::Pool(it) => it.version.as_ref(),
        }
    }

    fn infrastructure(self) -> Option<&'a Template> {
        match self {
            Self::Deployment(it) => it.infrastructure.as_ref(),
            Self::Pool(it) => it.infrastructure.as_ref(),
        }
    }

    fn counts(self) -> MachineCounts {
        match self {
            Self::Deployment(it) => it.counts,
            Self::Pool(it) => it.counts,
        }
    }

    fn pace(self) -> Pace {
        match self {
            Self::Deployment(it) => Pace::Machines { replicas: it.replicas, strategy: it.strategy() },
            Self::Pool(_) => Pace::Infrastructure,
        }
    }

    /// A pool that does not report how many of its machines are up to date is believed when all it has are ready.
    fn is_rolled_out(self) -> bool {
        match self {
            Self::Deployment(it) => it.is_rolled_out(),
            Self::Pool(it) => match it.counts.up_to_date {
                Some(up_to_date) => up_to_date == it.replicas,
                None => it.counts.ready == Some(it.replicas),
            },
        }
    }

    /// `None` if it does not ask for the version yet.
    fn state(self, to: &KubernetesVersion) -> Option<StepState> {
        if self.version().and_then(as_cluster_api_reads_it).as_ref() != Some(to) {
            return None;
        }
        Some(if self.is_rolled_out() { StepState::Done } else { StepState::Underway(self.counts()) })
    }

    fn version_field(self, to: &KubernetesVersion) -> Field<'static> {
        Field {
            path: &["spec", "template", "spec", "version"],
            before: self.version().map(ToString::to_string),
            after: Some(to.to_string()),
        }
    }

    /// The change of the version alone.
    fn change_of_version(self, facts: &ClusterApiFacts, to: &KubernetesVersion) -> Change {
        self.watched(facts, Change::new(self.object(facts), &[self.version_field(to)]))
    }

    /// Version and template in one: two changes would replace the Machines twice.
    fn change(self, facts: &ClusterApiFacts, to: &KubernetesVersion) -> Change {
        let Some(template) = self.infrastructure() else { return self.change_of_version(facts, to) };
        let name = name_for(&template.name, to);
        let fields = [
            self.version_field(to),
            Field {
                path: &["spec", "template", "spec", "infrastructureRef", "name"],
                before: Some(template.name.clone()),
                after: Some(name.clone()),
            },
        ];
        let resource = format!("{}.{}", template.kind.to_lowercase(), template.group);
        let line = format!(
            "kubectl -n {} get {} {} -o yaml",
            Quoted(&facts.namespace),
            Quoted(&resource),
            Quoted(&template.name)
        );
        let purpose = format!(
            "Copy the template, which cannot be changed: create it again as {name}, with an image of {to} and without what the API \
             server filled in."
        );
        self.watched(facts, Change::new(self.object(facts), &fields).first(&purpose, line))
    }

    fn watched(self, facts: &ClusterApiFacts, change: Change) -> Change {
        let object = self.object(facts);
        match self {
            Self::Deployment(it) => {
                let machines = ObjectRef {
                    kind: Kind::Machine,
                    version: facts.version_of(Kind::Machine).map(str::to_owned),
                    ..object
                };
                let label = format!("cluster.x-k8s.io/deployment-name={}", it.meta.name);
                let line = format!(
                    "kubectl -n {} get {} -l {} --watch",
                    Quoted(&machines.namespace),
                    Quoted(&machines.resource()),
                    Quoted(&label)
                );
                change.then("Watch the Machines.", line)
            }
            Self::Pool(_) => change,
        }
    }
}

/// A name for the new template: the version at its end, in place of one that stands there.
fn name_for(template: &str, to: &KubernetesVersion) -> String {
    /// The longest name of an object (characters).
    const LONGEST: usize = 253;
    let is_version = |end: &str| {
        let mut parts = end.split('-');
        parts.clone().count() == 3
            && parts.all(|part| part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty())
    };
    let stem = match template.rfind("-v") {
        Some(place) if is_version(&template[place + 2..]) => &template[..place],
        _ => template,
    };
    let end = to.to_string().replace(['.', '+'], "-");
    let room = LONGEST - end.len() - 1;
    let stem: String = stem.chars().take(room).collect();
    format!("{stem}-{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_template_is_named_after_its_version() {
        let to: KubernetesVersion = "v1.36.4".parse().expect("a version");
        for (template, name) in [
            ("prod-md-0", "prod-md-0-v1-36-4"),
            ("prod-md-0-v1-35-9", "prod-md-0-v1-36-4"),
            ("prod-v1-workers", "prod-v1-workers-v1-36-4"),
            ("prod-v1-35-", "prod-v1-35--v1-36-4"),
        ] {
            assert_eq!(name_for(template, &to), name);
        }
        assert_eq!(name_for(&"a".repeat(300), &to).len(), 253);
    }
}
