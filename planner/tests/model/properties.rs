//! What always holds, whatever is rolled out.

use planner::cost::{Bytes, MilliCpu, PodTime, Surge};
use planner::film::{Counts, Film, FilmSummary, Milestones, MixedWindow, Peaks, Side};
use planner::rollout::deployment::DeploymentStatus;
use planner::rollout::{
    DeploymentWrite, Disturbance, EndReason, Health, Moment, PodsAtMoment, Scenario, Template, predict, predict_watched,
};
use planner::strategy::{IntOrPercent, Strategy};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::Strategy as Generator;

fn strategies() -> impl Generator<Value = Strategy> {
    let value = prop_oneof![(0_u32..=13).prop_map(IntOrPercent::Int), (0_u32..=100).prop_map(IntOrPercent::Percent)];
    let rolling = (value.clone(), value)
        .prop_filter_map("not both zero", |(surge, unavailable)| Strategy::rolling(surge, unavailable).ok());
    prop_oneof![9 => rolling, 1 => Just(Strategy::Recreate)]
}

/// Moments as people and pods have them: within a second or not, often the same.
fn moments() -> impl Generator<Value = i64> {
    prop_oneof![(0_i64..=90).prop_map(|seconds| seconds * 1000), 0_i64..=90_000]
}

fn templates(health: impl Generator<Value = Health> + Clone) -> impl Generator<Value = Vec<Template>> {
    let template = move |side| {
        (vec(0_i64..=60_000, 1..8), health.clone()).prop_map(move |(startup_ms, health)| Template {
            startup_ms,
            health,
            side,
        })
    };
    let old = Template { startup_ms: Vec::new(), health: Health::Starts, side: Side::Old };
    (template(Side::New), template(Side::New)).prop_map(move |(second, third)| vec![old.clone(), second, third])
}

/// Writes after the first: another template or back to an earlier one, another strategy, a pause.
fn writes() -> impl Generator<Value = Vec<DeploymentWrite>> {
    let write =
        (moments(), option::of(0_usize..3), option::weighted(0.2, strategies()), option::weighted(0.2, any::<bool>()));
    vec(write, 0..4).prop_map(|writes| {
        let write = |(at_ms, template, strategy, paused)| DeploymentWrite {
            at_ms,
            template,
            strategy,
            paused,
            ..DeploymentWrite::default()
        };
        writes.into_iter().map(write).collect()
    })
}

/// A hop and what is written after it, of pods of such health; nothing is wrong with those of before, nothing is scaled, and
/// there is as much room as one likes.
fn rollouts(health: impl Generator<Value = Health> + Clone) -> impl Generator<Value = Scenario> {
    (0_u32..=12, strategies(), templates(health), writes(), 0_i64..=60_000, 0_u32..=20).prop_map(
        |(replicas, strategy, templates, writes, termination_ms, min_ready_seconds)| {
            let mut scenario = Scenario::hop(replicas, strategy, Vec::new(), termination_ms);
            scenario.min_ready_seconds = min_ready_seconds;
            scenario.templates = templates;
            scenario.writes.extend(writes);
            in_order(scenario)
        },
    )
}

/// Anything: scaled, without room, with pods that break down.
fn anything() -> impl Generator<Value = Scenario> {
    let health = prop_oneof![4 => Just(Health::Starts), 1 => Just(Health::CrashLoop), 1 => Just(Health::ImagePull)];
    let scaling = vec((moments(), 0_u32..=12), 0..3);
    let disturbance = (moments(), 0_usize..3, option::of(0_i64..=30_000))
        .prop_map(|(at_ms, template, recover_after_ms)| Disturbance { at_ms, template, recover_after_ms });
    let room = (option::weighted(0.3, 0_u32..=12), option::weighted(0.3, 0_u32..=12));
    (rollouts(health), scaling, vec(disturbance, 0..3), room, 0_u32..=3).prop_map(
        |(mut scenario, scaling, mut disturbances, (nodes, quota), unready)| {
            let scale =
                |(at_ms, replicas)| DeploymentWrite { at_ms, replicas: Some(replicas), ..DeploymentWrite::default() };
            scenario.writes.extend(scaling.into_iter().map(scale));
            disturbances.sort_by_key(|disturbance| disturbance.at_ms);
            scenario.disturbances = disturbances;
            // What runs before the start has its room.
            scenario.node_capacity = nodes.map(|spare| scenario.replicas + spare);
            scenario.pod_quota = quota.map(|spare| scenario.replicas + spare);
            scenario.initial_unready = unready.min(scenario.replicas);
            in_order(scenario)
        },
    )
}

