//! The form that starts a hop: what a person acknowledges, types and, if they may, overrides; and the one button.

use leptos::prelude::*;
use planner::finding::{Finding, Overridable};
use planner::hop::{Acknowledgement, Binding, HopKind, LONGEST_REASON};

use super::checked::Checks;
use super::judged::check;
use super::{Choice, StartHop, StartQuery, changes_since_load};
use crate::tenant::Tenant;

/// Why the button cannot be pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hindrance {
    /// Findings block it, and nothing overrides them.
    Blocked,
    /// Findings block it that others may override.
    OthersMayOverride,
    /// The cluster has not answered yet.
    Waiting,
    /// The cluster could not be asked, or did not judge the change.
    NotJudged,
    /// The tenant changed after the page was made.
    Changed,
}

/// The form.
pub(super) fn agree(
    tenant: Tenant,
    choice: &Choice,
    checks: Memo<Checks>,
    query: Memo<StartQuery>,
    action: ServerAction<StartHop>,
) -> AnyView {
    let first = tenant.first.get_value();
    let check = tenant.knowledge.with_value(|knowledge| check(&first, knowledge, choice));
    let binding = Binding::of(&first).to_string();
    let given = query.get_untracked();
    // Kubelets that were read need nobody to answer for them.
    let needed = StoredValue::new(check.clone());
    let unchecked = Memo::new(move |_| {
        let found = checks.with(Checks::findings);
        needed.with_value(|check| check.clone().and(found).needs.contains(&Acknowledgement::KubeletsNotChecked))
    });
    let checked = !given.kubelets_checked.is_empty();
    let acknowledgement = move || {
        unchecked.get().then(|| {
            view! {
                <label class="choice">
                    <input type="checkbox" name="kubelets_checked" value="yes" required checked=checked />
                    <span class="choice__name">{"The kubelets were not checked by this console"}</span>
                    <span class="choice__text">{Acknowledgement::KubeletsNotChecked.to_string()}</span>
                </label>
            }
        })
    };
    let name = first.id.name.clone();
    let typing = (check.hop == Some(HopKind::Minor)).then(|| {
        view! {
            <div class="field">
                <label class="field__label" for="typed-name">
                    {"Type the name of the tenant to confirm: "} <span class="code">{name}</span>
                </label>
                <input
                    id="typed-name"
                    class="input input--code"
                    name="typed_name"
                    value=given.typed_name
                    required
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                />
            </div>
        }
    });
    let blocking: Vec<Finding> = check.findings.into_iter().filter(Finding::blocks).collect();
    let standing = StoredValue::new(blocking);
    let hindrance = Memo::new(move |_| {
        let changed = !changes_since_load(tenant).is_empty();
        checks.with(|checks| standing.with_value(|standing| hindrance(standing, checks, changed)))
    });
    let overrides = Memo::new(move |_| {
        checks.with(|checks| matches!(checks, Checks::Done(checked) if checked.may_override && checked.findings.iter().any(Finding::blocks)))
            && hindrance.get().is_none()
    });
    // The override is for what is shown here, and for nothing that comes up meanwhile.
    let overridden = Memo::new(move |_| {
        let shown = checks.with(Checks::findings);
        let named =
            shown.iter().filter(|finding| finding.blocks()).filter_map(|finding| Overridable::of(&finding.kind));
        named.map(|finding| finding.to_string()).collect::<Vec<_>>().join(",")
    });
    let reason = move || {
        overrides.get().then(|| {
            view! {
                <div class="field">
                    <label class="field__label" for="despite">
                        {"Why start it although this is blocked"}
                    </label>
                    <input
                        id="despite"
                        class="input"
                        name="despite"
                        value=given.despite.clone()
                        required
                        maxlength=LONGEST_REASON.to_string()
                    />
                    <input type="hidden" name="overridden" value=move || overridden.get() />
                    <p class="field__hint">
                        {"You see every tenant, so you may override this for the others. Your name and the reason go to the console’s log."}
                    </p>
                </div>
            }
        })
    };
    let pending = action.pending();
    let label = if first.desired_version.0 == choice.version.to_string() {
        format!("Change the strategy of {}", first.id.name)
    } else {
        format!("Upgrade {} to {}", first.id.name, choice.version)
    };
    let (version, strategy) = (choice.version.to_string(), choice.strategy_text());
    view! {
        <section class="section stack" aria-labelledby="agree">
            <h2 id="agree">{"Start"}</h2>
            <ActionForm action=action attr:class="form">
                <input type="hidden" name="namespace" value=first.id.namespace.clone() />
                <input type="hidden" name="name" value=first.id.name.clone() />
                <input type="hidden" name="version" value=version />
                <input type="hidden" name="strategy" value=strategy />
                <input type="hidden" name="plan" value=given.plan />
                <input type="hidden" name="binding" value=binding />
                {acknowledgement}
                {typing}
                {reason}
                <div>
                    <button
                        class="button button--primary"
                        type="submit"
                        disabled=move || pending.get() || hindrance.get().is_some()
                    >
                        {move || if pending.get() { "Starting …".to_owned() } else { label.clone() }}
                    </button>
                    {move || hindrance.get().map(hindrance_in_words)}
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}

/// `standing`: what blocks it by the snapshot alone.
fn hindrance(standing: &[Finding], checks: &Checks, changed: bool) -> Option<Hindrance> {
    let found = match checks {
        Checks::Done(checked) => checked,
        _ if !standing.is_empty() => return Some(Hindrance::Blocked),
        Checks::Failed(_) => return Some(Hindrance::NotJudged),
        Checks::Waiting => return Some(Hindrance::Waiting),
    };
    let for_good = |finding: &&Finding| finding.blocks() && !finding.may_be_overridden();
    let overridable = found.findings.iter().any(|finding| finding.blocks() && finding.may_be_overridden());
    let judged = planner::plan::Verdict::of(&found.findings) != planner::plan::Verdict::NotChecked;
    match () {
        () if !standing.is_empty() || found.findings.iter().any(|finding| for_good(&finding)) => {
            Some(Hindrance::Blocked)
        }
        () if overridable && !found.may_override => Some(Hindrance::OthersMayOverride),
        () if !judged => Some(Hindrance::NotJudged),
        () if changed => Some(Hindrance::Changed),
        () => None,
    }
}

fn hindrance_in_words(hindrance: Hindrance) -> AnyView {
    let words = match hindrance {
        Hindrance::Blocked => "The findings above block it.",
        Hindrance::OthersMayOverride => {
            "The findings above block it. Whoever sees every tenant may start it all the same, with a reason."
        }
        Hindrance::Waiting => "The management cluster is still being asked.",
        Hindrance::NotJudged => {
            "The management cluster did not judge the change, so nothing can be started. Check again."
        }
        Hindrance::Changed => {
            return view! {
                <p class="reason" id="start-reason">
                    {"The tenant has changed since this page was made. "}
                    <a href="" rel="external">
                        {"Reload the page"}
                    </a> {" and decide again."}
                </p>
            }
            .into_any();
        }
    };
    view! { <p class="reason" id="start-reason">{words}</p> }.into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use planner::finding::{Finding, FindingKind, RoomOutcome};
    use planner::time::UnixMillis;

    use super::{Checks, Hindrance, hindrance};
    use crate::error::ConsoleError;
    use crate::tenant::start::Checked;

    fn found(kinds: Vec<FindingKind>, may_override: bool) -> Checks {
        Checks::Done(Checked {
            version: "v1.36.4".to_owned(),
            strategy: String::new(),
            findings: kinds.into_iter().map(Finding::from).collect(),
            at: UnixMillis(0),
            may_override,
        })
    }

    #[test]
    fn the_button_says_what_keeps_it() {
        let room = || FindingKind::Room { outcome: RoomOutcome::DoesNotFit, verdict: "no".to_owned() };
        let silent = || FindingKind::DryRunNotJudged { why: "no answer".to_owned() };
        let refused = || FindingKind::DryRunRefused { words: "no".to_owned() };
        let paused = vec![Finding::from(FindingKind::Paused)];
        let away = Checks::Failed(ConsoleError::ApiAway("connection refused".to_owned()));
        for (standing, checks, changed, expected) in [
            (&[][..], found(vec![FindingKind::DryRunAccepted], false), false, None),
            (&[], found(vec![FindingKind::DryRunAccepted], false), true, Some(Hindrance::Changed)),
            (&[], found(vec![room()], false), false, Some(Hindrance::OthersMayOverride)),
            (&[], found(vec![room()], true), false, None),
            (&[], found(vec![room(), refused()], true), false, Some(Hindrance::Blocked)),
            (&[], found(vec![silent()], true), false, Some(Hindrance::NotJudged)),
            (&[], away.clone(), false, Some(Hindrance::NotJudged)),
            (&[], Checks::Waiting, false, Some(Hindrance::Waiting)),
            (&paused, Checks::Waiting, false, Some(Hindrance::Blocked)),
            (&paused, away, false, Some(Hindrance::Blocked)),
        ] {
            assert_eq!(hindrance(standing, &checks, changed), expected, "{standing:?} {checks:?}");
        }
    }
}
