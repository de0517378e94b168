use std::fmt;

use super::FindingKind;
use crate::tenant::WriteLimits;

impl fmt::Display for FindingKind {
    /// One sentence for people, with a capital and a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AboveCeiling { wanted, ceiling } => {
                write!(f, "{wanted} is above {ceiling}, the highest version that this Kamaji accepts.")
            }
            Self::Downgrade { from, to } => write!(f, "{to} is older than {from}; Kamaji refuses it."),
            Self::SkipsMinors { from, to } => {
                write!(f, "From {from} to {to} is more than one minor; Kamaji takes one at a time.")
            }
            Self::AlreadyWanted { version } => write!(f, "{version} is already the wanted version."),
            Self::CurrentVersionUnreadable { text } => {
                write!(f, "The object's own version, {text:?}, is none, so no step from it can be judged.")
            }
            Self::CeilingUnknown { why } => {
                write!(
                    f,
                    "The highest version that this Kamaji accepts is not known ({why}); it is taken for the newest Kamaji."
                )
            }
            Self::PreRelease { version } => write!(f, "{version} is a pre-release."),
            Self::NotInReleaseTable { version, as_of } => {
                write!(f, "{version} is not in the release table of {as_of}; it may be newer, or not exist.")
            }
            Self::EndOfLife { minor, since } => write!(f, "Kubernetes {minor} gets no fixes since {since}."),
            Self::MaintenanceOnly { minor, until } => {
                write!(f, "Kubernetes {minor} gets critical fixes only, until {until}.")
            }
            Self::VersionAllowed { from, to } => write!(f, "Kamaji's rules allow {from} → {to}."),

            Self::Deleting => f.write_str("This control plane is being deleted."),
            Self::OwnedByClusterApi { control_plane, .. } => {
                write!(f, "Cluster API writes this object, through KamajiControlPlane {control_plane}.")
            }
            Self::OwnedByGit { tool } => write!(f, "{tool} writes this object."),
            Self::Paused => f.write_str("It is paused: Kamaji would take the version and apply nothing."),
            Self::WriteLimited { limits } => {
                write!(
                    f,
                    "Its writes are limited ({}): an upgrade would never be recorded as done.",
                    LimitWords(*limits)
                )
            }
            Self::Migrating { from, to } => {
                write!(f, "Its DataStore is being changed, {} → {}.", name_or_none(from), name_or_none(to))
            }
            Self::DataStoreMissing => f.write_str("It has no DataStore yet."),
            Self::HopInFlight { installed, wanted } => write!(f, "A hop is under way: {installed} → {wanted}."),
            Self::NeverInstalled { wanted } => write!(f, "It has not come up on {wanted} yet."),
            Self::ChangeNotObserved { generation, observed } => {
                write!(
                    f,
                    "Kamaji has not processed the last change yet (generation {generation}, observed {observed})."
                )
            }
            Self::DeploymentNotSettled { what } => write!(f, "The Deployment is not at rest: {what}."),
            Self::DeploymentUnreadable { why } => write!(f, "The Deployment cannot be read: {why}."),
            Self::StatusNotReady { status } => write!(f, "Kamaji reports {status}, not Ready."),
            Self::ViewStale { why } => write!(f, "What is shown may be old: {why}."),
            Self::LastChangeSettled => {
                f.write_str("The last change is settled: the Deployment is complete and Kamaji has recorded it.")
            }
            Self::WayOut { exit } => write!(f, "The last change is stuck, and this is a way out. {exit}"),
            Self::NobodyElseWrites => f.write_str("No other tool is known to write this object."),

            Self::KubeletsNotChecked { target } => {
                write!(f, "Kubelets not checked: whether the tenant's nodes can work with {target} is not known.")
            }
            Self::TenantApiNotChecked => {
                f.write_str("Whether the tenant's API server answers was not checked; Kamaji asks it before it starts.")
            }
            Self::MinorCannotBeUndone { from, to } => {
                write!(f, "A minor cannot be undone: after {to} there is no way back to {from}.")
            }
            Self::PatchCannotBeUndone => {
                f.write_str("This Kamaji refuses an older patch, so the step cannot be undone.")
            }
            Self::PatchCanBeUndone { to } => write!(f, "The step can be undone: Kamaji takes {to} back."),
            Self::KubeProxyAhead { version } => {
                write!(
                    f,
                    "The tenant's kube-proxy is set to {version} at once, before the API servers; until they follow it is newer than \
                     they are."
                )
            }
            Self::ConnectionsDrop => f.write_str(
                "Every API server is replaced: watches, logs and exec sessions of the tenant's users break once.",
            ),
            Self::KubectlSkew { to } => {
                write!(f, "kubectl works within one minor: older than that, it is out of support against {to}.")
            }
            Self::SleepingHop => {
                f.write_str("It sleeps (0 replicas): the version is recorded at once, and the first wake-up starts it.")
            }
            Self::SleepingNotSupported => {
                f.write_str("It has 0 replicas, and this Kamaji needs the tenant's API server for an upgrade.")
            }
            Self::KonnectivitySecondWrite { replicas, peak } => {
                f.write_str(
                    "With konnectivity a minor changes the Deployment twice within a second: three ReplicaSets",
                )?;
                match peak {
                    Some(peak) => write!(f, ", and {peak} pods at once for {replicas} replicas."),
                    None => f.write_str(", and more pods at once than one change would need."),
                }
            }
            Self::ReadyComesEarly => f.write_str("This Kamaji can report Ready while old pods still serve."),

            Self::StrategyAllows { strategy, replicas } => {
                let limits = strategy.limits(*replicas);
                write!(
                    f,
                    "{} ({strategy}) keeps at least {} of {replicas} API servers serving and asks for at most {} more.",
                    strategy.name(),
                    limits.min_available,
                    limits.max_surge
                )
            }
            Self::StrategyInvalid { error } => {
                write!(f, "Kamaji would take this strategy and then apply nothing: {error}.")
            }
            Self::StrategyStays { former, strategy } => {
                write!(f, "The strategy is changed for good, {former} → {strategy}.")
            }
            Self::OneReplicaOutage { strategy } => {
                write!(f, "With one replica {strategy} is an outage: the old pod goes before the new one is ready.")
            }
            Self::RecreateOutage { replicas } => {
                write!(f, "Recreate is an outage: all {replicas} old pods end before the first new one starts.")
            }
            Self::NoServingFloor { strategy, replicas } => {
                write!(f, "With {strategy} all {replicas} API servers may be down at once.")
            }
            Self::SurgeAddsPods { replicas, surge } if surge == replicas => {
                write!(f, "For a while there are twice as many pods, {} in place of {replicas}.", replicas + surge)
            }
            Self::SurgeAddsPods { replicas, surge } => {
                write!(
                    f,
                    "For a while there are up to {} pods in place of {replicas}, and those that terminate on top.",
                    replicas + surge
                )
            }
            Self::DataStoreLoad { data_store, replicas, surge } => {
                write!(
                    f,
                    "{} serves up to {} API servers of this tenant in place of {replicas}.",
                    data_store
                        .as_deref()
                        .map_or_else(|| "Its DataStore".to_owned(), |name| format!("DataStore {name}")),
                    replicas + surge
                )
            }
            Self::ResourcesUnknown => {
                f.write_str("Its pods request no CPU or memory, so what the extra pods cost is not known.")
            }

            Self::NotAcknowledged { what } => write!(f, "Not acknowledged: {what}"),
            Self::NameNotTyped { expected } => {
                write!(f, "A minor cannot be undone, so the tenant's name, {expected}, must be typed.")
            }

            Self::ProgressDeadlineExceeded => {
                f.write_str("The rollout has made no progress within the Deployment's deadline.")
            }
            Self::QuotaExceeded => f.write_str("A quota refuses new pods."),
            Self::ReplicaFailure => f.write_str("New pods cannot be created."),
            Self::Unschedulable { pods } => write!(f, "No node takes {}.", Pods(*pods)),
            Self::ImagePullFails { pods, reason } => {
                write!(f, "The image of {} cannot be pulled ({reason}).", Pods(*pods))
            }
            Self::CrashLoops { pods } => write!(f, "A container of {} dies again and again.", Pods(*pods)),
            Self::PodsTroubled { pods, reason } => write!(f, "{reason} keeps {} from getting ready.", Pods(*pods)),
            Self::GateClosed { seconds } => {
                write!(
                    f,
                    "Kamaji has not begun for {seconds} s; most likely the tenant's API server does not answer it."
                )
            }
            Self::NotReadyDeadlock => f.write_str(
                "No API server is ready, and Kamaji applies nothing until one answers: neither can go first.",
            ),
            Self::DeadEnd { installed, wanted } => {
                write!(
                    f,
                    "Between {installed} and {wanted} lies more than one minor: Kamaji neither goes on nor takes an older version."
                )
            }
            Self::StrategyStallsKamaji { error } => {
                write!(f, "Kamaji's API took the strategy, the Deployment refuses it, so nothing is applied: {error}.")
            }
            Self::WriteLimitedDuringHop => {
                f.write_str("Its writes are limited, so the version is never recorded as installed.")
            }
            Self::PausedDuringChange => f.write_str("It is paused, so Kamaji applies nothing."),
            Self::StatusAheadOfDeployment { recorded, running } => {
                write!(f, "Kamaji reports {recorded} as installed, but the Deployment still runs {running}.")
            }

            Self::Tenant(finding) => finding.fmt(f),
            Self::Room { verdict, .. } => f.write_str(verdict),
            Self::RoomNotChecked { why } => write!(f, "The room on the nodes was not checked: {why}."),
            Self::DataStoreShared { data_store, tenants, api_servers, surging, unknown } => {
                let others =
                    if *tenants == 1 { "one other tenant".to_owned() } else { format!("{tenants} other tenants") };
                write!(f, "DataStore {data_store} also serves {others} with {api_servers} API servers; ")?;
                match surging {
                    0 => f.write_str("none is seen to have more of them than usual now")?,
                    1 => f.write_str("one has more of them than usual now")?,
                    surging => write!(f, "{surging} have more of them than usual now")?,
                }
                if *unknown > 0 {
                    write!(f, ", of {unknown} it is not known")?;
                }
                f.write_str(".")
            }
            Self::DataStoreBusy { data_store, surging } => {
                let others = if *surging == 1 {
                    "another tenant surges: it has or will have".to_owned()
                } else {
                    format!("{surging} other tenants surge: they have or will have")
                };
                write!(
                    f,
                    "On DataStore {data_store} {others} more API servers than usual; a second surge may overload it."
                )
            }
            Self::DataStoreLimit { data_store, now, peak, limit, all_counted } => {
                write!(
                    f,
                    "DataStore {data_store} takes {limit} connections: its tenants hold {now} now, {peak} at the peak."
                )?;
                if *all_counted {
                    return Ok(());
                }
                f.write_str(" Not all API servers on it could be counted, so there may be more.")
            }
            Self::DataStoreNotAllCounted { data_store } => write!(
                f,
                "Whether tenants of other namespaces use DataStore {data_store} too is not known: the console looks into some \
                 namespaces only."
            ),
            Self::ImageInRegistry { image } => write!(f, "The registry has {image}."),
            Self::ImageNotInRegistry { image } => write!(f, "The registry says that there is no {image}."),
            Self::ImageNotChecked { image, why, known: None } => {
                write!(f, "Whether the image {image} exists was not checked: {why}.")
            }
            Self::ImageNotChecked { image, why, known: Some(known) } => {
                write!(f, "{known}. Whether the registry has {image} was not checked: {why}.")
            }
            Self::DryRunAccepted => {
                f.write_str("The API server and Kamaji would take this change. It was a dry run: nothing was written.")
            }
            Self::DryRunRefused { words } => write!(f, "The change would be refused: {words}."),
            Self::DryRunNotJudged { why } => write!(f, "Whether the change would be taken is not known: {why}."),
        }
    }
}

struct Pods(u32);

impl fmt::Display for Pods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("one pod"),
            pods => write!(f, "{pods} pods"),
        }
    }
}

struct LimitWords(WriteLimits);

impl fmt::Display for LimitWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WriteLimits { creation, update, deletion } = self.0;
        let words = [(creation, "creation"), (update, "update"), (deletion, "deletion")];
        let blocked: Vec<&str> = words.iter().filter(|(blocked, _)| *blocked).map(|(_, word)| *word).collect();
        f.write_str(&blocked.join(", "))
    }
}

fn name_or_none(name: &Option<String>) -> &str {
    name.as_deref().unwrap_or("none")
}
