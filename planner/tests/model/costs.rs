//! What strategies cost: sizes, sums, money.

use planner::cost::{
    Basis, Bill, CpuTime, Currency, MilliCpu, PodSizes, PodTime, Price, Prices, Resource, Size, Surge,
};
use planner::rollout::{Health, Scenario, predict};
use planner::strategy::Strategy;
use planner::tenant::{MeasuredUsage, PodRequests};

const MIB: u64 = 1 << 20;

fn hop(strategy: Strategy) -> Scenario {
    Scenario::hop(3, strategy, vec![20_000], 30_000)
}

fn prices(cpu_hour: &str, gib_hour: &str) -> Prices {
    let price = |text: &str| text.parse::<Price>().expect("a price");
    Prices { cpu_hour: price(cpu_hour), gib_hour: price(gib_hour), currency: "EUR".parse().expect("a currency") }
}

fn requested() -> PodRequests {
    PodRequests { cpu_millis: Some(500), memory_bytes: Some(1024 * MIB), ephemeral_storage_bytes: Some(100 * MIB) }
}

fn measured() -> MeasuredUsage {
    MeasuredUsage { pods: 3, cpu_millis: 180, memory_bytes: 700 * MIB, at: None }
}

#[test]
fn what_a_surge_comes_to_is_counted_by_hand() {
    // Start-up 20 s, grace 30 s: three old pods beside three new ones for 50 s; by turns; in
    // their place, where they still hold it while they go; after them.
    let table = [
        (Strategy::BLUE_GREEN, 3, 150_000, 0, 3),
        (Strategy::SURGE_ONE, 3, 150_000, 0, 1),
        (Strategy::IN_PLACE, 2, 90_000, 0, 1),
        (Strategy::Recreate, 0, 0, 0, 3),
    ];
    for (strategy, extra, above_ms, below_ms, at_once) in table {
        let surge = Surge::of(&predict(&hop(strategy)).film, 3);
        assert_eq!((surge.extra.bound, surge.remaining, surge.starting_at_once), (extra, 0, at_once), "{strategy}");
        assert_eq!((surge.above.millis(), surge.below.millis()), (above_ms, below_ms), "{strategy}");
    }
}

#[test]
fn pods_that_never_get_ready_go_on_costing() {
    let mut scenario = hop(Strategy::BLUE_GREEN);
    scenario.templates[1].health = Health::CrashLoop;
    let surge = Surge::of(&predict(&scenario).film, 3);
    assert_eq!((surge.remaining, surge.series.last().map(|step| step.extra_pods)), (3, Some(3)));
}

#[test]
fn what_is_requested_counts_before_what_is_measured_before_what_is_assumed() {
    let size = |each, basis| Size { each, basis };
    let of_three = Basis::Measured { pods: 3 };
    let assumed = PodRequests { cpu_millis: Some(250), memory_bytes: Some(512 * MIB), ..PodRequests::default() };
    let memory = PodRequests { memory_bytes: Some(1024 * MIB), ..PodRequests::default() };
    let none = PodRequests::default();
    let table = [
        (requested(), Some(measured()), Resource::Cpu, vec![size(500, Basis::Requested), size(180, of_three)]),
        (memory, Some(measured()), Resource::Cpu, vec![size(180, of_three)]),
        (memory, None, Resource::Cpu, vec![size(250, Basis::Assumed)]),
        (memory, None, Resource::Memory, vec![size(1024 * MIB, Basis::Requested)]),
        // Nobody measures it, and nothing was assumed: not known, which is not none.
        (none, Some(measured()), Resource::EphemeralStorage, vec![]),
        (requested(), None, Resource::EphemeralStorage, vec![size(100 * MIB, Basis::Requested)]),
    ];
    for (requested, measured, resource, expected) in table {
        let sizes = PodSizes { requested, measured, assumed };
        assert_eq!(sizes.of(resource), expected, "{resource} of {sizes:?}");
    }
}

#[test]
fn a_bill_without_sizes_says_so_and_names_no_money() {
    let film = predict(&hop(Strategy::BLUE_GREEN)).film;
    let bill = Bill::of(&film, 3, &PodSizes::default(), Some(&prices("0.04", "0.005")));
    assert_eq!(bill.lines.len(), 3);
    assert!(bill.lines.iter().all(|line| line.size.is_none() && line.of_pods(3).is_none()));
    let charge = bill.charge.expect("there are prices").expect_err("nothing is known");
    assert_eq!(charge.to_string(), "not known, since the CPU of a pod is not");
}

#[test]
fn money_is_what_pods_over_time_cost() {
    let film = predict(&hop(Strategy::BLUE_GREEN)).film;
    let sizes = PodSizes { requested: requested(), ..PodSizes::default() };
    let charge = |prices: &Prices| Bill::of(&film, 3, &sizes, Some(prices)).charge.expect("prices").expect("sizes");
    // 150 pod s of half a core and 1 GiB: 75 core s and 150 GiB s.
    let table = [
        ("3600", "0", 75_000_000_000, "75.00 EUR"),
        ("0", "3600", 150_000_000_000, "150.00 EUR"),
        ("0.04", "0.005", 1_041_668, "0.0011 EUR"),
        ("0", "0", 0, "0.00 EUR"),
    ];
    for (cpu, memory, billionths, words) in table {
        let charge = charge(&prices(cpu, memory));
        assert_eq!(
            (charge.surge.billionths(), charge.surge.to_string().as_str()),
            (billionths, words),
            "{cpu} {memory}"
        );
    }
    assert_eq!(
        charge(&prices("0.04", "0.005")).to_string(),
        "0.0011 EUR for the pods beyond today's; 0.15 EUR an hour at the peak, 0.075 EUR today (CPU requested; memory requested)"
    );
}

#[test]
fn prices_and_currencies_are_read_or_refused_with_what_to_write() {
    for text in ["0", "0.0316", "12", "1.", "0.000000001", "18446744073"] {
        assert!(text.parse::<Price>().is_ok(), "{text}");
    }
    for text in ["", ".5", "-1", "1e3", "0,03", "0.0000000001", "99999999999", "1.2.3", " 1"] {
        let error = text.parse::<Price>().expect_err(text);
        assert!(error.to_string().contains("write it as `0.0316`"), "{error}");
    }
    assert_eq!("0.0316".parse::<Price>().map(|price| price.to_string()), Ok("0.0316".to_owned()));
    for (text, good) in [("EUR", true), ("eur", false), ("EURO", false), ("€", false), ("", false)] {
        assert_eq!(text.parse::<Currency>().is_ok(), good, "{text}");
    }
}

#[test]
fn little_never_looks_like_nothing() {
    let cpu = |pods, millis| PodTime::of(pods, millis).of_cpu(MilliCpu(250));
    let table = [
        (PodTime::of(3, 50_000).to_string(), "150 pod s"),
        (PodTime::of(1, 1).to_string(), "0.1 pod s"),
        (PodTime::of(1, -5).to_string(), "0 pod s"),
        (cpu(3, 50_000).to_string(), "37.5 core s"),
        (CpuTime::default().to_string(), "0 core s"),
        (PodTime::of(3, 50_000).of_bytes(planner::cost::Bytes(320 * MIB)).to_string(), "46.9 GiB s"),
    ];
    for (words, expected) in table {
        assert_eq!(words, expected);
    }
}
