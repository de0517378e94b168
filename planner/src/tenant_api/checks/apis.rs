//! APIs that go, and what the API server calls.

use super::super::removals::{instead, removed_apis};
use super::{Hop, listed, not_checked, with_evidence};
use crate::finding::{Finding, TenantFinding};
use crate::tenant_api::{Answer, ApiUse, Backend, FailurePolicy, GroupVersion, Hook, HookKind, Part};
use crate::version::Minor;

/// What is known of when, which must be said with every use: the gauge is set once and stays.
const SINCE: &str = "apiserver_requested_deprecated_apis of the API server that answered: at least once since it started, when \
                     and by whom it does not say";

impl Hop<'_> {
    pub(super) fn deprecated_apis(&self) -> Vec<Finding> {
        let target = self.to.minor();
        let uses = match self.facts.api_uses.or_why() {
            Ok(uses) => uses,
            Err(why) => return vec![self.removed_and_served(why)],
        };
        let next = Minor { minor: target.minor + 1, ..target };
        let mut findings: Vec<Finding> = uses
            .iter()
            .filter(|used| used.removed_in <= next)
            .map(|used| {
                let (api, removed_in) = (used.to_string(), used.removed_in);
                let finding = if removed_in <= target {
                    let instead = instead(&used.api, &used.resource).map(str::to_owned);
                    TenantFinding::RemovedApiUsed { api, removed_in, instead }
                } else {
                    TenantFinding::ApiGoesNext { api, removed_in }
                };
                with_evidence(finding, evidence(used))
            })
            .collect();
        if !uses.iter().any(|used| used.removed_in <= target) {
            findings.push(with_evidence(
                TenantFinding::NoRemovedApiUsed { target },
                "apiserver_requested_deprecated_apis of the API server that answered, since it started",
            ));
        }
        findings
    }

    /// Without the gauge: what is served now and will not be.
    fn removed_and_served(&self, why: String) -> Finding {
        let target = self.to.minor();
        let Some(served) = self.facts.served.read() else { return not_checked(Part::DeprecatedApis, why) };
        let goes = removed_apis()
            .iter()
            .filter(|it| it.removed_in <= target)
            .map(|it| GroupVersion { group: it.group.to_owned(), version: it.version.to_owned() });
        let mut apis: Vec<String> = goes.filter(|api| served.contains(api)).map(|api| api.to_string()).collect();
        apis.dedup();
        if apis.is_empty() {
            return not_checked(Part::DeprecatedApis, why);
        }
        TenantFinding::RemovedApisServed { apis, why }.into()
    }

    pub(super) fn hooks(&self, part: Part, hooks: &Answer<Vec<Hook>>) -> Vec<Finding> {
        let hooks = match hooks.or_why() {
            Ok(hooks) => hooks,
            Err(why) => return vec![not_checked(part, why)],
        };
        // A webhook that may be ignored stops nothing.
        let needed: Vec<&Hook> = hooks.iter().filter(|hook| hook.policy == FailurePolicy::Fail).collect();
        let mut findings: Vec<Finding> =
            needed.iter().filter(|hook| hook.backend.is_broken()).map(|hook| broken(hook)).collect();
        let unread: Vec<&&Hook> =
            needed.iter().filter(|hook| matches!(hook.backend, Backend::NotRead { .. })).collect();
        if let Some(Backend::NotRead { why, .. }) = unread.first().map(|hook| &hook.backend) {
            let names = listed(unread.iter().map(|hook| named(hook)));
            findings.push(not_checked(part, format!("who answers {names} could not be read, {why}")));
        }
        if findings.is_empty() {
            let evidence = listed(needed.iter().map(|hook| format!("{}: {}", named(hook), hook.backend)));
            findings.push(with_evidence(TenantFinding::HooksAnswered { part, hooks: hooks.len() }, evidence));
        }
        findings
    }

    pub(super) fn aggregated_apis(&self) -> Vec<Finding> {
        match self.facts.aggregated.or_why() {
            Err(why) => vec![not_checked(Part::AggregatedApis, why)],
            Ok((apis, unavailable)) if unavailable.is_empty() => {
                vec![TenantFinding::AggregatedApisAvailable { apis: *apis }.into()]
            }
            Ok((_, unavailable)) => unavailable
                .iter()
                .map(|api| {
                    let (name, reason) = (api.name.clone(), api.reason.clone());
                    with_evidence(TenantFinding::AggregatedApiUnavailable { name, reason }, api.message.clone())
                })
                .collect(),
        }
    }
}

fn evidence(used: &ApiUse) -> String {
    match &used.writers {
        Answer::Read(writers) if !writers.is_empty() => {
            let newest: Vec<String> = writers.iter().take(3).map(ToString::to_string).collect();
            format!("{SINCE}. By metadata.managedFields, {}", newest.join("; "))
        }
        Answer::Read(_) => {
            format!("{SINCE}. No object says that it was written by this version, so it may only be read")
        }
        other => format!("{SINCE}. Its objects were not read: {other}"),
    }
}

fn named(hook: &Hook) -> String {
    if hook.kind == HookKind::Conversion { hook.owner.clone() } else { format!("{} of {}", hook.name, hook.owner) }
}

fn broken(hook: &Hook) -> Finding {
    let policy = match hook.kind {
        HookKind::Conversion => "a conversion always fails without it",
        HookKind::Validating | HookKind::Mutating => "failurePolicy is Fail",
    };
    let finding = TenantFinding::HookBroken { kind: hook.kind, name: named(hook), why: hook.backend.to_string() };
    with_evidence(finding, policy)
}
