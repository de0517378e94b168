//! The strategy lab: verdicts, remarks, links.

use planner::cost::FigureSource;
use planner::lab::{
    Extent, LabInput, LabQueryError, LabRow, PullSource, PullUnknown, RemarkKind, Shortage, TimingSource, Wishes,
    compare,
};
use planner::rollout::Health;
use planner::strategy::{DeclaredStrategy, Strategy};
use planner::tenant::{
    DataStoreUse, DeclaredVersion, DeploymentCounts, DeploymentFacts, Freshness, ImageSource, KamajiStatus,
    Konnectivity, NodeImages, ObservedTimings, PodRequests, Reading, TenantId, TenantSnapshot, WriteLimits,
};
use planner::time::UnixMillis;
use planner::version::KubernetesVersion;
use proptest::prelude::*;

const MIB: u64 = 1024 * 1024;

fn input() -> LabInput {
    LabInput { startup_ms: vec![20_000, 23_000, 27_000], ..LabInput::default() }
}

fn row(input: &LabInput, strategy: Strategy) -> LabRow {
    compare(input).rows.into_iter().find(|row| row.strategy == strategy).expect("it is a candidate")
}

fn sentences(row: &LabRow) -> Vec<String> {
    row.remarks.iter().map(|remark| remark.kind.to_string()).collect()
}

#[test]
fn the_verdict_names_pods_memory_and_time() {
    let mut input = input();
    input.requests = PodRequests { cpu_millis: None, memory_bytes: Some(320 * MIB), ..PodRequests::default() };
    let row = row(&input, Strategy::BLUE_GREEN);
    assert_eq!(row.verdict, "Blue/Green needs 3 more pods and 960 MiB for about 57 s (50 to 57 s).");
    assert_eq!(row.cost.memory_bytes.source, FigureSource::Requests);
    assert_eq!((row.cost.cpu_millis.value, row.cost.cpu_millis.source), (None, FigureSource::Unknown));
}

#[test]
fn unknown_requests_stay_unknown_beside_an_assumption() {
    let mut input = input();
    let plain = row(&input, Strategy::BLUE_GREEN);
    assert_eq!(
        plain.verdict,
        "Blue/Green needs 3 more pods for about 57 s (50 to 57 s); their memory is not known, they set no requests."
    );
    input.assumed.memory_bytes = Some(320 * MIB);
    let row = row(&input, Strategy::BLUE_GREEN);
    assert_eq!(row.cost.memory_bytes.value, None);
    assert_eq!(row.cost.assumed_memory_bytes.value, Some(960 * MIB));
    assert_eq!(row.cost.assumed_memory_bytes.source, FigureSource::Assumed);
    assert!(row.verdict.ends_with("they set no requests (assuming 320 MiB each: 960 MiB)."), "{}", row.verdict);
}

#[test]
fn an_outage_is_part_of_the_verdict() {
    let row = row(&LabInput::default(), Strategy::Recreate);
    assert_eq!(
        row.verdict,
        "Recreate needs no more pods and is finished after about 50 s. No API server serves for 50 s."
    );
}

#[test]
fn blue_green_is_said_to_be_no_switch() {
    let said = sentences(&row(&input(), Strategy::BLUE_GREEN));
    assert_eq!(said, ["Blue/Green is not a switch: old and new API servers answer side by side for 7 s."]);
    let at_once = sentences(&row(&LabInput::default(), Strategy::BLUE_GREEN));
    assert!(at_once[0].starts_with("Blue/Green is not a switch"), "{at_once:?}");
}

#[test]
fn rolling_by_one_saves_no_pods_with_three_replicas() {
    let row = row(&LabInput::default(), Strategy::ROLLING_ONE);
    let kind = RemarkKind::NoFewerPodsThanBlueGreen { pods: 6, termination_ms: 30_000 };
    assert!(row.remarks.iter().any(|remark| remark.kind == kind), "{:?}", row.remarks);
    // With a short grace it does.
    let short = LabInput { termination_ms: 5_000, ..LabInput::default() };
    let said = sentences(&self::row(&short, Strategy::ROLLING_ONE));
    assert!(!said.iter().any(|sentence| sentence.contains("saves no pods")), "{said:?}");
}