fn in_order(mut scenario: Scenario) -> Scenario {
    scenario.writes.sort_by_key(|write| write.at_ms);
    scenario
}

fn asked_for(moment: &Moment<'_>) -> u32 {
    moment.replica_sets().map(|replica_set| replica_set.spec_replicas).sum()
}

/// Every strategy that holds at some time, and every size.
fn written(scenario: &Scenario) -> (Vec<Strategy>, Vec<u32>) {
    let strategies = scenario.writes.iter().filter_map(|write| write.strategy);
    let sizes = scenario.writes.iter().filter_map(|write| write.replicas);
    (strategies.chain([scenario.strategy]).collect(), sizes.chain([scenario.replicas]).collect())
}

/// What the API server demands of a Deployment's status.
fn is_valid(status: &DeploymentStatus) -> bool {
    status.updated <= status.replicas
        && status.ready <= status.replicas
        && status.available <= status.replicas
        && status.available <= status.ready
}

/// The figures, one millisecond that matters after the other, from [`Film::counts_at`].
fn summary_by_hand(film: &Film, milestones: Milestones) -> FilmSummary {
    let mut moments = film.moments();
    moments.retain(|at_ms| *at_ms > 0);
    moments.insert(0, 0);
    let lengths = moments.iter().skip(1).copied().chain([film.until_ms]);
    let seen: Vec<(i64, i64, Counts)> = (moments.iter().zip(lengths))
        .map(|(at_ms, next_ms)| (*at_ms, next_ms - at_ms, film.counts_at(*at_ms)))
        .collect();
    let most = |count: fn(&Counts) -> u32| seen.iter().map(|(.., counts)| count(counts)).max().unwrap_or(0);
    let bound = |counts: &Counts| counts.old.bound + counts.new.bound;
    let length = |holds: fn(&Counts) -> bool| {
        seen.iter().filter(|(.., counts)| holds(counts)).map(|(_, length_ms, _)| length_ms).sum::<i64>()
    };
    let ends_with = |holds: fn(&Counts) -> bool| seen.last().is_some_and(|(.., counts)| holds(counts));
    let mixed = |counts: &Counts| counts.old.ready > 0 && counts.new.ready > 0;
    let window = |first: usize| {
        let last = seen.iter().rposition(|(.., counts)| mixed(counts)).unwrap_or(first);
        let ended = !ends_with(mixed);
        MixedWindow {
            first_ms: seen[first].0,
            last_ms: ended.then(|| seen[last].0 + seen[last].1),
            total_ms: ended.then(|| length(mixed)),
        }
    };
    let old = film.pods.iter().filter(|pod| film.side(pod) == Side::Old);
    let gone = old.map(|pod| pod.gone_ms.unwrap_or(i64::MAX)).max().unwrap_or(0);
    let settled_ms = milestones.settled_ms;
    FilmSummary {
        peaks: Peaks {
            objects: most(|counts| counts.old.objects() + counts.new.objects()),
            bound: most(bound),
            running: most(bound),
            non_terminating: most(|counts| counts.objects() - counts.old.terminating - counts.new.terminating),
        },
        lowest_serving: seen.iter().map(|(.., counts)| counts.old.ready + counts.new.ready).min().unwrap_or(0),
        mixed: seen.iter().position(|(.., counts)| mixed(counts)).map(window),
        outage_ms: length(|counts| counts.serving() == 0),
        outage_open: ends_with(|counts| counts.serving() == 0),
        settled_ms,
        finished_ms: settled_ms.filter(|_| gone < i64::MAX).map(|settled| settled.max(gone)),
        deadline_exceeded_ms: milestones.deadline_exceeded_ms,
    }
}

/// The pods of each template at a moment, as the film has them.
fn pods_in(film: &Film, templates: usize, at_ms: i64) -> Vec<[u32; 3]> {
    let mut pods = vec![[0; 3]; templates];
    for pod in &film.pods {
        let template: usize = film.revisions[pod.revision].key.parse().expect("the template's number");
        let place = match pod.state_at(at_ms) {
            None => continue,
            Some(planner::film::PodState::Ready) => 0,
            Some(planner::film::PodState::Terminating) => 1,
            Some(_) => 2,
        };
        pods[template - 1][place] += 1;
    }
    pods
}

