use super::{Stage, StageCounts};
use crate::tenant::{DeclaredVersion, Reading, TenantSnapshot};

/// The stage in one sentence for a tenant owner.
pub(super) fn of(snapshot: &TenantSnapshot, stage: Stage, counts: &StageCounts) -> String {
    let wanted = &snapshot.desired_version;
    let installed = snapshot.installed_version.as_ref().map_or("nothing", |version| version.0.as_str());
    match stage {
        Stage::Unknown => match &snapshot.deployment {
            Reading::Forbidden(words) => format!("The Deployment may not be read ({words}), so nothing can be said."),
            Reading::Missing => "The Deployment does not exist.".to_owned(),
            Reading::Waiting | Reading::Read(_) => "The Deployment has not been read yet.".to_owned(),
        },
        Stage::Creating => format!("It comes up for the first time, on {wanted}: {}.", serving(counts)),
        Stage::Idle => format!("It runs {wanted}, and nothing is in flight."),
        Stage::Sleeping => format!("It sleeps with 0 replicas; the next wake-up starts {wanted}."),
        Stage::Accepted if installed == wanted.0 => {
            format!("Kamaji reports {wanted} as installed, but the Deployment does not run it yet.")
        }
        Stage::Accepted if snapshot.replicas == 0 => {
            format!("{installed} → {wanted} is accepted; it sleeps, so it is recorded within seconds.")
        }
        Stage::Accepted => format!("{installed} → {wanted} is accepted; no pod is touched yet."),
        Stage::Gate if snapshot.paused => {
            format!("{installed} → {wanted} is accepted, but it is paused: nothing happens.")
        }
        Stage::Gate => {
            format!("{installed} → {wanted} is accepted; Kamaji has not begun. It first asks the tenant's API server.")
        }
        Stage::RollingOut => rolling(snapshot, counts, wanted, installed),
        Stage::Settling if counts.older() > 0 => {
            format!("{} {wanted}; {} left.", all_serve(counts), older(counts))
        }
        Stage::Settling => format!("{} {wanted}; Kamaji has not recorded it yet.", all_serve(counts)),
        Stage::Settled if !counts.known => {
            format!("{wanted} is installed and serves; whether older pods are gone cannot be read.")
        }
        Stage::Settled => format!("{wanted} is installed and serves; {} still ending.", older(counts)),
        Stage::Finished => format!("{wanted} is installed and serves, and no older pod is left."),
    }
}

fn rolling(snapshot: &TenantSnapshot, counts: &StageCounts, wanted: &DeclaredVersion, installed: &str) -> String {
    let touched = snapshot.deployment.read().is_none_or(|it| it.version.as_ref() == Some(wanted));
    if !touched {
        return format!("Kamaji has begun {installed} → {wanted}; the Deployment is not changed yet.");
    }
    if let Some(deployment) = snapshot.deployment.read().filter(|_| snapshot.paused && installed == wanted.0)
        && deployment.replicas != snapshot.replicas
    {
        let (now, then) = (deployment.replicas, snapshot.replicas);
        return format!("{now} → {then} replicas is accepted, but it is paused: nothing happens.");
    }
    if !counts.known {
        return format!("The Deployment rolls out {wanted}; its pods cannot be read.");
    }
    if snapshot.replicas == 0 {
        return match counts.serving() {
            0 if installed != wanted.0 => format!("It sleeps with 0 replicas, and {wanted} is being recorded."),
            serving => format!("It goes to sleep; {} now.", serve(serving)),
        };
    }
    if counts.serving() == 0 {
        return format!(
            "No API server serves now; {} of {} new ones start on {wanted}.",
            counts.new_starting, counts.replicas
        );
    }
    // Kamaji v1.0.0 records the version early, so a hop that is still watched is told from a rollout of its own by the film.
    let of_a_hop = snapshot.hop.as_ref().is_some_and(|hop| hop.to == *wanted && hop.settled_ms.is_none());
    if installed == wanted.0 && counts.older() == 0 && !of_a_hop {
        return format!("Pods are being replaced or scaled without a change of version: {}.", serving(counts));
    }
    format!(
        "{} of {} new API servers serve {wanted}; of the older version {}.",
        counts.new_serving,
        counts.replicas,
        match counts.old_serving {
            1 => "one still serves".to_owned(),
            pods => format!("{pods} still serve"),
        }
    )
}

fn serving(counts: &StageCounts) -> String {
    if counts.known {
        match counts.replicas {
            1 => format!("{}, wanted is one", serve(counts.new_serving)),
            replicas => format!("{}, wanted are {replicas}", serve(counts.new_serving)),
        }
    } else {
        "its pods cannot be read".to_owned()
    }
}

fn serve(pods: u32) -> String {
    match pods {
        1 => "one API server serves".to_owned(),
        pods => format!("{pods} API servers serve"),
    }
}

fn all_serve(counts: &StageCounts) -> String {
    match counts.replicas {
        1 => "The new API server serves".to_owned(),
        pods => format!("All {pods} new API servers serve"),
    }
}

fn older(counts: &StageCounts) -> String {
    match counts.older() {
        1 => "one pod of an older version is".to_owned(),
        pods => format!("{pods} pods of an older version are"),
    }
}
