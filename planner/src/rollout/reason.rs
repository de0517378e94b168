//! Why the controller changes a ReplicaSet's size, as it would say it.

use std::fmt;

use super::Step;
use super::deployment::ScaleReason;
use crate::film::Side;

impl fmt::Display for Step {
    /// The numbers that the controller compared, then what follows: `4 available, at least 2 needed: 2 old pods may go`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.from.abs_diff(self.to);
        let pods = if number == 1 { "pod" } else { "pods" };
        let goes = if number == 1 { "goes" } else { "go" };
        // Where both hold, those of a template that another one has replaced meanwhile.
        let old = match self.side {
            Side::Old => "old",
            Side::New => "superseded",
        };
        match self.reason {
            ScaleReason::RoomToSurge { total, allowed } => {
                write!(f, "{total} wanted in all, at most {allowed} allowed: {number} new {pods} may start")
            }
            ScaleReason::AboveReplicas => write!(f, "more new pods than replicas: {number} {goes}"),
            ScaleReason::Unhealthy { unavailable, limit } => write!(
                f,
                "{unavailable} of these not available, at most {limit} may go: {number} {old} {pods} {goes} first"
            ),
            ScaleReason::AboveMinimum { available, minimum } => {
                write!(f, "{available} available, at least {minimum} needed: {number} {old} {pods} may go")
            }
            ScaleReason::RecreateDown => write!(f, "Recreate: {number} {old} {pods} {goes} before a new one starts"),
            ScaleReason::RecreateUp => write!(f, "Recreate: no old pod is left, so {number} new {pods} may start"),
            ScaleReason::Resize => write!(f, "nothing else runs: it follows the replicas, {}", self.change(pods)),
            ScaleReason::Saturated => write!(f, "all new pods are available: {number} {old} {pods} {goes}"),
            ScaleReason::Proportional => {
                write!(f, "replicas changed during the rollout: all in proportion, {}", self.change(pods))
            }
        }
    }
}

impl Step {
    fn change(&self, pods: &str) -> String {
        let direction = if self.to > self.from { "more" } else { "fewer" };
        format!("{} {pods} {direction}", self.from.abs_diff(self.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::{DeploymentWrite, Scenario, predict};
    use crate::strategy::Strategy;

    fn step(side: Side, from: u32, to: u32, reason: ScaleReason) -> String {
        Step { at_ms: 0, template: 0, side, from, to, reason }.to_string()
    }

    #[test]
    fn each_reason_says_its_numbers_and_what_follows() {
        use ScaleReason as Reason;
        let cases = [
            (
                Side::New,
                0,
                3,
                Reason::RoomToSurge { total: 3, allowed: 6 },
                "3 wanted in all, at most 6 allowed: 3 new pods may start",
            ),
            (
                Side::New,
                1,
                2,
                Reason::RoomToSurge { total: 3, allowed: 4 },
                "3 wanted in all, at most 4 allowed: 1 new pod may start",
            ),
            (Side::New, 4, 3, Reason::AboveReplicas, "more new pods than replicas: 1 goes"),
            (
                Side::Old,
                3,
                1,
                Reason::Unhealthy { unavailable: 2, limit: 3 },
                "2 of these not available, at most 3 may go: 2 old pods go first",
            ),
            (
                Side::Old,
                3,
                1,
                Reason::AboveMinimum { available: 4, minimum: 2 },
                "4 available, at least 2 needed: 2 old pods may go",
            ),
            (
                Side::New,
                1,
                0,
                Reason::AboveMinimum { available: 4, minimum: 3 },
                "4 available, at least 3 needed: 1 superseded pod may go",
            ),
            (Side::Old, 3, 0, Reason::RecreateDown, "Recreate: 3 old pods go before a new one starts"),
            (Side::New, 0, 3, Reason::RecreateUp, "Recreate: no old pod is left, so 3 new pods may start"),
            (Side::New, 3, 5, Reason::Resize, "nothing else runs: it follows the replicas, 2 pods more"),
            (Side::Old, 2, 0, Reason::Saturated, "all new pods are available: 2 old pods go"),
            (
                Side::Old,
                3,
                2,
                Reason::Proportional,
                "replicas changed during the rollout: all in proportion, 1 pod fewer",
            ),
        ];
        for (side, from, to, reason, words) in cases {
            assert_eq!(step(side, from, to, reason), words);
        }
    }

    #[test]
    fn a_rolling_hop_of_three_says_why_at_each_step() {
        let steps = predict(&Scenario::hop(3, Strategy::ROLLING_ONE, vec![20_000], 30_000)).steps;
        let said: Vec<String> =
            steps.iter().map(|step| format!("{} s: {} → {}: {step}", step.at_ms / 1000, step.from, step.to)).collect();
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn of_two_writes_the_first_ones_pods_are_superseded() {
        let mut scenario = Scenario::hop(3, Strategy::BLUE_GREEN, vec![20_000], 30_000);
        let again = scenario.templates[1].clone();
        scenario.templates.push(again);
        scenario.writes.push(DeploymentWrite { at_ms: 900, template: Some(2), ..DeploymentWrite::default() });
        let steps = predict(&scenario).steps;
        assert!(steps.iter().any(|step| step.template == 1 && step.to_string().contains("superseded")), "{steps:?}");
    }
}