#[test]
fn one_replica_rolled_by_one_is_an_outage() {
    let single = LabInput { replicas: 1, ..LabInput::default() };
    let said = sentences(&row(&single, Strategy::ROLLING_ONE));
    assert!(said[0].starts_with("With one replica Rolling is an outage of 20 s"), "{said:?}");
    assert_eq!(row(&single, Strategy::BLUE_GREEN).summary.outage_ms, 0);
}

#[test]
fn konnectivity_gives_three_replica_sets() {
    let input = LabInput { second_write_ms: Some(900), ..LabInput::default() };
    let kind = RemarkKind::ThreeReplicaSets { pods: 9, apart_ms: 900 };
    assert!(row(&input, Strategy::BLUE_GREEN).remarks.iter().any(|remark| remark.kind == kind));
}

#[test]
fn dangerous_settings_are_named() {
    let custom = |text: &str| LabInput { custom: text.parse().ok(), ..LabInput::default() };
    let said = |input: &LabInput| sentences(compare(input).rows.last().expect("there is a custom row")).join(" ");
    assert!(!said(&custom("10%/10%")).contains("round to 0"), "a surge of 10% rounds up");
    assert!(said(&custom("0/10%")).contains("Both numbers round to 0 with 3 replicas"));
    assert!(said(&custom("7/0")).contains("A surge of 7 is more than the 3 replicas"));
    let slow = LabInput { startup_ms: vec![700_000], ..LabInput::default() };
    let said = sentences(&row(&slow, Strategy::BLUE_GREEN)).join(" ");
    assert!(said.contains("The progress deadline passes after 601 s"), "{said}");
    assert!(said.contains("A rule, not simulated"), "{said}");
}

#[test]
fn what_was_seen_to_differ_gives_a_range() {
    let mut input = input();
    let finished = |input: &LabInput| row(input, Strategy::BLUE_GREEN).range.and_then(|range| range.finished_ms);
    assert_eq!(finished(&input), Some(Extent { low: 50_000, high: 57_000 }));
    input.termination_extent_ms = Some((10_000, 31_000));
    assert_eq!(finished(&input), Some(Extent { low: 30_000, high: 58_000 }));
    input.termination_ms = 60_000;
    assert_eq!(finished(&input), Some(Extent { low: 80_000, high: 87_000 }), "put in by hand, it is one number");
    assert_eq!(finished(&LabInput::default()), None, "one number each");
    // One pod may be quick while the others are slow, and then both versions serve for longest.
    let mixed = row(&self::input(), Strategy::BLUE_GREEN).range.and_then(|range| range.mixed_ms);
    assert_eq!(mixed, Some(Extent { low: 0, high: 7_000 }));
}

#[test]
fn the_pull_of_the_image_is_counted_for_new_pods_only() {
    let input = LabInput { pull_ms: Some(12_000), ..LabInput::default() };
    let row = row(&input, Strategy::BLUE_GREEN);
    assert_eq!(row.summary.finished_ms, Some(62_000));
    let said = sentences(&row).join(" ");
    assert!(said.contains("12 s of each new pod's start-up are the pull of its image"), "{said}");
}

#[test]
fn pods_that_never_become_ready_leave_what_serves_and_say_the_way_out() {
    let never = |strategy| row(&LabInput { new_pods: Health::CrashLoop, ..LabInput::default() }, strategy);
    let blue_green = never(Strategy::BLUE_GREEN);
    assert_eq!(
        blue_green.verdict,
        "Blue/Green never finishes: 3 of 3 API servers go on serving, and 3 pods more than today keep their memory, which is not \
         known, until somebody acts."
    );
    assert_eq!(
        never(Strategy::IN_PLACE).verdict,
        "In place never finishes: 2 of 3 API servers go on serving, with no more pods than today."
    );
    let said = sentences(&blue_green);
    assert_eq!(
        said[0],
        "If the new pods never become ready, 3 of 3 API servers go on serving and 6 pods stay on the nodes until somebody acts. \
         After 601 s the Deployment is reported as failed; nothing else happens."
    );
    assert!(said[1].starts_with("Ways out: mend"), "{said:?}");
    let in_place = sentences(&never(Strategy::IN_PLACE));
    assert!(in_place[0].contains("2 of 3 API servers go on serving and 3 pods stay"), "{in_place:?}");
    let recreate = sentences(&never(Strategy::Recreate));
    assert!(recreate[0].contains("no API server is left"), "{recreate:?}");
    assert!(recreate[1].starts_with("The way out needs an administrator."), "{recreate:?}");
}

