use leptos::prelude::{Owner, ServerAction};
use planner::hop::{Binding, FactChange};
use planner::plan::stored::{ListedPlan, PlanLine, PlanState, Storing};
use planner::plan::{CostFacts, Verdict};
use planner::strategy::Strategy;
use planner::tenant::TenantSnapshot;

use super::page::{Standing, made_anew};
use super::{Compared, PlansHere, plans_section, refused, store_section};
use crate::tenant::plan::given::CostQuery;
use crate::tenant::start::{Choice, StartQuery};
use crate::test_support::{NOW, html, knowledge, planned, tenant, text};

fn line(snapshot: &TenantSnapshot) -> PlanLine {
    PlanLine {
        tenant: snapshot.id.clone(),
        name: "one".parse().expect("a name"),
        from: "v1.35.6".to_owned(),
        version: "v1.36.4".parse().expect("a version"),
        strategy: Some(Strategy::IN_PLACE),
        verdict: Verdict::Warnings,
        binding: Binding::of(snapshot),
        made_by: "ada".to_owned(),
        made_at: NOW,
    }
}

fn listed(here: &PlansHere, now: &TenantSnapshot) -> String {
    let owner = Owner::new();
    owner.with(|| html(|| plans_section(here, now, ServerAction::new())))
}

#[test]
fn a_list_says_how_each_plan_stands_and_whether_any_can_be_kept() {
    let made_of = tenant("v1.35.6");
    let plans = |plans: Vec<ListedPlan>| PlansHere { storing: Storing::Here, plans, more: 0 };
    let one = || plans(vec![ListedPlan::Readable(Box::new(line(&made_of)))]);
    let broken = || ListedPlan::Broken {
        tenant: made_of.id.clone(),
        name: "two".parse().expect("a name"),
        why: "`spec.to` is <b>wrong</b>".to_owned(),
    };
    let changed = |change: fn(&mut TenantSnapshot)| {
        let mut now = made_of.clone();
        change(&mut now);
        now
    };
    let cases = [
        (one(), made_of.clone(), "v1.35.6 → v1.36.4 with strategy 0/1 current one, says made by ada,"),
        (one(), changed(|now| now.replicas = 2), "stale one, says made by ada,"),
        (one(), changed(|now| now.replicas = 2), "Changed since it was made: the number of replicas: 3 → 2;"),
        (plans(vec![broken()]), made_of.clone(), "two cannot be read `spec.to`"),
    ];
    for (here, now, words) in cases {
        let said = text(&listed(&here, &now)).replace("spec.to", "`spec.to`");
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!listed(&plans(vec![broken()]), &made_of).contains("<b>"), "nothing of an object is markup");
    let page = listed(&one(), &made_of);
    assert!(page.contains("href=\"/tenants/team-a/tenant-00/plan?stored=one\""), "{page}");
    let many = PlansHere { more: 3, ..one() };
    assert!(text(&listed(&many, &made_of)).contains("And 3 more, older ones"));
    assert_eq!(listed(&plans(Vec::new()), &made_of), "");
}

#[test]
fn what_is_seen_now_counts_before_what_was_compared_and_nothing_is_current_unseen() {
    let change = |what: &str| FactChange::new(what, "a", "b");
    let started = || PlanState::Started { to: "v1.36.4".parse().expect("a version"), finished: false };
    let over = || PlanState::Over { to: "v1.36.4".parse().expect("a version") };
    let with =
        |changes| Compared::With { changes, anew: Box::new(planned(&tenant("v1.35.6"), "0/1", CostFacts::default())) };
    let nothing = || with(Vec::new());
    let cases = [
        (PlanState::Current, nothing(), Standing::Current),
        (PlanState::Current, with(vec![change("found")]), Standing::Stale(vec![change("found")])),
        (PlanState::Current, Compared::Failed("away".to_owned()), Standing::NotCompared("away".to_owned())),
        (PlanState::Stale(vec![change("live")]), nothing(), Standing::Stale(vec![change("live")])),
        (PlanState::Stale(vec![change("live")]), Compared::Failed("x".into()), Standing::Stale(vec![change("live")])),
        (started(), nothing(), Standing::Started(started())),
        (over(), with(vec![change("found")]), Standing::Over(over())),
    ];
    for (state, compared, expected) in cases {
        assert_eq!(Standing::of(state, &compared), expected, "{compared:?}");
    }
}

#[test]
fn a_plain_form_that_was_refused_says_what_it_meant() {
    for (status, words) in [
        ("409", "It is no longer what you looked at."),
        ("403", "refuses this to you"),
        ("504", "it is not known whether it was written"),
        ("500", "could not be reached"),
    ] {
        let said = text(&html(|| refused(status)));
        assert!(said.contains(words), "{status}: {said}");
    }
    assert!(refused("").is_none() && refused("<b>").is_none());
}

#[test]
fn a_plan_that_no_longer_holds_is_drawn_folded_as_it_would_be_made_now() {
    let snapshot = tenant("v1.35.6");
    let anew = || Box::new(planned(&snapshot, "0/1", CostFacts::default()));
    let page = |changes| html(|| made_anew(&Compared::With { changes, anew: anew() }, &snapshot));
    let (holds, stale) = (page(Vec::new()), page(vec![FactChange::new("what", "a", "b")]));
    let folded = "As it would be made now";
    assert!(!text(&holds).contains(folded) && text(&stale).contains(folded));
    for page in [holds, stale] {
        assert!(text(&page).contains(&anew().headline), "{page}");
    }
    assert!(made_anew(&Compared::Failed("away".to_owned()), &snapshot).is_none());
}

#[test]
fn a_plan_that_was_reckoned_with_something_given_is_not_offered_to_be_stored() {
    let snapshot = tenant("v1.35.6");
    let plan = planned(&snapshot, "0/1", CostFacts::default());
    let query = StartQuery { version: "v1.35.7".to_owned(), strategy: "0/1".to_owned(), ..StartQuery::default() };
    let choice = Choice::of(&query, &snapshot, &knowledge()).expect("a choice");
    let section = |given: &CostQuery| {
        html(|| store_section(&plan, &snapshot.id, &choice, given, &Storing::Here, ServerAction::new()))
    };
    assert!(section(&CostQuery::default()).contains("<form"));
    for name in ["price-cpu-hour", "assume-cpu", "datastore-limit"] {
        let mut given = CostQuery::default();
        given.text_mut(name).expect("a name").push('1');
        let said = section(&given);
        assert!(!said.contains("<form") && text(&said).contains("are no part of a stored plan."), "{name}: {said}");
        assert!(said.contains("href=\"/tenants/team-a/tenant-00/plan?version=v1.35.7&amp;strategy=0%2F1\""), "{said}");
    }
}