proptest! {
    #[test]
    fn what_a_film_sums_up_to_is_what_its_pods_lived(scenario in anything()) {
        let film = predict(&scenario).film;
        let today = scenario.replicas;
        let surge = Surge::of(&film, today);
        // Each pod from its place on a node until it is gone, as far as the film goes.
        let lived_ms: i64 = film
            .pods
            .iter()
            .filter_map(|pod| Some((pod.bound_ms?.max(pod.created_ms).max(0), pod.gone_ms.unwrap_or(film.until_ms).min(film.until_ms))))
            .map(|(from_ms, to_ms)| (to_ms - from_ms).max(0))
            .sum();
        let millis = |time: PodTime| i64::try_from(time.millis()).expect("a short film");
        let expected = lived_ms - i64::from(today) * film.until_ms.max(0);
        prop_assert_eq!(millis(surge.above) - millis(surge.below), expected);
        let drawn: i64 = surge.series.iter().map(|step| step.extra_pods * (step.to_ms - step.from_ms)).sum();
        prop_assert_eq!(drawn, expected);
        prop_assert!(surge.series.windows(2).all(|pair| pair[0].to_ms == pair[1].from_ms));
        let highest = surge.series.iter().map(|step| step.extra_pods).max().unwrap_or(0).max(0);
        prop_assert_eq!(i64::from(surge.extra.bound), highest);
        // Amounts over time are those of the pods times what each takes: nothing is lost on the way.
        let (cpu, bytes) = (MilliCpu(250), Bytes(320 << 20));
        prop_assert_eq!(surge.above.of_cpu(cpu).micro_core_seconds(), u128::from(surge.above.millis()) * 250);
        prop_assert_eq!(surge.above.of_bytes(bytes).byte_millis(), u128::from(surge.above.millis()) * (320 << 20));
    }

    #[test]
    fn never_more_is_asked_for_nor_less_available_than_the_strategy_allows(
        scenario in rollouts(prop_oneof![Just(Health::Starts), Just(Health::CrashLoop)]),
        room in option::of(0_u32..=6),
    ) {
        let mut scenario = scenario;
        if scenario.writes.len() > 1 {
            // On a way back, pods that wait for minReadySeconds and pods that have waited may be mistaken; a film shows it.
            scenario.min_ready_seconds = 0;
        }
        if scenario.writes.iter().any(|write| write.paused.is_some()) {
            // While paused, what a smaller surge takes away is taken in proportion, available or not.
            scenario.writes.iter_mut().for_each(|write| write.strategy = None);
        }
        scenario.node_capacity = room.map(|spare| scenario.replicas + spare);
        let (strategies, _) = written(&scenario);
        let limits = || strategies.iter().map(|strategy| strategy.limits(scenario.replicas));
        let most = scenario.replicas + limits().map(|limits| limits.max_surge).max().unwrap_or(0);
        let least = limits().map(|limits| limits.min_available).min().unwrap_or(0);
        let mut broken = Vec::new();
        let prediction = predict_watched(&scenario, |moment| {
            let (asked, available) = (asked_for(moment), moment.deployment().available);
            if asked > most || available < least {
                broken.push(format!("at {}: {asked} of {most}, {available} of {least}", moment.at_ms));
            }
        });
        prop_assert!(broken.is_empty(), "{:?}", broken);
        prop_assert!(prediction.summary.lowest_serving >= least);
    }

    #[test]
    fn scaled_meanwhile_no_more_is_asked_for_than_one_of_the_sizes_allows(scenario in anything()) {
        let (strategies, sizes) = written(&scenario);
        let allowed = |size: &u32| strategies.iter().map(|strategy| size + strategy.limits(*size).max_surge).max();
        let most = sizes.iter().filter_map(allowed).max().unwrap_or(0);
        let mut broken = Vec::new();
        predict_watched(&scenario, |moment| {
            if asked_for(moment) > most {
                broken.push(format!("{} of {most} at {}", asked_for(moment), moment.at_ms));
            }
        });
        prop_assert!(broken.is_empty(), "{:?}", broken);
    }

    #[test]
    fn a_rollout_of_healthy_pods_ends(
        scenario in rollouts(Just(Health::Starts)),
        sizes in vec((moments(), 0_u32..=12), 0..3),
    ) {
        let mut scenario = scenario;
        if written(&scenario).0.contains(&Strategy::Recreate) {
            // Scaled in the middle of a rollout by steps, Recreate hangs; a film of its own shows it.
            scenario.writes.retain(|write| write.strategy.is_none());
        }
        let scale = |(at_ms, size)| DeploymentWrite { at_ms, replicas: Some(size), ..DeploymentWrite::default() };
        scenario.writes.extend(sizes.into_iter().map(scale));
        let resumed = DeploymentWrite { at_ms: 90_000, paused: Some(false), ..DeploymentWrite::default() };
        scenario.writes.push(resumed);
        let prediction = predict(&in_order(scenario));
        prop_assert_eq!(prediction.end, EndReason::Complete);
        prop_assert!(prediction.summary.settled_ms.is_some());
    }

    #[test]
    fn a_hop_that_takes_pods_away_first_needs_no_room(
        replicas in 1_u32..=12,
        unavailable in 1_u32..=12,
        startup_ms in vec(0_i64..=60_000, 1..8),
        termination_ms in 0_i64..=60_000,
    ) {
        let strategy = Strategy::rolling(IntOrPercent::Int(0), IntOrPercent::Int(unavailable)).expect("not both zero");
        let mut scenario = Scenario::hop(replicas, strategy, startup_ms, termination_ms);
        scenario.node_capacity = Some(replicas);
        let prediction = predict(&scenario);
        prop_assert_eq!(prediction.end, EndReason::Complete);
        prop_assert!(prediction.summary.finished_ms.is_some());
        prop_assert_eq!(prediction.summary.peaks.bound, replicas);
    }

    #[test]
    fn every_status_is_one_that_the_api_server_takes(scenario in anything()) {
        let mut broken = Vec::new();
        predict_watched(&scenario, |moment| {
            if !is_valid(moment.deployment()) {
                broken.push(format!("{:?} at {}", moment.deployment(), moment.at_ms));
            }
        });
        prop_assert!(broken.is_empty(), "{:?}", broken);
    }

    #[test]
    fn a_summary_is_what_its_film_shows(scenario in anything()) {
        let mut milestones = Milestones::default();
        let mut shown = Vec::new();
        let last_write_ms = scenario.writes.last().map_or(0, |write| write.at_ms);
        let prediction = predict_watched(&scenario, |moment| {
            let status = moment.deployment();
            let complete = [status.replicas, status.updated, status.available] == [moment.replicas(); 3];
            if moment.at_ms >= last_write_ms && complete && moment.is_complete() {
                milestones.settled_ms.get_or_insert(moment.at_ms);
            }
            let exceeded = status.progressing.is_some_and(|condition| condition.reason.as_str() == "ProgressDeadlineExceeded");
            if exceeded && moment.at_ms >= 0 {
                milestones.deadline_exceeded_ms.get_or_insert(moment.at_ms);
            }
            let counts = |pods: PodsAtMoment| [pods.ready, pods.terminating, pods.pending + pods.not_ready];
            shown.push((moment.at_ms, moment.pods().into_iter().map(counts).collect::<Vec<_>>()));
        });
        prop_assert_eq!(prediction.summary, summary_by_hand(&prediction.film, milestones));
        for (at_ms, pods) in shown {
            prop_assert_eq!(pods_in(&prediction.film, scenario.templates.len(), at_ms), pods, "at {}", at_ms);
        }
    }

    #[test]
    fn a_pod_is_ready_only_while_it_is_bound_and_not_on_its_way_out(scenario in anything()) {
        for pod in predict(&scenario).film.pods {
            let end_ms = pod.terminating_ms.or(pod.gone_ms).unwrap_or(i64::MAX);
            let mut since_ms = pod.bound_ms.unwrap_or(i64::MAX);
            for span in &pod.ready {
                let to_ms = span.to_ms.unwrap_or(end_ms);
                prop_assert!(since_ms <= span.from_ms && span.from_ms <= to_ms && to_ms <= end_ms, "{:?}", pod);
                since_ms = to_ms;
            }
            prop_assert!(pod.gone_ms.is_none_or(|gone_ms| end_ms <= gone_ms), "{:?}", pod);
        }
    }

    #[test]
    fn the_same_scenario_gives_the_same_film(scenario in anything()) {
        prop_assert_eq!(predict(&scenario), predict(&scenario));
    }
}

#[test]
fn a_status_is_judged_as_the_api_server_does() {
    let text = include_str!("../data/deployment-controller/validate_deployment_status.json");
    let table: serde_json::Value = serde_json::from_str(text).expect("the table of cases can be read");
    let mut judged = 0;
    for case in table["cases"].as_array().expect("a list of cases") {
        let count = |key: &str| case[key].as_u64().and_then(|count| u32::try_from(count).ok());
        let (Some(replicas), Some(updated), Some(ready), Some(available)) =
            (count("replicas"), count("updated"), count("ready"), count("available"))
        else {
            continue; // A negative count cannot be said here.
        };
        if case["observed_generation"].as_i64() < Some(0) || case["collision_count"].is_number() {
            continue; // Neither can a negative generation, and collisions are not modelled.
        }
        let status = DeploymentStatus { replicas, updated, ready, available, ..DeploymentStatus::default() };
        assert_eq!(!is_valid(&status), case["expect_error"].as_bool().expect("true or false"), "{}", case["name"]);
        judged += 1;
    }
    assert_eq!(judged, 5);
}