#[test]
fn a_quota_or_room_in_between_is_named() {
    let quota = LabInput { pod_quota: Some(4), ..LabInput::default() };
    let kind = row(&quota, Strategy::BLUE_GREEN).remarks[0].kind;
    let RemarkKind::HeldBack { by: Shortage::Quota, limit: 4, wanted: 6, finished_ms: Some(ms), .. } = kind else {
        panic!("{kind:?}");
    };
    assert!(ms > 50_000, "{ms}");
    assert!(
        kind.to_string().starts_with("A quota of 4 pods lets it make fewer than the 6 it uses: creations are refused")
    );
    let room = LabInput { room: Some(3), ..LabInput::default() };
    let said = sentences(&row(&room, Strategy::BLUE_GREEN));
    assert_eq!(
        said,
        ["There is room for 3 pods, and it uses 6: it never finishes."],
        "and nothing that contradicts it"
    );
    assert_eq!(
        row(&room, Strategy::BLUE_GREEN).verdict,
        "Blue/Green never finishes: 3 of 3 API servers go on serving, with no more pods than today."
    );
    let both = LabInput { pod_quota: Some(5), new_pods: Health::CrashLoop, ..LabInput::default() };
    let said = sentences(&row(&both, Strategy::BLUE_GREEN)).join(" ");
    assert!(
        said.ends_with("fewer than the 6 it uses.") && !said.contains("does not finish"),
        "not for the quota: {said}"
    );
    let enough = LabInput { room: Some(6), pod_quota: Some(6), ..LabInput::default() };
    assert_eq!(row(&enough, Strategy::BLUE_GREEN).remarks.len(), 1, "nothing is short");
}

#[test]
fn nothing_rolls_out_with_no_replicas() {
    let none = LabInput { replicas: 0, ..LabInput::default() };
    for row in compare(&none).rows {
        assert!(row.verdict.starts_with("With 0 replicas"), "{}", row.verdict);
        assert!(row.remarks.is_empty() && row.summary.peaks.objects == 0);
    }
}

#[test]
fn a_strategy_is_compared_once() {
    let named = LabInput { custom: Some(Strategy::SURGE_ONE), ..LabInput::default() };
    assert_eq!(named.candidates().len(), 5);
    let own = LabInput { custom: "2/1".parse().ok(), ..LabInput::default() };
    assert_eq!(own.candidates().last().map(ToString::to_string).as_deref(), Some("2/1"));
}

#[test]
fn a_link_is_short_and_readable() {
    assert_eq!(LabInput::default().to_query(), "replicas=3&startup=20&grace=30");
    let mut own = input();
    own.custom = "25%/1".parse().ok();
    own.second_write_ms = Some(900);
    own.progress_deadline_seconds = None;
    assert_eq!(own.to_query(), "replicas=3&startup=20,23,27&grace=30&deadline=none&second=0.9&custom=25%25/1");
}

