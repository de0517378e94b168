//! What somebody gives the costs to be reckoned with, and what is drawn against what.

use planner::plan::GivenCosts;
use planner::tenant::PodRequests;

use super::{Wanted, costs};

#[test]
fn what_is_given_is_read_and_put_together_or_the_reason_is_said() {
    let nothing = ["", "", "", "", "", ""];
    let money = ["0.0316", "0.0042", "EUR", "", "", ""];
    let assumed = ["", "", "", "500m", "512Mi", "400"];
    let put_together = |texts: [&str; 6]| {
        let given = GivenCosts::read(texts)?;
        Ok::<_, planner::plan::GivenCostsError>((given.prices()?, given.assumed()?, given.data_store_limit))
    };
    assert_eq!(put_together(nothing), Ok((None, PodRequests::default(), None)));
    let (prices, _, _) = put_together(money).expect("prices");
    let prices = prices.expect("all three are given");
    assert_eq!((prices.cpu_hour.to_string(), prices.currency.to_string()), ("0.0316".to_owned(), "EUR".to_owned()));
    let (_, requests, limit) = put_together(assumed).expect("assumptions");
    assert_eq!((requests.cpu_millis, requests.memory_bytes, limit), (Some(500), Some(512 << 20), Some(400)));

    let together =
        "money needs all three: what a core costs in an hour, what a GiB of memory costs in an hour, and the currency";
    for (texts, why) in [
        (
            ["0,03", "", "", "", "", ""],
            "`0,03` is no price; write it as `0.0316`, with at most 9 digits after the point",
        ),
        (["", "", "euro", "", "", ""], "`euro` is no currency; write its three letters, as `EUR`"),
        (["0.03", "", "", "", "", ""], together),
        (["0.03", "0.01", "", "", "", ""], together),
        (["", "", "EUR", "", "", ""], together),
        (
            ["", "", "", "much", "", ""],
            "`much` ends in `much`, which is no unit of a quantity (n, u, m, k, M, G, T, P, E, Ki … Ei, or e3)",
        ),
        (["", "", "", "", "-1Gi", ""], "an assumption is less than nothing"),
        (["", "", "", "", "", "-1"], "`-1` is no number of connections"),
    ] {
        let error = put_together(texts).expect_err(why);
        assert_eq!(error.to_string(), why, "{texts:?}");
    }
}

#[test]
fn a_strategy_is_drawn_against_the_default_and_the_default_against_one_pod_after_the_other() {
    for (chosen, other) in [("1/1", "100%/0"), ("100%/0", "1/1"), ("25%/1", "100%/0"), ("Recreate", "100%/0")] {
        let mut wanted = Wanted::hop("v1.35.6", "v1.35.7");
        wanted.costs = costs(&wanted.snapshot);
        wanted.strategy = Some(chosen.parse().expect("a strategy"));
        let made = wanted.plan().costs.expect("it does not sleep");
        assert_eq!(made.chosen().map(|it| it.chosen), Some(true), "{chosen}");
        assert_eq!(made.other().map(|it| it.strategy.as_str()), Some(other), "{chosen}");
    }
}