#[test]
fn a_broken_link_says_what_is_wrong() {
    let table = [
        ("replicas=51", "`replicas` is `51`; the lab takes 0 to 50"),
        ("replicas=-1", "`replicas` is `-1`; the lab takes 0 to 50"),
        ("replicas=many", "`replicas` is `many`, which is not a number; write it as `3`"),
        ("grace=3601", "`grace` is `3601`; the lab takes 0 to 3600"),
        ("grace=3600.5", "`grace` is `3600.5`; the lab takes 0 to 3600"),
        ("startup=1,x", "`startup` is `x`, which is not a number; write it as `20`"),
        ("grace=1.2345", "`grace` is `1.2345`, which is not a number; write it as `20`"),
        ("custom=%zz", "the link is damaged near `%zz`"),
        ("quota=151", "`quota` is `151`; the lab takes 0 to 150"),
        ("new=slow", "`new` is `slow`; the new pods can `start`, be `never-ready` or have `no-image`"),
        ("within=soon", "`within` is `soon`, which is not a number; write it as `20`"),
        ("mem=99999999999", "`mem` is `99999999999`; the lab takes 0 to 1048576"),
    ];
    for (query, words) in table {
        let error = LabInput::from_query(query).expect_err(query);
        assert_eq!(error.to_string(), words, "{query}");
    }
    let long = format!("startup={}", vec!["1"; 51].join(","));
    assert_eq!(LabInput::from_query(&long), Err(LabQueryError::TooManySamples { count: 51 }));
    assert!(matches!(LabInput::from_query("custom=0/0"), Err(LabQueryError::Strategy(_))));
}

#[test]
fn what_a_link_leaves_out_is_as_by_default() {
    assert_eq!(LabInput::from_query(""), Ok(LabInput::default()));
    assert_eq!(LabInput::from_query("?theme=dark&replicas="), Ok(LabInput::default()));
    let form = LabInput::from_query("custom=100%25%2F1&startup=20%2C+25").expect("as a form sends it");
    assert_eq!((form.custom, form.startup_ms), ("100%/1".parse().ok(), vec![20_000, 25_000]));
}

proptest! {
    #[test]
    fn every_input_comes_back_from_its_link(
        replicas in 0_u32..=50,
        startup_ms in proptest::collection::vec(0_i64..=3_600_000, 1..6),
        termination_ms in 0_i64..=3_600_000,
        min_ready_seconds in 0_u32..=3600,
        deadline in proptest::option::of(1_u32..=100_000),
        memory_bytes in proptest::option::of(0_u64..=1_048_576),
        second_write_ms in proptest::option::of(0_i64..=3_600_000),
        surge in 0_u32..=200,
        percent in any::<bool>(),
        extent in proptest::option::of((0_i64..=60_000, 0_i64..=3_600_000)),
        limits in proptest::collection::vec(proptest::option::of(0_u32..=150), 8),
        within_ms in proptest::option::of(0_i64..=3_600_000),
        new_pods in prop_oneof![Just(Health::Starts), Just(Health::CrashLoop), Just(Health::ImagePull)],
    ) {
        let custom = format!("{surge}{}/1", if percent { "%" } else { "" }).parse().ok();
        let input = LabInput {
            replicas, startup_ms, termination_ms, min_ready_seconds, progress_deadline_seconds: deadline,
            requests: PodRequests { cpu_millis: memory_bytes, memory_bytes, ..PodRequests::default() }, second_write_ms, custom,
            termination_extent_ms: extent, pull_ms: within_ms, pull_extent_ms: extent, pod_quota: limits[0], room: limits[1], new_pods,
            wishes: Wishes {
                objects: limits[2], bound: limits[3], running: limits[4], non_terminating: limits[5],
                serving: limits[6], connections: limits[7], within_ms,
            },
            ..LabInput::default()
        };
        prop_assert_eq!(LabInput::from_query(&input.to_query()), Ok(input));
    }
}

fn snapshot() -> TenantSnapshot {
    TenantSnapshot {
        id: TenantId { namespace: "team-a".to_owned(), name: "tenant-00".to_owned() },
        uid: "5c0e".to_owned(),
        generation: 4,
        observed_generation: Some(4),
        resource_version: "1234".to_owned(),
        created_at: None,
        deleting: false,
        desired_version: DeclaredVersion("v1.35.6".to_owned()),
        installed_version: Some(DeclaredVersion("v1.35.6".to_owned())),
        status: KamajiStatus::Ready,
        replicas: 3,
        strategy: DeclaredStrategy::default(),
        former_strategy: None,
        paused: false,
        write_limits: WriteLimits::default(),
        data_store: DataStoreUse { driver: Some("etcd".to_owned()), ..DataStoreUse::default() },
        owners: Vec::new(),
        konnectivity: Konnectivity::Off,
        deployment: Reading::Waiting,
        replica_sets: Reading::Waiting,
        pods: Reading::Waiting,
        events: Reading::Waiting,
        image: ImageSource { repository: "registry.k8s.io/kube-apiserver".to_owned(), tag_suffix: None },
        images: Reading::Waiting,
        hop: None,
        timings: ObservedTimings::default(),
        problems: Vec::new(),
        observed_at: UnixMillis(0),
        freshness: Freshness::Live,
    }
}

#[test]
fn a_tenant_of_which_nothing_was_observed_gives_assumptions() {
    let (input, sources) = LabInput::from_snapshot(&snapshot(), None);
    assert_eq!(sources.pull, PullSource::NotKnown(PullUnknown::NoVersion));
    assert_eq!(input, LabInput::default());
    assert_eq!((sources.startup, sources.termination), (TimingSource::Assumed, TimingSource::Assumed));
    assert_eq!(sources.requests, FigureSource::Unknown);
}

#[test]
fn a_tenant_brings_its_own_numbers() {
    let mut snapshot = snapshot();
    snapshot.replicas = 2;
    snapshot.konnectivity = Konnectivity::FollowsMinor;
    snapshot.data_store.driver = Some("PostgreSQL".to_owned());
    snapshot.strategy.kind = Some("Recreate".to_owned());
    snapshot.timings.startup_ms = vec![27_000, 18_000, 20_000];
    snapshot.deployment = Reading::Read(DeploymentFacts {
        generation: 1,
        observed_generation: Some(1),
        version: None,
        replicas: 2,
        strategy: DeclaredStrategy::default(),
        min_ready_seconds: 5,
        progress_deadline_seconds: Some(300),
        termination_grace_seconds: 45,
        requests: PodRequests { cpu_millis: Some(250), memory_bytes: None, ..PodRequests::default() },
        counts: DeploymentCounts::default(),
        conditions: Vec::new(),
    });
    let (input, sources) = LabInput::from_snapshot(&snapshot, None);
    let expected = LabInput {
        replicas: 2,
        startup_ms: vec![27_000, 18_000, 20_000],
        termination_ms: 45_000,
        min_ready_seconds: 5,
        progress_deadline_seconds: Some(300),
        requests: PodRequests { cpu_millis: Some(250), memory_bytes: None, ..PodRequests::default() },
        connections_per_pod: None,
        second_write_ms: Some(900),
        ..LabInput::default()
    };
    assert_eq!(input, expected, "Recreate has a row already");
    assert_eq!(sources.startup.to_string(), "typically 20 s, of 3 earlier pods of this tenant (18 to 27 s)");
    assert_eq!((sources.termination, sources.requests), (TimingSource::Grace, FigureSource::Requests));

    snapshot.timings.termination_ms = vec![2_000, 31_000, 3_000];
    let (input, sources) = LabInput::from_snapshot(&snapshot, None);
    assert_eq!((input.termination_ms, input.termination_extent_ms), (3_000, Some((2_000, 31_000))));
    let observed = TimingSource::Observed { samples: 3, low_ms: 2_000, typical_ms: 3_000, high_ms: 31_000 };
    assert_eq!(sources.termination, observed);
}

#[test]
fn what_a_tenant_brings_fits_into_a_link() {
    let mut snapshot = snapshot();
    snapshot.replicas = 400;
    snapshot.timings.startup_ms = vec![9_000_000; 80];
    snapshot.timings.termination_ms = vec![-1];
    snapshot.timings.pull_ms = vec![9_000_000];
    let wanted = KubernetesVersion::new(1, 36, 4);
    snapshot.images = Reading::Read(NodeImages { nodes: 3, uncertain: 0, versions: Vec::new() });
    let (input, _) = LabInput::from_snapshot(&snapshot, Some(&wanted));
    assert_eq!(input.pull_ms, Some(3_600_000));
    assert_eq!(LabInput::from_query(&input.to_query()), Ok(input));
}
